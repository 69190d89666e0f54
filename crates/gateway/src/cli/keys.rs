//! Key files and passphrases.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use payout::ids::PrincipalId;
use payout::key::SecretKey;
use seal::{KeyFile, PRIVATE, Params, Passphrase, write_atomically};
use zeroize::Zeroizing;

use super::failure::Failure;

/// Opens a key file: whose it is, and the key.
pub(super) fn open(
    path: &Path,
    passphrase_file: Option<&Path>,
) -> Result<(PrincipalId, Arc<SecretKey>), Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::refused(format!("cannot read the key file {}: {error}", path.display()))
            .next("name it with --key FILE or --as NAME; `bursar key new NAME` makes one")
    })?;
    let wrong = |error: &dyn std::error::Error| {
        Failure::refused(format!("{}: {}", path.display(), super::failure::chain(error)))
    };
    let file = KeyFile::parse(&text).map_err(|error| wrong(&error))?;
    let passphrase = match passphrase_file {
        Some(file) => Passphrase::from_file(file).map_err(|error| Failure::caused(&error))?,
        None => ask(&format!("passphrase of {} ({}): ", file.principal(), path.display()))?,
    };
    let key = file.open(&passphrase).map_err(|error| wrong(&error))?;
    Ok((file.principal().clone(), Arc::new(key)))
}

/// Makes a fresh key and seals it into a new file.
pub(super) fn make(
    path: &Path,
    principal: &PrincipalId,
    passphrase_file: Option<&Path>,
) -> Result<SecretKey, Failure> {
    if path.exists() {
        return Err(Failure::refused(format!("{} exists already", path.display()))
            .next("a key is never overwritten: move the file away if you mean it"));
    }
    let passphrase = match passphrase_file {
        Some(file) => Passphrase::from_file(file).map_err(|error| Failure::caused(&error))?,
        None => ask_twice(principal)?,
    };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|_| Failure::refused("the operating system gives no randomness"))?;
    let key = SecretKey::from_seed(&seed);
    let file = KeyFile::create(principal.clone(), &key, &passphrase, Params::default())
        .map_err(|error| Failure::caused(&error))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::refused(format!("cannot make the folder {}: {error}", folder.display()))
        })?;
    }
    write_atomically(path, file.to_text().as_bytes(), PRIVATE).map_err(|error| Failure::caused(&error))?;
    Ok(key)
}

/// Where `--as NAME` looks.
pub(super) fn of_name(config: &Path, name: &PrincipalId) -> PathBuf {
    config.parent().unwrap_or_else(|| Path::new("")).join("keys").join(format!("{name}.key"))
}

fn ask(prompt: &str) -> Result<Passphrase, Failure> {
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
        Failure::refused(format!("cannot ask for a passphrase here: {error}"))
            .next("name a file with --passphrase-file FILE")
    })?;
    Passphrase::new(typed.as_str()).map_err(|error| Failure::caused(&error))
}

fn ask_twice(principal: &PrincipalId) -> Result<Passphrase, Failure> {
    let read = |prompt: String| {
        rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
            Failure::refused(format!("cannot ask for a passphrase here: {error}"))
                .next("name a file with --passphrase-file FILE")
        })
    };
    let first = read(format!("new passphrase for {principal}: "))?;
    let second = read("the same again: ".to_owned())?;
    if *first != *second {
        return Err(Failure::refused("the two passphrases differ"));
    }
    Passphrase::new(first.as_str()).map_err(|error| Failure::caused(&error))
}

/// Asks a person to type something, on the terminal; what they typed, trimmed.
pub(super) fn typed(prompt: &str) -> Result<String, Failure> {
    let mut screen = std::io::stderr();
    let mut line = String::new();
    let read = screen
        .write_all(prompt.as_bytes())
        .and_then(|()| screen.flush())
        .and_then(|()| std::io::stdin().lock().read_line(&mut line));
    match read {
        Ok(0) => {
            Err(Failure::refused("nobody answers here").next("say --yes, if that was looked at elsewhere"))
        }
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(Failure::refused(format!("cannot read an answer: {error}"))),
    }
}
