//! One run at one size: a government publishes, a partner fetches, both live on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use corridor::node::Request;
use corridor::store::keys::{self, KeyName, Passphrase};

use crate::clock::{now, timed};
use crate::data::{COUNTRY, SINGLE, Source};
use crate::machine;
use crate::node::{Node, public_observations};
use crate::report::{Better, Report};

/// The partner.
const PARTNER: &str = "ITA";
/// Observations that are new after the outage.
const MISSED: usize = 1000;
/// Queries of each kind.
const QUERIES: usize = 200;
/// How long a node is left alone before its idle memory is read.
const REST: Duration = Duration::from_millis(100);
/// How long after a session began its bytes are counted: what must be said is said by then.
const TALK: Duration = Duration::from_millis(250);

/// One run.
pub(crate) struct Run<'a> {
    pub(crate) source: &'a Source,
    /// Publisher and partner, freshly made, to be copied.
    pub(crate) nodes: &'a (Node, Node),
    pub(crate) size: usize,
    pub(crate) rounds: usize,
    pub(crate) report: &'a mut Report,
}

impl Run<'_> {
    /// Plays all in a directory that is removed after.
    pub(crate) fn play(&mut self, root: &Path) -> anyhow::Result<()> {
        let (mut a, mut b) = (self.nodes.0.copy(root)?, self.nodes.1.copy(root)?);
        self.publish(&mut a)?;
        self.sync(&mut a, &mut b)?;
        self.queries(&mut b)?;
        self.memory(&a, &b)?;
        // House feed with the submission, and the released feed.
        self.per_observation("disk_publisher_feeds", a.bytes_of("feeds"));
        b.stop()?;
        self.disk(&b);
        self.catch_up(&mut a, &mut b)?;
        self.latency(&mut a, &mut b)?;
        self.reconnect(&mut b)?;
        a.stop()?;
        // With a submission and a release for each round of the latency, and what the database leaves behind of them.
        self.per_observation("disk_publisher_end", a.bytes_of("feeds") + a.bytes_of("db"));
        self.rebuild(&mut b)
    }

    fn add(&mut self, measure: &'static str, value: f64, unit: &'static str, better: Better) {
        self.report.add(measure, self.size, value, unit, better);
    }

    fn rate(&mut self, measure: &'static str, time: Duration) {
        self.add(measure, self.size as f64 / time.as_secs_f64(), "obs/s", Better::Higher);
    }

    fn millis(&mut self, measure: &'static str, time: Duration) {
        self.add(measure, time.as_secs_f64() * 1000.0, "ms", Better::Lower);
    }

    fn per_observation(&mut self, measure: &'static str, bytes: f64) {
        self.add(measure, bytes / self.size as f64, "B/obs", Better::Lower);
    }

    /// Median and 99th percentile.
    fn percentiles(&mut self, p50: &'static str, p99: &'static str, mut times: Vec<Duration>) {
        times.sort();
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100).saturating_sub(1)];
        let (middle, late) = (at(50), at(99));
        self.millis(p50, middle);
        self.millis(p99, late);
    }

    /// A file goes in and is released: read, checked, signed, durable.
    fn publish(&mut self, a: &mut Node) -> anyhow::Result<()> {
        let file = self.source.file(self.size);
        let rows = file.lines().count() - 1;
        ensure!(rows == self.size, "the figures reach for {rows} observations only");
        a.start(&Request::Card)?;
        let before = a.cpu()?;
        let (done, import) = timed(|| a.submit(&file));
        done?;
        let (new, release) = timed(|| a.release());
        let new = new?;
        ensure!(new == self.size as u64, "{new} of {} observations were released", self.size);
        self.rate("import", import);
        self.per_observation("import_bytes", file.len() as f64);
        self.rate("release", release);
        self.rate("publish", import + release);
        let cpu = a.cpu()? - before;
        self.add("publish_cpu", cpu * 1e6 / self.size as f64, "us/obs", Better::Lower);
        // The publisher's own view is folded at the first question.
        let (held, fold) = timed(|| a.observations());
        ensure!(held? == self.size as u64, "the publisher does not show all that it released");
        self.rate("fold_publisher", fold);
        Ok(())
    }

    /// A fresh node fetches all, from the moment that the session stands.
    fn sync(&mut self, a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
        b.start(&Request::Card)?;
        // A refused act is written down all the same: it makes the house feed, so that the next feed is the partner's.
        let refused = b.ask(&Request::PartnerRemove { partner: COUNTRY.to_owned() });
        ensure!(refused.is_err(), "a partner was removed that was never accepted");
        b.until_metric("corridor_feeds", 1)?;
        let feeds = b.metric("corridor_feeds")?;
        a.ask(&Request::PartnerAdd { card: b.card()? })?;
        let (cpu_a, cpu_b) = (a.cpu()?, b.cpu()?);
        b.ask(&Request::PartnerAdd { card: a.card()? })?;
        b.until_metric("corridor_sessions", 1)?;
        let start = now();
        b.until_metric("corridor_feeds", feeds + 1)?;
        let durable = start.elapsed();
        let (cpu_a, cpu_b) = (a.cpu()? - cpu_a, b.cpu()? - cpu_b);
        let size = self.size as u64;
        b.until("all is visible", |b| Ok((b.observations()? == size).then_some(())))?;
        let visible = start.elapsed();
        self.rate("sync", durable);
        self.rate("sync_visible", visible);
        let (bytes_in, _) = b.traffic()?;
        self.per_observation("sync_bytes", bytes_in);
        self.add("sync_cpu_publisher", cpu_a * 1e6 / self.size as f64, "us/obs", Better::Lower);
        self.add("sync_cpu_receiver", cpu_b * 1e6 / self.size as f64, "us/obs", Better::Lower);
        Ok(())
    }

    /// One series, and all series of one corridor.
    fn queries(&mut self, b: &mut Node) -> anyhow::Result<()> {
        let (series, corridors) = self.source.keys(QUERIES.min(self.size / 105));
        for (keys, p50, p99) in
            [(series, "query_p50", "query_p99"), (corridors, "query_corridor_p50", "query_corridor_p99")]
        {
            let mut times = Vec::new();
            for key in &keys {
                let (rows, time) = timed(|| b.get(key));
                ensure!(!rows?.is_empty(), "nothing is found for {key}");
                times.push(time);
            }
            self.percentiles(p50, p99, times);
        }
        Ok(())
    }

    fn memory(&mut self, a: &Node, b: &Node) -> anyhow::Result<()> {
        std::thread::sleep(REST);
        for (node, idle, peak) in [
            (a, "memory_publisher_idle", "memory_publisher_peak"),
            (b, "memory_receiver_idle", "memory_receiver_peak"),
        ] {
            self.add(idle, node.memory("VmRSS")?, "MiB", Better::Lower);
            self.add(peak, node.memory("VmHWM")?, "MiB", Better::Lower);
        }
        Ok(())
    }

    /// The receiver's files after its orderly end.
    fn disk(&mut self, b: &Node) {
        let (feeds, db) = (b.bytes_of("feeds"), b.bytes_of("db"));
        self.per_observation("disk_feeds", feeds);
        self.per_observation("disk_db", db);
        self.per_observation("disk_total", feeds + db);
    }

    /// The partner was away while new figures came.
    fn catch_up(&mut self, a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
        a.submit(&self.source.later(MISSED))?;
        a.release()?;
        let unlock = unlock(b)?;
        let (_, total) = b.start(&Request::Card)?;
        b.until_metric("corridor_sessions", 1)?;
        let start = now();
        b.until_metric("corridor_heads_moved_total", 1)?;
        self.millis("catch_up", start.elapsed());
        let all = (self.size + MISSED) as u64;
        b.until("the missed figures are visible", |b| Ok((b.observations()? == all).then_some(())))?;
        self.millis("catch_up_visible", start.elapsed());
        let bytes = b.traffic()?.0;
        self.add("catch_up_bytes", bytes, "B", Better::Lower);
        self.millis("start", total);
        self.millis("start_unlock", unlock);
        Ok(())
    }

    /// One figure from the ministry's file to the partner's answer.
    fn latency(&mut self, a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
        let (mut whole, mut released) = (Vec::new(), Vec::new());
        // The disk of the same minute: others may work on it too.
        let append = machine::usual_append(a.dir())?;
        self.millis("latency_one_fdatasync", append);
        let year = SINGLE.to_string();
        // The publisher folds what it released during the outage now, and not in the first round.
        a.observations()?;
        for round in 0..self.rounds {
            let (file, key) = self.source.single(round).context("there are more series than rounds")?;
            let start = now();
            a.submit(&file)?;
            let submitted = start.elapsed();
            a.release()?;
            b.until("the figure is visible", |b| {
                let rows = b.get(&key)?;
                Ok(rows.iter().any(|row| row["time_period"] == year.as_str()).then_some(()))
            })?;
            whole.push(start.elapsed());
            released.push(start.elapsed() - submitted);
        }
        self.percentiles("latency_p50", "latency_p99", whole);
        self.percentiles("latency_release_p50", "latency_release_p99", released);
        Ok(())
    }

    /// Back again, and nothing has happened.
    fn reconnect(&mut self, b: &mut Node) -> anyhow::Result<()> {
        b.stop()?;
        b.start(&Request::Card)?;
        b.until_metric("corridor_sessions", 1)?;
        std::thread::sleep(TALK);
        self.add("reconnect", b.last_greeting()?, "ms", Better::Lower);
        let (bytes_in, bytes_out) = b.traffic()?;
        self.add("reconnect_bytes", bytes_in + bytes_out, "B", Better::Lower);
        b.stop()
    }

    /// The derived database is gone: the first status folds it again.
    fn rebuild(&mut self, b: &mut Node) -> anyhow::Result<()> {
        fs::remove_dir_all(b.dir().join("db"))?;
        let unlock = unlock(b)?;
        let (status, time) = b.start(&Request::Status)?;
        let all = (self.size + MISSED + self.rounds) as u64;
        let held = public_observations(&status);
        ensure!(held == all, "{held} of {all} observations are there after the rebuild");
        self.millis("rebuild", time);
        self.rate("rebuild_rate", time.saturating_sub(unlock));
        b.stop()
    }
}

/// Makes keys and cards of publisher and partner.
pub(crate) fn nodes(root: &Path) -> anyhow::Result<(Node, Node)> {
    Ok((Node::init(root, COUNTRY)?, Node::init(root, PARTNER)?))
}

/// How long it takes to open the key with its passphrase, which is slow by design.
fn unlock(node: &Node) -> anyhow::Result<Duration> {
    let passphrase = Passphrase::from_file(&node.passphrase())?;
    let (key, time) = timed(|| keys::load(node.dir(), KeyName::Node, &passphrase));
    key?;
    Ok(time)
}
