//! Which flow a question means, and which series and versions of it: from the standard's words to those of the views.

use std::collections::BTreeSet;

use crate::feed::PublisherId;
use crate::model::{Attributes, Dimension, Millis, SeriesKey, SeriesPattern};
use crate::node::{NodeError, Reader};
use crate::sdmx::component::{AGENCY, STRUCTURE, VERSION};
use crate::sdmx::data::ArtefactRef;
use crate::sdmx::query::{Context, Ends, Fault, Filter, Generation, Names, Selection, Target};
use crate::sdmx::structure::theme::{self, Theme};
use crate::view::{Moment, SeriesView, State, Version};

/// Flows of one question at most: each is a walk over the series.
const MAX_FLOWS: usize = 50;

/// A flow of data.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) agency: String,
    pub(super) id: String,
    /// Whose statements; nothing for everybody's.
    publishers: Option<Vec<PublisherId>>,
    theme: Theme,
}

impl Flow {
    /// How messages name it.
    pub(super) fn name(&self, reader: &Reader) -> ArtefactRef {
        let country = countries(reader).into_iter().find(|(code, _, _)| *code == self.agency);
        let name = country.map_or_else(
            || "Migration Profiles of all who publish here".to_owned(),
            |(_, name, _)| format!("{name}: {}", self.theme.name(crate::model::codelist::Language::En)),
        );
        ArtefactRef { agency: self.agency.clone(), id: self.id.clone(), version: VERSION.to_owned(), name }
    }
}

/// Who publishes in this scope, and this node itself: country, name, publishers.
pub(super) fn countries(reader: &Reader) -> Vec<(String, String, Vec<PublisherId>)> {
    let mut ids: BTreeSet<PublisherId> = reader.heads().iter().map(|head| head.feed.publisher).collect();
    ids.insert(reader.us());
    let mut all: Vec<(String, String, Vec<PublisherId>)> = Vec::new();
    for id in ids {
        let Some(known) = reader.publishers().get(&id).filter(|known| !known.country.is_empty()) else {
            continue;
        };
        match all.iter_mut().find(|(code, _, _)| *code == known.country) {
            Some((_, _, ids)) => ids.push(id),
            None => all.push((known.country.clone(), known.name.clone(), vec![id])),
        }
    }
    all.sort();
    all
}

/// The one flow that a question means which is about one: of those of a name this country's own.
pub(super) fn flow(reader: &Reader, target: &Target) -> Result<Flow, Fault> {
    let mut found = flows(reader, target)?;
    if found.len() > 1 {
        found.retain(|flow| flow.agency == reader.country());
    }
    match (found.pop(), found.is_empty()) {
        (Some(flow), true) => Ok(flow),
        _ => Err(Fault::syntax(
            "several flows have such a name, and a schema is of one: ask with its agency, as schema/dataflow/PHL/MIG",
        )),
    }
}

/// The flows that a question means: all that are named. Of the flows that `*` stands for, those are left out whose
/// figures are all in another one: a country's `MIG` holds its themes, and the flow of everybody holds all.
pub(super) fn flows(reader: &Reader, target: &Target) -> Result<Vec<Flow>, Fault> {
    let takes = |agency: &str, id: &str| {
        target.agencies.take(agency) && target.ids.take(id) && target.versions.take(VERSION)
    };
    let mut found = Vec::new();
    if target.context != Context::ProvisionAgreement && takes(AGENCY, STRUCTURE) {
        let (agency, id) = (AGENCY.to_owned(), STRUCTURE.to_owned());
        found.push(Flow { agency, id, publishers: None, theme: theme::ALL });
    }
    if target.context != Context::DataStructure {
        for (agency, _, publishers) in countries(reader) {
            for theme in Theme::all().filter(|theme| takes(&agency, theme.id)) {
                let (agency, id) = (agency.clone(), theme.id.to_owned());
                found.push(Flow { agency, id, publishers: Some(publishers.clone()), theme });
            }
        }
    }
    if found.len() > 1 {
        match (&target.agencies, &target.ids) {
            (Names::Any, Names::Any) if found.iter().any(|flow| flow.agency == AGENCY) => {
                found.retain(|flow| flow.agency == AGENCY);
            }
            (_, Names::Any) => found.retain(|flow| flow.theme == theme::ALL),
            // The first generation has no word for the agency in `data/MIG`, and clients mean the one that they ask.
            (Names::Any, Names::These(_)) if target.generation == Generation::First => {
                found.retain(|flow| flow.agency == reader.country());
            }
            (Names::Any | Names::These(_), Names::These(_)) => {}
        }
    }
    match found.len() {
        0 => Err(Fault::nothing(
            "there are no data of this name here: /sdmx/dataflow/all lists the flows that there are",
        )),
        1..=MAX_FLOWS => Ok(found),
        more => Err(Fault::too_large(format!(
            "{more} flows have such a name, and one question is about {MAX_FLOWS} at most: ask in parts, or for the flow \
             of everybody, as data/dataflow/CORRIDOR/MIGPROFILE"
        ))),
    }
}

/// Which series and versions are asked for.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) flow: Flow,
    selection: Selection,
    /// Series with other codes than those that are chosen are walked over too, see [`Plan::choices`].
    is_open: bool,
    /// What all series share; nothing where there can be none.
    pattern: Option<SeriesPattern>,
    publishers: Vec<PublisherId>,
    pub(super) ends: Ends,
    pub(super) history: bool,
    pub(super) as_of: Option<Millis>,
    pub(super) newest_first: bool,
}

/// A walk over the versions: those that were the so-manieth of their periods, and either figures or their withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pass {
    pub(super) rank: usize,
    pub(super) takes_back: bool,
}

impl Plan {
    /// What a selection of a flow means.
    pub(super) fn new(reader: &Reader, flow: Flow, selection: Selection) -> Result<Self, Fault> {
        let mut pattern = pattern(&selection, flow.theme)?;
        let mut publishers = flow.publishers.clone().unwrap_or_default();
        if !selection.providers.is_empty() {
            let known = countries(reader);
            let named = known.into_iter().filter(|(code, _, _)| selection.providers.contains(code));
            let named: Vec<PublisherId> = named.flat_map(|(_, _, ids)| ids).collect();
            publishers = match &flow.publishers {
                Some(own) => own.iter().copied().filter(|id| named.contains(id)).collect(),
                None => named,
            };
            if publishers.is_empty() {
                pattern = None;
            }
        }
        Ok(Self {
            flow,
            selection,
            is_open: false,
            pattern,
            publishers,
            ends: Ends::default(),
            history: false,
            as_of: None,
            newest_first: false,
        })
    }

    /// The plan of all series of the flow, whichever codes are chosen; all else that is asked for still holds.
    pub(super) fn opened(self) -> Result<Self, Fault> {
        let is_of_nobody = !self.selection.providers.is_empty() && self.publishers.is_empty();
        let every = pattern(&Selection::default(), self.flow.theme)?;
        Ok(Self { is_open: true, pattern: every.filter(|_| !is_of_nobody), ..self })
    }

    /// Whether a series has the codes that are chosen.
    pub(super) fn is_chosen(&self, key: &SeriesKey) -> bool {
        let (filters, keys) = self.misses(key);
        filters == 0 && keys.contains(&0)
    }

    /// The dimensions in which a series has a code that is chosen or could be, while what is chosen in all others stays.
    pub(super) fn choices(&self, key: &SeriesKey) -> Vec<Dimension> {
        let (filters, keys) = self.misses(key);
        let lets = |dimension: &Dimension| {
            let others = !bit(*dimension);
            filters & others == 0 && keys.iter().any(|missed| missed & others == 0)
        };
        Dimension::ALL.into_iter().filter(lets).collect()
    }

    /// The dimensions, as bits, in which a series has another code than the filters want, and than each of the keys wants.
    fn misses(&self, key: &SeriesKey) -> (u16, Vec<u16>) {
        let none = Attributes::none();
        let filters = self.selection.filters.iter().filter_map(|filter| {
            let missed = filter.dimension().filter(|_| !filter.takes_series(key, &none))?;
            Some(bit(missed))
        });
        let of_key = |wanted: &SeriesPattern| {
            let missed = Dimension::ALL.into_iter().filter(|dimension| {
                let codes = wanted.codes(*dimension);
                !codes.is_empty() && codes.iter().all(|code| **code != *key.dimension(*dimension))
            });
            missed.fold(0, |all, dimension| all | bit(dimension))
        };
        let mut keys: Vec<u16> = self.selection.keys.iter().map(of_key).collect();
        if keys.is_empty() {
            keys.push(0);
        }
        (filters.fold(0, |all, missed| all | missed), keys)
    }

    /// What was taken back, and what was said before, is looked at too.
    pub(super) fn is_of_changes(&self) -> bool {
        self.history || self.selection.updated_after.is_some()
    }

    /// Calls `each` with every series until it says `false`.
    pub(super) fn walk(
        &self,
        reader: &Reader,
        each: &mut dyn FnMut(SeriesView) -> bool,
    ) -> Result<(), NodeError> {
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let moment = match self.as_of {
            _ if self.is_of_changes() => Moment::History,
            Some(time) => Moment::AsOf(time),
            None => Moment::Current,
        };
        let keys: &[SeriesPattern] = if self.is_open { &[] } else { &self.selection.keys };
        let is_asked =
            |filter: &&Filter| filter.is_of_series() && !(self.is_open && filter.dimension().is_some());
        let filters: Vec<&Filter> = self.selection.filters.iter().filter(is_asked).collect();
        reader.query(pattern.clone(), moment, self.publishers.clone(), &mut |series| {
            let is_wanted = self.flow.theme.takes(series.key.indicator())
                && (keys.is_empty() || keys.iter().any(|key| key.matches(&series.key)))
                && filters.iter().all(|filter| filter.takes_series(&series.key, &series.attributes));
            !is_wanted || each(series)
        })
    }

    /// Calls `each` with every series of some plans, and with the place of the plan that it is of: one walk for all. The
    /// plans differ in nothing but in whose statements they are about.
    pub(super) fn walk_together(
        plans: &[&Self],
        reader: &Reader,
        each: &mut dyn FnMut(usize, &SeriesView),
    ) -> Result<(), NodeError> {
        let all = || plans.iter().enumerate().filter(|(_, plan)| plan.pattern.is_some());
        let Some((_, first)) = all().next() else { return Ok(()) };
        let is_of_everybody = all().any(|(_, plan)| plan.publishers.is_empty());
        let publishers = all().flat_map(|(_, plan)| plan.publishers.iter().copied());
        let publishers = if is_of_everybody { Vec::new() } else { publishers.collect() };
        let together = Self { publishers, ..(*first).clone() };
        together.walk(reader, &mut |series| {
            let states =
                |plan: &Self| plan.publishers.is_empty() || plan.publishers.contains(&series.feed.publisher);
            all().filter(|(_, plan)| states(plan)).for_each(|(at, _)| each(at, &series));
            true
        })
    }

    /// The theme of the flow.
    pub(super) fn theme(&self) -> &'static str {
        self.flow.theme.id
    }

    /// The walks that tell all: one, but for a history and for what was taken back since a time.
    ///
    /// `most` is how many versions of one period are told.
    pub(super) fn passes(&self, reader: &Reader, most: usize) -> Result<Result<Vec<Pass>, Fault>, NodeError> {
        let mut found = BTreeSet::from([Pass { rank: 0, takes_back: false }]);
        if !self.is_of_changes() {
            return Ok(Ok(found.into_iter().collect()));
        }
        let mut is_long = false;
        self.walk(reader, &mut |series| {
            for (pass, _) in self.ranked(&series.versions) {
                is_long |= pass.rank >= most;
                found.insert(pass);
            }
            !is_long
        })?;
        if is_long {
            let why =
                format!("one period has more than {most} versions: narrow the key, or ask /api/v1/history");
            return Ok(Err(Fault::too_large(why)));
        }
        Ok(Ok(found.into_iter().collect()))
    }

    /// The versions that are asked for, each with the walk that tells it.
    fn ranked<'v>(&self, versions: &'v [Version]) -> Vec<(Pass, &'v Version)> {
        let is_late = |version: &Version| self.as_of.is_some_and(|time| version.entry.time > time);
        let is_new =
            |version: &Version| self.selection.updated_after.is_none_or(|after| version.entry.time > after);
        let takes_back = |version: &Version| matches!(version.state, State::Retracted { .. });
        let mut all = Vec::new();
        let mut rest = versions.iter().filter(|version| !is_late(version)).peekable();
        let (mut rank, mut period) = (0, None);
        while let Some(version) = rest.next() {
            rank = if period == Some(version.period) { rank + 1 } else { 0 };
            period = Some(version.period);
            let is_last = rest.peek().is_none_or(|next| next.period != version.period);
            if is_new(version) && (self.history || is_last) {
                let rank = if self.history { rank } else { 0 };
                all.push((Pass { rank, takes_back: takes_back(version) }, version));
            }
        }
        all
    }

    /// The versions of a series that one walk tells.
    pub(super) fn versions(&self, series: &SeriesView, pass: Pass) -> Vec<Version> {
        self.versions_that(series, pass, &|filter| !filter.is_of_series())
    }

    /// As [`Plan::versions`], of whatever periods.
    pub(super) fn versions_of_all_times(&self, series: &SeriesView, pass: Pass) -> Vec<Version> {
        self.versions_that(series, pass, &|filter| !filter.is_of_series() && !filter.is_of_time())
    }

    fn versions_that(
        &self,
        series: &SeriesView,
        pass: Pass,
        is_asked: &dyn Fn(&Filter) -> bool,
    ) -> Vec<Version> {
        let filters: Vec<&Filter> = self.selection.filters.iter().filter(|filter| is_asked(filter)).collect();
        let fits = |version: &&Version| filters.iter().all(|filter| filter.takes(version));
        let mut told: Vec<Version> = if self.is_of_changes() {
            let all = self.ranked(&series.versions).into_iter();
            all.filter(|(own, _)| *own == pass).map(|(_, version)| version).filter(fits).cloned().collect()
        } else {
            let is_stated = |version: &&Version| matches!(version.state, State::Stated { .. });
            series.versions.iter().filter(is_stated).filter(fits).cloned().collect()
        };
        let Ends { first, last } = self.ends;
        if first.is_some() || last.is_some() {
            let count = told.len();
            let (first, last) = (first.unwrap_or(0), count.saturating_sub(last.unwrap_or(0)));
            let mut at = 0;
            told.retain(|_| {
                at += 1;
                at <= first || at > last
            });
        }
        if self.newest_first {
            told.reverse();
        }
        told
    }
}

/// That there is no figure for a question, and why, where a code of it is none.
pub(super) fn nothing(selection: &Selection) -> Fault {
    let of_keys = selection.keys.iter().map(SeriesPattern::check_codes);
    let plain = selection.filters.iter().filter_map(Filter::codes);
    let of_filters = plain.flat_map(|(dimension, codes)| {
        let narrowed = move |code: &str| SeriesPattern::any().with(dimension, code).check_codes();
        codes.into_iter().map(narrowed)
    });
    let why = of_keys.chain(of_filters).find_map(Result::err);
    let why = why.map_or_else(String::new, |error| format!(": {error}"));
    Fault::nothing(format!("there is no figure for this question{why}"))
}

/// A dimension as one of 14 bits.
fn bit(dimension: Dimension) -> u16 {
    1 << dimension.position()
}

/// What all series of an answer share; nothing where no series can be part of it.
fn pattern(selection: &Selection, theme: Theme) -> Result<Option<SeriesPattern>, Fault> {
    let mut parts = Vec::new();
    for dimension in Dimension::ALL {
        let mut wanted: Option<BTreeSet<&str>> = None;
        let open = selection.keys.iter().any(|key| key.codes(dimension).is_empty());
        if !open && !selection.keys.is_empty() {
            let codes = selection.keys.iter().flat_map(|key| key.codes(dimension));
            wanted = Some(codes.map(|code| &**code).collect());
        }
        let narrow = |codes: BTreeSet<&'_ str>| -> BTreeSet<String> {
            let both = wanted.as_ref().map_or_else(|| codes.clone(), |wanted| wanted & &codes);
            both.into_iter().map(str::to_owned).collect()
        };
        let mut narrowed: Option<BTreeSet<String>> = None;
        let plain = selection.filters.iter().filter_map(|filter| filter.codes());
        let mut lists: Vec<BTreeSet<&str>> =
            plain.filter(|(of, _)| *of == dimension).map(|(_, codes)| codes.into_iter().collect()).collect();
        if dimension == Dimension::Indicator {
            lists.extend(theme.indicators().map(|codes| codes.into_iter().collect::<BTreeSet<&str>>()));
        }
        for codes in lists {
            narrowed = Some(match narrowed {
                None => narrow(codes),
                Some(before) => before.into_iter().filter(|code| codes.contains(code.as_str())).collect(),
            });
        }
        let codes: Option<Vec<String>> = narrowed
            .map(|codes| codes.into_iter().collect())
            .or_else(|| wanted.map(|codes| codes.into_iter().map(str::to_owned).collect()));
        match codes {
            None => parts.push(String::new()),
            Some(mut codes) => {
                codes.retain(|code| SeriesPattern::parse(code).is_ok() && !code.contains(['.', '+', '*']));
                if codes.is_empty() {
                    return Ok(None);
                }
                parts.push(codes.join("+"));
            }
        }
    }
    SeriesPattern::parse(&parts.join(".")).map(Some).map_err(|error| Fault::syntax(error.to_string()))
}
