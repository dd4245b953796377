//! Signing in and out.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::body;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::frame::bare;
use super::session::{Signed, is_from_here, set_cookie};
use super::{html as page, kept_by_nobody, see_other};
use crate::api::Node;
use crate::api::http::guard::Refusal;
use crate::api::http::listener::Remote;
use crate::api::http::portal::refused;
use crate::api::http::portal::words::Words;
use crate::api::http::service::{Service, anonymous, failed, other_form};
use crate::model::codelist::Language;
use crate::node::clock::stopwatch;
use crate::node::sign_in::hash_of;
use crate::node::{Answer, NodeError, Payload, Request, SignInRequest};

/// The longest form in bytes: one value of 64 digits.
const MAX_FORM: usize = 1_024;

/// The page that asks to use a code. It uses nothing up: whoever looks at links before people do signs nobody in.
pub(super) async fn ask<N: Node>(
    State(service): State<Service<N>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let words = words_of(&service, &headers);
    let code = query.get("code").filter(|code| hash_of(code).is_some());
    kept_by_nobody(page(asking(words, code.map(String::as_str), None)))
}

/// Uses a code, and begins a session.
pub(super) async fn enter<N: Node>(State(service): State<Service<N>>, request: HttpRequest) -> Response {
    let words = words_of(&service, request.headers());
    let entered = try_to_enter(&service, words, request).await;
    kept_by_nobody(entered.unwrap_or_else(|refusal| refused::page(words, &refusal)))
}

async fn try_to_enter<N: Node>(
    service: &Service<N>,
    words: Words,
    request: HttpRequest,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let remote = parts.extensions.get::<ConnectInfo<Remote>>().map(|info| info.0.0.ip());
    let (attempts, now) = (&service.sign_ins, stopwatch());
    if attempts.are_spent(remote, now) {
        return Err(Refusal::ATTEMPTS);
    }
    let refuse = |why: &'static str| {
        let text = asking(words, None, Some(why));
        Ok((StatusCode::FORBIDDEN, page(text)).into_response())
    };
    if !is_from_here(&parts.headers) {
        // No code was tried: it does not count, else a page of somebody else's could keep its reader out.
        tracing::warn!(address = shown(remote), "a sign-in that another site has sent");
        return refuse("operator.refused_origin");
    }
    let code = form(&parts.headers, body).await?.remove("code").unwrap_or_default();
    let Some(code) = hash_of(code.trim()) else {
        attempts.failed(remote, now);
        return refuse("operator.refused_code");
    };
    let _place = service.place()?;
    let request = Request::SignIn(SignInRequest::Enter { code, address: shown(remote) });
    match service.node.ask(request, Payload::none(), anonymous()).await {
        Ok(Answer::Value(session)) => {
            let secret = session["session"].as_str().ok_or_else(other_form)?;
            let seconds = session["seconds"].as_u64().ok_or_else(other_form)?;
            let cookie = set_cookie(&parts.headers, secret, seconds).ok_or_else(other_form)?;
            let mut response = see_other(&format!("/{}/operator", words.language().tag()));
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(NodeError::Refused(_)) => {
            attempts.failed(remote, now);
            tracing::warn!(address = shown(remote), "a sign-in code that does not hold");
            refuse("operator.refused_code")
        }
        Ok(_) => Err(other_form()),
        Err(error) => Err(failed(&error)),
    }
}

/// Ends the session.
pub(super) async fn leave<N: Node>(
    language: Language,
    State(service): State<Service<N>>,
    request: HttpRequest,
) -> Response {
    let words = Words::new(language);
    let left = try_to_leave(&service, words, request).await;
    kept_by_nobody(left.unwrap_or_else(|refusal| refused::page(words, &refusal)))
}

async fn try_to_leave<N: Node>(
    service: &Service<N>,
    words: Words,
    request: HttpRequest,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let refusal =
        || (StatusCode::FORBIDDEN, page(asking(words, None, Some("operator.refused_form")))).into_response();
    let Some(signed) = Signed::of(service, &parts.headers).await? else { return Ok(needed(words)) };
    if !is_from_here(&parts.headers) {
        return Ok(refusal());
    }
    let value = form(&parts.headers, body).await?.remove("form").unwrap_or_default();
    let (true, Some(hash)) = (signed.is_form_value(&value), signed.hash()) else { return Ok(refusal()) };
    let request = Request::SignIn(SignInRequest::Leave(hash));
    service.value(request, signed.caller()).await?;
    let mut response = see_other("/sign-in");
    if let Some(cookie) = set_cookie(&parts.headers, "", 0) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The values of a short form, as browsers send them; none of ours needs an escape.
async fn form(headers: &HeaderMap, body: body::Body) -> Result<BTreeMap<String, String>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(Refusal::question("send the form of the page"));
    }
    let bytes = body::to_bytes(body, MAX_FORM).await.map_err(|_| Refusal::TOO_LONG)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::question("the form is no text"))?;
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The page for who is not signed in.
pub(super) fn needed(words: Words) -> Response {
    (StatusCode::UNAUTHORIZED, page(asking(words, None, None))).into_response()
}

fn asking(words: Words, code: Option<&str>, why_not: Option<&'static str>) -> String {
    let form = html! {
        form.choose method="post" action="/sign-in" {
            @match code {
                Some(code) => input type="hidden" name="code" value=(code);
                None => label { (words.say("operator.code"))
                    input type="text" name="code" required pattern="[0-9a-f]{64}" size="40" autocomplete="off" autocapitalize="off" spellcheck="false"; }
            }
            button type="submit" { (words.say("operator.sign_in")) }
        }
    };
    let body: Markup = html! {
        @if let Some(why) = why_not { p.verdict.fails role="alert" { (words.say(why)) } }
        @if code.is_some() {
            p.lead { (words.say("operator.press")) }
            (form)
        } @else {
            p.lead { (words.say("operator.how")) }
            pre { code { "corridor sign-in" } }
            (form)
            p.note { (words.say("operator.no_session")) }
        }
    };
    bare(words, words.say("operator.sign_in"), &body)
}

fn words_of<N: Node>(service: &Service<N>, headers: &HeaderMap) -> Words {
    let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Words::new(Words::wanted(accept.unwrap_or_default(), service.language))
}

fn shown(remote: Option<IpAddr>) -> String {
    remote.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}
