//! Fire: payouts at random, and everything that can go wrong at random, for as long as one likes; then the account.
//!
//! - [`traffic`]: the payouts, and callers who keep trying.
//! - [`mischief`]: kills, crash points, processes that hang, nodes that reorganise, forget, restart and lie, receivers that
//!   are dead, old copies of databases and co-signers.
//! - [`people`]: admins and operators, who freeze and lift, pause, and confirm what a restored database learnt.
//! - [`account`]: what became of every payout, read from the chain and from what callers heard.
//!
//! The seed decides what happens in which order; the machine decides how it meets.

pub mod account;
pub mod mischief;
pub mod people;
pub mod traffic;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::copies::CopiesError;
use crate::crash::CrashError;
use crate::crash::compile;
use crate::crash::rig::Rig;
use crate::demo::{DemoError, Stage, stage};
use crate::deployment::{Nodes, Plan};
use crate::dice::Dice;
use crate::progress::Progress;
use crate::proxy::Proxy;

use account::Account;
use mischief::Mischief;
use people::People;
use traffic::Traffic;

/// How long everything may take to settle once nothing goes wrong any more.
const SETTLE: Duration = Duration::from_secs(240);
/// The gateway asks so many nodes, and believes what all of them say.
const NODES: u8 = 2;
/// Tickets on the XRP Ledger: as many as a fire's first minutes use up.
const TICKETS: u32 = 60;
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
    /// A copy was not taken or not put back.
    #[error(transparent)]
    Copies(#[from] CopiesError),
    /// The nodes' stand-ins did not start.
    #[error("no port for a node: {0}")]
    Nodes(#[source] std::io::Error),
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// How long.
    pub length: Duration,
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
    let step = progress.step("tickets");
    stage.order_tickets(TICKETS).await?;
    step.done("ordered by an operator, approved by the treasury, on the ledger");
    let nodes = kindled(&mut stage).await?;
    let mut rig = Rig::of(stage);
    rig.whole().await?;
    rig.stage.deployment.anvil_mut().make_final().await?;

    let mut dice = Dice::new(wish.seed);
    let mut traffic = Traffic::new(rig.caller()?, dice.fork());
    let mut people = People::new(&rig)?;
    let mut mischief = Mischief::new(dice, nodes);
    let step = progress.step("fire");
    let start = Instant::now();
    let mut news = Instant::now();
    while start.elapsed() < wish.length {
        traffic.go_on(&rig, people.untold());
        people.go_on();
        mischief.go_on(&mut rig, &mut people).await?;
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
        people.go_on();
        traffic.collect(&rig, people.untold());
        step.at(&traffic.news());
        tokio::time::sleep(LOOK * 5).await;
    }
    step.done(&traffic.news());

    let step = progress.step("account");
    let payouts = traffic.end().await;
    let account = account::draw_up(&rig, &payouts, people.untold(), progress).await?;
    step.done(&format!("{} of {} paid once", account.paid_once, account.payouts));
    rig.stage.stop().await;
    Ok(account)
}

/// Stops what runs without crash points, so that it starts with them, and with nodes that can be spoiled.
async fn kindled(stage: &mut Stage) -> Result<Vec<Proxy>, FireError> {
    let deployment = &mut stage.deployment;
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(Proxy::start(deployment.anvil().url()).await.map_err(FireError::Nodes)?);
    }
    deployment.use_nodes(Nodes { urls: nodes.iter().map(Proxy::url).collect(), witnesses: NODES });
    let order = deployment.folder().root().join(crate::crash::rig::ORDER);
    deployment.use_crash_points(order);
    deployment.stop_gateway().await;
    for index in 1..=deployment.plan().cosigners {
        deployment.kill_cosigner(index);
    }
    deployment.start().await.map_err(CrashError::from)?;
    Ok(nodes)
}
