//! Outlines on paper: the world or a part of it, projected, thinned to what can be seen, as path data.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::element::short;
use super::geo::{Land, World, joined, world};
use super::project::{Bounds, Place, area, clipped, equal_earth, thinned, wrapped};

/// Width of a map in units.
pub(super) const WIDTH: f64 = 960.0;
/// Height of a part of the world, between these.
const HEIGHTS: (f64, f64) = (420.0, 640.0);
/// What is thinner than this many units on the map is not drawn.
const TOLERANCE: f64 = 0.45;
/// A ring that covers less than this many square units is not drawn, unless it is all there is.
const SMALLEST: f64 = 1.2;
/// A country that covers less than this many square units gets a dot besides.
const DOT_BELOW: f64 = 28.0;
/// A part of the world is not narrower than this many degrees, so that neighbours are to be seen.
const NARROWEST: f64 = 8.0;
/// What is wider than this many degrees is shown as the whole world.
const WIDEST: f64 = 190.0;

/// A country on paper.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    pub(super) path: String,
    pub(super) anchor: Place,
    /// Too small to be seen or met with a pointer.
    pub(super) is_dot: bool,
}

/// All that is in view.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) height: f64,
    pub(super) lands: BTreeMap<&'static str, Outline>,
    pub(super) rest: String,
    /// Whether the edge of the globe is part of the sheet.
    pub(super) is_world: bool,
}

impl Sheet {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let outlines = self.lands.values().map(|outline| outline.path.len() + size_of::<Outline>());
        self.rest.len() + outlines.sum::<usize>()
    }
}

/// The whole world.
pub(super) fn all() -> Sheet {
    sheet(world(), &Camera::world())
}

/// The part of the world in which these countries lie; `None` where they lie all over it, or are not known.
pub(super) fn part(codes: &[&str]) -> Option<Sheet> {
    Camera::around(world(), codes).map(|camera| sheet(world(), &camera))
}

/// Where one looks from: the middle meridian, and from the plane of the projection to paper.
struct Camera {
    meridian: f64,
    scale: f64,
    origin: Place,
    height: f64,
    is_world: bool,
}

impl Camera {
    fn world() -> Self {
        let north = equal_earth((0.0, 84.0)).1;
        let south = equal_earth((0.0, -57.0)).1;
        let edge = equal_earth((180.0, 0.0)).0;
        let scale = WIDTH / (2.0 * edge);
        Self { meridian: 0.0, scale, origin: (-edge, north), height: (north - south) * scale, is_world: true }
    }

    fn around(world: &World, codes: &[&str]) -> Option<Self> {
        let lands: Vec<&Land> = codes.iter().filter_map(|code| world.lands.get(code)).collect();
        let places: Vec<Place> = lands.iter().flat_map(|land| extent(world, land)).collect();
        let (west, span) = shortest_arc(places.iter().map(|place| wrapped(place.0)).collect())?;
        if span > WIDEST {
            return None;
        }
        let meridian = wrapped(west + span / 2.0);
        let flat = |place: Place| equal_earth((wrapped(place.0 - meridian), place.1));
        let bounds = Bounds::around(places.iter().map(|place| flat(*place)))?;
        let least = NARROWEST.to_radians();
        let (width, height) =
            ((bounds.east - bounds.west).max(least), (bounds.south - bounds.north).max(least * 0.5));
        let centre = ((bounds.west + bounds.east) / 2.0, (bounds.north + bounds.south) / 2.0);
        let (width, height) = (width * MARGIN, height * MARGIN);
        // On paper the sheet is between two heights; what is missing is added around the middle.
        let on_paper = (WIDTH * height / width).clamp(HEIGHTS.0, HEIGHTS.1);
        let scale = (WIDTH / width).min(on_paper / height);
        let origin = (centre.0 - WIDTH / scale / 2.0, centre.1 + on_paper / scale / 2.0);
        Some(Self { meridian, scale, origin, height: on_paper, is_world: false })
    }

    /// A place on paper; `longitude` counts from the meridian.
    fn flat(&self, (longitude, latitude): Place) -> Place {
        let (x, y) = equal_earth((longitude, latitude));
        ((x - self.origin.0) * self.scale, (self.origin.1 - y) * self.scale)
    }

    fn place(&self, (longitude, latitude): Place) -> Place {
        self.flat((wrapped(longitude - self.meridian), latitude))
    }

    /// A ring on paper; on the world it is cut where it goes over the edge, and what is beyond comes in again at the
    /// other side.
    fn rings(&self, ring: &[Place]) -> Vec<Vec<Place>> {
        let Some(span) = Bounds::around(ring.iter().copied()) else { return Vec::new() };
        let middle = (span.west + span.east) / 2.0;
        let shift = wrapped(middle - self.meridian) - middle;
        let turned = |by: f64| ring.iter().map(|place| (place.0 + shift + by, place.1)).collect::<Vec<_>>();
        let over = self.is_world && (span.west + shift < -180.0 || span.east + shift > 180.0);
        let pieces = if over {
            let globe = Bounds { west: -180.0, north: -90.0, east: 180.0, south: 90.0 };
            [-360.0, 0.0, 360.0].map(|by| clipped(turned(by), &globe)).to_vec()
        } else {
            vec![turned(0.0)]
        };
        let flat = |piece: Vec<Place>| piece.into_iter().map(|place| self.flat(place)).collect::<Vec<_>>();
        pieces.into_iter().filter(|piece| !piece.is_empty()).map(flat).collect()
    }

    /// Degrees at the equator that are one unit wide on paper.
    fn degrees(&self) -> f64 {
        let unit = equal_earth((1.0, 0.0)).0 * self.scale;
        1.0 / unit
    }

    /// Whether what lies there, in degrees, may be in view.
    fn sees(&self, lies: &Bounds) -> bool {
        if self.is_world {
            return true;
        }
        let middle = (lies.west + lies.east) / 2.0;
        let shift = wrapped(middle - self.meridian) - middle;
        self.window().meets(&Bounds { west: lies.west + shift, east: lies.east + shift, ..*lies })
    }

    /// The degrees in view: longitudes from the meridian, as far as the sheet reaches at the latitude where they are
    /// narrowest, and latitudes.
    fn window(&self) -> Bounds {
        let latitude = |y: f64| {
            let wanted = self.origin.1 - y / self.scale;
            let (mut low, mut high) = (-90.0, 90.0);
            for _ in 0..HALVINGS {
                let middle = (low + high) / 2.0;
                if equal_earth((0.0, middle)).1 < wanted { low = middle } else { high = middle }
            }
            (low + high) / 2.0
        };
        let (top, bottom) = (latitude(0.0), latitude(self.height));
        let degree = equal_earth((1.0, top.abs().max(bottom.abs()))).0;
        let (west, east) = (self.origin.0 / degree, (self.origin.0 + WIDTH / self.scale) / degree);
        Bounds { west, north: bottom, east, south: top }
    }

    fn view(&self) -> Bounds {
        Bounds { west: 0.0, north: 0.0, east: WIDTH, south: self.height }
    }
}

/// So often is an interval halved: to less than a thousandth of a degree.
const HALVINGS: usize = 20;

/// Room around the countries of a part.
const MARGIN: f64 = 1.16;

/// The corners of what says where a country lies.
fn extent(world: &World, land: &Land) -> Vec<Place> {
    if land.main.is_empty() {
        return vec![land.anchor];
    }
    land.main.iter().flat_map(|at| world.ring(&land.rings[*at])).collect()
}

/// The shortest arc of a circle that holds all longitudes: where it begins, and its length in degrees.
fn shortest_arc(mut longitudes: Vec<f64>) -> Option<(f64, f64)> {
    longitudes.sort_by(f64::total_cmp);
    let gaps = longitudes.iter().enumerate().map(|(at, from)| {
        let to = longitudes.get(at + 1).copied().unwrap_or(longitudes[0] + 360.0);
        (to - from, to)
    });
    let (gap, begin) = gaps.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((begin, 360.0 - gap))
}

fn sheet(world: &'static World, camera: &Camera) -> Sheet {
    let seen = |land: &'static Land| -> Vec<&'static [i32]> {
        let rings = land.rings.iter().zip(&land.boxes);
        rings.filter(|(_, lies)| camera.sees(lies)).map(|(ring, _)| ring.as_slice()).collect()
    };
    let lands: Vec<(&'static str, &'static Land, Vec<&'static [i32]>)> =
        world.lands.iter().map(|(code, land)| (*code, land, seen(land))).collect();
    let wanted = lands.iter().flat_map(|(.., rings)| rings.iter().copied().flatten());
    let lines = thin(world, camera, wanted.chain(world.rest.iter().flatten()));
    let rest = world.rest.iter().flat_map(|ring| camera.rings(&joined(ring, &lines)));
    let rest: Vec<Vec<Place>> = rest.filter(|ring| area(ring).abs() >= SMALLEST).collect();
    let outlines = lands
        .into_iter()
        .filter_map(|(code, land, rings)| Some((code, outline(land.anchor, &rings, camera, &lines)?)));
    Sheet {
        height: camera.height,
        lands: outlines.collect(),
        rest: rest.iter().map(|ring| path(ring)).collect(),
        is_world: camera.is_world,
    }
}

/// The lines of these numbers, without what cannot be seen; the others stay empty.
fn thin<'a>(world: &World, camera: &Camera, wanted: impl Iterator<Item = &'a i32>) -> Vec<Vec<Place>> {
    let tolerance = TOLERANCE * camera.degrees();
    let mut lines = vec![Vec::new(); world.lines.len()];
    for number in wanted {
        let at = usize::try_from(if *number < 0 { !*number } else { *number }).unwrap_or(usize::MAX);
        let (Some(line), Some(place)) = (world.lines.get(at), lines.get_mut(at)) else { continue };
        if !place.is_empty() {
            continue;
        }
        // Degrees of longitude shrink to the poles; all of a line by the same amount, so that both sides agree.
        let shrink = line.first().map_or(1.0, |place| place.1.to_radians().cos().max(0.1));
        let even: Vec<Place> = line.iter().map(|place| (place.0 * shrink, place.1)).collect();
        *place = thinned(&even, tolerance).into_iter().map(|place| (place.0 / shrink, place.1)).collect();
    }
    lines
}

/// A country on paper, of the rings that may be in view; `None` where nothing of it is.
fn outline(anchor: Place, rings: &[&[i32]], camera: &Camera, lines: &[Vec<Place>]) -> Option<Outline> {
    let view = camera.view();
    let anchor = camera.place(anchor);
    let whole: Vec<Vec<Place>> = rings.iter().flat_map(|ring| camera.rings(&joined(ring, lines))).collect();
    let size: f64 = whole.iter().map(|ring| area(ring).abs()).sum();
    let largest = whole.iter().map(|ring| area(ring).abs()).fold(0.0, f64::max);
    let seen = |ring: &Vec<Place>| area(ring).abs() >= SMALLEST.min(largest);
    let path: String = whole.into_iter().filter(seen).map(|ring| path(&clipped(ring, &view))).collect();
    let is_dot = size < DOT_BELOW && view.holds(anchor);
    (!path.is_empty() || is_dot).then_some(Outline { path, anchor, is_dot })
}

/// Path data in steps of a tenth of a unit, relative, which is about half as long as absolute places.
fn path(ring: &[Place]) -> String {
    let tenth = |(x, y): Place| ((x * 10.0).round() as i64, (y * 10.0).round() as i64);
    let mut places = ring.iter().map(|place| tenth(*place));
    let Some(first) = places.next() else { return String::new() };
    let (mut data, mut at) = (String::new(), first);
    for place in places {
        let step = (place.0 - at.0, place.1 - at.1);
        if step == (0, 0) {
            continue;
        }
        let y = short(step.1 as f64 / 10.0);
        let space = if y.starts_with('-') { "" } else { " " };
        let letter = if data.is_empty() || short(step.0 as f64 / 10.0).starts_with('-') { "" } else { " " };
        let _ = write!(data, "{letter}{}{space}{y}", short(step.0 as f64 / 10.0));
        at = place;
    }
    if data.is_empty() {
        return data;
    }
    format!("M{} {}l{data}z", short(first.0 as f64 / 10.0), short(first.1 as f64 / 10.0))
}
