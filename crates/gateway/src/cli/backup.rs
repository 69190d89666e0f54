//! `bursar backup` and `bursar restore put`: the two ends of a copy's life, on the gateway's own machine.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use store::CopyError;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::time::{span, utc};
use crate::clock;
use crate::config::Config;

/// Copies the gateway's database while it runs, into one file. It holds API keys: keep it from others.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file to write. It must not exist.
    file: PathBuf,
}

pub(super) async fn run(desk: &Desk, args: BackupArgs) -> Result<Answer, Failure> {
    let database = database(desk)?;
    if !database.exists() {
        return Err(Failure::refused(format!("there is no database at {}", database.display()))
            .next("say --config FILE on the gateway's machine"));
    }
    store::copy(&database, &args.file).await.map_err(|error| refused(&error))?;
    let bytes = std::fs::metadata(&args.file).map_or(0, |file| file.len());
    let text = format!(
        "wrote {} ({bytes} bytes): the whole database, API keys included\nput it back with `bursar restore put`",
        args.file.display()
    );
    Answer::new(text, &json!({ "file": args.file, "bytes": bytes }))
}

/// Puts a copy in the database's place; the gateway must have stopped.
pub(super) async fn put_back(desk: &Desk, copy: &Path) -> Result<Answer, Failure> {
    let database = database(desk)?;
    let now = clock::now();
    let mark = format!("replaced-{}", now.get());
    let put = store::put_back(copy, &database, &mark).await.map_err(|error| refused(&error))?;
    let newest = put.newest.map_or_else(
        || "it knows of nothing yet".to_owned(),
        |newest| {
            format!("the newest that it knows of is from {}, {} ago", utc(newest), span(now.since(newest)))
        },
    );
    let aside = put.aside.as_ref().map_or_else(
        || "there was no database there before".to_owned(),
        |aside| format!("what was there is {} now", aside.display()),
    );
    let text = format!(
        "put {} in the place of {}: {newest}\n{aside}\nnow start the gateway, and read `bursar restore --check`",
        copy.display(),
        database.display()
    );
    Answer::new(text, &json!({ "database": database, "newest": put.newest, "aside": put.aside }))
}

fn database(desk: &Desk) -> Result<PathBuf, Failure> {
    let path = &desk.global.config;
    Ok(Config::read(path).map_err(|error| Failure::caused(&error))?.store.path)
}

fn refused(error: &CopyError) -> Failure {
    let failure = Failure::caused(error);
    match error {
        CopyError::Store(store::StoreError::InUse { .. }) => failure.next("stop the gateway first"),
        _ => failure,
    }
}
