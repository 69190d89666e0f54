//! What co-signers tell each other of their journals.

use payout::ids::Digest;
use wire::message::{Condition, Label, SignedEntry};

use super::hall::Hall;
use crate::desk::cosigner::now;
use crate::desk::journals;
use crate::house;
use crate::rooms::Mail;
use crate::session::Letter;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_a_peer_brings_entries_that_do_not_fit() {
    let hall = Hall::with_wallet(2, 3).await;
    let cosigner = hall.chair(1);
    let line = cosigner.lines().pop().unwrap();
    let room = cosigner.sessions.open(line.id, Label::from_bytes([7; 16])).unwrap();
    let key = house::cosigner_key(2);
    let gap = SignedEntry::sign(&key, 2, 99, Digest::from_bytes([1; 32]), now(), vec![1]);
    journals::entries(cosigner, &line, 2, vec![gap]).await;
    let Ok(Mail::Letter { from: 2, letter: Letter::Abort { why } }) = room.mailbox.try_recv() else {
        panic!("the session goes on");
    };
    assert!(why.contains("journal entries were refused"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cosigner_without_its_head_counter_signs_again_when_it_has_merged_the_others() {
    let mut hall = Hall::with_wallet(2, 3).await;
    hall.sign(&[1, 3], 1).await;
    hall.leave(3).await;
    std::fs::remove_file(hall.folder(3).join("counter-3")).unwrap();
    hall.seat(3);
    hall.until("3 is ready again", |hall| {
        hall.hub.standing(3).is_some_and(|standing| standing.condition == Condition::Ready)
            && hall.chair(3).lines().first().is_some_and(|line| line.linked().len() == 2)
    })
    .await;
    assert_eq!(hall.counted(3), 1);
    hall.sign(&[2, 3], 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cosigner_without_its_head_counter_is_quarantined_until_others_come() {
    let mut hall = Hall::with_wallet(2, 3).await;
    hall.hub.relay_by(|from, to, _| from != 3 && to != 3);
    hall.leave(3).await;
    std::fs::remove_file(hall.folder(3).join("counter-3")).unwrap();
    hall.seat(3);
    hall.until("3 says that it is quarantined", |hall| {
        hall.hub.standing(3).is_some_and(|standing| matches!(standing.condition, Condition::Quarantined(_)))
    })
    .await;
    hall.hub.relay_by(|_, _, _| true);
    hall.until("3 is ready again", |hall| {
        hall.hub.standing(3).is_some_and(|standing| standing.condition == Condition::Ready)
    })
    .await;
}
