//! Builds the programs that have crash points.
//!
//! They go into the same folder as all others, under names of their own: what they depend on is there already, so that
//! only our own crates with points in them are compiled again.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use super::CrashError;
use crate::place;

/// The programs' names: those that pay, with this behind.
pub const SUFFIX: &str = "-with-crash-points";

/// Makes sure that the programs are there and as new as the sources. One process at a time.
///
/// # Errors
/// [`CrashError::Build`] with what the compiler says.
pub fn programs() -> Result<(), CrashError> {
    let bursar = place::program("bursar")?;
    let folder = bursar.parent().unwrap_or(Path::new("."));
    let path = folder.join(format!("bursar{SUFFIX}.lock"));
    let lock = File::create(&path).map_err(CrashError::file(&path))?;
    lock.lock().map_err(CrashError::file(&path))?;
    let output = command(folder).output().map_err(CrashError::file(Path::new("cargo")))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(CrashError::Build(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(place::checkout()).args(["build", "--locked", "--quiet", "--workspace"]);
    for name in ["bursar", "bursar-cosigner"] {
        command.arg("--bin").arg(format!("{name}{SUFFIX}"));
    }
    command.args(["--features", "testbed/crash-points"]);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    // What a test runner adds for the package under test would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "NEXTEST"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(&*name);
        }
    }
    command
}
