//! Governments, records and entries with fixed keys, for the tests of this room and of the rooms above.

use zeroize::Zeroizing;

use super::head::Place;
use super::identity::CardBody;
use super::{
    AgreementId, Card, EntryBuilder, EntryKind, FeedId, Frame, HeadRef, Keyring, Mandate, PublisherId,
    Purpose, SignedEntry, SignedStep,
};
use crate::crypto::{Network, NodeSigner, SecretKey};
use crate::model::{
    Attributes, Decimal, Document, DocumentKind, DocumentLabel, Millis, Observation, Period, Record, Series,
    SeriesKey,
};

/// From when the mandates hold.
pub(crate) const FROM: Millis = Millis(1_600_000_000_000);
/// When the entries are made, unless a test says otherwise.
pub(crate) const NOW: Millis = Millis(1_700_000_000_000);
/// Until when the mandates hold.
pub(crate) const UNTIL: Millis = Millis(1_800_000_000_000);
/// A series of the Philippines on people born in Spain.
pub(crate) const KEY: &str = "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";

/// The key of a seed of equal bytes.
pub(crate) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new([seed; 32]))
}

/// A government with all its keys.
pub(crate) struct Government {
    pub(crate) national: SecretKey,
    pub(crate) node: SecretKey,
    pub(crate) card: Card,
}

impl Government {
    /// With one node that may do everything. The seed and its successor are those of the two keys.
    pub(crate) fn new(country: &str, seed: u8) -> Self {
        Self::with_mandate(country, seed, &Purpose::ALL, (FROM, UNTIL))
    }

    /// With one node that may do this in this time.
    pub(crate) fn with_mandate(
        country: &str,
        seed: u8,
        purposes: &[Purpose],
        term: (Millis, Millis),
    ) -> Self {
        let (national, node, network) = (secret(seed), secret(seed + 1), Network::main());
        let mandate = Mandate::new(national.public_key(), node.public_key(), purposes, term);
        let body = CardBody {
            country: country.to_owned(),
            names: vec![("en".to_owned(), format!("Statistics of {country}"))],
            line: vec![SignedStep::first(&national, &secret(seed + 100).public_key(), FROM, &network)],
            mandates: vec![mandate.sign(&network, &national)],
            revocations: Vec::new(),
            addresses: vec!["/dns/node.example/tcp/4001".to_owned()],
            issued_at: FROM.0,
        };
        let card = Card::sign(body, &network, &national).unwrap();
        Self { national, node, card }
    }

    pub(crate) fn publisher(&self) -> PublisherId {
        self.card.publisher()
    }

    /// Its public feed.
    pub(crate) fn feed(&self) -> FeedId {
        FeedId::new(self.publisher(), AgreementId::public())
    }

    /// A release at a place.
    pub(crate) fn release(&self, place: &Place, records: Vec<Record>) -> SignedEntry {
        self.entry(EntryKind::Release, place, NOW, records)
    }

    /// An entry of a kind, at a place and time.
    pub(crate) fn entry(
        &self,
        kind: EntryKind,
        place: &Place,
        time: Millis,
        records: Vec<Record>,
    ) -> SignedEntry {
        EntryBuilder::new(kind, records).sign(place, time, &Network::main(), &self.node).unwrap()
    }

    /// `count` releases, one after the other, of one record each.
    pub(crate) fn chain(&self, count: u64) -> Vec<SignedEntry> {
        let mut place = Place::first(self.feed());
        let entry = |number| {
            let entry = self.release(&place, vec![series(KEY, &[("2017", number)])]);
            place = Place::after(&HeadRef::from(entry.header()));
            entry
        };
        (0..count.cast_signed()).map(entry).collect()
    }
}

/// A keyring of these governments' cards.
pub(crate) fn keyring(governments: &[&Government]) -> Keyring {
    let mut keyring = Keyring::default();
    for government in governments {
        keyring.insert(government.card.clone());
    }
    keyring
}

/// A series with whole numbers by period.
pub(crate) fn series(key: &str, values: &[(&str, i64)]) -> Record {
    let observation = |(period, value): &(&str, i64)| {
        Observation::reported(Period::parse(period).unwrap(), Decimal::from(*value))
    };
    let observations = values.iter().map(observation).collect();
    Record::Series(Series::new(SeriesKey::parse(key).unwrap(), Attributes::none(), observations).unwrap())
}

/// A key of its own for each number below 46656: another place in the Philippines.
pub(crate) fn numbered_key(number: usize) -> String {
    let digit = |at: u32| char::from_digit(((number / 36_usize.pow(at)) % 36) as u32, 36).unwrap();
    let place: String = [2, 1, 0].map(|at| digit(at).to_ascii_uppercase()).into_iter().collect();
    format!("A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T.PH-{place}.PS")
}

/// A long series for a number, so that a few hundred make several blocks.
pub(crate) fn numbered_series(number: usize) -> Record {
    let years: Vec<String> = (1990..2020).map(|year: i32| year.to_string()).collect();
    let values: Vec<(&str, i64)> =
        years.iter().zip(0..).map(|(year, at)| (year.as_str(), number as i64 * 31 + at)).collect();
    series(&numbered_key(number), &values)
}

/// A document of one part.
pub(crate) fn document(id: &str, body: Vec<u8>) -> Record {
    let label = DocumentLabel::new(DocumentKind::Comment, id, "en", "A remark", "text/plain").unwrap();
    Record::Document(Document::new(label, 0, 1, body).unwrap())
}

/// The frames in some bytes, each with its own.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some(frame) = Frame::read(bytes).unwrap() {
        frames.push(frame.bytes.to_vec());
        bytes = &bytes[frame.bytes.len()..];
    }
    assert!(bytes.is_empty());
    frames
}
