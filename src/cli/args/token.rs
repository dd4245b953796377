//! The words of `token`.

use clap::Subcommand;

use crate::node::tokens::DEFAULT_DAYS;

/// `token`
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token; it is shown this once
    Create {
        /// Whose it is, or what for
        name: String,
        /// For how many days it holds
        #[arg(long, value_name = "DAYS", default_value_t = DEFAULT_DAYS)]
        days: u32,
    },
    /// All tokens with their terms, without their secrets
    List,
    /// End a token at once
    Revoke {
        /// Its name, its id, or the start of the id
        #[arg(value_name = "NAME|ID")]
        token: String,
    },
}
