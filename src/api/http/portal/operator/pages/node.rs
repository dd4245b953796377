//! How the node does: at a glance, and in all its parts.

use maud::{Markup, html};
use serde_json::Value;

use super::partners::loose;
use super::{Facts, Form, cell, english, facts_of, list, rows};
use crate::api::http::portal::operator::section::Section;
use crate::api::http::portal::pages::table;
use crate::node::metrics::Metric;

/// At a glance: whether something is to be done.
pub(super) fn overview(facts: &Facts<'_>) -> Markup {
    let status = facts.answer(0);
    let partners = list(status, "partners");
    let connected = partners.iter().filter(|one| one["connected"] == true).count() as u64;
    let behind: u64 = partners.iter().filter_map(|one| one["behind"].as_u64()).sum();
    let count = |number: usize| facts.words.count(number as u64);
    let of = [("count", facts.words.count(connected)), ("all", count(partners.len()))];
    let of: Vec<(&str, &str)> = of.iter().map(|(name, value)| (*name, value.as_str())).collect();
    html! {
        (verdict(facts))
        dl.facts {
            dt { (facts.say("field.state")) } dd { (cell(facts, &status["state"], Form::Coded("state"))) }
            dt { (facts.say("field.role")) } dd { (cell(facts, &status["role"], Form::Coded("role"))) }
            dt { (facts.link(&Section::Partners, facts.say("partners_connected"))) } dd { (facts.words.fill("word.of", &of)) }
            dt { (facts.link(&Section::Deliveries, facts.say("entries_owed"))) } dd { (facts.words.count(behind)) }
            dt { (facts.link(&Section::Faults, facts.say("title.faults"))) } dd { (count(list(status, "faults").len())) }
            dt { (facts.link(&Section::Crises, facts.say("title.crises"))) } dd { (count(list(status, "crises").len())) }
            dt { (facts.say("field.network")) } dd { (cell(facts, &status["network"], Form::Text)) }
            dt { (facts.say("field.fingerprint")) } dd { code { (cell(facts, &status["fingerprint"], Form::Text)) } }
        }
    }
}

fn verdict(facts: &Facts<'_>) -> Markup {
    html! { @match &facts.not_ready {
        None => p.verdict.holds role="status" { strong { (facts.say("ready")) } },
        Some(reason) => p.verdict.fails role="alert" { strong { (facts.say("not_ready")) } " " (english(reason)) },
    } }
}

/// Keys, standby, feeds, counters.
pub(super) fn health(facts: &Facts<'_>) -> Markup {
    let (status, keys, standby) = (facts.answer(0), facts.answer(1), facts.answer(2));
    html! {
        (verdict(facts))
        p { (facts.say("doctor")) " " code { "corridor doctor" } }
        (facts_of(facts, &[
            ("state", "state", Form::Coded("state")), ("role", "role", Form::Coded("role")), ("network", "network", Form::Text),
            ("publisher", "publisher_id", Form::Text), ("node", "node_id", Form::Text), ("addresses", "addresses", Form::Text),
        ], status))
        h2 id="keys" { (facts.say("keys")) }
        (rows(facts, facts.say("keys"), &[
            ("node", "node", Form::Code), ("state", "state", Form::Coded("key_state")), ("in_use", "in_use", Form::Text),
            ("purposes", "purposes", Form::Coded("purpose")), ("from", "from", Form::Time), ("until", "until", Form::Time),
            ("revoked", "revoked_at", Form::Time),
        ], list(keys, "keys")))
        h2 id="standby" { (facts.say("standby")) }
        (facts_of(facts, &[
            ("role", "role", Form::Coded("role")), ("leader", "leader", Form::Code), ("since", "since", Form::Time),
            ("behind", "behind", Form::Count),
        ], standby))
        (loose(facts, list(standby, "standbys")))
        h2 id="counters" { (facts.say("counters")) }
        (counters(facts, &facts.metrics))
    }
}

/// What a counter counts.
fn counted(facts: &Facts<'_>, metric: &Metric) -> Markup {
    facts
        .words
        .find(&format!("operator.counter.{}", metric.name))
        .map_or_else(|| english(metric.help), |text| html! { (text) })
}

fn counters(facts: &Facts<'_>, all: &[Metric]) -> Markup {
    let head = html! { tr { th scope="col" { (facts.say("field.counter")) } th.n scope="col" { (facts.words.say("word.value")) } } };
    let value = |metric: &Metric| facts.words.digits(&metric.value.to_string());
    let labels = |metric: &Metric| {
        let all: Vec<String> = metric.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Value::from(all.join(" "))
    };
    let body = html! { @for metric in all { tr {
        th scope="row" { code { (metric.name) } " " (cell(facts, &labels(metric), Form::Text)) br; small { (counted(facts, metric)) } }
        td.n { (value(metric)) }
    } } };
    table(facts.say("counters"), &head, &body)
}
