//! Many small releases at once: every agency of a government publishes in the same minute.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, ensure};
use corridor::node::Request;
use corridor::node::request::ReleaseRequest;
use serde_json::Value;

use crate::clock::{now, timed};
use crate::data::Source;
use crate::node::{Asked, Node, ask_all, introduce, submission};
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "burst";
/// Conversations at one time.
const PARALLEL: usize = 4;
/// Releases that are asked for one after another, to know what one takes alone.
const ALONE: usize = 100;

/// A burst of so many releases of one observation each.
pub(crate) fn play(
    source: &Source,
    nodes: &(Node, Node),
    (root, size): (&Path, usize),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut a, mut b) = (nodes.0.copy(root)?, nodes.1.copy(root)?);
    a.start(&Request::Card)?;
    b.start(&Request::Card)?;
    introduce(&mut a, &mut b)?;
    let rate = |count: usize, time: std::time::Duration| count as f64 / time.as_secs_f64();

    let files = source.singles(size + ALONE)?.into_iter().map(|(file, _)| (submission(), Some(file)));
    // One conversation: agencies that submit in the same moment are not what is measured here.
    let (mut client, mut ids) = (a.connect()?, Vec::new());
    let (done, time) = timed(|| {
        ask_all(&mut client, files, &mut |answer| {
            ids.push(submitted(&answer)?);
            Ok(())
        })
    });
    done?;
    drop(client);
    let distinct: BTreeSet<&String> = ids.iter().collect();
    ensure!(distinct.len() == ids.len(), "{} submissions share {} ids", ids.len(), distinct.len());
    report.add("burst_submit", size, rate(ids.len(), time), "1/s", Better::Higher);

    let (alone, together) = ids.split_at(ALONE);
    let mut times = Vec::new();
    for id in alone {
        let (answer, time) = timed(|| a.ask(&release(id)));
        released(&answer?)?;
        times.push(time);
    }
    report.percentiles(("burst_alone_p50", "burst_alone_p99"), size, times);

    let asked: Vec<Asked> = together.iter().map(|id| (release(id), None)).collect();
    let before = [a.cpu()?, b.cpu()?];
    let start = now();
    let answers = in_parallel(&a, asked)?;
    let acknowledged = start.elapsed();
    let all = ids.len() as u64;
    b.until("all releases are at the partner", |b| Ok((b.observations()? == all).then_some(())))?;
    let synced = start.elapsed();
    answers.iter().try_for_each(released)?;
    report.add("burst_acknowledged", size, rate(size, acknowledged), "1/s", Better::Higher);
    report.add("burst_synced", size, rate(size, synced), "1/s", Better::Higher);
    // What load on the machine does not change.
    let spent = [a.cpu()? - before[0], b.cpu()? - before[1]].map(|seconds| seconds * 1e6 / size as f64);
    report.add("burst_cpu_publisher", size, spent[0], "us", Better::Lower);
    report.add("burst_cpu_partner", size, spent[1], "us", Better::Lower);
    a.stop()?;
    b.stop()
}

/// Asks all over several conversations; the answers in any order.
fn in_parallel(node: &Node, asked: Vec<Asked>) -> anyhow::Result<Vec<Value>> {
    let answers = Mutex::new(Vec::with_capacity(asked.len()));
    let mut shares: Vec<Vec<Asked>> = (0..PARALLEL).map(|_| Vec::new()).collect();
    for (number, one) in asked.into_iter().enumerate() {
        shares[number % PARALLEL].push(one);
    }
    let ask = |share: Vec<Asked>| -> anyhow::Result<()> {
        let (mut client, mut mine) = (node.connect()?, Vec::with_capacity(share.len()));
        ask_all(&mut client, share, &mut |answer| {
            mine.push(answer);
            Ok(())
        })?;
        answers.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
        Ok(())
    };
    thread::scope(|scope| {
        let running: Vec<_> = shares.into_iter().map(|share| scope.spawn(|| ask(share))).collect();
        let joined = running.into_iter().map(thread::ScopedJoinHandle::join);
        let ended = joined.map(|ended| ended.map_err(|_| anyhow::anyhow!("a client panicked"))?);
        ended.collect::<anyhow::Result<()>>()
    })?;
    Ok(answers.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn release(submission: &str) -> Request {
    Request::Release(ReleaseRequest { submission: Some(submission.to_owned()), ..ReleaseRequest::default() })
}

fn submitted(answer: &Value) -> anyhow::Result<String> {
    let id = answer["submission"].as_str().map(str::to_owned);
    id.with_context(|| format!("the file was refused: {}", answer["findings"][0]["text"]))
}

fn released(answer: &Value) -> anyhow::Result<()> {
    ensure!(answer["released"][0]["new"] == 1, "nothing new was released: {answer}");
    Ok(())
}
