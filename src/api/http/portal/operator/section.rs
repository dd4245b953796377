//! The operator's pages there are, and what each asks the node.

use crate::feed::AgreementId;
use crate::model::{Period, SeriesKey};
use crate::node::crisis::CrisisRequest;
use crate::node::{Request, Scope};

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// How the node does.
    Overview,
    /// Partners, and the lines to them.
    Partners,
    /// One partner.
    Partner(String),
    /// Agreements.
    Agreements,
    /// One agreement, and what it lets out.
    Agreement(String),
    /// What each partner has acknowledged.
    Deliveries,
    /// What ministries put in, and what the checks found.
    Submissions,
    /// What went wrong, and what to do.
    Faults,
    /// Crisis lanes.
    Crises,
    /// One lane.
    Crisis(String),
    /// What a figure of a lane rests on: the lane, the figure.
    Rests(String, String),
    /// A bulletin: its lane, its publisher's country, its id.
    Bulletin(String, String, String),
    /// The proof of what was stated in a lane.
    Proof(Stated),
    /// The log of acts.
    Audit,
    /// Keys, standby, counters.
    Health,
}

/// A statement in a lane: by whom, of which series and period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stated {
    /// The lane.
    pub(super) lane: AgreementId,
    /// The publisher's country.
    pub(super) country: String,
    /// The series.
    pub(super) key: SeriesKey,
    /// The period.
    pub(super) period: Period,
}

/// The longest name of something in an address, in bytes.
const MAX_NAME: usize = 64;

impl Section {
    /// Those that stand in the menu.
    pub(super) const MENU: [Self; 9] = [
        Self::Overview,
        Self::Partners,
        Self::Agreements,
        Self::Deliveries,
        Self::Submissions,
        Self::Faults,
        Self::Crises,
        Self::Audit,
        Self::Health,
    ];

    /// The page of a path behind `/operator/`.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let is_name = |name: &&str| {
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        match steps.as_slice() {
            [] => Some(Self::Overview),
            ["partners"] => Some(Self::Partners),
            ["partners", id] if is_name(id) => Some(Self::Partner((*id).to_owned())),
            ["agreements"] => Some(Self::Agreements),
            ["agreements", id] if is_name(id) => Some(Self::Agreement((*id).to_owned())),
            ["deliveries"] => Some(Self::Deliveries),
            ["submissions"] => Some(Self::Submissions),
            ["faults"] => Some(Self::Faults),
            ["crises"] => Some(Self::Crises),
            ["crises", id] if is_name(id) => Some(Self::Crisis((*id).to_owned())),
            ["crises", lane, "rests", figure @ ..] if is_name(lane) && !figure.is_empty() => {
                Some(Self::Rests((*lane).to_owned(), figure.join("/")))
            }
            ["crises", lane, "bulletins", publisher, id @ ..] if is_name(lane) && !id.is_empty() => {
                Some(Self::Bulletin((*lane).to_owned(), (*publisher).to_owned(), id.join("/")))
            }
            ["crises", lane, "proof", country, key, period] if is_name(country) => {
                Some(Self::Proof(Stated {
                    lane: AgreementId::from_hex(lane)?,
                    country: (*country).to_owned(),
                    key: SeriesKey::parse(key).ok()?,
                    period: Period::parse(period).ok()?,
                }))
            }
            ["audit"] => Some(Self::Audit),
            ["health"] => Some(Self::Health),
            _ => None,
        }
    }

    /// Its path behind the language.
    pub(super) fn path(&self) -> String {
        let rest = match self {
            Self::Overview => return "operator".to_owned(),
            Self::Partner(id) => format!("partners/{id}"),
            Self::Agreement(id) => format!("agreements/{id}"),
            Self::Crisis(id) => format!("crises/{id}"),
            Self::Rests(lane, figure) => format!("crises/{lane}/rests/{figure}"),
            Self::Bulletin(lane, publisher, id) => format!("crises/{lane}/bulletins/{publisher}/{id}"),
            Self::Proof(Stated { lane, country, key, period }) => {
                format!("crises/{}/proof/{country}/{}/{period}", lane.to_hex(), key.as_str())
            }
            other => other.word().to_owned(),
        };
        format!("operator/{rest}")
    }

    /// The word for it in paths and messages; one thing has that of its list.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Partners | Self::Partner(_) => "partners",
            Self::Agreements | Self::Agreement(_) => "agreements",
            Self::Deliveries => "deliveries",
            Self::Submissions => "submissions",
            Self::Faults => "faults",
            Self::Crises | Self::Crisis(_) | Self::Rests(..) | Self::Bulletin(..) | Self::Proof(_) => {
                "crises"
            }
            Self::Audit => "audit",
            Self::Health => "health",
        }
    }

    /// After how many seconds a page asks for itself again where there is script; `None` for one that waits for its
    /// reader.
    pub(super) fn again(&self) -> Option<u32> {
        matches!(self, Self::Crises | Self::Crisis(_)).then_some(30)
    }

    /// What it asks: questions only, and of these only what the command line asks too.
    pub(super) fn requests(&self) -> Vec<Request> {
        match self {
            Self::Overview => vec![Request::Status],
            Self::Partners => vec![Request::Status, Request::PartnerList, Request::Peers],
            Self::Partner(id) => vec![Request::PartnerShow { partner: id.clone() }],
            Self::Agreements => vec![Request::AgreementList],
            Self::Agreement(id) => vec![
                Request::AgreementShow { agreement: id.clone() },
                Request::AgreementWhatIf { agreement: id.clone() },
            ],
            Self::Deliveries => vec![Request::Status],
            Self::Submissions => vec![Request::Submissions, Request::Audit { verify: false }],
            Self::Faults => vec![Request::Status, Request::Audit { verify: false }, Request::Feeds],
            Self::Crises => vec![Request::Crisis(CrisisRequest::List)],
            Self::Crisis(id) => vec![Request::Crisis(CrisisRequest::Show { lane: Some(id.clone()) })],
            Self::Rests(lane, figure) => {
                let (lane, figure) = (Some(lane.clone()), figure.clone());
                vec![Request::Crisis(CrisisRequest::Rests { lane, figure })]
            }
            Self::Bulletin(lane, publisher, id) => {
                let (publisher, bulletin) = (publisher.clone(), id.clone());
                vec![Request::Crisis(CrisisRequest::Bulletin {
                    lane: Some(lane.clone()),
                    publisher,
                    bulletin,
                })]
            }
            Self::Proof(stated) => vec![Request::Prove {
                key: stated.key.as_str().to_owned(),
                period: stated.period.to_string(),
                from: stated.country.clone(),
                scope: Scope::Government,
                agreement: Some(stated.lane),
            }],
            Self::Audit => vec![Request::Audit { verify: false }],
            Self::Health => vec![Request::Status, Request::KeyList, Request::StandbyShow],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_path_and_asks_questions_only() {
        let some = [
            Section::Partner("ab12".into()),
            Section::Agreement("cd34".into()),
            Section::Crisis("ef".into()),
            Section::Rests("ef".into(), "places/TUN/C:LY-01/crossed".into()),
            Section::Bulletin("ef".into(), "TUN".into(), "convoy/7_a".into()),
            Section::Proof(Stated {
                lane: AgreementId::from_hex(&"0a".repeat(32)).unwrap(),
                country: "TUN".into(),
                key: SeriesKey::parse("H.TUN.PHL.CR_BORDER.CIT._T._T._T._T._T._T._T.TN-82.PS").unwrap(),
                period: Period::parse("2011-03-02T04:00:00").unwrap(),
            }),
        ];
        for section in Section::MENU.into_iter().chain(some) {
            let path = section.path();
            let rest = path.strip_prefix("operator").unwrap().trim_start_matches('/');
            assert_eq!(Section::parse(rest).as_ref(), Some(&section), "{path}");
            assert!(!section.requests().is_empty());
            for request in section.requests() {
                assert_eq!(request.act(), None, "{request:?}");
            }
        }
        for path in [
            "crises/ef/rests",
            "crises/ef/proof/TUN/no.key/2011",
            "x",
            "partners/a/b",
            "agreements/..",
            "agreements/a%20b",
            &format!("crises/{}", "a".repeat(65)),
        ] {
            assert_eq!(Section::parse(path), None, "{path}");
        }
    }
}
