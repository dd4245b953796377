//! Period to text, on the stack: entries are made and checked by writing a text for every observation.

use super::{DAY_MILLIS, Period, PeriodKind, calendar};

/// The canonical text of a [`Period`].
#[derive(Clone, Copy, Debug)]
pub struct PeriodText {
    bytes: [u8; MAX_LENGTH],
    length: u8,
}

/// Bytes of a moment, `2011-03-02T14:00:00`.
const MAX_LENGTH: usize = 19;

impl PeriodText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("digits, letters and signs are ASCII")
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub(super) fn of(period: Period) -> Self {
        let mut text = Self { bytes: [0; MAX_LENGTH], length: 0 };
        let kind = period.kind();
        let days = period.start_millis().div_euclid(DAY_MILLIS);
        if kind == PeriodKind::Year {
            text.year(calendar::year_from_first_day(days));
            return text;
        }
        if kind == PeriodKind::Week {
            let (year, week) = calendar::iso_week(days);
            text.year(year);
            text.part(b'W', week);
            return text;
        }
        let (year, month, day) = calendar::civil_from_days(days);
        let part = (month - 1) / kind.months() + 1;
        text.year(year);
        match kind {
            PeriodKind::Year | PeriodKind::Week => {}
            PeriodKind::HalfYear => text.short_part(b'S', part),
            PeriodKind::Trimester => text.short_part(b'T', part),
            PeriodKind::Quarter => text.short_part(b'Q', part),
            PeriodKind::Month => text.pair(b'-', month),
            PeriodKind::Day | PeriodKind::Moment => {
                text.pair(b'-', month);
                text.pair(b'-', day);
            }
        }
        if kind == PeriodKind::Moment {
            let second = period.start_millis().rem_euclid(DAY_MILLIS) / 1000;
            text.pair(b'T', second / 3600);
            text.pair(b':', second / 60 % 60);
            text.pair(b':', second % 60);
        }
        text
    }

    fn year(&mut self, year: i64) {
        self.digits(year / 100);
        self.digits(year % 100);
    }

    /// `-W18`.
    fn part(&mut self, letter: u8, part: i64) {
        self.push(b'-');
        self.pair(letter, part);
    }

    /// `-Q2`.
    fn short_part(&mut self, letter: u8, part: i64) {
        self.push(b'-');
        self.push(letter);
        self.push(digit(part));
    }

    /// A sign and two digits.
    fn pair(&mut self, sign: u8, number: i64) {
        self.push(sign);
        self.digits(number);
    }

    fn digits(&mut self, number: i64) {
        self.push(digit(number / 10));
        self.push(digit(number % 10));
    }

    fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.length)] = byte;
        self.length += 1;
    }
}

/// The digit of a number below ten.
fn digit(number: i64) -> u8 {
    b"0123456789"[usize::try_from(number.rem_euclid(10)).unwrap_or_default()]
}
