//! Golden texts of what a gateway says.

use payout::ids::Cid;
use payout::intent::Kind;
use payout::money::Amount;
use payout::time::Millis;
use store::{ReportedRefusal, SessionOutcome};

use crate::cli::why;
use crate::node::Account;
use crate::operator::payouts::Waiting;
use crate::operator::payouts::show::ApprovalProgress;
use crate::operator::payouts::why::{
    CosignerStory, FeeStory, LaneStory, LaneToken, NeverStory, RelatedStory, RuleStory, SessionStory,
    Verdict, Why,
};
use crate::operator::status::NodeLine;

fn at(ms: i64) -> Millis {
    Millis::new(1_735_689_600_000 + ms).unwrap()
}

#[test]
fn why_tells_the_whole_story_of_a_payout_that_waits() {
    let refusal = ReportedRefusal {
        check: "budget".to_owned(),
        finality: "later".to_owned(),
        reason: "the sum in 24 h would be 11 ETH, over the rule's 10 ETH".to_owned(),
    };
    let story = Why {
        cid: Cid::new(99).unwrap(),
        status: 5,
        state: "signing".to_owned(),
        story: "co-signers have been asked to sign with nonce:7".to_owned(),
        wait: Some(Waiting { reason: "co-signer b refuses".to_owned(), next_action: "wait".to_owned() }),
        waiting_since: Some(at(5_000)),
        next_actions: vec!["wait for the window to move on".to_owned()],
        rule: RuleStory {
            rule: "normal".parse().unwrap(),
            version: 2,
            newest: 3,
            outcome: "approve by 1 of treasury".to_owned(),
            before: vec![Verdict {
                rule: "to-ourselves".parse().unwrap(),
                because: "the recipient is not one of our own addresses".to_owned(),
            }],
            remarks: Vec::new(),
        },
        approvals: ApprovalProgress {
            steps_done: 1,
            given: vec!["ben".parse().unwrap()],
            missing: 0,
            complete: true,
            remarks: Vec::new(),
        },
        token: Some(payout::life::Token::new("nonce:7".to_owned())),
        related: vec![RelatedStory {
            cid: Cid::new(100).unwrap(),
            kind: Kind::Void,
            status: 0,
            state: "approving".to_owned(),
            wait: Some(Waiting {
                reason: "1 more must approve".to_owned(),
                next_action: "approve".to_owned(),
            }),
        }],
        lane: LaneStory {
            from: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
            in_flight: vec![LaneToken {
                token: payout::life::Token::new("nonce:7".to_owned()),
                cid: Cid::new(99).unwrap(),
                status: 5,
            }],
            position: Some(1),
            window: Some(16),
        },
        fee: FeeStory {
            cap: Amount::from_u128(10_000_000_000_000_000),
            at_most: Some(Amount::from_u128(63_000_000_000_000)),
            coin: "ETH".to_owned(),
            decimals: Some(18),
        },
        pauses: Vec::new(),
        sessions: vec![SessionStory {
            session: "00".repeat(16),
            opened: at(1_000),
            closed: Some(at(2_500)),
            participants: vec!["a".to_owned(), "b".to_owned()],
            outcome: SessionOutcome::Refused,
            cosigners: vec![
                CosignerStory {
                    name: "a".to_owned(),
                    checks: vec!["session: fresh".to_owned(), "rule: normal decides".to_owned()],
                    refusal: None,
                },
                CosignerStory { name: "b".to_owned(), checks: Vec::new(), refusal: Some(refusal) },
            ],
        }],
        nevers: vec![NeverStory {
            name: "c".to_owned(),
            reason: "withdrawn by ann\u{1b}[2K".to_owned(),
            at: at(3_000),
        }],
        nodes: vec![
            NodeLine {
                node: "https://node-a.example".to_owned(),
                height: Some(1234),
                lag_ms: Some(4_000),
                error: None,
            },
            NodeLine {
                node: "https://node-b.example".to_owned(),
                height: None,
                lag_ms: None,
                error: Some("does not answer".to_owned()),
            },
        ],
        accounts: vec![Account {
            node: "https://node-a.example".to_owned(),
            says: "pending; its count of this address is 7".to_owned(),
        }],
    };
    insta::assert_snapshot!(why::text(&story), @r"
    Payout 99: status 5, signing
      co-signers have been asked to sign with nonce:7
      waits: co-signer b refuses (since 2025-01-01 00:00:05 UTC)
    What can be done
      - wait for the window to move on
    Rule
      normal of version 2 decided: approve by 1 of treasury
      not to-ourselves: the recipient is not one of our own addresses
    Token
      nonce:7 of 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, number 1 of 1 in flight
      also spent by void 100 (status 0, approving): 1 more must approve
    In flight from 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed: 1 of 16
      nonce:7 payout 99 (status 5)
    Fee
      at most 0.000063 ETH is burnt; the cap is 0.01 ETH
    Signing session of 2025-01-01 00:00:01 UTC with a, b: refused after 1 s
      a checked
        session: fresh
        rule: normal decides
      b refused at budget (later): the sum in 24 h would be 11 ETH, over the rule's 10 ETH
    c will never sign it (since 2025-01-01 00:00:03 UTC): withdrawn by ann\u{1b}[2K
    Nodes
      https://node-a.example: block 1234, 4 s old
      https://node-b.example: does not answer
      https://node-a.example says of it: pending; its count of this address is 7
    ");
}
