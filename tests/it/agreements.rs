//! An agreement's life with real daemons: drafted, proposed, signed, amended with a third party, left, ended, and what
//! was received under it erased; and a publisher that sends what its agreement does not cover.

use std::path::Path;

use corridor::cli::demo::government::Government;
use corridor::crypto::NodeSigner;
use corridor::feed::{AgreementId, EntryBuilder, EntryKind, FeedId};
use corridor::model::{Attributes, Decimal, Observation, Period, Record, Series, SeriesKey};
use corridor::node::Home;
use corridor::store::Store;
use corridor::store::keys::Passphrase;
use serde_json::{Value, json};

use crate::world::{BINARY, TITLE, World, ask, eventually, figures, run, stdout, text, values};

/// A value that is found in a file as it is: an entry of one record is not compressed.
const SECRET: i64 = 719_283_746;
/// The seconds for which the recipients may keep what they have.
const RETENTION: &str = "3";

/// Governments that are all each other's partners.
fn partners(dir: &Path, countries: &[&str]) -> Vec<Government> {
    let create = |code: &str| Government::create(Path::new(BINARY), dir, code, code).expect("it starts");
    let all: Vec<Government> = countries.iter().map(|code| create(code)).collect();
    for one in &all {
        for other in all.iter().filter(|other| other.country() != one.country()) {
            ask(one, &["partner", "add", "--yes", &text(&other.card())]);
        }
    }
    all
}

fn standing(node: &Government, agreement: &str) -> String {
    let value = node.ask(&["agreement", "show", agreement]).unwrap_or_default();
    value["standing"].as_str().unwrap_or_default().to_owned()
}

fn stands(nodes: &[&Government], agreement: &str, expected: &str) {
    for node in nodes {
        let what = format!("{agreement:?} is {expected} at {}", node.country());
        eventually(&what, || standing(node, agreement) == expected);
    }
}

/// Proposes what was drafted, and the others sign it.
fn conclude(proposer: &Government, others: &[&Government], agreement: &str) {
    ask(proposer, &["agreement", "propose", agreement]);
    for other in others {
        eventually("the proposal has come", || other.ask(&["agreement", "show", agreement]).is_ok());
        ask(other, &["agreement", "sign", agreement]);
    }
    stands(&[&[proposer], others].concat(), agreement, "in force");
}

/// Whether the bytes of the secret value are in any file below a directory.
fn holds_secret(dir: &Path) -> bool {
    // A signed number is coded as twice itself, its four bytes as they are.
    let bytes = u32::try_from(SECRET * 2).expect("it fits").to_le_bytes();
    std::fs::read_dir(dir).into_iter().flatten().flatten().any(|item| {
        let path = item.path();
        match path.is_dir() {
            true => holds_secret(&path),
            false => std::fs::read(&path).unwrap_or_default().windows(4).any(|window| window == bytes),
        }
    })
}

fn erased_by(node: &Government, agreement: &str) -> Vec<String> {
    let value = node.ask(&["agreement", "show", agreement]).unwrap_or_default();
    let all = value["erasures"].as_array().into_iter().flatten();
    all.filter_map(|one| one["country"].as_str()).map(str::to_owned).collect()
}

#[test]
fn an_agreement_from_its_draft_to_the_last_erasure() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut all = partners(dir.path(), &["PHL", "CAN", "ESP"]);
    let [phl, can, esp] = &all[..] else { unreachable!("three were made") };
    let secret = SECRET.to_string();

    // Draft, propose, sign.
    let draft = ["agreement", "draft", "--title", TITLE, "--with", "CAN=destination", "--role", "origin"];
    let clauses = ["--indicator", "EF_*", "--purpose", "PLAN: schools", "--retention-seconds", RETENTION];
    let refused = phl.try_ask(&[&draft[..], &clauses[..2], &["--purpose", "ENFORCE"]].concat());
    let (status, said) = refused.expect("it runs");
    assert!(status == 1 && said.to_string().contains("never enforcement"), "{said}");
    ask(phl, &[&draft[..], &clauses, &["--any-counterpart", "--period-from", "2010"]].concat());
    assert_eq!(standing(phl, TITLE), "proposed");
    conclude(phl, &[can], TITLE);
    let summary = stdout(&run(can, &["agreement", "show", TITLE]));
    for expected in ["from our side (CAN)", "from the side of PHL", "Planning. schools.", "In force."] {
        assert!(summary.contains(expected), "{expected:?} is missing in\n{summary}");
    }

    // What is in its scope arrives, and what is not stays.
    let rows = [["PHL", "CAN", "EF_REGEMI", "2009", "5"], ["PHL", "CAN", "EF_REGEMI", "2012", &secret]];
    ask(phl, &["submit", &figures(&dir.path().join("1.csv"), &rows)]);
    ask(phl, &["release"]);
    eventually("CAN has the figure", || values(can, &["EF_REGEMI"]) == [secret.as_str()]);
    let what_if = ask(phl, &["agreement", "show", TITLE, "--what-if"])["what_if"].clone();
    assert_eq!((&what_if[0]["indicator"], &what_if[0]["observations"]), (&json!("EF_REGEMI"), &json!(1)));
    assert!(holds_secret(&can.dir().join("feeds")), "it can be recognised");

    // A third party joins: the first agreement is over, and nobody erases what it still may hold.
    let second = format!("{TITLE}, amendment 1");
    ask(phl, &["agreement", "amend", TITLE, "--join", "ESP=member"]);
    conclude(phl, &[can, esp], &second);
    stands(&[phl, can], TITLE, "over");
    ask(phl, &["release", "s1"]);
    eventually("ESP has the figure", || values(esp, &["EF_REGEMI"]) == [secret.as_str()]);

    // CAN leaves: it reads nothing new, and when the time is over it has erased and confirmed it.
    let third = format!("{TITLE}, amendment 2");
    ask(phl, &["agreement", "amend", &second, "--leave", "CAN"]);
    conclude(phl, &[esp], &third);
    stands(&[can], &second, "over");
    let rows = [["PHL", "CAN", "EF_REGEMI", "2013", "8"]];
    ask(phl, &["submit", &figures(&dir.path().join("2.csv"), &rows)]);
    ask(phl, &["release"]);
    eventually("ESP has the new figure", || {
        values(esp, &["EF_REGEMI", "--from", "PHL"]).contains(&"8".to_owned())
    });
    for agreement in [TITLE, &second] {
        eventually("CAN has confirmed to PHL", || erased_by(phl, agreement).contains(&"CAN".to_owned()));
    }
    assert!(values(can, &["EF_REGEMI"]).is_empty(), "nothing is left in its view");
    assert!(!holds_secret(can.dir()), "nor in any of its files");
    assert_eq!(erased_by(phl, &third), Vec::<String>::new(), "ESP is bound and keeps what it has");

    // Where it was erased it does not come back, and what is left verifies.
    all[1].stop();
    all[1].start().expect("CAN starts again");
    let [phl, can, esp] = &all[..] else { unreachable!("three were made") };
    eventually("CAN is connected", || can.connected().is_ok_and(|connected| connected == 2));
    assert_eq!(ask(can, &["doctor"])["healthy"], json!(true));
    assert!(values(can, &["EF_REGEMI"]).is_empty() && !holds_secret(can.dir()));

    // The end, by one of the two that are left.
    ask(esp, &["agreement", "end", &third]);
    stands(&[phl, esp], &third, "over");
    eventually("ESP has confirmed", || erased_by(phl, &third).contains(&"ESP".to_owned()));
    assert!(values(esp, &["EF_REGEMI"]).is_empty() && !holds_secret(esp.dir()));
    let status = ask(phl, &["status"]);
    assert_eq!((&status["faults"], status["erasures"].as_array().map(Vec::len)), (&json!([]), Some(4)));
    assert!(values(phl, &["EF_REGEMI"]).contains(&secret), "the publisher keeps its own");
}

/// Signs an entry with the keys of a node that is stopped, as software that heeds no agreement would.
fn release_unasked(node: &Government, agreement: &Value, (indicator, value): (&str, i64)) {
    let home = Home::open(node.dir()).expect("the node's directory");
    let passphrase = Passphrase::from_file(&node.dir().join("passphrase")).expect("the passphrase");
    let key = home.node_key(&passphrase).expect("the node's key");
    let signer: &dyn NodeSigner = &key;
    let id = agreement.as_str().and_then(AgreementId::from_hex).expect("an agreement's id");
    let mut store = Store::open(node.dir(), home.us(), home.network(), 1 << 20).expect("the store");
    let key = format!("A.PHL.CAN.{indicator}.CIT._T._T._T._T._T._T._T._T.PS");
    let key = SeriesKey::parse(&key).expect("a key");
    let period = Period::parse("2020").expect("a year");
    let observations = vec![Observation::reported(period, Decimal::from(value))];
    let series = Series::new(key, Attributes::none(), observations).expect("a series");
    let place = store.place(FeedId::new(home.us(), id));
    // As late as its last act: before its mandate began nothing that it signs would count.
    let house = FeedId::new(home.us(), AgreementId::house());
    let time = store.newest(&house).expect("there are acts").header().time;
    let entry = EntryBuilder::new(EntryKind::Release, vec![Record::Series(series)])
        .sign(&place, time, home.network(), signer)
        .expect("an entry");
    store.append_own(&entry).expect("it is appended");
    store.commit().expect("it is durable");
}

#[test]
fn what_the_agreement_does_not_cover_is_erased_before_it_counts_and_both_sides_know() {
    let mut world = World::agreed();
    let agreement = ask(&world.phl, &["agreement", "show", TITLE])["agreement"].clone();
    world.phl.stop();
    release_unasked(&world.phl, &agreement, ("TR_VICT", SECRET));
    release_unasked(&world.phl, &agreement, ("EF_REGEMI", 3));
    world.phl.start().expect("PHL starts again");
    let fault = |node: &Government, words: &str| {
        let status = node.ask(&["status"]).unwrap_or_default();
        status["faults"].as_array().into_iter().flatten().any(|one| one["what"].to_string().contains(words))
    };
    eventually("CAN holds it against PHL", || fault(&world.can, "scope does not name the indicator"));
    eventually("CAN holds it against PHL that three people are shown", || {
        fault(&world.can, "below the minimum")
    });
    eventually("PHL is told so", || fault(&world.phl, "CAN has refused and erased what we released"));
    assert!(values(&world.can, &["MIGPROFILE"]).is_empty(), "nobody has seen it");
    assert!(!holds_secret(world.can.dir()), "it is in no file");

    // The feed goes on behind it.
    let rows = [["PHL", "CAN", "EF_REGEMI", "2012", "4711"]];
    ask(&world.phl, &["submit", &figures(&world.path("1.csv"), &rows)]);
    ask(&world.phl, &["release"]);
    eventually("CAN has what comes next", || values(&world.can, &["MIGPROFILE"]) == ["4711"]);
    assert_eq!(ask(&world.can, &["doctor"])["healthy"], json!(true));
}
