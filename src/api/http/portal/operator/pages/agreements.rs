//! Agreements, and what each lets out of this house.

use maud::{Markup, html};
use serde_json::Value;

use super::{Facts, Form, cell, facts_of, list, lists, rows};
use crate::api::http::portal::operator::section::Section;
use crate::api::http::portal::pages::table;

/// All agreements.
pub(super) fn all(facts: &Facts<'_>) -> Markup {
    let agreements = list(facts.answer(0), "agreements");
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th scope="col" { (say("agreement")) } th scope="col" { (say("standing")) } th scope="col" { (say("parties")) }
        th scope="col" { (say("indicators")) } th scope="col" { (say("not_signed")) } th scope="col" { (say("from")) } th scope="col" { (say("until")) }
    } };
    let link = |one: &Value| {
        let id = one["agreement"].as_str().unwrap_or_default();
        facts.link(
            &Section::Agreement(id.get(..16).unwrap_or(id).to_owned()),
            one["title"].as_str().unwrap_or_default(),
        )
    };
    let body = html! { @for one in agreements { tr {
        th scope="row" { (link(one)) }
        td { (cell(facts, &one["standing"], Form::Coded("crisis"))) } td { (cell(facts, &one["parties"], Form::Countries)) }
        td { @for scope in list(one, "scope") { (cell(facts, &scope["indicators"], Form::Text)) " " } }
        td { (cell(facts, &one["not_signed"], Form::Countries)) }
        td { (cell(facts, &one["start"], Form::Time)) } td { (cell(facts, &one["end"], Form::Time)) }
    } } };
    html! {
        p.lead { (facts.say("agreements_lead")) }
        @if agreements.is_empty() { p { (facts.words.say("word.none")) } }
        @else { (table(facts.say("title.agreements"), &head, &body)) }
    }
}

/// One agreement: its text in words, and what would go out under it.
pub(super) fn one(facts: &Facts<'_>) -> Markup {
    let agreement = facts.answer(0);
    let text = agreement["texts"][facts.words.language().tag()].as_str();
    html! {
        p.lead { strong { (agreement["title"].as_str().unwrap_or_default()) } }
        (facts_of(facts, &[
            ("standing", "standing", Form::Coded("crisis")), ("parties", "parties", Form::Countries),
            ("not_signed", "not_signed", Form::Countries), ("id", "agreement", Form::Text),
            ("from", "start", Form::Time), ("until", "end", Form::Time), ("erase_at", "erase_at", Form::Time),
        ], agreement))
        h2 id="out" { (facts.say("lets_out")) }
        p { (facts.say("lets_out_lead")) }
        (lets_out(facts, facts.answer(1)))
        h2 id="text" { (facts.say("in_words")) }
        (lists::text(text.unwrap_or_default()))
        h2 id="signatures" { (facts.say("signatures")) }
        (rows(facts, facts.say("signatures"), &[("party", "country", Form::Country), ("time", "time", Form::Time)], list(agreement, "signed")))
        h2 id="erasures" { (facts.say("erasures")) }
        (rows(facts, facts.say("erasures"), &[
            ("country", "country", Form::Country), ("first", "first", Form::Count), ("last", "last", Form::Count),
            ("time", "time", Form::Time), ("why", "code", Form::Coded("erased")), ("details", "why", Form::English),
        ], list(agreement, "erasures")))
    }
}

fn lets_out(facts: &Facts<'_>, answer: &Value) -> Markup {
    let all = answer.as_array().map_or(&[][..], Vec::as_slice);
    if all.is_empty() {
        return html! { p { (facts.words.say("word.none")) } };
    }
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th scope="col" { (say("indicator")) } th.n scope="col" { (say("series")) } th.n scope="col" { (say("observations")) }
        th scope="col" { (say("withheld")) }
    } };
    let name = |row: &Value| facts.words.indicator(row["indicator"].as_str().unwrap_or_default());
    let body = html! { @for row in all { tr {
        th scope="row" { (name(row)) br; code { (row["indicator"].as_str().unwrap_or_default()) } }
        td.n { (cell(facts, &row["series"], Form::Count)) } td.n { (cell(facts, &row["observations"], Form::Count)) }
        td { @for (why, count) in row["withheld_codes"].as_object().into_iter().flatten() {
            (cell(facts, count, Form::Count)) " \u{b7} " (facts.coded("withheld", why)) br;
        } }
    } } };
    table(facts.say("lets_out"), &head, &body)
}
