//! The catalogue: complete, consistent, explained.

use super::*;
use crate::model::{IndicatorCode, ModelError, codelist};

#[test]
fn the_catalogue_has_69_indicators_found_by_their_codes() {
    assert_eq!(all().len(), 69);
    for indicator in all() {
        assert_eq!(get(indicator.code()), Some(indicator));
        assert_eq!(IndicatorCode::parse(indicator.code()).unwrap().core(), Some(indicator));
        assert!(codelist::unit().contains(indicator.unit()), "{}", indicator.code());
        assert!(codelist::freq_used().contains(indicator.freq()), "{}", indicator.code());
        assert!(!indicator.definition().is_empty() && !indicator.source().is_empty());
    }
    assert_eq!(get("MF_IMM"), None);
}

#[test]
fn every_mirror_is_an_indicator_of_the_other_side() {
    for indicator in all() {
        let Some(code) = indicator.mirror.code() else { continue };
        let other = get(code).unwrap_or_else(|| panic!("{}: {code}", indicator.code()));
        let expected = match indicator.side {
            Side::Destination => Side::Origin,
            Side::Origin => Side::Destination,
            Side::Both => Side::Both,
            Side::National => panic!("{} has no counterpart", indicator.code()),
        };
        assert_eq!(other.side, expected, "{}", indicator.code());
    }
    assert_eq!(get("EF_EMI_NEXT").unwrap().mirror, Mirror::Equal("MF_IMM_PREV".into()));
    assert_eq!(get("MS_PERMIT").unwrap().mirror, Mirror::Soft("ES_CIT_REG".into()));
    assert_eq!(get("LM_DEMAND").unwrap().mirror, Mirror::Matching("LM_SUPPLY".into()));
    assert_eq!(get("RP_REFHOST").unwrap().mirror, Mirror::AgencyTotals("RP_REFORIG".into()));
    assert_eq!(get("NF_NET").unwrap().mirror, Mirror::None);
}

#[test]
fn every_sector_has_an_indicator_and_every_indicator_a_sector() {
    let sectors = [
        "DEM", "FLOW", "EMP", "LM", "SKILL", "SOCPROT", "DIA", "RIGHTS", "HEALTH", "WC", "GROWTH", "REM",
        "ENV", "URB", "RUR", "POV", "RET", "INT",
    ];
    for sector in sectors {
        assert!(all().iter().any(|i| i.sectors().any(|s| s == sector)), "{sector}");
    }
    for indicator in all() {
        assert!(indicator.sectors().count() > 0);
        assert!(indicator.sectors().all(|s| sectors.contains(&s)), "{}", indicator.code());
    }
}

#[test]
fn the_classes_are_those_of_the_code_lists() {
    let ids = |list: &codelist::CodeList| list.codes().iter().map(|c| c.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(codelist::sensitivity()), Sensitivity::ALL.iter().map(|s| s.id()).collect::<Vec<_>>());
    assert_eq!(
        ids(codelist::disclosure_rule()),
        DisclosureRule::ALL.iter().map(|r| r.id()).collect::<Vec<_>>()
    );
}

#[test]
fn national_codes_stand_beside_the_core_and_never_in_its_place() {
    let own = IndicatorCode::parse("PHL:OFW_SEA").unwrap();
    assert_eq!((own.country(), own.core()), (Some("PHL"), None));
    let shadow = IndicatorCode::parse("PHL:MS_FBORN").unwrap_err();
    assert_eq!(shadow, ModelError::Shadows { value: "PHL:MS_FBORN".into(), core: "MS_FBORN" });
    for code in
        ["", "PHL:", ":X", "ZZZ:A", "phl:A", "150:A", "PHL:a", "PHL:1A", "PHL:A.B", "PHL:A:B", "MS_FBORN "]
    {
        assert!(IndicatorCode::parse(code).is_err(), "{code:?}");
    }
    assert!(IndicatorCode::parse("MS_FBRON").unwrap_err().to_string().contains("did you mean MS_FBORN ("));
    assert!(IndicatorCode::parse(&format!("PHL:{}", "A".repeat(33))).is_err());
}

#[test]
fn every_indicator_is_explained_in_three_languages() {
    for indicator in all() {
        let explanation = explain(indicator.code()).unwrap();
        let texts = Language::WORKING.map(|language| {
            for line in explanation.lines(language) {
                assert!(
                    !line.label.is_empty() && !line.text.is_empty(),
                    "{} {language:?} {line:?}",
                    indicator.code()
                );
                assert!(!line.text.contains(['{', '}']), "{line:?}");
            }
            explanation.text(language)
        });
        assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
    }
    assert_eq!(explain("NOPE"), None);
}

#[test]
fn an_explanation_says_what_a_reader_needs() {
    let text = explain("MF_IMM_PREV").unwrap().text(Language::En);
    for part in [
        "Code: MF_IMM_PREV\n",
        "Name: Immigration by country of previous residence\n",
        "Definition: Persons establishing usual residence",
        "Reg. 862/2007",
        "Unit: persons\n",
        "EF_EMI_NEXT (Emigration by country of next residence)",
        "Values from 1 to 4 are suppressed",
        "Open: may be public after release.",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}
