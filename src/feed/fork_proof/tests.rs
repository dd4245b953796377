//! A proof shows two signed entries for one place; any other byte is refused.

use super::*;
use crate::feed::head::Place;
use crate::feed::testing::{Government, NOW, document};
use crate::feed::{AgreementId, FeedId, Seq, SignedEntry};
use crate::model::Millis;

fn entry(government: &Government, text: &[u8]) -> SignedEntry {
    government.release(&Place::first(government.feed()), vec![document("note/1", text.to_vec())])
}

fn proof(resolved: bool) -> ForkProof {
    let phl = Government::new("PHL", 1);
    let [one, other] = [entry(&phl, b"one"), entry(&phl, b"two")].map(|entry| entry.header().clone());
    let resolution = resolved.then(|| {
        let said = ("two nodes ran at once", Millis(NOW.0 + 1));
        let ids = (one.id(), other.id());
        Resolution::sign((phl.feed(), Seq(0)), ids, said, &Network::main(), &phl.national).unwrap()
    });
    ForkProof::new(phl.card.clone(), (one, other), resolution).unwrap()
}

#[test]
fn a_proof_verifies_and_any_altered_byte_of_it_is_refused() {
    for proof in [proof(false), proof(true)] {
        let text = proof.to_text();
        assert_eq!(ForkProof::from_text(&text), Ok(proof));
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] ^= 1 << (at % 7);
            let altered = String::from_utf8(altered).expect("seven bits stay seven bits");
            assert!(ForkProof::from_text(&altered).is_err(), "byte {at} was altered and nobody noticed");
        }
        assert!(ForkProof::from_text(&text[..text.len() - 1]).is_err());
    }
}

#[test]
fn a_fork_has_one_proof_whichever_header_comes_first() {
    let phl = Government::new("PHL", 1);
    let [one, other] = [entry(&phl, b"one"), entry(&phl, b"two")].map(|entry| entry.header().clone());
    let new = |pair| ForkProof::new(phl.card.clone(), pair, None).unwrap().to_text();
    assert_eq!(new((one.clone(), other.clone())), new((other, one)));
}

#[test]
fn what_is_no_fork_is_not_proven() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let one = entry(&phl, b"one").header().clone();
    let elsewhere = FeedId::new(phl.publisher(), AgreementId([9; 32]));
    let elsewhere = phl.release(&Place::first(elsewhere), vec![document("note/1", b"two".to_vec())]);
    let theirs = entry(&esp, b"two");
    let of =
        |other: &SignedEntry| ForkProof::new(phl.card.clone(), (one.clone(), other.header().clone()), None);
    assert_eq!(of(&entry(&phl, b"one")).unwrap_err(), CitationFault::NoFork);
    assert_eq!(of(&elsewhere).unwrap_err(), CitationFault::NoFork);
    assert_eq!(of(&theirs).unwrap_err(), CitationFault::Mandate);
}
