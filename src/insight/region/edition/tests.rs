//! Editions as bytes: there and back, in one form only.

use super::*;
use crate::insight::region::Builder;
use crate::insight::testing::{AGREEMENT, number, publisher, series};

fn profile() -> Profile {
    let members = ["CAN", "ITA", "PHL"].into_iter().zip(1..);
    let members = members
        .map(|(country, at)| Member { country: country.to_owned(), publisher: publisher(at) })
        .collect::<Vec<_>>();
    let mut builder = Builder::new(AGREEMENT, members);
    let key = |sex: &str| format!("A.PHL.CAN.MS_FBORN.BIR.{sex}._T._T._T._T._T._T._T.PS");
    builder.add(&series(3, &key("F"), &[("2019", "3"), ("2020", "20")]));
    builder.add(&series(3, &key("M"), &[("2019", "4"), ("2020", "15")]));
    builder.add(&series(1, "A.CAN.PHL.RE_PAID._Z._T._T._T._T._T._T._T._T.USD", &[("2018", "1.50")]));
    builder.finish()
}

fn head(by: u8, seq: u64) -> EditionHead {
    EditionHead { publisher: publisher(by), seq, entry: EntryId([by; 32]), closed: 0 }
}

fn edition() -> Edition {
    Edition::of(&profile(), 1, vec![head(3, 300), head(1, 0)], Millis(1_700_000_000_000)).unwrap()
}

#[test]
fn an_edition_says_what_was_computed_from_what() {
    let edition = edition();
    assert_eq!((edition.number(), edition.digest()), (1, profile().digest));
    assert_eq!(edition.countries(true).collect::<Vec<_>>(), ["CAN", "PHL"]);
    assert_eq!(edition.countries(false).collect::<Vec<_>>(), ["ITA"]);
    assert_eq!(edition.heads(), [head(1, 0), head(3, 300)], "in the order of publishers");
    // Of each measure the newest period alone.
    let sums: Vec<_> = edition.sums().map(|one| (one.indicator, one.period.to_string(), one.sum)).collect();
    let by_sex = BySex { total: Some(number("35")), male: Some(number("15")), female: Some(number("20")) };
    let paid = BySex { total: Some(number("1.50")), ..BySex::default() };
    assert_eq!(sums, [("MS_FBORN", "2020".to_owned(), by_sex), ("RE_PAID", "2018".to_owned(), paid)]);
    assert_eq!(edition.members().collect::<Vec<_>>(), profile().members);
}

#[test]
fn an_edition_comes_back_from_its_bytes_and_others_are_refused() {
    let bytes = edition().to_bytes();
    assert_eq!(Edition::from_bytes(&bytes), Ok(edition()));
    for length in 0..bytes.len() {
        assert!(Edition::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
    }
    let wrong: [fn(&mut Edition); 10] = [
        |one| one.version = 2,
        |one| one.number = 0,
        |one| one.members.reverse(),
        |one| one.members[1].country = one.members[0].country.clone(),
        |one| one.members[0].country = "e\u{301}".to_owned(),
        |one| one.heads.reverse(),
        |one| one.heads[0].publisher = publisher(9),
        |one| one.sums.reverse(),
        |one| one.sums[0].period = "02020".to_owned(),
        |one| one.sums[0].values[0] = Some((i128::MAX, 0)),
    ];
    for (at, change) in wrong.into_iter().enumerate() {
        let mut other = edition();
        change(&mut other);
        assert!(Edition::from_bytes(&other.to_bytes()).is_err(), "change {at}");
    }
}

#[test]
fn the_basis_is_of_members_and_heads_alone() {
    let other = Edition::of(&profile(), 2, vec![head(1, 0), head(3, 300)], Millis(0)).unwrap();
    assert_eq!(other.basis(), edition().basis());
    let moved = Edition::of(&profile(), 1, vec![head(1, 0), head(3, 301)], Millis(0)).unwrap();
    assert_ne!(moved.basis(), edition().basis());
}

/// Pins the form: what members have signed must be read as it was.
#[test]
fn the_bytes_are_what_the_front_page_says() {
    let mut expected = vec![1];
    expected.extend(AGREEMENT.0);
    expected.push(1);
    expected.extend(profile().digest.0);
    // 1 700 000 000 000, zigzag: twice as much, in eight bytes.
    expected.push(253);
    expected.extend(3_400_000_000_000_u64.to_le_bytes());
    expected.push(3);
    for (country, at, reports) in [("CAN", 1, 1), ("ITA", 2, 0), ("PHL", 3, 1)] {
        expected.push(3);
        expected.extend(country.as_bytes());
        expected.extend([at; 32]);
        expected.push(reports);
    }
    expected.push(2);
    for (at, seq) in [(1_u8, &[0_u8][..]), (3, &[251, 44, 1])] {
        expected.extend([at; 32]);
        expected.extend(seq);
        expected.extend([at; 32]);
        expected.push(0);
    }
    expected.push(2);
    let mut sum = |words: [&str; 6], values: &[u8]| {
        for word in words {
            expected.push(u8::try_from(word.len()).unwrap());
            expected.extend(word.as_bytes());
        }
        expected.extend(values);
    };
    // Each value: there is one, its digits in zigzag, its scale.
    sum(["MS_FBORN", "A", "BIR", "_T", "PS", "2020"], &[1, 70, 0, 1, 30, 0, 1, 40, 0]);
    sum(["RE_PAID", "A", "_Z", "_T", "USD", "2018"], &[1, 251, 44, 1, 2, 0, 0]);
    assert_eq!(edition().to_bytes(), expected);
}
