//! A rule's conditions that do not depend on counters, and the words for each that is not met.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::{
    ApplicantCondition, Book, Hours, Outcome, People, RecipientCondition, Role, Rule, Rules,
};
use super::limits::Unit;
use super::lookup::MINUTE_MS;
use crate::coin::CoinId;
use crate::ids::{Address, Attempt, GroupId, PrincipalId, ProjectId, RuleId, WalletId};
use crate::intent::{Intent, Kind};
use crate::money::Amount;
use crate::time::Millis;

/// What the rules are asked about. Everything in it is established by whoever makes it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// What the intent does.
    pub kind: Kind,
    /// Whose payout.
    pub project: ProjectId,
    /// The paying wallet.
    pub wallet: WalletId,
    /// The coin.
    pub coin: CoinId,
    /// How much, base units.
    pub amount: Amount,
    /// The recipient, canonical.
    pub to: &'a Address,
    /// Which try it is: a later attempt never matches an `auto` rule.
    pub attempt: Attempt,
    /// The person whose signed application was verified ([`super::applicant_signed`]). A name without a signature
    /// stays out: such a payout is one of the API.
    pub applicant: Option<&'a PrincipalId>,
    /// The machine whose signature over the raw request was verified. Whether it may sign for the project is judged
    /// here.
    pub caller: Option<&'a PrincipalId>,
    /// What is known of the recipient.
    pub recipient: Recipient,
    /// When the intent was made: hours and cooling times count from here. A co-signer has checked that it is not in
    /// the future.
    pub at: Millis,
}

/// What is known of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// One of the project's own addresses.
    Internal,
    /// An outside address that no signed payout has paid.
    FirstTime,
    /// An outside address that was paid before.
    Known,
}

impl<'a> Case<'a> {
    /// The case of an intent. Its applicant counts only if `applicant_signed` verified their application.
    pub fn of(intent: &'a Intent, recipient: Recipient, caller: Option<&'a PrincipalId>) -> Self {
        Self {
            kind: intent.kind,
            project: intent.project,
            wallet: intent.wallet,
            coin: CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() },
            amount: intent.amount,
            to: &intent.to,
            attempt: intent.attempt,
            applicant: intent.applicant.as_ref(),
            caller,
            recipient,
            at: intent.created,
        }
    }
}

/// The first condition of a rule that is not met. Sums are texts in token units, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// Not in the rules' list of coins, or its chain is not in the list of chains.
    UnknownCoin {
        /// The coin.
        coin: CoinId,
    },
    /// For another kind of intent.
    Kind {
        /// What it is.
        is: Kind,
        /// What the rule is for.
        rule: Kind,
    },
    /// For other projects.
    Project(ProjectId),
    /// For other wallets.
    Wallet(WalletId),
    /// For other coins.
    Coin(CoinId),
    /// For payouts that a person applied for, or for those of the API.
    Applicant {
        /// What the rule asks for.
        rule: ApplicantCondition,
    },
    /// The recipient is one of the project's own addresses.
    RecipientIsInternal,
    /// The recipient is not one of the project's own addresses.
    RecipientIsExternal,
    /// The recipient was paid before.
    RecipientIsKnown,
    /// Not in the group of the address book.
    NotInGroup(GroupId),
    /// In the group, but not for long enough.
    Cooling {
        /// The group.
        group: GroupId,
        /// From when on the entry counts.
        counts_from: Millis,
    },
    /// The rule lists amounts, and none for this coin.
    NoAmountForCoin(CoinId),
    /// Below the rule's least.
    TooSmall {
        /// The amount.
        amount: String,
        /// The least.
        min: String,
    },
    /// Above the rule's most.
    TooLarge {
        /// The amount.
        amount: String,
        /// The most.
        max: String,
    },
    /// Outside the rule's hours.
    Hours {
        /// Minutes since midnight UTC.
        minute: u16,
        /// The hours.
        hours: Hours,
    },
    /// The caller did not sign the request.
    NotCallerSigned,
    /// Who signed the request is no caller of this project.
    NoCaller(PrincipalId),
    /// The rule has a window or a budget, and none for this coin.
    NoLimitForCoin(CoinId),
    /// An `auto` rule without a cap, a window and a budget for this coin counts for nothing.
    Unlimited(CoinId),
    /// A second attempt needs people.
    LaterAttempt(Attempt),
    /// So many payouts in the window already.
    WindowCount {
        /// The most.
        count: u32,
        /// The window, hours.
        hours: u32,
    },
    /// The window's sum would be passed.
    WindowSum {
        /// What the sum would be.
        would_be: String,
        /// The most.
        most: String,
        /// The window, hours.
        hours: u32,
    },
    /// The budget would be passed.
    Budget {
        /// What the total would be.
        would_be: String,
        /// The budget.
        budget: String,
    },
    /// A sum does not fit in 256 bits.
    Overflow,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCoin { coin } => write!(f, "the coin {coin} is not in the rules"),
            Self::Kind { is, rule } => write!(f, "it is a {is}, the rule is for a {rule}"),
            Self::Project(project) => write!(f, "the rule is not for project {project}"),
            Self::Wallet(wallet) => write!(f, "the rule is not for wallet {wallet}"),
            Self::Coin(coin) => write!(f, "the rule is not for the coin {coin}"),
            Self::Applicant { rule: ApplicantCondition::Person } => {
                f.write_str("no person has signed an application")
            }
            Self::Applicant { rule: ApplicantCondition::Api | ApplicantCondition::Any } => {
                f.write_str("a person applied, the rule is for the API")
            }
            Self::RecipientIsInternal => f.write_str("the recipient is one of our own addresses"),
            Self::RecipientIsExternal => f.write_str("the recipient is not one of our own addresses"),
            Self::RecipientIsKnown => f.write_str("the recipient was paid before"),
            Self::NotInGroup(group) => write!(f, "the recipient is not in the book's group {group}"),
            Self::Cooling { group, counts_from } => {
                write!(f, "the recipient's entry in {group} counts from {}", super::file::utc(*counts_from))
            }
            Self::NoAmountForCoin(coin) => write!(f, "the rule names no amount of {coin}"),
            Self::TooSmall { amount, min } => write!(f, "amount {amount} is under the rule's {min}"),
            Self::TooLarge { amount, max } => write!(f, "amount {amount} is over the rule's {max}"),
            Self::Hours { minute, hours } => {
                write!(f, "it was made at {} UTC, outside {hours}", super::file::clock(*minute))
            }
            Self::NotCallerSigned => f.write_str("the caller did not sign the request"),
            Self::NoCaller(who) => write!(f, "{who} signed the request, but is no caller of this project"),
            Self::NoLimitForCoin(coin) => write!(f, "the rule's window or budget does not name {coin}"),
            Self::Unlimited(coin) => {
                write!(f, "the rule is auto, but lacks a cap, a window or a budget for {coin}")
            }
            Self::LaterAttempt(attempt) => write!(f, "attempt {attempt} is never automatic"),
            Self::WindowCount { count, hours } => {
                write!(f, "the rule's {count} payouts in {hours} h are used up")
            }
            Self::WindowSum { would_be, most, hours } => {
                write!(f, "the sum in {hours} h would be {would_be}, over the rule's {most}")
            }
            Self::Budget { would_be, budget } => {
                write!(f, "the rule's total would be {would_be}, over its budget of {budget}")
            }
            Self::Overflow => f.write_str("the sum does not fit in 256 bits"),
        }
    }
}

impl Unmet {
    /// Whether nothing that happens later can make the condition of this very rule true for this very case.
    ///
    /// What depends on the book, on people or on who was paid may change, and so do counters.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::UnknownCoin { .. }
            | Self::Kind { .. }
            | Self::Project(_)
            | Self::Wallet(_)
            | Self::Coin(_)
            | Self::NoAmountForCoin(_)
            | Self::TooSmall { .. }
            | Self::TooLarge { .. }
            | Self::Hours { .. }
            | Self::NoLimitForCoin(_)
            | Self::Unlimited(_)
            | Self::LaterAttempt(_) => true,
            Self::Applicant { .. }
            | Self::RecipientIsInternal
            | Self::RecipientIsExternal
            | Self::RecipientIsKnown
            | Self::NotInGroup(_)
            | Self::Cooling { .. }
            | Self::NotCallerSigned
            | Self::NoCaller(_)
            | Self::WindowCount { .. }
            | Self::WindowSum { .. }
            | Self::Budget { .. }
            | Self::Overflow => false,
        }
    }
}

/// The documents that conditions are judged by.
#[derive(Clone, Copy)]
pub(super) struct Documents<'a> {
    pub(super) rules: &'a Rules,
    pub(super) people: &'a People,
    pub(super) book: &'a Book,
}

/// Whether to take a recipient that was paid since as the first-time recipient that it was at accept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstTime {
    Strict,
    Lenient,
}

impl Documents<'_> {
    /// The first condition, in the order of the rule's fields, that does not hold whatever the counters say.
    pub(super) fn unmet(&self, rule: &Rule, case: &Case<'_>, first_time: FirstTime) -> Result<(), Unmet> {
        let coin = self.rules.coin(&case.coin).filter(|coin| self.rules.network(&coin.chain_id).is_some());
        let coin = coin.ok_or_else(|| Unmet::UnknownCoin { coin: case.coin.clone() })?;
        if rule.kind != case.kind {
            return Err(Unmet::Kind { is: case.kind, rule: rule.kind });
        }
        if !admits(&rule.projects, &case.project) {
            return Err(Unmet::Project(case.project));
        }
        if !admits(&rule.wallets, &case.wallet) {
            return Err(Unmet::Wallet(case.wallet));
        }
        if !admits(&rule.coins, &case.coin) {
            return Err(Unmet::Coin(case.coin.clone()));
        }
        match (rule.applicant, case.applicant) {
            (ApplicantCondition::Any, _)
            | (ApplicantCondition::Api, None)
            | (ApplicantCondition::Person, Some(_)) => {}
            (rule @ ApplicantCondition::Api, Some(_)) | (rule @ ApplicantCondition::Person, None) => {
                return Err(Unmet::Applicant { rule });
            }
        }
        self.recipient(&rule.recipient, case, first_time)?;
        amount(rule, case, &Unit::of(coin))?;
        if let Some(hours) = rule.hours {
            let minute = minute_of_day(case.at);
            if !hours.contain(minute) {
                return Err(Unmet::Hours { minute, hours });
            }
        }
        if rule.caller_signed {
            let caller = case.caller.ok_or(Unmet::NotCallerSigned)?;
            self.people.caller(caller, case.project).ok_or_else(|| Unmet::NoCaller(caller.clone()))?;
        }
        limits_named(rule, case)
    }

    fn recipient(
        &self,
        condition: &RecipientCondition,
        case: &Case<'_>,
        first_time: FirstTime,
    ) -> Result<(), Unmet> {
        match (condition, case.recipient) {
            (RecipientCondition::Any, _)
            | (RecipientCondition::External, Recipient::FirstTime | Recipient::Known)
            | (RecipientCondition::Internal, Recipient::Internal)
            | (RecipientCondition::FirstTime, Recipient::FirstTime) => Ok(()),
            (RecipientCondition::External | RecipientCondition::FirstTime, Recipient::Internal) => {
                Err(Unmet::RecipientIsInternal)
            }
            (RecipientCondition::Internal, Recipient::FirstTime | Recipient::Known) => {
                Err(Unmet::RecipientIsExternal)
            }
            (RecipientCondition::FirstTime, Recipient::Known) => match first_time {
                FirstTime::Lenient => Ok(()),
                FirstTime::Strict => Err(Unmet::RecipientIsKnown),
            },
            (RecipientCondition::Group(group), _) => self.in_group(group, case),
        }
    }

    fn in_group(&self, group: &GroupId, case: &Case<'_>) -> Result<(), Unmet> {
        let entries = self.book.entries(&case.coin.chain_id, case.to);
        let since = entries.filter(|payee| payee.group == *group).map(|payee| payee.since).min();
        let since = since.ok_or_else(|| Unmet::NotInGroup(group.clone()))?;
        let counts_from = since.plus(self.rules.cooling_ms());
        if case.at >= counts_from {
            Ok(())
        } else {
            Err(Unmet::Cooling { group: group.clone(), counts_from })
        }
    }
}

/// An empty list is no condition.
fn admits<T: PartialEq>(list: &[T], item: &T) -> bool {
    list.is_empty() || list.contains(item)
}

fn amount(rule: &Rule, case: &Case<'_>, unit: &Unit) -> Result<(), Unmet> {
    if rule.amounts.is_empty() {
        return Ok(());
    }
    let range = rule.amounts.get(&case.coin).ok_or_else(|| Unmet::NoAmountForCoin(case.coin.clone()))?;
    if let Some(min) = range.min.filter(|min| case.amount < *min) {
        return Err(Unmet::TooSmall { amount: unit.show(case.amount), min: unit.show(min) });
    }
    if let Some(max) = range.max.filter(|max| case.amount > *max) {
        return Err(Unmet::TooLarge { amount: unit.show(case.amount), max: unit.show(max) });
    }
    Ok(())
}

/// A limit that is there must name the coin; an `auto` rule must have them all.
fn limits_named(rule: &Rule, case: &Case<'_>) -> Result<(), Unmet> {
    let coin = &case.coin;
    let in_window = rule.window.as_ref().map(|window| window.sums.contains_key(coin));
    let in_budget = (!rule.budget.is_empty()).then(|| rule.budget.contains_key(coin));
    match &rule.outcome {
        // A deny is never used up: limits on it count for nothing.
        Outcome::Deny => Ok(()),
        Outcome::Auto => {
            if case.attempt != Attempt::FIRST {
                return Err(Unmet::LaterAttempt(case.attempt));
            }
            let capped = rule.amounts.get(coin).is_some_and(|range| range.max.is_some());
            if capped && in_window == Some(true) && in_budget == Some(true) {
                Ok(())
            } else {
                Err(Unmet::Unlimited(coin.clone()))
            }
        }
        Outcome::Approve { .. } => {
            if in_window == Some(false) || in_budget == Some(false) {
                Err(Unmet::NoLimitForCoin(coin.clone()))
            } else {
                Ok(())
            }
        }
    }
}

/// Minutes since midnight UTC.
fn minute_of_day(at: Millis) -> u16 {
    let minute = (at.get() / MINUTE_MS) % (24 * 60);
    u16::try_from(minute).expect("a remainder by 1440 of what is not negative fits")
}

impl Hours {
    /// Whether a minute since midnight UTC lies in the span.
    pub const fn contain(self, minute: u16) -> bool {
        if self.from <= self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", super::file::clock(self.from), super::file::clock(self.to))
    }
}

/// Whether a principal may be an applicant at all: a person who may operate.
pub(super) fn may_apply(people: &People, who: &PrincipalId) -> bool {
    people.principal(who).is_some_and(|who| who.nature == super::Nature::Person && who.may(Role::Operator))
}

/// A rule and why it did not match.
pub type UnmetRule = (RuleId, Unmet);
