//! People who do what their handbook says: confirm what a restored database learnt, lift a freeze, pause for a moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway::operator::pauses::{PauseOrder, Scope};
use gateway::operator::restore::RestoreVoteBody;
use payout::approval::{Freeze, FreezeOrder};
use payout::ids::{Digest, PrincipalId, WalletId};
use payout::key::SecretKey;
use payout::time::Millis;
use tokio::task::JoinSet;

use crate::crash::CrashError;
use crate::crash::rig::Rig;
use crate::deployment::cast::{ADMINS, OPERATOR, WALLET, principal};
use crate::people::{Person, PersonError};
use crate::vendor::now_ms;

/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(800);
/// As often a person whom nobody answered tries again.
const TRIES: u32 = 20;

/// An admin with the key that signs orders for co-signers.
#[derive(Debug, Clone)]
struct Admin {
    person: Person,
    id: PrincipalId,
    key: Arc<SecretKey>,
}

/// Two admins and an operator.
#[derive(Debug)]
pub struct People {
    admins: Vec<Admin>,
    operator: Person,
    deployment: Digest,
    frozen_until: Option<Instant>,
    next: Instant,
    round: JoinSet<Seen>,
    acts: JoinSet<()>,
    /// When they saw each co-signer ready last.
    ready: BTreeMap<u8, Instant>,
    untold: BTreeSet<i64>,
}

/// What they saw in a round.
#[derive(Debug, Default)]
struct Seen {
    ready: Vec<(u8, Instant)>,
    untold: Vec<i64>,
}

impl People {
    /// They have done nothing yet.
    ///
    /// # Errors
    /// [`CrashError`] before the gateway's first start.
    pub fn new(rig: &Rig) -> Result<Self, CrashError> {
        let deployment = &rig.stage.deployment;
        let admin = |name: &&str| {
            let person = deployment.person(name)?;
            Ok::<_, CrashError>(Admin { person, id: principal(name), key: deployment.cast().key(name) })
        };
        Ok(Self {
            admins: ADMINS.iter().map(admin).collect::<Result<_, _>>()?,
            operator: deployment.person(OPERATOR)?,
            deployment: deployment.genesis().deployment(),
            frozen_until: None,
            next: Instant::now(),
            round: JoinSet::new(),
            acts: JoinSet::new(),
            ready: BTreeMap::new(),
            untold: BTreeSet::new(),
        })
    }

    /// Looks around from time to time, and does what is to be done.
    pub fn go_on(&mut self) {
        while let Some(done) = self.round.try_join_next() {
            let seen = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            self.ready.extend(seen.ready);
            self.untold.extend(seen.untold);
        }
        while self.acts.try_join_next().is_some() {}
        let now = Instant::now();
        if now < self.next || !self.round.is_empty() {
            return;
        }
        self.next = now + PAUSE;
        if self.frozen_until.is_some_and(|until| now >= until) {
            self.frozen_until = None;
        }
        let wanted = self.frozen_until.map_or(Freeze::Lift, |_| Freeze::Freeze);
        let (admins, operator, deployment) = (self.admins.clone(), self.operator.clone(), self.deployment);
        self.round.spawn(async move {
            // Whatever is not answered is looked at again in the next round.
            round(&admins, &operator, deployment, wanted).await.unwrap_or_default()
        });
    }

    /// Whether a co-signer was seen ready after `since`.
    pub fn have_seen_ready(&self, index: u8, since: Instant) -> bool {
        self.ready.get(&index).is_some_and(|seen| *seen > since)
    }

    /// Payouts whose callers could not be told, because a restored database had lost where to.
    pub const fn untold(&self) -> &BTreeSet<i64> {
        &self.untold
    }

    /// An admin freezes everything for a while.
    pub fn freeze(&mut self, length: Duration) {
        self.frozen_until = Some(Instant::now() + length);
        let (admin, deployment) = (self.admins[0].clone(), self.deployment);
        self.acts.spawn(async move {
            let order = order(&admin, deployment, Freeze::Freeze, "a fire drill");
            for _ in 0..TRIES {
                if admin.person.client().freeze(&order).await.is_ok() {
                    return;
                }
                tokio::time::sleep(PAUSE / 4).await;
            }
        });
    }

    /// An operator pauses the wallet for a while. It ends by itself.
    pub fn pause(&mut self, length: Duration) {
        let operator = self.operator.clone();
        let until = now_ms().saturating_add(i64::try_from(length.as_millis()).unwrap_or(0));
        self.acts.spawn(async move {
            let wallet = WalletId::new(WALLET).expect("it is positive");
            let until = Millis::new(until).expect("a clock of this century");
            let order = PauseOrder { scope: Scope::Wallet(wallet), reason: "a fire drill".to_owned(), until };
            // Refused once its end has passed.
            for _ in 0..TRIES {
                if operator.client().pause(&order).await.is_ok() {
                    return;
                }
                tokio::time::sleep(PAUSE / 4).await;
            }
        });
    }
}

async fn round(
    admins: &[Admin],
    operator: &Person,
    deployment: Digest,
    wanted: Freeze,
) -> Result<Seen, PersonError> {
    let looked = Instant::now();
    let seats = operator.told(operator.client().cosigners().await)?;
    if wanted == Freeze::Lift && seats.iter().any(|seat| seat.condition == "frozen") {
        for admin in admins {
            let order = order(admin, deployment, Freeze::Lift, "it was a drill");
            admin.person.told(admin.person.client().freeze(&order).await)?;
        }
    }
    let mut untold = Vec::new();
    for admin in admins {
        let report = admin.person.told(admin.person.client().restore().await)?;
        untold.extend(report.untold.iter().map(|cid| cid.get()));
        let (Some(restore), "closed") = (report.id, report.state.as_str()) else { break };
        if report.votes.contains(&admin.id) {
            continue;
        }
        let vote = RestoreVoteBody { restore, findings: report.findings.len() };
        admin.person.told(admin.person.client().confirm_restore(&vote).await)?;
    }
    let ready = seats.iter().filter(|seat| seat.condition == "ready").map(|seat| (seat.index, looked));
    Ok(Seen { ready: ready.collect(), untold })
}

fn order(admin: &Admin, deployment: Digest, what: Freeze, why: &str) -> FreezeOrder {
    let now = Millis::new(now_ms()).expect("a clock of this century");
    FreezeOrder::sign(&admin.key, admin.id.clone(), deployment, what, why.to_owned(), now)
}
