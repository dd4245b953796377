//! Places, and what is a fork and what is not.

use super::*;
use crate::feed::testing::{FROM, Government, KEY, NOW, keyring, series};
use crate::feed::{EntryKind, Purpose, SignedEntry};
use crate::model::Millis;

fn said(government: &Government, place: &Place, value: i64) -> SignedEntry {
    government.release(place, vec![series(KEY, &[("2017", value)])])
}

#[test]
fn a_place_follows_its_head_and_leads_back_to_it() {
    let phl = Government::new("PHL", 1);
    let first = Place::first(phl.feed());
    assert_eq!((first.head(), first.seq, first.backlink), (None, Seq(0), EntryId::NONE));
    let entry = said(&phl, &first, 1);
    let head = HeadRef::from(entry.header());
    let next = Place::after(&head);
    assert_eq!((next.head(), next.seq, next.backlink), (Some(head), Seq(1), entry.header().id()));
    assert!(first.takes(entry.header().header()) && !next.takes(entry.header().header()));
}

#[test]
fn two_entries_of_one_place_by_mandated_keys_are_a_fork() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let known = keyring(&[&phl, &esp]);
    let first = Place::first(phl.feed());
    let (one, other) = (said(&phl, &first, 1), said(&phl, &first, 2));
    let (one, other) = (one.header(), other.header());
    let fork = Fork::of(one.clone(), other.clone(), &known).unwrap();
    assert_eq!((fork.feed(), fork.seq(), fork.headers()), (phl.feed(), Seq(0), (one, other)));

    let next = said(&phl, &Place::after(&HeadRef::from(one)), 3);
    let foreign = said(&esp, &Place::first(esp.feed()), 1);
    let late = phl.entry(EntryKind::Release, &first, Millis(FROM.0 - 1), vec![series(KEY, &[("2017", 4)])]);
    // Spain's node signs in the name of the Philippines.
    let stolen = said(&esp, &first, 5);
    let cases = [
        ("the same entry", one),
        ("the next entry", next.header()),
        ("another feed", foreign.header()),
        ("a key that was not mandated then", late.header()),
        ("a key of another government", stolen.header()),
    ];
    for (name, header) in cases {
        assert_eq!(Fork::of(one.clone(), header.clone(), &known), None, "{name}");
        assert_eq!(Fork::of(header.clone(), one.clone(), &known), None, "{name}, the other way");
    }
    assert_eq!(Fork::of(one.clone(), other.clone(), &keyring(&[&esp])), None, "without the card");
}

#[test]
fn a_mandate_for_another_purpose_makes_no_fork() {
    let phl = Government::with_mandate("PHL", 1, &[Purpose::Receipt], (FROM, Millis(NOW.0 + 1)));
    let first = Place::first(phl.feed());
    let fork = |kind| {
        let entry = |value| phl.entry(kind, &first, NOW, vec![series(KEY, &[("2017", value)])]);
        Fork::of(entry(1).header().clone(), entry(2).header().clone(), &keyring(&[&phl]))
    };
    assert!(fork(EntryKind::Receipt).is_some());
    assert!(fork(EntryKind::Release).is_none());
}
