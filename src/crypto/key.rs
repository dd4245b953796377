//! Ed25519 keys and signatures ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)), with a context in each.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::hash::Hash;

/// What a signature is for, as it stands at the start of the signed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A feed's entry header.
    Entry,
    /// A mandate of a national key for a node key.
    Mandate,
    /// A partner card.
    Card,
    /// A step in the line of a government's national keys.
    Succession,
    /// A party's signature under an agreement.
    Agreement,
    /// The manifest of a bundle.
    Bundle,
    /// What locks files beside the key. Such a signature never leaves the node.
    Lock,
    /// A publisher's word on which of two entries for one place stands.
    Resolution,
    /// What a node gives to another one of its government, so that it can take its place.
    Grant,
    /// The manifest of a copy of public pages and figures.
    Site,
}

impl Context {
    /// The context string with its version.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "corridor/entry/1",
            Self::Mandate => "corridor/mandate/1",
            Self::Card => "corridor/card/2",
            Self::Succession => "corridor/succession/1",
            Self::Agreement => "corridor/agreement/1",
            Self::Bundle => "corridor/bundle/2",
            Self::Lock => "corridor/lock/1",
            Self::Resolution => "corridor/resolution/1",
            Self::Grant => "corridor/grant/1",
            Self::Site => "corridor/site/1",
        }
    }

    /// The bytes that are signed: context, zero, network, zero, body.
    pub fn message(self, network: &Network, body: &[u8]) -> Vec<u8> {
        let (context, network) = (self.as_str().as_bytes(), network.as_str().as_bytes());
        let mut message = Vec::with_capacity(context.len() + network.len() + 2 + body.len());
        for part in [context, network] {
            message.extend_from_slice(part);
            message.push(0);
        }
        message.extend_from_slice(body);
        message
    }
}

/// The name of the network that a signature counts on: `main`, or `training/…` whose records are never real.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(String);

impl Network {
    /// The network of real records.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// Reads `main` or `training/NAME` (a-z, 0-9 and `-`, at most 32 characters).
    ///
    /// # Errors
    /// [`KeyError::Network`] for anything else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let word = |name: &str| {
            (1..=32).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match text.strip_prefix("training/") {
            Some(name) if word(name) => Ok(Self(text.to_owned())),
            None if text == "main" => Ok(Self::main()),
            Some(_) | None => Err(KeyError::Network(text.chars().take(64).collect())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether records here are practice and must be marked so wherever they are shown.
    pub fn is_training(&self) -> bool {
        self.0.starts_with("training/")
    }
}

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether it is a key that somebody can have made: a point of the curve in its one encoding, in the group of prime
    /// order. Of a key outside of it signatures exist that some programs take and others refuse, and of one of small
    /// order anybody can make some. To be asked before a key is trusted with anything.
    pub fn is_sound(&self) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else { return false };
        let point = key.to_edwards();
        !key.is_weak() && point.is_torsion_free() && point.compress().0 == self.0
    }

    /// Checks a signature over `body` for this context and network (`verify_strict`).
    ///
    /// # Errors
    /// [`KeyError::Signature`] when it does not verify or the key is not a point of the curve.
    pub fn verify(
        &self,
        context: Context,
        network: &Network,
        body: &[u8],
        signature: &Signature,
    ) -> Result<(), KeyError> {
        self.verify_message(&context.message(network, body), signature)
    }

    /// Checks a signature over a message that [`Context::message`] made.
    ///
    /// # Errors
    /// As [`PublicKey::verify`].
    pub fn verify_message(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::Signature)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(message, &signature).map_err(|_| KeyError::Signature)
    }

    /// Hexadecimal digits.
    pub fn to_hex(self) -> String {
        Hash(self.0).to_hex()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Hash(self.0).short())
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// What can sign for a node: a key in memory today, a token behind the same door later.
pub trait NodeSigner: Send + Sync {
    /// The public key that verifies what this signs.
    fn public_key(&self) -> PublicKey;
    /// Signs a message that [`Context::message`] made.
    fn sign_message(&self, message: &[u8]) -> Signature;

    /// Signs `body` for this context and network.
    fn sign(&self, context: Context, network: &Network, body: &[u8]) -> Signature {
        self.sign_message(&context.message(network, body))
    }
}

/// An Ed25519 secret key in memory; wiped when dropped, never shown.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, for keeping it encrypted at rest and for the transport that needs the same identity.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

impl NodeSigner for SecretKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    fn sign_message(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {:?}", self.public_key())
    }
}

/// What can be wrong with a key, a signature or a network's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The signature does not belong to this key, context, network and content.
    #[error("the signature does not verify")]
    Signature,
    /// Not a network's name.
    #[error("{0:?} is no network name: use main, or training/NAME with a-z, 0-9 and -")]
    Network(String),
}

#[cfg(test)]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&Zeroizing::new([seed; 32]))
    }

    #[test]
    fn a_signature_counts_for_its_context_network_content_and_key_only() {
        let (main, training) = (Network::main(), Network::parse("training/demo").unwrap());
        let signature = key(1).sign(Context::Entry, &main, b"body");
        let public = key(1).public_key();
        assert_eq!(public.verify(Context::Entry, &main, b"body", &signature), Ok(()));
        let refused = Err(KeyError::Signature);
        assert_eq!(public.verify(Context::Card, &main, b"body", &signature), refused);
        assert_eq!(public.verify(Context::Entry, &training, b"body", &signature), refused);
        assert_eq!(public.verify(Context::Entry, &main, b"bodY", &signature), refused);
        assert_eq!(key(2).public_key().verify(Context::Entry, &main, b"body", &signature), refused);
    }

    #[test]
    fn weak_keys_and_any_flipped_bit_are_refused() {
        let network = Network::main();
        let signature = key(1).sign(Context::Entry, &network, b"body");
        for bit in 0..512 {
            let mut bad = signature;
            bad.0[bit / 8] ^= 1 << (bit % 8);
            assert!(key(1).public_key().verify(Context::Entry, &network, b"body", &bad).is_err());
        }
        let mut small_order = [0; 32];
        small_order[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        let weak = PublicKey(small_order);
        assert!(weak.verify(Context::Entry, &network, b"body", &Signature(forged)).is_err());
    }

    #[test]
    fn network_names_are_main_or_training() {
        for good in ["main", "training/demo", "training/a-1"] {
            assert_eq!(Network::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "Main", "training/", "training/A", "training/a/b", "test", "training/a\0b"] {
            assert!(Network::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_key_does_not_show_itself() {
        let text = format!("{:?}", key(7));
        assert!(!text.contains("0707"), "{text}");
    }
}
