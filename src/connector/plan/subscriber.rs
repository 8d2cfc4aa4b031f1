//! Subscriber: an end user's conversation and consent (Salesforce), a company contact (Yeastar).

use super::{attribute, attributes, operation, recipient, settled::Settled};
use crate::{
    connector::{
        Action, ContactChange, Message, System, phone,
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
pub(super) fn change(settled: &Settled<'_>) -> Result<Message, Problem> {
    let subscriber =
        settled.planning.node.given("SubscriberKey").or_else(|| settled.planning.node.given("EmailAddress"));
    let message = match settled.system() {
        System::Salesforce => end_user(settled)?,
        System::Yeastar => contact(settled, subscriber.as_deref())?,
        System::Connectly => {
            return Err(problem(code::CONNECTOR_CANNOT, "Connectly knows no contacts"));
        }
    };
    Ok(Message { subscriber, ..message })
}

fn end_user(settled: &Settled<'_>) -> Result<Message, Problem> {
    let node = settled.planning.node;
    let attributes = attributes(node);
    let recipient = recipient::of(settled, settled.extra("Recipient"), Some(node), &attributes)?;
    let channel = operation::channel(settled)?;
    let action = match settled.planning.method {
        "Create" => Action::Open { attributes },
        _ => Action::Consent { status: consent(settled, &node.given("Status").unwrap_or_default())? },
    };
    Ok(settled.message(action, recipient, channel, 0))
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

fn contact(settled: &Settled<'_>, subscriber: Option<&str>) -> Result<Message, Problem> {
    let known = || {
        let subscriber = subscriber?;
        (settled.planning.contact)(&settled.connector.name, subscriber)
    };
    let id = || match settled.extra("ContactID") {
        Some(id) if id.parse::<i64>().is_ok() => Ok(id),
        Some(id) => {
            let what = format!("PartnerProperty ContactID: `{id}` is no contact of a PBX: expected a number");
            Err(problem(code::CONNECTOR_VALUE, what))
        }
        None => known()
            .ok_or_else(|| problem(code::NO_CONTACT, format!("SubscriberKey {}", subscriber.unwrap_or("(none)")))),
    };
    let change = match settled.planning.method {
        "Create" => ContactChange::Create(fields(settled, true)?),
        "Update" => {
            let (id, fields) = (id()?, fields(settled, false)?);
            if fields.is_empty() {
                return Err(problem(
                    code::CONNECTOR_VALUE,
                    "there is nothing to change: expected a name, an address or a number",
                ));
            }
            ContactChange::Update(id, fields)
        }
        _ => ContactChange::Delete(id()?),
    };
    // What is done to one contact goes one after the other.
    let whose = subscriber.map(str::to_owned).or_else(|| settled.extra("ContactID"));
    let Some(recipient) = whose else {
        return Err(problem(code::CONNECTOR_VALUE, "a contact needs a SubscriberKey"));
    };
    Ok(settled.message(Action::Contact(change), recipient, "contact".to_owned(), 0))
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
    let has = |fields: &[(String, String)], name: &str| fields.iter().any(|(own, _)| own == name);
    if !has(&fields, "email")
        && let Some(email) = node.given("EmailAddress")
    {
        fields.push(("email".to_owned(), email));
    }
    match recipient::of(settled, settled.extra("Recipient"), Some(node), &attributes) {
        Ok(number) => fields.push(("mobile".to_owned(), number)),
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
