//! Protection: the form in which figures leave for one audience, held against all that its readers hold of ours.
//!
//! ```text
//!  what policy shares ──▶ by indicator ──┬─ open ───────────────────────────────▶ as it is
//!                                        └─ guarded ──▶ protect ──▶ as it may leave, or a breach
//!  views: every form that ever left ─────────────────────▲  ▲
//!  house feed: what was true of it ─────────────────────────┘
//! ```
//!
//! An indicator is *guarded* from the first release on in which one of its series needed protection, and from the
//! first submission on of a total that few contribute to: a figure that may leave as it is by itself may tell another
//! one that may not. That holds also of sensitive totals that the audience gets nothing of.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::engine::{Engine, NodeError};
use super::truth::{Truth, Value};
use crate::feed::{AgreementId, FeedId, PublisherId, Seq};
use crate::model::catalogue::DisclosureRule;
use crate::model::{
    Attributes, Decimal, Dimension, ObsStatus, Observation, Period, Series, SeriesKey, SeriesPattern,
};
use crate::policy::{Agreement, Onward};
use crate::protect::{self, Breach, Held, Levels, Protected, Readers, Report, RoundingKey, Rules};
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

    /// What the clause of a crisis lane holds to a weaker rule; nothing elsewhere.
    fn lowered_in(&self, agreement: AgreementId) -> Vec<(String, DisclosureRule)> {
        let lane = self.house.book().get(&agreement).and_then(|one| one.text().crisis.lane());
        lane.into_iter()
            .flat_map(|lane| lane.terms.lowered())
            .map(|(indicator, rule)| (indicator.to_owned(), rule))
            .collect()
    }

    /// Reads the exact values of what was released before of these indicators.
    pub(super) fn recall(&mut self, indicators: &BTreeSet<String>) -> Result<(), NodeError> {
        let us = self.us();
        for indicator in indicators {
            self.truths.catch_up(indicator, (&self.house, &self.store, us))?;
        }
        Ok(())
    }

    /// The series as they may leave for an audience, of those that were submitted with protection levels. Asked after
    /// [`Engine::recall`] of their indicators.
    ///
    /// # Errors
    /// [`NodeError::Breach`] when something would be open that must not be.
    pub(super) fn protected(
        &self,
        agreement: AgreementId,
        shared: Vec<Series>,
        submitted: (&Levels, &[Series]),
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
            let mut parts = Parts::of(tables)?;
            self.hold_against(agreement, &indicator, submitted, &mut parts)?;
            let lowered = self.lowered_in(agreement);
            let rules = Rules { agreement: rule, lowered, explain, ..self.rules.clone() };
            let Protected { series, report } = parts
                .protect(&rules, &key)
                .map_err(|breach| NodeError::Breach { audience: self.agreement_name(&agreement), breach })?;
            all.series.extend(series);
            all.report.add(report);
        }
        Ok(all)
    }

    /// Adds to tables what their audience holds of the indicator in their periods.
    fn hold_against(
        &self,
        agreement: AgreementId,
        indicator: &str,
        submitted: (&Levels, &[Series]),
        parts: &mut Parts,
    ) -> Result<(), NodeError> {
        let known = self.known_feeds(agreement);
        let all: BTreeSet<AgreementId> = known.iter().flatten().copied().collect();
        let pattern = SeriesPattern::any().with(Dimension::Indicator, indicator);
        let query = Query {
            pattern,
            publishers: vec![self.us()],
            agreements: all.into_iter().collect(),
            moment: Moment::History,
            heads: None,
        };
        let mut rows: Vec<SeriesView> = Vec::new();
        self.store.derived().query(&query, &mut |mut row| {
            row.versions.retain(|version| parts.of_period.contains_key(&version.period));
            if !row.versions.is_empty() {
                rows.push(row);
            }
            true
        })?;
        let truth = self.truths.of(indicator);
        self.check_lost(&rows, submitted.1, truth)?;
        let elsewhere = parts.sense(indicator, submitted, truth);
        parts.close(agreement, &rows, truth);
        let said_in = |under, seq| match self.house.lost(under, seq) {
            Some(releases) => SaidIn::Lost(releases),
            None => SaidIn::Release(self.house.release_of(under, seq)),
        };
        parts.take(agreement, &known, rows, (truth, &said_in));
        parts.hide(elsewhere, submitted.1, truth);
        Ok(())
    }

    /// Holds what is submitted against what left before the exact values were lost: where it shows another value, the
    /// figure was revised since, or is revised now, and what was true of it then cannot be known.
    fn check_lost(
        &self,
        rows: &[SeriesView],
        submitted: &[Series],
        truth: Option<&Truth>,
    ) -> Result<(), NodeError> {
        for row in rows {
            for (period, state, entry) in row.stated() {
                let lost = self.house.lost(row.feed.agreement, entry.seq);
                let (Some(releases), State::Stated { value: Some(shown), .. }) = (lost, state) else {
                    continue;
                };
                let history = truth.map_or(&[][..], |truth| truth.history(&row.key, period));
                if history.iter().any(|one| one.since >= releases) {
                    continue;
                }
                let now = stated_of(submitted, &(row.key.clone(), period)).and_then(|(one, _)| one.value());
                if now.is_some_and(|now| !may_be_form(*shown, now)) {
                    return Err(NodeError::Lost {
                        audience: self.agreement_name(&row.feed.agreement),
                        key: row.key.to_string(),
                        period: period.to_string(),
                    });
                }
            }
        }
        Ok(())
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

/// Tables of one indicator, cut by period: sums hold within one, so that each part is looked at for itself.
struct Parts {
    /// In which part a period is.
    of_period: HashMap<Period, usize>,
    all: Vec<Part>,
}

/// The tables of some periods.
#[derive(Default)]
struct Part {
    tables: Vec<Series>,
    held: Held,
    /// Cells that the audience has as suppressed and that are what they were then.
    closed: HashSet<(SeriesKey, Period)>,
    /// The protection levels of sensitive cells, of these tables and beside them.
    sensitive: Levels,
    /// Cells whose values this release changes: what was said of them before is about the old ones.
    revised: HashSet<(SeriesKey, Period)>,
}

/// Observations of a part: enough to be worth a thread, and few enough for its memory to be near.
const IN_PART: usize = 5_000;

impl Parts {
    fn of(tables: Vec<Series>) -> Result<Self, NodeError> {
        let mut counts: BTreeMap<Period, usize> = BTreeMap::new();
        for one in tables.iter().flat_map(Series::observations) {
            *counts.entry(one.period()).or_default() += 1;
        }
        let (mut of_period, mut number, mut filled) = (HashMap::new(), 0, 0);
        for (period, count) in counts {
            if filled >= IN_PART {
                (number, filled) = (number + 1, 0);
            }
            of_period.insert(period, number);
            filled += count;
        }
        let mut all: Vec<Part> = (0..=number).map(|_| Part::default()).collect();
        for series in tables {
            let part = |one: &Observation| of_period[&one.period()];
            for some in series.observations().chunk_by(|a, b| part(a) == part(b)) {
                let (key, said) = (series.key().clone(), series.attributes().clone());
                all[part(&some[0])].tables.push(Series::new(key, said, some.to_vec())?);
            }
        }
        Ok(Self { of_period, all })
    }

    /// Puts rows of our feeds into the hands of those who read them.
    fn take(
        &mut self,
        agreement: AgreementId,
        known: &BTreeSet<BTreeSet<AgreementId>>,
        rows: Vec<SeriesView>,
        (truth, said_in): (Option<&Truth>, &dyn Fn(AgreementId, Seq) -> SaidIn),
    ) {
        // Agreements under which nothing of this is held do not tell readers apart.
        let present: BTreeSet<AgreementId> = rows.iter().map(|row| row.feed.agreement).collect();
        let sets: BTreeSet<BTreeSet<AgreementId>> =
            known.iter().map(|set| set.intersection(&present).copied().collect()).collect();
        for part in &mut self.all {
            part.held = Held::of(sets.len());
        }
        let mut pasts: BTreeMap<((SeriesKey, Period), usize), Vec<_>> = BTreeMap::new();
        for row in rows {
            let under = row.feed.agreement;
            let readers = match under == AgreementId::public() || under == agreement {
                true => Readers::ALL,
                false => {
                    let with = sets.iter().enumerate().filter(|(_, set)| set.contains(&under));
                    with.fold(Readers::NONE, |readers, (at, _)| readers.and(Readers::one(at)))
                }
            };
            for (period, state, entry) in row.stated() {
                let (State::Stated { value, flags, .. }, Some(part)) = (state, self.of_period.get(&period))
                else {
                    continue;
                };
                let part = &mut self.all[*part];
                let history = truth.map_or(&[][..], |truth| truth.history(&row.key, period));
                let place = (row.key.clone(), period);
                match which(history, said_in(under, entry.seq), part.revised.contains(&place)) {
                    None => {
                        let said = (period, *value, flags.status);
                        part.held.take_one(&row.key, &row.attributes, said, readers);
                    }
                    Some(at) => {
                        pasts.entry((place, at)).or_default().push((*value, flags.status, readers));
                    }
                }
            }
        }
        for (((key, period), at), forms) in pasts {
            let history = truth.map_or(&[][..], |truth| truth.history(&key, period));
            if let (Some(one), Some(part)) = (history.get(at), self.of_period.get(&period)) {
                let until = history.get(at + 1).map_or(usize::MAX, |next| next.since);
                let held = &mut self.all[*part].held;
                held.take_past((&key, &one.said), (period, one.value), one.since..until, &forms);
            }
        }
        if !present.is_empty() {
            for (key, period, value, said) in truth.into_iter().flat_map(Truth::values) {
                if let Some(part) = self.of_period.get(&period) {
                    self.all[*part].held.know(key, said, (period, value));
                }
            }
        }
    }

    /// Finds the cells that are sensitive: of the release as they were submitted, of all others as they left last.
    /// Those that are not of the release are named.
    fn sense(
        &mut self,
        indicator: &str,
        (submitted, series): (&Levels, &[Series]),
        truth: Option<&Truth>,
    ) -> Vec<(SeriesKey, Period)> {
        let is_old = |place: &(SeriesKey, Period)| stated_of(series, place).is_none();
        let before = truth.into_iter().flat_map(Truth::levels).filter(|(place, _)| is_old(place));
        let now = submitted.iter().filter(|((key, _), _)| key.indicator() == indicator);
        let mut elsewhere: Levels = before.chain(now).map(|(place, level)| (place.clone(), *level)).collect();
        elsewhere.retain(|(_, period), _| self.of_period.contains_key(period));
        if elsewhere.is_empty() {
            return Vec::new();
        }
        for part in &mut self.all {
            for series in &part.tables {
                for period in series.observations().iter().map(Observation::period) {
                    let place = (series.key().clone(), period);
                    elsewhere.remove(&place);
                    if let Some(level) = submitted.get(&place) {
                        part.sensitive.insert(place, *level);
                    }
                }
            }
        }
        let places = elsewhere.keys().cloned().collect();
        for (place, level) in elsewhere {
            let part = self.of_period[&place.1];
            self.all[part].sensitive.insert(place, level);
        }
        places
    }

    /// Puts sensitive cells that are not of the release beside the tables, as closed: sums would tell them all the
    /// same. They are as they were submitted, or else as they left last.
    fn hide(&mut self, places: Vec<(SeriesKey, Period)>, submitted: &[Series], truth: Option<&Truth>) {
        for place in places {
            let now = stated_of(submitted, &place).and_then(|(one, said)| Some((one.value()?, said)));
            let (key, period) = place;
            let known = now.or_else(|| truth?.value(&key, period));
            if let (Some((value, said)), Some(part)) = (known, self.of_period.get(&period)) {
                let held = &mut self.all[*part].held;
                held.take_one(&key, said, (period, None, ObsStatus::Suppressed), Readers::ALL);
                held.know(&key, said, (period, value));
            }
        }
    }

    /// Finds the cells that stand suppressed in the feed of an agreement and have not changed since, neither their
    /// values nor from sensitive to safe, and those whose values change now.
    fn close(&mut self, agreement: AgreementId, rows: &[SeriesView], truth: Option<&Truth>) {
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
        for part in &mut self.all {
            for series in &part.tables {
                let revised = |one: &&Observation| truth.is_some_and(|truth| !truth.was(series.key(), one));
                let revised = series.observations().iter().filter(revised);
                part.revised.extend(revised.map(|one| (series.key().clone(), one.period())));
                let is_closed = |one: &&Observation| {
                    if !closed.contains(&(series.key(), one.period())) {
                        return false;
                    }
                    let place = (series.key().clone(), one.period());
                    let was_sensitive = truth.is_some_and(|truth| truth.levels().contains_key(&place));
                    truth.is_none_or(|truth| truth.was(series.key(), one))
                        && (!was_sensitive || part.sensitive.contains_key(&place))
                };
                let same = series.observations().iter().filter(is_closed);
                part.closed.extend(same.map(|one| (series.key().clone(), one.period())));
            }
        }
    }

    /// Protects the parts, as many at a time as there are processors, and puts them together again.
    fn protect(self, rules: &Rules, key: &RoundingKey) -> Result<Protected, Breach> {
        let one = |Part { tables, held, closed, sensitive, .. }: Part| {
            protect::protect(&tables, &held, &Rules { closed, sensitive, ..rules.clone() }, key)
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(self.all.len());
        let mut done: Vec<Result<Protected, Breach>> = Vec::new();
        if threads < 2 {
            done.extend(self.all.into_iter().map(one));
        } else {
            let mut parts = self.all.into_iter().peekable();
            while parts.peek().is_some() {
                std::thread::scope(|scope| {
                    let some = parts.by_ref().take(threads);
                    let started: Vec<_> = some.map(|part| scope.spawn(move || one(part))).collect();
                    done.extend(started.into_iter().map(joined));
                });
            }
        }
        let mut whole = Protected { series: Vec::new(), report: Report::default() };
        let mut series: BTreeMap<SeriesKey, (Attributes, Vec<Observation>)> = BTreeMap::new();
        for part in done {
            let Protected { series: some, report } = part?;
            whole.report.add(report);
            for (key, said, observations) in some.into_iter().map(Series::into_parts) {
                series.entry(key).or_insert_with(|| (said, Vec::new())).1.extend(observations);
            }
        }
        for (key, (said, observations)) in series {
            let again = Series::new(key.clone(), said, observations);
            whole.series.push(again.map_err(|error| Breach::Unwritable { key, why: error.to_string() })?);
        }
        Ok(whole)
    }
}

/// What series in the order of keys state of a figure, and what is said of its series.
fn stated_of<'a>(
    series: &'a [Series],
    (key, period): &(SeriesKey, Period),
) -> Option<(&'a Observation, &'a Attributes)> {
    let one = &series[series.binary_search_by(|one| one.key().cmp(key)).ok()?];
    let observation = one.observations().iter().find(|one| one.period() == *period)?;
    Some((observation, one.attributes()))
}

/// What a thread has made; its panic goes on here.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Where a form of a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SaidIn {
    /// An entry of this release, if that is known.
    Release(Option<usize>),
    /// An entry that came back from a partner when there were so many releases: it states the value that was released
    /// first after that, which was compared with it then.
    Lost(usize),
}

/// Whether what was shown can be a form of a value: the value itself, or one of its two neighbours among the multiples
/// of a rule's base.
fn may_be_form(shown: Decimal, value: Decimal) -> bool {
    let (shown, value) = (shown.to_rust_decimal(), value.to_rust_decimal());
    let near = |base: i64| {
        let base = rust_decimal::Decimal::from(base);
        let apart = shown.checked_sub(value).map(|apart| apart.abs());
        (shown % base).is_zero() && apart.is_some_and(|apart| apart < base)
    };
    shown == value || near(5) || near(10)
}

/// Which of a figure's values an entry of a release stated, if that was revised since; nothing if it is the one of now,
/// or as long as nothing else is known.
fn which(history: &[Value], said_in: SaidIn, is_revised_now: bool) -> Option<usize> {
    let at = match said_in {
        SaidIn::Release(release) => {
            let release = release.unwrap_or(usize::MAX);
            history.iter().rposition(|one| one.since <= release)?
        }
        SaidIn::Lost(releases) => history.iter().position(|one| one.since >= releases)?,
    };
    (at + 1 < history.len() || is_revised_now).then_some(at)
}

fn stated(series: &Series) -> u64 {
    series.observations().iter().filter(|one| one.value().is_some()).count() as u64
}

#[cfg(test)]
mod tests;
