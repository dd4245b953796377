//! What goes wrong, and how it is put right.

use std::collections::BTreeSet;

use corridor::feed::{AgreementId, PublisherId};
use corridor::sync::Input;

use super::cast::{self, cast};
use super::world::{Happening, MAX_SKEW, TROUBLE, World};

impl World {
    /// Who is whose partner: everybody everybody's among few. Among many, a ring of all, a ring of the parties of each
    /// agreement, and some more.
    pub(crate) fn link(&mut self) {
        let nodes = self.nodes.len();
        let ends = nodes + usize::from(self.liar.is_some());
        let pair = |one: usize, other: usize| (one.min(other), one.max(other));
        if !self.is_large() {
            self.links = (0..ends).flat_map(|one| (one + 1..ends).map(move |other| (one, other))).collect();
        } else {
            for agreement in &self.agreements {
                let parties: Vec<usize> = agreement.parties.iter().copied().collect();
                let next = parties.iter().cycle().skip(1);
                self.links.extend(parties.iter().zip(next).map(|(one, other)| pair(*one, *other)));
            }
            for _ in 0..nodes {
                self.links.insert(pair(self.random.below(nodes), self.random.below(nodes)));
            }
            self.links.extend((nodes..ends).flat_map(|liar| (0..6).map(move |one| (one, liar))));
            if let Some((one, twin)) = self.twins {
                let of_one: Vec<(usize, usize)> =
                    self.links.iter().copied().filter(|pair| pair.0 == one || pair.1 == one).collect();
                self.links.extend(of_one.iter().map(|ends| pair(ends.0 + ends.1 - one, twin)));
            }
        }
        self.link_couriers();
        self.links.retain(|pair| pair.0 != pair.1 && Some(*pair) != self.twins);
    }

    /// Chance decides beforehand what goes wrong when.
    pub(crate) fn plan(&mut self) {
        self.after(0, Happening::Connect);
        self.after(TROUBLE, Happening::Heal);
        let releases = if self.is_large() { 3 } else { 13 };
        for node in 0..self.nodes.len() {
            for _ in 0..1 + self.random.below(releases) {
                let at = self.random.between(0, TROUBLE + 5_000);
                self.after(at, Happening::Publish { node });
            }
            for _ in 0..self.random.below(3) {
                let at = self.random.between(1_000, TROUBLE - 1);
                self.after(at, Happening::Crash { node });
            }
            let twin = self.twins.is_some_and(|twins| [twins.0, twins.1].contains(&node));
            if self.random.chance(15) && !twin && !self.is_sole_way(node) {
                self.plan_restore(node);
            }
        }
        let some = 1 + self.nodes.len() / 8;
        for _ in 0..self.random.below(5) {
            self.sometime(Happening::Split);
        }
        for _ in 0..self.random.below(40 * some) {
            self.sometime(Happening::Regrant);
        }
        for _ in 0..self.random.below(4 * some) {
            self.sometime(Happening::Remove);
        }
        for publisher in 0..self.nodes.len() {
            let twin = self.twins.is_some_and(|(one, other)| [one, other].contains(&publisher));
            if !twin && self.random.chance(10) {
                self.sometime(Happening::ChangeKeys { publisher });
            }
        }
        let later: Vec<i64> = self.agreements.iter().map(|one| one.from.since(self.now)).collect();
        later.into_iter().filter(|at| *at > 0).for_each(|at| self.after(at, Happening::InForce));
    }

    fn plan_restore(&mut self, node: usize) {
        let taken = self.random.between(1_000, TROUBLE - 20_000);
        let lost = self.random.between(taken + 1, TROUBLE - 1);
        self.after(taken, Happening::Backup { node });
        self.after(lost, Happening::Restore { node });
        // In the trouble it hardly ever hears from everybody.
        for at in [100_000, 130_000, 150_000] {
            self.after(TROUBLE + at, Happening::Publish { node });
        }
    }

    fn sometime(&mut self, happening: Happening) {
        let at = self.random.between(1_000, TROUBLE - 1);
        self.after(at, happening);
    }

    /// What a clock is ahead: mostly nothing, else minutes to days, forward or back.
    pub(crate) fn some_skew(&mut self) -> i64 {
        let most = match self.random.below(20) {
            0..=13 => return 0,
            14..=17 => 20 * 60_000,
            18 => 86_400_000,
            _ => MAX_SKEW,
        };
        self.random.between(-most, most)
    }

    // -- agreements

    pub(crate) fn regrant_all(&mut self, index: usize) {
        let one = self.nodes[index].publisher;
        for other in self.governments() {
            let grants = cast::grants(&self.agreements, self.now, one, other);
            let public = BTreeSet::from([AgreementId::public()]);
            let grants = if grants.len() > 1 { grants } else { public };
            self.nodes[index].grants.insert(cast().publishers[other].id, grants);
        }
    }

    /// Some node withdraws or gives back some agreement to some partner.
    pub(crate) fn regrant(&mut self) {
        let index = self.random.below(self.nodes.len());
        let one = self.nodes[index].publisher;
        let other = self.nodes[self.random.below(self.nodes.len())].publisher;
        self.withdraw_courier(index, other);
        let mut agreements = cast::grants(&self.agreements, self.now, one, other);
        // What is public every partner may read for as long as it is one.
        let list: Vec<AgreementId> =
            agreements.iter().copied().filter(|agreement| *agreement != AgreementId::public()).collect();
        agreements.remove(self.random.pick(&list));
        let publisher = cast().publishers[other].id;
        self.grant(index, publisher, agreements);
    }

    fn grant(&mut self, index: usize, publisher: PublisherId, agreements: BTreeSet<AgreementId>) {
        self.nodes[index].grants.insert(publisher, agreements.clone());
        self.trace(&format!("grant {index} {publisher:?} {agreements:?}"));
        self.input(index, Input::Granted { publisher, agreements });
    }

    /// An agreement comes into force, at all parties at once; what was withdrawn is given back.
    pub(crate) fn grant_all(&mut self) {
        for index in 0..self.nodes.len() {
            self.regrant_all(index);
            for (publisher, agreements) in self.nodes[index].grants.clone() {
                self.input(index, Input::Granted { publisher, agreements });
            }
            self.tell_carries(index);
            self.tell_seating(index);
        }
    }

    // -- keys and partners

    /// A government's node gets another key. The mandate of the old one ends behind the last entry that it has signed, also
    /// if that was dated ahead: what was signed must stay good. Partners learn of it by and by.
    pub(crate) fn change_keys(&mut self, publisher: usize) {
        let index = publisher;
        self.stop(index);
        let ended = self.local(index).max(self.nodes[index].signed_until).saturating_add(1);
        self.tally.key_changes += 1;
        self.changed.insert(publisher, cast().publishers[publisher].later_card(ended));
        self.trace(&format!("keys {index}"));
        self.after(10, Happening::Restart { node: index });
        for node in (0..self.nodes.len()).filter(|node| *node != index) {
            let at = self.random.between(1, 40_000);
            self.after(at, Happening::CardArrives { node, publisher });
        }
    }

    pub(crate) fn card_arrives(&mut self, index: usize, publisher: usize) {
        if self.changed.contains_key(&publisher) && self.nodes[index].cards.contains_key(&publisher) {
            self.nodes[index].cards.insert(publisher, true);
            self.trace(&format!("card {index} {publisher}"));
            let keyring = self.keyring(index);
            self.input(index, Input::Cards { keyring });
        }
    }

    /// Some node forgets some partner, and accepts it again later.
    pub(crate) fn remove_some_partner(&mut self) {
        let index = self.random.below(self.nodes.len());
        let publisher = self.nodes[self.random.below(self.nodes.len())].publisher;
        if publisher == self.nodes[index].publisher || self.nodes[index].cards.remove(&publisher).is_none() {
            return;
        }
        self.tally.removals += 1;
        self.trace(&format!("remove {index} {publisher}"));
        let keyring = self.keyring(index);
        self.input(index, Input::Cards { keyring });
        let of_partner = |ends: &[usize; 2]| {
            ends.contains(&index)
                && ends.iter().any(|end| *end != index && self.publisher_at(*end) == publisher)
        };
        let conns: Vec<u64> =
            self.conns.iter().filter(|(_, conn)| of_partner(&conn.ends)).map(|(id, _)| *id).collect();
        for conn in conns {
            self.leave(conn, index);
        }
        let back = self.random.between(1_000, 30_000);
        self.after(back, Happening::Accept { node: index, publisher });
    }

    pub(crate) fn accept(&mut self, index: usize, publisher: usize) {
        let newest = self.changed.contains_key(&publisher);
        self.nodes[index].cards.insert(publisher, newest);
        self.trace(&format!("accept {index} {publisher}"));
        let keyring = self.keyring(index);
        self.input(index, Input::Cards { keyring });
    }

    // -- peace

    pub(crate) fn heal(&mut self) {
        self.trace("heal");
        self.healed = true;
        self.blocked.clear();
        for index in 0..self.nodes.len() {
            self.nodes[index].skew = 0;
            self.nodes[index].full.clear();
            let cards = self.governments().map(|one| (one, self.changed.contains_key(&one))).collect();
            self.nodes[index].cards = cards;
            if self.nodes[index].replica.is_none() {
                self.start(index);
            }
            let keyring = self.keyring(index);
            self.input(index, Input::Cards { keyring });
        }
        self.grant_all();
    }
}
