//! The whole way of totals that few contribute to: a file, its submission, releases, and what left.

use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::crypto::Network;
use crate::feed::{AgreementId, FeedId, Seq};
use crate::model::{DocumentKind, Record};
use crate::node::clock::{self, Clock};
use crate::node::engine::Rows;
use crate::node::home::NewNode;
use crate::node::prepared::Prepared;
use crate::node::request::{GetRequest, ReleaseRequest, SubmitRequest};
use crate::node::{Answer, Caller, Engine, Home, NodeError, Options, Request};
use crate::protect::Rules;
use crate::store::keys::Passphrase;

const HEADER: &str =
    "FREQ,COUNTERPART_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,CONTRIBUTION_1,CONTRIBUTION_2,SENS_CLASS";

/// A node that opens remittances to everybody.
struct Node {
    dir: TempDir,
    rule: &'static str,
    engine: Option<Engine>,
}

impl Node {
    fn new(rule: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = NewNode {
            country: "PHL".to_owned(),
            names: vec![("en".to_owned(), "Philippines".to_owned())],
            network: Network::parse("training/contributions").unwrap(),
            addresses: Vec::new(),
        };
        Home::create(dir.path(), new, &Self::passphrase(), clock::now()).unwrap();
        let mut node = Self { dir, rule, engine: None };
        node.start_anew();
        node
    }

    fn passphrase() -> Passphrase {
        Passphrase::new("for a test of contributions")
    }

    /// Opens the directory; what is not committed is lost.
    fn start_anew(&mut self) {
        self.engine = None;
        let home = Home::open(self.dir.path()).unwrap();
        let signer = Arc::new(home.node_key(&Self::passphrase()).unwrap());
        let rules = Rules { concentration: self.rule.parse().ok(), ..Rules::default() };
        let (public, clock) = (["RE_RECV".to_owned()].into(), Clock::system());
        let options = Options { public, rules, ..Options::usual(clock) };
        self.engine = Some(Engine::open(home, &options, Some(signer)).unwrap());
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("it is open")
    }

    fn prepare(&self, request: Request, file: &str) -> Result<Prepared, NodeError> {
        let home = Home::open(self.dir.path())?;
        Prepared::new(request, &mut file.as_bytes(), (&home, self.rule.parse().ok()))
    }

    fn ask(&mut self, request: Request, file: &str) -> Result<Value, NodeError> {
        let prepared = self.prepare(request, file)?;
        match self.engine().execute(prepared, &caller())? {
            Answer::Value(value) => Ok(value),
            Answer::Json(text) => Ok(serde_json::from_str(text.get()).unwrap()),
            Answer::Reader(_) => panic!("no reader was asked for"),
            Answer::Rows(rows) => Ok(Value::Array(all(&rows))),
        }
    }

    /// Submits figures of 2020-Q1: counterpart, value, contributions, class.
    fn submit(&mut self, rows: &[(&str, &str)]) -> Value {
        let lines = rows.iter().map(|(area, rest)| format!("Q,{area},RE_RECV,2020-Q1,{rest}\n"));
        let file = format!("{HEADER}\n{}", lines.collect::<String>());
        let said = self.ask(Request::Submit(wanted()), &file).unwrap();
        assert_eq!(said["accepted"], true, "{said}");
        self.engine().commit().unwrap();
        said
    }

    fn release(&mut self, submission: Option<&str>) -> Result<Value, NodeError> {
        let submission = submission.map(str::to_owned);
        let released = self.ask(
            Request::Release(ReleaseRequest {
                submission,
                reason: Some("ERROR".to_owned()),
                dry_run: false,
                at: None,
            }),
            "",
        );
        self.engine().commit().unwrap();
        released
    }

    /// Submits, releases what waits, and says what everybody sees then of these counterparts.
    fn shows(&mut self, rows: &[(&str, &str)], of: &[&str]) -> Vec<String> {
        self.submit(rows);
        self.release(None).unwrap();
        self.shown(of)
    }

    /// What everybody sees of the counterparts: the value, or the status.
    fn shown(&mut self, of: &[&str]) -> Vec<String> {
        let get = GetRequest {
            flow: "RE_RECV".to_owned(),
            key: None,
            as_of: None,
            history: false,
            from: None,
            public: true,
            after: None,
        };
        let rows = self.ask(Request::Get(get), "").unwrap();
        let rows = rows.as_array().expect("rows").clone();
        let shown = |area: &&str| {
            let row = rows.iter().find(|row| row["counterpart_area"] == *area);
            let row = row.unwrap_or_else(|| panic!("nothing of {area}"));
            row["obs_value"].as_str().or(row["obs_status"].as_str()).unwrap().to_owned()
        };
        of.iter().map(shown).collect()
    }

    /// Everything that stands in the node's feeds, as text.
    fn records(&mut self) -> String {
        let store = self.engine().store();
        let mut text = String::new();
        for feed in store.feeds().collect::<Vec<_>>() {
            let head = store.durable(&feed).expect("a feed has an entry");
            for seq in 0..=head.seq.0 {
                for record in store.records(&feed, Seq(seq)).unwrap() {
                    text += &match record.unwrap() {
                        Record::Document(part) => String::from_utf8_lossy(part.body()).into_owned(),
                        other => format!("{other:?}"),
                    };
                    text.push('\n');
                }
            }
        }
        text
    }
}

fn caller() -> Caller {
    Caller { who: "tester".to_owned(), from: "terminal".to_owned() }
}

fn wanted() -> SubmitRequest {
    SubmitRequest { file: "remittances.csv".to_owned(), ..SubmitRequest::default() }
}

fn all(rows: &Rows) -> Vec<Value> {
    let mut all = Vec::new();
    rows.each(&mut |row| {
        all.push(serde_json::from_str(row).unwrap());
        true
    })
    .unwrap();
    all
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

const CORRIDORS: [&str; 4] = ["CAN", "USA", "ITA", "_T"];

#[test]
fn known_answers_on_the_whole_way() {
    type Case<'a> = (&'static str, [(&'a str, &'a str); 4], [&'a str; 4]);
    let dominated = [("CAN", "330,300,20,"), ("USA", "40,,,"), ("ITA", "9000,,,"), ("_T", "9370,,,")];
    // The second knows the first within 2 per cent: the bound must lie 4 000 above.
    let near = [("CAN", "100000,50000,49000,"), ("USA", "3999,,,"), ("ITA", "4001,,,"), ("_T", "108000,,,")];
    // The second overestimates the first by 15.4 per cent.
    let apart = [("CAN", "110000,52000,50000,"), ("USA", "3000,,,"), ("ITA", "9000,,,"), ("_T", "122000,,,")];
    let cases: [Case<'_>; 7] = [
        ("n=1,k=85", dominated, ["Q", "Q", "9000", "9370"]),
        ("", dominated, ["330", "40", "9000", "9370"]),
        ("n=1,k=95", dominated, ["330", "40", "9000", "9370"]),
        ("n=1,k=90", near, ["100000", "3999", "4001", "108000"]),
        ("p=10", near, ["Q", "3999", "Q", "108000"]),
        ("p=10", apart, ["110000", "3000", "9000", "122000"]),
        ("n=2,k=90.9", apart, ["Q", "Q", "9000", "122000"]),
    ];
    for (rule, rows, wanted) in cases {
        assert_eq!(Node::new(rule).shows(&rows, &CORRIDORS), wanted, "{rule} {rows:?}");
    }
}

#[test]
fn released_again_later_and_from_the_feeds_alone_it_is_the_same() {
    let mut node = Node::new("n=1,k=85");
    node.submit(&[("CAN", "330,300,20,"), ("USA", "40,,,"), ("ITA", "9000,,,"), ("_T", "9370,,,")]);
    node.start_anew();
    node.release(None).unwrap();
    let wanted = ["Q", "Q", "9000", "9370"];
    assert_eq!(node.shown(&CORRIDORS), wanted);
    for rebuild in [false, true] {
        node.start_anew();
        if rebuild {
            node.ask(Request::Rebuild, "").unwrap();
            node.engine().commit().unwrap();
        }
        let again = node.release(Some("s1")).unwrap();
        assert!(again["released"].as_array().unwrap().iter().all(|one| one["entry"].is_null()), "{again}");
        assert_eq!(node.shown(&CORRIDORS), wanted);
    }
}

/// What is closed to everybody follows from sums that come later, in a submission without contributions.
#[test]
fn what_is_closed_stays_protected_in_later_releases() {
    let mut node = Node::new("n=1,k=85");
    let first = node.shows(&[("CAN", "330,300,20,"), ("USA", "40,,,")], &["CAN", "USA"]);
    assert_eq!(first, ["Q", "40"], "without a total nothing follows");
    node.start_anew();
    let later = node.shows(&[("ITA", "9000,,,"), ("_T", "9370,,,")], &CORRIDORS);
    assert_eq!(later[..2], ["Q", "40"]);
    assert!(later[2..].contains(&"Q".to_owned()), "{later:?}");
}

/// A sensitive total that may not go to this audience is not to be had from what may.
#[test]
fn what_an_audience_never_got_does_not_follow_either() {
    let rows = |class| [("CAN", class), ("USA", "40,,,"), ("ITA", "9000,,,"), ("_T", "9370,,,")];
    let mut node = Node::new("n=1,k=85");
    let shown = node.shows(&rows("330,300,20,S2"), &["USA", "ITA", "_T"]);
    assert!(shown.contains(&"Q".to_owned()), "9370 - 9000 - 40 is 330: {shown:?}");
    let shown = Node::new("n=1,k=85").shows(&rows("330,,,S2"), &["USA", "ITA", "_T"]);
    assert_eq!(shown, ["40", "9000", "9370"]);
}

#[test]
fn a_later_statement_takes_the_place_of_a_level() {
    for later in ["330,100,90,", "330,,,", "340,,,"] {
        let value = later.split(',').next().unwrap();
        let mut node = Node::new("n=1,k=85");
        assert_eq!(node.shows(&[("CAN", "330,300,20,")], &["CAN"]), ["Q"]);
        assert_eq!(node.shows(&[("CAN", later)], &["CAN"]), [value], "released one after the other");
        assert_eq!(node.shows(&[("CAN", "350,300,20,")], &["CAN"]), ["Q"]);
        let mut node = Node::new("n=1,k=85");
        node.submit(&[("CAN", "330,300,20,"), ("USA", "330,300,20,")]);
        assert_eq!(node.shows(&[("CAN", later)], &["CAN", "USA"]), [value, "Q"], "released together");
        let mut node = Node::new("n=1,k=85");
        node.submit(&[("CAN", later)]);
        assert_eq!(node.shows(&[("CAN", "330,300,20,")], &["CAN"]), ["Q"]);
    }
}

#[test]
fn a_node_that_dies_in_between_has_both_or_none() {
    let mut node = Node::new("n=1,k=85");
    let file = format!("{HEADER}\nQ,CAN,RE_RECV,2020-Q1,330,300,20,\n");
    let figures = node.prepare(Request::Submit(wanted()), &file).unwrap().figures;
    let mut acts = Vec::new();
    node.engine().take_submission(&wanted(), figures, &caller(), &mut acts).unwrap();
    node.engine().commit().unwrap();
    node.start_anew();
    assert_eq!(acts[0].documents.len(), 1, "the levels were to come with the act");
    assert_eq!(node.engine().house().submissions().count(), 0);
    assert!(!node.engine().house().is_guarded("RE_RECV"));

    node.submit(&[("CAN", "330,300,20,")]);
    let seq = node.engine().house().submissions().next().unwrap().levels.expect("it has levels");
    let feed = FeedId::new(node.engine().us(), AgreementId::house());
    let mut kinds = Vec::new();
    let mut note = |record| {
        if let Record::Document(part) = record {
            kinds.push(part.kind());
        }
    };
    node.engine().store().read_records(&feed, seq, &mut note).unwrap();
    assert_eq!(kinds, [DocumentKind::Act, DocumentKind::ProtectionLevels], "one entry holds both");
}

#[test]
fn neither_rule_nor_contributions_are_kept_and_levels_are_not_shown() {
    let mut node = Node::new("n=1,k=84.7391");
    let said = node.submit(&[("CAN", "3300007,3000001,200003,"), ("USA", "400000,,,"), ("_T", "3700007,,,")]);
    let released = node.release(None).unwrap();
    assert_eq!(node.shown(&["CAN"]), ["Q"]);
    let acts = node.ask(Request::Audit { verify: true }, "").unwrap();
    assert_eq!(acts["valid"], true);
    let records = node.records();
    let level = "240272.516776";
    assert!(records.contains(level) && records.contains("3300007"), "what is kept can be found\n{records}");
    let secret = ["84.7391", "3000001", "200003"];
    for (what, text) in
        [("answer", said.to_string()), ("release", released.to_string()), ("log", acts.to_string())]
    {
        assert!(!text.contains(level), "{what}: {text}");
        assert!(secret.iter().all(|secret| !text.contains(secret)), "{what}: {text}");
    }
    assert!(secret.iter().all(|secret| !records.contains(secret)));
    let (mut open, mut files) = (vec![node.dir.path().to_owned()], 0);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|item| item.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        files += 1;
        assert!(secret.iter().all(|secret| !contains(&bytes, secret)), "{}", path.display());
    }
    assert!(files > 3, "the directory holds card, keys and feeds");
}

#[test]
fn figures_without_contributions_are_no_affair_of_the_rule() {
    let rows = [("CAN", "330,,,"), ("USA", "40,,,"), ("_T", "370,,,")];
    let mut node = Node::new("n=2,k=1");
    assert_eq!(node.shows(&rows, &["CAN", "USA", "_T"]), ["330", "40", "370"]);
    assert!(!node.engine().house().is_guarded("RE_RECV"));
    assert_eq!(node.engine().house().submissions().next().unwrap().levels, None);
}
