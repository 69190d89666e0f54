use payout::money::Amount;
use proptest::prelude::*;

use super::*;
use crate::decoded::{Effect, TokenRef};
use crate::evm::{self, Fee, GasTerms};

const PAYEE: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const OTHER: &str = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb";

fn at(fee: Fee) -> Decoded {
    Decoded {
        network_id: "31337".parse().unwrap(),
        payer: None,
        token: evm::token_for_nonce(7),
        effect: Effect::Transfer {
            token_id: TokenRef::Native,
            to: PAYEE.parse().unwrap(),
            amount: Amount::from_u128(5),
            memo: None,
        },
        max_fee: Amount::from_u128(1),
        digest: [0; 32],
        valid_until: None,
        fee: FeeTerms::Evm(GasTerms { gas_limit: 21_000, fee }),
    }
}

fn type_2(max_fee_per_gas: u128, max_priority_fee_per_gas: u128) -> Fee {
    Fee::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas }
}

#[test]
fn both_prices_must_rise_by_an_eighth() {
    let old = at(type_2(1_000, 80));
    assert!(is_fee_replacement(&old, &at(type_2(1_125, 90))));
    for (max_fee, tip) in [(1_124, 90), (1_125, 89), (1_125, 80), (1_000, 90), (1_000, 80), (2_000, 0)] {
        assert!(!is_fee_replacement(&old, &at(type_2(max_fee, tip))), "{max_fee} {tip}");
    }
}

#[test]
fn a_price_that_an_eighth_does_not_move_rises_by_one() {
    assert_eq!(type_2(1, 0).replacement(), Some(type_2(2, 1)));
    assert!(!type_2(2, 0).outbids(&type_2(1, 0)));
    assert_eq!(type_2(9, 8).replacement(), Some(type_2(11, 9)));
}

#[test]
fn a_legacy_price_is_maximum_and_tip_at_once() {
    let legacy = Fee::Legacy { gas_price: 800 };
    assert_eq!(legacy.replacement(), Some(Fee::Legacy { gas_price: 900 }));
    assert!(type_2(900, 900).outbids(&legacy));
    assert!(!type_2(900, 899).outbids(&legacy));
}

#[test]
fn a_price_at_the_end_of_the_range_can_not_be_outbid() {
    assert_eq!(type_2(u128::MAX, 1).replacement(), None);
    assert!(!type_2(u128::MAX, u128::MAX).outbids(&type_2(u128::MAX, 1)));
}

#[test]
fn a_replacement_changes_nothing_but_the_fee() {
    let old = at(type_2(1_000, 80));
    let better = at(type_2(2_000, 200));
    let mut network = better.clone();
    network.network_id = "1".parse().unwrap();
    let mut token = better.clone();
    token.token = evm::token_for_nonce(8);
    let mut recipient = better.clone();
    let mut amount = better.clone();
    let mut memo = better.clone();
    let transfer = |to: &str, amount, memo: Option<&str>| Effect::Transfer {
        token_id: TokenRef::Native,
        to: to.parse().unwrap(),
        amount: Amount::from_u128(amount),
        memo: memo.map(str::to_owned),
    };
    recipient.effect = transfer(OTHER, 5, None);
    amount.effect = transfer(PAYEE, 6, None);
    memo.effect = transfer(PAYEE, 5, Some("1"));
    for (what, new) in [network, token, recipient, amount, memo].iter().enumerate() {
        assert!(!is_fee_replacement(&old, new), "case {what}");
    }
    assert!(is_fee_replacement(&old, &better));
}

#[test]
fn a_void_outbids_a_payment_but_is_no_fee_replacement_of_it() {
    let old = at(type_2(1_000, 80));
    let mut void = at(type_2(1_125, 90));
    void.effect = Effect::Void { to: OTHER.parse().unwrap() };
    assert!(outbids(&old, &void));
    assert!(!is_fee_replacement(&old, &void));
}

proptest! {
    #[test]
    fn the_proposed_replacement_is_the_lowest_that_outbids(
        max_fee in 0..u128::MAX / 2,
        tip in 0..u128::MAX / 2,
    ) {
        let old = type_2(max_fee.max(tip), tip);
        let new = old.replacement().unwrap();
        prop_assert!(new.outbids(&old));
        let (least_fee, least_tip) = (new.max_fee_per_gas(), new.max_priority_fee_per_gas());
        prop_assert!(least_tip <= least_fee);
        prop_assert!(!type_2(least_fee - 1, least_tip).outbids(&old));
        prop_assert!(!type_2(least_fee, least_tip - 1).outbids(&old));
        // At least 12.5 %: new / old ≥ 9 / 8.
        prop_assert!(least_fee / 9 * 8 + least_fee % 9 * 8 / 9 >= old.max_fee_per_gas());
    }
}
