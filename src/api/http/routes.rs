//! The routes, and how each asks the node.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tokio::time::timeout;
use tower_http::compression::CompressionLayer;

use super::access::Access;
use super::guard::{self, Refusal};
use super::observations::{self, Asked};
use super::public::Status;
use super::service::{self, Service, anonymous};
use super::{HEALTH_TIMEOUT, metrics, page};
use crate::api::Node;
use crate::node::{Answer, Payload, Request, Scope};

/// All routes behind the guard.
pub(super) fn router<N: Node>(node: N) -> Router {
    let service = Service::new(node);
    Router::new()
        .route("/", get(front::<N>))
        .route("/api/v1/status", get(status::<N>))
        .route("/api/v1/observations", get(observations::<N>))
        .route("/healthz", get(health::<N>))
        .route("/readyz", get(ready::<N>))
        .route("/metrics", get(figures::<N>))
        .fallback(async || Refusal::NOT_FOUND)
        .method_not_allowed_fallback(async || Refusal::METHOD)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(guard::pass))
        .with_state(service)
}

async fn front<N: Node>(State(service): State<Service<N>>) -> Result<Html<String>, Refusal> {
    Ok(Html(page::page(&public_status(&service).await?)))
}

async fn status<N: Node>(State(service): State<Service<N>>, access: Access) -> Result<Response, Refusal> {
    match access.scope {
        Scope::Public => Ok(Json(public_status(&service).await?).into_response()),
        Scope::Government => {
            let _place = service.place()?;
            Ok(Json(service.value(Request::Status, access.caller).await?).into_response())
        }
    }
}

async fn observations<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refusal> {
    let question = observations::question(asked, access.scope)?;
    let place = service.place()?;
    match service.node.ask(Request::Get(question), Payload::none(), access.caller).await {
        Ok(Answer::Rows(rows)) => observations::answer(rows, place),
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
