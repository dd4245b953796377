//! Round trips, refusals, and bytes that nobody wrote.

use proptest::prelude::*;

use super::*;
use crate::feed::{AgreementId, EntryId, PublisherId};

fn feed() -> impl Strategy<Value = FeedId> {
    any::<([u8; 32], [u8; 32])>().prop_map(|(one, other)| FeedId::new(PublisherId(one), AgreementId(other)))
}

fn position() -> impl Strategy<Value = Position> {
    any::<(u64, u32)>().prop_map(|(seq, part)| Position { seq: Seq(seq), part })
}

fn head() -> impl Strategy<Value = HeadRef> {
    (feed(), any::<u64>(), any::<[u8; 32]>()).prop_map(|(feed, seq, entry)| HeadRef {
        feed,
        seq: Seq(seq),
        entry: EntryId(entry),
    })
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..max)
}

fn message() -> impl Strategy<Value = Message> {
    let hello = (any::<(u16, u16, u64, u32)>(), "[a-z/]{0,64}").prop_map(
        |((min, max, features, window), network)| Message::Hello {
            versions: Versions { min, max },
            features,
            network,
            window,
        },
    );
    let heads = proptest::collection::vec(head(), 0..20);
    prop_oneof![
        hello,
        (heads, any::<bool>()).prop_map(|(heads, last)| Message::Have { heads, last }),
        (feed(), position()).prop_map(|(feed, from)| Message::Want { feed, from }),
        feed().prop_map(|feed| Message::Unwant { feed }),
        (feed(), position(), bytes(300)).prop_map(|(feed, from, frames)| Message::Data {
            feed,
            from,
            frames
        }),
        any::<u32>().prop_map(|bytes| Message::Credit { bytes }),
        any::<u64>().prop_map(|nonce| Message::Ping { nonce }),
        any::<u64>().prop_map(|nonce| Message::Pong { nonce }),
        (feed(), any::<u64>()).prop_map(|(feed, seq)| Message::Show { feed, seq: Seq(seq) }),
        (feed(), any::<u64>(), proptest::option::of(bytes(300)))
            .prop_map(|(feed, seq, bytes)| Message::Header { feed, seq: Seq(seq), bytes }),
        (bytes(300), bytes(300)).prop_map(|(one, other)| Message::Proof { one, other }),
        (0..ByeReason::ALL.len()).prop_map(|i| Message::Bye { reason: ByeReason::ALL[i] }),
        any::<[u8; 32]>().prop_map(|digest| Message::Digest { digest: Hash(digest) }),
        Just(Message::Differs),
        bytes(300).prop_map(|bytes| Message::Resolution { bytes }),
        (feed(), any::<u64>(), bytes(300)).prop_map(|(feed, seq, frames)| Message::Latest {
            feed,
            seq: Seq(seq),
            frames
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in message()) {
        let bytes = encode(&message).unwrap();
        prop_assert_eq!(decode(&bytes), Ok(message));
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(tag in 0_u8..17, mut bytes in bytes(400)) {
        bytes.insert(0, tag);
        if let Ok(message) = decode(&bytes) {
            prop_assert_eq!(encode(&message), Ok(bytes));
        }
    }

    #[test]
    fn a_changed_message_is_another_or_none(message in message(), at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut bytes = encode(&message).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(decode(&bytes), Ok(message));
    }
}

#[test]
fn the_largest_messages_fit() {
    let feed = FeedId::new(PublisherId([255; 32]), AgreementId([255; 32]));
    let head = HeadRef { feed, seq: Seq(u64::MAX), entry: EntryId([255; 32]) };
    let heads = vec![head; MAX_HEADS_PER_MESSAGE];
    let from = Position { seq: Seq(u64::MAX), part: u32::MAX };
    let frames = vec![255; MAX_DATA as usize];
    for message in [Message::Have { heads, last: true }, Message::Data { feed, from, frames }] {
        assert!(encode(&message).is_ok());
    }
    const { assert!(MAX_DATA as usize >= crate::feed::frame::HEADER_LEN + crate::feed::frame::MAX_BODY) };
}

#[test]
fn what_is_too_long_is_refused_both_ways() {
    let feed = FeedId::new(PublisherId([1; 32]), AgreementId([2; 32]));
    let from = Position { seq: Seq(0), part: 0 };
    let message = Message::Data { feed, from, frames: vec![0; MAX_MESSAGE] };
    assert!(matches!(encode(&message), Err(WireError::TooLong(_))));
    assert_eq!(decode(&vec![0; MAX_MESSAGE + 1]), Err(WireError::TooLong(MAX_MESSAGE + 1)));
    let message = Message::Data { feed, from, frames: vec![0; MAX_DATA as usize + 1] };
    let bytes = encode(&message).unwrap();
    assert!(matches!(decode(&bytes), Err(WireError::TooMany { .. })));
}

#[test]
fn bytes_have_the_documented_form() {
    assert_eq!(encode(&Message::Ping { nonce: 7 }), Ok(vec![6, 7]));
    assert_eq!(encode(&Message::Bye { reason: ByeReason::Fault }), Ok(vec![11, 3]));
    let hello = Message::Hello {
        versions: Versions { min: 1, max: 1 },
        features: 0,
        network: "main".to_owned(),
        window: 9,
    };
    assert_eq!(encode(&hello), Ok(b"\x00\x01\x01\x00\x04main\x09".to_vec()));
    assert_eq!(decode(&[11, 99]), Err(WireError::Reason(99)));
}

proptest! {
    #[test]
    fn the_feed_of_a_message_is_known_before_it_is_decoded(message in message()) {
        let bytes = encode(&message).unwrap();
        let expected = match &message {
            Message::Data { feed, .. } => Some(*feed),
            _ => None,
        };
        prop_assert_eq!(feed_of(&bytes), expected);
    }
}
