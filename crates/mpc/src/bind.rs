//! Digests that bind a session to everything its parties must agree on.

use sha2::{Digest, Sha256};

/// SHA-256 over a versioned domain and the parts, each with its length before it, so that no two lists of parts have
/// the same text.
pub(crate) fn bind(domain: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [domain.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_two_parts_counts() {
        assert_ne!(bind("d", &[b"ab", b"c"]), bind("d", &[b"a", b"bc"]));
        assert_ne!(bind("d", &[b"ab"]), bind("da", &[b"b"]));
        assert_ne!(bind("d", &[b""]), bind("d", &[]));
    }
}
