//! Perform, Configure, Schedule and Extract: what is written down, and what is refused.

use envoi::message::Operation::{Configure, Extract, GetSystemStatus, Perform, Retrieve, Schedule, VersionInfo};

use super::house::{House, simple};

#[test]
fn a_performed_activity_is_recorded_as_a_job_that_can_be_retrieved() {
    let mut house = House::new();
    house.create(
        "<Objects xsi:type='QueryDefinition'><CustomerKey>q</CustomerKey><Name>q</Name></Objects>\
         <Objects xsi:type='EmailSendDefinition'><CustomerKey>e</CustomerKey><Name>e</Name></Objects>",
    );
    let answer = house.send(
        Perform,
        "<Options/><Action>Start</Action><Definitions><Definition xsi:type='QueryDefinition'><CustomerKey>q</CustomerKey></Definition>\
         <Definition xsi:type='EmailSendDefinition'><CustomerKey>e</CustomerKey></Definition>\
         <Definition xsi:type='ImportDefinition'><ObjectID>x</ObjectID></Definition><Definition xsi:type='Nothing'/>\
         <Definition xsi:type='Subscriber'><SubscriberKey>s</SubscriberKey></Definition></Definitions>",
    );
    assert!(
        answer.starts_with(
            "<PerformResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Results><Result><StatusCode>OK</StatusCode>\
             <StatusMessage>QueryDefinition perform called successfully</StatusMessage>\
             <Object xsi:type=\"QueryDefinition\"><PartnerKey xsi:nil=\"true\" />\
             <ObjectID xsi:nil=\"true\" /><CustomerKey>q</CustomerKey></Object><Task><StatusCode>OK</StatusCode>\
             <StatusMessage>OK</StatusMessage><ID>"
        ),
        "{answer}"
    );
    for there in [
        "The Perform method is not supported for the EmailSendDefinition object",
        "Exception occurred during [Perform]: ImportDefinition not found",
        "This operation does not support the APIObject of type [Nothing]",
        "The Perform method is not supported for the Subscriber object",
        "<OverallStatus>Has Errors</OverallStatus>",
    ] {
        assert!(answer.contains(there), "{there}: {answer}");
    }
    let task = answer.split("<ID>").nth(1).and_then(|rest| rest.split('<').next()).expect("a job number").to_owned();
    let (_, found) = house.retrieve("AsyncRequestResult", &["ID", "Status"], &simple("ID", "equals", &[&task]));
    assert_eq!(found, [format!("{task}|Recorded")]);
    let none = house.send(Perform, "<Action>start</Action>");
    assert!(none.contains("No object specified at 0-based index 0"), "{none}");
}

const WHEN: &str = "<Schedule><RecurrenceType>Minutely</RecurrenceType><RecurrenceRangeType>EndAfter</RecurrenceRangeType>\
                    <StartDateTime>2030-01-02T03:04:05Z</StartDateTime><Occurrences>1</Occurrences></Schedule>";

#[test]
fn a_schedule_is_kept_where_it_has_a_place() {
    let mut house = House::new();
    house.create(
        "<Objects xsi:type='Automation'><CustomerKey>a</CustomerKey><Name>a</Name></Objects>\
         <Objects xsi:type='EmailSendDefinition'><CustomerKey>e</CustomerKey><Name>e</Name></Objects>",
    );
    let schedule = |what: &str, kind: &str, key: &str, action: &str| {
        format!(
            "<Options/><Action>{action}</Action>{what}<Interactions><Interaction xsi:type='{kind}'><CustomerKey>{key}</CustomerKey></Interaction></Interactions>"
        )
    };
    let answer = house.send(Schedule, &schedule(WHEN, "Automation", "a", "start"));
    for there in [
        "<StatusCode>OK</StatusCode><StatusMessage>Program scheduled.</StatusMessage><Object",
        "<RecurrenceType>Minutely</RecurrenceType><RecurrenceRangeType>EndAfter</RecurrenceRangeType><StartDateTime>2030-01-02T03:04:05Z</StartDateTime><Occurrences>1</Occurrences></Object><Task>",
        "<OverallStatus>OK</OverallStatus><OverallStatusMessage />",
    ] {
        assert!(answer.contains(there), "{there}: {answer}");
    }
    let later = simple("Schedule.StartDateTime", "greaterThan", &["2030-01-01"]);
    let (_, found) = house.retrieve("Automation", &["CustomerKey", "Schedule.RecurrenceType"], &later);
    assert_eq!(found, ["a|Minutely"]);
    for (request, error) in [
        (
            schedule(WHEN, "EmailSendDefinition", "e", "start"),
            "Cannot perform Schedule on objects of type EmailSendDefinition",
        ),
        (schedule(WHEN, "Automation", "none", "start"), "[Schedule]: Automation not found"),
        (schedule("", "Automation", "a", "start"), "[Schedule]: no Schedule is given"),
        (schedule(WHEN, "Automation", "a", "pause"), "[Schedule]: Action is &quot;pause&quot;, expected start"),
        (schedule("<Schedule><Occurrences>many</Occurrences></Schedule>", "Automation", "a", "start"), "many"),
    ] {
        let answer = house.send(Schedule, &request).replace('"', "&quot;");
        assert!(answer.contains(error) && answer.contains("<OverallStatus>Error<"), "{error}: {answer}");
    }
}

#[test]
fn profile_attributes_are_configured() {
    let mut house = House::new();
    let configure = |action: &str, kind: &str, members: &str| {
        format!(
            "<Options/><Action>{action}</Action><Configurations><Configuration xsi:type='{kind}'>{members}</Configuration></Configurations>"
        )
    };
    let members = "<CustomerKey>shoe</CustomerKey><Name>Shoe Size</Name><PropertyType>string</PropertyType>";
    let answer = house.send(Configure, &configure("create", "PropertyDefinition", members));
    assert!(
        answer.contains("<StatusMessage>PropertyDefinition created</StatusMessage><OrdinalID>0</OrdinalID>"),
        "{answer}"
    );
    assert!(!answer.contains("NewID"), "{answer}");
    assert_eq!(house.values("PropertyDefinition", "Name", ""), ["Shoe Size"]);
    for (action, kind, error) in [
        ("create", "PropertyDefinition", "shoe already exists"),
        ("paint", "PropertyDefinition", "expected create, update or delete"),
        ("create", "Email", "Cannot perform Configure on objects of type Email"),
        ("create", "AccountUser", "AccountUser has no BusinessUnitAssignmentConfiguration"),
    ] {
        let answer = house.send(Configure, &configure(action, kind, members));
        assert!(answer.contains(error) && answer.contains("<OverallStatus>Error<"), "{error}: {answer}");
    }
    house.send(Configure, &configure("delete", "PropertyDefinition", members));
    assert!(house.values("PropertyDefinition", "Name", "").is_empty());
}

#[test]
fn extracts_are_refused_in_their_shape() {
    let mut house = House::new();
    let answer = house.send(Extract, "<Requests xsi:type='ExtractRequest'><ID>c7219016</ID><Options/></Requests>");
    assert_eq!(
        answer,
        "<ExtractResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><OverallStatus>Error</OverallStatus>\
         <RequestID>R1</RequestID><Results><ExtractResult><StatusCode>Error</StatusCode><StatusMessage>Cannot perform Extract \
         c7219016: this server has no such data extract</StatusMessage><OrdinalID>0</OrdinalID><ErrorCode>5</ErrorCode>\
         </ExtractResult></Results></ExtractResponseMsg>"
    );
}

#[test]
fn the_server_tells_of_itself() {
    let mut house = House::new();
    let status = house.send(GetSystemStatus, "<Options/>");
    assert!(status.contains("<SystemStatus>OK</SystemStatus><Outages />"), "{status}");
    let short = house.send(VersionInfo, "<IncludeVersionHistory>false</IncludeVersionHistory>");
    let long = house.send(VersionInfo, "<IncludeVersionHistory>true</IncludeVersionHistory>");
    assert!(short.contains("<VersionInfo><Version>1.5</Version>") && !short.contains("VersionHistory"), "{short}");
    assert!(long.contains("<VersionHistory><Version>1.5</Version>"), "{long}");
    let tree = envoi::object::read(
        super::house::envelope("VersionInfoRequestMsg", "<IncludeVersionHistory>perhaps</IncludeVersionHistory>"),
        &super::caller::schema(),
        &envoi::object::Limits::default(),
    )
    .unwrap();
    let message = super::house::call(VersionInfo, &tree).message;
    let fault = envoi::backend::status::version_info(message, "R").unwrap_err();
    assert!(
        fault.text.contains("IncludeVersionHistory is \"perhaps\", expected true or false (line 1,"),
        "{}",
        fault.text
    );
    assert!(house.send(Retrieve, "").contains("Error: "));
}
