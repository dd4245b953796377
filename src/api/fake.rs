//! A node for tests: answers from a script and remembers who asked what.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::Node;
use crate::feed::AgreementId;
use crate::node::crisis::CrisisRequest;
use crate::node::engine::Rows;
use crate::node::metrics::{Kind, Metric};
use crate::node::{Answer, Caller, NodeError, Payload, Pending, Request, tokens};

/// The node.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) network: &'static str,
    pub(crate) not_ready: Option<&'static str>,
    /// Never answers.
    pub(crate) hangs: bool,
    /// Refuses everything without looking at the payload.
    pub(crate) reads_nothing: bool,
    pub(crate) asked: Arc<Mutex<Vec<(Request, u64, Caller)>>>,
    /// Rows that were made, of however many were wanted.
    pub(crate) made: Arc<Mutex<u32>>,
    pub(crate) news: Arc<watch::Sender<u64>>,
}

/// How many rows `Feeds` has: more than fit into what is buffered on the way.
pub(crate) const ROWS: u32 = 200_000;

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            network: "main",
            not_ready: None,
            hangs: false,
            reads_nothing: false,
            asked: Arc::default(),
            made: Arc::default(),
            news: Arc::default(),
        }
    }

    fn rows(&self) -> Rows {
        let made = Arc::clone(&self.made);
        Rows::new(move |each| {
            for number in 0..ROWS {
                *made.lock().unwrap() += 1;
                if !each(&json!({ "number": number }).to_string()) {
                    return Ok(());
                }
            }
            Ok(())
        })
    }
}

impl Node for Fake {
    async fn send(
        &self,
        request: Request,
        mut payload: Payload,
        caller: Caller,
    ) -> Result<Pending, NodeError> {
        if self.reads_nothing {
            drop(payload);
            return Err(NodeError::Refused("not this file".to_owned()));
        }
        let read = tokio::task::spawn_blocking(move || io::copy(&mut payload, &mut io::sink()));
        let read = read.await.unwrap().map_err(NodeError::Payload)?;
        self.asked.lock().unwrap().push((request.clone(), read, caller));
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(Pending::ready(match request {
            Request::Status => Ok(Answer::Value(status(self.network))),
            Request::Admit(token) if Some(token) == tokens::hash_of(&token_text()) => {
                Ok(Answer::Value(json!({ "name": "portal" })))
            }
            Request::Card => Ok(Answer::Value(json!({ "card": "text" }))),
            Request::Feeds => Ok(Answer::Rows(self.rows())),
            Request::Peers => Ok(Answer::Rows(Rows::new(|each| {
                each("1");
                Err(NodeError::NotFound("row 2 is gone".to_owned()))
            }))),
            Request::Get(get) if get.flow == "MIGPROFILE" => Ok(Answer::Rows(self.rows())),
            Request::Get(get) if get.flow == "MF_IMM_PREV" => Ok(Answer::Rows(Rows::new(|each| {
                let _ = each("{\"number\":1}") && each("{\"number\":2}");
                Ok(())
            }))),
            Request::Crisis(CrisisRequest::List) => Ok(Answer::Value(json!({ "lanes": [lane()] }))),
            Request::Crisis(CrisisRequest::Show { lane: Some(name) }) if name == "LC-1" => {
                Ok(Answer::Value(picture()))
            }
            Request::Crisis(_) => Err(NodeError::NotFound("there is no crisis lane of this name".to_owned())),
            Request::Submit(_) => Ok(Answer::Value(json!({ "bytes": read }))),
            _ => Err(NodeError::Refused("not in /var/lib/secret".to_owned())),
        }))
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn metrics(&self) -> Vec<Metric> {
        let labels = |name: &str| vec![("country".to_owned(), name.to_owned())];
        let metric = |name, kind, labels, value| Metric { name, help: "Some help", kind, labels, value };
        vec![
            metric("requests", Kind::Counter, Vec::new(), 7.0),
            metric("behind", Kind::Gauge, labels("PHL"), 3.0),
            metric("behind", Kind::Gauge, labels("A\"B"), 0.5),
        ]
    }

    fn is_ready(&self) -> Result<(), String> {
        match self.not_ready {
            Some(reason) => Err(reason.to_owned()),
            None => Ok(()),
        }
    }
}

/// The token that the node knows.
pub(crate) fn token_text() -> String {
    format!("{}{}", tokens::PREFIX, "5a".repeat(32))
}

/// Every request waits this long at most in tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A lane as a node describes it.
fn lane() -> Value {
    json!({
        "lane": "ab".repeat(32), "name": "LC-1", "area": "XLA", "drill": false, "watermark": null, "under": "ARR",
        "standing": "in force", "signed": ["XLA", "XOA"], "signatures_needed": 2, "may_sign": [],
        "members": ["XLA", "XOA"], "couriers": [], "since": "2026-01-02T03:04:05Z",
        "until": "2026-01-30T03:04:05Z", "over_since": null, "erase_at": null,
    })
}

/// The picture of it.
fn picture() -> Value {
    let figure = json!({
        "count": 41, "from": ["XOA"], "bulletins": 1, "oldest": null, "newest": null, "age_seconds": null,
    });
    let newest = json!({
        "publisher": "XOA", "bulletin": "B-1", "observed": "2026-01-02T03:20:00Z", "signed": "2026-01-02T03:21:00Z",
        "age_seconds": 2_400, "place": "", "corrected": 0, "ahead": true,
    });
    let mut value = lane();
    let more = json!({
        "as_of": "2026-01-02T04:00:00Z", "bulletins": 1, "closed_cells": 0,
        "totals": { "unaccounted": null, "known": figure, "present": null, "crossed": null, "home": null },
        "origins": [], "publishers": [], "places": [], "days": [{ "day": "2026-01-02", "known": 41 }], "needs": [],
        "duplicates": [], "newest": [newest], "corrections": [], "lessons": {}, "summary": null, "erasures": [],
        "ahead": [{ "publisher": "XOA", "bulletin": "B-1", "to_come": 3 }],
        "acknowledged": [], "unacknowledged": ["XLA"],
        "waiting": [{ "bulletin": "B-2", "observed": "2026-01-02T03:30:00Z", "officers": ["maria"] }],
    });
    for (name, of) in more.as_object().into_iter().flatten() {
        value[name] = of.clone();
    }
    value
}

fn status(network: &str) -> Value {
    let feed = |agreement: String, name: &str, observations: u64| {
        json!({
            "publisher": "ab".repeat(32), "country": "PHL", "agreement": agreement, "agreement_name": name,
            "head_seq": 4, "head_hash": "cd".repeat(32), "observations": observations,
        })
    };
    json!({
        "country": "PHL", "name": "Statistics <Authority>", "network": network,
        "publisher_id": "ab".repeat(32), "fingerprint": "ABCD EFGH", "node_id": "ef".repeat(32),
        "state": "online", "addresses": ["/ip4/10.0.0.7/tcp/4001"],
        "feeds": [
            feed(AgreementId::public().to_hex(), "public", 4711),
            // Whoever drafts an agreement chooses its name.
            feed("11".repeat(32), "public", 815),
            feed("22".repeat(32), "secret pact", 99),
        ],
        "partners": [
            { "country": "ITA", "publisher_id": "12".repeat(32), "connected": true, "paused": false,
              "behind": 2, "acknowledged": 40 },
        ],
        "faults": [{ "time": "2026-01-02T03:04:05Z", "code": "peer", "what": "secret pact: bad frame in /var/lib/corridor" }],
    })
}
