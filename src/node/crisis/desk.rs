//! What the house feed says of crises: bulletins that wait for duty officers, and how lanes ended.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::ending::lessons_of;
use super::words::LEFT_OUT;
use crate::feed::AgreementId;
use crate::model::personal;
use crate::policy::Bulletin;

/// A bulletin that is checked and kept, and waits until enough officers stand behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::node) struct Waiting {
    /// The submission that holds its figures.
    pub(in crate::node) submission: String,
    /// Its cover.
    pub(in crate::node) bulletin: Bulletin,
    /// Who stands behind it.
    pub(in crate::node) officers: BTreeSet<String>,
}

/// Bulletins and lanes as the acts of the house feed have them.
#[derive(Clone, Debug, Default)]
pub(in crate::node) struct Desk {
    waiting: BTreeMap<(AgreementId, String), Waiting>,
    /// How many bulletins were given a number.
    numbered: BTreeMap<AgreementId, u64>,
    /// Of lanes that are over, the summary that stays.
    summaries: BTreeMap<AgreementId, Value>,
    /// What members have learnt, by who says so.
    lessons: BTreeMap<AgreementId, BTreeMap<String, String>>,
}

/// The most lessons of one lane that are kept: one of each member.
const MAX_LESSONS: usize = 256;

#[derive(Deserialize)]
struct Said {
    lane: String,
    #[serde(default)]
    bulletin: String,
    #[serde(default)]
    submission: String,
    #[serde(default)]
    observed_at: i64,
    #[serde(default)]
    place: String,
    #[serde(default)]
    correction: Option<String>,
    #[serde(default)]
    officers: BTreeSet<String>,
    #[serde(default)]
    sent: bool,
    #[serde(default)]
    summary: Option<Value>,
}

impl Desk {
    /// Folds an act that was carried out.
    pub(in crate::node) fn take(&mut self, body: &[u8]) {
        let Ok(said) = serde_json::from_slice::<Said>(body) else { return };
        let Some(lane) = AgreementId::from_hex(&said.lane) else { return };
        if let Some(summary) = said.summary {
            self.summaries.insert(lane, summary);
            self.waiting.retain(|(of, _), _| *of != lane);
            return;
        }
        let place = (lane, said.bulletin.clone());
        if said.submission.is_empty() || said.sent {
            self.waiting.remove(&place);
        } else {
            let Said { bulletin: id, observed_at, place: words, correction, .. } = said;
            let bulletin = Bulletin { id, observed_at, place: words, correction };
            let waiting = Waiting { submission: said.submission, bulletin, officers: said.officers };
            self.waiting.insert(place, waiting);
        }
        *self.numbered.entry(lane).or_default() += 1;
    }

    /// Takes a document on a crisis: what a member has learnt.
    pub(in crate::node) fn take_document(&mut self, id: &str, who: String, body: &[u8]) {
        let (Some(lane), Ok(text)) = (lessons_of(id), str::from_utf8(body)) else { return };
        let told = personal::in_few_words(text).is_none();
        let text = if told { text } else { LEFT_OUT }.to_owned();
        let all = self.lessons.entry(lane).or_default();
        if all.len() < MAX_LESSONS || all.contains_key(&who) {
            all.insert(who, text);
        }
    }

    /// What members have learnt from a crisis.
    pub(in crate::node) fn lessons(&self, lane: &AgreementId) -> impl Iterator<Item = (&str, &str)> {
        let all = self.lessons.get(lane).into_iter().flatten();
        all.map(|(who, text)| (who.as_str(), text.as_str()))
    }

    /// A bulletin that waits.
    pub(in crate::node) fn waiting(&self, lane: AgreementId, bulletin: &str) -> Option<&Waiting> {
        self.waiting.get(&(lane, bulletin.to_owned()))
    }

    /// All that wait under a lane.
    pub(in crate::node) fn all_waiting(&self, lane: AgreementId) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(move |((of, _), _)| *of == lane).map(|(_, one)| one)
    }

    /// How many acts on bulletins there were under a lane.
    pub(in crate::node) fn numbered(&self, lane: &AgreementId) -> u64 {
        self.numbered.get(lane).copied().unwrap_or(0)
    }

    /// What stays of a lane that is over.
    pub(in crate::node) fn summary(&self, lane: &AgreementId) -> Option<&Value> {
        self.summaries.get(lane)
    }
}
