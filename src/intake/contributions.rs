//! The largest contributions to a row's total, by employer, agency or bank: checked, held to the node's rule of
//! concentration, and not kept. What is kept of an unsafe total is its protection level.

use rust_decimal::Decimal;

use crate::intake::batch::Row;
use crate::intake::collector::{Collector, Found};
use crate::intake::finding::Noted;
use crate::model;

/// How columns with contributions are named in a tidy file, before their number.
const PREFIX: &str = "CONTRIBUTION_";

/// Columns with contributions: as many as a rule may look at.
pub const MAX_CONTRIBUTIONS: usize = crate::protect::primary::MAX_N;

/// Unsafe totals of the largest file: each is a cell that others must be closed for.
pub(super) const MAX_SENSITIVE: usize = 100_000;

/// Which of the contributions a column of a tidy file has, counted from 1.
pub(super) fn number(column: &str) -> Option<usize> {
    let (start, digits) = column.split_at_checked(PREFIX.len())?;
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if start.eq_ignore_ascii_case(PREFIX) && canonical { digits.parse().ok() } else { None }
}

/// The name of a column of a tidy file.
pub(super) fn column(number: usize) -> String {
    format!("{PREFIX}{number}")
}

impl Collector<'_> {
    /// The protection level of a row's total, if its contributions make it unsafe.
    pub(super) fn level(
        &mut self,
        row: Row<'_>,
        total: Option<model::Decimal>,
    ) -> Result<Option<model::Decimal>, Noted> {
        let plan = self.plan;
        let given = self.contributions(row)?;
        let Some(first) = plan.contributions.first().filter(|_| !given.is_empty()) else { return Ok(None) };
        let Some(total) = total.map(model::Decimal::to_rust_decimal) else {
            let message = "there is no value that these contribute to: leave contributions empty".to_owned();
            return Err(self.findings.error(row.line, plan.name(*first), message));
        };
        let mut rest = total;
        for (one, at) in given.iter().zip(&plan.contributions) {
            // Both are below the largest number there is, and neither one is below zero.
            rest = rest.saturating_sub(*one);
            if rest < Decimal::ZERO {
                let message =
                    format!("contributions up to here make more than the value {total}: correct one");
                return Err(self.findings.error(row.line, plan.name(*at), message));
            }
        }
        if let Some(next) = plan.contributions.get(given.len()).filter(|_| !rest.is_zero()) {
            let message = format!(
                "the cell is empty, but {rest} of the value is left: write the next largest contribution"
            );
            return Err(self.findings.error(row.line, plan.name(*next), message));
        }
        Ok(self.concentration.and_then(|rule| rule.level(&given, total)))
    }

    /// The contributions of a row, largest first.
    fn contributions(&mut self, row: Row<'_>) -> Result<Vec<Decimal>, Noted> {
        let plan = self.plan;
        let mut given: Vec<Decimal> = Vec::new();
        let mut empty = None;
        for at in &plan.contributions {
            let Found::Value(one) = self.found(row.get(*at), *at, row.line)? else {
                empty = empty.or(Some(*at));
                continue;
            };
            let last = given.last();
            let wrong = match (empty, last) {
                (Some(gap), _) => {
                    Some((gap, "the cell is empty, but one after it is not: leave no gap".to_owned()))
                }
                (None, _) if one.is_negative() => Some((*at, format!("{one} is below zero: correct it"))),
                (None, Some(last)) if *last < one.to_rust_decimal() => {
                    Some((*at, format!("{one} is more than {last} before it: write the largest first")))
                }
                (None, _) => None,
            };
            if let Some((at, message)) = wrong {
                return Err(self.findings.error(row.line, plan.name(at), message));
            }
            given.push(one.to_rust_decimal());
        }
        Ok(given)
    }
}
