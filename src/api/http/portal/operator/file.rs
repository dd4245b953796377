//! What can be taken away: the picture of a crisis as a table that a sheet opens, a row for each figure with what it rests
//! on; all that is stated in its lane as SDMX-CSV; and the citation of each statement.

use std::io;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::pages::KINDS;
use super::section::Section;
use crate::api::http::guard::Refusal;
use crate::api::http::sdmx::figures::streamed;
use crate::api::http::service::other_form;
use crate::feed::AgreementId;
use crate::insight::crisis::Kind;
use crate::model::{Dimension, SeriesPattern};
use crate::node::Reader;
use crate::sdmx::data::{DataFormat, DataHead, DataWriter, SeriesContext};
use crate::view::{Moment, State};

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

/// A file that is taken away, by the page that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// The picture of a lane.
    Picture(Section),
    /// All that is stated in a lane, as SDMX-CSV 2.0.
    Observations(Section),
    /// The citation of a statement.
    Citation(Section),
}

impl File {
    /// The file of a path behind `/operator/`.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let of = |end: &str| Section::parse(path.strip_suffix(end)?);
        let is_lane = |section: &Section| matches!(section, Section::Crisis(_));
        of(".sdmx.csv")
            .filter(is_lane)
            .map(Self::Observations)
            .or_else(|| of(".csv").filter(is_lane).map(Self::Picture))
            .or_else(|| {
                of(".json").filter(|section| matches!(section, Section::Proof(_))).map(Self::Citation)
            })
    }

    /// The page that it is of.
    pub(super) fn section(&self) -> &Section {
        match self {
            Self::Picture(section) | Self::Observations(section) | Self::Citation(section) => section,
        }
    }
}

/// A response that a browser keeps as a file.
fn saved(kind: &'static str, name: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], body.into()).into_response()
}

/// The figures of a lane.
pub(super) fn picture(answers: &[Value]) -> Result<Response, Refusal> {
    let text = answers.first().and_then(table).ok_or_else(other_form)?;
    Ok(saved("text/csv; charset=utf-8", "attachment; filename=\"crisis.csv\"", text))
}

/// A citation, byte for byte as it is verified.
pub(super) fn citation(answers: &[Value]) -> Result<Response, Refusal> {
    let text = answers.first().and_then(|rows| rows[0]["citation"].as_str()).ok_or_else(other_form)?;
    Ok(saved("application/json", "attachment; filename=\"citation.json\"", text.to_owned()))
}

/// All that stands in a lane's feeds of what a picture counts.
pub(super) fn observations(
    answers: &[Value],
    reader: Reader,
    place: OwnedSemaphorePermit,
) -> Result<Response, Refusal> {
    let lane = answers.first().and_then(|lane| AgreementId::from_hex(lane["lane"].as_str()?));
    let lane = lane.ok_or_else(other_form)?;
    let body = streamed(place, move |out| write(&reader, lane, out));
    Ok(saved(DataFormat::Csv2.media_type(), "attachment; filename=\"crisis-sdmx.csv\"", body))
}

/// The series that pictures count.
pub(super) fn pattern() -> String {
    let place = Dimension::Indicator.position();
    format!(
        "{}{}{}",
        ".".repeat(place),
        Kind::INDICATORS.join("+"),
        ".".repeat(Dimension::ALL.len() - 1 - place)
    )
}

fn write(reader: &Reader, lane: AgreementId, out: &mut dyn io::Write) -> io::Result<()> {
    let now = reader.now();
    let head = DataHead::new(&format!("{}-{}", reader.country(), now.0), now, reader.country());
    let head = DataHead { is_test: reader.is_training(), ..head };
    let mut writer = DataWriter::new(DataFormat::Csv2, &head, out)?;
    let pattern = SeriesPattern::parse(&pattern()).map_err(io::Error::other)?;
    let mut broken = None;
    let read = reader.query(pattern, Moment::Current, Vec::new(), &mut |mut series| {
        if series.feed.agreement != lane {
            return true;
        }
        series.versions.retain(|version| matches!(version.state, State::Stated { .. }));
        let publisher = series.feed.publisher;
        let head = reader.heads().iter().find(|head| head.feed == series.feed);
        let context = SeriesContext {
            key: &series.key,
            attributes: &series.attributes,
            publisher,
            country: reader.publishers().get(&publisher).map_or("", |known| &known.country),
            agreement: head.map_or("", |head| head.agreement.as_str()),
        };
        broken = writer.series(&context, &series.versions).err();
        broken.is_none()
    });
    read.map_err(io::Error::other)?;
    broken.map_or(Ok(()), Err)?;
    writer.end().map(|_| ())
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
    fn a_file_is_of_a_lane_or_of_a_proof() {
        let lane = || Section::Crisis("ab12".into());
        assert_eq!(File::parse("crises/ab12.csv"), Some(File::Picture(lane())));
        assert_eq!(File::parse("crises/ab12.sdmx.csv"), Some(File::Observations(lane())));
        let proof = format!(
            "crises/{}/proof/TUN/H.TUN.PHL.CR_BORDER.CIT._T._T._T._T._T._T._T.TN-82.PS/2011-03-02T04:00:00",
            "0a".repeat(32)
        );
        let section = Section::parse(&proof).unwrap();
        assert_eq!(File::parse(&format!("{proof}.json")), Some(File::Citation(section)));
        for path in
            ["crises/ab12", "crises/ab12.json", "partners/ab12.csv", "crises.csv", &format!("{proof}.csv")]
        {
            assert_eq!(File::parse(path), None, "{path}");
        }
    }

    #[test]
    fn the_series_of_a_picture_are_those_of_its_kinds() {
        assert_eq!(pattern(), "...CR_ARRIV+CR_BORDER+CR_NATPRES+CR_NATREG+CR_NEED..........");
        SeriesPattern::parse(&pattern()).unwrap();
    }
}
