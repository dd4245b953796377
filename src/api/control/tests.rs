//! A real socket between the real client and the real server, in front of a node that is none.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::frame::{Fault, Reply, push};
use super::socket::Socket;
use super::{Client, ClientError, MAX_ANSWER, MAX_CLIENTS, MAX_PAYLOAD, MAX_REQUEST, Payload, serve};
use crate::api::fake::{Fake, PATIENCE, ROWS};
use crate::node::Request;
use crate::node::request::SubmitRequest;

/// A daemon that serves a fake node.
struct Daemon {
    runtime: Runtime,
    dir: TempDir,
    stop: Option<oneshot::Sender<()>>,
    service: Option<JoinHandle<()>>,
}

impl Daemon {
    fn start(node: Fake) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (stop, stopped) = oneshot::channel();
        let service = {
            let _inside = runtime.enter();
            let service = serve(&dir.path().join("control.sock"), node, async move {
                let _ = stopped.await;
            });
            runtime.spawn(service.unwrap())
        };
        Self { runtime, dir, stop: Some(stop), service: Some(service) }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("control.sock")
    }

    fn client(&self) -> Client {
        Client::connect(&self.path()).unwrap().expect("a daemon listens")
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        let service = self.service.take().unwrap();
        self.runtime.block_on(async { timeout(PATIENCE, service).await }).expect("it ends").unwrap();
    }
}

fn ask(client: &mut Client, request: &Request) -> Result<Option<Value>, ClientError> {
    client.call(request, None, &mut |row| panic!("an unexpected row {row}"))
}

fn code(error: ClientError) -> String {
    match error {
        ClientError::Refused(fault) => fault.code,
        other => panic!("no refusal: {other}"),
    }
}

/// Sends bytes as they are and reads the one frame that comes back before the daemon hangs up.
fn raw(path: &Path, bytes: &[u8]) -> Reply {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    serde_json::from_slice(&answer[4..]).unwrap()
}

#[test]
fn requests_are_answered_one_after_the_other() {
    let node = Fake::new();
    let daemon = Daemon::start(node.clone());
    let mut client = daemon.client();
    assert_eq!(ask(&mut client, &Request::Card).unwrap(), Some(json!({ "card": "text" })));
    assert_eq!(ask(&mut client, &Request::Status).unwrap().unwrap()["country"], "PHL");

    let asked = node.asked.lock().unwrap();
    let owner = Socket::bind(&daemon.dir.path().join("other.sock")).unwrap().0.owner;
    assert_eq!(asked[0].2.who, format!("uid {owner}"));
    assert_eq!(asked[0].2.from, "socket");
}

#[test]
fn an_error_has_its_code_and_the_conversation_goes_on() {
    let daemon = Daemon::start(Fake::new());
    let mut client = daemon.client();
    let error = ask(&mut client, &Request::Rebuild).unwrap_err();
    assert_eq!(error.to_string(), "not in /var/lib/secret");
    assert_eq!(code(error), "refused");
    ask(&mut client, &Request::Card).unwrap();
}

#[test]
fn a_payload_arrives_whole() {
    let daemon = Daemon::start(Fake::new());
    let mut client = daemon.client();
    let request =
        Request::Submit(SubmitRequest { file: "figures.csv".to_owned(), ..SubmitRequest::default() });
    for length in [0, 1, 65_537, 3_000_000] {
        let mut bytes = Cursor::new(vec![7; length]);
        let payload = Payload { length: length as u64, bytes: &mut bytes };
        let answer = client.call(&request, Some(payload), &mut |_| true).unwrap();
        assert_eq!(answer, Some(json!({ "bytes": length })));
    }
}

#[test]
fn a_payload_that_ends_early_is_never_submitted() {
    let node = Fake::new();
    let daemon = Daemon::start(node.clone());
    let payload = Payload { length: 10, bytes: &mut Cursor::new(vec![7; 9]) };
    let error = daemon.client().call(&Request::Card, Some(payload), &mut |_| true).unwrap_err();
    assert!(matches!(error, ClientError::Payload(_)), "{error}");
    assert!(node.asked.lock().unwrap().is_empty());
}

fn submission() -> Request {
    Request::Submit(SubmitRequest { file: "figures.csv".to_owned(), ..SubmitRequest::default() })
}

/// The head of a submission and the first bytes of its payload, on a connection of its own.
fn begin(daemon: &Daemon, length: u64, sent: usize) -> UnixStream {
    let text = json!({ "request": submission(), "payload": length }).to_string();
    let head = [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat();
    let mut stream = UnixStream::connect(daemon.path()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&head).unwrap();
    stream.write_all(&vec![7; sent]).unwrap();
    stream
}

const LARGE: usize = 3_000_000;

#[test]
fn a_large_payload_that_breaks_off_is_never_submitted() {
    let node = Fake::new();
    let mut daemon = Daemon::start(node.clone());
    drop(begin(&daemon, LARGE as u64, LARGE - 1));
    let payload = Payload { length: LARGE as u64, bytes: &mut Cursor::new(vec![7; LARGE / 2]) };
    let error = daemon.client().call(&submission(), Some(payload), &mut |_| true).unwrap_err();
    assert!(matches!(error, ClientError::Payload(_)), "{error}");
    daemon.stop();
    assert!(node.asked.lock().unwrap().is_empty());
}

#[test]
fn a_large_payload_that_is_refused_is_read_to_its_end() {
    let daemon = Daemon::start(Fake { reads_nothing: true, ..Fake::new() });
    let mut client = daemon.client();
    for _ in 0..2 {
        let payload = Payload { length: 3 * LARGE as u64, bytes: &mut std::io::repeat(7) };
        assert_eq!(code(client.call(&submission(), Some(payload), &mut |_| true).unwrap_err()), "refused");
    }
}

#[test]
fn large_payloads_wait_for_each_other_and_small_ones_for_nobody() {
    let node = Fake::new();
    let daemon = Daemon::start(node.clone());
    let mut first = begin(&daemon, LARGE as u64, LARGE / 2);
    // The turn is taken with the first piece, which is read before a request that comes after it is answered.
    let mut client = daemon.client();
    ask(&mut client, &Request::Card).unwrap();
    let second = begin(&daemon, LARGE as u64, 1);
    let payload = Payload { length: 9, bytes: &mut std::io::repeat(7) };
    client.call(&submission(), Some(payload), &mut |_| true).unwrap();
    assert_eq!(node.asked.lock().unwrap().len(), 2, "the card and the small one");

    first.write_all(&vec![7; LARGE - LARGE / 2]).unwrap();
    let mut answer = vec![0; 4];
    first.read_exact(&mut answer).unwrap();
    drop(second);
    let payload = Payload { length: LARGE as u64, bytes: &mut std::io::repeat(7) };
    client.call(&submission(), Some(payload), &mut |_| true).unwrap();
    let lengths: Vec<u64> = node.asked.lock().unwrap().iter().map(|asked| asked.1).collect();
    assert_eq!(lengths, [0, 9, LARGE as u64, LARGE as u64]);
}

#[test]
fn rows_come_in_their_order_and_then_the_end() {
    let daemon = Daemon::start(Fake::new());
    let mut client = daemon.client();
    let mut next = 0;
    let answer = client.call(&Request::Feeds, None, &mut |row| {
        assert_eq!(row["number"], next);
        next += 1;
        true
    });
    assert_eq!((answer.unwrap(), next), (None, ROWS));
    ask(&mut client, &Request::Card).unwrap();
}

#[test]
fn rows_before_an_error_arrive() {
    let daemon = Daemon::start(Fake::new());
    let mut rows = Vec::new();
    let error = daemon.client().call(&Request::Peers, None, &mut |row| {
        rows.push(row);
        true
    });
    assert_eq!(code(error.unwrap_err()), "not_found");
    assert_eq!(rows, [json!(1)]);
}

#[test]
fn the_node_makes_no_rows_for_a_client_that_stopped_reading() {
    let node = Fake::new();
    let mut daemon = Daemon::start(node.clone());
    let answer = daemon.client().call(&Request::Feeds, None, &mut |_| false).unwrap();
    assert_eq!(answer, None);
    daemon.stop();
    assert!(*node.made.lock().unwrap() < ROWS);
}

#[test]
fn what_is_too_long_is_refused_on_both_sides() {
    let daemon = Daemon::start(Fake::new());
    let refused = |reply| match reply {
        Reply::Error(Fault { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(raw(&daemon.path(), &(MAX_REQUEST + 1).to_le_bytes())), "too_long");
    let text = json!({ "request": { "command": "card" }, "payload": MAX_PAYLOAD + 1 }).to_string();
    let frame = [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat();
    assert_eq!(refused(raw(&daemon.path(), &frame)), "too_long");
    assert_eq!(refused(raw(&daemon.path(), b"\x02\0\0\0{}")), "bad_request");

    let mut client = daemon.client();
    let long = Request::PartnerAdd { card: "x".repeat(MAX_REQUEST as usize) };
    assert!(matches!(ask(&mut client, &long), Err(ClientError::TooLong { .. })));
    let payload = Payload { length: MAX_PAYLOAD + 1, bytes: &mut std::io::empty() };
    let error = client.call(&Request::Card, Some(payload), &mut |_| true).unwrap_err();
    assert!(matches!(error, ClientError::TooLong { .. }), "{error}");
    ask(&mut client, &Request::Card).unwrap();
}

#[test]
fn a_frame_that_is_too_long_becomes_an_error() {
    let mut frames = vec![1, 2, 3];
    let row = Reply::Row(Value::String("x".repeat(MAX_ANSWER as usize)));
    assert_eq!(push(&mut frames, &row).unwrap_err().code, "too_long");
    assert_eq!(frames, [1, 2, 3]);
}

#[test]
fn only_the_owner_can_open_the_socket() {
    let daemon = Daemon::start(Fake::new());
    let mode = fs::metadata(daemon.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names: Vec<_> =
        fs::read_dir(daemon.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["control.sock"], "what it was made in is gone");

    let (socket, _listener) = Socket::bind(&daemon.dir.path().join("other.sock")).unwrap();
    assert!(socket.admits(socket.owner) && socket.admits(0) && !socket.admits(socket.owner + 1));
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(Client::connect(&path).unwrap().is_none(), "a name without a listener is no daemon");
    let (socket, listener) = Socket::bind(&path).unwrap();
    let error = Socket::bind(&path).unwrap_err();
    assert!(error.to_string().contains("already listens"), "{error}");
    drop((socket, listener));
    assert!(!path.exists());
    assert!(Client::connect(&path).unwrap().is_none());
}

#[test]
fn one_client_too_many_is_told_so() {
    let daemon = Daemon::start(Fake::new());
    let mut clients: Vec<Client> = (0..MAX_CLIENTS).map(|_| daemon.client()).collect();
    for client in &mut clients {
        ask(client, &Request::Card).unwrap();
    }
    assert_eq!(code(ask(&mut daemon.client(), &Request::Card).unwrap_err()), "busy");
}

#[test]
fn stopping_takes_the_name_away_at_once_and_does_not_wait_for_ever() {
    let mut daemon = Daemon::start(Fake { hangs: true, ..Fake::new() });
    let mut client = daemon.client();
    let asking = std::thread::spawn(move || ask(&mut client, &Request::Card));
    daemon.stop();
    assert!(!daemon.path().exists());
    assert!(matches!(asking.join().unwrap(), Err(ClientError::Broken(_))));
}
