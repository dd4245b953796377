//! Text to period, for all forms but the plain year.

use super::{OUT_OF_RANGE, Period, PeriodKind, calendar};
use crate::model::ModelError;

const FORMS: &str =
    "write 2023, 2023-S1, 2023-T1, 2023-Q2, 2023-05, 2023-W18, 2023-05-01 or 2023-05-01T14:00:00";
const NO_SUCH_DAY: &str = "the calendar has no such day";
const NO_SUCH_WEEK: &str = "the year has no such week";

/// Reads every form; the year is already known not to stand alone.
pub(super) fn parse(text: &str) -> Result<Period, ModelError> {
    let read = || -> Result<Period, &'static str> {
        let bytes = text.as_bytes();
        let (year, rest) = bytes.split_at_checked(4).ok_or(FORMS)?;
        let year = number(year).ok_or(FORMS)?;
        if year == 0 {
            return Err(OUT_OF_RANGE);
        }
        let [b'-', rest @ ..] = rest else { return Err(FORMS) };
        match rest {
            [letter @ b'A'..=b'Z', digits @ ..] => part_of_year(year, *letter, digits),
            [m1, m2] => month(year, &[*m1, *m2]),
            [m1, m2, b'-', d1, d2] => day(year, &[*m1, *m2], &[*d1, *d2]),
            [m1, m2, b'-', d1, d2, b'T', time @ ..] => moment(day(year, &[*m1, *m2], &[*d1, *d2])?, time),
            _ => Err(FORMS),
        }
    };
    read().map_err(|why| ModelError::period(text, why))
}

/// SDMX reporting periods, `A1` to `D366`, with their fixed number of digits.
fn part_of_year(year: i64, letter: u8, digits: &[u8]) -> Result<Period, &'static str> {
    let part = number(digits).ok_or(FORMS)?;
    let (kind, parts) = match (letter, digits.len()) {
        (b'A', 1) => (PeriodKind::Year, 1),
        (b'S', 1) => (PeriodKind::HalfYear, 2),
        (b'T', 1) => (PeriodKind::Trimester, 3),
        (b'Q', 1) => (PeriodKind::Quarter, 4),
        (b'M', 2) => (PeriodKind::Month, 12),
        (b'W', 2) => return week(year, part),
        (b'D', 3) => return ordinal_day(year, part),
        _ => return Err(FORMS),
    };
    if !(1..=parts).contains(&part) {
        return Err("the year has no such part");
    }
    Period::at(kind, year * parts + part - 1).ok_or(OUT_OF_RANGE)
}

fn week(year: i64, week: i64) -> Result<Period, &'static str> {
    let monday = calendar::first_monday(year) + (week - 1) * 7;
    if week == 0 || calendar::iso_week(monday) != (year, week) {
        return Err(NO_SUCH_WEEK);
    }
    let number = (monday - calendar::MONDAY_BEFORE_EPOCH).div_euclid(7);
    Period::at(PeriodKind::Week, number).ok_or(OUT_OF_RANGE)
}

fn ordinal_day(year: i64, day: i64) -> Result<Period, &'static str> {
    let first = calendar::days_from_civil(year, 1, 1);
    if day == 0 || first + day > calendar::days_from_civil(year + 1, 1, 1) {
        return Err(NO_SUCH_DAY);
    }
    Period::at(PeriodKind::Day, first + day - 1).ok_or(OUT_OF_RANGE)
}

fn month(year: i64, month: &[u8]) -> Result<Period, &'static str> {
    part_of_year(year, b'M', month)
}

fn day(year: i64, month: &[u8], day: &[u8]) -> Result<Period, &'static str> {
    let month = number(month).ok_or(FORMS)?;
    let day = number(day).ok_or(FORMS)?;
    if !(1..=12).contains(&month) || !(1..=calendar::month_length(year, month)).contains(&day) {
        return Err(NO_SUCH_DAY);
    }
    Period::at(PeriodKind::Day, calendar::days_from_civil(year, month, day)).ok_or(OUT_OF_RANGE)
}

fn moment(day: Period, time: &[u8]) -> Result<Period, &'static str> {
    let time = time.strip_suffix(b"Z").unwrap_or(time);
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else {
        return Err("times are UTC, to the second: write 2023-05-01T14:00:00");
    };
    let hour = number(&[*h1, *h2]).filter(|h| *h < 24).ok_or("the hour goes from 00 to 23")?;
    let minute = number(&[*m1, *m2]).filter(|m| *m < 60).ok_or("the minute goes from 00 to 59")?;
    let second = number(&[*s1, *s2]).filter(|s| *s < 60).ok_or("the second goes from 00 to 59")?;
    let number = day.ordinal() * 86_400 + hour * 3600 + minute * 60 + second;
    Period::at(PeriodKind::Moment, number).ok_or(OUT_OF_RANGE)
}

/// Up to four digits, nothing else.
fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum, b| sum * 10 + i64::from(b - b'0')))
}
