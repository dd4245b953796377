//! A member that was away, and what it is shown of a lane before the lane's history has come.

use std::time::Duration;

use anyhow::{Context, bail};
use corridor::api::control::Client;
use corridor::cli::demo::NETWORK;
use corridor::cli::demo::government::Government;
use corridor::crypto::{Network, SecretKey};
use corridor::feed::assembler::Position;
use corridor::feed::head::Place;
use corridor::feed::{
    AgreementId, EntryBuilder, EntryId, EntryKind, FeedId, HeadRef, PublisherId, Seq, SignedEntry,
};
use corridor::model::{
    Attributes, Decimal, Document, DocumentKind, DocumentLabel, Observation, Period, Record, Series,
    SeriesKey,
};
use corridor::net::{NetCommand, NetConfig, NetEvent, NodeId, PartnerPeer};
use corridor::node::home::socket;
use corridor::node::{Home, clock};
use corridor::policy::Bulletin;
use corridor::store::keys::Passphrase;
use corridor::sync::{FEATURE_LATEST, Message, VERSIONS};
use corridor::wire;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{BULLETINS, report};
use crate::api::http::send;
use crate::faults::proxy::{Flow, Line, Proxy};
use crate::operator::{code, cookie, enter, lane_of};
use crate::world::{World, ask, eventually, run, stdout};

/// Bits a second of a line over which a lane's history takes far longer than a look at the picture.
const SLOW: u64 = 16_000;
/// How many bulletins come while a member is away, and what the last of them states.
const MISSED: u64 = 2 * BULLETINS;
const NEWEST: u64 = 26_000 + MISSED;

fn shown(node: &Government) -> Value {
    ask(node, &["crisis", "show", "LC-1"])
}

#[test]
fn one_who_was_away_sees_the_newest_state_first_and_the_same_picture_in_the_end() {
    let mut proxies = Vec::new();
    let mut world = World::prepared(|phl, can| {
        for (node, seed) in [phl, can].into_iter().zip(1..) {
            let proxy = Proxy::to(node.listen(), seed);
            node.announce(&[&proxy.address()]).expect("a card");
            proxies.push(proxy);
        }
    });
    let set = |line: Line| proxies.iter().for_each(|proxy| proxy.set(line));
    lane_of(&world.phl, &world.can);
    world.can.stop();
    let asked: Vec<_> = (1..=MISSED).map(report).collect();
    let mut client = Client::connect(&socket(world.phl.dir())).expect("a socket").expect("it runs");
    client.call_all(&asked, &mut |answer| drop(answer.expect("it is answered"))).expect("all are answered");

    set(Line { bandwidth: SLOW, ..Line::good() });
    world.can.start().expect("CAN starts");
    let (phl, can) = (&world.phl, &world.can);
    let mut first = Value::Null;
    eventually("CAN sees something of the lane", || {
        first = shown(can);
        first["bulletins"] != 0
    });
    // What has not come by now waits until it was looked at.
    set(Line { there: Flow::Held, back: Flow::Held, ..Line::good() });
    is_the_newest_ahead(phl, can, &first);

    set(Line::good());
    let picture = |node: &Government| {
        let mut shown = shown(node);
        for row in shown["newest"].as_array_mut().into_iter().flatten() {
            row["age_seconds"].take();
        }
        json!([shown["bulletins"], shown["newest"], shown["ahead"], shown["totals"]["known"]["count"]])
    };
    eventually("both see the same", || picture(can) == picture(phl));
    let last = picture(can);
    assert_eq!((&last[0], &last[2], &last[3]), (&MISSED.into(), &json!([]), &NEWEST.into()));
    eventually("CAN has signed that it holds all", || shown(phl)["acknowledged"] == json!(["CAN"]));
}

/// The first that is seen is the newest, everywhere marked as such, and nothing else is done with it.
fn is_the_newest_ahead(phl: &Government, can: &Government, first: &Value) {
    let bulletin = format!("B-{MISSED}");
    assert_eq!(first["totals"]["known"]["count"], NEWEST, "{first}");
    let to_come = &first["ahead"][0]["to_come"];
    assert!(to_come.as_u64() > Some(0), "{first}");
    let ahead = json!([{ "publisher": "PHL", "bulletin": bulletin, "to_come": to_come }]);
    assert_eq!(first["ahead"], ahead, "{first}");
    assert_eq!((&first["newest"][0]["ahead"], &first["bulletins"]), (&true.into(), &1.into()), "{first}");
    let said = stdout(&run(can, &["crisis", "show", "LC-1"]));
    assert!(
        said.contains(&format!("ahead of its history: {bulletin} of PHL; entries still on their way: ")),
        "{said}"
    );
    let cookie = cookie(&enter(can, &code(can)));
    let id = &first["lane"].as_str().expect("an id")[..16];
    for (language, words) in [
        ("en", "Ahead of its history: B-"),
        ("fr", "En avance sur son historique : B-"),
        ("es", "Adelantado a su historial: B-"),
    ] {
        let page = send(can, "GET", &format!("/{language}/operator/crises/{id}"), &[&cookie], b"").text();
        assert!(page.contains(words) && !page.contains(">?<"), "{page}");
        assert!(
            !page.contains(&format!("/{bulletin}\"")),
            "it is not citable yet, and leads nowhere: {page}"
        );
    }
    let cited = can.try_ask(&["crisis", "show", "LC-1", "--bulletin", &format!("PHL/{bulletin}")]);
    assert_eq!(cited.expect("it answers").0, 1);
    assert_eq!(shown(phl)["acknowledged"], json!([]));
}

// -- a member that is dishonest

#[test]
fn what_a_member_may_not_say_is_not_shown_ahead_and_two_words_for_one_place_are_a_fork() {
    let mut world = World::agreed();
    lane_of(&world.phl, &world.can);
    ask(&world.phl, &["crisis", "report", "--set", "CR_NATREG:LBY=26015", "--bulletin", "B-1"]);
    eventually("CAN has the first", || shown(&world.can)["totals"]["known"]["count"] == 26_015);
    let phl = Phl::of(&mut world);
    let can = &world.can;
    let state = || {
        let shown = shown(can);
        (shown["ahead"].clone(), shown["totals"]["known"]["count"].clone())
    };
    let stored = (json!([]), json!(26_015));
    let next = phl.entry(&phl.place, &[bulletin("B-2", None), registered(26_100)]);
    let after = |entry: &SignedEntry| Place::after(&HeadRef::from(entry.header()));
    let uncovered = phl.entry(&after(&next), &[bulletin("B-3", None), births(7_000)]);
    let part = phl.entry(&after(&uncovered), &[bulletin("B-1", Some("a digit")), registered(1)]);
    let known = phl.entry(&after(&part), &[bulletin("B-1", None), registered(1)]);
    for (entry, why) in [
        (&uncovered, "it is out of the lane's scope"),
        (&part, "a correction is a part of a bulletin"),
        (&known, "the bulletin is known"),
    ] {
        phl.shows(can, entry, None).expect("CAN takes it");
        assert_eq!(state(), stored, "{why}");
    }
    let faults = ask(can, &["status"])["faults"].to_string();
    assert!(faults.contains("PHL: entry") && faults.contains("MS_FBORN"), "{faults}");

    let good = phl.entry(&after(&known), &[bulletin("B-4", None), registered(26_200)]);
    phl.shows(can, &good, None).expect("CAN takes it");
    let ahead = json!([{ "publisher": "PHL", "bulletin": "B-4", "to_come": 4 }]);
    assert_eq!(state(), (ahead, json!(26_200)));
    let other = phl.entry(&after(&known), &[bulletin("B-4", None), registered(1)]);
    let chain = [&next, &uncovered, &part, &known, &other].map(SignedEntry::frames).concat();
    phl.shows(can, &good, Some(&chain)).expect("CAN takes it");
    assert_ne!(ask(can, &["feeds"])["forks"], json!([]), "it has the proof of a fork");
    assert_eq!(state().0, json!([]), "nothing of a forked feed stands ahead");
}

fn bulletin(id: &str, correction: Option<&str>) -> Record {
    let observed_at = clock::now().0;
    let said = Bulletin {
        id: id.to_owned(),
        observed_at,
        place: String::new(),
        correction: correction.map(str::to_owned),
    };
    let label = DocumentLabel::new(DocumentKind::Crisis, id, "", "bulletin", "application/octet-stream");
    let parts = Document::split(&label.expect("a label"), &said.to_bytes()).expect("a document");
    Record::Document(parts.into_iter().next().expect("it is short"))
}

fn registered(count: u64) -> Record {
    figure("D.PHL.LBY.CR_NATREG.CIT._T._T._T._T._T._T._T._T.PS", "2026-02-03", count)
}

/// A figure that no lane covers.
fn births(count: u64) -> Record {
    figure("A.PHL.LBY.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS", "2024", count)
}

fn figure(key: &str, period: &str, count: u64) -> Record {
    let period = Period::parse(period).expect("a period");
    let observation = Observation::reported(period, Decimal::parse(&count.to_string()).expect("a count"));
    let key = SeriesKey::parse(key).expect("a key");
    Record::Series(Series::new(key, Attributes::none(), vec![observation]).expect("a series"))
}

/// PHL with its own key, in the place of its daemon.
struct Phl {
    key: SecretKey,
    /// Where its next entry in the lane goes.
    place: Place,
}

impl Phl {
    fn of(world: &mut World) -> Self {
        let feeds = ask(&world.can, &["feeds"]);
        let lane = shown(&world.can)["lane"].clone();
        let feeds = feeds["feeds"].as_array().expect("feeds").iter();
        let of = |one: &&Value| one["country"] == "PHL" && one["agreement"] == lane;
        let known = feeds.into_iter().find(of).expect("the lane's feed").clone();
        let text = |field: &str| known[field].as_str().unwrap_or_default().to_owned();
        let publisher = PublisherId::from_hex(&text("publisher")).expect("a publisher");
        let feed = FeedId::new(publisher, AgreementId::from_hex(&text("agreement")).expect("an agreement"));
        let entry = EntryId::from_hex(&text("head_hash")).expect("a head");
        let seq = Seq(known["head_seq"].as_u64().expect("a head"));
        world.phl.stop();
        let passphrase = Passphrase::from_file(&world.phl.dir().join("passphrase")).expect("a passphrase");
        let home = Home::open(world.phl.dir()).expect("a directory");
        let key = home.node_key(&passphrase).expect("a key");
        Self { key, place: Place::after(&HeadRef { feed, seq, entry }) }
    }

    fn entry(&self, place: &Place, records: &[Record]) -> SignedEntry {
        let builder = EntryBuilder::new(EntryKind::Release, records.to_vec());
        let network = Network::parse(NETWORK).expect("a network");
        builder.sign(place, clock::now(), &network, &self.key).expect("an entry")
    }

    /// Connects, announces an entry and shows it ahead when its feed is asked for. Returns when the other side has taken it; or
    /// else, where there are frames to go on with, when it has proved a fork by them.
    fn shows(&self, node: &Government, newest: &SignedEntry, then: Option<&[u8]>) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (events, mut incoming) = mpsc::channel(64);
        let config = NetConfig { reconnect_min: Duration::from_millis(200), ..NetConfig::default() };
        let net = corridor::net::spawn(self.key.seed(), config, events, runtime.handle())?;
        let card = Home::open(node.dir())?.card().clone();
        let peer = NodeId(card.nodes(clock::now()).next().context("the card names no node")?.0);
        let addresses = card.body().addresses.clone();
        net.send(NetCommand::SetPartners(vec![PartnerPeer { node: peer, addresses, relay: false }]))?;
        let send = |session: u64, message: &Message| -> anyhow::Result<()> {
            let bytes = wire::encode(message)?;
            Ok(net.send(NetCommand::Send { peer, session, bytes })?)
        };
        let talk = async {
            while let Some(event) = incoming.recv().await {
                match event {
                    NetEvent::SessionOpened { session, .. } => {
                        let (features, network) = (FEATURE_LATEST, NETWORK.to_owned());
                        let window = 1 << 20;
                        send(session, &Message::Hello { versions: VERSIONS, features, network, window })?;
                        let heads = vec![HeadRef::from(newest.header())];
                        send(session, &Message::Have { heads, last: true })?;
                    }
                    NetEvent::Frame { session, bytes, .. } => match wire::decode(&bytes)? {
                        Message::Want { feed, from } if feed == self.place.feed => {
                            assert_eq!(from, Position { seq: self.place.seq, part: 0 });
                            let (seq, frames) = (newest.header().header().seq, newest.frames().to_vec());
                            send(session, &Message::Latest { feed, seq, frames })?;
                        }
                        Message::Credit { .. } => {
                            if let Some(frames) = then {
                                let (feed, from) =
                                    (self.place.feed, Position { seq: self.place.seq, part: 0 });
                                send(session, &Message::Data { feed, from, frames: frames.to_vec() })?;
                            } else {
                                return Ok(());
                            }
                        }
                        // A fork is proved to all who may read the feed, its publisher too.
                        Message::Proof { .. } => return Ok(()),
                        _ => {}
                    },
                    _ => {}
                }
            }
            bail!("the network stopped")
        };
        let result = runtime.block_on(async { timeout(Duration::from_secs(60), talk).await });
        let _stopping = net.send(NetCommand::Shutdown);
        runtime.shutdown_timeout(Duration::from_secs(1));
        result?
    }
}
