//! What went wrong, each with what an operator does about it.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Facts, Form, cell, list};
use crate::api::http::portal::pages::table;
use crate::node::{ActName, FaultKind};

/// What can be done about a fault; the message has the rest of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    Fork,
    Key,
    Scope,
    Clock,
    Repaired,
    Peer,
    Look,
}

impl Advice {
    const ALL: [Self; 7] =
        [Self::Fork, Self::Key, Self::Scope, Self::Clock, Self::Repaired, Self::Peer, Self::Look];

    /// By the kind of a fault; `None` where nothing is to be done. What has no kind is to be looked at.
    fn of(fault: &Value) -> Option<Self> {
        let kind = fault["code"].as_str().and_then(FaultKind::from_code);
        kind.map_or(Some(Self::Look), Self::for_kind)
    }

    fn for_kind(kind: FaultKind) -> Option<Self> {
        match kind {
            FaultKind::Fork => Some(Self::Fork),
            FaultKind::ForkResolved => None,
            FaultKind::KeyRevoked | FaultKind::CutOff => Some(Self::Key),
            FaultKind::OutOfScope => Some(Self::Scope),
            FaultKind::Future => Some(Self::Clock),
            FaultKind::Repaired => Some(Self::Repaired),
            FaultKind::Card | FaultKind::NotTaken | FaultKind::Peer | FaultKind::Sealed => Some(Self::Peer),
            FaultKind::SetAside | FaultKind::Ahead | FaultKind::Quota | FaultKind::Unread => Some(Self::Look),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Key => "key",
            Self::Scope => "scope",
            Self::Clock => "clock",
            Self::Repaired => "repaired",
            Self::Peer => "peer",
            Self::Look => "look",
        }
    }

    /// The commands that help.
    fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Fork => {
                &["corridor feeds", "corridor cite --fork PARTNER -o proof.json", "corridor fork resolve"]
            }
            Self::Key => &["corridor partner show PARTNER"],
            Self::Scope => &["corridor agreement show AGREEMENT", "corridor release --dry-run"],
            Self::Clock => &["date --utc", "corridor doctor"],
            Self::Repaired | Self::Look => &["corridor doctor"],
            Self::Peer => &["corridor partner show PARTNER", "corridor partner pause PARTNER"],
        }
    }
}

/// Faults since the start, those in the log of acts, forks; and what to do.
pub(super) fn all(facts: &Facts<'_>) -> Markup {
    let now = list(facts.answer(0), "faults").to_vec();
    let acts = list(facts.answer(1), "acts").iter().rev();
    let logged: Vec<Value> = acts
        .filter(|act| act["act"] == ActName::FaultOfAPeer.as_str())
        .map(logged)
        .take(MAX_LOGGED)
        .collect();
    let forks = list(facts.answer(2), "forks");
    let mut needed: Vec<Advice> = now.iter().chain(&logged).filter_map(Advice::of).collect();
    if !forks.is_empty() {
        needed.push(Advice::Fork);
    }
    let recovery = &facts.answer(0)["recovery"];
    html! {
        @if !recovery.is_null() { p.verdict.fails role="alert" { (facts.say("in_recovery")) " " code { "corridor recover" } } }
        h2 id="now" { (facts.say("faults_now")) }
        (faults(facts, facts.say("faults_now"), &now))
        h2 id="logged" { (facts.say("faults_logged")) }
        (faults(facts, facts.say("faults_logged"), &logged))
        h2 id="forks" { (facts.say("forks")) }
        (super::partners::loose(facts, forks))
        h2 id="what-to-do" { (facts.say("what_to_do")) }
        @for advice in Advice::ALL { @if needed.contains(&advice) { (told(facts, advice)) } }
        @if needed.is_empty() { p { (facts.say("nothing_to_do")) } }
    }
}

/// A fault of the log; all of these are of peers.
fn logged(act: &Value) -> Value {
    let what = format!("{}: {}", text(&act["country"]), text(&act["fault"]));
    json!({ "time": act["time"], "code": FaultKind::Peer.code(), "what": what })
}

/// Faults of the log that a page shows.
const MAX_LOGGED: usize = 200;

fn faults(facts: &Facts<'_>, caption: &str, all: &[Value]) -> Markup {
    if all.is_empty() {
        return html! { p { (facts.words.say("word.none")) } };
    }
    let say = |name: &str| facts.say(&format!("field.{name}"));
    let head = html! { tr {
        th scope="col" { (say("time")) } th scope="col" { (say("fault")) } th scope="col" { (facts.say("what_to_do")) }
    } };
    let body = html! { @for fault in all {
        @let advice = Advice::of(fault);
        tr {
            td.when { (cell(facts, &fault["time"], Form::Time)) } td { (happened(facts, fault)) }
            td { @match advice {
                Some(advice) => a href=(format!("#do-{}", advice.word())) { (facts.say(&format!("advice.{}.title", advice.word()))) },
                None => (facts.say("nothing_to_do")),
            } }
        }
    } };
    table(caption, &head, &body)
}

/// What happened: its kind in the reader's words, and what the node says of it.
fn happened(facts: &Facts<'_>, fault: &Value) -> Markup {
    html! {
        @if let Some(code) = fault["code"].as_str() { (facts.coded("fault", code)) br; }
        small lang="en" { (text(&fault["what"])) }
    }
}

fn told(facts: &Facts<'_>, advice: Advice) -> Markup {
    let word = advice.word();
    html! {
        h3 id=(format!("do-{word}")) { (facts.say(&format!("advice.{word}.title"))) }
        p { (facts.say(&format!("advice.{word}.text"))) }
        pre { code { (advice.commands().join("\n")) } }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("\u{2013}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_goes_by_the_kind_of_a_fault() {
        for (kind, advice) in [
            (FaultKind::Fork, Some(Advice::Fork)),
            (FaultKind::ForkResolved, None),
            (FaultKind::KeyRevoked, Some(Advice::Key)),
            (FaultKind::OutOfScope, Some(Advice::Scope)),
            (FaultKind::Future, Some(Advice::Clock)),
            (FaultKind::NotTaken, Some(Advice::Peer)),
            (FaultKind::Repaired, Some(Advice::Repaired)),
        ] {
            assert_eq!(
                Advice::of(&json!({ "code": kind.code(), "what": "feed ab: fork" })),
                advice,
                "{kind:?}"
            );
        }
        for unknown in [json!({ "what": "a fork" }), json!({ "code": "of a later node" })] {
            assert_eq!(Advice::of(&unknown), Some(Advice::Look), "{unknown}");
        }
    }
}
