//! The proof of one number: who signed it, in which entry, by which way to the entry's root, checked here and to be
//! checked by everybody.

use maud::{Markup, html};
use serde_json::Value;

use super::table;
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::figures;
use crate::api::http::portal::page::{Download, Page, Source};
use crate::api::http::portal::words::Words;
use crate::api::http::withdrawn::Withdrawn;
use crate::feed::evidence;
use crate::model::{Dimension, SeriesKey, SeriesPattern};

/// The page of the citation that the source brings.
pub(super) fn page(source: &Source<'_>) -> Result<Page, Refusal> {
    let words = source.words;
    let Address::Evidence { country, key, period } = source.address else { return Err(Refusal::NOTHING) };
    let key = SeriesKey::parse(key).map_err(|_| Refusal::NOTHING)?;
    let title = words.fill("title.evidence", &[("country", &words.area(country)), ("period", period)]);
    let Some(citation) = source.citation else {
        return Ok(Page { title, body: taken_back(source, &key, period)? });
    };
    let download = source.download(&Download::Citation { country, key: key.as_str(), period });
    let body = proof(words, (country, &key), citation, download.as_deref())?;
    Ok(Page { title, body })
}

/// What a citation proves of a series, with the link to its file.
pub(in crate::api::http::portal) fn proof(
    words: Words,
    (country, key): (&str, &SeriesKey),
    citation: &str,
    file: Option<&str>,
) -> Result<Markup, Refusal> {
    let checked = evidence::verify(citation.as_bytes(), None);
    let cited: Value = serde_json::from_str(citation).map_err(|_| Refusal::FAILED)?;
    Ok(html! {
        @match &checked {
            Ok(evidence) => {
                p.verdict.holds role="status" { strong { (words.say("evidence.holds")) } " " (words.say("evidence.holds_is")) }
                (claim(words, &evidence.value))
                (signed(words, &evidence.value, &cited))
            }
            Err(reason) => p.verdict.fails role="alert" { strong { (words.say("evidence.fails")) } " " (reason) }
        }
        h2 id="verify" { (words.say("evidence.verify")) }
        p { (words.say("evidence.verify_is")) }
        @if let Some(href) = file { p { a href=(href) download { (words.say("evidence.file")) } } }
        pre tabindex="0" { code { "corridor verify citation.json --card " (country) ".card\npython3 scripts/verify.py citation.json" } }
        h2 id="series" { (words.say("evidence.series")) }
        (dimensions(words, key))
    })
}

/// Of a figure that was withdrawn: when, and why.
fn taken_back(source: &Source<'_>, key: &SeriesKey, period: &str) -> Result<Markup, Refusal> {
    let words = source.words;
    let pattern = Dimension::ALL
        .into_iter()
        .fold(SeriesPattern::any(), |pattern, dimension| pattern.with(dimension, key.dimension(dimension)));
    let all = figures::withdrawn(source.reader, pattern)?;
    let is_it = |one: &&Withdrawn| one.periods.iter().any(|of_it| of_it.to_string() == period);
    let one = all.iter().find(is_it).ok_or(Refusal::NOTHING)?;
    Ok(html! {
        p.verdict role="status" { strong { (words.fill("withdrawn.this", &[("time", &words.moment(one.time))])) } }
        p { (words.say("withdrawn.lead")) }
        dl.facts { dt { (words.say("withdrawn.reason")) } dd { (one.reason) } }
        h2 id="series" { (words.say("evidence.series")) }
        (dimensions(words, key))
    })
}

/// What is stated, as it was signed.
fn claim(words: Words, value: &Value) -> Markup {
    let Some(claim) = value["claim"].as_object() else { return html! {} };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let plain = claim.iter().filter(|(_, value)| !value.is_object() && !value.is_array() && !value.is_null());
    let head = html! { tr { th scope="col" { (words.say("evidence.field")) } th scope="col" { (words.say("evidence.signed_text")) } } };
    let rows = html! { @for (name, value) in plain { tr { th scope="row" { code { (name) } } td { (text(value)) } } } };
    html! {
        h2 id="claim" { (words.say("evidence.claim")) }
        (table(words.say("evidence.claim"), &head, &rows))
    }
}

/// Who signed it, and where it stands.
fn signed(words: Words, value: &Value, file: &Value) -> Markup {
    let text = |name: &str| value[name].as_str().unwrap_or("\u{2013}").to_owned();
    let steps = file["path"].as_array().map_or(0, Vec::len);
    let country = text("country");
    html! {
        h2 id="signed" { (words.say("evidence.signed")) }
        dl.facts {
            dt { (words.say("word.publisher")) } dd { (words.area(&country)) br; code { (text("publisher")) } }
            dt { (words.say("evidence.fingerprint")) } dd { code { (text("fingerprint")) } br; small { (words.say("evidence.compare")) } }
            dt { (words.say("evidence.entry")) } dd { (words.fill("evidence.entry_is", &[("seq", &value["seq"].to_string()), ("feed", &text("feed"))])) }
            dt { (words.say("evidence.released")) } dd { (text("released_at")) }
            dt { (words.say("evidence.network")) } dd { (text("network")) }
            dt { (words.say("evidence.path")) }
            dd { (words.fill("evidence.path_is", &[("steps", &words.count(steps as u64)), ("leaf", &file["leaf_index"].to_string()), ("size", &file["tree_size"].to_string())])) }
        }
        details {
            summary { (words.say("evidence.hashes")) }
            ol.hashes { @for hash in file["path"].as_array().into_iter().flatten() { li { code { (hash.as_str().unwrap_or_default()) } } } }
            p { (words.say("evidence.signature")) br; code { (file["signature"].as_str().unwrap_or_default()) } }
        }
    }
}

fn dimensions(words: Words, key: &SeriesKey) -> Markup {
    let head = html! { tr { th scope="col" { (words.say("evidence.dimension")) } th scope="col" { (words.say("word.code")) } th scope="col" { (words.say("evidence.means")) } } };
    let means = |dimension: Dimension| match dimension {
        Dimension::Indicator => words.indicator(key.indicator()),
        other => other.codelist().map_or_else(String::new, |list| words.code(list, key.dimension(other))),
    };
    let rows = html! { @for dimension in Dimension::ALL { tr {
        th scope="row" { code { (dimension.id()) } }
        td { code { (key.dimension(dimension)) } }
        td { (means(dimension)) }
    } } };
    html! { (table(words.say("evidence.series"), &head, &rows)) p { code { (key.as_str()) } } }
}
