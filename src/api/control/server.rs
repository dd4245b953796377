//! The daemon's end of the socket.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};
use tokio::time::{sleep, timeout};

use super::frame::{Ask, Fault, Reply, push};
use super::socket::Socket;
use super::{MAX_CLIENTS, MAX_PAYLOAD, MAX_REQUEST};
use crate::api::Node;
use crate::node::{Answer, Caller, NodeError};

/// Rows are collected up to this many bytes while the client is busy reading.
const CHUNK: usize = 32 * 1_024;
/// Chunks that wait for the client; then the node waits too.
const CHUNKS: usize = 4;
/// A client that asks nothing for this long makes room for another.
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
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let free = clients.len() < MAX_CLIENTS;
                    clients.spawn(client(stream, Arc::clone(&socket), node.clone(), free));
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

/// One client, from its first byte to its last.
async fn client(stream: UnixStream, socket: Arc<Socket>, node: impl Node, free: bool) {
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
    let refusal = match (admitted, free) {
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
        None => converse(BufReader::new(reader), &mut writer, &node, &caller).await,
    };
    if let Err(error) = ended {
        tracing::debug!(user, %error, "control client gone");
    }
}

/// Answers requests until the client has no more.
async fn converse(
    mut reader: BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    node: &impl Node,
    caller: &Caller,
) -> io::Result<()> {
    loop {
        let Ok(next) = timeout(IDLE, request(&mut reader)).await else { return Ok(()) };
        let (ask, payload) = match next? {
            Next::Asked(ask, payload) => (ask, payload),
            Next::Refused(fault) => return refuse(writer, fault).await,
            Next::Over => return Ok(()),
        };
        match node.ask(ask.request, payload, caller.clone()).await {
            Ok(Answer::Value(value)) => send(writer, Reply::End(Some(value))).await?,
            Ok(Answer::Rows(rows)) => {
                let (chunks, inbox) = mpsc::channel(CHUNKS);
                let made = task::spawn_blocking(move || make(rows, &chunks));
                stream(writer, inbox).await?;
                let end = made.await.unwrap_or_else(|error| Err(stopped(&error)));
                send(writer, end.map_or_else(Reply::Error, |()| Reply::End(None))).await?;
            }
            Err(error) => send(writer, Reply::Error(fault(&error))).await?,
        }
    }
}

/// What a client says next.
enum Next {
    Asked(Ask, Vec<u8>),
    Refused(Fault),
    Over,
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
    let mut payload = Vec::new();
    exactly(reader, ask.payload, &mut payload).await?;
    Ok(Next::Asked(ask, payload))
}

/// Reads this many bytes. Memory grows with what has come and not with what was announced.
async fn exactly(reader: &mut BufReader<OwnedReadHalf>, length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(length).read_to_end(into).await?;
    if read as u64 == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Makes rows, on a thread that may wait, until the client is gone.
fn make(rows: crate::node::engine::Rows, chunks: &mpsc::Sender<Vec<u8>>) -> Result<(), Fault> {
    let mut frames = Vec::new();
    let mut broken = None;
    let read = rows.each(&mut |row| {
        if let Err(fault) = push(&mut frames, &Reply::Row(row)) {
            broken = Some(fault);
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

async fn send(writer: &mut OwnedWriteHalf, reply: Reply) -> io::Result<()> {
    let mut frames = Vec::new();
    if let Err(fault) = push(&mut frames, &reply) {
        push(&mut frames, &Reply::Error(fault)).map_err(io::Error::other)?;
    }
    writer.write_all(&frames).await
}

/// The last frame of a conversation: what comes after a request that was not read cannot be understood.
async fn refuse(writer: &mut OwnedWriteHalf, fault: Fault) -> io::Result<()> {
    send(writer, Reply::Error(fault)).await?;
    writer.shutdown().await
}

fn fault(error: &NodeError) -> Fault {
    tracing::info!(code = error.code(), %error, "request failed");
    Fault::new(error.code(), error.to_string())
}

fn stopped(error: &task::JoinError) -> Fault {
    tracing::error!(%error, "rows ended early");
    Fault::new("internal", "the answer broke off; the daemon's log says why")
}
