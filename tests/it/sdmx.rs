//! What is written as SDMX and read again gives the same records, byte for byte.

use corridor::feed::{EntryId, PublisherId, Seq, record};
use corridor::intake::{self, Mapping, Rules};
use corridor::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Flags, Millis, ObsStatus, Observation, Period,
    Record, Series, SeriesKey,
};
use corridor::sdmx::data::{
    Action, ArtefactRef, DataFormat, DataHead, DataWriter, Labels, Layout, Provenance, SeriesContext,
};
use corridor::view::{EntryRef, State, Version};
use proptest::prelude::*;

const READ_AGAIN: [DataFormat; 4] =
    [DataFormat::Csv1, DataFormat::Csv2, DataFormat::GenericXml, DataFormat::StructureSpecificXml];

/// The message of some series.
pub(crate) fn written(series: &[Series], format: DataFormat, head: &DataHead) -> Vec<u8> {
    let mut writer = DataWriter::new(format, head, Vec::new()).expect("memory can be written");
    for one in series {
        let context = SeriesContext {
            key: one.key(),
            attributes: one.attributes(),
            publisher: PublisherId([5; 32]),
            country: one.key().ref_area(),
            agreement: "A title, with \"marks\" & <more>",
        };
        let entry = EntryRef { seq: Seq(3), time: Millis(1_700_000_000_000), id: EntryId([6; 32]) };
        let versions: Vec<Version> = one
            .observations()
            .iter()
            .map(|own| Version {
                period: own.period(),
                entry,
                state: State::Stated {
                    value: own.value(),
                    flags: own.flags(),
                    attributes: own.attributes().clone(),
                },
            })
            .collect();
        writer.series(&context, &versions).expect("memory can be written");
    }
    writer.end().expect("memory can be written")
}

pub(crate) fn head() -> DataHead {
    DataHead::new("M-1", Millis(1_700_000_000_000), "PHL")
}

/// Heads that differ in all that may not change what is told.
fn heads() -> Vec<DataHead> {
    let flow = ArtefactRef {
        agency: "PHL".to_owned(),
        id: "MIG".to_owned(),
        version: "1.0".to_owned(),
        name: "Migration, all".to_owned(),
    };
    vec![
        head(),
        DataHead { layout: Layout::Flat, labels: Labels::Both, flows: vec![flow], ..head() },
        DataHead { labels: Labels::Name, action: Action::Replace, provenance: Provenance::None, ..head() },
        DataHead { layout: Layout::Flat, provenance: Provenance::Annotated, ..head() },
    ]
}

/// The canonical bytes of the records that a file holds.
fn read(file: &[u8], mapping: Option<&Mapping>, country: &str) -> (Vec<Series>, Vec<String>) {
    let rules = Rules { country: Some(country), ..Rules::default() };
    let mut report = intake::read(&mut &file[..], mapping, &rules);
    let findings = report.findings.iter().map(ToString::to_string).collect();
    (report.take_series().collect(), findings)
}

fn records(series: &[Series]) -> Vec<Vec<u8>> {
    series.iter().map(|one| record::encode(&Record::Series(one.clone()))).collect()
}

fn come_back(series: &[Series], country: &str) -> Result<(), TestCaseError> {
    let wanted = records(series);
    for format in READ_AGAIN {
        for head in heads() {
            let file = written(series, format, &head);
            let (read, findings) = read(&file, None, country);
            prop_assert!(
                records(&read) == wanted,
                "{format:?} {head:?}\n{findings:?}\n{}",
                String::from_utf8_lossy(&file[..file.len().min(4_000)])
            );
        }
    }
    Ok(())
}

#[test]
fn the_matrix_of_un_desa_comes_back_from_every_format() {
    let file = std::fs::read("tests/data/undesa_ims2024_stock_od_sex.csv").expect("the file is there");
    let mapping =
        Mapping::parse(include_str!("../../config/mappings/undesa_stock.toml")).expect("it is good");
    for country in ["ESP", "ITA"] {
        let (series, findings) = read(&file, Some(&mapping), country);
        assert!(series.len() > 50, "{country}: {findings:?}");
        come_back(&series, country).expect("every format gives the same records");
    }
}

/// A text that every format can carry: what records may hold, but for two characters that XML has not, and the word
/// that SDMX-CSV has for no text.
fn text() -> impl Strategy<Value = String> {
    let any = "[ -~\\n\\t\u{a0}-\u{2ff}\u{600}-\u{6ff}\u{4e00}-\u{4eff}\u{1f600}-\u{1f64f}]{1,40}";
    let odd = prop_oneof![
        Just("  blanks around  ".to_owned()),
        Just("a,\"b\";\n'c'\t<d>&amp;".to_owned()),
        Just("NaN".to_owned()),
        Just("en:x;fr:y: z".to_owned()),
        Just("=1+2".to_owned()),
    ];
    prop_oneof![3 => any, 1 => odd].prop_filter("no text of blanks alone", |text| !text.trim().is_empty())
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let digits = prop_oneof![-1_000_000_i128..1_000_000, -(10_i128.pow(28) - 1)..10_i128.pow(28)];
    (digits, 0_u8..=28).prop_map(|(digits, scale)| Decimal::from_parts(digits, scale).expect("28 digits"))
}

fn observation() -> impl Strategy<Value = Observation> {
    let status = prop::sample::select(ObsStatus::ALL);
    let conf = prop::sample::select(ConfStatus::ALL);
    let more = (
        prop::option::of(text()),
        prop::option::of(decimal()),
        prop::option::of(prop::sample::select(vec!["FIRST", "UPDATE", "ERROR", "METHOD"])),
        any::<i32>(),
    );
    let flags = (status, conf, prop_oneof![Just(0), any::<u32>()]);
    (1900_i32..2100, prop::option::of(decimal()), flags, more).prop_filter_map(
        "value and status go together",
        |(year, value, (status, conf, revision), (comment, before, reason, embargo))| {
            let mut own: Vec<(AttributeId, String)> = Vec::new();
            own.extend(comment.map(|text| (AttributeId::CommentObs, text)));
            own.extend(before.map(|value| (AttributeId::PreBreakValue, value.to_string())));
            own.extend(reason.map(|code| (AttributeId::RevReason, code.to_owned())));
            if conf == ConfStatus::Embargo {
                let time = Millis(i64::from(embargo) * 1_000);
                own.push((AttributeId::EmbargoTime, time.to_string()));
            }
            let attributes = Attributes::new(Attachment::Observation, own).ok()?;
            let period = Period::parse(&format!("{year}")).ok()?;
            Observation::new(period, value, Flags { status, conf, revision }, attributes).ok()
        },
    )
}

fn series() -> impl Strategy<Value = Vec<Series>> {
    let said = (
        -3_i8..=6,
        0_u8..=6,
        prop::option::of(text()),
        prop::option::of(text()),
        prop::option::of(prop::sample::select(vec!["EXACT", "NONE"])),
    );
    let one = (said, prop::collection::vec(observation(), 1..6));
    // National indicators in money, each of its own sex and country: no check compares one with another.
    prop::collection::vec(one, 1..5).prop_map(|all| {
        let places = ["ITA", "ESP", "FRA", "NAM", "USA"];
        let mut list = Vec::new();
        for ((at, place), ((mult, decimals, source, definition, matching), mut observations)) in
            places.iter().enumerate().zip(all)
        {
            let subnat = if at % 2 == 0 { "PH-00" } else { "C:US-NY" };
            let subnat = if *place == "USA" || at % 2 == 0 { subnat } else { "_U" };
            let key = format!("A.PHL.{place}.PHL:OWN{at}._Z.F.Y0T4._T._T._T._T._T.{subnat}.USD");
            let key = SeriesKey::parse(&key).expect("a key");
            let mut said = vec![
                (AttributeId::UnitMult, mult.to_string()),
                (AttributeId::Decimals, decimals.to_string()),
            ];
            said.extend(source.map(|text| (AttributeId::SourceRef, text)));
            said.extend(definition.map(|text| (AttributeId::DefId, text)));
            said.extend(matching.map(|code| (AttributeId::CoreMatch, code.to_owned())));
            let said = Attributes::new(Attachment::Series, said).expect("good attributes");
            observations.sort_by_key(Observation::period);
            observations.dedup_by_key(|own| own.period());
            list.push(Series::new(key, said, observations).expect("a series"));
        }
        list.sort_by(|one, other| one.key().cmp(other.key()));
        list
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_stated_comes_back_from_every_format(series in series()) {
        come_back(&series, "PHL")?;
    }
}

#[test]
fn json_tells_every_digit_and_why_a_value_is_not_there() {
    let key = SeriesKey::parse("A.PHL.ITA.PHL:OWN._Z._T._T._T._T._T._T._T._T.USD").expect("a key");
    let period = |text: &str| Period::parse(text).expect("a period");
    let shown =
        Observation::reported(period("2019"), Decimal::parse("12345678901234567890.50").expect("a number"));
    let hidden =
        Observation::reported(period("2020"), Decimal::from(4_711)).suppressed(ConfStatus::Confidential);
    let series = Series::new(key, Attributes::none(), vec![shown, hidden]).expect("a series");
    let text = String::from_utf8(written(&[series], DataFormat::JsonData, &head())).expect("text");
    assert!(text.contains("[12345678901234567890.50,0,0,") && text.contains("[null,1,1,"), "{text}");
    assert!(!text.contains("4711"), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let own = &value["data"]["structures"][0]["attributes"]["observation"];
    assert_eq!((&own[0]["values"][1]["id"], &own[1]["values"][1]["id"]), (&"Q".into(), &"C".into()));
}

#[test]
fn what_xml_cannot_carry_is_replaced_and_nothing_else() {
    let key = SeriesKey::parse("A.PHL.ITA.PHL:OWN._Z._T._T._T._T._T._T._T._T.USD").expect("a key");
    let comment = [(AttributeId::CommentObs, "a\u{fffe}b")];
    let comment = Attributes::new(Attachment::Observation, comment).expect("a comment");
    let period = Period::parse("2019").expect("a period");
    let own = Observation::new(period, Some(Decimal::from(1)), Flags::default(), comment).expect("good");
    let said = [(AttributeId::UnitMult, "0"), (AttributeId::Decimals, "0")];
    let said = Attributes::new(Attachment::Series, said).expect("good attributes");
    let series = [Series::new(key, said, vec![own]).expect("a series")];
    for format in READ_AGAIN {
        let (read, findings) = read(&written(&series, format, &head()), None, "PHL");
        let comment =
            read.first().and_then(|one| one.observations()[0].attributes().get(AttributeId::CommentObs));
        let is_xml = matches!(format, DataFormat::GenericXml | DataFormat::StructureSpecificXml);
        assert_eq!(
            comment,
            Some(if is_xml { "a\u{fffd}b" } else { "a\u{fffe}b" }),
            "{format:?} {findings:?}"
        );
    }
}
