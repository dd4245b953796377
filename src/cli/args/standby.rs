//! The words of `standby`.

use std::path::PathBuf;

use clap::Subcommand;

use super::National;

/// `standby`
#[derive(Debug, Subcommand)]
pub enum Standby {
    /// On the main node: mandate the standby that made this request, tell partners, and write its grant
    Add {
        /// standby-request.txt of the standby
        #[arg(value_name = "FILE")]
        request: PathBuf,
        /// The file to write for the standby
        #[arg(long, short, value_name = "FILE", default_value = "standby-grant.txt")]
        output: PathBuf,
        /// Where the national key is
        #[command(flatten)]
        national: National,
    },
    /// On the standby: take the grant that the main node has written
    Join {
        /// The grant
        #[arg(value_name = "FILE")]
        grant: PathBuf,
    },
    /// On the standby: write this government's feeds from now on, because the main node is gone
    TakeOver {
        /// Also while the main node is connected
        #[arg(long)]
        force: bool,
    },
    /// On the main node: let a connected standby write this government's feeds from now on
    HandOver {
        /// The standby's node key, or the start of it [default: the only one]
        node: Option<String>,
    },
    /// Which node leads, which follow, and how far behind they are
    Show,
}
