//! What hostile peers do. They keep to a pace that a line could carry, so that it is the victim that is measured and
//! not how fast this machine makes garbage.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use corridor::cli::demo::government::Government;
use corridor::cli::demo::rogue::own_entry;
use corridor::crypto::{Hash, SecretKey};
use corridor::feed::assembler::Position;
use corridor::feed::head::Place;
use corridor::feed::{
    AgreementId, EntryId, EntryKind, FeedId, Frame, FrameKind, HeadRef, PublisherId, Seq, frame,
};
use corridor::feed::{EntryBuilder, SignedEntry};
use corridor::model::{Millis, Receipt, Record};
use corridor::net::{NetCommand, NetConfig, NetEvent, NetHandle, NodeId, PartnerPeer};
use corridor::node::{Home, clock};
use corridor::store::keys::Passphrase;
use corridor::sync::{MAX_HEADS_PER_MESSAGE, Message, VERSIONS};
use corridor::wire;
use tokio::sync::mpsc;

use super::hostile::{goes_on, touch};
use crate::ledger::Random;

/// The network of all nodes made by a demo's government.
const NETWORK: &str = "training/demo";
/// What a stranger says first.
const GREETING: &[u8] = b"\x13/multistream/1.0.0\n";
const NOISE: &[u8] = b"\x07/noise\n";
/// Connections that one who lets them hang holds.
const HANGING: usize = 300;
/// The longest that an attack goes on.
const LONGEST: Duration = Duration::from_secs(90);

/// Who is attacked, and by whom.
pub(super) struct Target {
    listens: SocketAddr,
    address: String,
    node: NodeId,
    us: PublisherId,
    key: SecretKey,
    /// The honest partner's public feed.
    honest: FeedId,
    seed: u64,
}

impl Target {
    pub(super) fn new(victim: &Government, honest: &Government, rogue: &Government, seed: u64) -> Self {
        let home = Home::open(rogue.dir()).expect("a node");
        let passphrase = Passphrase::from_file(&rogue.dir().join("passphrase")).expect("a passphrase");
        let card = Home::open(victim.dir()).expect("a node").card().clone();
        let node = card.nodes(clock::now()).next().expect("a node key");
        let publisher = Home::open(honest.dir()).expect("a node").us();
        Self {
            listens: super::proxy::socket(victim.listen()),
            address: victim.listen().to_owned(),
            node: NodeId(node.0),
            us: home.us(),
            key: home.node_key(&passphrase).expect("the key opens"),
            honest: FeedId::new(publisher, AgreementId::public()),
            seed,
        }
    }
}

// ---- strangers ----

pub(super) fn slow_before_noise(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    hang(target.listens, &GREETING[..1], (stop, done), &mut |_| Ipv4Addr::LOCALHOST);
}

pub(super) fn slow_in_noise(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let both = [GREETING, NOISE].concat();
    hang(target.listens, &both, (stop, done), &mut |_| Ipv4Addr::LOCALHOST);
}

/// Handshakes that hang, from many networks that are not the partner's.
pub(super) fn hang_from_everywhere(
    address: SocketAddr,
    random: &mut Random,
    ends: (&AtomicBool, &AtomicU64),
) {
    let both = [GREETING, NOISE].concat();
    hang(address, &both, ends, &mut |_| {
        Ipv4Addr::new(127, 1 + random.below(200) as u8, random.below(250) as u8, 1 + random.below(250) as u8)
    });
}

/// Opens connections from these addresses, says the beginning, then a byte now and then; opens again what is closed.
fn hang(
    address: SocketAddr,
    beginning: &[u8],
    (stop, done): (&AtomicBool, &AtomicU64),
    from: &mut dyn FnMut(u64) -> Ipv4Addr,
) {
    let until = clock::stopwatch() + LONGEST;
    runtime().block_on(async {
        let mut open = VecDeque::new();
        while goes_on(stop, until) {
            if open.len() < HANGING
                && let Some(stream) = connect(address, from(done.load(Ordering::Relaxed))).await
                && stream.try_write(beginning).is_ok()
            {
                done.fetch_add(1, Ordering::Relaxed);
                open.push_back(stream);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            // One of them says a byte more; it is gone when the other side has closed it.
            if let Some(stream) = open.pop_front() {
                let mut byte = [0];
                let closed = matches!(stream.try_read(&mut byte), Ok(0));
                if !closed && stream.try_write(b"\0").is_ok() {
                    open.push_back(stream);
                }
            }
        }
    });
}

async fn connect(address: SocketAddr, from: Ipv4Addr) -> Option<tokio::net::TcpStream> {
    let socket = tokio::net::TcpSocket::new_v4().ok()?;
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).ok()?;
    tokio::time::timeout(Duration::from_secs(1), socket.connect(address)).await.ok()?.ok()
}

pub(super) fn dial_flood(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let until = clock::stopwatch() + LONGEST;
    while goes_on(stop, until) {
        for _ in 0..10 {
            done.fetch_add(u64::from(touch(target.listens, GREETING)), Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn unknown_keys(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let until = clock::stopwatch() + LONGEST;
    while goes_on(stop, until) {
        let key = corridor::store::keys::generate().expect("a key");
        let runtime = runtime();
        let Some((net, mut events)) = dial(target, &key, &runtime) else { continue };
        let told = async {
            while let Some(event) = events.recv().await {
                assert!(!matches!(event, NetEvent::SessionOpened { .. }), "a stranger was let in");
                if matches!(event, NetEvent::DialFailed { .. }) {
                    return;
                }
            }
        };
        let told = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(2), told).await });
        done.fetch_add(u64::from(told.is_ok()), Ordering::Relaxed);
        let _stopping = net.send(NetCommand::Shutdown);
        runtime.shutdown_timeout(Duration::from_millis(100));
    }
}

// ---- an accepted partner ----

/// A head of a feed that nobody has.
fn head(random: &mut Random) -> HeadRef {
    let mut bytes = [[0; 32]; 3];
    for part in bytes.iter_mut().flat_map(|part| part.chunks_mut(8)) {
        part.copy_from_slice(&random.below(u64::MAX).to_le_bytes());
    }
    let feed = FeedId::new(PublisherId(bytes[0]), AgreementId(bytes[1]));
    HeadRef { feed, seq: Seq(random.below(1 << 40)), entry: EntryId(bytes[2]) }
}

pub(super) fn heads(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    // The same feeds again and again: announcing ever new ones has its own bound.
    let mut random = Random(target.seed);
    let heads: Vec<HeadRef> = (0..MAX_HEADS_PER_MESSAGE).map(|_| head(&mut random)).collect();
    flood(target, (stop, done), &mut |_| vec![Message::Have { heads: heads.clone(), last: true }]);
}

pub(super) fn wants(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let feed = target.honest;
    let want = Message::Want { feed, from: Position { seq: Seq(0), part: 0 } };
    flood(target, (stop, done), &mut |_| vec![want.clone(), Message::Unwant { feed }]);
}

pub(super) fn questions(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let feed = target.honest;
    flood(target, (stop, done), &mut |number| {
        vec![Message::Ping { nonce: number }, Message::Show { feed, seq: Seq(number % 7) }]
    });
}

pub(super) fn nothings(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let mut random = Random(target.seed);
    flood(target, (stop, done), &mut |number| {
        let from = Position { seq: Seq(number), part: 0 };
        let data = Message::Data { feed: head(&mut random).feed, from, frames: Vec::new() };
        if number % 2 == 0 { vec![data] } else { vec![Message::Credit { bytes: 0 }] }
    });
}

pub(super) fn proofs(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let entry = own_entry(target.us, &target.key).expect("it can be signed");
    let one = entry.header().to_bytes();
    flood(target, (stop, done), &mut |_| vec![Message::Proof { one: one.clone(), other: one.clone() }]);
}

pub(super) fn lies(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let us = FeedId::new(target.us, AgreementId::public());
    let receipt = Receipt {
        publisher: target.honest.publisher.0,
        agreement: target.honest.agreement.0,
        seq: u64::MAX - 1,
        entry: [7; 32],
        received_at: Millis(i64::MAX),
    };
    let builder = EntryBuilder::new(EntryKind::Receipt, vec![Record::Receipt(receipt)]);
    let network = corridor::crypto::Network::parse(NETWORK).expect("a network");
    let lie = builder.sign(&Place::first(us), clock::now(), &network, &target.key).expect("it can be signed");
    let old = HeadRef { feed: target.honest, seq: Seq(0), entry: EntryId([9; 32]) };
    let ours = HeadRef::from(lie.header());
    let data =
        Message::Data { feed: us, from: Position { seq: Seq(0), part: 0 }, frames: lie.frames().to_vec() };
    let foreign = HeadRef { feed: FeedId::new(target.honest.publisher, AgreementId([3; 32])), ..old };
    flood(target, (stop, done), &mut |number| match number % 3 {
        0 => vec![Message::Have { heads: vec![old, foreign], last: true }],
        1 => vec![Message::Have { heads: vec![ours], last: true }],
        _ => vec![data.clone()],
    });
}

pub(super) fn bombs(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let entry = own_entry(target.us, &target.key).expect("it can be signed");
    let bomb =
        [&[1_u8][..], &zstd::bulk::compress(&vec![0; 64 << 20], 3).expect("it can be compressed")].concat();
    let mut frames = Vec::new();
    let mut rest = entry.frames();
    while let Ok(Some(one)) = Frame::read(rest) {
        let body = if one.kind == FrameKind::Block { &bomb } else { one.body };
        frame::write(one.kind, body, &mut frames);
        rest = &rest[one.bytes.len()..];
    }
    let feed = FeedId::new(target.us, AgreementId::public());
    let from = Position { seq: Seq(0), part: 0 };
    let (ours, flipped) = (HeadRef::from(entry.header()), flipped(&entry));
    flood(target, (stop, done), &mut |number| {
        let frames = if number % 2 == 0 { frames.clone() } else { flipped.clone() };
        vec![Message::Have { heads: vec![ours], last: true }, Message::Data { feed, from, frames }]
    });
}

fn flipped(entry: &SignedEntry) -> Vec<u8> {
    let mut frames = entry.frames().to_vec();
    let last = frames.len() - 1;
    frames[last] ^= 1;
    frames
}

/// Bytes that are no messages: random, with lengths that lie, longer than may be.
pub(super) fn garbage(target: &Target, stop: &AtomicBool, done: &AtomicU64) {
    let mut random = Random(target.seed);
    siege(target, (stop, done), &mut |number| {
        let tag = (number % 14) as u8;
        let bytes = match number % 4 {
            0 => (0..random.below(3_000)).map(|_| random.below(256) as u8).collect(),
            // A count of 2^64 - 1 behind the tag, and nothing behind that.
            1 => [&[tag, 253][..], &[255; 8]].concat(),
            2 => [&[tag][..], &Hash::of(&[&number.to_le_bytes()]).0.repeat(40)].concat(),
            _ => vec![tag; 200_000],
        };
        vec![bytes]
    });
}

fn flood(target: &Target, ends: (&AtomicBool, &AtomicU64), next: &mut dyn FnMut(u64) -> Vec<Message>) {
    siege(target, ends, &mut |number| {
        next(number).iter().filter_map(|message| wire::encode(message).ok()).collect()
    });
}

/// Comes as the accepted partner, greets, and sends these one after the other; comes again when it is thrown out.
fn siege(
    target: &Target,
    (stop, done): (&AtomicBool, &AtomicU64),
    next: &mut dyn FnMut(u64) -> Vec<Vec<u8>>,
) {
    let until = clock::stopwatch() + LONGEST;
    let runtime = runtime();
    let mut number = 0;
    while goes_on(stop, until) {
        let Some((net, mut events)) = dial(target, &target.key, &runtime) else { continue };
        runtime.block_on(async {
            let mut session = None;
            while goes_on(stop, until) {
                while let Ok(event) = events.try_recv() {
                    match event {
                        NetEvent::SessionOpened { session: opened, .. } => {
                            session = Some(opened);
                            greet(&net, target.node, opened);
                        }
                        NetEvent::SessionClosed { .. } => session = None,
                        NetEvent::Frame { .. }
                        | NetEvent::Listening { .. }
                        | NetEvent::Refused { .. }
                        | NetEvent::DialFailed { .. } => {}
                    }
                }
                let Some(session) = session else {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                };
                for bytes in next(number) {
                    let sent = net.send(NetCommand::Send { peer: target.node, session, bytes });
                    done.fetch_add(u64::from(sent.is_ok()), Ordering::Relaxed);
                }
                number += 1;
                if number % 20 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
        let _stopping = net.send(NetCommand::Shutdown);
        // Two nodes with one key would be two peers that are one.
        runtime.block_on(async { while events.recv().await.is_some() {} });
    }
    runtime.shutdown_timeout(Duration::from_millis(200));
}

fn greet(net: &NetHandle, peer: NodeId, session: u64) {
    let hello =
        Message::Hello { versions: VERSIONS, features: 0, network: NETWORK.to_owned(), window: 1 << 20 };
    if let Ok(bytes) = wire::encode(&hello) {
        let _gone = net.send(NetCommand::Send { peer, session, bytes });
    }
}

fn dial(
    target: &Target,
    key: &SecretKey,
    runtime: &tokio::runtime::Runtime,
) -> Option<(NetHandle, mpsc::Receiver<NetEvent>)> {
    let (sender, events) = mpsc::channel(1_024);
    let config = NetConfig {
        reconnect_min: Duration::from_millis(50),
        reconnect_max: Duration::from_millis(200),
        max_frame: 1 << 20,
        ..NetConfig::default()
    };
    let net = corridor::net::spawn(key.seed(), config, sender, runtime.handle()).ok()?;
    let partner = PartnerPeer { node: target.node, addresses: vec![target.address.clone()], relay: false };
    net.send(NetCommand::SetPartners(vec![partner])).ok()?;
    Some((net, events))
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().expect("a runtime")
}
