//! Real nodes in one process: engine, store and exchange of each, with the frames between them in our hands.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use corridor::net::{Carrier, NetCommand, NetError, NetEvent, NetStats};
use corridor::node::clock::Clock;
use corridor::node::prepared::Prepared;
use corridor::node::{Answer, Caller, Core, Engine, Home, Options, Request, SealingTerms};
use corridor::protect::Rules;
use corridor::sync::{Config, MIN_WINDOW};
use serde_json::Value;
use tempfile::TempDir;

use super::cast::{self, GOVERNMENTS, START};
use crate::simulation::sim::random::Random;
use corridor::model::Millis;

/// Memory of each node's derived database, in bytes.
const CACHE: u64 = 1 << 20;

/// What a node wants of the network.
#[derive(Clone, Default)]
struct Outbox(Arc<Mutex<VecDeque<NetCommand>>>);

impl Carrier for Outbox {
    fn send(&self, command: NetCommand) -> Result<(), NetError> {
        self.0.lock().expect("nobody panics with it").push_back(command);
        Ok(())
    }

    fn stats(&self) -> NetStats {
        NetStats::default()
    }
}

/// A government's node.
pub(crate) struct Node {
    /// `None` while it is stopped.
    core: Option<Core>,
    pub(crate) dir: PathBuf,
    outbox: Outbox,
    public: BTreeSet<String>,
}

/// A conversation between two nodes: to each end, the frames on their way to it.
struct Session {
    ends: [usize; 2],
    queues: [VecDeque<Vec<u8>>; 2],
}

/// A frame as it leaves one node for another.
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct World {
    pub(crate) nodes: BTreeMap<usize, Node>,
    now: Arc<AtomicI64>,
    sessions: BTreeMap<u64, Session>,
    next_session: u64,
    /// What has left and was not looked at yet.
    pub(crate) sent: Vec<Sent>,
    _dir: TempDir,
}

impl World {
    /// Nodes for these governments, with the indicators that each has opened to everybody.
    pub(crate) fn new(public: &BTreeMap<usize, BTreeSet<String>>) -> Self {
        // In memory where there is such a place: a case writes much and keeps nothing.
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let dir = dir.expect("a temporary directory can be made");
        let now = Arc::new(AtomicI64::new(START));
        let mut nodes = BTreeMap::new();
        for (at, public) in public {
            let path = dir.path().join(cast::name(*at));
            std::fs::create_dir(&path).expect("a directory can be made");
            std::fs::write(path.join("card.txt"), GOVERNMENTS[*at].card.to_text())
                .expect("a file can be written");
            std::fs::create_dir(path.join("keys")).expect("a directory can be made");
            // Rounding is of the case, not of the run.
            std::fs::write(path.join("keys/rounding"), [*at as u8; 32]).expect("a file can be written");
            let node = Node { core: None, dir: path, outbox: Outbox::default(), public: public.clone() };
            nodes.insert(*at, node);
        }
        let mut world =
            Self { nodes, now, sessions: BTreeMap::new(), next_session: 0, sent: Vec::new(), _dir: dir };
        for at in public.keys() {
            world.start(*at);
        }
        world
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Opens a node's directory.
    pub(crate) fn start(&mut self, at: usize) {
        let now = Arc::clone(&self.now);
        let node = self.nodes.get_mut(&at).expect("a node of the case");
        let clock = Clock::of(move || Millis(now.load(Ordering::Relaxed)));
        let options = Options {
            public: node.public.clone(),
            cache: CACHE,
            rules: Rules::default(),
            sealing: SealingTerms::default(),
            relays: BTreeSet::new(),
            crisis: Default::default(),
            clock,
        };
        let home = Home::open(&node.dir).expect("a node's directory");
        let key = Arc::clone(&GOVERNMENTS[at].key);
        let engine = Engine::open(home, &options, Some(key)).expect("the store opens");
        let config = Config { window: MIN_WINDOW, ..Config::default() };
        let mut core =
            Core::new(engine, config, Box::new(node.outbox.clone())).expect("the store can be read");
        core.start().expect("the node starts");
        node.core = Some(core);
        self.turn(at);
    }

    /// Stops a node in good order. Its sessions are gone.
    pub(crate) fn stop(&mut self, at: usize) {
        for other in self.partners_of(at) {
            self.disconnect(at, other);
        }
        let core = self.nodes.get_mut(&at).and_then(|node| node.core.take());
        core.expect("it runs").finish().expect("the node stops in good order");
        self.unlocked(at);
    }

    /// Waits until a node's directory can be opened again.
    pub(crate) fn unlocked(&self, at: usize) {
        // The database's own threads let go of its lock a moment after it was dropped.
        let lock = std::fs::File::open(self.nodes[&at].dir.join("db/db")).expect("there is a database");
        while lock.try_lock().is_err() {
            std::thread::yield_now();
        }
    }

    pub(crate) fn engine(&self, at: usize) -> &Engine {
        self.nodes[&at].core.as_ref().expect("it runs").engine()
    }

    fn core(&mut self, at: usize) -> &mut Core {
        self.nodes.get_mut(&at).and_then(|node| node.core.as_mut()).expect("it runs")
    }

    /// Asks a node.
    pub(crate) fn ask(&mut self, at: usize, request: Request, payload: &[u8]) -> Result<Value, String> {
        let home = self.engine(at).home().clone();
        let prepared = Prepared::new(request, &mut &*payload, (&home, None)).map_err(|e| e.to_string())?;
        let caller = Caller { who: "clerk".to_owned(), from: "terminal".to_owned() };
        let answer = self.core(at).ask(prepared, &caller);
        self.turn(at);
        match answer {
            Ok(Answer::Value(value)) => Ok(value),
            Ok(Answer::Json(raw)) => Ok(serde_json::from_str(raw.get()).expect("an answer is JSON")),
            Ok(Answer::Reader(_)) => panic!("no reader was asked for"),
            Ok(Answer::Rows(rows)) => {
                let mut all = Vec::new();
                let each = &mut |row: &str| {
                    all.push(serde_json::from_str(row).expect("a row is JSON"));
                    true
                };
                rows.each(each).expect("the rows can be read");
                Ok(Value::Array(all))
            }
            Err(error) if error.is_fatal() => panic!("{} stops: {error}", cast::name(at)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Time passes, and every node takes note.
    pub(crate) fn advance(&mut self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
        for at in self.nodes.keys().copied().collect::<Vec<_>>() {
            self.tell(at, None);
        }
    }

    /// Gives a node an event, or a tick, and ends its turn.
    fn tell(&mut self, at: usize, event: Option<NetEvent>) {
        let core = self.core(at);
        let told = match event {
            Some(event) => core.on_net(event),
            None => core.tick(),
        };
        told.unwrap_or_else(|error| panic!("{} stops: {error}", cast::name(at)));
        self.turn(at);
    }

    fn turn(&mut self, at: usize) {
        let core = self.core(at);
        let turned = core.settle().and_then(|()| core.fold());
        turned.unwrap_or_else(|error| panic!("{} stops: {error}", cast::name(at)));
        let commands: Vec<NetCommand> =
            self.nodes[&at].outbox.0.lock().expect("nobody panics with it").drain(..).collect();
        for command in commands {
            match command {
                NetCommand::Send { session, bytes, .. } | NetCommand::SendLast { session, bytes, .. } => {
                    self.send(at, session, bytes);
                }
                NetCommand::Close { session, reason, .. } if self.sessions.contains_key(&session) => {
                    panic!("{} closes a session with an honest partner: {reason}", cast::name(at))
                }
                NetCommand::Close { .. }
                | NetCommand::SetPartners(_)
                | NetCommand::DialNow { .. }
                | NetCommand::Shutdown => {}
            }
        }
    }

    fn send(&mut self, from: usize, session: u64, bytes: Vec<u8>) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        let end = usize::from(session.ends[0] == from);
        let to = session.ends[end];
        session.queues[end].push_back(bytes.clone());
        self.sent.push(Sent { from, to, bytes });
    }

    /// Opens a session between two nodes.
    pub(crate) fn connect(&mut self, one: usize, other: usize) {
        if self.session(one, other).is_some() {
            return;
        }
        self.next_session += 1;
        let session = self.next_session;
        let queues = [VecDeque::new(), VecDeque::new()];
        self.sessions.insert(session, Session { ends: [one, other], queues });
        for (at, with) in [(one, other), (other, one)] {
            let (peer, remote) = (GOVERNMENTS[with].node, cast::name(with).to_owned());
            self.tell(at, Some(NetEvent::SessionOpened { peer, session, remote }));
        }
    }

    /// Ends the session between two nodes; what is on its way is lost.
    pub(crate) fn disconnect(&mut self, one: usize, other: usize) {
        let Some(session) = self.session(one, other) else { return };
        self.sessions.remove(&session);
        for (at, with) in [(one, other), (other, one)] {
            let (peer, reason) = (GOVERNMENTS[with].node, "cut".to_owned());
            self.tell(at, Some(NetEvent::SessionClosed { peer, session, reason }));
        }
    }

    fn session(&self, one: usize, other: usize) -> Option<u64> {
        let with = |session: &Session| session.ends == [one, other] || session.ends == [other, one];
        self.sessions.iter().find(|(_, session)| with(session)).map(|(id, _)| *id)
    }

    /// The nodes with which one has a session.
    pub(crate) fn partners_of(&self, at: usize) -> Vec<usize> {
        let ends = self.sessions.values().map(|session| session.ends);
        ends.filter(|ends| ends.contains(&at))
            .map(|[one, other]| if one == at { other } else { one })
            .collect()
    }

    /// Hands over one frame that is on its way, whichever chance picks; says between whom, if there is one.
    pub(crate) fn deliver(&mut self, random: &mut Random) -> Option<(usize, usize)> {
        let waiting: Vec<(u64, usize)> = self
            .sessions
            .iter()
            .flat_map(|(id, session)| [0, 1].map(|end| (*id, end, session.queues[end].is_empty())))
            .filter_map(|(id, end, empty)| (!empty).then_some((id, end)))
            .collect();
        if waiting.is_empty() {
            return None;
        }
        let (id, end) = *random.pick(&waiting);
        let session = self.sessions.get_mut(&id)?;
        let (from, to) = (session.ends[1 - end], session.ends[end]);
        let bytes = session.queues[end].pop_front()?;
        self.tell(to, Some(NetEvent::Frame { peer: GOVERNMENTS[from].node, session: id, bytes }));
        Some((from, to))
    }

    /// The pairs of nodes that have a session.
    pub(crate) fn pairs(&self) -> Vec<[usize; 2]> {
        self.sessions.values().map(|session| session.ends).collect()
    }
}
