//! Connections over tokio streams: who gets one, what ends it, and what it takes.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use wire::channel::{ChannelError, Identity, client_config, server_config};
use wire::connection::{Connection, ConnectionError, Limits};
use wire::frame::{self, FrameError};
use wire::message::{FromCosigner, Label, PeerMessage, ToCosigner};

use crate::samples;

type AtGateway = Connection<FromCosigner, ToCosigner>;
type AtCosigner = Connection<ToCosigner, FromCosigner>;

const LIMITS: Limits =
    Limits { handshake_ms: 5_000, frame_ms: 5_000, write_ms: 5_000, queue_frames: 8, queue_bytes: 16 << 20 };

fn gateway() -> Arc<rustls::ServerConfig> {
    server_config(&Identity::from(&samples::key(1)), vec![samples::key(2).public()])
}

fn cosigner(seed: u8) -> Arc<rustls::ClientConfig> {
    client_config(&Identity::from(&samples::key(seed)), samples::key(1).public())
}

async fn pair(limits: Limits) -> (AtGateway, AtCosigner) {
    let (near, far) = duplex(1 << 16);
    let (at_gateway, at_cosigner) = tokio::join!(
        AtGateway::accept(near, gateway(), limits),
        AtCosigner::connect(far, cosigner(2), limits)
    );
    (at_gateway.unwrap(), at_cosigner.unwrap())
}

/// A co-signer whose TLS is right and whose frames are its own business.
async fn raw_cosigner(limits: Limits) -> (AtGateway, TlsStream<DuplexStream>) {
    let (near, far) = duplex(1 << 16);
    let name = ServerName::try_from("gateway").unwrap();
    let connector = tokio_rustls::TlsConnector::from(cosigner(2));
    let (at_gateway, raw) =
        tokio::join!(AtGateway::accept(near, gateway(), limits), connector.connect(name, far));
    (at_gateway.unwrap(), raw.unwrap())
}

fn large() -> FromCosigner {
    FromCosigner::Relay { peer: 1, link: 1, data: vec![7; 1 << 20] }
}

#[tokio::test]
async fn messages_pass_both_ways_over_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let accepting = async {
        let (stream, _) = listener.accept().await.unwrap();
        AtGateway::accept(stream, gateway(), LIMITS).await.unwrap()
    };
    let (mut at_gateway, at_cosigner) =
        tokio::join!(accepting, AtCosigner::dial(&address, cosigner(2), LIMITS));
    let mut at_cosigner = at_cosigner.unwrap();
    assert_eq!(at_gateway.peer, samples::key(2).public());
    assert_eq!(at_cosigner.peer, samples::key(1).public());
    for message in samples::to_cosigner() {
        at_gateway.writer.send(&message).await.unwrap();
        assert_eq!(at_cosigner.reader.read().await.unwrap(), Some(message));
    }
    for message in samples::from_cosigner() {
        at_cosigner.writer.send(&message).await.unwrap();
        assert_eq!(at_gateway.reader.read().await.unwrap(), Some(message));
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_said_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = AtCosigner::dial(&address, cosigner(2), LIMITS).await.unwrap_err();
    assert_eq!(error.to_string(), format!("can't connect to {address}"));
}

#[tokio::test]
async fn a_stranger_is_told_so_at_its_first_read() {
    let (near, far) = duplex(1 << 16);
    let (at_gateway, at_stranger) = tokio::join!(
        AtGateway::accept(near, gateway(), LIMITS),
        AtCosigner::connect(far, cosigner(9), LIMITS)
    );
    let refused = at_gateway.unwrap_err();
    assert!(matches!(refused, ConnectionError::Channel(ChannelError::NotPinned { .. })), "{refused:?}");
    let told = at_stranger.unwrap().reader.read().await.unwrap_err();
    assert!(matches!(told, ConnectionError::Channel(ChannelError::RefusedByPeer)), "{told:?}");
}

#[tokio::test]
async fn dropping_every_writer_closes_the_connection_in_order() {
    let (mut at_gateway, at_cosigner) = pair(LIMITS).await;
    let second = at_cosigner.writer.clone();
    at_cosigner.writer.send(&FromCosigner::Pong(1)).await.unwrap();
    drop(at_cosigner.writer);
    second.send(&FromCosigner::Pong(2)).await.unwrap();
    drop(second);
    assert_eq!(at_gateway.reader.read().await.unwrap(), Some(FromCosigner::Pong(1)));
    assert_eq!(at_gateway.reader.read().await.unwrap(), Some(FromCosigner::Pong(2)));
    assert_eq!(at_gateway.reader.read().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_no_orderly_end() {
    let (mut at_gateway, raw) = raw_cosigner(LIMITS).await;
    drop(raw);
    let error = at_gateway.reader.read().await.unwrap_err();
    assert!(matches!(error, ConnectionError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn a_read_that_is_dropped_loses_nothing() {
    let (mut at_gateway, at_cosigner) = pair(LIMITS).await;
    let sending = async {
        for number in 0..3 {
            at_cosigner.writer.send(&large()).await.unwrap();
            at_cosigner.writer.send(&FromCosigner::Pong(number)).await.unwrap();
        }
    };
    let reading = async {
        let mut messages = Vec::new();
        while messages.len() < 6 {
            // Given up again and again in the middle of a frame.
            if let Ok(read) = timeout(Duration::from_micros(50), at_gateway.reader.read()).await {
                messages.push(read.unwrap().unwrap());
            }
            tokio::task::yield_now().await;
        }
        messages
    };
    let ((), messages) = tokio::join!(sending, reading);
    let expected: Vec<_> = (0..3).flat_map(|number| [large(), FromCosigner::Pong(number)]).collect();
    assert!(messages == expected, "a frame was lost or torn");
}

#[tokio::test]
async fn a_send_that_is_dropped_sends_all_or_nothing() {
    let (mut at_gateway, at_cosigner) = pair(Limits { queue_frames: 1, ..LIMITS }).await;
    let mut given_up = 0;
    for _ in 0..20 {
        if timeout(Duration::from_micros(50), at_cosigner.writer.send(&large())).await.is_err() {
            given_up += 1;
        }
    }
    assert!(given_up > 0, "the peer reads nothing: some must have waited");
    drop(at_cosigner.writer);
    let mut received = 0;
    while let Some(message) = at_gateway.reader.read().await.unwrap() {
        assert!(message == large());
        received += 1;
    }
    assert_eq!(received + given_up, 20);
}

#[tokio::test]
async fn a_frame_that_never_ends_is_given_up() {
    let (mut at_gateway, mut raw) = raw_cosigner(Limits { frame_ms: 50, ..LIMITS }).await;
    let frame = frame::encode(&FromCosigner::Pong(300)).unwrap();
    raw.write_all(&frame[..5]).await.unwrap();
    raw.flush().await.unwrap();
    let error = at_gateway.reader.read().await.unwrap_err();
    assert!(matches!(error, ConnectionError::Slow("a frame")), "{error:?}");
}

#[tokio::test]
async fn silence_between_frames_is_nobodys_fault() {
    let (mut at_gateway, _raw) = raw_cosigner(Limits { frame_ms: 20, ..LIMITS }).await;
    assert!(timeout(Duration::from_millis(100), at_gateway.reader.read()).await.is_err());
}

#[tokio::test]
async fn an_oversized_length_ends_the_connection_at_once() {
    let (mut at_gateway, mut raw) = raw_cosigner(LIMITS).await;
    raw.write_all(&[0xff; 4]).await.unwrap();
    raw.flush().await.unwrap();
    let error = at_gateway.reader.read().await.unwrap_err();
    assert!(matches!(error, ConnectionError::Frame(FrameError::TooLong(_))), "{error:?}");
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection() {
    let (mut at_gateway, mut raw) = raw_cosigner(LIMITS).await;
    raw.write_all(&[0, 0, 0, 3, 1, 10, 7]).await.unwrap();
    raw.write_all(&[0, 0, 0, 3, 1, 99, 7]).await.unwrap();
    raw.flush().await.unwrap();
    assert_eq!(at_gateway.reader.read().await.unwrap(), Some(FromCosigner::Pong(7)));
    let error = at_gateway.reader.read().await.unwrap_err();
    assert!(matches!(error, ConnectionError::Frame(FrameError::Malformed(_))), "{error:?}");
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_given_up() {
    let (mut at_gateway, _raw) = raw_cosigner(Limits { write_ms: 50, queue_frames: 4, ..LIMITS }).await;
    let message = ToCosigner::Relay { peer: 1, link: 1, data: vec![7; 1 << 20] };
    for _ in 0..4 {
        at_gateway.writer.try_send(&message).unwrap();
    }
    let full = at_gateway.writer.try_send(&message).unwrap_err();
    assert!(matches!(full, ConnectionError::Backlog), "{full:?}");
    // Nothing comes either; the reader learns from the writer that the connection is dead.
    let error = at_gateway.reader.read().await.unwrap_err();
    assert!(matches!(error, ConnectionError::Slow("writing a frame")), "{error:?}");
    at_gateway.writer.closed().await;
    let over = at_gateway.writer.send(&message).await.unwrap_err();
    assert!(matches!(over, ConnectionError::Closed), "{over:?}");
}

#[tokio::test]
async fn what_waits_for_a_slow_peer_is_bound_by_its_bytes_too() {
    let limits = Limits { queue_frames: 1000, queue_bytes: 5 << 20, ..LIMITS };
    let (mut at_gateway, at_cosigner) = pair(limits).await;
    let long = FromCosigner::Relay { peer: 1, link: 1, data: vec![7; 1 << 20] };
    let mut queued = 0;
    let full = loop {
        match at_cosigner.writer.try_send(&long) {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
        assert!(queued < 5, "5 MiB are allowed");
    };
    assert!(matches!(full, ConnectionError::Backlog), "{full:?}");
    // Short ones still find room, and what was queued arrives and makes room.
    at_cosigner.writer.try_send(&FromCosigner::Pong(1)).unwrap();
    let sending = at_cosigner.writer.send(&long);
    let reading = async {
        for _ in 0..queued {
            assert!(at_gateway.reader.read().await.unwrap() == Some(long.clone()));
        }
        assert_eq!(at_gateway.reader.read().await.unwrap(), Some(FromCosigner::Pong(1)));
        assert!(at_gateway.reader.read().await.unwrap() == Some(long.clone()));
    };
    let (sent, ()) = tokio::join!(sending, reading);
    sent.unwrap();
}

#[tokio::test]
async fn a_silent_client_does_not_hold_the_door() {
    let (near, _far) = duplex(1 << 16);
    let error = AtGateway::accept(near, gateway(), Limits { handshake_ms: 50, ..LIMITS }).await.unwrap_err();
    assert!(matches!(error, ConnectionError::Slow("the handshake")), "{error:?}");
}

#[tokio::test]
async fn a_client_without_tls_is_refused() {
    let (near, mut far) = duplex(1 << 16);
    far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let error = AtGateway::accept(near, gateway(), LIMITS).await.unwrap_err();
    assert!(matches!(error, ConnectionError::Channel(ChannelError::Tls(_))), "{error:?}");
}

#[tokio::test]
async fn a_message_too_long_to_send_is_refused_and_the_connection_goes_on() {
    let (mut at_gateway, at_cosigner) = pair(LIMITS).await;
    let message = FromCosigner::Relay { peer: 1, link: 1, data: vec![7; 5 << 20] };
    let error = at_cosigner.writer.send(&message).await.unwrap_err();
    assert!(matches!(error, ConnectionError::Frame(FrameError::TooLong(_))), "{error:?}");
    at_cosigner.writer.send(&FromCosigner::Pong(1)).await.unwrap();
    assert_eq!(at_gateway.reader.read().await.unwrap(), Some(FromCosigner::Pong(1)));
}

#[tokio::test]
async fn a_cosigner_that_expects_another_gateway_leaves() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap());
    let (stream, accepted) = tokio::join!(stream, listener.accept());
    let (near, far) = (accepted.unwrap().0, stream.unwrap());
    let elsewhere = client_config(&Identity::from(&samples::key(2)), samples::key(8).public());
    let (at_gateway, at_cosigner) =
        tokio::join!(AtGateway::accept(near, gateway(), LIMITS), AtCosigner::connect(far, elsewhere, LIMITS));
    let refused = at_cosigner.unwrap_err();
    assert!(matches!(refused, ConnectionError::Channel(ChannelError::NotPinned { .. })), "{refused:?}");
    let told = at_gateway.unwrap_err();
    assert!(matches!(told, ConnectionError::Channel(ChannelError::RefusedByPeer)), "{told:?}");
}

#[tokio::test]
async fn ciphertext_of_a_link_survives_the_way_through_the_gateway() {
    // The channel inside the channel: a link's bytes as relay messages.
    use wire::link::PeerLink;
    let identity = |seed| Identity::from(&samples::key(seed));
    let mut a = PeerLink::new(&identity(2), 1, 2, samples::key(3).public(), 1).unwrap();
    let mut b = PeerLink::new(&identity(3), 2, 1, samples::key(2).public(), 1).unwrap();
    let message = PeerMessage::Abort { session: Label::from_bytes([1; 16]), why: "test".to_owned() };
    a.send(&message).unwrap();
    let (mut at_gateway, mut at_cosigner) = pair(LIMITS).await;
    for _ in 0..3 {
        let data = a.outgoing();
        at_cosigner.writer.send(&FromCosigner::Relay { peer: 2, link: 1, data }).await.unwrap();
        let Some(FromCosigner::Relay { data, .. }) = at_gateway.reader.read().await.unwrap() else {
            panic!("a relay message was sent");
        };
        let received = b.receive(&data).unwrap();
        if !received.is_empty() {
            assert_eq!(received, [message]);
            return;
        }
        let data = b.outgoing();
        at_gateway.writer.send(&ToCosigner::Relay { peer: 2, link: 1, data }).await.unwrap();
        let Some(ToCosigner::Relay { data, .. }) = at_cosigner.reader.read().await.unwrap() else {
            panic!("a relay message was sent");
        };
        a.receive(&data).unwrap();
    }
    panic!("the link never came up");
}

#[tokio::test]
async fn the_raw_stream_of_these_tests_is_the_channel() {
    // Else the tests above would show nothing.
    let (at_gateway, mut raw) = raw_cosigner(LIMITS).await;
    at_gateway.writer.send(&ToCosigner::Ping(300)).await.unwrap();
    let mut frame = [0; 8];
    raw.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame, [0, 0, 0, 4, 1, 8, 0xac, 0x02]);
}
