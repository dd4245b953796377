//! A second reading of the rules, written from their words and not from the code, against random agreements.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::policy::{Crisis, Party, Purpose, PurposeCode, Term};

const COUNTRIES: [&str; 4] = ["CAN", "ESP", "PHL", "SYR"];
const INDICATORS: [&str; 5] = ["EF_REGEMI", "MF_PERMSET", "LM_DEPLOY", "TR_VICT", "RP_REFHOST"];
/// The sensitivity class of each.
const CLASSES: [u8; 5] = [0, 0, 1, 2, 3];
/// Those of them that are not told apart by reason.
const WITHOUT_REASON: [&str; 2] = ["EF_REGEMI", "RP_REFHOST"];
const COUNTERPARTS: [&str; 6] = ["CAN", "ESP", "PHL", "SYR", "_T", "145"];
const SEXES: [&str; 3] = ["_T", "F", "M"];
const AGES: [&str; 3] = ["_T", "Y0T17", "Y18T59"];
const REASONS: [&str; 2] = ["_T", "EDU"];
const PLACES: [&str; 3] = ["_T", "CA-ON", "C:PH-00"];

/// A random situation, in plain numbers.
#[derive(Clone, Debug)]
struct Case {
    roles: Vec<Option<Role>>,
    signed: Vec<bool>,
    left: Vec<bool>,
    quorum: u32,
    rules: Vec<ScopeRule>,
    onward: u8,
    now: i64,
    key: [usize; 6],
    years: Vec<i64>,
}

fn names(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

fn some_of(codes: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(codes, 1..=codes.len()).prop_map(|codes| names(&codes))
}

fn detail(codes: &'static [&'static str]) -> impl Strategy<Value = Detail> {
    prop_oneof![Just(Detail::Totals), Just(Detail::All), some_of(codes).prop_map(Detail::Listed)]
}

fn year(year: i64) -> Period {
    Period::parse(&year.to_string()).unwrap()
}

fn rule() -> impl Strategy<Value = ScopeRule> {
    let indicators = some_of(&["EF_REGEMI", "LM_*", "MF_PERMSET", "RP_REFHOST", "TR_*"]);
    let counterparts = prop_oneof![
        Just(Counterparts::Parties),
        Just(Counterparts::Any),
        some_of(&COUNTRIES).prop_map(Counterparts::Listed),
    ];
    let places = select(&[Subnational::National, Subnational::Admin1, Subnational::Any][..]);
    let fine = (detail(&["F", "M"]), detail(&["Y0T17", "Y18T59"]), any::<bool>(), places);
    let numbers = (2000..2010_i64, 0..10_i64, 0..=3_u8);
    (indicators, counterparts, fine, numbers).prop_map(|(indicators, counterparts, fine, numbers)| {
        let ((sex, age, breakdowns, subnational), (first, length, ceiling)) = (fine, numbers);
        let span = Span { from: year(first).start_millis(), until: year(first + length).end_millis() };
        let wide = ScopeRule::on(indicators);
        ScopeRule { counterparts, sex, age, breakdowns, subnational, span, ceiling, ..wide }
    })
}

fn case() -> impl Strategy<Value = Case> {
    let role = proptest::option::weighted(0.85, select(&Role::ALL[..]));
    let said = |weight| vec(proptest::bool::weighted(weight), 4);
    let people = (vec(role, 4), said(0.85), said(0.1), 2..=3_u32);
    let now = prop_oneof![4 => Just(NOW.0 + 1000), 1 => FROM.0 - 10..UNTIL.0 + 10];
    let key = [0..5_usize, 0..6, 0..3, 0..3, 0..2, 0..3];
    let years = subsequence((1998..2022).collect::<Vec<i64>>(), 1..6);
    let onward = prop_oneof![3 => Just(0_u8), 1 => 1..4_u8];
    (people, vec(rule(), 1..4), onward, now, key, years).prop_map(
        |(people, rules, onward, now, key, years)| {
            let (roles, signed, left, quorum) = people;
            Case { roles, signed, left, quorum, rules, onward, now, key, years }
        },
    )
}

impl Case {
    /// The series that is asked about: of Canada, the first government.
    fn parts(&self) -> [&'static str; 6] {
        let [indicator, counterpart, sex, age, reason, place] = self.key;
        let counterpart = COUNTERPARTS[counterpart];
        // A place of the counterpart has to lie in it.
        let place = if counterpart == "PHL" || place < 2 { PLACES[place] } else { "_T" };
        [INDICATORS[indicator], counterpart, SEXES[sex], AGES[age], REASONS[reason], place]
    }

    fn series(&self) -> SeriesKey {
        let [indicator, counterpart, sex, age, reason, place] = self.parts();
        let text = format!("A.CAN.{counterpart}.{indicator}.CIT.{sex}.{age}._T._T._T.{reason}._T.{place}.PS");
        SeriesKey::parse(&text).unwrap()
    }

    fn text(&self, all: &[Government]) -> AgreementText {
        let named = || all.iter().zip(&self.roles);
        let party = |(one, role): (&Government, &Option<Role>)| {
            Some(Party { publisher: one.publisher(), role: (*role)? })
        };
        let mut parties: Vec<Party> = named().filter_map(party).collect();
        parties.sort_by_key(|party| party.publisher);
        let outside = named().find(|(_, role)| role.is_none()).map(|(one, _)| one.publisher());
        AgreementText {
            title: "random".to_owned(),
            parties,
            scope: self.rules.clone(),
            purpose: Purpose { code: PurposeCode::Stat, description: String::new() },
            onward: match (self.onward, outside) {
                (1, Some(outside)) => Onward::Named(vec![outside]),
                (2, _) => Onward::Group,
                (3, _) => Onward::Public,
                (_, _) => Onward::Nobody,
            },
            retention: 1,
            disclosure_rule: String::new(),
            crisis: Crisis::Nothing,
            term: Term { start: FROM.0, end: UNTIL.0 },
            quorum: self.quorum,
            supersedes: None,
            drafted_at: 0,
        }
    }

    fn is_bound(&self, at: usize) -> bool {
        self.roles[at].is_some_and(|role| role != Role::Courier)
    }

    /// Begun, not over, as many have signed as are needed, and as many of them are left; and Canada, which speaks, is
    /// one of them and does not only read.
    fn is_binding(&self) -> bool {
        let signers = (0..4).filter(|at| self.is_bound(*at) && self.signed[*at]).count();
        let stay = (0..4).filter(|at| self.is_bound(*at) && self.signed[*at] && !self.left[*at]).count();
        let quorum = self.quorum as usize;
        let speaks = self.signed[0]
            && !self.left[0]
            && matches!(self.roles[0], Some(Role::Origin | Role::Destination | Role::Member));
        (FROM.0..UNTIL.0).contains(&self.now) && signers >= quorum && stay >= quorum && speaks
    }

    /// Whether one year of the series may go to the parties, by the words of the rules.
    fn may_be_shared(&self, text: &AgreementText, one_year: i64) -> bool {
        let [indicator, counterpart, sex, age, reason, place] = self.parts();
        let class = CLASSES[self.key[0]];
        if !self.is_binding() || (class >= 2 && text.onward != Onward::Nobody) {
            return false;
        }
        // Protection: no other reader is the government of the origin.
        let reads = |country: &str| {
            COUNTRIES.iter().position(|one| *one == country).is_some_and(|at| self.is_bound(at))
        };
        let others = (1..4).any(|at| self.is_bound(at));
        let could_be_origin = match counterpart {
            "_T" | "CAN" => false,
            "145" => others,
            country => reads(country),
        };
        if class == 3 && could_be_origin {
            return false;
        }
        let in_list = |detail: &Detail, code: &str| match detail {
            Detail::All => true,
            Detail::Totals => code == "_T",
            Detail::Listed(codes) => code == "_T" || codes.contains(&code.to_owned()),
        };
        self.rules.iter().any(|rule| {
            rule.indicators
                .iter()
                .any(|one| one == indicator || one[2..] == *"_*" && one[..2] == indicator[..2])
                && class <= rule.ceiling
                && match &rule.counterparts {
                    Counterparts::Any => true,
                    Counterparts::Parties => reads(counterpart),
                    Counterparts::Listed(some) => some.contains(&counterpart.to_owned()),
                }
                && in_list(&rule.sex, sex)
                && in_list(&rule.age, age)
                && (rule.breakdowns || reason == "_T" || WITHOUT_REASON.contains(&indicator))
                && match rule.subnational {
                    Subnational::Any => true,
                    Subnational::Admin1 => place != "C:PH-00",
                    Subnational::National => place == "_T",
                }
                && rule.span.from <= year(one_year).start_millis()
                && year(one_year + 1).start_millis() <= rule.span.until
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_is_shared_is_what_the_rules_say(case in case()) {
        let all = governments(COUNTRIES);
        let text = case.text(&all);
        let mut agreement = Agreement::new(text.clone(), &crate::crypto::Network::main());
        for (at, one) in all.iter().enumerate() {
            for (said, consent) in [(case.signed[at], Consent::Agreed), (case.left[at], Consent::Ended)] {
                if said {
                    agreement.take(&word(&agreement, one, consent, FROM));
                }
            }
        }
        let mut book = Book::new(all[0].publisher(), BTreeSet::new());
        book.insert(agreement.clone());
        let (key, periods) = (case.series(), case.years.iter().map(|one| year(*one)).collect::<Vec<_>>());
        let subject = Subject { key: &key, stated: None, periods: &periods };
        let shared = match book.decide(&agreement.id(), &subject, &keyring(&all), Millis(case.now)) {
            Decision::Share(Shape::Whole) => periods.clone(),
            Decision::Share(Shape::Cut(kept)) => kept,
            Decision::Withhold(_) => Vec::new(),
        };
        let expected = case.years.iter().filter(|one| case.may_be_shared(&text, **one));
        prop_assert_eq!(shared, expected.map(|one| year(*one)).collect::<Vec<_>>());
    }
}
