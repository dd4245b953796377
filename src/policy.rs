//! Agreements, and one pure question: may this audience have this, now, in what shape?
//!
//! [`AgreementText`] is what governments sign, clause by clause; [`Agreement`] is the text with what its parties have
//! said of it so far. It is in force once as many have signed the same bytes as it asks for, and binds those that
//! have. [`Book`] holds all agreements that a node knows, written and built-in, and answers the questions on which
//! everything that leaves a node depends:
//!
//! - [`Book::readable`]: which agreements' feeds may this partner read?
//! - [`Book::decide`]: do these periods of this series go into the feed of this agreement? [`Decision::Share`] in
//!   what [`Shape`], or [`Decision::Withhold`] with the reason. What no rule names is withheld.
//! - [`Book::decide_for`]: the same of another publisher's feed, for who receives it.
//!
//! A crisis lane is an agreement that follows from another one's clause: [`crisis`].
//!
//! [`Summary`] says in plain English, French and Spanish what a text means and what it lets out.
//!
//! Two rules stand above every text. What is of class S3 goes under no agreement of which a reader is the government
//! of the country that people come from. What is of class S2 or S3 is never public and goes under no agreement that
//! allows it to be handed on.
//!
//! No clock, no disk: the time comes in with the question.

pub mod agreement;
pub mod book;
pub mod bulletin;
pub mod crisis;
pub mod erasure;
pub mod purpose;
pub mod scope;
pub mod summary;
pub mod text;

pub use agreement::{Agreement, Consent, SignedConsent, Standing};
pub use book::{Book, Decision, Reason, Shape, Subject};
pub use bulletin::Bulletin;
pub use crisis::{Crisis, CrisisClause, Declaration, Lane, LaneClause, LaneTerms, Lowered};
pub use erasure::{Erasure, Why};
pub use purpose::{Purpose, PurposeCode, PurposeError};
pub use scope::{Counterparts, Detail, ScopeError, ScopeRule, Span, Subnational};
pub use summary::Summary;
pub use text::{AgreementError, AgreementText, NO_END, Onward, Party, Role, Term};

#[cfg(test)]
mod testing;
