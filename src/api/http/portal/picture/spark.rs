//! A series in the size of a word, its last value marked.

use maud::{Markup, PreEscaped, html};
use svg::node::element::{Circle, Path, SVG, Title};

use super::element::{clean, short};
use super::scale::{Scale, tame};

/// More points than this are not to be told apart in the width of a word.
const MAX_POINTS: usize = 200;

/// What a sparkline shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spark<'a> {
    /// What is read instead: from what, to what.
    pub(crate) label: &'a str,
    /// In equal steps of time; `None` breaks the line.
    pub(crate) points: &'a [Option<f64>],
}

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 22.0;

/// Draws it; nothing where there is no value.
pub(crate) fn spark(spark: &Spark<'_>) -> Markup {
    let points: Vec<Option<f64>> =
        spark.points.iter().take(MAX_POINTS).map(|p| p.filter(|v| v.is_finite()).map(tame)).collect();
    let known = || points.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return html! {};
    }
    let last = points.len().saturating_sub(1) as f64;
    let x = Scale { from: (0.0, last), to: (3.0, WIDTH - 5.0) };
    let y = Scale { from: (low, high), to: (HEIGHT - 4.0, 4.0) };
    let (mut data, mut joined, mut end) = (String::new(), false, (0.0, 0.0));
    for (at, value) in points.iter().enumerate() {
        let Some(value) = value else {
            joined = false;
            continue;
        };
        let place = (x.at(at as f64), y.at(*value));
        data.push_str(&format!("{}{} {}", if joined { 'L' } else { 'M' }, short(place.0), short(place.1)));
        // A value between two gaps is a point; a round end of a line makes it seen.
        if !joined {
            data.push_str("h0");
        }
        (joined, end) = (true, place);
    }
    let line =
        Path::new().set("d", data).set("fill", "none").set("stroke", "currentColor").set("stroke-width", 1.6);
    let line = line.set("stroke-linejoin", "round").set("stroke-linecap", "round");
    let dot = Circle::new()
        .set("cx", short(end.0))
        .set("cy", short(end.1))
        .set("r", 2.8)
        .set("fill", "currentColor");
    let svg = SVG::new()
        .set("class", "pic-spark")
        .set("viewBox", format!("0 0 {} {}", short(WIDTH), short(HEIGHT)))
        .set("width", short(WIDTH))
        .set("height", short(HEIGHT))
        .set("role", "img")
        .set("aria-label", clean(spark.label))
        .add(Title::new(clean(spark.label)));
    PreEscaped(svg.add(line).add(dot).to_string())
}
