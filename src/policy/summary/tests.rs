//! A summary says every clause, in the languages that the parties speak.

use super::*;
use crate::feed::testing::NOW;
use crate::policy::testing::{governments, keyring, signed, text};
use crate::policy::{Crisis, CrisisClause, Role, Term};

#[test]
fn every_clause_is_said_in_three_languages() {
    let all = governments(["PHL", "CAN", "ESP", "ITA"]);
    let [phl, can, esp, ita] = &all;
    let mut full = text(&[phl, can, esp], &["EF_REGEMI", "MF_*"]);
    for party in &mut full.parties {
        if party.publisher == esp.publisher() {
            party.role = Role::Observer;
        }
    }
    let year = |text| Period::parse(text).unwrap();
    full.scope[0].span = Span { from: year("2010").start_millis(), until: year("2019").end_millis() };
    full.scope[0].age = Detail::Listed(vec!["Y0T17".to_owned()]);
    full.onward = Onward::Named(vec![ita.publisher()]);
    full.retention = 180 * DAY;
    full.crisis = Crisis::Plain(CrisisClause { signatures: 2, days: 30 });
    full.term = Term { start: 0, end: NOW.0 + 1 };
    full.quorum = 2;
    assert_eq!(full.check(), Ok(()));
    let agreement = signed(full, &[phl, can]);
    let (standing, keyring) = (agreement.standing(NOW), keyring(&all));
    let summary =
        Summary { agreement: &agreement, standing: &standing, us: phl.publisher(), keyring: &keyring };
    assert_eq!(summary.languages(), [Language::En], "the cards are in English");
    for (language, expected) in [
        (
            Language::En,
            ["from our side (Statistics of PHL)", "2010-01-01 – 2019-12-31", "180 days", "In force."],
        ),
        (
            Language::Fr,
            ["nous transmettons (Statistics of PHL)", "totaux et Y0T17", "180 jours", "En vigueur."],
        ),
        (Language::Es, ["nuestra parte (Statistics of PHL)", "totales y Y0T17", "180 días", "En vigor."]),
    ] {
        let said = summary.markdown(language);
        for one in expected.iter().chain(&["EF_REGEMI", "MF_", "Statistics of ITA", "S1", " 2 ", "30"]) {
            assert!(said.contains(one), "{one:?} is missing in\n{said}");
        }
        assert!(!said.contains("{}"), "{said}");
        assert_eq!(said.matches("\n## ").count(), 10, "one heading for each clause and side:\n{said}");
    }
    let nothing = summary.markdown(Language::En);
    assert!(nothing.contains("side of Statistics of ESP\n\nNothing: it only reads."), "{nothing}");
}
