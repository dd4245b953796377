//! Greeting, pulling, serving, patience.

use super::*;
use crate::sync::config::MAX_DATA;
use crate::sync::message::{FEATURE_DIGEST, heads_digest};

#[test]
fn both_sides_say_hello_and_then_what_they_have() {
    let ours = chain(public(US), US, 0, 3);
    let mut bench = Bench::holding(&ours);
    let opened = sent(&bench.opened(1, PUBLISHER));
    assert!(matches!(opened[..], [(1, Message::Hello { .. })]), "{opened:?}");
    let hello = bench.hello();
    let greeted = sent(&bench.hear(1, hello));
    assert_eq!(greeted, [(1, Message::Have { heads: vec![head(&ours[2])], last: true })]);
}

#[test]
fn a_list_without_feeds_is_said_too_so_that_the_partner_knows_it_is_complete() {
    let greeted = sent(&Bench::new(Vec::new()).ready(1, PUBLISHER));
    assert_eq!(greeted, [(1, Message::Have { heads: Vec::new(), last: true })]);
}

#[test]
fn who_does_not_greet_properly_is_not_served() {
    let other_version = Versions { min: 2, max: 3 };
    let hello = |versions, network: &str, window| Message::Hello {
        versions,
        features: 0,
        network: network.to_owned(),
        window,
    };
    let cases = [
        (hello(other_version, "main", MIN_WINDOW), Fault::Versions { theirs: other_version }),
        (hello(VERSIONS, "training/x", MIN_WINDOW), Fault::Network { theirs: "training/x".to_owned() }),
        (hello(VERSIONS, "main", 1), Fault::Protocol("a window that is too small or too large")),
        (Message::Ping { nonce: 1 }, Fault::Protocol("something before hello")),
    ];
    for (message, fault) in cases {
        let mut bench = Bench::new(Vec::new());
        bench.opened(1, PUBLISHER);
        let outputs = bench.hear(1, message);
        assert_eq!(closed(&outputs), Some(&fault));
        assert_eq!(bench.replica.sessions().count(), 0);
    }
}

#[test]
fn silence_ends_a_session_before_and_after_hello() {
    let mut bench = Bench::new(Vec::new());
    bench.opened(1, PUBLISHER);
    assert_eq!(bench.replica.next_wakeup(), Some(NOW.saturating_add(30_000)));
    assert_eq!(closed(&bench.pass(30_000)), Some(&Fault::HelloTimeout));
    bench.ready(2, PUBLISHER);
    for nonce in 1..=3 {
        assert_eq!(sent(&bench.pass(15_000)), [(2, Message::Ping { nonce })]);
    }
    assert_eq!(closed(&bench.pass(15_000)), Some(&Fault::Silent { misses: 3 }));
}

#[test]
fn an_answered_heartbeat_keeps_a_session() {
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    for nonce in 1..=10 {
        bench.pass(15_000);
        assert_eq!(closed(&bench.hear(1, Message::Pong { nonce })), None);
    }
    assert!(closed(&bench.hear(1, Message::Pong { nonce: 99 })).is_some_and(Fault::is_hostile));
}

#[test]
fn what_is_announced_is_pulled_appended_and_told_to_others_when_it_is_durable() {
    let feed = public(PUBLISHER);
    let theirs = chain(feed, PUBLISHER, 0, 2);
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.ready(2, THIRD);
    assert_eq!(sent(&bench.have(1, &theirs[1])), [(1, want(feed, at(0, 0)))]);
    let both: Vec<Vec<u8>> = theirs.iter().flat_map(frames).collect();
    let outputs = bench.data(1, at(0, 0), feed, &both);
    assert_eq!((appended(&outputs), closed(&outputs)), (both.len(), None));
    assert!(sent(&outputs).is_empty(), "nothing is announced before it is durable: {outputs:?}");
    let outputs = bench.input(Input::Stored { newest: theirs[1].header().clone() });
    assert_eq!(sent(&outputs), [(2, Message::Have { heads: vec![head(&theirs[1])], last: true })]);
    assert!(outputs.contains(&Output::Event(Event::CaughtUp { head: head(&theirs[1]) })));
}

#[test]
fn an_interrupted_entry_goes_on_at_the_missing_frame_with_another_session_and_after_a_restart() {
    let feed = public(PUBLISHER);
    let long = entry(PUBLISHER, &Place::first(feed), NOW, (0, 1_500));
    let all = frames(&long);
    assert!(all.len() >= 4, "{} frames", all.len());
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.ready(2, THIRD);
    bench.have(1, &long);
    bench.have(2, &long);
    assert_eq!(appended(&bench.data(1, at(0, 0), feed, &all[..2])), 2);
    let outputs = bench.input(Input::Closed { session: SessionId(1) });
    assert_eq!(sent(&outputs), [(2, want(feed, at(0, 2)))]);
    assert_eq!(appended(&bench.data(2, at(0, 2), feed, &all[2..3])), 1);
    let partial = all[..3].to_vec();
    let state =
        FeedState { place: Place::first(feed), partial, newest: None, fork: None, resolutions: Vec::new() };
    let mut bench = Bench::new(vec![state]);
    bench.ready(3, PUBLISHER);
    assert_eq!(sent(&bench.have(3, &long)), [(3, want(feed, at(0, 3)))]);
    assert_eq!(appended(&bench.data(3, at(0, 3), feed, &all[3..])), all.len() - 3);
}

#[test]
fn a_flipped_bit_ends_the_session_and_the_place_stays() {
    let feed = public(PUBLISHER);
    let theirs = chain(feed, PUBLISHER, 0, 1);
    let good = frames(&theirs[0]);
    for frame in 0..good.len() {
        for at_byte in [0, 9, good[frame].len() - 1] {
            let mut bench = Bench::new(Vec::new());
            bench.ready(1, PUBLISHER);
            bench.have(1, &theirs[0]);
            let mut bad = good.clone();
            bad[frame][at_byte] ^= 4;
            let outputs = bench.data(1, at(0, 0), feed, &bad);
            assert!(closed(&outputs).is_some_and(Fault::is_hostile), "frame {frame}, byte {at_byte}");
            assert_eq!(appended(&outputs), frame);
            assert_eq!(bench.replica.position(&feed), Some(at(0, frame as u32)));
        }
    }
}

#[test]
fn an_entry_that_another_has_begun_is_begun_anew_before_anyone_is_blamed() {
    let feed = public(PUBLISHER);
    let long = entry(PUBLISHER, &Place::first(feed), NOW, (0, 1_500));
    let mut bench = Bench::new(Vec::new());
    for (session, who) in [(1, PUBLISHER), (2, THIRD)] {
        bench.ready(session, who);
        bench.have(session, &long);
    }
    bench.data(1, at(0, 0), feed, &frames(&long)[..2]);
    bench.input(Input::Closed { session: SessionId(1) });
    let outputs = bench.data(2, at(0, 2), feed, &frames(&long)[..1]);
    assert_eq!(closed(&outputs), None);
    assert_eq!(sent(&outputs), [(2, Message::Unwant { feed }), (2, want(feed, at(0, 0)))]);
    let outputs = bench.data(2, at(0, 0), feed, &frames(&long)[1..2]);
    assert!(closed(&outputs).is_some_and(Fault::is_hostile), "its own fault: {outputs:?}");
}

#[test]
fn an_entry_of_the_future_is_held_and_asked_for_when_it_is_due() {
    let feed = public(PUBLISHER);
    let early = entry(PUBLISHER, &Place::first(feed), NOW.saturating_add(700_000), (0, 1));
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.have(1, &early);
    let outputs = bench.data(1, at(0, 0), feed, &frames(&early));
    let until = NOW.saturating_add(100_000);
    assert!(outputs.contains(&Output::Event(Event::Held { feed, seq: Seq(0), until })), "{outputs:?}");
    assert_eq!((appended(&outputs), closed(&outputs)), (0, None));
    for nonce in 1..=6 {
        bench.pass(15_000);
        bench.hear(1, Message::Pong { nonce });
    }
    assert_eq!(bench.replica.next_wakeup(), Some(until));
    assert!(sent(&bench.pass(10_000)).contains(&(1, want(feed, at(0, 0)))));
    assert_eq!(appended(&bench.data(1, at(0, 0), feed, &frames(&early))), frames(&early).len());
}

#[test]
fn a_source_that_does_not_deliver_what_others_have_is_changed() {
    let feed = public(PUBLISHER);
    let theirs = chain(feed, PUBLISHER, 0, 2);
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.ready(2, THIRD);
    assert_eq!(sent(&bench.have(1, &theirs[0])), [(1, want(feed, at(0, 0)))]);
    assert!(sent(&bench.have(2, &theirs[1])).is_empty());
    assert!(sent(&bench.pass(9_999)).is_empty());
    assert_eq!(sent(&bench.pass(1)), [(1, Message::Unwant { feed }), (2, want(feed, at(0, 0)))]);
    let late = bench.data(1, at(0, 0), feed, &frames(&theirs[0]));
    assert_eq!((appended(&late), closed(&late)), (0, None), "what was under way is ignored");
}

#[test]
fn nothing_is_taken_that_was_not_asked_for() {
    let feed = public(PUBLISHER);
    let theirs = chain(feed, PUBLISHER, 0, 1);
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    let outputs = bench.data(1, at(0, 0), feed, &frames(&theirs[0]));
    assert_eq!(closed(&outputs), Some(&Fault::Unasked { feed }));
}

#[test]
fn more_bytes_than_granted_are_a_fault() {
    let feed = public(PUBLISHER);
    let theirs = chain(feed, PUBLISHER, 0, 1);
    let mut bench = Bench::new(Vec::new());
    let (network, config) = (network(), Config { window: 0, ..Config::default() });
    bench.replica = Replica::new(config, network, id(US), keyring(&[US, PUBLISHER]), Vec::new());
    bench.ready(1, PUBLISHER);
    bench.have(1, &theirs[0]);
    // Data that was asked for once comes after the source was given up: ignored, but counted.
    bench.input(Input::Cards { keyring: keyring(&[US]) });
    let junk = Message::Data { feed, from: at(9, 0), frames: vec![0; MAX_DATA as usize] };
    for _ in 0..2 {
        assert_eq!(closed(&bench.hear(1, junk.clone())), None);
    }
    assert!(closed(&bench.hear(1, junk)).is_some_and(Fault::is_hostile));
}

#[test]
fn a_partner_gets_what_it_asked_for_as_far_as_its_credit_goes() {
    let feed = public(US);
    let mut bench = Bench::holding(&chain(feed, US, 0, 3));
    bench.ready(1, PUBLISHER);
    let session = SessionId(1);
    let read = |from| Output::Read { session, feed, from, limit: MAX_DATA };
    assert_eq!(bench.hear(1, want(feed, at(0, 0))), [read(at(0, 0))]);
    let answer =
        |from, next, length: u32| Input::Read { session, feed, from, next, frames: vec![0; length as usize] };
    let outputs = bench.input(answer(at(0, 0), at(1, 0), MAX_DATA));
    assert!(matches!(outputs[..], [Output::Send { message: Message::Data { .. }, .. }]), "{outputs:?}");
    // Of the smallest window, which holds two messages, half of one is kept for what is urgent.
    assert_eq!(bench.hear(1, Message::Credit { bytes: MAX_DATA / 2 }), [read(at(1, 0))]);
    let outputs = bench.input(answer(at(1, 0), at(2, 0), 500));
    assert_eq!(sent(&outputs).len(), outputs.len(), "no credit for a third message: {outputs:?}");
    assert_eq!(bench.hear(1, Message::Credit { bytes: MAX_DATA / 2 }), [read(at(2, 0))]);
    let outputs = bench.hear(1, Message::Credit { bytes: MAX_DATA });
    assert!(closed(&outputs).is_some_and(Fault::is_hostile), "more credit than the window: {outputs:?}");
}

#[test]
fn questions_outside_the_grants_end_the_session_unless_they_crossed_a_withdrawal() {
    let secret = FeedId::new(id(US), AgreementId([1; 32]));
    let house = FeedId::new(id(US), AgreementId::house());
    let seq = Seq(0);
    for message in [want(secret, at(0, 0)), want(house, at(0, 0)), Message::Show { feed: secret, seq }] {
        let mut bench = Bench::new(Vec::new());
        bench.ready(1, PUBLISHER);
        let outputs = bench.hear(1, message);
        assert!(matches!(closed(&outputs), Some(Fault::Audience { .. })), "{outputs:?}");
    }
    let shared = FeedId::new(id(US), SHARED);
    let mut bench = Bench::holding(&chain(shared, US, 0, 1));
    bench.ready(1, PUBLISHER);
    bench.input(Input::Granted { publisher: id(PUBLISHER), agreements: BTreeSet::new() });
    assert_eq!(bench.hear(1, want(shared, at(0, 0))), []);
    assert_eq!(bench.hear(1, Message::Show { feed: shared, seq }), []);
}

#[test]
fn what_becomes_readable_is_announced_and_what_is_withdrawn_is_not_sent() {
    let shared = FeedId::new(id(US), SHARED);
    let ours = chain(shared, US, 0, 1);
    let mut bench = Bench::holding(&ours);
    bench.ready(1, PUBLISHER);
    assert_eq!(bench.hear(1, want(shared, at(0, 0))).len(), 1);
    let publisher = id(PUBLISHER);
    assert_eq!(bench.input(Input::Granted { publisher, agreements: BTreeSet::new() }), []);
    let frames = ours[0].frames().to_vec();
    let session = SessionId(1);
    let read = Input::Read { session, feed: shared, from: at(0, 0), next: at(1, 0), frames };
    assert_eq!(bench.input(read), []);
    let outputs = bench.input(Input::Granted { publisher, agreements: BTreeSet::from([SHARED]) });
    assert_eq!(sent(&outputs), [(1, Message::Have { heads: vec![head(&ours[0])], last: true })]);
    let again = Output::Read { session, feed: shared, from: at(0, 0), limit: MAX_DATA };
    assert!(outputs.contains(&again), "what was asked for stands: {outputs:?}");
}

#[test]
fn the_house_feed_is_told_to_our_own_nodes_alone() {
    let house = FeedId::new(id(US), AgreementId::house());
    let ours = chain(house, US, 0, 1);
    let mut bench = Bench::holding(&ours);
    assert_eq!(sent(&bench.ready(1, PUBLISHER)), [(1, Message::Have { heads: Vec::new(), last: true })]);
    assert_eq!(sent(&bench.ready(2, US)), [(2, Message::Have { heads: vec![head(&ours[0])], last: true })]);
}

#[test]
fn our_own_feed_is_not_taken_from_others_and_being_behind_is_news() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 3);
    let mut bench = Bench::holding(&ours[..1]);
    bench.ready(1, PUBLISHER);
    let show = (1, Message::Show { feed, seq: Seq(2) });
    assert_eq!(sent(&bench.have(1, &ours[2])), [show]);
    let bytes = Some(ours[2].header().to_bytes());
    let outputs = bench.hear(1, Message::Header { feed, seq: Seq(2), bytes });
    let node = node_key(US).public_key();
    let time = ours[2].header().header().time;
    let ahead = Event::OwnFeedAhead { feed, seq: Seq(2), node, time, session: SessionId(1) };
    assert_eq!(outputs, [Output::Event(ahead)]);
}

/// A node that lost its newest entry, as from an old backup, while a partner had begun to receive it.
#[test]
fn an_entry_of_ours_that_a_partner_has_begun_to_receive_is_not_signed_again_unnoticed() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 2);
    let mut bench = Bench::holding(&ours[..1]);
    bench.ready(1, PUBLISHER);
    let show = (1, Message::Show { feed, seq: Seq(1) });
    assert_eq!(sent(&bench.hear(1, want(feed, at(1, 1)))), [show]);
    let bytes = Some(ours[1].header().to_bytes());
    let outputs = bench.hear(1, Message::Header { feed, seq: Seq(1), bytes });
    let (node, time) = (node_key(US).public_key(), ours[1].header().header().time);
    let ahead = Event::OwnFeedAhead { feed, seq: Seq(1), node, time, session: SessionId(1) };
    assert_eq!(outputs, [Output::Event(ahead)]);
    // What follows our newest entry is wanted by everybody.
    let mut bench = Bench::holding(&ours[..1]);
    bench.ready(1, PUBLISHER);
    assert_eq!(sent(&bench.hear(1, want(feed, at(1, 0)))), []);
}

/// The same of an entry that a partner holds back for its date.
#[test]
fn a_publisher_that_has_lost_an_entry_is_reminded_of_it_by_who_has_seen_it() {
    let feed = public(PUBLISHER);
    let later = NOW.saturating_add(Config::default().future_tolerance + 1);
    let first = chain(feed, PUBLISHER, 0, 1);
    let ahead = entry(PUBLISHER, &Place::after(&head(&first[0])), later, (0, 2));
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.have(1, &ahead);
    bench.data(1, at(0, 0), feed, &frames(&first[0]));
    bench.data(1, at(1, 0), feed, &frames(&ahead));
    // It comes back without it; somebody else, who has not got it either, is told nothing.
    bench.ready(2, PUBLISHER);
    bench.ready(3, THIRD);
    let reminded = [(2, want(feed, at(1, 1))), (2, Message::Unwant { feed })];
    assert_eq!(sent(&bench.have(2, &first[0])), reminded);
    assert_eq!(sent(&bench.have(3, &first[0])), []);
    let shown = Message::Header { feed, seq: Seq(1), bytes: Some(ahead.header().to_bytes()) };
    assert_eq!(sent(&bench.hear(2, Message::Show { feed, seq: Seq(1) })), [(2, shown)]);
    // One that has lost all asks for it itself; of a feed that it may not have opened to us, nothing is asked.
    bench.ready(4, PUBLISHER);
    let reminded = [(4, want(feed, at(1, 1))), (4, Message::Unwant { feed })];
    let nothing = Message::Have { heads: Vec::new(), last: true };
    assert_eq!(sent(&bench.hear(4, nothing)), reminded);
    let outputs = bench.hear(4, want(feed, at(0, 0)));
    assert_eq!(sent(&outputs), reminded);
}

#[test]
fn a_publisher_is_not_asked_for_a_feed_that_it_may_not_have_opened() {
    let feed = FeedId::new(id(PUBLISHER), SHARED);
    let later = NOW.saturating_add(Config::default().future_tolerance + 1);
    let ahead = entry(PUBLISHER, &Place::first(feed), later, (0, 2));
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.have(1, &ahead);
    bench.data(1, at(0, 0), feed, &frames(&ahead));
    bench.ready(2, PUBLISHER);
    assert_eq!(sent(&bench.hear(2, Message::Have { heads: Vec::new(), last: true })), []);
    assert_eq!(
        sent(&bench.hear(2, want(feed, at(0, 0))))[0],
        (2, want(feed, at(0, 1))),
        "who asks has opened it"
    );
}

#[test]
fn the_beginning_of_an_entry_is_shown_to_its_publisher_alone() {
    let feed = public(PUBLISHER);
    let theirs = chain(feed, PUBLISHER, 0, 1);
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.ready(2, THIRD);
    bench.have(1, &theirs[0]);
    bench.data(1, at(0, 0), feed, &frames(&theirs[0])[..1]);
    let shown = |bytes| Message::Header { feed, seq: Seq(0), bytes };
    let header = shown(Some(theirs[0].header().to_bytes()));
    assert_eq!(sent(&bench.hear(1, Message::Show { feed, seq: Seq(0) })), [(1, header)]);
    assert_eq!(sent(&bench.hear(2, Message::Show { feed, seq: Seq(0) })), [(2, shown(None))]);
}

#[test]
fn a_clock_that_is_set_back_stops_no_heartbeat() {
    let day = 86_400_000;
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    let beats = |outputs: &[Output]| sent(outputs).iter().any(|(_, one)| matches!(one, Message::Ping { .. }));
    assert!(!beats(&bench.pass(-day)));
    assert!(beats(&bench.pass(Config::default().heartbeat)));
}

#[test]
fn nobody_can_say_that_our_feed_is_longer_without_our_signature() {
    let feed = public(US);
    let ours = chain(feed, US, 0, 1);
    // Signed by another government's key, for another place, or by nobody.
    let foreign = chain(feed, PUBLISHER, 0, 3);
    let answers =
        [Some(foreign[2].header().to_bytes()), Some(ours[0].header().to_bytes()), None, Some(vec![7; 90])];
    for (bytes, is_fault) in answers.into_iter().zip([false, true, false, true]) {
        let mut bench = Bench::holding(&ours);
        bench.ready(1, PUBLISHER);
        bench.have(1, &foreign[2]);
        let outputs = bench.hear(1, Message::Header { feed, seq: Seq(2), bytes });
        assert!(
            !outputs.iter().any(|one| matches!(one, Output::Event(Event::OwnFeedAhead { .. }))),
            "{outputs:?}"
        );
        assert_eq!(outputs.iter().any(|one| matches!(one, Output::Close { .. })), is_fault, "{outputs:?}");
    }
}

#[test]
fn feeds_of_strangers_are_pulled_once_their_card_is_accepted() {
    let feed = public(THIRD);
    let theirs = chain(feed, THIRD, 0, 1);
    let mut bench = Bench::new(Vec::new());
    bench.replica = Replica::new(Config::default(), network(), id(US), keyring(&[US, PUBLISHER]), Vec::new());
    bench.ready(1, PUBLISHER);
    assert_eq!(bench.have(1, &theirs[0]), []);
    let outputs = bench.input(Input::Cards { keyring: keyring(&[US, PUBLISHER, THIRD]) });
    assert_eq!(sent(&outputs), [(1, want(feed, at(0, 0)))]);
}

/// Opens a session with a partner that knows digests, and returns what it is told.
fn digested(bench: &mut Bench, session: u64, who: usize) -> Vec<(u64, Message)> {
    bench.opened(session, who);
    let network = network().as_str().to_owned();
    let features = FEATURE_DIGEST;
    sent(&bench.hear(session, Message::Hello { versions: VERSIONS, features, network, window: MIN_WINDOW }))
}

#[test]
fn partners_that_hold_the_same_say_so_in_one_message_however_many_feeds() {
    let theirs = chain(public(PUBLISHER), PUBLISHER, 0, 3);
    let mut bench = Bench::holding(&theirs);
    let digest = heads_digest(&[head(&theirs[2])]);
    assert_eq!(digested(&mut bench, 1, PUBLISHER), [(1, Message::Digest { digest })]);
    let next = Position { seq: Seq(3), part: 0 };
    assert_eq!(
        sent(&bench.hear(1, Message::Digest { digest })),
        [(1, want(public(PUBLISHER), next))],
        "nothing is listed, and the next entry is subscribed to"
    );
    assert_eq!(bench.replica.announced(SessionId(1)).collect::<Vec<_>>(), [head(&theirs[2])]);
    let again = bench.hear(1, Message::Digest { digest });
    assert!(closed(&again).is_some_and(Fault::is_hostile), "a second digest is no honest node's");
}

#[test]
fn partners_whose_digests_differ_list_their_heads_once() {
    let ours = chain(public(US), US, 0, 2);
    let mut bench = Bench::holding(&ours);
    digested(&mut bench, 1, PUBLISHER);
    let list = Message::Have { heads: vec![head(&ours[1])], last: true };
    let other = Message::Digest { digest: heads_digest(&[]) };
    assert_eq!(sent(&bench.hear(1, other)), [(1, Message::Differs), (1, list.clone())]);
    assert_eq!(sent(&bench.hear(1, Message::Differs)), [], "the list was sent already");
    digested(&mut bench, 2, PUBLISHER);
    assert_eq!(sent(&bench.hear(2, Message::Differs)), [(2, list)], "who is asked for it sends it");
}

#[test]
fn who_asks_for_more_work_than_time_allows_is_sent_away_and_who_takes_time_is_not() {
    let feed = public(US);
    let heads: Vec<_> = (0..50).map(|_| head(&chain(public(PUBLISHER), PUBLISHER, 0, 1)[0])).collect();
    for message in [want(feed, at(0, 0)), Message::Have { heads, last: true }, Message::Unwant { feed }] {
        let mut bench = Bench::new(Vec::new());
        bench.ready(1, PUBLISHER);
        let mut flood = (0..100_000).map(|_| bench.hear(1, message.clone()));
        let outputs = flood.find(|outputs| closed(outputs).is_some()).expect("a flood ends the session");
        assert!(closed(&outputs).is_some_and(Fault::is_hostile), "{outputs:?}");
    }
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    for _ in 0..100_000 {
        bench.now = bench.now.saturating_add(1);
        assert_eq!(bench.hear(1, want(feed, at(0, 0))), []);
    }
}

#[test]
fn data_and_credit_of_nothing_end_the_session() {
    let (feed, from) = (public(THIRD), at(0, 0));
    for message in [Message::Data { feed, from, frames: Vec::new() }, Message::Credit { bytes: 0 }] {
        let mut bench = Bench::new(Vec::new());
        bench.ready(1, PUBLISHER);
        assert!(matches!(closed(&bench.hear(1, message)), Some(Fault::Protocol(_))));
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_the_heartbeat() {
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.pass(-86_400_000);
    for nonce in 1..=3 {
        assert_eq!(sent(&bench.pass(15_000)), [(1, Message::Ping { nonce })]);
    }
    assert_eq!(closed(&bench.pass(15_000)), Some(&Fault::Silent { misses: 3 }));
    bench.opened(2, PUBLISHER);
    bench.pass(-86_400_000);
    assert_eq!(closed(&bench.pass(30_000)), Some(&Fault::HelloTimeout));
}
