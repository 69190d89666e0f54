//! Which shares sign: decided by the merged journals alone, so that all co-signers decide alike.
//!
//! An epoch is in use from the moment that the journals of *all* co-signers say that they tested their share of it, or
//! of a later one. A ceremony that broke off leaves some journal without that word, so it changes nothing, and its order
//! can be given again.

use std::collections::BTreeMap;

use payout::ids::WalletId;
use payout::policy::Roster;

use crate::journal::{CeremonyStage, ShareSeen, Union};
use crate::vault::Held;
use crate::verify::WalletKey;

/// The newest epoch of a wallet that one co-signer's journal says it tested.
pub fn tested_by(union: &Union, author: u8, wallet: WalletId) -> Option<u32> {
    let tested = union.epochs(author, wallet).filter(|seen| seen.stage >= CeremonyStage::Tested);
    tested.map(|seen| seen.epoch).max()
}

/// The newest epoch of a wallet that all co-signers have tested.
pub fn tested_by_all(union: &Union, roster: &Roster, wallet: WalletId) -> Option<u32> {
    let tested = roster.cosigners.iter().map(|seat| tested_by(union, seat.index, wallet));
    // One `None` makes the whole `None`.
    tested.collect::<Option<Vec<u32>>>()?.into_iter().min()
}

/// The shares that sign. A wallet whose epoch in use is not in the vault is left out: the vault was put back.
pub fn keys_in_use(union: &Union, roster: &Roster, held: &[Held]) -> BTreeMap<WalletId, WalletKey> {
    let in_use = held.iter().filter(|share| {
        tested_by_all(union, roster, share.wallet) == Some(share.epoch)
            && is_what_was_tested(union, roster, share)
    });
    let key = |share: &Held| WalletKey {
        wallet: share.wallet,
        epoch: share.epoch,
        public_key: share.public_key,
        chain_code: share.chain_code,
        threshold: share.threshold,
        share_count: share.share_count,
        fingerprint: share.fingerprint.clone(),
    };
    in_use.map(|share| (share.wallet, key(share))).collect()
}

/// An earlier ceremony for the same number may have been tested by some, under another fingerprint.
fn is_what_was_tested(union: &Union, roster: &Roster, share: &Held) -> bool {
    let same = |seen: &ShareSeen| seen.epoch != share.epoch || seen.fingerprint == share.fingerprint;
    roster.cosigners.iter().all(|seat| {
        let tested = |seen: &&ShareSeen| seen.stage >= CeremonyStage::Tested;
        union.epochs(seat.index, share.wallet).filter(tested).all(same)
    })
}

/// The newest epoch of each wallet whose share is still held although a later one is in use.
pub fn superseded(union: &Union, roster: &Roster, held: &[Held]) -> BTreeMap<WalletId, u32> {
    let mut old = BTreeMap::new();
    for share in held {
        if tested_by_all(union, roster, share.wallet).is_some_and(|newest| share.epoch < newest) {
            let last = old.entry(share.wallet).or_insert(share.epoch);
            *last = share.epoch.max(*last);
        }
    }
    old
}
