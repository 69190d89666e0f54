//! One token, one payout; one payout, one token; one number, one payout. For ever.
//!
//! Built from every contribution in the merged journals. Journals of compromised co-signers may lie, so nothing here
//! assumes that entries agree: each relation keeps all that was claimed, and a second claim of any kind refuses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use payout::ids::{Address, Attempt, Cid, Digest, NetworkId, ProjectId, ThirdPartyId};
use payout::intent::Kind;
use payout::life::Token;

use super::body::Facts;
use super::ledger::Key;

/// A token on its network: what only one transaction can ever spend.
type Lane = (NetworkId, Address);

/// Why facts don't fit beside what is known. Says what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The token serves another payout.
    #[error("{token} of {from} on network {network} belongs to payout {owner}, not to {asked}")]
    TokenTaken {
        /// The token.
        token: Token,
        /// Whose.
        from: Address,
        /// Where.
        network: NetworkId,
        /// The payout that has it.
        owner: Digest,
        /// The payout that asks.
        asked: Digest,
    },
    /// The payout has another token.
    #[error("the payout has {held}; the bytes spend {asked}")]
    OtherToken {
        /// The token that it has.
        held: Token,
        /// The token of the bytes.
        asked: Token,
    },
    /// Another payout has this number and attempt.
    #[error("payout {cid}, attempt {attempt}, is {owner}, not {asked}")]
    NumberTaken {
        /// The number.
        cid: Cid,
        /// The attempt.
        attempt: Attempt,
        /// Which payout has it.
        owner: Digest,
        /// Which payout asks.
        asked: Digest,
    },
    /// Another payout has the caller's number and attempt.
    #[error("{third_party_id} of project {project}, attempt {attempt}, is {owner}, not {asked}")]
    CallersNumberTaken {
        /// Whose number.
        project: ProjectId,
        /// The caller's number.
        third_party_id: ThirdPartyId,
        /// The attempt.
        attempt: Attempt,
        /// Which payout has it.
        owner: Digest,
        /// Which payout asks.
        asked: Digest,
    },
    /// A later attempt was contributed to: this one was declared dead by the people who approved it.
    #[error("attempt {later} of payout {cid} was signed for; attempt {attempt} can only be voided")]
    Superseded {
        /// The number.
        cid: Cid,
        /// The attempt that was asked for.
        attempt: Attempt,
        /// The later one.
        later: Attempt,
    },
}

/// Who claimed a relation, to tell own evidence from hearsay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// This co-signer's own journal says so.
    Own,
    /// Others' journals say so, or sessions in flight.
    Others,
}

/// A payout that holds something, and whether we know it from our own journal.
#[derive(Debug, Default)]
struct Owners(BTreeMap<Digest, bool>);

impl Owners {
    fn add(&mut self, payout: Digest, own: Evidence) {
        *self.0.entry(payout).or_default() |= own == Evidence::Own;
    }

    /// An owner that is not `asked`; our own evidence first.
    fn other_than(&self, asked: &Digest) -> Option<(Digest, Evidence)> {
        let mut others = self.0.iter().filter(|(owner, _)| *owner != asked);
        let first = others.next()?;
        let best = std::iter::once(first).chain(others).find(|(_, own)| **own).unwrap_or(first);
        Some((*best.0, if *best.1 { Evidence::Own } else { Evidence::Others }))
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct OneToOne {
    lanes: HashMap<Lane, HashMap<Token, (Key, Owners)>>,
    tokens: Key,
    payouts: HashMap<Digest, BTreeSet<(NetworkId, Address, Token)>>,
    numbers: HashMap<(Cid, Attempt), Owners>,
    callers_numbers: HashMap<(ProjectId, ThirdPartyId, Attempt), Owners>,
    /// The attempts that were contributed to, by number, voids aside.
    attempts: HashMap<Cid, BTreeMap<Attempt, bool>>,
}

impl OneToOne {
    /// Takes in a contribution. Returns the token's place, by which fees are counted.
    pub(crate) fn record(&mut self, facts: &Facts, evidence: Evidence) -> Key {
        let lane = self.lanes.entry((facts.network_id.clone(), facts.from.clone())).or_default();
        let next = self.tokens;
        let (key, owners) = lane.entry(facts.token.clone()).or_insert_with(|| (next, Owners::default()));
        owners.add(facts.payout, evidence);
        let key = *key;
        if key == next {
            self.tokens += 1;
        }
        self.payouts.entry(facts.payout).or_default().insert((
            facts.network_id.clone(),
            facts.from.clone(),
            facts.token.clone(),
        ));
        self.numbers.entry((facts.cid, facts.attempt)).or_default().add(facts.payout, evidence);
        self.callers_numbers
            .entry((facts.project, facts.third_party_id.clone(), facts.attempt))
            .or_default()
            .add(facts.payout, evidence);
        if facts.kind != Kind::Void {
            let attempts = self.attempts.entry(facts.cid).or_default();
            *attempts.entry(facts.attempt).or_default() |= evidence == Evidence::Own;
        }
        key
    }

    /// Whether `facts` fit beside everything recorded.
    pub(crate) fn check(&self, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        self.token_is_free(facts)?;
        self.payout_has_no_other_token(facts)?;
        let asked = facts.payout;
        let number = self.numbers.get(&(facts.cid, facts.attempt));
        if let Some((owner, evidence)) = number.and_then(|owners| owners.other_than(&asked)) {
            let conflict = Conflict::NumberTaken { cid: facts.cid, attempt: facts.attempt, owner, asked };
            return Err((conflict, evidence));
        }
        let name = (facts.project, facts.third_party_id.clone(), facts.attempt);
        let callers_number = self.callers_numbers.get(&name);
        if let Some((owner, evidence)) = callers_number.and_then(|owners| owners.other_than(&asked)) {
            let (project, third_party_id, attempt) = name;
            let conflict = Conflict::CallersNumberTaken { project, third_party_id, attempt, owner, asked };
            return Err((conflict, evidence));
        }
        self.is_not_superseded(facts)
    }

    fn token_is_free(&self, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        let lane = self.lanes.get(&(facts.network_id.clone(), facts.from.clone()));
        let owners = lane.and_then(|lane| lane.get(&facts.token)).map(|(_, owners)| owners);
        match owners.and_then(|owners| owners.other_than(&facts.payout)) {
            None => Ok(()),
            Some((owner, evidence)) => Err((
                Conflict::TokenTaken {
                    token: facts.token.clone(),
                    from: facts.from.clone(),
                    network: facts.network_id.clone(),
                    owner,
                    asked: facts.payout,
                },
                evidence,
            )),
        }
    }

    fn payout_has_no_other_token(&self, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        let held = self.payouts.get(&facts.payout).into_iter().flatten();
        let asked = (&facts.network_id, &facts.from, &facts.token);
        match held.into_iter().find(|(network, from, token)| (network, from, token) != asked) {
            None => Ok(()),
            Some((_, _, token)) => Err((
                Conflict::OtherToken { held: token.clone(), asked: facts.token.clone() },
                Evidence::Others,
            )),
        }
    }

    fn is_not_superseded(&self, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        if facts.kind == Kind::Void {
            return Ok(());
        }
        let later = self.attempts.get(&facts.cid).and_then(|attempts| attempts.last_key_value());
        match later.filter(|(attempt, _)| **attempt > facts.attempt) {
            None => Ok(()),
            Some((later, own)) => Err((
                Conflict::Superseded { cid: facts.cid, attempt: facts.attempt, later: *later },
                if *own { Evidence::Own } else { Evidence::Others },
            )),
        }
    }

    /// The token that a payout has, by any journal.
    pub(crate) fn token_of(&self, payout: &Digest) -> Option<&Token> {
        self.payouts.get(payout).and_then(|tokens| tokens.first()).map(|(_, _, token)| token)
    }

    /// The place of a token, if it was ever used.
    pub(crate) fn key_of(&self, facts: &Facts) -> Option<Key> {
        let lane = self.lanes.get(&(facts.network_id.clone(), facts.from.clone()))?;
        lane.get(&facts.token).map(|(key, _)| *key)
    }

    /// The payouts that were signed for under this number, newest attempt last.
    pub(crate) fn payouts_numbered(&self, cid: Cid, attempt: Attempt) -> impl Iterator<Item = &Digest> {
        self.numbers.get(&(cid, attempt)).into_iter().flat_map(|owners| owners.0.keys())
    }

    /// Why `one` can't contribute while `other` is in flight.
    pub(crate) fn clash(one: &Facts, other: &Facts) -> Option<Conflict> {
        let (owner, asked) = (other.payout, one.payout);
        let same_token =
            one.network_id == other.network_id && one.from == other.from && one.token == other.token;
        match (same_token, owner == asked) {
            (true, false) => {
                let (token, from, network) = (one.token.clone(), one.from.clone(), one.network_id.clone());
                Some(Conflict::TokenTaken { token, from, network, owner, asked })
            }
            (false, true) => {
                Some(Conflict::OtherToken { held: other.token.clone(), asked: one.token.clone() })
            }
            (true, true) | (false, false) => Self::clash_of_numbers(one, other),
        }
    }

    fn clash_of_numbers(one: &Facts, other: &Facts) -> Option<Conflict> {
        let (owner, asked) = (other.payout, one.payout);
        let (cid, attempt) = (one.cid, one.attempt);
        if owner != asked && (cid, attempt) == (other.cid, other.attempt) {
            return Some(Conflict::NumberTaken { cid, attempt, owner, asked });
        }
        let (project, third_party_id) = (one.project, one.third_party_id.clone());
        let same_name = project == other.project && third_party_id == other.third_party_id;
        if owner != asked && same_name && attempt == other.attempt {
            return Some(Conflict::CallersNumberTaken { project, third_party_id, attempt, owner, asked });
        }
        let both_pay = one.kind != Kind::Void && other.kind != Kind::Void;
        (both_pay && cid == other.cid && other.attempt > attempt).then_some(Conflict::Superseded {
            cid,
            attempt,
            later: other.attempt,
        })
    }
}
