//! All figures of a node as one message over HTTP: how fast they come, and what the node takes of memory meanwhile.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, ensure};

use crate::clock::now;
use crate::node::{Node, header_line};

/// What the names of the measures begin with.
pub(crate) const STEMS: [&str; 2] = ["served", "memory_receiver_peak_served"];
/// The names of the measures, the form, and what ends each line where there is one for each observation.
pub(crate) const FORMS: [([&str; 3], &str, Option<u8>); 3] = [
    (["served_csv", "served_csv_first", "served_csv_bytes"], "sdmx-csv", Some(b'\n')),
    (["served_xml", "served_xml_first", "served_xml_bytes"], "xml", None),
    (["served_json", "served_json_first", "served_json_bytes"], "sdmx-json", None),
];
/// How much is read at once.
const PIECE: usize = 256 << 10;

/// A message as it came.
pub(crate) struct Served {
    /// Until the first byte of the figures.
    pub(crate) first: std::time::Duration,
    pub(crate) whole: std::time::Duration,
    pub(crate) bytes: u64,
    /// How often a byte is in it.
    pub(crate) counted: u64,
}

/// Asks a node for everything that it shows to everybody.
pub(crate) fn fetch(node: &Node, form: &str, count: Option<u8>) -> anyhow::Result<Served> {
    let mut stream = BufReader::with_capacity(PIECE, TcpStream::connect(node.http())?);
    let start = now();
    let asked = format!("GET /sdmx/data/MIGPROFILE?format={form} HTTP/1.1\r\nHost: {}\r\n\r\n", node.http());
    stream.get_mut().write_all(asked.as_bytes())?;
    let mut status = String::new();
    stream.read_line(&mut status)?;
    ensure!(status.contains(" 200 "), "{form}: {status}");
    let mut is_in_chunks = false;
    loop {
        match header_line(&mut stream)?.as_str() {
            "" => break,
            line => is_in_chunks |= line == "transfer-encoding: chunked",
        }
    }
    ensure!(is_in_chunks, "{form}: the message does not come in pieces");
    let (mut first, mut bytes, mut counted) = (None, 0, 0);
    let mut piece = vec![0; PIECE];
    loop {
        let mut left = usize::from_str_radix(&header_line(&mut stream)?, 16)?;
        first.get_or_insert_with(|| start.elapsed());
        let is_last = left == 0;
        while left > 0 {
            let part = piece.get_mut(..left.min(PIECE)).context("a piece of a piece")?;
            stream.read_exact(part)?;
            left -= part.len();
            bytes += part.len() as u64;
            counted += count.map_or(0, |byte| part.iter().filter(|found| **found == byte).count() as u64);
        }
        header_line(&mut stream)?;
        if is_last {
            break;
        }
    }
    Ok(Served { first: first.unwrap_or_default(), whole: start.elapsed(), bytes, counted })
}
