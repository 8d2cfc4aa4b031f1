// The story told by gSOAP: wsdl2h and soapcpp2 over the served WSDL, its own wsse plugin for the UsernameToken.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "SoapBinding.nsmap"
#include "soapSoapBindingProxy.h"
#include "wsseapi-lite.h"

using std::string;
using std::vector;

static string setting(const char *name) { return getenv(name) ? getenv(name) : ""; }

static const string URL = setting("ENVOI_URL");
static const string USER = setting("ENVOI_USER");
static const string PASSWORD = setting("ENVOI_PASSWORD");
static const string KEY = setting("STORY_KEY");
static const vector<string> KEYS = {KEY + "-a", KEY + "-b"};
static const vector<string> EMAILS = {KEY + "-a@example.com", KEY + "-b@example.com"};
static const string EXTENSION = KEY + "-rows";

static SoapBindingProxy *proxy;
static bool failed = false;

static void check(bool held, const string &what) {
    if (!held) throw std::runtime_error(what);
}

template <class A, class B> static void same(const A &got, const B &want, const string &what) {
    if (!(got == want)) {
        std::ostringstream text;
        text << what << ": got " << got << ", want " << want;
        throw std::runtime_error(text.str());
    }
}

// One step of the story: prints its line, and goes on after a failure.
static void step(const char *name, const std::function<void()> &work) {
    try {
        work();
        printf("ok %s\n", name);
    } catch (const std::exception &error) {
        failed = true;
        string why = error.what();
        std::replace(why.begin(), why.end(), '\n', ' ');
        printf("FAIL %s %s\n", name, why.c_str());
    }
    fflush(stdout);
}

// A value on the proxy's heap, as optional members want it.
template <class T> static T *heap(const T &value) {
    T *kept = (T *)soap_malloc(proxy->soap, sizeof(T));
    *kept = value;
    return kept;
}
static string *heap(const char *value) {
    string *kept = soap_new_std__string(proxy->soap);
    *kept = value;
    return kept;
}
static string *heap(const string &value) { return heap(value.c_str()); }

// Before each call: the header that goes with it.
static void login(const string &password = PASSWORD) {
    proxy->soap_noheader();
    soap_wsse_add_Timestamp(proxy->soap, "Time", 60);
    soap_wsse_add_UsernameTokenText(proxy->soap, "User", USER.c_str(), password.c_str());
}

// After each call: a fault or a broken answer fails the step.
static void sent(int code) {
    if (code != SOAP_OK) {
        std::ostringstream text;
        proxy->soap_stream_fault(text);
        throw std::runtime_error(text.str());
    }
}

#define NEW(type) soap_new_ns1__##type(proxy->soap)

static ns1__APIProperty *cell(const string &name, const string &value) {
    auto made = NEW(APIProperty);
    made->Name = name;
    made->Value = value;
    return made;
}

static ns1__FilterPart *simple(const string &property, const string &value) {
    auto made = NEW(SimpleFilterPart);
    made->Property = property;
    made->SimpleOperator = ns1__SimpleOperators__equals;
    made->Value.push_back(value);
    return made;
}

static ns1__FilterPart *both(ns1__FilterPart *left, ns1__LogicalOperators how, ns1__FilterPart *right) {
    auto made = NEW(ComplexFilterPart);
    made->LeftOperand = left;
    made->LogicalOperator = how;
    made->RightOperand = right;
    return made;
}

static vector<ns1__CreateResult *> create(const vector<ns1__APIObject *> &objects, string &overall) {
    login();
    _ns1__CreateRequest request;
    _ns1__CreateResponse answer;
    request.Options = NEW(CreateOptions);
    request.Objects = objects;
    sent(proxy->Create(&request, answer));
    overall = answer.OverallStatus;
    check(answer.RequestID != nullptr, "a RequestID");
    return answer.Results;
}

// Every object of a call went well.
template <class Result> static void held(const vector<Result *> &results, size_t count, const string &message = "") {
    same(results.size(), count, "results");
    for (size_t at = 0; at < count; ++at) {
        same(results[at]->StatusCode, "OK", "StatusCode (" + results[at]->StatusMessage + ")");
        check(results[at]->OrdinalID && *results[at]->OrdinalID == (int)at, "OrdinalID");
        if (!message.empty()) same(results[at]->StatusMessage, message, "StatusMessage");
    }
}

static vector<ns1__CreateResult *> created(const vector<ns1__APIObject *> &objects, const string &message = "") {
    string overall;
    auto results = create(objects, overall);
    held(results, objects.size(), message);
    same(overall, "OK", "OverallStatus");
    return results;
}

static vector<ns1__UpdateResult *> updated(ns1__APIObject *object, ns1__UpdateOptions *options, const string &message) {
    login();
    _ns1__UpdateRequest request;
    _ns1__UpdateResponse answer;
    request.Options = options;
    request.Objects.push_back(object);
    sent(proxy->Update(&request, answer));
    held(answer.Results, 1, message);
    same(answer.OverallStatus, "OK", "OverallStatus");
    return answer.Results;
}

static void deleted(const vector<ns1__APIObject *> &objects) {
    login();
    _ns1__DeleteRequest request;
    _ns1__DeleteResponse answer;
    request.Options = NEW(DeleteOptions);
    request.Objects = objects;
    sent(proxy->Delete(&request, answer));
    held(answer.Results, objects.size());
    same(answer.OverallStatus, "OK", "OverallStatus");
}

struct Found {
    string overall, request;
    vector<ns1__APIObject *> results;
};

static Found retrieve(ns1__RetrieveRequest *asked) {
    login();
    _ns1__RetrieveRequestMsg request;
    _ns1__RetrieveResponseMsg answer;
    request.RetrieveRequest = asked;
    sent(proxy->Retrieve(&request, answer));
    return {answer.OverallStatus, answer.RequestID ? *answer.RequestID : "", answer.Results};
}

static Found retrieve(const string &type, const vector<string> &properties, ns1__FilterPart *filter = nullptr, int batch = 0) {
    auto asked = NEW(RetrieveRequest);
    asked->ObjectType = type;
    asked->Properties = properties;
    asked->Filter = filter;
    if (batch) {
        asked->Options = NEW(RetrieveOptions);
        asked->Options->BatchSize = heap(batch);
    }
    return retrieve(asked);
}

// An answer's object as its own class: gSOAP made it from xsi:type.
template <class T> static T *as(ns1__APIObject *object) {
    auto found = dynamic_cast<T *>(object);
    check(found != nullptr, "the object's xsi:type");
    return found;
}

static int list = 0;

static ns1__Attribute *first_name(const string &value) {
    auto made = NEW(Attribute);
    made->Name = "First Name";
    made->Value = value;
    return made;
}

static ns1__Subscriber *subscriber(int at, const string &first) {
    auto made = NEW(Subscriber);
    made->EmailAddress = heap(EMAILS[at]);
    made->SubscriberKey = heap(KEYS[at]);
    made->Attributes.push_back(first_name(first));
    auto on = NEW(SubscriberList);
    on->ID = heap(list);
    on->Status = heap(ns1__SubscriberStatus__Active);
    made->Lists.push_back(on);
    return made;
}

static ns1__DataExtensionObject *row(const vector<ns1__APIProperty *> &cells, const string &id = "") {
    auto made = NEW(DataExtensionObject);
    made->CustomerKey = heap(EXTENSION);
    if (!cells.empty()) {
        made->Properties = soap_new__ns1__ObjectExtension_Properties(proxy->soap);
        made->Properties->Property = cells;
    }
    if (!id.empty()) {
        made->Keys = soap_new__ns1__DataExtensionObject_Keys(proxy->soap);
        made->Keys->Key.push_back(cell("Id", id));
    }
    return made;
}

static string value(ns1__APIObject *found, const string &name) {
    auto extension = as<ns1__DataExtensionObject>(found);
    check(extension->Properties != nullptr, "Properties");
    for (auto property : extension->Properties->Property)
        if (property->Name == name) return property->Value;
    return "(none)";
}

static ns1__DataExtensionField *field(const char *name, ns1__DataExtensionFieldType type, int length, bool key) {
    auto made = NEW(DataExtensionField);
    made->Name = heap(name);
    made->FieldType = heap(type);
    if (length) made->MaxLength = heap(length);
    if (key) made->IsPrimaryKey = heap(true), made->IsRequired = heap(true);
    return made;
}

// The endpoint of POST /v2/token is not SOAP: curl asks, as a C++ program without an HTTP library of its own would.
static string shell(const string &command) {
    string text;
    FILE *pipe = popen(command.c_str(), "r");
    for (int c; (c = fgetc(pipe)) != EOF;) text += (char)c;
    check(pclose(pipe) == 0, command);
    return text;
}

static string member(const string &json, const string &name) {
    auto at = json.find("\"" + name + "\"");
    check(at != string::npos, name + " in " + json);
    auto from = json.find('"', json.find(':', at)) + 1;
    return json.substr(from, json.find('"', from) - from);
}

int main() {
    const string endpoint = URL + "/Service.asmx"; // the proxy keeps the pointer
    SoapBindingProxy with(endpoint.c_str(), SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING);
    proxy = &with;

    step("system-status", [] {
        login();
        _ns1__SystemStatusRequestMsg request;
        _ns1__SystemStatusResponseMsg answer;
        sent(proxy->GetSystemStatus(&request, answer));
        same(answer.OverallStatus, "OK", "OverallStatus");
        check(answer.Results && answer.Results->Result.size() == 1, "one Result");
        check(answer.Results->Result[0]->SystemStatus == ns1__SystemStatusType__OK, "SystemStatus");
    });
    step("token", [] {
        string body = "{\"grant_type\":\"client_credentials\",\"client_id\":\"" + setting("ENVOI_CLIENT_ID") + "\",\"client_secret\":\"" +
                      setting("ENVOI_CLIENT_SECRET") + "\",\"account_id\":" + setting("ENVOI_ACCOUNT") + "}";
        string got = shell("curl -fsS -H 'Content-Type: application/json' -d '" + body + "' " + URL + "/v2/token");
        string token = member(got, "access_token"), endpoint = member(got, "soap_instance_url") + "Service.asmx";
        SoapBindingProxy bearer(endpoint.c_str());
        bearer.soap_header(nullptr, (char *)token.c_str());
        _ns1__SystemStatusRequestMsg request;
        _ns1__SystemStatusResponseMsg answer;
        same(bearer.GetSystemStatus(&request, answer), SOAP_OK, "GetSystemStatus");
        same(answer.OverallStatus, "OK", "OverallStatus");
    });
    step("version-info", [] {
        login();
        _ns1__VersionInfoRequestMsg request;
        _ns1__VersionInfoResponseMsg answer;
        request.IncludeVersionHistory = false;
        sent(proxy->VersionInfo(&request, answer));
        check(answer.VersionInfo && !answer.VersionInfo->Version.empty(), "a version");
    });
    step("describe", [] {
        login();
        _ns1__DefinitionRequestMsg request;
        _ns1__DefinitionResponseMsg answer;
        request.DescribeRequests = NEW(ArrayOfObjectDefinitionRequest);
        auto asked = NEW(ObjectDefinitionRequest);
        asked->ObjectType = heap("Subscriber");
        request.DescribeRequests->ObjectDefinitionRequest.push_back(asked);
        sent(proxy->Describe(&request, answer));
        same(answer.ObjectDefinition.size(), 1u, "definitions");
        same(*answer.ObjectDefinition[0]->ObjectType, "Subscriber", "ObjectType");
        std::set<string> names;
        for (auto property : answer.ObjectDefinition[0]->Properties) names.insert(*property->Name);
        for (auto name : {"EmailAddress", "SubscriberKey", "Status"}) check(names.count(name), name);
    });
    step("create-list", [] {
        auto made = NEW(List);
        made->ListName = heap(KEY + " list");
        made->Description = heap("for a story");
        made->Type = heap(ns1__ListTypeEnum__Private);
        list = created({made})[0]->NewID;
        check(list > 0, "a NewID");
    });
    step("create-subscribers", [] {
        auto results = created({subscriber(0, "Zo\xC3\xAB & <Co>"), subscriber(1, "Bo")}, "Created Subscriber.");
        for (int at : {0, 1}) {
            check(results[at]->NewID > 0, "a NewID");
            same(*as<ns1__Subscriber>(results[at]->Object)->SubscriberKey, KEYS[at], "the echoed key");
        }
    });
    step("duplicate", [] {
        string overall;
        auto results = create({subscriber(0, "Again")}, overall);
        same(proxy->soap->status, 200, "HTTP status");
        same(overall, "Error", "OverallStatus");
        same(results[0]->StatusCode, "Error", "StatusCode");
        same(*results[0]->ErrorCode, 12014, "ErrorCode");
        same(results[0]->StatusMessage, "The subscriber is already on the list", "StatusMessage");
    });
    step("update-attribute", [] {
        auto made = NEW(Subscriber);
        made->SubscriberKey = heap(KEYS[1]);
        made->Attributes.push_back(first_name("B\xC3\xA9" "a"));
        auto save = NEW(SaveOption);
        save->PropertyName = "*";
        save->SaveAction = ns1__SaveAction__UpdateAdd;
        auto options = NEW(UpdateOptions);
        options->SaveOptions = soap_new__ns1__Options_SaveOptions(proxy->soap);
        options->SaveOptions->SaveOption.push_back(save);
        updated(made, options, "Updated Subscriber.");
    });
    step("retrieve-simple", [] {
        auto found = retrieve("Subscriber", {"ID", "SubscriberKey", "EmailAddress", "Status", "Attributes"}, simple("SubscriberKey", KEYS[1]));
        same(found.overall, "OK", "OverallStatus");
        same(found.results.size(), 1u, "subscribers");
        auto one = as<ns1__Subscriber>(found.results[0]);
        same(*one->EmailAddress, EMAILS[1], "EmailAddress");
        same(*one->SubscriberKey, KEYS[1], "SubscriberKey");
        check(one->Status && *one->Status == ns1__SubscriberStatus__Active, "Status");
        string first;
        for (auto attribute : one->Attributes)
            if (attribute->Name == "First Name") first = attribute->Value;
        same(first, "B\xC3\xA9" "a", "First Name");
    });
    step("retrieve-complex", [] {
        auto either = both(simple("SubscriberKey", KEYS[0]), ns1__LogicalOperators__OR, simple("EmailAddress", EMAILS[1]));
        auto found = retrieve("Subscriber", {"SubscriberKey"}, both(either, ns1__LogicalOperators__AND, simple("Status", "Active")));
        same(found.overall, "OK", "OverallStatus");
        std::set<string> keys;
        for (auto each : found.results) keys.insert(*as<ns1__Subscriber>(each)->SubscriberKey);
        check(keys == std::set<string>(KEYS.begin(), KEYS.end()) && found.results.size() == 2, "both subscribers");
    });
    step("retrieve-properties", [] {
        auto found = retrieve("Subscriber", {"SubscriberKey"}, simple("SubscriberKey", KEYS[0]));
        same(found.results.size(), 1u, "subscribers");
        auto one = as<ns1__Subscriber>(found.results[0]);
        same(*one->SubscriberKey, KEYS[0], "SubscriberKey");
        check(!one->EmailAddress && !one->ID && !one->Status, "no other property");
    });
    step("create-data-extension", [] {
        auto made = NEW(DataExtension);
        made->CustomerKey = heap(EXTENSION);
        made->Name = heap(KEY + " rows");
        made->Fields = soap_new__ns1__DataExtension_Fields(proxy->soap);
        made->Fields->Field = {field("Id", ns1__DataExtensionFieldType__Text, 20, true), field("Name", ns1__DataExtensionFieldType__Text, 100, false),
                               field("Amount", ns1__DataExtensionFieldType__Number, 0, false)};
        created({made}, "Data Extension created.");
    });
    step("create-rows", [] {
        vector<ns1__APIObject *> rows;
        for (int at = 1; at <= 5; ++at)
            rows.push_back(row({cell("Id", std::to_string(at)), cell("Name", "row " + std::to_string(at)), cell("Amount", std::to_string(at * 10))}));
        auto results = created(rows, "Created DataExtensionObject");
        check(dynamic_cast<ns1__DataExtensionCreateResult *>(results[0]) != nullptr, "a DataExtensionCreateResult");
    });
    step("update-row", [] {
        auto results = updated(row({cell("Name", "changed")}, "1"), NEW(UpdateOptions), "Updated DataExtensionObject");
        check(dynamic_cast<ns1__DataExtensionUpdateResult *>(results[0]) != nullptr, "a DataExtensionUpdateResult");
    });
    step("retrieve-rows", [] {
        auto found = retrieve("DataExtensionObject[" + EXTENSION + "]", {"Id", "Name", "Amount"}, simple("Id", "1"));
        same(found.overall, "OK", "OverallStatus");
        same(found.results.size(), 1u, "rows");
        same(value(found.results[0], "Id"), "1", "Id");
        same(value(found.results[0], "Name"), "changed", "Name");
        same(value(found.results[0], "Amount"), "10", "Amount");
    });
    step("paging", [] {
        string pages;
        std::set<string> seen;
        auto found = retrieve("DataExtensionObject[" + EXTENSION + "]", {"Id"}, nullptr, 2);
        for (int page = 0; page < 5; ++page) {
            pages += found.overall + " " + std::to_string(found.results.size()) + "; ";
            for (auto each : found.results) seen.insert(value(each, "Id"));
            if (found.overall != "MoreDataAvailable") break;
            auto more = NEW(RetrieveRequest);
            more->ContinueRequest = heap(found.request);
            found = retrieve(more);
        }
        same(pages, "MoreDataAvailable 2; MoreDataAvailable 2; OK 1; ", "pages");
        check(seen == std::set<string>({"1", "2", "3", "4", "5"}), "every row once");
    });
    step("delete-rows", [] {
        vector<ns1__APIObject *> rows;
        for (int at = 1; at <= 5; ++at) rows.push_back(row({}, std::to_string(at)));
        deleted(rows);
        auto found = retrieve("DataExtensionObject[" + EXTENSION + "]", {"Id"});
        same(found.overall, "OK", "OverallStatus");
        same(found.results.size(), 0u, "rows");
    });
    step("wrong-password", [] {
        login(PASSWORD + "x");
        _ns1__SystemStatusRequestMsg request;
        _ns1__SystemStatusResponseMsg answer;
        int code = proxy->GetSystemStatus(&request, answer);
        check(code != SOAP_OK && proxy->soap_fault() != nullptr, "a fault");
        same(proxy->soap->status, 500, "HTTP status");
        same(string(proxy->soap_fault_string()), "Login Failed", "faultstring");
        // gSOAP writes the QName with the prefix of its own table: the namespace was understood.
        same(string(*soap_faultcode(proxy->soap)), "wsse:Security", "faultcode");
    });
    step("unknown-type", [] {
        auto found = retrieve("Nonsense", {"ID"});
        same(found.overall, "Error: Unable to find a handler for object type: Nonsense. Object types are case-sensitive, check spelling.", "OverallStatus");
        same(found.results.size(), 0u, "results");
    });
    step("delete", [] {
        auto extension = NEW(DataExtension);
        extension->CustomerKey = heap(EXTENSION);
        auto gone_list = NEW(List);
        gone_list->ID = heap(list);
        vector<ns1__APIObject *> gone = {extension};
        for (auto &key : KEYS) {
            auto one = NEW(Subscriber);
            one->SubscriberKey = heap(key);
            gone.push_back(one);
        }
        gone.push_back(gone_list);
        deleted(gone);
        for (auto &key : KEYS) {
            auto found = retrieve("Subscriber", {"ID"}, simple("SubscriberKey", key));
            same(found.overall, "OK", "OverallStatus");
            same(found.results.size(), 0u, "subscribers");
        }
    });
    return failed;
}
