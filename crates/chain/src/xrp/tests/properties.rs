//! What holds for all bytes.

use proptest::prelude::*;

use super::super::account::AccountId;
use super::super::{AccountFlag, build, decode};
use super::*;
use crate::decoded::{Effect, TokenRef, ValidUntil};
use crate::family::FeeTerms;

const NETWORKS: [&str; 4] = ["0", "1", "1024", "31337"];

fn accounts() -> impl Strategy<Value = AccountId> {
    any::<[u8; 20]>().prop_filter_map("no account of zeros", AccountId::new)
}

/// Keys are points: the generator's multiples.
fn keys() -> impl Strategy<Value = [u8; 33]> {
    (1u64..).prop_map(|secret| {
        let secret = k256::Scalar::from(secret);
        let point = k256::ProjectivePoint::mul_by_generator(&secret);
        let key = k256::PublicKey::from_affine(point.to_affine()).unwrap();
        use k256::elliptic_curve::sec1::ToSec1Point as _;
        key.to_sec1_point(true).as_bytes().try_into().unwrap()
    })
}

fn sized() -> impl Strategy<Value = u32> {
    (1u32.., 0u32..31).prop_map(|(number, shift)| (number >> shift).max(1))
}

fn drops() -> impl Strategy<Value = u64> {
    (1u64..=100_000_000_000_000_000, 0u32..56).prop_map(|(number, shift)| (number >> shift).max(1))
}

fn flags() -> impl Strategy<Value = AccountFlag> {
    prop_oneof![
        Just(AccountFlag::RequireDest),
        Just(AccountFlag::DisallowXrp),
        Just(AccountFlag::DepositAuth)
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let tags = prop::option::of(0..u32::MAX);
    prop_oneof![
        4 => (accounts(), tags, drops()).prop_map(|(to, tag, drops)| Act::Pay {
            to: to.to_address(),
            tag,
            amount: Amount::from_u128(drops.into()),
        }),
        1 => Just(Act::Nothing),
        1 => flags().prop_map(Act::SetFlag),
        1 => flags().prop_map(Act::ClearFlag),
        1 => (1u32..=250).prop_map(Act::CreateTickets),
    ]
}

fn builds() -> impl Strategy<Value = Build> {
    let spends = prop_oneof![sized().prop_map(Spend::Sequence), sized().prop_map(Spend::Ticket)];
    (prop::sample::select(&NETWORKS), spends, keys(), acts(), drops(), sized()).prop_map(
        |(network, spend, public_key, act, drops, last_ledger)| Build {
            network_id: network.parse().unwrap(),
            token: token_for(spend),
            public_key,
            act,
            fee: Fee { drops, last_ledger },
        },
    )
}

fn asked(build: &Build) -> Effect {
    match &build.act {
        Act::Pay { to, tag, amount } => Effect::Transfer {
            token_id: TokenRef::Native,
            to: to.clone(),
            amount: *amount,
            memo: tag.map(|tag| tag.to_string()),
        },
        Act::Nothing => {
            Effect::Void { to: AccountId::of_public_key(&build.public_key).unwrap().to_address() }
        }
        Act::SetFlag(flag) => {
            Effect::Operation { name: "xrp_set_flag", args: format!("{{\"flag\":\"{}\"}}", flag.as_str()) }
        }
        Act::ClearFlag(flag) => {
            Effect::Operation { name: "xrp_clear_flag", args: format!("{{\"flag\":\"{}\"}}", flag.as_str()) }
        }
        Act::CreateTickets(count) => {
            Effect::Operation { name: "xrp_create_tickets", args: format!("{{\"count\":\"{count}\"}}") }
        }
    }
}

/// What the bytes say, the digest aside.
fn meaning(decoded: Decoded) -> Decoded {
    Decoded { digest: [0; 32], ..decoded }
}

proptest! {
    #[test]
    fn what_was_built_decodes_to_what_was_asked_for(asked_for in builds()) {
        let decoded = Xrp.decode(&asked_for.network_id, &build(&asked_for).unwrap()).unwrap();
        prop_assert_eq!(&decoded.effect, &asked(&asked_for));
        let Build { network_id, token, public_key, act: _, fee } = asked_for;
        prop_assert_eq!(decoded.network_id, network_id);
        prop_assert_eq!(decoded.payer, Some(AccountId::of_public_key(&public_key).unwrap().to_address()));
        prop_assert_eq!(decoded.token, token);
        prop_assert_eq!(decoded.max_fee, Amount::from_u128(fee.drops.into()));
        prop_assert_eq!(decoded.valid_until, Some(ValidUntil::Height(fee.last_ledger.into())));
        prop_assert_eq!(decoded.fee, FeeTerms::Xrp(fee));
    }

    /// No byte is without meaning: whoever agreed to a meaning agreed to all bytes.
    #[test]
    fn a_changed_byte_is_refused_or_changes_the_stated_meaning(
        asked_for in builds(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let bytes = build(&asked_for).unwrap();
        let mut tampered = bytes.clone();
        tampered[at.index(bytes.len())] ^= flip;
        let network = &asked_for.network_id;
        if let Ok(found) = Xrp.decode(network, &tampered) {
            let whole = Xrp.decode(network, &bytes).unwrap();
            prop_assert_ne!(found.digest, whole.digest);
            prop_assert_ne!(meaning(found), meaning(whole));
        }
    }

    #[test]
    fn a_byte_more_or_less_is_refused(
        asked_for in builds(), at in any::<prop::sample::Index>(), byte: u8,
    ) {
        let bytes = build(&asked_for).unwrap();
        let mut cut = bytes.clone();
        cut.truncate(at.index(bytes.len()));
        prop_assert!(Xrp.decode(&asked_for.network_id, &cut).is_err());
        let mut appended = bytes;
        appended.push(byte);
        prop_assert!(Xrp.decode(&asked_for.network_id, &appended).is_err());
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_on(SANDBOX, &bytes);
    }

    #[test]
    fn several_changed_bytes_never_panic_and_decode_to_themselves(
        asked_for in builds(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = build(&asked_for).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(tx) = decode::transaction(&asked_for.network_id, &bytes) {
            prop_assert_eq!(tx.unsigned(), bytes);
        }
    }

    #[test]
    fn an_account_has_one_address(account in accounts()) {
        let address = account.to_address();
        prop_assert_eq!(AccountId::of_address(&address), Some(account));
        let network = MAIN.parse().unwrap();
        prop_assert_eq!(Xrp.parse_address(&network, address.as_str()), Ok(address.clone()));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,70}", base58 in "[XTr][1-9A-HJ-NP-Za-km-z]{20,60}") {
        let network = MAIN.parse().unwrap();
        for text in [text, base58] {
            let _ = (Xrp.parse_address(&network, &text), Xrp.payee(&network, &text, Some(&text)));
        }
    }
}
