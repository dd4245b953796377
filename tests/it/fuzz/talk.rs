//! What partners say: single messages, and conversations of any kind with a replica.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use corridor::crypto::NodeSigner;
use corridor::feed::assembler::Position;
use corridor::feed::head::Place;
use corridor::feed::{
    AgreementId, EntryKind, FeedId, Frame, HeadRef, Keyring, PublisherId, Seq, SignedEntry, SignedHeader,
    VerifiedFrame,
};
use corridor::model::Millis;
use corridor::sync::{
    Config, FEATURE_LATEST, FeedState, Input, MAX_DATA, MIN_WINDOW, Message, Output, Replica, SessionId,
    VERSIONS,
};
use corridor::wire;

use super::cast::{ESP, Government, KEY, NOW, PHL, frames, keyring, network, place_after, series};
use crate::simulation::sim::random::Random;

type Examples = Vec<(String, Vec<u8>)>;

/// A message of `/corridor/sync/1`.
pub(super) fn message(bytes: &[u8]) -> bool {
    let Ok(message) = wire::decode(bytes) else { return false };
    assert!(bytes.len() <= wire::MAX_MESSAGE);
    assert_eq!(wire::encode(&message).as_deref(), Ok(bytes), "another form of a message is accepted");
    if let Some(parts) = wire::apart(bytes) {
        let Message::Data { frames, .. } = message else { panic!("what has no frames comes apart") };
        let parts = parts.iter().map(|part| match wire::decode(part) {
            Ok(Message::Data { frames, .. }) => frames,
            other => panic!("a part is {other:?}"),
        });
        assert_eq!(parts.collect::<Vec<_>>().concat(), frames, "a part is lost");
    }
    true
}

pub(super) fn message_examples() -> Examples {
    let messages = messages();
    let encoded = messages.into_iter().map(|(name, message)| {
        (name.to_owned(), wire::encode(&message).expect("a message that can be sent"))
    });
    encoded.collect()
}

fn messages() -> Vec<(&'static str, Message)> {
    let entry = &chains()[0][0];
    let (feed, head) = (PHL.feed(), HeadRef::from(entry.header()));
    let header = entry.header().to_bytes();
    let from = Position { seq: Seq(0), part: 0 };
    vec![
        ("hello", hello()),
        ("have", Message::Have { heads: vec![head, HeadRef { feed: ESP.feed(), ..head }], last: true }),
        ("want", Message::Want { feed, from }),
        ("unwant", Message::Unwant { feed }),
        ("data", Message::Data { feed, from, frames: entry.frames().to_vec() }),
        ("credit", Message::Credit { bytes: 65_536 }),
        ("ping", Message::Ping { nonce: 1 }),
        ("pong", Message::Pong { nonce: u64::MAX }),
        ("show", Message::Show { feed, seq: Seq(0) }),
        ("header", Message::Header { feed, seq: Seq(0), bytes: Some(header.clone()) }),
        ("no-header", Message::Header { feed, seq: Seq(300), bytes: None }),
        ("proof", Message::Proof { one: header.clone(), other: chains()[1][0].header().to_bytes() }),
        ("bye", Message::Bye { reason: corridor::sync::ByeReason::Stopping }),
        ("digest", Message::Digest { digest: corridor::sync::heads_digest(&[head]) }),
        ("differs", Message::Differs),
        ("latest", Message::Latest { feed, seq: Seq(0), frames: entry.frames().to_vec() }),
    ]
}

fn hello() -> Message {
    let network = network().as_str().to_owned();
    Message::Hello { versions: VERSIONS, features: 1 | FEATURE_LATEST, network, window: MIN_WINDOW }
}

// -- conversations

/// The replica's limits, small enough to be met.
const MAX_FEEDS: usize = 6;
const MAX_SESSIONS: usize = 3;
/// The most that one input makes happen.
const MAX_STEPS: usize = 300;
/// An agreement of ESP, who the replica belongs to, and PHL.
const SHARED: AgreementId = AgreementId([9; 32]);

/// The feeds that a conversation is about: PHL's public one in two branches, a shared one, our own two.
fn chains() -> &'static [Vec<SignedEntry>] {
    static CHAINS: OnceLock<Vec<Vec<SignedEntry>>> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let shared = FeedId::new(PHL.id(), SHARED);
        let house = FeedId::new(ESP.id(), AgreementId::house());
        let list = [
            (PHL, PHL.feed(), 0),
            (PHL, PHL.feed(), 1),
            (PHL, shared, 2),
            (ESP, ESP.feed(), 3),
            (ESP, house, 4),
        ];
        list.into_iter().map(|(who, feed, mark)| chain(who, feed, mark)).collect()
    })
}

fn chain(who: Government, feed: FeedId, mark: i64) -> Vec<SignedEntry> {
    let mut entries = Vec::new();
    for at in 0..4 {
        let place = place_after(&entries, feed);
        entries.push(who.entry(EntryKind::Release, &place, vec![series(KEY, &[("2017", mark * 10 + at)])]));
    }
    entries
}

/// Reads an input as what happens.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first)
    }

    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

struct Known {
    publisher: PublisherId,
    agreements: BTreeSet<AgreementId>,
    credit: u64,
}

/// A replica, and what must hold of it.
struct Watched {
    replica: Replica,
    now: Millis,
    known: BTreeMap<SessionId, Known>,
    reads: Vec<(SessionId, FeedId, Position)>,
    headers: Vec<(SessionId, FeedId, Seq)>,
    latest: Vec<(SessionId, FeedId)>,
    next: BTreeMap<FeedId, Position>,
}

/// Any inputs in any order.
pub(super) fn conversation(bytes: &[u8]) -> bool {
    let mut watched = Watched::new();
    let mut script = Script(bytes);
    let mut ready = false;
    for _ in 0..MAX_STEPS {
        if script.0.is_empty() {
            break;
        }
        let Some(input) = watched.input(&mut script) else { continue };
        watched.take(input);
        ready |= watched.replica.sessions().any(|session| session.ready);
    }
    ready
}

impl Watched {
    fn new() -> Self {
        let config = Config { max_feeds: MAX_FEEDS, max_sessions: MAX_SESSIONS, ..Config::default() };
        let state = |chain: &Vec<SignedEntry>| FeedState {
            place: place_after(&chain[..2], chain[0].header().header().feed),
            partial: Vec::new(),
            newest: Some(chain[1].header().clone()),
            fork: None,
            resolutions: Vec::new(),
        };
        let own = chains()[3..].iter().map(state).collect();
        let replica = Replica::new(config, network(), ESP.id(), Arc::new(keyring()), own);
        let (known, next) = (BTreeMap::new(), BTreeMap::new());
        let (reads, headers, latest) = (Vec::new(), Vec::new(), Vec::new());
        Self { replica, now: NOW, known, reads, headers, latest, next }
    }

    fn input(&mut self, script: &mut Script<'_>) -> Option<Input> {
        let op = script.byte();
        let session = SessionId((script.byte() % 5) as u64);
        Some(match op % 18 {
            0 => self.open(session, script),
            1 => {
                self.known.get_mut(&session)?.credit = u64::from(MIN_WINDOW);
                Input::Received { session, message: hello() }
            }
            2 => Input::Closed { session },
            3 => self.grant(script),
            4 => {
                let keyring = if script.byte().is_multiple_of(2) { keyring() } else { Keyring::default() };
                Input::Cards { keyring: Arc::new(keyring) }
            }
            5..=7 => {
                let length = script.byte() | script.byte() << 8;
                let message = wire::decode(script.bytes(length)).ok()?;
                self.heard(session, &message);
                Input::Received { session, message }
            }
            8 => Input::Received { session, message: self.data(script)? },
            9 => {
                let chain = &chains()[script.byte() % chains().len()];
                let newest = chain[script.byte() % chain.len()].header().clone();
                // The node says this of its own entries and of what it was told to append.
                (newest.header().feed.publisher == ESP.id()).then_some(Input::Stored { newest })?
            }
            10 => Input::Abandoned { feed: some_feed(script) },
            11 => self.answer(script)?,
            12 => {
                let (session, feed, seq) = self.headers.pop()?;
                let chain = chains().iter().find(|chain| chain[0].header().header().feed == feed)?;
                let entry = chain.get(usize::try_from(seq.0).ok()?);
                Input::HeaderRead { session, feed, seq, header: entry.map(|one| one.header().clone()) }
            }
            16 => Input::Urgent { agreements: agreements(script.byte()) },
            17 => {
                let (session, feed) = self.latest.pop()?;
                let chain = chains().iter().find(|chain| chain[0].header().header().feed == feed)?;
                let seq = script.byte() % chain.len();
                let frames =
                    if script.byte().is_multiple_of(4) { Vec::new() } else { chain[seq].frames().to_vec() };
                Input::LatestRead { session, feed, seq: Seq(seq as u64), frames }
            }
            13 | 14 => {
                let messages = messages();
                let message = messages[script.byte() % messages.len()].1.clone();
                self.heard(session, &message);
                Input::Received { session, message }
            }
            _ => {
                self.now = self.now.saturating_add((script.byte() as i64) << (script.byte() % 10));
                Input::Tick
            }
        })
    }

    fn open(&mut self, session: SessionId, script: &mut Script<'_>) -> Input {
        let who = if script.byte().is_multiple_of(3) { ESP } else { PHL };
        let agreements = agreements(script.byte());
        let known = Known { publisher: who.id(), agreements: agreements.clone(), credit: 0 };
        self.known.insert(session, known);
        Input::Opened { session, node: who.node().public_key(), publisher: who.id(), agreements }
    }

    fn grant(&mut self, script: &mut Script<'_>) -> Input {
        let (publisher, agreements) = (PHL.id(), agreements(script.byte()));
        let of = self.known.values_mut().filter(|known| known.publisher == publisher);
        of.for_each(|known| known.agreements.clone_from(&agreements));
        Input::Granted { publisher, agreements }
    }

    /// What a message lets us send.
    fn heard(&mut self, session: SessionId, message: &Message) {
        let Some(known) = self.known.get_mut(&session) else { return };
        match message {
            Message::Hello { window, .. } => known.credit = known.credit.max(u64::from(*window)),
            Message::Credit { bytes } => known.credit += u64::from(*bytes),
            Message::Have { .. }
            | Message::Digest { .. }
            | Message::Differs
            | Message::Want { .. }
            | Message::Unwant { .. }
            | Message::Data { .. }
            | Message::Latest { .. }
            | Message::Ping { .. }
            | Message::Pong { .. }
            | Message::Show { .. }
            | Message::Header { .. }
            | Message::Proof { .. }
            | Message::Resolution { .. }
            | Message::Bye { .. } => {}
        }
    }

    /// The frames that the replica lacks next of a feed, or a changed one of them.
    fn data(&mut self, script: &mut Script<'_>) -> Option<Message> {
        let chain = &chains()[script.byte() % chains().len()];
        let feed = chain[0].header().header().feed;
        let from = self.replica.position(&feed).unwrap_or(Position { seq: Seq(0), part: 0 });
        let entry = chain.get(usize::try_from(from.seq.0).ok()?)?;
        let rest: Vec<&[u8]> =
            frames(entry.frames()).iter().skip(from.part as usize).map(|frame| frame.bytes).collect();
        let mut bytes = rest.concat();
        let (flip, at) = (script.byte(), script.byte() << 4 | script.byte());
        if flip.is_multiple_of(4) && !bytes.is_empty() {
            let at = at % bytes.len();
            bytes[at] ^= 1 << (flip % 8);
        }
        Some(Message::Data { feed, from, frames: bytes })
    }

    /// An answer of the store: what is there, nothing, or what it should not say.
    fn answer(&mut self, script: &mut Script<'_>) -> Option<Input> {
        let (session, feed, from) = self.reads.pop()?;
        let chain = chains().iter().find(|chain| chain[0].header().header().feed == feed)?;
        let entry = chain.get(usize::try_from(from.seq.0).unwrap_or(usize::MAX));
        let frames = match (script.byte() % 4, entry) {
            (0, _) | (_, None) => Vec::new(),
            (1, Some(_)) => vec![7; MAX_DATA as usize],
            (_, Some(entry)) => entry.frames().to_vec(),
        };
        Some(Input::Read { session, feed, from, next: Position { seq: from.seq.next(), part: 0 }, frames })
    }

    fn take(&mut self, input: Input) {
        for output in self.replica.handle(input, self.now) {
            match output {
                Output::Send { session, message } => self.check_message(session, &message),
                Output::Append { frame } => self.check_append(&frame),
                Output::Read { session, feed, from, limit } => {
                    assert!(limit <= MAX_DATA);
                    self.reads.push((session, feed, from));
                }
                Output::ReadHeader { session, feed, seq } => self.headers.push((session, feed, seq)),
                Output::ReadLatest { session, feed, limit, .. } => {
                    assert!(limit <= MAX_DATA);
                    self.latest.push((session, feed));
                }
                Output::Latest { header, frames } => self.check_latest(&header, &frames),
                Output::Fork(fork) => assert_eq!(fork.feed(), PHL.feed(), "an honest publisher is blamed"),
                Output::Resolution(_) => unreachable!("nobody here resolves a fork"),
                Output::Close { .. } | Output::Event(_) => {}
            }
        }
        self.check_bounds();
    }

    fn check_message(&mut self, session: SessionId, message: &Message) {
        assert!(wire::encode(message).is_ok(), "a message that cannot be sent");
        let Some(known) = self.known.get_mut(&session) else { return };
        let tells = |feed: &FeedId| {
            assert!(known.agreements.contains(&feed.agreement), "{feed} is not for this partner");
            let house = feed.agreement == AgreementId::house();
            assert!(!house || known.publisher == ESP.id(), "the house leaks");
        };
        match message {
            Message::Have { heads, .. } => heads.iter().for_each(|head| tells(&head.feed)),
            Message::Data { feed, frames, .. } | Message::Latest { feed, frames, .. } => {
                tells(feed);
                let rest = known.credit.checked_sub(frames.len() as u64);
                known.credit = rest.expect("no more is sent than was granted");
            }
            Message::Header { feed, .. } => tells(feed),
            Message::Proof { .. } => tells(&PHL.feed()),
            Message::Hello { .. }
            | Message::Want { .. }
            | Message::Show { .. }
            | Message::Digest { .. }
            | Message::Differs
            | Message::Unwant { .. }
            | Message::Credit { .. }
            | Message::Ping { .. }
            | Message::Pong { .. }
            | Message::Resolution { .. }
            | Message::Bye { .. } => {}
        }
    }

    fn check_latest(&self, header: &SignedHeader, frames: &[u8]) {
        let feed = header.header().feed;
        assert_ne!(feed.publisher, ESP.id(), "our own feed is shown by others");
        let genuine = chains().iter().flatten().find(|entry| entry.header().id() == header.id());
        let genuine = genuine.expect("nothing is shown that nobody has signed");
        assert_eq!(genuine.frames(), frames, "other frames than were signed");
        let next = self.next.get(&feed).map_or(Seq(0), |next| next.seq);
        assert!(next < header.header().seq, "{feed}: what is shown is not ahead");
    }

    fn check_append(&mut self, frame: &VerifiedFrame) {
        let header = frame.entry().header();
        let feed = header.header().feed;
        assert_ne!(feed.publisher, ESP.id(), "our own feed is taken from others");
        let genuine = chains().iter().flatten().find(|entry| entry.header().id() == header.id());
        let genuine = genuine.expect("nothing is appended that nobody has signed");
        let frames = frames(genuine.frames());
        assert_eq!(frames[frame.part() as usize].bytes, frame.bytes(), "another frame than was signed");
        let this = Position { seq: header.header().seq, part: frame.part() };
        let expected = self.next.get(&feed).copied().unwrap_or(Position { seq: Seq(0), part: 0 });
        let anew = Position { part: 0, ..expected };
        assert!(this == expected || this == anew, "{feed}: {this:?} where {expected:?} is next");
        let next = if frame.completes() {
            Position { seq: this.seq.next(), part: 0 }
        } else {
            Position { part: this.part + 1, ..this }
        };
        self.next.insert(feed, next);
    }

    fn check_bounds(&self) {
        let sessions: Vec<SessionId> = self.replica.sessions().map(|status| status.session).collect();
        assert!(sessions.len() <= MAX_SESSIONS);
        for session in sessions {
            assert!(self.replica.announced(session).count() <= MAX_FEEDS);
            assert!(self.replica.served(session).count() <= MAX_FEEDS);
        }
        assert!(self.replica.heads().count() <= MAX_FEEDS + 2);
        assert!(self.replica.frozen().count() <= MAX_FEEDS + 2);
        let _wakes = self.replica.next_wakeup();
    }
}

fn agreements(bits: usize) -> BTreeSet<AgreementId> {
    let all = [AgreementId::public(), SHARED, AgreementId::house()];
    all.into_iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, id)| id).collect()
}

fn some_feed(script: &mut Script<'_>) -> FeedId {
    chains()[script.byte() % chains().len()][0].header().header().feed
}

/// Conversations that begin as partners do and go on by chance.
pub(super) fn conversation_examples() -> Examples {
    let mut random = Random::new(11);
    let mut some = |name: &str, steps: usize| {
        // PHL's node, which may read everything but the house.
        let mut bytes = vec![0, 0, 1, 3, 1, 0];
        for _ in 0..steps {
            bytes.push(random.below(18) as u8);
            bytes.push(random.below(3) as u8);
            if matches!(bytes[bytes.len() - 2], 5..=7) {
                let all = messages();
                let message = wire::encode(&random.pick(&all).1).expect("a message that can be sent");
                bytes.extend((message.len() as u16).to_le_bytes());
                bytes.extend(message);
            } else {
                bytes.extend(&random.bytes32()[..4]);
            }
        }
        (name.to_owned(), bytes)
    };
    let mut all = vec![some("short", 12), some("longer", 40), some("long", 120)];
    all.push(("pull".to_owned(), pull()));
    all
}

/// Everything of PHL's public feed comes, and the other branch of it after that.
fn pull() -> Vec<u8> {
    let mut bytes = vec![0, 0, 1, 3, 1, 0];
    let have = |entry: &SignedEntry| Message::Have { heads: vec![HeadRef::from(entry.header())], last: true };
    let mut say = |message: Message| {
        let message = wire::encode(&message).expect("a message that can be sent");
        bytes.extend([5, 0]);
        bytes.extend((message.len() as u16).to_le_bytes());
        bytes.extend(message);
    };
    say(have(&chains()[0][3]));
    let mut place = Place::first(PHL.feed());
    for entry in &chains()[0] {
        let from = Position { seq: place.seq, part: 0 };
        say(Message::Data { feed: place.feed, from, frames: entry.frames().to_vec() });
        place = Place::after(&HeadRef::from(entry.header()));
    }
    say(have(&chains()[1][3]));
    let bytes_of = chains()[1][3].header().to_bytes();
    say(Message::Header { feed: PHL.feed(), seq: Seq(3), bytes: Some(bytes_of) });
    assert!(Frame::read(chains()[0][0].frames()).is_ok());
    bytes
}
