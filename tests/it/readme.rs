//! The README's "two nodes of your own", run literally: what a newcomer copies must work.

use std::path::Path;
use std::process::{Command, Stdio};

/// The commands of the README's only `sh` block.
fn commands() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("README.md")).expect("the README is there");
    let (_, rest) = text.split_once("```sh\n").expect("the README has a block of commands");
    rest.split_once("```").expect("the block ends").0.to_owned()
}

#[test]
fn two_nodes_of_ones_own_work_as_the_readme_says() {
    let binary = Path::new(env!("CARGO_BIN_EXE_corridor"));
    let built = commands()
        .replace("cargo build --release\n", "")
        .replace("$PWD/target/release", &binary.parent().unwrap().display().to_string());
    // Job control as in the reader's own shell; the first command that fails ends it.
    let output = Command::new("bash")
        .args(["-e", "-m", "-c", &format!("trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{built}")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, noted) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{noted}");
    for expected in [
        "kept as submission s1",
        "33 pairs, ratio destination/origin: mean 1.416",
        "30 differ by more than 25 %",
        "obs_value: 19041",
        "valid: yes",
        "29544",
    ] {
        assert!(said.contains(expected), "{expected:?} is missing in:\n{said}\n{noted}");
    }
    assert!(noted.contains("the log verifies"), "{noted}");
}
