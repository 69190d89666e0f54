//! A co-signer: verifies a payout by itself, keeps its journal and vault, and signs with its peers.
