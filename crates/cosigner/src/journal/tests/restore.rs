//! Copies that come back: a co-signer that may have forgotten signs nothing until others have told it.

use std::path::PathBuf;

use super::*;

impl Cosigners {
    fn files(&self, index: u8) -> [PathBuf; 2] {
        let settings = self.house.settings(index, self.folder.path());
        [settings.path, settings.counter]
    }

    /// Closes the journal and puts a copy of its file back that was taken by [`Self::copy`].
    fn put_back(&mut self, index: u8, copy: &[u8]) {
        self.stop(index);
        std::fs::write(&self.files(index)[0], copy).unwrap();
        self.start(index).unwrap();
    }

    fn copy(&mut self, index: u8) -> Vec<u8> {
        self.restart(index).unwrap();
        self.stop(index);
        let copy = std::fs::read(&self.files(index)[0]).unwrap();
        self.start(index).unwrap();
        copy
    }

    fn is_quarantined(&self, index: u8) -> bool {
        self.journal(index).quarantine().is_some()
    }
}

#[test]
fn an_old_copy_of_the_journal_is_quarantined_and_signs_nothing() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    let (_, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    cosigners.put_back(1, &old);
    let reason = cosigners.journal(1).quarantine().unwrap().reason;
    assert!(reason.contains("ends at entry 0, but entry 1 was written"), "{reason}");
    let (intent, request) = cosigners.small(2);
    let refusal = cosigners.sign(&[1, 3], &request).unwrap_err();
    assert!(refusal.reason.contains("quarantined"), "{}", refusal.reason);
    // It promises nothing either, and a restart does not help.
    let refusal = crate::refuse::never(wire::message::Check::Rule, "no");
    let refusal = cosigners.promise(1, &intent, refusal);
    assert_eq!(refusal.never, None);
    cosigners.restart(1).unwrap();
    assert!(cosigners.is_quarantined(1));
}

#[test]
fn a_missing_counter_is_a_doubt() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    cosigners.stop(1);
    std::fs::remove_file(&cosigners.files(1)[1]).unwrap();
    cosigners.start(1).unwrap();
    assert!(cosigners.is_quarantined(1));
    // The counter is there again by now, but the doubt stands.
    cosigners.restart(1).unwrap();
    assert!(cosigners.is_quarantined(1));
}

#[test]
fn quarantine_ends_when_enough_journals_are_merged() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    let (intent, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    cosigners.sign(&[2, 3], &cosigners.small(2).1).unwrap();
    cosigners.put_back(1, &old);
    cosigners.tell(2, 1).unwrap();
    assert!(cosigners.is_quarantined(1), "one of two is not enough");
    cosigners.tell(2, 1).unwrap();
    assert!(cosigners.is_quarantined(1), "the same one twice is not enough");
    cosigners.tell(3, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    assert!(!cosigners.is_quarantined(1));
    // It goes on in a new series, and knows what it had signed for.
    assert_eq!(cosigners.journal(1).own_seq() & 0xffff_ffff, 0);
    let (other, _) = cosigners.small(3);
    let same_token = cosigners.house.request(&other, vec![], 1);
    assert!(cosigners.sign(&[1, 3], &same_token).is_err());
    assert!(cosigners.journal(1).with(|union| union.contributed(&intent.digest())));
    cosigners.restart(1).unwrap();
    assert!(!cosigners.is_quarantined(1));
    cosigners.sign(&[1, 3], &cosigners.small(3).1).unwrap();
    assert_eq!(cosigners.journal(1).own_seq() & 0xffff_ffff, 1);
    // The others follow.
    cosigners.tell(1, 2).unwrap();
    assert_eq!(cosigners.journal(2).heads()[0], cosigners.journal(1).heads()[0]);
}

#[test]
fn lost_entries_of_our_own_come_back_from_others() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    let (intent, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    cosigners.tell(1, 3).unwrap();
    cosigners.put_back(1, &old);
    cosigners.tell(3, 1).unwrap();
    assert!(cosigners.journal(1).with(|union| union.contributed_by_me(&intent.digest())));
    cosigners.tell(2, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    assert!(!cosigners.is_quarantined(1));
}

#[test]
fn a_copy_whose_counter_came_along_is_found_out_by_a_peer() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    let counter = std::fs::read(&cosigners.files(1)[1]).unwrap();
    let (_, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    cosigners.tell(1, 3).unwrap();
    cosigners.stop(1);
    let [journal_file, counter_file] = cosigners.files(1);
    std::fs::write(journal_file, &old).unwrap();
    std::fs::write(counter_file, &counter).unwrap();
    cosigners.start(1).unwrap();
    assert!(!cosigners.is_quarantined(1), "nothing on this host knows");
    assert!(matches!(cosigners.tell(3, 1), Err(MergeError::Forgotten { from: 3 })));
    assert!(cosigners.is_quarantined(1));
    let (_, other) = cosigners.small(2);
    assert!(cosigners.claim(1, &[1, 2], &other).is_err());
}

#[test]
fn limits_hold_over_a_restore() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    for number in 1..=10 {
        cosigners.sign(&[1, 2], &cosigners.small(number).1).unwrap();
    }
    cosigners.put_back(1, &old);
    cosigners.tell(2, 1).unwrap();
    cosigners.tell(3, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    let refusal = cosigners.sign(&[1, 3], &cosigners.small(11).1).unwrap_err();
    assert_eq!(refusal.check, wire::message::Check::Budget);
}

#[test]
fn a_journal_counts_as_merged_only_when_its_author_has_said_how_far_it_reaches() {
    let mut cosigners = Cosigners::new(2, 2);
    let old = cosigners.copy(1);
    for number in 1..=3 {
        cosigners.sign(&[1, 2], &cosigners.small(number).1).unwrap();
    }
    cosigners.put_back(1, &old);
    let mut entries = cosigners.journal(2).share(&[]).unwrap().entries;
    entries.retain(|entry| entry.author == 2);
    let rest = entries.split_off(1);
    // The first of its entries came before its word, and after it.
    cosigners.journal(1).merge(2, entries.clone(), &[], cosigners.clock).unwrap();
    assert!(cosigners.is_quarantined(1));
    let heads = cosigners.journal(2).heads();
    cosigners.journal(1).merge(2, entries, &heads, cosigners.clock).unwrap();
    assert!(cosigners.is_quarantined(1));
    // All of its own, but not yet ours that it holds.
    cosigners.journal(1).merge(2, rest, &heads, cosigners.clock).unwrap();
    assert!(cosigners.is_quarantined(1));
    cosigners.tell(2, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    assert!(!cosigners.is_quarantined(1));
}

#[test]
fn a_third_that_lies_does_not_keep_a_restored_cosigner_in_quarantine() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    cosigners.sign(&[1, 2], &cosigners.small(1).1).unwrap();
    cosigners.put_back(1, &old);
    let mut heads = cosigners.journal(2).heads();
    // Its second entry is told of and never arrives.
    heads[2].seq = 99;
    let entries = cosigners.journal(2).share(&[]).unwrap().entries;
    cosigners.journal(1).merge(2, entries, &heads, cosigners.clock).unwrap();
    cosigners.tell(3, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    assert!(!cosigners.is_quarantined(1));
}

#[test]
fn a_restored_cosigner_promises_nothing_that_others_saw_it_may_have_signed() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    let (intent, request) = cosigners.small(1);
    cosigners.sign(&[1, 2], &request).unwrap();
    let (untouched, _) = cosigners.small(2);
    cosigners.put_back(1, &old);
    // Our own entry is lost: nobody was told of it.
    let heads = cosigners.journal(2).heads();
    let mut entries = cosigners.journal(2).share(&[]).unwrap().entries;
    entries.retain(|entry| entry.author == 2);
    let heads: Vec<_> = heads.into_iter().filter(|head| head.index == 2).collect();
    cosigners.journal(1).merge(2, entries, &heads, cosigners.clock).unwrap();
    cosigners.tell(3, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    assert!(!cosigners.is_quarantined(1));
    let promise = |intent: &Intent| {
        let refusal = crate::refuse::never(wire::message::Check::Rule, "no");
        cosigners.promise(1, intent, refusal).never
    };
    assert_eq!(promise(&intent), None);
    assert!(promise(&untouched).is_some());
}

#[test]
fn what_a_restored_cosigner_merged_stands_for_what_it_lost() {
    let mut cosigners = Cosigners::new(2, 3);
    let old = cosigners.copy(1);
    for number in 1..=10 {
        cosigners.sign(&[1, 2], &cosigners.small(number).1).unwrap();
    }
    cosigners.put_back(1, &old);
    // Its own entries are lost for good: all that is left is the other's journal.
    let mut entries = cosigners.journal(2).share(&[]).unwrap().entries;
    entries.retain(|entry| entry.author == 2);
    let heads: Vec<_> = cosigners.journal(2).heads().into_iter().filter(|head| head.index == 2).collect();
    cosigners.journal(1).merge(2, entries, &heads, cosigners.clock).unwrap();
    cosigners.tell(3, 1).unwrap();
    block_on(cosigners.journal(1).flush()).unwrap();
    assert!(!cosigners.is_quarantined(1));
    for _ in 0..2 {
        // Tokens and limits, in a session in which the other takes no part; now, and after a restart.
        let same_token = cosigners.house.request(&cosigners.small(11).0, vec![], 1);
        let refusal = cosigners.sign(&[1, 3], &same_token).unwrap_err();
        assert_eq!(refusal.check, wire::message::Check::Journal, "{}", refusal.reason);
        let refusal = cosigners.sign(&[1, 3], &cosigners.small(11).1).unwrap_err();
        assert_eq!(refusal.check, wire::message::Check::Budget, "{}", refusal.reason);
        cosigners.restart(1).unwrap();
    }
    // What the other says from now on is its own word again.
    cosigners.sign(&[2, 3], &cosigners.house.request(&cosigners.house.intent(20), vec![], 20)).unwrap_err();
    cosigners.sign(&[2, 3], &cosigners.house.approved(&cosigners.house.intent(20), 20)).unwrap();
    cosigners.tell(2, 1).unwrap();
    let taken = cosigners.house.approved(&cosigners.house.intent(21), 20);
    assert!(cosigners.claim(1, &[1, 3], &taken).is_ok(), "it is for 3 to refuse, who took part");
    assert!(cosigners.claim(3, &[1, 3], &taken).is_err());
}

#[test]
fn a_policy_that_was_adopted_in_quarantine_is_told_of_when_it_ends() {
    for restarted in [false, true] {
        let mut cosigners = Cosigners::new(2, 3);
        let old = cosigners.copy(1);
        cosigners.sign(&[1, 2], &cosigners.small(1).1).unwrap();
        cosigners.put_back(1, &old);
        let version = cosigners.house.publish(|rules| rules.book_cooling_hours = 48);
        block_on(cosigners.journal(1).adopt(version.clone(), cosigners.clock)).unwrap();
        if restarted {
            cosigners.restart(1).unwrap();
        }
        cosigners.tell(2, 1).unwrap();
        cosigners.tell(3, 1).unwrap();
        block_on(cosigners.journal(1).flush()).unwrap();
        assert!(!cosigners.is_quarantined(1));
        cosigners.tell(1, 3).unwrap();
        let told = cosigners.journal(3).with(|union| {
            let told: Vec<_> = union.adopted(version.chain, version.version).cloned().collect();
            told
        });
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].author, told[0].digest), (1, version.digest()));
        // Once, also after a restart.
        let seq = cosigners.journal(1).own_seq();
        cosigners.restart(1).unwrap();
        block_on(cosigners.journal(1).flush()).unwrap();
        assert_eq!(cosigners.journal(1).own_seq(), seq);
    }
}
