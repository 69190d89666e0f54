//! The proxy against a node that is written down.

use super::fault::Outcome;
use super::*;
use crate::anvil::Rpc;

/// An honest node with 100 blocks, of which 98 are final, and one transaction in block 95.
async fn honest() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reply = async |body: Bytes| {
        let question = Question::parse(&body).unwrap();
        let at = |place: usize| match question.params[place].as_str().unwrap() {
            "latest" => 100,
            "finalized" => 98,
            _ => lag::number(&question.params[place]).unwrap(),
        };
        let block =
            |height: u64| json!({"number": format!("{height:#x}"), "hash": format!("0x{height:064x}")});
        written(&question.answered(match question.method.as_str() {
            "eth_chainId" => json!("0x7a69"),
            "eth_getBlockByNumber" => block(at(0)),
            "eth_getTransactionCount" => json!(if at(1) >= 95 { "0x1" } else { "0x0" }),
            "eth_getTransactionReceipt" if question.params[0] == "0xaa" => json!({
                "transactionHash": "0xaa", "status": "0x1", "logs": [{"data": "0x"}],
                "blockNumber": "0x5f", "blockHash": format!("0x{:064x}", 95),
            }),
            SEND => json!("sent"),
            _ => Value::Null,
        }))
    };
    let router = Router::new().fallback(any(reply));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn proxy() -> (Proxy, Rpc) {
    let proxy = Proxy::start(&honest().await).await.unwrap();
    let rpc = Rpc::new(proxy.url());
    (proxy, rpc)
}

async fn receipt(rpc: &Rpc, txid: &str) -> Value {
    rpc.ask("eth_getTransactionReceipt", json!([txid])).await.unwrap()
}

#[tokio::test]
async fn told_nothing_it_passes_everything_on() {
    let (proxy, rpc) = proxy().await;
    assert_eq!(rpc.ask("eth_chainId", json!([])).await.unwrap(), "0x7a69");
    assert_eq!(receipt(&rpc, "0xaa").await["status"], "0x1");
    assert_eq!(rpc.ask(SEND, json!(["0x02"])).await.unwrap(), "sent");
    assert_eq!((proxy.asked(SEND), proxy.asked("eth_call")), (1, 0));
}

#[tokio::test]
async fn a_lagging_node_knows_nothing_above_its_head() {
    let (proxy, rpc) = proxy().await;
    proxy.behave(&[Fault::Lagging { blocks: 6 }]);
    let block = async |at: &str| rpc.ask("eth_getBlockByNumber", json!([at, false])).await.unwrap();
    assert_eq!(block("latest").await["number"], "0x5e");
    assert_eq!(block("finalized").await["number"], "0x5c");
    assert_eq!(block("0x5f").await, Value::Null);
    assert_eq!(receipt(&rpc, "0xaa").await, Value::Null);
    let count = async |at: &str| rpc.ask("eth_getTransactionCount", json!(["0xf", at])).await;
    assert_eq!(count("latest").await.unwrap(), "0x0");
    assert!(count("0x5f").await.is_err());
    proxy.behave(&[Fault::StandingStill { at: 95 }]);
    assert_eq!(count("latest").await.unwrap(), "0x1");
    assert_eq!(block("finalized").await["number"], "0x5d");
}

#[tokio::test]
async fn each_lie_changes_what_it_is_about_and_nothing_else() {
    let (proxy, rpc) = proxy().await;
    let honest = receipt(&rpc, "0xaa").await;
    let told = async |lie: Lie, txid: &str| {
        proxy.behave(&[Fault::Receipt(lie)]);
        receipt(&rpc, txid).await
    };
    assert_eq!(told(Lie::StatusFlipped, "0xaa").await["status"], "0x0");
    assert_eq!(told(Lie::WithoutLogs, "0xaa").await["logs"], json!([]));
    let moved = told(Lie::BlockBefore, "0xaa").await;
    assert_eq!((&moved["blockNumber"], &moved["status"]), (&json!("0x5e"), &honest["status"]));
    assert_eq!(moved["blockHash"], format!("0x{:064x}", 94));
    let nowhere = told(Lie::BlockThatIsNone, "0xaa").await;
    assert_eq!(nowhere["blockNumber"], honest["blockNumber"]);
    assert_ne!(nowhere["blockHash"], honest["blockHash"]);
    let made_up = Lie::MadeUp { status: Outcome::Failure };
    assert_eq!(told(made_up, "0xaa").await, honest);
    let invented = told(made_up, "0xbb").await;
    assert_eq!((&invented["status"], &invented["blockNumber"]), (&json!("0x0"), &json!("0x62")));
}

#[tokio::test]
async fn bytes_are_lost_or_their_answer_is() {
    let (proxy, rpc) = proxy().await;
    let upstream = Proxy::start(&proxy.url()).await.unwrap();
    let through = Rpc::new(upstream.url());
    upstream.behave(&[Fault::Dropping]);
    // keccak256 of the one byte 02.
    let txid = "0xf2ee15ea639b73fa3db9b34a245bdfa015c260c598b211bf05a1ecc4b3e3b4f2";
    assert_eq!(through.ask(SEND, json!(["0x02"])).await.unwrap(), txid);
    assert_eq!(proxy.asked(SEND), 0);
    upstream.behave(&[Fault::AnswerLost]);
    assert!(through.ask(SEND, json!(["0x02"])).await.is_err());
    assert_eq!(proxy.asked(SEND), 1);
    assert!(through.ask("eth_chainId", json!([])).await.is_ok());
    upstream.recover();
    assert!(through.ask(SEND, json!(["0x02"])).await.is_ok());
    proxy.behave(&[Fault::OtherNetwork { id: 5 }, Fault::Counts { off_by: -4 }]);
    assert_eq!(rpc.ask("eth_chainId", json!([])).await.unwrap(), "0x5");
    assert_eq!(rpc.ask("eth_getTransactionCount", json!(["0xf", "latest"])).await.unwrap(), "0x0");
}

#[tokio::test]
async fn a_broken_node_gives_no_usable_answer() {
    let (proxy, rpc) = proxy().await;
    for fault in [Fault::Nonsense, Fault::InternalError] {
        proxy.behave(&[fault]);
        assert!(rpc.ask("eth_chainId", json!([])).await.is_err());
    }
    proxy.behave(&[Fault::Hanging]);
    let asked = rpc.ask("eth_chainId", json!([]));
    assert!(tokio::time::timeout(Duration::from_millis(300), asked).await.is_err());
}
