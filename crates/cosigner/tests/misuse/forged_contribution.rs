//! What starts the signing protocol comes from the journal, after the sync.

fn contribute(verified: cosigner::verify::Verified, entry: wire::message::SignedEntry) {
    let _ = cosigner::journal::Contributed { verified, entry };
}

fn main() {}
