//! What the tests with real processes share: governments in a temporary directory, files of figures, patience.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};
use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_corridor");
/// The agreement between the two governments of a [`World`].
pub(crate) const TITLE: &str = "A corridor";
/// The columns of [`figures`].
const COLUMNS: &str = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE";
/// How long a condition may take to come true on a busy machine; nothing is timed by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two governments with running daemons that are partners and have an agreement in force.
pub(crate) struct World {
    pub(crate) phl: Government,
    pub(crate) can: Government,
    pub(crate) dir: TempDir,
}

impl World {
    /// Two governments, each other's partners, connected, with an agreement on `EF_REGEMI` and `MF_PERMSET`.
    pub(crate) fn agreed() -> Self {
        Self::prepared(|_, _| {})
    }

    /// The same, of whose nodes something is changed before their daemons start and their cards are handed over.
    pub(crate) fn prepared(prepare: impl FnOnce(&mut Government, &mut Government)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let init = |code, name| Government::init(Path::new(BINARY), dir.path(), code, name).expect("init");
        let (mut phl, mut can) = std::thread::scope(|scope| {
            let phl = scope.spawn(|| init("PHL", "Philippines"));
            let can = init("CAN", "Canada");
            (phl.join().expect("no panic"), can)
        });
        prepare(&mut phl, &mut can);
        std::thread::scope(|scope| {
            let phl = scope.spawn(|| phl.start().expect("PHL starts"));
            can.start().expect("CAN starts");
            phl.join().expect("no panic");
        });
        ask(&phl, &["partner", "add", "--yes", &text(&can.card())]);
        ask(&can, &["partner", "add", "--yes", &text(&phl.card())]);
        let draft = ["agreement", "draft", "--title", TITLE, "--with", "CAN", "--purpose", "statistics"];
        ask(&phl, &[&draft[..], &["--indicator", "EF_REGEMI", "--indicator", "MF_PERMSET"]].concat());
        ask(&phl, &["agreement", "propose", TITLE]);
        eventually("CAN has the proposal", || can.ask(&["agreement", "show", TITLE]).is_ok());
        ask(&can, &["agreement", "sign", TITLE]);
        for node in [&phl, &can] {
            eventually("the agreement is in force at both", || standing(node) == "in force");
        }
        Self { phl, can, dir }
    }

    /// A path in the temporary directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// The agreement's standing at a node.
pub(crate) fn standing(node: &Government) -> String {
    let value = node.ask(&["agreement", "show", TITLE]).unwrap_or_default();
    value["standing"].as_str().unwrap_or_default().to_owned()
}

/// Asks a node and expects an answer.
pub(crate) fn ask(node: &Government, args: &[&str]) -> Value {
    node.ask(args).expect("the node does what it is asked")
}

/// Runs a command on a node's directory, as typed.
pub(crate) fn run(node: &Government, args: &[&str]) -> Output {
    command(node).args(args).output().expect("the program can be run")
}

/// A command on a node's directory.
pub(crate) fn command(node: &Government) -> Command {
    let mut command = Command::new(BINARY);
    command.arg("--dir").arg(node.dir()).arg("--passphrase-file").arg(node.dir().join("passphrase"));
    command
}

/// What a command wrote to standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command wrote to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until it is so.
pub(crate) fn eventually(what: &str, is_so: impl FnMut() -> bool) {
    assert!(wait(PATIENCE, is_so), "it never became so: {what}");
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// One figure: reporting country, counterpart, indicator, period, value.
pub(crate) type Figure<'a> = [&'a str; 5];

/// Writes figures as a tidy CSV; they count as published already, and leave as they are.
pub(crate) fn figures(path: &Path, rows: &[Figure<'_>]) -> String {
    let mut csv = format!("{COLUMNS}\n");
    for [area, counterpart, indicator, period, value] in rows {
        let basis = if *indicator == "MS_FBORN" { "BIR" } else { "CIT" };
        csv += &format!("A,{area},{counterpart},{indicator},{basis},_T,{period},{value},D0\n");
    }
    std::fs::write(path, csv).expect("the file can be written");
    text(path)
}

/// Submits figures and releases them.
pub(crate) fn release(node: &Government, path: &Path, rows: &[Figure<'_>]) -> Value {
    ask(node, &["submit", &figures(path, rows)]);
    ask(node, &["release"])
}

/// The values that a query finds, in order.
pub(crate) fn values(node: &Government, query: &[&str]) -> Vec<String> {
    let rows = node.get(query).unwrap_or_default();
    rows.iter().map(|row| row["obs_value"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The names of a JSON object's fields, in order.
pub(crate) fn fields(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// All files below a directory that end so, in order.
pub(crate) fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for item in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = item.path();
            if path.is_dir() {
                open.push(path);
            } else if text(&path).ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
