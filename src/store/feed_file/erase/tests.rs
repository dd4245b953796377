//! What was erased is nowhere any more, and what stays verifies and goes on.

use std::path::Path;

use tempfile::TempDir;

use crate::crypto::Network;
use crate::feed::assembler::Position;
use crate::feed::testing::{Government, KEY, series};
use crate::feed::{Assembler, EntryKind, Frame, FrameKind, HeadRef, PublisherId, Seq, head::Place};
use crate::model::{Millis, Receipt, Record, SeriesPattern};
use crate::store::{Store, StoreError, layout};
use crate::view::Query;

/// A value that stands in the files as it is: a text in an attribute is not compressed in so small a block.
const SECRET: &str = "recognisable-7391";

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), PublisherId([0; 32]), &Network::main(), 1 << 20).unwrap()
}

fn secret(government: &Government, place: &Place) -> crate::feed::SignedEntry {
    let retraction = crate::model::Retraction::new(
        crate::model::SeriesKey::parse(KEY).unwrap(),
        vec![crate::model::Period::parse("2001").unwrap()],
        SECRET,
    );
    let records = vec![series(KEY, &[("2017", 7391)]), Record::Retraction(retraction.unwrap())];
    government.release(place, records)
}

fn after(entry: &crate::feed::SignedEntry) -> Place {
    Place::after(&HeadRef::from(entry.header()))
}

/// Whether a text is in any file below a directory.
fn is_found(dir: &Path, text: &str) -> bool {
    std::fs::read_dir(dir).unwrap().flatten().any(|item| {
        let path = item.path();
        if path.is_dir() {
            return is_found(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn shown(store: &mut Store) -> usize {
    store.fold().unwrap();
    let mut count = 0;
    let query = Query { moment: crate::view::Moment::History, ..Query::current(SeriesPattern::any()) };
    store
        .derived()
        .query(&query, &mut |series| {
            count += series.versions.len();
            true
        })
        .unwrap();
    count
}

#[test]
fn the_payload_is_gone_and_the_feed_goes_on() {
    let phl = Government::new("PHL", 1);
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let first = secret(&phl, &Place::first(phl.feed()));
    let receipt =
        Receipt { publisher: [1; 32], agreement: [2; 32], seq: 3, entry: [4; 32], received_at: Millis(5) };
    let second = phl.entry(
        EntryKind::Receipt,
        &after(&first),
        Millis(1_700_000_000_001),
        vec![Record::Receipt(receipt)],
    );
    let third = secret(&phl, &after(&second));
    let fourth = phl.release(&after(&third), vec![series(KEY, &[("2018", 1)])]);
    for entry in [&first, &second, &third] {
        store.append_own(entry).unwrap();
    }
    let feed = phl.feed();
    assert!(!store.erase(&[(feed, Seq(0)..=Seq(2))]).unwrap(), "not before all is durable");
    store.commit().unwrap();
    assert_eq!(shown(&mut store), 4, "two values, and a retraction in each of two entries");
    store.derived().flush().unwrap();
    assert!(is_found(dir.path(), SECRET));

    assert!(store.erase(&[(feed, Seq(0)..=Seq(2))]).unwrap());
    assert!(store.erase(&[(feed, Seq(0)..=Seq(2))]).unwrap(), "again, as after a crash");
    assert_eq!(shown(&mut store), 0);
    assert!(!is_found(dir.path(), SECRET), "in no file");
    let refused = store.read_frames(&feed, Position { seq: Seq(0), part: 0 }, 1 << 20);
    assert!(matches!(refused, Err(StoreError::Erased { .. })), "nor is it handed on: {refused:?}");

    // The next entry follows, here and after a restart without any index.
    store.append_own(&fourth).unwrap();
    store.commit().unwrap();
    drop(store);
    std::fs::remove_file(layout::feed(dir.path(), &feed).join("000000000000.index")).unwrap();
    let mut store = open(&dir);
    assert_eq!(store.repairs(), []);
    assert_eq!(store.newest(&feed).unwrap().id(), fourth.header().id());
    assert_eq!(store.erased(&feed), [Seq(0)..=Seq(2)]);
    assert_eq!(shown(&mut store), 1, "what came later is there");
    let receipts = store
        .derived()
        .receipts(&crate::feed::FeedId::new(PublisherId([1; 32]), crate::feed::AgreementId([2; 32])));
    assert_eq!(receipts.unwrap().len(), 1, "receipts state no figures and stay");
    assert!(store.read_frames(&feed, Position { seq: Seq(3), part: 0 }, 1 << 20).is_ok());
    verifies(&mut store, &phl);
}

/// Every header, signature and table is still there.
fn verifies(store: &mut Store, phl: &Government) {
    let mut keyring = crate::feed::Keyring::default();
    keyring.insert(phl.card.clone());
    let (bytes, _) = store.stored_frames(&phl.feed(), Position { seq: Seq(0), part: 0 }, 1 << 20).unwrap();
    let mut assembler = Assembler::new(Network::main(), Place::first(phl.feed()));
    let (mut rest, mut erased) = (bytes.as_slice(), 0);
    while let Some(frame) = Frame::read(rest).unwrap() {
        if frame.kind == FrameKind::Erased {
            assert!(assembler.accept(&keyring, &frame).is_err(), "nobody can send it");
            assembler.pass_erased().unwrap();
            erased += 1;
        } else {
            assembler.accept(&keyring, &frame).unwrap();
        }
        rest = &rest[frame.bytes.len()..];
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!((erased, assembler.place().seq), (2, Seq(4)));
}

#[test]
fn one_entry_goes_without_the_others_and_before_it_is_seen_without_a_new_database() {
    let phl = Government::new("PHL", 1);
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let first = phl.release(&Place::first(phl.feed()), vec![series(KEY, &[("2016", 1)])]);
    store.append_own(&first).unwrap();
    store.commit().unwrap();
    assert_eq!(shown(&mut store), 1);
    let second = secret(&phl, &after(&first));
    let third = phl.release(&after(&second), vec![series(KEY, &[("2018", 1)])]);
    for entry in [&second, &third] {
        store.append_own(entry).unwrap();
    }
    store.commit().unwrap();
    let feed = phl.feed();
    assert!(!store.may_be_folded(&feed, Seq(1)) && store.may_be_folded(&feed, Seq(0)));
    assert!(store.erase(&[(feed, Seq(1)..=Seq(1))]).unwrap());
    assert_eq!(shown(&mut store), 2, "the others are there");
    assert!(!is_found(dir.path(), SECRET));
    // Up to the erased entry others may have it, from behind it too.
    let mut at = Position { seq: Seq(0), part: 0 };
    while at.seq < Seq(1) {
        at = store.read_frames(&feed, at, 1 << 20).unwrap().1;
    }
    assert!(matches!(store.read_frames(&feed, at, 1 << 20), Err(StoreError::Erased { .. })));
    let (bytes, next) = store.read_frames(&feed, Position { seq: Seq(2), part: 0 }, 1 << 20).unwrap();
    assert!(bytes == third.frames() && next.seq == Seq(3));
}

#[test]
fn the_transfer_of_the_next_entry_goes_on_behind_an_erased_one() {
    let phl = Government::new("PHL", 1);
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir);
    let mut keyring = crate::feed::Keyring::default();
    keyring.insert(phl.card.clone());
    let first = secret(&phl, &Place::first(phl.feed()));
    let long = phl.release(&after(&first), (0..600).map(crate::feed::testing::numbered_series).collect());
    let mut assembler = Assembler::new(Network::main(), Place::first(phl.feed()));
    let mut taken = Vec::new();
    for entry in [&first, &long] {
        for bytes in crate::feed::testing::frames(entry.frames()) {
            taken.push(assembler.accept(&keyring, &Frame::read(&bytes).unwrap().unwrap()).unwrap());
        }
    }
    let half = taken.len() - 1;
    taken[..half].iter().for_each(|frame| store.append_frame(frame).unwrap());
    store.commit().unwrap();
    let feed = phl.feed();
    let begun = store.partial(&feed).unwrap();
    assert!(begun.len() > 2 && store.newest(&feed).unwrap().id() == first.header().id());

    assert!(store.erase(&[(feed, Seq(0)..=Seq(0))]).unwrap());
    assert_eq!(store.partial(&feed).unwrap(), begun);
    // Given up and begun anew, it ends as it would have.
    assert_eq!(store.abandon(&[feed]).unwrap(), [feed]);
    assert_eq!((store.partial(&feed).unwrap().len(), store.abandon(&[feed]).unwrap()), (0, Vec::new()));
    let first_frame = taken.iter().rposition(|frame| frame.part() == 0).unwrap();
    taken[first_frame..half].iter().for_each(|frame| store.append_frame(frame).unwrap());
    assert_eq!(store.abandon(&[feed]).unwrap(), [], "not before what is appended is durable");
    store.append_frame(&taken[half]).unwrap();
    store.commit().unwrap();
    assert_eq!(shown(&mut store), 600 * 30, "600 series of 30 years");
    drop(store);
    let mut store = open(&dir);
    assert_eq!(store.repairs(), [], "nothing had to be mended");
    assert_eq!(shown(&mut store), 600 * 30);
    assert!(!is_found(dir.path(), SECRET));
}
