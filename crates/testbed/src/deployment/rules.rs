//! The rules of a test deployment, as people write them.

use crate::anvil::Contracts;
use crate::ledgers::{Ledgers, tron, xrp};

/// How generous the automatic rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// A day of trying.
    Day,
    /// As much as a benchmark can spend.
    Unbounded,
}

/// Which rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSet {
    /// The demo's: our own addresses refused, small amounts automatic, larger ones in two steps of people.
    Demo,
    /// The demo's, and before them rules that provoke what the demo does not show: a refusal by rule, a short time to
    /// approve, a caller's own signature. After them rules for voids and raised caps.
    Tests,
    /// For attacks: besides the demo's, automatic rules whose limits three payouts reach, each for a project of its own,
    /// one that has hours, rules for voids and raised caps, and a fee budget that ten payouts at the cap burn.
    Attacks,
}

/// `rules.toml`.
pub(super) fn text(contracts: &Contracts, ledgers: Option<&Ledgers>, set: RuleSet, budget: Budget) -> String {
    let Contracts { usdc, usdt, false_token, refusing: _ } = contracts.as_token_ids();
    let mut text = format!(
        r#"# What may be paid out, and who is asked. The first rule that matches decides; what none matches is refused.

environment = "demo"
book_cooling = "0h"

[[network]]
chain_id = "60"
family = "evm"
network_id = "31337"

[[coin]]
name = "Ethereum"
chain_id = "60"
decimals = 18

[[coin]]
name = "USDT-ERC20"
chain_id = "60"
token_id = "{usdt}"
decimals = 6

[[coin]]
name = "USDC-ERC20"
chain_id = "60"
token_id = "{usdc}"
decimals = 6
"#
    );
    if set == RuleSet::Tests {
        text.push_str(&format!(
            "\n[[coin]]\nname = \"FALSE-ERC20\"\nchain_id = \"60\"\ntoken_id = \"{false_token}\"\ndecimals = 6\n"
        ));
    }
    if let Some(ledgers) = ledgers {
        text.push_str(&ledgers_coins(ledgers));
    }
    let (count, fees) = match (budget, set) {
        (_, RuleSet::Attacks) => (1000, "0.1"),
        (Budget::Day, _) => (1000, "20"),
        (Budget::Unbounded, _) => (1_000_000, "10000"),
    };
    let raised_cap = if set == RuleSet::Tests { "raised_cap = \"0.05\"\n" } else { "" };
    text.push_str(&format!(
        "\n[[fee]]\nchain_id = \"60\"\ncap = \"0.01\"\n{raised_cap}window = \"24h\"\nwindow_sum = \"{fees}\"\n"
    ));
    if ledgers.is_some() {
        // On XRP fees are tiny; on TRON a token transfer to a new recipient burns about 27 TRX without rented energy.
        for (chain, cap, sum) in [(xrp::CHAIN, "0.01", "1000"), (tron::CHAIN, "40", "1000000")] {
            text.push_str(&format!(
                "\n[[fee]]\nchain_id = \"{chain}\"\ncap = \"{cap}\"\nwindow = \"24h\"\nwindow_sum = \"{sum}\"\n"
            ));
        }
    }
    text.push_str("\n# Our own addresses: nothing would leave the house but the fee.\n[[rule]]\nid = \"to-ourselves\"\nrecipient = \"internal\"\noutcome = \"deny\"\n");
    let mut coins = vec!["Ethereum", "USDT-ERC20", "USDC-ERC20"];
    if ledgers.is_some() {
        coins.extend(["XRP", "TRX", "USDT-TRC20"]);
    }
    if set == RuleSet::Tests {
        text.push_str(TEST_RULES);
        coins.push("FALSE-ERC20");
    }
    if set == RuleSet::Attacks {
        text.push_str(&attacked_rules());
    }
    let table = |sum: &str| {
        let each: Vec<String> = coins.iter().map(|coin| format!("{coin} = \"{sum}\"")).collect();
        format!("{{ {} }}", each.join(", "))
    };
    text.push_str(&format!(
        r#"
# Small amounts to the outside, with the project's API key alone.
[[rule]]
id = "small"
applicant = "api"
recipient = "external"
max = {}
window = {{ length = "24h", count = {count}, sums = {} }}
budget = {}
caller_signed = false
outcome = "auto"

# Everything larger: one of the treasury, then two of finance, within a day.
[[rule]]
id = "large"
recipient = "external"
max = {}
outcome = "approve"
steps = [{{ group = "treasury", quorum = 1 }}, {{ group = "finance", quorum = 2 }}]
expires = "24h"
"#,
        table("1"),
        table(&count.to_string()),
        table(&(count * 10).to_string()),
        table("10000"),
    ));
    if ledgers.is_some() {
        text.push_str(UPKEEP_RULE);
    }
    match set {
        RuleSet::Demo => {}
        RuleSet::Tests => text.push_str(STUCK_RULES),
        RuleSet::Attacks => {
            text.push_str(LENIENT_RULE);
            text.push_str(STUCK_RULES);
        }
    }
    text
}

/// Networks and coins of the other chains.
fn ledgers_coins(ledgers: &Ledgers) -> String {
    format!(
        r#"
[[network]]
chain_id = "{xrp}"
family = "xrp"
network_id = "{}"

[[network]]
chain_id = "{tron}"
family = "tron"
network_id = "{}"

[[coin]]
name = "XRP"
chain_id = "{xrp}"
decimals = 6

[[coin]]
name = "TRX"
chain_id = "{tron}"
decimals = 6

[[coin]]
name = "USDT-TRC20"
chain_id = "{tron}"
token_id = "{}"
decimals = 6
"#,
        xrp::NETWORK,
        tron::NETWORK,
        ledgers.tron.usdt(),
        xrp = xrp::CHAIN,
        tron = tron::CHAIN,
    )
}

/// Amounts of the native coin that are told apart by their size.
const TEST_RULES: &str = r#"
[[rule]]
id = "never"
recipient = "external"
min = { Ethereum = "5000" }
outcome = "deny"

[[rule]]
id = "brief"
recipient = "external"
min = { Ethereum = "3" }
max = { Ethereum = "4" }
outcome = "approve"
steps = [{ group = "treasury", quorum = 1 }]
expires = "1m"

[[rule]]
id = "signed-by-the-caller"
recipient = "external"
min = { Ethereum = "1.5" }
max = { Ethereum = "2" }
window = { length = "24h", count = 100, sums = { Ethereum = "100" } }
budget = { Ethereum = "100" }
caller_signed = true
outcome = "auto"
"#;

/// Automatic rules whose limit three payouts of one unit reach: a count, a sum and a budget, each twice, because what
/// one attack has used up is no good for another. Then one that the caller signs for.
fn attacked_rules() -> String {
    let mut text = String::new();
    for (project, id, count, sum, budget) in [
        (2001, "counted", 3, 1000, 1000),
        (2002, "summed", 1000, 3, 1000),
        (2003, "budgeted", 1000, 1000, 3),
        (2004, "counted-again", 3, 1000, 1000),
        (2005, "summed-again", 1000, 3, 1000),
        (2006, "budgeted-again", 1000, 1000, 3),
    ] {
        text.push_str(&format!(
            r#"
[[rule]]
id = "{id}"
projects = [{project}]
recipient = "external"
max = {{ Ethereum = "1" }}
window = {{ length = "24h", count = {count}, sums = {{ Ethereum = "{sum}" }} }}
budget = {{ Ethereum = "{budget}" }}
caller_signed = false
outcome = "auto"
"#
        ));
    }
    text.push_str(
        r#"
# At any hour; but that its hour matters is what counts.
[[rule]]
id = "by-hours"
projects = [2007]
recipient = "external"
hours = "00:00-24:00"
max = { Ethereum = "1" }
window = { length = "24h", count = 100, sums = { Ethereum = "1000" } }
budget = { Ethereum = "1000" }
caller_signed = false
outcome = "auto"

[[rule]]
id = "signed-by-the-caller"
recipient = "external"
min = { Ethereum = "1.5" }
max = { Ethereum = "2" }
window = { length = "24h", count = 100, sums = { Ethereum = "1000" } }
budget = { Ethereum = "1000" }
caller_signed = true
outcome = "auto"
"#,
    );
    text
}

/// What people may order of a wallet itself, such as tickets on the XRP Ledger.
const UPKEEP_RULE: &str = r#"
[[rule]]
id = "upkeep"
kind = "maintenance"
outcome = "approve"
steps = [{ group = "treasury", quorum = 1 }]
expires = "24h"
"#;

/// What comes after `large`, for attacks.
const LENIENT_RULE: &str = r#"
[[rule]]
id = "lenient"
recipient = "external"
outcome = "approve"
steps = [{ group = "treasury", quorum = 1 }]
expires = "24h"
"#;

/// What people may do about a payout that is stuck.
const STUCK_RULES: &str = r#"
[[rule]]
id = "void"
kind = "void"
outcome = "approve"
steps = [{ group = "treasury", quorum = 1 }]
expires = "24h"

[[rule]]
id = "raise"
kind = "raise_cap"
outcome = "approve"
steps = [{ group = "treasury", quorum = 1 }]
expires = "24h"
"#;
