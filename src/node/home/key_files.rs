//! The node's key files: the one in use, and the next one. Beside each lies its public half, which needs no passphrase.

use std::fs;
use std::path::{Path, PathBuf};

use super::Home;
use crate::crypto::{Hash, NodeSigner, PublicKey, SecretKey};
use crate::feed::Card;
use crate::model::Millis;
use crate::node::NodeError;
use crate::store::keys::{self, KeyName, Passphrase};

impl Home {
    /// The node key in use, as the directory says; where it does not, the first on the card.
    pub fn key_in_use(&self, now: Millis) -> Option<PublicKey> {
        read_public(&public(KeyName::Node, &self.dir)).or_else(|| self.card.nodes(now).next())
    }

    /// The node key that is to take its place, if there is one.
    pub fn next_key(&self) -> Option<PublicKey> {
        let is_there = KeyName::NextNode.path(&self.dir).exists();
        read_public(&public(KeyName::NextNode, &self.dir)).filter(|_| is_there)
    }

    /// Makes the next node key. One that is there already must have been dropped before.
    ///
    /// # Errors
    /// [`NodeError`] when it cannot be written.
    pub fn make_next_key(&self, passphrase: &Passphrase) -> Result<PublicKey, NodeError> {
        let key = keys::generate()?;
        keys::save(&self.dir, KeyName::NextNode, &key, passphrase)?;
        write(&public(KeyName::NextNode, &self.dir), &format!("{}\n", key.public_key()))?;
        Ok(key.public_key())
    }

    /// Forgets the next node key, which no card names.
    ///
    /// # Errors
    /// [`NodeError`] when it cannot be removed.
    pub fn drop_next_key(&self) -> Result<(), NodeError> {
        for path in [KeyName::NextNode.path(&self.dir), public(KeyName::NextNode, &self.dir)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(NodeError::io("removing", &path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The next node key.
    ///
    /// # Errors
    /// [`NodeError`] when there is none, the passphrase is wrong or the file damaged.
    pub fn next_node_key(&self, passphrase: &Passphrase) -> Result<SecretKey, NodeError> {
        Ok(keys::load(&self.dir, KeyName::NextNode, passphrase)?)
    }

    /// Writes down which node key is in use.
    pub(in crate::node) fn note_key(&self, key: PublicKey) -> Result<(), NodeError> {
        let path = public(KeyName::Node, &self.dir);
        if read_public(&path) == Some(key) { Ok(()) } else { write(&path, &format!("{key}\n")) }
    }

    /// Puts the next node key in the place of the one in use, which is gone then.
    pub(in crate::node) fn promote(&self, key: PublicKey) -> Result<(), NodeError> {
        let (next, node) = (KeyName::NextNode.path(&self.dir), KeyName::Node.path(&self.dir));
        if self.next_key() == Some(key) {
            fs::rename(&next, &node).map_err(NodeError::io("moving", &next))?;
            sync(&node)?;
        }
        self.note_key(key)?;
        self.drop_next_key()
    }

    /// Takes on a card that is durable in the house feed.
    pub(in crate::node) fn adopt(&mut self, card: Card) -> Result<(), NodeError> {
        if card != self.card {
            write(&self.dir.join("card.txt"), &card.to_text())?;
            self.card = card;
        }
        Ok(())
    }
}

/// Where the public half of a key lies.
fn public(name: KeyName, dir: &Path) -> PathBuf {
    name.path(dir).with_extension("pub")
}

fn read_public(path: &Path) -> Option<PublicKey> {
    let text = fs::read_to_string(path).ok()?;
    Hash::from_hex(text.trim()).map(|hash| PublicKey(hash.0))
}

/// Writes a file so that after a crash the old or the new one is there whole.
fn write(path: &Path, text: &str) -> Result<(), NodeError> {
    let fresh = path.with_extension("fresh");
    fs::write(&fresh, text).map_err(NodeError::io("writing", &fresh))?;
    fs::File::open(&fresh).and_then(|file| file.sync_all()).map_err(NodeError::io("syncing", &fresh))?;
    fs::rename(&fresh, path).map_err(NodeError::io("replacing", path))?;
    sync(path)
}

fn sync(path: &Path) -> Result<(), NodeError> {
    let dir = path.parent().unwrap_or(path);
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(NodeError::io("syncing", dir))
}
