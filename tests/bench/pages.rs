//! Each kind of page in its heaviest form, at a government that holds the matrix of the United Nations, as the country of
//! each destination publishes it: bytes, and the time until the whole page is there.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::BufReader;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use corridor::model::codelist;
use corridor::node::Request;

use crate::clock::timed;
use crate::many;
use crate::node::Node;
use crate::readers::{ask, connect};
use crate::real::MAPPING;
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "page";
/// The country with most corridors, whose pages are read.
const COUNTRY: &str = "USA";
/// What everybody asks for when it was made for somebody before.
const AGAIN: usize = 20;
/// The languages in which a page is made anew while all that it rests on is there.
const OTHERS: [&str; 2] = ["fr", "es"];

/// A page without its language, and what is measured of it.
struct Kind {
    path: &'static str,
    bytes: &'static str,
    packed: &'static str,
    first: &'static str,
    made: &'static str,
    again: &'static str,
}

macro_rules! kinds {
    ($($name:literal: $path:expr,)*) => {
        [$(Kind {
            path: $path,
            bytes: concat!("page_", $name, "_bytes"),
            packed: concat!("page_", $name, "_gzip"),
            first: concat!("page_", $name, "_first"),
            made: concat!("page_", $name, "_made"),
            again: concat!("page_", $name, "_again"),
        }),*]
    };
}

const KINDS: [Kind; 13] = kinds! {
    "map": "?country=USA",
    "countries": "countries",
    "country": "country/USA",
    "corridor": "corridor/MEX/USA",
    "indicators": "indicators",
    "indicator": "indicator/MS_FBORN",
    "regions": "regions",
    "region": "region/public",
    "union": "region/public?members=AUT,BEL,BGR,CYP,CZE,DEU,DNK,EST,ESP,FIN,FRA,GRC,HRV,HUN,IRL,ITA,LTU,LUX,LVA,MLT,NLD,POL,PRT,ROU,SWE,SVN,SVK",
    "quality": "quality",
    "quality_of": "quality/USA",
    "evidence": "evidence/USA/A.USA.MEX.MS_FBORN.BIR.F._T._T._T._T._T._T._T.PS/2024",
    "node": "node",
};

/// What one country publishes of the matrix.
struct Table {
    country: String,
    path: PathBuf,
}

/// The pages of a government that holds what so many governments publish, itself among them.
pub(crate) fn play(
    file: &Path,
    (root, publishers): (&Path, usize),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut node, size) = holding(file, (root, publishers))?;
    for kind in KINDS {
        node.start(&Request::Status)?;
        let mut stream = connect(node.http())?;
        let mut time = |language: &str| -> anyhow::Result<(Vec<u8>, Duration)> {
            let (page, time) = timed(|| whole(&mut stream, (language, kind.path), false));
            Ok((page?, time))
        };
        let mut add = |measure, time: Duration| {
            report.add(measure, size, time.as_secs_f64() * 1000.0, "ms", Better::Lower);
        };
        let (page, first) = time("en")?;
        add(kind.first, first);
        for language in OTHERS {
            add(kind.made, time(language)?.1);
        }
        for _ in 0..AGAIN {
            add(kind.again, time("en")?.1);
        }
        let packed = whole(&mut stream, ("en", kind.path), true)?;
        report.add(kind.bytes, size, page.len() as f64, "B", Better::Lower);
        report.add(kind.packed, size, packed.len() as f64, "B", Better::Lower);
        node.stop()?;
    }
    Ok(())
}

fn whole(
    stream: &mut BufReader<TcpStream>,
    (language, path): (&str, &str),
    packed: bool,
) -> anyhow::Result<Vec<u8>> {
    let path = format!("/{language}/{path}");
    let (status, page) = ask(stream, &path, packed)?;
    ensure!(status == 200, "{path}: {status}");
    Ok(page)
}

/// The government, stopped, and how many observations it holds.
fn holding(file: &Path, (root, publishers): (&Path, usize)) -> anyhow::Result<(Node, usize)> {
    let tables = tables(file, root)?;
    let (home, others): (Vec<&Table>, Vec<&Table>) =
        tables.iter().take(publishers).partition(|table| table.country == COUNTRY);
    let mut hub = many::make(root, COUNTRY)?;
    hub.start(&Request::Card)?;
    let mut size = 0;
    for table in home {
        size += publish(&mut hub, table)?;
    }
    let card = hub.card()?;
    for some in others.chunks(many::PARALLEL) {
        let published = many::in_parallel(some.to_vec(), |table| {
            let mut node = many::make(root, &table.country)?;
            node.start(&Request::Card)?;
            node.ask(&Request::PartnerAdd { card: card.clone() })?;
            let new = publish(&mut node, table)?;
            Ok((node, new))
        })?;
        for (node, new) in published {
            hub.ask(&Request::PartnerAdd { card: node.card()? })?;
            hub.until_durable(&node)?;
            size += new;
        }
    }
    hub.until("all is visible", |hub| Ok((hub.observations()? == size).then_some(())))?;
    hub.stop()?;
    Ok((hub, usize::try_from(size)?))
}

fn publish(node: &mut Node, table: &Table) -> anyhow::Result<u64> {
    node.submit_mapped(&table.path, MAPPING)?;
    node.release()
}

/// The matrix by destination, those with most people first.
fn tables(file: &Path, root: &Path) -> anyhow::Result<Vec<Table>> {
    let text = fs::read_to_string(file)?;
    let (head, rows) = text.split_once('\n').context("the matrix has no rows")?;
    let mut parts: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    for row in rows.lines() {
        let country = row.split(',').next().unwrap_or_default();
        if codelist::alpha2(country).is_none() {
            continue;
        }
        let (people, table) = parts.entry(country).or_insert_with(|| (0, format!("{head}\n")));
        *people += row.split(',').nth(4).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        writeln!(table, "{row}")?;
    }
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, (people, _))| Reverse(*people));
    let tables = parts.into_iter().map(|(country, (_, table))| {
        let path = root.join(format!("{country}.csv"));
        fs::write(&path, table)?;
        Ok(Table { country: country.to_owned(), path })
    });
    tables.collect()
}
