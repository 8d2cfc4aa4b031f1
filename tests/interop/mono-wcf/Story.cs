// The story told by WCF on Mono with the binding of the official C# SDK: SOAP 1.2 with WS-Addressing of August 2004, no SOAPAction,
// a token in the header, the lower-case service.asmx. The bodies are written out: svcutil is not among Debian's light packages.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

static class Story
{
    static readonly XNamespace Api = "http://exacttarget.com/wsdl/partnerAPI";
    static readonly XNamespace Xsi = "http://www.w3.org/2001/XMLSchema-instance";
    const string Wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    static readonly MessageVersion Version = MessageVersion.Soap12WSAddressingAugust2004;
    static readonly string Envoi = Setting("ENVOI_URL"), Key = Setting("STORY_KEY");
    static readonly string[] Keys = { Key + "-a", Key + "-b" };
    static readonly string[] Emails = { Key + "-a@example.com", Key + "-b@example.com" };
    static readonly string Extension = Key + "-rows";

    static bool failed;
    static IRequestChannel channel;
    static string token, list, lastRequest = "", lastAnswer = "";

    static string Setting(string name) => Environment.GetEnvironmentVariable(name) ?? "";

    static void Step(string name, Action work)
    {
        try
        {
            work();
            Console.WriteLine("ok " + name);
        }
        catch (Exception error)
        {
            failed = true;
            Console.WriteLine("FAIL " + name + " " + Regex.Replace(error.GetType().Name + ": " + error.Message, @"\s+", " "));
            Console.WriteLine("  request: " + lastRequest + "\n  answer: " + lastAnswer);
        }
    }

    static void Check(bool held, string what)
    {
        if (!held) throw new Exception(what);
    }

    static void Same(object got, object want, string what) => Check(Equals(got, want), what + ": got " + got + ", want " + want);

    // A UsernameToken as WCF's own header: to be understood.
    sealed class Security : MessageHeader
    {
        readonly string password;
        public Security(string password) { this.password = password; }
        public override string Name => "Security";
        public override string Namespace => Wsse;
        public override bool MustUnderstand => true;

        protected override void OnWriteHeaderContents(XmlDictionaryWriter writer, MessageVersion version)
        {
            writer.WriteStartElement("UsernameToken", Wsse);
            writer.WriteElementString("Username", Wsse, Setting("ENVOI_USER"));
            writer.WriteElementString("Password", Wsse, password);
            writer.WriteEndElement();
        }
    }

    sealed class Refused : Exception
    {
        public readonly MessageFault Fault;
        public Refused(MessageFault fault) : base(fault.Reason.ToString()) { Fault = fault; }
    }

    static XElement Call(string action, XElement body, MessageHeader header = null)
    {
        // The SDK's token in the SDK's namespace; WCF writes the text as it is.
        header = header ?? MessageHeader.CreateHeader("fueloauth", "http://exacttarget.com", token);
        lastRequest = body.ToString();
        using (Message request = Message.CreateMessage(Version, action, body.CreateReader()))
        {
            // What a proxy adds above the channel.
            request.Headers.MessageId = new UniqueId();
            request.Headers.ReplyTo = new EndpointAddress(EndpointAddress.AnonymousUri);
            request.Headers.To = channel.RemoteAddress.Uri;
            request.Headers.Add(header);
            using (Message answer = channel.Request(request, TimeSpan.FromSeconds(60)))
            {
                Same(answer.Version.Envelope, EnvelopeVersion.Soap12, "the answer's SOAP version");
                if (answer.IsFault) throw new Refused(MessageFault.CreateFault(answer, 65536));
                Same(answer.Headers.Action, action + "Response", "the answer's action");
                Same(answer.Headers.RelatesTo, request.Headers.MessageId, "RelatesTo");
                XElement got = XElement.Load(answer.GetReaderAtBodyContents().ReadSubtree());
                lastAnswer = got.ToString();
                return got;
            }
        }
    }

    static XElement El(string name, params object[] inside) => new XElement(Api + name, inside);
    static XElement Of(string type, XElement made)
    {
        // The type's prefix is bound to the service's namespace on the element itself.
        made.Add(new XAttribute(XNamespace.Xmlns + "q", Api.NamespaceName), new XAttribute(Xsi + "type", "q:" + type));
        return made;
    }
    // As .NET proxies write every object: nil before its own fields.
    static XElement Nil(string name) => El(name, new XAttribute(Xsi + "nil", "true"));
    static XElement Object(string type, params object[] fields) =>
        Of(type, El("Objects", new object[] { Nil("PartnerKey"), Nil("ObjectID") }.Concat(fields).ToArray()));
    static string Text(XElement from, string name) => (string)from.Element(Api + name);
    static List<XElement> Results(XElement answer) => answer.Elements(Api + "Results").ToList();
    static string Type(XElement from) => (string)from.Attribute(Xsi + "type");

    static List<XElement> Held(XElement answer, int count, string message = null)
    {
        List<XElement> results = Results(answer);
        Same(Text(answer, "OverallStatus"), "OK", "OverallStatus");
        Same(results.Count, count, "results");
        for (int at = 0; at < count; at++)
        {
            Same(Text(results[at], "StatusCode") + Text(results[at], "OrdinalID"), "OK" + at, "result");
            if (message != null) Same(Text(results[at], "StatusMessage"), message, "StatusMessage");
        }
        return results;
    }

    static XElement Create(params XElement[] objects) => Call("Create", El("CreateRequest", El("Options"), objects));
    static XElement Update(XElement options, XElement changed) => Call("Update", El("UpdateRequest", options, changed));
    static void Delete(params XElement[] objects) =>
        Held(Call("Delete", El("DeleteRequest", El("Options"), objects)), objects.Length);

    static XElement Retrieve(string type, string[] properties, params object[] more) =>
        Call("Retrieve", El("RetrieveRequestMsg", El("RetrieveRequest", El("ObjectType", type),
            properties.Select(each => El("Properties", each)), more)));

    static XElement Simple(string name, string property, string value) => Of("SimpleFilterPart",
        El(name, El("Property", property), El("SimpleOperator", "equals"), El("Value", value)));
    static XElement Complex(string name, XElement left, string how, XElement right) =>
        Of("ComplexFilterPart", El(name, left, El("LogicalOperator", how), right));

    static XElement Attribute(string value) => El("Attributes", El("Name", "First Name"), El("Value", value));
    static XElement Subscriber(int at, string first) => Object("Subscriber", El("EmailAddress", Emails[at]), Attribute(first),
        El("SubscriberKey", Keys[at]), El("Lists", El("ID", list), El("Status", "Active")));
    static XElement Cell(string name, string column, object value) => El(name, El("Name", column), El("Value", value));
    static XElement Row(XElement properties, object id = null) => Object("DataExtensionObject", El("CustomerKey", Extension),
        properties, id == null ? null : El("Keys", Cell("Key", "Id", id)));
    static string Cells(XElement row) => string.Join(" ", row.Descendants(Api + "Property")
        .Select(each => Text(each, "Name") + "=" + Text(each, "Value")).OrderBy(each => each, StringComparer.Ordinal));
    static XElement Field(string name, string type, string length, bool key) => El("Field", El("Name", name),
        length == null ? null : El("MaxLength", length), key ? El("IsRequired", "true") : null,
        key ? El("IsPrimaryKey", "true") : null, El("FieldType", type));

    static IRequestChannel Open(string url)
    {
        var binding = new CustomBinding(
            new TextMessageEncodingBindingElement(Version, Encoding.UTF8),
            new HttpTransportBindingElement { MaxReceivedMessageSize = 1 << 24 });
        IChannelFactory<IRequestChannel> factory = binding.BuildChannelFactory<IRequestChannel>();
        factory.Open();
        IRequestChannel made = factory.CreateChannel(new EndpointAddress(url));
        made.Open();
        return made;
    }

    // POST /v2/token as .NET does it, with Expect: 100-continue.
    static string Token(string secret, out string endpoint)
    {
        var request = (HttpWebRequest)WebRequest.Create(Envoi + "/v2/token");
        request.Method = "POST";
        request.ContentType = "application/json";
        request.ServicePoint.Expect100Continue = true;
        byte[] body = Encoding.UTF8.GetBytes("{\"grant_type\":\"client_credentials\",\"client_id\":\"" + Setting("ENVOI_CLIENT_ID") +
            "\",\"client_secret\":\"" + secret + "\",\"account_id\":\"" + Setting("ENVOI_ACCOUNT") + "\"}");
        using (Stream stream = request.GetRequestStream()) stream.Write(body, 0, body.Length);
        using (var answer = new StreamReader(request.GetResponse().GetResponseStream()))
        {
            string json = answer.ReadToEnd();
            Func<string, string> member = name => Regex.Match(json, "\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").Groups[1].Value;
            endpoint = member("soap_instance_url") + "service.asmx";
            return member("access_token");
        }
    }

    static int Main()
    {
        Step("token", () =>
        {
            string endpoint;
            token = Token(Setting("ENVOI_CLIENT_SECRET"), out endpoint);
            Same(endpoint, Envoi + "/service.asmx", "SOAP URL");
            channel = Open(endpoint);
        });
        channel = channel ?? Open(Envoi + "/service.asmx");

        Step("system-status", () =>
        {
            XElement answer = Call("GetSystemStatus", El("SystemStatusRequestMsg"), new Security(Setting("ENVOI_PASSWORD")));
            Same(Text(answer, "OverallStatus"), "OK", "OverallStatus");
            Same(answer.Descendants(Api + "SystemStatus").Single().Value, "OK", "SystemStatus");
        });
        Step("business-unit", () =>
        {
            // What the SDK's constructor asks.
            XElement answer = Retrieve("BusinessUnit", new[] { "ID", "Client.EnterpriseID" });
            Same(Text(answer, "OverallStatus"), "OK", "OverallStatus");
            XElement unit = Results(answer).Single(each => Text(each, "ID") == Setting("ENVOI_ACCOUNT"));
            Check((long)unit.Element(Api + "Client").Element(Api + "EnterpriseID") > 0, "an EnterpriseID");
        });
        Step("version-info", () =>
        {
            XElement answer = Call("VersionInfo", El("VersionInfoRequestMsg", El("IncludeVersionHistory", "false")));
            Check(Text(answer.Element(Api + "VersionInfo"), "Version") != "", "a version");
        });
        Step("describe", () =>
        {
            XElement answer = Call("Describe", El("DefinitionRequestMsg",
                El("DescribeRequests", El("ObjectDefinitionRequest", El("ObjectType", "Subscriber")))));
            XElement definition = answer.Element(Api + "ObjectDefinition");
            Same(Text(definition, "ObjectType"), "Subscriber", "ObjectType");
            var names = new HashSet<string>(definition.Elements(Api + "Properties").Select(each => Text(each, "Name")));
            Check(names.IsSupersetOf(new[] { "EmailAddress", "SubscriberKey", "Status" }), "the properties of Subscriber");
        });
        Step("create-list", () =>
        {
            XElement made = Object("List", El("ListName", Key + " list"), El("Description", "for a story"), El("Type", "Private"));
            list = Text(Held(Create(made), 1)[0], "NewID");
            Check(int.Parse(list) > 0, "a NewID");
        });
        Step("create-subscribers", () =>
        {
            List<XElement> results = Held(Create(Subscriber(0, "Zoë & <Co>"), Subscriber(1, "Bo")), 2, "Created Subscriber.");
            for (int at = 0; at < 2; at++)
            {
                Check(int.Parse(Text(results[at], "NewID")) > 0, "a NewID");
                Same(Type(results[at].Element(Api + "Object")), "Subscriber", "the echoed object's type");
                Same(Text(results[at].Element(Api + "Object"), "SubscriberKey"), Keys[at], "the echoed key");
            }
        });
        Step("duplicate", () =>
        {
            XElement answer = Create(Subscriber(0, "Again"));
            Same(Text(answer, "OverallStatus"), "Error", "OverallStatus");
            XElement result = Results(answer).Single();
            Same(Text(result, "StatusCode") + " " + Text(result, "ErrorCode"), "Error 12014", "result");
            Same(Text(result, "StatusMessage"), "The subscriber is already on the list", "StatusMessage");
        });
        Step("update-attribute", () =>
        {
            XElement upsert = El("Options", El("SaveOptions",
                El("SaveOption", El("PropertyName", "*"), El("SaveAction", "UpdateAdd"))));
            XElement change = Object("Subscriber", Attribute("Béa"), El("SubscriberKey", Keys[1]));
            Held(Update(upsert, change), 1, "Updated Subscriber.");
        });
        Step("retrieve-simple", () =>
        {
            XElement answer = Retrieve("Subscriber", new[] { "ID", "SubscriberKey", "EmailAddress", "Status", "Attributes" },
                Simple("Filter", "SubscriberKey", Keys[1]));
            Same(Text(answer, "OverallStatus"), "OK", "OverallStatus");
            XElement found = Results(answer).Single();
            Same(Type(found), "Subscriber", "type");
            Same(Text(found, "EmailAddress") + " " + Text(found, "SubscriberKey") + " " + Text(found, "Status"),
                Emails[1] + " " + Keys[1] + " Active", "subscriber");
            Check(found.Elements(Api + "Attributes").Any(each => Text(each, "Name") == "First Name" && Text(each, "Value") == "Béa"),
                "First Name");
        });
        Step("retrieve-complex", () =>
        {
            XElement either = Complex("LeftOperand", Simple("LeftOperand", "SubscriberKey", Keys[0]), "OR",
                Simple("RightOperand", "EmailAddress", Emails[1]));
            XElement answer = Retrieve("Subscriber", new[] { "SubscriberKey" },
                Complex("Filter", either, "AND", Simple("RightOperand", "Status", "Active")));
            Same(Text(answer, "OverallStatus"), "OK", "OverallStatus");
            Check(Results(answer).Select(each => Text(each, "SubscriberKey")).OrderBy(each => each, StringComparer.Ordinal)
                .SequenceEqual(Keys), "both subscribers");
        });
        Step("retrieve-properties", () =>
        {
            XElement answer = Retrieve("Subscriber", new[] { "SubscriberKey" }, Simple("Filter", "SubscriberKey", Keys[0]));
            XElement found = Results(answer).Single();
            Same(Text(found, "SubscriberKey"), Keys[0], "SubscriberKey");
            foreach (string name in new[] { "EmailAddress", "ID", "Status" }) Check(found.Element(Api + name) == null, "no " + name);
        });
        Step("create-data-extension", () =>
        {
            XElement made = Object("DataExtension", El("CustomerKey", Extension), El("Name", Key + " rows"), El("Fields",
                Field("Id", "Text", "20", true), Field("Name", "Text", "100", false), Field("Amount", "Number", null, false)));
            Held(Create(made), 1, "Data Extension created.");
        });
        Step("create-rows", () =>
        {
            XElement[] rows = Enumerable.Range(1, 5).Select(at => Row(El("Properties", Cell("Property", "Id", at),
                Cell("Property", "Name", "row " + at), Cell("Property", "Amount", at * 10)))).ToArray();
            Same(Type(Held(Create(rows), 5, "Created DataExtensionObject")[0]), "DataExtensionCreateResult", "the result's type");
        });
        Step("update-row", () =>
        {
            XElement change = Row(El("Properties", Cell("Property", "Name", "changed")), 1);
            XElement result = Held(Update(El("Options"), change), 1, "Updated DataExtensionObject")[0];
            Same(Type(result), "DataExtensionUpdateResult", "the result's type");
        });
        Step("retrieve-rows", () =>
        {
            XElement answer = Retrieve("DataExtensionObject[" + Extension + "]", new[] { "Id", "Name", "Amount" },
                Simple("Filter", "Id", "1"));
            Same(Text(answer, "OverallStatus"), "OK", "OverallStatus");
            Same(Cells(Results(answer).Single()), "Amount=10 Id=1 Name=changed", "row");
        });
        Step("paging", () =>
        {
            XElement answer = Retrieve("DataExtensionObject[" + Extension + "]", new[] { "Id" }, El("Options", El("BatchSize", 2)));
            var pages = new List<string>();
            var seen = new SortedSet<string>(StringComparer.Ordinal);
            while (pages.Count < 5)
            {
                pages.Add(Text(answer, "OverallStatus") + " " + Results(answer).Count);
                foreach (XElement each in Results(answer)) seen.Add(Cells(each));
                if (Text(answer, "OverallStatus") != "MoreDataAvailable") break;
                answer = Call("Retrieve", El("RetrieveRequestMsg",
                    El("RetrieveRequest", El("ContinueRequest", Text(answer, "RequestID")))));
            }
            Same(string.Join("; ", pages), "MoreDataAvailable 2; MoreDataAvailable 2; OK 1", "pages");
            Same(string.Join(" ", seen), "Id=1 Id=2 Id=3 Id=4 Id=5", "rows");
        });
        Step("delete-rows", () =>
        {
            Delete(Enumerable.Range(1, 5).Select(at => Row(null, at)).ToArray());
            XElement answer = Retrieve("DataExtensionObject[" + Extension + "]", new[] { "Id" });
            Same(Text(answer, "OverallStatus") + Results(answer).Count, "OK0", "rows");
        });
        Step("wrong-password", () =>
        {
            try
            {
                Call("GetSystemStatus", El("SystemStatusRequestMsg"), new Security(Setting("ENVOI_PASSWORD") + "x"));
            }
            catch (Refused refused)
            {
                Same(refused.Message, "Login Failed", "reason");
                Check(refused.Fault.Code.IsSenderFault, "a Sender fault");
                Same(refused.Fault.Code.SubCode.Namespace + refused.Fault.Code.SubCode.Name, Wsse + "Security", "subcode");
                return;
            }
            throw new Exception("no fault");
        });
        Step("unknown-type", () =>
        {
            XElement answer = Retrieve("Nonsense", new[] { "ID" });
            Same(Text(answer, "OverallStatus"), "Error: Unable to find a handler for object type: Nonsense." +
                " Object types are case-sensitive, check spelling.", "OverallStatus");
            Same(Results(answer).Count, 0, "results");
        });
        Step("delete", () =>
        {
            Delete(Object("DataExtension", El("CustomerKey", Extension)), Object("Subscriber", El("SubscriberKey", Keys[0])),
                Object("Subscriber", El("SubscriberKey", Keys[1])), Object("List", El("ID", list)));
            foreach (string each in Keys)
            {
                XElement answer = Retrieve("Subscriber", new[] { "ID" }, Simple("Filter", "SubscriberKey", each));
                Same(Text(answer, "OverallStatus") + Results(answer).Count, "OK0", "subscribers");
            }
        });
        return failed ? 1 : 0;
    }
}
