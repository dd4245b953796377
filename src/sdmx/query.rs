//! Questions of SDMX-REST, both generations of the standard: what stands in an address, read strictly.
//!
//! | path | question |
//! |---|---|
//! | `data/FLOW/KEY/PROVIDER` (1.5), `data/CONTEXT/AGENCY/ID/VERSION/KEY` (2.x) | [`Ask::Data`] |
//! | `availableconstraint/…` (1.5), `availability/…` (2.x) | [`Ask::Availability`] |
//! | `TYPE/AGENCY/ID/VERSION` (1.5), `structure/TYPE/AGENCY/ID/VERSION` (2.x) | [`Ask::Structure`] |
//! | `schema/CONTEXT/AGENCY/ID/VERSION` | [`Ask::Schema`] |
//!
//! The generations do not collide, so that one base serves both: the first part after `data` is a context, or else the
//! flow of a question of 1.5. Parts at the end that stand for everything may be left out; a slash may stand at the end;
//! every character may be percent-encoded. A parameter that is not known is refused: whoever misspells a filter must not
//! get more than was meant. What goes in: a path and what stands behind the question mark. What comes out: an [`Ask`],
//! or a [`Fault`] with the number that the standard has for it.
//!
//! Start reading at [`parse`].

use std::collections::BTreeSet;

use crate::model::{AttributeId, Millis, SeriesPattern};

pub mod filter;
pub mod name;
pub mod sort;
mod params;
mod path;
#[cfg(test)]
mod tests;

pub use filter::Filter;
pub use name::{Kind, Names, Versions};
pub use params::Params;
pub use sort::Sort;

/// Bytes of the longest address that is read.
pub const MAX_ADDRESS: usize = 8192;

/// Why a question is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The standard's number.
    pub code: u16,
    /// What was wrong, and what to do.
    pub message: String,
}

impl Fault {
    /// There is nothing of this name.
    pub fn nothing(message: impl Into<String>) -> Self {
        Self { code: 100, message: message.into() }
    }

    /// The answer would be too large.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self { code: 130, message: message.into() }
    }

    /// The question breaks the standard's grammar.
    pub fn syntax(message: impl Into<String>) -> Self {
        Self { code: 140, message: message.into() }
    }

    /// The question is well-formed and makes no sense.
    pub fn semantic(message: impl Into<String>) -> Self {
        Self { code: 150, message: message.into() }
    }

    /// The standard has it, this node does not.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self { code: 501, message: message.into() }
    }
}

/// Which grammar a path follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// SDMX-REST 1.x, for SDMX 2.1.
    First,
    /// SDMX-REST 2.x, for SDMX 3.
    Second,
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// For structures.
    Structure(Structure),
    /// For figures.
    Data(Data),
    /// For what figures there are.
    Availability(Availability),
    /// For the schema of structure-specific data.
    Schema(Schema),
}

/// How much of a structure is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Everything.
    #[default]
    Full,
    /// Names alone, of what is asked for and of what comes with it.
    AllStubs,
    /// Names alone, of what comes with it.
    ReferenceStubs,
    /// As [`Detail::AllStubs`]; here a stub tells all that there is beside its content.
    AllCompleteStubs,
    /// As [`Detail::ReferenceStubs`], in the same way.
    ReferenceCompleteStubs,
    /// Of lists that come with it, the items that are used.
    ReferencePartial,
    /// As it is stored: nothing is put in that stands elsewhere.
    Raw,
}

/// What comes with what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum References {
    /// Nothing.
    #[default]
    None,
    /// What names it.
    Parents,
    /// What names it, and what those name.
    ParentsAndSiblings,
    /// What names it, and what names those, to the end.
    Ancestors,
    /// What it names.
    Children,
    /// What it names, and what those name, to the end.
    Descendants,
    /// All of these.
    All,
    /// What has to do with it and is of these kinds.
    Kinds(Vec<Kind>),
}

/// A question for structures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// Of which grammar.
    pub generation: Generation,
    /// What kinds; empty for all.
    pub kinds: Vec<Kind>,
    /// Who maintains it.
    pub agencies: Names,
    /// Its id.
    pub ids: Names,
    /// Its version.
    pub versions: Versions,
    /// Items of a scheme or a list.
    pub items: Names,
    /// How much is told.
    pub detail: Detail,
    /// What comes with it.
    pub references: References,
    /// The form of the answer, where the address says it.
    pub format: Option<String>,
}

/// By what data are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// A dataflow.
    Dataflow,
    /// A data structure: all data that follow it.
    DataStructure,
    /// A provision agreement.
    ProvisionAgreement,
    /// Whichever it is.
    Any,
}

/// What data are asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Of which grammar.
    pub generation: Generation,
    /// By what.
    pub context: Context,
    /// Who maintains it.
    pub agencies: Names,
    /// Its id.
    pub ids: Names,
    /// Its version.
    pub versions: Versions,
    /// The form of the answer, where the address says it.
    pub format: Option<String>,
}

/// A question for the schema of structure-specific data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Of what.
    pub target: Target,
    /// Whether each observation has its whole key.
    pub is_flat: bool,
}

/// Which observations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// Keys with gaps, one of which a series must follow; empty for every series.
    pub keys: Vec<SeriesPattern>,
    /// Who provides them: agency and id, or id alone; empty for everybody.
    pub providers: Vec<String>,
    /// Conditions on components, all of which must hold.
    pub filters: Vec<Filter>,
    /// What was released after this moment.
    pub updated_after: Option<Millis>,
}

/// How many observations of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// So many from its beginning.
    pub first: Option<usize>,
    /// So many up to its end.
    pub last: Option<usize>,
}

/// How much of figures is told. See [`crate::sdmx::data::Detail`].
pub use crate::sdmx::data::Detail as DataDetail;

/// A question for figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Of what.
    pub target: Target,
    /// Which.
    pub selection: Selection,
    /// How many of each series.
    pub ends: Ends,
    /// Whether each observation has its whole key.
    pub is_flat: bool,
    /// How much is told.
    pub detail: DataDetail,
    /// Which attributes; nothing for all.
    pub attributes: Option<BTreeSet<AttributeId>>,
    /// Every version.
    pub history: bool,
    /// As they were then.
    pub as_of: Option<Millis>,
    /// Observations, or series where those alone are told, that are passed over.
    pub offset: u64,
    /// And told at most.
    pub limit: Option<u64>,
    /// In which order.
    pub sort: Sort,
}

/// A question for what figures there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Availability {
    /// Of what.
    pub target: Target,
    /// Which.
    pub selection: Selection,
    /// The components that are told; empty for all.
    pub components: Vec<String>,
    /// What comes with it: kinds of structure, [`Kind::Dataflow`] among them.
    pub references: References,
    /// Whether of each component also what could be chosen beside what is chosen is told, while all else that is chosen
    /// stays: `mode=available` of the standard.
    pub is_open: bool,
}

/// Reads a question: the path behind the base, still percent-encoded, and what stands behind the question mark.
///
/// # Errors
/// [`Fault`] with the standard's number: 140 where the grammar is broken, 501 for what this node does not have.
pub fn parse(path: &str, query: Option<&str>) -> Result<Ask, Fault> {
    if path.len() + query.map_or(0, str::len) > MAX_ADDRESS {
        return Err(Fault::too_large(format!(
            "the address is longer than {MAX_ADDRESS} bytes: ask in parts"
        )));
    }
    path::ask(&path::segments(path)?, Params::read(query.unwrap_or_default())?)
}
