//! A map: countries in classes of value, one chosen, and flows between them.

mod flows;

use std::collections::BTreeMap;

use maud::{Markup, html};
use svg::node::Node;
use svg::node::element::{Circle, Element, Group, Path, Rectangle, SVG};

use super::Number;
use super::element::{Caption, Role, frame, hatch, markup, named, short, with};
use super::legend::{Key, legend};
use super::outline::{Outline, Sheet, WIDTH};
use super::palette::{BORDER, CHOSEN, CLASS_FILLS, LAND};
use super::sheets::{around, whole};
pub(crate) use flows::Flow;

/// More countries than there are make no map.
pub(super) const MAX_AREAS: usize = 300;

/// What part of the world is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'a> {
    World,
    /// The part in which these countries lie, by alpha-3 code; the world where they lie all over it.
    Around(&'a [&'a str]),
}

/// How a country is filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shade {
    /// As land.
    Plain,
    /// A class of value, from 0.
    Class(usize),
    /// A value is asked for and there is none: hatched.
    Missing,
}

/// A country that says something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area<'a> {
    /// ISO 3166-1 alpha-3, or `XKX`.
    pub(crate) code: &'a str,
    /// What is read and shown at the pointer: its name and value.
    pub(crate) label: &'a str,
    pub(crate) href: Option<&'a str>,
    pub(crate) shade: Shade,
}

/// What a map shows.
pub(crate) struct Map<'a> {
    pub(crate) caption: Caption<'a>,
    pub(crate) view: View<'a>,
    pub(crate) chosen: Option<&'a str>,
    pub(crate) areas: &'a [Area<'a>],
    /// The widest are drawn, at most [`flows::MAX_FLOWS`].
    pub(crate) flows: &'a [Flow<'a>],
    pub(crate) number: Number<'a>,
    /// What the widths of flows mean: people a year, say.
    pub(crate) unit: &'a str,
    pub(crate) keys: &'a [(Key, String)],
}

/// Draws it, with its legend.
pub(crate) fn map(map: &Map<'_>) -> Markup {
    let sheet = match map.view {
        View::World => whole(),
        View::Around(codes) => around(codes),
    };
    let flows = flows::drawable(map.flows, &sheet);
    let strip = if flows.is_empty() { 0.0 } else { flows::LEGEND };
    let hatched = map.caption.part("h");
    let svg = frame(&map.caption, Role::Group, "pic-map", (WIDTH, sheet.height + strip)).add(hatch(&hatched));
    let svg = countries(svg.add(sea(&sheet)), map, &sheet, &hatched);
    let svg = if flows.is_empty() { svg } else { svg.add(flows::layer(&flows, map, &sheet)) };
    let svg = if flows.is_empty() { svg } else { svg.add(flows::legend(&flows, map, sheet.height)) };
    html! { (markup(&svg)) (legend(map.caption.id, map.keys)) }
}

/// The sheet behind the land; on a part of the world, its edge.
fn sea(sheet: &Sheet) -> Rectangle {
    let fill = if sheet.is_world { "none" } else { "#f6f8fa" };
    with(Rectangle::new(), &[("class", "sea"), ("fill", fill)])
        .set("width", short(WIDTH))
        .set("height", short(sheet.height))
}

/// Land first, then what is linked or valued, then the chosen country, so that its edge is on top.
fn countries(svg: SVG, map: &Map<'_>, sheet: &Sheet, hatched: &str) -> SVG {
    let areas: BTreeMap<&str, &Area<'_>> =
        map.areas.iter().take(MAX_AREAS).map(|area| (area.code, area)).collect();
    let plain = |code: &str| !areas.contains_key(code) && map.chosen != Some(code);
    let mut land = sheet.rest.clone();
    let mut dots = Group::new();
    let mut has_dots = false;
    for (_, outline) in sheet.lands.iter().filter(|(code, _)| plain(code)) {
        land.push_str(&outline.path);
        if outline.is_dot {
            has_dots = true;
            dots = dots.add(dot(outline, 1.4).set("fill", LAND).set("class", "area land"));
        }
    }
    let ground = drawn(&land).set("class", "area land").set("fill", LAND);
    let base = with(Group::new(), &[("aria-hidden", "true")]).add(ground);
    let svg = svg.add(if has_dots { base.add(dots) } else { base });
    // Large countries first, so that what is small lies above and can be met.
    let mut order: Vec<(&str, &Outline)> =
        sheet.lands.iter().map(|(code, outline)| (*code, outline)).collect();
    order.retain(|(code, _)| !plain(code));
    order.sort_by_key(|(code, outline)| (map.chosen == Some(code), outline.is_dot));
    order.into_iter().fold(svg, |svg, (code, outline)| {
        let area = areas.get(code).copied();
        svg.add(country(outline, area, map.chosen == Some(code), hatched))
    })
}

fn country(outline: &Outline, area: Option<&Area<'_>>, chosen: bool, hatched: &str) -> Element {
    let hatched = format!("url(#{hatched})");
    let shade = area.map_or(Shade::Plain, |area| area.shade);
    let (class, fill) = match shade {
        _ if chosen => ("chosen".to_owned(), CHOSEN),
        Shade::Plain => ("land".to_owned(), LAND),
        Shade::Class(at) => {
            let at = at.min(CLASS_FILLS.len() - 1);
            (format!("q{at}"), CLASS_FILLS[at])
        }
        Shade::Missing => ("missing".to_owned(), hatched.as_str()),
    };
    let class = format!("area {class}");
    let edge = |path: Path| match shade {
        _ if chosen => path.set("stroke", "#1a1a1a").set("stroke-width", 1),
        Shade::Missing => path.set("stroke", "#8a8a8a"),
        Shade::Plain | Shade::Class(_) => path,
    };
    let mut parts: Vec<Box<dyn Node>> = Vec::new();
    if !outline.path.is_empty() {
        parts.push(edge(drawn(&outline.path)).set("class", class.clone()).set("fill", fill).into());
    }
    if outline.is_dot {
        let (radius, edge) = match shade {
            _ if chosen => (4.5, "#1a1a1a"),
            Shade::Plain => (2.2, "#9a9a9a"),
            Shade::Class(_) | Shade::Missing => (3.0, "#4a4a4a"),
        };
        let mark = dot(outline, radius).set("class", format!("dot {class}"));
        parts.push(mark.set("fill", fill).set("stroke", edge).set("stroke-width", 0.8).into());
        // A finger needs more than the dot.
        parts.push(dot(outline, 9.0).set("fill", "none").set("pointer-events", "all").into());
    }
    named(area.and_then(|area| area.href), area.map_or("", |area| area.label), parts)
}

fn drawn(path: &str) -> Path {
    let attributes =
        [("fill-rule", "evenodd"), ("stroke", BORDER), ("stroke-width", "0.6"), ("stroke-linejoin", "round")];
    with(Path::new(), &attributes).set("d", path)
}

fn dot(outline: &Outline, radius: f64) -> Circle {
    Circle::new()
        .set("cx", short(outline.anchor.0))
        .set("cy", short(outline.anchor.1))
        .set("r", short(radius))
}
