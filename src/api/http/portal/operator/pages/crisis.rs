//! The common picture of one crisis: who is known, present, crossed, home, and unaccounted for; on what each figure
//! rests and how old it is. It asks for itself again, so that it can stand on a screen.

mod days;
mod drawn;

use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::basis::to_bulletin;
use super::{Facts, Form, cell, facts_of, linked, list, rows};
use crate::api::http::portal::operator::file::pattern;
use crate::api::http::portal::operator::section::Section;
use crate::api::http::portal::pages::table;

/// What a balance is made of, in the order in which it is read.
pub(in crate::api::http::portal::operator) const KINDS: [&str; 4] = ["known", "present", "crossed", "home"];

/// One lane.
pub(super) fn one(facts: &Facts<'_>) -> Markup {
    let lane = facts.answer(0);
    let say = |name: &str| facts.say(&format!("crisis.{name}"));
    let id = lane["lane"].as_str().unwrap_or_default();
    html! {
        @if lane["watermark"].is_string() { p.training role="note" { (say("exercise")) } }
        p.lead {
            strong { (lane["name"].as_str().unwrap_or(id)) } ", " (cell(facts, &lane["area"], Form::Country)) ": "
            (standing(facts, &lane["standing"])) ". "
            (facts.words.fill("operator.crisis.as_of", &[("time", &cell(facts, &lane["as_of"], Form::Time).into_string())]))
        }
        (ahead(facts, list(lane, "ahead")))
        (kept(facts, &lane["summary"]))
        (totals(facts, id, &lane["totals"]))
        p.note { (say("balance")) }
        (drawn::map(facts, lane))
        h2 id="origins" { (say("origins")) }
        (origins(facts, id, list(lane, "origins")))
        (rests(facts, ("needs", &["origin", "need"]), &[("origin", "origin", Form::Country), ("need", "need", Form::Need)], lane))
        (rests(facts, ("places", &["publisher", "place", "kind"]), &[("place", "place", Form::Text), ("publisher", "publisher", Form::Country), ("kind", "kind", Form::Kind)], lane))
        h2 id="days" { (say("days")) }
        (days::all(facts, id, list(lane, "days")))
        (rests(facts, ("publishers", &["publisher", "kind"]), &[("publisher", "publisher", Form::Country), ("kind", "kind", Form::Kind)], lane))
        h2 id="newest" { (say("newest")) }
        (linked(facts, say("newest"), newest_columns(lane), list(lane, "newest"), &|row, field| to_bulletin(id, row, field)))
        h2 id="corrections" { (say("corrections")) }
        (linked(facts, say("corrections"), &[
            ("bulletin", "bulletin", Form::Text), ("publisher", "publisher", Form::Country), ("time", "time", Form::Time),
            ("why", "reason", Form::Text),
        ], list(lane, "corrections"), &|row, field| to_bulletin(id, row, field)))
        (more(facts, lane))
        (away(facts, id))
    }
}

/// The columns of the newest bulletins; the last one where some of them stand ahead of their history.
fn newest_columns(lane: &Value) -> &'static [(&'static str, &'static str, Form)] {
    const ALL: [(&str, &str, Form); 7] = [
        ("bulletin", "bulletin", Form::Text),
        ("publisher", "publisher", Form::Country),
        ("place", "place", Form::Text),
        ("observed", "observed", Form::Time),
        ("age", "age_seconds", Form::Age),
        ("corrected", "corrected", Form::Count),
        ("ahead", "ahead", Form::Text),
    ];
    if list(lane, "ahead").is_empty() { &ALL[..6] } else { &ALL }
}

/// Whose newest bulletin is shown before those signed earlier have come.
fn ahead(facts: &Facts<'_>, all: &[Value]) -> Markup {
    let one = |row: &Value| {
        let publisher = cell(facts, &row["publisher"], Form::Country).into_string();
        let bulletin = cell(facts, &row["bulletin"], Form::Text).into_string();
        let count = cell(facts, &row["to_come"], Form::Count).into_string();
        let values = [("publisher", publisher.as_str()), ("bulletin", &bulletin), ("count", &count)];
        PreEscaped(facts.words.fill("operator.crisis.newest_first_of", &values))
    };
    html! { @if !all.is_empty() {
        p.note role="note" { (facts.say("crisis.newest_first")) }
        ul { @for row in all { li { (one(row)) } } }
    } }
}

/// What stays of a lane that is over, before what is left of its detail.
fn kept(facts: &Facts<'_>, summary: &Value) -> Markup {
    let say = |name: &str| facts.say(&format!("crisis.{name}"));
    let totals = summary["totals"].as_object().into_iter().flatten();
    let sums: Vec<Value> = totals.map(|(kind, count)| json!({ "kind": kind, "count": count })).collect();
    let count = [("kind", "kind", Form::Kind), ("count", "count", Form::Count)];
    let by = [&[("publisher", "publisher", Form::Country)][..], &count].concat();
    html! { @if !summary.is_null() {
        h2 id="summary" { (say("summary")) }
        p.note { (say("kept")) }
        (rows(facts, say("summary"), &count, &sums))
        (rows(facts, say("publishers"), &by, list(summary, "publishers")))
        h2 id="left" { (say("left")) }
    } }
}

/// Ways to take the picture away.
fn away(facts: &Facts<'_>, id: &str) -> Markup {
    let page = facts.href(&Section::Crisis(id.to_owned()));
    let query = format!("/sdmx/data/MIGPROFILE/{}?format=sdmx-csv", pattern());
    let parts = facts.say("crisis.sdmx_rest").split_once("{query}").unwrap_or_default();
    html! {
        h2 id="download" { (facts.say("crisis.away")) }
        ul.choice {
            li { a href=(format!("{page}.csv")) { (facts.say("crisis.csv")) } }
            li { a href=(format!("{page}.sdmx.csv")) { (facts.say("crisis.sdmx")) } }
            li hidden { button type="button" data-print { (facts.say("crisis.print")) } }
        }
        p.note { (parts.0) code { (query) } (parts.1) }
    }
}

/// What most pages of a lane do not have: rows that are told of where there are some.
fn more(facts: &Facts<'_>, lane: &Value) -> Markup {
    let part = |title: &str, columns: &[(&str, &str, Form)], all: &[Value]| {
        html! { @if !all.is_empty() { h2 id=(title) { (facts.say(&format!("crisis.{title}"))) } (rows(facts, facts.say(&format!("crisis.{title}")), columns, all)) } }
    };
    html! {
        (part("waiting", &[
            ("bulletin", "bulletin", Form::Text), ("observed", "observed", Form::Time), ("officers", "officers", Form::Text),
        ], list(lane, "waiting")))
        (part("duplicates", &[
            ("bulletin", "bulletin", Form::Text), ("counted", "counted", Form::Country), ("left_out", "left_out", Form::Country),
        ], list(lane, "duplicates")))
        (part("erasures", &[
            ("country", "country", Form::Country), ("time", "time", Form::Time),
        ], list(lane, "erasures")))
        @let lessons: Vec<_> = lane["lessons"].as_object().into_iter().flatten().collect();
        @if !lessons.is_empty() {
            h2 id="lessons" { (facts.say("crisis.lessons")) }
            dl.facts { @for (country, text) in lessons { dt { (facts.words.area(country)) } dd { (cell(facts, text, Form::Text)) } } }
        }
        h2 id="lane" { (facts.say("crisis.lane")) }
        (facts_of(facts, &[
            ("since", "since", Form::Time), ("until", "until", Form::Time), ("parties", "members", Form::Countries),
            ("couriers", "couriers", Form::Countries), ("signed", "signed", Form::Countries),
            ("not_signed", "may_sign", Form::Countries), ("bulletins", "bulletins", Form::Count),
            ("withheld", "closed_cells", Form::Count), ("erase_at", "erase_at", Form::Time),
        ], lane))
    }
}

/// In which state a lane is.
pub(super) fn standing(facts: &Facts<'_>, standing: &Value) -> Markup {
    cell(facts, standing, Form::Coded("crisis"))
}

/// A count that leads to what it rests on; whoever holds nothing of a kind has said nothing, which is not zero.
fn count(facts: &Facts<'_>, (lane, figure): (&str, &str), count: &Value) -> Markup {
    let text = cell(facts, count, Form::Count);
    let rests = Section::Rests(lane.to_owned(), figure.to_owned());
    html! { @if count.is_null() { (text) } @else { a.figure href=(facts.href(&rests)) { (text) } } }
}

/// The age of the newest of what a balance rests on.
fn youngest(balance: &Value) -> Value {
    let ages = KINDS.iter().filter_map(|kind| balance[*kind]["age_seconds"].as_i64());
    ages.min().map_or(Value::Null, Value::from)
}

fn totals(facts: &Facts<'_>, lane: &str, totals: &Value) -> Markup {
    let say = |name: &str| facts.say(&format!("crisis.{name}"));
    let field = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th scope="col" { (field("kind")) } th.n scope="col" { (field("count")) } th.t scope="col" { (field("from")) }
        th.n scope="col" { (field("bulletins")) } th.when scope="col" { (field("observed")) } th.n scope="col" { (field("age")) }
    } };
    let body = html! {
        @for kind in KINDS {
            @let figure = &totals[kind];
            tr {
                th scope="row" { (say(kind)) } td.n { (count(facts, (lane, &format!("totals/{kind}")), &figure["count"])) } td.t { (cell(facts, &figure["from"], Form::Countries)) }
                td.n { (cell(facts, &figure["bulletins"], Form::Count)) } td.when { (cell(facts, &figure["newest"], Form::Time)) }
                td.n { (cell(facts, &figure["age_seconds"], Form::Age)) }
            }
        }
        tr { th scope="row" { strong { (say("unaccounted")) } } td.n { strong { (cell(facts, &totals["unaccounted"], Form::Count)) } } td colspan="4" {} }
    };
    table(say("totals"), &head, &body)
}

fn origins(facts: &Facts<'_>, lane: &str, origins: &[Value]) -> Markup {
    if origins.is_empty() {
        return html! { p { (facts.words.say("word.none")) } };
    }
    let say = |name: &str| facts.say(&format!("crisis.{name}"));
    let head = html! { tr {
        th scope="col" { (facts.say("field.origin")) } @for kind in KINDS { th.n scope="col" { (say(kind)) } }
        th.n scope="col" { (say("unaccounted")) } th.n scope="col" { (facts.say("field.age")) }
    } };
    let named =
        |row: &Value, kind: &str| format!("origins/{}/{kind}", row["origin"].as_str().unwrap_or_default());
    let body = html! { @for row in origins { tr {
        th scope="row" { (cell(facts, &row["origin"], Form::Country)) } @for kind in KINDS { td.n { (count(facts, (lane, &named(row, kind)), &row[kind]["count"])) } }
        td.n { (cell(facts, &row["unaccounted"], Form::Count)) } td.n { (cell(facts, &youngest(row), Form::Age)) }
    } } };
    table(say("origins"), &head, &body)
}

/// Figures with what each rests on; the fields say how a row's figure is called.
fn rests(
    facts: &Facts<'_>,
    (title, fields): (&str, &[&str]),
    names: &[(&str, &str, Form)],
    lane: &Value,
) -> Markup {
    let mut columns = names.to_vec();
    columns.extend([
        ("count", "count", Form::Count),
        ("from", "from", Form::Countries),
        ("bulletins", "bulletins", Form::Count),
        ("observed", "newest", Form::Time),
        ("age", "age_seconds", Form::Age),
    ]);
    // Who reported says the row itself.
    columns.retain(|(name, _, _)| *name != "from" || names.iter().all(|(name, _, _)| *name != "publisher"));
    let caption = facts.say(&format!("crisis.{title}"));
    let figure = |row: &Value, field: &str| {
        let mut steps = vec![title];
        steps.extend(fields.iter().filter_map(|field| row[*field].as_str()));
        let id = lane["lane"].as_str().filter(|_| field == "count")?;
        Some(Section::Rests(id.to_owned(), steps.join("/")))
    };
    html! { h2 id=(title) { (caption) } (linked(facts, caption, &columns, list(lane, title), &figure)) }
}
