//! The end of a feed goes aside whole, and another line takes its place.

use std::fs;

use super::*;
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::testing::{Government, KEY, series};
use crate::feed::{PublisherId, SignedEntry};
use crate::model::SeriesPattern;
use crate::store::Store;
use crate::view::Query;

const NOBODY: PublisherId = PublisherId([0; 32]);

fn open(dir: &Path) -> Store {
    Store::open(dir, NOBODY, &Network::main(), 1 << 20).unwrap()
}

fn filled(dir: &Path, entries: &[SignedEntry]) -> Store {
    let mut store = open(dir);
    for entry in entries {
        store.append_own(entry).unwrap();
    }
    store.commit().unwrap();
    store.fold().unwrap();
    store
}

/// An entry that takes the place behind another one.
fn behind(phl: &Government, entry: &SignedEntry, value: i64) -> SignedEntry {
    phl.release(&Place::after(&HeadRef::from(entry.header())), vec![series(KEY, &[("2018", value)])])
}

#[test]
fn what_is_set_aside_is_kept_as_it_stood_and_the_feed_takes_another_line() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(5);
    for from in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let mut store = filled(dir.path(), &chain);
        let path = store.set_aside(&phl.feed(), Seq(from)).unwrap().expect("there was something");
        let kept: Vec<u8> = chain[from as usize..].iter().flat_map(|entry| entry.frames().to_vec()).collect();
        assert_eq!(fs::read(&path).unwrap(), [&SEGMENT_MAGIC[..], &kept].concat());
        store.fold().unwrap();
        assert_eq!(store.derived().observations(&phl.feed()).unwrap(), from, "what went aside is in no view");
        let before = from.checked_sub(1).map(|at| &chain[at as usize]);
        assert_eq!(store.durable(&phl.feed()), before.map(|entry| HeadRef::from(entry.header())));
        let other = match before {
            Some(entry) => behind(&phl, entry, 77),
            None => phl.release(&Place::first(phl.feed()), vec![series(KEY, &[("2018", 77)])]),
        };
        store.append_own(&other).unwrap();
        store.commit().unwrap();
        drop(store);
        let mut store = open(dir.path());
        assert!(store.repairs().is_empty(), "{:?}", store.repairs());
        store.fold().unwrap();
        assert_eq!(store.durable(&phl.feed()), Some(HeadRef::from(other.header())));
        let (bytes, _) =
            store.read_frames(&phl.feed(), Position { seq: Seq(from), part: 0 }, 1 << 20).unwrap();
        assert_eq!(bytes, other.frames());
    }
}

#[test]
fn nothing_is_set_aside_where_nothing_is_and_twice_keeps_both() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(3);
    let dir = tempfile::tempdir().unwrap();
    let mut store = filled(dir.path(), &chain);
    assert_eq!(store.set_aside(&phl.feed(), Seq(3)).unwrap(), None);
    assert_eq!(store.durable(&phl.feed()), Some(HeadRef::from(chain[2].header())));
    let first = store.set_aside(&phl.feed(), Seq(2)).unwrap().unwrap();
    store.append_own(&behind(&phl, &chain[1], 5)).unwrap();
    assert!(store.set_aside(&phl.feed(), Seq(2)).is_err(), "not while something waits for a commit");
    store.commit().unwrap();
    let second = store.set_aside(&phl.feed(), Seq(2)).unwrap().unwrap();
    assert!(first != second && first.exists() && second.exists());
}

#[test]
fn marks_of_erasure_do_not_outlive_the_entries_that_they_are_of() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(4);
    let dir = tempfile::tempdir().unwrap();
    let mut store = filled(dir.path(), &chain);
    assert!(store.erase(&[(phl.feed(), Seq(1)..=Seq(3))]).unwrap());
    store.set_aside(&phl.feed(), Seq(2)).unwrap();
    assert_eq!(store.erased(&phl.feed()), [Seq(1)..=Seq(1)]);
    let other = behind(&phl, &chain[1], 5);
    store.append_own(&other).unwrap();
    store.commit().unwrap();
    drop(store);
    let mut store = open(dir.path());
    let (bytes, _) = store.read_frames(&phl.feed(), Position { seq: Seq(2), part: 0 }, 1 << 20).unwrap();
    assert_eq!(bytes, other.frames(), "the new entry was not erased");
}

#[test]
fn a_feed_that_does_not_open_goes_aside_whole_and_our_own_is_in_recovery() {
    let phl = Government::new("PHL", 1);
    for us in [NOBODY, phl.publisher()] {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path(), &phl.chain(2)));
        let path = crate::store::layout::feed(dir.path(), &phl.feed()).join("000000000000.feed");
        let mut bytes = fs::read(&path).unwrap();
        bytes[0] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(Store::open(dir.path(), us, &Network::main(), 1 << 20).is_err());
        let moved = crate::store::quarantine(dir.path(), us, &Network::main()).unwrap();
        assert_eq!(moved.iter().map(|(feed, _)| *feed).collect::<Vec<_>>(), [phl.feed()]);
        assert!(moved[0].1.join("000000000000.feed").exists());
        let mark = crate::store::RecoveryMark::load(dir.path()).unwrap();
        assert_eq!(
            mark.is_some_and(|mark| mark.doubted.contains(&phl.feed().agreement)),
            us == phl.publisher()
        );
        assert_eq!(open(dir.path()).durable(&phl.feed()), None);
    }
}

fn values(store: &mut Store) -> usize {
    store.fold().unwrap();
    let mut count = 0;
    let counted = store.derived().query(&Query::current(SeriesPattern::any()), &mut |series| {
        count += series.versions.len();
        true
    });
    counted.unwrap();
    count
}

#[test]
fn a_feed_goes_on_before_what_was_cut_off_and_shows_nothing_of_it() {
    let (dir, phl) = (tempfile::tempdir().unwrap(), Government::new("PHL", 1));
    let mut store = open(dir.path());
    let mut place = Place::first(phl.feed());
    let mut entries: Vec<SignedEntry> = Vec::new();
    for year in ["2001", "2002", "2003", "2004"] {
        let entry = phl.release(&place, vec![series(KEY, &[(year, 7)])]);
        place = Place::after(&HeadRef::from(entry.header()));
        store.append_own(&entry).unwrap();
        assert!(!store.cut(phl.feed(), Seq(0)).unwrap(), "what is not committed is not cut");
        store.commit().unwrap();
        entries.push(entry);
    }
    assert_eq!(values(&mut store), 4);
    store.erase(&[(phl.feed(), Seq(2)..=Seq(3))]).unwrap();
    for reopened in [false, true] {
        if reopened {
            drop(store);
            store = open(dir.path());
        } else {
            assert!(store.cut(phl.feed(), Seq(2)).unwrap());
        }
        let head = store.durable(&phl.feed()).unwrap();
        assert_eq!((head.seq, head.entry), (Seq(1), entries[1].header().id()));
        assert_eq!((values(&mut store), store.erased(&phl.feed()).len()), (2, 0));
    }
    let other = phl.release(&store.place(phl.feed()), vec![series(KEY, &[("2009", 9)])]);
    store.append_own(&other).unwrap();
    store.commit().unwrap();
    assert_eq!(values(&mut store), 3);
    assert!(store.cut(phl.feed(), Seq(0)).unwrap());
    assert_eq!((store.durable(&phl.feed()), values(&mut store)), (None, 0));
    drop(store);
    let mut store = open(dir.path());
    store.append_own(&entries[0]).unwrap();
    store.commit().unwrap();
    assert_eq!(values(&mut store), 1);
}
