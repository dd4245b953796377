//! Connections: latency, breaks, partitions, and connections that are dead without anybody being told.

use corridor::crypto::PublicKey;
use corridor::feed::Purpose;
use corridor::model::Millis;
use corridor::sync::{Input, Message, SessionId};
use corridor::wire;

use super::cast::cast;
use super::check::brief;
use super::world::{Happening, World};

/// A connection: first in, first out in each direction, until it breaks; but frames of feeds that are not urgent may be
/// overtaken by all else, and keep their order among themselves.
pub(crate) struct Connection {
    pub(crate) ends: [usize; 2],
    /// Which ends still believe in it.
    pub(crate) open: [bool; 2],
    /// Nothing comes through any more, and nobody is told.
    pub(crate) zombie: bool,
    pub(crate) last: [Millis; 2],
    /// When the last frames come that may be overtaken.
    pub(crate) waits: [Millis; 2],
    /// Bytes of frames that each end may still send, as far as it can know.
    pub(crate) credit: [i64; 2],
}

impl World {
    /// Who is at an index: a node, or the liar behind them.
    pub(crate) fn publisher_at(&self, index: usize) -> usize {
        match self.nodes.get(index) {
            Some(node) => node.publisher,
            None => self.liar.as_ref().map_or(0, |liar| liar.publisher),
        }
    }

    pub(crate) fn connect_all(&mut self) {
        for (one, other) in self.links.clone() {
            self.connect(one, other);
        }
        let delay = self.random.between(500, 3_000);
        self.after(delay, Happening::Connect);
    }

    /// The key with which the node at an end proves who it is.
    fn key_at(&self, end: usize) -> PublicKey {
        let publisher = self.publisher_at(end);
        cast().publishers[publisher].node_key(self.changed.contains_key(&publisher))
    }

    /// Whether a node takes the one at the other end for its partner's.
    fn knows(&self, here: usize, there: usize) -> bool {
        let Some(node) = self.nodes.get(here) else { return true };
        let publisher = self.publisher_at(there);
        let Some(newest) = node.cards.get(&publisher) else { return false };
        let later = self.changed.get(&publisher).filter(|_| *newest);
        let card = later.unwrap_or(cast().publishers[publisher].card());
        card.allows(&self.key_at(there), Purpose::Transport, self.local(here))
    }

    fn is_up(&self, index: usize) -> bool {
        self.nodes.get(index).is_none_or(|node| node.replica.is_some())
    }

    fn connect(&mut self, one: usize, other: usize) {
        if self.blocked.contains(&(one, other)) || !self.is_up(one) || !self.is_up(other) {
            return;
        }
        let between = self.conns.values().filter(|conn| conn.ends == [one, other]);
        let live = between.filter(|conn| conn.open == [true; 2]).count();
        if live >= 2 || (live == 1 && !self.random.chance(2)) || self.random.chance(20) {
            return;
        }
        if !self.knows(one, other) || !self.knows(other, one) {
            return;
        }
        self.next_conn += 1;
        let id = self.next_conn;
        let last = [self.now; 2];
        let ends = [one, other];
        let conn = Connection { ends, open: [true; 2], zombie: false, last, waits: last, credit: [0; 2] };
        self.conns.insert(id, conn);
        self.trace(&format!("connect {id}: {one} {other}"));
        for (here, there) in [(one, other), (other, one)] {
            self.open(id, here, there);
        }
    }

    fn open(&mut self, id: u64, here: usize, there: usize) {
        let partner = &cast().publishers[self.publisher_at(there)];
        let Some(node) = self.nodes.get(here) else {
            let delay = self.random.between(100, 4_000);
            self.greet_as_liar(id);
            return self.after(delay, Happening::Lie { conn: id });
        };
        let agreements = node.grants[&partner.id].clone();
        let (publisher, node) = (partner.id, self.key_at(there));
        self.input(here, Input::Opened { session: SessionId(id), node, publisher, agreements });
    }

    /// Puts a message on its way.
    pub(crate) fn send(&mut self, from: usize, id: u64, message: &Message) {
        self.tally.messages += 1;
        let bytes = wire::encode(message).expect("a replica makes no message that is too long");
        self.trace(&format!("send {from} {id} {}", brief(message)));
        self.post(from, id, bytes);
    }

    pub(crate) fn post(&mut self, from: usize, id: u64, bytes: Vec<u8>) {
        let latency = self.random.between(5, 250);
        let breaks = !self.healed && self.random.below(1_500) == 0;
        let waits = wire::feed_of(&bytes).is_some_and(|feed| !self.urgent.contains(&feed.agreement));
        let longer = if waits && self.random.chance(20) { self.random.between(0, 400) } else { 0 };
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let side = usize::from(conn.ends[1] == from);
        if conn.zombie || !conn.open[side] {
            return;
        }
        if breaks {
            let ends = conn.ends;
            self.trace(&format!("break {id}"));
            for at in ends {
                let delay = self.random.between(0, 2_000);
                self.after(delay, Happening::Gone { conn: id, at });
            }
            if let Some(conn) = self.conns.get_mut(&id) {
                conn.zombie = true;
            }
            return;
        }
        let mut at = conn.last[side].max(self.now.saturating_add(latency));
        if waits {
            at = at.saturating_add(longer).max(conn.waits[side]);
            conn.waits[side] = at;
        } else {
            conn.last[side] = at;
        }
        let to = conn.ends[1 - side];
        self.after(at.since(self.now), Happening::Deliver { conn: id, to, bytes });
    }

    pub(crate) fn deliver(&mut self, id: u64, to: usize, bytes: &[u8]) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let side = usize::from(conn.ends[1] == to);
        if conn.zombie || !conn.open[side] {
            return;
        }
        let from = conn.ends[1 - side];
        match wire::decode(bytes) {
            Ok(message) => {
                match &message {
                    Message::Credit { bytes } => conn.credit[side] += i64::from(*bytes),
                    Message::Hello { window, .. } => conn.credit[side] = i64::from(*window),
                    Message::Have { .. }
                    | Message::Digest { .. }
                    | Message::Differs
                    | Message::Resolution { .. }
                    | Message::Want { .. }
                    | Message::Unwant { .. }
                    | Message::Data { .. }
                    | Message::Latest { .. }
                    | Message::Ping { .. }
                    | Message::Pong { .. }
                    | Message::Show { .. }
                    | Message::Header { .. }
                    | Message::Proof { .. }
                    | Message::Bye { .. } => {}
                }
                self.trace(&format!("recv {to} {id} {}", brief(&message)));
                if to < self.nodes.len() {
                    self.input(to, Input::Received { session: SessionId(id), message });
                } else {
                    self.liar_hears(id, &message);
                }
            }
            Err(error) => {
                assert!(from >= self.nodes.len(), "an honest node sent what cannot be read: {error}");
                self.hang_up(id, to);
                self.input(to, Input::Closed { session: SessionId(id) });
            }
        }
    }

    /// One end closes; what is under way from it still arrives, then the other end learns of it.
    pub(crate) fn hang_up(&mut self, id: u64, at: usize) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let side = usize::from(conn.ends[1] == at);
        if !std::mem::replace(&mut conn.open[side], false) {
            return;
        }
        let (other, zombie) = (conn.ends[1 - side], conn.zombie);
        let arrives = conn.last[side].max(self.now).since(self.now);
        if !zombie {
            let delay = arrives + self.random.between(1, 100);
            self.after(delay, Happening::Gone { conn: id, at: other });
        }
        self.forget_closed(id);
    }

    /// A node itself wants to be connected no longer.
    pub(crate) fn leave(&mut self, id: u64, at: usize) {
        self.hang_up(id, at);
        self.input(at, Input::Closed { session: SessionId(id) });
    }

    pub(crate) fn gone(&mut self, id: u64, at: usize) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let side = usize::from(conn.ends[1] == at);
        if std::mem::replace(&mut conn.open[side], false) && at < self.nodes.len() {
            self.trace(&format!("gone {at} {id}"));
            self.input(at, Input::Closed { session: SessionId(id) });
        }
        self.forget_closed(id);
    }

    fn forget_closed(&mut self, id: u64) {
        if self.conns.get(&id).is_some_and(|conn| conn.open == [false; 2]) {
            self.conns.remove(&id);
        }
    }

    /// Cuts the network in two; connections across become zombies or break.
    pub(crate) fn split_network(&mut self) {
        self.tally.partitions += 1;
        let ends = self.nodes.len() + 1;
        let side: Vec<bool> = (0..ends).map(|_| self.random.chance(50)).collect();
        self.blocked.clear();
        for one in 0..ends {
            for other in one + 1..ends {
                if side[one] != side[other] {
                    self.blocked.insert((one, other));
                }
            }
        }
        let quiet = self.random.chance(50);
        self.trace(&format!("split {side:?} quiet {quiet}"));
        let across = |conn: &Connection| side[conn.ends[0]] != side[conn.ends[1]];
        let cut: Vec<u64> = self.conns.iter().filter(|(_, conn)| across(conn)).map(|(id, _)| *id).collect();
        for id in cut {
            let Some(conn) = self.conns.get_mut(&id) else { continue };
            conn.zombie = true;
            if !quiet {
                let ends = conn.ends;
                ends.into_iter().for_each(|at| self.after(1, Happening::Gone { conn: id, at }));
            }
        }
        if self.random.chance(70) {
            self.blocked.clear();
        }
    }
}
