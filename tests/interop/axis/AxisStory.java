import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.xml.soap.SOAPElement;
import org.apache.axis.AxisFault;
import org.apache.axis.message.SOAPHeaderElement;
import partnerapi.*;

/** The story told by Apache Axis 1.4, with classes generated from the served WSDL. It speaks HTTP/1.0. */
public final class AxisStory {
    static final String WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    static final String ENVOI = System.getenv("ENVOI_URL");
    static final String PASSWORD = System.getenv("ENVOI_PASSWORD");
    static final String KEY = System.getenv("STORY_KEY");
    static final String[] KEYS = {KEY + "-a", KEY + "-b"};
    static final String[] EMAILS = {KEY + "-a@example.com", KEY + "-b@example.com"};
    static final String EXTENSION = KEY + "-rows";

    interface Work {
        void run() throws Exception;
    }

    static boolean failed;
    static SoapBindingStub soap;
    static int list;

    static void step(String name, Work work) {
        try {
            work.run();
            System.out.println("ok " + name);
        } catch (Throwable error) {
            failed = true;
            System.out.println("FAIL " + name + " " + error.toString().replaceAll("\\s+", " "));
            try {
                org.apache.axis.MessageContext last = soap._getCall().getMessageContext();
                System.out.println("  request: " + last.getRequestMessage().getSOAPPartAsString());
                System.out.println("  answer: " + last.getResponseMessage().getSOAPPartAsString());
            } catch (Exception none) {
                System.out.println("  no exchange: " + none);
            }
        }
    }

    static void check(boolean held, String what) {
        if (!held) {
            throw new AssertionError(what);
        }
    }

    static void same(Object got, Object want, String what) {
        check(want.equals(got), what + ": got " + got + ", want " + want);
    }

    static SoapBindingStub connect(String endpoint) throws Exception {
        return (SoapBindingStub) new PartnerAPILocator().getSoap(new URL(endpoint));
    }

    static SoapBindingStub connect(String endpoint, String password) throws Exception {
        SoapBindingStub stub = connect(endpoint);
        SOAPHeaderElement security = new SOAPHeaderElement(WSSE, "Security");
        security.setPrefix("wsse");
        security.setMustUnderstand(true);
        SOAPElement login = security.addChildElement("UsernameToken", "wsse", WSSE);
        login.addChildElement("Username", "wsse", WSSE).addTextNode(System.getenv("ENVOI_USER"));
        login.addChildElement("Password", "wsse", WSSE).addTextNode(password);
        stub.setHeader(security);
        return stub;
    }

    static SimpleFilterPart simple(String property, String value) {
        SimpleFilterPart part = new SimpleFilterPart();
        part.setProperty(property);
        part.setSimpleOperator(SimpleOperators.equals);
        part.setValue(new String[] {value});
        return part;
    }

    static ComplexFilterPart both(FilterPart left, LogicalOperators how, FilterPart right) {
        ComplexFilterPart part = new ComplexFilterPart();
        part.setLeftOperand(left);
        part.setLogicalOperator(how);
        part.setRightOperand(right);
        return part;
    }

    static RetrieveResponseMsg retrieve(RetrieveRequest asked) throws Exception {
        RetrieveRequestMsg request = new RetrieveRequestMsg();
        request.setRetrieveRequest(asked);
        return soap.retrieve(request);
    }

    static RetrieveResponseMsg retrieve(String type, FilterPart filter, Integer batch, String... properties)
            throws Exception {
        RetrieveRequest asked = new RetrieveRequest();
        asked.setObjectType(type);
        asked.setProperties(properties);
        asked.setFilter(filter);
        if (batch != null) {
            RetrieveOptions options = new RetrieveOptions();
            options.setBatchSize(batch);
            asked.setOptions(options);
        }
        return retrieve(asked);
    }

    static APIObject[] results(RetrieveResponseMsg answer) {
        return answer.getResults() == null ? new APIObject[0] : answer.getResults();
    }

    static CreateResponse create(APIObject... objects) throws Exception {
        CreateRequest request = new CreateRequest();
        request.setOptions(new CreateOptions());
        request.setObjects(objects);
        return soap.create(request);
    }

    static UpdateResponse update(UpdateOptions options, APIObject object) throws Exception {
        UpdateRequest request = new UpdateRequest();
        request.setOptions(options);
        request.setObjects(new APIObject[] {object});
        return soap.update(request);
    }

    static void delete(APIObject... objects) throws Exception {
        DeleteRequest request = new DeleteRequest();
        request.setOptions(new DeleteOptions());
        request.setObjects(objects);
        DeleteResponse answer = soap.delete(request);
        held(answer.getOverallStatus(), answer.getResults(), objects.length, null);
    }

    /** Every object of a call went well. */
    static void held(String overall, Result[] results, int count, String message) {
        same(overall, "OK", "OverallStatus");
        same(results.length, count, "results");
        for (int at = 0; at < count; at++) {
            same(results[at].getStatusCode(), "OK", "StatusCode");
            same(results[at].getOrdinalID(), at, "OrdinalID");
            if (message != null) {
                same(results[at].getStatusMessage(), message, "StatusMessage");
            }
        }
    }

    static Attribute[] firstName(String value) {
        Attribute attribute = new Attribute();
        attribute.setName("First Name");
        attribute.setValue(value);
        return new Attribute[] {attribute};
    }

    static Subscriber subscriber(int at, String first) {
        SubscriberList on = new SubscriberList();
        on.setID(list);
        on.setStatus(SubscriberStatus.Active);
        Subscriber made = known(KEYS[at]);
        made.setEmailAddress(EMAILS[at]);
        made.setAttributes(firstName(first));
        made.setLists(new SubscriberList[] {on});
        return made;
    }

    static Subscriber known(String key) {
        Subscriber made = new Subscriber();
        made.setSubscriberKey(key);
        return made;
    }

    static APIProperty cell(String name, Object value) {
        APIProperty made = new APIProperty();
        made.setName(name);
        made.setValue(String.valueOf(value));
        return made;
    }

    static DataExtensionObject row(Integer key, APIProperty... cells) {
        DataExtensionObject made = new DataExtensionObject();
        made.setCustomerKey(EXTENSION);
        if (cells.length > 0) {
            made.setProperties(cells);
        }
        if (key != null) {
            made.setKeys(new APIProperty[] {cell("Id", key)});
        }
        return made;
    }

    static Map<String, String> cells(APIObject found) {
        Map<String, String> cells = new HashMap<>();
        for (APIProperty property : ((DataExtensionObject) found).getProperties()) {
            cells.put(property.getName(), property.getValue());
        }
        return cells;
    }

    static DataExtensionField field(String name, DataExtensionFieldType type, Integer length, Boolean key) {
        DataExtensionField made = new DataExtensionField();
        made.setName(name);
        made.setFieldType(type);
        made.setMaxLength(length);
        made.setIsPrimaryKey(key);
        made.setIsRequired(key);
        return made;
    }

    static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        check(found.find(), name + " in " + json);
        return found.group(1);
    }

    public static void main(String[] arguments) throws Exception {
        soap = connect(ENVOI + "/Service.asmx", PASSWORD);

        step("system-status", () -> {
            SystemStatusResponseMsg answer = soap.getSystemStatus(new SystemStatusRequestMsg());
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            same(answer.getResults()[0].getSystemStatus(), SystemStatusType.OK, "SystemStatus");
        });
        step("token", () -> {
            String body = String.format(
                "{\"grant_type\":\"client_credentials\",\"client_id\":\"%s\",\"client_secret\":\"%s\",\"account_id\":%s}",
                System.getenv("ENVOI_CLIENT_ID"), System.getenv("ENVOI_CLIENT_SECRET"), System.getenv("ENVOI_ACCOUNT"));
            HttpRequest ask = HttpRequest.newBuilder(URI.create(ENVOI + "/v2/token"))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
            String got = HttpClient.newHttpClient().send(ask, HttpResponse.BodyHandlers.ofString()).body();
            SoapBindingStub other = connect(member(got, "soap_instance_url") + "Service.asmx");
            SOAPHeaderElement token = new SOAPHeaderElement("http://exacttarget.com", "fueloauth");
            token.addTextNode(member(got, "access_token"));
            other.setHeader(token);
            same(other.getSystemStatus(new SystemStatusRequestMsg()).getOverallStatus(), "OK", "OverallStatus");
        });
        step("version-info", () -> {
            VersionInfoResponse answer = soap.versionInfo(new VersionInfoRequestMsg(false)).getVersionInfo();
            check(!answer.getVersion().isEmpty() && answer.getVersionDate() != null, "a version and its date");
        });
        step("describe", () -> {
            ObjectDefinitionRequest asked = new ObjectDefinitionRequest();
            asked.setObjectType("Subscriber");
            DefinitionRequestMsg request = new DefinitionRequestMsg(new ObjectDefinitionRequest[] {asked});
            ObjectDefinition definition = soap.describe(request).getObjectDefinition(0);
            same(definition.getObjectType(), "Subscriber", "ObjectType");
            List<String> names = Arrays.stream(definition.getProperties()).map(PropertyDefinition::getName)
                .collect(Collectors.toList());
            check(names.containsAll(List.of("EmailAddress", "SubscriberKey", "Status")), "properties: " + names);
        });
        step("create-list", () -> {
            partnerapi.List made = new partnerapi.List();
            made.setListName(KEY + " list");
            made.setDescription("for a story");
            made.setType(ListTypeEnum.Private);
            CreateResponse answer = create(made);
            held(answer.getOverallStatus(), answer.getResults(), 1, null);
            list = answer.getResults(0).getNewID();
            check(list > 0, "a NewID");
        });
        step("create-subscribers", () -> {
            CreateResponse answer = create(subscriber(0, "Zoë & <Co>"), subscriber(1, "Bo"));
            held(answer.getOverallStatus(), answer.getResults(), 2, "Created Subscriber.");
            for (int at = 0; at < 2; at++) {
                check(answer.getResults(at).getNewID() > 0, "a NewID");
                same(((Subscriber) answer.getResults(at).getObject()).getSubscriberKey(), KEYS[at], "the echoed key");
            }
        });
        step("duplicate", () -> {
            CreateResponse answer = create(subscriber(0, "Again"));
            same(answer.getOverallStatus(), "Error", "OverallStatus");
            CreateResult result = answer.getResults(0);
            same(result.getStatusCode(), "Error", "StatusCode");
            same(result.getErrorCode(), 12014, "ErrorCode");
            same(result.getStatusMessage(), "The subscriber is already on the list", "StatusMessage");
        });
        step("update-attribute", () -> {
            SaveOption save = new SaveOption();
            save.setPropertyName("*");
            save.setSaveAction(SaveAction.UpdateAdd);
            UpdateOptions options = new UpdateOptions();
            options.setSaveOptions(new SaveOption[] {save});
            Subscriber change = known(KEYS[1]);
            change.setAttributes(firstName("Béa"));
            UpdateResponse answer = update(options, change);
            held(answer.getOverallStatus(), answer.getResults(), 1, "Updated Subscriber.");
        });
        step("retrieve-simple", () -> {
            RetrieveResponseMsg answer = retrieve("Subscriber", simple("SubscriberKey", KEYS[1]), null,
                "ID", "SubscriberKey", "EmailAddress", "Status", "Attributes");
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            same(results(answer).length, 1, "subscribers");
            Subscriber found = (Subscriber) answer.getResults(0);
            same(found.getEmailAddress(), EMAILS[1], "EmailAddress");
            same(found.getSubscriberKey(), KEYS[1], "SubscriberKey");
            same(found.getStatus(), SubscriberStatus.Active, "Status");
            check(Arrays.stream(found.getAttributes()).anyMatch(each ->
                each.getName().equals("First Name") && each.getValue().equals("Béa")), "First Name");
        });
        step("retrieve-complex", () -> {
            FilterPart either =
                both(simple("SubscriberKey", KEYS[0]), LogicalOperators.OR, simple("EmailAddress", EMAILS[1]));
            RetrieveResponseMsg answer = retrieve("Subscriber",
                both(either, LogicalOperators.AND, simple("Status", "Active")), null, "SubscriberKey");
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            List<String> keys = Arrays.stream(results(answer))
                .map(each -> ((Subscriber) each).getSubscriberKey()).sorted().collect(Collectors.toList());
            same(keys, Arrays.asList(KEYS), "subscribers");
        });
        step("retrieve-properties", () -> {
            Subscriber found = (Subscriber) retrieve("Subscriber", simple("SubscriberKey", KEYS[0]), null, "SubscriberKey")
                .getResults(0);
            same(found.getSubscriberKey(), KEYS[0], "SubscriberKey");
            check(found.getEmailAddress() == null && found.getID() == null && found.getStatus() == null, "no others");
        });
        step("create-data-extension", () -> {
            DataExtension made = new DataExtension();
            made.setCustomerKey(EXTENSION);
            made.setName(KEY + " rows");
            made.setFields(new DataExtensionField[] {
                field("Id", DataExtensionFieldType.Text, 20, true),
                field("Name", DataExtensionFieldType.Text, 100, null),
                field("Amount", DataExtensionFieldType.Number, null, null),
            });
            CreateResponse answer = create(made);
            held(answer.getOverallStatus(), answer.getResults(), 1, "Data Extension created.");
        });
        step("create-rows", () -> {
            APIObject[] rows = new APIObject[5];
            for (int at = 1; at <= 5; at++) {
                rows[at - 1] = row(null, cell("Id", at), cell("Name", "row " + at), cell("Amount", at * 10));
            }
            CreateResponse answer = create(rows);
            held(answer.getOverallStatus(), answer.getResults(), 5, "Created DataExtensionObject");
            check(answer.getResults(0) instanceof DataExtensionCreateResult, "a DataExtensionCreateResult");
        });
        step("update-row", () -> {
            UpdateResponse answer = update(new UpdateOptions(), row(1, cell("Name", "changed")));
            held(answer.getOverallStatus(), answer.getResults(), 1, "Updated DataExtensionObject");
            check(answer.getResults(0) instanceof DataExtensionUpdateResult, "a DataExtensionUpdateResult");
        });
        step("retrieve-rows", () -> {
            RetrieveResponseMsg answer =
                retrieve("DataExtensionObject[" + EXTENSION + "]", simple("Id", "1"), null, "Id", "Name", "Amount");
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            same(results(answer).length, 1, "rows");
            same(cells(answer.getResults(0)), Map.of("Id", "1", "Name", "changed", "Amount", "10"), "row");
        });
        step("paging", () -> {
            RetrieveResponseMsg answer = retrieve("DataExtensionObject[" + EXTENSION + "]", null, 2, "Id");
            List<String> pages = new ArrayList<>();
            TreeSet<String> seen = new TreeSet<>();
            while (pages.size() < 5) {
                pages.add(answer.getOverallStatus() + " " + results(answer).length);
                for (APIObject each : results(answer)) {
                    seen.add(cells(each).get("Id"));
                }
                if (!answer.getOverallStatus().equals("MoreDataAvailable")) {
                    break;
                }
                // Axis writes no request without the members that the WSDL demands.
                RetrieveRequest more = new RetrieveRequest();
                more.setObjectType("");
                more.setContinueRequest(answer.getRequestID());
                answer = retrieve(more);
            }
            same(pages, List.of("MoreDataAvailable 2", "MoreDataAvailable 2", "OK 1"), "pages");
            same(new ArrayList<>(seen), List.of("1", "2", "3", "4", "5"), "rows");
        });
        step("delete-rows", () -> {
            delete(row(1), row(2), row(3), row(4), row(5));
            RetrieveResponseMsg answer = retrieve("DataExtensionObject[" + EXTENSION + "]", null, null, "Id");
            same(answer.getOverallStatus() + " " + results(answer).length, "OK 0", "rows");
        });
        step("wrong-password", () -> {
            try {
                connect(ENVOI + "/Service.asmx", PASSWORD + "x").getSystemStatus(new SystemStatusRequestMsg());
            } catch (AxisFault fault) {
                same(fault.getFaultString(), "Login Failed", "faultstring");
                same(fault.getFaultCode(), new javax.xml.namespace.QName(WSSE, "Security"), "faultcode");
                return;
            }
            throw new AssertionError("no fault");
        });
        step("unknown-type", () -> {
            RetrieveResponseMsg answer = retrieve("Nonsense", null, null, "ID");
            same(answer.getOverallStatus(), "Error: Unable to find a handler for object type: Nonsense."
                + " Object types are case-sensitive, check spelling.", "OverallStatus");
            same(results(answer).length, 0, "results");
        });
        step("delete", () -> {
            DataExtension extension = new DataExtension();
            extension.setCustomerKey(EXTENSION);
            partnerapi.List gone = new partnerapi.List();
            gone.setID(list);
            delete(extension, known(KEYS[0]), known(KEYS[1]), gone);
            for (String key : KEYS) {
                RetrieveResponseMsg answer = retrieve("Subscriber", simple("SubscriberKey", key), null, "ID");
                same(answer.getOverallStatus() + " " + results(answer).length, "OK 0", "subscribers");
            }
        });
        System.exit(failed ? 1 : 0);
    }
}
