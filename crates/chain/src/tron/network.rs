//! Networks by the id that wallets use for them: the last four bytes of the genesis block's id as a number, which is
//! also what a node answers to `eth_chainId`.

/// The main network, 0x2b6653dc.
pub const MAIN: &str = "728126428";

/// The network whose genesis block has this id (64 hex digits); `None` for any other text.
pub fn network_of_genesis(block_id: &str) -> Option<u32> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(block_id, &mut bytes).ok()?;
    let [.., a, b, c, d] = bytes;
    Some(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_networks_have_the_numbers_that_wallets_know() {
        // The genesis blocks of the main network, of Shasta and of Nile.
        for (genesis, network) in [
            ("00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc", MAIN),
            ("0000000000000000de1aa88295e1fcf982742f773e0419c5a9c134c994a9059e", "2494104990"),
            ("0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc", "3448148188"),
        ] {
            assert_eq!(network_of_genesis(genesis).unwrap().to_string(), network);
        }
    }

    #[test]
    fn what_is_no_block_id_names_no_network() {
        for text in ["", "2b6653dc", &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(network_of_genesis(text), None, "{text}");
        }
    }
}
