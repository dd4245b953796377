//! An observation in 24 bytes, while its file is read.

use crate::model::{Attributes, ConfStatus, Decimal, Flags, ModelError, ObsStatus, Observation, Period};

/// An observation of a series, by the numbers that stand for series and period. What does not fit, which is rare,
/// lies in a list [`Aside`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    /// The digits of the value, or the place of the whole observation aside.
    digits: i64,
    pub(super) series: u32,
    pub(super) period: u32,
    line: u32,
    flags: u32,
}

/// Observations with more to them: remarks, long numbers, many revisions.
pub(super) type Aside = Vec<Observation>;

// The bits of `flags`, from the lowest: scale, status, confidentiality, the two marks, revision.
const FIVE: u32 = 0x1f;
const STATUS: u32 = 5;
const CONF: u32 = 10;
const HAS_VALUE: u32 = 1 << 15;
const IS_ASIDE: u32 = 1 << 16;
const REVISION: u32 = 17;
const MAX_REVISION: u32 = u32::MAX >> REVISION;

impl Figure {
    /// Packs an observation of the series and period with these numbers.
    pub(super) fn pack(
        (series, period): (u32, u32),
        observation: Observation,
        line: u64,
        aside: &mut Aside,
    ) -> Self {
        // Lines that far down are not told apart any more; no file of MAX_ROWS rows has them.
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let small = Self::small(&observation);
        let (digits, flags) = small.unwrap_or_else(|| {
            let value = observation.value();
            aside.push(observation);
            // Places in a list of memory always fit.
            let place = i64::try_from(aside.len() - 1).unwrap_or(i64::MAX);
            let scale = value.map_or(0, |v| u32::from(v.scale()));
            (place, IS_ASIDE | if value.is_some() { HAS_VALUE } else { 0 } | scale)
        });
        Self { digits, series, period, line, flags }
    }

    fn small(observation: &Observation) -> Option<(i64, u32)> {
        let flags = observation.flags();
        if flags.revision > MAX_REVISION || !observation.attributes().is_empty() {
            return None;
        }
        let (digits, scale) = match observation.value() {
            Some(value) => (i64::try_from(value.mantissa()).ok()?, u32::from(value.scale()) | HAS_VALUE),
            None => (0, 0),
        };
        let letters = ((flags.status as u32) << STATUS) | ((flags.conf as u32) << CONF);
        Some((digits, scale | letters | (flags.revision << REVISION)))
    }

    /// The line it stands on.
    pub(super) fn line(&self) -> u64 {
        self.line.into()
    }

    /// Is there a value?
    pub(super) const fn has_value(&self) -> bool {
        self.flags & HAS_VALUE != 0
    }

    /// Digits after the point of the value; 0 if there is none.
    pub(super) const fn scale(&self) -> u8 {
        (self.flags & FIVE) as u8
    }

    pub(super) fn value(&self, aside: &Aside) -> Option<Decimal> {
        if self.flags & IS_ASIDE != 0 {
            return self.at(aside).and_then(Observation::value);
        }
        if !self.has_value() {
            return None;
        }
        Decimal::from_parts(self.digits.into(), self.scale()).ok()
    }

    /// Are there two values, this one greater than the other? Exact for any two, quick for most.
    pub(super) fn exceeds(&self, other: &Self, aside: &Aside) -> bool {
        const ALIKE: u32 = FIVE | HAS_VALUE | IS_ASIDE;
        if self.flags & ALIKE == other.flags & ALIKE && self.flags & (HAS_VALUE | IS_ASIDE) == HAS_VALUE {
            return self.digits > other.digits;
        }
        match (self.value(aside), other.value(aside)) {
            (Some(a), Some(b)) => a.to_rust_decimal() > b.to_rust_decimal(),
            _ => false,
        }
    }

    /// The observation as it was, of this period.
    ///
    /// # Errors
    /// None for what was packed here.
    pub(super) fn unpack(&self, period: Period, aside: &Aside) -> Result<Observation, ModelError> {
        if let Some(whole) = self.at(aside) {
            return Ok(whole.clone());
        }
        let letter = |at: u32| ((self.flags >> at) & FIVE) as usize;
        let usual = Flags::default();
        let flags = Flags {
            status: ObsStatus::ALL.get(letter(STATUS)).copied().unwrap_or(usual.status),
            conf: ConfStatus::ALL.get(letter(CONF)).copied().unwrap_or(usual.conf),
            revision: self.flags >> REVISION,
        };
        Observation::new(period, self.value(aside), flags, Attributes::none())
    }

    fn at<'a>(&self, aside: &'a Aside) -> Option<&'a Observation> {
        let place = (self.flags & IS_ASIDE != 0).then(|| usize::try_from(self.digits).ok())?;
        aside.get(place?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Attachment, AttributeId};

    #[test]
    fn every_observation_comes_out_as_it_went_in() {
        assert_eq!(size_of::<Figure>(), 24);
        assert!(ObsStatus::ALL.len() <= 32 && ConfStatus::ALL.len() <= 32);
        let (period, mut aside) = (Period::parse("2017-03").unwrap(), Aside::new());
        let remark = Attributes::new(Attachment::Observation, [(AttributeId::CommentObs, "late")]).unwrap();
        let long = "1234567890123456789012345.678";
        for value in [None, Some("0"), Some("-12.50"), Some("9223372036854775807"), Some(long)] {
            for revision in [0, 1, MAX_REVISION, MAX_REVISION + 1] {
                for (status, conf) in ObsStatus::ALL.iter().zip(ConfStatus::ALL.iter().cycle()) {
                    for remarks in [Attributes::none(), remark.clone()] {
                        let flags = Flags { status: *status, conf: *conf, revision };
                        let value = value.map(|text| Decimal::parse(text).unwrap());
                        let Ok(given) = Observation::new(period, value, flags, remarks) else { continue };
                        let figure = Figure::pack((1, 2), given.clone(), 3, &mut aside);
                        assert_eq!(figure.unpack(period, &aside).unwrap(), given);
                        assert_eq!(figure.value(&aside), value);
                        assert_eq!(figure.scale(), value.map_or(0, |v| v.scale()));
                        assert_eq!((figure.has_value(), figure.line()), (value.is_some(), 3));
                    }
                }
            }
        }
    }

    #[test]
    fn values_compare_as_numbers() {
        let mut aside = Aside::new();
        let mut pack = |text: &str| {
            let value = (!text.is_empty()).then(|| Decimal::parse(text).unwrap());
            let status = if value.is_some() { ObsStatus::Normal } else { ObsStatus::Suppressed };
            let flags = Flags { status, ..Flags::default() };
            let period = Period::parse("2017").unwrap();
            let observation = Observation::new(period, value, flags, Attributes::none()).unwrap();
            Figure::pack((0, 0), observation, 1, &mut aside)
        };
        let long = "1234567890123456789012345.678";
        let cases = [("2", "1"), ("1.5", "1"), ("10", "9.9"), (long, "9"), ("0", "-1"), ("0", "-0.5")];
        let pairs = cases.map(|(a, b)| (pack(a), pack(b)));
        let none = pack("");
        for (a, b) in pairs {
            assert!(a.exceeds(&b, &aside) && !b.exceeds(&a, &aside) && !a.exceeds(&a, &aside));
            assert!(!a.exceeds(&none, &aside) && !none.exceeds(&b, &aside));
        }
    }
}
