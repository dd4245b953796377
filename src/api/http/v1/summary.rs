//! What a scope holds, counted once for all who ask: by publisher, indicator and corridor.
//!
//! Counting walks over every series, so it is done once for each state of the heads, by one request while the others
//! wait for it. When heads move faster than they can be counted, an answer may be as old as a few counts take; its tag is
//! that of the state that was counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task;

use super::views::tag;
use crate::api::http::guard::Refusal;
use crate::api::http::service::failed;
use crate::api::http::withdrawn::{Newest, Withdrawn};
use crate::feed::PublisherId;
use crate::model::{Period, SeriesPattern, catalogue, codelist};
use crate::node::clock::stopwatch;
use crate::node::{NodeError, Reader, Scope};
use crate::view::{Moment, SeriesView};

/// An answer may be so many counts old.
const PATIENCE: u32 = 4;
/// Corridors that are told apart: every pair of the world's countries.
const MAX_CORRIDORS: usize = 70_000;

/// How much there is of something. Every feed's statement of a series counts.
#[derive(Clone, Debug, Default)]
pub(in crate::api::http) struct Tally {
    pub(in crate::api::http) series: u64,
    pub(in crate::api::http) observations: u64,
    pub(in crate::api::http) first: Option<Period>,
    pub(in crate::api::http) last: Option<Period>,
}

/// A pair of countries, and who says what about it.
#[derive(Clone, Debug, Default)]
pub(in crate::api::http) struct Corridor {
    pub(in crate::api::http) tally: Tally,
    pub(in crate::api::http) reporters: BTreeSet<String>,
    pub(in crate::api::http) indicators: BTreeSet<String>,
}

/// All counts of a scope.
#[derive(Debug, Default)]
pub(in crate::api::http) struct Summary {
    /// Of the state that was counted.
    pub(in crate::api::http) tag: String,
    /// Indicators of each publisher.
    pub(in crate::api::http) held: BTreeMap<PublisherId, BTreeSet<String>>,
    pub(in crate::api::http) publishers: BTreeMap<PublisherId, Tally>,
    pub(in crate::api::http) indicators: BTreeMap<String, Tally>,
    /// By origin and destination.
    pub(in crate::api::http) corridors: BTreeMap<(String, String), Corridor>,
    /// What each publisher took back.
    pub(in crate::api::http) withdrawn: BTreeMap<PublisherId, Newest>,
}

/// The newest counts of both scopes.
#[derive(Clone, Debug, Default)]
pub(in crate::api::http) struct Summaries {
    public: Arc<Mutex<Option<Counted>>>,
    government: Arc<Mutex<Option<Counted>>>,
}

#[derive(Debug)]
struct Counted {
    at: Instant,
    took: Duration,
    summary: Arc<Summary>,
}

impl Summaries {
    /// The counts of what a reader shows.
    pub(in crate::api::http) async fn of(&self, reader: &Reader) -> Result<Arc<Summary>, Refusal> {
        let place = match reader.scope() {
            Scope::Public => &self.public,
            Scope::Government => &self.government,
        };
        let (tag, mut counted) = (tag(reader), place.lock().await);
        if let Some(known) = &*counted
            && (known.summary.tag == tag || known.at.elapsed() < known.took.saturating_mul(PATIENCE))
        {
            return Ok(Arc::clone(&known.summary));
        }
        let began = stopwatch();
        let summary = task::block_in_place(|| count(reader)).map_err(|error| failed(&error))?;
        let summary = Arc::new(Summary { tag, ..summary });
        let took = began.elapsed();
        *counted = Some(Counted { at: stopwatch(), took, summary: Arc::clone(&summary) });
        Ok(summary)
    }
}

/// The counts of what a reader shows, made now. It reads all series, and blocks.
///
/// # Errors
/// [`NodeError`] when the database is broken.
pub(in crate::api::http) fn count(reader: &Reader) -> Result<Summary, NodeError> {
    let mut summary = Summary::default();
    reader.query(SeriesPattern::any(), Moment::History, Vec::new(), &mut |mut series| {
        for one in Withdrawn::of(&series) {
            summary.withdrawn.entry(series.feed.publisher).or_default().add(one);
        }
        series.versions = Moment::Current.choose(series.versions);
        if !series.versions.is_empty() {
            summary.add(&series);
        }
        true
    })?;
    Ok(summary)
}

impl Summary {
    fn add(&mut self, series: &SeriesView) {
        self.publishers.entry(series.feed.publisher).or_default().add(series);
        let indicator = series.key.indicator();
        let held = self.held.entry(series.feed.publisher).or_default();
        if !held.contains(indicator) {
            held.insert(indicator.to_owned());
        }
        match self.indicators.get_mut(indicator) {
            Some(tally) => tally.add(series),
            None => self.indicators.entry(indicator.to_owned()).or_default().add(series),
        }
        let Some((origin, destination)) = ends(series) else { return };
        let pair = (origin.to_owned(), destination.to_owned());
        if self.corridors.len() >= MAX_CORRIDORS && !self.corridors.contains_key(&pair) {
            return;
        }
        let corridor = self.corridors.entry(pair).or_default();
        corridor.tally.add(series);
        if !corridor.reporters.contains(series.key.ref_area()) {
            corridor.reporters.insert(series.key.ref_area().to_owned());
        }
        if !corridor.indicators.contains(indicator) {
            corridor.indicators.insert(indicator.to_owned());
        }
    }
}

impl Tally {
    fn add(&mut self, series: &SeriesView) {
        self.series += 1;
        self.observations += series.versions.len() as u64;
        for version in &series.versions {
            self.first = Some(self.first.map_or(version.period, |first| first.min(version.period)));
            self.last = Some(self.last.map_or(version.period, |last| last.max(version.period)));
        }
    }
}

/// Where people of a series leave and arrive; nothing where an end is no country.
fn ends(series: &SeriesView) -> Option<(&str, &str)> {
    let (here, there) = (series.key.ref_area(), series.key.counterpart_area());
    codelist::alpha2(here).and(codelist::alpha2(there))?;
    let arrives = catalogue::get(series.key.indicator()).map(|one| one.side);
    Some(match arrives {
        Some(catalogue::Side::Destination) => (there, here),
        Some(catalogue::Side::Origin | catalogue::Side::Both | catalogue::Side::National) | None => {
            (here, there)
        }
    })
}
