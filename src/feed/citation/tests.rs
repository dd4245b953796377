//! A citation shows what was signed; any other byte is refused.

use super::*;
use crate::crypto::{Network, inclusion_path};
use crate::feed::head::Place;
use crate::feed::testing::{Government, KEY, NOW, UNTIL, numbered_series, series};
use crate::feed::{EntryKind, SignedEntry};
use crate::model::Record;

/// The records of an entry, its canonical leaves, and a citation of the one at `index`.
fn cite(
    government: &Government,
    mut records: Vec<Record>,
    index: usize,
    period: &str,
) -> Result<Citation, CitationFault> {
    records.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let leaves: Vec<Hash> = records.iter().map(|one| merkle::leaf_hash(&record::encode(one))).collect();
    let record = record::encode(&records[index]);
    let entry = government.release(&Place::first(government.feed()), records);
    let path = inclusion_path(&leaves, index).unwrap();
    let period = Period::parse(period).unwrap();
    Citation::new(government.card.clone(), entry.header().clone(), record, path, period)
}

fn small() -> Citation {
    let phl = Government::new("PHL", 1);
    let records = vec![series(KEY, &[("2017", 17), ("2018", 18)]), numbered_series(3), numbered_series(4)];
    cite(&phl, records, 2, "2018").unwrap()
}

#[test]
fn a_citation_of_any_record_of_an_entry_verifies() {
    let phl = Government::new("PHL", 1);
    for count in [1, 2, 3, 7, 8, 33] {
        for index in [0, count / 2, count - 1] {
            let citation = cite(&phl, (0..count).map(numbered_series).collect(), index, "1999").unwrap();
            assert_eq!(
                Citation::from_text(&citation.to_text()).as_ref(),
                Ok(&citation),
                "{index} of {count}"
            );
        }
    }
    let claim = small().claim();
    assert_eq!((claim["country"].as_str(), claim["obs_value"].as_str()), (Some("PHL"), Some("18")));
    assert_eq!((claim["time_period"].as_str(), claim["key"].as_str()), (Some("2018"), Some(KEY)));
}

#[test]
fn every_flipped_byte_is_refused_with_a_reason() {
    let text = small().to_text();
    let mut refused = 0;
    for at in 0..text.len() {
        for mask in [0x01, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= mask;
            let Ok(bad) = String::from_utf8(bytes) else { continue };
            let fault = Citation::from_text(&bad).expect_err(&bad);
            assert!(!fault.to_string().is_empty());
            refused += 1;
        }
    }
    assert!(refused >= text.len());
    for bad in [text[..text.len() - 1].to_owned(), format!("{text}\n"), format!(" {text}"), String::new()] {
        assert!(Citation::from_text(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_forged_claim_is_refused() {
    let text = small().to_text();
    let forgeries = [
        ("the value", r#""obs_value": "18""#, r#""obs_value": "19""#),
        ("a number for a text", r#""obs_value": "18""#, r#""obs_value": 18"#),
        ("the other period", r#""time_period": "2018""#, r#""time_period": "2017""#),
        ("a period that is not there", r#""time_period": "2018""#, r#""time_period": "2019""#),
        ("the country", r#""country": "PHL""#, r#""country": "ESP""#),
        ("the place", r#""seq": 0"#, r#""seq": 1"#),
        ("the status", r#""obs_status": "A""#, r#""obs_status": "E""#),
        ("the revision", r#""revision": 0"#, r#""revision": 1"#),
        ("the network", r#""network": "main""#, r#""network": "training/a""#),
        ("the leaf", r#""leaf_index": 2"#, r#""leaf_index": 1"#),
        ("the tree", r#""tree_size": 3"#, r#""tree_size": 4"#),
        ("a field more", r#""seq": 0"#, r#""seq": 0, "note": 1"#),
        ("a field twice", r#""seq": 0"#, r#""seq": 0, "seq": 0"#),
        ("another format", r#""corridor": "citation/1""#, r#""corridor": "citation/2""#),
    ];
    for (name, from, to) in forgeries {
        assert!(text.contains(from), "{name}");
        assert!(Citation::from_text(&text.replacen(from, to, 1)).is_err(), "{name}");
    }
}

#[test]
fn parts_that_prove_nothing_make_no_citation() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let one = series(KEY, &[("2017", 17)]);
    let entry = |time| phl.entry(EntryKind::Release, &Place::first(phl.feed()), time, vec![one.clone()]);
    let bytes = record::encode(&one);
    let path = inclusion_path(&[merkle::leaf_hash(&bytes)], 0).unwrap();
    let make = |card: &Card, entry: &SignedEntry, bytes: &[u8], period: &str| {
        let period = Period::parse(period).unwrap();
        Citation::new(card.clone(), entry.header().clone(), bytes.to_vec(), path.clone(), period).map(drop)
    };
    let other = record::encode(&series(KEY, &[("2017", 18)]));
    assert_eq!(make(&phl.card, &entry(NOW), &bytes, "2017"), Ok(()));
    assert_eq!(make(&esp.card, &entry(NOW), &bytes, "2017"), Err(CitationFault::Mandate));
    assert_eq!(make(&phl.card, &entry(UNTIL), &bytes, "2017"), Err(CitationFault::Mandate));
    assert_eq!(make(&phl.card, &entry(NOW), &other, "2017"), Err(CitationFault::Path));
    let absent = Err(CitationFault::Period("2018".to_owned()));
    assert_eq!(make(&phl.card, &entry(NOW), &bytes, "2018"), absent);
}

#[test]
fn a_training_citation_says_so_and_counts_nowhere_else() {
    let text = small().to_text();
    assert!(text.contains(r#""network": "main""#) && !Network::main().is_training());
    let training = text.replacen(r#""network": "main""#, r#""network": "training/demo""#, 1);
    assert_eq!(Citation::from_text(&training), Err(CitationFault::Field("network")));
}
