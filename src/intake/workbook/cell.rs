//! A cell: what it is called, and its value as text.

use calamine::{DataRef, ExcelDateTime};

/// Digits that a sheet keeps of a number; what stands behind them is left over from its arithmetic.
const DIGITS: usize = 15;

/// Whole numbers above are not kept to the last digit.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What the cells of a sheet are called, to name them in findings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// As a formula writes it.
    sheet: String,
    /// The first column of the table, from 0.
    first: u32,
    /// The header.
    names: Vec<String>,
}

impl Places {
    pub(super) fn new(sheet: &str, first: u32, names: Vec<String>) -> Self {
        let plain = sheet.chars().all(|c| c.is_alphanumeric() || c == '_');
        let name = short(sheet, super::MAX_NAME);
        let sheet = if plain { name } else { format!("'{}'", name.replace('\'', "''")) };
        Self { sheet, first, names }
    }

    /// The cell of a column on a line, as `Sheet1!C7`.
    pub(crate) fn cell(&self, column: &str, line: u64) -> Option<String> {
        let at = self.names.iter().position(|name| name == column)?;
        // There are at most MAX_COLUMNS names.
        let column = self.first.checked_add(u32::try_from(at).ok()?)?;
        Some(format!("{}!{}{line}", self.sheet, letters(column)))
    }
}

/// The letters of a column: `A` for 0, `AA` for 26.
pub(super) fn letters(column: u32) -> String {
    let (mut rest, mut letters) = (u64::from(column) + 1, Vec::new());
    while rest > 0 {
        rest -= 1;
        // Below 26.
        letters.push(b'A' + (rest % 26) as u8);
        rest /= 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// The beginning of a text that may be of any length.
pub(super) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The value of a cell as text; whether digits beyond what a sheet keeps were left out.
pub(super) fn text(cell: &DataRef<'_>) -> (String, bool) {
    let text = match cell {
        DataRef::Empty => String::new(),
        DataRef::Int(whole) => whole.to_string(),
        DataRef::Float(value) => return number(*value),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(time) if time.is_duration() => return number(time.as_f64()),
        DataRef::DateTime(time) => date(time),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    };
    (text, false)
}

/// A number as it was written, with the 15 digits that sheets have: `0.3`, not `0.30000000000000004`; `2020`, not
/// `2020.0`. A whole number that a sheet does not keep to its last digit comes with an exponent, which no number of a
/// file has, so that it is refused.
fn number(value: f64) -> (String, bool) {
    if value == 0.0 {
        return ("0".to_owned(), false);
    }
    if value.abs() > EXACT {
        return (format!("{value:e}"), false);
    }
    let whole = format!("{value}");
    let significant = whole.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if significant <= DIGITS || value.fract() == 0.0 {
        return (whole, false);
    }
    let fewer = format!("{value:.*e}", DIGITS - 1).parse::<f64>();
    (fewer.map_or(whole, |rounded| rounded.to_string()), true)
}

/// A day; with its time, if it has one.
fn date(time: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let day = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        return day;
    }
    format!("{day}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_they_were_written() {
        let cases = [
            (0.1 + 0.2, "0.3", true),
            (2020.0, "2020", false),
            (-1234.5, "-1234.5", false),
            (0.000_012_5, "0.0000125", false),
            (123_456_789_012_345.0, "123456789012345", false),
            (EXACT, "9007199254740992", false),
            (12_345_678_901_234_567_890.0, "1.2345678901234567e19", false),
            (-0.0, "0", false),
            (1.1 * 1.1, "1.21", true),
            (f64::NAN, "NaN", false),
        ];
        for (value, wanted, noise) in cases {
            assert_eq!(number(value), (wanted.to_owned(), noise), "{value:e}");
        }
    }

    #[test]
    fn columns_have_the_letters_of_sheets() {
        let cases = [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")];
        assert_eq!(cases.map(|(at, _)| letters(at)), cases.map(|(_, wanted)| wanted.to_owned()));
        let places = Places::new("Emi's 2020", 2, vec!["year".into(), "n".into()]);
        assert_eq!(places.cell("n", 7).as_deref(), Some("'Emi''s 2020'!D7"));
        assert_eq!(places.cell("other", 7), None);
    }
}
