//! Who publishes here: a line for each government, and the countries that they report about.

use maud::html;

use super::table;
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::page::{Page, Source};
use crate::api::http::v1::summary::Tally;

/// The page.
pub(super) fn page(source: &Source<'_>) -> Result<Page, Refusal> {
    let words = source.words;
    let mut rows: Vec<(String, String, Tally, usize)> = Vec::new();
    for (publisher, tally) in &source.summary.publishers {
        let code = source.reader.publishers().get(publisher).map(|name| name.country.clone());
        let Some(code) = code.filter(|code| !code.is_empty()) else { continue };
        let indicators = source.summary.held.get(publisher).map_or(0, std::collections::BTreeSet::len);
        rows.push((words.area(&code), code, tally.clone(), indicators));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut others: Vec<(String, String)> = source
        .summary
        .corridors
        .keys()
        .flat_map(|(a, b)| [a, b])
        .map(|code| (words.area(code), code.clone()))
        .collect();
    others.sort();
    others.dedup();
    let head = html! { tr {
        th scope="col" { (words.say("word.country")) }
        th.n scope="col" { (words.say("word.indicators")) }
        th.n scope="col" { (words.say("word.series")) }
        th.n scope="col" { (words.say("word.observations")) }
        th scope="col" { (words.say("word.periods")) }
    } };
    let body = html! { @for (name, code, tally, indicators) in &rows { tr {
        th scope="row" { a href=(source.href(&Address::Country(code.clone()))) { (name) } " " span.code { (code) } }
        td.n { (words.count(*indicators as u64)) }
        td.n { (words.count(tally.series)) }
        td.n { (words.count(tally.observations)) }
        td { (span(tally)) }
    } } };
    Ok(Page {
        title: words.say("title.countries").to_owned(),
        body: html! {
            p.lead { (words.say("countries.lead")) }
            @if rows.is_empty() { p { (words.say("countries.none")) } } @else {
                (table(words.say("countries.caption"), &head, &body))
            }
            @if !others.is_empty() {
                h2 { (words.say("countries.others")) }
                p { (words.say("countries.others_lead")) }
                ul.columns { @for (name, code) in &others {
                    li { a href=(source.href(&Address::Country(code.clone()))) { (name) } }
                } }
            }
        },
    })
}

/// The first and the last period.
fn span(tally: &Tally) -> String {
    match (tally.first, tally.last) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first}\u{2013}{last}"),
        _ => "\u{2013}".to_owned(),
    }
}
