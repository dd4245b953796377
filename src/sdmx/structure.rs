//! The structures of a node: what its data are made of, and which flows of data there are.
//!
//! | structure | is |
//! |---|---|
//! | dataflow `PHL:MS(1.0)` | what a country states of a theme, see [`theme`]; `PHL:MIG` is all that it states |
//! | dataflow `CORRIDOR:MIGPROFILE(1.0)` | all that is told here, whoever states it |
//! | data structure `CORRIDOR:MIGPROFILE(1.0)` | of all of them |
//! | concept scheme `CORRIDOR:CS_MIGPROFILE(1.0)` | its components |
//! | code lists | of SDMX and of this network; `CORRIDOR:CL_MP_INDICATOR(1.0)` is the catalogue |
//! | agency schemes | `CORRIDOR:AGENCIES` lists who publishes; `PHL:AGENCIES` is a country's own, with itself |
//! | data provider scheme `PHL:DATA_PROVIDERS(1.0)` | the country's node |
//! | provision agreement `PHL:MS(1.0)` | that it provides the flow of this name |
//!
//! What goes in: a [`Holding`], made of what one reader may see. What comes out: [`Artefact`]s, and messages of
//! [`xml`] and [`json`]. Codes that the standard's ids cannot spell, as indicators of one country, stand in data and
//! in no list.
//!
//! Start reading at [`Holding::answer`].

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Millis;
use crate::model::codelist::{self, CodeList, Language};
use crate::sdmx::component::{AGENCY, Component, NAME, STRUCTURE, VERSION};
use crate::sdmx::query::{Detail, Kind, References, Structure};

pub mod json;
pub mod theme;
pub mod xml;
pub mod xsd;
#[cfg(test)]
mod tests;

use theme::Theme;

/// The concept scheme's id.
pub const CONCEPTS: &str = "CS_MIGPROFILE";
/// The list of indicators.
pub const INDICATORS: &str = "CL_MP_INDICATOR";
const AGENCIES: &str = "AGENCIES";
const PROVIDERS: &str = "DATA_PROVIDERS";

/// A name in several languages, English first.
pub type Texts = Vec<(&'static str, String)>;

/// What there is for one reader.
#[derive(Debug, Clone, Default)]
pub struct Holding {
    /// Who publishes: country code, name, and the indicators of which there are figures.
    pub countries: BTreeMap<String, (String, BTreeSet<String>)>,
}

/// What stands at the head of a message of structures.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub prepared: Millis,
    /// Who sends it.
    pub sender: String,
    /// Whether figures are practice.
    pub is_test: bool,
}

/// An item of a scheme or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its names.
    pub names: Texts,
    /// What it is, in English; empty where nobody says.
    pub description: String,
}

/// What an artefact holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Items; whether some were left out.
    Items(Vec<Item>, bool),
    /// A flow: of the common structure.
    Flow,
    /// The structure.
    Structure,
    /// Who provides the flow of the same name.
    Provision,
    /// What figures of the flow of the same name there are.
    Actual(Box<Actual>),
    /// Nothing: the name alone.
    Stub,
}

/// What figures there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actual {
    /// Who maintains the flow, and its id.
    pub flow: (String, String),
    /// Codes by dimension.
    pub codes: Vec<(&'static str, Vec<String>)>,
    /// The first and the last period.
    pub periods: Option<(String, String)>,
    /// How many series.
    pub series: u64,
    /// How many observations.
    pub observations: u64,
}

/// Something that is maintained.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// Of what kind.
    pub kind: Kind,
    /// By whom.
    pub agency: String,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its names.
    pub names: Texts,
    /// What it holds.
    pub content: Content,
}

impl Artefact {
    /// Leaves the name alone. A provision agreement is nothing without what it is about.
    fn shorten(&mut self) {
        if self.kind != Kind::ProvisionAgreement {
            self.content = Content::Stub;
        }
    }

    /// The name by which the standard knows it.
    #[must_use]
    pub fn urn(&self) -> String {
        urn(self.kind, &self.agency, &self.id, &self.version)
    }
}

/// The name by which the standard knows something.
#[must_use]
pub fn urn(kind: Kind, agency: &str, id: &str, version: &str) -> String {
    let class = match kind {
        Kind::AgencyScheme => "base.AgencyScheme",
        Kind::DataProviderScheme => "base.DataProviderScheme",
        Kind::Dataflow => "datastructure.Dataflow",
        Kind::DataStructure => "datastructure.DataStructure",
        Kind::ConceptScheme => "conceptscheme.ConceptScheme",
        Kind::Codelist => "codelist.Codelist",
        Kind::ProvisionAgreement => "registry.ProvisionAgreement",
        Kind::Constraint | Kind::Other => "registry.DataConstraint",
    };
    format!("urn:sdmx:org.sdmx.infomodel.{class}={agency}:{id}({version})")
}

/// The list of a component's codes: agency, id and version.
#[must_use]
pub fn list_of(component: Component) -> Option<(&'static str, &'static str, &'static str)> {
    if component == Component::Dimension(crate::model::Dimension::Indicator) {
        return Some((AGENCY, INDICATORS, VERSION));
    }
    component.codelist().map(list_name)
}

/// Agency, id and version of a list.
fn list_name(list: &CodeList) -> (&'static str, &'static str, &'static str) {
    let (agency, rest) = list.id().split_once(':').unwrap_or((AGENCY, list.id()));
    let (id, version) = rest.split_once('(').unwrap_or((rest, VERSION));
    (agency, id, version.trim_end_matches(')'))
}

fn english(text: &str) -> Texts {
    vec![("en", text.to_owned())]
}

/// Whether the standard lets this be an id.
fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'$' | b'-'))
}

impl Holding {
    /// All structures, in the order of messages.
    #[must_use]
    pub fn all(&self) -> Vec<Artefact> {
        let mut all = self.schemes();
        all.extend(self.flows());
        let common = |kind, id: &str, name: &str, content| Artefact {
            kind,
            agency: AGENCY.to_owned(),
            id: id.to_owned(),
            version: VERSION.to_owned(),
            names: english(name),
            content,
        };
        all.push(common(Kind::DataStructure, STRUCTURE, NAME, Content::Structure));
        let concepts = Component::all().map(|one| Item {
            id: one.id().to_owned(),
            names: english(one.name()),
            description: String::new(),
        });
        let concepts = Content::Items(concepts.collect(), false);
        all.push(common(Kind::ConceptScheme, CONCEPTS, "Concepts of the Migration Profile", concepts));
        let indicators = Content::Items(indicators(), false);
        all.push(common(Kind::Codelist, INDICATORS, "Indicators", indicators));
        all.extend(codelist::all().iter().map(|list| of_list(list)));
        let provisions: Vec<Artefact> = all
            .iter()
            .filter(|one| one.kind == Kind::Dataflow && one.agency != AGENCY)
            .map(|flow| Artefact {
                kind: Kind::ProvisionAgreement,
                content: Content::Provision,
                ..flow.clone()
            })
            .collect();
        all.extend(provisions);
        all
    }

    fn schemes(&self) -> Vec<Artefact> {
        let item = |(code, (name, _)): (&String, &(String, BTreeSet<String>))| Item {
            id: code.clone(),
            names: english(if name.is_empty() { code } else { name }),
            description: String::new(),
        };
        let scheme = |kind, agency: &str, id: &str, name: String, items| Artefact {
            kind,
            agency: agency.to_owned(),
            id: id.to_owned(),
            version: VERSION.to_owned(),
            names: english(&name),
            content: Content::Items(items, false),
        };
        let everybody = self.countries.iter().map(item).collect();
        let mut all =
            vec![scheme(Kind::AgencyScheme, AGENCY, AGENCIES, "Who publishes here".to_owned(), everybody)];
        for (code, known) in &self.countries {
            let own = || vec![item((code, known))];
            all.push(scheme(Kind::AgencyScheme, code, AGENCIES, format!("Agencies of {}", known.0), own()));
            all.push(scheme(
                Kind::DataProviderScheme,
                code,
                PROVIDERS,
                format!("Data providers of {}", known.0),
                own(),
            ));
        }
        all
    }

    fn flows(&self) -> Vec<Artefact> {
        let flow = |agency: &str, id: &str, names| Artefact {
            kind: Kind::Dataflow,
            agency: agency.to_owned(),
            id: id.to_owned(),
            version: VERSION.to_owned(),
            names,
            content: Content::Flow,
        };
        let mut all = Vec::new();
        for (code, (name, held)) in &self.countries {
            for theme in Theme::all() {
                if theme == theme::ALL || held.iter().any(|indicator| theme.takes(indicator)) {
                    let name =
                        |language: Language| (language.tag(), format!("{name}: {}", theme.name(language)));
                    all.push(flow(code, theme.id, Language::WORKING.map(name).to_vec()));
                }
            }
        }
        all.push(flow(AGENCY, STRUCTURE, english("Migration Profiles of all who publish here")));
        all
    }

    /// What a question asks for, first, and then what comes with it; nothing where there is nothing of the name.
    #[must_use]
    pub fn answer(&self, ask: &Structure) -> Vec<Artefact> {
        let all = self.all();
        let is_kind = |kind| ask.kinds.is_empty() || ask.kinds.contains(&kind);
        let asked = |one: &Artefact| {
            is_kind(one.kind)
                && ask.agencies.take(&one.agency)
                && ask.ids.take(&one.id)
                && ask.versions.take(&one.version)
        };
        let (mut chosen, rest): (Vec<Artefact>, Vec<Artefact>) = all.into_iter().partition(asked);
        if chosen.is_empty() {
            return chosen;
        }
        let mut with = related(&chosen, &rest, &ask.references);
        match ask.detail {
            Detail::Full | Detail::Raw => {}
            Detail::AllStubs | Detail::AllCompleteStubs => {
                chosen.iter_mut().chain(&mut with).for_each(Artefact::shorten);
            }
            Detail::ReferenceStubs | Detail::ReferenceCompleteStubs => {
                with.iter_mut().for_each(Artefact::shorten);
            }
            Detail::ReferencePartial => self.narrow(&chosen, &mut with),
        }
        if !ask.items.is_any() {
            for one in &mut chosen {
                if let Content::Items(items, is_partial) = &mut one.content {
                    items.retain(|item| ask.items.take(&item.id));
                    *is_partial = true;
                }
            }
            chosen.retain(|one| !matches!(&one.content, Content::Items(items, _) if items.is_empty()));
        }
        chosen.extend(with);
        chosen
    }

    /// Leaves of the indicators those of which flows that are asked for have figures.
    fn narrow(&self, chosen: &[Artefact], with: &mut [Artefact]) {
        let flows: Vec<&Artefact> = chosen.iter().filter(|one| one.kind == Kind::Dataflow).collect();
        let mut held: BTreeSet<&String> = BTreeSet::new();
        for flow in &flows {
            let of = |code: &String| flow.agency == AGENCY || flow.agency == *code;
            for (_, (_, indicators)) in self.countries.iter().filter(|(code, _)| of(code)) {
                let theme = Theme::with_id(&flow.id);
                held.extend(indicators.iter().filter(|one| theme.is_none_or(|theme| theme.takes(one))));
            }
        }
        if flows.is_empty() || held.is_empty() {
            return;
        }
        for one in with.iter_mut().filter(|one| one.id == INDICATORS) {
            if let Content::Items(items, is_partial) = &mut one.content {
                items.retain(|item| held.contains(&item.id));
                *is_partial = true;
            }
        }
    }
}

fn indicators() -> Vec<Item> {
    let item = |one: &crate::model::catalogue::Indicator| Item {
        id: one.code().to_owned(),
        names: Language::WORKING.map(|language| (language.tag(), one.name(language).to_owned())).to_vec(),
        description: one.definition().to_owned(),
    };
    crate::model::catalogue::all().iter().map(item).collect()
}

/// A list of this network or of SDMX with its codes.
fn of_list(list: &'static CodeList) -> Artefact {
    let (agency, id, version) = list_name(list);
    let items = list.codes().iter().filter(|code| is_id(code.id())).map(|code| {
        let name = |language: Language| code.name_in(language).map(|name| (language.tag(), name.to_owned()));
        let mut names: Texts = Language::WORKING.into_iter().chain([Language::Ar]).filter_map(name).collect();
        names.retain(|(_, name)| !name.is_empty());
        if names.is_empty() {
            names = english(code.id());
        }
        Item { id: code.id().to_owned(), names, description: code.description().to_owned() }
    });
    Artefact {
        kind: Kind::Codelist,
        agency: agency.to_owned(),
        id: id.to_owned(),
        version: version.to_owned(),
        names: english(&list_title(id)),
        content: Content::Items(items.collect(), false),
    }
}

/// A list's English name: that of the component that it is of, or its id in words.
fn list_title(id: &str) -> String {
    let of = Component::all().find(|component| list_of(*component).is_some_and(|(_, list, _)| list == id));
    let words = || id.trim_start_matches("CL_").trim_start_matches("MP_").replace('_', " ").to_lowercase();
    of.map_or_else(words, |component| component.name().to_owned())
}

/// What an artefact names.
fn children(one: &Artefact) -> Vec<(Kind, String, String)> {
    let place = |kind, agency: &str, id: &str| (kind, agency.to_owned(), id.to_owned());
    match one.kind {
        Kind::Dataflow => vec![place(Kind::DataStructure, AGENCY, STRUCTURE)],
        Kind::DataStructure => {
            let mut lists: Vec<_> = Component::all()
                .filter_map(list_of)
                .map(|(agency, id, _)| place(Kind::Codelist, agency, id))
                .collect();
            lists.sort();
            lists.dedup();
            lists.insert(0, place(Kind::ConceptScheme, AGENCY, CONCEPTS));
            lists
        }
        Kind::ProvisionAgreement => vec![
            place(Kind::Dataflow, &one.agency, &one.id),
            place(Kind::DataProviderScheme, &one.agency, PROVIDERS),
        ],
        Kind::AgencyScheme
        | Kind::DataProviderScheme
        | Kind::ConceptScheme
        | Kind::Codelist
        | Kind::Constraint
        | Kind::Other => Vec::new(),
    }
}

/// Those of `rest` that have to do with what was chosen.
fn related(chosen: &[Artefact], rest: &[Artefact], references: &References) -> Vec<Artefact> {
    type Place = (Kind, String, String);
    let all: Vec<&Artefact> = chosen.iter().chain(rest).collect();
    let own = |one: &Artefact| -> Place { (one.kind, one.agency.clone(), one.id.clone()) };
    let down = |from: &BTreeSet<Place>| -> BTreeSet<Place> {
        all.iter().filter(|one| from.contains(&own(one))).flat_map(|one| children(one)).collect()
    };
    let up = |from: &BTreeSet<Place>| -> BTreeSet<Place> {
        let names = |one: &&&Artefact| children(one).iter().any(|child| from.contains(child));
        all.iter().filter(names).map(|one| own(one)).collect()
    };
    let to_the_end = |step: &dyn Fn(&BTreeSet<Place>) -> BTreeSet<Place>, from: &BTreeSet<Place>| {
        let (mut found, mut edge) = (BTreeSet::new(), from.clone());
        while !edge.is_empty() {
            edge = step(&edge).difference(&found).cloned().collect();
            found.extend(edge.iter().cloned());
        }
        found
    };
    let start: BTreeSet<Place> = chosen.iter().map(own).collect();
    let everything = || {
        let parents = up(&start);
        let mut found = to_the_end(&down, &start);
        found.extend(to_the_end(&down, &parents));
        found.extend(parents);
        found
    };
    let wanted: BTreeSet<Place> = match references {
        References::None => BTreeSet::new(),
        References::Parents => up(&start),
        References::ParentsAndSiblings => {
            let parents = up(&start);
            down(&parents).union(&parents).cloned().collect()
        }
        References::Ancestors => to_the_end(&up, &start),
        References::Children => down(&start),
        References::Descendants => to_the_end(&down, &start),
        References::All => everything(),
        References::Kinds(kinds) => {
            let mut found = everything();
            found.extend(to_the_end(&up, &start));
            found.into_iter().filter(|(kind, ..)| kinds.contains(kind)).collect()
        }
    };
    rest.iter().filter(|one| wanted.contains(&own(one))).cloned().collect()
}
