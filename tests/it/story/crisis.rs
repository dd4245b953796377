//! Story C: a crisis in a state that does not exist, six states of transit, twelve of origin, and a courier. The figures
//! are scaled from what crossed Libya's borders in 2011; time is compressed, nothing else is.

use std::path::Path;
use std::time::{Duration, Instant};

use corridor::api::control::Client;
use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::{Government, wait};
use corridor::node::Request;
use corridor::node::crisis::CrisisRequest;
use corridor::node::home::socket;
use serde_json::{Value, json};

use self::cast::{AWAY, CUT_OFF, Cast, in_parallel};

mod after;
mod bulletins;
mod cast;
mod day;
mod trouble;

/// What the lane is called.
const LANE: &str = "LC-1";

/// Story C: from the activation of a crisis lane to the last erasure.
#[test]
#[ignore = "nineteen governments take minutes: scripts/story C plays it"]
fn a_crisis_from_activation_to_erasure() {
    super::played(play);
}

fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    let begun = now();
    let mut cast = Cast::meet(dir, checks)?;
    println!("  the cast stands after {:.0} s", begun.elapsed().as_secs_f64());
    cast.node_mut(AWAY).stop();
    let declared = activate(&cast, checks)?;
    day::first_figures(&cast, declared, checks)?;
    trouble::cut_off(&cast, checks)?;
    trouble::name_list(&cast, checks)?;
    trouble::protection(&cast, checks)?;
    bulletins::first_days(&cast, checks)?;
    trouble::twice(&cast, checks)?;
    trouble::ten_times(&cast, checks)?;
    bulletins::rest(&cast, checks)?;
    day::home(&cast, checks)?;
    after::returns(&mut cast, checks)?;
    bulletins::totals(&cast, checks)?;
    after::outside(&cast, checks)?;
    after::end(&cast, checks)?;
    println!("  the story took {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// H+0: XLA declares, an origin signs too, and every node that is reachable shows the lane.
fn activate(cast: &Cast, checks: &mut Checks) -> anyhow::Result<Instant> {
    println!(
        "\nC.1 XLA declares a crisis, XOA signs too, and the lane is in force at all who are reachable."
    );
    let declared = now();
    let said = cast.node(CUT_OFF).ask(&["crisis", "declare", "ARR-CR", "--area", "XLA", "--name", LANE])?;
    checks.equal("with one signature of two the lane", &said["standing"], "proposed");
    let early =
        cast.node("XTA").try_ask(&["crisis", "report", "--lane", LANE, "--set", "CR_BORDER:XOA=1"])?;
    checks.is("before the second signature nothing can be reported", early.0 == 1, &early.1.to_string());
    let xoa = cast.node("XOA");
    checks.eventually("XOA has the declaration", || lane_at(xoa).is_some());
    let signed = now();
    xoa.ask(&["crisis", "join", LANE])?;
    let present: Vec<&Government> = cast.present().collect();
    let seen = in_parallel(&present, |node| {
        let seen = how_long(|| lane_at(node).is_some_and(|lane| lane["standing"] == "in force"));
        Ok(seen.map(|_| signed.elapsed()))
    })?;
    for (node, seen) in present.iter().zip(&seen) {
        checks.is(&format!("the lane is in force at {}", node.country()), seen.is_some(), "it is not");
    }
    let slowest = seen.into_iter().flatten().max().unwrap_or_default();
    println!("  in force at all {:.2} s after the second signature", slowest.as_secs_f64());
    checks.is(
        "activation is visible at all in 5 s",
        slowest < Duration::from_secs(5),
        &format!("{slowest:?}"),
    );
    let status = cast.node("XOC").ask(&["status"])?;
    checks.equal("the crisis in XOC's status", &status["crises"][0]["name"], LANE);
    let again = xoa.try_ask(&["crisis", "join", LANE])?;
    checks.is("nobody signs twice", again.0 == 1, &again.1.to_string());
    Ok(declared)
}

/// The lane as a node lists it.
fn lane_at(node: &Government) -> Option<Value> {
    let list = asked(node, CrisisRequest::List)?;
    list["lanes"].as_array()?.iter().find(|lane| lane["name"] == LANE).cloned()
}

/// The picture as a node shows it.
fn picture(node: &Government) -> Value {
    asked(node, CrisisRequest::Show { lane: Some(LANE.to_owned()) }).unwrap_or_default()
}

/// What a node answers by the socket that the command line uses, without the time that a process takes to start.
fn asked(node: &Government, request: CrisisRequest) -> Option<Value> {
    let mut client = Client::connect(&socket(node.dir())).ok()??;
    client.call(&Request::Crisis(request), None, &mut |_| true).ok()?
}

/// The balance of an origin in a picture.
fn origin<'a>(picture: &'a Value, code: &str) -> &'a Value {
    let all = picture["origins"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|row| row["origin"] == code).unwrap_or(&Value::Null)
}

/// What a publisher has counted of a kind, in a picture.
fn counted(picture: &Value, publisher: &str, kind: &str) -> Value {
    let all = picture["publishers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = all.iter().find(|row| row["publisher"] == publisher && row["kind"] == kind);
    row.map_or(json!(0), |row| row["count"].clone())
}

/// Asks again until it is so; how long that took.
fn how_long(is_so: impl FnMut() -> bool) -> Option<Duration> {
    let begun = now();
    wait(Duration::from_secs(90), is_so).then(|| begun.elapsed())
}

/// The moment from which a story's times are taken.
#[expect(clippy::disallowed_methods, reason = "how long real daemons take is what is shown here")]
fn now() -> Instant {
    Instant::now()
}
