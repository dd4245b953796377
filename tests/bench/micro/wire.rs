//! Messages of the exchange as bytes, and back.

use corridor::feed::assembler::Position;
use corridor::feed::{AgreementId, FeedId, PublisherId, Seq};
use corridor::sync::Message;
use corridor::wire;
use divan::Bencher;
use divan::counter::BytesCount;

/// A message that is as full as most are while a feed is fetched.
fn data() -> Message {
    let feed = FeedId::new(PublisherId([1; 32]), AgreementId::public());
    Message::Data { feed, from: Position { seq: Seq(3), part: 7 }, frames: vec![7; 60 << 10] }
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let message = data();
    bencher.counter(BytesCount::new(60_usize << 10)).bench(|| wire::encode(&message));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let bytes = wire::encode(&data()).expect("it is short enough");
    bencher.counter(BytesCount::new(bytes.len())).bench(|| wire::decode(&bytes));
}
