//! The real server on a port of its own, asked in HTTP as it goes over the wire.

use std::future::pending;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::access::MAX_FAILURES;
use super::{MAX_BODY, Manner, portal, serve};
use crate::api::fake::{Fake, PATIENCE, ROWS, token_text};
use crate::node::Request;
use crate::node::request::GetRequest;

/// An answer in parts.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// A server that ends with the set.
async fn start(node: Fake) -> (SocketAddr, JoinSet<()>) {
    let (address, service) =
        serve("127.0.0.1:0".parse().unwrap(), node, Manner::default(), pending()).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { service.await.unwrap() });
    (address, tasks)
}

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("an answer").unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, "").await
}

#[tokio::test]
async fn every_route_answers_in_its_format() {
    let (address, _tasks) = start(Fake::new()).await;
    for (path, kind, text) in [
        ("/api/v1/status", "application/json", "{\"country\":\"PHL\""),
        ("/healthz", "text/plain; charset=utf-8", "ok\n"),
        ("/readyz", "text/plain; charset=utf-8", "ready\n"),
        ("/metrics", "application/openmetrics-text; version=1.0.0; charset=utf-8", "# HELP corridor_"),
    ] {
        let answer = get(address, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.head.contains(&format!("content-type: {kind}")), "{path}: {}", answer.head);
        assert!(answer.body.starts_with(text), "{path}: {}", answer.body);
        let head = ask(address, "HEAD", path, "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
    }
}

#[tokio::test]
async fn what_maps_are_drawn_on_is_made_before_anybody_asks() {
    let (address, _tasks) = start(Fake::new()).await;
    let made = async {
        while !portal::is_warm() {
            // The server answers meanwhile: nothing of this is done on its thread.
            assert_eq!(get(address, "/healthz").await.status, 200);
        }
    };
    timeout(PATIENCE, made).await.expect("the world is there without a page");
}

#[tokio::test]
async fn strangers_see_nothing_but_what_is_public() {
    let (address, _tasks) = start(Fake::new()).await;
    let body = get(address, "/api/v1/status").await.body;
    assert!(body.contains("4711") && body.contains("ITA"), "it lacks what is public: {body}");
    for hidden in ["secret", "815", "1111", "2222", "10.0.0.7", "/var/lib", "paused"] {
        assert!(!body.contains(hidden), "it shows {hidden}: {body}");
    }
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status["feeds"].as_array().unwrap().len(), 1);
    assert_eq!(status["faults"][0], serde_json::json!({ "time": "2026-01-02T03:04:05Z" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn observations_are_asked_of_public_feeds_and_come_whole() {
    let node = Fake::new();
    let asked = node.asked.clone();
    let (address, _tasks) = start(node).await;
    let few = get(address, "/api/v1/observations?flow=MF_IMM_PREV&key=A.ESP&history=true").await;
    assert_eq!(
        (few.status, few.body.as_str()),
        (200, "{\"observations\":[\n{\"number\":1},\n{\"number\":2}\n]}\n")
    );
    let (request, _, caller) = asked.lock().unwrap().pop().unwrap();
    let key = Some("A.ESP".to_owned());
    let get_request = GetRequest {
        flow: "MF_IMM_PREV".to_owned(),
        key,
        history: true,
        public: true,
        ..GetRequest::default()
    };
    assert_eq!((request, caller.who.as_str()), (Request::Get(get_request), "anonymous"));

    // Longer than what is made at once: in pieces, each row once and in order.
    let many = get(address, "/api/v1/observations").await;
    assert!(many.head.contains("transfer-encoding: chunked"), "{}", many.head);
    let numbers = many.body.lines().filter(|line| line.starts_with("{\"number\""));
    assert!(numbers.count() + 1000 > ROWS as usize, "a piece's end may cut a line in two, no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_makes_no_sense_is_refused_without_details() {
    let (address, _tasks) = start(Fake::new()).await;
    for path in ["?flow=NOWHERE", "?public=false", "?from=PHL", "?history=perhaps"] {
        let answer = get(address, &format!("/api/v1/observations{path}")).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        assert!(answer.body.contains("bad_request") && !answer.body.contains("secret"), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_what_the_government_may_read_and_is_kept_by_nobody() {
    let node = Fake::new();
    let asked = node.asked.clone();
    let (address, _tasks) = start(node).await;
    let bearer = format!("authorization: Bearer {}\r\n", token_text());
    let status = ask(address, "GET", "/api/v1/status", &bearer).await;
    assert!(status.body.contains("secret pact") && status.body.contains("paused"), "{}", status.body);
    let few = ask(address, "GET", "/api/v1/observations?flow=MF_IMM_PREV", &bearer).await;
    let (request, _, caller) = asked.lock().unwrap().pop().unwrap();
    let question = GetRequest { flow: "MF_IMM_PREV".to_owned(), ..GetRequest::default() };
    assert_eq!((request, caller.who.as_str()), (Request::Get(question), "token portal"));
    for answer in [status, few] {
        assert_eq!(answer.status, 200);
        assert!(answer.head.contains("cache-control: private, no-store"), "{}", answer.head);
        assert!(answer.head.contains("vary: authorization"), "{}", answer.head);
    }
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_never_taken_for_none() {
    let (address, _tasks) = start(Fake::new()).await;
    let wrong = token_text().replace("5a", "5b");
    for value in [format!("Bearer {wrong}"), "Bearer ".to_owned(), "Basic YTpi".to_owned(), token_text()] {
        let answer = ask(address, "GET", "/api/v1/status", &format!("authorization: {value}\r\n")).await;
        assert_eq!(answer.status, 401, "{value}");
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
        assert!(answer.body.contains("\"unauthorized\"") && !answer.body.contains("4711"), "{}", answer.body);
    }
    let bearer = format!("authorization: Bearer {wrong}\r\n");
    for _ in 4..MAX_FAILURES {
        assert_eq!(ask(address, "GET", "/api/v1/status", &bearer).await.status, 401);
    }
    let answer = ask(address, "GET", "/api/v1/status", &bearer).await;
    assert_eq!(answer.status, 429, "too many from one address");
    assert!(answer.head.contains("retry-after: 60"), "{}", answer.head);
    assert_eq!(get(address, "/api/v1/status").await.status, 200, "what is public is not in question");
}

#[tokio::test]
async fn the_front_leads_to_the_language_that_is_read() {
    let (address, _tasks) = start(Fake::new()).await;
    for (accept, place) in [("", "/en/"), ("accept-language: fr-BE, en;q=0.5\r\n", "/fr/")] {
        let answer = ask(address, "GET", "/", accept).await;
        assert_eq!(answer.status, 303);
        assert!(answer.head.contains(&format!("location: {place}\r\n")), "{}", answer.head);
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_its_language() {
    let (address, _tasks) = start(Fake::new()).await;
    for (path, status, text) in [
        ("/fr/rien", 404, "<h1>Cette page n&#39;existe pas</h1>"),
        ("/es/country/%3Cscript%3E", 404, "No existe esa"),
        ("/en/?period=%22%3E%3Cscript%3E", 404, "There is no such page"),
        // This node has no views to show.
        ("/en/countries", 500, "could not answer"),
    ] {
        let answer = get(address, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.head.contains("content-type: text/html"), "{path}: {}", answer.head);
        assert!(answer.body.replace('\'', "&#39;").contains(text), "{path}: {}", answer.body);
        assert!(!answer.body.contains("<script>"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn every_answer_has_a_number_and_headers_that_trust_nothing() {
    let (address, _tasks) = start(Fake::new()).await;
    for path in ["/", "/metrics", "/nowhere"] {
        let head = get(address, path).await.head;
        for line in [
            "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; ",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "x-request-id: ",
        ] {
            assert!(head.contains(line), "{path} lacks {line}: {head}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_says_so() {
    let (address, _tasks) = start(Fake::new()).await;
    let length = format!("content-length: {}\r\n", MAX_BODY + 1);
    for (method, path, headers, status, code) in [
        ("GET", "/nowhere", "", 404, "not_found"),
        ("POST", "/", "content-length: 0\r\n", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/status", "", 405, "method_not_allowed"),
        ("GET", "/", length.as_str(), 413, "too_long"),
    ] {
        let answer = ask(address, method, path, headers).await;
        assert_eq!(answer.status, status, "{method} {path}");
        let error: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(error["error"]["code"], code);
        assert!(
            answer.head.contains(error["error"]["request"].as_str().unwrap()),
            "the number is the header's"
        );
        assert_eq!(answer.head.contains("allow: get"), status == 405, "{}", answer.head);
    }
    let head = ask(address, "HEAD", "/nowhere", "").await;
    assert_eq!((head.status, head.body.as_str()), (404, ""));
}

#[tokio::test]
async fn under_the_standards_base_every_refusal_is_in_the_standards_words() {
    let (address, _tasks) = start(Fake::new()).await;
    let length = format!("content-length: {}\r\n", MAX_BODY + 1);
    for (method, path, headers, status) in [
        ("POST", "/sdmx/data/MIG", "content-length: 0\r\n", 405),
        ("DELETE", "/sdmx", "", 405),
        ("PUT", "/sdmx/dataflow/all", "content-length: 0\r\n", 405),
        ("GET", "/sdmx/data/MIG", length.as_str(), 413),
        ("GET", "/sdmx/nowhere", "", 404),
        ("GET", "/sdmx/data/MIG?nonsense=1", "", 400),
        ("GET", "/sdmx/data/%zz", "", 400),
    ] {
        let answer = ask(address, method, path, headers).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.head.contains("content-type: application/xml"), "{path}: {}", answer.head);
        assert!(
            answer.body.contains(":Error ") && answer.body.contains("ErrorMessage code="),
            "{}",
            answer.body
        );
        assert_eq!(answer.head.contains("allow: get, head"), status == 405, "{}", answer.head);
        assert!(answer.head.contains("vary: accept"), "{}", answer.head);

        let wanted = format!("{headers}accept: application/vnd.sdmx.data+json;version=2.0.0\r\n");
        let answer = ask(address, method, path, &wanted).await;
        assert_eq!(answer.status, status, "{method} {path}");
        let error: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(error["errors"][0]["code"].is_number(), "{error}");
    }
    assert_eq!(ask(address, "GET", "/sdmxx", "").await.status, 404);
    let head = ask(address, "HEAD", "/sdmx/nowhere", "").await;
    assert_eq!((head.status, head.body.as_str()), (404, ""));
}

#[tokio::test]
async fn a_node_that_is_not_ready_says_so_without_its_reasons() {
    let (address, _tasks) = start(Fake { not_ready: Some("/var/lib is full"), ..Fake::new() }).await;
    let answer = get(address, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert!(!answer.body.contains("/var/lib"), "{}", answer.body);
    assert_eq!(get(address, "/healthz").await.status, 200);
}

#[tokio::test]
async fn a_loop_that_hangs_is_not_healthy_and_metrics_still_come() {
    let (address, _tasks) = start(Fake { hangs: true, ..Fake::new() }).await;
    let answer = get(address, "/healthz").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("\"busy\""), "{}", answer.body);
    assert_eq!(get(address, "/metrics").await.status, 200);
}

#[tokio::test]
async fn metrics_are_families_with_their_help_once() {
    let (address, _tasks) = start(Fake::new()).await;
    let body = get(address, "/metrics").await.body;
    for line in [
        "# TYPE corridor_requests counter\n",
        "corridor_requests_total 7.0\n",
        "corridor_behind{country=\"PHL\"} 3.0\n",
        "corridor_behind{country=\"A\\\"B\"} 0.5\n",
        "# EOF\n",
    ] {
        assert!(body.contains(line), "{line}: {body}");
    }
    assert_eq!(body.matches("# HELP corridor_behind ").count(), 1);
}

#[tokio::test]
async fn the_service_ends_when_it_is_told_to() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let (address, service) =
        serve("127.0.0.1:0".parse().unwrap(), Fake::new(), Manner::default(), shutdown).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(service);
    assert_eq!(get(address, "/healthz").await.status, 200);
    let _idle = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    timeout(PATIENCE, tasks.join_next()).await.expect("it ends").unwrap().unwrap().unwrap();
    let taken = TcpStream::connect(address).await;
    assert!(taken.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn crises_are_shown_to_the_government_alone() {
    let (address, _tasks) = start(Fake::new()).await;
    let anonymous = get(address, "/api/v1/crisis").await;
    assert_eq!((anonymous.status, anonymous.body.trim()), (200, r#"{"lanes":[]}"#));
    let refused = get(address, "/api/v1/crisis/LC-1").await;
    assert!(refused.status == 404 && !refused.body.contains("XOA"), "{}", refused.body);
    let token = format!("Authorization: Bearer {}\r\n", token_text());
    let lanes = ask(address, "GET", "/api/v1/crisis", &token).await;
    assert!(lanes.body.contains(r#""standing":"in force""#), "{}", lanes.body);
    assert!(lanes.head.contains("no-store"), "{}", lanes.head);
    let picture = ask(address, "GET", "/api/v1/crisis/LC-1", &token).await;
    assert!(picture.body.contains(r#""count":41"#) && picture.body.contains(r#""bulletin":"B-2""#));
    assert!(picture.body.contains(r#""to_come":3"#), "{}", picture.body);
    assert!(!picture.body.contains("maria"), "who stands behind a bulletin is nobody's to read here");
    assert_eq!(ask(address, "GET", "/api/v1/crisis/LC-9", &token).await.status, 404);
}
