//! The life of keys: which card follows which, what a revoked key leaves, what a thief can do.

use proptest::prelude::*;

use super::*;
use crate::crypto::SecretKey;
use crate::feed::assembler::Assembler;
use crate::feed::citation::{Citation, CitationFault};
use crate::feed::{AgreementId, EntryFault, Frame, HeadRef, NextCard, PublisherId, Seq, SignedEntry};
use crate::model::Period;

const LATER: Millis = Millis(NOW.0 + 1_000);

fn after(card: &Card) -> NextCard {
    NextCard::after(card, LATER)
}

/// A revocation of the government's node key under the public agreement.
fn revocation(phl: &Government, reason: Reason, vouched: u64, end: u64) -> Revocation {
    let stands = vec![Stand { vouched, end, ..Stand::none(AgreementId::public()) }];
    Revocation { node: phl.node.public_key().0, at: NOW.0, reason, stands }
}

fn revoked(phl: &Government, vouched: u64, end: u64) -> Card {
    let revocation = revocation(phl, Reason::Compromised, vouched, end);
    after(&phl.card).revoke(revocation).sign(&phl.national).unwrap()
}

fn succeeded(phl: &Government) -> Card {
    let next = secret(101);
    after(&phl.card).succeed(&next, &secret(201).public_key()).unwrap().sign(&next).unwrap()
}

fn held(card: &Card) -> Keyring {
    let mut keyring = Keyring::default();
    assert!(keyring.insert(card.clone()));
    keyring
}

#[test]
fn a_successor_keeps_the_publisher_and_all_that_was_signed() {
    let phl = Government::new("PHL", 1);
    let card = succeeded(&phl);
    assert_eq!((card.publisher(), card.body().national_key()), (phl.publisher(), secret(101).public_key()));
    assert_eq!(Card::from_text(&card.to_text()).as_ref(), Ok(&card));
    assert!(card.announces(&secret(201).public_key()) && !card.announces(&secret(101).public_key()));
    let mut keyring = held(&phl.card);
    assert!(keyring.insert(card.clone()));
    for entry in phl.chain(3) {
        assert!(keyring.may_sign(entry.header().header()) && keyring.vouches(entry.header().header()));
    }
    let again = after(&card).succeed(&secret(201), &secret(202).public_key()).unwrap();
    let again = again.sign(&secret(201)).unwrap();
    assert_eq!((again.publisher(), again.body().line.len()), (phl.publisher(), 3));
    assert!(keyring.insert(again), "who missed nothing takes it");
    assert!(held(&phl.card).insert(card), "and so does who missed a card");
}

#[test]
fn nobody_but_the_announced_key_succeeds() {
    let phl = Government::new("PHL", 1);
    for stranger in [1, 2, 3, 100, 102] {
        let other = after(&phl.card).succeed(&secret(stranger), &secret(201).public_key());
        assert_eq!(other.map(drop).unwrap_err(), CardError::Successor, "{stranger}");
    }
    // A thief of the national key founds the line anew and announces itself: a card in itself, of the same publisher.
    let (thief, network) = (secret(77), Network::main());
    let line = vec![SignedStep::first(&phl.national, &thief.public_key(), FROM, &network)];
    let forged = sign(&phl, CardBody { line, issued_at: LATER.0, ..body(&phl) }).unwrap();
    let own = after(&forged).succeed(&thief, &secret(78).public_key()).unwrap().sign(&thief).unwrap();
    let mut keyring = held(&phl.card);
    for card in [forged, own] {
        assert_eq!(card.publisher(), phl.publisher());
        assert_eq!(keyring.may_take(&card), Err(CardError::OtherLine));
        assert!(!keyring.insert(card));
    }
    assert_eq!(keyring, held(&phl.card));
    // A step that another key has signed, or that names another step before it, is no step.
    let good = succeeded(&phl).body().clone();
    let step = |at: usize| good.line[at].clone();
    for line in [vec![], vec![step(1)], vec![step(1), step(0)], vec![step(0), step(1), step(1)]] {
        let card = Card::sign(CardBody { line, ..good.clone() }, &network, &secret(101));
        assert_eq!(card, Err(CardError::Line));
    }
}

#[test]
fn after_a_succession_the_former_key_signs_nothing_whatever_the_date() {
    let phl = Government::new("PHL", 1);
    let card = succeeded(&phl);
    let mut keyring = held(&card);
    for issued_at in [FROM.0, LATER.0, i64::MAX] {
        let mandates = body(&phl).mandates;
        let stolen = sign(&phl, CardBody { issued_at, mandates, ..body(&phl) }).unwrap();
        assert_eq!(keyring.may_take(&stolen), Err(CardError::Succeeded), "{issued_at}");
        assert!(!keyring.insert(stolen));
    }
    assert_eq!(keyring.get(&phl.publisher()), Some(&card));
    // Nor does a thief that was quicker block the successor: a later national key counts before any date.
    let blocking = sign(&phl, CardBody { issued_at: i64::MAX - 1, ..body(&phl) }).unwrap();
    let mut keyring = held(&blocking);
    assert!(keyring.insert(card.clone()));
    assert_eq!(keyring.get(&phl.publisher()), Some(&card));
    // With the former key a card of the successor's line cannot be signed either.
    let posing = Card::sign(card.body().clone(), &Network::main(), &phl.national);
    assert_eq!(posing, Err(CardError::Signature));
}

#[test]
fn a_rotated_key_signs_to_the_end_of_its_shorter_term_and_the_next_one_beside_it() {
    let phl = Government::new("PHL", 1);
    let (old, new) = (phl.node.public_key(), secret(50).public_key());
    let until = Millis(NOW.0 + 10);
    let card = after(&phl.card).until(&old, until, &phl.national).mandate(new, (FROM, UNTIL), &phl.national);
    let card = card.sign(&phl.national).unwrap();
    for (time, nodes) in [(NOW, vec![old, new]), (until, vec![new]), (UNTIL, vec![])] {
        assert_eq!(card.nodes(time).collect::<Vec<_>>(), nodes, "{time}");
    }
    let longer = after(&phl.card).until(&old, Millis(i64::MAX), &phl.national).sign(&phl.national).unwrap();
    assert_eq!(longer.body().mandates, phl.card.body().mandates, "never longer than its own term");
    assert!(held(&phl.card).insert(card));
}

#[test]
fn a_revoked_key_leaves_its_places_and_nothing_else() {
    let phl = Government::new("PHL", 1);
    let card = revoked(&phl, 2, 3);
    assert_eq!(Card::from_text(&card.to_text()).as_ref(), Ok(&card));
    let keyring = held(&card);
    for (entry, (may, vouched)) in phl.chain(5).iter().zip([
        (Ok(()), true),
        (Ok(()), true),
        (Ok(()), false),
        (Err(Refusal::Revoked), false),
        (Err(Refusal::Revoked), false),
    ]) {
        let header = entry.header().header();
        assert_eq!((keyring.judge(header), keyring.vouches(header)), (may, vouched), "{}", header.seq);
    }
    // A time long before the revocation helps nobody, and neither does a feed that the card does not name.
    let place = Place { seq: Seq(3), ..Place::first(phl.feed()) };
    let early = phl.entry(EntryKind::Release, &place, FROM, vec![series(KEY, &[("2017", 1)])]);
    assert_eq!(keyring.judge(early.header().header()), Err(Refusal::Revoked));
    let elsewhere = Place::first(crate::feed::FeedId::new(phl.publisher(), AgreementId([9; 32])));
    let other = phl.entry(EntryKind::Release, &elsewhere, FROM, vec![series(KEY, &[("2017", 1)])]);
    assert_eq!(keyring.judge(other.header().header()), Err(Refusal::Revoked));
    let key = phl.node.public_key();
    assert_eq!(card.nodes(NOW).count(), 0);
    assert_eq!((keyring.publisher_of(&key, FROM), keyring.is_revoked(&phl.publisher(), &key)), (None, true));
}

#[test]
fn of_two_entries_for_one_place_the_one_stands_that_leads_to_what_the_government_holds() {
    let phl = Government::new("PHL", 1);
    let own = phl.chain(3);
    let place = Place::after(&HeadRef::from(own[0].header()));
    let other = phl.release(&place, vec![series(KEY, &[("2017", 666)])]);
    let last =
        phl.release(&Place::after(&HeadRef::from(other.header())), vec![series(KEY, &[("2017", 667)])]);
    let fork =
        || crate::feed::Fork::of(own[1].header().clone(), other.header().clone(), &held(&phl.card)).unwrap();
    let head = own[2].header().id();
    let with = |reason, held, head| {
        let stands = vec![Stand { agreement: AgreementId::public(), vouched: 3, end: 3, held, head }];
        let revocation = Revocation { stands, ..revocation(&phl, reason, 0, 0) };
        let mut keyring = Keyring::default();
        keyring.insert(after(&phl.card).revoke(revocation).sign(&phl.national).unwrap());
        keyring
    };
    let keyring = with(Reason::Compromised, 3, head);
    assert!(keyring.may_sign(own[2].header().header()));
    assert_eq!(keyring.judge(last.header().header()), Err(Refusal::Revoked));
    assert!(!keyring.vouches(last.header().header()));
    assert!(!fork().holds(&keyring), "the card says which one is the thief's");
    // A key that nobody has stolen excuses no fork, and neither does a card that was made before it.
    assert!(fork().holds(&with(Reason::Superseded, 3, head)));
    assert!(fork().holds(&with(Reason::Compromised, 1, own[0].header().id())));
}

#[test]
fn outside_a_feed_a_revoked_keys_word_counts_only_if_it_was_superseded_and_is_of_before() {
    let phl = Government::new("PHL", 1);
    let key = phl.node.public_key();
    for (reason, before) in [(Reason::Superseded, true), (Reason::Lost, true), (Reason::Compromised, false)] {
        let card = after(&phl.card).revoke(revocation(&phl, reason, 0, 0)).sign(&phl.national).unwrap();
        assert_eq!(card.allows(&key, Purpose::Agreement, FROM), before, "{reason:?}");
        assert!(!card.allows(&key, Purpose::Agreement, NOW), "{reason:?}");
        assert!(card.has_mandate(&key, Purpose::Agreement, NOW), "{reason:?}");
    }
}

#[test]
fn a_revocation_is_not_taken_back_but_by_the_next_national_key() {
    let phl = Government::new("PHL", 1);
    let card = revoked(&phl, 2, 3);
    let keyring = held(&card);
    let with = |revocations: Vec<Revocation>| {
        sign(&phl, CardBody { revocations, issued_at: LATER.0 + 5, ..body(&phl) }).unwrap()
    };
    let again = |vouched, end| with(vec![revocation(&phl, Reason::Compromised, vouched, end)]);
    let cases = [
        ("gone", with(vec![]), Err(CardError::TakenBack)),
        ("more stands", again(2, 4), Err(CardError::TakenBack)),
        ("more is vouched for", again(3, 3), Err(CardError::TakenBack)),
        ("as before", again(2, 3), Ok(())),
        ("less stands", again(0, 1), Ok(())),
    ];
    for (case, card, expected) in cases {
        assert_eq!(keyring.may_take(&card), expected, "{case}");
    }
    let next = secret(101);
    let successor = NextCard::after(&card, LATER).succeed(&next, &secret(201).public_key()).unwrap();
    let mut cleared = successor.sign(&next).unwrap().body().clone();
    cleared.revocations.clear();
    assert_eq!(keyring.may_take(&Card::sign(cleared, &Network::main(), &next).unwrap()), Ok(()));
    // Making it again keeps to what was stricter.
    let wider = NextCard::after(&card, LATER).revoke(revocation(&phl, Reason::Superseded, 9, 9));
    assert_eq!(
        wider.sign(&phl.national).unwrap().body().revocations[0].stands,
        card.body().revocations[0].stands
    );
}

#[test]
fn revocations_keep_the_rules_of_their_form() {
    let phl = Government::new("PHL", 1);
    let one = |node: u8| Revocation { node: [node; 32], ..revocation(&phl, Reason::Lost, 1, 1) };
    let stand =
        |agreement: u8, vouched, end| Stand { vouched, end, ..Stand::none(AgreementId([agreement; 32])) };
    let of = |stands: Vec<Stand>| vec![Revocation { stands, ..one(1) }];
    let many = (0..=MAX_STANDS as u32).map(|at| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&at.to_be_bytes());
        Stand::none(AgreementId(id))
    });
    let cases = [
        ("in order", vec![one(1), one(2)], Ok(())),
        ("out of order", vec![one(2), one(1)], Err(CardError::Revocations)),
        ("twice", vec![one(1), one(1)], Err(CardError::Revocations)),
        ("feeds out of order", of(vec![stand(2, 0, 0), stand(1, 0, 0)]), Err(CardError::Revocations)),
        ("a feed twice", of(vec![stand(1, 0, 0), stand(1, 0, 0)]), Err(CardError::Revocations)),
        ("more vouched than stands", of(vec![stand(1, 2, 1)]), Err(CardError::Revocations)),
        ("too many", of(many.collect()), Err(CardError::TooMany)),
    ];
    for (case, revocations, expected) in cases {
        assert_eq!(sign(&phl, CardBody { revocations, ..body(&phl) }).map(drop), expected, "{case}");
    }
}

/// Takes all frames of some entries; the fault of the first that is refused, and its entry.
fn take(card: &Card, entries: &[SignedEntry]) -> Result<Seq, (Seq, EntryFault)> {
    let keyring = held(card);
    let mut assembler = Assembler::new(Network::main(), Place::first(entries[0].header().header().feed));
    for entry in entries {
        for bytes in crate::feed::testing::frames(entry.frames()) {
            let frame = Frame::read(&bytes).unwrap().unwrap();
            assembler.accept(&keyring, &frame).map_err(|fault| (assembler.place().seq, fault))?;
        }
    }
    Ok(assembler.place().seq)
}

#[test]
fn a_feed_goes_on_by_the_next_key_where_the_revoked_one_ends() {
    let phl = Government::new("PHL", 1);
    let next = secret(50);
    let card = after(&revoked(&phl, 1, 2)).mandate(next.public_key(), (FROM, UNTIL), &phl.national);
    let card = card.sign(&phl.national).unwrap();
    let mut entries = phl.chain(2);
    let place = Place::after(&HeadRef::from(entries[1].header()));
    let stolen = phl.release(&place, vec![series(KEY, &[("2017", 666)])]);
    let records = vec![series(KEY, &[("2017", 3)])];
    let builder = crate::feed::EntryBuilder::new(EntryKind::Release, records);
    let honest = builder.sign(&place, NOW, &Network::main(), &next).unwrap();
    let refused = take(&card, &[entries[0].clone(), entries[1].clone(), stolen]);
    assert_eq!(refused, Err((Seq(2), EntryFault::Revoked { seq: Seq(2) })));
    entries.push(honest);
    assert_eq!(take(&card, &entries), Ok(Seq(3)));
}

#[test]
fn a_citation_of_a_revoked_key_holds_as_far_as_its_government_vouches() {
    let phl = Government::new("PHL", 1);
    let (card, period) = (revoked(&phl, 1, 2), Period::parse("2017").unwrap());
    let cited = |card: &Card, entry: &SignedEntry, value: i64| {
        let record = crate::feed::record::encode(&series(KEY, &[("2017", value)]));
        let leaves = [crate::crypto::merkle::leaf_hash(&record)];
        let path = crate::crypto::inclusion_path(&leaves, 0).unwrap();
        Citation::new(card.clone(), entry.header().clone(), record, path, period).map(|one| one.to_text())
    };
    let entries = phl.chain(3);
    let text = cited(&card, &entries[0], 0).unwrap();
    assert!(Citation::from_text(&text).is_ok());
    for (at, entry) in entries.iter().enumerate().skip(1) {
        assert_eq!(cited(&card, entry, at as i64), Err(CitationFault::Revoked), "{at}");
    }
    assert!(
        cited(&succeeded(&phl), &entries[2], 2).is_ok(),
        "a succession changes nothing for what was signed"
    );
}

/// What somebody does who has a national key: the right one at its time, or one that was stolen.
#[derive(Clone, Debug)]
enum Deed {
    /// The government issues a card.
    Issue,
    /// The government revokes its node key in some place.
    Revoke(u64),
    /// The announced key succeeds.
    Succeed,
    /// A thief with the first national key signs a card with this date and no revocation.
    Steal(i64),
    /// Somebody hands over a card that was there before.
    Replay(prop::sample::Index),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => Just(Deed::Issue),
        1 => (0..4_u64).prop_map(Deed::Revoke),
        1 => Just(Deed::Succeed),
        2 => any::<i64>().prop_map(Deed::Steal),
        3 => any::<prop::sample::Index>().prop_map(Deed::Replay),
    ]
}

fn national(number: usize) -> SecretKey {
    secret(if number == 0 { 1 } else { 100 + number as u8 })
}

proptest! {
    #[test]
    fn who_holds_a_card_never_goes_back(deeds in prop::collection::vec(deed(), 1..25)) {
        let phl = Government::new("PHL", 1);
        let (mut own, mut keyring) = (phl.card.clone(), held(&phl.card));
        let mut made = vec![own.clone()];
        for deed in deeds {
            let before = keyring.get(&phl.publisher()).unwrap().clone();
            let number = own.body().line.len() - 1;
            let stolen = matches!(deed, Deed::Steal(_) | Deed::Replay(_));
            let card = match deed {
                Deed::Issue => NextCard::after(&own, LATER).sign(&national(number)).unwrap(),
                Deed::Revoke(end) => {
                    let revocation = revocation(&phl, Reason::Lost, end, end);
                    NextCard::after(&own, LATER).revoke(revocation).sign(&national(number)).unwrap()
                }
                Deed::Succeed if number < 20 => {
                    let (next, after) = (national(number + 1), national(number + 2));
                    let card = NextCard::after(&own, LATER).succeed(&next, &after.public_key()).unwrap();
                    card.sign(&next).unwrap()
                }
                Deed::Succeed => own.clone(),
                Deed::Steal(issued_at) => sign(&phl, CardBody { issued_at, ..body(&phl) }).unwrap(),
                Deed::Replay(which) => which.get(&made).clone(),
            };
            keyring.insert(card.clone());
            made.push(card.clone());
            let held = keyring.get(&phl.publisher()).unwrap();
            if !stolen {
                own = card.clone();
            }
            prop_assert!(held.publisher() == PublisherId::of(&phl.national.public_key()));
            prop_assert!(held.body().line.len() >= before.body().line.len());
            if held.body().line.len() == before.body().line.len() {
                prop_assert!(held.body().issued_at >= before.body().issued_at);
                prop_assert!(revocation::all_kept(&before.body().revocations, &held.body().revocations));
            }
            // From a succession on the thief of the first key changes nothing, and a replay never does.
            if stolen && (before.body().line.len() > 1 || made[..made.len() - 1].contains(&card)) {
                prop_assert_eq!(held, &before);
            }
        }
    }
}
