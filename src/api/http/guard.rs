//! What every request passes: a number, a time limit, a length limit, a log line, and headers that tell browsers
//! to trust nothing.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::timeout;
use tracing::Instrument;

use super::{MAX_BODY, REQUEST_TIMEOUT, sdmx};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Pages use what this node serves, and nothing of anybody else; pictures may be made by their own script.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where pages from elsewhere may read, beside the standard's base: data that everybody may have.
const OPEN: &str = "/api/";

/// Requests since the process began.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The number of a request, which stands in its answer and in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(u64);

/// An answer that is none: a code for programs and a text that tells a stranger nothing.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: Cow<'static, str>,
}

impl Refusal {
    pub(super) const NOT_FOUND: Self = Self {
        status: StatusCode::NOT_FOUND,
        code: "not_found",
        message: Cow::Borrowed("there is no such page"),
    };
    pub(super) const NOTHING: Self = Self {
        status: StatusCode::NOT_FOUND,
        code: "not_found",
        message: Cow::Borrowed("there is nothing of this name here"),
    };
    pub(super) const CURSOR: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: "bad_request",
        message: Cow::Borrowed("the cursor is none that was given out here: leave it out to begin anew"),
    };
    pub(super) const RATE: Self = Self {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: "too_many_requests",
        message: Cow::Borrowed("this is asked for too often: try again in a moment"),
    };
    pub(super) const METHOD: Self = Self {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "method_not_allowed",
        message: Cow::Borrowed("use GET or HEAD"),
    };
    pub(super) const QUESTION: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: "bad_request",
        message: Cow::Borrowed(
            "the question is not understood: `flow` is MIGPROFILE or an indicator, `key` has one place for each of 14 \
             dimensions or fewer, `as_of` is a time",
        ),
    };
    pub(super) const TOO_LONG: Self = Self {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "too_long",
        message: Cow::Borrowed("the request is too long"),
    };
    pub(super) const BUSY: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "busy",
        message: Cow::Borrowed("the node is busy: try again in a moment"),
    };
    pub(super) const FAILED: Self = Self {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "internal",
        message: Cow::Borrowed(
            "the node could not answer; its operator finds the cause in the log by the request's number",
        ),
    };
}

impl Refusal {
    pub(super) const TOKEN: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        code: "unauthorized",
        message: Cow::Borrowed(
            "the token does not hold: it is mistyped, over or revoked. Leave the header Authorization out to read what \
             is public",
        ),
    };
    pub(super) const ATTEMPTS: Self = Self {
        status: StatusCode::TOO_MANY_REQUESTS,
        code: "too_many_attempts",
        message: Cow::Borrowed("too many tokens from your address did not hold: try again in a minute"),
    };

    /// A question that cannot be answered, and what to ask instead.
    pub(super) fn question(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "bad_request", message: message.into() }
    }
}

impl IntoResponse for Refusal {
    /// The body is made by [`pass`], which knows the request's number.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Lets a request through to its route and dresses the answer.
pub(super) async fn pass(mut request: Request, next: Next) -> Response {
    let id = RequestId(COUNT.fetch_add(1, Ordering::Relaxed));
    request.extensions_mut().insert(id);
    let span = tracing::info_span!("request", id = id.0);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let is_private = request.headers().contains_key(header::AUTHORIZATION);
    let of_standard = sdmx::speaks(&path).then(|| sdmx::wants_json(request.headers()));
    let is_open = !is_private && (of_standard.is_some() || path.starts_with(OPEN));
    let response = if too_long(&request) {
        Refusal::TOO_LONG.into_response()
    } else if is_open && asks_first(&request) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let answer = timeout(REQUEST_TIMEOUT, next.run(request)).instrument(span.clone()).await;
        answer.unwrap_or_else(|_| Refusal::BUSY.into_response())
    };
    let response = match of_standard {
        Some(wants_json) => sdmx::in_its_words(response, wants_json, &method),
        None => response,
    };
    span.in_scope(|| tracing::debug!(%method, path, status = response.status().as_u16(), "answered"));
    let mut response = dress(response, id, &method);
    keep(response.headers_mut(), is_private);
    if is_open {
        share(response.headers_mut(), method == Method::OPTIONS);
    }
    response
}

fn too_long(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    length.is_some_and(|length| length > MAX_BODY)
}

/// Whether a browser asks if a page from elsewhere may ask.
fn asks_first(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Lets pages from everywhere read what is public. A token they cannot send: `Authorization` is not among what they may.
fn share(headers: &mut HeaderMap, asks_first: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let seen = "etag, x-request-id, retry-after, content-disposition, corridor-training";
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(seen));
    if asks_first {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "accept, accept-language, content-type, if-none-match, last-event-id",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Says who may keep the answer. What came under a token nobody keeps; what is public is kept if its route says so, and
/// never given to somebody who brings a token.
fn keep(headers: &mut HeaderMap, is_private: bool) {
    headers.append(header::VARY, HeaderValue::from_static("authorization"));
    if is_private {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    } else if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn dress(mut response: Response, id: RequestId, method: &Method) -> Response {
    let number = format!("{:x}-{:x}", std::process::id(), id.0);
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let error = json!({ "code": refusal.code, "message": refusal.message, "request": number });
        let allow = response.headers_mut().remove(header::ALLOW);
        response = (refusal.status, Json(json!({ "error": error }))).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        } else if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        match refusal.status {
            StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer realm=\"corridor\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            StatusCode::TOO_MANY_REQUESTS => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        if *method == Method::HEAD {
            *response.body_mut() = axum::body::Body::empty();
        }
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page with a form says more of itself: else browsers would not say that the form is sent from it.
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    if let Ok(number) = HeaderValue::from_str(&number) {
        headers.insert(REQUEST_ID, number);
    }
    response
}
