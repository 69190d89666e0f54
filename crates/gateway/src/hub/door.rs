//! The door: accepts connections, checks keys and the first word.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use wire::channel::{self, Identity};
use wire::connection::{Connection, ConnectionError};
use wire::message::{FromCosigner, PROTOCOL, Standing, ToCosigner, speaks};

use super::room::{Parting, Room};
use super::seat;
use crate::clock;

/// Connections that may be at their handshake at once: strangers get no further, and hold nothing else.
const KNOCKING: usize = 64;
/// How long the connections may take to close in order when the hub stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// The listener's task.
pub(super) struct Door {
    address: SocketAddr,
    closing: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Door {
    pub(super) async fn open(
        listen: SocketAddr,
        identity: &Identity,
        room: Arc<Room>,
    ) -> Result<Self, std::io::Error> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let tls = channel::server_config(identity, room.directory.cosigner_keys());
        let (closing, closed) = watch::channel(false);
        let task = tokio::spawn(listen_on(listener, tls, room, closed));
        Ok(Self { address, closing, task: Mutex::new(Some(task)) })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // It panics nowhere; if it did, the door is closed all the same.
            let _ = task.await;
        }
    }
}

async fn listen_on(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    room: Arc<Room>,
    mut closing: watch::Receiver<bool>,
) {
    let knocking = Arc::new(Semaphore::new(KNOCKING));
    let mut guests = JoinSet::new();
    loop {
        let place = Arc::clone(&knocking);
        let accepted = tokio::select! {
            // The sender lives as long as the hub; a hub that nobody holds any more is closed, too.
            _ = closing.wait_for(|closing| *closing) => break,
            Some(_) = guests.join_next() => continue,
            accepted = async { (place.acquire_owned().await, listener.accept().await) } => accepted,
        };
        let (Ok(place), connection) = accepted else { break };
        match connection {
            Ok((stream, address)) => {
                let (tls, room) = (Arc::clone(&tls), Arc::clone(&room));
                guests.spawn(async move {
                    match enter(stream, tls, &room).await {
                        Ok((index, connection, standing)) => {
                            drop(place);
                            stay(&room, index, address, connection, standing).await;
                        }
                        Err(error) => tracing::warn!(
                            %address,
                            error = &error as &dyn std::error::Error,
                            "a connection was not let in"
                        ),
                    }
                });
            }
            Err(error) => {
                // Such as too many open files: the next try may succeed, at once it would not.
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    room.dismiss_all(Parting::Closing);
    let _ = timeout(FAREWELL, async { while guests.join_next().await.is_some() {} }).await;
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
enum Denied {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("the key belongs to no co-signer of the roster")]
    NoSeat,
    #[error("it said nothing")]
    Silent,
    #[error("its first message is not a hello")]
    NoHello,
    #[error("it speaks protocol {0}, this gateway speaks {PROTOCOL}: upgrade the older of the two")]
    Protocol(u16),
    #[error("it calls itself co-signer {claimed}, its key is co-signer {index}'s")]
    OtherIndex { claimed: u8, index: u8 },
}

type Guest = (u8, Connection<FromCosigner, ToCosigner>, Standing);

async fn enter(stream: TcpStream, tls: Arc<ServerConfig>, room: &Room) -> Result<Guest, Denied> {
    stream.set_nodelay(true).map_err(ConnectionError::Lost)?;
    let mut connection = Connection::accept(stream, tls, room.pace.connection()).await?;
    let index = room.directory.cosigner_of(&connection.peer).ok_or(Denied::NoSeat)?;
    // Before its hello, not after: a co-signer may want to know first whom it talks to.
    let welcome = ToCosigner::Welcome {
        protocol: PROTOCOL,
        deployment: room.deployment,
        now: clock::now(),
        gateway: room.name.clone(),
    };
    connection.writer.try_send(&welcome)?;
    let hello = timeout(room.pace.handshake, connection.reader.read()).await.map_err(|_| Denied::Silent)?;
    match hello? {
        Some(FromCosigner::Hello(standing)) if !speaks(standing.protocol) => {
            Err(Denied::Protocol(standing.protocol))
        }
        Some(FromCosigner::Hello(standing)) if standing.index != index => {
            Err(Denied::OtherIndex { claimed: standing.index, index })
        }
        Some(FromCosigner::Hello(standing)) => Ok((index, connection, standing)),
        Some(_) => Err(Denied::NoHello),
        None => Err(Denied::Silent),
    }
}

async fn stay(
    room: &Arc<Room>,
    index: u8,
    address: SocketAddr,
    connection: Connection<FromCosigner, ToCosigner>,
    standing: Standing,
) {
    let name = room.name_of(index);
    tracing::info!(index, name, %address, software = standing.software, "a co-signer has come");
    let end = seat::attend(room, index, connection, standing).await;
    tracing::info!(index, name, error = &end as &dyn std::error::Error, "a co-signer's connection has ended");
}
