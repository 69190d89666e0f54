//! What principals approve and machines sign for.
//!
//! An intent says everything about one act on a chain in one flat object. Its digest covers every field; approvals,
//! journals and signing sessions name an intent by that digest alone. An intent never changes: another amount, another
//! fee cap or another attempt is another intent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{
    Address, AddressIndex, Attempt, ChainId, Cid, Digest, NetworkId, PrincipalId, ProjectId, RuleId,
    ThirdPartyId, TokenId, WalletId,
};
use crate::money::Amount;
use crate::time::Millis;

/// The domain of an intent's digest. A new layout gets a new one, so that no digest can be read in two ways.
const DOMAIN: &str = "bursar/intent/v1";

/// The only layout there is.
pub const VERSION: &str = "1";

/// What an intent does. Closed: what is not here is never signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Pay `amount` to `to`.
    Payout,
    /// Spend the target's exclusivity token to no effect, so that the lane moves on.
    Void,
    /// The target's payment again, on the same token, under a higher fee cap.
    RaiseCap,
    /// A named operation of the wallet itself (`operation`).
    Maintenance,
}

impl Kind {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payout => "payout",
            Self::Void => "void",
            Self::RaiseCap => "raise_cap",
            Self::Maintenance => "maintenance",
        }
    }

    /// Whether it spends the token of the payout that it targets, and has none of its own.
    pub const fn spends_targets_token(self) -> bool {
        match self {
            Self::Void | Self::RaiseCap => true,
            Self::Payout | Self::Maintenance => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One act, complete. Every integer is a decimal string in its JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The layout: [`VERSION`].
    pub version: String,
    /// What it does.
    pub kind: Kind,
    /// The deployment, so that approvals of a demo say nothing elsewhere.
    pub deployment: Digest,
    /// Whose payout.
    pub project: ProjectId,
    /// The payout's number.
    pub cid: Cid,
    /// Which try at the effect.
    pub attempt: Attempt,
    /// The caller's number of it.
    pub third_party_id: ThirdPartyId,
    /// The wallet that pays.
    pub wallet: WalletId,
    /// Which of its addresses pays; the derivation path follows from this and the chain's family.
    pub address_index: AddressIndex,
    /// The network that the bytes must be bound to.
    pub network_id: NetworkId,
    /// The chain in the contract's numbering.
    pub chain_id: ChainId,
    /// The coin.
    pub token_id: TokenId,
    /// The paying address, canonical.
    pub from: Address,
    /// The recipient, canonical.
    pub to: Address,
    /// The amount in base units.
    pub amount: Amount,
    /// The same in token units, for people to read; a reader recomputes it from the coin's decimals.
    pub amount_text: String,
    /// Memo or destination tag, or none.
    pub memo: Option<String>,
    /// The most that may be spent on fees, in base units of the chain's fee coin.
    pub fee_cap: Amount,
    /// The version of the rules that decided.
    #[serde(with = "crate::policy::number")]
    pub rules_version: u64,
    /// The rule that decided.
    pub rule: RuleId,
    /// The person who asked; `None` for a caller of the API.
    pub applicant: Option<PrincipalId>,
    /// A reference of the compliance department, or none.
    pub compliance_ref: Option<String>,
    /// The intent that a void, a raise_cap or a later attempt refers to.
    pub target: Option<Digest>,
    /// The maintenance operation's name.
    pub operation: Option<String>,
    /// Its arguments, as canonical JSON text.
    pub operation_args: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// When the time to approve it ends.
    pub expiry: Millis,
}

impl Intent {
    /// The canonical text (RFC 8785) under the digest: what a person is shown is rendered from this.
    pub fn canonical(&self) -> String {
        // Destructured whole: a field added to the struct and forgotten here does not compile.
        let Self {
            version,
            kind,
            deployment,
            project,
            cid,
            attempt,
            third_party_id,
            wallet,
            address_index,
            network_id,
            chain_id,
            token_id,
            from,
            to,
            amount,
            amount_text,
            memo,
            fee_cap,
            rules_version,
            rule,
            applicant,
            compliance_ref,
            target,
            operation,
            operation_args,
            created,
            expiry,
        } = self;
        let target = target.as_ref().map(ToString::to_string);
        // In the order of RFC 8785, so that writing needs no sorting; a test holds the order.
        let fields: [(&str, Option<&str>); 27] = [
            ("address_index", Some(&address_index.to_string())),
            ("amount", Some(&amount.to_string())),
            ("amount_text", Some(amount_text)),
            ("applicant", applicant.as_ref().map(PrincipalId::as_str)),
            ("attempt", Some(&attempt.to_string())),
            ("chain_id", Some(chain_id.as_str())),
            ("cid", Some(&cid.to_string())),
            ("compliance_ref", compliance_ref.as_deref()),
            ("created", Some(&created.to_string())),
            ("deployment", Some(&deployment.to_string())),
            ("expiry", Some(&expiry.to_string())),
            ("fee_cap", Some(&fee_cap.to_string())),
            ("from", Some(from.as_str())),
            ("kind", Some(kind.as_str())),
            ("memo", memo.as_deref()),
            ("network_id", Some(network_id.as_str())),
            ("operation", operation.as_deref()),
            ("operation_args", operation_args.as_deref()),
            ("project", Some(&project.to_string())),
            ("rule", Some(rule.as_str())),
            ("rules_version", Some(&rules_version.to_string())),
            ("target", target.as_deref()),
            ("third_party_id", Some(third_party_id.as_str())),
            ("to", Some(to.as_str())),
            ("token_id", Some(token_id.as_str())),
            ("version", Some(version)),
            ("wallet", Some(&wallet.to_string())),
        ];
        let mut text = String::with_capacity(1024);
        for (name, value) in fields {
            text.push_str(if text.is_empty() { "{\"" } else { ",\"" });
            text.push_str(name);
            text.push_str("\":");
            match value {
                Some(value) => crate::canonical::write_string(value, &mut text),
                None => text.push_str("null"),
            }
        }
        text.push('}');
        text
    }

    /// Why its fields contradict its kind, if they do: people could read something else in them than what is done.
    ///
    /// A maintenance is an operation of the wallet itself, which pays nobody. Nothing else is an operation.
    pub fn contradiction(&self) -> Option<&'static str> {
        let Self { kind, operation, operation_args, amount, from, to, memo, .. } = self;
        match kind {
            Kind::Maintenance if operation.is_none() => Some("a maintenance without an operation"),
            Kind::Maintenance if operation_args.is_none() => Some("a maintenance without its arguments"),
            Kind::Maintenance if !amount.is_zero() || to != from || memo.is_some() => {
                Some("a maintenance that pays somebody")
            }
            Kind::Maintenance if self.token_id.as_str() != self.chain_id.as_str() => {
                Some("a maintenance in another coin than the chain's own")
            }
            Kind::Payout | Kind::Void | Kind::RaiseCap if operation.is_some() || operation_args.is_some() => {
                Some("an operation of the wallet in an intent that is no maintenance")
            }
            Kind::Payout | Kind::Void | Kind::RaiseCap | Kind::Maintenance => None,
        }
    }

    /// The name of this intent everywhere: SHA-256 over the domain and the canonical text.
    pub fn digest(&self) -> Digest {
        Digest::of(DOMAIN, &[self.canonical().as_bytes()])
    }
}

#[cfg(test)]
mod tests;
