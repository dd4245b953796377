//! What a figure of a crisis rests on: its bulletins, what each states, and the proof of every number.

use maud::{Markup, html};
use serde_json::Value;

use super::{Facts, Form, cell, linked, list, need, rows};
use crate::api::http::portal::operator::section::{Section, Stated};
use crate::api::http::portal::pages::evidence;
use crate::feed::AgreementId;
use crate::model::{Dimension, Period, SeriesKey};

/// A figure by the words of its name: `origins/PHL/known`.
pub(super) fn called(facts: &Facts<'_>, figure: &str) -> String {
    let steps: Vec<&str> = figure.split('/').collect();
    let kind = |word: &str| facts.say(&format!("crisis.{word}"));
    let area = |code: &str| facts.words.area(code);
    match steps.as_slice() {
        ["totals", of] => kind(of).to_owned(),
        ["origins" | "publishers", country, of] => format!("{}, {}", area(country), kind(of)),
        ["places", country, place, of] => format!("{}, {place}, {}", area(country), kind(of)),
        ["days", day, of] => format!("{day}, {}", kind(of)),
        ["needs", country, code] => format!("{}, {}", area(country), need(facts, code)),
        _ => figure.to_owned(),
    }
}

/// The bulletins of a figure.
pub(super) fn rests(facts: &Facts<'_>, lane: &str) -> Markup {
    let answer = facts.answer(0);
    let count = |field: &str| cell(facts, &answer[field], Form::Count).into_string();
    let values = [("count", count("count")), ("bulletins", count("bulletins"))];
    let lead = facts
        .words
        .fill("operator.crisis.rests_lead", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    let columns = [
        ("bulletin", "bulletin", Form::Text),
        ("publisher", "publisher", Form::Country),
        ("count", "count", Form::Count),
        ("place", "place", Form::Text),
        ("observed", "observed", Form::Time),
        ("age", "age_seconds", Form::Age),
        ("corrected", "corrected", Form::Count),
    ];
    let caption = facts.say("crisis.rests");
    html! {
        (head(facts, lane, answer))
        p.lead { (lead) }
        h2 id="rests" { (caption) }
        (linked(facts, caption, &columns, list(answer, "rests"), &|row, field| to_bulletin(lane, row, field)))
        (left_out(facts, answer))
    }
}

/// The page of the bulletin that a row is about, from the cell with its id.
pub(super) fn to_bulletin(lane: &str, row: &Value, field: &str) -> Option<Section> {
    let text = |field: &str| row[field].as_str().map(str::to_owned);
    // What stands ahead of its history cannot be cited yet.
    (field == "bulletin" && row["ahead"] != true)
        .then(|| Some(Section::Bulletin(lane.to_owned(), text("publisher")?, text("bulletin")?)))?
}

/// What a bulletin states, cell by cell.
pub(super) fn bulletin(facts: &Facts<'_>, lane: &str) -> Markup {
    let answer = facts.answer(0);
    let fields = [
        ("publisher", "publisher", Form::Country),
        ("place", "place", Form::Text),
        ("observed", "observed", Form::Time),
        ("released", "signed", Form::Time),
        ("age", "age_seconds", Form::Age),
        ("withheld", "closed_cells", Form::Count),
    ];
    let mut columns = vec![
        ("kind", "kind", Form::Kind),
        ("origin", "origin", Form::Country),
        ("place", "place", Form::Text),
        ("need", "need", Form::Need),
        ("sex", "sex", Form::Of(Dimension::Sex)),
        ("age_group", "age", Form::Of(Dimension::Age)),
        ("period", "period", Form::Text),
        ("count", "count", Form::Count),
        ("entry", "seq", Form::Count),
    ];
    // Most bulletins tell neither needs nor who is a child.
    columns.retain(|(_, field, _)| list(answer, "observations").iter().any(|row| !row[*field].is_null()));
    let (caption, publisher) = (facts.say("crisis.stated"), answer["publisher"].as_str().unwrap_or_default());
    let proof = |row: &Value, field: &str| {
        let of = (AgreementId::from_hex(answer["lane"].as_str()?)?, publisher);
        (field == "count").then(|| to_proof(of, row))?
    };
    html! {
        (head(facts, lane, answer))
        (super::facts_of(facts, &fields, answer))
        h2 id="stated" { (caption) }
        p.note { (facts.say("crisis.stated_lead")) }
        (linked(facts, caption, &columns, list(answer, "observations"), &proof))
        (left_out(facts, answer))
        @if !list(answer, "corrections").is_empty() {
            h2 id="corrections" { (facts.say("crisis.corrections")) }
            (rows(facts, facts.say("crisis.corrections"), &[("time", "time", Form::Time), ("why", "reason", Form::Text)], list(answer, "corrections")))
        }
    }
}

/// The proof of the statement that a row is about.
fn to_proof((lane, publisher): (AgreementId, &str), row: &Value) -> Option<Section> {
    Some(Section::Proof(Stated {
        lane,
        country: publisher.to_owned(),
        key: SeriesKey::parse(row["key"].as_str()?).ok()?,
        period: Period::parse(row["period"].as_str()?).ok()?,
    }))
}

/// The proof of one number, with the file to take away.
pub(super) fn proof(facts: &Facts<'_>, stated: &Stated) -> Markup {
    let citation = facts.answer(0)[0]["citation"].as_str().unwrap_or_default();
    let file = format!("{}.json", facts.href(&Section::Proof(stated.clone())));
    let lane = stated.lane.to_hex();
    let shown = evidence::proof(facts.words, (&stated.country, &stated.key), citation, Some(&file));
    html! {
        (back(facts, &lane))
        p.note { (facts.say("crisis.restricted")) }
        @match shown { Ok(shown) => (shown), Err(_) => p { (facts.words.say("word.none")) } }
    }
}

/// What stands over every page about a lane, and the way back to its picture.
fn head(facts: &Facts<'_>, lane: &str, answer: &Value) -> Markup {
    html! {
        @if answer["watermark"].is_string() { p.training role="note" { (facts.say("crisis.exercise")) } }
        (back(facts, lane))
    }
}

fn back(facts: &Facts<'_>, lane: &str) -> Markup {
    html! { p { (facts.link(&Section::Crisis(lane.to_owned()), facts.say("crisis.back"))) } }
}

/// How much an answer does not list.
fn left_out(facts: &Facts<'_>, answer: &Value) -> Markup {
    let more = cell(facts, &answer["left_out"], Form::Count).into_string();
    html! { @if answer["left_out"].as_u64().is_some_and(|more| more > 0) {
        p.note { (facts.words.fill("operator.crisis.left_out", &[("n", &more)])) }
    } }
}
