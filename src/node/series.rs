//! Observations by series, for those who write them in forms of their own: one JSON value for each series, with what its
//! observations share told once.
//!
//! The rows of `get` say everything in every row, which suits readers of a table; a message of 100 000 observations is made
//! of these some ten times faster.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answers::query;
use super::engine::{Engine, NodeError, Rows};
use super::request::GetRequest;
use crate::feed::{EntryId, FeedId, PublisherId, Seq};
use crate::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Flags, Millis, ObsStatus, Period, SeriesKey,
};
use crate::view::{EntryRef, SeriesView, State, Version};

/// Observations of one row; a longer series comes in several, one directly after the other.
const PIECE: usize = 2_000;

/// The first row: who answers, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesHead {
    /// This node's country, or its publisher's id where it has none.
    pub sender: String,
    /// Whether figures are practice.
    pub is_test: bool,
    /// The moment of the answer, in UTC milliseconds.
    pub prepared: i64,
}

/// A series as one feed states it, with the versions that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedSeries {
    /// Who states it.
    pub publisher: PublisherId,
    /// Its country; empty where it has none.
    pub country: String,
    /// What the agreement is called.
    pub agreement: String,
    /// Which series.
    pub key: SeriesKey,
    /// What is said of all its observations.
    pub attributes: Attributes,
    /// The observations.
    pub versions: Vec<Version>,
}

/// The same as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct SeriesRow {
    publisher: String,
    country: String,
    agreement: String,
    key: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Texts,
    entries: Vec<(u64, i64, String)>,
    observations: Vec<OwnRow>,
}

/// Period, value, status and confidentiality, revision, place of the entry, attributes.
type OwnRow = (String, Option<String>, (char, char), u32, usize, Texts);

/// Attributes by their ids.
type Texts = Vec<(String, String)>;

/// What feeds are called.
type Names = BTreeMap<FeedId, (String, String)>;

impl Engine {
    /// A [`SeriesHead`], and after it every series that is asked for, in the order of answers. The view must be folded.
    pub(super) fn series(&mut self, get: &GetRequest) -> Result<Rows, NodeError> {
        if get.history {
            return Err(NodeError::Refused(
                "a message of SDMX has one value for a period: leave --history out, or take csv or json"
                    .to_owned(),
            ));
        }
        let publishers = match &get.from {
            Some(from) => vec![self.publisher(from)?],
            None => Vec::new(),
        };
        self.store.fold()?;
        let country = |publisher: &PublisherId| {
            self.house.keyring().get(publisher).map(|card| card.country().to_owned()).unwrap_or_default()
        };
        let names: Names = self
            .store
            .feeds()
            .map(|feed| (feed, (country(&feed.publisher), self.agreement_name(&feed.agreement))))
            .collect();
        let (card, us) = (self.home.card(), self.us());
        let sender = if card.country().is_empty() { us.to_hex() } else { card.country().to_owned() };
        let is_test = card.network().is_training();
        let head = SeriesHead { sender, is_test, prepared: self.now().0 };
        let head = serde_json::to_string(&head).map_err(no_json)?;
        let (query, derived) = (query(get, publishers)?, self.store.derived().clone());
        Ok(Rows::new(move |each| {
            if !each(&head) {
                return Ok(());
            }
            let mut written = Ok(true);
            derived.query(&query, &mut |series| {
                written = rows(&series, &names, each);
                matches!(written, Ok(true))
            })?;
            written.map(|_| ())
        }))
    }
}

/// Calls `each` with the rows of a series; says whether more are wanted.
fn rows(series: &SeriesView, names: &Names, each: &mut dyn FnMut(&str) -> bool) -> Result<bool, NodeError> {
    let (country, agreement) = names.get(&series.feed).cloned().unwrap_or_default();
    for versions in series.versions.chunks(PIECE) {
        let mut row = SeriesRow {
            publisher: series.feed.publisher.to_hex(),
            country: country.clone(),
            agreement: agreement.clone(),
            key: series.key.as_str().to_owned(),
            attributes: texts(&series.attributes),
            entries: Vec::new(),
            observations: Vec::with_capacity(versions.len()),
        };
        let mut places: HashMap<EntryId, usize> = HashMap::new();
        for version in versions {
            let State::Stated { value, flags, attributes } = &version.state else { continue };
            let EntryRef { seq, time, id } = version.entry;
            let entry = *places.entry(id).or_insert_with(|| {
                row.entries.push((seq.0, time.0, id.to_hex()));
                row.entries.len() - 1
            });
            let letters = (flags.status.code(), flags.conf.code());
            let value = value.map(|value| value.to_string());
            let period = version.period.text().as_str().to_owned();
            row.observations.push((period, value, letters, flags.revision, entry, texts(attributes)));
        }
        if !each(&serde_json::to_string(&row).map_err(no_json)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl StatedSeries {
    /// Reads a row.
    ///
    /// # Errors
    /// [`NodeError::Refused`] when it is none, as from a node of another version.
    pub fn read(row: Value) -> Result<Self, NodeError> {
        let row = SeriesRow::deserialize(row).map_err(no_json)?;
        let entries: Option<Vec<EntryRef>> = row.entries.iter().map(entry).collect();
        let (Some(entries), Some(publisher)) = (entries, PublisherId::from_hex(&row.publisher)) else {
            return Err(garbled());
        };
        let mut versions = Vec::with_capacity(row.observations.len());
        for (period, value, (status, conf), revision, place, more) in row.observations {
            let status = ObsStatus::from_code(status).ok_or_else(garbled)?;
            let conf = ConfStatus::from_code(conf).ok_or_else(garbled)?;
            let state = State::Stated {
                value: value.map(|value| Decimal::parse(&value)).transpose()?,
                flags: Flags { status, conf, revision },
                attributes: attributes(Attachment::Observation, &more)?,
            };
            let entry = *entries.get(place).ok_or_else(garbled)?;
            versions.push(Version { period: Period::parse(&period)?, entry, state });
        }
        Ok(Self {
            publisher,
            country: row.country,
            agreement: row.agreement,
            key: SeriesKey::parse(&row.key)?,
            attributes: attributes(Attachment::Series, &row.attributes)?,
            versions,
        })
    }
}

fn entry((seq, time, id): &(u64, i64, String)) -> Option<EntryRef> {
    Some(EntryRef { seq: Seq(*seq), time: Millis(*time), id: EntryId::from_hex(id)? })
}

fn texts(attributes: &Attributes) -> Texts {
    attributes.iter().map(|(id, text)| (id.id().to_owned(), text.to_owned())).collect()
}

fn attributes(attachment: Attachment, texts: &Texts) -> Result<Attributes, NodeError> {
    if texts.is_empty() {
        return Ok(Attributes::none());
    }
    let known = |(id, text): &(String, String)| Some((AttributeId::from_id(id)?, text.clone()));
    let list: Option<Vec<(AttributeId, String)>> = texts.iter().map(known).collect();
    Ok(Attributes::new(attachment, list.ok_or_else(garbled)?)?)
}

fn garbled() -> NodeError {
    NodeError::Refused("the node's answer is not understood: is it of another version?".to_owned())
}

fn no_json(error: serde_json::Error) -> NodeError {
    NodeError::Refused(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::AgreementId;

    #[test]
    fn a_series_comes_back_as_it_was_told_in_as_many_pieces_as_it_takes() {
        let feed = FeedId::new(PublisherId([7; 32]), AgreementId::public());
        let names = Names::from([(feed, ("PHL".to_owned(), "public".to_owned()))]);
        let key = SeriesKey::parse("D.PHL.ITA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS").unwrap();
        let said = [(AttributeId::DefId, "one"), (AttributeId::UnitMult, "3")];
        let said = Attributes::new(Attachment::Series, said).unwrap();
        let remark =
            Attributes::new(Attachment::Observation, [(AttributeId::CommentObs, "a \"b\"\n")]).unwrap();
        let versions: Vec<Version> = (0..4_500_i64)
            .map(|day| Version {
                period: Period::parse(&format!("{}-D{:03}", 2001 + day / 365, day % 365 + 1)).unwrap(),
                entry: EntryRef { seq: Seq(9), time: Millis(day % 2), id: EntryId([(day % 2) as u8; 32]) },
                state: State::Stated {
                    value: (day % 3 > 0).then(|| Decimal::from_parts(i128::from(day) * 10, 2).unwrap()),
                    flags: Flags {
                        status: ObsStatus::Suppressed,
                        conf: ConfStatus::Confidential,
                        revision: 2,
                    },
                    attributes: if day == 7 { remark.clone() } else { Attributes::none() },
                },
            })
            .collect();
        let series = SeriesView { key: key.clone(), feed, attributes: said.clone(), versions };
        let mut read = Vec::new();
        let go_on = rows(&series, &names, &mut |row| {
            let one = StatedSeries::read(serde_json::from_str(row).unwrap()).unwrap();
            assert_eq!((&one.key, &one.attributes, &*one.country), (&key, &said, "PHL"));
            read.push(one.versions);
            true
        });
        assert!(go_on.unwrap());
        assert_eq!(read.len(), 3);
        assert_eq!(read.concat(), series.versions);
    }
}
