//! End to end: what an operator does at the terminal, with real daemons on loopback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use corridor::cli::demo::government::Government;
use serde_json::{Value, json};

use crate::world::{
    BINARY, TITLE, World, ask, command, eventually, fields, figures, release, run, standing, stderr, stdout,
    text, values,
};

const OBSERVATION: &str = "publisher agreement ref_area counterpart_area indicator freq basis sex age \
    education_lev occupation activity reason duration subnat unit_measure time_period obs_value obs_status \
    conf_status revision released_at entry";

#[test]
fn a_release_reaches_the_partner_and_its_receipt_returns() {
    let mut world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    let mine = [
        ["PHL", "CAN", "EF_REGEMI", "2012", "15005"],
        ["PHL", "CAN", "EF_REGEMI", "2013", "19041"],
        ["PHL", "ITA", "EF_REGEMI", "2013", "77"],
        ["PHL", "ESP", "MS_FBORN", "2015", "88"],
    ];
    ask(phl, &["submit", &figures(&world.path("phl.csv"), &mine)]);
    let plan = ask(phl, &["release", "--dry-run"]);
    let of = |title: &str| {
        let all = plan["released"].as_array().expect("a list").iter();
        all.into_iter().find(|one| one["title"] == title).expect("it is in the plan").clone()
    };
    assert_eq!((&of(TITLE)["new"], &of("public")["new"]), (&json!(2), &json!(1)));
    let withheld: Vec<u64> =
        of(TITLE)["withheld"].as_object().expect("reasons").values().filter_map(Value::as_u64).collect();
    assert_eq!(withheld.iter().sum::<u64>(), 2, "ITA and MS_FBORN are outside the agreement: {plan}");
    assert!(phl.get(&["MIGPROFILE"]).expect("it answers").is_empty(), "a dry run releases nothing");

    ask(phl, &["release"]);
    eventually("CAN has the figures", || values(can, &["EF_REGEMI"]) == ["15005", "19041"]);
    eventually("CAN has the public figure", || values(can, &["MS_FBORN"]) == ["88"]);
    eventually("PHL has CAN's receipt", || phl.nothing_owed().unwrap_or(false));
    release(can, &world.path("can.csv"), &[["CAN", "PHL", "MF_PERMSET", "2013", "29544"]]);
    eventually("PHL has CAN's figure", || values(phl, &["MF_PERMSET"]) == ["29544"]);
    keeps_the_contracts(phl);
    answers_alike_without_daemon(&mut world.can);
    let out = world.path("citation.json");
    let key = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
    ask(&world.can, &["cite", "EF_REGEMI", key, "2013", "-o", &text(&out)]);
    verifies(&world.can, &out);
}

fn keeps_the_contracts(phl: &Government) {
    let rows = phl.get(&["EF_REGEMI"]).expect("it answers");
    let expected: Vec<&str> = OBSERVATION.split_whitespace().collect();
    assert_eq!(fields(&rows[0]), expected);
    let csv = stdout(&run(phl, &["get", "EF_REGEMI", "--format", "csv"]));
    assert_eq!(csv.lines().next(), Some(expected.join(",").as_str()));
    assert_eq!(csv.lines().count(), 3);

    let mirror = ask(phl, &["mirror", "PHL", "CAN", "EF_REGEMI"]);
    for field in ["origin", "destination", "indicator", "mirror_indicator", "pairs", "summary"] {
        assert!(!mirror[field].is_null(), "{field} is in {mirror}");
    }
    let pair = &mirror["pairs"][0];
    let expected = json!({ "time_period": "2013", "origin_value": "19041", "destination_value": "29544" });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&pair[field], value, "{pair}");
    }
    assert!(pair["ratio"].is_string() && pair["asymmetry"].is_string(), "decimals are strings: {pair}");
    for field in ["pairs", "mean_ratio", "min_ratio", "max_ratio", "flagged"] {
        assert!(!mirror["summary"][field].is_null(), "{field} is in {mirror}");
    }
    assert_eq!(mirror["summary"]["flagged"], 1);

    let status = ask(phl, &["status"]);
    assert_eq!((&status["country"], &status["state"]), (&json!("PHL"), &json!("running")));
    for field in ["publisher_id", "node_id"] {
        assert_eq!(status[field].as_str().map(str::len), Some(64), "{field} is in {status}");
    }
    assert!(status["faults"].as_array().is_some_and(Vec::is_empty), "no faults: {status}");
    let partner = &status["partners"][0];
    assert_eq!((&partner["country"], &partner["connected"]), (&json!("CAN"), &json!(true)));
    assert!(partner["acknowledged"].as_u64() > Some(0), "CAN has signed receipts: {partner}");
    let feeds = ask(phl, &["feeds"]);
    for feed in feeds["feeds"].as_array().expect("a list") {
        for field in ["publisher", "agreement", "head_seq", "head_hash", "observations"] {
            assert!(!feed[field].is_null(), "{field} is in {feed}");
        }
    }
    assert_eq!(status["feeds"], feeds["feeds"]);
}

/// Stops the daemon and sees that every question is answered as before.
fn answers_alike_without_daemon(node: &mut Government) {
    let questions: [&[&str]; 7] = [
        &["get", "MIGPROFILE", "--history"],
        &["mirror", "PHL", "CAN"],
        &["feeds"],
        &["partner", "list"],
        &["agreement", "list"],
        &["submissions"],
        &["doctor"],
    ];
    let asked = |node: &Government| questions.map(|question| ask(node, question));
    eventually("CAN has PHL's receipt", || node.nothing_owed().unwrap_or(false));
    let mut with = asked(node);
    // Receipts for receipts' neighbours may still arrive: what counts is a moment in which nothing does.
    eventually("nothing moves any more", || {
        let now = asked(node);
        std::mem::replace(&mut with, now.clone()) == now
    });
    node.stop();
    assert!(!node.dir().join("control.sock").exists(), "an orderly end takes the socket away");
    for (question, (with, without)) in questions.iter().zip(with.iter().zip(asked(node))) {
        assert_eq!(*with, without, "{question:?}");
    }
    assert_eq!(ask(node, &["status"])["state"], "offline");
}

fn verifies(node: &Government, file: &Path) {
    let value = ask(node, &["verify", &text(file)]);
    assert_eq!((&value["valid"], &value["country"]), (&json!(true), &json!("PHL")));
    for field in ["publisher", "feed", "seq", "released_at"] {
        assert!(!value[field].is_null(), "{field} is in {value}");
    }
    let altered = std::fs::read_to_string(file).expect("it was written").replacen("19041", "19042", 1);
    std::fs::write(file, altered).expect("the file can be written");
    let (status, value) = node.try_ask(&["verify", &text(file)]).expect("it runs");
    assert_eq!((status, &value["valid"]), (3, &json!(false)));
    assert!(value["reason"].is_string(), "{value}");
}

#[test]
fn a_paused_or_removed_partner_gets_nothing_more() {
    let world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    release(phl, &world.path("1.csv"), &[["PHL", "CAN", "EF_REGEMI", "2001", "1"]]);
    eventually("CAN has the first figure", || values(can, &["EF_REGEMI"]) == ["1"]);

    ask(phl, &["partner", "pause", "CAN"]);
    eventually("the session is over", || phl.connected().is_ok_and(|connected| connected == 0));
    release(phl, &world.path("2.csv"), &[["PHL", "CAN", "EF_REGEMI", "2002", "2"]]);
    ask(can, &["partner", "ping", "PHL"]);
    assert_eq!(values(can, &["EF_REGEMI"]), ["1"]);
    ask(phl, &["partner", "pause", "CAN", "--resume"]);
    eventually("CAN has it after the pause", || {
        ask(can, &["partner", "ping", "PHL"]);
        values(can, &["EF_REGEMI"]) == ["1", "2"]
    });

    ask(phl, &["partner", "remove", "CAN"]);
    eventually("no session is left", || {
        ask(phl, &["peers"])["peers"].as_array().is_some_and(Vec::is_empty)
            && ask(can, &["peers"])["peers"].as_array().is_some_and(Vec::is_empty)
    });
    release(phl, &world.path("3.csv"), &[["PHL", "CAN", "MS_FBORN", "2003", "3"]]);
    ask(can, &["partner", "ping", "PHL"]);
    assert!(values(can, &["MS_FBORN"]).is_empty(), "nor the public feed");
    assert_eq!(ask(phl, &["status"])["partners"], json!([]));
}

#[test]
fn an_ended_agreement_is_no_longer_served() {
    let mut world = World::agreed();
    release(&world.phl, &world.path("1.csv"), &[["PHL", "CAN", "EF_REGEMI", "2001", "1"]]);
    release(&world.phl, &world.path("2.csv"), &[["PHL", "CAN", "MS_FBORN", "2001", "2"]]);
    eventually("CAN has both", || values(&world.can, &["MIGPROFILE"]).len() == 2);
    let agreement = ask(&world.can, &["agreement", "show", TITLE])["agreement"].clone();
    ask(&world.can, &["agreement", "end", TITLE]);
    eventually("PHL knows that it is over", || standing(&world.phl) == "over");

    let out = release(&world.phl, &world.path("3.csv"), &[["PHL", "CAN", "EF_REGEMI", "2002", "3"]]);
    let under = out["released"].as_array().expect("a list").iter().any(|one| one["agreement"] == agreement);
    assert!(!under, "nothing is released under it: {out}");

    // Both copies are lost. The public one comes back; the one under the ended agreement does not.
    world.can.stop();
    let id = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let publisher = id(&ask(&world.phl, &["status"])["publisher_id"]);
    let feeds = world.can.dir().join("feeds").join(publisher);
    let public = ask(&world.phl, &["feeds"])["feeds"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|feed| feed["agreement_name"] == "public")
        .map(|feed| id(&feed["agreement"]));
    std::fs::remove_dir_all(feeds.join(id(&agreement))).expect("CAN has a copy");
    std::fs::remove_dir_all(feeds.join(public.expect("PHL has a public feed"))).expect("CAN has a copy");
    world.can.start().expect("CAN starts");
    eventually("the public feed is back", || values(&world.can, &["MS_FBORN"]) == ["2"]);
    assert!(values(&world.can, &["EF_REGEMI"]).is_empty());
}

#[test]
fn a_daemon_answers_over_http_keeps_its_directory_and_stops_at_sigterm() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut node = Government::init(Path::new(BINARY), dir.path(), "PHL", "Philippines").expect("init");
    let mut daemon = Daemon::start(&node);
    eventually("the daemon answers", || {
        node.dir().join("control.sock").exists() && node.ask(&["peers"]).is_ok()
    });
    for (path, expected) in [("healthz", ""), ("readyz", ""), ("metrics", "# EOF"), ("en/", "Philippines")] {
        let answer = http(node.page(), path);
        assert!(answer.starts_with("HTTP/1.1 200"), "/{path}: {answer}");
        assert!(answer.contains(expected), "/{path}: {answer}");
    }
    assert!(http(node.page(), "nowhere").starts_with("HTTP/1.1 404"));
    let second = run(&node, &["run"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another corridor process"), "{}", stderr(&second));
    assert!(node.ask(&["status"]).is_ok(), "the first one is not disturbed");

    let asked = Command::new("kill").arg(daemon.0.id().to_string()).status().expect("kill runs");
    assert!(asked.success());
    assert_eq!(daemon.0.wait().expect("it ends").code(), Some(0));
    assert!(!node.dir().join("control.sock").exists());
    node.start().expect("it starts again");
    assert_eq!(ask(&node, &["status"])["faults"], json!([]), "nothing had to be mended");
}

/// A daemon whose exit status is asked for; it ends with the test.
struct Daemon(Child);

impl Daemon {
    fn start(node: &Government) -> Self {
        let mut run = command(node);
        run.arg("run").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(run.spawn().expect("it starts"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn http(page: &str, path: &str) -> String {
    let address = page.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("the page listens");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers in text");
    answer
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_exit_status() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let node = Government::init(Path::new(BINARY), dir.path(), "PHL", "Philippines").expect("init");
    let bad = dir.path().join("bad.csv");
    let good = ["PHL", "CAN", "EF_REGEMI", "2001", "1"];
    let rows = [good, ["PHL", "CAN", "NONSENSE", "2001", "1"], ["PHL", "CAN", "EF_REGEMI", "2002", "many"]];
    figures(&bad, &rows);
    for act in ["check", "submit"] {
        let output = run(&node, &[act, &text(&bad)]);
        assert_eq!(output.status.code(), Some(1));
        let said = stdout(&output);
        assert!(
            said.contains("line 3, column INDICATOR") && said.contains("line 4, column OBS_VALUE"),
            "{said}"
        );
        assert!(said.contains("nothing of it was kept"), "{said}");
        let (status, value) = node.try_ask(&[act, &text(&bad)]).expect("it runs");
        assert_eq!((status, &value["accepted"]), (1, &json!(false)));
        assert_eq!(value["findings"][0]["line"], 3);
    }
    let checked = node.try_ask(&["check", &figures(&dir.path().join("good.csv"), &[good])]).expect("it runs");
    assert_eq!((checked.0, &checked.1["accepted"]), (0, &json!(true)));
    assert_eq!(ask(&node, &["submissions"])["submissions"], json!([]));
    assert_eq!(node.try_ask(&["release"]).expect("it runs").0, 1, "nothing waits for release");

    assert_eq!(run(&node, &["submitt"]).status.code(), Some(2));
    assert_eq!(run(&node, &["get"]).status.code(), Some(2));
    assert_eq!(run(&node, &["get", "NO_SUCH_FLOW"]).status.code(), Some(1));
    let citation = dir.path().join("citation.json");
    std::fs::write(&citation, "{}").expect("the file can be written");
    assert_eq!(run(&node, &["verify", &text(&citation)]).status.code(), Some(3));
    let nobody = Command::new(BINARY).arg("--dir").arg(dir.path().join("nowhere")).arg("status").output();
    let nobody = nobody.expect("it runs");
    assert_eq!(nobody.status.code(), Some(1));
    assert!(stderr(&nobody).contains("corridor init"), "{}", stderr(&nobody));
}

#[test]
fn every_finding_of_a_file_is_written_out_and_two_hundred_are_shown() {
    const ROWS: usize = 50_000;
    let world = World::agreed();
    let (bad, all) = (world.path("bad.csv"), world.path("findings.txt"));
    let rows = (0..ROWS).map(|n| format!("PHL,CAN,EF_REGEMI,{},many{n}\n", 1900 + n % 100));
    let rows: String = rows.collect();
    std::fs::write(&bad, format!("REF_AREA,COUNTERPART_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE\n{rows}"))
        .expect("the file can be written");
    let output = run(&world.phl, &["check", &text(&bad), "--findings", &text(&all)]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(
        said.lines().filter(|line| line.starts_with("error: line ")).count(),
        201,
        "and how many more"
    );
    assert!(said.contains(&format!("all {ROWS} findings are in ")), "{said}");
    let written = std::fs::read_to_string(&all).expect("it is there");
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("error: line ")).count(), ROWS);
    let last = format!("error: line {}, column OBS_VALUE: number \"many{}\" refused", ROWS + 1, ROWS - 1);
    assert!(lines[ROWS - 1].starts_with(&last), "{}", lines[ROWS - 1]);
    assert_eq!(lines.last(), Some(&"in all 50000 errors: each stands above"));

    // The same without a file of findings, and where no row is good.
    let output = run(&world.phl, &["submit", &text(&bad), "--good-part"]);
    let said = stdout(&output);
    assert!(
        said.contains("no row is good") && said.contains("50001 findings in all; --findings FILE"),
        "{said}"
    );
    assert!(!said.contains("with --good-part"), "{said}");

    // A misspelt code in a key is no empty answer.
    let refused = run(&world.phl, &["get", "EF_REGEMI", "A.PLH"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused)
            .contains("REF_AREA: code \"PLH\" is not in its list; did you mean PHL (Philippines)")
    );
}

#[test]
fn a_card_of_another_network_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let node = Government::init(Path::new(BINARY), dir.path(), "PHL", "Philippines").expect("init");
    let real = dir.path().join("real");
    let init = ["--json", "init", "--country", "CAN", "--name", "Canada", "--network", "main"];
    let mut program = Command::new(BINARY);
    program.arg("--dir").arg(&real).arg("--passphrase-file").arg(node.dir().join("passphrase")).args(init);
    assert!(program.output().expect("it runs").status.success());
    let output = run(&node, &["partner", "add", "--yes", &text(&real.join("card.txt"))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("for the network main"), "{}", stderr(&output));
    assert_eq!(ask(&node, &["partner", "list"])["partners"], json!([]));
}
