//! The gateway with crash points: for tests only.

fn main() -> std::process::ExitCode {
    gateway::cli::main()
}
