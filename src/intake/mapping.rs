//! Mapping files: how the columns of a table that is not tidy become series.
//!
//! ```toml
//! title = "Registered emigrants to Canada"   # for people; may be left out
//! delimiter = ","                            # one character
//! skip_lines = 0                             # lines before the header
//! thousands = ","                            # removed from values; " " is any kind of blank
//! decimal = ","                              # what stands before the decimals, if not a point
//! flags = "eurostat"                         # letters after values and in OBS_STATUS: `123 p`, `: c`, `b`
//! split = ","                                # the first column holds several: `freq,geo\TIME_PERIOD` of a TSV file
//! reporters = "own"                          # rows of other countries' REF_AREA are left out, and counted
//! repeats = "sum"                            # rows of one series and period are parts: add them up
//! missing = ["", "..", ":"]                  # no value here: the cell is skipped …
//!
//! [missing_status]                           # … unless it has a status of OBS_STATUS
//! "--" = "Q"
//!
//! [constants]                                # dimensions with one code in the whole file
//! REF_AREA = "$COUNTRY"                      # the own country of the node
//! [columns]                                  # dimensions, TIME_PERIOD, OBS_VALUE and attributes from columns
//! TIME_PERIOD = "year"
//! [values.SEX]                               # words of the file -> codes; other words stay as they are
//! male = "M"
//! [schemes]                                  # how areas are written: alpha3, alpha2, numeric, name
//! COUNTERPART_AREA = "alpha2"
//! [attributes]                               # attributes of all series
//! SOURCE_TYPE = "REGISTER"
//! [filter]                                   # rows are read only if the column has (one of) these words
//! destination = "$COUNTRY"
//! [skip]                                     # rows are left out if it has: totals, aggregates
//! origin = ["World", "Total"]
//!
//! [recognise]                                # how the first row begins there, if the header does not tell enough
//! STRUCTURE_ID = "ESTAT:MIGR_ASYTPSM"
//!
//! [[value]]                                  # one or several columns with values, with codes of their own
//! column = "emigrants"
//! constants = { INDICATOR = "EF_REGEMI" }
//! [contributions]                            # columns with the largest contributions to the value, largest first
//! columns = ["largest", "second_largest"]    # beside OBS_VALUE alone; checked, and not kept
//! [wide]                                     # or: every column named by a period, after a prefix
//! prefix = "F"
//! dimension = "COUNTERPART_AREA"             # … or by a code of this dimension, or a word that [values] knows
//! skip = ["Total"]                           # and columns that are neither
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::intake::concept::{self, Concept};
use crate::model::{Attachment, AttributeId, Attributes, Dimension, ObsStatus};

/// What stands for the own country in a mapping.
pub(super) const COUNTRY: &str = "$COUNTRY";

/// Bytes of the largest mapping file: a map of all areas in four languages stays below.
pub const MAX_MAPPING_BYTES: usize = 1024 * 1024;

/// Why a mapping file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntakeError {
    /// The file is not TOML, or has a key that mappings do not have.
    #[error("mapping refused: {why}")]
    Syntax {
        /// The parser's words, with line and column.
        why: String,
    },
    /// A name that the data structure does not have.
    #[error("mapping, [{section}]: {name} is not a name of the data structure{}", concept::hint(*.near))]
    UnknownName {
        /// The table of the mapping.
        section: &'static str,
        /// What stood there.
        name: String,
        /// The nearest name.
        near: Option<&'static str>,
    },
    /// A name or a value that may not stand where it stands.
    #[error("mapping, [{section}], {name}: {why}")]
    Misplaced {
        /// The table of the mapping.
        section: &'static str,
        /// The name.
        name: String,
        /// What to do.
        why: String,
    },
}

/// A mapping file that was checked. See the [module](self) for its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(super) file: File,
    pub(super) constants: Vec<(Dimension, String)>,
    pub(super) columns: Vec<(Concept, String)>,
    pub(super) values: Vec<(Concept, BTreeMap<String, String>)>,
    pub(super) schemes: Vec<(Dimension, Scheme)>,
    pub(super) attributes: Vec<(AttributeId, String)>,
    pub(super) missing_status: Vec<(String, ObsStatus)>,
    pub(super) cells: Vec<(String, Vec<(Dimension, String)>)>,
    /// The dimension whose codes name the columns of `[wide]`.
    pub(super) across: Option<Dimension>,
}

/// The file as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    title: Option<String>,
    pub(super) delimiter: Option<char>,
    #[serde(default)]
    pub(super) skip_lines: u32,
    pub(super) thousands: Option<char>,
    pub(super) decimal: Option<char>,
    pub(super) flags: Option<FlagStyle>,
    pub(super) split: Option<char>,
    pub(super) reporters: Option<Reporters>,
    pub(super) repeats: Option<Repeats>,
    pub(super) missing: Option<Vec<String>>,
    #[serde(default)]
    missing_status: BTreeMap<String, String>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    schemes: BTreeMap<String, Scheme>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) filter: BTreeMap<String, Words>,
    #[serde(default)]
    pub(super) skip: BTreeMap<String, Words>,
    #[serde(default)]
    value: Vec<ValueColumn>,
    #[serde(default)]
    pub(super) recognise: BTreeMap<String, String>,
    pub(super) wide: Option<Wide>,
    contributions: Option<Contributions>,
}

/// One word or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    pub(super) fn list(&self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word.clone()],
            Self::Many(words) => words.clone(),
        }
    }
}

/// How a file writes areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scheme {
    Alpha3,
    Alpha2,
    Numeric,
    Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueColumn {
    column: String,
    #[serde(default)]
    constants: BTreeMap<String, String>,
}

/// How a file marks values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FlagStyle {
    /// Small letters, several of them together.
    Eurostat,
}

/// Whose rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reporters {
    /// Those of the node's country; of every country where the node has none.
    Own,
}

/// What becomes of several values for one series and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Repeats {
    /// They are parts of one.
    Sum,
}

/// Columns named by periods, or by the codes of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wide {
    #[serde(default)]
    pub(super) prefix: String,
    dimension: Option<String>,
    pub(super) skip: Option<Words>,
}

/// Columns with the largest contributions to a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contributions {
    columns: Vec<String>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// [`IntakeError`] for wrong TOML, an unknown key, a name the data structure does not have, or two sources
    /// for one thing.
    pub fn parse(toml: &str) -> Result<Self, IntakeError> {
        if toml.len() > MAX_MAPPING_BYTES {
            return Err(IntakeError::Syntax { why: "the file is larger than 1 MiB; split it".to_owned() });
        }
        let file: File =
            toml::from_str(toml).map_err(|e| IntakeError::Syntax { why: e.to_string().trim().to_owned() })?;
        let mapping = Self {
            constants: dimensions("constants", &file.constants)?,
            columns: concepts("columns", &file.columns)?,
            values: concepts("values", &file.values)?,
            schemes: dimensions("schemes", &file.schemes)?,
            attributes: attributes(&file.attributes)?,
            missing_status: missing_status(&file.missing_status)?,
            cells: cells(&file.value)?,
            across: across(file.wide.as_ref())?,
            file,
        };
        mapping.check()?;
        Ok(mapping)
    }

    /// What the mapping is for, in a person's words.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.file.title.as_deref()
    }

    /// The columns with contributions to a row's value, the largest first.
    pub(super) fn contributions(&self) -> &[String] {
        self.file.contributions.as_ref().map_or(&[], |named| &named.columns)
    }

    /// The columns that it names, other than value columns.
    pub(super) fn named(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter().map(|(_, name)| name);
        columns.chain(self.file.filter.keys()).chain(self.file.skip.keys()).map(String::as_str)
    }

    /// The country whose figures it is for, if it is for one alone.
    pub(super) fn reporter(&self) -> Option<&str> {
        let reporter = self.constants.iter().find(|(d, _)| *d == Dimension::RefArea)?;
        Some(reporter.1.as_str()).filter(|code| !code.starts_with('$'))
    }

    /// Every column that it needs by name.
    pub(super) fn needed(&self) -> impl Iterator<Item = &str> {
        let cells = self.cells.iter().map(|(name, _)| name);
        let others = cells.chain(self.contributions()).chain(self.file.recognise.keys());
        self.named().chain(others.map(String::as_str))
    }

    /// Contributions are to one value of the row, and each has a column of its own.
    fn check_contributions(&self) -> Result<(), IntakeError> {
        let Some(Contributions { columns }) = &self.file.contributions else { return Ok(()) };
        let refuse = |name: &str, why: &str| {
            let (section, name, why) = ("contributions", name.to_owned(), why.to_owned());
            Err(IntakeError::Misplaced { section, name, why })
        };
        let value = self.columns.iter().find(|(concept, _)| *concept == Concept::Value);
        let Some((_, value)) = value else {
            return refuse(
                "columns",
                "they contribute to one value of a row: name it OBS_VALUE in [columns]",
            );
        };
        if columns.is_empty() {
            return refuse("columns", "name a column, or leave [contributions] out");
        }
        for (at, name) in columns.iter().enumerate() {
            if name == value || columns[..at].contains(name) {
                return refuse(name, "the column is named twice: each contribution has one of its own");
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), IntakeError> {
        let has = |concept| self.columns.iter().any(|(c, _)| *c == concept);
        let refuse = |section, name: &str, why: &str| {
            Err(IntakeError::Misplaced { section, name: name.to_owned(), why: why.to_owned() })
        };
        if let Some((twice, _)) = self.constants.iter().find(|(d, _)| has(Concept::Dimension(*d))) {
            return refuse("constants", twice.id(), "it is also a column; keep one of the two");
        }
        if let Some((twice, _)) = self.attributes.iter().find(|(a, _)| has(Concept::Attribute(*a))) {
            return refuse("attributes", twice.id(), "it is also a column; keep one of the two");
        }
        for (dimension, _) in &self.schemes {
            if !matches!(dimension, Dimension::RefArea | Dimension::CounterpartArea) {
                return refuse("schemes", dimension.id(), "only areas have schemes; use [values]");
            }
        }
        let sources =
            [has(Concept::Value), !self.cells.is_empty(), self.file.wide.is_some()].map(usize::from);
        if sources.iter().sum::<usize>() != 1 {
            let why = "say where values are, once: OBS_VALUE in [columns], or [[value]], or [wide]";
            return refuse("columns", "OBS_VALUE", why);
        }
        if has(Concept::Period) == (self.file.wide.is_some() && self.across.is_none()) {
            return refuse("columns", "TIME_PERIOD", "name its column, or use [wide], not both");
        }
        if let Some(dimension) = self.across
            && (has(Concept::Dimension(dimension)) || self.constants.iter().any(|(d, _)| *d == dimension))
        {
            return refuse("wide", dimension.id(), "it also has a column or a constant; keep one of them");
        }
        self.check_contributions()?;
        self.check_characters()
    }

    /// Characters that could be taken for another part of a row or of a number.
    fn check_characters(&self) -> Result<(), IntakeError> {
        let File { delimiter, thousands, decimal, split, .. } = &self.file;
        let all =
            [("delimiter", delimiter), ("thousands", thousands), ("decimal", decimal), ("split", split)];
        for (name, character) in all {
            let point = matches!(name, "decimal") || (name == "thousands" && *decimal == Some(','));
            let odd = |c: char| {
                !c.is_ascii()
                    || c.is_ascii_alphanumeric()
                    || matches!(c, '"' | '\n' | '\r' | '-')
                    || (c == '.' && !point)
            };
            let twice = name == "decimal" && decimal.is_some() && decimal == thousands;
            if twice || character.is_some_and(odd) {
                let why = "it must be one ASCII character such as , or ; with one meaning".to_owned();
                return Err(IntakeError::Misplaced { section: "columns", name: name.to_owned(), why });
            }
        }
        Ok(())
    }
}

fn across(wide: Option<&Wide>) -> Result<Option<Dimension>, IntakeError> {
    let Some(name) = wide.and_then(|wide| wide.dimension.as_ref()) else { return Ok(None) };
    let named = dimensions("wide", &BTreeMap::from([(name.clone(), ())]))?;
    Ok(named.first().map(|(dimension, ())| *dimension))
}

fn concepts<T: Clone>(
    section: &'static str,
    table: &BTreeMap<String, T>,
) -> Result<Vec<(Concept, T)>, IntakeError> {
    table.iter().map(|(name, value)| Ok((concept(section, name)?, value.clone()))).collect()
}

fn concept(section: &'static str, name: &str) -> Result<Concept, IntakeError> {
    let exact = Concept::parse(name).filter(|c| c.id() == name);
    exact.ok_or_else(|| IntakeError::UnknownName {
        section,
        name: name.to_owned(),
        near: Concept::suggest(name),
    })
}

fn dimensions<T: Clone>(
    section: &'static str,
    table: &BTreeMap<String, T>,
) -> Result<Vec<(Dimension, T)>, IntakeError> {
    let only = |(concept, value): (Concept, T)| match concept {
        Concept::Dimension(dimension) => Ok((dimension, value)),
        Concept::Period | Concept::Value | Concept::Attribute(_) => {
            let why = "only dimensions stand here; attributes have [attributes]".to_owned();
            Err(IntakeError::Misplaced { section, name: concept.id().to_owned(), why })
        }
    };
    concepts(section, table)?.into_iter().map(only).collect()
}

fn attributes(table: &BTreeMap<String, String>) -> Result<Vec<(AttributeId, String)>, IntakeError> {
    let section = "attributes";
    let mut list = Vec::new();
    for (concept, value) in concepts(section, table)? {
        let refuse = |why: String| IntakeError::Misplaced { section, name: concept.id().to_owned(), why };
        let Concept::Attribute(id) = concept else {
            return Err(refuse("only attributes stand here; dimensions have [constants]".to_owned()));
        };
        // The country is not known yet; any text of the attribute's form will do to check the rest.
        if !value.contains(COUNTRY) {
            Attributes::new(Attachment::Series, [(id, &value)]).map_err(|e| refuse(e.to_string()))?;
        }
        list.push((id, value));
    }
    Ok(list)
}

fn missing_status(table: &BTreeMap<String, String>) -> Result<Vec<(String, ObsStatus)>, IntakeError> {
    let parse = |(word, code): (&String, &String)| match ObsStatus::parse(code) {
        Ok(status) => Ok((word.clone(), status)),
        Err(e) => {
            Err(IntakeError::Misplaced { section: "missing_status", name: word.clone(), why: e.to_string() })
        }
    };
    table.iter().map(parse).collect()
}

/// A column with values and the codes that hold for it.
type CellColumn = (String, Vec<(Dimension, String)>);

fn cells(columns: &[ValueColumn]) -> Result<Vec<CellColumn>, IntakeError> {
    columns.iter().map(|c| Ok((c.column.clone(), dimensions("value", &c.constants)?))).collect()
}
