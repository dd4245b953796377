//! The operator's pages there are, and what each asks the node.

use crate::node::Request;
use crate::node::crisis::CrisisRequest;

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
    /// The log of acts.
    Audit,
    /// Keys, standby, counters.
    Health,
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
            Self::Crises | Self::Crisis(_) => "crises",
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
        for path in
            ["x", "partners/a/b", "agreements/..", "agreements/a%20b", &format!("crises/{}", "a".repeat(65))]
        {
            assert_eq!(Section::parse(path), None, "{path}");
        }
    }
}
