//! The map itself, and the largest corridors as bars.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::choice::{Choice, Direction};
use super::{Said, Shown, caption, corridor, unit};
use crate::api::http::portal::address::Address;
use crate::api::http::portal::page::Source;
use crate::api::http::portal::pages::drawable;
use crate::api::http::portal::picture::{
    self, Area, Bar, Bars, Caption, Classes, Flow, Key, Map, Shade, View,
};

/// Corridors that are drawn as bands: more hide each other, and the classes of countries beneath.
const MAX_FLOWS: usize = 25;
/// Corridors that are drawn as bars.
const MAX_BARS: usize = 10;

/// A country with what is said of it.
struct Place {
    code: String,
    label: String,
    href: String,
    shade: Shade,
}

/// The world with the corridors that are shown. One direction has countries in classes of value besides.
pub(super) fn map(source: &Source<'_>, choice: &Choice<'_>, shown: &Shown) -> Markup {
    let words = source.words;
    let values = |one: &Said| one.figure.value.and_then(drawable);
    let classes = match choice.direction {
        Direction::Both => None,
        Direction::In | Direction::Out => {
            Classes::of(&shown.said.iter().filter_map(values).collect::<Vec<f64>>())
        }
    };
    let places = places(source, choice, shown, classes.as_ref());
    let labels: Vec<(String, String)> =
        shown.said.iter().map(|one| (label(source, one), source.href(&one.address()))).collect();
    let flows: Vec<Flow<'_>> = shown
        .said
        .iter()
        .zip(&labels)
        .filter_map(|(one, (label, href))| {
            let value = values(one)?;
            Some(Flow {
                is_return: false,
                from: &one.origin,
                to: &one.destination,
                value,
                label,
                href: Some(href),
            })
        })
        .take(MAX_FLOWS)
        .collect();
    let (title, description) = (caption(source, choice, shown), words.say("map.drawn"));
    draw(source, choice, &places, (&flows, classes.as_ref()), (&title, description, unit(source, shown)))
}

/// The world with links alone, where nothing of the choice is stated.
pub(super) fn plain(source: &Source<'_>, choice: &Choice<'_>) -> Markup {
    let places = others(source, choice, &BTreeSet::new());
    let title = source.words.area(&choice.country);
    html! { figure { (draw(source, choice, &places, (&[], None), (&title, "", ""))) } }
}

fn draw(
    source: &Source<'_>,
    choice: &Choice<'_>,
    places: &[Place],
    (flows, classes): (&[Flow<'_>], Option<&Classes>),
    (title, description, unit): (&str, &str, &str),
) -> Markup {
    let words = source.words;
    let areas: Vec<Area<'_>> = places
        .iter()
        .map(|one| Area { code: &one.code, label: &one.label, href: Some(&one.href), shade: one.shade })
        .collect();
    let number = |value: f64| words.axis(value);
    picture::map(&Map {
        caption: Caption { id: "map", title, description },
        view: View::World,
        chosen: Some(&choice.country),
        areas: &areas,
        flows,
        number: &number,
        unit,
        keys: &keys(source, choice, (flows, classes), places),
    })
}

fn keys(
    source: &Source<'_>,
    choice: &Choice<'_>,
    (flows, classes): (&[Flow<'_>], Option<&Classes>),
    places: &[Place],
) -> Vec<(Key, String)> {
    let words = source.words;
    let mut keys = vec![(Key::Chosen, words.area(&choice.country))];
    let arrives = |flow: &Flow<'_>| flow.to == choice.country;
    if flows.iter().any(arrives) {
        keys.push((Key::In, choice.direction_name(source, Direction::In)));
    }
    if flows.iter().any(|flow| !arrives(flow)) {
        keys.push((Key::Out, choice.direction_name(source, Direction::Out)));
    }
    for (at, (from, to)) in classes.into_iter().flat_map(Classes::ranges).enumerate() {
        let (from, to) = (words.axis(from), words.axis(to));
        keys.push((Key::Class(at), words.fill("map.range", &[("from", &from), ("to", &to)])));
    }
    if places.iter().any(|place| place.shade == Shade::Missing) {
        keys.push((Key::Missing, words.say("map.no_value").to_owned()));
    }
    keys
}

/// A corridor with its value, or why it has none.
fn label(source: &Source<'_>, one: &Said) -> String {
    let said = match &one.figure.value {
        Some(value) => source.words.number(value),
        None => source.words.status(&one.figure.status.code().to_string()).to_owned(),
    };
    format!("{}: {said}", corridor(source, one))
}

/// The country that is chosen, those at the other ends of its corridors, and all others of which something is held.
fn places(source: &Source<'_>, choice: &Choice<'_>, shown: &Shown, classes: Option<&Classes>) -> Vec<Place> {
    let mut by_partner: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
    for one in &shown.said {
        by_partner.entry(one.other(&choice.country)).or_default().push(one);
    }
    let partners = by_partner.iter().map(|(code, said)| {
        let labels: Vec<String> = said.iter().map(|one| label(source, one)).collect();
        let value = said.iter().find_map(|one| one.figure.value.and_then(drawable));
        let shade = match (value, classes) {
            (None, _) => Shade::Missing,
            (Some(value), Some(classes)) => Shade::Class(classes.class(value)),
            (Some(_), None) => Shade::Plain,
        };
        let href = said.first().map(|one| source.href(&one.address())).unwrap_or_default();
        Place { code: (*code).to_owned(), label: labels.join("; "), href, shade }
    });
    let mut places: Vec<Place> = partners.collect();
    places.extend(others(source, choice, &by_partner.keys().copied().collect()));
    places
}

/// Countries that lead to their profiles.
fn others(source: &Source<'_>, choice: &Choice<'_>, but: &BTreeSet<&str>) -> Vec<Place> {
    let all = choice.held.keys().copied().chain([choice.country.as_str()]);
    let all: BTreeSet<&str> = all.filter(|code| !but.contains(code)).collect();
    all.into_iter()
        .map(|code| Place {
            code: code.to_owned(),
            label: source.words.fill("map.profile", &[("country", &source.words.area(code))]),
            href: source.href(&Address::Country(code.to_owned())),
            shade: Shade::Plain,
        })
        .collect()
}

/// The largest as bars, which tell more than a map on a small screen.
pub(super) fn largest(source: &Source<'_>, shown: &Shown) -> Markup {
    let words = source.words;
    let rows: Vec<(String, String, String, f64)> = shown
        .said
        .iter()
        .filter_map(|one| {
            let value = one.figure.value?;
            let name = corridor(source, one);
            Some((name, words.number(&value), source.href(&one.address()), drawable(value)?))
        })
        .take(MAX_BARS)
        .collect();
    if rows.len() < 2 {
        return html! {};
    }
    let bars: Vec<Bar<'_>> = rows
        .iter()
        .map(|(name, text, href, value)| Bar {
            name,
            value: Some(*value),
            text,
            href: Some(href),
            chosen: false,
        })
        .collect();
    let title = words.fill(
        "map.more",
        &[("count", &words.count(rows.len() as u64)), ("all", &words.count(shown.said.len() as u64))],
    );
    let caption = Caption { id: "largest", title: &title, description: "" };
    let drawn = picture::bars(&Bars { caption, bars: &bars });
    super::figure(source, &drawn, &title)
}
