//! Chains, coins, wallets, fees and rules.

use std::collections::BTreeSet;

use super::{About, Finding, Notes, steps};
use crate::coin::{CoinId, Family, Network};
use crate::money::{Amount, MAX_DECIMALS};
use crate::policy::chain::ChainName;
use crate::policy::{
    ApplicantCondition, Book, Environment, Hours, Outcome, People, RecipientCondition, Rule, Rules, Window,
};

/// The longest window and cooling time, hours: a year.
const MAX_HOURS: u32 = 24 * 366;
/// The longest time to approve, minutes: 90 days.
const MAX_EXPIRY_MINUTES: u32 = 90 * 24 * 60;
const MINUTES_OF_DAY: u16 = 24 * 60;

/// The sandbox's networks, which run on one machine.
const DEVELOPMENT_NETWORKS: [(Family, &str); 3] =
    [(Family::Evm, "31337"), (Family::Xrp, "31337"), (Family::Tron, "31338")];

/// Whether a network is the sandbox's: a demo signs for no other. A demo stays a demo.
pub fn is_development(network: &Network) -> bool {
    DEVELOPMENT_NETWORKS.contains(&(network.family, network.network_id.as_str()))
}

pub(super) fn check(rules: &Rules, people: &People, book: &Book) -> Vec<Finding> {
    let mut notes = Notes::new(ChainName::Rules);
    document(rules, &mut notes);
    networks(rules, &mut notes);
    coins(rules, &mut notes);
    wallets(rules, &mut notes);
    fees(rules, &mut notes);
    let mut names = BTreeSet::new();
    for (position, rule) in rules.rules.iter().enumerate() {
        let about = About::Rule(rule.id.clone());
        if !names.insert(&rule.id) {
            notes.error(&about, "there are two rules of this name");
        }
        conditions(rule, rules, book, &about, &mut notes);
        limits(rule, rules, &about, &mut notes);
        match &rule.outcome {
            Outcome::Deny => deny(rule, &about, &mut notes),
            Outcome::Auto => auto(rule, rules, &about, &mut notes),
            Outcome::Approve { steps: asked, expires_minutes } => {
                steps::check(rule, asked, people, &about, &mut notes);
                if !(1..=MAX_EXPIRY_MINUTES).contains(expires_minutes) {
                    notes.error(&about, "the time to approve is between a minute and 90 days");
                }
            }
        }
        callers(rule, people, &about, &mut notes);
        let earlier = rules.rules[..position].iter().find(|earlier| swallows(earlier, rule));
        if let Some(earlier) = earlier {
            notes.warning(
                &about,
                format!("is never reached: {} comes first and matches all of it", earlier.id),
            );
        }
    }
    notes.list
}

fn document(rules: &Rules, notes: &mut Notes) {
    let about = About::Document;
    if rules.rules.is_empty() {
        notes.warning(&about, "there is no rule, so every payout is refused");
    }
    if rules.book_cooling_hours > MAX_HOURS {
        notes.error(&about, "the cooling time of the address book is at most a year");
    }
    if rules.book_cooling_hours == 0 && rules.environment == Environment::Production {
        notes.warning(&about, "a new payee of the address book counts at once");
    }
    if let Some(site) = &rules.approver {
        let host = site.origin.strip_prefix("https://");
        let local =
            site.origin.starts_with("http://localhost") && rules.environment != Environment::Production;
        let host = host.or_else(|| local.then(|| &site.origin["http://".len()..]));
        let host = host.and_then(|host| host.split(':').next()).filter(|host| !host.contains('/'));
        let fits = host.is_some_and(|host| {
            !site.rp_id.is_empty() && (host == site.rp_id || host.ends_with(&format!(".{}", site.rp_id)))
        });
        if !fits {
            notes
                .error(&about, "the approver's origin is https:// and a host that is rp_id or lies under it");
        }
    }
}

fn networks(rules: &Rules, notes: &mut Notes) {
    let mut chain_ids = BTreeSet::new();
    let mut network_ids = BTreeSet::new();
    for network in &rules.networks {
        let about = About::Network(network.chain_id.clone());
        if !chain_ids.insert(&network.chain_id) {
            notes.error(&about, "is listed twice");
        }
        // Two numbers for one network would be two ways to name one exclusivity token.
        if !network_ids.insert((network.family, &network.network_id)) {
            notes.error(&about, format!("the network {} has another chain id already", network.network_id));
        }
        if rules.coin(&CoinId::native(&network.chain_id)).is_none() {
            notes.error(&about, "lacks its native coin, in which fees are paid");
        }
        if rules.fee(&network.chain_id).is_none() {
            notes.warning(&about, "has no fee limit, so it can't be used");
        }
        if rules.environment == Environment::Demo && !is_development(network) {
            notes.error(
                &about,
                format!("a demo signs for no network but the sandbox's, not {}", network.network_id),
            );
        }
    }
}

fn coins(rules: &Rules, notes: &mut Notes) {
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for coin in &rules.coins {
        let about = About::Coin(coin.id());
        if !ids.insert(coin.id()) {
            notes.error(&about, "is listed twice");
        }
        if !names.insert(&coin.name) {
            notes.error(&about, format!("there are two coins named {}", coin.name));
        }
        let printable =
            !coin.name.is_empty() && coin.name.len() <= 64 && coin.name.bytes().all(|b| b.is_ascii_graphic());
        if !printable || coin.name.contains('@') {
            notes.error(&about, "a coin's name is 1 to 64 printable characters without @");
        }
        if coin.decimals > MAX_DECIMALS {
            notes.error(&about, format!("has {} decimals; {MAX_DECIMALS} are possible", coin.decimals));
        }
        if rules.network(&coin.chain_id).is_none() {
            notes.error(&about, "is on a chain that is not listed");
        }
    }
}

fn wallets(rules: &Rules, notes: &mut Notes) {
    let mut ids = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for wallet in &rules.wallets {
        let about = About::Wallet(wallet.id);
        if !ids.insert(wallet.id) {
            notes.error(&about, "is listed twice");
        }
        // One key in two wallets would be one lane of tokens in two.
        if !keys.insert(wallet.public_key) {
            notes.error(&about, "has the key of another wallet");
        }
        if !matches!(wallet.public_key[0], 2 | 3) {
            notes.error(&about, "its public key is not a compressed point");
        }
        let (t, n) = (u16::from(wallet.threshold), u16::from(wallet.share_count));
        if !(2..=n).contains(&t) || 2 * t <= n {
            notes.error(&about, format!("{t} of {n} is not possible: two quorums must share a member"));
        }
        if wallet.fingerprint.is_empty() {
            notes.error(&about, "lacks the fingerprint of its ceremony");
        }
        known_coins(rules, wallet.ceilings.keys(), "a ceiling", &about, notes);
    }
}

fn fees(rules: &Rules, notes: &mut Notes) {
    let mut chains = BTreeSet::new();
    for fee in &rules.fees {
        let about = About::Network(fee.chain_id.clone());
        if !chains.insert(&fee.chain_id) {
            notes.error(&about, "has two fee limits");
        }
        if rules.network(&fee.chain_id).is_none() {
            notes.error(&about, "has a fee limit, but is not listed");
        }
        if fee.cap.is_zero() {
            notes.error(&about, "may burn no fee at all; leave the fee limit out to stop a chain");
        }
        if fee.raised_cap.is_some_and(|raised| raised <= fee.cap) {
            notes.error(&about, "the raised fee cap is not above the cap; leave it out");
        }
        if fee.cap.max(fee.raised_cap.unwrap_or_default()) > fee.window_sum {
            notes.error(&about, "one fee may be more than the window's sum");
        }
        hours_of(fee.window_hours, "the fee window", &about, notes);
    }
}

fn hours_of(hours: u32, what: &str, about: &About, notes: &mut Notes) {
    if !(1..=MAX_HOURS).contains(&hours) {
        notes.error(about, format!("{what} is between an hour and a year"));
    }
}

fn known_coins<'a>(
    rules: &Rules,
    coins: impl Iterator<Item = &'a CoinId>,
    what: &str,
    about: &About,
    notes: &mut Notes,
) {
    for coin in coins.filter(|coin| rules.coin(coin).is_none()) {
        notes.error(about, format!("{what} names the coin {coin}, which is not listed"));
    }
}

fn conditions(rule: &Rule, rules: &Rules, book: &Book, about: &About, notes: &mut Notes) {
    known_coins(rules, rule.coins.iter(), "a condition", about, notes);
    known_coins(rules, rule.amounts.keys(), "an amount", about, notes);
    for (coin, range) in &rule.amounts {
        match (range.min, range.max) {
            (None, None) => notes.error(about, format!("bounds {coin} neither below nor above")),
            (Some(min), Some(max)) if min > max => {
                notes.error(about, format!("the least amount of {coin} is more than the most"));
            }
            _ => {}
        }
        if !rule.coins.is_empty() && !rule.coins.contains(coin) {
            notes.warning(about, format!("bounds {coin}, which it does not match"));
        }
    }
    if !rule.amounts.is_empty() {
        for coin in rule.coins.iter().filter(|coin| !rule.amounts.contains_key(coin)) {
            notes.warning(about, format!("names {coin}, but no amount of it, so it never matches it"));
        }
    }
    let no_span =
        |hours: Hours| hours.from >= MINUTES_OF_DAY || hours.to > MINUTES_OF_DAY || hours.from == hours.to;
    if rule.hours.is_some_and(no_span) {
        notes.error(about, "its hours are no span of a day");
    }
    for wallet in rule.wallets.iter().filter(|wallet| rules.wallet(**wallet).is_none()) {
        notes.warning(about, format!("the wallet {wallet} is not active yet"));
    }
    if let RecipientCondition::Group(group) = &rule.recipient
        && !book.payees.iter().any(|payee| payee.group == *group)
    {
        notes.warning(about, format!("no payee of the address book is in {group}"));
    }
}

fn limits(rule: &Rule, rules: &Rules, about: &About, notes: &mut Notes) {
    known_coins(rules, rule.budget.keys(), "the budget", about, notes);
    let Some(Window { hours, count, sums }) = &rule.window else {
        return;
    };
    hours_of(*hours, "its window", about, notes);
    if *count == 0 || sums.is_empty() {
        notes.error(about, "its window lets nothing through");
    }
    known_coins(rules, sums.keys(), "the window", about, notes);
    for (coin, sum) in sums {
        let max = rule.amounts.get(coin).and_then(|range| range.max);
        if max.is_some_and(|max| max > *sum) {
            notes.warning(about, format!("one payout of {coin} may be more than the window's sum"));
        }
        let budget = rule.budget.get(coin).copied();
        if budget.is_some_and(|budget| budget < *sum) {
            notes.warning(about, format!("the budget of {coin} is less than one window's sum"));
        }
    }
}

fn deny(rule: &Rule, about: &About, notes: &mut Notes) {
    if rule.window.is_some() || !rule.budget.is_empty() {
        notes.error(about, "a deny has no window and no budget: it is never used up");
    }
    if rule.caller_signed {
        notes.error(
            about,
            "a deny does not ask for the caller's signature: leaving it out would evade the rule",
        );
    }
}

fn auto(rule: &Rule, rules: &Rules, about: &About, notes: &mut Notes) {
    if rule.window.is_none() {
        notes.error(about, "is auto without a window of count and sums");
    }
    if rule.budget.is_empty() {
        notes.error(about, "is auto without a budget");
    }
    if rule.amounts.values().all(|range| range.max.is_none()) {
        notes.error(about, "is auto without an amount cap");
    }
    let sums = rule.window.as_ref().map(|window| &window.sums);
    let capped: BTreeSet<&CoinId> =
        rule.amounts.iter().filter(|(_, range)| range.max.is_some()).map(|(coin, _)| coin).collect();
    let named = rule.coins.iter().chain(rule.amounts.keys()).chain(rule.budget.keys());
    let named: BTreeSet<&CoinId> = named.chain(sums.into_iter().flat_map(|sums| sums.keys())).collect();
    for coin in named.into_iter().filter(|coin| rules.coin(coin).is_some()) {
        let whole = capped.contains(coin)
            && sums.is_some_and(|sums| sums.contains_key(coin))
            && rule.budget.contains_key(coin);
        if !whole {
            notes.error(about, format!("is auto, but lacks a cap, a window sum or a budget for {coin}"));
        }
    }
    if !rule.caller_signed {
        notes.warning(about, "is auto without caller_signed: the API key alone moves money");
    }
    if rule.recipient == RecipientCondition::Any {
        notes.warning(about, "is auto for our own addresses too; external leaves them out");
    }
    if rule.budget.values().any(|budget| *budget == Amount::ZERO) {
        notes.warning(about, "has a budget of nothing");
    }
}

fn callers(rule: &Rule, people: &People, about: &About, notes: &mut Notes) {
    if !rule.caller_signed {
        return;
    }
    if rule.applicant == ApplicantCondition::Person {
        notes.warning(
            about,
            "asks for a person's application and for the caller's signature over the request",
        );
    }
    if rule.projects.is_empty() {
        if !people.principals.iter().any(|who| who.projects.iter().any(|project| who.may_call(*project))) {
            notes.warning(about, "asks for the caller's signature, but no principal is a caller");
        }
        return;
    }
    for project in &rule.projects {
        if !people.principals.iter().any(|who| who.may_call(*project)) {
            notes.warning(
                about,
                format!("asks for the caller's signature, but project {project} has no caller"),
            );
        }
    }
}

/// Whether every payout that `rule` matches is matched by `earlier` first, whatever the counters say.
fn swallows(earlier: &Rule, rule: &Rule) -> bool {
    let unlimited = earlier.outcome == Outcome::Deny
        || (earlier.outcome != Outcome::Auto && earlier.window.is_none() && earlier.budget.is_empty());
    let applicant = match (earlier.applicant, rule.applicant) {
        (ApplicantCondition::Any, _) => true,
        (earlier, rule) => earlier == rule,
    };
    let recipient = match (&earlier.recipient, &rule.recipient) {
        (RecipientCondition::Any, _) | (RecipientCondition::External, RecipientCondition::FirstTime) => true,
        (earlier, rule) => earlier == rule,
    };
    unlimited
        && earlier.kind == rule.kind
        && holds_all(&earlier.projects, &rule.projects)
        && holds_all(&earlier.wallets, &rule.wallets)
        && holds_all(&earlier.coins, &rule.coins)
        && applicant
        && recipient
        && earlier.hours.is_none_or(|hours| rule.hours == Some(hours))
        && (!earlier.caller_signed || rule.caller_signed)
        && amounts_within(earlier, rule)
}

fn holds_all<T: PartialEq>(outer: &[T], inner: &[T]) -> bool {
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(|item| outer.contains(item)))
}

fn amounts_within(earlier: &Rule, rule: &Rule) -> bool {
    if earlier.amounts.is_empty() {
        return true;
    }
    let within = |(coin, inner): (&CoinId, &crate::policy::AmountRange)| {
        earlier.amounts.get(coin).is_some_and(|outer| {
            let below = outer.min.is_none_or(|min| inner.min.is_some_and(|inner| inner >= min));
            let above = outer.max.is_none_or(|max| inner.max.is_some_and(|inner| inner <= max));
            below && above
        })
    };
    !rule.amounts.is_empty() && rule.amounts.iter().all(within)
}
