//! What can be asked of a node, as it comes from the command line, the control socket and HTTP.

use serde::{Deserialize, Serialize};

use super::acts::ActName;
use super::crisis::CrisisRequest;
use super::reader::Scope;
use super::sign_in::SignInRequest;
use super::site::SiteRequest;
use crate::crypto::Hash;
use crate::feed::AgreementId;

/// A request; in JSON `{"command": "status"}` with the fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Country, feeds, partners and faults.
    Status,
    /// The feeds that are held.
    Feeds,
    /// The nodes that sessions stand with.
    Peers,
    /// Our own card.
    Card,
    /// National key and node keys, their terms, and which is in use.
    KeyList,
    /// What revoking a node key now would leave of our feeds.
    KeyPlaces {
        /// The node key, or the start of it.
        node: String,
        /// Entries that it signed from this time on are not vouched for: RFC 3339 or a date.
        #[serde(default)]
        since: Option<String>,
    },
    /// Take on a card that the national key has signed, and tell every partner.
    CardIssue {
        /// The card's text.
        card: String,
        /// What it is for.
        act: CardAct,
    },
    /// Let the next node key sign from now on.
    KeySwitch,
    /// Which of our nodes writes our feeds, and which follow it.
    StandbyShow,
    /// Take on a card with a mandate for a standby.
    StandbyAdd {
        /// The card's text.
        card: String,
        /// The standby's node key.
        node: String,
    },
    /// Write our feeds from now on, in place of the node that did.
    StandbyTakeOver {
        /// Also while that node is connected.
        #[serde(default)]
        force: bool,
    },
    /// Let a standby write our feeds from now on.
    StandbyHandOver {
        /// Its node key, or the start of it; none: the only one there is.
        #[serde(default)]
        node: Option<String>,
    },
    /// Accept a partner's card; the operator has compared the fingerprint.
    PartnerAdd {
        /// The card's text.
        card: String,
    },
    /// All partners.
    PartnerList,
    /// One partner.
    PartnerShow {
        /// Country code, publisher id or the start of it.
        partner: String,
    },
    /// Entries in one file for a partner between whom and us no line stands.
    BundleExport {
        /// Country code, publisher id or the start of it.
        to: String,
        /// Also what the partner is known to hold.
        #[serde(default)]
        all: bool,
    },
    /// Take in a bundle that a partner has made for us; the file comes with the request.
    BundleImport {
        /// The file's name.
        file: String,
    },
    /// Forget a partner.
    PartnerRemove {
        /// As above.
        partner: String,
    },
    /// Try to reach a partner at once.
    PartnerPing {
        /// As above.
        partner: String,
    },
    /// Stop or resume talking to a partner.
    PartnerPause {
        /// As above.
        partner: String,
        /// `false` to resume.
        paused: bool,
    },
    /// Write down an agreement; nobody is told.
    AgreementDraft(Box<AgreementDraft>),
    /// Sign an agreement and send it to its parties.
    AgreementPropose {
        /// Id, the start of it, or the title.
        agreement: String,
    },
    /// Sign an agreement that was proposed to us.
    AgreementSign {
        /// As above.
        agreement: String,
    },
    /// All agreements.
    AgreementList,
    /// One agreement, whole.
    AgreementShow {
        /// As above.
        agreement: String,
    },
    /// What of our figures would go out under an agreement if it were in force: a row for each indicator.
    AgreementWhatIf {
        /// As above.
        agreement: String,
    },
    /// End an agreement.
    AgreementEnd {
        /// As above.
        agreement: String,
    },
    /// Take in a file of figures, which comes as the payload.
    Submit(SubmitRequest),
    /// What concerns crises; a bulletin's table comes as the payload.
    Crisis(CrisisRequest),
    /// What was submitted.
    Submissions,
    /// Release what was submitted to everyone who may have it.
    Release(ReleaseRequest),
    /// Sign the regional profile of an agreement as an edition.
    RegionSign(RegionSign),
    /// Take released values back.
    Retract {
        /// The series key.
        key: String,
        /// The periods; none for all of the series.
        periods: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Ask the views.
    Get(GetRequest),
    /// The same by series, after a first row that says who answers: [`super::series`].
    Series(GetRequest),
    /// Every version that a directory of files lacks, after a first row that says up to where the feeds are told.
    Export {
        /// Only what everybody may read.
        public: bool,
        /// What the directory has.
        known: Vec<super::export::Told>,
    },
    /// What a copy of what everybody may read is made of.
    Site(SiteRequest),
    /// The views as this scope shows them, to be asked beside the loop. It comes from within the process alone.
    #[serde(skip)]
    Reader(Scope),
    /// Whose token has this hash. It comes from within the process alone.
    #[serde(skip)]
    Admit(Hash),
    /// What concerns signing in to the operator's pages.
    SignIn(SignInRequest),
    /// Make a token that opens our own view over HTTP.
    TokenCreate {
        /// Whose, or what for.
        name: String,
        /// For how many days it holds.
        days: u32,
    },
    /// All tokens, without their secrets.
    TokenList,
    /// End a token.
    TokenRevoke {
        /// Its name, its id or the start of it.
        token: String,
    },
    /// Both ends of a corridor side by side.
    Mirror {
        /// Country of origin.
        origin: String,
        /// Country of destination.
        destination: String,
        /// Indicator of either side; none: the first pair that both sides have.
        indicator: Option<String>,
        /// Only from what everybody may read.
        #[serde(default)]
        public: bool,
    },
    /// What the figures of several governments, or all of one, say together.
    Insight(super::insight::InsightRequest),
    /// The log of acts.
    Audit {
        /// Check every signature and hash of it.
        verify: bool,
    },
    /// One observation with its proof.
    Cite {
        /// The series key.
        key: String,
        /// The period.
        period: String,
        /// Whose; none: the reporter's own.
        from: Option<String>,
    },
    /// The same, from what this scope shows, to be made beside the loop. It comes from within the process alone.
    #[serde(skip)]
    Prove {
        /// The series key.
        key: String,
        /// The period.
        period: String,
        /// Whose: country code or publisher id.
        from: String,
        /// What may be cited.
        scope: Scope,
        /// Only what stands under this agreement; none: the newest statement.
        agreement: Option<AgreementId>,
    },
    /// Entries that came after a place in what this scope shows. It comes from within the process alone.
    #[serde(skip)]
    Changes {
        /// What may be told.
        scope: Scope,
        /// After what; none: from the beginning.
        since: Option<super::changes::Since>,
        /// How many at most.
        limit: usize,
    },
    /// The proof that a publisher signed two entries for one place.
    CiteFork {
        /// The feed, its agreement, or its publisher.
        feed: String,
    },
    /// Which of two entries that we signed for one place stands.
    ForkResolve {
        /// The resolution, signed by the national key, in hexadecimal digits.
        resolution: String,
    },
    /// Go on in own feeds of which no partner has shown what it holds.
    RecoverOverride,
    /// Take back from partners what they hold of our feeds: this directory is an old copy.
    RecoverOldCopy,
    /// Cut damaged feeds at their last good entry.
    Repair,
    /// Which files up to where make a consistent backup.
    Backup,
    /// Fold the derived database again.
    Rebuild,
    /// Check everything that is stored, byte for byte.
    Doctor,
}

/// What a new card of our own is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardAct {
    /// Other addresses.
    Addresses,
    /// A next node key.
    Rotate,
    /// The end of a node key.
    Revoke,
    /// The end of a node key that somebody else may have.
    Compromised,
    /// The next national key.
    Succeed,
}

impl CardAct {
    /// What it is called in the log of acts.
    pub fn name(self) -> ActName {
        match self {
            Self::Addresses => ActName::Card,
            Self::Rotate => ActName::KeyRotate,
            Self::Revoke => ActName::KeyRevoke,
            Self::Compromised => ActName::KeyCompromised,
            Self::Succeed => ActName::KeySucceed,
        }
    }
}

/// A new agreement, or an amendment of one. What is not said of an amendment stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgreementDraft {
    /// What it is called; an amendment has a name by itself.
    pub title: String,
    /// The other parties: country codes or publisher ids, with `=` and a role if they are no mere members.
    pub with: Vec<String>,
    /// Our own role; empty: member.
    pub role: String,
    /// Which indicators: codes, or their beginnings with `*`.
    pub indicators: Vec<String>,
    /// What it may be used for: `CODE`, `CODE: words`, or words alone, which stand for statistics.
    pub purpose: String,
    /// Whether series about other countries than the parties are covered too.
    pub any_counterpart: bool,
    /// To whom it may be handed on: empty or `nobody`, `group`, `public`, or country codes with commas.
    pub onward: String,
    /// How long it may be kept once the agreement is over, in days.
    pub retention_days: u32,
    /// Until when, RFC 3339 or a date.
    pub until: Option<String>,
    /// How fine.
    pub scope: ScopeDraft,
    /// The other clauses.
    pub terms: TermsDraft,
    /// What it amends, if anything.
    pub amends: Option<AmendDraft>,
}

/// How fine an agreement is. What is not said is not limited, but for the sensitivity class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScopeDraft {
    /// Only about these counterparts.
    pub counterparts: Vec<String>,
    /// By sex: `totals`, `all`, or codes with commas.
    pub sex: String,
    /// By age: `totals`, `all`, or codes with commas.
    pub age: String,
    /// Totals only in education, occupation, activity, reason and duration.
    pub totals_only: bool,
    /// By territory: `national`, `admin1` or `any`.
    pub subnational: String,
    /// The first period.
    pub period_from: Option<String>,
    /// The last period.
    pub period_until: Option<String>,
    /// Only these frequencies.
    pub frequencies: Vec<String>,
    /// The highest sensitivity class, `S0` to `S3`; empty: `S1`.
    pub ceiling: String,
    /// Whose statistics; none: those of every party that publishes.
    pub publishers: Vec<String>,
}

/// Clauses that most agreements leave as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TermsDraft {
    /// From when, RFC 3339 or a date; none: from now.
    pub from: Option<String>,
    /// How long it may be kept once it is over, in seconds; stronger than days.
    pub retention_seconds: Option<u32>,
    /// The disclosure rule for all figures.
    pub disclosure_rule: String,
    /// How many signatures put it in force; none: all.
    pub signatures: Option<u32>,
    /// How many signatures declare a crisis; none: there is no crisis lane.
    pub crisis_signatures: Option<u32>,
    /// For how many days a crisis is declared.
    pub crisis_days: u32,
    /// The terms of crisis lanes; none: those of the agreement itself.
    pub crisis: Option<LaneDraft>,
}

/// The terms of the crisis lanes that may be declared under an agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LaneDraft {
    /// Which indicators; none: all of crises.
    pub indicators: Vec<String>,
    /// How fine.
    pub scope: ScopeDraft,
    /// Who may sign a declaration; none: every party that publishes.
    pub activators: Vec<String>,
    /// Who carries in a crisis, beside the agreement's own couriers.
    pub couriers: Vec<String>,
    /// Where counts are held to a weaker rule: `INDICATOR=RULE`.
    pub lowered: Vec<String>,
    /// Whether figures on people in need of protection may go to the government of the country they come from.
    pub protection_to_origin: bool,
    /// How many duty officers must stand behind a bulletin.
    pub officers: Option<u32>,
    /// How long a lane's figures may be kept once it is over, in seconds; none: 90 days.
    pub retention_seconds: Option<u32>,
}

/// What an amendment does to the list of parties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmendDraft {
    /// The agreement that is amended: id, the start of it, or title.
    pub agreement: String,
    /// Who joins, as in `with`.
    pub join: Vec<String>,
    /// Who leaves.
    pub leave: Vec<String>,
}

/// A file of figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// The file's name, for the record.
    pub file: String,
    /// The text of a mapping file; `auto` for the one that the file's header fits.
    #[serde(default)]
    pub mapping: Option<String>,
    /// The sheet of a workbook; if none, the first that can be seen and has data.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Leave out rows with errors, and take the others.
    #[serde(default)]
    pub good_part: bool,
    /// Answer with every finding, as rows of text before the report, and not only with those that a person reads.
    #[serde(default)]
    pub all_findings: bool,
    /// Where the figures come from, in words.
    #[serde(default)]
    pub source: Option<String>,
    /// Only check; keep nothing.
    #[serde(default)]
    pub check_only: bool,
}

/// A release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Which submission; none: all that are not yet released, in their order.
    #[serde(default)]
    pub submission: Option<String>,
    /// Why released values change; must be given when some do.
    #[serde(default)]
    pub reason: Option<String>,
    /// Say what would be released to whom, release nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Deliver it now, sealed, and open it at this moment: RFC 3339 or a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Our word on an edition of a regional profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSign {
    /// Id of the agreement, the start of it, or the title.
    pub agreement: String,
    /// The edition's number, from 1.
    pub edition: u32,
    /// Sign what is computed here now, whatever was signed before under this number.
    #[serde(default)]
    pub anew: bool,
}

/// A question to the views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetRequest {
    /// `MIGPROFILE`, or an indicator's code.
    pub flow: String,
    /// An SDMX key; empty parts mean any.
    #[serde(default)]
    pub key: Option<String>,
    /// As of this moment: RFC 3339 or a date.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Every version.
    #[serde(default)]
    pub history: bool,
    /// Only what this country or publisher says.
    #[serde(default)]
    pub from: Option<String>,
    /// Only what everybody may read.
    #[serde(default)]
    pub public: bool,
    /// Only what comes after this place: [`super::rows::RowPlace`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Who asks, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The user's name or number at the operating system.
    pub who: String,
    /// `terminal`, `socket` or `http`.
    pub from: String,
}

impl Request {
    /// Whether its answer is made from the view, or compared with it.
    pub fn needs_view(&self) -> bool {
        match self {
            Self::Status
            | Self::Feeds
            | Self::BundleExport { .. }
            | Self::BundleImport { .. }
            | Self::Release(_)
            | Self::RegionSign(_)
            | Self::Retract { .. }
            | Self::Get(_)
            | Self::Series(_)
            | Self::Reader(_)
            | Self::AgreementWhatIf { .. }
            | Self::Mirror { .. }
            | Self::Insight(_)
            | Self::Export { .. }
            | Self::Site(_)
            | Self::Prove { .. }
            | Self::Changes { .. }
            | Self::Cite { .. } => true,
            Self::PartnerAdd { .. }
            | Self::PartnerRemove { .. }
            | Self::PartnerPause { .. }
            | Self::PartnerList
            | Self::PartnerShow { .. }
            | Self::PartnerPing { .. }
            | Self::AgreementDraft(_)
            | Self::AgreementPropose { .. }
            | Self::AgreementSign { .. }
            | Self::AgreementEnd { .. }
            | Self::AgreementList
            | Self::AgreementShow { .. }
            | Self::Submit(_)
            | Self::Crisis(_)
            | Self::Submissions
            | Self::Peers
            | Self::Card
            | Self::Admit(_)
            | Self::SignIn(_)
            | Self::TokenCreate { .. }
            | Self::TokenList
            | Self::TokenRevoke { .. }
            | Self::KeyList
            | Self::KeyPlaces { .. }
            | Self::CardIssue { .. }
            | Self::KeySwitch
            | Self::StandbyShow
            | Self::StandbyAdd { .. }
            | Self::StandbyTakeOver { .. }
            | Self::StandbyHandOver { .. }
            | Self::Audit { .. }
            | Self::CiteFork { .. }
            | Self::ForkResolve { .. }
            | Self::RecoverOverride
            | Self::RecoverOldCopy
            | Self::Repair
            | Self::Backup
            | Self::Rebuild
            | Self::Doctor => false,
        }
    }

    /// Whether it mends or takes over this node alone, which a standby may do too.
    pub fn is_upkeep(&self) -> bool {
        matches!(self, Self::Repair | Self::Rebuild | Self::StandbyTakeOver { .. })
    }

    /// What it is called in the log of acts; `None` for questions, which change nothing.
    pub fn act(&self) -> Option<ActName> {
        match self {
            Self::PartnerAdd { .. } => Some(ActName::PartnerAdd),
            Self::PartnerRemove { .. } => Some(ActName::PartnerRemove),
            Self::PartnerPause { .. } => Some(ActName::PartnerPause),
            Self::AgreementDraft(_) => Some(ActName::AgreementDraft),
            Self::AgreementPropose { .. } => Some(ActName::AgreementPropose),
            Self::AgreementSign { .. } => Some(ActName::AgreementSign),
            Self::AgreementEnd { .. } => Some(ActName::AgreementEnd),
            Self::Submit(submit) => (!submit.check_only).then_some(ActName::Submit),
            Self::Release(release) => (!release.dry_run).then_some(ActName::Release),
            Self::Crisis(crisis) => crisis.act(),
            Self::Site(site) => site.act(),
            Self::RegionSign(_) => Some(ActName::RegionSign),
            Self::Retract { .. } => Some(ActName::Retract),
            Self::Rebuild => Some(ActName::Rebuild),
            Self::TokenCreate { .. } => Some(ActName::TokenCreate),
            Self::TokenRevoke { .. } => Some(ActName::TokenRevoke),
            Self::CardIssue { act, .. } => Some(act.name()),
            Self::KeySwitch => Some(ActName::KeySwitch),
            Self::StandbyAdd { .. } => Some(ActName::StandbyAdd),
            Self::StandbyTakeOver { .. } => Some(ActName::StandbyTakeOver),
            Self::StandbyHandOver { .. } => Some(ActName::StandbyHandOver),
            Self::ForkResolve { .. } => Some(ActName::ForkResolve),
            Self::RecoverOverride => Some(ActName::RecoverOverride),
            Self::RecoverOldCopy => Some(ActName::RecoverOldCopy),
            Self::Repair => Some(ActName::DoctorRepair),
            Self::Backup => Some(ActName::Backup),
            Self::BundleExport { .. } => Some(ActName::BundleExport),
            Self::BundleImport { .. } => Some(ActName::BundleImport),
            Self::Status
            | Self::Feeds
            | Self::Peers
            | Self::Card
            | Self::KeyList
            | Self::StandbyShow
            | Self::Admit(_)
            // It writes its own acts: strangers who try codes must not fill the log.
            | Self::SignIn(_)
            | Self::TokenList
            | Self::KeyPlaces { .. }
            | Self::PartnerList
            | Self::PartnerShow { .. }
            | Self::PartnerPing { .. }
            | Self::AgreementList
            | Self::AgreementShow { .. }
            | Self::AgreementWhatIf { .. }
            | Self::Submissions
            | Self::Get(_)
            | Self::Series(_)
            | Self::Reader(_)
            | Self::Mirror { .. }
            | Self::Insight(_)
            | Self::Audit { .. }
            | Self::Cite { .. }
            | Self::Export { .. }
            | Self::Prove { .. }
            | Self::Changes { .. }
            | Self::CiteFork { .. }
            | Self::Doctor => None,
        }
    }
}
