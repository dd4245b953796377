//! Folding entries into the view, and asking it: what `get`, releases and a rebuild are made of.

use corridor::crypto::{Network, SecretKey};
use corridor::feed::{AgreementId, Body, EntryKind, FeedId, PublisherId};
use corridor::model::{Dimension, Millis, Record, SeriesPattern};
use corridor::store::Store;
use corridor::view::Query;
use divan::Bencher;
use divan::counter::ItemsCount;

use super::{SPREAD, observations};

/// Memory of the database in bytes, as a daemon has it that is not told otherwise.
const CACHE: u64 = 64 << 20;
const NOW: Millis = Millis(1_700_000_000_000);

/// A store that goes away with its directory.
struct Held {
    store: Store,
    feed: FeedId,
    _dir: tempfile::TempDir,
}

/// A store that holds one entry with these records, not yet folded.
fn holding(records: &[Record]) -> Held {
    let dir = tempfile::tempdir().expect("there is a place for temporary files");
    let feed = FeedId::new(PublisherId([1; 32]), AgreementId::public());
    let mut store =
        Store::open(dir.path(), feed.publisher, &Network::main(), CACHE).expect("the store opens");
    let body = Body::of(records.to_vec()).expect("there are records");
    let signer = SecretKey::from_seed(&[2; 32].into());
    let place = store.place(feed);
    let entry = body.sign((EntryKind::Release, NOW), &place, &Network::main(), &signer);
    store.append_own(&entry).expect("the entry goes here");
    store.commit().expect("the disk takes it");
    Held { store, feed, _dir: dir }
}

fn keys() -> Vec<String> {
    let key = |record: &Record| match record {
        Record::Series(series) => Some(series.key().view_order_key()),
        Record::Retraction(_) | Record::Document(_) | Record::Receipt(_) => None,
    };
    SPREAD.iter().filter_map(key).collect()
}

/// From the feed file to memory, and from there to pages.
#[divan::bench(sample_count = 10)]
fn fold(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(observations(&SPREAD))).with_inputs(|| holding(&SPREAD)).bench_values(
        |mut held| {
            held.store.fold().expect("it folds");
            held.store.derived().flush().expect("it is written");
            held
        },
    );
}

/// One series by its key, from pages.
#[divan::bench]
fn query_series(bencher: Bencher<'_, '_>) {
    ask(bencher, |series| {
        Dimension::ALL.iter().fold(SeriesPattern::any(), |pattern, dimension| {
            pattern.with(*dimension, series.key().dimension(*dimension))
        })
    });
}

/// All series of one corridor, from pages.
#[divan::bench]
fn query_corridor(bencher: Bencher<'_, '_>) {
    let named = [Dimension::Indicator, Dimension::RefArea, Dimension::CounterpartArea];
    ask(bencher, |series| {
        named.iter().fold(SeriesPattern::any(), |pattern, dimension| {
            pattern.with(*dimension, series.key().dimension(*dimension))
        })
    });
}

fn ask(bencher: Bencher<'_, '_>, pattern: impl Fn(&corridor::model::Series) -> SeriesPattern) {
    let mut held = holding(&SPREAD);
    held.store.fold().expect("it folds");
    held.store.derived().flush().expect("it is written");
    let patterns: Vec<Query> = SPREAD
        .iter()
        .step_by(97)
        .filter_map(|record| match record {
            Record::Series(series) => Some(Query::current(pattern(series))),
            Record::Retraction(_) | Record::Document(_) | Record::Receipt(_) => None,
        })
        .collect();
    let mut next = patterns.iter().cycle();
    bencher.bench_local(|| {
        let (mut found, query) = (0, next.next().expect("there are some"));
        let asked = held.store.derived().query(query, &mut |series| {
            found += series.versions.len();
            true
        });
        asked.expect("the view can be read");
        assert!(found > 0);
        found
    });
}

/// Every series of a release compared with what was released before: in the order of keys each page is read once.
#[divan::bench(sample_count = 20)]
fn row_reader(bencher: Bencher<'_, '_>) {
    let mut held = holding(&SPREAD);
    held.store.fold().expect("it folds");
    held.store.derived().flush().expect("it is written");
    let mut keys = keys();
    keys.sort_unstable();
    bencher.counter(ItemsCount::new(observations(&SPREAD))).bench_local(|| {
        let mut reader = held.store.derived().row_reader();
        keys.iter().filter(|key| matches!(reader.row(key, held.feed), Ok(Some(_)))).count()
    });
}

/// One entry of one record appended and made durable: a write and a sync.
#[divan::bench(sample_count = 200)]
fn append_and_commit(bencher: Bencher<'_, '_>) {
    let mut held = holding(&SPREAD[..1]);
    let signer = SecretKey::from_seed(&[2; 32].into());
    bencher.bench_local(|| {
        let body = Body::of(SPREAD[..1].to_vec()).expect("there is a record");
        let place = held.store.place(held.feed);
        let entry = body.sign((EntryKind::Release, NOW), &place, &Network::main(), &signer);
        held.store.append_own(&entry).expect("the entry goes here");
        held.store.commit().expect("the disk takes it")
    });
}
