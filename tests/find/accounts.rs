//! In which accounts is looked, by whom; BusinessUnit and AccountUser.

use envoi::message::Operation::{Configure, Create, Retrieve};

use super::house::{ACCOUNT, House, UNIT, parts, simple, subscriber};

/// One subscriber in each account.
fn house() -> House {
    let mut house = House::new();
    house.create(&(subscriber("ada", "") + &subscriber("grace", &format!("<Client><ID>{UNIT}</ID></Client>"))));
    house
}

#[test]
fn the_constructor_of_the_c_sharp_sdk_gets_its_row() {
    let mut house = House::new();
    house.act_for(UNIT);
    let answer = house.send(
        Retrieve,
        "<RetrieveRequest><ObjectType>BusinessUnit</ObjectType><Properties>ID</Properties>\
         <Properties>Client.EnterpriseID</Properties></RetrieveRequest>",
    );
    assert!(
        answer.contains(
            "<OverallStatus>OK</OverallStatus><RequestID>R1</RequestID><Results xsi:type=\"BusinessUnit\"><Client>\
             <EnterpriseID>100001</EnterpriseID></Client><PartnerKey xsi:nil=\"true\" /><ID>100002</ID>\
             <ObjectID xsi:nil=\"true\" /></Results></RetrieveResponseMsg>"
        ),
        "{answer}"
    );
}

#[test]
fn all_accounts_and_named_ones() {
    let mut house = house();
    let keys = |house: &mut House, more: &str| house.retrieve("Subscriber", &["SubscriberKey", "Client.ID"], more);
    let ok = |found: &[&str]| ("OK".to_owned(), found.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let (ada, grace) = ("ada|100001", "grace|100002");
    let client = |id: u64| format!("<ClientIDs><ID>{id}</ID></ClientIDs>");
    assert_eq!(keys(&mut house, ""), ok(&[ada]));
    assert_eq!(keys(&mut house, &client(UNIT)), ok(&[grace]));
    assert_eq!(keys(&mut house, &(client(UNIT) + &client(ACCOUNT) + &client(UNIT))), ok(&[ada, grace]));
    assert_eq!(keys(&mut house, "<QueryAllAccounts>true</QueryAllAccounts>"), ok(&[ada, grace]));
    assert_eq!(keys(&mut house, &format!("<Options><Client><ID>{UNIT}</ID></Client></Options>")), ok(&[grace]));
    assert_eq!(
        keys(&mut house, "<QueryAllAccounts>true</QueryAllAccounts><Options><BatchSize>1</BatchSize></Options>").0,
        "MoreDataAvailable"
    );
    let rest = house.send(Retrieve, "<RetrieveRequest><ContinueRequest>R7</ContinueRequest></RetrieveRequest>");
    assert_eq!(parts(&rest, &["SubscriberKey"]), ("OK".to_owned(), vec!["grace".to_owned()]));
    assert_eq!(
        house.error("Subscriber", &["ID"], &client(7)),
        "Error: API Permission Failed. The user does not have access to account 7"
    );
    house.enter("other");
    let failed = format!("Error: API Permission Failed. The user does not have access to account {UNIT}");
    assert_eq!(house.error("Subscriber", &["ID"], &client(UNIT)), failed);
    // All accounts are those that one may act for.
    assert_eq!(keys(&mut house, "<QueryAllAccounts>true</QueryAllAccounts>"), ok(&[ada]));
    house.enter("little");
    let failed = "Error: API Permission Failed. The user may not Retrieve objects of type Subscriber";
    assert_eq!(house.error("Subscriber", &["ID"], ""), failed);
    assert_eq!(house.values("List", "ListName", ""), ["All Subscribers"]);
}

#[test]
fn business_units_are_the_configured_accounts() {
    let mut house = House::new();
    let properties = ["ID", "Name", "AccountType", "ParentID", "ParentName", "CustomerKey", "Client.ID"];
    let all = "<QueryAllAccounts>true</QueryAllAccounts>";
    let (_, found) = house.retrieve("BusinessUnit", &properties, all);
    assert_eq!(
        found,
        [
            "100001|Account 100001|ENTERPRISE_2|0||100001|100001",
            "100002|Account 100002|BUSINESS_UNIT|100001|Account 100001|100002|100002",
        ]
    );
    assert_eq!(
        house.values("Account", "Name", &format!("{all}{}", simple("ParentID", "equals", &["100001"]))),
        ["Account 100002"]
    );
    let refused = house.send(Create, "<Objects xsi:type='BusinessUnit'><Name>New</Name></Objects>");
    assert!(refused.contains("<ErrorCode>5</ErrorCode>"), "{refused}");
}

#[test]
fn users_are_shown_with_what_was_assigned() {
    let mut house = House::new();
    let (_, found) = house.retrieve("AccountUser", &["UserID", "Delete", "IsAPIUser"], "");
    let mut names = found.clone();
    names.sort();
    assert_eq!(names, ["demo|0|true", "little|0|true", "other|0|true"]);
    let units = |house: &mut House| {
        let answer = house.send(
            Retrieve,
            &format!("<RetrieveRequest><ObjectType>AccountUser</ObjectType><Properties>AssociatedBusinessUnits</Properties>{}</RetrieveRequest>", simple("UserID", "equals", &["other"])),
        );
        answer.split("<ID>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(units(&mut house), ["100001"]);
    let id = house.values("AccountUser", "ID", &simple("UserID", "equals", &["other"])).remove(0);
    let configure = |user: &str, unit: u64, delete: bool| {
        format!(
            "<Options/><Action>add</Action><Configurations><Configuration xsi:type='AccountUser'>{user}<Delete>0</Delete>\
             <BusinessUnitAssignmentConfiguration><BusinessUnitIds><BusinessUnitId>{unit}</BusinessUnitId></BusinessUnitIds>\
             <IsDelete>{delete}</IsDelete></BusinessUnitAssignmentConfiguration></Configuration></Configurations>"
        )
    };
    let answer = house.send(Configure, &configure(&format!("<ID>{id}</ID>"), UNIT, false));
    assert_eq!(
        answer,
        format!(
            "<ConfigureResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Results><Result><StatusCode>OK</StatusCode>\
             <StatusMessage>User Business Unit assignments successfully updated</StatusMessage><OrdinalID>0</OrdinalID>\
             <Object xsi:type=\"AccountUser\"><PartnerKey xsi:nil=\"true\" /><ID>{id}</ID><ObjectID xsi:nil=\"true\" />\
             <Delete>0</Delete></Object></Result></Results><OverallStatus>OK</OverallStatus><OverallStatusMessage />\
             <RequestID>R4</RequestID></ConfigureResponseMsg>"
        )
    );
    assert_eq!(units(&mut house), ["100001", "100002"]);
    house.send(Configure, &configure("<UserID>other</UserID>", ACCOUNT, true));
    assert_eq!(units(&mut house), ["100002"]);
    for (user, unit, error) in [
        ("<UserID>nobody</UserID>", UNIT, "[Configure]: AccountUser not found"),
        ("<UserID>other</UserID>", 7, "The user does not have access to account 7"),
    ] {
        let answer = house.send(Configure, &configure(user, unit, false));
        assert!(answer.contains(error) && answer.contains("<OverallStatus>Error<"), "{answer}");
    }
    // What was assigned gives nobody a right.
    house.enter("other");
    assert!(
        house
            .error("List", &["ID"], &format!("<ClientIDs><ID>{UNIT}</ID></ClientIDs>"))
            .contains("API Permission Failed")
    );
}

#[test]
fn a_reload_of_the_configuration_shows_at_once() {
    let mut house = House::new();
    assert_eq!(house.values("BusinessUnit", "Name", ""), ["Account 100001"]);
    house.reload("Branch");
    assert_eq!(house.values("BusinessUnit", "Name", ""), ["Branch 100001"]);
}
