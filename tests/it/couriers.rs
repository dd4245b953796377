//! Two governments that are never online together, and the courier between them.

use std::path::Path;
use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};

use crate::api::http::{get, json};
use crate::world::{BINARY, TITLE, World, ask, eventually, figures, files, standing, text, values};

/// Three governments, each with the cards of the two others; nobody's daemon runs.
struct Three {
    phl: Government,
    can: Government,
    /// Carries between them.
    ita: Government,
    dir: tempfile::TempDir,
}

impl Three {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let [phl, can, ita] = ["PHL", "CAN", "ITA"].map(|country| {
            Government::init(Path::new(BINARY), dir.path(), country, country).expect("it is made")
        });
        for one in [&phl, &can, &ita] {
            set(one, "#tidy = \"1min\"", "tidy = \"1s\"");
            for other in [&phl, &can, &ita].into_iter().filter(|other| other.country() != one.country()) {
                ask(one, &["partner", "add", "--yes", &text(&other.card())]);
            }
        }
        Self { phl, can, ita, dir }
    }

    /// The agreement, proposed by one and signed by the other, told by the courier alone.
    fn agree(&mut self) {
        self.ita.start().expect("ITA starts");
        self.phl.start().expect("PHL starts");
        let draft = ["agreement", "draft", "--title", TITLE, "--with", "CAN", "--with", "ITA=courier"];
        ask(&self.phl, &[&draft[..], &["--purpose", "STAT", "--indicator", "EF_REGEMI"]].concat());
        ask(&self.phl, &["agreement", "propose", TITLE]);
        eventually("the courier knows the proposal", || standing(&self.ita) == "proposed");
        self.phl.stop();
        self.can.start().expect("CAN starts");
        eventually("CAN knows the proposal", || standing(&self.can) == "proposed");
        ask(&self.can, &["agreement", "sign", TITLE]);
        eventually("the courier knows that it is in force", || standing(&self.ita) == "in force");
        eventually("CAN has told its key", || told_a_key(&self.can));
        eventually("the courier has all of CAN", || held_of(&self.ita, &self.can) == own(&self.can));
        self.can.stop();
        self.phl.start().expect("PHL starts");
        eventually("PHL knows that it is in force", || standing(&self.phl) == "in force");
        eventually("PHL knows the key of CAN", || knows_key_of(&self.phl, "CAN"));
        eventually("PHL has told its key", || told_a_key(&self.phl));
    }

    fn release(&self, file: &str, value: &str, year: &str) -> serde_json::Value {
        let rows = [["PHL", "CAN", "EF_REGEMI", year, value]];
        ask(&self.phl, &["submit", &figures(&self.dir.path().join(file), &rows)]);
        let released = ask(&self.phl, &["release"]);
        let under = |part: &&serde_json::Value| part["title"] == TITLE;
        released["released"].as_array().expect("parts").iter().find(under).expect("the agreement").clone()
    }
}

/// Changes a line of a node's configuration.
fn set(node: &Government, default: &str, line: &str) {
    let path = node.dir().join("corridor.toml");
    let before = std::fs::read_to_string(&path).expect("the configuration");
    assert!(before.contains(default), "{default}");
    std::fs::write(&path, before.replace(default, line)).expect("it is written");
}

/// The acts in a node's log of this kind.
fn acts(node: &Government, act: &str) -> Vec<serde_json::Value> {
    let log = node.ask(&["audit"]).unwrap_or_default();
    let all = log["acts"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|one| one["act"] == act).collect()
}

fn told_a_key(node: &Government) -> bool {
    acts(node, "sealing key").iter().any(|act| act["country"].is_null())
}

fn knows_key_of(node: &Government, country: &str) -> bool {
    acts(node, "sealing key").iter().any(|act| act["country"] == country)
}

/// The feed of a publisher under the agreement, as a node has it.
fn feed(node: &Government, publisher: &Government) -> serde_json::Value {
    let feeds = node.ask(&["feeds"]).unwrap_or_default();
    let all = feeds["feeds"].as_array().cloned().unwrap_or_default();
    let wanted =
        |one: &&serde_json::Value| one["country"] == publisher.country() && one["agreement_name"] == TITLE;
    all.iter().find(wanted).cloned().unwrap_or_default()
}

fn held_of(node: &Government, publisher: &Government) -> Option<u64> {
    feed(node, publisher)["head_seq"].as_u64()
}

fn own(node: &Government) -> Option<u64> {
    held_of(node, node)
}

/// Whether some file under a node's feeds shows these bytes.
fn shows(node: &Government, needle: &[u8]) -> bool {
    files(&node.dir().join("feeds"), ".feed").iter().any(|path| {
        let bytes = std::fs::read(path).expect("a feed file");
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn governments_that_never_meet_sign_and_exchange_through_a_courier_that_reads_nothing() {
    let mut three = Three::new();
    three.agree();
    let part = three.release("1.csv", "4711", "2013");
    assert_eq!(part["sealed"]["recipients"], serde_json::json!(["CAN"]), "{part}");
    eventually("the courier has it", || held_of(&three.ita, &three.phl) == own(&three.phl));
    three.phl.stop();
    let key = b"PHL.CAN.EF_REGEMI";
    assert!(shows(&three.phl, key) && !shows(&three.ita, key), "what a courier holds is sealed");
    assert!(values(&three.ita, &["EF_REGEMI"]).is_empty());

    three.can.start().expect("CAN starts");
    eventually("the figure is at CAN", || values(&three.can, &["EF_REGEMI"]) == ["4711"]);
    eventually("the courier has its receipt", || held_of(&three.ita, &three.can) == own(&three.can));
    assert_eq!(ask(&three.can, &["doctor"])["healthy"], true);
    // What all have acknowledged is carried no longer.
    eventually("the courier has let go", || feed(&three.ita, &three.phl)["erased"] != serde_json::json!([]));
    three.can.stop();
    assert!(values(&three.can, &["EF_REGEMI"]) == ["4711"], "also without its daemon");
    ask(&three.can, &["rebuild"]);
    assert!(values(&three.can, &["EF_REGEMI"]) == ["4711"], "also when all is folded anew");
    three.phl.start().expect("PHL starts");
    let mut last = None;
    let paid = wait(Duration::from_secs(60), || {
        last = behind(&three.phl, "CAN");
        last == Some(1)
    });
    assert!(paid, "PHL has no receipt of CAN: {last:?}; {}", ask(&three.phl, &["feeds"]));
    assert_eq!(ask(&three.ita, &["doctor"])["healthy"], true);

    // That it is over is handed on as well.
    ask(&three.phl, &["agreement", "end", TITLE]);
    eventually("the courier knows that it is over", || standing(&three.ita) == "over");
    three.phl.stop();
    three.can.start().expect("CAN starts");
    eventually("CAN knows that it is over", || standing(&three.can) == "over");
}

#[test]
fn a_courier_carries_no_more_than_its_quota_until_some_is_acknowledged() {
    let mut three = Three::new();
    set(&three.ita, "#quota = \"1 GiB\"", "quota = \"3 KiB\"");
    three.agree();
    let years: Vec<String> = (1990..2010).map(|year: i32| year.to_string()).collect();
    for (number, year) in years.iter().enumerate() {
        three.release(&format!("{number}.csv"), "4711", year);
    }
    let faults = |node: &Government| node.ask(&["status"]).unwrap_or_default()["faults"].to_string();
    eventually("the courier says that it is full", || faults(&three.ita).contains("courier.quota"));
    let first = held_of(&three.ita, &three.phl);
    assert!(first < own(&three.phl), "it has not taken all: {first:?}");
    // One after the other comes by, until all is there.
    for _ in 0..years.len() {
        three.phl.stop();
        three.can.start().expect("CAN starts");
        eventually("CAN has what is carried", || {
            held_of(&three.can, &three.phl) == held_of(&three.ita, &three.phl)
        });
        eventually("the courier has its receipt", || held_of(&three.ita, &three.can) == own(&three.can));
        eventually("the courier has let go", || {
            let erased = feed(&three.ita, &three.phl)["erased"].to_string();
            erased.contains(&format!("{}]", held_of(&three.ita, &three.phl).unwrap_or_default()))
        });
        three.can.stop();
        let carried = held_of(&three.ita, &three.phl);
        three.phl.start().expect("PHL starts");
        eventually("the courier takes more", || {
            held_of(&three.ita, &three.phl) > carried || carried == own(&three.phl)
        });
        if carried == own(&three.phl) {
            break;
        }
    }
    three.phl.stop();
    assert_eq!(values(&three.can, &["EF_REGEMI"]).len(), years.len());
}

/// How many of our entries a partner has not acknowledged. The proposal that was written to it directly, and that only
/// the courier has told it, stays one.
fn behind(node: &Government, country: &str) -> Option<u64> {
    let status = node.ask(&["status"]).unwrap_or_default();
    let partners = status["partners"].as_array().cloned().unwrap_or_default();
    partners.iter().find(|one| one["country"] == country)?["behind"].as_u64()
}

/// A moment so many seconds from now, as a release takes it.
fn in_seconds(seconds: i64) -> String {
    corridor::model::Millis(corridor::node::clock::now().0 + seconds * 1000).to_string()
}

#[test]
fn figures_under_embargo_are_everywhere_before_and_open_at_their_time() {
    let world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    let rows = [["PHL", "CAN", "EF_REGEMI", "2013", "4711"], ["PHL", "ESP", "MS_FBORN", "2013", "815"]];
    ask(phl, &["submit", &figures(&world.path("e.csv"), &rows)]);
    let at = in_seconds(20);
    let released = ask(phl, &["release", "--at", &at]);
    assert!(
        released["released"]
            .as_array()
            .expect("parts")
            .iter()
            .all(|one| one["sealed"]["opens_at"] == at.as_str())
    );
    eventually("CAN holds it closed", || feed(can, phl)["closed"] == 1);
    for node in [phl, can] {
        assert!(values(node, &["EF_REGEMI"]).is_empty() && values(node, &["MS_FBORN"]).is_empty());
        assert!(
            !shows(node, b"PHL.CAN.EF_REGEMI") || node.country() == "PHL",
            "only the house feed shows it"
        );
    }
    // No way to ask for it tells of it, and once it is open it has been there since then, not since it was sealed.
    let closed = corridor::node::clock::now().to_string();
    let told =
        |query: &str| get(phl, &format!("/sdmx/data/MS?format=sdmx-csv&{query}")).text().contains(",815,");
    let since = format!("updatedAfter={closed}");
    for query in ["", "includeHistory=true", "asOf=2099-01-01", "updatedAfter=2000-01-01", &since] {
        assert!(!told(query), "{query}");
    }
    let counted = || json(phl, "/sdmx/availability/dataflow/PHL/MS?format=json");
    assert_eq!(counted()["data"]["dataConstraints"][0]["annotations"][0]["title"], "0");
    for node in [phl, can] {
        eventually("it is open at both", || values(node, &["EF_REGEMI"]) == ["4711"]);
        eventually("what is public too", || values(node, &["MS_FBORN"]) == ["815"]);
        assert!(values(node, &["EF_REGEMI", "--as-of", &closed]).is_empty(), "nobody could read it then");
        assert_eq!(values(node, &["EF_REGEMI", "--as-of", &at]), ["4711"]);
    }
    assert!(told(&since) && told(&format!("asOf={at}")) && !told(&format!("asOf={closed}")));
    assert_eq!(counted()["data"]["dataConstraints"][0]["annotations"][0]["title"], "1");
    eventually("and acknowledged", || behind(phl, "CAN") == Some(0));
    assert_eq!(ask(can, &["doctor"])["healthy"], true);
    let past = phl.try_ask(&["release", "s1", "--at", "2001-01-01"]).expect("it runs");
    assert!(past.0 == 1 && past.1.to_string().contains("is over"), "{past:?}");
}

#[test]
fn figures_under_embargo_open_at_their_time_also_when_their_publisher_is_down() {
    let mut three = Three::new();
    three.agree();
    let rows = [["PHL", "CAN", "EF_REGEMI", "2013", "4711"]];
    ask(&three.phl, &["submit", &figures(&three.dir.path().join("e.csv"), &rows)]);
    ask(&three.phl, &["release", "--at", &in_seconds(25)]);
    eventually("the courier has it", || held_of(&three.ita, &three.phl) == own(&three.phl));
    eventually("and its key for later", || behind(&three.phl, "ITA") == Some(0));
    three.phl.stop();
    three.can.start().expect("CAN starts");
    eventually("CAN holds it closed", || feed(&three.can, &three.phl)["closed"] == 1);
    assert!(values(&three.can, &["EF_REGEMI"]).is_empty());
    eventually("it is open at CAN", || values(&three.can, &["EF_REGEMI"]) == ["4711"]);
    eventually("and acknowledged", || held_of(&three.ita, &three.can) == own(&three.can));
    assert_eq!(ask(&three.can, &["doctor"])["healthy"], true);
}

#[test]
fn a_lost_directory_comes_back_by_way_of_the_courier_and_what_it_brought_stays_readable() {
    let mut three = Three::new();
    three.agree();
    let backup = |node: &Government, name: &str| -> String {
        let file = text(&three.dir.path().join(name));
        ask(node, &["backup", &file]);
        file
    };
    let before = backup(&three.phl, "phl.backup");
    three.release("1.csv", "4711", "2012");
    eventually("the courier has it", || held_of(&three.ita, &three.phl) == own(&three.phl));
    let released = own(&three.phl);
    restored(&mut three.phl, &before);
    three.phl.start().expect("PHL starts");
    // Sealed as it lies at the courier, it is opened again at home.
    eventually("it is back and open", || values(&three.phl, &["EF_REGEMI"]) == ["4711"]);
    assert!(held_of(&three.phl, &three.phl) >= released, "with all that the courier holds");
    // What it wrote to CAN alone nobody can show who is there: the operator decides.
    ask(&three.phl, &["recover", "--override"]);
    three.release("2.csv", "4712", "2013");
    eventually("the courier has the next one", || held_of(&three.ita, &three.phl) == own(&three.phl));
    three.phl.stop();
    three.can.start().expect("CAN starts");
    eventually("both are at CAN", || values(&three.can, &["EF_REGEMI"]) == ["4711", "4712"]);
    assert_eq!(ask(&three.can, &["feeds"])["forks"], serde_json::json!([]));
    // The keys of what came sealed are part of a backup.
    let file = text(&three.dir.path().join("can.backup"));
    ask(&three.can, &["backup", &file]);
    restored(&mut three.can, &file);
    assert_eq!(values(&three.can, &["EF_REGEMI"]), ["4711", "4712"]);
}

/// Puts a backup in the place of a node's directory.
fn restored(node: &mut Government, backup: &str) {
    node.stop();
    let old = node.dir().with_extension("old");
    std::fs::rename(node.dir(), &old).expect("the directory can be moved");
    let mut restore = std::process::Command::new(BINARY);
    restore.arg("--dir").arg(node.dir()).arg("--passphrase-file").arg(old.join("passphrase"));
    let status = restore.args(["restore", backup]).status().expect("the program can be run");
    assert!(status.success(), "the backup is restored");
    std::fs::copy(old.join("passphrase"), node.dir().join("passphrase")).expect("it can be copied");
}

#[test]
fn what_was_sealed_to_nobody_is_opened_once_its_reader_has_told_a_key() {
    let mut three = Three::new();
    three.agree();
    three.phl.stop();
    // The key that CAN has told is over by the time of the release, and so destroyed.
    three.can.start().expect("CAN starts");
    three.can.stop();
    let keys = three.can.dir().join("keys").join("sealing");
    std::fs::remove_file(&keys).expect("the secrets are lost");
    three.phl.start().expect("PHL starts");
    three.release("1.csv", "4711", "2012");
    eventually("the courier has it", || held_of(&three.ita, &three.phl) == own(&three.phl));
    three.phl.stop();

    three.can.start().expect("CAN starts");
    let of_phl = |three: &Three| feed(&three.can, &three.phl);
    eventually("CAN holds it closed", || of_phl(&three)["closed"] == 1);
    assert!(values(&three.can, &["EF_REGEMI"]).is_empty());
    eventually("the courier has the new key", || held_of(&three.ita, &three.can) == own(&three.can));
    three.can.stop();
    three.phl.start().expect("PHL starts");
    eventually("PHL has opened it", || {
        knows_key_of(&three.phl, "CAN") && acts(&three.phl, "sealing key").len() >= 3
    });
    eventually("the courier has the opening", || held_of(&three.ita, &three.phl) == own(&three.phl));
    three.phl.stop();
    three.can.start().expect("CAN starts");
    eventually("the figure is at CAN", || values(&three.can, &["EF_REGEMI"]) == ["4711"]);
    eventually("nothing is closed any more", || of_phl(&three)["closed"] == 0);
    assert_eq!(ask(&three.can, &["doctor"])["healthy"], true);
}
