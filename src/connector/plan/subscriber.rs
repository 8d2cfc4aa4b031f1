//! Subscriber: an end user's conversation and consent (Salesforce), a company contact (Yeastar).

use super::{operation, recipient, settled::Settled};
use crate::{
    connector::{
        Action, ContactChange, Found, InTurn, Message, Step, System, Wanted, Wish,
        attribute::{attribute, attributes},
        contact::NUMBER,
        phone,
        problem::{Problem, problem},
    },
    message::code,
};

/// Fields of a company contact, and the attributes that hold them, in any case of letters.
const FIELDS: &[(&str, &[&str])] = &[
    ("first_name", &["first_name", "FirstName", "First Name"]),
    ("last_name", &["last_name", "LastName", "Last Name"]),
    ("company", &["company", "Company Name"]),
    ("email", &["email"]),
    ("business", &["business", "business_number", "Business Phone"]),
    ("home", &["home", "home_number", "Home Phone"]),
    ("zip_code", &["zip_code", "ZipCode", "Zip", "PostalCode", "Postal Code"]),
    ("street", &["street", "Address"]),
    ("city", &["city"]),
    ("state", &["state"]),
    ("country", &["country"]),
    ("remark", &["remark"]),
    ("phonebook_id_list", &["phonebook_id_list"]),
];

/// What becomes of a Subscriber.
pub(super) fn change(settled: &Settled<'_>) -> Result<Vec<Message>, Problem> {
    let subscriber =
        settled.planning.node.given("SubscriberKey").or_else(|| settled.planning.node.given("EmailAddress"));
    let messages = match settled.system() {
        System::Salesforce => end_user(settled)?,
        System::Yeastar => vec![contact(settled, subscriber.as_deref())?],
        System::Connectly => {
            return Err(problem(code::CONNECTOR_CANNOT, "Connectly knows no contacts"));
        }
    };
    Ok(messages.into_iter().map(|message| Message { subscriber: subscriber.clone(), ..message }).collect())
}

/// A Create opens his conversation; a Status is his consent, which needs him to be there.
fn end_user(settled: &Settled<'_>) -> Result<Vec<Message>, Problem> {
    let node = settled.planning.node;
    let attributes = attributes(node);
    let recipient = recipient::of(settled, settled.extra("Recipient"), Some(node), &attributes)?;
    let channel = operation::channel(settled)?;
    let status = node.given("Status");
    let mut actions = Vec::with_capacity(2);
    if settled.planning.method == "Create" {
        actions.push(Action::Open { attributes });
    }
    match status.as_deref() {
        None if settled.planning.method == "Create" => {}
        // Whoever is new is active: without a configured level there is no more to be said of him.
        Some("Active") if !actions.is_empty() && settled.default(|defaults| &defaults.opt_in).is_none() => {}
        status => actions.push(Action::Consent { status: consent(settled, status.unwrap_or_default())? }),
    }
    let message = |(place, action)| settled.message(action, recipient.clone(), channel.clone(), place);
    Ok((0..).zip(actions).map(message).collect())
}

/// ConsentStatus of a Status. Nobody is opted in by a level that was not configured.
fn consent(settled: &Settled<'_>, status: &str) -> Result<String, Problem> {
    match status {
        "Unsubscribed" => Ok("OptedOut".to_owned()),
        "Active" => settled.default(|defaults| &defaults.opt_in).ok_or_else(|| {
            let what = "the Status Active needs a level of consent: `opt_in` in the defaults of its route, such as ExplicitlyOptedIn";
            problem(code::CONNECTOR_VALUE, what)
        }),
        other => {
            Err(problem(code::CONNECTOR_CANNOT, format!("the Status {other} is no consent: expected Active or Unsubscribed")))
        }
    }
}

/// A contact with the id that the object names, else the one that the system has of its SubscriberKey when its turn has come.
fn contact(settled: &Settled<'_>, subscriber: Option<&str>) -> Result<Message, Problem> {
    let Wanted { absent, present } = settled.planning.contact;
    let named = settled.extra("ContactID");
    if let Some(id) = named.as_deref().filter(|id| id.parse::<i64>().is_err()) {
        let what = format!("PartnerProperty ContactID: `{id}` is no contact of a PBX: expected a number");
        return Err(problem(code::CONNECTOR_VALUE, what));
    }
    let change = match (&named, step(settled, present, subscriber)) {
        (Some(_), Step::Refuse(code, text)) => return Err((code, text)),
        (Some(id), Step::Update(fields)) => ContactChange::Update(id.clone(), fields),
        (Some(id), Step::Delete) => ContactChange::Delete(id.clone()),
        (_, present) => {
            let absent = step(settled, absent, subscriber);
            let found = named.clone().map_or(Found::Unknown, Found::Present);
            ContactChange::InTurn(Box::new(InTurn { absent, present, found }))
        }
    };
    // What is done to one contact goes one after the other; keys do not differ by case alone.
    let whose = subscriber.map(|key| key.trim().to_lowercase()).or(named);
    let Some(recipient) = whose else {
        return Err(problem(code::CONNECTOR_VALUE, "a contact needs a SubscriberKey"));
    };
    Ok(settled.message(Action::Contact(change), recipient, "contact".to_owned(), 0))
}

/// What a wish asks of the system. What says nothing to it, a Status or Lists that are kept here, is asked of nobody: it may be an
/// opt-out.
fn step(settled: &Settled<'_>, wish: Wish, subscriber: Option<&str>) -> Step {
    let is_change = matches!(wish, Wish::Create | Wish::Remake | Wish::Update | Wish::Missing);
    match asked(settled, wish, subscriber) {
        Step::Refuse(code, text) if is_change && says_nothing(settled) => Step::Here(code, text),
        step => step,
    }
}

fn says_nothing(settled: &Settled<'_>) -> bool {
    settled.planning.method != "Delete"
        && settled.planning.named.ids.is_empty()
        && fields(settled, false).is_ok_and(|fields| fields.is_empty())
}

fn asked(settled: &Settled<'_>, wish: Wish, subscriber: Option<&str>) -> Step {
    let refuse = |(code, text)| Step::Refuse(code, text);
    match wish {
        Wish::Create => fields(settled, true).map_or_else(refuse, Step::Create),
        Wish::Remake => match fields(settled, true) {
            Ok(fields) => Step::Create(fields),
            Err(_) => asked(settled, Wish::Missing, subscriber),
        },
        Wish::Update if !settled.planning.named.ids.is_empty() => {
            // A list of phonebooks would take the contact off all others.
            let what = "a contact that is there is put into a phonebook by an Update of its List, with Subscribers";
            refuse(problem(code::CONNECTOR_CANNOT, what))
        }
        Wish::Update => match fields(settled, false) {
            Ok(fields) if fields.is_empty() => refuse(problem(
                code::CONNECTOR_VALUE,
                "there is nothing to change: expected a name, an address or a number",
            )),
            fields => fields.map_or_else(refuse, Step::Update),
        },
        Wish::Delete => Step::Delete,
        Wish::Nothing => Step::Nothing,
        Wish::Missing => refuse(problem(code::NO_CONTACT, format!("SubscriberKey {}", subscriber.unwrap_or("(none)")))),
        // A second contact of the same key would be the only one that anybody finds again.
        Wish::Exists => Step::Refuse(code::SUBSCRIBER_EXISTS.code, code::SUBSCRIBER_EXISTS.text.to_owned()),
        Wish::Refuse(why) => Step::Refuse(why.code, why.text.to_owned()),
    }
}

fn fields(settled: &Settled<'_>, is_new: bool) -> Result<Vec<(String, String)>, Problem> {
    let node = settled.planning.node;
    let attributes = attributes(node);
    let mut fields = Vec::new();
    for (field, names) in FIELDS {
        if let Some(value) = names.iter().find_map(|name| attribute(&attributes, name)) {
            fields.push(((*field).to_owned(), value.to_owned()));
        }
    }
    let ids = &settled.planning.named.ids;
    if is_new && !ids.is_empty() {
        match fields.iter_mut().find(|(own, _)| own == "phonebook_id_list") {
            Some((_, own)) => *own = format!("{own},{}", ids.join(",")),
            None => fields.push(("phonebook_id_list".to_owned(), ids.join(","))),
        }
    }
    let has = |fields: &[(String, String)], name: &str| fields.iter().any(|(own, _)| own == name);
    if !has(&fields, "email")
        && let Some(email) = node.given("EmailAddress")
    {
        fields.push(("email".to_owned(), email));
    }
    match recipient::of(settled, settled.extra("Recipient"), Some(node), &attributes) {
        Ok(number) => fields.push((NUMBER.to_owned(), number)),
        // A number that is none is a mistake; none at all is nothing to change.
        Err(problem) if is_new || problem.0 == code::BAD_NUMBER.code => return Err(problem),
        Err(_) => {}
    }
    for field in ["business", "home"] {
        if let Some((_, value)) = fields.iter_mut().find(|(own, _)| own == field) {
            *value = phone::e164(value, settled.country().as_deref()).map_err(|why| problem(code::BAD_NUMBER, why))?;
        }
    }
    if is_new && !has(&fields, "first_name") {
        let name = node.given("SubscriberKey").or_else(|| node.given("EmailAddress")).unwrap_or_default();
        fields.insert(0, ("first_name".to_owned(), name));
    }
    Ok(fields)
}
