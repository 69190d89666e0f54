use std::os::unix::fs::PermissionsExt;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_new_file_replaces_the_old_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    write_atomically(&path, b"the first and longer text", PRIVATE).unwrap();
    write_atomically(&path, b"the second", PRIVATE).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"the second");
    assert_eq!(names(folder.path()), ["vault"]);
}

#[test]
fn a_secret_is_readable_by_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    std::fs::write(&path, b"open to all").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    write_atomically(&path, b"closed", PRIVATE).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn another_mode_is_set_whatever_the_umask_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster");
    write_atomically(&path, b"for everybody", 0o666).unwrap();
    assert_eq!(mode(&path), 0o666);
}

#[test]
fn a_failure_keeps_what_was_there_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // A folder that is not empty can't be replaced by a file: the rename fails after the new copy was written.
    let path = folder.path().join("vault");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("inside"), b"old").unwrap();
    let error = write_atomically(&path, b"new", PRIVATE).unwrap_err();
    assert_eq!(error.step, "putting the new copy in its place");
    assert_eq!(std::fs::read(path.join("inside")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["vault"]);
}

#[test]
fn a_copy_that_cannot_be_written_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    // The longest name that a file can have leaves no room for the copy's.
    let path = folder.path().join("v".repeat(255));
    std::fs::write(&path, b"old").unwrap();
    let error = write_atomically(&path, b"new", PRIVATE).unwrap_err();
    assert_eq!(error.step, "the new copy beside it");
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
}

#[test]
fn a_link_at_the_copys_place_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let victim = folder.path().join("victim");
    std::fs::write(&victim, b"untouched").unwrap();
    let copy = folder.path().join("copy");
    std::os::unix::fs::symlink(&victim, &copy).unwrap();
    assert!(write_synced(&copy, b"secret", PRIVATE).is_err());
    assert_eq!(std::fs::read(&victim).unwrap(), b"untouched");
}

#[test]
fn a_path_without_a_file_name_is_refused() {
    assert_eq!(write_atomically(Path::new("/"), b"", PRIVATE).unwrap_err().step, "it has no file name");
}
