//! What the operator's pages say, made of the node's answers to the questions of their sections.

mod agreements;
mod basis;
mod crises;
mod crisis;
mod faults;
mod lists;
mod node;
mod partners;
mod submissions;

use maud::{Markup, html};
use serde_json::Value;

pub(super) use self::crisis::KINDS;
use super::frame::moment;
use super::section::Section;
use crate::api::http::portal::pages::table;
use crate::api::http::portal::words::Words;
use crate::feed::AgreementId;
use crate::model::{Dimension, codelist};
use crate::node::crisis::SAID;
use crate::node::metrics::Metric;

/// What a page is made of.
pub(super) struct Facts<'a> {
    /// The words.
    pub(super) words: Words,
    /// The answers, in the order of the section's questions.
    pub(super) answers: &'a [Value],
    /// Why the node is not ready, if it is not.
    pub(super) not_ready: Option<String>,
    /// What is counted.
    pub(super) metrics: Vec<Metric>,
}

impl Facts<'_> {
    /// An answer; nothing if there is none.
    fn answer(&self, at: usize) -> &Value {
        self.answers.get(at).unwrap_or(&Value::Null)
    }

    fn say(&self, name: &str) -> &'static str {
        self.words.say(&format!("operator.{name}"))
    }

    /// A code of a closed set in the reader's words; what has none is in the node's own, which are English.
    fn coded(&self, set: &str, code: &str) -> Markup {
        match self.words.find(&format!("operator.{set}.{}", name_of(code))) {
            Some(text) => html! { (text) },
            None => english(code),
        }
    }

    /// The name of a field of an answer.
    fn field(&self, name: &str) -> Markup {
        match self.words.find(&format!("operator.field.{name}")) {
            Some(text) => html! { (text) },
            None => html! { code lang="en" { (name) } },
        }
    }

    /// The address of a page of the operator's.
    fn href(&self, section: &Section) -> String {
        format!("/{}/{}", self.words.language().tag(), section.path())
    }

    /// A link to it.
    fn link(&self, section: &Section, text: &str) -> Markup {
        html! { a href=(self.href(section)) { (text) } }
    }
}

/// The content of a page.
pub(super) fn body(section: &Section, facts: &Facts<'_>) -> Markup {
    match section {
        Section::Overview => node::overview(facts),
        Section::Partners => partners::all(facts),
        Section::Partner(_) => partners::one(facts),
        Section::Agreements => agreements::all(facts),
        Section::Agreement(_) => agreements::one(facts),
        Section::Deliveries => partners::deliveries(facts),
        Section::Submissions => submissions::all(facts),
        Section::Faults => faults::all(facts),
        Section::Crises => crises::all(facts),
        Section::Crisis(_) => crisis::one(facts),
        Section::Rests(lane, _) => basis::rests(facts, lane),
        Section::Bulletin(lane, ..) => basis::bulletin(facts, lane),
        Section::Proof(stated) => basis::proof(facts, stated),
        Section::Audit => submissions::audit(facts),
        Section::Health => node::health(facts),
    }
}

/// What a page is called.
pub(super) fn title(section: &Section, facts: &Facts<'_>) -> String {
    let name = facts.answer(0)["name"].as_str();
    match (section, name) {
        (Section::Crisis(_), Some(name)) => name.to_owned(),
        (Section::Rests(_, figure), Some(name)) => format!("{name}: {}", basis::called(facts, figure)),
        (Section::Bulletin(_, publisher, id), Some(name)) => {
            format!("{name}: {id}, {}", facts.words.area(publisher))
        }
        (Section::Proof(stated), _) => {
            let values =
                [("country", facts.words.area(&stated.country)), ("period", stated.period.to_string())];
            facts
                .words
                .fill("title.evidence", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        (section, _) => facts.say(&format!("title.{}", section.word())).to_owned(),
    }
}

/// How a field is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it came.
    Text,
    /// The first digits of an id or hash.
    Code,
    /// A count.
    Count,
    /// A moment.
    Time,
    /// A country by its name.
    Country,
    /// Names of countries.
    Countries,
    /// How long ago, in seconds.
    Age,
    /// A kind of figure of a crisis.
    Kind,
    /// A need, by its code.
    Need,
    /// A code of a dimension by its name.
    Of(Dimension),
    /// A code of a closed set, whose messages have this name.
    Coded(&'static str),
    /// A sentence of the node's own.
    English,
    /// The name of a file that was put in.
    File,
}

/// A table with a column for each field: its message, its name in the answer, its form. The first column names the row.
fn rows(facts: &Facts<'_>, caption: &str, columns: &[(&str, &str, Form)], all: &[Value]) -> Markup {
    linked(facts, caption, columns, all, &|_, _| None)
}

/// The same, where fields of a row may lead to a page.
fn linked(
    facts: &Facts<'_>,
    caption: &str,
    columns: &[(&str, &str, Form)],
    rows: &[Value],
    link: &dyn Fn(&Value, &str) -> Option<Section>,
) -> Markup {
    if rows.is_empty() {
        return html! { p { (facts.words.say("word.none")) } };
    }
    let class = |form: Form| match form {
        Form::Count | Form::Age => "n",
        Form::Time => "when",
        Form::Text
        | Form::Code
        | Form::Country
        | Form::Countries
        | Form::Kind
        | Form::Need
        | Form::Of(_)
        | Form::Coded(_)
        | Form::English
        | Form::File => "t",
    };
    let head = html! { tr { @for (name, _, form) in columns { th.(class(*form)) scope="col" { (facts.say(&format!("field.{name}"))) } } } };
    let shown = |row: &Value, field: &str, form: Form| {
        let text = cell(facts, &row[field], form);
        match link(row, field).filter(|_| !row[field].is_null()) {
            Some(section) => html! { a.figure href=(facts.href(&section)) { (text) } },
            None => text,
        }
    };
    let body = html! { @for row in rows { tr {
        @for (at, (_, field, form)) in columns.iter().enumerate() {
            @if at == 0 { th.id[is_short(&row[*field])] scope="row" { (shown(row, field, *form)) } }
            @else { td.(class(*form)).id[is_short(&row[*field])] { (shown(row, field, *form)) } }
        }
    } } };
    table(caption, &head, &body)
}

/// A field.
fn cell(facts: &Facts<'_>, value: &Value, form: Form) -> Markup {
    let words = facts.words;
    match (value, form) {
        (Value::Null, _) => html! { "\u{2013}" },
        (Value::Array(all), _) if all.is_empty() => html! { "\u{2013}" },
        (Value::Bool(yes), _) => html! { (words.say(if *yes { "word.yes" } else { "word.no" })) },
        (Value::Number(number), Form::Count) => html! { (words.digits(&number.to_string())) },
        (Value::String(text), Form::Code) => html! { code title=(text) { (short(text)) } },
        (Value::String(text), Form::Time) => html! { (moment(words, text)) },
        (Value::Number(seconds), Form::Age) => html! { (age(words, seconds.as_i64().unwrap_or_default())) },
        (Value::String(kind), Form::Kind) => html! { (facts.say(&format!("crisis.{kind}"))) },
        (Value::String(code), Form::Need) => html! { (need(facts, code)) },
        (Value::String(code), Form::Of(dimension)) => {
            html! { (dimension.codelist().map_or_else(|| code.clone(), |list| words.code(list, code))) }
        }
        (Value::String(code), Form::Coded(set)) => facts.coded(set, code),
        (Value::String(_), Form::File) => file(facts, value),
        (Value::String(text), Form::English) => english(text),
        (Value::String(text), Form::Country | Form::Countries) => html! { (words.area(text)) },
        (Value::Array(all), Form::Countries) => {
            let names: Vec<String> =
                all.iter().filter_map(Value::as_str).map(|code| words.area(code)).collect();
            html! { (names.join(", ")) }
        }
        (Value::Array(all), form) => html! {
            @for (at, one) in all.iter().enumerate() { @if at > 0 { ", " } (cell(facts, one, form)) }
        },
        (Value::String(text), _) => html! { (text) },
        (Value::Number(_), _) => html! { (value.to_string()) },
        (Value::Object(_), _) => html! { code { (value.to_string()) } },
    }
}

/// A word or sentence of the node's own, to be read aloud as what it is.
fn english(text: &str) -> Markup {
    html! { span lang="en" { (text) } }
}

/// The name of the message of a code.
fn name_of(code: &str) -> String {
    code.replace([' ', '-'], "_")
}

/// An agreement of a row by its name; those that no text has made have names of ours.
fn agreement(facts: &Facts<'_>, row: &Value) -> Markup {
    let is = |id: AgreementId| row["agreement"].as_str().is_some_and(|text| text == id.to_hex());
    match row["with"].as_str() {
        _ if is(AgreementId::public()) => html! { (facts.say("standard.public")) },
        _ if is(AgreementId::house()) => html! { (facts.say("standard.house")) },
        Some(with) => html! {
            (facts.words.fill("operator.standard.correspondence", &[("country", &facts.words.area(with))]))
        },
        None => cell(facts, &row["agreement_name"], Form::Text),
    }
}

/// The name of a file that was put in.
fn file(facts: &Facts<'_>, name: &Value) -> Markup {
    match name.as_str() {
        Some(SAID) => html! { (facts.say("standard.said")) },
        _ => cell(facts, name, Form::Text),
    }
}

/// Facts in a list: message and field of an answer.
fn facts_of(facts: &Facts<'_>, fields: &[(&str, &str, Form)], answer: &Value) -> Markup {
    html! { dl.facts { @for (name, field, form) in fields {
        dt { (facts.say(&format!("field.{name}"))) } dd { (cell(facts, &answer[*field], *form)) }
    } } }
}

/// The items of an answer's list.
fn list<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer[field].as_array().map_or(&[], Vec::as_slice)
}

/// A need in the words of those who help; whatever else stands in its place as its list has it.
fn need(facts: &Facts<'_>, code: &str) -> String {
    match code {
        "STRAND" | "DOC" | "MED" | "SHELT" | "FOOD" | "PROT" | "DETN" | "MISS" | "TRANS" | "WAGE" => {
            facts.say(&format!("need.{code}")).to_owned()
        }
        other => facts.words.code(codelist::reason(), other),
    }
}

/// How long ago something was, in the largest unit that fits.
fn age(words: Words, seconds: i64) -> String {
    let (unit, name) = match seconds.max(0) {
        0..7_200 => (60, "minutes"),
        7_200..172_800 => (3_600, "hours"),
        _ => (86_400, "days_ago"),
    };
    words.fill(
        &format!("operator.crisis.{name}"),
        &[("n", &words.digits(&(seconds.max(0) / unit).to_string()))],
    )
}

/// Whether it is one short word, such as a code, which is not broken at its dashes.
fn is_short(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() <= MAX_WORD && !text.contains(char::is_whitespace))
}

/// The longest word that is kept on one line.
const MAX_WORD: usize = 24;

/// Enough of an id to tell two apart by eye.
fn short(text: &str) -> String {
    if text.len() == 64 { text[..12].to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Purpose;
    use crate::model::codelist::Language;
    use crate::node::agreements::STANDINGS;
    use crate::node::metrics::{Counters, Figures};
    use crate::node::{ActName, FaultKind, KeyState, NodeError, NodeState, Role};
    use crate::policy::{Reason, Why};

    /// Every closed set of codes of the node, by the name of its messages.
    fn sets() -> Vec<(&'static str, Vec<&'static str>)> {
        let counted = Counters::default().metrics(Figures::default());
        vec![
            ("crisis", STANDINGS.to_vec()),
            ("state", NodeState::ALL.map(NodeState::as_str).to_vec()),
            ("role", Role::ALL.map(Role::as_str).to_vec()),
            ("key_state", KeyState::ALL.map(KeyState::as_str).to_vec()),
            ("purpose", Purpose::ALL.map(Purpose::as_str).to_vec()),
            ("erased", Why::ALL.map(Why::code).to_vec()),
            ("withheld", Reason::ALL.map(Reason::code).to_vec()),
            ("fault", FaultKind::ALL.iter().map(|kind| kind.code()).collect()),
            ("act", ActName::ALL.iter().map(|act| act.as_str()).collect()),
            ("refusal", [&NodeError::CODES[..], &["check"]].concat()),
            ("counter", counted.iter().map(|metric| metric.name).collect()),
            ("from", vec!["terminal", "socket", "http", "network", "start"]),
        ]
    }

    #[test]
    fn every_code_of_the_node_has_words_in_every_language() {
        for (set, codes) in sets() {
            assert!(codes.len() > 2, "{set}");
            for code in codes {
                for language in Language::WORKING {
                    let name = format!("operator.{set}.{}", name_of(code));
                    assert!(Words::new(language).find(&name).is_some(), "{name} in {language:?}");
                }
            }
        }
    }
}
