//! Agreements: drafting, signing and ending them, and telling the parties.

use serde_json::{Value, json};

use super::clock;
use super::engine::{Engine, NodeError, document};
use super::request::{AgreementDraft, Caller};
use crate::feed::{AgreementId, EntryKind, PublisherId};
use crate::model::{DocumentKind, Millis, Record};
use crate::policy::agreement::NO_END;
use crate::policy::{Agreement, AgreementText, Consent, Counterparts, ScopeRule, SignedConsent, Standing};

impl Engine {
    pub(super) fn agreement_draft(
        &mut self,
        draft: &AgreementDraft,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let text = self.draft_text(draft)?;
        let agreement = Agreement::new(text, self.network());
        let details = json!({ "agreement": agreement.id().to_hex(), "title": agreement.text().title });
        self.done("agreement draft", caller, details, text_records(&agreement)?)?;
        Ok(self.describe_agreement(&agreement))
    }

    fn draft_text(&self, draft: &AgreementDraft) -> Result<AgreementText, NodeError> {
        let now = clock::now();
        let mut parties = vec![self.us()];
        for with in &draft.with {
            parties.push(self.partner(with)?.publisher());
        }
        parties.sort_unstable();
        parties.dedup();
        let mut indicators = draft.indicators.clone();
        indicators.sort_unstable();
        indicators.dedup();
        let counterparts = if draft.any_counterpart { Counterparts::Any } else { Counterparts::Parties };
        let end = draft.until.as_deref().map(Millis::parse).transpose()?.map_or(NO_END, |until| until.0);
        let text = AgreementText {
            title: draft.title.clone(),
            parties,
            scope: vec![ScopeRule { publishers: Vec::new(), indicators, counterparts }],
            purpose: draft.purpose.clone(),
            onward: draft.onward.clone(),
            retention_days: draft.retention_days,
            disclosure_rule: String::new(),
            couriers: Vec::new(),
            start: now.0,
            end,
            crisis: String::new(),
            drafted_at: now.0,
        };
        text.check().map_err(|error| NodeError::Refused(error.to_string()))?;
        Ok(text)
    }

    /// Signs an agreement and tells all parties; proposing one is signing it first.
    pub(super) fn agreement_sign(
        &mut self,
        name: &str,
        act: &str,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let agreement = self.agreement(name)?;
        if !agreement.text().parties.contains(&self.us()) {
            return Err(NodeError::Refused("this government is no party of the agreement".to_owned()));
        }
        if agreement.standing(clock::now()) == Standing::Over {
            return Err(NodeError::Refused("the agreement is over; draft a new one".to_owned()));
        }
        self.declare(&agreement, Consent::Agreed, act, caller)
    }

    pub(super) fn agreement_end(&mut self, name: &str, caller: &Caller) -> Result<Value, NodeError> {
        let agreement = self.agreement(name)?;
        self.declare(&agreement, Consent::Ended, "agreement end", caller)
    }

    /// Writes our signed word on an agreement into the house feed and to every party that is a partner.
    fn declare(
        &mut self,
        agreement: &Agreement,
        consent: Consent,
        act: &str,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let signer = self.signer()?;
        let word = (consent, clock::now());
        let signed = SignedConsent::sign(agreement.id(), self.us(), word, self.network(), signer.as_ref());
        let kind = match consent {
            Consent::Agreed => DocumentKind::AgreementSignature,
            Consent::Ended => DocumentKind::AgreementEnd,
        };
        let id = agreement.id().to_hex();
        let mut records = text_records(agreement)?;
        records.extend(document(
            kind,
            &id,
            &agreement.text().title,
            "application/octet-stream",
            &signed.to_bytes(),
        )?);
        let us = self.us();
        let known: Vec<PublisherId> = self.house.partners().map(crate::feed::Card::publisher).collect();
        let parties = agreement.text().parties.iter().filter(|party| **party != us);
        let (told, unknown): (Vec<PublisherId>, Vec<PublisherId>) =
            parties.partition(|party| known.contains(party));
        for party in &told {
            let feed = AgreementId::correspondence(us, *party);
            self.append(feed, EntryKind::Correspondence, records.clone())?;
        }
        let details = json!({ "agreement": id, "title": agreement.text().title });
        self.done(act, caller, details, records)?;
        let mut after = agreement.clone();
        after.take(&signed);
        let mut value = self.describe_agreement(&after);
        value["told"] = json!(told.iter().map(|party| self.country_of(party)).collect::<Vec<_>>());
        value["not_told"] = json!(unknown.iter().map(|party| self.country_of(party)).collect::<Vec<_>>());
        Ok(value)
    }

    pub(super) fn agreement_list(&self) -> Value {
        let list: Vec<Value> =
            self.house.book().agreements().map(|one| self.describe_agreement(one)).collect();
        json!({ "agreements": list })
    }

    pub(super) fn agreement_show(&self, name: &str) -> Result<Value, NodeError> {
        Ok(self.describe_agreement(&self.agreement(name)?))
    }

    /// An agreement by id, the start of it, or its title.
    pub(super) fn agreement(&self, name: &str) -> Result<Agreement, NodeError> {
        let fits = |agreement: &&Agreement| {
            agreement.text().title == name
                || name.len() >= 6 && agreement.id().to_hex().starts_with(&name.to_ascii_lowercase())
        };
        let mut found = self.house.book().agreements().filter(fits);
        match (found.next(), found.next()) {
            (Some(agreement), None) => Ok(agreement.clone()),
            (None, _) => Err(NodeError::NotFound(format!(
                "there is no agreement {name:?} here; `corridor agreement list` shows them"
            ))),
            (Some(_), Some(_)) => {
                Err(NodeError::Refused(format!("{name:?} fits several agreements; give the id")))
            }
        }
    }

    fn describe_agreement(&self, agreement: &Agreement) -> Value {
        let text = agreement.text();
        let countries = |ids: &[PublisherId]| ids.iter().map(|id| self.country_of(id)).collect::<Vec<_>>();
        let scope: Vec<Value> = text
            .scope
            .iter()
            .map(|rule| {
                let counterparts = match rule.counterparts {
                    Counterparts::Parties => "parties",
                    Counterparts::Any => "any",
                };
                json!({ "publishers": countries(&rule.publishers), "indicators": rule.indicators, "counterparts": counterparts })
            })
            .collect();
        let (standing, missing) = match agreement.standing(clock::now()) {
            Standing::Proposed { missing } => ("proposed", countries(&missing)),
            Standing::Ahead => ("ahead", Vec::new()),
            Standing::InForce => ("in force", Vec::new()),
            Standing::Over => ("over", Vec::new()),
        };
        let signed: Vec<Value> = agreement
            .signed()
            .iter()
            .map(|(party, time)| json!({ "country": self.country_of(party), "time": time.to_string() }))
            .collect();
        json!({
            "agreement": agreement.id().to_hex(),
            "title": text.title,
            "standing": standing,
            "parties": countries(&text.parties),
            "signed": signed,
            "not_signed": missing,
            "scope": scope,
            "purpose": text.purpose,
            "onward": text.onward,
            "retention_days": text.retention_days,
            "start": Millis(text.start).to_string(),
            "end": (text.end != NO_END).then(|| Millis(text.end).to_string()),
        })
    }
}

fn text_records(agreement: &Agreement) -> Result<Vec<Record>, NodeError> {
    let (id, bytes) = (agreement.id().to_hex(), agreement.text().to_bytes());
    document(DocumentKind::AgreementText, &id, &agreement.text().title, "application/octet-stream", &bytes)
}
