//! The words of settings that are a choice, each with what it stands for: read and shown by one table.

use crate::connector::{Ambiguous, CompleteOn, ContextType, ErrorNumbers};

/// `on_ambiguous`
pub(super) const ON_AMBIGUOUS: [(&str, Ambiguous); 3] =
    [("retry", Ambiguous::Retry), ("stop", Ambiguous::Stop), ("ask", Ambiguous::Ask)];
/// `complete_on`
pub(super) const COMPLETE_ON: [(&str, CompleteOn); 2] =
    [("accepted", CompleteOn::Accepted), ("delivered", CompleteOn::Delivered)];
/// `error_codes`
pub(super) const ERROR_CODES: [(&str, ErrorNumbers); 2] =
    [("documented", ErrorNumbers::Documented), ("native", ErrorNumbers::Native)];

/// `authorization_context_type`
pub(super) const CONTEXT_TYPES: [(&str, ContextType); 3] = [
    (ContextType::Channel.name(), ContextType::Channel),
    (ContextType::Embedded.name(), ContextType::Embedded),
    (ContextType::Participant.name(), ContextType::Participant),
];

/// The words alone.
pub(super) const fn words<T, const N: usize>(of: &[(&'static str, T); N]) -> [&'static str; N] {
    let (mut words, mut at) = ([""; N], 0);
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, which has no iterators; both are N long")]
    while at < N {
        words[at] = of[at].0;
        at += 1;
    }
    words
}

/// What a word stands for.
pub(super) fn meant<T: Copy>(of: &[(&str, T)], word: &str) -> Option<T> {
    of.iter().find(|(own, _)| *own == word).map(|(_, meant)| *meant)
}

/// The word that stands for something.
pub(super) fn word<T: PartialEq>(of: &[(&'static str, T)], meant: &T) -> &'static str {
    of.iter().find(|(_, own)| own == meant).map_or("", |(word, _)| word)
}
