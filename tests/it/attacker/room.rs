//! The attack on the room that protects, without daemons: many tables, each released, corrected and released again.

use std::collections::{BTreeMap, HashSet};

use corridor::model::catalogue::DisclosureRule;
use corridor::model::{
    Attachment, AttributeId, Attributes, Decimal, Dimension, ObsStatus, Observation, Period, Series,
    SeriesKey,
};
use corridor::protect::{Breach, Held, Readers, RoundingKey, Rules, protect};
use zeroize::Zeroizing;

use super::{Cell, Edition, Form, attack};
use crate::story::figures::{DEPLOY, Dice, draw, months, with_margins};

/// How many tables are drawn.
const TABLES: u64 = 24;

/// A publisher, and all that one reader holds of it.
struct Release {
    key: RoundingKey,
    editions: Vec<Edition>,
}

impl Release {
    fn by(secret: u8) -> Self {
        let key = RoundingKey::new(Zeroizing::new([secret; 32]));
        Self { key, editions: Vec::new() }
    }

    /// What a reader holds by all editions of cells whose values are these now.
    fn held(&self, now: &BTreeMap<Cell, i64>) -> Held {
        let said = Attributes::new(Attachment::Series, [(AttributeId::DiscRule, "D5")]).expect("attributes");
        let mut held = Held::default();
        for cell in now.keys() {
            let (key, period) = place(cell);
            let truths: Vec<(usize, i64)> =
                self.editions.iter().enumerate().map(|(at, edition)| (at, edition.truth[cell])).collect();
            for same in truths.chunk_by(|a, b| a.1 == b.1) {
                let ((first, value), (last, _)) = (same[0], same[same.len() - 1]);
                let forms =
                    same.iter().flat_map(|(at, _)| &self.editions[*at].seen[cell]).map(|form| match form {
                        Form::Closed => (None, ObsStatus::Suppressed),
                        Form::Shown(number) => (Some(Decimal::from(*number)), ObsStatus::Normal),
                    });
                if last + 1 == truths.len() && value == now[cell] {
                    forms.for_each(|(value, status)| {
                        held.take_one(&key, &said, (period, value, status), Readers::ALL);
                    });
                    held.know(&key, &said, (period, Decimal::from(value)));
                } else {
                    let forms: Vec<_> = forms.map(|(value, status)| (value, status, Readers::ALL)).collect();
                    let past = (period, Decimal::from(value));
                    held.take_past((&key, &said), past, first..last + 1, &forms);
                }
            }
        }
        held
    }

    /// Releases a table; how many cells the publisher is told that the reader knew before, or that it is refused.
    fn try_release(&mut self, truth: BTreeMap<Cell, i64>) -> Result<usize, Breach> {
        let mut rules = Rules { agreement: Some(DisclosureRule::D5), ..Rules::default() };
        rules.closed = self.editions.last().map_or_else(HashSet::new, |before| {
            let stays = |(cell, forms): &(&Cell, &Vec<Form>)| {
                forms.contains(&Form::Closed) && before.truth[*cell] == truth[*cell]
            };
            before.seen.iter().filter(stays).map(|(cell, _)| place(cell)).collect()
        });
        let held = self.held(&truth);
        let released = protect(&series(&truth), &held, &rules, &self.key)?;
        let seen = released.series.iter().flat_map(cells).collect();
        self.editions.push(Edition { seen, truth });
        Ok(released.report.open_before.len())
    }

    fn release(&mut self, truth: BTreeMap<Cell, i64>) -> usize {
        self.try_release(truth).expect("it can be protected")
    }
}

fn place(cell: &Cell) -> (SeriesKey, Period) {
    let key = SeriesKey::parse(&DEPLOY.key(cell)).expect("a key");
    (key, Period::parse(&cell.period).expect("a month"))
}

/// A table as series.
fn series(table: &BTreeMap<Cell, i64>) -> Vec<Series> {
    let mut all: BTreeMap<SeriesKey, Vec<Observation>> = BTreeMap::new();
    for (cell, value) in table {
        let (key, period) = place(cell);
        all.entry(key).or_default().push(Observation::reported(period, Decimal::from(*value)));
    }
    let one = |(key, observations)| Series::new(key, Attributes::none(), observations).expect("a series");
    all.into_iter().map(one).collect()
}

/// The cells of a series as they left.
fn cells(series: &Series) -> Vec<(Cell, Vec<Form>)> {
    let codes = [Dimension::Sex, Dimension::Occupation, Dimension::Activity]
        .map(|dimension| series.key().dimension(dimension));
    let one = |observation: &Observation| {
        let number = observation.value().map(|value| value.to_string().parse().expect("a whole number"));
        let form = number.map_or(Form::Closed, Form::Shown);
        (DEPLOY.cell(&observation.period().to_string(), codes), vec![form])
    };
    series.observations().iter().map(one).collect()
}

#[test]
fn tables_drawn_by_chance_stand_also_when_large_cells_are_corrected() {
    let mut attacked = 0;
    for seed in 0..TABLES {
        let mut finest = draw(&DEPLOY, &months(2024, 1), seed);
        let mut dice = Dice(seed);
        let mut release = Release::by(9);
        for _ in 0..2 {
            assert_eq!(release.release(with_margins(&finest)), 0, "table {seed}: nothing was open before");
            let found = attack(&release.editions);
            assert!(found.opened.is_empty() && found.absurd == 0, "table {seed}: {found:?}");
            attacked += found.attacked;
            finest
                .values_mut()
                .filter(|value| **value >= 60 && dice.below(20) == 0)
                .for_each(|value| *value += 20);
        }
    }
    assert!(attacked > 1000, "{attacked} small counts are too few to say anything");
}

/// Thirteen women all the time; with them one man, and then 49. Of then the man and all were closed or rounded, of now
/// nothing is small: what is shown now must not tell that the man was few.
#[test]
fn what_was_small_before_stays_closed_when_it_has_grown() {
    for secret in 0..40 {
        let mut release = Release::by(secret);
        for men in [1, 49] {
            let cell = |sex| DEPLOY.cell("2024-01", [sex, "_T", "_T"]);
            release.release([(cell("F"), 13), (cell("M"), men), (cell("_T"), 13 + men)].into());
        }
        let found = attack(&release.editions);
        assert!(
            found.opened.is_empty(),
            "secret {secret}: {:?}",
            found.opened.first().map(ToString::to_string)
        );
    }
}

/// Tables of which much is revised, and more than once: what did not change is bounded by every edition.
#[test]
fn many_revisions_tell_nothing_together() {
    let (mut attacked, mut refused) = (0, 0);
    for seed in 0..TABLES {
        let mut finest = draw(&DEPLOY, &months(2024, 1), 100 + seed);
        let mut dice = Dice(seed);
        let mut release = Release::by(11);
        for round in 0..4 {
            match release.try_release(with_margins(&finest)) {
                Ok(before) => assert_eq!(before, 0, "table {seed}: nothing was open before"),
                Err(_) => refused += 1,
            }
            let found = attack(&release.editions);
            let first = found.opened.first().map(ToString::to_string);
            assert!(found.opened.is_empty(), "table {seed}, edition {round}: {first:?}");
            attacked += found.attacked;
            for value in finest.values_mut() {
                if dice.below(6) == 0 {
                    *value = i64::try_from(dice.below(90)).expect("it is small");
                }
            }
        }
    }
    assert!(attacked > 1000, "{attacked} small counts are too few to say anything");
    // Where a sixth of all cells is another one each time, some editions cannot be published at all.
    assert!(refused * 2 < 4 * TABLES, "{refused} of {} editions are refused", 4 * TABLES);
}

/// Four women all the time; men are 26, then 31, then 27. What was shown of men at first and of both thereafter would
/// tell of women if all of it were true at one time. It never was, so that it is no reason to show both together.
#[test]
fn what_was_shown_of_revised_values_excuses_nothing() {
    for secret in 0..40 {
        let mut release = Release::by(secret);
        for men in [26, 31, 27] {
            let finest = [("F", 4), ("M", men)];
            let cell = |sex| DEPLOY.cell("2024-01", [sex, "_T", "_T"]);
            let parts = finest.map(|(sex, value)| (cell(sex), value));
            release.release(BTreeMap::from_iter(parts.into_iter().chain([(cell("_T"), 4 + men)])));
        }
        let found = attack(&release.editions[2..]);
        let first = found.opened.first().map(ToString::to_string);
        assert!(found.opened.is_empty(), "secret {secret}, the third release by itself: {first:?}");
    }
}
