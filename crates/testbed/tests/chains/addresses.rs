//! What is an address of a chain, and whose.

use serde_json::json;
use testbed::ledgers::xrp::x_address;
use testbed::ledgers::{tron, xrp};
use testbed::vendor::random;

use crate::house::all_chains;
use crate::world::World;

/// The account id in an address of either chain.
fn id(address: &str, alphabet: &bs58::Alphabet) -> [u8; 20] {
    let bytes = bs58::decode(address).with_alphabet(alphabet).into_vec().unwrap();
    bytes[1..21].try_into().unwrap()
}

#[tokio::test]
async fn an_address_with_a_tag_is_legal_and_belongs_to_whom_its_account_does() {
    let mut world = World::asleep(all_chains()).await;
    // Nobody signs here.
    world.stage.deployment.start_gateway().await.unwrap();
    let ours = world.payer(xrp::CHAIN);
    let our_id = id(&ours, bs58::Alphabet::RIPPLE);
    let stranger: [u8; 20] = random();
    let wrong = |address: &str| {
        let last = if address.ends_with('a') { 'b' } else { 'a' };
        format!("{}{last}", &address[..address.len() - 1])
    };
    let on_tron = world.payer(tron::CHAIN);
    // Chain, address, legal, inner.
    let cases = [
        (xrp::CHAIN, ours.clone(), true, true),
        (xrp::CHAIN, x_address(&our_id, None), true, true),
        (xrp::CHAIN, x_address(&our_id, Some(0)), true, true),
        (xrp::CHAIN, x_address(&our_id, Some(123)), true, true),
        (xrp::CHAIN, xrp::account(&stranger), true, false),
        (xrp::CHAIN, x_address(&stranger, Some(123)), true, false),
        (xrp::CHAIN, wrong(&ours), false, false),
        (xrp::CHAIN, wrong(&x_address(&our_id, Some(123))), false, false),
        // The main network's, from the standard's own examples.
        (xrp::CHAIN, "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGZMhc9YTE92ehJ2Fu".to_owned(), false, false),
        (xrp::CHAIN, on_tron.clone(), false, false),
        (xrp::CHAIN, "123".to_owned(), false, false),
        (tron::CHAIN, on_tron.clone(), true, true),
        (tron::CHAIN, tron::address(&stranger), true, false),
        (tron::CHAIN, wrong(&on_tron), false, false),
        (tron::CHAIN, ours, false, false),
    ];
    for (chain, address, legal, inner) in cases {
        for (call, expected) in [("legal", legal), ("inner", inner)] {
            let question = json!({"chain_id": chain, "address": address});
            let reply = world.vendor().call(&format!("/api/v1/address/{call}"), question).await.unwrap();
            assert_eq!(reply.data, json!({"result": expected}), "{call} {chain} {address}: {reply:?}");
        }
    }
}
