//! Analysis of what a scope shows: mirrors, regions, quality, labour, diaspora.
//!
//! A [`Reader`] computes beside the node's loop, from figures of its own scope alone. [`InsightRequest`] is the same
//! question from the command line; its answer is one row, so that it is made outside the loop too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::{Engine, NodeError, Rows};
use super::reader::{Group, Reader, Scope};
use crate::feed::{AgreementId, PublisherId};
use crate::insight::mirror::{self, Corridors, Matched, Side};
use crate::insight::{diaspora, labour, quality, region};
use crate::model::{Dimension, Period, SeriesPattern, catalogue};
use crate::view::{Moment, Query, SeriesView};

pub mod editions;
pub mod value;

/// A question about what figures say together; in JSON `{"of": "region"}` with the fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum InsightRequest {
    /// The regional profile of an agreement.
    Region {
        /// Id, the start of it, or the title; `public` for what everybody may read.
        agreement: String,
        /// Under `public`: only these countries, whether they report or not.
        #[serde(default)]
        members: Vec<String>,
        /// Show only this indicator.
        #[serde(default)]
        indicator: Option<String>,
        /// Show the matrix of this period; none: the newest.
        #[serde(default)]
        period: Option<String>,
        /// Only from what everybody may read.
        #[serde(default)]
        public: bool,
    },
    /// How good what publishers report is.
    Quality {
        /// Whose, by country code or publisher id; none: everybody's, in short.
        #[serde(default)]
        country: Option<String>,
        /// Each series of this indicator; none: all indicators.
        #[serde(default)]
        indicator: Option<String>,
        /// Only from what everybody may read.
        #[serde(default)]
        public: bool,
    },
    /// The corridors of an indicator whose two ends lie furthest apart.
    Widest {
        /// Of either end.
        indicator: String,
        /// How many.
        limit: usize,
        /// Only from what everybody may read.
        #[serde(default)]
        public: bool,
    },
    /// Posts of a destination beside workers of an origin.
    Labour {
        /// Where workers would come from.
        origin: String,
        /// Where they would work.
        destination: String,
        /// Only from what everybody may read.
        #[serde(default)]
        public: bool,
    },
    /// Citizens abroad as their own country and their hosts count them.
    Diaspora {
        /// Whose citizens.
        country: String,
        /// Only from what everybody may read.
        #[serde(default)]
        public: bool,
    },
}

impl InsightRequest {
    fn scope(&self) -> Scope {
        let (Self::Region { public, .. }
        | Self::Quality { public, .. }
        | Self::Widest { public, .. }
        | Self::Labour { public, .. }
        | Self::Diaspora { public, .. }) = self;
        Scope::of(*public)
    }
}

/// The most corridors that are ranked in one answer.
pub const MAX_WIDEST: usize = 500;

impl Engine {
    /// Answers beside the loop.
    pub(super) fn insight(&mut self, asked: InsightRequest) -> Result<Rows, NodeError> {
        let reader = self.reader(asked.scope())?;
        // What is named is looked for at once, so that a question that makes no sense is refused as one.
        if let InsightRequest::Region { agreement, members, period, .. } = &asked {
            reader.group(agreement, members)?;
            period.as_deref().map(Period::parse).transpose()?;
        }
        Ok(Rows::new(move |each| {
            each(&reader.insight(&asked)?.to_string());
            Ok(())
        }))
    }

    /// Both ends of a corridor side by side.
    pub(super) fn mirror(
        &mut self,
        (origin, destination): (&str, &str),
        indicator: Option<&str>,
        scope: Scope,
    ) -> Result<Value, NodeError> {
        let matched = self.reader(scope)?.mirror((origin, destination), indicator)?;
        Ok(value::mirror(&matched))
    }
}

impl Reader {
    /// The answer to a question, as JSON.
    ///
    /// # Errors
    /// [`NodeError`] when the question makes no sense or the database is broken.
    pub fn insight(&self, asked: &InsightRequest) -> Result<Value, NodeError> {
        match asked {
            InsightRequest::Region { agreement, members, indicator, period, .. } => {
                let group = self.group(agreement, members)?;
                let period = period.as_deref().map(Period::parse).transpose()?;
                let profile = self.region(&group)?;
                let mut value = value::region(&group.title, &profile, (indicator.as_deref(), period));
                value["editions"] = editions::value(group.agreement, &self.editions(&group, &profile)?);
                Ok(value)
            }
            InsightRequest::Quality { country: None, .. } => {
                let mut named: Vec<_> = self.qualities()?.into_iter().collect();
                named.sort_by_key(|(publisher, _)| (self.name_of(*publisher), *publisher));
                let all: Vec<_> = named
                    .iter()
                    .map(|(publisher, report)| value::quality(&self.name_of(*publisher), report, false))
                    .collect();
                Ok(serde_json::json!({ "publishers": all }))
            }
            InsightRequest::Quality { country: Some(country), indicator, .. } => {
                let publisher = self.publisher(country)?;
                let (report, left_out) = self.quality(publisher, indicator.as_deref())?;
                let mut value = value::quality(&self.name_of(publisher), &report, true);
                value["left_out"] = left_out.into();
                Ok(serde_json::json!({ "publishers": [value] }))
            }
            InsightRequest::Widest { indicator, limit, .. } => {
                Ok(value::widest(&self.widest(indicator, *limit)?))
            }
            InsightRequest::Labour { origin, destination, .. } => {
                let (origin, destination) = (origin.to_ascii_uppercase(), destination.to_ascii_uppercase());
                let rows = self.labour(&origin, &destination)?;
                Ok(value::labour((&origin, &destination), &rows))
            }
            InsightRequest::Diaspora { country, .. } => {
                let country = country.to_ascii_uppercase();
                Ok(value::diaspora(&country, &self.diaspora(&country)?))
            }
        }
    }

    /// What the origin says of a corridor beside what the destination says; of no indicator in particular, the first pair
    /// that both have, or else the first that one of them has.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] when nothing is held; another when the database is broken.
    pub fn mirror(
        &self,
        (origin, destination): (&str, &str),
        indicator: Option<&str>,
    ) -> Result<Matched, NodeError> {
        let (origin, destination) = (origin.to_ascii_uppercase(), destination.to_ascii_uppercase());
        let ends = (origin.as_str(), destination.as_str());
        let codes: Vec<(&str, &str)> = match indicator {
            Some(code) => vec![pair_of(code)?],
            None => catalogue::all().iter().filter_map(|one| mirror::pair_of(one.code())).collect(),
        };
        let mut one_end = None;
        for codes in codes {
            let ours = self.side((&origin, &destination), codes.0)?;
            let theirs = self.side((&destination, &origin), codes.1)?;
            let sides = (&ours, &theirs);
            if let Some(matched) = mirror::matching(ends, codes, sides) {
                return Ok(matched);
            }
            one_end = one_end.or_else(|| mirror::unmatched(ends, codes, sides));
        }
        let of = indicator.map_or_else(String::new, |code| format!(" for {code}"));
        one_end.ok_or_else(|| {
            NodeError::NotFound(format!(
                "no figures of {origin} and {destination} about each other are held here{of}"
            ))
        })
    }

    /// One side's series of a corridor.
    fn side(&self, (reporter, counterpart): (&str, &str), indicator: &str) -> Result<Side, NodeError> {
        let Ok(publisher) = self.publisher(reporter) else { return Ok(Side::default()) };
        let pattern = SeriesPattern::any()
            .with(Dimension::RefArea, reporter)
            .with(Dimension::CounterpartArea, counterpart)
            .with(Dimension::Indicator, indicator);
        let mut side = Side::default();
        self.query(pattern, Moment::Current, vec![publisher], &mut |series| {
            side.add(&series);
            true
        })?;
        Ok(side.with_totals())
    }

    /// The corridors of an indicator whose two ends lie furthest apart, by the asymmetry of the newest pair.
    ///
    /// # Errors
    /// [`NodeError`] when the indicator has no mirror, or the database is broken.
    pub fn widest(&self, indicator: &str, limit: usize) -> Result<Vec<Matched>, NodeError> {
        let codes = pair_of(indicator)?;
        let (mut corridors, voices) = (Corridors::default(), self.voices());
        let codes_of_both = if codes.0 == codes.1 { vec![codes.0] } else { vec![codes.0, codes.1] };
        for code in codes_of_both {
            let pattern = SeriesPattern::any().with(Dimension::Indicator, code);
            self.query(pattern, Moment::Current, Vec::new(), &mut |series| {
                if is_own_word(&series, &voices) {
                    corridors.add(&series, codes);
                }
                true
            })?;
        }
        Ok(corridors.widest(codes, limit.min(MAX_WIDEST)))
    }

    /// As [`Reader::query`] of now, but only what publishers say of their own country.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn query_own(
        &self,
        pattern: SeriesPattern,
        each: &mut dyn FnMut(SeriesView) -> bool,
    ) -> Result<(), NodeError> {
        self.query_own_at(pattern, Moment::Current, each)
    }

    /// The same of any moment.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn query_own_at(
        &self,
        pattern: SeriesPattern,
        moment: Moment,
        each: &mut dyn FnMut(SeriesView) -> bool,
    ) -> Result<(), NodeError> {
        let voices = self.voices();
        self.query(pattern, moment, Vec::new(), &mut |series| !is_own_word(&series, &voices) || each(series))
    }

    /// Who speaks for each country in this scope; a country that several publishers claim has nobody.
    fn voices(&self) -> BTreeMap<&str, Option<PublisherId>> {
        let mut voices = BTreeMap::new();
        for publisher in self.in_scope() {
            let Some(name) = self.publishers().get(&publisher) else { continue };
            let is_new = voices.insert(name.country.as_str(), Some(publisher)).is_none();
            if !is_new {
                voices.insert(name.country.as_str(), None);
            }
        }
        voices.remove("");
        voices.insert(self.country(), Some(self.us()));
        voices
    }

    /// The group of an agreement by its id, the start of it, or its title; of all who publish to everybody these
    /// countries alone, if any are named.
    ///
    /// # Errors
    /// [`NodeError`] when there is none in this scope, or several fit.
    pub fn group(&self, name: &str, countries: &[String]) -> Result<Group, NodeError> {
        let fits = |group: &&Group| {
            group.title == name && !(name == "public" && group.agreement != AgreementId::public())
                || name.len() >= 6 && group.agreement.to_hex().starts_with(&name.to_ascii_lowercase())
        };
        let mut found = self.groups().iter().filter(fits);
        let mut group = match (found.next(), found.next()) {
            (Some(group), None) => group.clone(),
            (None, _) => {
                return Err(NodeError::NotFound(format!(
                    "there is no agreement {name:?} here; `public` stands for what everybody may read"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(NodeError::Refused(format!("{name:?} fits several agreements; give the id")));
            }
        };
        if countries.is_empty() {
            return Ok(group);
        }
        if group.agreement != AgreementId::public() {
            let message =
                "the members of an agreement are its parties: countries are chosen under `public` alone";
            return Err(NodeError::Refused(message.to_owned()));
        }
        group.members.retain(|member| countries.contains(&member.country));
        for country in countries {
            if !group.members.iter().any(|member| member.country == *country) {
                group.members.push(region::Member { country: country.clone(), publisher: NOBODY });
            }
        }
        Ok(group)
    }

    /// The regional profile of a group of this scope.
    ///
    /// # Errors
    /// [`NodeError`] when the group is not of this scope, or the database is broken.
    pub fn region(&self, group: &Group) -> Result<region::Profile, NodeError> {
        if !self.groups().iter().any(|one| one.agreement == group.agreement) {
            return Err(NodeError::NotFound("there is no such agreement here".to_owned()));
        }
        let publishers: Vec<PublisherId> = group.members.iter().map(|member| member.publisher).collect();
        let mut builder = region::Builder::new(group.agreement, group.members.iter().cloned());
        if !publishers.is_empty() {
            let agreements = vec![group.agreement];
            let query = Query { publishers, agreements, ..Query::current(SeriesPattern::any()) };
            self.derived.query(&query, &mut |series| {
                builder.add(&series);
                true
            })?;
        }
        Ok(builder.finish())
    }

    /// How good what a publisher reports is, and how many series of the indicator were left out of a list of each.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn quality(
        &self,
        publisher: PublisherId,
        indicator: Option<&str>,
    ) -> Result<(quality::Report, usize), NodeError> {
        let mut builder = quality::Builder::new(self.now(), indicator);
        self.query(SeriesPattern::any(), Moment::History, vec![publisher], &mut |series| {
            builder.add(series);
            true
        })?;
        Ok(builder.finish())
    }

    /// The same of everybody who reports, in the order of [`Reader::reporting`]: one walk over all series.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn qualities(&self) -> Result<Vec<(PublisherId, quality::Report)>, NodeError> {
        let (now, reporting) = (self.now(), self.reporting());
        let new = |publisher: &PublisherId| (*publisher, quality::Builder::new(now, None));
        let mut builders: BTreeMap<PublisherId, quality::Builder> = reporting.iter().map(new).collect();
        self.query(SeriesPattern::any(), Moment::History, Vec::new(), &mut |series| {
            if let Some(builder) = builders.get_mut(&series.feed.publisher) {
                builder.add(series);
            }
            true
        })?;
        let report = |publisher| Some((publisher, builders.remove(&publisher)?.finish().0));
        Ok(reporting.into_iter().filter_map(report).collect())
    }

    /// Posts of a destination beside workers of an origin.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn labour(&self, origin: &str, destination: &str) -> Result<Vec<labour::Match>, NodeError> {
        let mut builder = labour::Builder::default();
        for (reporter, counterpart, indicator) in
            [(destination, origin, labour::DEMAND), (origin, destination, labour::SUPPLY)]
        {
            let Ok(publisher) = self.publisher(reporter) else { continue };
            let pattern =
                SeriesPattern::any().with(Dimension::Indicator, indicator).with(Dimension::RefArea, reporter);
            self.query(pattern, Moment::Current, vec![publisher], &mut |series| {
                let about = series.key.counterpart_area();
                if about == counterpart || about.starts_with('_') {
                    builder.add(&series);
                }
                true
            })?;
        }
        Ok(builder.finish())
    }

    /// Citizens of a country abroad, as it and its hosts count them.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn diaspora(&self, country: &str) -> Result<Vec<diaspora::Host>, NodeError> {
        let (mut builder, voices) = (diaspora::Builder::default(), self.voices());
        for (indicator, end) in
            [(diaspora::REGISTERED, Dimension::RefArea), (diaspora::RESIDENT, Dimension::CounterpartArea)]
        {
            let pattern = SeriesPattern::any().with(Dimension::Indicator, indicator).with(end, country);
            self.query(pattern, Moment::Current, Vec::new(), &mut |series| {
                if is_own_word(&series, &voices) {
                    builder.add(&series);
                }
                true
            })?;
        }
        Ok(builder.finish())
    }

    /// A publisher by country code or id: ourselves, or the one with a feed in this scope that this fits.
    ///
    /// # Errors
    /// [`NodeError`] when there is none, or several.
    pub fn publisher(&self, text: &str) -> Result<PublisherId, NodeError> {
        if self.country().eq_ignore_ascii_case(text) && !text.is_empty() {
            return Ok(self.us());
        }
        let country = |id: &PublisherId| self.publishers().get(id).map_or("", |name| name.country.as_str());
        let fits = |id: &PublisherId| {
            country(id).eq_ignore_ascii_case(text) && !text.is_empty()
                || text.len() >= 8 && id.to_hex().starts_with(&text.to_ascii_lowercase())
        };
        let mut found = self.in_scope().into_iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err(NodeError::NotFound(format!("nothing of a publisher {text:?} is held here"))),
            (Some(_), Some(_)) => Err(NodeError::Refused(format!(
                "{text:?} fits several publishers; give more of the publisher id"
            ))),
        }
    }

    /// Who has a feed in this scope, each once.
    fn in_scope(&self) -> Vec<PublisherId> {
        let mut all: Vec<PublisherId> = self.heads().iter().map(|head| head.feed.publisher).collect();
        all.dedup();
        all
    }

    /// Who has a feed with figures in this scope, each once.
    pub fn reporting(&self) -> Vec<PublisherId> {
        let with_figures = self.heads().iter().filter(|head| head.observations > 0);
        let mut all: Vec<PublisherId> = with_figures.map(|head| head.feed.publisher).collect();
        all.dedup();
        all
    }

    fn name_of(&self, publisher: PublisherId) -> (String, String) {
        let country = self.publishers().get(&publisher).map(|name| name.country.clone());
        (country.filter(|code| !code.is_empty()).unwrap_or_else(|| publisher.short()), publisher.to_hex())
    }
}

/// Whether a series is about the country of who states it.
fn is_own_word(series: &SeriesView, voices: &BTreeMap<&str, Option<PublisherId>>) -> bool {
    voices.get(series.key.ref_area()).is_some_and(|voice| *voice == Some(series.feed.publisher))
}

/// Stands for a country that publishes nothing here: no key hashes to it.
const NOBODY: PublisherId = PublisherId([0; 32]);

/// The indicator at the origin and its mirror at the destination.
fn pair_of(code: &str) -> Result<(&'static str, &'static str), NodeError> {
    mirror::pair_of(code).ok_or_else(|| {
        NodeError::NotFound(format!("{code:?} has no mirror: `corridor explain {code}` says why"))
    })
}
