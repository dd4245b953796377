//! One release for one audience, from true figures to what leaves.

use std::collections::HashSet;

use super::audit::{self, Claim, Witnesses};
use super::cover::Cover;
use super::held::{Held, Readers};
use super::publish::{self, Press};
use super::relation::{self, Relations};
use super::report::{Breach, Explained, Opened, Opening, Outcome, Report};
use super::rule::{self, LEAST_BASE, Limit, Measure};
use super::system::{OPEN, System, index};
use super::table::{Form, Table};
use super::vintage::{self, Ghost};
use super::{Protected, RoundingKey, Rules};
use crate::model::catalogue::DisclosureRule;
use crate::model::{ConfStatus, Decimal, Observation, Series};

/// Rounds of choosing complements and auditing. A round that proves nothing new is followed by one that may close
/// zeros, too, and then there is nothing more to try.
const MAX_ROUNDS: u32 = 4;

/// By how much of itself the value of a cell that was declared confidential must stay uncertain, in per cent.
const DECLARED_PERCENT: i64 = 10;

/// A release on its way.
pub(super) struct Draft<'a> {
    leaving: Vec<(&'a Series, DisclosureRule)>,
    rules: &'a Rules,
    key: &'a RoundingKey,
    table: Table,
    relations: Relations,
    /// What stands for values of before, behind cells and rests.
    ghosts: Vec<Ghost>,
    /// By cell, what becomes of it.
    outcomes: Vec<Outcome>,
    /// The true values of cells, rests and ghosts.
    known: Vec<i64>,
    /// What none of the audience may find out.
    claims: Vec<Claim>,
    /// The same for each reader, as far as it did not know before.
    readers: Vec<Reader>,
    report: Report,
}

/// One of the audience, or several that hold the same.
struct Reader {
    which: Readers,
    claims: Vec<Claim>,
    /// Tables that the choice of complements was content with; the audit looks at them first.
    witnesses: Witnesses,
}

impl<'a> Draft<'a> {
    /// Decides which cells are closed for themselves, and what may not be found out about them.
    pub(super) fn new(
        tables: &'a [Series],
        held: &Held,
        rules: &'a Rules,
        key: &'a RoundingKey,
    ) -> Result<Self, Breach> {
        let (mut report, mut leaving) = (Report::default(), Vec::with_capacity(tables.len()));
        for series in tables {
            let rule = rule::effective_in(series.key(), series.attributes(), rules.agreement, &rules.lowered);
            if rule == DisclosureRule::D11 && rules.places.is_below_first(series.key().subnat()) {
                withhold(series, rule, rules.explain, &mut report);
            } else {
                leaving.push((series, rule));
            }
        }
        let mut table = Table::new(&leaving, held)?;
        let mut relations = relation::relate(&mut table, &rules.places);
        report.inconsistent = relations.inconsistent;
        let ghosts = vintage::relate(&table, &mut relations);
        let truths = table.cells.iter().map(|cell| cell.truth.unwrap_or(0));
        let rests = relations.rests.iter().map(|rest| rest.truth);
        let known = truths.chain(rests).chain(ghosts.iter().map(|ghost| ghost.truth(&table))).collect();
        let outcomes = vec![Outcome::Missing; table.cells.len()];
        let (claims, readers) = (Vec::new(), Vec::new());
        let mut draft =
            Self { leaving, rules, key, table, relations, ghosts, outcomes, known, claims, readers, report };
        draft.decide();
        draft.claim_rest(held);
        let reader = |which| Reader { which, claims: draft.claims.clone(), witnesses: Witnesses::new() };
        draft.readers = held.readers().map(reader).collect();
        Ok(draft)
    }

    /// Closes complements, prints and audits until the audit is content.
    pub(super) fn finish(mut self) -> Result<Protected, Breach> {
        let outcomes = self.outcomes.clone();
        let unproven = match self.attempt()? {
            Ok(protected) => return Ok(protected),
            Err(unproven) => unproven,
        };
        // What a reader could tell before cannot be closed any more. Without those claims it is begun anew, so that
        // nothing stays closed for them in vain.
        if self.narrow(&unproven) {
            self.outcomes = outcomes;
            return self.attempt()?.map_err(|unproven| self.breach(&unproven));
        }
        Err(self.breach(&unproven))
    }

    /// Rounds of closing and auditing; if they lead nowhere, what is not proven of each reader.
    fn attempt(&mut self) -> Result<Result<Protected, Vec<Vec<Claim>>>, Breach> {
        let mut wanting: Vec<Vec<Claim>> = self.readers.iter().map(|reader| reader.claims.clone()).collect();
        let mut zeros = false;
        for round in 1.. {
            for (reader, claims) in wanting.iter().enumerate() {
                self.close(reader, claims, zeros);
            }
            let mut report = self.report.clone();
            let mut press = Press::new(&self.table, &self.outcomes, self.rules, self.key);
            let print = |(series, rule): &(&Series, DisclosureRule)| press.print(series, *rule, &mut report);
            let series: Vec<Series> = self.leaving.iter().map(print).collect::<Result<_, _>>()?;
            let unproven = self.audit(&series);
            if unproven.iter().all(Vec::is_empty) {
                report.audited = self.readers.iter().map(|reader| reader.claims.len() as u64).sum();
                return Ok(Ok(Protected { series, report }));
            }
            let stuck = round >= MAX_ROUNDS || (zeros && unproven == wanting);
            if stuck && !self.close_around(&unproven) {
                return Ok(Err(unproven));
            }
            zeros |= unproven == wanting || round + 1 >= MAX_ROUNDS;
            wanting = unproven;
        }
        Ok(Err(wanting))
    }

    /// Closes all that stands in one sum with what is not proven, where the choice of few cells has not helped; says
    /// whether there was anything left to be closed.
    fn close_around(&mut self, unproven: &[Vec<Claim>]) -> bool {
        let wanted: HashSet<u32> = unproven.iter().flatten().map(|claim| claim.cell).collect();
        let mut near: HashSet<u32> = wanted.clone();
        for row in self.relations.sums.rows() {
            if row.iter().any(|(cell, _)| wanted.contains(cell)) {
                near.extend(row.iter().map(|(cell, _)| *cell));
            }
        }
        // What stood there before stands there still, with another value.
        let ghost =
            |cell: u32| (cell as usize).checked_sub(self.table.cells.len() + self.relations.rests.len());
        let now = near.iter().map(|cell| ghost(*cell).map_or(*cell, |at| self.ghosts[at].of(&self.table)));
        let mut closed = false;
        for cell in now.collect::<HashSet<_>>() {
            let is_cell =
                (cell as usize) < self.table.cells.len() && self.table.cells[cell as usize].released;
            if is_cell
                && matches!(self.outcomes[cell as usize], Outcome::Shown | Outcome::Zero | Outcome::Rounded)
            {
                self.outcomes[cell as usize] = Outcome::Complement;
                closed = true;
            }
        }
        closed
    }

    /// Puts in place of the claims that are not proven those that held before anything of this release is known.
    /// What a reader could tell then, it may still tell afterwards, and no more. Says whether there were any.
    fn narrow(&mut self, unproven: &[Vec<Claim>]) -> bool {
        let mut open: Vec<Claim> = Vec::new();
        for (reader, unproven) in unproven.iter().enumerate() {
            let (broken, narrowed) = self.narrowed(self.readers[reader].which, unproven);
            let claims = &mut self.readers[reader].claims;
            claims.retain(|claim| !broken.contains(claim));
            claims.extend(narrowed);
            open.extend(broken);
        }
        let mut before: Vec<Opened> = open.iter().map(|claim| self.opened(claim, Opening::Held)).collect();
        before.sort_unstable();
        before.dedup();
        self.report.open_before = before;
        !self.report.open_before.is_empty()
    }

    /// Those of the claims that do not hold by what a reader held before, and what held of them.
    fn narrowed(&self, reader: Readers, claims: &[Claim]) -> (Vec<Claim>, Vec<Claim>) {
        let system = self.system(|_| None, reader);
        // A system that does not even hold the truth proves nothing, neither now nor later.
        if !system.admits(&self.known) {
            return (Vec::new(), Vec::new());
        }
        let failing = |claims: &[Claim]| audit::judge(&system, &self.known, claims, &Witnesses::new());
        let (mut broken, mut held) = (Vec::new(), Vec::new());
        for claim in failing(claims) {
            // Not to find a proof is none of the contrary: only bounds that are there excuse.
            let Some((low, high)) = audit::interval(&system, &self.known, claim.cell) else { continue };
            let open = (low.is_some_and(|low| low > claim.low), high.is_some_and(|high| high < claim.high));
            if open == (false, false) {
                continue;
            }
            let truth = self.known[claim.cell as usize];
            let holds = |claim: Claim| failing(&[claim]).is_empty();
            let below =
                || steps(claim.low, truth).find(|low| holds(Claim { low: *low, high: truth, ..claim }));
            let above =
                || steps(claim.high, truth).find(|high| holds(Claim { low: truth, high: *high, ..claim }));
            let low = if open.0 { below().unwrap_or(truth) } else { claim.low };
            let high = if open.1 { above().unwrap_or(truth) } else { claim.high };
            held.push(Claim { low, high, ..claim });
            broken.push(claim);
        }
        (broken, held)
    }

    fn decide(&mut self) {
        for at in 0..self.leaving.len() {
            let (series, rule) = self.leaving[at];
            for observation in series.observations() {
                let value = observation.value();
                let cell = value.and_then(|_| self.table.find(series.key(), observation.period()));
                if let (Some(cell), Some(value)) = (cell, value) {
                    self.decide_one((series, rule), observation, (cell, value));
                }
            }
        }
    }

    fn decide_one(
        &mut self,
        (series, rule): (&Series, DisclosureRule),
        observation: &Observation,
        (cell, value): (u32, Decimal),
    ) {
        let line = self.table.line(&self.table.cells[cell as usize]);
        let (truth, one) = (self.known[cell as usize], line.one);
        let place = (series.key().clone(), observation.period());
        let level = self.rules.sensitive.get(&place);
        let small = line.limit.filter(|limit| truth != 0 && truth.abs() < limit.least);
        let has_base = || self.rules.bases.get(&place).is_some_and(|base| *base >= Decimal::from(LEAST_BASE));
        self.claims.extend(level.map(|level| upwards(cell, truth, (*level, value), one)));
        self.outcomes[cell as usize] = if let Some(limit) = small {
            self.claims.push(whole_range(cell, truth, limit, one));
            Outcome::TooSmall
        } else if level.is_some() {
            Outcome::Concentrated
        } else if is_declared(observation.conf()) {
            let margin = (truth.abs() / 100 * DECLARED_PERCENT).max(one);
            let low = if truth == 0 { truth } else { (truth - margin).max(one.min(truth)) };
            self.claims.push(Claim { cell, low, high: truth.saturating_add(margin) });
            Outcome::Declared
        } else if rule >= DisclosureRule::Dn && line.measure == Measure::Rate && !has_base() {
            self.claims.push(Claim { cell, low: truth, high: truth.saturating_add(1) });
            Outcome::SmallBase
        } else if self.rules.closed.contains(&place) {
            Outcome::Complement
        } else if line.limit.is_none() {
            Outcome::Shown
        } else if truth == 0 {
            Outcome::Zero
        } else {
            Outcome::Rounded
        };
    }

    /// Claims for cells that are not in the release: those that are closed to the audience since before, and rests.
    fn claim_rest(&mut self, held: &Held) {
        for (at, cell) in self.table.cells.iter().enumerate().filter(|(_, cell)| !cell.released) {
            let (line, truth) = (self.table.line(cell), self.known[at]);
            if cell.held.is_empty() || cell.held.iter().any(|(form, _)| *form != Form::Closed) {
                continue;
            }
            if let Some(limit) = line.limit.filter(|limit| truth != 0 && truth.abs() < limit.least) {
                self.claims.push(whole_range(index(at), truth, limit, line.one));
            }
            if self.rules.sensitive.is_empty() {
                continue;
            }
            let level = self.rules.sensitive.get(&(line.key.clone(), cell.period));
            let value = held.truth(&line.key).iter().rfind(|(of, ..)| *of == cell.period);
            if let (Some(level), Some((_, value, _))) = (level, value) {
                self.claims.push(upwards(index(at), truth, (*level, *value), line.one));
            }
        }
        for (at, rest) in self.relations.rests.iter().enumerate() {
            if let Some(limit) = rest.limit.filter(|limit| rest.truth != 0 && rest.truth.abs() < limit.least)
            {
                let one = self.table.line(&self.table.cells[rest.of as usize]).one;
                self.claims.push(whole_range(index(self.table.cells.len() + at), rest.truth, limit, one));
            }
        }
        let first = self.table.cells.len() + self.relations.rests.len();
        for (at, past) in self.table.pasts.iter().enumerate() {
            let line = self.table.line(&self.table.cells[past.of as usize]);
            let closed = !past.held.is_empty() && past.held.iter().all(|(form, _)| *form == Form::Closed);
            let small = line.limit.filter(|limit| past.truth != 0 && past.truth.abs() < limit.least);
            if let Some(limit) = small.filter(|_| closed) {
                self.claims.push(whole_range(index(first + at), past.truth, limit, line.one));
            }
        }
    }

    /// Closes cells until these claims hold against a reader, as far as it can be done.
    fn close(&mut self, reader: usize, claims: &[Claim], zeros: bool) {
        let form = |cell: u32| {
            let released = self.table.cells[cell as usize].released;
            released.then(|| publish::form(&self.table, self.key, cell, self.outcomes[cell as usize]))
        };
        let which = self.readers[reader].which;
        let mut system = self.system(form, which);
        let mut closed: Vec<bool> = self.outcomes.iter().map(|outcome| outcome.is_suppressed()).collect();
        let mut cover = Cover::new(&self.table, (&mut system, &self.known), &mut closed, (zeros, which));
        cover.close(claims, &mut self.readers[reader].witnesses);
        for (outcome, closed) in self.outcomes.iter_mut().zip(closed) {
            if closed && !outcome.is_suppressed() {
                *outcome = Outcome::Complement;
            }
        }
    }

    /// What a reader knows if the cells have these forms, those without form being none of the release's.
    fn system(&self, form: impl Fn(u32) -> Option<Form>, reader: Readers) -> System {
        let cells = self.table.cells.iter().enumerate();
        let mut bounds: Vec<(i64, i64)> =
            cells.map(|(at, cell)| self.table.bounds(cell, form(index(at)), reader)).collect();
        bounds.extend(self.relations.rests.iter().map(|rest| {
            let signed = self.table.line(&self.table.cells[rest.of as usize]).signed;
            match (rest.truth, signed) {
                (0, _) => (0, 0),
                (_, true) => (-OPEN, OPEN),
                (_, false) => (0, OPEN),
            }
        }));
        bounds.extend(self.ghosts.iter().map(|ghost| ghost.bounds(&self.table, reader)));
        System::new(&bounds, &self.relations.sums)
    }

    /// Judges the published series, read again as each reader reads them.
    fn audit(&self, published: &[Series]) -> Vec<Vec<Claim>> {
        let forms = publish::read_back(&self.table, published);
        let judge = |reader: &Reader| {
            let system = self.system(|cell| forms.get(&cell).copied(), reader.which);
            audit::judge(&system, &self.known, &reader.claims, &reader.witnesses)
        };
        self.readers.iter().map(judge).collect()
    }

    fn breach(&self, unproven: &[Vec<Claim>]) -> Breach {
        let mut opened: Vec<Opened> =
            unproven.iter().flatten().map(|claim| self.opened(claim, Opening::Worked)).collect();
        opened.sort_unstable();
        opened.dedup();
        Breach::Open(opened)
    }

    /// The cell of a claim, or the one that it is the rest of.
    fn opened(&self, claim: &Claim, how: Opening) -> Opened {
        let (cells, rests) = (self.table.cells.len(), self.relations.rests.len());
        let (of, how) = match (claim.cell as usize).checked_sub(cells) {
            None => (claim.cell, how),
            Some(at) if at < rests => (self.relations.rests[at].of, Opening::Rest),
            Some(at) => (self.ghosts[at - rests].of(&self.table), Opening::Past),
        };
        let cell = &self.table.cells[of as usize];
        Opened { key: self.table.line(cell).key.clone(), period: cell.period, how }
    }
}

/// How many steps are looked at between a bound and the truth.
const STEPS: i64 = 12;

/// Values from a bound to the truth, in steps that are even and few.
fn steps(bound: i64, truth: i64) -> impl Iterator<Item = i64> {
    let step = ((truth - bound).abs() / STEPS).max(1) * (truth - bound).signum();
    (0..=STEPS).map(move |at| bound + at * step).take_while(move |value| *value != truth)
}

/// A small count must look as if it were any of those below the minimum.
fn whole_range(cell: u32, truth: i64, limit: Limit, one: i64) -> Claim {
    let size = truth.abs();
    let (low, high) = (size.min(one), size.max(limit.least - one));
    if truth < 0 { Claim { cell, low: -high, high: -low } } else { Claim { cell, low, high } }
}

/// A sensitive total must look as if it might be larger by its protection level, which is given beside its value.
fn upwards(cell: u32, truth: i64, (level, value): (Decimal, Decimal), one: i64) -> Claim {
    let upper = scaled(level, value, truth).unwrap_or(truth.abs()).clamp(one, OPEN / 4);
    Claim { cell, low: truth, high: truth.saturating_add(upper) }
}

/// A protection level in the table's scale, in which `value` is `truth`.
fn scaled(level: Decimal, value: Decimal, truth: i64) -> Option<i64> {
    let units = level.to_rust_decimal().checked_mul(rust_decimal::Decimal::from(truth));
    let units = units.and_then(|units| units.checked_div(value.to_rust_decimal()));
    i64::try_from(units?.abs().ceil()).ok()
}

/// Does the publisher itself say that the value is not for others? An embargo ends, and is the node's affair.
pub(super) const fn is_declared(conf: ConfStatus) -> bool {
    !matches!(conf, ConfStatus::Free | ConfStatus::Embargo)
}

fn withhold(series: &Series, rule: DisclosureRule, explain: bool, report: &mut Report) {
    for observation in series.observations() {
        report.count(Outcome::Withheld);
        if explain {
            let (key, period) = (series.key().clone(), observation.period());
            report.cells.push(Explained { key, period, rule, outcome: Outcome::Withheld });
        }
    }
}
