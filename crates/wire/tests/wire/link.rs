//! Links through a relay that is not to be trusted.

use proptest::prelude::*;
use wire::channel::{ChannelError, Identity};
use wire::frame::FrameError;
use wire::link::{LinkError, PeerLink};
use wire::message::{Label, PeerMessage};

use crate::samples;

const LINK: u64 = 5;

/// Co-signer `me`'s end of the link to `peer`; keys follow from indices.
fn end(me: u8, peer: u8, link: u64) -> PeerLink {
    let identity = Identity::from(&samples::key(me));
    PeerLink::new(&identity, me, peer, samples::key(peer).public(), link).unwrap()
}

fn round(byte: u8, length: usize) -> PeerMessage {
    PeerMessage::Round { session: Label::from_bytes([1; 16]), round: byte, payload: vec![byte; length] }
}

/// Carries bytes to and fro until nobody has more; what each side received.
fn relay(a: &mut PeerLink, b: &mut PeerLink) -> (Vec<PeerMessage>, Vec<PeerMessage>) {
    let (mut at_a, mut at_b) = (Vec::new(), Vec::new());
    loop {
        let (to_b, to_a) = (a.outgoing(), b.outgoing());
        if to_b.is_empty() && to_a.is_empty() {
            return (at_a, at_b);
        }
        at_b.extend(b.receive(&to_b).unwrap());
        at_a.extend(a.receive(&to_a).unwrap());
    }
}

fn ready() -> (PeerLink, PeerLink) {
    let (mut a, mut b) = (end(1, 2, LINK), end(2, 1, LINK));
    relay(&mut a, &mut b);
    assert!(a.is_ready() && b.is_ready());
    (a, b)
}

/// What is relayed for one message: a TLS record.
fn sent(link: &mut PeerLink, message: &PeerMessage) -> Vec<u8> {
    link.send(message).unwrap();
    link.outgoing()
}

fn bad_record(result: Result<Vec<PeerMessage>, LinkError>) {
    let error = result.unwrap_err();
    assert!(matches!(error, LinkError::Channel(ChannelError::Tls(rustls::Error::DecryptError))), "{error:?}");
}

#[test]
fn messages_pass_both_ways_through_the_relay() {
    let (mut a, mut b) = ready();
    for message in samples::peer() {
        a.send(&message).unwrap();
        b.send(&message).unwrap();
    }
    let (at_a, at_b) = relay(&mut a, &mut b);
    assert_eq!((at_a, at_b), (samples::peer(), samples::peer()));
}

#[test]
fn what_is_sent_before_the_handshake_waits_for_it() {
    let (mut a, mut b) = (end(1, 2, LINK), end(2, 1, LINK));
    a.send(&round(1, 10)).unwrap();
    b.send(&round(2, 10)).unwrap();
    assert!(!a.is_ready());
    let (at_a, at_b) = relay(&mut a, &mut b);
    assert_eq!((at_a, at_b), (vec![round(2, 10)], vec![round(1, 10)]));
}

#[test]
fn what_waits_for_the_handshake_is_bounded() {
    let mut a = end(1, 2, LINK);
    let large = round(1, 3 << 20);
    a.send(&large).unwrap();
    a.send(&large).unwrap();
    assert_eq!(a.send(&large), Err(LinkError::Backlog));
    let mut b = end(2, 1, LINK);
    assert_eq!(relay(&mut a, &mut b).1.len(), 2, "the link itself goes on");
}

#[test]
fn a_large_message_arrives_from_pieces_of_any_size() {
    let (mut a, mut b) = ready();
    let bytes = sent(&mut a, &round(3, 100_000));
    for size in [1, 7, 1000, 70_000] {
        let mut received = Vec::new();
        let (mut a, mut b) = ready();
        for piece in sent(&mut a, &round(3, 100_000)).chunks(size) {
            received.extend(b.receive(piece).unwrap());
        }
        assert_eq!(received, [round(3, 100_000)], "pieces of {size}");
    }
    assert_eq!(b.receive(&bytes).unwrap(), [round(3, 100_000)]);
}

#[test]
fn a_message_that_fits_no_frame_leaves_the_link_alive() {
    let (mut a, mut b) = ready();
    assert!(matches!(a.send(&round(1, 5 << 20)), Err(LinkError::Frame(FrameError::TooLong(_)))));
    a.send(&round(2, 1)).unwrap();
    assert_eq!(relay(&mut a, &mut b).1, [round(2, 1)]);
}

#[test]
fn the_relay_sees_no_message() {
    let (mut a, mut b) = (end(1, 2, LINK), end(2, 1, LINK));
    a.send(&round(0x61, 64)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let (to_b, to_a) = (a.outgoing(), b.outgoing());
        seen.extend_from_slice(&to_b);
        b.receive(&to_b).unwrap();
        a.receive(&to_a).unwrap();
    }
    assert!(seen.len() > 64);
    assert!(!seen.windows(16).any(|window| window == [0x61; 16]));
}

#[test]
fn a_changed_byte_kills_the_link_and_delivers_nothing() {
    let record = sent(&mut ready().0, &round(1, 20));
    // After the record's header of five bytes, whose length field only makes the receiver wait.
    for place in 5..record.len() {
        let (mut a, mut b) = ready();
        let mut record = sent(&mut a, &round(1, 20));
        record[place] ^= 1;
        bad_record(b.receive(&record));
        assert_eq!(b.receive(&[]), Err(LinkError::Dead));
        assert_eq!(b.send(&round(1, 1)), Err(LinkError::Dead));
        assert!(!b.is_ready());
        // The alert tells the other side.
        assert!(a.receive(&b.outgoing()).is_err());
    }
}

#[test]
fn a_repeated_message_kills_the_link() {
    let (mut a, mut b) = ready();
    let record = sent(&mut a, &round(1, 20));
    assert_eq!(b.receive(&record).unwrap(), [round(1, 20)]);
    bad_record(b.receive(&record));
}

#[test]
fn messages_in_another_order_kill_the_link() {
    let (mut a, mut b) = ready();
    let (first, second) = (sent(&mut a, &round(1, 20)), sent(&mut a, &round(2, 20)));
    bad_record(b.receive(&second));
    assert_eq!(b.receive(&first), Err(LinkError::Dead));
}

#[test]
fn a_dropped_message_kills_the_link_at_the_next() {
    let (mut a, mut b) = ready();
    let _dropped = sent(&mut a, &round(1, 20));
    let second = sent(&mut a, &round(2, 20));
    bad_record(b.receive(&second));
}

#[test]
fn a_message_sent_back_to_its_sender_kills_the_link() {
    let (mut a, _) = ready();
    let record = sent(&mut a, &round(1, 20));
    bad_record(a.receive(&record));
}

#[test]
fn bytes_of_an_earlier_link_are_worth_nothing_in_the_next() {
    let (mut old, _) = ready();
    let record = sent(&mut old, &round(1, 20));
    let (_, mut b) = ready();
    bad_record(b.receive(&record));
}

#[test]
fn a_changed_byte_in_the_handshake_never_gives_a_link_to_somebody_else() {
    for place in (0..400).step_by(3) {
        let (mut a, mut b) = (end(1, 2, LINK), end(2, 1, LINK));
        a.send(&round(1, 20)).unwrap();
        let (mut seen, mut received, mut dead) = (0, Vec::new(), false);
        for _ in 0..6 {
            let mut bytes = a.outgoing();
            if (seen..seen + bytes.len()).contains(&place) {
                bytes[place - seen] ^= 0x40;
            }
            seen += bytes.len();
            match b.receive(&bytes) {
                Ok(messages) => received.extend(messages),
                Err(_) => dead = true,
            }
            dead |= a.receive(&b.outgoing()).is_err();
        }
        // It failed, or it waits for bytes that a changed length promised, or the byte meant nothing (a record's
        // legacy version); in no case did anything else arrive.
        let arrived = received == [round(1, 20)];
        assert!(arrived || (received.is_empty() && (dead || !b.is_ready())), "byte {place}");
    }
}

/// Both ends until one fails: what they say.
fn meet(mut a: PeerLink, mut b: PeerLink) -> (Option<LinkError>, Option<LinkError>) {
    let (mut a_says, mut b_says) = (None, None);
    for _ in 0..6 {
        let bytes = a.outgoing();
        if b_says.is_none() {
            b_says = b.receive(&bytes).err();
        }
        let bytes = b.outgoing();
        if a_says.is_none() {
            a_says = a.receive(&bytes).err();
        }
    }
    (a_says, b_says)
}

fn not_pinned(found: u8, pinned: u8) -> Option<LinkError> {
    let key = |seed| samples::key(seed).public();
    Some(ChannelError::NotPinned { found: key(found), pinned: vec![key(pinned)] }.into())
}

#[test]
fn a_stranger_in_the_servers_place_is_refused() {
    // The relay itself, with a key of its own, answers for co-signer 2.
    let stranger =
        PeerLink::new(&Identity::from(&samples::key(9)), 2, 1, samples::key(1).public(), LINK).unwrap();
    let (a_says, stranger_says) = meet(end(1, 2, LINK), stranger);
    assert_eq!(a_says, not_pinned(9, 2));
    assert_eq!(stranger_says, Some(ChannelError::RefusedByPeer.into()));
}

#[test]
fn a_stranger_in_the_clients_place_is_refused() {
    let stranger =
        PeerLink::new(&Identity::from(&samples::key(9)), 1, 2, samples::key(2).public(), LINK).unwrap();
    let (stranger_says, b_says) = meet(stranger, end(2, 1, LINK));
    assert_eq!(b_says, not_pinned(9, 1));
    assert_eq!(stranger_says, Some(ChannelError::RefusedByPeer.into()));
}

#[test]
fn the_ends_of_two_links_do_not_join() {
    let other = ChannelError::OtherProtocol;
    let (a_says, b_says) = meet(end(1, 2, LINK), end(2, 1, LINK + 1));
    assert_eq!((a_says, b_says), (Some(other.clone().into()), Some(other.into())));
}

#[test]
fn a_peer_under_another_index_is_not_the_one() {
    // The right keys, but each thinks of another seat.
    let one = Identity::from(&samples::key(1));
    let a = PeerLink::new(&one, 1, 3, samples::key(2).public(), LINK).unwrap();
    let (a_says, b_says) = meet(a, end(2, 1, LINK));
    assert_eq!(b_says, Some(ChannelError::OtherProtocol.into()));
    assert!(a_says.is_some());
}

#[test]
fn a_cosigner_has_no_link_to_itself() {
    let me = Identity::from(&samples::key(1));
    let link = |index, key: u8| PeerLink::new(&me, 1, index, samples::key(key).public(), LINK).err();
    assert_eq!(link(1, 2), Some(LinkError::Oneself));
    assert_eq!(link(2, 1), Some(LinkError::Oneself));
}

#[test]
fn a_closed_link_gives_out_what_came_before() {
    let (mut a, mut b) = ready();
    a.send(&round(1, 20)).unwrap();
    a.close();
    assert_eq!(a.send(&round(2, 20)), Err(LinkError::Closed));
    assert_eq!(b.receive(&a.outgoing()), Ok(vec![round(1, 20)]));
    assert_eq!(b.receive(&[]), Err(LinkError::Closed));
    assert_eq!(b.send(&round(3, 20)), Err(LinkError::Closed));
}

/// What a hostile relay does to one piece of what it carries.
#[derive(Debug, Clone)]
enum Mischief {
    Flip(usize, u8),
    Drop,
    Repeat,
    Swap,
    Cut(usize),
}

fn any_mischief() -> impl Strategy<Value = Mischief> {
    prop_oneof![
        (any::<usize>(), 0..8u8).prop_map(|(place, bit)| Mischief::Flip(place, bit)),
        Just(Mischief::Drop),
        Just(Mischief::Repeat),
        Just(Mischief::Swap),
        any::<usize>().prop_map(Mischief::Cut),
    ]
}

fn tamper(pieces: &mut Vec<Vec<u8>>, at: usize, mischief: &Mischief) {
    let at = at % pieces.len();
    match mischief {
        Mischief::Flip(place, bit) => {
            let place = place % pieces[at].len();
            pieces[at][place] ^= 1 << bit;
        }
        Mischief::Drop => drop(pieces.remove(at)),
        Mischief::Repeat => pieces.insert(at, pieces[at].clone()),
        Mischief::Swap => {
            let other = (at + 1) % pieces.len();
            pieces.swap(at, other);
        }
        Mischief::Cut(place) => {
            let place = place % pieces[at].len();
            pieces[at].truncate(place);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_relay_does_only_what_was_sent_arrives_and_in_order(
        lengths in proptest::collection::vec(0usize..200, 1..8),
        at: usize,
        mischief in any_mischief(),
    ) {
        let (mut a, mut b) = ready();
        let messages: Vec<_> = (0u8..).zip(&lengths).map(|(number, length)| round(number, *length)).collect();
        let mut pieces: Vec<_> = messages.iter().map(|message| sent(&mut a, message)).collect();
        tamper(&mut pieces, at, &mischief);
        let mut received = Vec::new();
        for piece in &pieces {
            match b.receive(piece) {
                Ok(more) => received.extend(more),
                Err(_) => break,
            }
        }
        prop_assert!(messages.starts_with(&received), "{:?}", received);
    }
}
