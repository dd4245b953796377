//! What happens because time passes: heartbeats, patience that ends, entries that fall due.

use super::Replica;
use crate::feed::FeedId;
use crate::model::Millis;
use crate::sync::fault::Fault;
use crate::sync::io::SessionId;
use crate::sync::message::Message;

impl Replica {
    /// When [`crate::sync::Input::Tick`] is needed next.
    pub fn next_wakeup(&self) -> Option<Millis> {
        let sessions = self.sessions.values().map(|session| match session.greeting {
            Some(opened) => opened.saturating_add(self.config.hello_timeout),
            None => session.pulse.next_beat,
        });
        let held = self.held.values().copied();
        let lagging = self.lagging.values().map(|since| since.saturating_add(self.config.stall_after));
        sessions.chain(held).chain(lagging).min()
    }

    /// Somebody has set the clock back: what waits for a time waits no longer than it would have from here on.
    /// Entries that are held stay so until they are due by the clock as it is now.
    pub(super) fn turned_back(&mut self, now: Millis) {
        let heartbeat = self.config.heartbeat;
        self.sessions.values_mut().for_each(|session| session.turned_back(now, heartbeat));
        self.lagging.values_mut().for_each(|since| *since = (*since).min(now));
    }

    pub(super) fn tick(&mut self) {
        let now = self.now;
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Err(fault) = self.beat(id) {
                self.fail(id, fault);
            }
        }
        let due: Vec<FeedId> =
            self.held.iter().filter(|(_, until)| **until <= now).map(|(feed, _)| *feed).collect();
        for feed in due {
            self.held.remove(&feed);
            self.reconcile(feed);
        }
        let patience = self.config.stall_after;
        let stalled = |since: &Millis| since.saturating_add(patience) <= now;
        let stalled: Vec<FeedId> =
            self.lagging.iter().filter(|(_, since)| stalled(since)).map(|(feed, _)| *feed).collect();
        stalled.into_iter().for_each(|feed| self.give_up_source(feed));
    }

    fn beat(&mut self, id: SessionId) -> Result<(), Fault> {
        let (now, heartbeat, misses) = (self.now, self.config.heartbeat, self.config.misses);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if let Some(opened) = session.greeting {
            let late = opened.saturating_add(self.config.hello_timeout) <= now;
            return if late { Err(Fault::HelloTimeout) } else { Ok(()) };
        }
        if session.pulse.next_beat > now {
            return Ok(());
        }
        if session.pulse.unanswered >= misses {
            return Err(Fault::Silent { misses });
        }
        session.pulse.unanswered += 1;
        session.pulse.questions = 0;
        session.pulse.nonce += 1;
        session.pulse.next_beat = now.saturating_add(heartbeat);
        let nonce = session.pulse.nonce;
        self.send(id, Message::Ping { nonce });
        Ok(())
    }

    pub(super) fn on_ping(&mut self, id: SessionId, nonce: u64) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.question(&self.config)?;
        self.send(id, Message::Pong { nonce });
        Ok(())
    }

    pub(super) fn on_pong(&mut self, id: SessionId, nonce: u64) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let pulse = &mut session.pulse;
        let oldest = pulse.nonce - u64::from(pulse.unanswered);
        if nonce <= oldest || nonce > pulse.nonce {
            return Err(Fault::Protocol("an answer to a heartbeat that was not sent"));
        }
        pulse.unanswered = u32::try_from(pulse.nonce - nonce).unwrap_or(u32::MAX);
        if session.list_behind_differs && session.differs_sent.is_some_and(|sent| nonce > sent) {
            (session.list_behind_differs, session.whole) = (false, true);
            self.look_at_own = true;
        }
        Ok(())
    }
}
