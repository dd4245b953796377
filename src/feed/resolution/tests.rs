//! Who may decide a fork, and what is decided with it.

use super::*;
use crate::feed::head::Place;
use crate::feed::testing::{Government, NOW, document};
use crate::feed::{HeadRef, SignedEntry};

fn later(millis: i64) -> Millis {
    Millis(NOW.0 + millis)
}

/// Two entries for one place, and one behind each.
fn lines(phl: &Government) -> [[SignedEntry; 2]; 2] {
    [b"one", b"two"].map(|text| {
        let first = phl.release(&Place::first(phl.feed()), vec![document("note/1", text.to_vec())]);
        let place = Place::after(&HeadRef::from(first.header()));
        let second = phl.release(&place, vec![document("note/2", text.to_vec())]);
        [first, second]
    })
}

fn resolved(phl: &Government, [one, other]: &[[SignedEntry; 2]; 2], signer: &dyn NodeSigner) -> Resolution {
    let kept = (one[0].header().id(), other[0].header().id());
    let said = ("restored from an old backup", later(1));
    Resolution::sign((phl.feed(), Seq(0)), kept, said, &Network::main(), signer).unwrap()
}

#[test]
fn the_national_key_decides_and_no_other() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let lines = lines(&phl);
    let mut keyring = Keyring::default();
    let ours = resolved(&phl, &lines, &phl.national);
    assert!(!ours.verify(&Network::main(), &keyring), "no card is known");
    keyring.insert(phl.card.clone());
    keyring.insert(esp.card.clone());
    assert!(ours.verify(&Network::main(), &keyring));
    assert!(!ours.verify(&Network::parse("training/x").unwrap(), &keyring));
    for (who, signer) in [("its node key", &phl.node), ("another government", &esp.national)] {
        assert!(!resolved(&phl, &lines, signer).verify(&Network::main(), &keyring), "{who}");
    }
    let bytes = ours.to_bytes();
    assert_eq!(Resolution::from_bytes(&bytes), Ok(ours));
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        let holds = Resolution::from_bytes(&altered).is_ok_and(|one| one.verify(&Network::main(), &keyring));
        assert!(!holds, "byte {at} was altered");
    }
}

#[test]
fn a_decision_covers_its_place_and_the_line_that_was_given_up() {
    let phl = Government::new("PHL", 1);
    let lines = lines(&phl);
    let resolution = resolved(&phl, &lines, &phl.national);
    let [[a, a2], [b, b2]] = &lines;
    assert!(resolution.covers(a.header(), b.header()));
    assert!(resolution.covers(a2.header(), b2.header()), "behind the two, signed before the decision");
    let place = Place::after(&HeadRef::from(a.header()));
    let again = phl.release(&place, vec![document("note/2", b"three".to_vec())]);
    assert!(!resolution.covers(a2.header(), again.header()), "two behind the one that stands");
    let signed_later = |entry: &SignedEntry, text: &[u8]| {
        let place = Place::after(&HeadRef::from(entry.header()));
        let records = vec![document("note/2", text.to_vec())];
        phl.entry(crate::feed::EntryKind::Release, &place, later(2), records)
    };
    let (a3, b3) = (signed_later(a, b"x"), signed_later(b, b"y"));
    assert!(!resolution.covers(a3.header(), b3.header()), "both lines went on after the decision");
    let other = FeedId::new(phl.publisher(), AgreementId([9; 32]));
    let elsewhere = phl.release(&Place::first(other), vec![document("note/1", b"z".to_vec())]);
    assert!(!resolution.covers(elsewhere.header(), elsewhere.header()));
}

#[test]
fn a_decision_names_two_entries_and_a_reason() {
    let phl = Government::new("PHL", 1);
    let (place, network) = ((phl.feed(), Seq(0)), Network::main());
    let sign = |other: u8, reason: &str| {
        Resolution::sign(
            place,
            (EntryId([1; 32]), EntryId([other; 32])),
            (reason, NOW),
            &network,
            &phl.national,
        )
    };
    assert!(sign(2, "why").is_ok());
    let long = "x".repeat(MAX_REASON + 1);
    for (other, reason) in [(1, "why"), (2, ""), (2, "two\nlines"), (2, long.as_str())] {
        assert!(sign(other, reason).is_err(), "{other} {}", &reason[..reason.len().min(9)]);
    }
}
