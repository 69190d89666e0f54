//! Bytes that a hostile gateway might show to co-signers.

use super::super::field;
use super::super::{AccountFlag, BuildError, build};
use super::*;
use crate::decoded::Effect;
use crate::family::{AddressError, MemoError, Payee, PayeeError};

/// A writer that writes whatever it is told: fields of a good payment, in items that a test may change.
#[derive(Clone)]
struct Fields(Vec<(u16, Vec<u8>)>);

/// (type << 8 | field), header included in the bytes.
fn item(kind: u8, number: u8, value: &[u8]) -> (u16, Vec<u8>) {
    let mut bytes = match (kind < 16, number < 16) {
        (true, true) => vec![(kind << 4) | number],
        (true, false) => vec![kind << 4, number],
        (false, true) => vec![number, kind],
        (false, false) => vec![0, kind, number],
    };
    bytes.extend(value);
    (u16::from(kind) << 8 | u16::from(number), bytes)
}

fn u32_item(number: u8, value: u32) -> (u16, Vec<u8>) {
    item(2, number, &value.to_be_bytes())
}

fn with_type(kind: u8, value: &[u8]) -> impl Fn(u8) -> (u16, Vec<u8>) {
    move |number| item(kind, number, value)
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn account_of(address: &str) -> Vec<u8> {
    let account = super::super::account::AccountId::parse(address).unwrap();
    with_length(account.as_bytes())
}

const XRP_1: u64 = 0x4000_0000_000f_4240;

impl Fields {
    fn payment() -> Self {
        Self(vec![
            item(1, 2, &0u16.to_be_bytes()),
            u32_item(2, 0x8000_0000),
            u32_item(4, 7),
            u32_item(27, 1000),
            item(6, 1, &XRP_1.to_be_bytes()),
            item(6, 8, &0x4000_0000_0000_000cu64.to_be_bytes()),
            item(7, 3, &with_length(&key())),
            item(8, 1, &account_of(PAYER)),
            item(8, 3, &account_of(PAYEE)),
        ])
    }

    /// Puts a field at its canonical place, instead of the one that is there.
    fn with(mut self, item: (u16, Vec<u8>)) -> Self {
        self.0.retain(|(id, _)| *id != item.0);
        let at = self.0.partition_point(|(id, _)| *id < item.0);
        self.0.insert(at, item);
        self
    }

    fn without(mut self, kind: u8, number: u8) -> Self {
        self.0.retain(|(id, _)| *id != u16::from(kind) << 8 | u16::from(number));
        self
    }

    fn of_type(self, transaction_type: u16) -> Self {
        self.with(item(1, 2, &transaction_type.to_be_bytes()))
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(_, bytes)| bytes).copied().collect()
    }

    fn refused(&self) -> DecodeError {
        decode_on(MAIN, &self.bytes()).unwrap_err()
    }
}

#[test]
fn the_writer_of_these_tests_writes_a_good_payment() {
    let decoded = decode_on(MAIN, &Fields::payment().bytes()).unwrap();
    assert!(matches!(decoded.effect, Effect::Transfer { memo: None, .. }));
    assert_eq!(decoded.payer.unwrap().as_str(), PAYER);
}

#[test]
fn every_field_that_no_payout_needs_is_refused_by_name_in_every_transaction() {
    let hash = with_type(5, &[7; 32]);
    let of_type = |number| Fields::payment().of_type(number).without(6, 1).without(8, 3);
    let tickets = of_type(10).with(u32_item(40, 5));
    for transaction in [Fields::payment(), of_type(3), tickets] {
        for (field, what) in [
            (u32_item(3, 5), "a source tag"),
            (u32_item(5, 5), "a previous transaction's id"),
            (u32_item(10, 5), "an expiration"),
            (u32_item(25, 5), "an offer"),
            (hash(9), "a previous transaction's id"),
            (hash(17), "an invoice id"),
            (hash(34), "a permissioned domain"),
            (item(6, 9, &XRP_1.to_be_bytes()), "SendMax"),
            (item(6, 10, &XRP_1.to_be_bytes()), "DeliverMin"),
            (item(7, 7, &with_length(b"example.com")), "a domain name"),
            (item(8, 8, &account_of(PAYEE)), "a regular key"),
            (item(8, 9, &account_of(PAYEE)), "an NFT's minter"),
            (item(8, 12, &account_of(PAYEE)), "a delegate"),
            // `[{Memo: {MemoData: "abcd"}}]`, and empty lists.
            (item(15, 9, &[0xea, 0x7d, 0x02, 0xab, 0xcd, 0xe1, 0xf1]), "memos"),
            (item(15, 3, &[0xf1]), "a list of signers"),
            (item(18, 1, &[0x01, 0x00]), "paths"),
            (item(19, 5, &with_length(&[7; 32])), "credentials"),
            (u32_item(26, 1), "a field that is not known here"),
            (u32_item(99, 1), "a field that is not known here"),
            (item(17, 17, &[0]), "a field that is not known here"),
            (item(16, 16, &[0]), "a field that is not known here"),
        ] {
            assert_eq!(transaction.clone().with(field).refused(), DecodeError::Forbidden(what), "{what}");
        }
        assert!(decode_on(MAIN, &transaction.bytes()).is_ok());
    }
}

#[test]
fn a_partial_payment_or_any_other_flag_is_refused() {
    for flags in [0, 0x0001_0000, 0x0002_0000, 0x0004_0000, 0x8002_0000, 0xc000_0000, 0x4000_0000] {
        let refused = Fields::payment().with(u32_item(2, flags)).refused();
        assert_eq!(refused, DecodeError::Forbidden("a flag other than tfFullyCanonicalSig"), "{flags:#x}");
    }
    assert_eq!(Fields::payment().without(2, 2).refused(), DecodeError::NotCanonical);
}

#[test]
fn bytes_that_never_lapse_are_refused() {
    assert_eq!(Fields::payment().without(2, 27).refused(), DecodeError::Malformed("no LastLedgerSequence"));
    assert_eq!(
        Fields::payment().with(u32_item(27, 0)).refused(),
        DecodeError::OutOfRange("LastLedgerSequence")
    );
}

#[test]
fn every_field_that_is_needed_must_be_there() {
    for (kind, number) in [(1, 2), (2, 4), (6, 1), (6, 8), (7, 3), (8, 1), (8, 3)] {
        let refused = Fields::payment().without(kind, number).refused();
        assert!(matches!(refused, DecodeError::Malformed(_)), "{kind} {number}: {refused}");
    }
}

#[test]
fn the_key_must_be_the_accounts_own_master_key() {
    let mut other = key();
    other[0] ^= 1;
    let wrong = DecodeError::Forbidden("a signing key that is not the account's own");
    assert_eq!(Fields::payment().with(item(7, 3, &with_length(&other))).refused(), wrong);
    assert_eq!(
        Fields::payment().with(item(8, 1, &account_of("r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59"))).refused(),
        wrong
    );
    let mut ed25519 = key();
    ed25519[0] = 0xed;
    assert_eq!(Fields::payment().with(item(7, 3, &with_length(&ed25519))).refused(), wrong);
    // Multi-signed transactions have an empty one.
    assert!(matches!(Fields::payment().with(item(7, 3, &[0])).refused(), DecodeError::Malformed(_)));
}

#[test]
fn signed_bytes_are_not_signed_again() {
    let signed = Fields::payment().with(item(7, 4, &with_length(&[0x30; 70])));
    assert_eq!(signed.refused(), DecodeError::AlreadySigned);
}

#[test]
fn only_xrp_that_exists_is_paid() {
    let not_xrp = DecodeError::Forbidden("an amount that is not XRP");
    // An issued currency, a negative amount, a multi-purpose token.
    for bits in [0xd480_0000_0000_0001u64, 0x0000_0000_000f_4240, 0x6000_0000_000f_4240] {
        let refused = Fields::payment().with(item(6, 1, &bits.to_be_bytes())).refused();
        assert!(
            refused == not_xrp || refused == DecodeError::OutOfRange("the amount"),
            "{bits:#x}: {refused}"
        );
    }
    // A whole issued amount: value, currency, issuer.
    let issued = [&0xd483_8d7e_a4c6_8000_u64.to_be_bytes(), [7; 40].as_slice()].concat();
    for number in [1, 8] {
        assert_eq!(Fields::payment().with(item(6, number, &issued)).refused(), not_xrp);
    }
    let amount = |drops: u64| item(6, 1, &(0x4000_0000_0000_0000 | drops).to_be_bytes());
    assert!(decode_on(MAIN, &Fields::payment().with(amount(100_000_000_000_000_000)).bytes()).is_ok());
    for drops in [0, 100_000_000_000_000_001] {
        let refused = Fields::payment().with(amount(drops)).refused();
        assert_eq!(refused, DecodeError::OutOfRange("the amount"), "{drops}");
    }
    let fee = item(6, 8, &0x4000_0000_0000_0000u64.to_be_bytes());
    assert_eq!(Fields::payment().with(fee).refused(), DecodeError::OutOfRange("the fee"));
}

#[test]
fn a_payment_to_oneself_or_to_nobody_is_refused() {
    let to_self = Fields::payment().with(item(8, 3, &account_of(PAYER)));
    assert_eq!(to_self.refused(), DecodeError::Forbidden("a payment to the payer itself"));
    let to_zeros = Fields::payment().with(item(8, 3, &with_length(&[0; 20])));
    assert_eq!(to_zeros.refused(), DecodeError::OutOfRange("an account"));
}

#[test]
fn a_transaction_spends_a_sequence_number_or_a_ticket_and_not_both() {
    let wrong = DecodeError::OutOfRange("the sequence number or ticket");
    assert_eq!(Fields::payment().with(u32_item(41, 5)).refused(), wrong);
    assert_eq!(Fields::payment().with(u32_item(4, 0)).refused(), wrong);
    assert_eq!(Fields::payment().with(u32_item(4, 0)).with(u32_item(41, 0)).refused(), wrong);
    let by_ticket = Fields::payment().with(u32_item(4, 0)).with(u32_item(41, 5));
    assert_eq!(decode_on(MAIN, &by_ticket.bytes()).unwrap().token.as_str(), "ticket:5");
}

#[test]
fn a_network_above_1024_is_in_the_bytes_and_one_below_is_not() {
    let plain = Fields::payment();
    let named = Fields::payment().with(u32_item(1, 31337));
    assert_eq!(decode_on(SANDBOX, &plain.bytes()), Err(DecodeError::Unbound));
    assert_eq!(decode_on("1025", &plain.bytes()), Err(DecodeError::Unbound));
    assert_eq!(decode_on("1024", &plain.bytes()).unwrap().network_id.as_str(), "1024");
    // Read for another network, the bytes still say their own: comparing finds it.
    for network in [MAIN, "1", SANDBOX, "40000"] {
        assert_eq!(decode_on(network, &named.bytes()).unwrap().network_id.as_str(), SANDBOX);
    }
    for id in [0, 1, 1024] {
        assert_eq!(Fields::payment().with(u32_item(1, id)).refused(), DecodeError::NotCanonical);
    }
    for network in ["main", "00", "+1", "4294967296"] {
        assert_eq!(decode_on(network, &plain.bytes()), Err(DecodeError::OutOfRange("the network id")));
    }
}

#[test]
fn fields_in_another_order_or_twice_are_refused() {
    let items = Fields::payment().0;
    for at in 1..items.len() {
        let mut swapped = items.clone();
        swapped.swap(at - 1, at);
        let mut twice = items.clone();
        twice.insert(at, items[at].clone());
        for fields in [swapped, twice] {
            assert_eq!(Fields(fields).refused(), DecodeError::NotCanonical, "{at}");
        }
    }
}

#[test]
fn a_header_in_a_longer_form_is_refused() {
    let mut bytes = Fields::payment().bytes();
    // Sequence, field 4 of type 2, with its number in a byte of its own.
    let at = bytes.iter().position(|byte| *byte == 0x24).unwrap();
    bytes.splice(at..=at, [0x20, 4]);
    assert_eq!(decode_on(MAIN, &bytes), Err(DecodeError::NotCanonical));
}

#[test]
fn other_transactions_are_refused() {
    // Escrows, offers, trust lines, a regular key, a signer list, deleting the account, a batch.
    for kind in [1, 2, 4, 5, 7, 8, 12, 13, 16, 19, 20, 21, 22, 71, 100, u16::MAX] {
        let refused = Fields::payment().of_type(kind).refused();
        assert_eq!(refused, DecodeError::Forbidden("a transaction of this type"), "{kind}");
    }
}

#[test]
fn an_account_set_has_nothing_of_a_payment_and_one_known_flag_at_most() {
    let nothing = Fields::payment().of_type(3).without(6, 1).without(8, 3);
    assert!(matches!(decode_on(MAIN, &nothing.bytes()).unwrap().effect, Effect::Void { .. }));
    let flag = |number| nothing.clone().with(u32_item(33, number));
    assert!(matches!(decode_on(MAIN, &flag(1).bytes()).unwrap().effect, Effect::Operation { .. }));
    // Disabling the master key, no freeze, global freeze, default ripple, authorised minter.
    for number in [0, 2, 4, 5, 6, 7, 8, 10, 16, u32::MAX] {
        let refused = flag(number).refused();
        assert_eq!(refused, DecodeError::Forbidden("this flag of the account"), "{number}");
    }
    let both = flag(1).with(u32_item(34, 3));
    assert_eq!(both.refused(), DecodeError::Forbidden("two flags of the account"));
    for (extra, what) in [
        (item(6, 1, &XRP_1.to_be_bytes()), "an amount"),
        (item(8, 3, &account_of(PAYEE)), "a destination"),
        (u32_item(14, 5), "a destination tag"),
        (u32_item(40, 5), "a number of tickets"),
        (item(7, 7, &with_length(b"example.com")), "a domain name"),
    ] {
        assert_eq!(nothing.clone().with(extra).refused(), DecodeError::Forbidden(what));
    }
}

#[test]
fn tickets_are_made_by_one_to_250_and_nothing_else_beside() {
    let tickets = |count| Fields::payment().of_type(10).without(6, 1).without(8, 3).with(u32_item(40, count));
    for count in [0, 251, u32::MAX] {
        assert_eq!(tickets(count).refused(), DecodeError::OutOfRange("the number of tickets"));
    }
    assert!(decode_on(MAIN, &tickets(250).bytes()).is_ok());
    let refused = tickets(5).with(item(8, 3, &account_of(PAYEE))).refused();
    assert_eq!(refused, DecodeError::Forbidden("a destination"));
    let in_payment = Fields::payment().with(u32_item(40, 5)).refused();
    assert_eq!(in_payment, DecodeError::Forbidden("a number of tickets"));
}

#[test]
fn the_contracts_largest_tag_is_one_less_than_the_fields() {
    let tag = |tag| Fields::payment().with(u32_item(14, tag));
    assert!(decode_on(MAIN, &tag(u32::MAX - 1).bytes()).is_ok());
    assert_eq!(tag(u32::MAX).refused(), DecodeError::OutOfRange("the destination tag"));
}

#[test]
fn over_long_bytes_are_not_even_read() {
    assert_eq!(decode_on(MAIN, &[0x12; 257]), Err(DecodeError::TooLong { limit: 256, found: 257 }));
}

#[test]
fn what_would_be_refused_is_never_built() {
    let with = |change: &dyn Fn(&mut Build)| {
        let mut asked = payment();
        change(&mut asked);
        build(&asked).unwrap_err()
    };
    let pay =
        |to: &str, drops| Act::Pay { to: to.parse().unwrap(), tag: None, amount: Amount::from_u128(drops) };
    let over = 100_000_000_000_000_001;
    assert_eq!(with(&|b| b.act = pay(PAYEE, over)), BuildError::Amount(Amount::from_u128(over)));
    assert!(matches!(with(&|b| b.act = pay(PAYEE, 1 << 62)), BuildError::Amount(_)));
    assert!(matches!(with(&|b| b.act = pay(PAYEE, 1 << 64)), BuildError::Amount(_)));
    let refused = |what| BuildError::Refused(DecodeError::OutOfRange(what));
    assert_eq!(with(&|b| b.act = pay(PAYEE, 0)), refused("the amount"));
    assert_eq!(with(&|b| b.act = Act::CreateTickets(0)), refused("the number of tickets"));
    assert_eq!(with(&|b| b.fee.last_ledger = 0), refused("LastLedgerSequence"));
    assert_eq!(with(&|b| b.fee.drops = 0), refused("the fee"));
    assert!(matches!(with(&|b| b.act = pay(PAYER, 1)), BuildError::Refused(DecodeError::Forbidden(_))));
    assert!(matches!(with(&|b| b.act = pay("0xabc", 1)), BuildError::Payee(_)));
    assert!(matches!(with(&|b| b.network_id = "main".parse().unwrap()), BuildError::Network(_)));
    assert!(matches!(
        with(&|b| b.token = payout::life::Token::new("nonce:7".to_owned())),
        BuildError::Token(_)
    ));
    assert!(matches!(with(&|b| b.public_key[0] = 4), BuildError::Key(_)));
    assert!(build(&Build { act: Act::ClearFlag(AccountFlag::DisallowXrp), ..payment() }).is_ok());
}

#[test]
fn an_address_that_carries_a_tag_and_a_memo_must_agree() {
    let network = MAIN.parse().unwrap();
    let recipient = |to: &str, memo: Option<&str>| Xrp.payee(&network, to, memo);
    let (classic, plain, tagged) = (
        "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ",
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGZMhc9YTE92ehJ2Fu", // tag 1
    );
    let of = |memo: Option<&str>| {
        Ok(Payee { address: classic.parse().unwrap(), memo: memo.map(ToOwned::to_owned) })
    };
    assert_eq!(recipient(classic, None), of(None));
    assert_eq!(recipient(classic, Some("0")), of(Some("0")));
    assert_eq!(recipient(classic, Some("0123")), of(Some("123")));
    assert_eq!(recipient(plain, Some("123")), of(Some("123")));
    assert_eq!(recipient(plain, None), of(None));
    assert_eq!(recipient(tagged, None), of(Some("1")));
    assert_eq!(recipient(tagged, Some("01")), of(Some("1")));
    let memo = |error| Err(PayeeError::Memo(error));
    assert_eq!(recipient(tagged, Some("2")), memo(MemoError::OtherTag(1)));
    assert_eq!(recipient(tagged, Some("0")), memo(MemoError::OtherTag(1)));
    for text in ["", "abc", "-1", "4294967295", "12345678901"] {
        assert_eq!(recipient(classic, Some(text)), memo(MemoError::NotATag), "{text}");
    }
    assert_eq!(Xrp.parse_address(&network, plain).unwrap().as_str(), classic);
    assert_eq!(Xrp.parse_address(&network, tagged), Err(AddressError::Malformed));
}

#[test]
fn fields_are_named_by_the_numbers_of_the_ledger() {
    // What the writer of these tests takes for granted, held against the one that signs.
    let mut out = Vec::new();
    field::LAST_LEDGER_SEQUENCE.write_u32(1, &mut out);
    field::TICKET_SEQUENCE.write_u32(2, &mut out);
    field::DESTINATION.write_bytes(&[9; 20], &mut out);
    let expected = [u32_item(27, 1).1, u32_item(41, 2).1, item(8, 3, &with_length(&[9; 20])).1].concat();
    assert_eq!(out, expected);
}

#[test]
fn test_networks_have_keys_of_their_own() {
    let index = payout::ids::AddressIndex::new(5).unwrap();
    let path = |network: &str| Xrp.path(&network.parse().unwrap(), index);
    assert_eq!(path("0"), [44, 144, 0, 0, 5]);
    for network in ["1", "2", "31337", "00"] {
        assert_eq!(path(network), [44, 1, 0, 0, 5]);
    }
}
