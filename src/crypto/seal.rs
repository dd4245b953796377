//! Sealing: what only named recipients can open, whoever carries it.
//!
//! ```text
//!  content key ──HPKE, once for each recipient──▶ wrapped keys        (80 bytes each)
//!       └──────ChaCha20-Poly1305 · nonce = counter ‖ last ──▶ sealed chunks   (16 bytes longer than plain)
//! ```
//!
//! Keys are wrapped by HPKE ([RFC 9180](https://www.rfc-editor.org/rfc/rfc9180)) in base mode, single shot, with all
//! context in `info` and no `aad`, KDF HKDF-SHA256 and AEAD ChaCha20-Poly1305; a wrapped key is `enc ‖ ct`. A [`Suite`]
//! names the KEM. Who sealed something is not said here: a signature around it says that.
//!
//! The nonce of a chunk is its number (11 bytes, big-endian) and one byte that is 1 for the last chunk alone.

use std::convert::Infallible;
use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hpke::aead::ChaCha20Poly1305 as HpkeChaCha;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use super::hash::Hash;

/// By which key encapsulation a content key is wrapped. The numbers stand in signed bytes and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suite {
    /// DHKEM(X25519, HKDF-SHA256). 2 is kept for X-Wing (ML-KEM-768 with X25519), which holds also against who records
    /// today and has a quantum computer later.
    X25519 = 1,
}

impl Suite {
    /// All suites.
    pub const ALL: [Self; 1] = [Self::X25519];

    /// The number in signed bytes.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The suite of a number.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.code() == code)
    }

    /// The word for it in configuration and answers.
    pub const fn id(self) -> &'static str {
        match self {
            Self::X25519 => "x25519",
        }
    }

    /// The suite of this word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }
}

/// What has to be added to a chunk: the tag of ChaCha20-Poly1305.
pub const TAG_LENGTH: usize = 16;
/// The longest wrapped key of any suite, in bytes: X-Wing's 1 120, the content key and its tag.
pub const MAX_WRAPPED: usize = 1168;

/// A public key to which others seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKey {
    suite: Suite,
    bytes: Vec<u8>,
}

impl SealingKey {
    /// Reads a key: 32 bytes of X25519.
    ///
    /// # Errors
    /// [`SealError::Key`] when the bytes are no key of this suite.
    pub fn parse(suite: Suite, bytes: &[u8]) -> Result<Self, SealError> {
        let known = match suite {
            Suite::X25519 => <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(bytes).is_ok(),
        };
        if known { Ok(Self { suite, bytes: bytes.to_vec() }) } else { Err(SealError::Key) }
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What names it: the SHA-256 of its suite's number (two bytes, little-endian) and its bytes.
    pub fn id(&self) -> Hash {
        Hash::of(&[&self.suite.code().to_le_bytes(), &self.bytes])
    }

    /// Wraps a content key for who holds the secret of this key.
    ///
    /// # Errors
    /// [`SealError::Key`] when the key is one to which nothing can be sealed.
    pub fn wrap(&self, info: &[u8], key: &ContentKey, drawn: &mut Drawn) -> Result<Vec<u8>, SealError> {
        match self.suite {
            Suite::X25519 => wrap::<X25519HkdfSha256>(&self.bytes, info, key, drawn),
        }
    }
}

fn wrap<K: Kem>(
    bytes: &[u8],
    info: &[u8],
    key: &ContentKey,
    drawn: &mut Drawn,
) -> Result<Vec<u8>, SealError> {
    let public = K::PublicKey::from_bytes(bytes).map_err(|_| SealError::Key)?;
    let (enc, sealed) = hpke::single_shot_seal_with_rng::<HpkeChaCha, HkdfSha256, K>(
        &OpModeS::Base,
        &public,
        info,
        key.0.as_ref(),
        b"",
        drawn,
    )
    .map_err(|_| SealError::Key)?;
    let mut wrapped = enc.to_bytes().to_vec();
    wrapped.extend_from_slice(&sealed);
    Ok(wrapped)
}

/// The secret of a [`SealingKey`]: a seed of 32 bytes; wiped when dropped, never shown.
#[derive(Clone)]
pub struct SealingSecret {
    seed: Zeroizing<[u8; 32]>,
    public: SealingKey,
}

impl SealingSecret {
    /// The secret of a seed.
    pub fn from_seed(suite: Suite, seed: Zeroizing<[u8; 32]>) -> Self {
        let bytes = match suite {
            Suite::X25519 => X25519HkdfSha256::derive_keypair(seed.as_ref()).1.to_bytes().to_vec(),
        };
        Self { seed, public: SealingKey { suite, bytes } }
    }

    /// The seed, for keeping it encrypted at rest.
    pub fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }

    /// The public key.
    pub fn public(&self) -> &SealingKey {
        &self.public
    }

    /// Opens what [`SealingKey::wrap`] made for this key and this context.
    ///
    /// # Errors
    /// [`SealError::Closed`] for anything else.
    pub fn unwrap(&self, info: &[u8], wrapped: &[u8]) -> Result<ContentKey, SealError> {
        match self.public.suite {
            Suite::X25519 => unwrap::<X25519HkdfSha256>(&self.seed, info, wrapped),
        }
    }
}

fn unwrap<K: Kem>(seed: &Zeroizing<[u8; 32]>, info: &[u8], wrapped: &[u8]) -> Result<ContentKey, SealError> {
    let (secret, _) = K::derive_keypair(seed.as_ref());
    let (enc, sealed) = wrapped.split_at_checked(K::EncappedKey::size()).ok_or(SealError::Closed)?;
    let enc = K::EncappedKey::from_bytes(enc).map_err(|_| SealError::Closed)?;
    let plain =
        hpke::single_shot_open::<HpkeChaCha, HkdfSha256, K>(&OpModeR::Base, &secret, &enc, info, sealed, b"")
            .map(Zeroizing::new)
            .map_err(|_| SealError::Closed)?;
    <[u8; 32]>::try_from(plain.as_slice()).map(ContentKey::new).map_err(|_| SealError::Closed)
}

impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingSecret of {}", self.public.id().short())
    }
}

/// The key under which the content of one entry is sealed; wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key that follows from a secret of the sealer and what it is for; the parts must be of fixed lengths. The same
    /// parts give the same key, so they must name the content: two contents under one key would open each other.
    pub fn derive(secret: &Zeroizing<[u8; 32]>, parts: &[&[u8]]) -> Self {
        let mut all: Vec<&[u8]> = vec![b"corridor/content/1\0", secret.as_ref()];
        all.extend_from_slice(parts);
        // Hashed twice, so that no longer list of parts follows from this key.
        Self::new(Hash::of(&[&Hash::of(&all).0]).0)
    }

    /// The bytes, for keeping them where the content itself is kept.
    pub fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.0
    }

    /// Seals a chunk; `is_last` for the last one alone.
    pub fn seal(&self, counter: u32, is_last: bool, plain: &[u8]) -> Vec<u8> {
        self.cipher()
            .encrypt(&nonce(counter, is_last), plain)
            .expect("a chunk is far shorter than the cipher allows")
    }

    /// Opens a chunk.
    ///
    /// # Errors
    /// [`SealError::Closed`] when it is not what was sealed under this key in this place.
    pub fn open(&self, counter: u32, is_last: bool, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.cipher().decrypt(&nonce(counter, is_last), sealed).map_err(|_| SealError::Closed)
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

fn nonce(counter: u32, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[7..11].copy_from_slice(&counter.to_be_bytes());
    bytes[11] = u8::from(is_last);
    Nonce::from(bytes)
}

/// Randomness that the caller has drawn, made as long as it is needed.
pub struct Drawn {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Drawn {
    /// Of 32 bytes that the operating system has drawn for this purpose alone.
    pub fn new(seed: Zeroizing<[u8; 32]>) -> Self {
        Self { seed, counter: 0 }
    }
}

impl hpke::rand_core::TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            let block = Zeroizing::new(
                Hash::of(&[b"corridor/drawn/1\0", self.seed.as_ref(), &self.counter.to_le_bytes()]).0,
            );
            part.copy_from_slice(&block[..part.len()]);
            self.counter += 1;
        }
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Drawn {}

/// What can be wrong with a key or what was sealed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// Not a key of its suite.
    #[error("this is no sealing key of its suite")]
    Key,
    /// It was sealed to another key, in another place, or was altered.
    #[error("it does not open with this key")]
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(suite: Suite, seed: u8) -> SealingSecret {
        SealingSecret::from_seed(suite, Zeroizing::new([seed; 32]))
    }

    fn drawn(seed: u8) -> Drawn {
        Drawn::new(Zeroizing::new([seed; 32]))
    }

    #[test]
    fn a_wrapped_key_opens_for_its_key_and_context_alone() {
        for suite in Suite::ALL {
            let (ours, key) = (secret(suite, 1), ContentKey::new([7; 32]));
            let wrapped = ours.public().wrap(b"info", &key, &mut drawn(3)).unwrap();
            assert!(wrapped.len() <= MAX_WRAPPED, "{}", wrapped.len());
            assert_eq!(ours.unwrap(b"info", &wrapped), Ok(key.clone()));
            assert_eq!(ours.unwrap(b"inf0", &wrapped), Err(SealError::Closed));
            assert_eq!(secret(suite, 2).unwrap(b"info", &wrapped), Err(SealError::Closed));
            for at in [0, 31, wrapped.len() - 1] {
                let mut other = wrapped.clone();
                other[at] ^= 1;
                assert_eq!(ours.unwrap(b"info", &other), Err(SealError::Closed), "byte {at}");
            }
            for length in [0, 16, wrapped.len() - 1] {
                assert_eq!(ours.unwrap(b"info", &wrapped[..length]), Err(SealError::Closed));
            }
            let again = ours.public().wrap(b"info", &key, &mut drawn(4)).unwrap();
            assert_ne!(again, wrapped);
        }
    }

    #[test]
    fn a_public_key_is_read_in_its_suite_alone() {
        for suite in Suite::ALL {
            let key = secret(suite, 5).public().clone();
            assert_eq!(SealingKey::parse(suite, key.bytes()).as_ref(), Ok(&key));
            assert_eq!(SealingKey::parse(suite, &key.bytes()[1..]), Err(SealError::Key));
            assert_eq!(Suite::from_code(suite.code()), Some(suite));
            assert_eq!(Suite::from_id(suite.id()), Some(suite));
        }
        // Everybody knows what is agreed with a point of small order.
        let zero = SealingKey::parse(Suite::X25519, &[0; 32]).unwrap();
        assert_eq!(zero.wrap(b"", &ContentKey::new([7; 32]), &mut drawn(1)), Err(SealError::Key));
    }

    #[test]
    fn a_chunk_opens_in_its_place_alone() {
        let key = ContentKey::new([7; 32]);
        let sealed = key.seal(3, false, b"figures");
        assert_eq!(sealed.len(), b"figures".len() + TAG_LENGTH);
        assert_eq!(key.open(3, false, &sealed).unwrap(), b"figures");
        assert_eq!(key.open(4, false, &sealed), Err(SealError::Closed));
        assert_eq!(key.open(3, true, &sealed), Err(SealError::Closed));
        assert_eq!(ContentKey::new([8; 32]).open(3, false, &sealed), Err(SealError::Closed));
        assert_eq!(key.open(3, false, &sealed[1..]), Err(SealError::Closed));
    }

    #[test]
    fn derived_keys_differ_by_secret_and_purpose() {
        let (one, two) = (Zeroizing::new([1; 32]), Zeroizing::new([2; 32]));
        assert_eq!(ContentKey::derive(&one, &[b"a"]), ContentKey::derive(&one, &[b"a"]));
        assert_ne!(ContentKey::derive(&one, &[b"a"]), ContentKey::derive(&one, &[b"b"]));
        assert_ne!(ContentKey::derive(&one, &[b"a"]), ContentKey::derive(&two, &[b"a"]));
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let text = format!("{:?} {:?}", secret(Suite::X25519, 7), ContentKey::new([7; 32]));
        assert!(!text.contains("0707") && !text.contains("[7"), "{text}");
    }
}
