//! Altered evidence and damaged disks: every byte that is not what was written is found and named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use corridor::cli::demo::government::Government;
use corridor::feed::citation::Citation;
use serde_json::{Value, json};

use crate::world::{BINARY, ask, files, release, run, stderr, text};

const KEY: &str = "A.PHL.CAN.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";

/// A node without daemon that has released a few figures to the public.
struct Stopped {
    node: Government,
    dir: tempfile::TempDir,
}

impl Stopped {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let node = Government::init(Path::new(BINARY), dir.path(), "PHL", "Philippines").expect("init");
        for year in ["2001", "2002", "2003"] {
            let rows = [["PHL", "CAN", "MS_FBORN", year, year], ["PHL", "ITA", "MS_FBORN", year, "7"]];
            release(&node, &dir.path().join("figures.csv"), &rows);
        }
        Self { node, dir }
    }

    fn feed_files(&self) -> Vec<PathBuf> {
        files(&self.node.dir().join("feeds"), ".feed")
    }

    fn cite(&self) -> PathBuf {
        let file = self.dir.path().join("citation.json");
        ask(&self.node, &["cite", "MS_FBORN", KEY, "2002", "-o", &text(&file)]);
        file
    }
}

#[test]
fn a_citation_verifies_and_any_altered_byte_of_it_is_refused() {
    let stopped = Stopped::new();
    let file = stopped.cite();
    let original = fs::read(&file).expect("it was written");
    for at in 0..original.len() {
        let mut altered = original.clone();
        altered[at] ^= 1 << (at % 7);
        let text = String::from_utf8(altered).expect("seven bits stay seven bits");
        assert!(Citation::from_text(&text).is_err(), "byte {at} was altered and nobody noticed");
    }
    for cut in [0, 1, original.len() / 2, original.len() - 1] {
        let text = String::from_utf8_lossy(&original[..cut]);
        assert!(Citation::from_text(&text).is_err(), "cut at {cut}");
    }
    agrees_with_the_independent_verifier(&stopped, &file, &original);
}

fn agrees_with_the_independent_verifier(stopped: &Stopped, file: &Path, original: &[u8]) {
    let Some(python) = python() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no Python with cryptography");
        eprintln!("SKIP scripts/verify.py: no Python with cryptography; set CORRIDOR_PYTHON");
        return;
    };
    let ours = ask(&stopped.node, &["verify", &text(file)]);
    let (status, theirs) = independently(&python, file);
    assert_eq!((status, &theirs["valid"]), (0, &json!(true)), "{theirs}");
    for field in ["publisher", "country", "seq", "released_at"] {
        assert_eq!(ours[field], theirs[field], "{field}");
    }
    let altered = stopped.dir.path().join("altered.json");
    for at in (0..original.len()).step_by(original.len() / 24) {
        let mut bytes = original.to_vec();
        bytes[at] ^= 1 << (at % 7);
        fs::write(&altered, bytes).expect("the file can be written");
        let (status, theirs) = independently(&python, &altered);
        assert_eq!((status, &theirs["valid"]), (3, &json!(false)), "byte {at}: {theirs}");
    }
}

fn python() -> Option<String> {
    let python = std::env::var("CORRIDOR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let able = Command::new(&python).args(["-c", "import cryptography"]).output();
    able.is_ok_and(|output| output.status.success()).then_some(python)
}

fn independently(python: &str, file: &Path) -> (i32, Value) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify.py");
    let output = Command::new(python).arg(script).arg(file).output().expect("Python runs");
    let value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap_or(-1), value)
}

/// With the index and without it, so that both ways of opening a feed are tried.
#[test]
fn any_altered_byte_of_a_feed_file_is_found_by_doctor() {
    let stopped = Stopped::new();
    for file in stopped.feed_files() {
        let index = file.with_extension("index");
        let (bytes, rows) = (fs::read(&file).expect("a feed"), fs::read(&index).expect("its index"));
        let step = (bytes.len() / 40).max(1);
        let first = (0..32).step_by(5);
        for at in first.chain((32..bytes.len()).step_by(step)).chain([bytes.len() - 1]) {
            let mut altered = bytes.clone();
            altered[at] ^= 0x10;
            fs::write(&file, &altered).expect("the file can be written");
            fs::write(&index, &rows).expect("the file can be written");
            if at % 3 == 0 {
                fs::remove_file(&index).expect("it was there");
            }
            named(&stopped.node, &file, at);
            fs::write(&file, &bytes).expect("the file can be written");
        }
        fs::write(&index, &rows).expect("the file can be written");
    }
    assert_eq!(ask(&stopped.node, &["doctor"])["healthy"], true);
}

/// Doctor ends with 3 and names feed, entry and place, or says that opening has cut the rest of the file off.
fn named(node: &Government, file: &Path, at: usize) {
    let output = run(node, &["--json", "doctor"]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
    let feed = file.parent().and_then(Path::file_name).expect("a feed has a directory").to_string_lossy();
    let cut = said.contains("bytes of an interrupted write") && said.contains(&feed[..8]);
    if cut {
        return;
    }
    assert_eq!(output.status.code(), Some(3), "byte {at} of {}: {said}", file.display());
    let place = said.contains(&feed[..8]) && said.contains("entry ");
    assert!(place, "byte {at} of {} is not named: {said}", file.display());
}

#[test]
fn a_lost_or_damaged_database_is_made_again_from_the_feeds() {
    let stopped = Stopped::new();
    let node = &stopped.node;
    let db = node.dir().join("db");
    let before = run(node, &["--json", "get", "MIGPROFILE", "--history"]).stdout;
    assert!(!before.is_empty());
    let same = |what: &str| {
        let output = run(node, &["--json", "get", "MIGPROFILE", "--history"]);
        assert_eq!(output.status.code(), Some(0), "{what}: {}", stderr(&output));
        assert_eq!(output.stdout, before, "{what}: {}", stderr(&output));
        assert_eq!(run(node, &["doctor"]).status.code(), Some(0), "{what}");
        stderr(&output)
    };
    fs::remove_dir_all(&db).expect("there is a database");
    same("deleted");
    fs::remove_dir_all(&db).expect("there is a database");
    fs::write(&db, "no directory").expect("the file can be written");
    assert!(same("a file in its place").contains("folded again"));
    fs::write(db.join("conf"), "nonsense").expect("the file can be written");
    same("nonsense in conf");
    fs::write(db.join("snap.0000000000000000.generating"), "half").expect("the file can be written");
    same("half a snapshot");
    for file in files(&db, "") {
        if !file.exists() {
            continue;
        }
        let name = text(&file);
        let bytes = fs::read(&file).expect("a file of the database");
        if bytes.is_empty() {
            continue;
        }
        for from in (0..bytes.len().min(1 << 16)).step_by((bytes.len().min(1 << 16) / 16).max(1)) {
            let Ok(mut altered) = fs::read(&file) else { break };
            let from = from.min(altered.len());
            let until = (from + 64).min(altered.len());
            altered[from..until].fill(0xA5);
            fs::write(&file, altered).expect("the file can be written");
            same(&format!("{name} overwritten at {from}"));
        }
        if file.exists() {
            fs::write(&file, "garbage").expect("the file can be written");
            same(&format!("garbage in {name}"));
        }
    }
}
