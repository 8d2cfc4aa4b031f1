//! List: a phonebook of a PBX. It is there alone; nothing of it is kept here but what the PBX calls it.

use super::settled::Settled;
use crate::{
    connector::{
        Action, ContactChange, Found, InTurn, Message, Step, Wish,
        problem::{Problem, problem},
    },
    message::code,
};

/// What becomes of a List. It is known by its CustomerKey, or its ListName where it has none.
pub(super) fn change(settled: &Settled<'_>) -> Result<Message, Problem> {
    let node = settled.planning.node;
    let known = settled.planning.named.list.clone();
    let Some(name) = known.or_else(|| node.given("CustomerKey")).or_else(|| node.given("ListName")) else {
        return Err(problem(code::CONNECTOR_VALUE, "a phonebook needs a CustomerKey, an ID or a ListName"));
    };
    let wanted = settled.planning.contact;
    let turn = InTurn {
        absent: step(settled, wanted.absent, &name),
        present: step(settled, wanted.present, &name),
        found: Found::Unknown,
    };
    let action = Action::Phonebook(ContactChange::InTurn(Box::new(turn)));
    // Keys do not differ by case alone.
    let message = settled.message(action, name.trim().to_lowercase(), "phonebook".to_owned(), 0);
    Ok(Message { subscriber: Some(name), ..message })
}

fn step(settled: &Settled<'_>, wish: Wish, name: &str) -> Step {
    let refuse = |(code, text)| Step::Refuse(code, text);
    let fields = fields(settled);
    let has_name = fields.iter().any(|(field, _)| field == "name");
    match wish {
        Wish::Create | Wish::Remake if has_name => Step::Create(fields),
        Wish::Create | Wish::Remake => refuse(problem(code::CONNECTOR_VALUE, "a new phonebook needs a ListName")),
        Wish::Update if fields.is_empty() => {
            let what = "there is nothing to change: expected a ListName, or Subscribers who are to stand in it";
            refuse(problem(code::CONNECTOR_VALUE, what))
        }
        Wish::Update => Step::Update(fields),
        Wish::Delete => Step::Delete,
        Wish::Nothing => Step::Nothing,
        Wish::Missing => refuse(problem(code::NO_PHONEBOOK, format!("List {name}"))),
        Wish::Exists => refuse(problem(code::PHONEBOOK_EXISTS, format!("List {name}"))),
        Wish::Refuse(why) => Step::Refuse(why.code, why.text.to_owned()),
    }
}

/// Its name, and the contacts that are put into it: the Subscribers of the List.
fn fields(settled: &Settled<'_>) -> Vec<(String, String)> {
    let name = settled.planning.node.given("ListName").map(|name| ("name".to_owned(), name));
    let ids = &settled.planning.named.ids;
    let contacts = (!ids.is_empty()).then(|| ("add_contacts_id_list".to_owned(), ids.join(",")));
    name.into_iter().chain(contacts).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        Action, ContactChange, Found, System, Unsent,
        sample::{object, one, planned},
    };

    #[test]
    fn a_list_is_a_phonebook() {
        let yeastar = one(System::Yeastar, |_, route| route.kinds = vec!["List".into()]);
        let message = |method: &str, members: &str| {
            planned(&yeastar, method, &object("List", members)).unwrap().messages.remove(0)
        };
        // The phonebook of `known` has the id 9.
        let change = |method: &str, members: &str| {
            let mut message = message(method, members);
            assert_eq!((message.channel.as_str(), message.kind.as_str()), ("phonebook", "List"));
            assert!(message.find(|name| Found::of((name == "known").then(|| "9".into()))));
            match (&message.action, message.unsent()) {
                (Action::Phonebook(change), None) => Ok(change.settled().unwrap()),
                (_, unsent) => Err(unsent.unwrap()),
            }
        };
        let (known, name) = ("<CustomerKey>known</CustomerKey>", "<ListName>Friends</ListName>");
        let fields = vec![("name".to_owned(), "Friends".to_owned())];
        assert_eq!(change("Create", name), Ok(ContactChange::Create(fields.clone())));
        assert_eq!(change("Update", &format!("{known}{name}")), Ok(ContactChange::Update("9".into(), fields)));
        assert_eq!(change("Delete", known), Ok(ContactChange::Delete("9".into())));
        for (method, members, code) in [
            ("Create", format!("{known}{name}"), 4_000_013),
            ("Update", known.to_owned(), 4_000_005),
            ("Create", "<CustomerKey>new</CustomerKey>".to_owned(), 4_000_005),
            ("Delete", name.to_owned(), 4_000_012),
            ("Update", format!("{name}<CustomerKey>new</CustomerKey>"), 4_000_012),
        ] {
            match change(method, &members) {
                Err(Unsent::Refused(own, _)) => assert_eq!(own, code, "{method} {members}"),
                other => panic!("{other:?}"),
            }
        }
        let (code, text) = planned(&yeastar, "Create", &object("List", "")).unwrap_err();
        assert!(code == 4_000_005 && text.contains("a CustomerKey, an ID or a ListName"), "{text}");
        let shouted = message("Delete", "<CustomerKey>KNOWN</CustomerKey>");
        assert_eq!((shouted.recipient.as_str(), shouted.subscriber.as_deref()), ("known", Some("KNOWN")));
    }
}
