//! A country's Migration Profile: what it reports by policy sector, what it does not and why, and what others report of it.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::indicators::capital;
use super::{drawable, table, withdrawn};
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::{Address, MapView};
use crate::api::http::portal::figures::{self, Line};
use crate::api::http::portal::page::{Download, Page, Source};
use crate::api::http::portal::picture::{Spark, spark};
use crate::api::http::service::failed;
use crate::feed::PublisherId;
use crate::insight::quality::{Gap, Report};
use crate::model::{AttributeId, Decimal, Dimension, Period, SeriesPattern, catalogue, codelist};

/// Corridors that are listed.
const MAX_CORRIDORS: usize = 40;

/// The page.
pub(super) fn page(source: &Source<'_>, code: &str) -> Result<Page, Refusal> {
    let words = source.words;
    let publisher = source.reader.publisher(code).ok().filter(|id| source.summary.held.contains_key(id));
    let corridors = corridors(source, code);
    if publisher.is_none() && corridors.is_empty() && codelist::area().get(code).is_none() {
        return Err(Refusal::NOTHING);
    }
    let map = MapView { country: Some(code.to_owned()), ..MapView::default() };
    let body = html! {
        p.lead { @if publisher.is_some() { (words.say("country.lead")) } @else { (words.say("country.silent")) } }
        p { a href=(source.href(&Address::Map(map))) { (words.say("country.on_map")) } }
        @if let Some(publisher) = publisher { (profile(source, code, publisher)?) }
        @if !corridors.is_empty() {
            h2 id="corridors" { (words.say("country.corridors")) }
            p { (words.say("country.corridors_lead")) }
            ul.columns { @for (from, to) in &corridors { li {
                a href=(source.href(&Address::Corridor { origin: from.clone(), destination: to.clone(), indicator: None })) {
                    (words.area(from)) " \u{2192} " (words.area(to))
                }
            } } }
        }
    };
    Ok(Page { title: words.area(code), body })
}

/// Those with most figures first.
fn corridors(source: &Source<'_>, code: &str) -> Vec<(String, String)> {
    let about = source.summary.corridors.iter().filter(|((from, to), _)| from == code || to == code);
    let mut all: Vec<_> = about.collect();
    all.sort_by_key(|(ends, corridor)| {
        (std::cmp::Reverse((corridor.reporters.len(), corridor.tally.observations)), *ends)
    });
    all.into_iter().take(MAX_CORRIDORS).map(|(ends, _)| ends.clone()).collect()
}

fn profile(source: &Source<'_>, code: &str, publisher: PublisherId) -> Result<Markup, Refusal> {
    let words = source.words;
    let (report, _) = source.reader.quality(publisher, None).map_err(|error| failed(&error))?;
    let pattern = SeriesPattern::any().with(Dimension::RefArea, code);
    let lines = figures::headlines(source.reader, pattern, "_T")?;
    let mut by_indicator: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in &lines {
        by_indicator.entry(line.key.indicator()).or_default().push(line);
    }
    let mut shown = BTreeSet::new();
    let mut modules = Vec::new();
    for sector in catalogue::sectors() {
        let of_it = catalogue::all()
            .iter()
            .filter(|one| one.sectors().next() == Some(*sector))
            .map(catalogue::Indicator::code);
        let of_it: Vec<&str> = of_it.filter(|one| by_indicator.contains_key(one)).collect();
        shown.extend(of_it.iter().copied());
        if !of_it.is_empty() {
            modules.push((capital(catalogue::sector_name(sector, words.language())), of_it));
        }
    }
    let own: Vec<&str> = by_indicator.keys().copied().filter(|one| !shown.contains(one)).collect();
    if !own.is_empty() {
        modules.push((words.say("country.own_module").to_owned(), own));
    }
    Ok(html! {
        (identity(source, code, publisher, &report))
        h2 id="modules" { (words.say("country.modules")) }
        @if modules.is_empty() { p { (words.say("country.no_totals")) } }
        @for (name, codes) in &modules { (module(source, code, name, codes, &by_indicator)) }
        (priorities(source, &lines))
        (gaps(source, &report))
        (sources(source, &lines))
        @if let Some(newest) = source.summary.withdrawn.get(&publisher) { (withdrawn(source, newest.iter(), newest.count)) }
        @let flow = Download::Csv { indicator: "MIGPROFILE", key: format!(".{code}") };
        @if let Some(href) = source.download(&flow) {
            h2 id="download" { (words.say("word.download")) }
            ul {
                li { a href=(href) { (words.say("country.csv")) } }
                @if let Some(href) = source.download(&Download::SdmxCsv { key: format!(".{code}") }) {
                    li { a href=(href) { (words.say("country.sdmx")) } }
                }
            }
        }
    })
}

fn identity(source: &Source<'_>, code: &str, publisher: PublisherId, report: &Report) -> Markup {
    let words = source.words;
    let heads = source.reader.heads().iter().filter(|head| head.feed.publisher == publisher);
    let newest = heads.clone().map(|head| head.time).max();
    html! {
        dl.facts {
            dt { (words.say("country.coverage")) }
            dd { (words.fill("word.of", &[("count", &words.count(report.reported as u64)), ("all", &words.count(report.core as u64))])) }
            @if let Some(time) = newest {
                dt { (words.say("country.newest")) } dd { (words.moment(time)) }
            }
            @if let Some(days) = report.median_age_days {
                dt { (words.say("country.age")) } dd { (words.fill("word.days", &[("count", &words.digits(&days.to_string()))])) }
            }
            dt { (words.say("country.overdue")) }
            dd {
                @if report.overdue.is_empty() { (words.say("country.none_overdue")) } @else {
                    @for (at, one) in report.overdue.iter().enumerate() {
                        @if at > 0 { ", " } a href=(source.href(&Address::Indicator(one.clone()))) { (words.indicator(one)) }
                    }
                }
            }
            dt { (words.say("word.publisher")) }
            dd { code { (publisher.to_hex()) } br; (words.fill("country.fingerprint", &[("digits", &publisher.fingerprint())])) }
            @for head in heads {
                dt { (words.say("country.edition")) }
                dd { (words.fill("country.edition_is", &[
                    ("agreement", &head.agreement), ("seq", &words.count(head.seq.0)),
                    ("time", &words.moment(head.time)), ("count", &words.count(head.observations)),
                ])) br; code { (head.entry.to_hex()) } }
            }
        }
        p { a href=(source.href(&Address::QualityOf(code.to_owned()))) { (words.say("country.quality")) } }
    }
}

fn module(
    source: &Source<'_>,
    code: &str,
    name: &str,
    codes: &[&str],
    lines: &BTreeMap<&str, Vec<&Line>>,
) -> Markup {
    let words = source.words;
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("word.period")) }
        th.n scope="col" { (words.say("word.total")) }
        th scope="col" { (words.say("word.unit")) }
        th scope="col" { (words.say("country.partners")) }
        th scope="col" { (words.say("country.course")) }
    } };
    let rows = html! { @for one in codes { @if let Some(of_it) = lines.get(one) { (row(source, code, one, of_it)) } } };
    html! { h3 { (name) } (table(name, &head, &rows)) }
}

/// The total that the country states, and its largest corridor: nothing is added up here.
fn row(source: &Source<'_>, code: &str, indicator: &str, lines: &[&Line]) -> Markup {
    let words = source.words;
    let is_pair = |line: &&&Line| codelist::alpha2(line.key.counterpart_area()).is_some();
    let total = lines.iter().find(|line| matches!(line.key.counterpart_area(), "_T" | "_X" | "_Z" | "001"));
    let newest = total.and_then(|line| line.newest());
    let pairs: Vec<&&Line> = lines.iter().filter(is_pair).collect();
    let largest = pairs
        .iter()
        .filter_map(|line| line.newest().map(|(period, value)| (value, period, line)))
        .max_by_key(|(value, period, _)| (*period, *value));
    html! { tr {
        th scope="row" { a href=(source.href(&Address::Indicator(indicator.to_owned()))) { (words.indicator(indicator)) } }
        @if let (Some(line), Some((period, value))) = (total, newest) {
            td { (period) }
            td.n { (source.figure(&value, line, period)) }
        } @else { td { "\u{2013}" } td.n title=(words.say("country.no_total")) { "\u{2013}" } }
        td { (catalogue::unit_name(lines[0].key.dimension(Dimension::UnitMeasure), words.language())) }
        td {
            @if let Some((value, period, line)) = largest {
                @let other = line.key.counterpart_area();
                @let (origin, destination) = ends(indicator, code, other);
                @let address = Address::Corridor { origin, destination, indicator: Some(indicator.to_owned()) };
                (words.fill("country.pairs", &[("count", &words.count(pairs.len() as u64))])) " "
                a href=(source.href(&address)) { (words.area(other)) } " ("
                (source.figure(&value, line, period)) ", " (period) ")"
            } @else { "\u{2013}" }
        }
        td { @if let Some(line) = total.copied().or_else(|| largest.map(|(_, _, line)| **line)) { (course(source, line)) } }
    } }
}

/// The values of a series in the size of a word.
fn course(source: &Source<'_>, line: &Line) -> Markup {
    let words = source.words;
    let points: Vec<Option<f64>> =
        line.figures.values().map(|figure| figure.value.and_then(drawable)).collect();
    let known = || line.figures.iter().filter_map(|(period, figure)| Some((*period, figure.value?)));
    let (Some(first), Some(last)) = (known().next(), known().next_back()) else { return html! {} };
    let said = |(period, value): (Period, Decimal)| format!("{period}: {}", words.number(&value));
    let label = format!("{} \u{2192} {}", said(first), said(last));
    html! { @if points.len() > 1 { (spark(&Spark { label: &label, points: &points })) } }
}

/// Where people of an indicator leave and arrive.
pub(super) fn ends(indicator: &str, reporter: &str, counterpart: &str) -> (String, String) {
    let arrives = catalogue::get(indicator).is_some_and(|one| one.side == catalogue::Side::Destination);
    let (origin, destination) = if arrives { (counterpart, reporter) } else { (reporter, counterpart) };
    (origin.to_owned(), destination.to_owned())
}

fn priorities(source: &Source<'_>, lines: &[Line]) -> Markup {
    let words = source.words;
    let is_one = |line: &&Line| line.attributes.get(AttributeId::NatPriority) == Some("Y");
    let all: BTreeSet<&str> = lines.iter().filter(is_one).map(|line| line.key.indicator()).collect();
    html! { @if !all.is_empty() {
        h2 id="priorities" { (words.say("country.priorities")) }
        ul { @for indicator in &all {
            li { a href=(source.href(&Address::Indicator((*indicator).to_owned()))) { (words.indicator(indicator)) } }
        } }
    } }
}

fn gaps(source: &Source<'_>, report: &Report) -> Markup {
    let words = source.words;
    let mut by_reason: BTreeMap<Gap, Vec<&str>> = BTreeMap::new();
    for (code, gap) in &report.gaps {
        by_reason.entry(*gap).or_default().push(code);
    }
    html! { @if !by_reason.is_empty() {
        h2 id="gaps" { (words.say("country.gaps")) }
        p { (words.say("country.gaps_lead")) }
        @for (gap, codes) in &by_reason { details open[*gap != Gap::NotReported] {
            summary { (words.say(gap_name(*gap))) " (" (words.count(codes.len() as u64)) ")" }
            ul.columns { @for code in codes { li {
                a href=(source.href(&Address::Indicator((*code).to_owned()))) { (words.indicator(code)) }
            } } }
        } }
    } }
}

/// The message that names a reason why there is no figure.
fn gap_name(gap: Gap) -> &'static str {
    match gap {
        Gap::NotReported => "gap.not_reported",
        Gap::NotCollected => "gap.not_collected",
        Gap::CannotExist => "gap.cannot_exist",
        Gap::Suppressed => "gap.suppressed",
        Gap::Missing => "gap.missing",
    }
}

/// Where figures come from and by what they are counted.
fn sources(source: &Source<'_>, lines: &[Line]) -> Markup {
    let words = source.words;
    let mut all: BTreeMap<&str, BTreeSet<[String; 3]>> = BTreeMap::new();
    for line in lines {
        let text = |id| line.attributes.get(id).unwrap_or_default().to_owned();
        let kind = line
            .attributes
            .get(AttributeId::SourceType)
            .map(|code| words.code(codelist::source_type(), code));
        let said = [kind.unwrap_or_default(), text(AttributeId::MinStayMonths), text(AttributeId::SourceRef)];
        let known = all.entry(line.key.indicator()).or_default();
        if known.len() < MAX_SOURCES && said.iter().any(|one| !one.is_empty()) {
            known.insert(said);
        }
    }
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("attribute.SOURCE_TYPE")) }
        th scope="col" { (words.say("attribute.MIN_STAY_MONTHS")) }
        th scope="col" { (words.say("attribute.SOURCE_REF")) }
    } };
    let rows = html! { @for (indicator, said) in &all { @for [kind, stay, text] in said { tr {
        th scope="row" { (words.indicator(indicator)) }
        td { (kind) } td { (stay) } td { (text) }
    } } } };
    let any = all.values().any(|said| !said.is_empty());
    html! { @if any {
        h2 id="sources" { (words.say("country.sources")) }
        (table(words.say("country.sources"), &head, &rows))
    } }
}

/// Different sources of one indicator that are listed.
const MAX_SOURCES: usize = 5;
