//! Partners: who they are, what lines stand, what they have acknowledged.

use maud::{Markup, html};
use serde_json::Value;

use super::{Facts, Form, agreement, cell, facts_of, file, list, rows};
use crate::api::http::portal::operator::section::Section;
use crate::api::http::portal::pages::table;

/// All partners with their lines.
pub(super) fn all(facts: &Facts<'_>) -> Markup {
    let (status, known, peers) = (facts.answer(0), facts.answer(1), facts.answer(2));
    let state = |id: &Value| {
        list(status, "partners").iter().find(|one| one["publisher_id"] == *id).cloned().unwrap_or_default()
    };
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th scope="col" { (say("partner")) } th scope="col" { (say("connected")) } th scope="col" { (say("paused")) }
        th.n scope="col" { (say("acknowledged")) } th.n scope="col" { (say("behind")) } th scope="col" { (say("addresses")) }
    } };
    let body = html! { @for partner in list(known, "partners") {
        @let state = state(&partner["publisher_id"]);
        tr {
            th scope="row" { (name(facts, partner)) }
            td { (cell(facts, &state["connected"], Form::Text)) } td { (cell(facts, &state["paused"], Form::Text)) }
            td.n { (cell(facts, &state["acknowledged"], Form::Count)) } td.n { (cell(facts, &state["behind"], Form::Count)) }
            td { (cell(facts, &partner["addresses"], Form::Text)) }
        }
    } };
    html! {
        @if list(known, "partners").is_empty() { p { (facts.say("no_partners")) } }
        @else { (table(facts.say("partners"), &head, &body)) }
        h2 id="links" { (facts.say("links")) }
        (rows(facts, facts.say("links"), &[
            ("partner", "country", Form::Country),  ("relayed", "relayed", Form::Text),
            ("bytes_in", "bytes_in", Form::Count), ("bytes_out", "bytes_out", Form::Count), ("node", "node", Form::Code), ("remote", "remote", Form::Text),
        ], list(peers, "peers")))
        p { (facts.say("field.listening")) ": " (cell(facts, &peers["listening"], Form::Text)) }
    }
}

fn name(facts: &Facts<'_>, partner: &Value) -> Markup {
    let country = partner["country"].as_str().unwrap_or_default();
    let text = match (country, partner["name"].as_str()) {
        ("", Some(name)) => name.to_owned(),
        ("", None) => "\u{2013}".to_owned(),
        (code, _) => facts.words.area(code),
    };
    let id = partner["publisher_id"].as_str().unwrap_or_default();
    facts.link(&Section::Partner(id.get(..16).unwrap_or(id).to_owned()), &text)
}

/// One partner.
pub(super) fn one(facts: &Facts<'_>) -> Markup {
    let partner = facts.answer(0);
    html! {
        (facts_of(facts, &[
            ("country", "country", Form::Country), ("name", "name", Form::Text), ("network", "network", Form::Text),
            ("publisher", "publisher_id", Form::Text), ("fingerprint", "fingerprint", Form::Text),
            ("paused", "paused", Form::Text), ("issued", "issued_at", Form::Time), ("addresses", "addresses", Form::Text),
        ], partner))
        p.note { (facts.say("compare")) }
        h2 id="keys" { (facts.say("keys")) }
        (rows(facts, facts.say("keys"), &[
            ("node", "node", Form::Code), ("state", "state", Form::Coded("key_state")), ("purposes", "purposes", Form::Coded("purpose")),
            ("from", "from", Form::Time), ("until", "until", Form::Time), ("revoked", "revoked_at", Form::Time),
        ], list(partner, "keys")))
        details { summary { (facts.say("card")) } pre { (partner["card"].as_str().unwrap_or_default()) } }
    }
}

/// What each partner has acknowledged, and what was erased.
pub(super) fn deliveries(facts: &Facts<'_>) -> Markup {
    let status = facts.answer(0);
    html! {
        p.lead { (facts.say("deliveries_lead")) }
        (rows(facts, facts.say("receipts"), &[
            ("partner", "country", Form::Country), ("acknowledged", "acknowledged", Form::Count),
            ("behind", "behind", Form::Count), ("connected", "connected", Form::Text), ("paused", "paused", Form::Text),
        ], list(status, "partners")))
        h2 id="feeds" { (facts.say("feeds")) }
        (feeds(facts, list(status, "feeds")))
        h2 id="carried" { (facts.say("carried")) }
        (loose(facts, list(status, "carried")))
        h2 id="erasures" { (facts.say("erasures")) }
        (rows(facts, facts.say("erasures"), &[
            ("country", "country", Form::Country), ("first", "first", Form::Count), ("last", "last", Form::Count),
            ("time", "time", Form::Time), ("why", "code", Form::Coded("erased")), ("details", "why", Form::English),
        ], list(status, "erasures")))
    }
}

/// The feeds that are held.
fn feeds(facts: &Facts<'_>, all: &[Value]) -> Markup {
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th scope="col" { (say("publisher")) } th scope="col" { (say("agreement")) } th.n scope="col" { (say("entry")) }
        th.n scope="col" { (say("observations")) } th.n scope="col" { (say("closed")) } th scope="col" { (say("hash")) }
    } };
    let body = html! { @for feed in all { tr {
        th scope="row" { (cell(facts, &feed["country"], Form::Country)) } td { (agreement(facts, feed)) }
        td.n { (cell(facts, &feed["head_seq"], Form::Count)) } td.n { (cell(facts, &feed["observations"], Form::Count)) }
        td.n { (cell(facts, &feed["closed"], Form::Count)) } td { (cell(facts, &feed["head_hash"], Form::Code)) }
    } } };
    html! { @if all.is_empty() { p { (facts.words.say("word.none")) } } @else { (table(facts.say("feeds"), &head, &body)) } }
}

/// A field by its name, as whatever has this name is shown.
pub(super) fn told(facts: &Facts<'_>, row: &Value, name: &str, value: &Value) -> Markup {
    match name {
        "agreement_name" => agreement(facts, row),
        "time" | "expires_at" | "issued_at" | "from" | "until" | "resolved_at" => {
            cell(facts, value, Form::Time)
        }
        "country" | "with" | "owed_to" | "not_told" | "told" => cell(facts, value, Form::Countries),
        "publisher" if value.as_str().is_some_and(|text| text.len() == 3) => {
            cell(facts, value, Form::Country)
        }
        "file" => file(facts, value),
        "fault" | "why" => cell(facts, value, Form::English),
        _ if value.is_number() => cell(facts, value, Form::Count),
        _ if value.as_str().is_some_and(|text| text.len() == 64) => cell(facts, value, Form::Code),
        _ => cell(facts, value, Form::Text),
    }
}

/// Rows whose fields are shown by the names that they have in the answer.
pub(super) fn loose(facts: &Facts<'_>, all: &[Value]) -> Markup {
    html! {
        @if all.is_empty() { p { (facts.words.say("word.none")) } }
        @for row in all { dl.facts { @for (name, value) in row.as_object().into_iter().flatten() {
            @if !value.is_null() { dt { (facts.field(name)) } dd { (told(facts, row, name, value)) } }
        } } }
    }
}
