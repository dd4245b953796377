//! Regions, quality and the other analysis of real daemons, on the command line and over HTTP.

use serde_json::{Value, json};

use crate::api::http::{get, json as answer_of, send};
use crate::world::{TITLE, World, ask, eventually, release, run, stdout, values};

const FROM_PHL: [[&str; 5]; 3] = [
    ["PHL", "CAN", "EF_REGEMI", "2012", "100"],
    ["PHL", "CAN", "EF_REGEMI", "2013", "110"],
    ["PHL", "ITA", "MS_FBORN", "2020", "77"],
];
const FROM_CAN: [[&str; 5]; 3] = [
    ["CAN", "PHL", "MF_PERMSET", "2012", "150"],
    ["CAN", "PHL", "MF_PERMSET", "2013", "120"],
    ["CAN", "PHL", "MS_FBORN", "2020", "555"],
];

fn released() -> World {
    let world = World::agreed();
    release(&world.phl, &world.path("phl.csv"), &FROM_PHL);
    release(&world.can, &world.path("can.csv"), &FROM_CAN);
    for (reader, indicator, of_partner) in
        [(&world.can, "EF_REGEMI", ["100", "110"]), (&world.phl, "MF_PERMSET", ["150", "120"])]
    {
        eventually("the partner's figures are there", || values(reader, &[indicator]) == of_partner);
    }
    eventually("the public figures are at both", || {
        [&world.phl, &world.can].iter().all(|node| values(node, &["MS_FBORN"]).len() == 2)
    });
    world
}

fn total<'a>(region: &'a Value, indicator: &str, period: &str) -> &'a Value {
    let mut all = region["indicators"].as_array().expect("indicators").iter();
    all.find(|one| one["indicator"] == indicator && one["time_period"] == period).expect("the sum is there")
}

#[test]
fn members_compute_the_same_region_and_see_who_is_missing() {
    let world = released();
    let [one, other] = [&world.phl, &world.can].map(|node| ask(node, &["region", TITLE]));
    assert_eq!(one, other, "every byte of the answer is the same at both");
    assert_eq!(one["members"], json!(["CAN", "PHL"]));
    assert_eq!((&one["reporting"], &one["missing"]), (&json!(["CAN", "PHL"]), &json!([])));
    assert_eq!(total(&one, "EF_REGEMI", "2013")["total"], "110");
    assert_eq!(total(&one, "MF_PERMSET", "2013")["total"], "120");
    assert_eq!(one["core"]["covered"], 2, "{}", one["core"]);

    // A figure that one node has and the other cannot have yet moves the digest, and back in step it is equal again.
    release(&world.phl, &world.path("more.csv"), &[["PHL", "CAN", "EF_REGEMI", "2014", "120"]]);
    let moved = ask(&world.phl, &["region", TITLE])["digest"].clone();
    assert_ne!(moved, one["digest"]);
    eventually("CAN computes the same", || ask(&world.can, &["region", TITLE])["digest"] == moved);

    // Of all who publish to everybody, a chosen group; who is not there is named.
    let public = ask(&world.phl, &["region", "public", "--members", "can,phl,ita"]);
    assert_eq!(public["missing"], json!(["ITA"]), "{public}");
    // Filipinos counted in Canada are inside the group, and so are those of Italy counted in the Philippines.
    assert_eq!(total(&public, "MS_FBORN", "2020")["total"], "632");
    let (status, refused) = world.phl.try_ask(&["region", TITLE, "--members", "CAN"]).expect("it answers");
    assert_eq!(status, 1, "{refused}");
    let (status, refused) = world.phl.try_ask(&["region", TITLE, "--period", "20201"]).expect("it answers");
    assert_eq!(status, 1, "{refused}");
    let shown = stdout(&run(&world.can, &["region", TITLE]));
    for expected in ["2 of 2 members report", "EF_REGEMI", "1 of 2", "digest ", "▇█"] {
        assert!(shown.contains(expected), "{expected:?} is missing in:\n{shown}");
    }

    over_http(&world, &moved);
}

/// Without a token the agreement is not there at all; with one it is as on the command line.
fn over_http(world: &World, digest: &Value) {
    let phl = &world.phl;
    let id = ask(phl, &["agreement", "show", TITLE])["agreement"].as_str().expect("an id").to_owned();
    assert_eq!(get(phl, &format!("/api/v1/region/{id}")).status, 404);
    let public = answer_of(phl, "/api/v1/region/public?members=CAN,PHL,ITA");
    assert_eq!(public, ask(phl, &["region", "public", "--members", "CAN,PHL,ITA"]));
    let token =
        ask(phl, &["token", "create", "pages", "--days", "1"])["token"].as_str().expect("one").to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let signed_in = |path: &str| send(phl, "GET", path, &[&bearer], b"");
    let region = signed_in(&format!("/api/v1/region/{id}"));
    assert_eq!((region.status, &region.json()["digest"]), (200, digest));
    assert_eq!(signed_in("/api/v1/quality?country=CAN").json()["publishers"][0]["reported"], 2);
    // Italy says nothing of the Philippines, and these have a figure of people born there.
    let one_end = answer_of(phl, "/api/v1/mirror?origin=ITA&destination=PHL");
    assert_eq!((&one_end["missing"], &one_end["pairs"]), (&json!("origin"), &json!([])), "{one_end}");
    let alone = json!([{ "time_period": "2020", "origin_value": null, "destination_value": "77" }]);
    assert_eq!(one_end["alone"], alone, "{one_end}");
    assert_eq!(get(phl, "/api/v1/mirror?origin=ITA&destination=FRA").status, 404);
    let said = stdout(&run(phl, &["mirror", "ITA", "PHL"]));
    assert!(said.contains("Of ITA, the origin, no figure is held here.") && said.contains("77"), "{said}");
    let widest = signed_in("/api/v1/mirror/widest?indicator=EF_REGEMI").json();
    assert_eq!(widest["corridors"][0]["time_period"], "2013", "{widest}");
    for refused in [
        "/api/v1/region/public?members=can",
        "/api/v1/region/public?indicator=NO_SUCH",
        "/api/v1/region/public?period=20201",
        "/api/v1/quality?indicator=MS_FBORN",
        "/api/v1/mirror/widest?indicator=MS_FBORN&limit=501",
        "/api/v1/labour?origin=PHL",
    ] {
        assert_eq!(get(phl, refused).status, 400, "{refused}");
    }
    assert_eq!(get(phl, "/api/v1/mirror/widest?indicator=NF_NET").status, 404);
}

#[test]
fn quality_mirror_and_watch_say_what_is_held() {
    let world = released();
    let report = ask(&world.can, &["quality", "PHL"]);
    let phl = &report["publishers"][0];
    assert_eq!((&phl["country"], &phl["reported"]), (&json!("PHL"), &json!(2)), "{report}");
    let indicators = phl["indicators"].as_array().expect("indicators");
    let emigrants = indicators.iter().find(|one| one["indicator"] == "EF_REGEMI").expect("it is there");
    assert_eq!((&emigrants["observations"], &emigrants["last_period"]), (&json!(2), &json!("2013")));
    assert!(emigrants["timeliness_days"].as_i64() > Some(365), "{emigrants}");
    // A correction is a revision: 10 of 120.
    let rows = [["PHL", "CAN", "EF_REGEMI", "2013", "120"]];
    ask(&world.phl, &["submit", &crate::world::figures(&world.path("new.csv"), &rows)]);
    ask(&world.phl, &["release", "--reason", "ERROR"]);
    let revised = || {
        let report = ask(&world.can, &["quality", "PHL", "EF_REGEMI"]);
        report["publishers"][0]["indicators"][0]["revisions"].clone()
    };
    eventually("CAN sees how much was revised", || {
        revised() == json!({ "revised": 1, "mean_relative": "0.083" })
    });
    let everybody = ask(&world.can, &["quality"]);
    let publishers = everybody["publishers"].as_array().expect("publishers");
    assert_eq!(publishers.len(), 2, "{everybody}");
    for short in publishers {
        let whole = ask(&world.can, &["quality", short["country"].as_str().expect("a code")]);
        for (name, value) in short.as_object().expect("a report") {
            assert_eq!(whole["publishers"][0][name], *value, "{name} of {short}");
        }
    }
    let countries: Vec<&Value> =
        everybody["publishers"].as_array().expect("publishers").iter().map(|one| &one["country"]).collect();
    assert_eq!(countries, ["CAN", "PHL"], "in the order of codes: {everybody}");

    let shown = stdout(&run(&world.can, &["mirror", "PHL", "CAN", "EF_REGEMI"]));
    assert!(shown.contains("2 pairs, ratio destination/origin") && shown.contains("asymmetry"), "{shown}");
    let widest = stdout(&run(&world.can, &["mirror", "--widest", "EF_REGEMI"]));
    assert!(widest.contains("PHL") && widest.contains("2013"), "{widest}");
    let quality = stdout(&run(&world.can, &["quality", "PHL"]));
    assert!(quality.contains("not reported:") && quality.contains("EF_REGEMI"), "{quality}");

    // It is no terminal: lines, and the second look tells no more than what is different.
    let watched = stdout(&run(&world.can, &["watch", "--every", "1", "--looks", "2"]));
    assert!(watched.contains("node: running") && watched.contains(": connected"), "{watched}");
    assert_eq!(watched.matches("node: ").count(), 1, "{watched}");
    assert!(!watched.contains('\u{1b}'), "{watched:?}");
    let lines = ask_lines(&world);
    assert!(lines.iter().any(|line| line["what"] == "node"), "{lines:?}");
}

fn ask_lines(world: &World) -> Vec<Value> {
    let text = stdout(&run(&world.can, &["--json", "watch", "--looks", "1"]));
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}
