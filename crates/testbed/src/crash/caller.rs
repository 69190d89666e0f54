//! A business system and approvers who keep trying, as real ones do: no answer means that they ask again.

use std::time::{Duration, Instant};

use gateway::client::ClientError;
use gateway::operator::payouts::list::ListQuery;

use super::CrashError;
use super::rig::PATIENCE;
use crate::demo::Stage;
use crate::demo::payment::Money;
use crate::deployment::cast::{FINANCE, OPERATOR, TREASURY};
use crate::people::{Person, PersonError};
use crate::vendor::{Order, Vendor, VendorError};

/// Payouts on a page of the list.
const PAGE: u32 = 200;
/// The status of a payout that was withdrawn.
const WITHDRAWN: u8 = 3;
/// Between two tries of somebody who can't wait.
const PAUSE: Duration = Duration::from_millis(25);

/// Whose approval the demo's rules ask for, in their order.
pub const APPROVERS: [&str; 3] = [TREASURY[0], FINANCE[0], FINANCE[1]];

/// The two ways to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// By the automatic rule.
    Automatic,
    /// After three people's approval.
    Approved,
}

/// A payout that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is asked for; its number and recipient are its own.
    pub order: Order,
    /// In which coin.
    pub coin: Money,
    /// Who decides.
    pub road: Road,
}

/// A payout that was accepted.
#[derive(Debug, Clone)]
pub struct Payout {
    /// What was asked for.
    pub wanted: Wanted,
    /// Its number.
    pub cid: i64,
}

/// What the gateway says of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has this status.
    At(i64),
    /// It knows no such payout.
    Unknown,
    /// Nothing.
    Silence,
}

/// Whoever asks, approves and looks.
#[derive(Debug, Clone)]
pub struct Caller {
    vendor: Vendor,
    approvers: Vec<Person>,
    watcher: Person,
    patience: Duration,
    pause: Duration,
}

impl Caller {
    pub(super) fn of(stage: &Stage) -> Result<Self, CrashError> {
        let person = |name: &str| stage.deployment.person(name);
        Ok(Self {
            vendor: stage.deployment.vendor()?,
            approvers: APPROVERS.into_iter().map(person).collect::<Result<_, _>>()?,
            watcher: person(OPERATOR)?,
            patience: PATIENCE,
            pause: PAUSE,
        })
    }

    /// The same, who waits this long for an answer, and so long between two tries.
    #[must_use]
    pub const fn waiting(mut self, patience: Duration, pause: Duration) -> Self {
        self.patience = patience;
        self.pause = pause;
        self
    }

    /// Somebody who may see everything.
    pub fn watcher(&self) -> &Person {
        &self.watcher
    }

    /// Asks until there is an answer, and sees it approved where people are asked.
    ///
    /// # Errors
    /// [`CrashError::Refused`], and [`CrashError::Late`] when there is none for long.
    pub async fn pay(&self, wanted: Wanted) -> Result<Payout, CrashError> {
        let cid = self.ask(&wanted.order).await?;
        if wanted.road == Road::Approved {
            self.approve(cid).await?;
        }
        Ok(Payout { wanted, cid })
    }

    /// Asks until there is an answer. An answer that was lost is found by the caller's own number.
    ///
    /// # Errors
    /// As [`Caller::pay`].
    pub async fn ask(&self, order: &Order) -> Result<i64, CrashError> {
        let start = Instant::now();
        loop {
            let seen = match self.vendor.payout(order).await {
                Ok(reply) => match (reply.code.as_str(), reply.cid()) {
                    ("00000", Some(cid)) => return Ok(cid),
                    // Accepted before; the answer did not arrive.
                    ("E0009", _) => match self.by_number(&order.third_party_id).await? {
                        Some(cid) => return Ok(cid),
                        None => reply.msg,
                    },
                    _ => return Err(CrashError::Refused(Box::new(reply))),
                },
                Err(error) => transient(error)?.to_string(),
            };
            self.patient(start, "an answer to a request", || seen)?;
            tokio::time::sleep(self.pause).await;
        }
    }

    /// The number of a payout whose answer was lost, or of the one that has its caller's number now: one that a restored
    /// database did not know may have taken it back from one that was asked for meanwhile, which is withdrawn then. A
    /// real caller asks by its own number from then on; what it is told then does not say ours.
    ///
    /// # Errors
    /// An answer that is none.
    pub async fn by_number(&self, number: &str) -> Result<Option<i64>, CrashError> {
        let mut withdrawn = None;
        let mut page = ListQuery { limit: Some(PAGE), ..ListQuery::default() };
        loop {
            let lines = match self.watcher.told(self.watcher.client().payouts(&page).await) {
                Ok(lines) => lines,
                Err(error) => return unanswered(error).map(|_| None),
            };
            for line in lines.iter().filter(|line| line.third_party_id.as_str() == number) {
                if line.status != WITHDRAWN {
                    return Ok(Some(line.cid.get()));
                }
                withdrawn = Some(line.cid.get());
            }
            let Some(last) = lines.last() else { return Ok(withdrawn) };
            page.before = Some(last.cid);
        }
    }

    /// Has everybody approve, until the gateway says that nobody's word is missing.
    ///
    /// # Errors
    /// [`CrashError::Late`].
    pub async fn approve(&self, cid: i64) -> Result<(), CrashError> {
        let start = Instant::now();
        for person in &self.approvers {
            loop {
                let seen = match person.read(cid).await {
                    Ok(sheet) if sheet.status != 0 => return Ok(()),
                    Ok(sheet) if sheet.acts.iter().any(|act| act.principal.as_str() == person.name()) => {
                        break;
                    }
                    Ok(_) => match person.approve(cid).await {
                        Ok(_) => break,
                        Err(error) => error.to_string(),
                    },
                    Err(error) => unanswered(error)?.to_string(),
                };
                self.patient(start, "an approval", || seen)?;
                tokio::time::sleep(self.pause).await;
            }
        }
        Ok(())
    }

    /// The payout's status, if the gateway answers.
    ///
    /// # Errors
    /// An answer that is none.
    pub async fn status(&self, cid: i64) -> Result<Option<i64>, CrashError> {
        Ok(match self.standing(cid).await? {
            Standing::At(status) => Some(status),
            Standing::Unknown | Standing::Silence => None,
        })
    }

    /// What the gateway says of a payout.
    ///
    /// # Errors
    /// An answer that is none.
    pub async fn standing(&self, cid: i64) -> Result<Standing, CrashError> {
        match self.vendor.query(cid).await {
            Ok(reply) if reply.code == "E0014" => Ok(Standing::Unknown),
            Ok(reply) => Ok(reply.data["status"].as_i64().map_or(Standing::Silence, Standing::At)),
            Err(error) => transient(error).map(|_| Standing::Silence),
        }
    }

    /// What the query says of it, as soon as there is an answer.
    ///
    /// # Errors
    /// [`CrashError::Late`] when there is none.
    pub async fn query(&self, cid: i64) -> Result<serde_json::Value, CrashError> {
        let start = Instant::now();
        loop {
            let seen = match self.vendor.query(cid).await {
                Ok(reply) if reply.code == "00000" => return Ok(reply.data),
                Ok(reply) => return Err(CrashError::Refused(Box::new(reply))),
                Err(error) => transient(error)?.to_string(),
            };
            self.patient(start, "an answer to a query", || seen)?;
            tokio::time::sleep(self.pause).await;
        }
    }

    /// What the gateway says about a payout, for errors.
    pub async fn explain(&self, cid: i64) -> String {
        let Some(number) = payout::ids::Cid::new(cid) else { return format!("{cid} is no payout\n") };
        match self.watcher.client().why(number).await {
            Ok(why) => format!("payout {cid}: {why:#?}\n"),
            Err(error) => format!("payout {cid}: {error}\n"),
        }
    }

    fn patient(&self, start: Instant, what: &str, seen: impl FnOnce() -> String) -> Result<(), CrashError> {
        if start.elapsed() < self.patience {
            return Ok(());
        }
        Err(CrashError::Late { what: what.to_owned(), waited: self.patience, seen: seen() })
    }

    /// Whether the payout has ended with one of these statuses, and its caller was told so.
    ///
    /// # Errors
    /// [`CrashError::Broken`] when it ended otherwise.
    pub async fn is_done(&self, stage: &Stage, cid: i64, ends: &[i64]) -> Result<bool, CrashError> {
        let Some(status) = self.status(cid).await? else { return Ok(false) };
        if ends.contains(&status) {
            return Ok(stage.receiver.has_acknowledged(cid));
        }
        if matches!(status, 2 | 3 | 4 | 6 | 7) {
            let what = format!("it ended at {status}, not at {ends:?}");
            return Err(CrashError::Broken { cid, what });
        }
        Ok(false)
    }
}

/// An error that passes: nobody was there, or somebody went away in the middle.
fn transient(error: VendorError) -> Result<VendorError, CrashError> {
    match error {
        // 503 is for a gateway that learns from the co-signers what its database lacks.
        VendorError::Unreachable { .. } | VendorError::Shape { status: 503, .. } => Ok(error),
        VendorError::Shape { .. } => Err(error.into()),
    }
}

fn unanswered(error: PersonError) -> Result<PersonError, CrashError> {
    match &error {
        PersonError::Client { source: ClientError::Unreachable { .. }, .. } => Ok(error),
        _ => Err(error.into()),
    }
}
