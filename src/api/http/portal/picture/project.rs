//! From the globe to paper, and what belongs to it: thinning of lines and cutting to a box.

/// A place: longitude and latitude in degrees, or x and y on paper.
pub(super) type Place = (f64, f64);

/// The Equal Earth projection, which keeps areas true: B. Šavrič, T. Patterson and B. Jenny, *The Equal Earth map
/// projection*, International Journal of Geographical Information Science 33 (2019), formulas 6 to 9,
/// <https://doi.org/10.1080/13658816.2018.1504949>. On a sphere of radius 1; y grows to the north.
pub(super) fn equal_earth((longitude, latitude): Place) -> Place {
    const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
    let (lambda, phi) = (longitude.to_radians(), latitude.clamp(-90.0, 90.0).to_radians());
    let half_root_3 = 3_f64.sqrt() / 2.0;
    let theta = (half_root_3 * phi.sin()).asin();
    let t2 = theta * theta;
    let t6 = t2 * t2 * t2;
    let x =
        lambda * theta.cos() / (half_root_3 * (A[0] + 3.0 * A[1] * t2 + t6 * (7.0 * A[2] + 9.0 * A[3] * t2)));
    let y = theta * (A[0] + A[1] * t2 + t6 * (A[2] + A[3] * t2));
    (x, y)
}

/// Brings an angle into -180 to 180 degrees; both ends stay as they are.
pub(super) fn wrapped(degrees: f64) -> f64 {
    if degrees.abs() > 180.0 + 1e-6 { (degrees + 180.0).rem_euclid(360.0) - 180.0 } else { degrees }
}

/// Thins a line: D. Douglas and T. Peucker, *Algorithms for the reduction of the number of points required to
/// represent a digitized line*, Cartographica 10 (1973). Both ends stay, so lines that met before meet after.
/// A closed line is halved at its farthest point first.
pub(super) fn thinned(line: &[Place], tolerance: f64) -> Vec<Place> {
    if line.len() < 3 {
        return line.to_vec();
    }
    let mut keep = vec![false; line.len()];
    keep[0] = true;
    keep[line.len() - 1] = true;
    let mut open = vec![(0, line.len() - 1)];
    while let Some((from, to)) = open.pop() {
        let far = (from + 1..to)
            .map(|at| (off(line[at], line[from], line[to]), at))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((distance, at)) = far else { continue };
        if distance > tolerance {
            keep[at] = true;
            open.extend([(from, at), (at, to)]);
        }
    }
    line.iter().zip(keep).filter(|(_, kept)| *kept).map(|(place, _)| *place).collect()
}

/// How far a place is from the segment between two others.
fn off(place: Place, from: Place, to: Place) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 {
        0.0
    } else {
        (((place.0 - from.0) * dx + (place.1 - from.1) * dy) / length).clamp(0.0, 1.0)
    };
    (place.0 - from.0 - along * dx).hypot(place.1 - from.1 - along * dy)
}

/// A rectangle on paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) west: f64,
    pub(super) north: f64,
    pub(super) east: f64,
    pub(super) south: f64,
}

impl Bounds {
    /// The smallest around the places; `None` without places.
    pub(super) fn around(places: impl IntoIterator<Item = Place>) -> Option<Self> {
        places.into_iter().fold(None, |bounds, (x, y)| {
            let b = bounds.unwrap_or(Self { west: x, north: y, east: x, south: y });
            Some(Self {
                west: b.west.min(x),
                north: b.north.min(y),
                east: b.east.max(x),
                south: b.south.max(y),
            })
        })
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.north <= other.south
            && other.north <= self.south
    }

    pub(super) fn holds(&self, (x, y): Place) -> bool {
        self.west <= x && x <= self.east && self.north <= y && y <= self.south
    }
}

/// Cuts a ring to a rectangle: I. Sutherland and G. Hodgman, *Reentrant polygon clipping*, CACM 17 (1974).
pub(super) fn clipped(ring: Vec<Place>, to: &Bounds) -> Vec<Place> {
    let whole = Bounds::around(ring.iter().copied());
    match whole {
        None => return ring,
        Some(whole) if !whole.meets(to) => return Vec::new(),
        Some(whole) if to.holds((whole.west, whole.north)) && to.holds((whole.east, whole.south)) => {
            return ring;
        }
        Some(_) => {}
    }
    let sides: [(bool, f64, f64); 4] =
        [(true, to.west, 1.0), (true, to.east, -1.0), (false, to.north, 1.0), (false, to.south, -1.0)];
    sides.into_iter().fold(ring, |ring, (upright, limit, sign)| {
        let depth = |(x, y): Place| sign * (if upright { x } else { y } - limit);
        let mut kept = Vec::with_capacity(ring.len());
        for (at, &place) in ring.iter().enumerate() {
            let before = ring[(at + ring.len() - 1) % ring.len()];
            let (was, is) = (depth(before), depth(place));
            if (was < 0.0) != (is < 0.0) {
                let share = was / (was - is);
                kept.push((before.0 + share * (place.0 - before.0), before.1 + share * (place.1 - before.1)));
            }
            if is >= 0.0 {
                kept.push(place);
            }
        }
        kept
    })
}

/// Area within a ring; the sign says which way it turns.
pub(super) fn area(ring: &[Place]) -> f64 {
    corners(ring).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
}

/// The middle of the area within a ring; of its places, where it has no area.
pub(super) fn middle(ring: &[Place]) -> Option<Place> {
    let first = *ring.first()?;
    let local: Vec<Place> = ring.iter().map(|p| (p.0 - first.0, p.1 - first.1)).collect();
    let area = area(&local);
    let (x, y) = if area.abs() < 1e-12 {
        let n = local.len() as f64;
        (local.iter().map(|p| p.0).sum::<f64>() / n, local.iter().map(|p| p.1).sum::<f64>() / n)
    } else {
        let sum = corners(&local).fold((0.0, 0.0), |sum, (a, b)| {
            let cross = a.0 * b.1 - b.0 * a.1;
            (sum.0 + (a.0 + b.0) * cross, sum.1 + (a.1 + b.1) * cross)
        });
        (sum.0 / (6.0 * area), sum.1 / (6.0 * area))
    };
    Some((first.0 + x, first.1 + y))
}

fn corners(ring: &[Place]) -> impl Iterator<Item = (Place, Place)> + '_ {
    ring.iter().enumerate().map(|(at, a)| (*a, ring[(at + 1) % ring.len()]))
}
