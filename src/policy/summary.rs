//! An agreement in plain words, as Markdown: every clause, and what it lets out from each side.
//!
//! It is made from the signed text alone, so every party reads the same; only whose side is *ours* differs.

use std::fmt::Write;

use self::words::{Words, fill, say};
use super::agreement::{Agreement, Standing};
use super::crisis::{Crisis, CrisisClause};
use super::scope::{Counterparts, Detail, ScopeRule, Span, Subnational};
use super::text::{AgreementText, NO_END, Onward, Party};
use crate::feed::{Keyring, PublisherId};
use crate::model::catalogue::{self, Sensitivity};
use crate::model::codelist::Language;
use crate::model::{Millis, Period, PeriodKind};

mod words;

/// Writes summaries of an agreement.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// How it stands.
    pub standing: &'a Standing,
    /// Who reads.
    pub us: PublisherId,
    /// The cards of those who are known.
    pub keyring: &'a Keyring,
}

/// The languages that there are words in.
const LANGUAGES: [Language; 3] = [Language::En, Language::Fr, Language::Es];
/// Seconds of a day.
const DAY: u32 = 86_400;

impl Summary<'_> {
    /// The languages that the parties' cards give names in, of those that there are words in; English if there are
    /// none.
    pub fn languages(&self) -> Vec<Language> {
        let cards = || self.text().parties.iter().filter_map(|party| self.keyring.get(&party.publisher));
        let spoken = |language: &Language| {
            cards().any(|card| card.body().names.iter().any(|(tag, _)| tag == language.tag()))
        };
        let spoken: Vec<Language> = LANGUAGES.into_iter().filter(spoken).collect();
        if spoken.is_empty() { vec![Language::En] } else { spoken }
    }

    /// The agreement in one language.
    pub fn markdown(&self, language: Language) -> String {
        let page = Page { of: self, language };
        let mut out = String::new();
        page.head(&mut out);
        page.sides(&mut out);
        page.clauses(&mut out);
        out
    }

    fn text(&self) -> &AgreementText {
        self.agreement.text()
    }
}

/// A summary in one language.
struct Page<'a> {
    of: &'a Summary<'a>,
    language: Language,
}

impl Page<'_> {
    fn say(&self, words: &Words) -> &'static str {
        say(words, self.language)
    }

    fn fill(&self, words: &Words, with: &[&str]) -> String {
        fill(self.say(words), with)
    }

    fn name(&self, who: &PublisherId) -> String {
        let card = self.of.keyring.get(who);
        card.map_or_else(|| who.short(), |card| card.name(self.language.tag()).to_owned())
    }

    fn names<'a>(&self, all: impl IntoIterator<Item = &'a PublisherId>) -> String {
        all.into_iter().map(|who| self.name(who)).collect::<Vec<_>>().join(", ")
    }

    fn head(&self, out: &mut String) {
        let text = self.of.text();
        let standing = match self.of.standing {
            Standing::Proposed { missing } => self.fill(&words::STANDING[0], &[&self.names(missing)]),
            Standing::Ahead => self.say(&words::STANDING[1]).to_owned(),
            Standing::InForce => self.say(&words::STANDING[2]).to_owned(),
            Standing::Over { since } => self.fill(&words::STANDING[3], &[&since.to_string()]),
        };
        line(out, &format!("# {}\n\n{standing}", text.title));
        line(out, &format!("\n## {}\n", self.say(&words::PARTIES)));
        for party in &text.parties {
            line(out, &format!("- {}", self.party(party)));
        }
        let quorum = text.quorum.to_string();
        line(out, &format!("\n{}", self.fill(&words::QUORUM, &[&quorum])));
        let (code, said) = (words::purpose(text.purpose.code), &text.purpose.description);
        let described = if said.is_empty() { String::new() } else { format!(" {said}.") };
        line(out, &format!("\n## {}\n", self.say(&words::PURPOSE)));
        line(out, &format!("{}.{described} {}", self.say(&code), self.say(&words::NEVER)));
    }

    fn party(&self, party: &Party) -> String {
        let who = &party.publisher;
        let of = |mut all: Box<dyn Iterator<Item = (PublisherId, Millis)> + '_>| {
            all.find(|(party, _)| party == who).map(|(_, time)| time.to_string())
        };
        let agreement = self.of.agreement;
        let signed = match (of(Box::new(agreement.left())), of(Box::new(agreement.signed()))) {
            (Some(time), _) => self.fill(&words::LEFT, &[&time]),
            (None, Some(time)) => self.fill(&words::SIGNED, &[&time]),
            (None, None) if party.role.is_bound() => self.say(&words::NOT_SIGNED).to_owned(),
            (None, None) => return format!("{} ({})", self.name(who), self.say(&words::role(party.role))),
        };
        format!("{} ({}), {signed}", self.name(who), self.say(&words::role(party.role)))
    }

    fn sides(&self, out: &mut String) {
        let us = self.of.us;
        let (ours, theirs): (Vec<&Party>, Vec<&Party>) = self
            .of
            .text()
            .parties
            .iter()
            .filter(|party| party.role.is_bound())
            .partition(|one| one.publisher == us);
        for party in ours.into_iter().chain(theirs) {
            let title = if party.publisher == us { &words::OURS } else { &words::THEIRS };
            line(out, &format!("\n## {}\n", self.fill(title, &[&self.name(&party.publisher)])));
            let of_side =
                |rule: &&ScopeRule| rule.publishers.is_empty() || rule.publishers.contains(&party.publisher);
            let mut rules = self.of.text().scope.iter().filter(of_side).peekable();
            if !party.role.publishes() || rules.peek().is_none() {
                line(out, self.say(&words::NOTHING));
                continue;
            }
            rules.for_each(|rule| self.rule(rule, out));
        }
        if self.of.text().scope.iter().any(|rule| rule.ceiling() == Sensitivity::S3) {
            line(out, &format!("\n{}", self.say(&words::S3)));
        }
    }

    fn rule(&self, rule: &ScopeRule, out: &mut String) {
        for pattern in &rule.indicators {
            let named = match pattern.strip_suffix('*') {
                Some(stem) => self.fill(&words::ALL_THAT_BEGIN, &[stem]),
                None => match catalogue::get(pattern) {
                    Some(indicator) => format!("{pattern}: {}", indicator.name(self.language)),
                    None => pattern.clone(),
                },
            };
            line(out, &format!("- {named}"));
        }
        let counterparts = match &rule.counterparts {
            Counterparts::Parties => self.say(&words::COUNTERPARTS[0]).to_owned(),
            Counterparts::Any => self.say(&words::COUNTERPARTS[1]).to_owned(),
            Counterparts::Listed(areas) => self.fill(&words::COUNTERPARTS[2], &[&areas.join(", ")]),
        };
        line(out, &format!("  - {counterparts}"));
        let detail =
            |words: &Words, detail: &Detail| format!("  - {}: {}", self.say(words), self.detail(detail));
        line(out, &detail(&words::SEX, &rule.sex));
        line(out, &detail(&words::AGE, &rule.age));
        let others = if rule.breakdowns { Detail::All } else { Detail::Totals };
        line(out, &detail(&words::BREAKDOWNS, &others));
        let level = match rule.subnational {
            Subnational::National => &words::LEVELS[0],
            Subnational::Admin1 => &words::LEVELS[1],
            Subnational::Any => &words::LEVELS[2],
        };
        line(out, &format!("  - {}: {}", self.say(&words::TERRITORY), self.say(level)));
        line(out, &format!("  - {}: {}", self.say(&words::PERIODS), self.span(&rule.span)));
        if !rule.frequencies.is_empty() {
            line(out, &format!("  - {}: {}", self.say(&words::FREQUENCIES), rule.frequencies.join(", ")));
        }
        line(out, &format!("  - {}", self.fill(&words::CEILING, &[rule.ceiling().id()])));
    }

    fn detail(&self, detail: &Detail) -> String {
        match detail {
            Detail::Totals => self.say(&words::DETAIL[0]).to_owned(),
            Detail::Listed(codes) => self.fill(&words::DETAIL[1], &[&codes.join(", ")]),
            Detail::All => self.say(&words::DETAIL[2]).to_owned(),
        }
    }

    fn span(&self, span: &Span) -> String {
        match (span.first_day(), span.last_day()) {
            (None, None) => self.say(&words::ANY_PERIOD).to_owned(),
            (first, last) => format!("{} – {}", first.unwrap_or_default(), last.unwrap_or_default()),
        }
    }

    fn clauses(&self, out: &mut String) {
        let text = self.of.text();
        let mut clause =
            |title: &Words, said: &str| line(out, &format!("\n## {}\n\n{said}", self.say(title)));
        let onward = match &text.onward {
            Onward::Nobody => self.say(&words::ONWARD_KINDS[0]).to_owned(),
            Onward::Named(named) => self.fill(&words::ONWARD_KINDS[1], &[&self.names(named)]),
            Onward::Group => self.say(&words::ONWARD_KINDS[2]).to_owned(),
            Onward::Public => self.say(&words::ONWARD_KINDS[3]).to_owned(),
        };
        let couriers: Vec<PublisherId> = text.couriers().collect();
        let carried = match couriers.is_empty() {
            true => String::new(),
            false => format!(" {}", self.fill(&words::COURIERS, &[&self.names(&couriers)])),
        };
        clause(&words::ONWARD, &format!("{onward}{carried}"));
        let (kind, number) = match text.retention {
            0 => (0, 0),
            whole if whole % DAY == 0 => (1, whole / DAY),
            seconds => (2, seconds),
        };
        clause(&words::RETENTION, &self.fill(&words::RETENTION_KINDS[kind], &[&number.to_string()]));
        let kind = usize::from(!text.disclosure_rule.is_empty());
        clause(&words::PROTECTION, &self.fill(&words::PROTECTION_KINDS[kind], &[&text.disclosure_rule]));
        clause(&words::CRISIS, &self.crisis());
        let (start, end) = (Millis(text.term.start).to_string(), Millis(text.term.end).to_string());
        let term = &words::TERM_KINDS[usize::from(text.term.end != NO_END)];
        let amends = text.supersedes.map(|id| format!(" {}", self.fill(&words::SUPERSEDES, &[&id.short()])));
        clause(&words::TERM, &format!("{}{}", self.fill(term, &[&start, &end]), amends.unwrap_or_default()));
    }
}

impl Page<'_> {
    /// What is said of crises.
    fn crisis(&self) -> String {
        let text = self.of.text();
        let mut said = match &text.crisis {
            Crisis::Nothing => return self.say(&words::CRISIS_KINDS[0]).to_owned(),
            Crisis::Plain(CrisisClause { signatures, days }) => {
                self.fill(&words::CRISIS_KINDS[1], &[&signatures.to_string(), &days.to_string()])
            }
            Crisis::Standing(clause) => {
                let indicators: Vec<&str> =
                    clause.scope.iter().flat_map(|rule| &rule.indicators).map(String::as_str).collect();
                let [signatures, days] = [clause.signatures, clause.days].map(|number| number.to_string());
                let kept = if clause.retention % DAY == 0 {
                    format!("{} d", clause.retention / DAY)
                } else {
                    format!("{} s", clause.retention)
                };
                let said = [signatures.as_str(), days.as_str(), &indicators.join(", "), kept.as_str()];
                self.fill(&words::CRISIS_KINDS[2], &said)
            }
            Crisis::Lane(lane) => self.fill(&words::CRISIS_KINDS[3], &[&lane.area, &lane.under.short()]),
        };
        let terms = match &text.crisis {
            Crisis::Standing(clause) => &clause.terms,
            Crisis::Lane(lane) => &lane.terms,
            Crisis::Nothing | Crisis::Plain(_) => return said,
        };
        if !terms.lowered.is_empty() {
            let lowered = terms.lowered.iter().map(|one| format!("{} {}", one.indicator, one.rule));
            said += &format!(" {}", self.fill(&words::LOWERED, &[&lowered.collect::<Vec<_>>().join(", ")]));
        }
        let origin = &words::PROTECTION_TO_ORIGIN[usize::from(terms.protection_to_origin)];
        said + &format!(" {}", self.say(origin))
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing into a string does not fail");
}

impl Span {
    /// The day with which it begins, if it has one.
    pub fn first_day(&self) -> Option<String> {
        (self.from != Self::ALWAYS.from).then(|| day_of(self.from))
    }

    /// Its last day, if it has one.
    pub fn last_day(&self) -> Option<String> {
        (self.until != Self::ALWAYS.until).then(|| day_of(self.until - 1))
    }
}

fn day_of(millis: i64) -> String {
    const DAY_MILLIS: i64 = 86_400_000;
    Period::from_ordinal(PeriodKind::Day, millis.div_euclid(DAY_MILLIS))
        .map_or_else(|_| Millis(millis).to_string(), |day| day.to_string())
}

#[cfg(test)]
mod tests;
