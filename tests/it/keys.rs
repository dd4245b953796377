//! The life of keys with real daemons: rotation, theft, succession.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use corridor::cli::demo::government::Government;
use corridor::feed::{Card, NextCard};
use corridor::node::clock;
use corridor::store::keys::{self, Passphrase};
use serde_json::{Value, json};

use crate::world::{BINARY, TITLE, World, ask, eventually, figures, release, text, values};

const KEY: &str = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";

fn in_use(node: &Government) -> String {
    let list = ask(node, &["key", "list"]);
    let key = list["keys"].as_array().into_iter().flatten().find(|key| key["in_use"] == true).cloned();
    key.unwrap_or_else(|| panic!("no key is in use: {list}"))["node"].as_str().unwrap_or_default().to_owned()
}

/// What a node knows of a partner's node keys: state by key.
fn state_of(node: &Government, partner: &str, key: &str) -> String {
    let shown = node.ask(&["partner", "show", partner]).unwrap_or_default();
    let row = shown["keys"].as_array().into_iter().flatten().find(|row| row["node"] == key).cloned();
    row.unwrap_or_default()["state"].as_str().unwrap_or_default().to_owned()
}

/// The nodes with which a session stands.
fn nodes(node: &Government) -> Vec<String> {
    let peers = node.ask(&["peers"]).unwrap_or_default();
    let node = |peer: &Value| peer["node"].as_str().unwrap_or_default().to_owned();
    peers["peers"].as_array().into_iter().flatten().map(node).collect()
}

/// Cites a figure at a node, and has it verified with the publisher's newest card and by the independent program.
fn cited_and_verified(at: &Government, publisher: &Government, period: &str, file: &Path) {
    ask(at, &["cite", "EF_REGEMI", KEY, period, "-o", &text(file)]);
    let value = ask(at, &["verify", &text(file), "--card", &text(&publisher.card())]);
    assert_eq!(value["valid"], true, "{value}");
    let python = std::env::var("CORRIDOR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = Command::new(&python).args(["-c", "import cryptography"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIP independent verifier: {python} lacks the package cryptography");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify.py");
    let output = Command::new(&python).arg(script).arg(file).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn is_healthy(node: &Government) {
    let doctor = ask(node, &["doctor"]);
    assert_eq!(doctor["healthy"], true, "{doctor}");
    assert_eq!(ask(node, &["audit", "--verify"])["valid"], true);
}

/// Repeats a command on a directory until it is done: its daemon may be stopping or starting.
fn insist(dir: &Path, args: &[&str]) {
    let done = || {
        let mut command = Command::new(BINARY);
        command
            .arg("--dir")
            .arg(dir)
            .arg("--passphrase-file")
            .arg(dir.join("passphrase"))
            .arg("--json")
            .args(args);
        dir.join("control.sock").exists() && command.output().is_ok_and(|output| output.status.success())
    };
    eventually("the command is carried out", done);
}

#[test]
fn a_node_key_is_rotated_under_traffic_and_no_figure_is_lost() {
    let mut world = World::agreed();
    let (dir, old) = (world.phl.dir().to_owned(), in_use(&world.phl));
    let years: Vec<String> = (2001..=2008).map(|year: u32| year.to_string()).collect();
    let files: Vec<String> = years
        .iter()
        .map(|year| figures(&world.path(&format!("{year}.csv")), &[["PHL", "CAN", "EF_REGEMI", year, "7"]]))
        .collect();
    let next = std::thread::scope(|scope| {
        scope.spawn(|| {
            for file in &files {
                insist(&dir, &["submit", file]);
                insist(&dir, &["release"]);
            }
        });
        let made = ask(&world.phl, &["key", "rotate", "--overlap", "20"]);
        let next = made["next"].as_str().expect("the next key is named").to_owned();
        assert_eq!((&made["told"], in_use(&world.phl)), (&json!(["CAN"]), old.clone()));
        let again = world.phl.try_ask(&["key", "rotate"]).expect("it runs");
        assert_eq!(again.0, 1, "one rotation at a time: {}", again.1);
        eventually("CAN knows of the next key", || state_of(&world.can, "PHL", &next) == "valid");
        assert_eq!(state_of(&world.can, "PHL", &old), "expires soon");
        eventually("everybody has acknowledged it", || {
            ask(&world.phl, &["key", "list"])["waiting_for"] == json!([])
        });
        world.phl.stop();
        world.phl.start().expect("PHL starts");
        next
    });
    assert_eq!(in_use(&world.phl), next);
    eventually("a session stands under the next key", || nodes(&world.can) == [next.clone()]);
    eventually("CAN has every figure", || values(&world.can, &["EF_REGEMI"]).len() == years.len());
    release(&world.phl, &world.path("late.csv"), &[["PHL", "CAN", "EF_REGEMI", "2009", "8"]]);
    eventually("and what the next key signs", || values(&world.can, &["EF_REGEMI"]).len() == years.len() + 1);
    eventually("PHL has the receipts", || world.phl.nothing_owed().unwrap_or(false));
    for period in ["2001", "2009"] {
        cited_and_verified(&world.can, &world.phl, period, &world.path("proof.json"));
    }
    let (printed, known) = (ask(&world.phl, &["card"]), ask(&world.can, &["partner", "show", "PHL"]));
    assert_eq!(printed["card"], known["card"], "the newest card is printed, and known");
    // The old key is ended: nothing that it has signed is touched by that.
    let ended = ask(&world.phl, &["key", "revoke", &old]);
    assert_eq!(ended["revoked"], json!([old]));
    eventually("CAN knows that it has ended", || state_of(&world.can, "PHL", &old) == "revoked");
    assert_eq!(values(&world.can, &["EF_REGEMI"]).len(), years.len() + 1);
    assert_eq!(nodes(&world.can), [next]);
    cited_and_verified(&world.can, &world.phl, "2001", &world.path("proof.json"));
    assert_eq!(standing_at(&world.can), "in force", "what the old key agreed to stands");
    for node in [&world.phl, &world.can] {
        is_healthy(node);
    }
}

fn standing_at(node: &Government) -> String {
    ask(node, &["agreement", "show", TITLE])["standing"].as_str().unwrap_or_default().to_owned()
}

/// A copy of a government's directory in the hands of somebody else.
struct Thief {
    dir: PathBuf,
    daemon: Option<Child>,
}

impl Thief {
    fn of(node: &Government, dir: PathBuf) -> Self {
        let copied = Command::new("cp").arg("-r").arg(node.dir()).arg(&dir).status().expect("cp runs");
        assert!(copied.success());
        Self { dir, daemon: None }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.arg("--dir").arg(&self.dir).arg("--passphrase-file").arg(self.dir.join("passphrase"));
        command
    }

    fn start(&mut self) {
        let mut run = self.command();
        run.args(["run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", ""]);
        let log = std::fs::File::create(self.dir.join("thief.log")).expect("a file can be made");
        let child = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.daemon = Some(child.expect("it starts"));
        let socket = self.dir.join("control.sock");
        eventually("the thief's daemon answers", || UnixStream::connect(&socket).is_ok());
    }

    fn ask(&self, args: &[&str]) -> Value {
        let output = self.command().arg("--json").args(args).output().expect("it runs");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn releases(&self, file: &str) {
        assert_eq!(self.ask(&["submit", file])["accepted"], true);
        let output = self.command().args(["--json", "release"]).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _gone = daemon.kill();
            let _status = daemon.wait();
        }
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn a_stolen_node_key_is_worth_nothing_after_the_drill() {
    let mut world = World::agreed();
    release(&world.phl, &world.path("1.csv"), &[["PHL", "CAN", "EF_REGEMI", "2001", "7"]]);
    release(&world.phl, &world.path("2.csv"), &[["PHL", "CAN", "MS_FBORN", "2001", "8"]]);
    eventually("CAN has both", || values(&world.can, &["MIGPROFILE"]) == ["7", "8"]);
    eventually("PHL has the receipt", || world.phl.nothing_owed().unwrap_or(false));
    let old = in_use(&world.phl);

    // While PHL is away a thief speaks and signs for it, and CAN cannot know.
    world.phl.stop();
    let mut thief = Thief::of(&world.phl, world.path("thief"));
    thief.start();
    thief.releases(&figures(&world.path("3.csv"), &[["PHL", "CAN", "MS_FBORN", "2002", "666"]]));
    eventually("CAN is deceived", || values(&world.can, &["MS_FBORN"]) == ["8", "666"]);
    thief.stop();

    world.phl.start().expect("PHL starts");
    eventually("a session stands", || nodes(&world.can) == [old.clone()]);
    let drill = ask(&world.phl, &["key", "compromised"]);
    assert_eq!((&drill["revoked"], &drill["told"]), (&json!([old]), &json!(["CAN"])), "{drill}");
    let new = in_use(&world.phl);
    assert_ne!(new, old);
    eventually("CAN knows", || state_of(&world.can, "PHL", &old) == "revoked");
    eventually("what the thief has signed is gone", || values(&world.can, &["MIGPROFILE"]) == ["7", "8"]);
    eventually("no session stands with the old key", || !nodes(&world.can).contains(&old));
    let shown = ask(&world.can, &["partner", "show", "PHL"]);
    assert!(shown["revoked"].to_string().contains("somebody else may have it"), "{shown}");
    assert!(ask(&world.can, &["status"])["faults"].to_string().contains("has revoked its node key"));

    // The thief is back, and is a stranger.
    thief.start();
    thief.releases(&figures(&world.path("4.csv"), &[["PHL", "CAN", "MS_FBORN", "2003", "777"]]));
    world.phl.stop();
    world.phl.start().expect("PHL starts");
    assert_eq!(in_use(&world.phl), new);
    for (number, year) in ["2004", "2005", "2006"].into_iter().enumerate() {
        thief.ask(&["partner", "ping", "CAN"]);
        let file = world.path(&format!("{number}-later.csv"));
        let rows = [["PHL", "CAN", "MS_FBORN", year, "9"], ["PHL", "CAN", "EF_REGEMI", year, "9"]];
        release(&world.phl, &file, &rows);
        eventually("what PHL signs arrives", || {
            values(&world.can, &["EF_REGEMI"]).len() == number + 2
                && values(&world.can, &["MS_FBORN"]).len() == number + 2
        });
        assert_eq!(nodes(&world.can), std::slice::from_ref(&new));
        assert_eq!(thief.ask(&["peers"])["peers"], json!([]));
    }
    assert_eq!(values(&world.can, &["MS_FBORN"]), ["8", "9", "9", "9"]);
    eventually("PHL has the receipts", || world.phl.nothing_owed().unwrap_or(false));
    cited_and_verified(&world.can, &world.phl, "2001", &world.path("proof.json"));
    assert_eq!(standing_at(&world.can), "in force");
    world.can.stop();
    world.can.start().expect("CAN starts");
    assert_eq!(values(&world.can, &["MS_FBORN"]), ["8", "9", "9", "9"], "also after a restart");
    for node in [&world.phl, &world.can] {
        is_healthy(node);
    }
}

#[test]
fn a_feed_that_a_thief_has_forked_heals_with_the_drill() {
    let mut world = World::agreed();
    release(&world.phl, &world.path("1.csv"), &[["PHL", "CAN", "MS_FBORN", "2001", "8"]]);
    eventually("CAN has it", || values(&world.can, &["MS_FBORN"]) == ["8"]);
    world.phl.stop();
    let mut thief = Thief::of(&world.phl, world.path("thief"));
    thief.start();
    for (name, year) in [("2.csv", "2002"), ("3.csv", "2003")] {
        thief.releases(&figures(&world.path(name), &[["PHL", "CAN", "MS_FBORN", year, "666"]]));
    }
    eventually("CAN is deceived", || values(&world.can, &["MS_FBORN"]) == ["8", "666", "666"]);
    thief.stop();
    // PHL knows nothing of it, and signs for the same places.
    world.can.stop();
    world.phl.start().expect("PHL starts");
    for (name, year) in [("4.csv", "2004"), ("5.csv", "2005"), ("6.csv", "2006")] {
        release(&world.phl, &world.path(name), &[["PHL", "CAN", "MS_FBORN", year, "9"]]);
    }
    world.can.start().expect("CAN starts");
    eventually("CAN sees the fork", || ask(&world.can, &["status"])["faults"].to_string().contains("forked"));

    let old = in_use(&world.phl);
    ask(&world.phl, &["key", "compromised"]);
    eventually("CAN knows", || state_of(&world.can, "PHL", &old) == "revoked");
    world.phl.stop();
    world.phl.start().expect("PHL starts");
    eventually("what PHL holds is what CAN has", || {
        values(&world.can, &["MS_FBORN"]) == ["8", "9", "9", "9"]
    });
    release(&world.phl, &world.path("7.csv"), &[["PHL", "CAN", "MS_FBORN", "2007", "10"]]);
    eventually("and it goes on", || values(&world.can, &["MS_FBORN"]).len() == 5);
    for node in [&mut world.phl, &mut world.can] {
        node.stop();
        node.start().expect("it starts");
        is_healthy(node);
    }
    assert_eq!(values(&world.can, &["MS_FBORN"]).len(), 5, "also after a restart");
}

#[test]
fn the_announced_national_key_succeeds_and_the_stolen_one_signs_for_nobody() {
    let world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    release(phl, &world.path("1.csv"), &[["PHL", "CAN", "EF_REGEMI", "2001", "7"]]);
    eventually("CAN has it", || values(can, &["EF_REGEMI"]) == ["7"]);
    let before = Card::from_text(&std::fs::read_to_string(phl.card()).expect("a card")).expect("it verifies");
    let (id, node) = (ask(phl, &["status"])["publisher_id"].clone(), in_use(phl));

    let done = ask(phl, &["key", "succeed", "--name", "Migration Authority"]);
    assert_eq!(done["told"], json!(["CAN"]));
    eventually("CAN follows", || ask(can, &["partner", "show", "PHL"])["national_keys"] == 2);
    let shown = ask(can, &["partner", "show", "PHL"]);
    assert_eq!((&shown["publisher_id"], &shown["name"]), (&id, &json!("Migration Authority")));
    assert_eq!(
        (ask(phl, &["status"])["publisher_id"].clone(), in_use(phl)),
        (id, node),
        "nothing else changes"
    );
    release(phl, &world.path("2.csv"), &[["PHL", "CAN", "EF_REGEMI", "2002", "8"]]);
    eventually("figures go on", || values(can, &["EF_REGEMI"]) == ["7", "8"]);
    for period in ["2001", "2002"] {
        cited_and_verified(can, phl, period, &world.path("proof.json"));
    }

    // A thief of the first national key issues a card of its own, dated years ahead.
    let passphrase = Passphrase::from_file(&phl.dir().join("passphrase")).expect("it is there");
    let stolen =
        keys::load_file(&phl.dir().join("keys/former-national-1.age"), &passphrase).expect("it opens");
    let ahead = corridor::model::Millis(clock::now().0 + 100_000_000_000);
    let forged = NextCard::after(&before, ahead).at(vec!["/ip4/127.0.0.1/tcp/9".to_owned()]);
    let forged = forged.sign(&stolen).expect("a card in itself");
    let file = world.path("forged.txt");
    std::fs::write(&file, forged.to_text()).expect("the file can be written");
    let (status, value) = can.try_ask(&["partner", "add", "--yes", &text(&file)]).expect("it runs");
    assert_eq!(status, 1);
    assert!(value.to_string().contains("another has succeeded"), "{value}");
    // Also the card that CAN accepted once is of the past.
    std::fs::write(&file, before.to_text()).expect("the file can be written");
    assert_eq!(can.try_ask(&["partner", "add", "--yes", &text(&file)]).expect("it runs").0, 1);

    let again = ask(phl, &["key", "compromised", "--national-key"]);
    assert_eq!(again["told"], json!(["CAN"]), "and the next one can succeed in turn");
    eventually("CAN follows again", || ask(can, &["partner", "show", "PHL"])["national_keys"] == 3);
    for node in [phl, can] {
        is_healthy(node);
    }
}

/// Carries what one has for the other in a file.
fn carry(from: &Government, to: &Government, stick: &Path) -> Value {
    ask(from, &["bundle", "export", "--to", to.country(), "--output", &text(stick)]);
    ask(to, &["bundle", "import", &text(stick)])
}

#[test]
fn without_daemons_a_bundle_carries_the_new_card_and_doubted_figures_go() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let create = |country| Government::init(Path::new(BINARY), dir.path(), country, country).expect("init");
    let (phl, can) = (create("PHL"), create("CAN"));
    let stick = |name: &str| dir.path().join(name);
    for (one, other) in [(&phl, &can), (&can, &phl)] {
        ask(one, &["partner", "add", "--yes", &text(&other.card())]);
    }
    for year in ["2001", "2002"] {
        release(&phl, &stick(year), &[["PHL", "CAN", "MS_FBORN", year, "7"]]);
    }
    carry(&phl, &can, &stick("1"));
    assert_eq!(values(&can, &["MS_FBORN"]), ["7", "7"]);
    let rows = phl.get(&["MS_FBORN"]).expect("it answers");
    let since = rows[1]["released_at"].as_str().expect("a time").to_owned();

    let old = in_use(&phl);
    let drill = ask(&phl, &["key", "compromised", "--since", &since]);
    assert_eq!((drill["not_vouched"].as_array().map(Vec::len), &drill["switched"]), (Some(1), &json!(true)));
    assert_ne!(in_use(&phl), old);
    let came = carry(&phl, &can, &stick("2"));
    assert_eq!((&came["complete"], &came["broken"]), (&json!(true), &Value::Null), "{came}");
    assert_eq!(state_of(&can, "PHL", &old), "revoked");
    assert_eq!(values(&can, &["MS_FBORN"]), ["7"], "what is not vouched for is not shown");
    let key = "A.PHL.CAN.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
    ask(&can, &["cite", "MS_FBORN", key, "2001"]);
    let doubted = phl.try_ask(&["cite", "MS_FBORN", key, "2002"]).expect("it runs");
    assert_eq!(doubted.0, 1, "nor cited by its publisher: {}", doubted.1);
    // The feed goes on behind it, at whoever follows.
    release(&phl, &stick("2003"), &[["PHL", "CAN", "MS_FBORN", "2003", "9"]]);
    carry(&phl, &can, &stick("3"));
    assert_eq!(values(&can, &["MS_FBORN"]), ["7", "9"]);
    carry(&can, &phl, &stick("4"));
    let told = ask(&phl, &["status"])["erasures"].to_string();
    assert!(told.contains("does not vouch"), "PHL hears that the figures are gone: {told}");
    for node in [&phl, &can] {
        is_healthy(node);
    }
}

#[test]
fn addresses_reach_partners_by_themselves_and_doctor_warns_of_keys() {
    let world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    let mut addresses: Vec<String> = ask(phl, &["status"])["addresses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    addresses.push("/dns/phl.example/tcp/4001".to_owned());
    let arguments: Vec<&str> = addresses.iter().flat_map(|one| ["--address", one]).collect();
    ask(phl, &[&["card"], &arguments[..]].concat());
    eventually("CAN has the new address", || {
        ask(can, &["partner", "show", "PHL"])["addresses"] == json!(addresses)
    });
    let acts = ask(can, &["audit"])["acts"].clone();
    let recorded = acts.as_array().into_iter().flatten().filter(|act| act["act"] == "partner card");
    assert_eq!(recorded.count(), 1, "it is written into the log once: {acts}");
    // In a hurry: the next key signs at once, over the sessions that stand.
    let old = in_use(phl);
    let hurried = ask(phl, &["key", "rotate", "--now"]);
    assert_eq!((&hurried["node"], &hurried["restart"]), (&json!(in_use(phl)), &json!(true)));
    assert_ne!(in_use(phl), old);
    release(phl, &world.path("now.csv"), &[["PHL", "CAN", "EF_REGEMI", "2001", "7"]]);
    eventually("what it signs arrives", || values(can, &["EF_REGEMI"]) == ["7"]);
    assert_eq!(nodes(can), [old], "until a restart it is reached under the old one");
    let warned = ask(phl, &["doctor"])["key_warnings"].to_string();
    assert!(warned.contains("national.age and next-national.age"), "{warned}");
    assert!(warned.contains("restart it"), "{warned}");
}
