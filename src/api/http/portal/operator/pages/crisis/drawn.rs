//! The map of a crisis: where it is, over which countries people leave, and where those who are known come from.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use crate::api::http::portal::operator::pages::{Facts, list};
use crate::api::http::portal::pages::saved;
use crate::api::http::portal::picture::{self, Area, Caption, Classes, Flow, Key, Map, Shade, View};

/// What a country says on the map.
#[derive(Default)]
struct Said<'a> {
    /// People of it who are known.
    known: Option<i64>,
    /// Who crossed into it, as it counts them.
    crossed: Option<i64>,
    /// Who came home to it.
    home: Option<i64>,
    /// Who crossed at each of its border points: the code of the place, and how many.
    points: Vec<(&'a str, i64)>,
}

/// Draws it; nothing where no figure has a place on a map.
pub(super) fn map(facts: &Facts<'_>, lane: &Value) -> Markup {
    let words = facts.words;
    let area = lane["area"].as_str().unwrap_or_default();
    let mut said: BTreeMap<&str, Said<'_>> = BTreeMap::new();
    for row in list(lane, "origins") {
        let Some(origin) = row["origin"].as_str() else { continue };
        let one = said.entry(origin).or_default();
        (one.known, one.home) = (row["known"]["count"].as_i64(), row["home"]["count"].as_i64());
    }
    for row in list(lane, "publishers").iter().filter(|row| row["kind"] == "crossed") {
        let Some(publisher) = row["publisher"].as_str() else { continue };
        said.entry(publisher).or_default().crossed = row["count"].as_i64();
    }
    for row in list(lane, "places").iter().filter(|row| row["kind"] == "crossed") {
        let (Some(publisher), Some(place)) = (row["publisher"].as_str(), row["place"].as_str()) else {
            continue;
        };
        let points = &mut said.entry(publisher).or_default().points;
        points.extend(row["count"].as_i64().map(|count| (place, count)));
    }
    said.retain(|code, one| {
        *code != area && (one.known.is_some() || one.crossed.is_some() || one.home.is_some())
    });
    if said.is_empty() {
        return html! {};
    }
    let known: Vec<f64> = said.values().filter_map(|one| Some(drawable(one.known?))).collect();
    let classes = Classes::of(&known);
    let labels: Vec<(&str, String)> =
        said.iter().map(|(code, one)| (*code, label(facts, code, one))).collect();
    let shade = |code: &str| match (&classes, said.get(code).and_then(|one| Some(drawable(one.known?)))) {
        (Some(classes), Some(value)) => Shade::Class(classes.class(value)),
        (_, None) | (None, _) => Shade::Plain,
    };
    let areas: Vec<Area<'_>> =
        labels.iter().map(|(code, label)| Area { code, label, href: None, shade: shade(code) }).collect();
    let flows = flows(area, &said, &labels);
    let mut codes: Vec<&str> = said.keys().copied().collect();
    codes.push(area);
    let mut keys = vec![(Key::Chosen, words.fill("operator.crisis.here", &[("area", &words.area(area))]))];
    for (key, is_return, name) in [(Key::Out, false, "flows"), (Key::In, true, "returns")] {
        if flows.iter().any(|flow| flow.is_return == is_return) {
            keys.push((key, facts.say(&format!("crisis.{name}")).to_owned()));
        }
    }
    for (at, (from, to)) in classes.iter().flat_map(Classes::ranges).enumerate() {
        let range = words.fill("map.range", &[("from", &words.axis(from)), ("to", &words.axis(to))]);
        keys.push((Key::Class(at), format!("{}: {range}", facts.say("crisis.known"))));
    }
    let title = words.fill("operator.crisis.map", &[("area", &words.area(area))]);
    let number = |value: f64| words.axis(value);
    let drawn = picture::map(&Map {
        caption: Caption { id: "crisis", title: &title, description: facts.say("crisis.map_text") },
        view: View::Around(&codes),
        chosen: Some(area),
        areas: &areas,
        flows: &flows,
        number: &number,
        unit: facts.say("crisis.people"),
        keys: &keys,
    });
    html! { (saved(words, &drawn, &title)) p.note { (facts.say("crisis.points")) } }
}

/// Who crossed into a country, and who came home to it. Places within a country have no position here, so that both end
/// in the middle of the country that counts them.
fn flows<'a>(
    area: &'a str,
    said: &BTreeMap<&str, Said<'_>>,
    labels: &'a [(&'a str, String)],
) -> Vec<Flow<'a>> {
    let both = labels.iter().flat_map(|(code, label)| {
        let counts = said.get(code).map_or([None; 2], |one| [one.crossed, one.home]);
        counts.into_iter().zip([false, true]).filter_map(move |(count, is_return)| {
            let value = drawable(count.filter(|count| *count > 0)?);
            Some(Flow { from: area, to: code, value, label, is_return, href: None })
        })
    });
    both.collect()
}

fn label(facts: &Facts<'_>, code: &str, one: &Said<'_>) -> String {
    let number = |count: i64| facts.words.digits(&count.to_string());
    let points: Vec<String> =
        one.points.iter().map(|(place, count)| format!("{place} {}", number(*count))).collect();
    let parts = [("known", one.known), ("crossed", one.crossed), ("home", one.home)];
    let parts = parts.iter().filter_map(|(kind, count)| {
        let said = format!("{} {}", facts.say(&format!("crisis.{kind}")), number((*count)?));
        let at_points = *kind == "crossed" && !points.is_empty();
        Some(if at_points { format!("{said} ({})", points.join("; ")) } else { said })
    });
    format!("{}: {}", facts.words.area(code), parts.collect::<Vec<_>>().join(", "))
}

/// A count as pictures take it: near enough to draw, never to print.
pub(super) fn drawable(count: i64) -> f64 {
    count as f64
}
