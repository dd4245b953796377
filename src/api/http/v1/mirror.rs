//! `mirror`: both ends of a corridor side by side.

#![expect(
    unused_qualifications,
    reason = "the macro that documents a route writes the paths of its parameters"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::insight::documented;
use super::params::{Params, country, known_indicator};
use super::schema::Problem;
use super::views::Views;
use crate::api::http::guard::Refusal;
use crate::node::insight::value;

/// A corridor as its two ends count it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Mirror {
    origin: String,
    destination: String,
    /// What the origin reports.
    indicator: String,
    /// What the destination reports.
    mirror_indicator: String,
    /// How they relate: `equal` up to definitions, `soft` for related populations, `matching` as supply and demand.
    pairing: String,
    /// The series of the origin.
    key: String,
    /// The series of the destination.
    mirror_key: String,
    /// The periods that both ends report.
    pairs: Vec<MirrorPair>,
    /// The periods that one end alone reports.
    alone: Vec<MirrorAlone>,
    /// `origin` or `destination`: the end of which no figure is held here; null where both have some.
    missing: Option<String>,
    summary: MirrorSummary,
    /// How the asymmetry goes; null for fewer than four pairs that have one.
    trend: Option<MirrorTrend>,
    /// By what each end counts.
    definitions: Definitions,
    /// Where the definitions are not the same. Neither is wrong.
    differences: Vec<Difference>,
    /// The pairs on a common basis of twelve months of stay, by each set of factors that applies. Shown beside what was
    /// reported, and stored nowhere.
    comparable: Vec<Comparable>,
}

/// Mean asymmetry of the earlier and of the later half of the pairs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MirrorTrend {
    earlier: String,
    later: String,
    /// `narrowing`, `steady` (by 0.050 at most) or `widening`.
    direction: String,
}

/// What each end says of how it counts, by the attribute's name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Definitions {
    origin: BTreeMap<String, String>,
    destination: BTreeMap<String, String>,
}

/// An attribute of which both ends do not say the same.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Difference {
    attribute: String,
    origin: Option<String>,
    destination: Option<String>,
}

/// Reported values times the factor of their minimum stay.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Comparable {
    /// The name of the set of factors.
    set: String,
    /// Where it comes from.
    source: String,
    origin_factor: String,
    destination_factor: String,
    pairs: Vec<ComparablePair>,
}

/// A pair on a common basis.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ComparablePair {
    time_period: String,
    origin_value: Option<String>,
    destination_value: Option<String>,
    asymmetry: Option<String>,
    /// Reported asymmetry less this one.
    explained: Option<String>,
}

/// Two statements about one period. Decimals are exact.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MirrorPair {
    time_period: String,
    origin_value: String,
    destination_value: String,
    /// Destination over origin; null where the origin says zero.
    ratio: Option<String>,
    /// `|a-b| / ((a+b)/2)`; null where both say zero.
    asymmetry: Option<String>,
    /// Whether they differ by more than 25 % of the smaller one.
    flagged: bool,
}

/// A period of which one end says something and the other nothing, which is null.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MirrorAlone {
    time_period: String,
    origin_value: Option<String>,
    destination_value: Option<String>,
}

/// All pairs together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MirrorSummary {
    pairs: u64,
    mean_ratio: Option<String>,
    min_ratio: Option<String>,
    max_ratio: Option<String>,
    /// Pairs that differ by more than 25 %.
    flagged: u64,
    /// Periods that one end alone reports.
    only_origin: u64,
    only_destination: u64,
}

/// Which corridor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichMirror {
    /// Where people leave: ISO 3166-1 alpha-3.
    #[param(pattern = "^[A-Z]{3}$", example = "PHL")]
    origin: String,
    /// Where they arrive.
    #[param(pattern = "^[A-Z]{3}$", example = "ITA")]
    destination: String,
    /// Of either end; if nothing is said, the first pair of indicators that both ends have, or else the first that
    /// one of them has.
    #[param(example = "MS_FBORN")]
    indicator: Option<String>,
}

/// What the origin says of a corridor beside what the destination says.
#[utoipa::path(
    get, path = "/api/v1/mirror", tag = "data", params(WhichMirror),
    responses((status = 200, body = Mirror), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn mirror(Params(which): Params<WhichMirror>, views: Views) -> Result<Response, Refusal> {
    let wanted = |name, code| country(name, Some(code)).map(Option::unwrap_or_default);
    let (origin, destination) = (wanted("origin", which.origin)?, wanted("destination", which.destination)?);
    if let Some(code) = &which.indicator {
        known_indicator(code)?;
    }
    let indicator = which.indicator.as_deref();
    views.answer(|reader| {
        let matched = reader.mirror((&origin, &destination), indicator);
        documented::<Mirror>(matched.map(|matched| Arc::new(value::mirror(&matched))))
    })
}
