use super::*;
use crate::lock::{Key, Passphrase};
use proptest::prelude::*;

const PURPOSE: &str = "share/7/2";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn sealed() -> Vec<u8> {
    seal(b"a secret", &passphrase("correct horse"), PURPOSE, Params::light()).unwrap()
}

/// Bytes that were computed by Python's cryptography package (48.0, its Argon2id and AESGCMSIV) from the layout in
/// this module's documentation: salt 00…0f, nonce 10…1b.
fn golden(hex_lines: &str) -> Vec<u8> {
    hex::decode(hex_lines.split_whitespace().collect::<String>()).unwrap()
}

fn counting() -> [u8; SALT + NONCE] {
    std::array::from_fn(|place| u8::try_from(place).unwrap())
}

#[test]
fn what_was_sealed_opens_for_the_same_purpose() {
    let opened = open(&sealed(), &passphrase("correct horse"), PURPOSE).unwrap();
    assert_eq!(opened.as_slice(), b"a secret");
    let key = Key::from_bytes([7; 32]);
    let sealed = seal(b"", &key, PURPOSE, Params::INTERACTIVE).unwrap();
    assert_eq!(open(&sealed, &key, PURPOSE).unwrap().as_slice(), b"");
}

#[test]
fn the_bytes_under_a_passphrase_equal_those_made_by_python() {
    let params = Params::new(256, 3, 1).unwrap();
    let purpose = Purpose::try_from(PURPOSE).unwrap();
    let ours =
        seal_with(b"a secret", (&passphrase("correct horse")).into(), purpose, params, &counting()).unwrap();
    assert_eq!(ours, golden(include_str!("golden_passphrase.hex")));
}

#[test]
fn the_bytes_under_a_key_equal_those_made_by_python() {
    let purpose = Purpose::try_from(PURPOSE).unwrap();
    let key = Key::from_bytes([7; 32]);
    let ours = seal_with(b"a secret", (&key).into(), purpose, Params::INTERACTIVE, &counting()).unwrap();
    assert_eq!(ours, golden(include_str!("golden_key.hex")));
}

#[test]
fn a_wrong_passphrase_is_told_apart_from_a_damaged_file() {
    let sealed = sealed();
    assert_eq!(open(&sealed, &passphrase("correct house"), PURPOSE), Err(SealError::WrongPassphrase));
    let mut damaged = sealed.clone();
    let middle = damaged.len() - HASH - 3;
    damaged[middle] ^= 1;
    for text in ["correct horse", "correct house"] {
        assert_eq!(open(&damaged, &passphrase(text), PURPOSE), Err(SealError::Damaged), "{text}");
    }
}

#[test]
fn a_wrong_key_is_told_apart_from_a_damaged_file() {
    let sealed = seal(b"a secret", &Key::from_bytes([7; 32]), PURPOSE, Params::light()).unwrap();
    assert_eq!(open(&sealed, &Key::from_bytes([8; 32]), PURPOSE), Err(SealError::WrongKey));
}

#[test]
fn the_other_kind_of_lock_is_named() {
    let with_key = seal(b"a secret", &Key::from_bytes([7; 32]), PURPOSE, Params::light()).unwrap();
    assert_eq!(open(&with_key, &passphrase("x"), PURPOSE), Err(SealError::OtherLock("key")));
    assert_eq!(open(&sealed(), &Key::from_bytes([7; 32]), PURPOSE), Err(SealError::OtherLock("passphrase")));
}

#[test]
fn every_flipped_bit_is_refused() {
    let sealed = sealed();
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1 << bit;
            let error = open(&damaged, &passphrase("correct horse"), PURPOSE).unwrap_err();
            let expected = match place {
                0..12 => SealError::NotSealed,
                12 if damaged[12] > VERSION => SealError::Newer(damaged[12]),
                _ => SealError::Damaged,
            };
            assert_eq!(error, expected, "byte {place}, bit {bit}");
        }
    }
}

#[test]
fn every_byte_changed_by_somebody_who_repairs_the_sum_is_refused() {
    let sealed = sealed();
    for place in MAGIC.len() + 1..sealed.len() - HASH {
        let mut forged = sealed.clone();
        forged[place] ^= 1;
        let end = forged.len() - HASH;
        let sum = Sha256::digest(&forged[..end]);
        forged[end..].copy_from_slice(&sum);
        assert!(open(&forged, &passphrase("correct horse"), PURPOSE).is_err(), "byte {place}");
    }
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    let sealed = sealed();
    for length in 0..sealed.len() {
        assert!(open(&sealed[..length], &passphrase("correct horse"), PURPOSE).is_err(), "{length} bytes");
    }
}

#[test]
fn what_was_sealed_for_one_purpose_does_not_open_for_another() {
    let error = open(&sealed(), &passphrase("correct horse"), "share/7/3").unwrap_err();
    let expected = "this secret was sealed as \"share/7/2\", not as \"share/7/3\"";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_purpose_written_over_does_not_open_either() {
    let mut forged = sealed();
    let end = forged.len() - HASH;
    forged[FIXED + PURPOSE.len() - 1] = b'3';
    let sum = Sha256::digest(&forged[..end]);
    forged[end..].copy_from_slice(&sum);
    assert_eq!(open(&forged, &passphrase("correct horse"), "share/7/3"), Err(SealError::Damaged));
}

#[test]
fn costs_that_would_take_the_machine_down_are_refused_unread() {
    let mut forged = sealed();
    let end = forged.len() - HASH;
    forged[14..18].copy_from_slice(&u32::MAX.to_be_bytes());
    let sum = Sha256::digest(&forged[..end]);
    forged[end..].copy_from_slice(&sum);
    let error = open(&forged, &passphrase("correct horse"), PURPOSE).unwrap_err();
    assert_eq!(error, SealError::Params(BadParams));
}

#[test]
fn a_purpose_is_short_printable_text() {
    for text in ["", "line\nbreak", "gr\u{fc}n", &"x".repeat(256)] {
        let result = seal(b"", &Key::from_bytes([7; 32]), text, Params::light());
        assert_eq!(result, Err(SealError::BadPurpose), "{text:?}");
    }
}

#[test]
fn locks_never_print_themselves() {
    let texts = [
        format!("{:?}", passphrase("hunter2")),
        format!("{:?}", Lock::from(&passphrase("hunter2"))),
        format!("{:?}", Key::from_bytes(*b"hunter2hunter2hunter2hunter2hunt")),
    ];
    assert!(texts.iter().all(|text| !text.contains("hunter2") && !text.contains("104")), "{texts:?}");
}

proptest! {
    #[test]
    fn anything_sealed_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..2000), key: [u8; 32]) {
        let key = Key::from_bytes(key);
        let sealed = seal(&plain, &key, PURPOSE, Params::light()).unwrap();
        let opened = open(&sealed, &key, PURPOSE).unwrap();
        prop_assert_eq!(opened.as_slice(), plain.as_slice());
    }

    #[test]
    fn bytes_from_anywhere_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&bytes);
        prop_assert!(open(&file, &Key::from_bytes([7; 32]), PURPOSE).is_err());
    }
}
