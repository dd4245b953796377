//! Doors behind which decoders lie that have no other: the store's directory, the control socket, the web pages.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use corridor::api::{Node, control, http};
use corridor::feed::assembler::Position;
use corridor::feed::{Seq, SignedEntry};
use corridor::node::engine::Rows;
use corridor::node::metrics::{Kind, Metric};
use corridor::node::{Answer, Caller, NodeError, Payload, Pending, Request, Scope};
use corridor::store::{Store, layout};
use serde_json::{Value, json};

use super::cast::{ESP, PHL, network};
use super::views;
use crate::quiet;

type Examples = Vec<(String, Vec<u8>)>;

fn named(name: &str, bytes: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.into())
}

// -- the store

const CACHE: u64 = 1 << 20;

/// The files of a feed's directory, one after the other: each a byte that names it, its length (u32) and its bytes.
/// What is damaged is noticed: whatever lies there, the store opens or says why not, and gives out what was signed.
pub(super) fn store(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    fs::create_dir_all(feed_dir(dir.path())).expect("a directory can be made");
    let mut rest = bytes;
    while let Some((head, behind)) = rest.split_first_chunk::<5>() {
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (content, behind) = behind.split_at(length.min(behind.len()));
        rest = behind;
        let segment = feed_dir(dir.path()).join(layout::segment(Seq(0)));
        let path = match head[0] % 3 {
            0 => segment,
            1 => segment.with_extension("index"),
            _ => layout::erased(&feed_dir(dir.path())),
        };
        fs::write(path, content).expect("a file can be written");
    }
    let Ok(mut store) = Store::open(dir.path(), PHL.id(), &network(), CACHE) else { return false };
    let signed = ESP.entries();
    let held = genuine(&mut store, signed);
    drop(store);
    // What was mended stays mended.
    let mut store = Store::open(dir.path(), PHL.id(), &network(), CACHE).expect("it opened a moment ago");
    assert!(genuine(&mut store, signed) >= held, "opening again has lost something");
    held > 0
}

/// How many entries the store gives out, all of which were signed.
fn genuine(store: &mut Store, signed: &[SignedEntry]) -> usize {
    let feed = ESP.feed();
    let mut held = 0;
    for (at, entry) in signed.iter().enumerate() {
        let seq = Seq(at as u64);
        if let Ok(header) = store.header(&feed, seq) {
            assert_eq!(header.id(), entry.header().id(), "the store gives out what nobody signed");
        }
        let mut frames = Vec::new();
        let mut position = Position { seq, part: 0 };
        while let Ok((some, next)) = store.read_frames(&feed, position, 1)
            && position.seq == seq
            && !some.is_empty()
        {
            frames.extend(some);
            assert!(next > position);
            position = next;
        }
        assert!(entry.frames().starts_with(&frames), "the store gives out other frames than were signed");
        let whole = frames.len() == entry.frames().len();
        let read = store.read_records(&feed, seq, &mut |_| {}).is_ok();
        held += usize::from(whole && read);
    }
    held
}

fn feed_dir(dir: &Path) -> PathBuf {
    layout::feed(dir, &ESP.feed())
}

pub(super) fn store_examples() -> Examples {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    // ESP's own store; what it writes is what a partner's store keeps.
    let mut store = Store::open(dir.path(), ESP.id(), &network(), CACHE).expect("a new store opens");
    for entry in ESP.entries() {
        store.append_own(entry).expect("it takes an own entry");
    }
    store.commit().expect("it commits");
    drop(store);
    let packed = |with: &[(u8, &[u8])]| {
        let mut out = Vec::new();
        for (kind, bytes) in with {
            out.push(*kind);
            out.extend((bytes.len() as u32).to_le_bytes());
            out.extend(*bytes);
        }
        out
    };
    let segment = feed_dir(dir.path()).join(layout::segment(Seq(0)));
    let index = fs::read(segment.with_extension("index")).unwrap_or_default();
    let segment = fs::read(&segment).expect("a segment is there");
    let half = &segment[..segment.len() / 2];
    vec![
        named("segment", packed(&[(0, &segment)])),
        named("segment-and-index", packed(&[(0, &segment), (1, &index)])),
        named("torn", packed(&[(0, half), (1, &index)])),
        named("erased", packed(&[(0, &segment), (2, &erased(&segment))])),
    ]
}

/// The file that says what was erased, of a feed whose first entry was.
fn erased(segment: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    fs::create_dir_all(feed_dir(dir.path())).expect("a directory can be made");
    fs::write(feed_dir(dir.path()).join(layout::segment(Seq(0))), segment).expect("a file can be written");
    let mut store = Store::open(dir.path(), ESP.id(), &network(), CACHE).expect("a good store opens");
    store.erase(&[(ESP.feed(), Seq(0)..=Seq(0))]).expect("it erases");
    drop(store);
    fs::read(layout::erased(&feed_dir(dir.path()))).expect("it says what it erased")
}

// -- a node behind the doors

/// A node that checks what comes through.
#[derive(Clone)]
struct Checking;

impl Node for Checking {
    async fn send(
        &self,
        request: Request,
        mut payload: Payload,
        caller: Caller,
    ) -> Result<Pending, NodeError> {
        match serde_json::to_value(&request) {
            Ok(again) => assert_eq!(serde_json::from_value::<Request>(again).ok().as_ref(), Some(&request)),
            // What has no JSON comes from within the process alone.
            Err(_) => assert_eq!(caller.from, "http", "{request:?} comes over the socket"),
        }
        if caller.from == "http" {
            assert!(is_public(&request), "a stranger asks for {request:?}");
        }
        let read = tokio::task::spawn_blocking(move || std::io::copy(&mut payload, &mut std::io::sink()));
        let read = read.await.map_err(|_| NodeError::Refused("no payload".to_owned()))?;
        read.map_err(NodeError::Payload)?;
        Ok(Pending::ready(match request {
            Request::Status => Ok(Answer::Value(status())),
            // Its scope was checked above.
            Request::Reader(_) => Ok(Answer::Reader(views::reader())),
            Request::Card => Ok(Answer::Value(json!({ "card": "text" }))),
            Request::Get(_) | Request::Feeds => Ok(Answer::Rows(Rows::new(|each| {
                let _all = each("{\"number\":1}") && each("{\"number\":2}");
                Ok(())
            }))),
            Request::Submit(_) => Ok(Answer::Value(json!({}))),
            Request::Changes { .. } => {
                Ok(Answer::Value(json!({ "entries": [], "next": "AQ", "more": false })))
            }
            other => Err(NodeError::Refused(format!("{other:?}"))),
        }))
    }

    fn news(&self) -> tokio::sync::watch::Receiver<u64> {
        // Nothing ever comes.
        tokio::sync::watch::channel(0).1
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![Metric { name: "requests", help: "Some", kind: Kind::Counter, labels: Vec::new(), value: 7.0 }]
    }

    fn is_ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Whether a request may come from nobody in particular.
fn is_public(request: &Request) -> bool {
    match request {
        Request::Status | Request::Card | Request::Admit(_) => true,
        Request::Get(get) => get.public,
        Request::Mirror { public, .. } => *public,
        Request::Reader(scope) | Request::Prove { scope, .. } | Request::Changes { scope, .. } => {
            *scope == Scope::Public
        }
        _ => false,
    }
}

fn status() -> Value {
    json!({
        "country": "PHL", "name": "Statistics", "network": "main", "publisher_id": "ab".repeat(32),
        "fingerprint": "ABCD", "node_id": "ef".repeat(32), "state": "online", "addresses": [], "feeds": [],
        "partners": [], "faults": [],
    })
}

/// Where the doors are.
struct Doors {
    socket: PathBuf,
    http: SocketAddr,
}

/// Opens them for as long as the process lives, on threads whose panics are counted.
fn doors() -> &'static Doors {
    static DOORS: OnceLock<Doors> = OnceLock::new();
    DOORS.get_or_init(|| {
        quiet::watch();
        let socket = std::env::temp_dir().join(format!("corridor-fuzz-{}.sock", std::process::id()));
        let _old = fs::remove_file(&socket);
        let mut building = tokio::runtime::Builder::new_multi_thread();
        let runtime = building.worker_threads(2).thread_name(quiet::WATCHED).enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let http = runtime.block_on(async {
            let control = control::serve(&socket, Checking, std::future::pending());
            let control = control.expect("the socket can be made");
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let (address, pages) =
                http::serve(any, Checking, http::Manner::default(), std::future::pending())
                    .await
                    .expect("a port is free");
            keep(control);
            keep(async {
                let _ended = pages.await;
            });
            address
        });
        std::mem::forget(runtime);
        Doors { socket, http }
    })
}

#[expect(clippy::disallowed_methods, reason = "the doors are open for as long as the process lives")]
fn keep(serving: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(serving));
}

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says something, and nothing more, and hears the answer to its end.
fn ask<S: Read + Write>(mut stream: S, bytes: &[u8], over: impl Fn(&S)) -> Vec<u8> {
    let before = quiet::counted();
    // The other end may have heard enough before it has read all.
    if stream.write_all(bytes).is_ok() {
        over(&stream);
    }
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        let waits = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut].contains(&error.kind());
        assert!(!waits, "no answer and no end within {PATIENCE:?}");
    }
    assert_eq!(quiet::counted(), before, "the node's end has panicked");
    answer
}

/// What a program says to the control socket.
pub(super) fn socket(bytes: &[u8]) -> bool {
    let stream = UnixStream::connect(&doors().socket).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    let answer = ask(stream, bytes, |stream| {
        let _gone = stream.shutdown(Shutdown::Write);
    });
    let (mut rest, mut frames) = (answer.as_slice(), 0);
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (frame, behind) = behind.split_at_checked(length).expect("an answer is whole");
        assert!(serde_json::from_slice::<Value>(frame).is_ok_and(|value| value.is_object()));
        rest = behind;
        frames += usize::from(!frame.starts_with(b"{\"error\""));
    }
    assert!(rest.is_empty(), "an answer is whole");
    frames > 0
}

pub(super) fn socket_examples() -> Examples {
    let framed = |request: &Value, payload: &[u8]| {
        let text = json!({ "request": request, "payload": payload.len() }).to_string();
        [&(text.len() as u32).to_le_bytes()[..], text.as_bytes(), payload].concat()
    };
    let status = framed(&json!({ "command": "status" }), b"");
    let get = framed(
        &json!({ "command": "get", "flow": "MIGPROFILE", "key": null, "as_of": "2024-01-01",
        "history": true, "from": "ESP", "public": false }),
        b"",
    );
    let add = framed(&json!({ "command": "partner_add", "card": PHL.card().to_text() }), b"");
    let submit = framed(
        &json!({ "command": "submit", "file": "a.csv", "source": null, "mapping": null }),
        b"A,B\n1,2\n",
    );
    let retract = framed(
        &json!({ "command": "retract", "key": super::cast::KEY, "periods": ["2017"], "reason": "x" }),
        b"",
    );
    vec![
        named("status", status.clone()),
        named("get", get),
        named("partner-add", add),
        named("submit", submit),
        named("several", [status.as_slice(), &retract, &status].concat()),
    ]
}

/// What a browser says: a path with its query, or, with line ends, a whole request.
pub(super) fn pages(bytes: &[u8]) -> bool {
    let whole = bytes.windows(2).any(|pair| pair == b"\r\n");
    let text = if whole {
        bytes.to_vec()
    } else {
        let path: Vec<u8> = bytes.iter().copied().filter(|byte| byte.is_ascii_graphic()).collect();
        [b"GET /", path.as_slice(), b" HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n"].concat()
    };
    let stream = TcpStream::connect(doors().http).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    let answer = ask(stream, &text, |stream| {
        if whole {
            let _gone = stream.shutdown(Shutdown::Write);
        }
    });
    if answer.is_empty() {
        assert!(whole, "no answer to {:?}", String::from_utf8_lossy(&text));
        return false;
    }
    let said = String::from_utf8_lossy(&answer);
    assert!(said.starts_with("HTTP/1.1 ") || said.starts_with("HTTP/1.0 "), "{said}");
    assert!(!said[9..].starts_with("500"), "the node fails: {said}");
    said[9..].starts_with("200")
}

pub(super) fn pages_examples() -> Examples {
    let whole = "GET /api/v1/observations?flow=MF_IMM_PREV&key=A.ESP HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n";
    let post =
        "POST /api/v1/status HTTP/1.1\r\nhost: node\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    let chunked = "POST / HTTP/1.1\r\nhost: node\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let citation = String::from_utf8(super::signed::citation_examples().remove(0).1).expect("a text");
    let verify = format!(
        "POST /api/v1/citations/verify HTTP/1.1\r\nhost: node\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{citation}",
        citation.len()
    );
    vec![
        named("verify", verify.as_str()),
        named("changes", "api/v1/changes?since=AQ&limit=5"),
        named("page", "api/v1/observations?limit=10&cursor=QQ&format=json"),
        named(
            "observations",
            "api/v1/observations?flow=MIGPROFILE&key=A.PHL..MS_FBORN&as_of=2024-01-01&history=true",
        ),
        named("escaped", "api/v1/observations?key=A.PHL%2BESP%00%ff&flow=%F0%9F%98%80&history=false"),
        named("status", "api/v1/status"),
        named("health", "healthz?x=1"),
        named("front", "es/"),
        named("map", "en/?country=PHL&indicator=MS_FBORN&period=2020&sex=F&direction=in"),
        named("country", "fr/country/PHL"),
        named("corridor", "en/corridor/ITA/PHL?indicator=MS_FBORN"),
        named("indicator", "es/indicator/RE_RECV"),
        named("region", "en/region/public?members=PHL,ITA&indicator=MS_FBORN&period=2020"),
        named("quality", "fr/quality/PHL"),
        named("evidence", "en/evidence/PHL/A.PHL.ITA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS/2020"),
        named("sheet", "sheet/ITA/PHL/MS_FBORN.xlsx"),
        named("flow", "sdmx/v2/data/dataflow/CORRIDOR/MIGPROFILE/1.0/A.PHL.*?c%5BTIME_PERIOD%5D=ge:2019"),
        named("metrics", "metrics"),
        named("whole", whole),
        named("post", post),
        named("chunked", chunked),
    ]
}
