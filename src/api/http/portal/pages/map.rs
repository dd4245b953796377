//! The map: the world with the corridors of one country, as their governments signed them. A country that is opened on
//! it leads to its corridor with the chosen one, or to its profile.
//!
//! Nothing is added up and nothing is filled in. A corridor has the figure of the one government that counts it by this
//! indicator; what is suppressed is hatched, what nobody states is plain land.

mod choice;
mod drawn;

use std::cmp::Reverse;

use maud::{Markup, html};

use self::choice::{Choice, Direction};
use super::corridor::stated;
use super::country::ends;
use super::{figure, table};
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::{Address, MapView};
use crate::api::http::portal::figures::{self, Figure, Line};
use crate::api::http::portal::page::{Download, Page, Place, Source};
use crate::model::{Dimension, Period, SeriesPattern, catalogue, codelist};

/// Corridors that are listed of one direction.
const MAX_ROWS: usize = 100;

/// What is stated of a corridor for the period that is shown.
struct Said {
    origin: String,
    destination: String,
    line: Line,
    figure: Figure,
}

impl Said {
    /// The country at the other end.
    fn other<'a>(&'a self, chosen: &str) -> &'a str {
        if self.origin == chosen { &self.destination } else { &self.origin }
    }

    fn address(&self) -> Address {
        Address::Corridor {
            origin: self.origin.clone(),
            destination: self.destination.clone(),
            indicator: Some(self.line.key.indicator().to_owned()),
        }
    }
}

/// What is shown: one period of what was found.
struct Shown {
    period: Period,
    /// Every period of which something is stated, the newest first.
    periods: Vec<Period>,
    /// The largest first, then what has no value.
    said: Vec<Said>,
}

/// The page.
pub(super) fn page(source: &Source<'_>, view: &MapView) -> Result<Page, Refusal> {
    let words = source.words;
    let Some(choice) = Choice::of(source, view)? else {
        let body = html! { p.lead { (words.say("map.lead")) } p { (words.say("map.empty")) } };
        return Ok(Page { title: words.say("nav.map").to_owned(), body });
    };
    let shown = shown(source, &choice, view)?;
    let name = words.area(&choice.country);
    let body = html! {
        p.lead { (words.say("map.lead")) }
        @if source.place == Place::Node { (choice.form(source, shown.as_ref())) }
        (instead(source, view, &choice, shown.as_ref()))
        @match &shown {
            Some(shown) => {
                (finding(source, &choice, shown))
                (figure(source, &drawn::map(source, &choice, shown), &caption(source, &choice, shown)))
                p.note { (words.say("map.drawn")) " " (words.say("map.credit")) }
                (drawn::largest(source, shown))
                (lists(source, &choice, shown))
            }
            None => {
                p.finding { (words.say("map.none")) }
                (drawn::plain(source, &choice))
            }
        }
        p { a href=(source.href(&Address::Country(choice.country.clone()))) { (words.fill("map.profile", &[("country", &name)])) } }
    };
    Ok(Page { title: words.fill("map.title", &[("country", &name)]), body })
}

/// What is stated of the corridors that are chosen; none if nothing is.
fn shown(source: &Source<'_>, choice: &Choice<'_>, view: &MapView) -> Result<Option<Shown>, Refusal> {
    let Some(indicator) = choice.indicator.as_deref() else { return Ok(None) };
    let mut found: Vec<(String, String, Line)> = Vec::new();
    for end in [Dimension::RefArea, Dimension::CounterpartArea] {
        let pattern = SeriesPattern::any().with(Dimension::Indicator, indicator).with(end, &choice.country);
        for line in figures::headlines(source.reader, pattern, &choice.sex)? {
            let (here, there) = (line.key.ref_area(), line.key.counterpart_area());
            if codelist::alpha2(here).and(codelist::alpha2(there)).is_none() || here == there {
                continue;
            }
            let (origin, destination) = ends(indicator, here, there);
            if choice.direction.takes(&choice.country, &origin, &destination) {
                found.push((origin, destination, line));
            }
        }
    }
    let periods = periods(&found);
    let asked = view.period.as_deref().and_then(|text| Period::parse(text).ok());
    let Some(period) = asked.filter(|period| periods.contains(period)).or_else(|| fullest(&found, &periods))
    else {
        return Ok(None);
    };
    let said = found.into_iter().filter_map(|(origin, destination, line)| {
        let figure = *line.figures.get(&period)?;
        Some(Said { origin, destination, line, figure })
    });
    let mut said: Vec<Said> = said.collect();
    said.sort_by(|a, b| {
        let key = |one: &Said| (one.figure.value.is_none(), Reverse(one.figure.value));
        key(a).cmp(&key(b)).then_with(|| (&a.origin, &a.destination).cmp(&(&b.origin, &b.destination)))
    });
    Ok(Some(Shown { period, periods, said }))
}

fn periods(found: &[(String, String, Line)]) -> Vec<Period> {
    let mut all: Vec<Period> = found.iter().flat_map(|(.., line)| line.figures.keys().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all.reverse();
    all
}

/// The period of which most corridors have a value; of several the newest.
fn fullest(found: &[(String, String, Line)], periods: &[Period]) -> Option<Period> {
    let valued = |period: &Period| {
        let has = |line: &Line| line.figures.get(period).is_some_and(|figure| figure.value.is_some());
        found.iter().filter(|(.., line)| has(line)).count()
    };
    periods.iter().rev().max_by_key(|period| valued(period)).copied()
}

/// Says so where something else is shown than was asked for.
fn instead(source: &Source<'_>, view: &MapView, choice: &Choice<'_>, shown: Option<&Shown>) -> Markup {
    let words = source.words;
    let other = |asked: &str, shown: &str| words.fill("map.instead", &[("asked", asked), ("shown", shown)]);
    let indicator = view.indicator.as_deref().zip(choice.indicator.as_deref());
    let period = view.period.clone().zip(shown.map(|shown| shown.period.to_string()));
    html! {
        @if let Some((asked, shown)) = indicator && asked != shown {
            p role="note" { (other(&words.indicator(asked), &words.indicator(shown))) }
        }
        @if let Some((asked, shown)) = period && asked != shown { p role="note" { (other(&asked, &shown)) } }
    }
}

fn unit<'a>(source: &Source<'_>, shown: &'a Shown) -> &'a str {
    let unit = shown.said.first().map_or("", |one| one.line.key.dimension(Dimension::UnitMeasure));
    catalogue::unit_name(unit, source.words.language())
}

fn finding(source: &Source<'_>, choice: &Choice<'_>, shown: &Shown) -> Markup {
    let words = source.words;
    let valued = shown.said.iter().filter(|one| one.figure.value.is_some()).count();
    let indicator = words.indicator(choice.indicator.as_deref().unwrap_or_default());
    let (count, period) = (words.count(valued as u64), shown.period.to_string());
    html! { p.finding {
        (words.fill("map.found", &[("indicator", &indicator), ("count", &count), ("period", &period)])) " "
        @if let Some((one, value)) = shown.said.first().and_then(|one| Some((one, one.figure.value?))) {
            (words.say("map.largest")) " " a href=(source.href(&one.address())) { (corridor(source, one)) }
            ", " (source.figure(&value, &one.line, shown.period)) " (" (unit(source, shown)) ")."
        }
    } }
}

fn corridor(source: &Source<'_>, one: &Said) -> String {
    format!("{} \u{2192} {}", source.words.area(&one.origin), source.words.area(&one.destination))
}

/// What a picture of it is called.
fn caption(source: &Source<'_>, choice: &Choice<'_>, shown: &Shown) -> String {
    let words = source.words;
    let indicator = words.indicator(choice.indicator.as_deref().unwrap_or_default());
    let sex = words.say(choice::sex_name(&choice.sex));
    format!("{indicator}, {}, {sex} ({})", shown.period, unit(source, shown))
}

/// The same as tables, for each direction that is shown.
fn lists(source: &Source<'_>, choice: &Choice<'_>, shown: &Shown) -> Markup {
    html! { @for direction in [Direction::In, Direction::Out] {
        @let of_it: Vec<&Said> = shown.said.iter().filter(|one| direction.takes(&choice.country, &one.origin, &one.destination)).collect();
        @if !of_it.is_empty() { (list(source, choice, (direction, shown.period), &of_it)) }
    } }
}

fn list(
    source: &Source<'_>,
    choice: &Choice<'_>,
    (direction, period): (Direction, Period),
    of_it: &[&Said],
) -> Markup {
    let words = source.words;
    let title = format!("{}, {period}", choice.direction_name(source, direction));
    let (partner, id) =
        if direction == Direction::In { ("map.origin", "in") } else { ("map.destination", "out") };
    let head = html! { tr {
        th scope="col" { (words.say(partner)) }
        th.n scope="col" { (words.say("word.value")) }
        th scope="col" { (words.say("word.reported_by")) }
    } };
    let rows = html! { @for one in of_it.iter().take(MAX_ROWS) { tr {
        th scope="row" { a href=(source.href(&one.address())) { (words.area(one.other(&choice.country))) } }
        td.n { (stated(source, &one.line, period, &one.figure)) }
        td { (words.area(one.line.key.ref_area())) }
    } } };
    let indicator = choice.indicator.as_deref().unwrap_or_default();
    html! {
        h2 id=(id) { (title) }
        (table(&title, &head, &rows))
        @if of_it.len() > MAX_ROWS {
            p.note { (words.fill("map.more", &[("count", &words.count(MAX_ROWS as u64)), ("all", &words.count(of_it.len() as u64))])) }
        }
        @if let Some(href) = source.download(&Download::Csv { indicator, key: String::new() }) {
            p { a href=(href) { (words.say("indicator.csv")) } }
        }
    }
}
