//! What all merged journals say together, indexed by what is asked.
//!
//! Entries arrive in each author's order, but the authors' orders mix freely: whatever is kept here comes out the same
//! in every mix, and a claim by one more author never makes a limit looser. Nothing is ever removed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use payout::approval::{FreezeOrder, SignedAct};
use payout::coin::CoinId;
use payout::ids::{Address, Attempt, ChainId, Cid, Digest, RuleId, WalletId};
use payout::intent::Kind;
use payout::life::Token;
use payout::money::Amount;
use payout::policy::{ChainName, RuleUse, VersionSignature};
use payout::time::Millis;

use super::body::{Body, CeremonyStage, Facts};
use super::ledger::{Key, Ledger, Mode};
use super::one_to_one::{Conflict, Evidence, OneToOne};

/// A stop, and whether this co-signer checked that its author may give it.
#[derive(Debug, Clone)]
pub struct StopSeen {
    /// The act.
    pub act: SignedAct,
    /// Ours was checked before it was journaled; others' are checked when they matter.
    pub evidence: Evidence,
}

/// A policy version that a co-signer says it holds, with the signatures that prove that it exists.
#[derive(Debug, Clone)]
pub struct PolicySeen {
    /// Who says so.
    pub author: u8,
    /// Which chain.
    pub chain: ChainName,
    /// The number.
    pub version: u64,
    /// The digest.
    pub digest: Digest,
    /// Who signed it.
    pub signatures: Vec<VersionSignature>,
}

/// A share of a key, as its journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareSeen {
    /// The epoch.
    pub epoch: u32,
    /// What was printed.
    pub fingerprint: String,
    /// How far it is.
    pub stage: CeremonyStage,
}

/// Co-signers by their indices, which are 1 to 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Authors(u16);

impl Authors {
    fn add(&mut self, author: u8) {
        self.0 |= 1u16.checked_shl(author.into()).unwrap_or(0);
    }

    fn contains(self, author: u8) -> bool {
        1u16.checked_shl(author.into()).is_some_and(|bit| self.0 & bit != 0)
    }

    const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// A promise of ours never to sign an intent.
#[derive(Debug)]
struct Promise {
    at: Millis,
    reason: String,
}

#[derive(Debug)]
struct Counted {
    key: Key,
    /// When each author contributed first. An intent counts from the latest of these, so that no author can move it
    /// out of a window by a wrong clock.
    firsts: Vec<(u8, Millis)>,
}

/// See the module.
#[derive(Debug)]
pub struct Union {
    me: u8,
    newest: Millis,
    one_to_one: OneToOne,
    intents: HashMap<Digest, Counted>,
    sums: HashMap<(RuleId, CoinId), Ledger>,
    counts: HashMap<RuleId, Ledger>,
    fees: HashMap<(WalletId, ChainId), Ledger>,
    /// Whose journals say that an address was paid.
    paid: HashMap<(ChainId, Address), Authors>,
    /// When each author saw an intent approved first.
    sights: HashMap<Digest, Vec<(u8, Millis)>>,
    stops: HashMap<Digest, Vec<StopSeen>>,
    freezes: Vec<FreezeOrder>,
    nevers: HashMap<Digest, Promise>,
    bans: BTreeMap<(WalletId, u32), BTreeSet<u8>>,
    policies: BTreeMap<(u8, ChainName), PolicySeen>,
    shares: BTreeMap<(u8, WalletId), BTreeMap<u32, ShareSeen>>,
    retired: BTreeMap<WalletId, u32>,
    sessions: HashSet<Digest>,
    /// Intents and payouts that we contributed to, voids aside: a signature that pays may exist.
    contributed_here: HashSet<Digest>,
    /// Our own journal was restored from a copy once: others may know better than it what we contributed to.
    restored: bool,
    /// Grows with every stop, freeze and never: what was verified before must be looked at again.
    warnings: u64,
}

impl Union {
    pub(crate) fn new(me: u8) -> Self {
        Self {
            me,
            newest: Millis::default(),
            one_to_one: OneToOne::default(),
            intents: HashMap::new(),
            sums: HashMap::new(),
            counts: HashMap::new(),
            fees: HashMap::new(),
            paid: HashMap::new(),
            sights: HashMap::new(),
            stops: HashMap::new(),
            freezes: Vec::new(),
            nevers: HashMap::new(),
            bans: BTreeMap::new(),
            policies: BTreeMap::new(),
            shares: BTreeMap::new(),
            retired: BTreeMap::new(),
            sessions: HashSet::new(),
            contributed_here: HashSet::new(),
            restored: false,
            warnings: 0,
        }
    }

    /// Takes in one entry of `author`'s journal.
    pub(crate) fn apply(&mut self, author: u8, at: Millis, body: Body, mode: Mode) {
        self.newest = self.newest.max(at);
        let own = author == self.me;
        match body {
            Body::Contribution(contribution) => {
                self.count(author, at, &contribution.facts, mode);
                if own {
                    self.sessions.insert(contribution.session);
                    self.contributed_here.insert(contribution.facts.intent);
                    if contribution.facts.kind != Kind::Void {
                        self.contributed_here.insert(contribution.facts.payout);
                    }
                }
            }
            Body::Sight { intent } => {
                let sights = self.sights.entry(intent).or_default();
                // Each author's times only grow.
                if !sights.iter().any(|(known, _)| *known == author) {
                    sights.push((author, at));
                }
            }
            Body::Stop { act } => self.take_stop(act, if own { Evidence::Own } else { Evidence::Others }),
            Body::Freeze { order } => self.take_freeze(order),
            Body::Never { intent, reason } if own => self.take_never(intent, at, reason),
            Body::Ban { wallet, epoch, peer, .. } if own => {
                self.bans.entry((wallet, epoch)).or_default().insert(peer);
            }
            Body::PolicyAdopted { chain, version, digest, signatures } => {
                self.take_policy(PolicySeen { author, chain, version, digest, signatures });
            }
            Body::Ceremony { wallet, epoch, fingerprint, stage } => {
                self.take_share(author, wallet, ShareSeen { epoch, fingerprint, stage });
            }
            Body::EpochRetired { wallet, epoch } if own => {
                let retired = self.retired.entry(wallet).or_insert(epoch);
                *retired = (*retired).max(epoch);
            }
            Body::Restored { .. } if own => self.restored = true,
            // What others promised, banned and erased binds them.
            Body::Never { .. } | Body::Ban { .. } | Body::EpochRetired { .. } | Body::Restored { .. } => {}
        }
    }

    fn count(&mut self, author: u8, at: Millis, facts: &Facts, mode: Mode) {
        let evidence = if author == self.me { Evidence::Own } else { Evidence::Others };
        let token = self.one_to_one.record(facts, evidence);
        let next = Key::try_from(self.intents.len()).expect("a journal of 2^32 intents fits on no disk");
        let counted = self
            .intents
            .entry(facts.intent)
            .or_insert_with(|| Counted { key: next, firsts: Vec::with_capacity(2) });
        if !counted.firsts.iter().any(|(known, _)| *known == author) {
            counted.firsts.push((author, at));
        }
        let (key, since) = (counted.key, counted.firsts.iter().map(|(_, at)| *at).max().unwrap_or(at));
        let sums = self.sums.entry((facts.rule.clone(), facts.coin.clone())).or_default();
        sums.count(key, since, facts.amount, mode);
        self.counts.entry(facts.rule.clone()).or_default().count(key, since, Amount::ZERO, mode);
        let fees = self.fees.entry((facts.wallet, facts.chain_id.clone())).or_default();
        fees.count(token, at, facts.fee, mode);
        if facts.kind == Kind::Payout {
            self.paid.entry((facts.chain_id.clone(), facts.to.clone())).or_default().add(author);
        }
    }

    pub(crate) fn take_stop(&mut self, act: SignedAct, evidence: Evidence) {
        let seen = self.stops.entry(act.intent).or_default();
        match seen.iter_mut().find(|stop| stop.act == act) {
            None => {
                seen.push(StopSeen { act, evidence });
                self.warnings += 1;
            }
            Some(stop) if stop.evidence == Evidence::Others && evidence == Evidence::Own => {
                stop.evidence = Evidence::Own;
                self.warnings += 1;
            }
            Some(_) => {}
        }
    }

    pub(crate) fn take_freeze(&mut self, order: FreezeOrder) {
        if !self.freezes.contains(&order) {
            self.freezes.push(order);
            self.warnings += 1;
        }
    }

    pub(crate) fn take_never(&mut self, intent: Digest, at: Millis, reason: String) {
        self.nevers.insert(intent, Promise { at, reason });
        self.warnings += 1;
    }

    fn take_policy(&mut self, seen: PolicySeen) {
        let newest = self.policies.entry((seen.author, seen.chain)).or_insert_with(|| seen.clone());
        if newest.version < seen.version {
            *newest = seen;
        }
    }

    fn take_share(&mut self, author: u8, wallet: WalletId, seen: ShareSeen) {
        let epochs = self.shares.entry((author, wallet)).or_default();
        let newest = epochs.entry(seen.epoch).or_insert_with(|| seen.clone());
        // That it tested is an author's last word on an epoch: else one that lies could put a wallet out of use later.
        if newest.stage < CeremonyStage::Tested && newest.stage <= seen.stage {
            *newest = seen;
        }
    }

    /// Ends a bulk read.
    pub(crate) fn settle(&mut self) {
        self.sums.values_mut().for_each(Ledger::settle);
        self.counts.values_mut().for_each(Ledger::settle);
        self.fees.values_mut().for_each(Ledger::settle);
    }
}

/// Questions.
impl Union {
    /// Our index on the roster.
    pub const fn me(&self) -> u8 {
        self.me
    }

    /// The time of the newest entry in any journal.
    pub fn newest(&self) -> Millis {
        self.newest
    }

    /// Whether our own journal has a contribution to this intent, or to a raise of its fee cap: a signature may exist,
    /// and nothing that we say can rule it out. After a restore it is enough that any journal has one, since ours may
    /// have lost it.
    pub fn contributed_by_me(&self, intent: &Digest) -> bool {
        let by_anybody = || self.contributed(intent) || self.token_of(intent).is_some();
        self.contributed_here.contains(intent) || (self.restored && by_anybody())
    }

    /// Whether a contribution to this intent is in any journal.
    pub fn contributed(&self, intent: &Digest) -> bool {
        self.intents.contains_key(intent)
    }

    /// The earliest sight of an approved intent: our own, or the one that is left if the earliest `faults` others lie.
    /// A quorum has seen it before anything is built, so more than `faults` of any participants have.
    pub fn first_sight(&self, intent: &Digest, faults: u8) -> Option<Millis> {
        let mut sights = self.sights.get(intent)?.clone();
        sights.sort_unstable_by_key(|(_, at)| *at);
        let own = sights.iter().find(|(author, _)| *author == self.me);
        let believed = sights.get(usize::from(faults));
        [own, believed].into_iter().flatten().map(|(_, at)| *at).min()
    }

    /// Whether our own journal has a sight of it.
    pub fn sighted_by_me(&self, intent: &Digest) -> bool {
        self.sights.get(intent).is_some_and(|sights| sights.iter().any(|(author, _)| *author == self.me))
    }

    /// The stops of an intent.
    pub fn stops(&self, intent: &Digest) -> &[StopSeen] {
        self.stops.get(intent).map_or(&[], Vec::as_slice)
    }

    /// Every freeze order and lift.
    pub fn freezes(&self) -> &[FreezeOrder] {
        &self.freezes
    }

    /// Why this co-signer promised never to sign an intent, if it did.
    pub fn never(&self, intent: &Digest) -> Option<&str> {
        self.promise(intent).map(|(_, reason)| reason)
    }

    /// The same, with the time of the promise.
    pub(crate) fn promise(&self, intent: &Digest) -> Option<(Millis, &str)> {
        self.nevers.get(intent).map(|promise| (promise.at, promise.reason.as_str()))
    }

    /// The peers with whom nothing is signed in this wallet's epoch.
    pub fn banned(&self, wallet: WalletId, epoch: u32) -> impl Iterator<Item = u8> {
        self.bans.get(&(wallet, epoch)).into_iter().flatten().copied()
    }

    /// The newest policy version of each chain that each co-signer says it holds.
    pub fn policies(&self) -> impl Iterator<Item = &PolicySeen> {
        self.policies.values()
    }

    /// The newest share of a wallet's key that a co-signer's journal tells of.
    pub fn share(&self, author: u8, wallet: WalletId) -> Option<&ShareSeen> {
        self.shares.get(&(author, wallet))?.values().next_back()
    }

    /// Every epoch of a wallet's key that a co-signer's journal tells of, oldest first, each at its furthest stage.
    pub fn epochs(&self, author: u8, wallet: WalletId) -> impl Iterator<Item = &ShareSeen> {
        self.shares.get(&(author, wallet)).into_iter().flat_map(BTreeMap::values)
    }

    /// The newest epoch whose shares were erased here.
    pub fn retired(&self, wallet: WalletId) -> Option<u32> {
        self.retired.get(&wallet).copied()
    }

    /// Whether a session of this id was contributed to here.
    pub fn knows_session(&self, session: &Digest) -> bool {
        self.sessions.contains(session)
    }

    /// Whether this address was paid on this chain before: by us, or by a whole quorum. Fewer may be lying, to spare
    /// somebody the approvals that a new payee needs.
    pub fn paid(&self, chain_id: &ChainId, to: &Address, quorum: u8) -> bool {
        // Two small clones: tuples of references don't hash like tuples of values.
        let authors = self.paid.get(&(chain_id.clone(), to.clone())).copied().unwrap_or_default();
        authors.contains(self.me) || authors.count() >= u32::from(quorum)
    }

    /// The token that a payout has, by any journal.
    pub fn token_of(&self, payout: &Digest) -> Option<&Token> {
        self.one_to_one.token_of(payout)
    }

    /// The payouts that were signed for under this number and attempt: one, unless a journal lies.
    pub fn payouts_numbered(&self, cid: Cid, attempt: Attempt) -> impl Iterator<Item = &Digest> {
        self.one_to_one.payouts_numbered(cid, attempt)
    }

    /// What a rule has used: in the window since `since` (everything if `None`) and ever, without `except`.
    ///
    /// The count is over all coins, sums are of `coin`.
    pub fn rule_use(
        &self,
        rule: &RuleId,
        coin: &CoinId,
        since: Option<Millis>,
        except: Option<&Digest>,
    ) -> RuleUse {
        let except = except.and_then(|intent| self.intents.get(intent)).map(|counted| counted.key);
        let count = self.counts.get(rule).map(|ledger| ledger.since(since, except));
        let sums = self.sums.get(&(rule.clone(), coin.clone()));
        RuleUse {
            window_count: count.map_or(0, |sum| sum.count),
            window_sum: sums.map_or(Amount::ZERO, |ledger| ledger.since(since, except).amount),
            total: sums.map_or(Amount::ZERO, |ledger| ledger.since(None, except).amount),
        }
    }

    /// What a wallet may have burnt in fees on a chain since `since`, without the token of `except`, and that token's
    /// own worst case so far.
    pub(crate) fn fee_use(&self, since: Millis, except: &Facts) -> (Amount, Amount) {
        let token = self.one_to_one.key_of(except);
        let Some(ledger) = self.fees.get(&(except.wallet, except.chain_id.clone())) else {
            return (Amount::ZERO, Amount::ZERO);
        };
        let own = token.and_then(|token| ledger.get(token)).map_or(Amount::ZERO, |(_, fee)| fee);
        (ledger.since(Some(since), token).amount, own)
    }

    pub(crate) fn one_to_one(&self, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        self.one_to_one.check(facts)
    }

    /// When an intent counts, if it does.
    pub(crate) fn counted_at(&self, intent: &Digest) -> Option<Millis> {
        let counted = self.intents.get(intent)?;
        counted.firsts.iter().map(|(_, at)| *at).max()
    }

    pub(crate) fn warnings(&self) -> u64 {
        self.warnings
    }

    /// How many of the journals' entries are counted intents.
    pub fn intent_count(&self) -> usize {
        self.intents.len()
    }
}
