//! One rule of the file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::read::hours;
use crate::coin::CoinId;
use crate::ids::{RuleId, WalletId};
use crate::intent::Kind;
use crate::policy::file::coins::{Coins, SumTable};
use crate::policy::file::lines::{FileError, Source};
use crate::policy::file::people::{Step, read_projects};
use crate::policy::file::when;
use crate::policy::{AmountRange, ApplicantCondition, Hours, Outcome, RecipientCondition, Rule, Window};

const RECIPIENTS: &str = "any, external, internal, first_time, or group: and a group of the address book";
const DEFAULT_EXPIRES_MINUTES: u32 = 24 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) id: Spanned<RuleId>,
    #[serde(default = "payout")]
    kind: Kind,
    #[serde(default)]
    projects: Vec<Spanned<i64>>,
    #[serde(default)]
    wallets: Vec<Spanned<i64>>,
    #[serde(default)]
    coins: Vec<Spanned<String>>,
    #[serde(default = "anybody")]
    applicant: ApplicantCondition,
    recipient: Option<Spanned<String>>,
    #[serde(default)]
    min: SumTable,
    #[serde(default)]
    max: SumTable,
    hours: Option<Spanned<String>>,
    window: Option<WindowEntry>,
    #[serde(default)]
    budget: SumTable,
    caller_signed: Option<bool>,
    outcome: Spanned<String>,
    steps: Option<Spanned<Vec<Step>>>,
    expires: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowEntry {
    length: Spanned<String>,
    count: u32,
    sums: SumTable,
}

const fn payout() -> Kind {
    Kind::Payout
}

const fn anybody() -> ApplicantCondition {
    ApplicantCondition::Any
}

pub(super) fn read(source: Source<'_>, coins: &Coins<'_>, entry: RuleEntry) -> Result<Rule, FileError> {
    let outcome = outcome(source, entry.outcome, entry.steps, entry.expires)?;
    let wallet = |id: &Spanned<i64>| {
        WalletId::new(*id.get_ref())
            .ok_or_else(|| source.error(&id.span(), "a wallet's id is a positive number"))
    };
    let recipient = match &entry.recipient {
        None => RecipientCondition::Any,
        Some(written) => source.read(written, RECIPIENTS, recipient)?,
    };
    let hours_of_day = entry
        .hours
        .as_ref()
        .map(|written| source.read(written, "a span of the day in UTC, such as 08:00-18:00", span_of_day));
    let window = entry.window.map(|WindowEntry { length, count, sums }| {
        Ok(Window { hours: hours(source, &length)?, count, sums: coins.table(&sums)? })
    });
    Ok(Rule {
        id: entry.id.into_inner(),
        kind: entry.kind,
        projects: read_projects(source, &entry.projects)?,
        wallets: entry.wallets.iter().map(wallet).collect::<Result<_, _>>()?,
        coins: coins.list(&entry.coins)?,
        applicant: entry.applicant,
        recipient,
        amounts: amounts(coins, &entry.min, &entry.max)?,
        hours: hours_of_day.transpose()?,
        window: window.transpose()?,
        budget: coins.table(&entry.budget)?,
        // Only a small cap should hang on the API key alone, so auto asks for the caller's signature unless told not to.
        caller_signed: entry.caller_signed.unwrap_or(outcome == Outcome::Auto),
        outcome,
    })
}

fn outcome(
    source: Source<'_>,
    written: Spanned<String>,
    steps: Option<Spanned<Vec<Step>>>,
    expires: Option<Spanned<String>>,
) -> Result<Outcome, FileError> {
    let alone = match written.get_ref().as_str() {
        "deny" => Outcome::Deny,
        "auto" => Outcome::Auto,
        "approve" => {
            let steps = steps.ok_or_else(|| source.error(&written.span(), "approve needs steps"))?;
            let expires_minutes = match &expires {
                None => DEFAULT_EXPIRES_MINUTES,
                Some(written) => {
                    source.read(written, "a span such as 90m, 24h or 7d", when::parse_minutes)?
                }
            };
            let steps = steps.into_inner().into_iter().map(Step::read).collect();
            return Ok(Outcome::Approve { steps, expires_minutes });
        }
        other => {
            let reason = format!("{other:?} is not deny, auto or approve");
            return Err(source.error(&written.span(), reason));
        }
    };
    let extra = steps.map(|steps| steps.span()).or_else(|| expires.map(|expires| expires.span()));
    match extra {
        None => Ok(alone),
        Some(span) => Err(source.error(&span, "only approve has steps and an expiry")),
    }
}

fn recipient(text: &str) -> Option<RecipientCondition> {
    match text {
        "any" => Some(RecipientCondition::Any),
        "external" => Some(RecipientCondition::External),
        "internal" => Some(RecipientCondition::Internal),
        "first_time" => Some(RecipientCondition::FirstTime),
        other => other.strip_prefix("group:")?.parse().ok().map(RecipientCondition::Group),
    }
}

fn span_of_day(text: &str) -> Option<Hours> {
    let (from, to) = text.split_once('-')?;
    Some(Hours { from: when::parse_clock(from.trim())?, to: when::parse_clock(to.trim())? })
}

fn amounts(
    coins: &Coins<'_>,
    min: &SumTable,
    max: &SumTable,
) -> Result<BTreeMap<CoinId, AmountRange>, FileError> {
    let mut ranges: BTreeMap<CoinId, AmountRange> = BTreeMap::new();
    let none = AmountRange { min: None, max: None };
    for (coin, least) in coins.table(min)? {
        ranges.entry(coin).or_insert(none).min = Some(least);
    }
    for (coin, most) in coins.table(max)? {
        ranges.entry(coin).or_insert(none).max = Some(most);
    }
    Ok(ranges)
}
