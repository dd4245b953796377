//! Keys that are revoked while sessions stand: the session ends, what comes later is refused, the feed goes on.

use super::*;
use crate::feed::{EntryFault, NextCard, Reason, Revocation, Stand};

fn next_key() -> SecretKey {
    key(150)
}

/// The publisher's card on which its node key ends at a place of its public feed, and another key begins.
fn revoked(end: u64) -> Card {
    revoked_as(Stand { vouched: end, end, ..Stand::none(AgreementId::public()) })
}

fn revoked_as(stand: Stand) -> Card {
    let (national, stands) = (key(100 + PUBLISHER as u8), vec![stand]);
    let node = node_key(PUBLISHER).public_key().0;
    let revocation = Revocation { node, at: 1, reason: Reason::Compromised, stands };
    let term = (Millis(0), Millis(i64::MAX));
    let card = NextCard::after(&card(PUBLISHER), NOW).revoke(revocation);
    card.mandate(next_key().public_key(), term, &national).sign(&national).unwrap()
}

fn tell(bench: &mut Bench, card: Card) -> Vec<Output> {
    let mut cards = (*keyring(&[US, PUBLISHER, THIRD])).clone();
    assert!(cards.insert(card));
    bench.input(Input::Cards { keyring: Arc::new(cards) })
}

/// An entry by the publisher's next key.
fn honest(place: &Place) -> SignedEntry {
    let receipt =
        Receipt { publisher: [1; 32], agreement: [1; 32], seq: 0, entry: [1; 32], received_at: NOW };
    let builder = EntryBuilder::new(EntryKind::Receipt, vec![Record::Receipt(receipt)]);
    builder.sign(place, NOW, &network(), &next_key()).unwrap()
}

fn refused(outputs: &[Output]) -> Option<&EntryFault> {
    outputs.iter().find_map(|output| match output {
        Output::Event(Event::Refused { fault, .. }) => Some(fault),
        _ => None,
    })
}

#[test]
fn the_session_of_a_revoked_key_ends_at_once_and_no_other_does() {
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, PUBLISHER);
    bench.ready(2, THIRD);
    bench.opened(3, PUBLISHER);
    let outputs = tell(&mut bench, revoked(2));
    let ended = |output: &Output| matches!(output, Output::Close { fault: Fault::Revoked, .. });
    assert_eq!(outputs.iter().filter(|output| ended(output)).count(), 2, "{outputs:?}");
    assert_eq!(bench.replica.sessions().map(|one| one.session.0).collect::<Vec<_>>(), [2]);
    assert!(!Fault::Revoked.is_hostile(), "an honest node hears of it no sooner than a thief");
}

#[test]
fn who_hands_on_what_a_revoked_key_has_signed_is_refused_and_not_blamed() {
    let feed = public(PUBLISHER);
    let entries = chain(feed, PUBLISHER, 1, 4);
    let mut bench = Bench::holding(&entries[..1]);
    bench.ready(1, PUBLISHER);
    bench.ready(2, THIRD);
    tell(&mut bench, revoked(2));
    assert_eq!(sent(&bench.have(2, &entries[3])), [(2, want(feed, at(1, 0)))]);
    let outputs = bench.data(2, at(1, 0), feed, &frames(&entries[1]));
    assert_eq!((appended(&outputs), closed(&outputs)), (frames(&entries[1]).len(), None), "it stands");
    let outputs = bench.data(2, at(2, 0), feed, &frames(&entries[2]));
    assert_eq!((appended(&outputs), closed(&outputs)), (0, None));
    assert_eq!(refused(&outputs), Some(&EntryFault::Revoked { seq: Seq(2) }));
    // The next key goes on in that place.
    let next = honest(&Place::after(&head(&entries[1])));
    let publisher = node_session(&mut bench, 4);
    let outputs = bench.have(publisher, &next);
    assert_eq!(sent(&outputs), [(publisher, want(feed, at(2, 0)))]);
    let outputs = bench.data(publisher, at(2, 0), feed, &frames(&next));
    assert_eq!((appended(&outputs), closed(&outputs)), (frames(&next).len(), None));
}

/// A session with the publisher's next node.
fn node_session(bench: &mut Bench, session: u64) -> u64 {
    let agreements = BTreeSet::from([AgreementId::public(), SHARED]);
    let node = next_key().public_key();
    bench.input(Input::Opened { session: SessionId(session), node, publisher: id(PUBLISHER), agreements });
    bench.hear(session, bench.hello());
    session
}

#[test]
fn a_fork_that_a_thief_has_made_is_none_once_its_key_is_revoked() {
    let feed = public(PUBLISHER);
    let (ours, theirs) = (chain(feed, PUBLISHER, 1, 2), chain(feed, PUBLISHER, 2, 2));
    let mut bench = Bench::holding(&ours);
    bench.ready(1, THIRD);
    let proof = Message::Proof { one: ours[1].header().to_bytes(), other: theirs[1].header().to_bytes() };
    bench.hear(1, proof);
    assert_eq!(bench.replica.frozen().count(), 1);
    tell(&mut bench, revoked(1));
    assert_eq!(bench.replica.frozen().count(), 0);
    // What is held in that place does not stand either: the node cuts it off, and the feed goes on before it.
    let state = FeedState {
        place: Place::after(&head(&ours[0])),
        partial: Vec::new(),
        newest: Some(ours[0].header().clone()),
        fork: None,
        resolutions: Vec::new(),
    };
    bench.input(Input::Reset { state: Box::new(state) });
    assert_eq!(bench.replica.heads().collect::<Vec<_>>(), [head(&ours[0])]);
    let next = honest(&Place::after(&head(&ours[0])));
    let session = node_session(&mut bench, 4);
    assert_eq!(sent(&bench.have(session, &next)), [(session, want(feed, at(1, 0)))]);
    let outputs = bench.data(session, at(1, 0), feed, &frames(&next));
    assert_eq!((appended(&outputs), closed(&outputs)), (frames(&next).len(), None));
}

#[test]
fn where_a_thief_was_quicker_the_copy_is_given_up_that_the_publisher_does_not_hold() {
    let feed = public(PUBLISHER);
    let (thiefs, own) = (chain(feed, PUBLISHER, 1, 2), chain(feed, PUBLISHER, 2, 3));
    let agreement = AgreementId::public();
    let stand = Stand { agreement, vouched: 3, end: 3, held: 3, head: own[2].header().id() };
    for (publisher, settled) in [(true, true), (false, false)] {
        let mut bench = Bench::holding(&thiefs);
        tell(&mut bench, revoked_as(stand));
        let session = if publisher { node_session(&mut bench, 4) } else { 5 };
        if !publisher {
            bench.ready(session, THIRD);
        }
        assert_eq!(sent(&bench.have(session, &own[2])), [(session, want(feed, at(2, 0)))]);
        let outputs = bench.data(session, at(2, 0), feed, &frames(&own[2]));
        assert!(sent(&outputs).contains(&(session, Message::Show { feed, seq: Seq(1) })), "{outputs:?}");
        let bytes = Some(own[1].header().to_bytes());
        let outputs = bench.hear(session, Message::Header { feed, seq: Seq(1), bytes });
        let event = Output::Event(Event::Settled { feed, seq: Seq(1) });
        assert_eq!(outputs.contains(&event), settled, "only its publisher knows: {outputs:?}");
        assert_eq!(bench.replica.frozen().count(), 0);
    }
}

#[test]
fn an_entry_in_hand_of_a_key_that_is_revoked_begins_anew() {
    let feed = public(PUBLISHER);
    let first = entry(PUBLISHER, &Place::first(feed), NOW, (1, 1_500));
    let mut bench = Bench::new(Vec::new());
    bench.ready(1, THIRD);
    bench.have(1, &first);
    let some = &frames(&first)[..2];
    assert_eq!(appended(&bench.data(1, at(0, 0), feed, some)), 2);
    assert_eq!(bench.replica.position(&feed), Some(at(0, 2)));
    tell(&mut bench, revoked(0));
    assert_eq!(bench.replica.position(&feed), Some(at(0, 0)));
}
