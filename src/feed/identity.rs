//! Who may sign for whom: mandates, partner cards and the keyring of accepted cards.
//!
//! What a government's keys live through has its own files: `succession` for the line of national keys,
//! `revocation` for the end of a node key, `keyring` for which card follows which and what counts under it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use unicode_normalization::is_nfc;

use super::codec::{self, CodecError, Decode, Encode};
use super::id::PublisherId;
use crate::crypto::{Context, Network, NodeSigner, PublicKey, Signature};
use crate::model::Millis;

mod issue;
mod keyring;
mod revocation;
mod succession;

pub use issue::NextCard;
pub use keyring::{Keyring, Refusal};
pub use revocation::{MAX_STANDS, Reason, Revocation, Stand};
pub use succession::SignedStep;

/// What a node key may do for its government.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Speak for it on the network: the node key is the libp2p identity.
    Transport,
    /// Sign releases and the house's own entries.
    Release,
    /// Sign receipts.
    Receipt,
    /// Sign agreements.
    Agreement,
    /// Certify the keys to which others seal for it.
    Sealing,
}

impl Purpose {
    /// All purposes: what a small government's only node gets.
    pub const ALL: [Self; 5] =
        [Self::Transport, Self::Release, Self::Receipt, Self::Agreement, Self::Sealing];

    /// The word for people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Release => "release",
            Self::Receipt => "receipt",
            Self::Agreement => "agreement",
            Self::Sealing => "sealing",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Transport => 1,
            Self::Release => 2,
            Self::Receipt => 4,
            Self::Agreement => 8,
            Self::Sealing => 16,
        }
    }
}

/// "Node key K may sign for us from T1 until T2 for these purposes", before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mandate {
    national_key: [u8; 32],
    node: [u8; 32],
    purposes: u8,
    from: i64,
    until: i64,
}

impl Mandate {
    /// A mandate of a national key for a node key.
    pub fn new(
        national_key: PublicKey,
        node: PublicKey,
        purposes: &[Purpose],
        term: (Millis, Millis),
    ) -> Self {
        let bits = purposes.iter().fold(0, |bits, purpose| bits | purpose.bit());
        Self { national_key: national_key.0, node: node.0, purposes: bits, from: term.0.0, until: term.1.0 }
    }

    /// Signs it with the national key.
    pub fn sign(self, network: &Network, national: &dyn NodeSigner) -> SignedMandate {
        let signature = national.sign(Context::Mandate, network, &codec::encode(&self));
        SignedMandate { mandate: self, signature: signature.0 }
    }
}

/// A mandate with the national key's signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedMandate {
    mandate: Mandate,
    signature: [u8; 64],
}

impl SignedMandate {
    /// The node key that it is for.
    pub fn node(&self) -> PublicKey {
        PublicKey(self.mandate.node)
    }

    /// From when until when it holds.
    pub fn term(&self) -> (Millis, Millis) {
        (Millis(self.mandate.from), Millis(self.mandate.until))
    }

    /// What it is for.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose> {
        let bits = self.mandate.purposes;
        Purpose::ALL.into_iter().filter(move |purpose| bits & purpose.bit() != 0)
    }

    /// The same node key for the same purposes until another time, under another national key: to be signed again.
    pub fn renewed(&self, national_key: PublicKey, until: Millis) -> Mandate {
        Mandate { national_key: national_key.0, until: until.0, ..self.mandate.clone() }
    }

    /// Whether it allows this purpose at this time.
    pub fn allows(&self, purpose: Purpose, time: Millis) -> bool {
        self.mandate.purposes & purpose.bit() != 0
            && (self.mandate.from..self.mandate.until).contains(&time.0)
    }

    fn verify(&self, network: &Network, national_key: &PublicKey) -> Result<(), CardError> {
        if self.mandate.national_key != national_key.0 {
            return Err(CardError::ForeignMandate);
        }
        let body = codec::encode(&self.mandate);
        let signature = Signature(self.signature);
        national_key
            .verify(Context::Mandate, network, &body, &signature)
            .map_err(|_| CardError::MandateSignature)
    }
}

/// What two governments give each other out of band; verified, because it cannot be made otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    body: CardBody,
    network: Network,
    signature: Signature,
}

/// What a card says, in its canonical order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CardBody {
    /// ISO 3166-1 alpha-3 code that the government claims; empty for an observer.
    pub country: String,
    /// Names by language code, sorted by language.
    pub names: Vec<(String, String)>,
    /// The national keys, from the first, which names the government, to the one that signs this card.
    pub line: Vec<SignedStep>,
    /// The node keys that may sign, and those that once might: what they signed is verified by them.
    pub mandates: Vec<SignedMandate>,
    /// The node keys whose mandates have ended, sorted by key.
    pub revocations: Vec<Revocation>,
    /// Where the nodes listen (libp2p multiaddresses, without the peer id).
    pub addresses: Vec<String>,
    /// When it was issued, UTC milliseconds; of two cards the later one counts.
    pub issued_at: i64,
}

#[derive(Encode, Decode)]
struct SignedCardBytes {
    network: String,
    body: Vec<u8>,
    signature: [u8; 64],
}

/// The most addresses, names and national keys on one card.
const MAX_LIST: usize = 32;
/// The most node keys on one card, former ones among them.
const MAX_KEYS: usize = 128;
/// The longest text on a card, in bytes.
const MAX_TEXT: usize = 256;
const TITLE: &str = "CORRIDOR PARTNER CARD 2";

impl Card {
    /// Signs a card with the national key.
    ///
    /// # Errors
    /// [`CardError`] when the body breaks a rule that its readers would refuse it for.
    pub fn sign(body: CardBody, network: &Network, national: &dyn NodeSigner) -> Result<Self, CardError> {
        let signature = national.sign(Context::Card, network, &codec::encode(&body));
        Self::verify(body, network.clone(), signature)
    }

    fn verify(body: CardBody, network: Network, signature: Signature) -> Result<Self, CardError> {
        body.check()?;
        let national = body.line.iter().map(SignedStep::key);
        let mut keys = national.chain(body.mandates.iter().map(SignedMandate::node));
        if keys.any(|key| !key.is_sound()) {
            return Err(CardError::WeakKey);
        }
        succession::verify(&body.line, &network)?;
        let key = body.national_key();
        key.verify(Context::Card, &network, &codec::encode(&body), &signature)
            .map_err(|_| CardError::Signature)?;
        body.mandates.iter().try_for_each(|mandate| mandate.verify(&network, &key))?;
        Ok(Self { body, network, signature })
    }

    /// The canonical bytes with the signature.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&SignedCardBytes {
            network: self.network.as_str().to_owned(),
            body: codec::encode(&self.body),
            signature: self.signature.0,
        })
    }

    /// Reads and verifies canonical bytes.
    ///
    /// # Errors
    /// [`CardError`] saying what does not hold.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CardError> {
        let raw: SignedCardBytes = codec::decode(bytes)?;
        let network = Network::parse(&raw.network)
            .map_err(|error| CardError::Form(CodecError::Invalid(error.to_string())))?;
        Self::verify(codec::decode(&raw.body)?, network, Signature(raw.signature))
    }

    /// The text file that is handed over.
    pub fn to_text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        let country = if self.body.country.is_empty() { "observer" } else { &self.body.country };
        text += &format!("country: {country}\n");
        for (lang, name) in &self.body.names {
            text += &format!("name ({lang}): {name}\n");
        }
        text += &format!("network: {}\n", self.network.as_str());
        text += &format!("issued: {}\n", Millis(self.body.issued_at));
        text += &format!("fingerprint: {}\n\n", self.publisher().fingerprint());
        for line in BASE64.encode(self.to_bytes()).as_bytes().chunks(72) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text
    }

    /// Reads the text file. Line ends and white space at line ends do not count; every other byte does.
    ///
    /// # Errors
    /// [`CardError`], also when the readable lines say something else than the signed bytes.
    pub fn from_text(text: &str) -> Result<Self, CardError> {
        let lines = || text.trim_start_matches('\u{feff}').lines().map(str::trim_end);
        if lines().next() != Some(TITLE) {
            return Err(CardError::NotACard);
        }
        let coded: String = lines().skip_while(|line| !line.is_empty()).collect();
        let bytes = BASE64.decode(coded).map_err(|_| CardError::Form(CodecError::Malformed))?;
        let card = Self::from_bytes(&bytes)?;
        // The same is left out of what the card would say: a name may end in a blank.
        let meant = card.to_text();
        let said: Vec<&str> = lines().collect();
        let meant: Vec<&str> = meant.lines().map(str::trim_end).collect();
        if said.join("\n").trim_end() != meant.join("\n").trim_end() {
            return Err(CardError::Readable);
        }
        Ok(card)
    }

    /// The government that it introduces: the hash of its first national key.
    pub fn publisher(&self) -> PublisherId {
        PublisherId::of(&self.body.first_key())
    }

    /// What it says.
    pub fn body(&self) -> &CardBody {
        &self.body
    }

    /// The network that it counts on.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The name in this language, else in English, else the first there is.
    pub fn name(&self, lang: &str) -> &str {
        let find = |wanted: &str| self.body.names.iter().find(|(lang, _)| lang == wanted);
        find(lang).or_else(|| find("en")).or(self.body.names.first()).map_or("", |(_, name)| name)
    }

    /// The code that names its holder in tables: the country, or `observer`.
    pub fn country(&self) -> &str {
        &self.body.country
    }

    /// The node keys that may speak for it on the network at this time; a revoked one never may.
    pub fn nodes(&self, time: Millis) -> impl Iterator<Item = PublicKey> {
        let speaks = move |m: &&SignedMandate| {
            m.allows(Purpose::Transport, time) && self.revocation(&m.node()).is_none()
        };
        self.body.mandates.iter().filter(speaks).map(SignedMandate::node)
    }

    /// Whether something that this node key signed for this purpose at this time, outside any feed, counts. A revoked
    /// key's word counts if it is of before; a compromised one's never, because any time can be claimed.
    pub fn allows(&self, node: &PublicKey, purpose: Purpose, time: Millis) -> bool {
        let stands = |one: &Revocation| one.reason != Reason::Compromised && time < one.at();
        self.has_mandate(node, purpose, time) && self.revocation(node).is_none_or(stands)
    }

    /// How a node key was revoked, if it was.
    pub fn revocation(&self, node: &PublicKey) -> Option<&Revocation> {
        let found = self.body.revocations.binary_search_by_key(&node.0, |one| one.node);
        found.ok().map(|at| &self.body.revocations[at])
    }

    /// Whether `next` is a key that this card has announced as the next national key.
    pub fn announces(&self, next: &PublicKey) -> bool {
        self.body.line.last().is_some_and(|step| step.announces(next))
    }
}

impl CardBody {
    /// The national key that counts now. A card that verified has one; of a body without any it is zeros.
    pub fn national_key(&self) -> PublicKey {
        self.line.last().map_or(PublicKey([0; 32]), SignedStep::key)
    }

    /// The first national key.
    pub fn first_key(&self) -> PublicKey {
        self.line.first().map_or(PublicKey([0; 32]), SignedStep::key)
    }

    fn check(&self) -> Result<(), CardError> {
        let country = self.country.as_bytes();
        if !(country.is_empty() || country.len() == 3 && country.iter().all(u8::is_ascii_uppercase)) {
            return Err(CardError::Country);
        }
        let texts = self.addresses.iter().chain(self.names.iter().flat_map(|(lang, name)| [lang, name]));
        let plain = |text: &String| {
            !text.is_empty() && text.len() <= MAX_TEXT && is_nfc(text) && !text.chars().any(char::is_control)
        };
        if !texts.into_iter().all(plain) {
            return Err(CardError::Text);
        }
        if !self.names.is_sorted_by(|a, b| a.0 < b.0) || self.names.is_empty() {
            return Err(CardError::Names);
        }
        let long = self.mandates.len() > MAX_KEYS;
        if long || [self.names.len(), self.addresses.len()].iter().any(|len| *len > MAX_LIST) {
            return Err(CardError::TooMany);
        }
        revocation::check(&self.revocations)
    }
}

/// Why a card is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum CardError {
    /// The file is something else.
    #[error("this is no partner card: its first line must be {TITLE:?}")]
    NotACard,
    /// The coded part is damaged.
    #[error("the card is damaged: {0}; ask for the file again")]
    Form(#[from] CodecError),
    /// The lines for people and the signed bytes differ.
    #[error("the readable lines of the card differ from its signed content; do not trust this file")]
    Readable,
    /// A key on it is one that nobody can have made honestly.
    #[error("a key on the card is no sound Ed25519 key: anybody may be able to sign for it")]
    WeakKey,
    /// The national key did not sign this.
    #[error("the card is not signed by the national key that it names")]
    Signature,
    /// A mandate on it was not signed by the national key.
    #[error("a mandate on the card is not signed by its national key")]
    MandateSignature,
    /// A mandate on it is another government's.
    #[error("a mandate on the card belongs to another national key")]
    ForeignMandate,
    /// Not a country code.
    #[error("the country must be a code of three letters, such as PHL, or empty for an observer")]
    Country,
    /// A text is empty, too long, not NFC or holds control characters.
    #[error("a text on the card is empty, longer than {MAX_TEXT} bytes, not NFC or has control characters")]
    Text,
    /// Names must be there and in order.
    #[error("the card needs names, one for a language, sorted by language code")]
    Names,
    /// Too many entries in a list.
    #[error(
        "the card has more than {MAX_LIST} names or addresses, {MAX_KEYS} node keys or {MAX_STANDS} positions"
    )]
    TooMany,
    /// The line of national keys has a gap or a wrong signature.
    #[error("the line of national keys on the card does not hold: a key was not announced or has not signed")]
    Line,
    /// Revocations must be in order.
    #[error("the revocations on the card are not sorted and unique")]
    Revocations,
    /// A key that the card does not announce was to succeed.
    #[error("this is not the next national key that the card announces")]
    Successor,
    /// Another line of national keys than that of the card held.
    #[error(
        "the card names another successor than the one that the card held here has announced: it is not taken"
    )]
    OtherLine,
    /// The national key that signed the card has been succeeded.
    #[error(
        "the card is signed by a national key that another has succeeded: it counts for nothing any more"
    )]
    Succeeded,
    /// An older card than the one held, or another of the same moment.
    #[error("a newer card of this government was accepted before")]
    Older,
    /// A revocation is missing or weaker.
    #[error("the card takes back a revocation that an earlier card of the same national key made")]
    TakenBack,
}

#[cfg(test)]
mod tests;
