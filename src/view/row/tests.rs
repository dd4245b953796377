//! Pieces of a row: what they say together, in whatever order they come.

use proptest::prelude::*;

use super::*;
use crate::model::{Attachment, AttributeId, Observation, PeriodKind, SeriesKey};

fn entry(seq: u64) -> EntryRef {
    EntryRef { seq: Seq(seq), time: Millis(i64::try_from(seq).unwrap()), id: EntryId([7; 32]) }
}

fn attributes(text: Option<&str>) -> Attributes {
    Attributes::new(Attachment::Series, text.map(|text| (AttributeId::UnitMult, text))).unwrap()
}

fn stated(piece: &mut Piece, seq: u64, mult: Option<&str>, ordinals: &[i64]) {
    let key = SeriesKey::parse(crate::feed::testing::KEY).unwrap();
    let value = Decimal::from(seq.cast_signed());
    let period = |ordinal: &i64| Period::from_ordinal(PeriodKind::Year, 2000 + ordinal).unwrap();
    let observations = ordinals.iter().map(|at| Observation::reported(period(at), value)).collect();
    piece.state(entry(seq), Series::new(key, attributes(mult), observations).unwrap());
}

#[test]
fn attributes_are_those_last_stated_before_a_moment() {
    let mut piece = Piece::default();
    stated(&mut piece, 1, Some("0"), &[1, 2]);
    stated(&mut piece, 2, Some("0"), &[3]);
    stated(&mut piece, 4, Some("3"), &[2]);
    assert_eq!(piece.said().len(), 2);
    for (next, text, versions) in [(1, None, 0), (2, Some("0"), 2), (4, Some("0"), 3), (5, Some("3"), 4)] {
        let row = piece.clone().into_row(Seq(next));
        assert_eq!((row.attributes, row.versions.len()), (attributes(text), versions), "before {next}");
    }
}

proptest! {
    #[test]
    fn folding_again_from_any_entry_on_changes_nothing(
        said in prop::collection::vec((0_u64..6, 0_usize..3, prop::collection::btree_set(0_i64..20, 0..6)), 1..8),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let texts = [None, Some("0"), Some("3")];
        // One entry says one thing of a series.
        let said: std::collections::BTreeMap<u64, _> =
            said.into_iter().map(|(seq, text, ordinals)| (seq, (text, ordinals))).collect();
        let (mut whole, mut parts) = (Piece::default(), Vec::new());
        for (seq, (text, ordinals)) in said {
            let ordinals: Vec<i64> = ordinals.into_iter().collect();
            stated(&mut whole, seq, texts[text], &ordinals);
            let mut part = Piece::default();
            stated(&mut part, seq, texts[text], &ordinals);
            parts.push(part);
        }
        let mut folded = whole.clone();
        for from in again {
            // What is folded again is gathered before it meets what is there.
            let mut newer = Piece::default();
            parts[from.index(parts.len())..].iter().for_each(|part| newer.absorb(part));
            folded.absorb(&newer);
            prop_assert_eq!(&folded, &whole);
        }
    }
}
