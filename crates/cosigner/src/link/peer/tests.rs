//! Two co-signers and a relay that does what it likes.

use std::time::{Duration, Instant};

use payout::key::SecretKey;
use wire::channel::Identity;
use wire::message::PeerMessage;

use super::*;

fn key(index: u8) -> SecretKey {
    SecretKey::from_seed(&[index; 32])
}

fn peer(me: u8, other: u8) -> Peer {
    Peer::new(&Identity::from(&key(me)), me, other, key(other).public())
}

fn word() -> PeerMessage {
    PeerMessage::Heads(Vec::new())
}

/// Co-signers 1 and 2, what was said to each, and what became of each one's link.
struct Pair {
    ends: [Peer; 2],
    heard: [Vec<PeerMessage>; 2],
    news: [Vec<News>; 2],
    post: Vec<(usize, u64, Vec<u8>)>,
    now: Instant,
    fresh: u8,
}

impl Pair {
    fn new() -> Self {
        Self {
            ends: [peer(1, 2), peer(2, 1)],
            heard: Default::default(),
            news: Default::default(),
            post: Vec::new(),
            now: Instant::now(),
            fresh: 0,
        }
    }

    fn fresh(&mut self) -> [u8; 8] {
        self.fresh += 1;
        [self.fresh; 8]
    }

    /// `send` leaves the co-signer at `end`.
    fn posted(&mut self, end: usize, send: Outward) {
        self.post.extend(send.into_iter().map(|(link, bytes)| (1 - end, link, bytes)));
    }

    fn open(&mut self, end: usize) {
        let fresh = self.fresh();
        let send = self.ends[end].open(fresh, self.now);
        self.posted(end, send);
    }

    fn say(&mut self, end: usize) {
        let send = self.ends[end].send(&word()).unwrap();
        self.posted(end, send);
    }

    fn run_by(&mut self, mut pass: impl FnMut(usize, u64, &mut Vec<u8>) -> bool) {
        while !self.post.is_empty() {
            let (end, link, mut bytes) = self.post.remove(0);
            if !pass(end, link, &mut bytes) {
                continue;
            }
            let fresh = self.fresh();
            let heard = self.ends[end].receive(link, &bytes, fresh, self.now);
            self.heard[end].extend(heard.messages);
            self.news[end].extend(heard.news);
            self.posted(end, heard.send);
        }
    }

    fn run(&mut self) {
        self.run_by(|_, _, _| true);
    }

    fn wait(&mut self) {
        self.now += Duration::from_secs(6);
        for end in [0, 1] {
            let fresh = self.fresh();
            let send = self.ends[end].tick(fresh, self.now);
            self.posted(end, send);
        }
        self.run();
    }

    fn assert_linked(&mut self) {
        assert!(self.ends.iter().all(Peer::is_ready));
        let before = self.heard.clone().map(|heard| heard.len());
        self.say(0);
        self.say(1);
        self.run();
        assert_eq!(self.heard.clone().map(|heard| heard.len()), before.map(|count| count + 1));
    }
}

fn linked() -> Pair {
    let mut pair = Pair::new();
    pair.open(0);
    pair.open(1);
    pair.run();
    pair.assert_linked();
    pair
}

#[test]
fn two_cosigners_that_come_together_are_linked() {
    let pair = linked();
    assert_eq!(pair.news[1].last(), Some(&News::Ready));
}

#[test]
fn whoever_comes_later_brings_the_link_about() {
    for later in [0, 1] {
        let mut pair = Pair::new();
        // The relay drops what is for somebody absent.
        pair.open(1 - later);
        pair.post.clear();
        pair.open(later);
        pair.run();
        pair.assert_linked();
    }
}

#[test]
fn a_message_sent_during_the_handshake_arrives_after_it() {
    let mut pair = Pair::new();
    pair.open(0);
    pair.say(0);
    pair.run();
    assert_eq!(pair.heard[1], [word()]);
}

#[test]
fn an_altered_frame_breaks_the_link_and_delivers_nothing() {
    for end in [0, 1] {
        let mut pair = linked();
        let heard = pair.heard[1 - end].len();
        pair.say(end);
        pair.run_by(|to, _, bytes| {
            if to == 1 - end {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            }
            // The alert that follows is dropped as well.
            to == 1 - end
        });
        assert_eq!(pair.heard[1 - end].len(), heard);
        assert!(matches!(pair.news[1 - end].last(), Some(News::Lost(_))));
        assert!(!pair.ends[1 - end].is_ready());
        pair.wait();
        pair.assert_linked();
    }
}

#[test]
fn a_dropped_frame_breaks_the_link_at_the_next() {
    let mut pair = linked();
    pair.say(0);
    pair.post.clear();
    pair.say(0);
    pair.run();
    assert!(matches!(pair.news[1].last(), Some(News::Lost(_))));
    pair.wait();
    pair.assert_linked();
}

#[test]
fn a_peer_that_was_restarted_is_linked_again_and_the_loss_is_told() {
    for end in [0, 1] {
        let mut pair = linked();
        let news = pair.news[1 - end].len();
        pair.ends[end] = if end == 0 { peer(1, 2) } else { peer(2, 1) };
        pair.open(end);
        pair.run();
        assert!(matches!(pair.news[1 - end][news..], [News::Lost(_), .., News::Ready]));
        pair.assert_linked();
    }
}

#[test]
fn a_relay_cannot_break_a_standing_link_with_a_handshake_of_its_own() {
    let mut pair = linked();
    let stranger = Identity::from(&key(9));
    let mut forged = PeerLink::new(&stranger, 1, 2, key(2).public(), 77).unwrap();
    let hello = forged.outgoing();
    let (fresh, now) = (pair.fresh(), pair.now);
    let heard = pair.ends[1].receive(77, &hello, fresh, now);
    assert!(heard.news.is_empty());
    for (_, bytes) in heard.send {
        let _ = forged.receive(&bytes);
    }
    let rest = forged.outgoing();
    let fresh = pair.fresh();
    let heard = pair.ends[1].receive(77, &rest, fresh, now);
    assert!(heard.news.is_empty() && heard.messages.is_empty());
    pair.assert_linked();
}

#[test]
fn garbage_under_any_link_id_harms_nothing() {
    let mut pair = linked();
    let now = pair.now;
    for id in 1..40 {
        for end in [0, 1] {
            let fresh = pair.fresh();
            let heard = pair.ends[end].receive(id << 20, &[0x5a; 100], fresh, now);
            assert!(heard.news.is_empty() && heard.messages.is_empty());
        }
    }
    pair.assert_linked();
}

#[test]
fn tries_are_spread_out_while_nobody_answers() {
    let mut lonely = peer(1, 2);
    let mut now = Instant::now();
    assert!(!lonely.open([1; 8], now).is_empty());
    let mut tries = 0;
    for _ in 0..600 {
        now += Duration::from_millis(100);
        tries += usize::from(!lonely.tick([2; 8], now).is_empty());
    }
    assert!((12..=20).contains(&tries), "{tries} tries in a minute");
}
