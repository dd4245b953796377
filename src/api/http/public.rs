//! What everybody may read of a node's status: a list of what is shown, so that what is new stays hidden.
//!
//! Feeds under other agreements than the public one are left out, with their names, numbers and existence. They are
//! known by the agreement's id: its name is chosen by whoever drafts it. Of a fault only the time is shown: its text
//! is for the operator and may name anything. Addresses go out with our card and nowhere else.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::feed::AgreementId;

/// The public part of the status.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct Status {
    pub(super) country: String,
    pub(super) name: Option<String>,
    pub(super) network: String,
    pub(super) publisher_id: String,
    pub(super) fingerprint: String,
    pub(super) node_id: Option<String>,
    pub(super) state: String,
    pub(super) feeds: Vec<Feed>,
    pub(super) partners: Vec<Partner>,
    pub(super) faults: Vec<Fault>,
}

/// A feed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusFeed)]
pub(super) struct Feed {
    pub(super) publisher: String,
    pub(super) country: Option<String>,
    pub(super) agreement: String,
    pub(super) head_seq: u64,
    pub(super) head_hash: String,
    pub(super) observations: u64,
}

/// A partner. How many entries it has of us is a count of what agreements opened to it, and not for everybody.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusPartner)]
pub(super) struct Partner {
    pub(super) country: Option<String>,
    pub(super) publisher_id: String,
    pub(super) connected: bool,
}

/// That something went wrong, and when, as far as that is known.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusFault)]
pub(super) struct Fault {
    #[schema(value_type = Option<String>)]
    pub(super) time: Option<Value>,
}

impl Status {
    /// The public part of what the node answered.
    ///
    /// # Errors
    /// When the answer lacks a field that every node has.
    pub(super) fn new(status: Value) -> Result<Self, serde_json::Error> {
        let mut public: Self = serde_json::from_value(status)?;
        let agreement = AgreementId::public().to_hex();
        public.feeds.retain(|feed| feed.agreement == agreement);
        Ok(public)
    }
}
