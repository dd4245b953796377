//! Whole nets over loopback. No test asserts a time: the one timeout is there so that a failure does not hang.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::*;

/// A net with its events, and what the test has learned from them.
struct Net {
    seed: u8,
    handle: NetHandle,
    events: mpsc::Receiver<NetEvent>,
    address: String,
}

impl Net {
    async fn start(seed: u8) -> Self {
        Self::start_with(seed, NetConfig::default()).await
    }

    async fn start_with(seed: u8, config: NetConfig) -> Self {
        let mut config = NetConfig { reconnect_min: Duration::from_millis(20), ..config };
        if config.listen.is_empty() {
            config.listen = vec!["/ip4/127.0.0.1/tcp/0".into()];
        }
        let (sender, mut events) = mpsc::channel(64);
        let seed_bytes = Zeroizing::new([seed; 32]);
        let handle = spawn(seed_bytes, config, sender, &Handle::current()).unwrap();
        let Some(NetEvent::Listening { address }) = events.recv().await else { panic!("not listening") };
        Self { seed, handle, events, address }
    }

    fn node(&self) -> NodeId {
        self.handle.node()
    }

    /// Takes these nets as partners; `reach` says whether their addresses are known.
    fn befriend(&self, others: &[&Self], reach: bool) {
        let addresses = |other: &Self| if reach { vec![other.address.clone()] } else { Vec::new() };
        let partner =
            |other: &&Self| PartnerPeer { node: other.node(), addresses: addresses(other), relay: false };
        self.handle.send(NetCommand::SetPartners(others.iter().map(partner).collect())).unwrap();
    }

    async fn next(&mut self) -> NetEvent {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time");
        event.expect("a running net")
    }

    /// The first event for which `pick` has an answer; others are passed over.
    async fn until<T>(&mut self, pick: impl Fn(&NetEvent) -> Option<T>) -> T {
        loop {
            if let Some(picked) = pick(&self.next().await) {
                return picked;
            }
        }
    }

    async fn opened(&mut self) -> u64 {
        let session = |event: &NetEvent| match event {
            NetEvent::SessionOpened { session, .. } => Some(*session),
            NetEvent::SessionClosed { reason, .. } => panic!("closed: {reason}"),
            _ => None,
        };
        self.until(session).await
    }

    async fn closed(&mut self) -> String {
        let reason = |event: &NetEvent| match event {
            NetEvent::SessionClosed { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        self.until(reason).await
    }

    async fn frame(&mut self) -> Vec<u8> {
        let frame = |event: &NetEvent| match event {
            NetEvent::Frame { bytes, .. } => Some(bytes.clone()),
            NetEvent::SessionClosed { reason, .. } => panic!("closed: {reason}"),
            _ => None,
        };
        self.until(frame).await
    }

    async fn shut_down(mut self) {
        self.handle.send(NetCommand::Shutdown).unwrap();
        let ended = async { while self.events.recv().await.is_some() {} };
        tokio::time::timeout(PATIENCE, ended).await.expect("a net that ends");
    }
}

/// Two partners with a session, and its number at each.
async fn pair() -> (Net, Net, u64, u64) {
    let (mut a, mut b) = (Net::start(1).await, Net::start(2).await);
    a.befriend(&[&b], true);
    b.befriend(&[&a], true);
    let (at_a, at_b) = (a.opened().await, b.opened().await);
    (a, b, at_a, at_b)
}

/// Sends from a thread of its own, as the node does.
fn send_all(
    handle: &NetHandle,
    peer: NodeId,
    session: u64,
    frames: Vec<Vec<u8>>,
) -> std::thread::JoinHandle<()> {
    let handle = handle.clone();
    std::thread::spawn(move || {
        for bytes in frames {
            handle.send_blocking(NetCommand::Send { peer, session, bytes }).unwrap();
        }
    })
}

fn numbered(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|n| [n.to_le_bytes().as_slice(), &vec![7; (n % 900) as usize]].concat()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_frames_cross_both_ways_in_order() {
    let (mut a, mut b, at_a, at_b) = pair().await;
    let frames = numbered(10_000);
    let senders = [
        send_all(&a.handle, b.node(), at_a, frames.clone()),
        send_all(&b.handle, a.node(), at_b, frames.clone()),
    ];
    for frame in &frames {
        let (from_b, from_a) = tokio::join!(a.frame(), b.frame());
        assert_eq!((&from_b, &from_a), (frame, frame));
    }
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let bytes: u64 = frames.iter().map(|frame| frame.len() as u64 + 4).sum();
    let (sent, received) = (a.handle.stats(), b.handle.stats());
    assert_eq!(sent.peers[&b.node()], PeerTraffic { bytes_in: bytes, bytes_out: bytes });
    assert_eq!(received.peers[&a.node()], PeerTraffic { bytes_in: bytes, bytes_out: bytes });
    assert_eq!(sent.sessions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stranger_is_refused_and_no_session_opens() {
    let (mut server, friend, mut stranger) = (Net::start(1).await, Net::start(2).await, Net::start(3).await);
    server.befriend(&[&friend], false);
    stranger.befriend(&[&server], true);
    let reason = server
        .until(|event| match event {
            NetEvent::Refused { reason, .. } => Some(reason.clone()),
            NetEvent::SessionOpened { .. } => panic!("a stranger was let in"),
            _ => None,
        })
        .await;
    assert!(reason.contains(&stranger.node().to_string()), "{reason}");
    let told = stranger
        .until(|event| match event {
            NetEvent::DialFailed { peer, .. } => Some(*peer),
            NetEvent::SessionOpened { .. } => panic!("a stranger was let in"),
            _ => None,
        })
        .await;
    assert_eq!(told, server.node());
    assert_eq!(server.handle.stats().sessions, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_that_serves_the_public_has_sessions_with_strangers() {
    for (server, visitor) in [(1, 2), (2, 1)] {
        let public = NetConfig { serve_public: true, ..NetConfig::default() };
        let mut server = Net::start_with(server, public).await;
        let mut visitor = Net::start(visitor).await;
        visitor.befriend(&[&server], true);
        let (_, at_visitor) = (server.opened().await, visitor.opened().await);
        let hello = NetCommand::Send { peer: server.node(), session: at_visitor, bytes: b"hello".to_vec() };
        visitor.handle.send(hello).unwrap();
        assert_eq!(server.frame().await, b"hello");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_dial_each_other_at_once_have_exactly_one_session() {
    for _ in 0..10 {
        let (mut a, mut b, at_a, at_b) = pair().await;
        // Frames that go there and back show that the session is the same at both ends and stays.
        for n in 0..20_u8 {
            let there = NetCommand::Send { peer: b.node(), session: at_a, bytes: vec![n] };
            a.handle.send(there).unwrap();
            let NetEvent::Frame { bytes, session, .. } = b.next().await else { panic!("not a frame") };
            assert_eq!((bytes, session), (vec![n], at_b));
            let back = NetCommand::Send { peer: a.node(), session: at_b, bytes: vec![n] };
            b.handle.send(back).unwrap();
            let NetEvent::Frame { bytes, session, .. } = a.next().await else { panic!("not a frame") };
            assert_eq!((bytes, session), (vec![n], at_a));
        }
        assert_eq!((a.handle.stats().sessions, b.handle.stats().sessions), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_side_that_knows_an_address_is_enough() {
    for (dialler, other) in [(1, 2), (2, 1)] {
        let (mut dialler, mut other) = (Net::start(dialler).await, Net::start(other).await);
        dialler.befriend(&[&other], true);
        other.befriend(&[&dialler], false);
        tokio::join!(dialler.opened(), other.opened());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_comes_back_after_the_peer_restarts_on_its_port() {
    for (stays, restarts) in [(1, 2), (2, 1)] {
        let (mut stays, mut restarts) = (Net::start(stays).await, Net::start(restarts).await);
        stays.befriend(&[&restarts], true);
        // The one that restarts knows no address, so it is the other that has to come back.
        restarts.befriend(&[&stays], false);
        let (first, _) = tokio::join!(stays.opened(), restarts.opened());
        let (seed, listen) = (restarts.seed, vec![restarts.address.clone()]);
        restarts.shut_down().await;
        stays.closed().await;
        let mut again = Net::start_with(seed, NetConfig { listen, ..NetConfig::default() }).await;
        again.befriend(&[&stays], false);
        let (second, _) = tokio::join!(stays.opened(), again.opened());
        assert!(second > first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frame_over_the_limit_ends_the_session_and_names_its_size() {
    let generous = NetConfig { max_frame: 200_000, ..NetConfig::default() };
    let (mut a, mut b) = (Net::start_with(1, generous).await, Net::start(2).await);
    a.befriend(&[&b], true);
    b.befriend(&[&a], true);
    let (at_a, _) = (a.opened().await, b.opened().await);
    let long = NetCommand::Send { peer: b.node(), session: at_a, bytes: vec![0; 100_000] };
    a.handle.send(long).unwrap();
    let reason = b.closed().await;
    assert!(reason.contains("100000 bytes") && reason.contains("66560"), "{reason}");
    a.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frame_over_the_own_limit_is_not_taken() {
    let (a, b, at_a, _) = pair().await;
    let long = NetCommand::Send { peer: b.node(), session: at_a, bytes: vec![0; 100_000] };
    let refused = NetError::FrameTooLong { peer: b.node(), length: 100_000, limit: 66_560 };
    assert_eq!(a.handle.send(long), Err(refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_partner_loses_its_session() {
    let (mut a, mut b, _, at_b) = pair().await;
    b.befriend(&[], true);
    assert_eq!(b.closed().await, "no longer a partner");
    a.closed().await;
    let late = NetCommand::Send { peer: a.node(), session: at_b, bytes: vec![1] };
    assert_eq!(b.handle.send(late), Err(NetError::NoSession { peer: a.node(), session: at_b }));
    // And it is not let in again.
    b.until(|event| matches!(event, NetEvent::Refused { .. }).then_some(())).await;
    a.befriend(&[], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_session_delivers_what_was_queued_and_a_new_one_follows() {
    let (mut a, mut b, at_a, _) = pair().await;
    let peer = b.node();
    for n in 0..100_u8 {
        a.handle.send(NetCommand::Send { peer, session: at_a, bytes: vec![n] }).unwrap();
    }
    a.handle
        .send(NetCommand::Close { peer, session: at_a, reason: "three heartbeats missed".into() })
        .unwrap();
    for n in 0..100_u8 {
        assert_eq!(b.frame().await, [n]);
    }
    assert_eq!(a.closed().await, "three heartbeats missed");
    b.closed().await;
    let (again_a, _) = tokio::join!(a.opened(), b.opened());
    assert!(again_a > at_a);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_queue_is_told_and_nothing_is_lost() {
    let config = NetConfig { outbound_queue: 4, ..NetConfig::default() };
    let (mut a, mut b) = (Net::start_with(1, config).await, Net::start(2).await);
    a.befriend(&[&b], true);
    b.befriend(&[&a], true);
    let (session, _) = (a.opened().await, b.opened().await);
    let peer = b.node();
    // Nobody reads at B, so queues and windows fill up.
    let mut taken = 0_u32;
    loop {
        let bytes = [taken.to_le_bytes().as_slice(), &[0; 60_000]].concat();
        match a.handle.send(NetCommand::Send { peer, session, bytes }) {
            Ok(()) => taken += 1,
            Err(NetError::QueueFull(4)) if taken > 2_000 => break,
            Err(NetError::QueueFull(4)) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if a.handle.room(peer, session) == Some(0) && taken > 64 {
                    break;
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
    for n in 0..taken {
        assert_eq!(b.frame().await[..4], n.to_le_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_key_among_the_partners_is_ignored() {
    let a = Net::start(1).await;
    a.befriend(&[&a], true);
    a.handle.send(NetCommand::DialNow { peer: a.node() }).unwrap();
    assert!(a.handle.stats().peers.is_empty());
    a.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_that_is_taken_is_an_error_at_the_start() {
    let a = Net::start(1).await;
    let (sender, _events) = mpsc::channel(1);
    let config = NetConfig { listen: vec![a.address.clone()], ..NetConfig::default() };
    let taken = spawn(Zeroizing::new([2; 32]), config, sender, &Handle::current());
    assert!(matches!(taken, Err(NetError::Listen { .. })), "{taken:?}");
}

#[test]
fn node_id_survives_the_way_through_libp2p() {
    let key = libp2p::identity::Keypair::ed25519_from_bytes([9; 32]).unwrap();
    let node = id::node_id(&key.public().to_peer_id()).unwrap();
    assert_eq!(id::peer_id(node), Some(key.public().to_peer_id()));
}

/// Prints figures; asserts none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a test"]
async fn measure_throughput_and_round_trip() {
    let (mut a, mut b, at_a, at_b) = pair().await;
    const FRAMES: usize = 10_000;
    let start = clock::now();
    let sender = send_all(&a.handle, b.node(), at_a, vec![vec![7; 60_000]; FRAMES]);
    for _ in 0..FRAMES {
        b.frame().await;
    }
    let rate = (FRAMES * 60_000) as f64 / 1e6 / start.elapsed().as_secs_f64();
    sender.join().unwrap();
    let mut trips = Vec::new();
    for _ in 0..5_000 {
        let start = clock::now();
        a.handle.send(NetCommand::Send { peer: b.node(), session: at_a, bytes: vec![1; 100] }).unwrap();
        let bytes = b.frame().await;
        b.handle.send(NetCommand::Send { peer: a.node(), session: at_b, bytes }).unwrap();
        a.frame().await;
        trips.push(start.elapsed().as_micros());
    }
    trips.sort_unstable();
    println!(
        "60 KB frames one way: {rate:.0} MB/s; 100-byte round trip: p50 {} us, p99 {} us",
        trips[2_500], trips[4_950]
    );
}

/// Long enough for any machine; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn relayed(others: &[(&Net, bool)], relay: &Net) -> NetCommand {
    let partner = |(other, reach): &(&Net, bool)| PartnerPeer {
        node: other.node(),
        addresses: reach.then(|| other.address.clone()).into_iter().collect(),
        relay: other.node() == relay.node(),
    };
    NetCommand::SetPartners(others.iter().map(partner).collect())
}

fn relay_of(circuit_bytes: u64) -> NetConfig {
    let limits = RelayLimits { circuit_bytes, ..RelayLimits::default() };
    NetConfig { relay: Some(limits), ..NetConfig::default() }
}

async fn session_with(net: &mut Net, other: NodeId) -> (u64, String) {
    net.until(|event| match event {
        NetEvent::SessionOpened { peer, session, remote } if *peer == other => {
            Some((*session, remote.clone()))
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn two_that_cannot_reach_each_other_speak_through_a_partner() {
    let (mut a, mut b) = (Net::start(1).await, Net::start(2).await);
    let relay = Net::start_with(3, relay_of(1 << 30)).await;
    relay.befriend(&[&a, &b], false);
    a.handle.send(relayed(&[(&relay, true), (&b, false)], &relay)).unwrap();
    b.handle.send(relayed(&[(&relay, true), (&a, false)], &relay)).unwrap();
    let (session, remote) = session_with(&mut a, b.node()).await;
    assert!(remote.contains("/p2p-circuit"), "{remote}");
    send_all(&a.handle, b.node(), session, vec![b"through another".to_vec()]);
    let frame = b.until(|event| match event {
        NetEvent::Frame { peer, bytes, .. } if *peer == a.handle.node() => Some(bytes.clone()),
        _ => None,
    });
    assert_eq!(frame.await, b"through another");
    // The relay goes, and so does what it carried.
    relay.shut_down().await;
    a.until(|event| {
        matches!(event, NetEvent::SessionClosed { peer, .. } if *peer == b.handle.node()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_circuit_that_has_carried_its_bytes_is_made_anew() {
    let (mut a, mut b) = (Net::start(1).await, Net::start(2).await);
    let relay = Net::start_with(3, relay_of(100_000)).await;
    relay.befriend(&[&a, &b], false);
    a.handle.send(relayed(&[(&relay, true), (&b, false)], &relay)).unwrap();
    b.handle.send(relayed(&[(&relay, true), (&a, false)], &relay)).unwrap();
    let (session, _) = session_with(&mut a, b.node()).await;
    session_with(&mut b, a.node()).await;
    send_all(&a.handle, b.node(), session, vec![vec![7; 50_000]; 4]);
    b.until(|event| {
        matches!(event, NetEvent::SessionClosed { peer, .. } if *peer == a.handle.node()).then_some(())
    })
    .await;
    let (next, _) = session_with(&mut a, b.node()).await;
    assert_ne!(next, session);
}

#[tokio::test]
async fn a_relay_carries_for_partners_alone() {
    let (mut a, mut stranger) = (Net::start(1).await, Net::start(2).await);
    let config = NetConfig { serve_public: true, ..relay_of(1 << 30) };
    let mut relay = Net::start_with(3, config).await;
    relay.befriend(&[&a], false);
    a.handle.send(relayed(&[(&relay, true), (&stranger, false)], &relay)).unwrap();
    let place = |event: &NetEvent| match event {
        NetEvent::Listening { address } => address.contains("/p2p-circuit").then_some(()),
        _ => None,
    };
    a.until(place).await;
    stranger.handle.send(relayed(&[(&relay, true), (&a, false)], &relay)).unwrap();
    session_with(&mut relay, stranger.node()).await;
    // It was let in to read what is public; of its partner's place it gets nothing, nor one of its own.
    let refused = stranger.until(|event| match event {
        NetEvent::DialFailed { peer, reason } if *peer == a.node() => Some(reason.clone()),
        NetEvent::SessionOpened { peer, .. } if *peer == a.node() => panic!("a stranger came through"),
        _ => None,
    });
    let reason = refused.await;
    assert!(!reason.is_empty(), "{reason}");
}

#[tokio::test]
async fn a_session_leaves_the_relay_once_a_direct_line_stands() {
    let (mut a, b) = (Net::start(1).await, Net::start(2).await);
    let relay = Net::start_with(3, relay_of(1 << 30)).await;
    relay.befriend(&[&a, &b], false);
    a.handle.send(relayed(&[(&relay, true), (&b, false)], &relay)).unwrap();
    b.handle.send(relayed(&[(&relay, true), (&a, false)], &relay)).unwrap();
    let (_, remote) = session_with(&mut a, b.node()).await;
    assert!(remote.contains("/p2p-circuit"), "{remote}");
    // Its address becomes known, and the line through the relay breaks: the direct one is the next.
    a.handle.send(relayed(&[(&relay, true), (&b, true)], &relay)).unwrap();
    relay.shut_down().await;
    let (_, remote) = session_with(&mut a, b.node()).await;
    assert!(!remote.contains("/p2p-circuit"), "{remote}");
}

#[tokio::test]
async fn a_hole_is_punched_where_both_want_it() {
    let punching = || NetConfig { hole_punching: true, ..NetConfig::default() };
    let (mut a, mut b) = (Net::start_with(1, punching()).await, Net::start_with(2, punching()).await);
    let relay = Net::start_with(3, relay_of(1 << 30)).await;
    relay.befriend(&[&a, &b], false);
    a.handle.send(relayed(&[(&relay, true), (&b, false)], &relay)).unwrap();
    b.handle.send(relayed(&[(&relay, true), (&a, false)], &relay)).unwrap();
    let direct = |of: NodeId| {
        move |event: &NetEvent| match event {
            NetEvent::SessionOpened { peer, remote, .. } if *peer == of => {
                (!remote.contains("/p2p-circuit")).then_some(())
            }
            _ => None,
        }
    };
    let (at_a, at_b) = (direct(b.node()), direct(a.node()));
    tokio::join!(a.until(at_a), b.until(at_b));
}
