//! Reference periods: SDMX `ObservationalTimePeriod`, one text for one period.

use std::fmt;

use crate::model::ModelError;

mod calendar;
mod parse;
mod text;

use calendar::{DAY_MILLIS, MONDAY_BEFORE_EPOCH};
pub use text::PeriodText;

/// The time an observation is about: a year, a quarter, a day, an hour.
///
/// Of two texts that mean one period only one is canonical: `2023-A1` becomes `2023`, `2023-M05` becomes
/// `2023-05`, the ordinal day `2023-D061` becomes `2023-03-02`. Weeks are ISO 8601 weeks. Times are UTC.
///
/// Eight bytes, `Copy`; ordered by the first moment, and of periods that begin together the longest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(i64);

/// The kind of a [`Period`], longest first. The numbers stand in signed bytes and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PeriodKind {
    /// A calendar year, `2023`.
    Year = 0,
    /// A half-year, `2023-S1`.
    HalfYear = 1,
    /// A third of a year, `2023-T1`.
    Trimester = 2,
    /// A quarter, `2023-Q2`.
    Quarter = 3,
    /// A month, `2023-05`.
    Month = 4,
    /// An ISO week, `2023-W18`.
    Week = 5,
    /// A day, `2011-03-02`.
    Day = 6,
    /// A moment to the second, `2011-03-02T14:00:00`, UTC.
    Moment = 7,
}

/// The kind lives in the low bits below the first moment, so that periods compare as integers.
const KIND_BITS: u32 = 3;

const OUT_OF_RANGE: &str = "years go from 0001 to 9999";

impl Period {
    /// Reads a period of any kind.
    ///
    /// # Errors
    ///
    /// [`ModelError::Period`] if the text has no such form, or the calendar no such week or day.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let bytes = text.as_bytes();
        if bytes.len() == 4 && bytes.iter().all(u8::is_ascii_digit) {
            let year = bytes.iter().fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
            return Self::at(PeriodKind::Year, year).ok_or_else(|| ModelError::period(text, OUT_OF_RANGE));
        }
        parse::parse(text)
    }

    /// The period of a kind with this [`Period::ordinal`].
    ///
    /// # Errors
    ///
    /// [`ModelError::Period`] if it lies outside the years 0001 to 9999.
    pub fn from_ordinal(kind: PeriodKind, ordinal: i64) -> Result<Self, ModelError> {
        Self::at(kind, ordinal)
            .ok_or_else(|| ModelError::period(&format!("{kind:?} {ordinal}"), OUT_OF_RANGE))
    }

    /// The number of the period among its kind, a small integer: years count from year 0, parts of years from
    /// the beginning of year 0, weeks from the Monday before 1970, days and seconds from 1970. The next period
    /// of the same kind has the next number.
    #[must_use]
    pub fn ordinal(&self) -> i64 {
        let days = self.start_millis().div_euclid(DAY_MILLIS);
        match self.kind() {
            PeriodKind::Week => (days - MONDAY_BEFORE_EPOCH).div_euclid(7),
            PeriodKind::Day => days,
            PeriodKind::Moment => self.start_millis().div_euclid(1000),
            kind => {
                let (year, month, _) = calendar::civil_from_days(days);
                let parts = 12 / kind.months();
                year * parts + (month - 1) / kind.months()
            }
        }
    }

    /// The canonical text.
    #[must_use]
    pub fn text(&self) -> PeriodText {
        PeriodText::of(*self)
    }

    /// The first moment, in UTC milliseconds since 1970.
    #[must_use]
    pub const fn start_millis(&self) -> i64 {
        self.0 >> KIND_BITS
    }

    /// The first moment after the period; a [`PeriodKind::Moment`] has no length.
    #[must_use]
    pub fn end_millis(&self) -> i64 {
        let start = self.start_millis();
        match self.kind() {
            PeriodKind::Moment => start,
            PeriodKind::Day => start + DAY_MILLIS,
            PeriodKind::Week => start + 7 * DAY_MILLIS,
            kind => start_of(kind, self.ordinal() + 1),
        }
    }

    /// What kind of period it is.
    #[must_use]
    pub const fn kind(&self) -> PeriodKind {
        match self.0 & 7 {
            0 => PeriodKind::Year,
            1 => PeriodKind::HalfYear,
            2 => PeriodKind::Trimester,
            3 => PeriodKind::Quarter,
            4 => PeriodKind::Month,
            5 => PeriodKind::Week,
            6 => PeriodKind::Day,
            _ => PeriodKind::Moment,
        }
    }

    /// The frequency code of a series with such periods.
    #[must_use]
    pub const fn freq(&self) -> &'static str {
        self.kind().freq()
    }

    /// The year; of a week the ISO year it is counted in.
    #[must_use]
    pub fn year(&self) -> i64 {
        let days = self.start_millis().div_euclid(DAY_MILLIS);
        match self.kind() {
            PeriodKind::Week => calendar::iso_week(days).0,
            _ => calendar::civil_from_days(days).0,
        }
    }

    /// May a series of this frequency have such a period? Irregular and unknown frequencies take all kinds.
    #[must_use]
    pub fn matches_freq(&self, freq: &str) -> bool {
        PeriodKind::of_freq(freq).is_some_and(|wanted| wanted.is_none_or(|kind| kind == self.kind()))
    }

    /// The period with this number, if it lies in the years 0001 to 9999.
    fn at(kind: PeriodKind, ordinal: i64) -> Option<Self> {
        if !kind.ordinals().contains(&ordinal) {
            return None;
        }
        Some(Self((start_of(kind, ordinal) << KIND_BITS) | i64::from(kind.code())))
    }
}

impl PeriodKind {
    /// All kinds, longest first.
    pub const ALL: [Self; 8] = [
        Self::Year,
        Self::HalfYear,
        Self::Trimester,
        Self::Quarter,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Moment,
    ];

    /// The number that stands for the kind in signed bytes.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a number, if it is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The kind of the periods of a series of this frequency: `Some(None)` for irregular and unknown frequencies,
    /// which take all kinds, and `None` for a code that is no frequency.
    pub(crate) fn of_freq(freq: &str) -> Option<Option<Self>> {
        Some(Some(match freq {
            "A" | "A2" | "A3" | "A4" | "A5" | "A10" | "A20" | "A30" => Self::Year,
            "S" => Self::HalfYear,
            "A_3" => Self::Trimester,
            "Q" => Self::Quarter,
            "M" | "M2" => Self::Month,
            "W" | "W2" | "W3" | "W4" => Self::Week,
            "D" | "B" | "M_2" | "M_3" | "W_2" | "W_3" => Self::Day,
            "H" | "H2" | "H3" | "N" | "D_2" => Self::Moment,
            "I" | "OA" | "OM" | "_O" | "_U" | "_Z" => return Some(None),
            _ => return None,
        }))
    }

    /// The frequency code of a series with periods of this kind.
    #[must_use]
    pub const fn freq(self) -> &'static str {
        match self {
            Self::Year => "A",
            Self::HalfYear => "S",
            Self::Trimester => "A_3",
            Self::Quarter => "Q",
            Self::Month => "M",
            Self::Week => "W",
            Self::Day => "D",
            Self::Moment => "H",
        }
    }

    /// Months that the kind covers; 1 for the kinds that are not made of months.
    const fn months(self) -> i64 {
        match self {
            Self::Year => 12,
            Self::HalfYear => 6,
            Self::Trimester => 4,
            Self::Quarter => 3,
            Self::Month | Self::Week | Self::Day | Self::Moment => 1,
        }
    }

    /// The numbers of the periods of the years 0001 to 9999.
    fn ordinals(self) -> std::ops::Range<i64> {
        let first = calendar::days_from_civil(1, 1, 1);
        let end = calendar::days_from_civil(10_000, 1, 1);
        match self {
            Self::Week => calendar::week_number(1)..calendar::week_number(10_000),
            Self::Day => first..end,
            Self::Moment => first * 86_400..end * 86_400,
            kind => 12 / kind.months()..10_000 * (12 / kind.months()),
        }
    }
}

/// The first millisecond of a period whose number is in range.
fn start_of(kind: PeriodKind, ordinal: i64) -> i64 {
    match kind {
        PeriodKind::Week => (ordinal * 7 + MONDAY_BEFORE_EPOCH) * DAY_MILLIS,
        PeriodKind::Day => ordinal * DAY_MILLIS,
        PeriodKind::Moment => ordinal * 1000,
        kind => {
            let parts = 12 / kind.months();
            let month = ordinal.rem_euclid(parts) * kind.months() + 1;
            calendar::days_from_civil(ordinal.div_euclid(parts), month, 1) * DAY_MILLIS
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Period({self})")
    }
}

#[cfg(test)]
mod tests;
