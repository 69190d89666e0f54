//! A transaction's fields, and its bytes with and without a signature as `alloy` writes them.

use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address as Raw, B256, Bytes, Signature, TxKind, keccak256};
use payout::money::Amount;

use super::fee::Fee;

/// The fields that we use; every other field of the format has its empty value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    /// EIP-155 chain id.
    pub(super) chain_id: u64,
    /// The sender's counter.
    pub(super) nonce: u64,
    /// Prices and, with them, the type.
    pub(super) fee: Fee,
    /// The most gas.
    pub(super) gas_limit: u64,
    /// Payee or contract.
    pub(super) to: Raw,
    /// Wei.
    pub(super) value: Amount,
    /// Empty, or a call.
    pub(super) calldata: Vec<u8>,
}

impl Transaction {
    /// What is hashed and signed: `0x02 ‖ rlp(…)` (EIP-1559), or the nine-item list of EIP-155.
    pub(super) fn unsigned(&self) -> Vec<u8> {
        match self.fee {
            Fee::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas } => {
                self.eip1559(max_fee_per_gas, max_priority_fee_per_gas).encoded_for_signing()
            }
            Fee::Legacy { gas_price } => self.legacy(gas_price).encoded_for_signing(),
        }
    }

    /// The bytes that a node takes, and the transaction's id: `0x` and the lower-case Keccak-256 of them.
    pub(super) fn signed(&self, r: &[u8; 32], s: &[u8; 32], odd_y: bool) -> (Vec<u8>, String) {
        let signature = Signature::from_scalars_and_parity(B256::new(*r), B256::new(*s), odd_y);
        let bytes = match self.fee {
            Fee::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas } => {
                self.eip1559(max_fee_per_gas, max_priority_fee_per_gas).into_signed(signature).encoded_2718()
            }
            Fee::Legacy { gas_price } => self.legacy(gas_price).into_signed(signature).encoded_2718(),
        };
        let txid = format!("0x{}", hex::encode(keccak256(&bytes)));
        (bytes, txid)
    }

    fn eip1559(&self, max_fee_per_gas: u128, max_priority_fee_per_gas: u128) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit: self.gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: TxKind::Call(self.to),
            value: self.value.as_u256(),
            access_list: Default::default(),
            input: Bytes::from(self.calldata.clone()),
        }
    }

    fn legacy(&self, gas_price: u128) -> TxLegacy {
        TxLegacy {
            chain_id: Some(self.chain_id),
            nonce: self.nonce,
            gas_price,
            gas_limit: self.gas_limit,
            to: TxKind::Call(self.to),
            value: self.value.as_u256(),
            input: Bytes::from(self.calldata.clone()),
        }
    }
}
