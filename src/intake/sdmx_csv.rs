//! SDMX-CSV 1.0 and 2.x: what a header of it says of its columns.
//!
//! Both generations are tidy tables with columns before the dimensions, so that their rows are read as those of a tidy file
//! are. What differs stands in the header: `DATAFLOW` or `STRUCTURE` first, then the delimiter; `STRUCTURE[;]` names what
//! parts the values of a cell; `SEX: Sex` has the name beside the id, and so do then its cells; with `STRUCTURE_NAME` a
//! column of names stands behind every component. Cells hold `NaN` or `#N/A` for what is missing on purpose, and texts with
//! every blank in them.
//!
//! An action is none of the record's: `I`, `A`, `M`, `R` and no action all state what the row says. `D` takes back what was
//! released, which is an act of its own, so that a row with it is refused with the command to give.

use crate::intake::concept::Concept;
use crate::model::AttributeId;

/// The first columns, and others that say nothing of an observation: what a row is about, its key in one piece, and what
/// this program's own messages say of where an observation comes from.
const LEFT_OUT: [&str; 12] = [
    "DATAFLOW",
    "STRUCTURE",
    "STRUCTURE_ID",
    "STRUCTURE_NAME",
    "SERIES_KEY",
    "OBS_KEY",
    "PUBLISHER",
    "AGREEMENT",
    "RELEASED_AT",
    "ENTRY",
    "CITATION",
    "LAST UPDATE",
];

/// What stands for a value that is not there, where it is no number.
pub(super) const NOT_AVAILABLE: &str = "#N/A";

/// What is said of a row that takes back.
pub(super) const DELETE: &str =
    "ACTION D takes back what was released: remove the row, and use `corridor retract KEY PERIOD --reason …`";

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Not read.
    LeftOut,
    /// What is to be done with the row.
    Action,
    /// What its name says, written in this form.
    Named(Form),
}

/// How a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// As in a table: blanks around it do not count.
    #[default]
    Table,
    /// A code, behind which its name may stand: `F: Women`.
    Code,
    /// A text with every blank that it has.
    Text,
    /// One of several values between such separators. Only one can be taken.
    Several(u8),
    /// A text in several languages between such separators, each with its language before it: `en:Women`.
    Languages(u8),
}

impl Form {
    /// What a cell says.
    pub(super) fn said(self, word: &str) -> &str {
        match self {
            Self::Table => word,
            Self::Code | Self::Text | Self::Several(_) | Self::Languages(_) if word == NOT_AVAILABLE => "",
            Self::Text => word,
            Self::Code | Self::Several(_) => word.split_once(": ").map_or(word, |(code, _)| code),
            Self::Languages(_) => match word.split_once(':') {
                Some((language, text)) if language.len() == 2 => text,
                _ => word,
            },
        }
    }

    /// Why a cell cannot be taken as one value.
    pub(super) fn refuses(self, word: &str) -> Option<String> {
        let (separator, what) = match self {
            Self::Table | Self::Code | Self::Text => return None,
            Self::Several(separator) => (separator, "values"),
            Self::Languages(separator) => (separator, "languages"),
        };
        word.as_bytes()
            .contains(&separator)
            .then(|| format!("the cell has several {what}, and one can be taken: keep one of them"))
    }

    /// Whether blanks around a cell are part of it.
    pub(super) const fn keeps_blanks(self) -> bool {
        matches!(self, Self::Text)
    }

    /// The form of a component's cells.
    pub(super) fn of(concept: Concept) -> Self {
        match concept {
            Concept::Period | Concept::Value => Self::Table,
            Concept::Dimension(_) => Self::Code,
            Concept::Attribute(id) if id.codelist().is_some() => Self::Code,
            Concept::Attribute(AttributeId::CommentObs | AttributeId::SourceRef) => Self::Text,
            Concept::Attribute(AttributeId::DefId | AttributeId::DataProvider) => Self::Text,
            Concept::Attribute(_) => Self::Table,
        }
    }
}

/// The delimiter, if a file that starts so is SDMX-CSV: what stands behind the first column's name.
pub(super) fn delimiter(start: &[u8]) -> Option<u8> {
    let (quote, rest) = match start {
        [b'"', rest @ ..] => (1, rest),
        rest => (0, rest),
    };
    let name = ["DATAFLOW", "STRUCTURE"].into_iter().find(|name| rest.starts_with(name.as_bytes()))?;
    let mut rest = &rest[name.len()..];
    if let [b'[', _, b']', behind @ ..] = rest {
        rest = behind;
    }
    let after = *rest.get(quote)?;
    (!after.is_ascii_alphanumeric() && after != b'_' && after.is_ascii()).then_some(after)
}

/// The names of the columns without what stands beside them, and what each is for; nothing if it is another table.
pub(super) fn read(header: &csv::ByteRecord) -> Option<(csv::ByteRecord, Vec<Role>)> {
    let first = str::from_utf8(header.get(0)?).ok()?.trim();
    let separator = match first.strip_prefix("STRUCTURE") {
        _ if first == "DATAFLOW" => None,
        Some("") => None,
        Some(rest) => Some(*rest.strip_prefix('[')?.strip_suffix(']')?.as_bytes().first()?),
        None => return None,
    };
    let has_names = header.iter().any(|name| name.trim_ascii() == b"STRUCTURE_NAME");
    let (mut names, mut roles) = (csv::ByteRecord::new(), Vec::new());
    let mut is_named = false;
    for field in header {
        let field = field.trim_ascii();
        let text = String::from_utf8_lossy(field);
        let (name, role) = column(&text, separator);
        let own = Concept::parse(name);
        // The name of a component may be that of another one, but then it is not written as an id.
        let is_label = is_named && own.is_none_or(|concept| concept.id() != name);
        is_named = has_names && own.is_some() && !is_label;
        if is_label {
            names.push_field(b"");
            roles.push(Role::LeftOut);
        } else {
            // What is not UTF-8 is told by whoever reads the names.
            names.push_field(if field == text.as_bytes() { name.as_bytes() } else { field });
            roles.push(role);
        }
    }
    Some((names, roles))
}

/// The name of a column and its role.
fn column(text: &str, separator: Option<u8>) -> (&str, Role) {
    let name = text.split_once(": ").map_or(text, |(id, _)| id);
    let (name, several) = match name.split_once('[') {
        Some((id, rest)) if rest.ends_with(']') => (id, Some(rest.trim_end_matches(']'))),
        _ => (name, None),
    };
    if LEFT_OUT.contains(&name) {
        return (name, Role::LeftOut);
    }
    if name == "ACTION" {
        return (name, Role::Action);
    }
    let form = Concept::parse(name).map_or(Form::Table, Form::of);
    let form = match (several, separator) {
        (Some(""), Some(separator)) => Form::Several(separator),
        (Some(_), Some(separator)) => Form::Languages(separator),
        (Some(_) | None, _) => form,
    };
    (name, Role::Named(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(line: &str) -> Option<(Vec<String>, Vec<Role>)> {
        let fields: Vec<&str> = line.split(',').collect();
        let (names, roles) = read(&csv::ByteRecord::from(fields))?;
        Some((names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect(), roles))
    }

    #[test]
    fn a_header_tells_the_delimiter_and_the_generation() {
        for (start, found) in [
            ("DATAFLOW,FREQ", Some(b',')),
            ("DATAFLOW;FREQ", Some(b';')),
            ("STRUCTURE\tSTRUCTURE_ID", Some(b'\t')),
            ("STRUCTURE[;],STRUCTURE_ID", Some(b',')),
            ("\"STRUCTURE[;]\";STRUCTURE_ID", Some(b';')),
            ("STRUCTURES,FREQ", None),
            ("STRUCTURE", None),
            ("FREQ,REF_AREA", None),
        ] {
            assert_eq!(delimiter(start.as_bytes()), found, "{start}");
        }
        assert_eq!(header("FREQ,SEX"), None);
        assert_eq!(header("STRUCTURED,SEX"), None);
        assert!(header("DATAFLOW,SEX").is_some() && header("STRUCTURE[;],SEX").is_some());
    }

    #[test]
    fn names_lose_what_stands_beside_them() {
        use Role::{Action, LeftOut, Named};
        let both = header("STRUCTURE,STRUCTURE_ID,ACTION,SEX: Sex,COMMENT_OBS: Comment,PUBLISHER").unwrap();
        assert_eq!(both.0, ["STRUCTURE", "STRUCTURE_ID", "ACTION", "SEX", "COMMENT_OBS", "PUBLISHER"]);
        assert_eq!(both.1, [LeftOut, LeftOut, Action, Named(Form::Code), Named(Form::Text), LeftOut]);
        let name =
            header("STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,sex,Sex,AGE,Age,TIME_PERIOD,MINE").unwrap();
        assert_eq!(name.0[4..], ["sex", "", "AGE", "", "TIME_PERIOD", ""]);
        let several = header("STRUCTURE[;],STRUCTURE_ID,SOURCE_REF[en;fr],COMMENT_OBS[]").unwrap();
        assert_eq!(several.0[2..], ["SOURCE_REF", "COMMENT_OBS"]);
        assert_eq!(several.1[2..], [Named(Form::Languages(b';')), Named(Form::Several(b';'))]);
    }

    #[test]
    fn cells_say_their_code_or_one_of_several_values() {
        assert_eq!(Form::Code.said("F: Women"), "F");
        assert_eq!(Form::Code.said("PHL:OWN"), "PHL:OWN");
        assert_eq!(Form::Text.said(" a: b "), " a: b ");
        assert_eq!(Form::Languages(b';').said("en:a: b"), "a: b");
        assert_eq!(Form::Text.said(NOT_AVAILABLE), "");
        assert!(Form::Several(b';').refuses("a;b").is_some() && Form::Several(b';').refuses("a").is_none());
    }
}
