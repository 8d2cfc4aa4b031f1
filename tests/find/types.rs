//! What can be retrieved, and as what.

use envoi::message::Operation::{Query, Retrieve, Update};

use super::house::{House, part, simple, subscriber};

#[test]
fn only_what_is_asked_for_and_there_comes_back() {
    let mut house = House::new();
    house.create(&subscriber("ada", ""));
    let answer = house.send(
        Retrieve,
        "<RetrieveRequest><ObjectType>Subscriber</ObjectType><Properties>SubscriberKey</Properties>\
         <Properties>UnsubscribedDate</Properties><Properties>Client.ID</Properties></RetrieveRequest>",
    );
    assert_eq!(
        answer,
        "<RetrieveResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><OverallStatus>OK</OverallStatus>\
         <RequestID>R2</RequestID><Results xsi:type=\"Subscriber\"><Client><ID>100001</ID></Client>\
         <PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" /><SubscriberKey>ada</SubscriberKey></Results>\
         </RetrieveResponseMsg>"
    );
    let answer = house.send(Retrieve, "<RetrieveRequest><ObjectType>Subscriber</ObjectType></RetrieveRequest>");
    for there in [
        "<EmailAddress>ada@example.com</EmailAddress>",
        "<Status>Active</Status>",
        "<EnterpriseID>100001</EnterpriseID>",
    ] {
        assert!(answer.contains(there), "{there}: {answer}");
    }
    // Nothing found has no Results at all.
    let answer = house.send(Retrieve, "<RetrieveRequest><ObjectType>Email</ObjectType></RetrieveRequest>");
    assert!(
        answer.ends_with("<OverallStatus>OK</OverallStatus><RequestID>R4</RequestID></RetrieveResponseMsg>"),
        "{answer}"
    );
}

#[test]
fn dotted_properties_come_back_nested() {
    let mut house = House::new();
    house.create(
        "<Objects xsi:type='DataFolder'><CustomerKey>up</CustomerKey><Name>Up</Name><ContentType>email</ContentType></Objects>\
         <Objects xsi:type='DataFolder'><CustomerKey>child</CustomerKey><ParentFolder><CustomerKey>up</CustomerKey>\
         <Name>another</Name></ParentFolder><Name>Child</Name><Description/><ContentType>email</ContentType></Objects>",
    );
    let up = house.values("DataFolder", "ID", &simple("CustomerKey", "equals", &["up"])).remove(0);
    let answer = house.send(
        Retrieve,
        &format!(
            "<RetrieveRequest><ObjectType>DataFolder</ObjectType><Properties>Name</Properties>\
             <Properties>ParentFolder.ID</Properties><Properties>ParentFolder.Name</Properties>\
             <Properties>Description</Properties>{}</RetrieveRequest>",
            simple("ParentFolder.ID", "equals", &[&up])
        ),
    );
    assert!(
        answer.contains(&format!(
            "<Results xsi:type=\"DataFolder\"><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />\
             <ParentFolder><PartnerKey xsi:nil=\"true\" /><ID>{up}</ID><ObjectID xsi:nil=\"true\" /><Name>Up</Name>\
             </ParentFolder><Name>Child</Name><Description /></Results>"
        )),
        "{answer}"
    );
}

#[test]
fn what_cannot_be_retrieved_is_told() {
    let mut house = House::new();
    house.create(&subscriber("ada", ""));
    let handler = |kind: &str| {
        format!(
            "Error: Unable to find a handler for object type: {kind}. Object types are case-sensitive, check spelling."
        )
    };
    for kind in ["subscriber", "Nothing", "APIObject", "ClientID", "DataExtensionObject", "retrieve", "batch", "member"]
    {
        assert_eq!(house.error(kind, &["ID"], ""), handler(kind));
    }
    let fields = "do not match with the fields of Subscriber retrieve";
    let table = [
        (&["ID", "X", "Y", "X"][..], "", format!("Error: The Request Property(s) X, Y {fields}")),
        (&["emailaddress"], "", format!("Error: The Request Property(s) emailaddress {fields}")),
        (&["Client.X"], "", format!("Error: The Request Property(s) Client.X {fields}")),
        (&["ID"], &simple("Nope", "equals", &["1"]), format!("Error: The Request Property(s) Nope {fields}")),
        (
            &["ID"],
            &simple("Client", "equals", &["1"]),
            "Error: The property Client is an object and cannot be filtered by".into(),
        ),
        (
            &["ID"],
            "<Retrieves><Request/></Retrieves>",
            "Error: Retrieves is not supported: send one RetrieveRequest for each object type".into(),
        ),
        (
            &["ID"],
            "<QueryAllAccounts>maybe</QueryAllAccounts>",
            "Error: QueryAllAccounts is \"maybe\", expected true or false".into(),
        ),
        (
            &["ID"],
            "<Options><RequestType>Asynchronous</RequestType></Options>",
            "Error: Retrieve is not supported with RequestType Asynchronous".into(),
        ),
        (
            &["ID"],
            "<Options><BatchSize>-1</BatchSize></Options>",
            "Error: BatchSize is \"-1\", expected a number from 1 to 2500".into(),
        ),
    ];
    for (properties, more, expected) in table {
        assert_eq!(house.error("Subscriber", properties, more), expected);
    }
    let many = "<Properties>ID</Properties>".repeat(2049);
    assert_eq!(house.error("Subscriber", &["ID"], &many), "Error: The request has more than 2048 Properties");
    let part = format!("<Operand>{}</Operand>", part("ID", "isNull", &[]));
    let one = part.replace("Operand>", "LeftOperand>") + "<LogicalOperator>OR</LogicalOperator>";
    let filter = format!("<Filter>{one}<AdditionalOperands>{}</AdditionalOperands></Filter>", part.repeat(1000));
    assert_eq!(house.error("Subscriber", &["ID"], &filter), "Error: The Filter has more than 1000 conditions");
    assert_eq!(house.error("DataExtensionObject[none]", &["A"], ""), "Error: Data extension not found: none");
    assert_eq!(house.send(Retrieve, "<RetrieveRequest/>").matches("Error: The request has no ObjectType").count(), 1);
    assert_eq!(house.send(Retrieve, "").matches("Error: The request has no ObjectType").count(), 1);
}

#[test]
fn a_query_is_a_retrieve_in_other_words() {
    let mut house = House::new();
    house.create(&(subscriber("ada", "") + &subscriber("grace", "")));
    let query = |more: &str| {
        format!(
            "<QueryRequest><Query><Object><ObjectType>Subscriber</ObjectType><Properties>SubscriberKey</Properties>{more}\
             </Object><Filter xsi:type='SimpleFilterPart'>{}</Filter></Query></QueryRequest>",
            part("SubscriberKey", "like", &["g%"])
        )
    };
    let answer = house.send(Query, &query(""));
    assert!(
        answer.starts_with("<QueryResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><OverallStatus>OK"),
        "{answer}"
    );
    assert!(answer.contains("<SubscriberKey>grace</SubscriberKey>") && !answer.contains("ada"), "{answer}");
    let nested = house.send(Query, &query("<Objects><ObjectType>List</ObjectType></Objects>"));
    assert!(
        nested.contains("<OverallStatus>Error: A Query over more than one object type is not supported<"),
        "{nested}"
    );
}

#[test]
fn members_of_lists_are_found_by_list_and_by_subscriber() {
    let mut house = House::new();
    let made =
        house.create("<Objects xsi:type='List'><CustomerKey>news</CustomerKey><ListName>News</ListName></Objects>");
    let list = made.split("<NewID>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    let on = format!("<Lists><ID>{list}</ID></Lists>");
    house.create(&(subscriber("ada", &on) + &subscriber("grace", &on) + &subscriber("alan", "")));
    house.send(
        Update,
        &format!(
            "<Options/>{}",
            subscriber("ada", &format!("<Lists><ID>{list}</ID><Status>Unsubscribed</Status></Lists>"))
        ),
    );
    let keys = |house: &mut House, filter: &str| house.values("ListSubscriber", "SubscriberKey", filter);
    assert_eq!(keys(&mut house, &simple("ListID", "equals", &[&list])), ["ada", "grace"]);
    assert_eq!(keys(&mut house, &simple("Status", "equals", &["Unsubscribed"])), ["ada"]);
    // Both are on All Subscribers too.
    let filter = simple("SubscriberKey", "IN", &["GRACE", "alan"]);
    assert_eq!(keys(&mut house, &filter), ["grace", "grace", "alan"]);
    assert_eq!(keys(&mut house, ""), ["ada", "ada", "grace", "grace", "alan"]);
    for (size, lists) in [(1, 5), (2, 3), (3, 2), (4, 2), (5, 1)] {
        let (mut seen, mut batches) = (Vec::new(), 0);
        let mut more = format!(
            "<RetrieveRequest><ObjectType>ListSubscriber</ObjectType><Properties>SubscriberKey</Properties><Options><BatchSize>{size}</BatchSize></Options></RetrieveRequest>"
        );
        loop {
            let answer = house.send(Retrieve, &more);
            let (status, found) = super::house::parts(&answer, &["SubscriberKey"]);
            seen.extend(found);
            batches += 1;
            if status == "OK" {
                break;
            }
            let id = answer.split("<RequestID>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
            more = format!("<RetrieveRequest><ContinueRequest>{id}</ContinueRequest></RetrieveRequest>");
        }
        assert_eq!((seen.len(), batches), (5, lists), "{size}: {seen:?}");
    }
}

#[test]
fn no_place_on_a_list_is_passed_over_when_subscribers_are_large() {
    let mut house = House::new();
    house.create("<Objects xsi:type='List'><CustomerKey>news</CustomerKey><ListName>News</ListName></Objects>");
    let text = "x".repeat(700_000);
    for n in 0..12 {
        let members = format!(
            "<Attributes><Name>Long</Name><Value>{text}</Value></Attributes><Lists><CustomerKey>news</CustomerKey></Lists>"
        );
        house.create(&subscriber(&format!("s{n}"), &members));
    }
    // Each is on that list and on All Subscribers.
    assert_eq!(house.values("ListSubscriber", "SubscriberKey", "").len(), 24);
}

#[test]
fn fields_are_found_by_their_data_extension() {
    let mut house = House::new();
    for (key, fields) in [("one", &["A", "B"][..]), ("two", &["C", "A"])] {
        let fields: String = fields
            .iter()
            .map(|name| format!("<Field><Name>{name}</Name><FieldType>Text</FieldType></Field>"))
            .collect();
        house.create(&format!(
            "<Objects xsi:type='DataExtension'><CustomerKey>{key}</CustomerKey><Name>Table {key}</Name><Fields>{fields}</Fields></Objects>"
        ));
    }
    let filter = simple("DataExtension.CustomerKey", "equals", &["TWO"]);
    let (status, found) = house.retrieve(
        "DataExtensionField",
        &["Name", "DataExtension.CustomerKey", "CustomerKey", "FieldType"],
        &filter,
    );
    assert_eq!(
        (status.as_str(), found),
        ("OK", vec!["C|two|[two].[C]|Text".to_owned(), "A|two|[two].[A]|Text".to_owned()])
    );
    assert_eq!(house.values("DataExtensionField", "Name", ""), ["A", "B", "C", "A"]);
    assert_eq!(
        house.values("DataExtensionField", "DataExtension.Name", &simple("Name", "equals", &["a"])),
        ["Table one", "Table two"]
    );
    let (status, found) =
        house.retrieve("DataExtensionField", &["Name"], "<Options><BatchSize>3</BatchSize></Options>");
    assert_eq!((status.as_str(), found.len()), ("MoreDataAvailable", 3));
    let rest = house.send(Retrieve, "<RetrieveRequest><ContinueRequest>R6</ContinueRequest></RetrieveRequest>");
    assert_eq!(super::house::parts(&rest, &["Name"]), ("OK".to_owned(), vec!["A".to_owned()]));
}
