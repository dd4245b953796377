//! Records as bytes: there and back, in one form only, and never a panic.

use proptest::prelude::*;

use super::*;
use crate::feed::testing::{KEY, series};
use crate::model::{Decimal, Observation, Series};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// What the bytes of a record are, as `bincode` derives it.
#[derive(Encode, BorrowDecode)]
enum RecordBytes<'a> {
    Series(SeriesBytes<'a>),
    Retraction(RetractionBytes<'a>),
}

#[derive(Encode, BorrowDecode)]
struct SeriesBytes<'a> {
    key: &'a str,
    attributes: Pairs<'a>,
    observations: Vec<ObservationBytes<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct ObservationBytes<'a> {
    period: Cow<'a, str>,
    value: Option<(i128, u8)>,
    status: u8,
    conf: u8,
    revision: u32,
    attributes: Pairs<'a>,
}

fn pairs(attributes: &Attributes) -> Pairs<'_> {
    let mut pairs: Pairs<'_> = attributes.iter().map(|(id, text)| (id.id(), text)).collect();
    pairs.sort_unstable_by_key(|(id, _)| *id);
    pairs
}

fn derived(series: &Series) -> Vec<u8> {
    let observation = |one: &Observation| ObservationBytes {
        period: Cow::Owned(one.period().to_string()),
        value: one.value().map(|value| (value.mantissa(), value.scale())),
        status: one.status().code() as u8,
        conf: one.conf().code() as u8,
        revision: one.revision(),
        attributes: vec![],
    };
    let mut observations: Vec<_> = series.observations().iter().map(observation).collect();
    for (bytes, one) in observations.iter_mut().zip(series.observations()) {
        bytes.attributes = pairs(one.attributes());
    }
    let (key, attributes) = (series.key().as_str(), pairs(series.attributes()));
    codec::encode(&RecordBytes::Series(SeriesBytes { key, attributes, observations }))
}

fn key_strategy() -> impl Strategy<Value = SeriesKey> {
    let indicator = prop::sample::select(vec!["MS_FBORN", "PHL:OFW", "PHL:OFW_SEA", "MF_IMM_PREV"]);
    let sex = prop::sample::select(vec!["_T", "F", "M"]);
    (indicator, sex, "PH-[A-Z0-9]{1,3}").prop_map(|(indicator, sex, place)| {
        let text = format!("A.PHL.ESP.{indicator}.BIR.{sex}._T._T._T._T._T._T.{place}.PS");
        SeriesKey::parse(&text).unwrap()
    })
}

fn observation_strategy() -> impl Strategy<Value = Observation> {
    let comment = prop::option::of("x\\PC{0,40}");
    let value = (any::<i64>(), 0..=28_u8, any::<bool>());
    (1900..2100_i32, value, 0..5_u32, comment).prop_map(
        |(year, (mantissa, scale, stated), revision, note)| {
            let status = if stated { ObsStatus::Provisional } else { ObsStatus::Suppressed };
            let value = stated.then(|| Decimal::from_parts(mantissa.into(), scale).unwrap());
            let comment = note.map(|note| (AttributeId::CommentObs, note));
            let attributes = Attributes::new(Attachment::Observation, comment).unwrap();
            let flags = Flags { status, conf: ConfStatus::Free, revision };
            Observation::new(Period::parse(&year.to_string()).unwrap(), value, flags, attributes).unwrap()
        },
    )
}

fn record_strategy() -> impl Strategy<Value = Record> {
    let observations = prop::collection::vec(observation_strategy(), 0..20).prop_map(|mut list| {
        list.sort_by_key(Observation::period);
        list.dedup_by_key(|one| one.period());
        list
    });
    let source = prop::option::of("y\\PC{0,60}");
    let said = (key_strategy(), observations, source).prop_map(|(key, observations, source)| {
        let source = source.map(|source| (AttributeId::SourceRef, source));
        let given = [(AttributeId::UnitMult, "0".to_owned()), (AttributeId::Decimals, "1".to_owned())];
        let attributes = Attributes::new(Attachment::Series, given.into_iter().chain(source)).unwrap();
        Record::Series(Series::new(key, attributes, observations).unwrap())
    });
    let years = prop::collection::btree_set(1900..2100_i32, 0..5);
    let retracted = (key_strategy(), years, "w\\PC{0,80}").prop_map(|(key, years, reason)| {
        let periods = years.into_iter().map(|year| Period::parse(&year.to_string()).unwrap()).collect();
        Record::Retraction(Retraction::new(key, periods, &reason).unwrap())
    });
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let document = ("[a-zA-Z0-9:/+._-]{1,40}", "\\PC{0,40}", body).prop_map(|(id, title, body)| {
        let label = DocumentLabel::new(DocumentKind::Comment, &id, "pt-BR", &title, "text/plain").unwrap();
        Record::Document(Document::new(label, 1, 3, body).unwrap())
    });
    let receipt = (any::<[u8; 32]>(), any::<u64>(), any::<i64>()).prop_map(|(id, seq, time)| {
        let received_at = Millis(time);
        Record::Receipt(Receipt { publisher: id, agreement: id, seq, entry: id, received_at })
    });
    prop_oneof![said, retracted, document, receipt]
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_went(record in record_strategy(), after in prop::collection::vec(any::<u8>(), 0..9)) {
        let mut bytes = encode(&record);
        prop_assert_eq!(decode(&bytes), Ok(record.clone()));
        if let Record::Series(series) = &record {
            prop_assert_eq!(&bytes, &derived(series));
        }
        let used = bytes.len();
        bytes.extend_from_slice(&after);
        prop_assert_eq!(decode_prefix(&bytes), Ok((record, used)));
    }

    #[test]
    fn what_is_read_is_written_the_same_way(record in record_strategy(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok((read, used)) = decode_prefix(&bytes) {
            prop_assert_eq!(encode(&read), &bytes[..used]);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), variant in 0..5_u8) {
        let _ = decode(&bytes);
        let tagged: Vec<u8> = std::iter::once(variant).chain(bytes).collect();
        let _ = decode(&tagged);
    }

    #[test]
    fn a_record_that_ends_too_early_is_refused(record in record_strategy(), at in any::<prop::sample::Index>()) {
        let bytes = encode(&record);
        prop_assert!(decode(&bytes[..at.index(bytes.len())]).is_err());
    }
}

fn observation(period: &'static str) -> ObservationBytes<'static> {
    let value = Some((17, 0));
    ObservationBytes {
        period: Cow::Borrowed(period),
        value,
        status: b'A',
        conf: b'F',
        revision: 0,
        attributes: vec![],
    }
}

fn series_bytes(
    key: &'static str,
    attributes: Pairs<'static>,
    observations: Vec<ObservationBytes<'static>>,
) -> Vec<u8> {
    codec::encode(&RecordBytes::Series(SeriesBytes { key, attributes, observations }))
}

#[test]
fn only_the_canonical_form_is_read() {
    const MONTHLY: &str = "M.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
    let commented =
        |text| ObservationBytes { attributes: vec![("COMMENT_OBS", text)], ..observation("2017") };
    let sorted = vec![("DECIMALS", "0"), ("SOURCE_REF", "s"), ("UNIT_MULT", "0")];
    let retraction = |periods: &[&'static str]| {
        let periods = periods.iter().map(|period| Cow::Borrowed(*period)).collect();
        codec::encode(&RecordBytes::Retraction(RetractionBytes { key: KEY, periods, reason: "wrong file" }))
    };
    let cases: [(&str, Vec<u8>, bool); 17] = [
        ("as it must be", series_bytes(KEY, sorted, vec![observation("2017"), observation("2018")]), true),
        (
            "observations unsorted",
            series_bytes(KEY, vec![], vec![observation("2018"), observation("2017")]),
            false,
        ),
        ("a period twice", series_bytes(KEY, vec![], vec![observation("2017"), observation("2017")]), false),
        ("a year written as 2017-A1", series_bytes(KEY, vec![], vec![observation("2017-A1")]), false),
        ("a month as it must be", series_bytes(MONTHLY, vec![], vec![observation("2023-05")]), true),
        ("a month written as 2023-M05", series_bytes(MONTHLY, vec![], vec![observation("2023-M05")]), false),
        ("a month in a yearly series", series_bytes(KEY, vec![], vec![observation("2023-05")]), false),
        (
            "attributes out of order",
            series_bytes(KEY, vec![("UNIT_MULT", "0"), ("DECIMALS", "0")], vec![]),
            false,
        ),
        ("an attribute twice", series_bytes(KEY, vec![("DECIMALS", "0"), ("DECIMALS", "0")], vec![]), false),
        ("an unknown attribute", series_bytes(KEY, vec![("COLOUR", "red")], vec![]), false),
        ("an attribute of observations", series_bytes(KEY, vec![("COMMENT_OBS", "x")], vec![]), false),
        ("a text in NFC", series_bytes(KEY, vec![], vec![commented("caf\u{e9}")]), true),
        ("a text that is not NFC", series_bytes(KEY, vec![], vec![commented("cafe\u{301}")]), false),
        ("a text with a control character", series_bytes(KEY, vec![], vec![commented("a\u{7}")]), false),
        ("a number written longer", series_bytes(KEY, vec![("MIN_STAY_MONTHS", "012")], vec![]), false),
        ("a retraction as it must be", retraction(&["2017", "2018"]), true),
        ("a retraction unsorted", retraction(&["2018", "2017"]), false),
    ];
    for (name, bytes, good) in cases {
        let read = decode(&bytes);
        assert_eq!(read.is_ok(), good, "{name}: {read:?}");
    }
}

#[test]
fn letters_outside_the_code_lists_are_refused() {
    for (status, conf) in [(b'X', b'F'), (b'A', b'X'), (0, b'F'), (b'A', 0xc3)] {
        let bytes = series_bytes(KEY, vec![], vec![ObservationBytes { status, conf, ..observation("2017") }]);
        assert!(matches!(decode(&bytes), Err(CodecError::Invalid(_))), "{status} {conf}");
    }
    let missing = ObservationBytes { value: None, ..observation("2017") };
    assert!(decode(&series_bytes(KEY, vec![], vec![missing])).is_err());
    let long = ObservationBytes { value: Some((i128::MAX, 0)), ..observation("2017") };
    assert!(decode(&series_bytes(KEY, vec![], vec![long])).is_err());
    let deep = ObservationBytes { value: Some((1, 29)), ..observation("2017") };
    assert!(decode(&series_bytes(KEY, vec![], vec![deep])).is_err());
}

#[test]
fn bytes_after_a_record_are_named() {
    let mut bytes = encode(&series(KEY, &[("2017", 1)]));
    let used = bytes.len();
    bytes.push(0);
    assert_eq!(decode(&bytes), Err(CodecError::LeftOver { used, given: used + 1 }));
}
