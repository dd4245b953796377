//! The picture, kept as bulletins come, are corrected and are erased: each costs as much as it says, whatever was
//! reported before it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Basis, Duplicate, Figure, Kind, Name, Picture, Report};
use crate::model::Millis;

/// Bulletins by number, and the picture that they make.
#[derive(Debug, Default)]
pub struct Tally {
    reports: BTreeMap<usize, Report>,
    next: usize,
    /// The newest first.
    order: BTreeSet<(Reverse<Millis>, Reverse<Millis>, String, usize)>,
    /// Bulletins that tell of movements, by their id: of several publishers the first of them counts.
    movements: BTreeMap<String, BTreeSet<Claim>>,
    counted: BTreeSet<usize>,
    stock: BTreeMap<Place, Statements>,
    picture: Picture,
    /// Figures of which something was taken away.
    stale: BTreeSet<Name>,
}

/// Which of several publishers' bulletins of one id counts: that of the publisher whom an id such as `XTA-17` names, so
/// that nobody pushes it out by giving the id to figures of its own, and of others the one observed first.
type Claim = (bool, Millis, String, usize);
/// Of what a stock is stated: kind, publisher, origin, place, need.
type Place = (Kind, String, String, String, String);
/// What was stated of it, the newest last: when it was observed and signed, in which bulletin, and which of its figures.
type Statements = BTreeMap<(Millis, Millis, String, usize), usize>;

impl Tally {
    /// The picture.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// How many bulletins there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reports.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// All bulletins, the one that was observed last first.
    pub fn newest(&self) -> impl Iterator<Item = &Report> {
        self.order.iter().filter_map(|(_, _, _, at)| self.reports.get(at))
    }

    /// A bulletin by its number.
    #[must_use]
    pub fn report(&self, at: usize) -> Option<&Report> {
        self.reports.get(&at)
    }

    /// Takes a bulletin, and gives it a number.
    pub fn insert(&mut self, report: Report) -> usize {
        let at = self.next;
        self.next += 1;
        self.enter(at, report);
        self.refresh();
        at
    }

    /// Takes a bulletin in the place of another one.
    pub fn replace(&mut self, at: usize, report: Report) {
        self.leave(at);
        self.enter(at, report);
        self.refresh();
    }

    /// Forgets a bulletin.
    pub fn remove(&mut self, at: usize) {
        self.leave(at);
        self.refresh();
    }

    fn enter(&mut self, at: usize, report: Report) {
        self.order.insert(rank(at, &report));
        let (id, first) = (report.bulletin.clone(), claim_of(at, &report));
        let is_movement = moves(&report);
        self.reports.insert(at, report);
        if is_movement {
            self.movements.entry(id.clone()).or_default().insert(first);
            self.recount(&id);
        } else {
            self.count(at);
        }
    }

    fn leave(&mut self, at: usize) {
        self.discount(at);
        let Some(report) = self.reports.remove(&at) else { return };
        self.order.remove(&rank(at, &report));
        if moves(&report)
            && let Some(same) = self.movements.get_mut(&report.bulletin)
        {
            same.remove(&claim_of(at, &report));
            self.recount(&report.bulletin);
        }
    }

    /// Decides anew which of the bulletins of this id count.
    fn recount(&mut self, id: &str) {
        self.picture.duplicates.retain(|duplicate| duplicate.bulletin != id);
        let same = self.movements.get(id).cloned().unwrap_or_default();
        let Some((_, _, first, _)) = same.first() else {
            self.movements.remove(id);
            return;
        };
        for (_, _, publisher, at) in &same {
            if publisher == first {
                self.count(*at);
                continue;
            }
            self.discount(*at);
            self.picture.duplicates.insert(Duplicate {
                bulletin: id.to_owned(),
                counted: first.clone(),
                left_out: publisher.clone(),
            });
        }
    }

    /// Adds what a bulletin states, if it does not count yet.
    fn count(&mut self, at: usize) {
        let Self { reports, picture, stock, stale, counted, .. } = self;
        let Some(report) = reports.get(&at).filter(|_| counted.insert(at)) else { return };
        for (which, figure) in report.figures.iter().enumerate() {
            if figure.kind.is_flow() {
                counts_in(figure, report)
                    .iter()
                    .for_each(|name| add(picture, name, figure.count, (at, report)));
                continue;
            }
            let statements = stock.entry(place_of(figure, report)).or_default();
            let before = newest_of(statements, reports);
            statements.insert(time_of(at, report), which);
            shift(picture, stale, before, newest_of(statements, reports));
        }
    }

    /// Takes away what a bulletin states, if it counts.
    fn discount(&mut self, at: usize) {
        let Self { reports, picture, stock, stale, counted, .. } = self;
        let Some(report) = reports.get(&at).filter(|_| counted.remove(&at)) else { return };
        for figure in &report.figures {
            if figure.kind.is_flow() {
                take(picture, stale, figure, (at, report));
                continue;
            }
            let place = place_of(figure, report);
            let Some(statements) = stock.get_mut(&place) else { continue };
            let before = newest_of(statements, reports);
            statements.remove(&time_of(at, report));
            shift(picture, stale, before, newest_of(statements, reports));
            if statements.is_empty() {
                stock.remove(&place);
            }
        }
    }

    /// Makes the figures anew of which something was taken away.
    fn refresh(&mut self) {
        for name in std::mem::take(&mut self.stale) {
            let parts = std::mem::take(&mut self.picture.begun(&name).parts);
            if parts.is_empty() {
                self.picture.leave_out(&name);
                continue;
            }
            let mut anew = Basis::default();
            for (at, part) in &parts {
                if let Some(report) = self.reports.get(at) {
                    anew.add(part.count, report);
                }
            }
            *self.picture.begun(&name) = Basis { parts, ..anew };
        }
    }
}

/// A figure of a bulletin that has a number.
type Stated<'a> = (&'a Figure, (usize, &'a Report));

/// The statement of a stock that counts.
fn newest_of<'a>(statements: &Statements, reports: &'a BTreeMap<usize, Report>) -> Option<Stated<'a>> {
    let ((_, _, _, at), which) = statements.last_key_value()?;
    let report = reports.get(at)?;
    Some((report.figures.get(*which)?, (*at, report)))
}

/// Lets one statement of a stock count in the place of another one.
fn shift(
    picture: &mut Picture,
    stale: &mut BTreeSet<Name>,
    before: Option<Stated<'_>>,
    after: Option<Stated<'_>>,
) {
    let place = |stated: &Option<Stated<'_>>| stated.map(|(_, (at, _))| at);
    if place(&before) == place(&after) {
        return;
    }
    if let Some((figure, placed)) = before {
        take(picture, stale, figure, placed);
    }
    if let Some((figure, placed)) = after {
        counts_in(figure, placed.1).iter().for_each(|name| add(picture, name, figure.count, placed));
    }
}

fn add(picture: &mut Picture, name: &Name, count: i64, (at, report): (usize, &Report)) {
    let basis = picture.begun(name);
    basis.add(count, report);
    let part = basis.parts.entry(at).or_default();
    part.count = part.count.saturating_add(count);
    part.figures += 1;
}

fn take(picture: &mut Picture, stale: &mut BTreeSet<Name>, figure: &Figure, (at, report): (usize, &Report)) {
    for name in counts_in(figure, report) {
        let parts = &mut picture.begun(&name).parts;
        if let Some(part) = parts.get_mut(&at) {
            part.count = part.count.saturating_sub(figure.count);
            part.figures -= 1;
            if part.figures == 0 {
                parts.remove(&at);
            }
        }
        stale.insert(name);
    }
}

impl Basis {
    fn add(&mut self, count: i64, report: &Report) {
        self.count = self.count.saturating_add(count);
        if !self.publishers.contains(&report.publisher) {
            self.publishers.insert(report.publisher.clone());
        }
        self.oldest = Some(self.oldest.map_or(report.observed, |old| old.min(report.observed)));
        self.newest = Some(self.newest.map_or(report.observed, |new| new.max(report.observed)));
    }
}

/// Whether a bulletin tells of movements.
fn moves(report: &Report) -> bool {
    report.figures.iter().any(|figure| figure.kind.is_flow())
}

fn claim_of(at: usize, report: &Report) -> Claim {
    let rest = report.bulletin.strip_prefix(&*report.publisher);
    let is_named = rest.is_some_and(|rest| rest.starts_with('-'));
    (!is_named, report.observed, report.publisher.clone(), at)
}

fn rank(at: usize, report: &Report) -> (Reverse<Millis>, Reverse<Millis>, String, usize) {
    (Reverse(report.observed), Reverse(report.signed), report.publisher.clone(), at)
}

fn time_of(at: usize, report: &Report) -> (Millis, Millis, String, usize) {
    (report.observed, report.signed, report.bulletin.clone(), at)
}

fn place_of(figure: &Figure, report: &Report) -> Place {
    let Figure { kind, origin, place, need, .. } = figure;
    (*kind, report.publisher.clone(), origin.clone(), place.clone(), need.clone())
}

/// The figures of the picture that a figure of a bulletin counts in.
fn counts_in(figure: &Figure, report: &Report) -> Vec<Name> {
    let (kind, origin, publisher) = (figure.kind, &figure.origin, &report.publisher);
    if kind == Kind::Need {
        let need = Name::Need(origin.clone(), figure.need.clone());
        return if figure.is_part { Vec::new() } else { vec![need] };
    }
    let mut names = Vec::new();
    // A figure of all origins is not added to those of some of them.
    let of_all = |one: &Figure| one.kind == kind && one.origin == "_T";
    let is_whole = origin == "_T" || !report.figures.iter().any(of_all);
    if figure.place != "_T" && is_whole {
        names.push(Name::Place(publisher.clone(), figure.place.clone(), kind));
    }
    if figure.is_part {
        return names;
    }
    if is_whole {
        names.push(Name::Publisher(publisher.clone(), kind));
    }
    if origin != "_T" {
        names.push(Name::Origin(origin.clone(), kind));
    }
    if kind.is_flow() && is_whole {
        names.extend([Name::Total(kind), Name::Day(figure.day, kind)]);
    }
    // A stock of all origins holds others than those of the lane's members too.
    if !kind.is_flow() && origin != "_T" {
        names.push(Name::Total(kind));
    }
    names
}
