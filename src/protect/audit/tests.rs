//! The judge: known answers, and that it proves nothing which counting all tables refutes.

use proptest::prelude::*;

use super::*;
use crate::protect::system::{OPEN, Sums};

/// A table of rows and columns with exact margins; closed cells are listed. Cells row by row.
fn margins(values: &[&[i64]], closed: &[(usize, usize)]) -> (System, Vec<i64>) {
    let (height, width) = (values.len(), values[0].len());
    let cell = |r: usize, c: usize| u32::try_from(r * width + c).unwrap();
    let mut known: Vec<i64> = values.concat();
    let mut bounds: Vec<(i64, i64)> = known.iter().map(|value| (*value, *value)).collect();
    for (r, c) in closed {
        bounds[cell(*r, *c) as usize] = (0, OPEN);
    }
    let mut sums = Sums::default();
    let mut add = |parts: Vec<u32>| {
        let total: i64 = parts.iter().map(|part| known[*part as usize]).sum();
        sums.push(u32::try_from(known.len()).unwrap(), parts);
        known.push(total);
        bounds.push((total, total));
    };
    (0..height).for_each(|r| add((0..width).map(|c| cell(r, c)).collect()));
    (0..width).for_each(|c| add((0..height).map(|r| cell(r, c)).collect()));
    (System::new(&bounds, &sums), known)
}

/// Example 3 of the handbook: with margins 7, 3 and 6, 4 the first cell lies from 3 to 6.
#[test]
fn the_interval_of_the_handbook() {
    let (system, known) = margins(&[&[4, 3], &[2, 1]], &[(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(interval(&system, &known, 0), Some((Some(3), Some(6))));
}

#[test]
fn a_single_closed_cell_is_open_and_a_rectangle_closes_it() {
    let table: [&[i64]; 3] = [&[8, 19, 5], &[30, 25, 7], &[4, 9, 6]];
    let (system, known) = margins(&table, &[(0, 0)]);
    assert_eq!(interval(&system, &known, 0), Some((Some(8), Some(8))));
    let (system, known) = margins(&table, &[(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(interval(&system, &known, 0), Some((Some(0), Some(27))));
    let claim = Claim { cell: 0, low: 0, high: 27 };
    assert!(unproven(&system, &known, &[claim]).is_empty());
    for wrong in [Claim { high: 28, ..claim }, Claim { low: -1, ..claim }] {
        assert_eq!(unproven(&system, &known, &[wrong]), [wrong]);
    }
}

#[test]
fn without_any_sum_a_closed_cell_has_no_upper_end() {
    let system = System::new(&[(0, OPEN)], &Sums::default());
    assert_eq!(interval(&system, &[3], 0), Some((Some(0), None)));
}

#[test]
fn from_a_table_that_is_none_nothing_is_proven() {
    let (system, mut known) = margins(&[&[4, 3], &[2, 1]], &[(0, 0), (0, 1), (1, 0), (1, 1)]);
    let claim = Claim { cell: 0, low: 4, high: 4 };
    assert!(unproven(&system, &known, &[claim]).is_empty());
    known[0] = 5;
    assert_eq!(unproven(&system, &known, &[claim]), [claim]);
}

/// The judge looks at every bound and every sum of a witness, and at every cell once.
#[test]
fn a_false_witness_is_recognised() {
    let (system, known) = margins(&[&[4, 3], &[2, 1]], &[(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert!(is_table(&system, &known, &[(0, 1), (1, -1), (2, -1), (3, 1)]));
    let false_ones: [&[Shift]; 5] = [
        &[(0, 1)],
        &[(0, 1), (1, -1)],
        &[(0, 4), (1, -4), (2, -4), (3, 4)],
        &[(0, 1), (4, 1), (6, 1)],
        &[(0, 1), (1, -1), (2, -1), (3, 2), (3, -1)],
    ];
    for shifts in false_ones {
        assert!(!is_table(&system, &known, shifts), "{shifts:?}");
    }
}

/// All tables of rows and columns within bounds that keep the margins' bounds.
fn all_tables(bounds: &[(i64, i64)], width: usize, height: usize) -> Vec<Vec<i64>> {
    let inner = width * height;
    let mut tables = vec![Vec::new()];
    for (low, high) in &bounds[..inner] {
        let longer = |table: &Vec<i64>| {
            let table = table.clone();
            (*low..=*high).map(move |value| [table.as_slice(), &[value]].concat())
        };
        tables = tables.iter().flat_map(longer).collect();
    }
    let within = |at: usize, value: i64| (bounds[at].0..=bounds[at].1).contains(&value);
    tables.retain(|t| {
        let row = |r: usize| (0..width).map(|c| t[r * width + c]).sum::<i64>();
        let column = |c: usize| (0..height).map(|r| t[r * width + c]).sum::<i64>();
        (0..height).all(|r| within(inner + r, row(r)))
            && (0..width).all(|c| within(inner + height + c, column(c)))
    });
    tables
}

proptest! {
    #[test]
    fn what_is_proven_is_so(
        values in proptest::collection::vec(0_i64..5, 6),
        room in proptest::collection::vec((0_i64..2, 0_i64..3), 11),
        (cell, low, high) in (0_u32..6, 0_i64..5, 0_i64..7),
    ) {
        let rows: Vec<&[i64]> = values.chunks(3).collect();
        let (exact, known) = margins(&rows, &[]);
        let bounds: Vec<(i64, i64)> = known.iter().zip(&room).map(|(v, (down, up))| ((v - down).max(0), v + up)).collect();
        let mut sums = Sums::default();
        for row in 0..u32::try_from(exact.sums()).unwrap() {
            let cells = exact.row(row);
            sums.push(cells[0].0, cells[1..].iter().map(|(cell, _)| *cell));
        }
        let system = System::new(&bounds, &sums);
        let claim = Claim { cell, low: low.min(high), high: low.max(high) };
        let tables = all_tables(&bounds, 3, 2);
        prop_assert!(tables.iter().all(|t| !t.is_empty()) && !tables.is_empty());
        let least = tables.iter().map(|t| t[cell as usize]).min().unwrap();
        let most = tables.iter().map(|t| t[cell as usize]).max().unwrap();
        let holds = least <= claim.low && most >= claim.high;
        // Two breakdowns are a network, whose vertices are whole numbers: there the judge also finds what there is.
        prop_assert_eq!(unproven(&system, &known, &[claim]).is_empty(), holds, "{} to {}", least, most);
        prop_assert_eq!(interval(&system, &known, cell), Some((Some(least), Some(most))));
    }
}
