//! Checks credentials and gives a [`Client`]: hashing at leisure, remembering verified secrets, throttling, replays.
//!
//! It never stores a secret, nor tells in an answer or by its duration whether a name exists. Tokens cost one HMAC
//! and are never throttled; every guess at a password is.

mod nonces;
mod throttle;

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;

use crate::{
    clock::{Clock, Time},
    message::client::{
        Accounts, Client, Credentials, Denied, Digest, Proof, Secret, SecretHash, Verified,
        token::{self, Key, Kind},
    },
};
use nonces::{Nonces, Seen};
use throttle::Throttle;

/// How callers are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Life of an access token; more than 300 s, since SDKs renew it five minutes before its end.
    pub token_lifetime: Duration,
    /// Life of an access token or legacy token from v1/requestToken.
    pub legacy_token_lifetime: Duration,
    /// Life of a refresh token from v1/requestToken.
    pub refresh_lifetime: Duration,
    /// By how much a caller's clock may differ from ours.
    pub clock_skew: Duration,
    /// How old a PasswordDigest's Created may be; as long are digests remembered.
    pub nonce_window: Duration,
    /// How many digests are remembered at most.
    pub nonces: usize,
    /// Failed log-ins of one source within `login_window` until it is made to wait.
    pub login_failures: u32,
    /// The window for counting failed log-ins.
    pub login_window: Duration,
    /// How many argon2 checks run at once; each takes the memory that its hash asks for (19 MiB by default).
    pub verifications: usize,
    /// How many verified secrets are remembered, so that argon2 is paid once for each.
    pub remembered_secrets: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_secs(1079),
            legacy_token_lifetime: Duration::from_secs(3600),
            refresh_lifetime: Duration::from_secs(14 * 24 * 3600),
            clock_skew: Duration::from_secs(300),
            nonce_window: Duration::from_secs(300),
            nonces: 100_000,
            login_failures: 30,
            login_window: Duration::from_secs(60),
            verifications: 2,
            remembered_secrets: 1024,
        }
    }
}

/// The doorkeeper. Share it behind an `Arc`.
pub struct Access {
    accounts: RwLock<Arc<Accounts>>,
    clock: Clock,
    key: Key,
    settings: Settings,
    /// Keys the memory of verified secrets; fresh in each process, so that memory tells nothing about secrets.
    memory_key: [u8; 32],
    hashing: Arc<Semaphore>,
    verified: Mutex<Remembered>,
    throttle: Mutex<Throttle>,
    nonces: Mutex<Nonces>,
    /// The whole second in which this process began to let callers in.
    started: Time,
}

#[derive(Default)]
struct Remembered {
    proofs: HashMap<[u8; 32], Verified>,
    order: VecDeque<[u8; 32]>,
}

impl Access {
    /// A doorkeeper for these accounts. It fails only where the system gives no random bytes.
    pub fn new(accounts: Arc<Accounts>, clock: Clock, key: Key, settings: Settings) -> Result<Self, getrandom::Error> {
        Ok(Self {
            accounts: RwLock::new(accounts),
            memory_key: random()?,
            hashing: Arc::new(Semaphore::new(settings.verifications.max(1))),
            verified: Mutex::default(),
            throttle: Mutex::new(Throttle::new(settings.login_failures, settings.login_window)),
            nonces: Mutex::new(Nonces::new(settings.nonces)),
            // Clients write Created in whole seconds.
            started: Time::from_millis(clock.now().millis().div_euclid(1000).saturating_mul(1000)),
            clock,
            key,
            settings,
        })
    }

    /// The accounts as they are now.
    pub fn accounts(&self) -> Arc<Accounts> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes other accounts, after a reload; tokens of clients that are gone end at once.
    pub fn replace(&self, accounts: Arc<Accounts>) {
        *self.accounts.write().unwrap_or_else(PoisonError::into_inner) = accounts;
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Checks what a SOAP caller presented.
    pub async fn check(&self, credentials: Credentials, peer: IpAddr) -> Result<Client, Denied> {
        let now = self.now();
        if let Some(expires) = credentials.expires
            && now > expires.plus(self.settings.clock_skew)
        {
            return Err(expired("wsu:Expires", expires, now));
        }
        if let Some(created) = credentials.created
            && created > now.plus(self.settings.clock_skew)
        {
            return Err(expired("wsu:Created", created, now));
        }
        match credentials.proof {
            Proof::Token(token) => self.token(token.expose(), &Credentials::KINDS),
            Proof::Digest(digest) => self.digest(&digest, peer),
            Proof::Password { user, password } => {
                let accounts = self.accounts();
                let proof = self.verify(accounts.hashes_of_user(&user), &password, peer).await?;
                accounts.user(&user, &proof).ok_or(Denied::LoginFailed)
            }
        }
    }

    /// Checks the id and secret of an API client.
    pub(super) async fn api_client(&self, id: &str, secret: &Secret, peer: IpAddr) -> Result<Client, Denied> {
        let accounts = self.accounts();
        let proof = self.verify(accounts.hashes_of_client(id), secret, peer).await?;
        accounts.client(id, &proof).ok_or(Denied::LoginFailed)
    }

    pub(super) fn token(&self, token: &str, kinds: &[Kind]) -> Result<Client, Denied> {
        token::verify(&self.accounts(), &self.key, token, kinds, self.now())
    }

    pub(super) fn issue(&self, client: &Client, kind: Kind, lifetime: Duration) -> Option<String> {
        token::issue(
            &self.key,
            client,
            kind,
            self.now(),
            lifetime,
            random().inspect_err(|error| tracing::error!(%error, "no random bytes for a token")).ok()?,
        )
    }

    fn digest(&self, digest: &Digest, peer: IpAddr) -> Result<Client, Denied> {
        self.may_try(peer)?;
        let now = self.now();
        let ends = digest.created.plus(self.settings.nonce_window);
        // Digests that were used before the start are no longer known; so none from before it counts.
        if now > ends || digest.created > now.plus(self.settings.clock_skew) || digest.created < self.started {
            return Err(expired("wsu:Created", digest.created, now));
        }
        let Some(client) = digest.verify(&self.accounts()) else {
            lock(&self.throttle).failed(peer, now);
            return Err(Denied::LoginFailed);
        };
        match lock(&self.nonces).first(digest.digest, ends, now) {
            Seen::First => Ok(client),
            Seen::Again => Err(Denied::Replayed),
            Seen::Full => Err(Denied::Throttled { retry_after: self.settings.nonce_window }),
        }
    }

    fn may_try(&self, peer: IpAddr) -> Result<(), Denied> {
        match lock(&self.throttle).wait(peer, self.now()) {
            Some(retry_after) => Err(Denied::Throttled { retry_after }),
            None => Ok(()),
        }
    }

    /// Finds the hash that the secret fits. All of them are tried, whichever fits, so that the duration tells nothing.
    async fn verify(&self, hashes: Vec<SecretHash>, secret: &Secret, peer: IpAddr) -> Result<Verified, Denied> {
        // Before the memory is asked: it answers quickly, and a throttled source must not guess at it.
        self.may_try(peer)?;
        if let Some(proof) = self.remembered(&hashes, secret) {
            return Ok(proof);
        }
        let Ok(permit) = self.hashing.clone().acquire_owned().await else {
            return Err(Denied::LoginFailed);
        };
        // While this caller waited, others may have failed, or may have verified the same secret.
        self.may_try(peer)?;
        if let Some(proof) = self.remembered(&hashes, secret) {
            return Ok(proof);
        }
        let (tried, candidate) = (hashes, secret.clone());
        let hashed = tokio::task::spawn_blocking(move || {
            let proofs: Vec<_> = tried.iter().map(|hash| (hash.clone(), hash.verify(&candidate))).collect();
            drop(permit);
            proofs
        });
        let proofs = hashed.await.unwrap_or_default();
        let Some((hash, proof)) = proofs.into_iter().find_map(|(hash, proof)| Some((hash, proof?))) else {
            lock(&self.throttle).failed(peer, self.now());
            return Err(Denied::LoginFailed);
        };
        if let Some(place) = self.place(&hash, secret) {
            lock(&self.verified).remember(place, proof.clone(), self.settings.remembered_secrets);
        }
        Ok(proof)
    }

    fn remembered(&self, hashes: &[SecretHash], secret: &Secret) -> Option<Verified> {
        let places: Vec<_> = hashes.iter().filter_map(|hash| self.place(hash, secret)).collect();
        let verified = lock(&self.verified);
        places.iter().find_map(|place| verified.proofs.get(place)).cloned()
    }

    /// Where a verified secret is remembered. A look-up by this keyed digest tells nothing about secret or hash.
    fn place(&self, hash: &SecretHash, secret: &Secret) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.memory_key).ok()?;
        mac.update(hash.phc().as_bytes());
        mac.update(&[0]);
        mac.update(secret.expose().as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

impl Remembered {
    fn remember(&mut self, place: [u8; 32], proof: Verified, most: usize) {
        if self.proofs.insert(place, proof).is_none() {
            self.order.push_back(place);
        }
        while self.order.len() > most {
            if let Some(oldest) = self.order.pop_front() {
                self.proofs.remove(&oldest);
            }
        }
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn expired(what: &'static str, value: Time, now: Time) -> Denied {
    Denied::MessageExpired { what, value: value.seconds(), now: now.seconds() }
}

/// A panic cannot leave these tables half-changed in a way that matters: each change is one entry.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
