//! A conversation with one gateway: what it says goes to its place at once, so that nothing holds up the rounds of
//! sessions in flight.

use std::sync::Arc;
use std::time::Duration;

use payout::time::CLOCK_SKEW_MS;
use tokio::time::Instant;
use wire::connection::{Connection, ConnectionError, Reader};
use wire::message::{FromCosigner, Label, PeerMessage, ToCosigner, speaks};

use super::cosigner::{Cosigner, now};
use super::{catch_up, ceremony, journals, policy, recall, sight, sign, stop};
use crate::ceremony::Letter as CeremonyLetter;
use crate::link::{Dialled, Line, News};
use crate::refuse::cut;
use crate::session::{Begin, Letter};

/// A gateway pings every second. One that is silent for so long is gone, whatever its connection says.
const SILENCE: Duration = Duration::from_secs(15);

/// Holds a connection to its end.
pub(super) async fn converse(
    cosigner: Arc<Cosigner>,
    gateway: String,
    connection: Connection<ToCosigner, FromCosigner>,
) -> (Dialled, Result<(), ConnectionError>) {
    let Connection { mut reader, writer, .. } = connection;
    let line = cosigner.add_line(|id| {
        let me = (&cosigner.identity, cosigner.me);
        Line::new(id, gateway, writer, me, &cosigner.directory)
    });
    let mut open = OpenLine { cosigner: &cosigner, line: &line, dialled: Dialled::Unwelcome };
    line.say(&FromCosigner::Hello(cosigner.standing()));
    let result = open.attend(&mut reader).await;
    tracing::info!(gateway = line.gateway, "the connection to the gateway is over");
    (open.dialled, result)
}

/// Dropped, also half-way, it leaves no session behind that waits for this line.
struct OpenLine<'a> {
    cosigner: &'a Arc<Cosigner>,
    line: &'a Arc<Line>,
    dialled: Dialled,
}

impl Drop for OpenLine<'_> {
    fn drop(&mut self) {
        self.cosigner.remove_line(self.line);
    }
}

impl OpenLine<'_> {
    async fn attend(&mut self, reader: &mut Reader<ToCosigner>) -> Result<(), ConnectionError> {
        let mut heard = Instant::now();
        loop {
            let tend = if self.dialled == Dialled::Welcomed { self.line.tend() } else { None };
            let tend = async move {
                match tend {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = reader.read() => match message? {
                    Some(message) => {
                        heard = Instant::now();
                        self.answer(message).await?;
                    }
                    None => return Ok(()),
                },
                () = tend => {}
                () = self.line.given_up() => return Err(ConnectionError::Backlog),
                () = tokio::time::sleep_until(heard + SILENCE) => {
                    return Err(ConnectionError::Slow("the gateway's next word"));
                }
            }
        }
    }

    async fn answer(&mut self, message: ToCosigner) -> Result<(), ConnectionError> {
        let (cosigner, line) = (self.cosigner, self.line);
        match message {
            ToCosigner::Relay { peer, link, data } => self.relayed(peer, link, &data).await,
            ToCosigner::Ping(number) => line.say(&FromCosigner::Pong(number)),
            ToCosigner::Open { session, participants, request } => {
                sign::open(cosigner, line, session, participants, request);
            }
            ToCosigner::Close { session, why } => {
                tracing::debug!(%session, why, "the gateway closes a session");
                cosigner.sessions.close(line.id, session, why);
            }
            ToCosigner::Sight { request, request_body } => {
                tokio::spawn(sight::answer(Arc::clone(cosigner), Arc::clone(line), request, request_body));
            }
            ToCosigner::Stop { acts, freezes } => {
                tokio::spawn(stop::answer(Arc::clone(cosigner), Arc::clone(line), acts, freezes));
            }
            // In order, and before whatever the gateway asks under the new version.
            ToCosigner::Policy(versions) => policy::adopt(cosigner, versions).await,
            ToCosigner::Ceremony(order) => ceremony::open(cosigner, line, order),
            ToCosigner::Recall { request, after } => recall::contributions(cosigner, line, request, after),
            ToCosigner::Papers { request, entries } => recall::papers(cosigner, line, request, entries),
            ToCosigner::Versions { request, heads } => recall::versions(cosigner, line, request, &heads),
            ToCosigner::Welcome { protocol, deployment, now: theirs, gateway: _ } => {
                if !speaks(protocol) {
                    tracing::error!(
                        gateway = line.gateway,
                        protocol,
                        "speaks another protocol: update the older side"
                    );
                    return Err(ConnectionError::Closed);
                }
                if deployment != *cosigner.deployment() {
                    tracing::error!(
                        gateway = line.gateway, %deployment,
                        "serves another deployment: compare its genesis.json with the one that this co-signer pinned"
                    );
                    return Err(ConnectionError::Closed);
                }
                let apart_ms = now().since(theirs);
                if apart_ms.abs() > CLOCK_SKEW_MS {
                    tracing::warn!(
                        gateway = line.gateway,
                        apart_ms,
                        "its clock and ours are apart: set the clocks"
                    );
                }
                tracing::info!(gateway = line.gateway, "connected to the gateway");
                self.dialled = Dialled::Welcomed;
                cosigner.changed.notify_one();
                line.open_links();
            }
        }
        Ok(())
    }

    async fn relayed(&self, peer: u8, link: u64, data: &[u8]) {
        let (cosigner, line) = (self.cosigner, self.line);
        let heard = line.hear(peer, link, data);
        for news in heard.news {
            match news {
                News::Lost(why) => {
                    tracing::info!(gateway = line.gateway, peer, why, "the link to a co-signer broke");
                    cosigner.sessions.link_lost(line.id, peer);
                    cosigner.ceremonies.link_lost(line.id, peer);
                }
                News::Ready => {
                    cosigner.forget_heads(peer);
                    cosigner.changed.notify_one();
                    tracing::info!(gateway = line.gateway, peer, "linked with a co-signer");
                    let _ = line.tell(peer, &PeerMessage::Heads(cosigner.journal.heads()));
                }
            }
        }
        for message in heard.messages {
            self.deliver(peer, message).await;
        }
    }

    async fn deliver(&self, from: u8, message: PeerMessage) {
        let (cosigner, line) = (self.cosigner, self.line);
        let to_session = |label: Label, letter| cosigner.sessions.deliver(line.id, from, label, letter);
        let to_ceremony = |label: Label, letter| cosigner.ceremonies.deliver(line.id, from, label, letter);
        match message {
            PeerMessage::Heads(heads) => catch_up::heads(cosigner, line, from, heads),
            PeerMessage::Entries(entries) => journals::entries(cosigner, line, from, entries).await,
            PeerMessage::Begin { session, request, random, heads, now } => {
                let heads = cosigner.note_heads(from, heads);
                to_session(session, Letter::Begin(Begin { request, random, heads, now }));
            }
            PeerMessage::Pending { session, claims } => to_session(session, Letter::Pending(claims)),
            PeerMessage::Checked { session, id } => to_session(session, Letter::Checked(id)),
            PeerMessage::Round { session, round, payload } => {
                to_session(session, Letter::Round { round, payload });
            }
            PeerMessage::Refuse { session, reason, finality } => {
                to_session(session, Letter::Refuse { reason: cut(reason), finality });
            }
            PeerMessage::Abort { session, why } => {
                let why = cut(why);
                // Sessions and ceremonies share this message; a name belongs to one of them.
                to_ceremony(session, CeremonyLetter::Abort { why: why.clone() });
                to_session(session, Letter::Abort { why });
            }
            PeerMessage::CeremonyBegin { ceremony, request, random } => {
                to_ceremony(ceremony, CeremonyLetter::Begin { request, random });
            }
            PeerMessage::CeremonyRound { ceremony, round, payload } => {
                to_ceremony(ceremony, CeremonyLetter::Round { round, payload });
            }
            PeerMessage::Echo { ceremony, transcript, fingerprint, signature } => {
                let fingerprint = cut(fingerprint);
                to_ceremony(ceremony, CeremonyLetter::Echo { transcript, fingerprint, signature });
            }
            PeerMessage::Ack { ceremony, stage } => to_ceremony(ceremony, CeremonyLetter::Ack(stage)),
        }
    }
}
