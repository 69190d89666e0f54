//! What is written stays as it was written, whoever asks.

use payout::key::Signature;
use store::{Actor, Audit, Never};

use crate::house::{House, at};

#[tokio::test]
async fn the_database_refuses_to_change_or_delete_what_is_append_only() {
    let house = House::new().await;
    let mut request = house.request("n-1");
    request.caller = Some(store::CallerProof { header: "h".to_owned(), body: vec![1] });
    let cid = house.store.accept(request).await.unwrap();
    let row = house.store.payout(cid).await.unwrap().unwrap();
    house.succeeded(&row, 1).await;
    let line = Audit { at: at(1), who: Actor::Gateway, what: "start".to_owned(), detail: String::new() };
    house.store.audit(line).await.unwrap();
    let (reason, signature) = ("x".to_owned(), Signature::from_bytes([0; 64]));
    let never = Never { index: 1, intent: row.digest, reason, at: at(2), signature };
    house.store.record_never(never).await.unwrap();

    for table in ["history", "callers", "tokens", "recipients", "usages", "audit", "nevers"] {
        assert!(house.number(&format!("SELECT count(*) FROM {table}")).await > 0, "{table} is empty");
        let touch = match table {
            "callers" => "header = header",
            "nevers" => "reason = reason",
            "recipients" => "cid = cid",
            "usages" => "amount = '0'",
            "tokens" => "token = 'nonce:0'",
            _ => "hash = hash",
        };
        for sql in [format!("UPDATE {table} SET {touch}"), format!("DELETE FROM {table}")] {
            let refusal = house.sql(&sql).await.unwrap_err();
            assert!(refusal.contains("append-only"), "{sql}: {refusal}");
        }
    }
    for table in ["acts", "deliveries", "policy_versions"] {
        let triggers =
            format!("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'");
        assert_eq!(house.number(&triggers).await, 2, "{table}");
    }
}
