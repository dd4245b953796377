//! What came from the network and waits for the loop: figures that can wait behind all else.
//!
//! Frames of feeds that are not urgent wait in a queue of their own. While a crisis lane is open a turn of the loop takes
//! a few of them only, each a block at most, so that a bulletin behind them waits for one short turn and not for what a
//! fast line has brought.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::feed::{AgreementId, FeedId};
use crate::net::NetEvent;
use crate::wire;

/// Events that wait here at most, beside those that wait at the network, and the frames of one message.
const MAX_WAITING: usize = 512;

/// Events of the network in the order in which they are to be handled.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    first: VecDeque<NetEvent>,
    last: VecDeque<NetEvent>,
    /// How many of the last ones are of a session, and of a feed in it: behind them its order is kept.
    sessions: BTreeMap<u64, usize>,
    feeds: BTreeMap<(u64, FeedId), usize>,
}

impl Inbox {
    /// Whether an event is a frame that can wait.
    pub(super) fn may_wait(event: &NetEvent, urgent: &BTreeSet<AgreementId>) -> bool {
        place(event).is_some_and(|(_, feed)| !urgent.contains(&feed.agreement))
    }

    /// Whether an event is a frame of what is urgent.
    pub(super) fn is_urgent_frame(event: &NetEvent, urgent: &BTreeSet<AgreementId>) -> bool {
        place(event).is_some_and(|(_, feed)| urgent.contains(&feed.agreement))
    }

    /// How many bytes an event brings.
    pub(super) fn length(event: &NetEvent) -> usize {
        if let NetEvent::Frame { bytes, .. } = event { bytes.len() } else { 0 }
    }

    /// Whether more may be put in.
    pub(super) fn has_room(&self) -> bool {
        self.first.len() + self.last.len() < MAX_WAITING
    }

    /// Whether anything waits that goes first.
    pub(super) fn is_urgent(&self) -> bool {
        !self.first.is_empty()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }

    /// Takes an event; these agreements are urgent.
    pub(super) fn put(&mut self, event: NetEvent, urgent: &BTreeSet<AgreementId>) {
        match place(&event) {
            Some(place) if !urgent.contains(&place.1.agreement) || self.feeds.contains_key(&place) => {
                *self.sessions.entry(place.0).or_default() += 1;
                *self.feeds.entry(place).or_default() += 1;
                self.last.push_back(event);
            }
            // What a session brought before its end is handled before that.
            None if ended(&event).is_some_and(|session| self.sessions.contains_key(&session)) => {
                self.last.push_back(event);
            }
            Some(_) | None => self.first.push_back(event),
        }
    }

    /// All that goes first, and so many of the others.
    pub(super) fn take(&mut self, others: usize) -> Vec<NetEvent> {
        self.take_with(others, |_| {})
    }

    /// The same, of the others no more than a frame each.
    pub(super) fn take_frames(&mut self, others: usize) -> Vec<NetEvent> {
        self.take_with(others, Self::part_first)
    }

    /// Parts the message that is next into its frames.
    fn part_first(&mut self) {
        let Some(NetEvent::Frame { peer, session, bytes }) = self.last.front() else { return };
        let (Some(place), Some(parts)) = (self.last.front().and_then(place), wire::apart(bytes)) else {
            return;
        };
        let (peer, session) = (*peer, *session);
        for count in [self.sessions.get_mut(&place.0), self.feeds.get_mut(&place)].into_iter().flatten() {
            *count += parts.len() - 1;
        }
        let _whole = self.last.pop_front();
        for bytes in parts.into_iter().rev() {
            self.last.push_front(NetEvent::Frame { peer, session, bytes });
        }
    }

    fn take_with(&mut self, others: usize, prepare: impl Fn(&mut Self)) -> Vec<NetEvent> {
        let mut taken: Vec<NetEvent> = self.first.drain(..).collect();
        for _ in 0..others {
            prepare(self);
            let Some(event) = self.last.pop_front() else { break };
            if let Some(place) = place(&event) {
                less(&mut self.sessions, place.0);
                less(&mut self.feeds, place);
            }
            taken.push(event);
        }
        taken
    }
}

/// The session and feed of a frame that brings content.
fn place(event: &NetEvent) -> Option<(u64, FeedId)> {
    let NetEvent::Frame { session, bytes, .. } = event else { return None };
    wire::feed_of(bytes).map(|feed| (*session, feed))
}

/// The session that an event ends: it is closed, or its peer says that this was all.
fn ended(event: &NetEvent) -> Option<u64> {
    match event {
        NetEvent::SessionClosed { session, .. } => Some(*session),
        NetEvent::Frame { session, bytes, .. } => wire::is_bye(bytes).then_some(*session),
        _ => None,
    }
}

fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let std::collections::btree_map::Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::assembler::Position;
    use crate::feed::frame::FrameKind;
    use crate::feed::{PublisherId, Seq};
    use crate::net::NodeId;
    use crate::sync::{ByeReason, Message};

    const PEER: NodeId = NodeId([1; 32]);

    fn feed(n: u8) -> FeedId {
        FeedId::new(PublisherId([9; 32]), AgreementId([n; 32]))
    }

    fn frame(session: u64, message: &Message) -> NetEvent {
        NetEvent::Frame { peer: PEER, session, bytes: wire::encode(message).unwrap() }
    }

    fn data(session: u64, n: u8, seq: u64) -> NetEvent {
        let from = Position { seq: Seq(seq), part: 0 };
        frame(session, &Message::Data { feed: feed(n), from, frames: vec![0; 10] })
    }

    fn urgent(n: u8) -> BTreeSet<AgreementId> {
        BTreeSet::from([AgreementId([n; 32])])
    }

    #[test]
    fn a_bulletin_overtakes_what_can_wait() {
        let mut inbox = Inbox::default();
        (0..5).for_each(|seq| inbox.put(data(1, 1, seq), &urgent(2)));
        inbox.put(data(1, 2, 0), &urgent(2));
        inbox.put(frame(1, &Message::Ping { nonce: 1 }), &urgent(2));
        assert_eq!(inbox.take(1), [data(1, 2, 0), frame(1, &Message::Ping { nonce: 1 }), data(1, 1, 0)]);
        assert_eq!(inbox.take(9).len(), 4);
        assert!(inbox.is_empty() && inbox.sessions.is_empty() && inbox.feeds.is_empty());
    }

    /// Frames of these kinds in one message.
    fn frames(kinds: &[FrameKind]) -> NetEvent {
        let mut frames = Vec::new();
        for (n, kind) in (0..).zip(kinds) {
            crate::feed::frame::write(*kind, &[n; 7], &mut frames);
        }
        frame(1, &Message::Data { feed: feed(1), from: Position { seq: Seq(4), part: 2 }, frames })
    }

    #[test]
    fn a_message_that_can_wait_is_taken_frame_by_frame() {
        let (mut inbox, urgent) = (Inbox::default(), urgent(2));
        inbox.put(frames(&[FrameKind::Block, FrameKind::Block, FrameKind::Head, FrameKind::Table]), &urgent);
        inbox.put(data(1, 1, 9), &urgent);
        let mut taken = Vec::new();
        for _ in 0..6 {
            inbox.put(data(1, 2, 0), &urgent);
            let mut some = inbox.take_frames(1);
            assert_eq!(some.remove(0), data(1, 2, 0), "it overtakes at every frame");
            taken.extend(some);
        }
        let place = |event: &NetEvent| {
            let NetEvent::Frame { bytes, .. } = event else { panic!("a frame") };
            let Ok(Message::Data { from, frames, .. }) = wire::decode(bytes) else { panic!("data") };
            (from.seq.0, from.part, frames.len())
        };
        let places: Vec<_> = taken.iter().map(place).collect();
        assert_eq!(places, [(4, 2, 16), (4, 3, 16), (5, 0, 16), (5, 1, 16), (9, 0, 10)]);
        assert!(inbox.is_empty() && inbox.sessions.is_empty() && inbox.feeds.is_empty());
    }

    #[test]
    fn a_feed_keeps_its_order_when_it_becomes_urgent() {
        let mut inbox = Inbox::default();
        inbox.put(data(1, 2, 0), &BTreeSet::new());
        inbox.put(data(1, 2, 1), &urgent(2));
        inbox.put(data(2, 2, 7), &urgent(2));
        assert_eq!(inbox.take(2), [data(2, 2, 7), data(1, 2, 0), data(1, 2, 1)]);
        inbox.put(data(1, 2, 2), &urgent(2));
        assert_eq!(inbox.take(0), [data(1, 2, 2)]);
    }

    #[test]
    fn the_end_of_a_session_comes_behind_what_it_brought() {
        let closed = NetEvent::SessionClosed { peer: PEER, session: 1, reason: "gone".into() };
        let bye = frame(1, &Message::Bye { reason: ByeReason::Stopping });
        let mut inbox = Inbox::default();
        inbox.put(data(1, 1, 0), &urgent(2));
        inbox.put(bye.clone(), &urgent(2));
        inbox.put(closed.clone(), &urgent(2));
        assert_eq!(inbox.take(0), []);
        assert_eq!(inbox.take(3), [data(1, 1, 0), bye.clone(), closed.clone()]);
        inbox.put(bye.clone(), &urgent(2));
        assert_eq!(inbox.take(0), [bye], "nothing of it waits");
        inbox.put(closed.clone(), &urgent(2));
        assert_eq!(inbox.take(0), [closed]);
    }

    #[test]
    fn its_room_is_bounded() {
        let mut inbox = Inbox::default();
        let mut put = 0;
        while inbox.has_room() {
            inbox.put(data(1, 1, put), &urgent(2));
            put += 1;
        }
        assert_eq!(put, MAX_WAITING as u64);
    }
}
