//! `region`, `quality`, `labour`, `diaspora`, `mirror/widest`: what the figures of a scope say together.

#![expect(
    unused_qualifications,
    reason = "the macro that documents a route writes the paths of its parameters"
)]

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use super::insight_schema::{Diaspora, Labour, QualityReports, Region, Widest};
use super::params::{Params, Segments, asked, country, known_indicator, limit};
use super::schema::Problem;
use super::views::Views;
use crate::api::Node;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, failed};
use crate::model::Period;
use crate::node::insight::MAX_WIDEST;
use crate::node::{InsightRequest, NodeError};

/// The most countries that a region is made of.
const MAX_MEMBERS: usize = 250;

/// What of a region.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichRegion {
    /// Under `public` alone: these countries with commas, whether they report or not.
    #[param(example = "AGO,BWA,ZAF")]
    members: Option<String>,
    /// Only this indicator.
    #[param(example = "MS_FBORN")]
    indicator: Option<String>,
    /// The matrix of this period; if nothing is said, of the newest.
    #[param(example = "2024")]
    period: Option<String>,
}

/// The regional profile of an agreement: sums of what its members signed, and who is missing.
#[utoipa::path(
    get, path = "/api/v1/region/{agreement}", tag = "data",
    params(("agreement" = String, Path, description = "`public`, or with a token an agreement's id, the start of it, or its title"),
           WhichRegion),
    responses((status = 200, body = Region), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn region<N: Node>(
    State(service): State<Service<N>>,
    Segments(agreement): Segments<String>,
    Params(which): Params<WhichRegion>,
    views: Views,
) -> Result<Response, Refusal> {
    let mut members = Vec::new();
    for code in which.members.as_deref().into_iter().flat_map(|text| text.split(',')) {
        members.extend(country("members", Some(code.to_owned()))?);
    }
    if members.len() > MAX_MEMBERS {
        return Err(asked(&format!("`members` are at most {MAX_MEMBERS}")));
    }
    if let Some(code) = &which.indicator {
        known_indicator(code)?;
    }
    if let Some(period) = &which.period {
        Period::parse(period).map_err(|error| asked(&error))?;
    }
    let (indicator, period) = (which.indicator, which.period);
    let request = InsightRequest::Region { agreement, members, indicator, period, public: false };
    answer::<Region, N>(&service, views, &request).await
}

/// Whose quality.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichQuality {
    /// One publisher's, by indicator; if nothing is said, everybody's in short.
    #[param(example = "PHL")]
    country: Option<String>,
    /// Of `country`: each series of this indicator, a thousand at most.
    #[param(example = "MS_FBORN")]
    indicator: Option<String>,
}

/// How good, how early and how complete what publishers report is. What is due changes with the time: there is no `ETag`.
#[utoipa::path(
    get, path = "/api/v1/quality", tag = "data", params(WhichQuality),
    responses((status = 200, body = QualityReports), (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn quality<N: Node>(
    State(service): State<Service<N>>,
    Params(which): Params<WhichQuality>,
    views: Views,
) -> Result<Response, Refusal> {
    let country = country("country", which.country)?;
    if let Some(code) = &which.indicator {
        known_indicator(code)?;
        if country.is_none() {
            return Err(asked(&"`indicator` is of one `country`"));
        }
    }
    let request = InsightRequest::Quality { country, indicator: which.indicator, public: false };
    let value = documented::<QualityReports>(service.analyses.of(views.reader(), &request).await)?;
    Ok(views.answer_of_now(value))
}

/// Which corridors.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichWidest {
    /// Of either end.
    #[param(example = "MF_IMM_PREV")]
    indicator: String,
    /// How many; 20 if nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// The corridors of an indicator whose two ends lie furthest apart, by the asymmetry of the newest period of both.
#[utoipa::path(
    get, path = "/api/v1/mirror/widest", tag = "data", params(WhichWidest),
    responses((status = 200, body = Widest), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn widest<N: Node>(
    State(service): State<Service<N>>,
    Params(which): Params<WhichWidest>,
    views: Views,
) -> Result<Response, Refusal> {
    known_indicator(&which.indicator)?;
    let limit = limit(which.limit, 20, MAX_WIDEST)?;
    let request = InsightRequest::Widest { indicator: which.indicator, limit, public: false };
    answer::<Widest, N>(&service, views, &request).await
}

/// Which corridor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichLabour {
    /// Where workers would come from: ISO 3166-1 alpha-3.
    #[param(pattern = "^[A-Z]{3}$", example = "PHL")]
    origin: String,
    /// Where they would work.
    #[param(pattern = "^[A-Z]{3}$", example = "CAN")]
    destination: String,
}

/// Posts that a destination offers beside workers that an origin has, by occupation and activity.
#[utoipa::path(
    get, path = "/api/v1/labour", tag = "data", params(WhichLabour),
    responses((status = 200, body = Labour), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn labour<N: Node>(
    State(service): State<Service<N>>,
    Params(which): Params<WhichLabour>,
    views: Views,
) -> Result<Response, Refusal> {
    let wanted = |name, code| country(name, Some(code)).map(Option::unwrap_or_default);
    let (origin, destination) = (wanted("origin", which.origin)?, wanted("destination", which.destination)?);
    let request = InsightRequest::Labour { origin, destination, public: false };
    answer::<Labour, N>(&service, views, &request).await
}

/// Whose citizens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichDiaspora {
    /// ISO 3166-1 alpha-3.
    #[param(pattern = "^[A-Z]{3}$", example = "PHL")]
    country: String,
}

/// Citizens of a country on consular registers abroad beside those whom hosts count among their residents.
#[utoipa::path(
    get, path = "/api/v1/diaspora", tag = "data", params(WhichDiaspora),
    responses((status = 200, body = Diaspora), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn diaspora<N: Node>(
    State(service): State<Service<N>>,
    Params(which): Params<WhichDiaspora>,
    views: Views,
) -> Result<Response, Refusal> {
    let country = country("country", Some(which.country))?.unwrap_or_default();
    let request = InsightRequest::Diaspora { country, public: false };
    answer::<Diaspora, N>(&service, views, &request).await
}

/// The answer of the views, which show their own scope whatever the request says, in its documented form.
async fn answer<T: DeserializeOwned + Serialize, N>(
    service: &Service<N>,
    views: Views,
    request: &InsightRequest,
) -> Result<Response, Refusal> {
    if views.is_known() {
        return views.answer(|_| Ok(()));
    }
    let value = documented::<T>(service.analyses.of(views.reader(), request).await)?;
    views.answer(|_| Ok(value))
}

/// A value of the node in its documented form.
pub(super) fn documented<T: DeserializeOwned>(value: Result<Arc<Value>, NodeError>) -> Result<T, Refusal> {
    let value = match value {
        Ok(value) => value,
        Err(NodeError::NotFound(text)) => {
            return Err(Refusal { message: text.into(), ..Refusal::NOTHING });
        }
        Err(error) if error.is_of_the_question() => return Err(asked(&error)),
        Err(error) => return Err(failed(&error)),
    };
    T::deserialize(&*value).map_err(|error| {
        tracing::error!(%error, "an answer is not what is documented");
        Refusal::FAILED
    })
}
