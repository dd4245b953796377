//! Who carries sees the heads of what is sealed for it, and nothing else; who is a courier takes nothing that is open.

use super::*;
use crate::crypto::{Drawn, SealingKey, SealingSecret, Suite};
use crate::feed::{Body, EntryFault, Sealer, SealingKeys};
use crate::sync::Seating;

fn shared(who: usize) -> FeedId {
    FeedId::new(id(who), SHARED)
}

/// An entry that travels sealed too, to nobody in particular.
fn sealed(who: usize, place: &Place) -> SignedEntry {
    let record = Record::Receipt(Receipt {
        publisher: [1; 32],
        agreement: [2; 32],
        seq: 3,
        entry: [4; 32],
        received_at: NOW,
    });
    let secret = Zeroizing::new([7; 32]);
    let key: SealingKey = SealingSecret::from_seed(Suite::X25519, Zeroizing::new([6; 32])).public().clone();
    let drawn = Drawn::new(Zeroizing::new([8; 32]));
    let sealer = Sealer { recipients: &[key], secret: &secret, drawn, embargo: None };
    let body = Body::of(vec![record]).unwrap();
    body.sign_sealed(sealer, (EntryKind::Release, NOW), place, (&network(), &node_key(who)))
}

/// A replica that holds these feeds.
fn holding(all: &[&SignedEntry]) -> Bench {
    let state = |entry: &&SignedEntry| FeedState {
        place: Place::after(&head(entry)),
        partial: Vec::new(),
        newest: Some(entry.header().clone()),
        fork: None,
        resolutions: Vec::new(),
    };
    Bench::new(all.iter().map(state).collect())
}

/// Opens a session with a courier of the shared agreement, which it may not read.
fn with_courier(bench: &mut Bench, session: u64, who: usize) -> Vec<Output> {
    bench.input(Input::Carries { publisher: id(who), agreements: BTreeSet::from([SHARED]) });
    let (node, agreements) = (node_key(who).public_key(), BTreeSet::from([AgreementId::public()]));
    bench.input(Input::Opened { session: SessionId(session), node, publisher: id(who), agreements });
    bench.hear(session, bench.hello())
}

fn announced(outputs: &[Output]) -> Vec<FeedId> {
    let heads = |(_, message): &(u64, Message)| match message {
        Message::Have { heads, .. } => heads.iter().map(|head| head.feed).collect(),
        _ => Vec::new(),
    };
    sent(outputs).iter().flat_map(heads).collect()
}

#[test]
fn a_courier_hears_of_our_own_feed_and_not_of_what_others_gave_us() {
    let (ours, theirs) =
        (sealed(US, &Place::first(shared(US))), sealed(PUBLISHER, &Place::first(shared(PUBLISHER))));
    let mut bench = holding(&[&ours, &theirs]);
    let outputs = with_courier(&mut bench, 1, THIRD);
    assert_eq!(announced(&outputs), [shared(US)]);
    let outputs = bench.hear(1, want(shared(US), at(0, 0)));
    assert!(outputs.iter().any(|output| matches!(output, Output::Read { feed, .. } if *feed == shared(US))));
    let outputs = bench.hear(1, want(shared(PUBLISHER), at(0, 0)));
    assert!(matches!(closed(&outputs), Some(Fault::Audience { .. })), "{outputs:?}");
}

#[test]
fn a_courier_gives_our_own_feed_back_and_settles_it() {
    let first = sealed(US, &Place::first(shared(US)));
    let mut bench = Bench::new(Vec::new());
    bench.input(Input::Recover { recovering: Recovering { all: true, ..Recovering::default() } });
    with_courier(&mut bench, 1, THIRD);
    assert_eq!(sent(&bench.have(1, &first)), [(1, want(shared(US), at(0, 0)))], "it is taken back");
    let settled = |outputs: &[Output]| {
        let settles = |output: &&Output| matches!(output, Output::Event(Event::OwnFeedSettled { feed, .. }) if *feed == shared(US));
        outputs.iter().find(settles).is_some()
    };
    let mut bench = holding(&[&first]);
    bench.input(Input::Recover { recovering: Recovering { all: true, ..Recovering::default() } });
    with_courier(&mut bench, 1, THIRD);
    assert!(settled(&bench.have(1, &first)), "the courier has no more than is here");
}

#[test]
fn what_a_courier_carries_of_others_is_pulled_from_it() {
    let theirs = sealed(PUBLISHER, &Place::first(shared(PUBLISHER)));
    let mut bench = Bench::new(Vec::new());
    with_courier(&mut bench, 1, THIRD);
    let outputs = bench.have(1, &theirs);
    assert_eq!(sent(&outputs), [(1, want(shared(PUBLISHER), at(0, 0)))]);
    // It is a courier no longer: what it has is not asked for any more.
    bench.input(Input::Carries { publisher: id(THIRD), agreements: BTreeSet::new() });
    let outputs = bench.have(1, &theirs);
    assert!(
        sent(&outputs).iter().all(|(_, message)| !matches!(message, Message::Want { .. })),
        "{outputs:?}"
    );
}

#[test]
fn as_a_courier_we_refuse_what_is_open_and_serve_what_is_sealed() {
    let theirs = sealed(PUBLISHER, &Place::first(shared(PUBLISHER)));
    let mut bench = Bench::new(Vec::new());
    let carried = Arc::new(BTreeSet::from([SHARED]));
    let seating = Seating { keys: Arc::new(SealingKeys::default()), carried, full: BTreeSet::new() };
    bench.input(Input::Seated { seating: seating.clone() });
    bench.ready(1, PUBLISHER);
    bench.have(1, &theirs);
    let outputs = bench.data(1, at(0, 0), shared(PUBLISHER), &frames(&theirs));
    let fault = closed(&outputs).expect("a publisher that hands open figures to a courier is parted with");
    assert!(matches!(fault, Fault::Entry { fault: EntryFault::Content(_), .. }), "{fault:?}");
    // Of whom we carry enough, nothing more is taken.
    bench.input(Input::Seated { seating: Seating { full: BTreeSet::from([id(PUBLISHER)]), ..seating } });
    bench.ready(2, PUBLISHER);
    assert!(sent(&bench.have(2, &theirs)).is_empty());
    // Another courier of the agreement gets what we hold of others: it is sealed.
    let mut bench = holding(&[&theirs]);
    let carried = Arc::new(BTreeSet::from([SHARED]));
    bench.input(Input::Seated { seating: Seating { carried, ..Seating::default() } });
    assert_eq!(announced(&with_courier(&mut bench, 1, THIRD)), [shared(PUBLISHER)]);
}
