//! Governments with fixed keys, and what they sign: the examples are made of it, and hostile inputs are signed with
//! it, so that they come through to what lies behind the signature.

use std::sync::OnceLock;

use corridor::crypto::{Network, NodeSigner, SecretKey};
use corridor::feed::head::Place;
use corridor::feed::identity::CardBody;
use corridor::feed::{
    AgreementId, Card, EntryBuilder, EntryKind, FeedId, Frame, HeadRef, Keyring, Mandate, PublisherId,
    Purpose, SignedEntry, SignedStep,
};
use corridor::model::{
    Attributes, Decimal, Document, DocumentKind, DocumentLabel, Millis, Observation, Period, Receipt, Record,
    Retraction, Series, SeriesKey,
};
use zeroize::Zeroizing;

/// When everything happens.
pub(crate) const NOW: Millis = Millis(1_700_000_000_000);
/// A series of the Philippines on people born in Spain.
pub(crate) const KEY: &str = "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";

pub(crate) fn network() -> Network {
    Network::main()
}

/// The key of a seed of equal bytes.
pub(crate) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new([seed; 32]))
}

/// A government: its national key has this seed, its node's the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Government {
    seed: u8,
    country: &'static str,
}

pub(crate) const PHL: Government = Government { seed: 1, country: "PHL" };
pub(crate) const ESP: Government = Government { seed: 11, country: "ESP" };

impl Government {
    pub(crate) fn national(self) -> SecretKey {
        secret(self.seed)
    }

    pub(crate) fn node(self) -> SecretKey {
        secret(self.seed + 1)
    }

    pub(crate) fn id(self) -> PublisherId {
        PublisherId::of(&self.national().public_key())
    }

    pub(crate) fn feed(self) -> FeedId {
        FeedId::new(self.id(), AgreementId::public())
    }

    pub(crate) fn card_body(self) -> CardBody {
        let national = self.national();
        let term = (Millis(1_600_000_000_000), Millis(1_800_000_000_000));
        let mandate = Mandate::new(national.public_key(), self.node().public_key(), &Purpose::ALL, term);
        CardBody {
            country: self.country.to_owned(),
            names: vec![
                ("en".to_owned(), format!("Statistics of {}", self.country)),
                ("es".to_owned(), "Estadística".to_owned()),
            ],
            line: vec![SignedStep::first(
                &national,
                &secret(self.seed + 100).public_key(),
                term.0,
                &network(),
            )],
            mandates: vec![mandate.sign(&network(), &national)],
            revocations: Vec::new(),
            addresses: vec!["/dns/node.example/tcp/4001".to_owned()],
            issued_at: 1_600_000_000_000,
        }
    }

    pub(crate) fn card(self) -> Card {
        Card::sign(self.card_body(), &network(), &self.national()).expect("a good card")
    }

    pub(crate) fn entry(self, kind: EntryKind, place: &Place, records: Vec<Record>) -> SignedEntry {
        EntryBuilder::new(kind, records).sign(place, NOW, &network(), &self.node()).expect("a good entry")
    }

    /// Two entries of its public feed, the second of many records.
    pub(crate) fn entries(self) -> &'static [SignedEntry] {
        static ENTRIES: OnceLock<[Vec<SignedEntry>; 2]> = OnceLock::new();
        let all = ENTRIES.get_or_init(|| [PHL, ESP].map(Self::make_entries));
        &all[usize::from(self.seed == ESP.seed)]
    }

    fn make_entries(self) -> Vec<SignedEntry> {
        let first =
            self.entry(EntryKind::Release, &Place::first(self.feed()), vec![series(KEY, &[("2017", 5)])]);
        let place = Place::after(&HeadRef::from(first.header()));
        let second = self.entry(EntryKind::Release, &place, (0..60).map(numbered).collect());
        vec![first, second]
    }
}

/// The keyring of all.
pub(crate) fn keyring() -> Keyring {
    static KEYRING: OnceLock<Keyring> = OnceLock::new();
    let make = || {
        let mut keyring = Keyring::default();
        for one in [PHL, ESP] {
            keyring.insert(one.card());
        }
        keyring
    };
    KEYRING.get_or_init(make).clone()
}

/// A series with whole numbers by period.
pub(crate) fn series(key: &str, values: &[(&str, i64)]) -> Record {
    let observation = |(period, value): &(&str, i64)| {
        Observation::reported(Period::parse(period).expect("a period"), Decimal::from(*value))
    };
    let observations = values.iter().map(observation).collect();
    let key = SeriesKey::parse(key).expect("a key");
    Record::Series(Series::new(key, Attributes::none(), observations).expect("a series"))
}

/// A long series for a number: another place in the Philippines.
fn numbered(number: usize) -> Record {
    let digit = |at: u32| char::from_digit(((number / 36_usize.pow(at)) % 36) as u32, 36).unwrap_or('0');
    let place: String = [2, 1, 0].map(|at| digit(at).to_ascii_uppercase()).into_iter().collect();
    let years: Vec<String> = (2000..2020).map(|year: i32| year.to_string()).collect();
    let values: Vec<(&str, i64)> =
        years.iter().zip(0..).map(|(year, at)| (year.as_str(), number as i64 * 31 + at)).collect();
    series(&format!("A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T.PH-{place}.PS"), &values)
}

/// One record of each kind.
pub(crate) fn records() -> Vec<Record> {
    let label = DocumentLabel::new(DocumentKind::Comment, "remark-1", "en", "A remark", "text/plain");
    let document = Document::new(label.expect("a label"), 0, 1, b"More were counted.".to_vec());
    let key = SeriesKey::parse(KEY).expect("a key");
    let periods = vec![Period::parse("2017").expect("a period"), Period::parse("2018-Q1").expect("a period")];
    let receipt = Receipt {
        publisher: ESP.id().0,
        agreement: AgreementId::public().0,
        seq: 3,
        entry: [7; 32],
        received_at: NOW,
    };
    vec![
        series(KEY, &[("2015", -3), ("2016", 1_000_000), ("2017", 5)]),
        Record::Retraction(Retraction::new(key, periods, "counted twice").expect("a retraction")),
        Record::Document(document.expect("a document")),
        Record::Receipt(receipt),
    ]
}

/// The frames in some bytes.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = Frame::read(bytes) {
        bytes = &bytes[frame.bytes.len()..];
        frames.push(frame);
    }
    frames
}

/// The place behind a feed's last entry of some.
pub(crate) fn place_after(entries: &[SignedEntry], feed: FeedId) -> Place {
    entries.last().map_or(Place::first(feed), |last| Place::after(&HeadRef::from(last.header())))
}
