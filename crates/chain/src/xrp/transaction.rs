//! A transaction's fields, its bytes with and without a signature, and their hashes.

use sha2::{Digest as _, Sha512};

use super::account::AccountId;
use super::account_flag::AccountFlag;
use super::fee::Fee;
use super::field;
use super::token::Spend;
use crate::signature::EcdsaSignature;

/// Hash prefixes (XRPL documentation, "Hash Prefixes"): what is signed, and a transaction with its signature.
const TO_SIGN: [u8; 4] = *b"STX\0";
const SIGNED: [u8; 4] = *b"TXN\0";

/// `tfFullyCanonicalSig`, in every transaction of ours: nobody on the way can give it a second id by changing the form
/// of its signature, whatever amendments the network has. No other flag is ever set, `tfPartialPayment` least of all.
pub(super) const FLAGS: u32 = 0x8000_0000;

/// Transaction types.
pub(super) const PAYMENT: u16 = 0;
pub(super) const ACCOUNT_SET: u16 = 3;
pub(super) const TICKET_CREATE: u16 = 10;

/// The fields that we use. Which others the format has does not matter: they are never written and never read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    /// For networks above 1024 only.
    pub(super) network: Option<u32>,
    pub(super) spend: Spend,
    pub(super) fee: Fee,
    /// The account's master key, and with it the account.
    pub(super) public_key: [u8; 33],
    pub(super) account: AccountId,
    pub(super) operation: Operation,
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Payment. Drops are never zero.
    Pay { to: AccountId, tag: Option<u32>, drops: u64 },
    /// AccountSet that sets nothing.
    Nothing,
    /// AccountSet of one flag.
    SetFlag(AccountFlag),
    /// AccountSet that clears one flag.
    ClearFlag(AccountFlag),
    /// TicketCreate.
    CreateTickets(u32),
}

impl Operation {
    const fn transaction_type(&self) -> u16 {
        match self {
            Self::Pay { .. } => PAYMENT,
            Self::Nothing | Self::SetFlag(_) | Self::ClearFlag(_) => ACCOUNT_SET,
            Self::CreateTickets(_) => TICKET_CREATE,
        }
    }
}

impl Transaction {
    /// The bytes without a signature.
    pub(super) fn unsigned(&self) -> Vec<u8> {
        self.written(None)
    }

    /// What is signed: SHA-512Half of `STX\0` and the unsigned bytes.
    pub(super) fn digest(&self) -> [u8; 32] {
        half(TO_SIGN, &self.unsigned())
    }

    /// The bytes that a server takes, and the transaction's id: upper-case SHA-512Half of `TXN\0` and those bytes.
    pub(super) fn signed(&self, signature: &EcdsaSignature) -> (Vec<u8>, String) {
        let signed = self.written(Some(&der(signature)));
        let txid = hex::encode_upper(half(SIGNED, &signed));
        (signed, txid)
    }

    /// All fields in canonical order.
    fn written(&self, signature: Option<&[u8]>) -> Vec<u8> {
        let Self { network, spend, fee, public_key, account, operation } = self;
        let (sequence, ticket) = match *spend {
            Spend::Sequence(number) => (number, None),
            Spend::Ticket(number) => (0, Some(number)),
        };
        let mut out = Vec::with_capacity(256);
        field::TRANSACTION_TYPE.write_u16(operation.transaction_type(), &mut out);
        if let Some(network) = network {
            field::NETWORK_ID.write_u32(*network, &mut out);
        }
        field::FLAGS.write_u32(FLAGS, &mut out);
        field::SEQUENCE.write_u32(sequence, &mut out);
        if let Operation::Pay { tag: Some(tag), .. } = operation {
            field::DESTINATION_TAG.write_u32(*tag, &mut out);
        }
        field::LAST_LEDGER_SEQUENCE.write_u32(fee.last_ledger, &mut out);
        match operation {
            Operation::SetFlag(flag) => field::SET_FLAG.write_u32(flag.number(), &mut out),
            Operation::ClearFlag(flag) => field::CLEAR_FLAG.write_u32(flag.number(), &mut out),
            Operation::CreateTickets(count) => field::TICKET_COUNT.write_u32(*count, &mut out),
            Operation::Pay { .. } | Operation::Nothing => {}
        }
        if let Some(ticket) = ticket {
            field::TICKET_SEQUENCE.write_u32(ticket, &mut out);
        }
        if let Operation::Pay { drops, .. } = operation {
            field::PAID.write_drops(*drops, &mut out);
        }
        field::FEE.write_drops(fee.drops, &mut out);
        field::SIGNING_PUB_KEY.write_bytes(public_key, &mut out);
        if let Some(signature) = signature {
            field::TXN_SIGNATURE.write_bytes(signature, &mut out);
        }
        field::OWNER.write_bytes(account.as_bytes(), &mut out);
        if let Operation::Pay { to, .. } = operation {
            field::DESTINATION.write_bytes(to.as_bytes(), &mut out);
        }
        out
    }
}

/// The DER form of a signature that was verified.
fn der(signature: &EcdsaSignature) -> Vec<u8> {
    let signature = k256::ecdsa::Signature::from_scalars(signature.r, signature.s)
        .expect("a verified signature's scalars are in range");
    signature.to_der().as_bytes().to_vec()
}

/// SHA-512Half: the first 32 bytes of the SHA-512.
pub(super) fn half(prefix: [u8; 4], bytes: &[u8]) -> [u8; 32] {
    let hash = Sha512::new().chain_update(prefix).chain_update(bytes).finalize();
    *hash.first_chunk().expect("SHA-512 has 64 bytes")
}
