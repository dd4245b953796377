//! `agreement …`

use super::args::Global;
use super::args::agreement::{Agreement, Amend, Clauses, Draft};
use super::{Outcome, ask};
use crate::node::Request;
use crate::node::request::{AgreementDraft, AmendDraft, ScopeDraft, TermsDraft};

/// `agreement …`
///
/// # Errors
/// As [`ask::ask`].
pub fn run(global: &Global, agreement: Agreement) -> anyhow::Result<Outcome> {
    let request = match agreement {
        Agreement::Draft(draft) => Request::AgreementDraft(Box::new(drafted(*draft))),
        Agreement::Amend(amend) => Request::AgreementDraft(Box::new(amended(*amend))),
        Agreement::Propose { agreement } => Request::AgreementPropose { agreement },
        Agreement::Sign { agreement } => Request::AgreementSign { agreement },
        Agreement::List => Request::AgreementList,
        Agreement::Show(show) => Request::AgreementShow { agreement: show.agreement },
        Agreement::End { agreement } => Request::AgreementEnd { agreement },
    };
    ask::simple(global, request)
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
        },
        ..AgreementDraft::default()
    }
}
