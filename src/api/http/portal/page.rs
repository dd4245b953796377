//! What a page is made from, and its frame: the same head, ways to the other pages, and foot for all.

use maud::{DOCTYPE, Markup, html};

use super::address::{Address, escape};
use super::assets::{ICON, SCRIPT, STYLE};
use super::figures::Line;
use super::words::Words;
use crate::api::http::public::Status;
use crate::api::http::v1::summary::Summary;
use crate::model::codelist::Language;
use crate::model::{Decimal, Period, SeriesKey, SeriesPattern};
use crate::node::site::evidence_of;
use crate::node::{Reader, Scope};
use crate::view::Moment;

/// What pages are made from: the views of a scope, the reader's language, and where links lead.
pub(in crate::api::http) struct Source<'a> {
    /// The views.
    pub(in crate::api::http) reader: &'a Reader,
    /// What they hold, counted.
    pub(in crate::api::http) summary: &'a Summary,
    /// The words.
    pub(in crate::api::http) words: Words,
    /// Which page is made.
    pub(in crate::api::http) address: &'a Address,
    /// Where it will be read.
    pub(in crate::api::http) place: Place,
    /// For a page of evidence: the citation.
    pub(in crate::api::http) citation: Option<&'a str>,
    /// For the page of the node: its state.
    pub(in crate::api::http) status: Option<&'a Status>,
}

/// Where a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::http) enum Place {
    /// On a node.
    Node,
    /// As a file in a folder: links lead to files, and there is nothing to ask.
    Copy,
}

/// A page without its frame.
pub(in crate::api::http) struct Page {
    /// What it is called.
    pub(super) title: String,
    /// What it says.
    pub(super) body: Markup,
}

/// Something to take away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Download<'a> {
    /// Figures as CSV.
    Csv { indicator: &'a str, key: String },
    /// Figures as SDMX-CSV 2.0.
    SdmxCsv { key: String },
    /// A corridor as a sheet.
    Sheet { origin: &'a str, destination: &'a str, indicator: &'a str },
    /// The citation of a figure.
    Citation { country: &'a str, key: &'a str, period: &'a str },
}

impl Source<'_> {
    /// Whether nobody is signed in.
    pub(super) fn is_public(&self) -> bool {
        self.reader.scope() == Scope::Public
    }

    /// The link to a page in this language.
    pub(super) fn href(&self, address: &Address) -> String {
        self.href_in(address, self.words.language())
    }

    /// The link to a page in a language.
    pub(super) fn href_in(&self, address: &Address, language: Language) -> String {
        match self.place {
            Place::Node => address.path(language),
            Place::Copy => format!("{}{}/{}", self.root(), language.tag(), address.file()),
        }
    }

    /// The link to a file that all pages share.
    fn asset(&self, name: &str) -> String {
        match self.place {
            Place::Node => format!("/assets/{name}"),
            Place::Copy => format!("{}assets/{name}", self.root()),
        }
    }

    /// The link to something to take away; none where a copy does not have it.
    pub(super) fn download(&self, wanted: &Download<'_>) -> Option<String> {
        if self.place == Place::Copy {
            return match wanted {
                Download::Citation { key, period, .. } => self.evidence_file(key, period),
                Download::Csv { .. } | Download::SdmxCsv { .. } | Download::Sheet { .. } => None,
            };
        }
        Some(match wanted {
            Download::Csv { indicator, key } => {
                format!("/api/v1/observations?flow={}&key={}&format=csv", escape(indicator), escape(key))
            }
            Download::SdmxCsv { key } => {
                format!("/sdmx/data/MIGPROFILE/{}?format=sdmx-csv", escape(key))
            }
            Download::Sheet { origin, destination, indicator } => {
                let language = self.words.language().tag();
                format!("/sheet/{origin}/{destination}/{}.xlsx?language={language}", escape(indicator))
            }
            Download::Citation { country, key, period } => {
                format!("/api/v1/citations/{}/{}/{}", escape(country), escape(key), escape(period))
            }
        })
    }

    /// A number that opens its proof; a sum of women and men opens the proof of each.
    pub(super) fn figure(&self, value: &Decimal, line: &Line, period: Period) -> Markup {
        let parts = line.parts_of(period);
        let (number, period) = (self.words.number(value), period.to_string());
        match parts {
            None => html! { a.figure href=(self.proof(&line.key, &period)) { (number) } },
            Some([women, men]) => html! {
                (number) " " small.parts {
                    a href=(self.proof(women, &period)) title=(self.words.say("word.women")) { "F" } "\u{202f}+\u{202f}"
                    a href=(self.proof(men, &period)) title=(self.words.say("word.men")) { "M" }
                }
            },
        }
    }

    /// The link to the proof of a statement by the country that it is about.
    fn proof(&self, key: &SeriesKey, period: &str) -> String {
        let (country, key) = (key.ref_area(), key.as_str());
        match self.place {
            Place::Node => self.href(&Address::Evidence {
                country: country.to_owned(),
                key: key.to_owned(),
                period: period.to_owned(),
            }),
            // A copy has the citation of each figure, and no page for each.
            Place::Copy => self.evidence_file(key, period).unwrap_or_default(),
        }
    }

    /// The citation of the entry that states a figure last, in a copy.
    fn evidence_file(&self, key: &str, period: &str) -> Option<String> {
        let (pattern, period) = (SeriesPattern::parse(key).ok()?, Period::parse(period).ok()?);
        let mut newest = None;
        let read = self.reader.query(pattern, Moment::Current, Vec::new(), &mut |series| {
            let stated = series.stated().filter(|(stated, ..)| *stated == period);
            newest =
                newest.max(stated.map(|(.., entry)| (entry.time, entry.seq, series.feed.publisher)).max());
            true
        });
        read.ok()?;
        let (_, seq, publisher) = newest?;
        let name = self.reader.path_names().remove(&publisher)?;
        let indicator = SeriesKey::parse(key).ok()?.indicator().to_owned();
        Some(format!("{}{}{seq}.json", self.root(), evidence_of(&name, &indicator, key)))
    }

    /// The name of a country, leading to its profile.
    pub(super) fn country(&self, code: &str) -> Markup {
        html! { a href=(self.href(&Address::Country(code.to_owned()))) { (self.words.area(code)) } }
    }

    /// The way from a page in a folder to the folder's root.
    fn root(&self) -> String {
        "../".repeat(1 + self.address.file().matches('/').count())
    }
}

/// The whole page as HTML.
pub(in crate::api::http) fn framed(source: &Source<'_>, page: &Page) -> String {
    let words = source.words;
    let say = |name| words.say(name);
    html! {
        (DOCTYPE)
        html lang=(words.language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title {
                    @if source.reader.is_training() { (say("frame.training")) " - " }
                    (page.title) " - Corridor"
                }
                link rel="icon" type="image/svg+xml" href=(source.asset(ICON.name()));
                link rel="stylesheet" href=(source.asset(STYLE.name()));
                script src=(source.asset(SCRIPT.name())) defer {}
                @for language in Language::WORKING {
                    link rel="alternate" hreflang=(language.tag()) href=(source.href_in(source.address, language));
                }
            }
            body {
                a.skip href="#main" { (say("frame.skip")) }
                header {
                    @if source.reader.is_training() { p.training role="note" { (say("frame.practice")) } }
                    (head(source))
                }
                main id="main" tabindex="-1" { h1 { (page.title) } (page.body) }
                footer { (foot(source)) }
            }
        }
    }
    .into_string()
}

fn head(source: &Source<'_>) -> Markup {
    let words = source.words;
    let name = words.area(source.reader.country());
    let ways = [
        (Address::Map(super::address::MapView::default()), "nav.map"),
        (Address::Countries, "nav.countries"),
        (Address::Indicators, "nav.indicators"),
        (Address::Regions, "nav.regions"),
        (Address::Quality, "nav.quality"),
        (Address::Node, "nav.node"),
    ];
    html! {
        a.brand href=(source.href(&ways[0].0)) { "Corridor" @if !name.is_empty() { " \u{b7} " (name) } }
        nav aria-label=(words.say("nav.pages")) { ul {
            @for (address, text) in &ways {
                li { a href=(source.href(address)) aria-current=[is_here(source.address, address).then_some("page")] {
                    (words.say(text))
                } }
            }
        } }
        nav.languages aria-label=(words.say("nav.languages")) { ul {
            @for language in Language::WORKING {
                li { a href=(source.href_in(source.address, language)) lang=(language.tag()) hreflang=(language.tag())
                       aria-current=[(language == words.language()).then_some("true")] { (native(language)) } }
            }
        } }
    }
}

fn foot(source: &Source<'_>) -> Markup {
    let words = source.words;
    html! {
        p { (words.say("foot.signed")) }
        p { (words.say("foot.names")) }
        p {
            @if let Some(newest) = source.reader.heads().iter().map(|head| head.time).max() {
                (words.fill("foot.as_of", &[("time", &words.moment(newest))]))
            }
            @if !source.is_public() { " " strong { (words.say("foot.government")) } }
        }
    }
}

/// Whether a page belongs to what a way leads to.
fn is_here(page: &Address, way: &Address) -> bool {
    let family = |address: &Address| match address {
        Address::Map(_) => 0,
        Address::Countries | Address::Country(_) | Address::Corridor { .. } => 1,
        Address::Indicators | Address::Indicator(_) => 2,
        Address::Regions | Address::Region(_) => 3,
        Address::Quality | Address::QualityOf(_) => 4,
        Address::Evidence { .. } => 5,
        Address::Node => 6,
    };
    family(page) == family(way)
}

/// The language's own name for itself.
pub(in crate::api::http) fn native(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::Fr => "Français",
        Language::Es => "Español",
        Language::Ar => "العربية",
    }
}
