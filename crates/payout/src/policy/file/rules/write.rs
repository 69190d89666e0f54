//! The file of a rules document.

use std::collections::BTreeMap;

use crate::coin::{Coin, CoinId, Network};
use crate::intent::Kind;
use crate::money::Amount;
use crate::policy::file::people::Step;
use crate::policy::file::text::{Text, inline, quoted};
use crate::policy::file::when;
use crate::policy::{
    ApplicantCondition, ApproverSite, FeeLimit, Outcome, RecipientCondition, Rule, Rules, Wallet,
};

/// The file of a rules document.
pub fn write_rules(rules: &Rules) -> String {
    let Rules { environment, networks, coins, wallets, fees, approver, book_cooling_hours, rules: list } =
        rules;
    let mut text = Text::default();
    text.string("environment", environment.as_str());
    text.string("book_cooling", when::hours_text(*book_cooling_hours));
    if let Some(ApproverSite { origin, rp_id }) = approver {
        text.table("approver");
        text.string("origin", origin);
        text.string("rp_id", rp_id);
    }
    for Network { chain_id, family, network_id } in networks {
        text.entry("network");
        text.string("chain_id", chain_id);
        text.string("family", family.as_str());
        text.string("network_id", network_id);
    }
    for coin in coins {
        text.entry("coin");
        text.string("name", &coin.name);
        text.string("chain_id", &coin.chain_id);
        if !coin.is_native() {
            text.string("token_id", &coin.token_id);
        }
        text.value("decimals", coin.decimals);
    }
    for wallet in wallets {
        write_wallet(&mut text, rules, wallet);
    }
    for FeeLimit { chain_id, cap, raised_cap, window_hours, window_sum } in fees {
        let native = CoinId::native(chain_id);
        text.entry("fee");
        text.string("chain_id", chain_id);
        text.string("cap", sum(rules, &native, *cap));
        if let Some(raised) = raised_cap {
            text.string("raised_cap", sum(rules, &native, *raised));
        }
        text.string("window", when::hours_text(*window_hours));
        text.string("window_sum", sum(rules, &native, *window_sum));
    }
    for rule in list {
        write_rule(&mut text, rules, rule);
    }
    text.finish()
}

fn write_wallet(text: &mut Text, rules: &Rules, wallet: &Wallet) {
    let Wallet { id, public_key, chain_code, threshold, share_count, fingerprint, ceilings } = wallet;
    text.entry("wallet");
    text.value("id", id);
    text.string("public_key", hex::encode(public_key));
    text.string("chain_code", hex::encode(chain_code));
    text.value("threshold", threshold);
    text.value("share_count", share_count);
    text.string("fingerprint", fingerprint);
    write_sums(text, rules, "ceilings", ceilings);
}

fn write_rule(text: &mut Text, rules: &Rules, rule: &Rule) {
    let Rule {
        id,
        kind,
        projects,
        wallets,
        coins,
        applicant,
        recipient,
        amounts,
        hours,
        window,
        budget,
        caller_signed,
        outcome,
    } = rule;
    text.entry("rule");
    text.string("id", id);
    if *kind != Kind::Payout {
        text.string("kind", kind);
    }
    text.values("projects", projects);
    text.values("wallets", wallets);
    text.strings("coins", coins.iter().map(|coin| name(rules, coin)));
    if *applicant != ApplicantCondition::Any {
        text.string("applicant", applicant.as_str());
    }
    match recipient {
        RecipientCondition::Any => {}
        RecipientCondition::External => text.string("recipient", "external"),
        RecipientCondition::Internal => text.string("recipient", "internal"),
        RecipientCondition::FirstTime => text.string("recipient", "first_time"),
        RecipientCondition::Group(group) => text.string("recipient", format_args!("group:{group}")),
    }
    let bounds = |bound: fn(&crate::policy::AmountRange) -> Option<Amount>| -> BTreeMap<CoinId, Amount> {
        amounts.iter().filter_map(|(coin, range)| Some((coin.clone(), bound(range)?))).collect()
    };
    write_sums(text, rules, "min", &bounds(|range| range.min));
    write_sums(text, rules, "max", &bounds(|range| range.max));
    if let Some(hours) = hours {
        text.string("hours", hours);
    }
    if let Some(window) = window {
        let fields = [
            ("length".to_owned(), quoted(when::hours_text(window.hours))),
            ("count".to_owned(), window.count.to_string()),
            ("sums".to_owned(), sums(rules, &window.sums)),
        ];
        text.value("window", inline(fields));
    }
    write_sums(text, rules, "budget", budget);
    if *caller_signed || *outcome == Outcome::Auto {
        text.value("caller_signed", caller_signed);
    }
    text.string("outcome", outcome.as_str());
    if let Outcome::Approve { steps, expires_minutes } = outcome {
        text.values("steps", steps.iter().map(Step::write));
        text.string("expires", when::minutes_text(*expires_minutes));
    }
}

fn write_sums(text: &mut Text, rules: &Rules, key: &str, table: &BTreeMap<CoinId, Amount>) {
    if !table.is_empty() {
        text.value(key, sums(rules, table));
    }
}

fn sums(rules: &Rules, table: &BTreeMap<CoinId, Amount>) -> String {
    inline(table.iter().map(|(coin, amount)| (name(rules, coin), quoted(sum(rules, coin, *amount)))))
}

/// A coin that is not listed keeps its id, and its sums stay base units: such a document has errors anyway.
fn name(rules: &Rules, coin: &CoinId) -> String {
    rules.coin(coin).map_or_else(|| coin.to_string(), |coin| coin.name.clone())
}

fn sum(rules: &Rules, coin: &CoinId, amount: Amount) -> String {
    amount.to_decimal(rules.coin(coin).map_or(0, |coin: &Coin| coin.decimals))
}
