//! Nineteen governments and a courier: all are partners of all, and have signed a standing arrangement.

use std::path::{Path, PathBuf};

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;

use crate::world::{BINARY, text};

/// Where the crisis is; it is cut off for a while.
pub(super) const CUT_OFF: &str = "XLA";
/// The states that people cross into.
pub(super) const TRANSIT: [&str; 6] = ["XTA", "XTB", "XTC", "XTD", "XTE", "XTF"];
/// The states that people come from.
pub(super) const ORIGINS: [&str; 12] =
    ["XOA", "XOB", "XOC", "XOD", "XOE", "XOF", "XOG", "XOH", "XOI", "XOJ", "XOK", "XOL"];
/// The origin that is away for half a day.
pub(super) const AWAY: &str = "XOF";
/// Who carries what it cannot read.
pub(super) const COURIER: &str = "XCR";
/// For how many seconds the detail may be kept once the lane is over.
const RETENTION: &str = "4";
/// How many are made at once: deriving the keys of their files takes memory.
const AT_ONCE: usize = 4;

/// All nodes.
pub(super) struct Cast {
    nodes: Vec<Government>,
    /// Where files of figures are written.
    pub(super) data: PathBuf,
}

impl Cast {
    /// Running nodes that know each other, with the arrangement in force.
    pub(super) fn meet(dir: &Path, checks: &mut Checks) -> anyhow::Result<Self> {
        println!("\nC.0 Nineteen governments and a courier have a standing arrangement for crises.");
        let names: Vec<&str> = [CUT_OFF].into_iter().chain(TRANSIT).chain(ORIGINS).chain([COURIER]).collect();
        let mut nodes = Vec::new();
        for some in names.chunks(AT_ONCE) {
            nodes.extend(in_parallel(some, |name| {
                Government::create(Path::new(BINARY), dir, name, &format!("State {name}"))
            })?);
        }
        let cast = Self { nodes, data: dir.to_owned() };
        let cards: Vec<(String, String)> =
            cast.nodes.iter().map(|node| (node.country().to_owned(), text(&node.card()))).collect();
        in_parallel(&cast.nodes.iter().collect::<Vec<_>>(), |node| {
            cards
                .iter()
                .filter(|(country, _)| country != node.country())
                .try_for_each(|(_, card)| node.ask(&["partner", "add", "--yes", card]).map(|_| ()))
        })?;
        for node in cast.members() {
            checks.eventually(&format!("{} is connected to all", node.country()), || {
                node.connected().is_ok_and(|connected| connected == names.len() - 1)
            });
        }
        cast.arrange(checks)?;
        Ok(cast)
    }

    /// All nineteen sign.
    fn arrange(&self, checks: &mut Checks) -> anyhow::Result<()> {
        let others = self.members().skip(1).flat_map(|node| ["--with", node.country()]);
        let draft =
            ["agreement", "draft", "--title", "ARR-CR", "--purpose", "PROTECT", "--indicator", "CR_*"];
        let clause = ["--crisis-signatures", "2", "--crisis-days", "28", "--crisis-courier", COURIER];
        let terms = ["--crisis-lower", "CR_NATREG=D0", "--crisis-retention-seconds", RETENTION];
        let words: Vec<&str> = draft.into_iter().chain(others).chain(clause).chain(terms).collect();
        let host = self.node(CUT_OFF);
        host.ask(&words)?;
        host.ask(&["agreement", "propose", "ARR-CR"])?;
        let rest: Vec<&Government> = self.members().skip(1).collect();
        for node in &rest {
            checks.eventually(&format!("{} has the arrangement", node.country()), || {
                node.ask(&["agreement", "show", "ARR-CR"]).is_ok()
            });
        }
        in_parallel(&rest, |node| node.ask(&["agreement", "sign", "ARR-CR"]).map(|_| ()))?;
        for node in self.members() {
            checks.eventually(&format!("the arrangement is in force at {}", node.country()), || {
                node.ask(&["agreement", "show", "ARR-CR"]).is_ok_and(|said| said["standing"] == "in force")
            });
        }
        Ok(())
    }

    /// The node of a country.
    pub(super) fn node(&self, country: &str) -> &Government {
        self.nodes.iter().find(|node| node.country() == country).expect("it is in the cast")
    }

    /// The same, to stop and start it.
    pub(super) fn node_mut(&mut self, country: &str) -> &mut Government {
        self.nodes.iter_mut().find(|node| node.country() == country).expect("it is in the cast")
    }

    /// The nineteen.
    pub(super) fn members(&self) -> impl Iterator<Item = &Government> {
        self.nodes.iter().filter(|node| node.country() != COURIER)
    }

    /// Those of them that are not away.
    pub(super) fn present(&self) -> impl Iterator<Item = &Government> {
        self.members().filter(|node| node.country() != AWAY)
    }
}

/// Does the same for each at once.
pub(super) fn in_parallel<T: Sync, R: Send>(
    all: &[T],
    each: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    std::thread::scope(|scope| {
        let started: Vec<_> = all.iter().map(|one| scope.spawn(|| each(one))).collect();
        started.into_iter().map(|one| one.join().expect("no panic")).collect()
    })
}
