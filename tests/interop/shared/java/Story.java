import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.xml.namespace.QName;
import javax.xml.soap.SOAPElement;
import javax.xml.soap.SOAPEnvelope;
import javax.xml.soap.SOAPHeader;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.handler.Handler;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.handler.soap.SOAPHandler;
import javax.xml.ws.handler.soap.SOAPMessageContext;
import javax.xml.ws.soap.SOAPFaultException;
import partnerapi.*;

/**
 * The story told by a JAX-WS implementation, with classes generated from the served WSDL into the package partnerapi. JAX-WS RI
 * and Apache CXF compile and run this one file, each with its own generator and runtime.
 */
public final class Story {
    static final String WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    static final String TEXT =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
    static final String ENVOI = System.getenv("ENVOI_URL");
    static final String USER = System.getenv("ENVOI_USER");
    static final String PASSWORD = System.getenv("ENVOI_PASSWORD");
    static final String KEY = System.getenv("STORY_KEY");
    static final String[] KEYS = {KEY + "-a", KEY + "-b"};
    static final String[] EMAILS = {KEY + "-a@example.com", KEY + "-b@example.com"};
    static final String EXTENSION = KEY + "-rows";

    /** The header of each call, and the exchange of the last one. */
    static final class Wire implements SOAPHandler<SOAPMessageContext> {
        final String user;
        final String password;
        final String token;
        String request = "";
        String answer = "";
        Integer status;

        Wire(String user, String password, String token) {
            this.user = user;
            this.password = password;
            this.token = token;
        }

        @Override
        public boolean handleMessage(SOAPMessageContext context) {
            try {
                boolean outbound = (Boolean) context.get(MessageContext.MESSAGE_OUTBOUND_PROPERTY);
                if (outbound) {
                    SOAPEnvelope envelope = context.getMessage().getSOAPPart().getEnvelope();
                    SOAPHeader header = envelope.getHeader() == null ? envelope.addHeader() : envelope.getHeader();
                    if (token != null) {
                        header.addChildElement("fueloauth", "", "http://exacttarget.com").addTextNode(token);
                    } else {
                        SOAPElement login = header.addChildElement("Security", "wsse", WSSE)
                            .addChildElement("UsernameToken", "wsse");
                        login.addChildElement("Username", "wsse").addTextNode(user);
                        SOAPElement secret = login.addChildElement("Password", "wsse");
                        secret.setAttribute("Type", TEXT);
                        secret.addTextNode(password);
                    }
                    context.getMessage().saveChanges();
                }
                note(context, outbound);
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
            return true;
        }

        void note(SOAPMessageContext context, boolean outbound) throws Exception {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            context.getMessage().writeTo(bytes);
            if (outbound) {
                request = bytes.toString("UTF-8");
            } else {
                answer = bytes.toString("UTF-8");
                status = (Integer) context.get(MessageContext.HTTP_RESPONSE_CODE);
            }
        }

        @Override
        public boolean handleFault(SOAPMessageContext context) {
            return handleMessage(context);
        }

        @Override
        public void close(MessageContext context) { }

        @Override
        public Set<QName> getHeaders() {
            // The answer's wsse:Security is understood, should it ever say that it must be.
            return Set.of(new QName(WSSE, "Security"));
        }
    }

    interface Work {
        void run() throws Exception;
    }

    static boolean failed;
    static Wire wire;
    static Soap soap;
    static int list;

    static void step(String name, Work work) {
        try {
            work.run();
            System.out.println("ok " + name);
        } catch (Throwable error) {
            failed = true;
            System.out.println("FAIL " + name + " " + error.toString().replaceAll("\\s+", " "));
            System.out.println("  request: " + wire.request + "\n  answer: " + wire.answer);
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

    @SuppressWarnings("rawtypes")
    static Soap connect(Wire wire, String endpoint) throws Exception {
        Soap port = new PartnerAPI(new URL(ENVOI + "/etframework.wsdl")).getSoap();
        BindingProvider provider = (BindingProvider) port;
        List<Handler> chain = provider.getBinding().getHandlerChain();
        chain.add(wire);
        provider.getBinding().setHandlerChain(chain);
        if (endpoint != null) {
            provider.getRequestContext().put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, endpoint);
        }
        return port;
    }

    static SimpleFilterPart simple(String property, String value) {
        SimpleFilterPart part = new SimpleFilterPart();
        part.setProperty(property);
        part.setSimpleOperator(SimpleOperators.EQUALS);
        part.getValue().add(value);
        return part;
    }

    static ComplexFilterPart both(FilterPart left, LogicalOperators how, FilterPart right) {
        ComplexFilterPart part = new ComplexFilterPart();
        part.setLeftOperand(left);
        part.setLogicalOperator(how);
        part.setRightOperand(right);
        return part;
    }

    static RetrieveResponseMsg retrieve(RetrieveRequest asked) {
        RetrieveRequestMsg request = new RetrieveRequestMsg();
        request.setRetrieveRequest(asked);
        return soap.retrieve(request);
    }

    static RetrieveResponseMsg retrieve(String type, FilterPart filter, Integer batch, String... properties) {
        RetrieveRequest asked = new RetrieveRequest();
        asked.setObjectType(type);
        asked.getProperties().addAll(Arrays.asList(properties));
        asked.setFilter(filter);
        if (batch != null) {
            RetrieveOptions options = new RetrieveOptions();
            options.setBatchSize(batch);
            asked.setOptions(options);
        }
        return retrieve(asked);
    }

    static CreateResponse create(APIObject... objects) {
        CreateRequest request = new CreateRequest();
        request.setOptions(new CreateOptions());
        request.getObjects().addAll(Arrays.asList(objects));
        return soap.create(request);
    }

    static UpdateResponse update(UpdateOptions options, APIObject object) {
        UpdateRequest request = new UpdateRequest();
        request.setOptions(options);
        request.getObjects().add(object);
        return soap.update(request);
    }

    static void delete(APIObject... objects) {
        DeleteRequest request = new DeleteRequest();
        request.setOptions(new DeleteOptions());
        request.getObjects().addAll(Arrays.asList(objects));
        DeleteResponse answer = soap.delete(request);
        held(answer.getOverallStatus(), answer.getResults(), objects.length, null);
    }

    /** Every object of a call went well. */
    static void held(String overall, List<? extends Result> results, int count, String message) {
        same(overall, "OK", "OverallStatus");
        same(results.size(), count, "results");
        for (int at = 0; at < count; at++) {
            same(results.get(at).getStatusCode(), "OK", "StatusCode");
            same(results.get(at).getOrdinalID(), at, "OrdinalID");
            if (message != null) {
                same(results.get(at).getStatusMessage(), message, "StatusMessage");
            }
        }
    }

    static Attribute firstName(String value) {
        Attribute attribute = new Attribute();
        attribute.setName("First Name");
        attribute.setValue(value);
        return attribute;
    }

    static Subscriber subscriber(int at, String first) {
        Subscriber made = new Subscriber();
        made.setEmailAddress(EMAILS[at]);
        made.setSubscriberKey(KEYS[at]);
        made.getAttributes().add(firstName(first));
        SubscriberList on = new SubscriberList();
        on.setID(list);
        on.setStatus(SubscriberStatus.ACTIVE);
        made.getLists().add(on);
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
            ObjectExtension.Properties properties = new ObjectExtension.Properties();
            properties.getProperty().addAll(Arrays.asList(cells));
            made.setProperties(properties);
        }
        if (key != null) {
            DataExtensionObject.Keys keys = new DataExtensionObject.Keys();
            keys.getKey().add(cell("Id", key));
            made.setKeys(keys);
        }
        return made;
    }

    static Map<String, String> cells(APIObject found) {
        Map<String, String> cells = new HashMap<>();
        for (APIProperty property : ((DataExtensionObject) found).getProperties().getProperty()) {
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
        wire = new Wire(USER, PASSWORD, null);
        soap = connect(wire, null);

        step("system-status", () -> {
            SystemStatusResponseMsg answer = soap.getSystemStatus(new SystemStatusRequestMsg());
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            same(answer.getResults().getResult().get(0).getSystemStatus(), SystemStatusType.OK, "SystemStatus");
        });
        step("token", () -> {
            String body = String.format(
                "{\"grant_type\":\"client_credentials\",\"client_id\":\"%s\",\"client_secret\":\"%s\",\"account_id\":\"%s\"}",
                System.getenv("ENVOI_CLIENT_ID"), System.getenv("ENVOI_CLIENT_SECRET"), System.getenv("ENVOI_ACCOUNT"));
            HttpRequest ask = HttpRequest.newBuilder(URI.create(ENVOI + "/v2/token"))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
            String got = HttpClient.newHttpClient().send(ask, HttpResponse.BodyHandlers.ofString()).body();
            Wire bearer = new Wire(null, null, member(got, "access_token"));
            Soap other = connect(bearer, member(got, "soap_instance_url") + "Service.asmx");
            same(other.getSystemStatus(new SystemStatusRequestMsg()).getOverallStatus(), "OK", "OverallStatus");
        });
        step("version-info", () -> {
            VersionInfoRequestMsg request = new VersionInfoRequestMsg();
            request.setIncludeVersionHistory(false);
            VersionInfoResponse answer = soap.versionInfo(request).getVersionInfo();
            check(!answer.getVersion().isEmpty() && answer.getVersionDate() != null, "a version and its date");
        });
        step("describe", () -> {
            ObjectDefinitionRequest asked = new ObjectDefinitionRequest();
            asked.setObjectType("Subscriber");
            DefinitionRequestMsg request = new DefinitionRequestMsg();
            request.setDescribeRequests(new ArrayOfObjectDefinitionRequest());
            request.getDescribeRequests().getObjectDefinitionRequest().add(asked);
            ObjectDefinition definition = soap.describe(request).getObjectDefinition().get(0);
            same(definition.getObjectType(), "Subscriber", "ObjectType");
            Set<String> names =
                definition.getProperties().stream().map(PropertyDefinition::getName).collect(Collectors.toSet());
            check(names.containsAll(Set.of("EmailAddress", "SubscriberKey", "Status")), "properties: " + names);
        });
        step("create-list", () -> {
            partnerapi.List made = new partnerapi.List();
            made.setListName(KEY + " list");
            made.setDescription("for a story");
            made.setType(ListTypeEnum.PRIVATE);
            CreateResponse answer = create(made);
            held(answer.getOverallStatus(), answer.getResults(), 1, null);
            list = answer.getResults().get(0).getNewID();
            check(list > 0, "a NewID");
        });
        step("create-subscribers", () -> {
            CreateResponse answer = create(subscriber(0, "Zoë & <Co>"), subscriber(1, "Bo"));
            held(answer.getOverallStatus(), answer.getResults(), 2, "Created Subscriber.");
            for (int at = 0; at < 2; at++) {
                check(answer.getResults().get(at).getNewID() > 0, "a NewID");
                Subscriber echo = (Subscriber) answer.getResults().get(at).getObject();
                same(echo.getSubscriberKey(), KEYS[at], "the echoed key");
            }
        });
        step("duplicate", () -> {
            CreateResponse answer = create(subscriber(0, "Again"));
            same(wire.status, 200, "HTTP status");
            same(answer.getOverallStatus(), "Error", "OverallStatus");
            CreateResult result = answer.getResults().get(0);
            same(result.getStatusCode(), "Error", "StatusCode");
            same(result.getErrorCode(), 12014, "ErrorCode");
            same(result.getStatusMessage(), "The subscriber is already on the list", "StatusMessage");
        });
        step("update-attribute", () -> {
            SaveOption save = new SaveOption();
            save.setPropertyName("*");
            save.setSaveAction(SaveAction.UPDATE_ADD);
            UpdateOptions options = new UpdateOptions();
            options.setSaveOptions(new Options.SaveOptions());
            options.getSaveOptions().getSaveOption().add(save);
            Subscriber change = known(KEYS[1]);
            change.getAttributes().add(firstName("Béa"));
            UpdateResponse answer = update(options, change);
            held(answer.getOverallStatus(), answer.getResults(), 1, "Updated Subscriber.");
        });
        step("retrieve-simple", () -> {
            RetrieveResponseMsg answer = retrieve("Subscriber", simple("SubscriberKey", KEYS[1]), null,
                "ID", "SubscriberKey", "EmailAddress", "Status", "Attributes");
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            same(answer.getResults().size(), 1, "subscribers");
            Subscriber found = (Subscriber) answer.getResults().get(0);
            same(found.getEmailAddress(), EMAILS[1], "EmailAddress");
            same(found.getSubscriberKey(), KEYS[1], "SubscriberKey");
            same(found.getStatus(), SubscriberStatus.ACTIVE, "Status");
            check(found.getAttributes().stream().anyMatch(each ->
                each.getName().equals("First Name") && each.getValue().equals("Béa")), "First Name");
        });
        step("retrieve-complex", () -> {
            FilterPart either =
                both(simple("SubscriberKey", KEYS[0]), LogicalOperators.OR, simple("EmailAddress", EMAILS[1]));
            RetrieveResponseMsg answer = retrieve("Subscriber",
                both(either, LogicalOperators.AND, simple("Status", "Active")), null, "SubscriberKey");
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            List<String> keys = answer.getResults().stream()
                .map(each -> ((Subscriber) each).getSubscriberKey()).sorted().collect(Collectors.toList());
            same(keys, Arrays.asList(KEYS), "subscribers");
        });
        step("retrieve-properties", () -> {
            Subscriber found = (Subscriber) retrieve("Subscriber", simple("SubscriberKey", KEYS[0]), null, "SubscriberKey")
                .getResults().get(0);
            same(found.getSubscriberKey(), KEYS[0], "SubscriberKey");
            check(found.getEmailAddress() == null && found.getID() == null && found.getStatus() == null, "no others");
        });
        step("create-data-extension", () -> {
            DataExtension made = new DataExtension();
            made.setCustomerKey(EXTENSION);
            made.setName(KEY + " rows");
            made.setFields(new DataExtension.Fields());
            made.getFields().getField().add(field("Id", DataExtensionFieldType.TEXT, 20, true));
            made.getFields().getField().add(field("Name", DataExtensionFieldType.TEXT, 100, null));
            made.getFields().getField().add(field("Amount", DataExtensionFieldType.NUMBER, null, null));
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
            check(answer.getResults().get(0) instanceof DataExtensionCreateResult, "a DataExtensionCreateResult");
        });
        step("update-row", () -> {
            UpdateResponse answer = update(new UpdateOptions(), row(1, cell("Name", "changed")));
            held(answer.getOverallStatus(), answer.getResults(), 1, "Updated DataExtensionObject");
            check(answer.getResults().get(0) instanceof DataExtensionUpdateResult, "a DataExtensionUpdateResult");
        });
        step("retrieve-rows", () -> {
            RetrieveResponseMsg answer =
                retrieve("DataExtensionObject[" + EXTENSION + "]", simple("Id", "1"), null, "Id", "Name", "Amount");
            same(answer.getOverallStatus(), "OK", "OverallStatus");
            same(answer.getResults().size(), 1, "rows");
            same(cells(answer.getResults().get(0)), Map.of("Id", "1", "Name", "changed", "Amount", "10"), "row");
        });
        step("paging", () -> {
            RetrieveResponseMsg answer = retrieve("DataExtensionObject[" + EXTENSION + "]", null, 2, "Id");
            List<String> pages = new ArrayList<>();
            Set<String> seen = new TreeSet<>();
            while (pages.size() < 5) {
                pages.add(answer.getOverallStatus() + " " + answer.getResults().size());
                answer.getResults().forEach(each -> seen.add(cells(each).get("Id")));
                if (!answer.getOverallStatus().equals("MoreDataAvailable")) {
                    break;
                }
                RetrieveRequest more = new RetrieveRequest();
                more.setContinueRequest(answer.getRequestID());
                answer = retrieve(more);
            }
            same(pages, List.of("MoreDataAvailable 2", "MoreDataAvailable 2", "OK 1"), "pages");
            same(seen, new HashSet<>(List.of("1", "2", "3", "4", "5")), "rows");
        });
        step("delete-rows", () -> {
            delete(row(1), row(2), row(3), row(4), row(5));
            RetrieveResponseMsg answer = retrieve("DataExtensionObject[" + EXTENSION + "]", null, null, "Id");
            same(answer.getOverallStatus() + " " + answer.getResults().size(), "OK 0", "rows");
        });
        step("wrong-password", () -> {
            Wire stranger = new Wire(USER, PASSWORD + "x", null);
            try {
                connect(stranger, null).getSystemStatus(new SystemStatusRequestMsg());
            } catch (SOAPFaultException fault) {
                same(fault.getFault().getFaultString(), "Login Failed", "faultstring");
                same(fault.getFault().getFaultCodeAsQName(), new QName(WSSE, "Security"), "faultcode");
                same(fault.getFault().getFaultCode(), "q0:Security", "faultcode");
                return;
            }
            throw new AssertionError("no fault");
        });
        step("unknown-type", () -> {
            RetrieveResponseMsg answer = retrieve("Nonsense", null, null, "ID");
            same(answer.getOverallStatus(), "Error: Unable to find a handler for object type: Nonsense."
                + " Object types are case-sensitive, check spelling.", "OverallStatus");
            same(answer.getResults().size(), 0, "results");
        });
        step("delete", () -> {
            DataExtension extension = new DataExtension();
            extension.setCustomerKey(EXTENSION);
            partnerapi.List gone = new partnerapi.List();
            gone.setID(list);
            delete(extension, known(KEYS[0]), known(KEYS[1]), gone);
            for (String key : KEYS) {
                RetrieveResponseMsg answer = retrieve("Subscriber", simple("SubscriberKey", key), null, "ID");
                same(answer.getOverallStatus() + " " + answer.getResults().size(), "OK 0", "subscribers");
            }
        });
        System.exit(failed ? 1 : 0);
    }
}
