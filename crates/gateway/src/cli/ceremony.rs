//! Following a ceremony on the terminal, and reading its end.

use std::collections::BTreeSet;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use payout::ids::{Address, ChainId};

use super::failure::Failure;
use super::table::{harmless, table};
use crate::client::OperatorClient;
use crate::operator::wallets::{CeremonySheet, CeremonyVoice};

/// How often the gateway is asked.
const PAUSE: Duration = Duration::from_millis(300);
/// A ceremony that is longer has failed: co-signers give up before.
const LONGEST: Duration = Duration::from_secs(300);

/// Shows how each co-signer comes on, until the end.
pub(super) async fn follow(client: &OperatorClient, label: &str) -> Result<CeremonySheet, Failure> {
    // Hidden by itself where the standard error stream is no terminal.
    let screen = MultiProgress::new();
    let mut lines: Vec<ProgressBar> = Vec::new();
    let begun = tokio::time::Instant::now();
    loop {
        let sheet = client.ceremony(label).await?;
        for (index, voice) in sheet.cosigners.iter().enumerate() {
            if lines.len() <= index {
                let line = screen.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg}") {
                    line.set_style(style);
                }
                line.set_prefix(voice.name.clone());
                line.enable_steady_tick(Duration::from_millis(100));
                lines.push(line);
            }
            lines[index].set_message(harmless(&voice.stage));
        }
        if sheet.done || sheet.failed.is_some() {
            for line in lines {
                line.finish_and_clear();
            }
            return ended(sheet);
        }
        if begun.elapsed() > LONGEST {
            return Err(Failure::refused("the ceremony does not end")
                .next("look at the co-signers' logs; what it made so far signs nothing, so hold it again"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn ended(sheet: CeremonySheet) -> Result<CeremonySheet, Failure> {
    if let Some(why) = &sheet.failed {
        return Err(Failure::refused(format!("the ceremony failed: {}", harmless(why)))
            .next("look at that co-signer's log, then hold it again; what it made signs nothing"));
    }
    let fingerprints: BTreeSet<&str> =
        sheet.cosigners.iter().filter_map(|voice| voice.fingerprint.as_deref()).collect();
    let all = sheet.cosigners.iter().all(|voice| voice.fingerprint.is_some());
    let named = sheet.entry.as_ref().map(|entry| entry.fingerprint.as_str());
    let one = fingerprints.len() == 1 && fingerprints.first().copied() == named;
    if all && one {
        return Ok(sheet);
    }
    Err(Failure::refused("the co-signers don't report one and the same fingerprint")
        .next("sign nothing; look at each co-signer's own terminal"))
}

/// What a person compares with the co-signers' own terminals.
pub(super) fn text(sheet: &CeremonySheet, addresses: &[(ChainId, Address)]) -> String {
    let row = |voice: &CeremonyVoice| {
        [voice.name.clone(), voice.fingerprint.clone().unwrap_or_else(|| harmless(&voice.stage))]
    };
    let rows: Vec<_> = sheet.cosigners.iter().map(row).collect();
    let mut text =
        format!("Wallet {}: {}\n{}", sheet.wallet, sheet.what, table(["CO-SIGNER", "FINGERPRINT"], &rows));
    for (chain, address) in addresses {
        text.push_str(&format!("address on chain {chain}: {address}\n"));
    }
    text
}
