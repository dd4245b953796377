//! `mirror`: both ends of a corridor side by side.

#![expect(
    unused_qualifications,
    reason = "the macro that documents a route writes the paths of its parameters"
)]

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::params::{Params, asked, country, is_public, known_indicator};
use super::schema::Problem;
use super::views::Views;
use crate::api::Node;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, failed, other_form};
use crate::node::{Answer, NodeError, Payload, Request};

/// A corridor as its two ends count it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Mirror {
    origin: String,
    destination: String,
    /// What the origin reports.
    indicator: String,
    /// What the destination reports.
    mirror_indicator: String,
    /// The series of the origin; that of the destination is its mirror.
    key: String,
    pairs: Vec<MirrorPair>,
    summary: MirrorSummary,
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
    /// Of either end; if nothing is said, the first pair of indicators that both ends have.
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
pub(super) async fn mirror<N: Node>(
    State(service): State<Service<N>>,
    Params(which): Params<WhichMirror>,
    views: Views,
) -> Result<Response, Refusal> {
    let wanted = |name, code| country(name, Some(code)).map(Option::unwrap_or_default);
    let (origin, destination) = (wanted("origin", which.origin)?, wanted("destination", which.destination)?);
    if let Some(code) = &which.indicator {
        known_indicator(code)?;
    }
    if views.is_known() {
        return views.answer(|_| Ok(()));
    }
    let public = is_public(views.access.scope);
    let request = Request::Mirror { origin, destination, indicator: which.indicator, public };
    let value = match service.node.ask(request, Payload::none(), views.access.caller.clone()).await {
        Ok(Answer::Value(value)) => value,
        Ok(Answer::Rows(_) | Answer::Json(_) | Answer::Reader(_)) => return Err(other_form()),
        Err(NodeError::NotFound(text)) => return Err(Refusal { message: text.into(), ..Refusal::NOTHING }),
        Err(error) if error.is_of_the_question() => return Err(asked(&error)),
        Err(error) => return Err(failed(&error)),
    };
    views.answer(|_| {
        serde_json::from_value::<Mirror>(value).map_err(|error| {
            tracing::error!(%error, "a mirror is not what is documented");
            Refusal::FAILED
        })
    })
}
