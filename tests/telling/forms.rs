//! What a callback says, and how it travels.

use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::{notify::SigningSecret, server::Parts};
use hmac::{Hmac, Mac};
use hyper::Version;
use sha2::Sha256;

use crate::{
    gateway::PARTNER_API,
    house::{Asynchronous, House, equals, list},
    receiver::{Authority, Receiver, local, pair, pair_with, to},
};

const RESULTS: &str = "<IncludeResults>true</IncludeResults>";
const WHOLE: &str = "<IncludeResults>true</IncludeResults><IncludeObjects>true</IncludeObjects>";
const BASE: &str =
    "<IncludeResults>true</IncludeResults><IncludeObjects>true</IncludeObjects><OnlyIncludeBase>true</OnlyIncludeBase>";

#[tokio::test]
async fn a_form_has_the_ten_fields_in_order_blank_ones_too() {
    let (house, receiver) = pair().await;
    let options = to(Asynchronous::new(), &receiver.url("/single?a=b&c"), "OnCallComplete", "");
    let request = house.create(&options, &list("a")).await.text("CreateResponse/RequestID").unwrap();
    house.idle().await;
    let options = to(Asynchronous::part("c 1", 1, 1), &receiver.url("/part"), "OnConversationError", RESULTS);
    let failed = house.create(&options, &list("a")).await.text("CreateResponse/RequestID").unwrap();
    house.idle().await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    let fields = seen[0].fields();
    let expected = [
        ("RequestID", request.as_str()),
        ("ConversationID", ""),
        ("OverallStatusCode", "OK"),
        ("StatusCode", "OK"),
        ("StatusMessage", "OK"),
        ("ErrorCode", ""),
        ("RequestType", "Asynchronous"),
        ("ResultType", "Asynchronous"),
        ("ResultDetailXML", ""),
        ("SequenceCode", ""),
    ];
    assert_eq!(fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
    assert_eq!(seen[0].header("content-type"), "application/x-www-form-urlencoded");
    assert!(seen[0].header("user-agent").starts_with("envoi/"));
    assert_eq!((seen[0].header("envoi-attempt"), seen[0].header("webhook-timestamp")), ("1", "1772366400"));
    assert_eq!(seen[0].header("webhook-signature"), "", "without a secret there is no signature");
    let part = &seen[1];
    assert_eq!(part.field("RequestID"), failed);
    assert_eq!([part.field("ConversationID"), part.field("SequenceCode")], ["c 1", "1"]);
    assert_eq!(
        [part.field("OverallStatusCode"), part.field("StatusCode"), part.field("ErrorCode")],
        ["Error", "Error", "1"]
    );
    assert!(part.field("ResultDetailXML").starts_with(&format!("<CreateResponse xmlns=\"{PARTNER_API}\"")));
    let ids: Vec<_> = house.deliveries().await.iter().map(|d| d["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!([seen[0].header("webhook-id"), part.header("webhook-id")], [ids[0].as_str(), ids[1].as_str()]);
}

#[tokio::test]
async fn callbacks_share_connections_of_http_2_and_are_signed_in_both_forms() {
    let secrets = ["whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==", "the old secret of a receiver"];
    let (house, receiver) =
        pair_with(|parts: &mut Parts| parts.notify.secrets = secrets.map(|s| SigningSecret::parse(s).unwrap()).into())
            .await;
    for name in ["a", "b", "c"] {
        let options = to(Asynchronous::new(), &receiver.url("/"), "Always", RESULTS);
        house.create(&options, &list(name)).await;
        house.idle().await;
    }
    let seen = receiver.seen();
    assert_eq!((seen.len(), receiver.connections()), (3, 1));
    for seen in &seen {
        assert_eq!(seen.version, Version::HTTP_2);
        let mac = |key: &[u8], parts: &[&str]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(parts.concat().as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        };
        let signed = [seen.header("webhook-id"), ".", seen.header("webhook-timestamp"), ".", &seen.body];
        let (new, old) = (mac(b"new-secret-new-secret-new", &signed), mac(secrets[1].as_bytes(), &signed));
        assert_eq!(seen.header("webhook-signature"), format!("v1,{new} v1,{old}"));
        assert_eq!(seen.header("x-sfmc-ens-signature"), mac(b"new-secret-new-secret-new", &[&seen.body]));
    }
}

#[tokio::test]
async fn a_receiver_of_http_1_keeps_its_connection_too() {
    let authority = Authority::new();
    let receiver = Receiver::speaking(&["http/1.1"], &authority, &["hooks.example"]).await;
    let house = House::with(|parts| local(parts, &authority)).await;
    for name in ["a", "b"] {
        house.create(&to(Asynchronous::new(), &receiver.url("/"), "Always", ""), &list(name)).await;
        house.idle().await;
    }
    let seen = receiver.seen();
    assert_eq!((seen.len(), seen[0].version, receiver.connections()), (2, Version::HTTP_11, 1));
}

#[tokio::test]
async fn each_target_gets_exactly_what_it_asked_for() {
    let (house, receiver) = pair().await;
    // What a strict echo would change: order, CDATA, unknown members, attributes, comments, entities, line ends, spaces.
    let content = "\r\n <ListName note='1' >odd &amp; <![CDATA[<b>]]>&#33;</ListName\n><!-- kept --><Unknown q:x=\"1\"><deep/></Unknown>\
                   <CustomerKey>key &quot;1&quot;</CustomerKey><CorrelationID>corr</CorrelationID>\t";
    let object = format!("<Objects xmlns:q='urn:q' xsi:type='List' extra=\"a'b\">{content}</Objects>");
    let mut options = Asynchronous::part("c", 1, 1);
    for (path, include) in
        [("/bare", "<IncludeObjects>true</IncludeObjects>"), ("/results", RESULTS), ("/base", BASE), ("/whole", WHOLE)]
    {
        options = to(options, &receiver.url(path), "OnCallComplete", include);
    }
    let answer = house.create(&options, &object).await;
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    house.idle().await;
    let detail = |path: &str| {
        let seen = receiver.seen();
        seen.iter().find(|seen| seen.path == path).unwrap_or_else(|| panic!("{path}")).field("ResultDetailXML")
    };
    assert_eq!(detail("/bare"), "");
    let whole = detail("/whole");
    assert!(
        whole.contains(&format!("<Object xmlns:q='urn:q' xsi:type='List' extra=\"a'b\">{content}</Object>")),
        "{whole}"
    );
    let object = &whole[whole.find("<Object ").unwrap()..whole.find("</Object>").unwrap() + "</Object>".len()];
    assert_eq!(detail("/results"), whole.replace(object, ""), "the rest is the same bytes");
    let base = detail("/base");
    let (before, after) = whole.split_once(object).unwrap();
    assert!(base.starts_with(before) && base.ends_with(after), "{base}");
    assert!(base.contains("<CustomerKey>key \"1\"</CustomerKey>") || base.contains("key &quot;1&quot;"), "{base}");
    assert!(base.contains("<CorrelationID>corr</CorrelationID>"), "{base}");
    assert!(!base.contains("ListName") && !base.contains("Unknown") && !base.contains("kept"), "{base}");
    for text in [&whole, &base, &detail("/results")] {
        let limits = envoi::object::Limits::default();
        envoi::object::read(text.to_string(), crate::gateway::schema(), &limits).expect("a document of its own");
    }
    // What is retrieved is the fullest that was asked for.
    let retrieved = house.values("ResultMessage", "ResultDetailXML", &equals("ConversationID", "c")).await;
    assert_eq!(retrieved, [whole]);
}

/// As much of the objects as an answer holds: nothing, the base, all.
fn held(detail: &str) -> [bool; 3] {
    ["<CreateResponse", "<CorrelationID>mark", "<ListName>mark"].map(|text| detail.contains(text))
}

#[tokio::test]
async fn who_is_told_of_a_conversation_gets_what_he_asked_for_whatever_its_last_part_asks() {
    let (house, receiver) = pair().await;
    let asks = [("none", ""), ("bare", ""), ("results", RESULTS), ("base", BASE), ("whole", WHOLE)];
    let expected = |include: &str| match include {
        "bare" => [false, false, false],
        "results" => [true, false, false],
        "base" => [true, true, false],
        _ => [true, true, true],
    };
    for (end, when) in [("done", "OnConversationComplete"), ("failed", "OnConversationError")] {
        for (last, include) in asks {
            let id = format!("{end}-{last}");
            let first = asks.iter().skip(1).fold(Asynchronous::part(&id, 1, 2), |options, (name, include)| {
                to(options, &receiver.url(&format!("/{id}/{name}")), when, include)
            });
            let mut second = Asynchronous::part(&id, 2, 2);
            if last != "none" {
                second = to(second, &receiver.url(&format!("/{id}/own")), "OnCallComplete", include);
            }
            let object = |name: &str| {
                format!(
                    "<Objects xsi:type='List'><CorrelationID>mark</CorrelationID><ListName>mark {name}</ListName></Objects>"
                )
            };
            // A name that is taken is an error.
            let other = if end == "failed" { object(&id) } else { object(&format!("{id} too")) };
            for (options, object) in [(first, object(&id)), (second, other)] {
                let answer = house.create(&options, &object).await;
                assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
            }
            house.idle().await;
            let seen = receiver.seen();
            let detail = |name: &str| {
                let path = format!("/{id}/{name}");
                let told: Vec<_> = seen.iter().filter(|seen| seen.path == path).collect();
                assert_eq!((told.len(), told[0].field("SequenceCode").as_str()), (1, "2"), "{path}");
                told[0].field("ResultDetailXML")
            };
            for (name, _) in asks.iter().skip(1) {
                assert_eq!(held(&detail(name)), expected(name), "{id} {name}");
            }
            if last != "none" {
                assert_eq!(held(&detail("own")), expected(last), "{id}");
            }
            // Of the first part its own entries alone are asked; of the last, all that are told of it.
            let mut retrieved: Vec<_> = house
                .values("ResultMessage", "ResultDetailXML", &equals("ConversationID", &id))
                .await
                .iter()
                .map(|detail| held(detail))
                .collect();
            retrieved.sort();
            assert_eq!(retrieved, [[true, true, true]; 2], "{id}");
        }
    }
}

#[tokio::test]
async fn only_who_is_told_of_the_end_adds_to_what_is_kept_of_the_last_part() {
    let (house, receiver) = pair().await;
    for (when, kept) in [("OnCallComplete", false), ("Never", false), ("OnConversationError", true)] {
        let first = to(Asynchronous::part(when, 1, 2), &receiver.url("/"), when, WHOLE);
        house.create(&first, &list(&format!("{when} 1"))).await;
        house.create(&Asynchronous::part(when, 2, 2), &list(&format!("{when} 2"))).await;
        house.idle().await;
        let retrieved = house.values("ResultMessage", "ResultDetailXML", &equals("ConversationID", when)).await;
        let holds = |name: &str| retrieved.iter().any(|detail| detail.contains(&format!("<ListName>{when} {name}")));
        assert_eq!((retrieved.len(), holds("1"), holds("2")), (2, true, kept), "{when}");
    }
}

/// A ResultMessage as it would be retrieved: where a schema has a place for it.
fn retrieved(message: &str) -> String {
    let (_, members) = message.split_once("<ResultMessage xmlns=\"http://exacttarget.com/wsdl/partnerAPI\">").unwrap();
    let members = members.trim_end().strip_suffix("</ResultMessage>").unwrap();
    format!(
        "<RetrieveResponseMsg xmlns=\"{PARTNER_API}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <OverallStatus>OK</OverallStatus><RequestID>r</RequestID><Results xsi:type=\"ResultMessage\">{members}</Results>\
         </RetrieveResponseMsg>"
    )
}

#[tokio::test]
async fn every_result_that_leaves_is_valid_by_our_own_wsdl() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let (house, receiver) = pair_with(|parts| {
        parts.backend.conversations.drop_folder = true;
        parts.notify.drop_folder = Some(place);
    })
    .await;
    let told = |options: Asynchronous, tag: &str, when: &str| {
        [("bare", ""), ("results", RESULTS), ("base", BASE), ("whole", WHOLE)].into_iter().fold(
            options,
            |options, (name, include)| {
                let file = format!(
                    "<ResponseType>FTP</ResponseType><ResponseAddress>{name}</ResponseAddress><RespondWhen>{when}</RespondWhen>{include}"
                );
                to(options, &receiver.url(&format!("/{tag}/{name}")), when, include).with("SendResponseTo", &file)
            },
        )
    };
    let keyed = |kind: &str, key: &str, more: &str| {
        format!("<Objects xsi:type=\"{kind}\"><CustomerKey>{key}</CustomerKey>{more}</Objects>")
    };
    let subscriber = "<Objects xsi:type=\"Subscriber\"><EmailAddress>a@example.com</EmailAddress></Objects>";
    let start = "<Action>start</Action><Definitions><Definition xsi:type=\"TriggeredSendDefinition\"><CustomerKey>none\
        </CustomerKey></Definition></Definitions>";
    let calls = [
        ("Create", keyed("List", "k", "<ListName>One</ListName>")),
        ("Create", keyed("List", "k", "<ListName>One</ListName>")),
        ("Create", subscriber.to_owned()),
        ("Update", keyed("List", "k", "<ListName>Two</ListName>") + &keyed("List", "none", "<ListName>Two</ListName>")),
        ("Update", subscriber.to_owned()),
        ("Perform", start.to_owned()),
        ("Delete", keyed("List", "k", "") + &keyed("List", "none", "")),
        ("Delete", subscriber.to_owned()),
    ];
    for (at, (operation, objects)) in calls.iter().enumerate() {
        let answer =
            house.call(operation, &told(Asynchronous::new(), &format!("{at}"), "OnCallComplete"), objects).await;
        assert!(answer.body.contains("<OverallStatus>OK</OverallStatus>"), "{}", answer.body);
        house.idle().await;
    }
    // What ends without having been run has no answer.
    house.create(&told(Asynchronous::part("late", 1, 2), "late", "OnConversationComplete"), &list("late")).await;
    let times = Asynchronous::new()
        .with("ScheduledTime", "2026-03-01T12:10:00Z")
        .with("RequestExpirationTime", "2026-03-01T12:20:00Z");
    house.create(&told(times, "expired", "OnExpired"), &list("expired")).await;
    house.gateway.clock.advance(std::time::Duration::from_secs(3600));
    house.idle().await;

    let seen = receiver.seen();
    let mut documents = Vec::new();
    assert_eq!(seen.len(), 4 * (calls.len() + 2));
    for seen in &seen {
        let detail = seen.field("ResultDetailXML");
        let has_run = !seen.path.starts_with("/late") && !seen.path.starts_with("/expired");
        assert_eq!(!detail.is_empty(), has_run && !seen.path.ends_with("/bare"), "{}: {detail}", seen.path);
        if !detail.is_empty() {
            let is_create = detail.starts_with("<CreateResponse");
            assert!(is_create || detail.contains("<Object "), "{}: {detail}", seen.path);
            documents.push(detail);
        }
    }
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let tree =
            envoi::object::read(text.clone(), crate::gateway::schema(), &envoi::object::Limits::default()).unwrap();
        documents.extend(tree.root().child_text("ResultDetailXML").map(|detail| detail.into_owned()));
        documents.push(retrieved(&text));
        files += 1;
    }
    assert_eq!((files, documents.len()), (seen.len(), 3 * calls.len() * 2 + files));
    crate::judge::valid(documents);
}

#[tokio::test]
async fn the_base_of_an_object_is_the_eleven_members_that_every_object_has() {
    let (house, receiver) = pair().await;
    let base = "<Client><ID>100001</ID></Client><PartnerKey>p</PartnerKey><PartnerProperties><Name>n</Name><Value>v</Value>\
        </PartnerProperties><CreatedDate>2026-01-01T00:00:00Z</CreatedDate><ModifiedDate>2026-01-02T00:00:00Z</ModifiedDate>\
        <ID>0</ID><ObjectID></ObjectID><CustomerKey>c</CustomerKey><Owner><FromName>f</FromName></Owner>\
        <CorrelationID>i</CorrelationID><ObjectState>s</ObjectState>";
    let object =
        format!("<Objects xsi:type=\"List\">{base}<ListName>l</ListName><Description>d</Description></Objects>");
    let options = to(Asynchronous::part("c", 1, 1), &receiver.url("/"), "OnCallComplete", BASE);
    house.create(&options, &object).await;
    house.idle().await;
    let told = receiver.seen()[0].field("ResultDetailXML");
    let limits = envoi::object::Limits::default();
    let tree = envoi::object::read(told.clone(), crate::gateway::schema(), &limits).unwrap();
    let object = tree.root().child("Results").unwrap().child("Object").unwrap();
    let members: Vec<_> = object.children().map(|member| member.name().to_owned()).collect();
    let declared = crate::gateway::schema();
    let declared = declared.get(declared.api_object());
    let expected = [
        "Client",
        "PartnerKey",
        "PartnerProperties",
        "CreatedDate",
        "ModifiedDate",
        "ID",
        "ObjectID",
        "CustomerKey",
        "Owner",
        "CorrelationID",
        "ObjectState",
    ];
    assert_eq!(members, expected, "{told}");
    assert_eq!(declared.fields().len(), expected.len());
}

#[tokio::test]
async fn what_expires_is_told_to_those_who_ask_for_the_end_of_a_conversation() {
    let (house, receiver) = pair().await;
    let times = Asynchronous::new()
        .with("ScheduledTime", "2026-03-01T13:00:00Z")
        .with("RequestExpirationTime", "2026-03-01T13:30:00Z");
    let whens =
        ["Never", "OnError", "Always", "OnConversationError", "OnConversationComplete", "OnCallComplete", "OnExpired"];
    let options =
        whens.into_iter().fold(times, |options, when| to(options, &receiver.url(&format!("/{when}")), when, BASE));
    house.create(&options, &list("a")).await;
    // Nobody looks on the way: as when the machine was asleep.
    house.gateway.clock.advance(std::time::Duration::from_secs(7200));
    house.idle().await;
    let mut told: Vec<_> =
        receiver.seen().iter().map(|seen| seen.path.clone() + " " + &seen.field("ErrorCode")).collect();
    told.sort();
    assert_eq!(told, ["/OnConversationComplete 228", "/OnConversationError 228", "/OnExpired 228"]);
}

#[tokio::test]
async fn a_conversation_is_told_of_once_by_the_part_that_decided() {
    let (house, receiver) = pair().await;
    let part = |id: &str, sequence, calls| {
        let options = Asynchronous::part(id, sequence, calls);
        let options = to(options, &receiver.url(&format!("/{id}/call")), "OnCallComplete", "");
        let options = to(options, &receiver.url(&format!("/{id}/end")), "OnConversationComplete", RESULTS);
        to(options, &receiver.url(&format!("/{id}/error")), "OnConversationError", RESULTS)
    };
    for (id, names) in [("good", ["a", "b", "c"]), ("bad", ["d", "d", "e"])] {
        for (sequence, name) in (1..).zip(names) {
            house.create(&part(id, sequence, 3), &list(name)).await;
        }
        house.idle().await;
    }
    house.create(&part("late", 2, 3), &list("f")).await;
    house.advance(301).await;
    let told = |path: &str| -> Vec<(String, String)> {
        let seen = receiver.seen();
        let of = seen.iter().filter(|seen| seen.path == path);
        of.map(|seen| (seen.field("SequenceCode"), seen.field("ErrorCode"))).collect()
    };
    let pair = |sequence: &str, code: &str| (sequence.to_owned(), code.to_owned());
    let mut calls = told("/good/call");
    calls.sort();
    assert_eq!(calls, [pair("1", ""), pair("2", ""), pair("3", "")]);
    assert_eq!((told("/good/end"), told("/good/error")), (vec![pair("3", "")], vec![]));
    assert_eq!(told("/bad/call").len(), 2);
    assert_eq!((told("/bad/end"), told("/bad/error")), (vec![pair("2", "1")], vec![pair("2", "1")]));
    assert_eq!((told("/late/end"), told("/late/error")), (vec![pair("2", "203")], vec![pair("2", "203")]));
    assert_eq!(told("/late/call"), []);
}

#[tokio::test]
async fn ftp_is_refused_unless_there_is_a_folder_and_then_a_file_is_put_there() {
    let options = Asynchronous::new().with(
        "SendResponseTo",
        &format!("<ResponseType>FTP</ResponseType><ResponseAddress>../../x</ResponseAddress><RespondWhen>Always</RespondWhen>{WHOLE}"),
    );
    let house = House::new().await;
    let answer = house.create(&options, &list("a")).await;
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("227"), "{}", answer.body);
    assert!(answer.body.contains("ResponseType FTP is not offered here"));
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("drop");
    let house = House::with(|parts| {
        parts.backend.conversations.drop_folder = true;
        parts.notify.drop_folder = Some(place.clone());
    })
    .await;
    let request = house.create(&options, &list("a")).await.text("CreateResponse/RequestID").unwrap();
    house.idle().await;
    let delivery = house.deliveries().await.remove(0);
    let names: Vec<_> =
        std::fs::read_dir(&place).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, [format!("{}.xml", delivery["id"].as_str().unwrap())]);
    let text = std::fs::read_to_string(place.join(&names[0])).unwrap();
    let tree = envoi::object::read(text, crate::gateway::schema(), &envoi::object::Limits::default()).unwrap();
    let message = tree.root();
    assert_eq!((message.name(), message.child_text("RequestID").unwrap().into_owned()), ("ResultMessage", request));
    assert!(message.child_text("ResultDetailXML").unwrap().contains("<ListName>a</ListName>"));
    assert_eq!(delivery["state"], "delivered");
}
