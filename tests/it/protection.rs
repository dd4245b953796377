//! Protection with real daemons: what a partner gets of a table with small cells, one release after the other.

use corridor::cli::demo::government::Government;
use serde_json::Value;

use crate::world::{World, ask, eventually, run, stdout, text};

const HEADER: &str = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE";

/// Submits figures of women, men or all in years, each with the rule that it states; none: the catalogue's.
fn submit(world: &World, name: &str, rows: &[(&str, u16, u32, &str)]) {
    let mut csv = format!("{HEADER}\n");
    for (sex, year, value, rule) in rows {
        csv += &format!("A,PHL,CAN,EF_REGEMI,CIT,{sex},{year},{value},{rule}\n");
    }
    let path = world.path(name);
    std::fs::write(&path, csv).expect("the file can be written");
    ask(&world.phl, &["submit", &text(&path)]);
}

/// What a node shows of a sex in a year: the value, or the status.
fn shown(node: &Government, sex: &str, year: &str) -> String {
    let rows = node.get(&["EF_REGEMI"]).unwrap_or_default();
    let of = |row: &&Value| row["sex"] == sex && row["time_period"] == year;
    let Some(row) = rows.iter().find(of) else { return String::new() };
    row["obs_value"].as_str().or(row["obs_status"].as_str()).unwrap_or_default().to_owned()
}

fn protection(released: &Value) -> Value {
    let parts = released["released"].as_array().expect("audiences");
    let of = parts.iter().find(|part| part["title"] == crate::world::TITLE).expect("the agreement");
    of["protection"].clone()
}

#[test]
fn what_is_small_stays_closed_whatever_comes_after() {
    let mut world = World::agreed();
    submit(&world, "parts.csv", &[("F", 2015, 3, ""), ("M", 2015, 97, ""), ("M", 2016, 1203, "")]);

    // The look ahead says what would leave in what form, and why; nothing leaves.
    let ahead = stdout(&run(&world.phl, &["release", "--dry-run"]));
    for expected in
        ["EF_REGEMI.CIT.F", "2015 = Q  suppressed: below the minimum of the rule (D5)", "rounded (D5)"]
    {
        assert!(ahead.contains(expected), "{expected:?} is missing in\n{ahead}");
    }
    let first = ask(&world.phl, &["release"]);
    let counts = protection(&first);
    assert_eq!((&counts["suppressed"], &counts["rounded"]), (&1.into(), &2.into()), "{counts}");
    eventually("CAN has the women as closed", || shown(&world.can, "F", "2015") == "Q");
    assert!(["95", "100"].contains(&shown(&world.can, "M", "2015").as_str()));
    assert!(["1200", "1205"].contains(&shown(&world.can, "M", "2016").as_str()));

    // The same again is nothing new, and rounds as it did, also after a new start.
    world.phl.stop();
    world.phl.start().expect("PHL starts again");
    let again = ask(&world.phl, &["release", "s1"]);
    let audiences = again["released"].as_array().expect("audiences");
    assert!(audiences.iter().all(|one| one["entry"].is_null()), "{again}");

    // All and men are published elsewhere meanwhile, exactly: together they would tell the women.
    submit(&world, "all.csv", &[("_T", 2015, 100, "D0"), ("M", 2015, 97, "D0"), ("_T", 2016, 2400, "D0")]);
    ask(&world.phl, &["release", "--reason", "METHOD"]);
    eventually("CAN has all of 2016", || shown(&world.can, "_T", "2016") == "2400");
    let (all, men) = (shown(&world.can, "_T", "2015"), shown(&world.can, "M", "2015"));
    assert!(all == "Q" || men == "Q", "of all {all} and men {men} one must be closed");
    assert_eq!(shown(&world.can, "F", "2015"), "Q");

    // A correction opens what is no longer small, and leaves the others as they are.
    submit(&world, "more.csv", &[("F", 2015, 40, "")]);
    ask(&world.phl, &["release", "--reason", "ERROR"]);
    eventually("CAN has the women", || shown(&world.can, "F", "2015") == "40");

    // The publisher's log has neither the figures nor which cells are small.
    let log = std::fs::read_to_string(world.phl.log()).expect("the log");
    assert!(!log.contains("EF_REGEMI"), "{log}");
}
