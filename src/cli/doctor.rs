//! `doctor`: what is wrong, where, and what to do; and the repair of damaged feeds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::bail;
use serde_json::{Value, json};

use super::args::Global;
use super::args::upkeep::Doctor;
use super::{Outcome, ask, is_damage, print};
use crate::api::control::Client;
use crate::node::{Home, Request, home};
use crate::store;

/// Less room on the disk than this is an error: a release may need it at once.
const LITTLE: u64 = 128 << 20;
/// Less than this is a warning.
const SCARCE: u64 = 1 << 30;

/// `doctor`
///
/// # Errors
/// When there is no node, or the store cannot be read for another reason than damage.
pub fn run(global: &Global, args: &Doctor) -> anyhow::Result<Outcome> {
    if args.repair {
        return repair(global);
    }
    let dir = global.dir();
    let home = Home::open(&dir)?;
    let mut findings = permissions(&dir);
    findings.extend(disk(&dir));
    if let Err(error) = ask::load_config(&home, &[]) {
        let advice =
            "correct corridor.toml; `config/node.toml` of the distribution names every key at its default";
        findings.push(finding(
            "configuration",
            "error",
            &dir.join("corridor.toml"),
            &format!("{error:#}"),
            advice,
        ));
    }
    let (mut value, damaged) = match ask::value(global, Request::Doctor) {
        Ok(value) => {
            let damaged = value["healthy"] != true;
            (value, damaged)
        }
        Err(error) if is_damage(&error) => {
            let advice = "stop the daemon and run `corridor doctor --repair`; a damaged house feed needs `corridor restore`";
            findings.push(finding("feed", "error", &dir, &format!("{error:#}"), advice));
            (json!({ "healthy": false, "findings": [], "feeds": [] }), true)
        }
        Err(error) if findings.iter().any(|one| one["level"] == "error") => {
            let advice = "mend what is said above first";
            findings.push(finding("node", "error", &dir, &format!("{error:#}"), advice));
            (json!({ "healthy": false, "findings": [], "feeds": [] }), false)
        }
        Err(error) => return Err(error),
    };
    if let Value::Array(all) = &mut value["findings"] {
        all.extend(findings);
    }
    show(global, &value)?;
    let wrong = value["findings"].as_array().is_some_and(|all| all.iter().any(|one| one["level"] == "error"));
    Ok(match (damaged, wrong) {
        (true, _) => Outcome::Unproven,
        (false, true) => Outcome::Refused,
        (false, false) => Outcome::Done,
    })
}

fn show(global: &Global, value: &Value) -> anyhow::Result<()> {
    if global.json {
        return print::value(value, true);
    }
    let mut text = String::new();
    for one in value["findings"].as_array().into_iter().flatten() {
        let said = |field: &str| print::cell(&one[field]);
        text += &format!("{} ({}): {}\n", said("level"), said("check"), said("what"));
        for (word, field) in [("where", "place"), ("do", "advice")] {
            if !said(field).is_empty() {
                text += &format!("    {word}: {}\n", said(field));
            }
        }
    }
    let feeds = value["feeds"].as_array().map_or(0, Vec::len);
    let entries: u64 =
        value["feeds"].as_array().into_iter().flatten().filter_map(|feed| feed["entries"].as_u64()).sum();
    text += &format!(
        "healthy: {}\n{feeds} feeds with {entries} entries verified\n",
        print::cell(&value["healthy"])
    );
    print::text(&text)
}

fn finding(check: &str, level: &str, place: &Path, what: &str, advice: &str) -> Value {
    json!({ "check": check, "level": level, "place": place, "what": what, "advice": advice })
}

/// Files that others must not read or write.
fn permissions(dir: &Path) -> Vec<Value> {
    let mut wanted = vec![(dir.to_owned(), 0o022, "chmod 700"), (dir.join("keys"), 0o077, "chmod 700")];
    for item in fs::read_dir(dir.join("keys")).into_iter().flatten().flatten() {
        // The public half of a key is no secret.
        if item.path().extension().is_none_or(|ending| ending != "pub") {
            wanted.push((item.path(), 0o077, "chmod 600"));
        }
    }
    wanted.push((dir.join("corridor.toml"), 0o077, "chmod 600"));
    wanted.push((home::socket(dir), 0o077, "chmod 600"));
    let mut findings = Vec::new();
    for (path, forbidden, advice) in wanted {
        let Ok(meta) = fs::metadata(&path) else { continue };
        let mode = meta.permissions().mode() & 0o777;
        if mode & forbidden != 0 {
            let what = format!("its mode is {mode:03o}: others than its owner may use it");
            findings.push(finding(
                "permissions",
                "error",
                &path,
                &what,
                &format!("{advice} {}", path.display()),
            ));
        }
    }
    findings
}

fn disk(dir: &Path) -> Option<Value> {
    let found = rustix::fs::statvfs(dir).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let level = if free < LITTLE { "error" } else { "warning" };
    let what = format!("{} MiB are free on its disk", free >> 20);
    let advice = "make room: a full disk stops the node, and loses nothing that was acknowledged";
    (free < SCARCE).then(|| finding("disk", level, dir, &what, advice))
}

/// Cuts what is damaged off, keeps it aside, and says what comes back from whom.
fn repair(global: &Global) -> anyhow::Result<Outcome> {
    let dir = global.dir();
    let home = Home::open(&dir)?;
    if Client::connect(&home.socket())?.is_some() {
        bail!("a daemon runs on {}: stop it, repair, and start it again", dir.display());
    }
    // A feed that does not even open keeps the node from starting: it goes aside as a whole.
    let moved = store::quarantine(&dir, home.us(), home.network())?;
    let mut value = ask::value(global, Request::Repair)?;
    value["moved"] = moved
        .iter()
        .map(|(feed, path)| {
            json!({ "publisher": feed.publisher.to_hex(), "agreement": feed.agreement.to_hex(), "aside": path })
        })
        .collect();
    print::value(&value, global.json)?;
    let left = value["findings"].as_array().is_some_and(|all| !all.is_empty());
    if !global.json && !left {
        eprintln!("What was cut off comes back from partners once `corridor run` reaches them.");
    }
    Ok(if left { Outcome::Unproven } else { Outcome::Done })
}
