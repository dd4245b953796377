//! Stories: what the product is for, played from the first card to the last erasure by real daemons.
//!
//! Each check prints `PASS name` or `FAIL name: why`, and the last line counts them. `scripts/story` shows these
//! lines. The steps of story A are here; B is in `region`, E in `portal`.

mod crisis;
mod replay;
mod ending;
pub(crate) mod figures;
mod forger;
mod labour;
mod ledger;
mod portal;
mod region;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use corridor::feed::record;
use corridor::model::{AttributeId, Record, Series};
use serde_json::Value;

use crate::world::{BINARY, text};

/// Two governments that exchange figures under one agreement, and what is shared by the steps of a story.
struct Pair {
    one: Government,
    other: Government,
    /// The agreement's title.
    title: &'static str,
    /// Where files of figures are written.
    data: PathBuf,
}

/// Story A: a replay of the corridor from the Philippines to Canada, and one between two states that do not exist.
#[test]
fn a_bilateral_corridor_from_cards_to_erasure() {
    played(play);
}

/// Plays a story in a directory of its own, to its end, and counts what held.
fn played(play: impl FnOnce(&Path, &mut Checks) -> anyhow::Result<()>) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut checks = Checks::default();
    if let Err(error) = play(dir.path(), &mut checks) {
        checks.fail("the story is played to its end", &format!("{error:#}"));
    }
    println!("{}", checks.summary());
    assert_eq!(checks.failed(), 0, "checks failed");
}

fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    let real = replay::play(dir, checks)?;
    let mut invented = labour::play(dir, checks)?;
    ending::outage(&mut invented, checks)?;
    forger::forge(&invented, dir, checks)?;
    ending::end(&invented, checks)?;
    let pairs = [&real, &invented.pair];
    ending::logs(&pairs.map(|pair| [&pair.one, &pair.other]).concat(), checks)
}

impl Pair {
    /// Two running nodes that have accepted each other's cards and are connected.
    fn meet(
        dir: &Path,
        [one, other]: [(&str, &str); 2],
        title: &'static str,
        checks: &mut Checks,
    ) -> anyhow::Result<Self> {
        let create = |(code, name)| Government::create(Path::new(BINARY), dir, code, name);
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| create(one));
            let other = create(other);
            (one.join().expect("no panic"), other)
        });
        let pair = Self { one: one?, other: other?, title, data: dir.to_owned() };
        for (node, partner) in pair.both_ways() {
            let accepted = node.ask(&["partner", "add", "--yes", &text(&partner.card())])?;
            let name = format!(
                "the fingerprint that {} reads is the one that {} has",
                node.country(),
                partner.country()
            );
            checks.is(
                &name,
                !partner.fingerprint().is_empty() && accepted["fingerprint"] == partner.fingerprint(),
                &accepted.to_string(),
            );
        }
        for (node, partner) in pair.both_ways() {
            checks.eventually(&format!("{} is connected to {}", node.country(), partner.country()), || {
                node.connected().is_ok_and(|connected| connected == 1)
            });
        }
        Ok(pair)
    }

    /// Both sign an agreement with these clauses; it is in force at both.
    fn agree(&self, clauses: &[&str], checks: &mut Checks) -> anyhow::Result<()> {
        let with = ["agreement", "draft", "--title", self.title, "--with", self.other.country()];
        self.one.ask(&[&with[..], clauses].concat())?;
        self.one.ask(&["agreement", "propose", self.title])?;
        checks.eventually(&format!("{} has the proposal of {}", self.other.country(), self.title), || {
            self.show(&self.other).is_ok()
        });
        self.other.ask(&["agreement", "sign", self.title])?;
        for node in [&self.one, &self.other] {
            checks.eventually(&format!("{} is in force at {}", self.title, node.country()), || {
                self.show(node).is_ok_and(|value| value["standing"] == "in force")
            });
        }
        Ok(())
    }

    /// The agreement as a node shows it.
    fn show(&self, node: &Government) -> anyhow::Result<Value> {
        node.ask(&["agreement", "show", self.title])
    }

    /// Each with the other.
    fn both_ways(&self) -> [(&Government, &Government); 2] {
        [(&self.one, &self.other), (&self.other, &self.one)]
    }

    /// The head of a government's feed under the agreement, as a node has it.
    fn head(&self, node: &Government, publisher: &Government) -> anyhow::Result<Value> {
        let feeds = node.ask(&["feeds"])?;
        let mut all = feeds["feeds"].as_array().into_iter().flatten();
        let of =
            |feed: &&Value| feed["country"] == publisher.country() && feed["agreement_name"] == self.title;
        Ok(all.find(of).cloned().unwrap_or_default())
    }

    /// Holds when the heads of both feeds are the same at both.
    fn same_heads(&self, what: &str, checks: &mut Checks) {
        for publisher in [&self.one, &self.other] {
            let hash =
                |node| self.head(node, publisher).map(|head| head["head_hash"].clone()).unwrap_or_default();
            checks.eventually(
                &format!("{what}: the head of {}'s feed is the same at both", publisher.country()),
                || {
                    let [one, other] = [hash(&self.one), hash(&self.other)];
                    one.is_string() && one == other
                },
            );
        }
    }
}

/// What the signed record of a figure says beside the figure, from the proof that a node writes of it.
fn said(node: &Government, indicator: &str, key: &str, period: &str, file: &Path) -> anyhow::Result<Series> {
    use base64::Engine as _;
    node.ask(&["cite", indicator, key, period, "-o", &text(file)])?;
    let citation: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let coded = citation["record"].as_str().context("the citation has no record")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(coded)?;
    match record::decode(&bytes)? {
        Record::Series(series) => Ok(series),
        other => anyhow::bail!("the citation is of {other:?}"),
    }
}

/// What a series says of all its observations.
fn stated(series: &Series, attribute: AttributeId) -> Value {
    series.attributes().get(attribute).map_or(Value::Null, Value::from)
}

/// The different texts of a field.
fn distinct<'a>(rows: impl IntoIterator<Item = &'a Value>, field: &str) -> BTreeSet<String> {
    rows.into_iter().map(|row| row[field].to_string()).collect()
}
