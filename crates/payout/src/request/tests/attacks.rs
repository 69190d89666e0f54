//! Attacks on a secret-prefix MD5 over delimiter-free text. Each keeps a captured signature valid or makes a new valid
//! one without the key, and each must die in the parser.

use super::super::fields::{PayoutV1, PayoutV2, SubAddressWithdrawal};
use super::super::{Body, Code};
use super::*;

/// The captured body with one piece exchanged: the signed text must be the same, or it is no attack.
#[track_caller]
fn assert_shift_is_refused(from: &str, to: &str, field: &str) {
    let forged = altered(V2, from, to);
    let body = Body::parse(forged.as_bytes()).unwrap();
    assert_eq!(sign::verify(&body, &keys()), Ok(()), "the signature no longer verifies: this is no attack");
    assert_param(verified::<PayoutV2>(forged.as_bytes()), field);
}

#[test]
fn a_memo_cannot_be_hidden_in_a_shorter_key() {
    assert_shift_is_refused(r#""memo": "123""#, r#""mem": "o123""#, "mem");
    assert_shift_is_refused(r#""memo": "123""#, r#""m": "emo123""#, "m");
}

#[test]
fn a_memo_cannot_be_hidden_in_a_longer_key() {
    assert_shift_is_refused(r#""memo": "123""#, r#""memo1": "23""#, "memo1");
    assert_shift_is_refused(r#""memo": "123""#, r#""memo1": 23"#, "memo1");
}

#[test]
fn a_wallet_cannot_be_hidden_in_another_key() {
    let wallet = r#""wallet_id": 11434198045401088"#;
    assert_shift_is_refused(wallet, r#""wallet_i": "d11434198045401088""#, "wallet_i");
    assert_shift_is_refused(wallet, r#""wallet_id1": 1434198045401088"#, "wallet_id1");
    assert_shift_is_refused(wallet, r#""w": "allet_id11434198045401088""#, "w");
}

#[test]
fn a_paying_address_cannot_be_hidden_in_another_key() {
    let from = r#""from_address": "rhAZ673nG6fSXovPAkw3EcrhKyWwXducoi""#;
    let address = "rhAZ673nG6fSXovPAkw3EcrhKyWwXducoi";
    assert_shift_is_refused(from, &format!(r#""from_addres": "s{address}""#), "from_addres");
    assert_shift_is_refused(from, &format!(r#""from": "_address{address}""#), "from");
    assert_shift_is_refused(from, r#""from_addressr": "hAZ673nG6fSXovPAkw3EcrhKyWwXducoi""#, "from_addressr");
}

#[test]
fn no_optional_parameter_can_be_hidden_in_any_key() {
    for (whole, name) in [
        (r#""remark": "payout""#, "remark"),
        (r#""callback_url": "http://xxx.com/payout/callback""#, "callback_url"),
        (r#""memo": "123""#, "memo"),
    ] {
        let value = whole.split('"').nth(3).unwrap();
        let text = format!("{name}{value}");
        // Every other boundary between key and value, the empty key included.
        for cut in (0..text.len()).filter(|cut| *cut != name.len()) {
            let (key, value) = text.split_at(cut);
            let forged = altered(V2, whole, &format!(r#""{key}":"{value}""#));
            assert_param(verified::<PayoutV2>(forged.as_bytes()), key);
        }
    }
}

#[test]
fn a_value_cannot_swallow_the_parameter_that_follows_it() {
    for (from, to, field) in [
        // The remark would be "payoutthird_party_id…".
        (
            r#""remark": "payout", "memo": "123",
 "third_party_id": "c9231e604da54469a735af3f449c880f""#,
            r#""remark": "payoutthird_party_idc9231e604da54469a735af3f449c880f", "memo": "123""#,
            "third_party_id",
        ),
        (r#""amount": "1.1", "#, "", "amount"),
        (r#""nonce": "hwlkk6""#, r#""nonce": "hwlkk6pid1382528827416576""#, "nonce"),
        (
            r#""timestamp": 1688004243314"#,
            r#""timestamp": "1688004243314to_addressrn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc""#,
            "timestamp",
        ),
        (r#""pid": 1382528827416576"#, r#""pid": "1382528827416576remarkpayout""#, "pid"),
        (r#""wallet_id": 11434198045401088"#, r#""wallet_id": "11434198045401088x""#, "wallet_id"),
    ] {
        assert_param(verified::<PayoutV2>(altered(V2, from, to).as_bytes()), field);
    }
}

#[test]
fn a_key_that_has_nothing_of_a_parameter_is_ignored() {
    for extra in [r#""zone":"memo123""#, r#""Memo":"1""#, r#""version":2"#, r#""flag":false"#] {
        let fields =
            format!(r#""currency":"60@60","address":"0xaa","amount":"1","third_party_id":"t",{extra}"#);
        assert!(called::<PayoutV1>(&fields).is_ok(), "{extra}");
    }
}

#[test]
fn a_key_that_could_grow_into_a_parameter_is_refused_whatever_it_holds() {
    for key in ["mem", "remar", "t", "third_party_i", "callback", "pi", "sig", ""] {
        let fields = format!(
            r#""currency":"60@60","address":"0xaa","amount":"1","third_party_id":"t","{key}":"harmless""#
        );
        assert_param(called::<PayoutV1>(&fields), key);
    }
}

#[test]
fn an_absent_key_is_no_shift() {
    let with_absent = altered(V2, r#""memo": "123""#, r#""memo": "123", "mem": null, "memo_type": """#);
    assert!(verified::<PayoutV2>(with_absent.as_bytes()).is_ok());
}

#[test]
fn a_key_is_judged_by_the_parameters_of_its_own_call() {
    let v1 = r#""currency":"60@60","address":"0xaa","amount":"1","third_party_id":"t","wallet":"1""#;
    assert!(called::<PayoutV1>(v1).is_ok());
    let v2 = v1.replace(r#""address""#, r#""to_address""#);
    assert_param(called::<PayoutV2>(&v2), "wallet");
    let sub = v2.clone() + r#","from_address":"0xbb""#;
    assert!(called::<SubAddressWithdrawal>(&sub).is_ok());
}

#[test]
fn the_same_key_twice_is_refused_also_when_one_is_spelled_with_escapes() {
    for twice in [r#""memo": "123", "memo": "124""#, r#""memo": "123", "m\u0065mo": "124""#] {
        assert_param(verified::<PayoutV2>(altered(V2, r#""memo": "123""#, twice).as_bytes()), "memo");
    }
}

#[test]
fn a_control_character_is_refused_wherever_it_stands() {
    for escape in [r"\u0000", r"\n", r"\t", r"\u001f", r"\u007f", r"\u0080", r"\u009f"] {
        let in_value = altered(V2, "\"payout\"", &format!("\"pay{escape}out\""));
        assert_param(verified::<PayoutV2>(in_value.as_bytes()), "remark");
        let in_key = altered(V2, "\"remark\"", &format!("\"rem{escape}ark\""));
        assert_param(verified::<PayoutV2>(in_key.as_bytes()), "body");
    }
    for raw in ["\0", "\n", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}"] {
        let in_value = altered(V2, "\"payout\"", &format!("\"pay{raw}out\""));
        assert_param(verified::<PayoutV2>(in_value.as_bytes()), "remark");
    }
}

mod length_extension {
    //! MD5's digest is its whole inner state: who knows MD5(key ‖ text) and the key's length can go on from there and
    //! knows MD5(key ‖ text ‖ padding ‖ more) without the key.

    use md5::{Digest as _, Md5};

    use super::*;

    /// The captured payout names no wallet: its signed text ends with the recipient.
    const CAPTURED: &str = r#""currency":"60@60","to_address":"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359","amount":"1","third_party_id":"t""#;
    /// What the attacker wants to add: another wallet that pays.
    const MORE: &str = "wallet_id5";

    /// RFC 1321, section 3.1 and 3.2: 0x80, zeros, the length in bits as eight little-endian bytes.
    fn padding(length: usize) -> Vec<u8> {
        let mut bytes = vec![0x80];
        bytes.resize(1 + (119 - length % 64) % 64, 0);
        bytes.extend(((length as u64) * 8).to_le_bytes());
        bytes
    }

    /// RFC 1321, section 3.4: one block onto a state.
    fn compress(state: [u32; 4], block: &[u8]) -> [u32; 4] {
        const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
        let word = |i: usize| u32::from_le_bytes(block[4 * i..4 * i + 4].try_into().unwrap());
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64 {
            let (f, g) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let sum = a.wrapping_add(f).wrapping_add(SINES[i]).wrapping_add(word(g));
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4])));
        }
        let add = |i: usize, x: u32| state[i].wrapping_add(x);
        [add(0, a), add(1, b), add(2, c), add(3, d)]
    }

    /// MD5(secret ‖ padding ‖ more) from MD5(secret) and the secret's length.
    fn extended(digest: &str, secret_length: usize, more: &[u8]) -> String {
        let digest = hex::decode(digest).unwrap();
        let word = |i: usize| u32::from_le_bytes(digest[4 * i..4 * i + 4].try_into().unwrap());
        let mut state = [word(0), word(1), word(2), word(3)];
        let before = secret_length + padding(secret_length).len();
        let tail = [more, &padding(before + more.len())].concat();
        for block in tail.chunks_exact(64) {
            state = compress(state, block);
        }
        hex::encode(state.map(u32::to_le_bytes).concat())
    }

    struct Forgery {
        /// What the attacker appends to the recipient, before `MORE`.
        padding: Vec<u8>,
        /// Valid over key ‖ text ‖ padding ‖ MORE.
        sign: String,
    }

    fn forge() -> (String, Forgery) {
        let captured = signed(CAPTURED);
        let body = Body::parse(captured.as_bytes()).unwrap();
        let sign = body.get("sign").unwrap().text();
        let text = sign::signed_text(&body);
        assert!(text.ends_with("to_address0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"));
        let secret_length = ApiKey::PUBLISHED_EXAMPLE.len() + text.len();
        let padding = padding(secret_length);
        let forged = extended(sign, secret_length, MORE.as_bytes());
        // The attack is real: with the key, the scheme gives the same digest.
        let secret =
            [ApiKey::PUBLISHED_EXAMPLE.as_bytes(), text.as_bytes(), &padding, MORE.as_bytes()].concat();
        assert_eq!(hex::encode(Md5::digest(secret)), forged);
        (captured, Forgery { padding, sign: forged })
    }

    /// The captured body with `tail` after the recipient, the new wallet and the forged signature.
    fn body_with(tail: &[u8]) -> Vec<u8> {
        let (captured, forgery) = forge();
        let body = captured.split(r#","sign""#).next().unwrap();
        let (before, after) = body.split_once("c5d359\"").unwrap();
        let rest = format!(r#""{after},"wallet_id":5,"sign":"{}"}}"#, forgery.sign);
        [before.as_bytes(), b"c5d359", tail, rest.as_bytes()].concat()
    }

    #[test]
    fn padding_bytes_as_they_are_are_not_utf_8() {
        let (_, forgery) = forge();
        assert_param(verified::<PayoutV2>(&body_with(&forgery.padding)), "body");
    }

    #[test]
    fn padding_bytes_as_escapes_are_control_characters() {
        let (_, forgery) = forge();
        let escaped: String = forgery.padding.iter().map(|byte| format!("\\u{byte:04x}")).collect();
        assert_param(verified::<PayoutV2>(&body_with(escaped.as_bytes())), "to_address");
        let latin: String = forgery.padding.iter().map(|byte| char::from(*byte)).collect();
        assert_param(verified::<PayoutV2>(&body_with(latin.as_bytes())), "to_address");
    }

    #[test]
    fn padding_that_was_made_printable_does_not_verify() {
        let (_, forgery) = forge();
        let lossy = String::from_utf8_lossy(&forgery.padding).replace(char::is_control, "");
        assert_code(verified::<PayoutV2>(&body_with(lossy.as_bytes())), Code::Signature);
        assert_code(verified::<PayoutV2>(&body_with(b"")), Code::Signature);
    }

    #[test]
    fn padding_under_an_unknown_key_is_refused_too() {
        let (captured, forgery) = forge();
        let escaped: String = forgery.padding.iter().map(|byte| format!("\\u{byte:04x}")).collect();
        let body = captured.split(r#","sign""#).next().unwrap();
        let forged = format!(r#"{body},"to_address_":"{escaped}{MORE}","sign":"{}"}}"#, forgery.sign);
        assert_param(verified::<PayoutV2>(forged.as_bytes()), "to_address_");
    }

    /// RFC 1321: floor(2^32 × |sin(i + 1)|).
    #[rustfmt::skip]
    const SINES: [u32; 64] = [
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
    ];
}
