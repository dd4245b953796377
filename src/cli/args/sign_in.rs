//! The words of `sign-in`.

/// `sign-in`
#[derive(Debug, clap::Args)]
pub struct SignIn {
    /// Sign everybody out and take back the links that are not used yet
    #[arg(long)]
    pub end: bool,
    /// Where a proxy with a certificate shows these pages, as it is typed into a browser
    #[arg(long, value_name = "URL", conflicts_with = "end")]
    pub at: Option<String>,
}
