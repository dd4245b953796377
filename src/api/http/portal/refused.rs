//! The page that says why there is none.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, html};

use super::address::{Address, MapView};
use super::assets::{ICON, STYLE};
use super::words::Words;
use crate::api::http::guard::Refusal;

/// A page in the reader's language with the status of the refusal. The code of it is for whoever asks for help.
pub(super) fn page(words: Words, refusal: &Refusal) -> Response {
    let text = match refusal.status {
        StatusCode::NOT_FOUND => "refused.not_found",
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "refused.busy",
        StatusCode::UNAUTHORIZED => "refused.token",
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => "refused.question",
        _ => "refused.failed",
    };
    let page = html! {
        (DOCTYPE)
        html lang=(words.language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (words.say("refused.title")) " - Corridor" }
                link rel="icon" type="image/svg+xml" href=(format!("/assets/{}", ICON.name()));
                link rel="stylesheet" href=(format!("/assets/{}", STYLE.name()));
            }
            body { main id="main" {
                h1 { (words.say("refused.title")) }
                p { (words.say(text)) }
                p { code { (refusal.code) } }
                p { a href=(Address::Map(MapView::default()).path(words.language())) { (words.say("refused.back")) } }
            } }
        }
    };
    (refusal.status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
}
