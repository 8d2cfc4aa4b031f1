//! Company contacts and phonebooks.

use serde_json::{Map, Value, json};

use super::{Done, NOTHING, Yeastar, argument, page};
use crate::simulated::{
    Asked,
    check::{Wrong, list, need, needed, number, one_of, text},
};

/// Members of a contact that are texts.
const TEXTS: [&str; 10] =
    ["first_name", "last_name", "company", "email", "remark", "zip_code", "street", "city", "state", "country"];
/// Kinds of numbers.
const NUMBERS: [&str; 9] = [
    "business_number",
    "business_number2",
    "business_fax",
    "mobile_number",
    "mobile_number2",
    "home_number",
    "home_number2",
    "home_fax",
    "other_number",
];

impl Yeastar {
    pub(super) fn create_contact(&mut self, body: Value) -> Done {
        needed(&body, "first_name", 127, "40002")?;
        need(body.get("number_list").is_some(), "40002", "number_list", "required")?;
        self.check_contact(&body, None)?;
        need(!self.contacts.is_full(), "60002", "the contacts", "are as many as there can be")?;
        let id = self.next();
        self.contacts.insert(id, body);
        Ok(json!({ "id": id }))
    }

    /// What is not named stays as it is.
    pub(super) fn update_contact(&mut self, body: Value) -> Done {
        let id = number(&body, "id", "40002")?;
        self.contact(id)?;
        if body.get("first_name").is_some() {
            needed(&body, "first_name", 127, "40002")?;
        }
        self.check_contact(&body, Some(id))?;
        let changes = body.as_object().into_iter().flatten().filter(|(name, _)| *name != "id");
        if let Some(members) = self.contacts.get_mut(&id).and_then(Value::as_object_mut) {
            members.extend(changes.map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(NOTHING)
    }

    /// One that stands in a phonebook stays.
    pub(super) fn delete_contact(&mut self, asked: &Asked) -> Done {
        let id = argument(asked, "id")?;
        let is_listed = !phonebooks(self.contact(id)?).is_empty();
        need(!is_listed, "70091", "id", "stands in a phonebook")?;
        self.contacts.remove(&id);
        Ok(NOTHING)
    }

    pub(super) fn contact_shown(&self, asked: &Asked) -> Done {
        let id = argument(asked, "id")?;
        Ok(json!({ "data": shown(id, self.contact(id)?) }))
    }

    /// Those in which a text stands, or all.
    pub(super) fn contacts_listed(&self, asked: &Asked, with: &str) -> Value {
        let has = |contact: &Value| with.is_empty() || texts(contact).any(|text| text.contains(with));
        let found: Vec<_> = self.contacts.iter().filter(|(_, contact)| has(contact)).collect();
        let total = found.len();
        let page = page(asked, found.into_iter().map(|(id, contact)| shown(*id, contact)));
        json!({ "total_number": total, "data": page })
    }

    /// `phonebook/create`, with the contacts that stand in it from the beginning.
    pub(super) fn create_phonebook(&mut self, body: &Value) -> Done {
        let name = needed(body, "name", 127, "40002")?;
        let members = self.phonebook_said(body, None, "add_contacts_id_list")?;
        need(!self.phonebooks.is_full(), "60002", "the phonebooks", "are as many as there can be")?;
        let id = self.next();
        self.phonebooks.insert(id, name.to_owned());
        members.into_iter().for_each(|member| self.stand_in(member, id, true));
        Ok(json!({ "id": id }))
    }

    /// `phonebook/update`: its name, who is put in and who taken out.
    pub(super) fn update_phonebook(&mut self, body: &Value) -> Done {
        let id = number(body, "id", "40002")?;
        need(self.phonebooks.get(&id).is_some(), "70093", "id", "is no phonebook")?;
        let new = self.phonebook_said(body, Some(id), "add_contacts_id_list")?;
        let gone = self.phonebook_said(body, Some(id), "del_contacts_id_list")?;
        if body.get("name").is_some() {
            let name = needed(body, "name", 127, "40002")?.to_owned();
            self.phonebooks.insert(id, name);
        }
        new.into_iter().for_each(|member| self.stand_in(member, id, true));
        gone.into_iter().for_each(|member| self.stand_in(member, id, false));
        Ok(NOTHING)
    }

    /// That a phonebook can be so; the contacts of a list, which there are.
    fn phonebook_said(&self, body: &Value, own: Option<i64>, list: &str) -> Result<Vec<i64>, Wrong> {
        if let Some(name) = text(body, "/name") {
            let mut others = self.phonebooks.iter().filter(|(id, _)| Some(**id) != own);
            need(!others.any(|(_, known)| known == name), "40003", "name", name)?;
        }
        if body.get("member_select").is_some() {
            one_of(body, "member_select", &["sel_all", "sel_specific"], "40002")?;
        }
        let mut members = Vec::new();
        for one in body.get(list).and_then(Value::as_array).into_iter().flatten() {
            let id = one.as_i64().ok_or_else(|| Wrong::new("40002", list, "expected ids"))?;
            self.contact(id)?;
            members.push(id);
        }
        Ok(members)
    }

    /// Puts a contact into a phonebook, or takes it out.
    fn stand_in(&mut self, member: i64, phonebook: i64, stands: bool) {
        let Some(contact) = self.contacts.get_mut(&member) else { return };
        let mut of: Vec<i64> = phonebooks(contact).into_iter().filter(|one| *one != phonebook).collect();
        if stands {
            of.push(phonebook);
        }
        if let Some(members) = contact.as_object_mut() {
            members.insert("phonebook_id_list".to_owned(), of.into());
        }
    }

    /// `phonebook/delete`: who stood in it stays.
    pub(super) fn delete_phonebook(&mut self, asked: &Asked) -> Done {
        let id = argument(asked, "id")?;
        need(self.phonebooks.remove(&id).is_some(), "70093", "id", "is no phonebook")?;
        for contact in self.contacts.values_mut() {
            let of: Vec<i64> = phonebooks(contact).into_iter().filter(|one| *one != id).collect();
            if let Some(members) = contact.as_object_mut().filter(|members| members.contains_key("phonebook_id_list")) {
                members.insert("phonebook_id_list".to_owned(), of.into());
            }
        }
        Ok(NOTHING)
    }

    fn contact(&self, id: i64) -> Result<&Value, Wrong> {
        self.contacts.get(&id).ok_or_else(|| Wrong::new("70128", "id", "is no contact"))
    }

    /// Types and phonebooks, and that no other contact has one of its numbers.
    fn check_contact(&self, body: &Value, own: Option<i64>) -> Result<(), Wrong> {
        for name in TEXTS {
            let is_text =
                body.get(name).is_none_or(|value| value.as_str().is_some_and(|text| text.chars().count() <= 255));
            need(is_text, "40002", name, "expected a text of 255 characters at most")?;
        }
        for id in body.get("phonebook_id_list").and_then(Value::as_array).into_iter().flatten() {
            let is_known = id.as_i64().is_some_and(|id| self.phonebooks.get(&id).is_some());
            need(is_known, "70093", "phonebook_id_list", "names no phonebook")?;
        }
        if body.get("number_list").is_none() {
            return Ok(());
        }
        for one in list(body, "number_list", NUMBERS.len(), "40002")? {
            one_of(one, "num_type", &NUMBERS, "40002")?;
            let number = needed(one, "number", 31, "40002")?;
            let mut others = self.contacts.iter().filter(|(id, _)| Some(**id) != own);
            let is_theirs = others.any(|(_, contact)| numbers(contact).any(|(_, known)| known == number));
            need(!is_theirs, "40003", "number", number)?;
        }
        Ok(())
    }
}

/// Kind and number of each.
fn numbers(contact: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = contact.get("number_list").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| Some((one.get("num_type")?.as_str()?, one.get("number")?.as_str()?)))
}

fn texts(contact: &Value) -> impl Iterator<Item = &str> {
    let members = TEXTS.into_iter().filter_map(|name| contact.get(name)?.as_str());
    members.chain(numbers(contact).map(|(_, number)| number))
}

fn phonebooks(contact: &Value) -> Vec<i64> {
    let all = contact.get("phonebook_id_list").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_i64).collect()
}

/// A contact as it is read back: its numbers are members of their own, `mobile`, `business` and so on.
fn shown(id: i64, contact: &Value) -> Value {
    let mut members = Map::from_iter([("id".to_owned(), id.into())]);
    for (name, value) in contact.as_object().into_iter().flatten().filter(|(name, _)| *name != "number_list") {
        members.insert(name.clone(), value.clone());
    }
    for (kind, number) in numbers(contact) {
        members.insert(kind.replace("_number", ""), number.into());
    }
    members.into()
}
