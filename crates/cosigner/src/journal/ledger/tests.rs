use proptest::prelude::*;

use super::super::authors::Who;
use super::*;

fn ms(at: i64) -> Millis {
    Millis::new(at).unwrap()
}

/// One author's claim by key and author, as a table that is looked through whole.
type Table = HashMap<(Key, u8), (i64, u128)>;

fn slow(table: &Table, start: Option<i64>, except: Option<Key>, believed: Believed) -> Sum {
    let mut sum = Sum::default();
    let keys: std::collections::BTreeSet<Key> = table.keys().map(|(key, _)| *key).collect();
    for key in keys.into_iter().filter(|key| except != Some(*key)) {
        let later: Vec<(u8, u128)> = table
            .iter()
            .filter(|((its, _), (at, _))| *its == key && start.is_none_or(|start| *at > start))
            .map(|((_, author), (_, amount))| (*author, *amount))
            .collect();
        let claiming = |least: u128| {
            let authors = later.iter().filter(|(_, amount)| *amount >= least).map(|(author, _)| *author);
            Authors::all_of(&authors.collect::<Vec<_>>())
        };
        let most =
            later.iter().map(|(_, amount)| *amount).filter(|amount| believed.counts(claiming(*amount))).max();
        if let Some(most) = most {
            sum.count += 1;
            sum.amount = sum.amount.checked_add(Amount::from_u128(most)).unwrap();
        }
    }
    sum
}

fn believed() -> impl Strategy<Value = Believed> {
    let some = prop::collection::vec(1u8..5, 0..4).prop_map(|some| Authors::all_of(&some));
    prop_oneof![
        some.prop_map(|some| Believed(Who::AnyOf(some))),
        (1u8..5, 1u8..4).prop_map(|(own, quorum)| Believed(Who::Proven { own: Authors::of(own), quorum })),
    ]
}

proptest! {
    #[test]
    fn every_window_equals_the_sum_over_all_claims_that_are_believed(
        steps in prop::collection::vec(
            (0u32..8, 1u8..5, 0i64..30, prop_oneof![Just(7u128), 0u128..20], prop::bool::weighted(0.2)),
            0..60,
        ),
        start in prop::option::of(0i64..33),
        except in prop::option::of(0u32..8),
        believed in prop::collection::vec(believed(), 4),
    ) {
        let mut ledger = Ledger::default();
        let mut table = Table::new();
        for (key, author, at, amount, bulk) in steps {
            let claim = table.entry((key, author)).or_insert((at, amount));
            *claim = (claim.0.max(at), claim.1.max(amount));
            let mode = if bulk { Mode::Bulk } else { Mode::Live };
            ledger.count(key, Authors::of(author), ms(at), Amount::from_u128(amount), mode);
            if !bulk {
                ledger.settle();
            }
        }
        ledger.settle();
        for believed in believed {
            let expected = slow(&table, start, except, believed);
            prop_assert_eq!(ledger.since(start.map(ms), except, believed), expected);
        }
    }
}

const ANYBODY: Believed = Believed(Who::AnyOf(Authors::INHERITED));

#[test]
fn a_row_leaves_the_window_at_its_very_edge() {
    let one = Believed(Who::AnyOf(Authors::of(1)));
    let mut ledger = Ledger::default();
    ledger.count(1, Authors::of(1), ms(100), Amount::from_u128(7), Mode::Live);
    assert_eq!(ledger.since(Some(ms(99)), None, one).count, 1);
    assert_eq!(ledger.since(Some(ms(100)), None, one).count, 0);
}

#[test]
fn what_is_inherited_counts_whoever_is_asked() {
    let mut ledger = Ledger::default();
    ledger.count(1, Authors::of(3), ms(100), Amount::from_u128(7), Mode::Live);
    assert_eq!(ledger.since(None, None, ANYBODY), Sum::default());
    ledger.inherit();
    // Of the same author, and later: its word alone again.
    ledger.count(2, Authors::of(3), ms(101), Amount::from_u128(5), Mode::Live);
    assert_eq!(ledger.since(None, None, ANYBODY), Sum { count: 1, amount: Amount::from_u128(7) });
    let three = Believed(Who::AnyOf(Authors::of(3)));
    assert_eq!(ledger.since(None, None, three), Sum { count: 2, amount: Amount::from_u128(12) });
}
