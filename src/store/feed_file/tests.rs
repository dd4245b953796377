//! Feed files under torn writes, damage and restarts.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::crypto::Network;
use crate::feed::testing::{Government, KEY, frames, numbered_series, series};
use crate::feed::{PublisherId, SignedEntry};
use crate::model::Record;
use crate::store::Store;
use crate::store::layout::INDEX_ROW;

const CACHE: u64 = 1 << 20;
/// Nobody: all feeds of the tests are others'.
const NOBODY: PublisherId = PublisherId([0; 32]);

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), NOBODY, &Network::main(), CACHE).unwrap()
}

/// A store with these entries, committed and closed.
fn filled(entries: &[SignedEntry]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    for entry in entries {
        store.append_own(entry).unwrap();
    }
    store.commit().unwrap();
    dir
}

fn feed_dir(dir: &TempDir, feed: &FeedId) -> PathBuf {
    crate::store::layout::feed(dir.path(), feed)
}

fn segment_of(dir: &TempDir, feed: &FeedId) -> PathBuf {
    feed_dir(dir, feed).join(segment(Seq(0)))
}

/// An entry of several blocks.
fn long_entry(government: &Government) -> SignedEntry {
    government.release(&Place::first(government.feed()), (0..600).map(numbered_series).collect())
}

#[test]
fn entries_are_there_again_with_and_without_their_index() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(5);
    for index in ["kept", "lost", "cut", "garbage"] {
        let dir = filled(&chain);
        let path = segment_of(&dir, &phl.feed()).with_extension("index");
        assert_eq!(fs::metadata(&path).unwrap().len(), 5 * INDEX_ROW as u64);
        match index {
            "lost" => fs::remove_file(&path).unwrap(),
            "cut" => OpenOptions::new().write(true).open(&path).unwrap().set_len(47).unwrap(),
            "garbage" => fs::write(&path, [7; 200]).unwrap(),
            _ => {}
        }
        let store = open(&dir);
        assert!(store.repairs().is_empty(), "{index}: {:?}", store.repairs());
        for (seq, entry) in (0..).map(Seq).zip(&chain) {
            assert_eq!(store.header(&phl.feed(), seq).unwrap(), *entry.header(), "{index}");
        }
        assert_eq!(store.durable(&phl.feed()), Some(HeadRef::from(chain[4].header())));
    }
}

#[test]
fn a_torn_entry_is_gone_wherever_it_was_torn_and_the_feed_goes_on() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(3);
    let whole = filled(&chain);
    let bytes = fs::read(segment_of(&whole, &phl.feed())).unwrap();
    let before = bytes.len() - chain[2].frames().len();
    for length in (before..bytes.len()).step_by(9) {
        let dir = filled(&chain);
        let path = segment_of(&dir, &phl.feed());
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
        let mut store = open(&dir);
        assert_eq!(store.durable(&phl.feed()), Some(HeadRef::from(chain[1].header())), "{length}");
        store.append_own(&chain[2]).unwrap_or_else(|_| {
            // Frames of another's entry that verified are kept: the transfer goes on behind them.
            assert!(!store.partial(&phl.feed()).unwrap().is_empty(), "{length}");
        });
    }
}

#[test]
fn nothing_counts_before_it_is_committed_and_feeds_are_committed_together() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let governments: Vec<Government> = (0..12).map(|at| Government::new("PHL", 1 + 2 * at)).collect();
    for government in &governments {
        store.append_own(&government.chain(1)[0]).unwrap();
        assert_eq!(store.durable(&government.feed()), None);
        assert!(store.newest(&government.feed()).is_some());
    }
    let moved = store.commit().unwrap();
    assert_eq!(moved.len(), governments.len());
    assert!(governments.iter().all(|government| store.durable(&government.feed()).is_some()));
    assert!(store.commit().unwrap().is_empty(), "nothing has moved since");
}

#[test]
fn frames_come_back_as_they_were_appended_from_any_place_and_in_any_step() {
    let phl = Government::new("PHL", 1);
    let entry = long_entry(&phl);
    let dir = filled(std::slice::from_ref(&entry));
    let mut store = open(&dir);
    let all = frames(entry.frames());
    for limit in [1, 10_000, 64 << 10, 1 << 20] {
        for part in 0..all.len() {
            let mut at = Position { seq: Seq(0), part: u32::try_from(part).unwrap() };
            let mut read = Vec::new();
            while at.seq == Seq(0) {
                let (bytes, next) = store.read_frames(&phl.feed(), at, limit).unwrap();
                assert!(!bytes.is_empty() && next > at);
                read.extend(bytes);
                at = next;
            }
            assert_eq!(read, all[part..].concat(), "from part {part} in steps of {limit}");
        }
    }
}

#[test]
fn records_are_read_one_by_one_and_nothing_follows_damage() {
    let phl = Government::new("PHL", 1);
    let entry = long_entry(&phl);
    let dir = filled(std::slice::from_ref(&entry));
    let store = open(&dir);
    let read = || store.records(&phl.feed(), Seq(0)).unwrap();
    let all: Vec<Record> = read().map(Result::unwrap).collect();
    assert_eq!(all, (0..600).map(numbered_series).collect::<Vec<_>>());
    // A byte in the last block: all before it is still read.
    let path = segment_of(&dir, &phl.feed());
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let read: Vec<_> = read().collect();
    let (last, good) = read.split_last().unwrap();
    assert!(good.len() > 100 && good.iter().all(Result::is_ok));
    assert!(matches!(last, Err(StoreError::Damaged { seq: Seq(0), .. })), "{last:?}");
}

#[test]
fn many_segments_are_one_feed() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(200);
    let dir = tempfile::tempdir().unwrap();
    let mut file = FeedFile::new(dir.path().to_owned(), phl.feed());
    file.segment_length = 2_000;
    for (number, entry) in chain.iter().enumerate() {
        file.append_entry(entry.header(), entry.frames()).unwrap();
        if number % 7 == 0 {
            file.sync().unwrap();
            file.committed().unwrap();
        }
    }
    file.sync().unwrap();
    file.committed().unwrap();
    assert!(file.segments.len() > 10);
    drop(file);
    let (mut file, cut) = FeedFile::open(dir.path().to_owned(), phl.feed(), &Network::main()).unwrap();
    assert_eq!(cut, 0);
    let mut at = Position { seq: Seq(0), part: 0 };
    let mut read = Vec::new();
    while at.seq < Seq(200) {
        let (bytes, next) = file.frames(at, 5_000).unwrap();
        read.extend(bytes);
        at = next;
    }
    assert!(read == chain.iter().flat_map(|entry| entry.frames().to_vec()).collect::<Vec<u8>>());
}

#[test]
fn an_entry_goes_to_its_place_and_to_no_other() {
    let phl = Government::new("PHL", 1);
    let chain = phl.chain(3);
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    assert!(matches!(store.append_own(&chain[1]), Err(StoreError::OutOfPlace { seq: Seq(1), .. })));
    store.append_own(&chain[0]).unwrap();
    assert!(matches!(store.append_own(&chain[0]), Err(StoreError::OutOfPlace { .. })));
    let other = phl.release(&Place::first(phl.feed()), vec![series(KEY, &[("1999", 5)])]);
    let fork = phl.release(&Place::after(&HeadRef::from(other.header())), vec![series(KEY, &[("2000", 5)])]);
    assert!(matches!(store.append_own(&fork), Err(StoreError::OutOfPlace { .. })), "another backlink");
    store.append_own(&chain[1]).unwrap();
}
