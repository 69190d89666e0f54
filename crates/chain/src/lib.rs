//! Pure per-chain-family code: addresses, building, decoding back, digests, signatures and effects.
