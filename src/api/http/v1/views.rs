//! A question that the views answer: its place, its reader, and whether the reader of the answer has it already.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task;

use super::summary::Summary;
use crate::api::Node;
use crate::api::http::access::Access;
use crate::api::http::guard::Refusal;
use crate::api::http::service::Service;
use crate::crypto::Hash;
use crate::node::{Reader, Scope};

/// Says that figures are practice.
const TRAINING: HeaderName = HeaderName::from_static("corridor-training");

/// An answer that is written while it is made: nobody may collect it to compress it.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::http) struct Unbuffered;

/// The views as a request may see them, with a place among those who ask.
pub(in crate::api::http) struct Views {
    pub(super) reader: Reader,
    pub(super) access: Access,
    tag: String,
    is_known: bool,
    _place: OwnedSemaphorePermit,
}

impl<N: Node> FromRequestParts<Service<N>> for Views {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Service<N>) -> Result<Self, Refusal> {
        let access = Access::from_request_parts(parts, service).await?;
        let place = service.place()?;
        let reader = service.reader(&access).await?;
        let tag = tag(&reader);
        let is_known = knows(&parts.headers, &tag);
        Ok(Self { reader, access, tag, is_known, _place: place })
    }
}

impl Views {
    /// The counts of what these views show, or of what they showed a moment ago; the answer's tag is theirs.
    pub(super) async fn counted<N>(&mut self, service: &Service<N>) -> Result<Arc<Summary>, Refusal> {
        if self.is_known {
            return Ok(Arc::default());
        }
        let summary = service.summaries.of(&self.reader).await?;
        self.tag.clone_from(&summary.tag);
        Ok(summary)
    }

    /// Whether the reader of the answer has it already.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// A text that is JSON, to be kept as a file of this name.
    pub(super) fn text(&self, text: String, name: &str) -> Response {
        let mut response = ([(header::CONTENT_TYPE, "application/json")], text).into_response();
        if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
        }
        mark(response.headers_mut(), &self.tag, &self.reader);
        response
    }

    /// The views themselves.
    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What was made of the views and of the time: nobody may keep it.
    pub(super) fn answer_of_now<T: Serialize>(self, value: T) -> Response {
        let mut response = Json(value).into_response();
        mark(response.headers_mut(), &self.tag, &self.reader);
        response.headers_mut().remove(header::ETAG);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// What is made of the views; nothing if the reader has it already.
    pub(super) fn answer<T: Serialize>(
        self,
        make: impl FnOnce(&Reader) -> Result<T, Refusal>,
    ) -> Result<Response, Refusal> {
        let mut response = if self.is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Json(task::block_in_place(|| make(&self.reader))?).into_response()
        };
        mark(response.headers_mut(), &self.tag, &self.reader);
        Ok(response)
    }
}

/// The weak tag of all answers that come from these views: from equal heads come equal answers.
pub(in crate::api::http) fn tag(reader: &Reader) -> String {
    let scope: &[u8] = match reader.scope() {
        Scope::Public => b"public",
        Scope::Government => b"government",
    };
    let mut text = env!("CARGO_PKG_VERSION").as_bytes().to_vec();
    text.extend_from_slice(scope);
    for head in reader.heads() {
        for part in [&head.feed.publisher.0, &head.feed.agreement.0, &head.entry.0] {
            text.extend_from_slice(part);
        }
        text.extend_from_slice(&head.observations.to_le_bytes());
    }
    for (id, name) in reader.publishers() {
        text.extend_from_slice(&id.0);
        text.extend_from_slice(format!("{:?}{:?}", name.country, name.name).as_bytes());
    }
    format!("W/\"{}\"", &Hash::of(&[&text]).to_hex()[..32])
}

/// Whether a request names this tag as one that it knows.
pub(in crate::api::http) fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let all = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let opaque = tag.trim_start_matches("W/");
    all.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.trim_start_matches("W/") == opaque
    })
}

/// Gives an answer its tag, and lets it be kept as long as it is asked for again each time.
pub(in crate::api::http) fn mark(headers: &mut HeaderMap, tag: &str, reader: &Reader) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    }
    if reader.is_training() {
        headers.insert(TRAINING, HeaderValue::from_static("true"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_every_form_in_which_it_may_be_named() {
        let tag = "W/\"ab\"";
        for (value, known) in [
            ("W/\"ab\"", true),
            ("\"ab\"", true),
            ("\"x\", W/\"ab\"", true),
            ("*", true),
            ("\"a\"", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(knows(&headers, tag), known, "{value}");
        }
        assert!(!knows(&HeaderMap::new(), tag));
    }
}
