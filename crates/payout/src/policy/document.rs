//! The three documents of the policy, as they are signed: rules, people, address book.
//!
//! People write them as TOML in token units (`policy::file`); here amounts are base units, every integer is a decimal
//! string, and the canonical JSON text of a document is what a version's digest covers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::coin::{Coin, CoinId, Network};
use crate::ids::{Address, ChainId, GroupId, PrincipalId, ProjectId, RuleId, WalletId};
use crate::intent::Kind;
use crate::key::PublicKey;
use crate::life::StepQuorum;
use crate::money::Amount;
use crate::time::Millis;

/// What a deployment is, for ever: it stands in genesis and no later version changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Real money: two nodes must agree, callbacks and external checks are https to public addresses.
    Production,
    /// Test networks: one node suffices, private URLs may be allowed.
    Development,
    /// The demo: signs only for development network ids.
    Demo,
}

/// The rules chain's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What the deployment is.
    pub environment: Environment,
    /// The chains.
    pub networks: Vec<Network>,
    /// The coins.
    pub coins: Vec<Coin>,
    /// The wallets whose keys are made and active.
    pub wallets: Vec<Wallet>,
    /// What may be spent on fees, a row a chain. A chain without a row can't be used.
    pub fees: Vec<FeeLimit>,
    /// Where passkey approvals are made: origin and rpId of the approver's site, or none yet.
    pub approver: Option<ApproverSite>,
    /// Hours for which a new payee of the address book does not count yet.
    #[serde(with = "crate::policy::number")]
    pub book_cooling_hours: u32,
    /// Ordered: the first match decides, no match is a refusal.
    pub rules: Vec<Rule>,
}

/// The approver's site, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproverSite {
    /// Such as `https://approve.example.com`.
    pub origin: String,
    /// The WebAuthn relying party id.
    pub rp_id: String,
}

/// A wallet: one threshold key. Its entry in a signed version of the rules is the admins' signature over the
/// ceremony's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wallet {
    /// Its id.
    pub id: WalletId,
    /// The compressed secp256k1 public key, hex.
    #[serde(with = "hex::serde")]
    pub public_key: [u8; 33],
    /// The BIP32 chain code, hex.
    #[serde(with = "hex::serde")]
    pub chain_code: [u8; 32],
    /// How many co-signers sign.
    #[serde(with = "crate::policy::number")]
    pub threshold: u8,
    /// How many hold a share.
    #[serde(with = "crate::policy::number")]
    pub share_count: u8,
    /// What the ceremony printed on every co-signer's terminal.
    pub fingerprint: String,
    /// The most that the wallet should hold, by coin; an alarm, not a lock.
    pub ceilings: BTreeMap<CoinId, Amount>,
}

/// What may be burnt on a chain's fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeLimit {
    /// The chain.
    pub chain_id: ChainId,
    /// The most for one transaction, base units of the native coin.
    pub cap: Amount,
    /// The most that people may raise it to for one stuck payout, and that a void may spend to outbid one; `cap` if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_cap: Option<Amount>,
    /// The window of the sum, hours.
    #[serde(with = "crate::policy::number")]
    pub window_hours: u32,
    /// The most for all transactions of a wallet within the window, counted at their worst case.
    pub window_sum: Amount,
}

/// One rule. All conditions must hold; an empty list is no condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique in the version; counters go by it.
    pub id: RuleId,
    /// Which kind of intent.
    pub kind: Kind,
    /// Whose payouts.
    pub projects: Vec<ProjectId>,
    /// From which wallets.
    pub wallets: Vec<WalletId>,
    /// In which coins.
    pub coins: Vec<CoinId>,
    /// Who asks.
    pub applicant: ApplicantCondition,
    /// To whom.
    pub recipient: RecipientCondition,
    /// Inclusive bounds by coin. A coin that is not listed in a non-empty table does not match.
    pub amounts: BTreeMap<CoinId, AmountRange>,
    /// Time of day.
    pub hours: Option<Hours>,
    /// Sums and counts in a sliding window.
    pub window: Option<Window>,
    /// What the rule may ever spend, by coin. Refilled by the admins publishing a higher figure.
    pub budget: BTreeMap<CoinId, Amount>,
    /// Whether the caller's own Ed25519 signature over the request is needed.
    pub caller_signed: bool,
    /// What follows.
    pub outcome: Outcome,
}

/// Who asks for the payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantCondition {
    /// Anybody.
    Any,
    /// A caller of the API.
    Api,
    /// A person who signed the application.
    Person,
}

/// To whom the payout goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientCondition {
    /// Anybody, the project's own addresses included.
    Any,
    /// Anybody but the project's own addresses.
    External,
    /// One of the project's own addresses.
    Internal,
    /// An outside address that was never paid.
    FirstTime,
    /// A payee of this group of the address book, past the cooling time.
    Group(GroupId),
}

/// Inclusive bounds, base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountRange {
    /// At least.
    pub min: Option<Amount>,
    /// At most.
    pub max: Option<Amount>,
}

/// A daily span, minutes since midnight UTC, `from` inclusive, `to` exclusive; may run over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Start.
    #[serde(with = "crate::policy::number")]
    pub from: u16,
    /// End.
    #[serde(with = "crate::policy::number")]
    pub to: u16,
}

/// A sliding window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its length.
    #[serde(with = "crate::policy::number")]
    pub hours: u32,
    /// The most payouts in it, over all coins.
    #[serde(with = "crate::policy::number")]
    pub count: u32,
    /// The most money in it, by coin. A coin that is not listed does not match.
    pub sums: BTreeMap<CoinId, Amount>,
}

/// What a matching rule leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Status 4, with a cid and a callback.
    Deny,
    /// Signed without people, inside window and budget.
    Auto,
    /// Steps of approvals, in order.
    Approve {
        /// Group and quorum of each.
        steps: Vec<StepQuorum>,
        /// Minutes until the time to approve ends.
        #[serde(with = "crate::policy::number")]
        expires_minutes: u32,
    },
}

/// The people chain's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Everybody who can sign something.
    pub principals: Vec<Principal>,
    /// Groups for steps of approvals.
    pub groups: Vec<Group>,
    /// How many admins sign a version of rules or people, lift a freeze, order a refresh.
    #[serde(with = "crate::policy::number")]
    pub admin_quorum: u8,
    /// Who signs a version of the address book.
    pub book: StepQuorum,
}

/// A person or a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// The name.
    pub id: PrincipalId,
    /// Person or machine.
    pub nature: Nature,
    /// What they may do at the gateway.
    pub roles: Vec<Role>,
    /// Their keys. A key belongs to one principal.
    pub keys: Vec<PublicKey>,
    /// Projects whose API key or caller key they hold: they don't approve those projects' API payouts.
    pub projects: Vec<ProjectId>,
}

/// Person or machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A human.
    Person,
    /// A service, such as a sanctions screener or a caller that signs its requests.
    Machine,
}

/// What a principal may do at the gateway; each includes the one before but `Caller`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Signs payout requests of its projects (`caller_signed`), nothing else.
    Caller,
    /// Sees.
    Viewer,
    /// Runs the house: pauses, re-sends callbacks, applies for payouts.
    Operator,
    /// Approves and rejects.
    Approver,
    /// Publishes policy, orders ceremonies, freezes.
    Admin,
}

/// A named set of principals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name.
    pub id: GroupId,
    /// Its members.
    pub members: Vec<PrincipalId>,
}

/// The address book's document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// The payees.
    pub payees: Vec<Payee>,
}

/// One payee.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payee {
    /// The group that rules refer to.
    pub group: GroupId,
    /// The chain.
    pub chain_id: ChainId,
    /// The address, canonical.
    pub address: Address,
    /// For people.
    pub label: String,
    /// Since when it is listed; the cooling time counts from here.
    pub since: Millis,
}
