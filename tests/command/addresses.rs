//! Addresses at which nobody can be asked: a mistake of whoever typed them, and no failure of the network; and passwords in them,
//! which are shown nowhere.

use super::*;

const ADMIN: &[&[&str]] = &[
    &["conversations"],
    &["conversation", "x"],
    &["replay", "x", "--remaining"],
    &["deliveries"],
    &["delivery", "x"],
    &["targets"],
    &["redeliver", "x"],
    &["settle", "x", "delivered"],
    &["bounce", "/dev/null"],
    &["time", "+1s"],
    &["mail"],
    &["fault", "list"],
    &["fault", "set", "connectly", "--clear"],
    &["fault", "inbound", "connectly", "+12025550100"],
    &["backup", "x"],
];

const URL: &[&[&str]] = &[&["send", "/dev/null"], &["doctor", "--client", "zeep"]];

#[test]
fn a_wrong_address_is_a_usage_error_and_tells_no_password() {
    for (commands, flag, variable) in [(ADMIN, "--admin", "ENVOI_ADMIN"), (URL, "--url", "ENVOI_URL")] {
        for (address, why) in [
            ("127.0.0.1:8081", "expected http:// or https:// and a host"),
            ("http://x..y:8081", "`x..y` is no host: there is nothing between two of its dots, or before the first"),
            ("http://h:99999/", "`99999` is no port: expected 1 to 65535"),
            ("http://ada:hunter2@127.0.0.1:1/", "expected a URL without a user in it"),
            ("http://ada:hun/ter2@127.0.0.1:1/", "expected a URL without a user in it"),
        ] {
            for arguments in commands {
                let expected = format!("envoi: {flag} ({variable}): {why}\n");
                let arguments: Vec<_> = arguments.iter().copied().chain([flag, address]).collect();
                let (code, out, error) = run(&arguments);
                assert_eq!((code, out.as_str(), error.as_str()), (USAGE, "", expected.as_str()), "{arguments:?}");
            }
            let (code, _, error) = told(envoi(commands[0]).env(variable, address).output().unwrap());
            assert_eq!((code, error), (USAGE, format!("envoi: {flag} ({variable}): {why}\n")));
        }
        for arguments in commands {
            let mut command = envoi(arguments);
            let (code, out, _) = told(command.arg("--help").env(variable, "http://ada:hunter2@h").output().unwrap());
            assert!(code == OK && out.contains(variable) && !out.contains("hunter2"), "{out}");
        }
    }
}

/// Every column, line and state that a command prints is explained by its help.
#[test]
fn help_explains_what_is_printed() {
    let help = |command: &str| {
        let (code, out, _) = run(&[command, "--help"]);
        assert_eq!(code, OK);
        out
    };
    for (command, words) in [
        ("deliveries", &["OWED SINCE", "LAST SAID", "in doubt", "withdrawn", "callback.drop_folder", "UTC"][..]),
        (
            "delivery",
            &["request key", "answer", "webhook told", "verdict.standing", "ambiguous", "half-open", "bounced"],
        ),
        ("targets", &["RESTS UNTIL", "limited", "unknown"]),
        ("conversations", &["PARTS", "OPENED", "Unreadable"]),
        ("conversation", &["times out", "forgotten", "seconds_left", "NotCompleted", "waits for"]),
        ("fsck", &["expected WHAT; found WHAT", "(repaired)"]),
        ("explain", &["rate-limit", "Effect", "Number"]),
        ("route", &["do not fit", "error CODE"]),
        ("check-config", &["PLACE: SETTING", "in use is a warning"]),
    ] {
        let out = help(command);
        for word in words {
            assert!(out.contains(word), "{command}: {word} in {out}");
        }
    }
}
