//! What went wrong, each with what an operator does about it.

use maud::{Markup, html};
use serde_json::Value;

use super::{Facts, Form, cell, list};
use crate::api::http::portal::pages::table;

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

    /// By the words in which the node tells a fault; what is not known is to be looked at.
    fn of(fault: &Value) -> Self {
        let text = fault["what"].as_str().unwrap_or_default();
        let says = |words: &[&str]| words.iter().any(|one| text.contains(one));
        if says(&["two entries", "fork"]) {
            Self::Fork
        } else if says(&["has revoked its node key"]) {
            Self::Key
        } else if says(&["has refused and erased"]) {
            Self::Scope
        } else if says(&["dated in the future"]) {
            Self::Clock
        } else if fault["time"].is_null() {
            // What opening had to mend has no time.
            Self::Repaired
        } else if says(&["feed ", "message", "allowed", "granted", "not taken", "entry"]) {
            Self::Peer
        } else {
            Self::Look
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
        .filter(|act| act["act"] == "fault of a peer")
        .map(|act| serde_json::json!({ "time": act["time"], "what": format!("{}: {}", text(&act["country"]), text(&act["fault"])) }))
        .take(MAX_LOGGED)
        .collect();
    let forks = list(facts.answer(2), "forks");
    let mut needed: Vec<Advice> = now.iter().chain(&logged).map(Advice::of).collect();
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
            td.when { (cell(facts, &fault["time"], Form::Time)) } td { (text(&fault["what"])) }
            td { a href=(format!("#do-{}", advice.word())) { (facts.say(&format!("advice.{}.title", advice.word()))) } }
        }
    } };
    table(caption, &head, &body)
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
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_are_told_apart_by_the_words_of_the_node() {
        let at = json!("2026-01-02T03:04:05Z");
        for (what, advice) in [
            ("feed ab/cd: two entries 5 by one key", Advice::Fork),
            ("ITA has revoked its node key 12345678 (nobody has it any more)", Advice::Key),
            ("ITA has refused and erased what we released to it: MS", Advice::Scope),
            ("feed ab: entry 3 is dated in the future and held until 2030", Advice::Clock),
            ("ITA: feed ab/cd: the signature does not verify", Advice::Peer),
            ("ITA: sent what is no message: 3", Advice::Peer),
            ("something that nobody has thought of", Advice::Look),
        ] {
            assert_eq!(Advice::of(&json!({ "time": at, "what": what })), advice, "{what}");
        }
        let repair = json!({ "time": null, "what": "the database was folded anew" });
        assert_eq!(Advice::of(&repair), Advice::Repaired);
    }
}
