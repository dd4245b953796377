//! The text of an agreement, the parties' signatures under it, and whether it is in force.

use std::collections::BTreeMap;

use unicode_normalization::is_nfc;

use crate::crypto::{Context, Hash, Network, NodeSigner, PublicKey, Signature};
use crate::feed::codec::{self, CodecError, Decode, Encode};
use crate::feed::{AgreementId, Keyring, PublisherId, Purpose};
use crate::model::{IndicatorCode, Millis};

/// Which counterparts a rule covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Counterparts {
    /// Only series about movements between the parties themselves.
    Parties,
    /// Series about any counterpart.
    Any,
}

/// One line of an agreement's scope.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ScopeRule {
    /// Whose statistics; sorted; empty for those of every party.
    pub publishers: Vec<PublisherId>,
    /// Which indicators; sorted; never empty.
    pub indicators: Vec<String>,
    /// Which counterparts.
    pub counterparts: Counterparts,
}

/// What governments sign. The bytes of this, and nothing else, are the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AgreementText {
    /// What it is called.
    pub title: String,
    /// Who is bound; sorted; at least two.
    pub parties: Vec<PublisherId>,
    /// What may be shared.
    pub scope: Vec<ScopeRule>,
    /// What it may be used for.
    pub purpose: String,
    /// Whether and to whom it may be handed on; empty: to nobody.
    pub onward: String,
    /// How long recipients may keep it, in days; 0: as long as they need it.
    pub retention_days: u32,
    /// The disclosure rule that every publisher applies before release, as a code of `CL_MP_DISC`; empty: each
    /// indicator's own.
    pub disclosure_rule: String,
    /// Who may carry sealed entries between the parties; sorted.
    pub couriers: Vec<PublisherId>,
    /// From when, UTC milliseconds.
    pub start: i64,
    /// Until when; [`NO_END`] when it has none.
    pub end: i64,
    /// What changes when a crisis is declared; empty: nothing.
    pub crisis: String,
    /// When it was drafted, so that two agreements of the same words are two.
    pub drafted_at: i64,
}

/// The end of an agreement without one.
pub const NO_END: i64 = i64::MAX;
/// The most parties, rules, indicators of a rule and couriers.
const MAX_LIST: usize = 256;
/// The longest text, in bytes.
const MAX_TEXT: usize = 4096;

impl AgreementText {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes and checks their rules.
    ///
    /// # Errors
    /// [`AgreementError`] saying which rule is broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        let text: Self = codec::decode(bytes)?;
        text.check()?;
        Ok(text)
    }

    /// Checks what every agreement must hold.
    ///
    /// # Errors
    /// [`AgreementError`] saying which rule is broken.
    pub fn check(&self) -> Result<(), AgreementError> {
        let sorted = |ids: &[PublisherId]| ids.is_sorted_by(|a, b| a < b) && ids.len() <= MAX_LIST;
        if self.parties.len() < 2 || !sorted(&self.parties) || !sorted(&self.couriers) {
            return Err(AgreementError::Parties);
        }
        let texts = [&self.title, &self.purpose, &self.onward, &self.crisis, &self.disclosure_rule];
        let plain = |text: &&String| text.len() <= MAX_TEXT && is_nfc(text);
        if !texts.iter().all(plain) || self.title.is_empty() || self.purpose.is_empty() {
            return Err(AgreementError::Text);
        }
        if self.start >= self.end {
            return Err(AgreementError::Term);
        }
        if self.scope.is_empty() || self.scope.len() > MAX_LIST {
            return Err(AgreementError::Scope("it has no line, or too many".to_owned()));
        }
        self.scope.iter().try_for_each(|rule| self.check_rule(rule))
    }

    fn check_rule(&self, rule: &ScopeRule) -> Result<(), AgreementError> {
        let codes = &rule.indicators;
        if codes.is_empty() || codes.len() > MAX_LIST || !codes.is_sorted_by(|a, b| a < b) {
            return Err(AgreementError::Scope("a line must name indicators, sorted, each once".to_owned()));
        }
        for code in codes {
            IndicatorCode::parse(code).map_err(|error| AgreementError::Scope(error.to_string()))?;
        }
        let publishers = &rule.publishers;
        if !publishers.is_sorted_by(|a, b| a < b) || publishers.iter().any(|p| !self.parties.contains(p)) {
            return Err(AgreementError::Scope("a line names a publisher that is no party".to_owned()));
        }
        Ok(())
    }

    /// The agreement's id on a network.
    pub fn id(&self, network: &Network) -> AgreementId {
        let bytes = self.to_bytes();
        AgreementId(Hash::of(&[&Context::Agreement.message(network, &bytes)]).0)
    }
}

/// What a party says of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Consent {
    /// We are bound by it.
    Agreed,
    /// We end it.
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

    /// Checks the signature and that its key is mandated by the party to sign agreements.
    ///
    /// # Errors
    /// [`AgreementError::Signature`].
    pub fn verify(&self, network: &Network, keyring: &Keyring) -> Result<(), AgreementError> {
        let key = PublicKey(self.body.node);
        let card = keyring.get(&self.body.party).ok_or(AgreementError::Signature)?;
        if !card.allows(&key, Purpose::Agreement, self.time()) {
            return Err(AgreementError::Signature);
        }
        key.verify(Context::Agreement, network, &codec::encode(&self.body), &Signature(self.signature))
            .map_err(|_| AgreementError::Signature)
    }
}

/// Whether an agreement binds, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not all parties have signed; these have not.
    Proposed {
        /// Whose signature is missing.
        missing: Vec<PublisherId>,
    },
    /// All have signed, it begins later.
    Ahead,
    /// It binds.
    InForce,
    /// Its term is over or a party has ended it.
    Over,
}

/// An agreement as far as this node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    id: AgreementId,
    text: AgreementText,
    signed: BTreeMap<PublisherId, Millis>,
    ended: Option<Millis>,
}

impl Agreement {
    /// A text that nobody has signed.
    pub fn new(text: AgreementText, network: &Network) -> Self {
        Self { id: text.id(network), text, signed: BTreeMap::new(), ended: None }
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
    pub fn signed(&self) -> &BTreeMap<PublisherId, Millis> {
        &self.signed
    }

    /// Takes a party's word, which the caller has verified. Says whether it changed anything.
    pub fn take(&mut self, consent: &SignedConsent) -> bool {
        if consent.agreement() != self.id || !self.text.parties.contains(&consent.party()) {
            return false;
        }
        match consent.consent() {
            Consent::Agreed => self.signed.insert(consent.party(), consent.time()).is_none(),
            Consent::Ended => {
                let sooner = self.ended.is_none_or(|ended| consent.time() < ended);
                if sooner {
                    self.ended = Some(consent.time());
                }
                sooner
            }
        }
    }

    /// Whether it binds at this time.
    pub fn standing(&self, now: Millis) -> Standing {
        let missing: Vec<PublisherId> =
            self.text.parties.iter().filter(|party| !self.signed.contains_key(party)).copied().collect();
        if self.ended.is_some() || now.0 >= self.text.end {
            Standing::Over
        } else if !missing.is_empty() {
            Standing::Proposed { missing }
        } else if now.0 < self.text.start {
            Standing::Ahead
        } else {
            Standing::InForce
        }
    }
}

/// Why an agreement or a word on it is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum AgreementError {
    /// The bytes are none.
    #[error("the agreement is malformed: {0}")]
    Form(#[from] CodecError),
    /// Parties or couriers are not as they must be.
    #[error("an agreement needs at least two parties, each once, at most {MAX_LIST}")]
    Parties,
    /// A text is missing, too long or not NFC.
    #[error("an agreement needs a title and a purpose, its texts NFC and at most {MAX_TEXT} bytes long")]
    Text,
    /// The term is empty.
    #[error("the agreement would end before it begins")]
    Term,
    /// The scope is empty or names what is not there.
    #[error("the scope of the agreement: {0}")]
    Scope(String),
    /// The party's signature does not verify, or its key is not mandated for agreements.
    #[error("the signature under the agreement does not verify")]
    Signature,
}
