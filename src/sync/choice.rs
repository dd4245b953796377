//! From which session a feed is pulled.
//!
//! | preferred | because |
//! |---|---|
//! | one that is not slow | a session that delivered nothing while others had more is tried last |
//! | one that has what is missing, or is in use | the rest can only wait for it themselves |
//! | the publisher's own | it has new entries first |
//! | the one that a feed is pulled from already | changing costs bytes that are sent twice |
//! | the one with the newest head | it brings us furthest |
//! | the older session | so that the choice is the same each time |

use std::cmp::Reverse;

use super::io::SessionId;
use crate::feed::Seq;

/// A session from which a feed can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The session.
    pub session: SessionId,
    /// Whether the feed's publisher is at the other end.
    pub is_publisher: bool,
    /// Whether it was given up for delivering nothing.
    pub is_slow: bool,
    /// The newest entry that it has announced.
    pub announced: Seq,
}

/// How the feed stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The entry that is missing next.
    pub next: Seq,
    /// Whether frames of it are here already.
    pub in_entry: bool,
    /// The session that the feed is pulled from now.
    pub current: Option<SessionId>,
}

/// The session to pull from; `None` when nobody has anything for us.
///
/// The publisher's own session is worth subscribing to also when it has nothing new yet: the next entry then
/// comes unasked. Any other must have announced more than is here. A session that is in use stays, unless it is
/// slow or a better kind of one is there; it does not change in the middle of an entry only because the publisher
/// has appeared.
pub fn choose(need: Need, candidates: &[Candidate]) -> Option<SessionId> {
    let is_current = |one: &Candidate| need.current == Some(one.session);
    let has_more = |one: &Candidate| one.announced >= need.next;
    let someone_has_more = candidates.iter().any(|one| has_more(one) && !one.is_slow);
    let rank = |one: &&Candidate| {
        let lacks = someone_has_more && !has_more(one) && !is_current(one);
        let stays = is_current(one) && need.in_entry;
        let other = !(one.is_publisher || stays);
        (one.is_slow, lacks, other, !is_current(one), Reverse(one.announced), one.session)
    };
    let useful = |one: &&Candidate| one.is_publisher || has_more(one) || is_current(one);
    candidates.iter().filter(useful).min_by_key(rank).map(|best| best.session)
}

#[cfg(test)]
mod tests;
