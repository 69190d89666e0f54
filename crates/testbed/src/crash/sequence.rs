//! One crash after another, on the road that every payout takes.

use std::time::{Duration, Instant};

use payout::coin::Family;
use tokio::task::JoinSet;

use super::caller::{Payout, Road, Wanted};
use super::rig::{PATIENCE, Rig};
use super::{CrashError, proof};

/// Between two looks whether a payout has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The points that a payout comes by, in its order. Those that stops, freezes, policies and ceremonies come by are not
/// among them.
pub const POINTS: &[&str] = &[
    "payout stored",
    "approval stored",
    "before a sight is journaled",
    "after a sight is journaled",
    "counter written",
    "before peers' entries are journaled",
    "after peers' entries are journaled",
    "token taken",
    "unsigned bytes stored",
    "signing begun",
    "session opened",
    "session begun",
    "journals exchanged",
    "checks passed",
    "before a contribution is journaled",
    "after a contribution is journaled",
    "round 1 sent",
    "round 2 sent",
    "round 3 sent",
    "signature made",
    "signature told",
    "signature received",
    "signed bytes stored",
    "broadcast sent",
    "broadcast recorded",
    "inclusion seen",
    "finality seen",
    "end stored",
    "callback sent",
    "callback recorded",
];

/// The points of them that a payout on a chain of this family comes by.
pub fn points_of(family: Family) -> Vec<&'static str> {
    let mut points = POINTS.to_vec();
    match family {
        Family::Evm | Family::Tron => {}
        // What is in a validated ledger is final: nothing is seen in one before.
        Family::Xrp => points.retain(|point| *point != "inclusion seen"),
    }
    points
}

/// From here to there a payout comes by all points again when its session is held again.
const HELD_AGAIN: (&str, &str) = ("session opened", "signature made");

/// Whether a payout that crashed at `first` still comes by `second`.
fn comes_by(first: &str, second: &str) -> bool {
    let place = |point: &str| POINTS.iter().position(|listed| *listed == point);
    let (from, to) = (place(HELD_AGAIN.0), place(HELD_AGAIN.1));
    let again = |point| place(point) >= from && place(point) <= to;
    place(second) > place(first) || (again(first) && again(second))
}

/// Has a process killed at each of these points, one after the other, under payouts on a chain of this family; then lets
/// them end, and proves each. A payout that can't come by the next point any more gets company. Gives the payouts.
///
/// # Errors
/// [`CrashError`].
pub async fn through(rig: &mut Rig, family: Family, points: &[&str]) -> Result<Vec<Payout>, CrashError> {
    let road = if points.contains(&"approval stored") { Road::Approved } else { Road::Automatic };
    let mut crowd = Crowd::of(family, road);
    let mut before = None;
    for point in points {
        rig.arm(point)?;
        // Armed first: who rises may come by the point before anything else.
        rig.revive()?;
        if before.is_none_or(|before| !comes_by(before, point)) {
            crowd.join(rig)?;
        }
        crowd.until_death(rig, point).await?;
        before = Some(point);
    }
    let payouts = crowd.end(rig).await?;
    let caller = rig.caller()?;
    for payout in &payouts {
        proof::paid_once(&rig.stage, &caller, payout).await?;
    }
    Ok(payouts)
}

/// Payouts of one kind that are under way.
struct Crowd {
    family: Family,
    road: Road,
    asking: JoinSet<Result<Payout, CrashError>>,
    accepted: Vec<Payout>,
}

impl Crowd {
    fn of(family: Family, road: Road) -> Self {
        Self { family, road, asking: JoinSet::new(), accepted: Vec::new() }
    }

    fn join(&mut self, rig: &Rig) -> Result<(), CrashError> {
        let (caller, wanted) = (rig.caller()?, rig.wanted_of(self.family, self.road));
        self.asking.spawn(async move { caller.pay(wanted).await });
        Ok(())
    }

    /// Waits until somebody has died at the point that is armed.
    async fn until_death(&mut self, rig: &mut Rig, point: &str) -> Result<(), CrashError> {
        let start = Instant::now();
        loop {
            if !rig.is_armed() && !rig.dead()?.is_empty() {
                return Ok(());
            }
            // Nobody else may die: a process that has ended otherwise is an error.
            if rig.dead()?.is_empty() && self.have_ended(rig).await? && rig.is_armed() {
                self.join(rig)?;
            }
            if start.elapsed() > PATIENCE {
                let what = format!("a crash at {point:?}");
                return Err(CrashError::Late { what, waited: PATIENCE, seen: rig.logs() });
            }
            tokio::time::sleep(LOOK / 3).await;
        }
    }

    async fn end(mut self, rig: &mut Rig) -> Result<Vec<Payout>, CrashError> {
        let start = Instant::now();
        loop {
            rig.revive()?;
            if self.have_ended(rig).await? {
                return Ok(self.accepted);
            }
            if start.elapsed() > PATIENCE {
                let what = "the end of a payout".to_owned();
                return Err(CrashError::Late { what, waited: PATIENCE, seen: self.told(rig).await });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether all are accepted, paid, and their callers told.
    async fn have_ended(&mut self, rig: &Rig) -> Result<bool, CrashError> {
        while let Some(done) = self.asking.try_join_next() {
            self.accepted.push(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?);
        }
        let caller = rig.caller()?;
        for payout in &self.accepted {
            if !caller.is_done(&rig.stage, payout.cid, &[6]).await? {
                return Ok(false);
            }
        }
        Ok(self.asking.is_empty())
    }

    /// What the gateway says of them, for errors.
    async fn told(&self, rig: &Rig) -> String {
        let Ok(caller) = rig.caller() else { return String::new() };
        let mut text = format!("{} requests without an answer\n", self.asking.len());
        for payout in &self.accepted {
            text.push_str(&caller.explain(payout.cid).await);
        }
        text.push_str(&rig.logs());
        text
    }
}

impl Rig {
    /// A payout on the EVM chain to an address that nobody has used: of the native coin by the automatic rule, of a token
    /// by approval.
    pub fn wanted(&self, road: Road) -> Wanted {
        self.wanted_of(Family::Evm, road)
    }

    /// The same on a chain of this family.
    pub fn wanted_of(&self, family: Family, road: Road) -> Wanted {
        let (coin, amount) = match (family, road) {
            (Family::Evm, Road::Automatic) => ("Ethereum", "0.01"),
            (Family::Evm, Road::Approved) => ("USDC-ERC20", "2"),
            // Less makes no account.
            (Family::Xrp, Road::Automatic) => ("XRP", "1"),
            (Family::Xrp, Road::Approved) => ("XRP", "2"),
            (Family::Tron, Road::Automatic) => ("USDT-TRC20", "0.25"),
            (Family::Tron, Road::Approved) => ("TRX", "2"),
        };
        let coin = self.stage.coin(coin);
        Wanted { order: self.stage.order(&coin, amount), coin, road }
    }
}
