//! One conversation: what the partner may read, has announced and asked for, and the credit of both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::crypto::PublicKey;
use crate::feed::assembler::Position;
use crate::feed::{AgreementId, FeedId, HeadRef, PublisherId, Seq, SignedHeader};
use crate::model::Millis;
use crate::sync::config::{ALLOWANCE_PER_MILLISECOND, Config, MAX_ALLOWANCE, MAX_DATA, PROMPT};
use crate::sync::fault::Fault;

use super::ahead::Ahead;
use super::pace::Pace;

/// State of one session. All maps are bounded by `Config::max_feeds`, disputes by `MAX_DISPUTES`.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) node: PublicKey,
    pub(super) publisher: PublisherId,
    pub(super) agreements: BTreeSet<AgreementId>,
    /// Agreements of which it is a courier: it takes from us what we have sealed, and gives us what it carries.
    pub(super) carries: BTreeSet<AgreementId>,
    /// Agreements of which we are one.
    pub(super) carried: Arc<BTreeSet<AgreementId>>,
    /// Agreements that it could read once: a question that crossed the withdrawal is ignored, not punished.
    pub(super) withdrawn: BTreeSet<AgreementId>,
    /// When it opened, until it has said Hello.
    pub(super) greeting: Option<Millis>,
    /// Whether its first list of heads is complete.
    pub(super) listed: bool,
    /// Whether its list of heads is known to be whole: what it has not announced it does not hold.
    pub(super) whole: bool,
    /// Whether its list comes behind its Differs alone: heads that come before that are single news.
    pub(super) list_behind_differs: bool,
    /// The last heartbeat before our Differs: who answers a later one has sent its list, also if it found no difference.
    pub(super) differs_sent: Option<u64>,
    /// Whether both sides may say how their heads stand with a digest.
    pub(super) digests: bool,
    /// Whether it knows resolutions.
    pub(super) resolutions: bool,
    /// Whether our list of heads was sent.
    pub(super) told: bool,
    /// What it has announced.
    pub(super) announced: BTreeMap<FeedId, HeadRef>,
    pub(super) pull: Pull,
    pub(super) serve: Serve,
    pub(super) pulse: Pulse,
    pub(super) allowance: Allowance,
}

/// How much more of our work a partner's messages may ask for: see `cost`. It fills again with time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    units: u64,
    at: Millis,
}

impl Allowance {
    fn full(now: Millis) -> Self {
        Self { units: MAX_ALLOWANCE, at: now }
    }

    /// Takes units for a message that came.
    pub(super) fn spend(&mut self, units: u64, now: Millis) -> Result<(), Fault> {
        let passed = u64::try_from(now.0.saturating_sub(self.at.0)).unwrap_or(0);
        let filled = self.units.saturating_add(passed.saturating_mul(ALLOWANCE_PER_MILLISECOND));
        self.at = now;
        self.units = filled.min(MAX_ALLOWANCE);
        self.units = self.units.checked_sub(units).ok_or(Fault::TooMuch("messages in so short a time"))?;
        Ok(())
    }
}

/// The direction towards us.
#[derive(Debug, Default)]
pub(super) struct Pull {
    /// Feeds that are pulled from this session, with the frame that comes next.
    pub(super) asked: BTreeMap<FeedId, Position>,
    /// Feeds no longer pulled: how many bytes may still be under way.
    pub(super) late: BTreeMap<FeedId, u64>,
    /// Feeds that delivered nothing while others had more.
    pub(super) slow: BTreeSet<FeedId>,
    /// Feeds of which it has shown the newest entry ahead: it does so once.
    pub(super) shown: BTreeSet<FeedId>,
    /// Feeds of which this session's entries could not be taken.
    pub(super) refused: BTreeSet<FeedId>,
    /// Feeds for which a header was asked for, with the header that we hold in that place.
    pub(super) disputes: BTreeMap<FeedId, SignedHeader>,
    /// Feeds of ours of which it has said that it holds this entry, which we do not have, and was asked to show it.
    pub(super) own_ahead: BTreeMap<FeedId, Seq>,
    /// How much it may still send.
    pub(super) granted: u64,
    /// What came and was not granted again yet.
    pub(super) handled: u64,
}

/// The direction from us.
#[derive(Debug, Default)]
pub(super) struct Serve {
    /// Feeds that it pulls, with the frame that it gets next.
    pub(super) wanted: BTreeMap<FeedId, Position>,
    /// Those of them for which something is to be read, but for the urgent ones.
    due: BTreeSet<FeedId>,
    /// The urgent ones of them.
    due_first: BTreeSet<FeedId>,
    /// Agreements whose feeds go before all others.
    urgent: Arc<BTreeSet<AgreementId>>,
    /// What of the urgent ones goes ahead of their history.
    pub(super) ahead: Ahead,
    /// Reads that were asked for and not answered, with the newest entry that was durable then; each has
    /// `MAX_DATA` of the credit reserved.
    pub(super) reading: BTreeMap<FeedId, (Position, Seq)>,
    /// The feed that was served last.
    pub(super) turn: Option<FeedId>,
    /// How much may be sent, without what is reserved.
    pub(super) credit: u64,
    /// The window that the other side has opened.
    pub(super) window: u64,
    /// How much of what is not urgent may be under way.
    pub(super) pace: Pace,
}

/// Heartbeat and the count of questions.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) next_beat: Millis,
    pub(super) nonce: u64,
    pub(super) unanswered: u32,
    pub(super) questions: u32,
}

impl Session {
    pub(super) fn new(
        node: PublicKey,
        publisher: PublisherId,
        agreements: BTreeSet<AgreementId>,
        config: &Config,
        now: Millis,
    ) -> Self {
        let pull = Pull { granted: u64::from(config.window), ..Pull::default() };
        let pulse =
            Pulse { next_beat: now.saturating_add(config.heartbeat), nonce: 0, unanswered: 0, questions: 0 };
        Self {
            node,
            publisher,
            agreements,
            carries: BTreeSet::new(),
            carried: Arc::default(),
            withdrawn: BTreeSet::new(),
            greeting: Some(now),
            listed: false,
            whole: false,
            list_behind_differs: false,
            differs_sent: None,
            digests: false,
            resolutions: false,
            told: false,
            announced: BTreeMap::new(),
            pull,
            serve: Serve::default(),
            pulse,
            allowance: Allowance::full(now),
        }
    }

    /// The clock was set back to this: nothing waits longer than it would have from here on.
    pub(super) fn turned_back(&mut self, now: Millis, heartbeat: i64) {
        self.greeting = self.greeting.map(|opened| opened.min(now));
        self.pulse.next_beat = self.pulse.next_beat.min(now.saturating_add(heartbeat));
        self.allowance.at = self.allowance.at.min(now);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.greeting.is_none()
    }

    /// Whether the partner may have this feed from us. A courier gets what is sealed, and that is our own feed, or any
    /// if we are a courier too and hold nothing but sealed content.
    pub(super) fn may_read(&self, us: PublisherId, feed: &FeedId) -> bool {
        let house = feed.agreement == AgreementId::house();
        let reads = self.agreements.contains(&feed.agreement) && (!house || self.publisher == us);
        let sealed = feed.publisher == us || self.carried.contains(&feed.agreement);
        reads || sealed && self.carries.contains(&feed.agreement)
    }

    /// Whether we would take this feed from the partner.
    pub(super) fn may_give(&self, us: PublisherId, feed: &FeedId) -> bool {
        self.carries.contains(&feed.agreement) || self.may_read(us, feed)
    }

    /// Whether the partner has shown that we may read this feed there: each partner may read what is public, and who
    /// announces a feed opens its agreement.
    pub(super) fn has_opened(&self, feed: &FeedId) -> bool {
        let opened = feed.agreement == AgreementId::public();
        opened || self.announced.keys().any(|known| known.agreement == feed.agreement)
    }

    /// Sets of which agreements it is a courier; returns what is new and what is gone.
    pub(super) fn carry(&mut self, now: &BTreeSet<AgreementId>) -> (Vec<AgreementId>, Vec<AgreementId>) {
        let added: Vec<_> = now.difference(&self.carries).copied().collect();
        let gone: Vec<_> = self.carries.difference(now).copied().collect();
        self.withdrawn.extend(&gone);
        self.withdrawn.retain(|agreement| !now.contains(agreement));
        self.carries.clone_from(now);
        (added, gone)
    }

    /// What a question about a feed deserves: `Ok(true)` an answer, `Ok(false)` silence, a fault the end.
    pub(super) fn admits(&self, us: PublisherId, feed: &FeedId) -> Result<bool, Fault> {
        if self.may_read(us, feed) {
            return Ok(true);
        }
        let crossed = self.withdrawn.contains(&feed.agreement);
        if crossed { Ok(false) } else { Err(Fault::Audience { feed: *feed }) }
    }

    /// Sets what the partner may read; returns what is new and what is gone.
    pub(super) fn grant(
        &mut self,
        now_readable: &BTreeSet<AgreementId>,
    ) -> (Vec<AgreementId>, Vec<AgreementId>) {
        let added: Vec<_> = now_readable.difference(&self.agreements).copied().collect();
        let gone: Vec<_> = self.agreements.difference(now_readable).copied().collect();
        self.withdrawn.extend(&gone);
        self.withdrawn.retain(|agreement| !now_readable.contains(agreement));
        self.agreements.clone_from(now_readable);
        (added, gone)
    }

    /// Counts a question that we have to answer.
    pub(super) fn question(&mut self, config: &Config) -> Result<(), Fault> {
        self.pulse.questions += 1;
        let over = self.pulse.questions > config.max_questions;
        if over { Err(Fault::TooMuch("questions in one heartbeat interval")) } else { Ok(()) }
    }
}

impl Pull {
    /// Counts bytes that came against what was granted.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), Fault> {
        if bytes > u64::from(MAX_DATA) {
            return Err(Fault::TooMuch("bytes of frames in a message"));
        }
        if bytes > self.granted {
            return Err(Fault::Credit { sent: bytes, granted: self.granted });
        }
        self.granted -= bytes;
        Ok(())
    }

    /// Notes that bytes were handled; returns how many to grant again, once it is worth a message.
    pub(super) fn handled(&mut self, bytes: u64, window: u32) -> Option<u32> {
        self.handled += bytes;
        // Soon, so that the other side sees how fast the line is.
        if self.handled < u64::from((window / 4).min(PROMPT)) {
            return None;
        }
        self.grant()
    }

    /// How many bytes to grant again: all that were handled.
    pub(super) fn grant(&mut self) -> Option<u32> {
        let grant = u32::try_from(self.handled).ok()?;
        self.granted += self.handled;
        self.handled = 0;
        Some(grant)
    }

    /// Accepts that bytes of a feed come that were asked for once.
    pub(super) fn take_late(&mut self, feed: FeedId, bytes: u64) -> Result<(), Fault> {
        let rest = self.late.get(&feed).copied().unwrap_or(0);
        let rest = rest.checked_sub(bytes).ok_or(Fault::Unasked { feed })?;
        self.late.insert(feed, rest);
        Ok(())
    }
}

impl Serve {
    /// Takes more credit.
    pub(super) fn add_credit(&mut self, bytes: u32, now: Millis) -> Result<(), Fault> {
        let reads = self.reading.len() + self.ahead.reading.len();
        let reserved = reads as u64 * u64::from(MAX_DATA);
        let sum = self.credit + reserved + u64::from(bytes);
        if sum > self.window {
            return Err(Fault::Credit { sent: sum, granted: self.window });
        }
        self.credit += u64::from(bytes);
        self.ahead.is_untaken = false;
        self.pace.taken(u64::from(bytes), now);
        Ok(())
    }

    /// The feed to serve next, and whether it is urgent. Priorities (crisis before routine) are here and nowhere else:
    /// the urgent ones first, then round the others, each beginning after the one served last.
    fn next_due(&self) -> Option<(FeedId, bool)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let round = |due: &BTreeSet<FeedId>| {
            let after = self.turn.and_then(|turn| due.range((Excluded(turn), Unbounded)).next());
            after.or_else(|| due.first()).copied()
        };
        let first = round(&self.due_first).map(|feed| (feed, true));
        first.or_else(|| round(&self.due).map(|feed| (feed, false)))
    }

    /// The next read that credit allows. What is not urgent leaves credit for what is, and room on the line: so an urgent
    /// entry waits for one block at most. While something urgent is being read nothing else is.
    pub(super) fn next_read(&mut self) -> Option<(FeedId, Position)> {
        if self.ahead.is_under_way() {
            return None;
        }
        let (feed, is_urgent) = self.next_due()?;
        let block = u64::from(MAX_DATA);
        let under_way = self.window.saturating_sub(self.credit);
        let (reserve, fits) = match is_urgent {
            true => (0, true),
            false => (self.reserve(), !self.reads_urgent() && self.pace.allows(under_way, block)),
        };
        if self.credit < block + reserve || !fits {
            return None;
        }
        self.due.remove(&feed);
        self.due_first.remove(&feed);
        Some((feed, *self.wanted.get(&feed)?))
    }

    /// Whether something urgent is being read, of which more may follow.
    fn reads_urgent(&self) -> bool {
        self.reading.keys().any(|feed| self.urgent.contains(&feed.agreement))
    }

    /// How many feeds wait to be read.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.due.len() + self.due_first.len()
    }

    /// How much credit is kept for what is urgent: a block, or what a window leaves of which the last quarter may not
    /// have been granted again yet.
    fn reserve(&self) -> u64 {
        let block = u64::from(MAX_DATA);
        (self.window - self.window / 4).saturating_sub(block).min(block)
    }

    /// Sets which agreements go before all others.
    pub(super) fn set_urgent(&mut self, urgent: &Arc<BTreeSet<AgreementId>>) {
        self.urgent = Arc::clone(urgent);
        let all = std::mem::take(&mut self.due).into_iter().chain(std::mem::take(&mut self.due_first));
        self.ahead.due.retain(|feed| urgent.contains(&feed.agreement));
        let is_urgent = |feed: &FeedId| urgent.contains(&feed.agreement);
        (self.due_first, self.due) = all.partition(is_urgent);
    }

    /// Notes that a read was asked for; its credit is reserved.
    pub(super) fn begin_read(&mut self, feed: FeedId, from: Position, durable: Seq) {
        self.credit -= u64::from(MAX_DATA);
        self.turn = Some(feed);
        self.reading.insert(feed, (from, durable));
    }

    /// Notes that bytes of a feed were sent.
    pub(super) fn sent(&mut self, bytes: u64, now: Millis) {
        self.credit -= bytes;
        self.pace.sent(bytes, now);
    }

    /// Forgets what was to be read of these agreements.
    pub(super) fn drop_due(&mut self, gone: &[AgreementId]) {
        self.due.retain(|feed| !gone.contains(&feed.agreement));
        self.due_first.retain(|feed| !gone.contains(&feed.agreement));
        self.ahead.due.retain(|feed| !gone.contains(&feed.agreement));
    }

    /// Whether a feed goes before all others.
    pub(super) fn is_urgent(&self, feed: &FeedId) -> bool {
        self.urgent.contains(&feed.agreement)
    }

    /// Takes the answer to a read, gives its reserved credit back and returns what was durable when it was asked
    /// for; `None` when no such read was asked for.
    pub(super) fn end_read(&mut self, feed: FeedId, from: Position) -> Option<Seq> {
        let (at, durable) = *self.reading.get(&feed)?;
        if at != from {
            return None;
        }
        self.reading.remove(&feed);
        self.credit += u64::from(MAX_DATA);
        Some(durable)
    }

    /// Marks a wanted feed as due if there is something for it and no read is under way.
    pub(super) fn mark(&mut self, feed: FeedId, durable: Option<Seq>) {
        let Some(next) = self.wanted.get(&feed) else { return };
        if durable.is_some_and(|durable| next.seq <= durable) && !self.reading.contains_key(&feed) {
            let due = if self.is_urgent(&feed) { &mut self.due_first } else { &mut self.due };
            due.insert(feed);
        }
    }

    pub(super) fn forget(&mut self, feed: &FeedId) {
        self.wanted.remove(feed);
        self.due.remove(feed);
        self.due_first.remove(feed);
        self.ahead.due.remove(feed);
    }
}
