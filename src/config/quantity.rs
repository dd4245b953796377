//! Lengths of time and sizes, written with their units.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time: `500ms`, `30s`, `10min` (or `10m`), `1h`, `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

/// A number of bytes: `512 B`, `64 KiB`, `8 MiB`, `1 GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// Units in milliseconds, the largest first; the first name of a size is the one that is written.
const TIMES: [(&str, u64); 6] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Span {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        count(text, &TIMES).map(|millis| Self(Duration::from_millis(millis))).ok_or_else(|| {
            format!("{text:?} is no length of time: write a whole number and ms, s, min, h or d")
        })
    }
}

impl Size {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        count(text, &SIZES)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no size: write a whole number and B, KiB, MiB or GiB"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, scale) = exact(millis, &TIMES, "s");
        write!(f, "{}{unit}", millis / scale)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = exact(self.0, &SIZES, "B");
        write!(f, "{} {unit}", self.0 / scale)
    }
}

/// The whole number times its unit, if there is such a unit and the product fits.
fn count(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

/// The largest unit that leaves no remainder; for zero the one named.
fn exact(value: u64, units: &[(&'static str, u64)], zero: &'static str) -> (&'static str, u64) {
    if value == 0 {
        return (zero, 1);
    }
    units.iter().copied().find(|(_, scale)| value.is_multiple_of(*scale)).unwrap_or((zero, 1))
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Written::text(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Written::text(deserializer)?).map_err(de::Error::custom)
    }
}

/// A quantity as it stands in TOML. A bare number is read too, so that the error asks for its unit.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(i64),
}

impl Written {
    fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let written = Self::deserialize(deserializer)
            .map_err(|_| de::Error::custom("must be text: a whole number and its unit, in quotes"))?;
        Ok(match written {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        })
    }
}
