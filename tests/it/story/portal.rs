//! Story E: what everybody may read, from any node, without an account: a journalist, a researcher, a government that
//! takes figures back, nodes that go down, and readers who look for what they may not see.

mod copy;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use corridor::cli::demo::checks::{Checks, pair};
use corridor::cli::demo::government::Government;
use corridor::node::clock::stopwatch;
use serde_json::{Value, json};

use super::figures::{Flow, draw, with_margins};
use super::labour::attacked;
use super::ledger::Ledger;
use crate::api::http::{self, get};
use crate::world::{BINARY, figures, text};

const NAMES: [(&str, &str); 4] = [
    ("ITA", "Italy (replay)"),
    ("ESP", "Spain (replay)"),
    ("PHL", "Philippines (replay)"),
    ("CAN", "Canada (replay)"),
];
/// What each opens to everybody.
const PUBLIC: &str = "MS_FBORN, EF_EMI_NEXT, MF_IMM_PREV, MS_MIGWORK";
const STOCK: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/config/data/undesa_ims2024_stock_phl_can_ita_esp.csv");
const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/data/mirror_eurostat_flows_2010_2019.csv");
/// The stock of Italians in Spain, men.
const KEY: &str = "A.ESP.ITA.MS_FBORN.BIR.M._T._T._T._T._T._T._T.PS";
/// Migrant workers from the Philippines in Italy, by sex, occupation and activity: many counts are small.
const WORKERS: Flow =
    Flow { area: "ITA", counterpart: "PHL", indicator: "MS_MIGWORK", freq: "A", unit: "PS" };
/// A figure that the Philippines and Canada share, and nobody else may see.
const SECRET: &str = "918273645";
/// Words that blame.
const BLAME: [&str; 5] = ["error", "wrong", "incorrect", "fault", "mistake"];
/// How many read at the same time, and for how long.
const READERS: usize = 200;
const READING: Duration = Duration::from_secs(5);

#[test]
fn e_everybody_reads_what_is_public_from_any_node() {
    super::played(play);
}

fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    let mut all = meet(dir, checks)?;
    let workers = publish(&all, dir, checks)?;
    journalist(&all, checks);
    copy::languages(&all, checks);
    researcher(&all, dir, checks)?;
    copy::sdmx_csv(&all[3], checks);
    // A thousand citations are verified three times: the gate has a smaller copy, in `site`.
    if std::env::var_os("CORRIDOR_STORY").is_some() {
        copy::copied(&all, dir, checks)?;
    }
    withdrawal(&all, checks)?;
    strangers(&all, &workers, checks);
    survivor(&mut all, checks);
    Ok(())
}

fn meet(dir: &Path, checks: &mut Checks) -> anyhow::Result<Vec<Government>> {
    println!(
        "\nE.1 Four governments open figures to everybody; two of them share others under an agreement."
    );
    let create = |code, name| -> anyhow::Result<Government> {
        let mut node = Government::init(Path::new(BINARY), dir, code, name)?;
        node.start_by(&[], &[("CORRIDOR_RELEASE_PUBLIC", PUBLIC)]);
        node.start()?;
        Ok(node)
    };
    let made: Vec<anyhow::Result<Government>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            NAMES.iter().map(|(code, name)| scope.spawn(move || create(code, name))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let all = made.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    for node in &all {
        for other in all.iter().filter(|other| other.country() != node.country()) {
            node.ask(&["partner", "add", "--yes", &text(&other.card())])?;
        }
    }
    checks.eventually("all four are connected", || {
        all.iter().all(|node| node.connected().is_ok_and(|connected| connected == 3))
    });
    let (phl, can) = (&all[2], &all[3]);
    let draft = ["agreement", "draft", "--title", "Closed", "--with", "CAN", "--purpose", "STAT"];
    phl.ask(&[&draft[..], &["--indicator", "EF_REGEMI"]].concat())?;
    phl.ask(&["agreement", "propose", "Closed"])?;
    checks.eventually("CAN has the proposal of PHL", || can.ask(&["agreement", "show", "Closed"]).is_ok());
    can.ask(&["agreement", "sign", "Closed"])?;
    let in_force = |node: &Government| {
        node.ask(&["agreement", "show", "Closed"]).is_ok_and(|value| value["standing"] == "in force")
    };
    checks.eventually("the agreement is in force at both", || in_force(phl) && in_force(can));
    Ok(all)
}

/// All release; what Italy releases of workers is kept to be attacked.
fn publish(all: &[Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<Ledger> {
    for node in all {
        node.ask(&["submit", STOCK, "--map", "undesa_stock"])?;
    }
    all[0].ask(&["submit", FLOWS, "--map", "eurostat_origin"])?;
    all[1].ask(&["submit", FLOWS, "--map", "eurostat_destination"])?;
    all[2].ask(&[
        "submit",
        &figures(&dir.join("closed.csv"), &[["PHL", "CAN", "EF_REGEMI", "2024", SECRET]]),
    ])?;
    for node in all {
        node.ask(&["release"])?;
    }
    let mut workers = Ledger::default();
    for (seed, year) in (0..).zip(["2023", "2024"]) {
        let cells = with_margins(&draw(&WORKERS, &[year.to_owned()], 1951 + seed));
        workers.submit(&all[0], &dir.join(format!("{year}.csv")), &WORKERS, &cells)?;
        workers.release(&all[0], "public", &[])?;
    }
    let digests = || all.iter().map(digest).collect::<BTreeSet<_>>();
    checks.eventually("any of the four serves all public feeds, the same at each", || {
        digests().len() == 1 && all.iter().all(|node| feeds(node) == 4)
    });
    let sizes: BTreeSet<usize> = all.iter().map(|node| observations(node, "").len()).collect();
    println!("  {sizes:?} observations at each, without an account");
    let first = sizes.first().copied().unwrap_or_default();
    checks.is(
        "each shows the same number of observations",
        sizes.len() == 1 && first > 1000,
        &format!("{sizes:?}"),
    );
    Ok(workers)
}

/// Two lines, two definitions, and no word of blame.
fn journalist(all: &[Government], checks: &mut Checks) {
    println!("\nE.2 A journalist looks at the corridor from Italy to Spain.");
    for node in all {
        let country = node.country();
        let answer = get(node, "/api/v1/mirror?origin=ITA&destination=ESP&indicator=EF_EMI_NEXT");
        let mirror = answer.json();
        let of_2017 = pair(&mirror, "2017");
        checks.equal(
            &format!("2017 as both count it, at {country}"),
            &json!([of_2017["origin_value"], of_2017["destination_value"]]),
            json!(["7965", "22203"]),
        );
        let [origin, destination] =
            ["origin", "destination"].map(|end| mirror["definitions"][end]["def_id"].clone());
        checks.is(
            &format!("both definitions stand beside it at {country}"),
            origin.is_string() && destination.is_string() && origin != destination,
            &mirror["definitions"].to_string(),
        );
        let said = answer.text().to_lowercase();
        let blame: Vec<&&str> = BLAME.iter().filter(|word| said.contains(**word)).collect();
        checks.is(&format!("nothing is called wrong at {country}"), blame.is_empty(), &format!("{blame:?}"));
    }
    let region = get(&all[3], "/api/v1/region/public?members=ITA,ESP,PHL,CAN,FRA").json();
    checks.equal("who is missing in a group of five", &region["missing"], json!(["FRA"]));
}

/// A download, its proof, and the same figures at a node that had nothing.
fn researcher(all: &[Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nE.3 A researcher downloads a series with its proof.");
    let (spain, reader) = (&all[1], &all[3]);
    let path = "/api/v1/observations?flow=MS_FBORN&key=A.ESP.ITA&format=csv";
    let download = get(reader, path).text();
    checks.is("the download has rows", download.lines().count() > 10, &download);
    let citation = get(reader, &format!("/api/v1/citations/ESP/{KEY}/2020")).text();
    let file = dir.join("proof.json");
    let verify = |text_of: &str, card: &Government| -> anyhow::Result<i32> {
        std::fs::write(&file, text_of)?;
        let (status, _) = reader.try_ask(&["verify", &text(&file), "--card", &text(&card.card())])?;
        Ok(status)
    };
    checks.equal("verifying it with Spain's card ends with", &json!(verify(&citation, spain)?), 0);
    checks.equal("verifying it with Italy's card ends with", &json!(verify(&citation, &all[0])?), 3);
    let mut altered: Value = serde_json::from_str(&citation)?;
    let record = altered["record"].as_str().unwrap_or_default().to_owned();
    let last =
        record.char_indices().nth(record.len() / 2).map(|(at, one)| (at, if one == 'A' { "B" } else { "A" }));
    if let Some((at, other)) = last {
        altered["record"] = json!(format!("{}{other}{}", &record[..at], &record[at + 1..]));
    }
    checks.equal(
        "with one letter of the record altered it ends with",
        &json!(verify(&altered.to_string(), spain)?),
        3,
    );

    let empty = Government::create(Path::new(BINARY), dir, "FRA", "France (replay)")?;
    reader.ask(&["partner", "add", "--yes", &text(&empty.card())])?;
    for node in all {
        empty.ask(&["partner", "add", "--yes", &text(&node.card())])?;
    }
    checks.eventually("an empty node that knows the cards serves the same download, byte for byte", || {
        get(&empty, path).text() == download
    });
    Ok(())
}

/// What is taken back is gone from what stands, and the history says when and why.
fn withdrawal(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nE.6 Spain takes a series back.");
    let query = "&flow=MS_FBORN&key=A.ESP.ITA..BIR.M";
    let before = observations(&all[3], query).len();
    all[1].ask(&["retract", KEY, "--reason", "a new census"])?;
    checks.eventually(&format!("its {before} values are shown at no node any more"), || {
        before > 0 && all.iter().all(|node| observations(node, query).is_empty())
    });
    for node in all {
        let history = get(node, &format!("/api/v1/history?key={KEY}")).json();
        let rows = history["versions"].as_array().cloned().unwrap_or_default();
        let reasons = rows.iter().filter(|row| row["retracted"] == "a new census").count();
        checks.equal(
            &format!("periods whose history says why at {}", node.country()),
            &json!(reasons),
            before,
        );
    }
    Ok(())
}

/// A crawler, an attack on small counts, and many readers at once.
fn strangers(all: &[Government], workers: &Ledger, checks: &mut Checks) {
    println!("\nE.8 Strangers look for what they may not see, and many read at once.");
    for node in all {
        let pages = crawl(node);
        let open: Vec<&String> = pages
            .iter()
            .filter(|(_, body)| body.contains(SECRET) || body.contains("Closed"))
            .map(|(path, _)| path)
            .collect();
        let name = format!("{} pages of {} show nothing of the agreement", pages.len(), node.country());
        checks.is(&name, open.is_empty() && pages.len() > 30, &format!("{open:?}"));
    }
    let history = observations(&all[3], "&flow=MS_MIGWORK&history=true");
    attacked("MS_MIGWORK as everybody reads it", &history, (&WORKERS, workers), checks);
    let load = load(&all[3]);
    println!(
        "  {READERS} readers for {} s: {} answers, median {} ms, p99 {} ms, asked again {} times",
        READING.as_secs(),
        load.times.len(),
        load.at(50).as_millis(),
        load.at(99).as_millis(),
        load.busy
    );
    checks.is(
        &format!("{READERS} readers at once get answers and no error"),
        load.failed.is_empty() && load.times.len() > READERS,
        &format!("{:?}", load.failed.first()),
    );
}

/// Every page that a reader can ask for, with what it said.
fn crawl(node: &Government) -> Vec<(String, String)> {
    let document = get(node, "/api/v1/openapi.json").json();
    let with_get = |(path, item): (&String, &Value)| item.get("get").map(|_| path.clone());
    let paths: Vec<String> =
        document["paths"].as_object().into_iter().flatten().filter_map(with_get).collect();
    let closed = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
    let mut all: Vec<String> = vec!["/".to_owned(), "/metrics".to_owned()];
    for path in paths {
        for (code, country, key) in [("EF_REGEMI", "PHL", closed), ("MS_FBORN", "ESP", KEY)] {
            let path = path.replace("{code}", code).replace("{country}", country).replace("{key}", key);
            let path = path.replace("{period}", "2024").replace("{agreement}", "public");
            for query in [
                "".to_owned(),
                "?origin=PHL&destination=CAN".to_owned(),
                format!("?key={key}"),
                format!("?flow={code}"),
                format!("?indicator={code}"),
                format!("?country={country}"),
                "?history=true".to_owned(),
                "?members=PHL,CAN".to_owned(),
                "?since=now".to_owned(),
            ] {
                all.push(format!("{path}{query}"));
            }
        }
    }
    all.sort();
    all.dedup();
    all.into_iter().map(|path| (path.clone(), get(node, &path).text())).collect()
}

/// How readers fared.
#[derive(Default)]
struct Load {
    /// How long each answer took, shortest first.
    times: Vec<Duration>,
    /// Answers that asked to come again in a moment.
    busy: usize,
    /// Answers that were neither.
    failed: Vec<u16>,
}

impl Load {
    fn at(&self, percent: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or_default()
    }
}

fn load(node: &Government) -> Load {
    let paths = [
        "/api/v1/mirror?origin=ITA&destination=ESP&indicator=EF_EMI_NEXT",
        "/api/v1/observations?flow=MS_FBORN&key=A.ESP.PHL",
        "/api/v1/countries",
        "/api/v1/history?key=A.ESP.PHL.MS_FBORN.BIR.F._T._T._T._T._T._T._T.PS",
    ];
    let began = stopwatch();
    let read = |reader: usize| {
        let (mut load, mut turn) = (Load::default(), reader);
        while began.elapsed() < READING {
            let (path, asked) = (paths[turn % paths.len()], stopwatch());
            match get(node, path).status {
                200 => load.times.push(asked.elapsed()),
                429 | 503 => {
                    load.busy += 1;
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => load.failed.push(other),
            }
            turn += 1;
        }
        load
    };
    let loads: Vec<Load> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..READERS).map(|reader| scope.spawn(move || read(reader))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut all = Load::default();
    for load in loads {
        all.times.extend(load.times);
        all.busy += load.busy;
        all.failed.extend(load.failed);
    }
    all.times.sort_unstable();
    all
}

/// Three of four nodes are killed; the one that is left serves everything.
fn survivor(all: &mut [Government], checks: &mut Checks) {
    println!("\nE.7 Three of the four nodes are killed.");
    let everything = |node: &Government| -> BTreeMap<String, String> {
        let rows = observations(node, "&history=true");
        let place = |row: &Value| format!("{} {} {}", row["entry"], row["indicator"], row);
        rows.iter().map(|row| (place(row), row["obs_value"].to_string())).collect()
    };
    let (before, heads) = (everything(&all[2]), digest(&all[3]));
    all.iter_mut().filter(|node| node.country() != "CAN").for_each(Government::kill);
    let last = &all[3];
    let after = everything(last);
    let name = format!("the last one serves all {} versions of four governments", before.len());
    checks.is(&name, after == before && !before.is_empty(), &format!("{} are there", after.len()));
    checks.equal("the digest of its heads", &json!(digest(last)), heads);
    let mirror = get(last, "/api/v1/mirror?origin=ITA&destination=ESP&indicator=EF_EMI_NEXT").json();
    checks.equal("Spain's count of 2017", &pair(&mirror, "2017")["destination_value"], "22203");
    let verified =
        get(last, "/api/v1/citations/ITA/A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T.M_GE12._T.PS/2017");
    let checked = http::send(last, "POST", "/api/v1/citations/verify", &[], &verified.body).json();
    checks.equal("whether its proof of Italy's figure holds", &checked["valid"], true);
}

fn digest(node: &Government) -> String {
    get(node, "/api/v1/heads").json()["digest"].as_str().unwrap_or_default().to_owned()
}

fn feeds(node: &Government) -> usize {
    get(node, "/api/v1/feeds").json()["feeds"].as_array().map_or(0, Vec::len)
}

/// The observations that everybody may read.
fn observations(node: &Government, query: &str) -> Vec<Value> {
    let value = get(node, &format!("/api/v1/observations?{}", query.trim_start_matches('&'))).json();
    value["observations"].as_array().cloned().unwrap_or_default()
}
