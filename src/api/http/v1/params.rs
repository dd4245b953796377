//! Parameters, read strictly: what is unknown, twice there or out of bounds is refused in words.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::api::http::guard::Refusal;
use crate::feed::PublisherId;
use crate::model::{Dimension, Known, SeriesPattern, catalogue};
use crate::node::{PublisherName, Reader, Scope};

/// Characters of what is said about a parameter that cannot be.
const MAX_WORDS: usize = 500;

/// The parameters after the question mark.
pub(in crate::api::http) struct Params<T>(pub(in crate::api::http) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        read.map(|Query(params)| Self(params)).map_err(|error| asked(&error.body_text()))
    }
}

/// The parameters in the path.
pub(super) struct Segments<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        read.map(|Path(params)| Self(params)).map_err(|error| asked(&error.body_text()))
    }
}

/// A question that cannot be answered, for a reason in words that may repeat the question.
pub(in crate::api::http) fn asked(error: &impl ToString) -> Refusal {
    Refusal::question(error.to_string().chars().take(MAX_WORDS).collect::<String>())
}

/// How many are wanted.
pub(in crate::api::http) fn limit(
    given: Option<usize>,
    default: usize,
    max: usize,
) -> Result<usize, Refusal> {
    match given {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(limit) => Err(asked(&format!("`limit` is 1 to {max}, not {limit}"))),
    }
}

/// Series by a key pattern, narrowed to an indicator or to a whole flow.
pub(in crate::api::http) fn pattern(flow: Option<&str>, key: Option<&str>) -> Result<SeriesPattern, Refusal> {
    let pattern = match key {
        Some(key) => {
            let pattern = SeriesPattern::parse(key).map_err(|error| asked(&error))?;
            pattern.check_codes().map_err(|error| asked(&error))?;
            pattern
        }
        None => SeriesPattern::any(),
    };
    match flow {
        None | Some("MIGPROFILE") => Ok(pattern),
        Some(code) => Ok(pattern.with(Dimension::Indicator, known_indicator(code)?)),
    }
}

/// An indicator of the catalogue, or one of a named agency.
pub(super) fn known_indicator(code: &str) -> Result<&str, Refusal> {
    let is_plain = |code: &str| code.len() <= 64 && SeriesPattern::parse(code).is_ok();
    if catalogue::get(code).is_some() || code.contains(':') && is_plain(code) {
        return Ok(code);
    }
    let hint = Known::Indicators.hint(Dimension::Indicator.id(), code);
    Err(asked(&format!("{code:?} is no indicator, and MIGPROFILE stands for all{hint}")))
}

/// A country's code in three capital letters.
pub(super) fn country(name: &str, code: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(code) = code else { return Ok(None) };
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(Some(code));
    }
    Err(asked(&format!("`{name}` is an ISO 3166-1 alpha-3 code such as PHL, not {code:?}")))
}

/// The publisher of this country code or id, among those with a feed in the scope.
pub(in crate::api::http) fn publisher(reader: &Reader, text: &str) -> Result<PublisherId, Refusal> {
    let mut all = publishers(reader);
    let fits = |id: &PublisherId, name: Option<&PublisherName>| {
        id.to_hex() == text || name.is_some_and(|name| !text.is_empty() && name.country == text)
    };
    let found = all.find(|(id, name)| fits(id, *name)).map(|(id, _)| id);
    found.ok_or_else(|| {
        asked(&format!("no publisher {text:?} is held here: /api/v1/countries lists those that are"))
    })
}

/// Those with a feed in the scope, each once, with their names as far as these are known.
pub(super) fn publishers(reader: &Reader) -> impl Iterator<Item = (PublisherId, Option<&PublisherName>)> {
    let mut last = None;
    let ids = reader.heads().iter().map(|head| head.feed.publisher);
    let once = ids.filter(move |id| last.replace(*id) != Some(*id));
    once.map(|id| (id, reader.publishers().get(&id)))
}

/// Whether only what everybody may read is wanted.
pub(in crate::api::http) fn is_public(scope: Scope) -> bool {
    scope == Scope::Public
}
