//! Create, Update, Delete over the wire: what stands in the answers, member for member.

use crate::gateway::{Gateway, PARTNER_API, request, subscriber};

const UPSERT: &str = "<Options><SaveOptions><SaveOption><PropertyName>*</PropertyName>\
                      <SaveAction>UpdateAdd</SaveAction></SaveOption></SaveOptions></Options>";

#[tokio::test]
async fn a_created_subscriber_is_answered_as_captured() {
    let gateway = Gateway::start().await;
    let message = request("CreateRequest", "<Options/>", &subscriber("douglas@example.com", "1234512345"));
    let answer = gateway.call("Create", &message).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("Content-Type"), Some("text/xml; charset=utf-8"));
    let id = answer.text("CreateResponse/Results/NewID").expect("a NewID");
    let request_id = answer.text("CreateResponse/RequestID").expect("a RequestID");
    // The capture of facts/wire 2.3 with the identifiers put in.
    let expected = format!(
        "<CreateResponse xmlns=\"{PARTNER_API}\"><Results><StatusCode>OK</StatusCode>\
         <StatusMessage>Created Subscriber.</StatusMessage><OrdinalID>0</OrdinalID><NewID>{id}</NewID>\
         <Object xsi:type=\"Subscriber\"><PartnerKey xsi:nil=\"true\" /><ID>{id}</ID><ObjectID xsi:nil=\"true\" />\
         <EmailAddress>douglas@example.com</EmailAddress><SubscriberKey>1234512345</SubscriberKey></Object></Results>\
         <RequestID>{request_id}</RequestID><OverallStatus>OK</OverallStatus></CreateResponse>"
    );
    assert!(answer.body.contains(&expected), "expected {expected}\nfound {}", answer.body);
}

#[tokio::test]
async fn a_duplicate_is_an_error_row_under_http_200() {
    let gateway = Gateway::start().await;
    let message = request("CreateRequest", "", &subscriber("doug@example.com", "1"));
    gateway.call("Create", &message).await;
    let answer = gateway.call("Create", &message).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text("CreateResponse/Results/StatusCode").as_deref(), Some("Error"));
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("12014"));
    assert_eq!(
        answer.text("CreateResponse/Results/StatusMessage").as_deref(),
        Some("The subscriber is already on the list")
    );
    assert_eq!(answer.text("CreateResponse/Results/NewID").as_deref(), Some("0"));
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("Error"));
}

#[tokio::test]
async fn one_bad_object_leaves_the_others_alone() {
    let gateway = Gateway::start().await;
    let objects = [
        subscriber("one@example.com", "one"),
        subscriber("no address", "two"),
        "<Objects xsi:type=\"Nonsense\"><A/></Objects>".into(),
        "<Objects xsi:nil=\"true\"/>".into(),
        "<Objects xsi:type=\"Subscriber\"><ID>twelve</ID><EmailAddress>x@example.com</EmailAddress></Objects>".into(),
        "<Objects xsi:type=\"List\"><ListName>Mixed</ListName></Objects>".into(),
    ]
    .concat();
    let answer = gateway.call("Create", &request("CreateRequest", "<Options/>", &objects)).await;
    let code = |at: usize| answer.text(&format!("CreateResponse/Results#{at}/ErrorCode"));
    let ordinal = |at: usize| answer.text(&format!("CreateResponse/Results#{at}/OrdinalID"));
    assert_eq!(answer.count("CreateResponse/Results"), 6, "{}", answer.body);
    let codes: Vec<_> = (0..6).map(code).collect();
    let codes: Vec<_> = codes.iter().map(|code| code.as_deref()).collect();
    assert_eq!(codes, [None, Some("12000"), Some("8"), Some("6"), Some("2"), None], "{}", answer.body);
    assert!((0..6).all(|at| ordinal(at) == Some(at.to_string())));
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("Has Errors"));
    let place = answer.text("CreateResponse/Results#4/StatusMessage").unwrap_or_default();
    assert!(place.contains("ID") && place.contains("twelve") && place.contains("line"), "{place}");
}

#[tokio::test]
async fn both_ways_to_upsert_work() {
    let gateway = Gateway::start().await;
    for (action, root) in [("Create", "CreateRequest"), ("Update", "UpdateRequest")] {
        let response = root.replace("Request", "Response");
        for round in 0..2 {
            let message = request(root, UPSERT, &subscriber(&format!("{action}@example.com"), action));
            let answer = gateway.call(action, &message).await;
            let status = answer.text(&format!("{response}/OverallStatus"));
            assert_eq!(status.as_deref(), Some("OK"), "{action} round {round}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_deleted_subscriber_is_gone_and_the_answer_has_no_object() {
    let gateway = Gateway::start().await;
    gateway.call("Create", &request("CreateRequest", "", &subscriber("gone@example.com", "gone"))).await;
    let answer = gateway.call("Delete", &request("DeleteRequest", "", &subscriber("gone@example.com", "gone"))).await;
    assert!(
        answer.body.contains(
            "<Results><StatusCode>OK</StatusCode><StatusMessage>Subscriber deleted</StatusMessage>\
             <OrdinalID>0</OrdinalID></Results>"
        ),
        "{}",
        answer.body
    );
    let again = gateway.call("Update", &request("UpdateRequest", "", &subscriber("gone@example.com", "gone"))).await;
    assert_eq!(again.text("UpdateResponse/OverallStatus").as_deref(), Some("Error"), "{}", again.body);
}

#[tokio::test]
async fn a_call_without_objects_says_so() {
    let gateway = Gateway::start().await;
    let answer = gateway.call("Create", &request("CreateRequest", "<Options/>", "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("6"));
}

#[tokio::test]
async fn too_many_objects_are_one_error_whatever_the_operation() {
    let gateway = Gateway::start_with(|parts| parts.backend.max_objects = 2).await;
    let lists = |count: usize| "<Objects xsi:type=\"List\"><ListName>x</ListName></Objects>".repeat(count);
    let answer = gateway.call("Delete", &request("DeleteRequest", "", &lists(2))).await;
    assert_eq!(answer.body.matches("<Results>").count(), 2, "{}", answer.body);
    for action in ["Create", "Update", "Delete"] {
        let answer = gateway.call(action, &request(&format!("{action}Request"), "", &lists(3))).await;
        assert_eq!(answer.body.matches("<ErrorCode>218</ErrorCode>").count(), 1, "{}", answer.body);
        assert_eq!(answer.body.matches("<Results>").count(), 1, "{}", answer.body);
    }
    let message = request("ExecuteRequestMsg", "", &"<Requests><Name>LogUnsubEvent</Name></Requests>".repeat(3));
    let answer = gateway.call("Execute", &message).await;
    assert_eq!(answer.body.matches("<ErrorCode>218</ErrorCode>").count(), 1, "{}", answer.body);
    let definitions = "<Definition xsi:type=\"Email\"/>".repeat(3);
    let message =
        request("PerformRequestMsg", "", &format!("<Action>start</Action><Definitions>{definitions}</Definitions>"));
    let answer = gateway.call("Perform", &message).await;
    assert_eq!(answer.body.matches("<ErrorCode>218</ErrorCode>").count(), 1, "{}", answer.body);
}
