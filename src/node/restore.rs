//! Directories made from what was kept: a backup, or keys and card alone. Both are in recovery when they begin.
//!
//! A directory is made beside the one that is wanted, verified there, and takes its name in one step: a restore that is
//! interrupted, or that finds damage, leaves nothing behind that could be started.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use super::home::Home;
use super::request::Caller;
use crate::feed::{Card, Purpose};
use crate::model::Millis;
use crate::store::backup::{self, BackupManifest, BackupOf};
use crate::store::keys::{KeyName, Passphrase};
use crate::store::{RecoveryCause, RecoveryMark, Repair, Store};

/// Memory of the derived database while a restored directory is looked at, in bytes.
const CACHE: u64 = 8 << 20;

impl Engine {
    /// What makes a consistent backup: which files up to where, and where every feed stands.
    pub(super) fn backup_cut(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        let cut = self.store.snapshot()?;
        let bytes: u64 = cut.files.iter().map(|file| file.length).sum();
        let details = json!({ "feeds": cut.heads.len(), "bytes": bytes });
        self.done(ActName::Backup, caller, details, Vec::new())?;
        let cut = serde_json::to_value(&cut).map_err(|error| NodeError::Refused(error.to_string()))?;
        Ok(json!({ "cut": cut, "made_at": self.now().0 }))
    }
}

/// Whose directory this is, for the manifest of a backup made at this time.
pub fn backup_of(home: &Home, made_at: i64) -> BackupOf {
    BackupOf { publisher: home.us(), network: home.network().clone(), made_at }
}

/// Restores a backup into a directory that does not exist, or is empty, and marks it as in recovery.
///
/// # Errors
/// [`NodeError`] when a node is there, or anything of the backup does not hold; nothing is left then.
pub fn restore(
    file: &Path,
    passphrase: &Passphrase,
    dir: &Path,
    now: Millis,
) -> Result<BackupManifest, NodeError> {
    let beside = begin(dir)?;
    let done = fill(file, passphrase, &beside, now).and_then(|manifest| {
        finish(&beside, dir)?;
        Ok(manifest)
    });
    if done.is_err() {
        let _nothing_is_left = fs::remove_dir_all(&beside);
    }
    done
}

fn fill(
    file: &Path,
    passphrase: &Passphrase,
    beside: &Path,
    now: Millis,
) -> Result<BackupManifest, NodeError> {
    let refused = |error: backup::BackupError| NodeError::Refused(error.to_string());
    let manifest = backup::unpack(file, passphrase, beside).map_err(refused)?;
    let home = Home::open(beside)?;
    home.node_key(passphrase)?;
    if home.us().to_hex() != manifest.publisher {
        return Err(NodeError::Refused(
            "the card in the backup is of another government than its feeds".to_owned(),
        ));
    }
    // The same opening as a node's, so that what is restored here is known to start.
    let store = Store::open(beside, home.us(), home.network(), CACHE)?;
    let torn = |repair: &&Repair| !matches!(repair, Repair::Rebuilt { .. });
    if let Some(repair) = store.repairs().iter().find(torn) {
        return Err(NodeError::Refused(format!("the backup is damaged: {repair}")));
    }
    let mut mark = RecoveryMark::new(RecoveryCause::Restored, now);
    mark.made = Some(Millis(manifest.made_at));
    for (feed, length) in manifest.lengths() {
        if store.durable(&feed).map(|head| head.seq.0 + 1) != Some(length) {
            return Err(NodeError::Refused(format!(
                "the backup is damaged: feed {feed} has not {length} entries"
            )));
        }
        if feed.publisher == home.us() {
            mark.held.insert(feed.agreement, length);
        }
    }
    drop(store);
    Ok(mark.save(beside).map(|()| manifest)?)
}

/// Makes a directory with the keys and the card that were kept, and nothing else: it comes back from partners.
///
/// # Errors
/// [`NodeError`] when a node is there, the node's key is not among the keys or is none that the card mandates now, or the
/// passphrase is another one; nothing is left then.
pub fn recreate(
    (card, keys): (&Path, &Path),
    config: &str,
    passphrase: &Passphrase,
    dir: &Path,
    now: Millis,
) -> Result<Home, NodeError> {
    let beside = begin(dir)?;
    let done = copy_keys((card, keys), config, &beside)
        .and_then(|()| check_keys(&beside, passphrase, now))
        .and_then(|()| {
            RecoveryMark::new(RecoveryCause::Lost, now).save(&beside)?;
            finish(&beside, dir)?;
            Home::open(dir)
        });
    if done.is_err() {
        let _nothing_is_left = fs::remove_dir_all(&beside);
    }
    done
}

fn copy_keys((card, keys): (&Path, &Path), config: &str, beside: &Path) -> Result<(), NodeError> {
    let own = beside.join("keys");
    make_private(&own)?;
    for item in fs::read_dir(keys).map_err(NodeError::io("reading", keys))? {
        let item = item.map_err(NodeError::io("reading", keys))?;
        let (from, name) = (item.path(), item.file_name());
        let name = name.to_string_lossy();
        if name.ends_with(".age") || name == "rounding" {
            let bytes = fs::read(&from).map_err(NodeError::io("reading", &from))?;
            write_private(&own.join(&*name), &bytes)?;
        }
    }
    let text = fs::read(card).map_err(NodeError::io("reading", card))?;
    write_private(&beside.join("corridor.toml"), config.as_bytes())?;
    write_private(&beside.join("card.txt"), &text)
}

fn check_keys(beside: &Path, passphrase: &Passphrase, now: Millis) -> Result<(), NodeError> {
    let home = Home::open(beside)?;
    if !KeyName::Node.path(beside).exists() {
        return Err(NodeError::Refused(
            "there is no node.age among the keys: the key of the node signs its entries".to_owned(),
        ));
    }
    let node = crate::crypto::NodeSigner::public_key(&home.node_key(passphrase)?);
    let card: &Card = home.card();
    if !card.allows(&node, Purpose::Transport, now) {
        return Err(NodeError::Refused(
            "the card has no mandate for this node key that holds now: give the newest card, or issue one with the \
             national key"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The directory beside the one that is wanted.
fn begin(dir: &Path) -> Result<PathBuf, NodeError> {
    let is_free = match fs::read_dir(dir) {
        Ok(mut items) => items.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if !is_free {
        return Err(NodeError::Refused(format!(
            "{} is not empty: name a new directory with --dir, or move that one away; a node is never overwritten",
            dir.display()
        )));
    }
    let mut name = dir.file_name().unwrap_or_else(|| "corridor".as_ref()).to_owned();
    name.push(".restoring");
    let beside = dir.with_file_name(name);
    let _left_by_a_crash = fs::remove_dir_all(&beside);
    make_private(&beside)?;
    Ok(beside)
}

/// Gives the directory its name.
fn finish(beside: &Path, dir: &Path) -> Result<(), NodeError> {
    for name in ["db", "lock"] {
        let path = beside.join(name);
        let _made_again = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
    let sync =
        |path: &Path| File::open(path).and_then(|dir| dir.sync_all()).map_err(NodeError::io("syncing", path));
    sync(&beside.join("keys"))?;
    sync(beside)?;
    fs::rename(beside, dir).map_err(NodeError::io("naming", dir))?;
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty());
    sync(above.unwrap_or_else(|| Path::new(".")))
}

fn make_private(dir: &Path) -> Result<(), NodeError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(NodeError::io("creating", dir))
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), NodeError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(NodeError::io("writing", path))
}
