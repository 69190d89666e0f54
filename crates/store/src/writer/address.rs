//! New addresses of a project, each at an index of its wallet that was never used.

use payout::coin::Family;
use payout::ids::{Address, AddressIndex, ChainId, ProjectId, WalletId};
use payout::time::Millis;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::bulk;
use super::queue::{Answer, Desk, Write};
use super::replay::{self, ReplayKey};
use crate::column::to_word;
use crate::error::StoreError;
use crate::read;
use crate::schema::entity::{addresses, replays};
use crate::store::Store;

/// How many indices are left out after a restore: more than any wallet gives away between two backups, and few of the
/// two thousand million that there are.
const GAP: i64 = 1_000_000;

/// The address at an index; `None` where the derivation has none (BIP32: less than once in 2^127).
pub type Derive = Box<dyn Fn(AddressIndex) -> Option<Address> + Send + Sync>;

/// Addresses to be made.
pub struct AddressCreate {
    /// For whom.
    pub project: ProjectId,
    /// From which wallet's key.
    pub wallet: WalletId,
    /// For which chain.
    pub chain_id: ChainId,
    /// The chain's family.
    pub family: Family,
    /// The caller's name for them.
    pub alias: Option<String>,
    /// How many.
    pub count: u32,
    /// The request's replay key.
    pub replay: Option<ReplayKey>,
    /// Pure derivation.
    pub derive: Derive,
    /// The gateway's clock.
    pub now: Millis,
}

/// Why no address was made.
#[derive(Debug, thiserror::Error)]
pub enum AddressRefusal {
    /// The same request was seen before (A0402).
    #[error("request already seen")]
    Replayed,
    /// The wallet has no index left.
    #[error("the wallet has no address left")]
    Exhausted,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Makes fresh addresses, at the wallet's next indices in the family (from 1; 0 is the payout address).
    ///
    /// # Errors
    /// [`AddressRefusal`]. Nothing was stored then, the replay key neither.
    pub async fn address_create(&self, create: AddressCreate) -> Result<Vec<Address>, AddressRefusal> {
        self.write(create).await
    }
}

impl Write for AddressCreate {
    type Done = Vec<Address>;
    type Refusal = AddressRefusal;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Vec<Address>, AddressRefusal> {
        let replay = self.replay.as_ref().map(ReplayKey::to_row);
        if let Some(row) = &replay
            && !replay::seen(desk.tx, [row.key.clone()]).await?.is_empty()
        {
            return Ok(Err(AddressRefusal::Replayed));
        }
        let mut next = self.next_index(desk).await?;
        let mut rows = Vec::new();
        let mut made = Vec::new();
        while made.len() < self.count as usize {
            let Some(index) = u32::try_from(next).ok().and_then(AddressIndex::new) else {
                return Ok(Err(AddressRefusal::Exhausted));
            };
            next += 1;
            if let Some(address) = (self.derive)(index) {
                rows.push(self.row(index, &address));
                made.push(address);
            }
        }
        bulk::insert::<addresses::Entity>(desk.tx, rows).await?;
        bulk::insert::<replays::Entity>(desk.tx, replay.into_iter().collect()).await?;
        Ok(Ok(made))
    }
}

impl AddressCreate {
    /// One above the highest. The first after a restore leaves a gap: indices that were given to callers after the copy
    /// was made are known to nobody here, and must not be given to another one.
    async fn next_index(&self, desk: &Desk<'_>) -> Result<i64, StoreError> {
        let highest = addresses::Entity::find()
            .filter(addresses::Column::Wallet.eq(self.wallet.get()))
            .filter(addresses::Column::Family.eq(to_word(&self.family)))
            .order_by_desc(addresses::Column::AddressIndex)
            .limit(1)
            .one(desk.tx)
            .await?;
        let restored = read::restore::newest(desk.tx).await?.map(|restore| restore.since.get());
        let made = highest.as_ref().map(|row| row.created);
        let gap = match restored {
            Some(restored) if made.is_none_or(|made| made < restored) => GAP,
            _ => 1,
        };
        Ok(highest.map_or(i64::from(AddressIndex::PAYOUT.get()), |row| row.address_index) + gap)
    }

    fn row(&self, index: AddressIndex, address: &Address) -> addresses::Model {
        addresses::Model {
            family: to_word(&self.family),
            address: address.to_string(),
            project: self.project.get(),
            wallet: self.wallet.get(),
            chain_id: self.chain_id.to_string(),
            address_index: i64::from(index.get()),
            alias: self.alias.clone(),
            created: self.now.get(),
        }
    }
}
