//! A member that comes back has all that stands in a lane before the first block of anything else, and gives it so.

use std::collections::VecDeque;

use super::*;
use crate::sync::heads_digest;

/// Agreements whose feeds lie among those of the others, in the order of ids.
const LANES: [AgreementId; 3] = [AgreementId([40; 32]), AgreementId([5; 32]), AgreementId([200; 32])];
const ROUTINE: [AgreementId; 3] = [AgreementId([1; 32]), AgreementId([100; 32]), AgreementId([250; 32])];
/// Records of an entry that is several blocks long, and of a short one.
const LONG: u64 = 6_000;
const SHORT: u64 = 2;

/// A node whose store is read later than it is asked.
struct End {
    replica: Replica,
    store: BTreeMap<FeedId, SignedEntry>,
    /// The feeds of the blocks that it has sent.
    sent: Vec<FeedId>,
}

impl End {
    /// A node with a long and short feeds of its own under all agreements.
    fn new(who: usize) -> Self {
        let long = [LANES[0], ROUTINE[0]];
        let all = LANES.into_iter().chain(ROUTINE).chain([AgreementId::public()]);
        let store: BTreeMap<FeedId, SignedEntry> = all
            .map(|agreement| {
                let feed = FeedId::new(id(who), agreement);
                let records = if long.contains(&agreement) { LONG } else { SHORT };
                (feed, entry(who, &Place::first(feed), NOW, (0, records)))
            })
            .collect();
        let states = store.values().map(|entry| FeedState {
            place: Place::after(&head(entry)),
            partial: Vec::new(),
            newest: Some(entry.header().clone()),
            fork: None,
            resolutions: Vec::new(),
        });
        let keyring = keyring(&[US, PUBLISHER]);
        let replica = Replica::new(Config::default(), network(), id(who), keyring, states.collect());
        Self { replica, store, sent: Vec::new() }
    }

    fn read(&self, feed: FeedId, from: Position, limit: u32) -> (Position, Vec<u8>) {
        let frames = self.store.get(&feed).filter(|_| from.seq == Seq(0)).map(frames).unwrap_or_default();
        let (mut part, mut bytes) = (from.part as usize, Vec::new());
        while let Some(frame) = frames.get(part).filter(|one| bytes.len() + one.len() <= limit as usize) {
            bytes.extend(frame);
            part += 1;
        }
        let next = if part == frames.len() { at(1, 0) } else { at(0, u32::try_from(part).unwrap()) };
        (next, bytes)
    }

    fn sent_first(&self, which: &dyn Fn(&AgreementId) -> bool) -> Option<usize> {
        self.sent.iter().position(|feed| which(&feed.agreement))
    }
}

/// Lets two nodes talk until nothing is left to say, each message and each read in its turn; `knows` says which of them
/// know that there are lanes.
fn talk(knows: [bool; 2]) -> [End; 2] {
    let mut ends = [End::new(US), End::new(PUBLISHER)];
    let mut inputs = VecDeque::new();
    for (index, other) in [(0, PUBLISHER), (1, US)] {
        if knows[index] {
            inputs.push_back((index, Input::Urgent { agreements: BTreeSet::from(LANES) }));
        }
        let agreements = LANES.into_iter().chain(ROUTINE).chain([AgreementId::public()]).collect();
        let (session, node, publisher) = (SessionId(1), node_key(other).public_key(), id(other));
        inputs.push_back((index, Input::Opened { session, node, publisher, agreements }));
    }
    while let Some((index, input)) = inputs.pop_front() {
        for output in ends[index].replica.handle(input, NOW) {
            match output {
                Output::Send { session, message } => {
                    if let Message::Data { feed, .. } = &message {
                        ends[index].sent.push(*feed);
                    }
                    inputs.push_back((1 - index, Input::Received { session, message }));
                }
                Output::Read { session, feed, from, limit } => {
                    let (next, frames) = ends[index].read(feed, from, limit);
                    inputs.push_back((index, Input::Read { session, feed, from, next, frames }));
                }
                // Its store holds no bulletin that it could show ahead.
                Output::ReadLatest { session, feed, from, .. } => {
                    let none = Input::LatestRead { session, feed, seq: from.seq, frames: Vec::new() };
                    inputs.push_back((index, none));
                }
                Output::Append { frame } if frame.completes() => {
                    inputs.push_back((index, Input::Stored { newest: frame.entry().header().clone() }));
                }
                Output::Close { fault, .. } => panic!("{fault:?}"),
                Output::Append { .. }
                | Output::ReadHeader { .. }
                | Output::Latest { .. }
                | Output::Fork(_)
                | Output::Resolution(_)
                | Output::Event(_) => {}
            }
        }
    }
    ends
}

#[test]
fn all_of_a_lane_comes_before_the_first_block_of_anything_else_from_both_sides() {
    // Who comes back may have missed the declaration: then the order in which it is told of feeds is what helps.
    for knows in [[true, true], [true, false], [false, true]] {
        let ends = talk(knows);
        let heads = ends.each_ref().map(|end| heads_digest(&end.replica.heads().collect::<Vec<_>>()));
        assert_eq!(heads[0], heads[1], "both have all");
        for (end, _) in ends.iter().zip(knows).filter(|(_, knows)| *knows) {
            let first =
                end.sent_first(&|agreement| !LANES.contains(agreement)).expect("routine feeds go too");
            let last = end.sent.iter().rposition(|feed| LANES.contains(&feed.agreement)).expect("lanes do");
            assert!(last < first, "{knows:?}: {:?}", end.sent);
        }
    }
}

#[test]
fn a_short_feed_of_a_lane_does_not_wait_behind_a_long_one() {
    for end in talk([true, true]) {
        let first = end.sent_first(&|agreement| *agreement == LANES[0]).expect("it goes");
        let blocks = end.sent.iter().filter(|feed| feed.agreement == LANES[0]).count();
        assert!(blocks > 2, "it is long: {blocks}");
        for lane in &LANES[1..] {
            let at = end.sent_first(&|agreement| agreement == lane).expect("it goes");
            assert!(at < first + LANES.len(), "{:?}", end.sent);
        }
    }
}
