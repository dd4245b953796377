//! Signing in to the operator's pages of a real daemon: once, from here, and without a trace of the secret.

use corridor::cli::demo::government::Government;
use serde_json::Value;

use crate::api::http::{Answer, get, send};
use crate::world::{World, ask, eventually, run, stdout};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

fn host(node: &Government) -> String {
    node.page().trim_start_matches("http://").trim_end_matches('/').to_owned()
}

pub(crate) fn code(node: &Government) -> String {
    let link = node.ask(&["sign-in"]).expect("a link");
    let (url, code) = (link["url"].as_str().expect("a url"), link["code"].as_str().expect("a code"));
    assert_eq!(url, format!("http://{}/sign-in?code={code}", host(node)));
    code.to_owned()
}

pub(crate) fn enter(node: &Government, code: &str) -> Answer {
    let origin = format!("Origin: http://{}", host(node));
    send(node, "POST", "/sign-in", &[FORM, &origin, "Accept-Language: es"], format!("code={code}").as_bytes())
}

/// The cookie as a browser sends it back.
pub(crate) fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=43200"] {
        assert!(set.contains(part), "{part}: {set}");
    }
    assert!(!set.contains("Secure"), "there is no TLS on this machine: {set}");
    format!("Cookie: {}", set.split(';').next().unwrap_or_default())
}

fn page(node: &Government, cookie: &str) -> Answer {
    send(node, "GET", "/en/operator", &[cookie], b"")
}

fn acts(node: &Government) -> Vec<Value> {
    node.ask(&["audit"]).expect("the log")["acts"].as_array().expect("acts").clone()
}

#[test]
fn a_link_signs_in_once_and_is_written_down() {
    let world = World::agreed();
    let node = &world.phl;
    let code = code(node);
    // Whoever looks at links before people do uses nothing up.
    for _ in 0..3 {
        let looked = get(node, &format!("/sign-in?code={code}"));
        assert_eq!(looked.status, 200);
        assert_eq!(looked.header("referrer-policy"), Some("strict-origin"));
        assert_eq!(looked.header("cache-control"), Some("private, no-store"));
    }
    let entered = enter(node, &code);
    assert_eq!((entered.status, entered.header("location")), (303, Some("/es/operator")));
    let cookie = cookie(&entered);
    assert_eq!(page(node, &cookie).status, 200);
    let again = enter(node, &code);
    assert_eq!((again.status, again.header("set-cookie")), (403, None), "used");
    let said: Vec<(String, String)> = acts(node)
        .iter()
        .map(|act| (act["act"].to_string(), format!("{} {}", act["from"], act["address"])))
        .collect();
    let wanted = [
        ("\"sign-in link\"".to_owned(), "\"socket\" null".to_owned()),
        ("\"sign in\"".to_owned(), "\"http\" \"127.0.0.1\"".to_owned()),
    ];
    assert!(said.ends_with(&wanted), "{said:?}");
}

#[test]
fn nobody_signs_in_with_a_guess_or_from_another_site() {
    let world = World::agreed();
    let node = &world.phl;
    let code = code(node);
    let here = format!("Origin: http://{}", host(node));
    let body = format!("code={code}");
    for headers in [
        vec![FORM],
        vec![FORM, "Origin: http://evil.example"],
        vec![FORM, "Origin: null"],
        vec![FORM, here.as_str(), "Sec-Fetch-Site: cross-site"],
    ] {
        let answer = send(node, "POST", "/sign-in", &headers, body.as_bytes());
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{headers:?}");
    }
    assert_eq!(send(node, "POST", "/sign-in", &[here.as_str()], body.as_bytes()).status, 400, "no form");
    let guess: String = code.chars().rev().collect();
    for guess in [guess.as_str(), "", "no code"] {
        assert_eq!(enter(node, guess).status, 403, "{guess:?}");
    }
    assert_eq!(enter(node, &code).status, 303, "and the link is as good as before");
}

#[test]
fn attempts_from_one_address_are_few() {
    let world = World::agreed();
    let node = &world.phl;
    let code = code(node);
    let statuses: Vec<u16> = (0..11).map(|_| enter(node, &"0".repeat(64)).status).collect();
    assert_eq!(statuses, [vec![403; 10], vec![429]].concat());
    assert_eq!(enter(node, &code).status, 429, "the right one waits too");
    assert_eq!(get(node, "/api/v1/status").status, 200, "what is public is not in question");
}

#[test]
fn a_session_opens_the_operators_pages_and_nothing_else() {
    let world = World::agreed();
    let node = &world.phl;
    let cookie = cookie(&enter(node, &code(node)));
    for path in [
        "",
        "/",
        "/partners",
        "/agreements",
        "/deliveries",
        "/submissions",
        "/faults",
        "/crises",
        "/audit",
        "/health",
    ] {
        for language in ["en", "fr", "es"] {
            let path = format!("/{language}/operator{path}");
            let answer = send(node, "GET", &path, &[&cookie], b"");
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert_eq!(answer.header("cache-control"), Some("private, no-store"), "{path}");
            let text = answer.text();
            assert!(!text.contains(cookie.split('=').nth(1).expect("a value")), "{path} shows the session");
            assert!(!text.contains("http-equiv") && !text.contains("style="), "{path}");
            assert_eq!(get(node, &path).status, 401, "{path} without a session");
        }
    }
    let known = send(node, "GET", "/en/operator/partners", &[&cookie], b"").text();
    assert!(known.contains("Canada"), "{known}");
    assert_eq!(send(node, "GET", "/en/operator/partners/nobody", &[&cookie], b"").status, 404);
    // The API, and pages for everybody, show a signed-in operator what they show everybody.
    for path in [
        "/api/v1/status",
        "/api/v1/feeds",
        "/en/node",
        "/en/countries",
        "/sdmx/data/MIGPROFILE?format=sdmx-csv",
    ] {
        let (with, without) = (send(node, "GET", path, &[&cookie], b""), get(node, path));
        assert_eq!((with.status, with.text()), (without.status, without.text()), "{path}");
    }
    // Nothing can be done with it.
    for method in ["POST", "PUT", "DELETE"] {
        let answer = send(node, method, "/en/operator/partners", &[&cookie, FORM], b"form=1");
        assert_eq!(answer.status, 405, "{method}");
    }
}

#[test]
fn a_session_ends_by_its_form_by_the_command_line_and_by_a_restart() {
    let mut world = World::agreed();
    let node = &world.phl;
    let here = format!("Origin: http://{}", host(node));
    let one = cookie(&enter(node, &code(node)));
    let other = cookie(&enter(node, &code(node)));
    let form_of = |cookie: &str| {
        let text = page(node, cookie).text();
        let rest = text.split("name=\"form\" value=\"").nth(1).expect("a form").to_owned();
        rest[..64].to_owned()
    };
    let out = |headers: &[&str], form: &str| {
        let all = [&[FORM][..], headers].concat();
        send(node, "POST", "/en/operator/sign-out", &all, format!("form={form}").as_bytes()).status
    };
    let form = form_of(&one);
    assert_eq!(out(&[&one, &here], ""), 403, "no value");
    assert_eq!(out(&[&one, &here], &form_of(&other)), 403, "the value of another session");
    assert_eq!(out(&[&one, "Origin: http://evil.example"], &form), 403, "another site");
    assert_eq!(out(&[&here], &form), 401, "no session");
    assert_eq!(page(node, &one).status, 200, "it goes on");
    assert_eq!(out(&[&one, &here], &form), 303);
    assert_eq!((page(node, &one).status, page(node, &other).status), (401, 200));

    let unused = code(node);
    let ended = node.ask(&["sign-in", "--end"]).expect("it ends");
    assert_eq!(ended["ended"], serde_json::json!({ "links": 1, "sessions": 1 }));
    assert_eq!((page(node, &other).status, enter(node, &unused).status), (401, 403));

    let third = cookie(&enter(node, &code(node)));
    assert_eq!(page(node, &third).status, 200);
    world.phl.stop();
    world.phl.start().expect("it starts again");
    assert_eq!(page(&world.phl, &third).status, 401, "a restart ends it");
}

#[test]
fn no_secret_is_in_the_log_or_on_the_disk() {
    let mut world = World::agreed();
    world.phl.stop();
    world.phl.start_by(&[], &[("CORRIDOR_LOG_LEVEL", "trace")]);
    world.phl.start().expect("it starts");
    let node = &world.phl;
    let code = code(node);
    get(node, &format!("/sign-in?code={code}"));
    let cookie = cookie(&enter(node, &code));
    enter(node, &code);
    let text = page(node, &cookie).text();
    let form = text.split("name=\"form\" value=\"").nth(1).expect("a form")[..64].to_owned();
    let here = format!("Origin: http://{}", host(node));
    let bad = format!("form={form}0");
    send(node, "POST", "/en/operator/sign-out", &[FORM, &cookie, &here], bad.as_bytes());
    let secret = cookie.split('=').nth(1).expect("a value").to_owned();
    world.phl.stop();
    let log = std::fs::read_to_string(world.phl.log()).expect("the log");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "it says all that it can say");
    let mut open = vec![world.phl.dir().to_owned()];
    let mut files = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(&path).expect("a folder").map(|item| item.expect("an item").path()),
            );
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        files += 1;
        for secret in [&code, &secret, &form] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
    assert!(files > 5, "the log among them");
}

/// A crisis of both is in force, in a third country.
pub(crate) fn lane_of(phl: &Government, can: &Government) {
    let draft = ["agreement", "draft", "--title", "ARR", "--with", "CAN", "--purpose", "PROTECT"];
    let clause = ["--indicator", "CR_*", "--crisis-signatures", "1", "--crisis-days", "7"];
    ask(phl, &[&draft[..], &clause, &["--crisis-lower", "CR_NATREG=D0"]].concat());
    ask(phl, &["agreement", "propose", "ARR"]);
    eventually("CAN has the arrangement", || can.ask(&["agreement", "show", "ARR"]).is_ok());
    ask(can, &["agreement", "sign", "ARR"]);
    let standing =
        |node: &Government| node.ask(&["agreement", "show", "ARR"]).ok().map(|all| all["standing"].clone());
    for node in [phl, can] {
        eventually("it is in force", || standing(node).is_some_and(|standing| standing == "in force"));
    }
    ask(phl, &["crisis", "declare", "ARR", "--area", "LBY", "--name", "LC-1"]);
    eventually("CAN has the lane", || {
        can.ask(&["crisis", "show"]).is_ok_and(|lane| lane["standing"] == "in force")
    });
}

/// Both have reported, and one has corrected itself; the picture as PHL has it.
fn reported(phl: &Government, can: &Government) -> Value {
    const SEEN: &str = "2026-01-02T03:04:05Z";
    lane_of(phl, can);
    ask(phl, &["crisis", "report", "--set", "CR_NATREG:LBY=26015"]);
    let first = ["crisis", "report", "--set", "CR_BORDER:PHL=10040", "--place", "the <west> gate"];
    ask(can, &[&first[..], &["--bulletin", "C-1", "--observed", SEEN]].concat());
    let right = ["crisis", "report", "--set", "CR_BORDER:PHL=1004", "--place", "the <west> gate"];
    let fixed = ["--corrects", "C-1", "--observed", SEEN, "--reason", "a digit too many & more"];
    ask(can, &[&right[..], &fixed].concat());
    eventually("PHL has the correction", || {
        phl.ask(&["crisis", "show"]).is_ok_and(|lane| lane["totals"]["crossed"]["count"] == 1004)
    });
    ask(phl, &["crisis", "show"])
}

#[test]
fn the_picture_of_a_crisis_is_a_page_and_a_table_with_the_numbers_of_the_command_line() {
    let world = World::agreed();
    let phl = &world.phl;
    let lane = reported(phl, &world.can);
    assert_eq!(
        (&lane["totals"]["known"]["count"], &lane["totals"]["unaccounted"]),
        (&26015.into(), &25011.into())
    );

    let cookie = cookie(&enter(phl, &code(phl)));
    let id = lane["lane"].as_str().expect("an id")[..16].to_owned();
    for (language, digits, reason) in [
        ("en", ["26,015", "1,004", "25,011"], "Known"),
        ("fr", ["26\u{202f}015", "1004", "25\u{202f}011"], "Connues"),
        ("es", ["26\u{202f}015", "1004", "25\u{202f}011"], "Conocidas"),
    ] {
        let path = format!("/{language}/operator/crises/{id}");
        let text = send(phl, "GET", &path, &[&cookie], b"").text();
        for said in
            digits.into_iter().chain([reason, "the &lt;west&gt; gate", "a digit too many &amp; more", "<svg"])
        {
            assert!(text.contains(said), "{path}: {said}\n{text}");
        }
        assert!(text.contains("data-again=\"30\""), "it asks for news");
        assert!(!text.contains(">?<"), "{path}: a word is missing");
        let table = send(phl, "GET", &format!("{path}.csv"), &[&cookie], b"");
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(table.text().contains("origins,unaccounted,PHL,,,,,25011"), "{}", table.text());
        for path in [path.clone(), format!("{path}.csv")] {
            assert_eq!(get(phl, &path).status, 401, "{path} without a session");
        }
    }
    assert_eq!(send(phl, "GET", "/en/operator/crises/ffff.csv", &[&cookie], b"").status, 404);
}

#[test]
fn what_stays_of_a_crisis_is_told_where_the_picture_was() {
    let world = World::agreed();
    let phl = &world.phl;
    let lane = reported(phl, &world.can);
    let path = format!("/en/operator/crises/{}", &lane["lane"].as_str().expect("an id")[..16]);
    let cookie = cookie(&enter(phl, &code(phl)));
    let part =
        |page: &str| Some(page.split_once("id=\"summary\"")?.1.split_once("id=\"left\"")?.0.to_owned());
    assert_eq!(part(&send(phl, "GET", &path, &[&cookie], b"").text()), None, "it is not over");
    assert!(!stdout(&run(phl, &["crisis", "show", "LC-1"])).contains("what stays"));
    ask(phl, &["crisis", "end", "LC-1", "--lessons", "one list <of> convoys"]);
    eventually("it is summed up", || !ask(phl, &["crisis", "show", "LC-1"])["summary"].is_null());
    let page = send(phl, "GET", &path, &[&cookie], b"").text();
    let kept = part(&page).unwrap_or_else(|| panic!("nothing stays: {page}"));
    assert!(kept.contains("26,015") && kept.contains("1,004"), "{kept}");
    assert!(page.contains("one list &lt;of&gt; convoys"), "{page}");
    let told = stdout(&run(phl, &["crisis", "show", "LC-1"]));
    let kept = told
        .split_once("what stays")
        .and_then(|(_, rest)| rest.split_once("what is left"))
        .map(|(kept, _)| kept);
    let kept = kept.unwrap_or_else(|| panic!("nothing stays: {told}"));
    assert!(kept.contains("1004") && kept.contains("PHL has learnt: one list <of> convoys"), "{kept}");
}

/// The first link of a page with these words in its address.
fn link(text: &str, words: &str) -> String {
    let all = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    all.into_iter()
        .find(|href| href.contains(words))
        .unwrap_or_else(|| panic!("no link {words}: {text}"))
        .to_owned()
}

#[test]
fn a_figure_leads_to_its_bulletins_and_each_number_to_its_proof() {
    let world = World::agreed();
    let phl = &world.phl;
    let lane = reported(phl, &world.can);
    let rests = ask(phl, &["crisis", "show", "--figure", "totals/crossed"]);
    let row = &rests["rests"][0];
    assert_eq!(
        (&row["publisher"], &row["bulletin"], &row["count"]),
        (&"CAN".into(), &"C-1".into(), &1004.into())
    );
    assert_eq!((&rests["bulletins"], &lane["publishers"][1]["bulletins"]), (&1.into(), &1.into()));
    let stated = ask(phl, &["crisis", "show", "--bulletin", "CAN/C-1"]);
    let cell = &stated["observations"][0];
    assert_eq!(
        (&cell["count"], &cell["origin"], &stated["observations"][1]),
        (&1004.into(), &"PHL".into(), &Value::Null)
    );
    assert_eq!(phl.try_ask(&["crisis", "show", "--figure", "origins/ITA/home"]).expect("an answer").0, 1);

    let cookie = cookie(&enter(phl, &code(phl)));
    let open = |path: &str| {
        assert_eq!(get(phl, path).status, 401, "{path} without a session");
        let answer = send(phl, "GET", path, &[&cookie], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("private, no-store"), "{path}");
        assert!(!answer.text().contains(">?<"), "{path}: a word is missing");
        answer
    };
    for language in ["en", "fr", "es"] {
        let page = format!("/{language}/operator/crises/{}", lane["lane"].as_str().expect("an id"));
        let rests = open(&link(&open(&page).text(), "/rests/totals/crossed")).text();
        let bulletin = open(&link(&rests, "/bulletins/CAN/C-1")).text();
        assert!(bulletin.contains("a digit too many &amp; more"), "{bulletin}");
        let proof = open(&link(&bulletin, "/proof/CAN/")).text();
        assert!(proof.contains("class=\"verdict holds\"") && proof.contains("<td>1004</td>"), "{proof}");
        let file = open(&link(&proof, ".json")).text();
        corridor::feed::evidence::verify(file.as_bytes(), None).expect("the proof holds");
    }
    let (key, period) = (cell["key"].as_str().expect("a key"), cell["period"].as_str().expect("a period"));
    for path in [format!("/api/v1/citations/CAN/{key}/{period}"), format!("/en/evidence/CAN/{key}/{period}")]
    {
        for headers in [&[][..], &[cookie.as_str()]] {
            assert_eq!(send(phl, "GET", &path, headers, b"").status, 404, "{path}: it is not public");
        }
    }
}

#[test]
fn all_that_is_stated_in_a_lane_is_had_as_sdmx() {
    let world = World::agreed();
    let phl = &world.phl;
    let lane = reported(phl, &world.can);
    let cookie = cookie(&enter(phl, &code(phl)));
    let path = format!("/en/operator/crises/{}.sdmx.csv", &lane["lane"].as_str().expect("an id")[..16]);
    let answer = send(phl, "GET", &path, &[&cookie], b"");
    assert_eq!(answer.header("content-type"), Some("application/vnd.sdmx.data+csv;version=2.0.0"));
    let text = answer.text();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let names = table.headers().expect("a head").clone();
    let at = |name: &str| names.iter().position(|one| one == name).expect(name);
    let mut said: Vec<[String; 3]> = Vec::new();
    for row in table.records() {
        let row = row.expect("a row");
        said.push(["REF_AREA", "INDICATOR", "OBS_VALUE"].map(|name| row[at(name)].to_owned()));
    }
    said.sort();
    assert_eq!(said, [["CAN", "CR_BORDER", "1004"], ["PHL", "CR_NATREG", "26015"]], "{text}");
    assert_eq!(get(phl, &path).status, 401, "without a session");
    let all = "/sdmx/data/MIGPROFILE/...CR_BORDER..........?format=sdmx-csv";
    assert!(
        !send(phl, "GET", all, &[&cookie], b"").text().contains("1004"),
        "the session opens no other way"
    );
}
