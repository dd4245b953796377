//! Submissions: what ministries put in, checked and kept in the house feed until it is released.

use serde_json::{Value, json};

use super::engine::{Engine, Figures, NodeError};
use super::request::{Caller, SubmitRequest};
use crate::feed::{AgreementId, EntryKind, FeedId, Seq};
use crate::intake::{Report, Severity};
use crate::model::{Record, Series};

impl Engine {
    pub(super) fn submit(
        &mut self,
        submit: &SubmitRequest,
        figures: Option<Figures>,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let Figures { report, records, hash } =
            figures.ok_or_else(|| NodeError::Refused("the file did not come with the request".to_owned()))?;
        let mut value = describe_report(&report);
        value["file"] = json!(submit.file);
        if submit.check_only {
            return Ok(value);
        }
        if records.is_empty() {
            let refused =
                json!({ "file": submit.file, "rows": report.rows, "findings": report.findings.len() });
            self.refused("submit", caller, "the check found errors", refused)?;
            return Ok(value);
        }
        let id = self.house.next_submission();
        let entry = self.append(AgreementId::house(), EntryKind::Submission, records)?;
        let details = json!({
            "submission": id,
            "entry_seq": entry.seq.0,
            "file": submit.file,
            "file_sha256": hash.to_hex(),
            "source": submit.source,
            "rows": report.rows,
            "series": report.series,
            "observations": report.observations,
        });
        self.done("submit", caller, details, Vec::new())?;
        value["submission"] = json!(id);
        Ok(value)
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

    /// The series of a submission, as they were checked.
    pub(super) fn submitted_series(&self, seq: Seq) -> Result<Vec<Series>, NodeError> {
        let feed = FeedId::new(self.us(), AgreementId::house());
        let mut list = Vec::new();
        self.store.read_records(&feed, seq, &mut |record, _| {
            if let Record::Series(series) = record {
                list.push(series);
            }
        })?;
        Ok(list)
    }
}

/// A check's report for people and programs.
pub fn describe_report(report: &Report) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "severity": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
                "line": finding.line,
                "column": finding.column,
                "message": finding.message,
                "text": finding.to_string(),
            })
        })
        .collect();
    json!({
        "accepted": report.is_accepted() && report.series > 0,
        "rows": report.rows,
        "series": report.series,
        "observations": report.observations,
        "findings": findings,
    })
}
