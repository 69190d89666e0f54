//! Whose word counts for what.
//!
//! Nobody can make an honest co-signer's journal lie, but up to f journals lie as they like. So nothing is believed
//! because *some* journal says so: one that takes no part in a session could stop all signing by it.
//!
//! *To sign*, a session counts what its own participants' journals say. A signature exists only if t co-signers went
//! through a session together, and each honest one of them journaled it before it contributed. Any two quorums have at
//! least 2t − n members in common, and fewer than 2t − n are hostile: so of every session that came before, or is in
//! flight, an honest member takes part in this one too, and brings its own journal. What the others say adds nothing.
//!
//! *To spare somebody a question*, more is asked for: our own journal, or so many that one of them is honest.

use std::fmt;

/// A set of co-signers, by their indices, which are 1 to 9.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Authors(u16);

impl Authors {
    /// Not a co-signer: marks what was held when this one left its quarantine. Its own journal had lost entries, and the
    /// others' that it merged stand for them from then on, whoever takes part.
    pub(crate) const INHERITED: Self = Self(1);

    pub(crate) fn of(author: u8) -> Self {
        if author == 0 { Self::default() } else { Self(1u16.checked_shl(author.into()).unwrap_or(0)) }
    }

    pub(crate) fn all_of(authors: &[u8]) -> Self {
        authors.iter().fold(Self::default(), |all, author| all.and(Self::of(*author)))
    }

    #[must_use]
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(crate) const fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// How many co-signers.
    pub(crate) const fn count(self) -> u32 {
        (self.0 & !Self::INHERITED.0).count_ones()
    }

    /// The co-signers' indices.
    pub(crate) fn indices(self) -> impl Iterator<Item = u8> {
        (1..16u8).filter(move |author| self.meets(Self::of(*author)))
    }
}

impl fmt::Debug for Authors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        set.entries(self.indices());
        if self.meets(Self::INHERITED) {
            set.entry(&"inherited");
        }
        set.finish()
    }
}

/// Which claims count in a question. Made by [`super::Union`], which knows who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Believed(pub(super) Who);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Whatever any of these says.
    AnyOf(Authors),
    /// What one of `own` says, or `quorum` of all.
    Proven { own: Authors, quorum: u8 },
}

impl Believed {
    /// Whether a claim that all `authors` make counts. More authors never make it count less.
    pub(crate) fn counts(self, authors: Authors) -> bool {
        match self.0 {
            Who::AnyOf(some) => authors.meets(some),
            Who::Proven { own, quorum } => authors.meets(own) || authors.count() >= u32::from(quorum),
        }
    }
}
