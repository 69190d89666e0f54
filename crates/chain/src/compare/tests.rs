use payout::ids::{AddressIndex, Attempt, Cid, Digest, ProjectId, TokenId, WalletId};
use payout::intent::VERSION;
use payout::time::Millis;

use super::*;
use crate::evm::{self, Fee, GasTerms};
use crate::family::FeeTerms;

const PAYER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const PAYEE: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const OTHER: &str = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb";
const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";

fn intent(kind: Kind, token_id: &str) -> Intent {
    Intent {
        version: VERSION.to_owned(),
        kind,
        deployment: Digest::from_bytes([0x11; 32]),
        project: ProjectId::new(1).unwrap(),
        cid: Cid::new(2).unwrap(),
        attempt: Attempt::FIRST,
        third_party_id: "order-1".parse().unwrap(),
        wallet: WalletId::new(3).unwrap(),
        address_index: AddressIndex::PAYOUT,
        network_id: "31337".parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        token_id: token_id.parse().unwrap(),
        from: PAYER.parse().unwrap(),
        to: PAYEE.parse().unwrap(),
        amount: Amount::from_u128(1_500_000),
        amount_text: "1.5".to_owned(),
        memo: None,
        fee_cap: Amount::from_u128(1_000),
        rules_version: 1,
        rule: "small".parse().unwrap(),
        applicant: None,
        compliance_ref: None,
        target: None,
        operation: None,
        operation_args: None,
        created: Millis::new(1).unwrap(),
        expiry: Millis::new(2).unwrap(),
    }
}

fn decoded(effect: Effect) -> Decoded {
    let fee = Fee::Legacy { gas_price: 1 };
    Decoded {
        network_id: "31337".parse().unwrap(),
        payer: None,
        token: evm::token_for_nonce(7),
        effect,
        max_fee: Amount::from_u128(1_000),
        digest: [0; 32],
        valid_until: None,
        fee: FeeTerms::Evm(GasTerms { gas_limit: 1_000, fee }),
    }
}

fn transfer(token_id: TokenRef, to: &str, amount: u128) -> Effect {
    Effect::Transfer { token_id, to: to.parse().unwrap(), amount: Amount::from_u128(amount), memo: None }
}

fn void(to: &str) -> Effect {
    Effect::Void { to: to.parse().unwrap() }
}

fn contract(token_id: &str) -> TokenRef {
    TokenRef::Contract(token_id.parse().unwrap())
}

#[test]
fn a_payment_as_intended_agrees() {
    for kind in [Kind::Payout, Kind::RaiseCap] {
        let ether = decoded(transfer(TokenRef::Native, PAYEE, 1_500_000));
        assert_eq!(compare(&intent(kind, "60"), &ether), Ok(()));
        let usdt = decoded(transfer(contract(USDT), PAYEE, 1_500_000));
        assert_eq!(compare(&intent(kind, USDT), &usdt), Ok(()));
    }
}

#[test]
fn bytes_for_another_network_are_named() {
    let mut bytes = decoded(transfer(TokenRef::Native, PAYEE, 1_500_000));
    bytes.network_id = "1".parse().unwrap();
    assert_eq!(
        compare(&intent(Kind::Payout, "60"), &bytes),
        Err(Mismatch::Network { expected: "31337".parse().unwrap(), found: "1".parse().unwrap() })
    );
}

#[test]
fn another_coin_is_named() {
    let cases = [("60", contract(USDT)), (USDT, TokenRef::Native), (USDT, contract(&USDT.replace('d', "e")))];
    for (token_id, found) in cases {
        let intended = intent(Kind::Payout, token_id);
        let expected = TokenRef::of(&intended.chain_id, &intended.token_id);
        let bytes = decoded(transfer(found.clone(), PAYEE, 1_500_000));
        assert_eq!(compare(&intended, &bytes), Err(Mismatch::Coin { expected, found }));
    }
}

#[test]
fn a_native_coin_of_another_chain_is_another_coin() {
    let intended = intent(Kind::Payout, "2510");
    let bytes = decoded(transfer(TokenRef::Native, PAYEE, 1_500_000));
    assert!(matches!(compare(&intended, &bytes), Err(Mismatch::Coin { .. })));
}

#[test]
fn another_recipient_is_named() {
    let bytes = decoded(transfer(TokenRef::Native, OTHER, 1_500_000));
    assert_eq!(
        compare(&intent(Kind::Payout, "60"), &bytes),
        Err(Mismatch::Payee { expected: PAYEE.parse().unwrap(), found: OTHER.parse().unwrap() })
    );
}

#[test]
fn one_base_unit_more_or_less_is_another_amount() {
    for found in [1_499_999, 1_500_001] {
        let bytes = decoded(transfer(TokenRef::Native, PAYEE, found));
        assert_eq!(
            compare(&intent(Kind::Payout, "60"), &bytes),
            Err(Mismatch::Amount { expected: Amount::from_u128(1_500_000), found: Amount::from_u128(found) })
        );
    }
}

#[test]
fn a_lost_added_or_changed_memo_is_named() {
    let cases = [(Some("1"), None), (None, Some("1")), (Some("1"), Some("01")), (Some(""), None)];
    for (expected, found) in cases {
        let (expected, found) = (expected.map(str::to_owned), found.map(str::to_owned));
        let mut intended = intent(Kind::Payout, "60");
        intended.memo = expected.clone();
        let bytes = decoded(Effect::Transfer {
            token_id: TokenRef::Native,
            to: PAYEE.parse().unwrap(),
            amount: Amount::from_u128(1_500_000),
            memo: found.clone(),
        });
        assert_eq!(compare(&intended, &bytes), Err(Mismatch::Memo { expected, found }));
    }
}

#[test]
fn one_base_unit_over_the_fee_cap_is_too_much() {
    for (kind, effect) in
        [(Kind::Payout, transfer(TokenRef::Native, PAYEE, 1_500_000)), (Kind::Void, void(PAYER))]
    {
        let mut bytes = decoded(effect);
        bytes.max_fee = Amount::from_u128(1_001);
        assert_eq!(
            compare(&intent(kind, "60"), &bytes),
            Err(Mismatch::Fee { cap: Amount::from_u128(1_000), found: Amount::from_u128(1_001) })
        );
    }
}

#[test]
fn a_void_is_a_transfer_of_nothing_to_the_payer_itself() {
    for token_id in ["60", USDT] {
        assert_eq!(compare(&intent(Kind::Void, token_id), &decoded(void(PAYER))), Ok(()));
    }
    assert_eq!(
        compare(&intent(Kind::Void, "60"), &decoded(void(PAYEE))),
        Err(Mismatch::Payee { expected: PAYER.parse().unwrap(), found: PAYEE.parse().unwrap() })
    );
}

#[test]
fn a_void_never_pays_and_a_payout_never_voids() {
    let payment = decoded(transfer(TokenRef::Native, PAYEE, 1_500_000));
    let to_self = decoded(transfer(TokenRef::Native, PAYER, 1));
    for bytes in [&payment, &to_self] {
        assert_eq!(
            compare(&intent(Kind::Void, "60"), bytes),
            Err(Mismatch::Effect { expected: Kind::Void, found: "a transfer" })
        );
    }
    for kind in [Kind::Payout, Kind::RaiseCap] {
        let mut intended = intent(kind, "60");
        intended.to = PAYER.parse().unwrap();
        assert_eq!(
            compare(&intended, &decoded(void(PAYER))),
            Err(Mismatch::Effect { expected: kind, found: "a transfer of nothing" })
        );
    }
}

#[test]
fn no_bytes_are_a_maintenance_operation() {
    for effect in [transfer(TokenRef::Native, PAYEE, 1_500_000), void(PAYER)] {
        let found = effect.name();
        assert_eq!(
            compare(&intent(Kind::Maintenance, "60"), &decoded(effect)),
            Err(Mismatch::Effect { expected: Kind::Maintenance, found })
        );
    }
}

#[test]
fn a_token_id_that_is_not_canonical_agrees_with_no_bytes() {
    let upper: TokenId = format!("0x{}", USDT[2..].to_uppercase()).parse().unwrap();
    let bytes = decoded(transfer(contract(USDT), PAYEE, 1_500_000));
    assert!(matches!(compare(&intent(Kind::Payout, upper.as_str()), &bytes), Err(Mismatch::Coin { .. })));
}
