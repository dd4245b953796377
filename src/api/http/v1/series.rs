//! `series` and `history`: which series are held, and all that was ever said of one.

#![expect(
    unused_qualifications,
    reason = "the macro that documents a route writes the paths of its parameters"
)]

use std::collections::BTreeMap;

use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::params::{Params, asked, limit, pattern, publisher};
use super::schema::{Observation, Problem};
use super::views::Views;
use crate::api::http::guard::Refusal;
use crate::api::http::service::failed;
use crate::model::{Dimension, Period, SeriesKey, SeriesPattern};
use crate::node::Reader;
use crate::node::request::GetRequest;
use crate::node::rows::RowPlace;
use crate::view::{Moment, SeriesView};

/// Series of one page if nobody says otherwise, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;
/// Versions of one history.
const MAX_VERSIONS: usize = 10_000;

/// Series, in the order of answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SeriesList {
    series: Vec<Series>,
    /// Where the next page begins; null on the last.
    next: Option<String>,
}

/// What one publisher states under one agreement of one series.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Series {
    publisher: String,
    country: Option<String>,
    agreement: String,
    /// All 14 dimensions but time, with dots.
    key: String,
    /// The same one by one, in lower case.
    dimensions: BTreeMap<String, String>,
    /// What is said of the series: source, definition, title and so on.
    attributes: BTreeMap<String, String>,
    /// Observations that stand now.
    observations: u64,
    first_period: Option<String>,
    last_period: Option<String>,
    /// When the newest of them was released.
    released_at: Option<String>,
}

/// Which series.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichSeries {
    /// An SDMX key: 14 places or fewer with dots, each empty for any, or codes with `+`.
    #[param(example = "A.ITA.PHL.MS_FBORN")]
    key: Option<String>,
    /// The reporting country.
    ref_area: Option<String>,
    /// The country at the other end.
    counterpart_area: Option<String>,
    /// What is measured.
    indicator: Option<String>,
    freq: Option<String>,
    sex: Option<String>,
    age: Option<String>,
    /// Whose statements: country code or publisher id.
    publisher: Option<String>,
    /// How many, 100 if nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Every version of what was said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct History {
    key: String,
    /// By publisher, agreement and period, and then from the oldest to the newest.
    versions: Vec<Observation>,
}

/// Of which series.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichHistory {
    /// The whole key: 14 codes with dots.
    #[param(example = "A.ITA.PHL.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS")]
    key: String,
    /// Only of this period.
    #[param(example = "2020")]
    period: Option<String>,
    /// Whose statements: country code or publisher id.
    publisher: Option<String>,
}

/// The series that match, page by page.
#[utoipa::path(
    get, path = "/api/v1/series", tag = "data", params(WhichSeries),
    responses((status = 200, body = SeriesList), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn series(Params(which): Params<WhichSeries>, views: Views) -> Result<Response, Refusal> {
    let limit = limit(which.limit, PAGE, MAX_PAGE)?;
    let pattern = narrowed(&which)?;
    let after = which.cursor.as_deref().map(RowPlace::parse).transpose().map_err(|_| Refusal::CURSOR)?;
    views.answer(|reader| {
        let whose = which.publisher.as_deref().map(|text| publisher(reader, text)).transpose()?;
        let (mut found, mut place, mut next) = (Vec::new(), None, None);
        let start = after.as_ref().map_or("", RowPlace::view_key);
        let question = (pattern, Moment::Current, whose.into_iter().collect());
        reader
            .query_from(question, start, &mut |series| {
                if after.as_ref().is_some_and(|after| after.covers(&series)) {
                    return true;
                }
                if found.len() == limit {
                    next = place.take();
                    return false;
                }
                place = Some(RowPlace::behind(&series.key, series.feed));
                found.push(describe(reader, &series));
                true
            })
            .map_err(|error| failed(&error))?;
        Ok(SeriesList { series: found, next: next.map(|place: RowPlace| place.to_text()) })
    })
}

/// Every version of a series, or of one period of it: corrections and retractions with their reasons.
#[utoipa::path(
    get, path = "/api/v1/history", tag = "data", params(WhichHistory),
    responses((status = 200, body = History), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn history(Params(which): Params<WhichHistory>, views: Views) -> Result<Response, Refusal> {
    let key = SeriesKey::parse(&which.key).map_err(|error| asked(&error))?;
    let period = which.period.as_deref().map(Period::parse).transpose().map_err(|error| asked(&error))?;
    views.answer(|reader| {
        let whose = which.publisher.as_deref().map(|text| publisher(reader, text)).transpose()?;
        let question = GetRequest {
            flow: "MIGPROFILE".to_owned(),
            key: Some(key.as_str().to_owned()),
            history: true,
            ..GetRequest::default()
        };
        let rows = reader.rows(&question, whose.into_iter().collect()).map_err(|error| failed(&error))?;
        let (mut versions, mut broken) = (Vec::new(), None);
        let wanted = period.map(|period| period.to_string());
        rows.each(&mut |row| {
            match serde_json::from_str::<Observation>(row) {
                Ok(one) if wanted.as_deref().is_none_or(|wanted| one.is_of(wanted)) => versions.push(one),
                Ok(_) => {}
                Err(error) => broken = Some(error),
            }
            broken.is_none() && versions.len() < MAX_VERSIONS
        })
        .map_err(|error| failed(&error))?;
        if let Some(error) = broken {
            tracing::error!(%error, "an observation is not what is documented");
            return Err(Refusal::FAILED);
        }
        Ok(History { key: key.as_str().to_owned(), versions })
    })
}

fn narrowed(which: &WhichSeries) -> Result<SeriesPattern, Refusal> {
    let mut pattern = pattern(which.indicator.as_deref(), which.key.as_deref())?;
    for (dimension, code) in [
        (Dimension::RefArea, &which.ref_area),
        (Dimension::CounterpartArea, &which.counterpart_area),
        (Dimension::Freq, &which.freq),
        (Dimension::Sex, &which.sex),
        (Dimension::Age, &which.age),
    ] {
        let Some(code) = code else { continue };
        if let Some(list) = dimension.codelist().filter(|list| !list.contains(code)) {
            return Err(asked(&list.unknown(dimension.id(), code)));
        }
        pattern = pattern.with(dimension, code);
    }
    Ok(pattern)
}

fn describe(reader: &Reader, series: &SeriesView) -> Series {
    let name = reader.publishers().get(&series.feed.publisher);
    let newest = series.versions.iter().map(|version| version.entry.time).max();
    let dimension = |one: Dimension| (one.id().to_ascii_lowercase(), series.key.dimension(one).to_owned());
    Series {
        publisher: series.feed.publisher.to_hex(),
        country: name.map(|name| name.country.clone()).filter(|code| !code.is_empty()),
        agreement: series.feed.agreement.to_hex(),
        key: series.key.as_str().to_owned(),
        dimensions: Dimension::ALL.into_iter().map(dimension).collect(),
        attributes: series
            .attributes
            .iter()
            .map(|(id, text)| (id.id().to_ascii_lowercase(), text.to_owned()))
            .collect(),
        observations: series.versions.len() as u64,
        first_period: series.versions.first().map(|version| version.period.to_string()),
        last_period: series.versions.last().map(|version| version.period.to_string()),
        released_at: newest.map(|time| time.to_string()),
    }
}
