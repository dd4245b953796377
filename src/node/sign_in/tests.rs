//! Links and sessions by the clock: what holds, what ends, what takes whose place.

use super::*;

const START: Millis = Millis(1_800_000_000_000);

fn at(millis: i64) -> Millis {
    START.saturating_add(millis)
}

fn hash(number: usize) -> Hash {
    Hash::of(&[&number.to_le_bytes()])
}

#[test]
fn a_link_is_used_once_and_is_of_the_account_that_asked() {
    let mut all = SignIns::default();
    all.add_link(hash(1), "uid 1000", START);
    all.add_link(hash(2), "uid 0", START);
    assert_eq!(all.use_link(&hash(3), START), None, "guessed");
    assert_eq!(all.use_link(&hash(1), at(LINK_TERM - 1)).as_deref(), Some("uid 1000"));
    assert_eq!(all.use_link(&hash(1), at(LINK_TERM - 1)), None, "used");
    assert_eq!(all.use_link(&hash(2), at(LINK_TERM)), None, "over");
    assert_eq!(all.use_link(&hash(2), START), None, "and gone when it was tried too late");
}

#[test]
fn links_are_few_and_the_newest_stay() {
    let mut all = SignIns::default();
    for number in 0..=MAX_LINKS {
        all.add_link(hash(number), "uid 0", at(number as i64));
    }
    assert_eq!(all.links.len(), MAX_LINKS);
    assert!(all.use_link(&hash(0), at(100)).is_none() && all.use_link(&hash(MAX_LINKS), at(100)).is_some());
}

#[test]
fn a_session_ends_by_its_term_by_idleness_and_by_a_clock_that_went_back() {
    let mut all = SignIns::default();
    all.add_session(hash(1), "uid 0", START);
    assert!(all.session(&hash(1), at(IDLE_TERM - 1)).is_some());
    assert!(all.session(&hash(1), at(2 * IDLE_TERM - 2)).is_some(), "a page makes it last");
    assert!(all.session(&hash(1), at(3 * IDLE_TERM)).is_none(), "idle");

    all.add_session(hash(2), "uid 0", START);
    let pages = (0..SESSION_TERM / (IDLE_TERM / 2)).map(|number| at(number * (IDLE_TERM / 2)));
    for page in pages {
        assert!(all.session(&hash(2), page).is_some());
    }
    assert!(all.session(&hash(2), at(SESSION_TERM)).is_none(), "its term is over, whatever is looked at");

    all.add_session(hash(3), "uid 0", START);
    assert!(all.session(&hash(3), at(-CLOCK_BACK)).is_some(), "a clock is set right by seconds");
    assert!(all.session(&hash(3), at(-CLOCK_BACK - 1)).is_none());
}

#[test]
fn sessions_are_few_and_the_one_that_was_idle_longest_makes_room() {
    let mut all = SignIns::default();
    for number in 0..MAX_SESSIONS {
        all.add_session(hash(number), "uid 0", at(number as i64));
    }
    assert!(all.session(&hash(0), at(1_000)).is_some(), "the first one is looked at again");
    all.add_session(hash(MAX_SESSIONS), "uid 0", at(2_000));
    assert_eq!(all.sessions.len(), MAX_SESSIONS);
    assert!(all.session(&hash(1), at(2_000)).is_none(), "the second one was idle longest");
    assert!(
        all.session(&hash(0), at(2_000)).is_some() && all.session(&hash(MAX_SESSIONS), at(2_000)).is_some()
    );
}

#[test]
fn who_leaves_is_out() {
    let mut all = SignIns::default();
    all.add_session(hash(1), "uid 7", START);
    assert_eq!(all.leave(&hash(2), START), None);
    assert_eq!(all.leave(&hash(1), START).as_deref(), Some("uid 7"));
    assert!(all.session(&hash(1), START).is_none());
}

#[test]
fn only_a_whole_secret_has_a_hash_and_no_two_are_alike() {
    let digits = "0123456789abcdef".repeat(4);
    assert!(hash_of(&digits).is_some_and(|hash| hash != Hash::of(&[digits.as_bytes()])));
    for text in [&digits[1..], "", &format!("{digits}0"), &digits.to_uppercase(), &digits.replace('0', " ")] {
        assert_eq!(hash_of(text), None, "{text:?}");
    }
    assert_ne!(secret().unwrap(), secret().unwrap());
}

#[test]
fn every_address_is_reached_on_this_machine() {
    for (bound, reached) in
        [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:1", "[::1]:1"), ("10.1.2.3:4", "10.1.2.3:4")]
    {
        assert_eq!(reached_at(bound.parse().unwrap()).to_string(), reached);
    }
}
