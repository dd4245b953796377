//! The words of `agreement …`.

use clap::Subcommand;

/// `agreement`
#[derive(Debug, Subcommand)]
pub enum Agreement {
    /// Write an agreement down; nobody is told
    ///
    /// Unless it is narrowed, a draft covers what its indicators have about movements between the parties, up to
    /// sensitivity class S1, for as long as it binds.
    Draft(Box<Draft>),
    /// Write an amendment down: the agreement as it is, with other parties or clauses
    ///
    /// Once it is in force the amended agreement is over. Who is not named any more has left: it reads nothing new, and
    /// keeps what it has until the retention ends.
    Amend(Box<Amend>),
    /// Sign an agreement and send it to its parties
    Propose {
        /// Id, the start of it, or the title
        agreement: String,
    },
    /// Sign an agreement that was proposed; in force once as many have as it asks for
    Sign {
        /// Id, the start of it, or the title
        agreement: String,
    },
    /// All agreements
    List,
    /// One agreement, whole, in plain words
    Show(Show),
    /// Leave an agreement; it is over once fewer parties are left than it needs
    ///
    /// Nothing more is shared under it from now on, and recipients keep what they have until the retention ends.
    End {
        /// Id, the start of it, or the title
        agreement: String,
    },
}

/// `agreement show`
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Id, the start of it, or the title
    pub agreement: String,
    /// What of our figures its readers may see today, or would if it were in force; and why not the rest
    #[arg(long)]
    pub what_if: bool,
    /// One language: en, fr or es [default: those of the parties' cards]
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<String>,
}

/// `agreement draft`
#[derive(Debug, clap::Args)]
pub struct Draft {
    /// What it is called
    #[arg(long)]
    pub title: String,
    /// A party, by country code, with =ROLE if it is no mere member: origin, destination, observer (reads only) or
    /// courier (carries what it cannot read); may be repeated
    #[arg(long, required = true, value_name = "CODE[=ROLE]")]
    pub with: Vec<String>,
    /// Our own role
    #[arg(long, default_value = "member")]
    pub role: String,
    /// The indicators that may be shared, or their beginnings as "MF_*"; may be repeated
    #[arg(long = "indicator", value_name = "CODE", required = true)]
    pub indicators: Vec<String>,
    /// What they may be used for: POLICY, STAT, PROTECT, PLAN or RESEARCH, alone or as "PLAN: in words"; words alone
    /// stand for STAT
    #[arg(long)]
    pub purpose: String,
    /// The other clauses.
    #[command(flatten)]
    pub clauses: Clauses,
}

/// `agreement amend`
#[derive(Debug, clap::Args)]
pub struct Amend {
    /// Id, the start of it, or the title
    pub agreement: String,
    /// What it is called [default: the earlier title with a number]
    #[arg(long)]
    pub title: Option<String>,
    /// Who joins, as in draft --with; may be repeated
    #[arg(long, value_name = "CODE[=ROLE]")]
    pub join: Vec<String>,
    /// Who leaves; may be repeated
    #[arg(long, value_name = "CODE")]
    pub leave: Vec<String>,
    /// The indicators that may be shared from now on, instead of the earlier ones; may be repeated
    #[arg(long = "indicator", value_name = "CODE")]
    pub indicators: Vec<String>,
    /// What they may be used for, as in draft
    #[arg(long)]
    pub purpose: Option<String>,
    /// The other clauses.
    #[command(flatten)]
    pub clauses: Clauses,
}

/// Clauses of a draft and of an amendment.
#[derive(Debug, clap::Args)]
pub struct Clauses {
    /// Also figures about other countries than the parties
    #[arg(long, conflicts_with = "counterparts")]
    pub any_counterpart: bool,
    /// Only figures about this country or area; may be repeated
    #[arg(long = "counterpart", value_name = "CODE")]
    pub counterparts: Vec<String>,
    /// Only statistics of this party; may be repeated
    #[arg(long = "publisher", value_name = "CODE")]
    pub publishers: Vec<String>,
    /// How fine by sex: totals, all, or codes with commas
    #[arg(long, value_name = "DETAIL")]
    pub sex: Option<String>,
    /// How fine by age: totals, all, or codes with commas, such as Y0T17
    #[arg(long, value_name = "DETAIL")]
    pub age: Option<String>,
    /// Totals only in education, occupation, activity, reason and duration
    #[arg(long)]
    pub totals_only: bool,
    /// How fine by territory: national, admin1, or any (parts of the counterpart's too)
    #[arg(long, value_name = "LEVEL")]
    pub subnational: Option<String>,
    /// The first period, such as 2010 or 2010-Q1
    #[arg(long, value_name = "PERIOD")]
    pub period_from: Option<String>,
    /// The last period
    #[arg(long, value_name = "PERIOD")]
    pub period_until: Option<String>,
    /// Only figures of this frequency, such as A or M; may be repeated
    #[arg(long = "frequency", value_name = "CODE")]
    pub frequencies: Vec<String>,
    /// The highest sensitivity class: S0, S1, S2 or S3 [default: S1]
    #[arg(long, value_name = "CLASS")]
    pub ceiling: Option<String>,
    /// To whom they may be handed on: nobody, group (who joins later), public, or country codes with commas [default:
    /// nobody]
    #[arg(long)]
    pub onward: Option<String>,
    /// How many days recipients may keep them once it is over; 0: as long as they are needed [default: 0, or 180 for
    /// S2 and S3]
    #[arg(long, value_name = "DAYS", default_value_t = 0, hide_default_value = true)]
    pub retention_days: u32,
    /// The same in seconds, for exercises
    #[arg(long, value_name = "SECONDS", conflicts_with = "retention_days")]
    pub retention_seconds: Option<u32>,
    /// The disclosure rule for all figures: D0, DN, D5 or D11 [default: each indicator's own]
    #[arg(long, value_name = "RULE")]
    pub disclosure_rule: Option<String>,
    /// How many signatures put it in force [default: those of all parties]
    #[arg(long, value_name = "NUMBER")]
    pub signatures: Option<u32>,
    /// A crisis may be declared by so many signatures
    #[arg(long, value_name = "NUMBER", requires = "crisis_days")]
    pub crisis_signatures: Option<u32>,
    /// For how many days a crisis is declared
    #[arg(long, value_name = "DAYS", requires = "crisis_signatures")]
    pub crisis_days: Option<u32>,
    /// The terms of crisis lanes
    #[command(flatten)]
    pub crisis: LaneTerms,
    /// The first moment, as a date or RFC 3339 [default: now]
    #[arg(long)]
    pub from: Option<String>,
    /// The last moment, as a date or RFC 3339
    #[arg(long)]
    pub until: Option<String>,
}

/// The terms of the crisis lanes that may be declared; without any of them a lane has the agreement's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct LaneTerms {
    /// An indicator that crisis lanes open, or the beginning of some with * after it; may be repeated [default: CR_*]
    #[arg(long = "crisis-indicator", value_name = "CODE", requires = "crisis_signatures")]
    pub crisis_indicators: Vec<String>,
    /// How fine crisis lanes are by territory: national, admin1 or any [default: any]
    #[arg(long, value_name = "LEVEL", requires = "crisis_signatures")]
    pub crisis_subnational: Option<String>,
    /// The highest sensitivity class in crisis lanes [default: S2]
    #[arg(long, value_name = "CLASS", requires = "crisis_signatures")]
    pub crisis_ceiling: Option<String>,
    /// Who may sign a declaration; may be repeated [default: every party that publishes]
    #[arg(long = "crisis-activator", value_name = "CODE", requires = "crisis_signatures")]
    pub crisis_activators: Vec<String>,
    /// Who carries in a crisis, beside the agreement's couriers; may be repeated
    #[arg(long = "crisis-courier", value_name = "CODE", requires = "crisis_signatures")]
    pub crisis_couriers: Vec<String>,
    /// Where counts are held to a weaker rule, such as CR_NATREG=D0; may be repeated
    #[arg(long = "crisis-lower", value_name = "CODE=RULE", requires = "crisis_signatures")]
    pub crisis_lowered: Vec<String>,
    /// Let figures on people in need of protection go to the government of the country they come from
    #[arg(long, requires = "crisis_signatures")]
    pub crisis_protection_to_origin: bool,
    /// How many duty officers must stand behind a bulletin [default: 1]
    #[arg(long, value_name = "NUMBER", requires = "crisis_signatures")]
    pub crisis_officers: Option<u32>,
    /// How long a lane's figures may be kept once it is over, in seconds [default: 90 days]
    #[arg(long, value_name = "SECONDS", requires = "crisis_signatures")]
    pub crisis_retention_seconds: Option<u32>,
}
