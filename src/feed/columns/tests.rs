//! Series come back from columns as they went, and hostile columns cost no more than a block.

use proptest::prelude::*;

use super::*;
use crate::feed::block::{BlockCoder, BlockReader, MAX_PLAIN, OpenBlock};
use crate::feed::record::encode;
use crate::feed::testing::{document, numbered_series};
use crate::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Flags, ObsStatus, Observation, Period,
    PeriodKind, Record, Series, SeriesKey,
};

fn columns(records: &[Record]) -> Option<Vec<u8>> {
    let mut writer = ColumnWriter::default();
    records.iter().for_each(|one| writer.push(one));
    writer.finish()
}

fn observation() -> impl Strategy<Value = Observation> {
    let period = prop_oneof![
        4 => (1990..2030_i64).prop_map(|n| (PeriodKind::Year, n)),
        1 => (0..8_u8, 1..200_000_i64).prop_map(|(kind, n)| (PeriodKind::from_code(kind).unwrap(), n)),
    ];
    let mantissa = prop_oneof![3 => -50..5000_i64, 1 => any::<i64>()];
    let flags = (0..3_u8, prop_oneof![4 => Just(0), 1 => any::<u32>()]);
    let comment = prop_oneof![6 => Just(None), 1 => "x\\PC{0,20}".prop_map(Some)];
    (period, mantissa, 0..3_u8, flags, comment).prop_filter_map(
        "periods end in the year 9999",
        |((kind, number), mantissa, scale, (state, revision), comment)| {
            let period = Period::from_ordinal(kind, number).ok()?;
            let status =
                [ObsStatus::Normal, ObsStatus::Provisional, ObsStatus::Suppressed][usize::from(state)];
            let value = (state < 2).then(|| Decimal::from_parts(mantissa.into(), scale).unwrap());
            let said = comment.map(|text| (AttributeId::CommentObs, text));
            let said = Attributes::new(Attachment::Observation, said).unwrap();
            let flags = Flags { status, conf: ConfStatus::Free, revision };
            Some(Observation::new(period, value, flags, said).unwrap())
        },
    )
}

fn one_series() -> impl Strategy<Value = Record> {
    let sex = prop::sample::select(vec!["_T", "F", "M"]);
    let source = prop_oneof![3 => Just("UN DESA".to_owned()), 1 => "y\\PC{0,20}"];
    let list = prop::collection::vec(observation(), 0..12);
    (sex, "PH-[A-F0-9]{1,2}", source, list).prop_map(|(sex, place, source, mut list)| {
        list.sort_by_key(Observation::period);
        list.dedup_by_key(|one| one.period());
        let key = format!("I.PHL.ESP.MS_FBORN.BIR.{sex}._T._T._T._T._T._T.{place}.PS");
        let said = Attributes::new(Attachment::Series, [(AttributeId::SourceRef, source)]).unwrap();
        Record::Series(Series::new(SeriesKey::parse(&key).unwrap(), said, list).unwrap())
    })
}

proptest! {
    #[test]
    fn series_come_back_as_they_went(records in prop::collection::vec(one_series(), 0..30)) {
        let (plain, back) = read(&columns(&records).unwrap()).unwrap();
        let bytes: Vec<Vec<u8>> = records.iter().map(encode).collect();
        prop_assert_eq!(plain.records().collect::<Vec<_>>(), bytes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert_eq!(back, records);
    }

    #[test]
    fn what_is_read_is_canonical_whatever_was_damaged(
        records in prop::collection::vec(one_series(), 1..8),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = columns(&records).unwrap();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok((plain, back)) = read(&bytes) {
            prop_assert!(plain.bytes().len() <= MAX_PLAIN);
            let again: Vec<u8> = back.iter().flat_map(encode).collect();
            prop_assert_eq!(plain.bytes(), again.as_slice());
        }
    }

    #[test]
    fn arbitrary_columns_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0..9_u8) {
        let _ = read(&bytes);
        let shaped: Vec<u8> = [count, 60, 60, 60].into_iter().chain(bytes).collect();
        let _ = read(&shaped);
    }
}

#[test]
fn a_table_takes_less_than_half_of_what_compression_alone_makes_of_it() {
    let mut block = OpenBlock::full_size();
    let records: Vec<Record> = (0..100).map(numbered_series).collect();
    records.iter().for_each(|one| block.push(one).unwrap());
    let coded = BlockCoder::default().code(&block);
    let plain: Vec<u8> = records.iter().flat_map(encode).collect();
    let alone = zstd::bulk::compress(&plain, 3).unwrap();
    assert!(coded.body.len() * 2 < alone.len(), "{} against {}", coded.body.len(), alone.len());
    let (back, list) = BlockReader::default().open_records(&coded.body, &coded.row).unwrap();
    assert_eq!((back.bytes(), list), (plain.as_slice(), records));
}

#[test]
fn what_columns_do_not_hold_has_none() {
    let Record::Series(usual) = numbered_series(1) else { unreachable!() };
    let (key, said, _) = usual.into_parts();
    let long = Decimal::from_parts(i128::from(i64::MAX) + 1, 0).unwrap();
    let long = Observation::reported(Period::parse("2017").unwrap(), long);
    let long = Record::Series(Series::new(key, said, vec![long]).unwrap());
    assert_eq!(columns(&[numbered_series(0), long]), None);
    assert_eq!(columns(&[numbered_series(0), document("d", vec![])]), None);
}

/// Columns of these lengths and contents.
fn by_hand(count: &[u8], [things, keys, shapes, values]: [&[u8]; 4]) -> Vec<u8> {
    let lengths = [things, keys, shapes].map(|column| u8::try_from(column.len()).unwrap());
    [count, &lengths, things, keys, shapes, values].concat()
}

#[test]
fn hostile_columns_are_refused_before_they_cost_anything() {
    const MANY: [u8; 9] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let good = columns(&[numbered_series(0)]).unwrap();
    assert!(read(&good).is_ok());
    let longer = [good.as_slice(), &[0]].concat();
    let cases: [(&str, Vec<u8>); 8] = [
        ("nothing", vec![]),
        ("a byte more than is read", longer),
        ("records without end", by_hand(&MANY, [&[], &[], &[], &[]])),
        ("a column longer than there is", [&[1_u8][..], &MANY, &[0, 0]].concat()),
        ("a number of eleven bytes", [0xff; 11].to_vec()),
        ("a dimension that there is not", by_hand(&[1], [&[], &[0x80, 0x80, 1, 0], &[0, 0, 0, 0], &[]])),
        ("a code that there is not", by_hand(&[1], [&[], &[1, 9], &[0, 0, 0, 0], &[]])),
        ("no key", by_hand(&[1], [&[0, 0], &[0], &[0, 0, 0, 0], &[]])),
    ];
    for (name, bytes) in cases {
        assert!(read(&bytes).is_err(), "{name}");
    }
}

/// One list of periods, one comment and one record named again and again: few bytes that would make gigabytes.
#[test]
fn repetition_ends_where_a_block_does() {
    let long = "c".repeat(400);
    let said = Attributes::new(Attachment::Observation, [(AttributeId::CommentObs, &long)]).unwrap();
    let observation = |year: i64| {
        let period = Period::from_ordinal(PeriodKind::Year, year).unwrap();
        Observation::new(period, Some(Decimal::ZERO), Flags::default(), said.clone()).unwrap()
    };
    let make = |number: usize, years: i64| {
        let Record::Series(usual) = numbered_series(number) else { unreachable!() };
        let (key, said, _) = usual.into_parts();
        Record::Series(Series::new(key, said, (1..=years).map(observation).collect()).unwrap())
    };
    for records in [vec![make(0, 9000)], (0..2000).map(|number| make(number, 2)).collect()] {
        let bytes = columns(&records).unwrap();
        assert!(bytes.len() < MAX_PLAIN, "{} bytes", bytes.len());
        assert!(matches!(read(&bytes), Err(crate::feed::CodecError::TooLarge)));
    }
}
