//! What a node is doing.

/// The state of a node, as `status` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// Its daemon runs.
    Running,
    /// No daemon runs; its directory is read.
    Offline,
    /// It signs nothing until partners have shown what they hold.
    Recovery,
}

impl NodeState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Running, Self::Offline, Self::Recovery];

    /// The word for people and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Offline => "offline",
            Self::Recovery => "recovery",
        }
    }
}
