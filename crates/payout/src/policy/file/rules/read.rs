//! Chains, coins, wallets and fees of the file.

use serde::Deserialize;
use toml::Spanned;

use super::rule::{self, RuleEntry};
use crate::coin::{Coin, CoinId, Family, Network};
use crate::ids::{ChainId, NetworkId, TokenId, WalletId};
use crate::policy::check::About;
use crate::policy::file::coins::{Coins, Sum, SumTable};
use crate::policy::file::lines::{FileError, Lines, Located, Source};
use crate::policy::file::when;
use crate::policy::{ApproverSite, Environment, FeeLimit, Rules, Wallet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    environment: Environment,
    book_cooling: Spanned<String>,
    approver: Option<ApproverSite>,
    #[serde(default)]
    network: Vec<NetworkEntry>,
    #[serde(default)]
    coin: Vec<CoinEntry>,
    #[serde(default)]
    wallet: Vec<WalletEntry>,
    #[serde(default)]
    fee: Vec<FeeEntry>,
    #[serde(default)]
    rule: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkEntry {
    chain_id: Spanned<ChainId>,
    family: Family,
    network_id: NetworkId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CoinEntry {
    name: Spanned<String>,
    chain_id: ChainId,
    token_id: Option<TokenId>,
    decimals: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletEntry {
    id: Spanned<i64>,
    public_key: Spanned<String>,
    chain_code: Spanned<String>,
    threshold: u8,
    share_count: u8,
    fingerprint: String,
    #[serde(default)]
    ceilings: SumTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeEntry {
    chain_id: Spanned<ChainId>,
    cap: Sum,
    raised_cap: Option<Sum>,
    window: Spanned<String>,
    window_sum: Sum,
}

/// Reads `rules.toml`. `file` is its name in errors.
///
/// # Errors
/// [`FileError`] with the line.
pub fn read_rules(file: &str, text: &str) -> Result<Located<Rules>, FileError> {
    let source = Source { file, text };
    let File { environment, book_cooling, approver, network, coin, wallet, fee, rule } = source.parse()?;
    let mut lines = Lines::default();
    let book_cooling_hours = hours(source, &book_cooling)?;
    let networks = network.into_iter().map(|entry| {
        let NetworkEntry { chain_id, family, network_id } = entry;
        lines.add(About::Network(chain_id.get_ref().clone()), source.line(&chain_id.span()));
        Network { chain_id: chain_id.into_inner(), family, network_id }
    });
    let networks = networks.collect();
    let mut listed = Vec::new();
    for CoinEntry { name, chain_id, token_id, decimals } in coin {
        let token_id = token_id.unwrap_or_else(|| CoinId::native(&chain_id).token_id);
        let line = source.line(&name.span());
        let coin = Coin { name: name.into_inner(), chain_id, token_id, decimals };
        lines.add(About::Coin(coin.id()), line);
        listed.push(coin);
    }
    let coins = Coins { source, coins: &listed };
    let mut wallets = Vec::new();
    for entry in wallet {
        let line = source.line(&entry.id.span());
        let wallet = read_wallet(source, &coins, entry)?;
        lines.add(About::Wallet(wallet.id), line);
        wallets.push(wallet);
    }
    let mut fees = Vec::new();
    for entry in fee {
        lines.add(About::Network(entry.chain_id.get_ref().clone()), source.line(&entry.chain_id.span()));
        fees.push(read_fee(source, &coins, &entry)?);
    }
    let mut rules = Vec::new();
    for entry in rule {
        let line = source.line(&entry.id.span());
        let rule = rule::read(source, &coins, entry)?;
        lines.add(About::Rule(rule.id.clone()), line);
        rules.push(rule);
    }
    let document =
        Rules { environment, networks, coins: listed, wallets, fees, approver, book_cooling_hours, rules };
    Ok(Located { document, lines })
}

fn read_wallet(source: Source<'_>, coins: &Coins<'_>, entry: WalletEntry) -> Result<Wallet, FileError> {
    let WalletEntry { id, public_key, chain_code, threshold, share_count, fingerprint, ceilings } = entry;
    let span = id.span();
    let id = WalletId::new(id.into_inner())
        .ok_or_else(|| source.error(&span, "a wallet's id is a positive number"))?;
    let public_key = source.read(&public_key, "a compressed public key: 66 hex digits", bytes)?;
    let chain_code = source.read(&chain_code, "a chain code: 64 hex digits", bytes)?;
    let ceilings = coins.table(&ceilings)?;
    Ok(Wallet { id, public_key, chain_code, threshold, share_count, fingerprint, ceilings })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}

fn read_fee(source: Source<'_>, coins: &Coins<'_>, entry: &FeeEntry) -> Result<FeeLimit, FileError> {
    let chain_id = entry.chain_id.get_ref();
    let native = CoinId::native(chain_id);
    let native = coins.coins.iter().find(|coin| coin.id() == native).ok_or_else(|| {
        source.error(&entry.chain_id.span(), format!("the native coin of chain {chain_id} is not listed"))
    })?;
    Ok(FeeLimit {
        chain_id: chain_id.clone(),
        cap: coins.sum(&entry.cap, native)?,
        raised_cap: entry.raised_cap.as_ref().map(|sum| coins.sum(sum, native)).transpose()?,
        window_hours: hours(source, &entry.window)?,
        window_sum: coins.sum(&entry.window_sum, native)?,
    })
}

/// Whole hours of a written span.
pub(super) fn hours(source: Source<'_>, written: &Spanned<String>) -> Result<u32, FileError> {
    source.read(written, "a span in whole hours or days, such as 24h or 7d", |text| {
        when::parse_minutes(text).filter(|minutes| minutes % 60 == 0).map(|minutes| minutes / 60)
    })
}
