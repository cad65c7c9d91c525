//! The program `stanch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    stanch_cli::main()
}
