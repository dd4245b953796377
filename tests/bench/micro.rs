//! Measures the hot functions of each room, one by one: `cargo bench --bench micro [room]`. Nothing here asserts a time.
//!
//! A module for each room; the figures are the United Nations' matrix as it is, and spread out as in [`data`].

#[expect(dead_code, reason = "the bench of whole nodes uses the rest")]
mod data;
#[path = "micro/intake.rs"]
mod intake;
#[path = "micro/protect.rs"]
mod protect;
#[path = "micro/store.rs"]
mod store;
#[path = "micro/wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use corridor::model::{
    Attachment, AttributeId, Attributes, Decimal, Observation, Period, Record, Series, SeriesKey,
};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/undesa_ims2024_stock_od_sex.csv");

fn main() {
    feed::print_sizes();
    divan::main();
}

/// Records of rows of key, period and value, with what a release says of each series.
fn records<'a>(rows: impl Iterator<Item = (String, &'a str, &'a str)>) -> Vec<Record> {
    let mut series: BTreeMap<String, Vec<Observation>> = BTreeMap::new();
    for (key, period, value) in rows {
        let (Ok(period), Ok(value)) = (Period::parse(period), Decimal::parse(value)) else { continue };
        series.entry(key).or_default().push(Observation::reported(period, value));
    }
    let said = [
        (AttributeId::UnitMult, "0"),
        (AttributeId::Decimals, "0"),
        (AttributeId::SourceRef, "UN DESA, International Migrant Stock 2024"),
    ];
    let attributes = Attributes::new(Attachment::Series, said).expect("they are in their lists");
    series
        .into_iter()
        .filter_map(|(key, list)| Series::new(SeriesKey::parse(&key).ok()?, attributes.clone(), list).ok())
        .map(Record::Series)
        .collect()
}

/// The matrix as it was published.
static MATRIX: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let text = std::fs::read_to_string(SOURCE).expect("the matrix is part of the repository");
    records(text.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let [to, from, year, sex, value, ..] = *fields.as_slice() else { return None };
        let sex = if sex == "male" { "M" } else { "F" };
        Some((format!("A.{to}.{from}.MS_FBORN.BIR.{sex}._T._T._T._T._T._T._T.PS"), year, value))
    }))
});

/// So many observations spread out.
fn spread(observations: usize) -> Vec<Record> {
    let source = data::Source::read(Path::new(SOURCE)).expect("the matrix is part of the repository");
    let mut text = Vec::new();
    source.write(&mut text, observations).expect("there are more figures than that");
    let text = String::from_utf8(text).expect("a tidy file is text");
    records(text.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let [key @ .., period, value, _] = fields.as_slice() else { return None };
        Some((key.join("."), *period, *value))
    }))
}

static SPREAD: LazyLock<Vec<Record>> = LazyLock::new(|| spread(100_000));

fn observations(records: &[Record]) -> usize {
    records.iter().map(Record::observations).sum()
}

mod crypto {
    use corridor::crypto::{MerkleBuilder, leaf_hash};
    use divan::Bencher;
    use divan::counter::ItemsCount;

    const LEAVES: usize = 10_000;

    #[divan::bench]
    fn merkle_root(bencher: Bencher<'_, '_>) {
        let leaves: Vec<_> = (0..LEAVES).map(|n| leaf_hash(&n.to_le_bytes())).collect();
        bencher.counter(ItemsCount::new(LEAVES)).bench(|| {
            let mut builder = MerkleBuilder::default();
            leaves.iter().for_each(|leaf| builder.push_hash(*leaf));
            builder.root()
        });
    }
}

mod model {
    use corridor::model::{Decimal, Period, Record, SeriesKey};
    use divan::Bencher;
    use divan::counter::ItemsCount;

    use super::SPREAD;

    #[divan::bench]
    fn series_key(bencher: Bencher<'_, '_>) {
        let keys: Vec<&str> = SPREAD.iter().filter_map(key).collect();
        bencher
            .counter(ItemsCount::new(keys.len()))
            .bench(|| keys.iter().filter(|key| SeriesKey::from_canonical(key).is_ok()).count());
    }

    #[divan::bench(args = ["2024", "2024-05", "2024-W18", "2011-03-02T14:00:00"])]
    fn period(text: &str) -> Option<Period> {
        Period::parse(text).ok()
    }

    #[divan::bench(args = ["1234", "-17.25"])]
    fn decimal(text: &str) -> Option<Decimal> {
        Decimal::parse(text).ok()
    }

    fn key(record: &Record) -> Option<&str> {
        match record {
            Record::Series(series) => Some(series.key().as_str()),
            Record::Retraction(_) | Record::Document(_) | Record::Receipt(_) => None,
        }
    }
}

mod feed {
    use corridor::crypto::{Network, NodeSigner, SecretKey};
    use corridor::feed::block::{BlockCoder, BlockReader, OpenBlock};
    use corridor::feed::head::Place;
    use corridor::feed::identity::{CardBody, SignedStep};
    use corridor::feed::{
        AgreementId, Assembler, Body, BodyBuilder, Card, EntryKind, FeedId, Frame, FrameKind, Keyring,
        Mandate, Opened, Purpose, SignedEntry, SignedHeader, record,
    };
    use corridor::model::{Millis, Record};
    use divan::Bencher;
    use divan::counter::ItemsCount;

    use super::{MATRIX, SPREAD, observations, spread};

    const NOW: Millis = Millis(1_700_000_000_000);

    /// A government that signs, and those who know it.
    struct Signer {
        node: SecretKey,
        place: Place,
        known: Keyring,
    }

    impl Signer {
        fn new() -> Self {
            let key = |seed| SecretKey::from_seed(&[seed; 32].into());
            let (national, node, network) = (key(1), key(2), Network::main());
            let term = (Millis(0), Millis(i64::MAX));
            let mandate = Mandate::new(national.public_key(), node.public_key(), &Purpose::ALL, term);
            let body = CardBody {
                country: "AUS".to_owned(),
                names: vec![("en".to_owned(), "Statistics".to_owned())],
                line: vec![SignedStep::first(&national, &key(3).public_key(), Millis(0), &network)],
                mandates: vec![mandate.sign(&network, &national)],
                revocations: Vec::new(),
                addresses: Vec::new(),
                issued_at: 0,
            };
            let card = Card::sign(body, &network, &national).expect("the card keeps its rules");
            let place = Place::first(FeedId::new(card.publisher(), AgreementId::public()));
            let mut known = Keyring::default();
            known.insert(card);
            Self { node, place, known }
        }

        fn sign(&self, body: Body) -> SignedEntry {
            body.sign((EntryKind::Release, NOW), &self.place, &Network::main(), &self.node)
        }
    }

    fn build(records: &[Record]) -> Body {
        let mut builder = BodyBuilder::new();
        for one in records {
            builder.push(one).expect("the records are sorted");
        }
        builder.finish().expect("there are records")
    }

    fn frames(mut bytes: &[u8]) -> Vec<Frame<'_>> {
        let mut list = Vec::new();
        while let Ok(Some(frame)) = Frame::read(bytes) {
            bytes = &bytes[frame.bytes.len()..];
            list.push(frame);
        }
        list
    }

    /// What an observation takes on disk and wire.
    pub(super) fn print_sizes() {
        let million = spread(1_000_000);
        for (name, list) in [("matrix", &*MATRIX), ("100 k", &*SPREAD), ("1 M", &million)] {
            let length = Signer::new().sign(build(list)).frames().len();
            let plain: usize = list.iter().map(|one| record::encode(one).len()).sum();
            let of = |bytes: usize| bytes as f64 / observations(list) as f64;
            println!("{name}: {:.2} bytes an observation, plain {:.2}", of(length), of(plain));
        }
    }

    #[divan::bench(args = [true, false])]
    fn body_build(bencher: Bencher<'_, '_>, matrix: bool) {
        let records = if matrix { &*MATRIX } else { &*SPREAD };
        bencher.counter(ItemsCount::new(observations(records))).bench(|| build(records));
    }

    #[divan::bench(args = [true, false])]
    fn entry_accept(bencher: Bencher<'_, '_>, matrix: bool) {
        let records = if matrix { &*MATRIX } else { &*SPREAD };
        let signer = Signer::new();
        let entry = signer.sign(build(records));
        bencher.counter(ItemsCount::new(observations(records))).bench(|| {
            let mut assembler = Assembler::new(Network::main(), signer.place);
            let taken =
                frames(entry.frames()).iter().filter(|f| assembler.accept(&signer.known, f).is_ok()).count();
            assert!(taken > 2 && assembler.place().seq.0 == 1);
        });
    }

    #[divan::bench(args = [true, false])]
    fn block_open(bencher: Bencher<'_, '_>, matrix: bool) {
        let records = if matrix { &*MATRIX } else { &*SPREAD };
        let entry = Signer::new().sign(build(records));
        let blocks: Vec<_> =
            frames(entry.frames()).into_iter().filter(|f| f.kind == FrameKind::Block).collect();
        let mut reader = BlockReader::default();
        bencher.counter(ItemsCount::new(observations(records))).bench_local(|| {
            blocks.iter().filter(|frame| Opened::of(frame.body, &mut reader).is_ok()).count()
        });
    }

    #[divan::bench(args = [true, false])]
    fn block_code(bencher: Bencher<'_, '_>, matrix: bool) {
        let records = if matrix { &*MATRIX } else { &*SPREAD };
        let mut blocks = vec![OpenBlock::default()];
        for one in records {
            if blocks.last_mut().is_none_or(|block| block.push(one).is_err()) {
                let mut next = OpenBlock::default();
                next.push(one).expect("a block holds any of them");
                blocks.push(next);
            }
        }
        let mut coder = BlockCoder::default();
        bencher
            .counter(ItemsCount::new(observations(records)))
            .bench_local(|| blocks.iter().map(|block| coder.code(block).body.len()).sum::<usize>());
    }

    #[divan::bench]
    fn header_verify(bencher: Bencher<'_, '_>) {
        let entry = Signer::new().sign(build(&SPREAD[..1]));
        let head = frames(entry.frames()).into_iter().find(|frame| frame.kind == FrameKind::Head);
        bencher.bench(|| head.map(|frame| SignedHeader::from_bytes(&Network::main(), frame.body)));
    }

    #[divan::bench]
    fn record_encode(bencher: Bencher<'_, '_>) {
        let mut out = Vec::new();
        bencher.counter(ItemsCount::new(observations(&SPREAD))).bench_local(|| {
            out.clear();
            SPREAD.iter().for_each(|one| record::encode_into(one, &mut out));
            out.len()
        });
    }

    #[divan::bench]
    fn record_decode(bencher: Bencher<'_, '_>) {
        let bytes: Vec<Vec<u8>> = SPREAD.iter().map(record::encode).collect();
        bencher
            .counter(ItemsCount::new(observations(&SPREAD)))
            .bench(|| bytes.iter().filter(|bytes| record::decode(bytes).is_ok()).count());
    }
}
