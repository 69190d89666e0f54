//! Everything that can go wrong, at random.
//!
//! - `chain`: what nodes do; `ledgers`: what those of the stand-ins do.
//! - `shelf`: copies of databases and co-signers, put back.

mod chain;
mod ledgers;
mod shelf;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::FireError;
use super::people::People;
use crate::crash::rig::Rig;
use crate::crash::sequence::POINTS;
use crate::deployment::GATEWAY;
use crate::dice::Dice;
use crate::process::Running;
use crate::proxy::Proxy;
use crate::receiver::Manner;

use ledgers::LEDGERS;
use shelf::Shelf;

/// Between two deeds, on average.
const PAUSE_MS: u64 = 900;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    KillGateway,
    KillCosigner,
    KillAll,
    CrashPoint,
    HoldNode,
    HoldGateway,
    HoldCosigner,
    Reorganise,
    DropTransactions,
    RestartNode,
    NodeFault,
    LedgerFault,
    DeadReceiver,
    FailingReceiver,
    CopyDatabase,
    OldDatabase,
    CopyCosigner,
    OldCosigner,
    Pause,
    Freeze,
}

/// How often each, in two hundred and thirty.
const DEEDS: [(Deed, u64); 20] = [
    (Deed::KillGateway, 20),
    (Deed::KillCosigner, 28),
    (Deed::KillAll, 5),
    (Deed::CrashPoint, 48),
    (Deed::HoldNode, 12),
    (Deed::HoldGateway, 7),
    (Deed::HoldCosigner, 16),
    (Deed::Reorganise, 14),
    (Deed::DropTransactions, 10),
    (Deed::RestartNode, 3),
    (Deed::NodeFault, 12),
    (Deed::LedgerFault, 27),
    (Deed::DeadReceiver, 4),
    (Deed::FailingReceiver, 6),
    (Deed::CopyDatabase, 5),
    (Deed::OldDatabase, 3),
    (Deed::CopyCosigner, 3),
    (Deed::OldCosigner, 3),
    (Deed::Pause, 2),
    (Deed::Freeze, 2),
];

/// Somebody who means no good.
#[derive(Debug)]
pub struct Mischief {
    dice: Dice,
    next: Option<Instant>,
    /// Until when those that were killed stay dead.
    dead_until: BTreeMap<String, Instant>,
    /// Until when those that are held still stay so: `anvil`, `xrp`, `gateway`, `cosigner-1`.
    held_until: BTreeMap<String, Instant>,
    /// Until when the receiver is not its normal self.
    receiver_until: Option<Instant>,
    /// The nodes that the gateway asks, and until when they are not honest.
    nodes: Vec<Proxy>,
    nodes_until: Option<Instant>,
    /// Until when the stand-ins' nodes or ledgers are not honest.
    spoiled_until: BTreeMap<&'static str, Instant>,
    /// When the chain's node was started again last.
    restarted: Option<Instant>,
    shelf: Shelf,
    done: BTreeMap<&'static str, u64>,
}

impl Mischief {
    /// Nothing done yet. `nodes` are those that the gateway asks.
    pub fn new(dice: Dice, nodes: Vec<Proxy>) -> Self {
        Self {
            dice,
            next: None,
            dead_until: BTreeMap::new(),
            held_until: BTreeMap::new(),
            receiver_until: None,
            nodes,
            nodes_until: None,
            spoiled_until: BTreeMap::new(),
            restarted: None,
            shelf: Shelf::default(),
            done: BTreeMap::new(),
        }
    }

    /// Undoes what has lasted long enough, and does the next deed when its time has come.
    ///
    /// # Errors
    /// A process that ended although nobody killed it, or a copy that can't be taken or put back.
    pub async fn go_on(&mut self, rig: &mut Rig, people: &mut People) -> Result<(), FireError> {
        let now = Instant::now();
        self.raise(rig, now)?;
        self.let_go(rig, now);
        if self.receiver_until.is_some_and(|until| now >= until) {
            self.receiver_until = None;
            rig.stage.receiver.behave(Manner::Success);
        }
        if self.nodes_until.is_some_and(|until| now >= until) {
            self.make_nodes_honest();
        }
        self.mend_ledgers(rig, Some(now)).await;
        if self.next.is_none_or(|next| now >= next) {
            let pause = self.span(0, 2 * PAUSE_MS);
            self.next = Some(now + pause);
            let deed = self.choose();
            self.act(rig, people, deed, now).await?;
        }
        Ok(())
    }

    /// Everything is as it should be from now on.
    ///
    /// # Errors
    /// A process that ended although nobody killed it.
    pub async fn end(&mut self, rig: &mut Rig) -> Result<(), FireError> {
        rig.disarm();
        self.make_nodes_honest();
        let all: Vec<String> = std::mem::take(&mut self.held_until).into_keys().collect();
        for name in all {
            hold(rig, &name, Hold::LetGo);
        }
        self.mend_all_ledgers(rig).await;
        rig.stage.receiver.behave(Manner::Success);
        self.dead_until.clear();
        rig.revive()?;
        Ok(())
    }

    /// In a line.
    pub fn news(&self) -> String {
        let done: Vec<String> = self.done.iter().map(|(what, times)| format!("{what} {times}")).collect();
        done.join(", ")
    }

    fn choose(&mut self) -> Deed {
        let mut left = self.dice.below(DEEDS.iter().map(|(_, share)| share).sum());
        for (deed, share) in DEEDS {
            if left < share {
                return deed;
            }
            left -= share;
        }
        Deed::CrashPoint
    }

    fn span(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(least_ms + self.dice.below(most_ms - least_ms))
    }

    fn note(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    async fn act(
        &mut self,
        rig: &mut Rig,
        people: &mut People,
        deed: Deed,
        now: Instant,
    ) -> Result<(), FireError> {
        match deed {
            Deed::KillGateway => self.kill(rig, GATEWAY.to_owned(), now),
            Deed::KillCosigner => {
                let name = self.some_cosigner(rig);
                self.kill(rig, name, now);
            }
            Deed::KillAll => {
                for name in cosigners(rig).into_iter().chain([GATEWAY.to_owned()]) {
                    self.kill(rig, name, now);
                }
            }
            Deed::CrashPoint => {
                let (point, turn) = (*self.dice.pick(POINTS), 1 + self.dice.below(4));
                rig.arm(&format!("{point}:{turn}"))?;
            }
            Deed::HoldNode => {
                let name = *self.dice.pick(&[ANVIL, ANVIL, LEDGERS[0], LEDGERS[1]]);
                self.hold(rig, name.to_owned(), now);
            }
            Deed::HoldGateway => self.hold(rig, GATEWAY.to_owned(), now),
            Deed::HoldCosigner => {
                let name = self.some_cosigner(rig);
                self.hold(rig, name, now);
            }
            Deed::Reorganise => self.reorganise(rig).await,
            Deed::DropTransactions => self.drop_transactions(rig).await,
            Deed::RestartNode => self.restart_node(rig).await?,
            Deed::NodeFault => self.spoil_node(now),
            Deed::LedgerFault => self.spoil_ledger(rig, now).await,
            Deed::CopyDatabase => self.copy_database(rig).await?,
            Deed::OldDatabase => self.put_database_back(rig).await?,
            Deed::CopyCosigner => self.copy_cosigner(rig).await?,
            Deed::OldCosigner => self.put_cosigner_back(rig, people).await?,
            Deed::Pause => {
                self.note("pauses by an operator");
                people.pause(self.span(500, 4000));
            }
            Deed::Freeze => {
                self.note("freezes");
                people.freeze(self.span(500, 4000));
            }
            Deed::DeadReceiver => self.receive(rig, Manner::Silent, now),
            Deed::FailingReceiver => {
                let times = u32::try_from(1 + self.dice.below(12)).unwrap_or(1);
                self.receive(rig, Manner::Failing(times), now);
            }
        }
        Ok(())
    }

    fn some_cosigner(&mut self, rig: &Rig) -> String {
        self.dice.pick(&cosigners(rig)).clone()
    }

    /// Kills it for a while. One that is dead already stays so.
    fn kill(&mut self, rig: &mut Rig, name: String, now: Instant) {
        self.note("kills");
        with(rig, &name, Running::strike);
        self.held_until.remove(&name);
        let until = now + self.span(0, 2500);
        self.dead_until.insert(name, until);
    }

    fn hold(&mut self, rig: &mut Rig, name: String, now: Instant) {
        self.note("processes held still");
        hold(rig, &name, Hold::Still);
        let until = now + self.span(50, 4000);
        self.held_until.insert(name, until);
    }

    fn receive(&mut self, rig: &Rig, manner: Manner, now: Instant) {
        self.note("bad receivers");
        rig.stage.receiver.behave(manner);
        self.receiver_until = Some(now + self.span(500, 8000));
    }

    fn raise(&mut self, rig: &mut Rig, now: Instant) -> Result<(), FireError> {
        for name in rig.dead()? {
            if !self.dead_until.contains_key(&name) {
                // It came by the point that was armed.
                self.note("crash points");
                self.held_until.remove(&name);
                let until = now + self.span(0, 1500);
                self.dead_until.insert(name, until);
            }
        }
        let dead_until = &self.dead_until;
        let risen = rig.revive_those(|name| dead_until.get(name).is_none_or(|until| now >= *until))?;
        for name in risen {
            self.dead_until.remove(&name);
        }
        Ok(())
    }

    fn let_go(&mut self, rig: &mut Rig, now: Instant) {
        let over: Vec<String> = self
            .held_until
            .iter()
            .filter(|(_, until)| now >= **until)
            .map(|(name, _)| name.clone())
            .collect();
        for name in over {
            self.held_until.remove(&name);
            hold(rig, &name, Hold::LetGo);
        }
    }
}

/// What the development node is called among the processes.
const ANVIL: &str = "anvil";

enum Hold {
    Still,
    LetGo,
}

fn hold(rig: &mut Rig, name: &str, how: Hold) {
    with(rig, name, |running| match how {
        Hold::Still => running.freeze(),
        Hold::LetGo => running.thaw(),
    });
}

/// Does something with a process that may not be there.
fn with(rig: &mut Rig, name: &str, act: impl FnOnce(&mut Running)) {
    let deployment = &mut rig.stage.deployment;
    let running = match name {
        ANVIL => Ok(deployment.anvil_mut().process()),
        ledger if LEDGERS.contains(&ledger) => match deployment.ledgers_mut() {
            Some(ledgers) if ledger == LEDGERS[0] => Ok(ledgers.xrp.process()),
            Some(ledgers) => Ok(ledgers.tron.process()),
            None => return,
        },
        GATEWAY => deployment.gateway(),
        name => deployment.cosigner(name.trim_start_matches("cosigner-").parse().unwrap_or_default()),
    };
    if let Ok(running) = running {
        act(running);
    }
}

fn cosigners(rig: &Rig) -> Vec<String> {
    (1..=rig.stage.deployment.plan().cosigners).map(|index| format!("cosigner-{index}")).collect()
}
