//! The command lines, as their owners use them.

use std::process::{Command, Stdio};

use serde_json::Value;
use testbed::deployment::Deployment;
use testbed::place;

/// What `bursar` says to somebody, as JSON.
pub(crate) fn bursar(deployment: &Deployment, who: &str, words: &[&str]) -> Result<Value, String> {
    let folder = deployment.folder();
    let (key, passphrase) = (folder.key(who), folder.passphrase());
    let url = deployment.doors().unwrap().operator_url();
    let options = ["--json", "--url", &url, "--key", key.to_str().unwrap(), "--passphrase-file"];
    let words: Vec<&str> =
        words.iter().copied().chain(options).chain([passphrase.to_str().unwrap()]).collect();
    let said = run("bursar", &words, &folder.gateway_config())?;
    Ok(serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}")))
}

/// The same as a person reads it.
pub(crate) fn bursar_text(deployment: &Deployment, who: &str, words: &[&str]) -> String {
    let folder = deployment.folder();
    let (key, passphrase) = (folder.key(who), folder.passphrase());
    let url = deployment.doors().unwrap().operator_url();
    let options = ["--url", &url, "--key", key.to_str().unwrap(), "--passphrase-file"];
    let words: Vec<&str> =
        words.iter().copied().chain(options).chain([passphrase.to_str().unwrap()]).collect();
    run("bursar", &words, &folder.gateway_config()).unwrap()
}

fn run(program: &str, words: &[&str], config: &std::path::Path) -> Result<String, String> {
    let output = Command::new(place::program(program).unwrap())
        .args(words)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)))
}
