//! What the demo checks, and how it says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::government::{Government, wait};

/// How long something may take to become so.
const PATIENCE: Duration = Duration::from_secs(30);

/// Counts checks and prints a line for each.
#[derive(Debug, Default)]
pub struct Checks {
    passed: usize,
    failed: usize,
}

impl Checks {
    /// A check that holds.
    pub fn pass(&mut self, name: &str) {
        self.passed += 1;
        println!("PASS {name}");
    }

    /// A check that does not.
    pub fn fail(&mut self, name: &str, why: &str) {
        self.failed += 1;
        println!("FAIL {name}: {why}");
    }

    /// Holds when it is so.
    pub fn is(&mut self, name: &str, so: bool, why: &str) {
        if so { self.pass(name) } else { self.fail(name, why) }
    }

    /// Holds when the value is the expected one.
    pub fn equal(&mut self, name: &str, found: &Value, expected: impl Into<Value>) {
        let expected = expected.into();
        self.is(&format!("{name} is {expected}"), *found == expected, &format!("it is {found}"));
    }

    /// Holds when it becomes so in time.
    pub fn eventually(&mut self, name: &str, is_so: impl FnMut() -> bool) {
        let so = wait(PATIENCE, is_so);
        self.is(name, so, "it has not become so in 30 seconds");
    }

    /// How many did not hold.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// The closing line.
    pub fn summary(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }
}

/// The pair of a mirror for one period.
pub fn pair(mirror: &Value, period: &str) -> Value {
    let pairs = mirror["pairs"].as_array().into_iter().flatten();
    pairs.into_iter().find(|pair| pair["time_period"] == period).cloned().unwrap_or(Value::Null)
}

/// Every node holds every publisher's stock, value for value.
pub fn everyone_holds_all_public_stock(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nThe public feeds are at every node, without a repository.");
    for publisher in all {
        let own = stock(publisher, publisher.country())?;
        let count = own.len();
        for node in all {
            let name =
                format!("{} holds all {count} stock figures of {}", node.country(), publisher.country());
            checks.eventually(&name, || {
                count > 0 && stock(node, publisher.country()).is_ok_and(|held| held == own)
            });
        }
    }
    Ok(())
}

fn stock(node: &Government, publisher: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let rows = node.get(&["MS_FBORN", "--from", publisher])?;
    let key = |row: &Value| {
        let part = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        [part("ref_area"), part("counterpart_area"), part("sex"), part("time_period")].join(".")
    };
    Ok(rows.iter().map(|row| (key(row), row["obs_value"].clone())).collect())
}

/// What PHL and CAN share is nowhere else.
pub fn nothing_leaks(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nWhat two governments share under their agreement is not to be found at a third.");
    for node in &all[2..] {
        for indicator in ["EF_REGEMI", "MF_PERMSET"] {
            let rows = node.get(&[indicator])?;
            let name = format!("no {indicator} of the Philippines-Canada agreement at {}", node.country());
            checks.is(&name, rows.is_empty(), &format!("{} observations are there", rows.len()));
        }
        let feeds = node.ask(&["feeds"])?;
        let named = all[0].ask(&["agreement", "show", super::PHL_CAN])?["agreement"].clone();
        let held = feeds["feeds"].as_array().into_iter().flatten().any(|feed| feed["agreement"] == named);
        checks.is(&format!("no feed of that agreement at {}", node.country()), !held, "there is one");
    }
    Ok(())
}

/// A revised value crosses, and the old one can still be asked for.
pub fn revision(all: &[Government], data: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nThe Philippines revise a figure; Canada sees the new value, and the old one as of before.");
    let key = "A.PHL.CAN.EF_REGEMI";
    let before = all[1].get(&["EF_REGEMI", key])?;
    let released = before.iter().find(|row| row["time_period"] == "2013").cloned().unwrap_or(Value::Null);
    let as_of = released["released_at"].as_str().unwrap_or_default().to_owned();
    submit_value(&all[0], data, ["PHL", "CAN", "EF_REGEMI"], "2013", "19050")?;
    let silent = all[0].try_ask(&["release"])?.0;
    checks.is("a revision without a reason is refused", silent == 1, &format!("the exit status is {silent}"));
    all[0].ask(&["release", "--reason", "ERROR"])?;
    let value = |rows: anyhow::Result<Vec<Value>>, field: &str| {
        let rows = rows.unwrap_or_default();
        rows.iter().find(|row| row["time_period"] == "2013").map_or(Value::Null, |row| row[field].clone())
    };
    checks.eventually("the revised value of 2013 is at CAN", || {
        value(all[1].get(&["EF_REGEMI", key]), "obs_value") == "19050"
    });
    checks.equal("its revision number", &value(all[1].get(&["EF_REGEMI", key]), "revision"), 1);
    let old = value(all[1].get(&["EF_REGEMI", key, "--as-of", &as_of]), "obs_value");
    checks.equal("the value at CAN as of before the revision", &old, "19041");
    let history = all[1].get(&["EF_REGEMI", key, "--history"])?;
    let versions = history.iter().filter(|row| row["time_period"] == "2013").count();
    checks.equal("versions of 2013 in the history at CAN", &Value::from(versions), 2);
    Ok(())
}

/// Submits one observation as a tidy CSV.
pub fn submit_value(
    node: &Government,
    data: &Path,
    [area, counterpart, indicator]: [&str; 3],
    period: &str,
    value: &str,
) -> anyhow::Result<()> {
    let file = data.join(format!("{}-{indicator}-{period}.csv", node.country().to_lowercase()));
    let basis = if indicator == "MS_FBORN" { "BIR" } else { "CIT" };
    let text = format!(
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,TIME_PERIOD,OBS_VALUE\nA,{area},{counterpart},{indicator},{basis},{period},{value}\n"
    );
    std::fs::write(&file, text)?;
    node.ask(&["submit", &file.to_string_lossy()]).map(|_| ())
}

/// A node is away, the others go on, it returns and fetches only what it lacks.
pub fn outage(all: &mut [Government], data: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nSpain's node is stopped; the others go on; it returns and fetches what it lacks.");
    all[3].stop();
    submit_value(&all[1], data, ["CAN", "ESP", "MS_FBORN"], "2023", "14250")?;
    all[1].ask(&["release"])?;
    for node in [&all[0], &all[2]] {
        checks.eventually(&format!("{} has Canada's new figure while Spain is away", node.country()), || {
            has_new_figure(node)
        });
    }
    all[3].start()?;
    checks.eventually("ESP has Canada's new figure after its return", || has_new_figure(&all[3]));
    checks.eventually("ESP is connected to all again", || {
        all[3].connected().is_ok_and(|connected| connected == 3)
    });
    let peers = all[3].ask(&["peers"])?;
    let bytes: u64 =
        peers["peers"].as_array().into_iter().flatten().filter_map(|peer| peer["bytes_in"].as_u64()).sum();
    let held: u64 = directory_bytes(&all[3].dir().join("feeds"));
    println!(
        "  ESP holds {held} bytes of feeds and received {bytes} bytes from all three partners to catch up"
    );
    checks.is("catching up took only what was missing", bytes < 16 * 1024, &format!("it took {bytes} bytes"));
    Ok(())
}

fn has_new_figure(node: &Government) -> bool {
    let rows = node.get(&["MS_FBORN", "A.CAN.ESP", "--from", "CAN"]).unwrap_or_default();
    rows.iter().any(|row| row["time_period"] == "2023" && row["obs_value"] == "14250")
}

fn directory_bytes(dir: &Path) -> u64 {
    let Ok(items) = std::fs::read_dir(dir) else { return 0 };
    let sizes = items.flatten().map(|item| match item.metadata() {
        Ok(data) if data.is_dir() => directory_bytes(&item.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// A figure with its proof convinces somebody who has no node; an altered one does not.
pub fn evidence(node: &Government, data: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA figure with its proof, for somebody who trusts nobody.");
    let file = data.join("citation.json");
    let key = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
    node.ask(&["cite", "EF_REGEMI", key, "1990", "-o", &file.to_string_lossy()])?;
    let (status, value) = node.try_ask(&["verify", &file.to_string_lossy()])?;
    checks.is("the citation verifies", status == 0 && value["valid"] == true, &value.to_string());
    let text = std::fs::read_to_string(&file)?;
    let altered = data.join("altered.json");
    std::fs::write(&altered, text.replacen("\"obs_value\": \"", "\"obs_value\": \"9", 1))?;
    let (status, value) = node.try_ask(&["verify", &altered.to_string_lossy()])?;
    checks.is("an altered value is named", status == 3 && value["valid"] == false, &value.to_string());
    Ok(())
}

/// Every act is in the log, and the log verifies.
pub fn audits(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nEvery act of every operator is in a log that verifies.");
    for node in all {
        let value = node.ask(&["audit", "--verify"])?;
        let acts = value["acts"].as_array().map_or(0, Vec::len);
        let name = format!("the {acts} acts of {} verify", node.country());
        checks.is(&name, value["valid"] == true && acts > 0, &value["reason"].to_string());
    }
    Ok(())
}
