//! The frame of the operator's pages: menu, who is signed in, the way out.

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::section::Section;
use super::session::Signed;
use crate::api::http::portal::address::{Address, MapView};
use crate::api::http::portal::assets::{ICON, SCRIPT, STYLE};
use crate::api::http::portal::page::native;
use crate::api::http::portal::words::Words;
use crate::feed::Card;
use crate::model::Millis;
use crate::model::codelist::Language;

/// A page of a signed-in operator; `card` is the node's answer with its card.
pub(super) fn framed(
    words: Words,
    signed: &Signed,
    (section, card): (&Section, &Value),
    (title, body): (&str, &Markup),
) -> String {
    let card = card["card"].as_str().and_then(|text| Card::from_text(text).ok());
    let is_training = card.as_ref().is_none_or(|card| card.network().is_training());
    let name = card.as_ref().map(|card| words.area(card.country())).unwrap_or_default();
    let tag = words.language().tag();
    let content = html! {
        a.skip href="#main" { (words.say("frame.skip")) }
        header {
            @if is_training { p.training role="note" { (words.say("frame.practice")) } }
            a.brand href=(format!("/{tag}/operator")) { "Corridor" @if !name.is_empty() { " \u{b7} " (name) } }
            nav aria-label=(words.say("operator.menu")) { ul {
                @for one in Section::MENU {
                    li { a href=(format!("/{tag}/{}", one.path())) aria-current=[(one.word() == section.word()).then_some("page")] {
                        (words.say(&format!("operator.title.{}", one.word())))
                    } }
                }
                li { a href=(Address::Map(MapView::default()).path(words.language())) { (words.say("operator.public")) } }
            } }
            (languages(words, &section.path()))
        }
        main id="main" tabindex="-1" data-again=[section.again()] {
            @if section.again().is_some() { p.old role="status" data-old hidden { (words.say("operator.old")) } }
            h1 { (title) }
            (body)
        }
        footer {
            p { (words.fill("operator.signed_in", &[("who", signed.who()), ("time", &moment(words, signed.ends_at()))])) }
            form method="post" action=(format!("/{tag}/operator/sign-out")) {
                input type="hidden" name="form" value=(signed.form_value());
                button type="submit" { (words.say("operator.sign_out")) }
            }
            p { (words.say("operator.read_only")) }
        }
    };
    document(words, title, is_training, &content)
}

/// A page for nobody in particular.
pub(super) fn bare(words: Words, title: &str, body: &Markup) -> String {
    let content = html! {
        header {
            a.brand href=(Address::Map(MapView::default()).path(words.language())) { "Corridor" }
        }
        main id="main" { h1 { (title) } (body) }
    };
    document(words, title, false, &content)
}

fn languages(words: Words, path: &str) -> Markup {
    html! {
        nav.languages aria-label=(words.say("nav.languages")) { ul {
            @for language in Language::WORKING {
                li { a href=(format!("/{}/{path}", language.tag())) lang=(language.tag()) hreflang=(language.tag())
                       aria-current=[(language == words.language()).then_some("true")] { (native(language)) } }
            }
        } }
    }
}

fn document(words: Words, title: &str, is_training: bool, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(words.language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { @if is_training { (words.say("frame.training")) " - " } (title) " - Corridor" }
                link rel="icon" type="image/svg+xml" href=(format!("/assets/{}", ICON.name()));
                link rel="stylesheet" href=(format!("/assets/{}", STYLE.name()));
                script src=(format!("/assets/{}", SCRIPT.name())) defer {}
            }
            body { (content) }
        }
    }
    .into_string()
}

/// A moment as pages write it; as it came where it is none.
pub(super) fn moment(words: Words, text: &str) -> String {
    Millis::parse(text).map_or_else(|_| text.to_owned(), |time| words.moment(time))
}
