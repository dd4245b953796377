//! The operator's pages: what the command line shows of this node, for an operator who has signed in.
//!
//! | route | does |
//! |---|---|
//! | `GET /sign-in` | asks to use the code of `corridor sign-in`; nothing is used up by looking |
//! | `POST /sign-in` | uses it, and begins a session |
//! | `GET /{language}/operator/...` | shows a page ([`section::Section`] lists them) |
//! | `GET /{language}/operator/crises/{lane}.csv` | the picture of a crisis as a table |
//! | `GET /{language}/operator/crises/{lane}.sdmx.csv` | all that is stated in its lane, as SDMX-CSV 2.0 |
//! | `GET /{language}/operator/crises/{lane}/proof/….json` | the citation of one statement |
//! | `POST /{language}/operator/sign-out` | ends the session |
//!
//! Signing in and out is all that can be done here: every act comes by the control socket. A session opens these pages
//! and nothing else: the API keeps its tokens, and all other pages show a signed-in operator what they show everybody.
//! Start reading at [`session`].

mod file;
mod frame;
mod pages;
mod section;
mod session;
mod sign_in;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::task;

use self::file::File;
use self::frame::framed;
use self::section::Section;
use self::session::Signed;
use super::refused;
use super::words::Words;
use crate::api::Node;
use crate::api::http::access::Access;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, failed, other_form};
use crate::model::codelist::Language;
use crate::node::{Answer, Caller, NodeError, Payload, Request, Scope};

/// All pages, in all languages.
pub(super) fn routes<N: Node>() -> Router<Service<N>> {
    let mut router = Router::new().route("/sign-in", get(sign_in::ask::<N>).post(sign_in::enter::<N>));
    for language in Language::WORKING {
        let front = move |state, headers| async move {
            show::<N>(language, state, Path(String::new()), headers).await
        };
        let page = move |state, path, headers| async move { show::<N>(language, state, path, headers).await };
        let out = move |state, request| async move { sign_in::leave::<N>(language, state, request).await };
        let start = format!("/{}/operator", language.tag());
        router = router
            .route(&start, get(front))
            .route(&format!("{start}/"), get(front))
            .route(&format!("{start}/sign-out"), post(out))
            .route(&format!("{start}/{{*rest}}"), get(page));
    }
    router
}

/// A page for who is signed in; for everybody else, how to.
async fn show<N: Node>(
    language: Language,
    State(service): State<Service<N>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let words = Words::new(language);
    let answer = match Signed::of(&service, &headers).await {
        Ok(Some(signed)) => page(&service, &signed, words, &path).await,
        Ok(None) => Ok(sign_in::needed(words)),
        Err(refusal) => Err(refusal),
    };
    kept_by_nobody(answer.unwrap_or_else(|refusal| refused::page(words, &refusal)))
}

async fn page<N: Node>(
    service: &Service<N>,
    signed: &Signed,
    words: Words,
    path: &str,
) -> Result<Response, Refusal> {
    let place = service.place()?;
    if let Some(file) = File::parse(path) {
        let answers = all(service, signed, file.section()).await?;
        return match file {
            File::Picture(_) => file::picture(&answers),
            File::Citation(_) => file::citation(&answers),
            File::Observations(_) => {
                let access = Access { scope: Scope::Government, token: None, caller: signed.caller() };
                file::observations(&answers, service.reader(&access).await?, place)
            }
        };
    }
    let section = Section::parse(path).ok_or(Refusal::NOT_FOUND)?;
    let answers = all(service, signed, &section).await?;
    let state = ask(service, Request::Card, signed.caller()).await?;
    let facts = pages::Facts {
        words,
        answers: &answers,
        not_ready: service.node.is_ready().err(),
        metrics: service.node.metrics(),
    };
    let title = pages::title(&section, &facts);
    // A map may be drawn.
    let body = task::block_in_place(|| pages::body(&section, &facts));
    Ok(html(framed(words, signed, (&section, &state), (&title, &body))))
}

/// The answers to all that a page asks.
async fn all<N: Node>(
    service: &Service<N>,
    signed: &Signed,
    section: &Section,
) -> Result<Vec<Value>, Refusal> {
    let mut answers = Vec::new();
    for request in section.requests() {
        answers.push(ask(service, request, signed.caller()).await?);
    }
    Ok(answers)
}

/// One answer; rows become a list, as long as a page can be.
async fn ask<N: Node>(service: &Service<N>, request: Request, caller: Caller) -> Result<Value, Refusal> {
    match service.node.ask(request, Payload::none(), caller).await {
        Ok(Answer::Value(value)) => Ok(value),
        Ok(Answer::Rows(rows)) => {
            let mut list = Vec::new();
            let read = task::block_in_place(|| {
                rows.each(&mut |row| {
                    list.extend(serde_json::from_str::<Value>(row));
                    list.len() < MAX_ROWS
                })
            });
            read.map(|()| Value::Array(list)).map_err(|error| failed(&error))
        }
        Ok(Answer::Json(text)) => serde_json::from_str(text.get()).map_err(|_| other_form()),
        Ok(Answer::Reader(_)) => Err(other_form()),
        Err(NodeError::NotFound(_)) => Err(Refusal::NOTHING),
        Err(error) if error.is_of_the_question() => Err(Refusal::NOTHING),
        Err(error) => Err(failed(&error)),
    }
}

/// The most rows of one table.
const MAX_ROWS: usize = 2_000;

fn html(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// What was shown to an operator stays in no cache, and a form of it says where it was sent from.
fn kept_by_nobody(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("cookie"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

/// Leads elsewhere with a GET.
fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
}
