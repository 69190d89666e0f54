use super::*;
use crate::message::{PeerMessage, ToCosigner};

fn ping(number: u64) -> Vec<u8> {
    encode(&ToCosigner::Ping(number)).unwrap()
}

fn read(frame: &[u8]) -> Result<ToCosigner, FrameError> {
    decode(frame)
}

/// A frame around any body.
fn framed(version: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 1).unwrap();
    [&length.to_be_bytes(), [version].as_slice(), body].concat()
}

#[test]
fn bytes_after_the_message_are_refused() {
    assert_eq!(read(&framed(VERSION, &[8, 7])), Ok(ToCosigner::Ping(7)));
    assert_eq!(read(&framed(VERSION, &[8, 7, 0])), Err(FrameError::Trailing(1)));
}

#[test]
fn bytes_after_the_frame_are_refused() {
    let mut frame = ping(7);
    frame.extend_from_slice(b"xy");
    assert_eq!(read(&frame), Err(FrameError::Trailing(2)));
}

#[test]
fn a_second_spelling_of_a_number_is_refused() {
    // 7 as a varint of two bytes.
    assert_eq!(read(&framed(VERSION, &[8, 0x87, 0x00])), Err(FrameError::NotCanonical));
}

#[test]
fn a_truncated_frame_is_refused() {
    let frame = ping(300);
    for length in 0..frame.len() {
        assert_eq!(read(&frame[..length]), Err(FrameError::Truncated), "{length} bytes");
    }
    let cut = framed(VERSION, &[8]);
    assert!(matches!(read(&cut), Err(FrameError::Malformed(_))));
}

#[test]
fn another_frame_version_is_refused() {
    for version in [0, 2, 255] {
        assert_eq!(read(&framed(version, &[8, 7])), Err(FrameError::Version(version)));
    }
}

#[test]
fn an_unknown_message_is_refused() {
    assert!(matches!(read(&framed(VERSION, &[99, 7])), Err(FrameError::Malformed(_))));
}

#[test]
fn an_empty_frame_is_refused() {
    assert_eq!(read(&[0, 0, 0, 0]), Err(FrameError::Empty));
}

#[test]
fn an_oversized_length_is_refused_before_its_bytes_come() {
    let length = u32::try_from(MAX_LENGTH + 1).unwrap().to_be_bytes();
    assert_eq!(read(&length), Err(FrameError::TooLong(MAX_LENGTH + 1)));
    let mut buffer = FrameBuffer::default();
    buffer.push(&length);
    assert_eq!(buffer.take::<ToCosigner>(), Err(FrameError::TooLong(MAX_LENGTH + 1)));
}

#[test]
fn a_message_that_fits_no_frame_is_not_written() {
    let message = |length| {
        let session = crate::message::Label::from_bytes([0; 16]);
        PeerMessage::Round { session, round: 1, payload: vec![0; length] }
    };
    // Version, variant, label, round, and a varint of four bytes come before the payload.
    let room = MAX_LENGTH - 1 - 1 - 16 - 1 - 4;
    assert_eq!(encode(&message(room)).unwrap().len(), 4 + MAX_LENGTH);
    assert_eq!(encode(&message(room + 1)), Err(FrameError::TooLong(MAX_LENGTH + 1)));
}

#[test]
fn an_announced_length_takes_no_memory() {
    let mut buffer = FrameBuffer::default();
    buffer.push(&u32::try_from(MAX_LENGTH).unwrap().to_be_bytes());
    assert_eq!(buffer.take::<ToCosigner>(), Ok(None));
    assert!(buffer.bytes.capacity() < 1024);
}

#[test]
fn a_count_inside_a_message_takes_no_memory_either() {
    // A list of policy versions that says it has 2^32 of them, and has none.
    let body = [1, 0x80, 0x80, 0x80, 0x80, 0x10];
    assert!(matches!(read(&framed(VERSION, &body)), Err(FrameError::Malformed(_))));
}

#[test]
fn frames_come_back_from_pieces_of_any_size() {
    let stream: Vec<u8> = (0..50).flat_map(|number| ping(number * 1000)).collect();
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut buffer = FrameBuffer::default();
        let mut numbers = Vec::new();
        for piece in stream.chunks(size) {
            buffer.push(piece);
            while let Some(message) = buffer.take::<ToCosigner>().unwrap() {
                numbers.push(message);
            }
        }
        let expected: Vec<_> = (0..50).map(|number| ToCosigner::Ping(number * 1000)).collect();
        assert_eq!(numbers, expected, "pieces of {size}");
        assert!(!buffer.is_partial());
    }
}

#[tokio::test]
async fn messages_pass_over_a_stream() {
    let (mut a, mut b) = tokio::io::duplex(3);
    let writer = async move {
        for number in 0..3 {
            write_frame(&mut a, &ToCosigner::Ping(number * 1000)).await.unwrap();
        }
    };
    let reader = async move {
        for number in 0..3 {
            let read = read_frame::<ToCosigner, _>(&mut b).await.unwrap();
            assert_eq!(read, Some(ToCosigner::Ping(number * 1000)));
        }
        assert_eq!(read_frame::<ToCosigner, _>(&mut b).await.unwrap(), None);
    };
    tokio::join!(writer, reader);
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_is_an_error() {
    for length in 1..ping(300).len() {
        let mut bytes = &ping(300)[..length];
        let error = read_frame::<ToCosigner, _>(&mut bytes).await.unwrap_err();
        assert!(matches!(error, StreamError::Frame(FrameError::Truncated)), "{length} bytes: {error:?}");
    }
}

#[tokio::test]
async fn an_oversized_length_ends_the_stream_at_once() {
    let mut bytes = [0xff; 16].as_slice();
    let error = read_frame::<ToCosigner, _>(&mut bytes).await.unwrap_err();
    assert!(matches!(error, StreamError::Frame(FrameError::TooLong(_))), "{error:?}");
    assert_eq!(bytes.len(), 12, "no more than the length was read");
}
