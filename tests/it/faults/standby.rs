//! The node that leads a government is killed in the middle of its work, and its standby takes over: the row `standby`.
//!
//! The two change their places at every try. What the killed node had acknowledged is at its successor, or the row fails;
//! what nobody was told of may be missing, and is done again, as an operator would.

use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};
use corridor::node::clock;
use serde_json::json;

use super::kills::{answer_of, begin};
use super::row::{Row, seconds};
use crate::ledger::{Ledger, figures};
use crate::world::{World, ask};

/// How long a change of roles may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) fn takes_over(row: &mut Row) {
    let mut world = World::agreed();
    let mut other = world.phl.standby().expect("a standby");
    other.start().expect("the standby starts");
    let (mut ledger, mut returns, mut asked) = (Ledger::default(), Vec::new(), Vec::new());
    for round in 0..row.count(3, 12) {
        let follows = wait(PATIENCE, || is_followed(&world.phl));
        ledger.holds("the standby has everything", follows, || show(&world.phl));
        let rows = 1 + row.random.below(if round % 2 == 0 { 40 } else { 1_500 });
        let file = figures(&world.path(&format!("round-{round}.csv")), round, rows);
        ask(&world.phl, &["submit", &file]);
        let mut release = begin(&world.phl, &["release"]);
        std::thread::sleep(Duration::from_millis(row.random.below(400)));
        world.phl.kill();
        if let Some(answer) = answer_of(release.take()) {
            ledger.acknowledge(round, rows, &answer);
        }
        let begun = clock::stopwatch();
        let is_alone = || other.ask(&["standby", "show"]).is_ok_and(|one| one["leader_connected"] == false);
        ledger.holds("the standby sees that the other is gone", wait(PATIENCE, is_alone), || show(&other));
        ask(&other, &["standby", "take-over"]);
        asked.push(begun.elapsed());
        std::mem::swap(&mut world.phl, &mut other);
        let leads = wait(PATIENCE, || runs(&world.phl));
        ledger.holds("the standby leads", leads, || show(&world.phl));
        ledger.finish(&world, (round, rows), &file);
        ledger.is_delivered(&world);
        row.recovered(begun.elapsed());

        let begun = clock::stopwatch();
        let started = other.start();
        ledger.holds("the killed node starts", started.is_ok(), || format!("{started:?}"));
        let down = wait(PATIENCE, || role(&other) == "standby" && is_followed(&world.phl));
        ledger.holds("it steps down and follows", down, || format!("{} {}", show(&world.phl), show(&other)));
        returns.push(begun.elapsed());
        for node in [&world.phl, &other, &world.can] {
            let forks = ask(node, &["feeds"])["forks"].clone();
            ledger.holds("there is no fork", forks == json!([]), || forks.to_string());
        }
        ledger.is_of_one_mind(&world);
        row.tried(&format!("killed in a release of {rows} figures"), &mut ledger);
    }
    let most = |times: &[Duration]| seconds(times.iter().max().copied().unwrap_or_default());
    row.note(format!("taken over after at most {}", most(&asked)));
    row.note(format!("the other back, a standby, with everything after at most {}", most(&returns)));
}

fn show(node: &Government) -> String {
    format!("{:?}", node.ask(&["standby", "show"]))
}

fn role(node: &Government) -> String {
    node.ask(&["standby", "show"]).unwrap_or_default()["role"].as_str().unwrap_or_default().to_owned()
}

/// Whether the node leads and may release.
pub(super) fn runs(node: &Government) -> bool {
    node.ask(&["status"]).is_ok_and(|status| status["state"] == "running" && status["role"] == "main")
}

/// Whether the standby of the node that leads is connected and holds everything.
pub(super) fn is_followed(leader: &Government) -> bool {
    let shown = leader.ask(&["standby", "show"]).unwrap_or_default();
    let rows = shown["standbys"].as_array().cloned().unwrap_or_default();
    shown["role"] == "main" && rows.iter().any(|row| row["connected"] == true && row["behind"] == 0)
}
