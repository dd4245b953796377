//! The open JSON API, `/api/v1`: what a scope may read, as documented by `/api/v1/openapi.json`, which is made from the
//! types that answer.
//!
//! | route | answers |
//! |---|---|
//! | `status` | who this is, what it holds, how it does (`../public.rs`) |
//! | `countries` | who publishes here, with counts |
//! | `corridors` | pairs of countries with figures |
//! | `indicators` | the catalogue, with what is held of each |
//! | `series` | series by key or dimensions, page by page |
//! | `observations` | figures as JSON or CSV, streamed or page by page (`../observations.rs`) |
//! | `history` | every version of a series or of one of its periods |
//! | `mirror` | both ends of a corridor side by side |
//! | `mirror/widest` | corridors whose two ends lie furthest apart |
//! | `region/...` | the regional profile of an agreement, with a digest that its members compare |
//! | `quality` | how good, how early and how complete what publishers report is |
//! | `labour`, `diaspora` | posts beside workers, registers beside hosts |
//! | `crisis`, `crisis/...` | lanes and their common picture; with a token alone |
//! | `feeds`, `heads` | signed sequences, and where each ends |
//! | `citations/...`, `citations/verify` | evidence to keep, and its check |
//! | `changes` | entries since a cursor: at once, by long poll, or as server-sent events |
//!
//! Every answer comes from a [`crate::node::Reader`] or a request that carries the same scope, so nothing outside it is
//! counted, summed, sorted or waited for. An answer has an `ETag` made of the scope's heads; parameters that are not
//! known are refused; every list has a greatest length; all errors have one form, [`schema::Problem`].

mod analyses;
mod catalogue;
mod changes;
mod citations;
mod crisis;
mod crisis_schema;
mod document;
mod feeds;
mod insight;
mod insight_schema;
mod mirror;
pub(super) mod params;
mod rate;
pub(super) mod schema;
mod series;
pub(super) mod summary;
mod views;

pub(super) use analyses::Analyses;
pub(super) use changes::MAX_LISTENERS;
pub(super) use citations::citation_of;
pub(super) use citations::{CITE_BURST, CITE_EVERY, VERIFY_BURST, VERIFY_EVERY};
pub(super) use params::publisher;
pub(super) use rate::Bucket;
pub(super) use summary::Summaries;
pub(super) use views::{Unbuffered, knows, mark, tag};

use axum::Router;
use axum::routing::{get, post};

use super::service::Service;
use crate::api::Node;

/// The routes, without `status` and `observations`.
pub(super) fn routes<N: Node>() -> Router<Service<N>> {
    Router::new()
        .route("/api/v1/openapi.json", get(document::openapi))
        .route("/api/v1/countries", get(feeds::countries::<N>))
        .route("/api/v1/feeds", get(feeds::feeds))
        .route("/api/v1/heads", get(feeds::heads))
        .route("/api/v1/indicators", get(catalogue::indicators::<N>))
        .route("/api/v1/indicators/{code}", get(catalogue::indicator::<N>))
        .route("/api/v1/corridors", get(catalogue::corridors::<N>))
        .route("/api/v1/series", get(series::series))
        .route("/api/v1/history", get(series::history))
        .route("/api/v1/mirror", get(mirror::mirror))
        .route("/api/v1/mirror/widest", get(insight::widest::<N>))
        .route("/api/v1/region/{agreement}", get(insight::region::<N>))
        .route("/api/v1/quality", get(insight::quality::<N>))
        .route("/api/v1/labour", get(insight::labour::<N>))
        .route("/api/v1/diaspora", get(insight::diaspora::<N>))
        .route("/api/v1/crisis", get(crisis::lanes::<N>))
        .route("/api/v1/crisis/{lane}", get(crisis::picture::<N>))
        .route("/api/v1/citations/{country}/{key}/{period}", get(citations::cite::<N>))
        .route("/api/v1/citations/verify", post(citations::verify::<N>))
        .route("/api/v1/changes", get(changes::changes::<N>))
}
