//! What the map shows: what was asked for, and what stands in its place where nothing was.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Shown;
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::{Address, MapView};
use crate::api::http::portal::page::Source;
use crate::model::catalogue::{self, Breakdown, Kind};
use crate::model::codelist;

/// Shown first where it is held.
const FIRST: &str = "MS_FBORN";

/// Which way people go, seen from the country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Both ways.
    Both,
    /// They come.
    In,
    /// They leave.
    Out,
}

impl Direction {
    const ALL: [(Self, &'static str); 3] = [(Self::Both, ""), (Self::In, "in"), (Self::Out, "out")];

    /// Whether a corridor goes this way.
    pub(super) fn takes(self, country: &str, origin: &str, destination: &str) -> bool {
        match self {
            Self::Both => true,
            Self::In => destination == country,
            Self::Out => origin == country,
        }
    }
}

/// The message that names a sex.
pub(super) fn sex_name(code: &str) -> &'static str {
    match code {
        "F" => "word.women",
        "M" => "word.men",
        _ => "map.everybody",
    }
}

/// The choice.
pub(super) struct Choice<'a> {
    pub(super) country: String,
    /// None where the country has no corridors.
    pub(super) indicator: Option<String>,
    pub(super) sex: String,
    pub(super) direction: Direction,
    /// By country: what can be drawn of its corridors.
    pub(super) held: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Choice<'a> {
    /// What is asked for; this node's own country where none is, or one that has corridors. None where nobody has any.
    ///
    /// # Errors
    /// [`Refusal`] when something is asked for that does not exist.
    pub(super) fn of(source: &Source<'a>, view: &MapView) -> Result<Option<Self>, Refusal> {
        let held = held(source);
        let own = source.reader.country();
        let most = || held.iter().max_by_key(|(_, indicators)| indicators.len()).map(|(code, _)| *code);
        let country = match view.country.as_deref() {
            Some(code) if codelist::area().get(code).is_none() => return Err(Refusal::NOTHING),
            Some(code) => Some(code),
            None if held.contains_key(own) => Some(own),
            None => most(),
        };
        let Some(country) = country.map(str::to_owned) else { return Ok(None) };
        let asked = view.indicator.as_deref();
        if asked.is_some_and(|code| catalogue::get(code).is_none()) {
            return Err(Refusal::NOTHING);
        }
        let own = held.get(country.as_str());
        let indicator = own.and_then(|own| {
            let known = asked.filter(|code| own.contains(code));
            known.or_else(|| own.get(FIRST).copied()).or_else(|| own.first().copied()).map(str::to_owned)
        });
        let sex = view.sex.as_deref().unwrap_or("_T");
        let direction = view.direction.as_deref().unwrap_or_default();
        let direction = Direction::ALL.into_iter().find(|(_, code)| *code == direction);
        let (Some((direction, _)), "_T" | "F" | "M") = (direction, sex) else {
            return Err(Refusal::NOTHING);
        };
        Ok(Some(Self { country, indicator, sex: sex.to_owned(), direction, held }))
    }

    /// A direction in words.
    pub(super) fn direction_name(&self, source: &Source<'_>, direction: Direction) -> String {
        let country = source.words.area(&self.country);
        let message = match direction {
            Direction::Both => "map.both",
            Direction::In => "map.to",
            Direction::Out => "map.from",
        };
        source.words.fill(message, &[("country", &country)])
    }

    /// A form that works without script.
    pub(super) fn form(&self, source: &Source<'_>, shown: Option<&Shown>) -> Markup {
        let words = source.words;
        let mut countries: Vec<(String, &str)> =
            self.held.keys().map(|code| (words.area(code), *code)).collect();
        if !self.held.contains_key(self.country.as_str()) {
            countries.push((words.area(&self.country), &self.country));
        }
        countries.sort();
        let indicators = self.held.get(self.country.as_str()).into_iter().flatten();
        let periods = shown.map(|shown| shown.periods.as_slice()).unwrap_or_default();
        let action = Address::Map(MapView::default()).path(words.language());
        html! { form.choose method="get" action=(action) {
            label { (words.say("word.country")) select name="country" {
                @for (name, code) in &countries { option value=(code) selected[*code == self.country] { (name) } }
            } }
            label { (words.say("word.indicator")) select name="indicator" {
                @for code in indicators {
                    option value=(code) selected[Some(*code) == self.indicator.as_deref()] { (words.indicator(code)) }
                }
            } }
            label { (words.say("word.period")) select name="period" {
                @for period in periods { option selected[shown.is_some_and(|shown| shown.period == *period)] { (period) } }
            } }
            label { (words.say("map.sex")) select name="sex" {
                @for code in ["_T", "F", "M"] { option value=(code) selected[code == self.sex] { (words.say(sex_name(code))) } }
            } }
            label { (words.say("map.direction")) select name="direction" {
                @for (direction, code) in Direction::ALL {
                    option value=(code) selected[direction == self.direction] { (self.direction_name(source, direction)) }
                }
            } }
            button { (words.say("map.show")) }
        } }
    }
}

/// By country, the indicators of its corridors that are amounts: a width is no rate and no state.
fn held<'a>(source: &Source<'a>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let is_amount = |code: &str| {
        catalogue::get(code).is_some_and(|one| {
            matches!(one.kind, Kind::Stock | Kind::Flow | Kind::List)
                && one.dims.contains(&Breakdown::Counterpart)
        })
    };
    let amounts: BTreeSet<&str> =
        source.summary.indicators.keys().map(String::as_str).filter(|code| is_amount(code)).collect();
    let mut held: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
    for ((origin, destination), corridor) in &source.summary.corridors {
        for code in corridor.indicators.iter().filter(|code| amounts.contains(code.as_str())) {
            for end in [origin, destination] {
                held.entry(end).or_default().insert(code);
            }
        }
    }
    held
}
