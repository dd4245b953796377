//! Who has signed: as many as it takes, the same digest, and the last word of each.

use super::*;
use crate::insight::region::Builder;
use crate::insight::testing::{AGREEMENT, publisher, series};

/// What a statement says: by whom, at which place of its feed, of which edition, with which figure.
type Said = (u8, u64, u32, &'static str);

fn members() -> Vec<Member> {
    let countries = ["AGO", "BWA", "COD"].into_iter().zip(1..);
    countries.map(|(country, at)| Member { country: country.to_owned(), publisher: publisher(at) }).collect()
}

fn edition(agreement: AgreementId, number: u32, figure: &str) -> Edition {
    let mut builder = Builder::new(agreement, members());
    let mut one = series(1, "A.AGO.BWA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS", &[("2020", figure)]);
    one.feed.agreement = agreement;
    builder.add(&one);
    Edition::of(&builder.finish(), number, Vec::new(), Millis(0)).unwrap()
}

fn digest(figure: &str) -> Hash {
    edition(AGREEMENT, 1, figure).digest()
}

fn statement((by, seq, number, figure): Said) -> Statement {
    Statement {
        by: publisher(by),
        seq: Seq(seq),
        entry: EntryId([by; 32]),
        time: Millis(i64::try_from(seq).unwrap()),
        edition: Arc::new(edition(AGREEMENT, number, figure)),
        basis: Basis::Held,
    }
}

/// Three parties, of whom two adopt an edition.
fn rule() -> Rule {
    let bound = members().into_iter().map(|member| (member.publisher, None)).collect();
    Rule { agreement: AGREEMENT, needed: 2, parties: members(), bound }
}

fn editions(rule: &Rule, said: &[Said]) -> Vec<Adoption> {
    let statements: Vec<Statement> = said.iter().copied().map(statement).collect();
    rule.editions(&statements)
}

fn signers(one: &Signed) -> Vec<&str> {
    one.signers.iter().map(|signer| signer.country.as_str()).collect()
}

#[test]
fn an_edition_is_adopted_once_enough_have_signed_the_same_digest() {
    let [one] = &editions(&rule(), &[(1, 0, 1, "10")])[..] else { panic!("one edition") };
    assert_eq!((one.adopted(), one.digests[0].signers.len(), one.of), (None, 1, 3));
    assert_eq!(one.not_signed, ["BWA", "COD"]);
    // Two signatures, of two digests.
    let [one] = &editions(&rule(), &[(1, 0, 1, "10"), (2, 0, 1, "11")])[..] else { panic!("one edition") };
    assert_eq!((one.adopted(), one.digests.len()), (None, 2));
    let [one] = &editions(&rule(), &[(1, 0, 1, "10"), (2, 0, 1, "11"), (3, 5, 1, "10")])[..] else {
        panic!("one edition")
    };
    let adopted = one.adopted().expect("two of three have signed it");
    assert_eq!((adopted.digest, signers(adopted)), (digest("10"), vec!["AGO", "COD"]));
    assert_eq!(signers(&one.digests[1]), ["BWA"]);
}

#[test]
fn the_last_word_of_a_party_counts_and_what_it_had_signed_before_is_shown() {
    let said = [(1, 7, 1, "11"), (1, 2, 1, "10"), (1, 4, 1, "10"), (2, 3, 1, "10")];
    let [one] = &editions(&rule(), &said)[..] else { panic!("one edition") };
    assert_eq!(one.adopted(), None, "{one:?}");
    let changed = one.signed_by(&publisher(1)).expect("it has signed");
    assert_eq!((changed.statement.edition.digest(), &changed.before), (digest("11"), &vec![digest("10")]));
    assert!(one.signed_by(&publisher(2)).is_some_and(|signer| signer.before.is_empty()));
    // And back again: what counts is not shown as what was before.
    let said = [(1, 7, 1, "11"), (1, 2, 1, "10"), (1, 9, 1, "10"), (2, 3, 1, "10")];
    let [one] = &editions(&rule(), &said)[..] else { panic!("one edition") };
    assert_eq!(one.adopted().map(|one| one.digest), Some(digest("10")));
    assert_eq!(one.signed_by(&publisher(1)).map(|one| one.before.clone()), Some(vec![digest("11")]));
}

#[test]
fn editions_stand_beside_each_other_the_newest_first() {
    let said = [(1, 0, 1, "10"), (2, 0, 1, "10"), (1, 1, 2, "11")];
    let all = editions(&rule(), &said);
    let numbers: Vec<_> = all.iter().map(|one| (one.number, one.adopted().is_some())).collect();
    assert_eq!(numbers, [(2, false), (1, true)]);
}

#[test]
fn nobody_signs_who_is_no_party_or_is_not_bound_or_speaks_of_another_agreement() {
    let mut rule = rule();
    rule.bound.remove(&publisher(3));
    rule.bound.insert(publisher(2), Some(Millis(5)));
    // No party; has not signed the agreement; before it left; after.
    assert_eq!(editions(&rule, &[(9, 0, 1, "10"), (3, 0, 1, "10")]), []);
    let [one] = &editions(&rule, &[(1, 0, 1, "10"), (2, 4, 1, "10")])[..] else { panic!("one edition") };
    assert!(one.adopted().is_some(), "what it signed before it left stays");
    let [one] = &editions(&rule, &[(1, 0, 1, "10"), (2, 5, 1, "10")])[..] else { panic!("one edition") };
    assert_eq!((one.adopted(), one.not_signed.len()), (None, 2));

    let other =
        Statement { edition: Arc::new(edition(AgreementId([8; 32]), 1, "10")), ..statement((1, 0, 1, "10")) };
    assert!(!rule.takes(&other) && rule.takes(&statement((1, 0, 1, "10"))));
}

#[test]
fn two_digests_with_as_many_signatures_are_no_edition() {
    let mut rule = Rule { needed: 1, ..rule() };
    let [one] = &editions(&rule, &[(1, 0, 1, "10"), (2, 0, 1, "11")])[..] else { panic!("one edition") };
    assert_eq!(one.adopted(), None);
    let said = [(1, 0, 1, "10"), (2, 0, 1, "11"), (3, 0, 1, "11")];
    let [one] = &editions(&rule, &said)[..] else { panic!("one edition") };
    assert_eq!(one.adopted().map(|one| one.digest), Some(digest("11")));
    rule.needed = 0;
    assert_eq!(rule.editions(&[]), []);
}
