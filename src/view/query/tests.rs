//! Walking over view keys: what is passed over is what the pattern does not take.

use proptest::prelude::*;

use super::*;

fn codes() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["A", "A0", "A-1", "A_1", "B", "B:1", "_T"]).prop_map(str::to_owned)
}

fn view_keys() -> impl Strategy<Value = std::collections::BTreeSet<String>> {
    let key = prop::collection::vec(codes(), 4).prop_map(|codes| {
        let rest = ["A", "_T", "_T", "_T", "_T", "_T", "_T", "_T", "_T"];
        let last = codes[3].clone();
        let codes = codes[..3].iter().map(String::as_str).chain([rest[0]]).chain(rest).chain([last.as_str()]);
        codes.collect::<Vec<_>>().join(".")
    });
    prop::collection::btree_set(key, 0..60)
}

fn pattern() -> impl Strategy<Value = SeriesPattern> {
    let some = || prop::collection::vec(codes(), 0..3).prop_map(|codes| codes.join("+"));
    (some(), some(), some(), some()).prop_map(|(indicator, area, counterpart, unit)| {
        SeriesPattern::parse(&format!("A.{area}.{counterpart}.{indicator}..........{unit}")).unwrap()
    })
}

proptest! {
    #[test]
    fn a_walk_that_skips_finds_what_a_full_one_finds(keys in view_keys(), pattern in pattern()) {
        let query = Query::current(pattern);
        let expected: Vec<&String> = keys
            .iter()
            .filter(|key| query.pattern.matches(&SeriesKey::from_own_view_order(key).unwrap()))
            .collect();
        let (mut found, mut from, mut looks) = (Vec::new(), Some(query.prefix()), 0);
        while let Some(start) = from.take() {
            for key in keys.range(start..) {
                looks += 1;
                prop_assert!(looks <= 2 * keys.len() + 1);
                match query.look(key) {
                    Look::Takes => found.push(key),
                    Look::Skips(next) => {
                        prop_assert!(next.as_ref().is_none_or(|next| next > key));
                        from = next;
                        break;
                    }
                }
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_text_is_looked_at_without_a_panic(text in ".{0,60}", pattern in pattern()) {
        let _ = Query::current(pattern).look(&text);
    }
}
