//! All crisis lanes.

use maud::{Markup, html};
use serde_json::Value;

use super::crisis::standing;
use super::{Facts, Form, cell, list};
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
        th scope="row" { (link(lane)) } td { (standing(facts, &lane["standing"])) }
        td { (cell(facts, &lane["area"], Form::Country)) } td { (cell(facts, &lane["members"], Form::Countries)) }
        td { (cell(facts, &lane["until"], Form::Time)) }
    } } };
    html! {
        @if lanes.is_empty() { p { (facts.say("no_crises")) } } @else { (table(facts.say("title.crises"), &head, &body)) }
    }
}
