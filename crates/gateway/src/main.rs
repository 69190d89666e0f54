//! The binary `bursar`: the gateway and its operators' command line.

fn main() -> std::process::ExitCode {
    gateway::cli::main()
}
