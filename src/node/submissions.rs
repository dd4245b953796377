//! Submissions: what ministries put in, checked and kept in the house feed until it is released.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use super::acts::ActName;
use super::acts::Done;
use super::engine::{Answer, Engine, NodeError, Rows};
use super::levels;
use super::prepared::Figures;
use super::request::{Caller, SubmitRequest};
use super::spool::Spool;
use crate::feed::{AgreementId, EntryKind, Seq};
use crate::intake::{Report, Severity};
use crate::model::Series;

/// The observations of all submissions that are held: some megabytes.
const MAX_HELD: usize = 50_000;

/// Small submissions on their way to release: their series need not be read back from the house feed.
#[derive(Debug, Default)]
pub(super) struct Submitted {
    /// By the entry of the house feed.
    held: BTreeMap<Seq, Vec<Series>>,
    observations: usize,
    /// The number of the last submission that was given one.
    last: u64,
}

impl Submitted {
    /// Holds the series of a submission, and lets go of the oldest ones when they become too many.
    fn hold(&mut self, seq: Seq, series: Vec<Series>) {
        self.observations += observations(&series);
        self.held.insert(seq, series);
        while self.observations > MAX_HELD
            && let Some((_, oldest)) = self.held.pop_first()
        {
            self.observations -= observations(&oldest);
        }
    }

    /// The series of a submission, if they are held.
    pub(super) fn series(&self, seq: Seq) -> Option<&Vec<Series>> {
        self.held.get(&seq).filter(|series| !series.is_empty())
    }

    /// Lets go of a submission.
    pub(super) fn forget(&mut self, seq: Seq) {
        if let Some(series) = self.held.remove(&seq) {
            self.observations -= observations(&series);
        }
    }
}

fn observations(series: &[Series]) -> usize {
    series.iter().map(|series| series.observations().len()).sum()
}

impl Engine {
    pub(super) fn submit(
        &mut self,
        submit: &SubmitRequest,
        figures: Option<Figures>,
        caller: &Caller,
    ) -> Result<Answer, NodeError> {
        let mut acts = Vec::new();
        let answer = self.take_submission(submit, figures, caller, &mut acts)?;
        self.done_together(ActName::Submit, acts)?;
        Ok(answer)
    }

    /// As [`Engine::take_figures`]; where all findings were asked for, they are the rows of the answer, and the value the last
    /// one.
    pub(super) fn take_submission(
        &mut self,
        submit: &SubmitRequest,
        mut figures: Option<Figures>,
        caller: &Caller,
        acts: &mut Vec<Done<Value>>,
    ) -> Result<Answer, NodeError> {
        let listing = figures.as_mut().and_then(|figures| figures.listing.take());
        let value = self.take_figures(submit, figures, caller, acts)?;
        Ok(match listing {
            Some(listing) => Answer::Rows(listed(listing, value)),
            None => Answer::Value(value),
        })
    }

    /// Writes a submission into the house feed. It counts once its act, which is added to the list, stands there too.
    fn take_figures(
        &mut self,
        submit: &SubmitRequest,
        figures: Option<Figures>,
        caller: &Caller,
        acts: &mut Vec<Done<Value>>,
    ) -> Result<Value, NodeError> {
        let Figures { report, levels, body, held, indicators, hash, listing: _ } =
            figures.ok_or_else(|| NodeError::Refused("the file did not come with the request".to_owned()))?;
        let mut value = describe_report(&report);
        value["file"] = json!(submit.file);
        if submit.check_only {
            return Ok(value);
        }
        let Some(body) = body else {
            let refused = json!({ "file": submit.file, "rows": report.rows, "findings": report.tally.all(), "code": "check" });
            self.refused(ActName::Submit, caller, "the check found errors", refused)?;
            return Ok(value);
        };
        let entry = self.append_body(AgreementId::house(), EntryKind::Submission, body)?;
        let number = self.next_submission();
        self.submitted.hold(entry.seq, held);
        let id = format!("s{number}");
        let details = json!({
            "submission": id,
            "entry_seq": entry.seq.0,
            "file": submit.file,
            "file_sha256": hash.to_hex(),
            "source": submit.source,
            "rows": report.rows,
            "series": report.series,
            "observations": report.observations,
            "indicators": indicators,
        });
        let mut details = details;
        if report.left_out > 0 {
            details["left_out"] = left_out(&report);
        }
        if let Some((mapping, _)) = &report.recognised {
            details["mapping"] = json!(mapping);
        }
        let documents = levels::document(&id, &levels)?;
        acts.push(Done { caller: caller.clone(), details, documents });
        value["submission"] = json!(id);
        Ok(value)
    }

    /// The number of the next submission, which is given to nobody else.
    pub(super) fn next_submission(&mut self) -> u64 {
        // Others may have been taken whose acts are not durable yet.
        let number = self.house.last_submission().max(self.submitted.last) + 1;
        self.submitted.last = number;
        number
    }

    pub(super) fn submission_list(&self) -> Value {
        let list: Vec<Value> = self
            .house
            .submissions()
            .map(|one| {
                json!({
                    "submission": one.id,
                    "file": one.file,
                    "observations": one.observations,
                    "time": one.time.to_string(),
                    "released": one.released,
                })
            })
            .collect();
        json!({ "submissions": list })
    }
}

/// What a submission of the good part did not take, for the record: how many errors, and the lines of the first ones.
fn left_out(report: &Report) -> Value {
    const NAMED: usize = 50;
    let all = report.findings.iter().filter(|finding| finding.severity == Severity::LeftOut);
    let named: Vec<String> = all.take(NAMED).map(ToString::to_string).collect();
    json!({ "errors": report.left_out, "findings": named })
}

/// Rows of text, one for each finding, and behind them what became of the file.
fn listed(listing: Spool, value: Value) -> Rows {
    Rows::new(move |each| {
        for line in BufReader::new(listing.reader()).lines() {
            let line = line.map_err(NodeError::Payload)?;
            if !each(&json!(line).to_string()) {
                return Ok(());
            }
        }
        each(&value.to_string());
        Ok(())
    })
}

/// A check's report for people and programs.
pub fn describe_report(report: &Report) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "severity": finding.severity.to_string(),
                "line": finding.line,
                "column": finding.column,
                "cell": finding.cell,
                "message": finding.message,
                "text": finding.to_string(),
                "also_on": finding.also,
            })
        })
        .collect();
    let mapping = report.recognised.as_ref();
    let tally = &report.tally;
    json!({
        "mapping": mapping.map(|(name, _)| name),
        "mapping_why": mapping.map(|(_, why)| why),
        "left_out": report.left_out,
        "accepted": report.is_accepted() && report.series > 0,
        "rows": report.rows,
        "series": report.series,
        "observations": report.observations,
        "found": {
            "errors": tally.errors, "left_out": tally.left_out, "warnings": tally.warnings, "listed": tally.listed,
        },
        "findings": findings,
    })
}
