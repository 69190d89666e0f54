//! Frames: `length u32 big-endian ‖ frame version u8 (1) ‖ postcard(message)`; the length counts version and message.
//!
//! A message has one spelling: bytes after it, and bytes that it would not be written as again, are refused. So what a
//! peer signs or hashes is what everybody else reads.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The only frame layout there is.
pub const VERSION: u8 = 1;

/// The most bytes after the length: 4 MiB. Ten times the largest message, a 5-of-9 key generation's.
pub const MAX_LENGTH: usize = 4 * 1024 * 1024;

const PREFIX: usize = 4;

/// The bytes of the longest frame.
pub(crate) const LONGEST: usize = PREFIX + MAX_LENGTH;

/// Why bytes are no frame, or a message fits none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_LENGTH`].
    #[error("a frame of {0} bytes is longer than the 4 MiB allowed")]
    TooLong(usize),
    /// A length of zero: not even a version.
    #[error("a frame without a version")]
    Empty,
    /// Another frame version.
    #[error("frame version {0} is unknown here")]
    Version(u8),
    /// The frame ends early.
    #[error("the frame ends early")]
    Truncated,
    /// The body is no such message.
    #[error("not a message of this kind")]
    Malformed(#[source] postcard::Error),
    /// Bytes after the message.
    #[error("{0} bytes follow the message")]
    Trailing(usize),
    /// The message would be written in other bytes.
    #[error("the message is not in its canonical form")]
    NotCanonical,
    /// The message can't be written.
    #[error("the message can't be written")]
    Unwritable(#[source] postcard::Error),
}

/// Why a frame can't be read from or written to a stream.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The stream failed.
    #[error("the stream failed")]
    Io(#[from] std::io::Error),
    /// What came is no frame, or what was to go is none.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// The whole frame of a message.
///
/// # Errors
/// [`FrameError::TooLong`].
pub fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; PREFIX];
    frame.push(VERSION);
    let mut frame = postcard::to_extend(message, frame).map_err(FrameError::Unwritable)?;
    let length = frame.len() - PREFIX;
    if length > MAX_LENGTH {
        return Err(FrameError::TooLong(length));
    }
    let prefix = u32::try_from(length).map_err(|_| FrameError::TooLong(length))?;
    frame[..PREFIX].copy_from_slice(&prefix.to_be_bytes());
    Ok(frame)
}

/// The message in one whole frame.
///
/// # Errors
/// Anything but exactly one canonical frame.
pub fn decode<M: Serialize + DeserializeOwned>(frame: &[u8]) -> Result<M, FrameError> {
    let length = announced(frame)?.ok_or(FrameError::Truncated)?;
    let end = PREFIX + length;
    match frame.len().checked_sub(end) {
        None => Err(FrameError::Truncated),
        Some(0) => decode_body(&frame[PREFIX..]),
        Some(more) => Err(FrameError::Trailing(more)),
    }
}

/// The length that a frame's first bytes announce, if they are all there.
fn announced(frame: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some(prefix) = frame.first_chunk::<PREFIX>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*prefix)).map_err(|_| FrameError::TooLong(usize::MAX))?;
    match length {
        0 => Err(FrameError::Empty),
        1..=MAX_LENGTH => Ok(Some(length)),
        _ => Err(FrameError::TooLong(length)),
    }
}

/// Version and message.
fn decode_body<M: Serialize + DeserializeOwned>(body: &[u8]) -> Result<M, FrameError> {
    let (version, bytes) = body.split_first().ok_or(FrameError::Empty)?;
    if *version != VERSION {
        return Err(FrameError::Version(*version));
    }
    let (message, rest) = postcard::take_from_bytes::<M>(bytes).map_err(FrameError::Malformed)?;
    if !rest.is_empty() {
        return Err(FrameError::Trailing(rest.len()));
    }
    // Varints, hex and decimal strings have several spellings; one is the message's.
    let again = postcard::to_stdvec(&message).map_err(FrameError::Unwritable)?;
    if again == bytes { Ok(message) } else { Err(FrameError::NotCanonical) }
}

/// Collects bytes as they come and gives back the frames in them. Grows by what arrives, not by what a length
/// announces.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    /// Where the first unread frame begins.
    start: usize,
}

impl FrameBuffer {
    /// Takes bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.spare(bytes.len()).extend_from_slice(bytes);
    }

    /// The next message, or `None` until more bytes have come. After an error the stream can't be trusted to be in
    /// step any more: the caller ends it.
    ///
    /// # Errors
    /// What came is no canonical frame.
    pub fn take<M: Serialize + DeserializeOwned>(&mut self) -> Result<Option<M>, FrameError> {
        let unread = &self.bytes[self.start..];
        let Some(length) = announced(unread)? else { return Ok(None) };
        let Some(body) = unread.get(PREFIX..PREFIX + length) else { return Ok(None) };
        let message = decode_body(body)?;
        self.start += PREFIX + length;
        Ok(Some(message))
    }

    /// Whether a frame has begun that is not complete.
    pub fn is_partial(&self) -> bool {
        self.start < self.bytes.len()
    }

    /// The buffer to append to, with room for `more` bytes and without what was read already.
    pub(crate) fn spare(&mut self, more: usize) -> &mut Vec<u8> {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(more);
        &mut self.bytes
    }
}

/// Writes one message. Not cancel-safe: dropped half-way, it leaves half a frame on the stream; use
/// [`crate::connection`] where that can happen.
///
/// # Errors
/// The message is too long, or the stream failed.
pub async fn write_frame<M: Serialize, W: AsyncWrite + Unpin>(
    stream: &mut W,
    message: &M,
) -> Result<(), StreamError> {
    let frame = encode(message)?;
    stream.write_all(&frame).await?;
    stream.flush().await?;
    Ok(())
}

/// Reads one message; `None` when the stream ends between two frames. Not cancel-safe, as [`write_frame`].
///
/// # Errors
/// What came is no canonical frame, or the stream failed.
pub async fn read_frame<M: Serialize + DeserializeOwned, R: AsyncRead + Unpin>(
    stream: &mut R,
) -> Result<Option<M>, StreamError> {
    let mut frame = Vec::new();
    let mut wanted = PREFIX;
    loop {
        let missing = wanted.saturating_sub(frame.len());
        if missing == 0 {
            let length = announced(&frame)?.ok_or(FrameError::Truncated)?;
            if frame.len() == PREFIX + length {
                return Ok(Some(decode_body(&frame[PREFIX..])?));
            }
            wanted = PREFIX + length;
            continue;
        }
        let limit = u64::try_from(missing).map_err(|_| FrameError::Truncated)?;
        if (&mut *stream).take(limit).read_buf(&mut frame).await? == 0 {
            return if frame.is_empty() { Ok(None) } else { Err(FrameError::Truncated.into()) };
        }
    }
}

#[cfg(test)]
mod tests;
