//! Series keys: looked up whole, mirrored, in both orders.

use proptest::prelude::*;

use super::*;

const EMIGRATION: &str = "A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T.M_GE12._T.PS";

fn key(dotted: &str) -> SeriesKey {
    SeriesKey::parse(dotted).unwrap()
}

#[test]
fn a_key_gives_back_its_codes() {
    let key = key(EMIGRATION);
    assert_eq!(key.as_str(), EMIGRATION);
    assert_eq!(key.parts().join("."), EMIGRATION);
    assert_eq!((key.freq(), key.ref_area(), key.counterpart_area()), ("A", "ITA", "ESP"));
    assert_eq!((key.indicator(), key.basis(), key.duration()), ("EF_EMI_NEXT", "RES", "M_GE12"));
    assert_eq!((key.sex(), key.subnat(), key.unit_measure()), ("_T", "_T", "PS"));
    assert_eq!(key.with(Dimension::Sex, "F").unwrap().sex(), "F");
}

#[test]
fn the_first_wrong_code_is_named_with_its_dimension_and_a_suggestion() {
    for (dotted, says) in [
        (
            "A.ITA.ESP.EF_EMI_NEXT.RES.female._T._T._T._T._T._T._T.PS",
            "SEX: code \"female\" is not in its list; did you mean F (Female)?",
        ),
        ("A.ITL.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T._T._T.PS", "REF_AREA: code \"ITL\""),
        ("A._T.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T._T._T.PS", "REF_AREA"),
        ("A.ITA.ESP.EF_EMI_NXT.RES._T._T._T._T._T._T._T._T.PS", "did you mean EF_EMI_NEXT ("),
        ("A3.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T._T._T.PS", "FREQ"),
        ("A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T._T.ES-MD.PS", "SUBNAT"),
        ("A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T.A01._T._T._T.PS", "ACTIVITY"),
        ("A.ITA.ESP", "14 codes"),
        ("", "14 codes"),
    ] {
        let error = SeriesKey::parse(dotted).unwrap_err().to_string();
        assert!(error.contains(says), "{dotted}: {error}");
    }
    assert!(SeriesKey::parse(&format!("{EMIGRATION}.PS")).is_err());
    assert!(SeriesKey::parse(&".".repeat(13)).is_err());
    assert!(SeriesKey::parse(&"A".repeat(100_000)).is_err());
}

#[test]
fn a_neighbour_is_checked_as_much_as_any_key() {
    let here = key("A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T._T.IT-25.PS");
    for (dimension, code) in [
        (Dimension::Sex, "F"),
        (Dimension::Sex, "female"),
        (Dimension::RefArea, "FRA"),
        (Dimension::CounterpartArea, "FRA"),
        (Dimension::Indicator, "MF_IMM_PREV"),
        (Dimension::Indicator, "MF_IMM_PREF"),
        (Dimension::Subnat, "IT-62"),
        (Dimension::Subnat, "C:ES-MD"),
        (Dimension::Subnat, "FR-IDF"),
        (Dimension::UnitMeasure, ""),
    ] {
        let mut parts = here.parts();
        parts[dimension.position()] = code;
        assert_eq!(
            SeriesKey::from_parts_beside(&here, &parts),
            SeriesKey::from_parts(&parts),
            "{dimension} {code}"
        );
    }
}

#[test]
fn mirrors_are_each_others_mirror() {
    for (here, there) in [
        (EMIGRATION, "A.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS"),
        (
            "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS",
            "A.CAN.PHL.MF_PERMSET.CIT._T._T._T._T._T._T._T._T.PS",
        ),
        (
            "A.ESP.PHL.MS_FBORN.BIR.F._T._T._T._T._T._T._T.PS",
            "A.PHL.ESP.ES_NBORN_ABR.BIR.F._T._T._T._T._T._T._T.PS",
        ),
        (
            "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T.PH-00.PS",
            "A.CAN.PHL.MF_PERMSET.CIT._T._T._T._T._T._T._T.C:PH-00.PS",
        ),
    ] {
        assert_eq!(key(here).mirror(), Some(key(there)));
        assert_eq!(key(there).mirror(), Some(key(here)));
    }
}

#[test]
fn what_has_no_bilateral_mirror_has_none() {
    for dotted in [
        "A.ITA._T.EF_EMI_NEXT.RES._T._T._T._T._T._T._T._T.PS",
        "A.ITA._Z.NF_NET._Z._T._T._T._T._T._T._T._T.PS",
        "S.ITA.SYR.RP_REFHOST.CIT._T._T._T._T._T._T._T._T.PS",
        "A.PHL.ESP.PHL:OFW_SEA.CIT._T._T._T._T._T._T._T._T.PS",
    ] {
        assert_eq!(key(dotted).mirror(), None, "{dotted}");
    }
}

#[test]
fn view_order_puts_indicator_and_areas_first_and_comes_back() {
    let viewed = key(EMIGRATION).view_order_key();
    assert_eq!(viewed, "EF_EMI_NEXT.ITA.ESP.A.RES._T._T._T._T._T._T.M_GE12._T.PS");
    assert_eq!(SeriesKey::from_view_order(&viewed).unwrap(), key(EMIGRATION));
    assert!(SeriesKey::from_view_order(EMIGRATION).is_err());
}

#[test]
fn a_builder_fills_what_is_usual() {
    let builder =
        SeriesKey::builder().with(Dimension::RefArea, "ESP").with(Dimension::CounterpartArea, "ITA");
    let built = builder.clone().with(Dimension::Indicator, "MF_IMM_PREV").build().unwrap();
    assert_eq!(built.as_str(), "A.ESP.ITA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS");
    assert_eq!(builder.build(), Err(ModelError::Missing { dimension: "INDICATOR" }));
    let own = builder.with(Dimension::Indicator, "ESP:OWN");
    assert_eq!(own.build(), Err(ModelError::Missing { dimension: "FREQ" }));
}

#[test]
fn places_belong_to_the_reporter_or_to_the_counterpart() {
    let with = |place: &str| key(EMIGRATION).with(Dimension::Subnat, place).is_ok();
    for place in ["IT-21", "C:ES-MD", "_T", "_U", "_Z"] {
        assert!(with(place), "{place}");
    }
    for place in ["ES-MD", "C:IT-21", "IT-", "IT-ABCD", "IT", "it-21", "C:_T", "_X", "", "IT-2.1"] {
        assert!(!with(place), "{place}");
    }
}

/// Codes that are right, that are wrong, and that are right in some keys only.
const CODES: [(Dimension, &[&str]); 6] = [
    (Dimension::RefArea, &["ITA", "ESP", "XAA", "ITX"]),
    (Dimension::CounterpartArea, &["ESP", "ITA", "_T", "ES"]),
    (Dimension::Indicator, &["EF_EMI_NEXT", "MS_FBORN", "ITA:OWN", "ITA:MS_FBORN", "own"]),
    (Dimension::Sex, &["_T", "F", "female"]),
    (Dimension::Subnat, &["_T", "IT-21", "C:ES-MD", "XB-1", "ES-MD"]),
    (Dimension::UnitMeasure, &["PS", "persons"]),
];

proptest! {
    #[test]
    fn a_key_beside_another_is_checked_as_much_as_one_alone(
        known in prop::collection::vec(0..5_usize, CODES.len()),
        next in prop::collection::vec(0..5_usize, CODES.len()),
    ) {
        let usual = key(EMIGRATION);
        let with = |choice: &[usize]| {
            let mut parts = usual.parts();
            for ((dimension, codes), at) in CODES.into_iter().zip(choice) {
                parts[dimension.position()] = codes[at % codes.len()];
            }
            parts
        };
        let (known, parts) = (with(&known), with(&next));
        let beside = SeriesKey::from_parts(&known).unwrap_or_else(|_| usual.clone());
        prop_assert_eq!(SeriesKey::from_parts_beside(&beside, &parts), SeriesKey::from_parts(&parts));
    }

    #[test]
    fn reading_hostile_bytes_never_panics(text in "\\PC{0,300}") {
        let _ = SeriesKey::from_canonical(&text);
        let _ = SeriesKey::from_view_order(&text);
        let _ = crate::model::SeriesPattern::parse(&text);
    }

    #[test]
    fn reading_key_like_text_never_panics(parts in prop::collection::vec("[A-Z_:]{0,6}|_T|A|PS|ITA|PHL:[A-Z]{1,3}|é", 10..16)) {
        let _ = SeriesKey::from_canonical(&parts.join("."));
    }
}
