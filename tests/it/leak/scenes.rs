//! Cases that are set up on purpose: that the oracle sees what is wrong, and what chance seldom brings about.

use corridor::feed::{AgreementId, EntryBuilder, EntryKind, FeedId};
use corridor::model::{Attributes, Decimal, Millis, Observation, Period, Record, Series, SeriesKey};
use corridor::node::request::{AgreementDraft, AmendDraft, TermsDraft};
use corridor::store::Store;

use super::case::Case;
use super::cast::{COUNTRIES, GOVERNMENTS};
use super::grep::{Found, NAME, Needles};
use super::ledger::Audience;
use crate::simulation::sim::random::Random;

/// Those who play, by their place in the cast.
const CAN: usize = 0;
const MEX: usize = 3;
const PHL: usize = 4;

/// Governments that have all met and are connected.
fn met(seed: u64, all: &[usize]) -> Case {
    let mut case = Case::of(Random::new(seed), all.to_vec(), false);
    for (number, one) in all.iter().enumerate() {
        for other in &all[number + 1..] {
            case.acquaint([*one, *other], true);
        }
    }
    case.connect_all();
    case.quiet();
    case
}

/// An agreement on everything up to S1 that the first drafts and all others sign.
fn agreed(case: &mut Case, draft: AgreementDraft, all: &[usize]) -> usize {
    let deal = case.drafted(all[0], draft).expect("a good draft");
    case.quiet();
    for at in &all[1..] {
        case.sign(*at, deal);
    }
    case.quiet();
    assert!(all.iter().all(|at| case.ledger.in_force(*at, deal, false)));
    deal
}

fn draft(with: &[usize]) -> AgreementDraft {
    AgreementDraft {
        title: format!("{NAME}000000000001"),
        with: with.iter().map(|at| GOVERNMENTS[*at].id.to_hex()).collect(),
        indicators: vec!["CR_BORDER".to_owned(), "DP_ASSOC".to_owned(), "EF_REGEMI".to_owned()],
        purpose: "STAT".to_owned(),
        any_counterpart: true,
        ..AgreementDraft::default()
    }
}

/// What is in a government's files while its node runs.
fn holds(case: &Case, at: usize) -> Found {
    let mut found = Found::default();
    Needles(&case.figures).files(&case.world.nodes[&at].dir, &mut found);
    found
}

#[test]
fn an_oracle_that_forbids_one_value_sees_it_on_the_wire_and_in_the_files() {
    let (case, value) = (0..20)
        .find_map(|seed| {
            let mut case = Case::new(seed, false);
            case.play();
            case.connect_all();
            case.quiet();
            let (at, value) = case.rights.iter().find_map(|(at, rights)| {
                let kept = |audience: &Audience| *audience == Audience::Everybody;
                let mut public = rights.values.iter().filter(|(_, audiences)| audiences.iter().any(kept));
                public.next().map(|(value, _)| (*at, *value))
            })?;
            case.rights.get_mut(&at)?.values.remove(&value);
            Some((case, value))
        })
        .expect("something was given to somebody");
    let mut case = case;
    assert!(case.finish().is_err());
    for how in ["was sent", "holds"] {
        let seen = case.leaks.iter().any(|leak| leak.contains(&format!("{how} the value {value}")));
        assert!(seen, "{how}: {:?}", case.leaks);
    }
    assert_eq!(case.leaks.len(), 2, "and nothing else: {:?}", case.leaks);
}

/// Signs an entry with a node's key, as software that heeds no agreement would.
fn release_unasked(case: &mut Case, at: usize, agreement: AgreementId, statement: usize) {
    let (home, now) = (case.world.engine(at).home().clone(), Millis(case.world.now()));
    let statement = &case.figures.statements[statement];
    let key = SeriesKey::parse(&case.figures.series[statement.series].key).expect("a key");
    let period = Period::parse(&statement.period("A")).expect("a year");
    let observations = vec![Observation::reported(period, Decimal::from(statement.value))];
    let series = Series::new(key, Attributes::none(), observations).expect("a series");
    case.world.stop(at);
    let mut store = Store::open(home.dir(), home.us(), home.network(), 1 << 20).expect("the store");
    let place = store.place(FeedId::new(home.us(), agreement));
    let entry = EntryBuilder::new(EntryKind::Release, vec![Record::Series(series)])
        .sign(&place, now, home.network(), GOVERNMENTS[at].key.as_ref())
        .expect("an entry");
    store.append_own(&entry).expect("it is appended");
    store.commit().expect("it is durable");
    drop(store);
    case.world.unlocked(at);
    case.world.start(at);
}

#[test]
fn a_node_that_releases_what_its_agreement_does_not_cover_is_caught_in_the_act() {
    let mut case = met(1, &[CAN, PHL]);
    let deal = agreed(&mut case, draft(&[CAN]), &[PHL, CAN]);
    let mut random = Random::new(2);
    let secret = case.figures.victims(&mut random, PHL, COUNTRIES[CAN]);
    let value = case.figures.statements[secret].value;
    let agreement = case.ledger.deals[deal].id;
    release_unasked(&mut case, PHL, agreement, secret);
    case.connect_all();
    case.quiet();
    assert!(case.leaks.iter().any(|leak| leak.contains(&value.to_string())), "{:?}", case.leaks);
    assert!(case.wire_of(CAN).values.contains(&value), "the search finds it without being told where");
    assert!(!holds(&case, CAN).values.contains(&value), "who received it has erased it");
    assert!(case.finish().is_err());
}

/// A member leaves while an entry is on its way to it, erases what it had, and comes back by an amendment.
fn leaves_and_comes_back(earlier: bool) {
    let mut case = met(3, &[CAN, MEX, PHL]);
    let terms = TermsDraft { retention_seconds: Some(2), signatures: Some(2), ..TermsDraft::default() };
    let group = AgreementDraft { onward: "group".to_owned(), terms, ..draft(&[CAN, MEX]) };
    let deal = agreed(&mut case, group, &[PHL, CAN, MEX]);
    case.world.disconnect(CAN, MEX);
    let mut random = Random::new(4);
    if earlier {
        let (statements, text) = case.figures.file(&mut random, PHL);
        case.submit(PHL, statements, &text);
        case.release(0);
        case.quiet();
    }
    let (statements, text) = case.figures.large_file(&mut random, PHL);
    let values: Vec<i64> = statements.iter().map(|at| case.figures.statements[*at].value).collect();
    case.submit(PHL, statements, &text);
    case.release(case.submissions.len() - 1);
    let feed = FeedId::new(GOVERNMENTS[PHL].id, case.ledger.deals[deal].id);
    let begun = |case: &Case| case.world.engine(CAN).store().partial(&feed).expect("it can be read").len();
    while begun(&case) == 0 {
        case.pump(1);
    }
    case.leave(CAN, deal);
    case.quiet();
    let found = holds(&case, CAN);
    assert!(begun(&case) > 2 && values.iter().any(|one| found.values.contains(one)), "some of it has come");
    case.advance(5_000);
    case.advance(1_000);
    assert_eq!(holds(&case, CAN).values.len(), 0, "what had come of it is gone");

    let amends = AmendDraft {
        agreement: case.ledger.deals[deal].id.to_hex(),
        join: vec![GOVERNMENTS[CAN].id.to_hex()],
        leave: Vec::new(),
    };
    let amendment = AgreementDraft { amends: Some(amends), ..AgreementDraft::default() };
    agreed(&mut case, amendment, &[PHL, CAN, MEX]);
    case.quiet();
    assert_eq!(begun(&case), 0, "the entry is whole");
    let found = holds(&case, CAN);
    assert!(values.iter().all(|one| found.values.contains(one)), "it was begun anew");
    let passed = case.finish().expect("nothing leaks and all has arrived");
    assert!(passed.arrived >= values.len());
}

#[test]
fn who_leaves_in_mid_transfer_and_comes_back_begins_the_first_entry_anew() {
    leaves_and_comes_back(false);
}

#[test]
fn who_leaves_in_mid_transfer_and_comes_back_goes_on_behind_what_it_has_erased() {
    leaves_and_comes_back(true);
}
