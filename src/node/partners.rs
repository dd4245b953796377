//! Partners: accepting, listing and forgetting their cards.

use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use super::mandates::key_row;
use super::request::Caller;
use crate::feed::Card;
use crate::model::Millis;

impl Engine {
    pub(super) fn partner_add(&mut self, text: &str, caller: &Caller) -> Result<Value, NodeError> {
        let card = Card::from_text(text).map_err(|error| NodeError::Refused(error.to_string()))?;
        self.check_new_card(&card)?;
        let records = super::cards::records(&card)?;
        let details = json!({ "publisher": card.publisher().to_hex(), "country": card.country() });
        self.done(ActName::PartnerAdd, caller, details, records)?;
        self.review.insert(card.publisher());
        Ok(describe(&card, self.now()))
    }

    fn check_new_card(&self, card: &Card) -> Result<(), NodeError> {
        if card.network() != self.network() {
            return Err(NodeError::Refused(format!(
                "the card is for the network {}, this node is on {}: they never exchange",
                card.network().as_str(),
                self.network().as_str()
            )));
        }
        if card.publisher() == self.us() {
            return Err(NodeError::Refused("this is our own card; ask the partner for theirs".to_owned()));
        }
        // Also of a government that was forgotten meanwhile: what its keys have ended stays so.
        self.house.archive().may_take(card).map_err(|error| NodeError::Refused(error.to_string()))?;
        let other = self.house.keyring().by_country(card.country());
        if let Some(other) =
            other.filter(|other| other.publisher() != card.publisher() && !card.country().is_empty())
        {
            return Err(NodeError::Refused(format!(
                "{} is already the country of another card, with fingerprint {}; if that one is wrong, remove it first",
                card.country(),
                other.publisher().fingerprint()
            )));
        }
        Ok(())
    }

    pub(super) fn partner_list(&self) -> Value {
        json!({ "partners": self.house.partners().map(|card| describe(card, self.now())).collect::<Vec<_>>() })
    }

    pub(super) fn partner_show(&self, text: &str) -> Result<Value, NodeError> {
        let card = self.partner(text)?;
        let mut value = describe(&card, self.now());
        value["paused"] = json!(self.house.is_paused(&card.publisher()));
        let (now, country) = (self.now(), self.country_of(&card.publisher()));
        value["keys"] = card.body().mandates.iter().map(|one| key_row(&card, one, now)).collect();
        value["national_keys"] = json!(card.body().line.len());
        let revoked = card.body().revocations.iter().map(|one| super::cards::in_words(&country, one));
        value["revoked"] = revoked.collect();
        value["card"] = json!(card.to_text());
        Ok(value)
    }

    pub(super) fn partner_remove(&mut self, text: &str, caller: &Caller) -> Result<Value, NodeError> {
        let card = self.partner(text)?;
        let details = json!({ "publisher": card.publisher().to_hex(), "country": card.country() });
        self.done(ActName::PartnerRemove, caller, details, Vec::new())?;
        Ok(json!({ "removed": describe(&card, self.now()) }))
    }

    pub(super) fn partner_pause(
        &mut self,
        text: &str,
        paused: bool,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let card = self.partner(text)?;
        let details =
            json!({ "publisher": card.publisher().to_hex(), "country": card.country(), "paused": paused });
        self.done(ActName::PartnerPause, caller, details.clone(), Vec::new())?;
        Ok(details)
    }
}

/// A card for people and programs; its nodes are those of this time.
pub fn describe(card: &Card, now: Millis) -> Value {
    let nodes: Vec<String> = card.nodes(now).map(|node| node.to_hex()).collect();
    json!({
        "country": card.country(),
        "name": card.name("en"),
        "network": card.network().as_str(),
        "publisher_id": card.publisher().to_hex(),
        "fingerprint": card.publisher().fingerprint(),
        "issued_at": Millis(card.body().issued_at).to_string(),
        "addresses": card.body().addresses,
        "nodes": nodes,
    })
}
