//! Where the energy of a token's transfer comes from: first what the address has staked or been delegated, then what a
//! provider rents out, and only then TRX that is burnt, under a cap. Otherwise the payout waits, and its price is shown.
//!
//! Energy is rented for a whole batch before it is needed, one rental of an address at a time. What was rented and does
//! not come is not rented again for a while: a provider that only takes must not be paid every few seconds.

use std::collections::BTreeMap;

use payout::ids::Address;
use payout::money::Amount;
use payout::time::Millis;
use tokio::sync::Mutex;

use super::provider::EnergyProvider;
use crate::clock;
use crate::config::EnergyRental;
use crate::node::road::{EnergyShortage, Hold};

/// How long rented energy is awaited before anything else is tried, ms.
const DELIVERY_MS: i64 = 30_000;
/// How long nothing is rented from a provider that did not deliver, ms.
const DISTRUST_MS: i64 = 600_000;

/// The energy of one chain's addresses.
pub(super) struct Energy {
    provider: Option<(Box<dyn EnergyProvider>, EnergyRental)>,
    /// The most TRX that the energy of one payout may burn, sun.
    burn_cap_sun: Option<u64>,
    rentals: Mutex<BTreeMap<Address, Rental>>,
}

/// What was rented last for an address.
#[derive(Debug, Clone, Copy)]
struct Rental {
    at: Millis,
    /// What the address had before.
    had: u64,
    /// Whether more was seen since.
    arrived: bool,
}

/// What one payout needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need<'a> {
    /// The paying address.
    pub(super) from: &'a Address,
    /// Energy, with a margin.
    pub(super) energy: u64,
    /// What the address has now.
    pub(super) has: u64,
    /// How much of that the payments in flight will use.
    pub(super) spoken_for: u64,
    /// Whether the recipient never held the token, which about doubles what it costs.
    pub(super) first_time: bool,
    /// What burning costs, sun per energy.
    pub(super) sun: u64,
    /// The intent's fee cap.
    pub(super) cap: Amount,
}

/// Where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// All of it is there.
    Held,
    /// The address burns TRX for what is missing.
    Burnt,
}

impl Energy {
    pub(super) fn new(
        provider: Option<(Box<dyn EnergyProvider>, EnergyRental)>,
        burn_cap_sun: Option<u64>,
    ) -> Self {
        Self { provider, burn_cap_sun, rentals: Mutex::default() }
    }

    /// Decides where a payout's energy comes from, and rents some where that is cheaper.
    ///
    /// # Errors
    /// [`Hold::Energy`] while it has to wait, or where burning is over the cap.
    pub(super) async fn cover(&self, need: Need<'_>) -> Result<Source, Hold> {
        let left = need.has.saturating_sub(need.spoken_for);
        if left >= need.energy {
            return Ok(Source::Held);
        }
        let offer = match &self.provider {
            None => "nobody is asked to rent some out".to_owned(),
            Some((provider, terms)) => {
                self.rented(provider.as_ref(), terms, need).await.map_err(|waits| short(need, left, waits))?
            }
        };
        let burnt = Amount::from_u128(u128::from(need.energy - left) * u128::from(need.sun));
        match self.burn_cap_sun {
            Some(cap) if burnt > Amount::from_u128(cap.into()) => {
                let offer = format!("{offer}; burning is limited to {cap}");
                Err(short(Need { cap: need.cap.min(Amount::from_u128(cap.into())), ..need }, left, offer))
            }
            Some(_) | None => Ok(Source::Burnt),
        }
    }

    /// Rents. `Err` is a reason to wait; `Ok` one why nothing is to be had.
    async fn rented(
        &self,
        provider: &dyn EnergyProvider,
        terms: &EnergyRental,
        need: Need<'_>,
    ) -> Result<String, String> {
        // Held while the provider is asked: two payouts at once must not both rent.
        let mut rentals = self.rentals.lock().await;
        let now = clock::now();
        if let Some(rental) = rentals.get_mut(need.from) {
            rental.arrived |= need.has > rental.had;
            let age = now.since(rental.at);
            if age < DELIVERY_MS && !rental.arrived {
                return Err("some was rented and is awaited".to_owned());
            }
            if age < DISTRUST_MS && !rental.arrived {
                return Ok("what was rented last has not come".to_owned());
            }
        }
        let left = need.has.saturating_sub(need.spoken_for);
        let batch = need.energy.saturating_mul(terms.batch.get().into());
        let wanted = batch.max(need.energy - left);
        let quote = match provider.quote(need.from, wanted, terms.duration_s).await {
            Ok(quote) => quote,
            Err(error) => {
                tracing::warn!(from = %need.from, %error, "no energy can be rented");
                return Ok(format!("none can be rented ({error})"));
            }
        };
        let worth = u128::from(quote.energy) * u128::from(terms.max_sun_per_energy.min(need.sun));
        if u128::from(quote.price_sun) > worth {
            let price = quote.price_sun;
            return Ok(format!("renting {wanted} would cost {price} sun, over its limit of {worth}"));
        }
        if quote.valid_until <= now {
            return Ok("the offer to rent had lapsed".to_owned());
        }
        // Counted as rented whatever the answer: one that was lost may have been a yes.
        rentals.insert(need.from.clone(), Rental { at: now, had: need.has, arrived: false });
        match provider.rent(&quote).await {
            Ok(order) => {
                let (from, energy, price_sun) = (need.from, quote.energy, quote.price_sun);
                tracing::info!(%from, energy, price_sun, %order, "energy rented");
                Err(format!("{energy} was rented for {price_sun} sun and is awaited"))
            }
            Err(error) => {
                tracing::warn!(from = %need.from, %error, "whether energy was rented is not known");
                Err(format!("whether some was rented is not known ({error})"))
            }
        }
    }
}

fn short(need: Need<'_>, has: u64, offer: String) -> Hold {
    let missing = u128::from(need.energy.saturating_sub(has));
    Hold::Energy(Box::new(EnergyShortage {
        needs: need.energy,
        has,
        first_time: need.first_time,
        price: Amount::from_u128(missing * u128::from(need.sun)),
        cap: need.cap,
        offer,
    }))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::sync::Arc;
    use std::sync::Mutex as StdMutex;

    use futures::future::BoxFuture;

    use super::super::provider::Quote;
    use super::*;
    use crate::node::road::NodeError;

    /// A provider that notes what it is asked.
    #[derive(Default)]
    struct Seller {
        sun_per_energy: u64,
        refuses: bool,
        rented: Arc<StdMutex<Vec<u64>>>,
    }

    impl EnergyProvider for Seller {
        fn quote<'a>(
            &'a self,
            _receiver: &'a Address,
            energy: u64,
            _duration_s: u32,
        ) -> BoxFuture<'a, Result<Quote, NodeError>> {
            Box::pin(async move {
                if self.refuses {
                    return Err(NodeError::TooFew { needed: 1, answered: 0 });
                }
                let price_sun = energy * self.sun_per_energy;
                Ok(Quote { id: "q".to_owned(), energy, price_sun, valid_until: clock::now().plus(1000) })
            })
        }

        fn rent<'a>(&'a self, quote: &'a Quote) -> BoxFuture<'a, Result<String, NodeError>> {
            self.rented.lock().unwrap().push(quote.energy);
            Box::pin(async { Ok("order".to_owned()) })
        }
    }

    fn energy(seller: Option<Seller>, burn_cap_sun: Option<u64>) -> Energy {
        let terms = EnergyRental {
            url: "http://127.0.0.1:1".parse().unwrap(),
            max_sun_per_energy: 80,
            batch: NonZeroU16::new(10).unwrap(),
            duration_s: 3600,
        };
        Energy::new(seller.map(|seller| (Box::new(seller) as Box<dyn EnergyProvider>, terms)), burn_cap_sun)
    }

    fn need(from: &Address, has: u64, spoken_for: u64) -> Need<'_> {
        let cap = Amount::from_u128(20_000_000);
        Need { from, energy: 1000, has, spoken_for, first_time: false, sun: 100, cap }
    }

    fn from() -> Address {
        "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7".parse().unwrap()
    }

    fn waits(outcome: Result<Source, Hold>) -> EnergyShortage {
        let Err(Hold::Energy(shortage)) = outcome else { panic!("{outcome:?}") };
        *shortage
    }

    #[tokio::test]
    async fn what_is_staked_is_used_first_and_payments_in_flight_have_a_claim_on_it() {
        let energy = energy(None, Some(0));
        assert_eq!(energy.cover(need(&from(), 1000, 0)).await.unwrap(), Source::Held);
        let shortage = waits(energy.cover(need(&from(), 1999, 1000)).await);
        assert_eq!((shortage.has, shortage.price), (999, Amount::from_u128(100)));
    }

    #[tokio::test]
    async fn trx_is_burnt_under_the_cap_only() {
        assert_eq!(energy(None, None).cover(need(&from(), 0, 0)).await.unwrap(), Source::Burnt);
        assert_eq!(energy(None, Some(100_000)).cover(need(&from(), 0, 0)).await.unwrap(), Source::Burnt);
        let shortage = waits(energy(None, Some(99_999)).cover(need(&from(), 0, 0)).await);
        assert_eq!((shortage.price, shortage.cap), (Amount::from_u128(100_000), Amount::from_u128(99_999)));
    }

    #[tokio::test]
    async fn a_batch_is_rented_once_and_awaited() {
        let rented = Arc::default();
        let energy = energy(
            Some(Seller { sun_per_energy: 60, rented: Arc::clone(&rented), ..Seller::default() }),
            None,
        );
        assert!(waits(energy.cover(need(&from(), 5, 0)).await).offer.contains("rented for 600000 sun"));
        assert!(waits(energy.cover(need(&from(), 5, 0)).await).offer.contains("awaited"));
        assert_eq!(energy.cover(need(&from(), 10_005, 0)).await.unwrap(), Source::Held);
        assert_eq!(*rented.lock().unwrap(), [10_000]);
        // It came and is used up: the next batch.
        assert!(energy.cover(need(&from(), 10_005, 10_000)).await.is_err());
        assert_eq!(*rented.lock().unwrap(), [10_000, 10_000]);
    }

    #[tokio::test]
    async fn an_offer_over_its_limit_or_over_the_price_of_burning_is_not_taken() {
        let rented: Arc<StdMutex<Vec<u64>>> = Arc::default();
        let seller =
            |sun_per_energy| Seller { sun_per_energy, rented: Arc::clone(&rented), ..Seller::default() };
        assert_eq!(energy(Some(seller(81)), None).cover(need(&from(), 0, 0)).await.unwrap(), Source::Burnt);
        let address = from();
        let cheap = Need { sun: 50, ..need(&address, 0, 0) };
        assert_eq!(energy(Some(seller(51)), None).cover(cheap).await.unwrap(), Source::Burnt);
        assert!(rented.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_provider_that_refuses_leaves_burning_under_the_cap() {
        let seller = || Some(Seller { refuses: true, ..Seller::default() });
        assert_eq!(energy(seller(), None).cover(need(&from(), 0, 0)).await.unwrap(), Source::Burnt);
        let shortage = waits(energy(seller(), Some(1)).cover(need(&from(), 0, 0)).await);
        assert!(shortage.offer.contains("none can be rented"), "{}", shortage.offer);
    }

    #[tokio::test]
    async fn what_was_rented_and_does_not_come_is_not_rented_again() {
        let rented = Arc::default();
        let seller = Seller { sun_per_energy: 60, rented: Arc::clone(&rented), ..Seller::default() };
        let energy = energy(Some(seller), None);
        assert!(energy.cover(need(&from(), 0, 0)).await.is_err());
        let overdue = clock::now().plus(-DELIVERY_MS);
        energy.rentals.lock().await.get_mut(&from()).unwrap().at = overdue;
        assert_eq!(energy.cover(need(&from(), 0, 0)).await.unwrap(), Source::Burnt);
        assert_eq!(rented.lock().unwrap().len(), 1);
    }
}
