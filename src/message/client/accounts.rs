//! The directory: accounts, API clients and SOAP users, found by name.
//!
//! It is checked whole when it is built and never changes; a reload builds another.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Account, ApiClient, Client, Reach, Scopes, Secret, SecretHash, User, Verified,
    caller::LONGEST_ID,
    principal::{Described, Principal},
};

/// A hash for directories without any, so that an unknown name costs a check there too.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Something wrong in the directory, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The entry.
    pub entry: Entry,
    /// The field of it, as the configuration spells it.
    pub field: &'static str,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// An entry of the directory, by its place (from 0) among its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `[[account]]`
    Account(usize),
    /// `[[api_client]]`
    ApiClient(usize),
    /// `[[user]]`
    User(usize),
}

/// The whole directory.
#[derive(Default)]
pub struct Accounts {
    accounts: BTreeMap<u64, Account>,
    pub(super) first: Option<u64>,
    pub(super) api_clients: HashMap<String, Arc<Principal>>,
    pub(super) users: HashMap<String, Arc<Principal>>,
    decoys: Vec<SecretHash>,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Builds the directory; tells every mistake, not only the first.
    pub fn new(accounts: Vec<Account>, api_clients: Vec<ApiClient>, users: Vec<User>) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut known = BTreeMap::new();
        let first = accounts.first().map(|account| account.mid);
        for (place, account) in accounts.into_iter().enumerate() {
            let mid = account.mid;
            if mid == 0 {
                mistakes.push(Mistake::new(Entry::Account(place), "mid", "0 is no account number".into()));
            }
            if known.insert(mid, account).is_some() {
                mistakes.push(Mistake::new(Entry::Account(place), "mid", format!("account {mid} stands twice")));
            }
        }
        let mut listed = Directory { accounts: &known, mistakes: &mut mistakes };
        let api_clients = listed.list("id", Entry::ApiClient, api_clients.into_iter().map(Principal::of_client));
        let users = listed.list("name", Entry::User, users.into_iter().map(Principal::of_user));
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let all = || api_clients.values().chain(users.values());
        let costliest = all().flat_map(|principal| &principal.hashes).max_by_key(|hash| hash.cost());
        let decoy = costliest.map_or_else(|| SecretHash::parse(DECOY).ok(), |hash| Some(hash.decoy()));
        let most = all().map(|principal| principal.hashes.len()).max().unwrap_or(0).max(1);
        let decoys = decoy.into_iter().cycle().take(most).collect();
        Ok(Self { accounts: known, first, api_clients, users, decoys })
    }

    /// The account of that number.
    pub fn account(&self, mid: u64) -> Option<&Account> {
        self.accounts.get(&mid)
    }

    /// Every account, in the order of their numbers.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The SOAP users who live in an account, by name, each with the accounts that he may act for.
    pub fn users_in(&self, mid: u64) -> Vec<(&str, Vec<u64>)> {
        let here = self.users.values().filter(|user| user.account == mid);
        let reach = |user: &Principal| self.accounts.keys().copied().filter(|to| self.reaches(user, *to)).collect();
        let mut users: Vec<_> = here.map(|user| (user.name.as_str(), reach(user))).collect();
        users.sort_unstable();
        users
    }

    /// Every API client and user, without their secrets, in the order of their names.
    pub fn described(&self) -> Vec<Described<'_>> {
        let mut all: Vec<Described<'_>> = [("api_client", &self.api_clients), ("user", &self.users)]
            .into_iter()
            .flat_map(|(list, principals)| principals.values().map(move |principal| principal.described(list)))
            .collect();
        all.sort_by_key(|described| (described.list, described.name));
        all
    }

    /// The hashes against which the secret of an API client is to be checked. An unknown id gets as many decoys,
    /// so that it takes as long as a wrong secret.
    pub fn hashes_of_client(&self, id: &str) -> Vec<SecretHash> {
        self.hashes(self.api_clients.get(id))
    }

    /// The same for the password of a user.
    pub fn hashes_of_user(&self, name: &str) -> Vec<SecretHash> {
        self.hashes(self.users.get(name))
    }

    fn hashes(&self, principal: Option<&Arc<Principal>>) -> Vec<SecretHash> {
        let own = principal.map_or(&[][..], |principal| &principal.hashes);
        own.iter().chain(self.decoys.iter().skip(own.len())).cloned().collect()
    }

    /// The API client whose secret was verified.
    pub fn client(self: &Arc<Self>, id: &str, proof: &Verified) -> Option<Client> {
        self.verified(self.api_clients.get(id)?, proof)
    }

    /// The user whose password was verified.
    pub fn user(self: &Arc<Self>, name: &str, proof: &Verified) -> Option<Client> {
        self.verified(self.users.get(name)?, proof)
    }

    fn verified(self: &Arc<Self>, principal: &Arc<Principal>, proof: &Verified) -> Option<Client> {
        let proven = principal.hashes.iter().any(|hash| proof.proves(hash));
        proven.then(|| self.enter(principal, principal.account, principal.scopes()))
    }

    /// The user whose PasswordDigest `fits` finds to be made from the stored secret. An unknown user, or one without
    /// a stored secret, is tried with another secret and refused.
    pub(super) fn digest_user(self: &Arc<Self>, name: &str, fits: impl FnOnce(&Secret) -> bool) -> Option<Client> {
        let principal = self.users.get(name);
        let secret = principal.and_then(|principal| principal.digest_secret.as_ref());
        let fitted = fits(secret.unwrap_or(&Secret::new("no such user")));
        secret.filter(|_| fitted)?;
        principal.map(|principal| self.enter(principal, principal.account, None))
    }

    /// The API client that a token of ours names, in the account that it names.
    pub(super) fn token_client(self: &Arc<Self>, id: &str, account: u64, scopes: Option<Scopes>) -> Option<Client> {
        let principal = self.api_clients.get(id)?;
        let scopes = match (scopes, principal.scopes()) {
            (Some(token), Some(own)) => Some(Scopes::from_bits(token.bits() & own.bits())),
            (token, own) => token.or(own),
        };
        self.reaches(principal, account).then(|| self.enter(principal, account, scopes))
    }

    pub(super) fn enter(self: &Arc<Self>, principal: &Arc<Principal>, account: u64, scopes: Option<Scopes>) -> Client {
        Client { directory: self.clone(), principal: principal.clone(), account, scopes }
    }

    pub(super) fn reaches(&self, principal: &Principal, mid: u64) -> bool {
        let Some(account) = self.accounts.get(&mid) else {
            return false;
        };
        match &principal.permissions.reach {
            _ if mid == principal.account => true,
            Reach::Own => false,
            Reach::Listed(listed) => listed.contains(&mid),
            Reach::Enterprise => {
                self.accounts.get(&principal.account).is_some_and(|own| own.enterprise == account.enterprise)
            }
        }
    }

    #[cfg(test)]
    pub(super) fn principal(&self, name: &str) -> Option<Arc<Principal>> {
        self.api_clients.get(name).or_else(|| self.users.get(name)).cloned()
    }
}

impl Mistake {
    fn new(entry: Entry, field: &'static str, what: String) -> Self {
        Self { entry, field, what }
    }
}

struct Directory<'a> {
    accounts: &'a BTreeMap<u64, Account>,
    mistakes: &'a mut Vec<Mistake>,
}

impl Directory<'_> {
    fn list(
        &mut self,
        field: &'static str,
        entry: fn(usize) -> Entry,
        principals: impl Iterator<Item = Principal>,
    ) -> HashMap<String, Arc<Principal>> {
        let mut list = HashMap::new();
        for (place, principal) in principals.enumerate() {
            let entry = entry(place);
            let mut wrong = |field, what| self.mistakes.push(Mistake::new(entry, field, what));
            // A token has to hold the id within its 512 characters.
            if principal.name.is_empty() || principal.name.len() > LONGEST_ID {
                wrong(field, format!("{} bytes: expected 1 to {}", principal.name.len(), LONGEST_ID));
            }
            if !self.accounts.contains_key(&principal.account) {
                wrong("account", format!("there is no account {}", principal.account));
            }
            if let Reach::Listed(listed) = &principal.permissions.reach {
                for mid in listed.iter().filter(|mid| !self.accounts.contains_key(mid)) {
                    wrong("act_for", format!("there is no account {mid}"));
                }
            }
            let secrets = if matches!(entry, Entry::User(_)) { "password_hashes" } else { "secret_hashes" };
            match principal.hashes.len() {
                1 | 2 => {}
                0 if principal.digest_secret.is_some() => {}
                many => wrong(secrets, format!("{many} hashes: expected one, or two while the secret is changed")),
            }
            let name = principal.name.clone();
            if list.insert(name.clone(), Arc::new(principal)).is_some() {
                wrong(field, format!("`{name}` stands twice"));
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Permissions, *};

    fn account(mid: u64, enterprise: u64) -> Account {
        Account { mid, name: format!("Account {mid}"), enterprise }
    }

    fn user(name: &str, mid: u64, permissions: Permissions) -> User {
        User {
            name: name.into(),
            account: mid,
            passwords: Vec::new(),
            digest_secret: Some(Secret::new("secret")),
            permissions,
        }
    }

    #[test]
    fn one_acts_for_ones_own_account_and_those_that_are_granted() {
        let accounts = vec![account(1, 1), account(2, 1), account(3, 3)];
        let users = vec![
            user("own", 2, Permissions::default()),
            user("listed", 2, Permissions { reach: Reach::Listed([3].into()), ..Permissions::default() }),
            user("enterprise", 2, Permissions { reach: Reach::Enterprise, ..Permissions::default() }),
        ];
        let directory = Arc::new(Accounts::new(accounts, Vec::new(), users).unwrap());
        for (name, expected) in [("own", vec![2]), ("listed", vec![2, 3]), ("enterprise", vec![1, 2])] {
            let client = Client::unchecked(&directory, name).unwrap();
            assert_eq!(client.accounts().map(|account| account.mid).collect::<Vec<_>>(), expected);
            for mid in 1..=4 {
                assert_eq!(
                    client.acting_for(mid).map(|client| client.account()),
                    expected.contains(&mid).then_some(mid)
                );
            }
        }
        let other = Client::unchecked(&directory, "listed").unwrap().acting_for(3).unwrap();
        assert_eq!((other.account(), other.enterprise(), other.key()), (3, 3, "user:listed"));
        assert!(other.may_act_for(2), "the way back stays open");
    }

    #[test]
    fn operations_and_object_types_are_allowed_by_name() {
        let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let permissions = Permissions {
            operations: set(&["Retrieve", "GetSystemStatus"]),
            object_types: set(&["Subscriber", "DataExtensionObject"]),
            ..Permissions::default()
        };
        assert!(permissions.allow("Retrieve", "Subscriber"));
        assert!(permissions.allow("Retrieve", "DataExtensionObject[key]"));
        assert!(permissions.allow("GetSystemStatus", ""));
        assert!(!permissions.allow("Create", "Subscriber"));
        assert!(!permissions.allow("Retrieve", "List"));
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let accounts = vec![account(1, 1), account(1, 1)];
        let listed = Permissions { reach: Reach::Listed([9].into()), ..Permissions::default() };
        let users = vec![user("a", 7, Permissions::default()), user("a", 1, listed)];
        let clients = vec![ApiClient {
            id: String::new(),
            account: 1,
            secrets: Vec::new(),
            scopes: None,
            permissions: Permissions::default(),
        }];
        let mistakes = Accounts::new(accounts, clients, users).unwrap_err();
        let told: Vec<_> = mistakes.iter().map(|m| format!("{:?} {}: {}", m.entry, m.field, m.what)).collect();
        assert_eq!(
            told,
            [
                "Account(1) mid: account 1 stands twice",
                "ApiClient(0) id: 0 bytes: expected 1 to 128",
                "ApiClient(0) secret_hashes: 0 hashes: expected one, or two while the secret is changed",
                "User(0) account: there is no account 7",
                "User(1) act_for: there is no account 9",
                "User(1) name: `a` stands twice",
            ]
        );
    }

    #[test]
    fn an_unknown_name_gets_as_many_hashes_as_the_best_kept_one() {
        let hash = SecretHash::parse(DECOY).unwrap();
        let mut two = user("two", 1, Permissions::default());
        two.passwords = vec![hash.clone(), hash];
        let directory = Accounts::new(vec![account(1, 1)], Vec::new(), vec![two]).unwrap();
        for hashes in [directory.hashes_of_user("two"), directory.hashes_of_user("x"), directory.hashes_of_client("x")]
        {
            assert_eq!(hashes.len(), 2);
        }
    }
}
