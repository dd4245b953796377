//! Named cases for what is shared with whom and when; and random agreements against a second reading of the rules.

use super::*;
use crate::feed::testing::{FROM, Government, NOW, UNTIL};
use crate::policy::testing::{governments, keyring, signed, signed_at, text, word};
use crate::policy::{Consent, Counterparts, Detail, ScopeRule, Span, Subnational};

mod oracle;

const LATER: Millis = Millis(NOW.0 + 1000);
const KEY: &str = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";

mod lanes;

fn periods(texts: &[&str]) -> Vec<Period> {
    texts.iter().map(|text| Period::parse(text).unwrap()).collect()
}

/// What becomes of a series under an agreement that its parties have signed, asked by its first government.
fn ask(all: &[Government], agreement: &Agreement, key: &str, of: &[&str]) -> Decision {
    let mut book = Book::new(all[0].publisher(), BTreeSet::new());
    book.insert(agreement.clone());
    let (key, periods) = (SeriesKey::parse(key).unwrap(), periods(of));
    let subject = Subject { key: &key, stated: None, periods: &periods };
    book.decide(&agreement.id(), &subject, &keyring(all), LATER)
}

const WHOLE: Decision = Decision::Share(Shape::Whole);

#[test]
fn each_dimension_has_its_rule() {
    let all = governments(["PHL", "CAN"]);
    let key = |at: usize, code: &str| {
        let mut parts: Vec<&str> = KEY.split('.').collect();
        parts[at] = code;
        parts.join(".")
    };
    let decide = |change: &dyn Fn(&mut ScopeRule), key: &str| {
        let mut text = text(&[&all[0], &all[1]], &["EF_*"]);
        change(&mut text.scope[0]);
        assert_eq!(text.check(), Ok(()));
        ask(&all, &signed(text, &[&all[0], &all[1]]), key, &["2012", "2013"])
    };
    let withheld = |reason| Decision::Withhold(reason);
    assert_eq!(decide(&|_| {}, KEY), WHOLE);
    assert_eq!(decide(&|_| {}, &key(3, "MF_PERMSET")), withheld(Reason::Indicator));
    assert_eq!(decide(&|_| {}, &key(2, "ITA")), withheld(Reason::Counterpart));
    assert_eq!(decide(&|rule| rule.counterparts = Counterparts::Any, &key(2, "ITA")), WHOLE);
    let listed = Counterparts::Listed(vec!["ITA".to_owned()]);
    assert_eq!(decide(&|rule| rule.counterparts = listed.clone(), &key(2, "ITA")), WHOLE);
    assert_eq!(decide(&|rule| rule.counterparts = listed.clone(), KEY), withheld(Reason::Counterpart));

    let totals = |rule: &mut ScopeRule| (rule.sex, rule.age) = (Detail::Totals, Detail::Totals);
    assert_eq!(decide(&totals, KEY), WHOLE);
    assert_eq!(decide(&totals, &key(5, "F")), withheld(Reason::Sex));
    assert_eq!(decide(&totals, &key(6, "Y0T17")), withheld(Reason::Age));
    let some = |rule: &mut ScopeRule| rule.age = Detail::Listed(vec!["Y0T17".to_owned()]);
    assert_eq!(decide(&some, &key(6, "Y0T17")), WHOLE);
    assert_eq!(decide(&some, &key(6, "Y18T59")), withheld(Reason::Age));

    let coarse = |rule: &mut ScopeRule| rule.breakdowns = false;
    assert_eq!(decide(&coarse, &key(7, "ISCED11_5T8")), withheld(Reason::Breakdown));
    assert_eq!(decide(&coarse, &key(11, "M_GE12")), WHOLE, "a definition splits nothing");
    let level = |level| move |rule: &mut ScopeRule| rule.subnational = level;
    assert_eq!(decide(&level(Subnational::National), &key(12, "PH-00")), withheld(Reason::Subnational));
    assert_eq!(decide(&level(Subnational::Admin1), &key(12, "PH-00")), WHOLE);
    assert_eq!(decide(&level(Subnational::Admin1), &key(12, "C:CA-ON")), withheld(Reason::Subnational));
    assert_eq!(decide(&level(Subnational::Any), &key(12, "C:CA-ON")), WHOLE);

    let monthly = |rule: &mut ScopeRule| rule.frequencies = vec!["M".to_owned()];
    assert_eq!(decide(&monthly, KEY), withheld(Reason::Frequency));
    assert_eq!(decide(&|rule| rule.ceiling = 0, KEY), WHOLE);
    let other = |rule: &mut ScopeRule| rule.publishers = vec![all[1].publisher()];
    assert_eq!(decide(&other, KEY), withheld(Reason::Indicator));
}

#[test]
fn periods_outside_the_scope_are_cut() {
    let all = governments(["PHL", "CAN"]);
    let mut text = text(&[&all[0], &all[1]], &["EF_REGEMI"]);
    let year = |text| Period::parse(text).unwrap();
    let span = |first, last| Span { from: year(first).start_millis(), until: year(last).end_millis() };
    text.scope[0].span = span("2010", "2011");
    text.scope.push(ScopeRule { span: span("2014", "2014"), ..text.scope[0].clone() });
    let agreement = signed(text, &[&all[0], &all[1]]);
    let ask = |of: &[&str]| ask(&all, &agreement, KEY, of);
    assert_eq!(ask(&["2010", "2011", "2014"]), WHOLE);
    assert_eq!(
        ask(&["2009", "2010", "2012", "2014"]),
        Decision::Share(Shape::Cut(periods(&["2010", "2014"])))
    );
    assert_eq!(ask(&["2009", "2012"]), Decision::Withhold(Reason::Period));
}

#[test]
fn what_needs_protection_never_goes_to_where_people_come_from() {
    let all = governments(["CAN", "SYR", "ESP"]);
    let [can, syr, esp] = &all;
    let open = |parties: &[&Government]| {
        let mut text = text(parties, &["RP_REFHOST"]);
        (text.scope[0].ceiling, text.scope[0].counterparts) = (3, Counterparts::Any);
        assert_eq!(text.check(), Ok(()));
        signed(text, parties)
    };
    let key = |from: &str| format!("A.CAN.{from}.RP_REFHOST.CIT._T._T._T._T._T._T._T._T.PS");
    let decide = |agreement: &Agreement, from: &str| ask(&all, agreement, &key(from), &["2020"]);
    let never = Decision::Withhold(Reason::Origin);
    assert_eq!(decide(&open(&[can, syr]), "SYR"), never, "two parties");
    assert_eq!(decide(&open(&[can, syr, esp]), "SYR"), never, "a group that it is in");
    assert_eq!(decide(&open(&[can, esp]), "SYR"), WHOLE, "it does not read");
    assert_eq!(decide(&open(&[can, syr, esp]), "AFG"), WHOLE, "another origin");
    assert_eq!(decide(&open(&[can, syr]), "145"), never, "a group of countries may be it");
    assert_eq!(decide(&open(&[can, syr]), "_T"), WHOLE, "a total names no country");

    let mut observed = open(&[can, esp]).text().clone();
    observed.parties.push(crate::policy::Party { publisher: syr.publisher(), role: Role::Observer });
    observed.parties.sort_by_key(|party| party.publisher);
    assert_eq!(decide(&signed(observed, &[can, esp]), "SYR"), never, "it would read once it has signed");
    let stranger = Government::new("AFG", 41);
    assert_eq!(decide(&open(&[can, &stranger]), "SYR"), never, "a reader without a card may be anybody");
}

#[test]
fn sensitive_figures_are_never_public_and_never_handed_on() {
    let all = governments(["PHL", "CAN"]);
    let key = |indicator: &str| {
        SeriesKey::parse(&format!("A.PHL.CAN.{indicator}.CIT._T._T._T._T._T._T._T._T.PS")).unwrap()
    };
    let opened = ["EF_REGEMI", "LM_DEPLOY", "TR_VICT", "RP_REFHOST"].map(str::to_owned);
    let book = Book::new(all[0].publisher(), BTreeSet::from(opened));
    let periods = periods(&["2020"]);
    let public = |indicator: &str, stated: Option<Sensitivity>| {
        let subject = Subject { key: &key(indicator), stated, periods: &periods };
        book.decide(&AgreementId::public(), &subject, &keyring(&all), LATER)
    };
    assert_eq!(public("EF_REGEMI", None), WHOLE);
    assert_eq!(public("LM_DEPLOY", None), WHOLE, "the operator has opened it");
    assert_eq!(public("MF_PERMSET", None), Decision::Withhold(Reason::NotOpened));
    for indicator in ["TR_VICT", "RP_REFHOST"] {
        assert_eq!(public(indicator, None), Decision::Withhold(Reason::Sensitivity), "though it was opened");
    }
    let stated = public("EF_REGEMI", Some(Sensitivity::S2));
    assert_eq!(stated, Decision::Withhold(Reason::Sensitivity), "the stricter of both counts");
    assert_eq!(public("LM_DEPLOY", Some(Sensitivity::S0)), WHOLE);

    // A text that allows both at once is refused; bytes that came from elsewhere change nothing about it.
    let mut handed = text(&[&all[0], &all[1]], &["TR_VICT"]);
    (handed.scope[0].ceiling, handed.onward) = (2, Onward::Group);
    let agreement = signed(handed, &[&all[0], &all[1]]);
    let decision = ask(&all, &agreement, key("TR_VICT").as_str(), &["2020"]);
    assert_eq!(decision, Decision::Withhold(Reason::Onward));
    let mut low = agreement.text().clone();
    (low.scope[0].ceiling, low.onward) = (1, Onward::Nobody);
    let decision = ask(&all, &signed(low, &[&all[0], &all[1]]), key("TR_VICT").as_str(), &["2020"]);
    assert_eq!(decision, Decision::Withhold(Reason::Ceiling));
}

#[test]
fn as_many_as_it_asks_for_put_it_in_force_for_those_who_signed() {
    let all = governments(["PHL", "CAN", "ESP"]);
    let [phl, can, esp] = &all;
    let mut two_of_three = text(&[phl, can, esp], &["EF_REGEMI"]);
    two_of_three.quorum = 2;
    let agreement = signed(two_of_three.clone(), &[phl]);
    let missing = |standing| matches!(standing, Standing::Proposed { missing } if missing.len() == 2);
    assert!(missing(agreement.standing(LATER)));
    let agreement = signed(two_of_three, &[phl, can]);
    assert_eq!(agreement.standing(LATER), Standing::InForce);
    assert_eq!(agreement.standing(Millis(UNTIL.0)), Standing::Over { since: UNTIL });
    assert_eq!(agreement.standing(Millis(FROM.0 - 1)), Standing::Ahead);

    let mut book = Book::new(phl.publisher(), BTreeSet::new());
    book.insert(agreement.clone());
    assert!(book.readable(can.publisher(), LATER).contains(&agreement.id()));
    assert!(!book.readable(esp.publisher(), LATER).contains(&agreement.id()), "it has not signed");
    book.get_mut(&agreement.id()).unwrap().take(&word(&agreement, esp, Consent::Agreed, LATER));
    assert!(book.readable(esp.publisher(), LATER).contains(&agreement.id()));

    // One may go and the others stay, as long as they are enough.
    book.get_mut(&agreement.id()).unwrap().take(&word(&agreement, esp, Consent::Ended, LATER));
    assert!(!book.readable(esp.publisher(), LATER).contains(&agreement.id()));
    assert!(book.readable(can.publisher(), LATER).contains(&agreement.id()));
    book.get_mut(&agreement.id()).unwrap().take(&word(&agreement, can, Consent::Ended, LATER));
    assert!(!book.readable(can.publisher(), LATER).contains(&agreement.id()));
    let standing = book.standing(book.get(&agreement.id()).unwrap(), LATER);
    assert_eq!(standing, Standing::Over { since: LATER });
}

#[test]
fn an_amendment_in_force_takes_the_place_of_the_earlier_one() {
    let all = governments(["PHL", "CAN", "ESP", "ITA"]);
    let [phl, can, esp, ita] = &all;
    let first = signed(text(&[phl, can, ita], &["EF_REGEMI"]), &[phl, can, ita]);
    let amend = |parties: &[&Government]| AgreementText {
        supersedes: Some(first.id()),
        ..text(parties, &["EF_REGEMI"])
    };
    let book = |later: Agreement| {
        let mut book = Book::new(phl.publisher(), BTreeSet::new());
        book.insert(first.clone());
        book.insert(later);
        book
    };
    let standing = |book: &Book| book.standing(book.get(&first.id()).unwrap(), LATER);

    // ESP joins and ITA leaves: nothing changes before all of the new ones have signed.
    let joined = amend(&[phl, can, esp]);
    assert_eq!(standing(&book(signed(joined.clone(), &[phl, can]))), Standing::InForce);
    let amended = signed(joined.clone(), &[phl, can, esp]);
    let now = book(amended.clone());
    assert_eq!(standing(&now), Standing::Over { since: NOW });
    let readable = |who: &Government| {
        let readable = now.readable(who.publisher(), LATER);
        (readable.contains(&first.id()), readable.contains(&amended.id()))
    };
    assert_eq!(readable(can), (false, true));
    assert_eq!(readable(esp), (false, true), "nothing from before it joined");
    assert_eq!(readable(ita), (false, false), "who has left reads nothing new");

    // Whose retention runs, and from when.
    let ends =
        |who: &Government, now: &Book| now.erase_at(now.get(&first.id()).unwrap(), who.publisher(), LATER);
    assert_eq!(ends(ita, &now), Some(Millis(NOW.0 + 1_000_000)));
    assert_eq!(ends(can, &now), None, "it is still bound, by the amendment");

    // Strangers cannot amend what is not theirs, nor one party a group's.
    let foreign = signed(amend(&[esp, can]), &[esp, can]);
    assert_eq!(standing(&book(foreign)), Standing::InForce);

    // A group that says so opens what was before to who joins.
    let mut open = text(&[phl, can, ita], &["EF_REGEMI"]);
    open.onward = Onward::Group;
    let open = signed(open, &[phl, can, ita]);
    let next = AgreementText { supersedes: Some(open.id()), ..joined };
    let next = signed(next, &[phl, can, esp]);
    let mut now = Book::new(phl.publisher(), BTreeSet::new());
    now.insert(open.clone());
    now.insert(next);
    assert!(now.readable(esp.publisher(), LATER).contains(&open.id()));
    assert!(!now.readable(ita.publisher(), LATER).contains(&open.id()));
}

#[test]
fn a_named_reader_reads_and_publishes_nothing() {
    let all = governments(["PHL", "CAN", "ESP", "ITA"]);
    let [phl, can, esp, ita] = &all;
    let mut named = text(&[phl, can], &["EF_REGEMI"]);
    named.onward = Onward::Named(vec![esp.publisher()]);
    let agreement = signed(named, &[phl, can]);
    // At every hop: a party serves the reader, the reader takes from a party, and nobody else is served by either.
    for (us, partner, reads) in [(phl, esp, true), (can, esp, true), (esp, can, true), (esp, ita, false)] {
        let mut book = Book::new(us.publisher(), BTreeSet::new());
        book.insert(agreement.clone());
        assert_eq!(book.readable(partner.publisher(), LATER).contains(&agreement.id()), reads);
    }
    let mut book = Book::new(esp.publisher(), BTreeSet::new());
    book.insert(agreement.clone());
    let (key, periods) = (SeriesKey::parse(KEY).unwrap(), periods(&["2020"]));
    let subject = Subject { key: &key, stated: None, periods: &periods };
    let of = |who: &Government| {
        book.decide_for(FeedId::new(who.publisher(), agreement.id()), &subject, &keyring(&all), LATER)
    };
    assert_eq!(of(phl), WHOLE);
    assert_eq!(of(esp), Decision::Withhold(Reason::NotBound));
}

#[test]
fn retention_runs_from_the_end() {
    let all = governments(["PHL", "CAN"]);
    let [phl, can] = &all;
    let mut agreement = signed_at(text(&[phl, can], &["EF_REGEMI"]), &[phl, can], FROM);
    let mut book = Book::new(can.publisher(), BTreeSet::new());
    let erase = |book: &Book, agreement: &Agreement, now| book.erase_at(agreement, can.publisher(), now);
    assert_eq!(erase(&book, &agreement, NOW), None, "it is in force");
    assert_eq!(erase(&book, &agreement, UNTIL), Some(Millis(UNTIL.0 + 1_000_000)));
    agreement.take(&word(&agreement, phl, Consent::Ended, NOW));
    assert_eq!(erase(&book, &agreement, LATER), Some(Millis(NOW.0 + 1_000_000)));
    book.insert(agreement);
    let mut kept = text(&[phl, can], &["EF_REGEMI"]);
    kept.retention = 0;
    let kept = signed(kept, &[phl, can]);
    assert_eq!(erase(&book, &kept, UNTIL), None, "nothing was agreed about it");
}
