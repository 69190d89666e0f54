//! Fire: payouts at random, and everything that can go wrong at random, for as long as one likes; then the account.
//!
//! - [`traffic`]: the payouts, and callers who keep trying.
//! - [`mischief`]: kills, crash points, pauses, reorganisations, lost transactions, receivers that are dead.
//! - [`account`]: what became of every payout, read from the chain and from what callers heard.
//!
//! The seed decides what happens in which order; the machine decides how it meets.

pub mod account;
pub mod mischief;
pub mod traffic;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::crash::CrashError;
use crate::crash::compile;
use crate::crash::rig::Rig;
use crate::demo::{DemoError, stage};
use crate::deployment::Plan;
use crate::dice::Dice;
use crate::progress::Progress;

use account::Account;
use mischief::Mischief;
use traffic::Traffic;

/// How long everything may take to settle once nothing goes wrong any more.
const SETTLE: Duration = Duration::from_secs(240);
/// Between two lines of news.
const NEWS: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Why the fire went out.
#[derive(Debug, thiserror::Error)]
pub enum FireError {
    /// The deployment was not made.
    #[error(transparent)]
    Stage(#[from] DemoError),
    /// Something that must not happen did.
    #[error(transparent)]
    Crash(#[from] CrashError),
    /// The chain.
    #[error(transparent)]
    Anvil(#[from] crate::anvil::AnvilError),
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// How long, minutes.
    pub minutes: u32,
    /// Decides what happens.
    pub seed: u64,
}

/// Burns, settles and counts. What stands in the way of a clean account is said on the way.
///
/// # Errors
/// [`FireError`] when it could not burn to the end.
pub async fn burn(root: &Path, wish: Wish, progress: &Progress) -> Result<Account, FireError> {
    progress.say(&format!("seed {}", wish.seed));
    let step = progress.step("programs with crash points");
    compile::programs()?;
    step.done("built");
    let mut stage = stage::set(root, Plan::FIRE, progress).await?;
    let mut rig = Rig::of(kindled(&mut stage).await.map(|()| stage)?);
    rig.whole().await?;

    let mut dice = Dice::new(wish.seed);
    let mut traffic = Traffic::new(rig.caller()?, dice.fork());
    let mut mischief = Mischief::new(dice);
    let step = progress.step("fire");
    let (start, length) = (Instant::now(), Duration::from_secs(u64::from(wish.minutes) * 60));
    let mut news = Instant::now();
    while start.elapsed() < length {
        traffic.go_on(&rig);
        mischief.go_on(&mut rig).await?;
        if news.elapsed() >= NEWS {
            news = Instant::now();
            progress.say(&format!(
                "{:>5} s  {}; {}",
                start.elapsed().as_secs(),
                traffic.news(),
                mischief.news()
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
    step.done(&format!("{}; {}", traffic.news(), mischief.news()));

    let step = progress.step("settle");
    mischief.end(&mut rig).await?;
    let start = Instant::now();
    while !traffic.is_settled() && start.elapsed() < SETTLE {
        rig.revive()?;
        traffic.collect(&rig);
        step.at(&traffic.news());
        tokio::time::sleep(LOOK * 5).await;
    }
    step.done(&traffic.news());

    let step = progress.step("account");
    let payouts = traffic.end();
    let account = account::draw_up(&rig, &payouts, progress).await?;
    step.done(&format!("{} of {} paid once", account.paid_once, account.payouts));
    rig.stage.stop().await;
    Ok(account)
}

/// Stops what runs without crash points, so that it starts with them.
async fn kindled(stage: &mut crate::demo::Stage) -> Result<(), FireError> {
    let deployment = &mut stage.deployment;
    let order = deployment.folder().root().join(crate::crash::rig::ORDER);
    deployment.use_crash_points(order);
    deployment.stop_gateway().await;
    for index in 1..=deployment.plan().cosigners {
        deployment.kill_cosigner(index);
    }
    deployment.start().await.map_err(CrashError::from)?;
    Ok(())
}
