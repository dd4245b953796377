//! `explain`: what an indicator means.

use anyhow::bail;
use serde_json::json;

use super::args::{Explain, Global};
use super::{Outcome, print};
use crate::model::catalogue;
use crate::model::codelist::Language;

/// `explain`
///
/// # Errors
/// For a code that is in no catalogue.
pub fn run(global: &Global, args: &Explain) -> anyhow::Result<Outcome> {
    let languages = match args.lang.as_deref() {
        None => vec![Language::En, Language::Fr, Language::Es],
        Some("en") => vec![Language::En],
        Some("fr") => vec![Language::Fr],
        Some("es") => vec![Language::Es],
        Some(other) => bail!("there is no text in language {other:?}; use en, fr or es"),
    };
    let Some(code) = &args.code else { return list(global, languages[0]) };
    let Some(explanation) = catalogue::explain(&code.to_ascii_uppercase()) else {
        bail!("{code:?} is no core indicator; `corridor explain` lists all");
    };
    if global.json {
        let texts: serde_json::Map<String, serde_json::Value> = languages
            .iter()
            .map(|language| (format!("{language:?}").to_lowercase(), json!(explanation.text(*language))))
            .collect();
        print::value(&json!({ "code": explanation.indicator().code(), "text": texts }), true)?;
    } else {
        let texts: Vec<String> = languages.iter().map(|language| explanation.text(*language)).collect();
        print::text(&format!("{}\n", texts.join("\n\n")))?;
    }
    Ok(Outcome::Done)
}

fn list(global: &Global, language: Language) -> anyhow::Result<Outcome> {
    let rows: Vec<serde_json::Value> = catalogue::all()
        .iter()
        .map(|one| json!({ "code": one.code(), "name": one.name(language), "unit": one.unit() }))
        .collect();
    print::value(&json!({ "indicators": rows }), global.json)?;
    Ok(Outcome::Done)
}
