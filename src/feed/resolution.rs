//! Resolutions: a publisher's word on which of two entries for one place stands.
//!
//! A fork is proven by two headers and heals by nothing but its publisher's own decision. The decision is signed by the
//! national key (`corridor/resolution/1`), because a node key that signed two entries is no judge of them. It does not
//! undo the fork: the proof stays, and so does the resolution. Who holds the entry that stands goes on; who holds
//! another sets that and what follows it aside and takes the line that stands.

use unicode_normalization::is_nfc;

use super::codec::{self, CodecError, Decode, Encode};
use super::header::SignedHeader;
use super::id::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use super::identity::Keyring;
use crate::crypto::{Context, Network, NodeSigner, Signature};
use crate::model::Millis;

/// The longest reason, in bytes.
const MAX_REASON: usize = 1024;
/// The longest resolution, in bytes.
pub const MAX_RESOLUTION: usize = 2048;

/// "Of the two entries that we signed for this place, this one stands."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    body: Body,
    signature: Signature,
}

/// What is signed; the order of fields is the format.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Body {
    publisher: PublisherId,
    agreement: AgreementId,
    seq: u64,
    kept: EntryId,
    other: EntryId,
    reason: String,
    resolved_at: i64,
}

#[derive(Encode, Decode)]
struct Signed {
    body: Body,
    signature: [u8; 64],
}

impl Resolution {
    /// Signs with the national key that of two entries for one place of a feed `kept` stands.
    ///
    /// # Errors
    /// [`CodecError`] when the two are one, or the reason is empty, too long or not NFC.
    pub fn sign(
        (feed, seq): (FeedId, Seq),
        (kept, other): (EntryId, EntryId),
        (reason, time): (&str, Millis),
        network: &Network,
        national: &dyn NodeSigner,
    ) -> Result<Self, CodecError> {
        let FeedId { publisher, agreement } = feed;
        let (reason, resolved_at) = (reason.to_owned(), time.0);
        let body = Body { publisher, agreement, seq: seq.0, kept, other, reason, resolved_at };
        body.check()?;
        let signature = national.sign(Context::Resolution, network, &codec::encode(&body));
        Ok(Self { body, signature })
    }

    /// Reads canonical bytes. Who signed them is checked in [`Resolution::verify`].
    ///
    /// # Errors
    /// [`CodecError`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.len() > MAX_RESOLUTION {
            return Err(CodecError::Invalid("longer than a resolution can be".to_owned()));
        }
        let Signed { body, signature } = codec::decode(bytes)?;
        body.check()?;
        Ok(Self { body, signature: Signature(signature) })
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&Signed { body: self.body.clone(), signature: self.signature.0 })
    }

    /// Whether the national key on the publisher's card has signed it.
    pub fn verify(&self, network: &Network, keyring: &Keyring) -> bool {
        let Some(card) = keyring.get(&self.body.publisher) else { return false };
        let key = card.body().national_key();
        key.verify(Context::Resolution, network, &codec::encode(&self.body), &self.signature).is_ok()
    }

    /// The feed.
    pub fn feed(&self) -> FeedId {
        FeedId::new(self.body.publisher, self.body.agreement)
    }

    /// The place that was taken twice.
    pub fn seq(&self) -> Seq {
        Seq(self.body.seq)
    }

    /// The entry that stands.
    pub fn kept(&self) -> EntryId {
        self.body.kept
    }

    /// The entry that does not.
    pub fn other(&self) -> EntryId {
        self.body.other
    }

    /// Why there were two, in words.
    pub fn reason(&self) -> &str {
        &self.body.reason
    }

    /// When it was decided.
    pub fn time(&self) -> Millis {
        Millis(self.body.resolved_at)
    }

    /// Whether it counts in place of another one for the same place: the later one does.
    pub fn replaces(&self, known: &Self) -> bool {
        (self.body.resolved_at, self.body.kept) > (known.body.resolved_at, known.body.kept)
    }

    /// Whether two headers for one place are a fork that it has decided: in its own place, or behind it where one of
    /// the two was signed before the decision and follows another entry than the other one, as all of the line does
    /// that was given up. Two entries behind one and the same are a new fork, whatever their dates say.
    pub fn covers(&self, one: &SignedHeader, other: &SignedHeader) -> bool {
        let (a, b) = (one.header(), other.header());
        let behind = a.seq > self.seq()
            && a.backlink != b.backlink
            && (a.time <= self.time() || b.time <= self.time());
        a.feed == self.feed() && (a.seq == self.seq() || behind)
    }
}

impl Body {
    fn check(&self) -> Result<(), CodecError> {
        let plain = !self.reason.is_empty()
            && self.reason.len() <= MAX_REASON
            && is_nfc(&self.reason)
            && !self.reason.chars().any(char::is_control);
        if plain && self.kept != self.other {
            Ok(())
        } else {
            Err(CodecError::Invalid(format!(
                "a resolution names two entries and a reason of 1 to {MAX_REASON} bytes in one line"
            )))
        }
    }
}

#[cfg(test)]
mod tests;
