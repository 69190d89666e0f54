//! An HTTP listener that strangers can't tie up: so many connections at once, so much time for each request's head.
//!
//! `axum::serve` has neither limit: a connection that sends a byte a minute would be kept for ever. How long a body may
//! take is the matter of whoever reads it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::engine::run::stopped;

/// The largest head of a request, bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// After an accept that failed, such as for too many open files: at once the next would fail too.
const PAUSE: Duration = Duration::from_millis(100);

/// What strangers may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at once; more wait to be accepted.
    pub(crate) connections: usize,
    /// From one request's end to the next one's last header. An idle connection is closed after it, too.
    pub(crate) head: Duration,
}

/// Answers requests until `stop` turns true, then those that are under way.
pub(crate) async fn listen(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let router = router.with_state(());
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut guests = JoinSet::new();
    loop {
        let places = Arc::clone(&places);
        let accepted = tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = guests.join_next() => continue,
            accepted = async { (places.acquire_owned().await, listener.accept().await) } => accepted,
        };
        match accepted {
            (Ok(place), Ok((stream, peer))) => {
                let attended = attend(stream, peer, router.clone(), limits.head, stop.clone());
                guests.spawn(async move {
                    attended.await;
                    drop(place);
                });
            }
            (Err(_), _) => break, // nobody closes the semaphore
            (_, Err(error)) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while guests.join_next().await.is_some() {}
}

/// One connection, from its first request to its end.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // Replies are small and whole: nothing is gained by waiting for more of them. Without it they are only slower.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;
    use tokio::time::{sleep, timeout};

    struct House {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
    }

    async fn open(limits: Limits) -> House {
        let slow = async || {
            sleep(Duration::from_millis(200)).await;
            "done"
        };
        let router = Router::new()
            .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()))
            .route("/slow", get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        House { address, stop, task: tokio::spawn(listen(listener, router, limits, stopped)) }
    }

    async fn ask(mut stream: TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    }

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_request_is_answered_and_its_peer_is_known() {
        let house = open(Limits { connections: 4, head: PATIENCE }).await;
        let stream = TcpStream::connect(house.address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        let reply = ask(stream, "/peer").await;
        assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with(&own), "{reply}");
    }

    #[tokio::test]
    async fn connections_that_never_finish_their_head_give_their_places_to_others() {
        let house = open(Limits { connections: 2, head: Duration::from_millis(100) }).await;
        let mut idle = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(house.address).await.unwrap();
            stream.write_all(b"GET /peer HTTP/1.1\r\nhost: ").await.unwrap();
            idle.push(stream);
        }
        let stream = TcpStream::connect(house.address).await.unwrap();
        let reply = timeout(PATIENCE, ask(stream, "/peer")).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    }

    #[tokio::test]
    async fn a_stop_waits_for_the_request_under_way_and_not_for_an_idle_connection() {
        let house = open(Limits { connections: 4, head: PATIENCE }).await;
        let idle = TcpStream::connect(house.address).await.unwrap();
        let stream = TcpStream::connect(house.address).await.unwrap();
        let asking = tokio::spawn(ask(stream, "/slow"));
        sleep(Duration::from_millis(50)).await;
        house.stop.send_replace(true);
        timeout(PATIENCE, house.task).await.unwrap().unwrap();
        assert!(asking.await.unwrap().ends_with("done"));
        drop(idle);
    }
}
