//! What the system's package manager brings: on Debian and its kin, for root.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::failure::Outcome;
use crate::process;

/// Whether packages can be installed here without asking anyone.
pub fn can_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Installs `packages`, also those that an interrupted installation has left half done.
///
/// # Errors
/// When the package manager fails; `by_hand` says what to do then.
pub fn install(packages: &[&str], by_hand: &str) -> Outcome {
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(io::stderr());
        process::run(&mut apt, by_hand)
    };
    // Finishes what an interrupted installation has left, and does nothing else.
    process::run(Command::new("dpkg").args(["--configure", "-a"]).stdout(io::stderr()), by_hand)?;
    apt(&["update", "-q"])?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends", "--reinstall"], packages].concat())
}
