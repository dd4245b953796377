//! All agreements that a node knows, and the decisions that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use super::agreement::{Agreement, SignedConsent, Standing};
use super::text::{AgreementText, Onward, Role};
use crate::feed::{AgreementId, FeedId, Keyring, PublisherId};
use crate::model::catalogue::{self, Sensitivity};
use crate::model::{AttributeId, Millis, Period, Series, SeriesKey};

/// What it is asked about: a series and the periods of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What is measured.
    pub key: &'a SeriesKey,
    /// The sensitivity class that is stated with it, if one is.
    pub stated: Option<Sensitivity>,
    /// The periods.
    pub periods: &'a [Period],
}

impl<'a> Subject<'a> {
    /// A series with the class that its attribute `SENS_CLASS` states, and these periods, which are its own.
    pub fn of(series: &'a Series, periods: &'a [Period]) -> Self {
        let stated = series.attributes().get(AttributeId::SensClass).and_then(Sensitivity::from_id);
        Self { key: series.key(), stated, periods }
    }

    /// The stricter of what the catalogue says and what is stated with it. What the catalogue does not know is for
    /// partners.
    fn sensitivity(&self) -> Sensitivity {
        if self.key.tells_of_protection() {
            return Sensitivity::S3;
        }
        let usual = catalogue::get(self.key.indicator()).map_or(Sensitivity::S1, |indicator| indicator.sens);
        self.stated.map_or(usual, |stated| stated.max(usual))
    }
}

/// In what shape a series is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As the publisher holds it.
    Whole,
    /// Only these periods of it, as they were asked about; at least one.
    Cut(Vec<Period>),
}

/// Why a series is not shared. In the order in which a line of a scope is gone through: the later one is nearer to
/// being shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// There is no such agreement, or it is not in force.
    NotInForce,
    /// The publisher has not signed, has left, or publishes nothing under the agreement.
    NotBound,
    /// The indicator's sensitivity class does not allow it to be public.
    Sensitivity,
    /// The operator has not opened the indicator to the public.
    NotOpened,
    /// Refugees, asylum, protection: a reader is the government of the country that people come from.
    Origin,
    /// The class allows no onward sharing, and the agreement does.
    Onward,
    /// No line of the scope names this indicator for this publisher.
    Indicator,
    /// The sensitivity class is above what the line opens.
    Ceiling,
    /// The counterpart is none that the line covers.
    Counterpart,
    /// The frequency is none that the line covers.
    Frequency,
    /// Finer by sex than the line allows.
    Sex,
    /// Finer by age than the line allows.
    Age,
    /// Finer by education, occupation, activity, reason or duration than the line allows.
    Breakdown,
    /// Finer by territory than the line allows.
    Subnational,
    /// No period lies in those that the line covers.
    Period,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::NotInForce,
        Self::NotBound,
        Self::Sensitivity,
        Self::NotOpened,
        Self::Origin,
        Self::Onward,
        Self::Indicator,
        Self::Ceiling,
        Self::Counterpart,
        Self::Frequency,
        Self::Sex,
        Self::Age,
        Self::Breakdown,
        Self::Subnational,
        Self::Period,
    ];

    /// The code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInForce => "not_in_force",
            Self::NotBound => "not_bound",
            Self::Sensitivity => "sensitivity",
            Self::NotOpened => "not_opened",
            Self::Origin => "origin",
            Self::Onward => "onward",
            Self::Indicator => "indicator",
            Self::Ceiling => "ceiling",
            Self::Counterpart => "counterpart",
            Self::Frequency => "frequency",
            Self::Sex => "sex",
            Self::Age => "age",
            Self::Breakdown => "breakdown",
            Self::Subnational => "subnational",
            Self::Period => "period",
        }
    }

    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotInForce => "the agreement is not in force",
            Self::NotBound => "the publisher is not bound by the agreement, or only reads under it",
            Self::Indicator => "the agreement's scope does not name the indicator",
            Self::Counterpart => "the counterpart is none that the agreement covers",
            Self::Frequency => "the agreement does not cover the frequency",
            Self::Sex => "the agreement does not allow this detail by sex",
            Self::Age => "the agreement does not allow this detail by age",
            Self::Breakdown => "the agreement allows totals only in the other breakdowns",
            Self::Subnational => "the agreement does not allow parts of the territory",
            Self::Period => "the agreement does not cover the period",
            Self::Ceiling => "the indicator's sensitivity class is above what the agreement opens",
            Self::Origin => {
                "figures on people in need of protection never go to the government of the country they come from"
            }
            Self::Onward => {
                "the indicator's sensitivity class allows no onward sharing, and the agreement does"
            }
            Self::Sensitivity => "the indicator's sensitivity class is never public",
            Self::NotOpened => {
                "the indicator is not opened to the public (release.public in the configuration)"
            }
        }
    }
}

/// The answer to whether a series goes into the feed of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It does, in this shape.
    Share(Shape),
    /// It does not.
    Withhold(Reason),
}

/// The agreements of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    us: Option<PublisherId>,
    written: BTreeMap<AgreementId, Agreement>,
    /// By agreement, those that amend it.
    amendments: BTreeMap<AgreementId, Vec<AgreementId>>,
    public: BTreeSet<String>,
}

impl Book {
    /// A node's book; `public` names the indicators that its operator has opened to everybody.
    pub fn new(us: PublisherId, public: BTreeSet<String>) -> Self {
        Self { us: Some(us), public, ..Self::default() }
    }

    /// Takes an agreement; one that is known stays as it is.
    pub fn insert(&mut self, agreement: Agreement) -> bool {
        let id = agreement.id();
        let new = !self.written.contains_key(&id);
        if new {
            if let Some(earlier) = agreement.text().supersedes {
                self.amendments.entry(earlier).or_default().push(id);
            }
            let under = agreement.text().crisis.lane().map(|lane| lane.under);
            self.written.insert(id, agreement);
            self.refresh_lanes(under.unwrap_or(id));
        }
        new
    }

    /// Takes a party's word on an agreement, which the caller has verified; says whether it changed anything.
    pub fn take(&mut self, word: &SignedConsent) -> bool {
        let changed = self.written.get_mut(&word.agreement()).is_some_and(|agreement| agreement.take(word));
        if changed {
            self.refresh_lanes(word.agreement());
        }
        changed
    }

    /// The crisis lanes, whether they are in force or not.
    pub fn lanes(&self) -> impl Iterator<Item = &Agreement> {
        self.written.values().filter(|agreement| agreement.is_lane())
    }

    /// An agreement as it would be with this word more.
    pub fn with_word(&self, agreement: &Agreement, word: &SignedConsent) -> Agreement {
        let mut after = agreement.clone();
        if let Some(parent) = self.parent_of(&after) {
            after.stand_on(parent);
        }
        after.take(word);
        after
    }

    /// The agreement that a lane follows from, if that is here and was in force when it began.
    fn parent_of(&self, lane: &Agreement) -> Option<&Agreement> {
        let under = lane.text().crisis.lane()?.under;
        let parent = self.written.get(&under)?;
        let begun = Millis(lane.text().term.start);
        // What ended later was in force then, whatever came first here.
        let held = match self.standing(parent, begun) {
            Standing::InForce => true,
            Standing::Over { since } => {
                since > begun && parent.in_force_since().is_some_and(|since| since <= begun)
            }
            Standing::Proposed { .. } | Standing::Ahead => false,
        };
        (held && lane.text().follows_from(under, parent.text())).then_some(parent)
    }

    /// Looks again at the lanes that follow from an agreement.
    fn refresh_lanes(&mut self, under: AgreementId) {
        let of = |one: &&Agreement| one.text().crisis.lane().is_some_and(|lane| lane.under == under);
        let lanes: Vec<AgreementId> = self.written.values().filter(of).map(Agreement::id).collect();
        for id in lanes {
            let Some(lane) = self.written.get(&id) else { continue };
            let Some(parent) = self.parent_of(lane).cloned() else { continue };
            if let Some(lane) = self.written.get_mut(&id) {
                lane.stand_on(&parent);
            }
        }
    }

    /// A written agreement.
    pub fn get(&self, id: &AgreementId) -> Option<&Agreement> {
        self.written.get(id)
    }

    /// A written agreement, to take a party's word.
    pub fn get_mut(&mut self, id: &AgreementId) -> Option<&mut Agreement> {
        self.written.get_mut(id)
    }

    /// All written agreements.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.written.values()
    }

    /// Whether an agreement binds at this time: by its own words, and because no amendment has taken its place.
    pub fn standing(&self, agreement: &Agreement, now: Millis) -> Standing {
        let own = agreement.standing(now);
        let amended = self.amended_since(agreement, now);
        match (own, amended) {
            (Standing::Over { since }, Some(amended)) => Standing::Over { since: since.min(amended) },
            (_, Some(since)) => Standing::Over { since },
            (own, None) => own,
        }
    }

    /// The amendments of an agreement that have been in force.
    pub fn amendments(&self, id: AgreementId, now: Millis) -> impl Iterator<Item = &Agreement> {
        let all = self.amendments.get(&id).into_iter().flatten().filter_map(|id| self.written.get(id));
        all.filter(move |amendment| amendment.in_force_since().is_some_and(|since| since <= now))
    }

    fn amended_since(&self, agreement: &Agreement, now: Millis) -> Option<Millis> {
        let effective = self.amendments(agreement.id(), now).filter(|later| agreement.yields_to(later));
        effective.filter_map(Agreement::in_force_since).min()
    }

    /// When who held something under an agreement must have erased it: the agreed time after the moment from which
    /// nothing bound it to the others any more. Never, while the agreement or an amendment of it is in force and lets it
    /// read, or if nothing was agreed about it.
    pub fn erase_at(&self, agreement: &Agreement, who: PublisherId, now: Millis) -> Option<Millis> {
        let retention = i64::from(agreement.text().retention) * 1000;
        let since = self.free_since(agreement, who, now)?;
        (retention > 0).then(|| since.saturating_add(retention))
    }

    /// Since when an agreement and all that amend it let somebody read no more.
    fn free_since(&self, agreement: &Agreement, who: PublisherId, now: Millis) -> Option<Millis> {
        let over = match self.standing(agreement, now) {
            Standing::Over { since } => Some(since),
            Standing::Proposed { .. } | Standing::Ahead | Standing::InForce => None,
        };
        let left = agreement.left().find(|(party, _)| *party == who).map(|(_, time)| time);
        let mut since = over.into_iter().chain(left).min()?;
        for later in self.amendments(agreement.id(), now) {
            let continues = agreement.yields_to(later)
                && (later.reads(&who) || later.left().any(|(party, _)| party == who));
            if continues {
                since = since.max(self.free_since(later, who, now)?);
            }
        }
        Some(since)
    }

    /// The agreements that are in force and bind us.
    pub fn in_force(&self, now: Millis) -> impl Iterator<Item = &Agreement> {
        let us = self.us;
        self.written.values().filter(move |agreement| {
            us.is_some_and(|us| agreement.is_bound(&us)) && self.standing(agreement, now) == Standing::InForce
        })
    }

    /// The agreements whose feeds a partner may read here: the public one, our correspondence with it, and those
    /// that are in force and let both of us read.
    ///
    /// So who has left reads nothing more, and a feed that we hold is handed on to parties and to whom its onward
    /// clause names, and to nobody else, whoever wrote it. Under an agreement whose onward clause says *group*, who
    /// is bound by an amendment that is in force may read what was released before it joined.
    pub fn readable(&self, partner: PublisherId, now: Millis) -> BTreeSet<AgreementId> {
        let mut readable = BTreeSet::from([AgreementId::public()]);
        let Some(us) = self.us else { return readable };
        readable.insert(AgreementId::correspondence(us, partner));
        let both = |agreement: &&Agreement| {
            (agreement.reads(&us) || agreement.carries(&us)) && agreement.reads(&partner)
        };
        let in_force = self
            .written
            .values()
            .filter(both)
            .filter(|agreement| self.standing(agreement, now) == Standing::InForce);
        for agreement in in_force {
            readable.insert(agreement.id());
            readable.extend(self.opened_to_joiners(agreement));
        }
        readable
    }

    /// The agreements that are in force, concern us, and of which this one is a courier: it stores and forwards what is
    /// sealed under them, and reads nothing. Under an amendment that has gone before, it carries no more.
    pub fn carried(&self, courier: PublisherId, now: Millis) -> BTreeSet<AgreementId> {
        let Some(us) = self.us else { return BTreeSet::new() };
        let ours = |agreement: &&Agreement| {
            agreement.carries(&courier)
                && (courier == us || agreement.reads(&us) || agreement.carries(&us))
                && self.standing(agreement, now) == Standing::InForce
        };
        self.written.values().filter(ours).map(Agreement::id).collect()
    }

    /// The agreements before this one that its members hand on to who joined with it.
    fn opened_to_joiners(&self, agreement: &Agreement) -> Vec<AgreementId> {
        let mut opened = Vec::new();
        let mut earlier = agreement.text().supersedes;
        while let Some(before) = earlier.and_then(|id| self.written.get(&id)) {
            if before.text().onward != Onward::Group || !before.yields_to(agreement) {
                break;
            }
            opened.push(before.id());
            earlier = before.text().supersedes;
        }
        opened
    }

    /// Whether our series goes into our feed under an agreement. What no rule names is withheld.
    pub fn decide(
        &self,
        agreement: &AgreementId,
        subject: &Subject<'_>,
        keyring: &Keyring,
        now: Millis,
    ) -> Decision {
        if *agreement == AgreementId::public() {
            return self.decide_public(subject);
        }
        match self.us {
            Some(us) => self.decide_for(FeedId::new(us, *agreement), subject, keyring, now),
            None => Decision::Withhold(Reason::NotInForce),
        }
    }

    /// Whether a publisher's series may stand in its feed under a written agreement: the question that a publisher
    /// puts before it releases, and a recipient before it keeps.
    pub fn decide_for(
        &self,
        feed: FeedId,
        subject: &Subject<'_>,
        keyring: &Keyring,
        now: Millis,
    ) -> Decision {
        let binding = self.written.get(&feed.agreement);
        let binding = binding.filter(|known| self.standing(known, now) == Standing::InForce);
        let Some(agreement) = binding else { return Decision::Withhold(Reason::NotInForce) };
        if !agreement.publishes(&feed.publisher) {
            return Decision::Withhold(Reason::NotBound);
        }
        Self::decide_by_text(agreement.text(), feed.publisher, subject, keyring)
    }

    /// What would be decided of a publisher's series if all parties had signed a text and it had begun: what signing it
    /// lets out.
    pub fn decide_by_text(
        text: &AgreementText,
        publisher: PublisherId,
        subject: &Subject<'_>,
        keyring: &Keyring,
    ) -> Decision {
        if !text.role(&publisher).is_some_and(Role::publishes) {
            return Decision::Withhold(Reason::NotBound);
        }
        let sensitivity = subject.sensitivity();
        if sensitivity >= Sensitivity::S2 && text.onward != Onward::Nobody {
            return Decision::Withhold(Reason::Onward);
        }
        if sensitivity == Sensitivity::S3 && !opens_protection(text, subject.key) {
            let mut others = text.readers().into_iter().filter(|reader| *reader != publisher);
            if !others.all(|who| spares(who, subject, keyring)) {
                return Decision::Withhold(Reason::Origin);
            }
        }
        let is_party = |country: &str| {
            text.bound().filter_map(|party| keyring.get(&party)).any(|card| card.country() == country)
        };
        let mut why = Reason::Indicator;
        let mut spans = Vec::new();
        for rule in &text.scope {
            match rule.covers(&publisher, subject.key, sensitivity, &is_party) {
                Ok(()) => spans.push(rule.span),
                Err(reason) => why = why.max(reason),
            }
        }
        if spans.is_empty() {
            return Decision::Withhold(why);
        }
        let held = |period: &Period| spans.iter().any(|span| span.holds(*period));
        let kept: Vec<Period> = subject.periods.iter().filter(|period| held(period)).copied().collect();
        if kept.is_empty() {
            Decision::Withhold(Reason::Period)
        } else if kept.len() == subject.periods.len() {
            Decision::Share(Shape::Whole)
        } else {
            Decision::Share(Shape::Cut(kept))
        }
    }

    fn decide_public(&self, subject: &Subject<'_>) -> Decision {
        if subject.sensitivity() >= Sensitivity::S2 {
            Decision::Withhold(Reason::Sensitivity)
        } else if self.public.contains(subject.key.indicator()) {
            Decision::Share(Shape::Whole)
        } else {
            Decision::Withhold(Reason::NotOpened)
        }
    }
}

/// Whether the clause of a crisis lane opens a crisis figure on people in need of protection to all its members.
fn opens_protection(text: &AgreementText, key: &SeriesKey) -> bool {
    let opens = text.crisis.lane().is_some_and(|lane| lane.terms.protection_to_origin);
    opens && key.tells_of_protection() && key.indicator().starts_with("CR_")
}

/// Whether a reader may see figures on people in need of protection: it is not the government of where they come
/// from. A reader that is not known, or a counterpart that is a group of countries, may be: that spares nobody. A
/// total of all counterparts names no country.
fn spares(reader: PublisherId, subject: &Subject<'_>, keyring: &Keyring) -> bool {
    let Some(card) = keyring.get(&reader) else { return false };
    let from = subject.key.counterpart_area();
    let is_country = from.bytes().all(|byte| byte.is_ascii_uppercase()) && from.len() == 3;
    // An observer speaks for no country.
    card.country().is_empty() || from == "_T" || (is_country && card.country() != from)
}

#[cfg(test)]
mod tests;
