//! Acts of people as the house reads them from its feed.

use std::borrow::Cow;

use serde::Deserialize;

use crate::feed::{AgreementId, FeedId, PublisherId, Seq};

/// What of an act the house's state depends on. Other fields are there for people.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Act<'a> {
    #[serde(borrow)]
    pub(super) act: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) outcome: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) publisher: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) node: Cow<'a, str>,
    pub(super) paused: bool,
    #[serde(borrow)]
    pub(super) submission: Cow<'a, str>,
    pub(super) entry_seq: Option<u64>,
    #[serde(borrow)]
    pub(super) file: Cow<'a, str>,
    pub(super) observations: u64,
    #[serde(borrow)]
    pub(super) submissions: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) indicators: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) guarded: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) released: Vec<ActPart<'a>>,
    #[serde(borrow)]
    pub(super) heads: Vec<ActHead<'a>>,
    #[serde(borrow)]
    pub(super) embargoes: Vec<ActEmbargo<'a>>,
    #[serde(borrow)]
    pub(super) opens_at: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) card: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) agreement: Cow<'a, str>,
    pub(super) first: u64,
    pub(super) last: Option<u64>,
    #[serde(borrow)]
    pub(super) one: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) other: Cow<'a, str>,
}

/// An entry of ours under embargo that came back from a partner.
#[derive(Deserialize)]
pub(super) struct ActEmbargo<'a> {
    pub(super) seq: u64,
    #[serde(borrow)]
    pub(super) opens_at: Cow<'a, str>,
}

/// What one audience got of a release.
#[derive(Deserialize)]
pub(super) struct ActPart<'a> {
    #[serde(borrow)]
    pub(super) agreement: Cow<'a, str>,
    #[serde(default)]
    pub(super) seq: Option<u64>,
}

/// How much of a feed somebody held.
#[derive(Deserialize)]
pub(super) struct ActHead<'a> {
    #[serde(borrow)]
    pub(super) publisher: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) agreement: Cow<'a, str>,
    pub(super) seq: u64,
}

impl ActHead<'_> {
    pub(super) fn read(&self) -> Option<(FeedId, Seq)> {
        let publisher = PublisherId::from_hex(&self.publisher)?;
        Some((FeedId::new(publisher, AgreementId::from_hex(&self.agreement)?), Seq(self.seq)))
    }
}
