//! What an indicator is, in plain words.
//!
//! The sentences are data, `config/explain.csv`, in three languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Breakdown, Indicator, get};
use crate::model::codelist::Language;

/// An indicator in plain English, French and Spanish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    indicator: &'static Indicator,
}

/// One fact about an indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the fact is about, the same word in every language: `name`, `mirror`, ….
    pub field: &'static str,
    /// The same as a heading.
    pub label: &'static str,
    /// The fact.
    pub text: String,
}

/// What a core indicator is; `None` if the catalogue has no such code.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    get(code).map(|indicator| Explanation { indicator })
}

/// The facts in the order in which a reader wants them.
const FIELDS: [&str; 12] = [
    "code",
    "name",
    "definition",
    "source",
    "unit",
    "freq",
    "kind",
    "side",
    "mirror",
    "dims",
    "rule",
    "sens",
];

impl Explanation {
    /// The line of the catalogue.
    #[must_use]
    pub const fn indicator(&self) -> &'static Indicator {
        self.indicator
    }

    /// All facts in a language.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<Line> {
        FIELDS
            .map(|field| Line {
                field,
                label: sentence("label", field, language),
                text: self.fact(field, language),
            })
            .into()
    }

    /// All facts in a language as one text, a line each.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        self.lines(language).iter().map(|line| format!("{}: {}\n", line.label, line.text)).collect()
    }

    fn fact(&self, field: &str, language: Language) -> String {
        let it = self.indicator;
        let say = |id: &str| sentence(field, id, language).to_owned();
        match field {
            "code" => it.code().to_owned(),
            "name" => it.name(language).to_owned(),
            "definition" => english(it.definition(), language),
            "source" => it.source().to_owned(),
            "unit" => say(it.unit()),
            "freq" => say(it.freq()),
            "kind" => say(it.kind.id()),
            "side" => say(it.side.id()),
            "mirror" => self.mirror(language),
            "dims" => breakdowns(&it.dims, language),
            "rule" => say(it.rule.id()),
            _ => say(it.sens.id()),
        }
    }

    fn mirror(&self, language: Language) -> String {
        let mirror = &self.indicator.mirror;
        let code = mirror.code().unwrap_or_default();
        let name = get(code).map_or("", |other| other.name(language));
        sentence("mirror", mirror.id(), language).replace("{code}", code).replace("{name}", name)
    }
}

/// The definitions are kept in one language, so that there is one wording to agree on.
fn english(definition: &str, language: Language) -> String {
    format!("{definition} {}", sentence("note", "english", language)).trim_end().to_owned()
}

fn breakdowns(dims: &[Breakdown], language: Language) -> String {
    let words: Vec<&str> = dims.iter().map(|d| sentence("dims", d.id(), language)).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

/// What the sentences are about and which one: `("rule", "D5")`.
type Sentences = HashMap<(Box<str>, Box<str>), [Box<str>; 3]>;

const TEXT: &str = include_str!("../../../config/explain.csv");

static SENTENCES: LazyLock<Sentences> = LazyLock::new(|| {
    csv::Reader::from_reader(TEXT.as_bytes())
        .into_records()
        .map(|row| {
            let row = row.expect("the sentences in config are well-formed CSV: the tests read all");
            let cell = |at: usize| row.get(at).unwrap_or_default().into();
            ((cell(0), cell(1)), [cell(2), cell(3), cell(4)])
        })
        .collect()
});

/// A sentence; empty if there is none, which the tests exclude for every word of the catalogue.
fn sentence(what: &str, id: &str, language: Language) -> &'static str {
    let texts = SENTENCES.get(&(Box::from(what), Box::from(id)));
    texts.map_or("", |texts| texts.get(language as usize).unwrap_or(&texts[0]))
}

/// The policy sectors, in the order of `config/explain.csv`.
#[must_use]
pub fn sectors() -> &'static [&'static str] {
    static SECTORS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        TEXT.lines().filter_map(|line| line.strip_prefix("sector,")?.split(',').next()).collect()
    });
    &SECTORS
}

/// The name of a policy sector; empty for one that is none.
#[must_use]
pub fn sector_name(sector: &str, language: Language) -> &'static str {
    sentence("sector", sector, language)
}

/// What kind of figure an indicator is, in a sentence.
#[must_use]
pub fn side_sentence(side: super::Side, language: Language) -> &'static str {
    sentence("side", side.id(), language)
}

/// A unit in words; its code if there are none.
#[must_use]
pub fn unit_name(unit: &str, language: Language) -> &str {
    let name = sentence("unit", unit, language);
    if name.is_empty() { unit } else { name }
}
