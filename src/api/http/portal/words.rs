//! What pages say: messages of `config/messages` in the reader's language, with numbers, times and names as that
//! language writes them.
//!
//! A message has a name, `corridor.differ`, and places for values, `{count}`. All languages have the same names with the
//! same places; the tests see to it, so a page never lacks a sentence.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::codelist::{self, Language};
use crate::model::{AttributeId, Decimal, Millis, catalogue};

/// Messages by name, of each working language.
static MESSAGES: LazyLock<[HashMap<String, String>; 3]> = LazyLock::new(|| TEXTS.map(read));

const TEXTS: [&str; 3] = [
    include_str!("../../../../config/messages/en.toml"),
    include_str!("../../../../config/messages/fr.toml"),
    include_str!("../../../../config/messages/es.toml"),
];

/// A narrow space that does not break, between thousands.
const NARROW: char = '\u{202f}';

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::http) struct Words(Language);

impl Words {
    /// In this language; in English for one in which there are no messages.
    pub(in crate::api::http) fn new(language: Language) -> Self {
        Self(if Language::WORKING.contains(&language) { language } else { Language::En })
    }

    /// The language.
    pub(super) fn language(self) -> Language {
        self.0
    }

    /// A message; its name if there is none.
    pub(super) fn say(self, name: &str) -> &'static str {
        let own = MESSAGES[self.0 as usize].get(name).map(String::as_str);
        own.unwrap_or_else(|| {
            tracing::error!(name, language = self.0.tag(), "a message is missing");
            "?"
        })
    }

    /// A message, if there is one of this name.
    pub(super) fn find(self, name: &str) -> Option<&'static str> {
        MESSAGES[self.0 as usize].get(name).map(String::as_str)
    }

    /// A message with its places filled.
    pub(super) fn fill(self, name: &str, values: &[(&str, &str)]) -> String {
        let (mut text, mut rest) = (String::new(), self.say(name));
        // Values are not looked through for places of others.
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((place, after)) = after.split_once('}') else { break };
            text.push_str(values.iter().find(|(name, _)| *name == place).map_or("", |(_, value)| value));
            rest = after;
        }
        text + rest
    }

    /// An exact decimal with its thousands set apart.
    pub(super) fn number(self, value: &Decimal) -> String {
        self.digits(&value.to_string())
    }

    /// A number beside an axis: whole where it is large.
    pub(super) fn axis(self, value: f64) -> String {
        let decimals = if value.fract().abs() < 1e-9 || value.abs() >= 1000.0 { 0 } else { 2 };
        self.digits(&format!("{value:.decimals$}"))
    }

    /// A count.
    pub(super) fn count(self, count: u64) -> String {
        self.digits(&count.to_string())
    }

    /// Digits as they are written in messages of the API: a minus, digits, a point, digits.
    pub(super) fn digits(self, plain: &str) -> String {
        let (sign, plain) = plain.strip_prefix('-').map_or(("", plain), |rest| ("\u{2212}", rest));
        let (whole, part) = plain.split_once('.').map_or((plain, None), |(whole, part)| (whole, Some(part)));
        let (between, point) = if self.0 == Language::En { (',', '.') } else { (NARROW, ',') };
        let mut text = String::with_capacity(plain.len() + plain.len() / 3 * 3);
        text.push_str(sign);
        for (at, digit) in whole.chars().enumerate() {
            // Four digits stay together, as years and small numbers are read.
            if at > 0 && (whole.len() - at) % 3 == 0 && (whole.len() > 4 || self.0 == Language::En) {
                text.push(between);
            }
            text.push(digit);
        }
        if let Some(part) = part {
            text.push(point);
            text.push_str(part);
        }
        text
    }

    /// A day in UTC, as ISO 8601 writes it: the same in every language.
    pub(super) fn day(self, time: Millis) -> String {
        time.to_string().chars().take(10).collect()
    }

    /// A moment in UTC to the minute.
    pub(super) fn moment(self, time: Millis) -> String {
        let text = time.to_string();
        match (text.get(..10), text.get(11..16)) {
            (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
            _ => text,
        }
    }

    /// The name of a country or group; its code if it has none.
    pub(super) fn area(self, code: &str) -> String {
        self.code(codelist::counterpart(), code)
    }

    /// The name of a code; the code if it has none.
    pub(super) fn code(self, list: &codelist::CodeList, code: &str) -> String {
        let Some(known) = list.get(code) else { return code.to_owned() };
        let own = known.name_in(self.0).or_else(|| self.of_list(list.id(), code));
        own.map(str::to_owned)
            .or_else(|| self.group_of(list, code))
            .unwrap_or_else(|| known.name().to_owned())
    }

    /// The name of the group that a code lies in by its first characters, and the code: the finest occupations have
    /// official names in English alone here.
    fn group_of(self, list: &codelist::CodeList, code: &str) -> Option<String> {
        let above = (1..code.len()).rev().filter_map(|end| list.get(code.get(..end)?)?.name_in(self.0));
        above.map(|name| format!("{name} ({code})")).next()
    }

    /// What the messages say of a code whose list is in English alone.
    fn of_list(self, list: &str, code: &str) -> Option<&'static str> {
        let list = list.split_once(':').map_or(list, |(_, name)| name);
        let list = list.split('(').next().unwrap_or(list);
        let messages = &MESSAGES[self.0 as usize];
        let of = |list: &str| messages.get(&format!("code.{list}.{code}"));
        of(list).or_else(|| of("any")).map(String::as_str)
    }

    /// What an observation's status says.
    pub(super) fn status(self, code: &str) -> &'static str {
        self.say(&format!("status.{code}"))
    }

    /// The name of an attribute.
    pub(super) fn attribute(self, id: AttributeId) -> &'static str {
        self.say(&format!("attribute.{}", id.id()))
    }

    /// The name of an indicator; its code if it is of no catalogue that is known here.
    pub(super) fn indicator(self, code: &str) -> String {
        catalogue::get(code).map_or(code, |one| one.name(self.0)).to_owned()
    }

    /// The first of the languages that somebody reads which has messages, by the header `Accept-Language`.
    pub(super) fn wanted(accept: &str, default: Language) -> Language {
        let mut best = (0_u16, default);
        for one in accept.split(',').take(MAX_LANGUAGES) {
            let mut parts = one.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let known = Language::from_tag(&primary).filter(|language| Language::WORKING.contains(language));
            if let Some(language) = known
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// Languages of one header that are looked at.
const MAX_LANGUAGES: usize = 20;

/// A weight of `0` to `1` with three decimals, in thousandths; what is none weighs nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u16>(), part.parse::<u16>()) {
        (Ok(0), Ok(part)) => part,
        (Ok(1), Ok(_)) => 1000,
        _ => 0,
    }
}

/// Messages by their names with dots, from tables of tables.
fn read(text: &str) -> HashMap<String, String> {
    let table: toml::Table = text.parse().expect("the messages in config are TOML: the tests read all");
    let mut all = HashMap::new();
    let mut open = vec![(String::new(), table)];
    while let Some((before, table)) = open.pop() {
        for (name, value) in table {
            let name = if before.is_empty() { name } else { format!("{before}.{name}") };
            match value {
                toml::Value::Table(inner) => open.push((name, inner)),
                toml::Value::String(text) => drop(all.insert(name, text)),
                other => unreachable!("messages are texts, which the tests see to, not {other}"),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::Dimension;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_has_every_message_with_the_same_places() {
        let [english, ..] = &*MESSAGES;
        assert!(english.len() > 50);
        for (language, messages) in Language::WORKING.iter().zip(&*MESSAGES) {
            let of = |messages: &HashMap<String, String>| -> BTreeSet<String> {
                messages.keys().cloned().collect()
            };
            assert_eq!(of(messages), of(english), "{language:?}");
            for (name, text) in messages {
                assert!(!text.trim().is_empty(), "{language:?} {name}");
                assert_eq!(places(text), places(&english[name]), "{language:?} {name}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_each_language_does() {
        let [en, fr, es] = [Language::En, Language::Fr, Language::Es].map(Words::new);
        for (plain, in_en, in_fr) in [
            ("0", "0", "0"),
            ("999", "999", "999"),
            ("1000", "1,000", "1000"),
            ("12345.60", "12,345.60", "12\u{202f}345,60"),
            ("-304021813", "\u{2212}304,021,813", "\u{2212}304\u{202f}021\u{202f}813"),
        ] {
            let value = Decimal::parse(plain).unwrap();
            assert_eq!(en.number(&value), in_en);
            assert_eq!(fr.number(&value), in_fr);
            assert_eq!(es.number(&value), in_fr);
        }
    }

    #[test]
    fn codes_of_series_have_names_in_every_language() {
        let lists = [
            codelist::freq(),
            codelist::sex(),
            codelist::age(),
            codelist::basis(),
            codelist::duration(),
            codelist::reason(),
            codelist::unit(),
            codelist::activity(),
            codelist::unit_mult(),
        ];
        let codes = ["A", "F", "Y0T17", "BIR", "M_GE12", "RET_VOL", "PS", "_Z", "3"];
        for (list, code) in lists.into_iter().zip(codes) {
            let [en, fr, es] =
                [Language::En, Language::Fr, Language::Es].map(|l| Words::new(l).code(list, code));
            assert!(en != fr && en != es && fr != es && en != code, "{code}: {en}, {fr}, {es}");
        }
    }

    #[test]
    fn no_code_that_a_page_shows_has_an_english_name_elsewhere() {
        let dimensions = Dimension::ALL.iter().filter_map(|one| one.codelist());
        let attributes = AttributeId::ALL.iter().filter_map(|one| one.codelist());
        let shown = |id: &str| !UNSHOWN.iter().any(|one| id.contains(one));
        let lists = dimensions.chain(attributes).chain([codelist::need()]).filter(|list| shown(list.id()));
        let (mut seen, mut same) = (0, 0);
        for list in lists {
            for code in list.codes().iter().filter(|code| !is_rare(list.id(), code.id())) {
                for language in [Language::Fr, Language::Es] {
                    let words = Words::new(language);
                    let own = code.name_in(language).or_else(|| words.of_list(list.id(), code.id()));
                    let has = own.is_some() || words.group_of(list, code.id()).is_some();
                    assert!(has, "{} {} in {language:?}", list.id(), code.id());
                    seen += 1;
                    same += usize::from(own == Some(code.name()));
                }
            }
        }
        assert!(seen > 2_000 && same * 3 < seen, "{same} of {seen} are as in English");
        let fr = Words::new(Language::Fr);
        assert_eq!(fr.code(codelist::occupation(), "OC2211"), "Spécialistes de la santé (OC2211)");
        assert_eq!(fr.code(codelist::activity(), "F"), "Construction");
        assert_eq!(
            (fr.area("150"), fr.area("202")),
            ("Europe".to_owned(), "Afrique subsaharienne".to_owned())
        );
    }

    /// Attributes that have messages of their own, or that no page shows.
    const UNSHOWN: [&str; 3] = ["CL_OBS_STATUS", "CL_CONF_STATUS", "CL_DECIMALS"];

    /// Powers of ten that no figure has.
    fn is_rare(list: &str, code: &str) -> bool {
        list.contains("CL_UNIT_MULT") && code.parse::<i32>().is_ok_and(|power| !(-3..=12).contains(&power))
    }

    #[test]
    fn values_are_not_looked_through_for_places() {
        let words = Words::new(Language::En);
        let text = words.fill("title.corridor", &[("origin", "{destination}"), ("destination", "B")]);
        assert!(text.contains("{destination}") && text.contains('B'), "{text}");
    }

    #[test]
    fn the_language_is_the_one_that_weighs_most() {
        for (accept, wanted) in [
            ("", Language::Es),
            ("fr-CH, fr;q=0.9, en;q=0.8", Language::Fr),
            ("de, en;q=0.3", Language::En),
            ("EN;q=0.2,es;q=0.25", Language::Es),
            ("ar,*;q=0.5", Language::Es),
            ("fr;q=0", Language::Es),
            ("fr;q=x;y,,;", Language::Es),
        ] {
            assert_eq!(Words::wanted(accept, Language::Es), wanted, "{accept:?}");
        }
    }
}
