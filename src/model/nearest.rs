//! What may have been meant by a code that is in no list.
//!
//! The code whose name was written comes first, in any language and without regard to accents and capitals, then codes a
//! few edits away, then codes whose name is near what was written. Where nothing is near, a short list is told whole, and
//! of a long one where it can be read. A search walks over the whole list: who meets very many wrong codes asks for
//! [`Known::listed`] after some.

use std::cmp::Reverse;

use crate::model::codelist::{self, CodeList};
use crate::model::{catalogue, text};

/// Codes that are named at most.
pub const MAX_NEAR: usize = 3;

/// Codes of a list that is told whole.
const SHORT: usize = 12;

/// Characters of a name that stands beside its code.
const MAX_NAME: usize = 60;

/// Letters from which on the beginning of a name tells which is meant.
const MIN_START: usize = 3;

/// Where the codes stand that are known.
#[derive(Debug, Clone, Copy)]
pub enum Known {
    /// In a list.
    List(&'static CodeList),
    /// In the catalogue of indicators.
    Indicators,
    /// In ISO 3166-2; the alpha-2 code with which those of the area begin, if it has one.
    Places(Option<&'static str>),
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => a.id() == b.id(),
            (Self::Indicators, Self::Indicators) => true,
            (Self::Places(a), Self::Places(b)) => a == b,
            (Self::List(_) | Self::Indicators | Self::Places(_), _) => false,
        }
    }
}

impl Eq for Known {}

/// A code that may be meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) code: &'a str,
    /// The English name.
    pub(crate) name: &'a str,
    /// Its names as [`text::plain`] writes them; empty where the list has none.
    pub(crate) plain: &'a [Box<str>],
    /// It stands for nothing that a file would name, unless it is written as it is.
    pub(crate) is_reserved: bool,
}

impl Known {
    /// The codes that may be meant, the nearest first, with their names: at most [`MAX_NEAR`].
    #[must_use]
    pub fn nearest(self, value: &str) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::List(list) => list.nearest(value),
            Self::Indicators => nearest(value, None, catalogue::candidates()),
            Self::Places(_) => Vec::new(),
        }
    }

    /// The end of the sentence about a value that is none of them: what may be meant, or where to look.
    #[must_use]
    pub fn hint(self, dimension: &str, value: &str) -> String {
        let near = self.nearest(value);
        if !near.is_empty() {
            return format!("; did you mean {}?", named(near.into_iter()));
        }
        match self {
            Self::List(list) if list.codes().len() <= SHORT => {
                let all = list.codes().iter().map(|code| (code.id(), code.name()));
                format!("; the list has {}", named(all))
            }
            Self::List(_) | Self::Indicators | Self::Places(_) => self.listed(dimension),
        }
    }

    /// The end of the same sentence without a search: where to look.
    #[must_use]
    pub fn listed(self, dimension: &str) -> String {
        match self {
            Self::List(list) => {
                let path = list.id().split('(').next().unwrap_or_default().replace(':', "/");
                format!("; `corridor explain {dimension}` and /sdmx/codelist/{path} list its codes")
            }
            Self::Indicators => "; `corridor explain` and /api/v1/indicators list the indicators".to_owned(),
            Self::Places(Some(prefix)) => format!("; write a code such as {prefix}-01, or _T"),
            Self::Places(None) => "; write a code of ISO 3166-2 that lies in the area, or _T".to_owned(),
        }
    }
}

/// `PHL (Philippines), PRT (Portugal)`
fn named<'a>(codes: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let one = |(code, name): (&str, &str)| match name.chars().count() {
        0 => code.to_owned(),
        1..=MAX_NAME => format!("{code} ({name})"),
        _ => format!("{code} ({}…)", name.chars().take(MAX_NAME).collect::<String>().trim_end()),
    };
    codes.map(one).collect::<Vec<_>>().join(", ")
}

/// How far a code is from what was written; the least is the nearest.
type Rank = (u8, usize, Reverse<usize>, usize);

/// The nearest of some codes. `other` is the code that another scheme writes so.
pub(crate) fn nearest<'a>(
    value: &str,
    other: Option<&str>,
    candidates: impl Iterator<Item = Candidate<'a>>,
) -> Vec<(&'a str, &'a str)> {
    let value = value.trim();
    let plain = text::plain(value);
    let mut found: Vec<(Rank, Candidate<'a>)> = Vec::new();
    for (place, one) in candidates.enumerate() {
        let rank = match (one.plain.iter().any(|name| !plain.is_empty() && **name == *plain), other) {
            (true, _) => Some((0, 0, 0)),
            (false, Some(other)) if other == one.code => Some((0, 1, 0)),
            (false, _) => by_code(value, &one).or_else(|| by_name(&plain, &one)),
        };
        if let Some((kind, far, shared)) = rank {
            found.push(((kind, far, Reverse(shared), place), one));
        }
    }
    found.sort_unstable_by_key(|(rank, _)| *rank);
    // Whoever writes a name in full means nothing else.
    let is_named = found.first().is_some_and(|((kind, far, _, _), _)| (*kind, *far) == (0, 0));
    let meant = found.into_iter().take_while(|((kind, _, _, _), _)| !is_named || *kind == 0);
    meant.take(MAX_NEAR).map(|(_, one)| (one.code, one.name)).collect()
}

/// By the edits between codes, and by how much they share from the beginning.
fn by_code(value: &str, one: &Candidate<'_>) -> Option<(u8, usize, usize)> {
    // Two edits of a two-letter code make any other code: short words must be nearer.
    let limit = if value.len().min(one.code.len()) > 3 { 2 } else { 1 };
    let edits = text::distance(one.code, value, limit).filter(|edits| *edits < one.code.len())?;
    let pairs = one.code.bytes().zip(value.bytes());
    let start = pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    // The same letters in another order are nearer than another letter.
    let letters = |text: &str| {
        let mut letters = text.to_ascii_uppercase().into_bytes();
        letters.sort_unstable();
        letters
    };
    let shared = if letters(one.code) == letters(value) { value.len() } else { start };
    (!one.is_reserved || shared > 0).then_some((1, edits, shared))
}

/// By the edits between names, or as the beginning of a name.
fn by_name(plain: &str, one: &Candidate<'_>) -> Option<(u8, usize, usize)> {
    if one.is_reserved || plain.len() < MIN_START {
        return None;
    }
    let limit = plain.len() / 4;
    let far = one.plain.iter().filter(|name| !name.is_empty()).filter_map(|name| {
        // What is missing at the end counts less than what is wrong.
        let start = name.starts_with(plain).then_some(limit + 1);
        text::distance(name, plain, limit).or(start)
    });
    far.min().map(|far| (2, far, 0))
}

/// The code of an area that another scheme writes so: alpha-2, or the digits of UN M49.
pub(super) fn of_other_scheme(value: &str) -> Option<&'static str> {
    let value = value.trim();
    let by_letters = || codelist::area_from_alpha2(&value.to_ascii_uppercase());
    let is_digits = (1..=3).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if is_digits { codelist::area_from_numeric(&format!("{value:0>3}")) } else { by_letters() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dimension;

    fn hint(dimension: Dimension, value: &str) -> String {
        let list = dimension.codelist().map_or(Known::Indicators, Known::List);
        list.hint(dimension.id(), value)
    }

    #[test]
    fn the_code_whose_name_was_written_comes_first_in_any_language() {
        for (value, said) in [
            ("Philippines", "; did you mean PHL (Philippines)?"),
            ("ESPANA", "; did you mean ESP (Spain)?"),
            ("cote d'ivoire", "; did you mean CIV (Côte d'Ivoire)?"),
            ("Allemagne", "; did you mean DEU (Germany)?"),
            ("es", "; did you mean ESP (Spain), ESH (Western Sahara), EST (Estonia)?"),
            ("608", "; did you mean PHL (Philippines)?"),
        ] {
            assert_eq!(hint(Dimension::CounterpartArea, value), said, "{value}");
        }
    }

    #[test]
    fn near_codes_and_near_names_are_told_in_order() {
        for (value, said) in [
            // Letters that changed places; a wrong letter at the end.
            ("PLH", "PHL (Philippines)"),
            ("Philipines", "PHL (Philippines)"),
            ("Germ", "DEU (Germany)"),
            ("Guin", "GIN (Guinea)"),
        ] {
            let told = hint(Dimension::CounterpartArea, value);
            assert!(told.starts_with(&format!("; did you mean {said}")), "{told}");
            assert!(told.matches('(').count() <= MAX_NEAR, "{told}");
            assert_eq!(told, hint(Dimension::CounterpartArea, value));
        }
        assert!(
            !hint(Dimension::CounterpartArea, "PHX").contains("XHX"),
            "codes that stand for nobody are not offered"
        );
    }

    #[test]
    fn where_nothing_is_near_the_list_is_told_or_where_it_stands() {
        let sex = hint(Dimension::Sex, "children");
        assert!(sex.starts_with("; the list has ") && sex.contains("F (Female), "), "{sex}");
        assert_eq!(
            hint(Dimension::Age, "grown-ups"),
            "; `corridor explain AGE` and /sdmx/codelist/CORRIDOR/CL_MP_AGE list its codes"
        );
        assert_eq!(
            hint(Dimension::Indicator, "?"),
            "; `corridor explain` and /api/v1/indicators list the indicators"
        );
        for value in ["", " ", "\u{301}", "…", "(", &"ü".repeat(64)] {
            for dimension in Dimension::ALL {
                assert!(hint(dimension, value).starts_with("; "), "{dimension} {value:?}");
            }
        }
    }
}
