//! What is urgent goes at the next block, whatever else is under way.

use super::*;
use crate::sync::config::{MAX_DATA, PROMPT};
use crate::sync::message::FEATURE_PROMPT;

const LANE: AgreementId = SHARED;

fn state(entries: &[SignedEntry]) -> FeedState {
    let last = entries.last().unwrap();
    let place = Place::after(&head(last));
    FeedState {
        place,
        partial: Vec::new(),
        newest: Some(last.header().clone()),
        fork: None,
        resolutions: Vec::new(),
    }
}

fn lane() -> FeedId {
    FeedId::new(id(US), LANE)
}

/// A partner with a window, that pulls what is public.
fn pulling(window: u32, features: u64) -> Bench {
    let mut bench = Bench::new(vec![state(&chain(public(US), US, 0, 3)), state(&chain(lane(), US, 0, 3))]);
    bench.opened(1, PUBLISHER);
    let network = network().as_str().to_owned();
    bench.hear(1, Message::Hello { versions: VERSIONS, features, network, window });
    bench
}

fn urgent(bench: &mut Bench) -> Vec<Output> {
    bench.input(Input::Urgent { agreements: BTreeSet::from([LANE]) })
}

fn read(feed: FeedId, from: Position) -> Output {
    Output::Read { session: SessionId(1), feed, from, limit: MAX_DATA }
}

/// Serves blocks of the public feed until it waits; how many.
fn fill(bench: &mut Bench) -> u32 {
    let feed = public(US);
    let mut outputs = bench.hear(1, want(feed, at(0, 0)));
    for part in 0.. {
        if outputs.last() != Some(&read(feed, at(0, part))) {
            return part;
        }
        let (from, next) = (at(0, part), at(0, part + 1));
        let frames = vec![0; MAX_DATA as usize];
        outputs = bench.input(Input::Read { session: SessionId(1), feed, from, next, frames });
    }
    unreachable!("a window ends")
}

#[test]
fn a_bulletin_goes_at_once_while_a_bulk_transfer_waits_for_the_line() {
    for (window, features) in [(1 << 20, FEATURE_PROMPT), (1 << 20, 0), (4 * MAX_DATA, 0)] {
        let mut bench = pulling(window, features);
        urgent(&mut bench);
        assert!(fill(&mut bench) >= 1, "{window} {features}");
        assert_eq!(bench.hear(1, want(lane(), at(0, 0))), [read(lane(), at(0, 0))], "{window} {features}");
    }
}

#[test]
fn it_goes_before_the_block_that_is_next() {
    let mut bench = pulling(1 << 20, FEATURE_PROMPT);
    urgent(&mut bench);
    bench.hear(1, want(lane(), at(3, 0)));
    let sent = fill(&mut bench);
    // An entry is new in the lane while what is public waits too, and is read first.
    let fourth = chain(lane(), US, 0, 4).pop().unwrap();
    let outputs = bench.input(Input::Stored { newest: fourth.header().clone() });
    assert_eq!(outputs, [read(lane(), at(3, 0))]);
    let frames = fourth.frames().to_vec();
    let (session, feed) = (SessionId(1), lane());
    let outputs = bench.input(Input::Read { session, feed, from: at(3, 0), next: at(4, 0), frames });
    assert!(matches!(outputs[..], [Output::Send { message: Message::Data { .. }, .. }]), "{outputs:?}");
    let outputs = bench.hear(1, Message::Credit { bytes: MAX_DATA });
    assert_eq!(outputs, [read(public(US), at(0, sent))]);
}

#[test]
fn what_becomes_urgent_goes_at_once() {
    let mut bench = pulling(1 << 20, FEATURE_PROMPT);
    fill(&mut bench);
    assert_eq!(bench.hear(1, want(lane(), at(0, 0))), [], "it waits like all else");
    assert_eq!(urgent(&mut bench), [read(lane(), at(0, 0))]);
}

#[test]
fn over_a_slow_line_no_more_than_a_block_is_under_way() {
    let mut bench = pulling(1 << 20, FEATURE_PROMPT);
    let mut under_way = u64::from(fill(&mut bench)) * u64::from(MAX_DATA);
    let feed = public(US);
    let mut part = u32::try_from(under_way).unwrap() / MAX_DATA;
    for _ in 0..64 {
        bench.now = bench.now.saturating_add(4_000);
        let mut outputs = bench.hear(1, Message::Credit { bytes: PROMPT });
        under_way -= u64::from(PROMPT);
        while outputs.last() == Some(&read(feed, at(0, part))) {
            let (from, next, frames) = (at(0, part), at(0, part + 1), vec![0; MAX_DATA as usize]);
            outputs = bench.input(Input::Read { session: SessionId(1), feed, from, next, frames });
            under_way += u64::from(MAX_DATA);
            part += 1;
        }
    }
    assert!(part > 20, "it goes on all the same: {part}");
    assert!(under_way <= u64::from(MAX_DATA + PROMPT), "{under_way}");
}
