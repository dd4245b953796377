//! Flows as bowed ribbons that are widest where people leave and end in a point where they arrive: of the forms
//! compared by D. Holten and J. van Wijk, *A user study on visualizing directed edges in graphs*, CHI 2009, the
//! tapered one tells direction best. Its width at the origin, and so its area for a given length, is in
//! proportion to the value; where that would be too thin to be seen it is a hairline, and the legend shows the scale.

use svg::node::element::{ClipPath, Definitions, Group, Path, Rectangle};

use super::super::element::{fit, named, short, text, with};
use super::super::outline::{Sheet, WIDTH};
use super::super::palette::{FLOW_IN, FLOW_OUT};
use super::super::project::Place;
use super::super::scale::tame;
use super::Map;

/// More flows than this hide each other.
pub(super) const MAX_FLOWS: usize = 60;
/// Width of the largest flow at its origin, in units of the map.
const WIDEST: f64 = 22.0;
/// Width below which nothing is seen.
const HAIRLINE: f64 = 1.1;
/// Ribbons wider than this have a light edge, so that they stay apart where they cross.
const EDGED: f64 = 3.0;
/// Height of the strip below the map that says what the widths mean.
pub(super) const LEGEND: f64 = 74.0;

/// People who move, or who have moved, from one country to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) value: f64,
    /// What is shown at the pointer.
    pub(crate) label: &'a str,
    /// Drawn as one that arrives, beside others that leave.
    pub(crate) is_return: bool,
    /// For the pointer alone; the keyboard has the countries and the table.
    pub(crate) href: Option<&'a str>,
}

/// A flow between two places on the sheet.
pub(super) struct Ribbon<'a> {
    flow: &'a Flow<'a>,
    from: Place,
    to: Place,
    /// Where it goes over the edge of the world: a width of the sheet to the east or the west.
    over: Option<f64>,
}

impl Ribbon<'_> {
    /// Its outline. Over the edge it is drawn twice in one path: from its origin until it leaves the sheet, and, a
    /// width of the sheet away, from where it comes in again; what lies beyond the sheet is cut off.
    fn path(&self, width: f64, height: f64) -> String {
        let drawn = |by: f64| {
            let beyond = self.over.unwrap_or_default();
            shape((self.from.0 + by, self.from.1), (self.to.0 + beyond + by, self.to.1), width, height)
        };
        let first = drawn(0.0);
        self.over.map_or(first.clone(), |beyond| first + &drawn(-beyond))
    }
}

/// The largest flows whose both ends are on paper and whose value can be drawn; the largest first.
pub(super) fn drawable<'a>(flows: &'a [Flow<'a>], sheet: &Sheet) -> Vec<Ribbon<'a>> {
    let end = |code: &str| sheet.lands.get(code).map(|outline| outline.anchor);
    let ribbons =
        flows.iter().filter(|flow| flow.value.is_finite() && flow.value > 0.0 && flow.from != flow.to);
    let ribbon = |flow: &'a Flow<'a>| {
        let (from, to) = (end(flow.from)?, end(flow.to)?);
        let over = if sheet.is_world { over_the_edge(to.0 - from.0) } else { None };
        Some(Ribbon { flow, from, to, over })
    };
    let mut ribbons: Vec<Ribbon<'a>> = ribbons.filter_map(ribbon).collect();
    ribbons.sort_by(|a, b| {
        let key = |ribbon: &Ribbon<'a>| (ribbon.flow.from, ribbon.flow.to);
        b.flow.value.total_cmp(&a.flow.value).then_with(|| key(a).cmp(&key(b)))
    });
    ribbons.truncate(MAX_FLOWS);
    ribbons
}

/// What is added to the destination's place where the way over the edge of the world is the shorter one.
fn over_the_edge(dx: f64) -> Option<f64> {
    (dx.abs() > WIDTH * FAR).then(|| -WIDTH.copysign(dx))
}

/// All ribbons, the largest lowest. They are for the eye: what they say stands in tables, where it is read.
pub(super) fn layer(ribbons: &[Ribbon<'_>], map: &Map<'_>, sheet: &Sheet) -> Group {
    let largest = ribbons.first().map_or(1.0, |ribbon| tame(ribbon.flow.value));
    let group = with(Group::new(), &[("class", "flows"), ("fill-opacity", "0.72"), ("aria-hidden", "true")]);
    let group = if ribbons.iter().any(|ribbon| ribbon.over.is_some()) {
        let id = map.caption.part("c");
        let cut = format!("url(#{id})");
        group.set("clip-path", cut).add(Definitions::new().add(edge(sheet).set("id", id)))
    } else {
        group
    };
    ribbons.iter().fold(group, |group, ribbon| {
        let arrives = ribbon.flow.is_return || map.chosen == Some(ribbon.flow.to);
        let width = (tame(ribbon.flow.value) / largest * WIDEST).max(HAIRLINE);
        let path = Path::new()
            .set("d", ribbon.path(width, sheet.height))
            .set("class", if arrives { "in" } else { "out" })
            .set("fill", if arrives { FLOW_IN } else { FLOW_OUT })
            .set("stroke", if width > EDGED { "#fff" } else { "none" })
            .set("stroke-width", 0.5);
        group.add(with(
            named(ribbon.flow.href, ribbon.flow.label, vec![path.into()]),
            &[("tabindex", "-1")][..usize::from(ribbon.flow.href.is_some())],
        ))
    })
}

/// What is drawn beyond it is not seen, in a picture that is saved neither.
fn edge(sheet: &Sheet) -> ClipPath {
    let all = Rectangle::new().set("width", short(WIDTH)).set("height", short(sheet.height + LEGEND));
    ClipPath::new().add(all)
}

/// A ribbon from `width` to a point, bowed to its left-hand side so that there and back lie apart.
fn shape(from: Place, to: Place, width: f64, height: f64) -> String {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1e-6);
    let normal = (dy / length, -dx / length);
    let bow = length * BOW;
    let mid = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
    // The bow stays on the sheet. To the sides it does by itself, being a share of the way up or down.
    let top_or_bottom = (mid.1 + normal.1 * bow).clamp(-height * 0.35, height * 1.35);
    let bent = (mid.0 + normal.0 * bow, top_or_bottom);
    let half = width / 2.0;
    // Square to the curve where it begins, and half as wide where it bends.
    let (sx, sy) = (bent.0 - from.0, bent.1 - from.1);
    let start = sx.hypot(sy).max(1e-6);
    let across = (-sy / start * half, sx / start * half);
    let place = |(x, y): Place| format!("{} {}", short(x), short(y));
    let along = (-dy / length * half * 0.55, dx / length * half * 0.55);
    let (end, round) = (place(to), short(half));
    format!(
        "M{}Q{} {end}Q{} {}A{round} {round} 0 0 0 {}Z",
        place((from.0 + across.0, from.1 + across.1)),
        place((bent.0 + along.0, bent.1 + along.1)),
        place((bent.0 - along.0, bent.1 - along.1)),
        place((from.0 - across.0, from.1 - across.1)),
        place((from.0 + across.0, from.1 + across.1)),
    )
}

/// How far a ribbon bows, as a share of its length.
const BOW: f64 = 0.22;

/// Places that are this share of the sheet's width apart are nearer over the edge. It is less than half, since what the
/// sheet has beyond the rounded edge of the globe is no way: China and the United States lie across the Pacific.
const FAR: f64 = 0.48;

/// Three widths with their values, in the scale of the map, which shrinks with it.
pub(super) fn legend(ribbons: &[Ribbon<'_>], map: &Map<'_>, top: f64) -> Group {
    let largest = ribbons.first().map_or(1.0, |ribbon| tame(ribbon.flow.value));
    let group = with(Group::new(), &[("class", "flow-legend"), ("aria-hidden", "true")]);
    let group = group.add(text(&fit(map.unit, WIDTH - 20.0, 26.0), (10.0, top + 28.0), "start"));
    let steps = [largest, largest / 4.0, largest / 20.0];
    steps.into_iter().map(nice).enumerate().fold(group, |group, (at, value)| {
        let left = 10.0 + at as f64 * WIDTH / 3.0;
        let width = (value / largest * WIDEST).max(HAIRLINE);
        let half = width / 2.0;
        let middle = top + 54.0;
        let shape = format!(
            "M{} {}L{} {}L{} {}Z",
            short(left),
            short(middle - half),
            short(left + 70.0),
            short(middle),
            short(left),
            short(middle + half)
        );
        let ribbon = with(Path::new(), &[("class", "width"), ("fill", "currentColor")]).set("d", shape);
        group.add(ribbon).add(text(&(map.number)(value), (left + 80.0, middle + 8.0), "start"))
    })
}

/// One significant figure, from above: what a legend can say.
fn nice(value: f64) -> f64 {
    let unit = 10_f64.powf(value.max(f64::MIN_POSITIVE).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|m| m * unit);
    steps.into_iter().rfind(|step| *step <= value * 1.000_001).unwrap_or(value)
}
