//! The line of national keys: from the first, which names the government for ever, to the one that counts now.
//!
//! ```text
//!  step 0            step 1              step 2
//!  key A ──────────▶ key B ────────────▶ key C          each step is signed by its own key
//!  next: SHA-256(B)  next: SHA-256(C)    next: SHA-256(D)
//! ```
//!
//! A step commits to the next key before anybody needs it. Who steals key A can sign cards as A, but can appoint
//! nobody but B, whose secret is elsewhere. Who holds a card takes only cards whose line goes on behind its own.

use super::{CardError, MAX_LIST};
use crate::crypto::{Context, Hash, Network, NodeSigner, PublicKey, Signature};
use crate::feed::codec::{self, Decode, Encode};
use crate::model::Millis;

/// One national key, and what it says of the one after it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Step {
    /// SHA-256 of the signed message of the step before; zeros for the first.
    previous: [u8; 32],
    /// The national key that signs this step.
    key: [u8; 32],
    /// SHA-256 of the national key that comes after it.
    next_key_hash: [u8; 32],
    /// Since when it counts, UTC milliseconds.
    since: i64,
}

impl Step {
    fn new(previous: Hash, key: &PublicKey, next: &PublicKey, since: Millis) -> Self {
        let next_key_hash = Hash::of(&[&next.0]).0;
        Self { previous: previous.0, key: key.0, next_key_hash, since: since.0 }
    }
}

/// A step with its key's signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedStep {
    step: Step,
    signature: [u8; 64],
}

impl SignedStep {
    fn sign(step: Step, network: &Network, national: &dyn NodeSigner) -> Self {
        let signature = national.sign(Context::Succession, network, &codec::encode(&step)).0;
        Self { step, signature }
    }

    /// The first national key of a government, and the one that will succeed it.
    pub fn first(national: &dyn NodeSigner, next: &PublicKey, since: Millis, network: &Network) -> Self {
        Self::sign(Step::new(Hash::ZERO, &national.public_key(), next, since), network, national)
    }

    /// The step of the successor that this one has announced, and the key that will succeed that one.
    ///
    /// # Errors
    /// [`CardError::Successor`] when another key was announced.
    pub fn succeed(
        &self,
        successor: &dyn NodeSigner,
        next: &PublicKey,
        since: Millis,
        network: &Network,
    ) -> Result<Self, CardError> {
        let key = successor.public_key();
        if !self.announces(&key) {
            return Err(CardError::Successor);
        }
        Ok(Self::sign(Step::new(self.id(network), &key, next, since), network, successor))
    }

    /// The national key of this step.
    pub fn key(&self) -> PublicKey {
        PublicKey(self.step.key)
    }

    /// Since when it counts.
    pub fn since(&self) -> Millis {
        Millis(self.step.since)
    }

    /// SHA-256 of the next national key.
    pub fn next_key_hash(&self) -> Hash {
        Hash(self.step.next_key_hash)
    }

    /// Whether this key was announced as the next one.
    pub fn announces(&self, next: &PublicKey) -> bool {
        Hash::of(&[&next.0]) == self.next_key_hash()
    }

    /// SHA-256 of the signed message, by which the step after it names it.
    fn id(&self, network: &Network) -> Hash {
        Hash::of(&[&Context::Succession.message(network, &codec::encode(&self.step))])
    }

    /// Whether two steps say the same; signatures do not count.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        self.step == other.step
    }
}

/// Checks a whole line: every signature, and that each key is the one that the step before has announced.
pub(super) fn verify(line: &[SignedStep], network: &Network) -> Result<(), CardError> {
    if line.is_empty() || line.len() > MAX_LIST {
        return Err(CardError::Line);
    }
    let mut before: Option<&SignedStep> = None;
    for one in line {
        let previous = before.map_or(Hash::ZERO, |before| before.id(network));
        if one.step.previous != previous.0 || before.is_some_and(|before| !before.announces(&one.key())) {
            return Err(CardError::Line);
        }
        let (body, signature) = (codec::encode(&one.step), Signature(one.signature));
        one.key().verify(Context::Succession, network, &body, &signature).map_err(|_| CardError::Line)?;
        before = Some(one);
    }
    Ok(())
}
