// What gSOAP makes of our own WSDL, as a server: it checks the password, reads every object into its class, and answers each
// with a CreateResult that echoes it, as envoi does. It stores nothing. A thread for each kept connection, gSOAP's own way.
//
// Prints its address, and ends when it is killed.
#include <arpa/inet.h>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

#include "SoapBinding.nsmap"
#include "soapSoapBindingService.h"

static std::atomic<int> next_id{1000001};

static bool may_enter(const _wsse__Security *security) {
    const auto *token = security ? security->UsernameToken : nullptr;
    return token && token->Username && token->Password && token->Password->__item &&
           std::string("demo") == token->Username && std::string("demo-password") == token->Password->__item;
}

class Server : public SoapBindingService {
  public:
    using SoapBindingService::SoapBindingService;

    SoapBindingService *copy() override { return new Server(soap_copy(soap)); }

    int Create(_ns1__CreateRequest *request, _ns1__CreateResponse &response) override {
        if (!soap->header || !may_enter(soap->header->wsse__Security)) return soap_senderfault("Login Failed", nullptr);
        soap_noheader();
        int ordinal = 0;
        for (ns1__APIObject *object : request->Objects) {
            // xsi:type decides the class; one that is not a Subscriber was not read as one.
            if (!dynamic_cast<ns1__Subscriber *>(object)) return soap_senderfault("not a Subscriber", nullptr);
            ns1__CreateResult *result = soap_new_ns1__CreateResult(soap, -1);
            result->StatusCode = "OK";
            result->StatusMessage = "Created Subscriber.";
            result->OrdinalID = (int *)soap_malloc(soap, sizeof(int));
            *result->OrdinalID = ordinal++;
            result->NewID = next_id++;
            object->ID = (int *)soap_malloc(soap, sizeof(int));
            *object->ID = result->NewID;
            result->Object = object;
            response.Results.push_back(result);
        }
        response.RequestID = soap_new_std__string(soap, -1);
        *response.RequestID = "00000000-0000-4000-8000-000000000000";
        response.OverallStatus = "OK";
        return SOAP_OK;
    }

#define NOT_HERE(Operation, Request, Response) \
    int Operation(Request *, Response &) override { return soap_senderfault("Create only", nullptr); }
    NOT_HERE(Retrieve, _ns1__RetrieveRequestMsg, _ns1__RetrieveResponseMsg)
    NOT_HERE(Update, _ns1__UpdateRequest, _ns1__UpdateResponse)
    NOT_HERE(Delete, _ns1__DeleteRequest, _ns1__DeleteResponse)
    NOT_HERE(Query, _ns1__QueryRequestMsg, _ns1__QueryResponseMsg)
    NOT_HERE(Describe, _ns1__DefinitionRequestMsg, _ns1__DefinitionResponseMsg)
    NOT_HERE(Execute, _ns1__ExecuteRequestMsg, _ns1__ExecuteResponseMsg)
    NOT_HERE(Perform, _ns1__PerformRequestMsg, _ns1__PerformResponseMsg)
    NOT_HERE(Configure, _ns1__ConfigureRequestMsg, _ns1__ConfigureResponseMsg)
    NOT_HERE(Schedule, _ns1__ScheduleRequestMsg, _ns1__ScheduleResponseMsg)
    NOT_HERE(VersionInfo, _ns1__VersionInfoRequestMsg, _ns1__VersionInfoResponseMsg)
    NOT_HERE(Extract, _ns1__ExtractRequestMsg, _ns1__ExtractResponseMsg)
    NOT_HERE(GetSystemStatus, _ns1__SystemStatusRequestMsg, _ns1__SystemStatusResponseMsg)
};

int main() {
    // The answer is written once, not counted first; no search for objects that are there twice.
    Server server(SOAP_IO_KEEPALIVE | SOAP_XML_TREE, SOAP_IO_KEEPALIVE | SOAP_IO_STORE | SOAP_XML_TREE);
    server.soap->max_keep_alive = 0;
    // What one request took goes before the next one of its connection is read.
    server.soap->fserveloop = [](struct soap *soap) {
        soap_destroy(soap);
        soap_end(soap);
        return (int)SOAP_OK;
    };
    if (!soap_valid_socket(server.bind("127.0.0.1", 0, 128))) {
        server.soap_print_fault(stderr);
        return 1;
    }
    sockaddr_in address{};
    socklen_t length = sizeof address;
    getsockname(server.soap->master, (sockaddr *)&address, &length);
    printf("127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (soap_valid_socket(server.accept())) {
        SoapBindingService *kept = server.copy();
        std::thread([kept] {
            kept->serve();
            kept->destroy();
            soap_free(kept->soap);
            delete kept;
        }).detach();
    }
    return 0;
}
