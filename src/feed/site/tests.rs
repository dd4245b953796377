//! A manifest shows what was signed; any other byte is refused, and so is another signer.

use super::*;
use crate::feed::identity::Purpose;
use crate::feed::testing::{FROM, Government, NOW, UNTIL};

fn files() -> SiteFiles {
    SiteFiles { files: 12, bytes: 3_456, list: Hash([7; 32]) }
}

fn sources(government: &Government) -> Vec<HeadRef> {
    government.chain(2).iter().map(|entry| HeadRef::from(entry.header())).skip(1).collect()
}

fn of(government: &Government) -> SiteManifest {
    SiteManifest::sign(government.card.clone(), files(), sources(government), NOW, &government.node).unwrap()
}

#[test]
fn a_manifest_is_read_back_as_it_was_signed() {
    let phl = Government::new("PHL", 1);
    let manifest = of(&phl);
    assert_eq!(SiteManifest::from_text(&manifest.to_text()).as_ref(), Ok(&manifest));
    assert_eq!((manifest.files(), manifest.made_at(), manifest.sources().len()), (files(), NOW, 1));
    assert_eq!(manifest.claim()["country"], "PHL");
}

#[test]
fn every_flipped_byte_is_refused_with_a_reason() {
    let text = of(&Government::new("PHL", 1)).to_text();
    for at in 0..text.len() {
        for mask in [0x01, 0x04] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= mask;
            let Ok(bad) = String::from_utf8(bytes) else { continue };
            let fault = SiteManifest::from_text(&bad).expect_err(&bad);
            assert!(!fault.to_string().is_empty());
        }
    }
    for end in [0, 1, text.len() / 2, text.len() - 1] {
        assert!(SiteManifest::from_text(&text[..end]).is_err());
    }
    assert!(SiteManifest::from_text(&format!("{text}\n")).is_err());
}

#[test]
fn only_a_key_with_a_mandate_to_release_signs_and_only_for_its_own_government() {
    let (phl, ita) = (Government::new("PHL", 1), Government::new("ITA", 3));
    let by = |card: &Card, signer: &Government, time| {
        SiteManifest::sign(card.clone(), files(), Vec::new(), time, &signer.node)
    };
    assert!(by(&phl.card, &phl, NOW).is_ok());
    assert_eq!(by(&phl.card, &ita, NOW), Err(SiteFault::Mandate));
    assert_eq!(by(&phl.card, &phl, Millis(FROM.0 - 1)), Err(SiteFault::Mandate));
    assert_eq!(by(&phl.card, &phl, UNTIL), Err(SiteFault::Mandate));
    let receipts = Government::with_mandate("PHL", 1, &[Purpose::Receipt], (FROM, UNTIL));
    assert_eq!(by(&receipts.card, &receipts, NOW), Err(SiteFault::Mandate));
}

#[test]
fn parts_of_two_manifests_do_not_make_a_third() {
    let (phl, ita) = (of(&Government::new("PHL", 1)), of(&Government::new("ITA", 3)));
    let (phl, ita): (Value, Value) =
        (serde_json::from_str(&phl.to_text()).unwrap(), serde_json::from_str(&ita.to_text()).unwrap());
    for field in ["claim", "card", "node", "signature"] {
        let mut mixed = phl.clone();
        mixed[field] = ita[field].clone();
        let text = serde_json::to_string_pretty(&mixed).unwrap() + "\n";
        assert!(SiteManifest::from_text(&text).is_err(), "{field}");
    }
}

#[test]
fn sources_are_public_feeds_each_once() {
    let phl = Government::new("PHL", 1);
    let head = sources(&phl)[0];
    let sign = |sources| SiteManifest::sign(phl.card.clone(), files(), sources, NOW, &phl.node);
    assert_eq!(sign(vec![head, head]), Err(SiteFault::Field("claim")));
    let mut house = head;
    house.feed.agreement = AgreementId::house();
    assert_eq!(sign(vec![house]), Err(SiteFault::Field("claim")));
}
