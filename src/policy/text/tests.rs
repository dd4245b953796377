//! Every rule of a text has a name and an exact error; and decoders under arbitrary bytes.

use proptest::prelude::*;

use super::*;
use crate::policy::testing::{governments, text};
use crate::policy::{
    Counterparts, Crisis, CrisisClause, Detail, Erasure, PurposeError, ScopeError, SignedConsent, Span,
};

/// A name, a change to a good text, and the error that it must lead to.
type Case = (&'static str, fn(&mut AgreementText), AgreementError);

const CASES: [Case; 23] = [
    ("one party", |text| text.parties.truncate(1), AgreementError::Parties),
    ("parties not in order", |text| text.parties.reverse(), AgreementError::Parties),
    ("a party twice", |text| text.parties.insert(0, text.parties[0]), AgreementError::Parties),
    ("a courier is not bound", |text| text.parties[0].role = Role::Courier, AgreementError::Parties),
    (
        "all only read",
        |text| text.parties.iter_mut().for_each(|party| party.role = Role::Observer),
        AgreementError::NoPublisher,
    ),
    ("nobody need sign", |text| text.quorum = 1, AgreementError::Quorum { quorum: 1, bound: 2 }),
    ("more than all sign", |text| text.quorum = 3, AgreementError::Quorum { quorum: 3, bound: 2 }),
    ("no title", |text| text.title.clear(), AgreementError::Title),
    ("a title that is not NFC", |text| text.title = "e\u{301}".to_owned(), AgreementError::Title),
    ("a title for a book", |text| text.title = "a".repeat(301), AgreementError::Title),
    (
        "a description that is not NFC",
        |text| text.purpose.description = "e\u{301}".to_owned(),
        AgreementError::Description,
    ),
    (
        "a rule that is none",
        |text| text.disclosure_rule = "D7".to_owned(),
        AgreementError::DisclosureRule(String::new()),
    ),
    ("an end before the start", |text| text.term.end = text.term.start, AgreementError::Term),
    ("onward to nobody by name", |text| text.onward = Onward::Named(vec![]), AgreementError::Onward),
    (
        "onward to a party",
        |text| text.onward = Onward::Named(vec![text.parties[0].publisher]),
        AgreementError::Onward,
    ),
    (
        "a crisis without signatures",
        |text| text.crisis = Crisis::Plain(CrisisClause { signatures: 0, days: 1 }),
        AgreementError::Crisis,
    ),
    (
        "a crisis without end",
        |text| text.crisis = Crisis::Plain(CrisisClause { signatures: 1, days: 367 }),
        AgreementError::Crisis,
    ),
    ("no scope", |text| text.scope.clear(), AgreementError::Scope(ScopeError::Lines)),
    ("no indicators", |text| text.scope[0].indicators.clear(), AgreementError::Scope(ScopeError::Indicators)),
    (
        "a publisher that is no party",
        |text| text.scope[0].publishers = vec![PublisherId([9; 32])],
        AgreementError::Scope(ScopeError::Publisher),
    ),
    ("a class above all", |text| text.scope[0].ceiling = 4, AgreementError::Scope(ScopeError::Ceiling(4))),
    (
        "sensitive and handed on",
        |text| (text.scope[0].ceiling, text.onward) = (2, Onward::Group),
        AgreementError::SensitiveOnward,
    ),
    (
        "sensitive and kept for ever",
        |text| (text.scope[0].ceiling, text.retention) = (3, 0),
        AgreementError::SensitiveForEver,
    ),
];

fn good() -> AgreementText {
    let [phl, can] = governments(["PHL", "CAN"]);
    text(&[&phl, &can], &["EF_REGEMI", "MF_*"])
}

#[test]
fn every_broken_rule_is_named() {
    assert_eq!(good().check(), Ok(()));
    for (name, breaks, expected) in CASES {
        let mut text = good();
        breaks(&mut text);
        let found = text.check().expect_err(name);
        let same = std::mem::discriminant(&found) == std::mem::discriminant(&expected);
        assert!(same && (found == expected || name == "a rule that is none"), "{name}: {found:?}");
        assert_eq!(AgreementText::from_bytes(&text.to_bytes()), Err(found), "{name}: by its bytes too");
    }
}

#[test]
fn codes_that_are_none_are_named() {
    let said = |change: fn(&mut ScopeRule)| {
        let mut text = good();
        change(&mut text.scope[0]);
        text.check().expect_err("a code that is none").to_string()
    };
    let unknown = said(|rule| rule.indicators = vec!["MF_IMM_PREVV".to_owned()]);
    assert!(unknown.contains("MF_IMM_PREVV"), "{unknown}");
    let pattern = said(|rule| rule.indicators = vec!["mf_*".to_owned()]);
    assert!(pattern.contains("no beginning"), "{pattern}");
    let sex = said(|rule| rule.sex = Detail::Listed(vec!["X".to_owned()]));
    assert_eq!(
        sex,
        "the scope of the agreement: sex: there is no code \"X\"; the list has F (Female), M (Male), \
         _N (Non response), _O (Other), _T (Total), _U (Unknown), _Z (Not applicable)"
    );
    let order = said(|rule| rule.age = Detail::Listed(vec!["Y5T9".to_owned(), "Y0T4".to_owned()]));
    assert!(order.contains("the list of age is empty, not sorted"), "{order}");
    let area = said(|rule| rule.counterparts = Counterparts::Listed(vec!["ATLANTIS".to_owned()]));
    assert!(area.contains("ATLANTIS"), "{area}");
    let span = said(|rule| rule.span = Span { from: 1, until: 1 });
    assert!(span.contains("end before they begin"), "{span}");
    let freq = said(|rule| rule.frequencies = vec!["X".to_owned()]);
    assert!(freq.contains("frequencies: there is no code"), "{freq}");
}

#[test]
fn only_five_purposes_can_be_written() {
    use crate::policy::PurposeCode::{Plan, Stat};
    let parsed = |text| Purpose::parse(text).map(|purpose| (purpose.code, purpose.description));
    assert_eq!(parsed("PLAN"), Ok((Plan, String::new())));
    assert_eq!(parsed("PLAN: schools"), Ok((Plan, "schools".to_owned())));
    assert_eq!(parsed("official statistics"), Ok((Stat, "official statistics".to_owned())));
    assert_eq!(parsed("note: schools"), Ok((Stat, "note: schools".to_owned())));
    assert_eq!(parsed(""), Err(PurposeError::Missing));
    for code in ["ENFORCE", "ENFORCEMENT: of the law", "BORDER_CONTROL", "DEFENCE"] {
        assert!(matches!(parsed(code), Err(PurposeError::Code(_))), "{code}");
    }
    for words in ["PLAN: law enforcement", "deportations", "STAT: Vigilancia de frontera", "STAT: détention"]
    {
        assert!(matches!(parsed(words), Err(PurposeError::Enforcement(_))), "{words}");
    }
    let mut text = good();
    text.purpose.description = "enforcing returns".to_owned();
    let said = text.check().expect_err("it is refused whoever wrote the bytes").to_string();
    assert!(said.contains("never for enforcement"), "{said}");
}

proptest! {
    #[test]
    fn decoders_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = AgreementText::from_bytes(&bytes);
        let _ = SignedConsent::from_bytes(&bytes);
        let _ = Erasure::from_bytes(&bytes);
    }

    #[test]
    fn an_altered_text_is_another_or_none(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = good().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(text) = AgreementText::from_bytes(&bytes) {
            prop_assert_eq!(text.to_bytes(), bytes);
            prop_assert_ne!(text, good());
        }
    }
}
