//! The lists of the configuration: `[[account]]`, `[[api_client]]` and `[[user]]`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Config, Problem, contract::contract, document::Source, near::perhaps};
use crate::message::{
    Operation,
    client::{Account, Accounts, ApiClient, Entry, Mistake, Permissions, Reach, Scopes, Secret, SecretHash, User},
};

/// Their names in the file.
pub(super) const LISTS: [&str; 3] = ["account", "api_client", "user"];

/// The entries read so far, from one or two files, and where each field stood.
#[derive(Default)]
pub(super) struct Drafts {
    accounts: Vec<Account>,
    clients: Vec<ApiClient>,
    users: Vec<User>,
    places: Vec<(Entry, BTreeMap<String, String>)>,
    /// Fields about which something was told already: what follows from them is not told again.
    told: Vec<(Entry, &'static str)>,
    /// An account whose number cannot be read would be missed again in every reference to it.
    nameless_account: bool,
}

impl Drafts {
    /// Reads one list.
    pub(super) fn read(
        &mut self,
        source: &Source<'_>,
        list: &str,
        value: &Spanned<DeValue<'_>>,
        problems: &mut Vec<Problem>,
    ) {
        let entries = value.get_ref().as_array().map(|array| array.iter().collect::<Vec<_>>()).unwrap_or_default();
        if value.get_ref().as_array().is_none() {
            let what = format!("expected a list: write `[[{list}]]`");
            problems.push(Problem { place: source.place(&value.span()), key: list.into(), what });
        }
        for entry in entries {
            let Some(table) = entry.get_ref().as_table() else {
                let what = format!("expected a table: write `[[{list}]]`");
                problems.push(Problem { place: source.place(&entry.span()), key: list.into(), what });
                continue;
            };
            let place = source.place(&entry.span());
            let mut fields = Fields { source, list, table, place, used: BTreeSet::new(), bad: Vec::new(), problems };
            let entry = match list {
                "account" => self.account(&mut fields),
                "api_client" => Some(self.client(&mut fields)),
                _ => Some(self.user(&mut fields)),
            };
            let bad = std::mem::take(&mut fields.bad);
            let places = fields.finish();
            if let Some(entry) = entry {
                self.told.extend(bad.into_iter().map(|field| (entry, field)));
                self.places.push((entry, places));
            }
        }
    }

    fn account(&mut self, fields: &mut Fields<'_, '_, '_>) -> Option<Entry> {
        let (mid, name, enterprise) = (fields.number("mid"), fields.text("name"), fields.number("enterprise"));
        let Some(mid) = fields.needed("mid", mid) else {
            self.nameless_account = true;
            return None;
        };
        let name = name.unwrap_or_else(|| format!("Account {mid}"));
        self.accounts.push(Account { mid, name, enterprise: enterprise.unwrap_or(mid) });
        Some(Entry::Account(self.accounts.len() - 1))
    }

    fn client(&mut self, fields: &mut Fields<'_, '_, '_>) -> Entry {
        let (id, account) = (fields.text("id"), fields.number("account"));
        let secrets = fields.hashes("secret_hashes");
        let scopes = fields.scopes();
        let permissions = fields.permissions();
        let (id, account) = (fields.needed("id", id), fields.needed("account", account));
        let (id, account) = (id.unwrap_or_default(), account.unwrap_or_default());
        self.clients.push(ApiClient { id, account, secrets: secrets.unwrap_or_default(), scopes, permissions });
        Entry::ApiClient(self.clients.len() - 1)
    }

    fn user(&mut self, fields: &mut Fields<'_, '_, '_>) -> Entry {
        let (name, account) = (fields.text("name"), fields.number("account"));
        let passwords = fields.hashes("password_hashes");
        let digest_secret = fields.text("digest_secret").map(Secret::new);
        let permissions = fields.permissions();
        let (name, account) = (fields.needed("name", name), fields.needed("account", account));
        let (name, account) = (name.unwrap_or_default(), account.unwrap_or_default());
        self.users.push(User { name, account, passwords: passwords.unwrap_or_default(), digest_secret, permissions });
        Entry::User(self.users.len() - 1)
    }

    /// Object types have to be those of the contract; it is read only when somebody names one.
    fn check_types(&self, problems: &mut Vec<Problem>) {
        let clients = self.clients.iter().map(|client| &client.permissions).enumerate();
        let clients = clients.map(|(place, permissions)| (Entry::ApiClient(place), "api_client", permissions));
        let users = self.users.iter().map(|user| &user.permissions).enumerate();
        let users = users.map(|(place, permissions)| (Entry::User(place), "user", permissions));
        let named = clients.chain(users).flat_map(|(entry, list, permissions)| {
            permissions.object_types.iter().flatten().map(move |name| (entry, list, name))
        });
        let named: Vec<_> = named.collect();
        let Some(schema) = Some(()).filter(|()| !named.is_empty()).and_then(|()| contract()) else {
            return;
        };
        let is_object = |found| schema.is_a(found, schema.api_object());
        for (entry, list, name) in named {
            if !schema.type_named(name).is_some_and(is_object) {
                let known = schema.types().filter(|(ty, _)| is_object(*ty)).map(|(ty, _)| schema.type_name(ty));
                let what = format!("`{name}` is no object type of the contract (case matters){}", perhaps(name, known));
                let place = place(&self.places, entry, "object_types");
                problems.push(Problem { place, key: format!("{list}.object_types"), what });
            }
        }
    }

    /// Tells the object types of API clients that none of their scopes opens for any of their operations.
    fn check_scopes(&self, warnings: &mut Vec<Problem>) {
        for (index, client) in self.clients.iter().enumerate() {
            let (Some(scopes), Some(types)) = (&client.scopes, &client.permissions.object_types) else {
                continue;
            };
            let scopes = Scopes::named(scopes);
            let listed = |name: &&str| client.permissions.operations.as_ref().is_none_or(|only| only.contains(*name));
            let operations: Vec<_> = Operation::ALL.into_iter().map(Operation::name).filter(listed).collect();
            for name in types.iter().filter(|name| !operations.iter().any(|operation| scopes.allow(operation, name))) {
                let needed: BTreeSet<_> = operations.iter().filter_map(|o| Scopes::needed(o, name)).collect();
                let needed = needed.into_iter().collect::<Vec<_>>().join(" or ");
                let what = format!("nothing can be done with {name}: that needs {needed}");
                let place = place(&self.places, Entry::ApiClient(index), "scopes");
                warnings.push(Problem { place, key: "api_client.scopes".into(), what });
            }
        }
    }

    /// Builds the directory out of everything read.
    pub(super) fn settle(self, config: &mut Config, problems: &mut Vec<Problem>) {
        self.check_types(problems);
        self.check_scopes(&mut config.warnings);
        let (told, nameless) = (self.told, self.nameless_account);
        let follows = |mistake: &Mistake| {
            let reference = matches!(mistake.field, "account" | "act_for");
            told.contains(&(mistake.entry, mistake.field)) || (reference && nameless)
        };
        match Accounts::new(self.accounts, self.clients, self.users) {
            Ok(accounts) => config.accounts = Arc::new(accounts),
            Err(mistakes) => problems.extend(mistakes.into_iter().filter(|found| !follows(found)).map(|mistake| {
                let place = place(&self.places, mistake.entry, mistake.field);
                let list = match mistake.entry {
                    Entry::Account(_) => "account",
                    Entry::ApiClient(_) => "api_client",
                    Entry::User(_) => "user",
                };
                let key = format!("{list}.{}", mistake.field);
                Problem { place, key, what: mistake.what }
            })),
        }
    }
}

/// Where a field stood, or its entry.
fn place(places: &[(Entry, BTreeMap<String, String>)], entry: Entry, field: &str) -> String {
    let fields = places.iter().find(|(found, _)| *found == entry).map(|(_, fields)| fields);
    fields.and_then(|fields| fields.get(field).or_else(|| fields.get(""))).cloned().unwrap_or_default()
}

/// The fields of one entry; what nobody asks for is a mistake.
struct Fields<'a, 's, 't> {
    source: &'a Source<'s>,
    list: &'a str,
    table: &'a DeTable<'t>,
    place: String,
    used: BTreeSet<&'static str>,
    bad: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl Fields<'_, '_, '_> {
    /// Something wrong with the value of a field, or with its absence.
    fn bad(&mut self, name: &'static str, what: impl Into<String>) {
        self.bad.push(name);
        self.wrong(name, what);
    }

    fn wrong(&mut self, name: &str, what: impl Into<String>) {
        let place = self.table.get_key_value(name).map(|(key, _)| self.source.place(&key.span()));
        let place = place.unwrap_or_else(|| self.place.clone());
        self.problems.push(Problem { place, key: format!("{}.{name}", self.list), what: what.into() });
    }

    fn field<T>(&mut self, name: &'static str, expected: &str, read: impl Fn(&DeValue<'_>) -> Option<T>) -> Option<T> {
        self.used.insert(name);
        let value = read(self.table.get(name)?.get_ref());
        if value.is_none() {
            self.bad(name, format!("expected {expected}"));
        }
        value
    }

    fn needed<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if self.table.get(name).is_none() {
            self.bad(name, "is missing");
        }
        value
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.field(name, "text", |value| value.as_str().map(str::to_owned))
    }

    fn number(&mut self, name: &'static str) -> Option<u64> {
        self.field(name, "a whole number above 0", number)
    }

    fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.field(name, "a list of texts", |value| {
            value.as_array()?.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect()
        })
    }

    fn hashes(&mut self, name: &'static str) -> Option<Vec<SecretHash>> {
        let Some(texts) = self.texts(name) else {
            return self.table.get(name).is_none().then(Vec::new);
        };
        let hashes: Result<Vec<_>, _> = texts.iter().map(|text| SecretHash::parse(text)).collect();
        match hashes {
            Ok(hashes) => Some(hashes),
            Err(error) => {
                self.bad(name, format!("{error}; expected what `envoi hash-secret` prints"));
                None
            }
        }
    }

    fn scopes(&mut self) -> Option<String> {
        let scopes = self.texts("scopes")?;
        for scope in scopes.iter().filter(|scope| !Scopes::names().any(|known| known == *scope)) {
            let what = format!("`{scope}` is no scope{}", perhaps(scope, Scopes::names()));
            self.wrong("scopes", what);
        }
        Some(scopes.join(" "))
    }

    fn permissions(&mut self) -> Permissions {
        let expected = "a list of account numbers, or \"enterprise\"";
        let reach = self.field("act_for", expected, |value| match value.as_str() {
            Some("enterprise") => Some(Reach::Enterprise),
            Some(_) => None,
            None => {
                let listed: Option<BTreeSet<u64>> =
                    value.as_array()?.iter().map(|value| number(value.get_ref())).collect();
                listed.map(Reach::Listed)
            }
        });
        let operations: Option<BTreeSet<String>> = self.texts("operations").map(|texts| texts.into_iter().collect());
        let known = Operation::ALL.map(Operation::name);
        for operation in operations.iter().flatten().filter(|operation| Operation::named(operation).is_none()) {
            let perhaps = perhaps(operation, known);
            let what = format!("`{operation}` is no operation{perhaps}: expected some of {}", known.join(", "));
            self.wrong("operations", what);
        }
        let object_types = self.texts("object_types").map(|texts| texts.into_iter().collect());
        Permissions { reach: reach.unwrap_or_default(), operations, object_types }
    }

    /// Tells the fields that nobody asked for; gives the places of all, that of the entry under the empty name.
    fn finish(mut self) -> BTreeMap<String, String> {
        let names: Vec<String> = self.table.keys().map(|key| key.get_ref().to_string()).collect();
        let known: Vec<_> = self.used.iter().copied().collect();
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            let perhaps = perhaps(name, known.iter().copied());
            self.wrong(name, format!("there is no such setting{perhaps}: expected some of {}", known.join(", ")));
        }
        let source = self.source;
        let places = self.table.keys().map(|key| (key.get_ref().to_string(), source.place(&key.span())));
        places.chain([(String::new(), self.place.clone())]).collect()
    }
}

fn number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer().filter(|number| number.radix() == 10)?;
    number.as_str().replace('_', "").parse().ok().filter(|number| *number > 0)
}
