//! What ministries put in, what the checks found, and the log of acts.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::Value;

use super::partners::told;
use super::{Facts, Form, cell, list, rows};
use crate::api::http::portal::pages::table;

/// Acts that a page shows; `corridor audit` shows all.
const MAX_ACTS: usize = 500;

/// Submissions, and what was found in the files.
pub(super) fn all(facts: &Facts<'_>) -> Markup {
    let mut submissions = list(facts.answer(0), "submissions").to_vec();
    submissions.reverse();
    let acts = list(facts.answer(1), "acts").iter().rev();
    let found: Vec<&Value> =
        acts.filter(|act| act["act"] == "submit" && has_findings(act)).take(MAX_ACTS).collect();
    html! {
        (rows(facts, facts.say("title.submissions"), &[
            ("submission", "submission", Form::Text), ("file", "file", Form::File), ("observations", "observations", Form::Count),
            ("time", "time", Form::Time), ("released", "released", Form::Text),
        ], &submissions))
        h2 id="findings" { (facts.say("findings")) }
        p { (facts.say("findings_lead")) " " code { "corridor check FILE --findings FINDINGS.txt" } }
        @if found.is_empty() { p { (facts.words.say("word.none")) } }
        @for act in found { (finding(facts, act)) }
    }
}

/// Whether a check refused the file, or left rows out.
fn has_findings(act: &Value) -> bool {
    act["outcome"].as_str().is_some_and(|outcome| outcome != "done") || act["left_out"].is_object()
}

fn finding(facts: &Facts<'_>, act: &Value) -> Markup {
    let lines = list(&act["left_out"], "findings");
    html! { details open[!lines.is_empty()] {
        summary {
            (cell(facts, &act["file"], Form::File)) " \u{b7} " (cell(facts, &act["time"], Form::Time)) " \u{b7} "
            (who(facts, act))
        }
        dl.facts {
            dt { (facts.say("field.outcome")) } dd { (outcome(facts, act)) }
            @if !act["rows"].is_null() { dt { (facts.say("field.rows")) } dd { (cell(facts, &act["rows"], Form::Count)) } }
            @if act["findings"].is_number() { dt { (facts.say("findings")) } dd { (cell(facts, &act["findings"], Form::Count)) } }
            @if !act["left_out"]["errors"].is_null() { dt { (facts.say("field.left_out")) } dd { (cell(facts, &act["left_out"]["errors"], Form::Count)) } }
        }
        @if !lines.is_empty() { ul lang="en" { @for line in lines { li { (line.as_str().unwrap_or_default()) } } } }
    } }
}

/// Who did it: a person by the name that the machine has for it, or the node itself.
fn who(facts: &Facts<'_>, act: &Value) -> Markup {
    let name = act["who"].as_str().unwrap_or_default();
    facts
        .words
        .find(&format!("operator.who.{name}"))
        .map_or_else(|| html! { (name) }, |text| html! { (text) })
}

/// What came of it: done, or refused by a code.
fn outcome(facts: &Facts<'_>, act: &Value) -> Markup {
    let text = act["outcome"].as_str().unwrap_or_default();
    let Some(why) = text.strip_prefix("refused: ") else { return facts.coded("outcome", text) };
    let code = act["code"].as_str().unwrap_or(why);
    html! { (facts.say("outcome.refused")) " " (facts.coded("refusal", code)) }
}

/// The log of acts, newest first.
pub(super) fn audit(facts: &Facts<'_>) -> Markup {
    let acts = list(facts.answer(0), "acts");
    let shown: Vec<&Value> = acts.iter().rev().take(MAX_ACTS).collect();
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th.n scope="col" { (say("entry")) } th scope="col" { (say("time")) } th scope="col" { (say("act")) } th scope="col" { (say("who")) }
        th scope="col" { (say("where")) } th scope="col" { (say("outcome")) } th scope="col" { (say("details")) }
    } };
    let body = html! { @for act in &shown { tr {
        td.n { (cell(facts, &act["seq"], Form::Count)) } td.when { (cell(facts, &act["time"], Form::Time)) }
        th scope="row" { (facts.coded("act", act["act"].as_str().unwrap_or_default())) }
        td { (who(facts, act)) } td { (cell(facts, &act["from"], Form::Coded("from"))) }
        td { (outcome(facts, act)) } td { (details(facts, act)) }
    } } };
    let counts =
        [("count", facts.words.count(shown.len() as u64)), ("all", facts.words.count(acts.len() as u64))];
    let counts: Vec<(&str, &str)> = counts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    html! {
        p { (facts.words.fill("operator.acts_shown", &counts)) }
        p { (facts.say("audit_verify")) " " code { "corridor audit --verify" } }
        @if shown.is_empty() { p { (facts.words.say("word.none")) } } @else { (table(facts.say("title.audit"), &head, &body)) }
    }
}

/// What an act says beside what all say.
fn details(facts: &Facts<'_>, act: &Value) -> Markup {
    let known: BTreeSet<&str> = ["seq", "time", "act", "who", "from", "outcome", "entry", "code"].into();
    let more = act.as_object().into_iter().flatten();
    let more: Vec<_> =
        more.filter(|(name, value)| !known.contains(name.as_str()) && !value.is_null()).collect();
    // Who hears the page hears of which act they are.
    let place = cell(facts, &act["seq"], Form::Count).into_string();
    let named = format!("{}, {} {place}", facts.say("field.details"), facts.say("field.entry"));
    html! { @if !more.is_empty() { details {
        summary aria-label=(named) { (facts.say("field.details")) }
        dl.facts { @for (name, value) in more { dt { (facts.field(name)) } dd { (told(facts, act, name, value)) } } }
    } } }
}
