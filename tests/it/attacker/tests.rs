//! The attack on tables whose answers are known, and on publications that protect nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::simplex::{Program, TOLERANCE};
use super::{Cell, Edition, Form, attack};
use crate::story::figures::{DEPLOY, Dice, draw, months, with_margins};

/// A table with all its margins published, in which some cells are closed.
fn program(table: &[Vec<i32>], closed: &[(usize, usize)]) -> Program {
    let (mut program, width) = (Program::default(), table[0].len());
    let fixed = |value: i32| (f64::from(value), f64::from(value));
    let cells: Vec<Vec<usize>> = (0..table.len())
        .map(|row| {
            let bounds = (0..width).map(|column| match closed.contains(&(row, column)) {
                true => (0.0, f64::INFINITY),
                false => fixed(table[row][column]),
            });
            bounds.collect::<Vec<_>>().into_iter().map(|(low, high)| program.cell(low, high)).collect()
        })
        .collect();
    for row in 0..table.len() {
        let (low, high) = fixed(table[row].iter().sum());
        let total = program.cell(low, high);
        program.total(total, &cells[row]);
    }
    for column in 0..width {
        let (low, high) = fixed(table.iter().map(|row| row[column]).sum());
        let total = program.cell(low, high);
        program.total(total, &cells.iter().map(|row| row[column]).collect::<Vec<_>>());
    }
    program
}

fn first(table: &[Vec<i32>], closed: &[(usize, usize)]) -> (f64, f64) {
    program(table, closed).solver().expect("the table agrees with itself").range(0)
}

#[test]
fn the_handbooks_third_example_lies_from_three_to_six() {
    let table = [vec![4, 3], vec![2, 1]];
    assert_eq!(first(&table, &[(0, 0), (0, 1), (1, 0), (1, 1)]), (3.0, 6.0));
}

#[test]
fn a_single_closed_cell_is_known_and_a_rectangle_hides_it() {
    let table = [vec![8, 19, 5], vec![30, 25, 7], vec![4, 9, 6]];
    assert_eq!(first(&table, &[(0, 0)]), (8.0, 8.0));
    assert_eq!(first(&table, &[(0, 0), (0, 1), (1, 0), (1, 1)]), (0.0, 27.0));
}

#[test]
fn without_a_sum_there_is_no_end() {
    let mut program = Program::default();
    let cell = program.cell(0.0, f64::INFINITY);
    assert_eq!(program.solver().expect("anything goes").range(cell), (0.0, f64::INFINITY));
}

#[test]
fn what_cannot_be_has_no_solver() {
    let mut program = Program::default();
    let (total, part) = (program.cell(3.0, 3.0), program.cell(4.0, 9.0));
    program.total(total, &[part]);
    assert!(program.solver().is_none());
}

/// Every table of 3 × 3 with the given margins in which what is open is as it is.
fn all_tables(table: &[Vec<i32>], closed: &[(usize, usize)]) -> Vec<Vec<Vec<i32>>> {
    let most: i32 = table.iter().flatten().sum();
    let mut found = Vec::new();
    let mut draft = table.to_vec();
    fill(table, closed, most, &mut draft, &mut found);
    found
}

fn fill(
    table: &[Vec<i32>],
    closed: &[(usize, usize)],
    most: i32,
    draft: &mut Vec<Vec<i32>>,
    found: &mut Vec<Vec<Vec<i32>>>,
) {
    let Some(((row, column), rest)) = closed.split_first() else {
        let alike = |line: &dyn Fn(&[Vec<i32>]) -> i32| line(table) == line(draft);
        let rows = (0..3).all(|at| alike(&|table| table[at].iter().sum()));
        let columns = (0..3).all(|at| alike(&|table| table.iter().map(|row| row[at]).sum()));
        if rows && columns {
            found.push(draft.clone());
        }
        return;
    };
    for value in 0..=most.min(table[*row].iter().sum()) {
        draft[*row][*column] = value;
        fill(table, rest, most, draft, found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// In two dimensions a bound of the program is a whole number that a table reaches, so that trying all
    /// tables must give the same.
    #[test]
    fn all_tables_tried_one_by_one_say_the_same(
        values in proptest::collection::vec(0..4_i32, 9),
        pick in proptest::collection::btree_set(0..9_usize, 1..6),
    ) {
        let table: Vec<Vec<i32>> = values.chunks(3).map(<[i32]>::to_vec).collect();
        let closed: Vec<(usize, usize)> = pick.iter().map(|at| (at / 3, at % 3)).collect();
        let tables = all_tables(&table, &closed);
        let mut solver = program(&table, &closed).solver().expect("the table agrees with itself");
        for (row, column) in &closed {
            let values = || tables.iter().map(|table| f64::from(table[*row][*column]));
            let expected = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
            let (low, high) = solver.range(row * 3 + column);
            prop_assert!((low - expected.0).abs() < TOLERANCE && (high - expected.1).abs() < TOLERANCE,
                "{low} to {high}, and not {expected:?}, for {row} {column} of {table:?} closed {closed:?}");
        }
    }
}

/// What a publisher shows that closes small cells and does nothing else: as it is, or rounded by chance.
fn naive(truth: &BTreeMap<Cell, i64>, rounds: bool) -> Edition {
    let mut dice = Dice(7);
    let mut edition = Edition { truth: truth.clone(), ..Edition::default() };
    for (cell, value) in truth {
        let residue = value % 5;
        let up = i64::try_from(dice.below(5)).expect("it is small") < residue;
        let form = match *value {
            1..5 => Form::Closed,
            value if rounds => Form::Shown(value - residue + if up { 5 } else { 0 }),
            value => Form::Shown(value),
        };
        edition.seen.insert(cell.clone(), vec![form]);
    }
    edition
}

/// The control: the attack opens what is not protected. What it says of these cells is within the rule and true.
#[test]
fn a_publication_that_closes_small_cells_alone_is_opened() {
    let truth = with_margins(&draw(&DEPLOY, &months(2024, 6), 1));
    let small = truth.values().filter(|value| (1..5).contains(*value)).count();
    let (exact, rounded) = (attack(&[naive(&truth, false)]), attack(&[naive(&truth, true)]));
    for findings in [&exact, &rounded] {
        assert_eq!((findings.attacked, findings.absurd), (small, 0));
    }
    assert!(exact.opened.len() > small / 4, "{} of {small}", exact.opened.len());
    assert!(exact.opened.iter().any(super::Opened::is_recovered));
    assert!(rounded.opened.len() > small / 100, "{} of {small}", rounded.opened.len());
}

/// Women, men and both in three editions: as they are, and in which form.
fn edition(values: [i64; 3], forms: [Form; 3]) -> Edition {
    let codes = [["F", "_T", "_T"], ["M", "_T", "_T"], ["_T", "_T", "_T"]];
    let cells = || codes.map(|codes| DEPLOY.cell("2024-01", codes)).into_iter();
    let seen = cells().zip(forms.map(|form| vec![form])).collect();
    Edition { seen, truth: cells().zip(values).collect() }
}

/// Men are 41 to 49, both are 36 to 44: no more than 3 women.
#[test]
fn two_rounded_numbers_bound_what_lies_between_them() {
    use Form::{Closed, Shown};
    let found = attack(&[edition([1, 41, 42], [Closed, Shown(45), Shown(40)])]);
    let [one] = &found.opened[..] else { panic!("{found:?}") };
    assert!((one.low, (one.high - 3.0).abs() < TOLERANCE) == (0.0, true) && !one.is_recovered(), "{one}");
    let wide = attack(&[edition([1, 41, 42], [Closed, Shown(40), Shown(45)])]);
    assert_eq!((wide.attacked, wide.opened.len()), (1, 0), "{wide:?}");
}

#[test]
fn what_is_shown_once_is_known_for_as_long_as_it_is_true() {
    use Form::{Closed, Shown};
    let first = edition([3, 40, 43], [Closed, Shown(40), Shown(45)]);
    let shown = edition([3, 40, 43], [Shown(3), Shown(40), Shown(45)]);
    let revised = edition([2, 40, 42], [Shown(2), Shown(40), Shown(45)]);
    let truths = |editions: &[Edition]| {
        let found = attack(editions);
        (found.attacked, found.opened.iter().map(|one| one.truth).collect::<Vec<_>>())
    };
    assert_eq!(truths(std::slice::from_ref(&first)), (1, vec![]));
    assert_eq!(truths(&[first.clone(), shown]), (1, vec![3]), "one unknown in both");
    assert_eq!(truths(&[first, revised]), (2, vec![2]), "what it was before stays hidden");
}

/// Women are 13 both times. In the second edition they are 61 - 49 at least, so that of 14 in the first, at most, no
/// more than 2 were men.
#[test]
fn sums_of_an_earlier_release_still_hold_for_what_has_not_changed() {
    use Form::{Closed, Shown};
    let first = edition([13, 1, 14], [Closed, Closed, Shown(10)]);
    let second = edition([13, 49, 62], [Closed, Shown(45), Shown(65)]);
    let alone = attack(std::slice::from_ref(&first));
    assert_eq!((alone.attacked, alone.opened.len()), (1, 0), "{alone:?}");
    let both = attack(&[first, second]);
    let [men] = &both.opened[..] else { panic!("{both:?}") };
    assert!((men.truth, (men.high - 2.0).abs() < TOLERANCE) == (1, true), "{men}");
}
