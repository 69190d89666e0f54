//! What all merged journals say together, indexed by what is asked.
//!
//! Entries arrive in each author's order, but the authors' orders mix freely: whatever is kept here comes out the same
//! in every mix, and a claim by one more author who is believed never makes a limit looser. Nothing is ever removed.
//! Whose word counts is said with each question: see `authors`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use payout::approval::{FreezeOrder, SignedAct};
use payout::coin::CoinId;
use payout::ids::{Address, Attempt, ChainId, Cid, Digest, RuleId, WalletId};
use payout::intent::Kind;
use payout::life::Token;
use payout::money::Amount;
use payout::policy::{ChainName, RuleUse, VersionSignature};
use payout::time::Millis;

use super::authors::{Authors, Believed, Who};
use super::ledger::{Key, Ledger, Mode};
use super::one_to_one::{Conflict, Evidence, OneToOne};
use super::pace::Tries;
use wire::journal::{Body, CeremonyStage, Facts};

/// The most stops of one intent that are heard from one other co-signer. An honest one journals those that count; one is
/// enough.
const STOPS_TOLD: usize = 16;

/// The most orders to freeze or lift that are heard from one other co-signer. All of them get each order from the
/// gateway or their owner, so that it is in our own journal before anybody has had so many.
const FREEZES_TOLD: usize = 1_000;

/// A stop, and whether this co-signer checked that its author may give it.
#[derive(Debug, Clone)]
pub struct StopSeen {
    /// Who told of it first.
    pub author: u8,
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

/// A promise of ours never to sign an intent.
#[derive(Debug)]
struct Promise {
    at: Millis,
    reason: String,
}

#[derive(Debug)]
struct Counted {
    key: Key,
    /// When each author contributed first. An intent counts from the latest of those that are believed, so that none of
    /// them can move it out of a window by a wrong clock.
    firsts: Vec<(Authors, Millis)>,
}

/// See the module.
#[derive(Debug)]
pub struct Union {
    me: u8,
    /// The time of each author's newest entry.
    newest: BTreeMap<u8, Millis>,
    one_to_one: OneToOne,
    intents: HashMap<Digest, Counted>,
    /// What counts on each rule, by coin.
    uses: HashMap<RuleId, BTreeMap<CoinId, Ledger>>,
    fees: HashMap<(WalletId, ChainId), Ledger>,
    /// Whose journals say that an address was paid.
    paid: HashMap<(ChainId, Address), Authors>,
    /// When each author saw an intent approved first.
    sights: HashMap<Digest, Vec<(u8, Millis)>>,
    stops: HashMap<Digest, Vec<StopSeen>>,
    freezes: Vec<FreezeOrder>,
    /// How many of them came first with each author.
    freezes_by: BTreeMap<u8, usize>,
    nevers: HashMap<Digest, Promise>,
    bans: BTreeMap<(WalletId, u32), BTreeSet<u8>>,
    policies: BTreeMap<(u8, ChainName), BTreeMap<u64, PolicySeen>>,
    shares: BTreeMap<(u8, WalletId), BTreeMap<u32, ShareSeen>>,
    retired: BTreeMap<WalletId, u32>,
    sessions: HashSet<Digest>,
    /// Intents and payouts that we contributed to, voids aside: a signature that pays may exist.
    contributed_here: HashSet<Digest>,
    /// How often we contributed to each intent.
    tries: HashMap<Digest, Tries>,
}

impl Union {
    pub(crate) fn new(me: u8) -> Self {
        Self {
            me,
            newest: BTreeMap::new(),
            one_to_one: OneToOne::new(Authors::of(me)),
            intents: HashMap::new(),
            uses: HashMap::new(),
            fees: HashMap::new(),
            paid: HashMap::new(),
            sights: HashMap::new(),
            stops: HashMap::new(),
            freezes: Vec::new(),
            freezes_by: BTreeMap::new(),
            nevers: HashMap::new(),
            bans: BTreeMap::new(),
            policies: BTreeMap::new(),
            shares: BTreeMap::new(),
            retired: BTreeMap::new(),
            sessions: HashSet::new(),
            contributed_here: HashSet::new(),
            tries: HashMap::new(),
        }
    }

    /// Takes in one entry of `author`'s journal.
    pub(crate) fn apply(&mut self, author: u8, at: Millis, body: Body, mode: Mode) {
        let newest = self.newest.entry(author).or_default();
        *newest = at.max(*newest);
        let own = author == self.me;
        match body {
            Body::Contribution(contribution) => {
                self.count(author, at, &contribution.facts, mode);
                if own {
                    self.sessions.insert(contribution.session);
                    self.contributed_here.insert(contribution.facts.intent);
                    self.tries.entry(contribution.facts.intent).or_default().add(at);
                    if contribution.facts.kind != Kind::Void {
                        self.contributed_here.insert(contribution.facts.payout);
                    }
                }
            }
            Body::Sight { intent } => self.take_sight(author, at, intent),
            Body::Stop { act } => self.take_stop(author, act),
            Body::Freeze { order } => self.take_freeze(author, order),
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
            // Of what others promised, banned and erased, and of our own restores, nothing follows here.
            Body::Never { .. } | Body::Ban { .. } | Body::EpochRetired { .. } | Body::Restored { .. } => {}
        }
    }

    fn count(&mut self, author: u8, at: Millis, facts: &Facts, mode: Mode) {
        let who = Authors::of(author);
        // Who contributes has seen it approved.
        self.take_sight(author, at, facts.intent);
        let token = self.one_to_one.record(facts, who);
        let next = Key::try_from(self.intents.len()).expect("a journal of 2^32 intents fits on no disk");
        let counted = self
            .intents
            .entry(facts.intent)
            .or_insert_with(|| Counted { key: next, firsts: Vec::with_capacity(2) });
        // Each author's times only grow.
        let first = match counted.firsts.iter().find(|(known, _)| known.meets(who)) {
            Some((_, first)) => *first,
            None => {
                counted.firsts.push((who, at));
                at
            }
        };
        let uses = self.uses.entry(facts.rule.clone()).or_default();
        let uses = uses.entry(facts.coin.clone()).or_default();
        uses.count(counted.key, who, first, facts.amount, mode);
        let fees = self.fees.entry((facts.wallet, facts.chain_id.clone())).or_default();
        fees.count(token, who, at, facts.fee, mode);
        if facts.kind == Kind::Payout {
            let paid = self.paid.entry((facts.chain_id.clone(), facts.to.clone())).or_default();
            *paid = paid.and(who);
        }
    }

    fn take_sight(&mut self, author: u8, at: Millis, intent: Digest) {
        let sights = self.sights.entry(intent).or_default();
        // Each author's times only grow.
        if !sights.iter().any(|(known, _)| *known == author) {
            sights.push((author, at));
        }
    }

    pub(crate) fn take_stop(&mut self, author: u8, act: SignedAct) {
        let evidence = if author == self.me { Evidence::Own } else { Evidence::Others };
        let seen = self.stops.entry(act.intent).or_default();
        match seen.iter_mut().find(|stop| stop.act == act) {
            Some(stop) if evidence == Evidence::Own => stop.evidence = Evidence::Own,
            Some(_) => {}
            None => {
                let told = seen.iter().filter(|stop| stop.author == author).count();
                if evidence == Evidence::Own || told < STOPS_TOLD {
                    seen.push(StopSeen { author, act, evidence });
                }
            }
        }
    }

    pub(crate) fn take_freeze(&mut self, author: u8, order: FreezeOrder) {
        let told = self.freezes_by.entry(author).or_default();
        if (author == self.me || *told < FREEZES_TOLD) && !self.freezes.contains(&order) {
            *told += 1;
            self.freezes.push(order);
        }
    }

    pub(crate) fn take_never(&mut self, intent: Digest, at: Millis, reason: String) {
        self.nevers.insert(intent, Promise { at, reason });
    }

    fn take_policy(&mut self, seen: PolicySeen) {
        // An honest author adopts each version once; of others the first word stands.
        self.policies.entry((seen.author, seen.chain)).or_default().entry(seen.version).or_insert(seen);
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
        self.ledgers().for_each(Ledger::settle);
    }

    /// This co-signer leaves its quarantine: what its own journal has lost is in what is held now, so all of that counts
    /// as its own word from here on.
    pub(crate) fn inherit(&mut self) {
        self.one_to_one.inherit();
        let firsts = self.intents.values_mut().flat_map(|counted| &mut counted.firsts);
        firsts.for_each(|(who, _)| *who = who.and(Authors::INHERITED));
        self.ledgers().for_each(Ledger::inherit);
    }

    fn ledgers(&mut self) -> impl Iterator<Item = &mut Ledger> {
        self.uses.values_mut().flat_map(BTreeMap::values_mut).chain(self.fees.values_mut())
    }
}

/// Whose word counts.
impl Union {
    /// To sign with these: what they say, and what this co-signer says or has inherited.
    pub fn among(&self, participants: &[u8]) -> Believed {
        Believed(Who::AnyOf(Authors::all_of(participants).and(self.own())))
    }

    /// To spare somebody a question: what this co-signer says or has inherited, or a whole quorum, of which one is
    /// honest.
    pub fn proven(&self, quorum: u8) -> Believed {
        Believed(Who::Proven { own: self.own(), quorum })
    }

    /// Whatever anybody says.
    pub fn anybody(&self) -> Believed {
        Believed(Who::Proven { own: self.own(), quorum: 1 })
    }

    fn own(&self) -> Authors {
        Authors::of(self.me).and(Authors::INHERITED)
    }
}

/// Questions.
impl Union {
    /// Our index on the roster.
    pub const fn me(&self) -> u8 {
        self.me
    }

    /// The time of the newest entry in our own journal and those of `participants`. Others' may be dated ahead.
    pub fn newest(&self, participants: &[u8]) -> Millis {
        let counts = |author: &u8| *author == self.me || participants.contains(author);
        let counted = self.newest.iter().filter(|(author, _)| counts(author));
        counted.map(|(_, at)| *at).max().unwrap_or_default()
    }

    /// Whether our own journal has a contribution to this intent, or to a raise of its fee cap: a signature may exist,
    /// and nothing that we say can rule it out. Or, after a restore, a journal that we inherited.
    pub fn contributed_by_me(&self, intent: &Digest) -> bool {
        let inherited = Believed(Who::AnyOf(Authors::INHERITED));
        self.contributed_here.contains(intent)
            || self.counted_at(inherited, intent).is_some()
            || self.token_of(inherited, intent).is_some()
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
        self.policies.values().filter_map(|versions| versions.values().next_back())
    }

    /// Who says that it adopted this very version of a chain.
    pub fn adopted(&self, chain: ChainName, version: u64) -> impl Iterator<Item = &PolicySeen> {
        let versions = self.policies.iter().filter(move |((_, its), _)| *its == chain);
        versions.filter_map(move |(_, versions)| versions.get(&version))
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

    /// How often we have contributed to this intent, and when we may again.
    pub(crate) fn next_try(&self, intent: &Digest) -> (u32, Millis) {
        self.tries.get(intent).map_or((0, Millis::default()), Tries::next)
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
        self.proven(quorum).counts(authors)
    }

    /// The token that a payout has.
    pub fn token_of(&self, believed: Believed, payout: &Digest) -> Option<&Token> {
        self.tokens_of(believed, payout).next()
    }

    /// The same: several, if a journal lies.
    pub fn tokens_of(&self, believed: Believed, payout: &Digest) -> impl Iterator<Item = &Token> {
        self.one_to_one.tokens_of(believed, payout)
    }

    /// The payouts that were signed for under this number and attempt: one, unless a journal lies.
    pub fn payouts_numbered(
        &self,
        believed: Believed,
        cid: Cid,
        attempt: Attempt,
    ) -> impl Iterator<Item = &Digest> {
        self.one_to_one.payouts_numbered(believed, cid, attempt)
    }

    /// What a rule has used: in the window since `since` (everything if `None`) and ever, without `except`.
    ///
    /// The count is over all coins, sums are of `coin`.
    pub fn rule_use(
        &self,
        believed: Believed,
        rule: &RuleId,
        coin: &CoinId,
        since: Option<Millis>,
        except: Option<&Digest>,
    ) -> RuleUse {
        let except = except.and_then(|intent| self.intents.get(intent)).map(|counted| counted.key);
        let mut used = RuleUse::default();
        for (its, ledger) in self.uses.get(rule).into_iter().flatten() {
            let sum = ledger.since(since, except, believed);
            used.window_count = used.window_count.saturating_add(sum.count);
            if its == coin {
                used.window_sum = sum.amount;
                used.total = ledger.since(None, except, believed).amount;
            }
        }
        used
    }

    /// What an intent counts for itself: its part of [`Self::rule_use`].
    pub(crate) fn part_of_rule_use(
        &self,
        believed: Believed,
        (rule, coin): (&RuleId, &CoinId),
        since: Option<Millis>,
        intent: &Digest,
    ) -> RuleUse {
        let Some(key) = self.intents.get(intent).map(|counted| counted.key) else {
            return RuleUse::default();
        };
        let mut used = RuleUse::default();
        for (its, ledger) in self.uses.get(rule).into_iter().flatten() {
            let part = ledger.part(key, since, believed);
            used.window_count = used.window_count.max(part.count);
            if its == coin {
                used.window_sum = part.amount;
                used.total = ledger.part(key, None, believed).amount;
            }
        }
        used
    }

    /// What a wallet may have burnt in fees on a chain since `since`, without the token of `except`, and that token's
    /// own worst case so far.
    pub(crate) fn fee_use(&self, believed: Believed, since: Millis, except: &Facts) -> (Amount, Amount) {
        let token = self.one_to_one.key_of(except);
        let Some(ledger) = self.fees.get(&(except.wallet, except.chain_id.clone())) else {
            return (Amount::ZERO, Amount::ZERO);
        };
        let own = token.map_or(Amount::ZERO, |token| ledger.most(token, believed));
        (ledger.since(Some(since), token, believed).amount, own)
    }

    pub(crate) fn one_to_one(&self, believed: Believed, facts: &Facts) -> Result<(), (Conflict, Evidence)> {
        self.one_to_one.check(believed, facts)
    }

    /// When an intent counts, if it does.
    pub(crate) fn counted_at(&self, believed: Believed, intent: &Digest) -> Option<Millis> {
        let firsts = &self.intents.get(intent)?.firsts;
        firsts.iter().filter(|(who, _)| believed.counts(*who)).map(|(_, at)| *at).max()
    }

    /// How many of the journals' entries are counted intents.
    pub fn intent_count(&self) -> usize {
        self.intents.len()
    }
}
