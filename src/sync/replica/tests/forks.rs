//! Two entries for one place, however they are met.

use super::*;

fn header_of(entry: &SignedEntry) -> Message {
    let header = entry.header().header();
    Message::Header { feed: header.feed, seq: header.seq, bytes: Some(entry.header().to_bytes()) }
}

fn is_fork(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Fork(_)))
}

fn proof_of(one: &SignedEntry, other: &SignedEntry) -> Message {
    Message::Proof { one: one.header().to_bytes(), other: other.header().to_bytes() }
}

/// Both branches of a forked feed.
fn branches(length: usize) -> (FeedId, Vec<SignedEntry>, Vec<SignedEntry>) {
    let feed = public(PUBLISHER);
    (feed, chain(feed, PUBLISHER, 1, length), chain(feed, PUBLISHER, 2, length))
}

#[test]
fn another_head_in_our_place_is_asked_for_and_proves_the_fork() {
    let (feed, ours, theirs) = branches(2);
    let mut bench = Bench::holding(&ours);
    bench.ready(1, THIRD);
    bench.ready(2, PUBLISHER);
    let outputs = bench.have(1, &theirs[1]);
    assert_eq!(sent(&outputs), [(1, Message::Show { feed, seq: Seq(1) })]);
    let outputs = bench.hear(1, header_of(&theirs[1]));
    assert!(is_fork(&outputs), "{outputs:?}");
    let told: Vec<u64> =
        sent(&outputs).iter().filter(|(_, m)| matches!(m, Message::Proof { .. })).map(|(s, _)| *s).collect();
    assert_eq!(told, [1, 2]);
    assert_eq!(bench.replica.frozen().map(Fork::feed).collect::<Vec<_>>(), [feed]);
}

#[test]
fn an_entry_behind_another_one_than_ours_is_no_fault_of_its_bearer() {
    let (feed, ours, theirs) = branches(3);
    let mut bench = Bench::holding(&ours[..2]);
    bench.ready(1, THIRD);
    assert_eq!(sent(&bench.have(1, &theirs[2])), [(1, want(feed, at(2, 0)))]);
    let outputs = bench.data(1, at(2, 0), feed, &frames(&theirs[2]));
    assert_eq!((appended(&outputs), closed(&outputs)), (0, None));
    assert_eq!(sent(&outputs), [(1, Message::Unwant { feed }), (1, Message::Show { feed, seq: Seq(1) })]);
    assert!(is_fork(&bench.hear(1, header_of(&theirs[1]))));
}

#[test]
fn a_fork_in_the_middle_of_an_entry_is_found_when_it_is_begun_anew() {
    let feed = public(PUBLISHER);
    let [one, other] = [1, 2].map(|mark| entry(PUBLISHER, &Place::first(feed), NOW, (mark, 1_500)));
    let mut bench = Bench::new(Vec::new());
    for (session, who, entry) in [(1, PUBLISHER, &one), (2, THIRD, &other)] {
        bench.ready(session, who);
        bench.have(session, entry);
    }
    bench.data(1, at(0, 0), feed, &frames(&one)[..3]);
    bench.input(Input::Closed { session: SessionId(1) });
    let outputs = bench.data(2, at(0, 3), feed, &frames(&other)[3..]);
    assert_eq!(closed(&outputs), None);
    let outputs = bench.data(2, at(0, 0), feed, &frames(&other));
    assert_eq!((is_fork(&outputs), appended(&outputs), closed(&outputs)), (true, 0, None));
}

#[test]
fn what_is_shown_proves_a_fork_only_if_it_is_another_genuine_header_for_the_place() {
    let (feed, ours, theirs) = branches(2);
    let forged = entry(THIRD, &Place { feed, seq: Seq(1), backlink: head(&ours[0]).entry }, NOW, (3, 1));
    let nothing = Message::Header { feed, seq: Seq(1), bytes: None };
    let mut damaged = header_of(&theirs[1]);
    if let Message::Header { bytes: Some(bytes), .. } = &mut damaged {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
    }
    for (name, message, hostile) in [
        ("nothing", nothing, false),
        ("our own", header_of(&ours[1]), false),
        ("signed by one without a mandate", header_of(&forged), false),
        ("of another place", header_of(&theirs[0]), true),
        ("damaged", damaged, true),
    ] {
        let mut bench = Bench::holding(&ours);
        bench.ready(1, THIRD);
        bench.have(1, &theirs[1]);
        let outputs = bench.hear(1, message.clone());
        assert!(!is_fork(&outputs), "{name}");
        assert_eq!(closed(&outputs).is_some_and(Fault::is_hostile), hostile, "{name}");
        if !hostile {
            assert!(
                closed(&bench.hear(1, message)).is_some_and(Fault::is_hostile),
                "{name}: nobody asked again"
            );
        }
    }
}

#[test]
fn a_proof_is_checked_told_on_and_freezes_the_feed() {
    let (feed, ours, theirs) = branches(3);
    let mut bench = Bench::holding(&ours[..1]);
    bench.ready(1, THIRD);
    bench.ready(2, PUBLISHER);
    assert_eq!(sent(&bench.have(2, &ours[2])), [(2, want(feed, at(1, 0)))]);
    let outputs = bench.hear(1, proof_of(&ours[1], &theirs[1]));
    assert!(is_fork(&outputs));
    assert_eq!(sent(&outputs)[0], (2, Message::Unwant { feed }));
    assert!(matches!(sent(&outputs)[1], (2, Message::Proof { .. })));
    assert_eq!(sent(&bench.have(2, &theirs[2])), [], "nothing more is pulled");
    let late = bench.data(2, at(1, 0), feed, &frames(&ours[1]));
    assert_eq!((appended(&late), closed(&late)), (0, None));
    assert_eq!(bench.hear(1, proof_of(&ours[1], &theirs[1])), [], "it is told once");
    let greeted = sent(&bench.ready(3, THIRD));
    assert!(greeted.iter().any(|(_, message)| matches!(message, Message::Proof { .. })), "{greeted:?}");
}

#[test]
fn a_proof_that_proves_nothing_ends_the_session() {
    let (_, ours, theirs) = branches(2);
    let empty = Message::Proof { one: Vec::new(), other: Vec::new() };
    for message in [proof_of(&ours[0], &ours[0]), proof_of(&ours[0], &theirs[1]), empty] {
        let mut bench = Bench::new(Vec::new());
        bench.ready(1, THIRD);
        assert_eq!(closed(&bench.hear(1, message)), Some(&Fault::Proof));
    }
}

#[test]
fn a_frozen_feed_is_frozen_after_a_restart() {
    let (feed, ours, theirs) = branches(2);
    let fork = Fork::of(ours[0].header().clone(), theirs[0].header().clone(), &keyring(&[PUBLISHER]));
    let place = Place::after(&head(&ours[0]));
    let newest = Some(ours[0].header().clone());
    let mut bench = Bench::new(vec![FeedState {
        place,
        partial: Vec::new(),
        newest,
        fork: fork.map(Box::new),
        resolutions: Vec::new(),
    }]);
    bench.ready(1, PUBLISHER);
    assert_eq!(bench.have(1, &ours[1]), []);
    assert_eq!(bench.replica.source(&feed), None);
}

#[test]
fn a_feed_of_a_government_that_was_removed_is_still_frozen_when_it_is_accepted_again() {
    let (_, left, right) = branches(2);
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, THIRD);
    let outputs = bench.hear(1, proof_of(&left[1], &right[1]));
    assert!(is_fork(&outputs), "{outputs:?}");
    bench.input(Input::Cards { keyring: keyring(&[US, THIRD]) });
    bench.input(Input::Cards { keyring: keyring(&[US, PUBLISHER, THIRD]) });
    assert_eq!(bench.replica.frozen().count(), 1);
    assert_eq!(sent(&bench.have(1, &left[1])), [], "nothing more of it is taken");
}
