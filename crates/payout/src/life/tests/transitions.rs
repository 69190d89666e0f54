//! All states against all events.

use std::collections::BTreeSet;

use super::samples::{CONTRACT, at, build, code, events, higher, in_state, intent, signed, states, steps};
use crate::life::{Build, Event, Illegal, Payout, Requirement, Screening, SignedTx, State, Status};

/// What may happen, and where it leads. All that is not here is illegal.
const LEGAL: [(&str, &str, &str); 73] = [
    ("undecided", "decided: nobody", "queued"),
    ("undecided", "decided: steps", "approving"),
    ("undecided", "rejected by rule", "rejected"),
    ("undecided", "rejected by principal", "rejected"),
    ("undecided", "rejected by screening", "rejected"),
    ("undecided", "withdrawn by principal", "withdrawn"),
    ("undecided", "target ended", "withdrawn"),
    ("undecided", "displaced", "withdrawn"),
    ("undecided", "expired", "withdrawn"),
    ("screening, then nobody", "screening passed", "queued"),
    ("screening, then nobody", "rejected by rule", "rejected"),
    ("screening, then nobody", "rejected by principal", "rejected"),
    ("screening, then nobody", "rejected by screening", "rejected"),
    ("screening, then nobody", "withdrawn by principal", "withdrawn"),
    ("screening, then nobody", "target ended", "withdrawn"),
    ("screening, then nobody", "displaced", "withdrawn"),
    ("screening, then nobody", "expired", "withdrawn"),
    ("screening, then steps", "screening passed", "approving"),
    ("screening, then steps", "rejected by rule", "rejected"),
    ("screening, then steps", "rejected by principal", "rejected"),
    ("screening, then steps", "rejected by screening", "rejected"),
    ("screening, then steps", "withdrawn by principal", "withdrawn"),
    ("screening, then steps", "target ended", "withdrawn"),
    ("screening, then steps", "displaced", "withdrawn"),
    ("screening, then steps", "expired", "withdrawn"),
    ("approving", "approval given", "approving"),
    ("approving", "approval complete", "queued"),
    ("approving", "rejected by rule", "rejected"),
    ("approving", "rejected by principal", "rejected"),
    ("approving", "rejected by screening", "rejected"),
    ("approving", "withdrawn by principal", "withdrawn"),
    ("approving", "target ended", "withdrawn"),
    ("approving", "displaced", "withdrawn"),
    ("approving", "expired", "withdrawn"),
    ("queued", "built", "built"),
    ("queued", "rejected by rule", "rejected"),
    ("queued", "rejected by principal", "rejected"),
    ("queued", "rejected by screening", "rejected"),
    ("queued", "withdrawn by principal", "withdrawn"),
    ("queued", "target ended", "withdrawn"),
    ("queued", "displaced", "withdrawn"),
    ("built", "lapsed unsigned", "queued"),
    ("built", "signing started", "signing"),
    ("built", "rejected by rule", "rejected"),
    ("built", "rejected by principal", "rejected"),
    ("built", "rejected by screening", "rejected"),
    ("built", "withdrawn by principal", "withdrawn"),
    ("built", "target ended", "withdrawn"),
    ("built", "displaced", "withdrawn"),
    ("signing", "signed", "signed"),
    ("signing", "signature refused", "refused"),
    ("signed", "broadcast", "sent"),
    ("sent", "broadcast", "sent"),
    ("signed", "succeeded", "succeeded"),
    ("signed", "reverted", "failed"),
    ("signed", "token spent", "failed"),
    ("signed", "lapsed", "failed"),
    ("sent", "succeeded", "succeeded"),
    ("sent", "reverted", "failed"),
    ("sent", "token spent", "failed"),
    ("sent", "lapsed", "failed"),
    ("sent", "outbid", "outbidding"),
    ("outbidding", "outbid", "outbidding"),
    ("outbidding", "signed higher", "signed"),
    ("outbidding", "succeeded", "succeeded"),
    ("outbidding", "reverted", "failed"),
    ("outbidding", "token spent", "failed"),
    ("outbidding", "lapsed", "failed"),
    ("signing", "token used", "overtaken"),
    ("overtaken", "succeeded", "succeeded"),
    ("overtaken", "reverted", "failed"),
    ("overtaken", "token spent", "failed"),
    ("overtaken", "lapsed", "failed"),
];

fn expected(state: &str, event: &str) -> Option<&'static str> {
    LEGAL.iter().find(|(from, what, _)| *from == state && *what == event).map(|(_, _, to)| *to)
}

#[test]
fn every_event_in_every_state_leads_where_it_should_or_is_illegal() {
    let mut legal = 0;
    for (from, state) in states() {
        for (what, event) in events() {
            let after = in_state(state.clone()).apply(event.clone(), at(100));
            match expected(from, what) {
                Some(to) => {
                    legal += 1;
                    let payout = after.unwrap_or_else(|illegal| panic!("{from}, {what}: {illegal}"));
                    assert_eq!(payout.state.name(), to, "{from}, {what}");
                    assert_eq!(payout.intent, intent(), "{from}, {what}: the intent changed");
                }
                None => {
                    let illegal = Illegal { state: state.name(), event: event.name() };
                    assert_eq!(after, Err(illegal), "{from}, {what}");
                }
            }
        }
    }
    assert_eq!(legal, LEGAL.len(), "a line of the table names no state or event");
}

#[test]
fn statuses_follow_each_other_only_as_the_contract_says() {
    let mut seen = BTreeSet::new();
    for (from, state) in states() {
        for (what, event) in events() {
            let before = state.status();
            if let Ok(payout) = in_state(state.clone()).apply(event, at(100)) {
                let step = (before.code(), code(&payout));
                if step.0 == step.1 {
                    assert!(!before.is_terminal(), "{from}, {what}");
                } else {
                    assert!(CONTRACT.contains(&step), "{from}, {what}: {step:?}");
                    seen.insert(step);
                }
            }
        }
    }
    assert_eq!(seen, CONTRACT.into_iter().collect(), "and each of them happens");
}

#[test]
fn an_ended_payout_takes_no_event_and_has_no_step() {
    for (name, state) in states() {
        let ended = state.status().is_terminal();
        let payout = in_state(state);
        assert_eq!(payout.step().is_none(), ended, "{name}");
        let takes_one = events().into_iter().any(|(_, event)| payout.clone().apply(event, at(100)).is_ok());
        assert_eq!(takes_one, !ended, "{name}");
    }
}

#[test]
fn once_co_signers_were_asked_no_stop_can_end_it() {
    for (name, state) in states() {
        let asked = matches!(state, State::Signing { .. }) || state.status() == Status::OnItsWay;
        if !asked {
            continue;
        }
        for (what, event) in events() {
            if let Ok(payout) = in_state(state.clone()).apply(event, at(100)) {
                let stopped = matches!(payout.state.status(), Status::Withdrawn | Status::ApprovalRejected);
                assert!(!stopped, "{name}, {what}");
            }
        }
    }
}

#[test]
fn an_approved_payout_never_expires() {
    let expired = || events().into_iter().find(|(what, _)| *what == "expired").unwrap().1;
    for (name, state) in states() {
        let approved = state.status() != Status::AwaitingApproval;
        assert_eq!(in_state(state).apply(expired(), at(i64::MAX)).is_err(), approved, "{name}");
    }
}

#[test]
fn a_payout_begins_where_its_rule_and_its_project_say() {
    let begins = |requirement, screening| code(&Payout::accept(intent(), requirement, screening));
    assert_eq!(begins(Requirement::Nobody, Screening::None), 5);
    assert_eq!(begins(steps(), Screening::None), 0);
    // The external check comes first, even where the rule is automatic.
    assert_eq!(begins(Requirement::Nobody, Screening::Asked), 0);
    assert_eq!(begins(steps(), Screening::Asked), 0);
    assert_eq!(code(&Payout::denied(intent(), "deny".to_owned())), 4);
    assert_eq!(code(&Payout::undecided(intent(), "price".to_owned())), 0);
}

#[test]
fn what_a_rule_asks_for_is_kept_through_the_external_check() {
    let screening = Payout::accept(intent(), steps(), Screening::Asked);
    let approving = screening.apply(Event::ScreeningPassed, at(1)).unwrap();
    assert_eq!(approving, Payout::accept(intent(), steps(), Screening::None));
}

#[test]
fn a_signature_over_other_bytes_is_no_signature() {
    let signing = in_state(State::Signing { build: build(1), since: at(20) });
    let mut other = signed(1);
    other.build.unsigned.push(0);
    assert!(signing.clone().apply(Event::Signed { tx: other }, at(30)).is_err());
    assert!(signing.apply(Event::Signed { tx: signed(1) }, at(30)).is_ok());
}

#[test]
fn the_bytes_travel_unchanged_from_building_to_sending() {
    let sent = [Event::Built { build: build(3) }, Event::SigningStarted, Event::Signed { tx: signed(3) }]
        .into_iter()
        .chain([Event::Broadcast])
        .zip(10..)
        .try_fold(in_state(State::Queued), |payout, (event, ms)| payout.apply(event, at(ms)));
    assert_eq!(sent, Ok(in_state(State::Sent { tx: signed(3), earlier: vec![], since: at(13) })));
}

#[test]
fn sending_again_keeps_the_time_of_the_first_sending() {
    let sent = in_state(State::Sent { tx: signed(1), earlier: vec![], since: at(30) });
    assert_eq!(sent.clone().apply(Event::Broadcast, at(90)), Ok(sent));
}

#[test]
fn a_higher_offer_keeps_all_that_was_sent_before_it() {
    let higher_tx = SignedTx { build: higher(), signed: vec![9], txid: "0xee".to_owned() };
    let highest = Build { unsigned: vec![1, 200], ..higher() };
    let events = [
        Event::Outbid { build: higher() },
        Event::Signed { tx: higher_tx.clone() },
        Event::Broadcast,
        Event::Outbid { build: highest.clone() },
    ];
    let sent = in_state(State::Sent { tx: signed(1), earlier: vec![], since: at(30) });
    let after =
        events.into_iter().zip(40..).try_fold(sent, |payout, (event, ms)| payout.apply(event, at(ms)));
    let State::Outbidding { build, tx, earlier, since } = after.unwrap().state else {
        panic!("not outbidding")
    };
    assert_eq!(
        (build, tx.clone(), earlier.clone(), since),
        (highest, higher_tx.clone(), vec![signed(1)], at(42))
    );
    let state = State::Sent { tx, earlier, since };
    assert_eq!(state.versions(), [&signed(1), &higher_tx]);
    assert_eq!((state.txid(), state.build()), (Some("0xee"), Some(&higher())));
}

#[test]
fn states_of_before_there_were_higher_offers_are_read() {
    let tx = serde_json::to_value(signed(1)).unwrap();
    let old = serde_json::json!({"state": "sent", "tx": tx, "since": "30"});
    let read: State = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(read, State::Sent { tx: signed(1), earlier: vec![], since: at(30) });
    assert_eq!(serde_json::to_value(read).unwrap(), old, "and written as before");
}

#[test]
fn only_what_is_or_may_be_on_chain_has_a_transaction_id() {
    for (name, state) in states() {
        // Of what overtook it only the chain knows the id.
        let on_chain = matches!(code(&in_state(state.clone())), 1 | 6 | 7) && name != "overtaken";
        assert_eq!(state.txid().is_some(), on_chain, "{name}");
        assert_eq!(state.block().is_some(), on_chain && state.status().is_terminal(), "{name}");
    }
}

#[test]
fn states_and_events_read_back_from_json() {
    for (name, state) in states() {
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state, "{name}");
    }
    for (name, event) in events() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{name}");
    }
}
