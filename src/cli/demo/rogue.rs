//! A hostile government: it was accepted as a partner, and signs records in another's name.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::checks::Checks;
use super::government::Government;
use crate::crypto::{Network, SecretKey};
use crate::feed::head::Place;
use crate::feed::{
    AgreementId, EntryBuilder, EntryId, EntryKind, FeedId, HeadRef, PublisherId, Seq, SignedEntry,
};
use crate::model::{Attributes, Decimal, Observation, Period, Record, Series, SeriesKey};
use crate::net::{NetCommand, NetConfig, NetEvent, NetHandle, NodeId, PartnerPeer};
use crate::node::{Home, clock};
use crate::store::keys::Passphrase;
use crate::sync::{Message, VERSIONS};
use crate::wire;

/// How long the rogue tries.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a stranger knocks: on this machine a partner gets its session in a fraction of that.
const KNOCKING: Duration = Duration::from_secs(4);

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
    let series = "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
    let wares =
        Wares { forged: forged_entry(&all[0], "public", series, &key)?, own: own_entry(home.us(), &key)? };
    let before = feed_heads(all)?;
    // At once: a node gives the publisher's own session ten seconds to deliver before it asks another partner.
    let all_seen: Vec<anyhow::Result<Seen>> = std::thread::scope(|scope| {
        let (key, wares) = (&key, &wares);
        let threads: Vec<_> =
            all[1..].iter().map(|node| scope.spawn(move || offer(node, key, wares, PATIENCE))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("the rogue panicked")))
            .collect()
    });
    for (node, seen) in all[1..].iter().zip(all_seen) {
        let why = format!("{seen:?}");
        let seen = seen.unwrap_or_default();
        let country = node.country();
        checks.is(&format!("{country} declines the record that another key signed"), seen.declined, &why);
        checks.is(&format!("{country} notices a flipped byte and ends the session"), seen.ended, &why);
        let status = node.ask(&["status"])?;
        let shown = status["faults"].to_string().contains("XAA");
        checks.is(
            &format!("the faults are shown at {country}"),
            shown,
            "the status does not name the partner",
        );
    }
    checks.is("no feed of the Philippines has changed anywhere", before == feed_heads(all)?, "one has");
    let stranger = crate::store::keys::generate()?;
    let seen = offer(&all[0], &stranger, &wares, KNOCKING)?;
    checks.is(
        "a key that nobody has accepted gets no session",
        seen == Seen::default(),
        &format!("{seen:?}"),
    );
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

/// An entry that would follow the newest of the victim's feed under an agreement, signed by the rogue's key.
///
/// # Errors
/// When the victim has no such feed.
pub fn forged_entry(
    victim: &Government,
    agreement: &str,
    series: &str,
    key: &SecretKey,
) -> anyhow::Result<SignedEntry> {
    let feeds = victim.ask(&["feeds"])?;
    let list = feeds["feeds"].as_array().cloned().unwrap_or_default();
    let of = |feed: &&Value| feed["country"] == victim.country() && feed["agreement_name"] == agreement;
    let known = list.iter().find(of).context("the victim has no such feed")?;
    let text = |field: &str| known[field].as_str().unwrap_or_default().to_owned();
    let publisher = PublisherId::from_hex(&text("publisher")).context("no publisher")?;
    let agreement = AgreementId::from_hex(&text("agreement")).context("no agreement")?;
    let feed = FeedId::new(publisher, agreement);
    let entry = EntryId::from_hex(&text("head_hash")).context("no head")?;
    let seq = Seq(known["head_seq"].as_u64().unwrap_or_default());
    let place = Place::after(&HeadRef { feed, seq, entry });
    sign(&place, series, key)
}

/// The rogue's own first entry, genuine.
///
/// # Errors
/// When it cannot be signed.
pub fn own_entry(us: PublisherId, key: &SecretKey) -> anyhow::Result<SignedEntry> {
    let place = Place::first(FeedId::new(us, AgreementId::public()));
    sign(&place, "A.XAA.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS", key)
}

fn sign(place: &Place, key: &str, signer: &SecretKey) -> anyhow::Result<SignedEntry> {
    let observation = Observation::reported(Period::parse("2024")?, Decimal::parse("1")?);
    let series = Series::new(SeriesKey::parse(key)?, Attributes::none(), vec![observation])?;
    let builder = EntryBuilder::new(EntryKind::Release, vec![Record::Series(series)]);
    Ok(builder.sign(place, clock::now(), &Network::parse(super::NETWORK)?, signer)?)
}

/// What the rogue hands over.
#[derive(Debug)]
pub struct Wares {
    /// An entry of another's feed, signed with the rogue's key.
    pub forged: SignedEntry,
    /// A genuine entry, of which a byte is flipped on the way.
    pub own: SignedEntry,
}

/// How a node took it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// A session stood.
    pub session: bool,
    /// It wants no more of the forged feed.
    pub declined: bool,
    /// It ended the session over the flipped byte.
    pub ended: bool,
}

/// Connects to a node, announces the wares and hands them over when asked.
///
/// # Errors
/// When the network fails; running out of patience is no error.
pub fn offer(node: &Government, key: &SecretKey, wares: &Wares, patience: Duration) -> anyhow::Result<Seen> {
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
        relay: false,
    }]))?;
    let mut seen = Seen::default();
    let talk = async { timeout(patience, converse((&net, peer), &mut incoming, wares, &mut seen)).await };
    let result = runtime.block_on(talk);
    let _stopping = net.send(NetCommand::Shutdown);
    runtime.shutdown_timeout(Duration::from_secs(1));
    // Running out of patience is an answer too: what was seen until then.
    result.unwrap_or(Ok(()))?;
    Ok(seen)
}

async fn converse(
    (net, peer): (&NetHandle, NodeId),
    incoming: &mut mpsc::Receiver<NetEvent>,
    wares: &Wares,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let (forged, own) = (wares.forged.header().header(), wares.own.header().header());
    let mut damaged = wares.own.frames().to_vec();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    while let Some(event) = incoming.recv().await {
        match event {
            NetEvent::SessionOpened { session, .. } => {
                seen.session = true;
                let network = super::NETWORK.to_owned();
                let hello = Message::Hello { versions: VERSIONS, features: 0, network, window: 1 << 20 };
                let heads = vec![HeadRef::from(wares.forged.header())];
                for message in [hello, Message::Have { heads, last: true }] {
                    send(net, peer, session, &message)?;
                }
            }
            NetEvent::Frame { session, bytes, .. } => match wire::decode(&bytes) {
                Ok(Message::Want { feed, from }) if feed == forged.feed && from.seq == forged.seq => {
                    let frames = wares.forged.frames().to_vec();
                    send(net, peer, session, &Message::Data { feed, from, frames })?;
                }
                Ok(Message::Unwant { feed }) if feed == forged.feed => {
                    seen.declined = true;
                    let heads = vec![HeadRef::from(wares.own.header())];
                    send(net, peer, session, &Message::Have { heads, last: true })?;
                }
                Ok(Message::Want { feed, from }) if feed == own.feed && from.seq == own.seq => {
                    send(net, peer, session, &Message::Data { feed, from, frames: damaged.clone() })?;
                }
                Ok(_) | Err(_) => {}
            },
            NetEvent::SessionClosed { .. } if seen.declined => {
                seen.ended = true;
                return Ok(());
            }
            NetEvent::SessionClosed { .. }
            | NetEvent::Listening { .. }
            | NetEvent::Refused { .. }
            | NetEvent::DialFailed { .. } => {}
        }
    }
    bail!("the network stopped")
}

fn send(net: &NetHandle, peer: NodeId, session: u64, message: &Message) -> anyhow::Result<()> {
    let bytes = wire::encode(message)?;
    Ok(net.send(NetCommand::Send { peer, session, bytes })?)
}
