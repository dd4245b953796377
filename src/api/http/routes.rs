//! The routes, and how each asks the node.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tokio::time::timeout;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

use super::access::Access;
use super::guard::{self, Refusal};
use super::observations::{self, Asked};
use super::public::Status;
use super::service::{self, Service, anonymous};
use super::v1::params::{Params, publisher};
use super::v1::schema::{Observations, Problem};
use super::{HEALTH_TIMEOUT, Manner, metrics, portal, sdmx, v1};
use crate::api::Node;
use crate::node::{Answer, Payload, Request, Scope};

/// All routes behind the guard.
pub(super) fn router<N: Node>(node: N, manner: Manner) -> Router {
    let service = Service::new(node, manner);
    Router::new()
        .route("/api/v1/status", get(status::<N>))
        .route("/api/v1/observations", get(observations::<N>))
        .merge(v1::routes())
        .merge(sdmx::routes())
        .merge(portal::routes())
        .route("/healthz", get(health::<N>))
        .route("/readyz", get(ready::<N>))
        .route("/metrics", get(figures::<N>))
        .fallback(async || Refusal::NOT_FOUND)
        .method_not_allowed_fallback(async || Refusal::METHOD)
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_whole)))
        .layer(middleware::from_fn(guard::pass))
        .with_state(service)
}

/// What is written while it is made must reach its reader at once.
fn is_whole(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<v1::Unbuffered>().is_none()
}

/// Who this is, what it holds, how it does. With a token also what is for the operator alone.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "node",
    responses((status = 200, body = Status), (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn status<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
) -> Result<Response, Refusal> {
    match access.scope {
        Scope::Public => Ok(Json(public_status(&service).await?).into_response()),
        Scope::Government => {
            let _place = service.place()?;
            Ok(Json(service.value(Request::Status, access.caller).await?).into_response())
        }
    }
}

/// Figures, in the form of `corridor get --json`, or as CSV with the same columns.
#[utoipa::path(
    get, path = "/api/v1/observations", tag = "data", params(Asked),
    responses((status = 200, description = "The observations",
               content((Observations = "application/json"), (String = "text/csv"))),
              (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn observations<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (mut question, form) = observations::question(asked, access.scope)?;
    let place = service.place()?;
    // Before the rows: what comes between makes the tag older than they are, and they are asked for again.
    let reader = service.reader(&access).await.ok();
    let tag = reader.as_ref().map(v1::tag);
    if let (Some(reader), Some(text)) = (&reader, &question.from) {
        question.from = Some(publisher(reader, text)?.to_hex());
    }
    if let (Some(reader), Some(tag)) = (&reader, &tag)
        && v1::knows(&headers, tag)
    {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        v1::mark(response.headers_mut(), tag, reader);
        return Ok(response);
    }
    match service.node.ask(Request::Get(question), Payload::none(), access.caller).await {
        Ok(Answer::Rows(rows)) => {
            let mut response = observations::answer(rows, form, place)?;
            if let (Some(reader), Some(tag)) = (&reader, &tag) {
                v1::mark(response.headers_mut(), tag, reader);
            }
            Ok(response)
        }
        Ok(Answer::Value(_) | Answer::Json(_) | Answer::Reader(_)) => Err(service::other_form()),
        Err(error) if error.is_of_the_question() => {
            tracing::debug!(code = error.code(), %error, "question refused");
            Err(Refusal::QUESTION)
        }
        Err(error) => Err(service::failed(&error)),
    }
}

/// Alive means that the loop takes a request and answers it in time. It needs no place among the readers, so that a
/// crowd of them does not look like a node that hangs.
async fn health<N: Node>(State(service): State<Service<N>>) -> Result<&'static str, Refusal> {
    let answer = timeout(HEALTH_TIMEOUT, service.value(Request::Card, anonymous())).await;
    answer.unwrap_or(Err(Refusal::BUSY)).map(|_| "ok\n")
}

async fn ready<N: Node>(State(service): State<Service<N>>) -> Response {
    match service.node.is_ready() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => {
            tracing::warn!(reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: see `corridor status`\n").into_response()
        }
    }
}

async fn figures<N: Node>(State(service): State<Service<N>>) -> Result<Response, Refusal> {
    let text = metrics::text(service.node.metrics()).map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        Refusal::FAILED
    })?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

async fn public_status<N: Node>(service: &Service<N>) -> Result<Status, Refusal> {
    let _place = service.place()?;
    Status::new(service.value(Request::Status, anonymous()).await?).map_err(|error| {
        tracing::error!(%error, "status lacks a field");
        Refusal::FAILED
    })
}
