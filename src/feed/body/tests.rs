//! A body takes records one by one, in order, and is the same however it was made.

use super::*;
use crate::feed::testing::{Government, KEY, NOW, document, frames, keyring, numbered_series, series};
use crate::feed::{Assembler, Frame};

fn in_steps(records: &[Record]) -> Result<Body, BuildError> {
    let mut builder = BodyBuilder::new();
    records.iter().try_for_each(|one| builder.push(one))?;
    builder.finish()
}

fn signed(body: Body) -> SignedEntry {
    let phl = Government::new("PHL", 1);
    body.sign((EntryKind::Release, NOW), &Place::first(phl.feed()), &Network::main(), &phl.node)
}

/// Gives an entry's frames to the one who checks them.
fn accepted(entry: &SignedEntry) -> u64 {
    let phl = Government::new("PHL", 1);
    let known = keyring(&[&phl]);
    let mut assembler = Assembler::new(Network::main(), Place::first(phl.feed()));
    for bytes in frames(entry.frames()) {
        assembler.accept(&known, &Frame::read(&bytes).unwrap().unwrap()).unwrap();
    }
    assembler.place().seq.0
}

#[test]
fn a_body_of_any_size_is_the_same_in_steps_and_at_once() {
    for count in [1, 2, 600, 3000, 20_000] {
        let records: Vec<Record> = (0..count).map(numbered_series).collect();
        let steps = in_steps(&records).unwrap();
        assert_eq!(steps.records(), count as u64);
        let mut shuffled = records;
        shuffled.reverse();
        let (one, other) = (signed(steps), signed(Body::of(shuffled).unwrap()));
        assert_eq!(one.header(), other.header());
        assert_eq!(one.frames(), other.frames());
        assert_eq!(accepted(&one), 1, "{count} series");
    }
}

#[test]
fn records_that_may_not_stand_where_they_come_are_refused() {
    let (a, b) = (numbered_series(1), numbered_series(2));
    let named = |record: &Record| name(record);
    let cases = [
        (vec![], BuildError::Empty),
        (vec![a.clone(), a.clone()], BuildError::Duplicate(named(&a))),
        (vec![b, a.clone()], BuildError::OutOfOrder(named(&a))),
        (vec![document("d", vec![]), a.clone()], BuildError::OutOfOrder(named(&a))),
    ];
    for (records, expected) in cases {
        assert_eq!(in_steps(&records).map(|_| ()), Err(expected));
    }
}

#[test]
fn a_series_longer_than_a_block_becomes_records_of_one_key() {
    let days: Vec<String> =
        (0..9000).map(|n| format!("{}-{:02}-{:02}", 1990 + n / 336, n / 28 % 12 + 1, n % 28 + 1)).collect();
    let values: Vec<(&str, i64)> = days.iter().map(|day| (day.as_str(), 1234)).collect();
    let long = series(&KEY.replacen('A', "D", 1), &values);
    let length = crate::feed::record::encode(&long).len();
    assert!(length > 2 * MAX_RECORD);
    let body = in_steps(std::slice::from_ref(&long)).unwrap();
    assert!(body.records() >= 3, "{} records", body.records());
    assert_eq!(accepted(&signed(body)), 1);
}
