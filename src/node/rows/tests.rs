//! What stands in a row, compared with an object that is put together field by field.

use serde_json::Value;

use super::*;
use crate::feed::{AgreementId, PublisherId, Seq};
use crate::model::{Attributes, Flags, Millis};

fn version(period: &str, entry: u8, state: State) -> Version {
    let entry =
        EntryRef { seq: Seq(entry.into()), time: Millis(i64::from(entry) * 1000), id: EntryId([entry; 32]) };
    Version { period: Period::parse(period).unwrap(), entry, state }
}

fn stated(value: Option<i64>) -> State {
    State::Stated { value: value.map(Decimal::from), flags: Flags::default(), attributes: Attributes::none() }
}

fn view(counterpart: &str, versions: Vec<Version>) -> SeriesView {
    let key = format!("A.ESP.{counterpart}.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS");
    let feed = FeedId::new(PublisherId([7; 32]), AgreementId::public());
    SeriesView { key: SeriesKey::parse(&key).unwrap(), feed, attributes: Attributes::none(), versions }
}

fn rows(writer: &mut RowWriter, series: &SeriesView) -> Vec<Value> {
    let mut rows = Vec::new();
    let whole = writer.series(series, &mut |row| {
        rows.push(serde_json::from_str(row).unwrap());
        true
    });
    assert!(whole.unwrap());
    rows
}

#[test]
fn a_row_has_every_field_of_the_contract_in_its_order() {
    let series = view("ITA", vec![version("2017", 3, stated(Some(22_203)))]);
    let row = rows(&mut RowWriter::default(), &series).remove(0);
    let expected = json!({
        "publisher": PublisherId([7; 32]).to_hex(), "agreement": AgreementId::public().to_hex(),
        "ref_area": "ESP", "counterpart_area": "ITA", "indicator": "MF_IMM_PREV",
        "freq": "A", "basis": "RES", "sex": "_T", "age": "_T", "education_lev": "_T", "occupation": "_T",
        "activity": "_T", "reason": "_T", "duration": "M_GE12", "subnat": "_T", "unit_measure": "PS",
        "time_period": "2017", "obs_value": "22203", "obs_status": "A", "conf_status": "F", "revision": 0,
        "released_at": Millis(3000).to_string(), "entry": EntryId([3; 32]).to_hex(),
    });
    assert_eq!(row, expected);
    let (is, should) = (row.as_object().unwrap(), expected.as_object().unwrap());
    assert!(is.keys().eq(should.keys()), "{:?}", is.keys().collect::<Vec<_>>());
}

#[test]
fn what_is_shared_is_of_the_series_and_the_entry_at_hand() {
    let mut writer = RowWriter::default();
    let gap = version("2018", 4, stated(None));
    let back = version("2019", 5, State::Retracted { reason: "a \"quoted\" line\nand another".to_owned() });
    let first = rows(&mut writer, &view("ITA", vec![version("2017", 3, stated(Some(1))), gap, back]));
    assert_eq!(first[1]["obs_value"], Value::Null);
    assert_eq!(first[1]["entry"], json!(EntryId([4; 32]).to_hex()));
    assert_eq!(first[1].get("retracted"), None);
    assert_eq!(first[2]["retracted"], json!("a \"quoted\" line\nand another"));
    assert_eq!((&first[2]["obs_status"], &first[2]["revision"]), (&Value::Null, &Value::Null));
    let second = rows(&mut writer, &view("PRT", vec![version("2017", 3, stated(Some(2)))]));
    assert_eq!((&second[0]["counterpart_area"], &second[0]["obs_value"]), (&json!("PRT"), &json!("2")));
    assert_eq!(second[0]["entry"], json!(EntryId([3; 32]).to_hex()));
}

#[test]
fn a_reader_that_has_enough_gets_no_more() {
    let series = view("ITA", vec![version("2017", 3, stated(Some(1))), version("2018", 3, stated(Some(2)))]);
    let mut seen = 0;
    let wants_more = RowWriter::default().series(&series, &mut |_| {
        seen += 1;
        false
    });
    assert!(!wants_more.unwrap());
    assert_eq!(seen, 1);
}
