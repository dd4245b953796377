//! The newest entry of an urgent feed goes ahead of its history, and is shown and nothing else.

use std::collections::VecDeque;

use super::*;
use crate::feed::EntryFault;
use crate::sync::config::{MAX_DATA, PROMPT};

const LANE: AgreementId = SHARED;
const S: SessionId = SessionId(1);

fn lane(who: usize) -> FeedId {
    FeedId::new(id(who), LANE)
}

fn state(entries: &[SignedEntry]) -> FeedState {
    let newest = entries.last().unwrap().header().clone();
    FeedState {
        place: Place::after(&HeadRef::from(&newest)),
        partial: Vec::new(),
        newest: Some(newest),
        fork: None,
        resolutions: Vec::new(),
    }
}

fn urgent(bench: &mut Bench) {
    bench.input(Input::Urgent { agreements: BTreeSet::from([LANE]) });
}

fn greet(bench: &mut Bench, who: usize, features: u64) {
    bench.opened(1, who);
    let network = network().as_str().to_owned();
    bench.hear(1, Message::Hello { versions: VERSIONS, features, network, window: 4 * MAX_DATA });
}

// -- the side that has it

/// A replica with a lane's feed of four entries, and a partner with these features.
fn serving(features: u64) -> Bench {
    let mut bench = Bench::holding(&chain(lane(US), US, 0, 4));
    urgent(&mut bench);
    greet(&mut bench, PUBLISHER, features);
    bench
}

fn read(from: Position) -> Output {
    Output::Read { session: S, feed: lane(US), from, limit: MAX_DATA }
}

fn read_latest(from: Position) -> Output {
    Output::ReadLatest { session: S, feed: lane(US), from, limit: MAX_DATA }
}

fn answer(bench: &mut Bench, seq: u64, frames: &[u8]) -> Vec<Output> {
    bench.input(Input::LatestRead { session: S, feed: lane(US), seq: Seq(seq), frames: frames.to_vec() })
}

#[test]
fn the_newest_entry_goes_first_and_its_history_when_that_is_taken() {
    let mut bench = serving(FEATURE_LATEST);
    assert_eq!(bench.hear(1, want(lane(US), at(0, 0))), [read_latest(at(0, 0))]);
    let newest = chain(lane(US), US, 0, 4).pop().unwrap();
    let frames = newest.frames().to_vec();
    let message = Message::Latest { feed: lane(US), seq: Seq(3), frames: frames.clone() };
    assert_eq!(answer(&mut bench, 3, &frames), [Output::Send { session: S, message }]);
    let bytes = u32::try_from(frames.len()).unwrap();
    assert_eq!(bench.hear(1, Message::Credit { bytes }), [read(at(0, 0))]);
}

#[test]
fn where_nothing_can_be_shown_ahead_history_goes_at_once() {
    let mut bench = serving(FEATURE_LATEST);
    bench.hear(1, want(lane(US), at(0, 0)));
    assert_eq!(answer(&mut bench, 0, &[]), [read(at(0, 0))]);
    // What comes next anyway, and what is too long, is not sent either.
    let entry = chain(lane(US), US, 0, 1).pop().unwrap();
    let too_long = vec![0; MAX_DATA as usize + 1];
    for (seq, frames) in [(0, entry.frames()), (3, too_long.as_slice())] {
        let mut bench = serving(FEATURE_LATEST);
        bench.hear(1, want(lane(US), at(0, 0)));
        assert_eq!(answer(&mut bench, seq, frames), [read(at(0, 0))]);
    }
}

#[test]
fn nothing_goes_ahead_to_who_does_not_know_it_or_lacks_one_entry_or_of_what_can_wait() {
    assert_eq!(serving(0).hear(1, want(lane(US), at(0, 0))), [read(at(0, 0))]);
    assert_eq!(serving(FEATURE_LATEST).hear(1, want(lane(US), at(3, 0))), [read(at(3, 0))]);
    let mut routine = serving(FEATURE_LATEST);
    routine.input(Input::Urgent { agreements: BTreeSet::new() });
    assert_eq!(routine.hear(1, want(lane(US), at(0, 0))), [read(at(0, 0))]);
}

#[test]
fn it_goes_ahead_once_in_a_session() {
    let mut bench = serving(FEATURE_LATEST);
    bench.hear(1, want(lane(US), at(0, 0)));
    bench.hear(1, Message::Unwant { feed: lane(US) });
    assert_eq!(answer(&mut bench, 3, &[7]), [], "it is not wanted any more");
    assert_eq!(bench.hear(1, want(lane(US), at(0, 0))), [read(at(0, 0))]);
    assert_eq!(answer(&mut bench, 3, &[7]), [], "nobody has asked for it");
}

#[test]
fn a_courier_gets_none() {
    let mut bench = serving(FEATURE_LATEST);
    bench.input(Input::Carries { publisher: id(PUBLISHER), agreements: BTreeSet::from([LANE]) });
    assert_eq!(bench.hear(1, want(lane(US), at(0, 0))), [read(at(0, 0))]);
}

// -- the side that gets it

/// A replica that pulls a lane's feed of so many entries, of which it has none.
fn pulling(entries: &[SignedEntry]) -> Bench {
    let mut bench = Bench::new(Vec::new());
    urgent(&mut bench);
    greet(&mut bench, PUBLISHER, FEATURE_LATEST);
    let outputs = bench.have(1, entries.last().unwrap());
    assert_eq!(sent(&outputs), [(1, want(lane(PUBLISHER), at(0, 0)))]);
    bench
}

fn latest(seq: u64, frames: &[u8]) -> Message {
    Message::Latest { feed: lane(PUBLISHER), seq: Seq(seq), frames: frames.to_vec() }
}

fn shown(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::Latest { .. })).count()
}

#[test]
fn it_is_shown_and_comes_again_in_its_place() {
    let entries = chain(lane(PUBLISHER), PUBLISHER, 0, 4);
    let mut bench = pulling(&entries);
    let newest = entries[3].frames();
    let outputs = bench.hear(1, latest(3, newest));
    let header = entries[3].header().clone();
    assert_eq!(outputs[0], Output::Latest { header, frames: newest.to_vec() });
    let bytes = u32::try_from(newest.len()).unwrap();
    assert_eq!(sent(&outputs), [(1, Message::Credit { bytes })], "what waits for that goes on");
    assert_eq!(bench.replica.position(&lane(PUBLISHER)), Some(at(0, 0)), "nothing of it counts as held");
    let all: Vec<Vec<u8>> = entries.iter().flat_map(frames).collect();
    let outputs = bench.data(1, at(0, 0), lane(PUBLISHER), &all);
    assert_eq!((appended(&outputs), closed(&outputs)), (all.len(), None));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Fork(_))), "{outputs:?}");
}

#[test]
fn what_no_honest_node_sends_ends_the_session() {
    let entries = chain(lane(PUBLISHER), PUBLISHER, 0, 4);
    let good = entries[3].frames();
    let other = chain(lane(THIRD), THIRD, 0, 4);
    let altered = |at: usize| {
        let mut bytes = good.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let last = frames(&entries[3]).pop().unwrap().len();
    let half = &good[..good.len() - last];
    let no_head = &good[frames(&entries[3])[0].len()..];
    let two = [good, entries[2].frames()].concat();
    let wrong: Vec<(&str, Message)> = vec![
        ("an altered header", latest(3, &altered(20))),
        ("an altered record", latest(3, &altered(good.len() - 1))),
        ("another feed's entry", latest(3, other[3].frames())),
        ("another entry than is said", latest(2, good)),
        ("a part", latest(3, half)),
        ("no beginning", latest(3, no_head)),
        ("more than one", latest(3, &two)),
        ("nothing", latest(3, &[])),
        (
            "of a feed that was not asked for",
            Message::Latest { feed: lane(THIRD), seq: Seq(3), frames: good.to_vec() },
        ),
        ("more than a message holds", latest(3, &vec![0; MAX_DATA as usize + 1])),
    ];
    for (what, message) in wrong {
        let outputs = pulling(&entries).hear(1, message);
        assert!(closed(&outputs).is_some_and(Fault::is_hostile), "{what}: {outputs:?}");
        assert_eq!(shown(&outputs), 0, "{what}");
    }
    let mut bench = pulling(&entries);
    bench.hear(1, latest(3, good));
    let outputs = bench.hear(1, latest(3, good));
    assert_eq!(closed(&outputs), Some(&Fault::Unasked { feed: lane(PUBLISHER) }), "twice");
}

#[test]
fn what_need_not_be_the_sessions_fault_is_not_shown_and_its_bytes_are_granted_again() {
    let entries = chain(lane(PUBLISHER), PUBLISHER, 0, 4);
    let place = Place::after(&head(&entries[2]));
    let future = entry(PUBLISHER, &place, NOW.saturating_add(3_600_000), (0, 2));
    let unmandated = entry(THIRD, &place, NOW, (0, 2));
    let quiet = |bench: &mut Bench, seq: u64, frames: &[u8], what: &str| {
        let outputs = bench.hear(1, latest(seq, frames));
        let bytes = u32::try_from(frames.len()).unwrap();
        assert_eq!(sent(&outputs), [(1, Message::Credit { bytes })], "{what}");
        assert_eq!((shown(&outputs), closed(&outputs)), (0, None), "{what}");
    };
    quiet(&mut pulling(&entries), 3, future.frames(), "dated in the future");
    quiet(&mut pulling(&entries), 3, unmandated.frames(), "signed by a key that may not");
    quiet(&mut pulling(&entries[..3]), 3, entries[3].frames(), "further than was announced");
    quiet(&mut pulling(&entries), 0, entries[0].frames(), "the next one");
    let mut bench = pulling(&entries);
    bench.input(Input::Urgent { agreements: BTreeSet::new() });
    quiet(&mut bench, 3, entries[3].frames(), "no longer urgent");
}

#[test]
fn what_came_when_it_was_no_longer_asked_for_is_no_fault() {
    let entries = chain(lane(PUBLISHER), PUBLISHER, 0, 4);
    let mut bench = pulling(&entries);
    // The government is removed, and its feed not asked for any more.
    bench.input(Input::Cards { keyring: keyring(&[US, THIRD]) });
    let outputs = bench.hear(1, latest(3, entries[3].frames()));
    assert_eq!((shown(&outputs), closed(&outputs)), (0, None), "{outputs:?}");
}

#[test]
fn another_entry_in_its_place_is_a_fork() {
    let entries = chain(lane(PUBLISHER), PUBLISHER, 0, 4);
    let other = chain(lane(PUBLISHER), PUBLISHER, 1, 4);
    let mut bench = pulling(&entries);
    assert_eq!(shown(&bench.hear(1, latest(3, other[3].frames()))), 1, "it verifies as far as it can");
    let all: Vec<Vec<u8>> = entries.iter().flat_map(frames).collect();
    let outputs = bench.data(1, at(0, 0), lane(PUBLISHER), &all);
    let proof = outputs.iter().find_map(|output| match output {
        Output::Fork(fork) => Some((fork.feed(), fork.seq())),
        _ => None,
    });
    assert_eq!(proof, Some((lane(PUBLISHER), Seq(3))), "{outputs:?}");
    // Of a frozen feed nothing is shown, whoever shows it.
    greet_third(&mut bench);
    let outputs = bench.hear(2, latest(3, entries[3].frames()));
    assert_eq!(shown(&outputs), 0);
}

fn greet_third(bench: &mut Bench) {
    bench.opened(2, THIRD);
    let network = network().as_str().to_owned();
    bench.hear(2, Message::Hello { versions: VERSIONS, features: 0, network, window: MIN_WINDOW });
}

#[test]
fn two_that_two_sessions_show_for_one_place_are_a_fork() {
    let one = chain(lane(PUBLISHER), PUBLISHER, 0, 4);
    let other = chain(lane(PUBLISHER), PUBLISHER, 1, 4);
    let mut bench = pulling(&one);
    bench.hear(1, latest(3, one[3].frames()));
    greet_third(&mut bench);
    bench.have(2, &other[3]);
    bench.input(Input::Closed { session: S });
    let outputs = bench.hear(2, latest(3, other[3].frames()));
    assert!(outputs.iter().any(|output| matches!(output, Output::Fork(_))), "{outputs:?}");
}

#[test]
fn an_entry_that_does_not_follow_what_is_held_is_refused_in_its_order_as_ever() {
    let entries = chain(lane(PUBLISHER), PUBLISHER, 0, 3);
    let other = chain(lane(PUBLISHER), PUBLISHER, 1, 4);
    let mut bench = pulling(&other);
    bench.hear(1, latest(3, other[3].frames()));
    let mut all: Vec<Vec<u8>> = entries.iter().flat_map(frames).collect();
    all.extend(frames(&other[3]));
    let outputs = bench.data(1, at(0, 0), lane(PUBLISHER), &all);
    let refused =
        Event::Refused { session: S, feed: lane(PUBLISHER), fault: EntryFault::Backlink { seq: Seq(3) } };
    assert!(outputs.contains(&Output::Event(refused)), "{outputs:?}");
}

// -- over a slow line

/// So many members have reported so often.
const MEMBERS: usize = 18;
const MONTH: usize = 60;
/// Bytes a second, and milliseconds one way.
const RATE: i64 = 8_000;
const DELAY: i64 = 300;

/// When the newest entry of each feed was shown or held, and when all was, in milliseconds from the greeting on.
fn catch_up(chains: &[Vec<SignedEntry>], features: u64) -> (i64, i64) {
    let all: Vec<usize> = (0..THIRD + 1 + MEMBERS).collect();
    let config = Config { max_questions: 10_000, ..Config::default() };
    let states = chains.iter().map(|chain| state(chain)).collect();
    let replica = |us, feeds| Replica::new(config.clone(), network(), id(us), keyring(&all), feeds);
    let mut sides = [replica(US, Vec::new()), replica(PUBLISHER, states)];
    let agreements = BTreeSet::from([LANE]);
    let mut line = Line::default();
    for side in [0, 1] {
        line.input(&mut sides, side, Input::Urgent { agreements: agreements.clone() }, (chains, features));
        let other = [PUBLISHER, US][side];
        let node = node_key(other).public_key();
        let opened = Input::Opened { session: S, node, publisher: id(other), agreements: agreements.clone() };
        line.input(&mut sides, side, opened, (chains, features));
    }
    while let Some((time, side, message)) = line.under_way.pop_front() {
        line.now = time;
        line.input(&mut sides, side, Input::Received { session: S, message }, (chains, features));
    }
    let newest = line.seen.values().max().copied().unwrap();
    assert_eq!(line.seen.len(), MEMBERS, "all newest entries have come");
    assert_eq!(line.held, MEMBERS * MONTH, "and all entries");
    (newest, line.now)
}

/// A line between two replicas, and what the first of them has seen.
#[derive(Default)]
struct Line {
    now: i64,
    /// When the last bytes of each side have left it.
    free: [i64; 2],
    under_way: VecDeque<(i64, usize, Message)>,
    seen: BTreeMap<FeedId, i64>,
    held: usize,
}

impl Line {
    fn input(
        &mut self,
        sides: &mut [Replica; 2],
        side: usize,
        input: Input,
        (chains, features): (&[Vec<SignedEntry>], u64),
    ) {
        let now = NOW.saturating_add(self.now);
        let mut outputs = VecDeque::from(sides[side].handle(input, now));
        while let Some(output) = outputs.pop_front() {
            let chain = |feed: &FeedId| chains.iter().find(|chain| chain[0].header().header().feed == *feed);
            match output {
                Output::Send { message, .. } => self.send(side, message, features),
                Output::Read { session, feed, from, limit } => {
                    let (mut frames, mut next) = (Vec::new(), from);
                    for entry in &chain(&feed).unwrap()[from.seq.0 as usize..] {
                        if frames.len() + entry.frames().len() > limit as usize {
                            break;
                        }
                        frames.extend_from_slice(entry.frames());
                        next = at(next.seq.0 + 1, 0);
                    }
                    outputs
                        .extend(sides[side].handle(Input::Read { session, feed, from, next, frames }, now));
                }
                Output::ReadLatest { session, feed, .. } => {
                    let newest = chain(&feed).and_then(|chain| chain.last()).unwrap();
                    let (seq, frames) = (newest.header().header().seq, newest.frames().to_vec());
                    outputs.extend(sides[side].handle(Input::LatestRead { session, feed, seq, frames }, now));
                }
                Output::Latest { header, .. } => self.see(header.header().feed),
                Output::Append { frame } => {
                    let header = frame.entry().header().header();
                    if frame.completes() {
                        self.held += 1;
                        let is_last = header.seq.0 as usize + 1 == MONTH;
                        is_last.then(|| self.see(header.feed));
                    }
                }
                Output::Close { fault, .. } => panic!("{fault}"),
                Output::ReadHeader { .. } | Output::Fork(_) | Output::Resolution(_) | Output::Event(_) => {}
            }
        }
    }

    fn see(&mut self, feed: FeedId) {
        self.seen.entry(feed).or_insert(self.now);
    }

    fn send(&mut self, from: usize, mut message: Message, known: u64) {
        if let Message::Hello { features, .. } = &mut message {
            *features &= known;
        }
        let bytes = match &message {
            Message::Data { frames, .. } | Message::Latest { frames, .. } => frames.len() as i64 + 80,
            Message::Have { heads, .. } => heads.len() as i64 * 105,
            _ => 80,
        };
        self.free[from] = self.free[from].max(self.now) + bytes * 1_000 / RATE;
        let arrives = (self.free[from] + DELAY, 1 - from, message);
        let place = self.under_way.iter().position(|one| one.0 > arrives.0).unwrap_or(self.under_way.len());
        self.under_way.insert(place, arrives);
    }
}

#[test]
fn over_a_slow_line_how_things_stand_comes_long_before_how_they_came_to_be_so() {
    let feed = |who| {
        let mut place = Place::first(lane(who));
        let mut entries = Vec::new();
        for _ in 0..MONTH {
            let next = entry(who, &place, NOW, (0, 6));
            place = Place::after(&HeadRef::from(next.header()));
            entries.push(next);
        }
        entries
    };
    let chains: Vec<_> = (THIRD + 1..THIRD + 1 + MEMBERS).map(feed).collect();
    let bytes: usize = chains.iter().flatten().map(|entry| entry.frames().len()).sum();
    let all = u64::MAX;
    let (before, whole_before) = catch_up(&chains, !FEATURE_LATEST);
    let (after, whole) = catch_up(&chains, all);
    println!(
        "{bytes} bytes: newest of all after {before} ms, all after {whole_before} ms; ahead {after} ms, {whole} ms"
    );
    let newest: usize = chains.iter().map(|chain| chain[MONTH - 1].frames().len() + 80).sum();
    let line = newest as i64 * 1_000 / RATE;
    // Some turns of the line for greeting and asking, and the newest entries themselves; no block of history.
    assert!(after < line + 20 * DELAY, "{after} ms where the entries alone take {line} ms");
    assert!(after * 10 < before, "{after} ms, and {before} ms without");
    assert!(whole < whole_before + whole_before / 10, "{whole} ms, and {whole_before} ms without");
    assert!(bytes > 10 * PROMPT as usize);
}
