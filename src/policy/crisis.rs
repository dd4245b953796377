//! Crises: the clause by which a lane may be declared, and the lane, which is an agreement that follows from it.
//!
//! ```text
//!  agreement in force, with a clause ──┐
//!                                      ├─▶ [`AgreementText::lane`] ─▶ the text of the lane ─▶ enough sign ─▶ in force
//!  [`Declaration`]: name, area, days ──┘
//! ```
//!
//! The text of a lane follows from the agreement and the declaration, byte for byte: nobody negotiates on the day, and
//! who gets one makes it again and compares. So feeds, receipts, couriers and erasure know nothing of crises. It binds
//! those that the agreement binds, without a signature of their own, once as many countries have signed the declaration
//! as the clause asks for. It is over when its term is, or when fewer of those that have signed it are left.
//!
//! A lane is for the protection of people: its purpose is fixed, nothing is handed on, everything is erased after its
//! retention, and of people in need of protection no reader is told who is the government that they come from, unless
//! the clause says so.

use super::purpose::{Purpose, PurposeCode};
use super::scope::ScopeRule;
use super::text::{AgreementError, AgreementText, Onward, Party, Role, Term};
use crate::feed::codec::{Decode, Encode};
use crate::feed::{AgreementId, PublisherId};
use crate::model::catalogue::{DisclosureRule, Sensitivity};
use crate::model::{Millis, codelist};

/// The longest crisis: after so many days it is none any more.
pub(super) const MAX_DAYS: u32 = 366;
/// How long a lane's figures may be kept after it is over, where nothing else is said: 90 days.
pub const USUAL_RETENTION: u32 = 90 * 86_400;
/// How many officers may have to stand behind a bulletin.
const MAX_OFFICERS: u32 = 5;
/// The most exceptions from the rules for small numbers.
const MAX_LOWERED: usize = 64;
/// The longest name of a lane, in bytes.
const MAX_NAME: usize = 40;
const DAY_MILLIS: i64 = 86_400_000;

/// What an agreement says of crises, or that it is a lane itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Crisis {
    /// No lane may be declared.
    Nothing,
    /// A lane of the agreement's own scope may be declared.
    Plain(CrisisClause),
    /// A lane of these terms may be declared.
    Standing(Box<LaneClause>),
    /// It is a lane.
    Lane(Box<Lane>),
}

/// Whether a crisis lane may be declared under the agreement, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CrisisClause {
    /// How many parties must sign the declaration.
    pub signatures: u32,
    /// For how many days it holds.
    pub days: u32,
}

/// A standing arrangement for crises.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LaneClause {
    /// How many countries must sign a declaration; 1: one by itself, to which the others consent beforehand.
    pub signatures: u32,
    /// For how many days a lane holds at most.
    pub days: u32,
    /// Who may sign; sorted; none: every party that publishes.
    pub activators: Vec<PublisherId>,
    /// Who carries for lanes, beside the agreement's own couriers; sorted.
    pub couriers: Vec<PublisherId>,
    /// What may be shared in a lane, and how fine.
    pub scope: Vec<ScopeRule>,
    /// How a lane is held.
    pub terms: LaneTerms,
    /// How long recipients may keep what they got once a lane is over, in seconds.
    pub retention: u32,
}

/// What a clause says of its lanes and every lane says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LaneTerms {
    /// Where counts are held to a weaker rule than usual; sorted.
    pub lowered: Vec<Lowered>,
    /// Whether figures on people in need of protection may go to the government of the country they come from.
    pub protection_to_origin: bool,
    /// How many duty officers must stand behind a bulletin before it goes.
    pub officers: u32,
}

/// An exception from the rules for small numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Lowered {
    /// An indicator.
    pub indicator: String,
    /// The rule that holds instead, a code of `CL_MP_DISC`.
    pub rule: String,
}

/// What makes an agreement a lane.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Lane {
    /// The agreement whose clause it follows from.
    pub under: AgreementId,
    /// What it is called, such as `LC-1`.
    pub name: String,
    /// Where the crisis is: the code of an area.
    pub area: String,
    /// Whether it is an exercise: everything that shows it says so.
    pub drill: bool,
    /// Who may sign the declaration; sorted.
    pub activators: Vec<PublisherId>,
    /// How it is held.
    pub terms: LaneTerms,
}

/// What is said when a lane is declared; all else follows from the agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// What it is called.
    pub name: String,
    /// Where the crisis is.
    pub area: String,
    /// Whether it is an exercise.
    pub drill: bool,
    /// For how many days.
    pub days: u32,
    /// From when.
    pub from: Millis,
}

impl Crisis {
    /// The lane that an agreement is, if it is one.
    pub fn lane(&self) -> Option<&Lane> {
        match self {
            Self::Lane(lane) => Some(lane),
            Self::Nothing | Self::Plain(_) | Self::Standing(_) => None,
        }
    }

    /// Checks what the clause of an agreement, or a lane, must hold.
    ///
    /// # Errors
    /// [`AgreementError`] saying which rule is broken.
    pub(super) fn check(&self, text: &AgreementText) -> Result<(), AgreementError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Plain(clause) => check_numbers(text, clause.signatures, clause.days),
            Self::Standing(clause) => clause.check(text),
            Self::Lane(lane) => lane.check(text),
        }
    }
}

fn check_numbers(text: &AgreementText, signatures: u32, days: u32) -> Result<(), AgreementError> {
    let enough = (1..=text.bound().count()).contains(&(signatures as usize));
    let fits = enough && (1..=MAX_DAYS).contains(&days);
    if fits { Ok(()) } else { Err(AgreementError::Crisis) }
}

fn check_activators(text: &AgreementText, activators: &[PublisherId]) -> Result<(), AgreementError> {
    let publishes = |who: &PublisherId| text.role(who).is_some_and(Role::publishes);
    let sorted = activators.is_sorted_by(|a, b| a < b);
    if sorted && activators.iter().all(publishes) { Ok(()) } else { Err(AgreementError::Activators) }
}

impl LaneClause {
    fn check(&self, text: &AgreementText) -> Result<(), AgreementError> {
        check_numbers(text, self.signatures, self.days)?;
        check_activators(text, &self.activators)?;
        let able = match self.activators.len() {
            0 => text.parties.iter().filter(|party| party.role.publishes()).count(),
            some => some,
        };
        if able < self.signatures as usize {
            return Err(AgreementError::Activators);
        }
        let sorted = self.couriers.is_sorted_by(|a, b| a < b);
        if !sorted || self.couriers.iter().any(|who| text.binds(who)) {
            return Err(AgreementError::LaneCouriers);
        }
        if self.retention == 0 {
            return Err(AgreementError::SensitiveForEver);
        }
        self.terms.check()?;
        text.check_scope(&self.scope, &Onward::Nobody, self.retention)
    }
}

impl LaneTerms {
    /// As an agreement that says nothing has it.
    pub fn usual() -> Self {
        Self { lowered: Vec::new(), protection_to_origin: false, officers: 1 }
    }

    /// The rule that counts of an indicator are held to instead of a stricter one.
    pub fn lowered(&self) -> impl Iterator<Item = (&str, DisclosureRule)> {
        self.lowered
            .iter()
            .filter_map(|one| Some((one.indicator.as_str(), DisclosureRule::from_id(&one.rule)?)))
    }

    fn check(&self) -> Result<(), AgreementError> {
        if !(1..=MAX_OFFICERS).contains(&self.officers) {
            return Err(AgreementError::Officers);
        }
        let sorted = self.lowered.is_sorted_by(|a, b| a.indicator < b.indicator);
        if !sorted || self.lowered.len() > MAX_LOWERED {
            return Err(AgreementError::Lowered(String::new()));
        }
        let known = |one: &&Lowered| {
            crate::model::catalogue::get(&one.indicator).is_some_and(|it| it.sens < Sensitivity::S3)
                && DisclosureRule::from_id(&one.rule).is_some()
        };
        match self.lowered.iter().find(|one| !known(one)) {
            Some(one) => Err(AgreementError::Lowered(one.indicator.chars().take(32).collect())),
            None => Ok(()),
        }
    }
}

impl Lane {
    fn check(&self, text: &AgreementText) -> Result<(), AgreementError> {
        check_activators(text, &self.activators)?;
        self.terms.check()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.chars().all(plain) {
            return Err(AgreementError::LaneName);
        }
        if !codelist::area().contains(&self.area) {
            return Err(AgreementError::LaneArea(self.area.chars().take(32).collect()));
        }
        let days = (text.term.end.saturating_sub(text.term.start)) / DAY_MILLIS;
        let term = (1..=i64::from(MAX_DAYS)).contains(&days);
        let fixed = text.purpose.code == PurposeCode::Protect
            && text.onward == Onward::Nobody
            && text.retention > 0
            && text.supersedes.is_none();
        let enough = (1..=self.activators.len()).contains(&(text.quorum as usize));
        if term && fixed && enough { Ok(()) } else { Err(AgreementError::Crisis) }
    }
}

impl AgreementText {
    /// The terms under which lanes may be declared, if they may.
    pub fn lane_clause(&self) -> Option<LaneClause> {
        match &self.crisis {
            Crisis::Nothing | Crisis::Lane(_) => None,
            Crisis::Standing(clause) => Some((**clause).clone()),
            Crisis::Plain(clause) => Some(LaneClause {
                signatures: clause.signatures,
                days: clause.days,
                activators: Vec::new(),
                couriers: Vec::new(),
                scope: self.scope.clone(),
                terms: LaneTerms::usual(),
                retention: if self.retention == 0 { USUAL_RETENTION } else { self.retention },
            }),
        }
    }

    /// The text of the lane that a declaration makes under this agreement, whose id is `under`.
    ///
    /// # Errors
    /// [`AgreementError`] if the agreement has no clause, or the declaration does not keep to it.
    pub fn lane(&self, under: AgreementId, said: &Declaration) -> Result<Self, AgreementError> {
        let clause = self.lane_clause().ok_or(AgreementError::NoCrisis)?;
        if !(1..=clause.days).contains(&said.days) {
            return Err(AgreementError::TooLong(clause.days));
        }
        let mut parties = self.parties.clone();
        let known = |who: &PublisherId| self.role(who).is_some();
        let more = clause.couriers.iter().filter(|who| !known(who));
        parties.extend(more.map(|who| Party { publisher: *who, role: Role::Courier }));
        parties.sort_unstable_by_key(|party| party.publisher);
        let able = parties.iter().filter(|party| party.role.publishes()).map(|party| party.publisher);
        let activators = match clause.activators.is_empty() {
            true => able.collect(),
            false => clause.activators,
        };
        let (Declaration { name, area, drill, .. }, from) = (said.clone(), said.from.0);
        let exercise = if drill { "DRILL " } else { "" };
        let text = Self {
            title: format!("{exercise}{name}: crisis in {area}"),
            parties,
            scope: clause.scope,
            purpose: Purpose { code: PurposeCode::Protect, description: String::new() },
            onward: Onward::Nobody,
            retention: clause.retention,
            disclosure_rule: self.disclosure_rule.clone(),
            crisis: Crisis::Lane(Box::new(Lane {
                under,
                name,
                area,
                drill,
                activators,
                terms: clause.terms,
            })),
            term: Term { start: from, end: from.saturating_add(i64::from(said.days) * DAY_MILLIS) },
            quorum: clause.signatures,
            supersedes: None,
            drafted_at: from,
        };
        text.check()?;
        Ok(text)
    }

    /// Whether this is the lane that some declaration makes under an agreement.
    pub(super) fn follows_from(&self, under: AgreementId, agreement: &Self) -> bool {
        let Some(lane) = self.crisis.lane().filter(|lane| lane.under == under) else { return false };
        let days = (self.term.end - self.term.start) / DAY_MILLIS;
        let said = Declaration {
            name: lane.name.clone(),
            area: lane.area.clone(),
            drill: lane.drill,
            days: u32::try_from(days).unwrap_or(u32::MAX),
            from: Millis(self.term.start),
        };
        agreement.lane(under, &said).is_ok_and(|text| text == *self)
    }
}
