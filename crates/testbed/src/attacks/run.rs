//! All attacks, group by group: each group has a deployment of its own.

use std::path::Path;
use std::time::Instant;

use super::case::{After, Case, Fault, Plan, Seen, Tampering};
use super::cases::{GROUPS, Group};
use super::draft::Payload;
use super::report::{Report, Row};
use super::world::World;
use crate::progress::Progress;

/// How many groups are attacked at once: more would only wait for each other.
const AT_ONCE: usize = 2;

/// Why attacks could not even be tried.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// A group's deployment did not start.
    #[error("the deployment of the group {group:?} did not start")]
    Start {
        /// Which group.
        group: &'static str,
        /// Why.
        #[source]
        source: Box<Fault>,
    },
    /// Nothing has this name.
    #[error("no attack's name begins with {0:?}")]
    Nothing(String),
    /// An old folder is in the way.
    #[error("{} can't be emptied", path.display())]
    Folder {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Tries all attacks whose names (`group/case`) begin with `prefix`, in deployments below `root`.
///
/// # Errors
/// [`AttackError`].
pub async fn run(root: &Path, prefix: &str, progress: &Progress) -> Result<Report, AttackError> {
    let chosen: Vec<&Group> = GROUPS.iter().filter(|group| !chosen(group, prefix).is_empty()).collect();
    if chosen.is_empty() {
        return Err(AttackError::Nothing(prefix.to_owned()));
    }
    let mut report = Report::default();
    for groups in chosen.chunks(AT_ONCE) {
        let attacked = groups.iter().map(async |group| {
            let step = progress.step(group.name);
            let folder = root.join(group.name);
            let began = Instant::now();
            let report = run_group(group, &folder, prefix).await?;
            let summary = report.summary();
            step.done(&format!("{} of {} refused, {:?}", summary.refused, summary.cases, began.elapsed()));
            Ok(report)
        });
        for attacked in futures::future::join_all(attacked).await {
            report.append(attacked?);
        }
    }
    Ok(report)
}

/// Tries the attacks of one group whose names begin with `prefix`, in a deployment at `root`, which is emptied first
/// and taken away afterwards.
///
/// # Errors
/// [`AttackError`].
pub async fn run_group(group: &Group, root: &Path, prefix: &str) -> Result<Report, AttackError> {
    empty(root)?;
    let started = World::start(root, group.setting).await;
    let mut world =
        started.map_err(|source| AttackError::Start { group: group.name, source: Box::new(source) })?;
    let mut report = Report::default();
    for case in chosen(group, prefix) {
        let outcome = attempt(&mut world, &case).await;
        let name = format!("{}/{}", group.name, case.name);
        report.push(Row { case: name, tried: case.tried, outcome });
    }
    drop(world);
    empty(root)?;
    Ok(report)
}

fn empty(root: &Path) -> Result<(), AttackError> {
    match std::fs::remove_dir_all(root) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(AttackError::Folder { path: root.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn chosen(group: &Group, prefix: &str) -> Vec<Case> {
    let mut cases = (group.cases)();
    cases.retain(|case| format!("{}/{}", group.name, case.name).starts_with(prefix));
    cases
}

async fn attempt(world: &mut World, case: &Case) -> Result<Seen, Fault> {
    world.turn_pages();
    let seen = match case.plot {
        Plan::Request(tampering) => tamper(world, tampering).await,
        Plan::Xrp(tampering) => tamper(world, tampering).await,
        Plan::Tron(tampering) => tamper(world, tampering).await,
        Plan::Scene(scene) => scene(world).await,
    };
    // Also after a failure: the next case is to find everything in order.
    let settled = world.settle().await;
    let seen = seen?;
    settled?;
    Ok(seen)
}

async fn tamper<B: Payload>(world: &mut World, tampering: Tampering<B>) -> Result<Seen, Fault> {
    let Tampering { good, bad, check, says, after } = tampering;
    let draft = world.control(good).await?;
    let request = bad(&mut world.desk, &draft);
    let seen = world.refused(&request, check, says).await?;
    if after == After::Signed {
        world.sign(&draft.request()).await?;
    }
    Ok(seen)
}
