//! Agreements, and one pure question: may this audience have this, now, in what shape?
//!
//! [`Agreement`] is the text that governments signed, with who has signed it so far; it is in force once every
//! party has signed the same bytes. [`Book`] holds all agreements that a node knows, written and built-in, and
//! answers the two questions on which everything that leaves a node depends:
//!
//! - [`Book::readable`]: which agreements' feeds may this partner read?
//! - [`Book::decide`]: does this series go into the feed of this agreement? [`Decision::Share`] or
//!   [`Decision::Withhold`] with the reason. What no rule names is withheld.
//!
//! No clock, no disk: the time comes in with the question.

pub mod agreement;
pub mod book;

pub use agreement::{
    Agreement, AgreementError, AgreementText, Consent, Counterparts, ScopeRule, SignedConsent, Standing,
};
pub use book::{Book, Decision, Reason, Shape};
