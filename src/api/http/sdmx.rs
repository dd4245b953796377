//! `/sdmx`: SDMX-REST 1.5 and 2.x under one base, for the clients that statisticians use.
//!
//! | path | answers |
//! |---|---|
//! | `/sdmx/dataflow/...`, `/sdmx/structure/...` and the other kinds | structures (`structures.rs`) |
//! | `/sdmx/data/...` | figures, written while they are read (`figures.rs`) |
//! | `/sdmx/availability/...`, `/sdmx/availableconstraint/...` | what figures there are (`available.rs`) |
//! | `/sdmx/schema/...` | the XML schema of a flow's structure-specific data, or the structures that they follow |
//!
//! The grammar is that of [`crate::sdmx::query`]; the form of an answer is agreed upon in `negotiate.rs`. Everything is
//! read through the [`Reader`] of the request's scope, so that flows, codes and counts are those of what it may read.
//! Errors have the form and the numbers of the standard.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::OwnedSemaphorePermit;

use super::access::Access;
use super::guard::Refusal;
use super::service::Service;
use super::v1;
use crate::api::Node;
use crate::node::{Reader, clock};
use crate::sdmx::data::DataFormat;
use crate::sdmx::query::{self, Ask, Fault, Generation};
use crate::sdmx::structure::{self, Head, json, xml};
use negotiate::{Offer, Wish};

mod available;
pub(super) mod figures;
mod negotiate;
mod select;
mod sorted;
mod structures;

/// How long until a client that found no place may come again.
const AGAIN: Duration = Duration::from_secs(1);

/// What a question gets to which there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EmptyResult {
    /// A message without data, which every client reads.
    #[default]
    Message,
    /// Nothing, with status 204.
    NoContent,
    /// An error with status 404.
    NotFound,
}

impl EmptyResult {
    /// That of a status of HTTP.
    #[must_use]
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            200 => Some(Self::Message),
            204 => Some(Self::NoContent),
            404 => Some(Self::NotFound),
            _ => None,
        }
    }
}

/// The routes.
pub(super) fn routes<N: Node>() -> Router<Service<N>> {
    Router::new()
        .route("/sdmx", get(answer::<N>))
        .route("/sdmx/", get(answer::<N>))
        .route("/sdmx/{*path}", get(answer::<N>))
}

pub(super) use negotiate::wants_json;

/// Whether a path is one of the standard, whose clients read the standard's errors.
pub(super) fn speaks(path: &str) -> bool {
    path.strip_prefix("/sdmx").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The standard's message for what was refused before a question was read: another method than GET, a request that is
/// too long, a node that takes too long.
pub(super) fn in_its_words(mut response: Response, wants_json: bool, method: &Method) -> Response {
    let Some(refusal) = response.extensions_mut().remove::<Refusal>() else { return response };
    let is_method = refusal.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut told = dressed(error(refusal.into(), wants_json));
    if is_method {
        told.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if *method == Method::HEAD {
        *told.body_mut() = Body::empty();
    }
    told
}

/// A question on its way: whose eyes, what is read, and in what form it is answered.
struct Question {
    reader: Reader,
    place: OwnedSemaphorePermit,
    empty: EmptyResult,
    headers: HeaderMap,
}

/// Why a question gets no answer.
enum Failure {
    Fault(Fault),
    Refusal(Refusal),
    NotAcceptable(String),
    NoContent,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

async fn answer<N: Node>(State(service): State<Service<N>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let wants_json = wants_json(&parts.headers);
    let path = parts.uri.path().trim_start_matches("/sdmx").trim_start_matches('/').to_owned();
    let asked = match query::parse(&path, parts.uri.query()) {
        Ok(asked) => asked,
        Err(fault) => return dressed(error(fault.into(), wants_json)),
    };
    let made = async {
        let access = Access::from_request_parts(&mut parts, &service).await?;
        let place = service.place()?;
        let reader = service.reader(&access).await?;
        let question = Question { reader, place, empty: service.empty, headers: parts.headers };
        match asked {
            Ask::Data(data) => figures::answer(question, data),
            Ask::Structure(asked) => structures::answer(question, &service, asked).await,
            Ask::Schema(asked) => structures::schema(question, &service, asked).await,
            Ask::Availability(asked) => available::answer(question, &service, asked).await,
        }
    };
    dressed(made.await.unwrap_or_else(|failure| error(failure, wants_json)))
}

/// Says what the answer depends on.
fn dressed(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The standard's message for a failure, with the status that belongs to it.
fn error(failure: Failure, wants_json: bool) -> Response {
    let (status, code, message, again) = match failure {
        Failure::NoContent => return StatusCode::NO_CONTENT.into_response(),
        Failure::NotAcceptable(message) => (StatusCode::NOT_ACCEPTABLE, 140, message, None),
        Failure::Fault(fault) => {
            let status = match fault.code {
                100 => StatusCode::NOT_FOUND,
                130 => StatusCode::PAYLOAD_TOO_LARGE,
                150 => StatusCode::UNPROCESSABLE_ENTITY,
                501 => StatusCode::NOT_IMPLEMENTED,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, fault.code, fault.message, None)
        }
        Failure::Refusal(refusal) => {
            let (code, again) = match refusal.status {
                StatusCode::UNAUTHORIZED => (110, None),
                StatusCode::TOO_MANY_REQUESTS => (110, Some(Duration::from_secs(60))),
                StatusCode::SERVICE_UNAVAILABLE => (503, Some(AGAIN)),
                StatusCode::NOT_FOUND => (100, None),
                StatusCode::BAD_REQUEST
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNSUPPORTED_MEDIA_TYPE => (140, None),
                _ => (500, None),
            };
            (refusal.status, code, refusal.message.into_owned(), again)
        }
    };
    let (kind, body) = if wants_json {
        (json::ERROR_TYPE, json::error(code, &message))
    } else {
        (xml::ERROR_TYPE, xml::error(code, &message))
    };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    let headers = response.headers_mut();
    if let Some(again) = again {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(again.as_secs()));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"corridor\""));
    }
    response
}

impl Question {
    /// The form that suits this client best.
    fn agree(&self, offers: &[Offer], wish: &Wish<'_>) -> Result<Offer, Failure> {
        negotiate::agree(&self.headers, offers, wish).ok_or_else(|| {
            let known: Vec<&str> = offers.iter().map(|offer| offer.media_type()).collect();
            Failure::NotAcceptable(format!(
                "none of the forms that are wanted is made here: ask for {}",
                known.join(", ")
            ))
        })
    }

    /// The answer's tag: that of what is shown, and of the form.
    fn tag(&self, of: &str, offer: Offer) -> String {
        format!("{}-{}\"", of.trim_end_matches('"'), offer.short())
    }

    /// That the client has the answer already, if it does.
    fn known(&self, tag: &str) -> Option<Response> {
        v1::knows(&self.headers, tag).then(|| {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            v1::mark(response.headers_mut(), tag, &self.reader);
            response
        })
    }

    /// Who sends messages.
    fn sender(&self) -> String {
        let country = self.reader.country();
        if country.is_empty() { crate::sdmx::component::AGENCY.to_owned() } else { country.to_owned() }
    }

    /// A message of structures.
    fn structures(&self, all: &[structure::Artefact], tag: &str, offer: Offer) -> Response {
        let head = Head {
            id: message_id(tag),
            prepared: clock::now(),
            sender: self.sender(),
            is_test: self.reader.is_training(),
        };
        let body = match offer {
            Offer::StructureJson => json::message(&head, all),
            Offer::StructureXml | Offer::Schema | Offer::Data(_) => xml::message(&head, all),
        };
        let mut response = ([(header::CONTENT_TYPE, offer.media_type())], body).into_response();
        v1::mark(response.headers_mut(), tag, &self.reader);
        response
    }
}

/// A message's id, made of its tag.
fn message_id(tag: &str) -> String {
    let plain: String = tag.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("M{plain}")
}

/// The forms of structures, the one first that the generation has if a client wants none above others.
fn structure_offers(generation: Generation, headers: &HeaderMap) -> [Offer; 2] {
    // Whoever takes everything gets what every client can read; who says nothing, what the standard has for that.
    match generation {
        Generation::Second if !headers.contains_key(header::ACCEPT) => {
            [Offer::StructureJson, Offer::StructureXml]
        }
        Generation::First | Generation::Second => [Offer::StructureXml, Offer::StructureJson],
    }
}

/// The forms of data, in the same way.
fn data_offers(generation: Generation, headers: &HeaderMap) -> Vec<Offer> {
    use DataFormat::{Csv1, Csv2, GenericXml, JsonData, StructureSpecificXml};
    let all = match generation {
        Generation::Second if !headers.contains_key(header::ACCEPT) => {
            [JsonData, GenericXml, StructureSpecificXml, Csv2, Csv1]
        }
        Generation::Second => [GenericXml, StructureSpecificXml, Csv2, Csv1, JsonData],
        Generation::First => [GenericXml, StructureSpecificXml, Csv1, Csv2, JsonData],
    };
    all.map(Offer::Data).to_vec()
}
