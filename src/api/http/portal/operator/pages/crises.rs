//! Crisis lanes, and the common picture of one.

use maud::{Markup, html};
use serde_json::Value;

use super::partners::loose;
use super::{Facts, Form, cell, list, rows};
use crate::api::http::portal::operator::section::Section;
use crate::api::http::portal::pages::table;

/// All lanes.
pub(super) fn all(facts: &Facts<'_>) -> Markup {
    let lanes = list(facts.answer(0), "lanes");
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let link = |lane: &Value| {
        let id = lane["lane"].as_str().unwrap_or_default();
        facts.link(
            &Section::Crisis(id.get(..16).unwrap_or(id).to_owned()),
            lane["name"].as_str().unwrap_or(id),
        )
    };
    let head = html! { tr {
        th scope="col" { (say("lane")) } th scope="col" { (say("standing")) } th scope="col" { (say("area")) } th scope="col" { (say("parties")) }
        th scope="col" { (say("until")) }
    } };
    let body = html! { @for lane in lanes { tr {
        th scope="row" { (link(lane)) } td { (cell(facts, &lane["standing"], Form::Text)) }
        td { (cell(facts, &lane["area"], Form::Country)) } td { (cell(facts, &lane["members"], Form::Countries)) }
        td { (cell(facts, &lane["until"], Form::Time)) }
    } } };
    html! {
        @if lanes.is_empty() { p { (facts.say("no_crises")) } } @else { (table(facts.say("title.crises"), &head, &body)) }
    }
}

/// One lane.
pub(super) fn one(facts: &Facts<'_>) -> Markup {
    let lane = facts.answer(0);
    let plain = lane.as_object().into_iter().flatten();
    let plain: Vec<_> =
        plain.filter(|(_, value)| !value.is_object() && !is_table(value) && !value.is_null()).collect();
    html! {
        @if let Some(mark) = lane["watermark"].as_str() { p.training role="note" { (mark) } }
        dl.facts { @for (name, value) in plain { dt { code { (name) } } dd { (cell(facts, value, Form::Text)) } } }
        h2 id="waiting" { (facts.say("waiting")) }
        (rows(facts, facts.say("waiting"), &[
            ("bulletin", "bulletin", Form::Text), ("time", "observed", Form::Time), ("officers", "officers", Form::Text),
        ], list(lane, "waiting")))
        @for name in ["origins", "publishers", "places", "days", "newest", "corrections"] {
            h2 id=(name) { (facts.say(&format!("crisis.{name}"))) }
            (loose(facts, list(lane, name)))
        }
    }
}

fn is_table(value: &Value) -> bool {
    value.as_array().is_some_and(|all| all.iter().any(Value::is_object))
}
