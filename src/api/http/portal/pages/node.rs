//! The state of this node, as everybody may see it.

use maud::{Markup, html};
use serde_json::Value;

use super::table;
use crate::api::http::guard::Refusal;
use crate::api::http::portal::page::{Page, Source};
use crate::api::http::portal::words::Words;
use crate::api::http::public::{Feed, Partner, Status};

/// The page of the status that the source brings.
pub(super) fn page(source: &Source<'_>) -> Result<Page, Refusal> {
    let words = source.words;
    let status = source.status.ok_or(Refusal::NOTHING)?;
    let title = status.name.clone().unwrap_or_else(|| words.say("title.node").to_owned());
    let body = html! {
        dl.facts {
            dt { (words.say("node.state")) } dd { (state(words, &status.state)) }
            dt { (words.say("node.network")) } dd { (status.network) }
            dt { (words.say("word.publisher")) } dd { code { (status.publisher_id) } }
            dt { (words.say("evidence.fingerprint")) } dd { code { (status.fingerprint) } }
            @if let Some(node) = &status.node_id { dt { (words.say("node.id")) } dd { code { (node) } } }
        }
        h2 id="feeds" { (words.say("node.feeds")) }
        (feeds(source, &status.feeds))
        h2 id="partners" { (words.say("node.partners")) }
        (partners(source, &status.partners))
        h2 id="faults" { (words.say("node.faults")) }
        (faults(source, status))
    };
    Ok(Page { title, body })
}

/// What the node is doing.
fn state(words: Words, state: &str) -> Markup {
    match words.find(&format!("operator.state.{state}")) {
        Some(text) => html! { (text) },
        None => html! { span lang="en" { (state) } },
    }
}

fn feeds(source: &Source<'_>, feeds: &[Feed]) -> Markup {
    let words = source.words;
    if feeds.is_empty() {
        return html! { p { (words.say("node.nothing_public")) } };
    }
    let head = html! { tr {
        th scope="col" { (words.say("word.country")) } th scope="col" { (words.say("word.publisher")) }
        th.n scope="col" { (words.say("node.last_entry")) } th.n scope="col" { (words.say("word.observations")) }
        th scope="col" { (words.say("node.hash")) }
    } };
    let rows = html! { @for feed in feeds { tr {
        th scope="row" { (country(source, feed.country.as_deref())) }
        td { code { (short(&feed.publisher)) } }
        td.n { (words.count(feed.head_seq)) } td.n { (words.count(feed.observations)) }
        td { code { (short(&feed.head_hash)) } }
    } } };
    table(words.say("node.feeds_caption"), &head, &rows)
}

fn partners(source: &Source<'_>, partners: &[Partner]) -> Markup {
    let words = source.words;
    if partners.is_empty() {
        return html! { p { (words.say("node.no_partners")) } };
    }
    let head = html! { tr {
        th scope="col" { (words.say("word.country")) } th scope="col" { (words.say("word.publisher")) }
        th scope="col" { (words.say("node.connected")) }
    } };
    let rows = html! { @for partner in partners { tr {
        th scope="row" { (country(source, partner.country.as_deref())) }
        td { code { (short(&partner.publisher_id)) } }
        td { (words.say(if partner.connected { "word.yes" } else { "word.no" })) }
    } } };
    table(words.say("node.partners_caption"), &head, &rows)
}

fn faults(source: &Source<'_>, status: &Status) -> Markup {
    let words = source.words;
    html! {
        @if status.faults.is_empty() { p { (words.say("word.none")) } } @else {
            p { (words.say("node.faults_lead")) " " code { "corridor status" } }
            ul { @for fault in &status.faults { li { (moment(source, fault.time.as_ref())) } } }
        }
    }
}

/// Enough of a hash to compare two by eye.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect()
}

fn country(source: &Source<'_>, code: Option<&str>) -> Markup {
    match code {
        Some(code) if !code.is_empty() => source.country(code),
        Some(_) | None => html! { "\u{2013}" },
    }
}

fn moment(source: &Source<'_>, time: Option<&Value>) -> String {
    match time {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => source.words.say("node.unknown_time").to_owned(),
        Some(other) => other.to_string(),
    }
}
