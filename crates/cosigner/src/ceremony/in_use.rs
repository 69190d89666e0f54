//! Which shares sign: decided by the merged journals alone, so that all co-signers decide alike.
//!
//! An epoch is in use from the moment that the journals of *all* co-signers say that they tested their share of it, or
//! of a later one. A ceremony that broke off leaves some journal without that word, so it changes nothing, and its order
//! can be given again. So does one after which a journal names another key than ours: the epoch before it stays in use.

use std::collections::BTreeMap;

use payout::ids::WalletId;
use payout::policy::Roster;

use crate::journal::{CeremonyStage, ShareSeen, Union};
use crate::vault::Held;
use crate::verify::WalletKey;

/// The epochs of a wallet that one co-signer's journal says it tested, oldest first.
fn tested(union: &Union, author: u8, wallet: WalletId) -> impl Iterator<Item = &ShareSeen> {
    union.epochs(author, wallet).filter(|seen| seen.stage >= CeremonyStage::Tested)
}

/// The newest epoch of a wallet that one co-signer's journal says it tested.
pub fn tested_by(union: &Union, author: u8, wallet: WalletId) -> Option<u32> {
    tested(union, author, wallet).last().map(|seen| seen.epoch)
}

/// The newest epoch of a wallet that we have tested and all others, too, under the same fingerprint.
pub fn tested_by_all<'u>(union: &'u Union, roster: &Roster, wallet: WalletId) -> Option<&'u ShareSeen> {
    let by_all = |ours: &&ShareSeen| {
        roster.cosigners.iter().all(|seat| {
            tested(union, seat.index, wallet).any(|theirs| {
                theirs.epoch > ours.epoch
                    || (theirs.epoch == ours.epoch && theirs.fingerprint == ours.fingerprint)
            })
        })
    };
    tested(union, union.me(), wallet).filter(by_all).last()
}

/// The shares that sign. A wallet whose epoch in use is not in the vault is left out: the vault was put back.
pub fn keys_in_use(union: &Union, roster: &Roster, held: &[Held]) -> BTreeMap<WalletId, WalletKey> {
    let in_use = held.iter().filter(|share| {
        tested_by_all(union, roster, share.wallet)
            .is_some_and(|tested| tested.epoch == share.epoch && tested.fingerprint == share.fingerprint)
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

/// The newest epoch of each wallet whose share is still held although a later one is in use.
pub fn superseded(union: &Union, roster: &Roster, held: &[Held]) -> BTreeMap<WalletId, u32> {
    let mut old = BTreeMap::new();
    for share in held {
        if tested_by_all(union, roster, share.wallet).is_some_and(|newest| share.epoch < newest.epoch) {
            let last = old.entry(share.wallet).or_insert(share.epoch);
            *last = share.epoch.max(*last);
        }
    }
    old
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::{House, noon, wallet_id};
    use crate::journal::{Body, Mode};

    fn says(union: &mut Union, author: u8, epoch: u32, fingerprint: &str) {
        let (fingerprint, stage) = (fingerprint.to_owned(), CeremonyStage::Tested);
        let body = Body::Ceremony { wallet: wallet_id(), epoch, fingerprint, stage };
        union.apply(author, noon(), body, Mode::Live);
    }

    fn held(epoch: u32) -> Held {
        Held {
            wallet: wallet_id(),
            epoch,
            public_key: [2; 33],
            chain_code: [3; 32],
            threshold: 2,
            share_count: 3,
            fingerprint: "ABCD".to_owned(),
        }
    }

    /// What one of three thinks when all have tested epoch 1, and it holds the first two.
    fn in_use(union: &Union) -> Option<u32> {
        let roster = House::new(2, 3).genesis.roster;
        let keys = keys_in_use(union, &roster, &[held(1), held(2)]);
        keys.get(&wallet_id()).map(|key| key.epoch)
    }

    fn all_tested(epoch: u32) -> Union {
        let mut union = Union::new(1);
        for author in 1..=3 {
            says(&mut union, author, epoch, "ABCD");
        }
        union
    }

    #[test]
    fn an_epoch_is_in_use_when_all_have_tested_it() {
        let mut union = all_tested(1);
        assert_eq!(in_use(&union), Some(1));
        for author in 1..=3 {
            assert_eq!(in_use(&union), Some(1));
            says(&mut union, author, 2, "ABCD");
        }
        assert_eq!(in_use(&union), Some(2));
        let roster = House::new(2, 3).genesis.roster;
        assert_eq!(superseded(&union, &roster, &[held(1), held(2)]), [(wallet_id(), 1)].into());
    }

    #[test]
    fn a_cosigner_cannot_take_back_what_it_said_it_tested() {
        let mut union = all_tested(1);
        says(&mut union, 3, 1, "another");
        assert_eq!(in_use(&union), Some(1));
    }

    #[test]
    fn a_liar_keeps_a_new_epoch_from_use_and_leaves_the_old_one_alone() {
        let mut union = all_tested(1);
        says(&mut union, 3, 2, "another");
        says(&mut union, 3, 9, "another");
        for author in 1..=3 {
            says(&mut union, author, 2, "ABCD");
        }
        // Its newest word is of an epoch beyond: that it holds something newer than 2 is all that counts.
        assert_eq!(in_use(&union), Some(2));
        let mut union = all_tested(1);
        says(&mut union, 3, 2, "another");
        says(&mut union, 1, 2, "ABCD");
        says(&mut union, 2, 2, "ABCD");
        assert_eq!(in_use(&union), Some(1));
        let roster = House::new(2, 3).genesis.roster;
        assert_eq!(superseded(&union, &roster, &[held(1), held(2)]), BTreeMap::new());
    }
}
