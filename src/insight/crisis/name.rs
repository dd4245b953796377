//! How one figure of a picture is called, and what it rests on.

use super::{Basis, Kind, Picture};
use crate::model::Period;

/// A figure of a picture: `totals/crossed`, `origins/PHL/known`, `publishers/TUN/crossed`, `places/TUN/TN-82/crossed`,
/// `days/2011-03-02/home` or `needs/BGD/STRAND`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// Of all origins.
    Total(Kind),
    /// Of one.
    Origin(String, Kind),
    /// What a publisher has counted.
    Publisher(String, Kind),
    /// What a publisher has counted at a place.
    Place(String, String, Kind),
    /// Of a day.
    Day(Period, Kind),
    /// People of an origin in a need.
    Need(String, String),
}

impl Name {
    /// Reads a name; `None` if it is of no figure that there could be.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let steps: Vec<&str> = text.split('/').collect();
        let kind = steps.last().and_then(|word| Kind::from_id(word));
        Some(match steps.as_slice() {
            ["totals", _] => Self::Total(kind?),
            ["origins", origin, _] => Self::Origin((*origin).to_owned(), kind?),
            ["publishers", publisher, _] => Self::Publisher((*publisher).to_owned(), kind?),
            ["places", publisher, place, _] => {
                Self::Place((*publisher).to_owned(), (*place).to_owned(), kind?)
            }
            ["days", day, _] => Self::Day(Period::parse(day).ok()?, kind?),
            ["needs", origin, need] => Self::Need((*origin).to_owned(), (*need).to_owned()),
            _ => return None,
        })
    }
}

impl Picture {
    /// What a figure rests on; `None` where nobody has reported it.
    #[must_use]
    pub fn basis(&self, name: &Name) -> Option<&Basis> {
        match name {
            Name::Total(kind) => self.all.counts.get(kind),
            Name::Origin(origin, kind) => self.origins.get(origin)?.counts.get(kind),
            Name::Publisher(publisher, kind) => self.publishers.get(&(publisher.clone(), *kind)),
            Name::Place(publisher, place, kind) => {
                self.places.get(&(publisher.clone(), place.clone(), *kind))
            }
            Name::Day(day, kind) => self.days.get(&(*day, *kind)),
            Name::Need(origin, need) => self.needs.get(&(origin.clone(), need.clone())),
        }
    }

    /// The basis of a figure, begun if nobody has reported it yet.
    pub(super) fn begun(&mut self, name: &Name) -> &mut Basis {
        match name.clone() {
            Name::Total(kind) => self.all.counts.entry(kind).or_default(),
            Name::Origin(origin, kind) => {
                self.origins.entry(origin).or_default().counts.entry(kind).or_default()
            }
            Name::Publisher(publisher, kind) => self.publishers.entry((publisher, kind)).or_default(),
            Name::Place(publisher, place, kind) => self.places.entry((publisher, place, kind)).or_default(),
            Name::Day(day, kind) => self.days.entry((day, kind)).or_default(),
            Name::Need(origin, need) => self.needs.entry((origin, need)).or_default(),
        }
    }

    /// Leaves out a figure that nobody reports any more.
    pub(super) fn leave_out(&mut self, name: &Name) {
        match name.clone() {
            Name::Total(kind) => drop(self.all.counts.remove(&kind)),
            Name::Origin(origin, kind) => {
                if let Some(balance) = self.origins.get_mut(&origin) {
                    balance.counts.remove(&kind);
                    if balance.counts.is_empty() {
                        self.origins.remove(&origin);
                    }
                }
            }
            Name::Publisher(publisher, kind) => drop(self.publishers.remove(&(publisher, kind))),
            Name::Place(publisher, place, kind) => drop(self.places.remove(&(publisher, place, kind))),
            Name::Day(day, kind) => drop(self.days.remove(&(day, kind))),
            Name::Need(origin, need) => drop(self.needs.remove(&(origin, need))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_by_its_name_and_no_other_word_is_one() {
        let place = Name::Place("TUN".to_owned(), "TN-82".to_owned(), Kind::Crossed);
        assert_eq!(Name::parse("places/TUN/TN-82/crossed"), Some(place));
        assert_eq!(Name::parse("needs/BGD/STRAND"), Some(Name::Need("BGD".to_owned(), "STRAND".to_owned())));
        let day = Period::parse("2011-03-02").unwrap();
        assert_eq!(Name::parse("days/2011-03-02/home"), Some(Name::Day(day, Kind::Home)));
        for word in [
            "",
            "totals",
            "totals/unaccounted",
            "origins/PHL",
            "days/x/home",
            "lanes/PHL/home",
            "origins/PHL/home/x",
        ] {
            assert_eq!(Name::parse(word), None, "{word}");
        }
    }
}
