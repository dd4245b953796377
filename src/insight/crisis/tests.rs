//! What adds up in a crisis and what does not.

use proptest::prelude::*;

use super::*;

fn cell(key: &str, period: &str, value: impl Into<Option<i64>>) -> Cell {
    (SeriesKey::parse(key).unwrap(), Period::parse(period).unwrap(), value.into())
}

fn border(state: &str, origin: &str, (sex, age): (&str, &str), place: &str) -> String {
    format!("H.{state}.{origin}.CR_BORDER.CIT.{sex}.{age}._T._T._T._T._T.{place}.PS")
}

fn report(publisher: &str, bulletin: &str, hour: i64, cells: &[Cell]) -> Report {
    let (figures, closed) = reduce(cells, "XLA");
    let observed = Millis(hour * 3_600_000);
    Report {
        publisher: publisher.to_owned(),
        bulletin: bulletin.to_owned(),
        observed,
        signed: observed,
        place: String::new(),
        corrections: Vec::new(),
        figures,
        closed,
        ahead: false,
    }
}

/// The picture that bulletins make, which are numbered in their order.
fn picture(reports: &[Report]) -> Picture {
    let mut tally = Tally::default();
    for report in reports {
        tally.insert(report.clone());
    }
    tally.picture().clone()
}

/// What a figure rests on: numbers of bulletins, and how much of it each states.
fn parts(basis: &Basis) -> Vec<(usize, i64)> {
    basis.parts.iter().map(|(at, part)| (*at, part.count)).collect()
}

const HOUR: &str = "2011-03-02T04:00:00";

#[test]
fn a_total_is_not_added_to_its_parts_and_closed_cells_are_counted() {
    let cells = [
        cell(&border("XTA", "XOA", ("F", "Y_GE18"), "_T"), HOUR, 10),
        cell(&border("XTA", "XOA", ("M", "Y_GE18"), "_T"), HOUR, 20),
        cell(&border("XTA", "XOA", ("_T", "Y0T17"), "_T"), HOUR, 3),
        cell(&border("XTA", "XOB", ("_T", "_T"), "_T"), HOUR, 50),
        cell(&border("XTA", "XOB", ("F", "_T"), "_T"), HOUR, 30),
        cell(&border("XTA", "XOC", ("F", "_T"), "_T"), HOUR, None),
    ];
    let one = report("XTA", "XTA-1", 4, &cells);
    assert_eq!(one.closed, 1);
    let picture = picture(&[one]);
    let crossed = |origin: &str| picture.origins[origin].count(Kind::Crossed);
    assert_eq!((crossed("XOA"), crossed("XOB")), (Some(33), Some(50)));
    assert_eq!(picture.all.count(Kind::Crossed), Some(83));
    assert_eq!(picture.days.values().map(|day| day.count).sum::<i64>(), 83);
}

#[test]
fn places_are_parts_of_a_total_that_stands_beside_them() {
    let at = |place: &str, count| cell(&border("XTA", "XOA", ("_T", "_T"), place), HOUR, count);
    let with = picture(&[report("XTA", "1", 4, &[at("_T", 9), at("XA-1", 4), at("XA-2", 5)])]);
    let without = picture(&[report("XTA", "1", 4, &[at("XA-1", 4), at("XA-2", 5)])]);
    for picture in [with, without] {
        assert_eq!(picture.all.count(Kind::Crossed), Some(9));
        assert_eq!(picture.places[&("XTA".to_owned(), "XA-1".to_owned(), Kind::Crossed)].count, 4);
        for (name, part) in [
            ("totals/crossed", 9),
            ("origins/XOA/crossed", 9),
            ("publishers/XTA/crossed", 9),
            ("places/XTA/XA-2/crossed", 5),
            ("days/2011-03-02/crossed", 9),
        ] {
            let basis = picture.basis(&Name::parse(name).unwrap()).expect(name);
            assert_eq!((basis.count, parts(basis)), (part, vec![(0, part)]), "{name}");
        }
        assert_eq!(picture.basis(&Name::parse("origins/XOB/crossed").unwrap()), None);
    }
}

#[test]
fn one_convoy_that_two_states_report_counts_once() {
    let convoy = |state: &str| [cell(&border(state, "XOA", ("_T", "_T"), "_T"), HOUR, 700)];
    let other = [cell(&border("XTB", "XOA", ("_T", "_T"), "_T"), "2011-03-02T05:00:00", 5)];
    let reports = [
        report("XTB", "CONVOY-7", 5, &convoy("XTB")),
        report("XTA", "CONVOY-7", 4, &convoy("XTA")),
        report("XTB", "XTB-2", 5, &other),
    ];
    let picture = picture(&reports);
    assert_eq!(picture.all.count(Kind::Crossed), Some(705));
    let duplicate = picture.duplicates.first().expect("it is named");
    assert_eq!((&*duplicate.counted, &*duplicate.left_out), ("XTA", "XTB"));
    assert_eq!(picture.publishers[&("XTB".to_owned(), Kind::Crossed)].count, 5);
}

#[test]
fn nobody_pushes_a_bulletin_out_by_taking_the_id_that_names_its_publisher() {
    let crossed = |state: &str, count| [cell(&border(state, "XOA", ("_T", "_T"), "_T"), HOUR, count)];
    let reports = [
        report("XTA", "XTA-17", 4, &crossed("XTA", 700)),
        // Said to have been observed before, and of nobody.
        report("XTB", "XTA-17", 1, &crossed("XTB", 0)),
    ];
    let picture = picture(&reports);
    assert_eq!(picture.all.count(Kind::Crossed), Some(700));
    let duplicate = picture.duplicates.first().expect("it is named");
    assert_eq!((&*duplicate.counted, &*duplicate.left_out), ("XTA", "XTB"));
}

#[test]
fn flows_add_up_and_of_a_stock_the_newest_counts() {
    let known = |count| [cell("D.XOA.XLA.CR_NATREG.CIT._T._T._T._T._T._T._T._T.PS", "2011-03-01", count)];
    let present = |count| [cell("D.XLA.XOA.CR_NATPRES.CIT._T._T._T._T._T._T._T._T.PS", "2011-03-01", count)];
    let home = [cell("D.XOA.XLA.CR_ARRIV.CIT._T._T._T._T._T._T._T._T.PS", "2011-03-03", 30)];
    let crossed = |hour: &str, count| {
        [cell(&border("XTA", "XOA", ("_T", "_T"), "_T"), &format!("2011-03-02T0{hour}:00:00"), count)]
    };
    let reports = [
        report("XOA", "XOA-2", 9, &known(1000)),
        report("XOA", "XOA-1", 1, &known(900)),
        report("XLA", "XXA-1", 1, &present(400)),
        report("XTA", "XTA-1", 4, &crossed("4", 100)),
        report("XTA", "XTA-2", 8, &crossed("8", 20)),
        report("XOA", "XOA-3", 30, &home),
    ];
    let picture = picture(&reports);
    let balance = &picture.origins["XOA"];
    assert_eq!((balance.count(Kind::Known), balance.count(Kind::Crossed)), (Some(1000), Some(120)));
    assert_eq!(balance.unaccounted(), Some(1000 - 400 - 120 - 30));
    assert_eq!(parts(&balance.counts[&Kind::Crossed]), [(3, 100), (4, 20)]);
    assert_eq!(parts(&balance.counts[&Kind::Known]), [(0, 1000)], "the newest alone");
    let ages = &balance.counts[&Kind::Crossed];
    assert_eq!((ages.oldest, ages.newest), (Some(Millis(4 * 3_600_000)), Some(Millis(8 * 3_600_000))));
    assert_eq!(Balance::default().unaccounted(), None);
}

#[test]
fn needs_are_told_apart_and_never_added_over_needs() {
    let need = |need: &str, count| {
        let key = format!("D.XTA.XOA.CR_NEED.CIT._T._T._T._T._T.{need}._T._T.PS");
        cell(&key, "2011-03-02", count)
    };
    let picture = picture(&[report("XTA", "1", 6, &[need("STRAND", 15_000), need("MED", 40)])]);
    let of = |need: &str| picture.needs[&("XOA".to_owned(), need.to_owned())].count;
    assert_eq!((of("STRAND"), of("MED"), picture.needs.len()), (15_000, 40, 2));
}

#[test]
fn a_figure_of_all_origins_is_not_added_to_its_parts() {
    let present = |origin: &str, count| {
        let key = format!("D.XLA.{origin}.CR_NATPRES.CIT._T._T._T._T._T._T._T.XA-1.PS");
        cell(&key, "2011-03-01", count)
    };
    let cells = [present("_T", 1_000), present("XOA", 400), present("XOB", 300)];
    let picture = picture(&[report("XLA", "1", 4, &cells)]);
    assert_eq!(picture.publishers[&("XLA".to_owned(), Kind::Present)].count, 1_000);
    assert_eq!(picture.places[&("XLA".to_owned(), "XA-1".to_owned(), Kind::Present)].count, 1_000);
    assert_eq!(picture.all.count(Kind::Present), Some(700), "of origins that are named");
}

/// A bulletin of one of three publishers, under one of a few ids, with a flow, a stock and a need.
fn some_report() -> impl Strategy<Value = Report> {
    let publisher = proptest::sample::select(vec!["XTA", "XTB", "XOA"]);
    let place = || proptest::sample::select(vec!["_T", "XA-1"]);
    let (flow, stock) =
        ((place(), proptest::option::of(1..9_i64)), (place(), proptest::option::of(1..9_i64)));
    (publisher, 0..4_u8, 0..3_i64, flow, stock, proptest::option::of(1..9_i64)).prop_map(
        |(publisher, id, hour, (at, crossed), (stays, known), need)| {
            let flow = crossed.map(|n| cell(&border(publisher, "XOA", ("F", "_T"), at), HOUR, n));
            let key = format!("D.{publisher}.XLA.CR_NATREG.CIT._T._T._T._T._T._T._T.{stays}.PS");
            let stock = known.map(|n| cell(&key, "2011-03-01", n));
            let key = format!("D.{publisher}.XOA.CR_NEED.CIT._T._T._T._T._T.MED._T._T.PS");
            let need = need.map(|n| cell(&key, "2011-03-01", n));
            let cells: Vec<Cell> = [flow, stock, need].into_iter().flatten().collect();
            report(publisher, &format!("B-{id}"), hour, &cells)
        },
    )
}

/// The figures of a tally, with bulletins instead of their numbers.
fn told(tally: &Tally) -> String {
    let whose = |basis: &Basis| {
        let named = |(at, part): (&usize, &Part)| {
            let report = tally.report(*at).expect("a bulletin of the tally");
            format!("{}/{}: {part:?}", report.publisher, report.bulletin)
        };
        let parts: BTreeSet<String> = basis.parts.iter().map(named).collect();
        let Basis { count, publishers, oldest, newest, .. } = basis;
        format!("{count} {publishers:?} {oldest:?} {newest:?} {parts:?}")
    };
    let balance = |of: &Balance| of.counts.iter().map(|(kind, one)| (*kind, whose(one))).collect::<Vec<_>>();
    let picture = tally.picture();
    let origins: Vec<_> = picture.origins.iter().map(|(origin, of)| (origin, balance(of))).collect();
    let publishers: Vec<_> = picture.publishers.iter().map(|(name, of)| (name, whose(of))).collect();
    let places: Vec<_> = picture.places.iter().map(|(name, of)| (name, whose(of))).collect();
    let days: Vec<_> = picture.days.iter().map(|(name, of)| (name, whose(of))).collect();
    let needs: Vec<_> = picture.needs.iter().map(|(name, of)| (name, whose(of))).collect();
    let all = (balance(&picture.all), origins, publishers, places, days, needs);
    format!("{all:?} {:?} {}", picture.duplicates, tally.len())
}

proptest! {
    /// What was corrected or erased leaves no trace, and the order in which bulletins came is of no account.
    #[test]
    fn a_tally_is_that_of_the_bulletins_that_stand(acts in proptest::collection::vec((some_report(), any::<bool>()), 0..24)) {
        let mut tally = Tally::default();
        let mut stand: BTreeMap<(String, String), (usize, Report)> = BTreeMap::new();
        for (report, erased) in acts {
            let name = (report.publisher.clone(), report.bulletin.clone());
            match stand.remove(&name) {
                Some((at, _)) if erased => tally.remove(at),
                Some((at, _)) => {
                    tally.replace(at, report.clone());
                    stand.insert(name, (at, report));
                }
                None => {
                    stand.insert(name, (tally.insert(report.clone()), report));
                }
            }
            let mut anew = Tally::default();
            for (_, report) in stand.values() {
                anew.insert(report.clone());
            }
            prop_assert_eq!(told(&tally), told(&anew));
        }
        for (at, _) in stand.into_values() {
            tally.remove(at);
        }
        prop_assert_eq!(told(&tally), told(&Tally::default()), "nothing is left");
    }
}
