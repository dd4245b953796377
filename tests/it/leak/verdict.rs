//! The end of a case: all are connected and have told each other everything. Then what each holds is looked at, in its
//! store and byte by byte in its files; and what each should have.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use corridor::feed::{AgreementId, EntryKind, FeedId, Seq};
use corridor::model::Record;
use corridor::node::Request;

use super::case::Case;
use super::cast::{self, GOVERNMENTS};
use super::figures::INDICATORS;
use super::grep::{Found, Needles};
use super::ledger::Audience;

/// By key and period, what was ever stated: values, or that there is one.
type Stated = BTreeMap<(String, String), Vec<Option<i128>>>;

/// What came of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Agreements that were drafted.
    pub(crate) agreements: usize,
    /// Values that were submitted.
    pub(crate) values: usize,
    /// Values that had to be released, each counted once for an audience.
    pub(crate) due: usize,
    /// Releases that were refused, because something would have been open.
    pub(crate) refused: usize,
    /// Values that a government has of another one, each counted once for a reader.
    pub(crate) arrived: usize,
    /// Values that a government must not have, each counted once for a reader.
    pub(crate) withheld: usize,
    /// Bytes that were searched.
    pub(crate) searched: usize,
    /// Compressed frames that were looked into.
    pub(crate) opened: usize,
}

impl AddAssign for Passed {
    fn add_assign(&mut self, other: Self) {
        self.agreements += other.agreements;
        self.values += other.values;
        self.due += other.due;
        self.refused += other.refused;
        self.arrived += other.arrived;
        self.withheld += other.withheld;
        self.searched += other.searched;
        self.opened += other.opened;
    }
}

impl Case {
    /// Ends a case and says what is wrong.
    pub(crate) fn finish(&mut self) -> Result<Passed, String> {
        // Everybody may have to be asked twice: what is heard in the first round opens more to the second.
        self.connect_all();
        for _ in 0..3 {
            self.quiet();
            self.advance(1_000);
        }
        self.quiet();
        let mut missing = self.missing();
        missing.extend(self.faults());
        let passed = self.search();
        if let Some(leak) = self.leaks.first() {
            return Err(format!("{} leaks; the first: {leak}", self.leaks.len()));
        }
        match missing.first() {
            Some(first) => Err(format!("{} are missing or wrong; the first: {first}", missing.len())),
            None => Ok(passed),
        }
    }

    /// What should have arrived and has not, or not as it was published.
    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut released: BTreeMap<(usize, Audience), Stated> = BTreeMap::new();
        for (at, audience) in &self.ledger.due {
            let statement = &self.figures.statements[*at];
            let series = &self.figures.series[statement.series];
            let publisher = series.publisher;
            let stated = released.entry((publisher, *audience)).or_insert_with(|| {
                self.stated(publisher, FeedId::new(GOVERNMENTS[publisher].id, self.agreement(*audience)))
            });
            let period = statement.period(series.freq);
            let values = stated.get(&(series.key.clone(), period.clone()));
            let may_be_closed = self.may_be_closed(*at);
            let is_it = |value: &Option<i128>| {
                value.map_or(may_be_closed, |value| value == i128::from(statement.value))
            };
            if !values.is_some_and(|values| values.iter().any(is_it)) {
                missing
                    .push(format!("{publisher} has not released {} {period} for {audience:?}", series.key));
            }
        }
        for [one, other] in self.world.pairs() {
            self.compare(one, other, &mut missing);
            self.compare(other, one, &mut missing);
        }
        missing
    }

    /// Whether a value may leave closed: it counts people, or some agreement has a rule for all that leaves.
    fn may_be_closed(&self, statement: usize) -> bool {
        let series = &self.figures.series[self.figures.statements[statement].series];
        let ruled = self.ledger.deals.iter().any(|deal| !deal.text.disclosure_rule.is_empty());
        ruled || INDICATORS[series.indicator].too_few.is_some()
    }

    fn agreement(&self, audience: Audience) -> AgreementId {
        match audience {
            Audience::Everybody => AgreementId::public(),
            Audience::Parties(deal) => self.ledger.deals[deal].id,
        }
    }

    /// All values that a feed states, by series and period.
    fn stated(&self, at: usize, feed: FeedId) -> Stated {
        let mut stated = Stated::new();
        for record in self.records(at, feed) {
            let Record::Series(series) = record else { continue };
            for one in series.observations() {
                let cell = (series.key().to_string(), one.period().to_string());
                stated.entry(cell).or_default().push(one.value().map(|value| value.mantissa()));
            }
        }
        stated
    }

    fn records(&self, at: usize, feed: FeedId) -> Vec<Record> {
        let store = self.world.engine(at).store();
        let mut all = Vec::new();
        let Some(head) = store.durable(&feed) else { return all };
        for seq in 0..=head.seq.0 {
            store.read_records(&feed, Seq(seq), &mut |record| all.push(record)).expect("it can be read");
        }
        all
    }

    /// What a government holds and may hand to another one must be there.
    fn compare(&self, from: usize, to: usize, missing: &mut Vec<String>) {
        let (source, target) = (self.world.engine(from).store(), self.world.engine(to).store());
        for feed in source.feeds() {
            let Some(publisher) = cast::by_id(feed.publisher).filter(|publisher| *publisher != to) else {
                continue;
            };
            let both = match self.ledger.deal_of(feed.agreement) {
                Some(deal) => {
                    self.ledger.may_serve(from, to, deal, false)
                        && self.ledger.may_serve(to, from, deal, false)
                }
                None => feed.agreement == AgreementId::public(),
            };
            if !both || !self.ledger.cards[&to].contains(&publisher) || !source.erased(&feed).is_empty() {
                continue;
            }
            let (held, here) = (source.durable(&feed), target.durable(&feed));
            if here < held {
                missing.push(format!("{to} has {here:?} of feed {feed}, {from} has {held:?}"));
            } else if target.erased(&feed).is_empty() && here == held {
                let same = self.records(from, feed) == self.records(to, feed);
                if !same {
                    missing.push(format!("{to} has other records of feed {feed} than {from}"));
                }
            }
        }
    }

    /// Nobody has anything to say against anybody.
    fn faults(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for at in self.governments.clone() {
            let status = self.ask(at, Request::Status, "").expect("a status");
            let faults = status["faults"].as_array().cloned().unwrap_or_default();
            all.extend(faults.into_iter().map(|fault| format!("{}: {fault}", cast::name(at))));
        }
        all
    }

    /// Stops all nodes and searches their files, and all that was sent to them.
    fn search(&mut self) -> Passed {
        let mut passed = Passed {
            agreements: self.ledger.deals.len(),
            values: self.figures.statements.len(),
            due: self.ledger.due.len(),
            refused: self.refused,
            ..Passed::default()
        };
        for at in self.governments.clone() {
            passed.arrived += self.foreign(at);
            self.world.stop(at);
            let mut files = Found::default();
            let dir = self.world.nodes[&at].dir.clone();
            Needles(&self.figures).files(&dir, &mut files);
            let wire = self.wire_of(at);
            passed.opened += files.opened + wire.opened;
            passed.searched += files.searched + wire.searched;
            let others =
                self.figures.statements.iter().filter(|one| self.figures.series[one.series].publisher != at);
            let rights = self.rights.get(&at).map_or(0, |rights| rights.values.len());
            passed.withheld += others.count() - rights;
            self.hold_against(at, "was sent", &wire, true);
            self.hold_against(at, "holds", &files, false);
        }
        passed
    }

    /// How many values of others a government has in its feeds.
    fn foreign(&self, at: usize) -> usize {
        let store = self.world.engine(at).store();
        let mut values = BTreeSet::new();
        for feed in store.feeds().filter(|feed| feed.publisher != GOVERNMENTS[at].id) {
            let Some(head) = store.durable(&feed) else { continue };
            for seq in 0..=head.seq.0 {
                let kind = store.header(&feed, Seq(seq)).expect("it can be read").header().kind;
                let mut take = |record| {
                    if let Record::Series(series) = record {
                        values.extend(
                            series.observations().iter().filter_map(|one| one.value()).map(|v| v.mantissa()),
                        );
                    }
                };
                if kind == EntryKind::Release {
                    // What was erased has no records.
                    let _read = store.read_records(&feed, Seq(seq), &mut take);
                }
            }
        }
        values.len()
    }

    /// Everything that was found must be the government's own, or have been rightly sent to it; in its files, and not
    /// have to be gone by now.
    fn hold_against(&mut self, at: usize, how: &str, found: &Found, ever: bool) {
        let stays = |audiences: &BTreeSet<Audience>| {
            audiences.iter().any(|audience| match audience {
                Audience::Everybody => true,
                Audience::Parties(deal) => ever || !self.ledger.must_be_erased(at, *deal),
            })
        };
        let rights = self.rights.get(&at);
        let mut wrong = Vec::new();
        for value in &found.values {
            let series = &self.figures.series[self.figures.statements[self.figures.by_value[value]].series];
            let right = rights.and_then(|rights| rights.values.get(value)).is_some_and(stays);
            if series.publisher != at && !right {
                wrong.push(format!("{at} {how} the value {value} of {}", series.key));
            }
        }
        for key in &found.keys {
            let own =
                self.figures.by_key.get(key).is_some_and(|one| self.figures.series[*one].publisher == at);
            let right = rights.and_then(|rights| rights.keys.get(key)).is_some_and(stays);
            if !own && !right {
                wrong.push(format!("{at} {how} the key {key}"));
            }
        }
        for name in &found.names {
            let deal = self.ledger.deals.iter().position(|deal| deal.text.title.starts_with(name));
            if !deal.is_some_and(|deal| self.ledger.in_the_know(deal).contains(&at)) {
                wrong.push(format!("{at} {how} the name {name}"));
            }
        }
        wrong.into_iter().for_each(|what| self.leak(|_| what));
    }
}
