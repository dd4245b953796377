//! The cards that this node's operator has accepted, and its own.

use std::collections::BTreeMap;

use super::{Card, CardError, Purpose};
use crate::crypto::PublicKey;
use crate::feed::{Header, PublisherId};
use crate::model::Millis;

/// Cards by government; of each the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring {
    cards: BTreeMap<PublisherId, Card>,
}

/// Why a node key may not sign an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No accepted card has a mandate for it.
    Mandate,
    /// Its government has revoked it, and the entry is behind what stands.
    Revoked,
}

impl Keyring {
    /// Takes a card, unless it may not follow the one that is there. Says whether it was taken.
    pub fn insert(&mut self, card: Card) -> bool {
        let taken = self.may_take(&card).is_ok();
        if taken {
            self.cards.insert(card.publisher(), card);
        }
        taken
    }

    /// Whether a card may take the place of the one that is here of its government, if there is one.
    ///
    /// # Errors
    /// [`CardError`] saying why not, as [`Card::may_follow`].
    pub fn may_take(&self, card: &Card) -> Result<(), CardError> {
        self.cards.get(&card.publisher()).map_or(Ok(()), |known| card.may_follow(known))
    }

    /// Forgets a government.
    pub fn remove(&mut self, publisher: &PublisherId) -> Option<Card> {
        self.cards.remove(publisher)
    }

    /// The card of a government.
    pub fn get(&self, publisher: &PublisherId) -> Option<&Card> {
        self.cards.get(publisher)
    }

    /// All cards, by publisher.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        self.cards.values()
    }

    /// The government that a node speaks for at this time.
    pub fn publisher_of(&self, node: &PublicKey, time: Millis) -> Option<PublisherId> {
        let speaks = |card: &&Card| card.nodes(time).any(|one| one == *node);
        self.cards.values().find(speaks).map(Card::publisher)
    }

    /// Whether a node key was revoked by the government that it spoke for.
    pub fn is_revoked(&self, publisher: &PublisherId, node: &PublicKey) -> bool {
        self.cards.get(publisher).is_some_and(|card| card.revocation(node).is_some())
    }

    /// The government with this country code; a code is a claim, so the operator accepts at most one card for it.
    pub fn by_country(&self, country: &str) -> Option<&Card> {
        self.cards.values().find(|card| card.country() == country)
    }

    /// Whether the node key that signed this header may have: a mandate for the kind and time of the entry, and, if
    /// the key was revoked, a place before that.
    ///
    /// # Errors
    /// [`Refusal`] saying which of the two is missing.
    pub fn judge(&self, header: &Header) -> Result<(), Refusal> {
        let card = self.cards.get(&header.feed.publisher).ok_or(Refusal::Mandate)?;
        card.judge(header)
    }

    /// The same as a yes or no.
    pub fn may_sign(&self, header: &Header) -> bool {
        self.judge(header).is_ok()
    }

    /// Whether a government's card says which of two entries for the place of this one stands, because a thief may have
    /// signed the other.
    pub fn settles(&self, header: &Header) -> bool {
        let card = self.cards.get(&header.feed.publisher);
        let revocation = card.and_then(|card| card.revocation(&header.node));
        revocation.is_some_and(|revocation| revocation.settles(header))
    }

    /// Whether what this entry says counts, beyond keeping its place.
    pub fn vouches(&self, header: &Header) -> bool {
        self.cards.get(&header.feed.publisher).is_some_and(|card| card.vouches(header))
    }
}

impl Card {
    /// Whether an entry's node key may have signed it, as [`Keyring::judge`].
    ///
    /// # Errors
    /// As there.
    pub fn judge(&self, header: &Header) -> Result<(), Refusal> {
        if header.feed.publisher != self.publisher() {
            return Err(Refusal::Mandate);
        }
        if self.revocation(&header.node).is_some_and(|revocation| !revocation.leaves(header, &self.network)) {
            return Err(Refusal::Revoked);
        }
        let mandated = self.has_mandate(&header.node, header.kind.purpose(), header.time);
        if mandated { Ok(()) } else { Err(Refusal::Mandate) }
    }

    /// Whether what an entry says counts.
    pub fn vouches(&self, header: &Header) -> bool {
        let vouched = |stand: super::Stand| header.seq.0 < stand.vouched;
        let revocation = self.revocation(&header.node);
        self.judge(header).is_ok()
            && revocation.is_none_or(|revocation| vouched(revocation.stand(header.feed.agreement)))
    }

    /// Whether this card may take the place of one that is held of the same government. A later national key counts
    /// before an earlier one, whatever the dates: who has stolen the earlier one can date its cards as it likes. Of two
    /// cards of one national key the later one counts, and it takes no revocation back.
    ///
    /// # Errors
    /// [`CardError`] saying what does not fit.
    pub fn may_follow(&self, held: &Self) -> Result<(), CardError> {
        let (line, before) = (&self.body.line, &held.body.line);
        if !line.iter().zip(before).all(|(a, b)| a.says_as(b)) {
            return Err(CardError::OtherLine);
        }
        if line.len() < before.len() {
            return Err(CardError::Succeeded);
        }
        if line.len() > before.len() || self.body == held.body {
            return Ok(());
        }
        if self.body.issued_at <= held.body.issued_at {
            return Err(CardError::Older);
        }
        match super::revocation::all_kept(&held.body.revocations, &self.body.revocations) {
            true => Ok(()),
            false => Err(CardError::TakenBack),
        }
    }

    /// Whether a mandate is on the card for this key, purpose and time; revocations do not count.
    pub fn has_mandate(&self, node: &PublicKey, purpose: Purpose, time: Millis) -> bool {
        self.body.mandates.iter().any(|m| m.node() == *node && m.allows(purpose, time))
    }
}
