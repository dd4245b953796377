//! The daemon's log: fields, not prose; never values or keys.

use anyhow::Context;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::config::{LogFormat, LogSettings};

/// Starts logging to standard error.
///
/// # Errors
/// When the level is none.
pub fn start(settings: LogSettings, verbose: u8) -> anyhow::Result<()> {
    let level = match verbose {
        0 => settings.level,
        1 => "debug",
        _ => "trace",
    };
    let level: LevelFilter = level.parse().context("reading the log's level")?;
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target("corridor", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    Ok(())
}
