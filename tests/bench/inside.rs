//! Questions to a store that this program opens itself: what an answer costs without socket and JSON.

use std::time::Duration;

use anyhow::ensure;
use corridor::model::{Dimension, SeriesPattern};
use corridor::node::clock::Clock;
use corridor::node::{Engine, Home, Options};
use corridor::protect::Rules;
use corridor::view::Query;

use crate::clock::timed;
use crate::node::Node;

/// Names of the measures: cold, then warm, median and 99th percentile each.
pub(crate) const SERIES: [&str; 4] = [
    "query_in_process_cold_p50",
    "query_in_process_cold_p99",
    "query_in_process_p50",
    "query_in_process_p99",
];
/// The same for whole corridors.
pub(crate) const CORRIDORS: [&str; 4] = [
    "query_in_process_corridor_cold_p50",
    "query_in_process_corridor_cold_p99",
    "query_in_process_corridor_p50",
    "query_in_process_corridor_p99",
];
/// Memory of the database in bytes, as a daemon has it that is not told otherwise.
const CACHE: u64 = 64 << 20;

/// How long each question takes the first time after the store was opened, and the second time. The files may be in
/// the operating system's memory both times.
pub(crate) fn query(node: &Node, keys: &[String]) -> anyhow::Result<[Vec<Duration>; 2]> {
    let options = Options {
        public: ["MS_FBORN".to_owned()].into(),
        cache: CACHE,
        rules: Rules::default(),
        sealing: corridor::node::SealingTerms::default(),
        relays: std::collections::BTreeSet::new(),
        crisis: Default::default(),
        clock: Clock::system(),
    };
    let engine = Engine::open(Home::open(node.dir())?, &options, None)?;
    let derived = engine.store().derived();
    let ask = |key: &String| -> anyhow::Result<Duration> {
        let pattern = SeriesPattern::parse(key)?.with(Dimension::Indicator, "MS_FBORN");
        let query = Query::current(pattern);
        let mut found = 0;
        let (asked, time) = timed(|| {
            derived.query(&query, &mut |series| {
                found += series.versions.len();
                true
            })
        });
        asked?;
        ensure!(found > 0, "nothing is found for {key}");
        Ok(time)
    };
    let cold = keys.iter().map(ask).collect::<anyhow::Result<_>>()?;
    let warm = keys.iter().map(ask).collect::<anyhow::Result<_>>()?;
    Ok([cold, warm])
}
