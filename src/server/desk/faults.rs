//! What the simulated backends are made to do: failures on demand, what is told of messages, what customers write.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | GET /faults | | what is set, by connector |
//! | POST /faults/set | connector; one of code, delay_ms, reset, limit, receipt; times, retry_after_ms, login, because | the same |
//! | POST /faults/clear | connector | the same |
//! | POST /faults/inbound | connector, number; text | who wrote, and until when he may be answered freely |

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Asked, Operators, Wrong};
use crate::simulated::{Fault, Faults, Outcome, Reset, What};

pub(super) const PATHS: &[(&str, &str)] =
    &[("/faults", "GET"), ("/faults/set", "POST"), ("/faults/clear", "POST"), ("/faults/inbound", "POST")];

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) fn ask_faults(&self, path: &str, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let Some(controls) = &self.controls else {
            let how = "there are no simulated backends here: `envoi demo --connectors` starts them";
            return Err(Wrong(StatusCode::CONFLICT, how.to_owned()));
        };
        let needs = |name: &str| asked.get(name).ok_or_else(|| Wrong::asked(format!("{name} is missing")));
        let faults = controls.faults();
        match path {
            "/faults/set" => faults.set(&needs("connector")?, fault(asked)?).map_err(Wrong::asked)?,
            "/faults/clear" => {
                let connector = needs("connector")?;
                if !faults.clear(&connector) {
                    return Err(Wrong::asked(format!("there is no simulated backend `{connector}`")));
                }
            }
            "/faults/inbound" => {
                let text = asked.get("text").unwrap_or_else(|| "Hello".to_owned());
                return controls.write(&needs("connector")?, &needs("number")?, &text).map_err(Wrong::asked);
            }
            _ => {}
        }
        Ok(listed(faults))
    }
}

fn listed(faults: &Faults) -> Value {
    let of = |(name, faults): (&str, Vec<Fault>)| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        json!({ "connector": name, "faults": faults })
    };
    faults.list().into_iter().map(of).collect()
}

fn fault(asked: &Asked<'_>) -> Result<Fault, Wrong> {
    let number = |name: &str| match asked.get(name).map(|text| (text.parse::<u64>(), text)) {
        Some((Ok(number), _)) => Ok(Some(number)),
        Some((Err(_), text)) => Err(Wrong::asked(format!("{name} is {text:?}, expected a number"))),
        None => Ok(None),
    };
    let mut all = Vec::new();
    all.extend(asked.get("code").map(|code| What::Code(code.trim().to_owned())));
    all.extend(number("delay_ms")?.map(|millis| What::Delay(Duration::from_millis(millis))));
    if let Some(when) = asked.get("reset") {
        all.push(What::Reset(match when.as_str() {
            "before" => Reset::Before,
            "after" => Reset::After,
            "body" => Reset::Body,
            other => return Err(Wrong::asked(format!("reset is {other:?}, expected before, after or body"))),
        }));
    }
    if asked.get("limit").is_some() {
        all.push(What::Limit(number("retry_after_ms")?.map(Duration::from_millis)));
    }
    if let Some(receipt) = asked.get("receipt") {
        let because = asked.get("because").map(|code| code.trim().to_owned());
        let outcome = Outcome::named(&receipt, because).ok_or_else(|| {
            let expected = "expected sent, delivered, read, failed or silent, and because with failed alone";
            Wrong::asked(format!("receipt is {receipt:?}: {expected}"))
        })?;
        all.push(What::Receipt(outcome));
    }
    let mut all = all.into_iter();
    let (Some(what), None) = (all.next(), all.next()) else {
        return Err(Wrong::asked("expected one of code, delay_ms, reset, limit and receipt".to_owned()));
    };
    let times = number("times")?.map(|times| u32::try_from(times).unwrap_or(u32::MAX));
    match times {
        Some(0) => Err(Wrong::asked("times is 0, expected 1 or more, or nothing for every request".to_owned())),
        times => Ok(Fault { what, times, login: asked.get("login").is_some() }),
    }
}
