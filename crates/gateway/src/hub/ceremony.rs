//! Opening ceremonies, in which all co-signers of the roster take part.

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use wire::message::{CeremonyNews, OpenCeremony, ToCosigner};

use super::Hub;
use super::desk::{Listening, Parted};
use super::session::tidy;

/// News of a ceremony.
#[derive(Debug)]
pub(super) struct CeremonyWord(pub(super) CeremonyNews);

impl Parted for CeremonyWord {
    fn parted() -> Self {
        Self(CeremonyNews::Failed("its connection was lost".to_owned()))
    }
}

/// Why a ceremony was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// All must be there.
    #[error("all co-signers take part in a ceremony, and these are not connected: {}", .absent.join(", "))]
    Absent {
        /// Their names.
        absent: Vec<String>,
    },
}

impl Hub {
    /// Opens a ceremony, and gives the news of it: whose, and what. The stream ends when every co-signer is done or
    /// has failed; dropping it stops nothing.
    ///
    /// # Errors
    /// [`CeremonyError::Absent`]; nobody was asked then.
    pub fn ceremony(&self, open: OpenCeremony) -> Result<mpsc::Receiver<(u8, CeremonyNews)>, CeremonyError> {
        let room = &self.room;
        let present = room.present();
        let all: BTreeSet<u8> = room.directory.cosigners().map(|seat| seat.index).collect();
        let absent: Vec<String> =
            all.iter().filter(|index| !present.contains(index)).map(|index| room.name_of(*index)).collect();
        if !absent.is_empty() {
            return Err(CeremonyError::Absent { absent });
        }
        let words = room.ceremonies.open(open.ceremony);
        let message = ToCosigner::Ceremony(open);
        let lost: Vec<u8> = all.iter().copied().filter(|index| room.say(*index, &message).is_err()).collect();
        let (news, stream) = mpsc::channel(64);
        tokio::spawn(report(words, all, lost, news));
        Ok(stream)
    }
}

async fn report(
    mut words: Listening<wire::message::Label, CeremonyWord>,
    mut waiting: BTreeSet<u8>,
    lost: Vec<u8>,
    news: mpsc::Sender<(u8, CeremonyNews)>,
) {
    for index in lost {
        waiting.remove(&index);
        let CeremonyWord(failed) = CeremonyWord::parted();
        if news.send((index, failed)).await.is_err() {
            return;
        }
    }
    while !waiting.is_empty() {
        let (index, CeremonyWord(word)) = tokio::select! {
            word = words.next() => word,
            () = news.closed() => return,
        };
        if !waiting.contains(&index) {
            continue;
        }
        let word = match word {
            CeremonyNews::Stage(stage) => CeremonyNews::Stage(tidy(&stage, 200)),
            CeremonyNews::Failed(why) => CeremonyNews::Failed(tidy(&why, 500)),
            done @ CeremonyNews::Done(..) => done,
        };
        if matches!(word, CeremonyNews::Done(..) | CeremonyNews::Failed(_)) {
            waiting.remove(&index);
        }
        if news.send((index, word)).await.is_err() {
            return;
        }
    }
}
