//! Words in, texts out. No server.

mod doctor;
mod offline;
mod reading;
mod stories;
mod trust;
mod words;

use clap::Parser as _;
use tempfile::TempDir;

use super::answer::Answer;
use super::args::Cli;
use super::desk::Desk;
use super::failure::Failure;
use super::{genesis, init, policy};
use crate::cli::args::Command;

/// A folder that `bursar init` has filled.
struct Folder {
    dir: TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pass"), "a passphrase\n").unwrap();
        let folder = Self { dir };
        folder.run(&["init", "--admin", "ann", "--folder", &folder.path("house")]).unwrap();
        folder
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn in_house(&self, name: &str) -> String {
        self.path(&format!("house/{name}"))
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.in_house(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.in_house(name), text).unwrap();
    }

    /// Runs a command that asks no server.
    fn run(&self, words: &[&str]) -> Result<Answer, Failure> {
        let config = self.in_house("gateway.toml");
        let passphrase = self.path("pass");
        let globals = ["bursar", "--config", &config, "--passphrase-file", &passphrase];
        let Cli { global, command } = Cli::try_parse_from(globals.iter().chain(words)).unwrap();
        let desk = Desk::new(global);
        match command {
            Command::Init(args) => init::run(&desk, args),
            Command::Genesis(command) => genesis::run(&desk, command),
            Command::Policy(command) => futures::executor::block_on(policy::run(&desk, command)),
            Command::Key(command) => super::key::run(&desk, command),
            Command::Doctor(args) => futures::executor::block_on(super::doctor::run(&desk, args)),
            other => panic!("{other:?} asks a server"),
        }
    }

    /// The same, with the folder's name taken out of the text.
    fn text(&self, words: &[&str]) -> String {
        let text = match self.run(words) {
            Ok(answer) => answer.text,
            Err(failure) => failure.to_string(),
        };
        text.replace(&self.path("house"), "HOUSE")
    }

    /// Fills the roster, so that a genesis can be built.
    fn enlist(&self) {
        let key = |seed| payout::key::SecretKey::from_seed(&[seed; 32]).public();
        let seats: String =
            (1..=3).map(|n| format!("[[cosigner]]\nname = \"c{n}\"\nkey = \"{}\"\n", key(n))).collect();
        let old = self.read("roster.toml");
        let gateway = old.split_once("[[gateway]]").unwrap().1;
        self.write("roster.toml", &format!("name = \"try\"\nthreshold = 2\n{seats}[[gateway]]{gateway}"));
    }
}
