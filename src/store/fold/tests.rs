//! Folding in steps of any size, over restarts and kills, against a plain model.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::feed::Seq;
use crate::feed::head::Place;
use crate::feed::testing::{Government, NOW, numbered_series};
use crate::feed::{AgreementId, EntryKind, FeedId};
use crate::model::{Receipt, Record, SeriesPattern};
use crate::store::Store;
use crate::store::overlay::FULL;
use crate::store::testing::{House, Say, key};
use crate::view::{Moment, Query};

fn history() -> Query {
    Query { moment: Moment::History, ..Query::current(SeriesPattern::any()) }
}

/// An entry of so many observations in series of thirty.
fn long_entry(observations: i64) -> Vec<Say> {
    let series = |number: i64| {
        let values = (0..30).map(|at| (number / 36 * 30 + at, number * 100 + at)).collect();
        Say::State(usize::try_from(number % 36).unwrap(), 1, values)
    };
    (0..observations / 30).map(series).collect()
}

#[test]
fn what_is_durable_is_seen_after_folding() {
    let mut house = House::new();
    assert!(house.store.is_folded());
    house.release(&[Say::State(0, 1, vec![(0, 5), (1, 6)]), Say::State(1, 0, vec![(7, 1)])]);
    assert!(!house.store.is_folded());
    house.store.fold().unwrap();
    assert!(house.store.is_folded());
    house.check();
    house.release(&[Say::State(0, 2, vec![(1, 7)]), Say::Retract(1, vec![])]);
    house.release(&[Say::State(1, 0, vec![(7, 2)]), Say::Retract(0, vec![0])]);
    house.store.fold().unwrap();
    house.check();
    house.store.derived().flush().unwrap();
    house.check();
    house.reopen(false);
    assert!(house.store.is_folded());
    house.check();
}

#[test]
fn other_threads_are_told_when_the_view_lags_behind() {
    let mut house = House::new();
    let derived = house.store.derived().clone();
    house.release(&long_entry(3000));
    assert!(!derived.shows_all(), "something became durable");
    assert!(!house.store.fold_step(10).unwrap());
    assert!(!derived.shows_all(), "a part is folded");
    house.store.fold().unwrap();
    assert!(derived.shows_all());
    house.store.rebuild("a test asks for it").unwrap();
    assert!(!derived.shows_all(), "everything is begun anew");
    house.store.fold().unwrap();
    assert!(derived.shows_all());
}

#[test]
fn a_commit_of_some_agreements_leaves_the_others_for_the_next() {
    let (mut house, phl) = (House::new(), Government::new("PHL", 1));
    let feeds = [1, 2].map(|number| FeedId::new(phl.publisher(), AgreementId([number; 32])));
    let entries = feeds.map(|feed| phl.release(&Place::first(feed), vec![numbered_series(1)]));
    for entry in &entries {
        house.store.append_own(entry).unwrap();
    }
    let header = |store: &Store, at: usize| store.durable_header(&feeds[at]).unwrap();
    assert_eq!(house.store.commit_of(|of| *of == AgreementId([3; 32])).unwrap(), []);
    let second = |of: &AgreementId| *of == feeds[1].agreement;
    assert_eq!(house.store.commit_of(second).unwrap(), [entries[1].header().clone()]);
    assert_eq!(header(&house.store, 1).as_ref(), Some(entries[1].header()));
    assert_eq!(header(&house.store, 0), None, "it may be lost still");
    assert_eq!(house.store.commit_of(second).unwrap(), [], "nothing is new in it");
    assert_eq!(house.store.commit().unwrap(), [entries[0].header().clone()]);
    assert_eq!(header(&house.store, 0).as_ref(), Some(entries[0].header()));
}

#[test]
fn an_entry_is_seen_whole_or_not_at_all() {
    let mut house = House::new();
    house.release(&[Say::State(0, 1, vec![(500, 1)])]);
    house.store.fold().unwrap();
    let before = house.answer(&history());
    house.release(&long_entry(30_000));
    house.release(&[Say::Retract(0, vec![])]);
    let mut steps = 0;
    while !house.store.fold_step(100).unwrap() {
        steps += 1;
        let next = house.store.derived().overlay().visible(house.feed());
        if next == Seq(1) {
            assert_eq!(house.answer(&history()), before);
            let stated = house.store.derived().observations(&house.feed()).unwrap();
            assert_eq!(stated, 1);
        }
        if steps % 5 == 0 {
            // What is written to pages in the middle of an entry stays out of sight too.
            house.store.derived().write_out(2000).unwrap();
        }
    }
    assert!(steps > 5);
    house.check();
}

#[test]
fn an_entry_larger_than_what_memory_holds_is_folded_at_once_or_in_steps() {
    let mut house = House::new();
    house.release(&long_entry(180_000));
    house.store.fold().unwrap();
    assert!(house.store.derived().overlay().weight() < FULL);
    house.check();
    house.store.rebuild("a test").unwrap();
    let mut steps = 0;
    while !house.store.fold_step(5000).unwrap() {
        steps += 1;
        assert!(house.store.derived().overlay().weight() < FULL + (1 << 14));
    }
    assert!(steps > 30);
    house.check();
}

#[test]
fn a_kill_in_the_middle_of_an_entry_loses_and_doubles_nothing() {
    let mut house = House::new();
    house.release(&[Say::State(0, 1, vec![(5, 1)]), Say::State(3, 1, vec![(5, 1)])]);
    house.store.fold().unwrap();
    house.release(&long_entry(20_000));
    house.release(&[Say::Retract(3, vec![])]);
    house.store.fold_step(8000).unwrap();
    house.store.derived().write_out_all().unwrap();
    house.store.fold_step(4000).unwrap();
    assert!(!house.store.is_folded());
    house.reopen(true);
    assert_eq!(house.answer(&Query::current(SeriesPattern::any())).len(), 2);
    house.store.fold().unwrap();
    house.check();
}

#[test]
fn a_broken_database_is_folded_again_once() {
    let mut house = House::new();
    house.release(&long_entry(3000));
    house.store.fold().unwrap();
    house.store.derived().flush().unwrap();
    let tree = house.store.derived().tree();
    for item in tree.scan_prefix([crate::store::layout::PAGE]) {
        tree.insert(item.unwrap().0, vec![1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    }
    assert!(house.store.derived().query(&history(), &mut |_| true).is_err());
    house.release(&[Say::Retract(0, vec![])]);
    house.store.fold().unwrap();
    house.check();
    assert_eq!(house.store.repairs().len(), 1);
}

#[test]
fn receipts_are_known_before_and_after_they_are_written_out() {
    let mut house = House::new();
    let spain = Government::new("ESP", 3);
    let ours = house.feed();
    let mut place = Place::first(FeedId::new(spain.publisher(), ours.agreement));
    for seq in 0..3 {
        let receipt = Receipt {
            publisher: ours.publisher.0,
            agreement: ours.agreement.0,
            seq,
            entry: [7; 32],
            received_at: NOW,
        };
        let entry = spain.entry(EntryKind::Receipt, &place, NOW, vec![Record::Receipt(receipt)]);
        place = Place::after(&crate::feed::HeadRef::from(entry.header()));
        house.store.append_own(&entry).unwrap();
        house.store.commit().unwrap();
        house.store.fold().unwrap();
        for _ in 0..2 {
            let receipts = house.store.derived().receipts(&ours).unwrap();
            assert_eq!(receipts.len(), 1);
            assert_eq!((receipts[0].recipient, receipts[0].seq), (spain.publisher(), Seq(seq)));
            house.store.derived().flush().unwrap();
        }
    }
}

#[test]
fn memory_is_written_out_in_steps() {
    let mut house = House::new();
    house.release(&long_entry(60_000));
    house.store.fold().unwrap();
    assert!(house.store.needs_tidying());
    let mut steps = 0;
    while !house.store.tidy_step(1000).unwrap() {
        steps += 1;
    }
    assert!(steps > 5);
    assert!(!house.store.needs_tidying());
    assert_eq!(house.store.derived().overlay().weight(), 0);
    house.check();
}

fn say() -> impl Strategy<Value = Say> {
    let values = prop::collection::vec((0_i64..40, -1000_i64..1000), 0..20);
    let periods = prop::collection::vec(0_i64..40, 0..3);
    prop_oneof![
        4 => (0_usize..36, 0_usize..3, values).prop_map(|(n, a, values)| Say::State(n, a, values)),
        1 => (0_usize..36, periods).prop_map(|(n, periods)| Say::Retract(n, periods)),
    ]
}

/// What happens to a store.
#[derive(Clone, Debug)]
enum Act {
    Release(Vec<Say>),
    Step(usize),
    WriteOut(usize),
    Reopen(bool),
    Check,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop::collection::vec(say(), 1..6).prop_map(Act::Release),
        4 => (1_usize..200).prop_map(Act::Step),
        2 => (1_usize..2000).prop_map(Act::WriteOut),
        1 => any::<bool>().prop_map(Act::Reopen),
        1 => Just(Act::Check),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn steps_of_any_size_show_what_the_model_says(acts in prop::collection::vec(act(), 1..30)) {
        let mut house = House::new();
        for act in acts {
            match act {
                Act::Release(said) => house.release(&said),
                Act::Step(budget) => {
                    house.store.fold_step(budget).unwrap();
                }
                Act::WriteOut(budget) => {
                    house.store.derived().write_out(budget).unwrap();
                }
                Act::Reopen(lost) => house.reopen(lost),
                Act::Check => {
                    let next = house.store.derived().overlay().visible(house.feed());
                    let said = |all: Vec<crate::view::SeriesView>| -> Vec<_> {
                        all.into_iter().map(|one| (one.key, one.versions)).collect()
                    };
                    prop_assert_eq!(said(house.answer(&history())), said(house.expected(&history(), next)));
                }
            }
        }
        house.store.fold().unwrap();
        house.check();
    }
}

#[test]
fn keys_of_the_tests_differ() {
    let keys: BTreeSet<_> = (0..36).map(key).collect();
    assert_eq!(keys.len(), 36);
}
