//! What the loop takes next.

use super::*;
use crate::crypto::Network;
use crate::net::{self, NetConfig};
use crate::node::clock::Clock;
use crate::node::engine::Options;
use crate::node::home::NewNode;
use crate::store::keys::Passphrase;

/// A node without partners, around which no loop runs, and the ways into it.
fn node(dir: &std::path::Path) -> (Daemon, NodeHandle, mpsc::Sender<NetEvent>, watch::Sender<bool>) {
    let passphrase = Passphrase::new("a passphrase");
    let new = NewNode {
        country: "PHL".to_owned(),
        names: vec![("en".to_owned(), "Philippines".to_owned())],
        network: Network::main(),
        addresses: Vec::new(),
    };
    let clock = Clock::system();
    Home::create(dir, new, &passphrase, clock.now()).unwrap();
    let home = Home::open(dir).unwrap();
    let options = Options::usual(clock);
    let key = Arc::new(home.node_key(&passphrase).unwrap());
    let (stop, stopped) = watch::channel(false);
    let (events, net_events) = mpsc::channel(MAX_NET_EVENTS);
    let config = NetConfig { listen: Vec::new(), ..NetConfig::default() };
    let net = net::spawn(key.seed(), config, events.clone(), &tokio::runtime::Handle::current()).unwrap();
    let engine = Engine::open(home, &options, Some(key)).unwrap();
    let (daemon, handle) = Daemon::new(engine, sync::Config::default(), net, net_events, stopped).unwrap();
    (daemon, handle, events, stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_people_nor_partners_keep_time_from_passing() {
    let dir = tempfile::TempDir::new().unwrap();
    let (mut daemon, handle, events, stop) = node(dir.path());
    let mut waiting = Vec::new();
    for _ in 0..MAX_REQUESTS {
        waiting.push(handle.send(Request::Status, Payload::none(), the_node()).await.unwrap());
    }
    for session in 0..100 {
        let closed = NetEvent::SessionClosed { peer: net::NodeId([1; 32]), session, reason: String::new() };
        events.send(closed).await.unwrap();
    }
    // It ticks once, and then in an hour.
    let mut ticks = interval(Duration::from_secs(3600));
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(matches!(daemon.next(&mut ticks).await, Event::Tick), "time first");
    assert!(matches!(daemon.next(&mut ticks).await, Event::Ask(_)), "and no more than its share");
    ticks.reset_immediately();
    tokio::time::sleep(Duration::from_millis(10)).await;
    stop.send(true).unwrap();
    assert!(matches!(daemon.next(&mut ticks).await, Event::Stop), "but for the end");
}
