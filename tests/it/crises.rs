//! Crises at real daemons: what is asked of them by who does not wait for an answer before the next question.

use corridor::api::control::Client;
use corridor::node::Request;
use corridor::node::crisis::{CrisisRequest, ReportRequest};
use corridor::node::home::socket;
use serde_json::json;

use crate::operator::lane_of;
use crate::world::{World, ask};

mod ahead;

/// So many bulletins are asked for in one go, each between two questions for the picture.
const BULLETINS: u64 = 60;

fn report(number: u64) -> (Request, Option<Vec<u8>>) {
    let request = ReportRequest {
        lane: Some("LC-1".to_owned()),
        file: "table.csv".to_owned(),
        bulletin: Some(format!("B-{number}")),
        observed: format!("2026-{:02}-{:02}T06:00:00Z", 1 + number / 28, 1 + number % 28),
        ..ReportRequest::default()
    };
    let table = format!("INDICATOR,COUNTERPART_AREA,OBS_VALUE\nCR_NATREG,LBY,{}\n", 26_000 + number);
    (Request::Crisis(CrisisRequest::Report(request)), Some(table.into_bytes()))
}

#[test]
fn one_who_does_not_wait_sees_every_bulletin_from_its_place_on() {
    let world = World::agreed();
    lane_of(&world.phl, &world.can);
    let show = || (Request::Crisis(CrisisRequest::Show { lane: Some("LC-1".to_owned()) }), None);
    let mut asked = vec![show()];
    (1..=BULLETINS).for_each(|number| asked.extend([report(number), show()]));
    let mut client = Client::connect(&socket(world.phl.dir())).expect("a socket").expect("it runs");
    let mut shown = Vec::new();
    client
        .call_all(&asked, &mut |answer| {
            let value = answer.expect("it is answered").expect("with a value");
            shown.extend(value["bulletins"].as_u64());
            assert!(value["bulletins"].is_u64() || value["waiting"] == false, "{value}");
        })
        .expect("all are answered");
    assert_eq!(shown, (0..=BULLETINS).collect::<Vec<_>>());
}

#[test]
fn a_correction_is_of_the_moment_of_what_it_corrects() {
    let world = World::agreed();
    let phl = &world.phl;
    lane_of(phl, &world.can);
    ask(phl, &["crisis", "report", "--set", "CR_BORDER:CAN=1200", "--bulletin", "B-1"]);
    let right =
        ["crisis", "report", "--set", "CR_BORDER:CAN=120", "--corrects", "B-1", "--reason", "a digit"];
    ask(phl, &right);
    let shown = ask(phl, &["crisis", "show"]);
    assert_eq!((&shown["totals"]["crossed"]["count"], &shown["bulletins"]), (&120.into(), &1.into()));
    assert_eq!(shown["corrections"][0]["reason"], "a digit");
    let (status, said) = phl
        .try_ask(&["crisis", "report", "--set", "CR_BORDER:CAN=1", "--corrects", "B-9", "--reason", "none"])
        .expect("it answers");
    assert!(status == 1 && said.to_string().contains("B-9"), "{said}");
}

#[test]
fn a_drill_goes_the_whole_way_and_says_who_received_its_bulletin() {
    let world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    lane_of(phl, can);
    let drilled = ask(phl, &["crisis", "drill", "ARR", "--area", "LBY"]);
    assert_eq!((&drilled["seen"], &drilled["standing"]), (&true.into(), &"over".into()), "{drilled}");
    assert_eq!((&drilled["received"], &drilled["not_received"]), (&json!(["CAN"]), &json!([])), "{drilled}");
    let name = drilled["name"].as_str().expect("a name");
    let there = ask(can, &["crisis", "show", name]);
    assert_eq!((&there["totals"]["crossed"]["count"], &there["drill"]), (&1.into(), &true.into()));
    assert!(there["watermark"].as_str().is_some_and(|mark| mark.starts_with("EXERCISE")), "{there}");
    // Nothing of it is in the lane that is none.
    assert_eq!(ask(can, &["crisis", "show", "LC-1"])["bulletins"], 0);
}

#[test]
fn a_place_is_known_or_said_to_be_new_and_a_name_is_neither() {
    let world = World::agreed();
    let phl = &world.phl;
    lane_of(phl, &world.can);
    let at = |day: &str, place: &[&str]| {
        let observed = format!("2026-01-{day}T06:00:00Z");
        let report = ["crisis", "report", "--set", "CR_BORDER:CAN=120", "--observed", &observed, "--place"];
        phl.try_ask(&[&report[..], place].concat()).expect("it answers")
    };
    let (status, said) = at("01", &["Amina Yusuf"]);
    let said = said.to_string();
    assert!(status == 1 && said.contains("--new-place") && said.contains("consular"), "{said}");
    assert_eq!(at("01", &["the west gate", "--new-place"]).0, 0);
    // It is known from then on, however it is written; and codes of places are known to everybody.
    assert_eq!(at("02", &["The West Gate"]).0, 0);
    assert_eq!(at("03", &["PH-01"]).0, 0);
    let (status, said) = at("04", &["the vest gate"]);
    assert!(status == 1 && said.to_string().contains("the west gate"), "{said}");
    let (status, said) = at("04", &["call +218 91 555 0101", "--new-place"]);
    assert!(status == 1 && said.to_string().contains("telephone"), "{said}");
    let shown = ask(phl, &["crisis", "show"]);
    assert_eq!((&shown["bulletins"], &shown["reporting_places"]), (&3.into(), &json!(["the west gate"])));
    let id = ["crisis", "report", "--set", "CR_BORDER:CAN=1", "--bulletin", "AMINA-YUSUF"];
    let (status, said) = phl.try_ask(&id).expect("it answers");
    assert!(status == 1 && said.to_string().contains("PHL-17"), "{said}");
}

#[test]
fn two_border_points_may_count_at_the_same_second_and_one_may_not_twice() {
    let world = World::agreed();
    let phl = &world.phl;
    lane_of(phl, &world.can);
    let at = |figure: &str, place: &str| {
        let report = ["crisis", "report", "--set", figure, "--observed", "2026-01-02T03:04:05Z"];
        phl.try_ask(&[&report[..], &["--place", place, "--new-place"]].concat()).expect("it answers")
    };
    assert_eq!(at("CR_BORDER:CAN:PH-01=120", "the west gate").0, 0);
    assert_eq!(at("CR_BORDER:CAN:PH-02=80", "the east gate").0, 0);
    let (status, said) = at("CR_BORDER:CAN:PH-01=7", "the north gate");
    let said = said.to_string();
    assert!(status == 1 && said.contains("--corrects PHL-1.") && said.contains("--observed"), "{said}");
    // Without a code of the point the words of the place keep nothing apart, and it is said what does.
    assert_eq!(at("CR_BORDER:LBY=5", "the west gate").0, 0);
    let (status, said) = at("CR_BORDER:LBY=6", "the east gate");
    assert!(status == 1 && said.to_string().contains("SUBNAT"), "{said}");
    let shown = ask(phl, &["crisis", "show"]);
    assert_eq!(shown["totals"]["crossed"]["count"], 205, "{shown}");
}

#[test]
fn what_was_observed_tomorrow_is_refused() {
    let world = World::agreed();
    let phl = &world.phl;
    lane_of(phl, &world.can);
    let report = ["crisis", "report", "--set", "CR_NATREG:LBY=26015", "--observed", "2962-01-02T03:04:05Z"];
    let (status, said) = phl.try_ask(&report).expect("it answers");
    assert!(status == 1 && said.to_string().contains("lies ahead"), "{said}");
    assert_eq!(ask(phl, &["crisis", "show"])["bulletins"], 0);
}
