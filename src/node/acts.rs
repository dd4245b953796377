//! The log of acts: who did what, when, from where, with what outcome, written into the house feed.

mod name;

use serde::Serialize;
use serde_json::Value;

pub use self::name::ActName;
use super::engine::{Engine, NodeError};
use super::request::Caller;
use crate::feed::{AgreementId, EntryKind, HeadRef};
use crate::model::{Document, DocumentKind, DocumentLabel, Record};

impl Engine {
    /// Writes an act that was refused into the house feed.
    pub(super) fn refused(
        &mut self,
        act: ActName,
        caller: &Caller,
        why: &str,
        details: Value,
    ) -> Result<HeadRef, NodeError> {
        self.log_act((act, &format!("refused: {why}")), caller, details, Vec::new())
    }

    /// Writes an act and its outcome into the house feed, with the documents that it decided about.
    fn log_act(
        &mut self,
        (act, outcome): (ActName, &str),
        caller: &Caller,
        details: Value,
        documents: Vec<Record>,
    ) -> Result<HeadRef, NodeError> {
        let mut records = act_records("act", (act, outcome), caller, &details)?;
        records.extend(documents);
        self.append(AgreementId::house(), EntryKind::Act, records)
    }

    /// The end of an act that was carried out.
    pub(super) fn done(
        &mut self,
        act: ActName,
        caller: &Caller,
        details: Value,
        documents: Vec<Record>,
    ) -> Result<HeadRef, NodeError> {
        self.log_act((act, "done"), caller, details, documents)
    }

    /// The end of acts of one kind that were carried out together: one entry of the house feed holds them all.
    pub(super) fn done_together(
        &mut self,
        act: ActName,
        acts: Vec<Done<impl Serialize>>,
    ) -> Result<(), NodeError> {
        let mut records = Vec::new();
        for (number, Done { caller, details, documents }) in acts.into_iter().enumerate() {
            let id = if number == 0 { "act".to_owned() } else { format!("act/{number:06}") };
            records.extend(act_records(&id, (act, "done"), &caller, &details)?);
            records.extend(documents);
        }
        if records.is_empty() {
            return Ok(());
        }
        self.append(AgreementId::house(), EntryKind::Act, records).map(|_| ())
    }

    /// Writes several acts of one request into one entry of the house feed, in their order.
    pub(super) fn done_in_order(
        &mut self,
        acts: Vec<(ActName, Value, Vec<Record>)>,
        caller: &Caller,
    ) -> Result<(), NodeError> {
        let mut records = Vec::new();
        for (number, (act, details, documents)) in acts.into_iter().enumerate() {
            let id = if number == 0 { "act".to_owned() } else { format!("act/{number:06}") };
            records.extend(act_records(&id, (act, "done"), caller, &details)?);
            records.extend(documents);
        }
        self.append(AgreementId::house(), EntryKind::Act, records).map(|_| ())
    }
}

/// An act that was carried out.
pub(super) struct Done<D> {
    /// Who asked for it.
    pub(super) caller: Caller,
    /// What the log says of it.
    pub(super) details: D,
    /// What stands beside it, and is not shown with it.
    pub(super) documents: Vec<Record>,
}

/// An act as records: what, who, from where, with what outcome; and its details, which are an object.
fn act_records(
    id: &str,
    (act, outcome): (ActName, &str),
    caller: &Caller,
    details: &impl Serialize,
) -> Result<Vec<Record>, NodeError> {
    let body = ActBody { act: act.as_str(), who: &caller.who, from: &caller.from, outcome, details };
    let bytes = serde_json::to_vec(&body).map_err(|error| NodeError::Refused(error.to_string()))?;
    document(DocumentKind::Act, id, act.as_str(), "application/json", &bytes)
}

#[derive(Serialize)]
struct ActBody<'a, D> {
    act: &'a str,
    who: &'a str,
    from: &'a str,
    outcome: &'a str,
    #[serde(flatten)]
    details: &'a D,
}

/// A document as records, in as many parts as it needs.
pub(super) fn document(
    kind: DocumentKind,
    id: &str,
    title: &str,
    media_type: &str,
    body: &[u8],
) -> Result<Vec<Record>, NodeError> {
    let label = DocumentLabel::new(kind, id, "", title, media_type)?;
    Ok(Document::split(&label, body)?.into_iter().map(Record::Document).collect())
}
