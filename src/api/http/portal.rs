//! The portal: pages for people who are no programs. A minister's adviser, a journalist, the officer on duty.
//!
//! | route | shows |
//! |---|---|
//! | `/` | leads to the pages in the reader's language |
//! | `/{language}/...` | a page ([`address::Address`] lists them) |
//! | `/sheet/{origin}/{destination}/{indicator}.xlsx` | both ends of a corridor as a sheet |
//! | `/assets/...` | the style and the script of all pages |
//!
//! A page is made on the server from what a [`crate::node::Reader`] shows, reads without script, asks nobody else for
//! anything, and stands in English, French and Spanish (`config/messages`). To add one: a variant of
//! [`address::Address`] with its path, a file in `pages`, an arm in [`pages::make`], and its messages. Charts and maps
//! are drawn by `picture`. Pages that were made are kept for the next reader ([`kept::Kept`]).
//!
//! The same pages are written into a folder for a ministry's own web server: [`page::Place`] decides where links lead.

pub(super) mod address;
pub(super) mod assets;
mod figures;
mod kept;
mod operator;
pub(super) mod page;
pub(super) mod pages;
mod picture;
mod refused;
mod sheet;
pub(super) mod words;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::task;

use self::address::{Address, MapView};
use self::assets::Asset;
pub(super) use self::kept::Kept;
use self::page::{Place, Source, framed};
#[cfg(test)]
pub(super) use self::picture::is_warm;
pub(super) use self::picture::warm;
use self::words::Words;
use super::access::Access;
use super::guard::Refusal;
use super::public::Status;
use super::service::{self, Service, anonymous};
use super::v1;
use crate::api::Node;
use crate::model::Millis;
use crate::model::codelist::Language;
use crate::node::{Answer, NodeError, Payload, Reader, Request};

/// All pages.
pub(super) fn routes<N: Node>() -> Router<Service<N>> {
    let mut router = Router::new()
        .route("/", get(front::<N>))
        .route("/assets/{name}", get(asset))
        .route("/sheet/{origin}/{destination}/{file}", get(sheet::sheet::<N>));
    for language in Language::WORKING {
        let page =
            move |state, access, where_to, headers| show::<N>(language, state, access, where_to, headers);
        let front = move |state, access, query, headers| {
            show::<N>(language, state, access, (Path(String::new()), query), headers)
        };
        router = router
            .route(&format!("/{}", language.tag()), get(front))
            .route(&format!("/{}/", language.tag()), get(front))
            .route(&format!("/{}/{{*rest}}", language.tag()), get(page));
    }
    router.merge(operator::routes())
}

/// Leads to the map in the first language that the reader's browser names and the portal has.
async fn front<N: Node>(State(service): State<Service<N>>, headers: HeaderMap) -> Response {
    let accept =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let language = Words::wanted(accept, service.language);
    let mut response = Redirect::to(&Address::Map(MapView::default()).path(language)).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

async fn asset(Path(name): Path<String>) -> Result<Response, Refusal> {
    let found = Asset::all().into_iter().find(|asset| asset.name() == name);
    found.map(Asset::response).ok_or(Refusal::NOT_FOUND)
}

type AnyQuery = Result<Query<BTreeMap<String, String>>, axum::extract::rejection::QueryRejection>;

/// A page, or a page that says why there is none.
async fn show<N: Node>(
    language: Language,
    State(service): State<Service<N>>,
    access: Access,
    (Path(path), query): (Path<String>, AnyQuery),
    headers: HeaderMap,
) -> Response {
    let words = Words::new(language);
    let address = query.ok().and_then(|Query(query)| Address::parse(&path, query));
    let answer = match address {
        Some(address) => answer(&service, &access, words, &address, &headers).await,
        None => Err(Refusal::NOT_FOUND),
    };
    answer.unwrap_or_else(|refusal| refused::page(words, &refusal))
}

async fn answer<N: Node>(
    service: &Service<N>,
    access: &Access,
    words: Words,
    address: &Address,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let reader = service.reader(access).await?;
    let tag = dated(&v1::tag(&reader), reader.now());
    // What moves by itself has no tag of the heads.
    let is_of_the_heads = !matches!(address, Address::Node);
    if is_of_the_heads && v1::knows(headers, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        v1::mark(response.headers_mut(), &tag, &reader);
        return Ok(response);
    }
    let question = format!("{:?} {}", access.scope, address.path(words.language()));
    let made = service.pages.of(&question, &tag, is_of_the_heads, async || {
        let evidence = evidence(service, access, &reader, address).await?;
        let status = match address {
            Address::Node => Some(status(service).await?),
            _ => None,
        };
        let summary = service.summaries.of(&reader).await?;
        let source = Source {
            reader: &reader,
            summary: &summary,
            words,
            address,
            place: Place::Node,
            citation: evidence.as_deref(),
            status: status.as_ref(),
        };
        task::block_in_place(|| pages::make(&source).map(|page| framed(&source, &page)))
    });
    let made = made.await?;
    let mut response =
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], made.html.clone()).into_response();
    v1::mark(response.headers_mut(), &made.tag, &reader);
    if !is_of_the_heads {
        response.headers_mut().remove(header::ETAG);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// The tag of a day: what is due and how old it is changes from day to day.
fn dated(tag: &str, now: Millis) -> String {
    format!("{}-{}\"", tag.trim_end_matches('"'), now.0.div_euclid(DAY))
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The citation of the number that a page of evidence is about.
async fn evidence<N: Node>(
    service: &Service<N>,
    access: &Access,
    reader: &Reader,
    address: &Address,
) -> Result<Option<String>, Refusal> {
    let Address::Evidence { country, key, period } = address else { return Ok(None) };
    let from = v1::publisher(reader, country).map_err(|_| Refusal::NOTHING)?.to_hex();
    if !service.citations.take(crate::node::clock::stopwatch()) {
        return Err(Refusal::RATE);
    }
    let request = Request::Prove {
        key: key.clone(),
        period: period.clone(),
        from,
        scope: access.scope,
        agreement: None,
    };
    match service.node.ask(request, Payload::none(), access.caller.clone()).await {
        Ok(Answer::Rows(rows)) => Ok(Some(v1::citation_of(&rows)?)),
        Ok(Answer::Value(_) | Answer::Json(_) | Answer::Reader(_)) => Err(service::other_form()),
        // It may have been withdrawn, and then the page says so.
        Err(NodeError::NotFound(_)) => Ok(None),
        Err(error) if error.is_of_the_question() => Err(Refusal::NOTHING),
        Err(error) => Err(service::failed(&error)),
    }
}

async fn status<N: Node>(service: &Service<N>) -> Result<Status, Refusal> {
    Status::new(service.value(Request::Status, anonymous()).await?).map_err(|error| {
        tracing::error!(%error, "status lacks a field");
        Refusal::FAILED
    })
}
