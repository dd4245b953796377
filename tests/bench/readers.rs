//! People at the pages: many readers who each open page after page, while the node goes on exchanging figures.

use std::collections::{BTreeSet, VecDeque};
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use corridor::node::Request;

use crate::clock::{now, timed};
use crate::data::{SINGLE, Source};
use crate::node::{Node, answer_of, introduce};
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "readers";
/// People at one time, each with a connection that stays open.
const READERS: usize = 200;
/// How long each looks at a page.
const LOOKS: Duration = Duration::from_secs(1);
/// Pages among which they choose; proofs are left out, since they are made for one reader at a time.
const PAGES: usize = 300;
/// The time between two releases.
const PACE: Duration = Duration::from_secs(1);

/// What all readers saw.
#[derive(Default)]
struct Seen {
    times: Mutex<Vec<Duration>>,
    errors: AtomicU64,
    bytes: AtomicU64,
    is_over: AtomicBool,
}

/// So many observations are held while people read for so long.
pub(crate) fn play(
    source: &Source,
    nodes: &(Node, Node),
    (root, size, time): (&Path, usize, Duration),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut a, mut b) = (nodes.0.copy(root)?, nodes.1.copy(root)?);
    a.start(&Request::Card)?;
    b.start(&Request::Card)?;
    introduce(&mut a, &mut b)?;
    let mut file = Vec::new();
    source.write(&mut file, size)?;
    a.submit(&String::from_utf8(file)?)?;
    a.release()?;
    b.until("all is at the partner", |b| Ok((b.observations()? == size as u64).then_some(())))?;

    let rounds = usize::try_from(time.as_secs())?;
    let singles = source.singles(2 * rounds)?;
    let (idle, busy) = singles.split_at(rounds);
    let pages = pages(&b)?;
    report.percentiles(
        ("readers_sync_idle_p50", "readers_sync_idle_p99"),
        size,
        releases(&mut a, &mut b, idle)?,
    );
    let before = b.cpu()?;
    let (seen, address) = (Seen::default(), b.http().to_owned());
    let (start, mut sync) = (now(), Vec::new());
    thread::scope(|scope| -> anyhow::Result<()> {
        for number in 0..READERS {
            let (seen, pages, address) = (&seen, &pages, &address);
            scope.spawn(move || read(number, seen, pages, address));
        }
        let released = releases(&mut a, &mut b, busy);
        seen.is_over.store(true, Ordering::Relaxed);
        sync = released?;
        Ok(())
    })?;
    let spent = start.elapsed().as_secs_f64();
    let times = seen.times.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(!times.is_empty(), "nobody read anything");
    report.add("readers_rate", size, times.len() as f64 / spent, "1/s", Better::Higher);
    report.add("readers_cpu", size, (b.cpu()? - before) / spent, "cores", Better::Lower);
    report.add(
        "readers_bytes",
        size,
        seen.bytes.into_inner() as f64 / times.len() as f64,
        "B",
        Better::Lower,
    );
    report.add("readers_errors", size, seen.errors.into_inner() as f64, "pages", Better::Lower);
    report.percentiles(("readers_page_p50", "readers_page_p99"), size, times);
    report.percentiles(("readers_sync_busy_p50", "readers_sync_busy_p99"), size, sync);
    a.stop()?;
    b.stop()
}

/// Releases one figure after the other; the times until the partner answers with it.
fn releases(a: &mut Node, b: &mut Node, singles: &[(String, String)]) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for (file, key) in singles {
        let round = now();
        a.submit(file)?;
        let start = now();
        a.release()?;
        b.until("the figure is at the partner", |b| {
            Ok(b.get(key)?.iter().any(|row| row["time_period"] == SINGLE.to_string().as_str()).then_some(()))
        })?;
        times.push(start.elapsed());
        thread::sleep(PACE.saturating_sub(round.elapsed()));
    }
    Ok(times)
}

/// Pages that links lead to from the first one on.
fn pages(node: &Node) -> anyhow::Result<Vec<String>> {
    let mut stream = connect(node.http())?;
    let (mut seen, mut open, mut pages) = (BTreeSet::new(), VecDeque::from(["/en/".to_owned()]), Vec::new());
    while let Some(path) = open.pop_front() {
        let (status, body) = ask(&mut stream, &path, false)?;
        ensure!(status == 200, "{path}: {status}");
        pages.push(path);
        if pages.len() == PAGES {
            break;
        }
        let text = String::from_utf8_lossy(&body).replace("&amp;", "&");
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let is_page = ["/en/", "/fr/", "/es/"].iter().any(|language| link.starts_with(language));
            if is_page && !link.contains("/evidence/") && seen.insert(link.to_owned()) {
                open.push_back(link.to_owned());
            }
        }
    }
    Ok(pages)
}

/// One reader: page after page until all is over.
fn read(number: usize, seen: &Seen, pages: &[String], address: &str) {
    let mut mine = Vec::new();
    let mut stream = connect(address);
    thread::sleep(LOOKS.mul_f64(number as f64 / READERS as f64));
    let mut at = number * 7919;
    while !seen.is_over.load(Ordering::Relaxed) {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let path = &pages[(at >> 33) % pages.len()];
        let (answer, time) = timed(|| stream.as_mut().map(|stream| ask(stream, path, true)));
        match answer {
            Ok(Ok((200, body))) => {
                mine.push(time);
                seen.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
            }
            Ok(Ok((status, _))) => {
                eprintln!("{path}: {status}");
                seen.errors.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Err(error)) => {
                eprintln!("{path}: {error:#}");
                seen.errors.fetch_add(1, Ordering::Relaxed);
                stream = connect(address);
            }
            Err(_) => stream = connect(address),
        }
        thread::sleep(LOOKS.saturating_sub(time));
    }
    seen.times.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
}

pub(crate) fn connect(address: &str) -> anyhow::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// The status and the body as it came.
pub(crate) fn ask(
    stream: &mut BufReader<TcpStream>,
    path: &str,
    packed: bool,
) -> anyhow::Result<(u16, Vec<u8>)> {
    let packed = if packed { "Accept-Encoding: gzip\r\n" } else { "" };
    let asked = format!("GET {path} HTTP/1.1\r\nHost: node\r\n{packed}\r\n");
    stream.get_mut().write_all(asked.as_bytes())?;
    answer_of(stream).with_context(|| format!("reading {path}"))
}
