//! Questions of statisticians' tools to a real daemon: what could be chosen beside what is chosen.

use std::collections::BTreeMap;
use std::path::Path;

use corridor::cli::demo::government::Government;

use crate::api::http::{get, json};
use crate::world::{BINARY, release};

/// Three series and a fourth: Italy has stocks and remittances, Spain and Canada have one of them.
const SHAPES: [[&str; 5]; 6] = [
    ["PHL", "ITA", "MS_FBORN", "2015", "100"],
    ["PHL", "ITA", "MS_FBORN", "2016", "200"],
    ["PHL", "ESP", "MS_FBORN", "2015", "12.50"],
    ["PHL", "ITA", "RE_RECV", "2017", "7"],
    ["PHL", "CAN", "RE_RECV", "2014", "3"],
    ["PHL", "CAN", "RE_RECV", "2018", "5"],
];

fn node(dir: &Path) -> Government {
    let mut node = Government::init(Path::new(BINARY), dir, "PHL", "Philippines").expect("init");
    let path = node.dir().join("corridor.toml");
    let settings = std::fs::read_to_string(&path).expect("it is there");
    let both = settings.replace("public = [\"MS_FBORN\"]", "public = [\"MS_FBORN\", \"RE_RECV\"]");
    assert_ne!(settings, both);
    std::fs::write(&path, both).expect("it can be written");
    node.start().expect("it starts");
    release(&node, &dir.join("phl.csv"), &SHAPES);
    node
}

/// What a constraint tells, by component: codes, or the first and the last period; and the counts of observations and
/// series.
fn told(node: &Government, path: &str) -> (BTreeMap<String, String>, [String; 2]) {
    let message = json(node, &format!("/sdmx/{path}"));
    let constraint = &message["data"]["dataConstraints"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = BTreeMap::new();
    for key in constraint["cubeRegions"][0]["keyValues"].as_array().into_iter().flatten() {
        let codes = key["values"].as_array().into_iter().flatten().map(|one| text(&one["value"]));
        let range = ["startPeriod", "endPeriod"].map(|end| text(&key["timeRange"][end]["period"]));
        let codes: Vec<String> = if key["timeRange"].is_null() { codes.collect() } else { range.to_vec() };
        found.insert(text(&key["id"]), codes.join(" "));
    }
    (found, [0, 1].map(|at| text(&constraint["annotations"][at]["title"])))
}

#[test]
fn what_could_be_chosen_beside_what_is_chosen_is_told() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    let second = "availability/dataflow/PHL/MIG/1.0";
    for (question, counterparts, indicators, periods, counts) in [
        // Nothing is chosen: everything can be.
        (format!("{second}/*?mode=available"), "CAN ESP ITA", "MS_FBORN RE_RECV", "2014 2018", ["6", "4"]),
        // A country: the others can be chosen too; of indicators, those of the country.
        (format!("{second}/..ESP?mode=available"), "CAN ESP ITA", "MS_FBORN", "2015 2015", ["1", "1"]),
        (
            format!("{second}/..ITA?mode=available"),
            "CAN ESP ITA",
            "MS_FBORN RE_RECV",
            "2015 2017",
            ["3", "2"],
        ),
        (format!("{second}/..ITA?mode=exact"), "ITA", "MS_FBORN RE_RECV", "2015 2017", ["3", "2"]),
        // A country and an indicator: other countries with that indicator, other indicators of that country.
        (
            format!("{second}/..ITA.RE_RECV?mode=available"),
            "CAN ITA",
            "MS_FBORN RE_RECV",
            "2017 2017",
            ["1", "1"],
        ),
        // The same by filters, and as the first generation has it.
        (
            format!("{second}/*?c[COUNTERPART_AREA]=ITA&c[INDICATOR]=RE_RECV&mode=available"),
            "CAN ITA",
            "MS_FBORN RE_RECV",
            "2017 2017",
            ["1", "1"],
        ),
        (
            "availableconstraint/PHL,MIG/..ITA.RE_RECV?mode=available".to_owned(),
            "CAN ITA",
            "MS_FBORN RE_RECV",
            "2017 2017",
            ["1", "1"],
        ),
        // Two keys: what either lets be chosen.
        (
            format!("{second}/..ESP.MS_FBORN,..CAN.RE_RECV?mode=available"),
            "CAN ESP ITA",
            "MS_FBORN RE_RECV",
            "2014 2018",
            ["3", "2"],
        ),
        // A period is a choice as well: codes are of it, and other periods can be chosen.
        (
            format!("{second}/..ITA?c[TIME_PERIOD]=2017&mode=available"),
            "ITA",
            "RE_RECV",
            "2015 2017",
            ["1", "1"],
        ),
        // What a figure must be holds for all.
        (
            format!("{second}/..ITA?c[OBS_VALUE]=ge:12&mode=available"),
            "ESP ITA",
            "MS_FBORN",
            "2015 2016",
            ["2", "1"],
        ),
        // A choice to which there is nothing says what there would be.
        (format!("{second}/..ESP.RE_RECV?mode=available"), "CAN ITA", "MS_FBORN", "", ["0", "0"]),
        (format!("{second}/..ESP.RE_RECV"), "", "", "", ["0", "0"]),
    ] {
        let more = if question.contains('?') { '&' } else { '?' };
        let (found, counted) = told(&phl, &format!("{question}{more}format=json"));
        let of = |id: &str| found.get(id).map_or("", String::as_str);
        assert_eq!(of("COUNTERPART_AREA"), counterparts, "{question}");
        assert_eq!(of("INDICATOR"), indicators, "{question}");
        assert_eq!(of("TIME_PERIOD"), periods, "{question}");
        assert_eq!(counted, counts, "{question}");
    }
    // One component alone, in both generations.
    for path in [
        format!("{second}/..ITA.RE_RECV/COUNTERPART_AREA?mode=available&format=json"),
        "availableconstraint/PHL,MIG/..ITA.RE_RECV/all/COUNTERPART_AREA?mode=available&format=json"
            .to_owned(),
    ] {
        let (found, _) = told(&phl, &path);
        let wanted = BTreeMap::from([("COUNTERPART_AREA".to_owned(), "CAN ITA".to_owned())]);
        assert_eq!(found, wanted, "{path}");
    }
    // Of the lists that come with it stand the codes that are told.
    let message =
        json(&phl, &format!("/sdmx/{second}/..ITA.RE_RECV?mode=available&references=all&format=json"));
    let lists = message["data"]["codelists"].as_array().expect("lists");
    let indicators = lists.iter().find(|list| list["id"] == "CL_MP_INDICATOR").expect("the indicators");
    assert_eq!(indicators["codes"].as_array().map(Vec::len), Some(2), "{indicators}");
    assert_eq!(get(&phl, &format!("/sdmx/{second}?mode=some")).status, 400);
}
