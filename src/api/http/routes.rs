//! The routes, and how each asks the node.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::guard::{self, Refusal};
use super::observations::{self, Asked};
use super::public::Status;
use super::{HEALTH_TIMEOUT, MAX_REQUESTS, metrics, page};
use crate::api::Node;
use crate::node::{Answer, Caller, Payload, Request};

/// What every route has: the node, and places for those who ask it.
#[derive(Clone)]
struct Service<N> {
    node: N,
    places: Arc<Semaphore>,
}

/// All routes behind the guard.
pub(super) fn router<N: Node>(node: N) -> Router {
    let service = Service { node, places: Arc::new(Semaphore::new(MAX_REQUESTS)) };
    Router::new()
        .route("/", get(front::<N>))
        .route("/api/v1/status", get(status::<N>))
        .route("/api/v1/observations", get(observations::<N>))
        .route("/healthz", get(health::<N>))
        .route("/readyz", get(ready::<N>))
        .route("/metrics", get(figures::<N>))
        .fallback(async || Refusal::NOT_FOUND)
        .method_not_allowed_fallback(async || Refusal::METHOD)
        .layer(middleware::from_fn(guard::pass))
        .with_state(service)
}

async fn front<N: Node>(State(service): State<Service<N>>) -> Result<Html<String>, Refusal> {
    Ok(Html(page::page(&service.status().await?)))
}

async fn status<N: Node>(State(service): State<Service<N>>) -> Result<Json<Status>, Refusal> {
    Ok(Json(service.status().await?))
}

async fn observations<N: Node>(
    State(service): State<Service<N>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refusal> {
    let question = observations::question(asked)?;
    let Ok(place) = Arc::clone(&service.places).try_acquire_owned() else { return Err(Refusal::BUSY) };
    match service.node.ask(Request::Get(question), Payload::none(), anonymous()).await {
        Ok(Answer::Rows(rows)) => observations::answer(rows, place),
        Ok(Answer::Value(_) | Answer::Json(_) | Answer::Reader(_)) => {
            tracing::error!("one value where rows were asked for");
            Err(Refusal::FAILED)
        }
        Err(error) if error.is_of_the_question() => {
            tracing::debug!(code = error.code(), %error, "question refused");
            Err(Refusal::QUESTION)
        }
        Err(error) => {
            tracing::error!(code = error.code(), %error, "request failed");
            Err(Refusal::FAILED)
        }
    }
}

/// Nobody in particular.
fn anonymous() -> Caller {
    Caller { who: "anonymous".to_owned(), from: "http".to_owned() }
}

/// Alive means that the loop takes a request and answers it in time. It needs no place among the readers, so that a
/// crowd of them does not look like a node that hangs.
async fn health<N: Node>(State(service): State<Service<N>>) -> Result<&'static str, Refusal> {
    let answer = timeout(HEALTH_TIMEOUT, service.ask(Request::Card)).await;
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

impl<N: Node> Service<N> {
    async fn status(&self) -> Result<Status, Refusal> {
        let Ok(_place) = self.places.try_acquire() else { return Err(Refusal::BUSY) };
        Status::new(self.ask(Request::Status).await?).map_err(|error| {
            tracing::error!(%error, "status lacks a field");
            Refusal::FAILED
        })
    }

    /// Asks for one value in the name of nobody in particular.
    async fn ask(&self, request: Request) -> Result<Value, Refusal> {
        match self.node.ask(request, Payload::none(), anonymous()).await {
            Ok(Answer::Value(value)) => Ok(value),
            Ok(Answer::Rows(_) | Answer::Json(_) | Answer::Reader(_)) => {
                tracing::error!("another form of answer than was asked for");
                Err(Refusal::FAILED)
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, "request failed");
                Err(Refusal::FAILED)
            }
        }
    }
}
