//! Words of headers and cells, in English, French and Spanish, and what they stand for.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::intake::concept::Concept;
use crate::intake::mapping::Scheme;
use crate::model::codelist::{self, Language};
use crate::model::text::plain;
use crate::model::{AttributeId, Dimension};

/// Names of columns, as [`plain`] writes them; the first that a name is or begins with counts.
const NAMES: [(Concept, &[&str]); 17] = [
    (
        Concept::Period,
        &[
            "year",
            "annee",
            "ano",
            "anio",
            "time",
            "time period",
            "period",
            "periode",
            "periodo",
            "date",
            "fecha",
            "month",
            "mois",
            "mes",
            "quarter",
            "trimestre",
            "t",
        ],
    ),
    (
        Concept::Value,
        &[
            "obs value",
            "value",
            "valeur",
            "valor",
            "number",
            "nombre",
            "numero",
            "count",
            "stock",
            "figure",
            "effectif",
            "cantidad",
            "persons",
            "personnes",
            "personas",
            "n",
        ],
    ),
    (Concept::Dimension(Dimension::Freq), &["freq", "frequency", "frequence", "frecuencia"]),
    (
        Concept::Dimension(Dimension::RefArea),
        &[
            "ref area",
            "geo",
            "reporter",
            "reporting country",
            "destination",
            "country of destination",
            "country of asylum",
            "host country",
            "coa iso",
            "iso3coa",
            "pays de destination",
            "pays d accueil",
            "pais de destino",
            "pais de acogida",
            "iso3",
            "country code",
        ],
    ),
    (
        Concept::Dimension(Dimension::CounterpartArea),
        &[
            "counterpart area",
            "counterpart",
            "partner",
            "origin",
            "country of origin",
            "coo iso",
            "iso3coo",
            "citizen",
            "citizenship",
            "nationality",
            "nat",
            "country of birth",
            "country of citizenship",
            "country",
            "pays d origine",
            "pays de naissance",
            "pays",
            "nationalite",
            "pais de origen",
            "pais de nacimiento",
            "pais",
            "nacionalidad",
            "ciudadania",
        ],
    ),
    (Concept::Dimension(Dimension::Sex), &["sex", "sexe", "sexo", "gender", "genre", "genero"]),
    (
        Concept::Dimension(Dimension::Age),
        &["age", "age group", "groupe d age", "tranche d age", "edad", "grupo de edad", "grupos de edad"],
    ),
    (
        Concept::Dimension(Dimension::EducationLev),
        &[
            "education",
            "educational attainment",
            "niveau d education",
            "niveau d instruction",
            "nivel educativo",
            "educacion",
        ],
    ),
    (Concept::Dimension(Dimension::Occupation), &["occupation", "isco", "profession", "ocupacion"]),
    (Concept::Dimension(Dimension::Activity), &["activity", "isic", "activite", "actividad", "industry"]),
    (Concept::Dimension(Dimension::Reason), &["reason", "motif", "motivo", "raison"]),
    (Concept::Dimension(Dimension::Duration), &["duration", "duree", "duracion"]),
    (Concept::Dimension(Dimension::UnitMeasure), &["unit measure", "unit", "unite", "unidad"]),
    (Concept::Dimension(Dimension::Subnat), &["subnat"]),
    (Concept::Attribute(AttributeId::ObsStatus), &["obs status", "obs flag", "flag"]),
    (Concept::Attribute(AttributeId::ConfStatus), &["conf status"]),
    (
        Concept::Attribute(AttributeId::CommentObs),
        &["comment", "comments", "remark", "remarks", "note", "notes", "remarque", "observaciones"],
    ),
];

const WOMEN: &[&str] = &[
    "f", "female", "females", "women", "woman", "femme", "femmes", "feminin", "mujer", "mujeres", "femenino",
];
const MEN: &[&str] = &[
    "m",
    "male",
    "males",
    "men",
    "man",
    "homme",
    "hommes",
    "masculin",
    "hombre",
    "hombres",
    "varon",
    "varones",
    "masculino",
    "h",
];
const TOTAL: &[&str] = &[
    "total",
    "t",
    "all",
    "both",
    "both sexes",
    "all ages",
    "world",
    "wld",
    "monde",
    "mundo",
    "ensemble",
    "tous",
    "tous ages",
    "toutes",
    "ambos",
    "ambos sexos",
    "todos",
    "todas",
    "total general",
    "grand total",
];
const UNKNOWN: &[&str] = &[
    "unknown",
    "unk",
    "ukn",
    "not stated",
    "not reported",
    "not reported no response",
    "no response",
    "not available",
    "inconnu",
    "non declare",
    "desconocido",
    "no especificado",
    "sin especificar",
];
const OTHERS: &[&str] =
    &["other", "others", "autre", "autres", "otro", "otros", "otras", "ooo", "rest of the world"];
/// Short names that lists of countries do not have.
const AREAS: [(&str, &str); 14] = [
    ("usa", "USA"),
    ("us", "USA"),
    ("el", "GRC"),
    ("uk", "GBR"),
    ("xk", "XKX"),
    ("kosovo", "XKX"),
    ("united states", "USA"),
    ("united kingdom", "GBR"),
    ("great britain", "GBR"),
    ("south korea", "KOR"),
    ("korea", "KOR"),
    ("russia", "RUS"),
    ("iran", "IRN"),
    ("vietnam", "VNM"),
];

/// What a column of this name is for, and how sure that is: 2 for the whole name, 1 for its beginning.
pub(super) fn named(name: &str) -> Vec<(Concept, u32)> {
    let name = plain(name);
    let exact = Concept::all().find(|concept| plain(concept.id()) == name);
    let mut list: Vec<(Concept, u32)> = exact.map(|concept| (concept, 3)).into_iter().collect();
    for (concept, words) in NAMES {
        if words.contains(&&*name) {
            list.push((concept, 2));
        } else if words
            .iter()
            .any(|word| word.len() > 2 && name.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')))
        {
            list.push((concept, 1));
        }
    }
    list
}

/// The code that a word of a column stands for.
pub(super) fn code(dimension: Dimension, word: &str) -> Option<String> {
    let text = plain(word);
    let is = |words: &[&str]| words.contains(&&*text);
    let general = match () {
        () if is(TOTAL) => Some("_T"),
        () if is(UNKNOWN) => Some("_U"),
        () if is(OTHERS) => Some("_O"),
        () => None,
    };
    let own = match dimension {
        Dimension::Sex if is(WOMEN) => Some("F".to_owned()),
        Dimension::Sex if is(MEN) => Some("M".to_owned()),
        Dimension::Age => age(word),
        Dimension::CounterpartArea | Dimension::RefArea => area(word).map(|(code, _)| code.to_owned()),
        Dimension::Freq => frequency(&text).map(str::to_owned),
        _ => None,
    };
    let code = own.or_else(|| general.map(str::to_owned))?;
    dimension.codelist().is_none_or(|list| list.contains(&code)).then_some(code)
}

fn frequency(text: &str) -> Option<&'static str> {
    match text {
        "a" | "annual" | "annuel" | "anual" => Some("A"),
        "q" | "quarterly" | "trimestriel" | "trimestral" => Some("Q"),
        "m" | "monthly" | "mensuel" | "mensual" => Some("M"),
        _ => None,
    }
}

/// The country that a word stands for, and how it is written; none of both if it is a name of its own here.
pub(super) fn area(word: &str) -> Option<(&'static str, Option<Scheme>)> {
    let list = codelist::area();
    if word.len() == 3
        && word.bytes().all(|b| b.is_ascii_uppercase())
        && let Some(code) = list.get(word)
    {
        return Some((code.id(), Some(Scheme::Alpha3)));
    }
    if word.len() == 2
        && word.bytes().all(|b| b.is_ascii_uppercase())
        && let Some(code) = codelist::area_from_alpha2(word)
    {
        return Some((code, Some(Scheme::Alpha2)));
    }
    if (1..=3).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit()) {
        return codelist::area_from_numeric(&format!("{word:0>3}")).map(|code| (code, Some(Scheme::Numeric)));
    }
    if let Some(code) = LISTED.get(&word.to_lowercase()) {
        return Some((code, Some(Scheme::Name)));
    }
    let text = plain(word);
    let short = AREAS.iter().find(|(name, _)| *name == text).map(|(_, code)| *code);
    short.or_else(|| PLAIN.get(&text).copied()).map(|code| (code, None))
}

/// Countries by their names in small letters.
static LISTED: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let languages = [Language::En, Language::Fr, Language::Es, Language::Ar];
    let named = |code: &'static codelist::Code| {
        let names = languages.into_iter().filter_map(|language| code.name_in(language));
        names.map(|name| (name.to_lowercase(), code.id()))
    };
    codelist::area().codes().iter().flat_map(named).collect()
});

/// The same without accents.
static PLAIN: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| LISTED.iter().map(|(name, code)| (plain(name), *code)).collect());

/// The group of ages that a word stands for: `15 - 19`, `65 and over`, `under 5`, `Y15-64`, `Y_LT5`.
fn age(word: &str) -> Option<String> {
    let text = plain(word);
    let numbers: Vec<u32> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let has = |words: &[&str]| {
        text.split(|c: char| c == ' ' || c.is_ascii_digit()).any(|part| words.contains(&part))
    };
    match *numbers {
        [first] if word.contains('+') || has(&["over", "above", "more", "older", "plus", "mas", "ge"]) => {
            Some(format!("Y_GE{first}"))
        }
        // The last year is the one before, but for words that mean it, too.
        [end] if has(&["below"]) => Some(format!("Y0T{end}")),
        [end]
            if word.contains('<')
                || has(&["under", "less", "younger", "moins", "menos", "menores", "lt"]) =>
        {
            Some(format!("Y0T{}", end.checked_sub(1)?))
        }
        [first, last] if first < last => Some(format!("Y{first}T{last}")),
        _ => None,
    }
}
