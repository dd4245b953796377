//! The core catalogue: the indicators every country can report in the same words.
//!
//! Read from `config/catalogue.csv`, which is compiled in. [`explain()`] says in plain English, French and
//! Spanish what an indicator is.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::codelist::Language;
use crate::model::nearest::Candidate;
use crate::model::text;

mod explain;

pub use explain::{Explanation, Line, explain, sector_name, sectors, side_sentence, unit_name};

/// A core indicator: one line of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    code: Box<str>,
    /// What kind of figure it is.
    pub kind: Kind,
    /// Who reports it.
    pub side: Side,
    /// What the other end of the corridor reports.
    pub mirror: Mirror,
    /// Breakdowns with a meaning for this indicator.
    pub dims: Vec<Breakdown>,
    /// Who may see it.
    pub sens: Sensitivity,
    /// How small numbers are protected.
    pub rule: DisclosureRule,
    text: Texts,
}

/// The columns that are words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Texts {
    unit: Box<str>,
    freq: Box<str>,
    origin: Box<str>,
    sectors: Vec<Box<str>>,
    names: [Box<str>; 3],
    definition: Box<str>,
    source: Box<str>,
}

impl Indicator {
    /// The code in the dimension `INDICATOR`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The usual unit, a code of `CL_MP_UNIT`.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.text.unit
    }

    /// The usual frequency, a code of `CL_FREQ`.
    #[must_use]
    pub fn freq(&self) -> &str {
        &self.text.freq
    }

    /// `SRC` taken from its source, `ADAPT` adapted, `OWN` proposed by this catalogue.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.text.origin
    }

    /// Policy sectors it serves.
    pub fn sectors(&self) -> impl Iterator<Item = &str> {
        self.text.sectors.iter().map(|s| &**s)
    }

    /// The name; English where the language has none.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        self.text.names.get(language as usize).unwrap_or(&self.text.names[0])
    }

    /// The definition, in English.
    #[must_use]
    pub fn definition(&self) -> &str {
        &self.text.definition
    }

    /// Where the definition comes from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.text.source
    }
}

/// What the other end of the corridor reports about the same movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// Nothing.
    None,
    /// The same figure, up to definitions.
    Equal(Box<str>),
    /// A related population: the ratio informs, no more.
    Soft(Box<str>),
    /// The other half of a match, as supply and demand.
    Matching(Box<str>),
    /// The same figure, but only through totals of an agency, never between two countries.
    AgencyTotals(Box<str>),
}

impl Mirror {
    /// The indicator at the other end, whatever the pairing.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Equal(code) | Self::Soft(code) | Self::Matching(code) | Self::AgencyTotals(code) => {
                Some(code)
            }
        }
    }

    /// The indicator at the other end, if two countries may put their figures side by side.
    #[must_use]
    pub fn bilateral(&self) -> Option<&str> {
        match self {
            Self::Equal(code) | Self::Soft(code) | Self::Matching(code) => Some(code),
            Self::None | Self::AgencyTotals(_) => None,
        }
    }

    /// The name of the pairing in `config/explain.csv`.
    const fn id(&self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Equal(_) => "EQUAL",
            Self::Soft(_) => "SOFT",
            Self::Matching(_) => "MATCHING",
            Self::AgencyTotals(_) => "AGENCY_TOTALS",
        }
    }

    fn parse(text: &str) -> Self {
        if let Some(code) = text.strip_suffix('~') {
            Self::Soft(code.into())
        } else if let Some(code) = text.strip_suffix('≈') {
            Self::Matching(code.into())
        } else if let Some(code) = text.strip_suffix('!') {
            Self::AgencyTotals(code.into())
        } else if text == "-" {
            Self::None
        } else {
            Self::Equal(text.into())
        }
    }
}

/// Writes an enum of catalogue words once: variant and word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word of the catalogue.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one with this word.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|x| x.id() == id)
            }
        }
    };
}

words! {
    /// What kind of figure an indicator is.
    Kind {
        /// Counted at a moment.
        Stock = "STOCK",
        /// Counted over a period.
        Flow = "FLOW",
        /// A ratio or a mean.
        Rate = "RATE",
        /// A coded state.
        Status = "STATUS",
        /// Things listed and counted.
        List = "LIST",
    }
}

words! {
    /// Who reports an indicator.
    Side {
        /// The destination, host or transit country.
        Destination = "DEST",
        /// The country of origin.
        Origin = "ORIG",
        /// Both ends.
        Both = "BOTH",
        /// The country about itself, without counterpart.
        National = "NAT",
    }
}

words! {
    /// Who may see a figure; a later class is stricter.
    Sensitivity {
        /// Open after release.
        S0 = "S0",
        /// Partners and named groups.
        S1 = "S1",
        /// Under a live agreement only, no onward copy.
        S2 = "S2",
        /// Never to the country of origin or citizenship.
        S3 = "S3",
    }
}

words! {
    /// How small numbers are protected before a release.
    DisclosureRule {
        /// No rule for single cells.
        D0 = "D0",
        /// A rate needs a base of 30.
        Dn = "DN",
        /// 1 to 4 suppressed, the rest rounded to 5.
        D5 = "D5",
        /// 1 to 10 suppressed, the rest rounded to 10.
        D11 = "D11",
    }
}

words! {
    /// A breakdown with a meaning for an indicator.
    Breakdown {
        /// By counterpart area.
        Counterpart = "C",
        /// By sex.
        Sex = "S",
        /// By age.
        Age = "A",
        /// By education.
        Education = "E",
        /// By occupation.
        Occupation = "O",
        /// By industry.
        Industry = "I",
        /// By reason or status.
        Reason = "R",
        /// By duration.
        Duration = "D",
        /// By part of the territory.
        Geography = "G",
        /// By need.
        Need = "N",
    }
}

/// All core indicators in the order of the catalogue.
#[must_use]
pub fn all() -> &'static [Indicator] {
    &CATALOGUE.indicators
}

/// The core indicator with this code.
#[must_use]
pub fn get(code: &str) -> Option<&'static Indicator> {
    CATALOGUE.places.get(code).map(|at| &CATALOGUE.indicators[*at])
}

/// The core indicators, to compare their codes and names with what was written.
pub(crate) fn candidates() -> impl Iterator<Item = Candidate<'static>> {
    static PLAIN: LazyLock<Vec<[Box<str>; 3]>> = LazyLock::new(|| {
        let plain = |one: &Indicator| one.text.names.each_ref().map(|name| text::plain(name).into());
        all().iter().map(plain).collect()
    });
    all().iter().zip(&*PLAIN).map(|(one, plain)| Candidate {
        code: one.code(),
        name: one.name(Language::En),
        plain,
        is_reserved: false,
    })
}

struct Catalogue {
    indicators: Vec<Indicator>,
    places: HashMap<&'static str, usize>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let indicators = read();
    // The map borrows nothing from the list, so that both can live in one static.
    let places = CODES.iter().enumerate().map(|(at, code)| (*code, at)).collect();
    Catalogue { indicators, places }
});

const SOURCE: &str = include_str!("../../config/catalogue.csv");

/// The first column; codes are never quoted and no field holds a line break.
static CODES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| SOURCE.lines().skip(1).filter_map(|line| line.split(',').next()).collect());

fn read() -> Vec<Indicator> {
    csv::Reader::from_reader(SOURCE.as_bytes())
        .records()
        .map(|row| {
            row.ok()
                .and_then(|row| indicator(&row))
                .expect("the catalogue in config is well-formed: the tests read every line")
        })
        .collect()
}

/// A line: code, kind, side, mirror, unit, freq, dims, sens, rule, origin, sectors, en, fr, es, definition,
/// source.
fn indicator(row: &csv::StringRecord) -> Option<Indicator> {
    Some(Indicator {
        code: row.get(0)?.into(),
        kind: Kind::from_id(row.get(1)?)?,
        side: Side::from_id(row.get(2)?)?,
        mirror: Mirror::parse(row.get(3)?),
        dims: row.get(6)?.split_whitespace().map(Breakdown::from_id).collect::<Option<_>>()?,
        sens: Sensitivity::from_id(row.get(7)?)?,
        rule: DisclosureRule::from_id(row.get(8)?)?,
        text: Texts {
            unit: row.get(4)?.into(),
            freq: row.get(5)?.into(),
            origin: row.get(9)?.into(),
            sectors: row.get(10)?.split(',').map(Into::into).collect(),
            names: [row.get(11)?.into(), row.get(12)?.into(), row.get(13)?.into()],
            definition: row.get(14)?.into(),
            source: row.get(15)?.into(),
        },
    })
}

#[cfg(test)]
mod tests;
