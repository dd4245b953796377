//! A sealed entry is the same entry: it passes in both forms and in a mixture of them, opens for its recipients alone,
//! and whatever is altered is refused.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::*;
use crate::feed::assembler::Seat;
use crate::feed::head::Place;
use crate::feed::testing::{Government, NOW, frames, keyring, numbered_series};
use crate::feed::{Assembler, Body, EntryFault, EntryKind, Header, Keyring, SignedEntry, VerifiedFrame};

const SECRET: [u8; 32] = [9; 32];

fn secret(seed: u8) -> SealingSecret {
    SealingSecret::from_seed(Suite::X25519, Zeroizing::new([seed; 32]))
}

fn reader(seeds: &[u8]) -> Seat {
    Seat::Reader(Arc::new(SealingKeys::new(seeds.iter().map(|seed| secret(*seed)))))
}

/// An entry of so many series, sealed to the keys of these seeds.
fn sealed(of: &Government, place: &Place, series: usize, recipients: &[u8]) -> SignedEntry {
    let keys: Vec<SealingKey> = recipients.iter().map(|seed| secret(*seed).public().clone()).collect();
    let root = Zeroizing::new(SECRET);
    let drawn = Drawn::new(Zeroizing::new([3; 32]));
    let sealer = Sealer { recipients: &keys, secret: &root, drawn, embargo: None };
    let body = Body::of((0..series).map(numbered_series).collect()).unwrap();
    body.sign_sealed(sealer, (EntryKind::Release, NOW), place, (&Network::main(), &of.node))
}

fn commitment(header: &Header) -> Sealed {
    match header.sealing {
        Sealing::Sealed(sealed) => sealed,
        Sealing::Open => panic!("an open entry"),
    }
}

fn key_of(entry: &SignedEntry) -> ContentKey {
    let header = entry.header().header();
    let content = (&header.content.record_root, &header.content.payload_hash);
    content_key(&Zeroizing::new(SECRET), (header.feed, header.seq), content)
}

/// The frames as a courier gets them.
fn for_courier(entry: &SignedEntry) -> Vec<Vec<u8>> {
    let (commitment, key) = (commitment(entry.header().header()), key_of(entry));
    let mut at = 0;
    let one = |bytes: Vec<u8>| {
        let frame = Frame::read(&bytes).unwrap().unwrap();
        let mut out = Vec::new();
        seal_frame(&key, (at, commitment.frames), &frame, &mut out);
        at += u32::from(matches!(frame.kind, FrameKind::Table | FrameKind::Block));
        out
    };
    frames(entry.frames()).into_iter().map(one).collect()
}

/// What an assembler in this seat makes of frames: all of them verified, or the first fault with its number.
fn take(
    (seat, place): (Seat, Place),
    known: &Keyring,
    list: &[Vec<u8>],
) -> Result<Vec<VerifiedFrame>, (usize, EntryFault)> {
    let mut assembler = Assembler::new(Network::main(), place).seated(seat);
    let mut one = |(at, bytes): (usize, &Vec<u8>)| {
        assembler.accept(known, &Frame::read(bytes).unwrap().unwrap()).map_err(|fault| (at, fault))
    };
    list.iter().enumerate().map(&mut one).collect()
}

#[test]
fn both_forms_and_any_mixture_of_them_pass_for_a_recipient() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let entry = sealed(&phl, &place, 600, &[5, 6]);
    let (open, closed) = (frames(entry.frames()), for_courier(&entry));
    assert_eq!(open.len(), closed.len());
    for turn in 0..4 {
        let mixed: Vec<Vec<u8>> = (0..open.len())
            .map(|at| match turn {
                0 => open[at].clone(),
                1 => closed[at].clone(),
                _ if at % 2 == turn % 2 => open[at].clone(),
                _ => closed[at].clone(),
            })
            .collect();
        let taken = take((reader(&[5]), place), &known, &mixed).unwrap();
        let last = taken.last().unwrap();
        assert!(last.completes());
        assert_eq!(last.key().is_some(), turn != 0, "turn {turn}");
        assert!(taken.iter().zip(&mixed).all(|(taken, given)| taken.bytes() == given));
        if let Some(key) = last.key() {
            assert_eq!(*key, key_of(&entry));
        }
    }
}

#[test]
fn who_has_no_key_holds_it_closed_and_who_learns_it_can_check_it() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let entry = sealed(&phl, &place, 60, &[5]);
    let closed = for_courier(&entry);
    for seat in [reader(&[]), reader(&[7]), Seat::Courier] {
        let taken = take((seat, place), &known, &closed).unwrap();
        assert!(taken.last().unwrap().completes() && taken.last().unwrap().key().is_none());
    }
    assert!(take((Seat::Holder(key_of(&entry)), place), &known, &closed).is_ok());
    let wrong = take((Seat::Holder(ContentKey::new([1; 32])), place), &known, &closed);
    assert!(matches!(wrong, Err((_, EntryFault::Content(_)))));
}

#[test]
fn a_courier_takes_nothing_that_is_open_and_can_read_nothing_that_is_sealed() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let entry = sealed(&phl, &place, 60, &[5]);
    let open = frames(entry.frames());
    assert!(matches!(
        take((Seat::Courier, place), &known, &open),
        Err((_, EntryFault::Content("open content, handed to a courier")))
    ));
    let plain = b"MS_FBORN";
    let shows = |list: &[Vec<u8>]| list.concat().windows(plain.len()).any(|window| window == plain);
    let one = sealed(&phl, &place, 1, &[5]);
    assert!(shows(&frames(one.frames())) && !shows(&for_courier(&one)));
}

#[test]
fn begun_open_it_is_not_ended_closed_nor_the_other_way_round() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let entry = sealed(&phl, &place, 600, &[5]);
    let (open, closed) = (frames(entry.frames()), for_courier(&entry));
    let last = open.len() - 1;
    for (one, other) in [(&open, &closed), (&closed, &open)] {
        let mut mixed = one.clone();
        mixed[last].clone_from(&other[last]);
        let fault = take((reader(&[]), place), &known, &mixed).unwrap_err();
        assert_eq!(fault, (last, EntryFault::Closed));
    }
}

#[test]
fn every_flipped_byte_of_every_frame_of_the_sealed_form_is_refused_by_all() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let closed = for_courier(&sealed(&phl, &place, 3, &[5, 6]));
    for (at, bytes) in closed.iter().enumerate() {
        for byte in frame::HEADER_LEN..bytes.len() {
            let kind = Frame::read(bytes).unwrap().unwrap().kind;
            let mut body = bytes[frame::HEADER_LEN..].to_vec();
            body[byte - frame::HEADER_LEN] ^= 1;
            let mut list = closed.clone();
            list[at].clear();
            frame::write(kind, &body, &mut list[at]);
            for seat in [Seat::Courier, reader(&[5])] {
                assert!(take((seat, place), &known, &list).is_err(), "frame {at}, byte {byte}");
            }
        }
    }
}

#[test]
fn frames_that_are_left_out_doubled_or_exchanged_are_refused() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let closed = for_courier(&sealed(&phl, &place, 600, &[5]));
    for at in 1..closed.len() - 1 {
        for seat in [Seat::Courier, reader(&[5])] {
            let mut without = closed.clone();
            without.remove(at);
            assert!(take((seat.clone(), place), &known, &without).is_err(), "without {at}");
            let mut twice = closed.clone();
            twice.insert(at, closed[at].clone());
            assert!(take((seat.clone(), place), &known, &twice).is_err(), "twice {at}");
            let mut swapped = closed.clone();
            swapped.swap(at, at + 1);
            assert!(take((seat, place), &known, &swapped).is_err(), "exchanged {at}");
        }
    }
}

#[test]
fn many_recipients_stand_in_several_frames_and_the_header_stays_short() {
    let phl = Government::new("PHL", 1);
    let (place, known) = (Place::first(phl.feed()), keyring(&[&phl]));
    let all: Vec<u8> = (1..=80).collect();
    let entry = sealed(&phl, &place, 1, &all);
    assert_eq!(commitment(entry.header().header()).recipients, 80);
    assert!(entry.header().to_bytes().len() < 512);
    let closed = for_courier(&entry);
    for seed in [1, 33, 80] {
        let taken = take((reader(&[seed]), place), &known, &closed).unwrap();
        assert!(taken.last().unwrap().key().is_some(), "recipient {seed}");
    }
    // Nobody at all can be told a key: it is sealed all the same, and can be opened later.
    let entry = sealed(&phl, &place, 1, &[]);
    assert!(take((reader(&[1]), place), &known, &for_courier(&entry)).unwrap().last().unwrap().completes());
}

#[test]
fn the_same_content_is_sealed_to_the_same_bytes_and_other_content_under_another_key() {
    let phl = Government::new("PHL", 1);
    let place = Place::first(phl.feed());
    let (one, again, other) =
        (sealed(&phl, &place, 2, &[5]), sealed(&phl, &place, 2, &[5]), sealed(&phl, &place, 3, &[5]));
    assert_eq!(for_courier(&one), for_courier(&again));
    assert_ne!(key_of(&one), key_of(&other));
}

#[test]
fn headers_of_impossible_size_are_refused() {
    let phl = Government::new("PHL", 1);
    let entry = sealed(&phl, &Place::first(phl.feed()), 1, &[5]);
    let changes: [fn(&mut Sealed); 5] = [
        |sealed| sealed.cipher = 2,
        |sealed| sealed.frames = 0,
        |sealed| sealed.frames = u32::MAX,
        |sealed| sealed.recipients = 1025,
        |sealed| sealed.length = u64::MAX,
    ];
    for change in changes {
        let mut header = entry.header().header().clone();
        let mut sealed = commitment(&header);
        change(&mut sealed);
        header.sealing = Sealing::Sealed(sealed);
        assert!(Header::from_bytes(&header.to_bytes()).is_err(), "{sealed:?}");
    }
}

#[test]
fn an_opening_opens_for_its_recipients_in_its_place_alone() {
    let phl = Government::new("PHL", 1);
    let at = (phl.feed(), Seq(7));
    let entries = [(Seq(2), ContentKey::new([2; 32])), (Seq(4), ContentKey::new([4; 32]))];
    let recipients = [secret(5).public().clone(), secret(6).public().clone()];
    let mut drawn = Drawn::new(Zeroizing::new([1; 32]));
    let under = ContentKey::new([8; 32]);
    let opening = Opening::new(&entries, &recipients, (&Network::main(), at), (&under, &mut drawn));
    let read = Opening::from_bytes(&opening.to_bytes()).unwrap();
    let keys = |seed| SealingKeys::new([secret(seed)]);
    assert_eq!(read.open(&keys(5), &Network::main(), at).unwrap(), entries);
    assert_eq!(read.open(&keys(7), &Network::main(), at), None);
    assert_eq!(read.open(&keys(5), &Network::main(), (at.0, Seq(8))), None);
}

#[test]
fn a_key_notice_is_read_as_it_was_written() {
    let notice = KeyNotice::new(secret(5).public(), (Millis(1), Millis(2)));
    assert_eq!(KeyNotice::from_bytes(&notice.to_bytes()).as_ref(), Ok(&notice));
    assert_eq!((notice.key(), notice.term()), (secret(5).public().clone(), (Millis(1), Millis(2))));
    assert!(KeyNotice::from_bytes(&notice.to_bytes()[1..]).is_err());
}

#[test]
fn the_records_of_an_entry_are_read_from_its_open_frames_alone() {
    let of = Government::new("PHL", 1);
    let records: Vec<_> = (0..2_000).map(numbered_series).collect();
    let open = of.release(&Place::first(of.feed()), records.clone());
    let entry = sealed(&of, &Place::first(of.feed()), 2_000, &[1]);
    let of_frames = |frames: &[u8]| block::records_of(frames);
    let in_order = of_frames(open.frames()).unwrap();
    assert_eq!(in_order.len(), records.len());
    assert!(records.iter().all(|one| in_order.contains(one)));
    assert_eq!(of_frames(entry.frames()), Ok(in_order), "the seals say nothing of the content");
    assert!(of_frames(&for_courier(&entry).concat()).is_err());
    assert!(of_frames(&open.frames()[..open.frames().len() - 1]).is_err(), "cut short");
}
