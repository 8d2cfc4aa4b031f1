//! An end in order has an end: what a place keeps waiting beyond the drain time is cut off, and stands as after a kill.

use crate::{
    sink::{Manners, Sink},
    told::{furnish, mails, outcomes, relay, runtime, send, unanswered, whole},
};

#[test]
fn who_never_answers_does_not_keep_the_program_from_its_end() {
    let runtime = runtime();
    let sink = runtime.block_on(Sink::start(Manners::default()));
    let stage = relay(&sink);
    furnish(&stage);
    let program = stage.start(0);
    unanswered(&runtime, &sink, &program, "results", "sent@example.com");
    let told = program.told("/deliveries?state=sending");
    assert_eq!(told.as_array().unwrap().len(), 2, "{told}");
    // It would wait for minutes.
    program.stop();

    let program = stage.start(0);
    program.advance(0);
    let owed = program.told("/deliveries?conversation=results");
    let delivery = whole(&program, &owed[0]);
    assert_eq!(
        (delivery["state"].as_str(), outcomes(&delivery).join(" ").as_str()),
        (Some("delivered"), "interrupted delivered")
    );
    assert_eq!(mails(&sink, "results@example.com"), [delivery["id"].as_str().unwrap(); 2], "the same one twice");
    let doubtful = program.told("/deliveries?state=in_doubt");
    assert_eq!(doubtful.as_array().unwrap().len(), 1, "{}", program.told("/deliveries"));
    let doubtful = whole(&program, &doubtful[0]);
    assert_eq!(
        (doubtful["address"].as_str(), outcomes(&doubtful)),
        (Some("sent@example.com"), vec!["interrupted".to_owned()])
    );
    assert_eq!(mails(&sink, "sent@example.com").len(), 1, "it is not sent again unasked");
    assert!(send(&program, "next@example.com").is_some());
    program.advance(0);
    assert_eq!(mails(&sink, "next@example.com").len(), 1);
}
