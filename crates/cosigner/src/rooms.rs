//! Mailboxes of sessions and ceremonies, by the connection over which they were opened and their name.
//!
//! A name is used once. A peer may hear of a session before we do, since the gateway tells everybody in turn: its first
//! word then waits a moment, as one of a few.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::message::Label;

/// Which connection to a gateway.
pub type LineId = u64;

/// The most names that are remembered. A name that is forgotten can be used again, which harms nothing: what a session
/// is about hangs on its id, and ids are in the journal for ever.
const REMEMBERED: usize = 65_536;

/// The most first words of one peer that wait for their session.
const EARLY: usize = 16;

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
    open: HashMap<(LineId, Label), Sender<Mail<L>>>,
    used: HashSet<Label>,
    used_in_order: VecDeque<Label>,
    early: HashMap<(LineId, u8), VecDeque<(Label, L)>>,
}

/// An open room; dropped, it is closed.
pub struct Room<L> {
    rooms: Arc<Rooms<L>>,
    key: (LineId, Label),
    /// What comes in.
    pub mailbox: Receiver<Mail<L>>,
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
        let (sender, mailbox) = channel();
        for ((early_line, from), letters) in &mut state.early {
            if *early_line != line {
                continue;
            }
            let (ours, others) = std::mem::take(letters).into_iter().partition(|(name, _)| *name == label);
            *letters = others;
            let ours: VecDeque<(Label, L)> = ours;
            for (_, letter) in ours {
                // The receiver is in our hand.
                let _ = sender.send(Mail::Letter { from: *from, letter });
            }
        }
        state.open.insert((line, label), sender);
        drop(state);
        Ok(Room { rooms: Arc::clone(self), key: (line, label), mailbox })
    }

    /// Puts a letter into its room, or keeps it for a room that is about to be opened.
    pub fn deliver(&self, line: LineId, from: u8, label: Label, letter: L) {
        let mut state = self.lock();
        if let Some(sender) = state.open.get(&(line, label)) {
            // A room that ends this moment has no use for it.
            let _ = sender.send(Mail::Letter { from, letter });
        } else if letter.may_be_early() && !state.used.contains(&label) {
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
        for (_, sender) in self.lock().open.iter().filter(|((its, _), _)| *its == line) {
            let _ = sender.send(Mail::Letter { from, letter: letter() });
        }
    }

    /// Ends a room.
    pub fn close(&self, line: LineId, label: Label, why: String) {
        if let Some(sender) = self.lock().open.get(&(line, label)) {
            let _ = sender.send(Mail::Close(why));
        }
    }

    /// Ends the rooms of a connection that is over.
    pub fn close_line(&self, line: LineId, why: &str) {
        let mut state = self.lock();
        state.early.retain(|(its, _), _| *its != line);
        for (_, sender) in state.open.iter().filter(|((its, _), _)| *its == line) {
            let _ = sender.send(Mail::Close(why.to_owned()));
        }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().open.len()
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
        Lost,
    }

    impl Letters for Word {
        fn link_lost() -> Self {
            Self::Lost
        }
        fn may_be_early(&self) -> bool {
            matches!(self, Self::First(_))
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
    fn a_broken_link_is_told_to_the_rooms_of_its_connection_only() {
        let rooms = Rooms::<Word>::new(4);
        let (here, there) = (rooms.open(1, label(1)).unwrap(), rooms.open(2, label(2)).unwrap());
        rooms.link_lost(1, 3);
        assert_eq!(mail(&here), [(3, Word::Lost)]);
        assert_eq!(mail(&there), []);
    }
}
