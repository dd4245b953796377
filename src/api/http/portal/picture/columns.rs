//! Counts by day as columns, one beside the other where there are several: a day for which nothing is said has none.

use maud::{Markup, html};
use svg::node::element::{Group, Line, Rectangle, SVG, Title};

use super::Number;
use super::element::{Caption, Role, clean, fit, frame, markup, short, text, width_of, with};
use super::palette::{GRID, SERIES};
use super::scale::{Scale, tame, ticks};

/// More kinds than this stand too close.
pub(super) const MAX_KINDS: usize = 3;
/// More days than this no chart shows: the last ones are drawn.
pub(crate) const MAX_DAYS: usize = 92;

/// One day.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    /// As it is read.
    pub(crate) name: String,
    /// As it stands below the axis.
    pub(crate) mark: String,
    /// A count for each kind; `None` where nothing is said.
    pub(crate) counts: Vec<Option<f64>>,
}

/// What a chart of columns shows.
pub(crate) struct Columns<'a> {
    pub(crate) caption: Caption<'a>,
    /// What is counted, the first one filled, the others in outline.
    pub(crate) kinds: &'a [&'a str],
    /// In their order.
    pub(crate) days: &'a [Day],
    /// What is measured, above the axis.
    pub(crate) unit: &'a str,
    pub(crate) number: Number<'a>,
}

/// Draws it twice, wide and narrow; the style sheet shows the one that fits.
pub(crate) fn columns(columns: &Columns<'_>) -> Markup {
    let narrow = Caption { id: &format!("{}-n", columns.caption.id), ..columns.caption };
    html! {
        (markup(&chart(columns, &columns.caption, &Paper::WIDE)))
        (markup(&chart(columns, &narrow, &Paper::NARROW)))
    }
}

/// Measures of a chart, in units.
struct Paper {
    class: &'static str,
    width: f64,
    height: f64,
}

impl Paper {
    const WIDE: Self = Self { class: "pic-lines pic-wide", width: 720.0, height: 300.0 };
    const NARROW: Self = Self { class: "pic-lines pic-narrow", width: 360.0, height: 260.0 };
}

const TOP: f64 = 30.0;
const FOOT: f64 = 40.0;
const FONT: f64 = 13.0;
/// Of one name below the chart.
const LINE: f64 = 18.0;
/// The widest column: a single day is no wall.
const WIDEST: f64 = 44.0;

/// Where things are put.
struct Plot {
    y: Scale,
    left: f64,
    /// The room of one day.
    step: f64,
    /// The width of one column.
    width: f64,
}

impl Plot {
    /// The middle of a day.
    fn middle(&self, day: usize) -> f64 {
        self.left + (day as f64 + 0.5) * self.step
    }
}

fn chart(columns: &Columns<'_>, caption: &Caption<'_>, paper: &Paper) -> SVG {
    let kinds = &columns.kinds[..columns.kinds.len().min(MAX_KINDS)];
    let days = &columns.days[columns.days.len().saturating_sub(MAX_DAYS)..];
    let size = (paper.width, paper.height + LINE * kinds.len() as f64);
    let svg = frame(caption, Role::Image, paper.class, size).set("font-size", FONT);
    let values = days.iter().flat_map(|day| day.counts.iter().take(kinds.len()).flatten());
    let high = values.copied().map(tame).fold(0.0, f64::max);
    let marks = ticks(0.0, high, 5);
    let widest = marks.iter().map(|mark| width_of(&(columns.number)(*mark), FONT)).fold(20.0, f64::max);
    let left = (widest + 14.0).min(paper.width * 0.3);
    let step = (paper.width - left - 4.0) / days.len().max(1) as f64;
    let plot = Plot {
        y: Scale { from: (0.0, marks.last().copied().unwrap_or(1.0)), to: (paper.height - FOOT, TOP) },
        left,
        step,
        width: (step * 0.8 / kinds.len().max(1) as f64).min(WIDEST),
    };
    let svg = svg.add(grid(&plot, &marks, columns, paper)).add(names(days, &plot, paper));
    let svg = days
        .iter()
        .enumerate()
        .fold(svg, |svg, (at, day)| svg.add(group(at, day, kinds, (&plot, columns.number))));
    svg.add(key(kinds, paper))
}

fn grid(plot: &Plot, marks: &[f64], columns: &Columns<'_>, paper: &Paper) -> Group {
    let unit = text(&fit(columns.unit, paper.width - 8.0, FONT), (0.0, 14.0), "start");
    marks.iter().fold(Group::new().add(unit), |group, mark| {
        let y = short(plot.y.at(*mark));
        let (class, stroke) = if *mark == 0.0 { ("axis", "#555") } else { ("grid", GRID) };
        let line = Line::new()
            .set("x1", short(plot.left))
            .set("x2", short(paper.width))
            .set("y1", &*y)
            .set("y2", &*y);
        let line = with(line, &[("class", class), ("stroke", stroke)]);
        group.add(line).add(text(&(columns.number)(*mark), (plot.left - 6.0, plot.y.at(*mark) + 4.5), "end"))
    })
}

/// The names of as many days as have room, the last one among them.
fn names(days: &[Day], plot: &Plot, paper: &Paper) -> Group {
    let widest = days.iter().map(|day| width_of(&clean(&day.mark), FONT)).fold(1.0, f64::max) + 8.0;
    let every = (widest / plot.step).ceil().max(1.0) as usize;
    let last = days.len().saturating_sub(1);
    days.iter().enumerate().filter(|(at, _)| (last - at).is_multiple_of(every)).fold(
        Group::new(),
        |group, (at, day)| {
            // The first and the last stay on the sheet.
            let half = widest / 2.0;
            let x = plot.middle(at).max(half).min(paper.width - half + 4.0);
            group.add(text(&day.mark, (x, paper.height - FOOT + 20.0), "middle"))
        },
    )
}

fn group(at: usize, day: &Day, kinds: &[&str], (plot, number): (&Plot, Number<'_>)) -> Group {
    let from = plot.middle(at) - plot.width * kinds.len() as f64 / 2.0;
    kinds.iter().zip(&day.counts).enumerate().fold(Group::new(), |group, (nth, (kind, count))| {
        let Some(count) = count.filter(|count| count.is_finite()).map(tame) else { return group };
        let top = plot.y.at(count.max(0.0));
        let label = format!("{}, {kind}: {}", day.name, number(count));
        let shape =
            column(nth, (from + nth as f64 * plot.width, top), (plot.width * 0.92, plot.y.to.0 - top));
        group.add(shape.add(Title::new(clean(&label))))
    })
}

/// One column; those of the first kind are filled, the others in outline, so that no colour is needed.
fn column(nth: usize, (x, y): (f64, f64), (width, height): (f64, f64)) -> Rectangle {
    let shape = Rectangle::new().set("x", short(x)).set("y", short(y)).set("width", short(width.max(0.5)));
    let shape = shape.set("height", short(height)).set("class", format!("s{nth}")).set("color", SERIES[nth]);
    let opacity = ["1", "0.12", "0.5"][nth.min(2)];
    with(shape, &[("fill", "currentColor"), ("fill-opacity", opacity), ("stroke", "currentColor")])
}

/// What the columns are, below them.
fn key(kinds: &[&str], paper: &Paper) -> Group {
    kinds.iter().enumerate().fold(with(Group::new(), &[("class", "names")]), |group, (nth, kind)| {
        let y = paper.height + LINE * nth as f64;
        let name = text(&fit(kind, paper.width - 24.0, FONT), (20.0, y + 4.5), "start");
        group.add(column(nth, (2.0, y - 6.0), (12.0, 12.0))).add(name)
    })
}
