//! Protection levels of submitted totals that few contribute to, from the submission to the last release they matter to.
//!
//! They stand in the house feed, in the entry of the submission's act, so that a node that dies in between has both or
//! none. What they follow from, the contributions and the rule, is nowhere; no question to the node shows them.
//!
//! A level belongs to one statement of a figure, and comes from the rule of that time: a later statement of the figure,
//! with a level or without, takes its place.

use super::acts;
use super::engine::{Engine, NodeError};
use super::house::Submission;
use crate::feed::{AgreementId, FeedId, PublisherId};
use crate::intake::Level;
use crate::model::{Decimal, Document, DocumentKind, Observation, Period, Record, Series, SeriesKey};
use crate::protect::Levels;
use crate::store::Store;

/// The levels of a submission as a document of its act; nothing where no total is sensitive.
pub(super) fn document(submission: &str, levels: &[Level]) -> Result<Vec<Record>, NodeError> {
    if levels.is_empty() {
        return Ok(Vec::new());
    }
    let lines = levels.iter().map(|Level { key, period, level }| format!("{key} {period} {level}\n"));
    let text: String = lines.collect();
    acts::document(
        DocumentKind::ProtectionLevels,
        submission,
        "protection levels",
        "text/plain",
        text.as_bytes(),
    )
}

/// Reads such a document; none if it is not one.
pub(super) fn parse(body: &[u8]) -> Option<Vec<Level>> {
    str::from_utf8(body).ok()?.lines().map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Level> {
    let mut words = line.split(' ');
    let key = SeriesKey::parse(words.next()?).ok()?;
    let period = Period::parse(words.next()?).ok()?;
    let level = Decimal::parse(words.next()?).ok()?;
    words.next().is_none().then_some(Level { key, period, level })
}

/// The levels of a submission, from the house feed.
pub(super) fn read(
    submission: &Submission,
    (store, us): (&Store, PublisherId),
) -> Result<Vec<Level>, NodeError> {
    let Some(seq) = submission.levels else { return Ok(Vec::new()) };
    let mut parts: Vec<Document> = Vec::new();
    store.read_records(&FeedId::new(us, AgreementId::house()), seq, &mut |record| {
        if let Record::Document(part) = record
            && (part.kind(), part.id()) == (DocumentKind::ProtectionLevels, &submission.id)
        {
            parts.push(part);
        }
    })?;
    let levels = Document::join(&parts).and_then(|body| parse(&body));
    levels.ok_or_else(|| {
        NodeError::Refused(format!(
            "what submission {} needs of protection cannot be read: install the version of corridor that took it",
            submission.id
        ))
    })
}

impl Engine {
    /// The levels of what submissions state together, a later one's statements in place of an earlier one's.
    pub(super) fn levels_of(&self, submissions: &[&Submission]) -> Result<Levels, NodeError> {
        let mut levels = Levels::new();
        for one in submissions {
            if !levels.is_empty() {
                for series in self.submitted(&[one.seq])? {
                    replace(&mut levels, &series?);
                }
            }
            let own = read(one, (&self.store, self.us()))?;
            levels.extend(own.into_iter().map(|Level { key, period, level }| ((key, period), level)));
        }
        Ok(levels)
    }
}

/// Takes away the levels of figures that are stated anew.
pub(super) fn replace(levels: &mut Levels, stated: &Series) {
    for period in stated.observations().iter().map(Observation::period) {
        if levels.is_empty() {
            return;
        }
        levels.remove(&(stated.key().clone(), period));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "Q.PHL.CAN.RE_RECV._Z._T._T._T._T._T._T._T._T.USD";

    #[test]
    fn levels_come_back_as_they_were_written() {
        let level = |period: &str, level: &str| Level {
            key: SeriesKey::parse(KEY).unwrap(),
            period: Period::parse(period).unwrap(),
            level: Decimal::parse(level).unwrap(),
        };
        let levels = [level("2020-Q1", "22.941177"), level("2020-Q2", "9223372036854775807")];
        let parts = document("s7", &levels).unwrap();
        let parts: Vec<Document> = parts
            .into_iter()
            .map(|record| match record {
                Record::Document(part) => part,
                other => panic!("{other:?} is no document"),
            })
            .collect();
        assert_eq!((parts[0].kind(), parts[0].id()), (DocumentKind::ProtectionLevels, "s7"));
        assert_eq!(parse(&Document::join(&parts).unwrap()), Some(levels.to_vec()));
        assert!(document("s7", &[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_level_is_not_passed_over() {
        for text in ["x 2020-Q1 1", "", &format!("{KEY} 2020-Q1"), &format!("{KEY} 2020-Q1 1 1")] {
            assert_eq!(parse(format!("{KEY} 2020-Q1 1\n{text}\n").as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"\xff"), None);
    }
}
