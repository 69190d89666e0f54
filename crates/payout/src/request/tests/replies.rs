//! Replies to the byte, and the table of codes.

use super::super::reply::{
    Accepted, AddressAnswer, CoinLists, CoinRow, Detail, NewAddress, PayoutDetail, Reply, SubAddressDetail,
};
use super::*;
use crate::coin::Coin;
use crate::ids::Cid;
use crate::life::Status;
use crate::time::Millis;

fn json<T: serde::Serialize>(reply: &T) -> String {
    serde_json::to_string(reply).unwrap()
}

#[test]
fn a_success_has_all_three_keys() {
    let reply = Reply::ok(Accepted { cid: Cid::new(1_382_688_606_330_880).unwrap() });
    assert_eq!(json(&reply), r#"{"code":"00000","msg":"ok","data":{"cid":1382688606330880}}"#);
}

#[test]
fn a_refusal_has_all_three_keys_too() {
    let reply = Reply::<Accepted>::rejected(Rejected::missing("amount"));
    assert_eq!(json(&reply), r#"{"code":"A0400","msg":"Param Error: amount is missing","data":null}"#);
    let reply = Reply::<Accepted>::from(Err(Code::Signature.into()));
    assert_eq!(json(&reply), r#"{"code":"B0001","msg":"Signature Error","data":null}"#);
}

#[test]
fn messages_with_a_figure_have_it_where_the_contract_says() {
    assert_eq!(
        Rejected::ip_not_listed("203.0.113.7".parse().unwrap()).to_string(),
        "E0001 The IP is not added to the whitelist list 203.0.113.7"
    );
    assert_eq!(
        Rejected::too_many_requests(3).to_string(),
        "A0429 Param Error: too many requests, retry after 3 s"
    );
}

#[test]
fn every_code_of_the_contract_is_here_and_written_once() {
    let table: Vec<String> = Code::ALL.iter().map(|code| format!("{code} {}", code.msg())).collect();
    assert_eq!(
        table.join("\n"),
        "00000 ok
A0400 Param Error:
A0401 Param Error: timestamp outside the accepted window
A0402 Param Error: request already seen
A0429 Param Error: too many requests, retry after
B0001 Signature Error
E0001 The IP is not added to the whitelist list
E0002 Address alias must be a combination of 40 characters or less
E0003 Item does not exist or item status is anomalous
E0005 Unsupported coin
E0006 The withdrawal amount must be greater than 0
E0007 Incorrect accuracy of the withdrawal amount
E0008 Address is invalid
E0009 Duplicate business number
E0010 Wallet does not exist
E0011 Approval process does not exist
E0014 Transfer out of business unqueried to order information
E0016 Amount error
E0021 Order remark exceeds 256 characters
E0027 Number of addresses set incorrectly
E0032 Memo content only supports numeric characters and must be less than 4294967295"
    );
}

fn detail() -> Detail {
    Detail {
        pid: crate::ids::ProjectId::new(1_382_528_827_416_576).unwrap(),
        chain_id: "60".parse().unwrap(),
        token_id: "60".parse().unwrap(),
        currency: "Ethereum".to_owned(),
        from_address: "0xaa".parse().unwrap(),
        amount: "1.10".to_owned(),
        status: Status::AwaitingSignature,
        third_party_id: "t".parse().unwrap(),
        remark: None,
        memo: None,
        txid: None,
        block_height: None,
        block_time: None,
    }
}

#[test]
fn a_query_replies_with_the_documented_types() {
    let waiting = PayoutDetail { address: "0xbb".parse().unwrap(), payout: detail() };
    assert_eq!(
        json(&waiting),
        concat!(
            r#"{"address":"0xbb","pid":1382528827416576,"chain_id":"60","token_id":"60","currency":"Ethereum","#,
            r#""from_address":"0xaa","amount":"1.10","status":5,"third_party_id":"t","remark":null,"memo":null,"#,
            r#""txid":null,"block_height":null,"block_time":null}"#
        )
    );
    let paid = Detail {
        status: Status::Succeeded,
        txid: Some("0xcc".to_owned()),
        block_height: Some(123),
        block_time: Millis::new(1_688_004_243_314),
        remark: Some("r".to_owned()),
        ..detail()
    };
    let text = json(&SubAddressDetail { to_address: "0xbb".parse().unwrap(), payout: paid });
    assert!(text.starts_with(r#"{"to_address":"0xbb","pid":"#) && !text.contains(r#""address""#), "{text}");
    assert!(text.ends_with(
        r#""status":6,"third_party_id":"t","remark":"r","memo":null,"txid":"0xcc","block_height":"123","block_time":1688004243314}"#
    ), "{text}");
}

#[test]
fn a_coins_row_is_all_strings() {
    let coin = Coin {
        name: "Ethereum".to_owned(),
        chain_id: "60".parse().unwrap(),
        token_id: "60".parse().unwrap(),
        decimals: 18,
    };
    let lists =
        CoinLists { payout_coins: vec![CoinRow::from(&coin)], address_coins: vec![], order_coins: vec![] };
    assert_eq!(
        json(&lists),
        r#"{"payout_coins":[{"coin_name":"Ethereum","chain_id":"60","token_id":"60","decimals":"18"}],"address_coins":[],"order_coins":[]}"#
    );
}

#[test]
fn address_replies_are_these() {
    assert_eq!(json(&AddressAnswer { result: false }), r#"{"result":false}"#);
    let batch = Reply::ok(vec![NewAddress { address: "0xaa".parse().unwrap() }]);
    assert_eq!(json(&batch), r#"{"code":"00000","msg":"ok","data":[{"address":"0xaa"}]}"#);
}
