//! Series over years as lines. Each has its own colour, dash and mark and its name at its end; a year without a
//! value breaks the line, and one for which a reason is known is marked at the foot.

use std::collections::BTreeSet;

use maud::{Markup, html};
use svg::node::element::{Group, Line, Path, SVG, Title};

use super::Number;
use super::element::{Caption, Role, clean, fit, frame, markup, short, text, width_of, with};
use super::palette::{DASHES, GRID, SERIES};
use super::scale::{Scale, tame, ticks};

/// More series than this cannot be told apart.
pub(super) const MAX_SERIES: usize = 6;
/// More years than this no chart shows.
const MAX_YEARS: usize = 250;

/// What a series says for a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Point<'a> {
    Value(f64),
    /// No value, and why: withheld, not collected.
    Gap(&'a str),
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: &'a [(i32, Point<'a>)],
}

/// What a chart of lines shows.
pub(crate) struct Lines<'a> {
    pub(crate) caption: Caption<'a>,
    pub(crate) series: &'a [Series<'a>],
    /// What is measured, above the axis.
    pub(crate) unit: &'a str,
    pub(crate) number: Number<'a>,
    /// Fills the room between the first two series: how far two countries' figures are apart.
    pub(crate) shaded: bool,
}

/// Draws it twice, wide and narrow; the style sheet shows the one that fits, and without it both are there.
pub(crate) fn lines(lines: &Lines<'_>) -> Markup {
    let narrow = Caption { id: &format!("{}-n", lines.caption.id), ..lines.caption };
    html! {
        (markup(&chart(lines, &lines.caption, &Paper::WIDE)))
        (markup(&chart(lines, &narrow, &Paper::NARROW)))
    }
}

/// Measures of a chart, in units.
struct Paper {
    class: &'static str,
    width: f64,
    height: f64,
    /// Most room for names at the ends of lines; without it they stand in a list below.
    names: Option<f64>,
    years: usize,
}

impl Paper {
    const WIDE: Self =
        Self { class: "pic-lines pic-wide", width: 720.0, height: 340.0, names: Some(190.0), years: 9 };
    const NARROW: Self =
        Self { class: "pic-lines pic-narrow", width: 360.0, height: 300.0, names: None, years: 5 };
}

const TOP: f64 = 30.0;
const FOOT: f64 = 40.0;
const FONT: f64 = 13.0;

/// Where things are put.
struct Plot {
    x: Scale,
    y: Scale,
    ticks: Vec<f64>,
    right: f64,
}

fn chart(lines: &Lines<'_>, caption: &Caption<'_>, paper: &Paper) -> SVG {
    let series = &lines.series[..lines.series.len().min(MAX_SERIES)];
    let listed = if paper.names.is_none() { NAME_STEP * series.len() as f64 } else { 0.0 };
    let reasons = reasons(series);
    let noted = if reasons.is_empty() { 0.0 } else { NAME_STEP };
    let size = (paper.width, paper.height + listed + noted);
    let svg = frame(caption, Role::Image, paper.class, size).set("font-size", FONT);
    let plot = plot(lines, series, paper);
    let svg = svg.add(grid(&plot, lines, paper)).add(years(&plot, paper));
    let svg = match series {
        [first, second, ..] if lines.shaded => svg.add(between(first, second, &plot)),
        _ => svg,
    };
    let svg =
        series.iter().enumerate().fold(svg, |svg, (at, one)| svg.add(line(at, one, &plot, lines.number)));
    let svg = svg.add(names(series, &plot, paper));
    if reasons.is_empty() {
        return svg;
    }
    let note = fit(&format!("\u{d7} {reasons}"), paper.width, FONT);
    svg.add(text(&note, (0.0, paper.height + listed + noted - 5.0), "start"))
}

/// Why there are gaps, each reason once.
fn reasons(series: &[Series<'_>]) -> String {
    let gaps =
        series.iter().flat_map(|one| one.points.iter().take(MAX_YEARS)).filter_map(
            |(_, point)| match point {
                Point::Gap(reason) => Some(*reason),
                Point::Value(_) => None,
            },
        );
    let each: BTreeSet<&str> = gaps.filter(|reason| !reason.is_empty()).collect();
    each.into_iter().collect::<Vec<_>>().join("; ")
}

fn plot(lines: &Lines<'_>, series: &[Series<'_>], paper: &Paper) -> Plot {
    let values: Vec<f64> = series.iter().flat_map(|s| valued(s).map(|(_, value)| value)).collect();
    let low = values.iter().copied().fold(0.0, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    let ticks = ticks(low, high, 5);
    let (bottom, top) = (ticks.first().copied().unwrap_or(0.0), ticks.last().copied().unwrap_or(1.0));
    let widest = ticks.iter().map(|t| width_of(&(lines.number)(*t), FONT)).fold(20.0, f64::max);
    let left = (widest + 8.0).min(paper.width * 0.3);
    let longest = series.iter().map(|s| width_of(&clean(s.name), FONT)).fold(0.0, f64::max);
    let right = paper.width - paper.names.map_or(8.0, |most| (longest + 18.0).clamp(20.0, most));
    let years: Vec<f64> =
        series.iter().flat_map(|s| s.points.iter().map(|(year, _)| f64::from(*year))).collect();
    let first = years.iter().copied().fold(f64::INFINITY, f64::min);
    let last = years.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let from = if first <= last { (first, last) } else { (0.0, 0.0) };
    Plot {
        x: Scale { from, to: (left + 8.0, right - 8.0) },
        y: Scale { from: (bottom, top), to: (paper.height - FOOT, TOP) },
        ticks,
        right,
    }
}

/// The years with a value, each once, in order.
fn valued<'a>(series: &'a Series<'_>) -> impl Iterator<Item = (i32, f64)> + 'a {
    let mut seen: Vec<(i32, f64)> = series
        .points
        .iter()
        .take(MAX_YEARS)
        .filter_map(|(year, point)| match point {
            Point::Value(value) if value.is_finite() => Some((*year, tame(*value))),
            Point::Value(_) | Point::Gap(_) => None,
        })
        .collect();
    seen.sort_by_key(|(year, _)| *year);
    seen.dedup_by_key(|(year, _)| *year);
    seen.into_iter()
}

fn rule((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Line {
    Line::new().set("x1", short(x1)).set("y1", short(y1)).set("x2", short(x2)).set("y2", short(y2))
}

fn grid(plot: &Plot, lines: &Lines<'_>, paper: &Paper) -> Group {
    let left = plot.x.to.0 - 8.0;
    let group = Group::new().add(text(&fit(lines.unit, paper.width - 8.0, FONT), (0.0, 14.0), "start"));
    plot.ticks.iter().fold(group, |group, tick| {
        let y = plot.y.at(*tick);
        let (class, stroke) = if *tick == 0.0 { ("axis", "#555") } else { ("grid", GRID) };
        let line = with(rule((left, y), (plot.right, y)), &[("class", class), ("stroke", stroke)]);
        group.add(line).add(text(&(lines.number)(*tick), (left - 6.0, y + 4.5), "end"))
    })
}

fn years(plot: &Plot, paper: &Paper) -> Group {
    let (first, last) = plot.x.from;
    if last == 0.0 && first == 0.0 {
        return Group::new();
    }
    let span = last - first;
    let step =
        [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|step| span / step < paper.years as f64);
    let step = step.unwrap_or((span / paper.years as f64).ceil().max(1.0));
    let start = (first / step).ceil() as i64;
    let marks = (0..=paper.years as i64).map(|at| (start + at) as f64 * step).filter(|year| *year <= last);
    let y = paper.height - FOOT;
    let group = marks.fold(Group::new(), |group, year| {
        let x = plot.x.at(year);
        let tick = with(rule((x, y), (x, y + 5.0)), &[("class", "axis"), ("stroke", "#555")]);
        group.add(tick).add(text(&format!("{year}"), (x, y + 20.0), "middle"))
    });
    let base = with(rule((plot.x.to.0 - 8.0, y), (plot.right, y)), &[("class", "axis"), ("stroke", "#555")]);
    group.add(base)
}

fn line(at: usize, series: &Series<'_>, plot: &Plot, number: Number<'_>) -> Group {
    let group = Group::new()
        .set("class", format!("s{at}"))
        .set("color", SERIES[at])
        .set("stroke", "currentColor")
        .set("fill", "currentColor");
    let points: Vec<(i32, f64)> = valued(series).collect();
    let stroke =
        with(Path::new(), &[("fill", "none"), ("stroke-width", "2.2"), ("stroke-linejoin", "round")]);
    let group = group.add(stroke.set("d", broken(series, &points, plot)).set("stroke-dasharray", DASHES[at]));
    let group = points.iter().fold(group, |group, (year, value)| {
        let place = (plot.x.at(f64::from(*year)), plot.y.at(*value));
        let label = format!("{}, {year}: {}", series.name, number(*value));
        group.add(mark(at, place).add(Title::new(clean(&label))))
    });
    let gaps = series.points.iter().take(MAX_YEARS).filter_map(|(year, point)| match point {
        Point::Gap(reason) => Some((*year, *reason)),
        Point::Value(_) => None,
    });
    gaps.fold(group, |group, (year, reason)| {
        let (x, y) = (plot.x.at(f64::from(year)), plot.y.to.0 - 7.0 - at as f64 * 9.0);
        let cross = format!("M{} {}l6 6m0-6l-6 6", short(x - 3.0), short(y - 3.0));
        let label = format!("{}, {year}: {reason}", series.name);
        group.add(Path::new().set("d", cross).set("stroke-width", 1.4).add(Title::new(clean(&label))))
    })
}

/// A line through years that follow each other; it breaks where another series has a year between, or a gap is told.
fn broken(series: &Series<'_>, points: &[(i32, f64)], plot: &Plot) -> String {
    let gaps: BTreeSet<i32> =
        series.points.iter().filter(|(_, p)| matches!(p, Point::Gap(_))).map(|(year, _)| *year).collect();
    let mut steps: Vec<i32> = points.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(1);
    let mut data = String::new();
    let mut before: Option<i32> = None;
    for (year, value) in points {
        let joined = before.is_some_and(|before| {
            year.saturating_sub(before) <= usual.saturating_mul(LONGEST_STEP)
                && gaps.range(before..*year).next().is_none()
        });
        data.push(if joined { 'L' } else { 'M' });
        data.push_str(&format!("{} {}", short(plot.x.at(f64::from(*year))), short(plot.y.at(*value))));
        before = Some(*year);
    }
    data
}

/// Years further apart than this many usual steps are not joined any more: the usual one is the median.
const LONGEST_STEP: i32 = 1;

/// A mark of its own for each series: circle, square, triangle, diamond, cross, ring.
fn mark(at: usize, (x, y): (f64, f64)) -> Path {
    let (x, y) = (short(x), short(y));
    let shape = match at {
        0 => "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
        1 => "m-3.2-3.2h6.4v6.4h-6.4z",
        2 => "m0-4.4l4.2 7.4h-8.4z",
        3 => "m0-4.6l4.6 4.6l-4.6 4.6l-4.6-4.6z",
        4 => "m-3.4-3.4l6.8 6.8m0-6.8l-6.8 6.8",
        _ => "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0zm2 0a2.5 2.5 0 1 1 5 0a2.5 2.5 0 1 1-5 0z",
    };
    let path = Path::new().set("d", format!("M{x} {y}{shape}"));
    if at == 4 { path.set("stroke-width", 2) } else { path.set("stroke", "none") }
}

/// Names at the ends of the lines, moved apart where they would lie on each other.
fn names(series: &[Series<'_>], plot: &Plot, paper: &Paper) -> Group {
    let mut ends: Vec<(usize, f64)> = series
        .iter()
        .enumerate()
        .map(|(at, one)| (at, valued(one).last().map_or(plot.y.to.0, |(_, value)| plot.y.at(value))))
        .collect();
    let left = if paper.names.is_some() { plot.right + 6.0 } else { 8.0 };
    match paper.names {
        Some(_) => apart(&mut ends, paper.height - FOOT + 4.0),
        None => ends.iter_mut().for_each(|(at, y)| *y = paper.height + NAME_STEP * *at as f64),
    }
    ends.into_iter().fold(with(Group::new(), &[("class", "names")]), |group, (at, y)| {
        let key = Group::new().set("class", format!("s{at}")).set("color", SERIES[at]);
        let key = key.set("fill", "currentColor").set("stroke", "currentColor").add(mark(at, (left, y)));
        let name = fit(series[at].name, paper.width - left - 8.0, FONT);
        group.add(key).add(text(&name, (left + 8.0, y + 4.5), "start"))
    })
}

/// Moves names apart, downwards first, and up again from the foot.
fn apart(ends: &mut [(usize, f64)], foot: f64) {
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = TOP;
    for (_, y) in ends.iter_mut() {
        *y = y.max(free);
        free = *y + NAME_STEP;
    }
    let mut floor = foot;
    for (_, y) in ends.iter_mut().rev() {
        *y = y.min(floor);
        floor = *y - NAME_STEP;
    }
}

/// Room for one name.
const NAME_STEP: f64 = 16.0;

/// The room between two series, over the years that both have and that follow each other.
fn between(first: &Series<'_>, second: &Series<'_>, plot: &Plot) -> Path {
    let others: std::collections::BTreeMap<i32, f64> = valued(second).collect();
    let both: Vec<(i32, f64, f64)> =
        valued(first).filter_map(|(year, value)| Some((year, value, *others.get(&year)?))).collect();
    let usual = both.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).min().unwrap_or(1);
    let mut data = String::new();
    for pair in both.windows(2).filter(|pair| pair[1].0.saturating_sub(pair[0].0) <= usual) {
        let place = |year: i32, value: f64| {
            format!("{} {}", short(plot.x.at(f64::from(year))), short(plot.y.at(value)))
        };
        let [(y0, a0, b0), (y1, a1, b1)] = [pair[0], pair[1]];
        data.push_str(&format!("M{}L{}L{}L{}Z", place(y0, a0), place(y1, a1), place(y1, b1), place(y0, b0)));
    }
    with(Path::new(), &[("class", "between"), ("fill", "#888"), ("fill-opacity", "0.18")]).set("d", data)
}
