//! Mailboxes of sessions and ceremonies, by the connection over which they were opened and their name.
//!
//! A name is used once. A peer may hear of a session before we do, since the gateway tells everybody in turn: its first
//! word then waits a moment, as one of a few. What waits is bound by its bytes: a room into which more is put than any
//! honest peers send meanwhile is closed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wire::message::Label;

/// Which connection to a gateway.
pub type LineId = u64;

/// The most names that are remembered. A name that is forgotten can be used again, which harms nothing: what a session
/// is about hangs on its id, and ids are in the journal for ever.
const REMEMBERED: usize = 65_536;

/// The most first words of one peer that wait for their session.
const EARLY: usize = 16;

/// The most bytes that they have together.
const EARLY_BYTES: usize = 256 * 1024;

/// The most bytes that wait in one room. An honest peer is at most a few letters ahead, and the longest letters of all
/// peers together have less: those of a 5-of-9 key generation.
const WAITING_BYTES: usize = 16 * 1024 * 1024;

/// What a letter takes in memory besides its own bytes.
const ENVELOPE_BYTES: usize = 64;

/// What comes into a mailbox.
#[derive(Debug)]
pub enum Mail<L> {
    /// A peer says something.
    Letter {
        /// Whose link it came over.
        from: u8,
        /// What it says.
        letter: L,
    },
    /// It can't go on: the gateway closed it, or the process stops.
    Close(String),
}

/// What a room must know of its letters.
pub trait Letters {
    /// The letter that says that the link to its sender broke.
    fn link_lost() -> Self;

    /// Whether an honest peer may send it before we have been told of the session.
    fn may_be_early(&self) -> bool;

    /// About how many bytes it has.
    fn bytes(&self) -> usize;
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The name was used before.
    #[error("this name was used before")]
    Used,
    /// As many as allowed are open.
    #[error("{0} are open, which is this co-signer's limit")]
    Full(usize),
}

/// All rooms of one kind.
pub struct Rooms<L> {
    limit: usize,
    state: Mutex<State<L>>,
}

struct State<L> {
    /// `None` for a room that was overrun and has not ended yet.
    open: HashMap<(LineId, Label), Option<Slot<L>>>,
    used: HashSet<Label>,
    used_in_order: VecDeque<Label>,
    early: HashMap<(LineId, u8), VecDeque<(Label, L)>>,
}

/// Where letters are put in.
struct Slot<L> {
    sender: Sender<Mail<L>>,
    waiting: Arc<AtomicUsize>,
}

/// Where they are taken out.
pub struct Mailbox<L> {
    receiver: Receiver<Mail<L>>,
    waiting: Arc<AtomicUsize>,
}

/// An open room; dropped, it is closed.
pub struct Room<L> {
    rooms: Arc<Rooms<L>>,
    key: (LineId, Label),
    /// What comes in.
    pub mailbox: Mailbox<L>,
}

fn mailbox<L>() -> (Slot<L>, Mailbox<L>) {
    let (sender, receiver) = channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (Slot { sender, waiting: Arc::clone(&waiting) }, Mailbox { receiver, waiting })
}

/// More waits than may.
struct Overrun;

impl<L: Letters> Mail<L> {
    fn bytes(&self) -> usize {
        let content = match self {
            Self::Letter { letter, .. } => letter.bytes(),
            Self::Close(why) => why.len(),
        };
        content.saturating_add(ENVELOPE_BYTES)
    }
}

impl<L: Letters> Slot<L> {
    fn put(&self, mail: Mail<L>) -> Result<(), Overrun> {
        let bytes = mail.bytes();
        // Everything is put in under the lock of all rooms.
        if self.waiting.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > WAITING_BYTES {
            return Err(Overrun);
        }
        // A room that ends this moment has no use for it.
        let _ = self.sender.send(mail);
        Ok(())
    }
}

impl<L: Letters> Mailbox<L> {
    /// The next letter, waiting for it for so long.
    ///
    /// # Errors
    /// There is none. Disconnected: more came than may wait.
    pub fn recv_timeout(&self, wait: Duration) -> Result<Mail<L>, RecvTimeoutError> {
        self.receiver.recv_timeout(wait).inspect(|mail| self.taken(mail))
    }

    /// The next letter, if it is there.
    ///
    /// # Errors
    /// There is none. Disconnected: more came than may wait.
    pub fn try_recv(&self) -> Result<Mail<L>, TryRecvError> {
        self.receiver.try_recv().inspect(|mail| self.taken(mail))
    }

    fn taken(&self, mail: &Mail<L>) {
        self.waiting.fetch_sub(mail.bytes(), Ordering::Relaxed);
    }
}

impl<L> Drop for Room<L> {
    fn drop(&mut self) {
        self.rooms.lock().open.remove(&self.key);
    }
}

impl<L: Letters> Rooms<L> {
    /// At most `limit` at once.
    pub fn new(limit: usize) -> Arc<Self> {
        let state = State {
            open: HashMap::new(),
            used: HashSet::new(),
            used_in_order: VecDeque::new(),
            early: HashMap::new(),
        };
        Arc::new(Self { limit, state: Mutex::new(state) })
    }

    /// Opens a room. What came early is in its mailbox.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn open(self: &Arc<Self>, line: LineId, label: Label) -> Result<Room<L>, NoRoom> {
        let mut state = self.lock();
        if state.used.contains(&label) {
            return Err(NoRoom::Used);
        }
        state.remember(label);
        if state.open.len() >= self.limit {
            return Err(NoRoom::Full(self.limit));
        }
        let (slot, mailbox) = mailbox();
        for ((early_line, from), letters) in &mut state.early {
            if *early_line != line {
                continue;
            }
            let (ours, others) = std::mem::take(letters).into_iter().partition(|(name, _)| *name == label);
            *letters = others;
            let ours: VecDeque<(Label, L)> = ours;
            for (_, letter) in ours {
                // All that may be early of all peers is less than may wait here.
                let _ = slot.put(Mail::Letter { from: *from, letter });
            }
        }
        state.open.insert((line, label), Some(slot));
        drop(state);
        Ok(Room { rooms: Arc::clone(self), key: (line, label), mailbox })
    }

    /// Puts a letter into its room, or keeps it for a room that is about to be opened.
    pub fn deliver(&self, line: LineId, from: u8, label: Label, letter: L) {
        let mut state = self.lock();
        if let Some(room) = state.open.get_mut(&(line, label)) {
            put(room, Mail::Letter { from, letter });
        } else if letter.may_be_early()
            && letter.bytes() <= EARLY_BYTES / EARLY
            && !state.used.contains(&label)
        {
            let early = state.early.entry((line, from)).or_default();
            if early.len() == EARLY {
                early.pop_front();
            }
            early.push_back((label, letter));
        }
    }

    /// Tells the rooms of a connection that the link to a peer broke.
    pub fn link_lost(&self, line: LineId, from: u8) {
        self.lock().early.remove(&(line, from));
        self.deliver_all(line, from, L::link_lost);
    }

    /// Puts a letter of a peer into all rooms of a connection.
    pub fn deliver_all(&self, line: LineId, from: u8, letter: impl Fn() -> L) {
        for (_, room) in self.lock().open.iter_mut().filter(|((its, _), _)| *its == line) {
            put(room, Mail::Letter { from, letter: letter() });
        }
    }

    /// Ends a room.
    pub fn close(&self, line: LineId, label: Label, why: String) {
        if let Some(room) = self.lock().open.get_mut(&(line, label)) {
            put(room, Mail::Close(why));
        }
    }

    /// Ends the rooms of a connection that is over.
    pub fn close_line(&self, line: LineId, why: &str) {
        let mut state = self.lock();
        state.early.retain(|(its, _), _| *its != line);
        for (_, room) in state.open.iter_mut().filter(|((its, _), _)| *its == line) {
            put(room, Mail::Close(why.to_owned()));
        }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().open.len()
    }
}

/// Puts something into a room, which is over when it takes no more.
fn put<L: Letters>(room: &mut Option<Slot<L>>, mail: Mail<L>) {
    if let Some(slot) = room
        && slot.put(mail).is_err()
    {
        tracing::warn!("a session or ceremony ends: more letters came than anybody sends");
        *room = None;
    }
}

impl<L> Rooms<L> {
    fn lock(&self) -> MutexGuard<'_, State<L>> {
        // Nothing that runs under the lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> State<L> {
    fn remember(&mut self, label: Label) {
        if self.used_in_order.len() == REMEMBERED
            && let Some(oldest) = self.used_in_order.pop_front()
        {
            self.used.remove(&oldest);
        }
        self.used.insert(label);
        self.used_in_order.push_back(label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Word {
        First(u8),
        Second,
        Long,
        LongFirst,
        Lost,
    }

    impl Letters for Word {
        fn link_lost() -> Self {
            Self::Lost
        }
        fn may_be_early(&self) -> bool {
            matches!(self, Self::First(_) | Self::LongFirst)
        }
        fn bytes(&self) -> usize {
            match self {
                Self::Long => WAITING_BYTES / 4,
                Self::LongFirst => EARLY_BYTES,
                Self::First(_) | Self::Second | Self::Lost => 0,
            }
        }
    }

    fn label(byte: u8) -> Label {
        Label::from_bytes([byte; 16])
    }

    fn mail(room: &Room<Word>) -> Vec<(u8, Word)> {
        let letters = std::iter::from_fn(|| room.mailbox.try_recv().ok());
        letters
            .map(|mail| match mail {
                Mail::Letter { from, letter } => (from, letter),
                Mail::Close(why) => panic!("closed: {why}"),
            })
            .collect()
    }

    #[test]
    fn a_name_is_used_once_even_when_the_house_was_full() {
        let rooms = Rooms::<Word>::new(1);
        let first = rooms.open(1, label(1)).unwrap();
        assert_eq!(rooms.open(1, label(1)).err(), Some(NoRoom::Used));
        assert_eq!(rooms.open(2, label(1)).err(), Some(NoRoom::Used));
        assert_eq!(rooms.open(1, label(2)).err(), Some(NoRoom::Full(1)));
        drop(first);
        assert_eq!(rooms.count(), 0);
        assert_eq!(rooms.open(1, label(2)).err(), Some(NoRoom::Used));
        assert!(rooms.open(1, label(3)).is_ok());
    }

    #[test]
    fn a_first_word_waits_for_its_session_and_nothing_else_does() {
        let rooms = Rooms::<Word>::new(4);
        rooms.deliver(1, 2, label(1), Word::First(7));
        rooms.deliver(1, 2, label(1), Word::Second);
        rooms.deliver(9, 3, label(1), Word::First(8));
        let room = rooms.open(1, label(1)).unwrap();
        rooms.deliver(1, 3, label(1), Word::Second);
        assert_eq!(mail(&room), [(2, Word::First(7)), (3, Word::Second)]);
    }

    #[test]
    fn a_peer_cannot_fill_the_memory_with_first_words() {
        let rooms = Rooms::<Word>::new(4);
        for n in 0..100 {
            rooms.deliver(1, 2, label(n), Word::First(n));
        }
        assert_eq!(rooms.lock().early[&(1, 2)].len(), EARLY);
        let room = rooms.open(1, label(99)).unwrap();
        assert_eq!(mail(&room), [(2, Word::First(99))]);
    }

    #[test]
    fn a_room_is_closed_when_more_waits_in_it_than_anybody_sends() {
        let rooms = Rooms::<Word>::new(4);
        let (room, other) = (rooms.open(1, label(1)).unwrap(), rooms.open(1, label(2)).unwrap());
        for _ in 0..3 {
            rooms.deliver(1, 2, label(1), Word::Long);
        }
        // What is taken out makes room.
        assert_eq!(mail(&room).len(), 3);
        for _ in 0..5 {
            rooms.deliver(1, 2, label(1), Word::Long);
        }
        rooms.deliver(1, 3, label(1), Word::Second);
        rooms.deliver(1, 3, label(2), Word::Second);
        assert_eq!(mail(&room).len(), 3);
        assert_eq!(room.mailbox.try_recv().err(), Some(TryRecvError::Disconnected));
        assert_eq!(rooms.count(), 2, "it holds its place until its thread has ended");
        assert_eq!(mail(&other), [(3, Word::Second)]);
    }

    #[test]
    fn a_first_word_that_no_honest_peer_sends_does_not_wait() {
        let rooms = Rooms::<Word>::new(4);
        rooms.deliver(1, 2, label(1), Word::LongFirst);
        rooms.deliver(1, 2, label(1), Word::First(1));
        assert_eq!(mail(&rooms.open(1, label(1)).unwrap()), [(2, Word::First(1))]);
    }

    #[test]
    fn a_broken_link_is_told_to_the_rooms_of_its_connection_only() {
        let rooms = Rooms::<Word>::new(4);
        let (here, there) = (rooms.open(1, label(1)).unwrap(), rooms.open(2, label(2)).unwrap());
        rooms.link_lost(1, 3);
        assert_eq!(mail(&here), [(3, Word::Lost)]);
        assert_eq!(mail(&there), []);
    }
}
