//! The proleptic Gregorian calendar in integers, and its ISO 8601 weeks.
//!
//! The conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>).

/// Milliseconds of a day.
pub(super) const DAY_MILLIS: i64 = 86_400_000;

/// The Monday of the week of 1970-01-01, in days since then.
pub(super) const MONDAY_BEFORE_EPOCH: i64 = -3;

/// Days since 1970-01-01 of a date that exists.
pub(super) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub(super) const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// The year that begins with this day. The calendar repeats after 400 years of 146 097 days, and in between a year
/// begins less than three days from where an even spread puts it: so the nearest is the one.
pub(super) const fn year_from_first_day(days: i64) -> i64 {
    let since_year_0 = days + 719_528;
    (since_year_0 * 400 + 146_097 / 2).div_euclid(146_097)
}

/// Days of a month.
pub(super) const fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The Monday of week 1, the week with the year's first Thursday.
pub(super) const fn first_monday(iso_year: i64) -> i64 {
    let fourth_of_january = days_from_civil(iso_year, 1, 4);
    fourth_of_january - (fourth_of_january - MONDAY_BEFORE_EPOCH).rem_euclid(7)
}

/// The number of week 1 of an ISO year, counted from the week of 1970-01-01.
pub(super) const fn week_number(iso_year: i64) -> i64 {
    (first_monday(iso_year) - MONDAY_BEFORE_EPOCH).div_euclid(7)
}

/// ISO year and week of a day.
pub(super) const fn iso_week(days: i64) -> (i64, i64) {
    let monday = days - (days - MONDAY_BEFORE_EPOCH).rem_euclid(7);
    let (year, _, _) = civil_from_days(monday + 3);
    (year, (monday - first_monday(year)) / 7 + 1)
}
