//! The commented file that a new node gets.

use toml::Value;

/// Every key at its default, with what it means.
pub(super) const NODE: &str = include_str!("../../config/node.toml");

/// The file with these keys set.
pub(super) fn text(listen: &[String], http: &str, public: &[String]) -> String {
    let list = |texts: &[String]| Value::Array(texts.iter().cloned().map(Value::String).collect());
    let set = [
        ("net", "listen", list(listen)),
        ("http", "listen", Value::String(http.to_owned())),
        ("release", "public", list(public)),
    ];
    let mut section = "";
    let mut text = String::with_capacity(NODE.len() + 256);
    for line in NODE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        let is_set =
            |key: &str| line.strip_prefix('#').is_some_and(|line| line.starts_with(&format!("{key} = ")));
        match set.iter().find(|(name, key, _)| *name == section && is_set(key)) {
            Some((_, key, value)) => text.push_str(&format!("{key} = {value}")),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
