//! The precedence: each layer lies over the one before, and every key remembers where it was set.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;
use super::section::Sections;

/// How the names of variables begin that are settings of the node.
const PREFIX: &str = "CORRIDOR_";

/// The key whose value is a secret, in errors too.
pub(super) const SECRET: &str = "protection.concentration";

/// Settings while they are put together.
pub(super) struct Layers {
    /// Every section with every key, as far as it has been put together.
    table: Table,
    pub(super) sections: Sections,
    /// Where a key (`section.key`) was set; absent means it has its default.
    places: BTreeMap<String, String>,
}

impl Layers {
    /// The defaults alone.
    pub(super) fn new() -> Self {
        let sections = Sections::default();
        let table = Table::try_from(&sections).expect("the sections are tables of text, numbers and lists");
        Self { table, sections, places: BTreeMap::new() }
    }

    /// Lays a file over.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let table = text
            .parse::<Table>()
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), message: fault(&text, &error) })?;
        let place = path.display().to_string();
        for (section, keys) in table {
            let Value::Table(keys) = keys else {
                return Err(self.unknown(&place, &section, None));
            };
            self.known_section(&place, &section)?;
            for (key, value) in keys {
                self.set(&place, (&section, &key), |_| Ok(value))?;
            }
        }
        Ok(())
    }

    /// Lays the environment's variables over, in the order of their names.
    pub(super) fn environment(
        &mut self,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        // Other programs may have variables of this prefix too; what names one of our sections is meant for us.
        let sections: Vec<String> = self.table.keys().map(|section| section.to_ascii_uppercase()).collect();
        let ours = |name: &str| {
            let section =
                name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).map(|(section, _)| section);
            section.is_some_and(|section| sections.iter().any(|known| known == section))
        };
        let variables: BTreeMap<String, String> = env.filter(|(name, _)| ours(name)).collect();
        for (name, value) in variables {
            let place = format!("environment variable {name}");
            let key = name.trim_start_matches(PREFIX).to_ascii_lowercase();
            // No section has an underscore in its name, so the first one ends it.
            let (section, key) = key.split_once('_').unwrap_or((&key, ""));
            self.known_section(&place, section)?;
            self.set(&place, (section, key), |default| read(&value, default))?;
        }
        Ok(())
    }

    /// Lays one flag over.
    pub(super) fn flag(&mut self, section: &str, key: &str, value: &str) -> Result<(), ConfigError> {
        let place = "command line".to_owned();
        self.known_section(&place, section)?;
        self.set(&place, (section, key), |default| read(value, default))
    }

    /// Whether anybody set this key (`section.key`).
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// The error for a value of this key, with the place where it was set.
    pub(super) fn refuse(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        let place = self.places.get(key).cloned().unwrap_or_else(|| "default".to_owned());
        ConfigError::Value { place, key: key.to_owned(), reason: reason.into() }
    }

    /// Sets one key to what `value` makes, given what the key held, and reads the sections again, so that a value
    /// of the wrong kind is found here and blamed on its place.
    fn set(
        &mut self,
        place: &str,
        (section, key): (&str, &str),
        value: impl FnOnce(&Value) -> Result<Value, String>,
    ) -> Result<(), ConfigError> {
        let name = format!("{section}.{key}");
        let held = self.table.get_mut(section).and_then(|keys| keys.get_mut(key));
        let Some(held) = held else {
            return Err(self.unknown(place, section, Some(key)));
        };
        let refused = |reason| ConfigError::Value { place: place.to_owned(), key: name.clone(), reason };
        *held = value(held).map_err(refused)?;
        self.sections = Sections::deserialize_from(&self.table).map_err(|reason| {
            refused(if name == SECRET {
                "is not allowed: it must be text, in quotes".to_owned()
            } else {
                reason
            })
        })?;
        self.places.insert(name, place.to_owned());
        Ok(())
    }

    fn known_section(&self, place: &str, section: &str) -> Result<(), ConfigError> {
        if self.table.contains_key(section) { Ok(()) } else { Err(self.unknown(place, section, None)) }
    }

    fn unknown(&self, place: &str, section: &str, key: Option<&str>) -> ConfigError {
        let names = |table: &Table| table.keys().cloned().collect::<Vec<_>>().join(", ");
        let (key, hint) = match (key, self.table.get(section).and_then(Value::as_table)) {
            (Some(key), Some(keys)) => {
                (format!("{section}.{key}"), format!("[{section}] has {}", names(keys)))
            }
            (_, Some(_)) => {
                (section.to_owned(), format!("[{section}] is a section, its keys stand below it"))
            }
            (_, None) => (section.to_owned(), format!("the sections are {}", names(&self.table))),
        };
        ConfigError::UnknownKey { place: place.to_owned(), key, hint }
    }
}

impl Sections {
    fn deserialize_from(table: &Table) -> Result<Self, String> {
        table.clone().try_into().map_err(|error: toml::de::Error| {
            let message = error.message().trim();
            format!("is not allowed: {message}")
        })
    }
}

/// What is wrong with a text that is not TOML, and where: without the line itself, on which a secret may stand.
fn fault(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message().trim())
}

/// Reads a value that comes as bare text: TOML of the kind that the key takes; else text as it stands, where the key
/// takes text, or a list of texts parted by commas, where it takes a list.
fn read(text: &str, held: &Value) -> Result<Value, String> {
    let written = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    match (held, written) {
        (Value::String(_), Some(value @ Value::String(_)))
        | (Value::Array(_), Some(value @ Value::Array(_))) => Ok(value),
        (Value::String(_), _) => Ok(Value::String(text.to_owned())),
        (Value::Array(_), Some(value @ Value::String(_))) => Ok(Value::Array(vec![value])),
        (Value::Array(_), _) => {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            Ok(Value::Array(words.map(|word| Value::String(word.to_owned())).collect()))
        }
        (_, Some(value)) => Ok(value),
        (_, None) => Err(format!("is not allowed: {text:?} is no {}", held.type_str())),
    }
}
