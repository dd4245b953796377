//! Amounts by name as horizontal bars, the largest first.

use maud::Markup;
use svg::node::element::{Element, Line, Rectangle, SVG};

use super::element::{Caption, Role, clean, fit, frame, hatch, markup, named, short, text, width_of, with};
use super::scale::{Scale, tame};

/// More bars than this are a table.
pub(super) const MAX_BARS: usize = 60;

/// One bar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar<'a> {
    pub(crate) name: &'a str,
    /// `None`: there is no value, and `text` says why.
    pub(crate) value: Option<f64>,
    /// The value as it is read.
    pub(crate) text: &'a str,
    pub(crate) href: Option<&'a str>,
    /// The one that the page is about.
    pub(crate) chosen: bool,
}

/// What a chart of bars shows.
pub(crate) struct Bars<'a> {
    pub(crate) caption: Caption<'a>,
    pub(crate) bars: &'a [Bar<'a>],
}

const WIDTH: f64 = 420.0;
const ROW: f64 = 26.0;
const FONT: f64 = 14.0;

/// Draws them: values from the largest to the smallest, then what has none.
pub(crate) fn bars(bars: &Bars<'_>) -> Markup {
    let mut rows: Vec<(Option<f64>, &Bar<'_>)> =
        bars.bars.iter().map(|bar| (bar.value.filter(|v| v.is_finite()).map(tame), bar)).collect();
    rows.sort_by(|a, b| {
        let order = b.0.unwrap_or(f64::NEG_INFINITY).total_cmp(&a.0.unwrap_or(f64::NEG_INFINITY));
        order.then_with(|| a.1.name.cmp(b.1.name))
    });
    rows.truncate(MAX_BARS);
    let widest = |text: fn(&Bar<'_>) -> String, most: f64| {
        rows.iter().map(|(_, bar)| width_of(&text(bar), FONT)).fold(0.0, f64::max).min(most)
    };
    let names = widest(|bar| clean(bar.name), WIDTH * 0.4);
    let values = widest(|bar| clean(bar.text), WIDTH * 0.3);
    let low = rows.iter().filter_map(|(value, _)| *value).fold(0.0, f64::min);
    let high = rows.iter().filter_map(|(value, _)| *value).fold(0.0, f64::max);
    let scale = Scale { from: (low, high), to: (names + 10.0, WIDTH - values - 10.0) };
    let scale = if low == high { Scale { from: (0.0, 1.0), ..scale } } else { scale };
    let height = ROW * rows.len().max(1) as f64 + 4.0;
    let hatched = bars.caption.part("h");
    let any_link = rows.iter().any(|(_, bar)| bar.href.is_some());
    let role = if any_link { Role::Group } else { Role::Image };
    let svg =
        frame(&bars.caption, role, "pic-bars", (WIDTH, height)).set("font-size", FONT).add(hatch(&hatched));
    let svg = rows.iter().enumerate().fold(svg, |svg: SVG, (at, (value, bar))| {
        svg.add(row(bar, *value, 2.0 + at as f64 * ROW, (names, &scale, &hatched)))
    });
    let zero = scale.at(0.0);
    let axis =
        Line::new().set("x1", short(zero)).set("x2", short(zero)).set("y1", 0).set("y2", short(height));
    markup(&svg.add(with(axis, &[("class", "axis"), ("stroke", "#555")])))
}

fn row(bar: &Bar<'_>, value: Option<f64>, top: f64, (names, scale, hatched): (f64, &Scale, &str)) -> Element {
    let base = top + ROW * 0.68;
    let zero = scale.at(0.0);
    let label = format!("{}: {}", bar.name, bar.text);
    let name = text(&fit(bar.name, names, FONT), (names, base), "end");
    let shape = Rectangle::new().set("y", short(top + 3.0)).set("height", short(ROW - 8.0));
    let (shape, end) = match value {
        Some(value) => {
            let end = scale.at(value);
            let (from, to) = (zero.min(end), zero.max(end));
            let (class, fill) = if bar.chosen { ("bar chosen", "#f2c14e") } else { ("bar", "#3182bd") };
            let width = if value == 0.0 { 0.0 } else { (to - from).max(1.0) };
            let shape = with(shape, &[("class", class), ("fill", fill)]);
            let shape = if bar.chosen { shape.set("stroke", "#1a1a1a") } else { shape };
            (shape.set("x", short(from)).set("width", short(width)), to)
        }
        None => {
            let shape = shape.set("x", short(zero)).set("width", 24).set("stroke", "#8a8a8a");
            (shape.set("fill", format!("url(#{hatched})")), zero + 24.0)
        }
    };
    let room = WIDTH - end - 6.0;
    let amount = text(&fit(bar.text, room.max(40.0), FONT), (end + 6.0, base), "start");
    named(bar.href, &label, vec![name.into(), shape.into(), amount.into()])
}
