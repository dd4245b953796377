//! The pages there are, each with its address on a node and its file in a static copy.
//!
//! Links are made from [`Address`] alone, so none can lead to a page that does not exist, and one page can be written
//! for a server and for a folder.

use std::collections::BTreeMap;

use crate::model::codelist::Language;
use crate::model::{Period, SeriesKey};

/// A page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::api::http) enum Address {
    /// The world with the corridors of one country.
    Map(MapView),
    /// Who publishes here.
    Countries,
    /// A country's Migration Profile.
    Country(String),
    /// Both ends of a corridor side by side.
    Corridor {
        /// Where people leave.
        origin: String,
        /// Where they arrive.
        destination: String,
        /// Of either end; none for the first that both have.
        indicator: Option<String>,
    },
    /// The catalogue.
    Indicators,
    /// What is measured, and who reports it.
    Indicator(String),
    /// The groups whose figures can be read together.
    Regions,
    /// The regional profile of an agreement.
    Region(RegionView),
    /// How good what publishers report is.
    Quality,
    /// The same of one country.
    QualityOf(String),
    /// The proof of one number.
    Evidence {
        /// Whose statement.
        country: String,
        /// The whole series key.
        key: String,
        /// The period.
        period: String,
    },
    /// The state of this node.
    Node,
}

/// What the map shows; nothing stands for what the page chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::api::http) struct MapView {
    /// The country whose corridors are drawn.
    pub(super) country: Option<String>,
    /// What is measured.
    pub(super) indicator: Option<String>,
    /// The period.
    pub(super) period: Option<String>,
    /// `F`, `M` or `_T`.
    pub(super) sex: Option<String>,
    /// Whether people come to the country (`in`) or go from it (`out`).
    pub(super) direction: Option<String>,
}

/// What of a region is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::api::http) struct RegionView {
    /// `public`, or an agreement's id.
    pub(super) agreement: String,
    /// Under `public`: these countries, with commas.
    pub(super) members: Option<String>,
    /// The matrix of this indicator.
    pub(super) indicator: Option<String>,
    /// The matrix of this period.
    pub(super) period: Option<String>,
}

/// The longest code or id in bytes.
const MAX_SHORT: usize = 80;
/// The longest list of countries in bytes.
const MAX_MEMBERS: usize = 1024;

impl Address {
    /// The address on a node.
    pub(super) fn path(&self, language: Language) -> String {
        let (steps, query) = self.parts();
        let mut path = format!("/{}/", language.tag());
        path.push_str(&steps.iter().map(|step| escape(step)).collect::<Vec<_>>().join("/"));
        for (at, (name, value)) in query.iter().enumerate() {
            path.push(if at == 0 { '?' } else { '&' });
            path.push_str(name);
            path.push('=');
            path.push_str(&escape(value));
        }
        path
    }

    /// The file in a static copy, without the folder of the language.
    pub(super) fn file(&self) -> String {
        let (steps, query) = self.parts();
        let mut words: Vec<String> = steps.iter().map(|step| plain(step)).collect();
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}-{}", plain(value))).collect();
        if words.is_empty() {
            words.push("index".to_owned());
        }
        let mut file = words.join("/");
        if !query.is_empty() {
            file.push('_');
            file.push_str(&query.join("_"));
        }
        file + ".html"
    }

    /// The page of an address without its language; none if there is none of that form.
    pub(super) fn parse(path: &str, query: BTreeMap<String, String>) -> Option<Self> {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let mut query = Parameters(query);
        let page = match steps.as_slice() {
            [] => Self::Map(MapView {
                country: query.take("country", is_area)?,
                indicator: query.take("indicator", is_short)?,
                period: query.take("period", is_period)?,
                sex: query.take("sex", is_short)?,
                direction: query.take("direction", is_short)?,
            }),
            ["countries"] => Self::Countries,
            ["country", code] if is_area(code) => Self::Country((*code).to_owned()),
            ["corridor", origin, destination] if is_area(origin) && is_area(destination) => Self::Corridor {
                origin: (*origin).to_owned(),
                destination: (*destination).to_owned(),
                indicator: query.take("indicator", is_short)?,
            },
            ["indicators"] => Self::Indicators,
            ["indicator", code] if is_short(code) => Self::Indicator((*code).to_owned()),
            ["regions"] => Self::Regions,
            ["region", agreement] if is_short(agreement) => Self::Region(RegionView {
                agreement: (*agreement).to_owned(),
                members: query.take("members", |text| text.len() <= MAX_MEMBERS)?,
                indicator: query.take("indicator", is_short)?,
                period: query.take("period", is_period)?,
            }),
            ["quality"] => Self::Quality,
            ["quality", code] if is_area(code) => Self::QualityOf((*code).to_owned()),
            ["evidence", country, key, period] if is_short(country) && is_period(period) => Self::Evidence {
                country: (*country).to_owned(),
                key: SeriesKey::parse(key).ok()?.as_str().to_owned(),
                period: (*period).to_owned(),
            },
            ["node"] => Self::Node,
            _ => return None,
        };
        query.is_used_up().then_some(page)
    }

    fn parts(&self) -> (Vec<&str>, Vec<(&'static str, &str)>) {
        match self {
            Self::Map(view) => (vec![], view.query()),
            Self::Countries => (vec!["countries"], vec![]),
            Self::Country(code) => (vec!["country", code], vec![]),
            Self::Corridor { origin, destination, indicator } => {
                (vec!["corridor", origin, destination], given([("indicator", indicator)]))
            }
            Self::Indicators => (vec!["indicators"], vec![]),
            Self::Indicator(code) => (vec!["indicator", code], vec![]),
            Self::Regions => (vec!["regions"], vec![]),
            Self::Region(view) => (vec!["region", &view.agreement], view.query()),
            Self::Quality => (vec!["quality"], vec![]),
            Self::QualityOf(code) => (vec!["quality", code], vec![]),
            Self::Evidence { country, key, period } => (vec!["evidence", country, key, period], vec![]),
            Self::Node => (vec!["node"], vec![]),
        }
    }
}

impl MapView {
    fn query(&self) -> Vec<(&'static str, &str)> {
        given([
            ("country", &self.country),
            ("indicator", &self.indicator),
            ("period", &self.period),
            ("sex", &self.sex),
            ("direction", &self.direction),
        ])
    }
}

impl RegionView {
    fn query(&self) -> Vec<(&'static str, &str)> {
        given([("members", &self.members), ("indicator", &self.indicator), ("period", &self.period)])
    }
}

fn given<'a, const N: usize>(all: [(&'static str, &'a Option<String>); N]) -> Vec<(&'static str, &'a str)> {
    all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}

/// What stands behind the question mark. An empty value is none: a form sends every field.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// A parameter, if it is given; none at all if it is given and wrong.
    #[expect(clippy::option_option, reason = "not given is right, and given wrongly is no address")]
    fn take(&mut self, name: &str, is_right: impl Fn(&str) -> bool) -> Option<Option<String>> {
        match self.0.remove(name).filter(|value| !value.is_empty()) {
            None => Some(None),
            Some(value) => is_right(&value).then_some(Some(value)),
        }
    }

    fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }
}

/// An area's code: three capital letters or digits.
fn is_area(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_period(text: &str) -> bool {
    Period::parse(text).is_ok()
}

fn is_short(text: &str) -> bool {
    text.len() <= MAX_SHORT
}

/// A step or value of an address: RFC 3986 lets few characters stand for themselves everywhere.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:,".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// A part of a file's name: what is no letter, digit, point, underscore or minus is written by its number, so that two
/// addresses never share a file.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            plain.push(char::from(byte));
        } else {
            plain.push_str(&format!("~{byte:02x}"));
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn all() -> Vec<Address> {
        let key = "A.ITA.PHL.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS".to_owned();
        let view = MapView { country: some("PHL"), indicator: some("MS_FBORN"), ..MapView::default() };
        let region = RegionView { agreement: "public".to_owned(), ..RegionView::default() };
        let members = RegionView { members: some("AGO,ZAF"), period: some("2024-Q1"), ..region.clone() };
        let ends = ("PHL".to_owned(), "CAN".to_owned());
        vec![
            Address::Map(MapView::default()),
            Address::Map(MapView { sex: some("F"), direction: some("in"), ..view.clone() }),
            Address::Map(view),
            Address::Countries,
            Address::Country("PHL".to_owned()),
            Address::Corridor { origin: ends.0.clone(), destination: ends.1.clone(), indicator: None },
            Address::Corridor { origin: ends.0, destination: ends.1, indicator: some("A:B C/&=?#%+") },
            Address::Indicators,
            Address::Indicator("MS_FBORN".to_owned()),
            Address::Regions,
            Address::Region(region),
            Address::Region(members),
            Address::Quality,
            Address::QualityOf("PHL".to_owned()),
            Address::Evidence { country: "PHL".to_owned(), key, period: "2020".to_owned() },
            Address::Node,
        ]
    }

    #[test]
    fn an_address_leads_back_to_its_page_and_no_two_share_a_file() {
        use axum::extract::Query;
        let mut files = std::collections::BTreeSet::new();
        for page in all() {
            let path = page.path(Language::Fr);
            let uri: axum::http::Uri = path.parse().unwrap();
            let Query(query) = Query::<BTreeMap<String, String>>::try_from_uri(&uri).unwrap();
            let steps = uri.path().strip_prefix("/fr").unwrap();
            assert_eq!(Address::parse(steps, query), Some(page.clone()), "{path}");
            assert!(files.insert(page.file()), "{page:?} shares its file");
        }
        assert!(files.contains("index.html") && files.contains("country/PHL.html"), "{files:?}");
    }

    #[test]
    fn what_is_no_page_has_no_address() {
        let query = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        for (path, query) in [
            ("/nothing", BTreeMap::new()),
            ("/country/phl", BTreeMap::new()),
            ("/country/..", BTreeMap::new()),
            ("/country/PHL/more", BTreeMap::new()),
            ("/", query("country", "nowhere")),
            ("/", query("period", "yesterday")),
            ("/", query("page", "1")),
            ("/evidence/PHL/A.B/2020", BTreeMap::new()),
        ] {
            assert_eq!(Address::parse(path, query), None, "{path}");
        }
        assert_eq!(Address::parse("", query("country", "")), Some(Address::Map(MapView::default())));
    }
}
