//! A gateway opens a signing session.

use std::collections::BTreeMap;
use std::sync::Arc;

use mpc::{KeyShare, Outgoing, Party, Sign};
use payout::ids::{Digest, WalletId};
use tokio::runtime::Handle;
use wire::message::{Check, FromCosigner, JournalHead, Label, PeerMessage, Refusal, SignRequest};
use wire::session::SessionFacts;

use super::cosigner::{Cosigner, now, random};
use super::journals::Pace;
use super::words;
use crate::journal::{Claim, Contributed, Facts, Reservation};
use crate::link::{Line, Told};
use crate::refuse::later;
use crate::rooms::Room;
use crate::session::{self, Cleared, Letter, Material, Terms};
use crate::verify::{self, Session};

/// Opens the session on a thread of its own, or says at once why not.
pub(super) fn open(
    cosigner: &Arc<Cosigner>,
    line: &Arc<Line>,
    label: Label,
    participants: Vec<u8>,
    request: SignRequest,
) {
    let room = match cosigner.sessions.open(line.id, label) {
        Ok(room) => room,
        Err(why) => {
            let refusal = later(Check::Session, format!("signing sessions: {why}"));
            tracing::info!(session = %label, %refusal, "a session was refused");
            line.say(&FromCosigner::Refused { session: label, refusal });
            return;
        }
    };
    let (cosigner, line, runtime) = (Arc::clone(cosigner), Arc::clone(line), Handle::current());
    tokio::task::spawn_blocking(move || {
        let desk = Desk {
            cosigner,
            line,
            runtime,
            label,
            participants,
            request,
            claim: None,
            signs_with: None,
            entry: None,
        };
        desk.hold(&room);
    });
}

/// One session at this co-signer.
struct Desk {
    cosigner: Arc<Cosigner>,
    line: Arc<Line>,
    runtime: Handle,
    label: Label,
    participants: Vec<u8>,
    request: SignRequest,
    claim: Option<Claim>,
    /// Wallet and epoch of the share that signs, once it does.
    signs_with: Option<(WalletId, u32)>,
    /// The contribution's entry in our journal, once it is there.
    entry: Option<u64>,
}

impl Desk {
    fn hold(mut self, room: &Room<Letter>) {
        let timing = self.cosigner.timing;
        match self.prepare() {
            Ok(terms) => session::run(&mut self, terms, timing, &room.mailbox),
            Err(refusal) => {
                let refusal = self.runtime.block_on(self.cosigner.answerable(&self.request, refusal));
                self.refuse(refusal);
            }
        }
    }

    /// Everything before the first word to the peers: who takes part, what it would take, and that our other sessions
    /// know of it.
    fn prepare(&mut self) -> Result<Terms, Refusal> {
        self.quorum()?;
        let request = session::request_digest(&self.label, &self.participants, &self.request);
        let random = random().map_err(|error| later(Check::Session, error))?;
        let outline =
            self.cosigner.checking(|context| verify::outline(context, &self.participants, &self.request))?;
        self.claim = Some(self.cosigner.journal.claim(&outline)?);
        Ok(Terms {
            label: self.label,
            me: self.cosigner.me,
            participants: self.participants.clone(),
            request,
            random,
            heads: self.cosigner.journal.heads(),
            clock: now(),
        })
    }

    /// The participants are different co-signers of the roster, in order, and links to them stand.
    fn quorum(&self) -> Result<(), Refusal> {
        let me = self.cosigner.me;
        let directory = &self.cosigner.directory;
        if !self.participants.is_sorted_by(|a, b| a < b) || !self.participants.contains(&me) {
            return Err(later(Check::Session, "the participants are not in order, or we are none of them"));
        }
        if self.participants.len() != usize::from(directory.threshold()) {
            let text =
                format!("{} participants where {} sign", self.participants.len(), directory.threshold());
            return Err(later(Check::Peers, text));
        }
        for index in self.participants.iter().filter(|index| **index != me) {
            if directory.seat(*index).is_none() {
                return Err(later(Check::Peers, format!("co-signer {index} is not on the roster")));
            }
            if !self.line.is_linked(*index) {
                return Err(later(Check::Peers, format!("there is no link to co-signer {index} yet")));
            }
        }
        Ok(())
    }

    fn refuse(&self, refusal: Refusal) {
        let session = self.label;
        tracing::info!(%session, %refusal, "a session was refused");
        // Peers that began already need not wait for their time-out.
        let (reason, finality) = (refusal.to_string(), refusal.finality);
        let word = PeerMessage::Refuse { session, reason, finality };
        for peer in self.participants.iter().filter(|index| **index != self.cosigner.me) {
            let _ = self.line.tell(*peer, &word);
        }
        self.line.say(&FromCosigner::Refused { session, refusal });
    }

    /// Whether the participants' own journals reach us as far as any of them named. What two quorums did is in the
    /// journal of a member of both, so a third that contradicts itself must not come between these.
    fn reaches(&self, heads: &[JournalHead]) -> Result<(), Refusal> {
        let ours: BTreeMap<u8, JournalHead> =
            self.cosigner.journal.heads().into_iter().map(|head| (head.index, head)).collect();
        for head in heads.iter().filter(|head| self.participants.contains(&head.index)) {
            let reached = ours
                .get(&head.index)
                .is_some_and(|ours| ours.seq > head.seq || (ours.seq == head.seq && ours.hash == head.hash));
            if !reached && head.seq > 0 {
                return Err(later(
                    Check::Journal,
                    format!(
                        "entry {} of co-signer {}'s journal did not arrive or does not fit the entries held here",
                        head.seq, head.index
                    ),
                ));
            }
        }
        Ok(())
    }

    fn checked(&mut self, material: &Material) -> Result<Cleared<Reservation>, Refusal> {
        let claim = self.claim.take().ok_or_else(|| later(Check::Session, "nothing is claimed"))?;
        self.reaches(&material.heads)?;
        let mut in_flight = Vec::new();
        for (peer, claims) in &material.claims {
            for claim in claims {
                let facts: Facts = read_claim(claim).ok_or_else(|| {
                    later(Check::Journal, format!("a claim of co-signer {peer} can't be read"))
                })?;
                in_flight.push(facts);
            }
        }
        // What was merged may have put another epoch in use.
        self.cosigner.renew_keys();
        let session = Session { participants: &self.participants, clocks: &material.clocks };
        let (verified, checks) = self.cosigner.checking(|context| {
            let verified = verify::verify(context, &session, &self.request)?;
            let checks = words::checks(context, &session, &verified, &self.request);
            Ok::<_, Refusal>((verified, checks))
        })?;
        let id = SessionFacts {
            deployment: self.cosigner.deployment(),
            label: &self.label,
            intent: verified.intent_digest(),
            unsigned: &self.request.unsigned,
            wallet: verified.wallet(),
            path: verified.path(),
            epoch: verified.epoch(),
            participants: &material.randoms,
        }
        .id();
        let permit = claim.reserve(verified, &in_flight)?;
        Ok(Cleared { permit, id, checks })
    }
}

impl session::Session for Desk {
    type Permit = Reservation;
    type Protocol = Sign;

    fn tell(&self, peer: u8, message: &PeerMessage) {
        if self.line.tell(peer, message) == Told::NoLink {
            self.cosigner.sessions.deliver(self.line.id, peer, self.label, Letter::LinkLost);
        }
    }

    fn exchange(&self, peer: u8, heads: &[JournalHead]) {
        let Some((claims, reached)) = self.cosigner.send_entries(&self.line, peer, heads, Pace::Hurried)
        else {
            self.cosigner.sessions.deliver(self.line.id, peer, self.label, Letter::LinkLost);
            return;
        };
        self.cosigner.note_more(peer, reached);
        let claims = claims.iter().map(write_claim).collect();
        self.tell(peer, &PeerMessage::Pending { session: self.label, claims });
    }

    fn check(&mut self, material: &Material) -> Result<Cleared<Reservation>, Refusal> {
        // The claim is released by now if a check failed: it must not keep a promise from being made.
        self.checked(material)
            .map_err(|refusal| self.runtime.block_on(self.cosigner.answerable(&self.request, refusal)))
    }

    fn commit(&mut self, permit: Reservation, session: &Digest) -> Result<(Sign, Vec<Outgoing>), String> {
        let (wallet, epoch) = (permit.verified().wallet(), permit.verified().epoch());
        let share = self
            .cosigner
            .vault
            .share(wallet, epoch)
            .ok_or_else(|| format!("the share of wallet {wallet}, epoch {epoch}, is gone"))?;
        let contributed = self
            .runtime
            .block_on(permit.commit(*session, &self.cosigner.policy(), now()))
            .map_err(|error| format!("the contribution was not journaled: {error}"))?;
        self.cosigner.changed.notify_one();
        self.signs_with = Some((wallet, epoch));
        self.entry = Some(contributed.entry().seq);
        contribute(&contributed, &share, &self.participants, session)
    }

    fn ban(&self, peer: u8, why: &str) -> Result<(), String> {
        // Not the epoch that is in use by now: what the peer attacked is the share that signed.
        let (wallet, epoch) = self.signs_with.ok_or("nothing was being signed")?;
        tracing::error!(session = %self.label, peer, why, "a co-signer broke the protocol: it is banned");
        let written = self.cosigner.journal.ban(wallet, epoch, peer, why.to_owned(), now());
        self.runtime.block_on(written).map_err(|error| error.to_string())?;
        self.cosigner.changed.notify_one();
        Ok(())
    }

    fn report(&self, report: FromCosigner) {
        match &report {
            FromCosigner::Refused { session, refusal } => {
                tracing::info!(%session, %refusal, "a session was refused");
            }
            FromCosigner::Aborted { session, why, culprit } => {
                tracing::warn!(%session, why, culprit, "a session was aborted");
            }
            FromCosigner::Signed { session, signature } => {
                tracing::info!(%session, "signed");
                if let Some(entry) = self.entry {
                    self.cosigner.journal.keep_signature(entry, signature.clone());
                }
            }
            _ => {}
        }
        self.line.say(&report);
    }
}

/// Starts the protocol. A contribution that is in the journal is the only thing from which it starts.
fn contribute(
    contributed: &Contributed,
    share: &KeyShare,
    participants: &[u8],
    session: &Digest,
) -> Result<(Sign, Vec<Outgoing>), String> {
    let verified = contributed.verified();
    let parties: Vec<Party> = participants.iter().filter_map(|index| Party::new(*index)).collect();
    Sign::start(share, verified.path(), &parties, *session.as_bytes(), *verified.signing_digest())
        .map_err(|abort| abort.to_string())
}

fn write_claim(facts: &Facts) -> Vec<u8> {
    postcard::to_stdvec(facts)
        .expect("facts have no maps, floats or foreign code, which is all that could fail")
}

fn read_claim(bytes: &[u8]) -> Option<Facts> {
    let (facts, rest) = postcard::take_from_bytes::<Facts>(bytes).ok()?;
    let is_canonical = rest.is_empty() && write_claim(&facts) == bytes;
    is_canonical.then_some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_with_bytes_after_its_end_is_not_read() {
        assert!(read_claim(&[]).is_none());
        assert!(read_claim(&[0; 64]).is_none());
    }
}
