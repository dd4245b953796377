//! `bundle export` and `bundle import`: entries in one file, carried by hand.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::args::{Bundle, Global};
use super::{Outcome, ask, print};
use crate::api::control::Payload;
use crate::node::Request;

/// `bundle …`
///
/// # Errors
/// When the node refuses, or the file cannot be written or read.
pub fn run(global: &Global, bundle: Bundle) -> anyhow::Result<Outcome> {
    match bundle {
        Bundle::Export { to, output, all } => export(global, to, &output, all),
        Bundle::Import { file } => import(global, &file),
    }
}

/// The file has its name only once it is whole and on the disk.
fn export(global: &Global, to: String, output: &Path, all: bool) -> anyhow::Result<Outcome> {
    let mut name = output.file_name().context("name the file to write: --output FILE")?.to_owned();
    name.push(".part");
    let part = output.with_file_name(name);
    let writing = || format!("writing {}", part.display());
    let mut out = BufWriter::new(File::create(&part).with_context(writing)?);
    let (mut bytes, mut failed) = (0, Ok(()));
    ask::ask(global, Request::BundleExport { to: to.clone(), all }, &mut |row| {
        failed = piece(&row).and_then(|piece| {
            bytes += piece.len() as u64;
            Ok(out.write_all(&piece)?)
        });
        failed.is_ok()
    })
    .and_then(|_| failed.with_context(writing))
    .and_then(|()| out.into_inner()?.sync_all().with_context(writing))
    .inspect_err(|_| drop(fs::remove_file(&part)))?;
    fs::rename(&part, output).with_context(|| format!("naming {}", output.display()))?;
    let value = json!({ "file": output.to_string_lossy(), "to": to, "bytes": bytes });
    if global.json {
        print::value(&value, true)?;
    } else {
        print::text(&format!("{}: {bytes} bytes for {to}\n", output.display()))?;
    }
    Ok(Outcome::Done)
}

fn piece(row: &Value) -> anyhow::Result<Vec<u8>> {
    match row.as_str().map(|text| BASE64.decode(text)) {
        Some(Ok(piece)) => Ok(piece),
        Some(Err(_)) | None => bail!("the node sent what is no part of a bundle"),
    }
}

fn import(global: &Global, path: &Path) -> anyhow::Result<Outcome> {
    let reading = || format!("reading {}", path.display());
    let mut bytes = File::open(path).with_context(reading)?;
    let length = bytes.metadata().with_context(reading)?.len();
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let payload = Payload { length, bytes: &mut bytes };
    let value = ask::value_of_file(global, Request::BundleImport { file }, payload)?;
    if global.json {
        print::value(&value, true)?;
    } else {
        let mut text = format!(
            "{}: {} new entries in {} feeds, as {} held them at {}\n",
            path.display(),
            value["entries"],
            value["feeds"],
            value["country"].as_str().unwrap_or_default(),
            value["made_at"].as_str().unwrap_or_default()
        );
        if let Some(broken) = value["broken"].as_str() {
            text += &format!("    not all of it could be taken in: {broken}; what is above is kept\n");
        }
        if value["complete"] != true {
            text += &format!(
                "    of {} feeds entries are still missing: they come with the rest of this bundle, or with one made \
                 with --all\n",
                value["incomplete_feeds"]
            );
        }
        print::text(&text)?;
    }
    Ok(if value["broken"].is_null() { Outcome::Done } else { Outcome::Refused })
}
