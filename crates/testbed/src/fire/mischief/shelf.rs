//! Copies of the gateway's database and of co-signers, taken and put back later.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Mischief;
use crate::copies::CopiesError;
use crate::crash::rig::Rig;
use crate::fire::FireError;
use crate::fire::people::People;

/// Whoever is seen ready so long after it was put back is not ready from before.
const SETTLED: Duration = Duration::from_secs(2);

/// The newest copies.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    database: Option<(PathBuf, Instant)>,
    cosigner: Option<(u8, PathBuf)>,
    /// Which co-signers were put back, and when.
    put_back: Vec<(u8, Instant)>,
}

impl Mischief {
    pub(super) async fn copy_database(&mut self, rig: &Rig) -> Result<(), FireError> {
        // A gateway that is held still may hold the database as well.
        if self.held_until.is_empty() {
            self.note("copies of the database");
            let now = Instant::now();
            self.shelf.database = Some((rig.stage.deployment.copy_database().await?, now));
        }
        Ok(())
    }

    /// Everything that happened since the copy was taken is gone from the database. Co-signers that were put back since
    /// have lost what their contributions were made for, too: of three, two must not have, or payouts that are paid can't
    /// be taken over any more. That is more than is promised.
    pub(super) async fn put_database_back(&mut self, rig: &mut Rig) -> Result<(), FireError> {
        let Some((copy, taken)) = &self.shelf.database else { return Ok(()) };
        let since = self.shelf.put_back.iter().filter(|(_, at)| at >= taken).map(|(index, _)| index);
        if since.collect::<BTreeSet<_>>().len() > 1 {
            return Ok(());
        }
        let deployment = &mut rig.stage.deployment;
        deployment.put_database_back(copy).await?;
        deployment.launch_gateway().map_err(CopiesError::from)?;
        self.note("old databases");
        self.held_until.remove(crate::deployment::GATEWAY);
        self.dead_until.remove(crate::deployment::GATEWAY);
        Ok(())
    }

    pub(super) async fn copy_cosigner(&mut self, rig: &mut Rig) -> Result<(), FireError> {
        let index = 1 + self.dice.index(usize::from(rig.stage.deployment.plan().cosigners));
        let index = u8::try_from(index).unwrap_or(1);
        let name = format!("cosigner-{index}");
        self.note("copies of a co-signer");
        let copy = rig.stage.deployment.back_up_cosigner(index).await?;
        self.held_until.remove(&name);
        self.dead_until.remove(&name);
        self.shelf.cosigner = Some((index, copy));
        Ok(())
    }

    /// Never two at once: of three, two old copies know too little.
    pub(super) async fn put_cosigner_back(
        &mut self,
        rig: &mut Rig,
        people: &People,
    ) -> Result<(), FireError> {
        let Some((index, copy)) = self.shelf.cosigner.clone() else { return Ok(()) };
        let last = self.shelf.put_back.last();
        if last.is_some_and(|(index, since)| !people.have_seen_ready(*index, *since + SETTLED)) {
            return Ok(());
        }
        let deployment = &mut rig.stage.deployment;
        deployment.restore_cosigner(index, &copy).await?;
        deployment.launch_cosigner(index).map_err(CopiesError::from)?;
        let name = format!("cosigner-{index}");
        self.note("old co-signers");
        self.held_until.remove(&name);
        self.dead_until.remove(&name);
        self.shelf.put_back.push((index, Instant::now()));
        Ok(())
    }
}
