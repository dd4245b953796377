//! A bad disk and a wrong clock for one daemon: `tests/faults/shim.c`, built when it is needed first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use corridor::cli::demo::government::Government;

use crate::world::text;

/// Numbers of errors, as on Linux.
pub(super) const EIO: i32 = 5;
pub(super) const EMFILE: i32 = 24;
pub(super) const ENOSPC: i32 = 28;
pub(super) const EROFS: i32 = 30;

/// The library, in a directory that stays until the tests end.
fn library() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = BUILT.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let library = dir.path().join("shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
        let output = compiler.output().expect("there is a C compiler");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (dir, library)
    });
    library
}

/// What is between one daemon and the system from its next start on.
pub(super) struct Shim {
    dir: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Shim {
    /// Puts it there. With `journal` it notes what is synced, which takes time. `launcher` and `environment` are as in
    /// [`Government::start_by`].
    pub(super) fn under(
        node: &mut Government,
        journal: bool,
        launcher: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let dir = node.dir().with_extension("shim");
        fs::create_dir_all(&dir).expect("it can be made");
        let mut this = Self { dir, environment: Vec::new() };
        let watched = fs::canonicalize(node.dir()).expect("the node has a directory");
        let mut all = vec![
            ("LD_PRELOAD", text(library())),
            ("SHIM_DIR", text(&watched)),
            ("SHIM_RULE", text(&this.file("rule"))),
            ("SHIM_STRUCK", text(&this.file("struck"))),
            ("SHIM_CLOCK", text(&this.file("clock"))),
        ];
        if journal {
            all.push(("SHIM_SYNCED", text(&this.file("synced"))));
        }
        this.environment = all.iter().map(|(name, value)| (*name, value.clone())).collect();
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(environment.iter().copied())
            .collect();
        node.start_by(launcher, &all);
        this
    }

    /// Puts it under a command on the same directory too: without a daemon a command writes by itself.
    pub(super) fn under_command(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// At once, so that nobody reads half of it.
    fn write(&self, name: &str, content: &str) {
        let new = self.file("new");
        fs::write(&new, content).and_then(|()| fs::rename(&new, self.file(name))).expect("it can be written");
    }

    /// From now on these calls fail on files whose path contains `path`, after so many of them.
    pub(super) fn fail(&self, calls: &str, path: &str, error: i32, after: u64) {
        self.write("rule", &format!("{calls} {path} {error} {after}\n"));
    }

    /// From now on nothing fails.
    pub(super) fn mend(&self) {
        let _was_there = fs::remove_file(self.file("rule"));
    }

    /// The calls that failed: name, error, path.
    pub(super) fn struck(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("struck")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What was made, synced, renamed and removed.
    pub(super) fn journal(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("synced")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// By how many seconds the daemon's clock is wrong from now on.
    pub(super) fn set_clock(&self, seconds: i64) {
        self.write("clock", &seconds.to_string());
    }
}
