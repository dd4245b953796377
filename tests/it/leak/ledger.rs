//! A second reading of the agreements, by their words alone: what was said to whom, who may write and read what, and
//! what of it follows for every value. It knows nothing of [`corridor::policy::Book`].
//!
//! What a government knows of others' words it has from their letters. A letter may be on its way while other things
//! happen, so there are two readings of every question: the *wide* one, in which everything that may have arrived has
//! if that opens something and has not if it closes something; and the *narrow* one, the other way round. What goes
//! where the wide reading does not allow it is a leak. What the narrow reading allows must have arrived in the end.

use std::collections::{BTreeMap, BTreeSet};

use corridor::feed::AgreementId;
use corridor::model::Millis;
use corridor::policy::{AgreementText, Counterparts, Detail, Onward, Role, ScopeRule, Subnational};

use super::cast::{self, COUNTRIES};
use super::figures::{Figures, INDICATORS, Series, Statement};

/// An agreement that was drafted.
pub(crate) struct Deal {
    pub(crate) id: AgreementId,
    pub(crate) text: AgreementText,
    /// The one that it amends.
    pub(crate) earlier: Option<usize>,
}

/// How sure it is that somebody has heard a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    Maybe,
    Surely,
}

/// Somebody's word on a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    deal: usize,
    who: usize,
    ended: bool,
}

/// Words on their way from one government to another.
struct Letter {
    from: usize,
    to: usize,
    words: BTreeMap<Word, Heard>,
}

/// To whom a feed goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Audience {
    Everybody,
    Parties(usize),
}

/// Where a statement may go, or must.
pub(crate) type Way = (usize, Audience);

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) now: i64,
    pub(crate) deals: Vec<Deal>,
    /// Whose cards each government has accepted.
    pub(crate) cards: BTreeMap<usize, BTreeSet<usize>>,
    /// The indicators that each government has opened to everybody.
    pub(crate) public: BTreeMap<usize, BTreeSet<String>>,
    heard: BTreeMap<usize, BTreeMap<Word, Heard>>,
    letters: Vec<Letter>,
    /// When each word was said.
    times: BTreeMap<Word, i64>,
    /// Statements that may stand in their publisher's feed for an audience, by the wide reading.
    pub(crate) written: BTreeSet<Way>,
    /// And those that must stand there, by the narrow one.
    pub(crate) due: BTreeSet<Way>,
}

impl Ledger {
    pub(crate) fn deal_of(&self, id: AgreementId) -> Option<usize> {
        self.deals.iter().position(|deal| deal.id == id)
    }

    /// A government has said its word on a deal, and writes it to all whom it concerns, with what it has heard of it.
    pub(crate) fn say(&mut self, who: usize, deal: usize, ended: bool) {
        let word = Word { deal, who, ended };
        self.times.entry(word).or_insert(self.now);
        let heard = self.heard.entry(who).or_default();
        heard.insert(word, Heard::Surely);
        let words: BTreeMap<Word, Heard> =
            heard.iter().filter(|(word, _)| word.deal == deal).map(|(word, how)| (*word, *how)).collect();
        for to in self.concerned(deal) {
            if to != who && self.cards[&who].contains(&to) {
                self.letters.push(Letter { from: who, to, words: words.clone() });
            }
        }
    }

    /// Everybody to whom a deal matters: whom it names, and whom the one before it named.
    fn concerned(&self, deal: usize) -> BTreeSet<usize> {
        let Deal { text, earlier, .. } = &self.deals[deal];
        let mut all = named(text);
        all.extend(earlier.iter().flat_map(|earlier| named(&self.deals[*earlier].text)));
        all
    }

    /// Everybody who may hear that a deal is, or of one that amends it or that it amends.
    pub(crate) fn in_the_know(&self, deal: usize) -> BTreeSet<usize> {
        let root = |mut at: usize| {
            while let Some(earlier) = self.deals[at].earlier {
                at = earlier;
            }
            at
        };
        let family = (0..self.deals.len()).filter(|at| root(*at) == root(deal));
        family.flat_map(|at| named(&self.deals[at].text)).collect()
    }

    /// Something has gone from one government to another: all that was written may have come with it.
    pub(crate) fn passed(&mut self, from: usize, to: usize) {
        // A courier hands on what parties have said of the deals that it carries.
        let carries = |word: &&Word| {
            let text = &self.deals[word.deal].text;
            couriers(text).contains(&from) && bound(text).contains(&to)
        };
        let handed: Vec<Word> = self
            .heard
            .get(&from)
            .into_iter()
            .flatten()
            .map(|(word, _)| word)
            .filter(carries)
            .copied()
            .collect();
        let heard = self.heard.entry(to).or_default();
        for word in handed {
            heard.entry(word).or_insert(Heard::Maybe);
        }
        for letter in self.letters.iter().filter(|letter| (letter.from, letter.to) == (from, to)) {
            for word in letter.words.keys() {
                heard.entry(*word).or_insert(Heard::Maybe);
            }
        }
    }

    /// Nothing moves any more between two governments that are connected: all that was written has come.
    pub(crate) fn quiet(&mut self, from: usize, to: usize) {
        let heard = self.heard.entry(to).or_default();
        self.letters.retain(|letter| {
            if (letter.from, letter.to) != (from, to) {
                return true;
            }
            for (word, how) in &letter.words {
                let known = heard.entry(*word).or_insert(*how);
                *known = (*known).max(*how);
            }
            false
        });
    }

    /// Who has said a word on a deal, as far as a government knows.
    fn said(&self, at: usize, deal: usize, ended: bool, wide: bool) -> BTreeSet<usize> {
        let least = if wide { Heard::Maybe } else { Heard::Surely };
        let bound = bound(&self.deals[deal].text);
        let knows_card = |who: usize| who == at || self.cards[&at].contains(&who);
        let heard = self.heard.get(&at).into_iter().flatten();
        heard
            .filter(|(word, how)| word.deal == deal && word.ended == ended && **how >= least)
            .map(|(word, _)| word.who)
            .filter(|who| bound.contains(who) && knows_card(*who))
            .collect()
    }

    fn agreed(&self, at: usize, deal: usize, wide: bool) -> BTreeSet<usize> {
        self.said(at, deal, false, wide)
    }

    /// Those who have signed and not left.
    fn staying(&self, at: usize, deal: usize, wide: bool) -> BTreeSet<usize> {
        &self.agreed(at, deal, wide) - &self.said(at, deal, true, !wide)
    }

    /// Whether a deal binds, as far as a government knows.
    pub(crate) fn in_force(&self, at: usize, deal: usize, wide: bool) -> bool {
        let text = &self.deals[deal].text;
        let quorum = text.quorum as usize;
        (text.term.start..text.term.end).contains(&self.now)
            && self.agreed(at, deal, wide).len() >= quorum
            && self.staying(at, deal, wide).len() >= quorum
            && !(0..self.deals.len()).any(|later| {
                self.deals[later].earlier == Some(deal) && self.replaces(at, (later, deal), !wide)
            })
    }

    /// Whether an amendment has come into force, with enough words of those whom the earlier one binds.
    fn replaces(&self, at: usize, (later, earlier): (usize, usize), wide: bool) -> bool {
        let text = &self.deals[later].text;
        self.agreed(at, later, wide).len() >= text.quorum as usize
            && text.term.start <= self.now
            && self.yields(at, (earlier, later), wide)
    }

    fn yields(&self, at: usize, (earlier, later): (usize, usize), wide: bool) -> bool {
        let text = &self.deals[earlier].text;
        let bound = bound(text);
        let enough = (text.quorum as usize).min(bound.len() - 1);
        self.agreed(at, later, wide).intersection(&bound).count() >= enough
    }

    /// Whether somebody is a reader of a deal, as far as a government knows.
    fn reads(&self, at: usize, deal: usize, who: usize, wide: bool) -> bool {
        self.staying(at, deal, wide).contains(&who) || outside(&self.deals[deal].text).contains(&who)
    }

    /// Whether a government may hand feeds under a deal to another one.
    pub(crate) fn may_serve(&self, from: usize, to: usize, deal: usize, wide: bool) -> bool {
        let both = |deal: usize| {
            self.in_force(from, deal, wide)
                && self.reads(from, deal, from, wide)
                && self.reads(from, deal, to, wide)
        };
        // Or they are in a later one, to whose members all the ones before it are open.
        let opened = |later: usize| self.opens(from, (later, deal), wide);
        both(deal) || (0..self.deals.len()).any(|later| both(later) && opened(later))
    }

    /// Whether a later deal opens an earlier one to its members, as far as a government knows.
    fn opens(&self, at: usize, (later, deal): (usize, usize), wide: bool) -> bool {
        let mut before = self.deals[later].earlier;
        while let Some(earlier) = before {
            let open =
                self.deals[earlier].text.onward == Onward::Group && self.yields(at, (earlier, later), wide);
            if !open || earlier == deal {
                return open;
            }
            before = self.deals[earlier].earlier;
        }
        false
    }

    /// Whether somebody reads under a deal once it is bound, and does not merely carry.
    pub(crate) fn is_reader(&self, deal: usize, who: usize) -> bool {
        let text = &self.deals[deal].text;
        bound(text).contains(&who) || outside(text).contains(&who)
    }

    /// Whether one that carries under a deal may have to do with a publisher's feed: it gets it sealed from the publisher
    /// itself or from another courier, and gives it to who reads and to other couriers.
    pub(crate) fn may_carry(&self, (from, to): (usize, usize), deal: usize, publisher: usize) -> bool {
        let carriers = couriers(&self.deals[deal].text);
        let reads = |who: usize| self.reads(from, deal, who, true);
        // What it carried under an earlier deal it gives to the members of a later one of which it is the courier too.
        let handed_down = |later: usize| {
            couriers(&self.deals[later].text).contains(&from)
                && self.in_force(from, later, true)
                && self.reads(from, later, to, true)
                && self.opens(from, (later, deal), true)
        };
        if carriers.contains(&from) && (0..self.deals.len()).any(handed_down) {
            return true;
        }
        let fits = match (carriers.contains(&from), carriers.contains(&to)) {
            (true, true) => true,
            (true, false) => reads(to),
            (false, true) => from == publisher && reads(from),
            (false, false) => false,
        };
        fits && self.in_force(from, deal, true)
    }

    /// A government releases what it has submitted: notes what may be written for whom, and what must.
    pub(crate) fn release(&mut self, publisher: usize, submission: &[usize], figures: &Figures, done: bool) {
        let mut audiences = vec![Audience::Everybody];
        audiences.extend((0..self.deals.len()).map(Audience::Parties));
        for audience in audiences {
            for at in submission {
                let statement = &figures.statements[*at];
                let series = &figures.series[statement.series];
                if self.may_publish(publisher, (series, statement), audience, true) {
                    self.written.insert((*at, audience));
                }
                if done && self.may_publish(publisher, (series, statement), audience, false) {
                    self.due.insert((*at, audience));
                }
            }
        }
    }

    fn may_publish(
        &self,
        publisher: usize,
        (series, statement): (&Series, &Statement),
        audience: Audience,
        wide: bool,
    ) -> bool {
        let class = series.class();
        let code = INDICATORS[series.indicator].code;
        let Audience::Parties(deal) = audience else {
            return class < 2 && self.public[&publisher].contains(code);
        };
        let text = &self.deals[deal].text;
        let is_publisher = text.parties.iter().any(|party| {
            cast::by_id(party.publisher) == Some(publisher)
                && matches!(party.role, Role::Origin | Role::Destination | Role::Member)
        });
        is_publisher
            && self.in_force(publisher, deal, wide)
            && self.staying(publisher, deal, wide).contains(&publisher)
            && (class < 2 || text.onward == Onward::Nobody)
            && (class < 3 || self.spares_people(publisher, series, text))
            && text.scope.iter().any(|rule| self.covers(publisher, (series, statement), (rule, text)))
    }

    /// Whether no reader could be the government of where people in need of protection come from.
    fn spares_people(&self, publisher: usize, series: &Series, text: &AgreementText) -> bool {
        let readers = &bound(text) | &outside(text);
        readers.into_iter().filter(|reader| *reader != publisher).all(|reader| {
            let country = COUNTRIES[reader];
            let is_group =
                series.counterpart.len() == 3 && series.counterpart.bytes().all(|b| b.is_ascii_digit());
            self.cards[&publisher].contains(&reader)
                && (country.is_empty()
                    || series.counterpart == "_T"
                    || (!is_group && country != series.counterpart))
        })
    }

    /// Whether a line of the scope takes a value.
    fn covers(
        &self,
        publisher: usize,
        (series, statement): (&Series, &Statement),
        (rule, text): (&ScopeRule, &AgreementText),
    ) -> bool {
        let indicator = &INDICATORS[series.indicator];
        let named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => indicator.code.starts_with(start),
            None => pattern == indicator.code,
        };
        let fine = |detail: &Detail, code: &str| match detail {
            Detail::All => true,
            Detail::Totals => code == "_T",
            Detail::Listed(codes) => code == "_T" || codes.iter().any(|one| one == code),
        };
        let party = |country: &str| {
            let known = |at: &usize| *at == publisher || self.cards[&publisher].contains(at);
            bound(text).into_iter().filter(known).any(|at| COUNTRIES[at] == country)
        };
        let (first, after) = span(statement, series.freq);
        let publishers: Vec<_> = rule.publishers.iter().filter_map(|one| cast::by_id(*one)).collect();
        (publishers.is_empty() || publishers.contains(&publisher))
            && rule.indicators.iter().any(named)
            && series.class() <= rule.ceiling
            && match &rule.counterparts {
                Counterparts::Any => true,
                Counterparts::Parties => party(series.counterpart) && party(COUNTRIES[publisher]),
                Counterparts::Listed(some) => some.iter().any(|one| one == series.counterpart),
            }
            && (rule.frequencies.is_empty() || rule.frequencies.iter().any(|one| one == series.freq))
            && fine(&rule.sex, series.sex)
            && fine(&rule.age, series.age)
            && (rule.breakdowns || (series.occupation == "_T" && series.reason == "_T"))
            && match rule.subnational {
                Subnational::Any => true,
                Subnational::Admin1 => !series.place.starts_with("C:"),
                Subnational::National => series.place == "_T",
            }
            && rule.span.from <= first
            && after <= rule.span.until
    }

    /// Whom a deal binds if they sign.
    pub(crate) fn parties(&self, deal: usize) -> BTreeSet<usize> {
        bound(&self.deals[deal].text)
    }

    /// Whether a deal binds somebody, and goes on when it leaves.
    pub(crate) fn lasts_without(&self, at: usize, deal: usize) -> bool {
        let staying = self.staying(at, deal, true);
        self.in_force(at, deal, true)
            && staying.contains(&at)
            && staying.len() > self.deals[deal].text.quorum as usize
    }

    /// Whether a government must have erased what others gave it under a deal: for the plain cases, that nobody has
    /// amended it and that it has left or the term is over.
    pub(crate) fn must_be_erased(&self, who: usize, deal: usize) -> bool {
        let Deal { text, .. } = &self.deals[deal];
        let amended = self.deals.iter().any(|other| other.earlier == Some(deal));
        // Who is not bound has nothing to leave.
        let left =
            self.times.get(&Word { deal, who, ended: true }).filter(|_| bound(text).contains(&who)).copied();
        let over = (text.term.end <= self.now).then_some(text.term.end);
        let since = left.into_iter().chain(over).min();
        let due = since.map(|since| since.saturating_add(i64::from(text.retention) * 1000));
        !amended && text.retention > 0 && due.is_some_and(|due| due <= self.now)
    }
}

/// Everybody whom a text names.
fn named(text: &AgreementText) -> BTreeSet<usize> {
    let parties = text.parties.iter().filter_map(|party| cast::by_id(party.publisher));
    parties.chain(outside(text)).collect()
}

/// The parties that it binds: all but couriers.
fn bound(text: &AgreementText) -> BTreeSet<usize> {
    let parties = text.parties.iter().filter(|party| party.role != Role::Courier);
    parties.filter_map(|party| cast::by_id(party.publisher)).collect()
}

/// Those that store and forward what they cannot read.
fn couriers(text: &AgreementText) -> BTreeSet<usize> {
    let parties = text.parties.iter().filter(|party| party.role == Role::Courier);
    parties.filter_map(|party| cast::by_id(party.publisher)).collect()
}

/// The readers that it names beside them.
fn outside(text: &AgreementText) -> BTreeSet<usize> {
    match &text.onward {
        Onward::Named(some) => some.iter().filter_map(|one| cast::by_id(*one)).collect(),
        Onward::Nobody | Onward::Group | Onward::Public => BTreeSet::new(),
    }
}

/// The first moment of a statement's period, and the first after it.
fn span(statement: &Statement, freq: &str) -> (i64, i64) {
    let Statement { year, part, .. } = statement;
    let day = |year: i64, month: i64| {
        let (year, month) = (year + (month - 1) / 12, (month - 1) % 12 + 1);
        Millis::parse(&format!("{year}-{month:02}-01")).expect("a date").0
    };
    match freq {
        "Q" => (day(*year, part * 3 - 2), day(*year, part * 3 + 1)),
        "M" => (day(*year, *part), day(*year, part + 1)),
        _ => (day(*year, 1), day(year + 1, 1)),
    }
}

/// What is said of a deal, for traces.
pub(crate) fn describe(deal: &Deal) -> String {
    let AgreementText { title, parties, scope, onward, retention, term, quorum, .. } = &deal.text;
    let parties: Vec<String> = parties
        .iter()
        .filter_map(|one| Some(format!("{} {}", cast::name(cast::by_id(one.publisher)?), one.role.id())))
        .collect();
    let onward: Vec<&str> = match onward {
        Onward::Named(some) => some.iter().filter_map(|one| cast::by_id(*one)).map(cast::name).collect(),
        Onward::Nobody => vec!["nobody"],
        Onward::Group => vec!["group"],
        Onward::Public => vec!["public"],
    };
    format!(
        "{title:?} of {parties:?}, {quorum} must sign, onward {onward:?}, retention {retention}, {term:?}: {scope:?}"
    )
}
