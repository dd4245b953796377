//! What goes wrong in a group, or ends: a member that signs two things for one place, a second group that must not
//! see the first one, a member that leaves.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use corridor::crypto::NodeSigner;
use corridor::feed::{AgreementId, EntryBuilder, EntryKind, FeedId};
use corridor::model::{Attributes, Decimal, Observation, Period, Record, Series, SeriesKey};
use corridor::node::Home;
use corridor::store::keys::Passphrase;
use corridor::store::{Store, layout};
use serde_json::{Value, json};

use super::{BINARY, TITLE, find, holds, in_parallel, list, region, same_digest};
use crate::api::http::send;
use crate::world::{figures, files, text};

/// An indicator that the group shares and nobody else sees.
pub(super) const OWN: &str = "EF_REGEMI";
/// The series of a figure of it.
pub(super) const CLOSED_KEY: &str = "A.MOZ.ZAF.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
/// Who signs two values for one place, and of what.
const LIAR: &str = "SWZ";
const TWICE: &str = "A.SWZ.NAM.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
/// Who leaves.
pub(super) const LEAVER: &str = "COM";
/// A government of another region, which shares a group with South Africa.
const OUTSIDE: (&str, &str) = ("KEN", "Kenya (replay)");
const OTHER_TITLE: &str = "Two of another group";

/// Signs a value for the next place of a stopped node's public feed, as software that remembers nothing would.
fn sign_blindly(node: &Government, value: i64) -> anyhow::Result<()> {
    let home = Home::open(node.dir())?;
    let key = home.node_key(&Passphrase::from_file(&node.dir().join("passphrase"))?)?;
    let signer: &dyn NodeSigner = &key;
    let mut store = Store::open(node.dir(), home.us(), home.network(), 1 << 20)?;
    let observation = Observation::reported(Period::parse("2025")?, Decimal::from(value));
    let series = Series::new(SeriesKey::parse(TWICE)?, Attributes::none(), vec![observation])?;
    let place = store.place(FeedId::new(home.us(), AgreementId::public()));
    // As late as its last act: before its mandate began nothing that it signs would count.
    let house = FeedId::new(home.us(), AgreementId::house());
    let time = store.newest(&house).context("there are acts")?.header().time;
    let builder = EntryBuilder::new(EntryKind::Release, vec![Record::Series(series)]);
    store.append_own(&builder.sign(&place, time, home.network(), signer)?)?;
    store.commit()?;
    Ok(())
}

/// What a node shows of the series that was signed twice.
fn twice(node: &Government) -> Vec<String> {
    let rows = node.get(&["MS_FBORN", TWICE, "--from", LIAR]).unwrap_or_default();
    rows.iter().filter_map(|row| row["obs_value"].as_str()).map(str::to_owned).collect()
}

fn fork_of(node: &Government) -> Value {
    let feeds = node.ask(&["feeds"]).unwrap_or_default();
    let of = |fork: &&Value| fork["country"] == LIAR && fork["agreement_name"] == "public";
    list(&feeds["forks"]).iter().find(of).cloned().unwrap_or_default()
}

/// One member signs two values for one key, period and revision.
pub(super) fn equivocation(all: &mut [Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.6 {LIAR} signs two different values for one place.");
    let at = all.iter().position(|node| node.country() == LIAR).context("it is one of the sixteen")?;
    let (copy, away) = (dir.join("copy"), dir.join("away"));
    all[at].stop();
    let home = Home::open(all[at].dir())?;
    // Of this feed alone: what it signs about others meanwhile is signed once.
    let feed = layout::feed(all[at].dir(), &FeedId::new(home.us(), AgreementId::public()));
    let copied = Command::new("cp").arg("-a").arg(&feed).arg(&copy).status()?;
    ensure!(copied.success(), "the feed cannot be copied");
    sign_blindly(&all[at], 11)?;
    all[at].start()?;
    checks.eventually(&format!("all sixteen hold the first value of {LIAR}"), || {
        in_parallel(all, twice).iter().all(|values| values == &["11"])
    });
    all[at].stop();
    std::fs::rename(&feed, &away)?;
    std::fs::rename(&copy, &feed)?;
    std::fs::remove_dir_all(layout::db(all[at].dir()))?;
    sign_blindly(&all[at], 22)?;
    all[at].start()?;
    checks.eventually("all sixteen know of the fork, with both entries", || {
        in_parallel(all, fork_of).iter().all(|fork| fork["one"].is_string() && fork["one"] != fork["other"])
    });
    let proofs = in_parallel(all, |node| proof_holds(node, dir));
    checks.is(
        "each of them can prove it to anybody",
        proofs.iter().all(|holds| *holds),
        &format!("{proofs:?}"),
    );
    let others = in_parallel(all, twice);
    let named =
        others.iter().enumerate().all(|(one, values)| values == &[if one == at { "22" } else { "11" }]);
    checks.is("nobody has put the second value in the place of the first", named, &format!("{others:?}"));
    let (status, said) = release(&all[at], dir, "twice.csv", ["SWZ", "NAM", "MS_FBORN", "2023", "5"])?;
    checks.is(
        &format!("{LIAR} is asked which entry stands before it goes on there"),
        status != 0 && said.to_string().contains("fork resolve"),
        &said.to_string(),
    );
    goes_on(all, dir, checks)?;
    let kept = fork_held(&all[(at + 1) % all.len()]);
    let reason = "the second was signed by a copy of the node";
    all[at].ask(&["fork", "resolve", "public", "--keep", &kept, "--reason", reason])?;
    checks.eventually("its word on which one stands is known to all, and so is the reason", || {
        in_parallel(all, fork_of).iter().all(|fork| fork["kept"] == kept.as_str() && fork["reason"] == reason)
    });
    checks.eventually("all sixteen show the value that stands", || {
        in_parallel(all, twice).iter().all(|values| values == &["11"])
    });
    Ok(())
}

/// The entry that a node holds where the feed is forked: the newest.
fn fork_held(node: &Government) -> String {
    let feeds = node.ask(&["feeds"]).unwrap_or_default();
    let of = |feed: &&Value| feed["country"] == LIAR && feed["agreement_name"] == "public";
    let held = list(&feeds["feeds"]).iter().find(of).map(|feed| feed["head_hash"].clone());
    held.unwrap_or_default().as_str().unwrap_or_default().to_owned()
}

fn proof_holds(node: &Government, dir: &Path) -> bool {
    let file = dir.join(format!("fork-{}.json", node.country()));
    let fork = fork_of(node);
    let [publisher, agreement] = ["publisher", "agreement"].map(|id| fork[id].as_str().unwrap_or_default());
    node.ask(&["cite", "--fork", &format!("{publisher}/{agreement}"), "-o", &text(&file)]).is_ok()
        && node
            .ask(&["verify", &text(&file)])
            .is_ok_and(|said| said["valid"] == true && said["country"] == LIAR)
}

fn release(node: &Government, dir: &Path, name: &str, row: [&str; 5]) -> anyhow::Result<(i32, Value)> {
    node.ask(&["submit", &figures(&dir.join(name), &[row])])?;
    node.try_ask(&["release"])
}

/// What is the group's own reaches all meanwhile, also from who has forked another feed.
fn goes_on(all: &[Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    let rows = [["MOZ", "ZAF", OWN, "2023", "71928374"], [LEAVER, "MDG", OWN, "2023", "777"]];
    for (at, row) in rows.into_iter().enumerate() {
        release(find(all, row[0]), dir, &format!("own-{at}.csv"), row)?;
    }
    checks.eventually("the group goes on: all sixteen hold the next figures of two others", || {
        in_parallel(all, own).iter().all(|values| values == &["71928374", "777"])
    });
    let profiles = in_parallel(all, region);
    checks.is("and compute one profile", same_digest(&profiles), "they differ");
    Ok(())
}

/// The values of the group's own indicator, in order.
fn own(node: &Government) -> Vec<String> {
    let mut values: Vec<String> = node
        .get(&[OWN])
        .unwrap_or_default()
        .iter()
        .filter_map(|row| row["obs_value"].as_str())
        .map(str::to_owned)
        .collect();
    values.sort();
    values
}

/// South Africa is in another group as well; nothing of this one appears there.
pub(super) fn overlap(all: &[Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.7 South Africa shares another group with Kenya.");
    let zaf = find(all, "ZAF");
    let kenya = Government::create(Path::new(BINARY), dir, OUTSIDE.0, OUTSIDE.1)?;
    zaf.ask(&["partner", "add", "--yes", &text(&kenya.card())])?;
    kenya.ask(&["partner", "add", "--yes", &text(&zaf.card())])?;
    let draft = ["agreement", "draft", "--title", OTHER_TITLE, "--with", OUTSIDE.0, "--purpose", "STAT"];
    zaf.ask(&[&draft[..], &["--indicator", OWN]].concat())?;
    zaf.ask(&["agreement", "propose", OTHER_TITLE])?;
    checks.eventually("Kenya has the proposal", || kenya.ask(&["agreement", "show", OTHER_TITLE]).is_ok());
    kenya.ask(&["agreement", "sign", OTHER_TITLE])?;
    checks.eventually("it is in force", || {
        zaf.ask(&["agreement", "show", OTHER_TITLE]).is_ok_and(|value| value["standing"] == "in force")
    });
    release(zaf, dir, "kenya.csv", ["ZAF", "KEN", OWN, "2023", "4242"])?;
    checks.eventually("Kenya has the other group's figure", || own(&kenya) == ["4242"]);
    let id = zaf.ask(&["agreement", "show", TITLE])?["agreement"].as_str().unwrap_or_default().to_owned();
    let raw = AgreementId::from_hex(&id).context("the agreement has an id")?.0;
    let count = |node: &Government| files(node.dir(), "").iter().filter(|file| holds(file, &raw)).count();
    checks.is("a member's files name the first group", count(zaf) > 0, "none does");
    checks.equal("files of Kenya that name the first group", &json!(count(&kenya)), 0);
    let made = kenya.ask(&["token", "create", "reader", "--days", "1"])?;
    let bearer = format!("Authorization: Bearer {}", made["token"].as_str().unwrap_or_default());
    for path in ["/api/v1/feeds", "/api/v1/observations?flow=EF_REGEMI", "/en/regions"] {
        let page = send(&kenya, "GET", path, &[&bearer], b"");
        let text = page.text();
        let clean = page.status == 200 && ![TITLE, &id, "71928374"].iter().any(|word| text.contains(word));
        checks.is(
            &format!("{path} of Kenya shows nothing of the first group"),
            clean,
            &format!("status {}", page.status),
        );
    }
    let members = in_parallel(all, |node| own(node).contains(&"4242".to_owned()));
    checks.equal(
        "members of the first group that hold a figure of the second",
        &json!(members.into_iter().filter(|holds| *holds).count()),
        1,
    );
    zaf.ask(&["partner", "remove", OUTSIDE.0])?;
    Ok(())
}

/// A member leaves: it reads nothing new, and what it has said stands as it was signed.
pub(super) fn leaving(all: &[Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.8 {LEAVER} leaves the group.");
    let leaver = find(all, LEAVER);
    leaver.ask(&["agreement", "end", TITLE])?;
    let gone = |node: &Government| {
        let value = node.ask(&["agreement", "show", TITLE]).unwrap_or_default();
        list(&value["left"]).iter().any(|one| one["country"] == LEAVER)
    };
    checks.eventually("all know that it has left", || in_parallel(all, gone).into_iter().all(|gone| gone));
    let others: Vec<&Government> = all.iter().filter(|node| node.country() != LEAVER).collect();
    let standing = in_parallel(&others, |node| {
        node.ask(&["agreement", "show", TITLE]).is_ok_and(|value| value["standing"] == "in force")
    });
    checks.is(
        "it stays in force among the fifteen",
        standing.iter().all(|stands| *stands),
        &format!("{standing:?}"),
    );
    release(find(all, "MOZ"), dir, "after.csv", ["MOZ", "ZAF", OWN, "2024", "55556666"])?;
    let has = |node: &Government| own(node).contains(&"55556666".to_owned());
    checks.eventually("the fifteen hold what is released next", || {
        in_parallel(&others, |node| has(node)).into_iter().all(|has| has)
    });
    checks.is(&format!("{LEAVER} does not"), !has(leaver), "it does");
    let file = dir.join("past.json");
    let key = format!("A.{LEAVER}.MDG.{OWN}.CIT._T._T._T._T._T._T._T._T.PS");
    let cited = find(all, "BWA").try_ask(&["cite", OWN, &key, "2023", "-o", &text(&file)])?;
    let card = text(&leaver.card());
    let (status, said) = find(all, "BWA").try_ask(&["verify", &text(&file), "--card", &card])?;
    checks.is(
        "what it has said before can be cited, and verifies with its card",
        status == 0 && said["valid"] == true,
        &format!("{cited:?}, {said}"),
    );
    Ok(())
}
