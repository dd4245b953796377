//! Attributes: sorted, unique, checked.

use super::*;

#[test]
fn attributes_are_sorted_and_found() {
    let given = [
        (AttributeId::SourceRef, "Cafe\u{301} census"),
        (AttributeId::UnitMult, "3"),
        (AttributeId::MinStayMonths, "60"),
    ];
    let attributes = Attributes::new(Attachment::Series, given).unwrap();
    let ids: Vec<_> = attributes.iter().map(|(id, _)| id.id()).collect();
    assert_eq!(ids, ["UNIT_MULT", "MIN_STAY_MONTHS", "SOURCE_REF"]);
    assert_eq!(attributes.get(AttributeId::SourceRef), Some("Café census"), "text is NFC");
    assert_eq!(attributes.get(AttributeId::Decimals), None);
}

#[test]
fn texts_are_checked_by_their_attribute() {
    let long = "é".repeat(501);
    for (id, value, good) in [
        (AttributeId::UnitMult, "-3", true),
        (AttributeId::UnitMult, "16", false),
        (AttributeId::Decimals, "2", true),
        (AttributeId::SensClass, "S4", false),
        (AttributeId::DiscRule, "D11", true),
        (AttributeId::MinStayMonths, "1.25", true),
        (AttributeId::MinStayMonths, "13", false),
        (AttributeId::MinStayMonths, "-1", false),
        (AttributeId::SourceType, "CENSUS", true),
        (AttributeId::SourceType, "census", false),
        (AttributeId::DefId, "", false),
        (AttributeId::SourceRef, "a\u{7}b", false),
        (AttributeId::CommentObs, &long[..1000], true),
        (AttributeId::CommentObs, &long, false),
        (AttributeId::EmbargoTime, "2027-01-01T09:00:00+01:00", true),
        (AttributeId::EmbargoTime, "tomorrow", false),
        (AttributeId::PreBreakValue, "12.5", true),
        (AttributeId::PreBreakValue, "12,5", false),
        (AttributeId::ObsStatus, "A", false),
    ] {
        assert_eq!(Attributes::new(id.attachment(), [(id, value)]).is_ok(), good, "{id} {value}");
    }
}

#[test]
fn an_attribute_stands_once_and_where_it_belongs() {
    let twice = [(AttributeId::UnitMult, "0"), (AttributeId::UnitMult, "3")];
    assert!(Attributes::new(Attachment::Series, twice).is_err());
    assert!(Attributes::new(Attachment::Observation, [(AttributeId::UnitMult, "0")]).is_err());
    assert!(Attributes::new(Attachment::Series, [(AttributeId::CommentObs, "x")]).is_err());
    assert!(Attributes::none().is_empty());
}
