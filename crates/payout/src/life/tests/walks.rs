//! Random events, one after the other, from each beginning: whatever happens, the contract holds.

use proptest::prelude::*;

use super::samples::{CONTRACT, at, cid, code, events, intent, steps};
use crate::life::{Cause, Entry, Event, Payout, Record, Requirement, Screening, State, Step, verify_history};

fn beginning() -> impl Strategy<Value = Payout> {
    prop::sample::select(vec![
        Payout::undecided(intent(), "price".to_owned()),
        Payout::accept(intent(), Requirement::Nobody, Screening::Asked),
        Payout::accept(intent(), steps(), Screening::Asked),
        Payout::accept(intent(), steps(), Screening::None),
        Payout::accept(intent(), Requirement::Nobody, Screening::None),
        Payout::denied(intent(), "deny".to_owned()),
    ])
}

/// Random events lead nowhere most of the time; these lists often follow the way of a payment for a while.
fn happenings() -> impl Strategy<Value = Vec<Event>> {
    let way = [
        "decided: steps",
        "screening passed",
        "approval complete",
        "built",
        "signing started",
        "signed",
        "broadcast",
        "outbid",
        "signed higher",
    ];
    let any_event = prop::sample::select(events()).prop_map(|(_, event)| event);
    let usual = prop::sample::subsequence(way.to_vec(), 0..=way.len()).prop_map(|names| {
        let named = |name: &str| events().into_iter().find(|(what, _)| *what == name).unwrap().1;
        names.into_iter().map(named).collect::<Vec<_>>()
    });
    let piece = prop_oneof![2 => any_event.prop_map(|event| vec![event]), 1 => usual];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens_a_payout_keeps_the_contract(start in beginning(), happenings in happenings()) {
        let first = Record::Accepted { intent: Box::new(start.intent.clone()), state: Box::new(start.state.clone()) };
        let mut entries = vec![Entry::first(cid(), at(0), Cause::Caller(start.intent.project), first)];
        let mut payout = start;
        let mut builds = 0;
        let mut asked = matches!(payout.state, State::Signing { .. });

        for (event, ms) in happenings.into_iter().zip(1..) {
            let before = payout.clone();
            let Ok(after) = payout.clone().apply(event.clone(), at(ms)) else { continue };
            let step = (code(&before), code(&after));

            prop_assert!(!before.state.status().is_terminal(), "an ended payout took {}", event.name());
            prop_assert!(step.0 == step.1 || CONTRACT.contains(&step), "{step:?} by {}", event.name());
            prop_assert_eq!(&after.intent, &before.intent);
            // Bytes that lapsed before anybody was asked have given their token back.
            builds -= u32::from(matches!(event, Event::Lapsed));
            builds += u32::from(matches!(event, Event::Built { .. }));
            prop_assert!(builds <= 1, "a second token was taken");
            asked |= matches!(after.state, State::Signing { .. });
            prop_assert!(!(asked && matches!(step.1, 3 | 4)), "stopped although a signature may exist");
            prop_assert!(asked || !matches!(step.1, 1 | 2 | 6 | 7), "signed although nobody was asked");

            let cause = Cause::Engine(Step::Screen);
            entries.push(entries.last().unwrap().next(at(ms), cause, Record::Event(Box::new(event))));
            payout = after;
        }
        prop_assert_eq!(verify_history(cid(), &entries), Ok(payout));
    }
}
