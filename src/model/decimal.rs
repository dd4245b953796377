//! Exact decimals that keep the scale as reported: "7965.0" is not written back as "7965".

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::model::ModelError;

/// An exact decimal number: a mantissa of at most 28 digits and a scale from 0 to 28.
///
/// Equality is equality of what was reported, mantissa and scale; [`Decimal::same_value`] compares the
/// numbers. Order is by number, then by scale. There is no negative zero.
#[derive(Clone, Copy)]
pub struct Decimal(rust_decimal::Decimal);

/// Digits of the longest mantissa.
const MAX_DIGITS: usize = 28;

/// The first mantissa that is too large.
const MANTISSA_END: u128 = 10_u128.pow(28);

/// Digits that surely fit a `u64`.
const FAST_DIGITS: usize = 18;

const TOO_LONG: &str = "more than 28 digits; report fewer decimals";

impl Decimal {
    /// Zero, without decimals.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// Reads plain decimal notation: digits, an optional sign, an optional point with digits after it.
    ///
    /// # Errors
    ///
    /// [`ModelError::Decimal`] for exponents, thousands separators, blanks, more than 28 digits.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let bytes = text.as_bytes();
        if !bytes.is_empty() && bytes.len() <= FAST_DIGITS {
            let mut number = 0_i64;
            let mut plain = true;
            for byte in bytes {
                let digit = byte.wrapping_sub(b'0');
                plain &= digit <= 9;
                number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
            }
            if plain {
                return Ok(Self::from(number));
            }
        }
        parse_signed(text)
    }

    /// The number `mantissa / 10^scale`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Decimal`] if the mantissa has more than 28 digits or the scale is over 28.
    pub fn from_parts(mantissa: i128, scale: u8) -> Result<Self, ModelError> {
        if mantissa.unsigned_abs() >= MANTISSA_END || usize::from(scale) > MAX_DIGITS {
            return Err(ModelError::decimal(&format!("{mantissa}e-{scale}"), TOO_LONG));
        }
        rust_decimal::Decimal::try_from_i128_with_scale(mantissa, u32::from(scale))
            .map(Self)
            .map_err(|_| ModelError::decimal(&format!("{mantissa}e-{scale}"), TOO_LONG))
    }

    /// All digits as one integer.
    #[must_use]
    pub fn mantissa(&self) -> i128 {
        self.0.mantissa()
    }

    /// How many of the digits stand after the point.
    #[must_use]
    pub fn scale(&self) -> u8 {
        u8::try_from(self.0.scale()).unwrap_or(u8::MAX)
    }

    /// The number for arithmetic.
    #[must_use]
    pub const fn to_rust_decimal(self) -> rust_decimal::Decimal {
        self.0
    }

    /// The result of arithmetic, if it has at most 28 digits.
    ///
    /// # Errors
    ///
    /// [`ModelError::Decimal`] if it has more.
    pub fn from_rust_decimal(number: rust_decimal::Decimal) -> Result<Self, ModelError> {
        let scale = u8::try_from(number.scale()).unwrap_or(u8::MAX);
        Self::from_parts(number.mantissa(), scale)
    }

    /// Is it the same number, whatever the scale?
    #[must_use]
    pub fn same_value(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Is the number below zero?
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.mantissa() < 0
    }

    /// Is the number zero?
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(rust_decimal::Decimal::new(number, 0))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly all: whole numbers of people, which are written many times faster as such.
        match i64::try_from(self.0.mantissa()) {
            Ok(whole) if self.0.scale() == 0 && f.precision().is_none() => fmt::Display::fmt(&whole, f),
            Ok(_) | Err(_) => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({})", self.0)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.0.scale() == other.0.scale() && self.mantissa() == other.mantissa()
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mantissa().hash(state);
        self.0.scale().hash(state);
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0).then_with(|| self.0.scale().cmp(&other.0.scale()))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Everything but short unsigned integers.
fn parse_signed(text: &str) -> Result<Decimal, ModelError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let refuse = |why| ModelError::decimal(text, why);
    let mut mantissa = 0_u128;
    let mut point: Option<usize> = None;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa.saturating_mul(10).saturating_add(u128::from(byte - b'0')),
            b'.' if point.is_none() => point = Some(at),
            b'.' => return Err(refuse("more than one point; write 1234.5")),
            b',' | b' ' | b'\'' => return Err(refuse("no separators; write 1234.5")),
            b'e' | b'E' => return Err(refuse("no exponents; write all digits")),
            _ => return Err(refuse("not a plain decimal; write 1234.5")),
        }
    }
    let scale = point.map_or(0, |at| digits.len() - at - 1);
    if digits.len() == usize::from(point.is_some()) || (point.is_some() && scale == 0) {
        return Err(refuse("digits are missing; write 1234.5"));
    }
    if mantissa >= MANTISSA_END || scale > MAX_DIGITS {
        return Err(refuse(TOO_LONG));
    }
    let scale = u8::try_from(scale).map_err(|_| refuse(TOO_LONG))?;
    let magnitude = i128::try_from(mantissa).map_err(|_| refuse(TOO_LONG))?;
    Decimal::from_parts(if negative { -magnitude } else { magnitude }, scale)
}

#[cfg(test)]
mod tests;
