//! The end of a node key: what it signed up to here stands, what it signs at any later place does not.
//!
//! ```text
//!  a feed     0 ─ 1 ─ 2 ─ 3 ─ 4 ─ 5 ─ 6 ─ …        vouched = 4, end = 6
//!             └── stands ──┘  └─┬─┘  └─ refused, whatever time it claims
//!                               └ keeps its place, so that the feed goes on; its word does not count
//! ```
//!
//! A revocation counts places, not times: a thief can claim any time, but not a place that is taken. Where a thief was
//! quicker, so that two entries by the key are there for one place, the id of the last entry that the government holds
//! says which of the two lines of entries is its own; no fork is proven by the other one then. A revocation has no
//! signature of its own: it stands on the partner card, whose signature covers it, so everybody who holds the card
//! knows it. On the cards of one national key a revocation is never taken back.

use super::{CardError, MAX_KEYS};
use crate::crypto::{Network, PublicKey};
use crate::feed::codec::{Decode, Encode};
use crate::feed::{AgreementId, EntryId, Header};
use crate::model::Millis;

/// The most feeds of which revocations on one card say what stands.
pub const MAX_STANDS: usize = 1024;

/// Why a node key is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reason {
    /// Another key has taken its place.
    Superseded,
    /// Nobody has it any more.
    Lost,
    /// Somebody else has it, or may have it.
    Compromised,
}

impl Reason {
    /// The word for people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Lost => "lost",
            Self::Compromised => "compromised",
        }
    }

    /// The reason of a word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Superseded, Self::Lost, Self::Compromised].into_iter().find(|one| one.as_str() == text)
    }
}

/// Up to where the entries of a revoked key stand in one feed of its government.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Stand {
    /// Under which agreement the feed is.
    pub agreement: AgreementId,
    /// Entries before this place count in full.
    pub vouched: u64,
    /// Entries from there to before this place keep their place in the feed, and count for nothing else.
    pub end: u64,
    /// How many entries of the feed the government held as it made the card.
    pub held: u64,
    /// The id of the last of them: of two entries that a key has signed for one place, this says which one stands.
    pub head: EntryId,
}

impl Stand {
    /// Nothing stands.
    pub fn none(agreement: AgreementId) -> Self {
        Self { agreement, vouched: 0, end: 0, held: 0, head: EntryId::NONE }
    }
}

/// The end of a node key's mandates.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Revocation {
    /// The node key.
    pub node: [u8; 32],
    /// When it was revoked, UTC milliseconds.
    pub at: i64,
    /// Why.
    pub reason: Reason,
    /// What stands, by agreement, sorted; in a feed that is not named nothing does.
    pub stands: Vec<Stand>,
}

impl Revocation {
    /// The node key.
    pub fn node(&self) -> PublicKey {
        PublicKey(self.node)
    }

    /// When.
    pub fn at(&self) -> Millis {
        Millis(self.at)
    }

    /// What stands of a feed.
    pub fn stand(&self, agreement: AgreementId) -> Stand {
        let found = self.stands.binary_search_by_key(&agreement, |stand| stand.agreement);
        found.map_or(Stand::none(agreement), |at| self.stands[at])
    }

    /// Whether an entry of the key may have its place.
    pub(super) fn leaves(&self, header: &Header, network: &Network) -> bool {
        let (stand, next) = (self.stand(header.feed.agreement), header.seq.next().0);
        next <= stand.end && (next != stand.held || header.id(network) == stand.head)
    }

    /// Whether the card says which of two entries for this place stands.
    pub(super) fn settles(&self, header: &Header) -> bool {
        self.reason == Reason::Compromised && header.seq.0 < self.stand(header.feed.agreement).held
    }

    /// Whether this one is at least as strict as an earlier one of the same key: what was refused stays so.
    fn covers(&self, earlier: &Self) -> bool {
        let within = |stand: &Stand| {
            let before = earlier.stand(stand.agreement);
            stand.vouched <= before.vouched && stand.end <= before.end
        };
        self.node == earlier.node && self.stands.iter().all(within)
    }
}

/// Checks the form of a card's revocations: sorted, unique, bounded.
pub(super) fn check(revocations: &[Revocation]) -> Result<(), CardError> {
    let sorted = revocations.is_sorted_by(|a, b| a.node < b.node);
    let stands = |one: &Revocation| {
        one.stands.is_sorted_by(|a, b| a.agreement < b.agreement)
            && one.stands.iter().all(|stand| stand.vouched <= stand.end)
    };
    if !sorted || !revocations.iter().all(stands) {
        return Err(CardError::Revocations);
    }
    let count: usize = revocations.iter().map(|one| one.stands.len()).sum();
    if revocations.len() > MAX_KEYS || count > MAX_STANDS {
        return Err(CardError::TooMany);
    }
    Ok(())
}

/// Whether later revocations still say all that earlier ones did.
pub(super) fn all_kept(earlier: &[Revocation], later: &[Revocation]) -> bool {
    earlier.iter().all(|one| later.iter().any(|other| other.covers(one)))
}
