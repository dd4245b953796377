//! Why a node refuses or fails.

use std::path::{Path, PathBuf};

use crate::feed::BuildError;
use crate::model::ModelError;
use crate::protect::Breach;
use crate::store::{StoreError, remedy};

/// Why a request is refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// There is no node in the directory.
    #[error("there is no node in {0}: make one with `corridor init`, or name another directory with --dir")]
    NoNode(PathBuf),
    /// The request cannot be carried out as it is; says what to do.
    #[error("{0}")]
    Refused(String),
    /// Own feeds may lack entries: nothing is signed behind them. Says what to do.
    #[error("{0}")]
    Recovering(String),
    /// Figures left whose exact values are lost, and they cannot be told from what is submitted. For the publisher
    /// alone: it names cells.
    #[error(
        "nothing is released: {key} {period} was released to {audience} before the exact values were lost, and shows another \
         value than the one that is submitted now, so what its readers could work out cannot be known. Submit and release \
         the values as they were then first, and the new ones after that, with --reason"
    )]
    Lost {
        /// Who holds it.
        audience: String,
        /// The series.
        key: String,
        /// The period.
        period: String,
    },
    /// Another node of this government writes its feeds, or may: this one signs nothing. Says what to do.
    #[error("{0}")]
    Standby(String),
    /// Something that is named is not there.
    #[error("{0}")]
    NotFound(String),
    /// The node's key is needed and is not unlocked.
    #[error(
        "this signs, so it needs the node's key: give --passphrase-file, or let the running daemon do it"
    )]
    Locked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Figures cannot leave in any form that this audience may have. For the publisher alone: it names cells.
    #[error("nothing is released: for {audience}, {breach}")]
    Breach {
        /// Whose parties would get them.
        audience: String,
        /// What would be open.
        breach: Breach,
    },
    /// An entry cannot be made.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A value is not allowed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The operating system refused.
    #[error("{action} {path}: {source}{}", remedy(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The file that comes with a request breaks off.
    #[error("the file cannot be read to its end, nothing of it was taken: {0}")]
    Payload(std::io::Error),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

impl NodeError {
    /// A short code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNode(_) => "no_node",
            Self::Refused(_) => "refused",
            Self::Recovering(_) => "recovery",
            Self::Standby(_) => "standby",
            Self::Lost { .. } => "disclosure",
            Self::NotFound(_) => "not_found",
            Self::Locked => "locked",
            Self::Breach { .. } => "disclosure",
            Self::Store(_) => "store",
            Self::Build(_) | Self::Model(_) => "invalid",
            Self::Io { .. } | Self::Payload(_) => "io",
            Self::Stopping => "stopping",
        }
    }

    /// Every such code.
    pub const CODES: [&str; 11] = [
        "no_node",
        "refused",
        "recovery",
        "standby",
        "disclosure",
        "not_found",
        "locked",
        "store",
        "invalid",
        "io",
        "stopping",
    ];

    /// Whether another question may be answered: nothing is wrong with the node.
    pub fn is_of_the_question(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotFound(_) | Self::Model(_))
    }

    /// What a log may say of it: never of which cells a release would tell.
    pub fn logged(&self) -> String {
        match self {
            Self::Breach { audience, .. } => {
                format!("nothing is released: figures would be open to {audience}")
            }
            Self::Lost { audience, .. } => {
                format!("nothing is released: exact values of what {audience} holds are lost")
            }
            other => other.to_string(),
        }
    }

    pub(in crate::node) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the node must stop: what is in memory may no longer be what is on disk.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Store(StoreError::Io { .. } | StoreError::Stopped))
    }
}
