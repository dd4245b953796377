//! What went wrong, by a code beside the words: whoever shows a fault has words of its own for each.

/// Writes each kind once.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// The kind of a fault that an operator is shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultKind {
            $($(#[$doc])* $name,)+
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code in answers and in the log of acts.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

kinds! {
    /// A feed has two entries for one place.
    Fork = "fork",
    /// A fork was resolved by its publisher.
    ForkResolved = "fork_resolved",
    /// A partner's card was not taken.
    Card = "card",
    /// A partner has ended a node key that somebody else may have.
    KeyRevoked = "key_revoked",
    /// Entries that a revoked key had signed are cut off.
    CutOff = "cut_off",
    /// A recipient has refused and erased what it may not have.
    OutOfScope = "out_of_scope",
    /// An entry is dated in the future.
    Future = "future",
    /// An entry was not taken.
    NotTaken = "not_taken",
    /// A partner's node did what it may not.
    Peer = "peer",
    /// Opening has mended something.
    Repaired = "repaired",
    /// What reached nobody was set aside when another node of ours took over.
    SetAside = "set_aside",
    /// A partner holds more of our own feed than this node.
    Ahead = "ahead",
    /// What was sealed for us does not open.
    Sealed = "sealed",
    /// As much is carried of a publisher as is allowed.
    Quota = "quota",
    /// What is stored could not be read for a partner.
    Unread = "unread",
}

impl FaultKind {
    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}
