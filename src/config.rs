//! The node's settings: defaults, file, environment and flags become one checked value.
//!
//! What goes in: the text of a file (`config/node.toml` names every key), variables `CORRIDOR_<SECTION>_<KEY>`, and
//! flags, each stronger than the one before. What comes out: a [`Config`] in the terms of the rooms it configures.
//! A key that nobody knows is an error, because a misspelt setting would otherwise be one that is silently not made.
//! An error names the key, and where it was set; a value that is a secret it does not show.
//!
//! What it never does: look at the network or at a store. That an address can be listened on is for its room to find.
//! Start reading at [`Config::load`]; `section.rs` has the keys, `layer.rs` the precedence, `check.rs` the rules.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::api::http::Manner;
use crate::model::ConfStatus;
use crate::net::NetConfig;
use crate::node::SealingTerms;
use crate::node::crisis::CrisisTerms;
use crate::node::notify::NotifyTerms;
use crate::protect::primary::Concentration;
use crate::protect::{Places, Rules};

mod check;
mod initial;
mod layer;
mod quantity;
mod section;
#[cfg(test)]
mod tests;

/// Settings that were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    net: NetConfig,
    relays: BTreeSet<String>,
    sync: SyncSettings,
    cache: u64,
    http: Option<SocketAddr>,
    manner: Manner,
    public: BTreeSet<String>,
    suppressed_as: ConfStatus,
    concentration: Option<Concentration>,
    places: Places,
    sealing: SealingTerms,
    crisis: CrisisTerms,
    notify: NotifyTerms,
    log: LogSettings,
}

/// How feeds are kept equal with partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncSettings {
    /// How often a session says that it lives.
    pub heartbeat: Duration,
    /// Bytes under way to a partner before it confirms.
    pub window: u64,
    /// How far in the future an entry may be signed.
    pub future_tolerance: Duration,
}

/// What the daemon writes to its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// In which form.
    pub format: LogFormat,
    /// The least important lines that are written: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
}

/// The form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Defaults < `file` < `env` < `overrides` (section, key, value). Of `env` only what begins with `CORRIDOR_`
    /// counts; values of both are TOML, or text as it stands where the key takes text.
    ///
    /// # Errors
    /// [`ConfigError`] names the first key that is unknown or whose value is not allowed, and where it was set.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        overrides: &[(&str, &str, String)],
    ) -> Result<Self, ConfigError> {
        let mut layers = layer::Layers::new();
        if let Some(path) = file {
            layers.file(path)?;
        }
        layers.environment(env)?;
        for (section, key, value) in overrides {
            layers.flag(section, key, value)?;
        }
        check::check(&layers)
    }

    /// The commented file that a new node gets: `config/node.toml` with these addresses and indicators open
    /// to everybody. An empty `http` switches the web pages off.
    pub fn initial_text(listen: &[String], http: &str, public: &[String]) -> String {
        initial::text(listen, http, public)
    }

    /// For `net`.
    pub fn net(&self) -> NetConfig {
        self.net.clone()
    }

    /// Partners whose nodes carry connections for us, by country or the beginning of their publisher id.
    pub fn relays(&self) -> BTreeSet<String> {
        self.relays.clone()
    }

    /// For `sync`.
    pub fn sync(&self) -> SyncSettings {
        self.sync
    }

    /// Memory of the derived database, in bytes.
    pub fn cache(&self) -> u64 {
        self.cache
    }

    /// Where web pages are served; `None` when they are switched off.
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// What a question of SDMX gets to which there is no figure.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// Codes of the indicators that a release opens to everybody.
    pub fn public(&self) -> BTreeSet<String> {
        self.public.clone()
    }

    /// For `protect`: what every submission and every release is held to.
    pub fn rules(&self) -> Rules {
        let (conf, concentration) = (self.suppressed_as, self.concentration);
        Rules { conf, concentration, places: self.places.clone(), ..Rules::default() }
    }

    /// How sealing keys live, and what is carried for others.
    pub fn sealing(&self) -> SealingTerms {
        self.sealing
    }

    /// Who reports in a crisis, and from where.
    pub fn crisis(&self) -> CrisisTerms {
        self.crisis.clone()
    }

    /// What is run to tell people of a crisis.
    pub fn notify(&self) -> NotifyTerms {
        self.notify.clone()
    }

    /// What is logged.
    pub fn log(&self) -> LogSettings {
        self.log
    }
}

impl Default for Config {
    fn default() -> Self {
        check::check(&layer::Layers::new()).expect("the defaults keep the rules, which a test checks")
    }
}

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings in {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the settings in {path} are not TOML: {message}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Line and fault.
        message: String,
    },
    /// A key that does not exist.
    #[error("{place}: there is no setting {key}; {hint}")]
    UnknownKey {
        /// Where it was set.
        place: String,
        /// `section.key`.
        key: String,
        /// Which there are.
        hint: String,
    },
    /// A value that is not allowed.
    #[error("{place}: {key} {reason}")]
    Value {
        /// Where it was set.
        place: String,
        /// `section.key`.
        key: String,
        /// What is wrong and what is right.
        reason: String,
    },
}
