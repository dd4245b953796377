//! What must hold whenever a node does something.

use corridor::feed::{AgreementId, FeedId, VerifiedFrame};
use corridor::sync::{Fault, Message, SessionId};

use super::cast::cast;
use super::world::World;

impl World {
    pub(crate) fn check_send(&mut self, index: usize, id: u64, message: &Message) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let side = usize::from(conn.ends[1] == index);
        let to = conn.ends[1 - side];
        if let Message::Data { frames, .. } = message {
            conn.credit[side] -= frames.len() as i64;
            assert!(conn.credit[side] >= 0, "node {index} sends more than it may");
        }
        let partner = self.publisher_at(to);
        let grants = &self.nodes[index].grants[&cast().publishers[partner].id];
        for feed in feeds_told(message) {
            assert_ne!(feed.agreement, AgreementId::house(), "node {index} tells {to} of a house feed");
            assert!(
                grants.contains(&feed.agreement),
                "node {index} tells {to} of {feed}, which it may not read"
            );
        }
    }

    /// What is appended was signed by its publisher, who is a partner, and nothing comes to a frozen feed.
    pub(crate) fn check_append(&self, index: usize, frame: &VerifiedFrame) {
        let (node, header) = (&self.nodes[index], frame.entry().header());
        let genuine = self.genuine.get(&(header.id(), frame.part())).map(Vec::as_slice);
        assert_eq!(genuine, Some(frame.bytes()), "node {index} appends what nobody has signed");
        let feed = header.header().feed;
        assert!(!node.forks.contains_key(&feed), "node {index} appends to a frozen feed");
        let publisher = cast().publishers.iter().position(|one| one.id == feed.publisher);
        let partner = publisher.is_some_and(|publisher| node.cards.contains_key(&publisher));
        assert!(partner, "node {index} takes {feed} of a government that it has removed");
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
        | Message::Show { feed, .. }
        | Message::Header { feed, .. } => {
            // What a node asks for it was told of by the same partner: only what it tells counts.
            let asks =
                matches!(message, Message::Want { .. } | Message::Unwant { .. } | Message::Show { .. });
            if asks { Vec::new() } else { vec![*feed] }
        }
        Message::Proof { one, .. } => {
            let header = corridor::feed::SignedHeader::from_bytes(&cast().network, one);
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
