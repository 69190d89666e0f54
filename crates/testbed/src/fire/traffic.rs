//! The payouts of a fire, and callers who keep trying.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::crash::CrashError;
use crate::crash::caller::{Caller, Payout, Road, Standing, Wanted};
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
/// Before a request without an answer, or with a refusal, is made again: what was restored a moment ago may not know it.
const AGAIN: Duration = Duration::from_millis(300);
/// Of a hundred requests as many are made twice at once, and as many break off before their answer.
const TWICE: u64 = 15;
const BROKEN_OFF: u64 = 15;

/// What a payout is made of: coin, amount, who decides.
const KINDS: [(&str, &str, Road); 9] = [
    ("Ethereum", "0.001", Road::Automatic),
    ("USDC-ERC20", "0.25", Road::Automatic),
    ("USDT-ERC20", "1", Road::Automatic),
    ("USDC-ERC20", "2", Road::Approved),
    ("USDT-ERC20", "40.5", Road::Approved),
    ("XRP", "1", Road::Automatic),
    ("TRX", "0.5", Road::Automatic),
    ("USDT-TRC20", "0.25", Road::Automatic),
    ("USDT-TRC20", "2", Road::Approved),
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
    looking: JoinSet<(Payout, Look)>,
    /// Requests that nobody waits for.
    stray: JoinSet<()>,
    repeated: u64,
    asked_anew: u64,
}

/// What a look found.
enum Look {
    Ended,
    UnderWay,
    Forgotten,
    /// The caller's number is that of an earlier payout, which a restored database did not know when it was asked anew.
    Displaced {
        by: i64,
    },
}

impl Traffic {
    /// None yet.
    pub fn new(caller: Caller, dice: Dice) -> Self {
        let now = Instant::now();
        Self {
            caller: caller.waiting(PATIENCE, AGAIN),
            dice,
            next: now,
            asking: JoinSet::new(),
            unanswered: Vec::new(),
            under_way: Vec::new(),
            ended: Vec::new(),
            looked: now,
            looking: JoinSet::new(),
            stray: JoinSet::new(),
            repeated: 0,
            asked_anew: 0,
        }
    }

    /// Asks for the next payout when its time has come, and looks after the others. `untold` are payouts whose callers
    /// are not told by themselves any more.
    pub fn go_on(&mut self, rig: &Rig, untold: &BTreeSet<i64>) {
        self.collect(rig, untold);
        let many = self.asking.len() + self.under_way.len() + self.looking.len();
        if Instant::now() < self.next || many >= UNDER_WAY {
            return;
        }
        self.next = Instant::now() + Duration::from_millis(self.dice.below(2 * PAUSE_MS));
        let (coin, amount, road) = *self.dice.pick(&KINDS);
        let coin = rig.stage.coin(coin);
        let wanted = Wanted { order: rig.stage.order(&coin, amount), coin, road };
        if self.dice.percent(BROKEN_OFF) {
            let length = Duration::from_millis(self.dice.below(25));
            self.stray(&wanted, length);
        }
        if self.dice.percent(TWICE) {
            self.stray(&wanted, PATIENCE);
        }
        self.ask(wanted);
    }

    fn ask(&mut self, wanted: Wanted) {
        let caller = self.caller.clone();
        self.asking.spawn(async move {
            let start = Instant::now();
            loop {
                let answer = caller.pay(wanted.clone()).await;
                if answer.is_ok() || start.elapsed() >= PATIENCE {
                    return (wanted, answer);
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
    }

    /// Makes the request beside the one that somebody waits for, and lets go of it after so long.
    fn stray(&mut self, wanted: &Wanted, length: Duration) {
        self.repeated += 1;
        let (caller, order) = (self.caller.clone(), wanted.order.clone());
        self.stray.spawn(async move {
            // Whether it is answered, and how, is nobody's business: that it does nothing more is on the chain.
            let _ = tokio::time::timeout(length, caller.ask(&order)).await;
        });
    }

    /// Takes in what has been answered and what has ended.
    pub fn collect(&mut self, rig: &Rig, untold: &BTreeSet<i64>) {
        while self.stray.try_join_next().is_some() {}
        while let Some(done) = self.asking.try_join_next() {
            match done {
                Ok((_, Ok(payout))) => self.under_way.push(payout),
                Ok((wanted, Err(error))) => self.unanswered.push((wanted, error.to_string())),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        while let Some(done) = self.looking.try_join_next() {
            let (payout, look) = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            match look {
                Look::Ended => self.ended.push(payout),
                Look::UnderWay => self.under_way.push(payout),
                Look::Displaced { by } => self.under_way.push(Payout { cid: by, ..payout }),
                Look::Forgotten => {
                    // A database from before the request was put back, and no co-signer knew of it.
                    self.asked_anew += 1;
                    self.ask(payout.wanted);
                }
            }
        }
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        for payout in std::mem::take(&mut self.under_way) {
            let told = rig.stage.receiver.has_acknowledged(payout.cid) || untold.contains(&payout.cid);
            let caller = self.caller.clone();
            self.looking.spawn(async move {
                let look = look(&caller, &payout, told).await;
                (payout, look)
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
            "{} payouts ended, {} under way, {} requests without an answer yet, {} made twice, {} made anew",
            self.ended.len(),
            self.under_way.len() + self.looking.len(),
            self.asking.len() + self.unanswered.len(),
            self.repeated,
            self.asked_anew,
        )
    }

    /// All payouts, those that somebody is looking after at this moment included, and the requests that nobody answered.
    pub async fn end(mut self) -> Outcome {
        while let Some(done) = self.looking.join_next().await {
            let (payout, look) = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            match look {
                Look::Ended => self.ended.push(payout),
                Look::UnderWay | Look::Forgotten => self.under_way.push(payout),
                Look::Displaced { by } => self.under_way.push(Payout { cid: by, ..payout }),
            }
        }
        let Self { unanswered, under_way, ended, .. } = self;
        Outcome { unended: under_way, ended, unanswered }
    }
}

/// A question without an answer is asked again; the account asks for reasons.
async fn look(caller: &Caller, payout: &Payout, told: bool) -> Look {
    let standing = caller.standing(payout.cid).await;
    if let Ok(Standing::At(3)) = standing
        && let Ok(Some(by)) = caller.by_number(&payout.wanted.order.third_party_id).await
        && by != payout.cid
    {
        return Look::Displaced { by };
    }
    match standing {
        Ok(Standing::At(2 | 3 | 4 | 6 | 7)) if told => Look::Ended,
        Ok(Standing::At(0)) if payout.wanted.road == Road::Approved => {
            // An old database may have lost approvals: whoever is asked again approves again.
            let _ = tokio::time::timeout(LOOK * 5, caller.approve(payout.cid)).await;
            Look::UnderWay
        }
        Ok(Standing::Unknown) => Look::Forgotten,
        Ok(Standing::At(_) | Standing::Silence) | Err(_) => Look::UnderWay,
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
