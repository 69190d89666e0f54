//! The journal as a whole: sessions that race, files that break, copies that come back.

mod damage;
mod liars;
mod limits;
mod promises;
mod recall;
mod restore;
mod sharing;

use std::collections::BTreeMap;

use futures::executor::block_on;
use payout::ids::Digest;
use payout::intent::Intent;
use payout::time::Millis;
use tempfile::TempDir;
use wire::message::{Refusal, SignRequest, SignedEntry};

use super::{Body, Claim, CommitError, Contributed, Facts, Journal, MergeError, Reservation, Rest};
use crate::house::{House, NOON, at, cosigner_key};
use crate::verify::{Context, Outline, Session, Verified, outline, verify, vouched};

/// Co-signers with real journals, and no network between them but function calls.
struct Cosigners {
    house: House,
    folder: TempDir,
    journals: Vec<Journal>,
    clock: Millis,
    sessions: u64,
    /// Those who lie, each with the journal that it shows.
    hostile: BTreeMap<u8, Vec<SignedEntry>>,
}

impl Cosigners {
    fn new(threshold: u8, count: u8) -> Self {
        Self::of(House::new(threshold, count))
    }

    fn of(house: House) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let indices = house.genesis.roster.cosigners.iter().map(|seat| seat.index);
        let journals = indices.map(|index| house.journal(index, folder.path())).collect();
        Self { house, folder, journals, clock: at(NOON), sessions: 0, hostile: BTreeMap::new() }
    }

    fn journal(&self, index: u8) -> &Journal {
        &self.journals[usize::from(index) - 1]
    }

    fn with<T>(&self, index: u8, look: impl FnOnce(&Context<'_>) -> T) -> T {
        self.journal(index)
            .with(|union| look(&Context { me: index, ..self.house.ctx(union, self.clock.get()) }))
    }

    fn outline(&self, index: u8, quorum: &[u8], request: &SignRequest) -> Result<Outline, Refusal> {
        self.with(index, |ctx| outline(ctx, quorum, request))
    }

    fn claim(&self, index: u8, quorum: &[u8], request: &SignRequest) -> Result<Claim, Refusal> {
        self.journal(index).claim(&self.outline(index, quorum, request)?)
    }

    /// Asks for a promise never to sign an intent that somebody stands behind.
    fn promise(&self, index: u8, intent: &Intent, refusal: Refusal) -> Refusal {
        let act = crate::house::act("tom", payout::approval::Act::Approve, intent);
        let request = self.house.request(intent, vec![act], 0);
        let vouched = self.with(index, |ctx| vouched(ctx, &request)).unwrap();
        block_on(self.journal(index).refuse_for_ever(&vouched, refusal, self.clock))
    }

    fn commit(&self, reservation: Reservation, session: Digest) -> Result<Contributed, CommitError> {
        block_on(reservation.commit(session, &self.house.policy, self.clock))
    }

    fn verify(&self, index: u8, quorum: &[u8], request: &SignRequest) -> Result<Verified, Refusal> {
        self.with(index, |ctx| verify(ctx, &Session { participants: quorum, clocks: &[] }, request))
    }

    /// A hostile co-signer writes whatever it likes into the journal that it shows.
    fn lie(&mut self, author: u8, at: Millis, body: &Body) {
        let deployment = self.house.genesis.deployment();
        let told = self.hostile.entry(author).or_default();
        let (seq, previous) = told.last().map_or((0, deployment), |last| (last.seq, last.hash()));
        let at = told.last().map_or(at, |last| at.max(last.at));
        let bytes = postcard::to_stdvec(body).unwrap();
        told.push(SignedEntry::sign(&cosigner_key(author), author, seq + 1, previous, at, bytes));
    }

    /// Everything that `from` tells `to`; returns what it has in flight. A hostile one tells of nothing that it signs.
    fn tell(&self, from: u8, to: u8) -> Result<Vec<Facts>, MergeError> {
        if let Some(told) = self.hostile.get(&from) {
            let heads: Vec<_> = told.last().map(SignedEntry::head).into_iter().collect();
            self.journal(to).merge(from, told.clone(), &heads, self.clock)?;
            return Ok(vec![]);
        }
        loop {
            let share = self.journal(from).share(&self.journal(to).heads()).unwrap();
            let heads = self.journal(from).heads();
            self.journal(to).merge(from, share.entries, &heads, self.clock)?;
            if share.rest == Rest::Nothing {
                return Ok(share.claims);
            }
        }
    }

    /// One participant's part after all have claimed: journals, claims, checks.
    fn reserve(
        &self,
        index: u8,
        quorum: &[u8],
        claim: Claim,
        request: &SignRequest,
    ) -> Result<Reservation, Refusal> {
        let mut claims = Vec::new();
        for peer in quorum.iter().filter(|peer| **peer != index) {
            claims.extend(self.tell(*peer, index).unwrap());
        }
        claim.reserve(self.verify(index, quorum, request)?, &claims)
    }

    fn session_id(&mut self) -> Digest {
        self.sessions += 1;
        Digest::of("test session", &[&self.sessions.to_be_bytes()])
    }

    /// A whole session, with nothing in between.
    fn sign(&mut self, quorum: &[u8], request: &SignRequest) -> Result<Vec<Contributed>, Refusal> {
        let claims: Vec<Claim> =
            quorum.iter().map(|index| self.claim(*index, quorum, request)).collect::<Result<_, _>>()?;
        let reserved: Vec<Reservation> = quorum
            .iter()
            .zip(claims)
            .map(|(index, claim)| self.reserve(*index, quorum, claim, request))
            .collect::<Result<_, _>>()?;
        let session = self.session_id();
        Ok(reserved.into_iter().map(|reservation| self.commit(reservation, session).unwrap()).collect())
    }

    fn small(&self, number: i64) -> (Intent, SignRequest) {
        let intent = self.house.small(number);
        let request = self.house.request(&intent, vec![], u64::try_from(number).unwrap());
        (intent, request)
    }

    /// Closes a co-signer's journal, whatever its file looks like then.
    fn stop(&mut self, index: u8) {
        let spare = tempfile::tempdir_in(self.folder.path()).unwrap();
        let stand_in = self.house.journal(index, spare.path());
        drop(std::mem::replace(&mut self.journals[usize::from(index) - 1], stand_in));
    }

    fn start(&mut self, index: u8) -> Result<(), super::JournalError> {
        let journal = Journal::open(self.house.settings(index, self.folder.path()))?;
        self.journals[usize::from(index) - 1] = journal;
        Ok(())
    }

    fn restart(&mut self, index: u8) -> Result<(), super::JournalError> {
        self.stop(index);
        self.start(index)
    }
}

#[test]
fn a_contribution_is_there_after_a_restart() {
    let mut cosigners = Cosigners::new(2, 3);
    let (intent, request) = cosigners.small(1);
    let contributed = cosigners.sign(&[1, 2], &request).unwrap();
    assert_eq!(contributed[0].verified().intent(), &intent);
    let heads = cosigners.journal(1).heads();
    cosigners.restart(1).unwrap();
    assert_eq!(cosigners.journal(1).heads(), heads);
    assert_eq!(cosigners.journal(1).quarantine(), None);
    assert!(cosigners.journal(1).with(|union| union.contributed_by_me(&intent.digest())));
}

#[test]
fn a_dropped_session_uses_nothing_up() {
    let cosigners = Cosigners::new(2, 3);
    let (_, request) = cosigners.small(1);
    let (other, _) = cosigners.small(2);
    let claim = cosigners.claim(1, &[1, 2], &request).unwrap();
    let same_token = cosigners.house.request(&other, vec![], 1);
    assert!(cosigners.claim(1, &[1, 2], &same_token).unwrap_err().reason.contains("in flight"));
    drop(claim);
    assert!(cosigners.claim(1, &[1, 2], &same_token).is_ok());
    assert_eq!(cosigners.journal(1).own_seq(), 0);
}

#[test]
fn many_sessions_share_their_syncs() {
    let mut cosigners = Cosigners::new(2, 3);
    cosigners.house.publish(|rules| {
        let small = &mut rules.rules[1];
        small.budget.insert(crate::house::usdt(), crate::house::tokens(1_000_000));
        let window = small.window.as_mut().unwrap();
        window.count = 10_000;
        window.sums.insert(crate::house::usdt(), crate::house::tokens(1_000_000));
        rules.fees[0].window_sum = payout::money::Amount::from_u128(u128::MAX);
    });
    let requests: Vec<SignRequest> = (1..=64).map(|number| cosigners.small(number).1).collect();
    let claims: Vec<Claim> =
        requests.iter().map(|request| cosigners.claim(1, &[1, 2], request).unwrap()).collect();
    let reserved: Vec<Reservation> = claims
        .into_iter()
        .zip(&requests)
        .map(|(claim, request)| claim.reserve(cosigners.verify(1, &[1, 2], request).unwrap(), &[]).unwrap())
        .collect();
    let sessions: Vec<Digest> = reserved.iter().map(|_| cosigners.session_id()).collect();
    let (policy, clock) = (&cosigners.house.policy, cosigners.clock);
    let commits = reserved.into_iter().zip(sessions);
    let commits: Vec<_> =
        commits.map(|(reservation, session)| reservation.commit(session, policy, clock)).collect();
    let done = block_on(futures::future::join_all(commits));
    assert!(done.into_iter().all(|contributed| contributed.is_ok()));
    assert_eq!(cosigners.journal(1).own_seq(), 64);
    cosigners.restart(1).unwrap();
    assert_eq!(cosigners.journal(1).own_seq(), 64);
}
