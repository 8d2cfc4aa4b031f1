"""The story told by FuelSDK for Python (Salesforce-FuelSDK), which downloads the served WSDL and finds all else by tokens.

Variants: `oauth2` (POST /v2/token, fueloauth) and `legacy` (POST /v1/requestToken?legacy=1, GET /platform/v1/endpoints/soap, the oAuth
header beside a UsernameToken of stars). It sends no Options, wants OverallStatus OK or MoreDataAvailable, and lower-cases service.asmx.
"""

import os
import sys
import warnings

# suds draws warnings from its own regular expressions.
warnings.simplefilter("ignore")

import FuelSDK  # noqa: E402
from suds.plugin import MessagePlugin  # noqa: E402

import steps  # noqa: E402
from steps import ALREADY, KEY, UNKNOWN_TYPE, URL, check, same  # noqa: E402

OAUTH2 = sys.argv[1] == "oauth2"
WSDL = os.path.join(os.getcwd(), "etframework.wsdl")


def settings(secret=steps.CLIENT_SECRET):
    return {
        "clientid": steps.CLIENT_ID,
        "clientsecret": secret,
        "defaultwsdl": URL + "/etframework.wsdl",
        "wsdl_file_local_loc": WSDL,
        "authenticationurl": URL if OAUTH2 else URL + "/v1/requestToken",
        "baseapiurl": URL,
        "useOAuth2Authentication": "True" if OAUTH2 else "False",
        "accountId": steps.ACCOUNT,
    }


class Wire(MessagePlugin):
    """Keeps the last exchange."""

    request = answer = b""

    def sending(self, context):
        self.request = context.envelope

    def received(self, context):
        self.answer = context.reply


wire = Wire()
client = FuelSDK.ET_Client(params=settings())
client.soap_client.set_options(plugins=[wire])


def show():
    """The exchange of a failed step."""
    print(f"  request: {wire.request!r}\n  answer: {wire.answer!r}", flush=True)


def step(name):
    return steps.step(name, show)


def thing(kind, props=None, **more):
    made = kind()
    made.auth_stub = client
    made.props = props
    for name, value in more.items():
        setattr(made, name, value)
    return made


def simple(prop, value, operator="equals"):
    return {"Property": prop, "SimpleOperator": operator, "Value": value}


def held(answer, count, message=None):
    """Every one of `count` objects went well."""
    same((answer.code, str(answer.message), answer.status), (200, "OK", True), "answer")
    same([str(result.StatusCode) for result in answer.results], ["OK"] * count, "StatusCode")
    same([result.OrdinalID for result in answer.results], list(range(count)), "OrdinalID")
    if message:
        same({str(result.StatusMessage) for result in answer.results}, {message}, "StatusMessage")
    return answer.results


def values(row):
    return {str(prop.Name): str(prop.Value) for prop in row.Properties.Property}


def subscriber(at, first):
    return {
        "EmailAddress": emails[at],
        "SubscriberKey": keys[at],
        "Attributes": [{"Name": "First Name", "Value": first}],
        "Lists": [{"ID": list_id, "Status": "Active"}],
    }


emails = [f"{KEY}-a@example.com", f"{KEY}-b@example.com"]
keys = [f"{KEY}-a", f"{KEY}-b"]
extension = f"{KEY}-rows"
list_id = None

with step("token"):
    check(client.authToken, "a token")
    # The SOAP URL came with the token, or from the endpoint service; it is not the default one.
    same(client.soap_endpoint.lower(), (URL + "/service.asmx").lower(), "SOAP endpoint")

with step("wsdl-unchanged"):
    # HEAD on the WSDL: the copy just made is not older than what the server has.
    before = os.stat(WSDL).st_mtime_ns
    FuelSDK.ET_Client(get_server_wsdl=True, params=settings())
    same(os.stat(WSDL).st_mtime_ns, before, "the local copy's time")

with step("system-status"):
    # Not wrapped by FuelSDK: its users take the suds client under it.
    code, answer = client.soap_client.service.GetSystemStatus(None)
    same((code, answer.OverallStatus), (200, "OK"), "answer")

with step("version-info"):
    code, answer = client.soap_client.service.VersionInfo(False)
    check(code == 200 and answer.VersionInfo.Version, "a version")

with step("describe"):
    answer = thing(FuelSDK.ET_Subscriber).info()
    same(answer.status, True, "status")
    names = {str(prop.Name) for prop in answer.results[0].Properties}
    check({"EmailAddress", "SubscriberKey", "Status"} <= names, f"the properties of Subscriber: {names}")

with step("create-list"):
    answer = thing(FuelSDK.ET_List, {"ListName": f"{KEY} list", "Description": "for a story", "Type": "Private"}).post()
    list_id = held(answer, 1)[0].NewID
    check(list_id > 0, f"NewID {list_id}")

with step("create-subscribers"):
    answer = thing(FuelSDK.ET_Subscriber, [subscriber(0, "Zoë & <Co>"), subscriber(1, "Bo")]).post()
    for at, result in enumerate(held(answer, 2, "Created Subscriber.")):
        check(result.NewID > 0, "a NewID")
        same(result.Object.SubscriberKey, keys[at], "the echoed key")

with step("duplicate"):
    answer = thing(FuelSDK.ET_Subscriber, subscriber(0, "Again")).post()
    same((answer.code, answer.status, str(answer.message)), (200, False, "Error"), "answer")
    result = answer.results[0]
    same((result.StatusCode, result.ErrorCode, result.StatusMessage), ("Error", 12014, ALREADY), "result")

with step("add-to-list"):
    # The SDK's own helper: Create, and on 12014 Update.
    answer = client.AddSubscriberToList(emails[0], [list_id], keys[0])
    held(answer, 1, "Updated Subscriber.")

with step("update-attribute"):
    change = {"SubscriberKey": keys[1], "Attributes": [{"Name": "First Name", "Value": "Béa"}]}
    held(thing(FuelSDK.ET_Subscriber, change).patch(), 1, "Updated Subscriber.")

with step("retrieve-simple"):
    wanted = ["ID", "SubscriberKey", "EmailAddress", "Status", "Attributes"]
    answer = thing(FuelSDK.ET_Subscriber, wanted, search_filter=simple("SubscriberKey", keys[1])).get()
    same((str(answer.message), len(answer.results)), ("OK", 1), "answer")
    got = answer.results[0]
    same(type(got).__name__, "Subscriber", "type")
    same((got.EmailAddress, got.SubscriberKey, got.Status), (emails[1], keys[1], "Active"), "subscriber")
    same({str(a.Name): str(a.Value) for a in got.Attributes}.get("First Name"), "Béa", "First Name")

with step("retrieve-described"):
    # Without properties the SDK asks Describe for the retrievable ones, and retrieves all of those.
    answer = thing(FuelSDK.ET_Subscriber, search_filter=simple("SubscriberKey", keys[0])).get()
    same((str(answer.message), len(answer.results)), ("OK", 1), "answer")
    same(answer.results[0].EmailAddress, emails[0], "EmailAddress")

with step("retrieve-complex"):
    condition = {
        "LeftOperand": simple("SubscriberKey", keys, "IN"),
        "LogicalOperator": "AND",
        "RightOperand": simple("Status", "Active"),
    }
    answer = thing(FuelSDK.ET_Subscriber, ["SubscriberKey"], search_filter=condition).get()
    same(str(answer.message), "OK", "OverallStatus")
    same(sorted(str(found.SubscriberKey) for found in answer.results), keys, "subscribers")
    # A third operand, which only this SDK sends.
    condition["AdditionalOperands"] = [simple("EmailAddress", emails[1])]
    answer = thing(FuelSDK.ET_Subscriber, ["SubscriberKey"], search_filter=condition).get()
    same([str(found.SubscriberKey) for found in answer.results], [keys[1]], "subscribers")

with step("retrieve-properties"):
    got = thing(FuelSDK.ET_Subscriber, ["SubscriberKey"], search_filter=simple("SubscriberKey", keys[0])).get().results[0]
    same(got.SubscriberKey, keys[0], "SubscriberKey")
    same([hasattr(got, name) for name in ("EmailAddress", "ID", "Status")], [False] * 3, "others")

with step("create-data-extension"):
    columns = [
        {"Name": "Id", "FieldType": "Text", "MaxLength": "20", "IsPrimaryKey": "true", "IsRequired": "true"},
        {"Name": "Name", "FieldType": "Text", "MaxLength": "100"},
        {"Name": "Amount", "FieldType": "Number"},
    ]
    new = thing(FuelSDK.ET_DataExtension, {"Name": f"{KEY} rows", "CustomerKey": extension}, columns=columns)
    held(new.post(), 1, "Data Extension created.")

with step("columns"):
    condition = simple("DataExtension.CustomerKey", extension)
    answer = thing(FuelSDK.ET_DataExtension_Column, ["Name", "FieldType"], search_filter=condition).get()
    same((str(answer.message), {str(c.Name): str(c.FieldType) for c in answer.results}),
         ("OK", {"Id": "Text", "Name": "Text", "Amount": "Number"}), "columns")

with step("create-rows"):
    rows = [{"Id": str(at), "Name": f"row {at}", "Amount": str(at * 10)} for at in range(1, 6)]
    held(thing(FuelSDK.ET_DataExtension_Row, rows, CustomerKey=extension).post(), 5, "Created DataExtensionObject")

with step("update-row"):
    # The key's column stands among the properties; the SDK sends no Keys.
    answer = thing(FuelSDK.ET_DataExtension_Row, {"Id": "1", "Name": "changed"}, CustomerKey=extension).patch()
    held(answer, 1, "Updated DataExtensionObject")

with step("retrieve-rows"):
    # The SDK looks the extension's name up by its key, and retrieves by the name.
    condition = simple("Id", "1")
    wanted = ["Id", "Name", "Amount"]
    answer = thing(FuelSDK.ET_DataExtension_Row, wanted, CustomerKey=extension, search_filter=condition).get()
    same(str(answer.message), "OK", "OverallStatus")
    same([values(found) for found in answer.results], [{"Id": "1", "Name": "changed", "Amount": "10"}], "rows")

with step("paging"):
    # The row class has no options: the generic get has.
    rows = FuelSDK.rest.ET_GetSupport()
    rows.auth_stub = client
    rows.obj_type = f"DataExtensionObject[{extension}]"
    rows.options = {"BatchSize": 2}
    rows.props = ["Id"]
    answer = rows.get()
    pages = []
    seen = set()
    while len(pages) < 5:
        pages.append((str(answer.message), len(answer.results)))
        seen |= {values(found)["Id"] for found in answer.results}
        if not answer.more_results:
            break
        answer = rows.getMoreResults()
    same(pages, [("MoreDataAvailable", 2), ("MoreDataAvailable", 2), ("OK", 1)], "pages")
    same(seen, {"1", "2", "3", "4", "5"}, "rows")

with step("delete-rows"):
    gone = [{"Id": str(at)} for at in range(1, 6)]
    held(thing(FuelSDK.ET_DataExtension_Row, gone, CustomerKey=extension).delete(), 5)
    answer = thing(FuelSDK.ET_DataExtension_Row, ["Id"], CustomerKey=extension).get()
    same((str(answer.message), len(answer.results)), ("OK", 0), "rows")

with step("wrong-password"):
    try:
        FuelSDK.ET_Client(params=settings(secret="wrong"))
    except Exception as error:
        check("Unable to validate App Keys" in str(error), f"the SDK's own words: {error}")
    else:
        raise AssertionError("no error")

with step("unknown-type"):
    nonsense = FuelSDK.rest.ET_GetSupport()
    nonsense.auth_stub = client
    nonsense.obj_type = "Nonsense"
    nonsense.props = ["ID"]
    answer = nonsense.get()
    same((answer.status, str(answer.message), len(answer.results)), (False, UNKNOWN_TYPE, 0), "answer")

with step("delete"):
    held(thing(FuelSDK.ET_DataExtension, {"CustomerKey": extension}).delete(), 1)
    held(thing(FuelSDK.ET_Subscriber, [{"SubscriberKey": key} for key in keys]).delete(), 2, "Subscriber deleted")
    held(thing(FuelSDK.ET_List, {"ID": list_id}).delete(), 1)
    for key in keys:
        answer = thing(FuelSDK.ET_Subscriber, ["ID"], search_filter=simple("SubscriberKey", key)).get()
        same((str(answer.message), len(answer.results)), ("OK", 0), "subscribers")

steps.end()
