//! A fork that its publisher has resolved: who holds the line that stands goes on, the other line is no news any more.

use super::*;
use crate::feed::Resolution;
use crate::sync::message::FEATURE_RESOLUTION;

/// Both lines, and the publisher's word that the first one stands.
fn resolved(length: usize) -> (FeedId, Vec<SignedEntry>, Vec<SignedEntry>, Resolution) {
    let feed = public(PUBLISHER);
    let (kept, other) = (chain(feed, PUBLISHER, 1, length), chain(feed, PUBLISHER, 2, length));
    let ids = (kept[0].header().id(), other[0].header().id());
    let national = key(100 + PUBLISHER as u8);
    let resolution = Resolution::sign((feed, Seq(0)), ids, ("two nodes ran", NOW), &network(), &national);
    (feed, kept, other, resolution.unwrap())
}

fn frozen(kept: &[SignedEntry], other: &[SignedEntry]) -> Bench {
    let fork = Fork::of(kept[0].header().clone(), other[0].header().clone(), &keyring(&[PUBLISHER]));
    let state = FeedState { fork: fork.map(Box::new), ..standing(kept, Vec::new()) };
    Bench::new(vec![state])
}

fn standing(entries: &[SignedEntry], resolutions: Vec<Resolution>) -> FeedState {
    let place = entries.last().map_or(Place::first(public(PUBLISHER)), |last| Place::after(&head(last)));
    let newest = entries.last().map(|last| last.header().clone());
    FeedState { place, partial: Vec::new(), newest, fork: None, resolutions }
}

fn said(resolution: &Resolution) -> Message {
    Message::Resolution { bytes: resolution.to_bytes() }
}

fn hello() -> Message {
    let network = network().as_str().to_owned();
    Message::Hello { versions: VERSIONS, features: FEATURE_RESOLUTION, network, window: MIN_WINDOW }
}

#[test]
fn a_resolution_goes_to_the_node_and_the_feed_goes_on_with_the_next_reset() {
    let (feed, kept, other, resolution) = resolved(2);
    let mut bench = frozen(&kept[..1], &other);
    bench.ready(1, PUBLISHER);
    assert_eq!(bench.have(1, &kept[1]), [], "it is frozen");
    let outputs = bench.hear(1, said(&resolution));
    assert_eq!(outputs, [Output::Resolution(Box::new(resolution.clone()))]);
    bench.opened(2, THIRD);
    bench.hear(2, hello());
    let state = Box::new(standing(&kept[..1], vec![resolution.clone()]));
    let outputs = sent(&bench.input(Input::Reset { state }));
    assert!(outputs.contains(&(1, want(feed, at(1, 0)))), "it is followed again: {outputs:?}");
    assert!(outputs.contains(&(2, said(&resolution))), "other readers are told: {outputs:?}");
    assert!(!outputs.contains(&(1, said(&resolution))), "not who does not know the message: {outputs:?}");
    assert_eq!(bench.hear(2, said(&resolution)), [], "it is news once");
    let proof = Message::Proof { one: kept[0].header().to_bytes(), other: other[0].header().to_bytes() };
    assert_eq!(bench.hear(1, proof), [], "nor does the proof freeze it again");
}

#[test]
fn the_line_that_was_given_up_is_taken_from_nobody() {
    let (feed, kept, other, resolution) = resolved(2);
    let mut bench = Bench::new(vec![standing(&[], vec![resolution])]);
    bench.ready(1, THIRD);
    bench.have(1, &other[1]);
    let outputs = bench.data(1, at(0, 0), feed, &frames(&other[0]));
    assert_eq!((appended(&outputs), closed(&outputs)), (0, None), "its bearer is not to blame");
    bench.ready(2, PUBLISHER);
    assert_eq!(sent(&bench.have(2, &kept[1])), [(2, want(feed, at(0, 0)))]);
    let outputs = bench.data(2, at(0, 0), feed, &frames(&kept[0]));
    assert!(
        appended(&outputs) > 0 && !outputs.iter().any(|one| matches!(one, Output::Fork(_))),
        "{outputs:?}"
    );
    // Somebody still shows the other line in the place of our newest entry.
    bench.input(Input::Stored { newest: kept[0].header().clone() });
    let shown = bench.have(1, &other[0]);
    assert_eq!(sent(&shown), [(1, Message::Show { feed, seq: Seq(0) })]);
    let bytes = Some(other[0].header().to_bytes());
    assert_eq!(bench.hear(1, Message::Header { feed, seq: Seq(0), bytes }), []);
}

#[test]
fn a_word_of_another_key_counts_for_nothing_and_garbage_ends_the_session() {
    let (feed, kept, other, _) = resolved(1);
    let ids = (kept[0].header().id(), other[0].header().id());
    let forged =
        Resolution::sign((feed, Seq(0)), ids, ("mine", NOW), &network(), &node_key(PUBLISHER)).unwrap();
    let mut bench = frozen(&kept, &other);
    bench.ready(1, PUBLISHER);
    assert_eq!(bench.hear(1, said(&forged)), []);
    assert_eq!(closed(&bench.hear(1, Message::Resolution { bytes: vec![7; 90] })), Some(&Fault::Resolution));
}
