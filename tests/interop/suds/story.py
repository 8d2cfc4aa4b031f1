"""The story told by suds, from the served WSDL. Its UsernameToken bears a nonce and a creation time."""

import copy
from functools import cache

from suds import WebFault
from suds.cache import NoCache
from suds.client import Client
from suds.plugin import MessagePlugin
from suds.sax.element import Element
from suds.wsse import Security, UsernameToken

import steps
from steps import ALREADY, KEY, PASSWORD, UNKNOWN_TYPE, URL, USER, check, same


class Wire(MessagePlugin):
    """Keeps the last exchange."""

    request = answer = b""

    def sending(self, context):
        self.request = context.envelope

    def received(self, context):
        self.answer = context.reply


wire = Wire()


def security(password):
    token = UsernameToken(USER, password)
    token.setnonce()
    token.setcreated()
    made = Security()
    made.tokens.append(token)
    return made


def show():
    """The exchange of a failed step."""
    print(f"  request: {wire.request!r}\n  answer: {wire.answer!r}", flush=True)


def step(name):
    return steps.step(name, show)


# One client for all: reading the WSDL takes suds some seconds.
client = Client(URL + "/etframework.wsdl", cache=NoCache(), plugins=[wire], wsse=security(PASSWORD))
soap = client.service


@cache
def empty(name):
    """An object of a type, without the members that suds' factory puts in. Kept: the factory walks all types for each."""
    made = client.factory.create(name)
    for member in list(made.__keylist__):
        delattr(made, member)
    return made


def bare(name, **fields):
    made = copy.copy(empty(name))
    made.__keylist__ = []
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def cell(name, value):
    return bare("APIProperty", Name=name, Value=value)


def simple(prop, value):
    return bare("SimpleFilterPart", Property=prop, SimpleOperator="equals", Value=[value])


def retrieve(kind, properties, condition=None, batch=None):
    request = bare("RetrieveRequest", ObjectType=kind, Properties=properties)
    if condition:
        request.Filter = condition
    if batch:
        request.Options = bare("RetrieveOptions", BatchSize=batch)
    return soap.Retrieve(request)


def results(answer):
    return getattr(answer, "Results", [])


def held(answer, count, message=None):
    """Every one of `count` objects went well."""
    same(answer.OverallStatus, "OK", "OverallStatus")
    same([result.StatusCode for result in answer.Results], ["OK"] * count, "StatusCode")
    same([result.OrdinalID for result in answer.Results], list(range(count)), "OrdinalID")
    if message:
        same({str(result.StatusMessage) for result in answer.Results}, {message}, "StatusMessage")
    return answer.Results


def values(row):
    return {str(prop.Name): str(prop.Value) for prop in row.Properties.Property}


emails = [f"{KEY}-a@example.com", f"{KEY}-b@example.com"]
keys = [f"{KEY}-a", f"{KEY}-b"]
extension = f"{KEY}-rows"
list_id = None


def subscriber(at, first):
    return bare(
        "Subscriber",
        EmailAddress=emails[at],
        Attributes=[bare("Attribute", Name="First Name", Value=first)],
        SubscriberKey=keys[at],
        Lists=[bare("SubscriberList", ID=list_id, Status="Active")],
    )


def row(cells=None, at=None):
    made = bare("DataExtensionObject", CustomerKey=extension)
    if cells:
        made.Properties = {"Property": [cell(name, value) for name, value in cells.items()]}
    if at:
        made.Keys = {"Key": [cell("Id", str(at))]}
    return made


with step("system-status"):
    answer = soap.GetSystemStatus()
    same(answer.OverallStatus, "OK", "OverallStatus")
    same(answer.Results.Result[0].SystemStatus, "OK", "SystemStatus")

with step("token"):
    access, endpoint = steps.token()
    fueloauth = Element("fueloauth", ns=("etns", "http://exacttarget.com")).setText(access)
    client.set_options(wsse=None, soapheaders=[fueloauth], location=endpoint)
    try:
        same(soap.GetSystemStatus().OverallStatus, "OK", "OverallStatus")
    finally:
        client.set_options(wsse=security(PASSWORD), soapheaders=())

with step("version-info"):
    check(soap.VersionInfo(False).VersionInfo.Version, "a version")

with step("describe"):
    asked = bare("ArrayOfObjectDefinitionRequest")
    asked.ObjectDefinitionRequest = [bare("ObjectDefinitionRequest", ObjectType="Subscriber")]
    definition = soap.Describe(asked)[0][0]
    same(definition.ObjectType, "Subscriber", "ObjectType")
    names = {str(prop.Name) for prop in definition.Properties}
    check({"EmailAddress", "SubscriberKey", "Status"} <= names, f"the properties of Subscriber: {names}")

with step("create-list"):
    new = bare("List", ListName=f"{KEY} list", Description="for a story", Type="Private")
    list_id = held(soap.Create(bare("CreateOptions"), [new]), 1)[0].NewID
    check(list_id > 0, f"NewID {list_id}")

with step("create-subscribers"):
    answer = soap.Create(bare("CreateOptions"), [subscriber(0, "Zoë & <Co>"), subscriber(1, "Bo")])
    for at, result in enumerate(held(answer, 2, "Created Subscriber.")):
        check(result.NewID > 0, "a NewID")
        same(type(result.Object).__name__, "Subscriber", "the echoed object's type")
        same(result.Object.SubscriberKey, keys[at], "the echoed key")

with step("duplicate"):
    answer = soap.Create(bare("CreateOptions"), [subscriber(0, "Again")])
    same(answer.OverallStatus, "Error", "OverallStatus")
    result = answer.Results[0]
    same((result.StatusCode, result.ErrorCode, result.StatusMessage), ("Error", 12014, ALREADY), "result")

with step("update-attribute"):
    options = bare("UpdateOptions", SaveOptions={"SaveOption": [{"PropertyName": "*", "SaveAction": "UpdateAdd"}]})
    change = bare("Subscriber", Attributes=[bare("Attribute", Name="First Name", Value="Béa")], SubscriberKey=keys[1])
    held(soap.Update(options, [change]), 1, "Updated Subscriber.")

with step("retrieve-simple"):
    wanted = ["ID", "SubscriberKey", "EmailAddress", "Status", "Attributes"]
    answer = retrieve("Subscriber", wanted, simple("SubscriberKey", keys[1]))
    same((answer.OverallStatus, len(results(answer))), ("OK", 1), "answer")
    got = answer.Results[0]
    same(type(got).__name__, "Subscriber", "type")
    same((got.EmailAddress, got.SubscriberKey, got.Status), (emails[1], keys[1], "Active"), "subscriber")
    same({str(a.Name): str(a.Value) for a in got.Attributes}.get("First Name"), "Béa", "First Name")

with step("retrieve-complex"):
    either = bare(
        "ComplexFilterPart",
        LeftOperand=simple("SubscriberKey", keys[0]),
        LogicalOperator="OR",
        RightOperand=simple("EmailAddress", emails[1]),
    )
    both = bare(
        "ComplexFilterPart", LeftOperand=either, LogicalOperator="AND", RightOperand=simple("Status", "Active")
    )
    answer = retrieve("Subscriber", ["SubscriberKey"], both)
    same(answer.OverallStatus, "OK", "OverallStatus")
    same(sorted(str(found.SubscriberKey) for found in results(answer)), keys, "subscribers")

with step("retrieve-properties"):
    got = retrieve("Subscriber", ["SubscriberKey"], simple("SubscriberKey", keys[0])).Results[0]
    same(got.SubscriberKey, keys[0], "SubscriberKey")
    same([hasattr(got, name) for name in ("EmailAddress", "ID", "Status")], [False] * 3, "others")

with step("create-data-extension"):
    fields = [
        bare("DataExtensionField", Name="Id", MaxLength=20, IsRequired=True, IsPrimaryKey=True, FieldType="Text"),
        bare("DataExtensionField", Name="Name", MaxLength=100, FieldType="Text"),
        bare("DataExtensionField", Name="Amount", FieldType="Number"),
    ]
    new = bare("DataExtension", CustomerKey=extension, Name=f"{KEY} rows", Fields={"Field": fields})
    held(soap.Create(bare("CreateOptions"), [new]), 1, "Data Extension created.")

with step("create-rows"):
    rows = [row({"Id": str(at), "Name": f"row {at}", "Amount": str(at * 10)}) for at in range(1, 6)]
    got = held(soap.Create(bare("CreateOptions"), rows), 5, "Created DataExtensionObject")
    same(type(got[0]).__name__, "DataExtensionCreateResult", "the result's type")

with step("update-row"):
    got = held(soap.Update(bare("UpdateOptions"), [row({"Name": "changed"}, 1)]), 1, "Updated DataExtensionObject")
    same(type(got[0]).__name__, "DataExtensionUpdateResult", "the result's type")

with step("retrieve-rows"):
    answer = retrieve(f"DataExtensionObject[{extension}]", ["Id", "Name", "Amount"], simple("Id", "1"))
    same(answer.OverallStatus, "OK", "OverallStatus")
    same([values(found) for found in results(answer)], [{"Id": "1", "Name": "changed", "Amount": "10"}], "rows")

with step("paging"):
    answer = retrieve(f"DataExtensionObject[{extension}]", ["Id"], batch=2)
    pages = []
    seen = set()
    while len(pages) < 5:
        pages.append((str(answer.OverallStatus), len(results(answer))))
        seen |= {values(found)["Id"] for found in results(answer)}
        if answer.OverallStatus != "MoreDataAvailable":
            break
        answer = soap.Retrieve(bare("RetrieveRequest", ContinueRequest=answer.RequestID))
    same(pages, [("MoreDataAvailable", 2), ("MoreDataAvailable", 2), ("OK", 1)], "pages")
    same(seen, {"1", "2", "3", "4", "5"}, "rows")

with step("delete-rows"):
    held(soap.Delete(bare("DeleteOptions"), [row(at=at) for at in range(1, 6)]), 5)
    answer = retrieve(f"DataExtensionObject[{extension}]", ["Id"])
    same((answer.OverallStatus, results(answer)), ("OK", []), "rows")

with step("wrong-password"):
    client.set_options(wsse=security(PASSWORD + "x"))
    try:
        soap.GetSystemStatus()
    except WebFault as fault:
        same((fault.fault.faultcode, fault.fault.faultstring), ("q0:Security", "Login Failed"), "fault")
    else:
        raise AssertionError("no fault")
    finally:
        client.set_options(wsse=security(PASSWORD))

with step("unknown-type"):
    answer = retrieve("Nonsense", ["ID"])
    same((answer.OverallStatus, results(answer)), (UNKNOWN_TYPE, []), "answer")

with step("delete"):
    gone = [
        bare("DataExtension", CustomerKey=extension),
        bare("Subscriber", SubscriberKey=keys[0]),
        bare("Subscriber", SubscriberKey=keys[1]),
        bare("List", ID=list_id),
    ]
    held(soap.Delete(bare("DeleteOptions"), gone), 4)
    for key in keys:
        answer = retrieve("Subscriber", ["ID"], simple("SubscriberKey", key))
        same((answer.OverallStatus, results(answer)), ("OK", []), "subscribers")

steps.end()
