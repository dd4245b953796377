//! Random agreements and amendments, with rules over every dimension.

use corridor::model::Millis;
use corridor::node::request::{AgreementDraft, AmendDraft, ScopeDraft, TermsDraft};

use super::Case;
use crate::leak::cast::{COUNTRIES, GOVERNMENTS};
use crate::leak::figures::INDICATORS;
use crate::leak::grep::NAME;

/// Beginnings of codes, and codes.
const PATTERNS: [&str; 12] = [
    "*",
    "CR_*",
    "DP_*",
    "EF_REGEMI",
    "LM_*",
    "LM_DEPLOY",
    "M*",
    "MF_*",
    "MS_FBORN",
    "R*",
    "RP_*",
    "TR_VICT",
];

impl Case {
    /// Somebody drafts an agreement between some of those whom it knows, and proposes it.
    pub(super) fn draft(&mut self) {
        let at = *self.random.pick(&self.governments);
        let known: Vec<usize> = self.ledger.cards[&at].iter().copied().collect();
        if known.is_empty() {
            return;
        }
        let wanted = if self.random.chance(45) { 1 } else { 2 + self.random.below(3) };
        let mut others = known.clone();
        while others.len() > wanted {
            others.remove(self.random.below(others.len()));
        }
        let role = |case: &mut Self| {
            *case.random.pick(&["member", "member", "member", "origin", "destination", "observer", "courier"])
        };
        let mut with: Vec<String> =
            others.iter().map(|other| format!("{}={}", hex(*other), role(self))).collect();
        with.sort_unstable();
        let outside: Vec<usize> = known.into_iter().filter(|one| !others.contains(one)).collect();
        let onward = match self.random.below(10) {
            0 | 1 if !outside.is_empty() => hex(*self.random.pick(&outside)),
            2 | 3 => "group".to_owned(),
            4 => "public".to_owned(),
            _ => String::new(),
        };
        let ceiling = if onward.is_empty() { self.random.below(4) } else { self.random.below(2) };
        let scope = self.scope(ceiling, &[&[at], &others[..]].concat());
        let draft = AgreementDraft {
            title: self.title(),
            with,
            role: self.random.pick(&["", "", "", "origin", "destination", "observer"]).to_string(),
            indicators: self.patterns(),
            purpose: self.random.pick(&["POLICY", "STAT", "PROTECT", "PLAN", "RESEARCH"]).to_string(),
            any_counterpart: self.random.chance(50),
            onward,
            until: self.random.chance(20).then(|| self.later(3_000, 40_000)),
            scope,
            terms: self.terms(others.len() + 1),
            ..AgreementDraft::default()
        };
        self.drafted(at, draft);
        self.after_draft();
    }

    /// Somebody drafts an amendment of an agreement: others join, or leave.
    pub(super) fn amend(&mut self) {
        if self.ledger.deals.is_empty() {
            return;
        }
        let deal = self.random.below(self.ledger.deals.len());
        let at = *self.random.pick(&self.governments);
        let text = &self.ledger.deals[deal].text;
        let is_party = |one: &usize| text.parties.iter().any(|party| party.publisher == GOVERNMENTS[*one].id);
        let known: Vec<usize> = self.ledger.cards[&at].iter().copied().collect();
        let (inside, outside): (Vec<usize>, Vec<usize>) = known.into_iter().partition(|one| is_party(one));
        let join = self.random.chance(70);
        let from = if join { outside } else { inside };
        if from.is_empty() {
            return;
        }
        let one = hex(*self.random.pick(&from));
        let amends = AmendDraft {
            agreement: self.ledger.deals[deal].id.to_hex(),
            join: if join { vec![one.clone()] } else { Vec::new() },
            leave: if join { Vec::new() } else { vec![one] },
        };
        let draft = AgreementDraft { amends: Some(amends), ..AgreementDraft::default() };
        self.drafted(at, draft);
        self.after_draft();
    }

    /// The others hear of it as a rule, and some sign at once.
    fn after_draft(&mut self) {
        if !self.random.chance(80) {
            return;
        }
        self.quiet();
        let Some(deal) = self.ledger.deals.len().checked_sub(1) else { return };
        for at in self.governments.clone() {
            if self.random.chance(75) {
                self.sign(at, deal);
            }
        }
        if self.random.chance(80) {
            self.quiet();
        }
    }

    fn title(&mut self) -> String {
        format!("{NAME}{:012x}", self.random.next() >> 16)
    }

    fn later(&mut self, least: i64, most: i64) -> String {
        Millis(self.world.now() + self.random.between(least, most)).to_string()
    }

    fn patterns(&mut self) -> Vec<String> {
        let mut some: Vec<String> = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            let one = match self.random.chance(60) {
                true => *self.random.pick(&PATTERNS),
                false => self.random.pick(&INDICATORS).code,
            };
            some.push(one.to_owned());
        }
        some
    }

    fn scope(&mut self, ceiling: usize, parties: &[usize]) -> ScopeDraft {
        let detail = |case: &mut Self, some: &str| match case.random.below(10) {
            0 => "totals".to_owned(),
            1 => some.to_owned(),
            _ => String::new(),
        };
        let mut countries: Vec<String> =
            COUNTRIES.iter().filter(|one| !one.is_empty()).map(|one| (*one).to_owned()).collect();
        countries.retain(|_| self.random.chance(50));
        let listed = self.random.chance(25) && !countries.is_empty();
        let (first, last) = (self.random.chance(20), self.random.chance(20));
        ScopeDraft {
            counterparts: if listed { countries } else { Vec::new() },
            sex: detail(self, "F"),
            age: detail(self, "Y0T17"),
            totals_only: self.random.chance(20),
            subnational: self.random.pick(&["", "", "any", "national", "admin1"]).to_string(),
            period_from: first.then(|| self.random.pick(&["2016", "2017-Q2", "2018"]).to_string()),
            period_until: last.then(|| self.random.pick(&["2018", "2019-06", "2020"]).to_string()),
            frequencies: if self.random.chance(15) { vec!["A".to_owned()] } else { Vec::new() },
            ceiling: format!("S{ceiling}"),
            publishers: if self.random.chance(15) {
                vec![hex(*self.random.pick(parties))]
            } else {
                Vec::new()
            },
        }
    }

    fn terms(&mut self, parties: usize) -> TermsDraft {
        let some = self.random.chance(60) && parties > 2;
        TermsDraft {
            from: self.random.chance(12).then(|| self.later(2_000, 30_000)),
            retention_seconds: self.random.chance(60).then(|| self.random.clone().below(8) as u32 + 1),
            disclosure_rule: self.random.pick(&["", "", "", "", "D5", "D11"]).to_string(),
            signatures: some.then(|| 2 + self.random.clone().below(parties - 1) as u32),
            ..TermsDraft::default()
        }
    }
}

fn hex(at: usize) -> String {
    GOVERNMENTS[at].id.to_hex()
}
