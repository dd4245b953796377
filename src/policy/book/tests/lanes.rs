//! Crisis lanes: what follows from an agreement, who is bound, and when it is over.

use super::*;
use crate::crypto::Network;
use crate::feed::testing::{Government, NOW};
use crate::model::Millis;
use crate::policy::crisis::{Crisis, CrisisClause, Declaration, LaneClause};
use crate::policy::testing::{governments, signed, text, word};
use crate::policy::{AgreementText, Consent, Standing};

const DAY: i64 = 86_400_000;

/// An arrangement of three under which two may declare a crisis.
fn arrangement(all: &[Government; 3], crisis: Crisis) -> AgreementText {
    let mut text = text(&all.each_ref(), &["CR_BORDER"]);
    text.crisis = crisis;
    text
}

fn plain() -> Crisis {
    Crisis::Plain(CrisisClause { signatures: 2, days: 28 })
}

fn declared(under: &Agreement) -> Agreement {
    let said = Declaration { name: "LC-1".into(), area: "XLA".into(), drill: true, days: 7, from: NOW };
    Agreement::new(under.text().lane(under.id(), &said).unwrap(), &Network::main())
}

fn book(agreements: [Agreement; 2]) -> Book {
    let mut book = Book::default();
    agreements.into_iter().for_each(|one| assert!(book.insert(one)));
    book
}

fn standing(book: &Book, lane: &Agreement, now: Millis) -> Standing {
    book.standing(book.get(&lane.id()).unwrap(), now)
}

fn says(book: &mut Book, lane: &Agreement, who: &Government, consent: Consent, after: i64) -> bool {
    book.take(&word(lane, who, consent, Millis(NOW.0 + after)))
}

#[test]
fn enough_signatures_bind_all_that_the_agreement_binds() {
    let all = governments(["XLA", "XTA", "XOA"]);
    let parent = signed(arrangement(&all, plain()), &all.each_ref());
    let lane = declared(&parent);
    let mut book = book([parent, lane.clone()]);
    assert!(says(&mut book, &lane, &all[0], Consent::Agreed, 1));
    assert!(matches!(standing(&book, &lane, NOW), Standing::Proposed { missing } if missing.len() == 2));
    assert!(!book.get(&lane.id()).unwrap().is_bound(&all[0].publisher()));
    assert!(says(&mut book, &lane, &all[1], Consent::Agreed, 2));
    assert_eq!(standing(&book, &lane, NOW), Standing::InForce);
    let known = book.get(&lane.id()).unwrap();
    assert!(all.iter().all(|one| known.is_bound(&one.publisher())), "the third has signed nothing");
    assert_eq!(book.lanes().count(), 1);
}

#[test]
fn a_lane_may_come_before_its_agreement_and_its_words_in_any_order() {
    let all = governments(["XLA", "XTA", "XOA"]);
    let parent = signed(arrangement(&all, plain()), &all.each_ref());
    let lane = declared(&parent);
    let mut book = Book::default();
    assert!(book.insert(lane.clone()));
    for who in [1, 0] {
        says(&mut book, &lane, &all[who], Consent::Agreed, 5);
    }
    assert!(matches!(standing(&book, &lane, NOW), Standing::Proposed { .. }), "nothing says that it may be");
    assert!(book.insert(parent));
    assert_eq!(standing(&book, &lane, NOW), Standing::InForce);
}

#[test]
fn what_does_not_follow_from_its_agreement_never_binds() {
    let all = governments(["XLA", "XTA", "XOA"]);
    let parent = signed(arrangement(&all, plain()), &all.each_ref());
    let alter: [fn(&mut AgreementText); 4] = [
        |text| text.retention += 1,
        |text| text.quorum = 1,
        |text| text.term.end += DAY,
        |text| text.scope.clear(),
    ];
    for change in alter {
        let mut text = declared(&parent).text().clone();
        change(&mut text);
        let lane = Agreement::new(text, &Network::main());
        let mut book = book([parent.clone(), lane.clone()]);
        for who in &all {
            says(&mut book, &lane, who, Consent::Agreed, 1);
        }
        // Some of the altered ones are declarations of another length, which the clause allows.
        let follows = lane.text().follows_from(parent.id(), parent.text());
        let stands = standing(&book, &lane, NOW) == Standing::InForce;
        assert_eq!(stands, follows, "{:?}", lane.text());
        assert_eq!(follows, lane.text().term != declared(&parent).text().term);
    }
}

#[test]
fn an_agreement_that_was_not_in_force_declares_nothing() {
    let all = governments(["XLA", "XTA", "XOA"]);
    let parent = signed(arrangement(&all, plain()), &[&all[0], &all[1]]);
    let lane = declared(&parent);
    let mut book = book([parent, lane.clone()]);
    for who in &all {
        says(&mut book, &lane, who, Consent::Agreed, 1);
    }
    assert!(matches!(standing(&book, &lane, NOW), Standing::Proposed { .. }));
}

#[test]
fn only_activators_sign_and_who_leaves_the_agreement_is_bound_no_more() {
    let all = governments(["XLA", "XTA", "XOA"]);
    let plain = signed(arrangement(&all, plain()), &all.each_ref());
    let mut activators = vec![all[0].publisher(), all[1].publisher()];
    activators.sort_unstable();
    let clause = LaneClause { activators, ..plain.text().lane_clause().unwrap() };
    let parent = signed(arrangement(&all, Crisis::Standing(Box::new(clause))), &all.each_ref());
    let lane = declared(&parent);
    let mut book = book([parent.clone(), lane.clone()]);
    assert!(!says(&mut book, &lane, &all[2], Consent::Agreed, 1), "it may not sign");
    assert!(says(&mut book, &lane, &all[0], Consent::Agreed, 1));
    assert!(says(&mut book, &lane, &all[1], Consent::Agreed, 1));
    assert!(book.get(&lane.id()).unwrap().is_bound(&all[2].publisher()));
    assert!(book.take(&word(&parent, &all[2], Consent::Ended, Millis(NOW.0 + 9))));
    assert!(!book.get(&lane.id()).unwrap().is_bound(&all[2].publisher()));
    assert_eq!(standing(&book, &lane, NOW), Standing::InForce, "both that signed it are left");
}

#[test]
fn a_drill_that_nobody_joins_is_over_with_its_term_or_when_it_is_taken_back() {
    let all = governments(["XLA", "XTA", "XOA"]);
    let parent = signed(arrangement(&all, plain()), &all.each_ref());
    let lane = declared(&parent);
    let mut book = book([parent, lane.clone()]);
    assert!(says(&mut book, &lane, &all[0], Consent::Agreed, 1));
    let end = Millis(lane.text().term.end);
    assert!(matches!(standing(&book, &lane, Millis(end.0 - 1)), Standing::Proposed { .. }));
    assert_eq!(standing(&book, &lane, end), Standing::Over { since: end });
    assert!(says(&mut book, &lane, &all[0], Consent::Ended, 3));
    assert_eq!(standing(&book, &lane, NOW), Standing::Over { since: Millis(NOW.0 + 3) });
    assert!(says(&mut book, &lane, &all[1], Consent::Agreed, 4), "too late");
    assert!(matches!(standing(&book, &lane, NOW), Standing::Over { .. }));
}
