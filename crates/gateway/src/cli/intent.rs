//! An intent as a person reads it before they sign it, each figure checked against the policy that they hold themselves.

use std::fmt::Write as _;

use payout::coin::CoinId;
use payout::ids::Digest;
use payout::intent::{Intent, Kind};
use payout::policy::{Policy, Rules};

use super::failure::Failure;
use super::table::{fields, harmless};
use super::time::utc;

/// An intent that was read from its text, with what a person is shown of it.
pub(super) struct Reading {
    pub(super) intent: Intent,
    pub(super) digest: Digest,
    pub(super) text: String,
}

/// Reads an intent's canonical text, recomputes its digest, and checks what can be checked without a gateway.
///
/// # Errors
/// A text that is none, or one whose words for people are not what its figures mean.
pub(super) fn read(text: &str, policy: &Policy) -> Result<Reading, Failure> {
    let intent: Intent = payout::canonical::parse(text)
        .map_err(|error| Failure::refused(format!("the gateway's intent is {error}")).next("sign nothing"))?;
    check(&intent, policy).map_err(|why| {
        Failure::refused(format!("the intent does not say what it seems to say: {why}"))
            .next("sign nothing; tell the admins")
    })?;
    let digest = intent.digest();
    let text = show(&intent, &digest, policy);
    Ok(Reading { intent, digest, text })
}

fn check(intent: &Intent, policy: &Policy) -> Result<(), String> {
    if intent.deployment != policy.deployment() {
        return Err("it is for another deployment".to_owned());
    }
    if let Some(why) = intent.contradiction() {
        return Err(format!("it is {why}"));
    }
    let rules = policy.rules(intent.rules_version).ok_or_else(|| {
        format!("it names version {} of the rules, which does not exist", intent.rules_version)
    })?;
    let coin = rules.coin(&coin_of(intent)).ok_or("its coin is not in those rules")?;
    let written = intent.amount.to_decimal(coin.decimals);
    if written != intent.amount_text {
        return Err(format!(
            "its amount is {written} {}, and the text for people says {:?}",
            coin.name, intent.amount_text
        ));
    }
    let network = rules.network(&intent.chain_id).ok_or("its chain is not in those rules")?;
    if network.network_id != intent.network_id {
        return Err(format!(
            "it is bound to the network {}, the chain's is {}",
            intent.network_id, network.network_id
        ));
    }
    let wallet = rules.wallet(intent.wallet).ok_or("its wallet is not in those rules")?;
    let family = network.family;
    let derived = chain::derive_address(
        family,
        &network.network_id,
        &wallet.public_key,
        &wallet.chain_code,
        intent.address_index,
    )
    .map_err(|error| error.to_string())?;
    if derived != intent.from {
        return Err(format!("it pays from {}, but that address of the wallet is {derived}", intent.from));
    }
    if rules.rule(&intent.rule).is_none() {
        return Err(format!("those rules have no rule {}", intent.rule));
    }
    let to = chain::family(family).parse_address(&network.network_id, intent.to.as_str());
    match to {
        Ok(to) if to == intent.to => Ok(()),
        _ => Err(format!("its recipient {} is not the chain's spelling of an address", intent.to)),
    }
}

fn coin_of(intent: &Intent) -> CoinId {
    CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() }
}

fn show(intent: &Intent, digest: &Digest, policy: &Policy) -> String {
    let rules = policy.rules(intent.rules_version).unwrap_or_else(|| policy.newest_rules());
    let coin = rules.coin(&coin_of(intent));
    let name = coin.map_or_else(|| coin_of(intent).to_string(), |coin| coin.name.clone());
    let mut head = String::new();
    // Writing to a String cannot fail.
    let _ = match intent.kind {
        Kind::Payout => writeln!(head, "Payout {} of project {}", intent.cid, intent.project),
        Kind::Void => writeln!(
            head,
            "Void {} of project {}: spends the token of intent {} on nothing",
            intent.cid,
            intent.project,
            target(intent)
        ),
        Kind::RaiseCap => writeln!(
            head,
            "Raised cap {} of project {}: pays intent {} under another fee cap",
            intent.cid,
            intent.project,
            target(intent)
        ),
        Kind::Maintenance => writeln!(
            head,
            "Maintenance {} of project {}: an operation of the wallet itself, which pays nobody",
            intent.cid, intent.project
        ),
    };
    let optional = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), harmless);
    let mut lines = match &intent.operation {
        // That it pays nobody was looked at when it was read.
        Some(operation) => {
            let arguments = intent.operation_args.as_deref().unwrap_or("");
            vec![("does", format!("{} {}", harmless(operation), harmless(arguments)))]
        }
        None => vec![
            (
                if intent.kind == Kind::Void { "does not pay" } else { "pays" },
                format!("{} {}", intent.amount_text, harmless(&name)),
            ),
            ("to", recipient(intent, policy)),
            ("memo", optional(intent.memo.as_deref())),
        ],
    };
    lines.extend([
        ("from", format!("{} (wallet {}, address {})", intent.from, intent.wallet, intent.address_index)),
        ("chain", format!("{} (network {})", intent.chain_id, intent.network_id)),
        ("fee", format!("at most {}", fee(intent, rules))),
        ("rule", rule(intent, rules)),
        (
            "asked by",
            intent.applicant.as_ref().map_or_else(|| "a caller of the API".to_owned(), ToString::to_string),
        ),
        ("their number", harmless(intent.third_party_id.as_str())),
        ("reference", optional(intent.compliance_ref.as_deref())),
        ("attempt", intent.attempt.to_string()),
        ("made", utc(intent.created)),
        ("approve by", utc(intent.expiry)),
        ("digest", digest.to_string()),
    ]);
    format!("{head}{}", fields(&lines))
}

fn target(intent: &Intent) -> String {
    intent.target.map_or_else(|| "none".to_owned(), |digest| digest.to_string())
}

fn recipient(intent: &Intent, policy: &Policy) -> String {
    let entry = policy.book().entries(&intent.chain_id, &intent.to).next();
    match entry {
        Some(payee) => {
            format!("{} ({}, group {} of the address book)", intent.to, harmless(&payee.label), payee.group)
        }
        None => format!("{} (not in the address book)", intent.to),
    }
}

fn fee(intent: &Intent, rules: &Rules) -> String {
    match rules.coin(&CoinId::native(&intent.chain_id)) {
        Some(native) => format!("{} {}", intent.fee_cap.to_decimal(native.decimals), native.name),
        None => format!("{} base units of the chain's own coin", intent.fee_cap),
    }
}

fn rule(intent: &Intent, rules: &Rules) -> String {
    let outcome = rules.rule(&intent.rule).map_or_else(String::new, |rule| format!(": {}", rule.outcome));
    format!("{}, version {}{outcome}", intent.rule, intent.rules_version)
}

/// The hex digits that a person types: the beginning of a digest.
pub(super) fn beginning(digest: &Digest) -> String {
    digest.to_string().chars().take(8).collect()
}
