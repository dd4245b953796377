//! Keys at rest: a 32-byte seed in an `age` file that a passphrase opens, mode 0600.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::StoreError;
use crate::crypto::{ContentKey, Context, Hash, Network, NodeSigner, SealingSecret, SecretKey, Suite};

/// A passphrase; wiped from memory when dropped, never shown.
#[derive(Clone)]
pub struct Passphrase(SecretString);

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// The government's identity for decades; may be kept elsewhere.
    National,
    /// The next national key, of which the card carries the hash; best kept elsewhere.
    NextNational,
    /// The national key after the next one, while it is not yet known whether a succession comes about.
    AfterNextNational,
    /// The node's own key, which signs from day to day.
    Node,
    /// The node key that is to take its place.
    NextNode,
}

/// The work factor of scrypt as a power of two: 64 MiB and a fifth of a second on a small server. A higher one
/// would not fit beside the daemon in 256 MiB.
const WORK_FACTOR: u8 = 16;
/// The most work that a key file may ask of us.
const MAX_WORK_FACTOR: u8 = 20;

impl Passphrase {
    /// The first line of a text.
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text.lines().next().unwrap_or_default().to_owned()))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }

    /// Reads the first line of a file.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read, or when others than its owner may read it.
    pub fn from_file(path: &Path) -> Result<Self, StoreError> {
        let mode = fs::metadata(path).map_err(StoreError::io("reading", path))?.permissions().mode();
        if mode & 0o007 != 0 {
            let what =
                format!("everybody may read this passphrase (mode {:03o}): chmod 600 it", mode & 0o777);
            return Err(StoreError::File { path: path.to_owned(), what });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(StoreError::io("reading", path))?);
        Ok(Self::new(&text))
    }
}

impl Passphrase {
    /// What encrypts with it.
    pub(super) fn recipient(&self) -> age::scrypt::Recipient {
        let mut recipient = age::scrypt::Recipient::new(self.0.clone());
        recipient.set_work_factor(WORK_FACTOR);
        recipient
    }

    /// What decrypts with it.
    pub(super) fn identity(&self) -> age::scrypt::Identity {
        let mut identity = age::scrypt::Identity::new(self.0.clone());
        identity.set_max_work_factor(MAX_WORK_FACTOR);
        identity
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

impl KeyName {
    /// Where the key lies in a node's directory.
    pub fn path(self, dir: &Path) -> PathBuf {
        dir.join("keys").join(self.file_name())
    }

    /// What the file is called.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::National => "national.age",
            Self::NextNational => "next-national.age",
            Self::AfterNextNational => "after-next-national.age",
            Self::Node => "node.age",
            Self::NextNode => "node-next.age",
        }
    }
}

/// A fresh random key.
///
/// # Errors
/// [`StoreError`] when the operating system has no randomness.
pub fn generate() -> Result<SecretKey, StoreError> {
    let mut seed = Zeroizing::new([0; 32]);
    draw(seed.as_mut())?;
    Ok(SecretKey::from_seed(&seed))
}

fn draw(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::Io {
        action: "drawing randomness from",
        path: PathBuf::from("the operating system"),
        source: std::io::Error::other(error),
    })
}

/// The secret from which figures are rounded: 32 bytes in a file of mode 0600, drawn when it is asked for first.
///
/// It is not encrypted: the exact figures that it hides from others lie beside it, in the node's own feed. A node
/// that lost it rounds anew, and who holds both roundings of a figure knows it a little better.
///
/// # Errors
/// [`StoreError`] when it cannot be read or written, or is damaged.
pub fn rounding_secret(dir: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    kept_secret(dir, "rounding")
}

/// The secret from which the content keys of our own sealed entries follow, as the one of rounding: what they close lies
/// open beside it. A node that lost it cannot seal old entries again for a courier that has not come yet.
///
/// # Errors
/// As [`rounding_secret`].
pub fn content_secret(dir: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    kept_secret(dir, "content")
}

fn kept_secret(dir: &Path, name: &str) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let path = dir.join("keys").join(name);
    let mut secret = Zeroizing::new([0; 32]);
    match fs::File::open(&path) {
        Ok(mut file) => {
            let mut rest = [0];
            let whole = file.read_exact(secret.as_mut()).is_ok() && matches!(file.read(&mut rest), Ok(0));
            let what =
                "this is no secret of 32 bytes: put the file back from a backup of this node".to_owned();
            return if whole { Ok(secret) } else { Err(StoreError::File { path, what }) };
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(StoreError::io("reading", &path)(error)),
    }
    draw(secret.as_mut())?;
    keep_secret(dir, name, &secret)?;
    Ok(secret)
}

/// Writes a secret that another node of the government has drawn, in place of what is there.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub fn keep_secret(dir: &Path, name: &str, secret: &Zeroizing<[u8; 32]>) -> Result<(), StoreError> {
    let path = dir.join("keys").join(name);
    // Under its name it is whole, also when the power fails.
    let fresh = path.with_extension("new");
    let _left_by_a_crash = fs::remove_file(&fresh);
    write_secret(&fresh, secret.as_ref())?;
    fs::rename(&fresh, &path).map_err(StoreError::io("renaming", &fresh))?;
    sync_keys(&dir.join("keys"))
}

/// What opens what another node of the government has wrapped for this one: who has the node's key has it.
pub fn grant_secret(signer: &dyn NodeSigner) -> SealingSecret {
    let message = Context::Lock.message(&Network::main(), b"grant");
    let signature = Zeroizing::new(signer.sign_message(&message).0);
    SealingSecret::from_seed(Suite::X25519, Zeroizing::new(Hash::of(&[signature.as_ref()]).0))
}

/// Fresh randomness: 32 bytes.
///
/// # Errors
/// [`StoreError`] when the operating system has none.
pub fn secret() -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut secret = Zeroizing::new([0; 32]);
    draw(secret.as_mut())?;
    Ok(secret)
}

/// What opens the locked files beside a node's key: who has the key has it, and nobody else.
fn lock_of(signer: &dyn NodeSigner, salt: &[u8; 32]) -> ContentKey {
    // Ed25519 signs the same message in the same way each time.
    let signature = Zeroizing::new(signer.sign_message(&Context::Lock.message(&Network::main(), b"keys")).0);
    let secret = Zeroizing::new(Hash::of(&[signature.as_ref()]).0);
    ContentKey::derive(&secret, &[salt])
}

/// Where a locked file lies.
fn locked(dir: &Path, name: &str) -> PathBuf {
    dir.join("keys").join(name)
}

/// Reads a file that [`write_locked`] wrote; nothing when there is none.
///
/// # Errors
/// [`StoreError`] when it cannot be read, is damaged or was locked by another key.
pub fn read_locked(
    dir: &Path,
    name: &str,
    signer: &dyn NodeSigner,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let path = locked(dir, name);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("reading", &path)(error)),
    };
    let opened = bytes
        .split_first_chunk::<32>()
        .and_then(|(salt, sealed)| lock_of(signer, salt).open(0, true, sealed).ok().map(Zeroizing::new));
    let what = || "it was locked by another key of this node, or is damaged".to_owned();
    opened.map(Some).ok_or_else(|| StoreError::File { path, what: what() })
}

/// Writes a file that only who has the node's key can read, in place of the one before: 32 bytes of salt, then the
/// content, sealed.
///
/// # Errors
/// [`StoreError`] when it cannot be written; the file before is there then.
pub fn write_locked(
    dir: &Path,
    name: &str,
    signer: &dyn NodeSigner,
    content: &[u8],
) -> Result<(), StoreError> {
    let (path, salt) = (locked(dir, name), secret()?);
    let mut bytes = salt.to_vec();
    bytes.extend(lock_of(signer, &salt).seal(0, true, content));
    let fresh = path.with_extension("new");
    let _left_by_a_crash = fs::remove_file(&fresh);
    write_secret(&fresh, &bytes)?;
    fs::rename(&fresh, &path).map_err(StoreError::io("renaming", &fresh))?;
    sync_keys(&dir.join("keys"))
}

/// Writes a key, encrypted; refuses to overwrite one.
///
/// # Errors
/// [`StoreError`] when the file exists or cannot be written.
pub fn save(dir: &Path, name: KeyName, key: &SecretKey, passphrase: &Passphrase) -> Result<(), StoreError> {
    save_to(&name.path(dir), key, passphrase)
}

/// As [`save`], in a file of any name.
///
/// # Errors
/// As [`save`].
pub fn save_to(path: &Path, key: &SecretKey, passphrase: &Passphrase) -> Result<(), StoreError> {
    let sealed = age::encrypt(&passphrase.recipient(), key.seed().as_ref())
        .map_err(|error| StoreError::File { path: path.to_owned(), what: error.to_string() })?;
    write_secret(path, &sealed)
}

/// Writes a new file in the directory of keys, for its owner's eyes.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let keys = path.parent().unwrap_or(path);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(keys)
        .map_err(StoreError::io("creating", keys))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io("creating", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::io("writing", path))?;
    sync_keys(keys)
}

fn sync_keys(keys: &Path) -> Result<(), StoreError> {
    fs::File::open(keys).and_then(|keys| keys.sync_all()).map_err(StoreError::io("syncing", keys))
}

/// Reads and decrypts a key.
///
/// # Errors
/// [`StoreError`] when it is not there, the passphrase is another one, or the file is damaged.
pub fn load(dir: &Path, name: KeyName, passphrase: &Passphrase) -> Result<SecretKey, StoreError> {
    load_file(&name.path(dir), passphrase)
}

/// Reads and decrypts a key that lies anywhere.
///
/// # Errors
/// As [`load`].
pub fn load_file(path: &Path, passphrase: &Passphrase) -> Result<SecretKey, StoreError> {
    let mut sealed = Vec::new();
    let mut file = fs::File::open(path).map_err(StoreError::io("opening", path))?;
    file.read_to_end(&mut sealed).map_err(StoreError::io("reading", path))?;
    let refused = |what: &str| StoreError::File { path: path.to_owned(), what: what.to_owned() };
    let opened = age::decrypt(&passphrase.identity(), &sealed)
        .map_err(|_| refused("cannot be decrypted: another passphrase, or a damaged file"))?;
    let opened = Zeroizing::new(opened);
    let seed: [u8; 32] = opened.as_slice().try_into().map_err(|_| refused("holds no key of 32 bytes"))?;
    Ok(SecretKey::from_seed(&Zeroizing::new(seed)))
}
