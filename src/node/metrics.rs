//! Counters and gauges, counted in the loop and nowhere else.

/// Whether a figure only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows while the process lives.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A figure with its name, for Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name, without a prefix or suffix.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// Labels; no values or keys of data, ever.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
}

/// What the loop counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests answered.
    pub requests: u64,
    /// Batches made durable.
    pub commits: u64,
    /// Feeds that moved, summed over commits.
    pub heads_moved: u64,
}

/// What the exchange with partners counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Sessions that stand.
    pub sessions: u64,
    /// Partners that were accepted.
    pub partners: u64,
    /// Feeds that are held.
    pub feeds: u64,
    /// Bytes read from partners.
    pub bytes_in: u64,
    /// Bytes written to partners.
    pub bytes_out: u64,
    /// Frames of partners that verified and were appended.
    pub frames_appended: u64,
    /// Faults of peers.
    pub faults: u64,
    /// Receipts that were signed.
    pub receipts: u64,
    /// How crises stand.
    pub crisis: CrisisFigures,
}

/// How crises stand: numbers of lanes and bulletins, nothing of what they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrisisFigures {
    /// Lanes in force.
    pub lanes: u64,
    /// Of these, exercises.
    pub drills: u64,
    /// Lanes that wait for signatures.
    pub proposed: u64,
    /// Entries with bulletins that are held of lanes in force, of all members.
    pub bulletins: u64,
    /// Bulletins here that wait for a duty officer.
    pub waiting: u64,
    /// How many seconds the oldest of our entries in a lane in force has waited for a member's receipt.
    pub oldest_unanswered: u64,
}

impl Counters {
    /// All figures.
    pub fn metrics(&self, figures: Figures) -> Vec<Metric> {
        let counter = |name, help, value: u64| metric(name, help, Kind::Counter, value);
        let gauge = |name, help, value: u64| metric(name, help, Kind::Gauge, value);
        vec![
            counter("requests", "Requests answered", self.requests),
            counter("commits", "Batches made durable", self.commits),
            counter("heads_moved", "Feeds that moved, summed over commits", self.heads_moved),
            gauge("sessions", "Sessions that stand", figures.sessions),
            gauge("partners", "Partners accepted", figures.partners),
            gauge("feeds", "Feeds held", figures.feeds),
            counter("bytes_in", "Bytes read from partners", figures.bytes_in),
            counter("bytes_out", "Bytes written to partners", figures.bytes_out),
            counter("frames_appended", "Frames of partners that verified", figures.frames_appended),
            counter("faults", "Faults of peers", figures.faults),
            counter("receipts", "Receipts signed", figures.receipts),
            gauge("crisis_lanes", "Crisis lanes in force", figures.crisis.lanes),
            gauge("crisis_drills", "Crisis lanes in force that are exercises", figures.crisis.drills),
            gauge("crisis_proposed", "Crisis lanes that wait for signatures", figures.crisis.proposed),
            gauge("crisis_bulletins", "Bulletins held of lanes in force", figures.crisis.bulletins),
            gauge("crisis_waiting", "Bulletins that wait for a duty officer here", figures.crisis.waiting),
            gauge(
                "crisis_oldest_unanswered_seconds",
                "How long our oldest entry in a lane in force has waited for a member's receipt",
                figures.crisis.oldest_unanswered,
            ),
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a chart; 2^53 is far away")]
fn metric(name: &'static str, help: &'static str, kind: Kind, value: u64) -> Metric {
    Metric { name, help, kind, labels: Vec::new(), value: value as f64 }
}
