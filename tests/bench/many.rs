//! One publisher and many partners, each its own process with its own directory.
//!
//! The partners know the publisher and not each other, which is what most governments are to each other. Their keys
//! lie under a passphrase that is quick to try, since making and opening two hundred slow ones says nothing about
//! the exchange.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use age::secrecy::SecretString;
use anyhow::Context;
use corridor::config::Config;
use corridor::crypto::{Network, NodeSigner, SecretKey};
use corridor::feed::identity::CardBody;
use corridor::feed::{Card, Mandate, Purpose, SignedStep};
use corridor::model::{Millis, codelist};
use corridor::node::{Request, clock};
use corridor::store::keys::{self, KeyName};

use crate::clock::now;
use crate::data::{COUNTRY, Source};
use crate::node::{NETWORK, Node, PASSPHRASE};
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "many";
/// Observations of the edition.
const EDITION: usize = 1_000;
/// Nodes that are made or started at one time.
pub(crate) const PARALLEL: usize = 8;
/// Work of the passphrase as a power of two; a real node has 16.
const WORK: u8 = 2;
/// How long the nodes are left alone before memory is read and the edition comes out.
const REST: Duration = Duration::from_secs(1);
/// A day and a year in milliseconds.
const DAY: i64 = 86_400_000;
const YEAR: i64 = 365 * DAY;

/// So many partners receive a new public edition.
pub(crate) fn play(source: &Source, (root, size): (&Path, usize), report: &mut Report) -> anyhow::Result<()> {
    let codes = codelist::area().codes().iter().map(codelist::Code::id);
    let countries = codes.filter(|code| *code != COUNTRY && codelist::alpha2(code).is_some());
    let countries: Vec<&str> = countries.take(size).collect();
    anyhow::ensure!(countries.len() == size, "there are {} countries only", countries.len());
    let mut hub = make(root, COUNTRY)?;
    let made = in_parallel(countries, |country| make(root, country))?;
    hub.start(&Request::Card)?;
    for node in &made {
        hub.ask(&Request::PartnerAdd { card: node.card()? })?;
    }
    hub.peak()?;
    let alone = hub.memory()?;
    let card = hub.card()?;
    let start = now();
    let mut nodes = in_parallel(made, |mut node| {
        node.start(&Request::Card)?;
        node.ask(&Request::PartnerAdd { card: card.clone() })?;
        Ok(node)
    })?;
    hub.until_metric("corridor_sessions", size as u64)?;
    report.add("many_joined", size, start.elapsed().as_secs_f64(), "s", Better::Lower);
    thread::sleep(REST);
    let idle = hub.memory()?;
    let mut add = |measure, value, unit| report.add(measure, size, value, unit, Better::Lower);
    add("many_memory_idle", idle, "MiB");
    add("many_memory_session", (idle - alone) * 1024.0 / size as f64, "KiB");
    add("many_memory_peak_joining", hub.peak()?, "MiB");
    hub.submit(&source.later(EDITION)?)?;
    let times = reach_all(&mut hub, &mut nodes)?;
    let (first, last) = (times.iter().min(), times.iter().max());
    let (first, last) = first.zip(last).context("there are partners")?;
    add("many_first", first.as_secs_f64() * 1000.0, "ms");
    add("many_all", last.as_secs_f64() * 1000.0, "ms");
    add("many_memory_peak_release", hub.peak()?, "MiB");
    let partners: Vec<f64> = nodes.iter().map(Node::memory).collect::<anyhow::Result<_>>()?;
    add("many_memory_partner", partners.iter().sum::<f64>() / size as f64, "MiB");
    // An orderly end of so many takes long and shows nothing: dropping them kills them.
    Ok(())
}

/// Releases, and says for each partner how long it took from the request until all was durable there.
fn reach_all(hub: &mut Node, nodes: &mut [Node]) -> anyhow::Result<Vec<Duration>> {
    let (mut times, start) = (Vec::new(), now());
    hub.release()?;
    let published = hub.published()?;
    let mut waiting: Vec<&mut Node> = nodes.iter_mut().collect();
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for node in waiting {
            if node.holds(&published)? {
                times.push(start.elapsed());
            } else {
                still.push(node);
            }
        }
        waiting = still;
        anyhow::ensure!(start.elapsed() < Duration::from_secs(120), "{} partners got nothing", waiting.len());
    }
    for node in nodes {
        node.until("all of the edition is there", |node| {
            Ok((node.observations()? == EDITION as u64).then_some(()))
        })?;
    }
    Ok(times)
}

/// Does something with each, several at a time; the order is kept.
pub(crate) fn in_parallel<T: Send, U: Send>(
    items: Vec<T>,
    each: impl Fn(T) -> anyhow::Result<U> + Sync,
) -> anyhow::Result<Vec<U>> {
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut done = Vec::new();
        while let Some((number, item)) = next() {
            done.push((number, each(item)?));
        }
        anyhow::Ok(done)
    };
    let mut done = Vec::new();
    thread::scope(|scope| {
        let running: Vec<_> = (0..PARALLEL).map(|_| scope.spawn(work)).collect();
        for one in running {
            done.extend(one.join().map_err(|_| anyhow::anyhow!("a worker panicked"))??);
        }
        anyhow::Ok(())
    })?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, item)| item).collect())
}

/// What `corridor init` makes, with keys that open quickly.
pub(crate) fn make(root: &Path, country: &str) -> anyhow::Result<Node> {
    let node = Node::at(root, country)?;
    let (national, next, own) = (keys::generate()?, keys::generate()?, keys::generate()?);
    let now = clock::now();
    let network = Network::parse(NETWORK)?;
    let term = (Millis(now.0 - DAY), Millis(now.0 + YEAR));
    let mandate = Mandate::new(national.public_key(), own.public_key(), &Purpose::ALL, term);
    let body = CardBody {
        country: country.to_owned(),
        names: vec![("en".to_owned(), country.to_owned())],
        line: vec![SignedStep::first(&national, &next.public_key(), now, &network)],
        mandates: vec![mandate.sign(&network, &national)],
        revocations: Vec::new(),
        addresses: vec![node.listen()],
        issued_at: now.0,
    };
    save(node.dir(), KeyName::Node, &own)?;
    std::fs::write(node.dir().join("card.txt"), Card::sign(body, &network, &national)?.to_text())?;
    let config = Config::initial_text(&[node.listen()], node.http(), &["MS_FBORN".to_owned()]);
    std::fs::write(node.dir().join("corridor.toml"), config)?;
    Ok(node)
}

fn save(dir: &Path, name: KeyName, key: &SecretKey) -> anyhow::Result<()> {
    let path = name.path(dir);
    std::fs::create_dir_all(path.parent().context("keys lie in a directory")?)?;
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(PASSPHRASE.to_owned()));
    recipient.set_work_factor(WORK);
    Ok(std::fs::write(path, age::encrypt(&recipient, key.seed().as_ref())?)?)
}
