//! `/openapi.json`: the contract as OpenAPI 3.1. The tests hold the document equal to what the parser reads, what the
//! router serves and what the replies contain.

use axum::http::header;
use axum::response::IntoResponse;

const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
pub(super) async fn handle() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use payout::request::fields::{
        AddressCreate, AddressInner, AddressLegal, BatchAddressCreate, Call, Coins, PayoutQuery, PayoutV1,
        PayoutV2, SubAddressInfo, SubAddressWithdrawal,
    };
    use payout::request::reply::{
        Accepted, AddressAnswer, CoinLists, CoinRow, Detail, PayoutDetail, SubAddressDetail,
    };
    use payout::request::{Code, Envelope};
    use serde_json::{Value, json};

    use super::DOCUMENT;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    fn keys(value: &Value) -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(ToString::to_string).collect()
    }

    /// Each call's path with the parameters that its parser reads.
    fn calls() -> [(&'static str, &'static [&'static str]); 10] {
        [
            ("/api/v2/payout", PayoutV2::PARAMETERS),
            ("/api/v1/payout", PayoutV1::PARAMETERS),
            ("/api/v1/payout/query", PayoutQuery::PARAMETERS),
            ("/api/v1/address/legal", AddressLegal::PARAMETERS),
            ("/api/v1/address/inner", AddressInner::PARAMETERS),
            ("/api/v1/address/create", AddressCreate::PARAMETERS),
            ("/api/v1/batch/address/create", BatchAddressCreate::PARAMETERS),
            ("/api/v1/coins", Coins::PARAMETERS),
            ("/api/v1/sub_address_withdrawal", SubAddressWithdrawal::PARAMETERS),
            ("/api/v1/sub_address_withdrawal/info", SubAddressInfo::PARAMETERS),
        ]
    }

    #[test]
    fn the_document_has_every_call_with_the_parameters_that_its_parser_reads() {
        let document = document();
        let paths: BTreeSet<String> = calls().iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(keys(&document["paths"]), paths);
        for (path, parameters) in calls() {
            let schema =
                &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
            let expected = names(&[parameters, &Envelope::PARAMETERS].concat());
            // A parameter that is only ever refused is no promise.
            let undocumented: BTreeSet<_> =
                expected.difference(&keys(&schema["properties"])).cloned().collect();
            assert!(undocumented.is_subset(&names(&["callback_url"])), "{path}: {undocumented:?}");
            assert!(keys(&schema["properties"]).is_subset(&expected), "{path}");
        }
    }

    #[test]
    fn the_document_has_every_path_of_the_router() {
        let routes = include_str!("mod.rs");
        for (path, _) in calls() {
            assert!(routes.contains(&format!("\"{path}\"")), "{path} is not served");
        }
        assert_eq!(routes.matches("\"/api/").count(), calls().len(), "a served call is not documented");
    }

    #[test]
    fn the_document_has_every_code_of_the_contract() {
        let listed = document()["components"]["schemas"]["Code"]["enum"].clone();
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(listed, json!(codes));
    }

    #[test]
    fn the_replies_have_exactly_the_documented_fields() {
        let detail = Detail {
            pid: payout::ids::ProjectId::new(1).unwrap(),
            chain_id: "60".parse().unwrap(),
            token_id: "60".parse().unwrap(),
            currency: "60@60".to_owned(),
            from_address: "a".parse().unwrap(),
            amount: "1".to_owned(),
            status: payout::life::Status::Succeeded,
            third_party_id: "t".parse().unwrap(),
            remark: None,
            memo: None,
            txid: None,
            block_height: Some(7),
            block_time: payout::time::Millis::new(5),
        };
        let row = CoinRow {
            coin_name: String::new(),
            chain_id: String::new(),
            token_id: String::new(),
            decimals: String::new(),
        };
        let lists = CoinLists { payout_coins: vec![], address_coins: vec![], order_coins: vec![] };
        let cases = [
            ("Accepted", json!(Accepted { cid: payout::ids::Cid::new(1).unwrap() })),
            ("PayoutDetail", json!(PayoutDetail { address: "a".parse().unwrap(), payout: detail.clone() })),
            (
                "SubAddressDetail",
                json!(SubAddressDetail { to_address: "a".parse().unwrap(), payout: detail }),
            ),
            ("AddressAnswer", json!(AddressAnswer { result: true })),
            ("CoinRow", json!(row)),
            ("CoinLists", json!(lists)),
        ];
        let document = document();
        for (name, value) in cases {
            let schema = &document["components"]["schemas"][name];
            assert_eq!(keys(&schema["properties"]), keys(&value), "{name}");
            for (field, value) in value.as_object().unwrap() {
                let types = &schema["properties"][field]["type"];
                let is = match value {
                    Value::String(_) => "string",
                    Value::Number(_) => "integer",
                    Value::Bool(_) => "boolean",
                    Value::Null => "null",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                let fits = types == is || types.as_array().is_some_and(|all| all.contains(&json!(is)));
                assert!(fits, "{name}.{field} is {is}, documented as {types}");
            }
        }
    }
}
