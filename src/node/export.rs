//! What a directory of files lacks of the feeds: every version that came since, and up to where the feeds are then told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answers::erased_of;
use super::engine::{Engine, NodeError, Rows};
use super::reader::Scope;
use super::rows::RowWriter;
use crate::feed::{AgreementId, FeedId, PublisherId, Seq};
use crate::model::SeriesPattern;
use crate::view::{Moment, Query};

/// The most feeds that a directory knows.
const MAX_FEEDS: usize = 10_000;

/// Up to where a feed is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Whose feed: 64 hexadecimal digits.
    pub publisher: String,
    /// What its publisher is called in a path: its country, or its id.
    pub name: String,
    /// Under which agreement.
    pub agreement: String,
    /// The place of the last entry.
    pub seq: u64,
    /// Its id.
    pub entry: String,
    /// Which entries were erased by then: first and last of each stretch.
    pub erased: Value,
}

/// The first row of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHead {
    /// This node's publisher.
    pub node: String,
    /// Whether what was known is no longer so: all rows follow, and take the place of those before.
    pub anew: bool,
    /// Up to where each feed is told by the rows that follow.
    pub feeds: Vec<Told>,
}

impl Engine {
    /// An [`ExportHead`], and after it every version of this scope that is not told yet, in the order of answers. An entry
    /// that is closed, as one under embargo, ends what is told of its feed until it is opened.
    pub(super) fn export(&mut self, scope: Scope, known: &[Told]) -> Result<Rows, NodeError> {
        if known.len() > MAX_FEEDS {
            return Err(NodeError::Refused(format!("an export is of {MAX_FEEDS} feeds at most")));
        }
        self.store.fold()?;
        let known: BTreeMap<FeedId, &Told> = known
            .iter()
            .map(|told| Some((told.feed()?, told)))
            .collect::<Option<_>>()
            .ok_or_else(|| NodeError::Refused("a feed is named by two ids of 64 digits".to_owned()))?;
        let feeds: Vec<FeedId> = self.store.feeds().filter(|feed| scope.shows(feed)).collect();
        // What was erased or cut here must not stay there.
        let anew = known.iter().any(|(feed, told)| !feeds.contains(feed) || !self.goes_on(feed, told));
        let (mut told, mut wanted) = (Vec::new(), BTreeMap::new());
        for feed in feeds {
            let after = known.get(&feed).filter(|_| !anew).map(|told| Seq(told.seq));
            let Some(until) = self.open_until(&feed, after)? else { continue };
            if after != Some(until) {
                wanted.insert(feed, (after, until));
            }
            told.push(self.exported(&feed, until)?);
        }
        let head = ExportHead { node: self.us().to_hex(), anew, feeds: told };
        Ok(self.export_rows(json!(head).to_string(), wanted))
    }

    fn export_rows(&self, head: String, wanted: BTreeMap<FeedId, (Option<Seq>, Seq)>) -> Rows {
        let mut publishers: Vec<PublisherId> = wanted.keys().map(|feed| feed.publisher).collect();
        publishers.dedup();
        let mut agreements: Vec<AgreementId> = wanted.keys().map(|feed| feed.agreement).collect();
        agreements.sort_unstable();
        agreements.dedup();
        let query = Query {
            pattern: SeriesPattern::any(),
            publishers,
            agreements,
            moment: Moment::History,
            heads: None,
        };
        let derived = self.store.derived().clone();
        Rows::new(move |each| {
            if !each(&head) || wanted.is_empty() {
                return Ok(());
            }
            let (mut writer, mut written) = (RowWriter::default(), Ok(true));
            derived.query(&query, &mut |mut series| {
                let Some((after, until)) = wanted.get(&series.feed) else { return true };
                series.versions.retain(|version| {
                    version.entry.seq <= *until && after.is_none_or(|after| version.entry.seq > after)
                });
                written = writer.series(&series, each);
                matches!(written, Ok(true))
            })?;
            written.map(|_| ())
        })
    }

    /// Whether what was told of a feed is still the beginning of it.
    fn goes_on(&self, feed: &FeedId, told: &Told) -> bool {
        let header = self.store.header(feed, Seq(told.seq)).ok();
        header.is_some_and(|header| header.id().to_hex() == told.entry)
            && erased_of(self.store.erased(feed)) == told.erased
    }

    /// The last entry before the first that is closed; nothing where none is open.
    fn open_until(&self, feed: &FeedId, after: Option<Seq>) -> Result<Option<Seq>, NodeError> {
        let Some(head) = self.store.durable(feed) else { return Ok(None) };
        let (mut last, mut next) = (after, after.map_or(Seq(0), Seq::next));
        while next <= head.seq && !self.store.is_closed(feed, next)? {
            last = Some(next);
            next = next.next();
        }
        Ok(last)
    }

    fn exported(&self, feed: &FeedId, seq: Seq) -> Result<Told, NodeError> {
        let country = self.country_of(&feed.publisher);
        let is_code = country.len() == 3 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        Ok(Told {
            publisher: feed.publisher.to_hex(),
            name: if is_code { country } else { feed.publisher.to_hex() },
            agreement: feed.agreement.to_hex(),
            seq: seq.0,
            entry: self.store.header(feed, seq)?.id().to_hex(),
            erased: erased_of(self.store.erased(feed)),
        })
    }
}

impl Told {
    fn feed(&self) -> Option<FeedId> {
        Some(FeedId::new(PublisherId::from_hex(&self.publisher)?, AgreementId::from_hex(&self.agreement)?))
    }
}
