//! `bursar-cosigner`: one of the machines that check a payout and sign it together.

use std::process::ExitCode;

fn main() -> ExitCode {
    cosigner::cli::main()
}
