//! Where things are: our own programs, anvil, the compiled test contracts.

use std::path::{Path, PathBuf};

/// A file or folder that should be there is not.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// This program's own path is not known.
    #[error("the path of this program is not known")]
    Unknown(#[source] std::io::Error),
    /// A program was not built.
    #[error("{} is missing: run `cargo build` for the packages gateway, cosigner and testbed", .0.display())]
    NotBuilt(PathBuf),
    /// The sandbox was not set up.
    #[error("{} is missing: run `scripts/setup`", .0.display())]
    NotSetUp(PathBuf),
    /// No Node.js.
    #[error("there is no `node` on the PATH: run `scripts/setup`")]
    NoNode,
}

/// A program of this workspace, beside our own: `bursar`, `bursar-cosigner`.
///
/// # Errors
/// [`PlaceError`] when it was not built.
pub fn program(name: &str) -> Result<PathBuf, PlaceError> {
    let own = std::env::current_exe().map_err(PlaceError::Unknown)?;
    let folder = own.parent().unwrap_or(Path::new("."));
    // A test's program lies one folder deeper than the programs of its profile.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let path = folder.join(name);
    if path.is_file() { Ok(path) } else { Err(PlaceError::NotBuilt(path)) }
}

/// The checkout that holds `sandbox/`: above the program, else above the working folder, else where it was compiled.
pub fn checkout() -> PathBuf {
    let holds_sandbox = |path: &&Path| path.join("sandbox/evm").is_dir();
    let above = |start: std::io::Result<PathBuf>| {
        let start = start.ok()?;
        start.ancestors().find(holds_sandbox).map(Path::to_owned)
    };
    above(std::env::current_exe())
        .or_else(|| above(std::env::current_dir()))
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

/// The EVM development node.
///
/// # Errors
/// [`PlaceError::NotSetUp`].
pub fn anvil() -> Result<PathBuf, PlaceError> {
    sandbox("anvil")
}

/// The program that runs the stand-ins.
///
/// # Errors
/// [`PlaceError::NoNode`].
pub fn node() -> Result<PathBuf, PlaceError> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join("node")).find(|path| path.is_file());
    found.ok_or(PlaceError::NoNode)
}

/// The Python that the oracles' libraries are installed for.
///
/// # Errors
/// [`PlaceError::NotSetUp`].
pub fn python() -> Result<PathBuf, PlaceError> {
    let path = checkout().join(".tools/venv/bin/python");
    if path.is_file() { Ok(path) } else { Err(PlaceError::NotSetUp(path)) }
}

/// A stand-in's script, whose libraries are installed.
///
/// # Errors
/// [`PlaceError::NotSetUp`].
pub fn sandbox_script(ledger: &str, script: &str) -> Result<PathBuf, PlaceError> {
    let folder = checkout().join("sandbox").join(ledger);
    for path in [folder.join("node_modules"), folder.join(script)] {
        if !path.exists() {
            return Err(PlaceError::NotSetUp(path));
        }
    }
    Ok(folder.join(script))
}

/// A compiled test contract.
///
/// # Errors
/// [`PlaceError::NotSetUp`].
pub fn contract(name: &str) -> Result<PathBuf, PlaceError> {
    sandbox(&format!("{name}.json"))
}

fn sandbox(file: &str) -> Result<PathBuf, PlaceError> {
    let path = checkout().join("sandbox/evm/build").join(file);
    if path.is_file() { Ok(path) } else { Err(PlaceError::NotSetUp(path)) }
}
