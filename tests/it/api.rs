//! The open JSON API of real daemons: what it answers, and what it never does.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::world::{TITLE, World, ask, eventually, files, release, run, stdout, text, values};
use http::{get, json as answer_of, open, send};

pub(crate) mod http;
mod sdmx;

/// A figure that everybody may read, and two that an agreement opens to its parties.
const PUBLIC: [&str; 5] = ["PHL", "ESP", "MS_FBORN", "2015", "8805"];
const HIDDEN: [[&str; 5]; 2] =
    [["PHL", "CAN", "EF_REGEMI", "2012", "15005"], ["PHL", "CAN", "EF_REGEMI", "2013", "19041"]];
const KEY: &str = "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
const HIDDEN_KEY: &str = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";

fn released() -> World {
    let world = World::agreed();
    release(&world.phl, &world.path("phl.csv"), &[&[PUBLIC][..], &HIDDEN].concat());
    release(&world.can, &world.path("can.csv"), &[["CAN", "PHL", "MF_PERMSET", "2013", "29544"]]);
    eventually("PHL has CAN's figure", || values(&world.phl, &["MF_PERMSET"]) == ["29544"]);
    world
}

/// Every question that a reader can ask, and some about what is hidden.
fn questions(node: &corridor::cli::demo::government::Government) -> Vec<String> {
    let document = answer_of(node, "/api/v1/openapi.json");
    let paths = document["paths"].as_object().expect("paths").clone();
    let mut all = vec!["/".to_owned(), "/en/node".to_owned(), "/metrics".to_owned()];
    for (path, item) in &paths {
        if item.get("get").is_none() {
            continue;
        }
        let path = path.replace("{code}", "EF_REGEMI").replace("{period}", "2013");
        let path = path.replace("{agreement}", "public");
        for (country, key) in
            [("PHL", HIDDEN_KEY), ("CAN", "A.CAN.PHL.MF_PERMSET.CIT._T._T._T._T._T._T._T._T.PS")]
        {
            let path = path.replace("{country}", country).replace("{key}", key);
            let required: &[&str] = match path.as_str() {
                "/api/v1/mirror" => &["origin=PHL&destination=CAN", "origin=CAN&destination=PHL"],
                "/api/v1/labour" => &["origin=PHL&destination=CAN"],
                "/api/v1/diaspora" => &["country=PHL"],
                "/api/v1/mirror/widest" => &["indicator=EF_REGEMI"],
                "/api/v1/history" => &["key="],
                _ => &[""],
            };
            for required in required {
                let required =
                    if *required == "key=" { format!("key={key}") } else { (*required).to_owned() };
                for more in more_of(&path, key) {
                    let query = [required.as_str(), more].into_iter().filter(|part| !part.is_empty());
                    let query = query.collect::<Vec<_>>().join("&");
                    all.push(if query.is_empty() { path.clone() } else { format!("{path}?{query}") });
                }
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

fn more_of(path: &str, key: &str) -> Vec<&'static str> {
    let is_can = key.contains(".CAN.PHL.");
    match path {
        "/api/v1/observations" => vec![
            "",
            "history=true",
            "flow=EF_REGEMI",
            "publisher=PHL",
            "publisher=CAN",
            "format=csv",
            "limit=1",
            "key=A.PHL.CAN",
            "key=A.CAN.PHL",
            "as_of=2099-01-01",
        ],
        "/api/v1/series" => {
            vec!["", "limit=1", "indicator=EF_REGEMI", "counterpart_area=CAN", "publisher=CAN"]
        }
        "/api/v1/corridors" => vec!["", "origin=PHL&destination=CAN", "indicator=EF_REGEMI", "limit=1"],
        "/api/v1/region/public" => vec!["", "members=PHL,CAN", "members=CAN&indicator=EF_REGEMI&period=2013"],
        "/api/v1/quality" => vec!["", "country=PHL", "country=CAN", "country=PHL&indicator=EF_REGEMI"],
        "/api/v1/changes" => vec!["", "limit=1", "since=now", "since=now&wait=1s"],
        "/api/v1/mirror" => vec!["", if is_can { "indicator=MF_PERMSET" } else { "indicator=EF_REGEMI" }],
        _ => vec![""],
    }
}

#[test]
fn a_stranger_finds_no_trace_of_what_agreements_open() {
    let world = released();
    let (phl, can) = (&world.phl, &world.can);
    let agreement = ask(phl, &["agreement", "show", TITLE])["agreement"].as_str().expect("an id").to_owned();
    let partner = ask(can, &["status"])["publisher_id"].as_str().expect("an id").to_owned();
    let crawl = || -> Vec<(String, http::Answer)> {
        questions(phl).into_iter().map(|path| (path.clone(), get(phl, &path))).collect()
    };
    let before = crawl();
    assert!(before.len() > 40, "the crawl is long: {}", before.len());
    for (path, answer) in &before {
        let body = answer.text();
        let head = answer.header("etag").unwrap_or_default();
        assert!(answer.status < 500, "{path}: {body}");
        for hidden in ["15005", "19041", "29544", agreement.as_str()] {
            assert!(!body.contains(hidden) && !head.contains(hidden), "{path} shows {hidden}: {body}");
        }
        if !path.ends_with("openapi.json") {
            assert!(!body.contains(TITLE), "{path} shows the title: {body}");
        }
        // That PHL and CAN are partners stands on the status page; nowhere else is anything of CAN.
        if !matches!(path.as_str(), "/en/node" | "/metrics" | "/api/v1/status") {
            assert!(!body.contains(&partner), "{path} shows the partner: {body}");
        }
    }
    let of = |path: &str| before.iter().find(|(one, _)| one == path).expect("it was asked").1.json();
    assert_eq!(of("/api/v1/observations")["observations"].as_array().map(Vec::len), Some(1));
    assert_eq!(of("/api/v1/observations?flow=EF_REGEMI")["observations"], json!([]));
    let countries = of("/api/v1/countries");
    assert_eq!(countries["countries"].as_array().map(Vec::len), Some(1), "{countries}");
    assert_eq!(
        (&countries["countries"][0]["series"], &countries["countries"][0]["feeds"]),
        (&json!(1), &json!(1))
    );
    let corridors = of("/api/v1/corridors");
    assert_eq!(corridors["corridors"].as_array().map(Vec::len), Some(1), "{corridors}");
    assert_eq!(of("/api/v1/indicators/EF_REGEMI")["held"]["observations"], 0);
    assert_eq!(of("/api/v1/heads")["heads"].as_array().map(Vec::len), Some(1));
    for path in [
        format!("/api/v1/citations/PHL/{HIDDEN_KEY}/2013"),
        format!("/api/v1/citations/CAN/{HIDDEN_KEY}/2013"),
        format!("/api/v1/region/{agreement}"),
        "/api/v1/quality?country=CAN".to_owned(),
    ] {
        assert_eq!(get(phl, &path).status, 404, "{path}");
    }
    assert_eq!(get(phl, "/api/v1/mirror?origin=PHL&destination=CAN").status, 404);

    let export = text(&world.path("public"));
    let written = ask(phl, &["export", "--public", "--parquet", &export]);
    assert_eq!((&written["rows_written"], &written["feeds"]), (&json!(1), &json!(1)), "{written}");

    // More under the agreement moves nothing that a stranger sees: no tag, no cursor, no count.
    release(phl, &world.path("more.csv"), &[["PHL", "CAN", "EF_REGEMI", "2014", "17007"]]);
    eventually("CAN has it", || values(can, &["EF_REGEMI"]).contains(&"17007".to_owned()));
    let after = crawl();
    for ((path, was), (_, is)) in before.iter().zip(&after) {
        if !matches!(path.as_str(), "/en/node" | "/metrics") && was.status == 200 {
            assert_eq!(was.text(), is.text(), "{path} tells that something happened");
            assert_eq!(was.header("etag"), is.header("etag"), "{path}");
        }
    }
}

#[test]
fn a_token_opens_it_until_it_is_revoked() {
    let world = released();
    let phl = &world.phl;
    let made = ask(phl, &["token", "create", "portal", "--days", "30"]);
    let token = made["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("corridor_token_") && token.len() == 15 + 64, "{token}");
    let plain = stdout(&run(phl, &["token", "create", "second"]));
    assert!(plain.starts_with("corridor_token_") && plain.lines().count() == 1, "the token alone: {plain}");

    let bearer = format!("Authorization: Bearer {token}");
    let signed_in = |path: &str| send(phl, "GET", path, &[&bearer], b"");
    let rows = signed_in("/api/v1/observations?flow=EF_REGEMI").json();
    let found: Vec<&str> = rows["observations"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["obs_value"].as_str())
        .collect();
    assert_eq!(found, ["15005", "19041"]);
    let mirror = signed_in("/api/v1/mirror?origin=PHL&destination=CAN&indicator=EF_REGEMI");
    assert_eq!(mirror.json(), ask(phl, &["mirror", "PHL", "CAN", "EF_REGEMI"]));
    assert_eq!(mirror.header("cache-control"), Some("private, no-store"));
    assert_eq!(signed_in("/api/v1/countries").json()["countries"].as_array().map(Vec::len), Some(2));
    assert_eq!(signed_in(&format!("/api/v1/citations/PHL/{HIDDEN_KEY}/2013")).status, 200);
    let kinds = signed_in("/api/v1/changes").json();
    let entries = kinds["entries"].as_array().expect("entries");
    assert!(
        entries.iter().any(|entry| entry["agreement_name"] == TITLE && entry["kind"] == "release"),
        "{kinds}"
    );
    assert!(entries.iter().all(|entry| entry["agreement_name"] != "house"), "{kinds}");

    // A stranger's cursor and tag are of no use to one who is signed in, and the other way round.
    let cursor = signed_in("/api/v1/changes?since=now").json()["next"].as_str().expect("a cursor").to_owned();
    let told = answer_of(phl, &format!("/api/v1/changes?since={cursor}"));
    assert_eq!(told["entries"], json!([]), "it holds the public feed, and the rest tells nothing");
    assert_ne!(told["next"], cursor.as_str());

    let list = ask(phl, &["token", "list"]);
    assert_eq!(list["tokens"].as_array().map(Vec::len), Some(2));
    assert!(!list.to_string().contains(&token[15..]));
    for file in files(phl.dir(), "") {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let holds = bytes.windows(64).any(|part| *part == token.as_bytes()[15..]);
        assert!(!holds, "{} holds the token", file.display());
    }
    ask(phl, &["token", "revoke", "portal"]);
    let refused = signed_in("/api/v1/observations");
    assert_eq!(refused.status, 401, "{}", refused.text());
    assert_eq!(refused.json()["error"]["code"], "unauthorized");
    assert_eq!(phl.try_ask(&["token", "revoke", "portal"]).expect("it runs").0, 1, "it holds no longer");
    let acts = ask(phl, &["audit", "--verify"]);
    let acts: Vec<(&Value, &Value)> =
        acts["acts"].as_array().expect("acts").iter().map(|act| (&act["act"], &act["outcome"])).collect();
    for act in [("token create", "done"), ("token revoke", "done"), ("token revoke", "refused: not_found")] {
        assert!(acts.iter().any(|one| *one == (&json!(act.0), &json!(act.1))), "{act:?} is in the log");
    }
}

#[test]
fn answers_keep_their_contracts_and_join_page_by_page() {
    let world = released();
    let phl = &world.phl;
    let rows: Vec<[String; 5]> = (1990..2020)
        .flat_map(|year| {
            let row = move |country: &str| {
                ["PHL".into(), country.into(), "MS_FBORN".into(), year.to_string(), (year * 7).to_string()]
            };
            ["ITA", "FRA", "DEU"].map(row)
        })
        .collect();
    let rows: Vec<[&str; 5]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    release(phl, &world.path("many.csv"), &rows);

    let whole = answer_of(phl, "/api/v1/observations?flow=MS_FBORN");
    let expected: Vec<Value> = phl.get(&["MS_FBORN"]).expect("it answers");
    assert_eq!(whole["observations"].as_array(), Some(&expected));
    assert_eq!(expected.len(), 91);
    for (limit, history) in [(1, ""), (7, "&history=true"), (30, ""), (91, ""), (1000, "")] {
        let (mut joined, mut cursor) = (Vec::new(), String::new());
        loop {
            let page =
                answer_of(phl, &format!("/api/v1/observations?flow=MS_FBORN&limit={limit}{history}{cursor}"));
            let found = page["observations"].as_array().expect("rows").clone();
            assert!(found.len() <= limit);
            joined.extend(found);
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(joined, expected, "pages of {limit}");
    }
    let csv = get(phl, "/api/v1/observations?flow=MS_FBORN&format=csv").text().replace("\r\n", "\n");
    assert_eq!(csv, stdout(&run(phl, &["get", "MS_FBORN", "--format", "csv"])));

    let mut keys = Vec::new();
    let mut path = "/api/v1/series?limit=1".to_owned();
    loop {
        let page = answer_of(phl, &path);
        keys.extend(page["series"].as_array().expect("series").iter().map(|one| one["key"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/series?limit=1&cursor={next}");
    }
    assert_eq!(keys.len(), 4, "{keys:?}");
    let corridors = answer_of(phl, "/api/v1/corridors?destination=PHL");
    assert_eq!(corridors["corridors"].as_array().map(Vec::len), Some(4), "{corridors}");
    assert_eq!(corridors["corridors"][0]["first_period"], "1990");

    let revised = ["PHL", "ESP", "MS_FBORN", "2015", "8806"];
    ask(phl, &["submit", &crate::world::figures(&world.path("revised.csv"), &[revised])]);
    ask(phl, &["release", "--reason", "ERROR"]);
    let history = answer_of(phl, &format!("/api/v1/history?key={KEY}&period=2015"));
    let versions: Vec<&Value> =
        history["versions"].as_array().expect("versions").iter().map(|one| &one["obs_value"]).collect();
    assert_eq!(versions, [&json!("8805"), &json!("8806")]);
    evidence_is_that_of_the_command_line(&world);
    manners(&world);
}

fn evidence_is_that_of_the_command_line(world: &World) {
    let phl = &world.phl;
    let served = get(phl, &format!("/api/v1/citations/PHL/{KEY}/2015"));
    assert_eq!(served.status, 200, "{}", served.text());
    assert!(served.header("content-disposition").is_some_and(|name| name.contains("attachment")));
    let written = world.path("citation.json");
    ask(phl, &["cite", "MS_FBORN", KEY, "2015", "-o", &text(&written)]);
    assert_eq!(served.body, std::fs::read(&written).expect("it was written"), "the same file");
    let verify = |body: &[u8]| {
        send(phl, "POST", "/api/v1/citations/verify", &["Content-Type: application/json"], body)
    };
    let checked = verify(&served.body);
    assert_eq!((checked.status, checked.json()), (200, ask(phl, &["verify", &text(&written)])));
    let altered = verify(served.text().replacen("8806", "8807", 1).as_bytes()).json();
    assert_eq!(altered["valid"], false);
    assert!(altered["reason"].is_string() && altered.get("publisher").is_none(), "{altered}");
    let long = verify(&vec![b' '; 300 * 1024]);
    assert_eq!(long.status, 413, "{}", long.text());
}

/// Tags, compression, other origins, and parameters that are wrong.
fn manners(world: &World) {
    let phl = &world.phl;
    for path in
        ["/api/v1/observations", "/api/v1/countries", "/api/v1/series", "/api/v1/corridors", "/api/v1/heads"]
    {
        let first = get(phl, path);
        let tag = first.header("etag").expect("a tag").to_owned();
        assert_eq!(first.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(first.header("corridor-training"), Some("true"), "{path}");
        let again = send(phl, "GET", path, &[&format!("If-None-Match: {tag}")], b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
    }
    let packed = send(phl, "GET", "/api/v1/observations", &["Accept-Encoding: gzip"], b"");
    assert_eq!((packed.header("content-encoding"), &packed.body[..2]), (Some("gzip"), &[0x1f, 0x8b][..]));
    let first = ["Origin: https://example.org", "Access-Control-Request-Method: POST"];
    let preflight = send(phl, "OPTIONS", "/api/v1/citations/verify", &first, b"");
    assert_eq!(preflight.status, 204);
    assert!(!preflight.header("access-control-allow-headers").unwrap_or_default().contains("authorization"));
    for (path, words) in [
        ("/api/v1/observations?frm=PHL", "unknown field `frm`"),
        ("/api/v1/observations?flow=EF_NONE", "EF_NONE"),
        ("/api/v1/observations?key=A;B", "A;B"),
        ("/api/v1/observations?as_of=yesterday", "yesterday"),
        ("/api/v1/observations?limit=0", "1 to 10000"),
        ("/api/v1/observations?limit=2&limit=3", "duplicate field"),
        ("/api/v1/observations?cursor=abc", "cursor"),
        ("/api/v1/observations?format=xml", "json"),
        ("/api/v1/series?sex=X", "SEX"),
        ("/api/v1/series?publisher=NOR", "NOR"),
        ("/api/v1/corridors?origin=Philippines", "PHL"),
        ("/api/v1/mirror?origin=PHL", "destination"),
        ("/api/v1/history?key=A.PHL", "14"),
        ("/api/v1/changes?since=yesterday", "cursor"),
        ("/api/v1/changes?wait=5m", "30s"),
        ("/api/v1/heads?x=1", "unknown field"),
    ] {
        let answer = get(phl, path);
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["code"]), (400, &json!("bad_request")), "{path}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(words)), "{path}: {error}");
        assert_eq!(error["request"].as_str(), answer.header("x-request-id"), "{path}");
    }
}

#[test]
fn what_is_new_comes_by_long_poll_and_as_events() {
    let world = released();
    let phl = &world.phl;
    let now = answer_of(phl, "/api/v1/changes?since=now")["next"].as_str().expect("a cursor").to_owned();
    let all = answer_of(phl, "/api/v1/changes");
    assert_eq!(all["entries"].as_array().map(Vec::len), Some(1), "one public release: {all}");
    assert_eq!(all["next"], now.as_str());
    assert_eq!(
        (&all["entries"][0]["country"], &all["entries"][0]["kind"]),
        (&json!("PHL"), &json!("release"))
    );

    // What an agreement gets wakes nobody who is not to know of it.
    let began = corridor::node::clock::stopwatch();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| answer_of(phl, &format!("/api/v1/changes?since={now}&wait=4s")));
        release(phl, &world.path("hidden.csv"), &[["PHL", "CAN", "EF_REGEMI", "2015", "16016"]]);
        let told = waiting.join().expect("no panic");
        assert_eq!((&told["entries"], &told["next"]), (&json!([]), &json!(now)));
    });
    assert!(began.elapsed().as_secs_f32() >= 3.9, "it waited to the end: {:?}", began.elapsed());

    let events = open(
        phl,
        "GET",
        "/api/v1/changes",
        &["Accept: text/event-stream", &format!("Last-Event-ID: {now}")],
        b"",
    );
    let mut events = BufReader::new(events).lines().map(|line| line.expect("the stream goes on"));
    assert!(events.next().is_some_and(|line| line.contains("200")));
    let mut event = || -> (String, Value) {
        let id =
            events.by_ref().find_map(|line| line.strip_prefix("id: ").map(str::to_owned)).expect("an event");
        let data = events
            .by_ref()
            .find_map(|line| line.strip_prefix("data: ").map(str::to_owned))
            .expect("its data");
        (id, serde_json::from_str(&data).expect("JSON"))
    };
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| answer_of(phl, &format!("/api/v1/changes?since={now}&wait=30s")));
        release(phl, &world.path("new.csv"), &[["PHL", "ITA", "MS_FBORN", "2015", "77"]]);
        let told = waiting.join().expect("no panic");
        let (id, data) = event();
        assert_eq!(told["entries"][0], data);
        assert_eq!((&data["seq"], &data["records"]), (&json!(1), &json!(1)), "{data}");
        assert_eq!(told["next"], id.as_str());
    });
    release(phl, &world.path("newer.csv"), &[["PHL", "ITA", "MS_FBORN", "2016", "78"]]);
    assert_eq!(event().1["seq"], 2);
}
