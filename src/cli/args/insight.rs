//! The words of `mirror`, `region`, `quality`, `labour`, `diaspora` and `watch`.

/// `mirror`
#[derive(Debug, clap::Args)]
pub struct Mirror {
    /// Country of origin
    #[arg(required_unless_present = "widest")]
    pub origin: Option<String>,
    /// Country of destination
    #[arg(required_unless_present = "widest")]
    pub destination: Option<String>,
    /// Indicator of either side [default: the first pair that both have]
    pub indicator: Option<String>,
    /// In place of one corridor: those whose two ends lie furthest apart for this indicator
    #[arg(long, value_name = "INDICATOR", conflicts_with_all = ["origin", "destination", "indicator"])]
    pub widest: Option<String>,
    /// How many of them
    #[arg(long, value_name = "N", default_value_t = 20, requires = "widest")]
    pub limit: usize,
}

/// `region`
#[derive(Debug, clap::Args)]
pub struct Region {
    /// The agreement: its title, id or the start of it; public for what everybody may read
    pub agreement: String,
    /// Only this indicator
    pub indicator: Option<String>,
    /// The matrix of this period [default: the newest]
    #[arg(long)]
    pub period: Option<String>,
    /// Under public: these countries, whether they report or not
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    pub members: Vec<String>,
    /// Sign what is computed here as this edition; of one that others have signed, what most of them signed, if it is
    /// computed here too
    #[arg(long, value_name = "EDITION", value_parser = clap::value_parser!(u32).range(1..),
          conflicts_with_all = ["members", "indicator", "period"])]
    pub sign: Option<u32>,
    /// With --sign: what is computed here now, in place of what was signed before under that number
    #[arg(long, requires = "sign")]
    pub anew: bool,
}

/// `quality`
#[derive(Debug, clap::Args)]
pub struct Quality {
    /// Whose: country code or publisher id [default: everybody's, in short]
    pub country: Option<String>,
    /// Each series of this indicator
    #[arg(requires = "country")]
    pub indicator: Option<String>,
}

/// `labour`
#[derive(Debug, clap::Args)]
pub struct Labour {
    /// Where workers would come from
    pub origin: String,
    /// Where they would work
    pub destination: String,
}

/// `diaspora`
#[derive(Debug, clap::Args)]
pub struct Diaspora {
    /// Whose citizens
    pub country: String,
}

/// `watch`
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub every: u64,
    /// End after so many looks [default: when it is stopped]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub looks: Option<u64>,
}
