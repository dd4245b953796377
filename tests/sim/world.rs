//! The world of a run: nodes, a virtual clock, and a queue of what happens next.

use std::collections::{BTreeMap, BTreeSet};

use corridor::feed::{AgreementId, Card, EntryId, FeedId, Fork, HeadRef, PublisherId};
use corridor::model::Millis;
use corridor::sync::{Input, Recovering, Replica, SessionId};

use super::cast::{self, Agreement, START};
use super::courier;
use super::disk::Disk;
use super::liar::Liar;
use super::link::Connection;
use super::random::Random;

/// How long things go wrong, and how long the nodes then have to agree.
pub(crate) const TROUBLE: i64 = 90_000;
pub(crate) const PEACE: i64 = 180_000;
/// Then, when clocks were wrong, days pass in which nothing happens: what was dated ahead falls due.
pub(crate) const NIGHT: i64 = 5 * 86_400_000;
/// And how long the nodes have after them.
pub(crate) const MORNING: i64 = 60_000;
/// The wrongest clock.
pub(crate) const MAX_SKEW: i64 = 4 * 86_400_000;

/// What happens at some time.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a run has a few thousand of them")]
pub(crate) enum Happening {
    Deliver { conn: u64, to: usize, bytes: Vec<u8> },
    Gone { conn: u64, at: usize },
    Answer { node: usize, epoch: u32, input: Input },
    Tick { node: usize, epoch: u32 },
    Commit { node: usize, epoch: u32 },
    Publish { node: usize },
    Crash { node: usize },
    Restart { node: usize },
    Backup { node: usize },
    Restore { node: usize },
    Split,
    Regrant,
    InForce,
    ChangeKeys { publisher: usize },
    CardArrives { node: usize, publisher: usize },
    Remove,
    Accept { node: usize, publisher: usize },
    Full { publisher: usize, full: bool },
    Connect,
    Heal,
    Lie { conn: u64 },
}

/// An honest node, or a twin of a forking publisher: it runs the real machine either way.
pub(crate) struct Node {
    pub(crate) publisher: usize,
    pub(crate) replica: Option<Replica>,
    pub(crate) disk: Disk,
    pub(crate) forks: BTreeMap<FeedId, Box<Fork>>,
    pub(crate) grants: BTreeMap<PublisherId, BTreeSet<AgreementId>>,
    /// By government, whether the card that it has is the one after the change of keys; whom it has removed is not
    /// there.
    pub(crate) cards: BTreeMap<usize, bool>,
    /// What its clock is ahead, in milliseconds.
    pub(crate) skew: i64,
    /// The latest time that its government has given an entry.
    pub(crate) signed_until: Millis,
    /// The newest entry of each feed that it has said it holds.
    pub(crate) receipts: BTreeMap<FeedId, HeadRef>,
    /// An earlier state of its disk.
    pub(crate) backup: Option<Disk>,
    /// Since it was restored from a backup: in which session and when each partner has told it all its heads.
    pub(crate) restored: Option<BTreeMap<PublisherId, (SessionId, Millis)>>,
    /// Which of its own feeds are in recovery, as it stands in its directory: it appends nothing to them.
    pub(crate) recovering: Recovering,
    /// Whether the machine has not been told of that yet.
    pub(crate) recovery_is_news: bool,
    /// Of which agreements it has been told that partners are couriers.
    pub(crate) carries: BTreeMap<PublisherId, BTreeSet<AgreementId>>,
    /// As a courier, of whom it carries as much as it will.
    pub(crate) full: BTreeSet<PublisherId>,
    pub(crate) epoch: u32,
    pub(crate) tick_at: Option<Millis>,
    pub(crate) committing: bool,
}

/// What happened in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) messages: u64,
    pub(crate) crashes: u64,
    pub(crate) partitions: u64,
    pub(crate) restores: u64,
    /// Entries of its own that a restored node has taken back.
    pub(crate) recovered: u64,
    /// Times that a settled feed of a restored node was found to be longer elsewhere.
    pub(crate) doubts: u64,
    /// Feeds that are in recovery to the end: see `run::unsettled`.
    pub(crate) unsettled: u64,
    /// Feeds that restored publishers have forked by signing their first entry again.
    pub(crate) signed_twice: u64,
    /// Sealed entries that a courier has taken whole.
    pub(crate) carried: u64,
    /// Pairs of parties that never have a session with each other.
    pub(crate) apart: u64,
    pub(crate) key_changes: u64,
    pub(crate) removals: u64,
    pub(crate) held: u64,
    /// Entries that were shown ahead of those before them.
    pub(crate) shown: u64,
}

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: Millis,
    pub(crate) queue: BTreeMap<(Millis, u64), Happening>,
    pub(crate) next_event: u64,
    pub(crate) next_conn: u64,
    pub(crate) agreements: Vec<Agreement>,
    /// Those of them whose feeds go before all others.
    pub(crate) urgent: BTreeSet<AgreementId>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) liar: Option<Liar>,
    pub(crate) twins: Option<(usize, usize)>,
    /// Who knows whose address: pairs of ends, the lower one first.
    pub(crate) links: BTreeSet<(usize, usize)>,
    pub(crate) conns: BTreeMap<u64, Connection>,
    pub(crate) blocked: BTreeSet<(usize, usize)>,
    /// By government that has changed its keys, its later card.
    pub(crate) changed: BTreeMap<usize, Card>,
    publishers: usize,
    pub(crate) healed: bool,
    /// Every frame that a publisher has really signed.
    pub(crate) genuine: BTreeMap<(EntryId, u32), Vec<u8>>,
    /// Of those that travel sealed too, the sealed form.
    pub(crate) sealed: BTreeMap<(EntryId, u32), Vec<u8>>,
    /// Feeds that honest publishers have forked: see the front page.
    pub(crate) signed_twice: BTreeSet<FeedId>,
    pub(crate) hash: u64,
    pub(crate) print: bool,
    pub(crate) tally: Tally,
}

impl World {
    /// A world of so many governments, or of as many as chance says: mostly few, sometimes up to eighty.
    pub(crate) fn new(seed: u64, governments: Option<usize>, print: bool) -> Self {
        let mut random = Random::new(seed);
        let small = 2 + random.below(4);
        let by_chance = match random.below(200) {
            0 => 17 + random.below(cast::MAX_PUBLISHERS - 17),
            1..=8 => 6 + random.below(11),
            _ => small,
        };
        let publishers = governments.unwrap_or(by_chance).clamp(2, cast::MAX_PUBLISHERS - 1);
        let twins = (publishers >= 3 && random.chance(30)).then_some((publishers - 1, publishers));
        let liar = random.chance(40).then(|| Liar::new(cast::MAX_PUBLISHERS - 1));
        let mut agreements = cast::agreements(&mut random, publishers, TROUBLE);
        let mut couriers = Random::new(!seed);
        courier::choose(&mut couriers, &mut agreements, publishers, twins);
        let mut chance = Random::new(seed.rotate_left(32));
        let urgent = agreements.iter().map(|one| one.id).filter(|_| chance.chance(50)).collect();
        let mut world = Self {
            urgent,
            random,
            now: START,
            queue: BTreeMap::new(),
            next_event: 0,
            next_conn: 0,
            agreements,
            nodes: Vec::new(),
            liar,
            twins,
            links: BTreeSet::new(),
            conns: BTreeMap::new(),
            blocked: BTreeSet::new(),
            changed: BTreeMap::new(),
            publishers,
            healed: false,
            genuine: BTreeMap::new(),
            sealed: BTreeMap::new(),
            signed_twice: BTreeSet::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            print,
            tally: Tally::default(),
        };
        for publisher in 0..publishers {
            world.add_node(publisher);
        }
        if twins.is_some() {
            world.add_node(publishers - 1);
        }
        world.link();
        world.plan_courier(&mut couriers);
        world.plan();
        world
    }

    /// Whether there are so many nodes that not everybody is everybody's partner.
    pub(crate) fn is_large(&self) -> bool {
        self.nodes.len() > 17
    }

    /// All governments, and the liar.
    pub(crate) fn governments(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.publishers).chain([cast::MAX_PUBLISHERS - 1])
    }

    /// Runs to the end of the peace, and to the morning after it if some clock was wrong.
    pub(crate) fn run(&mut self) {
        self.run_until(START.saturating_add(TROUBLE + PEACE));
        if self.tally.held > 0 {
            self.sleep();
            self.run_until(self.now.saturating_add(MORNING));
        }
    }

    fn run_until(&mut self, end: Millis) {
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            if at > end {
                break;
            }
            self.now = at;
            self.tally.events += 1;
            self.happen(happening);
        }
    }

    /// All nodes are stopped in good order, and started again after days.
    fn sleep(&mut self) {
        self.trace("night");
        for index in 0..self.nodes.len() {
            self.commit(index);
            self.nodes[index].replica = None;
            self.nodes[index].epoch += 1;
            self.nodes[index].tick_at = None;
        }
        self.conns.clear();
        self.queue.clear();
        self.now = self.now.saturating_add(NIGHT);
        for index in 0..self.nodes.len() {
            self.start(index);
        }
        self.after(0, Happening::Connect);
    }

    pub(crate) fn after(&mut self, delay: i64, happening: Happening) {
        self.next_event += 1;
        self.queue.insert((self.now.saturating_add(delay), self.next_event), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Deliver { conn, to, bytes } => self.deliver(conn, to, &bytes),
            Happening::Gone { conn, at } => self.gone(conn, at),
            Happening::Answer { node, epoch, input } if self.nodes[node].epoch == epoch => {
                self.input(node, input)
            }
            Happening::Tick { node, epoch } if self.nodes[node].epoch == epoch => {
                if self.nodes[node].tick_at.is_some_and(|at| at <= self.now) {
                    self.nodes[node].tick_at = None;
                    self.input(node, Input::Tick);
                }
            }
            Happening::Commit { node, epoch } if self.nodes[node].epoch == epoch => self.commit(node),
            Happening::Answer { .. } | Happening::Tick { .. } | Happening::Commit { .. } => {}
            Happening::Publish { node } => self.publish(node),
            Happening::Crash { node } => self.crash(node),
            Happening::Restart { node } => {
                if self.nodes[node].replica.is_none() {
                    self.start(node);
                }
            }
            Happening::Backup { node } => self.back_up(node),
            Happening::Restore { node } => self.restore(node),
            Happening::Split => self.split_network(),
            Happening::Regrant => self.regrant(),
            Happening::InForce => self.grant_all(),
            Happening::ChangeKeys { publisher } => self.change_keys(publisher),
            Happening::CardArrives { node, publisher } => self.card_arrives(node, publisher),
            Happening::Remove => self.remove_some_partner(),
            Happening::Accept { node, publisher } => self.accept(node, publisher),
            Happening::Full { publisher, full } => self.fill(publisher, full),
            Happening::Connect => self.connect_all(),
            Happening::Heal => self.heal(),
            Happening::Lie { conn } => self.lie(conn),
        }
    }

    pub(crate) fn trace(&mut self, line: &str) {
        for byte in line.bytes().chain(self.now.0.to_le_bytes()) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.print {
            println!("{:>7} {line}", self.now.since(START));
        }
    }
}
