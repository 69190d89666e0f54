//! The test contracts: deployed in a fixed order, so that each has the same address on every new chain.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use serde_json::{Value, json};

use super::{AnvilError, BANK, Rpc};
use crate::place;

/// What the bank holds of each token, base units: a billion whole ones.
const SUPPLY: u128 = 1_000_000_000 * super::TOKEN;
const DECIMALS: u8 = 6;
const PATIENCE: Duration = Duration::from_secs(20);

sol! {
    function balanceOf(address owner) returns (uint256);
    function transfer(address to, uint256 value) returns (bool);
}

/// Where the contracts are, checksummed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contracts {
    /// An ordinary ERC20 with 6 decimals, in USDC's place.
    pub usdc: String,
    /// A token whose `transfer` returns nothing, with 6 decimals, in USDT's place.
    pub usdt: String,
    /// A token whose `transfer` moves nothing and does not revert.
    pub false_token: String,
    /// A recipient that refuses native coins.
    pub refusing: String,
}

impl Contracts {
    /// The same as token ids, which an EVM chain spells in lower case.
    pub fn as_token_ids(&self) -> Self {
        let Self { usdc, usdt, false_token, refusing } = self;
        let lower = |text: &String| text.to_ascii_lowercase();
        Self {
            usdc: lower(usdc),
            usdt: lower(usdt),
            false_token: lower(false_token),
            refusing: lower(refusing),
        }
    }
}

/// Deploys all of them within one block.
pub(super) async fn deploy_all(rpc: &Rpc) -> Result<Contracts, AnvilError> {
    let token = |name: &str, symbol: &str| {
        (name.to_owned(), symbol.to_owned(), U256::from(DECIMALS), U256::from(SUPPLY)).abi_encode_params()
    };
    let usdc = send(rpc, "Token", &token("Demo Dollar", "USDC")).await?;
    let usdt = send(rpc, "TetherLike", &token("Demo Tether", "USDT")).await?;
    let false_token = send(rpc, "FalseToken", &token("False Token", "FALSE")).await?;
    let refusing = send(rpc, "RefusingReceiver", &[]).await?;
    Ok(Contracts {
        usdc: address_of(rpc, &usdc).await?,
        usdt: address_of(rpc, &usdt).await?,
        false_token: address_of(rpc, &false_token).await?,
        refusing: address_of(rpc, &refusing).await?,
    })
}

async fn send(rpc: &Rpc, name: &str, arguments: &[u8]) -> Result<Value, AnvilError> {
    let path = place::contract(name)?;
    let broken = || AnvilError::Contract { path: path.display().to_string() };
    let file: Value =
        std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(broken)?;
    let code = file["bytecode"].as_str().ok_or_else(broken)?;
    let data = format!("{code}{}", hex::encode(arguments));
    Ok(rpc.ask("eth_sendTransaction", json!([{"from": BANK, "data": data}])).await?)
}

async fn address_of(rpc: &Rpc, txid: &Value) -> Result<String, AnvilError> {
    let receipt = mined(rpc, txid, PATIENCE).await?;
    let address = receipt["contractAddress"].as_str().and_then(|text| text.parse::<Address>().ok());
    address.map(|address| address.to_string()).ok_or_else(|| AnvilError::NotMined(txid.to_string()))
}

/// The receipt of a transaction, once it is in a block.
pub(super) async fn mined(rpc: &Rpc, txid: &Value, patience: Duration) -> Result<Value, AnvilError> {
    let start = Instant::now();
    while start.elapsed() < patience {
        let receipt = rpc.ask("eth_getTransactionReceipt", json!([txid])).await?;
        match receipt["status"].as_str() {
            Some("0x1") => return Ok(receipt),
            Some(_) => break,
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Err(AnvilError::NotMined(txid.to_string()))
}

/// The call data of `balanceOf`.
pub(super) fn balance_of(owner: &str) -> Result<String, AnvilError> {
    Ok(prefixed(&balanceOfCall { owner: parse(owner)? }.abi_encode()))
}

/// The call data of `transfer`.
pub(super) fn transfer(to: &str, value: u128) -> Result<String, AnvilError> {
    Ok(prefixed(&transferCall { to: parse(to)?, value: U256::from(value) }.abi_encode()))
}

fn parse(address: &str) -> Result<Address, AnvilError> {
    address.parse().map_err(|_| AnvilError::Address(address.to_owned()))
}

fn prefixed(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
