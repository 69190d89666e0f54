//! Every pair of points in sequence: somebody is killed at the first, and after it has risen somebody at the second.
//!
//! Walking through the list of points with a fixed stride meets each pair at that distance once, and the crash before a
//! pair is the second of the pair before it. So one walk a stride covers all pairs with as many crashes as there are
//! pairs, and most payouts live through more than two of them.
//!
//! All pairs are met under payouts on the EVM chain; the other chains, where nothing but the road differs, have two of
//! the strides.

use payout::coin::Family;
use testbed::crash::proof;
use testbed::crash::rig::{Rig, plan, plan_of_all_chains};
use testbed::crash::sequence::{POINTS, points_of, through};
use testbed::deployment::Plan;

/// The closed walks with this stride that together step from every point to the one so many places later.
fn walks(points: &[&'static str], stride: usize) -> Vec<Vec<&'static str>> {
    let mut left = vec![true; points.len()];
    let mut walks = Vec::new();
    while let Some(first) = left.iter().position(|left| *left) {
        let (mut walk, mut place) = (vec![points[first]], first);
        loop {
            left[place] = false;
            place = (place + stride) % points.len();
            walk.push(points[place]);
            if place == first {
                break;
            }
        }
        walks.push(walk);
    }
    walks
}

async fn walk_with(stride: usize) {
    walk_on(plan(2, 3), &[Family::Evm], stride).await;
}

/// The same on the other chains.
async fn walk_elsewhere_with(stride: usize) {
    walk_on(plan_of_all_chains(2, 3), &[Family::Xrp, Family::Tron], stride).await;
}

async fn walk_on(plan: Plan, families: &[Family], stride: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(plan, folder.path()).await.unwrap();
    let mut paid = 0;
    for family in families {
        for walk in walks(&points_of(*family), stride) {
            let died = through(&mut rig, *family, &walk).await;
            paid += died.unwrap_or_else(|error| panic!("{family:?} {walk:?}: {error}")).len();
        }
    }
    proof::no_other_transaction(&rig.stage, paid).await.unwrap();
    rig.stage.stop().await;
}

/// A named test for each stride.
macro_rules! strides {
    ($($name:ident by $stride:literal)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                walk_with($stride).await;
            }
        )*

        #[test]
        fn the_walks_meet_every_pair_of_points_once() {
            let mut pairs = std::collections::BTreeSet::new();
            for stride in [$($stride),*] {
                for walk in walks(POINTS, stride) {
                    for pair in walk.windows(2) {
                        assert!(pairs.insert((pair[0], pair[1])), "{pair:?} is met twice");
                    }
                }
            }
            assert_eq!(pairs.len(), POINTS.len() * POINTS.len());
        }
    };
}

strides! {
    every_point_twice_in_a_row by 0
    every_point_and_then_the_one_1_places_later by 1
    every_point_and_then_the_one_2_places_later by 2
    every_point_and_then_the_one_3_places_later by 3
    every_point_and_then_the_one_4_places_later by 4
    every_point_and_then_the_one_5_places_later by 5
    every_point_and_then_the_one_6_places_later by 6
    every_point_and_then_the_one_7_places_later by 7
    every_point_and_then_the_one_8_places_later by 8
    every_point_and_then_the_one_9_places_later by 9
    every_point_and_then_the_one_10_places_later by 10
    every_point_and_then_the_one_11_places_later by 11
    every_point_and_then_the_one_12_places_later by 12
    every_point_and_then_the_one_13_places_later by 13
    every_point_and_then_the_one_14_places_later by 14
    every_point_and_then_the_one_15_places_later by 15
    every_point_and_then_the_one_16_places_later by 16
    every_point_and_then_the_one_17_places_later by 17
    every_point_and_then_the_one_18_places_later by 18
    every_point_and_then_the_one_19_places_later by 19
    every_point_and_then_the_one_20_places_later by 20
    every_point_and_then_the_one_21_places_later by 21
    every_point_and_then_the_one_22_places_later by 22
    every_point_and_then_the_one_23_places_later by 23
    every_point_and_then_the_one_24_places_later by 24
    every_point_and_then_the_one_25_places_later by 25
    every_point_and_then_the_one_26_places_later by 26
    every_point_and_then_the_one_27_places_later by 27
    every_point_and_then_the_one_28_places_later by 28
    every_point_and_then_the_one_29_places_later by 29
}

#[tokio::test]
async fn every_point_and_then_the_next_one_on_xrp_and_on_tron() {
    walk_elsewhere_with(1).await;
}

#[tokio::test]
async fn every_point_and_then_the_one_13_places_later_on_xrp_and_on_tron() {
    walk_elsewhere_with(13).await;
}
