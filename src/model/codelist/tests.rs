//! Code lists: all are read, lookups and suggestions work, the data structure agrees.

use super::*;
use crate::model::{AttributeId, ConfStatus, Dimension, ObsStatus};

#[test]
fn every_list_is_read_whole() {
    for list in all() {
        assert!(!list.codes().is_empty(), "{}", list.id());
        assert_eq!(list.codes().len(), list.places.len(), "{}: a code stands twice", list.id());
        for code in list.codes() {
            assert!(!code.id().is_empty() && !code.name().is_empty(), "{}: {:?}", list.id(), code);
            assert!(!code.id().contains('.'), "a dot would break series keys");
        }
    }
    let sizes =
        [freq(), sex(), obs_status(), conf_status(), unit_mult(), decimals(), occupation(), activity()];
    assert_eq!(sizes.map(|l| l.codes().len()), [34, 7, 20, 11, 31, 16, 622, 24]);
}

#[test]
fn areas_are_countries_groups_and_test_codes() {
    for code in ["PHL", "ESP", "XKX", "XAA", "XZZ", "001", "150", "097"] {
        assert!(area().contains(code), "{code}");
    }
    for code in ["_T", "", "phl", "PH", "608", "000", "007", "ZZZ", "OOO"] {
        assert!(!area().contains(code), "{code}");
    }
    for code in ["_T", "_X", "_U", "_O", "_Z", "PHL", "001"] {
        assert!(counterpart().contains(code), "{code}");
    }
    let spain = area().get("ESP").unwrap();
    let names = [Language::En, Language::Fr, Language::Es].map(|l| spain.name_in(l).unwrap());
    assert_eq!(names, ["Spain", "Espagne", "España"]);
}

#[test]
fn areas_are_found_by_their_other_codes() {
    assert_eq!(
        (alpha2("PHL"), area_from_alpha2("PH"), area_from_numeric("608")),
        (Some("PH"), Some("PHL"), Some("PHL"))
    );
    assert_eq!((alpha2("NAM"), area_from_alpha2("NA")), (Some("NA"), Some("NAM")));
    assert_eq!(area_from_alpha2("XK"), Some("XKX"));
    assert_eq!(area_from_numeric("150"), Some("150"));
    assert_eq!((alpha2("XAA"), area_from_alpha2("EL"), area_from_numeric("999")), (None, None, None));
}

#[test]
fn a_near_miss_gets_a_suggestion() {
    let near = |list: &'static CodeList, value| {
        list.nearest(value).into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    assert_eq!(near(sex(), "female"), ["F"]);
    assert_eq!(near(sex(), "f")[0], "F");
    assert_eq!(near(area(), "Philippines"), ["PHL"]);
    assert_eq!(near(area(), "phl")[0], "PHL");
    assert_eq!(near(age(), "Y15-64")[0], "Y15T64");
    assert!(near(age(), "grown-ups").is_empty());
}

#[test]
fn statuses_are_their_lists() {
    let codes = |list: &CodeList| list.codes().iter().map(|c| c.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(codes(obs_status()), ObsStatus::ALL.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(codes(conf_status()), ConfStatus::ALL.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(
        ObsStatus::parse("AB").is_err() && ObsStatus::parse("").is_err() && ConfStatus::parse("X").is_err()
    );
}

#[test]
fn the_data_structure_agrees_with_the_code() {
    let dsd: serde_json::Value = serde_json::from_str(include_str!("../../../config/dsd.json")).unwrap();
    let dimensions = dsd["dimensions"].as_array().unwrap();
    assert_eq!(dimensions.len(), Dimension::ALL.len() + 1);
    assert_eq!(dimensions[Dimension::ALL.len()]["id"], "TIME_PERIOD");
    for (dimension, written) in Dimension::ALL.into_iter().zip(dimensions) {
        assert_eq!(written["id"], dimension.id());
        assert_eq!(written["pos"], dimension.position() + 1);
        assert_eq!(Dimension::from_id(dimension.id()), Some(dimension));
        let Some(list) = dimension.codelist() else { continue };
        if let Some(used) = written["used"].as_array() {
            let used: Vec<&str> = used.iter().map(|c| c.as_str().unwrap()).collect();
            assert_eq!(used.len(), list.codes().len(), "{dimension}");
            assert!(used.iter().all(|code| list.contains(code)), "{dimension}");
        }
        let name = list.id().split(':').nth(1).unwrap();
        let written = written["codelist"].as_str().unwrap();
        assert!(
            written.contains(name)
                || written
                    == "same as REF_AREA plus _T total, _X all foreign/not own, _U unknown, _O other, _Z not applicable",
            "{dimension}"
        );
    }
}

#[test]
fn the_attributes_agree_with_the_code() {
    let dsd: serde_json::Value = serde_json::from_str(include_str!("../../../config/dsd.json")).unwrap();
    let attributes = dsd["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), AttributeId::ALL.len());
    for ((code, id), written) in (0..).zip(AttributeId::ALL).zip(attributes) {
        assert_eq!((id.code(), AttributeId::from_code(code)), (code, Some(*id)));
        assert_eq!(written["id"], id.id());
        let attached = format!("{:?}", id.attachment()).to_lowercase();
        assert!(written["attach"].as_str().unwrap().starts_with(&attached), "{id}");
        assert_eq!(written["codelist"].is_string(), id.codelist().is_some(), "{id}");
        let codes = written["codelist"].as_str().unwrap_or_default();
        if codes.contains(',') && !codes.contains(':') {
            let codes: Vec<&str> = codes.split(',').collect();
            let list: Vec<&str> = id.codelist().unwrap().codes().iter().map(Code::id).collect();
            assert_eq!(list, codes, "{id}");
        }
    }
}

#[test]
fn countries_know_the_groups_they_lie_in() {
    let groups = |area| groups_of(area).iter().map(|group| &**group).collect::<Vec<_>>();
    assert_eq!(groups("ESP"), ["039", "150"]);
    assert_eq!(groups("PHL"), ["035", "142"]);
    assert_eq!(groups("KEN"), ["014", "202", "002"]);
    assert_eq!(groups("202"), ["002"]);
    assert!(groups("150").is_empty() && groups("_T").is_empty() && groups("XAA").is_empty());
    for group in ["002", "019", "142", "150", "009", "014", "202", "039"] {
        assert!(area().contains(group), "{group}");
    }
}
