//! What can be asked of crises.

use crate::node::acts::ActName;
use serde::{Deserialize, Serialize};

/// A request about crises; in JSON `{"command": "crisis", "crisis": "list"}` with the fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "crisis", rename_all = "snake_case", deny_unknown_fields)]
pub enum CrisisRequest {
    /// Declare a lane under an agreement.
    Declare(DeclareRequest),
    /// Sign a declaration.
    Join {
        /// The lane: name, id, the start of it, or title.
        lane: String,
    },
    /// All lanes.
    List,
    /// Take in a bulletin, which comes as the payload.
    Report(ReportRequest),
    /// Stand behind a bulletin that waits for a duty officer.
    Approve {
        /// As above; none: the only one in force.
        #[serde(default)]
        lane: Option<String>,
        /// The bulletin's id.
        bulletin: String,
    },
    /// The common picture.
    Show {
        /// As above.
        #[serde(default)]
        lane: Option<String>,
    },
    /// What one figure of the picture rests on: bulletins, and how much of it each adds.
    Rests {
        /// As above.
        #[serde(default)]
        lane: Option<String>,
        /// Which: `totals/crossed`, `origins/PHL/known`, see [`crate::insight::crisis::Name`].
        figure: String,
    },
    /// What a bulletin states now, and the entries that say so.
    Bulletin {
        /// As above.
        #[serde(default)]
        lane: Option<String>,
        /// Whose: country code.
        publisher: String,
        /// The bulletin's id.
        bulletin: String,
    },
    /// End a lane.
    End {
        /// As above.
        lane: String,
        /// What was learnt, for all members.
        #[serde(default)]
        lessons: Option<String>,
    },
}

/// A declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclareRequest {
    /// The agreement with the clause: id, the start of it, or title; none: the only one that lets us declare.
    #[serde(default)]
    pub agreement: Option<String>,
    /// What the lane is called; none: the next number.
    #[serde(default)]
    pub name: Option<String>,
    /// The code of the area.
    pub area: String,
    /// For how many days; none: as many as the clause allows.
    #[serde(default)]
    pub days: Option<u32>,
    /// Whether it is an exercise.
    #[serde(default)]
    pub drill: bool,
}

/// A bulletin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// The lane: name, id, the start of it, or title; none: the only one in force.
    #[serde(default)]
    pub lane: Option<String>,
    /// The file's name, for the record.
    pub file: String,
    /// The bulletin's id; none: our country and the next number.
    #[serde(default)]
    pub bulletin: Option<String>,
    /// When it was observed: RFC 3339.
    pub observed: String,
    /// Where, in words.
    #[serde(default)]
    pub place: String,
    /// Whether the place is one that this government has not named before: a place, and no person.
    #[serde(default)]
    pub new_place: bool,
    /// Why it corrects the bulletin of this id; none if it is a new one.
    #[serde(default)]
    pub correction: Option<String>,
}

/// What stands for the name of a file where figures were said at the command line.
pub const SAID: &str = "figures said at the command line";

impl CrisisRequest {
    /// What it is called in the log of acts; `None` for questions.
    pub fn act(&self) -> Option<ActName> {
        match self {
            Self::Declare(_) => Some(ActName::CrisisDeclare),
            Self::Join { .. } => Some(ActName::CrisisJoin),
            Self::Report(_) => Some(ActName::CrisisReport),
            Self::Approve { .. } => Some(ActName::CrisisApprove),
            Self::End { .. } => Some(ActName::CrisisEnd),
            Self::List | Self::Show { .. } | Self::Rests { .. } | Self::Bulletin { .. } => None,
        }
    }
}
