//! The regional profile of an agreement: exact sums of what members signed, who is missing, and a digest that members
//! compare. Nothing is put in the place of a member that reports nothing.

mod editions;
mod pictures;

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::country::ends;
use super::{drawable, table};
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::{Address, RegionView};
use crate::api::http::portal::figures::{self, Line};
use crate::api::http::portal::page::{Page, Source};
use crate::api::http::portal::picture::{Spark, spark};
use crate::api::http::service::failed;
use crate::feed::AgreementId;
use crate::insight::region::{Flow, Matrix, Measure, Profile, Total};
use crate::model::{Decimal, Dimension, Period, SeriesPattern, catalogue};
use crate::node::NodeError;

/// Corridors that are listed as the largest.
const LARGEST: usize = 20;
/// Sums that are listed of one measure.
const MAX_PERIODS: usize = 12;

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
        @if let Some(shown) = shown {
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
fn shown<'a>(profile: &'a Profile, view: &RegionView) -> Option<&'a Matrix> {
    let fits = |matrix: &&Matrix| {
        view.indicator.as_ref().is_none_or(|code| *code == matrix.measure.indicator)
            && view.period.as_ref().is_none_or(|period| *period == matrix.period.to_string())
    };
    // Matrices are in the order of measures and periods: of each measure the last is the newest.
    let newest: BTreeMap<&Measure, &Matrix> =
        profile.matrices.iter().filter(fits).map(|matrix| (&matrix.measure, matrix)).collect();
    newest.into_values().max_by_key(|matrix| matrix.flows.len())
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
fn choice(source: &Source<'_>, view: &RegionView, profile: &Profile, shown: &Matrix) -> Markup {
    let words = source.words;
    let measures: BTreeSet<&str> =
        profile.matrices.iter().map(|matrix| matrix.measure.indicator.as_str()).collect();
    let same = profile.matrices.iter().filter(|matrix| matrix.measure == shown.measure);
    let periods: Vec<Period> = same.map(|matrix| matrix.period).collect();
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

fn sum(source: &Source<'_>, profile: &Profile, shown: &Matrix) -> Markup {
    let words = source.words;
    let Some(total) =
        profile.totals.iter().find(|one| one.measure == shown.measure && one.period == shown.period)
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

fn largest(source: &Source<'_>, shown: &Matrix) -> Result<Markup, Refusal> {
    let words = source.words;
    let indicator = shown.measure.indicator.as_str();
    let flows = shown.largest(LARGEST);
    // Who states them and of whom are these countries, whichever end an indicator is reported from.
    let ends = flows.iter().flat_map(|flow| [&*flow.origin, &*flow.destination]);
    let pattern = SeriesPattern::any()
        .with(Dimension::Indicator, indicator)
        .with_any(Dimension::RefArea, ends.clone())
        .with_any(Dimension::CounterpartArea, ends);
    let lines = if flows.is_empty() { Vec::new() } else { figures::totals(source.reader, pattern)? };
    let head = html! { tr {
        th scope="col" { (words.say("word.corridor")) }
        th.n scope="col" { (words.say("word.total")) }
        th.n scope="col" { (words.say("region.women")) }
        th.n scope="col" { (words.say("region.men")) }
    } };
    let rows = html! { @for flow in flows {
        @let address = address(shown, flow);
        tr {
            th scope="row" { a href=(source.href(&address)) { (words.area(&flow.origin)) " \u{2192} " (words.area(&flow.destination)) } }
            @for (sex, value) in [("_T", flow.value.total), ("F", flow.value.female), ("M", flow.value.male)] {
                td.n { (proven(source, &lines, (shown.period, flow, sex), value)) }
            }
        }
    } };
    Ok(html! {
        h3 { (words.say("region.largest")) }
        (table(words.say("region.largest"), &head, &rows))
    })
}

/// The corridor of a cell.
fn address(shown: &Matrix, flow: &Flow) -> Address {
    Address::Corridor {
        origin: flow.origin.to_string(),
        destination: flow.destination.to_string(),
        indicator: Some(shown.measure.indicator.clone()),
    }
}

/// The value of a cell, opening the proof of the series that states it.
fn proven(
    source: &Source<'_>,
    lines: &[Line],
    (period, flow, sex): (Period, &Flow, &str),
    value: Option<Decimal>,
) -> Markup {
    let Some(value) = value else { return html! { "\u{2013}" } };
    let states = |line: &&Line| {
        let (origin, destination) =
            ends(line.key.indicator(), line.key.ref_area(), line.key.counterpart_area());
        let known = line.key.dimension(Dimension::Sex);
        (&*origin, &*destination) == (&*flow.origin, &*flow.destination)
            && (known == sex || known == "_Z" && sex == "_T")
            && line.figures.get(&period).is_some_and(|figure| figure.value == Some(value))
    };
    match lines.iter().find(states) {
        Some(line) => source.figure(&value, line, period),
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
        th scope="col" { (words.say("country.course")) }
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
            td { (course(source, profile, &total.measure)) }
        }
    } };
    html! { @if !profile.totals.is_empty() {
        h2 id="sums" { (words.say("region.sums")) }
        p { (words.say("region.sums_are")) }
        (table(words.say("region.sums"), &head, &rows))
    } }
}

/// The sums of a measure in the size of a word. A sum over other members breaks the line: it says nothing of a trend.
fn course(source: &Source<'_>, profile: &Profile, measure: &Measure) -> Markup {
    let words = source.words;
    let stated = |total: &&Total| total.measure == *measure && total.sum.total.is_some();
    let all: Vec<&Total> = profile.totals.iter().filter(stated).collect();
    let same: Vec<(Period, Decimal)> = all
        .iter()
        .filter(|total| total.is_comparable)
        .filter_map(|total| Some((total.period, total.sum.total?)))
        .collect();
    let [first, .., last] = same.as_slice() else { return html! { "\u{2013}" } };
    let said = |(period, value): &(Period, Decimal)| format!("{period}: {}", words.number(value));
    let label = format!("{} \u{2192} {}", said(first), said(last));
    let point = |total: &&Total| total.sum.total.filter(|_| total.is_comparable).and_then(drawable);
    let points: Vec<Option<f64>> = all.iter().map(point).collect();
    let (drawn, periods) = (words.count(same.len() as u64), words.count(all.len() as u64));
    html! {
        (spark(&Spark { label: &label, points: &points }))
        @if same.len() < all.len() {
            " " small { (words.fill("region.same_members", &[("count", &drawn), ("all", &periods)])) }
        }
    }
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
