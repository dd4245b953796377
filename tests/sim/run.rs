//! One run from a seed, and what must be true at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use corridor::feed::{AgreementId, FeedId, HeadRef, PublisherId};

use super::cast::cast;
use super::world::World;

/// What a run that passed has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) hash: u64,
    pub(crate) events: u64,
    pub(crate) entries: usize,
    pub(crate) forks: usize,
}

/// Runs a seed; an error is what did not hold.
pub(crate) fn run(seed: u64, print: bool) -> Result<Passed, String> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed, print);
        world.run();
        check_end(&world);
        Passed {
            hash: world.hash,
            events: world.events,
            entries: world.nodes.iter().map(|node| entries(node.disk.durable_heads())).sum(),
            forks: world.nodes.iter().map(|node| node.forks.len()).sum(),
        }
    }));
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

fn entries(heads: BTreeMap<FeedId, HeadRef>) -> usize {
    heads.values().map(|head| head.seq.0 as usize + 1).sum()
}

/// All that may read a feed hold the same of it; of a forked one, all that may read it hold the proof.
fn check_end(world: &World) {
    let heads: Vec<BTreeMap<FeedId, HeadRef>> =
        world.nodes.iter().map(|node| node.disk.durable_heads()).collect();
    let feeds: BTreeSet<FeedId> = heads.iter().flat_map(|heads| heads.keys().copied()).collect();
    for feed in feeds {
        let agreement = world.agreements.iter().find(|agreement| agreement.id == feed.agreement);
        let reads = |index: usize| {
            let node = &world.nodes[index];
            let writes = writer(world, index) == feed.publisher;
            let party = agreement.is_some_and(|agreement| agreement.parties.contains(&node.publisher));
            if feed.agreement == AgreementId::house() { writes } else { party }
        };
        let readers: Vec<usize> = (0..world.nodes.len()).filter(|index| reads(*index)).collect();
        for (index, heads) in heads.iter().enumerate() {
            assert!(readers.contains(&index) || !heads.contains_key(&feed), "node {index} holds {feed}");
        }
        if let Some(twins) = world.twins.filter(|twins| writer(world, twins.0) == feed.publisher) {
            check_forked(world, &feed, &readers, twins);
            continue;
        }
        let held: BTreeSet<Option<HeadRef>> =
            readers.iter().map(|index| heads[*index].get(&feed).copied()).collect();
        assert_eq!(held.len(), 1, "{feed}: nodes {readers:?} hold {held:?}");
    }
}

fn writer(world: &World, index: usize) -> PublisherId {
    cast().publishers[world.nodes[index].publisher].id
}

/// If any two honest nodes hold different entries in one place, all that may read the feed hold the proof.
fn check_forked(world: &World, feed: &FeedId, readers: &[usize], (first, second): (usize, usize)) {
    if feed.agreement == AgreementId::house() {
        return;
    }
    let differ = |one: usize, other: usize| {
        let (one, other) = (world.nodes[one].disk.durable(feed), world.nodes[other].disk.durable(feed));
        one.iter().zip(other).any(|(one, other)| one.header.id() != other.header.id())
    };
    let honest: Vec<usize> =
        readers.iter().copied().filter(|index| ![first, second].contains(index)).collect();
    let seen = honest.iter().any(|one| honest.iter().any(|other| differ(*one, *other)));
    if seen {
        for index in &honest {
            assert!(
                world.nodes[*index].forks.contains_key(feed),
                "node {index} has no proof that {feed} is forked"
            );
        }
    }
}
