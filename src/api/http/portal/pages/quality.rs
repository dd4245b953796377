//! How good, how early and how complete what publishers report is, measured from their signed records.

use maud::{Markup, html};

use super::table;
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::page::{Page, Source};
use crate::api::http::service::failed;
use crate::insight::quality::{Assessment, Report};
use crate::model::Decimal;

/// The page about everybody, by name.
pub(super) fn all(source: &Source<'_>) -> Result<Page, Refusal> {
    let words = source.words;
    let mut reports = Vec::new();
    for (publisher, report) in source.reader.qualities().map_err(|error| failed(&error))? {
        let country = source.reader.publishers().get(&publisher).map(|name| name.country.clone());
        let Some(code) = country.filter(|code| !code.is_empty()) else { continue };
        reports.push((words.area(&code), code, report));
    }
    reports.sort_by(|a, b| a.0.cmp(&b.0));
    let head = html! { tr {
        th scope="col" { (words.say("word.country")) }
        th.n scope="col" { (words.say("country.coverage")) }
        th.n scope="col" { (words.say("country.age")) }
        th scope="col" { (words.say("country.overdue")) }
    } };
    let rows = html! { @for (name, code, report) in &reports { tr {
        th scope="row" { a href=(source.href(&Address::QualityOf(code.clone()))) { (name) } }
        td.n { (coverage(source, report)) }
        td.n { (days(source, report.median_age_days)) }
        td { (overdue(source, report)) }
    } } };
    let body = html! {
        p.lead { (words.say("quality.lead")) }
        @if reports.is_empty() { p { (words.say("countries.none")) } } @else {
            (table(words.say("quality.benchmarks"), &head, &rows))
        }
        (method(source))
    };
    Ok(Page { title: words.say("title.quality").to_owned(), body })
}

/// The page about one country.
pub(super) fn of(source: &Source<'_>, code: &str) -> Result<Page, Refusal> {
    let words = source.words;
    let publisher = source.reader.publisher(code).map_err(|_| Refusal::NOTHING)?;
    let (report, _) = source.reader.quality(publisher, None).map_err(|error| failed(&error))?;
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("word.periods")) }
        th.n scope="col" { (words.say("quality.accuracy")) }
        th scope="col" { (words.say("quality.disaggregation")) }
        th.n scope="col" { (words.say("quality.timeliness")) }
        th scope="col" { (words.say("quality.due")) }
        th.n scope="col" { (words.say("quality.relevance")) }
        th.n scope="col" { (words.say("quality.comparability")) }
        th.n scope="col" { (words.say("quality.revisions")) }
    } };
    let rows = html! { @for one in &report.assessments { (row(source, one)) } };
    let body = html! {
        p { (source.country(code)) " \u{b7} " a href=(source.href(&Address::Quality)) { (words.say("quality.everybody")) } }
        dl.facts {
            dt { (words.say("country.coverage")) } dd { (coverage(source, &report)) }
            dt { (words.say("country.age")) } dd { (days(source, report.median_age_days)) }
            dt { (words.say("country.overdue")) } dd { (overdue(source, &report)) }
        }
        (table(words.say("quality.by_indicator"), &head, &rows))
        (method(source))
    };
    Ok(Page { title: words.fill("title.quality_of", &[("country", &words.area(code))]), body })
}

fn row(source: &Source<'_>, one: &Assessment) -> Markup {
    let words = source.words;
    let percent =
        |share: Option<Decimal>| share.map_or_else(|| "\u{2013}".to_owned(), |share| words.number(&share));
    html! { tr {
        th scope="row" { a href=(source.href(&Address::Indicator(one.indicator.clone()))) { (words.indicator(&one.indicator)) } }
        td { (one.first_period) "\u{2013}" (one.last_period) }
        td.n { (percent(one.accuracy.normal_share)) @if one.accuracy.withheld > 0 { br; small { (words.fill("quality.withheld", &[("count", &words.count(one.accuracy.withheld as u64))])) } } }
        td { (words.fill("word.of", &[("count", &words.count(one.breakdowns.len() as u64)), ("all", &words.count(one.possible_breakdowns.len() as u64))])) }
        td.n { (days(source, Some(one.timeliness_days))) }
        td { @if let Some(due) = one.due { (words.day(due)) } @else { "\u{2013}" } @if one.is_overdue { " " strong { (words.say("quality.overdue")) } } }
        td.n { (words.fill("quality.serves", &[("counterparts", &words.count(one.counterparts as u64))])) @if one.is_priority { br; small { (words.say("quality.priority")) } } }
        td.n { (words.fill("quality.without_break", &[("count", &words.count(one.comparability.comparable_periods as u64))])) br;
               small { (words.fill("quality.definitions", &[("count", &words.count(one.comparability.definitions as u64))])) } }
        td.n { (words.count(one.revisions.revised as u64)) @if let Some(mean) = one.revisions.mean_relative { br; small { (words.fill("quality.mean_revision", &[("value", &words.number(&mean))])) } } }
    } }
}

fn coverage(source: &Source<'_>, report: &Report) -> String {
    let words = source.words;
    words.fill(
        "word.of",
        &[("count", &words.count(report.reported as u64)), ("all", &words.count(report.core as u64))],
    )
}

fn days(source: &Source<'_>, days: Option<i64>) -> String {
    let words = source.words;
    days.map_or_else(
        || "\u{2013}".to_owned(),
        |days| words.fill("word.days", &[("count", &words.digits(&days.to_string()))]),
    )
}

fn overdue(source: &Source<'_>, report: &Report) -> Markup {
    let words = source.words;
    html! {
        @if report.overdue.is_empty() { (words.say("country.none_overdue")) } @else {
            @for (at, one) in report.overdue.iter().enumerate() {
                @if at > 0 { ", " } a href=(source.href(&Address::Indicator(one.clone()))) { (words.indicator(one)) }
            }
        }
    }
}

/// What each measure is.
fn method(source: &Source<'_>) -> Markup {
    let words = source.words;
    html! { details {
        summary { (words.say("quality.method")) }
        dl.facts {
            @for name in ["accuracy", "disaggregation", "timeliness", "due", "relevance", "comparability", "revisions"] {
                dt { (words.say(&format!("quality.{name}"))) } dd { (words.say(&format!("quality.{name}_is"))) }
            }
        }
    } }
}
