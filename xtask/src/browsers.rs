//! The browsers that the end-to-end tests drive: Chromium and Firefox, each with its driver.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process;
use crate::tools::{self, Tool};

/// What a person installs by hand where xtask cannot.
const BY_HAND: &str = "install Chromium with its chromedriver, Firefox, and Mesa's software Vulkan drivers (Debian: chromium, \
                       chromium-driver, firefox-esr, mesa-vulkan-drivers), so that they are on the PATH";

/// Paths of the programs, under the names by which the tests know them.
pub type Programs = Vec<(&'static str, PathBuf)>;

/// A part of the set-up that the system's package manager brings.
struct Part {
    /// Name of the environment variable that tells the tests its path.
    variable: &'static str,
    /// Programs that will do, best first.
    programs: &'static [&'static str],
    /// Debian's package.
    package: &'static str,
}

const PARTS: [Part; 3] = [
    Part {
        variable: "IMPASTO_CHROMIUM",
        programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
        package: "chromium",
    },
    Part { variable: "IMPASTO_CHROMEDRIVER", programs: &["chromedriver"], package: "chromium-driver" },
    Part { variable: "IMPASTO_FIREFOX", programs: &["firefox-esr", "firefox"], package: "firefox-esr" },
];

/// Firefox's WebGPU runs on this where there is no GPU.
const VULKAN_PACKAGE: &str = "mesa-vulkan-drivers";
const VULKAN_DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Brings what is missing, and says where everything is.
///
/// # Errors
/// When something cannot be brought.
pub fn ensure() -> Outcome<Programs> {
    let missing = missing_packages();
    if !missing.is_empty() {
        install(&missing)?;
    }
    if let [first, ..] = missing_packages()[..] {
        return Err(Failure::new(format!("{first} is not there"), BY_HAND));
    }
    tools::ensure(&[Tool::Geckodriver])?;
    let found = PARTS.iter().filter_map(|part| Some((part.variable, find(part.programs)?)));
    Ok(found.chain([("IMPASTO_GECKODRIVER", Tool::Geckodriver.path()?)]).collect())
}

fn missing_packages() -> Vec<&'static str> {
    let parts = PARTS.iter().filter(|part| find(part.programs).is_none()).map(|part| part.package);
    let has_entries = |folder: &&str| Path::new(folder).read_dir().is_ok_and(|mut entries| entries.next().is_some());
    let vulkan = cfg!(target_os = "linux") && !VULKAN_DRIVERS.iter().any(has_entries);
    parts.chain(vulkan.then_some(VULKAN_PACKAGE)).collect()
}

fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    programs
        .iter()
        .flat_map(|program| env::split_paths(&path).map(move |folder| folder.join(format!("{program}{}", env::consts::EXE_SUFFIX))))
        .find(|candidate| candidate.is_file())
}

fn install(packages: &[&str]) -> Outcome {
    if !(Path::new("/etc/debian_version").exists() && is_root()) {
        return Err(Failure::new(format!("the browser tests need {}", packages.join(", ")), BY_HAND));
    }
    process::headline(&format!("Installing {} (about 2 minutes)", packages.join(", ")));
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(io::stderr());
        process::run(&mut apt, BY_HAND)
    };
    apt(&["update", "-q"])?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends"], packages].concat())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_on_the_path_is_found_and_an_unknown_one_is_not() {
        assert!(find(&["no-such-program", "sh"]).is_some_and(|path| path.ends_with("sh")));
        assert_eq!(find(&["no-such-program"]), None);
    }
}
