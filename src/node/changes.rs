//! What came since a reader last looked: the entries of the feeds of its scope, by an opaque cursor.
//!
//! A cursor says for each feed of the scope which entry comes next. It is made of those feeds alone, so neither its
//! length nor its value tells of any other. An entry that is closed to this node, as one under embargo, comes when it is
//! opened, and what its feed holds behind it comes after it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::engine::{Engine, NodeError};
use super::reader::Scope;
use crate::crypto::Hash;
use crate::feed::{FeedId, Seq, SignedHeader};
use crate::model::Millis;

/// Feeds in one cursor.
const MAX_FEEDS: usize = 4096;
/// Digits of a feed's hash in a cursor: two feeds of one node never share them in practice.
const NAME: usize = 6;
/// Bytes of a feed in a cursor: its name and the next entry.
const PART: usize = NAME + 8;
/// The first byte of a cursor.
const VERSION: u8 = 1;

/// Up to where a reader has seen the feeds of its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since(BTreeMap<[u8; NAME], u64>);

impl Since {
    /// Reads what [`Since::to_text`] wrote; nothing where it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > (1 + MAX_FEEDS * PART) * 4 / 3 + 4 {
            return None;
        }
        let bytes = BASE64.decode(text).ok()?;
        let (version, parts) = bytes.split_first()?;
        if *version != VERSION || parts.len() % PART != 0 {
            return None;
        }
        let read = |part: &[u8]| {
            let (name, next) = part.split_first_chunk::<NAME>()?;
            Some((*name, u64::from_le_bytes(next.try_into().ok()?)))
        };
        parts.chunks_exact(PART).map(read).collect::<Option<_>>().map(Self)
    }

    /// The text for a reader.
    pub fn to_text(&self) -> String {
        let parts = self.0.iter().flat_map(|(name, next)| name.iter().copied().chain(next.to_le_bytes()));
        BASE64.encode(std::iter::once(VERSION).chain(parts).collect::<Vec<u8>>())
    }

    fn next(&self, feed: &FeedId) -> Seq {
        Seq(self.0.get(&name(feed)).copied().unwrap_or(0))
    }

    fn set(&mut self, feed: &FeedId, next: Seq) {
        self.0.insert(name(feed), next.0);
    }
}

fn name(feed: &FeedId) -> [u8; NAME] {
    let hash = Hash::of(&[&feed.publisher.0, &feed.agreement.0]);
    let mut name = [0; NAME];
    name.copy_from_slice(&hash.0[..NAME]);
    name
}

/// The next entry of a feed among those of others: the oldest comes first.
type Waiting = Reverse<(Millis, FeedId, Seq)>;

impl Engine {
    /// Up to `limit` entries of this scope after a cursor, the oldest first, and the cursor behind each. With
    /// `limit` 0, the cursor behind everything.
    pub(super) fn changes(
        &mut self,
        scope: Scope,
        since: Option<Since>,
        limit: usize,
    ) -> Result<Value, NodeError> {
        self.store.fold()?;
        let feeds: Vec<FeedId> =
            self.store.feeds().filter(|feed| scope.shows(feed)).take(MAX_FEEDS).collect();
        let since = since.unwrap_or_default();
        let (mut cursor, mut waiting) = (Since::default(), BinaryHeap::<Waiting>::new());
        for feed in feeds {
            let Some(head) = self.store.durable(&feed) else { continue };
            // A feed that was cut begins again where it is cut.
            let next = if limit == 0 { head.seq.next() } else { since.next(&feed).min(head.seq.next()) };
            cursor.set(&feed, next);
            if let Some(header) = self.visible(&feed, next)? {
                waiting.push(Reverse((header.header().time, feed, next)));
            }
        }
        let mut entries = Vec::new();
        while entries.len() < limit
            && let Some(Reverse((_, feed, seq))) = waiting.pop()
        {
            let header = self.store.header(&feed, seq)?;
            cursor.set(&feed, seq.next());
            entries.push(self.change(&header, &cursor));
            if let Some(following) = self.visible(&feed, seq.next())? {
                waiting.push(Reverse((following.header().time, feed, seq.next())));
            }
        }
        Ok(json!({ "entries": entries, "next": cursor.to_text(), "more": !waiting.is_empty() }))
    }

    /// The header of an entry that is here and open.
    fn visible(&self, feed: &FeedId, seq: Seq) -> Result<Option<SignedHeader>, NodeError> {
        let is_here = self.store.durable(feed).is_some_and(|head| seq <= head.seq);
        if !is_here || self.store.is_closed(feed, seq)? {
            return Ok(None);
        }
        Ok(Some(self.store.header(feed, seq)?))
    }

    fn change(&self, header: &SignedHeader, cursor: &Since) -> Value {
        let (entry, header) = (header.id().to_hex(), header.header());
        json!({
            "publisher": header.feed.publisher.to_hex(),
            "country": self.country_of(&header.feed.publisher),
            "agreement": header.feed.agreement.to_hex(),
            "agreement_name": self.agreement_name(&header.feed.agreement),
            "seq": header.seq.0,
            "entry": entry,
            "released_at": header.time.to_string(),
            "kind": header.kind.as_str(),
            "records": header.content.record_count,
            "cursor": cursor.to_text(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{AgreementId, PublisherId};

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let mut since = Since::default();
        for number in 0..5 {
            since.set(&FeedId::new(PublisherId([number; 32]), AgreementId::public()), Seq(1 << (number * 9)));
        }
        let text = since.to_text();
        assert_eq!(Since::parse(&text), Some(since));
        assert_eq!(Since::parse(&Since::default().to_text()), Some(Since::default()));
        for text in ["", "AQ==", "Ag", &text[1..], &text[..text.len() - 2], "not a cursor"] {
            assert_eq!(Since::parse(text), None, "{text}");
        }
        assert_eq!(Since::parse(&"A".repeat(1 << 20)), None);
    }
}
