//! The command line's words.

use clap::{CommandFactory as _, Parser as _};

use crate::cli::args::{Cli, Command};

#[test]
fn the_command_line_holds_together() {
    Cli::command().debug_assert();
}

/// clap shares one value among arguments of one name: a subcommand's `url` would overwrite the global one.
#[test]
fn no_subcommand_takes_a_global_options_name() {
    let command = Cli::command();
    let globals: Vec<String> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.get_id().to_string())
        .collect();
    assert!(globals.len() >= 6, "{globals:?}");
    fn look(command: &clap::Command, globals: &[String]) {
        for sub in command.get_subcommands() {
            for argument in sub.get_arguments() {
                assert!(
                    !globals.contains(&argument.get_id().to_string()),
                    "{} {}",
                    sub.get_name(),
                    argument.get_id()
                );
            }
            look(sub, globals);
        }
    }
    look(&command, &globals);
}

#[test]
fn global_options_may_stand_anywhere() {
    let cli = Cli::try_parse_from(["bursar", "payout", "list", "--as", "ann", "--json"]).unwrap();
    assert!(cli.global.json);
    assert_eq!(cli.global.who.unwrap().as_str(), "ann");
    assert!(matches!(cli.command, Command::Payout(_)));
}

#[test]
fn wrong_words_are_wrong_usage() {
    for words in [
        &["payout", "approve", "0"][..],
        &["payout", "approve", "x"],
        &["pause", "chain:60"],
        &["pause", "planet:1", "--reason", "x"],
        &["--as", "Ann", "payout", "list"],
        &["project", "ips", "7"],
        &["project", "ips", "7", "10.0.0.0/33"],
        &["freeze"],
    ] {
        let error = Cli::try_parse_from(std::iter::once(&"bursar").chain(words)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{words:?}");
    }
}
