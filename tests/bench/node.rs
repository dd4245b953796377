//! A node as its own process, asked through its control socket and its metrics page, and watched from outside.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use corridor::api::control::{Client, Payload};
use corridor::feed::{AgreementId, Card};
use corridor::node::Request;
use corridor::node::request::{GetRequest, ReleaseRequest, SubmitRequest};
use serde_json::Value;

use crate::clock::{now, time_of_day};
use crate::outside;
use crate::real;

/// The network on which the nodes meet.
pub(crate) const NETWORK: &str = "training/bench";
/// How long anything may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(900);
/// The pause between two questions whether something is so yet: what times are exact to.
const POLL: Duration = Duration::from_micros(100);
/// How long a connection is silent after everything was said.
const SILENCE: Duration = Duration::from_millis(250);
/// What opens the keys.
pub(crate) const PASSPHRASE: &str = "only for measuring";

/// A node.
pub(crate) struct Node {
    root: PathBuf,
    dir: PathBuf,
    country: String,
    /// The port of the exchange with partners.
    port: u16,
    http: String,
    page: Option<BufReader<TcpStream>>,
    child: Option<Child>,
    client: Option<Client>,
}

impl Node {
    /// Makes keys and card in `root/country`.
    pub(crate) fn init(root: &Path, country: &str) -> anyhow::Result<Self> {
        Self::made(root, country, &["--country", country])
    }

    /// A node that reports for no country.
    pub(crate) fn observer(root: &Path) -> anyhow::Result<Self> {
        Self::made(root, "observer", &["--observer"])
    }

    fn made(root: &Path, name: &str, who: &[&str]) -> anyhow::Result<Self> {
        let node = Self::at(root, name)?;
        let listen = node.listen();
        let how = ["--name", name, "--network", NETWORK, "--listen", &listen, "--http", &node.http];
        let how = how.iter().chain(&["--public", "MS_FBORN"]);
        let output =
            node.command().arg("init").args(who).args(how).output().context("running corridor init")?;
        ensure!(output.status.success(), "init of {name}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(node)
    }

    /// A node's directory with a passphrase and nothing else.
    pub(crate) fn at(root: &Path, country: &str) -> anyhow::Result<Self> {
        let dir = root.join(country.to_lowercase());
        fs::create_dir_all(&dir)?;
        let mut options = OpenOptions::new();
        let mut passphrase =
            options.write(true).create(true).truncate(true).mode(0o600).open(dir.join("passphrase"))?;
        passphrase.write_all(PASSPHRASE.as_bytes())?;
        let (port, http) = (free_port()?, format!("127.0.0.1:{}", free_port()?));
        let (root, country) = (root.to_owned(), country.to_owned());
        Ok(Self { root, dir, country, port, http, page: None, child: None, client: None })
    }

    /// Where partners reach it.
    pub(crate) fn listen(&self) -> String {
        format!("/ip4/127.0.0.1/tcp/{}", self.port)
    }

    /// Its web page.
    pub(crate) fn http(&self) -> &str {
        &self.http
    }

    /// The port of the exchange with partners.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where the wrapper finds what to end if this program is ended.
    fn pids(&self) -> PathBuf {
        self.root.parent().unwrap_or(&self.root).join("pids")
    }

    /// A node with the same keys in another directory, as if it had just been made: making keys is slow by design.
    pub(crate) fn copy(&self, root: &Path) -> anyhow::Result<Self> {
        let dir = root.join(self.country.to_lowercase());
        copy_directory(&self.dir, &dir)?;
        let (root, country, http) = (root.to_owned(), self.country.clone(), self.http.clone());
        Ok(Self { root, dir, country, port: self.port, http, page: None, child: None, client: None })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corridor"));
        command.arg("--dir").arg(&self.dir).arg("--passphrase-file").arg(self.passphrase());
        command
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn passphrase(&self) -> PathBuf {
        self.dir.join("passphrase")
    }

    pub(crate) fn card(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.dir.join("card.txt"))?)
    }

    /// Starts the daemon; returns after its first answer, with the time until then.
    pub(crate) fn start(&mut self, first: &Request) -> anyhow::Result<(Value, Duration)> {
        let log = OpenOptions::new().create(true).append(true).open(self.dir.join("log"))?;
        let start = now();
        let child =
            self.command().arg("run").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut pids = OpenOptions::new().create(true).append(true).open(self.pids())?;
        let pid = child.id();
        self.child = Some(child);
        writeln!(pids, "{pid}")?;
        let socket = self.dir.join("control.sock");
        self.client =
            Some(self.until("the daemon listens", |_| Ok(Client::connect(&socket).ok().flatten()))?);
        let answer = self.ask(first)?;
        Ok((answer, start.elapsed()))
    }

    /// What this node has published: where the feed lies below every node's directory, and its bytes so far.
    pub(crate) fn published(&self) -> anyhow::Result<(PathBuf, u64)> {
        let publisher = Card::from_text(&self.card()?)?.publisher().to_hex();
        let feed = Path::new("feeds").join(publisher).join(AgreementId::public().to_hex());
        let bytes = segments(&self.dir.join(&feed));
        ensure!(bytes > 0, "{} has published nothing", self.country);
        Ok((feed, bytes))
    }

    /// Whether all of a feed is here and durable. Its bytes are the same everywhere, and the loop answers after it
    /// has made durable what was appended before; nothing is folded.
    pub(crate) fn holds(&mut self, (feed, bytes): &(PathBuf, u64)) -> anyhow::Result<bool> {
        if segments(&self.dir.join(feed)) < *bytes {
            return Ok(false);
        }
        self.ask(&Request::Peers).map(|_| true)
    }

    /// Waits until everything that another node has published is durable here.
    pub(crate) fn until_durable(&mut self, publisher: &Self) -> anyhow::Result<()> {
        let published = publisher.published()?;
        self.until("all is durable", |node| Ok(node.holds(&published)?.then_some(())))
    }

    /// Whether the daemon was started.
    pub(crate) fn is_up(&self) -> bool {
        self.child.is_some()
    }

    /// One more conversation with the daemon.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        let client = Client::connect(&self.dir.join("control.sock"))?;
        client.with_context(|| format!("the daemon of {} does not listen", self.country))
    }

    /// Ends the daemon in order.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        (self.client, self.page) = (None, None);
        let Some(child) = &mut self.child else { return Ok(()) };
        let asked = Command::new("kill").arg(child.id().to_string()).status()?;
        ensure!(asked.success(), "the daemon of {} is gone; see its log:\n{}", self.country, self.log());
        let status = child.wait()?;
        self.child = None;
        ensure!(status.success(), "the daemon of {} ended with {status}:\n{}", self.country, self.log());
        Ok(())
    }

    fn log(&self) -> String {
        let text = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }

    /// Milliseconds from the last session's opening until both had greeted each other, as the log tells it.
    pub(crate) fn last_greeting(&self) -> anyhow::Result<f64> {
        Ok((self.last_time(": session ready")? - self.last_time(": session opened")?) * 1000.0)
    }

    /// When the log last said this, in seconds since midnight.
    fn last_time(&self, what: &str) -> anyhow::Result<f64> {
        let text = fs::read_to_string(self.dir.join("log"))?;
        let last = text.lines().rfind(|line| line.contains(what)).and_then(logged_at);
        last.with_context(|| format!("the log of {} has no {what:?}", self.country))
    }

    /// Milliseconds from the session's opening until all was said and the connection fell silent. To be called at
    /// once after the start.
    pub(crate) fn talk(&mut self) -> anyhow::Result<f64> {
        let (mut seen, mut last, mut silent_since) = ((0.0, 0.0), 0.0, now());
        while seen == (0.0, 0.0) || silent_since.elapsed() < SILENCE {
            let traffic = self.traffic()?;
            if traffic != seen {
                (seen, last, silent_since) = (traffic, time_of_day(), now());
            }
            ensure!(silent_since.elapsed() < PATIENCE, "{} finds no partner", self.country);
            std::thread::sleep(POLL);
        }
        Ok((last - self.last_time(": session opened")?) * 1000.0)
    }

    /// Asks for one value.
    pub(crate) fn ask(&mut self, request: &Request) -> anyhow::Result<Value> {
        self.call(request, None, &mut |_| true)
    }

    /// Asks for one value with a file.
    pub(crate) fn ask_with(&mut self, request: &Request, file: &[u8]) -> anyhow::Result<Value> {
        let (length, mut bytes) = (file.len() as u64, file);
        self.call(request, Some(Payload { length, bytes: &mut bytes }), &mut |_| true)
    }

    fn call(
        &mut self,
        request: &Request,
        payload: Option<Payload<'_>>,
        on_row: &mut dyn FnMut(Value) -> bool,
    ) -> anyhow::Result<Value> {
        let client = self.client.as_mut().context("the daemon is not started")?;
        let answer = client.call(request, payload, on_row);
        Ok(answer.with_context(|| format!("asking {}", self.country))?.unwrap_or_default())
    }

    /// Submits a text as a file.
    pub(crate) fn submit(&mut self, text: &str) -> anyhow::Result<()> {
        self.submit_from(&mut text.as_bytes(), text.len() as u64)
    }

    /// Submits a file, which is read while it is sent.
    pub(crate) fn submit_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        self.submit_from(&mut file, length)
    }

    /// Submits a file with a mapping.
    pub(crate) fn submit_mapped(&mut self, path: &Path, mapping: &str) -> anyhow::Result<()> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mapping = Some(mapping.to_owned());
        let request = Request::Submit(SubmitRequest {
            file: "bench.csv".to_owned(),
            mapping,
            ..SubmitRequest::default()
        });
        self.submit_as(&request, &mut file, length)
    }

    fn submit_from(&mut self, bytes: &mut (dyn Read + Send), length: u64) -> anyhow::Result<()> {
        self.submit_as(&submission(), bytes, length)
    }

    fn submit_as(
        &mut self,
        request: &Request,
        bytes: &mut (dyn Read + Send),
        length: u64,
    ) -> anyhow::Result<()> {
        let value = self.call(request, Some(Payload { length, bytes }), &mut |_| true)?;
        ensure!(value["accepted"] == true, "the file was refused: {}", value["findings"][0]["text"]);
        Ok(())
    }

    /// Releases what was submitted; how many observations are new.
    pub(crate) fn release(&mut self) -> anyhow::Result<u64> {
        let value = self.ask(&Request::Release(ReleaseRequest::default()))?;
        Ok(value["released"][0]["new"].as_u64().unwrap_or_default())
    }

    /// The values that a key finds.
    pub(crate) fn get(&mut self, key: &str) -> anyhow::Result<Vec<Value>> {
        let get =
            GetRequest { flow: "MS_FBORN".to_owned(), key: Some(key.to_owned()), ..GetRequest::default() };
        let mut rows = Vec::new();
        self.call(&Request::Get(get), None, &mut |row| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    /// Observations under the public agreement, by what `status` says; folds what is not folded yet.
    pub(crate) fn observations(&mut self) -> anyhow::Result<u64> {
        Ok(public_observations(&self.ask(&Request::Status)?))
    }

    /// Bytes read from and written to the partner since the session began.
    pub(crate) fn traffic(&mut self) -> anyhow::Result<(f64, f64)> {
        let value = self.ask(&Request::Peers)?;
        let peer = &value["peers"][0];
        Ok((peer["bytes_in"].as_f64().unwrap_or(0.0), peer["bytes_out"].as_f64().unwrap_or(0.0)))
    }

    /// A figure of the metrics page, which is answered beside the node's loop and folds nothing.
    pub(crate) fn metric(&mut self, name: &str) -> anyhow::Result<u64> {
        let text = self.page("/metrics")?;
        // A daemon shows its figures after its first turn.
        if !text.contains("corridor_") {
            return Ok(0);
        }
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = line.with_context(|| format!("no {name} among the metrics:\n{text}"))?;
        // Counters are written as fractions: 12.0.
        Ok(value.split('.').next().unwrap_or_default().parse()?)
    }

    /// How many public observations a key finds over HTTP.
    pub(crate) fn observations_page(&mut self, key: &str) -> anyhow::Result<usize> {
        real::count_rows(&self.page(&format!("/api/v1/observations?flow=MS_FBORN&key={key}"))?)
    }

    /// A page, over a connection that is kept.
    fn page(&mut self, path: &str) -> anyhow::Result<String> {
        self.kept_page(path).or_else(|_| {
            // One that was kept may have been closed; a fresh one must do.
            self.page = None;
            self.kept_page(path).with_context(|| format!("{path} of {}", self.country))
        })
    }

    fn kept_page(&mut self, path: &str) -> anyhow::Result<String> {
        if self.page.is_none() {
            let stream = TcpStream::connect(&self.http)?;
            stream.set_nodelay(true)?;
            self.page = Some(BufReader::new(stream));
        }
        let stream = self.page.as_mut().context("the connection was just made")?;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.http);
        stream.get_mut().write_all(ask.as_bytes())?;
        let (status, text) = answer_of(stream)?;
        ensure!(status == 200, "{path}: {status}");
        Ok(String::from_utf8(text)?)
    }

    /// Waits until a metric is at least so high.
    pub(crate) fn until_metric(&mut self, name: &str, least: u64) -> anyhow::Result<()> {
        self.until(name, |node| Ok((node.metric(name)? >= least).then_some(())))
    }

    /// Asks again until there is an answer.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut is_so: impl FnMut(&mut Self) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let (start, mut asked) = (now(), 0_u64);
        while start.elapsed() < PATIENCE {
            if let Some(value) = is_so(self)? {
                return Ok(value);
            }
            // Of a process that has ended the program can no longer be read.
            asked += 1;
            if asked % 64 == 0 && fs::read_link(format!("/proc/{}/exe", self.pid()?)).is_err() {
                bail!("the daemon of {} is gone:\n{}", self.country, self.log());
            }
            std::thread::sleep(POLL);
        }
        bail!("{}: {what}: not so after {PATIENCE:?}", self.country)
    }

    /// Resident memory in MiB, now.
    pub(crate) fn memory(&self) -> anyhow::Result<f64> {
        outside::memory(self.pid()?, "VmRSS")
    }

    /// The most resident memory in MiB since the last time this was asked.
    pub(crate) fn peak(&self) -> anyhow::Result<f64> {
        let peak = outside::memory(self.pid()?, "VmHWM")?;
        outside::forget_peak(self.pid()?)?;
        Ok(peak)
    }

    /// Seconds of processor time that the daemon has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<f64> {
        outside::cpu(self.pid()?)
    }

    fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.child.as_ref().context("the daemon is not started")?.id())
    }

    /// Bytes of a directory of the node.
    pub(crate) fn bytes_of(&self, part: &str) -> f64 {
        outside::directory_bytes(&self.dir.join(part)) as f64
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _gone = child.kill();
            let _status = child.wait();
        }
    }
}

/// A request and the file that goes with it, if one does.
pub(crate) type Asked = (Request, Option<String>);

/// The request that comes before a file of figures.
pub(crate) fn submission() -> Request {
    Request::Submit(SubmitRequest { file: "bench.csv".to_owned(), ..SubmitRequest::default() })
}

/// Asks many things over one conversation, the next before the last is answered, and hands on each answer, in the
/// order of the requests.
pub(crate) fn ask_all(
    client: &mut Client,
    asked: impl IntoIterator<Item = Asked>,
    each: &mut dyn FnMut(Value) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let asked: Vec<(Request, Option<Vec<u8>>)> =
        asked.into_iter().map(|(request, file)| (request, file.map(String::into_bytes))).collect();
    let mut taken = Ok(());
    client.call_all(&asked, &mut |answer| {
        let answer = answer.map_err(anyhow::Error::from).and_then(|value| each(value.unwrap_or_default()));
        if taken.is_ok() {
            taken = answer;
        }
    })?;
    taken
}

/// Makes two nodes that run each other's partners, and waits until they talk.
pub(crate) fn introduce(a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
    a.ask(&Request::PartnerAdd { card: b.card()? })?;
    b.ask(&Request::PartnerAdd { card: a.card()? })?;
    b.until_metric("corridor_sessions", 1)?;
    a.until_metric("corridor_sessions", 1)
}

/// Observations under the public agreement in an answer to `status`.
pub(crate) fn public_observations(status: &Value) -> u64 {
    let feeds = status["feeds"].as_array().into_iter().flatten();
    let public = feeds.filter(|feed| feed["agreement_name"] == "public");
    public.filter_map(|feed| feed["observations"].as_u64()).sum()
}

/// Bytes of a feed, without what is derived from it.
fn segments(feed: &Path) -> u64 {
    let files = fs::read_dir(feed).into_iter().flatten().flatten();
    let segments = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "feed"));
    segments.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// The status and the body of an answer, as it came.
pub(crate) fn answer_of(stream: &mut impl BufRead) -> anyhow::Result<(u16, Vec<u8>)> {
    let (mut status, mut length) = (String::new(), None);
    stream.read_line(&mut status)?;
    ensure!(!status.is_empty(), "the page was closed");
    loop {
        let line = header_line(stream)?;
        match line.strip_prefix("content-length:") {
            Some(text) => length = Some(text.trim().parse()?),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let text = match length {
        Some(length) => {
            let mut text = vec![0; length];
            stream.read_exact(&mut text)?;
            text
        }
        None => chunks(stream)?,
    };
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.context("the answer has no status")?, text))
}

/// A line of a page's head, in small letters.
pub(crate) fn header_line(stream: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    ensure!(stream.read_line(&mut line)? > 0, "the page was closed");
    Ok(line.trim().to_ascii_lowercase())
}

/// The body of a page that comes in chunks.
fn chunks(stream: &mut impl BufRead) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let length = usize::from_str_radix(&header_line(stream)?, 16)?;
        let start = text.len();
        text.resize(start + length, 0);
        stream.read_exact(&mut text[start..])?;
        header_line(stream)?;
        if length == 0 {
            return Ok(text);
        }
    }
}

fn copy_directory(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copy_directory(&item.path(), &target)?;
        } else {
            fs::copy(item.path(), target)?;
        }
    }
    Ok(())
}

/// Seconds since midnight of a line such as `2025-01-31T10:20:30.123456Z  INFO …`.
fn logged_at(line: &str) -> Option<f64> {
    let clock = line.split_once('T')?.1.split_once('Z')?.0;
    let parts: Vec<f64> = clock.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// A port below the range from which the system takes ports for outgoing connections.
fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 12_000;
    let start = u16::try_from(std::process::id() % u32::from(PORTS))?;
    for _ in 0..PORTS {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST + PORTS)
}
