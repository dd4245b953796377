//! From what somebody asks for to the text of an agreement.

use crate::feed::{AgreementId, PublisherId};
use crate::model::catalogue::Sensitivity;
use crate::model::{Millis, Period};
use crate::node::engine::{Engine, NodeError};
use crate::node::request::{AgreementDraft, LaneDraft, ScopeDraft, TermsDraft};
use crate::policy::crisis::USUAL_RETENTION;
use crate::policy::{
    Agreement, AgreementText, Counterparts, Crisis, CrisisClause, Detail, LaneClause, LaneTerms, Lowered,
    NO_END, Onward, Party, Purpose, Role, ScopeRule, Subnational, Term,
};

/// How long S2 and S3 may be kept if nothing is said: 180 days.
const SENSITIVE_RETENTION: u32 = 180 * DAY;
/// Seconds of a day.
pub(super) const DAY: u32 = 86_400;

impl Engine {
    /// The text that is asked for: a new one, or an amendment's.
    pub(super) fn draft_text(&self, draft: &AgreementDraft) -> Result<AgreementText, NodeError> {
        let earlier = draft.amends.as_ref().map(|amends| self.agreement(&amends.agreement)).transpose()?;
        let mut text = match &earlier {
            Some(earlier) => self.amended(earlier, draft)?,
            None => self.begun(draft)?,
        };
        if !draft.title.is_empty() {
            text.title.clone_from(&draft.title);
        }
        if !draft.purpose.is_empty() {
            text.purpose = Purpose::parse(&draft.purpose).map_err(refused)?;
        }
        if !draft.onward.is_empty() {
            text.onward = self.onward(&draft.onward)?;
        }
        if let Some(until) = &draft.until {
            text.term.end = Millis::parse(until)?.0;
        }
        self.narrow(&mut text.scope, draft)?;
        set_terms(&mut text, &draft.terms, draft.retention_days)?;
        if let (Some(asked), Crisis::Plain(clause)) = (&draft.terms.crisis, &text.crisis) {
            text.crisis = Crisis::Standing(Box::new(self.lane_clause(*clause, asked)?));
        }
        text.check().map_err(refused)?;
        Ok(text)
    }

    /// A new text between us and those who are named.
    fn begun(&self, draft: &AgreementDraft) -> Result<AgreementText, NodeError> {
        let now = self.now();
        let own = if draft.role.is_empty() { Role::Member } else { role(&draft.role)? };
        let mut parties = vec![Party { publisher: self.us(), role: own }];
        self.join(&mut parties, &draft.with)?;
        let quorum = bound(&parties);
        Ok(AgreementText {
            title: String::new(),
            parties,
            scope: vec![ScopeRule::on(Vec::new())],
            purpose: Purpose::parse(&draft.purpose).map_err(refused)?,
            onward: Onward::Nobody,
            retention: 0,
            disclosure_rule: String::new(),
            crisis: Crisis::Nothing,
            term: Term { start: now.0, end: NO_END },
            quorum,
            supersedes: None,
            drafted_at: now.0,
        })
    }

    /// An earlier text with other parties, to take its place.
    fn amended(&self, earlier: &Agreement, draft: &AgreementDraft) -> Result<AgreementText, NodeError> {
        let now = self.now();
        let mut text = earlier.text().clone();
        let needed_all = text.quorum == bound(&text.parties);
        if let Some(amends) = &draft.amends {
            for leaver in &amends.leave {
                let publisher = self.publisher(leaver)?;
                let before = text.parties.len();
                text.parties.retain(|party| party.publisher != publisher);
                if text.parties.len() == before {
                    return Err(NodeError::Refused(format!("{leaver} is no party of the agreement")));
                }
                // Lines on what the leaver publishes are lines on nothing.
                text.scope.iter_mut().for_each(|rule| rule.publishers.retain(|who| *who != publisher));
            }
            self.join(&mut text.parties, &amends.join)?;
        }
        self.join(&mut text.parties, &draft.with)?;
        let named_none =
            |(new, old): (&ScopeRule, &ScopeRule)| new.publishers.is_empty() && !old.publishers.is_empty();
        let emptied: Vec<bool> = text.scope.iter().zip(&earlier.text().scope).map(named_none).collect();
        let mut kept = emptied.iter();
        text.scope.retain(|_| !kept.next().copied().unwrap_or(false));
        text.quorum = if needed_all { bound(&text.parties) } else { text.quorum.min(bound(&text.parties)) };
        text.title = amended_title(&text.title);
        text.supersedes = Some(earlier.id());
        text.term.start = now.0;
        text.drafted_at = now.0;
        Ok(text)
    }

    /// Adds parties by name, each with its role after `=`; one that is there takes the new role.
    fn join(&self, parties: &mut Vec<Party>, named: &[String]) -> Result<(), NodeError> {
        for name in named {
            let (who, role) = match name.split_once('=') {
                Some((who, word)) => (who, role(word)?),
                None => (name.as_str(), Role::Member),
            };
            let publisher = self.publisher(who)?;
            parties.retain(|party| party.publisher != publisher);
            parties.push(Party { publisher, role });
        }
        parties.sort_unstable_by_key(|party| party.publisher);
        Ok(())
    }

    fn onward(&self, text: &str) -> Result<Onward, NodeError> {
        match text {
            "nobody" => Ok(Onward::Nobody),
            "group" => Ok(Onward::Group),
            "public" => Ok(Onward::Public),
            names => Ok(Onward::Named(self.publishers(&list(names))?)),
        }
    }

    fn publishers(&self, names: &[String]) -> Result<Vec<PublisherId>, NodeError> {
        let mut found: Vec<PublisherId> =
            names.iter().map(|name| self.publisher(name)).collect::<Result<_, _>>()?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The clause that lets lanes of these terms be declared.
    fn lane_clause(&self, clause: CrisisClause, asked: &LaneDraft) -> Result<LaneClause, NodeError> {
        let mut rule = ScopeRule::on(match asked.indicators.is_empty() {
            true => vec!["CR_*".to_owned()],
            false => sorted(&asked.indicators),
        });
        rule.counterparts = Counterparts::Any;
        rule.ceiling = Sensitivity::S2 as u8;
        narrow_rule(&mut rule, &asked.scope)?;
        let mut lowered = Vec::new();
        for one in &asked.lowered {
            let (indicator, rule) = one.split_once('=').ok_or_else(|| {
                NodeError::Refused(format!("{one:?}: write an indicator, = and a rule, such as CR_NATREG=D0"))
            })?;
            lowered.push(Lowered { indicator: indicator.to_owned(), rule: rule.to_ascii_uppercase() });
        }
        lowered.sort_unstable();
        let officers = asked.officers.unwrap_or(1);
        Ok(LaneClause {
            signatures: clause.signatures,
            days: clause.days,
            activators: self.publishers(&asked.activators)?,
            couriers: self.publishers(&asked.couriers)?,
            scope: vec![rule],
            terms: LaneTerms { lowered, protection_to_origin: asked.protection_to_origin, officers },
            retention: asked.retention_seconds.unwrap_or(USUAL_RETENTION),
        })
    }

    /// Makes every line of a scope what is asked for; what is not said stays.
    fn narrow(&self, scope: &mut Vec<ScopeRule>, draft: &AgreementDraft) -> Result<(), NodeError> {
        if !draft.indicators.is_empty() {
            scope.truncate(1);
        }
        let asked = &draft.scope;
        let publishers = self.publishers(&asked.publishers)?;
        for rule in scope {
            if !draft.indicators.is_empty() {
                rule.indicators = sorted(&draft.indicators);
            }
            if draft.any_counterpart {
                rule.counterparts = Counterparts::Any;
            }
            if !publishers.is_empty() {
                rule.publishers.clone_from(&publishers);
            }
            narrow_rule(rule, asked)?;
        }
        Ok(())
    }
}

fn narrow_rule(rule: &mut ScopeRule, asked: &ScopeDraft) -> Result<(), NodeError> {
    if !asked.counterparts.is_empty() {
        let upper: Vec<String> = asked.counterparts.iter().map(|code| code.to_ascii_uppercase()).collect();
        rule.counterparts = Counterparts::Listed(sorted(&upper));
    }
    if !asked.sex.is_empty() {
        rule.sex = detail(&asked.sex);
    }
    if !asked.age.is_empty() {
        rule.age = detail(&asked.age);
    }
    rule.breakdowns &= !asked.totals_only;
    match asked.subnational.as_str() {
        "" => {}
        "national" => rule.subnational = Subnational::National,
        "admin1" => rule.subnational = Subnational::Admin1,
        "any" => rule.subnational = Subnational::Any,
        other => {
            return Err(NodeError::Refused(format!(
                "{other:?} is no level of territory: national, admin1 or any"
            )));
        }
    }
    if let Some(first) = &asked.period_from {
        rule.span.from = Period::parse(first)?.start_millis();
    }
    if let Some(last) = &asked.period_until {
        rule.span.until = Period::parse(last)?.end_millis();
    }
    if !asked.frequencies.is_empty() {
        rule.frequencies = sorted(&asked.frequencies);
    }
    if !asked.ceiling.is_empty() {
        let class = Sensitivity::from_id(&asked.ceiling.to_ascii_uppercase());
        let class = class.ok_or_else(|| {
            NodeError::Refused(format!("{:?} is no sensitivity class: S0, S1, S2 or S3", asked.ceiling))
        })?;
        rule.ceiling = class as u8;
    }
    Ok(())
}

fn set_terms(text: &mut AgreementText, asked: &TermsDraft, days: u32) -> Result<(), NodeError> {
    if let Some(from) = &asked.from {
        text.term.start = Millis::parse(from)?.0;
    }
    if days > 0 {
        text.retention = days.checked_mul(DAY).ok_or_else(|| refused("so many days are for ever"))?;
    }
    if let Some(seconds) = asked.retention_seconds {
        text.retention = seconds;
    }
    let sensitive = text.scope.iter().any(|rule| rule.ceiling() >= Sensitivity::S2);
    if sensitive && text.retention == 0 {
        text.retention = SENSITIVE_RETENTION;
    }
    if !asked.disclosure_rule.is_empty() {
        text.disclosure_rule = asked.disclosure_rule.to_ascii_uppercase();
    }
    if let Some(signatures) = asked.signatures {
        text.quorum = signatures;
    }
    if let Some(signatures) = asked.crisis_signatures {
        text.crisis = Crisis::Plain(CrisisClause { signatures, days: asked.crisis_days });
    }
    Ok(())
}

/// An amendment's name: the first one's, with its number.
fn amended_title(title: &str) -> String {
    let (base, number) = title.rsplit_once(", amendment ").unwrap_or((title, "0"));
    match number.parse::<u32>() {
        Ok(number) => format!("{base}, amendment {}", number.saturating_add(1)),
        Err(_) => format!("{title}, amendment 1"),
    }
}

fn bound(parties: &[Party]) -> u32 {
    let count = parties.iter().filter(|party| party.role.is_bound()).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn role(word: &str) -> Result<Role, NodeError> {
    Role::from_id(word).ok_or_else(|| {
        let all = Role::ALL.map(Role::id).join(", ");
        NodeError::Refused(format!("{word:?} is no role: {all}"))
    })
}

fn detail(text: &str) -> Detail {
    match text {
        "totals" => Detail::Totals,
        "all" => Detail::All,
        codes => Detail::Listed(sorted(&list(codes))),
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

fn sorted(codes: &[String]) -> Vec<String> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn refused(why: impl ToString) -> NodeError {
    NodeError::Refused(why.to_string())
}

/// The id of an agreement as it is told to programs.
pub(super) fn hex(id: Option<AgreementId>) -> Option<String> {
    id.map(AgreementId::to_hex)
}
