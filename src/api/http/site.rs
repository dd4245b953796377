//! All public pages as files, for a copy that any web server can show.
//!
//! The pages are those of the portal, made by the same functions. Which there are is found by following the links of each,
//! from the map on, as a reader would; each page is then written in every language, with links from file to file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::guard::Refusal;
use super::portal::address::Address;
use super::portal::page::{Place, Source, framed};
use super::portal::words::Words;
use super::portal::{assets, pages};
use super::public::Status;
use super::v1::summary::{self, Summary};
use crate::model::codelist::Language;
use crate::node::engine::Rows;
use crate::node::site::SitePage;
use crate::node::{NodeError, Reader, Scope};

/// The most pages of a copy, in one language.
pub const MAX_PAGES: usize = 100_000;

/// Every public page, from what everybody may read. `status` is the node's answer of that name.
///
/// # Errors
/// [`NodeError::Refused`] for a reader of another scope than everybody's.
pub fn pages_of(reader: Reader, status: Value) -> Result<Rows, NodeError> {
    if reader.scope() != Scope::Public {
        return Err(NodeError::Refused(
            "a copy is made of what everybody may read, and of nothing else".to_owned(),
        ));
    }
    let status = Status::new(status).map_err(|error| NodeError::Refused(error.to_string()))?;
    Ok(Rows::new(move |each| {
        let summary = summary::count(&reader)?;
        Writer { reader: &reader, summary: &summary, status: &status }.write(each)
    }))
}

struct Writer<'a> {
    reader: &'a Reader,
    summary: &'a Summary,
    status: &'a Status,
}

impl Writer<'_> {
    fn write(&self, each: &mut dyn FnMut(&str) -> bool) -> Result<(), NodeError> {
        let mut give = |path: String, text: String| each(&json!(SitePage { path, text }).to_string());
        for asset in assets::Asset::all() {
            if !give(format!("assets/{}", asset.name()), asset.text().to_owned()) {
                return Ok(());
            }
        }
        if !give("index.html".to_owned(), front()) {
            return Ok(());
        }
        let start = Address::parse("", BTreeMap::new()).ok_or_else(|| bad("there is no first page"))?;
        let (mut open, mut seen) = (VecDeque::from([start.clone()]), BTreeSet::from([start]));
        while let Some(address) = open.pop_front() {
            let Some(page) = self.page(&address, Language::En, Place::Node)? else { continue };
            for next in links(&page) {
                if seen.len() < MAX_PAGES && seen.insert(next.clone()) {
                    open.push_back(next);
                }
            }
            for language in Language::WORKING {
                let Some(page) = self.page(&address, language, Place::Copy)? else { continue };
                if !give(format!("{}/{}", language.tag(), address.file()), page) {
                    return Ok(());
                }
            }
        }
        if seen.len() >= MAX_PAGES {
            return Err(bad("there are more pages than a copy may have: publish without pages"));
        }
        Ok(())
    }

    /// A page; nothing where there is none of that name.
    fn page(&self, address: &Address, language: Language, place: Place) -> Result<Option<String>, NodeError> {
        let source = Source {
            reader: self.reader,
            summary: self.summary,
            words: Words::new(language),
            address,
            place,
            citation: None,
            status: matches!(address, Address::Node).then_some(self.status),
        };
        match pages::make(&source) {
            Ok(page) => Ok(Some(framed(&source, &page))),
            Err(Refusal { status, .. }) if status.as_u16() == 404 => Ok(None),
            Err(refusal) => Err(bad(&refusal.message)),
        }
    }
}

fn bad(why: &str) -> NodeError {
    NodeError::Refused(why.to_owned())
}

/// The pages that a page leads to. A number leads to its citation in a copy, and to no page.
fn links(page: &str) -> Vec<Address> {
    let found = page.split("href=\"/en/").skip(1).filter_map(|rest| rest.split('"').next());
    let read = |link: &str| {
        let link = link.replace("&amp;", "&");
        let link = link.split('#').next().unwrap_or_default();
        let (path, query) = link.split_once('?').unwrap_or((link, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(name, value)| (unescaped(name), unescaped(value))).collect();
        Address::parse(&unescaped(path), query)
    };
    found.filter_map(read).filter(|address| !matches!(address, Address::Evidence { .. })).collect()
}

/// Text without `%` escapes; what is none stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The page at the root of the folder: the way to each language.
fn front() -> String {
    let way = |language: Language| {
        let tag = language.tag();
        format!(
            "<li><a href=\"{tag}/index.html\" hreflang=\"{tag}\" lang=\"{tag}\">{}</a></li>",
            super::portal::page::native(language)
        )
    };
    let ways: String = Language::WORKING.into_iter().map(way).collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><title>Corridor</title></head><body><h1>Corridor</h1><ul>{ways}</ul></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_pages_are_followed_and_nothing_else_is() {
        let page = "<a href=\"/en/country/PHL\">x</a><a href=\"/en/corridor/PHL/ITA?indicator=MS_FBORN&amp;x=1\">\
                    <a href=\"/en/corridor/PHL/ITA?indicator=MS%5FFBORN#top\"><a href=\"/fr/country/ITA\">\
                    <a href=\"/api/v1/status\"><a href=\"https://elsewhere.example/en/country/PHL\">";
        let found = links(page);
        assert_eq!(found[0], Address::Country("PHL".to_owned()));
        let corridor = Address::Corridor {
            origin: "PHL".to_owned(),
            destination: "ITA".to_owned(),
            indicator: Some("MS_FBORN".to_owned()),
        };
        assert_eq!(found[1..], [corridor]);
    }
}
