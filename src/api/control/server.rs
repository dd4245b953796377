//! The daemon's end of the socket.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{self, JoinSet};
use tokio::time::{sleep, timeout};

use super::frame::{Ask, End, Fault, Reply, push, row_frame};
use super::socket::Socket;
use super::{MAX_CLIENTS, MAX_PAYLOAD, MAX_REQUEST};
use crate::api::Node;
use crate::api::http::site::pages_of;
use crate::node::engine::Rows;
use crate::node::payload::{MAX_WHOLE, PIECE, PieceSender};
use crate::node::site::SiteRequest;
use crate::node::{Answer, Caller, NodeError, Payload, Pending, Request, Scope};

/// Rows are collected up to this many bytes while the client is busy reading.
const CHUNK: usize = 32 * 1_024;
/// Chunks that wait for the client; then the node waits too.
const CHUNKS: usize = 4;
/// Large payloads that are read at one time: each may need a good part of the memory that a node may have, so the
/// others wait, their clients' files unread.
const LARGE_AT_ONCE: usize = 1;
/// How many requests of one client are taken before the answer of the first is written.
const AHEAD: usize = 256;
/// A client that asks or sends nothing for this long makes room for another.
const IDLE: Duration = Duration::from_secs(300);
/// Answers under way when the daemon stops get this long to end.
const DRAIN: Duration = Duration::from_secs(5);
/// Pause after the operating system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens at `path` at once and serves until `shutdown`, in the future that is returned. Must be called in a
/// Tokio runtime.
///
/// # Errors
/// When the socket cannot be made, or a daemon already listens there.
pub fn serve<N: Node, S: Future<Output = ()> + Send>(
    path: &Path,
    node: N,
    shutdown: S,
) -> io::Result<impl Future<Output = ()> + Send + use<N, S>> {
    let (socket, listener) = Socket::bind(path)?;
    let listener = UnixListener::from_std(listener)?;
    Ok(run(Arc::new(socket), listener, node, shutdown))
}

async fn run(
    socket: Arc<Socket>,
    listener: UnixListener,
    node: impl Node,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut clients = JoinSet::new();
    let turns = Arc::new(Semaphore::new(LARGE_AT_ONCE));
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let free = clients.len() < MAX_CLIENTS;
                    let seat = Seat { free, turns: Arc::clone(&turns) };
                    clients.spawn(client(stream, Arc::clone(&socket), node.clone(), seat));
                }
                Err(error) => {
                    tracing::warn!(%error, "control socket cannot accept");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    drop(socket);
    let drained = timeout(DRAIN, async { while clients.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(clients = clients.len(), "control socket closes on clients");
    }
}

/// What a client shares with the others.
struct Seat {
    /// Whether there was room for it.
    free: bool,
    /// Who may send a large payload now.
    turns: Arc<Semaphore>,
}

/// One client, from its first byte to its last.
async fn client(stream: UnixStream, socket: Arc<Socket>, node: impl Node, seat: Seat) {
    let user = match stream.peer_cred() {
        Ok(credentials) => credentials.uid(),
        Err(error) => {
            tracing::warn!(%error, "control client without credentials");
            return;
        }
    };
    let admitted = socket.admits(user);
    // Held no longer, so that the socket's name goes away when the daemon stops and not when its last client does.
    drop(socket);
    let (reader, mut writer) = stream.into_split();
    let refusal = match (admitted, seat.free) {
        (true, true) => None,
        (false, _) => Some(Fault::new("forbidden", "only the daemon's own user and root are heard here")),
        (true, false) => Some(Fault::new("busy", format!("{MAX_CLIENTS} clients are connected: try again"))),
    };
    let caller = Caller { who: format!("uid {user}"), from: "socket".to_owned() };
    let ended = match refusal {
        Some(fault) => {
            tracing::warn!(user, code = fault.code, "control client refused");
            refuse(&mut writer, fault).await
        }
        None => {
            let mut talk = Talk { reader: BufReader::new(reader), node, caller, turns: seat.turns };
            talk.converse(&mut writer).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(user, %error, "control client gone");
    }
}

/// A client that is heard.
struct Talk<N> {
    reader: BufReader<OwnedReadHalf>,
    node: N,
    caller: Caller,
    turns: Arc<Semaphore>,
}

/// What a client says next.
enum Next {
    Asked(Ask),
    Refused(Fault),
    Over,
}

impl<N: Node> Talk<N> {
    /// Answers requests in their order until the client has no more. A client may send some before it has read the
    /// answers of others: the node takes them together then.
    async fn converse(&mut self, writer: &mut OwnedWriteHalf) -> io::Result<()> {
        let (answers, mut waiting) = mpsc::channel(AHEAD);
        let unanswered = AtomicUsize::new(0);
        let write = async {
            let mut frames = Vec::new();
            let mut last = None;
            while let Some(next) = waiting.recv().await {
                match next {
                    Answering::Asked(pending) => answer(pending, &mut frames, writer).await?,
                    Answering::Refused(fault) => last = Some(fault),
                }
                unanswered.fetch_sub(1, Ordering::Relaxed);
                // Answers that come together leave together.
                if waiting.is_empty() || frames.len() >= CHUNK {
                    writer.write_all(&frames).await?;
                    frames.clear();
                }
            }
            match last {
                Some(fault) => refuse(writer, fault).await,
                None => Ok(()),
            }
        };
        let read = self.listen(answers, &unanswered);
        tokio::try_join!(read, write).map(|_| ())
    }

    /// Takes requests as long as the client sends some.
    async fn listen(&mut self, answers: mpsc::Sender<Answering>, unanswered: &AtomicUsize) -> io::Result<()> {
        loop {
            // Waiting for the first byte may be given up at any time; a request that has begun is read to its end.
            match timeout(IDLE, self.reader.fill_buf()).await {
                Err(_) if unanswered.load(Ordering::Relaxed) > 0 => continue,
                Err(_) => return Ok(()),
                Ok(begun) => begun?,
            };
            let next = timeout(IDLE, request(&mut self.reader)).await.map_err(io::Error::from).flatten()?;
            let (answering, is_last) = match next {
                Next::Asked(ask) => (Answering::Asked(self.ask(ask).await?), false),
                Next::Refused(fault) => (Answering::Refused(fault), true),
                Next::Over => return Ok(()),
            };
            unanswered.fetch_add(1, Ordering::Relaxed);
            if answers.send(answering).await.is_err() || is_last {
                return Ok(());
            }
        }
    }

    /// The public pages as files: what they are made of is asked of the node, and they are made here.
    async fn pages(&self) -> Result<Pending, NodeError> {
        let asked = [Request::Reader(Scope::Public), Request::Status];
        let [reader, status] =
            asked.map(|request| self.node.ask(request, Payload::none(), self.caller.clone()));
        match (reader.await?, status.await?) {
            (Answer::Reader(reader), Answer::Value(status)) => {
                Ok(Pending::ready(pages_of(reader, status).map(Answer::Rows)))
            }
            (_, _) => Err(NodeError::Refused("the node does not say what its pages are made of".to_owned())),
        }
    }

    /// Hands a request to the node, which reads a large payload while it comes.
    ///
    /// # Errors
    /// When the client breaks off; then nothing was asked of the node, or it met the end of the payload.
    async fn ask(&mut self, ask: Ask) -> io::Result<Result<Pending, NodeError>> {
        if ask.request == Request::Site(SiteRequest::Pages) && ask.payload == 0 {
            return Ok(self.pages().await);
        }
        let (node, caller) = (&self.node, self.caller.clone());
        if ask.payload <= MAX_WHOLE {
            let mut bytes = Vec::new();
            let read = timeout(IDLE, exactly(&mut self.reader, ask.payload, &mut bytes)).await;
            read.map_err(io::Error::from).flatten()?;
            return Ok(node.send(ask.request, Payload::whole(bytes), caller).await);
        }
        let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
        let (pieces, payload) = Payload::pieces(ask.payload);
        let sending = send_pieces(&mut self.reader, ask.payload, pieces);
        // Both to their ends: what the node made of a part of a payload is gone before the turn is given back.
        let (sent, pending) = tokio::join!(sending, node.send(ask.request, payload, caller));
        sent.map(|()| pending)
    }
}

/// An answer in the order of the requests.
enum Answering {
    Asked(Result<Pending, NodeError>),
    /// The last one: what comes after a request that was not read cannot be understood.
    Refused(Fault),
}

/// Waits for an answer. A short one is added to the frames that are to be written; rows are written as they come.
async fn answer(
    pending: Result<Pending, NodeError>,
    frames: &mut Vec<u8>,
    writer: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let answer = match pending {
        Ok(pending) => pending.answer().await,
        Err(error) => Err(error),
    };
    let reply = match answer {
        Ok(Answer::Value(value)) => Reply::End(Some(value)),
        Ok(Answer::Json(text)) => return add(frames, &End { end: &text }),
        // No socket can carry it, and none can ask for it.
        Ok(Answer::Reader(_)) => {
            Reply::Error(fault(&NodeError::Refused("it is asked within the node".to_owned())))
        }
        // Most questions are for few rows, which need no other thread to be made.
        Ok(Answer::Rows(rows)) => match task::block_in_place(|| few(&rows, frames)) {
            Ok(true) => Reply::End(None),
            Ok(false) => {
                writer.write_all(frames).await?;
                frames.clear();
                let (chunks, inbox) = mpsc::channel(CHUNKS);
                let made = task::spawn_blocking(move || make(&rows, &chunks));
                stream(writer, inbox).await?;
                let end = made.await.unwrap_or_else(|error| Err(stopped(&error)));
                end.map_or_else(Reply::Error, |()| Reply::End(None))
            }
            Err(fault) => Reply::Error(fault),
        },
        Err(error) => Reply::Error(fault(&error)),
    };
    add(frames, &reply)
}

async fn request(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Next> {
    let length = match reader.read_u32_le().await {
        Ok(length) => length,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Next::Over),
        Err(error) => return Err(error),
    };
    if length > MAX_REQUEST {
        let message = format!("a request of {length} bytes exceeds {MAX_REQUEST}");
        return Ok(Next::Refused(Fault::new("too_long", message)));
    }
    let mut text = Vec::new();
    exactly(reader, length.into(), &mut text).await?;
    let ask: Ask = match serde_json::from_slice(&text) {
        Ok(ask) => ask,
        Err(error) => return Ok(Next::Refused(Fault::new("bad_request", format!("no request: {error}")))),
    };
    if ask.payload > MAX_PAYLOAD {
        let message = format!("a payload of {} bytes exceeds {MAX_PAYLOAD}", ask.payload);
        return Ok(Next::Refused(Fault::new("too_long", message)));
    }
    Ok(Next::Asked(ask))
}

/// Reads a payload piece by piece. What the node does not want any more is read all the same, so that the client
/// gets to the answer.
async fn send_pieces(
    reader: &mut BufReader<OwnedReadHalf>,
    length: u64,
    pieces: PieceSender,
) -> io::Result<()> {
    let (mut left, mut wanted) = (length, true);
    while left > 0 {
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        timeout(IDLE, reader.read_exact(&mut piece)).await.map_err(io::Error::from).flatten()?;
        left -= piece.len() as u64;
        wanted = wanted && pieces.send(piece).await;
    }
    Ok(())
}

/// Reads this many bytes. Memory grows with what has come and not with what was announced.
async fn exactly(reader: &mut BufReader<OwnedReadHalf>, length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(length).read_to_end(into).await?;
    if read as u64 == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Appends the frames of all rows if they are few, and says whether they are; else none.
fn few(rows: &Rows, frames: &mut Vec<u8>) -> Result<bool, Fault> {
    let (start, mut broken) = (frames.len(), None);
    let read = rows.each(&mut |row| {
        broken = row_frame(frames, row).err();
        broken.is_none() && frames.len() < start + CHUNK
    });
    let few = frames.len() < start + CHUNK;
    if !few {
        frames.truncate(start);
    }
    ended(read, broken).map(|()| few)
}

/// Makes rows, on a thread that may wait, until the client is gone.
fn make(rows: &Rows, chunks: &mpsc::Sender<Vec<u8>>) -> Result<(), Fault> {
    let (mut frames, mut broken) = (Vec::new(), None);
    let read = rows.each(&mut |row| {
        broken = row_frame(&mut frames, row).err();
        if broken.is_some() {
            return false;
        }
        // While nothing waits, the client sees a row as soon as there is one.
        let waits = chunks.capacity() < chunks.max_capacity();
        (waits && frames.len() < CHUNK) || chunks.blocking_send(std::mem::take(&mut frames)).is_ok()
    });
    if !frames.is_empty() {
        // A client that is gone needs no rest.
        let _ = chunks.blocking_send(frames);
    }
    ended(read, broken)
}

fn ended(read: Result<(), NodeError>, broken: Option<Fault>) -> Result<(), Fault> {
    match (read, broken) {
        (Err(error), _) => Err(fault(&error)),
        (Ok(()), Some(broken)) => Err(broken),
        (Ok(()), None) => Ok(()),
    }
}

async fn stream(writer: &mut OwnedWriteHalf, mut inbox: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(frames) = inbox.recv().await {
        writer.write_all(&frames).await?;
    }
    Ok(())
}

/// Appends a frame; in place of one that is too long, why it is not there.
fn add(frames: &mut Vec<u8>, reply: &impl Serialize) -> io::Result<()> {
    push(frames, reply).or_else(|fault| push(frames, &Reply::Error(fault))).map_err(io::Error::other)
}

/// The last frame of a conversation: what comes after a request that was not read cannot be understood.
async fn refuse(writer: &mut OwnedWriteHalf, fault: Fault) -> io::Result<()> {
    let mut frames = Vec::new();
    add(&mut frames, &Reply::Error(fault))?;
    writer.write_all(&frames).await?;
    writer.shutdown().await
}

fn fault(error: &NodeError) -> Fault {
    tracing::info!(code = error.code(), error = error.logged(), "request failed");
    Fault::new(error.code(), error.to_string())
}

fn stopped(error: &task::JoinError) -> Fault {
    tracing::error!(%error, "rows ended early");
    Fault::new("internal", "the answer broke off; the daemon's log says why")
}
