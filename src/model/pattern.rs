//! Keys with gaps: the SDMX way to ask for many series at once.

use crate::model::dimension::DIMENSIONS;
use crate::model::{Dimension, ModelError, SeriesKey, indicator};

/// A key in which a dimension may be open or have several codes: `A.ESP+ITA..MF_IMM_PREV`.
///
/// An empty part or `*` takes any code, `+` means or, dimensions left out at the end take any code. `all`, `*`
/// and the empty text take every series. A code that does not exist matches nothing; [`SeriesPattern::check_codes`] looks
/// the codes up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SeriesPattern {
    /// By dimension; an empty list takes any code.
    wanted: [Vec<Box<str>>; DIMENSIONS],
}

/// Bytes of the longest pattern: as much as HTTP servers take in an address.
pub const MAX_PATTERN_BYTES: usize = 8192;

impl SeriesPattern {
    /// The pattern that takes every series.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// [`ModelError::Key`] for more than 14 parts, an empty alternative, or characters that no code has.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let refuse = |why| Err(ModelError::key(text, why));
        if text.len() > MAX_PATTERN_BYTES {
            return refuse("the pattern is longer than 8192 bytes; ask in parts");
        }
        let mut pattern = Self::default();
        if matches!(text, "" | "all" | "*") {
            return Ok(pattern);
        }
        let mut places = pattern.wanted.iter_mut();
        for part in text.split('.') {
            let Some(wanted) = places.next() else {
                return refuse("a key has 14 codes with dots between them, from FREQ to UNIT_MEASURE");
            };
            if matches!(part, "" | "*") {
                continue;
            }
            for code in part.split('+') {
                if code.is_empty() || !code.bytes().all(is_code_byte) {
                    return refuse("codes are letters, digits, _, - and :, with + between alternatives");
                }
                wanted.push(code.into());
            }
            wanted.sort_unstable();
            wanted.dedup();
        }
        Ok(pattern)
    }

    /// Whether every code could stand in a key, so that nobody takes a misspelt one for figures that are not there. Places
    /// are not looked at: what they may be depends on the areas.
    ///
    /// # Errors
    ///
    /// The first code that is in no list.
    pub fn check_codes(&self) -> Result<(), ModelError> {
        let all = Dimension::ALL.into_iter().flat_map(|of| self.codes(of).iter().map(move |code| (of, code)));
        for (dimension, code) in all {
            match dimension.codelist() {
                Some(list) if !list.contains(code) => return Err(list.unknown(dimension.id(), code)),
                None if dimension == Dimension::Indicator => indicator::check(code)?,
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// The same pattern, narrowed to a code of one dimension.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, code: &str) -> Self {
        self.wanted[dimension.position()] = vec![code.into()];
        self
    }

    /// The same pattern, narrowed to some codes of one dimension; none means any.
    #[must_use]
    pub fn with_any<'a>(mut self, dimension: Dimension, codes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut wanted: Vec<Box<str>> = codes.into_iter().map(Box::from).collect();
        wanted.sort();
        wanted.dedup();
        self.wanted[dimension.position()] = wanted;
        self
    }

    /// The codes asked for in a dimension, sorted; none means any.
    #[must_use]
    pub fn codes(&self, dimension: Dimension) -> &[Box<str>] {
        &self.wanted[dimension.position()]
    }

    /// Does the pattern take the series?
    #[must_use]
    pub fn matches(&self, key: &SeriesKey) -> bool {
        Dimension::ALL.into_iter().all(|dimension| {
            let wanted = self.codes(dimension);
            wanted.is_empty() || wanted.iter().any(|code| **code == *key.dimension(dimension))
        })
    }
}

impl std::fmt::Display for SeriesPattern {
    /// All 14 parts, with `+` between alternatives.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.wanted.each_ref().map(|codes| codes.join("+")).join("."))
    }
}

const fn is_code_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_what_they_name() {
        let key = SeriesKey::parse("A.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS").unwrap();
        for (text, taken) in [
            ("", true),
            ("all", true),
            ("*", true),
            ("A", true),
            ("A.ESP+ITA..MF_IMM_PREV", true),
            ("A.ESP+ITA..MF_IMM_PREV..........", true),
            (".*.ITA", true),
            ("A.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS", true),
            ("M", false),
            ("A.ITA", false),
            ("A.ESP.FRA+DEU", false),
            (".............PC", false),
        ] {
            let pattern = SeriesPattern::parse(text).unwrap();
            assert_eq!(pattern.matches(&key), taken, "{text}");
            assert_eq!(SeriesPattern::parse(&pattern.to_string()).unwrap(), pattern);
        }
    }

    #[test]
    fn codes_of_patterns_are_looked_up_where_that_is_asked() {
        let checked =
            |text: &str| SeriesPattern::parse(text).unwrap().check_codes().map_err(|e| e.to_string());
        for good in ["", "A.ESP+ITA..MF_IMM_PREV", "A.PHL..PHL:OFW_SEA.........PH-01"] {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
        for (text, said) in [
            ("A.ESP+ITX", "REF_AREA: code \"ITX\" is not in its list; did you mean ITA (Italy)?"),
            (
                "...MF_IMM_PREF",
                "INDICATOR: code \"MF_IMM_PREF\" is not in its list; did you mean MF_IMM_PREV",
            ),
            (".....FEMALE", "SEX: code \"FEMALE\" is not in its list; did you mean F (Female)?"),
        ] {
            let error = checked(text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn a_pattern_is_narrowed_to_some_codes() {
        let narrowed = SeriesPattern::any().with_any(Dimension::RefArea, ["ITA", "ESP", "ITA"]);
        assert_eq!(narrowed, SeriesPattern::parse(".ESP+ITA").unwrap());
        assert_eq!(narrowed.with_any(Dimension::RefArea, []), SeriesPattern::any());
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for text in ["A.ESP+", "+", "A.E S P", "A;B", "..............", "A.é"] {
            assert!(SeriesPattern::parse(text).is_err(), "{text}");
        }
        assert!(SeriesPattern::parse(&"A+".repeat(5000)).is_err());
    }
}
