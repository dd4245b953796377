//! A government with two nodes: the standby follows, takes over, hands back, and nothing forks.

use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};
use serde_json::{Value, json};

use crate::world::{Figure, World, ask, eventually, figures, release, run, stderr, values};

/// Two governments, one of which has a standby that has everything.
struct Two {
    world: World,
    standby: Government,
}

impl Two {
    fn new() -> Self {
        let world = World::agreed();
        release(&world.phl, &world.path("1.csv"), &[figure("2011", "1")]);
        eventually("CAN has the first", || values(&world.can, &["EF_REGEMI"]) == ["1"]);
        let mut standby = world.phl.standby().expect("a standby");
        standby.start().expect("the standby starts");
        let two = Self { world, standby };
        two.follows();
        two
    }

    /// Waits until the standby holds all that PHL wrote.
    fn follows(&self) {
        eventually("the standby has everything", || {
            let (ours, theirs) = (own_heads(&self.world.phl), own_heads(&self.standby));
            !ours.is_empty() && ours == theirs
        });
    }

    /// Nobody knows of a fork, and everybody is healthy.
    fn is_well(&self, nodes: &[&Government]) {
        for node in nodes {
            assert_eq!(ask(node, &["feeds"])["forks"], json!([]), "{}", node.dir().display());
            let doctor = ask(node, &["doctor"]);
            assert_eq!(doctor["healthy"], true, "{doctor}");
        }
    }
}

fn figure<'a>(period: &'a str, value: &'a str) -> Figure<'a> {
    ["PHL", "CAN", "EF_REGEMI", period, value]
}

/// The newest entries of PHL's feeds at a node, but for the house feed's.
fn own_heads(node: &Government) -> Vec<(String, u64, String)> {
    let feeds = node.ask(&["feeds"]).unwrap_or_default();
    let rows = feeds["feeds"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ours = rows.iter().filter(|row| row["country"] == "PHL");
    ours.map(|row| {
        (text(&row["agreement_name"]), row["head_seq"].as_u64().unwrap_or(0), text(&row["head_hash"]))
    })
    .collect()
}

fn role(node: &Government) -> String {
    node.ask(&["standby", "show"]).unwrap_or_default()["role"].as_str().unwrap_or_default().to_owned()
}

/// Whether releases are taken: recovery is over.
fn runs(node: &Government) -> bool {
    node.ask(&["status"]).is_ok_and(|status| status["state"] == "running" && status["role"] == "main")
}

#[test]
fn a_standby_takes_over_and_the_main_node_that_returns_steps_down() {
    let mut two = Two::new();
    assert_eq!((role(&two.world.phl), role(&two.standby)), ("main".to_owned(), "standby".to_owned()));
    assert_eq!(ask(&two.standby, &["audit"])["acts"], ask(&two.world.phl, &["audit"])["acts"]);
    // It shows figures and signs nothing.
    assert_eq!(values(&two.standby, &["EF_REGEMI"]), ["1"]);
    let file = figures(&two.world.path("2.csv"), &[figure("2012", "2")]);
    let refused = run(&two.standby, &["submit", &file]);
    assert!(!refused.status.success() && stderr(&refused).contains("standby"), "{}", stderr(&refused));
    let early = run(&two.standby, &["standby", "take-over"]);
    assert!(stderr(&early).contains("is connected"), "{}", stderr(&early));

    two.world.phl.kill();
    eventually("the standby has missed it", || {
        ask(&two.standby, &["standby", "show"])["leader_connected"] == false
    });
    ask(&two.standby, &["standby", "take-over"]);
    eventually("the standby leads", || runs(&two.standby));
    ask(&two.standby, &["submit", &file]);
    ask(&two.standby, &["release"]);
    eventually("CAN has what it released", || values(&two.world.can, &["EF_REGEMI"]) == ["1", "2"]);
    // What CAN writes is acknowledged under the standby's key.
    ask(
        &two.world.can,
        &["submit", &figures(&two.world.path("3.csv"), &[["CAN", "PHL", "EF_REGEMI", "2012", "3"]])],
    );
    ask(&two.world.can, &["release"]);
    eventually("nothing is owed to CAN", || two.world.can.nothing_owed().unwrap_or(false));

    // Without its daemon it could not ask.
    let alone = run(&two.world.phl, &["submit", &file]);
    assert!(!alone.status.success() && stderr(&alone).contains("has a standby"), "{}", stderr(&alone));
    two.world.phl.start().expect("the main node comes back");
    eventually("it steps down", || role(&two.world.phl) == "standby");
    two.follows();
    let refused = run(&two.world.phl, &["submit", &file]);
    assert!(!refused.status.success(), "it signs nothing any more");
    two.is_well(&[&two.world.phl, &two.standby, &two.world.can]);

    // And back again, in order.
    ask(&two.standby, &["standby", "hand-over"]);
    eventually("the main node leads again", || runs(&two.world.phl));
    assert_eq!(role(&two.standby), "standby");
    release(&two.world.phl, &two.world.path("4.csv"), &[figure("2014", "4")]);
    eventually("CAN has it", || values(&two.world.can, &["EF_REGEMI", "--from", "PHL"]) == ["1", "2", "4"]);
    two.follows();
    two.is_well(&[&two.world.phl, &two.standby, &two.world.can]);
    let log = ask(&two.world.phl, &["audit", "--verify"]);
    let acts: Vec<&str> =
        log["acts"].as_array().into_iter().flatten().filter_map(|act| act["act"].as_str()).collect();
    for act in ["standby add", "standby take over", "standby hand over"] {
        assert!(acts.contains(&act), "{act} is not in the log: {acts:?}");
    }
}

#[test]
fn a_main_node_leads_again_when_its_standby_does_not_answer() {
    let mut two = Two::new();
    two.standby.stop();
    two.world.phl.stop();
    two.world.phl.start().expect("the main node comes back");
    assert_eq!(role(&two.world.phl), "asking");
    let early = run(&two.world.phl, &["release"]);
    assert!(!early.status.success() && stderr(&early).contains("has a standby"), "{}", stderr(&early));
    assert!(wait(Duration::from_secs(40), || runs(&two.world.phl)), "it waited for longer than it should");
    release(&two.world.phl, &two.world.path("2.csv"), &[figure("2012", "2")]);
    two.standby.start().expect("the standby comes back");
    two.follows();
    // With a standby that answers it is at once.
    two.world.phl.stop();
    two.world.phl.start().expect("the main node comes back");
    eventually("it leads", || runs(&two.world.phl));
    two.is_well(&[&two.world.phl, &two.standby, &two.world.can]);
}

#[test]
fn a_main_node_steps_down_by_what_a_partner_shows_when_its_successor_is_away() {
    let mut two = Two::new();
    two.world.phl.kill();
    eventually("the standby has missed it", || {
        ask(&two.standby, &["standby", "show"])["leader_connected"] == false
    });
    ask(&two.standby, &["standby", "take-over"]);
    eventually("the standby leads", || runs(&two.standby));
    release(&two.standby, &two.world.path("2.csv"), &[figure("2012", "2")]);
    eventually("CAN has what it released", || values(&two.world.can, &["EF_REGEMI"]) == ["1", "2"]);
    two.standby.stop();
    two.world.phl.start().expect("the main node comes back");
    eventually("it steps down", || role(&two.world.phl) == "standby");
    // Also the next time, with what it has taken from the partner.
    two.world.phl.stop();
    two.world.phl.start().expect("it starts again");
    assert_eq!(role(&two.world.phl), "standby");
    two.standby.start().expect("the one that leads comes back");
    two.follows();
    two.is_well(&[&two.world.phl, &two.standby, &two.world.can]);
}

#[test]
fn figures_under_embargo_open_at_their_time_when_a_standby_has_taken_over() {
    let mut two = Two::new();
    ask(&two.world.phl, &["submit", &figures(&two.world.path("e.csv"), &[figure("2013", "4711")])]);
    let at = corridor::node::clock::now().saturating_add(20_000).to_string();
    ask(&two.world.phl, &["release", "--at", &at]);
    two.follows();
    eventually("CAN holds it closed", || {
        own_heads(&two.world.can).iter().any(|head| own_heads(&two.world.phl).contains(head))
    });
    two.world.phl.kill();
    eventually("the standby has missed it", || {
        ask(&two.standby, &["standby", "show"])["leader_connected"] == false
    });
    ask(&two.standby, &["standby", "take-over"]);
    assert_eq!(values(&two.world.can, &["EF_REGEMI"]), ["1"], "it is closed still");
    eventually("it is open at CAN", || values(&two.world.can, &["EF_REGEMI"]) == ["1", "4711"]);
    eventually("and here", || values(&two.standby, &["EF_REGEMI"]) == ["1", "4711"]);
    two.is_well(&[&two.standby, &two.world.can]);
}

#[test]
fn only_nodes_that_the_card_mandates_become_standbys_and_only_those_read_the_house_feed() {
    let two = Two::new();
    let at = |node: &Government| {
        let feeds = ask(node, &["feeds"]);
        let rows = feeds["feeds"].as_array().cloned().unwrap_or_default();
        rows.iter().filter(|row| row["country"] == "PHL" && row["agreement_name"] == "house").count()
    };
    assert_eq!((at(&two.world.phl), at(&two.standby), at(&two.world.can)), (1, 1, 0));
    let stranger = two.world.can.standby().expect("a standby of CAN");
    let grant = two.standby.dir().join("grant.txt");
    let refused = run(&stranger, &["standby", "join", &grant.to_string_lossy()]);
    assert!(!refused.status.success(), "a grant is for one node alone");
}
