//! The node's own keys: which there are, which is in use, what revoking one would leave, and taking on a new card.
//!
//! The national key never comes here: the command that has it makes the card, and this takes the card if it fits what
//! is stored. So the key can stay on another machine's stick, and a running daemon need not know its passphrase.
//!
//! ```text
//!  CardIssue ─▶ told to every partner, signed by the key in use ─▶ (key in use revoked? the next one signs from here)
//!            ─▶ act and card in the house feed ─▶ one commit ─▶ card.txt, keys/node.age
//! ```

use std::sync::Arc;

use serde_json::{Value, json};

use super::acts::ActName;
use super::cards;
use super::engine::{Engine, NodeError};
use super::request::Caller;
use crate::crypto::{NodeSigner, PublicKey, SecretKey};
use crate::feed::{AgreementId, Card, FeedId, Purpose, Revocation, Seq, SignedMandate, Stand};
use crate::model::Millis;

/// Opens the next node key, where the process can.
pub type NextKey = Arc<dyn Fn() -> Result<SecretKey, NodeError> + Send + Sync>;

/// A mandate that ends in so many milliseconds is soon to be renewed: 90 days.
pub(super) const SOON: i64 = 90 * 86_400_000;

/// What is to be done once a card is durable.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    card: Card,
    switched: bool,
}

impl Issued {
    /// The card.
    pub(super) fn card(&self) -> &Card {
        &self.card
    }
}

impl Engine {
    /// The node key that signs here.
    pub(super) fn key_in_use(&self) -> Option<PublicKey> {
        let signer = self.signer().ok().map(|signer| signer.public_key());
        signer.or_else(|| self.home.key_in_use(self.now()))
    }

    /// National key and node keys with their terms.
    pub(super) fn key_list(&self) -> Result<Value, NodeError> {
        let (card, now, in_use) = (self.home.card(), self.now(), self.key_in_use());
        let next = self.home.next_key().filter(|next| card.allows(next, Purpose::Release, now));
        let mut keys: Vec<Value> = Vec::new();
        for mandate in &card.body().mandates {
            let mut row = key_row(card, mandate, now);
            row["in_use"] = json!(in_use == Some(mandate.node()));
            row["next"] = json!(next == Some(mandate.node()));
            keys.push(row);
        }
        let without = if next.is_some() { self.without_card()? } else { Vec::new() };
        let line = &card.body().line;
        Ok(json!({
            "publisher_id": self.us().to_hex(),
            "fingerprint": self.us().fingerprint(),
            "national_key": card.body().national_key().to_hex(),
            "national_since": line.last().map(|step| step.since().to_string()),
            "national_number": line.len(),
            "card_issued": Millis(card.body().issued_at).to_string(),
            "keys": keys,
            "waiting_for": without.iter().map(|partner| self.country_of(partner)).collect::<Vec<_>>(),
            "restart": self.restart,
        }))
    }

    /// What revoking a node key now would leave: of each feed of ours, up to where its entries stand; and the entries
    /// that it signed at `since` or later, which would not be vouched for.
    pub(super) fn key_places(&self, node: &str, since: Option<&str>) -> Result<Value, NodeError> {
        let node = self.own_key(node)?;
        let since = since.map(Millis::parse).transpose()?;
        let (mut stands, mut doubted) = (Vec::new(), Vec::new());
        for (stand, entries) in self.stands(node, since)? {
            let Stand { agreement, vouched, end, held, head } = stand;
            stands.push(json!({ "agreement": agreement.to_hex(), "vouched": vouched, "end": end,
                "held": held, "head": head.to_hex() }));
            doubted.extend(entries);
        }
        Ok(json!({ "node": node.to_hex(), "in_use": self.key_in_use() == Some(node), "stands": stands,
            "not_vouched": doubted }))
    }

    fn own_key(&self, text: &str) -> Result<PublicKey, NodeError> {
        let text = text.to_ascii_lowercase();
        let fits = |key: &PublicKey| key.to_hex().starts_with(&text);
        let mandates = self.home.card().body().mandates.iter().map(SignedMandate::node);
        let mut found: Vec<PublicKey> = mandates.filter(fits).collect();
        found.dedup();
        // A key that never was on a card of ours can be revoked too: somebody had the national key, and mandated it.
        if let (true, Some(key)) = (found.is_empty(), crate::crypto::Hash::from_hex(&text)) {
            found.push(PublicKey(key.0));
        }
        match found[..] {
            [key] => Ok(key),
            [] => Err(NodeError::NotFound(format!(
                "no node key of ours begins with {text:?}; `corridor key list` shows them"
            ))),
            [..] => Err(NodeError::Refused(format!("{text:?} fits several node keys; give more of it"))),
        }
    }

    /// By feed of ours, what would stand; and rows for the entries that would not be vouched for. The house feed is
    /// read by us alone: all of it stands. Of a key that we never mandated nothing does.
    fn stands(&self, node: PublicKey, since: Option<Millis>) -> Result<Vec<(Stand, Vec<Value>)>, NodeError> {
        let us = self.us();
        if !self.home.card().body().mandates.iter().any(|mandate| mandate.node() == node) {
            return Ok(Vec::new());
        }
        let mut feeds: Vec<FeedId> = self.store.feeds().filter(|feed| feed.publisher == us).collect();
        // The key in use signs one more entry to every partner: the one that carries the card.
        let tells = self.key_in_use() == Some(node);
        let told: Vec<AgreementId> = match tells {
            true => self.partners_to_tell().map(|partner| AgreementId::correspondence(us, partner)).collect(),
            false => Vec::new(),
        };
        feeds.extend(told.iter().map(|agreement| FeedId::new(us, *agreement)));
        feeds.sort_unstable();
        feeds.dedup();
        let mut all = Vec::new();
        for feed in feeds {
            let place = self.store.place(feed);
            let (agreement, held, head) = (feed.agreement, place.seq.0, place.backlink);
            let end = held + u64::from(told.contains(&agreement));
            let since = since.filter(|_| agreement != AgreementId::house());
            let rows = since.map_or(Ok(Vec::new()), |since| self.signed_since(feed, node, since))?;
            let vouched = rows.first().and_then(|row| row["seq"].as_u64()).unwrap_or(end);
            all.push((Stand { agreement, vouched, end, held, head }, rows));
        }
        Ok(all)
    }

    /// What a node key has signed in a feed from this time on.
    fn signed_since(&self, feed: FeedId, node: PublicKey, since: Millis) -> Result<Vec<Value>, NodeError> {
        let mut rows = Vec::new();
        for seq in 0..self.store.place(feed).seq.0 {
            let signed = self.store.header(&feed, Seq(seq))?;
            let header = signed.header();
            if header.node == node && header.time >= since {
                let title = self.agreement_name(&feed.agreement);
                rows.push(json!({ "agreement": feed.agreement.to_hex(), "title": title, "seq": seq,
                    "kind": header.kind.as_str(), "time": header.time.to_string() }));
            }
        }
        Ok(rows)
    }

    fn partners_to_tell(&self) -> impl Iterator<Item = crate::feed::PublisherId> {
        let us = self.us();
        let can = move |partner: &crate::feed::PublisherId| {
            self.may_append(&FeedId::new(us, AgreementId::correspondence(us, *partner))).is_ok()
        };
        self.house.partners().map(Card::publisher).filter(can)
    }

    /// Takes on a card that the national key has just signed, and tells every partner.
    pub(super) fn card_issue(
        &mut self,
        text: &str,
        act: ActName,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let card = Card::from_text(text).map_err(|error| NodeError::Refused(error.to_string()))?;
        let fresh = self.check_own_card(&card)?;
        let in_use = self.key_in_use();
        let switches = in_use.is_some_and(|key| card.revocation(&key).is_some());
        // Before anything is said: without the next key nothing could be said afterwards.
        let next = if switches { Some(self.next_signer(&card)?) } else { None };
        let told: Vec<_> = self.partners_to_tell().collect();
        for partner in &told {
            self.tell_card_to(*partner, &card)?;
        }
        let switched = next.is_some();
        if let Some(next) = next {
            self.use_key(next)?;
        }
        let mut details = json!({ "issued_at": Millis(card.body().issued_at).to_string(),
            "national_keys": card.body().line.len(), "revoked": cards::revoked(&card) });
        if let Some(key) = self.key_in_use() {
            details["node"] = json!(key.to_hex());
        }
        // The new key signs the act by the mandate of the card that stands beside it.
        let before = self.issued.replace(Issued { card: card.clone(), switched });
        if let Err(error) = self.done(act, caller, details, cards::records(&card)?) {
            self.issued = before;
            return Err(error);
        }
        Ok(json!({
            "card": card.to_text(),
            "told": told.iter().map(|partner| self.country_of(partner)).collect::<Vec<_>>(),
            "revoked": fresh.iter().map(|one| one.node().to_hex()).collect::<Vec<_>>(),
            "switched": switched,
            "restart": self.restart,
        }))
    }

    /// Checks that a card may be our next one, and that what it revokes leaves all that we have signed; returns what
    /// it revokes.
    fn check_own_card(&self, card: &Card) -> Result<Vec<Revocation>, NodeError> {
        let refused = |why: &str| Err(NodeError::Refused(why.to_owned()));
        let own = self.home.card();
        if card.publisher() != self.us() || card.network() != self.network() {
            return refused("the card is not of this government and network");
        }
        card.may_follow(own).map_err(|error| NodeError::Refused(error.to_string()))?;
        let known = |one: &&Revocation| own.revocation(&one.node()).is_none_or(|known| known != *one);
        let fresh: Vec<Revocation> = card.body().revocations.iter().filter(known).cloned().collect();
        for one in &fresh {
            let places = |stand: &Stand| (stand.end, stand.held, stand.head);
            let leaves = |stand: &Stand| places(&one.stand(stand.agreement)) == places(stand);
            if !self.stands(one.node(), None)?.iter().all(|(stand, _)| leaves(stand)) {
                return refused(MOVED);
            }
        }
        Ok(fresh)
    }

    fn next_signer(&self, card: &Card) -> Result<Arc<dyn NodeSigner>, NodeError> {
        let load = self.next_key.clone().ok_or_else(|| NodeError::Refused(TYPED.to_owned()))?;
        let next = load()?;
        let key = next.public_key();
        if !card.allows(&key, Purpose::Release, self.now()) {
            return Err(NodeError::Refused("the card has no mandate for keys/node-next.age".to_owned()));
        }
        Ok(Arc::new(next))
    }

    fn use_key(&mut self, signer: Arc<dyn NodeSigner>) -> Result<(), NodeError> {
        tracing::warn!(node = %signer.public_key(), "this node key signs from now on; restart to be reached under it");
        self.sign_with(signer)?;
        self.restart = true;
        Ok(())
    }

    /// Lets the next key sign from here on.
    pub(super) fn key_switch(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        if self.home.next_key().is_none() {
            return Err(NodeError::Refused(
                "there is no next node key: `corridor key rotate` makes one".to_owned(),
            ));
        }
        let card = self.home.card().clone();
        let (before, next) = (self.key_in_use(), self.next_signer(&card)?);
        self.use_key(next)?;
        let now_in_use = self.key_in_use();
        let hex = |key: Option<PublicKey>| key.map(PublicKey::to_hex);
        let details = json!({ "node": hex(now_in_use), "before": hex(before) });
        self.done(ActName::KeySwitch, caller, details.clone(), Vec::new())?;
        self.issued = Some(Issued { card, switched: true });
        let mut value = details;
        value["restart"] = json!(true);
        Ok(value)
    }

    /// At the start, before anybody is spoken to: the next key is taken into use if the one in use may sign no longer,
    /// or if everybody we talk to has the card that names it. Says whether it was.
    ///
    /// # Errors
    /// [`NodeError`] when the next key cannot be read or the act not be written.
    pub fn switch_if_due(&mut self) -> Result<bool, NodeError> {
        let Some(next) = self.home.next_key().filter(|_| self.leads().is_ok()) else { return Ok(false) };
        let (card, now) = (self.home.card(), self.now());
        if !card.allows(&next, Purpose::Transport, now) {
            return Ok(false);
        }
        let ended = !self.in_use_allowed(Millis(now.0));
        if !ended && !self.without_card()?.is_empty() {
            return Ok(false);
        }
        self.key_switch(&super::daemon::the_node())?;
        self.commit()?;
        self.restart = false;
        Ok(true)
    }

    fn in_use_allowed(&self, at: Millis) -> bool {
        self.key_in_use().is_some_and(|key| self.home.card().allows(&key, Purpose::Release, at))
    }

    /// Time has passed: a key whose term is nearly over must not sign into the void.
    pub(super) fn tick_keys(&mut self) -> Result<(), NodeError> {
        let soon = Millis(self.now().0.saturating_add(HOUR));
        let lapses = self.leads().is_ok()
            && self.home.next_key().is_some()
            && !self.restart
            && !self.in_use_allowed(soon);
        if lapses && self.next_key.is_some() {
            self.key_switch(&super::daemon::the_node())?;
        }
        Ok(())
    }

    /// What is durable now may be put on disk for other processes.
    pub(super) fn finish_issue(&mut self) -> Result<(), NodeError> {
        if let Some(Issued { card, switched }) = self.issued.take() {
            self.home.adopt(card)?;
            if switched && let Some(key) = self.key_in_use() {
                self.home.promote(key)?;
            }
        }
        Ok(())
    }

    /// At opening: the house feed may know a newer card of ours than `card.txt`, after a crash between the two.
    pub(super) fn adopt_own_card(&mut self) -> Result<(), NodeError> {
        let own = self.house.keyring().get(&self.us()).cloned();
        match own.filter(|own| own != self.home.card()) {
            Some(own) => self.home.adopt(own),
            None => Ok(()),
        }
    }
}

/// One hour in milliseconds.
const HOUR: i64 = 3_600_000;
/// Why a card is refused that was made a moment too early; the command makes it again.
const MOVED: &str =
    "something was signed while the card was made, or the card lacks a place: the card must be made again";
/// The words in it by which who makes cards knows.
pub const MADE_AGAIN: &str = "the card must be made again";
const TYPED: &str = "the running daemon cannot read the new node key, because its passphrase was typed in: stop the daemon, \
     give this command again, and start it";

/// How a node key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Its government has ended it.
    Revoked,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    Ahead,
    /// It ends within weeks.
    ExpiresSoon,
    /// It may sign.
    Valid,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Revoked, Self::Expired, Self::Ahead, Self::ExpiresSoon, Self::Valid];

    /// The word for people and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Ahead => "ahead",
            Self::ExpiresSoon => "expires soon",
            Self::Valid => "valid",
        }
    }
}

/// One node key, for people and programs.
pub(super) fn key_row(card: &Card, mandate: &SignedMandate, now: Millis) -> Value {
    let (from, until) = mandate.term();
    let purposes: Vec<&str> = mandate.purposes().map(Purpose::as_str).collect();
    let revocation = card.revocation(&mandate.node());
    let state = match revocation {
        Some(_) => KeyState::Revoked,
        None if until <= now => KeyState::Expired,
        None if now < from => KeyState::Ahead,
        None if until.0 - now.0 < SOON => KeyState::ExpiresSoon,
        None => KeyState::Valid,
    };
    json!({
        "node": mandate.node().to_hex(),
        "state": state.as_str(),
        "purposes": purposes,
        "from": from.to_string(),
        "until": until.to_string(),
        "revoked_at": revocation.map(|one| one.at().to_string()),
        "reason": revocation.map(|one| one.reason.as_str()),
    })
}

#[cfg(test)]
mod tests;
