//! Asynchronous calls of every operation: the `Queued` answers, every refusal that options can meet, and what can be
//! retrieved of them.

use envoi::schema::PARTNER_API;

use crate::matrix::{Case, retrieve, typed};

/// Options that are queued, and options that are refused, in the order of the schema's members.
const OPTIONS: &[(&str, &str)] = &[
    ("alone", "<RequestType>Asynchronous</RequestType>"),
    (
        "with everything",
        "<SendResponseTo><ResponseType>HTTPPost</ResponseType><ResponseAddress>https://h.example/</ResponseAddress>\
         <RespondWhen>OnCallComplete</RespondWhen><IncludeResults>true</IncludeResults>\
         <IncludeObjects>true</IncludeObjects><OnlyIncludeBase>true</OnlyIncludeBase></SendResponseTo>\
         <SendResponseTo><ResponseType>email</ResponseType><ResponseAddress>a@example.com</ResponseAddress>\
         <RespondWhen>OnError</RespondWhen></SendResponseTo><Priority>2</Priority>\
         <ConversationID>&lt;1&gt; ID</ConversationID><SequenceCode>2</SequenceCode>\
         <CallsInConversation>2</CallsInConversation><ScheduledTime>2026-03-01T13:00:00+01:00</ScheduledTime>\
         <RequestType>Asynchronous</RequestType><QueuePriority>High</QueuePriority>",
    ),
    (
        "that expires",
        "<RequestType>Asynchronous</RequestType><RequestExpirationTime>2026-03-02T12:00:00Z</RequestExpirationTime>",
    ),
    ("209", "<ConversationID>a ID</ConversationID>"),
    (
        "207",
        "<SequenceCode>1</SequenceCode><CallsInConversation>1</CallsInConversation><RequestType>Asynchronous</RequestType>",
    ),
    (
        "202",
        "<ConversationID>b ID</ConversationID><CallsInConversation>2</CallsInConversation><RequestType>Asynchronous</RequestType>",
    ),
    (
        "208",
        "<ConversationID>c ID</ConversationID><SequenceCode>1</SequenceCode><RequestType>Asynchronous</RequestType>",
    ),
    (
        "206",
        "<ConversationID>d ID</ConversationID><SequenceCode>1</SequenceCode><CallsInConversation>0</CallsInConversation>\
         <RequestType>Asynchronous</RequestType>",
    ),
    (
        "205",
        "<ConversationID>e ID</ConversationID><SequenceCode>3</SequenceCode><CallsInConversation>2</CallsInConversation>\
         <RequestType>Asynchronous</RequestType>",
    ),
    ("226", "<ScheduledTime>2100-01-01T00:00:00Z</ScheduledTime><RequestType>Asynchronous</RequestType>"),
    (
        "227",
        "<SendResponseTo><ResponseType>HTTPPost</ResponseType><ResponseAddress>http://h.example/</ResponseAddress>\
         </SendResponseTo><RequestType>Asynchronous</RequestType>",
    ),
    (
        "228",
        "<RequestType>Asynchronous</RequestType><RequestExpirationTime>2001-01-01T00:00:00Z</RequestExpirationTime>",
    ),
    (
        "229",
        "<ScheduledTime>2026-03-03T12:00:00Z</ScheduledTime><RequestType>Asynchronous</RequestType>\
         <RequestExpirationTime>2026-03-02T12:00:00Z</RequestExpirationTime>",
    ),
    (
        "231",
        "<ConversationID>f ID</ConversationID><SequenceCode>1</SequenceCode><CallsInConversation>2</CallsInConversation>\
         <RequestType>Asynchronous</RequestType><RequestExpirationTime>2026-03-02T12:00:00Z</RequestExpirationTime>",
    ),
    // An open conversation, what invalidates it, and what comes after that.
    ("open", PART),
    ("214", PART),
    ("213", LATE),
    ("211", PART),
    ("of another one, open", OTHER),
    ("200", OTHER_TOTAL),
    // One that waits for its time.
    ("that closes", CLOSED),
    ("215", CLOSED),
];

const PART: &str = "<ConversationID>g ID</ConversationID><SequenceCode>1</SequenceCode>\
                    <CallsInConversation>3</CallsInConversation><RequestType>Asynchronous</RequestType>";
const LATE: &str = "<ConversationID>g ID</ConversationID><SequenceCode>2</SequenceCode>\
                    <CallsInConversation>3</CallsInConversation><RequestType>Asynchronous</RequestType>";
const OTHER: &str = "<ConversationID>h ID</ConversationID><SequenceCode>1</SequenceCode>\
                     <CallsInConversation>3</CallsInConversation><RequestType>Asynchronous</RequestType>";
const OTHER_TOTAL: &str = "<ConversationID>h ID</ConversationID><SequenceCode>2</SequenceCode>\
                           <CallsInConversation>4</CallsInConversation><RequestType>Asynchronous</RequestType>";
const CLOSED: &str = "<ConversationID>i ID</ConversationID><SequenceCode>1</SequenceCode>\
                      <CallsInConversation>1</CallsInConversation><ScheduledTime>2026-03-20T12:00:00Z</ScheduledTime>\
                      <RequestType>Asynchronous</RequestType>";

/// The kinds of objects, some with a result type of their own.
const OBJECTS: [(&str, &str); 4] = [
    ("List", "<ListName>queued</ListName>"),
    ("Subscriber", "<EmailAddress>q@example.com</EmailAddress><SubscriberKey>q</SubscriberKey>"),
    ("DataExtensionObject", "<CustomerKey>q</CustomerKey>"),
    ("QueryDefinition", "<Name>q</Name><CustomerKey>q</CustomerKey>"),
];

/// The calls, with the ErrorCode of their answer where they are refused.
pub(crate) fn cases() -> Vec<(Case, Option<&'static str>)> {
    let mut cases = Vec::new();
    for (action, root) in [
        ("Create", "CreateRequest"),
        ("Update", "UpdateRequest"),
        ("Delete", "DeleteRequest"),
        ("Perform", "PerformRequestMsg"),
    ] {
        for (kind, members) in OBJECTS {
            for (what, options) in OPTIONS {
                // Each kind and operation has conversations of its own.
                let options = options.replace("ID</Conv", &format!("{action} {kind}</Conv"));
                let options = format!("<Options>{options}</Options>");
                let objects = match action {
                    "Perform" => format!(
                        "<Action>start</Action><Definitions>{}{}</Definitions>",
                        typed("Definition", kind, members),
                        typed("Definition", kind, members)
                    ),
                    _ => typed("Objects", kind, members).repeat(2),
                };
                let message = format!("<{root} xmlns=\"{PARTNER_API}\">{options}{objects}</{root}>");
                let name = format!("{action} {kind} queued, {what}");
                let code = what.parse::<u16>().is_ok().then_some(*what);
                cases.push((Case::new(name, action, &message, false), code));
            }
        }
    }
    let twice = typed("Objects", "List", "<CorrelationID>x</CorrelationID>").repeat(2);
    let many = "<Objects xsi:type=\"List\"/>".repeat(32_767);
    let alone = OPTIONS[0].1;
    for (action, root, objects, code) in [
        ("Create", "CreateRequest", &twice, "204"),
        ("Delete", "DeleteRequest", &twice, "204"),
        ("Create", "CreateRequest", &many, "218"),
        ("Update", "UpdateRequest", &many, "218"),
    ] {
        let message = format!("<{root} xmlns=\"{PARTNER_API}\"><Options>{alone}</Options>{objects}</{root}>");
        cases.push((Case::new(format!("{action} queued, {code}"), action, &message, false), Some(code)));
    }
    let scheduled = typed("Objects", "ScheduledConversation", "<ConversationID>nobody</ConversationID>");
    let message = format!("<DeleteRequest xmlns=\"{PARTNER_API}\"><Options/>{scheduled}</DeleteRequest>");
    cases.push((Case::new("Delete what was never scheduled".to_owned(), "Delete", &message, false), Some("220")));
    cases
}

/// What is asked when the queue has been worked off.
pub(crate) fn results() -> Vec<Case> {
    let properties =
        |names: &[&str]| names.iter().map(|name| format!("<Properties>{name}</Properties>")).collect::<String>();
    let common =
        ["RequestID", "ConversationID", "StatusCode", "StatusMessage", "ErrorCode", "RequestType", "CreatedDate"];
    let mut item = common.to_vec();
    item.extend(["OrdinalID", "RequestObjectType", "CorrelationID"]);
    let mut message = common.to_vec();
    message.extend(["OverallStatusCode", "ResultType", "ResultDetailXML", "SequenceCode", "CallsInConversation"]);
    let job = ["ID", "ObjectID", "Status", "CompleteDate", "CallStatus", "CallMessage"];
    [
        ("ResultItem", properties(&item)),
        ("ResultMessage", properties(&message)),
        ("AsyncRequestResult", properties(&job)),
    ]
    .map(|(kind, names)| {
        Case::new(format!("Retrieve {kind} of what was queued"), "Retrieve", &retrieve(kind, &names), false)
    })
    .into()
}

/// The data extract of those results, and whether it is written.
pub(crate) fn extracts() -> Vec<(Case, bool)> {
    let case = |what: &str, parameters: &str| {
        let message = format!(
            "<ExtractRequestMsg xmlns=\"{PARTNER_API}\"><Requests><ID>Async Results Data Extract</ID><Options/>\
             <Parameters>{parameters}</Parameters></Requests></ExtractRequestMsg>"
        );
        Case::new(format!("Extract {what}"), "Extract", &message, false)
    };
    let name = "<Parameter><Name>OutputFileName</Name><Value>a &amp; b.csv</Value></Parameter>";
    let good = name.replace("&amp; ", "");
    vec![(case("to a file", &good), true), (case("to the same file", &good), false), (case("to no file", name), false)]
}
