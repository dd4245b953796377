//! Clocks that jump, at the publisher and at the recipient.

use std::fs;
use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};
use corridor::node::clock;

use super::row::{Row, seconds};
use super::shim::Shim;
use crate::ledger::Ledger;
use crate::world::{World, ask, eventually, figures, release, run, stderr, values};

const DAY: i64 = 86_400;
const TEN_YEARS: i64 = 3_653 * DAY;
const PATIENCE: Duration = Duration::from_secs(60);

struct Clocks {
    world: World,
    phl: Shim,
    can: Shim,
    next: u32,
    expected: Vec<String>,
    ledger: Ledger,
    /// What is released: to everybody, or under the agreement, which has not begun a day ago.
    indicator: &'static str,
}

impl Clocks {
    fn new(indicator: &'static str) -> Self {
        let mut shims = Vec::new();
        let world = World::prepared(|phl, can| {
            let fast = [("CORRIDOR_SYNC_HEARTBEAT", "1s"), ("CORRIDOR_NET_RECONNECT_MAX", "2s")];
            shims.extend([phl, can].map(|node| Shim::under(node, false, &[], &fast)));
        });
        let (Some(can), Some(phl)) = (shims.pop(), shims.pop()) else { unreachable!("there are two") };
        Self { world, phl, can, next: 0, expected: Vec::new(), ledger: Ledger::default(), indicator }
    }

    /// Releases the next figure at PHL.
    fn publish(&mut self) {
        let year = (1950 + self.next).to_string();
        self.next += 1;
        let row = ["PHL", "CAN", self.indicator, &year, &year];
        release(&self.world.phl, &self.world.path("f.csv"), &[row]);
        self.expected.push(year);
    }

    fn arrives(&mut self, what: &str) {
        let arrived = wait(PATIENCE, || values(&self.world.can, &[self.indicator]) == self.expected);
        self.ledger
            .holds(what, arrived, || format!("CAN holds {:?}", values(&self.world.can, &[self.indicator])));
    }

    /// Nothing was lost, nobody panicked, and both are well.
    fn tried(&mut self, row: &mut Row, what: &str) {
        for node in [&self.world.phl, &self.world.can] {
            // That the clock is wrong it does say.
            let (_, value) = node.try_ask(&["doctor"]).expect("doctor runs");
            self.ledger.holds("it is healthy", value["healthy"] == true, || value.to_string());
            let log = fs::read_to_string(node.log()).unwrap_or_default();
            self.ledger.holds("nothing panicked", !log.contains("panicked"), || log.clone());
            let audit = ask(node, &["audit", "--verify"]);
            self.ledger.holds("the log of acts verifies", audit["valid"] == true, || audit.to_string());
        }
        row.tried(what, &mut self.ledger);
    }
}

fn logs(node: &Government, what: &str) -> bool {
    fs::read_to_string(node.log()).unwrap_or_default().contains(what)
}

/// The clock is wrong by this much at one side or at both, and is set right again.
pub(super) fn jumps(row: &mut Row) {
    back_and_forth(row);
    ahead_at_the_publisher(row);
    years_ahead(row);
}

/// A day back at either side, and a day ahead at the recipient: nobody notices.
fn back_and_forth(row: &mut Row) {
    let mut clocks = Clocks::new("MS_FBORN");
    clocks.publish();
    clocks.arrives("the first figure arrives");
    for (at_publisher, jump) in [(true, -DAY), (false, -DAY), (false, DAY), (false, 0), (true, 0)] {
        let shim = if at_publisher { &clocks.phl } else { &clocks.can };
        shim.set_clock(jump);
        let begun = clock::stopwatch();
        // Longer than three heartbeats: who waits by a clock that was set back would wait for a day.
        std::thread::sleep(Duration::from_secs(5));
        let held = !at_publisher && jump < 0;
        clocks.publish();
        if held {
            // By the recipient's clock the entry is of tomorrow.
            let said = wait(PATIENCE, || logs(&clocks.world.can, "is dated in the future and held until"));
            clocks.ledger.holds("the log says that it is held", said, || "it does not".to_owned());
            clocks.can.set_clock(0);
        }
        clocks.arrives("the figure arrives");
        row.recovered(begun.elapsed().saturating_sub(Duration::from_secs(5)));
        let side = if at_publisher { "publisher" } else { "recipient" };
        clocks.tried(row, &format!("{side}: {} days", jump / DAY));
    }
}

/// A day ahead at the publisher: the entry is held, not lost, and taken when it is due.
fn ahead_at_the_publisher(row: &mut Row) {
    let mut clocks = Clocks::new("MS_FBORN");
    clocks.publish();
    clocks.arrives("the first figure arrives");
    clocks.phl.set_clock(DAY);
    clocks.publish();
    eventually("the log says that it is held", || {
        logs(&clocks.world.can, "is dated in the future and held until")
    });
    clocks.phl.set_clock(0);
    // What follows cannot overtake it.
    clocks.publish();
    std::thread::sleep(Duration::from_secs(2));
    let shown = values(&clocks.world.can, &[clocks.indicator]);
    clocks.ledger.holds("it is held", shown == clocks.expected[..1], || format!("CAN shows {shown:?}"));
    let said = logs(&clocks.world.phl, "our clock was ahead");
    clocks.ledger.holds("the publisher's log says why", said, || "it does not".to_owned());
    clocks.tried(row, "publisher: a day ahead, held");
    // A day later.
    clocks.phl.set_clock(DAY);
    clocks.can.set_clock(DAY);
    let begun = clock::stopwatch();
    clocks.arrives("it is taken when it is due");
    row.note(format!("a held entry is taken {} after it is due", seconds(begun.elapsed())));
    clocks.tried(row, "publisher: a day ahead, due");
}

/// Ten years ahead, after the end of all mandates, and back: nothing is signed that nobody would ever take.
fn years_ahead(row: &mut Row) {
    let mut clocks = Clocks::new("EF_REGEMI");
    clocks.publish();
    clocks.arrives("the first figure arrives");
    for at_publisher in [true, false] {
        let shim = if at_publisher { &clocks.phl } else { &clocks.can };
        shim.set_clock(TEN_YEARS);
        std::thread::sleep(Duration::from_secs(3));
        let node = if at_publisher { &clocks.world.phl } else { &clocks.world.can };
        let path = clocks.world.path("refused.csv");
        let row_of = ["PHL", "CAN", "EF_REGEMI", "1901", "1"];
        let output = run(node, &["submit", &figures(&path, &[row_of])]);
        let said = stderr(&output);
        let refused = output.status.code() == Some(1) && said.contains("set the clock");
        clocks.ledger.holds("nothing is signed, and it says why", refused, || said.clone());
        let answers = node.ask(&["status"]).is_ok();
        clocks.ledger.holds("the node answers", answers, || "it does not".to_owned());
        let shim = if at_publisher { &clocks.phl } else { &clocks.can };
        shim.set_clock(0);
        let begun = clock::stopwatch();
        clocks.publish();
        clocks.arrives("the figure arrives");
        let owed = wait(PATIENCE, || clocks.world.phl.nothing_owed().unwrap_or(false));
        clocks.ledger.holds("its receipt returns", owed, || "it does not".to_owned());
        row.recovered(begun.elapsed());
        let side = if at_publisher { "publisher" } else { "recipient" };
        clocks.tried(row, &format!("{side}: ten years ahead and back"));
    }
}
