//! What a directory of files lacks of the feeds: the versions of stretches of entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::engine::{Engine, NodeError, Rows};
use super::rows::RowWriter;
use crate::feed::{AgreementId, FeedId, PublisherId, Seq};
use crate::model::SeriesPattern;
use crate::view::{Moment, Query};

/// The most stretches of one request.
const MAX_STRETCHES: usize = 10_000;

/// Entries of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Whose feed: 64 hexadecimal digits.
    pub publisher: String,
    /// Under which agreement.
    pub agreement: String,
    /// The last entry that is there already, by place and id; none: from the first on.
    #[serde(default)]
    pub after: Option<(u64, String)>,
    /// The last that is wanted.
    pub until: u64,
}

impl Engine {
    /// Every version that these entries state, in the order of answers.
    pub(super) fn export(&mut self, stretches: &[Stretch]) -> Result<Rows, NodeError> {
        if stretches.len() > MAX_STRETCHES {
            return Err(NodeError::Refused(format!(
                "{MAX_STRETCHES} feeds are exported at one time at most"
            )));
        }
        self.store.fold()?;
        let wanted: BTreeMap<FeedId, (Option<Seq>, Seq)> =
            stretches.iter().map(|stretch| self.stretch(stretch)).collect::<Result<_, _>>()?;
        let mut publishers: Vec<PublisherId> = wanted.keys().map(|feed| feed.publisher).collect();
        publishers.dedup();
        let mut agreements: Vec<AgreementId> = wanted.keys().map(|feed| feed.agreement).collect();
        agreements.sort_unstable();
        agreements.dedup();
        let query = Query { pattern: SeriesPattern::any(), publishers, agreements, moment: Moment::History };
        let derived = self.store.derived().clone();
        Ok(Rows::new(move |each| {
            if wanted.is_empty() {
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
        }))
    }

    fn stretch(&self, stretch: &Stretch) -> Result<(FeedId, (Option<Seq>, Seq)), NodeError> {
        let ids = PublisherId::from_hex(&stretch.publisher).zip(AgreementId::from_hex(&stretch.agreement));
        let (publisher, agreement) =
            ids.ok_or_else(|| NodeError::Refused("a feed is named by two ids of 64 digits".to_owned()))?;
        let feed = FeedId::new(publisher, agreement);
        if agreement == AgreementId::house() {
            return Err(NodeError::Refused("what the house feed holds is not for export".to_owned()));
        }
        let after = match &stretch.after {
            None => None,
            Some((seq, entry)) => {
                let seq = Seq(*seq);
                let here = self.store.header(&feed, seq).ok().map(|header| header.id().to_hex());
                if here.as_ref() != Some(entry) {
                    return Err(NodeError::Refused(format!(
                        "feed {feed} no longer holds entry {seq} as it was exported: repeat with --full"
                    )));
                }
                Some(seq)
            }
        };
        Ok((feed, (after, Seq(stretch.until))))
    }
}
