//! The protobuf messages of a transaction (java-tron, `protocol/src/main/protos/core/Tron.proto` and `…/contract/`),
//! as far as they are ever signed here.
//!
//! Fields that must be absent are listed where a refusal should name them; any other unknown field is dropped by the
//! decoder and noticed because the bytes do not come out the same again.

/// A signed transaction. `raw_data` is kept as the bytes that were signed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Transaction {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) raw_data: Vec<u8>,
    /// One of 65 bytes: r, s, v.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub(super) signature: Vec<Vec<u8>>,
}

/// `Transaction.raw`: what is hashed and signed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Raw {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) ref_block_bytes: Vec<u8>,
    /// Never set.
    #[prost(int64, tag = "3")]
    pub(super) ref_block_num: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) ref_block_hash: Vec<u8>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub(super) expiration: i64,
    /// Never set. Messages, of which only the presence matters here.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub(super) auths: Vec<Vec<u8>>,
    /// The memo. Never set.
    #[prost(bytes = "vec", tag = "10")]
    pub(super) data: Vec<u8>,
    /// Exactly one.
    #[prost(message, repeated, tag = "11")]
    pub(super) contract: Vec<Contract>,
    /// Never set.
    #[prost(bytes = "vec", tag = "12")]
    pub(super) scripts: Vec<u8>,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "14")]
    pub(super) timestamp: i64,
    /// The most that energy may cost, sun.
    #[prost(int64, tag = "18")]
    pub(super) fee_limit: i64,
}

/// `Transaction.Contract`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Contract {
    /// An enum in java-tron.
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) parameter: Option<Any>,
    /// Never set.
    #[prost(bytes = "vec", tag = "3")]
    pub(super) provider: Vec<u8>,
    /// Never set.
    #[prost(bytes = "vec", tag = "4")]
    pub(super) contract_name: Vec<u8>,
    /// Never set: 0 is the owner's own key.
    #[prost(int32, tag = "5")]
    pub(super) permission_id: i32,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `TransferContract`: sends TRX.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct TransferContract {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) owner_address: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) to_address: Vec<u8>,
    /// Sun.
    #[prost(int64, tag = "3")]
    pub(super) amount: i64,
}

/// `TriggerSmartContract`: calls a contract.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct TriggerSmartContract {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) owner_address: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) contract_address: Vec<u8>,
    /// Never set.
    #[prost(int64, tag = "3")]
    pub(super) call_value: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) data: Vec<u8>,
    /// Never set.
    #[prost(int64, tag = "5")]
    pub(super) call_token_value: i64,
    /// Never set.
    #[prost(int64, tag = "6")]
    pub(super) token_id: i64,
}

impl TransferContract {
    /// Its number among contract types.
    pub(super) const KIND: i32 = 1;
    /// Its name inside [`Any`].
    pub(super) const URL: &str = "type.googleapis.com/protocol.TransferContract";
}

impl TriggerSmartContract {
    /// Its number among contract types.
    pub(super) const KIND: i32 = 31;
    /// Its name inside [`Any`].
    pub(super) const URL: &str = "type.googleapis.com/protocol.TriggerSmartContract";
}
