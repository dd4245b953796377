//! What is measured: the definition in plain words, who reports it by what, and the largest corridors. Countries stand in
//! the order of their names: definitions differ, and a rank would say more than the figures do.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::country::ends;
use super::{drawable, figure, table};
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::figures::{self, Line};
use crate::api::http::portal::page::{Download, Page, Source};
use crate::api::http::portal::picture::{Bar, Bars, Caption, bars};
use crate::model::catalogue::{Indicator, Line as Fact};
use crate::model::{AttributeId, Decimal, Dimension, Period, SeriesPattern, catalogue, codelist};

/// Corridors that are listed.
const MAX_CORRIDORS: usize = 25;

/// The page.
pub(super) fn page(source: &Source<'_>, code: &str) -> Result<Page, Refusal> {
    let words = source.words;
    let explanation = catalogue::explain(code);
    if explanation.is_none() && !source.summary.indicators.contains_key(code) {
        return Err(Refusal::NOTHING);
    }
    let pattern = SeriesPattern::any().with(Dimension::Indicator, code);
    let lines = figures::headlines(source.reader, pattern, "_T")?;
    let body = html! {
        @if let Some(explanation) = explanation {
            dl.facts { @for line in explanation.lines(words.language()) {
                dt { (line.label) } dd { (worded(explanation.indicator(), &line)) }
            } }
            @if let Some(mirror) = explanation.indicator().mirror.code() {
                p { a href=(source.href(&Address::Indicator(mirror.to_owned()))) {
                    (words.fill("indicator.mirror", &[("name", &words.indicator(mirror))]))
                } }
            }
        } @else { p.lead { (words.say("indicator.national")) } }
        h2 id="reporters" { (words.say("indicator.reporters")) }
        @if lines.is_empty() { p { (words.say("indicator.nobody")) } } @else {
            p { (words.say("indicator.care")) }
            (reporters(source, &lines))
            (largest(source, code, &lines))
            @if let Some(href) = source.download(&Download::Csv { indicator: code, key: String::new() }) {
                h2 id="download" { (words.say("word.download")) }
                p { a href=(href) { (words.say("indicator.csv")) } }
            }
        }
    };
    Ok(Page { title: words.indicator(code), body })
}

/// A fact; definitions and their sources are kept in English, so that there is one wording to agree on, and are marked.
fn worded(indicator: &Indicator, line: &Fact) -> Markup {
    let kept = match line.field {
        "definition" => indicator.definition(),
        "source" => indicator.source(),
        _ => "",
    };
    match line.text.strip_prefix(kept).filter(|_| !kept.is_empty()) {
        Some(note) => html! { span lang="en" { (kept) } (note) },
        None => html! { (line.text) },
    }
}

fn reporters(source: &Source<'_>, lines: &[Line]) -> Markup {
    let words = source.words;
    let mut by_country: BTreeMap<(String, &str), Vec<&Line>> = BTreeMap::new();
    for line in lines {
        let code = line.key.ref_area();
        by_country.entry((words.area(code), code)).or_default().push(line);
    }
    let head = html! { tr {
        th scope="col" { (words.say("word.country")) }
        th.n scope="col" { (words.say("country.partners")) }
        th scope="col" { (words.say("word.period")) }
        th.n scope="col" { (words.say("word.total")) }
        th scope="col" { (words.say("attribute.MIN_STAY_MONTHS")) }
        th scope="col" { (words.say("attribute.SOURCE_TYPE")) }
        th scope="col" { (words.say("word.unit")) }
    } };
    let rows = html! { @for ((name, code), of_it) in &by_country {
        @let total = of_it.iter().find(|line| matches!(line.key.counterpart_area(), "_T" | "_X" | "_Z" | "001"));
        @let pairs = of_it.iter().filter(|line| codelist::alpha2(line.key.counterpart_area()).is_some()).count();
        @let any = total.unwrap_or(&of_it[0]);
        tr {
            th scope="row" { a href=(source.href(&Address::Country((*code).to_owned()))) { (name) } }
            td.n { (words.count(pairs as u64)) }
            @if let Some((line, (period, value))) = total.and_then(|line| Some((line, line.newest()?))) {
                td { (period) } td.n { (source.figure(&value, line, period)) }
            } @else {
                td { (of_it.iter().filter_map(|line| line.newest()).map(|(period, _)| period).max().map_or_else(|| "\u{2013}".to_owned(), |period| period.to_string())) }
                td.n title=(words.say("country.no_total")) { "\u{2013}" }
            }
            td { (any.attributes.get(AttributeId::MinStayMonths).unwrap_or("\u{2013}")) }
            td { (any.attributes.get(AttributeId::SourceType).map_or_else(|| "\u{2013}".to_owned(), |code| words.code(codelist::source_type(), code))) }
            td { (catalogue::unit_name(any.key.dimension(Dimension::UnitMeasure), words.language())) }
        }
    } };
    table(words.say("indicator.reporters"), &head, &rows)
}

/// Of corridors, what each reporter counted last.
fn largest(source: &Source<'_>, code: &str, lines: &[Line]) -> Markup {
    let words = source.words;
    let pairs = lines.iter().filter(|line| codelist::alpha2(line.key.counterpart_area()).is_some());
    let mut all: Vec<_> =
        pairs.filter_map(|line| line.newest().map(|(period, value)| (value, period, line))).collect();
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.key.cmp(&b.2.key)));
    all.truncate(MAX_CORRIDORS);
    let head = html! { tr {
        th scope="col" { (words.say("word.corridor")) }
        th scope="col" { (words.say("word.reported_by")) }
        th scope="col" { (words.say("word.period")) }
        th.n scope="col" { (words.say("word.value")) }
    } };
    let rows = html! { @for (value, period, line) in &all {
        @let reporter = line.key.ref_area();
        @let (origin, destination) = ends(code, reporter, line.key.counterpart_area());
        @let name = format!("{} \u{2192} {}", words.area(&origin), words.area(&destination));
        tr {
            th scope="row" { a href=(source.href(&Address::Corridor { origin, destination, indicator: Some(code.to_owned()) })) { (name) } }
            td { (words.area(reporter)) }
            td { (period) }
            td.n { (source.figure(value, line, *period)) }
        }
    } };
    html! { @if !all.is_empty() {
        h2 id="corridors" { (words.say("indicator.largest")) }
        (bars_of(source, code, &all))
        (table(words.say("indicator.largest_caption"), &head, &rows))
    } }
}

/// The largest of them as bars.
fn bars_of(source: &Source<'_>, code: &str, all: &[(Decimal, Period, &Line)]) -> Markup {
    let words = source.words;
    let rows: Vec<(String, String, String, Option<f64>)> = all
        .iter()
        .take(MAX_BARS)
        .map(|(value, period, line)| {
            let (origin, destination) = ends(code, line.key.ref_area(), line.key.counterpart_area());
            let name = format!("{} \u{2192} {}", words.area(&origin), words.area(&destination));
            let indicator = Some(code.to_owned());
            let href = source.href(&Address::Corridor { origin, destination, indicator });
            (name, format!("{} ({period})", words.number(value)), href, drawable(*value))
        })
        .collect();
    let drawn: Vec<Bar<'_>> = rows
        .iter()
        .map(|(name, text, href, value)| Bar { name, value: *value, text, href: Some(href), chosen: false })
        .collect();
    let title = words.say("indicator.largest");
    let caption = Caption { id: "largest", title, description: words.say("indicator.largest_caption") };
    figure(source, &bars(&Bars { caption, bars: &drawn }), words.say("indicator.largest_caption"))
}

/// Corridors that are drawn.
const MAX_BARS: usize = 12;
