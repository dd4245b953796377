//! `indicators` and `corridors`: what there is to ask for.

#![expect(
    unused_qualifications,
    reason = "the macro that documents a route writes the paths of its parameters"
)]

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::feeds::{Names, Nothing};
use super::params::{Params, Segments, country, known_indicator, limit};
use super::schema::{Counts, Problem};
use super::summary::{Corridor, Summary};
use super::views::Views;
use crate::api::Node;
use crate::api::http::guard::Refusal;
use crate::api::http::service::Service;
use crate::model::catalogue;
use crate::model::codelist::Language;

/// Corridors of one page if nobody says otherwise, and at most.
const PAGE: usize = 1_000;
const MAX_PAGE: usize = 10_000;

/// The indicators of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Indicators {
    indicators: Vec<Indicator>,
}

/// What is measured.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Indicator {
    code: String,
    names: Names,
    /// In English.
    definition: String,
    /// `STOCK`, `FLOW`, `RATE`, `STATUS` or `LIST`.
    kind: String,
    /// Who reports it: `DEST`, `ORIG`, `BOTH` or `NAT`.
    side: String,
    /// The unit, in the code list of UNIT_MEASURE.
    unit: String,
    frequency: String,
    /// Who measures it otherwise, and where the definition is from.
    source: String,
    /// The indicator that the other end of a corridor reports of the same movement, if there is one.
    mirror: Option<String>,
    /// Whether the two are compared figure by figure.
    is_compared: bool,
    sectors: Vec<String>,
    /// `S0` to `S3`: who may see figures as they are.
    sensitivity: String,
    /// What is held here of it.
    held: Counts,
}

/// Pairs of countries with figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Corridors {
    /// By origin and destination.
    corridors: Vec<Pair>,
    /// Where the next page begins; null on the last.
    next: Option<String>,
}

/// A pair of countries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pair {
    /// Where people leave.
    origin: String,
    /// Where they arrive.
    destination: String,
    /// The countries whose figures about it are held: one end, or both.
    reporters: Vec<String>,
    indicators: Vec<String>,
    #[serde(flatten)]
    counts: Counts,
}

/// Which corridors.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichCorridors {
    /// Where people leave: ISO 3166-1 alpha-3.
    #[param(pattern = "^[A-Z]{3}$", example = "PHL")]
    origin: Option<String>,
    /// Where they arrive.
    #[param(pattern = "^[A-Z]{3}$", example = "ITA")]
    destination: Option<String>,
    /// Only those with figures of this indicator.
    #[param(example = "MS_FBORN")]
    indicator: Option<String>,
    /// How many, 1000 if nothing is said.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The catalogue of indicators, with what is held of each.
#[utoipa::path(
    get, path = "/api/v1/indicators", tag = "data",
    responses((status = 200, body = Indicators), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn indicators<N: Node>(
    State(service): State<Service<N>>,
    _nothing: Params<Nothing>,
    mut views: Views,
) -> Result<Response, Refusal> {
    let summary = views.counted(&service).await?;
    views.answer(|_| {
        Ok(Indicators { indicators: catalogue::all().iter().map(|one| describe(one, &summary)).collect() })
    })
}

/// One indicator of the catalogue.
#[utoipa::path(
    get, path = "/api/v1/indicators/{code}", tag = "data",
    params(("code" = String, Path, description = "The indicator's code", example = "MS_FBORN")),
    responses((status = 200, body = Indicator), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn indicator<N: Node>(
    State(service): State<Service<N>>,
    Segments(code): Segments<String>,
    _nothing: Params<Nothing>,
    mut views: Views,
) -> Result<Response, Refusal> {
    let one = catalogue::get(&code).ok_or(Refusal::NOTHING)?;
    let summary = views.counted(&service).await?;
    views.answer(|_| Ok(describe(one, &summary)))
}

/// Pairs of countries with figures.
#[utoipa::path(
    get, path = "/api/v1/corridors", tag = "data", params(WhichCorridors),
    responses((status = 200, body = Corridors), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn corridors<N: Node>(
    State(service): State<Service<N>>,
    Params(which): Params<WhichCorridors>,
    mut views: Views,
) -> Result<Response, Refusal> {
    let (origin, destination) =
        (country("origin", which.origin)?, country("destination", which.destination)?);
    if let Some(code) = &which.indicator {
        known_indicator(code)?;
    }
    let limit = limit(which.limit, PAGE, MAX_PAGE)?;
    let after = which.cursor.as_deref().map(read_cursor).transpose()?;
    let summary = views.counted(&service).await?;
    views.answer(|_| {
        let wanted = |((from, to), corridor): &(&(String, String), &Corridor)| {
            origin.as_ref().is_none_or(|origin| origin == from)
                && destination.as_ref().is_none_or(|destination| destination == to)
                && which.indicator.as_ref().is_none_or(|code| corridor.indicators.contains(code))
                && after.as_ref().is_none_or(|after| (from, to) > (&after.0, &after.1))
        };
        let mut rest = summary.corridors.iter().filter(wanted).peekable();
        let corridors: Vec<Pair> = rest.by_ref().take(limit).map(pair).collect();
        let last = corridors.last().filter(|_| rest.peek().is_some());
        let next = last.map(|last| BASE64.encode(format!("{} {}", last.origin, last.destination)));
        Ok(Corridors { corridors, next })
    })
}

fn read_cursor(text: &str) -> Result<(String, String), Refusal> {
    let plain = BASE64.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = plain.as_deref().and_then(|plain| plain.split_once(' '));
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let pair = pair.filter(|(from, to)| is_code(from) && is_code(to));
    pair.map(|(from, to)| (from.to_owned(), to.to_owned())).ok_or(Refusal::CURSOR)
}

fn pair(((origin, destination), corridor): (&(String, String), &Corridor)) -> Pair {
    Pair {
        origin: origin.clone(),
        destination: destination.clone(),
        reporters: corridor.reporters.iter().cloned().collect(),
        indicators: corridor.indicators.iter().cloned().collect(),
        counts: Counts::of(Some(&corridor.tally)),
    }
}

fn describe(one: &catalogue::Indicator, summary: &Summary) -> Indicator {
    let name = |language| Some(one.name(language).to_owned()).filter(|name| !name.is_empty());
    Indicator {
        code: one.code().to_owned(),
        names: Names { en: name(Language::En), fr: name(Language::Fr), es: name(Language::Es) },
        definition: one.definition().to_owned(),
        kind: one.kind.id().to_owned(),
        side: one.side.id().to_owned(),
        unit: one.unit().to_owned(),
        frequency: one.freq().to_owned(),
        source: one.source().to_owned(),
        mirror: one.mirror.code().map(str::to_owned),
        is_compared: one.mirror.bilateral().is_some(),
        sectors: one.sectors().map(str::to_owned).collect(),
        sensitivity: one.sens.id().to_owned(),
        held: Counts::of(summary.indicators.get(one.code())),
    }
}
