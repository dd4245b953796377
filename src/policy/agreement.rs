//! The parties' signed words on an agreement, and whether it binds.

use std::collections::BTreeMap;

use super::text::{AgreementError, AgreementText, Role};
use crate::crypto::{Context, Network, NodeSigner, PublicKey, Signature};
use crate::feed::codec::{self, Decode, Encode};
use crate::feed::{AgreementId, Card, Keyring, PublisherId, Purpose};
use crate::model::Millis;

/// What a party says of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Consent {
    /// We are bound by it.
    Agreed,
    /// We are bound by it no longer.
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct ConsentBody {
    agreement: AgreementId,
    party: PublisherId,
    node: [u8; 32],
    time: i64,
    consent: Consent,
}

/// A party's signed word on an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedConsent {
    body: ConsentBody,
    signature: [u8; 64],
}

impl SignedConsent {
    /// Signs for a party with its node key.
    pub fn sign(
        agreement: AgreementId,
        party: PublisherId,
        (consent, time): (Consent, Millis),
        network: &Network,
        signer: &dyn NodeSigner,
    ) -> Self {
        let body = ConsentBody { agreement, party, node: signer.public_key().0, time: time.0, consent };
        let signature = signer.sign(Context::Agreement, network, &codec::encode(&body)).0;
        Self { body, signature }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes; nothing is verified yet.
    ///
    /// # Errors
    /// [`AgreementError`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        Ok(codec::decode(bytes)?)
    }

    /// The agreement that it is about.
    pub fn agreement(&self) -> AgreementId {
        self.body.agreement
    }

    /// Who says it.
    pub fn party(&self) -> PublisherId {
        self.body.party
    }

    /// When.
    pub fn time(&self) -> Millis {
        Millis(self.body.time)
    }

    /// What.
    pub fn consent(&self) -> Consent {
        self.body.consent
    }

    /// Checks the signature and that its key is mandated by the party to sign agreements. A word that stands in an
    /// entry of the party's own feed has a place there, which a revocation of the key reckons with: `placed` says that
    /// it does, and that the entry counts. Any other word of a revoked key must be of before.
    ///
    /// # Errors
    /// [`AgreementError::Signature`].
    pub fn verify(&self, network: &Network, keyring: &Keyring, placed: bool) -> Result<(), AgreementError> {
        let key = PublicKey(self.body.node);
        let card = keyring.get(&self.body.party).ok_or(AgreementError::Signature)?;
        let mandated = if placed { Card::has_mandate } else { Card::allows };
        if !mandated(card, &key, Purpose::Agreement, self.time()) {
            return Err(AgreementError::Signature);
        }
        key.verify(Context::Agreement, network, &codec::encode(&self.body), &Signature(self.signature))
            .map_err(|_| AgreementError::Signature)
    }
}

/// Whether an agreement binds, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not enough parties have signed; these have not.
    Proposed {
        /// Whose signature is missing.
        missing: Vec<PublisherId>,
    },
    /// Enough have signed, it begins later.
    Ahead,
    /// It binds those who have signed.
    InForce,
    /// Its term is over, too few parties are left, or an amendment has taken its place.
    Over {
        /// Since when: recipients keep what they have for the agreed time from here on.
        since: Millis,
    },
}

/// An agreement as far as this node knows it: its text, and who has said what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    id: AgreementId,
    text: AgreementText,
    agreed: BTreeMap<PublisherId, SignedConsent>,
    ended: BTreeMap<PublisherId, SignedConsent>,
    /// Whom a crisis lane binds without a word of their own, by the agreement that it follows from, and since when that
    /// binds them no more; empty as long as that does not hold.
    standing: BTreeMap<PublisherId, Option<Millis>>,
}

impl Agreement {
    /// A text that nobody has signed.
    pub fn new(text: AgreementText, network: &Network) -> Self {
        let (agreed, ended, standing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { id: text.id(network), text, agreed, ended, standing }
    }

    /// Takes the consent of those whom the agreement binds that a lane follows from.
    pub(super) fn stand_on(&mut self, parent: &Self) {
        let bound = self.text.bound().filter(|party| parent.agreed.contains_key(party));
        self.standing =
            bound.map(|party| (party, parent.ended.get(&party).map(SignedConsent::time))).collect();
    }

    /// Whether it is a crisis lane.
    pub fn is_lane(&self) -> bool {
        self.text.crisis.lane().is_some()
    }

    /// Whether a party's signature counts.
    fn may_agree(&self, party: &PublisherId) -> bool {
        self.text.crisis.lane().is_none_or(|lane| lane.activators.binary_search(party).is_ok())
    }

    /// Its id.
    pub fn id(&self) -> AgreementId {
        self.id
    }

    /// Its text.
    pub fn text(&self) -> &AgreementText {
        &self.text
    }

    /// Who has signed, and when.
    pub fn signed(&self) -> impl Iterator<Item = (PublisherId, Millis)> {
        self.agreed.iter().map(|(party, word)| (*party, word.time()))
    }

    /// Who has left it, and when.
    pub fn left(&self) -> impl Iterator<Item = (PublisherId, Millis)> {
        let said = self.ended.iter().map(|(party, word)| (*party, word.time()));
        let elsewhere = self.standing.iter().filter(|(party, _)| !self.ended.contains_key(*party));
        said.chain(elsewhere.filter_map(|(party, since)| Some((*party, (*since)?))))
    }

    /// Every word that was said of it, to be told to who does not know it.
    pub fn words(&self) -> impl Iterator<Item = &SignedConsent> {
        self.agreed.values().chain(self.ended.values())
    }

    /// Takes a party's word, which the caller has verified. Says whether it changed anything. A party's first word of
    /// a kind counts; who has left comes back by an amendment.
    pub fn take(&mut self, word: &SignedConsent) -> bool {
        if word.agreement() != self.id || !self.text.binds(&word.party()) {
            return false;
        }
        let words = match word.consent() {
            Consent::Agreed if !self.may_agree(&word.party()) => return false,
            Consent::Agreed => &mut self.agreed,
            Consent::Ended => &mut self.ended,
        };
        let new = !words.contains_key(&word.party());
        words.entry(word.party()).or_insert_with(|| word.clone());
        new
    }

    /// Whether a party has signed and has not left.
    pub fn is_bound(&self, party: &PublisherId) -> bool {
        let bound = match self.is_lane() {
            true => self.in_force_since().is_some() && self.standing.get(party) == Some(&None),
            false => self.agreed.contains_key(party),
        };
        bound && !self.ended.contains_key(party)
    }

    /// Whether somebody may hold what is released under it: a party that is bound, or a reader that its onward clause
    /// names.
    pub fn reads(&self, who: &PublisherId) -> bool {
        self.is_bound(who) || self.text.onward_readers().contains(who)
    }

    /// Whether somebody stores and forwards under it what it cannot read.
    pub fn carries(&self, who: &PublisherId) -> bool {
        self.text.role(who) == Some(Role::Courier)
    }

    /// Who may read what a publisher releases under it: the parties that are bound, and the readers that its onward
    /// clause names.
    pub fn readers(&self, publisher: &PublisherId) -> Vec<PublisherId> {
        let bound = self.text.bound().filter(|party| self.is_bound(party));
        let mut readers: Vec<PublisherId> = bound.chain(self.text.onward_readers().iter().copied()).collect();
        readers.sort_unstable();
        readers.dedup();
        readers.retain(|reader| reader != publisher);
        readers
    }

    /// Whether a party may publish under it: it is bound, and has a role that publishes.
    pub fn publishes(&self, who: &PublisherId) -> bool {
        self.is_bound(who) && self.text.role(who).is_some_and(Role::publishes)
    }

    /// When enough parties had signed and the term had begun, if that ever was so.
    pub fn in_force_since(&self) -> Option<Millis> {
        if self.is_lane() && self.standing.is_empty() {
            return None;
        }
        let mut times: Vec<Millis> = self.agreed.values().map(SignedConsent::time).collect();
        times.sort_unstable();
        let last = times.get((self.text.quorum as usize).checked_sub(1)?)?;
        Some(Millis(last.0.max(self.text.term.start)))
    }

    /// Whether it binds at this time, as far as its own text and words say.
    pub fn standing(&self, now: Millis) -> Standing {
        if let Some(since) = self.over_since(now) {
            return Standing::Over { since };
        }
        match self.in_force_since() {
            None => Standing::Proposed { missing: self.missing() },
            Some(_) if now.0 < self.text.term.start => Standing::Ahead,
            Some(_) => Standing::InForce,
        }
    }

    fn missing(&self) -> Vec<PublisherId> {
        let may = |party: &PublisherId| self.may_agree(party) && !self.agreed.contains_key(party);
        self.text.bound().filter(may).collect()
    }

    /// Since when its term is over, or fewer parties are left than it needs.
    fn over_since(&self, now: Millis) -> Option<Millis> {
        let term = (now.0 >= self.text.term.end).then_some(Millis(self.text.term.end));
        let mut left: Vec<(PublisherId, Millis)> = self.left().collect();
        left.sort_unstable_by_key(|(_, time)| *time);
        // Before it was in force those may still sign who have not; afterwards who signed must be enough.
        let begun = self.in_force_since().is_some();
        let among = |party: &PublisherId| !begun || self.agreed.contains_key(party);
        let mut rest = self.text.bound().filter(among).count();
        let too_few = left.into_iter().filter(|(party, _)| among(party)).find_map(|(_, time)| {
            rest -= 1;
            (rest < self.text.quorum as usize).then_some(time)
        });
        [term, too_few, self.withdrawn()].into_iter().flatten().min()
    }

    /// Since when a lane that never was in force is declared by nobody any more: all who had signed it took that back.
    fn withdrawn(&self) -> Option<Millis> {
        if !self.is_lane() || self.agreed.is_empty() || self.in_force_since().is_some() {
            return None;
        }
        let ended = self.agreed.keys().map(|party| self.ended.get(party).map(SignedConsent::time));
        ended.collect::<Option<Vec<Millis>>>()?.into_iter().max()
    }

    /// Whether the words on an amendment are enough of this agreement's parties to put it in this one's place: as many
    /// as it takes to put this one in force, or all but one, whom the others need not wait for.
    pub(super) fn yields_to(&self, amendment: &Self) -> bool {
        let bound: Vec<PublisherId> = self.text.bound().collect();
        let agreed = bound.iter().filter(|party| amendment.agreed.contains_key(*party)).count();
        agreed >= (self.text.quorum as usize).min(bound.len() - 1)
    }
}
