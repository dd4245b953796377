//! One run at one size: a government publishes, a partner fetches, both live on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use corridor::node::Request;
use corridor::store::keys::{self, KeyName, Passphrase};

use crate::backup;
use crate::clock::{now, timed};
use crate::data::{COUNTRY, SINGLE, Source};
use crate::inside;
use crate::machine;
use crate::node::{Node, public_observations};
use crate::outside::wire_bytes;
use crate::report::{Better, Report};
use crate::served;
use crate::wanted::Wanted;

/// The partner.
pub(crate) const PARTNER: &str = "ITA";
/// Observations that are new after the outage.
const MISSED: usize = 1000;
/// Queries of each kind.
const QUERIES: usize = 200;
/// How long a node is left alone before its idle memory is read.
const REST: Duration = Duration::from_millis(100);

/// What the names of measures begin with, by the phase that makes them.
const PUBLISH: [&str; 7] =
    ["import", "release", "publish", "fold", "memory_publisher", "disk_publisher_feeds", "machine_generate"];
const SDMX: [&str; 2] = ["import_sdmx", "publish_sdmx"];
const SYNC: [&str; 3] = ["sync", "memory_receiver", "disk"];
const QUERY: [&str; 3] = ["query_p", "query_corridor", "query_http"];
const CATCH_UP: [&str; 3] = ["catch_up", "start", "memory_receiver_started"];
const LATENCY: [&str; 2] = ["latency", "disk_publisher_end"];
const RECONNECT: [&str; 1] = ["reconnect"];
const INSIDE: [&str; 1] = ["query_in_process"];
const REBUILD: [&str; 1] = ["rebuild"];

/// One run.
pub(crate) struct Run<'a> {
    pub(crate) source: &'a Source,
    /// Publisher and partner, freshly made, to be copied.
    pub(crate) nodes: &'a (Node, Node),
    pub(crate) size: usize,
    pub(crate) rounds: usize,
    pub(crate) wanted: &'a Wanted,
    pub(crate) report: &'a mut Report,
    /// Observations that the publisher has released so far.
    pub(crate) released: usize,
}

/// Whether a run makes anything that is wanted.
pub(crate) fn is_wanted(wanted: &Wanted) -> bool {
    wanted.any(&PUBLISH) || wanted.any(&SDMX) || is_exchange_wanted(wanted)
}

/// Whether anything is wanted that takes two nodes.
fn is_exchange_wanted(wanted: &Wanted) -> bool {
    [&SYNC[..], &QUERY, &served::STEMS, &backup::STEMS].iter().any(|stems| wanted.any(stems))
        || is_second_half_wanted(wanted)
}

/// Whether anything is wanted that is measured after the first exchange.
fn is_second_half_wanted(wanted: &Wanted) -> bool {
    [&CATCH_UP[..], &LATENCY, &RECONNECT, &INSIDE, &REBUILD].iter().any(|stems| wanted.any(stems))
}

impl Run<'_> {
    /// Plays all that is wanted in a directory that is removed after.
    pub(crate) fn play(&mut self, root: &Path) -> anyhow::Result<()> {
        let (mut a, mut b) = (self.nodes.0.copy(root)?, self.nodes.1.copy(root)?);
        let wanted = self.wanted;
        if wanted.any(&SDMX) {
            self.publish_sdmx(root)?;
        }
        self.publish(&mut a, root)?;
        if !is_exchange_wanted(wanted) {
            return a.stop();
        }
        self.sync(&mut a, &mut b)?;
        if wanted.any(&QUERY) {
            self.queries(&mut b)?;
        }
        self.memory(&a, &b)?;
        if wanted.any(&served::STEMS) {
            self.served(&b)?;
        }
        if wanted.any(&backup::STEMS) {
            backup::play(&a, root, (self.size, self.report))?;
        }
        // House feed with the submission, and the released feed.
        self.per_observation("disk_publisher_feeds", a.bytes_of("feeds"));
        b.stop()?;
        self.disk(&b);
        if !is_second_half_wanted(wanted) {
            return a.stop();
        }
        if wanted.any(&CATCH_UP) {
            self.catch_up(&mut a, &mut b)?;
        }
        if wanted.any(&LATENCY) {
            self.latency(&mut a, &mut b)?;
        }
        if wanted.any(&RECONNECT) {
            self.reconnect(&a, &mut b)?;
        }
        a.stop()?;
        // With a submission and a release for each round of the latency, and what the database leaves behind of them.
        self.per_observation("disk_publisher_end", a.bytes_of("feeds") + a.bytes_of("db"));
        b.stop()?;
        if wanted.any(&INSIDE) {
            self.inside(&b)?;
        }
        if wanted.any(&REBUILD) { self.rebuild(&mut b) } else { Ok(()) }
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

    fn mebibytes(&mut self, measure: &'static str, mebibytes: f64) {
        self.add(measure, mebibytes, "MiB", Better::Lower);
    }

    fn per_observation(&mut self, measure: &'static str, bytes: f64) {
        self.add(measure, bytes / self.size as f64, "B/obs", Better::Lower);
    }

    fn percentiles(&mut self, p50: &'static str, p99: &'static str, times: Vec<Duration>) {
        self.report.percentiles((p50, p99), self.size, times);
    }

    /// A file goes in and is released: read, checked, signed, durable.
    fn publish(&mut self, a: &mut Node, root: &Path) -> anyhow::Result<()> {
        let (file, size) = (root.join("figures.csv"), self.size as u64);
        let out = fs::File::create(&file)?;
        let (written, time) = timed(|| self.source.write(out, self.size));
        let length = written?;
        self.report.add(
            "machine_generate",
            0,
            self.size as f64 / time.as_secs_f64(),
            "obs/s",
            Better::Higher,
        );
        a.start(&Request::Card)?;
        // Opening the keys takes 64 MiB, which is not what is asked here.
        a.peak()?;
        let before = a.cpu()?;
        let (done, import) = timed(|| a.submit_file(&file));
        done?;
        self.mebibytes("memory_publisher_peak_import", a.peak()?);
        let (new, release) = timed(|| a.release());
        let new = new?;
        ensure!(new == size, "{new} of {} observations were released", self.size);
        self.mebibytes("memory_publisher_peak_release", a.peak()?);
        self.released = self.size;
        self.rate("import", import);
        self.per_observation("import_bytes", length as f64);
        self.rate("release", release);
        self.rate("publish", import + release);
        let cpu = a.cpu()? - before;
        self.add("publish_cpu", cpu * 1e6 / self.size as f64, "us/obs", Better::Lower);
        // The publisher's own view is folded at the first question.
        let (held, fold) = timed(|| a.observations());
        ensure!(held? == size, "the publisher does not show all that it released");
        self.rate("fold_publisher", fold);
        self.mebibytes("memory_publisher_peak_fold", a.peak()?);
        Ok(fs::remove_file(&file)?)
    }

    /// The same figures as SDMX-CSV, at a node of their own.
    fn publish_sdmx(&mut self, root: &Path) -> anyhow::Result<()> {
        let (file, size) = (root.join("figures-sdmx.csv"), self.size as u64);
        self.source.write_sdmx(fs::File::create(&file)?, self.size)?;
        let own = root.join("sdmx");
        fs::create_dir(&own)?;
        let mut node = self.nodes.0.copy(&own)?;
        node.start(&Request::Card)?;
        let (done, import) = timed(|| node.submit_file(&file));
        done?;
        let (new, release) = timed(|| node.release());
        let new = new?;
        ensure!(new == size, "{new} of {} observations were released", self.size);
        self.rate("import_sdmx", import);
        self.rate("publish_sdmx", import + release);
        node.stop()?;
        fs::remove_dir_all(&own)?;
        Ok(fs::remove_file(&file)?)
    }

    /// A fresh node fetches all, from the moment that the session stands.
    fn sync(&mut self, a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
        b.start(&Request::Card)?;
        a.ask(&Request::PartnerAdd { card: b.card()? })?;
        let (cpu_a, cpu_b) = (a.cpu()?, b.cpu()?);
        for node in [&*a, &*b] {
            node.peak()?;
        }
        b.ask(&Request::PartnerAdd { card: a.card()? })?;
        b.until_metric("corridor_sessions", 1)?;
        let start = now();
        b.until_durable(a)?;
        let durable = start.elapsed();
        let (cpu_a, cpu_b) = (a.cpu()? - cpu_a, b.cpu()? - cpu_b);
        self.mebibytes("memory_receiver_peak_sync", b.peak()?);
        self.mebibytes("memory_publisher_peak_sync", a.peak()?);
        let wire = wire_bytes(&[a.port(), b.port()])?;
        let size = self.size as u64;
        b.until("all is visible", |b| Ok((b.observations()? == size).then_some(())))?;
        let visible = start.elapsed();
        self.mebibytes("memory_receiver_peak_fold", b.peak()?);
        self.rate("sync", durable);
        self.rate("sync_visible", visible);
        let (bytes_in, _) = b.traffic()?;
        self.per_observation("sync_bytes", bytes_in);
        self.add("sync_wire_bytes", wire, "B", Better::Lower);
        self.per_observation("sync_wire", wire);
        self.add("sync_cpu_publisher", cpu_a * 1e6 / self.size as f64, "us/obs", Better::Lower);
        self.add("sync_cpu_receiver", cpu_b * 1e6 / self.size as f64, "us/obs", Better::Lower);
        Ok(())
    }

    /// The partner's daemon runs and talks with the publisher.
    fn up(&mut self, b: &mut Node) -> anyhow::Result<()> {
        if !b.is_up() {
            b.start(&Request::Card)?;
        }
        b.until_metric("corridor_sessions", 1)
    }

    /// One series, and all series of one corridor, over the control socket.
    fn queries(&mut self, b: &mut Node) -> anyhow::Result<()> {
        let (series, corridors) = self.source.keys(self.size, QUERIES);
        let mut rows = 0;
        for (keys, p50, p99) in
            [(&series, "query_p50", "query_p99"), (&corridors, "query_corridor_p50", "query_corridor_p99")]
        {
            let mut times = Vec::new();
            rows = 0;
            for key in keys {
                let (found, time) = timed(|| b.get(key));
                let found = found?.len();
                ensure!(found > 0, "nothing is found for {key}");
                rows += found;
                times.push(time);
            }
            self.percentiles(p50, p99, times);
        }
        self.add("query_corridor_rows", rows as f64 / corridors.len() as f64, "obs", Better::Lower);
        let mut times = Vec::new();
        for key in &series {
            let (found, time) = timed(|| b.observations_page(key));
            ensure!(found? > 0, "nothing is found over HTTP for {key}");
            times.push(time);
        }
        self.percentiles("query_http_p50", "query_http_p99", times);
        Ok(())
    }

    /// Everything as one message, in each form.
    fn served(&mut self, b: &Node) -> anyhow::Result<()> {
        b.peak()?;
        for (names, form, count) in served::FORMS {
            let served = served::fetch(b, form, count)?;
            let lines = self.size as u64 + 1;
            ensure!(
                count.is_none() || served.counted == lines,
                "{form}: {} lines, not {lines}",
                served.counted
            );
            self.rate(names[0], served.whole);
            self.millis(names[1], served.first);
            self.per_observation(names[2], served.bytes as f64);
        }
        self.mebibytes("memory_receiver_peak_served", b.peak()?);
        Ok(())
    }

    /// The same questions to the store itself, which no daemon has open now.
    fn inside(&mut self, b: &Node) -> anyhow::Result<()> {
        let (series, corridors) = self.source.keys(self.size, QUERIES);
        for (keys, names) in [(&series, inside::SERIES), (&corridors, inside::CORRIDORS)] {
            let [cold, warm] = inside::query(b, keys)?;
            self.percentiles(names[0], names[1], cold);
            self.percentiles(names[2], names[3], warm);
        }
        Ok(())
    }

    fn memory(&mut self, a: &Node, b: &Node) -> anyhow::Result<()> {
        std::thread::sleep(REST);
        self.mebibytes("memory_publisher_idle", a.memory()?);
        self.mebibytes("memory_receiver_idle", b.memory()?);
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
        a.submit(&self.source.later(MISSED)?)?;
        a.release()?;
        self.released += MISSED;
        let unlock = unlock(b)?;
        let (_, total) = b.start(&Request::Card)?;
        b.until_metric("corridor_sessions", 1)?;
        let start = now();
        b.until_durable(a)?;
        self.millis("catch_up", start.elapsed());
        let all = self.released as u64;
        b.until("the missed figures are visible", |b| Ok((b.observations()? == all).then_some(())))?;
        self.millis("catch_up_visible", start.elapsed());
        let bytes = b.traffic()?.0;
        self.add("catch_up_bytes", bytes, "B", Better::Lower);
        self.add("catch_up_wire_bytes", wire_bytes(&[a.port(), b.port()])?, "B", Better::Lower);
        self.millis("start", total);
        self.millis("start_unlock", unlock);
        b.peak()?;
        std::thread::sleep(REST);
        self.mebibytes("memory_receiver_started", b.memory()?);
        Ok(())
    }

    /// One figure from the ministry's file to the partner's answer.
    fn latency(&mut self, a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
        self.up(b)?;
        let (mut whole, mut released, mut answered) = (Vec::new(), Vec::new(), Vec::new());
        // The disk of the same minute: others may work on it too.
        let append = machine::usual_append(a.dir())?;
        self.millis("latency_one_fdatasync", append);
        let year = SINGLE.to_string();
        // The publisher folds what it released during the outage now, and not in the first round.
        a.observations()?;
        for (file, key) in self.source.singles(self.rounds)? {
            let start = now();
            a.submit(&file)?;
            let submitted = start.elapsed();
            a.release()?;
            answered.push(start.elapsed() - submitted);
            // Asked after the publisher has answered, which is a little before the partner is ready: a watch beside
            // the release would take one of two processors from the daemons.
            b.until("the figure is visible", |b| {
                let rows = b.get(&key)?;
                Ok(rows.iter().any(|row| row["time_period"] == year.as_str()).then_some(()))
            })?;
            whole.push(start.elapsed());
            released.push(start.elapsed() - submitted);
            self.released += 1;
        }
        self.percentiles("latency_p50", "latency_p99", whole);
        self.percentiles("latency_release_p50", "latency_release_p99", released);
        self.percentiles("latency_answered_p50", "latency_answered_p99", answered);
        Ok(())
    }

    /// Back again, and nothing has happened.
    fn reconnect(&mut self, a: &Node, b: &mut Node) -> anyhow::Result<()> {
        self.up(b)?;
        b.stop()?;
        b.start(&Request::Card)?;
        let listed = b.talk()?;
        self.add("reconnect", b.last_greeting()?, "ms", Better::Lower);
        self.add("reconnect_listed", listed, "ms", Better::Lower);
        let (bytes_in, bytes_out) = b.traffic()?;
        self.add("reconnect_bytes", bytes_in + bytes_out, "B", Better::Lower);
        self.add("reconnect_wire_bytes", wire_bytes(&[a.port(), b.port()])?, "B", Better::Lower);
        b.stop()
    }

    /// The derived database is gone: the first status folds it again.
    fn rebuild(&mut self, b: &mut Node) -> anyhow::Result<()> {
        fs::remove_dir_all(b.dir().join("db"))?;
        let unlock = unlock(b)?;
        let (status, time) = b.start(&Request::Status)?;
        let held = public_observations(&status);
        ensure!(held > 0, "nothing is there after the rebuild");
        self.millis("rebuild", time);
        self.add(
            "rebuild_rate",
            held as f64 / time.saturating_sub(unlock).as_secs_f64(),
            "obs/s",
            Better::Higher,
        );
        self.mebibytes("memory_receiver_peak_rebuild", b.peak()?);
        let all = self.released as u64;
        b.until("all is there after the rebuild", |b| Ok((b.observations()? == all).then_some(())))?;
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
