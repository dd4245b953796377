//! The `corridor` binary: runs the command line and sets the exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    corridor::cli::main()
}
