//! What a regional profile looks like: its members on the map with their largest corridors, and all its cells as a
//! field of origins by destinations.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::address;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::page::Source;
use crate::api::http::portal::pages::{drawable, figure};
use crate::api::http::portal::picture::{
    self, Area, Caption, Cell, Classes, Heat, HeatCell, Key, Map, Shade, View,
};
use crate::insight::region::{Flow, Matrix, Profile};
use crate::model::catalogue::{self, Side};

/// Corridors that are drawn as bands: more hide each other.
const MAX_FLOWS: usize = 30;
/// Members that a field has room for; more are read in the table.
const MAX_FIELD: usize = 40;
/// From this many members on, columns are headed by codes.
const MANY: usize = 15;

/// The members where they lie, those that report nothing hatched, and the largest corridors between them.
pub(super) fn map(source: &Source<'_>, profile: &Profile, shown: &Matrix) -> Markup {
    let words = source.words;
    let codes: Vec<&str> = profile.members.iter().map(|member| member.country.as_str()).collect();
    let places: Vec<(&str, String, String, Shade)> = codes
        .iter()
        .map(|code| {
            let is_missing = profile.missing.iter().any(|missing| missing == code);
            let name = words.area(code);
            let label = if is_missing { format!("{name}: {}", words.say("region.missing")) } else { name };
            let shade = if is_missing { Shade::Missing } else { Shade::Class(0) };
            (*code, label, source.href(&Address::Country((*code).to_owned())), shade)
        })
        .collect();
    let areas: Vec<Area<'_>> = places
        .iter()
        .map(|(code, label, href, shade)| Area { code, label, href: Some(href), shade: *shade })
        .collect();
    // Of the largest alone a name is made: a region of the whole world has ten thousand.
    let labels: Vec<(&Flow, String, f64, String)> = shown
        .largest(MAX_FLOWS)
        .into_iter()
        .filter_map(|flow| {
            let total = flow.value.total?;
            let label = format!("{}: {}", corridor(source, flow), words.number(&total));
            Some((flow, label, drawable(total)?, source.href(&address(shown, flow))))
        })
        .collect();
    let flows: Vec<picture::Flow<'_>> = labels
        .iter()
        .map(|(flow, label, value, href)| picture::Flow {
            is_return: false,
            from: &flow.origin,
            to: &flow.destination,
            value: *value,
            label,
            href: Some(href),
        })
        .collect();
    let mut keys = vec![(Key::Class(0), words.say("region.reporting").to_owned())];
    if !profile.missing.is_empty() {
        keys.push((Key::Missing, words.say("region.missing").to_owned()));
    }
    let title = title(source, shown);
    let drawn = picture::map(&Map {
        caption: Caption { id: "region", title: &title, description: words.say("map.drawn") },
        view: View::Around(&codes),
        chosen: None,
        areas: &areas,
        flows: &flows,
        number: &|value| words.axis(value),
        unit: catalogue::unit_name(&shown.measure.unit, words.language()),
        keys: &keys,
    });
    html! {
        (figure(source, &drawn, &title))
        p.note { (words.say("map.drawn")) " " (words.say("map.credit")) }
    }
}

/// Every cell of the measure and period.
pub(super) fn field(source: &Source<'_>, profile: &Profile, shown: &Matrix) -> Markup {
    let words = source.words;
    let codes: Vec<&str> = profile.members.iter().map(|member| member.country.as_str()).collect();
    if codes.len() > MAX_FIELD || codes.len() < 2 {
        return html! {};
    }
    let flows: BTreeMap<(&str, &str), &Flow> =
        shown.flows.iter().map(|flow| ((&*flow.origin, &*flow.destination), flow)).collect();
    let values: Vec<f64> = shown
        .flows
        .iter()
        .filter_map(|flow| flow.value.total.and_then(drawable))
        .filter(|value| *value != 0.0)
        .collect();
    let classes = Classes::of(&values);
    let cells: Vec<Vec<HeatCell>> = codes
        .iter()
        .map(|origin| {
            let cell =
                |destination: &&str| one(source, (shown, origin, destination), (&flows, classes.as_ref()));
            codes.iter().map(cell).collect()
        })
        .collect();
    let names: Vec<String> = codes.iter().map(|code| words.area(code)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let title = title(source, shown);
    let drawn = picture::heat(&Heat {
        caption: Caption { id: "field", title: &title, description: words.say("region.field") },
        rows: &names,
        columns: if codes.len() < MANY { &names } else { &codes },
        axes: (words.say("map.origin"), words.say("map.destination")),
        cells: &cells,
        keys: &keys(source, classes.as_ref(), cells.iter().flatten()),
    });
    html! {
        h3 id="field" { (words.say("region.matrix")) }
        p { (words.say("region.field")) }
        (figure(source, &drawn, &title))
        (silent(source, profile, shown))
    }
}

fn one(
    source: &Source<'_>,
    (shown, origin, destination): (&Matrix, &str, &str),
    (flows, classes): (&BTreeMap<(&str, &str), &Flow>, Option<&Classes>),
) -> HeatCell {
    let words = source.words;
    if origin == destination {
        return HeatCell { cell: Cell::Diagonal, text: String::new(), label: String::new(), href: None };
    }
    let flow = flows.get(&(origin, destination));
    let name = format!("{} \u{2192} {}", words.area(origin), words.area(destination));
    let value = flow.and_then(|flow| flow.value.total);
    let (cell, text) = match (value, value.and_then(drawable)) {
        (Some(_), Some(0.0)) => (Cell::Zero, "0".to_owned()),
        (Some(total), Some(value)) => {
            (Cell::Class(classes.map_or(0, |classes| classes.class(value))), words.number(&total))
        }
        _ => (Cell::Missing, String::new()),
    };
    let said = if text.is_empty() { words.say("map.no_value") } else { &text };
    let label = format!("{name}: {said}");
    HeatCell { cell, label, href: flow.map(|flow| source.href(&address(shown, flow))), text }
}

fn keys<'a>(
    source: &Source<'_>,
    classes: Option<&Classes>,
    cells: impl Iterator<Item = &'a HeatCell>,
) -> Vec<(Key, String)> {
    let words = source.words;
    let mut keys = Vec::new();
    for (at, (from, to)) in classes.into_iter().flat_map(Classes::ranges).enumerate() {
        let (from, to) = (words.axis(from), words.axis(to));
        keys.push((Key::Class(at), words.fill("map.range", &[("from", &from), ("to", &to)])));
    }
    let (mut zero, mut missing) = (false, false);
    for cell in cells {
        zero |= cell.cell == Cell::Zero;
        missing |= cell.cell == Cell::Missing;
    }
    if zero {
        keys.push((Key::Zero, "0".to_owned()));
    }
    if missing {
        keys.push((Key::Missing, words.say("map.no_value").to_owned()));
    }
    keys
}

/// Members of which no cell of the measure and period is stated: their row or column is empty for that reason.
fn silent(source: &Source<'_>, profile: &Profile, shown: &Matrix) -> Markup {
    let words = source.words;
    let arrives = catalogue::get(&shown.measure.indicator).is_some_and(|one| one.side == Side::Destination);
    let reporters: BTreeSet<&str> =
        shown.flows.iter().map(|flow| if arrives { &*flow.destination } else { &*flow.origin }).collect();
    let silent: Vec<String> = profile
        .members
        .iter()
        .filter(|member| !reporters.contains(member.country.as_str()))
        .map(|member| words.area(&member.country))
        .collect();
    html! { @if !silent.is_empty() {
        p.note { (words.fill("region.silent", &[("countries", &silent.join(", "))])) }
    } }
}

fn corridor(source: &Source<'_>, flow: &Flow) -> String {
    format!("{} \u{2192} {}", source.words.area(&flow.origin), source.words.area(&flow.destination))
}

fn title(source: &Source<'_>, shown: &Matrix) -> String {
    let words = source.words;
    let unit = catalogue::unit_name(&shown.measure.unit, words.language());
    format!("{}, {} ({unit})", words.indicator(&shown.measure.indicator), shown.period)
}
