//! Derived addresses.

use payout::ids::{Address, AddressIndex};
use store::{AddressCreate, AddressRefusal};

use crate::house::{FAMILY, House, at, project, replay, wallet};
use crate::refused;

fn derived(index: AddressIndex) -> Option<Address> {
    // Index 3 stands for the one in 2^127 that has no address.
    (index.get() != 3).then(|| format!("0xderived{index}").parse().unwrap())
}

fn create(count: u32) -> AddressCreate {
    AddressCreate {
        project: project(),
        wallet: wallet(),
        chain_id: "60".parse().unwrap(),
        family: FAMILY,
        alias: Some("till 4".to_owned()),
        count,
        replay: None,
        derive: Box::new(derived),
        now: at(0),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_calls_get_the_same_address() {
    let house = House::new().await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let store = house.store.clone();
            tokio::spawn(async move { store.address_create(create(5)).await.unwrap() })
        })
        .collect();
    let mut all = Vec::new();
    for call in calls {
        all.extend(call.await.unwrap());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 100);
    let stored = house.store.addresses(project()).await.unwrap();
    assert_eq!(stored[0].index.get(), 1, "0 is the payout address");
    assert_eq!(stored[99].index.get(), 101, "one index has no address");
}

#[tokio::test]
async fn an_address_has_an_owner_and_a_replayed_call_makes_none() {
    let house = House::new().await;
    let with_key = || AddressCreate { replay: Some(replay("nonce0")), ..create(1) };
    let made = house.store.address_create(with_key()).await.unwrap();
    refused!(house.store.address_create(with_key()).await, AddressRefusal::Replayed);
    let owner = house.store.address_owner(FAMILY, &made[0]).await.unwrap().unwrap();
    assert_eq!((owner.project, owner.alias.as_deref()), (project(), Some("till 4")));
    assert_eq!(house.store.address_owner(FAMILY, &"0xother".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn an_address_that_was_made_after_the_copy_is_given_to_nobody_else() {
    let house = House::new().await;
    let made = async |ms| {
        let create = AddressCreate { now: at(ms), ..create(1) };
        house.store.address_create(create).await.unwrap();
        house.store.addresses(project()).await.unwrap().last().unwrap().index.get()
    };
    assert_eq!((made(1).await, made(2).await), (1, 2));
    house.store.open_restore("an old copy".to_owned(), None, at(10)).await.unwrap();
    // Callers may have got 4, 5 and so on from the database that was lost.
    assert_eq!((made(11).await, made(12).await), (1_000_002, 1_000_003));
}
