//! A node's directory: card, keys, and what stands beside the store.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::engine::NodeError;
use crate::crypto::{Network, NodeSigner, SecretKey};
use crate::feed::{Card, Mandate, PublisherId, Purpose, SignedStep, identity::CardBody};
use crate::model::Millis;
use crate::store::keys::{self, KeyName, Passphrase};

mod key_files;
mod standby;

pub use standby::{REQUEST_FILE, StandbyRequest, join};

/// A directory that `init` has made.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
    card: Card,
}

/// What a new node is to be.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// ISO alpha-3 code; empty for an observer.
    pub country: String,
    /// Names by language.
    pub names: Vec<(String, String)>,
    /// The network.
    pub network: Network,
    /// Where partners reach the node.
    pub addresses: Vec<String>,
}

/// How long a mandate holds: long enough that it never surprises, short enough to be renewed by people who know
/// how.
const MANDATE_YEARS: i64 = 5;
const WAITS: &str = "this standby waits for its grant: `corridor standby add standby-request.txt` on the main node writes \
     it, `corridor standby join FILE` here takes it";
const YEAR: i64 = 365 * 86_400_000;
/// A mandate begins a day early, for partners whose clocks are behind.
const LEEWAY: i64 = 86_400_000;

/// The term of a mandate that is made now.
pub fn term(now: Millis) -> (Millis, Millis) {
    (Millis(now.0 - LEEWAY), Millis(now.0 + MANDATE_YEARS * YEAR))
}

impl Home {
    /// Makes keys and card of a new node.
    ///
    /// # Errors
    /// [`NodeError`] when the directory holds a node already or cannot be written.
    pub fn create(dir: &Path, new: NewNode, passphrase: &Passphrase, now: Millis) -> Result<Self, NodeError> {
        let path = dir.join("card.txt");
        if path.exists() || KeyName::Node.path(dir).exists() {
            return Err(NodeError::Refused(format!(
                "{} holds a node already; choose another --dir",
                dir.display()
            )));
        }
        let (national, next, node) = (keys::generate()?, keys::generate()?, keys::generate()?);
        let card = Self::sign_card(new, &national, &next, &node, now)?;
        fs::create_dir_all(dir).map_err(NodeError::io("creating", dir))?;
        keys::save(dir, KeyName::National, &national, passphrase)?;
        keys::save(dir, KeyName::NextNational, &next, passphrase)?;
        keys::save(dir, KeyName::Node, &node, passphrase)?;
        // From the first backup on they are in each: drawn anew, they would give the same figure another form.
        keys::rounding_secret(dir)?;
        keys::content_secret(dir)?;
        write_new(&path, &card.to_text())?;
        let home = Self { dir: dir.to_owned(), card };
        home.note_key(node.public_key())?;
        Ok(home)
    }

    fn sign_card(
        new: NewNode,
        national: &SecretKey,
        next: &SecretKey,
        node: &SecretKey,
        now: Millis,
    ) -> Result<Card, NodeError> {
        let mandate = Mandate::new(national.public_key(), node.public_key(), &Purpose::ALL, term(now));
        let body = CardBody {
            country: new.country,
            names: new.names,
            line: vec![SignedStep::first(national, &next.public_key(), now, &new.network)],
            mandates: vec![mandate.sign(&new.network, national)],
            revocations: Vec::new(),
            addresses: new.addresses,
            issued_at: now.0,
        };
        Card::sign(body, &new.network, national).map_err(|error| NodeError::Refused(error.to_string()))
    }

    /// Opens a directory that has a card.
    ///
    /// # Errors
    /// [`NodeError`] when there is no node or its card is damaged.
    pub fn open(dir: &Path) -> Result<Self, NodeError> {
        let path = dir.join("card.txt");
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if dir.join(REQUEST_FILE).exists() => {
                NodeError::Refused(WAITS.to_owned())
            }
            std::io::ErrorKind::NotFound => NodeError::NoNode(dir.to_owned()),
            _ => NodeError::io("reading", &path)(error),
        })?;
        let card = Card::from_text(&text)
            .map_err(|error| NodeError::Refused(format!("our own card {}: {error}", path.display())))?;
        Ok(Self { dir: dir.to_owned(), card })
    }

    /// The node's key.
    ///
    /// # Errors
    /// [`NodeError`] when the passphrase is wrong or the file damaged.
    pub fn node_key(&self, passphrase: &Passphrase) -> Result<SecretKey, NodeError> {
        Ok(keys::load(&self.dir, KeyName::Node, passphrase)?)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Our own card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Our publisher id.
    pub fn us(&self) -> PublisherId {
        self.card.publisher()
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.card.network()
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        socket(&self.dir)
    }
}

/// The control socket of a directory.
pub fn socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

fn write_new(path: &Path, text: &str) -> Result<(), NodeError> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)
        .map_err(NodeError::io("creating", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(NodeError::io("writing", path))
}
