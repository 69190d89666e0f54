//! Every session that was opened and every signature that anybody got, whoever sent it: the judge of all attacks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy_primitives::keccak256;
use chain::EcdsaSignature;
use payout::ids::{AddressIndex, Digest};
use payout::intent::Intent;
use payout::policy::Wallet;
use wire::message::{Label, SignRequest};

use super::case::Fault;
use super::gateway::Heard;

/// What a session is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// A payout that may be signed.
    Good,
    /// One that never may.
    Attack,
}

struct Session {
    aim: Aim,
    /// The digests that a signature of it can be over.
    digests: Vec<[u8; 32]>,
    /// The payout, and the token that its bytes spend, with the address whose it is.
    spends: Option<(Digest, String)>,
}

/// See the module.
pub struct Ledger {
    /// The public keys of the wallets' payout addresses.
    keys: Vec<[u8; 33]>,
    sessions: HashMap<Label, Session>,
    /// Digests that a hostile co-signer tried to have signed in a good session.
    forbidden: Vec<[u8; 32]>,
    /// How many words were judged.
    judged: usize,
    tokens: BTreeMap<Digest, BTreeSet<String>>,
    payouts: BTreeMap<String, BTreeSet<Digest>>,
    signed: BTreeSet<Label>,
}

impl Ledger {
    /// Nothing was opened.
    pub fn new(wallet: &Wallet) -> Self {
        Self {
            keys: vec![paying_key(wallet)],
            sessions: HashMap::new(),
            forbidden: Vec::new(),
            judged: 0,
            tokens: BTreeMap::new(),
            payouts: BTreeMap::new(),
            signed: BTreeSet::new(),
        }
    }

    /// Watches another wallet, too.
    pub fn watch(&mut self, wallet: &Wallet) {
        self.keys.push(paying_key(wallet));
    }

    /// Notes a session before it is opened.
    pub fn open<'a>(&mut self, label: Label, aim: Aim, shown: impl Iterator<Item = &'a SignRequest>) {
        let mut digests = Vec::new();
        let mut spends = None;
        for request in shown {
            digests.push(signing_digest(&request.unsigned));
            spends = spends.or_else(|| spent_by(request));
        }
        self.sessions.insert(label, Session { aim, digests, spends });
    }

    /// Notes a digest that must never be signed.
    pub fn forbid(&mut self, digest: [u8; 32]) {
        self.forbidden.push(digest);
    }

    /// Whether a session has ended with a signature over what it was opened for.
    pub fn is_signed(&self, label: Label) -> bool {
        self.signed.contains(&label)
    }

    /// Judges what was heard since the last time.
    ///
    /// # Errors
    /// [`Fault::Signed`] for a signature over an attack's bytes or of a second token for a payout, [`Fault::Broken`]
    /// for one that nobody asked for.
    pub fn judge(&mut self, heard: &Heard) -> Result<(), Fault> {
        let mut first = None;
        for (index, word) in heard.words.iter().skip(self.judged) {
            let wire::message::FromCosigner::Signed { session, signature } = word else { continue };
            if let Err(fault) = self.take(*session, signature) {
                first = first.or(Some((*index, fault)));
            }
        }
        self.judged = heard.words.len();
        match first {
            None => Ok(()),
            Some((_, fault)) => Err(fault),
        }
    }

    fn take(&mut self, label: Label, signature: &[u8]) -> Result<(), Fault> {
        if let Some(digest) = self.forbidden.iter().find(|digest| self.verifies(signature, digest)) {
            return Err(Fault::Signed(format!(
                "digest {}, which is over nobody's payout",
                hex::encode(digest)
            )));
        }
        let Some(session) = self.sessions.get(&label) else {
            return Err(Fault::Broken(format!("a signature of the session {label}, which nobody opened")));
        };
        let over = session.digests.iter().any(|digest| self.verifies(signature, digest));
        if session.aim == Aim::Attack {
            let text = if over { "over the hostile bytes" } else { "over something" };
            return Err(Fault::Signed(format!("a signature {text} in the session {label}")));
        }
        if !over {
            return Err(Fault::Broken(format!("a bad signature in the session {label}")));
        }
        let spends = session.spends.clone();
        self.signed.insert(label);
        let Some((payout, token)) = spends else { return Ok(()) };
        let tokens = self.tokens.entry(payout).or_default();
        tokens.insert(token.clone());
        if tokens.len() > 1 {
            return Err(Fault::Signed(format!("payout {payout} on two tokens: {tokens:?}")));
        }
        let payouts = self.payouts.entry(token.clone()).or_default();
        payouts.insert(payout);
        if payouts.len() > 1 {
            return Err(Fault::Signed(format!("{token} for two payouts: {payouts:?}")));
        }
        Ok(())
    }

    fn verifies(&self, signature: &[u8], digest: &[u8; 32]) -> bool {
        let Ok(bytes) = <&[u8; 65]>::try_from(signature) else { return false };
        let (r, rest) = bytes.split_at(32);
        let (s, id) = rest.split_at(32);
        let (Ok(r), Ok(s)) = (r.try_into(), s.try_into()) else { return false };
        let signature = EcdsaSignature { r, s, recovery_id: id[0] };
        self.keys.iter().any(|key| signature.verified(digest, key).is_ok())
    }
}

fn paying_key(wallet: &Wallet) -> [u8; 33] {
    let path = chain::evm::path(AddressIndex::PAYOUT);
    chain::child_public_key(&wallet.public_key, &wallet.chain_code, &path)
        .expect("a ceremony's key has children")
}

/// What a signature over these bytes is over: of bytes that nobody decodes, what an EVM chain would hash; of 32 bytes
/// that pass for a digest, these.
pub fn signing_digest(unsigned: &[u8]) -> [u8; 32] {
    unsigned.try_into().unwrap_or_else(|_| keccak256(unsigned).0)
}

/// The payout whose token a request spends, and which.
fn spent_by(request: &SignRequest) -> Option<(Digest, String)> {
    let intent: Intent = payout::canonical::parse(&request.intent).ok()?;
    let decoded = chain::evm::decode(&request.unsigned).ok()?;
    let payout = match intent.kind {
        payout::intent::Kind::Void | payout::intent::Kind::RaiseCap => intent.target?,
        _ => intent.digest(),
    };
    Some((payout, format!("{} of {}", decoded.token, intent.from)))
}
