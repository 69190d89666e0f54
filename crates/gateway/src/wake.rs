//! Wake-up signals between the parts of the gateway.
//!
//! A signal carries no data and may be lost: every loop also looks by timer, and reads what there is to do from the
//! database alone. `Notify` keeps one permit, so a signal that comes while a loop is at work is not lost either.

use std::sync::atomic::{AtomicI64, Ordering};

use payout::life::Step;
use payout::time::Millis;
use tokio::sync::Notify;

/// One signal for each loop.
#[derive(Debug, Default)]
pub struct Wake {
    screen: Bell,
    approve: Bell,
    build: Bell,
    sign: Bell,
    broadcast: Bell,
    confirm: Bell,
    callback: Notify,
}

/// What wakes the loop of a step.
#[derive(Debug, Default)]
struct Bell {
    work: Notify,
    sooner: Notify,
    /// When the loop looks again by its timer, ms since 1970.
    planned: AtomicI64,
}

impl Wake {
    /// The signal of an engine's step: there is work.
    pub const fn of(&self, step: Step) -> &Notify {
        &self.bell(step).work
    }

    /// The loop of a step is about to ask the database when it has to look again: it hears of everything from here on.
    pub(crate) fn plan(&self, step: Step) {
        self.bell(step).planned.store(i64::MAX, Ordering::SeqCst);
    }

    /// It looks again then, unless it is rung sooner.
    pub(crate) fn planned(&self, step: Step, at: Millis) {
        self.bell(step).planned.store(at.get(), Ordering::SeqCst);
    }

    /// Something is due, perhaps sooner than the loop of its step has planned to look. Called after it was stored.
    pub(crate) fn due(&self, step: Step, at: Millis) {
        let bell = self.bell(step);
        if at.get() < bell.planned.load(Ordering::SeqCst) {
            bell.sooner.notify_one();
        }
    }

    /// Resolves when something became due sooner than planned.
    pub(crate) async fn sooner(&self, step: Step) {
        self.bell(step).sooner.notified().await;
    }

    const fn bell(&self, step: Step) -> &Bell {
        match step {
            Step::Screen => &self.screen,
            Step::Approve => &self.approve,
            Step::Build => &self.build,
            Step::Sign => &self.sign,
            Step::Broadcast => &self.broadcast,
            Step::Confirm => &self.confirm,
        }
    }

    /// The signal of the callback loop.
    pub const fn callback(&self) -> &Notify {
        &self.callback
    }

    /// Wakes whoever can move a payout on that is now waiting for `step`; an ended payout has a callback to send.
    pub fn next(&self, step: Option<Step>) {
        match step {
            Some(step) => self.of(step).notify_one(),
            None => self.callback.notify_one(),
        }
    }
}
