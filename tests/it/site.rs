//! A copy of everything public, made by a real daemon, checked by everybody: what is altered is named.

mod torn;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::{World, eventually, release, text, values};

/// Two figures for everybody, and one that an agreement opens to its parties: so long that no hash shows it by chance.
const PUBLIC: [[&str; 5]; 2] =
    [["PHL", "ESP", "MS_FBORN", "2015", "8805"], ["PHL", "ESP", "MS_FBORN", "2020", "9911"]];
const HIDDEN: [&str; 5] = ["PHL", "CAN", "EF_REGEMI", "2013", "190417735208"];

struct Copy {
    world: World,
    dir: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let world = World::agreed();
        release(&world.phl, &world.path("phl.csv"), &[&PUBLIC[..], &[HIDDEN]].concat());
        release(&world.can, &world.path("can.csv"), &[["CAN", "PHL", "MS_FBORN", "2020", "675000"]]);
        eventually("PHL has CAN's figure", || values(&world.phl, &["MS_FBORN"]).len() == 3);
        let dir = world.path("site");
        let this = Self { world, dir };
        this.publish();
        this
    }

    fn publish(&self) -> Value {
        self.world.phl.ask(&["publish-site", &text(&self.dir)]).expect("a copy")
    }

    /// Checks a folder; with which status, and what was found.
    fn verify(&self, dir: &Path) -> (i32, Value) {
        self.world.phl.try_ask(&["verify", &text(dir)]).expect("an answer")
    }

    /// Checks a copy of the copy with which something was done; the faults that are named.
    fn faults_after(&self, change: impl FnOnce(&Path)) -> Vec<(String, String, String)> {
        let other = self.world.path("altered");
        let _none = fs::remove_dir_all(&other);
        duplicate(&self.dir, &other);
        change(&other);
        let (status, report) = self.verify(&other);
        assert_eq!((status, &report["valid"]), (3, &Value::Bool(false)), "{report}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let faults = report["faults"].as_array().expect("faults");
        faults
            .iter()
            .map(|fault| (text(&fault["file"]), text(&fault["place"]), text(&fault["what"])))
            .collect()
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn duplicate(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for item in fs::read_dir(from).expect("a folder") {
        let path = item.expect("an item").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            duplicate(&path, &target)
        } else {
            fs::copy(&path, &target).map(|_| ()).expect("a copy")
        }
    }
}

fn files_of(dir: &Path) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect("a folder").map(|item| item.expect("an item").path()));
        } else {
            found.push(text(path.strip_prefix(dir).expect("it lies inside")));
        }
    }
    found.sort();
    found
}

/// Alters the last digit of a file, and says which byte that is.
pub(crate) fn alter(file: &Path) -> usize {
    let mut bytes = fs::read(file).expect("the file");
    let at = bytes.iter().rposition(u8::is_ascii_digit).expect("a digit");
    bytes[at] = if bytes[at] == b'9' { b'8' } else { bytes[at] + 1 };
    fs::write(file, bytes).expect("it is altered");
    at
}

#[test]
fn a_copy_holds_what_is_public_and_verifies() {
    let copy = Copy::new();
    let card = text(&copy.world.phl.card());
    let (status, report) =
        copy.world.phl.try_ask(&["verify", &text(&copy.dir), "--card", &card]).expect("an answer");
    assert_eq!((status, &report["valid"]), (0, &Value::Bool(true)), "{report}");
    assert_eq!((&report["figures"], &report["country"]), (&Value::from(3), &Value::from("PHL")));
    assert_eq!(report["citations"], Value::from(2), "one for each series");
    for file in files_of(&copy.dir) {
        let bytes = fs::read(copy.dir.join(&file)).expect("the file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(HIDDEN[4]), "{file} holds what an agreement opens");
        // What can be measured is known to everybody: every indicator of the catalogue has its page.
        assert!(!file.contains("EF_REGEMI") || file.ends_with("/indicator/EF_REGEMI.html"), "{file}");
    }
    let acts = copy.world.phl.ask(&["audit"]).expect("the log");
    assert!(acts["acts"].as_array().expect("acts").iter().any(|act| act["act"] == "publish site"));
}

#[test]
fn every_file_with_an_altered_digit_is_named_alone_with_its_place() {
    let copy = Copy::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for file in files_of(&copy.dir) {
        // Of pages of one kind a few stand for all.
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let count = seen.entry(folder).or_default();
        *count += 1;
        if file.starts_with("assets/") || *count > 3 {
            continue;
        }
        let mut at = 0;
        let faults = copy.faults_after(|dir| at = alter(&dir.join(&file)));
        assert_eq!(faults.len(), 1, "{file}: {faults:?}");
        let (named, place, what) = &faults[0];
        assert_eq!(*named, file, "{what}");
        let is_placed = place.ends_with(&format!("byte {at}")) || place.starts_with("line ");
        assert!(is_placed, "{file}, byte {at}: {place:?}");
    }
}

#[test]
fn a_missing_file_an_added_one_and_a_link_are_named() {
    let copy = Copy::new();
    let csv = "data/PHL/MS_FBORN.csv";
    let faults = copy.faults_after(|dir| fs::remove_file(dir.join(csv)).expect("removed"));
    assert_eq!((faults[0].0.as_str(), faults[0].2.as_str()), (csv, "the file is missing"));
    let faults = copy.faults_after(|dir| fs::write(dir.join("data/PHL/new.csv"), "a").expect("written"));
    assert_eq!((faults.len(), faults[0].0.as_str()), (1, "data/PHL/new.csv"));
    let faults = copy.faults_after(|dir| {
        let away = dir.with_extension("csv");
        fs::rename(dir.join(csv), &away).expect("moved");
        std::os::unix::fs::symlink(&away, dir.join(csv)).expect("linked");
    });
    assert_eq!((faults[0].0.as_str(), faults[0].2.as_str()), (csv, "it is no plain file"));
    let faults = copy.faults_after(|dir| fs::remove_file(dir.join("corridor-site.json")).expect("removed"));
    assert_eq!(faults[0].0, "corridor-site.json");
}

#[test]
fn a_signature_or_manifest_of_somebody_else_is_refused() {
    let copy = Copy::new();
    // The same files signed by another government verify: whose they are is for the reader to say. So theirs differ.
    release(&copy.world.can, &copy.world.path("more.csv"), &[["CAN", "ITA", "MS_FBORN", "2020", "5"]]);
    let theirs = copy.world.path("theirs");
    copy.world.can.ask(&["publish-site", &text(&theirs)]).expect("a copy");
    let read = |dir: &Path| -> Value {
        let text = fs::read_to_string(dir.join("corridor-site.json")).expect("the manifest");
        serde_json::from_str(&text).expect("JSON")
    };
    let other = read(&theirs);
    let faults = copy.faults_after(|dir| {
        let mut manifest = read(dir);
        manifest["signature"] = other["signature"].clone();
        let text = serde_json::to_string_pretty(&manifest).expect("JSON") + "\n";
        fs::write(dir.join("corridor-site.json"), text).expect("written");
    });
    assert!(faults[0].0 == "corridor-site.json" && faults[0].2.contains("signature"), "{faults:?}");
    let faults = copy.faults_after(|dir| {
        fs::copy(theirs.join("corridor-site.json"), dir.join("corridor-site.json")).expect("copied");
    });
    assert!(faults.iter().any(|fault| fault.0 == "SHA256SUMS"), "another list was signed: {faults:?}");
    // Whole and well signed, but not by whom the reader expects.
    let card = text(&copy.world.phl.card());
    let (status, report) =
        copy.world.phl.try_ask(&["verify", &text(&theirs), "--card", &card]).expect("an answer");
    assert_eq!((status, &report["faults"][0]["file"]), (3, &Value::from("corridor-site.json")), "{report}");
}

#[test]
fn the_next_copy_writes_what_is_new_and_takes_the_place_of_the_old_one_at_once() {
    use std::os::unix::fs::MetadataExt;
    let copy = Copy::new();
    let inode = |file: &str| fs::metadata(copy.dir.join(file)).expect("the file").ino();
    let kept = "data/CAN/MS_FBORN.csv";
    let before = inode(kept);
    assert_eq!(copy.publish()["written"], 0, "nothing is new");
    assert_eq!(inode(kept), before, "it is the same file");
    release(&copy.world.phl, &copy.world.path("new.csv"), &[["PHL", "ITA", "MS_FBORN", "2020", "77"]]);
    let summary = copy.publish();
    assert!(summary["written"].as_u64().is_some_and(|written| written > 0), "{summary}");
    assert_eq!(copy.verify(&copy.dir).0, 0);
    assert_eq!(inode(kept), before, "what has not changed is the same file");
    // A file that was altered since is made anew, and not taken over.
    alter(&copy.dir.join(kept));
    copy.publish();
    assert_eq!(copy.verify(&copy.dir).0, 0);
    // What a run that was stopped has left does no harm.
    let left = copy.dir.with_file_name(".site.new");
    fs::create_dir_all(left.join("data")).expect("a folder");
    fs::write(left.join("data/half.csv"), "half").expect("written");
    assert_eq!(copy.verify(&copy.dir).0, 0, "the old one stands");
    copy.publish();
    assert!(!left.exists() && copy.verify(&copy.dir).0 == 0);
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let copy = Copy::new();
    let other = copy.world.path("papers");
    fs::create_dir_all(&other).expect("a folder");
    fs::write(other.join("thesis.txt"), "years of work").expect("written");
    let (status, _) = copy.world.phl.try_ask(&["publish-site", &text(&other)]).expect("an answer");
    assert_eq!(status, 1);
    assert_eq!(files_of(&other), ["thesis.txt"]);
}
