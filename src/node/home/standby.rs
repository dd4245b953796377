//! The directory of a standby: its request to be mandated, the grant that answers it, and the mark of one that follows.
//!
//! ```text
//!  CORRIDOR STANDBY REQUEST 1        CORRIDOR STANDBY GRANT 1
//!  network: main                     card, rounding, content, node, signature: each `name: base64`
//!  node: <hex>                       the two secrets are wrapped for `seal`; the main's node key signs all of it
//!  seal: <hex>
//!  address: /ip4/…
//! ```
//!
//! The secrets of rounding and sealing go along because two nodes that drew their own would give one figure two forms.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Home, write_new};
use crate::crypto::{
    ContentKey, Context, Drawn, Hash, Network, NodeSigner, PublicKey, SealingKey, Signature, Suite,
};
use crate::feed::{Card, Purpose};
use crate::model::Millis;
use crate::node::NodeError;
use crate::store::keys::{self, KeyName, Passphrase};

const REQUEST: &str = "CORRIDOR STANDBY REQUEST 1";
const GRANT: &str = "CORRIDOR STANDBY GRANT 1";
/// The request's file in the standby's directory.
pub const REQUEST_FILE: &str = "standby-request.txt";
/// The file whose being there says that the node follows.
const MARK: &str = "standby";

/// What a standby asks its government for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandbyRequest {
    /// The network on which it is to follow.
    pub network: Network,
    /// Its node key.
    pub node: PublicKey,
    /// Where it listens.
    pub addresses: Vec<String>,
    seal: SealingKey,
}

fn refused(what: &str) -> NodeError {
    NodeError::Refused(what.to_owned())
}

impl StandbyRequest {
    /// The text file.
    pub fn to_text(&self) -> String {
        let seal = crate::node::forks::to_hex(self.seal.bytes());
        let mut text =
            format!("{REQUEST}\nnetwork: {}\nnode: {}\nseal: {seal}\n", self.network.as_str(), self.node);
        self.addresses.iter().for_each(|address| text += &format!("address: {address}\n"));
        text
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`NodeError`] when it is something else.
    pub fn from_text(text: &str) -> Result<Self, NodeError> {
        let wrong = || {
            refused("this is no standby's request, or it is damaged: `corridor init --standby` writes one")
        };
        let mut lines = text.lines().map(str::trim_end);
        if lines.next() != Some(REQUEST) {
            return Err(wrong());
        }
        let (mut network, mut node, mut seal, mut addresses) = (None, None, None, Vec::new());
        for line in lines.filter(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some(("network", text)) => network = Network::parse(text).ok(),
                Some(("node", text)) => node = Hash::from_hex(text).map(|hash| PublicKey(hash.0)),
                Some(("seal", text)) => seal = crate::node::forks::from_hex(text),
                Some(("address", text)) => addresses.push(text.to_owned()),
                _ => return Err(wrong()),
            }
        }
        let seal = seal.and_then(|bytes| SealingKey::parse(Suite::X25519, &bytes).ok());
        match (network, node.filter(PublicKey::is_sound), seal) {
            (Some(network), Some(node), Some(seal)) => Ok(Self { network, node, addresses, seal }),
            _ => Err(wrong()),
        }
    }

    /// What both sides bind the secrets to.
    fn info(&self, name: &str) -> Vec<u8> {
        Context::Grant.message(&self.network, format!("{name} {}", self.node).as_bytes())
    }
}

impl Home {
    /// Makes the keys of a standby and its request; the card comes with the grant.
    ///
    /// # Errors
    /// [`NodeError`] when the directory holds a node already or cannot be written.
    pub fn create_standby(
        dir: &Path,
        (network, addresses): (Network, Vec<String>),
        passphrase: &Passphrase,
    ) -> Result<StandbyRequest, NodeError> {
        if dir.join("card.txt").exists() || KeyName::Node.path(dir).exists() {
            return Err(refused("this directory holds a node already; choose another --dir"));
        }
        let node = keys::generate()?;
        fs::create_dir_all(dir).map_err(NodeError::io("creating", dir))?;
        keys::save(dir, KeyName::Node, &node, passphrase)?;
        let seal = keys::grant_secret(&node).public().clone();
        let request = StandbyRequest { network, node: node.public_key(), addresses, seal };
        write_new(&mark(dir), "")?;
        write_new(&dir.join(REQUEST_FILE), &request.to_text())?;
        Ok(request)
    }

    /// Whether this directory is, or was last, a standby's.
    pub fn is_standby(&self) -> bool {
        mark(&self.dir).exists()
    }

    /// Notes whether this node follows; durable when it returns.
    pub(in crate::node) fn mark_standby(&self, follows: bool) -> Result<(), NodeError> {
        let path = mark(&self.dir);
        let done = if follows { fs::write(&path, "") } else { fs::remove_file(&path) };
        match done {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(NodeError::io("marking the role in", &path)(error))
            }
            Ok(()) | Err(_) => fs::File::open(&self.dir)
                .and_then(|dir| dir.sync_all())
                .map_err(NodeError::io("syncing", &self.dir)),
        }
    }

    /// What a standby needs of this node besides the card: wrapped for it, signed by our node key.
    ///
    /// # Errors
    /// [`NodeError`] when a secret cannot be read.
    pub fn grant(
        &self,
        request: &StandbyRequest,
        card: &Card,
        signer: &dyn NodeSigner,
    ) -> Result<String, NodeError> {
        let mut text = format!("{GRANT}\ncard: {}\n", BASE64.encode(card.to_bytes()));
        let secrets =
            [("rounding", keys::rounding_secret(&self.dir)?), ("content", keys::content_secret(&self.dir)?)];
        for (name, secret) in secrets {
            let mut drawn = Drawn::new(keys::secret()?);
            let wrapped = request.seal.wrap(&request.info(name), &ContentKey::new(*secret), &mut drawn);
            let wrapped =
                wrapped.map_err(|_| refused("the request's sealing key is one that nothing opens"))?;
            text += &format!("{name}: {}\n", BASE64.encode(wrapped));
        }
        text += &format!("node: {}\n", signer.public_key());
        let signature = signer.sign(Context::Grant, self.network(), text.as_bytes());
        Ok(text + &format!("signature: {}\n", BASE64.encode(signature.0)))
    }
}

/// Takes a grant into a standby's directory, which can run then.
///
/// # Errors
/// [`NodeError`] when it is not for this standby, or does not hold; nothing is changed then.
pub fn join(dir: &Path, text: &str, passphrase: &Passphrase, now: Millis) -> Result<Home, NodeError> {
    let path = dir.join(REQUEST_FILE);
    let request = fs::read_to_string(&path).map_err(NodeError::io("reading", &path))?;
    let request = StandbyRequest::from_text(&request)?;
    let key = keys::load(dir, KeyName::Node, passphrase)?;
    let damaged =
        || refused("this is no grant, or it is damaged: `corridor standby add` on the main node writes one");
    let (said, signature) = text.split_once("signature: ").ok_or_else(damaged)?;
    let fields: BTreeMap<&str, &str> = said.lines().filter_map(|line| line.split_once(": ")).collect();
    let bytes = |name: &str| fields.get(name).and_then(|coded| BASE64.decode(coded).ok()).ok_or_else(damaged);
    let card = Card::from_bytes(&bytes("card")?).map_err(|error| refused(&error.to_string()))?;
    let signer = fields.get("node").and_then(|hex| Hash::from_hex(hex)).map(|hash| PublicKey(hash.0));
    let signer = signer.filter(|node| card.allows(node, Purpose::Release, now)).ok_or_else(damaged)?;
    let signature = BASE64.decode(signature.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    let signature = Signature(signature.ok_or_else(damaged)?);
    if !said.starts_with(GRANT)
        || signer.verify(Context::Grant, card.network(), said.as_bytes(), &signature).is_err()
    {
        return Err(damaged());
    }
    if card.network() != &request.network || !card.allows(&key.public_key(), Purpose::Transport, now) {
        return Err(refused("this grant is for another standby: its card has no mandate for this node key"));
    }
    let secret = keys::grant_secret(&key);
    let opened = |name: &str| -> Result<ContentKey, NodeError> {
        secret.unwrap(&request.info(name), &bytes(name)?).map_err(|_| damaged())
    };
    let (rounding, content) = (opened("rounding")?, opened("content")?);
    keys::keep_secret(dir, "rounding", rounding.bytes())?;
    keys::keep_secret(dir, "content", content.bytes())?;
    write_new(&dir.join("card.txt"), &card.to_text())?;
    let home = Home::open(dir)?;
    home.note_key(key.public_key())?;
    Ok(home)
}

fn mark(dir: &Path) -> PathBuf {
    dir.join(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::NextCard;
    use crate::node::home::{NewNode, term};

    #[test]
    fn a_grant_is_for_one_standby_and_holds_as_it_was_signed() {
        let (main, other, third) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (passphrase, now, network) = (Passphrase::new("x"), Millis(1_700_000_000_000), Network::main());
        let new = NewNode {
            country: "PHL".into(),
            names: vec![("en".into(), "Philippines".into())],
            network: network.clone(),
            addresses: Vec::new(),
        };
        let home = Home::create(main.path(), new, &passphrase, now).unwrap();
        let address = vec!["/ip4/192.0.2.7/tcp/4001".to_owned()];
        let request = Home::create_standby(other.path(), (network.clone(), address), &passphrase).unwrap();
        assert_eq!(StandbyRequest::from_text(&request.to_text()).unwrap(), request);
        let national = keys::load(main.path(), KeyName::National, &passphrase).unwrap();
        let card = NextCard::after(home.card(), now)
            .mandate(request.node, term(now), &national)
            .sign(&national)
            .unwrap();
        let grant = home.grant(&request, &card, &home.node_key(&passphrase).unwrap()).unwrap();
        let altered = grant.replacen("content: A", "content: B", 1).replacen("rounding: ", "rounding: A", 1);
        assert!(join(other.path(), &altered, &passphrase, now).is_err());
        Home::create_standby(third.path(), (network, Vec::new()), &passphrase).unwrap();
        assert!(join(third.path(), &grant, &passphrase, now).is_err(), "another standby cannot use it");
        let joined = join(other.path(), &grant, &passphrase, now).unwrap();
        assert!(joined.is_standby() && joined.us() == home.us());
        for name in ["rounding", "content"] {
            let read = |dir: &Path| fs::read(dir.join("keys").join(name)).unwrap();
            assert_eq!(read(main.path()), read(other.path()));
        }
    }
}
