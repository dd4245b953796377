//! What became of every figure, for the publisher's own eyes, and why a release is refused.
//!
//! None of it goes to the audience: who knows which cells are primary knows which are small.

use crate::model::catalogue::DisclosureRule;
use crate::model::personal::PersonalData;
use crate::model::{AttributeId, Period, SeriesKey};

/// What happened to the figures of a release for one audience, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Values that leave as they are.
    pub shown: u64,
    /// Zeros that leave as they are.
    pub zero: u64,
    /// Values that leave as multiples of the base.
    pub rounded: u64,
    /// Values suppressed for themselves.
    pub primary: u64,
    /// Values suppressed so that others cannot be worked out.
    pub secondary: u64,
    /// Observations that had no value.
    pub missing: u64,
    /// Observations of series that may not leave at all.
    pub withheld: u64,
    /// Claims that the audit proved: cells, and differences of cells, that stay open enough.
    pub audited: u64,
    /// Sums of parts that exceed their total, which no protection was built upon.
    pub inconsistent: u64,
    /// What became of each figure, where the rules ask for it.
    pub cells: Vec<Explained>,
    /// Closed cells that some of the audience could tell before, from what left earlier or under another agreement.
    /// Nothing can be done about them any more; this release tells no more of them.
    pub open_before: Vec<Opened>,
}

/// What became of one figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The series.
    pub key: SeriesKey,
    /// The period.
    pub period: Period,
    /// The rule that the series is released under.
    pub rule: DisclosureRule,
    /// What became of it.
    pub outcome: Outcome,
}

/// What becomes of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It leaves as it is.
    Shown,
    /// It is zero and leaves so.
    Zero,
    /// It leaves as a multiple of the base.
    Rounded,
    /// Suppressed: fewer than the rule's minimum.
    TooSmall,
    /// Suppressed: a rate of too small a group, or of one whose size is not known.
    SmallBase,
    /// Suppressed: declared confidential.
    Declared,
    /// Suppressed: sensitive by its contributors.
    Concentrated,
    /// Suppressed so that others cannot be worked out, now or when it left first.
    Complement,
    /// There was no value.
    Missing,
    /// The series is withheld: its place lies below the first level of administration.
    Withheld,
}

impl Outcome {
    /// The outcome in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Zero => "zero, shown",
            Self::Rounded => "rounded",
            Self::TooSmall => "suppressed: below the minimum of the rule",
            Self::SmallBase => "suppressed: fewer than 30 behind the rate, or unknown",
            Self::Declared => "suppressed: declared confidential",
            Self::Concentrated => "suppressed: few contribute most of it",
            Self::Complement => "suppressed: others could be worked out from it",
            Self::Missing => "no value",
            Self::Withheld => "withheld: the place lies below the first level of administration",
        }
    }

    /// Does the value stay at home?
    #[must_use]
    pub const fn is_suppressed(self) -> bool {
        matches!(
            self,
            Self::TooSmall | Self::SmallBase | Self::Declared | Self::Concentrated | Self::Complement
        )
    }
}

impl Report {
    /// Adds what became of other figures.
    pub fn add(&mut self, other: Self) {
        let counters = [
            (&mut self.shown, other.shown),
            (&mut self.zero, other.zero),
            (&mut self.rounded, other.rounded),
            (&mut self.primary, other.primary),
            (&mut self.secondary, other.secondary),
            (&mut self.missing, other.missing),
            (&mut self.withheld, other.withheld),
            (&mut self.audited, other.audited),
            (&mut self.inconsistent, other.inconsistent),
        ];
        counters.into_iter().for_each(|(sum, more)| *sum += more);
        self.cells.extend(other.cells);
        self.open_before.extend(other.open_before);
    }

    pub(super) fn count(&mut self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Shown => &mut self.shown,
            Outcome::Zero => &mut self.zero,
            Outcome::Rounded => &mut self.rounded,
            Outcome::TooSmall | Outcome::SmallBase | Outcome::Declared | Outcome::Concentrated => {
                &mut self.primary
            }
            Outcome::Complement => &mut self.secondary,
            Outcome::Missing => &mut self.missing,
            Outcome::Withheld => &mut self.withheld,
        };
        *counter += 1;
    }
}

/// A cell that the audience could open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opened {
    /// Its series.
    pub key: SeriesKey,
    /// Its period.
    pub period: Period,
    /// How.
    pub how: Opening,
}

/// How a cell would be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opening {
    /// The audience holds its value from before.
    Held,
    /// It follows from what the release shows, beside what the audience holds.
    Worked,
    /// What the published parts leave of it follows: a group that is not stated, such as the other sex.
    Rest,
    /// It is a value that was revised since, and follows from what was shown then and what is shown now.
    Past,
}

/// Why a release is refused for an audience. For the publisher only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// Closed cells would be open, whatever else is suppressed.
    #[error("{} would be open to this audience, the first {}: {}", cells(.0.len()), place(.0), why(.0))]
    Open(Vec<Opened>),
    /// A text tells of a person.
    #[error(
        "{key}: {attribute} holds {found}; no data about single persons leave the node: remove it and submit again. \
         A case of one person goes through the consular channel"
    )]
    Personal {
        /// The series.
        key: SeriesKey,
        /// The attribute with the text.
        attribute: AttributeId,
        /// What was found.
        found: PersonalData,
    },
    /// A count that the audit cannot reckon with.
    #[error("{key} {period}: a count is at most 10^15 with six decimals; correct it")]
    Number {
        /// The series.
        key: SeriesKey,
        /// The period.
        period: Period,
    },
    /// More cells than the audit takes at once.
    #[error("{cells} cells are too many for one audit; release fewer series at a time")]
    TooLarge {
        /// How many.
        cells: usize,
    },
    /// A value cannot be written after rounding.
    #[error("{key}: {why}")]
    Unwritable {
        /// The series.
        key: SeriesKey,
        /// What is wrong.
        why: String,
    },
}

fn cells(count: usize) -> String {
    if count == 1 { "one cell".to_owned() } else { format!("{count} cells") }
}

fn place(opened: &[Opened]) -> String {
    opened.first().map(|first| format!("{} {}", first.key, first.period)).unwrap_or_default()
}

fn why(opened: &[Opened]) -> &'static str {
    match opened.first().map(|first| first.how) {
        Some(Opening::Held) => "it holds the value from an earlier release",
        Some(Opening::Worked) => "the value follows from what is shown and what it holds",
        Some(Opening::Past) => "what it was before it was revised follows",
        Some(Opening::Rest) | None => "what the published parts leave of it follows",
    }
}
