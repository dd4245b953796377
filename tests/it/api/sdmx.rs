//! `/sdmx` of real daemons: what a stranger finds of what agreements open, which is nothing, and what a token opens.

use std::path::Path;

use corridor::cli::demo::government::Government;

use crate::world::{BINARY, TITLE, ask, eventually, release, text, values};

use super::http::{Answer, get, send};
use super::{HIDDEN_KEY, PUBLIC, released};

const PARTNER_KEY: &str = "A.CAN.PHL.MF_PERMSET";
const FORMS: [&str; 7] = [
    "application/vnd.sdmx.structure+xml;version=2.1",
    "application/vnd.sdmx.structure+json;version=2.0.0",
    "application/vnd.sdmx.genericdata+xml;version=2.1",
    "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    "application/vnd.sdmx.data+csv;version=1.0.0",
    "application/vnd.sdmx.data+csv;version=2.0.0",
    "application/vnd.sdmx.data+json;version=2.0.0",
];

/// Every route with what is there and what is hidden, by all the ways to ask for it.
fn questions() -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        "/",
        "/dataflow",
        "/dataflow/all/all/all?references=all",
        "/dataflow/CAN/MIG",
        "/dataflow/PHL/EF",
        "/structure/*/*/*/*",
        "/structure/dataflow?detail=allstubs",
        "/structure/dataflow/PHL?detail=referencepartial&references=all",
        "/agencyscheme/all",
        "/agencyscheme/CAN",
        "/dataproviderscheme/all?references=all",
        "/dataproviderscheme/CAN",
        "/provisionagreement/all",
        "/structure/dataconstraint",
        "/conceptscheme/CORRIDOR",
        "/schema/dataflow/PHL/EF",
        "/schema/dataflow/CAN/MF",
        "/schema/datastructure/CORRIDOR/MIGPROFILE",
        "/data/dataflow/PHL,CAN/MIG,EF,MF?format=sdmx-csv",
        "/data/dataflow/*/MIG?includeHistory=true&sort=TIME_PERIOD:desc",
        "/data/provisionagreement/*/*?sort=series_key:desc",
        "/availableconstraint/EF",
        "/availableconstraint/PHL,MIG/all/CAN",
        "/availability",
        "/availability/dataflow/CAN/MIG",
        "/availability/dataflow/*/MIG?references=all",
        "/availability/dataflow/PHL,CAN/MIG,EF,MF?mode=available",
        "/availableconstraint/PHL+CAN,MIG+EF+MF",
        "/availability?mode=available",
        "/availability/dataflow/PHL/MIG/*/..CAN.EF_REGEMI?mode=available&references=all",
        "/availableconstraint/MIGPROFILE/A.CAN?mode=available",
    ]
    .map(str::to_owned)
    .to_vec();
    let filters = [
        "",
        "includeHistory=true",
        "updatedAfter=2000-01-01",
        "asOf=2099-01-01",
        "c[INDICATOR]=EF_REGEMI",
        "c[INDICATOR]=ne:MS_FBORN",
        "c[COUNTERPART_AREA]=co:A",
        "c[REF_AREA]=CAN",
        "c[OBS_VALUE]=15005",
        "c[OBS_VALUE]=ge:15000+le:20000",
        "c[OBS_STATUS]=ne:X",
        "c[CONF_STATUS]=C,N,S,F",
        "c[DEF_ID]=ne:x",
        "startPeriod=2012&endPeriod=2013",
        "firstNObservations=1",
        "lastNObservations=1",
        "offset=1",
        "offset=0&limit=1",
        "sort=series_key%2BTIME_PERIOD:desc",
        "detail=serieskeysonly",
        "detail=nodata",
        "attributes=none&measures=none",
        "dimensionAtObservation=AllDimensions",
    ];
    for target in [
        "data/MIG",
        "data/PHL,EF",
        "data/CAN,MIG",
        "data/all,MIGPROFILE",
        "data/MIG/all/CAN",
        "data",
        "data/*/PHL/MIG/+/*",
        "data/dataflow/CORRIDOR/MIGPROFILE/1.0",
        "data/datastructure/CORRIDOR/MIGPROFILE",
        "data/provisionagreement/PHL/MIG",
        "data/provisionagreement/CAN/MIG",
        "availability/dataflow/CORRIDOR/MIGPROFILE/1.0",
    ] {
        all.extend(filters.iter().map(|filter| format!("/{target}?{filter}")));
    }
    for key in [HIDDEN_KEY, PARTNER_KEY, "A.PHL.CAN", "A.CAN+PHL.PHL+CAN", "...EF_REGEMI+MF_PERMSET"] {
        all.push(format!("/data/MIGPROFILE/{key}"));
        all.push(format!("/data/dataflow/PHL/MIG/*/{key}"));
        all.push(format!("/data/dataflow/CORRIDOR/MIGPROFILE/*/{key}"));
        all.push(format!("/availability/dataflow/CORRIDOR/MIGPROFILE/*/{key}"));
        all.push(format!(
            "/availability/dataflow/CORRIDOR/MIGPROFILE/*/{key}/COUNTERPART_AREA?references=all"
        ));
    }
    all.into_iter().map(|path| format!("/sdmx{path}")).collect()
}

/// An answer without the time at which it was made.
fn timeless(answer: &Answer) -> String {
    let text = answer.text();
    let mut lines = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("repared") {
        let (before, after) = rest.split_at(at);
        lines += before;
        rest = after.split_once('Z').map_or("", |(_, rest)| rest);
    }
    lines + rest
}

#[test]
fn no_tag_tells_a_stranger_with_whom_a_government_deals() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let init = |code, name| Government::init(Path::new(BINARY), dir.path(), code, name).expect("init");
    let (mut phl, can) = (init("PHL", "Philippines"), init("CAN", "Canada"));
    phl.start().expect("it starts");
    release(&phl, &dir.path().join("phl.csv"), &[PUBLIC]);
    let paths =
        ["/sdmx/data/MIG", "/sdmx/dataflow", "/sdmx/availability/dataflow/*/MIG", "/api/v1/countries"];
    let tags = |of: &[&str]| -> Vec<Option<String>> {
        paths.map(|path| send(&phl, "GET", path, of, b"").header("etag").map(str::to_owned)).to_vec()
    };
    let token = ask(&phl, &["token", "create", "portal"])["token"].as_str().expect("a token").to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let (before, own) = (tags(&[]), tags(&[&bearer]));
    assert!(before.iter().all(Option::is_some), "{before:?}");
    ask(&phl, &["partner", "add", "--yes", &text(&can.card())]);
    eventually("the government's own answers know of it", || tags(&[&bearer]) != own);
    assert_eq!(tags(&[]), before);
}

#[test]
fn a_stranger_finds_no_trace_of_it_in_sdmx() {
    let world = released();
    let (phl, can) = (&world.phl, &world.can);
    let agreement = ask(phl, &["agreement", "show", TITLE])["agreement"].as_str().expect("an id").to_owned();
    let partner = ask(can, &["status"])["publisher_id"].as_str().expect("an id").to_owned();
    let crawl = || -> Vec<(String, Answer)> {
        let mut all = Vec::new();
        for (at, path) in questions().into_iter().enumerate() {
            // Every question in the form that clients get, and in one of the others.
            for form in ["*/*", FORMS[at % FORMS.len()], FORMS[(at + 3) % FORMS.len()]] {
                all.push((
                    format!("{path} {form}"),
                    send(phl, "GET", &path, &[&format!("Accept: {form}")], b""),
                ));
            }
        }
        all
    };
    let before = crawl();
    assert!(before.len() > 800, "the crawl is long: {}", before.len());
    for (path, answer) in &before {
        let body = answer.text();
        assert!(answer.status < 500 || answer.status == 501, "{path}: {body}");
        let tag = answer.header("etag").unwrap_or_default();
        for hidden in ["15005", "19041", "29544", agreement.as_str(), partner.as_str(), TITLE] {
            assert!(!body.contains(hidden) && !tag.contains(hidden), "{path} shows {hidden}: {body}");
        }
        // Codes of what is hidden stand in code lists, and in no key, flow or constraint.
        for hidden in
            ["CAN:MIG", "agencyID=\"CAN\"", "\"agencyID\":\"CAN\"", "<com:Value>CAN<", "value=\"CAN\""]
        {
            // A schema is the code lists, whatever is held.
            let is_list = path.starts_with("/sdmx/schema/") && hidden.starts_with("value=");
            assert!(is_list || !body.contains(hidden), "{path} shows {hidden}: {body}");
        }
        let is_data =
            ["/sdmx/data/", "/sdmx/data?", "/sdmx/data "].iter().any(|start| path.starts_with(start));
        if is_data && answer.status == 200 {
            assert!(!body.contains("EF_REGEMI") && !body.contains("MF_PERMSET"), "{path}: {body}");
        }
    }
    let status = |path: &str| get(phl, path).status;
    assert_eq!(status("/sdmx/dataflow/CAN/MIG"), 404);
    assert_eq!(status("/sdmx/data/CAN,MIG"), 404);
    assert_eq!(status("/sdmx/dataflow/PHL/EF"), 404);
    // A theme of which there are figures under an agreement alone is as one of which there are none.
    let asked = |theme: &str| timeless(&get(phl, &format!("/sdmx/availableconstraint/PHL,{theme}")));
    assert_eq!(asked("EF").replace("EF", "LM"), asked("LM"));
    let counted = get(phl, "/sdmx/availability/dataflow/CORRIDOR/MIGPROFILE?format=json").json();
    assert_eq!(counted["data"]["dataConstraints"][0]["annotations"][0]["title"], "1", "{counted}");

    // More under the agreement moves nothing that a stranger sees.
    release(phl, &world.path("more.csv"), &[["PHL", "CAN", "EF_REGEMI", "2014", "17007"]]);
    eventually("CAN has it", || values(can, &["EF_REGEMI"]).contains(&"17007".to_owned()));
    for ((path, was), (_, is)) in before.iter().zip(&crawl()) {
        assert_eq!((was.status, was.header("etag")), (is.status, is.header("etag")), "{path}");
        assert_eq!(timeless(was), timeless(is), "{path} tells that something happened");
    }

    // A token opens it, and one that does not hold opens nothing, not even what is public.
    let token = ask(phl, &["token", "create", "portal"])["token"].as_str().expect("a token").to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let signed_in = |path: &str| send(phl, "GET", path, &[&bearer], b"");
    assert!(signed_in("/sdmx/data/EF?format=sdmx-csv").text().contains(",15005,"));
    assert!(signed_in("/sdmx/data/CAN,MF?format=sdmx-csv").text().contains(",29544,"));
    assert_eq!(signed_in("/sdmx/dataflow/CAN/MF").status, 200);
    let constrained = |answer: &Answer| -> Vec<[String; 2]> {
        let all = answer.json()["data"]["dataConstraints"].as_array().cloned().unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        all.iter().map(|one| [text(&one["agencyID"]), text(&one["annotations"][0]["title"])]).collect()
    };
    for mode in ["exact", "available"] {
        let whose = format!("/sdmx/availability/dataflow/*/MIG?mode={mode}&format=json");
        assert_eq!(constrained(&get(phl, &whose)), [["PHL", "1"]], "{mode}");
        assert_eq!(constrained(&signed_in(&whose)), [["CAN", "1"], ["PHL", "4"]], "{mode}");
    }
    assert_eq!(signed_in("/sdmx/data/EF").header("cache-control"), Some("private, no-store"));
    let wrong = send(phl, "GET", "/sdmx/data/MIG", &["Authorization: Bearer corridor_token_0"], b"");
    assert_eq!(wrong.status, 401, "{}", wrong.text());
    assert!(wrong.text().contains("code=\"110\""), "{}", wrong.text());
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer realm=\"corridor\""));
    // A stranger's tag is of no use to one who is signed in.
    let tag = get(phl, "/sdmx/data/MIG").header("etag").expect("a tag").to_owned();
    let again = send(phl, "GET", "/sdmx/data/MIG", &[&bearer, &format!("If-None-Match: {tag}")], b"");
    assert_eq!(again.status, 200);
}
