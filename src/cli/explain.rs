//! `explain`: what an indicator means, and which codes a dimension or an attribute has.

use anyhow::bail;
use serde_json::json;

use super::args::{Explain, Global};
use super::{Outcome, print};
use crate::model::codelist::{Code, CodeList, Language};
use crate::model::{AttributeId, Dimension, Known, catalogue};

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
    let wanted = code.to_ascii_uppercase();
    if let Some(codes) = codes_of(&wanted) {
        return codes_in(global, &wanted, codes, languages[0]);
    }
    let Some(explanation) = catalogue::explain(&wanted) else {
        bail!(
            "{code:?} is no core indicator, and no dimension or attribute with a list of codes{}",
            Known::Indicators.hint(Dimension::Indicator.id(), code)
        );
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

/// The list of a dimension or an attribute.
fn codes_of(id: &str) -> Option<&'static CodeList> {
    let attribute = || AttributeId::ALL.iter().find(|attribute| attribute.id() == id)?.codelist();
    Dimension::from_id(id).and_then(Dimension::codelist).or_else(attribute)
}

fn codes_in(global: &Global, id: &str, list: &CodeList, language: Language) -> anyhow::Result<Outcome> {
    let name = |code: &Code| code.name_in(language).unwrap_or(code.name()).to_owned();
    let rows: Vec<serde_json::Value> =
        list.codes().iter().map(|code| json!({ "code": code.id(), "name": name(code) })).collect();
    print::value(&json!({ "of": id, "list": list.id(), "codes": rows }), global.json)?;
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
