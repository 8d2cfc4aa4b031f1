//! The W3C's XML conformance suite, for documents as SOAP allows them: without a document type declaration.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "object/schema.rs"]
mod schema;
#[path = "xmlconf/suite.rs"]
mod suite;

use std::sync::Arc;

use bytes::Bytes;
use envoi::{
    object::{Limits, ReadErrorKind, decode, read},
    schema::Schema,
};
use suite::Case;

/// The suite's documents are small; none may be refused for its size.
const NO_LIMITS: Limits = Limits {
    depth: 1000,
    attributes: 1000,
    namespaces: 1000,
    name: 100_000,
    value: 100_000,
    text: 1_000_000,
    elements: 100_000,
};

enum Verdict {
    Accepted,
    Undecodable,
    Refused(ReadErrorKind),
}

fn verdict(case: &Case, schema: &Arc<Schema>) -> Verdict {
    match decode(Bytes::from(case.bytes.clone()), None) {
        Err(_) => Verdict::Undecodable,
        Ok(text) => match read(text, schema, &NO_LIMITS) {
            Ok(_) => Verdict::Accepted,
            Err(error) => Verdict::Refused(error.kind),
        },
    }
}

/// How many there are, and how many in which the word DOCTYPE does not stand even in a comment.
fn counts(cases: &[&&Case]) -> (usize, usize) {
    (cases.len(), cases.iter().filter(|case| !case.mentions_doctype()).count())
}

#[test]
fn the_suite_is_passed() {
    let cases = match suite::cases() {
        Ok(cases) => cases,
        Err(why) if std::env::var("ENVOI_REQUIRE_ALL").as_deref() == Ok("1") => {
            panic!("the W3C XML conformance suite could not be fetched: {why}")
        }
        Err(why) => {
            eprintln!(
                "\n*** SKIPPED: the W3C XML conformance suite could not be fetched, nothing of it was run.\n*** {why}\n"
            );
            return;
        }
    };
    let schema = schema::small();
    let ours = |case: &&Case| !case.recommendation.contains("1.1");
    let (with_dtd, without): (Vec<_>, Vec<_>) = cases.iter().filter(ours).partition(|case| case.has_doctype());

    let ill_formed: Vec<_> = without.iter().filter(|case| case.kind == "not-wf" && !case.bound).collect();
    let accepted = ill_formed.iter().filter(|case| matches!(verdict(case, &schema), Verdict::Accepted));
    let accepted: Vec<_> = accepted.map(|case| &case.id).collect();
    assert!(accepted.is_empty(), "ill-formed documents that are accepted: {accepted:?}");
    assert_eq!(counts(&ill_formed), (244, 243), "ill-formed documents, and those that do not mention a DOCTYPE");

    let well_formed: Vec<_> = without.iter().filter(|case| case.kind == "invalid").collect();
    let refused = well_formed.iter().filter(|case| !matches!(verdict(case, &schema), Verdict::Accepted));
    let refused: Vec<_> = refused.map(|case| &case.id).collect();
    // SOAP stands on namespaces: what is well-formed only without them is no message.
    let foreign: Vec<_> = well_formed.iter().filter(|case| !case.namespaces).map(|case| &case.id).collect();
    assert_eq!(refused, foreign, "well-formed documents that are refused, and those that are not for namespaces");
    assert_eq!(foreign.len(), 2, "documents that are not for namespaces");
    assert_eq!(counts(&well_formed), (75, 72), "well-formed documents, and those that do not mention a DOCTYPE");

    let accepted = with_dtd.iter().filter(|case| matches!(verdict(case, &schema), Verdict::Accepted));
    let accepted: Vec<_> = accepted.map(|case| &case.id).collect();
    assert!(accepted.is_empty(), "documents with a document type declaration that are accepted: {accepted:?}");
    let well_formed = with_dtd.iter().filter(|case| case.kind == "valid" || case.kind == "invalid");
    let other = well_formed.filter(|case| !matches!(verdict(case, &schema), Verdict::Refused(ReadErrorKind::Dtd)));
    let other: Vec<_> = other.map(|case| &case.id).collect();
    assert!(other.is_empty(), "document type declarations that are refused for another reason: {other:?}");
    assert_eq!(with_dtd.len(), 1992, "documents with a document type declaration in the suite");
}
