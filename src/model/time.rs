//! Moments as signed bytes count them: milliseconds of UTC since 1970.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::ModelError;

/// A moment: UTC milliseconds since 1970-01-01T00:00:00Z. This room never asks what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub i64);

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

impl Millis {
    /// Reads RFC 3339 with any offset, or a plain date, which means its first moment in UTC.
    ///
    /// # Errors
    ///
    /// [`ModelError::Time`] for everything else.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let refuse = || ModelError::Time { value: crate::model::text::shorten(text) };
        if text.len() == "2026-01-31".len() {
            let date: Date = text.parse().map_err(|_| refuse())?;
            let days = date.since(Date::constant(1970, 1, 1)).map_err(|_| refuse())?.get_days();
            let first = i64::from(days) * DAY;
            // The calendar ends a day before its last date does in UTC: what is read can also be shown.
            return Timestamp::from_millisecond(first).map(|_| Self(first)).map_err(|_| refuse());
        }
        let moment: Timestamp = text.parse().map_err(|_| refuse())?;
        Ok(Self(moment.as_millisecond()))
    }

    /// The moment `millis` later, or the last there is.
    #[must_use]
    pub const fn saturating_add(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to here; negative if `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Millis {
    /// RFC 3339 in UTC; a number that no calendar reaches is shown as it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(moment) => fmt::Display::fmt(&moment, f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_utc() {
        for (text, millis, shown) in [
            ("1970-01-01", 0, "1970-01-01T00:00:00Z"),
            ("2017-12-15T10:00:00Z", 1_513_332_000_000, "2017-12-15T10:00:00Z"),
            ("2017-12-15T12:00:00+02:00", 1_513_332_000_000, "2017-12-15T10:00:00Z"),
            ("2017-12-15T10:00:00.250Z", 1_513_332_000_250, "2017-12-15T10:00:00.25Z"),
            ("1969-12-31", -86_400_000, "1969-12-31T00:00:00Z"),
            ("2400-01-01", 13_569_465_600_000, "2400-01-01T00:00:00Z"),
        ] {
            let parsed = Millis::parse(text).unwrap();
            assert_eq!(parsed, Millis(millis), "{text}");
            assert_eq!(parsed.to_string(), shown);
        }
        for text in ["", "2017", "9999-12-31", "2017-13-01", "2017-02-30", "2017-12-15T10:00:00", "yesterday"]
        {
            assert!(Millis::parse(text).is_err(), "{text}");
        }
        assert_eq!(Millis(i64::MAX).to_string(), "9223372036854775807 ms");
    }
}
