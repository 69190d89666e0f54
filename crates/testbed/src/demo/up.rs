//! `bursar-demo up`: the same as `once`, and then it stays.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::description::Description;
use super::{DemoError, Stage, once, stage};
use crate::deployment::Plan;
use crate::deployment::cast::{FINANCE, TREASURY};
use crate::progress::Progress;
use crate::vendor::Vendor;

const LOOK: Duration = Duration::from_millis(500);

/// Sets everything up, makes two payouts, and says how to go on.
///
/// # Errors
/// [`DemoError`].
pub async fn start(root: &Path, progress: &Progress) -> Result<Stage, DemoError> {
    let stage = stage::set(root, Plan::DEMO, progress).await?;
    once::show(&stage, progress).await?;
    let path = Description::of(&stage)?.write(root)?;
    progress.say(&invitation(&stage, &path)?);
    Ok(stage)
}

/// Tells of callbacks and of processes that end, for ever.
pub async fn watch(stage: &mut Stage, progress: &Progress) {
    let mut told = stage.receiver.received().len();
    let mut running: Vec<String> = names(stage);
    loop {
        let received = stage.receiver.received();
        for callback in received.iter().skip(told) {
            let status = callback.status().unwrap_or(-1);
            let verified = if callback.faults.is_empty() { "verified" } else { "NOT as the contract says" };
            let cid = callback.cid().unwrap_or(-1);
            progress.say(&format!("callback: payout {cid} has status {status} ({verified})"));
        }
        told = received.len();
        let now = names(stage);
        for name in running.iter().filter(|name| !now.contains(name)) {
            progress.say(&format!(
                "{name} has ended; its log is in {}",
                stage.deployment.folder().logs().display()
            ));
        }
        running = now;
        tokio::time::sleep(LOOK).await;
    }
}

fn names(stage: &mut Stage) -> Vec<String> {
    stage.deployment.running().into_iter().map(|(name, _)| name).collect()
}

/// What somebody can do now.
fn invitation(stage: &Stage, description: &Path) -> Result<String, DemoError> {
    let deployment = &stage.deployment;
    let doors = deployment.doors()?;
    let folder = deployment.folder();
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes all text");
    line(format!("\nThe demo is up. Ctrl-C ends it. All of it is described in {}\n", description.display()));
    line(format!("  payout API     {}", doors.api_url()));
    line(format!("  operators' API {}  (/status and /metrics ask for no signature)", doors.operator_url()));
    line(format!("  chain          {}", deployment.anvil().url()));
    line(format!("  rules          {}", folder.document("rules").display()));
    line(format!("  logs           {}", folder.logs().display()));
    line(
        "\nA payout of 2.5 coins, which people approve. The signature is good for five minutes:\n".to_owned(),
    );
    line(curl(stage, &deployment.vendor()?));
    let bursar = crate::place::program("bursar").map_err(crate::deployment::DeploymentError::from)?;
    let as_somebody =
        |name: &str| format!("  {} --as {name} --key {}", bursar.display(), folder.key(name).display());
    line(
        "\nApprove it with the number (cid) of the reply: one of the treasury, two of finance.\n".to_owned(),
    );
    line(format!(
        "  export BURSAR_URL={} BURSAR_GENESIS={}",
        doors.operator_url(),
        folder.genesis().display()
    ));
    line(format!("  export BURSAR_PASSPHRASE_FILE={}", folder.passphrase().display()));
    for name in [TREASURY[0], FINANCE[0], FINANCE[1]] {
        line(format!("{} payout approve CID", as_somebody(name)));
    }
    line("\nWhat happens to it, and why:\n".to_owned());
    line(format!("{} why CID\n", as_somebody(TREASURY[0])));
    Ok(text)
}

/// A ready-signed request in the shape and order of the vendor's v2 example, as a command.
fn curl(stage: &Stage, vendor: &Vendor) -> String {
    const ORDER: [&str; 12] = [
        "pid",
        "wallet_id",
        "currency",
        "from_address",
        "to_address",
        "amount",
        "remark",
        "third_party_id",
        "callback_url",
        "nonce",
        "timestamp",
        "sign",
    ];
    let order = stage.order(&stage.coin("Ethereum"), "2.5");
    let mut fields = order.fields();
    fields["from_address"] = stage.from.clone().into();
    let signed = vendor.signed(fields);
    let pairs: Vec<String> =
        ORDER.iter().filter_map(|key| Some(format!("\"{key}\": {}", signed.get(*key)?))).collect();
    let url = vendor.base_url();
    format!(
        "  curl -s {url}/api/v2/payout -H 'Content-Type: application/json' \\\n    -d '{{{}}}'",
        pairs.join(", ")
    )
}
