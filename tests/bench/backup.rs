//! Backup of a node that runs, its check, and a directory made from it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, ensure};

use crate::clock::timed;
use crate::node::Node;
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEMS: [&str; 2] = ["backup", "restore"];

/// A backup of `node`, while its daemon runs: written and read back, read again, restored beside it.
pub(crate) fn play(
    node: &Node,
    root: &Path,
    (observations, report): (usize, &mut Report),
) -> anyhow::Result<()> {
    let (file, beside) = (root.join("backup"), root.join("restored"));
    let (done, backup) = timed(|| corridor(node, &["backup", text(&file)?]));
    done?;
    let (done, verify) = timed(|| corridor(node, &["backup", "--verify", text(&file)?]));
    done?;
    let (done, restore) = timed(|| corridor(node, &["--dir", text(&beside)?, "restore", text(&file)?]));
    done?;
    for (measure, time) in [("backup", backup), ("backup_verify", verify), ("restore", restore)] {
        report.add(measure, observations, time.as_secs_f64() * 1000.0, "ms", Better::Lower);
    }
    let bytes = fs::metadata(&file)?.len() as f64 / observations as f64;
    report.add("backup_bytes", observations, bytes, "B/obs", Better::Lower);
    fs::remove_dir_all(&beside)?;
    Ok(fs::remove_file(&file)?)
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a directory with an ordinary name")
}

fn corridor(node: &Node, args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corridor"));
    if args[0] != "--dir" {
        command.arg("--dir").arg(node.dir());
    }
    command.arg("--passphrase-file").arg(node.passphrase()).args(args);
    let Output { status, stderr, .. } = command.output().context("running corridor")?;
    ensure!(status.success(), "corridor {}: {}", args.join(" "), String::from_utf8_lossy(&stderr));
    Ok(())
}
