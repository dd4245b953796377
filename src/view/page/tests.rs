//! Pages: rows come back, long ones in pieces, and no bytes do harm.

use proptest::prelude::*;

use super::*;
use crate::feed::testing::{Government, KEY};
use crate::model::Observation;

fn entry(seq: u64) -> EntryRef {
    EntryRef { seq: Seq(seq), time: Millis(1_700_000_000_000), id: EntryId([3; 32]) }
}

fn version(kind: PeriodKind, ordinal: i64, seq: u64, state: State) -> Version {
    Version { period: Period::from_ordinal(kind, ordinal).unwrap(), entry: entry(seq), state }
}

fn piece(versions: impl IntoIterator<Item = Version>, said: &[(u64, &str)]) -> Piece {
    let mut piece = Piece::default();
    for version in versions {
        piece.put(std::iter::once(version));
    }
    for (seq, text) in said {
        let set = Attributes::new(Attachment::Series, [(AttributeId::DefId, text)]).unwrap();
        piece.say(Seq(*seq), set);
    }
    piece
}

fn pages(rows: &[(RowId, Piece)], limit: usize) -> Vec<Written> {
    let mut writer = PageWriter::new(limit);
    rows.iter().for_each(|(id, piece)| writer.add(id, piece));
    writer.finish()
}

fn read_all(pages: &[Written]) -> Vec<(RowId, Piece)> {
    let mut all: Vec<(RowId, Piece)> = Vec::new();
    for written in pages {
        for (id, piece) in Page::from_bytes(written.bytes.as_slice()).unwrap().into_rows().unwrap() {
            match all.last_mut() {
                Some((last, whole)) if *last == id => whole.absorb(&piece),
                Some(_) | None => all.push((id, piece)),
            }
        }
    }
    all
}

fn state() -> impl Strategy<Value = State> {
    let value = prop::option::of((any::<i64>(), 0_u32..60, 0_u8..4));
    prop_oneof![
        5 => (value, 0_u32..3, prop::option::of("[a-zé]{1,9}")).prop_map(|(value, revision, comment)| {
            let value = value.map(|(number, bits, scale)| Decimal::from_parts(i128::from(number >> bits), scale).unwrap());
            let comment = comment.map(|text| (AttributeId::CommentObs, text));
            let attributes = Attributes::new(Attachment::Observation, comment).unwrap();
            State::Stated { value, flags: Flags { revision, ..Flags::default() }, attributes }
        }),
        1 => "[a-z ]{1,20}".prop_map(|reason| State::Retracted { reason }),
    ]
}

fn rows() -> impl Strategy<Value = Vec<(RowId, Piece)>> {
    let place = (0_usize..3, 0_i64..3000, 0_u64..4);
    let versions = prop::collection::btree_map(place, state(), 0..12).prop_map(|versions| {
        let kinds = [PeriodKind::Year, PeriodKind::Month, PeriodKind::Day];
        versions
            .into_iter()
            .map(|((kind, at, seq), state)| version(kinds[kind], 20_000 % 9000 + at, seq, state))
            .collect::<Vec<_>>()
    });
    let said = prop::collection::vec((0_u64..4, "[a-z]{1,5}"), 0..3);
    let row = (versions, said).prop_map(|(versions, said)| {
        let said: Vec<(u64, &str)> = said.iter().map(|(seq, text)| (*seq, text.as_str())).collect();
        piece(versions, &said)
    });
    prop::collection::btree_map(("[A-Z]{1,3}\\.[A-Z_]{1,4}", 1_u8..4), row, 0..20).prop_map(|rows| {
        let rows = rows.into_iter().map(|((key, publisher), piece)| {
            let feed = FeedId::new(PublisherId([publisher; 32]), AgreementId([9; 32]));
            (RowId::new(&key, feed), piece)
        });
        rows.collect()
    })
}

proptest! {
    #[test]
    fn rows_come_back_from_pages_of_any_length(rows in rows(), limit in 1_usize..3000) {
        prop_assert_eq!(read_all(&pages(&rows, limit)), rows);
    }

    #[test]
    fn a_reader_sees_a_row_as_of_an_entry(rows in rows(), next in 0_u64..5) {
        for written in pages(&rows, SPLIT_AT) {
            let mut page = Page::from_bytes(written.bytes).unwrap();
            for (id, whole) in &rows {
                prop_assert!(page.advance().unwrap());
                prop_assert_eq!((page.key(), page.feed()), (&*id.key, id.feed));
                let mut piece = Piece::default();
                page.read(Seq(next), &mut piece).unwrap();
                prop_assert_eq!(piece.into_row(Seq(next)), whole.clone().into_row(Seq(next)));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(page) = Page::from_bytes(bytes) {
            let _ = page.into_rows();
        }
    }

    #[test]
    fn damaged_pages_are_read_or_refused(
        rows in rows(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for mut written in pages(&rows, SPLIT_AT) {
            for (at, byte) in &damage {
                let at = at.index(written.bytes.len());
                written.bytes[at] = *byte;
            }
            if let Ok(page) = Page::from_bytes(written.bytes) {
                let _ = page.into_rows();
            }
        }
    }
}

#[test]
fn a_long_row_is_cut_by_period_and_lies_on_several_pages() {
    let feed = Government::new("PHL", 1).feed();
    let id = RowId::new(&SeriesKey::parse(KEY).unwrap().view_order_key(), feed);
    let flags = Flags::default();
    let state = |number: i64| State::Stated {
        value: Some(Decimal::from(number * 1_000_003)),
        flags,
        attributes: Attributes::none(),
    };
    // Ten years of days, each revised twice; of one day there are more versions than fit a piece.
    let days = (0..3652).flat_map(|day| (0..3_u64).map(move |seq| (day, seq)));
    let days = days.chain((3..5000).map(|seq| (2000, seq)));
    let mut versions: Vec<Version> =
        days.map(|(day, seq)| version(PeriodKind::Day, 15_000 + day, seq, state(day))).collect();
    versions.sort_by_key(|version| (version.period, version.entry.seq));
    let mut whole = Piece::default();
    whole.put(versions.into_iter());
    let rows = vec![(id, whole)];
    let pages = pages(&rows, SPLIT_AT);
    assert!(pages.len() > 1);
    assert!(pages.iter().all(|page| page.bytes.len() < 4 * SPLIT_AT));
    assert_eq!(pages[0].from, None);
    assert!(pages[1..].iter().all(|page| page.from.is_some()));
    assert_eq!(read_all(&pages), rows);
}

#[test]
fn rows_of_one_table_share_their_shape() {
    let feed = Government::new("PHL", 1).feed();
    let key = SeriesKey::parse(KEY).unwrap();
    let rows: Vec<(RowId, Piece)> = (100..400)
        .map(|number: i64| {
            let key = format!("{}{number}", key.view_order_key());
            let years = (0..15).map(|at| {
                let period = Period::from_ordinal(PeriodKind::Year, 2000 + at).unwrap();
                Observation::reported(period, Decimal::from(number + at))
            });
            let series = crate::model::Series::new(
                SeriesKey::parse(KEY).unwrap(),
                Attributes::none(),
                years.collect(),
            );
            let mut piece = Piece::default();
            piece.state(entry(0), series.unwrap());
            (RowId::new(&key, feed), piece)
        })
        .collect();
    let pages = pages(&rows, SPLIT_AT);
    let bytes: usize = pages.iter().map(|page| page.bytes.len()).sum();
    assert!(bytes < 300 * 15 * 3, "{bytes} bytes for 4500 observations");
    assert_eq!(read_all(&pages), rows);
}
