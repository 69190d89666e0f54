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
async fn a_third_that_tells_two_stories_does_not_come_between_two_honest_ones() {
    let mut hall = Hall::with_wallet(3, 4).await;
    hall.leave(4).await;
    let last = hall.chair(1).journal.heads()[3];
    for index in 1..=3 {
        // To each another one, and to the first one more.
        let story = |text: &[u8], seq, previous| {
            let body = crate::journal::Body::Sight { intent: Digest::of("story", &[text]) };
            let bytes = postcard::to_stdvec(&body).unwrap();
            SignedEntry::sign(&house::cosigner_key(4), 4, seq, previous, now(), bytes)
        };
        let one = story(&[index], last.seq + 1, last.hash);
        let two = story(&[index], last.seq + 2, one.hash());
        let told = if index == 1 { vec![one, two] } else { vec![one] };
        hall.chair(index).journal.merge(4, told, &[], now()).unwrap();
    }
    hall.sign(&[1, 2, 3], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_says_is_cut_before_it_is_passed_on() {
    let hall = Hall::with_wallet(2, 3).await;
    let (one, two) = (hall.chair(1), hall.chair(2));
    let label = Label::from_bytes([7; 16]);
    let room = one.sessions.open(one.lines()[0].id, label).unwrap();
    // Just fits into a frame, and not in one with a word before it.
    let why = "x".repeat(4 * 1024 * 1024 - 64);
    let abort = wire::message::PeerMessage::Abort { session: label, why };
    assert_eq!(two.lines()[0].tell(1, &abort), crate::link::Told::Sent);
    let said =
        tokio::task::spawn_blocking(move || room.mailbox.recv_timeout(std::time::Duration::from_secs(60)));
    let Ok(Mail::Letter { from: 2, letter: Letter::Abort { why } }) = said.await.unwrap() else {
        panic!("it did not arrive");
    };
    assert!(why.len() < 2_000, "{} bytes", why.len());
    assert_eq!((one.line_count(), two.line_count()), (1, 1), "nobody gave up its line");
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
    // An order that the owner brings meanwhile waits.
    let intent = hall.intent(1);
    let act = house::act("tom", payout::approval::Act::Reject, &intent);
    let act = wire::message::StopAct { intent: intent.canonical(), act };
    let orders = crate::desk::StopFile { acts: vec![act], freezes: vec![] };
    let inbox = hall.folder(3).join(crate::desk::INBOX);
    std::fs::create_dir(&inbox).unwrap();
    std::fs::write(inbox.join("a.json"), serde_json::to_string(&orders).unwrap()).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert!(inbox.join("a.json").exists());
    hall.hub.relay_by(|_, _, _| true);
    hall.until("3 is ready again", |hall| {
        hall.hub.standing(3).is_some_and(|standing| standing.condition == Condition::Ready)
    })
    .await;
    hall.until("3 has read the order", |_| inbox.join("done/a.json").exists()).await;
}
