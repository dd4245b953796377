//! An agreement as an answer, field by field.

use serde_json::{Value, json};

use super::draft::{DAY, hex};
use crate::feed::PublisherId;
use crate::model::Millis;
use crate::model::codelist::Language;
use crate::node::engine::Engine;
use crate::policy::{
    Agreement, Counterparts, Crisis, Detail, LaneTerms, NO_END, Onward, ScopeRule, Standing, Subnational,
    Summary,
};

impl Engine {
    pub(super) fn describe_agreement(&self, agreement: &Agreement) -> Value {
        let text = agreement.text();
        let standing = self.house.book().standing(agreement, self.now());
        let (missing, since) = match &standing {
            Standing::Proposed { missing } => (self.countries(missing), None),
            Standing::Ahead | Standing::InForce => (Vec::new(), None),
            Standing::Over { since } => (Vec::new(), Some(since.to_string())),
        };
        let said = |(party, time): (PublisherId, Millis)| json!({ "country": self.country_of(&party), "time": time.to_string() });
        let role = |party: &crate::policy::Party| json!({ "country": self.country_of(&party.publisher), "role": party.role.id() });
        json!({
            "agreement": agreement.id().to_hex(),
            "title": text.title,
            "standing": standing_word(&standing),
            "parties": text.parties.iter().map(|party| self.country_of(&party.publisher)).collect::<Vec<_>>(),
            "roles": text.parties.iter().map(role).collect::<Vec<_>>(),
            "signed": agreement.signed().map(said).collect::<Vec<_>>(),
            "not_signed": missing,
            "left": agreement.left().map(said).collect::<Vec<_>>(),
            "signatures_needed": text.quorum,
            "scope": text.scope.iter().map(|rule| self.describe_rule(rule)).collect::<Vec<_>>(),
            "purpose": text.purpose.code.id(),
            "purpose_description": text.purpose.description,
            "onward": self.describe_onward(&text.onward),
            "retention_days": text.retention / DAY,
            "retention_seconds": text.retention,
            "disclosure_rule": text.disclosure_rule,
            "crisis": self.describe_crisis(&text.crisis),
            "supersedes": hex(text.supersedes),
            "start": Millis(text.term.start).to_string(),
            "end": (text.term.end != NO_END).then(|| Millis(text.term.end).to_string()),
            "over_since": since,
            "erase_at": self.house.book().erase_at(agreement, self.us(), self.now()).map(|at| at.to_string()),
            "erasures": self.erasures(Some(agreement.id())),
        })
    }

    /// The same with every clause in plain words: `summary` in the languages of the parties, `texts` in all there are
    /// words in, for a page in its reader's language.
    pub(super) fn explain_agreement(&self, agreement: &Agreement) -> Value {
        let standing = self.house.book().standing(agreement, self.now());
        let keyring = self.house.keyring();
        let summary = Summary { agreement, standing: &standing, us: self.us(), keyring };
        let in_words = |all: Vec<Language>| -> Value {
            let said = all.into_iter().map(|one| (one.tag().to_owned(), summary.markdown(one).into()));
            Value::Object(said.collect())
        };
        let mut value = self.describe_agreement(agreement);
        value["summary"] = in_words(summary.languages());
        value["texts"] = in_words(Language::WORKING.to_vec());
        value
    }

    fn describe_rule(&self, rule: &ScopeRule) -> Value {
        json!({
            "publishers": self.countries(&rule.publishers),
            "indicators": rule.indicators,
            "counterparts": match &rule.counterparts {
                Counterparts::Parties => json!("parties"),
                Counterparts::Any => json!("any"),
                Counterparts::Listed(areas) => json!(areas),
            },
            "sex": describe_detail(&rule.sex),
            "age": describe_detail(&rule.age),
            "breakdowns": if rule.breakdowns { "all" } else { "totals" },
            "subnational": match rule.subnational {
                Subnational::National => "national",
                Subnational::Admin1 => "admin1",
                Subnational::Any => "any",
            },
            "period_from": rule.span.first_day(),
            "period_until": rule.span.last_day(),
            "frequencies": rule.frequencies,
            "ceiling": rule.ceiling().id(),
        })
    }

    fn describe_crisis(&self, crisis: &Crisis) -> Value {
        let terms = |terms: &LaneTerms| {
            let lowered =
                terms.lowered.iter().map(|one| json!({ "indicator": one.indicator, "rule": one.rule }));
            json!({
                "lowered": lowered.collect::<Vec<_>>(),
                "protection_to_origin": terms.protection_to_origin,
                "officers": terms.officers,
            })
        };
        match crisis {
            Crisis::Nothing => Value::Null,
            Crisis::Plain(clause) => json!({ "signatures": clause.signatures, "days": clause.days }),
            Crisis::Standing(clause) => json!({
                "signatures": clause.signatures,
                "days": clause.days,
                "activators": self.countries(&clause.activators),
                "couriers": self.countries(&clause.couriers),
                "scope": clause.scope.iter().map(|rule| self.describe_rule(rule)).collect::<Vec<_>>(),
                "terms": terms(&clause.terms),
                "retention_seconds": clause.retention,
            }),
            Crisis::Lane(lane) => json!({
                "under": lane.under.to_hex(),
                "name": lane.name,
                "area": lane.area,
                "drill": lane.drill,
                "activators": self.countries(&lane.activators),
                "terms": terms(&lane.terms),
            }),
        }
    }

    fn describe_onward(&self, onward: &Onward) -> Value {
        match onward {
            Onward::Nobody => json!("nobody"),
            Onward::Named(named) => json!(self.countries(named)),
            Onward::Group => json!("group"),
            Onward::Public => json!("public"),
        }
    }

    pub(in crate::node) fn countries(&self, ids: &[PublisherId]) -> Vec<String> {
        ids.iter().map(|id| self.country_of(id)).collect()
    }
}

/// The words for how agreements stand.
pub const STANDINGS: [&str; 4] = ["proposed", "ahead", "in force", "over"];

/// The word for how an agreement stands.
pub(in crate::node) fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Proposed { .. } => STANDINGS[0],
        Standing::Ahead => STANDINGS[1],
        Standing::InForce => STANDINGS[2],
        Standing::Over { .. } => STANDINGS[3],
    }
}

fn describe_detail(detail: &Detail) -> Value {
    match detail {
        Detail::Totals => json!("totals"),
        Detail::All => json!("all"),
        Detail::Listed(codes) => json!(codes),
    }
}
