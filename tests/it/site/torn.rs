//! A copy that was cut off, and the independent verifier: neither takes half a folder for a whole one.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use corridor::node::clock::stopwatch;
use serde_json::Value;

use super::{Copy, alter, duplicate, files_of};
use crate::world::{ask, command, figures, text};

/// Moments of a run at which it is killed.
const MOMENTS: u32 = 10;
/// Figures enough for a copy of many files.
const YEARS: std::ops::Range<u32> = 1990..2010;

/// Figures that make the next copy another one.
fn change(copy: &Copy, number: u32) {
    let years: Vec<String> = YEARS.map(|year| year.to_string()).collect();
    let value = (1_000 + number).to_string();
    let rows: Vec<[&str; 5]> =
        years.iter().map(|year| ["PHL", "ITA", "MS_FBORN", year.as_str(), value.as_str()]).collect();
    let phl = &copy.world.phl;
    ask(phl, &["submit", &figures(&copy.world.path(&format!("change-{number}.csv")), &rows)]);
    let reason: &[&str] = if number == 0 { &[] } else { &["--reason", "UPDATE"] };
    ask(phl, &[&["release"], reason].concat());
}

/// Starts a run, kills it at a moment, and says whether it had ended by itself.
fn killed_after(copy: &Copy, dir: &Path, moment: Duration) -> bool {
    let mut child = command(&copy.world.phl)
        .args(["publish-site", &text(dir)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(moment);
    let ended = child.try_wait().expect("it can be asked").is_some();
    child.kill().expect("it can be killed");
    child.wait().expect("it is over");
    ended
}

/// The manifest of a folder, which names one copy among all.
fn manifest(dir: &Path) -> Option<Vec<u8>> {
    fs::read(dir.join("corridor-site.json")).ok()
}

#[test]
fn a_run_that_is_killed_leaves_the_old_copy_or_the_new_one_and_never_half_of_one() {
    let copy = Copy::new();
    let began = stopwatch();
    change(&copy, 0);
    let first = copy.world.path("first");
    copy.world.phl.ask(&["publish-site", &text(&first)]).expect("a copy");
    let whole = began.elapsed();
    let (mut cut, mut half) = (0, 0);
    for number in 1..=MOMENTS {
        change(&copy, number);
        let before = manifest(&copy.dir).expect("there is an old one");
        let fresh = copy.world.path(&format!("fresh-{number}"));
        for dir in [&copy.dir, &fresh] {
            let ended = killed_after(&copy, dir, whole * number / (MOMENTS + 2));
            let beside = dir.with_file_name(format!(".{}.new", dir.file_name().expect("a name").display()));
            if dir.exists() {
                assert_eq!(copy.verify(dir).0, 0, "killed at moment {number}, {ended}");
            }
            if beside.exists() && manifest(&beside).is_none() {
                half += 1;
                let (status, report) = copy.verify(&beside);
                assert_eq!((status, &report["valid"]), (3, &Value::Bool(false)), "{report}");
                assert_eq!(report["faults"][0]["file"], "corridor-site.json", "{report}");
                let what = report["faults"][0]["what"].as_str().unwrap_or_default();
                assert!(what.contains("cut off") && what.contains("publish-site"), "{report}");
            }
            cut += u32::from(!ended);
        }
        let now = manifest(&copy.dir).expect("one stands");
        assert!(now == before || copy.verify(&copy.dir).0 == 0);
    }
    println!(
        "a run takes {} ms; {cut} of {} were cut, {half} had begun to write",
        whole.as_millis(),
        2 * MOMENTS
    );
    assert!(cut > 0 && half > 0, "{cut} were cut, {half} had begun to write");
    copy.publish();
    assert_eq!(copy.verify(&copy.dir).0, 0, "the next run makes it good");
    assert!(!copy.dir.with_file_name(".site.new").exists(), "and leaves nothing behind");
}

fn python() -> Option<String> {
    let python = std::env::var("CORRIDOR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let able = Command::new(&python).args(["-c", "import cryptography"]).output();
    able.is_ok_and(|output| output.status.success()).then_some(python)
}

fn independently(python: &str, dir: &Path) -> (Option<i32>, Value) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify.py");
    let output = Command::new(python).arg(script).arg(dir).output().expect("Python runs");
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn a_verifier_that_knows_only_the_written_rules_agrees_and_names_the_altered_file() {
    let Some(python) = python() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no Python with cryptography");
        eprintln!("SKIP scripts/verify.py: no Python with cryptography; set CORRIDOR_PYTHON");
        return;
    };
    let copy = Copy::new();
    let (_, ours) = copy.verify(&copy.dir);
    let (status, theirs) = independently(&python, &copy.dir);
    assert_eq!((status, &theirs["valid"]), (Some(0), &Value::Bool(true)), "{theirs}");
    for field in ["publisher", "country", "made_at", "bytes", "citations", "figures"] {
        assert_eq!(ours[field], theirs[field], "{field}");
    }
    let all = files_of(&copy.dir);
    let of = |start: &str| all.iter().find(|file| file.starts_with(start)).expect("there is one").clone();
    let mut altered = ["SHA256SUMS", "corridor-site.json", "blocks.txt"].map(str::to_owned).to_vec();
    altered.extend(["cards/", "data/PHL/", "data/CAN/", "evidence/PHL/", "en/country/", "fr/"].map(of));
    let other = copy.world.path("altered");
    for file in altered {
        let _none = fs::remove_dir_all(&other);
        duplicate(&copy.dir, &other);
        alter(&other.join(&file));
        let (status, theirs) = independently(&python, &other);
        assert_eq!((status, &theirs["valid"]), (Some(3), &Value::Bool(false)), "{file}: {theirs}");
        assert!(
            theirs["faults"].as_array().expect("faults").iter().any(|fault| fault["file"] == *file),
            "{theirs}"
        );
    }
    for (change, file) in [
        (
            (|dir: &Path| fs::remove_file(dir.join("data/PHL/MS_FBORN.csv"))) as fn(&Path) -> _,
            "data/PHL/MS_FBORN.csv",
        ),
        (|dir| fs::write(dir.join("data/PHL/more.csv"), "1"), "data/PHL/more.csv"),
        (|dir| fs::remove_file(dir.join("corridor-site.json")), "corridor-site.json"),
    ] {
        let _none = fs::remove_dir_all(&other);
        duplicate(&copy.dir, &other);
        change(&other).expect("it is changed");
        let (status, theirs) = independently(&python, &other);
        assert_eq!((status, &theirs["faults"][0]["file"]), (Some(3), &Value::from(file)), "{theirs}");
    }
}
