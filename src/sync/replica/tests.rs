//! One replica on a bench: named cases of the protocol, of forks, and arbitrary inputs.

use super::*;
use crate::crypto::{NodeSigner, SecretKey};
use crate::feed::head::Place;
use crate::feed::identity::CardBody;
use crate::feed::{Card, EntryBuilder, EntryKind, Mandate, Purpose, Seq, SignedEntry, SignedStep};
use crate::model::{Receipt, Record};
use zeroize::Zeroizing;

mod ahead;
mod arbitrary;
mod couriers;
mod forks;
mod keys;
mod own;
mod protocol;
mod resolved;
mod returning;
mod urgent;

const NOW: Millis = Millis(1_700_000_000_000);
const US: usize = 0;
const PUBLISHER: usize = 1;
const THIRD: usize = 2;
const SHARED: AgreementId = AgreementId([9; 32]);

fn network() -> Network {
    Network::main()
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new([seed; 32]))
}

fn node_key(who: usize) -> SecretKey {
    key(1 + who as u8)
}

fn id(who: usize) -> PublisherId {
    PublisherId::of(&key(100 + who as u8).public_key())
}

fn card(who: usize) -> Card {
    let national = key(100 + who as u8);
    let term = (Millis(0), Millis(i64::MAX));
    let mandate = Mandate::new(national.public_key(), node_key(who).public_key(), &Purpose::ALL, term);
    let body = CardBody {
        country: String::new(),
        names: vec![("en".to_owned(), format!("Government {who}"))],
        line: vec![SignedStep::first(&national, &key(200).public_key(), Millis(0), &network())],
        mandates: vec![mandate.sign(&network(), &national)],
        revocations: Vec::new(),
        addresses: Vec::new(),
        issued_at: 0,
    };
    Card::sign(body, &network(), &national).unwrap()
}

fn keyring(who: &[usize]) -> Arc<Keyring> {
    let mut keyring = Keyring::default();
    for one in who {
        keyring.insert(card(*one));
    }
    Arc::new(keyring)
}

fn public(who: usize) -> FeedId {
    FeedId::new(id(who), AgreementId::public())
}

/// An entry with so many receipts; `mark` makes two of them differ.
fn entry(who: usize, place: &Place, time: Millis, (mark, records): (u8, u64)) -> SignedEntry {
    let record = |seq| {
        let hash = crate::crypto::Hash::of(&[&[mark], &u64::to_le_bytes(seq)]).0;
        Record::Receipt(Receipt { publisher: hash, agreement: hash, seq, entry: hash, received_at: NOW })
    };
    let builder = EntryBuilder::new(EntryKind::Receipt, (0..records).map(record).collect());
    builder.sign(place, time, &network(), &node_key(who)).unwrap()
}

/// The first entries of a feed; feeds with different marks are forks of each other.
fn chain(feed: FeedId, who: usize, mark: u8, length: usize) -> Vec<SignedEntry> {
    let mut place = Place::first(feed);
    let mut entries = Vec::new();
    for _ in 0..length {
        let next = entry(who, &place, NOW, (mark, 2));
        place = Place::after(&HeadRef::from(next.header()));
        entries.push(next);
    }
    entries
}

fn head(entry: &SignedEntry) -> HeadRef {
    HeadRef::from(entry.header())
}

fn at(seq: u64, part: u32) -> Position {
    Position { seq: Seq(seq), part }
}

/// The frames of an entry, one by one.
fn frames(entry: &SignedEntry) -> Vec<Vec<u8>> {
    let (mut rest, mut frames) = (entry.frames(), Vec::new());
    while let Ok(Some(frame)) = crate::feed::Frame::read(rest) {
        frames.push(frame.bytes.to_vec());
        rest = &rest[frame.bytes.len()..];
    }
    frames
}

/// A replica, with a short way to say things to it.
struct Bench {
    replica: Replica,
    now: Millis,
}

impl Bench {
    fn new(feeds: Vec<FeedState>) -> Self {
        let keyring = keyring(&[US, PUBLISHER, THIRD]);
        let replica = Replica::new(Config::default(), network(), id(US), keyring, feeds);
        Self { replica, now: NOW }
    }

    /// A replica that holds these entries of one feed.
    fn holding(entries: &[SignedEntry]) -> Self {
        let last = entries.last().unwrap();
        let place = Place::after(&head(last));
        Self::new(vec![FeedState {
            place,
            partial: Vec::new(),
            newest: Some(last.header().clone()),
            fork: None,
            resolutions: Vec::new(),
        }])
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        self.replica.handle(input, self.now)
    }

    fn hear(&mut self, session: u64, message: Message) -> Vec<Output> {
        self.input(Input::Received { session: SessionId(session), message })
    }

    fn hello(&self) -> Message {
        let network = network().as_str().to_owned();
        Message::Hello { versions: VERSIONS, features: 0, network, window: MIN_WINDOW }
    }

    fn opened(&mut self, session: u64, who: usize) -> Vec<Output> {
        let agreements = BTreeSet::from([AgreementId::public(), AgreementId::house(), SHARED]);
        let node = node_key(who).public_key();
        self.input(Input::Opened { session: SessionId(session), node, publisher: id(who), agreements })
    }

    /// Opens a session up to the end of the greeting.
    fn ready(&mut self, session: u64, who: usize) -> Vec<Output> {
        self.opened(session, who);
        self.hear(session, self.hello())
    }

    fn have(&mut self, session: u64, entry: &SignedEntry) -> Vec<Output> {
        self.hear(session, Message::Have { heads: vec![head(entry)], last: true })
    }

    fn data(&mut self, session: u64, from: Position, feed: FeedId, frames: &[Vec<u8>]) -> Vec<Output> {
        self.hear(session, Message::Data { feed, from, frames: frames.concat() })
    }

    fn pass(&mut self, millis: i64) -> Vec<Output> {
        self.now = self.now.saturating_add(millis);
        self.input(Input::Tick)
    }
}

/// The messages among outputs, with their sessions.
fn sent(outputs: &[Output]) -> Vec<(u64, Message)> {
    let one = |output: &Output| match output {
        Output::Send { session, message } => Some((session.0, message.clone())),
        Output::Close { .. }
        | Output::Append { .. }
        | Output::Read { .. }
        | Output::ReadHeader { .. }
        | Output::ReadLatest { .. }
        | Output::Latest { .. }
        | Output::Fork(_)
        | Output::Resolution(_)
        | Output::Event(_) => None,
    };
    outputs.iter().filter_map(one).collect()
}

fn closed(outputs: &[Output]) -> Option<&Fault> {
    outputs
        .iter()
        .find_map(|output| if let Output::Close { fault, .. } = output { Some(fault) } else { None })
}

fn appended(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::Append { .. })).count()
}

fn want(feed: FeedId, from: Position) -> Message {
    Message::Want { feed, from }
}
