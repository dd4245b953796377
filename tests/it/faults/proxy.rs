//! A bad network in user space: a proxy for TCP that delays, narrows, stalls, holds, swallows and resets.
//!
//! Every connection has two directions, each with a reader that gives the bytes a time of arrival and a writer that
//! hands them on when it has come. TCP hides loss from programs and shows it as waiting, so a lost packet is modelled
//! as what it costs: the time until it is sent again, during which what is behind it waits too.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use corridor::node::clock;

use crate::ledger::Random;

/// Bytes of a packet.
const PACKET: usize = 1_400;
/// Packets under way in one direction: what a router on the way would queue.
const QUEUE: usize = 64;
/// How long a sender waits until it sends a lost packet again; doubles with each further loss.
const RESEND: Duration = Duration::from_millis(300);
/// How often those who wait look whether things have changed.
const LOOK: Duration = Duration::from_millis(5);

/// What becomes of bytes in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// They arrive.
    Passes,
    /// They wait, as while a line is cut and mended: TCP sends them again.
    Held,
}

/// What a line is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// One way.
    pub(crate) delay: Duration,
    /// So much more at most, at random.
    pub(crate) jitter: Duration,
    /// Bits a second each way; 0 is without limit.
    pub(crate) bandwidth: u64,
    /// Packets of a hundred that are lost.
    pub(crate) loss: u64,
    /// From the one who dials.
    pub(crate) there: Flow,
    /// To the one who dials.
    pub(crate) back: Flow,
    /// Whether new connections come about; if not they are refused.
    pub(crate) open: bool,
}

impl Line {
    /// A good one.
    pub(crate) fn good() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            bandwidth: 0,
            loss: 0,
            there: Flow::Passes,
            back: Flow::Passes,
            open: true,
        }
    }

    /// One on which nothing passes and nothing is refused.
    pub(crate) fn cut() -> Self {
        Self { there: Flow::Held, back: Flow::Held, ..Self::good() }
    }
}

/// A connection that goes through the proxy.
struct Passage {
    ends: [TcpStream; 2],
    /// Bytes are swallowed in both directions, for ever, and nobody is told.
    swallowed: Arc<AtomicBool>,
}

/// A way to one address.
pub(crate) struct Proxy {
    port: u16,
    target: Arc<Mutex<SocketAddr>>,
    line: Arc<Mutex<Line>>,
    passages: Arc<Mutex<Vec<Passage>>>,
    dialled: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens on loopback and leads to a node's multiaddress.
    pub(crate) fn to(address: &str, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        let this = Self {
            port,
            target: Arc::new(Mutex::new(socket(address))),
            line: Arc::new(Mutex::new(Line::good())),
            passages: Arc::default(),
            dialled: Arc::default(),
            stopped: Arc::default(),
        };
        let (target, line) = (Arc::clone(&this.target), Arc::clone(&this.line));
        let (passages, dialled) = (Arc::clone(&this.passages), Arc::clone(&this.dialled));
        let stopped = Arc::clone(&this.stopped);
        thread::spawn(move || {
            let mut random = Random(seed);
            for incoming in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                dialled.fetch_add(1, Ordering::Relaxed);
                let Ok(incoming) = incoming else { continue };
                if !read(&line).open {
                    continue;
                }
                let target = *target.lock().expect("no panic");
                let Ok(outgoing) = TcpStream::connect(target) else { continue };
                let passage = begin(incoming, outgoing, &line, &mut random);
                passages.lock().expect("no panic").extend(passage);
            }
        });
        this
    }

    /// Where to dial it.
    pub(crate) fn address(&self) -> String {
        format!("/ip4/127.0.0.1/tcp/{}", self.port)
    }

    /// From now on the line is like this.
    pub(crate) fn set(&self, line: Line) {
        *self.line.lock().expect("no panic") = line;
    }

    /// How often somebody has dialled.
    pub(crate) fn dialled(&self) -> usize {
        self.dialled.load(Ordering::Relaxed)
    }

    /// The connections that stand swallow everything from now on; new ones are as the line is.
    pub(crate) fn forget_connections(&self) -> usize {
        let passages = self.passages.lock().expect("no panic");
        passages.iter().for_each(|one| one.swallowed.store(true, Ordering::Relaxed));
        passages.len()
    }

    /// Ends all connections at once; what is under way is lost. Those that were swallowed stay.
    pub(crate) fn reset(&self) {
        let mut passages = self.passages.lock().expect("no panic");
        for end in passages.drain(..).flat_map(|one| one.ends) {
            let _gone = end.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.reset();
        // Wakes the one who accepts.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// The socket of a multiaddress of IPv4 and TCP.
pub(crate) fn socket(address: &str) -> SocketAddr {
    let parts: Vec<&str> = address.split('/').collect();
    format!("{}:{}", parts[2], parts[4]).parse().expect("/ip4/ADDRESS/tcp/PORT")
}

fn read(line: &Mutex<Line>) -> Line {
    *line.lock().expect("no panic")
}

/// Bytes that have come, with the time at which they arrive; none is the end.
type Packet = (Instant, Vec<u8>);

fn begin(
    dialler: TcpStream,
    listener: TcpStream,
    line: &Arc<Mutex<Line>>,
    random: &mut Random,
) -> Option<Passage> {
    let swallowed = Arc::new(AtomicBool::new(false));
    let passage = Passage {
        ends: [dialler.try_clone().ok()?, listener.try_clone().ok()?],
        swallowed: Arc::clone(&swallowed),
    };
    for end in [&dialler, &listener] {
        let _slower = end.set_nodelay(true);
    }
    let ways = [(dialler.try_clone().ok()?, listener.try_clone().ok()?, true), (listener, dialler, false)];
    for (from, to, is_there) in ways {
        let (sender, receiver) = sync_channel(QUEUE);
        let (line, gone) = (Arc::clone(line), Arc::clone(&swallowed));
        let writer = (Arc::clone(&line), Arc::clone(&swallowed));
        let seed = random.below(u64::MAX);
        thread::spawn(move || take_in(from, &line, (&gone, &sender), Random(seed)));
        thread::spawn(move || hand_on(to, &writer.0, (&writer.1, &receiver), is_there));
    }
    Some(passage)
}

fn take_in(
    mut from: TcpStream,
    line: &Mutex<Line>,
    (swallowed, sender): (&AtomicBool, &SyncSender<Packet>),
    mut random: Random,
) {
    let mut buffer = [0; PACKET];
    let mut last = clock::stopwatch();
    while let Ok(count) = from.read(&mut buffer) {
        if swallowed.load(Ordering::Relaxed) && count > 0 {
            continue;
        }
        let (now, state) = (clock::stopwatch(), read(line));
        // The line is taken by what was sent before; then come the way and what is lost on it.
        let free = last.max(now);
        let narrow = (count as u64 * 8 * 1_000_000).checked_div(state.bandwidth).unwrap_or(0);
        last = free + Duration::from_micros(narrow);
        let jitter = random.below(state.jitter.as_micros() as u64 + 1);
        let mut late = state.delay + Duration::from_micros(jitter);
        let mut again = RESEND.max(state.delay * 2);
        while random.below(100) < state.loss {
            late += again;
            again *= 2;
        }
        if sender.send((last + late, buffer[..count].to_vec())).is_err() || count == 0 {
            return;
        }
    }
    let _ended = sender.send((clock::stopwatch(), Vec::new()));
}

fn hand_on(
    mut to: TcpStream,
    line: &Mutex<Line>,
    (swallowed, receiver): (&AtomicBool, &Receiver<Packet>),
    is_there: bool,
) {
    loop {
        let (at, bytes) = match receiver.recv_timeout(Duration::from_secs(3_600)) {
            Ok(packet) => packet,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let held = |state: Line| (if is_there { state.there } else { state.back }) == Flow::Held;
        thread::sleep(at.saturating_duration_since(clock::stopwatch()));
        while held(read(line)) && !swallowed.load(Ordering::Relaxed) && to.peer_addr().is_ok() {
            thread::sleep(LOOK);
        }
        if swallowed.load(Ordering::Relaxed) {
            continue;
        }
        if bytes.is_empty() {
            let _gone = to.shutdown(Shutdown::Write);
            return;
        }
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
}
