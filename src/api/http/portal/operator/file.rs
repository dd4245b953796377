//! The picture of a crisis as a table that a sheet opens: a row for each figure, with what it rests on.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::pages::KINDS;
use super::section::Section;
use crate::api::http::guard::Refusal;
use crate::api::http::service::other_form;

/// The columns.
const COLUMNS: [&str; 12] = [
    "lane",
    "exercise",
    "as_of",
    "table",
    "kind",
    "origin",
    "publisher",
    "place",
    "need",
    "day",
    "people",
    "observed",
];

/// The page whose figures a path asks for.
pub(super) fn of(path: &str) -> Option<Section> {
    Section::parse(path.strip_suffix(".csv")?).filter(|section| matches!(section, Section::Crisis(_)))
}

/// The figures of a lane.
pub(super) fn picture(answers: &[Value]) -> Result<Response, Refusal> {
    let text = answers.first().and_then(table).ok_or_else(other_form)?;
    let name = HeaderValue::from_static("attachment; filename=\"crisis.csv\"");
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn table(lane: &Value) -> Option<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS).ok()?;
    let mut put = |table: &str, row: &Value, kind: &str, figure: &Value, people: &Value| {
        let of = |name: &str| plain(&row[name]);
        let line = [
            plain(&lane["name"]),
            if lane["drill"] == true { "yes" } else { "no" }.to_owned(),
            plain(&lane["as_of"]),
            table.to_owned(),
            kind.to_owned(),
            of("origin"),
            of("publisher"),
            of("place"),
            of("need"),
            of("day"),
            plain(people),
            plain(&figure["newest"]),
        ];
        out.write_record(line)
    };
    let rows = |name: &str| lane[name].as_array().map_or(&[][..], Vec::as_slice);
    let nothing = Value::Null;
    for (table, row) in
        std::iter::once(("totals", &lane["totals"])).chain(rows("origins").iter().map(|row| ("origins", row)))
    {
        for kind in KINDS {
            put(table, row, kind, &row[kind], &row[kind]["count"]).ok()?;
        }
        put(table, row, "unaccounted", &nothing, &row["unaccounted"]).ok()?;
    }
    for table in ["publishers", "places"] {
        for row in rows(table) {
            put(table, row, &plain(&row["kind"]), row, &row["count"]).ok()?;
        }
    }
    for row in rows("needs") {
        put("needs", row, "need", row, &row["count"]).ok()?;
    }
    for row in rows("days") {
        for kind in KINDS {
            put("days", row, kind, &nothing, &row[kind]).ok()?;
        }
    }
    out.into_inner().ok()
}

/// A field as text; empty where nothing is stated. A sheet takes no text for a formula.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_row_and_no_place_is_a_formula() {
        let figure = |count: i64| serde_json::json!({ "count": count, "newest": "2026-01-02T03:04:05Z" });
        let lane = serde_json::json!({
            "name": "LC-1", "drill": true, "as_of": "2026-01-03T00:00:00Z",
            "totals": { "known": figure(41), "unaccounted": 30, "crossed": figure(11) },
            "origins": [{ "origin": "PHL", "known": figure(41), "unaccounted": 30, "crossed": figure(11) }],
            "places": [{ "publisher": "TUN", "place": "=1+1", "kind": "crossed", "count": 11, "newest": null }],
            "needs": [{ "origin": "PHL", "need": "STRAND", "count": 5 }],
            "days": [{ "day": "2026-01-02", "crossed": 11 }],
        });
        let text = String::from_utf8(table(&lane).unwrap()).unwrap();
        for line in [
            "LC-1,yes,2026-01-03T00:00:00Z,totals,known,,,,,,41,2026-01-02T03:04:05Z",
            "LC-1,yes,2026-01-03T00:00:00Z,totals,home,,,,,,,",
            "LC-1,yes,2026-01-03T00:00:00Z,origins,unaccounted,PHL,,,,,30,",
            "LC-1,yes,2026-01-03T00:00:00Z,places,crossed,,TUN,'=1+1,,,11,",
            "LC-1,yes,2026-01-03T00:00:00Z,needs,need,PHL,,,STRAND,,5,",
            "LC-1,yes,2026-01-03T00:00:00Z,days,crossed,,,,,2026-01-02,11,",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_file_is_of_a_lane() {
        assert_eq!(of("crises/ab12.csv"), Some(Section::Crisis("ab12".into())));
        assert_eq!([of("crises/ab12"), of("partners/ab12.csv"), of("crises.csv")], [None, None, None]);
    }
}
