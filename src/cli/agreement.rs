//! `agreement …`

use anyhow::Context;
use serde_json::Value;

use super::args::Global;
use super::args::agreement::{Agreement, Amend, Clauses, Draft, LaneTerms, Show};
use super::{Outcome, ask, print};
use crate::node::Request;
use crate::node::request::{AgreementDraft, AmendDraft, LaneDraft, ScopeDraft, TermsDraft};

/// `agreement …`
///
/// # Errors
/// As [`ask::ask`].
pub fn run(global: &Global, agreement: Agreement) -> anyhow::Result<Outcome> {
    let request = match agreement {
        Agreement::Draft(draft) => return written_down(global, drafted(*draft)),
        Agreement::Amend(amend) => return written_down(global, amended(*amend)),
        Agreement::Propose { agreement } => Request::AgreementPropose { agreement },
        Agreement::Sign { agreement } => Request::AgreementSign { agreement },
        Agreement::List => return list(global),
        Agreement::Show(show) => return self::show(global, show),
        Agreement::End { agreement } => Request::AgreementEnd { agreement },
    };
    ask::simple(global, request)
}

/// `agreement draft` and `agreement amend`: what was written down, as its parties will read it.
fn written_down(global: &Global, draft: AgreementDraft) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::AgreementDraft(Box::new(draft)))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    print_summary(&value)?;
    let id = print::cell(&value["agreement"]);
    eprintln!(
        "Nobody was told. To sign it and send it to its parties: corridor agreement propose {}",
        id.get(..12).unwrap_or(&id)
    );
    Ok(Outcome::Done)
}

/// `agreement list`: a line for each, on a terminal.
fn list(global: &Global) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::AgreementList)?;
    match value["agreements"].as_array() {
        Some(rows) if !global.json && !rows.is_empty() => {
            let columns = ["agreement", "title", "standing", "parties", "not_signed", "purpose", "end"];
            print::table(&columns, rows)?;
        }
        Some(_) | None => print::value(&value, global.json)?,
    }
    Ok(Outcome::Done)
}

/// The summaries of an agreement, one for each language, and its id.
fn print_summary(value: &Value) -> anyhow::Result<()> {
    let summaries = value["summary"].as_object().into_iter().flatten();
    let texts: Vec<&str> = summaries.filter_map(|(_, text)| text.as_str()).collect();
    print::text(&texts.join("\n"))?;
    print::text(&format!("\nagreement: {}\n", print::cell(&value["agreement"])))
}

/// `agreement show`: the fields as JSON, or the summary as it reads.
fn show(global: &Global, show: Show) -> anyhow::Result<Outcome> {
    let agreement = show.agreement.clone();
    let mut value = ask::value(global, Request::AgreementShow { agreement })?;
    if let Some(wanted) = &show.lang {
        let said = value["summary"].as_object_mut().context("the node gave no summary")?;
        said.retain(|language, _| language == wanted);
        anyhow::ensure!(
            !said.is_empty(),
            "there is no summary in {wanted:?}: en, fr or es, as the parties' cards"
        );
    }
    let mut rows = Vec::new();
    if show.what_if {
        let request = Request::AgreementWhatIf { agreement: show.agreement };
        ask::ask(global, request, &mut |row| {
            rows.push(row);
            true
        })?;
    }
    if global.json {
        if show.what_if {
            value["what_if"] = Value::Array(rows);
        }
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    print_summary(&value)?;
    print_erasures(&value)?;
    if show.what_if {
        let flat: Vec<Value> = rows.into_iter().map(flat_row).collect();
        print::table(&["indicator", "series", "observations", "withheld"], &flat)?;
    }
    Ok(Outcome::Done)
}

/// What became of what was sent under it.
fn print_erasures(value: &Value) -> anyhow::Result<()> {
    if let Some(at) = value["erase_at"].as_str() {
        print::text(&format!("what we have received under it is erased: {at}\n"))?;
    }
    match value["erasures"].as_array() {
        Some(rows) if !rows.is_empty() => {
            print::text("\nerased by recipients, as they have signed\n")?;
            print::table(&["country", "first", "last", "time", "why"], rows)
        }
        Some(_) | None => Ok(()),
    }
}

/// A row of what would be shared, with the reasons in one cell.
fn flat_row(mut row: Value) -> Value {
    let reasons = row["withheld"].as_object().into_iter().flatten();
    let reasons: Vec<String> = reasons.map(|(reason, count)| format!("{count}: {reason}")).collect();
    row["withheld"] = Value::String(reasons.join("; "));
    row
}

fn drafted(draft: Draft) -> AgreementDraft {
    AgreementDraft {
        title: draft.title,
        with: draft.with,
        role: draft.role,
        indicators: draft.indicators,
        purpose: draft.purpose,
        ..clauses(draft.clauses)
    }
}

fn amended(amend: Amend) -> AgreementDraft {
    let amends = AmendDraft { agreement: amend.agreement, join: amend.join, leave: amend.leave };
    AgreementDraft {
        title: amend.title.unwrap_or_default(),
        indicators: amend.indicators,
        purpose: amend.purpose.unwrap_or_default(),
        amends: Some(amends),
        ..clauses(amend.clauses)
    }
}

fn clauses(said: Clauses) -> AgreementDraft {
    AgreementDraft {
        any_counterpart: said.any_counterpart,
        onward: said.onward.unwrap_or_default(),
        retention_days: said.retention_days,
        until: said.until,
        scope: ScopeDraft {
            counterparts: said.counterparts,
            sex: said.sex.unwrap_or_default(),
            age: said.age.unwrap_or_default(),
            totals_only: said.totals_only,
            subnational: said.subnational.unwrap_or_default(),
            period_from: said.period_from,
            period_until: said.period_until,
            frequencies: said.frequencies,
            ceiling: said.ceiling.unwrap_or_default(),
            publishers: said.publishers,
        },
        terms: TermsDraft {
            from: said.from,
            retention_seconds: said.retention_seconds,
            disclosure_rule: said.disclosure_rule.unwrap_or_default(),
            signatures: said.signatures,
            crisis_signatures: said.crisis_signatures,
            crisis_days: said.crisis_days.unwrap_or_default(),
            crisis: lane_terms(said.crisis),
        },
        ..AgreementDraft::default()
    }
}

/// The terms of crisis lanes, if any is said.
fn lane_terms(said: LaneTerms) -> Option<LaneDraft> {
    if said == LaneTerms::default() {
        return None;
    }
    Some(LaneDraft {
        indicators: said.crisis_indicators,
        scope: ScopeDraft {
            subnational: said.crisis_subnational.unwrap_or_default(),
            ceiling: said.crisis_ceiling.unwrap_or_default(),
            ..ScopeDraft::default()
        },
        activators: said.crisis_activators,
        couriers: said.crisis_couriers,
        lowered: said.crisis_lowered,
        protection_to_origin: said.crisis_protection_to_origin,
        officers: said.crisis_officers,
        retention_seconds: said.crisis_retention_seconds,
    })
}
