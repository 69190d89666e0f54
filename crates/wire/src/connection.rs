//! The channel over a tokio stream: a reader and a writer of messages, with limits on size and time.
//!
//! Whether a silent peer is still there is the callers' question: they send pings.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use payout::key::PublicKey;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::channel::{self, ChannelError};
use crate::frame::{self, FrameBuffer, FrameError};

/// Reads are made in pieces of this many bytes.
const PIECE: usize = 64 * 1024;

/// What may wait for a peer that reads slowly, unless the caller says otherwise: a dozen of the longest frames.
const QUEUE_BYTES: usize = 48 * 1024 * 1024;

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first byte to both keys proved; for a dialled connection also the time to connect.
    pub handshake_ms: u64,
    /// From a frame's first byte to its last.
    pub frame_ms: u64,
    /// To hand one frame to the socket.
    pub write_ms: u64,
    /// Frames that may wait to be written.
    pub queue_frames: usize,
    /// Bytes that may wait to be written; one frame of any length always may.
    pub queue_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake_ms: 10_000,
            frame_ms: 30_000,
            write_ms: 30_000,
            queue_frames: 1024,
            queue_bytes: QUEUE_BYTES,
        }
    }
}

/// Why a connection is not made, or is over.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Nobody answers there.
    #[error("can't connect to {address}")]
    Unreachable {
        /// Where.
        address: String,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// The keys don't fit, or TLS failed.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The peer sent what is no message, or a message is too long to send.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A limit of time ran out.
    #[error("{0} took too long")]
    Slow(&'static str),
    /// The socket failed.
    #[error("the connection was lost")]
    Lost(#[source] std::io::Error),
    /// The queue of frames to write is full, by number or by bytes: the peer takes them too slowly.
    #[error("the peer takes messages too slowly")]
    Backlog,
    /// The connection is over.
    #[error("the connection is over")]
    Closed,
}

impl From<std::io::Error> for ConnectionError {
    /// rustls's errors come wrapped; theirs is the word that helps.
    fn from(error: std::io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => Self::Channel(tls.clone().into()),
            None => Self::Lost(error),
        }
    }
}

/// An authenticated connection: `In` is what we read, `Out` what we write.
#[derive(Debug)]
pub struct Connection<In, Out> {
    /// The key that the other end proved; it is one of those pinned.
    pub peer: PublicKey,
    /// Reads messages.
    pub reader: Reader<In>,
    /// Writes messages; can be cloned. When the last clone is dropped, the connection is closed in order.
    pub writer: Writer<Out>,
}

impl<In: Serialize + DeserializeOwned, Out: Serialize> Connection<In, Out> {
    /// Connects to a gateway at `address` (`host:port`).
    ///
    /// # Errors
    /// See [`Self::connect`]; nobody there.
    pub async fn dial(
        address: &str,
        config: Arc<ClientConfig>,
        limits: Limits,
    ) -> Result<Self, ConnectionError> {
        let stream = within(limits.handshake_ms, "connecting", async {
            TcpStream::connect(address)
                .await
                .map_err(|cause| ConnectionError::Unreachable { address: address.to_owned(), cause })
        })
        .await?;
        // Rounds are small and wait for each other: Nagle's delay would be the longest part of a signature.
        stream.set_nodelay(true).map_err(ConnectionError::Lost)?;
        Self::connect(stream, config, limits).await
    }

    /// The client's side over a stream that is connected ([`channel::client_config`]).
    ///
    /// # Errors
    /// The server's key is not the pinned one, the handshake failed or took too long. That the server does not accept
    /// *our* key is known only when it answers: the first read says so.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        stream: S,
        config: Arc<ClientConfig>,
        limits: Limits,
    ) -> Result<Self, ConnectionError> {
        let name = ServerName::try_from("gateway").expect("it is a DNS name");
        let handshake = TlsConnector::from(config).connect(name, stream);
        let tls = within(limits.handshake_ms, "the handshake", async { Ok(handshake.await?) }).await?;
        Self::start(tls.into(), limits)
    }

    /// The server's side over a stream that was accepted ([`channel::server_config`]).
    ///
    /// # Errors
    /// The client's key is not pinned, the handshake failed or took too long.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        stream: S,
        config: Arc<ServerConfig>,
        limits: Limits,
    ) -> Result<Self, ConnectionError> {
        let handshake = TlsAcceptor::from(config).accept(stream);
        let tls = within(limits.handshake_ms, "the handshake", async { Ok(handshake.await?) }).await?;
        Self::start(tls.into(), limits)
    }

    fn start<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        tls: TlsStream<S>,
        limits: Limits,
    ) -> Result<Self, ConnectionError> {
        let peer = channel::peer_key(tls.get_ref().1)?;
        let (read_half, write_half) = tokio::io::split(tls);
        let (queue, frames) = mpsc::channel(limits.queue_frames.max(1));
        let (failure, broken) = oneshot::channel();
        let bytes = limits.queue_bytes.max(frame::LONGEST);
        let room = Arc::new(Semaphore::new(bytes));
        tokio::spawn(write_frames(write_half, frames, limits.write_ms, failure));
        let reader = Reader {
            stream: Box::new(read_half) as Box<ReadStream>,
            received: FrameBuffer::default(),
            began: None,
            frame_ms: limits.frame_ms,
            broken: Some(broken),
            reads: PhantomData,
        };
        Ok(Self { peer, reader, writer: Writer { queue, room, bytes, writes: PhantomData } })
    }
}

type ReadStream = dyn AsyncRead + Unpin + Send;

/// The reading half.
pub struct Reader<In> {
    stream: Box<ReadStream>,
    received: FrameBuffer,
    /// When the first byte of the frame came that is not complete yet.
    began: Option<Instant>,
    frame_ms: u64,
    /// Why the writer stopped, so that a reader does not wait at a connection that is dead.
    broken: Option<oneshot::Receiver<ConnectionError>>,
    reads: PhantomData<fn() -> In>,
}

impl<In> std::fmt::Debug for Reader<In> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl<In: Serialize + DeserializeOwned> Reader<In> {
    /// The next message; `None` when the peer closed the connection in order. Cancel-safe: dropped while it waits, it
    /// loses nothing. Waits for a first byte as long as it takes.
    ///
    /// # Errors
    /// The connection is over; the reader is of no more use.
    pub async fn read(&mut self) -> Result<Option<In>, ConnectionError> {
        loop {
            if let Some(message) = self.received.take()? {
                self.began = None;
                return Ok(Some(message));
            }
            if self.received.is_partial() {
                self.began.get_or_insert_with(Instant::now);
            }
            let deadline = self.began.map(|began| began + Duration::from_millis(self.frame_ms));
            let buffer = self.received.spare(PIECE);
            let read = tokio::select! {
                read = self.stream.read_buf(buffer) => read?,
                cause = failure(&mut self.broken) => return Err(cause),
                () = at(deadline) => return Err(ConnectionError::Slow("a frame")),
            };
            match read {
                0 if self.received.is_partial() => return Err(FrameError::Truncated.into()),
                0 => return Ok(None),
                _ => {}
            }
        }
    }
}

/// Waits until the writer has failed; for ever if it does not.
async fn failure(broken: &mut Option<oneshot::Receiver<ConnectionError>>) -> ConnectionError {
    if let Some(receiver) = broken {
        let result = receiver.await;
        *broken = None;
        if let Ok(cause) = result {
            return cause;
        }
    }
    std::future::pending().await
}

/// Waits until a point in time; for ever without one.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A frame with the room that it takes until it is written or the connection is over.
type Queued = (Vec<u8>, OwnedSemaphorePermit);

/// The writing half: a queue in front of the task that owns the socket, so that a sender that is dropped half-way
/// never leaves half a frame on the wire.
pub struct Writer<Out> {
    queue: mpsc::Sender<Queued>,
    /// A permit a byte.
    room: Arc<Semaphore>,
    /// All permits.
    bytes: usize,
    writes: PhantomData<fn(Out)>,
}

impl<Out> Clone for Writer<Out> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            room: Arc::clone(&self.room),
            bytes: self.bytes,
            writes: PhantomData,
        }
    }
}

impl<Out> std::fmt::Debug for Writer<Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("free", &self.queue.capacity()).finish_non_exhaustive()
    }
}

impl<Out: Serialize> Writer<Out> {
    /// Queues a message, waiting for room. Cancel-safe: the message is queued whole or not at all. Being queued is not
    /// being received.
    ///
    /// # Errors
    /// The message is too long, or the connection is over.
    pub async fn send(&self, message: &Out) -> Result<(), ConnectionError> {
        let frame = frame::encode(message)?;
        let room = Arc::clone(&self.room).acquire_many_owned(length(&frame));
        let room = tokio::select! {
            room = room => room.map_err(|_| ConnectionError::Closed)?,
            () = self.queue.closed() => return Err(ConnectionError::Closed),
        };
        self.queue.send((frame, room)).await.map_err(|_| ConnectionError::Closed)
    }

    /// Queues a message if there is room: for a relay, which must not let one slow peer hold up the others.
    ///
    /// # Errors
    /// [`ConnectionError::Backlog`]; the message is too long, or the connection is over.
    pub fn try_send(&self, message: &Out) -> Result<(), ConnectionError> {
        let frame = frame::encode(message)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(length(&frame));
        let room = room.map_err(|error| match error {
            TryAcquireError::NoPermits if self.queue.is_closed() => ConnectionError::Closed,
            TryAcquireError::NoPermits => ConnectionError::Backlog,
            TryAcquireError::Closed => ConnectionError::Closed,
        })?;
        self.queue.try_send((frame, room)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ConnectionError::Backlog,
            mpsc::error::TrySendError::Closed(_) => ConnectionError::Closed,
        })
    }

    /// How much waits to be written, of what may, by number or by bytes, whichever is more: percent.
    pub fn fullness(&self) -> u8 {
        let used = |free: usize, all: usize| 100 - free.min(all).saturating_mul(100) / all.max(1);
        let frames = used(self.queue.capacity(), self.queue.max_capacity());
        let bytes = used(self.room.available_permits(), self.bytes);
        u8::try_from(frames.max(bytes)).expect("it is at most 100")
    }

    /// Whether the connection can't be written to any more.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Waits until the connection can't be written to any more.
    pub async fn closed(&self) {
        self.queue.closed().await;
    }
}

fn length(frame: &[u8]) -> u32 {
    u32::try_from(frame.len()).expect("a frame has at most 4 MiB and its length")
}

/// Owns the socket's writing half until the last writer is dropped or the socket fails.
async fn write_frames<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut stream: WriteHalf<TlsStream<S>>,
    mut frames: mpsc::Receiver<Queued>,
    write_ms: u64,
    failure: oneshot::Sender<ConnectionError>,
) {
    while let Some((frame, room)) = frames.recv().await {
        // Flushed only when nothing more waits, so that a burst goes out in few packets.
        let last = frames.is_empty();
        let written = within(write_ms, "writing a frame", async {
            stream.write_all(&frame).await?;
            if last {
                stream.flush().await?;
            }
            Ok(())
        });
        if let Err(cause) = written.await {
            frames.close();
            // The reader may be gone; then nobody asks.
            let _ = failure.send(cause);
            return;
        }
        drop(room);
    }
    // The peer may be gone as well; the close is a courtesy.
    let _ = within(write_ms, "closing", async { Ok(stream.shutdown().await?) }).await;
}

async fn within<T>(
    limit_ms: u64,
    what: &'static str,
    work: impl Future<Output = Result<T, ConnectionError>>,
) -> Result<T, ConnectionError> {
    timeout(Duration::from_millis(limit_ms), work).await.unwrap_or(Err(ConnectionError::Slow(what)))
}
