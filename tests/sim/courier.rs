//! Couriers: a government that carries what is sealed under an agreement of which it is no party.
//!
//! It reaches all parties, which in some runs never have a session with each other. No publisher that forks is a party:
//! a party tells a courier nothing of others' feeds, proofs of forks neither. And a courier that is the only way from one
//! party to another is not restored from a backup: should its publisher be too, nobody could tell it what it has lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use corridor::feed::assembler::Position;
use corridor::feed::{
    AgreementId, EntryId, EntryKind, FeedId, Frame, FrameKind, Sealing, SealingKeys, SignedHeader,
    VerifiedFrame, seal,
};
use corridor::sync::{Input, Seating, SessionId};

use super::cast::{Agreement, cast};
use super::random::Random;
use super::world::{Happening, TROUBLE, World};

/// In some runs one of the agreements gets a courier: who is no party of it, or is one no longer.
pub(crate) fn choose(
    random: &mut Random,
    agreements: &mut [Agreement],
    publishers: usize,
    twins: Option<(usize, usize)>,
) {
    let forks = twins.map(|(one, _)| one);
    let fits = |agreement: &&mut Agreement| {
        let size = agreement.parties.len();
        let public = agreement.id == AgreementId::public();
        !public
            && forks.is_none_or(|one| !agreement.parties.contains(&one))
            && (size >= 3 || size < publishers)
    };
    let mut fitting: Vec<&mut Agreement> = agreements.iter_mut().filter(fits).collect();
    if fitting.is_empty() || !random.chance(50) {
        return;
    }
    let at = random.below(fitting.len());
    let agreement = &mut fitting[at];
    let outside = (0..publishers).filter(|one| !agreement.parties.contains(one) && forks != Some(*one));
    let outside: Vec<usize> = outside.collect();
    agreement.courier = if outside.is_empty() {
        (agreement.parties.len() >= 3).then(|| agreement.parties.pop_last()).flatten()
    } else {
        Some(*random.pick(&outside))
    };
}

/// The frames of an entry as a courier may have them.
pub(crate) fn sealed_form(publisher: usize, header: &SignedHeader, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let header = header.header();
    let Sealing::Sealed(sealed) = header.sealing else { return frames.to_vec() };
    let content = (&header.content.record_root, &header.content.payload_hash);
    let key = seal::content_key(&cast().publishers[publisher].content, (header.feed, header.seq), content);
    let before = 1 + sealed.seal_frames() as u32;
    let one = |(part, bytes): (u32, &Vec<u8>)| {
        let (mut out, frame) = (Vec::new(), Frame::read(bytes).ok().flatten().expect("a whole frame"));
        seal::seal_frame(&key, (part.saturating_sub(before), sealed.frames), &frame, &mut out);
        out
    };
    (0..).zip(frames).map(one).collect()
}

impl World {
    pub(crate) fn agreement(&self, feed: &FeedId) -> Option<&Agreement> {
        self.agreements.iter().find(|agreement| agreement.id == feed.agreement)
    }

    fn carried(&self) -> Option<(&Agreement, usize)> {
        self.agreements.iter().find_map(|agreement| Some((agreement, agreement.courier?)))
    }

    /// Whether a node is the courier of a feed's agreement.
    pub(crate) fn is_carried_by(&self, index: usize, feed: &FeedId) -> bool {
        self.agreement(feed).is_some_and(|agreement| agreement.courier == Some(self.nodes[index].publisher))
    }

    /// To whom a publisher seals in a feed; nobody when no courier carries it.
    pub(crate) fn recipients(&self, publisher: usize, feed: &FeedId) -> Option<Vec<usize>> {
        let agreement = self.agreement(feed).filter(|agreement| agreement.courier.is_some())?;
        Some(agreement.parties.iter().copied().filter(|party| *party != publisher).collect())
    }

    /// A frame of an entry as a courier may have it.
    pub(crate) fn sealed_form_of(&self, place: &(EntryId, u32)) -> Option<&[u8]> {
        self.sealed.get(place).or_else(|| self.genuine.get(place)).map(Vec::as_slice)
    }

    // -- who reaches whom

    pub(crate) fn link_couriers(&mut self) {
        let Some((agreement, courier)) = self.carried() else { return };
        let with = |party: &usize| (courier.min(*party), courier.max(*party));
        let links: Vec<(usize, usize)> = agreement.parties.iter().map(with).collect();
        self.links.extend(links);
    }

    /// Whether parties of all other agreements reach each other.
    fn others_are_linked(&self) -> bool {
        let linked = |one: usize, other: usize| self.links.contains(&(one.min(other), one.max(other)));
        let others = self.agreements.iter().filter(|agreement| agreement.courier.is_none());
        others.into_iter().all(|agreement| {
            let mut reached: BTreeSet<usize> = agreement.parties.first().copied().into_iter().collect();
            while let Some(next) = agreement
                .parties
                .iter()
                .find(|one| !reached.contains(one) && reached.iter().any(|other| linked(**one, *other)))
            {
                reached.insert(*next);
            }
            reached.len() == agreement.parties.len()
        })
    }

    /// In half of the runs parties of what is carried never meet, as far as other agreements do without it; and the
    /// courier is full for a while.
    pub(crate) fn plan_courier(&mut self, random: &mut Random) {
        let Some((agreement, _)) = self.carried() else { return };
        let parties: Vec<usize> = agreement.parties.iter().copied().collect();
        if !self.is_large() && random.chance(50) {
            for (at, one) in parties.iter().enumerate() {
                for other in &parties[at + 1..] {
                    self.links.remove(&(*one, *other));
                    if self.others_are_linked() {
                        self.tally.apart += 1;
                    } else {
                        self.links.insert((*one, *other));
                    }
                }
            }
        }
        for _ in 0..random.below(3) {
            let publisher = *random.pick(&parties);
            let (full, free) = (random.between(1_000, TROUBLE - 1), random.between(1_000, 40_000));
            self.after(full, Happening::Full { publisher, full: true });
            self.after(full + free, Happening::Full { publisher, full: false });
        }
    }

    /// Whether a node and a government never have a session.
    pub(crate) fn never_meet(&self, index: usize, publisher: usize) -> bool {
        !self.is_large() && !self.links.contains(&(index.min(publisher), index.max(publisher)))
    }

    /// Whether a node carries between parties that never meet.
    pub(crate) fn is_sole_way(&self, index: usize) -> bool {
        self.tally.apart > 0 && self.carried().is_some_and(|(_, courier)| courier == index)
    }

    // -- what a node is told

    pub(crate) fn seating(&self, index: usize) -> Seating {
        let node = &self.nodes[index];
        let carried = self.agreements.iter().filter(|agreement| agreement.carries(self.now, node.publisher));
        let carried = Arc::new(carried.map(|agreement| agreement.id).collect());
        let keys = Arc::new(SealingKeys::new([cast().publishers[node.publisher].sealing.clone()]));
        Seating { keys, carried, full: node.full.clone() }
    }

    pub(crate) fn tell_seating(&mut self, index: usize) {
        let seating = self.seating(index);
        self.input(index, Input::Seated { seating });
    }

    /// A party learns who carries what it is party of.
    pub(crate) fn tell_carries(&mut self, index: usize) {
        let (now, one) = (self.now, self.nodes[index].publisher);
        let Some((agreement, courier)) = self.carried() else { return };
        if agreement.parties.contains(&one) && agreement.carries(now, courier) {
            self.carry(index, courier, BTreeSet::from([agreement.id]));
        }
    }

    fn carry(&mut self, index: usize, courier: usize, agreements: BTreeSet<AgreementId>) {
        let publisher = cast().publishers[courier].id;
        self.nodes[index].carries.insert(publisher, agreements.clone());
        self.trace(&format!("carries {index} {publisher:?} {agreements:?}"));
        self.input(index, Input::Carries { publisher, agreements });
    }

    /// A party believes for a while that a courier is none; peace puts that right, if nothing does before.
    pub(crate) fn withdraw_courier(&mut self, index: usize, other: usize) {
        let carried = self.carried().filter(|(_, courier)| *courier == other);
        let Some((agreement, courier)) = carried else { return };
        if agreement.parties.contains(&self.nodes[index].publisher) {
            self.carry(index, courier, BTreeSet::new());
        }
    }

    /// A courier carries as much of a publisher as it will, or has room again.
    pub(crate) fn fill(&mut self, publisher: usize, full: bool) {
        let Some((_, courier)) = self.carried() else { return };
        let id = cast().publishers[publisher].id;
        let node = &mut self.nodes[courier];
        let news = if full && !self.healed { node.full.insert(id) } else { node.full.remove(&id) };
        if news {
            self.trace(&format!("full {courier} {publisher} {full}"));
            self.tell_seating(courier);
        }
    }

    // -- what is read and kept

    /// What a node answers who asks it for frames: its own feed in the sealed form, if a courier asks.
    pub(crate) fn read(
        &self,
        index: usize,
        session: SessionId,
        (feed, from): (&FeedId, Position),
        limit: u32,
    ) -> (Vec<u8>, Position) {
        let node = &self.nodes[index];
        let other = |ends: [usize; 2]| self.publisher_at(ends[0] + ends[1] - index);
        let partner = self.conns.get(&session.0).map(|conn| cast().publishers[other(conn.ends)].id);
        let carries = partner.and_then(|partner| node.carries.get(&partner));
        let courier = carries.is_some_and(|carries| carries.contains(&feed.agreement));
        if !courier || feed.publisher != cast().publishers[node.publisher].id {
            return node.disk.read(feed, from, limit);
        }
        // A sealed frame is a little longer than an open one.
        let (open, next) = node.disk.read(feed, from, limit - limit / 8);
        let (mut frames, mut at, mut rest) = (Vec::new(), from, open.as_slice());
        while let Ok(Some(frame)) = Frame::read(rest) {
            if frame.kind == FrameKind::Head && at.part > 0 {
                at = Position { seq: at.seq.next(), part: 0 };
            }
            let header = node.disk.header(feed, at.seq).expect("what was read is held");
            match header.header().sealing {
                Sealing::Open => frames.extend_from_slice(frame.bytes),
                Sealing::Sealed(sealed) => {
                    let header = header.header();
                    let content = (&header.content.record_root, &header.content.payload_hash);
                    let secret = &cast().publishers[node.publisher].content;
                    let key = seal::content_key(secret, (header.feed, header.seq), content);
                    let nth = at.part.saturating_sub(1 + sealed.seal_frames() as u32);
                    seal::seal_frame(&key, (nth, sealed.frames), &frame, &mut frames);
                }
            }
            rest = &rest[frame.bytes.len()..];
            at.part += 1;
        }
        (frames, next)
    }

    pub(crate) fn count_append(&mut self, index: usize, frame: &VerifiedFrame) {
        let header = frame.entry().header().header();
        let ours = header.feed.publisher == cast().publishers[self.nodes[index].publisher].id;
        let sealed = header.sealing != Sealing::Open && self.is_carried_by(index, &header.feed);
        self.tally.recovered += u64::from(frame.completes() && ours);
        self.tally.carried += u64::from(frame.completes() && sealed);
    }

    /// What a courier holds in the end is what publishers have sealed: no figure among it that could be read, and no
    /// word of its own.
    pub(crate) fn check_couriers(&self) {
        let Some((agreement, courier)) = self.carried() else { return };
        let own = FeedId::new(cast().publishers[courier].id, agreement.id);
        for node in &self.nodes {
            assert!(node.disk.durable(&own).is_empty(), "a courier has published under {}", agreement.id);
        }
        let node = &self.nodes[courier];
        assert!(node.receipts.keys().all(|feed| feed.agreement != agreement.id), "a courier acknowledges");
        for party in &agreement.parties {
            let feed = FeedId::new(cast().publishers[*party].id, agreement.id);
            for whole in node.disk.durable(&feed) {
                let sealed = whole.header.header().sealing != Sealing::Open;
                assert!(
                    sealed || whole.header.header().kind != EntryKind::Release,
                    "courier {courier} holds open figures"
                );
                for (part, bytes) in (0..).zip(&whole.frames) {
                    let frame = Frame::read(bytes).ok().flatten().expect("a stored frame is whole");
                    let open = matches!(frame.kind, FrameKind::Table | FrameKind::Block);
                    assert!(!(sealed && open), "courier {courier} can read an entry of {feed}");
                    let given = self.sealed_form_of(&(whole.header.id(), part));
                    assert_eq!(
                        given,
                        Some(bytes.as_slice()),
                        "courier {courier} holds another form of {feed}"
                    );
                }
            }
        }
    }
}
