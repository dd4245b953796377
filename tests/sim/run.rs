//! One run from a seed, and what must be true at its end.

use std::collections::{BTreeMap, BTreeSet};

use corridor::feed::assembler::Seat;
use corridor::feed::head::Place;
use corridor::feed::{AgreementId, Assembler, FeedId, Frame, HeadRef, PublisherId};

use super::cast::{self, START, cast};
use super::world::{NIGHT, Tally, World};
use crate::quiet::quietly;

/// What a run that passed has to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) hash: u64,
    pub(crate) nodes: usize,
    pub(crate) entries: usize,
    pub(crate) forks: usize,
    /// Simulated milliseconds, without nights.
    pub(crate) millis: i64,
    pub(crate) tally: Tally,
}

/// Runs a seed, in a world of so many governments or of as many as chance says; an error is what did not hold.
pub(crate) fn run(seed: u64, governments: Option<usize>, print: bool) -> Result<Passed, String> {
    quietly(|| {
        let mut world = World::new(seed, governments, print);
        world.run();
        check_end(&world);
        world.check_couriers();
        world.tally.unsettled = unsettled(&world);
        let millis = world.now.since(START);
        Passed {
            hash: world.hash,
            nodes: world.nodes.len(),
            entries: world.nodes.iter().map(|node| entries(node.disk.durable_heads())).sum(),
            forks: world.nodes.iter().map(|node| node.forks.len()).sum(),
            millis: if millis > NIGHT { millis - NIGHT } else { millis },
            tally: world.tally,
        }
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
        let readers = readers(world, &feed);
        for (index, heads) in heads.iter().enumerate() {
            assert!(readers.contains(&index) || !heads.contains_key(&feed), "node {index} holds {feed}");
        }
        if let Some(twins) = world.twins.filter(|twins| writer(world, twins.0) == feed.publisher) {
            check_forked(world, &feed, &readers, twins);
            continue;
        }
        if world.signed_twice.contains(&feed) {
            let own = (0..world.nodes.len()).find(|index| writer(world, *index) == feed.publisher);
            let own = own.expect("a feed has a writer");
            check_forked(world, &feed, &readers, (own, own));
            continue;
        }
        // Who has lost some of its own feed has taken it back.
        let held: BTreeSet<Option<HeadRef>> =
            readers.iter().map(|index| heads[*index].get(&feed).copied()).collect();
        assert!(held.len() <= 1, "{feed}: nodes {readers:?} hold {held:?}");
    }
    for index in 0..world.nodes.len() {
        world.check_receipts(index);
    }
    verify_all(world, world.tally.events as usize % world.nodes.len());
}

/// Feeds that restored nodes write no more: somebody says that it holds more, or has seen an entry that nobody holds whole.
fn unsettled(world: &World) -> u64 {
    let feeds = |index: usize| {
        let node = &world.nodes[index];
        let of_node = cast::feeds_of(&world.agreements, world.now, node.publisher);
        of_node.into_iter().filter(|feed| node.recovering.includes(feed)).count() as u64
    };
    (0..world.nodes.len()).map(feeds).sum()
}

/// The nodes that may read a feed, or carry it.
fn readers(world: &World, feed: &FeedId) -> Vec<usize> {
    let agreement = world.agreements.iter().find(|agreement| agreement.id == feed.agreement);
    let reads = |index: &usize| {
        let writes = writer(world, *index) == feed.publisher;
        let publisher = world.nodes[*index].publisher;
        let party = agreement.is_some_and(|agreement| {
            agreement.parties.contains(&publisher) || agreement.courier == Some(publisher)
        });
        if feed.agreement == AgreementId::house() { writes } else { party }
    };
    (0..world.nodes.len()).filter(reads).collect()
}

/// Every frame that a node has stored verifies from the first one on.
fn verify_all(world: &World, index: usize) {
    let (node, keyring) = (&world.nodes[index], world.keyring(index));
    for feed in node.disk.durable_heads().into_keys() {
        let seat = match world.is_carried_by(index, &feed) {
            true => Seat::Courier,
            false => Seat::Reader(world.seating(index).keys),
        };
        let mut assembler = Assembler::new(cast().network.clone(), Place::first(feed)).seated(seat);
        for bytes in node.disk.durable(&feed).iter().flat_map(|entry| &entry.frames) {
            let frame = Frame::read(bytes).ok().flatten().expect("a stored frame is whole");
            let accepted = assembler.accept(&keyring, &frame);
            assert!(accepted.is_ok(), "node {index} holds of {feed} what does not verify: {accepted:?}");
        }
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
