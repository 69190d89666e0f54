//! One deployment under attack: honest co-signers as processes, everybody else in our hands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use payout::policy::{Genesis, Policy, SignedVersion};
use wire::message::{Check, Condition, Label, SignRequest, ToCosigner};

use super::case::{Attempt, Fault, Seen, names};
use super::draft::{Desk, Draft, Payload, path_of};
use super::gateway::Gateway;
use super::ledger::{Aim, Ledger, digest_of, intent_of};
use super::log;
use super::plot::{Plot, Showing};
use super::turncoat::{Event, Past, Turncoat};
use crate::deployment::folder::Folder;
use crate::deployment::{Doors, Plan, config, cosigner_name, owner, rules::RuleSet};
use crate::fixture;
use crate::ledgers::Chains;
use crate::place;
use crate::process::{Program, Running};
use crate::vendor::random;

/// How long anything that should happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How long a session can be heard of: its own limit is 2.5 s.
const SESSION: Duration = Duration::from_secs(8);
/// How long whoever has not spoken may still have something to say, once another has ended a session.
const LAST_WORD: Duration = Duration::from_millis(1500);

/// Who is there.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// How many sign.
    pub threshold: u8,
    /// How many hold a share.
    pub cosigners: u8,
    /// Who of them is hostile.
    pub hostile: &'static [u8],
    /// On which chains they pay. None of them is needed: co-signers talk to no chain.
    pub chains: Chains,
}

/// See the module.
pub struct World {
    /// Who is there.
    pub setting: Setting,
    /// The deployment's root of trust.
    pub genesis: Genesis,
    /// Its files.
    pub folder: Folder,
    /// The hostile gateway.
    pub gateway: Gateway,
    /// Where requests are made.
    pub desk: Desk,
    /// The judge.
    pub ledger: Ledger,
    /// The hostile co-signers.
    pub turncoats: BTreeMap<u8, Turncoat>,
    honest: BTreeMap<u8, Running>,
    turn: usize,
    /// How long each log was when the attack began.
    pages: BTreeMap<u8, u64>,
    plan: Plan,
}

impl World {
    /// Copies a prepared deployment to `root` and starts everybody.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn start(root: &Path, setting: Setting) -> Result<Self, Fault> {
        let Setting { threshold, cosigners, hostile, chains } = setting;
        let plan = Plan { rules: RuleSet::Attacks, chains, ..Plan::test(threshold, cosigners) };
        let (folder, _) = fixture::copy(plan, root).await?;
        let genesis = owner::genesis(&folder)?;
        let policy = known_policy(&folder, &genesis)?;
        let wallet = policy.newest_rules().wallets.first().cloned();
        let wallet = wallet.ok_or_else(|| Fault::Broken("the fixture has no wallet".to_owned()))?;
        let gateway = Gateway::start(&owner::gateway_key(&folder)?, &genesis).await?;
        let mut turncoats = BTreeMap::new();
        for index in hostile {
            let past = past_of(&folder, &genesis, *index)?;
            turncoats.insert(*index, Turncoat::sit(*index, past, &genesis, wallet.id, &gateway));
        }
        let mut world = Self {
            setting,
            ledger: Ledger::new(&wallet),
            desk: Desk::new(policy, owner::cast(&folder)?, wallet),
            genesis,
            folder,
            gateway,
            turncoats,
            honest: BTreeMap::new(),
            turn: 0,
            pages: BTreeMap::new(),
            plan,
        };
        for index in (1..=cosigners).filter(|index| !hostile.contains(index)) {
            world.launch(index)?;
        }
        world.ready().await?;
        Ok(world)
    }

    /// The honest co-signers.
    pub fn honest(&self) -> Vec<u8> {
        self.honest.keys().copied().collect()
    }

    /// Every set of co-signers that signs, those with the most hostile ones first.
    pub fn quorums(&self) -> Vec<Vec<u8>> {
        let Setting { threshold, cosigners, hostile, chains: _ } = self.setting;
        let sets = (0u16..1 << cosigners)
            .map(|bits| (1..=cosigners).filter(|index| bits >> (index - 1) & 1 == 1).collect::<Vec<u8>>());
        let mut sets: Vec<Vec<u8>> = sets.filter(|set| set.len() == usize::from(threshold)).collect();
        sets.sort_by_key(|set| usize::MAX - set.iter().filter(|index| hostile.contains(index)).count());
        sets
    }

    /// A set that signs with as few hostile ones as possible; another one each time.
    pub fn good_quorum(&mut self) -> Vec<u8> {
        let honest = self.honest();
        let mut quorums = self.quorums();
        let count = |set: &Vec<u8>| set.iter().filter(|index| honest.contains(index)).count();
        let best = quorums.iter().map(count).max().unwrap_or(0);
        quorums.retain(|set| count(set) == best);
        self.turn += 1;
        quorums.swap_remove(self.turn % quorums.len())
    }

    /// Starts a co-signer's process.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn launch(&mut self, index: u8) -> Result<(), Fault> {
        let address = self.gateway.address();
        self.launch_at(index, address)
    }

    /// Starts a co-signer's process that dials this address.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn launch_at(&mut self, index: u8, address: std::net::SocketAddr) -> Result<(), Fault> {
        let path = self.folder.cosigner_config(index);
        let doors = Doors { api: address, operator: address, cosigner: address };
        std::fs::write(&path, config::cosigner(&self.plan, index, &doors))?;
        let name = format!("cosigner-{index}");
        let program = Program {
            path: place::program("bursar-cosigner")?,
            arguments: vec!["run".into(), "--config".into(), path.into()],
            log: self.folder.log(&name),
            records: self.folder.records(),
            environment: Vec::new(),
            name,
        };
        self.honest.insert(index, program.start()?);
        Ok(())
    }

    /// Kills a co-signer's process, as a loss of power does.
    pub fn kill(&mut self, index: u8) {
        self.honest.remove(&index);
    }

    /// Waits until all honest co-signers are there and ready, and each pair of them is linked.
    ///
    /// # Errors
    /// [`Fault::Late`].
    pub async fn ready(&mut self) -> Result<(), Fault> {
        let honest = self.honest();
        let is_ready = |heard: &super::gateway::Heard, index: &u8| {
            let standing = heard.standings.get(index);
            heard.is_present(*index)
                && standing.is_some_and(|standing| standing.condition == Condition::Ready)
        };
        self.gateway
            .until("all honest co-signers are ready", PATIENCE, |heard| {
                honest.iter().all(|index| is_ready(heard, index)).then_some(())
            })
            .await?;
        for quorum in self.quorums() {
            let draft = self.desk.small();
            self.sign_by(&quorum, &draft.request()).await?;
        }
        Ok(())
    }

    /// Shows that a request is signed: by as few hostile co-signers as possible.
    ///
    /// # Errors
    /// [`Fault::Good`] when it is not.
    pub async fn sign(&mut self, request: &SignRequest) -> Result<Label, Fault> {
        let quorum = self.good_quorum();
        self.sign_by(&quorum, request).await
    }

    /// Shows that these sign a request.
    ///
    /// # Errors
    /// [`Fault::Good`] when they don't.
    pub async fn sign_by(&mut self, quorum: &[u8], request: &SignRequest) -> Result<Label, Fault> {
        let (label, attempt) = self.ask(quorum, request, Aim::Good).await?;
        if self.ledger.is_signed(label) { Ok(label) } else { Err(Fault::Good(attempt.heard())) }
    }

    /// Asks for a hostile request.
    ///
    /// # Errors
    /// [`Fault`] of the harness; that it was signed is in the attempt.
    pub async fn attack(&mut self, quorum: &[u8], request: &SignRequest) -> Result<Attempt, Fault> {
        self.ask(quorum, request, Aim::Attack).await.map(|(_, attempt)| attempt)
    }

    /// Asks for a hostile request through every quorum; each has an honest member that refuses by this check.
    ///
    /// # Errors
    /// [`Fault`] when one does not.
    pub async fn refused(&mut self, request: &SignRequest, check: Check, says: &str) -> Result<Seen, Fault> {
        self.refused_by(request, &[(check, says)]).await
    }

    /// The same where the members of a quorum have different reasons: one of these.
    ///
    /// # Errors
    /// [`Fault`] when one does not refuse.
    pub async fn refused_by(
        &mut self,
        request: &SignRequest,
        reasons: &[(Check, &str)],
    ) -> Result<Seen, Fault> {
        let honest = self.honest();
        let mut seen: Option<Seen> = None;
        for quorum in self.quorums() {
            if !quorum.iter().any(|index| honest.contains(index)) {
                continue;
            }
            let attempt = self.attack(&quorum, request).await?;
            let this = attempt.refused_by(reasons)?;
            seen.get_or_insert(this);
        }
        self.judge()?;
        let by = names(honest);
        seen.map(|seen| Seen { by, ..seen }).ok_or_else(|| Fault::Broken("there is no quorum".to_owned()))
    }

    /// Asks these for a request once the links between them stand.
    async fn ask(
        &mut self,
        quorum: &[u8],
        request: &SignRequest,
        aim: Aim,
    ) -> Result<(Label, Attempt), Fault> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let label = self.open(quorum, request, aim);
            let attempt = self.end_of(label, quorum).await?;
            self.judge()?;
            let good = aim == Aim::Good && (attempt.is_crossed() || attempt.is_late());
            let again = attempt.is_lame() || good;
            if !again || attempt.signed || tokio::time::Instant::now() >= end {
                return Ok((label, attempt));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens a session in which everybody is shown the same.
    pub fn open(&mut self, quorum: &[u8], request: &SignRequest, aim: Aim) -> Label {
        let showing = Showing { participants: quorum.to_vec(), request: request.clone() };
        let shown = quorum.iter().map(|index| (*index, showing.clone())).collect();
        self.open_shown(quorum, shown, aim)
    }

    /// Opens a session in which each is shown something of its own.
    pub fn open_shown(&mut self, quorum: &[u8], shown: BTreeMap<u8, Showing>, aim: Aim) -> Label {
        let plot = self.plot(quorum, shown);
        self.open_plot(plot, aim)
    }

    /// What hostile co-signers do in a session if nothing else is wanted: agree, and sign what is asked for.
    pub fn plot(&self, quorum: &[u8], shown: BTreeMap<u8, Showing>) -> Plot {
        let first = shown.values().next().map(|showing| &showing.request);
        let payout = || chain::evm::path(payout::ids::AddressIndex::PAYOUT);
        Plot {
            label: Label::from_bytes(random()),
            participants: quorum.to_vec(),
            digest: first.map_or([0; 32], digest_of),
            path: first.and_then(intent_of).map_or_else(payout, |intent| path_of(&intent)),
            random: random(),
            id: None,
            claims: Vec::new(),
            shown,
        }
    }

    /// Opens a session in which hostile co-signers do something of their own.
    pub fn open_plot(&mut self, plot: Plot, aim: Aim) -> Label {
        let label = plot.label;
        self.ledger.open(label, aim, plot.shown.values().map(|showing| &showing.request));
        // First the hostile ones, who then miss nothing.
        for index in &plot.participants {
            if let Some(turncoat) = self.turncoats.get(index) {
                turncoat.tell(Event::Plot(Box::new(plot.clone())));
            }
        }
        for (index, Showing { participants, request }) in plot.shown {
            if self.honest.contains_key(&index) {
                let message = ToCosigner::Open { session: label, participants, request };
                self.gateway.say(index, &message);
            }
        }
        label
    }

    /// Waits for the end of a session.
    ///
    /// # Errors
    /// Never: a session that does not end within its time has no end.
    pub async fn end_of(&self, label: Label, quorum: &[u8]) -> Result<Attempt, Fault> {
        let honest: Vec<u8> =
            quorum.iter().copied().filter(|index| self.honest.contains_key(index)).collect();
        let ended = |count: usize| {
            let honest = honest.clone();
            move |heard: &super::gateway::Heard| {
                let ends = heard.ends_of(label);
                let present = honest.iter().filter(|index| ends.contains_key(index)).count();
                (present >= count.min(honest.len())).then_some(())
            }
        };
        if self.gateway.until("a session ends", SESSION, ended(1)).await.is_ok() {
            // Not everybody has a last word: whoever was told that it is over first says nothing more.
            let _ = self.gateway.until("a session ends", LAST_WORD, ended(usize::MAX)).await;
        }
        Ok(self.gateway.look(|heard| {
            let mut ends = heard.ends_of(label);
            let signed = heard.signatures_of(label).next().is_some();
            ends.retain(|index, _| honest.contains(index));
            Attempt { ends, signed }
        }))
    }

    /// Judges everything that was heard.
    ///
    /// # Errors
    /// [`Fault::Signed`].
    pub fn judge(&mut self) -> Result<(), Fault> {
        let Self { gateway, ledger, .. } = self;
        gateway.look(|heard| ledger.judge(heard))
    }

    /// What must hold after every attack: a fresh payout is signed, and no honest co-signer has banned another.
    ///
    /// # Errors
    /// [`Fault`] when it does not.
    pub async fn settle(&mut self) -> Result<(), Fault> {
        self.gateway.relay_honestly();
        let draft = self.desk.small();
        self.sign(&draft.request()).await?;
        let honest = self.honest();
        let banned = self.gateway.look(|heard| {
            let standing = |index: &u8| heard.standings.get(index).map(|standing| (*index, standing.clone()));
            let mut all = honest.iter().filter_map(standing);
            all.find_map(|(index, standing)| {
                let peer = standing.banned.into_iter().find(|peer| honest.contains(peer))?;
                Some((index, peer))
            })
        });
        match banned {
            None => Ok(()),
            Some((index, peer)) => Err(Fault::Broken(format!(
                "{} has banned {}, and both are honest",
                cosigner_name(index),
                cosigner_name(peer)
            ))),
        }
    }

    /// Shows a policy version to some co-signers.
    pub fn show_policy(&self, to: &[u8], versions: &[SignedVersion]) {
        for index in to {
            self.gateway.say(*index, &ToCosigner::Policy(versions.to_vec()));
        }
    }

    /// Waits until a co-signer says that it holds a version of the rules.
    ///
    /// # Errors
    /// [`Fault::Late`].
    pub async fn holds_rules(&self, index: u8, version: u64) -> Result<(), Fault> {
        self.gateway
            .until("a version of the rules is held", PATIENCE, |heard| {
                let standing = heard.standings.get(&index)?;
                (standing.heads.rules.version >= version).then_some(())
            })
            .await
    }

    /// From now on only what is written from here on is looked for in logs.
    pub fn turn_pages(&mut self) {
        for index in self.honest() {
            // A log that can't be read is looked for from its beginning.
            let length = std::fs::metadata(self.log_of(index)).map_or(0, |told| told.len());
            self.pages.insert(index, length);
        }
    }

    /// Waits until a co-signer has written a line with these words into its log; gives what it says.
    ///
    /// # Errors
    /// [`Fault::Late`].
    pub async fn logged(&self, index: u8, words: &str) -> Result<String, Fault> {
        let (log, page) = (self.log_of(index), self.pages.get(&index).copied().unwrap_or(0));
        let end = tokio::time::Instant::now() + SESSION;
        loop {
            if let Some(said) = log::said(&log, page, words)? {
                return Ok(said);
            }
            if tokio::time::Instant::now() >= end {
                return Err(Fault::Late(format!("{} says {words:?} in its log", cosigner_name(index))));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn log_of(&self, index: u8) -> PathBuf {
        self.folder.log(&format!("cosigner-{index}"))
    }

    /// The same for all honest ones; gives what the first says.
    ///
    /// # Errors
    /// [`Fault::Late`].
    pub async fn all_logged(&self, words: &str) -> Result<String, Fault> {
        let mut first = None;
        for index in self.honest() {
            let said = self.logged(index, words).await?;
            first.get_or_insert(said);
        }
        first.ok_or_else(|| Fault::Broken("nobody is honest here".to_owned()))
    }

    /// A draft whose twin is signed first, to show that it would be.
    ///
    /// # Errors
    /// [`Fault::Good`].
    pub async fn control<B: Payload>(&mut self, good: fn(&mut Desk) -> Draft<B>) -> Result<Draft<B>, Fault> {
        let twin = good(&mut self.desk);
        self.sign(&twin.request()).await?;
        Ok(good(&mut self.desk))
    }
}

/// The policy that co-signers hold, from the journal of the first.
fn known_policy(folder: &Folder, genesis: &Genesis) -> Result<Policy, Fault> {
    let key = owner::vault(folder, genesis, 1)?.identity();
    let journal = owner::journal(folder, genesis, 1, key)?;
    let mut policy = Policy::from_genesis(genesis);
    for (version, adopted) in journal.policy_versions()? {
        policy.append_at(version, adopted)?;
    }
    Ok(policy)
}

fn past_of(folder: &Folder, genesis: &Genesis, index: u8) -> Result<Past, Fault> {
    let vault = owner::vault(folder, genesis, index)?;
    let journal = owner::journal(folder, genesis, index, vault.identity())?;
    let share = journal.share(&[])?;
    let own = share.entries.iter().filter(|entry| entry.author == index);
    let at = own.map(|entry| entry.at).max().unwrap_or_default();
    Ok(Past { vault, heads: journal.heads(), at })
}
