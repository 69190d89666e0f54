//! A database that forgot, and co-signers over the real channel that remember.

mod cosigner;
mod discoveries;
mod obstacles;

use std::time::Duration;

use payout::ids::{Cid, Digest};
use payout::intent::Intent;
use payout::life::{Requirement, Screening, Token};
use payout::money::Amount;
use payout::policy::{Genesis, Policy, Rules, Wallet};
use sha2::Digest as _;
use store::{Call, PayoutRow, Restore};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use wire::journal::Facts;
use wire::message::SignRequest;

use crate::clock;
use crate::engine::tests::house::{House, Plans};
use crate::restore::follow;

/// What ethers 6 makes of the seed 07…07: wallet m, child 44/60/0/0/0; the bytes spend nonce 7.
const PUBLIC_KEY: &str = "03d621965c333516fcac6ae0f09c59270830e3548d19b335c981185fdbda11421a";
const CHAIN_CODE: &str = "adddd4f3362615edf0edf5c54a7ddccfade8a008fd77de1af21292c5b249e09d";
const UNSIGNED: &str =
    "02eb827a6907018203e882520894fb6916095ca1df60bb79ce92ce3ea74c37c5d3598814d1120d7b16000080c0";
const SIGNATURE: &str = "6cf6a6a54ec14cef5f2128ca5e7ded3e44684ac6e24057269b32f0ca08143928\
                         328162d2003d7a89ae3ab050122b735cca5f25c939b913831e93de87229c4df200";
const TXID: &str = "0x42c8ed59c26b01704972522f3b9c7548bf44a08ee9f703fc34b4c7bec13eb084";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn wallet() -> Wallet {
    Wallet {
        id: "5".parse().unwrap(),
        public_key: bytes(PUBLIC_KEY).try_into().unwrap(),
        chain_code: bytes(CHAIN_CODE).try_into().unwrap(),
        threshold: 2,
        share_count: 3,
        fingerprint: "aaaa".to_owned(),
        ceilings: Default::default(),
    }
}

/// A gateway that has just started, with its comparing under way.
struct Start {
    house: House,
    _stop: watch::Sender<bool>,
}

impl Start {
    async fn new() -> Self {
        Self::with(Plans::default()).await
    }

    async fn with(plans: Plans) -> Self {
        let house = House::with(plans).await;
        let genesis = house.gateway.genesis.clone();
        let rules = Rules { wallets: vec![wallet()], ..genesis.rules };
        house.gateway.set_policy(Policy::from_genesis(&Genesis { rules, ..genesis }));
        house.gateway.gate.forget_compared();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(follow(std::sync::Arc::clone(&house.gateway), stopped));
        Self { house, _stop: stop }
    }

    /// A payout of nonce 7, as some gateway made it once.
    fn lost(&self) -> Lost {
        let now = clock::now();
        self.lost_as(self.house.gateway.store.mint_cid(now), "lost-1")
    }

    fn lost_as(&self, cid: Cid, third_party_id: &str) -> Lost {
        let network = self.house.gateway.policy().newest_rules().networks[0].clone();
        let index = payout::ids::AddressIndex::PAYOUT;
        let from = crate::derived::address(&network, &wallet(), index).unwrap();
        let mut intent =
            crate::engine::tests::house::intent(cid, self.house.gateway.policy().deployment(), clock::now());
        intent.third_party_id = third_party_id.parse().unwrap();
        intent.from = from;
        intent.fee_cap = Amount::from_u128(1_000_000_000);
        Lost { intent }
    }

    /// The same payout in this database, in its first state.
    async fn stored(&self, lost: &Lost, requirement: Requirement) -> PayoutRow {
        let intent = lost.intent.clone();
        let change = |fresh: &mut Intent| *fresh = intent;
        self.house.accept_with(requirement, Screening::None, change, None, Call::V2).await
    }

    async fn until(&self, what: &str, mut look: impl AsyncFnMut() -> bool) {
        let found = async {
            while !look().await {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), found).await.unwrap_or_else(|_| panic!("{what}"));
    }

    async fn until_compared(&self, indices: &[u8]) {
        let wanted = indices.iter().copied().collect();
        self.until("they are compared", async || self.house.gateway.gate.compared() == wanted).await;
    }

    async fn restore(&self) -> Restore {
        self.house.gateway.store.restore().await.unwrap().expect("a restore is under way")
    }

    async fn row(&self, lost: &Lost) -> PayoutRow {
        self.house.row(lost.intent.cid).await
    }
}

/// A payout that co-signers know.
#[derive(Clone)]
struct Lost {
    intent: Intent,
}

impl Lost {
    fn digest(&self) -> Digest {
        self.intent.digest()
    }

    fn request(&self) -> SignRequest {
        SignRequest {
            intent: self.intent.canonical(),
            acts: Vec::new(),
            caller: None,
            unsigned: bytes(UNSIGNED),
            target: None,
        }
    }

    fn facts(&self) -> Facts {
        let intent = self.intent.clone();
        let unsigned = bytes(UNSIGNED);
        let decoded = chain::evm::decode(&unsigned).unwrap();
        Facts {
            intent: self.digest(),
            payout: self.digest(),
            kind: intent.kind,
            project: intent.project,
            cid: intent.cid,
            attempt: intent.attempt,
            third_party_id: intent.third_party_id,
            wallet: intent.wallet,
            network_id: intent.network_id,
            chain_id: intent.chain_id,
            from: intent.from,
            token: Token::new("nonce:7".to_owned()),
            payload: Digest::from_bytes(sha2::Sha256::digest(&unsigned).into()),
            rule: intent.rule,
            coin: crate::engine::tests::house::coin(),
            amount: intent.amount,
            fee: decoded.max_fee,
            to: intent.to,
        }
    }
}
