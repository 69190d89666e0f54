//! A store in a fresh folder, and payouts to put in it.

use std::path::PathBuf;

use payout::coin::{CoinId, Family};
use payout::ids::{
    Address, AddressIndex, Attempt, Cid, Digest, NetworkId, PrincipalId, ProjectId, RuleId, ThirdPartyId,
    WalletId,
};
use payout::intent::{Intent, Kind, VERSION};
use payout::life::{
    BlockRef, Build, Cause, Event, Happened, Payout, Requirement, Screening, SignedTx, Step, Token,
};
use payout::money::Amount;
use payout::policy::{Limits, Unit, WindowLimit};
use payout::time::Millis;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use store::{
    Accept, AcceptOption, AcceptRefusal, Advance, AdvanceError, Call, PayoutRow, ReplayKey, Store, Terms,
    TokenTake,
};
use tempfile::TempDir;

/// 2025-11-24, so that minted numbers look as they do in production.
pub const START_MS: i64 = 1_764_000_000_000;
pub const HOUR_MS: i64 = 3_600_000;

pub fn at(ms: i64) -> Millis {
    Millis::new(START_MS + ms).unwrap()
}

pub struct House {
    pub folder: TempDir,
    pub store: Store,
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bursar.db")).await.unwrap();
        Self { folder, store }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("bursar.db")
    }

    /// The same file after a clean end.
    pub async fn reopened(self) -> Self {
        self.store.close().await;
        let store = Store::open(&self.path()).await.unwrap();
        Self { folder: self.folder, store }
    }

    /// The database as a stranger sees it.
    pub async fn raw(&self) -> DatabaseConnection {
        Database::connect(format!("sqlite:{}", self.path().display())).await.unwrap()
    }

    /// Runs SQL as a stranger would.
    pub async fn sql(&self, sql: &str) -> Result<(), String> {
        let raw = self.raw().await;
        let done = raw.execute_unprepared(sql).await;
        raw.close().await.unwrap();
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// A number of rows or the like.
    pub async fn number(&self, sql: &str) -> i64 {
        use sea_orm::{DbBackend, Statement};
        let raw = self.raw().await;
        let row = raw.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap().unwrap();
        let number = row.try_get_by_index(0).unwrap();
        raw.close().await.unwrap();
        number
    }

    /// Accepts `number` under a rule without limits and without approvals.
    pub async fn accepted(&self, number: &str) -> PayoutRow {
        let cid = self.store.accept(self.request(number)).await.unwrap();
        self.store.payout(cid).await.unwrap().unwrap()
    }

    pub fn request(&self, number: &str) -> Accept {
        let cid = self.store.mint_cid(at(0));
        request(cid, number)
    }

    pub async fn advance(&self, row: &PayoutRow, events: Vec<Event>) -> Result<PayoutRow, AdvanceError> {
        self.store.advance(advance(row, events)).await
    }

    /// From queued to sent, with nonce `nonce`.
    pub async fn sent(&self, row: &PayoutRow, nonce: u64) -> PayoutRow {
        let row = self.store.advance(building(row, nonce)).await.unwrap();
        let tx = SignedTx { build: build(nonce), signed: vec![1, 2, 3], txid: format!("0xtx{nonce}") };
        self.advance(&row, vec![Event::SigningStarted, Event::Signed { tx }, Event::Broadcast]).await.unwrap()
    }

    /// To status 6.
    pub async fn succeeded(&self, row: &PayoutRow, nonce: u64) -> PayoutRow {
        let row = self.sent(row, nonce).await;
        let block = BlockRef { height: 9, hash: "0xb".to_owned(), time: at(5) };
        self.advance(&row, vec![Event::Succeeded { txid: format!("0xtx{nonce}"), block }]).await.unwrap()
    }
}

pub fn project() -> ProjectId {
    ProjectId::new(1_382_528_827_416_576).unwrap()
}

pub fn person(name: &str) -> PrincipalId {
    name.parse().unwrap()
}

pub fn coin() -> CoinId {
    "60@60".parse().unwrap()
}

pub fn rule(name: &str) -> RuleId {
    name.parse().unwrap()
}

pub fn network() -> NetworkId {
    "31337".parse().unwrap()
}

pub fn payer() -> Address {
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap()
}

pub fn recipient() -> Address {
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap()
}

pub fn wallet() -> WalletId {
    WalletId::new(11_434_198_045_401_088).unwrap()
}

pub const FAMILY: Family = Family::Evm;

pub fn number(text: &str) -> ThirdPartyId {
    text.parse().unwrap()
}

pub fn intent(cid: Cid, number: &str) -> Intent {
    Intent {
        version: VERSION.to_owned(),
        kind: Kind::Payout,
        deployment: Digest::from_bytes([0x11; 32]),
        project: project(),
        cid,
        attempt: Attempt::FIRST,
        third_party_id: number.parse().unwrap(),
        wallet: wallet(),
        address_index: AddressIndex::PAYOUT,
        network_id: network(),
        chain_id: "60".parse().unwrap(),
        token_id: "60".parse().unwrap(),
        from: payer(),
        to: recipient(),
        amount: Amount::from_u128(1_100_000_000_000_000_000),
        amount_text: "1.1".to_owned(),
        memo: None,
        fee_cap: Amount::from_u128(5_000_000_000_000_000),
        rules_version: 1,
        rule: rule("small"),
        applicant: None,
        compliance_ref: None,
        target: None,
        operation: None,
        operation_args: None,
        created: at(0),
        expiry: at(86_400_000),
    }
}

pub fn unlimited() -> Limits {
    Limits { window: None, budget: None, unit: Unit { name: "ETH".to_owned(), decimals: 18 } }
}

pub fn window(hours: u32, count: u32, sum: u128) -> Limits {
    Limits { window: Some(WindowLimit { hours, count, sum: Amount::from_u128(sum) }), ..unlimited() }
}

pub fn budget(total: u128) -> Limits {
    Limits { budget: Some(Amount::from_u128(total)), ..unlimited() }
}

pub fn terms() -> Terms {
    Terms {
        call: Call::V2,
        currency: "60@60".to_owned(),
        amount: "1.10".to_owned(),
        to_echo: recipient().to_string(),
        callback_url: Some("https://caller.example/payout".to_owned()),
        remark: Some("März".to_owned()),
    }
}

/// An option of `rule` with these limits, for `amount`.
pub fn option(cid: Cid, number: &str, rule_name: &str, limits: Limits, amount: u128) -> AcceptOption {
    let amount = Amount::from_u128(amount);
    let intent = Intent { rule: rule(rule_name), amount, ..intent(cid, number) };
    let payout = Payout::accept(intent, Requirement::Nobody, Screening::None);
    AcceptOption { limits, rule: rule(rule_name), coin: coin(), amount, payout }
}

pub fn request_with(number_text: &str, options: Vec<AcceptOption>) -> Accept {
    Accept {
        project: project(),
        third_party_id: number(number_text),
        replay: None,
        options,
        terms: terms(),
        caller: None,
        acts: Vec::new(),
        cause: Cause::Caller(project()),
        now: at(0),
    }
}

pub fn request(cid: Cid, number: &str) -> Accept {
    request_with(number, vec![option(cid, number, "small", unlimited(), 7)])
}

pub fn replay(nonce: &str) -> ReplayKey {
    ReplayKey {
        project: project(),
        nonce: nonce.to_owned(),
        timestamp: 1_688_003_966_801,
        sign: "c9bae061ae3f5f8d3bfde817f6966c36".to_owned(),
        forget_after: at(300_000),
    }
}

pub fn happened(event: Event) -> Happened {
    Happened { event, cause: Cause::Engine(Step::Screen), at: at(10) }
}

pub fn advance(row: &PayoutRow, events: Vec<Event>) -> Advance {
    Advance {
        cid: row.cid(),
        version: row.version,
        happened: events.into_iter().map(happened).collect(),
        take: None,
        acts: Vec::new(),
        wait: None,
        due_at: None,
        now: at(10),
    }
}

pub fn build(nonce: u64) -> Build {
    Build {
        token: Token::new(format!("nonce:{nonce}")),
        unsigned: vec![2, u8::try_from(nonce & 0xff).unwrap()],
        signing_digest: Digest::from_bytes([7; 32]),
        max_fee: Amount::from_u128(21_000),
    }
}

/// Takes a nonce and stores the bytes.
pub fn building(row: &PayoutRow, nonce: u64) -> Advance {
    let build = build(nonce);
    let take =
        TokenTake { network_id: network(), from: payer(), token: build.token.clone(), intent: row.digest };
    Advance { take: Some(take), ..advance(row, vec![Event::Built { build }]) }
}

/// Whether an accept was refused for this reason.
#[macro_export]
macro_rules! refused {
    ($result:expr, $pattern:pat) => {{
        let result = $result;
        assert!(matches!(result, Err($pattern)), "{result:?}");
    }};
}

pub fn is_no_rule(result: &Result<Cid, AcceptRefusal>) -> bool {
    matches!(result, Err(AcceptRefusal::NoRule { .. }))
}
