//! Keys at rest: a 32-byte seed in an `age` file that a passphrase opens, mode 0600.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::StoreError;
use crate::crypto::SecretKey;

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
    /// The node's own key, which signs from day to day.
    Node,
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
        let name = match self {
            Self::National => "national.age",
            Self::NextNational => "next-national.age",
            Self::Node => "node.age",
        };
        dir.join("keys").join(name)
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
    let path = dir.join("keys").join("rounding");
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
    // Under its name it is whole, also when the power fails.
    let fresh = path.with_extension("new");
    let _left_by_a_crash = fs::remove_file(&fresh);
    write_secret(dir, &fresh, secret.as_ref())?;
    fs::rename(&fresh, &path).map_err(StoreError::io("renaming", &fresh))?;
    sync_keys(dir)?;
    Ok(secret)
}

/// Writes a key, encrypted; refuses to overwrite one.
///
/// # Errors
/// [`StoreError`] when the file exists or cannot be written.
pub fn save(dir: &Path, name: KeyName, key: &SecretKey, passphrase: &Passphrase) -> Result<(), StoreError> {
    let path = name.path(dir);
    let sealed = age::encrypt(&passphrase.recipient(), key.seed().as_ref())
        .map_err(|error| StoreError::File { path: path.clone(), what: error.to_string() })?;
    write_secret(dir, &path, &sealed)
}

/// Writes a new file in the directory of keys, for its owner's eyes.
fn write_secret(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let keys = dir.join("keys");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&keys)
        .map_err(StoreError::io("creating", &keys))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io("creating", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::io("writing", path))?;
    sync_keys(dir)
}

fn sync_keys(dir: &Path) -> Result<(), StoreError> {
    let keys = dir.join("keys");
    fs::File::open(&keys).and_then(|keys| keys.sync_all()).map_err(StoreError::io("syncing", &keys))
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
