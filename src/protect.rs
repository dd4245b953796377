//! Statistical disclosure control: in what form figures leave for one audience.
//!
//! A count of three is three people, and whoever knows the corridor knows them. This room stands between what may be
//! shared, which `policy` decides, and the feed: it closes small cells, rounds the others, closes more so that the
//! small ones cannot be worked out from totals, and then takes the audience's seat and tries to work them out.
//!
//! ```text
//!  series, rules ──▶ guard ──▶ table ──▶ primary ──▶ relations ──▶ cover ──▶ published form
//!  what is held ─────────────────┘       rounding                  ▲              │ read again
//!                                                                  └── unproven ── audit ──▶ series, report
//! ```
//!
//! What goes in: the true figures that the audience is to have, all of them, changed or not; what it [`Held`]
//! before; the [`Rules`]; the node's [`RoundingKey`]. What comes out: the series as they leave and a [`Report`] for
//! the publisher, or a [`Breach`] that names the cells which nothing in the release can protect.
//!
//! Values that were revised since are kept apart from those of now, and the sums of then are reckoned with, see
//! `vintage`: what stayed as it was is bounded by both.
//!
//! What always holds: no count below the rule's minimum leaves, nor can it be told from outside to lie in less than
//! the whole range below the minimum; closed cells look all alike, whatever they were closed for; a cell rounds
//! alike wherever it stands. What is not claimed: that an audience with figures of its own, from elsewhere, learns
//! nothing, or one that reasons from zeros being shown to closed cells being none; nor one that contributed itself to a
//! total which is closed beside another. Of sums that are not in the code lists, see `hierarchy`, none are known here.
//!
//! What this room never does: decide who is an audience, keep what was sent, ask the time, or draw by chance.
//!
//! Start reading at [`protect`], then [`audit`], which everything else has to convince.

pub mod audit;
mod cover;
mod guard;
mod held;
mod hierarchy;
pub mod primary;
mod program;
mod reduce;
mod relation;
mod release;
mod report;
mod rounding;
mod publish;
pub mod rule;
mod search;
pub mod system;
mod table;
mod vintage;

use std::collections::{HashMap, HashSet};

use crate::model::catalogue::DisclosureRule;
use crate::model::{ConfStatus, Decimal, Observation, Period, Series, SeriesKey};

pub use guard::{check as check_texts, personal_data};
pub use held::{Held, Readers};
pub use hierarchy::Places;
pub use report::{Breach, Explained, Opened, Opening, Outcome, Report};
pub use rounding::RoundingKey;

/// Cells of one release and of what its audience holds beside it: some hundred bytes each.
pub const MAX_CELLS: usize = 20_000_000;

/// Upper protection levels of sensitive totals, each in the unit and power of ten of its total.
pub type Levels = HashMap<(SeriesKey, Period), Decimal>;

/// What a release to one audience is held to.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The rule of the agreement; it only makes the series' own rules stricter.
    pub agreement: Option<DisclosureRule>,
    /// Indicators that the clause of a crisis lane holds to a weaker rule.
    pub lowered: Vec<(String, DisclosureRule)>,
    /// The confidentiality status of everything that is closed. One for all, so that it does not tell small cells
    /// from their complements.
    pub conf: ConfStatus,
    /// How many persons or sample cases stand behind rates. A rate that needs a base and has none here is closed.
    pub bases: HashMap<(SeriesKey, Period), Decimal>,
    /// What contributions to totals are held to when they come in, if to anything.
    pub concentration: Option<primary::Concentration>,
    /// Cells that are sensitive by their contributors, with their upper protection levels, see [`primary`]: of the
    /// release, and others that the audience holds as suppressed or that it never got.
    pub sensitive: Levels,
    /// Cells that the audience holds as suppressed, and whose values are what they were then: they stay closed.
    pub closed: HashSet<(SeriesKey, Period)>,
    /// Places below the first level of administration.
    pub places: Places,
    /// Should the report say what became of every figure?
    pub explain: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            agreement: None,
            lowered: Vec::new(),
            conf: ConfStatus::Confidential,
            bases: HashMap::new(),
            concentration: None,
            sensitive: Levels::new(),
            closed: HashSet::new(),
            places: Places::default(),
            explain: false,
        }
    }
}

/// What leaves for an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// The series as they leave, in the order in which they came; without those that are withheld.
    pub series: Vec<Series>,
    /// What became of the figures. For the publisher only.
    pub report: Report,
}

/// Does a series need this room, or may it leave as it is as far as it alone is concerned?
#[must_use]
pub fn is_needed(series: &Series, agreement: Option<DisclosureRule>) -> bool {
    rule::effective(series.key(), series.attributes(), agreement) != DisclosureRule::D0
        || series.observations().iter().any(|one| release::is_declared(one.conf()))
}

/// The first period in which a series as it was published shows fewer than its rule lets anybody see: what a
/// recipient can check of another's protection without knowing more.
#[must_use]
pub fn shows_too_small(
    series: &Series,
    agreement: Option<DisclosureRule>,
    lowered: &[(String, DisclosureRule)],
) -> Option<Period> {
    let rule = rule::effective_in(series.key(), series.attributes(), agreement, lowered);
    let least = i128::from(held::limit(series.key(), rule)?.least) * 10_i128.pow(DECIMALS);
    let power = held::power(series.attributes());
    let is_small = |value: Decimal| {
        // One that is too large to be counted in parts of a person is not small.
        let parts = table::units(value, power, -DECIMALS.cast_signed());
        value.mantissa() != 0 && parts.is_some_and(|parts| parts.abs() < least)
    };
    let small = |one: &&Observation| one.value().is_some_and(is_small);
    series.observations().iter().find(small).map(Observation::period)
}

/// Decimals of a person that are told apart where a count is compared with its minimum.
const DECIMALS: u32 = 6;

/// Puts the figures of a release into the form in which one audience may have them.
///
/// # Errors
///
/// [`Breach`] if that cannot be done; then nothing may leave.
pub fn protect(
    tables: &[Series],
    held: &Held,
    rules: &Rules,
    key: &RoundingKey,
) -> Result<Protected, Breach> {
    tables.iter().try_for_each(guard::check)?;
    release::Draft::new(tables, held, rules, key)?.finish()
}

#[cfg(test)]
mod tests;
