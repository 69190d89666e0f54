//! Every session that was opened and every signature that anybody got, whoever sent it: the judge of all attacks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy_primitives::keccak256;
use chain::EcdsaSignature;
use payout::coin::Family;
use payout::ids::{AddressIndex, Digest};
use payout::intent::Intent;
use payout::policy::Wallet;
use sha2::{Digest as _, Sha256, Sha512};
use wire::message::{Label, SignRequest};

use super::case::Fault;
use super::draft::{family_of, key_on};
use super::gateway::Heard;
use crate::ledgers;

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
            keys: paying_keys(wallet),
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
        self.keys.extend(paying_keys(wallet));
    }

    /// Notes a session before it is opened.
    pub fn open<'a>(&mut self, label: Label, aim: Aim, shown: impl Iterator<Item = &'a SignRequest>) {
        let mut digests = Vec::new();
        let mut spends = None;
        for request in shown {
            digests.push(digest_of(request));
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

/// The keys of a wallet's payout addresses: one a family.
fn paying_keys(wallet: &Wallet) -> Vec<[u8; 33]> {
    let networks = [
        (Family::Evm, "31337"),
        (Family::Xrp, ledgers::xrp::NETWORK),
        (Family::Tron, ledgers::tron::NETWORK),
    ];
    let key = |(family, network): (Family, &str)| {
        key_on(family, &network.parse().expect("a network's number"), wallet, AddressIndex::PAYOUT)
    };
    networks.map(key).to_vec()
}

/// What a signature over a request's bytes is over, on the chain of its intent.
pub fn digest_of(request: &SignRequest) -> [u8; 32] {
    let family = intent_of(request).map_or(Family::Evm, |intent| family_of(&intent.chain_id));
    hashed(family, &request.unsigned)
}

/// The same on the EVM chain.
pub fn signing_digest(unsigned: &[u8]) -> [u8; 32] {
    hashed(Family::Evm, unsigned)
}

/// What a chain hashes of bytes before they are signed, also of such that nobody decodes; of 32 bytes that pass for a
/// digest, these.
pub fn hashed(family: Family, unsigned: &[u8]) -> [u8; 32] {
    let hash = || match family {
        Family::Evm => keccak256(unsigned).0,
        Family::Xrp => {
            let whole = Sha512::new().chain_update(b"STX\0").chain_update(unsigned).finalize();
            *whole.first_chunk().expect("SHA-512 has 64 bytes")
        }
        Family::Tron => Sha256::digest(unsigned).into(),
    };
    unsigned.try_into().unwrap_or_else(|_| hash())
}

pub(super) fn intent_of(request: &SignRequest) -> Option<Intent> {
    payout::canonical::parse(&request.intent).ok()
}

/// The payout whose token a request spends, and which.
fn spent_by(request: &SignRequest) -> Option<(Digest, String)> {
    let intent = intent_of(request)?;
    let family = chain::family(family_of(&intent.chain_id));
    let decoded = family.decode(&intent.network_id, &request.unsigned).ok()?;
    let payout = match intent.kind {
        payout::intent::Kind::Void | payout::intent::Kind::RaiseCap => intent.target?,
        _ => intent.digest(),
    };
    Some((payout, format!("{} of {}", decoded.token, intent.from)))
}
