//! `GET /bursar/v1/cosigners`: every seat of the roster, and what its co-signer last said of itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use payout::ids::WalletId;
use payout::policy::{ChainName, Heads};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use wire::message::{Condition, Standing};

use super::door::{By, Viewer};
use super::fault::Answer;
use super::office::Office;
use crate::hub::{Presence, SeatStanding};
use crate::state::Gateway;

/// One seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignerLine {
    /// Its index, from 1.
    pub index: u8,
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Since when.
    pub since: Option<Millis>,
    /// `ready`, `quarantined`, `frozen`, `doubted` or `absent`.
    pub condition: String,
    /// The reason for a condition that is not `ready`.
    pub why: Option<String>,
    /// Name and version of its software.
    pub software: Option<String>,
    /// The policy versions that it holds.
    pub heads: Option<Heads>,
    /// The chains of which it lacks the newest version.
    pub behind: Vec<ChainName>,
    /// The newest entry's number in its journal.
    pub journal_seq: Option<u64>,
    /// The wallets that it holds a share of.
    pub wallets: Vec<HeldWallet>,
    /// The co-signers that it signs nothing with.
    pub banned: Vec<u8>,
    /// The mean time of its sessions, microseconds.
    pub session_us: Option<u64>,
    /// The time of its last ping, microseconds.
    pub round_trip_us: Option<u64>,
}

/// A share of a wallet's key, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldWallet {
    /// The wallet.
    pub wallet: WalletId,
    /// The shares' epoch.
    pub epoch: u32,
    /// What its terminal printed.
    pub fingerprint: String,
    /// Whether it joined a test signature.
    pub tested: bool,
}

pub(super) async fn list(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<Vec<CosignerLine>> {
    Ok(Json(lines(&office.gateway)))
}

/// All seats, in order.
pub(super) fn lines(gateway: &Gateway) -> Vec<CosignerLine> {
    let heads = gateway.policy().heads();
    gateway.hub.standings().into_iter().map(|seat| line(seat, &heads)).collect()
}

fn line(seat: SeatStanding, ours: &Heads) -> CosignerLine {
    let SeatStanding { index, name, session_us, in_flight: _, doubted, presence } = seat;
    let Some(Presence { standing, since, heard: _, round_trip_us }) = presence else {
        return CosignerLine {
            index,
            name,
            connected: false,
            since: None,
            condition: "absent".to_owned(),
            why: Some(
                "it is not connected: start it, and let it reach this gateway's co-signer port".to_owned(),
            ),
            software: None,
            heads: None,
            behind: Vec::new(),
            journal_seq: None,
            wallets: Vec::new(),
            banned: Vec::new(),
            session_us,
            round_trip_us: None,
        };
    };
    let Standing { protocol: _, index: _, software, heads, journal_seq, wallets, banned, condition } =
        standing;
    let (condition, why) = match condition {
        Condition::Ready if doubted => ("doubted", Some("it failed a session a moment ago".to_owned())),
        Condition::Ready => ("ready", None),
        Condition::Quarantined(why) => ("quarantined", Some(why)),
        Condition::Frozen(why) => ("frozen", Some(why)),
    };
    let chains = [ChainName::Rules, ChainName::People, ChainName::Book];
    let held = wallets.into_iter().map(|held| HeldWallet {
        wallet: held.wallet,
        epoch: held.epoch,
        fingerprint: held.fingerprint,
        tested: held.tested,
    });
    CosignerLine {
        index,
        name,
        connected: true,
        since: Some(since),
        condition: condition.to_owned(),
        why,
        software: Some(software),
        behind: chains
            .into_iter()
            .filter(|chain| heads.of(*chain).version < ours.of(*chain).version)
            .collect(),
        heads: Some(heads),
        journal_seq: Some(journal_seq),
        wallets: held.collect(),
        banned,
        session_us,
        round_trip_us,
    }
}
