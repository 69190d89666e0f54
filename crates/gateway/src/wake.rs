//! Wake-up signals between the parts of the gateway.
//!
//! A signal carries no data and may be lost: every loop also looks by timer, and reads what there is to do from the
//! database alone. `Notify` keeps one permit, so a signal that comes while a loop is at work is not lost either.

use payout::life::Step;
use tokio::sync::Notify;

/// One signal for each loop.
#[derive(Debug, Default)]
pub struct Wake {
    screen: Notify,
    approve: Notify,
    build: Notify,
    sign: Notify,
    broadcast: Notify,
    confirm: Notify,
    callback: Notify,
}

impl Wake {
    /// The signal of an engine's step.
    pub const fn of(&self, step: Step) -> &Notify {
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
