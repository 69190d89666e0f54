//! Broken files: a clear error or a quarantine, never a journal that quietly knows less, and never a panic.

use proptest::prelude::*;

use super::*;
use crate::journal::{DiskError, JournalError, Settings};

/// A co-signer's files after a few sessions, and what they say.
struct Sample {
    house: House,
    journal: Vec<u8>,
    counter: Vec<u8>,
    heads: Vec<wire::message::JournalHead>,
}

fn sample() -> &'static Sample {
    static SAMPLE: std::sync::OnceLock<Sample> = std::sync::OnceLock::new();
    SAMPLE.get_or_init(|| {
        let mut cosigners = Cosigners::new(2, 3);
        for number in 1..=5 {
            cosigners.sign(&[1, 2], &cosigners.small(number).1).unwrap();
        }
        block_on(cosigners.journal(1).flush()).unwrap();
        let heads = cosigners.journal(1).heads();
        cosigners.stop(1);
        let Settings { path, counter, .. } = cosigners.house.settings(1, cosigners.folder.path());
        let (journal, counter) = (std::fs::read(path).unwrap(), std::fs::read(counter).unwrap());
        Sample { house: House::new(2, 3), journal, counter, heads }
    })
}

fn open(journal: &[u8], counter: &[u8]) -> Result<Journal, JournalError> {
    let folder = tempfile::tempdir().unwrap();
    let settings = sample().house.settings(1, folder.path());
    std::fs::write(&settings.path, journal).unwrap();
    std::fs::write(&settings.counter, counter).unwrap();
    Journal::open(settings)
}

#[test]
fn the_undamaged_files_open() {
    let journal = open(&sample().journal, &sample().counter).unwrap();
    assert_eq!(journal.heads(), sample().heads);
    assert_eq!(journal.quarantine(), None);
}

#[test]
fn a_truncated_journal_is_an_error_or_a_quarantine() {
    let whole = &sample().journal;
    for part in 0..16 {
        let length = whole.len() * part / 16;
        if let Ok(journal) = open(&whole[..length], &sample().counter) {
            let intact = journal.heads() == sample().heads;
            assert!(intact || journal.quarantine().is_some(), "{length} of {} bytes", whole.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_is_found_or_harmless(place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = sample().journal.clone();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(journal) = open(&bytes, &sample().counter) {
            prop_assert!(journal.heads() == sample().heads || journal.quarantine().is_some());
        }
    }
}

#[test]
fn a_record_that_was_altered_is_named() {
    // The text of an entry, not a page's head: found by looking for the caller's number.
    let mut bytes = sample().journal.clone();
    let text = b"order-3";
    let places: Vec<usize> =
        (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text)).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place] ^= 1;
    }
    let error = open(&bytes, &sample().counter).unwrap_err();
    assert!(matches!(error, JournalError::Disk(DiskError::Damaged { seq: 3, .. })), "{error}");
    assert!(error.to_string().contains("restore it from a backup"));
}

#[test]
fn a_counter_with_a_flipped_bit_is_a_doubt_or_harmless() {
    for place in 0..sample().counter.len() {
        let mut counter = sample().counter.clone();
        counter[place] ^= 1;
        let journal = open(&sample().journal, &counter).unwrap();
        // One slot is enough; the older one is behind the journal, which is harmless.
        assert_eq!(journal.heads(), sample().heads);
    }
    assert!(open(&sample().journal, b"").unwrap().quarantine().is_some());
}

#[test]
fn a_journal_of_another_cosigner_or_deployment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(2, 3);
    drop(house.journal(1, folder.path()));
    let mut settings = house.settings(2, folder.path());
    settings.path = house.settings(1, folder.path()).path;
    assert!(matches!(Journal::open(settings), Err(JournalError::Foreign { what: "co-signer", .. })));
    let other = House::with(2, 3, |genesis| genesis.name = "another".to_owned());
    let settings = other.settings(1, folder.path());
    assert!(matches!(Journal::open(settings), Err(JournalError::Foreign { what: "deployment", .. })));
    let mut settings = house.settings(1, folder.path());
    settings.key = crate::house::cosigner_key(2).into();
    assert!(matches!(Journal::open(settings), Err(JournalError::NoSeat(1))));
}

#[test]
fn a_journal_is_never_made_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(2, 3);
    drop(house.journal(1, folder.path()));
    let again = Journal::create(house.settings(1, folder.path()));
    assert!(matches!(again, Err(JournalError::Disk(DiskError::Exists { .. }))));
}

#[test]
fn a_crash_between_journal_and_counter_is_no_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let settings = sample().house.settings(1, folder.path());
    let fresh = sample().house.journal(1, folder.path());
    drop(fresh);
    // The counter says 0, the journal 5: what a crash right after the first commit leaves.
    std::fs::write(&settings.path, &sample().journal).unwrap();
    let journal = Journal::open(settings).unwrap();
    assert_eq!(journal.heads(), sample().heads);
    assert_eq!(journal.quarantine(), None);
}
