//! The pages, one file each: what a page says, from what the views show.

pub(super) mod corridor;
mod countries;
mod country;
pub(super) mod evidence;
mod indicator;
mod indicators;
mod map;
mod node;
mod quality;
mod region;
mod regions;

use maud::{Markup, html};

use super::address::Address;
use super::page::{Page, Source};
use super::words::Words;
use crate::api::http::guard::Refusal;
use crate::api::http::withdrawn::Withdrawn;
use crate::model::Decimal;

/// Makes a page. It asks the views, which blocks.
///
/// # Errors
/// [`Refusal`] when there is nothing of that name, or the database is broken.
pub(in crate::api::http) fn make(source: &Source<'_>) -> Result<Page, Refusal> {
    match source.address {
        Address::Map(view) => map::page(source, view),
        Address::Countries => countries::page(source),
        Address::Country(code) => country::page(source, code),
        Address::Corridor { origin, destination, indicator } => {
            corridor::page(source, (origin, destination), indicator.as_deref())
        }
        Address::Indicators => Ok(indicators::page(source)),
        Address::Indicator(code) => indicator::page(source, code),
        Address::Regions => Ok(regions::page(source)),
        Address::Region(view) => region::page(source, view),
        Address::Quality => quality::all(source),
        Address::QualityOf(code) => quality::of(source, code),
        Address::Evidence { .. } => evidence::page(source),
        Address::Node => node::page(source),
    }
}

/// A table that scrolls by itself where the screen is narrow; the keyboard reaches it.
pub(super) fn table(caption: &str, head: &Markup, rows: &Markup) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(caption) { table {
            caption { (caption) }
            thead { (head) }
            tbody { (rows) }
        } }
    }
}

/// What was taken back, with the reason that was given, where anything was; `count` is how much there is of it.
fn withdrawn<'a>(source: &Source<'_>, all: impl Iterator<Item = &'a Withdrawn>, count: u64) -> Markup {
    let words = source.words;
    let all: Vec<&Withdrawn> = all.take(MAX_WITHDRAWN).collect();
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("word.reported_by")) }
        th scope="col" { (words.say("word.counterpart")) }
        th scope="col" { (words.say("word.period")) }
        th scope="col" { (words.say("withdrawn.on")) }
        th scope="col" { (words.say("withdrawn.reason")) }
    } };
    let rows = html! { @for one in &all { tr {
        th scope="row" { (words.indicator(one.key.indicator())) }
        td { (words.area(one.key.ref_area())) }
        td { (words.area(one.key.counterpart_area())) }
        td { (one.spell()) }
        td { (words.moment(one.time)) }
        td { (one.reason) }
    } } };
    html! { @if !all.is_empty() {
        h2 id="withdrawn" { (words.say("withdrawn.title")) }
        p { (words.say("withdrawn.lead")) }
        @if count > all.len() as u64 { p.note {
            (words.fill("withdrawn.newest", &[("shown", &words.count(all.len() as u64)), ("count", &words.count(count))]))
        } }
        (table(words.say("withdrawn.title"), &head, &rows))
    } }
}

/// So many are listed.
const MAX_WITHDRAWN: usize = 50;

/// A picture with its caption, and ways to take it away that show where there is script.
fn figure(source: &Source<'_>, drawn: &Markup, caption: &str) -> Markup {
    saved(source.words, drawn, caption)
}

/// The same for pages that are made of something else.
pub(super) fn saved(words: Words, drawn: &Markup, caption: &str) -> Markup {
    html! {
        figure {
            (drawn)
            figcaption {
                (caption) " "
                @for (kind, text) in [("svg", "figure.svg"), ("png", "figure.png")] {
                    button type="button" hidden data-save=(kind) { (words.say(text)) } " "
                }
            }
        }
    }
}

/// A value as pictures take it: near enough to draw, never to print.
fn drawable(value: Decimal) -> Option<f64> {
    value.to_string().parse().ok().filter(|value: &f64| value.is_finite())
}
