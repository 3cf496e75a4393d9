//! Child processes, with output that the user sees.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::places;
use harness::failure::{Context, Failure, Outcome};

/// Announces a long step. Prints to standard error, so that standard output holds results alone.
pub fn headline(text: &str) {
    eprintln!("\n==> {text}");
}

/// Returns a command for the cargo that runs this xtask, in the checkout.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(places::checkout());
    cargo
}

/// Runs `command` to completion, and passes its output through.
///
/// # Errors
/// When it cannot start or does not succeed.
pub fn run(command: &mut Command, advice: &str) -> Outcome {
    let status = command.status().or_fail(|| format!("cannot run `{}`", line(command)), advice)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`{}` failed ({status})", line(command)), advice))
    }
}

/// Formats the command as typed in a shell, without the program's folder.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = [program.file_name().unwrap_or_default()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_name_the_command_and_the_advice() {
        let text = run(Command::new("false").arg("x"), "take another").unwrap_err().to_string();
        assert!(
            text.contains("`false x` failed") && text.contains("what to do: take another"),
            "{text}"
        );
        let text = run(&mut Command::new("no-such-program"), "install it").unwrap_err().to_string();
        assert!(
            text.contains("cannot run `no-such-program`") && text.contains("because: "),
            "{text}"
        );
        run(&mut Command::new("true"), "").unwrap();
    }
}
