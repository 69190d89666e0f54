//! The co-signer with crash points: for tests only.

fn main() -> std::process::ExitCode {
    cosigner::cli::main()
}
