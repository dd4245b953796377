//! What must hold whenever a node does something.

use corridor::feed::assembler::Position;
use corridor::feed::{AgreementId, FeedId, Frame, FrameKind, SignedHeader, VerifiedFrame};
use corridor::sync::{Fault, Message, SessionId};

use super::cast::cast;
use super::disk::split;
use super::world::World;

impl World {
    pub(crate) fn check_send(&mut self, index: usize, id: u64, message: &Message) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let side = usize::from(conn.ends[1] == index);
        let to = conn.ends[1 - side];
        if let Message::Data { frames, .. } | Message::Latest { frames, .. } = message {
            conn.credit[side] -= frames.len() as i64;
            assert!(conn.credit[side] >= 0, "node {index} sends more than it may");
        }
        let partner = self.publisher_at(to);
        let (node, id) = (&self.nodes[index], cast().publishers[partner].id);
        let (grants, carries) = (&node.grants[&id], node.carries.get(&id));
        let us = cast().publishers[node.publisher].id;
        // A courier hears of a party's own feed, and has no word of those of others from it.
        let sealed = |feed: &FeedId| {
            feed.publisher == us && carries.is_some_and(|carries| carries.contains(&feed.agreement))
        };
        for feed in feeds_told(message) {
            assert_ne!(feed.agreement, AgreementId::house(), "node {index} tells {to} of a house feed");
            assert!(
                grants.contains(&feed.agreement) || sealed(&feed),
                "node {index} tells {to} of {feed}, which it may not read"
            );
        }
        if let Message::Latest { feed, .. } = message {
            let courier = self.agreement(feed).and_then(|agreement| agreement.courier);
            assert_ne!(courier, Some(partner), "node {index} shows {feed} ahead to its courier");
        }
        if let Message::Data { feed, from, frames } = message
            && self.agreement(feed).is_some_and(|agreement| agreement.courier == Some(partner))
        {
            self.check_sealed(index, feed, *from, frames);
        }
    }

    /// Nothing goes to a courier but what the publisher seals.
    fn check_sealed(&self, index: usize, feed: &FeedId, mut at: Position, mut rest: &[u8]) {
        while let Ok(Some(frame)) = Frame::read(rest) {
            if frame.kind == FrameKind::Head && at.part > 0 {
                at = Position { seq: at.seq.next(), part: 0 };
            }
            let header = self.nodes[index].disk.header(feed, at.seq).expect("what is sent is held");
            let sealed = self.sealed_form_of(&(header.id(), at.part));
            assert_eq!(sealed, Some(frame.bytes), "node {index} hands {feed} open to a courier");
            rest = &rest[frame.bytes.len()..];
            at.part += 1;
        }
    }

    /// What is appended was signed by its publisher, who is a partner, and nothing comes to a frozen feed.
    pub(crate) fn check_append(&self, index: usize, frame: &VerifiedFrame) {
        let (node, header) = (&self.nodes[index], frame.entry().header());
        let (feed, place) = (header.header().feed, (header.id(), frame.part()));
        let sealed = self.sealed_form_of(&place).is_some_and(|sealed| sealed == frame.bytes());
        let open = self.genuine.get(&place).is_some_and(|open| open == frame.bytes());
        if self.is_carried_by(index, &feed) {
            assert!(sealed, "courier {index} appends to {feed} what its publisher has not sealed");
            assert!(!node.full.contains(&feed.publisher), "courier {index} is full and takes more of {feed}");
        } else {
            assert!(sealed || open, "node {index} appends what nobody has signed");
        }
        assert!(!node.forks.contains_key(&feed), "node {index} appends to a frozen feed");
        let publisher = cast().publishers.iter().position(|one| one.id == feed.publisher);
        let partner = publisher.is_some_and(|publisher| node.cards.contains_key(&publisher));
        assert!(partner, "node {index} takes {feed} of a government that it has removed");
    }

    /// What is shown ahead was signed by its publisher, is ahead, and is of a feed that goes before others.
    pub(crate) fn check_latest(&self, index: usize, header: &SignedHeader, frames: &[u8]) {
        let (node, feed) = (&self.nodes[index], header.header().feed);
        let place = node.disk.place(feed);
        assert!(place.seq < header.header().seq, "node {index} is shown of {feed} what it holds");
        assert!(self.urgent.contains(&feed.agreement), "node {index} is shown {feed}, which can wait");
        assert!(!node.forks.contains_key(&feed), "node {index} is shown something of a frozen feed");
        assert!(!self.is_carried_by(index, &feed), "courier {index} is shown something of {feed}");
        assert_ne!(
            feed.publisher,
            cast().publishers[node.publisher].id,
            "node {index} is shown its own feed"
        );
        for (part, frame) in (0..).zip(split(frames)) {
            let is = |known: Option<&[u8]>| known == Some(frame.as_slice());
            let open = self.genuine.get(&(header.id(), part)).map(Vec::as_slice);
            let sealed = self.sealed_form_of(&(header.id(), part));
            assert!(is(open) || is(sealed), "node {index} is shown of {feed} what nobody has signed");
        }
    }

    /// Nothing that a node has acknowledged is missing.
    pub(crate) fn check_receipts(&self, index: usize) {
        let node = &self.nodes[index];
        for (feed, head) in &node.receipts {
            let held = node.disk.header(feed, head.seq).map(|header| header.id());
            assert_eq!(held, Some(head.entry), "node {index} has lost entry {} of {feed}", head.seq);
        }
    }

    /// Memory has bounds. Not looked at each time: it takes longer than what is tested.
    pub(crate) fn check_bounds(&self, index: usize) {
        let Some(replica) =
            self.nodes[index].replica.as_ref().filter(|_| self.tally.events.is_multiple_of(64))
        else {
            return;
        };
        let limits = Self::config();
        let sessions: Vec<SessionId> = replica.sessions().map(|session| session.session).collect();
        assert!(sessions.len() <= limits.max_sessions);
        let open = self.conns.values().filter(|conn| conn.ends.contains(&index)).count();
        assert!(sessions.len() <= open, "node {index} remembers sessions that are over");
        for session in sessions {
            assert!(replica.announced(session).count() <= limits.max_feeds);
            assert!(replica.served(session).count() <= limits.max_feeds);
        }
        assert!(replica.heads().count() <= limits.max_feeds);
    }

    /// An honest node is never called hostile.
    pub(crate) fn check_fault(&self, index: usize, id: u64, fault: &Fault) {
        let Some(conn) = self.conns.get(&id) else { return };
        let honest = conn.ends.iter().all(|end| *end < self.nodes.len());
        assert!(!(honest && fault.is_hostile()), "node {index} blames an honest peer: {fault}");
    }
}

/// The feeds of which a message reveals something.
fn feeds_told(message: &Message) -> Vec<FeedId> {
    match message {
        Message::Have { heads, .. } => heads.iter().map(|head| head.feed).collect(),
        Message::Want { feed, .. }
        | Message::Unwant { feed }
        | Message::Data { feed, .. }
        | Message::Latest { feed, .. }
        | Message::Show { feed, .. }
        | Message::Header { feed, .. } => {
            // What a node asks for it was told of by the same partner: only what it tells counts.
            let asks =
                matches!(message, Message::Want { .. } | Message::Unwant { .. } | Message::Show { .. });
            if asks { Vec::new() } else { vec![*feed] }
        }
        Message::Proof { one, .. } => {
            let header = SignedHeader::from_bytes(&cast().network, one);
            header.iter().map(|header| header.header().feed).collect()
        }
        Message::Hello { .. }
        | Message::Digest { .. }
        | Message::Differs
        | Message::Resolution { .. }
        | Message::Credit { .. }
        | Message::Ping { .. }
        | Message::Pong { .. }
        | Message::Bye { .. } => Vec::new(),
    }
}

/// A message on one line.
pub(crate) fn brief(message: &Message) -> String {
    match message {
        Message::Data { feed, from, frames } => format!("data {feed} {from:?} {} bytes", frames.len()),
        Message::Latest { feed, seq, frames } => format!("latest {feed} {seq} {} bytes", frames.len()),
        Message::Have { heads, last } => {
            let heads: Vec<String> = heads.iter().map(|head| format!("{}@{}", head.feed, head.seq)).collect();
            format!("have {heads:?} last {last}")
        }
        Message::Want { feed, from } => format!("want {feed} {from:?}"),
        Message::Header { feed, seq, bytes } => format!("header {feed} {seq} {}", bytes.is_some()),
        Message::Proof { .. } => "proof".to_owned(),
        Message::Hello { .. }
        | Message::Digest { .. }
        | Message::Differs
        | Message::Resolution { .. }
        | Message::Unwant { .. }
        | Message::Credit { .. }
        | Message::Ping { .. }
        | Message::Pong { .. }
        | Message::Show { .. }
        | Message::Bye { .. } => format!("{message:?}"),
    }
}
