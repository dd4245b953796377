//! Any inputs in any order: what must hold after each.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::sync::config::MAX_DATA;

/// Small limits, so that they are met.
const MAX_FEEDS: usize = 5;
const MAX_SESSIONS: usize = 3;

/// An input by small numbers, made into a real one when its turn comes.
#[derive(Clone, Debug)]
enum Step {
    Open(u64, usize),
    Greet(u64),
    Close(u64),
    Grant(usize, u8),
    Cards(bool),
    Have(u64, usize, usize),
    HaveUnknown(u64, u8),
    Want(u64, usize, u64, u32),
    Unwant(u64, usize),
    Data(u64, usize, usize, usize),
    DataWanted(u64, usize),
    Junk(u64, usize, u16),
    Credit(u64, u32),
    Ping(u64),
    Pong(u64, u64),
    Show(u64, usize, u64),
    Header(u64, usize, usize),
    Proof(u64, usize, usize),
    Stored(usize, usize),
    Abandon(usize),
    AnswerReads(u16),
    Urgent(bool),
    Latest(u64, usize, usize),
    AnswerLatest(usize, bool),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let s = || 0..5_u64;
    let f = || 0..FEEDS;
    let e = || 0..4_usize;
    prop_oneof![
        3 => (s(), 0..3_usize).prop_map(|(s, who)| Step::Open(s, who)),
        6 => s().prop_map(Step::Greet),
        1 => s().prop_map(Step::Close),
        1 => (0..3_usize, 0..8_u8).prop_map(|(who, bits)| Step::Grant(who, bits)),
        1 => any::<bool>().prop_map(Step::Cards),
        6 => (s(), f(), e()).prop_map(|(s, f, e)| Step::Have(s, f, e)),
        1 => (s(), any::<u8>()).prop_map(|(s, n)| Step::HaveUnknown(s, n)),
        5 => (s(), f(), 0..4_u64, 0..3_u32).prop_map(|(s, f, seq, part)| Step::Want(s, f, seq, part)),
        1 => (s(), f()).prop_map(|(s, f)| Step::Unwant(s, f)),
        2 => (s(), f(), e(), 0..3_usize).prop_map(|(s, f, e, skip)| Step::Data(s, f, e, skip)),
        8 => (s(), f()).prop_map(|(s, f)| Step::DataWanted(s, f)),
        1 => (s(), f(), any::<u16>()).prop_map(|(s, f, n)| Step::Junk(s, f, n)),
        3 => (s(), 0..MAX_DATA).prop_map(|(s, bytes)| Step::Credit(s, bytes)),
        1 => s().prop_map(Step::Ping),
        1 => (s(), 0..4_u64).prop_map(|(s, nonce)| Step::Pong(s, nonce)),
        1 => (s(), f(), 0..4_u64).prop_map(|(s, f, seq)| Step::Show(s, f, seq)),
        1 => (s(), f(), e()).prop_map(|(s, f, e)| Step::Header(s, f, e)),
        1 => (s(), f(), e()).prop_map(|(s, f, e)| Step::Proof(s, f, e)),
        3 => (f(), e()).prop_map(|(f, e)| Step::Stored(f, e)),
        2 => f().prop_map(Step::Abandon),
        6 => any::<u16>().prop_map(Step::AnswerReads),
        1 => any::<bool>().prop_map(Step::Urgent),
        4 => (s(), f(), e()).prop_map(|(s, f, e)| Step::Latest(s, f, e)),
        3 => (e(), any::<bool>()).prop_map(|(e, some)| Step::AnswerLatest(e, some)),
        2 => (0..20_000_i64).prop_map(Step::Pass),
    ]
}

/// The feeds that steps are about; the last one is a second branch of the one before it.
const FEEDS: usize = 6;

fn feeds() -> &'static Vec<Vec<SignedEntry>> {
    static CHAINS: OnceLock<Vec<Vec<SignedEntry>>> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let house = FeedId::new(id(US), AgreementId::house());
        let shared = FeedId::new(id(PUBLISHER), SHARED);
        let secret = FeedId::new(id(US), AgreementId([1; 32]));
        let list = [(public(US), US, 0), (house, US, 0), (secret, US, 0), (shared, PUBLISHER, 0)];
        let forked = [(public(THIRD), THIRD, 1), (public(THIRD), THIRD, 2)];
        list.into_iter().chain(forked).map(|(feed, who, mark)| chain(feed, who, mark, 4)).collect()
    })
}

fn feed_of(index: usize) -> FeedId {
    feeds()[index][0].header().header().feed
}

/// What the test knows of a session beside the replica.
#[derive(Clone, Debug)]
struct Known {
    publisher: PublisherId,
    agreements: BTreeSet<AgreementId>,
    credit: u64,
}

/// The replica, and what must hold of it.
struct Watched {
    bench: Bench,
    known: BTreeMap<u64, Known>,
    reads: Vec<(SessionId, FeedId, Position)>,
    latest: Vec<(SessionId, FeedId)>,
    appended: BTreeMap<FeedId, Position>,
}

impl Watched {
    fn new() -> Self {
        let mut bench = Bench::holding(&feeds()[0][..2]);
        let config = Config { max_feeds: MAX_FEEDS, max_sessions: MAX_SESSIONS, ..Config::default() };
        let mut states: Vec<FeedState> = Vec::new();
        for chain in &feeds()[..3] {
            let newest = Some(chain[1].header().clone());
            let place = Place::after(&head(&chain[1]));
            states.push(FeedState {
                place,
                partial: Vec::new(),
                newest,
                fork: None,
                resolutions: Vec::new(),
            });
        }
        let keyring = keyring(&[US, PUBLISHER, THIRD]);
        bench.replica = Replica::new(config, network(), id(US), keyring, states);
        Self {
            bench,
            known: BTreeMap::new(),
            reads: Vec::new(),
            latest: Vec::new(),
            appended: BTreeMap::new(),
        }
    }

    fn agreements(bits: u8) -> BTreeSet<AgreementId> {
        let all = [AgreementId::public(), SHARED, AgreementId::house()];
        all.into_iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, id)| id).collect()
    }

    fn input_of(&mut self, step: Step) -> Option<Input> {
        let received = |session, message| Some(Input::Received { session: SessionId(session), message });
        match step {
            Step::Open(session, who) => {
                let agreements = Self::agreements(7);
                let known = Known { publisher: id(who), agreements: agreements.clone(), credit: 0 };
                self.known.insert(session, known);
                let (node, publisher) = (node_key(who).public_key(), id(who));
                Some(Input::Opened { session: SessionId(session), node, publisher, agreements })
            }
            Step::Greet(session) => {
                self.known.get_mut(&session)?.credit = u64::from(MIN_WINDOW);
                let mut hello = self.bench.hello();
                if let Message::Hello { features, .. } = &mut hello {
                    *features = FEATURE_LATEST;
                }
                received(session, hello)
            }
            Step::Close(session) => Some(Input::Closed { session: SessionId(session) }),
            Step::Grant(who, bits) => {
                let (publisher, agreements) = (id(who), Self::agreements(bits));
                let of = self.known.values_mut().filter(|known| known.publisher == publisher);
                of.for_each(|known| known.agreements.clone_from(&agreements));
                Some(Input::Granted { publisher, agreements })
            }
            Step::Cards(all) => {
                let who: &[usize] = if all { &[US, PUBLISHER, THIRD] } else { &[US] };
                Some(Input::Cards { keyring: keyring(who) })
            }
            Step::Have(..)
            | Step::HaveUnknown(..)
            | Step::Want(..)
            | Step::Unwant(..)
            | Step::Data(..)
            | Step::DataWanted(..)
            | Step::Junk(..)
            | Step::Credit(..)
            | Step::Ping(..)
            | Step::Pong(..)
            | Step::Show(..)
            | Step::Header(..)
            | Step::Proof(..)
            | Step::Latest(..) => {
                let (session, message) = self.message_of(step)?;
                received(session, message)
            }
            Step::Stored(f, e) => {
                let ours = feed_of(f).publisher == id(US);
                ours.then(|| Input::Stored { newest: feeds()[f][e].header().clone() })
            }
            Step::Abandon(f) => Some(Input::Abandoned { feed: feed_of(f) }),
            Step::AnswerReads(length) => {
                let (session, feed, from) = self.reads.pop()?;
                let next = at(from.seq.0 + 1, 0);
                Some(Input::Read { session, feed, from, next, frames: vec![0; usize::from(length)] })
            }
            Step::Urgent(some) => {
                let agreements = if some { Self::agreements(7) } else { BTreeSet::new() };
                Some(Input::Urgent { agreements })
            }
            Step::AnswerLatest(e, some) => {
                let (session, feed) = self.latest.pop()?;
                let chain = feeds().iter().find(|chain| chain[0].header().header().feed == feed)?;
                let frames = if some { chain[e].frames().to_vec() } else { Vec::new() };
                Some(Input::LatestRead { session, feed, seq: Seq(e as u64), frames })
            }
            Step::Pass(millis) => {
                self.bench.now = self.bench.now.saturating_add(millis);
                Some(Input::Tick)
            }
        }
    }

    /// The message of a step that is one.
    fn message_of(&mut self, step: Step) -> Option<(u64, Message)> {
        let header = |f: usize, e: usize| feeds()[f][e].header().to_bytes();
        let (session, message) = match step {
            Step::Have(session, f, e) => {
                (session, Message::Have { heads: vec![head(&feeds()[f][e])], last: true })
            }
            Step::HaveUnknown(session, n) => {
                let feed = FeedId::new(PublisherId([n; 32]), AgreementId::public());
                let head = HeadRef { feed, seq: Seq(u64::MAX), entry: crate::feed::EntryId([n; 32]) };
                (session, Message::Have { heads: vec![head], last: false })
            }
            Step::Want(session, f, seq, part) => (session, want(feed_of(f), at(seq, part))),
            Step::Unwant(session, f) => (session, Message::Unwant { feed: feed_of(f) }),
            Step::Data(session, f, e, skip) => {
                let frames = frames(&feeds()[f][e])[skip..].concat();
                (session, Message::Data { feed: feed_of(f), from: at(e as u64, skip as u32), frames })
            }
            Step::DataWanted(session, f) => {
                let from = self.bench.replica.position(&feed_of(f))?;
                let entry = feeds()[f].get(from.seq.0 as usize)?;
                let frames = frames(entry)[from.part as usize..].concat();
                (session, Message::Data { feed: feed_of(f), from, frames })
            }
            Step::Junk(session, f, length) => {
                let frames = vec![3; usize::from(length) + 1_000];
                (session, Message::Data { feed: feed_of(f), from: at(0, 0), frames })
            }
            Step::Credit(session, bytes) => {
                self.known.get_mut(&session)?.credit += u64::from(bytes);
                (session, Message::Credit { bytes })
            }
            Step::Ping(session) => (session, Message::Ping { nonce: 1 }),
            Step::Pong(session, nonce) => (session, Message::Pong { nonce }),
            Step::Show(session, f, seq) => (session, Message::Show { feed: feed_of(f), seq: Seq(seq) }),
            Step::Header(session, f, e) => {
                (session, Message::Header { feed: feed_of(f), seq: Seq(e as u64), bytes: Some(header(f, e)) })
            }
            Step::Proof(session, f, e) => {
                (session, Message::Proof { one: header(f, e), other: header(FEEDS - 1, e) })
            }
            Step::Latest(session, f, e) => {
                let frames = feeds()[f][e].frames().to_vec();
                (session, Message::Latest { feed: feed_of(f), seq: Seq(e as u64), frames })
            }
            Step::Open(..)
            | Step::Urgent(_)
            | Step::AnswerLatest(..)
            | Step::Greet(_)
            | Step::Close(_)
            | Step::Grant(..)
            | Step::Cards(_)
            | Step::Stored(..)
            | Step::Abandon(_)
            | Step::AnswerReads(_)
            | Step::Pass(_) => return None,
        };
        Some((session, message))
    }

    /// Takes a step and looks at everything that came of it.
    fn take(&mut self, step: Step) {
        let Some(input) = self.input_of(step) else { return };
        for output in self.bench.input(input) {
            match output {
                Output::Send { session, message } => self.check_message(session.0, &message),
                Output::Append { frame } => self.check_append(&frame),
                Output::Read { session, feed, from, limit } => {
                    assert!(limit <= MAX_DATA);
                    let twice = self.reads.iter().any(|(s, f, _)| (*s, *f) == (session, feed));
                    let alive = self.bench.replica.sessions().any(|status| status.session == session);
                    assert!(!(twice && alive) || self.known.contains_key(&session.0), "two reads of {feed}");
                    self.reads.push((session, feed, from));
                }
                Output::ReadLatest { session, feed, .. } => self.latest.push((session, feed)),
                Output::Latest { header, .. } => {
                    let (feed, seq) = (header.header().feed, header.header().seq);
                    assert_ne!(feed.publisher, id(US), "our own feed is shown by others");
                    let next = self.appended.get(&feed).map_or(Seq(0), |next| next.seq);
                    assert!(next < seq, "{feed}: {seq} is not ahead of {next}");
                }
                Output::Close { .. }
                | Output::ReadHeader { .. }
                | Output::Fork(_)
                | Output::Resolution(_)
                | Output::Event(_) => {}
            }
        }
        self.check_bounds();
    }

    fn check_message(&mut self, session: u64, message: &Message) {
        let Some(known) = self.known.get_mut(&session) else { return };
        let tells = |feed: &FeedId| {
            assert!(known.agreements.contains(&feed.agreement), "{feed} is not for {session}");
            assert!(feed.agreement != AgreementId::house() || known.publisher == id(US), "the house leaks");
        };
        match message {
            Message::Have { heads, .. } => heads.iter().for_each(|head| tells(&head.feed)),
            Message::Data { feed, frames, .. } | Message::Latest { feed, frames, .. } => {
                tells(feed);
                let rest = known.credit.checked_sub(frames.len() as u64);
                known.credit = rest.expect("no more is sent than was granted");
            }
            Message::Header { feed, .. } | Message::Want { feed, .. } | Message::Show { feed, .. } => {
                tells(feed)
            }
            Message::Proof { .. } => tells(&public(THIRD)),
            Message::Hello { .. }
            | Message::Digest { .. }
            | Message::Differs
            | Message::Resolution { .. }
            | Message::Unwant { .. }
            | Message::Credit { .. }
            | Message::Ping { .. }
            | Message::Pong { .. }
            | Message::Bye { .. } => {}
        }
    }

    fn check_append(&mut self, frame: &crate::feed::VerifiedFrame) {
        let header = frame.entry().header().header();
        let feed = header.feed;
        assert_ne!(feed.publisher, id(US), "our own feed is taken from others");
        assert!(
            !self.bench.replica.frozen().any(|fork| fork.feed() == feed) || self.appended.contains_key(&feed)
        );
        let expected = self.appended.get(&feed).copied().unwrap_or(at(0, 0));
        let this = Position { seq: header.seq, part: frame.part() };
        assert!(
            this == expected || this == at(expected.seq.0, 0),
            "{feed}: {this:?} where {expected:?} is next"
        );
        let next = if frame.completes() { at(this.seq.0 + 1, 0) } else { at(this.seq.0, this.part + 1) };
        self.appended.insert(feed, next);
    }

    fn check_bounds(&self) {
        let replica = &self.bench.replica;
        assert!(replica.sessions.len() <= MAX_SESSIONS);
        assert!(replica.feeds.len() <= MAX_FEEDS + 3, "{} feeds", replica.feeds.len());
        assert!(replica.held.len() <= replica.feeds.len() && replica.lagging.len() <= replica.feeds.len());
        assert!(replica.out.is_empty());
        for session in replica.sessions.values() {
            let (pull, serve) = (&session.pull, &session.serve);
            let lists = [session.announced.len(), pull.asked.len(), serve.wanted.len(), serve.waiting()];
            assert!(lists.into_iter().all(|length| length <= MAX_FEEDS), "{lists:?}");
            assert!(pull.asked.keys().all(|feed| replica.source(feed).is_some()));
            let reads = serve.reading.len() + serve.ahead.reading.len();
            assert!(serve.ahead.due.len() + serve.ahead.reading.len() <= 2 * MAX_FEEDS);
            assert!(reads as u64 * u64::from(MAX_DATA) + serve.credit <= serve.window);
        }
        for (feed, state) in &replica.feeds {
            let pulled = replica.sessions.iter().filter(|(_, session)| session.pull.asked.contains_key(feed));
            let pulled: Vec<SessionId> = pulled.map(|(id, _)| *id).collect();
            assert_eq!(pulled, state.source.into_iter().collect::<Vec<_>>(), "{feed} has one source");
            assert!(state.fork.is_none() || state.source.is_none(), "{feed} is frozen");
            assert_eq!(state.assembler.is_some(), state.in_entry(), "{feed}: an idle assembler is kept");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_breaks_a_replica(steps in proptest::collection::vec(step(), 1..120)) {
        let mut watched = Watched::new();
        steps.into_iter().for_each(|step| watched.take(step));
    }
}
