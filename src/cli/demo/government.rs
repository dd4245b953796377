//! A government of the demo: a directory, a daemon as its own process, and the command line to it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// How long a daemon may take to answer after its start.
const START: Duration = Duration::from_secs(30);
/// How long it may take to end in order.
const STOP: Duration = Duration::from_secs(20);

/// A government.
#[derive(Debug)]
pub struct Government {
    binary: PathBuf,
    dir: PathBuf,
    country: String,
    fingerprint: String,
    page: String,
    /// Where it listens for partners.
    listen: String,
    child: Option<Child>,
    /// What the daemon is started by, before its own words: nothing, or a program that sets limits.
    launcher: Vec<String>,
    /// What its environment holds beside ours.
    environment: Vec<(String, String)>,
    /// Holds its ports while the daemon is down.
    _ports: [UdpSocket; 2],
}

impl Government {
    /// Makes keys and card, and starts the daemon.
    ///
    /// # Errors
    /// When the program fails.
    pub fn create(binary: &Path, all: &Path, country: &str, name: &str) -> anyhow::Result<Self> {
        let mut this = Self::init(binary, all, country, name)?;
        this.start()?;
        Ok(this)
    }

    /// Makes keys and card.
    ///
    /// # Errors
    /// When the program fails.
    pub fn init(binary: &Path, all: &Path, country: &str, name: &str) -> anyhow::Result<Self> {
        let (mut this, http) = Self::place(binary, all.join(country.to_lowercase()), country)?;
        let listen = this.listen.clone();
        let who = ["init", "--country", country, "--name", name, "--network", super::NETWORK];
        let made =
            this.ask(&[&who[..], &["--listen", &listen, "--http", &http, "--public", "MS_FBORN"]].concat())?;
        this.fingerprint = made["fingerprint"].as_str().unwrap_or_default().to_owned();
        Ok(this)
    }

    /// A standby of this government, mandated and with its grant; its daemon does not run yet.
    ///
    /// # Errors
    /// When the program fails.
    pub fn standby(&self) -> anyhow::Result<Self> {
        let name = format!("{}-standby", self.country.to_lowercase());
        let (mut this, http) = Self::place(&self.binary, self.dir.with_file_name(name), &self.country)?;
        let listen = this.listen.clone();
        let words = ["init", "--standby", "--network", super::NETWORK, "--public", "MS_FBORN"];
        this.ask(&[&words[..], &["--listen", &listen, "--http", &http]].concat())?;
        let (request, grant) = (this.dir.join("standby-request.txt"), this.dir.join("grant.txt"));
        let (request, grant) = (request.to_string_lossy(), grant.to_string_lossy());
        self.ask(&["standby", "add", &request, "--output", &grant])?;
        let joined = this.ask(&["standby", "join", &grant])?;
        this.fingerprint = joined["fingerprint"].as_str().unwrap_or_default().to_owned();
        Ok(this)
    }

    /// A directory with a passphrase, and ports.
    fn place(binary: &Path, dir: PathBuf, country: &str) -> anyhow::Result<(Self, String)> {
        std::fs::create_dir_all(&dir)?;
        write_passphrase(&dir.join("passphrase"))?;
        let ((port, one), (page, other)) = (free_port()?, free_port()?);
        let this = Self {
            _ports: [one, other],
            binary: binary.to_owned(),
            dir,
            country: country.to_owned(),
            fingerprint: String::new(),
            page: format!("http://127.0.0.1:{page}/"),
            listen: format!("/ip4/127.0.0.1/tcp/{port}"),
            child: None,
            launcher: Vec::new(),
            environment: Vec::new(),
        };
        Ok((this, format!("127.0.0.1:{page}")))
    }

    /// Starts the daemon and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.launch()?;
        // A killed daemon leaves its socket's name behind: only one that accepts is a daemon's.
        let listens = || UnixStream::connect(crate::node::home::socket(&self.dir)).is_ok();
        let up = wait(START, || listens() && self.ask(&["peers"]).is_ok());
        if up {
            Ok(())
        } else {
            bail!("the node of {} does not answer; see {}", self.country, self.log().display())
        }
    }

    /// Starts the daemon and waits for nothing.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn launch(&mut self) -> anyhow::Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut command = match self.launcher.split_first() {
            None => Command::new(&self.binary),
            Some((program, words)) => {
                let mut command = Command::new(program);
                command.args(words).arg(&self.binary);
                command
            }
        };
        self.names_its_directory(&mut command);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let child = command.arg("run").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        self.child = Some(child.with_context(|| format!("starting {}", self.binary.display()))?);
        Ok(())
    }

    /// From the next start on the daemon is started by this program and its words, and its environment holds these
    /// beside ours.
    pub fn start_by(&mut self, launcher: &[&str], environment: &[(&str, &str)]) {
        self.launcher = launcher.iter().map(|&word| word.to_owned()).collect();
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        self.environment = environment.iter().map(owned).collect();
    }

    /// The daemon's process, if one was started.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Waits until the daemon has ended by itself; its exit status, or nothing when the time is over.
    pub fn ended(&mut self, time: Duration) -> Option<ExitStatus> {
        let mut status = None;
        let child = self.child.as_mut()?;
        wait(time, || {
            status = child.try_wait().ok().flatten();
            status.is_some()
        });
        if status.is_some() {
            self.child = None;
        }
        status
    }

    /// Ends the daemon in order.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let asked =
            Command::new("kill").arg(child.id().to_string()).status().is_ok_and(|status| status.success());
        let ended = asked && wait(STOP, || matches!(child.try_wait(), Ok(Some(_))));
        if !ended {
            let _gone = child.kill();
        }
        let _status = child.wait();
    }

    /// Ends the daemon at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _gone = child.kill();
            let _status = child.wait();
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        self.names_its_directory(&mut command);
        command
    }

    fn names_its_directory(&self, command: &mut Command) {
        command.arg("--dir").arg(&self.dir).arg("--passphrase-file").arg(self.dir.join("passphrase"));
    }

    /// Runs a command with `--json` and returns what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn ask(&self, args: &[&str]) -> anyhow::Result<Value> {
        let (status, value) = self.try_ask(args)?;
        if status == 0 {
            Ok(value)
        } else {
            bail!("corridor {} ended with {status}: {value}", args.join(" "))
        }
    }

    /// Runs a command with `--json`; its exit status and what it printed.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn try_ask(&self, args: &[&str]) -> anyhow::Result<(i32, Value)> {
        let output = self.command().arg("--json").args(args).output().context("running corridor")?;
        let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        let text = String::from_utf8_lossy(&text);
        let value = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()));
        Ok((output.status.code().unwrap_or(-1), value))
    }

    /// With how many partners a session stands.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn connected(&self) -> anyhow::Result<usize> {
        let status = self.ask(&["status"])?;
        let partners = status["partners"].as_array().cloned().unwrap_or_default();
        Ok(partners.iter().filter(|partner| partner["connected"] == true).count())
    }

    /// Whether partners have acknowledged everything.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn nothing_owed(&self) -> anyhow::Result<bool> {
        let status = self.ask(&["status"])?;
        let partners = status["partners"].as_array().cloned().unwrap_or_default();
        Ok(partners.iter().all(|partner| partner["behind"] == 0)
            && partners.iter().any(|partner| partner["acknowledged"].as_u64() > Some(0)))
    }

    /// The observations that a query finds.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn get(&self, args: &[&str]) -> anyhow::Result<Vec<Value>> {
        let value = self.ask(&[&["get"], args].concat())?;
        Ok(value["observations"].as_array().cloned().unwrap_or_default())
    }

    /// The country's code.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Puts other addresses on its card, for partners to dial. The daemon must not be running.
    ///
    /// # Errors
    /// When the program fails.
    pub fn announce(&self, addresses: &[&str]) -> anyhow::Result<()> {
        let words = addresses.iter().flat_map(|address| ["--address", *address]);
        self.ask(&["card"].into_iter().chain(words).collect::<Vec<_>>()).map(|_| ())
    }

    /// The fingerprint of its national key.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The address of its portal.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Where it listens for partners, as a multiaddress.
    pub fn listen(&self) -> &str {
        &self.listen
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its card's file.
    pub fn card(&self) -> PathBuf {
        self.dir.join("card.txt")
    }

    /// The daemon's log.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }
}

impl Drop for Government {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks again until it is so or the time is over.
pub fn wait(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let step = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    while waited < time {
        if is_so() {
            return true;
        }
        std::thread::sleep(step);
        waited += step;
    }
    is_so()
}

fn write_passphrase(path: &Path) -> anyhow::Result<()> {
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("drawing a passphrase: {error}"))?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// The next port to try; below the range from which the system takes ports for outgoing connections.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// A port that nobody listens on now, and that no other government of this machine is given as long as the socket lives:
/// it holds the same number for datagrams, so that the port stays ours also while the daemon is down.
fn free_port() -> anyhow::Result<(u16, UdpSocket)> {
    let start = u16::try_from(std::process::id() % u32::from(PORTS)).unwrap_or_default();
    for _ in 0..PORTS {
        let offset =
            (u32::from(start) + 7 * u32::from(NEXT_PORT.fetch_add(1, Ordering::Relaxed))) % u32::from(PORTS);
        let port = FIRST_PORT + u16::try_from(offset).unwrap_or_default();
        if let Ok(held) = UdpSocket::bind(("127.0.0.1", port))
            && TcpListener::bind(("127.0.0.1", port)).is_ok()
        {
            return Ok((port, held));
        }
    }
    bail!("no free port between {FIRST_PORT} and {}", FIRST_PORT + PORTS)
}
