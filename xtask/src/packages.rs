//! System packages: installation on Debian and its derivatives, as root.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;
use harness::failure::Outcome;

/// Flags of apt that wait for another installation to end, up to 300 s, instead of failing at once.
const WAITING: [&str; 2] = ["-o", "DPkg::Lock::Timeout=300"];

/// Returns whether packages can be installed without asking: on Debian, as root.
pub fn can_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Installs `packages`, and completes an interrupted installation.
///
/// # Errors
/// When the package manager fails. The failure's advice is `by_hand`.
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
    // Completes an interrupted installation as far as possible without downloads.
    run("dpkg", &["--configure", "-a", "--force-confold"]).ok();
    run("apt-get", &[&WAITING[..], &["update", "-q"]].concat())?;
    let install = ["install", "-y", "-q", "-f", "--no-install-recommends", "--reinstall"];
    run("apt-get", &[&WAITING[..], &install, packages].concat())
}
