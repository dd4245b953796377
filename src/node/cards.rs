//! Cards on their way: which of ours were issued and told to whom, which of partners' have come.
//!
//! ```text
//!  key rotate, key succeed, card ──▶ our card in the house feed ──▶ in the correspondence with every partner
//!  a partner's card in its correspondence ──may follow the one accepted?──▶ counts at once ──▶ in our house feed
//! ```
//!
//! The operator accepts a government once, by its fingerprint. What its national key, or the successor which that has
//! announced, signs later is taken without asking, and written into the log of acts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::acts::{ActName, document};
use super::daemon::{fault_row, the_node};
use super::engine::{Engine, NodeError};
use super::fault_kind::FaultKind;
use crate::crypto::{Hash, Network};
use crate::feed::{AgreementId, Card, CardError, EntryKind, FeedId, Keyring, PublisherId, Reason, Seq};
use crate::model::{DocumentKind, Record};

/// What the house knows of cards on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Cards {
    /// When the newest card of ours was issued that stands in the house feed.
    issued: Option<i64>,
    /// By correspondence, when the newest card of ours in it was issued, and where it stands.
    told: BTreeMap<AgreementId, (i64, Seq)>,
    /// SHA-256 of every card that stands in the house feed, or was refused and written down there.
    known: BTreeSet<Hash>,
    /// What partners have sent and the log does not know yet: of each the last that was taken and the last that was not.
    news: Vec<News>,
}

/// A card that a partner has sent.
#[derive(Clone, Debug)]
struct News {
    card: Card,
    refused: Option<String>,
}

impl Cards {
    /// One of ours stands in the house feed.
    pub(super) fn issued(&mut self, card: &Card) -> bool {
        self.issued = self.issued.max(Some(card.body().issued_at));
        true
    }

    /// One of another stands in the house feed.
    pub(super) fn recorded(&mut self, card: &Card) -> bool {
        let hash = hash_of(card);
        self.news.retain(|news| hash_of(&news.card) != hash);
        self.known.insert(hash);
        true
    }

    /// One of ours stands in a correspondence.
    pub(super) fn told(&mut self, agreement: AgreementId, seq: Seq, card: &Card) -> bool {
        self.told.insert(agreement, (card.body().issued_at, seq));
        true
    }

    /// One stands in its own government's correspondence with us. Says whether it counts.
    pub(super) fn received(&mut self, card: &Card, keyring: &Keyring, network: &Network) -> bool {
        let Some(held) = keyring.get(&card.publisher()) else { return false };
        if held == card || self.known.contains(&hash_of(card)) {
            return false;
        }
        let refused = match keyring.may_take(card) {
            // What was sent before the operator accepted a newer one.
            Err(CardError::Older) => return false,
            Err(fault) => Some(fault.to_string()),
            Ok(()) if card.network() != network || card.country() != held.country() => {
                Some("it is of another country or network than the card that was accepted".to_owned())
            }
            Ok(()) => None,
        };
        let taken = refused.is_none();
        let same = |news: &News| news.card.publisher() == card.publisher() && news.refused.is_none() == taken;
        self.news.retain(|news| !same(news));
        self.news.push(News { card: card.clone(), refused });
        taken
    }

    /// The log says that a card was refused.
    pub(super) fn refused_before(&mut self, hash: &str) {
        let hash = Hash::from_hex(hash);
        self.news.retain(|news| Some(hash_of(&news.card)) != hash);
        self.known.extend(hash);
    }
}

/// A card by the SHA-256 of its bytes.
fn hash_of(card: &Card) -> Hash {
    Hash::of(&[&card.to_bytes()])
}

impl Engine {
    /// Writes the cards that partners have sent into the log; returns what of it the operator should see.
    pub(super) fn record_cards(&mut self) -> Result<Vec<String>, NodeError> {
        let mut seen = Vec::new();
        for News { card, refused } in std::mem::take(&mut self.house.cards.news) {
            let country = self.country_of(&card.publisher());
            let mut details = json!({ "publisher": card.publisher().to_hex(), "country": country,
                "card": hash_of(&card).to_hex(), "issued_at": card.body().issued_at });
            if let Some(why) = refused {
                details["why"] = json!(why);
                self.done(ActName::PartnerCardRefused, &the_node(), details, Vec::new())?;
                seen.push(format!("{country} has sent a card that is not taken: {why}"));
                continue;
            }
            details["revoked"] = revoked(&card);
            details["national_keys"] = json!(card.body().line.len());
            self.done(ActName::PartnerCard, &the_node(), details, records(&card)?)?;
            self.review.insert(card.publisher());
        }
        Ok(seen)
    }

    /// Tells every partner the newest card of ours, if one was issued since this node began and the partner's
    /// correspondence does not have it.
    pub(super) fn tell_card(&mut self) -> Result<(), NodeError> {
        let Some(issued) = self.house.cards.issued else { return Ok(()) };
        let own = self.house.keyring().get(&self.us()).cloned();
        let Some(own) = own.filter(|own| own.body().issued_at >= issued) else { return Ok(()) };
        for partner in self.untold(&own) {
            self.tell_card_to(partner, &own)?;
        }
        Ok(())
    }

    /// The partners whose correspondence lacks this card of ours, and can be written to.
    pub(super) fn untold(&self, own: &Card) -> Vec<PublisherId> {
        let us = self.us();
        let lacks = |partner: &PublisherId| {
            let agreement = AgreementId::correspondence(us, *partner);
            let told = self.house.cards.told.get(&agreement).map(|(issued, _)| *issued);
            told != Some(own.body().issued_at) && self.may_append(&FeedId::new(us, agreement)).is_ok()
        };
        self.house.partners().map(Card::publisher).filter(lacks).collect()
    }

    pub(super) fn tell_card_to(&mut self, partner: PublisherId, own: &Card) -> Result<(), NodeError> {
        let agreement = AgreementId::correspondence(self.us(), partner);
        let head = self.append(agreement, EntryKind::Correspondence, records(own)?)?;
        self.house.cards.told(agreement, head.seq, own);
        Ok(())
    }

    /// Partners that we talk to and that have not acknowledged the newest card of ours.
    pub(super) fn without_card(&self) -> Result<Vec<PublisherId>, NodeError> {
        let (us, mut without) = (self.us(), Vec::new());
        let issued = self.house.cards.issued;
        for partner in self.house.partners().map(Card::publisher) {
            let agreement = AgreementId::correspondence(us, partner);
            let told = self.house.cards.told.get(&agreement).filter(|(at, _)| Some(*at) >= issued);
            let receipts = self.store.derived().receipts(&FeedId::new(us, agreement))?;
            let receipt = receipts.iter().find(|receipt| receipt.recipient == partner);
            let has = told.is_some_and(|(_, seq)| receipt.is_some_and(|receipt| receipt.seq >= *seq));
            if !has && !self.house.is_paused(&partner) {
                without.push(partner);
            }
        }
        Ok(without)
    }
}

impl Engine {
    /// Keys of partners that somebody else may have, as faults to be shown.
    pub(super) fn compromised_keys(&self) -> Vec<Value> {
        let of_card = |card: &Card| {
            let country = self.country_of(&card.publisher());
            let all = card.body().revocations.iter().filter(|one| one.reason == Reason::Compromised);
            let row = |one: &crate::feed::Revocation| {
                fault_row(Some(one.at()), FaultKind::KeyRevoked, &in_words(&country, one))
            };
            all.map(row).collect::<Vec<_>>()
        };
        self.house.partners().flat_map(of_card).collect()
    }
}

/// A card as records of an entry.
pub(super) fn records(card: &Card) -> Result<Vec<Record>, NodeError> {
    let (id, bytes) = (card.publisher().to_hex(), card.to_bytes());
    document(DocumentKind::Card, &id, card.name("en"), "application/octet-stream", &bytes)
}

/// The revoked node keys of a card, for people and programs.
pub(super) fn revoked(card: &Card) -> Value {
    let row = |one: &crate::feed::Revocation| json!({ "node": one.node().to_hex(), "at": one.at().to_string(), "reason": one.reason.as_str() });
    card.body().revocations.iter().map(row).collect()
}

/// What a revocation means for who holds the card.
pub(super) fn in_words(country: &str, one: &crate::feed::Revocation) -> String {
    let doubted: u64 = one.stands.iter().map(|stand| stand.end - stand.vouched).sum();
    let doubt = match doubted {
        0 => String::new(),
        some => format!("; {some} entries of it keep their place and count for nothing else"),
    };
    let why = match one.reason {
        Reason::Superseded => "another key has taken its place",
        Reason::Lost => "nobody has it any more",
        Reason::Compromised => "somebody else may have it",
    };
    format!(
        "{country} has revoked its node key {} ({why}): what it signed up to the places on the card stands, anything later \
         is refused, and no session with it is kept{doubt}",
        Hash(one.node).short()
    )
}
