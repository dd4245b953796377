//! Protection: the form in which figures leave for one audience, held against all that its readers hold of ours.
//!
//! ```text
//!  what policy shares ──▶ by indicator ──┬─ open ───────────────────────────────▶ as it is
//!                                        └─ guarded ──▶ protect ──▶ as it may leave, or a breach
//!  views: every form that ever left ─────────────────────▲  ▲
//!  house feed: what was true of it ─────────────────────────┘
//! ```
//!
//! An indicator is *guarded* from the first release on in which one of its series needed protection: a figure that
//! may leave as it is by itself may tell another one that may not.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::engine::{Engine, NodeError};
use super::truth::Truth;
use crate::feed::{AgreementId, FeedId, PublisherId};
use crate::model::catalogue::DisclosureRule;
use crate::model::{Dimension, ObsStatus, Period, Series, SeriesKey, SeriesPattern};
use crate::policy::{Agreement, Onward};
use crate::protect::{self, Breach, Held, Protected, Readers, Report, Rules};
use crate::view::{Moment, Query, SeriesView, State};

/// The most observations of one release of which some need protection: their table is held in memory.
pub(super) const MAX_GUARDED: u64 = 2_000_000;

impl Engine {
    /// Does the form in which a series leaves depend on others?
    pub(super) fn is_guarded(&self, series: &Series, strictest: Option<DisclosureRule>) -> bool {
        protect::is_needed(series, strictest) || self.house.is_guarded(series.key().indicator())
    }

    /// The strictest rule that one of these agreements asks for.
    pub(super) fn strictest_rule(&self, agreements: &[AgreementId]) -> Option<DisclosureRule> {
        agreements.iter().filter_map(|agreement| self.rule_of(*agreement)).max()
    }

    fn rule_of(&self, agreement: AgreementId) -> Option<DisclosureRule> {
        DisclosureRule::from_id(&self.house.book().get(&agreement)?.text().disclosure_rule)
    }

    /// Reads the exact values of what was released before of these indicators.
    pub(super) fn recall(&mut self, indicators: &BTreeSet<String>) -> Result<(), NodeError> {
        let us = self.us();
        for indicator in indicators {
            self.truths.catch_up(indicator, (&self.house, &self.store, us))?;
        }
        Ok(())
    }

    /// The series as they may leave for an audience. Asked after [`Engine::recall`] of their indicators.
    ///
    /// # Errors
    /// [`NodeError::Breach`] when something would be open that must not be.
    pub(super) fn protected(
        &self,
        agreement: AgreementId,
        shared: Vec<Series>,
        explain: bool,
    ) -> Result<Protected, NodeError> {
        let rule = self.rule_of(agreement);
        let mut groups: BTreeMap<String, Vec<Series>> = BTreeMap::new();
        for series in shared {
            groups.entry(series.key().indicator().to_owned()).or_default().push(series);
        }
        let key = self.rounding_key()?;
        let mut all = Protected { series: Vec::new(), report: Report::default() };
        for (indicator, tables) in groups {
            if !tables.iter().any(|series| self.is_guarded(series, rule)) {
                all.report.shown += tables.iter().map(stated).sum::<u64>();
                all.series.extend(tables);
                continue;
            }
            let (held, closed) = self.held(agreement, &indicator, &tables)?;
            let rules = Rules { agreement: rule, closed, explain, ..self.rules.clone() };
            let Protected { series, report } = protect::protect(&tables, &held, &rules, &key)
                .map_err(|breach| self.breach(agreement, breach))?;
            all.series.extend(series);
            all.report.add(report);
        }
        Ok(all)
    }

    fn breach(&self, agreement: AgreementId, breach: Breach) -> NodeError {
        NodeError::Breach { audience: self.agreement_name(&agreement), breach }
    }

    /// What an audience holds of an indicator in the periods of these tables, and which of their cells it has as
    /// suppressed that are what they were then.
    fn held(
        &self,
        agreement: AgreementId,
        indicator: &str,
        tables: &[Series],
    ) -> Result<(Held, HashSet<(SeriesKey, Period)>), NodeError> {
        let observations = tables.iter().flat_map(|series| series.observations());
        let periods: HashSet<Period> = observations.map(|one| one.period()).collect();
        let known = self.known_feeds(agreement);
        let all: BTreeSet<AgreementId> = known.iter().flatten().copied().collect();
        let pattern = SeriesPattern::any().with(Dimension::Indicator, indicator);
        let query = Query {
            pattern,
            publishers: vec![self.us()],
            agreements: all.into_iter().collect(),
            moment: Moment::History,
        };
        let mut rows: Vec<SeriesView> = Vec::new();
        self.store.derived().query(&query, &mut |mut row| {
            row.versions.retain(|version| periods.contains(&version.period));
            if !row.versions.is_empty() {
                rows.push(row);
            }
            true
        })?;
        let truth = self.truths.of(indicator);
        let closed = closed_before(agreement, &rows, tables, truth);
        Ok((holdings(agreement, &known, rows, (&periods, truth)), closed))
    }

    /// By reader, the agreements under which it reads, or has read, something of ours; readers of the same are one.
    fn known_feeds(&self, agreement: AgreementId) -> BTreeSet<BTreeSet<AgreementId>> {
        let us = self.us();
        let everybody = BTreeSet::from([AgreementId::public(), agreement]);
        let is_ours = |one: &&Agreement| self.store.durable(&FeedId::new(us, one.id())).is_some();
        let agreements: Vec<&Agreement> = self.house.book().agreements().filter(is_ours).collect();
        let readers: BTreeSet<PublisherId> = match self.house.book().get(&agreement) {
            Some(one) => one.text().readers(),
            None => agreements.iter().flat_map(|one| one.text().readers()).collect(),
        };
        let reads = |reader: &PublisherId| {
            let text = |one: &&&Agreement| {
                one.text().onward == Onward::Public || one.text().readers().contains(reader)
            };
            let theirs = agreements.iter().filter(text).map(|one| one.id());
            theirs.chain(everybody.iter().copied()).collect()
        };
        let mut known: BTreeSet<_> = readers.iter().filter(|reader| **reader != us).map(reads).collect();
        known.insert(everybody.clone());
        known
    }
}

/// Puts rows of our feeds into the hands of those who read them.
fn holdings(
    agreement: AgreementId,
    known: &BTreeSet<BTreeSet<AgreementId>>,
    rows: Vec<SeriesView>,
    (periods, truth): (&HashSet<Period>, Option<&Truth>),
) -> Held {
    // Agreements under which nothing of this is held do not tell readers apart.
    let present: BTreeSet<AgreementId> = rows.iter().map(|row| row.feed.agreement).collect();
    let sets: BTreeSet<BTreeSet<AgreementId>> =
        known.iter().map(|set| set.intersection(&present).copied().collect()).collect();
    let mut held = Held::of(sets.len());
    for row in rows {
        let under = row.feed.agreement;
        let readers = match under == AgreementId::public() || under == agreement {
            true => Readers::ALL,
            false => {
                let with = sets.iter().enumerate().filter(|(_, set)| set.contains(&under));
                with.fold(Readers::NONE, |readers, (at, _)| readers.and(Readers::one(at)))
            }
        };
        for (period, state, _) in row.stated() {
            if let State::Stated { value, flags, .. } = state {
                held.take_one(&row.key, &row.attributes, (period, *value, flags.status), readers);
            }
        }
    }
    if !present.is_empty() {
        for (key, period, value, said) in truth.into_iter().flat_map(Truth::values) {
            if periods.contains(&period) {
                held.know(key, said, (period, value));
            }
        }
    }
    held
}

/// The cells of tables that stand suppressed in the feed of an agreement and have not changed since.
fn closed_before(
    agreement: AgreementId,
    rows: &[SeriesView],
    tables: &[Series],
    truth: Option<&Truth>,
) -> HashSet<(SeriesKey, Period)> {
    let mut closed: HashSet<(&SeriesKey, Period)> = HashSet::new();
    for row in rows.iter().filter(|row| row.feed.agreement == agreement) {
        // Versions come by period and then by entry: the last one of a period counts.
        for (period, state, _) in row.stated() {
            match state {
                State::Stated { value: None, flags, .. } if flags.status == ObsStatus::Suppressed => {
                    closed.insert((&row.key, period))
                }
                _ => closed.remove(&(&row.key, period)),
            };
        }
    }
    let mut same = HashSet::new();
    for series in tables {
        for one in series.observations() {
            let unchanged = truth.is_none_or(|truth| truth.was(series.key(), one));
            if unchanged && closed.contains(&(series.key(), one.period())) {
                same.insert((series.key().clone(), one.period()));
            }
        }
    }
    same
}

fn stated(series: &Series) -> u64 {
    series.observations().iter().filter(|one| one.value().is_some()).count() as u64
}
