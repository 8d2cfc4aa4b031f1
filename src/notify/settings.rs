//! Settings of telling the caller.

use std::{path::PathBuf, time::Duration};

use rustls::pki_types::CertificateDer;

use super::{Resolver, SigningSecret};
use crate::message::network::Network;

/// How what is owed is delivered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether a delivery that failed is tried again. The service itself tries once.
    pub retry: bool,
    /// How often a delivery is tried at most.
    pub max_attempts: u32,
    /// How long after its first attempt a delivery is tried at most; and how long one waits for a place that is down.
    pub max_age: Duration,
    /// The wait after the first attempt.
    pub first_delay: Duration,
    /// The longest wait between two attempts.
    pub longest_delay: Duration,
    /// Failures in a row after which a place rests.
    pub breaker_failures: u32,
    /// How long it rests the first time.
    pub breaker_rest: Duration,
    /// Attempts under way at once.
    pub at_once: usize,
    /// Attempts under way at once to one scheme, host and port.
    pub per_target: usize,
    /// Mails under way at once, of both kinds: no more than can be carried at once, since what is begun and has not left yet
    /// would be in doubt when the program ends.
    pub mails_at_once: usize,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long an attempt may take, redirects and all.
    pub timeout: Duration,
    /// Bytes of an answer that are read; of a longer one the rest is not.
    pub max_response: usize,
    /// Redirects (307, 308) that are followed.
    pub max_redirects: u32,
    /// Addresses that callbacks may reach though they are not public.
    pub allow_networks: Vec<Network>,
    /// Certificates trusted beside the system's.
    pub ca: Vec<CertificateDer<'static>>,
    /// What callbacks are signed with; the first is the present one.
    pub secrets: Vec<SigningSecret>,
    /// Where results of ResponseType FTP are put.
    pub drop_folder: Option<PathBuf>,
    /// Whether a mail of a triggered send that was under way when the program ended is sent again.
    pub resend_in_doubt: bool,
    /// How long mails of triggered sends are remembered.
    pub retention: Duration,
    /// Who turns names into addresses.
    pub resolver: Resolver,
}

impl Default for Settings {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            retry: true,
            max_attempts: 14,
            max_age: Duration::from_secs(3 * 24 * HOUR),
            first_delay: Duration::from_secs(10),
            longest_delay: Duration::from_secs(6 * HOUR),
            breaker_failures: 5,
            breaker_rest: Duration::from_secs(30),
            at_once: 64,
            per_target: 8,
            mails_at_once: 4,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            max_response: 64 << 10,
            max_redirects: 3,
            allow_networks: Vec::new(),
            ca: Vec::new(),
            secrets: Vec::new(),
            drop_folder: None,
            resend_in_doubt: false,
            retention: Duration::from_secs(30 * 24 * HOUR),
            resolver: Resolver::default(),
        }
    }
}
