//! The few words that a bulletin holds: its id, its place, the reason of a correction. A name is a word like others, so
//! each is held to be something else: the id a code, the place one of those from which this government reports, or said
//! to be a new one. What partners have written is looked at again before it is shown.

use std::collections::BTreeSet;

use unicode_normalization::is_nfc;

use super::asked::ReportRequest;
use super::declare::{LAWFUL_WAY, no_person, refused};
use crate::model::{codelist, personal, text};
use crate::node::engine::{Engine, NodeError};
use crate::policy::{Agreement, Bulletin};

/// Who reports in a crisis, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrisisTerms {
    /// Who may stand behind bulletins; nobody named: everybody who may use the node.
    pub duty: BTreeSet<String>,
    /// The places from which this government reports, as bulletins call them.
    pub places: BTreeSet<String>,
}

/// The longest name of a place, in bytes.
const MAX_PLACE: usize = 80;
/// How many places a refusal names.
const MAX_NEAR: usize = 3;
/// A word of an id that is longer may be a name; a code has one at most, such as CONVOY.
const MAX_LETTERS: usize = 3;
/// What stands for words of a partner's that tell of a person.
pub(super) const LEFT_OUT: &str = "[…]";

/// Whether a text can be the name of a place: short, on one line, and without what only persons have.
#[must_use]
pub fn is_place(words: &str) -> bool {
    (1..=MAX_PLACE).contains(&words.len()) && is_line(words) && personal::in_few_words(words).is_none()
}

fn is_line(words: &str) -> bool {
    words.trim() == words && is_nfc(words) && !words.chars().any(char::is_control)
}

impl Engine {
    /// The place that a bulletin is to name, as it is known here.
    pub(super) fn place_of(&mut self, lane: &Agreement, asked: &ReportRequest) -> Result<String, NodeError> {
        let said = asked.place.trim();
        no_person("the place", said)?;
        if said.is_empty() || is_code(said) {
            return Ok(said.to_owned());
        }
        let known = self.reporting_places(lane)?;
        let same = |place: &&String| place.to_lowercase() == said.to_lowercase();
        match known.iter().find(same) {
            Some(place) => Ok(place.clone()),
            None if asked.new_place && is_place(said) => Ok(said.to_owned()),
            None if asked.new_place => {
                Err(refused("a reporting place is told in at most 80 bytes, NFC, on one line"))
            }
            None => Err(NodeError::Refused(unknown(said, &known))),
        }
    }

    /// The places from which this government reports in a lane: those of the configuration, and those that it has named
    /// in the lane before.
    pub(super) fn reporting_places(&mut self, lane: &Agreement) -> Result<BTreeSet<String>, NodeError> {
        let mut places = self.crisis.places.clone();
        let waiting = self.house.crisis.all_waiting(lane.id());
        places.extend(waiting.map(|one| one.bulletin.place.clone()));
        let us = self.country_of(&self.us());
        let reports = self.board(lane.id())?.tally().newest();
        places.extend(reports.filter(|report| report.publisher == us).map(|report| report.place.clone()));
        places.retain(|place| !place.is_empty() && !is_code(place));
        Ok(places)
    }
}

/// The code of an area, or of a place within one.
fn is_code(said: &str) -> bool {
    let in_area = |prefix: &str| {
        codelist::area_from_alpha2(prefix).is_some() || matches!(prefix.as_bytes(), [b'X', b'A'..=b'Z'])
    };
    let area = !said.starts_with('_') && codelist::area().contains(said);
    area || codelist::place_prefix(said).is_some_and(in_area)
}

/// Why a place is refused, and what to do.
fn unknown(said: &str, known: &BTreeSet<String>) -> String {
    let mut near: Vec<(usize, &String)> =
        known.iter().filter_map(|place| Some((text::distance(place, said, usize::MAX)?, place))).collect();
    near.sort_unstable();
    let named: Vec<String> = near.iter().take(MAX_NEAR).map(|(_, place)| format!("{place:?}")).collect();
    let known = match named.is_empty() {
        true => "none is known yet".to_owned(),
        false => format!("nearest: {}", named.join(", ")),
    };
    format!(
        "{said:?} is none of the places from which this government reports ({known}). Name one of these, or a code such as \
         TN-82; if it is a new place, and no person, say so with --new-place, and it is known from then on. {LAWFUL_WAY}"
    )
}

/// Holds the id of a bulletin that is new in a lane to be a code, such as `XTA-17` or `CONVOY-7`.
pub(super) fn check_id(id: &str, country: &str) -> Result<(), NodeError> {
    no_person("the bulletin's id", id)?;
    let words = id.split(|c: char| !c.is_ascii_alphabetic());
    let long = words.filter(|word| word.len() > MAX_LETTERS).count();
    let ours = id.strip_prefix(country).is_some_and(|rest| rest.starts_with('-'));
    if long <= 1 && (ours || id.bytes().any(|c| c.is_ascii_digit())) {
        return Ok(());
    }
    Err(NodeError::Refused(format!(
        "a bulletin's id is a code and tells of no person: one word and a number, such as {country}-17 or CONVOY-7, and {id:?} is not. {LAWFUL_WAY}"
    )))
}

/// Holds the reason of a correction to be some words on one line.
pub(super) fn check_reason(reason: Option<&str>) -> Result<(), NodeError> {
    let Some(reason) = reason else { return Ok(()) };
    no_person("the reason", reason)?;
    match !reason.trim().is_empty() && is_line(reason) {
        true => Ok(()),
        false => Err(refused("the reason of a correction is told in words, NFC, on one line")),
    }
}

/// A bulletin as it is shown: whoever wrote it, no word of it tells of a person. An id that does is none.
pub(super) fn shown(bulletin: Bulletin) -> Option<Bulletin> {
    let Bulletin { id, observed_at, place, correction } = bulletin;
    let without = |words: String| match personal::in_few_words(&words) {
        None => words,
        Some(_) => LEFT_OUT.to_owned(),
    };
    let (place, correction) = (without(place), correction.map(without));
    personal::in_few_words(&id).is_none().then_some(Bulletin { id, observed_at, place, correction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_areas_and_of_places_within_them_are_known_and_names_are_none() {
        for code in ["LBY", "XTA", "TN-82", "XT-01", "FR-IDF"] {
            assert!(is_code(code), "{code}");
        }
        for other in ["_T", "Ana", "Ben", "mac", "QQ-1", "TN-", "TN-8200", "tn-82", "Amina Yusuf", ""] {
            assert!(!is_code(other), "{other}");
        }
    }

    #[test]
    fn a_place_that_is_not_known_is_refused_with_those_nearest_to_it() {
        let known = ["the west gate", "Ras Ajdir", "the road", "Salloum"].map(str::to_owned).into();
        let said = unknown("the vest gate", &known);
        assert!(said.contains("nearest: \"the west gate\", "), "{said}");
        assert!(said.contains("--new-place") && said.contains("consular"), "{said}");
        assert!(unknown("Amina Yusuf", &BTreeSet::new()).contains("none is known yet"));
    }

    #[test]
    fn an_id_is_a_code() {
        for id in ["XTA-17", "CONVOY-7", "XTA-PERMITS", "XTA-NOW", "RAS-AJDIR-7", "B-1", "2026/11/26.1"] {
            assert!(check_id(id, "XTA").is_ok(), "{id}");
        }
        for id in ["AMINA", "Amina-Yusuf", "AMINA-YUSUF-1", "XTA-AMINA-YUSUF", "P1234567", "CONVOY"] {
            assert!(check_id(id, "XTA").is_err(), "{id}");
        }
    }

    #[test]
    fn a_reason_is_told_and_on_one_line() {
        assert!(check_reason(None).is_ok() && check_reason(Some("a digit too many")).is_ok());
        for reason in ["", " ", "two\nlines", "\u{1b}[2J", "ask Mr. Doe", "call +218 91 555 0101"] {
            assert!(check_reason(Some(reason)).is_err(), "{reason:?}");
        }
    }

    #[test]
    fn what_a_partner_wrote_of_a_person_is_not_shown() {
        let bulletin = |id: &str, place: &str, reason: &str| Bulletin {
            id: id.to_owned(),
            observed_at: 0,
            place: place.to_owned(),
            correction: Some(reason.to_owned()),
        };
        let fine = bulletin("XTA-1", "<b>the west gate</b>", "a digit too many");
        assert_eq!(shown(fine.clone()), Some(fine));
        let of_one = bulletin("XTA-1", "call +218 91 555 0101", "passport P1234567");
        assert_eq!(shown(of_one), Some(bulletin("XTA-1", LEFT_OUT, LEFT_OUT)));
        assert_eq!(shown(bulletin("P1234567", "", "")), None);
    }
}
