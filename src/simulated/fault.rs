//! Failures on demand: what operators set for a backend, and how often it happens.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Outcome;
use crate::connector::{System, codes};

/// Faults of one backend that wait at once.
const MOST: usize = 100;

/// One failure that waits for requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub what: What,
    /// How many requests it meets yet; none for all until it is cleared.
    pub times: Option<u32>,
    /// Whether it meets log-ins, in place of what follows them.
    pub login: bool,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is answered with this code of the system.
    Code(String),
    /// Its answer comes so much later.
    Delay(Duration),
    /// The connection is closed.
    Reset(Reset),
    /// It is one too many; with `Retry-After`.
    Limit(Option<Duration>),
    /// It is answered as always, and when it is a message this is told of it.
    Receipt(Outcome),
}

/// When a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Before the request is read: nothing was done.
    Before,
    /// After it was done, without an answer.
    After,
    /// After it was done, within the answer's body.
    Body,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Code(code) => write!(f, "answer code {code}")?,
            What::Delay(by) => write!(f, "delay {} ms", by.as_millis())?,
            What::Reset(Reset::Before) => f.write_str("reset before the request")?,
            What::Reset(Reset::After) => f.write_str("reset after the request")?,
            What::Reset(Reset::Body) => f.write_str("reset within the answer")?,
            What::Limit(None) => f.write_str("too many requests")?,
            What::Limit(Some(after)) => write!(f, "too many requests, Retry-After {} s", after.as_secs())?,
            What::Receipt(outcome) => write!(f, "{outcome}")?,
        }
        if self.login {
            f.write_str(", at log-ins")?;
        }
        match self.times {
            Some(1) => f.write_str(", once"),
            Some(times) => write!(f, ", {times} times"),
            None => f.write_str(", until it is cleared"),
        }
    }
}

/// What is set for each backend.
#[derive(Debug)]
pub struct Faults(Mutex<BTreeMap<&'static str, Vec<Fault>>>);

impl Faults {
    pub(super) fn new(names: impl IntoIterator<Item = &'static str>) -> Self {
        Self(Mutex::new(names.into_iter().map(|name| (name, Vec::new())).collect()))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, Vec<Fault>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets one, behind those that are set already.
    ///
    /// # Errors
    /// There is no such backend, its system has no such code or no webhooks, or too many wait: what was expected.
    pub fn set(&self, name: &str, fault: Fault) -> Result<(), String> {
        let system = System::ALL.into_iter().find(|system| system.name() == name);
        let mut all = self.all();
        let Some((faults, system)) = all.get_mut(name).zip(system) else {
            let known: Vec<_> = all.keys().copied().collect();
            return Err(format!("there is no simulated backend `{name}`: expected one of {}", known.join(", ")));
        };
        if fault.login && system == System::Connectly {
            return Err("connectly has no log-ins: its key goes with each request".to_owned());
        }
        if let What::Receipt(_) = &fault.what
            && (system == System::Salesforce || fault.login)
        {
            let what = if fault.login { "log-ins have" } else { "salesforce has" };
            return Err(format!("{what} no webhooks: expected a message of yeastar or connectly"));
        }
        if let What::Code(code) | What::Receipt(Outcome::Failed(Some(code))) = &fault.what
            && codes::find(system, code).is_none()
        {
            return Err(format!("{name} has no code `{code}`: `envoi explain {name}` lists them"));
        }
        if let What::Code(code) = &fault.what
            && system == System::Yeastar
            && code.parse::<i64>().is_err()
        {
            return Err(format!(
                "yeastar answers numbers: `{code}` is told by webhook (--receipt failed --because {code})"
            ));
        }
        if faults.len() >= MOST {
            return Err(format!("{MOST} wait for {name}: `envoi fault set {name} --clear` takes them back"));
        }
        faults.push(fault);
        Ok(())
    }

    /// Takes back all that is set for a backend; whether there is one.
    pub fn clear(&self, name: &str) -> bool {
        self.all().get_mut(name).map(Vec::clear).is_some()
    }

    /// What is set, by backend.
    pub fn list(&self) -> Vec<(&'static str, Vec<Fault>)> {
        self.all().iter().map(|(name, faults)| (*name, faults.clone())).collect()
    }

    /// What happens to the next request: a delay and one other thing, each counted.
    pub(super) fn next(&self, name: &str, login: bool) -> (Option<Duration>, Option<What>) {
        let delay = self.take(name, |fault| fault.login == login && matches!(fault.what, What::Delay(_)));
        let delay = delay.and_then(|what| if let What::Delay(by) = what { Some(by) } else { None });
        let is_other = |what: &What| !matches!(what, What::Delay(_) | What::Receipt(_));
        (delay, self.take(name, |fault| fault.login == login && is_other(&fault.what)))
    }

    /// What is told of the message that was just taken, where it is set.
    pub(super) fn outcome(&self, name: &str) -> Option<Outcome> {
        match self.take(name, |fault| matches!(fault.what, What::Receipt(_)))? {
            What::Receipt(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The first that fits, counted.
    fn take(&self, name: &str, fits: impl Fn(&Fault) -> bool) -> Option<What> {
        let mut all = self.all();
        let faults = all.get_mut(name)?;
        let at = faults.iter().position(fits)?;
        let fault = faults.get_mut(at)?;
        let what = fault.what.clone();
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        if fault.times == Some(0) {
            faults.remove(at);
        }
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_meet_as_many_requests_as_they_were_set_for() {
        let faults = Faults::new(["yeastar"]);
        let fault = |what, times| Fault { what, times, login: false };
        let delay = Duration::from_secs(2);
        faults.set("yeastar", fault(What::Code("70547".into()), Some(2))).unwrap();
        faults.set("yeastar", fault(What::Delay(delay), None)).unwrap();
        faults.set("yeastar", fault(What::Reset(Reset::After), Some(1))).unwrap();
        faults.set("yeastar", Fault { login: true, ..fault(What::Code("70004".into()), Some(1)) }).unwrap();
        assert!(
            faults.set("yeastar", fault(What::Code("10025".into()), None)).unwrap_err().contains("no code `10025`")
        );
        assert!(faults.set("pbx", fault(What::Limit(None), None)).unwrap_err().contains("expected one of yeastar"));
        let next = || faults.next("yeastar", false);
        let code = Some(What::Code("70547".into()));
        assert_eq!([next(), next()], [(Some(delay), code.clone()), (Some(delay), code)]);
        assert_eq!(next(), (Some(delay), Some(What::Reset(Reset::After))));
        assert_eq!(next(), (Some(delay), None));
        assert_eq!(faults.next("yeastar", true), (None, Some(What::Code("70004".into()))));
        assert!(faults.clear("yeastar") && !faults.clear("pbx"));
        assert_eq!((next(), faults.list()), ((None, None), vec![("yeastar", Vec::new())]));
    }

    #[test]
    fn what_is_told_waits_for_messages() {
        let faults = Faults::new(["yeastar", "salesforce"]);
        let fault = |outcome| Fault { what: What::Receipt(outcome), times: Some(1), login: false };
        let failed = |code: &str| Outcome::Failed(Some(code.to_owned()));
        faults.set("yeastar", fault(Outcome::Read)).unwrap();
        faults.set("yeastar", fault(failed("too_many_request"))).unwrap();
        assert!(faults.set("yeastar", fault(failed("gone"))).unwrap_err().contains("no code `gone`"));
        assert!(faults.set("salesforce", fault(Outcome::Read)).unwrap_err().contains("no webhooks"));
        let login = Fault { what: What::Limit(None), times: None, login: true };
        assert!(Faults::new(["connectly"]).set("connectly", login).unwrap_err().contains("no log-ins"));
        assert_eq!(faults.next("yeastar", false), (None, None));
        let told = || faults.outcome("yeastar");
        assert_eq!([told(), told(), told()], [Some(Outcome::Read), Some(failed("too_many_request")), None]);
        for _ in 0..MOST {
            faults.set("yeastar", fault(Outcome::Silent)).unwrap();
        }
        assert!(faults.set("yeastar", fault(Outcome::Silent)).unwrap_err().contains("--clear"));
        assert!(faults.clear("yeastar"));
        assert_eq!(faults.list(), [("salesforce", Vec::new()), ("yeastar", Vec::new())]);
    }
}
