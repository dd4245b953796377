//! A reader over HTTP/1.0, which ends an answer by closing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use corridor::cli::demo::government::Government;
use serde_json::Value;

/// An answer in parts.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends a request to a node's page and reads the answer to its end.
pub(crate) fn send(node: &Government, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut stream = open(node, method, path, headers, body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("it answers");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

/// Sends a request and leaves the answer to be read.
pub(crate) fn open(node: &Government, method: &str, path: &str, headers: &[&str], body: &[u8]) -> TcpStream {
    let address = node.page().trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("the page listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit can be set");
    let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\n");
    for header in headers {
        request += &format!("{header}\r\n");
    }
    if !body.is_empty() {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).expect("it takes a request");
    stream.write_all(body).expect("it takes a body");
    stream
}

pub(crate) fn get(node: &Government, path: &str) -> Answer {
    send(node, "GET", path, &[], b"")
}

/// The JSON of a question that is answered.
pub(crate) fn json(node: &Government, path: &str) -> Value {
    let answer = get(node, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}
