//! Differencing: what a release tells beside what the audience holds.

use super::*;

/// A series as it was published before.
fn held(series: &[Series]) -> Held {
    let mut held = Held::default();
    series.iter().for_each(|one| held.take(one, Readers::ALL));
    held
}

/// The truth of a series' first value.
fn know(held: &mut Held, series: &Series) {
    let first = &series.observations()[0];
    held.know(series.key(), series.attributes(), (first.period(), first.value().unwrap()));
}

fn sex(code: &str) -> SeriesKey {
    key(&[(Dimension::Sex, code)])
}

/// What leaves, and the closed cells that the audience could tell before.
fn open_before(tables: &[Series], held: &Held) -> (Vec<String>, Vec<(String, Opening)>) {
    let left = protect(tables, held, &Rules::default(), &secret()).unwrap();
    let cells = left.report.open_before.iter().map(|cell| (cell.key.sex().to_owned(), cell.how));
    (shown(&left), cells.collect())
}

/// The audience holds all and women, exactly; the men were never published and are two. It knew so before.
#[test]
fn sex_complement() {
    let before = held(&[one(&sex("_T"), "102", OPEN), one(&sex("F"), "100", OPEN)]);
    let again = [one(&sex("F"), "100", &[])];
    let told = (vec!["100".to_owned()], vec![("_T".to_owned(), Opening::Rest)]);
    assert_eq!(open_before(&again, &before), told);
    // Rounded, the women leave the men open, and so does a total that was never exact.
    let only_total = held(&[one(&sex("_T"), "102", OPEN)]);
    let left = protect(&again, &only_total, &Rules::default(), &secret()).unwrap();
    assert_eq!((shown(&left), left.report.audited), (vec!["100".to_owned()], 1));
}

/// A cell that is closed now left open before.
#[test]
fn a_value_that_the_audience_holds_is_closed_all_the_same() {
    let before = held(&[one(&sex("F"), "3", OPEN)]);
    let told = (vec!["Q".to_owned()], vec![("F".to_owned(), Opening::Held)]);
    assert_eq!(open_before(&[one(&sex("F"), "3", &[])], &before), told);
    // A revised value is another: what it holds is about the old one.
    assert_eq!(open_before(&[one(&sex("F"), "2", &[])], &before).1, []);
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
    know(&mut before, &one(&region("ES-MD"), "2", &[]));
    let total = [one(&key(&[]), "542", OPEN)];
    let left = protect(&total, &before, &Rules::default(), &secret()).unwrap();
    assert_eq!(shown(&left), ["Q"], "542 - 540 = 2");
    // Where the truth of Madrid is not at hand, it follows from the sum.
    let unknown = held(&closed.series);
    assert_eq!(shown(&protect(&total, &unknown, &Rules::default(), &secret()).unwrap()), ["Q"]);
    let rounded = protect(&[one(&key(&[]), "542", &[])], &before, &Rules::default(), &secret()).unwrap();
    assert_ne!(shown(&rounded), ["542"]);
}

/// Money from one corridor was closed, because few contribute to it; now all corridors and the others come.
#[test]
fn sums_over_a_total_of_few_contributors() {
    let key = |area: &str| {
        SeriesKey::parse(&format!("A.PHL.{area}.RE_RECV._Z._T._T._T._T._T._T._T._T.USD")).unwrap()
    };
    let few = one(&key("CAN"), "330", &[]);
    let place = (few.key().clone(), year("2020"));
    let rules = Rules { sensitive: [(place, Decimal::from(23))].into(), ..Rules::default() };
    let closed = protect(std::slice::from_ref(&few), &Held::default(), &rules, &secret()).unwrap();
    assert_eq!(shown(&closed), ["Q"]);
    let later = [one(&key("USA"), "40", &[]), one(&key("ITA"), "9000", &[]), one(&key("_T"), "9370", &[])];
    let mut before = held(&closed.series);
    know(&mut before, &few);
    let left = protect(&later, &before, &rules, &secret()).unwrap();
    assert_eq!((shown(&left), left.report.audited), (["Q", "9000", "9370"].map(str::to_owned).to_vec(), 1));
    // A value that is known is not protected any more.
    before.take(&few, Readers::ALL);
    assert_eq!(shown(&protect(&later, &before, &rules, &secret()).unwrap()), ["40", "9000", "9370"]);
    assert_eq!(shown(&protect(&later, &before, &Rules::default(), &secret()).unwrap())[0], "40");
}

/// A small count of which one employer has all: the bound must reach what both rules ask for.
#[test]
fn a_small_count_of_few_contributors() {
    let table = sexes(["4", "9", "13"], &[]);
    let place = (table[0].key().clone(), year("2020"));
    let rules = Rules { sensitive: [(place, Decimal::from(40))].into(), ..Rules::default() };
    let left = protect(&table, &Held::default(), &rules, &secret()).unwrap();
    assert_eq!(shown(&left)[0], "Q");
    assert!(shown(&left)[1..].contains(&"Q".to_owned()), "rounded ones leave no room for 44: {left:?}");
    let small = shown(&release(&table, &Rules::default()));
    assert!(small[0] == "Q" && !small[1..].contains(&"Q".to_owned()), "they do for four: {small:?}");
}

/// Everything was released safely; then the total is revised, and would be exact.
#[test]
fn revision_of_total() {
    let first = [one(&sex("F"), "3", &[]), one(&sex("M"), "97", OPEN), one(&sex("_T"), "100", &[])];
    let left = protect(&first, &Held::default(), &Rules::default(), &secret()).unwrap();
    assert_eq!(shown(&left)[..1], ["Q"]);
    let mut before = held(&left.series);
    know(&mut before, &first[0]);
    know(&mut before, &first[1]);
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
    let told = (vec!["Q".to_owned()], vec![("F".to_owned(), Opening::Held)]);
    assert_eq!(open_before(&[one(&sex("F"), "3", &[])], &before), told);
}

/// One reader of a group holds the men from elsewhere, another one all: together they could tell the women, each
/// for itself cannot. Then one holds both.
#[test]
fn readers_who_hold_different_things() {
    let table = [one(&sex("F"), "3", &[])];
    let mut apart = Held::of(2);
    apart.take(&one(&sex("_T"), "12", OPEN), Readers::one(0));
    apart.take(&one(&sex("M"), "9", OPEN), Readers::one(1));
    assert_eq!(open_before(&table, &apart).1, []);
    let mut one_has_both = apart.clone();
    one_has_both.take(&one(&sex("M"), "9", OPEN), Readers::one(0));
    assert_eq!(open_before(&table, &one_has_both).1, [("F".to_owned(), Opening::Held)]);
    // All is published exactly to everyone: for the reader that holds the men it must not be.
    let totals = [one(&sex("F"), "3", &[]), one(&sex("_T"), "12", OPEN)];
    let mut men = Held::of(2);
    men.take(&one(&sex("M"), "9", OPEN), Readers::one(1));
    assert_eq!(open_before(&totals, &men), (vec!["Q".to_owned(), "Q".to_owned()], vec![]));
    assert_eq!(open_before(&totals, &Held::of(2)).0, ["Q", "12"]);
}

/// Under a stricter agreement cells are closed that one of its readers has seen rounded by a milder rule: it learns
/// no more, and the other one nothing.
#[test]
fn a_stricter_rule_for_who_holds_a_milder_one() {
    let table = sexes(["8", "60", "68"], &[]);
    let mild = protect(&table, &Held::default(), &Rules::default(), &secret()).unwrap();
    assert!(mild.report.primary == 0);
    let mut held = Held::of(2);
    mild.series.iter().for_each(|one| held.take(one, Readers::one(0)));
    let strict = protect(&table, &held, &under(DisclosureRule::D11), &secret()).unwrap();
    assert_eq!(shown(&strict)[0], "Q");
    assert_eq!(strict.report.open_before[0].key.sex(), "F");
}

/// What was closed stays closed as long as its value is the same.
#[test]
fn a_closed_cell_stays_closed() {
    let table = [one(&sex("F"), "40", &[])];
    let rules = Rules { closed: [(sex("F"), year("2020"))].into(), ..Rules::default() };
    assert_eq!(shown(&protect(&table, &Held::default(), &rules, &secret()).unwrap()), ["Q"]);
}

/// Spans that overlap: children up to 17 less children up to 14 are those of 15 to 17.
#[test]
fn overlapping_ages() {
    let age = |code| key(&[(Dimension::Age, code)]);
    let before = held(&[one(&age("Y0T14"), "200", OPEN)]);
    let open = protect(&[one(&age("Y0T17"), "202", OPEN)], &before, &Rules::default(), &secret()).unwrap();
    assert_eq!(shown(&open), ["202"], "open figures have no small groups");
    let table = [one(&age("Y0T17"), "202", &[])];
    let strict = protect(&table, &before, &Rules::default(), &secret()).unwrap();
    assert_eq!(strict.report.audited, 1, "two people of 15 to 17 are watched over");
    let both = held(&[one(&age("Y0T14"), "200", OPEN), one(&age("Y0T17"), "202", OPEN)]);
    let known = protect(&table, &both, &Rules::default(), &secret()).unwrap().report.open_before;
    assert!(known[0].how == Opening::Rest, "{known:?}");
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
    assert_eq!(open_before(&table, &old(3)).1, [("F".to_owned(), Opening::Held)]);
}

#[test]
fn releasing_the_same_again_changes_nothing() {
    let table = sexes(["3", "97", "100"], &[]);
    let first = protect(&table, &Held::default(), &Rules::default(), &secret()).unwrap();
    let again = protect(&table, &held(&first.series), &Rules::default(), &secret()).unwrap();
    assert_eq!(first.series, again.series);
}
