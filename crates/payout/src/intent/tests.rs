use serde_json::{Map, Value};

use super::*;

fn example() -> Intent {
    Intent {
        version: VERSION.to_owned(),
        kind: Kind::Payout,
        deployment: Digest::from_bytes([0x11; 32]),
        project: ProjectId::new(1_382_528_827_416_576).unwrap(),
        cid: Cid::new(1_382_688_606_330_880).unwrap(),
        attempt: Attempt::FIRST,
        third_party_id: "c9231e604da54469a735af3f449c880f".parse().unwrap(),
        wallet: WalletId::new(11_434_198_045_401_088).unwrap(),
        address_index: AddressIndex::PAYOUT,
        network_id: "31337".parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        token_id: "60".parse().unwrap(),
        from: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
        to: "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap(),
        amount: Amount::from_u128(1_100_000_000_000_000_000),
        amount_text: "1.1".to_owned(),
        memo: None,
        fee_cap: Amount::from_u128(5_000_000_000_000_000),
        rules_version: 1,
        rule: "small".parse().unwrap(),
        applicant: None,
        compliance_ref: None,
        target: None,
        operation: None,
        operation_args: None,
        created: Millis::new(1_688_004_243_314).unwrap(),
        expiry: Millis::new(1_688_090_643_314).unwrap(),
    }
}

#[test]
fn the_canonical_text_is_this_to_the_byte() {
    assert_eq!(
        example().canonical(),
        concat!(
            r#"{"address_index":"0","amount":"1100000000000000000","amount_text":"1.1","applicant":null,"attempt":"1","#,
            r#""chain_id":"60","cid":"1382688606330880","compliance_ref":null,"created":"1688004243314","#,
            r#""deployment":"1111111111111111111111111111111111111111111111111111111111111111","expiry":"1688090643314","#,
            r#""fee_cap":"5000000000000000","from":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","kind":"payout","memo":null,"#,
            r#""network_id":"31337","operation":null,"operation_args":null,"project":"1382528827416576","rule":"small","#,
            r#""rules_version":"1","target":null,"third_party_id":"c9231e604da54469a735af3f449c880f","#,
            r#""to":"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359","token_id":"60","version":"1","wallet":"11434198045401088"}"#,
        )
    );
}

#[test]
fn the_digest_equals_one_computed_with_pythons_hashlib() {
    // sha256(b"bursar/intent/v1\0" + len(text).to_bytes(8, "big") + text)
    assert_eq!(example().digest().to_string(), include_str!("golden_digest.txt").trim());
}

#[test]
fn the_json_form_reads_back_as_the_same_intent() {
    let intent = example();
    let text = serde_json::to_string(&intent).unwrap();
    assert_eq!(serde_json::from_str::<Intent>(&text).unwrap(), intent);
    let canonical = intent.canonical();
    assert_eq!(serde_json::from_str::<Intent>(&canonical).unwrap(), intent);
}

#[test]
fn the_hand_written_text_is_the_canonical_one() {
    let mut intent = example();
    intent.memo = Some("quote \" backslash \\ newline \n control \u{1} euro \u{20ac}".to_owned());
    intent.target = Some(Digest::from_bytes([7; 32]));
    assert_eq!(intent.canonical(), crate::canonical::text(&intent));
}

#[test]
fn an_unknown_field_is_refused() {
    let text = example().canonical().replacen('{', r#"{"extra":"1","#, 1);
    assert!(serde_json::from_str::<Intent>(&text).is_err());
}

#[test]
fn each_field_changes_the_digest() {
    let whole: Map<String, Value> = serde_json::from_str(&example().canonical()).unwrap();
    let digest = example().digest();
    for name in whole.keys() {
        let mut changed = whole.clone();
        let other = match name.as_str() {
            "kind" => "void".to_owned(),
            "deployment" | "target" => "22".repeat(32),
            "from" | "to" => "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb".to_owned(),
            "amount_text" | "memo" | "applicant" | "compliance_ref" | "operation" | "operation_args"
            | "rule" => "other".to_owned(),
            _ => "77".to_owned(),
        };
        changed.insert(name.clone(), Value::String(other));
        let intent: Intent = serde_json::from_value(Value::Object(changed)).unwrap();
        assert_ne!(intent.digest(), digest, "{name} is not covered");
    }
}

#[test]
fn fields_that_contradict_the_kind_are_named() {
    let ordered = Intent {
        kind: Kind::Maintenance,
        to: example().from,
        amount: Amount::ZERO,
        amount_text: "0".to_owned(),
        operation: Some("xrp_create_tickets".to_owned()),
        operation_args: Some("{\"count\":\"10\"}".to_owned()),
        ..example()
    };
    assert_eq!(ordered.contradiction(), None);
    let spoilt = |spoil: fn(&mut Intent)| {
        let mut intent = ordered.clone();
        spoil(&mut intent);
        intent.contradiction()
    };
    assert_eq!(spoilt(|it| it.operation = None), Some("a maintenance without an operation"));
    assert_eq!(spoilt(|it| it.operation_args = None), Some("a maintenance without its arguments"));
    let pays = Some("a maintenance that pays somebody");
    assert_eq!(spoilt(|it| it.amount = Amount::from_u128(1)), pays);
    assert_eq!(spoilt(|it| it.to = example().to), pays);
    assert_eq!(spoilt(|it| it.memo = Some("1".to_owned())), pays);
    let token = Some("a maintenance in another coin than the chain's own");
    assert_eq!(
        spoilt(|it| it.token_id = "0xdac17f958d2ee523a2206206994597c13d831ec7".parse().unwrap()),
        token
    );
    for kind in [Kind::Payout, Kind::Void, Kind::RaiseCap] {
        assert_eq!(Intent { kind, ..example() }.contradiction(), None);
        let with_name = Intent { kind, operation: ordered.operation.clone(), ..example() };
        let with_args = Intent { kind, operation_args: ordered.operation_args.clone(), ..example() };
        for intent in [with_name, with_args] {
            assert!(intent.contradiction().is_some_and(|why| why.contains("no maintenance")));
        }
    }
}
