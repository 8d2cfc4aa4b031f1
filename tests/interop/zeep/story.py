"""The story told by zeep, from the served WSDL.

Variants: `text` and `digest` (UsernameToken over SOAP 1.1), `slim` (as `text`, from the WSDL with only the story's objects),
`soap12` (SOAP 1.2 with WS-Addressing). The WSDL has a SOAP
1.1 binding alone, so for `soap12` the loaded WSDL's binding namespace is exchanged before zeep reads it; all else is zeep's
own Soap12Binding and WsAddressingPlugin.
"""

import sys
import uuid

from lxml import etree
from zeep import Client, Settings, Transport, ns
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin, Plugin
from zeep.wsa import WsAddressingPlugin
from zeep.wsse.username import UsernameToken

import steps
from steps import ALREADY, KEY, PASSWORD, UNKNOWN_TYPE, URL, USER, check, same

VARIANT = sys.argv[1]
SOAP12 = VARIANT == "soap12"
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope" if SOAP12 else "http://schemas.xmlsoap.org/soap/envelope/"
MEDIA = "application/soap+xml" if SOAP12 else "text/xml"
QUERY = "?wsdl&objects=Subscriber,List,DataExtension,DataExtensionObject" if VARIANT == "slim" else ""
ADDRESSING_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


class Wire(Transport):
    """zeep's transport; notes each answer's status, and can leave the action out of the content type."""

    status = None
    without_action = False

    def load(self, url):
        text = super().load(url)
        if SOAP12:
            text = text.replace(ns.SOAP_11.encode(), ns.SOAP_12.encode())
        return text

    def post(self, address, message, headers):
        if self.without_action:
            headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        answer = super().post(address, message, headers)
        self.status = answer.status_code
        same(answer.headers["Content-Type"].split(";")[0], MEDIA, "Content-Type")
        return answer


class Addressing2004(Plugin):
    """The headers of a .NET client: WS-Addressing of August 2004, to be understood."""

    def egress(self, envelope, http_headers, operation, binding_options):
        header = envelope.find(f"{{{ENVELOPE}}}Header")
        if header is None:
            header = etree.Element(f"{{{ENVELOPE}}}Header")
            envelope.insert(0, header)
        self.message = f"urn:uuid:{uuid.uuid4()}"
        for name, text in (
            ("Action", operation.soapaction),
            ("MessageID", self.message),
            ("To", binding_options["address"]),
        ):
            block = etree.SubElement(header, f"{{{ADDRESSING_2004}}}{name}", nsmap={"a": ADDRESSING_2004})
            block.text = text
            if name != "MessageID":
                block.set(f"{{{ENVELOPE}}}mustUnderstand", "1")
        return envelope, http_headers


history = HistoryPlugin(maxlen=1)
wire = Wire()
addressing = [WsAddressingPlugin()] if SOAP12 else []


def connect(wsse=None, plugins=addressing):
    return Client(
        URL + "/etframework.wsdl" + QUERY, wsse=wsse, transport=wire, plugins=[*plugins, history], settings=Settings(strict=True)
    )


def show():
    """The exchange of a failed step."""
    for name in ("last_sent", "last_received"):
        try:
            print(f"  {name}: {etree.tostring(getattr(history, name)['envelope']).decode()}", flush=True)
        except (IndexError, KeyError, TypeError):
            pass


def step(name):
    return steps.step(name, show)


client = connect(UsernameToken(USER, PASSWORD, use_digest=VARIANT == "digest"))
soap = client.service


def make(name, **fields):
    return client.get_type("{http://exacttarget.com/wsdl/partnerAPI}" + name)(**fields)


def options(name, *action):
    save = {"SaveOption": [{"PropertyName": "*", "SaveAction": action[0]}]} if action else None
    return make(name, SaveOptions=save)


def simple(prop, value, operator="equals"):
    return make("SimpleFilterPart", Property=prop, SimpleOperator=operator, Value=[value])


def retrieve(kind, properties, condition=None, batch=None, **more):
    request = make(
        "RetrieveRequest",
        ObjectType=kind,
        Properties=properties,
        Filter=condition,
        Options=make("RetrieveOptions", BatchSize=batch) if batch else None,
        **more,
    )
    return soap.Retrieve(request)


def held(answer, count, message=None):
    """Every one of `count` objects went well."""
    same(answer.OverallStatus, "OK", "OverallStatus")
    same([result.StatusCode for result in answer.Results], ["OK"] * count, "StatusCode")
    same([result.OrdinalID for result in answer.Results], list(range(count)), "OrdinalID")
    if message:
        same({result.StatusMessage for result in answer.Results}, {message}, "StatusMessage")
    check(answer.RequestID, "a RequestID")
    return answer.Results


def values(row):
    return {prop.Name: prop.Value for prop in row.Properties.Property}


emails = [f"{KEY}-a@example.com", f"{KEY}-b@example.com"]
keys = [f"{KEY}-a", f"{KEY}-b"]
extension = f"{KEY}-rows"
list_id = None


def subscriber(at, first):
    return make(
        "Subscriber",
        EmailAddress=emails[at],
        SubscriberKey=keys[at],
        Attributes=[{"Name": "First Name", "Value": first}],
        Lists=[make("SubscriberList", ID=list_id, Status="Active")],
    )


def row(at, **fields):
    cells = {"Id": str(at), **fields}
    prop = [{"Name": name, "Value": value} for name, value in cells.items()]
    return make("DataExtensionObject", CustomerKey=extension, Properties={"Property": prop})


def named(at):
    return {"Key": [{"Name": "Id", "Value": str(at)}]}


with step("system-status"):
    answer = soap.GetSystemStatus()
    same(answer.OverallStatus, "OK", "OverallStatus")
    same(answer.Results.Result[0].SystemStatus, "OK", "SystemStatus")
    same(answer.Results.Result[0].StatusMessage, "System Status Retrieved", "StatusMessage")
    same(history.last_received["envelope"].tag, f"{{{ENVELOPE}}}Envelope", "envelope")

with step("token"):
    access, endpoint = steps.token()
    # A header element that no type describes: zeep takes the element itself.
    fueloauth = etree.Element("{http://exacttarget.com}fueloauth")
    fueloauth.text = access
    bearer = connect().create_service("{http://exacttarget.com/wsdl/partnerAPI}SoapBinding", endpoint)
    same(bearer.GetSystemStatus(_soapheaders=[fueloauth]).OverallStatus, "OK", "OverallStatus")

with step("version-info"):
    answer = soap.VersionInfo(IncludeVersionHistory=False)
    check(answer.VersionInfo.Version, "a version")

with step("describe"):
    answer = soap.Describe({"ObjectDefinitionRequest": [{"ObjectType": "Subscriber"}]})
    same(answer.ObjectDefinition[0].ObjectType, "Subscriber", "ObjectType")
    names = {prop.Name for prop in answer.ObjectDefinition[0].Properties}
    check({"EmailAddress", "SubscriberKey", "Status"} <= names, f"the properties of Subscriber: {names}")

with step("create-list"):
    new = make("List", ListName=f"{KEY} list", Description="for a story", Type="Private")
    result = held(soap.Create(options("CreateOptions"), [new]), 1)[0]
    list_id = result.NewID
    check(list_id > 0, f"NewID {list_id}")

with step("create-subscribers"):
    answer = soap.Create(options("CreateOptions"), [subscriber(0, "Zoë & <Co>"), subscriber(1, "Bo")])
    for at, result in enumerate(held(answer, 2, "Created Subscriber.")):
        check(result.NewID > 0, "a NewID")
        same(type(result.Object).__name__, "Subscriber", "the echoed object's type")
        same(result.Object.SubscriberKey, keys[at], "the echoed key")
        same(result.Object.ID, result.NewID, "the echoed ID")

with step("duplicate"):
    answer = soap.Create(options("CreateOptions"), [subscriber(0, "Again")])
    same(wire.status, 200, "HTTP status")
    same(answer.OverallStatus, "Error", "OverallStatus")
    result = answer.Results[0]
    same((result.StatusCode, result.ErrorCode, result.StatusMessage), ("Error", 12014, ALREADY), "result")

with step("update-attribute"):
    change = make("Subscriber", SubscriberKey=keys[1], Attributes=[{"Name": "First Name", "Value": "Béa"}])
    held(soap.Update(options("UpdateOptions", "UpdateAdd"), [change]), 1, "Updated Subscriber.")

with step("retrieve-simple"):
    answer = retrieve(
        "Subscriber", ["ID", "SubscriberKey", "EmailAddress", "Status", "Attributes"], simple("SubscriberKey", keys[1])
    )
    same(answer.OverallStatus, "OK", "OverallStatus")
    same(len(answer.Results), 1, "subscribers")
    got = answer.Results[0]
    same(type(got).__name__, "Subscriber", "type")
    same((got.EmailAddress, got.SubscriberKey, got.Status), (emails[1], keys[1], "Active"), "subscriber")
    same({a.Name: a.Value for a in got.Attributes}.get("First Name"), "Béa", "First Name")

with step("retrieve-complex"):
    either = make(
        "ComplexFilterPart",
        LeftOperand=simple("SubscriberKey", keys[0]),
        LogicalOperator="OR",
        RightOperand=simple("EmailAddress", emails[1]),
    )
    condition = make(
        "ComplexFilterPart", LeftOperand=either, LogicalOperator="AND", RightOperand=simple("Status", "Active")
    )
    answer = retrieve("Subscriber", ["SubscriberKey"], condition)
    same(answer.OverallStatus, "OK", "OverallStatus")
    same(sorted(found.SubscriberKey for found in answer.Results), keys, "subscribers")

with step("retrieve-properties"):
    answer = retrieve("Subscriber", ["SubscriberKey"], simple("SubscriberKey", keys[0]))
    got = answer.Results[0]
    same((got.SubscriberKey, got.EmailAddress, got.ID, got.Status), (keys[0], None, None, None), "properties")

with step("create-data-extension"):
    field = [
        make("DataExtensionField", Name="Id", FieldType="Text", MaxLength=20, IsPrimaryKey=True, IsRequired=True),
        make("DataExtensionField", Name="Name", FieldType="Text", MaxLength=100),
        make("DataExtensionField", Name="Amount", FieldType="Number"),
    ]
    new = make("DataExtension", Name=f"{KEY} rows", CustomerKey=extension, Fields={"Field": field})
    result = held(soap.Create(options("CreateOptions"), [new]), 1, "Data Extension created.")[0]
    same(type(result.Object).__name__, "DataExtension", "the echoed object's type")

with step("create-rows"):
    rows = [row(at, Name=f"row {at}", Amount=str(at * 10)) for at in range(1, 6)]
    results = held(soap.Create(options("CreateOptions"), rows), 5, "Created DataExtensionObject")
    same(type(results[0]).__name__, "DataExtensionCreateResult", "the result's type")

with step("update-row"):
    change = row(1, Name="changed")
    change.Properties["Property"] = [{"Name": "Name", "Value": "changed"}]
    change.Keys = named(1)
    results = held(soap.Update(options("UpdateOptions"), [change]), 1, "Updated DataExtensionObject")
    same(type(results[0]).__name__, "DataExtensionUpdateResult", "the result's type")

with step("retrieve-rows"):
    answer = retrieve(f"DataExtensionObject[{extension}]", ["Id", "Name", "Amount"], simple("Id", "1"))
    same(answer.OverallStatus, "OK", "OverallStatus")
    same([values(found) for found in answer.Results], [{"Id": "1", "Name": "changed", "Amount": "10"}], "rows")

with step("paging"):
    answer = retrieve(f"DataExtensionObject[{extension}]", ["Id"], batch=2)
    pages = [(answer.OverallStatus, len(answer.Results))]
    seen = {values(found)["Id"] for found in answer.Results}
    while answer.OverallStatus == "MoreDataAvailable" and len(pages) < 5:
        answer = soap.Retrieve(make("RetrieveRequest", ContinueRequest=answer.RequestID, ObjectType=""))
        pages.append((answer.OverallStatus, len(answer.Results)))
        seen |= {values(found)["Id"] for found in answer.Results}
    same(pages, [("MoreDataAvailable", 2), ("MoreDataAvailable", 2), ("OK", 1)], "pages")
    same(seen, {"1", "2", "3", "4", "5"}, "rows")

with step("delete-rows"):
    gone = [make("DataExtensionObject", CustomerKey=extension, Keys=named(at)) for at in range(1, 6)]
    held(soap.Delete(options("DeleteOptions"), gone), 5)
    answer = retrieve(f"DataExtensionObject[{extension}]", ["Id"])
    same((answer.OverallStatus, answer.Results), ("OK", []), "rows")

with step("wrong-password"):
    try:
        connect(UsernameToken(USER, PASSWORD + "x")).service.GetSystemStatus()
    except Fault as fault:
        same(wire.status, 500, "HTTP status")
        same(fault.message, "Login Failed", "fault")
        code = fault.subcodes[0].text if SOAP12 else fault.code
        same(code, f"{{{ns.WSSE}}}Security" if SOAP12 else "q0:Security", "fault code")
    else:
        raise AssertionError("no fault")

with step("unknown-type"):
    answer = retrieve("Nonsense", ["ID"])
    same((answer.OverallStatus, answer.Results), (UNKNOWN_TYPE, []), "answer")

with step("delete"):
    gone = [
        make("DataExtension", CustomerKey=extension),
        make("Subscriber", SubscriberKey=keys[0]),
        make("Subscriber", SubscriberKey=keys[1]),
        make("List", ID=list_id),
    ]
    held(soap.Delete(options("DeleteOptions"), gone), 4)
    for kind, prop, value in (("Subscriber", "SubscriberKey", keys[0]), ("List", "ListName", f"{KEY} list")):
        answer = retrieve(kind, ["ID"], simple(prop, value))
        same((answer.OverallStatus, answer.Results), ("OK", []), kind)

if SOAP12:
    with step("addressing-2004"):
        # As .NET's August 2004 binding: no action in the content type, wsa:Action alone tells the operation.
        plugin = Addressing2004()
        wire.without_action = True
        older = connect(UsernameToken(USER, PASSWORD), [plugin])
        same(older.service.GetSystemStatus().OverallStatus, "OK", "OverallStatus")
        related = history.last_received["envelope"].find(f".//{{{ADDRESSING_2004}}}RelatesTo")
        same(related.text, plugin.message, "RelatesTo")

steps.end()
