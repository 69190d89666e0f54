//! One token, one payout; one payout, one token; one number, one payout. For ever.
//!
//! Built from every contribution in the merged journals. Journals of compromised co-signers may lie, so nothing here
//! assumes that entries agree: each relation keeps all that was claimed, and by whom; a second claim by anybody who is
//! believed refuses.

use std::collections::{BTreeMap, HashMap};

use payout::ids::{Address, Attempt, Cid, Digest, NetworkId, ProjectId, ThirdPartyId};
use payout::intent::Kind;
use payout::life::Token;

use super::authors::{Authors, Believed};
use super::ledger::Key;
use wire::journal::Facts;

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

/// The payouts that hold something, and who says so.
#[derive(Debug, Default)]
struct Owners(BTreeMap<Digest, Authors>);

impl Owners {
    fn add(&mut self, payout: Digest, who: Authors) {
        add(self.0.entry(payout).or_default(), who);
    }

    fn believed(&self, believed: Believed) -> impl Iterator<Item = (&Digest, Authors)> {
        self.0.iter().map(|(owner, who)| (owner, *who)).filter(move |(_, who)| believed.counts(*who))
    }
}

fn add(to: &mut Authors, who: Authors) {
    *to = to.and(who);
}

/// See the module.
#[derive(Debug)]
pub(crate) struct OneToOne {
    me: Authors,
    lanes: HashMap<Lane, HashMap<Token, (Key, Owners)>>,
    tokens: Key,
    payouts: HashMap<Digest, BTreeMap<(NetworkId, Address, Token), Authors>>,
    numbers: HashMap<(Cid, Attempt), Owners>,
    callers_numbers: HashMap<(ProjectId, ThirdPartyId, Attempt), Owners>,
    /// The attempts that were contributed to, by number, voids aside.
    attempts: HashMap<Cid, BTreeMap<Attempt, Authors>>,
}

impl OneToOne {
    /// Nothing is taken. What `me` says is our own evidence.
    pub(crate) fn new(me: Authors) -> Self {
        Self {
            me,
            lanes: HashMap::new(),
            tokens: 0,
            payouts: HashMap::new(),
            numbers: HashMap::new(),
            callers_numbers: HashMap::new(),
            attempts: HashMap::new(),
        }
    }

    /// Takes in a contribution that `who` claims. Returns the token's place, by which fees are counted.
    pub(crate) fn record(&mut self, facts: &Facts, who: Authors) -> Key {
        let lane = self.lanes.entry((facts.network_id.clone(), facts.from.clone())).or_default();
        let next = self.tokens;
        let (key, owners) = lane.entry(facts.token.clone()).or_insert_with(|| (next, Owners::default()));
        owners.add(facts.payout, who);
        let key = *key;
        if key == next {
            self.tokens += 1;
        }
        let token = (facts.network_id.clone(), facts.from.clone(), facts.token.clone());
        add(self.payouts.entry(facts.payout).or_default().entry(token).or_default(), who);
        self.numbers.entry((facts.cid, facts.attempt)).or_default().add(facts.payout, who);
        self.callers_numbers
            .entry((facts.project, facts.third_party_id.clone(), facts.attempt))
            .or_default()
            .add(facts.payout, who);
        if facts.kind != Kind::Void {
            let attempts = self.attempts.entry(facts.cid).or_default();
            add(attempts.entry(facts.attempt).or_default(), who);
        }
        key
    }

    /// Marks every claim as inherited.
    pub(crate) fn inherit(&mut self) {
        let owners = self.lanes.values_mut().flat_map(|lane| lane.values_mut().map(|(_, owners)| owners));
        let owners = owners.chain(self.numbers.values_mut()).chain(self.callers_numbers.values_mut());
        let owners = owners.flat_map(|owners| owners.0.values_mut());
        let tokens = self.payouts.values_mut().flat_map(|tokens| tokens.values_mut());
        let attempts = self.attempts.values_mut().flat_map(|attempts| attempts.values_mut());
        owners.chain(tokens).chain(attempts).for_each(|who| add(who, Authors::INHERITED));
    }

    /// Whether `facts` fit beside everything recorded that is believed.
    pub(crate) fn check(&self, believed: Believed, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        let asked = facts.payout;
        if let Some((owner, evidence)) = self.other_owner(self.owners_of_token(facts), believed, &asked) {
            let (token, from, network) = (facts.token.clone(), facts.from.clone(), facts.network_id.clone());
            return Err((Conflict::TokenTaken { token, from, network, owner, asked }, evidence));
        }
        self.payout_has_no_other_token(believed, facts)?;
        let (cid, attempt) = (facts.cid, facts.attempt);
        let number = self.numbers.get(&(cid, attempt));
        if let Some((owner, evidence)) = self.other_owner(number, believed, &asked) {
            return Err((Conflict::NumberTaken { cid, attempt, owner, asked }, evidence));
        }
        let name = (facts.project, facts.third_party_id.clone(), attempt);
        let callers_number = self.callers_numbers.get(&name);
        if let Some((owner, evidence)) = self.other_owner(callers_number, believed, &asked) {
            let (project, third_party_id, attempt) = name;
            let conflict = Conflict::CallersNumberTaken { project, third_party_id, attempt, owner, asked };
            return Err((conflict, evidence));
        }
        self.is_not_superseded(believed, facts)
    }

    /// An owner that is not `asked`; our own evidence first.
    fn other_owner(
        &self,
        owners: Option<&Owners>,
        believed: Believed,
        asked: &Digest,
    ) -> Option<(Digest, Evidence)> {
        let others = owners?.believed(believed).filter(|(owner, _)| *owner != asked);
        let (owner, who) = others.max_by_key(|(_, who)| who.meets(self.me))?;
        Some((*owner, self.evidence(who)))
    }

    fn evidence(&self, who: Authors) -> Evidence {
        if who.meets(self.me) { Evidence::Own } else { Evidence::Others }
    }

    fn owners_of_token(&self, facts: &Facts) -> Option<&Owners> {
        let lane = self.lanes.get(&(facts.network_id.clone(), facts.from.clone()))?;
        lane.get(&facts.token).map(|(_, owners)| owners)
    }

    fn payout_has_no_other_token(
        &self,
        believed: Believed,
        facts: &Facts,
    ) -> Result<(), (Conflict, Evidence)> {
        let held = self.payouts.get(&facts.payout).into_iter().flatten();
        let asked = (&facts.network_id, &facts.from, &facts.token);
        let other = |(network, from, token): &(NetworkId, Address, Token)| (network, from, token) != asked;
        match held.into_iter().find(|(held, who)| believed.counts(**who) && other(held)) {
            None => Ok(()),
            Some(((_, _, token), who)) => Err((
                Conflict::OtherToken { held: token.clone(), asked: facts.token.clone() },
                self.evidence(*who),
            )),
        }
    }

    fn is_not_superseded(&self, believed: Believed, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        if facts.kind == Kind::Void {
            return Ok(());
        }
        let after = (std::ops::Bound::Excluded(facts.attempt), std::ops::Bound::Unbounded);
        let later = self.attempts.get(&facts.cid).into_iter().flat_map(|attempts| attempts.range(after));
        match later.filter(|(_, who)| believed.counts(**who)).max_by_key(|(_, who)| who.meets(self.me)) {
            None => Ok(()),
            Some((later, who)) => Err((
                Conflict::Superseded { cid: facts.cid, attempt: facts.attempt, later: *later },
                self.evidence(*who),
            )),
        }
    }

    /// The token that a payout has: several, if somebody lies.
    pub(crate) fn tokens_of(&self, believed: Believed, payout: &Digest) -> impl Iterator<Item = &Token> {
        let tokens = self.payouts.get(payout).into_iter().flatten();
        tokens.filter(move |(_, who)| believed.counts(**who)).map(|((_, _, token), _)| token)
    }

    /// The place of a token, if it was ever used.
    pub(crate) fn key_of(&self, facts: &Facts) -> Option<Key> {
        let lane = self.lanes.get(&(facts.network_id.clone(), facts.from.clone()))?;
        lane.get(&facts.token).map(|(key, _)| *key)
    }

    /// The payouts that were signed for under this number and attempt.
    pub(crate) fn payouts_numbered(
        &self,
        believed: Believed,
        cid: Cid,
        attempt: Attempt,
    ) -> impl Iterator<Item = &Digest> {
        let owners = self.numbers.get(&(cid, attempt)).into_iter();
        owners.flat_map(move |owners| owners.believed(believed)).map(|(payout, _)| payout)
    }
}
