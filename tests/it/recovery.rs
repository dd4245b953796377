//! Backups, lost disks, damage and forks: a government comes back without ever contradicting itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use corridor::cli::demo::government::Government;
use serde_json::{Value, json};

use crate::world::{
    BINARY, TITLE, World, ask, eventually, files, release, run, standing, stderr, stdout, text, values,
};

/// Runs a command on a node's directory with the passphrase that lies elsewhere.
fn outside(node: &Government, passphrase: &Path, args: &[&str]) -> Output {
    let mut program = Command::new(BINARY);
    program.arg("--dir").arg(node.dir()).arg("--passphrase-file").arg(passphrase).arg("--json").args(args);
    program.output().expect("the program can be run")
}

/// Moves a node's directory away, as a disk that is gone, and makes it anew with a command; the old one's path.
fn replaced(node: &mut Government, args: &[&str]) -> PathBuf {
    node.kill();
    let old = node.dir().with_extension("old");
    fs::rename(node.dir(), &old).expect("the directory can be moved");
    let args: Vec<String> = args.iter().map(|arg| arg.replace("OLD", &text(&old))).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = outside(node, &old.join("passphrase"), &args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    fs::copy(old.join("passphrase"), node.dir().join("passphrase")).expect("the passphrase can be copied");
    old
}

fn state(node: &Government) -> String {
    ask(node, &["status"])["state"].as_str().unwrap_or_default().to_owned()
}

/// The head of PHL's feed under an agreement as a node holds it.
fn head(node: &Government, agreement: &str) -> Value {
    let feeds = ask(node, &["feeds"])["feeds"].as_array().cloned().unwrap_or_default();
    let of = |feed: &&Value| feed["country"] == "PHL" && feed["agreement_name"] == agreement;
    feeds.iter().find(of).map_or(Value::Null, |feed| json!([feed["head_seq"], feed["head_hash"]]))
}

fn acts(node: &Government) -> Vec<String> {
    let acts = ask(node, &["audit", "--verify"])["acts"].as_array().cloned().unwrap_or_default();
    acts.iter().map(|act| act["act"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_backup_made_under_traffic_is_whole_and_comes_back() {
    let mut world = World::agreed();
    let (over, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut made = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Until there were backups in the midst of it.
            let enough = |year: i32| year >= 1250 && done.load(Ordering::Acquire) > 2;
            for year in (1200..2000).take_while(|year| !enough(*year)) {
                let rows = [["PHL", "CAN", "EF_REGEMI", &year.to_string(), "7"]];
                release(&world.phl, &world.path("traffic.csv"), &rows);
            }
            over.store(true, Ordering::Release);
        });
        while !over.load(Ordering::Acquire) {
            let file = world.path(&format!("backup-{}", made.len()));
            made.push((ask(&world.phl, &["backup", &text(&file)]), file));
            done.store(made.len(), Ordering::Release);
        }
    });
    assert!(made.len() > 1, "the traffic was over before there was a backup");
    for (said, file) in &made {
        let verified = ask(&world.phl, &["backup", "--verify", &text(file)]);
        assert_eq!((&verified["entries"], &verified["made_at"]), (&said["entries"], &said["made_at"]));
        assert!(!file.with_extension("partial").exists());
    }
    let (_, file) = &made[made.len() / 2];
    let again = run(&world.phl, &["backup", &text(file)]);
    assert_eq!(again.status.code(), Some(1), "one backup is not written over another");
    let mut bytes = fs::read(file).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = world.path("damaged");
    fs::write(&damaged, bytes).expect("the file can be written");
    assert_eq!(run(&world.phl, &["backup", "--verify", &text(&damaged)]).status.code(), Some(3));
    let into = run(&world.phl, &["restore", &text(file)]);
    assert!(stderr(&into).contains("a node is never overwritten"), "{}", stderr(&into));

    replaced(&mut world.phl, &["restore", &text(file)]);
    let (status, found) = world.phl.try_ask(&["doctor"]).expect("it runs");
    assert_eq!((status, &found["healthy"]), (1, &json!(true)), "all is whole, and in recovery: {found}");
}

/// PHL has released figures, made a backup, and released more since; CAN has all of it.
fn with_old_backup(public_alone: bool) -> (World, PathBuf) {
    let world = World::agreed();
    let (phl, can) = (&world.phl, &world.can);
    release(phl, &world.path("1.csv"), &[["PHL", "CAN", "EF_REGEMI", "2001", "1"]]);
    release(phl, &world.path("2.csv"), &[["PHL", "CAN", "MS_FBORN", "2001", "1"]]);
    eventually("CAN has both", || values(can, &["MIGPROFILE"]).len() == 2);
    eventually("PHL has CAN's receipt", || phl.nothing_owed().unwrap_or(false));
    let backup = world.path("backup");
    ask(phl, &["backup", &text(&backup)]);
    release(phl, &world.path("3.csv"), &[["PHL", "CAN", "MS_FBORN", "2002", "2"]]);
    eventually("CAN has the public figure", || values(can, &["MS_FBORN"]) == ["1", "2"]);
    if !public_alone {
        release(phl, &world.path("4.csv"), &[["PHL", "CAN", "EF_REGEMI", "2002", "2"]]);
        let guarded = world.path("guarded.csv");
        exact(&guarded, "1234");
        ask(phl, &["submit", &text(&guarded)]);
        ask(phl, &["release"]);
        eventually("CAN has the figures", || values(can, &["EF_REGEMI"]).len() == 3);
        eventually("PHL has CAN's receipts", || phl.nothing_owed().unwrap_or(false));
    }
    (world, backup)
}

/// A figure that is protected before it leaves.
fn exact(path: &Path, value: &str) {
    let head = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE";
    fs::write(path, format!("{head}\nA,PHL,CAN,EF_REGEMI,CIT,_T,2010,{value}\n"))
        .expect("the file can be written");
}

#[test]
fn a_node_from_an_old_backup_takes_back_what_it_has_signed_and_goes_on_without_a_fork() {
    let (mut world, backup) = with_old_backup(false);
    let before = [head(&world.can, TITLE), head(&world.can, "public")];
    replaced(&mut world.phl, &["restore", &text(&backup)]);
    assert_eq!(state(&world.phl), "recovery");
    world.phl.start().expect("it starts");
    let (phl, can) = (&world.phl, &world.can);
    eventually("every feed is settled", || state(phl) == "running");
    assert_eq!([head(phl, TITLE), head(phl, "public")], before);
    assert_eq!(values(phl, &["MS_FBORN"]), ["1", "2"]);

    release(phl, &world.path("5.csv"), &[["PHL", "CAN", "EF_REGEMI", "2003", "3"]]);
    release(phl, &world.path("6.csv"), &[["PHL", "CAN", "MS_FBORN", "2003", "3"]]);
    eventually("CAN has the next ones", || values(can, &["EF_REGEMI"]).len() == 4);
    eventually("CAN has the public one", || values(can, &["MS_FBORN"]) == ["1", "2", "3"]);
    for node in [phl, can] {
        assert_eq!(ask(node, &["feeds"])["forks"], json!([]));
    }
    let acts = acts(phl);
    for act in ["recovery begun", "recovered", "recovery ended"] {
        assert!(acts.iter().any(|one| one == act), "{act} is in {acts:?}");
    }
    keeps_the_protection(&world);
    world.phl.stop();
    world.phl.start().expect("it starts again");
    eventually("it stays so", || state(&world.phl) == "running");
}

/// The directory is put back by other means than `restore`, as when a virtual machine is set back: nothing says so, and
/// a partner shows it.
#[test]
fn an_old_copy_of_the_directory_is_noticed_when_a_partner_shows_more() {
    let mut world = World::agreed();
    release(&world.phl, &world.path("1.csv"), &[["PHL", "CAN", "MS_FBORN", "2001", "1"]]);
    eventually("CAN has it", || values(&world.can, &["MS_FBORN"]) == ["1"]);
    world.phl.stop();
    let (dir, copy) = (text(world.phl.dir()), text(&world.path("copy")));
    let copied = |from: &str, to: &str| {
        let status = Command::new("cp").args(["-a", from, to]).status().expect("cp runs");
        assert!(status.success());
    };
    copied(&dir, &copy);
    world.phl.start().expect("it starts");
    release(&world.phl, &world.path("2.csv"), &[["PHL", "CAN", "MS_FBORN", "2002", "2"]]);
    eventually("CAN has it", || values(&world.can, &["MS_FBORN"]) == ["1", "2"]);
    world.phl.kill();
    fs::remove_dir_all(&dir).expect("the directory can be removed");
    copied(&copy, &dir);
    world.phl.start().expect("it starts");
    let (phl, can) = (&world.phl, &world.can);
    // Somebody else could have the key: nothing is taken back before people have said that the copy is old.
    eventually("it is noticed", || state(phl) == "recovery");
    assert_eq!(values(phl, &["MS_FBORN"]), ["1"]);
    ask(phl, &["recover", "--old-copy"]);
    eventually("the entry is back", || values(phl, &["MS_FBORN"]) == ["1", "2"] && state(phl) == "running");
    assert!(ask(phl, &["status"])["faults"].to_string().contains("further than this node"), "it is told");
    release(phl, &world.path("3.csv"), &[["PHL", "CAN", "MS_FBORN", "2003", "3"]]);
    eventually("CAN has the next one", || values(can, &["MS_FBORN"]) == ["1", "2", "3"]);
    assert_eq!(ask(can, &["feeds"])["forks"], json!([]));
}

#[test]
fn a_partners_bundle_brings_own_entries_back_where_there_is_no_line() {
    let (mut world, backup) = with_old_backup(false);
    world.can.stop();
    let before = [head(&world.can, TITLE), head(&world.can, "public")];
    replaced(&mut world.phl, &["restore", &text(&backup)]);
    let stick = text(&world.path("stick"));
    ask(&world.can, &["bundle", "export", "--to", "PHL", "--all", "--output", &stick]);
    ask(&world.phl, &["bundle", "import", &stick]);
    assert_eq!([head(&world.phl, TITLE), head(&world.phl, "public")], before);
    assert_eq!(state(&world.phl), "offline", "every feed is settled");
    release(&world.phl, &world.path("5.csv"), &[["PHL", "CAN", "MS_FBORN", "2003", "3"]]);
}

/// The exact value behind a figure that left after the backup is lost: another one is refused, the same one is learned.
fn keeps_the_protection(world: &World) {
    let (phl, can, file) = (&world.phl, &world.can, world.path("guarded.csv"));
    let shown = values(can, &["EF_REGEMI", "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS"]);
    exact(&file, "2234");
    ask(phl, &["submit", &text(&file)]);
    let submitted = ask(phl, &["submissions"])["submissions"].as_array().cloned().unwrap_or_default();
    let other = submitted.last().expect("it was submitted")["submission"].as_str().map(str::to_owned);
    let other = other.or_else(|| submitted.last().and_then(|one| one["id"].as_str().map(str::to_owned)));
    let output = run(phl, &["release", "--reason", "ERROR"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stderr(&output).contains("before the exact values were lost"), "{}", stderr(&output));
    exact(&file, "1234");
    ask(phl, &["submit", &text(&file)]);
    let submitted = ask(phl, &["submissions"])["submissions"].as_array().cloned().unwrap_or_default();
    let same = submitted.last().cloned().unwrap_or_default();
    let same = same["submission"].as_str().or(same["id"].as_str()).expect("it has a name");
    ask(phl, &["release", same, "--reason", "ERROR"]);
    let key = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
    assert_eq!(values(can, &["EF_REGEMI", key]), shown, "the same value is no news");
    ask(phl, &["release", &other.expect("it has a name"), "--reason", "ERROR"]);
    eventually("CAN has the revision", || values(can, &["EF_REGEMI", key]) != shown);
}

/// PHL goes on from an old backup although CAN holds more, so that it signs two entries for one place.
fn forked() -> World {
    let (mut world, backup) = with_old_backup(true);
    world.can.stop();
    replaced(&mut world.phl, &["restore", &text(&backup)]);
    world.phl.start().expect("it starts");
    let phl = &world.phl;
    let status = ask(phl, &["status"]);
    assert_eq!(status["state"], "recovery");
    let waiting = status["recovery"]["waiting"].as_array().cloned().unwrap_or_default();
    assert!(waiting.iter().any(|one| one["partners"] == json!(["CAN"])), "{status}");
    crate::world::figures(&world.path("5.csv"), &[["PHL", "CAN", "MS_FBORN", "2002", "22"]]);
    ask(phl, &["submit", &text(&world.path("5.csv"))]);
    let refused = run(phl, &["release"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    for word in ["restored from a backup", "CAN", "recover --override"] {
        assert!(stderr(&refused).contains(word), "{}", stderr(&refused));
    }
    assert_eq!(run(phl, &["recover"]).status.code(), Some(1), "it says what it waits for");
    let found = phl.try_ask(&["doctor"]).expect("it runs");
    assert_eq!(found.0, 1, "{}", found.1);

    ask(phl, &["recover", "--override"]);
    eventually("it goes on", || state(phl) == "running");
    ask(phl, &["release"]);
    assert!(acts(phl).iter().any(|act| act == "recover override"));
    world.can.start().expect("it starts");
    for node in [&world.phl, &world.can] {
        eventually("the fork is known", || {
            ask(node, &["feeds"])["forks"].as_array().is_some_and(|all| all.len() == 1)
        });
    }
    world
}

fn fork(node: &Government) -> Value {
    ask(node, &["feeds"])["forks"][0].clone()
}

/// The entry of PHL's public feed that a node holds in the place of the fork.
fn held(node: &Government) -> String {
    head(node, "public")[1].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_fork_is_frozen_proven_and_healed_and_other_feeds_go_on_meanwhile() {
    let world = forked();
    let (phl, can) = (&world.phl, &world.can);
    let frozen = ask(can, &["feeds"])["feeds"].as_array().cloned().unwrap_or_default();
    let public = frozen.iter().find(|one| one["country"] == "PHL" && one["agreement_name"] == "public");
    assert_eq!(public.expect("CAN has it")["frozen_at"], fork(can)["seq"]);
    // What is not forked goes on.
    release(phl, &world.path("6.csv"), &[["PHL", "CAN", "EF_REGEMI", "2004", "4"]]);
    eventually("CAN has it", || values(can, &["EF_REGEMI"]) == ["1", "4"]);
    let file = world.path("7.csv");
    crate::world::figures(&file, &[["PHL", "CAN", "MS_FBORN", "2005", "5"]]);
    ask(phl, &["submit", &text(&file)]);
    let refused = run(phl, &["release"]);
    assert!(stderr(&refused).contains("corridor fork resolve"), "{}", stderr(&refused));

    proves(&world);
    // CAN's line stands: PHL sets its own aside and takes back what CAN holds.
    let (kept, given_up) = (held(can), held(phl));
    assert_ne!(kept, given_up);
    ask(phl, &["fork", "resolve", "public", "--keep", &kept, "--reason", "restored from an old backup"]);
    eventually("PHL holds the line that stands", || values(phl, &["MS_FBORN"]) == ["1", "2"]);
    eventually("PHL is settled", || state(phl) == "running" && held(phl) == kept);
    assert_eq!(files(&phl.dir().join("aside"), ".feed").len(), 1, "the other line is kept as evidence");
    ask(phl, &["release"]);
    eventually("CAN has the next one", || values(can, &["MS_FBORN"]) == ["1", "2", "5"]);
    for node in [phl, can] {
        eventually("it is shown for ever", || fork(node)["kept"] == kept);
        assert_eq!(fork(node)["reason"], "restored from an old backup");
        let frozen = ask(node, &["feeds"])["feeds"].as_array().cloned().unwrap_or_default();
        assert!(frozen.iter().all(|feed| feed["frozen_at"].is_null()));
        assert_eq!(ask(node, &["doctor"])["healthy"], true);
    }
}

#[test]
fn who_holds_the_line_that_was_given_up_sets_it_aside_and_takes_the_other() {
    let mut world = forked();
    let kept = held(&world.phl);
    let given_up = held(&world.can);
    ask(
        &world.phl,
        &["fork", "resolve", "PHL", "--keep", &kept, "--reason", "the other line is of a lost node"],
    );
    eventually("CAN holds the line that stands", || values(&world.can, &["MS_FBORN"]) == ["1", "22"]);
    let aside = files(&world.can.dir().join("aside"), ".feed");
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert!(fs::metadata(&aside[0]).expect("it is there").len() > 16);
    release(&world.phl, &world.path("8.csv"), &[["PHL", "CAN", "MS_FBORN", "2006", "6"]]);
    eventually("CAN has the next one", || values(&world.can, &["MS_FBORN"]) == ["1", "22", "6"]);
    for node in [&mut world.phl, &mut world.can] {
        node.kill();
        node.start().expect("it starts again");
    }
    assert_eq!(held(&world.can), held(&world.phl), "a restart changes nothing");
    assert_eq!((&fork(&world.can)["kept"], held(&world.can) == given_up), (&json!(kept), false));
}

/// The proof can be checked by anybody, and what is none is refused.
fn proves(world: &World) {
    let (can, file) = (&world.can, world.path("fork.json"));
    ask(can, &["cite", "--fork", "PHL", "-o", &text(&file)]);
    let card = text(&world.phl.card());
    let value = ask(can, &["verify", &text(&file), "--card", &card]);
    assert_eq!(
        (&value["valid"], &value["country"], &value["seq"]),
        (&json!(true), &json!("PHL"), &fork(can)["seq"])
    );
    let wrong = can.try_ask(&["verify", &text(&file), "--card", &text(&can.card())]).expect("it runs");
    assert_eq!((wrong.0, &wrong.1["valid"]), (3, &json!(false)));
    let proof = fs::read_to_string(&file).expect("it was written");
    let altered = world.path("altered.json");
    fs::write(&altered, proof.replacen("\"seq\": 1", "\"seq\": 2", 1)).expect("the file can be written");
    assert_eq!(run(can, &["verify", &text(&altered)]).status.code(), Some(3));
    assert_eq!(run(can, &["cite", "--fork", "CAN"]).status.code(), Some(1), "CAN has not forked");
    let python = std::env::var("CORRIDOR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let able = Command::new(&python).args(["-c", "import cryptography"]).output();
    if able.is_ok_and(|output| output.status.success()) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify.py");
        for (file, expected) in [(&file, 0), (&altered, 3)] {
            let output = Command::new(&python).arg(&script).arg(file).output().expect("Python runs");
            assert_eq!(output.status.code(), Some(expected), "{}", stdout(&output));
        }
    }
}

#[test]
fn a_lost_disk_is_made_anew_from_keys_and_partners() {
    let (mut world, _) = with_old_backup(false);
    let before = [head(&world.can, TITLE), head(&world.can, "public")];
    let figures = values(&world.can, &["EF_REGEMI"]);
    let args = ["init", "--recover", "--card", "OLD/card.txt", "--keys", "OLD/keys", "--public", "MS_FBORN"];
    let old = replaced(&mut world.phl, &args);
    fs::copy(old.join("corridor.toml"), world.phl.dir().join("corridor.toml")).expect("it can be copied");
    let stranger =
        outside(&world.phl, &old.join("passphrase"), &["init", "--recover", "--card", "x", "--keys", "y"]);
    assert_eq!(stranger.status.code(), Some(1), "a node is never overwritten");
    world.phl.start().expect("it starts");
    let (phl, can) = (&world.phl, &world.can);
    assert_eq!(state(phl), "recovery");
    ask(phl, &["partner", "add", "--yes", &text(&can.card())]);
    eventually("every feed is settled", || state(phl) == "running" && standing(phl) == "in force");
    eventually("own feeds are back", || [head(phl, TITLE), head(phl, "public")] == before);
    assert_eq!(values(phl, &["EF_REGEMI"]), figures);
    release(phl, &world.path("9.csv"), &[["PHL", "CAN", "MS_FBORN", "2009", "9"]]);
    eventually("CAN has the next one", || values(can, &["MS_FBORN"]) == ["1", "2", "9"]);
    release(can, &world.path("can.csv"), &[["CAN", "PHL", "MF_PERMSET", "2013", "29544"]]);
    eventually("PHL has CAN's figure", || values(phl, &["MF_PERMSET"]) == ["29544"]);
    eventually("and has signed for it", || can.nothing_owed().unwrap_or(false));
    for node in [phl, can] {
        assert_eq!(ask(node, &["feeds"])["forks"], json!([]));
        assert_eq!(ask(node, &["doctor"])["healthy"], true);
    }
}

/// Alters a byte in the middle of PHL's public feed as a node holds it.
fn damage(node: &Government) -> PathBuf {
    let feeds = ask(node, &["feeds"])["feeds"].as_array().cloned().unwrap_or_default();
    let of = |feed: &&Value| feed["country"] == "PHL" && feed["agreement_name"] == "public";
    let feed = feeds.iter().find(of).expect("it is held");
    let id = |field: &str| feed[field].as_str().unwrap_or_default().to_owned();
    let path = node.dir().join("feeds").join(id("publisher")).join(id("agreement")).join("000000000000.feed");
    let mut bytes = fs::read(&path).expect("a feed");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("the file can be written");
    path
}

fn findings(node: &Government) -> (i32, Vec<Value>) {
    let (status, value) = node.try_ask(&["doctor"]).expect("it runs");
    (status, value["findings"].as_array().cloned().unwrap_or_default())
}

#[test]
fn doctor_finds_damage_and_repair_fetches_it_again_from_partners() {
    let (mut world, _) = with_old_backup(false);
    world.phl.stop();
    world.can.stop();
    let heads = head(&world.can, "public");
    for publisher in [false, true] {
        let node = if publisher { &world.phl } else { &world.can };
        damage(node);
        let (status, found) = findings(node);
        assert_eq!(status, 3, "{found:?}");
        let one = found.iter().find(|one| one["check"] == "feed").expect("it is found");
        assert!(one["place"].as_str().is_some_and(|place| place.contains("entry")), "{one}");
        assert!(one["advice"].as_str().is_some_and(|advice| advice.contains("doctor --repair")), "{one}");
        let mended = ask(node, &["doctor", "--repair"]);
        assert_eq!(mended["mended"].as_array().map(Vec::len), Some(1), "{mended}");
        assert!(!files(&node.dir().join("aside"), ".feed").is_empty());
        assert_ne!(head(node, "public"), heads, "it ends at the last good entry");
        if publisher {
            assert_eq!(state(node), "recovery", "nothing is signed behind the cut");
        }
        // The other one holds it all: it comes back.
        world.phl.start().expect("it starts");
        world.can.start().expect("it starts");
        let node = if publisher { &world.phl } else { &world.can };
        eventually("it is back", || head(node, "public") == heads && state(node) == "running");
        let running = run(node, &["doctor", "--repair"]);
        assert!(stderr(&running).contains("stop it"), "{}", stderr(&running));
        assert_eq!(findings(node), (0, Vec::new()));
        world.phl.stop();
        world.can.stop();
    }
    assert_eq!(values(&world.phl, &["MS_FBORN"]), ["1", "2"]);
}

#[test]
fn doctor_names_what_else_is_wrong_and_what_to_do() {
    let (mut world, _) = with_old_backup(true);
    world.can.stop();
    eventually("the partner's absence is found", || {
        findings(&world.phl).1.iter().any(|one| one["check"] == "partner" && one["level"] == "warning")
    });
    assert_eq!(findings(&world.phl).0, 0, "a warning is no fault");
    world.phl.stop();
    let phl = &world.phl;
    let checks = |found: &[Value]| -> Vec<String> {
        found.iter().map(|one| one["check"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let key = phl.dir().join("keys/node.age");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it can be changed");
    let (status, found) = findings(phl);
    assert_eq!((status, checks(&found)), (1, vec!["permissions".to_owned()]), "{found:?}");
    assert!(found[0]["advice"].as_str().is_some_and(|advice| advice.contains("chmod 600")), "{found:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it can be changed");

    let config = phl.dir().join("corridor.toml");
    let good = fs::read_to_string(&config).expect("there is one");
    fs::write(&config, format!("{good}\n[nonsense]\nkey = 1\n")).expect("the file can be written");
    let (status, found) = findings(phl);
    assert_eq!(status, 1, "{found:?}");
    assert!(checks(&found).contains(&"configuration".to_owned()), "{found:?}");
    fs::write(&config, good).expect("the file can be written");

    fs::remove_dir_all(phl.dir().join("db")).expect("there is a database");
    fs::write(phl.dir().join("db"), "no directory").expect("the file can be written");
    let (status, found) = findings(phl);
    assert_eq!((status, checks(&found)), (0, vec!["database".to_owned()]), "{found:?}");
    assert_eq!(findings(phl), (0, Vec::new()), "it was folded again");
    let rebuilt = ask(phl, &["rebuild"]);
    assert_eq!(rebuilt["rebuilt"]["observations"], 3, "{rebuilt}");
}
