//! Lists as phonebooks of a PBX, definitions and mails as templates of Connectly.

use serde_json::{Value, json};

use crate::{
    gateway::Answer,
    house::{CONNECTLY, Row, SALESFORCE, World, YEASTAR, extra, number, row, rows, save, subscriber},
    system::python,
};

fn list(members: &str) -> String {
    format!("<Objects xsi:type=\"List\">{members}</Objects>")
}

/// A contact with a number of its own, on these lists.
fn contact(key: &str, at: u32, email: &str, lists: &str) -> String {
    subscriber(&format!(
        "{email}<Attributes><Name>Phone</Name><Value>{}</Value></Attributes><SubscriberKey>{key}</SubscriberKey>{lists}",
        number(at)
    ))
}

fn on(list: &str) -> String {
    format!("<Lists>{list}</Lists>")
}

fn ok(answer: &Answer) -> Row {
    let row = row(answer);
    assert_eq!(row.status, "OK", "{row:?}");
    row
}

fn refused(answer: &Answer, code: i64, part: &str) {
    let row = row(answer);
    assert!(row.status == "Error" && row.code == Some(code) && row.message.contains(part), "{row:?}");
}

/// What was asked last: its path behind the base, and its body or its id.
async fn last(world: &World) -> (String, Value) {
    let entry = world.system.requests().await.pop().expect("something was asked");
    assert_eq!(entry["accepted"], true, "{entry:#}");
    let path = entry["path"].as_str().unwrap();
    let path = path.strip_prefix("/openapi/v1.0/").or(path.strip_prefix("/v1/businesses/business-1/")).unwrap();
    let said = if entry["json"].is_null() { entry["query"]["id"].clone() } else { entry["json"].clone() };
    (path.to_owned(), said)
}

#[tokio::test]
async fn a_list_is_a_phonebook_from_its_making_to_its_end() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    let make = list("<CustomerKey>Readers</CustomerKey><ListName>Our readers</ListName>");
    let made = world.patiently(world.create("", &make)).await;
    let id = ok(&made).new_id.unwrap();
    let expected = json!({"name": "Our readers", "member_select": "sel_specific"});
    assert_eq!(last(&world).await, ("phonebook/create".to_owned(), expected));
    assert_eq!(made.text("CreateResponse/Results/Object/ID").as_deref(), Some(id.as_str()), "{}", made.body);
    assert_eq!(world.values("List", "ListName", "").await, Vec::<String>::new(), "it is there alone");
    // The second of that key, in other letters, is told without a request; so is what is not known.
    let again = list("<CustomerKey>READERS</CustomerKey><ListName>Others</ListName>");
    refused(&world.create("", &again).await, 4_000_013, "READERS");
    refused(&world.create("", &list("<CustomerKey>new</CustomerKey>")).await, 4_000_005, "ListName");
    for unknown in ["<ID>999</ID>", "<CustomerKey>no</CustomerKey>", "<ObjectID>a-guid</ObjectID>"] {
        refused(&world.delete(&list(unknown)).await, 4_000_012, "List ");
    }
    refused(
        &world.update(&list(&format!("<CustomerKey>no</CustomerKey><ID>{id}</ID>"))).await,
        4_000_005,
        "known as Readers",
    );
    assert_eq!(world.system.requests().await.len(), 1);
    // Its name, by either; and the PBX's own word on a name that is another's.
    let number: i64 = id.parse().unwrap();
    ok(&world.patiently(world.update(&list(&format!("<ID>{id}</ID><ListName>Readers</ListName>")))).await);
    assert_eq!(last(&world).await, ("phonebook/update".to_owned(), json!({"id": number, "name": "Readers"})));
    let renamed = list("<CustomerKey>readers</CustomerKey><ListName>Friends</ListName>");
    ok(&world.patiently(world.create(&save("UpdateAdd"), &renamed)).await);
    assert_eq!(last(&world).await.0, "phonebook/update");
    let same = list("<ListName>Friends</ListName>");
    refused(&world.patiently(world.create("", &same)).await, 2_040_003, "DUPLICATE");
    // Gone by its ID, and forgotten.
    ok(&world.patiently(world.delete(&list(&format!("<ID>{id}</ID>")))).await);
    assert_eq!(last(&world).await, ("phonebook/delete".to_owned(), json!(id)));
    refused(&world.delete(&list("<CustomerKey>readers</CustomerKey>")).await, 4_000_012, "readers");
    // Without a CustomerKey its name is what it is known by.
    ok(&world.patiently(world.create("", &same)).await);
    let gone = ok(&world.patiently(world.delete(&list("<CustomerKey>friends</CustomerKey>"))).await);
    assert!(gone.message.contains("accepted"), "{gone:?}");
}

#[tokio::test]
async fn subscribers_stand_in_the_phonebooks_that_are_their_lists() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    let make = |key: &str| list(&format!("<CustomerKey>{key}</CustomerKey><ListName>{key}</ListName>"));
    let made = world.patiently(world.create("", &[make("red"), make("blue")].concat())).await;
    let ids: Vec<i64> = rows(&made).iter().map(|row| row.new_id.as_ref().unwrap().parse().unwrap()).collect();
    // One who is there alone, one who is kept here too; by key, by ID, and by the List in the entry.
    let both = format!("{}{}", on("<CustomerKey>Red</CustomerKey>"), on(&format!("<List><ID>{}</ID></List>", ids[1])));
    let ann = ok(&world.patiently(world.create("", &contact("ann", 1, "", &both))).await).new_id.unwrap();
    assert_eq!(last(&world).await.1["phonebook_id_list"], json!(ids));
    let email = "<EmailAddress>bob@example.com</EmailAddress>";
    let red = on("<CustomerKey>red</CustomerKey>");
    let bob = ok(&world.patiently(world.create("", &contact("bob", 2, email, &red))).await).new_id.unwrap();
    assert_eq!(last(&world).await.1["phonebook_id_list"], json!([ids[0]]));
    assert_eq!(world.values("Subscriber", "SubscriberKey", "").await, ["bob"]);
    let before = world.system.requests().await.len();
    // What cannot be done so is an error and never a request.
    let lost = on("<ID>4711</ID>");
    refused(&world.create("", &contact("cy", 3, "", &lost)).await, 13_000, "4711");
    refused(&world.create("", &contact("cy", 3, email, &lost)).await, 13_000, "4711");
    let off = on("<CustomerKey>red</CustomerKey><Action>delete</Action>");
    refused(&world.create("", &contact("cy", 3, "", &off)).await, 4_000_004, "not taken out");
    refused(&world.update(&contact("ann", 1, "", &red)).await, 4_000_004, "Update of its List");
    let stranger = list("<CustomerKey>red</CustomerKey><Subscribers><SubscriberKey>zed</SubscriberKey></Subscribers>");
    refused(&world.update(&stranger).await, 4_000_006, "zed");
    assert_eq!(world.system.requests().await.len(), before);
    // Those who are there are put in by the List.
    let in_it = |key: &str| format!("<Subscribers><SubscriberKey>{key}</SubscriberKey></Subscribers>");
    let members = list(&format!("<CustomerKey>blue</CustomerKey>{}{}", in_it("ann"), in_it("Bob")));
    ok(&world.patiently(world.update(&members)).await);
    let contacts: Vec<i64> = [ann, bob].iter().map(|id| id.parse().unwrap()).collect();
    let expected = json!({"id": ids[1], "add_contacts_id_list": contacts});
    assert_eq!(last(&world).await, ("phonebook/update".to_owned(), expected));
    let green = list(&format!("<ListName>green</ListName>{}", in_it("ann")));
    ok(&world.patiently(world.create("", &green)).await);
    assert_eq!(last(&world).await.1["add_contacts_id_list"], json!(contacts[..1]));
}

#[tokio::test]
async fn a_phonebook_that_somebody_has_removed_is_forgotten_when_the_pbx_says_so() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    let make = list("<CustomerKey>red</CustomerKey><ListName>red</ListName>");
    ok(&world.patiently(world.create("", &make)).await);
    world.system.will(json!([{"kind": "code", "code": "70093"}])).await;
    refused(&world.patiently(world.update(&make)).await, 2_070_093, "PHONEBOOK");
    refused(&world.update(&make).await, 4_000_012, "red");
}

#[tokio::test]
async fn a_definition_or_a_mail_is_a_template_that_waits_for_its_approval() {
    if !python() {
        return;
    }
    let world = World::new(CONNECTLY).await;
    let category = extra("Category", "utility");
    let definition = |key: &str, more: &str| {
        format!(
            "<Objects xsi:type=\"TriggeredSendDefinition\">{more}<CustomerKey>{key}</CustomerKey><Name>{key}</Name></Objects>"
        )
    };
    let text = extra("Body", "Thanks for your order.");
    let made = ok(&world.patiently(world.create("", &definition("order_1", &format!("{category}{text}")))).await);
    assert_eq!(made.message, "[connectly] accepted; the template is PENDING");
    assert!(made.new_object.is_some_and(|id| id.starts_with("10000")), "the id of the template");
    let expected = json!({
        "name": "order_1", "language": {"code": "en"}, "category": "MESSAGE_TEMPLATE_GROUP_CATEGORY_UTILITY",
        "template_components": [{"body": {"text": {"text": "Thanks for your order."}}}],
    });
    assert_eq!(last(&world).await, ("create/template".to_owned(), expected));
    assert_eq!(world.values("TriggeredSendDefinition", "CustomerKey", "").await, ["order_1"], "it is kept here too");
    // What follows is done here; what would change the template cannot be done.
    let active = definition("order_1", "").replace("<Name>", "<TriggeredSendStatus>Active</TriggeredSendStatus><Name>");
    ok(&world.update(&active).await);
    refused(&world.update(&definition("order_1", &text)).await, 4_000_004, "Update of TriggeredSendDefinition");
    // The same again is refused here before anything leaves; another with the name of a template by Connectly.
    assert_eq!(row(&world.create("", &definition("order_1", &format!("{category}{text}"))).await).status, "Error");
    let named = extra("Template", "order_1");
    let taken = world.patiently(world.create("", &definition("order_2", &format!("{category}{text}{named}")))).await;
    refused(&taken, 3_000_108, "CONFLICT");
    // A mail with its text, and one that says all by itself.
    let mail = |members: &str| format!("<Objects xsi:type=\"Email\">{members}</Objects>");
    let text = format!(
        "{category}<CustomerKey>news</CustomerKey><Name>News</Name><TextBody>Hello</TextBody><Subject>s</Subject>"
    );
    ok(&world.patiently(world.create("", &mail(&text))).await);
    assert_eq!(last(&world).await.1["template_components"][0]["body"]["text"]["text"], "Hello");
    let components = json!([{"header": {"media": {"type": "TYPE_IMAGE", "example": ["https://example.com/a.png"]}}},
                            {"body": {"text": {"text": "Hi {{1}}", "example": ["Ann"]}}}]);
    let whole = format!(
        "{category}{}<CustomerKey>rich</CustomerKey><Name>Rich</Name>",
        extra("Components", &components.to_string())
    );
    ok(&world.patiently(world.create("", &mail(&whole))).await);
    assert_eq!(last(&world).await.1["template_components"], components);
    // Rejected at once: an error with what Connectly says.
    world.system.set(json!({"rejected": ["bad"]})).await;
    let bad = world.patiently(world.create("", &mail(&whole.replace(">rich<", ">bad<")))).await;
    refused(&bad, 3_900_000, "the template is REJECTED: INVALID_FORMAT");
    assert!(row(&bad).message.contains("MESSAGE_TEMPLATE_STATUS_REJECTED"), "{}", bad.body);
    for (members, code, part) in [
        ("<CustomerKey>x</CustomerKey><TextBody>t</TextBody>".to_owned(), 4_000_005, "Category"),
        (format!("{}<CustomerKey>x</CustomerKey>", extra("Category", "news")), 4_000_005, "`news`"),
        (format!("{category}<CustomerKey>x</CustomerKey><HTMLBody>t</HTMLBody>"), 4_000_003, "no HTML"),
        (format!("{category}<TextBody>t</TextBody>"), 4_000_005, "a name"),
        (format!("{category}<CustomerKey>x</CustomerKey><TextBody>Hi %%who%%</TextBody>"), 4_000_007, "who"),
        (format!("{category}{}<CustomerKey>x</CustomerKey>", extra("Components", "{}")), 4_000_005, "JSON list"),
    ] {
        refused(&world.create("", &mail(&members)).await, code, part);
    }
}

#[tokio::test]
async fn marks_of_a_template_have_the_places_of_the_parameters() {
    if !python() {
        return;
    }
    let world = World::with(CONNECTLY, |connector| {
        connector.defaults.parameters = vec!["FirstName".to_owned(), "Order".to_owned()];
    })
    .await;
    let mail = format!(
        "<Objects xsi:type=\"Email\">{}<CustomerKey>k</CustomerKey><Name>k</Name><TextBody>%%order%% of %%FirstName%% and %%Order%%</TextBody></Objects>",
        extra("Category", "MARKETING")
    );
    ok(&world.patiently(world.create("", &mail)).await);
    let text = "{{2}} of {{1}} and {{2}}";
    assert_eq!(last(&world).await.1["template_components"], json!([{"body": {"text": {"text": text}}}]));
}

#[tokio::test]
async fn a_type_that_a_route_names_and_its_system_does_not_know_is_an_error() {
    if !python() {
        return;
    }
    let system = crate::system::System::start(SALESFORCE);
    let connector = crate::house::connector(SALESFORCE, system.addr, "http");
    let world = World::of(system, connector, |parts| {
        let mut connectors = (*parts.connectors).clone();
        connectors.routes[0].kinds.extend(["List", "Email", "TriggeredSendDefinition"].map(str::to_owned));
        parts.connectors = std::sync::Arc::new(connectors);
    })
    .await;
    for (object, what) in [
        (list("<ListName>red</ListName>"), "Create of List"),
        ("<Objects xsi:type=\"Email\"><Name>m</Name></Objects>".to_owned(), "Create of Email"),
        (
            "<Objects xsi:type=\"TriggeredSendDefinition\"><Name>m</Name></Objects>".to_owned(),
            "Create of TriggeredSendDefinition",
        ),
    ] {
        refused(&world.create("", &object).await, 4_000_004, what);
    }
    assert!(world.system.log(0).await.is_empty());
    assert_eq!(world.values("List", "ListName", "").await, Vec::<String>::new());
}
