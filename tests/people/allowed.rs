//! What a caller who is allowed little can do: nothing more by SaveOptions, or through objects inside others.

use envoi::message::Operation::{Create, Delete, Update};

use super::house::{ACCOUNT, House, list, object, save, subscriber};

const ADA: &str = "<SubscriberKey>ada</SubscriberKey><EmailAddress>ada@example.com</EmailAddress>";

#[test]
fn a_save_option_allows_nothing() {
    let kinds = [
        ("Subscriber", subscriber(ADA)),
        ("List", list("<CustomerKey>a</CustomerKey><ListName>A</ListName>")),
        ("Email", object("Email", "<CustomerKey>a</CustomerKey><Name>A</Name>")),
        ("Portfolio", object("Portfolio", "<CustomerKey>a</CustomerKey>")),
        (
            "DataExtension",
            object(
                "DataExtension",
                "<CustomerKey>a</CustomerKey><Name>a</Name><Fields><Field><Name>K</Name>\
                 <IsPrimaryKey>true</IsPrimaryKey><MaxLength>9</MaxLength></Field></Fields>",
            ),
        ),
        (
            "DataExtensionField",
            object(
                "DataExtensionField",
                "<DataExtension><CustomerKey>a</CustomerKey></DataExtension><Name>V</Name><FieldType>Text</FieldType>",
            ),
        ),
        (
            "DataExtensionObject",
            object(
                "DataExtensionObject",
                "<CustomerKey>a</CustomerKey><Properties><Property><Name>K</Name><Value>1</Value></Property></Properties>",
            ),
        ),
    ];
    let mut house = House::new();
    for (kind, made) in kinds {
        let refused = |operation| format!("5 Cannot perform {operation} on objects of type {kind}");
        house.allow(&["Update"], None);
        assert_eq!(house.one(Update, &(save("UpdateAdd") + &made)), refused("Create"));
        house.allow(&["Create"], None);
        assert!(house.one(Create, &made).starts_with("OK "), "{kind}");
        for (action, operation) in [("UpdateAdd", "Update"), ("UpdateOnly", "Update"), ("Delete", "Delete")] {
            assert_eq!(house.one(Create, &(save(action) + &made)), refused(operation), "{action}");
        }
        assert_eq!(house.one(Delete, &made), refused("Delete"));
        house.allow(&["Create", "Update", "Delete"], None);
        assert!(house.one(Create, &(save("UpdateAdd") + &made)).starts_with("OK "), "{kind}");
    }
}

#[test]
fn a_list_does_not_bring_subscribers_that_the_caller_may_not_make() {
    let mut house = House::new();
    house.create(&subscriber(ADA));
    house.allow(&["Create"], Some(&["List"]));
    let with = |who: &str| list(&format!("<ListName>A</ListName><Subscribers>{who}</Subscribers>"));
    let bob = "<SubscriberKey>bob</SubscriberKey><EmailAddress>bob@example.com</EmailAddress>";
    assert_eq!(house.one(Create, &with(bob)), "5 Cannot perform Create on objects of type Subscriber");
    // Nobody is made by putting him on a list.
    let id = house.create(&with(ADA));
    assert_eq!(house.members(id), ["ada Active"]);
    assert_eq!(house.all(ACCOUNT, "Subscriber").len(), 1);
}
