//! What a gateway asks co-signers to sign, and the ceremonies that it asks them to hold.

use payout::approval::SignedAct;
use payout::ids::{Digest, WalletId};
use payout::policy::VersionSignature;
use serde::{Deserialize, Serialize};

use super::Label;

/// Everything that a co-signer needs to check one intent for itself, and the bytes to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignRequest {
    /// The intent's canonical text (`payout::intent::Intent::canonical`).
    pub intent: String,
    /// Application and approvals, in the order in which they fill the rule's steps.
    pub acts: Vec<SignedAct>,
    /// The caller's own signature over the request, if it sent one.
    pub caller: Option<CallerProof>,
    /// The unsigned transaction, as its chain serialises it. Empty where an intent is only shown.
    #[serde(with = "super::bytes")]
    pub unsigned: Vec<u8>,
    /// What a void, a raise_cap or a later attempt refers to.
    pub target: Option<Target>,
}

impl SignRequest {
    /// What participants compare before they begin: the digest of the whole request as it travels, so that a gateway
    /// which shows different bytes or approvals to different co-signers is found out before anybody signs.
    ///
    /// # Panics
    /// Never: a request always serialises.
    pub fn digest(&self) -> Digest {
        Digest::of("bursar/sign-request/v1", &[&postcard_bytes(self)])
    }
}

/// What a caller signed with its own key: the header `Bursar-Signature` and the raw body of its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerProof {
    /// `<key id>:<base64>`, as it came.
    pub header: String,
    /// The raw body, as it came.
    #[serde(with = "super::bytes")]
    pub body: Vec<u8>,
}

/// An earlier intent and the bytes that were made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its canonical text.
    pub intent: String,
    /// Its unsigned transaction; empty if none was ever made.
    #[serde(with = "super::bytes")]
    pub unsigned: Vec<u8>,
}

/// A signed rejection or withdrawal, with the intent that it stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopAct {
    /// The intent's canonical text: who may stop it follows from its project and applicant.
    pub intent: String,
    /// The act.
    pub act: SignedAct,
}

/// A ceremony that all co-signers of the roster take part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCeremony {
    /// Its name on the wire.
    pub ceremony: Label,
    /// The wallet.
    pub wallet: WalletId,
    /// What it makes.
    pub purpose: Purpose,
}

impl OpenCeremony {
    /// What participants compare before they begin: the digest of the whole order as it travels.
    ///
    /// # Panics
    /// Never: an order always serialises.
    pub fn digest(&self) -> Digest {
        Digest::of("bursar/ceremony-request/v1", &[&postcard_bytes(self)])
    }
}

/// What a ceremony makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// A new key, epoch 1.
    Create,
    /// New shares of the same key.
    Refresh {
        /// The epoch that the new shares will have: the present one plus one.
        epoch: u32,
        /// The admins' signatures that order it.
        orders: Vec<VersionSignature>,
    },
}

/// The domain of the admins' order to refresh a wallet's shares (`payout::policy::Policy::verify_quorum`).
pub const REFRESH_DOMAIN: &str = "bursar/refresh/v1";

/// What the admins sign, under [`REFRESH_DOMAIN`], to order new shares of `wallet`: `epoch` is the one that the new
/// shares will have, so that an order is used up by the refresh that it orders.
pub fn refresh_text(wallet: WalletId, epoch: u32) -> String {
    format!("refresh wallet {wallet} to epoch {epoch}")
}

/// These types hold no maps, no floats and no foreign code, which is all that could fail.
fn postcard_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("a request has no unserialisable parts")
}
