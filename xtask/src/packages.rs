//! Installs system packages: on Debian and its kin, as root.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;
use harness::failure::Outcome;

/// Timeout for another installation to end, rather than failing at once.
const WAITING: [&str; 2] = ["-o", "DPkg::Lock::Timeout=300"];

/// Whether packages can be installed here without asking.
pub fn can_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Installs `packages`, also those that an interrupted installation left half done.
///
/// # Errors
/// When the package manager fails; `by_hand` says what to do then.
pub fn install(packages: &[&str], by_hand: &str) -> Outcome {
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(io::stderr());
        process::run(&mut command, by_hand)
    };
    // Finishes what an interrupted installation has left, as far as it can without fetching more.
    run("dpkg", &["--configure", "-a", "--force-confold"]).ok();
    run("apt-get", &[&WAITING[..], &["update", "-q"]].concat())?;
    let install = ["install", "-y", "-q", "-f", "--no-install-recommends", "--reinstall"];
    run("apt-get", &[&WAITING[..], &install, packages].concat())
}
