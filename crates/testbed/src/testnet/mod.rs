//! `bursar-demo testnet`: one payout on a public test network, with a gateway, three co-signers and people of this
//! machine.
//!
//! The wallet is new, made by a ceremony for this one run. Whoever runs it funds the wallet's address, by hand or from a
//! faucet, or names a file with a key from which it is funded. What is left in the wallet stays there: its key shares lie
//! in the run's folder until the next run.

mod purse;
mod rehearsal;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gateway::node::{Hold, NodeError};
use payout::money::{Amount, AmountError};
use serde::Serialize;

use crate::demo::payment::Paid;
use crate::demo::stage::{self, OwnNote};
use crate::demo::{DemoError, Stage};
use crate::deployment::cast::TREASURY;
use crate::deployment::folder::Folder;
use crate::deployment::public::{DECIMALS, Public, PublicError};
use crate::deployment::{Deployment, DeploymentError, Plan};
use crate::ledgers::{Chains, LedgerError};
use crate::progress::Progress;
use crate::vendor::Order;

use purse::Purse;
pub use rehearsal::rehearse;

/// What to set, and where it comes from.
pub const HOW: &str = "\
make testnet pays once on a public test network, through a gateway and three co-signers of this machine. It needs

  CHAIN=144      the XRP Ledger's test network; or CHAIN=198, TRON's Shasta
  NODE=url       a server of that network (several in quotes, with blanks between), such as
                   144: https://s.altnet.rippletest.net:51234
                   198: https://api.shasta.trongrid.io
  TO=address     who is paid: any address of that network, an account of yours for example

and takes, if you give them,

  AMOUNT=1.5     how much, whole coins (1.5 if not given; XRP makes a new account only of its reserve or more)
  MEMO=123       a destination tag, on XRP
  KEY=file       a file with the secret of an account of that network that has coins: 64 hex digits, or for XRP the seed
                 that begins with s. The new wallet is funded from it. Make an account for this: never use a key that
                 holds anything on a main network, where a payment of XRP's test network could be sent again.

Without KEY it prints the new wallet's address and waits until coins have come. For those there are faucets:
  144: https://xrpl.org/resources/dev-tools/xrp-faucets, or
       curl -H 'Content-Type: application/json' -d '{\"destination\": \"ADDRESS\"}' https://faucet.altnet.rippletest.net/accounts
  198: those that https://developers.tron.network/docs/networks names for Shasta
Each run makes a new wallet and removes the last one, whose key shares lie in var/testnet: what it still has is lost.

DRY_RUN=1 with CHAIN alone does the same on a stand-in for the network on this machine, coins included.
";

/// How long coins may take to come: from a key of ours, and by people's hands.
const SENT: Duration = Duration::from_secs(300);
const BY_HAND: Duration = Duration::from_secs(3600);
const LOOK: Duration = Duration::from_secs(1);

/// Two of three co-signers, as in the demo, on the public network alone.
const PLAN: Plan = Plan { name: "testnet", chains: Chains::Evm, ..Plan::DEMO };

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The contract's number of the chain.
    pub chain: String,
    /// URLs of its nodes.
    pub nodes: Vec<String>,
    /// The file with the key from which the wallet is funded, if that is not done by hand.
    pub key: Option<PathBuf>,
    /// Who is paid.
    pub to: String,
    /// How much, token units.
    pub amount: String,
    /// Destination tag.
    pub memo: Option<String>,
}

/// The last line on standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The wallet's address.
    pub wallet: String,
    /// The transaction that funded it, if it was not funded by hand.
    pub funded_by: Option<String>,
    /// The payout.
    pub payout: Paid,
}

/// Why it did not come to that.
#[derive(Debug, thiserror::Error)]
pub enum TestnetError {
    /// The payout.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The network.
    #[error(transparent)]
    Public(#[from] PublicError),
    /// The stand-in of a dry run.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The amount.
    #[error("the amount {0}")]
    Amount(#[from] AmountError),
    /// A file.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The key.
    #[error("{} holds no secp256k1 key: 64 hex digits, or for XRP a seed that begins with s", .0.display())]
    Key(PathBuf),
    /// The funding payment can't be made.
    #[error("the wallet can't be funded from {from}")]
    Funding {
        /// The key's address.
        from: String,
        /// Why.
        #[source]
        source: Box<Hold>,
    },
    /// A node did not take it.
    #[error("the network gives no answer")]
    Node(#[from] NodeError),
    /// Nothing came.
    #[error("{wallet} has {has} and needs {needs}: after {} s nothing more has come{}", waited.as_secs(), sent.as_ref().map(|txid| format!(" of {txid}")).unwrap_or_default())]
    NotFunded {
        /// The wallet's address.
        wallet: String,
        /// What it has, whole coins.
        has: String,
        /// What it needs, whole coins.
        needs: String,
        /// How long it was waited for.
        waited: Duration,
        /// The payment that should have come.
        sent: Option<String>,
    },
}

/// A wish that can be tried.
struct Trial {
    public: Public,
    purse: Option<Purse>,
    amount: Amount,
}

impl Trial {
    /// Whatever is wrong with the wish is said before anything is made.
    fn of(wish: &Wish) -> Result<Self, TestnetError> {
        let public = Public::of(&wish.chain, &wish.nodes)?;
        public.address(&wish.to)?;
        let amount = Amount::parse(&wish.amount, DECIMALS)?;
        let purse = wish.key.as_ref().map(|path| Purse::open(&public, path)).transpose()?;
        Ok(Self { public, purse, amount })
    }

    /// The payout, and a margin for what accounts and fees cost.
    fn needs(&self) -> Amount {
        let margin = self.public.about().margin * 10_u128.pow(DECIMALS.into());
        self.amount.checked_add(Amount::from_u128(margin)).unwrap_or(self.amount)
    }
}

/// Runs it in a folder, which is emptied first.
///
/// # Errors
/// [`TestnetError`] for whatever did not go right.
pub async fn run(root: &Path, wish: &Wish, progress: &Progress) -> Result<Outcome, TestnetError> {
    let trial = Trial::of(wish)?;
    // A server that is silent, or of another network, a main one at that, is noticed by any question.
    trial.public.balance(&wish.to).await?;
    run_in(stage::clear(root).await?, wish, &trial, progress).await
}

async fn run_in(
    (folder, note): (Folder, OwnNote),
    wish: &Wish,
    trial: &Trial,
    progress: &Progress,
) -> Result<Outcome, TestnetError> {
    let about = trial.public.about();
    progress.say(&format!("{} {} to {} on {}", wish.amount, about.coin, wish.to, about.name));

    let step = progress.step("gateway and co-signers");
    let mut deployment = Deployment::found_on(trial.public.clone(), folder, PLAN).await?;
    deployment.start().await?;
    step.done("keys and genesis written, all processes ready");
    let step = progress.step("key ceremony");
    let wallet = deployment.make_wallet(|_| {}).await?;
    step.done(&wallet.fingerprint.to_string());
    let step = progress.step("rules with the wallet");
    deployment.publish_wallet(wallet).await?;
    deployment.create_project().await?;
    let mut addresses = deployment.payout_addresses()?;
    let wallet = addresses.remove(about.chain_id).unwrap_or_default();
    step.done(&format!("its address is {wallet}"));

    let funded_by = fund(trial, &wallet, progress).await?;
    let stage = Stage::of(deployment, wallet.clone()).await?;
    let paid = pay(&stage, wish, progress).await;
    let step = progress.step("stop");
    stage.stop().await;
    drop(note);
    step.done("all processes ended");
    Ok(Outcome { wallet, funded_by, payout: paid? })
}

/// Sends the wallet what it needs, or asks people to; and waits until it has it.
async fn fund(trial: &Trial, wallet: &str, progress: &Progress) -> Result<Option<String>, TestnetError> {
    let Trial { public, purse, .. } = trial;
    let coin = public.about().coin;
    let needs = trial.needs();
    let in_words = |amount: Amount| amount.to_decimal(DECIMALS);
    let (sent, patience) = match purse {
        None => {
            progress.say(&format!(
                "\n  Send {} {coin} of {} or more to\n\n      {wallet}\n\n  It is waited for.\n",
                in_words(needs),
                public.about().name
            ));
            (None, BY_HAND)
        }
        Some(purse) => (Some(purse.send(&public.address(wallet)?, needs).await?), SENT),
    };
    let step = progress.step("funds");
    let start = Instant::now();
    loop {
        // A server that does not answer now may in a moment.
        let has = public.balance(wallet).await;
        match &has {
            Ok(has) if *has >= needs => {
                step.done(&format!("{} {coin} are there", in_words(*has)));
                return Ok(sent);
            }
            Ok(has) => step.at(&format!("{} {coin} of {}", in_words(*has), in_words(needs))),
            Err(error) => step.at(&error.to_string()),
        }
        if start.elapsed() >= patience {
            let (has, needs) = (in_words(has?), in_words(needs));
            return Err(TestnetError::NotFunded {
                wallet: wallet.to_owned(),
                has,
                needs,
                waited: patience,
                sent,
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn pay(stage: &Stage, wish: &Wish, progress: &Progress) -> Result<Paid, DemoError> {
    let about = stage.deployment.public().map(Public::about).expect("it was founded on one");
    let coin = stage.coin(about.coin);
    let order = Order { to: wish.to.clone(), memo: wish.memo.clone(), ..stage.order(&coin, &wish.amount) };
    stage.pay_order(&coin, &order, &[TREASURY[0]], progress).await
}
