//! Failures on demand: what operators set for a backend, and how often it happens.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use crate::connector::{
    System,
    codes::{self, Class, Code},
};

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
    /// There is no such backend, or its system has no such code: what was expected.
    pub fn set(&self, name: &str, fault: Fault) -> Result<(), String> {
        let system = System::ALL.into_iter().find(|system| system.name() == name);
        let mut all = self.all();
        let Some((faults, system)) = all.get_mut(name).zip(system) else {
            let known: Vec<_> = all.keys().copied().collect();
            return Err(format!("there is no simulated backend `{name}`: expected one of {}", known.join(", ")));
        };
        if let What::Code(code) = &fault.what
            && codes::find(system, code).is_none()
        {
            return Err(format!("{name} has no code `{code}`: `envoi explain {name}` lists them"));
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
        let mut all = self.all();
        let Some(faults) = all.get_mut(name) else {
            return (None, None);
        };
        let mut take = |is_delay: bool| {
            let fits = |fault: &Fault| fault.login == login && matches!(fault.what, What::Delay(_)) == is_delay;
            let at = faults.iter().position(fits)?;
            let fault = faults.get_mut(at)?;
            let what = fault.what.clone();
            fault.times = fault.times.map(|times| times.saturating_sub(1));
            if fault.times == Some(0) {
                faults.remove(at);
            }
            Some(what)
        };
        let delay = take(true).and_then(|what| if let What::Delay(by) = what { Some(by) } else { None });
        (delay, take(false))
    }
}

/// An error as a system tells it: HTTP status and body.
pub(super) fn told(system: System, code: &str, path: &str) -> (u16, Value) {
    let known = codes::find(system, code);
    let text = known.map_or("an error", |known| known.meaning);
    match system {
        System::Salesforce => salesforce(known, code, text, path),
        System::Yeastar => {
            let errcode: i64 = code.parse().unwrap_or(-1);
            (200, json!({ "errcode": errcode, "errmsg": known.map_or("FAILURE", |known| known.name) }))
        }
        System::Connectly => connectly(known, code, text),
    }
}

/// The three shapes of Salesforce.
fn salesforce(known: Option<&Code>, code: &str, text: &str, path: &str) -> (u16, Value) {
    let number: i64 = code.parse().unwrap_or(500);
    let detail = json!({ "code": number, "message": text });
    if ["/consent", "/participant", "/routingResult", "/capabilities"].iter().any(|end| path.ends_with(end)) {
        return (200, json!({ "success": false, "errorDetail": detail }));
    }
    (status(known), detail)
}

fn connectly(known: Option<&Code>, code: &str, text: &str) -> (u16, Value) {
    let class = known.map_or(Class::Client, |known| known.class);
    let kind = match (code, class) {
        (code, _) if code.starts_with("ERROR_TYPE_") => code,
        // As the vendor's own sample has it, misleading as it is.
        ("ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW", _) => "ERROR_TYPE_DEADLINE_EXCEEDED",
        (_, Class::Auth) => "ERROR_TYPE_AUTHORIZATION",
        (_, Class::RateLimit) => "ERROR_TYPE_RATE_LIMIT",
        (_, Class::Conflict) => "ERROR_TYPE_CONFLICT",
        (_, Class::NotFound) => "ERROR_TYPE_NOT_FOUND",
        _ => "ERROR_TYPE_INVALID_REQUEST",
    };
    let status = if code == "ERROR_TYPE_AUTHORIZATION" { 403 } else { status(known) };
    let mut body = json!({
        "message": text, "type": kind, "userTitle": "", "userMessage": "",
        "cntTraceId": "11824978358485860716", "details": {},
    });
    if let (false, Some(members)) = (code.starts_with("ERROR_TYPE_"), body.as_object_mut()) {
        members.insert("code".to_owned(), code.into());
    }
    (status, body)
}

/// The HTTP status of a class, where nothing documents one.
fn status(known: Option<&Code>) -> u16 {
    match known.map(|known| known.class) {
        Some(Class::Auth) => 401,
        Some(Class::RateLimit) => 429,
        Some(Class::NotFound) => 404,
        Some(Class::Conflict) => 409,
        Some(Class::Transient) => 503,
        Some(Class::Server) => 500,
        Some(Class::Ok | Class::Client) | None => 400,
    }
}

/// What a system says when there are too many requests.
pub(super) fn limited(system: System) -> (u16, Value) {
    match system {
        System::Salesforce => (429, json!({ "success": false, "message": "Interaction request rate limit exceeded" })),
        System::Yeastar => (429, json!({})),
        System::Connectly => told(system, "ERROR_TYPE_RATE_LIMIT", ""),
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
    fn every_code_of_the_table_can_be_answered() {
        for code in codes::TABLE {
            let (status, body) = told(code.system, code.code, "/x");
            assert!((200..600).contains(&status) && body.to_string().contains(code.code), "{code:?} {body}");
        }
    }
}
