//! Protection with real daemons: what a partner gets of a table with small cells, one release after the other.

use std::path::Path;

use corridor::cli::demo::government::Government;
use corridor::feed::Seq;
use corridor::model::Record;
use corridor::node::Home;
use corridor::store::Store;
use serde_json::Value;

use crate::world::{World, ask, eventually, files, run, stdout, text};

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

/// The rule, and contributions to the women's total: of what is secret, what can be told from anything else.
const SECRETS: [&str; 4] = ["84.7391", "3000001", "200003", "100009"];

/// Sets the rule in a node's configuration.
fn hold_to(node: &mut Government, rule: &str) {
    node.stop();
    let path = node.dir().join("corridor.toml");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    let set = text.replace("#concentration = \"\"", &format!("concentration = \"{rule}\""));
    assert_ne!(text, set, "the configuration names the key");
    std::fs::write(&path, set).expect("it can be written");
    node.start().expect("the node starts with its rule");
}

/// Submits figures of 2015 that are open, by sex, with the largest contributions to them; says what was answered.
fn submit_contributed(world: &World, name: &str, rows: &[(&str, &str)]) -> Value {
    let mut csv = format!("{HEADER},CONTRIBUTION_1,CONTRIBUTION_2\n");
    for (sex, rest) in rows {
        let (value, contributions) = rest.split_once(',').expect("a value and contributions");
        csv += &format!("A,PHL,CAN,EF_REGEMI,CIT,{sex},2015,{value},D0,{contributions}\n");
    }
    let path = world.path(name);
    std::fs::write(&path, csv).expect("the file can be written");
    world.phl.try_ask(&["submit", &text(&path)]).expect("it answers").1
}

/// Everything that stands in the feeds of a node that does not run, as text.
fn records(dir: &Path) -> String {
    let home = Home::open(dir).expect("the node's directory");
    let store = Store::open(dir, home.us(), home.network(), 1 << 20).expect("the store");
    let mut text = String::new();
    for feed in store.feeds() {
        let Some(head) = store.durable(&feed) else { continue };
        for seq in 0..=head.seq.0 {
            for record in store.records(&feed, Seq(seq)).expect("the entry") {
                text += &match record.expect("a record") {
                    Record::Document(part) => String::from_utf8_lossy(part.body()).into_owned(),
                    other => format!("{other:?}"),
                };
            }
        }
    }
    text
}

/// The files of a directory that hold a text as it is.
fn holding(dir: &Path, text: &str) -> Vec<String> {
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let found = files(dir, "").into_iter().filter(holds);
    found.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
}

#[test]
fn a_total_of_few_contributors_stays_closed_and_nobody_learns_why() {
    let mut world = World::agreed();
    hold_to(&mut world.phl, "n=1,k=84.7391");
    let wrong = submit_contributed(&world, "wrong.csv", &[("F", "3300107,200003,3000001")]);
    let finding = wrong["findings"][0].clone();
    assert_eq!((&finding["line"], &finding["column"]), (&2.into(), &"CONTRIBUTION_2".into()), "{wrong}");
    let few = [("F", "3300107,3000001,200003"), ("_U", "400000,,")];
    let said = submit_contributed(&world, "few.csv", &few);
    assert_eq!(said["accepted"], true, "{said}");

    // The node dies before the release: what the figures need is there again.
    world.phl.kill();
    world.phl.start().expect("PHL starts again");
    let ahead = stdout(&run(&world.phl, &["release", "--dry-run"]));
    assert!(ahead.contains("2015 = Q  suppressed: few contribute most of it (D0)"), "{ahead}");
    let first = ask(&world.phl, &["release"]);
    assert_eq!((&protection(&first)["suppressed"], &protection(&first)["shown"]), (&1.into(), &1.into()));
    eventually("CAN has the women as closed", || shown(&world.can, "F", "2015") == "Q");
    assert_eq!(shown(&world.can, "_U", "2015"), "400000", "without a total nothing follows");

    // All and men come later, from another ministry that knows of no contributions, and after all was folded anew.
    ask(&world.phl, &["rebuild"]);
    let later = [("M", "90000000,,"), ("_T", "93700107,100009,100009")];
    submit_contributed(&world, "later.csv", &later);
    let second = ask(&world.phl, &["release"]);
    assert_eq!(protection(&second)["complementary"], 1, "{second}");
    let both = || [shown(&world.can, "M", "2015"), shown(&world.can, "_T", "2015")];
    eventually("CAN has men and all", || both().iter().all(|shown| !shown.is_empty()));
    assert!(both().contains(&"Q".to_owned()), "all less men less the others are the women: {:?}", both());
    let again = ask(&world.phl, &["release", "s1"]);
    assert!(again["released"].as_array().expect("audiences").iter().all(|one| one["entry"].is_null()));

    let acts = ask(&world.phl, &["audit", "--verify"]).to_string();
    assert!(acts.contains("few.csv") && acts.contains("\"valid\":true"), "{acts}");
    let level = "240172.516776";
    world.phl.stop();
    world.can.stop();
    for (node, is_ours) in [(&world.phl, true), (&world.can, false)] {
        let all = records(node.dir());
        assert_eq!(all.contains(level), is_ours, "the level is the publisher's alone");
        assert!(all.contains("400000"), "what left is with both");
        for secret in SECRETS {
            assert!(!all.contains(secret) && !acts.contains(secret), "{secret} is told");
        }
    }
    assert!(!acts.contains(level), "levels are no part of the log of acts");
    assert_eq!(holding(world.dir.path(), SECRETS[0]), ["corridor.toml"]);
    for secret in &SECRETS[1..] {
        let holding = holding(world.dir.path(), secret);
        assert!(
            !holding.is_empty() && holding.iter().all(|file| file.ends_with(".csv")),
            "{secret}: {holding:?}"
        );
    }
}
