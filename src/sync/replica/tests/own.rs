//! Our own feeds in recovery: taken back from who holds them, and settled by who has shown all that it holds.

use super::*;
use crate::sync::message::{FEATURE_DIGEST, heads_digest};

fn recovering() -> Recovering {
    Recovering { all: true, ..Recovering::default() }
}

fn settled(outputs: &[Output]) -> Vec<FeedId> {
    let one = |output: &Output| match output {
        Output::Event(Event::OwnFeedSettled { feed, .. }) => Some(*feed),
        _ => None,
    };
    outputs.iter().filter_map(one).collect()
}

fn nothing() -> Message {
    Message::Have { heads: Vec::new(), last: true }
}

#[test]
fn own_entries_come_back_and_settle_the_feed_once_they_are_durable() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 3);
    let mut bench = Bench::holding(&ours[..1]);
    bench.input(Input::Recover { recovering: recovering() });
    bench.ready(1, PUBLISHER);
    let outputs = bench.have(1, &ours[2]);
    assert_eq!(
        (sent(&outputs), settled(&outputs)),
        (vec![(1, want(feed, at(1, 0)))], vec![FeedId::new(id(US), SHARED)])
    );
    let outputs = bench.data(1, at(1, 0), feed, &[frames(&ours[1]), frames(&ours[2])].concat());
    assert_eq!((appended(&outputs), settled(&outputs)), (6, Vec::new()), "they are not durable yet");
    let outputs = bench.input(Input::Stored { newest: ours[2].header().clone() });
    assert_eq!(settled(&outputs), [feed]);
    let outputs = bench.input(Input::Tick);
    assert_eq!(settled(&outputs), [], "it is said once");
}

#[test]
fn a_feed_is_settled_by_who_has_none_of_it_but_not_while_another_holds_more() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 2);
    let mut bench = Bench::holding(&ours[..1]);
    bench.input(Input::Recover { recovering: recovering() });
    bench.ready(2, THIRD);
    bench.ready(1, PUBLISHER);
    assert_eq!(settled(&bench.hear(2, nothing())), [], "the other list is still to come");
    let outputs = bench.have(1, &ours[1]);
    assert_eq!(settled(&outputs), [FeedId::new(id(US), SHARED)], "one of them holds more of the public feed");
    let outputs = bench.input(Input::Closed { session: SessionId(1) });
    assert_eq!(settled(&outputs), [feed], "who is gone shows nothing any more");
}

#[test]
fn what_comes_before_the_list_is_not_taken_for_it() {
    let ours = chain(public(US), US, 0, 2);
    let theirs = chain(public(PUBLISHER), PUBLISHER, 0, 1);
    let mut bench = Bench::holding(&ours[..1]);
    bench.input(Input::Recover { recovering: recovering() });
    bench.opened(1, PUBLISHER);
    let network = network().as_str().to_owned();
    let hello = Message::Hello { versions: VERSIONS, features: FEATURE_DIGEST, network, window: MIN_WINDOW };
    bench.hear(1, hello);
    bench.hear(1, Message::Digest { digest: heads_digest(&[head(&ours[1]), head(&theirs[0])]) });
    // News of one feed that crosses our answer looks like the end of a list.
    assert_eq!(settled(&bench.have(1, &theirs[0])), []);
    bench.hear(1, Message::Differs);
    let heads = vec![head(&ours[1]), head(&theirs[0])];
    let outputs = bench.hear(1, Message::Have { heads, last: true });
    assert_eq!(settled(&outputs), [FeedId::new(id(US), SHARED)]);
}

/// Each side compares the other's digest with what it holds by then: one may find a difference where the other finds none.
#[test]
fn a_list_from_who_found_no_difference_counts_once_a_later_heartbeat_is_answered() {
    let ours = chain(public(US), US, 0, 1);
    let mut bench = Bench::holding(&ours);
    bench.input(Input::Recover { recovering: recovering() });
    bench.opened(1, PUBLISHER);
    let network = network().as_str().to_owned();
    let hello = Message::Hello { versions: VERSIONS, features: FEATURE_DIGEST, network, window: MIN_WINDOW };
    bench.hear(1, hello);
    bench.hear(1, Message::Digest { digest: heads_digest(&[]) });
    assert_eq!(settled(&bench.have(1, &ours[0])), [], "it may be single news");
    let asked = bench.pass(Config::default().heartbeat);
    let Some((1, Message::Ping { nonce })) = sent(&asked).first().cloned() else { panic!("{asked:?}") };
    assert_eq!(settled(&bench.hear(1, Message::Pong { nonce })).len(), 2);
}

#[test]
fn a_digest_that_is_ours_settles_what_it_covers() {
    let ours = chain(public(US), US, 0, 2);
    let mut bench = Bench::holding(&ours);
    bench.input(Input::Recover { recovering: recovering() });
    bench.opened(1, PUBLISHER);
    let network = network().as_str().to_owned();
    let hello = Message::Hello { versions: VERSIONS, features: FEATURE_DIGEST, network, window: MIN_WINDOW };
    bench.hear(1, hello);
    let outputs = bench.hear(1, Message::Digest { digest: heads_digest(&[head(&ours[1])]) });
    let mut feeds = settled(&outputs);
    feeds.sort();
    let mut expected = [public(US), FeedId::new(id(US), SHARED)];
    expected.sort();
    assert_eq!(feeds, expected);
}

#[test]
fn the_house_feed_and_settled_feeds_are_not_taken_from_anybody() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 2);
    let mut bench = Bench::holding(&ours[..1]);
    let settled = BTreeSet::from([feed]);
    bench.input(Input::Recover { recovering: Recovering { settled, ..recovering() } });
    bench.ready(1, PUBLISHER);
    assert_eq!(sent(&bench.have(1, &ours[1])), [(1, Message::Show { feed, seq: Seq(1) })]);
    let doubted = BTreeSet::from([feed]);
    let outputs = bench.input(Input::Recover { recovering: Recovering { doubted, ..Recovering::default() } });
    assert_eq!(sent(&outputs), [(1, want(feed, at(1, 0)))], "doubt counts more");
    assert!(!recovering().includes(&FeedId::new(id(US), AgreementId::house())));
}

/// Of an entry that a partner has begun, or holds back for its date, nobody may hold the whole.
#[test]
fn an_entry_that_a_partner_has_shown_keeps_the_feed_in_recovery_until_it_is_here() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 2);
    let mut bench = Bench::holding(&ours[..1]);
    bench.ready(1, PUBLISHER);
    bench.hear(1, nothing());
    assert_eq!(sent(&bench.hear(1, want(feed, at(1, 1)))), [(1, Message::Show { feed, seq: Seq(1) })]);
    let bytes = Some(ours[1].header().to_bytes());
    bench.hear(1, Message::Header { feed, seq: Seq(1), bytes });
    let doubt = || Recovering { doubted: BTreeSet::from([feed]), ..Recovering::default() };
    let outputs = bench.input(Input::Recover { recovering: doubt() });
    assert_eq!(settled(&outputs), [], "the partner has shown more than is here");
    bench.have(1, &ours[1]);
    bench.data(1, at(1, 0), feed, &frames(&ours[1]));
    assert_eq!(settled(&bench.input(Input::Stored { newest: ours[1].header().clone() })), [feed]);
    // Should nobody have it, the operator decides: the node tells of the feed no more, and what was shown is forgotten.
    let mut bench = Bench::holding(&ours[..1]);
    bench.ready(1, PUBLISHER);
    bench.hear(1, nothing());
    bench.hear(1, want(feed, at(1, 1)));
    bench.hear(1, Message::Header { feed, seq: Seq(1), bytes: Some(ours[1].header().to_bytes()) });
    bench.input(Input::Recover { recovering: doubt() });
    bench.input(Input::Recover { recovering: Recovering::default() });
    assert_eq!(settled(&bench.input(Input::Recover { recovering: doubt() })), [feed]);
}
