//! The code lists, compiled in from `config/codelists/` and read once.
//!
//! Lists named `SDMX:…` are the cross-domain lists of SDMX; `CORRIDOR:…` are this network's own. The lists of
//! dimensions hold exactly the codes a series key may have: where the data structure uses a part of an SDMX
//! list, or adds `_T`, `_U`, `_Z` to it, so do they.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use crate::model::nearest::{self, Candidate};
use crate::model::{Known, ModelError, text};

mod area;

pub use area::{alpha2, area, area_from_alpha2, area_from_numeric, counterpart, groups_of, place_prefix};

/// A language in which names are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Arabic; names of countries only.
    Ar,
}

impl Language {
    /// The languages every text of the catalogue exists in.
    pub const WORKING: [Self; 3] = [Self::En, Self::Fr, Self::Es];

    /// The BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Ar => "ar",
        }
    }

    /// The language with this tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::En, Self::Fr, Self::Es, Self::Ar].into_iter().find(|l| l.tag() == tag)
    }
}

/// One code of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    id: Box<str>,
    /// By [`Language`]; empty where the list has none.
    names: [Box<str>; 4],
    description: Box<str>,
}

impl Code {
    /// The code itself.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The English name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.names[0]
    }

    /// The name in a language, if the list has it.
    #[must_use]
    pub fn name_in(&self, language: Language) -> Option<&str> {
        let name = &*self.names[language as usize];
        (!name.is_empty()).then_some(name)
    }

    /// What the code is for, in English; often empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The names without accents, capitals and signs.
    fn plain(&self) -> [Box<str>; 4] {
        self.names.each_ref().map(|name| text::plain(name).into())
    }

    fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.into(),
            names: [name.into(), Box::default(), Box::default(), Box::default()],
            description: Box::default(),
        }
    }
}

/// A list of codes, in its own order, with lookup by code.
#[derive(Debug)]
pub struct CodeList {
    id: &'static str,
    codes: Vec<Code>,
    places: HashMap<Box<str>, usize>,
    /// By code, its names as they are compared with what was written; made when a wrong code comes up.
    plain: OnceLock<Vec<[Box<str>; 4]>>,
}

impl CodeList {
    /// The list's name with agency and version, `SDMX:CL_SEX(2.1)`.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// All codes in the order of the list.
    #[must_use]
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The code, if the list has it.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.places.get(code).map(|at| &self.codes[*at])
    }

    /// Does the list have the code?
    #[must_use]
    pub fn contains(&self, code: &str) -> bool {
        self.places.contains_key(code)
    }

    /// The codes that may be meant by a value that is none, the nearest first, with their names.
    #[must_use]
    pub fn nearest(&self, value: &str) -> Vec<(&str, &str)> {
        let plain = self.plain.get_or_init(|| self.codes.iter().map(Code::plain).collect());
        let candidates = self.codes.iter().zip(plain).map(|(code, plain)| Candidate {
            code: &code.id,
            name: code.name(),
            plain,
            is_reserved: area::is_user_assigned(code),
        });
        nearest::nearest(value, nearest::of_other_scheme(value), candidates)
    }

    /// The refusal of a code that is not in this list.
    pub(crate) fn unknown(&'static self, dimension: &'static str, value: &str) -> ModelError {
        ModelError::UnknownCode { dimension, value: text::shorten(value), known: Known::List(self) }
    }

    fn new(id: &'static str, codes: Vec<Code>) -> Self {
        let places = codes.iter().enumerate().map(|(at, c)| (c.id.clone(), at)).collect();
        Self { id, codes, places, plain: OnceLock::new() }
    }
}

/// Reads a file of `config/codelists/`; names are in the column `name`, `name_en`, `name_fr`, ….
fn read(source: &'static str) -> Vec<Code> {
    let mut reader = csv::Reader::from_reader(source.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let column = |names: &[&str]| headers.iter().position(|h| names.contains(&h));
    let id = column(&["id", "alpha3"]);
    let names = [&["name", "name_en"][..], &["name_fr"], &["name_es"], &["name_ar"]].map(column);
    let description = column(&["description"]);
    reader
        .into_records()
        .map(|row| {
            let row = row.expect("the code lists in config are well-formed CSV: the tests read each");
            let field = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().into();
            Code { id: field(id), names: names.map(field), description: field(description) }
        })
        .collect()
}

/// Writes the accessor of a list and its file once.
macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $id:literal in $file:literal $(only [$($only:literal),+])? $(plus [$($plus:literal = $plus_name:literal),+])? $(where $keep:expr)?;)+) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name() -> &'static CodeList {
                static LIST: LazyLock<CodeList> = LazyLock::new(|| {
                    #[allow(unused_mut, reason = "few lists are changed")]
                    let mut codes = read(include_str!(concat!("../../config/codelists/", $file)));
                    $(codes.retain(|c| [$($only),+].contains(&&*c.id));)?
                    $(codes.retain($keep);)?
                    $(codes.extend([$(Code::new($plus, $plus_name)),+]);)?
                    CodeList::new($id, codes)
                });
                &LIST
            }
        )+

        /// Every list but those of areas, by its name.
        fn every() -> Vec<&'static CodeList> {
            vec![$($name()),+]
        }
    };
}

lists! {
    /// Frequencies, the whole SDMX list.
    freq = "SDMX:CL_FREQ(2.1)" in "CL_FREQ.csv";
    /// Frequencies that a series key may have.
    freq_used = "CORRIDOR:CL_FREQ" in "CL_FREQ.csv" only ["A", "A2", "A5", "A10", "S", "Q", "M", "W", "D", "H", "I"];
    /// What ties people to the counterpart.
    basis = "CORRIDOR:CL_MP_BASIS" in "CL_MP_BASIS.csv";
    /// Sex.
    sex = "SDMX:CL_SEX(2.1)" in "CL_SEX.csv";
    /// Age groups.
    age = "CORRIDOR:CL_MP_AGE" in "CL_MP_AGE.csv";
    /// Education levels.
    education = "CORRIDOR:CL_MP_EDU" in "CL_MP_EDU.csv";
    /// Occupations, ISCO-08.
    occupation = "SDMX:CL_OCCUPATION(1.0)" in "CL_OCCUPATION.csv" plus ["_T" = "Total", "_U" = "Unknown", "_Z" = "Not applicable"];
    /// Sections of economic activity.
    activity = "SDMX:CL_ACTIVITY_ISIC4(1.0)" in "CL_ACTIVITY_ISIC4.csv" plus ["_T" = "Total", "_U" = "Unknown", "_Z" = "Not applicable"] where |c| c.id.len() == 1;
    /// Reasons, statuses, hazards; and the needs of people in a crisis, which stand in the same dimension.
    reason = "CORRIDOR:CL_MP_REASON" in "CL_MP_REASON.csv" plus [
        "STRAND" = "Need: stranded",
        "DOC" = "Need: without travel documents",
        "MED" = "Need: medical",
        "SHELT" = "Need: shelter",
        "FOOD" = "Need: food and water",
        "PROT" = "Need: protection (trafficking, abuse, minors)",
        "DETN" = "Need: detained",
        "MISS" = "Need: missing, not reached",
        "TRANS" = "Need: transport",
        "WAGE" = "Need: unpaid wages, claims"
    ];
    /// Lengths of stay or of permit.
    duration = "CORRIDOR:CL_MP_DURATION" in "CL_MP_DURATION.csv";
    /// Units of measure.
    unit = "CORRIDOR:CL_MP_UNIT" in "CL_MP_UNIT.csv";
    /// Observation status.
    obs_status = "SDMX:CL_OBS_STATUS(2.2)" in "CL_OBS_STATUS.csv";
    /// Confidentiality status.
    conf_status = "SDMX:CL_CONF_STATUS(1.3)" in "CL_CONF_STATUS.csv";
    /// Powers of ten.
    unit_mult = "SDMX:CL_UNIT_MULT(1.1)" in "CL_UNIT_MULT.csv";
    /// Numbers of decimals.
    decimals = "SDMX:CL_DECIMALS(1.0)" in "CL_DECIMALS.csv";
    /// Sensitivity classes.
    sensitivity = "CORRIDOR:CL_MP_SENS" in "CL_MP_SENS.csv";
    /// Disclosure rules.
    disclosure_rule = "CORRIDOR:CL_MP_DISC" in "CL_MP_DISC.csv";
    /// Needs of people in a crisis.
    need = "CORRIDOR:CL_MP_NEED" in "CL_MP_NEED.csv";
    /// Audiences of a release.
    scope = "CORRIDOR:CL_MP_SCOPE" in "CL_MP_SCOPE.csv";
    /// Methods of assessment.
    method = "CORRIDOR:CL_MP_METHOD" in "CL_MP_METHOD.csv";
    /// What a reference date stands for.
    ref_date_type = "CORRIDOR:CL_MP_REF_DATE_TYPE" in "CL_MP_REF_DATE_TYPE.csv";
    /// Where a source stands.
    source_level = "CORRIDOR:CL_MP_SOURCE_LEVEL" in "CL_MP_SOURCE_LEVEL.csv";
    /// What a source is.
    source_type = "CORRIDOR:CL_MP_SOURCE_TYPE" in "CL_MP_SOURCE_TYPE.csv";
    /// Reasons of a revision.
    rev_reason = "CORRIDOR:CL_MP_REV_REASON" in "CL_MP_REV_REASON.csv";
    /// National priority, yes or no.
    nat_priority = "CORRIDOR:CL_MP_NAT_PRIORITY" in "CL_MP_NAT_PRIORITY.csv";
    /// How near a national code is to a core indicator.
    core_match = "CORRIDOR:CL_MP_CORE_MATCH" in "CL_MP_CORE_MATCH.csv";
    /// Degree of urbanisation.
    deg_urb = "SDMX:CL_DEG_URB(1.0)" in "CL_DEG_URB.csv";
    /// Civil (marital) status.
    civil_status = "SDMX:CL_CIVIL_STATUS(1.0)" in "CL_CIVIL_STATUS.csv";
    /// Formats of time periods.
    time_format = "SDMX:CL_TIME_FORMAT(1.0)" in "CL_TIME_FORMAT.csv";
}

/// All lists.
#[must_use]
pub fn all() -> &'static [&'static CodeList] {
    static ALL: LazyLock<Vec<&'static CodeList>> = LazyLock::new(|| {
        let mut all = every();
        all.extend([area(), counterpart()]);
        all
    });
    &ALL
}

#[cfg(test)]
mod tests;
