//! `demo`: four governments as real processes on this machine, with real figures and no network.
//!
//! Every step goes through the same command line that an operator uses. Each check prints `PASS name` or
//! `FAIL name: why`; the last line counts them. All nodes are on a training network, so nothing that is signed
//! here can pass for real.

pub mod checks;
pub mod government;
pub mod rogue;

use std::path::{Path, PathBuf};

use anyhow::Context;

use self::checks::Checks;
use self::government::Government;
use super::Outcome;
use super::args::{Demo, Global};

/// The network that the demo's nodes are on.
pub const NETWORK: &str = "training/demo";

/// Real figures, shipped with the program; `config/data/PROVENANCE.md` says whose they are.
const FILES: [(&str, &str); 3] = [
    ("mirror_phl_can_1981_2013.csv", include_str!("../../config/data/mirror_phl_can_1981_2013.csv")),
    (
        "mirror_eurostat_flows_2010_2019.csv",
        include_str!("../../config/data/mirror_eurostat_flows_2010_2019.csv"),
    ),
    (
        "undesa_ims2024_stock_phl_can_ita_esp.csv",
        include_str!("../../config/data/undesa_ims2024_stock_phl_can_ita_esp.csv"),
    ),
];

const PHL_CAN: &str = "Philippines-Canada corridor";
const ITA_ESP: &str = "Italy-Spain corridor";

/// `demo`
///
/// # Errors
/// When the processes cannot be started.
pub fn run(_: &Global, args: &Demo) -> anyhow::Result<Outcome> {
    let dir = Directory::new(args.keep.clone())?;
    let binary = std::env::current_exe().context("finding this program")?;
    for (name, text) in FILES {
        std::fs::write(dir.path().join(name), text).with_context(|| format!("writing {name}"))?;
    }
    let mut checks = Checks::default();
    let mut all = start(&binary, dir.path())?;
    match play(&mut all, dir.path(), &mut checks) {
        Ok(()) => {}
        Err(error) => checks.fail("the demo runs to its end", &format!("{error:#}")),
    }
    look_around(&all, dir.path());
    if !args.exit {
        println!("\nThe nodes stay up. Ctrl-C stops them.");
        wait_for_interrupt()?;
    }
    for node in &mut all {
        node.stop();
    }
    println!("{}", checks.summary());
    Ok(if checks.failed() == 0 { Outcome::Done } else { Outcome::Refused })
}

fn start(binary: &Path, dir: &Path) -> anyhow::Result<Vec<Government>> {
    println!("Four governments, each with its own keys, store and daemon, in {}", dir.display());
    let names = [("PHL", "Philippines"), ("CAN", "Canada"), ("ITA", "Italy"), ("ESP", "Spain")];
    let made: Vec<anyhow::Result<Government>> = std::thread::scope(|scope| {
        let threads: Vec<_> = names
            .iter()
            .map(|(code, name)| scope.spawn(move || Government::create(binary, dir, code, name)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a node's start panicked")))
            .collect()
    });
    let all: Vec<Government> = made.into_iter().collect::<anyhow::Result<_>>()?;
    for node in &all {
        println!("  {}  {}  {}", node.country(), node.fingerprint(), node.page());
    }
    Ok(all)
}

fn play(all: &mut [Government], data: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nEach accepts the others' cards (in real life after comparing fingerprints by telephone).");
    for node in all.iter() {
        for other in all.iter().filter(|other| other.country() != node.country()) {
            node.ask(&["partner", "add", "--yes", &other.card().to_string_lossy()])?;
        }
    }
    checks.eventually("all four governments are connected to each other", || {
        all.iter().all(|node| node.connected().is_ok_and(|connected| connected == all.len() - 1))
    });
    agree(all, checks)?;
    publish(all, data, checks)?;
    compare(all, checks)?;
    checks::everyone_holds_all_public_stock(all, checks)?;
    checks::nothing_leaks(all, checks)?;
    checks::revision(all, data, checks)?;
    checks::outage(all, data, checks)?;
    checks::evidence(&all[1], data, checks)?;
    rogue::forge(all, data, checks)?;
    checks::audits(all, checks)
}

/// Two bilateral agreements, each in force once both have signed the same bytes.
fn agree(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nTwo pairs agree on what they share; what no agreement names stays at home.");
    let pairs = [
        (PHL_CAN, &all[0], &all[1], ["EF_REGEMI", "MF_PERMSET"]),
        (ITA_ESP, &all[2], &all[3], ["EF_EMI_NEXT", "MF_IMM_PREV"]),
    ];
    for (title, one, other, indicators) in pairs {
        let purpose = "official statistics on the corridor";
        let with = other.country();
        let draft = ["agreement", "draft", "--title", title, "--with", with, "--purpose", purpose];
        one.ask(&[&draft[..], &["--indicator", indicators[0], "--indicator", indicators[1]]].concat())?;
        one.ask(&["agreement", "propose", title])?;
        checks.eventually(&format!("{with} receives the proposal of {}", one.country()), || {
            other.ask(&["agreement", "show", title]).is_ok()
        });
        other.ask(&["agreement", "sign", title])?;
        for node in [one, other] {
            checks.eventually(&format!("{title} is in force at {}", node.country()), || {
                node.ask(&["agreement", "show", title]).is_ok_and(|value| value["standing"] == "in force")
            });
        }
    }
    Ok(())
}

/// Each ministry's CSV goes in through a mapping, is checked, released and delivered.
fn publish(all: &[Government], data: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!(
        "\nMinistries submit their CSV files; each release goes where an agreement, or the public feed, allows."
    );
    let (mirror, flows, stock) = (data.join(FILES[0].0), data.join(FILES[1].0), data.join(FILES[2].0));
    let inputs = [
        (&all[0], &mirror, "phl_can_origin"),
        (&all[1], &mirror, "phl_can_destination"),
        (&all[2], &flows, "eurostat_origin"),
        (&all[3], &flows, "eurostat_destination"),
    ];
    for (node, file, map) in inputs {
        for (file, map) in [(file, map), (&stock, "undesa_stock")] {
            let value = node.ask(&["submit", &file.to_string_lossy(), "--map", map])?;
            println!("  {}: {} observations from {}", node.country(), value["observations"], value["file"]);
        }
        let value = node.ask(&["release"])?;
        for one in value["released"].as_array().into_iter().flatten() {
            println!("  {}: {} new observations under {}", node.country(), one["new"], one["title"]);
        }
    }
    for node in &all[..2] {
        checks.eventually(
            &format!("{} holds a receipt for all it has sent under agreements", node.country()),
            || node.nothing_owed().unwrap_or(false),
        );
    }
    Ok(())
}

/// What the product is for: both counts side by side, at both ends.
fn compare(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nBoth ends of a corridor see both counts.");
    for node in &all[..2] {
        let ask = || node.ask(&["mirror", "PHL", "CAN", "EF_REGEMI"]);
        checks.eventually(&format!("{} holds 33 pairs of the corridor PHL-CAN", node.country()), || {
            ask().is_ok_and(|value| value["summary"]["pairs"] == 33)
        });
        let value = ask()?;
        let summary = &value["summary"];
        checks.equal(&format!("mean ratio CAN/PHL at {}", node.country()), &summary["mean_ratio"], "1.416");
        checks.equal(
            &format!("pairs that differ by more than 25 % at {}", node.country()),
            &summary["flagged"],
            30,
        );
        let last = checks::pair(&value, "2013");
        checks.equal(&format!("PHL's count of 2013 at {}", node.country()), &last["origin_value"], "19041");
        checks.equal(
            &format!("CAN's count of 2013 at {}", node.country()),
            &last["destination_value"],
            "29544",
        );
    }
    for node in &all[2..] {
        let ask = || node.ask(&["mirror", "ITA", "ESP", "EF_EMI_NEXT"]);
        checks.eventually(&format!("{} holds both counts of the corridor ITA-ESP", node.country()), || {
            ask().is_ok_and(|value| value["summary"]["pairs"].as_u64() > Some(0))
        });
        let value = checks::pair(&ask()?, "2017");
        checks.equal(&format!("ITA's count of 2017 at {}", node.country()), &value["origin_value"], "7965");
        checks.equal(
            &format!("ESP's count of 2017 at {}", node.country()),
            &value["destination_value"],
            "22203",
        );
    }
    Ok(())
}

fn look_around(all: &[Government], dir: &Path) {
    println!("\nLook around (DIR is {}):", dir.display());
    for node in all {
        println!(
            "  {}  portal {}   corridor --dir {} status",
            node.country(),
            node.page(),
            node.dir().display()
        );
    }
    if let Some(node) = all.get(1) {
        let dir = node.dir().display();
        println!(
            "  both ends of a corridor: {}en/corridor/ITA/ESP, and one of them: {}en/?country=PHL",
            node.page(),
            node.page()
        );
        println!("  corridor --dir {dir} mirror PHL CAN");
        println!("  corridor --dir {dir} get EF_REGEMI --history");
        println!("  corridor --dir {dir} get MS_FBORN A.ESP.ITA --format csv");
        println!("  corridor --dir {dir} audit --verify");
    }
}

fn wait_for_interrupt() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(tokio::signal::ctrl_c())?)
}

/// Where the demo's nodes live; removed at the end unless it is to be kept.
struct Directory {
    path: PathBuf,
    keep: bool,
}

impl Directory {
    fn new(keep: Option<PathBuf>) -> anyhow::Result<Self> {
        let temporary = std::env::temp_dir().join(format!("corridor-demo-{}", std::process::id()));
        let (path, keep) = keep.map_or((temporary, false), |path| (path, true));
        std::fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self { path, keep })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.keep {
            let _left = std::fs::remove_dir_all(&self.path);
        }
    }
}
