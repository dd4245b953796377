//! Messages of a few observations, as text.

use super::*;
use crate::feed::{EntryId, Seq};
use crate::model::{Attachment, AttributeId, ConfStatus, Decimal, Flags, ObsStatus};
use crate::view::EntryRef;

const KEY: &str = "A.PHL.ITA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";

fn version(period: &str, value: Option<&str>, comment: Option<&str>) -> Version {
    let flags = match value {
        Some(_) => Flags::default(),
        None => Flags { status: ObsStatus::Suppressed, conf: ConfStatus::Confidential, revision: 1 },
    };
    let own = comment.map(|text| (AttributeId::CommentObs, text));
    Version {
        period: Period::parse(period).unwrap(),
        entry: EntryRef { seq: Seq(0), time: Millis(0), id: EntryId([1; 32]) },
        state: State::Stated {
            value: value.map(|text| Decimal::parse(text).unwrap()),
            flags,
            attributes: Attributes::new(Attachment::Observation, own).unwrap(),
        },
    }
}

fn retracted(period: &str) -> Version {
    Version { state: State::Retracted { reason: "wrong".to_owned() }, ..version(period, Some("1"), None) }
}

/// Writes one series of three observations, of which one was taken back.
fn written(format: DataFormat, head: &DataHead) -> String {
    let versions = [
        version("2019", Some("12.50"), Some("a, \"b\"\n<c>")),
        retracted("2020"),
        version("2021", None, None),
    ];
    let mut writer = DataWriter::new(format, head, Vec::new()).unwrap();
    put(&mut writer, "public", &versions);
    String::from_utf8(writer.end().unwrap()).unwrap()
}

fn put(writer: &mut DataWriter<Vec<u8>>, agreement: &str, versions: &[Version]) {
    let key = SeriesKey::parse(KEY).unwrap();
    let attributes = Attributes::new(Attachment::Series, [(AttributeId::SourceRef, "X & Y")]).unwrap();
    let publisher = PublisherId([2; 32]);
    let context = SeriesContext { key: &key, attributes: &attributes, publisher, country: "PHL", agreement };
    writer.series(&context, versions).unwrap();
}

fn head() -> DataHead {
    DataHead { base: "https://node.example".to_owned(), ..DataHead::new("M1", Millis(0), "PHL") }
}

#[test]
fn every_name_is_one_of_a_format() {
    for format in DataFormat::ALL {
        assert_eq!(DataFormat::from_name(format.name()), Some(format));
        assert!(format.media_type().starts_with("application/vnd.sdmx."), "{format:?}");
    }
    assert_eq!(DataFormat::from_name("csv"), None);
}

#[test]
fn rows_of_csv_say_who_states_what_and_that_a_value_is_hidden() {
    let text = written(DataFormat::Csv2, &head());
    let rows: Vec<::csv::StringRecord> =
        ::csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    let header = ::csv::Reader::from_reader(text.as_bytes()).headers().unwrap().clone();
    let cell = |row: usize, name: &str| {
        rows[row].get(header.iter().position(|one| one == name).unwrap()).unwrap().to_owned()
    };
    assert_eq!(rows.len(), 2, "what was taken back is not told");
    assert_eq!(cell(0, "STRUCTURE_ID"), "CORRIDOR:MIGPROFILE(1.0)");
    assert_eq!((cell(0, "ACTION"), cell(0, "OBS_VALUE")), ("I".to_owned(), "12.50".to_owned()));
    assert_eq!(cell(0, "COMMENT_OBS"), "a, \"b\"\n<c>");
    assert_eq!(cell(0, "SOURCE_REF"), "X & Y");
    assert_eq!(cell(0, "PUBLISHER"), "PHL");
    assert_eq!(cell(0, "CITATION"), format!("https://node.example/api/v1/citations/PHL/{KEY}/2019"));
    assert_eq!([cell(1, "OBS_VALUE"), cell(1, "OBS_STATUS"), cell(1, "CONF_STATUS")], ["NaN", "Q", "C"]);
    let first = written(DataFormat::Csv1, &head());
    assert!(first.starts_with("DATAFLOW,FREQ,"), "{first}");
    assert!(first.contains(".PS/2021") && first.contains(",2021,,Q,C,"), "{first}");
}

#[test]
fn what_is_taken_back_is_told_without_a_value() {
    for format in [DataFormat::Csv2, DataFormat::GenericXml, DataFormat::StructureSpecificXml] {
        let mut writer = DataWriter::new(format, &head(), Vec::new()).unwrap();
        put(&mut writer, "public", &[version("2019", Some("471100"), None)]);
        writer.data_set(Action::Delete).unwrap();
        put(&mut writer, "public", &[retracted("2020"), version("2021", Some("471100"), Some("gone"))]);
        let text = String::from_utf8(writer.end().unwrap()).unwrap();
        let after = text.split_once("2020").unwrap().1;
        assert!(text.contains("471100") && !after.contains("471100") && !after.contains("gone"), "{text}");
        assert!(text.contains("Delete") || text.contains("(1.0),D,"), "{text}");
    }
}

#[test]
fn a_series_of_two_feeds_stands_in_two_data_sets_and_one_in_pieces_in_one() {
    let some = |period| [version(period, Some("1"), None)];
    for format in [DataFormat::GenericXml, DataFormat::StructureSpecificXml] {
        let mut writer = DataWriter::new(format, &head(), Vec::new()).unwrap();
        put(&mut writer, "public", &some("2019"));
        put(&mut writer, "public", &some("2020"));
        put(&mut writer, "of two", &some("2019"));
        let text = String::from_utf8(writer.end().unwrap()).unwrap();
        let count = |mark: &str| text.matches(mark).count();
        assert_eq!(count("</mes:DataSet>"), 2);
        assert_eq!(count("</Series>") + count("</gen:Series>"), 2, "{text}");
    }
    let mut writer = DataWriter::new(DataFormat::JsonData, &head(), Vec::new()).unwrap();
    put(&mut writer, "public", &some("2019"));
    put(&mut writer, "of two", &some("2019"));
    let value: serde_json::Value = serde_json::from_slice(&writer.end().unwrap()).unwrap();
    assert_eq!(value["data"]["dataSets"].as_array().map(Vec::len), Some(2));
    assert_eq!(value["data"]["structures"][0]["dataSets"], serde_json::json!([0, 1]));
}

#[test]
fn detail_leaves_out_what_is_not_wanted() {
    for format in DataFormat::ALL {
        for (detail, value, source, key) in [
            (Detail::Full, true, true, true),
            (Detail::DataOnly, true, false, true),
            (Detail::SeriesKeysOnly, false, false, true),
            (Detail::NoData, false, true, true),
        ] {
            for layout in [Layout::Series, Layout::Flat] {
                let text = written(format, &DataHead { detail, layout, ..head() });
                assert_eq!(text.contains("12.50"), value, "{format:?} {detail:?}\n{text}");
                let told = text.contains("X & Y") || text.contains("X &amp; Y");
                assert_eq!(told, source, "{format:?} {detail:?}\n{text}");
                assert_eq!(text.contains("MS_FBORN"), key, "{format:?} {detail:?}\n{text}");
            }
        }
    }
}

#[test]
fn attributes_that_are_named_are_told_alone() {
    for format in DataFormat::ALL {
        for layout in [Layout::Series, Layout::Flat] {
            for (named, source, status) in [
                ([AttributeId::SourceRef], true, false),
                ([AttributeId::ObsStatus], false, true),
                ([AttributeId::DefId], false, false),
            ] {
                let text = written(format, &DataHead { attributes: Some(named.into()), layout, ..head() });
                let has = |mark: &str| text.contains(mark);
                let about = format!("{format:?} {layout:?} {named:?}\n{text}");
                assert_eq!(has("X & Y") || has("X &amp; Y"), source, "{about}");
                assert_eq!(has("OBS_STATUS"), status, "{about}");
                assert!(has("12.50") && !has("CONF_STATUS") && !has("COMMENT_OBS"), "{about}");
                assert!(!has("PUBLISHER") && !has("REVISION"), "{about}");
            }
        }
    }
    let text =
        written(DataFormat::Csv2, &DataHead { attributes: Some([AttributeId::ObsStatus].into()), ..head() });
    assert!(
        text.starts_with("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,") && text.contains(",OBS_VALUE,OBS_STATUS\r\n")
    );
}

#[test]
fn names_stand_beside_codes_where_they_are_wanted() {
    let both = written(DataFormat::Csv2, &DataHead { labels: Labels::Both, ..head() });
    assert!(both.contains(",SEX: Sex,") && both.contains(",PHL: Philippines,"), "{both}");
    assert!(both.contains(",12.50,A: Normal value,"), "{both}");
    let name = written(DataFormat::Csv2, &DataHead { labels: Labels::Name, ..head() });
    assert!(name.starts_with("STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,FREQ,Frequency,"), "{name}");
    assert!(name.contains(",PHL,Philippines,ITA,Italy,"), "{name}");
    let mut rows = ::csv::Reader::from_reader(name.as_bytes());
    assert!(rows.records().all(|row| row.is_ok()), "every row has all columns");
}

#[test]
fn every_character_of_a_text_comes_back_from_xml() {
    let text = "a<b>&\"c'\n\td é \u{1f600}";
    let mut out = Vec::new();
    xml::escaped(&mut out, text);
    let escaped = String::from_utf8(out).unwrap();
    assert_eq!(quick_xml::escape::unescape(&escaped).unwrap(), text);
    let mut out = Vec::new();
    xml::escaped(&mut out, "\u{fffe}x");
    assert_eq!(out, "\u{fffd}x".as_bytes());
}
