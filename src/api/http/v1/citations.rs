//! `citations`: one observation with its proof, to keep; and the check of what somebody holds.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, body};
use serde::{Deserialize, Serialize};
use tokio::task;
use utoipa::ToSchema;

use super::feeds::Nothing;
use super::params::{Params, Segments, asked, publisher};
use super::schema::Problem;
use super::views::Views;
use crate::api::Node;
use crate::api::http::access::Access;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, failed, other_form};
use crate::feed::citation::MAX_CITATION;
use crate::feed::evidence;
use crate::model::{Period, SeriesKey};
use crate::node::clock::stopwatch;
use crate::node::engine::Rows;
use crate::node::{Answer, NodeError, Payload, Request};

/// A citation reads a whole entry: so often may that be, for all readers together, and so many at once.
pub(in crate::api::http) const CITE_EVERY: Duration = Duration::from_millis(500);
pub(in crate::api::http) const CITE_BURST: u32 = 20;
/// A check verifies signatures.
pub(in crate::api::http) const VERIFY_EVERY: Duration = Duration::from_millis(100);
pub(in crate::api::http) const VERIFY_BURST: u32 = 50;

/// What a check found. Of a proof that does not hold, why.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Checked {
    /// Whether the proof holds. That the key is the government's own is for the reader to know, by its fingerprint.
    valid: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// Publisher and agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released_at: Option<String>,
    /// `main`, or `training/...` for practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    /// To be compared with the government itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// What is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    claim: Option<serde_json::Value>,
}

/// The form of a citation, byte for byte as `feed/citation.rs` writes it; binary parts are base64.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it documents what is handed out as text, and a test reads one by it")]
pub(super) struct CitationFile {
    /// `citation/1`
    corridor: String,
    /// `main`, or `training/...` for practice.
    network: String,
    /// What is proven, in words.
    #[schema(value_type = Object)]
    claim: serde_json::Value,
    /// The publisher's signed card.
    card: String,
    /// The entry's header.
    header: String,
    /// The signature over it.
    signature: String,
    /// The record that states it.
    record: String,
    /// Its place in the entry.
    leaf_index: u64,
    /// Records of the entry.
    tree_size: u64,
    /// Hashes from the record to the root, in hexadecimal digits.
    path: Vec<String>,
}

/// One observation with everything that a third party needs to verify it offline: the file that `corridor cite` writes.
#[utoipa::path(
    get, path = "/api/v1/citations/{country}/{key}/{period}", tag = "evidence",
    params(("country" = String, Path, description = "Whose statement: country code or publisher id", example = "ITA"),
           ("key" = String, Path, description = "The whole series key: 14 codes with dots",
            example = "A.ITA.PHL.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS"),
           ("period" = String, Path, description = "The period", example = "2020")),
    responses((status = 200, description = "The citation", body = CitationFile),
              (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn cite<N: Node>(
    State(service): State<Service<N>>,
    Segments((country, key, period)): Segments<(String, String, String)>,
    _nothing: Params<Nothing>,
    views: Views,
) -> Result<Response, Refusal> {
    let key = SeriesKey::parse(&key).map_err(|error| asked(&error))?;
    let period = Period::parse(&period).map_err(|error| asked(&error))?;
    // Somebody who publishes nothing here has said nothing of it.
    let from = publisher(&views.reader, &country).map_err(|_| Refusal::NOTHING)?.to_hex();
    if views.is_known() {
        return views.answer(|_| Ok(()));
    }
    if !service.citations.take(stopwatch()) {
        return Err(Refusal::RATE);
    }
    let name = format!("citation-{}-{period}.json", key.as_str().replace('.', "-"));
    let (key, period, scope) = (key.as_str().to_owned(), period.to_string(), views.access.scope);
    let request = Request::Prove { key, period, from, scope, agreement: None };
    let text = match service.node.ask(request, Payload::none(), views.access.caller.clone()).await {
        Ok(Answer::Rows(rows)) => Ok(citation_of(&rows)),
        Ok(Answer::Value(_) | Answer::Json(_) | Answer::Reader(_)) => return Err(other_form()),
        Err(error) => Err(error),
    };
    match text {
        Ok(text) => Ok(views.text(text?, &name)),
        Err(NodeError::NotFound(_)) => Err(Refusal::NOTHING),
        Err(error) if error.is_of_the_question() => Err(asked(&error)),
        Err(error) => Err(failed(&error)),
    }
}

/// The text of a citation from the answer of the node. Asking blocks.
pub(in crate::api::http) fn citation_of(rows: &Rows) -> Result<String, Refusal> {
    let mut text = None;
    let made = task::block_in_place(|| {
        rows.each(&mut |row| {
            text = serde_json::from_str::<serde_json::Value>(row).ok();
            false
        })
    });
    match made {
        Ok(()) => text.and_then(|value| Some(value["citation"].as_str()?.to_owned())).ok_or(Refusal::FAILED),
        Err(NodeError::NotFound(_)) => Err(Refusal::NOTHING),
        Err(error) if error.is_of_the_question() => Err(asked(&error)),
        Err(error) => Err(failed(&error)),
    }
}

/// Verifies a citation or the proof of a fork. Nothing is kept, and nothing is asked of the node.
#[utoipa::path(
    post, path = "/api/v1/citations/verify", tag = "evidence",
    request_body(content = CitationFile, content_type = "application/json",
                 description = "The file that `corridor cite` wrote, up to 256 KiB, byte for byte"),
    responses((status = 200, description = "Whether the proof holds", body = Checked),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn verify<N: Node>(
    State(service): State<Service<N>>,
    _access: Access,
    _nothing: Params<Nothing>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if ![
        "",
        "application/json",
        "text/plain",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
    ]
    .contains(&kind)
    {
        return Err(Refusal::question("send the citation itself, as application/json"));
    }
    if !service.checks.take(stopwatch()) {
        return Err(Refusal::RATE);
    }
    let _place = service.place()?;
    let bytes = body::to_bytes(body, MAX_CITATION).await.map_err(|_| Refusal::TOO_LONG)?;
    let value = match task::block_in_place(|| evidence::verify(&bytes, None)) {
        Ok(evidence) => evidence.value,
        Err(reason) => serde_json::json!({ "valid": false, "reason": reason }),
    };
    let checked: Checked = serde_json::from_value(value).map_err(|error| {
        tracing::error!(%error, "a check is not what is documented");
        Refusal::FAILED
    })?;
    Ok(Json(checked).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_has_the_form_that_is_documented() {
        let text = include_str!("../../../../tests/vectors/citation.json");
        assert!(serde_json::from_str::<CitationFile>(text).is_ok());
        let value = evidence::verify(text.as_bytes(), None).expect("the vector is valid").value;
        let checked: Checked = serde_json::from_value(value.clone()).expect("it is documented");
        assert_eq!(serde_json::to_value(&checked).unwrap(), value, "no field is lost");
    }
}
