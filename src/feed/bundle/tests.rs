//! Bundles as files: whole, cut anywhere, altered anywhere, and made by others.

use super::*;
use crate::feed::testing::{Government, NOW, frames, keyring};
use crate::feed::{Frame, NextCard, SignedEntry};
use proptest::prelude::*;

/// A bundle of PHL's public feed from an entry on, and the entries.
fn bundle(phl: &Government, count: u64, from: u64) -> (Vec<u8>, Vec<SignedEntry>) {
    let entries = phl.chain(count);
    let head = entries[entries.len() - 1].header().clone();
    let carried = vec![Carried { head, from: Seq(from) }];
    let recipient = Government::new("ESP", 20).publisher();
    let manifest = Manifest::sign((&phl.card, recipient), NOW, carried, &Network::main(), &phl.node);
    let mut bytes = opening(&manifest);
    // Two sections of one feed, as a large feed has.
    let all: Vec<Vec<u8>> =
        entries[from as usize..].iter().flat_map(|entry| frames(entry.frames())).collect();
    for some in all.chunks(4) {
        bytes.extend(section(0, some.iter().map(Vec::len).sum()));
        some.iter().for_each(|frame| bytes.extend(frame));
    }
    bytes.extend(closing());
    (bytes, entries)
}

fn read(bytes: &[u8], governments: &[&Government]) -> Result<Index, BundleFault> {
    Index::read(bytes, &Network::main(), &keyring(governments))
}

/// The frames of a feed as who takes the bundle in asks for them, `limit` bytes at a time.
fn pulled(bytes: &[u8], index: &Index, feed: &FeedId, mut position: Position, limit: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let (some, next) = index.from(feed, position, limit);
        if some.is_empty() {
            return all;
        }
        let frame = |one: &Placed| bytes[one.offset as usize..][..one.length as usize].to_vec();
        all.extend(some.iter().map(frame));
        position = next;
    }
}

#[test]
fn a_bundle_gives_back_what_was_put_in() {
    let phl = Government::new("PHL", 10);
    let (bytes, entries) = bundle(&phl, 5, 2);
    let index = read(&bytes, &[&phl]).unwrap();
    assert_eq!((index.broken(), index.manifest().maker()), (None, phl.publisher()));
    assert_eq!(index.manifest().feeds()[0].head, *entries[4].header());
    let wanted: Vec<Vec<u8>> = entries[2..].iter().flat_map(|entry| frames(entry.frames())).collect();
    for limit in [1, 300, 1 << 20] {
        let start = Position { seq: Seq(2), part: 0 };
        assert_eq!(pulled(&bytes, &index, &phl.feed(), start, limit), wanted, "{limit}");
    }
    // From the middle of an entry, from before the beginning, and from behind the end.
    let middle = pulled(&bytes, &index, &phl.feed(), Position { seq: Seq(3), part: 1 }, 300);
    assert_eq!(middle, wanted[wanted.len() - middle.len()..]);
    assert!(Frame::read(&middle[0]).unwrap().unwrap().kind != FrameKind::Head);
    for seq in [Seq(1), Seq(5)] {
        assert!(index.from(&phl.feed(), Position { seq, part: 0 }, 300).0.is_empty());
    }
}

#[test]
fn only_a_partner_s_own_node_makes_bundles() {
    let (phl, can) = (Government::new("PHL", 10), Government::new("CAN", 30));
    let (bytes, entries) = bundle(&phl, 1, 0);
    assert!(matches!(read(&bytes, &[&can]), Err(BundleFault::Stranger(who)) if who == phl.publisher()));
    // CAN's node says that PHL made it.
    let carried = vec![Carried { head: entries[0].header().clone(), from: Seq(0) }];
    let made = (&phl.card, can.publisher());
    let forged = Manifest::sign(made, NOW, carried, &Network::main(), &can.node);
    assert!(matches!(read(&opening(&forged), &[&phl, &can]), Err(BundleFault::Signature)));
    // A newer card of PHL is in the bundle: its new node may have made it. Without the card it may not.
    let next = NextCard::after(&phl.card, NOW).mandate(
        can.node.public_key(),
        (Millis(0), Millis(i64::MAX)),
        &phl.national,
    );
    let next = next.sign(&phl.national).unwrap();
    let carried = vec![Carried { head: entries[0].header().clone(), from: Seq(0) }];
    let renewed = Manifest::sign((&next, can.publisher()), NOW, carried, &Network::main(), &can.node);
    let index = read(&opening(&renewed), &[&phl]).unwrap();
    assert_eq!((index.manifest().card(), index.manifest().node()), (&next, can.node.public_key()));
    // Another network's bundle is none here.
    let training = Network::parse("training/x").unwrap();
    let other = Index::read(bytes.as_slice(), &training, &keyring(&[&phl]));
    assert!(matches!(other, Err(BundleFault::Signature)), "{other:?}");
}

proptest! {
    /// Wherever a file breaks off, what is before can be taken in.
    #[test]
    fn a_bundle_that_breaks_off_gives_what_is_there(cut in 0_usize..4000) {
        let phl = Government::new("PHL", 10);
        let (bytes, _) = bundle(&phl, 6, 0);
        let cut = cut % bytes.len();
        let Ok(index) = read(&bytes[..cut], &[&phl]) else { return Ok(()) };
        prop_assert!(index.broken().is_some());
        let start = Position { seq: Seq(0), part: 0 };
        let whole = read(&bytes, &[&phl]).unwrap();
        let all = pulled(&bytes, &whole, &phl.feed(), start, 500);
        let some = pulled(&bytes, &index, &phl.feed(), start, 500);
        prop_assert_eq!(&all[..some.len()], &some[..]);
        prop_assert_eq!(some.len(), index.frames());
    }

    /// No altered byte passes for another bundle, and none is a panic.
    #[test]
    fn an_altered_byte_is_found(at in 0_usize..4000, by in 1_u8..=255) {
        let phl = Government::new("PHL", 10);
        let (mut bytes, _) = bundle(&phl, 4, 0);
        let at = at % bytes.len();
        let start = Position { seq: Seq(0), part: 0 };
        let whole = pulled(&bytes, &read(&bytes, &[&phl]).unwrap(), &phl.feed(), start, 500);
        bytes[at] ^= by;
        if let Ok(index) = read(&bytes, &[&phl]) {
            let left = pulled(&bytes, &index, &phl.feed(), start, 500);
            prop_assert!(index.broken().is_some() || left == whole, "byte {}", at);
            prop_assert_eq!(&whole[..left.len()], &left[..]);
        }
    }

    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let phl = Government::new("PHL", 10);
        let with_magic = [&MAGIC[..], &bytes].concat();
        prop_assert!(read(&bytes, &[&phl]).is_err() && read(&with_magic, &[&phl]).is_err());
    }
}
