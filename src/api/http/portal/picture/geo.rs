//! Countries as Natural Earth has them: read once, kept as shared lines and the rings made of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::project::{Bounds, Place, area, middle, wrapped};
use crate::model::codelist::area_from_numeric;

const SOURCE: &str = include_str!("../../../../../config/geo/countries-50m.json");

/// What is drawn of the source: lines as steps on a grid, and countries made of them, as
/// <https://github.com/topojson/topojson-specification> has it. Nothing is read into another
/// form on the way.
#[derive(Deserialize)]
struct Topology {
    arcs: Vec<Vec<Place>>,
    transform: Transform,
    objects: Objects,
}

/// From the grid to degrees.
#[derive(Deserialize)]
struct Transform {
    scale: Place,
    translate: Place,
}

#[derive(Deserialize)]
struct Objects {
    countries: Countries,
}

#[derive(Deserialize)]
struct Countries {
    geometries: Vec<Shape>,
}

/// A country.
#[derive(Deserialize)]
struct Shape {
    /// ISO 3166-1 numeric.
    id: Option<String>,
    properties: Properties,
    arcs: Rings,
}

#[derive(Deserialize)]
struct Properties {
    name: String,
}

/// A polygon, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rings {
    One(Vec<Ring>),
    Several(Vec<Vec<Ring>>),
}

/// Shapes of the source without a number, and what they are drawn as: see `config/geo/PROVENANCE.md`.
const NAMED: [(&str, &str); 3] = [("Kosovo", "XKX"), ("N. Cyprus", "CYP"), ("Somaliland", "SOM")];

/// Left out: it has no people who migrate, and half of a map would be its ice.
const ANTARCTICA: &str = "ATA";

/// Areas without an outline of their own in the source, at the middle of their largest island or their land.
const DOTS: [(&str, f64, f64); 14] = [
    ("BES", -68.26, 12.18),
    ("BVT", 3.41, -54.42),
    ("CCK", 96.84, -12.17),
    ("CXR", 105.62, -10.45),
    ("GIB", -5.35, 36.14),
    ("GLP", -61.55, 16.25),
    ("GUF", -53.1, 3.9),
    ("MTQ", -61.0, 14.65),
    ("MYT", 45.15, -12.83),
    ("REU", 55.54, -21.13),
    ("SJM", 16.0, 78.5),
    ("TKL", -171.85, -9.17),
    ("TUV", 179.2, -8.52),
    ("UMI", 166.65, 19.28),
];

/// A ring: lines by number; a negative number `-1 - n` is line `n` from its end.
pub(super) type Ring = Vec<i32>;

/// A country or territory.
#[derive(Debug, Default)]
pub(super) struct Land {
    /// Its rings, outer ones and holes alike: what is inside is told by the even-odd rule.
    pub(super) rings: Vec<Ring>,
    /// Of each ring, in degrees: where it lies.
    pub(super) boxes: Vec<Bounds>,
    /// The middle of its largest ring: where a dot or the end of a flow is put.
    pub(super) anchor: Place,
    /// The rings that say where it lies: of the size of the largest, not islands far away.
    pub(super) main: Vec<usize>,
}

/// The world.
pub(super) struct World {
    /// Lines in degrees.
    pub(super) lines: Vec<Vec<Place>>,
    /// By ISO 3166-1 alpha-3 code, or `XKX`.
    pub(super) lands: BTreeMap<&'static str, Land>,
    /// Shapes that belong to no area.
    pub(super) rest: Vec<Ring>,
}

/// The world, read at the first use.
pub(super) fn world() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(|| {
        let topology = serde_json::from_str(SOURCE);
        World::new(topology.expect("the outlines in config are TopoJSON: the tests read them"))
    });
    &WORLD
}

impl World {
    fn new(topology: Topology) -> Self {
        let lines = lines(topology.arcs, &topology.transform);
        let mut world = Self { lines, lands: BTreeMap::new(), rest: Vec::new() };
        topology.objects.countries.geometries.into_iter().for_each(|shape| world.take(shape));
        let merged: Vec<&str> = NAMED.iter().map(|(_, code)| *code).collect();
        for (code, land) in &mut world.lands {
            if merged.contains(code) {
                land.rings = without_inner_lines(&land.rings, &world.lines);
            }
        }
        world.settle();
        world
    }

    fn take(&mut self, shape: Shape) {
        let code = code(&shape);
        let rings: Vec<Ring> = match shape.arcs {
            Rings::One(rings) => rings,
            Rings::Several(polygons) => polygons.into_iter().flatten().collect(),
        };
        match code {
            Some(ANTARCTICA) => {}
            Some(code) => self.lands.entry(code).or_default().rings.extend(rings),
            None => self.rest.extend(rings),
        }
    }

    /// Finds the middle of each country and the rings that say where it lies, and adds those that are dots.
    fn settle(&mut self) {
        let mut lands = std::mem::take(&mut self.lands);
        for land in lands.values_mut() {
            // A ring without places has nothing to be drawn.
            land.rings.retain(|ring| !self.ring(ring).is_empty());
            let rings: Vec<Vec<Place>> = land.rings.iter().map(|ring| self.ring(ring)).collect();
            land.boxes = rings.iter().filter_map(|ring| Bounds::around(ring.iter().copied())).collect();
            // Degrees of longitude shrink to the poles.
            let size = |ring: &Vec<Place>| {
                area(ring).abs() * ring.first().map_or(1.0, |place| place.1.to_radians().cos())
            };
            let sizes: Vec<f64> = rings.iter().map(size).collect();
            let largest = sizes.iter().copied().fold(0.0, f64::max);
            let at = sizes.iter().position(|size| *size == largest);
            land.main = match at.and_then(|at| land.boxes.get(at)) {
                Some(centre) => (0..sizes.len())
                    .filter(|at| {
                        sizes[*at] >= MAIN_SHARE * largest
                            || sizes[*at] >= NEAR_SHARE * largest && is_near(centre, &land.boxes[*at])
                    })
                    .collect(),
                None => Vec::new(),
            };
            let anchor = at.and_then(|at| middle(&rings[at])).unwrap_or_default();
            land.anchor = (wrapped(anchor.0), anchor.1);
        }
        for (code, longitude, latitude) in DOTS {
            lands.entry(code).or_insert_with(|| Land { anchor: (longitude, latitude), ..Land::default() });
        }
        self.lands = lands;
    }

    /// A ring in degrees, without its last place, which is its first.
    pub(super) fn ring(&self, ring: &[i32]) -> Vec<Place> {
        joined(ring, &self.lines)
    }
}

/// A ring that has this share of the largest's area says where a country lies.
const MAIN_SHARE: f64 = 0.2;
/// One that is near the largest does with less.
const NEAR_SHARE: f64 = 0.02;
/// Near is within so many degrees.
const NEAR: f64 = 4.0;

fn is_near(centre: &Bounds, other: &Bounds) -> bool {
    let around = Bounds {
        west: centre.west - NEAR,
        north: centre.north - NEAR,
        east: centre.east + NEAR,
        south: centre.south + NEAR,
    };
    around.meets(other)
}

/// Puts the lines of a ring one after the other. A line whose number is not there is passed over.
pub(super) fn joined(ring: &[i32], lines: &[Vec<Place>]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for &number in ring {
        let at = if number < 0 { !number } else { number };
        let Some(line) = usize::try_from(at).ok().and_then(|at| lines.get(at)) else { continue };
        // Each line begins where the one before ended.
        places.pop();
        if number < 0 {
            places.extend(line.iter().rev());
        } else {
            places.extend(line);
        }
    }
    places.pop();
    continuous(&mut places);
    places
}

/// Shapes of the source go over the 180th meridian without a cut: counts on beyond it, so that a line does not jump
/// around the globe.
fn continuous(places: &mut [Place]) {
    for at in 1..places.len() {
        let before = places[at - 1].0;
        places[at].0 = before + wrapped(places[at].0 - before);
    }
}

/// Takes out the lines between two rings of one country, and joins what is left to rings.
fn without_inner_lines(rings: &[Ring], lines: &[Vec<Place>]) -> Vec<Ring> {
    let all: Vec<i32> = rings.iter().flatten().copied().collect();
    let mut left: Vec<i32> = all.iter().copied().filter(|number| !all.contains(&!number)).collect();
    let end = |number: i32, last: bool| -> Option<(u64, u64)> {
        let line = lines.get(usize::try_from(if number < 0 { !number } else { number }).ok()?)?;
        let place = if (number < 0) == last { line.first() } else { line.last() }?;
        Some((place.0.to_bits(), place.1.to_bits()))
    };
    let mut joined = Vec::new();
    while let Some(first) = (!left.is_empty()).then(|| left.remove(0)) {
        let (start, mut ring) = (end(first, false), vec![first]);
        let mut tip = end(first, true);
        while tip != start {
            let Some(next) = left.iter().position(|number| end(*number, false) == tip) else { break };
            let number = left.remove(next);
            tip = end(number, true);
            ring.push(number);
        }
        joined.push(ring);
    }
    joined
}

fn code(shape: &Shape) -> Option<&'static str> {
    if let Some(code) = shape.id.as_deref().and_then(area_from_numeric) {
        return Some(code);
    }
    NAMED.into_iter().find_map(|(name, code)| (name == shape.properties.name).then_some(code))
}

/// Lines in degrees.
fn lines(arcs: Vec<Vec<Place>>, Transform { scale, translate }: &Transform) -> Vec<Vec<Place>> {
    let decode = |mut line: Vec<Place>| {
        let mut at = (0.0, 0.0);
        for place in &mut line {
            at = (at.0 + place.0, at.1 + place.1);
            *place = (at.0 * scale.0 + translate.0, at.1 * scale.1 + translate.1);
        }
        continuous(&mut line);
        line.shrink_to_fit();
        line
    };
    arcs.into_iter().map(decode).collect()
}
