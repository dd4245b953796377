//! Where a feed stands: heads, the place of the next entry, and forks.

use super::codec::{Decode, Encode};
use super::header::{Header, SignedHeader};
use super::id::{EntryId, FeedId, Seq};
use super::identity::Keyring;

/// The newest entry that somebody holds of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct HeadRef {
    /// The feed.
    pub feed: FeedId,
    /// Place of its newest entry.
    pub seq: Seq,
    /// Id of its newest entry.
    pub entry: EntryId,
}

/// The place where a feed's next entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The feed.
    pub feed: FeedId,
    /// The next sequence number.
    pub seq: Seq,
    /// The id of the entry before it, [`EntryId::NONE`] at the start.
    pub backlink: EntryId,
}

impl Place {
    /// The place of a feed's first entry.
    pub fn first(feed: FeedId) -> Self {
        Self { feed, seq: Seq(0), backlink: EntryId::NONE }
    }

    /// The place after a head.
    pub fn after(head: &HeadRef) -> Self {
        Self { feed: head.feed, seq: head.seq.next(), backlink: head.entry }
    }

    /// The head before this place; `None` at the start of a feed.
    pub fn head(&self) -> Option<HeadRef> {
        let seq = Seq(self.seq.0.checked_sub(1)?);
        Some(HeadRef { feed: self.feed, seq, entry: self.backlink })
    }

    /// Whether a header belongs exactly here.
    pub fn takes(&self, header: &Header) -> bool {
        header.feed == self.feed && header.seq == self.seq && header.backlink == self.backlink
    }
}

impl From<&SignedHeader> for HeadRef {
    fn from(signed: &SignedHeader) -> Self {
        let header = signed.header();
        Self { feed: header.feed, seq: header.seq, entry: signed.id() }
    }
}

/// Proof that a publisher signed two different entries for one place in its feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    one: SignedHeader,
    other: SignedHeader,
}

impl Fork {
    /// A fork, when two verified headers are one: same feed, same place, different entries, both by mandated keys.
    pub fn of(one: SignedHeader, other: SignedHeader, keyring: &Keyring) -> Option<Self> {
        let (a, b) = (one.header(), other.header());
        let same_place = a.feed == b.feed && a.seq == b.seq && one.id() != other.id();
        let fork = Self { one, other };
        (same_place && fork.holds(keyring)).then_some(fork)
    }

    /// Whether both sides are still entries that their keys might sign, and no card says which one is a thief's.
    pub fn holds(&self, keyring: &Keyring) -> bool {
        let counts = |header: &Header| keyring.may_sign(header) && !keyring.settles(header);
        counts(self.one.header()) && counts(self.other.header())
    }

    /// The forked feed.
    pub fn feed(&self) -> FeedId {
        self.one.header().feed
    }

    /// The place that was taken twice.
    pub fn seq(&self) -> Seq {
        self.one.header().seq
    }

    /// The two headers.
    pub fn headers(&self) -> (&SignedHeader, &SignedHeader) {
        (&self.one, &self.other)
    }
}

#[cfg(test)]
mod tests;
