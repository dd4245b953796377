//! The documented forms of crises. Who stands behind bulletins stays with the node.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The crisis lanes that this government takes part in.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(super) struct Lanes {
    /// Whether in force, waiting for a signature, or over; none for readers without a token.
    lanes: Vec<Lane>,
}

/// A crisis lane.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Lane {
    /// Its id: 64 hexadecimal digits.
    lane: String,
    /// What it is called.
    name: String,
    /// The code of the area where the crisis is.
    area: String,
    /// Whether it is an exercise.
    drill: bool,
    /// What stands over everything that an exercise shows.
    watermark: Option<String>,
    /// The agreement that it follows from.
    under: String,
    /// `proposed`, `ahead`, `in force` or `over`.
    standing: String,
    /// Countries that have signed the declaration.
    signed: Vec<String>,
    signatures_needed: u64,
    /// Countries that may still sign.
    may_sign: Vec<String>,
    members: Vec<String>,
    couriers: Vec<String>,
    /// When enough had signed.
    since: Option<String>,
    /// When its term ends.
    until: String,
    over_since: Option<String>,
    /// When what others gave under it is erased here.
    erase_at: Option<String>,
}

/// The common picture of a crisis, from all bulletins that are held.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Picture {
    #[serde(flatten)]
    lane: Lane,
    as_of: String,
    /// Bulletins that it is made of.
    bulletins: u64,
    /// Cells of them that are stated without a value.
    closed_cells: u64,
    totals: Balance,
    /// The balance of each country of origin.
    origins: Vec<Origin>,
    /// What each publisher has counted of each kind.
    publishers: Vec<OfPublisher>,
    /// The same by place.
    places: Vec<OfPlace>,
    /// Sums by day.
    days: Vec<Day>,
    /// What people need, by origin.
    needs: Vec<Need>,
    /// Bulletins that two publishers reported under one id, and which of them counts.
    duplicates: Vec<Duplicate>,
    /// The newest bulletins.
    newest: Vec<Bulletin>,
    /// Members whose newest bulletin is shown before those signed earlier have come.
    ahead: Vec<Ahead>,
    /// The newest corrections, with their reasons.
    corrections: Vec<Correction>,
    /// Bulletins here that wait for a duty officer.
    waiting: Vec<Waiting>,
    /// What members have learnt, by country.
    lessons: BTreeMap<String, String>,
    /// What stays of a lane that is over: sums by publisher.
    #[schema(value_type = Option<Object>)]
    summary: Option<Value>,
    /// Members that have signed that they erased what they got.
    erasures: Vec<Erased>,
    /// Members that have signed that they hold all our bulletins.
    acknowledged: Vec<String>,
    /// Members that have not.
    unacknowledged: Vec<String>,
}

/// Known, less present, crossed and home, is unaccounted for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Balance {
    unaccounted: Option<i64>,
    known: Option<Figure>,
    present: Option<Figure>,
    crossed: Option<Figure>,
    home: Option<Figure>,
}

/// A count with what it rests on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Figure {
    count: i64,
    /// Publishers.
    from: Vec<String>,
    bulletins: u64,
    /// When the oldest of it was observed.
    oldest: Option<String>,
    newest: Option<String>,
    /// How old the newest of it is.
    age_seconds: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Origin {
    origin: String,
    #[serde(flatten)]
    balance: Balance,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct OfPublisher {
    publisher: String,
    /// `known`, `present`, `crossed` or `home`.
    kind: String,
    #[serde(flatten)]
    figure: Figure,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct OfPlace {
    publisher: String,
    place: String,
    kind: String,
    #[serde(flatten)]
    figure: Figure,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Day {
    day: String,
    #[serde(default)]
    known: Option<i64>,
    #[serde(default)]
    present: Option<i64>,
    #[serde(default)]
    crossed: Option<i64>,
    #[serde(default)]
    home: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Need {
    origin: String,
    need: String,
    #[serde(flatten)]
    figure: Figure,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Duplicate {
    bulletin: String,
    counted: String,
    left_out: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Bulletin {
    publisher: String,
    bulletin: String,
    observed: String,
    signed: String,
    age_seconds: i64,
    place: String,
    /// How often it was corrected.
    corrected: u64,
    /// Whether it is shown before those that its publisher signed earlier have come; it cannot be cited yet.
    ahead: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Ahead {
    publisher: String,
    bulletin: String,
    /// How many entries of its publisher are still to come before it.
    to_come: u64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Correction {
    publisher: String,
    bulletin: String,
    time: String,
    reason: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Waiting {
    bulletin: String,
    observed: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Erased {
    country: String,
    /// How many feeds of it.
    feeds: u64,
    time: String,
}
