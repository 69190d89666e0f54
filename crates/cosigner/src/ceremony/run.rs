//! The thread of one ceremony: a mailbox, a clock and somebody who does what the machine wants.

use std::sync::Arc;
use std::time::Instant;

use mpc::KeyShare;
use payout::ids::Digest;
use payout::key::Signature;
use wire::message::{CeremonyNews, PeerMessage};

use super::dealing::Started;
use super::fingerprint::Fingerprinted;
use super::letter::Letter;
use super::machine::{Action, Machine};
use super::terms::{Terms, Timing};
use crate::rooms::Mailbox;
use crate::turns;

/// What a ceremony wants done by the co-signer that holds it. Whatever fails says why, for people.
pub trait Ceremony {
    /// Says something to a peer. Journal entries that the peer lacks go first.
    fn tell(&self, peer: u8, message: &PeerMessage);

    /// All journals are here: looks at the order once more and starts the protocol.
    ///
    /// # Errors
    /// The order is not to be followed, or can't be.
    fn start(&mut self, id: &Digest) -> Result<Started, String>;

    /// Seals the share, not usable yet, and journals that it is kept.
    ///
    /// # Errors
    /// It could not be kept.
    fn keep(&mut self, share: KeyShare, printed: &Fingerprinted) -> Result<Arc<KeyShare>, String>;

    /// Signs with our roster key.
    fn sign(&self, digest: &Digest) -> Signature;

    /// Journals that all echoes are equal, and prints the fingerprint.
    ///
    /// # Errors
    /// It could not be journaled or printed.
    fn agree(&mut self, printed: &Fingerprinted) -> Result<(), String>;

    /// Journals that our test signatures verified.
    ///
    /// # Errors
    /// It could not be journaled.
    fn prove(&mut self, printed: &Fingerprinted) -> Result<(), String>;

    /// Writes that nothing is signed with this peer under the new share.
    fn ban(&self, peer: u8, why: &str);

    /// All have tested: what is there may be used once the policy lists it.
    ///
    /// # Errors
    /// It could not be put to use.
    fn finish(&mut self, share: &Arc<KeyShare>, printed: &Fingerprinted) -> Result<(), String>;

    /// It failed: drops what was made, unless it may be in use elsewhere, and says so.
    fn fail(&mut self, why: &str);

    /// Tells the gateway how far it is.
    fn news(&self, news: CeremonyNews);
}

/// Holds a ceremony to its end.
pub fn run<C: Ceremony>(desk: &mut C, terms: Terms, timing: Timing, mailbox: &Mailbox<Letter>) {
    let (mut machine, first) = Machine::open(terms, timing, Instant::now());
    turns::hold(&mut machine, first, mailbox, |machine, action| act(desk, machine, action));
}

fn act<C: Ceremony>(desk: &mut C, machine: &mut Machine, action: Action) -> Vec<Action> {
    match action {
        Action::Tell { peer, message } => desk.tell(peer, &message),
        Action::Start { id } => {
            let result = desk.start(&id);
            return machine.started(result, Instant::now());
        }
        Action::Keep { share, printed } => {
            let result = desk.keep(*share, &printed);
            return machine.kept(result, |digest| desk.sign(digest), Instant::now());
        }
        Action::Agree { printed } => {
            let result = desk.agree(&printed);
            return machine.agreed(result, Instant::now());
        }
        Action::Prove { printed } => {
            let result = desk.prove(&printed);
            return machine.proven(result, Instant::now());
        }
        Action::Ban { peer, why } => desk.ban(peer, &why),
        Action::Finish { share, printed } => {
            if let Err(why) = desk.finish(&share, &printed) {
                desk.fail(&why);
            }
        }
        Action::Fail { why } => desk.fail(&why),
        Action::News(news) => desk.news(news),
    }
    Vec::new()
}
