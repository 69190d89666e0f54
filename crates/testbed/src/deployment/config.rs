//! The processes' configuration files.

use std::net::SocketAddr;

use serde::Deserialize;

use super::{Nodes, Plan};
use crate::ledgers::{Ledgers, tron, xrp};

/// The gateway's doors, as it says them in its addresses file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Doors {
    /// The payout API.
    pub api: SocketAddr,
    /// The operators' API.
    pub operator: SocketAddr,
    /// Where co-signers dial in.
    pub cosigner: SocketAddr,
}

impl Doors {
    /// The payout API's URL, without a trailing slash.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// The operators' API's URL, without a trailing slash.
    pub fn operator_url(&self) -> String {
        format!("http://{}", self.operator)
    }
}

/// What the gateway listens on the first time: whatever is free.
pub(super) fn free_doors() -> Doors {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    Doors { api: free, operator: free, cosigner: free }
}

/// `gateway.toml`, but for its chains.
pub(super) fn gateway(plan: &Plan, doors: &Doors) -> String {
    let Doors { api, operator, cosigner } = doors;
    let Tuning { rate_per_s, sessions, parallel, pauses_s, .. } = plan.tuning;
    format!(
        r#"genesis = "../genesis.json"

[identity]
key_file = "gateway.key"
passphrase_file = "passphrase"

[store]
path = "bursar.db"

[server]
listen = "{api}"
operator_listen = "{operator}"
cosigner_listen = "{cosigner}"
addresses_file = "addresses.json"

[request]
rate_per_s = {rate_per_s}
burst = {}

[callback]
# A development deployment does not wait for hours.
pauses_s = {pauses_s:?}
timeout_ms = 3000

[engine]
sessions = {sessions}
parallel = {parallel}

[log]
format = "text"
filter = "{}"
"#,
        rate_per_s.saturating_mul(2),
        plan.log,
    )
}

/// The tables of the chains of this machine.
pub(super) fn chains(plan: &Plan, nodes: &Nodes, ledgers: Option<&Ledgers>) -> String {
    let Nodes { urls, witnesses } = nodes;
    let Tuning { lane_window, poll_ms, outbid_after_s, .. } = plan.tuning;
    let mut text = format!(
        r#"
[[chain]]
chain_id = "60"
nodes = {urls:?}
witnesses = {witnesses}
finality = "finalized"
lane_window = {lane_window}
poll_ms = {poll_ms}
outbid_after_s = {outbid_after_s}
"#
    );
    if let Some(ledgers) = ledgers {
        let Tuning { ledger_witnesses, tron_expiry_s, .. } = plan.tuning;
        for (chain, nodes) in [(xrp::CHAIN, ledgers.xrp.urls()), (tron::CHAIN, ledgers.tron.urls())] {
            text.push_str(&format!(
                "\n[[chain]]\nchain_id = \"{chain}\"\nnodes = {nodes:?}\nwitnesses = {ledger_witnesses}\nlane_window = {lane_window}\npoll_ms = {poll_ms}\n"
            ));
        }
        // Of the last of them, which is TRON.
        text.push_str(&format!("[chain.tron]\nexpiry_s = {tron_expiry_s}\n"));
    }
    text
}

/// `cosigner.toml`.
pub(crate) fn cosigner(plan: &Plan, index: u8, doors: &Doors) -> String {
    format!(
        r#"index = {index}
name = "{}"
genesis = "../genesis.json"
folder = "state"
counter_folder = "counter"

[[gateway]]
name = "{}"
address = "{}"

[passphrase]
file = "passphrase"

[limits]
sessions = {}
"#,
        cosigner_name(index),
        super::GATEWAY,
        doors.cosigner,
        plan.tuning.sessions.max(32),
    )
}

/// What a co-signer is called on the roster, by its index from 1.
pub fn cosigner_name(index: u8) -> &'static str {
    const NAMES: [&str; 9] =
        ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"];
    NAMES.get(usize::from(index.wrapping_sub(1))).copied().unwrap_or("nobody")
}

/// Numbers of the gateway's configuration that a benchmark raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Requests a second of the project.
    pub rate_per_s: u32,
    /// Signing sessions at once.
    pub sessions: u16,
    /// Payouts that a step works on at once.
    pub parallel: u16,
    /// Payouts of the wallet in flight at once.
    pub lane_window: u16,
    /// How often the chain is looked at, milliseconds.
    pub poll_ms: u32,
    /// How long what was sent may wait before a higher offer is made for it, seconds.
    pub outbid_after_s: u32,
    /// The pauses between tries of a callback, seconds.
    pub pauses_s: &'static [u32],
    /// How many of a stand-in's two nodes must agree on a final status.
    pub ledger_witnesses: u8,
    /// How long a transaction on TRON may take to land, seconds.
    pub tron_expiry_s: u32,
}

impl Tuning {
    /// The gateway's own defaults, but for a chain whose blocks come fast.
    pub const DEFAULT: Self = Self {
        rate_per_s: 500,
        sessions: 4,
        parallel: 32,
        lane_window: 16,
        poll_ms: 250,
        outbid_after_s: 60,
        pauses_s: &[1, 2, 4, 8, 30, 60, 300],
        ledger_witnesses: 1,
        tron_expiry_s: 300,
    };
    /// For a benchmark.
    pub const BENCH: Self = Self {
        rate_per_s: 1_000_000,
        sessions: 8,
        parallel: 64,
        lane_window: 4096,
        poll_ms: 1000,
        ..Self::DEFAULT
    };
    /// For a fire: a receiver that was dead for a while is tried again soon, however often it was tried before; and what
    /// was signed has all the time there is to land.
    pub const FIRE: Self = Self {
        pauses_s: &[1, 1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8],
        ledger_witnesses: 2,
        tron_expiry_s: 570,
        ..Self::DEFAULT
    };
}
