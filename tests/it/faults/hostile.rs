//! Hostile peers. While they do what they can, an honest partner releases single figures, and the time until the
//! victim shows each is compared with the time when it is quiet.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use corridor::api::control::{Client, Payload};
use corridor::cli::demo::government::Government;
use corridor::node::request::{GetRequest, ReleaseRequest, SubmitRequest};
use corridor::node::{Request, clock};

use super::attacks::{self, Target};
use super::memory::peak;
use super::row::{Row, seconds};
use crate::ledger::{Ledger, Random};
use crate::world::{World, ask, eventually, values};

/// Figures whose way is timed, when it is quiet and under attack.
const FIGURES: usize = 24;
/// How much slower the median may become.
const SLOWER: u32 = 3;
/// What the measurement of so short a time on a busy machine may be wrong by.
const NOISE: Duration = Duration::from_millis(25);
/// How often it is measured before it counts as too slow.
const ATTEMPTS: usize = 3;
/// By how much the most memory of the victim may grow, in KiB.
const MORE_MEMORY: u64 = 96 << 10;
/// The most processor time of the victim for a second of attack, in seconds.
const MOST_PROCESSOR: f64 = 1.2;

/// What one who attacks does until it is told to stop; counts what it did.
pub(super) type Attack = fn(&Target, &AtomicBool, &AtomicU64);

pub(super) fn strangers(row: &mut Row) {
    let all: &[(&str, Attack)] = &[
        ("half-written greetings", attacks::slow_before_noise),
        ("handshakes that hang", attacks::slow_in_noise),
        ("connections", attacks::dial_flood),
        ("handshakes of unknown keys", attacks::unknown_keys),
    ];
    play(row, all, false);
}

pub(super) fn partners(row: &mut Row) {
    let all: &[(&str, Attack)] = &[
        ("lists of heads", attacks::heads),
        ("wants", attacks::wants),
        ("questions", attacks::questions),
        ("empty data and credits", attacks::nothings),
        ("proofs that prove nothing", attacks::proofs),
        ("messages that are none", attacks::garbage),
        ("zstd bombs and flipped bytes", attacks::bombs),
        ("old heads and lying receipts", attacks::lies),
    ];
    play(row, all, true);
}

fn play(row: &mut Row, all: &[(&str, Attack)], is_partner: bool) {
    let mut siege = Siege::new(row.random.below(u64::MAX));
    let quiet = siege.median();
    for _ in 0..row.count(1, 2) {
        for (what, attack) in all {
            siege.stand(row, what, *attack, quiet);
        }
    }
    if is_partner {
        let status = ask(&siege.world.can, &["status"]);
        let blamed = status["faults"].to_string().contains("XAA");
        siege
            .ledger
            .holds("the faults are shown with the partner's name", blamed, || status["faults"].to_string());
    }
    siege.is_over(row);
}

/// CAN is attacked, PHL is honest, and Rogue is a partner that CAN has accepted.
struct Siege {
    world: World,
    target: Target,
    probe: Probe,
    ledger: Ledger,
}

impl Siege {
    fn new(seed: u64) -> Self {
        let world = World::agreed();
        let rogue =
            Government::init(std::path::Path::new(crate::world::BINARY), world.dir.path(), "XAA", "Rogue");
        let rogue = rogue.expect("init");
        ask(&world.can, &["partner", "add", "--yes", &crate::world::text(&rogue.card())]);
        let mut probe = Probe::new(&world);
        probe.figure();
        let target = Target::new(&world.can, &world.phl, &rogue, seed);
        Self { world, target, probe, ledger: Ledger::default() }
    }

    fn median(&mut self) -> Duration {
        let mut times: Vec<Duration> = (0..FIGURES).map(|_| self.probe.figure()).collect();
        times.sort_unstable();
        times[times.len() / 2]
    }

    /// Lets one kind of attack go on while single figures cross.
    fn stand(&mut self, row: &mut Row, what: &str, attack: Attack, quiet: Duration) {
        let pid = self.world.can.pid().expect("CAN runs");
        forget_peak(pid);
        let (before, busy) = (resident(pid), processor(pid));
        let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let target = &self.target;
        let begun = clock::stopwatch();
        let mut medians = Vec::new();
        let probe = &mut self.probe;
        std::thread::scope(|scope| {
            scope.spawn(|| attack(target, &stop, &done));
            std::thread::sleep(Duration::from_millis(300));
            for _ in 0..ATTEMPTS {
                let mut times: Vec<Duration> = (0..FIGURES).map(|_| probe.figure()).collect();
                times.sort_unstable();
                medians.push(times[times.len() / 2]);
                if medians.last().is_some_and(|median| is_fast(*median, quiet)) {
                    break;
                }
            }
            // So long at least that a bucket that fills again is empty before.
            std::thread::sleep(Duration::from_secs(2).saturating_sub(begun.elapsed()));
            stop.store(true, Ordering::Relaxed);
        });
        let (time, used) = (begun.elapsed().as_secs_f64(), processor(pid) - busy);
        let (most, count) = (peak(pid), done.load(Ordering::Relaxed));
        let best = medians.iter().min().copied().unwrap_or_default();
        self.ledger.holds("the attack took place", count > 0, || "nothing was sent".to_owned());
        self.ledger.holds("an honest partner is hardly slower", is_fast(best, quiet), || {
            format!("{} instead of {}", seconds(best), seconds(quiet))
        });
        self.ledger.holds("memory is bounded", most < before + MORE_MEMORY, || {
            format!("{} MiB instead of {} MiB", most >> 10, before >> 10)
        });
        self.ledger.holds("processor time is bounded", used / time < MOST_PROCESSOR, || {
            format!("{used} s in {time} s")
        });
        let alive = self.world.can.ask(&["peers"]).is_ok();
        self.ledger.holds("the victim answers", alive, || "it does not".to_owned());
        row.note(format!(
            "{count} {what} in {time:.1} s: a figure in {} (quiet {}), {:.0} % of a processor, most {} MiB",
            seconds(best),
            seconds(quiet),
            100.0 * used / time,
            most >> 10
        ));
        row.tried(what, &mut self.ledger);
    }

    /// Nothing of it is left: everything is held, nothing is wrong with the stores.
    fn is_over(&mut self, row: &mut Row) {
        let count = self.probe.next as usize;
        eventually("the victim holds every figure", || {
            values(&self.world.can, &["MS_FBORN", "--from", "PHL"]).len() == count
        });
        for node in [&self.world.phl, &self.world.can] {
            let (status, value) = node.try_ask(&["doctor"]).expect("doctor runs");
            self.ledger.holds("it is healthy", status == 0, || value.to_string());
            let log = fs::read_to_string(node.log()).unwrap_or_default();
            self.ledger.holds("nothing panicked", !log.contains("panicked"), || log.clone());
            self.ledger.holds("the log is short", log.len() < 32 << 20, || format!("{} bytes", log.len()));
        }
        row.tried("all is there afterwards", &mut self.ledger);
    }
}

fn is_fast(median: Duration, quiet: Duration) -> bool {
    median <= quiet * SLOWER + NOISE
}

/// Single figures from PHL's file to CAN's answer.
struct Probe {
    phl: Client,
    can: Client,
    next: u32,
}

impl Probe {
    fn new(world: &World) -> Self {
        let client = |node: &Government| {
            let socket = corridor::node::home::socket(node.dir());
            Client::connect(&socket).expect("it can be reached").expect("it runs")
        };
        Self { phl: client(&world.phl), can: client(&world.can), next: 0 }
    }

    fn figure(&mut self) -> Duration {
        let period = format!("{}-{:02}", 1900 + self.next / 12, self.next % 12 + 1);
        self.next += 1;
        let columns = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE";
        let file = format!("{columns}\nM,PHL,CAN,MS_FBORN,BIR,_T,{period},1000,D0\n");
        let submit = SubmitRequest { file: "probe.csv".to_owned(), ..SubmitRequest::default() };
        let begun = clock::stopwatch();
        let payload = Payload { length: file.len() as u64, bytes: &mut file.as_bytes() };
        let taken = self.phl.call(&Request::Submit(submit), Some(payload), &mut |_| true);
        taken.expect("the figure is taken");
        let released = self.phl.call(&Request::Release(ReleaseRequest::default()), None, &mut |_| true);
        released.expect("the figure is released");
        let get = Request::Get(GetRequest {
            flow: "MS_FBORN".to_owned(),
            key: Some("M.PHL.CAN".to_owned()),
            ..GetRequest::default()
        });
        while begun.elapsed() < Duration::from_secs(60) {
            let mut shown = false;
            let asked = self.can.call(&get, None, &mut |row| {
                shown |= row["time_period"] == period.as_str();
                true
            });
            asked.expect("the victim answers");
            if shown {
                return begun.elapsed();
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        panic!("the figure of {period} never arrives");
    }
}

fn forget_peak(pid: u32) {
    let _not_here = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// Seconds of processor time.
fn processor(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = text.rsplit(") ").next().unwrap_or_default().to_owned();
    let ticks = after.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Handshakes that hang must not keep a partner out that comes from elsewhere: PHL dials, and CAN cannot.
pub(super) fn places(row: &mut Row) {
    let mut world = World::prepared(|phl, _| {
        phl.start_by(&[], &[("CORRIDOR_NET_LISTEN", "[]"), ("CORRIDOR_NET_RECONNECT_MAX", "1s")]);
    });
    let mut ledger = Ledger::default();
    for round in 0..row.count(1, 5) {
        let year = (1950 + round).to_string();
        world.phl.stop();
        let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let address = super::proxy::socket(world.can.listen());
        let mut random = Random(row.random.below(u64::MAX));
        let mut begun = clock::stopwatch();
        std::thread::scope(|scope| {
            scope.spawn(|| attacks::hang_from_everywhere(address, &mut random, (&stop, &done)));
            std::thread::sleep(Duration::from_secs(1));
            begun = clock::stopwatch();
            world.phl.start().expect("PHL starts");
            let figure = ["PHL", "CAN", "EF_REGEMI", year.as_str(), "7"];
            crate::world::release(&world.phl, &world.path("f.csv"), &[figure]);
            let query = ["EF_REGEMI", "A.PHL.CAN"];
            let arrived = corridor::cli::demo::government::wait(Duration::from_secs(60), || {
                values(&world.can, &query).len() as u64 == round + 1
            });
            ledger.holds("the partner gets in", arrived, || "it is kept out".to_owned());
            stop.store(true, Ordering::Relaxed);
        });
        row.recovered(begun.elapsed());
        row.tried(&format!("{} handshakes that hang", done.load(Ordering::Relaxed)), &mut ledger);
    }
}

/// A connection of one's own, for a moment.
pub(super) fn touch(address: std::net::SocketAddr, bytes: &[u8]) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1))
        .is_ok_and(|mut stream| stream.write_all(bytes).is_ok())
}

/// Whether there is time left.
pub(super) fn goes_on(stop: &AtomicBool, until: Instant) -> bool {
    !stop.load(Ordering::Relaxed) && clock::stopwatch() < until
}
