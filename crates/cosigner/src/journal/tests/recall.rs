//! What a gateway is told that may have forgotten: our own contributions, and what they were made for.

use wire::journal::Body;
use wire::message::{Paper, Recollection};

use super::*;

impl Cosigners {
    /// The newest entry's number after a session of 1 and 2 over `number`.
    fn sign_small(&mut self, number: i64) -> (SignRequest, u64) {
        let (_, request) = self.small(number);
        let contributed = self.sign(&[1, 2], &request).unwrap();
        (request, contributed[0].entry().seq)
    }
}

fn intents(recollection: &Recollection) -> Vec<Digest> {
    let bodies = recollection.contributions.iter().map(|entry| Body::from_bytes(&entry.body));
    bodies
        .map(|body| match body {
            Some(Body::Contribution(contribution)) => contribution.facts.intent,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn contributions_after_an_entry_are_told_and_nothing_else_is() {
    let mut cosigners = Cosigners::new(2, 3);
    let (first, seen) = (cosigners.small(1).0, cosigners.sign_small(1).1);
    let promise = crate::refuse::never(wire::message::Check::Rule, "no");
    cosigners.promise(1, &cosigners.small(9).0, promise);
    let (second, newest) = (cosigners.small(2).0, cosigners.sign_small(2).1);
    let all = cosigners.journal(1).recall(0).unwrap();
    assert_eq!(intents(&all), [first.digest(), second.digest()]);
    assert_eq!((all.reached, all.newest), (newest, newest));
    let rest = cosigners.journal(1).recall(seen).unwrap();
    assert_eq!(intents(&rest), [second.digest()]);
    let none = cosigners.journal(1).recall(newest).unwrap();
    assert_eq!((none.contributions.len(), none.reached, none.newest), (0, newest, newest));
    // The third took part in nothing.
    cosigners.tell(1, 3).unwrap();
    assert_eq!(cosigners.journal(3).recall(0).unwrap().contributions.len(), 0);
}

#[test]
fn what_a_contribution_was_made_for_is_there_after_a_restart_with_its_signature() {
    let mut cosigners = Cosigners::new(2, 3);
    let (request, entry) = cosigners.sign_small(1);
    let (other, unsigned) = cosigners.sign_small(2);
    cosigners.journal(1).keep_signature(entry, vec![5; 65]);
    cosigners.restart(1).unwrap();
    let papers = cosigners.journal(1).papers(&[entry, 77, unsigned]).unwrap();
    let expected = [
        Paper { entry, request, signature: Some(vec![5; 65]) },
        Paper { entry: unsigned, request: other, signature: None },
    ];
    assert_eq!(papers, expected);
}

#[test]
fn a_signature_reaches_the_disk_although_nothing_is_journaled_after_it() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, entry) = cosigners.sign_small(1);
    cosigners.journal(1).keep_signature(entry, vec![6; 65]);
    let start = std::time::Instant::now();
    while cosigners.journal(1).papers(&[entry]).unwrap()[0].signature.is_none() {
        assert!(start.elapsed().as_secs() < 10);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_journal_older_than_papers_tells_its_contributions_without_them() {
    let mut cosigners = Cosigners::new(2, 3);
    let (_, entry) = cosigners.sign_small(1);
    // As a backup leaves it: entries, and nothing beside them.
    let entries = cosigners.journal(1).all_entries().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = cosigners.house.settings(1, folder.path());
    let batch = crate::journal::Batch { entries, ..Default::default() };
    Journal::restore(&settings, batch).unwrap();
    let restored = Journal::open(settings).unwrap();
    assert_eq!(restored.recall(0).unwrap().contributions.len(), 1);
    assert_eq!(restored.papers(&[entry]).unwrap(), []);
}

#[test]
fn a_request_too_long_to_be_kept_is_not_signed() {
    let cosigners = Cosigners::new(2, 3);
    let (_, mut request) = cosigners.small(1);
    let body = vec![b' '; crate::journal::LONGEST];
    request.caller = Some(wire::message::CallerProof { header: "shop:none".to_owned(), body });
    let refusal = cosigners.verify(1, &[1, 2], &request).unwrap_err();
    assert!(refusal.reason.contains("could not be kept"), "{}", refusal.reason);
    assert_eq!(refusal.finality, wire::message::Finality::Later);
}
