//! Countries and groups of countries, and the other schemes that name them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Code, CodeList, read};

const ISO: &str = include_str!("../../../config/codelists/iso3166_1_en_fr_es_ar.csv");
const M49: &str = include_str!("../../../config/codelists/CL_AREA.csv");

/// Kosovo: user-assigned in ISO 3166, `XKX` by World Bank and `XK` by Eurostat use.
const KOSOVO: [&str; 4] = ["Kosovo", "Kosovo", "Kosovo", "كوسوفو"];

/// How the names of codes begin that stand for no country.
const USER_ASSIGNED: [&str; 3] = ["User-assigned area ", "Zone à usage privé ", "Zona de uso privado "];

/// Countries with the groups of UN M49 that they lie in.
const REGIONS: &str = include_str!("../../../config/codelists/m49_regions_gdidata.csv");

/// What a counterpart may be besides an area.
const NO_AREA: [(&str, &str, &str, &str); 5] = [
    ("_T", "Total", "Total", "Total"),
    ("_X", "All foreign / not own", "Tous pays étrangers", "Todos los extranjeros"),
    ("_U", "Unknown", "Inconnu", "Desconocido"),
    ("_O", "Other", "Autres", "Otros"),
    ("_Z", "Not applicable", "Sans objet", "No aplicable"),
];

/// Areas that report: ISO 3166-1 alpha-3, groups of UN M49 by their three digits, `XKX`, and the user-assigned
/// codes `XAA` to `XZZ`, which stand for no country and serve tests and exercises.
#[must_use]
pub fn area() -> &'static CodeList {
    static LIST: LazyLock<CodeList> = LazyLock::new(|| CodeList::new("CORRIDOR:CL_AREA", areas()));
    &LIST
}

/// Areas at the other end: those of [`area`], and total, foreign, unknown, other, not applicable.
#[must_use]
pub fn counterpart() -> &'static CodeList {
    static LIST: LazyLock<CodeList> = LazyLock::new(|| {
        let mut codes = areas();
        codes.extend(NO_AREA.map(|(id, en, fr, es)| Code {
            id: id.into(),
            names: [en, fr, es, ""].map(Into::into),
            description: Box::default(),
        }));
        CodeList::new("CORRIDOR:CL_COUNTERPART_AREA", codes)
    });
    &LIST
}

/// The alpha-2 code of a country.
#[must_use]
pub fn alpha2(area: &str) -> Option<&'static str> {
    SCHEMES.alpha2.get(area).copied()
}

/// The area with an alpha-2 code.
#[must_use]
pub fn area_from_alpha2(code: &str) -> Option<&'static str> {
    SCHEMES.from_alpha2.get(code).copied()
}

/// The alpha-2 code that the code of a place within a country begins with, in the form of ISO 3166-2: `TN` of `TN-82`.
#[must_use]
pub fn place_prefix(code: &str) -> Option<&str> {
    let (prefix, unit) = code.split_once('-')?;
    let is_unit =
        (1..=3).contains(&unit.len()) && unit.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_unit.then_some(prefix)
}

/// The area with a three-digit code of UN M49: a country's alpha-3, or the group itself.
#[must_use]
pub fn area_from_numeric(code: &str) -> Option<&'static str> {
    SCHEMES.from_numeric.get(code).copied().or_else(|| area().get(code).map(Code::id))
}

/// The groups of UN M49 that a country or a group lies in wholly, the smallest first; the world is left out.
#[must_use]
pub fn groups_of(area: &str) -> &'static [Box<str>] {
    GROUPS.get(area).map_or(&[], Vec::as_slice)
}

static GROUPS: LazyLock<HashMap<Box<str>, Vec<Box<str>>>> = LazyLock::new(|| {
    let mut groups: HashMap<Box<str>, Vec<Box<str>>> = HashMap::new();
    let mut reader = csv::Reader::from_reader(REGIONS.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let column = |name: &str| headers.iter().position(|h| h == name);
    let wanted = ["intregion_code", "subregion_code", "region_code"].map(column);
    for row in reader.into_records() {
        let row = row.expect("the list of regions in config is well-formed CSV: the tests read it");
        // Codes are written as decimals there: 2.0 is group 002.
        let code = |at: Option<usize>| {
            let digits = row.get(at?)?.split('.').next()?;
            (!digits.is_empty()).then(|| format!("{digits:0>3}").into_boxed_str())
        };
        let chain: Vec<Box<str>> = wanted.into_iter().filter_map(code).collect();
        for (at, group) in chain.iter().enumerate() {
            groups.entry(group.clone()).or_insert_with(|| chain[at + 1..].to_vec());
        }
        if let Some(country) = column("iso3").and_then(|at| row.get(at)) {
            groups.insert(country.into(), chain);
        }
    }
    groups
});

/// Countries in the other schemes.
struct Schemes {
    alpha2: HashMap<&'static str, &'static str>,
    from_alpha2: HashMap<&'static str, &'static str>,
    from_numeric: HashMap<&'static str, &'static str>,
}

static SCHEMES: LazyLock<Schemes> = LazyLock::new(|| {
    let mut schemes = Schemes {
        alpha2: HashMap::from([("XKX", "XK")]),
        from_alpha2: HashMap::from([("XK", "XKX")]),
        from_numeric: HashMap::from([("412", "XKX")]),
    };
    for (alpha3, alpha2, numeric) in countries() {
        schemes.alpha2.insert(alpha3, alpha2);
        schemes.from_alpha2.insert(alpha2, alpha3);
        schemes.from_numeric.insert(numeric, alpha3);
    }
    schemes
});

/// Alpha-3, alpha-2 and numeric code; these three columns stand first and are never quoted.
fn countries() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ISO.lines().skip(1).filter_map(|line| {
        let mut fields = line.split(',');
        Some((fields.next()?, fields.next()?, fields.next()?))
    })
}

fn areas() -> Vec<Code> {
    let numeric: Vec<&str> = countries().map(|(_, _, numeric)| numeric).collect();
    let mut areas = read(ISO);
    areas.extend(read(M49).into_iter().filter(|c| is_group(c) && !numeric.contains(&&*c.id)));
    areas.extend((b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| user_assigned(a, b))));
    areas
}

fn user_assigned(second: u8, third: u8) -> Code {
    let id = format!("X{}{}", char::from(second), char::from(third));
    if id == "XKX" {
        return Code { id: id.into(), names: KOSOVO.map(Into::into), description: Box::default() };
    }
    let [en, fr, es] = USER_ASSIGNED.map(|name| format!("{name}{id}")).map(Into::into);
    Code { id: id.into(), names: [en, fr, es, Box::default()], description: Box::default() }
}

/// Is it one of the codes that stand for no country?
pub(super) fn is_user_assigned(code: &Code) -> bool {
    code.id.starts_with('X') && code.names[0].strip_prefix(USER_ASSIGNED[0]) == Some(&code.id)
}

/// SDMX's list of areas also holds countries, two-letter codes and what no longer exists.
fn is_group(code: &Code) -> bool {
    let about = &code.description;
    code.id.len() == 3
        && code.id.bytes().all(|b| b.is_ascii_digit())
        && (about.ends_with("(M49)") || &**about == "World" || is_active_group(about))
}

fn is_active_group(about: &str) -> bool {
    about.starts_with("Active ") && about.ends_with("group code")
}
