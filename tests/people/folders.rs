//! Folders make a tree.

use envoi::message::Operation::{Create, Delete, Update};

use super::house::{ACCOUNT, House, object};

fn folder(members: &str) -> String {
    object("DataFolder", members)
}

fn new(key: &str, name: &str, parent: &str) -> String {
    folder(&format!(
        "<CustomerKey>{key}</CustomerKey><ParentFolder>{parent}</ParentFolder><Name>{name}</Name><ContentType>email</ContentType>"
    ))
}

/// Of a folder: `ID ObjectID CustomerKey Name` of its parent.
fn parent(house: &House, id: i64) -> String {
    let kept = house.kept(ACCOUNT, "DataFolder", id).unwrap();
    let text = |name: &str| kept.text(&format!("ParentFolder.{name}")).unwrap_or("-").to_owned();
    ["ID", "ObjectID", "CustomerKey", "Name"].map(text).join(" ")
}

#[test]
fn a_folder_stands_in_its_parent() {
    let house = House::new();
    let up = house.create(&new("up", "Up", "<ID>0</ID>"));
    let guid = house.kept(ACCOUNT, "DataFolder", up).unwrap().text("ObjectID").unwrap().to_owned();
    let ways = [
        format!("<ID>{up}</ID><Name>not so</Name>"),
        format!("<ObjectID>{guid}</ObjectID>"),
        "<CustomerKey>UP</CustomerKey>".to_owned(),
    ];
    let below: Vec<i64> = ways
        .iter()
        .enumerate()
        .map(|(at, way)| house.create(&new(&format!("k{at}"), &format!("N{at}"), way)))
        .collect();
    assert_eq!(parent(&house, up), "- - - -");
    for id in &below {
        assert_eq!(parent(&house, *id), format!("{up} {guid} up Up"));
    }
    // A rename shows below, and a change that says nothing of the parent leaves it.
    assert_eq!(
        house.one(Update, &folder(&format!("<ID>{up}</ID><Name>Top</Name>"))),
        "OK Folder updated successfully."
    );
    let change = "<CustomerKey>k0</CustomerKey><ParentFolder/><Name/><Description>d</Description>";
    assert_eq!(house.one(Update, &folder(change)), "OK Folder updated successfully.");
    assert_eq!(parent(&house, below[0]), format!("{up} {guid} up Top"));
    assert_eq!(house.kept(ACCOUNT, "DataFolder", below[0]).unwrap().text("Name"), Some("N0"));
    // Out of it and away.
    let out = "<CustomerKey>k0</CustomerKey><ParentFolder><ID>0</ID></ParentFolder>";
    assert_eq!(house.one(Update, &folder(out)), "OK Folder updated successfully.");
    assert_eq!(parent(&house, below[0]), "- - - -");
    let full = format!("2 Exception occurred during [Delete]: there are folders in DataFolder {up}");
    assert_eq!(house.one(Delete, &folder("<CustomerKey>up</CustomerKey>")), full);
    for key in ["k1", "k2", "up"] {
        let one = folder(&format!("<CustomerKey>{key}</CustomerKey>"));
        assert_eq!(house.one(Delete, &one), "OK Folder deleted successfully.", "{key}");
    }
}

#[test]
fn what_breaks_the_tree_is_refused() {
    let house = House::new();
    let up = house.create(&new("up", "Up", ""));
    let down = house.create(&new("down", "Down", &format!("<ID>{up}</ID>")));
    house.create(&new("twin", "Down", ""));
    let circle =
        format!("2 Exception occurred during [Update]: DataFolder {up} cannot stand in itself or below itself");
    let put = |id: i64, parent: String| folder(&format!("<ID>{id}</ID><ParentFolder>{parent}</ParentFolder>"));
    let table = [
        (Create, new("x", "X", "<ID>424242</ID>"), "396001 The folder does not exist: ID 424242".to_owned()),
        (Create, new("x", "X", "<CustomerKey>none</CustomerKey>"), "396001 The folder does not exist: none".to_owned()),
        (
            Create,
            new("x", "X", "<Name>Up</Name>"),
            "396001 The folder does not exist: ParentFolder is named by none of ObjectID, CustomerKey, ID".to_owned(),
        ),
        (Create, new("x", "up", "<ID>0</ID>"), "1 up already exists".to_owned()),
        (Create, new("x", "Down", "<CustomerKey>up</CustomerKey>"), "1 Down already exists".to_owned()),
        (Update, folder("<CustomerKey>twin</CustomerKey><Name>Up</Name>"), "1 Up already exists".to_owned()),
        (Update, put(down, "<ID>0</ID>".into()), "1 Down already exists".to_owned()),
        (Update, put(up, format!("<ID>{up}</ID>")), circle.clone()),
        (Update, put(up, format!("<ID>{down}</ID>")), circle),
        (
            Delete,
            folder("<Name>Up</Name>"),
            "2 Exception occurred during [Delete]: DataFolder is named by none of ObjectID, CustomerKey, ID".to_owned(),
        ),
    ];
    for (operation, request, expected) in table {
        assert_eq!(house.one(operation, &request), expected, "{request}");
    }
    assert_eq!(house.all(ACCOUNT, "DataFolder").len(), 3);
}
