//! A partner with a good card and bad manners: it lies in every way that the protocol leaves room for.

use corridor::crypto::{Hash, SecretKey};
use corridor::feed::assembler::Position;
use corridor::feed::head::Place;
use corridor::feed::{AgreementId, EntryId, FeedId, HeadRef, Seq};
use corridor::sync::{MAX_DATA, MIN_WINDOW, Message, VERSIONS, Versions};

use super::cast::{self, cast};
use super::world::{Happening, World};

/// The liar; it is a party of the public agreement only.
pub(crate) struct Liar {
    pub(crate) publisher: usize,
}

impl Liar {
    pub(crate) fn new(publisher: usize) -> Self {
        Self { publisher }
    }
}

impl World {
    fn liar_says(&mut self, conn: u64, message: &Message) {
        let liar = self.nodes.len();
        self.send(liar, conn, message);
    }

    pub(crate) fn greet_as_liar(&mut self, conn: u64) {
        let versions = if self.random.chance(5) { Versions { min: 7, max: 9 } } else { VERSIONS };
        let network = if self.random.chance(5) { "main" } else { cast().network.as_str() }.to_owned();
        let window = if self.random.chance(5) { self.random.next() as u32 } else { MIN_WINDOW };
        if !self.random.chance(5) {
            self.liar_says(conn, &Message::Hello { versions, features: u64::MAX, network, window });
        }
    }

    /// A feed that exists, of which the liar may read the public ones only.
    fn some_feed(&mut self) -> FeedId {
        let publisher = self.random.below(self.nodes.len());
        let feeds = cast::feeds_of(&self.agreements, self.now, self.nodes[publisher].publisher);
        *self.random.pick(&feeds)
    }

    /// What it does on its own; it goes on until it is thrown out.
    pub(crate) fn lie(&mut self, conn: u64) {
        if !self.conns.contains_key(&conn) {
            return;
        }
        let feed = self.some_feed();
        let public = FeedId::new(feed.publisher, AgreementId::public());
        let seq = Seq(self.random.next() % 12);
        match self.random.below(15) {
            0 => self.liar_says(conn, &Message::Want { feed, from: Position { seq, part: 0 } }),
            1 => self.liar_says(conn, &Message::Show { feed, seq }),
            2..=5 => {
                let seq = if self.random.chance(50) { seq } else { Seq(u64::MAX) };
                let head = HeadRef { feed: public, seq, entry: EntryId(self.random.bytes32()) };
                self.liar_says(conn, &Message::Have { heads: vec![head], last: true });
            }
            6 => {
                let frames = vec![7; MAX_DATA as usize];
                let from = Position { seq, part: 0 };
                self.liar_says(conn, &Message::Data { feed: public, from, frames });
            }
            7 => {
                let headers = [self.some_header(public), self.some_header(public)];
                let [one, other] = headers;
                self.liar_says(conn, &Message::Proof { one, other });
            }
            8 => {
                let garbage = self.random.bytes32().to_vec();
                let liar = self.nodes.len();
                self.post(liar, conn, garbage);
            }
            9 => self.liar_says(conn, &Message::Credit { bytes: 1 << 31 }),
            10 => self.liar_says(conn, &Message::Pong { nonce: 77 }),
            11 => {
                let digest = Hash(self.random.bytes32());
                self.liar_says(conn, &Message::Digest { digest });
            }
            12 => self.liar_says(conn, &Message::Differs),
            13 => {
                let from = Position { seq, part: 0 };
                let (seq, frames) = match self.random.chance(50) {
                    true => (seq, self.forged_frames(public, from)),
                    false => {
                        let index = self.random.below(self.nodes.len());
                        self.nodes[index].disk.latest(&public, seq, MAX_DATA)
                    }
                };
                self.liar_says(conn, &Message::Latest { feed: public, seq, frames });
            }
            _ => {
                let bytes = Some(self.some_header(public));
                self.liar_says(conn, &Message::Header { feed: public, seq, bytes });
            }
        }
        let delay = self.random.between(100, 9_000);
        self.after(delay, Happening::Lie { conn });
    }

    /// What it answers.
    pub(crate) fn liar_hears(&mut self, conn: u64, message: &Message) {
        match message {
            Message::Want { feed, from } => self.answer_want(conn, *feed, *from),
            Message::Ping { nonce } => self.liar_says(conn, &Message::Pong { nonce: *nonce }),
            Message::Show { feed, seq } => {
                let bytes = self.random.chance(80).then(|| self.some_header(*feed));
                self.liar_says(conn, &Message::Header { feed: *feed, seq: *seq, bytes });
            }
            Message::Hello { .. }
            | Message::Digest { .. }
            | Message::Differs
            | Message::Resolution { .. }
            | Message::Have { .. }
            | Message::Unwant { .. }
            | Message::Data { .. }
            | Message::Latest { .. }
            | Message::Credit { .. }
            | Message::Pong { .. }
            | Message::Header { .. }
            | Message::Proof { .. }
            | Message::Bye { .. } => {}
        }
    }

    fn answer_want(&mut self, conn: u64, feed: FeedId, from: Position) {
        let mut frames = match self.random.below(5) {
            0 => return,
            1 | 2 => self.genuine_frames(&feed, from),
            3 => self.genuine_frames(&feed, Position { seq: Seq(0), part: 0 }),
            _ => self.forged_frames(feed, from),
        };
        if self.random.chance(40) && !frames.is_empty() {
            let at = self.random.below(frames.len());
            frames[at] ^= 1 << self.random.below(8);
        }
        let times = if self.random.chance(10) { 40 } else { 1 };
        for _ in 0..times {
            self.liar_says(conn, &Message::Data { feed, from, frames: frames.clone() });
        }
    }

    /// Frames of a public feed, as any node holds it.
    fn genuine_frames(&mut self, feed: &FeedId, from: Position) -> Vec<u8> {
        let index = self.random.below(self.nodes.len());
        self.nodes[index].disk.read(feed, from, MAX_DATA).0
    }

    /// Its own key, or one of the feed's publisher whose mandate is over.
    fn stolen_key(&mut self, feed: &FeedId) -> &'static SecretKey {
        let liar = &cast().publishers[self.publisher_at(self.nodes.len())];
        let victim = cast().publishers.iter().find(|one| one.id == feed.publisher);
        match victim.filter(|_| self.random.chance(50)) {
            Some(victim) => &victim.expired,
            None => liar.node(false),
        }
    }

    /// An entry that the liar has signed in somebody else's name.
    fn forged_frames(&mut self, feed: FeedId, from: Position) -> Vec<u8> {
        let place = Place { feed, seq: from.seq, backlink: EntryId(self.random.bytes32()) };
        let genuine =
            (0..self.nodes.len()).map(|node| self.nodes[node].disk.place(feed)).find(|p| p.seq == from.seq);
        let place = genuine.unwrap_or(place);
        let key = self.stolen_key(&feed);
        let entry = cast::entry(&mut self.random, key, &place, self.now, 2);
        entry.frames().to_vec()
    }

    fn some_header(&mut self, feed: FeedId) -> Vec<u8> {
        let index = self.random.below(self.nodes.len());
        let seq = Seq(self.random.next() % 6);
        let header = self.nodes[index].disk.header(&feed, seq);
        let forged = self.random.chance(30);
        match header {
            Some(header) if !forged => header.to_bytes(),
            Some(_) | None => {
                let signer = self.stolen_key(&feed);
                let place = Place { feed, seq, backlink: EntryId::NONE };
                let entry = cast::entry(&mut self.random, signer, &place, self.now, 1);
                entry.header().header().clone().sign(&cast().network, signer).to_bytes()
            }
        }
    }
}
