//! Answers keep to the contract that the gateway serves: whole envelopes are judged by xmllint, with the schema taken from
//! the served WSDL. Where a captured answer of the service breaks its own WSDL, the capture wins, by name, here.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, in its helpers too"
)]

#[allow(dead_code, reason = "the stories' test uses the rest")]
#[path = "samples/eml.rs"]
mod eml;
#[allow(dead_code, reason = "the stories' test uses the rest")]
#[path = "samples/exchange.rs"]
mod exchange;
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[allow(dead_code, reason = "the stories' test uses the rest")]
#[path = "samples/house.rs"]
mod house;
#[path = "validate/judge.rs"]
#[allow(dead_code, reason = "shared with the tests of results")]
mod judge;
#[allow(dead_code, reason = "the stories' test uses the rest")]
#[path = "samples/mask.rs"]
mod mask;
#[path = "validate/matrix.rs"]
mod matrix;
#[path = "validate/queued.rs"]
mod queued;
#[path = "validate/specimen.rs"]
mod specimen;

use std::collections::BTreeMap;

use exchange::{Exchange, stories};
use gateway::schema;
use house::House;
use judge::{Document, Judge};
use mask::Mask;

/// A captured answer that is not valid by its own WSDL.
struct Known {
    /// Where it was seen.
    source: &'static str,
    /// What its Results says: one Results with this text may have one such complaint.
    message: &'static str,
    /// What xmllint says of it.
    complaint: &'static [&'static str],
}

const MISSING: &str = "Missing child element(s).";
const MISSING_OBJECT: &[&str] = &["Results': Missing child element(s).", "Object )"];

const KNOWN: &[Known] = &[
    Known {
        source: "facts/wire 2.1 and 2.3 (JSFIX): DeleteResult without Object",
        message: "<StatusMessage>Subscriber deleted</StatusMessage>",
        complaint: MISSING_OBJECT,
    },
    Known {
        source: "Accenture/sfmc-devtools, test/resources/9999999/dataFolder/update-response.xml (2025): UpdateResult \
                 without Object",
        message: "<StatusMessage>Folder updated successfully.</StatusMessage>",
        complaint: MISSING_OBJECT,
    },
    Known {
        source: "facts/wire 2.3 (JSFIX): the Object of a ScheduleResult without Recurrence",
        message: "</Task></Result>",
        complaint: &["http://exacttarget.com/wsdl/partnerAPI}Recurrence )"],
    },
    Known {
        source: "D:nullapiproperty: a NullAPIProperty has a Name and no Value",
        message: "xsi:type=\"NullAPIProperty\"",
        complaint: &[
            "Property': Missing child element(s).",
            "Expected is ( {http://exacttarget.com/wsdl/partnerAPI}Value )",
        ],
    },
];

/// Members that the WSDL requires and the client left out: the echo of an object is the object as it was sent (JSFIX: every
/// Create), and nothing is made up for it. Allowed only where the request itself was missing some.
const AS_SENT: &str = "an object comes back as it was sent (facts/wire 2.3)";
/// A Retrieve gives the properties that were asked for and have values, though the type requires others
/// (facts/wire section 5; the captured BusinessUnit of two properties).
const AS_ASKED: &str = "a Retrieve gives what was asked for and has a value (facts/wire 5)";

/// The complaints that no capture explains. Counts how often each capture was needed.
fn unexplained(
    document: &Document,
    complaints: Vec<String>,
    needed: &mut BTreeMap<&'static str, usize>,
) -> Vec<String> {
    let mut left: Vec<_> = KNOWN.iter().map(|known| document.text.matches(known.message).count()).collect();
    complaints
        .into_iter()
        .filter(|complaint| {
            let fits = |at: &usize| left[*at] > 0 && KNOWN[*at].complaint.iter().all(|part| complaint.contains(part));
            let source = if let Some(at) = (0..KNOWN.len()).find(fits) {
                left[at] -= 1;
                KNOWN[at].source
            } else if misses(document, complaint) && document.partial && !complaint.contains("}Results':") {
                AS_SENT
            } else if misses(document, complaint) && document.text.contains("<RetrieveResponseMsg ") {
                AS_ASKED
            } else {
                return true;
            };
            *needed.entry(source).or_default() += 1;
            false
        })
        .collect()
}

/// Whether a complaint is about a required member that is not there. xmllint says so, or is surprised by the member after
/// it; then the one that it waited for must stand nowhere in the document, and the surprising one be of the contract.
fn misses(document: &Document, complaint: &str) -> bool {
    if complaint.contains(MISSING) {
        return true;
    }
    let Some((surprise, expected)) = complaint.split_once("': This element is not expected. Expected is ") else {
        return false;
    };
    let local = |name: &str| name.rsplit('}').next().unwrap_or_default().trim_end_matches([' ', ')', '.']).to_owned();
    let awaited = local(expected);
    schema().name_id(&local(surprise)).is_some() && !document.text.contains(&format!("<{awaited}>"))
}

async fn told() -> Vec<Document> {
    let mut documents = Vec::new();
    for story in stories() {
        let house = House::of(&story).await;
        let mut mask = Mask::default();
        for exchange in Exchange::all(&story).into_iter() {
            let request = mask.fill(&exchange.text());
            house.idle().await;
            let answer = exchange.post(&house, &request).await;
            if exchange.action == "token" {
                mask.hide_json(&exchange.number, &answer.body);
                continue;
            }
            if exchange.is_operators() {
                continue;
            }
            mask.hide(&exchange.number, &request, &answer.body);
            let name = exchange.request.display().to_string();
            documents.push(Document { name, request, text: answer.body, partial: false });
        }
    }
    documents
}

#[tokio::test]
async fn answers_keep_to_the_served_contract() {
    let house = House::start().await;
    let wsdl = house.get("/etframework.wsdl").await;
    let fault = house.get("/ETFrameworkFault.xsd").await;
    assert_eq!((wsdl.status, fault.status), (200, 200));
    let Some(judge) = Judge::new(&wsdl.body, &fault.body) else { return };

    let cases = matrix::cases(schema());
    let requests: Vec<_> = cases.iter().map(|case| document(&case.name, case.message())).collect();
    let mut wrong = Vec::new();
    let mut partial = Vec::new();
    for (case, complaints) in cases.iter().zip(judge.complaints(&requests)) {
        // A value that is not of its type is as good as left out: no echo repeats it.
        let short =
            |complaint: &String| misses(&document("", case.message()), complaint) || complaint.contains("atomic type");
        partial.push(complaints.iter().any(short));
        if case.lawful {
            wrong.extend(complaints.iter().map(|complaint| format!("the request {}: {complaint}", case.name)));
        }
    }
    assert!(wrong.is_empty(), "the test's own requests are wrong:\n{}", wrong.join("\n"));

    let mut answers = told().await;
    for (case, partial) in cases.iter().zip(partial) {
        let headers = [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", case.action)];
        let answer = house.post("/Service.asmx", &headers, case.envelope.as_bytes()).await;
        let request = case.envelope.clone();
        answers.push(Document { name: case.name.clone(), request, text: answer.body, partial });
    }
    let mut needed = BTreeMap::new();
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (answer, complaints) in answers.iter().zip(judge.complaints(&answers)) {
        for complaint in unexplained(answer, complaints, &mut needed) {
            let body =
                |text: &str| text[text.find("Body>").map_or(0, |at| at + 5)..].chars().take(1000).collect::<String>();
            let place = format!("{}\n      {}\n      {}", answer.name, body(&answer.request), body(&answer.text));
            kinds.entry(complaint).or_default().push(place);
        }
    }
    let shown: String = kinds
        .iter()
        .map(|(complaint, places)| format!("{complaint}\n  {} times, first: {}\n", places.len(), places[0]))
        .collect();
    assert!(kinds.is_empty(), "{} kinds of complaints about {} answers\n{shown}", kinds.len(), answers.len());
    let stale: Vec<_> = KNOWN.iter().map(|known| known.source).filter(|source| !needed.contains_key(source)).collect();
    assert!(stale.is_empty(), "no answer needs these exceptions any more: {}", stale.join("; "));
    eprintln!("{} answers and {} requests were judged; exceptions: {needed:?}", answers.len(), requests.len());
}

/// Queued calls, every refusal of one, and the results that can be retrieved.
#[tokio::test]
async fn answers_to_queued_calls_keep_to_the_served_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let house = House::start_with(|parts| parts.backend.extract.folder = Some(path)).await;
    let wsdl = house.get("/etframework.wsdl").await;
    let fault = house.get("/ETFrameworkFault.xsd").await;
    let Some(judge) = Judge::new(&wsdl.body, &fault.body) else { return };
    let headers = |case: &matrix::Case| [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", case.action)];
    let mut answers = Vec::new();
    for (case, code) in queued::cases() {
        let answer = house.post("/Service.asmx", &headers(&case), case.envelope.as_bytes()).await;
        let body = answer.body;
        match code {
            Some(code) => assert!(body.contains(&format!("<ErrorCode>{code}</ErrorCode>")), "{}: {body}", case.name),
            None => {
                let queued = body.matches("<StatusMessage>Queued</StatusMessage>").count();
                // A PerformResult repeats its message in its Task.
                let each = if case.action == "Perform" { 4 } else { 2 };
                assert_eq!(queued, each, "{}: {body}", case.name);
            }
        }
        answers.push(document(&case.name, body));
    }
    house.idle().await;
    for case in queued::results() {
        let answer = house.post("/Service.asmx", &headers(&case), case.envelope.as_bytes()).await;
        assert!(answer.body.matches("<Results ").count() > 10, "{}: {}", case.name, answer.body);
        answers.push(document(&case.name, answer.body));
    }
    for (case, good) in queued::extracts() {
        let answer = house.post("/Service.asmx", &headers(&case), case.envelope.as_bytes()).await;
        let status = if good { "OK" } else { "Error" };
        assert!(answer.body.contains(&format!("<StatusCode>{status}</StatusCode>")), "{}: {}", case.name, answer.body);
        answers.push(document(&case.name, answer.body));
    }
    let judged = answers.iter().zip(judge.complaints(&answers));
    let wrong: Vec<_> = judged
        .filter_map(|(answer, complaints)| {
            let complaints = unexplained(answer, complaints, &mut BTreeMap::new());
            (!complaints.is_empty()).then(|| format!("{}: {complaints:?}\n{}", answer.name, answer.text))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} answers: {}", wrong.len(), answers.len(), wrong[0]);
    eprintln!("{} answers were judged", answers.len());
}

/// The judge finds what is wrong; else the test above says nothing.
#[tokio::test]
async fn the_judge_is_strict() {
    let house = House::start().await;
    let wsdl = house.get("/etframework.wsdl").await;
    let fault = house.get("/ETFrameworkFault.xsd").await;
    let Some(judge) = Judge::new(&wsdl.body, &fault.body) else { return };
    let cases = matrix::cases(schema());
    let case = cases.iter().find(|case| case.name == "Create a whole Subscriber").expect("a case");
    let headers = [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", case.action)];
    let good = house.post("/Service.asmx", &headers, case.envelope.as_bytes()).await.body;
    let server_fault = |code: &str| {
        let body = good.find("<soap:Body>").expect("a Body");
        format!(
            "{}<soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>s</faultstring><detail><apifault \
             xmlns=\"urn:fault.partner.exacttarget.com\"><Code>{code}</Code><Message>s</Message></apifault></detail>\
             </soap:Fault></soap:Body></soap:Envelope>",
            &good[..body]
        )
    };
    let documents = [
        ("as it is", good.clone(), true),
        ("an unknown member", good.replacen("<EmailAddress>", "<ShoeSize>42</ShoeSize><EmailAddress>", 1), false),
        ("a wrong value", good.replacen("<OrdinalID>0<", "<OrdinalID>none<", 1), false),
        (
            "a wrong order",
            good.replacen("<OrdinalID>0</OrdinalID>", "", 1).replacen(
                "</StatusMessage>",
                "</StatusMessage><NewID>0</NewID><OrdinalID>0</OrdinalID>",
                1,
            ),
            false,
        ),
        ("an unknown type", good.replacen("xsi:type=\"Subscriber\"", "xsi:type=\"Spaceship\"", 1), false),
        ("an unbound prefix", good.replacen("<Results>", "<x:y/><Results>", 1), false),
        ("an unknown header block", good.replacen("<wsa:To>", "<wsa:Too>x</wsa:Too><wsa:To>", 1), false),
        ("not well-formed", good.replacen("</soap:Body>", "", 1), false),
        ("a server's fault", server_fault("17"), true),
        ("a wrong detail", server_fault("seventeen"), false),
    ];
    let judged: Vec<_> = documents.iter().map(|(name, text, _)| document(name, text.clone())).collect();
    for ((name, _, right), complaints) in documents.iter().zip(judge.complaints(&judged)) {
        assert_eq!(complaints.is_empty(), *right, "{name}: {complaints:?}");
    }
}

fn document(name: &str, text: String) -> Document {
    Document { name: name.to_owned(), request: String::new(), text, partial: false }
}
