//! The common picture of a crisis: where people are, how many crossed, who is home, and whom nobody has counted.
//!
//! ```text
//!  cells of a bulletin ──[`reduce`]──▶ figures by origin, place, need and day ──[`Tally`]──▶ balances
//! ```
//!
//! Within a bulletin a cell that lies in a wider one counts as part of it and not beside it: a total is not added to
//! what makes it up. Crossings and arrivals are flows and add up over time; those who are known, present or in need are
//! a stock, of which the newest statement counts. A bulletin that two publishers give one id is of one movement: the
//! one that observed it first counts, the others are named.

mod name;
mod tally;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::model::{Dimension, Millis, Period, SeriesKey};

pub use name::Name;
pub use tally::Tally;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nationals whom the origin has on its registers in the area.
    Known,
    /// Foreign nationals whom the host knows to be in the area.
    Present,
    /// People in need, by need.
    Need,
    /// People who crossed a border out of the area.
    Crossed,
    /// People who arrived at home.
    Home,
}

impl Kind {
    /// The indicators that are counted.
    pub const INDICATORS: [&str; 5] = ["CR_ARRIV", "CR_BORDER", "CR_NATPRES", "CR_NATREG", "CR_NEED"];

    /// The kind that an indicator counts, if it is one of a crisis.
    #[must_use]
    pub fn of(indicator: &str) -> Option<Self> {
        match indicator {
            "CR_NATREG" => Some(Self::Known),
            "CR_NATPRES" => Some(Self::Present),
            "CR_NEED" => Some(Self::Need),
            "CR_BORDER" => Some(Self::Crossed),
            "CR_ARRIV" => Some(Self::Home),
            _ => None,
        }
    }

    /// The word for it in answers.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Present => "present",
            Self::Need => "need",
            Self::Crossed => "crossed",
            Self::Home => "home",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_id(word: &str) -> Option<Self> {
        let all = [Self::Known, Self::Present, Self::Need, Self::Crossed, Self::Home];
        all.into_iter().find(|kind| kind.id() == word)
    }

    const fn is_flow(self) -> bool {
        matches!(self, Self::Crossed | Self::Home)
    }
}

/// A sum of a bulletin's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it counts.
    pub kind: Kind,
    /// The country that the people are nationals of; `_T` for all.
    pub origin: String,
    /// The place within the reporter's or the counterpart's territory; `_T` for all of it.
    pub place: String,
    /// The need; `_T` where it is none.
    pub need: String,
    /// The day, as the first moment of it; for a stock the period that it is of.
    pub day: Period,
    /// How many.
    pub count: i64,
    /// Whether a figure of all places, or of all origins, stands beside it in the bulletin.
    pub is_part: bool,
}

/// A bulletin as it stands, with all that was corrected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who says it.
    pub publisher: String,
    /// Its id.
    pub bulletin: String,
    /// When it was observed.
    pub observed: Millis,
    /// When the newest entry of it was signed.
    pub signed: Millis,
    /// Where, in words.
    pub place: String,
    /// Why it was corrected, each time.
    pub corrections: Vec<(Millis, String)>,
    /// Its sums.
    pub figures: Vec<Figure>,
    /// How many cells show no value.
    pub closed: u64,
    /// Whether it is shown before others of its publisher that were signed earlier have come.
    pub ahead: bool,
}

/// A count, and what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// How many.
    pub count: i64,
    /// Who says so.
    pub publishers: BTreeSet<String>,
    /// In which bulletins, by their numbers, and how much of it each.
    pub parts: BTreeMap<usize, Part>,
    /// When the oldest of them was observed.
    pub oldest: Option<Millis>,
    /// When the newest was.
    pub newest: Option<Millis>,
}

/// What a bulletin states of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// How many.
    pub count: i64,
    /// In so many figures of it.
    pub figures: u32,
}

/// What is known of one origin's people, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// By kind, needs aside.
    pub counts: BTreeMap<Kind, Basis>,
}

impl Balance {
    /// The count of a kind, if anybody has stated one.
    #[must_use]
    pub fn count(&self, kind: Kind) -> Option<i64> {
        self.counts.get(&kind).map(|basis| basis.count)
    }

    /// Those known who are neither present by the host's word, nor crossed, nor home; nothing where none are known.
    /// Below zero, more were counted than the origin had on its registers.
    #[must_use]
    pub fn unaccounted(&self) -> Option<i64> {
        let known = self.count(Kind::Known)?;
        let rest = [Kind::Present, Kind::Crossed, Kind::Home].map(|kind| self.count(kind).unwrap_or(0));
        Some(rest.into_iter().fold(known, i64::saturating_sub))
    }
}

/// A bulletin that is not added up, because another publisher has reported the same movement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duplicate {
    /// The id that both have.
    pub bulletin: String,
    /// Whose counts.
    pub counted: String,
    /// Whose does not.
    pub left_out: String,
}

/// The common picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// All origins together.
    pub all: Balance,
    /// By origin.
    pub origins: BTreeMap<String, Balance>,
    /// By publisher, what it has counted in all.
    pub publishers: BTreeMap<(String, Kind), Basis>,
    /// By publisher, place and kind: of an area, or of a border point.
    pub places: BTreeMap<(String, String, Kind), Basis>,
    /// By day and kind.
    pub days: BTreeMap<(Period, Kind), Basis>,
    /// By origin and need.
    pub needs: BTreeMap<(String, String), Basis>,
    /// What was reported twice.
    pub duplicates: BTreeSet<Duplicate>,
}

/// The dimensions along which cells of a bulletin are parts of wider ones that the picture does not tell apart.
const FOLDED: [Dimension; 7] = [
    Dimension::Sex,
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Duration,
];

/// A cell that is a count: its key, period and value; none where it is closed.
pub type Cell = (SeriesKey, Period, Option<i64>);

/// The sums of a bulletin about a crisis in an area, and how many of its cells are closed.
#[must_use]
pub fn reduce(cells: &[Cell], area: &str) -> (Vec<Figure>, u64) {
    let valued: HashSet<([&str; 14], Period)> =
        cells.iter().filter(|cell| cell.2.is_some()).map(|cell| (cell.0.parts(), cell.1)).collect();
    let mut sums: BTreeMap<(Kind, String, String, String, Period), i64> = BTreeMap::new();
    let mut closed = 0;
    for (key, period, value) in cells {
        let Some(kind) = Kind::of(key.indicator()) else { continue };
        if is_within(kind, key, *period, &valued) {
            continue;
        }
        let Some(value) = value else {
            closed += 1;
            continue;
        };
        let need = if kind == Kind::Need { key.reason() } else { "_T" };
        let day = if kind.is_flow() { day_of(*period) } else { *period };
        let sum =
            (kind, origin_of(kind, key, area).to_owned(), key.subnat().to_owned(), need.to_owned(), day);
        let sum = sums.entry(sum).or_default();
        *sum = sum.saturating_add(*value);
    }
    let whole = |kind: Kind, origin: &str, place: &str, need: &str, day: Period| {
        sums.contains_key(&(kind, origin.to_owned(), place.to_owned(), need.to_owned(), day))
    };
    let figures = sums.iter().map(|((kind, origin, place, need, day), count)| Figure {
        kind: *kind,
        origin: origin.clone(),
        place: place.clone(),
        need: need.clone(),
        day: *day,
        count: *count,
        is_part: place != "_T" && whole(*kind, origin, "_T", need, *day),
    });
    (figures.collect(), closed)
}

/// Whether a wider cell with a value stands beside it.
fn is_within(kind: Kind, key: &SeriesKey, period: Period, valued: &HashSet<([&str; 14], Period)>) -> bool {
    let told = |dimension: &Dimension| kind != Kind::Need || *dimension != Dimension::Reason;
    let fine: Vec<usize> = FOLDED
        .iter()
        .filter(|dimension| told(dimension) && !matches!(key.dimension(**dimension), "_T" | "_Z"))
        .map(|dimension| dimension.position())
        .collect();
    (1..1_u32 << fine.len()).any(|chosen| {
        let mut parts = key.parts();
        let widened = fine.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1);
        widened.for_each(|(_, at)| parts[*at] = "_T");
        valued.contains(&(parts, period))
    })
}

/// Whose nationals a cell is of. An origin speaks of its own; who speaks of the area's own side names them.
#[must_use]
pub fn origin_of<'a>(kind: Kind, key: &'a SeriesKey, area: &str) -> &'a str {
    match kind {
        Kind::Known | Kind::Home => key.ref_area(),
        Kind::Present | Kind::Crossed => key.counterpart_area(),
        Kind::Need if key.counterpart_area() == area => key.ref_area(),
        Kind::Need => key.counterpart_area(),
    }
}

const DAY_MILLIS: i64 = 86_400_000;

fn day_of(period: Period) -> Period {
    let day = period.start_millis().div_euclid(DAY_MILLIS);
    Period::from_ordinal(crate::model::PeriodKind::Day, day).unwrap_or(period)
}

#[cfg(test)]
mod tests;
