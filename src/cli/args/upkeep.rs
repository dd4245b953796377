//! The words of upkeep: backups, recovery, forks, doctor.

use std::path::PathBuf;

use clap::Subcommand;

/// `backup`
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file to write, under the passphrase of the keys
    #[arg(required_unless_present = "verify")]
    pub file: Option<PathBuf>,
    /// Check an existing backup from its first byte to its last, and write nothing
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub verify: Option<PathBuf>,
}

/// `restore`
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup
    pub file: PathBuf,
}

/// `recover`
#[derive(Debug, clap::Args)]
pub struct Recover {
    /// Go on in own feeds of which no partner has shown what it holds: if one holds more, that is a fork
    #[arg(long = "override")]
    pub anyway: bool,
    /// This directory was put back from an old copy: take back from partners what they have shown to hold of our feeds
    #[arg(long, conflicts_with = "anyway")]
    pub old_copy: bool,
}

/// `doctor`
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Cut damaged feeds at their last good entry, keep the rest aside, and have it fetched again; no daemon may run
    #[arg(long)]
    pub repair: bool,
}

/// `fork …`
#[derive(Debug, Subcommand)]
pub enum Fork {
    /// Say, signed by the national key, which of two entries that this government signed for one place stands
    Resolve {
        /// The feed: its agreement's name or id, or publisher/agreement
        feed: String,
        /// The entry that stands: its id or the start of it, as `corridor feeds` shows it
        #[arg(long, value_name = "ENTRY")]
        keep: String,
        /// Why there were two
        #[arg(long)]
        reason: String,
        /// Where national.age lies, if it is kept elsewhere [default: the node's own keys]
        #[arg(long, value_name = "DIR")]
        keys: Option<PathBuf>,
    },
}
