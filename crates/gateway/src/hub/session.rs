//! One signing session: one set of co-signers is asked once, and heard until the session is settled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use payout::ids::Digest;
use payout::time::Millis;
use tokio::time::{Instant, sleep_until};
use wire::message::{Finality, Label, Refusal, SignRequest, ToCosigner};

use super::desk::{Listening, Parted};
use super::pace::Pace;
use super::room::Room;
use crate::clock;

/// What co-signers say is shown to people and stored: so many characters of a reason, so many names of checks.
const REASON_CHARS: usize = 500;
const CHECKS: usize = 32;
const CHECK_CHARS: usize = 160;
/// A never is signed over its reason, which therefore can't be shortened: a longer one is none.
const NEVER_BYTES: usize = 2000;

/// What a co-signer says in a session.
#[derive(Debug)]
pub(super) enum Word {
    Checked(Vec<String>),
    Refused(Refusal),
    Signed(Vec<u8>),
    Aborted { why: String, culprit: Option<u8> },
    Parted,
}

impl Parted for Word {
    fn parted() -> Self {
        Self::Parted
    }
}

/// How a session went: for the record, and for `bursar why`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionReport {
    /// Its name.
    pub session: Label,
    /// Who was asked, sorted.
    pub participants: Vec<u8>,
    /// When.
    pub opened: Millis,
    /// When it was settled.
    pub closed: Millis,
    /// How it ended.
    pub end: SessionEnd,
    /// What each participant said, in order of index.
    pub voices: Vec<Voice>,
}

impl SessionReport {
    /// Whether every participant's last word was heard. If not, one may have passed its checks and contributed, unheard.
    pub fn is_heard_out(&self) -> bool {
        matches!(self.end, SessionEnd::Signed { .. }) || self.voices.iter().all(Voice::is_heard)
    }
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// With a signature that was found good.
    Signed {
        /// Who sent it first.
        by: u8,
    },
    /// A participant refused.
    Refused,
    /// It broke off.
    Aborted {
        /// Why.
        why: String,
    },
}

/// What one participant said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Who.
    pub index: u8,
    /// The checks' names, when all of them passed.
    pub checks: Option<Vec<String>>,
    /// Its refusal. A *never* in it is verified: it is this co-signer's, about this intent.
    pub refusal: Option<Refusal>,
    /// Why it broke the session off.
    pub broke_off: Option<String>,
    /// Why nothing more is heard from it.
    pub lost: Option<String>,
}

impl Voice {
    const fn is_over(&self) -> bool {
        self.is_heard() || self.lost.is_some()
    }

    /// Whether it said how the session ended for it.
    const fn is_heard(&self) -> bool {
        self.refusal.is_some() || self.broke_off.is_some()
    }
}

/// A set of co-signers that is set aside for one session. Dropped, they are free again; if they were asked and nothing
/// came of it, they are told that it is over.
pub(super) struct Session {
    room: Arc<Room>,
    participants: Vec<u8>,
    words: Listening<Label, Word>,
    stage: Stage,
}

enum Stage {
    Unopened,
    Open,
    Settled,
}

impl Session {
    /// For participants from [`Room::pick`].
    pub(super) fn new(room: &Arc<Room>, participants: Vec<u8>, label: Label) -> Self {
        let words = room.sessions.open(label);
        Self { room: Arc::clone(room), participants, words, stage: Stage::Unopened }
    }

    pub(super) const fn label(&self) -> Label {
        self.words.key()
    }

    pub(super) fn participants(&self) -> &[u8] {
        &self.participants
    }

    /// Asks, and listens until it is settled. `accept` turns signature bytes into what the caller wants of them, or
    /// says what is wrong with them.
    pub(super) async fn run<T>(
        mut self,
        request: SignRequest,
        intent: Digest,
        accept: impl Fn(&[u8; 65]) -> Result<T, String>,
    ) -> (SessionReport, Option<T>) {
        let opened = clock::now();
        let began = Instant::now();
        self.stage = Stage::Open;
        let mut hearing = Hearing::new(&self.participants);
        self.open(request, &mut hearing);
        crash::point!("session opened");
        let made = self.listen(&mut hearing, began, intent, accept).await;
        match &made {
            Some(_) => {
                self.stage = Stage::Settled;
                self.room.praise(&self.participants, began.elapsed());
            }
            None if hearing.refused() => {}
            None => self.room.blame(&self.participants, &hearing.culprits),
        }
        let report = SessionReport {
            session: self.label(),
            participants: self.participants.clone(),
            opened,
            closed: clock::now(),
            end: hearing.end(made.as_ref().map(|(by, _)| *by)),
            voices: hearing.voices.into_values().collect(),
        };
        (report, made.map(|(_, made)| made))
    }

    fn open(&self, request: SignRequest, hearing: &mut Hearing) {
        let (session, participants) = (self.label(), self.participants.clone());
        let message = ToCosigner::Open { session, participants, request };
        for index in &self.participants {
            if self.room.say(*index, &message).is_err() {
                hearing.broke_off(*index, format!("co-signer {index} could not be asked"));
                continue;
            }
            // Whether it lives is known long before it has anything to say about the payout.
            if self.room.say(*index, &ToCosigner::Ping(0)).is_err() {
                hearing.lost(*index);
            }
        }
    }

    async fn listen<T>(
        &mut self,
        hearing: &mut Hearing,
        began: Instant,
        intent: Digest,
        accept: impl Fn(&[u8; 65]) -> Result<T, String>,
    ) -> Option<(u8, T)> {
        let pace = self.room.pace.clone();
        let end = began + pace.session;
        let mut look = began + pace.silence;
        loop {
            if hearing.is_over() {
                return None;
            }
            // Once it has gone wrong the others may still say what they think, and a signature may be on its way.
            let until = match hearing.wrong_since {
                Some(since) => end.min(since + pace.grace),
                None => end.min(look),
            };
            let (index, word) = tokio::select! {
                biased;
                word = self.words.next() => word,
                () = sleep_until(until) => {
                    let now = Instant::now();
                    if hearing.wrong_since.is_some() || now >= end {
                        hearing.ran_out(&pace);
                        return None;
                    }
                    self.look(hearing, began.max(now - pace.silence));
                    look = now + pace.silence / 2;
                    continue;
                }
            };
            if let Some((by, signature)) = hearing.hear(&self.room, intent, index, word) {
                match accept(&signature) {
                    Ok(made) => return Some((by, made)),
                    Err(why) => hearing.bad_signature(by, &why),
                }
            }
        }
    }

    /// Finds the participants from whom nothing at all came since `since`, and pings the others.
    fn look(&self, hearing: &mut Hearing, since: Instant) {
        for (index, heard) in self.room.last_heard(&self.participants) {
            if heard.is_none_or(|heard| heard < since) {
                hearing.silent(index);
            } else {
                let _ = self.room.say(index, &ToCosigner::Ping(0));
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.room.release(&self.participants);
        if matches!(self.stage, Stage::Open) {
            let why = "the gateway no longer waits for it".to_owned();
            let close = ToCosigner::Close { session: self.label(), why };
            for index in &self.participants {
                let _ = self.room.say(*index, &close);
            }
        }
    }
}

/// What was heard so far.
struct Hearing {
    voices: BTreeMap<u8, Voice>,
    wrong_since: Option<Instant>,
    /// What broke the session off, if nobody refused.
    why: Option<String>,
    /// Who is to blame, as far as it can be told.
    culprits: BTreeSet<u8>,
}

impl Hearing {
    fn new(participants: &[u8]) -> Self {
        let voice = |index: &u8| {
            (*index, Voice { index: *index, checks: None, refusal: None, broke_off: None, lost: None })
        };
        Self {
            voices: participants.iter().map(voice).collect(),
            wrong_since: None,
            why: None,
            culprits: BTreeSet::new(),
        }
    }

    /// Takes a word in; gives a signature of the right shape.
    fn hear(&mut self, room: &Room, intent: Digest, index: u8, word: Word) -> Option<(u8, [u8; 65])> {
        let voice = self.voices.get_mut(&index)?;
        match word {
            Word::Checked(checks) => {
                let tidied = checks.iter().take(CHECKS).map(|name| tidy(name, CHECK_CHARS));
                voice.checks.get_or_insert_with(|| tidied.collect());
            }
            Word::Refused(refusal) => {
                voice.refusal.get_or_insert(vetted(room, intent, index, refusal));
                self.wrong_since.get_or_insert_with(Instant::now);
            }
            Word::Aborted { why, culprit } => {
                let accused =
                    culprit.filter(|culprit| *culprit != index && self.voices.contains_key(culprit));
                self.culprits.extend(accused);
                self.broke_off(index, tidy(&why, REASON_CHARS));
            }
            Word::Parted => self.lost(index),
            Word::Signed(signature) => match <[u8; 65]>::try_from(signature) {
                Ok(signature) => return Some((index, signature)),
                Err(_) => self.bad_signature(index, "it does not have 65 bytes"),
            },
        }
        None
    }

    /// Whoever sends a signature says with it that its checks passed.
    fn bad_signature(&mut self, index: u8, why: &str) {
        self.culprits.insert(index);
        if let Some(voice) = self.voices.get_mut(&index) {
            voice.checks.get_or_insert_default();
        }
        self.broke_off(index, format!("co-signer {index} sent a bad signature: {}", tidy(why, REASON_CHARS)));
    }

    fn broke_off(&mut self, index: u8, why: String) {
        if let Some(voice) = self.voices.get_mut(&index) {
            voice.broke_off.get_or_insert_with(|| why.clone());
        }
        self.went_wrong(why);
    }

    /// The others can't sign without it.
    fn silent(&mut self, index: u8) {
        self.culprits.insert(index);
        self.lose(index, format!("co-signer {index} does not answer"));
    }

    fn lost(&mut self, index: u8) {
        self.lose(index, format!("the connection of co-signer {index} was lost"));
    }

    fn lose(&mut self, index: u8, why: String) {
        if let Some(voice) = self.voices.get_mut(&index) {
            voice.lost.get_or_insert_with(|| why.clone());
        }
        self.went_wrong(why);
    }

    fn went_wrong(&mut self, why: String) {
        self.why.get_or_insert(why);
        self.wrong_since.get_or_insert_with(Instant::now);
    }

    fn ran_out(&mut self, pace: &Pace) {
        self.why.get_or_insert_with(|| format!("no signature within {} ms", pace.session.as_millis()));
    }

    fn is_over(&self) -> bool {
        self.voices.values().all(Voice::is_over)
    }

    fn refused(&self) -> bool {
        self.voices.values().any(|voice| voice.refusal.is_some())
    }

    fn end(&self, signed_by: Option<u8>) -> SessionEnd {
        match (signed_by, &self.why) {
            (Some(by), _) => SessionEnd::Signed { by },
            (None, _) if self.refused() => SessionEnd::Refused,
            (None, Some(why)) => SessionEnd::Aborted { why: why.clone() },
            (None, None) => SessionEnd::Aborted { why: "it ended without a word".to_owned() },
        }
    }
}

/// A refusal that can be shown and stored. A *never* stays in it only when it is what it says.
fn vetted(room: &Room, intent: Digest, index: u8, refusal: Refusal) -> Refusal {
    let Refusal { check, finality, reason, never } = refusal;
    let never = never.filter(|never| {
        let ours = never.index == index && never.intent == intent && never.reason.len() <= NEVER_BYTES;
        let key = room.directory.cosigner_key(index);
        let holds = ours && key.is_some_and(|key| never.verify(&key).is_ok());
        if !holds {
            tracing::warn!(index, %intent, "a co-signer sent a never that is none");
        }
        holds
    });
    // Without its proof a final refusal ends nothing: it is asked again.
    let finality = if never.is_some() { finality } else { Finality::Later };
    Refusal { check, finality, reason: tidy(&reason, REASON_CHARS), never }
}

/// Text of a co-signer, for people's terminals and for the database: no control characters, not too long.
pub(super) fn tidy(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
