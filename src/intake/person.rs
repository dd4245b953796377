//! Columns that tell of single persons. They never enter the exchange, not even to be left out later.

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
];

/// Names that in a table read through a mapping may be those of countries.
const IN_TIDY_FILES: &[&str] = &["name", "names", "person", "individual"];

/// Does a column of this name hold data about single persons?
pub(super) fn is_personal(column: &str, tidy: bool) -> bool {
    let plain: String = column.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    ALWAYS.contains(&plain.as_str()) || (tidy && IN_TIDY_FILES.contains(&plain.as_str()))
}

/// Why such a file is refused.
pub(super) const REASON: &str = "this column is about single persons; no individual records enter the exchange: \
    send counts, without this column";
