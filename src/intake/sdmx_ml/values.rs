//! Values by component, at one level of a message, and groups that share some.

use std::collections::HashMap;

use crate::intake::concept::Concept;

/// Components of the data structure: 14 dimensions, time, value, 20 attributes.
pub(super) const SLOTS: usize = 36;

/// Groups of the largest message: each is found again by its key.
const MAX_GROUPS: usize = 100_000;

/// Which dimensions the groups of a message may be keyed by, at most.
const MAX_KINDS: usize = 16;

/// The place of a concept among all.
pub(super) fn slot(concept: Concept) -> usize {
    // Every concept is one of all.
    Concept::all().position(|one| one == concept).unwrap_or(0)
}

/// Places by the names of components.
pub(super) struct Slots(HashMap<String, usize>);

impl Default for Slots {
    fn default() -> Self {
        Self(Concept::all().enumerate().map(|(at, concept)| (concept.id().to_owned(), at)).collect())
    }
}

impl Slots {
    /// The place of a component, in capitals or not.
    pub(super) fn of(&self, name: &str) -> Option<usize> {
        self.0.get(name).or_else(|| self.0.get(&name.to_ascii_uppercase())).copied()
    }
}

/// Texts of some components. The memory is used again.
#[derive(Debug)]
pub(super) struct Values {
    texts: [String; SLOTS],
    set: u64,
}

impl Default for Values {
    fn default() -> Self {
        Self { texts: std::array::from_fn(|_| String::new()), set: 0 }
    }
}

impl Values {
    pub(super) fn clear(&mut self) {
        self.set = 0;
    }

    pub(super) fn set(&mut self, at: usize, text: &str) {
        self.texts[at].clear();
        self.texts[at].push_str(text);
        self.set |= 1 << at;
    }

    pub(super) fn get(&self, at: usize) -> Option<&str> {
        (self.set & (1 << at) != 0).then(|| self.texts[at].as_str())
    }

    /// The components that are set and of which it is so.
    fn those(&self, is_wanted: impl Fn(Concept) -> bool) -> Vec<usize> {
        let all = Concept::all().enumerate();
        all.filter(|(at, one)| self.get(*at).is_some() && is_wanted(*one)).map(|(at, _)| at).collect()
    }
}

/// What is said of the series of each key.
type Shared = HashMap<String, Vec<(usize, String)>>;

/// Attributes that series share by a part of their key.
#[derive(Default)]
pub(super) struct Groups {
    /// By dimensions, the attributes of each key.
    kinds: Vec<(Vec<usize>, Shared)>,
    count: usize,
}

impl Groups {
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes a group: its dimensions are its key, and what else it says holds for all series of the key.
    pub(super) fn add(&mut self, group: &Values) -> Result<(), String> {
        let is_attribute = |one: Concept| matches!(one, Concept::Attribute(_));
        let dimensions = group.those(|one| matches!(one, Concept::Dimension(_)));
        let said = group.those(is_attribute).into_iter();
        let said: Vec<(usize, String)> =
            said.map(|at| (at, group.get(at).unwrap_or_default().to_owned())).collect();
        if said.is_empty() {
            return Ok(());
        }
        if self.count == MAX_GROUPS {
            return Err(format!("more than {MAX_GROUPS} groups: split the file"));
        }
        let key = key(&dimensions, |at| group.get(at));
        let at = match self.kinds.iter().position(|(known, _)| *known == dimensions) {
            Some(at) => at,
            None if self.kinds.len() == MAX_KINDS => {
                return Err(format!("groups by more than {MAX_KINDS} sets of dimensions: split the file"));
            }
            None => {
                self.kinds.push((dimensions, HashMap::new()));
                self.kinds.len() - 1
            }
        };
        self.kinds[at].1.entry(key).or_default().extend(said);
        self.count += 1;
        Ok(())
    }

    /// What the groups of a key say, those by more dimensions before those by fewer.
    pub(super) fn of(&self, levels: [&Values; 2], into: &mut Values) {
        into.clear();
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(dimensions, _)| dimensions.len());
        for (dimensions, groups) in kinds {
            let key = key(dimensions, |at| levels.iter().find_map(|values| values.get(at)));
            for (at, text) in groups.get(&key).into_iter().flatten() {
                into.set(*at, text);
            }
        }
    }
}

/// A key of some dimensions. No code has such a character.
fn key<'v>(dimensions: &[usize], get: impl Fn(usize) -> Option<&'v str>) -> String {
    let parts: Vec<&str> = dimensions.iter().map(|at| get(*at).unwrap_or_default()).collect();
    parts.join("\u{1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttributeId, Dimension};

    #[test]
    fn there_is_a_place_for_every_component() {
        assert_eq!(Concept::all().count(), SLOTS);
        assert_eq!(Slots::default().of("sex"), Some(slot(Concept::Dimension(Dimension::Sex))));
        assert_eq!(Slots::default().of("GEO"), None);
    }

    #[test]
    fn a_series_has_what_its_groups_say_the_narrower_one_first() {
        let at = |one: Dimension| slot(Concept::Dimension(one));
        let unit = slot(Concept::Attribute(AttributeId::UnitMult));
        let values = |of: &[(usize, &str)]| {
            let mut values = Values::default();
            of.iter().for_each(|(at, text)| values.set(*at, text));
            values
        };
        let (area, sex) = (at(Dimension::RefArea), at(Dimension::Sex));
        let mut groups = Groups::default();
        groups.add(&values(&[(area, "PHL"), (sex, "F"), (unit, "6")])).unwrap();
        groups.add(&values(&[(area, "PHL"), (unit, "3")])).unwrap();
        let mut into = Values::default();
        for (series, found) in [
            (values(&[(area, "PHL"), (sex, "F")]), Some("6")),
            (values(&[(area, "PHL"), (sex, "M")]), Some("3")),
            (values(&[(area, "ITA"), (sex, "F")]), None),
        ] {
            groups.of([&Values::default(), &series], &mut into);
            assert_eq!(into.get(unit), found);
        }
    }
}
