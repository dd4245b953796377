//! The words of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub mod agreement;
pub mod sign_in;
pub mod standby;
pub mod insight;
pub mod crisis;
pub mod token;
pub mod upkeep;

use self::agreement::Agreement;
use self::crisis::Crisis;
use self::token::Token;

/// Governments exchange signed Migration Profile records, with no one in the middle.
#[derive(Debug, Parser)]
#[command(name = "corridor", version, about, max_term_width = 100)]
pub struct Args {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// The node's directory [default: ~/.corridor]
    #[arg(long, global = true, env = "CORRIDOR_DIR", value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print one JSON value
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// A file whose first line is the passphrase of the node's keys
    #[arg(long, global = true, env = "CORRIDOR_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl Global {
    /// The node's directory.
    pub fn dir(&self) -> PathBuf {
        let home = || std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        self.dir.clone().unwrap_or_else(|| home().join(".corridor"))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make keys, card and configuration of a new node
    Init(Init),
    /// Run the node until SIGTERM
    Run(Run),
    /// Several governments as real processes on this machine, with real figures
    Demo(Demo),
    /// Print this node's partner card, to hand to other governments
    Card(CardArgs),
    /// Keys: list, rotate, revoke, succeed, and what to do when one is stolen
    #[command(subcommand)]
    Key(Key),
    /// A second node of this government: add it, let it take over
    #[command(subcommand)]
    Standby(standby::Standby),
    /// Tokens that open this government's own view over HTTP: create, list, revoke
    #[command(subcommand)]
    Token(Token),
    /// A link that opens the operator's pages in a browser, once
    SignIn(sign_in::SignIn),
    /// Partners: accept their cards, list, show, reach, pause, remove
    #[command(subcommand)]
    Partner(Partner),
    /// Agreements: draft, propose, sign, amend, list, show, end
    #[command(subcommand)]
    Agreement(Agreement),
    /// Take in a file of figures, if the check finds no error
    Submit(Submit),
    /// Check a file of figures and keep nothing
    Check(Submit),
    /// Draft a mapping for a table that none is for: what its columns seem to be, and what is to be filled in
    Map(Map),
    /// What was submitted, and whether it is released
    Submissions,
    /// Release what was submitted to everyone who may have it
    Release(Release),
    /// Take released values back
    Retract(Retract),
    /// A crisis: declare, report, see the common picture, end, rehearse
    #[command(subcommand)]
    Crisis(Crisis),
    /// Entries in one file, for a partner between whom and us no line stands: export, import
    #[command(subcommand)]
    Bundle(Bundle),
    /// Query the figures of all governments that this node holds
    Get(Get),
    /// Write the whole history of all figures as columns, for tools beyond one machine
    Export(Export),
    /// Write a copy of everything public that any web server can show and anybody can verify
    PublishSite(PublishSite),
    /// Both ends of a corridor side by side, with definitions and trend
    Mirror(insight::Mirror),
    /// The regional profile of an agreement: exact sums, who is missing, a digest to compare
    Region(insight::Region),
    /// How good, how early and how complete what publishers report is
    Quality(insight::Quality),
    /// Posts that a destination offers beside workers that an origin has
    Labour(insight::Labour),
    /// Citizens on consular registers beside those that hosts count
    Diaspora(insight::Diaspora),
    /// Peers, feeds and deliveries as they change
    Watch(insight::Watch),
    /// Write one observation, or the proof of a fork, with everything a third party needs to verify it
    Cite(Cite),
    /// Verify a citation, the proof of a fork or a published copy; needs no node
    Verify(Verify),
    /// What an indicator means: definition, source, unit, mirror, rule; and the codes of a dimension
    Explain(Explain),
    /// What this node holds and what its partners have acknowledged
    Status,
    /// The feeds that this node holds
    Feeds,
    /// The nodes that sessions stand with
    Peers,
    /// The log of acts: who did what, when, from where, with what outcome
    Audit(Audit),
    /// Check everything that is stored, byte for byte, and all else that may keep the node from its work
    Doctor(upkeep::Doctor),
    /// Write everything that cannot be made again into one encrypted file; the daemon goes on meanwhile
    Backup(upkeep::Backup),
    /// Make a directory from a backup; it is in recovery until partners have shown what they hold
    Restore(upkeep::Restore),
    /// What a restored node waits for, and how to go on without it
    Recover(upkeep::Recover),
    /// Forks of this government's own feeds
    #[command(subcommand)]
    Fork(upkeep::Fork),
    /// Fold the derived database again from the feed files
    Rebuild,
}

/// `init`
#[derive(Debug, clap::Args)]
pub struct Init {
    /// ISO 3166-1 alpha-3 code of the country, such as PHL
    #[arg(long, required_unless_present_any = ["observer", "recover", "standby"], conflicts_with = "observer")]
    pub country: Option<String>,
    /// A node without a country: reads what is opened to it
    #[arg(long)]
    pub observer: bool,
    /// Make a lost directory anew from keys and card; all else comes back from partners
    #[arg(long, requires = "card", requires = "keys", conflicts_with_all = ["country", "observer", "name"])]
    pub recover: bool,
    /// With --recover: this government's own card
    #[arg(long, value_name = "FILE", requires = "recover")]
    pub card: Option<PathBuf>,
    /// With --recover: where node.age and the other keys were kept
    #[arg(long, value_name = "DIR", requires = "recover")]
    pub keys: Option<PathBuf>,
    /// A second node of a government, which follows the first and can take its place
    #[arg(long, conflicts_with_all = ["country", "observer", "name", "recover"])]
    pub standby: bool,
    /// The name of the institution or country, in English
    #[arg(long, required_unless_present_any = ["recover", "standby"])]
    pub name: Option<String>,
    /// main, or training/NAME for practice
    #[arg(long, default_value = "main")]
    pub network: String,
    /// Where to listen for partners (libp2p multiaddress); may be repeated
    #[arg(long, value_name = "ADDRESS", default_value = "/ip4/0.0.0.0/tcp/4001")]
    pub listen: Vec<String>,
    /// The address that partners dial, put on the card; may be repeated [default: --listen, where it names a host]
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<String>,
    /// Where the web page listens, or "" for nowhere
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub http: String,
    /// An indicator that is opened to everybody; may be repeated
    #[arg(long, value_name = "CODE")]
    pub public: Vec<String>,
}

/// `run`
#[derive(Debug, clap::Args)]
pub struct Run {
    /// Listen here instead of where the configuration says; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<String>,
    /// The web page's address instead of the configuration's
    #[arg(long, value_name = "HOST:PORT")]
    pub http: Option<String>,
}

/// `demo`
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// End by itself, with status 0 only if every check held
    #[arg(long)]
    pub exit: bool,
    /// Keep the nodes' directories here instead of in a temporary one
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// `card`
#[derive(Debug, clap::Args)]
pub struct CardArgs {
    /// Issue a new card with this address, which needs the national key; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<String>,
    /// Where the national key is
    #[command(flatten)]
    pub national: National,
}

/// Where the national key is, for commands that sign with it.
#[derive(Clone, Debug, clap::Args)]
pub struct National {
    /// The directory with national.age and next-national.age [default: keys/ in the node's directory]
    #[arg(long, value_name = "DIR")]
    pub national: Option<PathBuf>,
    /// A file whose first line is the passphrase of those two [default: that of the node's keys]
    #[arg(long, value_name = "FILE")]
    pub national_passphrase_file: Option<PathBuf>,
}

/// `key`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// National key and node keys: purposes, term, which is in use, which are revoked or expire soon
    List,
    /// Make the next node key and tell all partners; it takes over once they know of it
    Rotate {
        /// For how many days the key in use stays mandated beside the next one
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        overlap: u32,
        /// Let the next key sign at once, whoever knows of it
        #[arg(long)]
        now: bool,
        /// Where the national key is
        #[command(flatten)]
        national: National,
    },
    /// End a node key that is not in use: what it has signed up to now stands
    Revoke {
        /// The node key, or the start of it
        node: String,
        /// superseded, lost or compromised
        #[arg(long, default_value = "superseded")]
        reason: String,
        /// Where the national key is
        #[command(flatten)]
        national: National,
    },
    /// Somebody else has a key: end it at once, make a new one, tell all partners
    Compromised {
        /// The node key, or the start of it [default: the one in use]
        node: Option<String>,
        /// What it has signed from this time on is not vouched for: a date or RFC 3339
        #[arg(long, value_name = "TIME", conflicts_with = "the_national")]
        since: Option<String>,
        /// It is the national key that is stolen: explain, and let the next one succeed
        #[arg(id = "the_national", long = "national-key", conflicts_with = "node")]
        the_national: bool,
        /// Where the national key is
        #[command(flatten)]
        national: National,
    },
    /// Let the next national key succeed, which only the key that the card announces can
    Succeed {
        /// The new name of the institution or country, in English
        #[arg(long)]
        name: Option<String>,
        /// Where the national keys are
        #[command(flatten)]
        national: National,
    },
}

/// `partner`
#[derive(Debug, Subcommand)]
pub enum Partner {
    /// Accept a partner's card, after comparing its fingerprint over another way
    Add {
        /// The card's file
        file: PathBuf,
        /// The fingerprint was compared; do not ask
        #[arg(long)]
        yes: bool,
    },
    /// All partners
    List,
    /// One partner, with its card
    Show {
        /// Country code or publisher id
        partner: String,
    },
    /// Reach a partner's node now
    Ping {
        /// Country code or publisher id
        partner: String,
    },
    /// Stop talking to a partner for now
    Pause {
        /// Country code or publisher id
        partner: String,
        /// Talk again
        #[arg(long)]
        resume: bool,
    },
    /// Forget a partner's card
    Remove {
        /// Country code or publisher id
        partner: String,
    },
}

/// `submit`, `check`
#[derive(Debug, clap::Args)]
pub struct Submit {
    /// A table as CSV or XLSX with the data structure's column names, or any with a mapping; SDMX-CSV or SDMX-ML data
    pub file: PathBuf,
    /// A mapping file (TOML), the name of a built-in one, or `auto` for the one that the header fits
    #[arg(long, value_name = "FILE|NAME|auto")]
    pub map: Option<String>,
    /// The sheet of a workbook [default: the first that can be seen and has data]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Leave out rows with errors and take the others; what was left out is written down with the submission
    #[arg(long)]
    pub good_part: bool,
    /// Write every finding into this file, and not only those that are shown
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// Where the figures come from, in words
    #[arg(long)]
    pub source: Option<String>,
}

/// `map`
#[derive(Debug, clap::Args)]
pub struct Map {
    /// A table as CSV or XLSX
    pub file: PathBuf,
    /// The sheet of a workbook [default: the first that can be seen and has data]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Write the draft into this file, which must not be there yet, and show the first records
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `release`
#[derive(Debug, clap::Args)]
pub struct Release {
    /// The submission [default: all that wait]
    pub submission: Option<String>,
    /// Why released values change: UPDATE, ERROR or METHOD
    #[arg(long)]
    pub reason: Option<String>,
    /// Print what each partner would get and release nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Under embargo: deliver it now, sealed, and open it everywhere at this moment
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// `retract`
#[derive(Debug, clap::Args)]
pub struct Retract {
    /// The series key: 14 codes with dots
    pub key: String,
    /// The periods [default: all of the series]
    pub periods: Vec<String>,
    /// Why
    #[arg(long)]
    pub reason: String,
}

/// `bundle …`
#[derive(Debug, clap::Subcommand)]
pub enum Bundle {
    /// Write what a partner may read and is not known to hold, with our receipts and the newest heads
    Export {
        /// The partner: country code, publisher id or the start of it
        #[arg(long)]
        to: String,
        /// The file to write
        #[arg(long, short)]
        output: PathBuf,
        /// Also what the partner is known to hold, as for one that has lost its disk
        #[arg(long)]
        all: bool,
    },
    /// Take in what a partner has written for us; the same checks as over a line, and twice changes nothing
    Import {
        /// The file
        file: PathBuf,
    },
}

/// How `get` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for the terminal
    Table,
    /// CSV with every column
    Csv,
    /// One JSON value
    Json,
    /// Columns for DuckDB, Spark, pandas or R
    Parquet,
    /// SDMX-CSV 2.0
    SdmxCsv,
    /// SDMX-CSV 1.0
    SdmxCsv1,
    /// SDMX-ML 2.1, structure-specific
    Xml,
    /// SDMX-ML 2.1, generic
    GenericXml,
    /// SDMX-JSON 2.0
    SdmxJson,
}

/// Whether SDMX-CSV has names beside codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NameColumns {
    /// Codes alone
    Id,
    /// "CODE: Name" in one cell
    Both,
    /// Names in columns of their own; in SDMX-CSV 1.0 as both
    Name,
}

/// How much a message of SDMX tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MessageDetail {
    /// Everything
    Full,
    /// Keys and values
    Dataonly,
    /// The keys of series
    Serieskeysonly,
    /// The keys of series and what is said of them
    Nodata,
}

/// `get`
#[derive(Debug, clap::Args)]
pub struct Get {
    /// MIGPROFILE, or an indicator such as MF_IMM_PREV
    pub flow: String,
    /// An SDMX key; empty parts mean any, + means or: A.ESP+ITA..MF_IMM_PREV
    pub key: Option<String>,
    /// As of this moment: a date or RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with = "history")]
    pub as_of: Option<String>,
    /// Every version
    #[arg(long)]
    pub history: bool,
    /// Only what this country says
    #[arg(long, value_name = "COUNTRY")]
    pub from: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// In SDMX-CSV: names beside codes
    #[arg(long, value_enum, default_value = "id")]
    pub labels: NameColumns,
    /// In SDMX-ML: publisher, entry and citation as annotations of every observation; sdmx1 refuses data with annotations
    #[arg(long)]
    pub annotations: bool,
    /// In SDMX-ML and SDMX-JSON: every observation with its whole key
    #[arg(long)]
    pub flat: bool,
    /// In SDMX formats: how much is told
    #[arg(long, value_enum, default_value = "full")]
    pub detail: MessageDetail,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `export`
#[derive(Debug, clap::Args)]
pub struct Export {
    /// A directory of Parquet files, publisher=PHL/indicator=MS_FBORN/...; again, only what is new is written
    #[arg(long, value_name = "DIR")]
    pub parquet: PathBuf,
    /// Only what everybody may read
    #[arg(long)]
    pub public: bool,
    /// Write everything anew, and remove what was there
    #[arg(long)]
    pub full: bool,
}

/// `cite`
#[derive(Debug, clap::Args)]
pub struct Cite {
    /// MIGPROFILE, or an indicator
    #[arg(required_unless_present = "fork")]
    pub flow: Option<String>,
    /// The series key
    #[arg(required_unless_present = "fork")]
    pub key: Option<String>,
    /// The period
    #[arg(required_unless_present = "fork")]
    pub period: Option<String>,
    /// In place of an observation: the proof that this feed is forked (its publisher, agreement, or both)
    #[arg(long, value_name = "FEED|PUBLISHER", conflicts_with_all = ["flow", "key", "period", "from"])]
    pub fork: Option<String>,
    /// Whose statement [default: the reporter's own]
    #[arg(long, value_name = "COUNTRY")]
    pub from: Option<String>,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `publish-site`
#[derive(Debug, clap::Args)]
pub struct PublishSite {
    /// The folder, which is replaced as a whole; beside it there must be room for another one
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Figures and their evidence alone, without pages
    #[arg(long)]
    pub no_pages: bool,
    /// Put the copy in its place without checking first what was written
    #[arg(long)]
    pub no_verify: bool,
}

/// `verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The citation, or the folder of a published copy
    #[arg(value_name = "FILE|DIR")]
    pub file: PathBuf,
    /// The publisher's card, as it was handed over: citation or copy must be of the same government
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
}

/// `explain`
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code of an indicator, or a dimension or attribute, as AGE, whose codes are listed; none lists the indicators
    pub code: Option<String>,
    /// One language: en, fr or es [default: all three]
    #[arg(long)]
    pub lang: Option<String>,
}

/// `audit`
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// Check every hash and signature of the log
    #[arg(long)]
    pub verify: bool,
}
