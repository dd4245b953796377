//! `map`: the draft of a mapping for a file that no mapping is for. It needs no node.

use std::fs::File;
use std::io::Write;

use anyhow::{Context, bail};
use serde_json::json;

use super::args::{Global, Map};
use super::{Outcome, print, submit};
use crate::intake::{self, BLANK, Sketch};

/// `map`
///
/// # Errors
/// When the file is no table, or the draft cannot be written.
pub fn run(global: &Global, args: &Map) -> anyhow::Result<Outcome> {
    let opened = submit::open(&args.file);
    let (_, mut bytes) = opened.with_context(|| format!("reading {}", args.file.display()))?;
    let sketch = match intake::sketch(&mut bytes, args.sheet.as_deref()) {
        Ok(sketch) => sketch,
        Err(why) => bail!("{}: {why}", args.file.display()),
    };
    if let Some(path) = &args.output {
        // Somebody may have completed one of this name.
        let written = File::create_new(path).and_then(|mut file| file.write_all(sketch.mapping.as_bytes()));
        written.with_context(|| format!("writing {}", path.display()))?;
    }
    if global.json {
        let Sketch { mapping, preview, problems } = sketch;
        print::value(&json!({ "mapping": mapping, "preview": preview, "problems": problems }), true)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    let mark = if args.output.is_some() { "" } else { "# " };
    if args.output.is_none() {
        text += &sketch.mapping;
        text += "\n";
    }
    for problem in &sketch.problems {
        text += &format!("{mark}to mend: {problem}\n");
    }
    text += &format!("{mark}The first records by this draft:\n");
    for [key, period, value] in &sketch.preview {
        text += &format!("{mark}  {key}  {period} = {value}\n");
    }
    let name = args.output.as_ref().map_or("MAPPING".into(), |path| path.to_string_lossy());
    text += &format!(
        "{mark}Look the draft over, replace {BLANK}, then: corridor check {} --map {name}\n",
        args.file.display()
    );
    print::text(&text)?;
    Ok(Outcome::Done)
}
