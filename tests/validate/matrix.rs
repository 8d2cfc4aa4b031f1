//! A broad matrix of calls: every operation, every type, objects empty, whole and wrong, errors and faults.

use envoi::schema::{PARTNER_API, Schema, TypeId};

use crate::specimen;

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) action: &'static str,
    pub(crate) envelope: String,
    /// Whether the message keeps to the schema: then a wrong answer is the gateway's alone.
    pub(crate) lawful: bool,
}

impl Case {
    pub(crate) fn new(name: String, action: &'static str, message: &str, lawful: bool) -> Self {
        let envelope = format!(
            "<soap:Envelope xmlns:soap=\"{ENVELOPE}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soap:Header>\
             <wsse:Security xmlns:wsse=\"{WSSE}\"><wsse:UsernameToken><wsse:Username>demo</wsse:Username>\
             <wsse:Password>demo-password</wsse:Password></wsse:UsernameToken></wsse:Security></soap:Header>\
             <soap:Body>{message}</soap:Body></soap:Envelope>"
        );
        Self { name, action, envelope, lawful }
    }

    /// The message as a document of its own.
    pub(crate) fn message(&self) -> String {
        let start = self.envelope.find("<soap:Body>").expect("a Body") + "<soap:Body>".len();
        let end = self.envelope.find("</soap:Body>").expect("its end");
        self.envelope[start..end].replacen(
            " xmlns=",
            " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=",
            1,
        )
    }
}

/// Every call of the matrix, in an order in which later ones find what earlier ones made.
pub(crate) fn cases(schema: &Schema) -> Vec<Case> {
    let mut cases = Vec::new();
    for ty in specimen::types(schema) {
        changes(schema, ty, &mut cases);
        definitions(schema, ty, &mut cases);
        finds(schema, ty, &mut cases);
        removals(schema, ty, &mut cases);
    }
    requests(schema, &mut cases);
    asks(&mut cases);
    cases
}

fn objects(root: &str, options: &str, object: &str) -> String {
    format!("<{root} xmlns=\"{PARTNER_API}\">{options}{object}</{root}>")
}

pub(crate) fn typed(element: &str, name: &str, inside: &str) -> String {
    format!("<{element} xsi:type=\"{name}\">{inside}</{element}>")
}

const UPSERT: &str = "<Options><SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>UpdateAdd</SaveAction>\
                      </SaveOption></SaveOptions></Options>";

fn changes(schema: &Schema, ty: TypeId, cases: &mut Vec<Case>) {
    let name = schema.type_name(ty);
    let key = format!("k-{name}");
    let filled = specimen::filled(schema, ty, &key);
    let mut add = |action: &'static str, how: &str, options: &str, inside: &str, lawful| {
        let message = objects(&format!("{action}Request"), options, &typed("Objects", name, inside));
        cases.push(Case::new(format!("{action} {how} {name}"), action, &message, lawful));
    };
    add("Create", "an empty", "<Options/>", "", false);
    add("Update", "an empty", "<Options/>", "", false);
    add("Create", "a wrong", "<Options/>", &specimen::misfit(schema, ty, &format!("w-{name}")), false);
    add("Update", "a wrong", "<Options/>", &specimen::misfit(schema, ty, &format!("w-{name}")), false);
    add("Update", "a missing", "<Options/>", &filled, true);
    add("Create", "a whole", "<Options/>", &filled, true);
    add("Create", "once more a whole", "<Options/>", &filled, true);
    add("Update", "a named", "<Options/>", &specimen::named(schema, ty, &key), false);
    add("Update", "a whole", "<Options/>", &filled, true);
    add("Create", "by upsert a whole", UPSERT, &filled, true);
    add("Update", "by upsert a new", UPSERT, &specimen::filled(schema, ty, &format!("u-{name}")), true);
}

fn definitions(schema: &Schema, ty: TypeId, cases: &mut Vec<Case>) {
    let name = schema.type_name(ty);
    let named = specimen::named(schema, ty, &format!("k-{name}"));
    let missing = specimen::named(schema, ty, &format!("missing-{name}"));
    for (how, inside) in [("a kept", &*named), ("a missing", &*missing)] {
        let perform = format!(
            "<PerformRequestMsg xmlns=\"{PARTNER_API}\"><Options/><Action>start</Action><Definitions>{}</Definitions>\
             </PerformRequestMsg>",
            typed("Definition", name, inside)
        );
        cases.push(Case::new(format!("Perform {how} {name}"), "Perform", &perform, false));
        let configure = format!(
            "<ConfigureRequestMsg xmlns=\"{PARTNER_API}\"><Options/><Action>create</Action><Configurations>{}\
             </Configurations></ConfigureRequestMsg>",
            typed("Configuration", name, inside)
        );
        cases.push(Case::new(format!("Configure {how} {name}"), "Configure", &configure, false));
        let schedule = schema.type_named("ScheduleDefinition").expect("a type");
        let schedule = format!(
            "<ScheduleRequestMsg xmlns=\"{PARTNER_API}\"><Options/><Action>start</Action><Schedule>{}</Schedule>\
             <Interactions>{}</Interactions></ScheduleRequestMsg>",
            specimen::filled(schema, schedule, "each-day"),
            typed("Interaction", name, inside)
        );
        cases.push(Case::new(format!("Schedule {how} {name}"), "Schedule", &schedule, false));
    }
}

fn finds(schema: &Schema, ty: TypeId, cases: &mut Vec<Case>) {
    let name = schema.type_name(ty);
    let fields = schema.get(ty).fields().iter();
    let every: String = fields.map(|field| format!("<Properties>{}</Properties>", schema.name(field.name))).collect();
    cases.push(Case::new(format!("Retrieve every property of {name}"), "Retrieve", &retrieve(name, &every), true));
    cases.push(Case::new(
        format!("Retrieve a wrong property of {name}"),
        "Retrieve",
        &retrieve(name, "<Properties>NoSuchProperty</Properties>"),
        true,
    ));
    cases.push(Case::new(format!("Describe {name}"), "Describe", &describe(name), true));
}

pub(crate) fn retrieve(name: &str, inside: &str) -> String {
    format!(
        "<RetrieveRequestMsg xmlns=\"{PARTNER_API}\"><RetrieveRequest><ObjectType>{name}</ObjectType>{inside}\
         </RetrieveRequest></RetrieveRequestMsg>"
    )
}

fn describe(name: &str) -> String {
    format!(
        "<DefinitionRequestMsg xmlns=\"{PARTNER_API}\"><DescribeRequests><ObjectDefinitionRequest><ObjectType>{name}\
         </ObjectType></ObjectDefinitionRequest></DescribeRequests></DefinitionRequestMsg>"
    )
}

fn removals(schema: &Schema, ty: TypeId, cases: &mut Vec<Case>) {
    let name = schema.type_name(ty);
    let key = format!("k-{name}");
    for (how, inside, lawful) in [
        ("an empty", String::new(), false),
        ("a wrong", specimen::misfit(schema, ty, &format!("w-{name}")), false),
        ("a named", specimen::named(schema, ty, &key), false),
        ("the same named", specimen::named(schema, ty, &key), false),
        ("a whole", specimen::filled(schema, ty, &format!("u-{name}")), true),
    ] {
        let message = objects("DeleteRequest", "<Options/>", &typed("Objects", name, &inside));
        cases.push(Case::new(format!("Delete {how} {name}"), "Delete", &message, lawful));
    }
}

/// Objects that are none, and calls without any.
fn requests(schema: &Schema, cases: &mut Vec<Case>) {
    let operations = [("CreateRequest", "Create"), ("UpdateRequest", "Update"), ("DeleteRequest", "Delete")];
    for (root, action) in operations {
        for (how, inside) in [
            ("nothing", ""),
            ("nil", "<Objects xsi:nil=\"true\"/>"),
            ("no type", "<Objects><Name>x</Name></Objects>"),
            ("an unknown type", "<Objects xsi:type=\"Spaceship\"><Name>x</Name></Objects>"),
            ("a type that is no object", "<Objects xsi:type=\"CreateOptions\"/>"),
            ("an account of others", "<Objects xsi:type=\"List\"><Client><ID>7</ID></Client></Objects>"),
            (
                "control characters",
                "<Objects xsi:type=\"List\"><ListName>a&#13;&#10;&#9;&lt;b&gt;</ListName></Objects>",
            ),
        ] {
            let message = objects(root, "<Options/>", inside);
            cases.push(Case::new(format!("{action} {how}"), action, &message, false));
        }
        let asynchronous = "<Options><ConversationID>c</ConversationID><SequenceCode>1</SequenceCode>\
                            <CallsInConversation>2</CallsInConversation></Options>";
        let list = typed("Objects", "List", "<ListName>later</ListName>");
        cases.push(Case::new(
            format!("{action} with a conversation"),
            action,
            &objects(root, asynchronous, &list),
            true,
        ));
    }
    let many = "<Objects xsi:type=\"List\"/>".repeat(32_767);
    cases.push(Case::new("Update too many".into(), "Update", &objects("UpdateRequest", "", &many), false));
    let options = "<Options><RequestType>Sometimes</RequestType></Options>";
    cases.push(Case::new("Create with a wrong option".into(), "Create", &objects("CreateRequest", options, ""), false));
    // Base types of requests: an element may say that it is any of them.
    for (action, root) in [("Execute", "ExecuteRequestMsg"), ("Extract", "ExtractRequestMsg")] {
        for inside in ["", "<Requests/>", "<Requests xsi:nil=\"true\"/>"] {
            let message = objects(root, "", inside);
            cases.push(Case::new(format!("{action} {inside}"), action, &message, false));
        }
    }
    let extract = schema.type_named("ExtractRequest").expect("a type");
    let inside = specimen::filled(schema, extract, "x");
    let message = objects("ExtractRequestMsg", "", &typed("Requests", "ExtractRequest", &inside));
    cases.push(Case::new("Extract a whole request".into(), "Extract", &message, true));
}

/// Operations that change nothing of a type, and what they are asked wrongly.
fn asks(cases: &mut Vec<Case>) {
    for name in ["LogUnsubEvent", "MasterUnsub", "GetFolderHierarchy", "Spaceship"] {
        for (parameter, value) in [("SubscriberKey", "ada"), ("SubscriberKey", "nobody"), ("JobID", "seven")] {
            let message = format!(
                "<ExecuteRequestMsg xmlns=\"{PARTNER_API}\"><Requests><Name>{name}</Name><Parameters><Name>{parameter}\
                 </Name><Value>{value}</Value></Parameters></Requests></ExecuteRequestMsg>"
            );
            cases.push(Case::new(format!("Execute {name} of {parameter} {value}"), "Execute", &message, true));
        }
    }
    let simple = |root: &str, inside: &str| format!("<{root} xmlns=\"{PARTNER_API}\">{inside}</{root}>");
    let version =
        |history| simple("VersionInfoRequestMsg", &format!("<IncludeVersionHistory>{history}</IncludeVersionHistory>"));
    let query = "<QueryRequest><Query><Object><ObjectType>Subscriber</ObjectType><Properties>ID</Properties></Object></Query>\
                 </QueryRequest>";
    for (name, action, message, lawful) in [
        ("GetSystemStatus", "GetSystemStatus", simple("SystemStatusRequestMsg", "<Options/>"), true),
        ("VersionInfo with history", "VersionInfo", version("true"), true),
        ("VersionInfo", "VersionInfo", version("false"), true),
        ("Query", "Query", simple("QueryRequestMsg", query), true),
        ("Describe nothing", "Describe", simple("DefinitionRequestMsg", "<DescribeRequests/>"), true),
        ("Describe an unknown type", "Describe", describe("Spaceship"), true),
        ("Retrieve nothing", "Retrieve", simple("RetrieveRequestMsg", ""), false),
        ("Retrieve an unknown type", "Retrieve", retrieve("Spaceship", "<Properties>ID</Properties>"), true),
        ("Retrieve without properties", "Retrieve", retrieve("Subscriber", ""), true),
        (
            "Retrieve rows",
            "Retrieve",
            retrieve("DataExtensionObject[demo-orders]", "<Properties>Total</Properties>"),
            true,
        ),
        (
            "Retrieve rows of nothing",
            "Retrieve",
            retrieve("DataExtensionObject[x]", "<Properties>y</Properties>"),
            true,
        ),
        ("Perform nothing", "Perform", simple("PerformRequestMsg", ""), false),
        ("Configure nothing", "Configure", simple("ConfigureRequestMsg", ""), false),
        ("Schedule nothing", "Schedule", simple("ScheduleRequestMsg", ""), false),
        ("an unknown action", "Test", simple("CreateRequest", ""), false),
    ] {
        cases.push(Case::new(name.to_owned(), action, &message, lawful));
    }
}
