"""The story told by FuelSDKWrapper: FuelSDK underneath, but it raises on every OverallStatus except OK and MoreDataAvailable."""

import os
import warnings

# suds draws warnings from its own regular expressions.
warnings.simplefilter("ignore")

from FuelSDKWrapper import ET_API, ObjectType, Operator, complex_filter, simple_filter  # noqa: E402
from suds.plugin import MessagePlugin  # noqa: E402

import steps  # noqa: E402
from steps import ALREADY, KEY, UNKNOWN_TYPE, URL, check, same  # noqa: E402


class Wire(MessagePlugin):
    """Keeps the last exchange."""

    request = answer = b""

    def sending(self, context):
        self.request = context.envelope

    def received(self, context):
        self.answer = context.reply


def settings(secret=steps.CLIENT_SECRET):
    return {
        "clientid": steps.CLIENT_ID,
        "clientsecret": secret,
        "defaultwsdl": URL + "/etframework.wsdl",
        "wsdl_file_local_loc": os.path.join(os.getcwd(), "etframework.wsdl"),
        "authenticationurl": URL,
        "useOAuth2Authentication": "True",
        "accountId": steps.ACCOUNT,
    }


wire = Wire()
api = ET_API(params=settings())
api.client.soap_client.set_options(plugins=[wire])


def show():
    """The exchange of a failed step."""
    print(f"  request: {wire.request!r}\n  answer: {wire.answer!r}", flush=True)


def step(name):
    return steps.step(name, show)


def held(answer, count, message=None):
    """Every one of `count` objects went well."""
    same(str(answer.message), "OK", "OverallStatus")
    same([str(result.StatusCode) for result in answer.results], ["OK"] * count, "StatusCode")
    if message:
        same({str(result.StatusMessage) for result in answer.results}, {message}, "StatusMessage")
    return answer.results


def refused(work, words):
    """The wrapper raises, and its error holds these words."""
    try:
        work()
    except ET_API.ETApiError as error:
        check(words in str(error), f"the wrapper's error: {error}")
    else:
        raise AssertionError("no error")


def values(row):
    return {str(prop.Name): str(prop.Value) for prop in row.Properties.Property}


emails = [f"{KEY}-a@example.com", f"{KEY}-b@example.com"]
keys = [f"{KEY}-a", f"{KEY}-b"]
extension = f"{KEY}-rows"
list_id = None


def subscriber(at, first):
    return {
        "EmailAddress": emails[at],
        "SubscriberKey": keys[at],
        "Attributes": [{"Name": "First Name", "Value": first}],
        "Lists": [{"ID": list_id, "Status": "Active"}],
    }


steps.without("system-status", "not wrapped")
steps.without("version-info", "not wrapped")

with step("token"):
    same(api.client.soap_endpoint, URL + "/service.asmx", "SOAP endpoint")

with step("describe"):
    names = {str(prop.Name) for prop in api.get_info(ObjectType.SUBSCRIBER)}
    check({"EmailAddress", "SubscriberKey", "Status"} <= names, f"the properties of Subscriber: {names}")

with step("create-list"):
    answer = api.create_object(ObjectType.LIST, {"ListName": f"{KEY} list", "Type": "Private"})
    list_id = held(answer, 1)[0].NewID
    check(list_id > 0, f"NewID {list_id}")

with step("create-subscribers"):
    answer = api.create_object(ObjectType.SUBSCRIBER, [subscriber(0, "Zoë & <Co>"), subscriber(1, "Bo")])
    held(answer, 2, "Created Subscriber.")

with step("duplicate"):
    refused(lambda: api.create_object(ObjectType.SUBSCRIBER, subscriber(0, "Again")), ALREADY)

with step("update-attribute"):
    change = {"Attributes": [{"Name": "First Name", "Value": "Béa"}]}
    held(api.update_object(ObjectType.SUBSCRIBER, {"SubscriberKey": keys[1]}, change), 1, "Updated Subscriber.")

with step("retrieve-simple"):
    wanted = ["ID", "SubscriberKey", "EmailAddress", "Status", "Attributes"]
    answer = api.get_objects(ObjectType.SUBSCRIBER, simple_filter("SubscriberKey", Operator.EQUALS, keys[1]), wanted)
    same(len(answer.results), 1, "subscribers")
    got = answer.results[0]
    same((got.EmailAddress, got.SubscriberKey, got.Status), (emails[1], keys[1], "Active"), "subscriber")
    same({str(a.Name): str(a.Value) for a in got.Attributes}.get("First Name"), "Béa", "First Name")

with step("retrieve-complex"):
    condition = complex_filter(
        simple_filter("SubscriberKey", Operator.EQUALS, keys[0]),
        "OR",
        simple_filter("EmailAddress", Operator.EQUALS, emails[1]),
    )
    answer = api.get_objects(ObjectType.SUBSCRIBER, condition, ["SubscriberKey"])
    same(sorted(str(found.SubscriberKey) for found in answer.results), keys, "subscribers")

with step("retrieve-properties"):
    condition = simple_filter("SubscriberKey", Operator.EQUALS, keys[0])
    got = api.get_objects(ObjectType.SUBSCRIBER, condition, ["SubscriberKey"]).results[0]
    same([hasattr(got, name) for name in ("EmailAddress", "ID", "Status")], [False] * 3, "others")

with step("create-data-extension"):
    columns = [
        {"Name": "Id", "FieldType": "Text", "MaxLength": "20", "IsPrimaryKey": "true", "IsRequired": "true"},
        {"Name": "Name", "FieldType": "Text", "MaxLength": "100"},
        {"Name": "Amount", "FieldType": "Number"},
    ]
    held(api.create_data_extension(f"{KEY} rows", columns, extension), 1, "Data Extension created.")

with step("columns"):
    found = api.get_data_extension_columns(extension, ["Name", "Ordinal"]).results
    same([str(c.Name) for c in sorted(found, key=lambda c: c.Ordinal)], ["Id", "Name", "Amount"], "columns in order")

with step("create-rows"):
    rows = [{"Id": str(at), "Name": f"row {at}", "Amount": str(at * 10)} for at in range(1, 6)]
    held(api.create_object(ObjectType.DATA_EXTENSION_ROW, rows, extension), 5, "Created DataExtensionObject")

with step("update-row"):
    change = {"Id": "1", "Name": "changed"}
    answer = api.update_object(ObjectType.DATA_EXTENSION_ROW, values_dict=change, data_extension_key=extension)
    held(answer, 1, "Updated DataExtensionObject")

with step("retrieve-rows"):
    # The wrapper looks the columns up by itself, in the order of their Ordinal.
    answer = api.get_data_extension_rows(extension, simple_filter("Id", Operator.EQUALS, "1"))
    same([values(found) for found in answer.results], [{"Id": "1", "Name": "changed", "Amount": "10"}], "rows")

with step("paging"):
    answer = api.get_data_extension_rows(extension, property_list=["Id"], page_size=2)
    more = api.get_object_class(ObjectType.DATA_EXTENSION_ROW)
    more.last_request_id = answer.request_id
    pages = []
    seen = set()
    while len(pages) < 5:
        pages.append((str(answer.message), len(answer.results)))
        seen |= {values(found)["Id"] for found in answer.results}
        if not answer.more_results:
            break
        answer = api.get_more_results()
    same(pages, [("MoreDataAvailable", 2), ("MoreDataAvailable", 2), ("OK", 1)], "pages")
    same(seen, {"1", "2", "3", "4", "5"}, "rows")

with step("delete-rows"):
    gone = [{"Id": str(at)} for at in range(1, 6)]
    held(api.delete_object(ObjectType.DATA_EXTENSION_ROW, gone, extension), 5)
    same(len(api.get_data_extension_rows(extension, property_list=["Id"]).results), 0, "rows")

with step("wrong-password"):
    try:
        ET_API(params=settings(secret="wrong"))
    except Exception as error:
        check("Unable to validate App Keys" in str(error), f"the SDK's own words: {error}")
    else:
        raise AssertionError("no error")

with step("unknown-type"):
    refused(lambda: api.get_objects("Nonsense", property_list=["ID"]), UNKNOWN_TYPE)

with step("delete"):
    held(api.delete_object(ObjectType.DATA_EXTENSION, {"CustomerKey": extension}), 1)
    for key in keys:
        held(api.delete_object(ObjectType.SUBSCRIBER, {"SubscriberKey": key}), 1, "Subscriber deleted")
        condition = simple_filter("SubscriberKey", Operator.EQUALS, key)
        same(len(api.get_objects(ObjectType.SUBSCRIBER, condition, ["ID"]).results), 0, "subscribers")
    held(api.delete_object(ObjectType.LIST, {"ID": list_id}), 1)

steps.end()
