//! `watch`: peers, feeds and deliveries as they change.
//!
//! On a terminal the picture is drawn anew at each look. Anywhere else a line is written for each thing that is
//! different from the look before, so that it can be kept as a log or read by a program (`--json`: one value a line).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::Global;
use super::args::insight::Watch;
use super::{Outcome, ask, print};
use crate::node::Request;

/// Goes to the upper left and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// `watch`
///
/// # Errors
/// When the node cannot be asked.
pub fn run(global: &Global, args: &Watch) -> anyhow::Result<Outcome> {
    let is_terminal = std::io::stdout().is_terminal() && !global.json;
    let mut before = BTreeMap::new();
    let mut looks = 0;
    loop {
        let status = ask::value(global, Request::Status)?;
        let peers = ask::value(global, Request::Peers)?;
        let now = facts(&status, &peers);
        if is_terminal {
            print::text(&picture(&status, &now, &before)?)?;
        } else {
            for (name, value) in changes(&before, &now) {
                let line = match global.json {
                    true => json!({ "what": name, "is": value }).to_string(),
                    false => format!("{}: {}", plain(name), plain(value.unwrap_or("gone"))),
                };
                print::text(&format!("{line}\n"))?;
            }
        }
        before = now;
        looks += 1;
        if args.looks.is_some_and(|most| looks >= most) {
            return Ok(Outcome::Done);
        }
        std::thread::sleep(Duration::from_secs(args.every));
    }
}

/// Everything that is shown, by a name that stays.
type Facts = BTreeMap<String, String>;

fn facts(status: &Value, peers: &Value) -> Facts {
    let mut facts = Facts::new();
    facts.insert("node".to_owned(), print::cell(&status["state"]));
    for feed in status["feeds"].as_array().into_iter().flatten() {
        // Titles are their authors' to choose: two may be the same.
        let id = print::cell(&feed["agreement"]).chars().take(8).collect::<String>();
        let name =
            format!("feed {} {} ({id})", print::cell(&feed["country"]), print::cell(&feed["agreement_name"]));
        let frozen = if feed["frozen_at"].is_null() { "" } else { ", frozen" };
        let text = format!("entry {}, {} observations{frozen}", feed["head_seq"], feed["observations"]);
        facts.insert(name, text);
    }
    for partner in status["partners"].as_array().into_iter().flatten() {
        let line = match (&partner["connected"], &partner["paused"]) {
            (_, Value::Bool(true)) => "paused",
            (Value::Bool(true), _) => "connected",
            (_, _) => "not connected",
        };
        let name = print::cell(&partner["country"]);
        let id = print::cell(&partner["publisher_id"]).chars().take(8).collect::<String>();
        facts.insert(format!("partner {name} ({id})"), line.to_owned());
        let delivered = format!("{} acknowledged, {} owed", partner["acknowledged"], partner["behind"]);
        facts.insert(format!("delivery to {name} ({id})"), delivered);
    }
    for peer in peers["peers"].as_array().into_iter().flatten() {
        let name = format!("session {} {}", peer["session"], print::cell(&peer["country"]));
        facts.insert(name, format!("{} bytes in, {} out", peer["bytes_in"], peer["bytes_out"]));
    }
    for (at, fault) in status["faults"].as_array().into_iter().flatten().enumerate() {
        facts.insert(format!("fault {:>3}", at + 1), print::cell(&fault["what"]));
    }
    facts
}

/// What is different, and what is no more.
fn changes<'a>(before: &'a Facts, now: &'a Facts) -> Vec<(&'a str, Option<&'a str>)> {
    let new = now.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    new.map(|(name, value)| (name.as_str(), Some(value.as_str())))
        .chain(gone.map(|name| (name.as_str(), None)))
        .collect()
}

/// The whole picture; what changed since the last look is marked.
fn picture(status: &Value, now: &Facts, before: &Facts) -> anyhow::Result<String> {
    let mut text = format!(
        "{CLEAR}{}  {}  {}   Ctrl-C ends this\n",
        print::cell(&status["country"]),
        print::cell(&status["name"]),
        print::cell(&status["network"])
    );
    let mut last = "";
    for (name, value) in now {
        let kind = name.split(' ').next().unwrap_or_default();
        if kind != last {
            text.push('\n');
            last = kind;
        }
        let mark = if !before.is_empty() && before.get(name) != Some(value) { '*' } else { ' ' };
        writeln!(text, "{mark} {:<44} {}", plain(name), plain(value))?;
    }
    Ok(text)
}

/// Names come from partners: nothing of them may steer the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(connected: bool, behind: u64) -> Value {
        json!({
            "state": "online",
            "feeds": [{ "country": "PHL", "agreement": "ab".repeat(32), "agreement_name": "A", "head_seq": 3,
                        "observations": 33, "frozen_at": null }],
            "partners": [{ "country": "CAN", "publisher_id": "cd".repeat(32), "connected": connected,
                           "paused": false, "acknowledged": 4, "behind": behind }],
            "faults": [],
        })
    }

    #[test]
    fn only_what_changed_is_told() {
        let [before, now] = [status(true, 0), status(false, 2)].map(|one| facts(&one, &json!({})));
        let nothing = Facts::new();
        let all = changes(&nothing, &before);
        assert!(all.contains(&("feed PHL A (abababab)", Some("entry 3, 33 observations"))), "{all:?}");
        assert_eq!(
            changes(&before, &now),
            [
                ("delivery to CAN (cdcdcdcd)", Some("4 acknowledged, 2 owed")),
                ("partner CAN (cdcdcdcd)", Some("not connected")),
            ]
        );
        assert_eq!(changes(&now, &now), []);
    }

    #[test]
    fn what_is_gone_is_told_and_names_cannot_steer_the_terminal() {
        let peers =
            json!({ "peers": [{ "session": 1, "country": "X\u{1b}[2J", "bytes_in": 1, "bytes_out": 2 }] });
        let before = facts(&status(true, 0), &peers);
        let now = facts(&status(true, 0), &json!({}));
        assert_eq!(changes(&before, &now), [("session 1 X\u{fffd}[2J", None)]);
        let picture = picture(&status(true, 0), &before, &now).unwrap();
        assert!(picture.contains("* session 1 X\u{fffd}[2J"), "{picture:?}");
        assert_eq!(picture.matches('\u{1b}').count(), 2);
    }
}
