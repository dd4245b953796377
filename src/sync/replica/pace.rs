//! How much of what can wait may be under way to a partner, so that what is urgent need not wait behind it.
//!
//! What is under way lies in queues that nothing can overtake: of both systems, of the line. So there is never more of
//! it than the line takes in about a second, and never less than one block. How fast the line is shows in the time from
//! the sending of bytes until the other side grants them again, as LEDBAT (RFC 6817) and BBR measure it: where that is
//! long the room is halved, where it is short it grows by what came through. It begins with the least: a fast line has
//! all that it takes after a few turns.

use std::collections::VecDeque;

use crate::model::Millis;
use crate::sync::config::{MAX_DATA, PROMPT};

/// The least: a block, beside what the other side has taken and not granted again yet.
const LEAST: u64 = MAX_DATA as u64 + PROMPT as u64;
/// What was sent is to be granted again in so many milliseconds.
const LONG: i64 = 1_000;
/// The most sendings whose times are known; later ones count with the last of them.
const MAX_MARKS: usize = 256;

/// How much may be under way.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// `None` as long as the other side grants credit by quarters of its window, which says nothing.
    room: Option<u64>,
    sent: u64,
    taken: u64,
    /// Up to which byte was sent when.
    marks: VecDeque<(u64, Millis)>,
    /// What was sent by then was sent before the room was halved last.
    halved: u64,
}

impl Pace {
    /// The other side grants credit at once.
    pub(super) fn begin(&mut self) {
        self.room = Some(LEAST);
    }

    /// Whether so many bytes more may be sent while these are under way.
    pub(super) fn allows(&self, under_way: u64, more: u64) -> bool {
        self.room.is_none_or(|room| under_way + more <= room)
    }

    /// Bytes were sent.
    pub(super) fn sent(&mut self, bytes: u64, now: Millis) {
        self.sent += bytes;
        let is_full = self.marks.len() == MAX_MARKS;
        match self.marks.back_mut() {
            Some((until, time)) if *time == now => *until = self.sent,
            Some(_) if is_full => {}
            Some(_) | None => self.marks.push_back((self.sent, now)),
        }
    }

    /// The other side has taken bytes.
    pub(super) fn taken(&mut self, bytes: u64, now: Millis) {
        self.taken += bytes;
        let mut last = None;
        while let Some(mark) = self.marks.pop_front_if(|(until, _)| *until <= self.taken) {
            last = Some(mark);
        }
        // Of bytes that were sent together the first ones tell already.
        let last = last.or_else(|| self.marks.front().copied());
        let (Some(room), Some((until, time))) = (&mut self.room, last) else { return };
        let took = now.0.saturating_sub(time.0);
        if took > LONG && until > self.halved {
            *room = (*room / 2).max(LEAST);
            self.halved = self.sent;
        } else if took < LONG / 2 {
            *room += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u64 = MAX_DATA as u64;

    /// Sends blocks over a line of so many bytes a second for a minute; the most that was under way in its last half.
    fn over(rate: u64) -> u64 {
        let (mut pace, mut line, mut most, mut credit) = (Pace::default(), 0_u64, 0, 0);
        pace.begin();
        let mut under_way = 0;
        for now in 0..60_000 {
            while pace.allows(under_way, BLOCK) && under_way + BLOCK <= 1 << 20 {
                pace.sent(BLOCK, Millis(now));
                under_way += BLOCK;
            }
            if now > 30_000 {
                most = most.max(under_way);
            }
            line += rate;
            let came = (line / 1_000).min(under_way - credit);
            line -= came * 1_000;
            if came == 0 {
                line = line.min(1_000 * BLOCK);
            }
            credit += came;
            if credit >= u64::from(PROMPT) {
                pace.taken(credit, Millis(now));
                under_way -= credit;
                credit = 0;
            }
        }
        most
    }

    #[test]
    fn over_a_slow_line_one_block_is_under_way() {
        let most = over(8_000);
        assert!((BLOCK..=LEAST).contains(&most), "{most}");
    }

    #[test]
    fn over_a_fast_line_there_is_room_for_a_whole_window() {
        assert!(over(50_000_000) > (1 << 20) - 2 * BLOCK);
    }

    #[test]
    fn over_a_middling_line_there_is_about_a_second_of_it() {
        let most = over(500_000);
        assert!((200_000..=1_000_000).contains(&most), "{most}");
    }

    #[test]
    fn who_grants_by_quarters_is_not_held_back() {
        assert!(Pace::default().allows(u64::MAX - BLOCK, BLOCK));
    }
}
