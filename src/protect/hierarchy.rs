//! How the codes of a dimension lie within each other: which of them make up a total.
//!
//! Three kinds of dimensions add up. In a *tree* every code has a way up: an occupation of four digits lies in one
//! of three, a country in its region of UN M49. On a *scale* codes are spans: ages, levels of education, lengths of
//! stay; spans may overlap, and then their differences are groups, too. Everything else does not add up. What
//! cannot be established from the codes alone, such as the members of a union of states, is taken as unrelated.

use crate::model::codelist::groups_of;
use crate::model::{Dimension, SeriesKey};

/// The code of all there is.
pub(super) const TOTAL: &str = "_T";
/// The end of a scale without end.
pub(super) const OPEN_END: u32 = 1_000;

/// Where a code stands on a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnScale {
    /// From, and up to but without.
    Span(u32, u32),
    /// A part of the total that lies on no place of the scale: unknown, permanent.
    Beside,
}

/// Is the dimension a scale?
pub(super) const fn is_scale(dimension: Dimension) -> bool {
    matches!(dimension, Dimension::Age | Dimension::EducationLev | Dimension::Duration)
}

/// The place of a code on its dimension's scale, if it has any.
pub(super) fn on_scale(dimension: Dimension, code: &str) -> Option<OnScale> {
    match code {
        TOTAL => return Some(OnScale::Span(0, OPEN_END)),
        "_U" | "_O" | "_N" | "PERM" => return Some(OnScale::Beside),
        _ => {}
    }
    let (from, to) = match dimension {
        Dimension::Age => range(code.strip_prefix('Y')?)?,
        Dimension::EducationLev => {
            let (from, to) = range(code.strip_prefix("ISCED11_")?)?;
            // Eight is the last level: what goes up to it goes up to the end.
            (from, if to == 9 { OPEN_END } else { to })
        }
        Dimension::Duration => match code.strip_prefix("M_").or_else(|| code.strip_prefix('M')) {
            Some(months) => range(months)?,
            None => {
                let (from, to) = range(code.strip_prefix("Y_").or_else(|| code.strip_prefix('Y'))?)?;
                (from * 12, if to == OPEN_END { to } else { to * 12 })
            }
        },
        _ => return None,
    };
    Some(OnScale::Span(from, to))
}

/// `5T9`, `_GE60` or `GE60`, `LT3`, and a single number.
fn range(text: &str) -> Option<(u32, u32)> {
    let text = text.strip_prefix('_').unwrap_or(text);
    if let Some(from) = text.strip_prefix("GE") {
        return Some((from.parse().ok()?, OPEN_END));
    }
    if let Some(to) = text.strip_prefix("LT") {
        return Some((0, to.parse().ok()?));
    }
    let (from, to) = text.split_once('T').unwrap_or((text, text));
    let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to && to < OPEN_END).then_some((from, to + 1))
}

/// One way up a tree: the codes that a code lies in, the nearest first. A code with two ways up is part of two
/// breakdowns of one total, each of which makes it up alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Which breakdown.
    pub(super) breakdown: u8,
    /// The codes above, the nearest first.
    pub(super) up: Vec<String>,
}

/// The ways up from a code in a tree; none for a total, and for what belongs to no total.
pub(super) fn ways_up(dimension: Dimension, key: &SeriesKey, fine: &Places) -> Vec<Way> {
    let code = key.dimension(dimension);
    let way = |breakdown, up: Vec<String>| vec![Way { breakdown, up }];
    match (dimension, code) {
        (_, TOTAL | "_Z") => Vec::new(),
        (Dimension::CounterpartArea, _) => counterpart(code, key.ref_area()),
        (Dimension::Subnat, "_U") => [0, 1].map(|b| Way { breakdown: b, up: vec![TOTAL.into()] }).into(),
        (Dimension::Subnat, _) => {
            let breakdown = u8::from(code.starts_with("C:"));
            way(breakdown, fine.parent(code).into_iter().chain([TOTAL.to_owned()]).collect())
        }
        (Dimension::Occupation, _) if code.starts_with("OC") => {
            let up = (3..code.len()).rev().map(|end| code[..end].to_owned());
            way(0, up.chain([TOTAL.to_owned()]).collect())
        }
        (Dimension::Reason, _) => {
            let group = code.split_once('_').map(|(group, _)| group.to_owned());
            way(0, group.filter(|group| !group.is_empty()).into_iter().chain([TOTAL.to_owned()]).collect())
        }
        _ => way(0, vec![TOTAL.to_owned()]),
    }
}

/// A country lies in its groups of UN M49, in the world and in the total; a foreign one in all that is foreign, too.
fn counterpart(code: &str, reporter: &str) -> Vec<Way> {
    let total = || TOTAL.to_owned();
    let is_country = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    match code {
        "_X" => return vec![Way { breakdown: 1, up: vec![total()] }],
        "_U" | "_O" => return [0, 1].map(|breakdown| Way { breakdown, up: vec![total()] }).into(),
        WORLD => return vec![Way { breakdown: 0, up: vec![total()] }],
        _ => {}
    }
    let groups = groups_of(code);
    // A group whose place among the others is not known, such as a union, overlaps with them.
    let is_continent = CONTINENTS.contains(&code);
    if !is_country && groups.is_empty() && !is_continent {
        return Vec::new();
    }
    let world = [WORLD.to_owned(), total()];
    let mut ways =
        vec![Way { breakdown: 0, up: groups.iter().map(|g| g.to_string()).chain(world).collect() }];
    if is_country {
        let foreign = (code != reporter).then(|| "_X".to_owned());
        ways.push(Way { breakdown: 1, up: foreign.into_iter().chain([total()]).collect() });
    }
    ways
}

/// The world of UN M49.
const WORLD: &str = "001";
/// Groups that the world is made of.
const CONTINENTS: [&str; 5] = ["002", "009", "019", "142", "150"];

/// Places that lie below the first level of administration, each with the unit of the first level it lies in.
///
/// ISO 3166-2 lists two levels for some countries without saying so. For Spain, France, Italy and the Philippines
/// the form of the code tells them apart; others are named by the publisher, who knows its own map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(std::collections::BTreeMap<String, String>);

impl Places {
    /// Places with the unit of the first level that each lies in, as in `[("ES-M", "ES-MD")]`.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The unit of the first level that a place of a lower one lies in, if the publisher named it.
    fn parent(&self, code: &str) -> Option<String> {
        let (side, place) = sides(code);
        self.0.get(place).map(|unit| format!("{side}{unit}"))
    }

    /// Does the code name a place below the first level of administration?
    #[must_use]
    pub fn is_below_first(&self, code: &str) -> bool {
        let (_, place) = sides(code);
        self.0.contains_key(place)
            || place.split_once('-').is_some_and(|(country, unit)| below(country, unit))
    }
}

/// `C:` and the place, or nothing and the place.
fn sides(code: &str) -> (&str, &str) {
    code.split_at(if code.starts_with("C:") { 2 } else { 0 })
}

/// ISO 3166-2 by form: provinces of Spain, departments of France, provinces of Italy and of the Philippines.
fn below(country: &str, unit: &str) -> bool {
    let digits = unit.bytes().any(|b| b.is_ascii_digit());
    match country {
        "ES" => !SPANISH_COMMUNITIES.contains(&unit),
        "FR" => digits,
        "IT" | "PH" => !digits,
        _ => false,
    }
}

const SPANISH_COMMUNITIES: [&str; 19] = [
    "AN", "AR", "AS", "CB", "CE", "CL", "CM", "CN", "CT", "EX", "GA", "IB", "MC", "MD", "ML", "NC", "PV",
    "RI", "VC",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::codelist;
    use OnScale::{Beside, Span};

    #[test]
    fn every_code_of_a_scale_has_its_place() {
        for dimension in [Dimension::Age, Dimension::EducationLev, Dimension::Duration] {
            for code in dimension.codelist().unwrap().codes() {
                let place = on_scale(dimension, code.id());
                assert_eq!(place.is_none(), code.id() == "_Z", "{dimension} {}: {place:?}", code.id());
                if let Some(Span(from, to)) = place {
                    assert!(from < to, "{}", code.id());
                }
            }
        }
    }

    #[test]
    fn spans_are_half_open() {
        let cases = [
            (Dimension::Age, "Y0T4", Span(0, 5)),
            (Dimension::Age, "Y_GE60", Span(60, OPEN_END)),
            (Dimension::Age, "_T", Span(0, OPEN_END)),
            (Dimension::Age, "_U", Beside),
            (Dimension::EducationLev, "ISCED11_3T4", Span(3, 5)),
            (Dimension::EducationLev, "ISCED11_5T8", Span(5, OPEN_END)),
            (Dimension::EducationLev, "ISCED11_8", Span(8, OPEN_END)),
            (Dimension::Duration, "M_LT3", Span(0, 3)),
            (Dimension::Duration, "M6T11", Span(6, 12)),
            (Dimension::Duration, "M_GE12", Span(12, OPEN_END)),
            (Dimension::Duration, "Y_LT1", Span(0, 12)),
            (Dimension::Duration, "Y1T4", Span(12, 60)),
            (Dimension::Duration, "Y_GE10", Span(120, OPEN_END)),
            (Dimension::Duration, "PERM", Beside),
        ];
        for (dimension, code, place) in cases {
            assert_eq!(on_scale(dimension, code), Some(place), "{code}");
        }
    }

    fn up(dimension: Dimension, code: &str) -> Vec<(u8, String)> {
        let key = SeriesKey::parse("A.ESP.ITA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS").unwrap();
        let key = if code.contains("IT-") { key } else { key.with(Dimension::Subnat, "_T").unwrap() };
        let key = key.with(dimension, code).unwrap();
        let places = Places::new([("ES-M".to_owned(), "ES-MD".to_owned())]);
        ways_up(dimension, &key, &places).into_iter().map(|way| (way.breakdown, way.up.join(" "))).collect()
    }

    #[test]
    fn codes_of_trees_know_what_they_lie_in() {
        type Case = (Dimension, &'static str, &'static [(u8, &'static str)]);
        let cases: [Case; 12] = [
            (Dimension::Sex, "F", &[(0, "_T")]),
            (Dimension::Sex, "_Z", &[]),
            (Dimension::Occupation, "OC1111", &[(0, "OC111 OC11 OC1 _T")]),
            (Dimension::Occupation, "OC0", &[(0, "_T")]),
            (Dimension::Activity, "F", &[(0, "_T")]),
            (Dimension::Reason, "REM_SEAS", &[(0, "REM _T")]),
            (Dimension::Reason, "_U", &[(0, "_T")]),
            (Dimension::Subnat, "ES-M", &[(0, "ES-MD _T")]),
            (Dimension::Subnat, "C:IT-62", &[(1, "_T")]),
            (Dimension::CounterpartArea, "KEN", &[(0, "014 202 002 001 _T"), (1, "_X _T")]),
            (Dimension::CounterpartArea, "ESP", &[(0, "039 150 001 _T"), (1, "_T")]),
            (Dimension::CounterpartArea, "150", &[(0, "001 _T")]),
        ];
        for (dimension, code, wanted) in cases {
            let wanted: Vec<(u8, String)> = wanted.iter().map(|(b, up)| (*b, (*up).to_owned())).collect();
            assert_eq!(up(dimension, code), wanted, "{code}");
        }
    }

    #[test]
    fn a_group_of_unknown_members_is_related_to_nothing() {
        let odd = codelist::area().codes().iter().map(codelist::Code::id).find(|id| {
            id.bytes().all(|b| b.is_ascii_digit())
                && groups_of(id).is_empty()
                && *id != WORLD
                && !CONTINENTS.contains(id)
        });
        assert!(up(Dimension::CounterpartArea, odd.expect("unions are in the list")).is_empty());
    }

    #[test]
    fn places_below_the_first_level_are_known_by_form_or_by_name() {
        let named = Places::new([("DE-09162".to_owned(), "DE-BY".to_owned())]);
        for below in ["ES-M", "FR-75", "FR-2A", "IT-RM", "PH-CEB", "C:PH-CEB", "DE-09162"] {
            assert!(named.is_below_first(below), "{below}");
        }
        for first in ["ES-MD", "FR-IDF", "IT-62", "PH-00", "C:PH-07", "DE-BY", "_T", "_U"] {
            assert!(!named.is_below_first(first), "{first}");
        }
    }
}
