//! How one figure of a picture is called, and what it rests on.

use super::{Basis, Kind, Picture};
use crate::model::Period;

/// A figure of a picture: `totals/crossed`, `origins/PHL/known`, `publishers/TUN/crossed`, `places/TUN/TN-82/crossed`,
/// `days/2011-03-02/home` or `needs/BGD/STRAND`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
