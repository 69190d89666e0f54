//! A test for each point on the road of every payout: somebody is killed there, under a payout on each kind of chain. Pairs
//! of points are in [`super::pairs`], those that only bytes that lapse come by in [`super::lapses`].

use payout::coin::Family;
use testbed::crash::proof;
use testbed::crash::rig::{Rig, plan_of_all_chains};
use testbed::crash::sequence::{POINTS, points_of, through};

async fn killed_at(point: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(plan_of_all_chains(2, 3), folder.path()).await.unwrap();
    let mut paid = 0;
    for family in [Family::Evm, Family::Xrp, Family::Tron] {
        if points_of(family).contains(&point) {
            let died = through(&mut rig, family, &[point]).await;
            paid += died.unwrap_or_else(|error| panic!("{family:?}: {error}")).len();
        }
    }
    proof::no_other_transaction(&rig.stage, paid).await.unwrap();
    rig.stage.stop().await;
}

/// A named test for each point.
macro_rules! points {
    ($($name:ident at $point:literal)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                killed_at($point).await;
            }
        )*

        #[test]
        fn every_point_of_a_payouts_road_has_a_test_here() {
            assert_eq!([$($point),*], POINTS);
        }
    };
}

points! {
    a_gateway_killed_after_it_stored_a_payout_pays_it_once at "payout stored"
    a_gateway_killed_after_it_stored_an_approval_pays_once at "approval stored"
    a_cosigner_killed_before_it_journals_a_sight_leaves_one_payment at "before a sight is journaled"
    a_cosigner_killed_after_it_journaled_a_sight_leaves_one_payment at "after a sight is journaled"
    a_cosigner_killed_after_its_counter_was_written_leaves_one_payment at "counter written"
    a_cosigner_killed_before_it_journals_others_entries_leaves_one_payment at "before peers' entries are journaled"
    a_cosigner_killed_after_it_journaled_others_entries_leaves_one_payment at "after peers' entries are journaled"
    a_gateway_killed_while_it_takes_a_token_pays_once at "token taken"
    a_gateway_killed_after_it_stored_unsigned_bytes_pays_once at "unsigned bytes stored"
    a_gateway_killed_after_it_stored_that_signing_begins_pays_once at "signing begun"
    a_gateway_killed_after_it_opened_a_session_pays_once at "session opened"
    a_cosigner_killed_after_it_began_a_session_leaves_one_payment at "session begun"
    a_cosigner_killed_after_it_exchanged_journals_leaves_one_payment at "journals exchanged"
    a_cosigner_killed_after_its_checks_passed_leaves_one_payment at "checks passed"
    a_cosigner_killed_before_it_journals_a_contribution_leaves_one_payment at "before a contribution is journaled"
    a_cosigner_killed_after_it_journaled_a_contribution_leaves_one_payment at "after a contribution is journaled"
    a_cosigner_killed_in_round_1_leaves_one_payment at "round 1 sent"
    a_cosigner_killed_in_round_2_leaves_one_payment at "round 2 sent"
    a_cosigner_killed_in_round_3_leaves_one_payment at "round 3 sent"
    a_cosigner_killed_with_the_signature_in_its_hand_leaves_one_payment at "signature made"
    a_cosigner_killed_after_it_told_the_signature_leaves_one_payment at "signature told"
    a_gateway_killed_after_it_received_a_signature_pays_once at "signature received"
    a_gateway_killed_after_it_stored_signed_bytes_pays_once at "signed bytes stored"
    a_gateway_killed_after_it_broadcast_pays_once at "broadcast sent"
    a_gateway_killed_after_it_stored_a_broadcast_pays_once at "broadcast recorded"
    a_gateway_killed_after_it_saw_the_inclusion_pays_once at "inclusion seen"
    a_gateway_killed_after_it_saw_the_finality_pays_once at "finality seen"
    a_gateway_killed_after_it_stored_the_end_pays_once at "end stored"
    a_gateway_killed_after_it_sent_a_callback_pays_once at "callback sent"
    a_gateway_killed_after_it_stored_that_a_callback_arrived_pays_once at "callback recorded"
}
