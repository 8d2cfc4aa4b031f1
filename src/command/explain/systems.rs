//! Codes of the systems behind connectors: what each means, what envoi does about it, which number stands for it.

use std::fmt::Write;

use crate::{
    config::near::perhaps,
    connector::{
        System,
        codes::{self, Class, Code, Plain},
    },
};

/// The system of a name.
pub(super) fn named(name: &str) -> Option<System> {
    System::ALL.into_iter().find(|system| system.name().eq_ignore_ascii_case(name))
}

/// The codes of a system with their names, in the order of its page.
pub(super) fn list(system: System) -> String {
    let rows: Vec<&Code> = codes::all().filter(|row| row.system == system).collect();
    let width = rows.iter().map(|row| row.code.len()).max().unwrap_or_default();
    rows.iter().fold(String::new(), |mut out, Code { code, number, class, name, .. }| {
        let _ = writeln!(out, "{code:width$}  {number}  {:10}  {name}", class.name());
        out
    })
}

/// What a code of a system means. It may be given by its name too, and Connectly's without what all of them begin with.
///
/// # Errors
/// There is none; what it would be taken for, and which name is near.
pub(super) fn about(system: System, code: &str) -> Result<String, String> {
    let is_meant = |row: &&Code| {
        let bare = row.code.trim_start_matches("ERROR_CODE_").trim_start_matches("ERROR_TYPE_");
        row.system == system && [row.name, bare].iter().any(|name| name.eq_ignore_ascii_case(code))
    };
    if let Some(row) = codes::find(system, code).or_else(|| codes::all().find(is_meant)) {
        return Ok(paragraph(row));
    }
    let family = codes::class_of(system, code);
    let upper = code.to_ascii_uppercase();
    let names = codes::all().filter(|row| row.system == system).flat_map(|row| [row.code, row.name]);
    let guess = perhaps(&upper, names);
    Err(format!(
        "{} has no code {code} that this version knows{guess}; in an answer it is taken for {} ({}), and ErrorCode is {}; \
         `envoi explain {}` lists all",
        system.name(),
        family.class.name(),
        effect(family.class, family.retryable, family.ambiguous),
        codes::number(system, code),
        system.name(),
    ))
}

/// What a number of ErrorCode stands for, where it is one of a connector.
pub(super) fn by_number(number: i64) -> Option<String> {
    if let Some(row) = codes::all().find(|row| row.number == number) {
        return Some(paragraph(row));
    }
    for system in System::ALL {
        for (plain, means, remedy) in Plain::ALL {
            if plain.number(system) == number {
                let name = system.name();
                return Some(format!("{number}  {name}, without a code\n\nMeans   {means}\nDo      {remedy}\n"));
            }
        }
        if let Some(status) = (100..600).find(|status| Plain::Http(*status).number(system) == number) {
            let name = system.name();
            return Some(format!(
                "{number}  {name}, HTTP status {status} without a code\n\nMeans   The status is all that the answer says.\n"
            ));
        }
        if let Some(code) = codes::native(system, number) {
            return about(system, &code).err().map(|text| format!("{number}  {text}\n"));
        }
    }
    None
}

fn paragraph(row: &Code) -> String {
    let Code { system, code, number, class, retryable, ambiguous, name, meaning, remedy } = row;
    let effect = match (class, *code) {
        (Class::Ok, "1") => "the row is OK and says so; OverallStatus is Has Errors",
        (Class::Ok, _) => "the row is OK",
        _ => effect(*class, *retryable, *ambiguous),
    };
    format!(
        "{} {code}  {name}\n\nMeans   {meaning}\nClass   {}\nNumber  {number} in ErrorCode; SubscriberFailures have {code}\n\
         Effect  {effect}\nDo      {remedy}\n",
        system.name(),
        class.name(),
    )
}

/// What envoi does about an error.
fn effect(class: Class, is_retryable: bool, is_ambiguous: bool) -> &'static str {
    match class {
        _ if is_ambiguous => "it may have arrived: on_ambiguous says whether it is sent again",
        _ if !is_retryable => "not tried again; the row is an error",
        Class::Auth => "tried once more with a new token",
        Class::RateLimit => "the connector rests, then it is tried again",
        _ => "tried again, before anything else to this recipient",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_by_system_by_name_and_by_number() {
        for row in codes::all() {
            let text = about(row.system, row.code).unwrap();
            assert_eq!(text, paragraph(row));
            assert_eq!(by_number(row.number), Some(text));
            assert!(list(row.system).lines().any(|line| line.split_whitespace().next() == Some(row.code)));
        }
        assert!(
            about(System::Connectly, "message_text_empty")
                .unwrap()
                .starts_with("connectly ERROR_CODE_MESSAGE_TEXT_EMPTY")
        );
        assert!(about(System::Salesforce, "CONVERSATION_NOT_FOUND").unwrap().contains("1010025"));
        assert_eq!(System::ALL.map(|system| list(system).lines().count()), [123, 82, 30]);
    }

    #[test]
    fn an_unknown_code_has_its_family_and_its_neighbour() {
        let unknown = about(System::Connectly, "ERROR_CODE_MESSAGE_TEXT_EMTPY").unwrap_err();
        assert!(unknown.contains("perhaps `ERROR_CODE_MESSAGE_TEXT_EMPTY` is meant"), "{unknown}");
        let newer = about(System::Salesforce, "20200").unwrap_err();
        assert!(newer.contains("taken for server (it may have arrived") && newer.contains("1020200"), "{newer}");
        assert_eq!(by_number(1_020_200), Some(format!("1020200  {newer}\n")));
        assert!(by_number(2_999_997).unwrap().contains("-3"));
        assert!(by_number(2_900_503).unwrap().contains("HTTP status 503"));
        assert!(by_number(3_900_002).unwrap().contains("may have arrived"));
        assert_eq!(by_number(209), None);
        assert_eq!(by_number(3_000_050), None);
        assert_eq!(by_number(4_000_001), None);
    }
}
