//! Which rule a series is released under, and what the rule asks of a value.
//!
//! The rules of the catalogue are totally ordered, `D0 < DN < D5 < D11`, and of two the stricter one wins. What a
//! rule does depends on what the series measures, see [`Measure`]: a count of persons is never a rate.

use crate::model::catalogue::{self, DisclosureRule, Sensitivity};
use crate::model::{AttributeId, Attributes, SeriesKey};

/// Persons, or sample cases, that must stand behind a rate.
pub const LEAST_BASE: i64 = 30;

/// What the values of a series are, as far as it matters for small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Numbers of persons, posts or things: parts make up a total.
    Count,
    /// Ratios and means of groups of persons: they do not add up, and a small group speaks through them.
    Rate,
    /// Money, scores and coded states: no rule for small numbers fits them.
    Other,
}

impl Measure {
    /// What a unit measures.
    #[must_use]
    pub fn of(key: &SeriesKey) -> Self {
        match key.unit_measure() {
            "PS" | "COUNT" | "POSTS" => Self::Count,
            "PC" | "P100K" | "XDC_M" | "YR" => Self::Rate,
            _ => Self::Other,
        }
    }

    /// Do the parts of a breakdown make up their total? Money does, too.
    #[must_use]
    pub fn is_additive(key: &SeriesKey) -> bool {
        matches!(key.unit_measure(), "PS" | "COUNT" | "POSTS" | "USD")
    }
}

/// What a rule asks of counts: below `least` they are suppressed, the others are rounded to `base`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit {
    /// The smallest count that may be shown, zero aside.
    pub least: i64,
    /// To what the shown ones are rounded.
    pub base: i64,
}

impl Limit {
    /// The limit that a rule sets for counts, if it sets one.
    #[must_use]
    pub const fn of(rule: DisclosureRule) -> Option<Self> {
        match rule {
            DisclosureRule::D0 | DisclosureRule::Dn => None,
            DisclosureRule::D5 => Some(Self { least: 5, base: 5 }),
            DisclosureRule::D11 => Some(Self { least: 11, base: 10 }),
        }
    }
}

/// The stricter of two rules.
#[must_use]
pub fn stricter(a: DisclosureRule, b: DisclosureRule) -> DisclosureRule {
    a.max(b)
}

/// The rule that a series is released under.
///
/// The catalogue's rule holds; a national indicator, which has none there, starts from `D5` for counts and `DN`
/// for rates. The series may state another rule: a stricter one always counts, a looser one only for class `S0`,
/// whose figures are public anyway. An agreement's rule can only make it stricter; what [is open](is_open) stays as
/// it is published.
#[must_use]
pub fn effective(
    key: &SeriesKey,
    attributes: &Attributes,
    agreement: Option<DisclosureRule>,
) -> DisclosureRule {
    let (own, class) = of_its_own(key, attributes);
    let published = own == DisclosureRule::D0 && class == Sensitivity::S0;
    agreement.filter(|_| !published).map_or(own, |rule| stricter(rule, own))
}

/// The same in a crisis lane, whose clause holds some indicators to a weaker rule. What a series states of itself still
/// counts, and figures on people in need of protection are held to what they are held to anywhere.
#[must_use]
pub fn effective_in(
    key: &SeriesKey,
    attributes: &Attributes,
    agreement: Option<DisclosureRule>,
    lowered: &[(String, DisclosureRule)],
) -> DisclosureRule {
    let usual = effective(key, attributes, agreement);
    let agreed = lowered.iter().find(|(indicator, _)| indicator == key.indicator());
    match agreed.filter(|_| !key.tells_of_protection()) {
        Some((_, rule)) => {
            let stated = attributes.get(AttributeId::DiscRule).and_then(DisclosureRule::from_id);
            let catalogue = catalogue::get(key.indicator()).map(|indicator| indicator.rule);
            // A series that names the rule of the catalogue says nothing of its own.
            let own = stated.filter(|stated| Some(*stated) != catalogue);
            own.map_or(*rule, |own| stricter(own, *rule)).min(usual)
        }
        None => usual,
    }
}

/// Are the figures published already, as its publisher states: of class `S0`, and under the rule `D0`? No agreement
/// changes those: a partner is to hold what everybody can read elsewhere, and rounding it again protects nobody.
#[must_use]
pub fn is_open(key: &SeriesKey, attributes: &Attributes) -> bool {
    of_its_own(key, attributes) == (DisclosureRule::D0, Sensitivity::S0)
}

/// The rule of a series without any agreement, and its class.
fn of_its_own(key: &SeriesKey, attributes: &Attributes) -> (DisclosureRule, Sensitivity) {
    let core = catalogue::get(key.indicator());
    let usual = core.map_or_else(|| national(key), |indicator| indicator.rule);
    let stated = attributes.get(AttributeId::DiscRule).and_then(DisclosureRule::from_id);
    let said = attributes.get(AttributeId::SensClass).and_then(Sensitivity::from_id);
    let class = match core {
        Some(indicator) => said.map_or(indicator.sens, |class| class.max(indicator.sens)),
        None => said.unwrap_or(Sensitivity::S1),
    };
    let own = match stated {
        Some(rule) if class == Sensitivity::S0 => rule,
        Some(rule) => stricter(rule, usual),
        None => usual,
    };
    (own, class)
}

fn national(key: &SeriesKey) -> DisclosureRule {
    match Measure::of(key) {
        Measure::Count => DisclosureRule::D5,
        Measure::Rate => DisclosureRule::Dn,
        Measure::Other => DisclosureRule::D0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attachment;
    use DisclosureRule::{D0, D5, D11, Dn};

    fn key(indicator: &str, unit: &str) -> SeriesKey {
        SeriesKey::parse(&format!("A.ESP.ITA.{indicator}.RES._T._T._T._T._T._T._T._T.{unit}")).unwrap()
    }

    fn rule(key: &SeriesKey, said: &[(AttributeId, &str)], agreed: Option<DisclosureRule>) -> DisclosureRule {
        effective(key, &Attributes::new(Attachment::Series, said.iter().copied()).unwrap(), agreed)
    }

    #[test]
    fn the_stricter_of_two_rules_is_a_join_of_a_total_order() {
        assert!(D0 < Dn && Dn < D5 && D5 < D11);
        for a in DisclosureRule::ALL.iter().copied() {
            assert_eq!(stricter(a, a), a);
            assert_eq!(stricter(a, D0), a);
            for b in DisclosureRule::ALL.iter().copied() {
                assert_eq!(stricter(a, b), stricter(b, a));
                for c in DisclosureRule::ALL.iter().copied() {
                    assert_eq!(stricter(a, stricter(b, c)), stricter(stricter(a, b), c));
                }
                let (loose, strict) = (Limit::of(a.min(b)), Limit::of(a.max(b)));
                assert!(loose <= strict, "a stricter rule never asks less: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_series_loosens_its_rule_only_when_its_class_is_open() {
        use AttributeId::{DiscRule, SensClass};
        let (open, partner) = (key("MS_FBORN", "PS"), key("LM_DEPLOY", "PS"));
        type Case<'a> = (&'a SeriesKey, &'a [(AttributeId, &'a str)], DisclosureRule);
        let cases: &[Case<'_>] = &[
            (&open, &[], D5),
            (&open, &[(DiscRule, "D0")], D0),
            (&open, &[(DiscRule, "D11")], D11),
            (&open, &[(DiscRule, "D0"), (SensClass, "S1")], D5),
            (&partner, &[(DiscRule, "D0")], D5),
            (&partner, &[(DiscRule, "D0"), (SensClass, "S0")], D5),
            (&partner, &[(DiscRule, "D11")], D11),
        ];
        for (key, said, wanted) in cases {
            assert_eq!(rule(key, said, None), *wanted, "{key} {said:?}");
        }
    }

    #[test]
    fn an_agreement_only_tightens() {
        let open = key("MS_FBORN", "PS");
        assert_eq!(rule(&open, &[], Some(D11)), D11);
        assert_eq!(rule(&open, &[], Some(D0)), D5);
        assert_eq!(rule(&key("LM_DEMAND", "POSTS"), &[(AttributeId::DiscRule, "D0")], Some(D5)), D5);
        assert_eq!(rule(&key("TR_VICT", "PS"), &[], Some(D5)), D11);
    }

    #[test]
    fn what_is_published_already_stays_as_it_is() {
        let open = key("MS_FBORN", "PS");
        let stated = [(AttributeId::DiscRule, "D0")];
        assert_eq!(rule(&open, &stated, Some(D11)), D0);
        assert_eq!(rule(&open, &[stated[0], (AttributeId::SensClass, "S1")], Some(D11)), D11);
        assert_eq!(rule(&key("LM_DEPLOY", "PS"), &stated, Some(D11)), D11, "its class is not open");
    }

    #[test]
    fn a_clause_weakens_a_rule_but_for_people_in_need_of_protection() {
        let need = |reason: &str| {
            let text = format!("D.XLA.XOA.CR_NEED.CIT._T._T._T._T._T.{reason}._T._T.PS");
            SeriesKey::parse(&text).unwrap()
        };
        let lowered = [("CR_NEED".to_owned(), D0), ("CR_NATPRES".to_owned(), D5)];
        let said = |rule| Attributes::new(Attachment::Series, [(DiscRule, rule)]).unwrap();
        use AttributeId::DiscRule;
        let none = Attributes::none();
        assert_eq!(effective_in(&need("FOOD"), &none, None, &lowered), D0);
        assert_eq!(effective_in(&need("PROT"), &none, None, &lowered), D11);
        assert_eq!(effective_in(&need("FOOD"), &said("D5"), None, &lowered), D5, "it says so itself");
        assert_eq!(effective_in(&need("FOOD"), &said("D11"), None, &lowered), D0, "that is the usual one");
        assert_eq!(effective_in(&need("FOOD"), &none, None, &[]), D11);
        assert_eq!(effective_in(&key("CR_BORDER", "PS"), &none, None, &[("CR_BORDER".to_owned(), D5)]), D0);
    }

    #[test]
    fn a_national_indicator_starts_from_the_rule_of_its_unit() {
        for (unit, wanted) in [("PS", D5), ("PC", Dn), ("USD", D0)] {
            assert_eq!(rule(&key("ESP:OWN", unit), &[], None), wanted);
        }
        let loosened = [(AttributeId::DiscRule, "D0")];
        assert_eq!(rule(&key("ESP:OWN", "PS"), &loosened, None), D5, "nothing says that it is public");
        let open = [(AttributeId::DiscRule, "D0"), (AttributeId::SensClass, "S0")];
        assert_eq!(rule(&key("ESP:OWN", "PS"), &open, None), D0);
    }
}
