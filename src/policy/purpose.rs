//! What figures may be exchanged for: a closed list. Another purpose has no bytes, so it cannot be signed.

use crate::feed::codec::{Decode, Encode};

/// The code of a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PurposeCode {
    /// To make policy.
    Policy,
    /// For official statistics.
    Stat,
    /// To protect migrants.
    Protect,
    /// To plan.
    Plan,
    /// For research.
    Research,
}

/// What an agreement's figures may be used for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Purpose {
    /// The kind of use, which binds.
    pub code: PurposeCode,
    /// What is meant, in words.
    pub description: String,
}

/// Words, or their beginnings, that name the use of figures against people. An agreement is signed by people who
/// mean what it says: one that says this is refused, whatever code stands beside it.
const ENFORCEMENT: [&str; 12] = [
    "enforc",
    "deport",
    "expuls",
    "detention",
    "détention",
    "detención",
    "policing",
    "surveill",
    "vigilanc",
    "apprehen",
    "raids",
    "represi",
];

impl PurposeCode {
    /// All codes.
    pub const ALL: [Self; 5] = [Self::Policy, Self::Stat, Self::Protect, Self::Plan, Self::Research];

    /// The code as it is written.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Policy => "POLICY",
            Self::Stat => "STAT",
            Self::Protect => "PROTECT",
            Self::Plan => "PLAN",
            Self::Research => "RESEARCH",
        }
    }

    /// The code that is written so.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.id() == id)
    }
}

impl Purpose {
    /// Reads `CODE`, `CODE: words`, or words alone, which describe a use for statistics.
    ///
    /// # Errors
    /// [`PurposeError`] for a code that is none, for no words at all, and as [`Purpose::check`].
    pub fn parse(text: &str) -> Result<Self, PurposeError> {
        let (first, rest) = text.split_once(':').unwrap_or((text, ""));
        let first = first.trim();
        let is_code = first.len() > 1 && first.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let (code, description) = match PurposeCode::from_id(first) {
            Some(code) => (code, rest.trim()),
            None if is_code => return Err(PurposeError::Code(first.chars().take(32).collect())),
            None => (PurposeCode::Stat, text.trim()),
        };
        if first.is_empty() {
            return Err(PurposeError::Missing);
        }
        let purpose = Self { code, description: description.to_owned() };
        purpose.check().map(|()| purpose)
    }

    /// Refuses a description that names a use against people.
    ///
    /// # Errors
    /// [`PurposeError::Enforcement`] with the word.
    pub fn check(&self) -> Result<(), PurposeError> {
        let text = self.description.to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        let named = |word: &&str| ENFORCEMENT.iter().any(|stem| word.starts_with(stem));
        words.find(named).map_or(Ok(()), |word| Err(PurposeError::Enforcement(word.to_owned())))
    }
}

/// Why a purpose is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum PurposeError {
    /// Nothing is said.
    #[error("say what the figures may be used for: POLICY, STAT, PROTECT, PLAN or RESEARCH, and \": words\"")]
    Missing,
    /// There is no such code.
    #[error(
        "{0} is no purpose that figures are exchanged for: POLICY, STAT, PROTECT, PLAN or RESEARCH, and never \
         enforcement"
    )]
    Code(String),
    /// The words name a use against people.
    #[error(
        "the purpose speaks of {0:?}: figures are exchanged for policy, statistics, protection, planning and \
         research, and never for enforcement; describe it without"
    )]
    Enforcement(String),
}
