//! `availability`: of which codes and periods flows have figures, and how many, counted over what the reader may read.
//! Each flow that is asked for has a constraint of its own.
//!
//! `mode=exact` tells the codes and periods of the figures that are asked for. `mode=available` tells of each component
//! what is chosen or could be, so that there are figures, while what is chosen of all others stays: whoever has chosen a
//! country and a sex is told the other sex of that country, and the other countries with that sex. The counts are those
//! of the figures that are asked for, in both.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use tokio::task;

use super::negotiate::Wish;
use super::select::{self, Pass, Plan};
use super::structures::{holding, of_flows};
use super::{EmptyResult, Failure, Question, structure_offers};
use crate::api::Node;
use crate::api::http::service::{Service, failed};
use crate::api::http::v1;
use crate::model::{Dimension, Period, SeriesKey};
use crate::node::{NodeError, Reader};
use crate::sdmx::component::{AGENCY, Component, VERSION};
use crate::sdmx::query::{Availability, Detail, Fault, Kind, Names, References, Structure};
use crate::sdmx::structure::{Actual, Artefact, Content, Holding, list_of};
use crate::view::{SeriesView, Version};

/// The answer to a question for what there is: one constraint for each flow.
pub(super) async fn answer<N: Node>(
    question: Question,
    service: &Service<N>,
    asked: Availability,
) -> Result<Response, Failure> {
    let reader = &question.reader;
    let flows = select::flows(reader, &asked.target)?;
    let offers = structure_offers(asked.target.generation, &question.headers);
    let offer = question.agree(&offers, &Wish { format: asked.target.format.as_deref() })?;
    // What comes with constraints is of the state that was counted last; constraints alone need no such count.
    let summary = match asked.references {
        References::None | References::Parents | References::Ancestors => None,
        References::ParentsAndSiblings
        | References::Children
        | References::Descendants
        | References::All
        | References::Kinds(_) => Some(service.summaries.of(reader).await?),
    };
    let state = summary.as_ref().map_or_else(|| v1::tag(reader), |summary| summary.tag.clone());
    let tag = question.tag(&state, offer);
    if let Some(known) = question.known(&tag) {
        return Ok(known);
    }
    let plans = flows.into_iter().map(|flow| plan(reader, flow, &asked)).collect::<Result<Vec<Plan>, _>>()?;
    let counted = task::block_in_place(|| counted(reader, &plans, asked.is_open));
    let counted = counted.map_err(|error| failed(&error))?;
    let is_empty = counted.iter().all(Counted::is_empty);
    match question.empty {
        EmptyResult::NoContent if is_empty => return Err(Failure::NoContent),
        EmptyResult::NotFound if is_empty => {
            return Err(select::nothing(&asked.selection).into());
        }
        EmptyResult::Message | EmptyResult::NoContent | EmptyResult::NotFound => {}
    }
    let mut all = summary.map_or_else(Vec::new, |summary| {
        let mut with = with(&holding(reader, &summary), &plans, &asked.references);
        narrow(&mut with, &counted);
        with
    });
    let told = plans.iter().zip(counted);
    all.extend(told.map(|(plan, counted)| constraint(&plan.flow, counted, &asked.components)));
    Ok(question.structures(&all, &tag, offer))
}

/// The walk over a flow that is asked for.
fn plan(reader: &Reader, flow: select::Flow, asked: &Availability) -> Result<Plan, Fault> {
    let plan = Plan::new(reader, flow, asked.selection.clone())?;
    if asked.is_open { plan.opened() } else { Ok(plan) }
}

/// What comes with the constraints of flows.
fn with(holding: &Holding, plans: &[Plan], references: &References) -> Vec<Artefact> {
    let flows = plans.iter().map(|plan| &plan.flow);
    let mut all = holding.answer(&of_flows(flows, References::Descendants, Detail::Full));
    all.extend(holding.answer(&providers_of(plans)));
    if let References::Kinds(kinds) = references {
        all.retain(|one| kinds.contains(&one.kind));
    }
    all
}

/// The question for who provides what is in the flows: of the flow of everybody, all who publish.
fn providers_of(plans: &[Plan]) -> Structure {
    let flows = plans.iter().map(|plan| &plan.flow);
    let whole = of_flows(flows.clone(), References::None, Detail::Full);
    let is_of_all = flows.into_iter().any(|flow| flow.agency == AGENCY);
    let agencies = if is_of_all { Names::Any } else { whole.agencies };
    Structure { kinds: vec![Kind::DataProviderScheme], ids: Names::Any, agencies, ..whole }
}

/// What was found.
#[derive(Default)]
struct Counted {
    codes: BTreeMap<Dimension, BTreeSet<String>>,
    periods: Option<(Period, Period)>,
    series: u64,
    observations: u64,
}

impl Counted {
    fn is_empty(&self) -> bool {
        self.periods.is_none() && self.codes.values().all(BTreeSet::is_empty)
    }

    fn observations(&mut self, versions: &[Version]) {
        self.series += 1;
        self.observations += versions.len() as u64;
    }

    fn periods(&mut self, versions: &[Version]) {
        for version in versions {
            let (first, last) = self.periods.get_or_insert((version.period, version.period));
            (*first, *last) = ((*first).min(version.period), (*last).max(version.period));
        }
    }

    fn codes(&mut self, key: &SeriesKey, dimensions: &[Dimension]) {
        for dimension in dimensions {
            let (code, known) = (key.dimension(*dimension), self.codes.entry(*dimension).or_default());
            if !known.contains(code) {
                known.insert(code.to_owned());
            }
        }
    }
}

/// What of a series is told: what stands, and with `updatedAfter` what was taken back since too.
fn told(plan: &Plan, of: impl Fn(Pass) -> Vec<Version>) -> Vec<Version> {
    let mut all = of(Pass { rank: 0, takes_back: false });
    if plan.is_of_changes() {
        all.extend(of(Pass { rank: 0, takes_back: true }));
    }
    all
}

/// What there is of each flow. Flows of one theme are counted in one walk over the series, however many countries there
/// are.
fn counted(reader: &Reader, plans: &[Plan], is_open: bool) -> Result<Vec<Counted>, NodeError> {
    let count = if is_open { choices } else { count };
    let mut all: Vec<Counted> = plans.iter().map(|_| Counted::default()).collect();
    let mut themes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, plan) in plans.iter().enumerate() {
        themes.entry(plan.theme()).or_default().push(at);
    }
    for places in themes.into_values() {
        let together: Vec<&Plan> = places.iter().map(|at| &plans[*at]).collect();
        Plan::walk_together(&together, reader, &mut |at, series| {
            count(together[at], series, &mut all[places[at]]);
        })?;
    }
    Ok(all)
}

/// Counts what there is of what is asked for.
fn count(plan: &Plan, series: &SeriesView, counted: &mut Counted) {
    let versions = told(plan, |pass| plan.versions(series, pass));
    if !versions.is_empty() {
        counted.observations(&versions);
        counted.periods(&versions);
        counted.codes(&series.key, &Dimension::ALL);
    }
}

/// Counts what is chosen or could be, of an opened plan.
fn choices(plan: &Plan, series: &SeriesView, counted: &mut Counted) {
    let dimensions = plan.choices(&series.key);
    let is_chosen = plan.is_chosen(&series.key);
    if dimensions.is_empty() {
        return;
    }
    let versions = told(plan, |pass| plan.versions(series, pass));
    if !versions.is_empty() {
        counted.codes(&series.key, &dimensions);
        if is_chosen {
            counted.observations(&versions);
        }
    }
    if is_chosen {
        counted.periods(&told(plan, |pass| plan.versions_of_all_times(series, pass)));
    }
}

/// Leaves of the dimensions' lists the codes that there are, in any of the flows.
fn narrow(all: &mut [Artefact], counted: &[Counted]) {
    for one in all.iter_mut().filter(|one| one.kind == Kind::Codelist) {
        let is_list = |component| {
            list_of(component).is_some_and(|(agency, id, _)| agency == one.agency && id == one.id)
        };
        let of: Vec<Dimension> = Dimension::ALL
            .into_iter()
            .filter(|dimension| is_list(Component::Dimension(*dimension)))
            .collect();
        let Content::Items(items, is_partial) = &mut one.content else { continue };
        if !of.is_empty() {
            let is_there = |code: &String| {
                let mut known =
                    counted.iter().flat_map(|flow| of.iter().filter_map(|one| flow.codes.get(one)));
                known.any(|codes| codes.contains(code))
            };
            items.retain(|item| is_there(&item.id));
            *is_partial = true;
        }
    }
}

fn constraint(flow: &select::Flow, counted: Counted, components: &[String]) -> Artefact {
    let is_told = |id: &str| components.is_empty() || components.iter().any(|one| one == id);
    let codes =
        counted.codes.into_iter().map(|(dimension, codes)| (dimension.id(), codes.into_iter().collect()));
    let periods = counted.periods.filter(|_| is_told("TIME_PERIOD"));
    let actual = Actual {
        flow: (flow.agency.clone(), flow.id.clone()),
        codes: codes.filter(|(id, _)| is_told(id)).collect(),
        periods: periods.map(|(first, last)| (first.to_string(), last.to_string())),
        series: counted.series,
        observations: counted.observations,
    };
    Artefact {
        kind: Kind::Constraint,
        agency: flow.agency.clone(),
        id: flow.id.clone(),
        version: VERSION.to_owned(),
        names: vec![("en", "What figures there are".to_owned())],
        content: Content::Actual(Box::new(actual)),
    }
}
