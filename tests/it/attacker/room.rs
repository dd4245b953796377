//! The attack on the room that protects, without daemons: many tables, each released, corrected and released again.

use std::collections::{BTreeMap, HashSet};

use corridor::model::catalogue::DisclosureRule;
use corridor::model::{Attributes, Decimal, Dimension, Observation, Period, Series, SeriesKey};
use corridor::protect::{Held, Readers, RoundingKey, Rules, protect};
use zeroize::Zeroizing;

use super::{Cell, Edition, Form, attack};
use crate::story::figures::{DEPLOY, Dice, draw, months, with_margins};

/// How many tables are drawn.
const TABLES: u64 = 24;

/// A publisher, and all that one reader holds of it.
struct Release {
    key: RoundingKey,
    held: Held,
    editions: Vec<Edition>,
}

impl Release {
    fn by(secret: u8) -> Self {
        let key = RoundingKey::new(Zeroizing::new([secret; 32]));
        Self { key, held: Held::default(), editions: Vec::new() }
    }

    /// Releases a table; how many cells the publisher is told that the reader knew before.
    fn release(&mut self, truth: BTreeMap<Cell, i64>) -> usize {
        let mut rules = Rules { agreement: Some(DisclosureRule::D5), ..Rules::default() };
        rules.closed = self.editions.last().map_or_else(HashSet::new, |before| {
            let stays = |(cell, forms): &(&Cell, &Vec<Form>)| {
                forms.contains(&Form::Closed) && before.truth[*cell] == truth[*cell]
            };
            before.seen.iter().filter(stays).map(|(cell, _)| place(cell)).collect()
        });
        for (cell, value) in self.editions.last().map(|before| &before.truth).into_iter().flatten() {
            if truth.get(cell).is_some_and(|now| now != value) {
                let (key, period) = place(cell);
                self.held.revise(&key, period);
            }
        }
        let released = protect(&series(&truth), &self.held, &rules, &self.key).expect("it can be protected");
        released.series.iter().for_each(|series| self.held.take(series, Readers::one(0)));
        let seen = released.series.iter().flat_map(cells).collect();
        self.editions.push(Edition { seen, truth });
        released.report.open_before.len()
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
