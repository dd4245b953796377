//! Telling people that a crisis has begun: a command of the operator's, run when the standing of a lane changes.
//!
//! A node speaks no mail and no HTTPS by itself. What does (`sendmail`, `curl`, a pager's program) is on the machine
//! already, with its certificates and passwords, so the configuration names a command. It gets one JSON object on its
//! standard input and nothing else: no environment but `PATH`, no figure, no key. It runs beside the loop, one at a time;
//! what takes longer than its time is ended, and more than a few that wait are dropped with a line in the log.
//!
//! A lane that is not over is told of again at each start: who restarts in a crisis hears of it twice rather than never.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::clock::stopwatch;
use super::engine::Engine;
use crate::feed::AgreementId;

/// How many notices wait for their command at most.
pub const MAX_NOTICES: usize = 64;
/// How often it is looked whether the command has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What is run when something is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyTerms {
    /// The program and its words; empty: nothing is run.
    pub command: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

impl Default for NotifyTerms {
    fn default() -> Self {
        Self { command: Vec::new(), timeout: Duration::from_secs(30) }
    }
}

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice(Value);

impl Notice {
    /// The JSON object that the command gets.
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }
}

/// How lanes stood when it was told last, and the way to who tells.
#[derive(Debug, Default)]
pub(super) struct Notices {
    known: BTreeMap<AgreementId, String>,
    to: Option<mpsc::Sender<Notice>>,
}

impl Notices {
    /// Tells what changes by this way.
    pub(super) fn by(to: mpsc::Sender<Notice>) -> Self {
        Self { known: BTreeMap::new(), to: Some(to) }
    }

    /// Compares how lanes stand with what was told.
    pub(super) fn look(&mut self, engine: &Engine) {
        let Some(to) = &self.to else { return };
        for lane in engine.house().book().lanes() {
            let row = engine.describe_lane(lane);
            let standing = row["standing"].as_str().unwrap_or_default();
            let known = self.known.get(&lane.id()).map(String::as_str);
            if known == Some(standing) {
                continue;
            }
            // What was over before this start, or before we heard of it, is no news.
            let is_news = known.is_some() || standing != "over";
            if is_news && to.try_send(notice(engine.home().card().country(), &row)).is_err() {
                tracing::warn!("a notice of a crisis lane was dropped: too many wait, see notify.command");
            }
            self.known.insert(lane.id(), standing.to_owned());
        }
    }
}

/// What a command is told of a lane.
fn notice(country: &str, row: &Value) -> Notice {
    let mut told = json!({ "event": "crisis lane", "country": country });
    for field in ["lane", "name", "area", "drill", "watermark", "standing", "since", "until", "over_since"] {
        told[field] = row[field].clone();
    }
    Notice(told)
}

/// Runs the command for each notice, one after the other, until no more can come.
pub async fn tell(terms: NotifyTerms, mut notices: mpsc::Receiver<Notice>) {
    while let Some(notice) = notices.recv().await {
        let terms = terms.clone();
        let told = tokio::task::spawn_blocking(move || run(&terms, &notice)).await;
        let told = told.unwrap_or_else(|_| Err("the node is stopping".to_owned()));
        if let Err(reason) = told {
            tracing::warn!(reason, "the command of notify.command has told nobody");
        }
    }
}

/// Blocks until the command has ended, or is ended.
fn run(terms: &NotifyTerms, notice: &Notice) -> Result<(), String> {
    let Some((program, words)) = terms.command.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(words)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // It fits into the pipe. A command that reads nothing is told all the same that there is something.
        let _unread = input.write_all(format!("{}\n", notice.to_json()).as_bytes());
    }
    let begun = stopwatch();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it failed: {status}")),
            Ok(None) if begun.elapsed() < terms.timeout => std::thread::sleep(LOOK),
            Ok(None) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    let _gone = child.kill();
    let _status = child.wait();
    Err("it took too long and was ended".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(script: &str) -> NotifyTerms {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        NotifyTerms { command, timeout: Duration::from_millis(500) }
    }

    fn lane() -> Notice {
        let row = json!({ "lane": "ab", "name": "LC-1", "standing": "in force", "drill": true, "members": ["XAA"] });
        notice("XBB", &row)
    }

    #[test]
    fn the_command_gets_one_line_of_json_and_no_environment() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("told");
        let script = format!("cat > {0}; env >> {0}", file.display());
        run(&terms(&script), &lane()).unwrap();
        let told = std::fs::read_to_string(file).unwrap();
        let (first, rest) = told.split_once('\n').unwrap();
        let value: Value = serde_json::from_str(first).unwrap();
        assert_eq!(value["event"], "crisis lane");
        assert_eq!(
            (&value["country"], &value["name"], &value["standing"]),
            (&json!("XBB"), &json!("LC-1"), &json!("in force"))
        );
        assert!(value.get("members").is_none());
        let names = rest.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
        assert!(names.clone().all(|name| ["PATH", "PWD", "_", "SHLVL", "OLDPWD"].contains(&name)), "{rest}");
    }

    #[test]
    fn what_fails_hangs_or_is_not_there_is_said() {
        assert!(run(&terms("exit 3"), &lane()).unwrap_err().contains("exit status: 3"));
        assert!(run(&terms("sleep 60"), &lane()).unwrap_err().contains("too long"));
        let nowhere = NotifyTerms { command: vec!["/nowhere/at/all".to_owned()], ..NotifyTerms::default() };
        assert!(run(&nowhere, &lane()).unwrap_err().contains("cannot be started"));
        run(&NotifyTerms::default(), &lane()).unwrap();
    }
}
