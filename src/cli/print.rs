//! The way to the reader: JSON for programs, tables and lines for people.

use std::io::Write;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

/// Writes a text to standard output.
///
/// # Errors
/// When it cannot be written.
pub fn text(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes an error to standard error.
pub fn error(error: &anyhow::Error, as_json: bool) {
    if as_json {
        eprintln!("{}", json!({ "error": format!("{error:#}") }));
    } else {
        eprintln!("corridor: {error:#}");
    }
}

/// Writes an answer: as JSON, or as lines and tables.
///
/// # Errors
/// When it cannot be written.
pub fn value(value: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return text(&format!("{value}\n"));
    }
    let Value::Object(fields) = value else { return text(&format!("{}\n", cell(value))) };
    for (name, field) in fields {
        match field {
            Value::Array(rows) if rows.iter().any(Value::is_object) => {
                text(&format!("\n{name}\n"))?;
                let columns: Vec<&str> = columns_of(rows);
                table(&columns, rows)?;
            }
            Value::String(long) if long.contains('\n') => text(&format!("{name}:\n{}", plain(long)))?,
            _ => text(&format!("{name}: {}\n", cell(field)))?,
        }
    }
    Ok(())
}

/// The fields of the rows that are short enough for a terminal.
fn columns_of(rows: &[Value]) -> Vec<&str> {
    let Some(Value::Object(first)) = rows.first() else { return Vec::new() };
    first.keys().map(String::as_str).collect()
}

/// Writes rows as a table with these columns.
///
/// # Errors
/// When it cannot be written.
pub fn table(columns: &[&str], rows: &[Value]) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| column.replace('_', " ")));
    for row in rows {
        table.add_row(columns.iter().map(|column| short(&cell(&row[*column]))));
    }
    text(&format!("{table}\n"))
}

/// A 64-digit id is shown by its first digits; the JSON has all of them.
fn short(text: &str) -> String {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        text[..12].to_owned()
    } else {
        text.to_owned()
    }
}

/// A value in a table or line.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        Value::Array(_) => list(value),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Words as a terminal may have them: what partners write could otherwise command it.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n' && c != '\t', "\u{fffd}")
}

/// A list in one line.
pub fn list(value: &Value) -> String {
    let items = value.as_array().into_iter().flatten().map(cell);
    items.collect::<Vec<_>>().join(", ")
}
