//! The assembler lets pass what verifies, and nothing else; a fault changes nothing.

use super::*;
use crate::crypto::NodeSigner;
use crate::feed::header::Header;
use crate::feed::testing::{
    FROM, Government, KEY, NOW, UNTIL, document, frames, keyring, numbered_series, secret, series,
};
use crate::feed::{AgreementId, EntryId, EntryKind, FeedId, Purpose, SignedEntry};
use crate::feed::{frame, record};
use crate::model::{Millis, Record};

fn give(assembler: &mut Assembler, keyring: &Keyring, bytes: &[u8]) -> Result<VerifiedFrame, EntryFault> {
    assembler.accept(keyring, &Frame::read(bytes).unwrap().unwrap())
}

fn assembler(place: Place) -> Assembler {
    Assembler::new(Network::main(), place)
}

/// The frames of an entry under a header that says something else, signed by this key.
fn under(entry: &SignedEntry, signer: &dyn NodeSigner, change: impl FnOnce(&mut Header)) -> Vec<Vec<u8>> {
    let mut header = entry.header().header().clone();
    header.node = signer.public_key();
    change(&mut header);
    let mut list = frames(entry.frames());
    list[0].clear();
    frame::write(FrameKind::Head, &header.sign(&Network::main(), signer).to_bytes(), &mut list[0]);
    list
}

/// The first fault, with the number of the frame that has it.
fn fault(place: Place, keyring: &Keyring, list: &[Vec<u8>]) -> Option<(usize, EntryFault)> {
    let mut assembler = assembler(place);
    list.iter().enumerate().find_map(|(at, bytes)| Some((at, give(&mut assembler, keyring, bytes).err()?)))
}

#[test]
fn entries_of_one_and_of_several_blocks_pass_one_after_the_other() {
    let phl = Government::new("PHL", 1);
    let (mut place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let mut assembler = assembler(place);
    for (count, blocks) in [(1, 1), (600, 3), (2, 1)] {
        let entry = phl.release(&place, (0..count).map(numbered_series).collect());
        let list = frames(entry.frames());
        assert!(list.len() >= 2 + blocks, "{} frames", list.len());
        for (at, bytes) in list.iter().enumerate() {
            assert_eq!(assembler.position(), Position { seq: place.seq, part: at as u32 });
            let frame = give(&mut assembler, &known, bytes).unwrap();
            assert_eq!((frame.bytes(), frame.part()), (bytes.as_slice(), at as u32));
            assert_eq!(frame.completes(), at + 1 == list.len());
            assert_eq!(frame.entry().header(), entry.header());
        }
        place = Place::after(&HeadRef::from(entry.header()));
        assert_eq!((assembler.place(), assembler.pending()), (&place, None));
    }
}

#[test]
fn an_entry_with_several_table_frames_passes() {
    let phl = Government::new("PHL", 1);
    let place = Place::first(phl.feed());
    let body = vec![7; crate::model::document::MAX_BODY];
    let records = (0..1100).map(|number| document(&format!("d{number:04}"), body.clone())).collect();
    let list = frames(phl.release(&place, records).frames());
    let kinds: Vec<FrameKind> = list.iter().map(|f| Frame::read(f).unwrap().unwrap().kind).collect();
    assert_eq!(kinds[..4], [FrameKind::Head, FrameKind::Table, FrameKind::Table, FrameKind::Block]);
    assert_eq!(list.len(), 3 + 1100);
    assert_eq!(fault(place, &keyring(&[&phl]), &list), None);
    let mut swapped = list;
    swapped.swap(1, 2);
    assert!(matches!(fault(place, &keyring(&[&phl]), &swapped), Some((1, _))));
}

#[test]
fn every_flipped_byte_of_every_frame_is_refused() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let mixed = vec![series(KEY, &[("2017", 17), ("2018", 18)]), document("d", b"hello".to_vec())];
    for records in [mixed, (0..9).map(numbered_series).collect()] {
        flip_every_byte(place, &known, &frames(phl.release(&place, records).frames()));
    }
}

fn flip_every_byte(place: Place, known: &Keyring, list: &[Vec<u8>]) {
    let mut assembler = assembler(place);
    for bytes in list {
        for at in 0..bytes.len() {
            for mask in [1, 0x80] {
                let mut bad = bytes.clone();
                bad[at] ^= mask;
                // As it is the checksum finds it; with a fresh checksum the signature or a hash does.
                let torn = Frame::read(&bad);
                assert!(!matches!(torn, Ok(Some(_))), "byte {at} of {} frames", list.len());
                let Some(body) = bad.get(frame::HEADER_LEN..).filter(|_| at >= frame::HEADER_LEN) else {
                    continue;
                };
                let (kind, mut again) = (Frame::read(bytes).unwrap().unwrap().kind, Vec::new());
                frame::write(kind, body, &mut again);
                let before = assembler.position();
                let taken = give(&mut assembler, known, &again);
                // A compressed block has bits that mean nothing; then the plain bytes are the same ones.
                assert!(taken.is_err() || kind == FrameKind::Block, "byte {at} of {kind:?}");
                if taken.is_err() {
                    assert_eq!(assembler.position(), before);
                } else {
                    assembler = self::assembler(place);
                    list[..list.len() - 1].iter().for_each(|f| drop(give(&mut assembler, known, f).unwrap()));
                }
            }
        }
        give(&mut assembler, known, bytes).unwrap();
    }
    assert_eq!(assembler.place().seq, Seq(1));
}

#[test]
fn a_header_that_does_not_belong_here_is_refused_with_its_reason() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let place = Place::first(phl.feed());
    let known = keyring(&[&phl, &esp]);
    let entry = phl.release(&place, vec![series(KEY, &[("2017", 1)])]);
    let node = &phl.node;
    let house = FeedId::new(phl.publisher(), AgreementId::house());
    type Change = Box<dyn FnOnce(&mut Header)>;
    let cases: Vec<(&str, Change, EntryFault)> = vec![
        ("another agreement", Box::new(move |h| h.feed = house), EntryFault::OtherFeed),
        ("another publisher", Box::new(|h| h.feed.publisher.0[0] ^= 1), EntryFault::OtherFeed),
        ("another place", Box::new(|h| h.seq = Seq(1)), EntryFault::Gap { expected: Seq(0), found: Seq(1) }),
        (
            "another backlink",
            Box::new(|h| h.backlink = EntryId([1; 32])),
            EntryFault::Backlink { seq: Seq(0) },
        ),
        ("after the mandate", Box::new(|h| h.time = UNTIL), EntryFault::Mandate),
        ("before the mandate", Box::new(|h| h.time = Millis(FROM.0 - 1)), EntryFault::Mandate),
        (
            "no records",
            Box::new(|h| h.content.record_count = 0),
            EntryFault::Content("an entry without records"),
        ),
        (
            "no payload",
            Box::new(|h| h.content.payload_length = 0),
            EntryFault::Content("an entry without records"),
        ),
    ];
    for (name, change, expected) in cases {
        assert_eq!(fault(place, &known, &under(&entry, node, change)), Some((0, expected)), "{name}");
    }
    let foreign = under(&entry, &esp.node, |_| {});
    assert_eq!(fault(place, &known, &foreign), Some((0, EntryFault::Mandate)), "a partner's node key");
    let national = under(&entry, &phl.national, |_| {});
    assert_eq!(fault(place, &known, &national), Some((0, EntryFault::Mandate)), "the national key itself");
    let stranger = under(&entry, &secret(99), |_| {});
    assert_eq!(fault(place, &known, &stranger), Some((0, EntryFault::Mandate)), "an unknown key");
    let own = frames(entry.frames());
    assert_eq!(fault(place, &Keyring::default(), &own), Some((0, EntryFault::Mandate)), "no card");
}

#[test]
fn each_kind_of_entry_needs_the_mandate_for_its_purpose() {
    let kinds = [
        (EntryKind::Release, Purpose::Release),
        (EntryKind::Retraction, Purpose::Release),
        (EntryKind::Receipt, Purpose::Receipt),
        (EntryKind::Correspondence, Purpose::Agreement),
        (EntryKind::Act, Purpose::Release),
        (EntryKind::Submission, Purpose::Release),
    ];
    for (kind, needed) in kinds {
        for purpose in Purpose::ALL {
            let phl = Government::with_mandate("PHL", 1, &[purpose], (FROM, UNTIL));
            let place = Place::first(phl.feed());
            let entry = phl.entry(kind, &place, NOW, vec![series(KEY, &[("2017", 1)])]);
            let refused = fault(place, &keyring(&[&phl]), &frames(entry.frames()));
            let expected = (purpose != needed).then_some((0, EntryFault::Mandate));
            assert_eq!(refused, expected, "{kind:?} with a mandate for {purpose:?}");
        }
    }
}

#[test]
fn an_entry_of_another_network_is_refused() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let entry = phl.release(&place, vec![series(KEY, &[("2017", 1)])]);
    let mut training = Assembler::new(Network::parse("training/demo").unwrap(), place);
    let refused = give(&mut training, &known, &frames(entry.frames())[0]);
    assert_eq!(refused, Err(EntryFault::Header(HeaderFault::Signature)));
}

#[test]
fn content_that_the_header_does_not_stand_for_is_refused() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let entry = phl.release(&place, (0..600).map(numbered_series).collect());
    let last = frames(entry.frames()).len() - 1;
    assert!(last > 3);
    type Change = Box<dyn FnOnce(&mut Header)>;
    let cases: Vec<(&str, Change, usize)> = vec![
        ("a record more", Box::new(|h| h.content.record_count += 1), last),
        ("a record less", Box::new(|h| h.content.record_count -= 1), last),
        ("another root", Box::new(|h| h.content.record_root = Hash::ZERO), last),
        ("another table", Box::new(|h| h.content.payload_hash = Hash::ZERO), 1),
        ("a byte less", Box::new(|h| h.content.payload_length -= 1), 1),
        // The table is cut where its frame ends, and a byte is still to come.
        ("a byte more", Box::new(|h| h.content.payload_length += 1), 1),
    ];
    for (name, change, at) in cases {
        let found = fault(place, &known, &under(&entry, &phl.node, change));
        assert_eq!(found.map(|(at, _)| at), Some(at), "{name}");
    }
    assert_eq!(fault(place, &known, &frames(entry.frames())), None);
}

#[test]
fn a_table_is_cut_into_frames_in_one_way_only() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let mut list = frames(phl.release(&place, (0..600).map(numbered_series).collect()).frames());
    let rows = block::decode_rows(Frame::read(&list[1]).unwrap().unwrap().body).unwrap();
    let table = |rows: &[BlockInfo]| {
        let mut bytes = Vec::new();
        frame::write(FrameKind::Table, &block::encode_rows(rows), &mut bytes);
        bytes
    };
    let pieces = [table(&rows[..1]), table(&rows[1..])];
    let mut empty = list.clone();
    empty.insert(1, table(&[]));
    assert!(matches!(fault(place, &known, &empty), Some((1, _))), "an empty frame of the table");
    list.splice(1..2, pieces);
    assert!(matches!(fault(place, &known, &list), Some((1, _))), "a table in two frames instead of one");
}

#[test]
fn records_out_of_order_or_twice_are_refused() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let (one, two) = (series(KEY, &[("2017", 1)]), document("d", vec![]));
    let forged = |records: &[&Record]| {
        let (mut plain, mut merkle) = (Vec::new(), MerkleBuilder::default());
        for record in records {
            let bytes = record::encode(record);
            merkle.push(&bytes);
            plain.extend_from_slice(&bytes);
        }
        let row = BlockInfo::of(&plain, records.len() as u32);
        let rows = block::encode_rows(&[row]);
        let entry = phl.release(&place, vec![one.clone()]);
        let mut list = under(&entry, &phl.node, |header| {
            header.content.record_count = merkle.count();
            header.content.record_root = merkle.root();
            header.content.payload_length = plain.len() as u64;
            header.content.payload_hash = Hash::of(&[&rows]);
        });
        list.truncate(1);
        for (kind, body) in [(FrameKind::Table, rows), (FrameKind::Block, [&[0], plain.as_slice()].concat())]
        {
            list.push(Vec::new());
            frame::write(kind, &body, list.last_mut().unwrap());
        }
        fault(place, &known, &list)
    };
    let order = Some((2, EntryFault::Content("records out of order")));
    assert_eq!(forged(&[&one, &two]), None);
    assert_eq!(forged(&[&two, &one]), order);
    assert_eq!(forged(&[&one, &one]), order);
}

#[test]
fn a_failed_frame_changes_nothing_and_the_right_one_passes_afterwards() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl, &esp]));
    let list = frames(phl.release(&place, (0..600).map(numbered_series).collect()).frames());
    let foreign = esp.release(&Place::first(esp.feed()), (0..600).map(|n| numbered_series(n + 7)).collect());
    let wrong: Vec<Vec<u8>> = list.iter().cloned().chain(frames(foreign.frames())).collect();
    let mut assembler = assembler(place);
    for (at, right) in list.iter().enumerate() {
        let before = (assembler.position(), assembler.pending().cloned());
        for (number, bad) in wrong.iter().enumerate().filter(|(number, _)| *number != at) {
            assert!(give(&mut assembler, &known, bad).is_err(), "frame {number} in place of {at}");
            assert_eq!((assembler.position(), assembler.pending().cloned()), before);
        }
        assert_eq!(give(&mut assembler, &known, right).unwrap().bytes(), right);
    }
}

#[test]
fn a_restart_forgets_the_entry_in_hand_and_no_other() {
    let phl = Government::new("PHL", 1);
    let known = keyring(&[&phl]);
    let chain = phl.chain(2);
    let (first, second) = (frames(chain[0].frames()), frames(chain[1].frames()));
    let mut assembler = assembler(Place::first(phl.feed()));
    for bytes in first.iter().chain(&second[..2]) {
        give(&mut assembler, &known, bytes).unwrap();
    }
    assert_eq!(assembler.position(), Position { seq: Seq(1), part: 2 });
    assembler.restart();
    assert_eq!((assembler.position(), assembler.pending()), (Position { seq: Seq(1), part: 0 }, None));
    assert_eq!(give(&mut assembler, &known, &second[2]), Err(EntryFault::OutOfOrder));
    for bytes in &second {
        give(&mut assembler, &known, bytes).unwrap();
    }
    assert_eq!(assembler.position(), Position { seq: Seq(2), part: 0 });
}

#[test]
fn blocks_that_were_opened_beforehand_pass_in_their_places_only() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let list = frames(phl.release(&place, (0..900).map(numbered_series).collect()).frames());
    let frames: Vec<Frame<'_>> = list.iter().map(|bytes| Frame::read(bytes).unwrap().unwrap()).collect();
    let (before, blocks) = frames.split_at(2);
    assert!(blocks.len() > 2);
    let opened: Vec<Opened> = std::thread::scope(|scope| {
        let open = |frame: &Frame<'_>| Opened::of(frame.body, &mut BlockReader::default()).unwrap();
        let threads: Vec<_> = blocks.iter().map(|frame| scope.spawn(move || open(frame))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut assembler = assembler(place);
    let out_of_order = Err(EntryFault::OutOfOrder);
    assert_eq!(assembler.accept_opened(&blocks[0], opened[0].clone()), out_of_order, "before the header");
    assembler.accept(&known, &before[0]).unwrap();
    assert_eq!(assembler.accept_opened(&blocks[0], opened[0].clone()), out_of_order, "before the table");
    assembler.accept(&known, &before[1]).unwrap();
    assert_eq!(assembler.accept_opened(&before[1], opened[0].clone()), out_of_order, "for another frame");
    let position = assembler.position();
    assert!(assembler.accept_opened(&blocks[1], opened[1].clone()).is_err(), "the second before the first");
    assert_eq!(assembler.accept_opened(&blocks[1], opened[0].clone()), out_of_order, "for another block");
    assert_eq!(assembler.position(), position);
    for (frame, opened) in blocks.iter().zip(opened) {
        assert_eq!(assembler.accept_opened(frame, opened).unwrap().bytes(), frame.bytes);
    }
    assert_eq!(assembler.place().seq, Seq(1));
}
