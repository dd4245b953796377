//! The record of an erasure: what a recipient says, signed with its entry, when it has erased what it held.

use unicode_normalization::is_nfc;

use super::text::AgreementError;
use crate::feed::codec::{self, CodecError, Decode, Encode};
use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::Millis;

/// The longest reason in words, in bytes.
const MAX_WORDS: usize = 1024;

/// Why a recipient has erased entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Why {
    /// The agreement is over and the time for which they could be kept.
    Retention,
    /// The agreement does not cover what was in them: it was erased before anybody saw it.
    OutOfScope,
    /// Their publisher does not vouch for them: the key that signed them was compromised.
    Disowned,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Retention, Self::OutOfScope, Self::Disowned];

    /// The code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::OutOfScope => "out_of_scope",
            Self::Disowned => "disowned",
        }
    }
}

/// "We hold no figure of these entries of yours any more."
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Erasure {
    /// Whose entries.
    pub publisher: PublisherId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// From which place.
    pub first: u64,
    /// Up to which place.
    pub last: u64,
    /// The id of the entry there.
    pub entry: EntryId,
    /// Why.
    pub why: Why,
    /// The same in words, for people.
    pub words: String,
    /// When, UTC milliseconds.
    pub erased_at: i64,
}

impl Erasure {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`AgreementError::Form`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        let erasure: Self = codec::decode(bytes)?;
        let plain = erasure.words.len() <= MAX_WORDS && is_nfc(&erasure.words);
        if plain && erasure.first <= erasure.last {
            Ok(erasure)
        } else {
            Err(CodecError::Invalid("an erasure of nothing, or with too many words".to_owned()).into())
        }
    }

    /// The feed.
    pub fn feed(&self) -> FeedId {
        FeedId::new(self.publisher, self.agreement)
    }

    /// Up to which place.
    pub fn last(&self) -> Seq {
        Seq(self.last)
    }

    /// When.
    pub fn time(&self) -> Millis {
        Millis(self.erased_at)
    }
}
