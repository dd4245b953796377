//! Questions of statisticians' tools to a real daemon: what could be chosen beside what is chosen.

use std::collections::BTreeMap;
use std::path::Path;

use corridor::cli::demo::government::Government;
use corridor::model::codelist;

use crate::api::http::{get, json, send};
use crate::world::{BINARY, ask, release};

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

/// Each flow that rows are of, with how many there are, in the order of the message.
fn flows(csv: &str) -> Vec<(String, usize)> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = header.iter().position(|name| name == "STRUCTURE_ID").unwrap_or(0);
    let mut found: Vec<(String, usize)> = Vec::new();
    for row in reader.records().map(|row| row.expect("a row")) {
        match found.last_mut() {
            Some((flow, count)) if *flow == row[at] => *count += 1,
            _ => found.push((row[at].to_owned(), 1)),
        }
    }
    found
}

#[test]
fn several_flows_are_told_in_one_message() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    let both = "/sdmx/data/dataflow/PHL/MS,RE/1.0";
    let all = |known: &[(&str, usize)]| -> Vec<(String, usize)> {
        known.iter().map(|(flow, count)| ((*flow).to_owned(), *count)).collect()
    };
    for (path, wanted) in [
        (format!("{both}?"), all(&[("PHL:MS(1.0)", 3), ("PHL:RE(1.0)", 3)])),
        (format!("{both}/..ITA?"), all(&[("PHL:MS(1.0)", 2), ("PHL:RE(1.0)", 1)])),
        (format!("{both}?includeHistory=true&"), all(&[("PHL:MS(1.0)", 3), ("PHL:RE(1.0)", 3)])),
        (format!("{both}?offset=1&limit=3&"), all(&[("PHL:MS(1.0)", 2), ("PHL:RE(1.0)", 1)])),
        // Who does not publish here adds nothing.
        ("/sdmx/data/dataflow/PHL,CAN/MS?".to_owned(), all(&[("PHL:MS(1.0)", 3)])),
        ("/sdmx/data/dataflow/*/MS,RE/*?".to_owned(), all(&[("PHL:MS(1.0)", 3), ("PHL:RE(1.0)", 3)])),
        // A star stands for the flow that holds the others.
        ("/sdmx/data/dataflow/PHL/*?".to_owned(), all(&[("PHL:MIG(1.0)", 6)])),
        ("/sdmx/data/*/*/*/*?".to_owned(), all(&[("CORRIDOR:MIGPROFILE(1.0)", 6)])),
        ("/sdmx/data/MIG?".to_owned(), all(&[("PHL:MIG(1.0)", 6)])),
    ] {
        for form in ["sdmx-csv", "sdmx-csv1"] {
            let answer = get(&phl, &format!("{path}format={form}"));
            assert_eq!((answer.status, flows(&answer.text())), (200, wanted.clone()), "{path} {form}");
        }
    }
    for (form, series) in [("generic-xml", "<gen:Series>"), ("xml", "<Series ")] {
        let text = get(&phl, &format!("{both}?format={form}")).text();
        let sets: Vec<&str> = text.split("<mes:DataSet ").skip(1).collect();
        let counts: Vec<usize> = sets.iter().map(|set| set.matches(series).count()).collect();
        assert_eq!(counts, [2, 2], "{text}");
        for (at, (set, flow)) in sets.iter().zip(["MS", "RE"]).enumerate() {
            let id = format!("MIGPROFILE-{}", at + 1);
            assert!(set.contains(&format!("structureRef=\"{id}\"")), "{set}");
            let header = text.split(&format!("structureID=\"{id}\"")).nth(1).expect("its structure");
            let header = header.split("</mes:Structure>").next().unwrap_or_default();
            assert!(header.contains(&format!("id=\"{flow}\"")), "{header}");
        }
    }
    let message = json(&phl, &format!("{both}?format=sdmx-json"));
    for (at, flow) in ["MS", "RE"].into_iter().enumerate() {
        let structure = &message["data"]["structures"][at];
        let urn = format!("urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=PHL:{flow}(1.0)");
        assert_eq!(structure["links"][0]["urn"], urn.as_str(), "{structure}");
        assert_eq!(structure["dataSets"], serde_json::json!([at]));
        assert_eq!(message["data"]["dataSets"][at]["structure"], at);
    }
    for (path, status) in [
        ("data/dataflow/CAN,ESP/MS", 404),
        ("data/dataflow/PHL/NONE,NIL", 404),
        ("availability/dataflow/CAN,ESP/MS", 404),
        ("schema/dataflow/PHL/MS,RE", 400),
    ] {
        assert_eq!(get(&phl, &format!("/sdmx/{path}")).status, status, "{path}");
    }
}

/// Counterpart and period of each row.
fn order(csv: &str) -> String {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|one| one == name).expect("a column");
    let (area, period) = (at("COUNTERPART_AREA"), at("TIME_PERIOD"));
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| format!("{}{}", &row[area][..1], &row[period][2..])).collect::<Vec<_>>().join(" ")
}

/// Each constraint of a message: its flow, countries, observations and series.
fn constraints(message: &serde_json::Value) -> Vec<[String; 4]> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let of = |one: &serde_json::Value| {
        let keys = one["cubeRegions"][0]["keyValues"].as_array().into_iter().flatten();
        let places = keys.filter(|key| key["id"] == "COUNTERPART_AREA");
        let codes = places.flat_map(|key| key["values"].as_array().into_iter().flatten());
        let codes: Vec<String> = codes.map(|code| text(&code["value"])).collect();
        let flow = text(&one["constraintAttachment"]["dataflows"][0]);
        let flow = flow.split('=').nth(1).unwrap_or_default().to_owned();
        let [observations, series] = [0, 1].map(|at| text(&one["annotations"][at]["title"]));
        [flow, codes.join(" "), observations, series]
    };
    message["data"]["dataConstraints"].as_array().into_iter().flatten().map(of).collect()
}

#[test]
fn what_there_is_of_several_flows_is_told_in_one_message() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    let (ms, re) = ("PHL:MS(1.0)", "PHL:RE(1.0)");
    for (path, wanted) in [
        ("dataflow/PHL/MS,RE?", vec![[ms, "ESP ITA", "3", "2"], [re, "CAN ITA", "3", "2"]]),
        ("dataflow/*/MS,RE?", vec![[ms, "ESP ITA", "3", "2"], [re, "CAN ITA", "3", "2"]]),
        ("dataflow/PHL,CAN/RE,MS/1.0/..ESP?", vec![[ms, "ESP", "1", "1"], [re, "", "0", "0"]]),
        (
            "dataflow/PHL/MS,RE/*/..ESP?mode=available&",
            vec![[ms, "ESP ITA", "1", "1"], [re, "CAN ITA", "0", "0"]],
        ),
        ("dataflow/PHL/*?", vec![["PHL:MIG(1.0)", "CAN ESP ITA", "6", "4"]]),
        ("*/*/*?", vec![["CORRIDOR:MIGPROFILE(1.0)", "CAN ESP ITA", "6", "4"]]),
    ] {
        let path = format!("/sdmx/availability/{path}format=json");
        assert_eq!(constraints(&json(&phl, &path)), wanted, "{path}");
    }
    let first = "/sdmx/availableconstraint/PHL,MS+RE/..ITA";
    let told = constraints(&json(&phl, &format!("{first}?format=json")));
    assert_eq!(told, [[ms, "ITA", "2", "1"], [re, "ITA", "1", "1"]]);
    let message = get(&phl, first).text();
    for (flow, count) in [("MS", 2), ("RE", 1)] {
        let of = |part: &&str| part.contains(&format!("<Ref id=\"{flow}\" agencyID=\"PHL\""));
        let one = message.split("<str:ContentConstraint ").skip(1).find(of).expect("a constraint");
        assert!(one.contains(&format!("<com:AnnotationTitle>{count}<")), "{one}");
    }
    // What comes with it comes once; of the lists stand the codes of any of the flows.
    let message = json(&phl, "/sdmx/availability/dataflow/PHL/MS,RE/*/..ESP+CAN?references=all&format=json");
    let ids = |group: &str| -> Vec<String> {
        let all = message["data"][group].as_array().into_iter().flatten();
        all.map(|one| one["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(
        (ids("dataflows"), ids("dataStructures")),
        (vec!["MS".into(), "RE".into()], vec!["MIGPROFILE".into()])
    );
    let lists = message["data"]["codelists"].as_array().expect("lists");
    let indicators = lists.iter().find(|list| list["id"] == "CL_MP_INDICATOR").expect("the indicators");
    assert_eq!(indicators["codes"].as_array().map(Vec::len), Some(2), "{indicators}");
    // What was taken back since a time is a change like others.
    ask(&phl, &["retract", "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS", "2015", "--reason", "wrong"]);
    for (query, wanted) in [("", ["ITA", "2", "1"]), ("updatedAfter=2000-01-01&", ["ESP ITA", "3", "2"])] {
        let path =
            format!("/sdmx/availability/dataflow/PHL/MS?{query}references=dataproviderscheme&format=json");
        let message = json(&phl, &path);
        assert_eq!(constraints(&message)[0][1..], wanted, "{query}");
        assert_eq!(message["data"]["dataProviderSchemes"][0]["agencyID"], "PHL", "{message}");
    }
}

#[test]
fn figures_come_in_the_order_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    for (sort, more, wanted) in [
        ("", "", "E15 I15 I16 C14 C18 I17"),
        ("series_key", "", "C14 C18 E15 I15 I16 I17"),
        ("INDICATOR+REF_AREA", "", "E15 I15 I16 C14 C18 I17"),
        ("series_key+TIME_PERIOD:desc", "", "C18 C14 E15 I16 I15 I17"),
        ("TIME_PERIOD", "", "C14 E15 I15 I16 I17 C18"),
        ("TIME_PERIOD:desc+COUNTERPART_AREA:desc", "", "C18 I17 I16 I15 E15 C14"),
        ("COUNTERPART_AREA:desc", "", "I15 I16 I17 E15 C14 C18"),
        ("COUNTERPART_AREA:desc+TIME_PERIOD:desc", "", "I17 I16 I15 E15 C18 C14"),
        ("INDICATOR:desc+TIME_PERIOD", "", "C14 I17 C18 E15 I15 I16"),
        ("series_key:desc", "", "I17 I15 I16 E15 C14 C18"),
        ("*:desc", "", "I17 I16 I15 E15 C18 C14"),
        // What is passed over, and what is told at most, is so of the order.
        ("TIME_PERIOD:desc", "&offset=1&limit=2", "I17 I16"),
        ("TIME_PERIOD:desc", "&lastNObservations=1", "C18 I17 I16 E15"),
        ("TIME_PERIOD:desc", "&includeHistory=true&c[COUNTERPART_AREA]=CAN", "C18 C14"),
    ] {
        let sort = sort.replace('+', "%2B");
        let sort = if sort.is_empty() { String::new() } else { format!("&sort={sort}") };
        let path = format!("/sdmx/data/dataflow/PHL/MIG?format=sdmx-csv{sort}{more}");
        let answer = get(&phl, &path);
        assert_eq!((answer.status, order(&answer.text()).as_str()), (200, wanted), "{path}");
    }
    // In messages of series these are sorted, and periods within them.
    for form in ["generic-xml", "xml"] {
        let path = format!("/sdmx/data/PHL,MIG?format={form}&sort=COUNTERPART_AREA:desc%2BTIME_PERIOD:desc");
        let text = get(&phl, &path).text();
        let place = |mark: &str| text.find(mark).unwrap_or_else(|| panic!("{mark}: {text}"));
        assert!(place("\"ITA\"") < place("\"ESP\"") && place("\"ESP\"") < place("\"CAN\""), "{text}");
        assert!(place("\"2018\"") < place("\"2014\""), "{text}");
        assert_eq!(text.matches("<mes:DataSet ").count(), 1);
    }
    for (sort, status) in [("OBS_VALUE", 501), ("SEX:up", 400), ("NONE", 400)] {
        assert_eq!(get(&phl, &format!("/sdmx/data/MIG?sort={sort}")).status, status, "{sort}");
    }
}

#[test]
fn what_all_flows_of_a_question_hold_is_bounded_where_it_is_sorted() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut phl = Government::init(Path::new(BINARY), dir.path(), "PHL", "Philippines").expect("init");
    phl.start().expect("it starts");
    // Each of three flows holds all of 17,000, which is less than the bound; together they hold more.
    let years: Vec<String> = (1900..2000).map(|year| year.to_string()).collect();
    let places = codelist::area().codes().iter().map(codelist::Code::id);
    let places = places.filter(|code| codelist::alpha2(code).is_some() && *code != "PHL").take(170);
    let rows: Vec<[&str; 5]> = places
        .flat_map(|place| years.iter().map(move |year| ["PHL", place, "MS_FBORN", year.as_str(), "815"]))
        .collect();
    assert_eq!(rows.len(), 17_000);
    release(&phl, &dir.path().join("many.csv"), &rows);
    for (flows, status) in [("PHL/MIG", 200), ("PHL/MS,MIG", 200), ("PHL,CORRIDOR/MS,MIG,MIGPROFILE", 413)] {
        let path = format!("/sdmx/data/dataflow/{flows}?format=sdmx-csv&sort=TIME_PERIOD");
        assert_eq!(get(&phl, &path).status, status, "{flows}");
    }
}

#[test]
fn the_schema_of_a_flow_declares_its_components() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    for (path, space) in [
        ("schema/dataflow/PHL/MS/1.0", "Dataflow=PHL:MS(1.0):ObsLevelDim:TIME_PERIOD"),
        (
            "schema/dataflow/PHL/MS?dimensionAtObservation=AllDimensions",
            "Dataflow=PHL:MS(1.0):ObsLevelDim:AllDimensions",
        ),
        (
            "schema/datastructure/CORRIDOR/MIGPROFILE",
            "DataStructure=CORRIDOR:MIGPROFILE(1.0):ObsLevelDim:TIME_PERIOD",
        ),
    ] {
        let answer = get(&phl, &format!("/sdmx/{path}"));
        let text = answer.text();
        let kind = Some("application/vnd.sdmx.schema+xml;version=2.1");
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{path}: {text}");
        let space = format!("targetNamespace=\"urn:sdmx:org.sdmx.infomodel.datastructure.{space}\"");
        assert!(text.contains(&space), "{path}: {text}");
        for part in [
            "\"INDICATOR\" type=\"INDICATOR.Type\" use=\"required\"",
            "value=\"MS_FBORN\"",
            "\"DataSetType\"",
        ] {
            assert!(text.contains(part), "{path} lacks {part}");
        }
        assert_eq!(text.contains("\"SeriesType\""), !path.contains("AllDimensions"));
    }
    // Structures are had by whoever asks for them.
    let wanted = "Accept: application/vnd.sdmx.structure+json;version=2.0.0";
    let answer = send(&phl, "GET", "/sdmx/schema/dataflow/PHL/MS", &[wanted], b"");
    assert_eq!(answer.json()["data"]["dataStructures"][0]["id"], "MIGPROFILE");
    assert_eq!(get(&phl, "/sdmx/schema/dataflow/CAN/MS").status, 404);
}
