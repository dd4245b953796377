//! Backups: everything of a directory that cannot be made again, in one file under the passphrase of the keys.
//!
//! ```text
//! age (scrypt) of:  "corridor backup 1\n" · part… · manifest
//! part     = 1 · name length u16 LE · name · length u64 LE · bytes
//! manifest = 0 · length u32 LE · JSON: when, whose, every part with its length and SHA-256, the heads of all feeds
//! ```
//!
//! Parts are the format number, the card, the configuration, all files of `keys` as they lie (so the keys in them are
//! encrypted twice), and of every feed its files up to what is durable, with the marks of what was erased and the keys of
//! what came sealed. What is derived is left out, and so is a mark of recovery: who restores makes one.
//!
//! A [`Cut`] is taken by whoever has the store, at one moment. Files are read afterwards: what is appended meanwhile
//! lies behind the cut, and a file that erasure has written anew meanwhile has another inode, which is found; the backup
//! is begun anew then. One pass writes, one reads; memory does not grow with the store.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::iter;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::keys::Passphrase;
use super::layout::SEGMENT_MAGIC;
use super::{Store, StoreError};
use crate::crypto::{Hash, Hasher, Network};
use crate::feed::{AgreementId, FeedId, Frame, FrameKind, PublisherId, SignedHeader, frame};

const MAGIC: &[u8; 18] = b"corridor backup 1\n";
const PART: u8 = 1;
const MANIFEST: u8 = 0;
/// The longest manifest, in bytes: some hundred thousand parts.
const MAX_MANIFEST: usize = 64 << 20;
/// The longest name of a part.
const MAX_NAME: usize = 256;
/// Bytes that are read at once.
const STEP: usize = 1 << 16;

/// What of the feeds belongs into a backup, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The feed files.
    pub files: Vec<CutFile>,
    /// The newest durable entry of every feed.
    pub heads: Vec<CutHead>,
}

/// A file up to what was durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutFile {
    /// Where it lies in the directory.
    pub name: String,
    /// How much of it.
    pub length: u64,
    /// Its number: erasure writes another file in its place.
    pub inode: u64,
}

/// Where a feed stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutHead {
    /// The publisher, in hexadecimal digits.
    pub publisher: String,
    /// The agreement.
    pub agreement: String,
    /// The newest entry's place.
    pub seq: u64,
    /// Its id.
    pub entry: String,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupManifest {
    /// Of what form the file is.
    pub corridor: String,
    /// When the cut was made, UTC milliseconds.
    pub made_at: i64,
    /// Whose node it is.
    pub publisher: String,
    /// The network.
    pub network: String,
    /// All parts, in their order.
    pub parts: Vec<Part>,
    /// Where every feed stood.
    pub heads: Vec<CutHead>,
}

/// A file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where it lies in the directory.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// Whose backup it is, and when the cut was made.
#[derive(Clone, Debug)]
pub struct BackupOf {
    /// The publisher.
    pub publisher: PublisherId,
    /// The network.
    pub network: Network,
    /// UTC milliseconds.
    pub made_at: i64,
}

/// Why a backup cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The operating system refused.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// A file was written anew while it was read.
    #[error("{0} was written anew meanwhile, as erasure does")]
    Moved(String),
    /// It cannot be opened.
    #[error("the backup cannot be decrypted: another passphrase, or no backup: {0}")]
    Sealed(String),
    /// It is damaged.
    #[error("the backup is damaged: {0}; it is of no use, take another one")]
    Damaged(String),
}

impl BackupError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io(what, error)
    }
}

fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged(what.into())
}

impl Store {
    /// What of the feeds is durable now.
    ///
    /// # Errors
    /// [`StoreError`] when a file is not there.
    pub fn snapshot(&self) -> Result<Cut, StoreError> {
        let (mut files, mut heads) = (Vec::new(), Vec::new());
        for feed in self.feeds() {
            for (path, length) in self.durable_files(&feed) {
                let inode = fs::metadata(&path).map_err(StoreError::io("reading", &path))?.ino();
                let name = path.strip_prefix(self.dir()).unwrap_or(&path).to_string_lossy().into_owned();
                files.push(CutFile { name, length, inode });
            }
            heads.extend(self.durable(&feed).map(|head| CutHead {
                publisher: feed.publisher.to_hex(),
                agreement: feed.agreement.to_hex(),
                seq: head.seq.0,
                entry: head.entry.to_hex(),
            }));
        }
        Ok(Cut { files, heads })
    }
}

/// Writes a backup of a directory into `out`: a new file, for its owner's eyes, durable when this returns.
///
/// # Errors
/// [`BackupError`]; on [`BackupError::Moved`] take another cut.
pub fn write(
    dir: &Path,
    cut: &Cut,
    of: &BackupOf,
    passphrase: &Passphrase,
    out: &Path,
) -> Result<BackupManifest, BackupError> {
    let writing = || BackupError::io(format!("writing {}", out.display()));
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(out).map_err(writing())?;
    let recipient = passphrase.recipient();
    let sealed = age::Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient));
    let sealed = sealed.map_err(|error| BackupError::Sealed(error.to_string()))?;
    let mut sealed = sealed.wrap_output(BufWriter::new(file)).map_err(writing())?;
    sealed.write_all(MAGIC).map_err(writing())?;
    let mut parts = Vec::new();
    for name in small_files(dir, cut)? {
        let mut from = File::open(dir.join(&name)).map_err(BackupError::io(format!("opening {name}")))?;
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map_err(BackupError::io(format!("reading {name}")))?;
        let length = bytes.len() as u64;
        parts.push(write_part(&mut sealed, (&name, length), &mut bytes.as_slice())?);
    }
    for one in &cut.files {
        let path = dir.join(&one.name);
        let mut from = File::open(&path).map_err(|_| BackupError::Moved(one.name.clone()))?;
        let inode = from.metadata().map_err(BackupError::io(format!("reading {}", one.name)))?.ino();
        if inode != one.inode {
            return Err(BackupError::Moved(one.name.clone()));
        }
        parts.push(write_part(&mut sealed, (&one.name, one.length), &mut from)?);
    }
    let manifest = BackupManifest {
        corridor: "backup/1".to_owned(),
        made_at: of.made_at,
        publisher: of.publisher.to_hex(),
        network: of.network.as_str().to_owned(),
        parts,
        heads: cut.heads.clone(),
    };
    let text = serde_json::to_vec(&manifest).map_err(|error| damaged(error.to_string()))?;
    let length = u32::try_from(text.len()).map_err(|_| damaged("more parts than a manifest can name"))?;
    let last = [&[MANIFEST][..], &length.to_le_bytes(), &text].concat();
    sealed.write_all(&last).map_err(writing())?;
    let file = sealed.finish().and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error));
    file.and_then(|file| file.sync_all()).map_err(writing())?;
    Ok(manifest)
}

/// Card, configuration, keys and marks.
fn small_files(dir: &Path, cut: &Cut) -> Result<Vec<String>, BackupError> {
    let mut names = vec!["format".to_owned(), "card.txt".to_owned()];
    if dir.join("corridor.toml").exists() {
        names.push("corridor.toml".to_owned());
    }
    let keys = dir.join("keys");
    let mut found = Vec::new();
    for item in fs::read_dir(&keys).map_err(BackupError::io("reading the directory of keys"))? {
        let item = item.map_err(BackupError::io("reading the directory of keys"))?;
        let name = format!("keys/{}", item.file_name().to_string_lossy());
        let is_file = item.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && !name.ends_with(".new") && place_of(&name).is_some() {
            found.push(name);
        }
    }
    found.sort_unstable();
    names.extend(found);
    let mut marks: Vec<String> = Vec::new();
    for file in &cut.files {
        let Some((feed, _)) = file.name.rsplit_once('/') else { continue };
        let both = ["erased", "opened"].map(|mark| format!("{feed}/{mark}"));
        marks.extend(both.into_iter().filter(|mark| dir.join(mark).exists()));
    }
    marks.dedup();
    names.extend(marks);
    Ok(names)
}

fn write_part(
    out: &mut impl Write,
    (name, length): (&str, u64),
    from: &mut impl Read,
) -> Result<Part, BackupError> {
    let writing = || BackupError::io("writing the backup");
    let name_length = u16::try_from(name.len()).map_err(|_| damaged("a name that is too long"))?;
    let head = [&[PART][..], &name_length.to_le_bytes(), name.as_bytes(), &length.to_le_bytes()].concat();
    out.write_all(&head).map_err(writing())?;
    let (mut left, mut hasher, mut buffer) = (length, Hasher::default(), vec![0; STEP]);
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(STEP).min(STEP);
        // Shorter than it was: it was cut meanwhile.
        from.read_exact(&mut buffer[..some]).map_err(|_| BackupError::Moved(name.to_owned()))?;
        hasher.update(&buffer[..some]);
        out.write_all(&buffer[..some]).map_err(writing())?;
        left -= some as u64;
    }
    Ok(Part { name: name.to_owned(), length, sha256: hasher.finish().to_hex() })
}

/// Reads a backup to its end and checks all of it: encryption, every part's hash, every frame of the feeds, and that
/// they end where the manifest says.
///
/// # Errors
/// [`BackupError`] saying what does not hold.
pub fn verify(file: &Path, passphrase: &Passphrase) -> Result<BackupManifest, BackupError> {
    read(file, passphrase, None)
}

/// As [`verify`], and writes every part below a directory, which is made.
///
/// # Errors
/// [`BackupError`]; what was written until then is of no use.
pub fn unpack(file: &Path, passphrase: &Passphrase, into: &Path) -> Result<BackupManifest, BackupError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(into)
        .map_err(BackupError::io(format!("creating {}", into.display())))?;
    let manifest = read(file, passphrase, Some(into))?;
    for part in &manifest.parts {
        for dir in into.join(&part.name).ancestors().skip(1).take_while(|dir| dir.starts_with(into)) {
            let synced = File::open(dir).and_then(|dir| dir.sync_all());
            synced.map_err(BackupError::io(format!("syncing {}", dir.display())))?;
        }
    }
    Ok(manifest)
}

fn read(file: &Path, passphrase: &Passphrase, into: Option<&Path>) -> Result<BackupManifest, BackupError> {
    let sealed = |error: age::DecryptError| BackupError::Sealed(error.to_string());
    let input = File::open(file).map_err(BackupError::io(format!("opening {}", file.display())))?;
    let identity = passphrase.identity();
    let opened = age::Decryptor::new_buffered(BufReader::new(input)).map_err(sealed)?;
    let mut opened = opened.decrypt(iter::once(&identity as &dyn age::Identity)).map_err(sealed)?;
    if take(&mut opened, MAGIC.len())? != MAGIC {
        return Err(damaged("it does not begin as a backup"));
    }
    let (mut parts, mut ends) = (Vec::new(), BTreeMap::new());
    while take(&mut opened, 1)? == [PART] {
        parts.push(read_part(&mut opened, into, &mut ends)?);
    }
    let length = u32::from_le_bytes(array(&mut opened)?) as usize;
    if length > MAX_MANIFEST {
        return Err(damaged("its manifest is too long"));
    }
    let text = take(&mut opened, length)?;
    let manifest: BackupManifest =
        serde_json::from_slice(&text).map_err(|error| damaged(format!("its manifest: {error}")))?;
    let more = opened.read(&mut [0]).map_err(|error| damaged(error.to_string()))?;
    check(&manifest, &parts, &ends)?;
    if more > 0 { Err(damaged("something follows its end")) } else { Ok(manifest) }
}

/// Where feeds end by their bytes, and on which network that is to be read.
type Ends = BTreeMap<String, Vec<u8>>;

fn check(manifest: &BackupManifest, parts: &[Part], ends: &Ends) -> Result<(), BackupError> {
    if manifest.corridor != "backup/1" {
        return Err(damaged(format!("its form is {}: a newer corridor may read it", manifest.corridor)));
    }
    if let Some(part) = parts.iter().find(|part| !manifest.parts.contains(part)) {
        return Err(damaged(format!("{} is not what the manifest says", part.name)));
    }
    if let Some(part) = manifest.parts.iter().find(|part| !parts.contains(part)) {
        return Err(damaged(format!("{} is missing", part.name)));
    }
    let network = Network::parse(&manifest.network).map_err(|_| damaged("its network has no name"))?;
    for head in &manifest.heads {
        let dir = format!("feeds/{}/{}", head.publisher, head.agreement);
        let found = ends.get(&dir).and_then(|body| SignedHeader::from_own_store(&network, body).ok());
        let same =
            found.is_some_and(|found| found.header().seq.0 == head.seq && found.id().to_hex() == head.entry);
        if !same {
            return Err(damaged(format!("{dir} does not end with entry {}", head.seq)));
        }
    }
    Ok(())
}

fn read_part(from: &mut impl Read, into: Option<&Path>, ends: &mut Ends) -> Result<Part, BackupError> {
    let name_length = usize::from(u16::from_le_bytes(array(from)?));
    let name = String::from_utf8(take(from, name_length.min(MAX_NAME))?).unwrap_or_default();
    let place = place_of(&name).ok_or_else(|| damaged(format!("it holds a file {name:?}")))?;
    let length = u64::from_le_bytes(array(from)?);
    let mut out = into.map(|dir| create(&dir.join(place))).transpose()?;
    let mut frames = name.ends_with(".feed").then(Frames::default);
    let (mut left, mut hasher, mut buffer) = (length, Hasher::default(), vec![0; STEP]);
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(STEP).min(STEP);
        from.read_exact(&mut buffer[..some]).map_err(|error| damaged(format!("{name}: {error}")))?;
        hasher.update(&buffer[..some]);
        if let Some(frames) = &mut frames {
            frames.take(&buffer[..some]).map_err(|what| damaged(format!("{name}: {what}")))?;
        }
        if let Some(out) = &mut out {
            out.write_all(&buffer[..some]).map_err(BackupError::io(format!("writing {name}")))?;
        }
        left -= some as u64;
    }
    if let Some(out) = out {
        let file = out.into_inner().map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).map_err(BackupError::io(format!("writing {name}")))?;
    }
    if let Some(frames) = frames {
        let head = frames.finish().map_err(|what| damaged(format!("{name}: {what}")))?;
        let dir = name.rsplit_once('/').map_or("", |(dir, _)| dir);
        head.and_then(|head| ends.insert(dir.to_owned(), head));
    }
    Ok(Part { name, length, sha256: hasher.finish().to_hex() })
}

fn create(path: &Path) -> Result<BufWriter<File>, BackupError> {
    let creating = || BackupError::io(format!("creating {}", path.display()));
    if let Some(dir) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(creating())?;
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path).map_err(creating())?;
    Ok(BufWriter::new(file))
}

/// Where a part may lie: nothing else is written, whatever a backup says.
fn place_of(name: &str) -> Option<PathBuf> {
    let steps: Vec<&str> = name.split('/').collect();
    let plain = |text: &&str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !text.is_empty() && text.len() <= 100 && !text.starts_with('.') && text.bytes().all(word)
    };
    let is_id = |text: &str| Hash::from_hex(text).is_some();
    let allowed = match steps.as_slice() {
        ["format" | "card.txt" | "corridor.toml"] => true,
        ["keys", name] => plain(name),
        ["feeds", publisher, agreement, file] => {
            let segment = file
                .strip_suffix(".feed")
                .is_some_and(|first| first.len() == 12 && first.bytes().all(|byte| byte.is_ascii_digit()));
            is_id(publisher) && is_id(agreement) && (segment || ["erased", "opened"].contains(file))
        }
        _ => false,
    };
    allowed.then(|| steps.iter().collect())
}

/// Walks through the frames of a segment that comes in pieces.
#[derive(Default)]
struct Frames {
    begun: bool,
    bytes: Vec<u8>,
    head: Option<Vec<u8>>,
}

impl Frames {
    fn take(&mut self, some: &[u8]) -> Result<(), String> {
        self.bytes.extend_from_slice(some);
        let mut at = 0;
        if !self.begun {
            if self.bytes.len() < SEGMENT_MAGIC.len() {
                return Ok(());
            }
            if !self.bytes.starts_with(SEGMENT_MAGIC) {
                return Err("it does not begin as a feed file".to_owned());
            }
            (self.begun, at) = (true, SEGMENT_MAGIC.len());
        }
        while let Some(one) = Frame::read(&self.bytes[at..]).map_err(|error| error.to_string())? {
            if one.kind == FrameKind::Head {
                self.head = Some(one.body.to_vec());
            }
            at += one.bytes.len();
        }
        self.bytes.drain(..at);
        // A frame that is longer than one can be would never end.
        let longest = frame::HEADER_LEN + frame::MAX_BODY;
        if self.bytes.len() > longest { Err("a frame that does not end".to_owned()) } else { Ok(()) }
    }

    /// The last header's bytes, if there was an entry.
    fn finish(self) -> Result<Option<Vec<u8>>, String> {
        if self.bytes.is_empty() { Ok(self.head) } else { Err("a frame that ends too early".to_owned()) }
    }
}

fn take(from: &mut impl Read, length: usize) -> Result<Vec<u8>, BackupError> {
    let mut bytes = Vec::new();
    let read = from.take(length as u64).read_to_end(&mut bytes);
    read.map_err(|error| damaged(error.to_string()))?;
    if bytes.len() == length { Ok(bytes) } else { Err(damaged("it breaks off")) }
}

fn array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], BackupError> {
    let bytes = take(from, N)?;
    bytes.try_into().map_err(|_| damaged("it breaks off"))
}

impl BackupManifest {
    /// The feeds with the number of their entries.
    pub fn lengths(&self) -> impl Iterator<Item = (FeedId, u64)> {
        self.heads.iter().filter_map(|head| {
            let publisher = PublisherId::from_hex(&head.publisher)?;
            let agreement = AgreementId::from_hex(&head.agreement)?;
            Some((FeedId::new(publisher, agreement), head.seq + 1))
        })
    }
}

#[cfg(test)]
mod tests;
