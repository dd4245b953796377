//! Pages as they grow, are cut, and hold rows longer than themselves.

use crate::model::SeriesPattern;
use crate::store::layout::PAGE;
use crate::store::testing::{House, Say};
use crate::view::page::SPLIT_AT;
use crate::view::{Moment, Query};

fn pages(house: &House) -> Vec<usize> {
    let tree = house.store.derived().tree();
    let values = tree.scan_prefix([PAGE]).map(|item| item.unwrap().1);
    values.map(|value| u32::from_le_bytes(value[..4].try_into().unwrap()) as usize).collect()
}

#[test]
fn a_row_longer_than_a_page_is_written_piece_by_piece() {
    let mut house = House::new();
    // Daily values, far apart and out of order, so that each needs some bytes; then one more at a time.
    for number in 0..12 {
        let values = (0..2500).map(|at| ((at * 12 + number) * 3, at * 7_919_333 % 1_000_003)).collect();
        house.release(&[Say::State(1, 0, values)]);
        house.store.fold().unwrap();
        house.store.derived().flush().unwrap();
    }
    house.check();
    let before = pages(&house);
    assert!(before.len() > 2, "{before:?}");
    assert!(before.iter().all(|length| *length < 2 * SPLIT_AT), "{before:?}");
    house
        .release(&[Say::State(1, 2, vec![(1, 1), (40_001, 2), (90_001, 3)]), Say::State(0, 0, vec![(1, 1)])]);
    house.store.fold().unwrap();
    house.check();
    house.store.derived().flush().unwrap();
    house.check();
    house.release(&[Say::Retract(1, vec![])]);
    house.store.fold().unwrap();
    house.check();
    house.store.derived().flush().unwrap();
    house.check();
    assert!(house.answer(&Query::current(SeriesPattern::parse("D").unwrap())).is_empty());
    let history = Query { moment: Moment::History, ..Query::current(SeriesPattern::parse("D").unwrap()) };
    assert_eq!(house.answer(&history)[0].versions.len(), 2 * 30_003);
}

#[test]
fn written_pages_are_neither_long_nor_many() {
    let mut house = House::new();
    let series = |number: i64| {
        let values = (0..30).map(|at| (number / 36 * 30 + at, number * 100 + at)).collect();
        Say::State(usize::try_from(number % 36).unwrap(), 1, values)
    };
    for part in 0..10 {
        house.release(&(part * 300..(part + 1) * 300).map(series).collect::<Vec<_>>());
        house.store.fold().unwrap();
        house.store.derived().flush().unwrap();
    }
    house.check();
    let pages = pages(&house);
    let (most, total) = (pages.iter().max().unwrap(), pages.iter().sum::<usize>());
    assert!(*most < 2 * SPLIT_AT, "{pages:?}");
    assert!(pages.len() <= 1 + 3 * total / SPLIT_AT, "{pages:?}");
}
