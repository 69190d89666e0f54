//! Finding things in the documents by name.

use super::document::{
    ApplicantCondition, Book, Environment, FeeLimit, Group, Nature, Outcome, Payee, People, Principal, Role,
    Rule, Rules, Wallet,
};
use crate::coin::{Coin, CoinId, Network};
use crate::ids::{Address, ChainId, GroupId, PrincipalId, ProjectId, RuleId, WalletId};
use crate::intent::Kind;
use crate::key::PublicKey;
use crate::life::{Requirement, StepQuorum};
use crate::money::Amount;
use crate::time::Millis;

/// Milliseconds of an hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a minute.
pub(crate) const MINUTE_MS: i64 = 60_000;

impl Rules {
    /// The chain with this number.
    pub fn network(&self, chain_id: &ChainId) -> Option<&Network> {
        self.networks.iter().find(|network| network.chain_id == *chain_id)
    }

    /// The coin with this id.
    pub fn coin(&self, id: &CoinId) -> Option<&Coin> {
        self.coins.iter().find(|coin| coin.chain_id == id.chain_id && coin.token_id == id.token_id)
    }

    /// The coin that people call by this name, or by `chain_id@token_id`.
    pub fn coin_named(&self, name: &str) -> Option<&Coin> {
        let by_name = self.coins.iter().find(|coin| coin.name == name);
        by_name.or_else(|| name.parse::<CoinId>().ok().and_then(|id| self.coin(&id)))
    }

    /// The active wallet with this id.
    pub fn wallet(&self, id: WalletId) -> Option<&Wallet> {
        self.wallets.iter().find(|wallet| wallet.id == id)
    }

    /// What may be burnt on this chain. `None`: nothing, the chain can't be used.
    pub fn fee(&self, chain_id: &ChainId) -> Option<&FeeLimit> {
        self.fees.iter().find(|fee| fee.chain_id == *chain_id)
    }

    /// The rule of this name.
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == *id)
    }

    /// For how long a new payee does not count, in ms.
    pub fn cooling_ms(&self) -> i64 {
        i64::from(self.book_cooling_hours) * HOUR_MS
    }
}

impl FeeLimit {
    /// The most that an intent of this kind may allow for one transaction.
    pub fn most(&self, kind: Kind) -> Amount {
        match kind {
            Kind::Payout | Kind::Maintenance => self.cap,
            Kind::Void | Kind::RaiseCap => self.raised_cap.unwrap_or(self.cap),
        }
    }
}

impl People {
    /// The principal of this name.
    pub fn principal(&self, id: &PrincipalId) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.id == *id)
    }

    /// Whose key this is.
    pub fn owner_of(&self, key: &PublicKey) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.keys.contains(key))
    }

    /// The group of this name.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == *id)
    }

    /// Whether `who` stands in `group`.
    pub fn is_member(&self, group: &GroupId, who: &PrincipalId) -> bool {
        self.group(group).is_some_and(|group| group.members.contains(who))
    }

    /// The people who publish policy: persons with the role and at least one key.
    pub fn admins(&self) -> impl Iterator<Item = &Principal> {
        self.principals.iter().filter(|principal| principal.is_admin() && !principal.keys.is_empty())
    }

    /// The machine of this name, if it may sign requests of `project`.
    pub fn caller(&self, who: &PrincipalId, project: ProjectId) -> Option<&Principal> {
        self.principal(who).filter(|principal| principal.may_call(project))
    }
}

impl Principal {
    /// Whether one of the roles includes `role`: admin > approver > operator > viewer. `Caller` stands alone.
    pub fn may(&self, role: Role) -> bool {
        self.roles.iter().any(|held| match (*held, role) {
            (Role::Caller, Role::Caller) => true,
            (Role::Caller, _) | (_, Role::Caller) => false,
            (held, role) => held >= role,
        })
    }

    /// A person with the admin role. A machine never is one.
    pub fn is_admin(&self) -> bool {
        self.nature == Nature::Person && self.may(Role::Admin)
    }

    /// Whether it is a machine that signs requests of `project`.
    pub fn may_call(&self, project: ProjectId) -> bool {
        self.nature == Nature::Machine && self.may(Role::Caller) && self.projects.contains(&project)
    }

    /// Whether they hold a key of `project`, which bars them from approving its API payouts.
    pub fn holds_key_of(&self, project: ProjectId) -> bool {
        self.projects.contains(&project)
    }
}

impl Book {
    /// The entries of an address.
    pub fn entries<'a>(
        &'a self,
        chain_id: &'a ChainId,
        address: &'a Address,
    ) -> impl Iterator<Item = &'a Payee> {
        self.payees.iter().filter(move |payee| payee.chain_id == *chain_id && payee.address == *address)
    }
}

impl Outcome {
    /// The steps of approvals: none for `auto` and `deny`.
    pub fn steps(&self) -> &[StepQuorum] {
        match self {
            Self::Deny | Self::Auto => &[],
            Self::Approve { steps, .. } => steps,
        }
    }

    /// What a payout waits for under this outcome; `None` for a deny.
    pub fn requirement(&self) -> Option<Requirement> {
        match self {
            Self::Deny => None,
            Self::Auto => Some(Requirement::Nobody),
            Self::Approve { steps, .. } => Some(Requirement::Steps(steps.clone())),
        }
    }

    /// When the time to approve ends for an intent made at `created`. An `auto` intent has a day, in which co-signers
    /// must have seen it.
    pub fn expiry(&self, created: Millis) -> Millis {
        match self {
            Self::Deny | Self::Auto => created.plus(24 * HOUR_MS),
            Self::Approve { expires_minutes, .. } => created.plus(i64::from(*expires_minutes) * MINUTE_MS),
        }
    }

    /// The word in documents.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Auto => "auto",
            Self::Approve { .. } => "approve",
        }
    }
}

impl ApplicantCondition {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Api => "api",
            Self::Person => "person",
        }
    }
}

impl Environment {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
            Self::Demo => "demo",
        }
    }
}

impl Role {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}
