//! Signs of data about single persons, in names of columns and in free texts.
//!
//! The exchange is about numbers of people. A file with a column of passports is no such thing, and a remark such
//! as "call +63 917 555 0101" does not belong into it either. The signs are chosen so that citations, addresses of
//! web pages, years and figures are none.

use std::fmt;

/// What a text holds that only single persons have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonalData {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Telephone,
    /// A date of birth.
    BirthDate,
    /// The number of a passport or of another document.
    Document,
    /// A place to within some metres.
    Coordinates,
    /// A person's name, said to be one.
    Name,
}

impl PersonalData {
    /// What it is, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "an e-mail address",
            Self::Telephone => "a telephone number",
            Self::BirthDate => "a date of birth",
            Self::Document => "the number of a document",
            Self::Coordinates => "coordinates",
            Self::Name => "a person's name",
        }
    }
}

impl fmt::Display for PersonalData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names that only single persons have, as letters and digits in lower case.
const ALWAYS: &[&str] = &[
    "passport",
    "passportno",
    "passportnumber",
    "passportid",
    "surname",
    "lastname",
    "firstname",
    "givenname",
    "givennames",
    "familyname",
    "fullname",
    "middlename",
    "maidenname",
    "birthdate",
    "dateofbirth",
    "dob",
    "birthday",
    "dateofdeath",
    "ssn",
    "socialsecuritynumber",
    "nationalid",
    "nationalidnumber",
    "idnumber",
    "personid",
    "personnumber",
    "aliennumber",
    "visanumber",
    "permitnumber",
    "caseid",
    "email",
    "emailaddress",
    "phone",
    "phonenumber",
    "telephone",
    "mobile",
    "address",
    "homeaddress",
    "streetaddress",
    "fingerprint",
    "biometrics",
    "photo",
    "mothersname",
    "fathersname",
    "nom",
    "prenom",
    "datedenaissance",
    "numeropasseport",
    "apellido",
    "apellidos",
    "nombre",
    "fechadenacimiento",
    "numerodepasaporte",
    "pasaporte",
    "latitude",
    "longitude",
    "gps",
    "gpscoordinates",
    "coordinates",
    "coordonnees",
    "coordenadas",
    "geolocation",
];

/// Names that in a table read through a mapping may be those of countries.
const IN_TIDY_FILES: &[&str] = &["name", "names", "person", "individual"];

/// Does a column of this name hold data about single persons?
#[must_use]
pub fn is_column(column: &str, tidy: bool) -> bool {
    let plain: String = column.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_lowercase().replace(['é', 'è'], "e").replace('ó', "o").replace('ú', "u");
    ALWAYS.contains(&plain.as_str()) || (tidy && IN_TIDY_FILES.contains(&plain.as_str()))
}

/// Why a file with such a column is refused.
pub const REASON: &str = "this column is about single persons; no individual records enter the exchange: \
    send counts, without this column";

/// What is looked for, and whether a text in lower case has it.
type Test = (PersonalData, fn(&str) -> bool);

/// The first sign of a single person in a free text, if there is one.
#[must_use]
pub fn in_text(text: &str) -> Option<PersonalData> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.iter().any(|word| is_email(word)) {
        return Some(PersonalData::Email);
    }
    let lower = text.to_lowercase();
    let tests: [Test; 5] = [
        (PersonalData::Telephone, has_telephone),
        (PersonalData::BirthDate, has_birth_date),
        (PersonalData::Document, has_document),
        (PersonalData::Coordinates, has_coordinates),
        (PersonalData::Name, has_name),
    ];
    tests.into_iter().find(|(_, has)| has(&lower)).map(|(found, _)| found)
}

/// The same in the few words of a bulletin, where numbers that could stand in a citation have no place: also the number of
/// a document or of a telephone that nobody calls so, and a name behind a form of address. A name alone is like that
/// of a place, and not found.
#[must_use]
pub fn in_few_words(text: &str) -> Option<PersonalData> {
    in_text(text).or_else(|| {
        let bare: [Test; 3] = [
            (PersonalData::Document, has_bare_document),
            (PersonalData::Telephone, has_bare_telephone),
            (PersonalData::Name, has_address),
        ];
        let lower = text.to_lowercase();
        bare.into_iter().find(|(_, has)| has(&lower)).map(|(found, _)| found)
    })
}

/// A word of one to three letters and six to nine digits, `p1234567` or `ab123456c`, or of nine digits and more.
fn has_bare_document(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let number = rest.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let (before, after) = (word.len() - rest.len(), rest.len() - number.len());
        let is_number = number.bytes().all(|c| c.is_ascii_digit());
        let (short, long) = ((6..=9).contains(&number.len()), number.len() >= 9);
        is_number && ((1..=3).contains(&before) && after <= 1 && short || before == 0 && after == 0 && long)
    })
}

/// Nine digits and more that begin with a zero, with no more than spaces, points and dashes between them.
fn has_bare_telephone(text: &str) -> bool {
    text.match_indices('0').any(|(at, _)| {
        let begins = !text[..at].ends_with(|c: char| c.is_alphanumeric() || ".,:-/+ ".contains(c))
            || text[..at].ends_with(char::is_whitespace)
                && !text[..at].trim_end().ends_with(|c: char| c.is_ascii_digit());
        let number = text[at..].chars().take_while(|c| c.is_ascii_digit() || " .-".contains(*c));
        begins && number.filter(char::is_ascii_digit).count() >= 9
    })
}

/// A form of address, and a word after it.
fn has_address(text: &str) -> bool {
    let forms = ["mr", "mrs", "ms", "mme", "mlle", "monsieur", "madame", "señor", "señora"];
    let words: Vec<&str> = text.split_whitespace().collect();
    words.array_windows().any(|[form, name]| {
        forms.contains(&form.trim_end_matches('.').trim_start_matches('('))
            && name.starts_with(char::is_alphabetic)
    })
}

/// `name@host.tld`, with what may stand around it in a sentence.
fn is_email(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let Some((name, host)) = word.rsplit_once('@') else { return false };
    let tld = host.rsplit_once('.').map_or("", |(_, tld)| tld);
    name.chars().any(char::is_alphanumeric) && tld.len() >= 2 && tld.chars().all(char::is_alphabetic)
}

/// A number with an international prefix, or of seven digits and more after a word for telephone.
fn has_telephone(text: &str) -> bool {
    let international = text
        .match_indices('+')
        .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric()) && digits(&text[at + 1..]) >= 8);
    let said = ["tel", "tél", "phone", "mobile", "whatsapp", "móvil"];
    international || after(text, &said).any(|rest| digits(rest) >= 7)
}

/// Digits of the number that a text begins with, past its punctuation.
fn digits(text: &str) -> usize {
    let number = text.chars().take_while(|c| c.is_ascii_digit() || " .-()/:+".contains(*c));
    number.filter(char::is_ascii_digit).count()
}

/// A day, as `1987-03-21` or `21/3/1987`, soon after a word for birth.
fn has_birth_date(text: &str) -> bool {
    let said = ["born", "birth", "dob", "né le", "née le", "naissance", "nacid", "nacimiento"];
    after(text, &said).any(|rest| {
        let near: String = rest.chars().take(24).collect();
        near.split(|c: char| !(c.is_ascii_digit() || "-/.".contains(c))).any(is_day)
    })
}

fn is_day(word: &str) -> bool {
    let parts: Vec<&str> = word.trim_matches(['-', '/', '.']).split(['-', '/', '.']).collect();
    let [a, _, c] = parts.as_slice() else { return false };
    parts.iter().all(|part| !part.is_empty() && part.len() <= 4) && (a.len() == 4 || c.len() == 4)
}

/// A word for a document, and a number of six characters and more that has digits.
fn has_document(text: &str) -> bool {
    let said =
        ["passport", "passeport", "pasaporte", "visa n", "national id", "id no", "identity card", "dni"];
    after(text, &said).any(|rest| {
        let near: String = rest.chars().take(24).collect();
        near.split(|c: char| !c.is_alphanumeric()).any(|word| {
            let numbers = word.chars().filter(char::is_ascii_digit).count();
            word.len() >= 6 && numbers >= 4 && word.len() - numbers <= 3
        })
    })
}

/// Two numbers with four decimals and more beside each other, within the ranges of latitude and longitude.
fn has_coordinates(text: &str) -> bool {
    let words = text.split(|c: char| c.is_whitespace() || ",;()".contains(c)).filter(|word| !word.is_empty());
    let fine = |word: &str| {
        let word = word.trim_end_matches(['°', '.']).trim_end_matches(['n', 's', 'e', 'w', 'o']);
        let (_, decimals) = word.trim_end_matches('°').split_once('.')?;
        let number: f64 = word.trim_end_matches('°').parse().ok()?;
        (decimals.len() >= 4 && number.abs() <= 180.0).then_some(number)
    };
    let found: Vec<Option<f64>> = words.map(fine).collect();
    found.array_windows().any(|pair| matches!(pair, [Some(a), Some(_)] if a.abs() <= 90.0))
}

/// A form of address or a label, and a word after it.
fn has_name(text: &str) -> bool {
    let said = ["surname:", "first name:", "last name:", "full name:", "name of person:", "given name:"];
    after(text, &said).any(|rest| rest.trim_start().starts_with(char::is_alphabetic))
}

/// What follows each of some words, where it begins a word.
fn after<'a>(text: &'a str, words: &'a [&str]) -> impl Iterator<Item = &'a str> {
    words.iter().flat_map(move |word| {
        text.match_indices(word)
            .filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric))
            .map(|(at, word)| text[at + word.len()..].trim_start_matches(char::is_alphabetic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_about_persons_are_found() {
        let cases = [
            ("Questions: maria.cruz@psa.gov.ph.", PersonalData::Email),
            ("call +63 917 555 0101 before noon", PersonalData::Telephone),
            ("tel.: 02 8461 0500", PersonalData::Telephone),
            ("Téléphone 01 44 55 66 77", PersonalData::Telephone),
            ("the victim, born 21/3/1987 in Cebu", PersonalData::BirthDate),
            ("DOB: 1987-03-21", PersonalData::BirthDate),
            ("date de naissance : 21.03.1987", PersonalData::BirthDate),
            ("Passport No. P1234567A", PersonalData::Document),
            ("pasaporte AB123456", PersonalData::Document),
            ("found at 14.59951, 120.98422", PersonalData::Coordinates),
            ("(14.5995°N 120.9842°E)", PersonalData::Coordinates),
            ("Surname: Dela Cruz", PersonalData::Name),
        ];
        for (text, found) in cases {
            assert_eq!(in_text(text), Some(found), "{text}");
        }
    }

    #[test]
    fn citations_and_figures_are_not_about_persons() {
        for text in [
            "UN DESA, International Migrant Stock 2024, https://www.un.org/development/desa/pd/node/4576",
            "Reg. (EC) 862/2007 Art. 3 / migr_imm5prv, extracted 2024-05-17T09:00:00Z",
            "doi:10.1787/5jlwxbvmb5zt-en, ISBN 978-92-1-148390-0",
            "Persons born abroad, 2017-2019; population on 1 January 2020",
            "Place of birth: see definition 4.2; year of birth 1987",
            "Ratio 1.0712, then 1.8301 and 1.4212%",
            "Passports issued in 2023: 1 204 500",
            "telework permits: 120",
            "12 + 13 = 25; growth of +2 345 678",
            "Break in series: census 2021 replaces the register @ 1 January",
            "",
        ] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }

    #[test]
    fn in_few_words_a_number_needs_no_name() {
        for (text, found) in [
            ("AB1234567", PersonalData::Document),
            ("seen with P1234567A at the gate", PersonalData::Document),
            ("12345678901", PersonalData::Document),
            ("0912345678", PersonalData::Document),
            ("ring 0912 345 678", PersonalData::Telephone),
            ("02-8461-0500, at night", PersonalData::Telephone),
            ("Mr. Doe's house", PersonalData::Name),
            ("chez (Mme Diallo)", PersonalData::Name),
            ("call +63 917 555 0101", PersonalData::Telephone),
        ] {
            assert_eq!(in_few_words(text), Some(found), "{text}");
        }
        for text in [
            "Ras Ajdir, gate 2",
            "XT-01, km 120 of the A1",
            "CONVOY-7 of 2026-11-26",
            "counted at 06:00 and 07:00 on 2026-11-26",
            "120 instead of 1 200; a digit too many",
            "1200000 was 120000",
            "0.5 km from the bridge, 2026-11-26 06:00",
            "at 05 00 and 06 00",
            "Ms",
            "",
        ] {
            assert_eq!(in_few_words(text), None, "{text}");
        }
    }

    #[test]
    fn columns_about_persons_are_known_by_name() {
        for name in ["Passport No.", "birth_date", "E-mail", "GPS coordinates", "Latitude", "Prénom", "phone"]
        {
            assert!(is_column(name, true), "{name}");
        }
        for name in ["country of birth", "OBS_VALUE", "sex", "latest", "name_of_country"] {
            assert!(!is_column(name, true), "{name}");
        }
        assert!(
            is_column("name", true) && !is_column("name", false),
            "in other tables it may be a country's"
        );
    }
}
