//! Names in an address: kinds of structure, ids, versions, with their wildcards.

use super::{Fault, Generation};

/// A kind of structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Agencies.
    AgencyScheme,
    /// Providers of data.
    DataProviderScheme,
    /// Flows of data.
    Dataflow,
    /// What a message of data is made of.
    DataStructure,
    /// What components mean.
    ConceptScheme,
    /// Codes.
    Codelist,
    /// Who provides what flow.
    ProvisionAgreement,
    /// What figures of a flow there are or may be.
    Constraint,
    /// A kind of the standard of which this node has none.
    Other,
}

/// Kinds of the standard of which this node has none.
const OTHERS: [&str; 27] = [
    "categoryscheme",
    "categorisation",
    "valuelist",
    "hierarchy",
    "hierarchyassociation",
    "hierarchicalcodelist",
    "structuremap",
    "structureset",
    "representationmap",
    "conceptschememap",
    "categoryschememap",
    "organisationschememap",
    "reportingtaxonomymap",
    "reportingtaxonomy",
    "process",
    "metadatastructure",
    "metadataflow",
    "metadataprovisionagreement",
    "metadataconstraint",
    "metadataproviderscheme",
    "dataconsumerscheme",
    "organisationunitscheme",
    "customtypescheme",
    "namepersonalisationscheme",
    "rulesetscheme",
    "transformationscheme",
    "userdefinedoperatorscheme",
];
/// Words for kinds, of both generations.
const WORDS: [(&str, &[Kind]); 12] = [
    ("agencyscheme", &[Kind::AgencyScheme]),
    ("dataproviderscheme", &[Kind::DataProviderScheme]),
    ("organisationscheme", &[Kind::AgencyScheme, Kind::DataProviderScheme]),
    ("dataflow", &[Kind::Dataflow]),
    ("datastructure", &[Kind::DataStructure]),
    ("conceptscheme", &[Kind::ConceptScheme]),
    ("codelist", &[Kind::Codelist]),
    ("provisionagreement", &[Kind::ProvisionAgreement]),
    ("contentconstraint", &[Kind::Constraint]),
    ("dataconstraint", &[Kind::Constraint]),
    ("actualconstraint", &[Kind::Constraint]),
    ("allowedconstraint", &[Kind::Other]),
];

impl Kind {
    /// The kinds of a word; none where the standard has no such word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<&'static [Self]> {
        let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, kinds)| *kinds);
        known.or_else(|| (OTHERS.contains(&word) || word == "vtlmappingscheme").then_some(&[Self::Other][..]))
    }
}

/// Names that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Names {
    /// Any.
    #[default]
    Any,
    /// One of these.
    These(Vec<String>),
}

impl Names {
    /// Reads `all`, `A+B` or `*`, `A,B`.
    ///
    /// # Errors
    /// [`Fault`] for an empty name or characters that none has.
    pub fn parse(text: &str, generation: Generation) -> Result<Self, Fault> {
        let (every, between) = match generation {
            Generation::First => (text == "all" || text == "*", '+'),
            Generation::Second => (text == "*", ','),
        };
        if every {
            return Ok(Self::Any);
        }
        let names: Vec<String> = text.split(between).map(str::to_owned).collect();
        let is_name = |name: &String| {
            !name.is_empty()
                && name.bytes().all(|b| {
                    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'@' | b'$' | b'.' | b':')
                })
        };
        if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
            let wrong: String = wrong.chars().take(40).collect();
            return Err(Fault::syntax(format!(
                "{wrong:?} is no id: write letters, digits, _, - and ., or * for all"
            )));
        }
        Ok(Self::These(names))
    }

    /// Is the name one of them?
    #[must_use]
    pub fn take(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(names) => names.iter().any(|one| one == name),
        }
    }

    /// Is it any name?
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

/// Versions that are asked for. Every structure here has one, which is the latest and stable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Versions {
    /// The one there is: `latest`, `all`, `~`, `+`, `*`.
    #[default]
    Any,
    /// One of these: numbers with dots, where `+` behind one means that or later.
    These(Vec<Vec<(u32, bool)>>),
}

impl Versions {
    /// Reads a version, or several.
    ///
    /// # Errors
    /// [`Fault`] for what is no version.
    pub fn parse(text: &str, generation: Generation) -> Result<Self, Fault> {
        let is_any = match generation {
            Generation::First => matches!(text, "all" | "latest" | "*" | "+" | "~"),
            Generation::Second => matches!(text, "*" | "+" | "~" | "latest"),
        };
        if is_any {
            return Ok(Self::Any);
        }
        let between = if generation == Generation::First { '+' } else { ',' };
        let wrong = |one: &str| {
            let one: String = one.chars().take(40).collect();
            Fault::syntax(format!("{one:?} is no version: write 1.0, or + for the latest"))
        };
        let read = |one: &str| -> Result<Vec<(u32, bool)>, Fault> {
            let parts: Vec<&str> = one.split('.').collect();
            if parts.len() > 3 {
                return Err(wrong(one));
            }
            let part = |part: &&str| {
                let (digits, later) = part.strip_suffix('+').map_or((*part, false), |digits| (digits, true));
                let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                let number = is_number.then(|| digits.parse().ok()).flatten();
                number.map(|number| (number, later)).ok_or_else(|| wrong(one))
            };
            parts.iter().map(part).collect()
        };
        text.split(between).map(read).collect::<Result<_, _>>().map(Self::These)
    }

    /// Is the version one of them? `1.0` and `1.0.0` are the same.
    #[must_use]
    pub fn take(&self, version: &str) -> bool {
        let Self::These(wanted) = self else { return true };
        let own: Vec<u32> = version.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        let at = |place: usize| own.get(place).copied().unwrap_or(0);
        wanted.iter().any(|wanted| {
            for place in 0..3 {
                let (number, later) = wanted.get(place).copied().unwrap_or((0, false));
                if later {
                    return at(place) >= number;
                }
                if at(place) != number {
                    return false;
                }
            }
            true
        })
    }
}
