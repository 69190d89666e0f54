//! Random commands against a model of a few lines: whatever the order, store and model agree.

use std::collections::{BTreeMap, HashSet};

use payout::ids::Cid;
use payout::life::{Event, Rejection, Status, Step, verify_history};
use proptest::prelude::*;
use store::{AcceptRefusal, AdvanceError, PayoutRow};

use crate::house::{House, at, budget, building, option, replay, request_with};

const BUDGET: u128 = 40;

#[derive(Debug, Clone)]
enum Action {
    Accept { number: u8, nonce: u8, amount: u8 },
    Build { payout: usize, nonce: u8, stale: bool },
    Reject { payout: usize },
    Claim { limit: u8 },
    Later { ms: u16 },
    Reopen,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        6 => (0u8..12, 0u8..20, 1u8..9)
            .prop_map(|(number, nonce, amount)| Action::Accept { number, nonce, amount }),
        4 => (any::<usize>(), 0u8..6, prop::bool::weighted(0.2))
            .prop_map(|(payout, nonce, stale)| Action::Build { payout, nonce, stale }),
        2 => any::<usize>().prop_map(|payout| Action::Reject { payout }),
        2 => (1u8..4).prop_map(|limit| Action::Claim { limit }),
        2 => (0u16..1500).prop_map(|ms| Action::Later { ms }),
        1 => Just(Action::Reopen),
    ];
    prop::collection::vec(action, 1..40)
}

/// What must be true, in its simplest form.
#[derive(Default)]
struct Model {
    numbers: HashSet<u8>,
    nonces_seen: HashSet<u8>,
    spent: u128,
    tokens: BTreeMap<u8, Cid>,
    payouts: BTreeMap<Cid, Believed>,
    now: i64,
}

struct Believed {
    row: PayoutRow,
    leased_until: i64,
    entries: usize,
}

impl Model {
    /// Whoever opens the database has it alone: what was claimed is due since it was last written.
    fn end_leases(&mut self) {
        for believed in self.payouts.values_mut().filter(|believed| believed.row.lease_until.is_some()) {
            believed.leased_until = 0;
            believed.row.lease_until = None;
            believed.row.due_at = believed.row.updated;
        }
    }

    fn pick(&self, index: usize) -> Option<Cid> {
        self.payouts.keys().nth(index.checked_rem(self.payouts.len())?).copied()
    }
}

async fn play(actions: Vec<Action>) {
    let mut house = House::new().await;
    let mut model = Model::default();
    for action in actions {
        match action {
            Action::Accept { number, nonce, amount } => {
                accept(&house, &mut model, number, nonce, amount).await
            }
            Action::Build { payout, nonce, stale } => build(&house, &mut model, payout, nonce, stale).await,
            Action::Reject { payout } => reject(&house, &mut model, payout).await,
            Action::Claim { limit } => claim(&house, &mut model, limit).await,
            Action::Later { ms } => model.now += i64::from(ms),
            Action::Reopen => {
                house = house.reopened().await;
                model.end_leases();
            }
        }
    }
    for (cid, believed) in &model.payouts {
        let stored = house.store.payout(*cid).await.unwrap().unwrap();
        assert_eq!(stored, believed.row);
        let history = house.store.history(*cid).await.unwrap();
        assert_eq!(history.len(), believed.entries);
        assert_eq!(verify_history(*cid, &history).as_ref(), Ok(&stored.payout));
        let told = house.store.callback(*cid).await.unwrap().is_some();
        assert_eq!(told, stored.status.is_terminal(), "the outbox does not fit the state");
    }
    assert_eq!(
        house.number("SELECT count(*) FROM payouts").await,
        i64::try_from(model.payouts.len()).unwrap()
    );
    assert_eq!(house.number("SELECT count(*) FROM tokens").await, i64::try_from(model.tokens.len()).unwrap());
}

async fn accept(house: &House, model: &mut Model, number: u8, nonce: u8, amount: u8) {
    let (cid, name) = (house.store.mint_cid(at(0)), format!("n-{number}"));
    let mut request = request_with(&name, vec![option(cid, &name, "auto", budget(BUDGET), amount.into())]);
    request.replay = Some(replay(&format!("{nonce:06}")));
    request.now = at(model.now.min(300_000));
    let result = house.store.accept(request).await;
    if model.nonces_seen.contains(&nonce) {
        assert!(matches!(result, Err(AcceptRefusal::Replayed)), "{result:?}");
    } else if model.numbers.contains(&number) {
        assert!(matches!(result, Err(AcceptRefusal::DuplicateBusinessNumber)), "{result:?}");
    } else if model.spent + u128::from(amount) > BUDGET {
        assert!(matches!(result, Err(AcceptRefusal::NoRule { .. })), "{result:?}");
    } else {
        assert_eq!(result.unwrap(), cid);
        model.nonces_seen.insert(nonce);
        model.numbers.insert(number);
        model.spent += u128::from(amount);
        let row = house.store.payout(cid).await.unwrap().unwrap();
        model.payouts.insert(cid, Believed { row, leased_until: 0, entries: 1 });
    }
}

async fn build(house: &House, model: &mut Model, payout: usize, nonce: u8, stale: bool) {
    let Some(cid) = model.pick(payout) else { return };
    let holder = model.tokens.get(&nonce).copied();
    let believed = model.payouts.get_mut(&cid).unwrap();
    let mut command = building(&believed.row, nonce.into());
    command.version -= i64::from(stale);
    let result = house.store.advance(command).await;
    if stale {
        assert!(matches!(result, Err(AdvanceError::Stale)), "{result:?}");
    } else if believed.row.payout.step() != Some(Step::Build) {
        assert!(matches!(result, Err(AdvanceError::Illegal(_))), "{result:?}");
    } else if holder.is_some() {
        assert!(matches!(result, Err(AdvanceError::TokenTaken { .. })), "{result:?}");
    } else {
        believed.row = result.unwrap();
        believed.entries += 1;
        believed.leased_until = 0;
        model.tokens.insert(nonce, cid);
    }
}

async fn reject(house: &House, model: &mut Model, payout: usize) {
    let Some(cid) = model.pick(payout) else { return };
    let believed = model.payouts.get_mut(&cid).unwrap();
    let result = house.advance(&believed.row, vec![Event::Rejected { by: Rejection::Screening }]).await;
    if believed.row.status.is_terminal() {
        assert!(matches!(result, Err(AdvanceError::Illegal(_))), "{result:?}");
    } else {
        believed.row = result.unwrap();
        assert_eq!(believed.row.status, Status::ApprovalRejected);
        believed.entries += 1;
        // Nobody was asked to sign for it: its token is the next one's.
        model.tokens.retain(|_, holder| *holder != cid);
    }
}

async fn claim(house: &House, model: &mut Model, limit: u8) {
    const LEASE_MS: i64 = 1000;
    let claimed = house.store.claim(Step::Build, limit.into(), LEASE_MS, at(model.now)).await.unwrap();
    let free = |believed: &Believed| {
        believed.row.payout.step() == Some(Step::Build)
            && believed.leased_until <= model.now
            && believed.row.due_at <= at(model.now)
    };
    let due = model.payouts.values().filter(|believed| free(believed)).count();
    assert_eq!(claimed.len(), due.min(limit.into()));
    for row in claimed {
        let believed = model.payouts.get_mut(&row.cid()).unwrap();
        assert!(believed.leased_until <= model.now, "a lease was broken");
        assert_eq!(row.version, believed.row.version + 1);
        believed.leased_until = model.now + LEASE_MS;
        believed.row = row;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn store_and_model_agree_after_any_commands(actions in actions()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(actions));
    }
}
