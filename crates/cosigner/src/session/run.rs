//! The thread of one session: a mailbox, a clock and somebody who does what the machine wants.

use std::time::Instant;

use mpc::{Outgoing, Signature};
use payout::ids::Digest;
use wire::message::{FromCosigner, JournalHead, PeerMessage, Refusal};

use super::letter::Letter;
use super::machine::{Action, Cleared, Machine, Material};
use super::terms::{Terms, Timing};
use crate::rooms::Mailbox;
use crate::turns;

/// What a session wants done by the co-signer that holds it.
pub trait Session {
    /// The permission to contribute, which only passed checks give.
    type Permit;
    /// The signing protocol.
    type Protocol: mpc::Session<Output = Signature>;

    /// Says something to a peer. A link that is broken says so by a letter.
    fn tell(&self, peer: u8, message: &PeerMessage);

    /// Sends a peer the journal entries beyond `heads`, then what our other sessions have in flight.
    fn exchange(&self, peer: u8, heads: &[JournalHead]);

    /// Makes all checks over the merged journals and reserves what the session takes.
    ///
    /// # Errors
    /// The check that failed.
    fn check(&mut self, material: &Material) -> Result<Cleared<Self::Permit>, Refusal>;

    /// Writes the contribution under the session's id, waits until it is durable, and starts the protocol.
    ///
    /// # Errors
    /// Why the protocol can't be started, for people.
    fn commit(
        &mut self,
        permit: Self::Permit,
        session: &Digest,
    ) -> Result<(Self::Protocol, Vec<Outgoing>), String>;

    /// Writes that nothing is ever signed with this peer again and waits until it is durable.
    ///
    /// # Errors
    /// It could not be written. Nothing more may be said in this session then.
    fn ban(&self, peer: u8, why: &str) -> Result<(), String>;

    /// Says something to the gateway.
    fn report(&self, report: FromCosigner);
}

/// Holds a session to its end.
pub fn run<S: Session>(desk: &mut S, terms: Terms, timing: Timing, mailbox: &Mailbox<Letter>) {
    let (mut machine, first) = Machine::open(terms, timing, Instant::now());
    // A ban that is not on disk must not be known: a restart would forget it. Nothing is said after that, and the peers
    // run into their time-out.
    let mut silent = false;
    turns::hold(&mut machine, first, mailbox, |machine, action| {
        if silent {
            return Vec::new();
        }
        match act(desk, machine, action) {
            Ok(more) => more,
            Err(Silent) => {
                silent = true;
                Vec::new()
            }
        }
    });
}

/// Nothing more may be said.
struct Silent;

type Machinery<S> = Machine<<S as Session>::Permit, <S as Session>::Protocol>;
type Actions<S> = Vec<Action<<S as Session>::Permit>>;

fn act<S: Session>(
    desk: &mut S,
    machine: &mut Machinery<S>,
    action: Action<S::Permit>,
) -> Result<Actions<S>, Silent> {
    match action {
        Action::Tell { peer, message } => {
            desk.tell(peer, &message);
            told(&message);
        }
        Action::Exchange { peer, heads } => {
            desk.exchange(peer, &heads);
            crash::point!("journals exchanged");
        }
        Action::Check(material) => {
            let result = desk.check(&material);
            if result.is_ok() {
                crash::point!("checks passed");
            }
            return Ok(machine.checked(result, Instant::now()));
        }
        Action::Commit { permit, session } => {
            let result = desk.commit(permit, &session);
            return Ok(machine.committed(result, Instant::now()));
        }
        Action::Ban { peer, why } => {
            if let Err(error) = desk.ban(peer, &why) {
                tracing::error!(session = %machine.label(), peer, error, "a ban could not be written");
                return Err(Silent);
            }
        }
        Action::Report(report) => {
            let signed = matches!(report, FromCosigner::Signed { .. });
            if signed {
                crash::point!("signature made");
            }
            desk.report(report);
            if signed {
                crash::point!("signature told");
            }
        }
    }
    Ok(Vec::new())
}

/// Where a test can have the co-signer killed.
fn told(message: &PeerMessage) {
    match message {
        PeerMessage::Begin { .. } => crash::point!("session begun"),
        PeerMessage::Round { round: 1, .. } => crash::point!("round 1 sent"),
        PeerMessage::Round { round: 2, .. } => crash::point!("round 2 sent"),
        PeerMessage::Round { round: 3, .. } => crash::point!("round 3 sent"),
        _ => {}
    }
}
