//! Files that a crash does not halve.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Readable and writable by the owner alone.
pub const PRIVATE: u32 = 0o600;

/// A file was not written; the old one, if there was one, is as it was.
#[derive(Debug, thiserror::Error)]
#[error("can't write {}: {step}", path.display())]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What failed.
    pub step: &'static str,
    /// The cause.
    #[source]
    pub cause: std::io::Error,
}

/// Replaces the file at `path` by `bytes`: writes beside it, syncs, renames, syncs the folder. When this returns, the
/// new file survives a loss of power; when it fails or the machine stops, the old one is still there. `mode` is the
/// new file's permissions whatever the umask says, [`PRIVATE`] for secrets.
///
/// # Errors
/// [`WriteError`], with nothing left behind.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let failed = |step| move |cause| WriteError { path: path.to_owned(), step, cause };
    let (folder, temporary) = beside(path).map_err(failed("it has no file name"))?;
    let written =
        write_synced(&temporary, bytes, mode).map_err(failed("the new copy beside it")).and_then(|()| {
            std::fs::rename(&temporary, path).map_err(failed("putting the new copy in its place"))
        });
    if let Err(error) = written {
        // Best effort: the error that matters is the first one.
        let _ = std::fs::remove_file(&temporary);
        return Err(error);
    }
    // Without this the rename may be lost with the power, though the caller was told otherwise.
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed("syncing its folder"))
}

/// The folder, and a name in it that nobody else uses: a rename is atomic only within one file system.
fn beside(path: &Path) -> std::io::Result<(PathBuf, PathBuf)> {
    let name = path.file_name().ok_or(std::io::ErrorKind::InvalidInput)?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{:016x}.new", u64::from_be_bytes(random)));
    let temporary = folder.join(temporary);
    Ok((folder, temporary))
}

fn write_synced(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    // Never open to others, not even for the moment before the mode is set.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode & PRIVATE).open(path)?;
    rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
