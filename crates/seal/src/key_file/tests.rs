use super::*;
use crate::lock::Passphrase;

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse").unwrap()
}

fn file_of(name: &str, seed: u8) -> KeyFile {
    let key = SecretKey::from_seed(&[seed; 32]);
    KeyFile::create(name.parse().unwrap(), &key, &passphrase(), Params::light()).unwrap()
}

#[test]
fn a_key_comes_back_from_its_file() {
    let file = KeyFile::parse(&file_of("ann", 9).to_text()).unwrap();
    assert_eq!(file.principal().as_str(), "ann");
    assert_eq!(file.open(&passphrase()).unwrap().public(), SecretKey::from_seed(&[9; 32]).public());
}

#[test]
fn the_file_is_one_object_of_four_strings() {
    let text = file_of("ann", 9).to_text();
    let public = SecretKey::from_seed(&[9; 32]).public();
    let start = format!(r#"{{"kind":"bursar key","principal":"ann","public":"{public}","sealed":""#);
    assert!(text.starts_with(&start), "{text}");
    assert!(text.ends_with("\"}\n"));
}

#[test]
fn a_wrong_passphrase_is_said_to_be_one() {
    let wrong = Passphrase::new("correct house").unwrap();
    let error = file_of("ann", 9).open(&wrong).unwrap_err();
    assert!(matches!(error, KeyFileError::Seal { cause: SealError::WrongPassphrase, .. }), "{error:?}");
}

#[test]
fn a_key_cannot_be_handed_to_somebody_else_by_editing_the_name() {
    let edited = KeyFile::parse(&file_of("ann", 9).to_text().replace("\"ann\"", "\"bob\"")).unwrap();
    let error = edited.open(&passphrase()).unwrap_err();
    assert!(matches!(error, KeyFileError::Seal { cause: SealError::OtherPurpose { .. }, .. }), "{error:?}");
}

#[test]
fn a_file_that_names_another_key_than_it_holds_is_refused() {
    let other = SecretKey::from_seed(&[10; 32]).public();
    let file = file_of("ann", 9);
    let edited = file.to_text().replace(&file.public().to_string(), &other.to_string());
    let error = KeyFile::parse(&edited).unwrap().open(&passphrase()).unwrap_err();
    assert!(matches!(error, KeyFileError::OtherKey(_)), "{error:?}");
}

#[test]
fn another_kind_of_file_is_named() {
    let edited = file_of("ann", 9).to_text().replace("bursar key", "bursar share");
    assert!(matches!(KeyFile::parse(&edited), Err(KeyFileError::Kind(kind)) if kind == "bursar share"));
    assert!(matches!(KeyFile::parse("{}"), Err(KeyFileError::Shape(_))));
}

#[test]
fn a_passphrase_file_loses_one_line_end_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passphrase");
    for (text, same) in [("secret", true), ("secret\n", true), ("secret\r\n", true), ("secret\n\n", false)] {
        std::fs::write(&path, text).unwrap();
        let read = Passphrase::from_file(&path).unwrap();
        assert_eq!(read.as_bytes() == b"secret", same, "{text:?}");
    }
    std::fs::write(&path, "\n").unwrap();
    assert!(Passphrase::from_file(&path).is_err());
}
