//! The words of `crisis`.

use std::path::PathBuf;

use clap::Subcommand;

/// `crisis`
#[derive(Debug, Subcommand)]
pub enum Crisis {
    /// Open a crisis lane under an agreement with a crisis clause
    Declare(Declare),
    /// Sign a declaration that another country has made
    Join {
        /// The lane: name, id, the start of it, or title
        lane: String,
    },
    /// All crisis lanes, whether in force, waiting for a signature or over
    List,
    /// Send a bulletin: a small table, or figures said here
    Report(Report),
    /// Stand behind a bulletin that waits for a duty officer
    Approve {
        /// The bulletin's id
        bulletin: String,
        /// The lane [default: the one in force]
        #[arg(long)]
        lane: Option<String>,
    },
    /// The common picture: known, present, crossed, home, unaccounted; what it rests on and how old it is
    Show {
        /// The lane [default: the one in force]
        lane: Option<String>,
        /// As a table for other programs: csv
        #[arg(long, value_name = "FORMAT", value_parser = ["csv"])]
        format: Option<String>,
        /// What one figure rests on, such as totals/crossed, origins/PHL/known or places/TUN/TN-82/crossed
        #[arg(long, value_name = "FIGURE", conflicts_with = "format")]
        figure: Option<String>,
        /// What a bulletin states and in which entries, such as TUN/TUN-4
        #[arg(long, value_name = "COUNTRY/ID", conflicts_with_all = ["format", "figure"])]
        bulletin: Option<String>,
    },
    /// End a crisis lane; its detail is erased after its retention, the summary stays
    End {
        /// The lane
        lane: String,
        /// What was learnt, told to every member; also later
        #[arg(long, value_name = "TEXT")]
        lessons: Option<String>,
    },
    /// Rehearse: declare an exercise, report, look at the picture and end it
    Drill(Drill),
}

/// `crisis declare`
#[derive(Debug, clap::Args)]
pub struct Declare {
    /// The agreement: id, the start of it, or title [default: the only one with a crisis clause]
    pub agreement: Option<String>,
    /// Where the crisis is: ISO 3166-1 alpha-3 code
    #[arg(long, value_name = "CODE")]
    pub area: String,
    /// What the lane is called [default: LC- and the next number]
    #[arg(long)]
    pub name: Option<String>,
    /// For how many days [default: as many as the clause allows]
    #[arg(long)]
    pub days: Option<u32>,
    /// It is an exercise: everything that shows it says so
    #[arg(long)]
    pub drill: bool,
}

/// `crisis report`
#[derive(Debug, clap::Args)]
pub struct Report {
    /// A CSV table: at least INDICATOR, COUNTERPART_AREA and OBS_VALUE
    #[arg(required_unless_present = "set", conflicts_with = "set")]
    pub file: Option<PathBuf>,
    /// A figure, such as CR_BORDER:XOB=120, with place and need: CR_NEED:XOB:XA-01:STRAND=40; may be repeated
    #[arg(long, value_name = "FIGURE")]
    pub set: Vec<String>,
    /// The lane [default: the one in force]
    #[arg(long)]
    pub lane: Option<String>,
    /// The bulletin's id; who reports the same movement gives the same [default: the country and the next number]
    #[arg(long, value_name = "ID", conflicts_with = "corrects")]
    pub bulletin: Option<String>,
    /// When it was observed, RFC 3339 [default: now; for a correction, when what it corrects was]
    #[arg(long, value_name = "TIME")]
    pub observed: Option<String>,
    /// Where it was observed: a code such as TN-82, or a place of crisis.places in the configuration or named before
    #[arg(long, default_value = "", hide_default_value = true)]
    pub place: String,
    /// The place is one that was not named before, and no person
    #[arg(long)]
    pub new_place: bool,
    /// The bulletin that it corrects
    #[arg(long, value_name = "ID", requires = "reason")]
    pub corrects: Option<String>,
    /// Why, in words
    #[arg(long, requires = "corrects")]
    pub reason: Option<String>,
}

/// `crisis drill`
#[derive(Debug, clap::Args)]
pub struct Drill {
    /// The agreement [default: the only one with a crisis clause]
    pub agreement: Option<String>,
    /// Where the exercise pretends that a crisis is
    #[arg(long, value_name = "CODE")]
    pub area: String,
    /// For how many seconds to wait for the others at most
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub wait: u64,
}
