//! The regional profile of an agreement: exact sums of what members signed, who is missing, and a digest that members
//! compare. Nothing is put in the place of a member that reports nothing.

mod editions;
mod pictures;

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::country::ends;
use super::table;
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::{Address, RegionView};
use crate::api::http::portal::figures::{self, Line};
use crate::api::http::portal::page::{Page, Source};
use crate::api::http::service::failed;
use crate::feed::AgreementId;
use crate::insight::region::{Flow, Measure, Profile, Total};
use crate::model::{Decimal, Dimension, Period, SeriesPattern, catalogue};
use crate::node::NodeError;

/// Corridors that are listed as the largest.
const LARGEST: usize = 20;
/// Sums that are listed of one measure.
const MAX_PERIODS: usize = 12;

/// What of a profile is shown: one measure of one period.
pub(super) struct Shown<'a> {
    /// The measure.
    pub(super) measure: &'a Measure,
    /// The period.
    pub(super) period: Period,
    /// Its cells.
    pub(super) flows: Vec<&'a Flow>,
}

/// The page.
pub(super) fn page(source: &Source<'_>, view: &RegionView) -> Result<Page, Refusal> {
    let words = source.words;
    let members: Vec<String> =
        view.members.iter().flat_map(|text| text.split(',')).map(str::to_owned).collect();
    let group = source.reader.group(&view.agreement, &members).map_err(|error| refusal(&error))?;
    let profile = source.reader.region(&group).map_err(|error| refusal(&error))?;
    let is_public = group.agreement == AgreementId::public();
    let shown = shown(&profile, view);
    let editions = editions::section(source, &group, &profile)?;
    let body = html! {
        p.lead { (words.say("region.lead")) }
        (coverage(source, &profile))
        @if let Some(shown) = &shown {
            h2 id="matrix" { (words.indicator(&shown.measure.indicator)) ", " (shown.period) }
            (choice(source, view, &profile, shown))
            (sum(source, &profile, shown))
            (pictures::map(source, &profile, shown))
            (pictures::field(source, &profile, shown))
            (largest(source, shown)?)
        }
        (totals(source, view, &profile))
        (core(source, &profile))
        h2 id="digest" { (words.say("region.digest")) }
        p { (words.say("region.digest_is")) }
        p { code { (profile.digest.to_hex()) } }
        (editions)
    };
    let name = if is_public { words.say("regions.everybody").to_owned() } else { group.title };
    Ok(Page { title: words.fill("title.region", &[("group", &name)]), body })
}

fn refusal(error: &NodeError) -> Refusal {
    match error {
        NodeError::NotFound(_) | NodeError::Refused(_) => Refusal::NOTHING,
        error => failed(error),
    }
}

/// The measure and period that are asked for, else the one with most cells in its newest period.
fn shown<'a>(profile: &'a Profile, view: &RegionView) -> Option<Shown<'a>> {
    let fits = |flow: &&Flow| {
        view.indicator.as_ref().is_none_or(|code| *code == flow.measure.indicator)
            && view.period.as_ref().is_none_or(|period| *period == flow.period.to_string())
    };
    let cells: BTreeSet<(&Measure, Period)> =
        profile.flows.iter().filter(fits).map(|flow| (&flow.measure, flow.period)).collect();
    let of = |measure: &Measure, period: Period| -> Vec<&'a Flow> {
        let fits = |flow: &&Flow| flow.measure == *measure && flow.period == period;
        profile.flows.iter().filter(fits).collect()
    };
    let newest =
        |one: &Measure| cells.iter().filter(|(measure, _)| *measure == one).map(|(_, period)| *period).max();
    let (measure, period) = cells
        .iter()
        .filter(|(measure, period)| newest(measure) == Some(*period))
        .max_by_key(|(measure, period)| of(measure, *period).len())?;
    Some(Shown { measure, period: *period, flows: of(measure, *period) })
}

/// How many report, and who does not.
fn coverage(source: &Source<'_>, profile: &Profile) -> Markup {
    let words = source.words;
    let list = |codes: &[String]| {
        html! {
            @for (at, code) in codes.iter().enumerate() { @if at > 0 { ", " } (source.country(code)) }
        }
    };
    html! {
        p.finding { (words.fill("region.report", &[("count", &words.count(profile.reporting.len() as u64)), ("all", &words.count(profile.members.len() as u64))])) }
        dl.facts {
            dt { (words.say("region.reporting")) } dd { (list(&profile.reporting)) @if profile.reporting.is_empty() { (words.say("word.none")) } }
            dt { (words.say("region.missing")) } dd { @if profile.missing.is_empty() { (words.say("word.none")) } @else { strong { (list(&profile.missing)) } } }
        }
    }
}

/// The measures and periods that can be looked at.
fn choice(source: &Source<'_>, view: &RegionView, profile: &Profile, shown: &Shown<'_>) -> Markup {
    let words = source.words;
    let measures: BTreeSet<&str> = profile.flows.iter().map(|flow| flow.measure.indicator.as_str()).collect();
    let same = profile.flows.iter().filter(|flow| flow.measure == *shown.measure);
    let periods: BTreeSet<Period> = same.map(|flow| flow.period).collect();
    let link = |indicator: &str, period: Option<String>| {
        source.href(&Address::Region(RegionView {
            indicator: Some(indicator.to_owned()),
            period,
            ..view.clone()
        }))
    };
    html! {
        @if measures.len() > 1 { nav.choice aria-label=(words.say("word.indicators")) { ul { @for code in measures {
            li { a href=(link(code, None)) aria-current=[(code == shown.measure.indicator).then_some("true")] { (words.indicator(code)) } }
        } } } }
        @if periods.len() > 1 { nav.choice aria-label=(words.say("word.periods")) { ul { @for period in periods.iter().rev().take(MAX_PERIODS) {
            li { a href=(link(&shown.measure.indicator, Some(period.to_string()))) aria-current=[(*period == shown.period).then_some("true")] { (period) } }
        } } } }
    }
}

fn sum(source: &Source<'_>, profile: &Profile, shown: &Shown<'_>) -> Markup {
    let words = source.words;
    let Some(total) =
        profile.totals.iter().find(|one| one.measure == *shown.measure && one.period == shown.period)
    else {
        return html! {};
    };
    html! {
        dl.facts {
            dt { (words.say("region.sum")) } dd { strong { (number(source, total.sum.total)) } " " (catalogue::unit_name(&total.measure.unit, words.language())) }
            @if total.sum.female.is_some() || total.sum.male.is_some() {
                dt { (words.say("region.women")) } dd { (number(source, total.sum.female)) }
                dt { (words.say("region.men")) } dd { (number(source, total.sum.male)) }
            }
            dt { (words.say("region.cells")) }
            dd { (words.fill("region.cells_are", &[("cells", &words.count(total.cells as u64)), ("withheld", &words.count(total.withheld as u64)), ("members", &words.count(total.reporting.len() as u64))])) }
            dt { (words.say("region.known_share")) }
            dd { (representative(source, total)) }
        }
    }
}

/// How much of the region a sum stands for, as far as that is known.
fn representative(source: &Source<'_>, total: &Total) -> Markup {
    let words = source.words;
    html! {
        (number(source, total.known_share)) " "
        (words.say(match total.is_representative {
            Some(true) => "region.representative",
            Some(false) => "region.not_representative",
            None => "region.unknown_share",
        }))
    }
}

fn largest(source: &Source<'_>, shown: &Shown<'_>) -> Result<Markup, Refusal> {
    let words = source.words;
    let indicator = shown.measure.indicator.as_str();
    let lines = figures::totals(source.reader, SeriesPattern::any().with(Dimension::Indicator, indicator))?;
    let mut flows: Vec<&&Flow> = shown.flows.iter().filter(|flow| flow.value.total.is_some()).collect();
    flows.sort_by(|a, b| {
        b.value
            .total
            .cmp(&a.value.total)
            .then_with(|| (&a.origin, &a.destination).cmp(&(&b.origin, &b.destination)))
    });
    let head = html! { tr {
        th scope="col" { (words.say("word.corridor")) }
        th.n scope="col" { (words.say("word.total")) }
        th.n scope="col" { (words.say("region.women")) }
        th.n scope="col" { (words.say("region.men")) }
    } };
    let rows = html! { @for flow in flows.iter().take(LARGEST) {
        @let address = Address::Corridor { origin: flow.origin.clone(), destination: flow.destination.clone(), indicator: Some(flow.measure.indicator.clone()) };
        tr {
            th scope="row" { a href=(source.href(&address)) { (words.area(&flow.origin)) " \u{2192} " (words.area(&flow.destination)) } }
            @for (sex, value) in [("_T", flow.value.total), ("F", flow.value.female), ("M", flow.value.male)] {
                td.n { (proven(source, &lines, (flow, sex), value)) }
            }
        }
    } };
    Ok(html! {
        h3 { (words.say("region.largest")) }
        (table(words.say("region.largest"), &head, &rows))
    })
}

/// The value of a cell, opening the proof of the series that states it.
fn proven(source: &Source<'_>, lines: &[Line], (flow, sex): (&Flow, &str), value: Option<Decimal>) -> Markup {
    let Some(value) = value else { return html! { "\u{2013}" } };
    let states = |line: &&Line| {
        let of_it = ends(line.key.indicator(), line.key.ref_area(), line.key.counterpart_area());
        let known = line.key.dimension(Dimension::Sex);
        of_it == (flow.origin.clone(), flow.destination.clone())
            && (known == sex || known == "_Z" && sex == "_T")
            && line.figures.get(&flow.period).is_some_and(|figure| figure.value == Some(value))
    };
    match lines.iter().find(states) {
        Some(line) => source.figure(&value, line, flow.period),
        None => html! { (source.words.number(&value)) },
    }
}

/// The newest sum of each measure.
fn totals(source: &Source<'_>, view: &RegionView, profile: &Profile) -> Markup {
    let words = source.words;
    let is_newest = |total: &&Total| {
        !profile.totals.iter().any(|other| other.measure == total.measure && other.period > total.period)
    };
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("word.period")) }
        th.n scope="col" { (words.say("region.sum")) }
        th scope="col" { (words.say("word.unit")) }
        th.n scope="col" { (words.say("region.reporting")) }
        th scope="col" { (words.say("region.known_share")) }
    } };
    let rows = html! { @for total in profile.totals.iter().filter(is_newest) {
        @let indicator = Some(total.measure.indicator.clone());
        @let address = Address::Region(RegionView { indicator, period: None, ..view.clone() });
        tr {
            th scope="row" { a href=(source.href(&address)) { (words.indicator(&total.measure.indicator)) } }
            td { (total.period) }
            td.n { (number(source, total.sum.total)) }
            td { (catalogue::unit_name(&total.measure.unit, words.language())) }
            td.n { (words.fill("word.of", &[("count", &words.count(total.reporting.len() as u64)), ("all", &words.count(profile.members.len() as u64))])) }
            td { (representative(source, total)) }
        }
    } };
    html! { @if !profile.totals.is_empty() {
        h2 id="sums" { (words.say("region.sums")) }
        p { (words.say("region.sums_are")) }
        (table(words.say("region.sums"), &head, &rows))
    } }
}

/// How many members report each core indicator.
fn core(source: &Source<'_>, profile: &Profile) -> Markup {
    let words = source.words;
    let covered: Vec<_> = profile.coverage.iter().filter(|one| !one.reporting.is_empty()).collect();
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th.n scope="col" { (words.say("region.reporting")) }
        th scope="col" { (words.say("regions.who")) }
        th scope="col" { (words.say("word.period")) }
    } };
    let rows = html! { @for one in &covered { tr {
        th scope="row" { a href=(source.href(&Address::Indicator(one.indicator.to_owned()))) { (words.indicator(one.indicator)) } }
        td.n { (words.fill("word.of", &[("count", &words.count(one.reporting.len() as u64)), ("all", &words.count(profile.members.len() as u64))])) }
        td { (one.reporting.iter().map(|code| words.area(code)).collect::<Vec<_>>().join(", ")) }
        td { @if let Some(newest) = one.newest { (newest) } @else { "\u{2013}" } }
    } } };
    html! {
        h2 id="core" { (words.say("region.core")) }
        p { (words.fill("region.core_is", &[("count", &words.count(covered.len() as u64)), ("all", &words.count(profile.coverage.len() as u64))])) }
        @if !covered.is_empty() { (table(words.say("region.core"), &head, &rows)) }
    }
}

fn number(source: &Source<'_>, value: Option<Decimal>) -> String {
    value.map_or_else(|| "\u{2013}".to_owned(), |value| source.words.number(&value))
}
