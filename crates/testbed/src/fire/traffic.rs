//! The payouts of a fire, and callers who keep trying.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::crash::CrashError;
use crate::crash::caller::{Caller, Payout, Road, Wanted};
use crate::crash::rig::Rig;
use crate::dice::Dice;

/// How long a caller waits for an answer before the account calls its payout lost.
const PATIENCE: Duration = Duration::from_secs(300);
/// As many payouts may be under way at once.
const UNDER_WAY: usize = 32;
/// Between two payouts, on average.
const PAUSE_MS: u64 = 250;
/// Between two looks whether payouts have ended.
const LOOK: Duration = Duration::from_millis(400);

/// What a payout is made of: coin, amount, who decides.
const KINDS: [(&str, &str, Road); 5] = [
    ("Ethereum", "0.001", Road::Automatic),
    ("USDC-ERC20", "0.25", Road::Automatic),
    ("USDT-ERC20", "1", Road::Automatic),
    ("USDC-ERC20", "2", Road::Approved),
    ("USDT-ERC20", "40.5", Road::Approved),
];

/// Payouts under way.
#[derive(Debug)]
pub struct Traffic {
    caller: Caller,
    dice: Dice,
    next: Instant,
    asking: JoinSet<(Wanted, Result<Payout, CrashError>)>,
    /// Without an answer, with the reason.
    unanswered: Vec<(Wanted, String)>,
    under_way: Vec<Payout>,
    ended: Vec<Payout>,
    looked: Instant,
    looking: JoinSet<(Payout, bool)>,
}

impl Traffic {
    /// None yet.
    pub fn new(caller: Caller, dice: Dice) -> Self {
        let now = Instant::now();
        Self {
            caller: caller.waiting(PATIENCE),
            dice,
            next: now,
            asking: JoinSet::new(),
            unanswered: Vec::new(),
            under_way: Vec::new(),
            ended: Vec::new(),
            looked: now,
            looking: JoinSet::new(),
        }
    }

    /// Asks for the next payout when its time has come, and looks after the others.
    pub fn go_on(&mut self, rig: &Rig) {
        self.collect(rig);
        let many = self.asking.len() + self.under_way.len() + self.looking.len();
        if Instant::now() < self.next || many >= UNDER_WAY {
            return;
        }
        self.next = Instant::now() + Duration::from_millis(self.dice.below(2 * PAUSE_MS));
        let (coin, amount, road) = *self.dice.pick(&KINDS);
        let coin = rig.stage.coin(coin);
        let wanted = Wanted { order: rig.stage.order(&coin, amount), coin, road };
        let caller = self.caller.clone();
        self.asking.spawn(async move { (wanted.clone(), caller.pay(wanted).await) });
    }

    /// Takes in what has been answered and what has ended.
    pub fn collect(&mut self, rig: &Rig) {
        while let Some(done) = self.asking.try_join_next() {
            match done {
                Ok((_, Ok(payout))) => self.under_way.push(payout),
                Ok((wanted, Err(error))) => self.unanswered.push((wanted, error.to_string())),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        while let Some(done) = self.looking.try_join_next() {
            match done {
                Ok((payout, true)) => self.ended.push(payout),
                Ok((payout, false)) => self.under_way.push(payout),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        for payout in std::mem::take(&mut self.under_way) {
            let told = rig.stage.receiver.of(payout.cid).iter().any(|callback| callback.acknowledged);
            let caller = self.caller.clone();
            self.looking.spawn(async move {
                // A question without an answer is asked again; the account asks for reasons.
                let status = caller.status(payout.cid).await.ok().flatten();
                let ended = matches!(status, Some(2 | 3 | 4 | 6 | 7)) && told;
                (payout, ended)
            });
        }
    }

    /// Whether every payout has ended and its caller has heard of it.
    pub fn is_settled(&self) -> bool {
        self.asking.is_empty() && self.under_way.is_empty() && self.looking.is_empty()
    }

    /// In a line.
    pub fn news(&self) -> String {
        format!(
            "{} payouts ended, {} under way, {} requests without an answer yet",
            self.ended.len(),
            self.under_way.len() + self.looking.len(),
            self.asking.len() + self.unanswered.len()
        )
    }

    /// All payouts, and the requests that nobody answered.
    pub fn end(self) -> Outcome {
        let Self { unanswered, under_way, ended, .. } = self;
        Outcome { unended: under_way, ended, unanswered }
    }
}

/// What callers know at the end.
#[derive(Debug)]
pub struct Outcome {
    /// Ended, and their callers were told.
    pub ended: Vec<Payout>,
    /// Not, in all that time.
    pub unended: Vec<Payout>,
    /// Requests that were refused or not answered, with the reason.
    pub unanswered: Vec<(Wanted, String)>,
}
