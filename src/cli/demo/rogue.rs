//! A hostile government: it was accepted as a partner, and signs records in another's name.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::checks::Checks;
use super::government::Government;
use crate::crypto::{Network, SecretKey};
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{
    AgreementId, EntryBuilder, EntryId, EntryKind, FeedId, HeadRef, PublisherId, Seq, SignedEntry,
};
use crate::model::{Attributes, Decimal, Millis, Observation, Period, Record, Series, SeriesKey};
use crate::net::{NetCommand, NetConfig, NetEvent, NetHandle, NodeId, PartnerPeer};
use crate::node::{Home, clock};
use crate::store::keys::Passphrase;
use crate::sync::{Message, VERSIONS};
use crate::wire;

/// How long the rogue tries.
const PATIENCE: Duration = Duration::from_secs(20);

/// The rogue makes itself accepted by all, forges an entry of the first government's public feed, and offers it to
/// the others; then a key that nobody has accepted knocks.
pub(super) fn forge(all: &[Government], data: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA partner forges a record in the name of the Philippines, and a stranger knocks.");
    let rogue = Government::init(&std::env::current_exe()?, data, "XAA", "Rogue")?;
    for node in all {
        node.ask(&["partner", "add", "--yes", &rogue.card().to_string_lossy()])?;
    }
    let home = Home::open(rogue.dir())?;
    let key = home.node_key(&Passphrase::from_file(&rogue.dir().join("passphrase"))?)?;
    let forged = forged_entry(&all[0], &key)?;
    let before = feed_heads(all)?;
    for node in &all[1..] {
        let outcome = offer(node, &key, &forged, forged.frames());
        let name = format!("{} refuses the record that another key signed", node.country());
        checks.is(&name, matches!(outcome, Ok(Reaction::Declined)), &format!("{outcome:?}"));
        let mut damaged = forged.frames().to_vec();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        let outcome = offer(node, &key, &forged, &damaged);
        let name = format!("{} notices a flipped byte and ends the session", node.country());
        checks.is(&name, matches!(outcome, Ok(Reaction::EndedSession)), &format!("{outcome:?}"));
        let status = node.ask(&["status"])?;
        let shown = status["faults"].to_string().contains("XAA");
        checks.is(&format!("the fault is shown at {}", node.country()), shown, "the status does not name it");
    }
    checks.is("no feed of the Philippines has changed anywhere", before == feed_heads(all)?, "one has");
    let stranger = crate::store::keys::generate()?;
    let outcome = offer(&all[0], &stranger, &forged, forged.frames());
    checks.is("a key that nobody has accepted gets no session", outcome.is_err(), "it got one");
    for node in all {
        node.ask(&["partner", "remove", "XAA"])?;
    }
    Ok(())
}

/// The heads of the Philippines' public feed at all nodes.
fn feed_heads(all: &[Government]) -> anyhow::Result<Vec<Value>> {
    let head = |node: &Government| -> anyhow::Result<Value> {
        let feeds = node.ask(&["feeds"])?;
        let list = feeds["feeds"].as_array().cloned().unwrap_or_default();
        let public = list.iter().find(|feed| feed["country"] == "PHL" && feed["agreement_name"] == "public");
        Ok(public.map_or(Value::Null, |feed| feed["head_hash"].clone()))
    };
    all.iter().map(head).collect()
}

/// An entry that would follow the victim's newest, signed by the rogue's key.
fn forged_entry(victim: &Government, key: &SecretKey) -> anyhow::Result<SignedEntry> {
    let feeds = victim.ask(&["feeds"])?;
    let list = feeds["feeds"].as_array().cloned().unwrap_or_default();
    let public = list.iter().find(|feed| feed["country"] == "PHL" && feed["agreement_name"] == "public");
    let public = public.context("the Philippines have no public feed")?;
    let text = |field: &str| public[field].as_str().unwrap_or_default().to_owned();
    let publisher = PublisherId::from_hex(&text("publisher")).context("no publisher")?;
    let feed = FeedId::new(publisher, AgreementId::public());
    let entry = EntryId::from_hex(&text("head_hash")).context("no head")?;
    let seq = Seq(public["head_seq"].as_u64().unwrap_or_default());
    let place = Place::after(&HeadRef { feed, seq, entry });
    let series = SeriesKey::parse("A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS")?;
    let observation = Observation::reported(Period::parse("2024")?, Decimal::parse("1")?);
    let series = Series::new(series, Attributes::none(), vec![observation])?;
    let builder = EntryBuilder::new(EntryKind::Release, vec![Record::Series(series)]);
    let time = Millis(clock::now().0);
    Ok(builder.sign(&place, time, &Network::parse(super::NETWORK)?, key)?)
}

/// What a node did with what the rogue handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    /// It did not take the entry and asked for no more of the feed.
    Declined,
    /// It ended the session.
    EndedSession,
}

/// Connects to a node, announces the forged entry and hands `frames` over when asked for it.
fn offer(
    node: &Government,
    key: &SecretKey,
    forged: &SignedEntry,
    frames: &[u8],
) -> anyhow::Result<Reaction> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (events, mut incoming) = mpsc::channel(64);
    let config = NetConfig { reconnect_min: Duration::from_millis(200), ..NetConfig::default() };
    let net = crate::net::spawn(key.seed(), config, events, runtime.handle())?;
    let card = Home::open(node.dir())?.card().clone();
    let target = card.nodes(clock::now()).next().context("the card names no node")?;
    let peer = NodeId(target.0);
    net.send(NetCommand::SetPartners(vec![PartnerPeer {
        node: peer,
        addresses: card.body().addresses.clone(),
    }]))?;
    let talk = async { timeout(PATIENCE, converse((&net, peer), &mut incoming, forged, frames)).await };
    let result = runtime.block_on(talk);
    let _stopping = net.send(NetCommand::Shutdown);
    runtime.shutdown_timeout(Duration::from_secs(2));
    result.context("the rogue got no answer in time")?
}

async fn converse(
    (net, peer): (&NetHandle, NodeId),
    incoming: &mut mpsc::Receiver<NetEvent>,
    forged: &SignedEntry,
    frames: &[u8],
) -> anyhow::Result<Reaction> {
    let header = forged.header().header();
    let (feed, from) = (header.feed, Position { seq: header.seq, part: 0 });
    let mut handed_over: BTreeSet<u64> = BTreeSet::new();
    while let Some(event) = incoming.recv().await {
        match event {
            NetEvent::SessionOpened { session, .. } => {
                for message in greeting(forged) {
                    send(net, peer, session, &message)?;
                }
            }
            NetEvent::Frame { session, bytes, .. } => match wire::decode(&bytes) {
                Ok(Message::Want { feed: wanted, from: at }) if wanted == feed && at == from => {
                    send(net, peer, session, &Message::Data { feed, from, frames: frames.to_vec() })?;
                    handed_over.insert(session);
                }
                Ok(Message::Unwant { feed: unwanted }) if unwanted == feed => return Ok(Reaction::Declined),
                Ok(_) | Err(_) => {}
            },
            NetEvent::SessionClosed { session, .. } if handed_over.contains(&session) => {
                return Ok(Reaction::EndedSession);
            }
            NetEvent::SessionClosed { .. }
            | NetEvent::Listening { .. }
            | NetEvent::Refused { .. }
            | NetEvent::DialFailed { .. } => {}
        }
    }
    bail!("the network stopped")
}

fn greeting(forged: &SignedEntry) -> [Message; 2] {
    let network = super::NETWORK.to_owned();
    let hello = Message::Hello { versions: VERSIONS, features: 0, network, window: 1 << 20 };
    [hello, Message::Have { heads: vec![HeadRef::from(forged.header())], last: true }]
}

fn send(net: &NetHandle, peer: NodeId, session: u64, message: &Message) -> anyhow::Result<()> {
    let bytes = wire::encode(message)?;
    Ok(net.send(NetCommand::Send { peer, session, bytes })?)
}
