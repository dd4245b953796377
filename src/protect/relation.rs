//! The sums that hold between the cells of a table: which parts make up which totals.
//!
//! For every dimension that adds up, the series that differ in it alone are a *family*; in each period the cells of
//! a family are put into their hierarchy. What the parts that are there leave of a total is a cell, too, though
//! nobody published it: a *rest*. Whoever holds women and all knows the others. A rest of nothing is no cell: an
//! audience may know that the list of parts is complete.
//!
//! On a scale the ends of all spans cut it into pieces, and every span is the sum of its pieces; pieces that no
//! series states are rests, and their values follow from the spans: children up to 17 less children up to 14 are
//! those from 15 to 17.
//!
//! Figures of different sources need not add up. A sum that the truth does not keep is left out: nothing true
//! follows from it.

use std::collections::HashMap;

use super::held::Readers;
use super::hierarchy::{OPEN_END, OnScale, Places, TOTAL, is_scale, on_scale, ways_up};
use super::rule::{Limit, Measure};
use super::system::{OPEN, Sums, index};
use super::table::Table;
use crate::model::dimension::DIMENSIONS;
use crate::model::{Dimension, Period};

/// Sums over the cells of a table and its rests, which have the numbers after the cells.
#[derive(Debug, Default)]
pub(super) struct Relations {
    pub(super) sums: Sums,
    pub(super) rests: Vec<Rest>,
    /// Sums that would be expected and that the truth does not keep.
    pub(super) inconsistent: u64,
}

/// What published parts leave of a published total.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// Its value.
    pub(super) truth: i64,
    /// The cell of which it is left.
    pub(super) of: u32,
    /// The strictest limit among the cells that it follows from.
    pub(super) limit: Option<Limit>,
}

/// Finds all sums of a table; true values that only sums tell are filled in.
pub(super) fn relate(table: &mut Table, places: &Places) -> Relations {
    let mut builder = Builder { table, found: Relations::default() };
    for dimension in Dimension::ADDITIVE {
        for family in builder.families(dimension) {
            if is_scale(dimension) {
                builder.scale(dimension, &family);
            } else {
                builder.tree(dimension, &family, places);
            }
        }
    }
    for cell in 0..index(builder.table.cells.len()) {
        if builder.is_unknown(cell) {
            builder.guess(cell, 0);
        }
    }
    builder.found
}

struct Builder<'a> {
    table: &'a mut Table,
    found: Relations,
}

impl Builder<'_> {
    /// Series that differ in one dimension alone, where there are several.
    fn families(&self, dimension: Dimension) -> Vec<Vec<u32>> {
        let mut families: HashMap<[u32; DIMENSIONS], Vec<u32>> = HashMap::new();
        for (at, line) in self.table.lines.iter().enumerate() {
            if Measure::is_additive(&line.key) && line.key.dimension(dimension) != "_Z" {
                let mut codes = line.codes;
                codes[dimension.position()] = u32::MAX;
                families.entry(codes).or_default().push(index(at));
            }
        }
        let mut families: Vec<Vec<u32>> = families.into_values().filter(|lines| lines.len() > 1).collect();
        families.sort_unstable();
        families
    }

    /// The cells of a family by period, each with the place of its series in the family.
    fn by_period(&self, family: &[u32]) -> Vec<(Period, usize, u32)> {
        let of_line = |(place, line): (usize, &u32)| {
            let cells = self.table.lines[*line as usize].cells.clone();
            cells.map(move |cell| (place, cell))
        };
        let all = family.iter().enumerate().flat_map(of_line);
        let mut all: Vec<(Period, usize, u32)> =
            all.map(|(place, cell)| (self.table.cells[cell as usize].period, place, cell)).collect();
        all.sort_unstable();
        all
    }

    fn tree(&mut self, dimension: Dimension, family: &[u32], places: &Places) {
        let keys: Vec<_> = family.iter().map(|line| self.table.lines[*line as usize].key.clone()).collect();
        let listed: HashMap<&str, usize> =
            keys.iter().enumerate().map(|(place, key)| (key.dimension(dimension), place)).collect();
        // By breakdown and member, the members above it that are listed.
        let mut above = [vec![Vec::new(); keys.len()], vec![Vec::new(); keys.len()]];
        for (place, key) in keys.iter().enumerate() {
            for way in ways_up(dimension, key, places) {
                above[usize::from(way.breakdown)][place] =
                    way.up.iter().filter_map(|code| listed.get(code.as_str()).copied()).collect();
            }
        }
        let cells = self.by_period(family);
        for chunk in cells.chunk_by(|a, b| a.0 == b.0) {
            let mut there = vec![None; keys.len()];
            for (_, place, cell) in chunk {
                there[*place] = Some(*cell);
            }
            let breakdowns = above.each_ref().map(|above| parts(above, &there));
            let [first, second] = &breakdowns;
            for (total, parts) in first {
                self.sum(*total, parts);
            }
            for (total, parts) in second.iter().filter(|sum| !first.contains(sum)) {
                self.sum(*total, parts);
            }
        }
    }

    /// Adds a total and its parts, with what is left.
    fn sum(&mut self, total: u32, parts: &[u32]) {
        self.fill(total, parts);
        let whole = self.truth(total);
        let rest = parts.iter().fold(whole, |rest, part| rest - self.truth(*part));
        // Where values below zero occur, so may rests.
        if rest < 0 && !self.is_signed(total) {
            self.found.inconsistent += 1;
            return;
        }
        let rest = (rest != 0).then(|| self.rest(rest, total, parts));
        self.found.sums.push(total, parts.iter().copied().chain(rest));
    }

    fn rest(&mut self, truth: i64, of: u32, others: &[u32]) -> u32 {
        let limit = others.iter().chain([&of]).filter_map(|cell| self.limit(*cell)).max();
        self.found.rests.push(Rest { truth, of: self.published(of), limit });
        index(self.table.cells.len() + self.found.rests.len() - 1)
    }

    /// The published cell that a number stands for, or that it is left of.
    fn published(&self, cell: u32) -> u32 {
        self.rest_of(cell).map_or(cell, |rest| rest.of)
    }

    fn rest_of(&self, cell: u32) -> Option<&Rest> {
        self.found.rests.get((cell as usize).checked_sub(self.table.cells.len())?)
    }

    fn limit(&self, cell: u32) -> Option<Limit> {
        match self.rest_of(cell) {
            Some(rest) => rest.limit,
            None => self.table.line(&self.table.cells[cell as usize]).limit,
        }
    }

    fn is_signed(&self, cell: u32) -> bool {
        self.table.line(&self.table.cells[self.published(cell) as usize]).signed
    }

    /// The true value; of a cell of which nothing is known, zero.
    fn truth(&self, cell: u32) -> i64 {
        match self.rest_of(cell) {
            Some(rest) => rest.truth,
            None => self.table.cells[cell as usize].truth.unwrap_or(0),
        }
    }

    fn is_unknown(&self, cell: u32) -> bool {
        self.rest_of(cell).is_none() && self.table.cells[cell as usize].truth.is_none()
    }

    /// Gives values to cells whose truth is not known: of several parts the least that their forms allow, of the
    /// last one what is left, so that the parts make up the total where that is possible.
    fn fill(&mut self, total: u32, parts: &[u32]) {
        let mut unknown: Vec<u32> = parts.iter().copied().filter(|cell| self.is_unknown(*cell)).collect();
        let last = if self.is_unknown(total) { Some(total) } else { unknown.pop() };
        for cell in unknown {
            self.guess(cell, 0);
        }
        if let Some(cell) = last {
            let known: i64 = parts.iter().map(|part| self.truth(*part)).sum();
            let wanted = if cell == total { known } else { self.truth(total) - known };
            self.guess(cell, wanted);
        }
    }

    /// Gives a cell the value nearest to one that its forms allow.
    fn guess(&mut self, cell: u32, wanted: i64) {
        let (low, high) = self.table.bounds(&self.table.cells[cell as usize], None, Readers::ALL);
        self.table.cells[cell as usize].truth = Some(wanted.clamp(low.max(-OPEN / 2), high.min(OPEN / 2)));
    }
}

/// By total, the parts whose nearest total that is there it is.
fn parts(above: &[Vec<usize>], there: &[Option<u32>]) -> Vec<(u32, Vec<u32>)> {
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); there.len()];
    for (place, above) in above.iter().enumerate() {
        let total = above.iter().find(|total| there[**total].is_some());
        if let (Some(cell), Some(total)) = (there[place], total) {
            parts[*total].push(cell);
        }
    }
    let sums = parts.into_iter().enumerate().filter(|(_, parts)| !parts.is_empty());
    sums.filter_map(|(total, parts)| Some((there[total]?, parts))).collect()
}

/// A span of a scale with its cell.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
    cell: u32,
    /// Is it the total, which what lies beside the scale is part of, too?
    total: bool,
}

/// Spans that are tied together by common ends: the ends in order, and between each two a cell.
struct Tied {
    ends: Vec<u32>,
    pieces: Vec<u32>,
}

impl Builder<'_> {
    fn scale(&mut self, dimension: Dimension, family: &[u32]) {
        let code = |line: &u32| self.table.lines[*line as usize].key.dimension(dimension).to_owned();
        let codes: Vec<String> = family.iter().map(code).collect();
        let cells = self.by_period(family);
        for chunk in cells.chunk_by(|a, b| a.0 == b.0) {
            let (mut spans, mut beside) = (Vec::new(), Vec::new());
            for (_, place, cell) in chunk {
                match on_scale(dimension, &codes[*place]) {
                    Some(OnScale::Span(from, to)) => {
                        spans.push(Span { from, to, cell: *cell, total: codes[*place] == TOTAL });
                    }
                    Some(OnScale::Beside) => beside.push(*cell),
                    None => {}
                }
            }
            self.spans(spans, &beside);
        }
    }

    fn spans(&mut self, mut spans: Vec<Span>, beside: &[u32]) {
        for cell in beside.iter().copied().filter(|cell| self.is_unknown(*cell)).collect::<Vec<_>>() {
            self.guess(cell, 0);
        }
        spans.sort_unstable_by_key(|span| (span.to - span.from, span.from));
        let mut heights = Heights::default();
        let known = |builder: &Self, span: &Span| !builder.is_unknown(span.cell);
        let (firm, open): (Vec<Span>, Vec<Span>) = spans.iter().partition(|span| known(self, span));
        let mut kept = Vec::new();
        for span in firm.into_iter().chain(open) {
            if self.is_unknown(span.cell) {
                let aside = self.aside(&span, beside);
                self.guess(span.cell, heights.between(span.from, span.to).unwrap_or(0) + aside);
            }
            let on_scale = self.truth(span.cell) - self.aside(&span, beside);
            if heights.tie(span.from, span.to, on_scale) {
                kept.push(span);
            } else {
                self.found.inconsistent += 1;
            }
        }
        let tied = self.pieces(&kept, beside, &heights);
        self.contain(&kept, beside, &tied);
    }

    /// What of a span's cell lies beside the scale.
    fn aside(&self, span: &Span, beside: &[u32]) -> i64 {
        if span.total { beside.iter().map(|cell| self.truth(*cell)).sum() } else { 0 }
    }

    /// Cuts tied spans into pieces, and each span into those it is made of.
    fn pieces(&mut self, spans: &[Span], beside: &[u32], heights: &Heights) -> Vec<Tied> {
        let mut all = Vec::new();
        for ends in heights.tied() {
            let heights: Vec<i64> = ends.iter().map(|end| heights.of(*end).1).collect();
            let inside: Vec<&Span> = spans.iter().filter(|span| ends.contains(&span.from)).collect();
            let Some(first) = inside.first() else { continue };
            if heights.array_windows().any(|[a, b]| b < a) && !self.is_signed(first.cell) {
                self.found.inconsistent += 1;
                continue;
            }
            let others: Vec<u32> = inside.iter().map(|span| span.cell).collect();
            let mut pieces = Vec::new();
            for ([from, to], [low, high]) in ends.array_windows().zip(heights.array_windows()) {
                let stated = inside.iter().find(|s| (s.from, s.to) == (*from, *to) && !s.total);
                let widest = inside.iter().rfind(|s| s.from <= *from && *to <= s.to).unwrap_or(first);
                pieces.push(match stated {
                    Some(span) => span.cell,
                    None => self.rest(high - low, widest.cell, &others),
                });
            }
            for span in inside {
                let made = ends.iter().zip(&pieces).filter(|(end, _)| (span.from..span.to).contains(*end));
                let mut made: Vec<u32> = made.map(|(_, piece)| *piece).collect();
                if span.total {
                    made.extend(beside);
                }
                if made != [span.cell] {
                    self.found.sums.push(span.cell, made);
                }
            }
            all.push(Tied { ends, pieces });
        }
        all
    }

    /// Puts groups of tied spans into the smallest span or piece of another group that holds them whole.
    fn contain(&mut self, spans: &[Span], beside: &[u32], tied: &[Tied]) {
        let range = |tied: &Tied| (tied.ends[0], tied.ends[tied.ends.len() - 1]);
        let mut held: Vec<(u32, bool, Vec<&Tied>)> = Vec::new();
        for inner in tied {
            let (from, to) = range(inner);
            let others = tied.iter().filter(|other| other.ends != inner.ends);
            let pieces = others.flat_map(|other| {
                other.ends.array_windows().zip(&other.pieces).map(|([a, b], cell)| (*a, *b, *cell, false))
            });
            let whole = spans.iter().filter(|span| !inner.ends.contains(&span.from));
            let whole = whole.map(|span| (span.from, span.to, span.cell, span.total));
            let holds = |(a, b, ..): &(u32, u32, u32, bool)| *a <= from && to <= *b;
            let Some((.., cell, total)) = pieces.chain(whole).filter(holds).min_by_key(|(a, b, ..)| b - a)
            else {
                continue;
            };
            let apart = |other: &&Tied| range(other).1 <= from || to <= range(other).0;
            match held.iter_mut().find(|(of, _, inside)| *of == cell && inside.iter().all(apart)) {
                Some((.., inside)) => inside.push(inner),
                None => held.push((cell, total, vec![inner])),
            }
        }
        for (cell, total, inside) in held {
            let mut parts: Vec<u32> = inside.iter().flat_map(|tied| tied.pieces.iter().copied()).collect();
            if total {
                parts.extend(beside);
            }
            self.sum(cell, &parts);
        }
    }
}

/// How many lie below each end of a scale, as far as ends are tied by spans: a span is the difference of two heights.
#[derive(Default)]
struct Heights(HashMap<u32, (u32, i64)>);

impl Heights {
    /// The group of an end, named by one of its ends, and the height above that one.
    fn of(&self, end: u32) -> (u32, i64) {
        self.0.get(&end).copied().unwrap_or((end, 0))
    }

    fn between(&self, from: u32, to: u32) -> Option<i64> {
        let ((a, low), (b, high)) = (self.of(from), self.of(to));
        (a == b).then_some(high - low)
    }

    /// Ties two ends by what lies between them; says no if something else lies there already.
    fn tie(&mut self, from: u32, to: u32, between: i64) -> bool {
        if let Some(known) = self.between(from, to) {
            return known == between;
        }
        let ((kept, low), (moved, high)) = (self.of(from), self.of(to));
        self.0.entry(from).or_insert((from, 0));
        self.0.entry(to).or_insert((to, 0));
        for (group, height) in self.0.values_mut().filter(|(group, _)| *group == moved) {
            (*group, *height) = (kept, *height + low + between - high);
        }
        true
    }

    /// The ends of each group in order.
    fn tied(&self) -> Vec<Vec<u32>> {
        let mut groups: HashMap<u32, Vec<u32>> = HashMap::new();
        for (end, (group, _)) in &self.0 {
            groups.entry(*group).or_default().push(*end);
        }
        let mut groups: Vec<Vec<u32>> = groups.into_values().collect();
        groups.iter_mut().for_each(|ends| ends.sort_unstable());
        groups.sort_unstable();
        debug_assert!(groups.iter().flatten().all(|end| *end <= OPEN_END));
        groups
    }
}

#[cfg(test)]
mod tests;
