//! Answers of every form, judged.
