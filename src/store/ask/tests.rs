//! Asking while others fold and write out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::feed::Seq;
use crate::model::{Dimension, SeriesPattern};
use crate::store::Derived;
use crate::store::testing::{House, Say, key};
use crate::view::{Moment, Query};

const SERIES: usize = 36;
const PERIODS: u64 = 40;

fn history() -> Query {
    Query { moment: Moment::History, ..Query::current(SeriesPattern::any()) }
}

/// Every series gets so many periods of its own in each entry, in an order that spreads them over the row.
fn wave(number: i64) -> Vec<Say> {
    let values = |series: usize| {
        let place = |at: i64| (at * 60 + (number * 37) % 60, number);
        Say::State(series, 0, (0..PERIODS.cast_signed()).map(place).collect())
    };
    (0..SERIES).map(values).collect()
}

/// Asks for everything: each series must be there with all its periods of the same entries, as of one moment.
fn ask(derived: &Derived) -> u64 {
    let (mut entries, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let asked = derived.query(&history(), &mut |series| {
        // An answer takes its time when somebody far away reads it.
        std::thread::yield_now();
        let seqs: BTreeSet<Seq> = series.versions.iter().map(|version| version.entry.seq).collect();
        let last = seqs.last().map_or(0, |seq| seq.0 + 1);
        assert_eq!(seqs.len() as u64, last, "{} has gaps", series.key);
        assert_eq!(series.versions.len() as u64, last * PERIODS, "{} has half an entry", series.key);
        assert!(series.versions.is_sorted_by_key(|version| (version.period, version.entry.seq)));
        entries.insert(last);
        assert!(keys.insert(series.key.clone()), "{} comes twice", series.key);
        true
    });
    asked.unwrap();
    assert!(entries.len() <= 1, "series as of different entries: {entries:?}");
    assert!(keys.is_empty() || keys.len() == SERIES);
    entries.first().copied().unwrap_or(0)
}

#[test]
fn answers_are_whole_while_others_fold_and_write_out() {
    let mut house = House::new();
    let done = AtomicBool::new(false);
    let derived = house.store.derived().clone();
    let feed = house.feed();
    std::thread::scope(|scope| {
        let (derived, done) = (&derived, &done);
        for _ in 0..2 {
            scope.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let now = ask(derived);
                    assert!(now >= last);
                    last = now;
                }
            });
        }
        scope.spawn(move || {
            let mut reader = derived.row_reader();
            while !done.load(Ordering::Relaxed) {
                for number in 0..SERIES {
                    let row = reader.row(&key(number).view_order_key(), feed).unwrap();
                    let versions = row.map_or(0, |row| row.versions.len() as u64);
                    assert_eq!(versions % PERIODS, 0);
                }
            }
        });
        for number in 0..50 {
            house.release(&wave(number));
            let mut step = 0;
            while !house.store.fold_step(200).unwrap() {
                step += 1;
                if step % 3 == 0 {
                    derived.write_out(500).unwrap();
                }
            }
            if number % 4 == 0 {
                derived.write_out_all().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(ask(&derived), 50);
    house.check();
}

#[test]
fn a_question_names_what_it_wants() {
    let mut house = House::new();
    house.release(&(0..SERIES).map(|n| Say::State(n, 0, vec![(1, 1), (2, 2)])).collect::<Vec<_>>());
    house.store.fold().unwrap();
    for written_out in [false, true] {
        for text in [
            "",
            "A",
            ".PHL.ITA",
            "A.PHL.ESP+DEU",
            "D..DEU.MS_FBORN",
            ".....F",
            "...MF_IMM_PREV..M",
            "A.ESP",
            ".............PS",
            ".............PC",
        ] {
            let query = Query::current(SeriesPattern::parse(text).unwrap());
            assert_eq!(house.answer(&query), house.expected(&query, Seq(9)), "{text}, {written_out}");
        }
        let pattern = SeriesPattern::any().with(Dimension::Sex, "F");
        let other = Query { publishers: vec![crate::feed::PublisherId([9; 32])], ..Query::current(pattern) };
        assert!(house.answer(&other).is_empty());
        house.store.derived().flush().unwrap();
    }
}

/// As of the entries that are named nothing of later ones is told, neither values nor attributes nor retractions, and of
/// feeds that are not named nothing at all.
#[test]
fn a_question_as_of_heads_is_answered_as_it_was_then() {
    let mut house = House::new();
    let (feed, current) = (house.feed(), Query::current(SeriesPattern::any()));
    let mut then = Vec::new();
    for number in 0..6_usize {
        let value = i64::try_from(number).unwrap();
        let mut said = vec![Say::State(number % 3, number, vec![(1, value), (2, 10 + value)])];
        if number == 4 {
            said.push(Say::Retract(0, vec![1]));
        }
        house.release(&said);
        house.store.fold().unwrap();
        then.push(house.answer(&current));
    }
    for _ in 0..2 {
        for (seq, answer) in (0..).map(Seq).zip(&then) {
            let heads = Some(Arc::new(BTreeMap::from([(feed, seq)])));
            assert_eq!(house.answer(&Query { heads, ..current.clone() }), *answer, "as of entry {seq}");
        }
        let later = Some(Arc::new(BTreeMap::from([(feed, Seq(99))])));
        assert_eq!(Some(&house.answer(&Query { heads: later, ..current.clone() })), then.last());
        let none = Query { heads: Some(Arc::default()), ..current.clone() };
        assert!(house.answer(&none).is_empty());
        house.store.derived().flush().unwrap();
    }
    assert_ne!(then[3], then[5]);
}

#[test]
fn an_answer_ends_when_nobody_wants_more() {
    let mut house = House::new();
    house.release(&(0..SERIES).map(|n| Say::State(n, 0, vec![(1, 1)])).collect::<Vec<_>>());
    house.store.fold().unwrap();
    for _ in 0..2 {
        let mut seen = 0;
        let asked = house.store.derived().query(&history(), &mut |_| {
            seen += 1;
            seen < 5
        });
        asked.unwrap();
        assert_eq!(seen, 5);
        house.store.derived().flush().unwrap();
    }
}

#[test]
fn an_answer_fails_when_everything_is_begun_anew() {
    let mut house = House::new();
    for number in 0..20 {
        house.release(&wave(number));
    }
    house.store.fold().unwrap();
    house.store.derived().flush().unwrap();
    let derived = house.store.derived().clone();
    let mut begun = false;
    let asked = derived.query(&history(), &mut |_| {
        if !std::mem::replace(&mut begun, true) {
            house.store.rebuild("a test").unwrap();
        }
        true
    });
    assert!(asked.is_err());
    assert!(house.answer(&history()).is_empty());
    house.store.fold().unwrap();
    house.check();
}
