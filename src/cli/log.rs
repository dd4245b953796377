//! The daemon's log: fields, not prose; never values or keys.

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Starts logging to standard error.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(settings: LogSettings, verbose: u8) -> anyhow::Result<()> {
    let level = match verbose {
        0 => settings.level,
        1 => "debug",
        _ => "trace",
    };
    let filter = format!("warn,corridor={level}");
    let filter = EnvFilter::try_new(filter).context("reading the log's filter")?;
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match settings.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
