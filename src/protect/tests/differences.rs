//! Differencing: what a release tells beside what the audience holds.

use super::*;

/// A series as it was published before.
fn held(series: &[Series]) -> Held {
    let mut held = Held::default();
    series.iter().for_each(|one| held.take(one));
    held
}

fn sex(code: &str) -> SeriesKey {
    key(&[(Dimension::Sex, code)])
}

fn refused(tables: &[Series], held: &Held) -> Vec<(String, Opening)> {
    match protect(tables, held, &Rules::default(), &secret()) {
        Err(Breach::Open(cells)) => {
            cells.into_iter().map(|cell| (cell.key.sex().to_owned(), cell.how)).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// The audience holds all and women, exactly; the men were never published and are two.
#[test]
fn sex_complement() {
    let before = held(&[one(&sex("_T"), "102", OPEN), one(&sex("F"), "100", OPEN)]);
    let again = [one(&sex("F"), "100", &[])];
    assert_eq!(refused(&again, &before), [("_T".to_owned(), Opening::Rest)]);
    // Rounded, the women leave the men open, and so does a total that was never exact.
    let only_total = held(&[one(&sex("_T"), "102", OPEN)]);
    let left = protect(&again, &only_total, &Rules::default(), &secret()).unwrap();
    assert_eq!((shown(&left), left.report.audited), (vec!["100".to_owned()], 1));
}

/// A cell that is closed now left open before.
#[test]
fn a_value_that_the_audience_holds_cannot_be_closed() {
    let before = held(&[one(&sex("F"), "3", OPEN)]);
    assert_eq!(refused(&[one(&sex("F"), "3", &[])], &before), [("F".to_owned(), Opening::Held)]);
    // A revised value is another: what it holds is about the old one.
    assert!(protect(&[one(&sex("F"), "2", &[])], &before, &Rules::default(), &secret()).is_ok());
}

/// Regions were published exactly but for one of two people; now the country's total comes.
#[test]
fn region_sums() {
    let region = |code| key(&[(Dimension::Subnat, code)]);
    let closed = protect(
        &[
            one(&region("ES-AN"), "500", OPEN),
            one(&region("ES-MD"), "2", &[]),
            one(&region("ES-CT"), "40", OPEN),
        ],
        &Held::default(),
        &Rules::default(),
        &secret(),
    )
    .unwrap();
    assert_eq!(shown(&closed), ["500", "Q", "40"], "without a total nothing follows");
    let mut before = held(&closed.series);
    before.know(&one(&region("ES-MD"), "2", &[]));
    let total = [one(&key(&[]), "542", OPEN)];
    let left = protect(&total, &before, &Rules::default(), &secret()).unwrap();
    assert_eq!(shown(&left), ["Q"], "542 - 540 = 2");
    // Where the truth of Madrid is not at hand, it follows from the sum.
    let unknown = held(&closed.series);
    assert_eq!(shown(&protect(&total, &unknown, &Rules::default(), &secret()).unwrap()), ["Q"]);
    let rounded = protect(&[one(&key(&[]), "542", &[])], &before, &Rules::default(), &secret()).unwrap();
    assert_ne!(shown(&rounded), ["542"]);
}

/// Everything was released safely; then the total is revised, and would be exact.
#[test]
fn revision_of_total() {
    let first = [one(&sex("F"), "3", &[]), one(&sex("M"), "97", OPEN), one(&sex("_T"), "100", &[])];
    let left = protect(&first, &Held::default(), &Rules::default(), &secret()).unwrap();
    assert_eq!(shown(&left)[..1], ["Q"]);
    let mut before = held(&left.series);
    before.know(&first[0]);
    before.know(&first[1]);
    let revised = [one(&sex("_T"), "100", OPEN)];
    match protect(&revised, &before, &Rules::default(), &secret()) {
        Ok(left) => assert_eq!(shown(&left), ["Q"], "the exact total would open the women"),
        Err(Breach::Open(cells)) => assert_eq!(cells[0].key.sex(), "F"),
        Err(other) => panic!("{other}"),
    }
}

/// One agreement gave all and men as they are; under another the women are too few to be shown.
#[test]
fn two_agreements_with_one_party() {
    let before = held(&[one(&sex("_T"), "12", OPEN), one(&sex("M"), "9", OPEN)]);
    assert_eq!(refused(&[one(&sex("F"), "3", &[])], &before), [("F".to_owned(), Opening::Worked)]);
}

/// Spans that overlap: children up to 17 less children up to 14 are those of 15 to 17.
#[test]
fn overlapping_ages() {
    let age = |code| key(&[(Dimension::Age, code)]);
    let before = held(&[one(&age("Y0T14"), "200", OPEN)]);
    let table = [one(&age("Y0T17"), "202", OPEN)];
    let open = protect(&table, &before, &Rules::default(), &secret()).unwrap();
    assert_eq!(shown(&open), ["202"], "open figures have no small groups");
    let strict = protect(&table, &before, &under(DisclosureRule::D5), &secret()).unwrap();
    assert_eq!(strict.report.audited, 1, "two people of 15 to 17 are watched over");
    let both = held(&[one(&age("Y0T14"), "200", OPEN), one(&age("Y0T17"), "202", OPEN)]);
    let refused = protect(&table, &both, &under(DisclosureRule::D5), &secret());
    assert!(matches!(&refused, Err(Breach::Open(cells)) if cells[0].how == Opening::Rest), "{refused:?}");
}

/// Figures of another year, whose truth nobody says here, are no hindrance; small ones that left unprotected once are
/// known for what they are.
#[test]
fn what_is_held_of_elsewhere_is_reckoned_with() {
    let observed = |year_: &str, value: i64| Observation::reported(year(year_), Decimal::from(value));
    let old = |value| {
        let said = Attributes::new(Attachment::Series, [(AttributeId::DiscRule, "D5")]).unwrap();
        held(&[Series::new(sex("F"), said, vec![observed("2019", 105), observed("2020", value)]).unwrap()])
    };
    let table = [one(&sex("F"), "3", &[])];
    assert_eq!(shown(&protect(&table, &old(20), &Rules::default(), &secret()).unwrap()), ["Q"]);
    assert_eq!(refused(&table, &old(3)), [("F".to_owned(), Opening::Held)]);
}

#[test]
fn releasing_the_same_again_changes_nothing() {
    let table = sexes(["3", "97", "100"], &[]);
    let first = protect(&table, &Held::default(), &Rules::default(), &secret()).unwrap();
    let again = protect(&table, &held(&first.series), &Rules::default(), &secret()).unwrap();
    assert_eq!(first.series, again.series);
}
