//! One session: a stream, its frames in and out, and how it begins and ends.
//!
//! On the stream each frame stands behind its length (u32, little-endian). The first byte of all is the
//! acceptor's acknowledgement: libp2p-stream drops an inbound stream for which nobody waits at that moment,
//! and the opener would not learn of it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join;
use futures::io::BufReader;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{PeerId, Stream};
use libp2p_stream::{Control, OpenStreamError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::behaviour::SYNC;
use super::board::Traffic;
use super::{NetEvent, NodeId};

/// Which conversation this is; goes into each of its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    pub(crate) peer: NodeId,
    pub(crate) session: u64,
}

/// Everything a session task owns.
pub(crate) struct Session {
    pub(crate) tag: Tag,
    pub(crate) remote: String,
    pub(crate) side: Side,
    /// Frames to write. Ends when the board has taken the session down.
    pub(crate) frames: Frames,
    /// Carries the reason when our side ends the session.
    pub(crate) stop: oneshot::Receiver<String>,
    pub(crate) events: mpsc::Sender<NetEvent>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) max_frame: usize,
}

/// The frames to write.
pub(crate) struct Frames {
    /// These first.
    pub(crate) first: mpsc::Receiver<Vec<u8>>,
    /// These while there are none of the others.
    pub(crate) last: mpsc::Receiver<Vec<u8>>,
}

impl Frames {
    /// Waits for the next frame; `None` when no more can come.
    async fn next(&mut self) -> Option<Vec<u8>> {
        tokio::select! {
            biased;
            Some(frame) = self.first.recv() => Some(frame),
            Some(frame) = self.last.recv() => Some(frame),
            else => None,
        }
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }
}

/// Whether this end opened the stream (and has read the acknowledgement) or accepted it (and owes it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Opener,
    Acceptor,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Our side asked for it.
    Stopped(String),
    /// The stream broke, or the peer closed it.
    Lost(String),
    /// The peer broke the framing; its connections are not to be used on.
    Fault(String),
}

impl Ended {
    /// The reason is missing if the loop went away without giving one.
    fn stopped(reason: Option<String>) -> Self {
        Self::Stopped(reason.unwrap_or_else(|| "the network was shut down".into()))
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Stopped(reason) | Self::Lost(reason) | Self::Fault(reason) => reason,
        }
    }
}

impl Session {
    /// Lives as long as the session. Tells of the opening, each frame and the end, in this order.
    pub(crate) async fn run(mut self, mut stream: Stream) -> Ended {
        if self.side == Side::Acceptor
            && let Err(error) = acknowledge(&mut stream).await
        {
            return Ended::Lost(format!("the stream ended before it began: {error}"));
        }
        let Tag { peer, session } = self.tag;
        let opened = NetEvent::SessionOpened { peer, session, remote: std::mem::take(&mut self.remote) };
        if self.events.send(opened).await.is_err() {
            return Ended::Stopped(NOBODY_LISTENS.into());
        }
        let events = self.events.clone();
        let ended = self.converse(stream).await;
        let closed = NetEvent::SessionClosed { peer, session, reason: ended.reason().to_owned() };
        // With nobody to tell there is nothing left to do either.
        let _ = events.send(closed).await;
        ended
    }

    /// Reads and writes until one side ends it. Both directions are one task, so neither starves the other.
    async fn converse(self, stream: Stream) -> Ended {
        let Self { tag, frames, mut stop, events, traffic, max_frame, .. } = self;
        let (input, output) = stream.split();
        let inbox = Inbox { tag, max_frame, events, traffic: Arc::clone(&traffic) };
        let mut reading = pin!(inbox.read(BufReader::with_capacity(BUFFER, input)));
        let mut writing = pin!(write_frames(output, frames, traffic));
        tokio::select! {
            // A stop that came first gives the reason, whatever else broke at the same moment.
            biased;
            reason = &mut stop => {
                // Until the peer has closed its half too: when the connection goes, Yamux throws away what the
                // other end has not read yet.
                let _ = timeout(CLOSE_GRACE, join(writing, reading)).await;
                Ended::stopped(reason.ok())
            }
            ended = &mut reading => ended,
            written = &mut writing => match written {
                // The queue was taken down, which happens right after the stop was sent.
                Ok(()) => {
                    let _ = timeout(CLOSE_GRACE, reading).await;
                    Ended::stopped(stop.await.ok())
                }
                Err(error) => Ended::Lost(format!("writing failed: {error}")),
            },
        }
    }
}

/// The reading half's view of the session.
struct Inbox {
    tag: Tag,
    max_frame: usize,
    events: mpsc::Sender<NetEvent>,
    traffic: Arc<Traffic>,
}

impl Inbox {
    /// Reads frames until the end. Waits for room in the event channel, and reads nothing meanwhile.
    async fn read(self, mut input: impl AsyncRead + Unpin) -> Ended {
        let Tag { peer, session } = self.tag;
        loop {
            let bytes = match read_frame(&mut input, self.max_frame).await {
                Ok(bytes) => bytes,
                Err(ReadError::TooLong(length)) => {
                    let limit = self.max_frame;
                    return Ended::Fault(format!(
                        "the peer sent a frame of {length} bytes, the limit is {limit}"
                    ));
                }
                Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ended::Lost("the peer closed the session".into());
                }
                Err(ReadError::Io(error)) => return Ended::Lost(format!("reading failed: {error}")),
            };
            self.traffic.bytes_in.fetch_add((PREFIX + bytes.len()) as u64, Ordering::Relaxed);
            if self.events.send(NetEvent::Frame { peer, session, bytes }).await.is_err() {
                return Ended::Stopped(NOBODY_LISTENS.into());
            }
        }
    }
}

#[derive(Debug)]
enum ReadError {
    TooLong(usize),
    Io(io::Error),
}

/// One frame; its length is compared with the limit before memory is taken for it.
async fn read_frame(input: &mut (impl AsyncRead + Unpin), max_frame: usize) -> Result<Vec<u8>, ReadError> {
    let mut prefix = [0; PREFIX];
    input.read_exact(&mut prefix).await.map_err(ReadError::Io)?;
    let length = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
    if length > max_frame {
        return Err(ReadError::TooLong(length));
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).await.map_err(ReadError::Io)?;
    Ok(bytes)
}

/// Writes frames until the queues end, then closes the stream. Many small frames become one write: it flushes
/// only when nothing waits. What may be overtaken is written frame by frame.
async fn write_frames(
    mut output: impl AsyncWrite + Unpin,
    mut frames: Frames,
    traffic: Arc<Traffic>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(2 * BUFFER);
    while let Some(first) = frames.next().await {
        append(&mut buffer, &first);
        while buffer.len() < BUFFER
            && let Ok(next) = frames.first.try_recv()
        {
            append(&mut buffer, &next);
        }
        output.write_all(&buffer).await?;
        traffic.bytes_out.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        buffer.clear();
        if frames.is_empty() {
            output.flush().await?;
        }
    }
    output.close().await
}

fn append(buffer: &mut Vec<u8>, frame: &[u8]) {
    let length =
        u32::try_from(frame.len()).expect("the handle takes no frame over max_frame, which spawn checked");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(frame);
}

async fn acknowledge(stream: &mut Stream) -> io::Result<()> {
    let acknowledged = timeout(ACK_TIMEOUT, async {
        stream.write_all(&[ACK]).await?;
        stream.flush().await
    });
    acknowledged.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Opens the stream to a connected peer and waits for the acknowledgement, a few times within `limit`. The
/// limit is no nicety: libp2p-stream may wait for ever if the connection goes away at the wrong moment.
pub(crate) async fn open(mut control: Control, peer: PeerId, limit: Duration) -> Result<Stream, String> {
    let attempts = async {
        let mut last = String::new();
        for attempt in 0..OPEN_ATTEMPTS {
            match open_once(&mut control, peer).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error.to_string(),
            }
            sleep(OPEN_PAUSE * 2_u32.pow(attempt)).await;
        }
        Err(last)
    };
    timeout(limit, attempts).await.unwrap_or_else(|_| Err("no answer to the opening of a stream".into()))
}

async fn open_once(control: &mut Control, peer: PeerId) -> io::Result<Stream> {
    let mut stream = control.open_stream(peer, SYNC).await.map_err(|error| match error {
        OpenStreamError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    })?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    if answer == [ACK] { Ok(stream) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Bytes of the length in front of each frame.
const PREFIX: usize = 4;

/// The acceptor's first byte (ASCII ACK).
const ACK: u8 = 6;

/// Bytes gathered before a write, and read at once.
const BUFFER: usize = 64 * 1_024;

/// What is queued when our side ends a session has this long to get out and be read.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// The acknowledgement is one byte into an empty window; on the worst line it takes a second.
const ACK_TIMEOUT: Duration = Duration::from_secs(20);

/// Openings tried in one go, with pauses that add up to 1.3 s.
const OPEN_ATTEMPTS: u32 = 7;

/// Pause after the first failed opening; doubles each time.
const OPEN_PAUSE: Duration = Duration::from_millis(10);

const NOBODY_LISTENS: &str = "nobody takes the events of the network";
