//! The browsers that the end-to-end tests drive: Chromium and Firefox, each with its driver.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::packages;
use crate::steps::{Step, Steps, Usual};
use crate::tools::{self, Tool};
use harness::failure::{Failure, Outcome};

/// Advice for manual installation, for systems where xtask cannot install packages.
const BY_HAND: &str = "install Chromium with its chromedriver, Firefox, and Mesa's software Vulkan drivers (Debian: chromium, \
                       chromium-driver, firefox-esr, mesa-vulkan-drivers), so that they are on the PATH";

/// Paths of the programs, each with the environment variable that passes it to the tests.
pub type Programs = Vec<(&'static str, PathBuf)>;

/// A program that the tests need and the system's package manager installs.
struct Part {
    /// Environment variable that passes its path to the tests.
    variable: &'static str,
    /// Acceptable program names, best first.
    programs: &'static [&'static str],
    /// Debian package that contains it.
    package: &'static str,
}

const PARTS: [Part; 3] = [
    Part {
        variable: "IMPASTO_CHROMIUM",
        programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
        package: "chromium",
    },
    Part {
        variable: "IMPASTO_CHROMEDRIVER",
        programs: &["chromedriver"],
        package: "chromium-driver",
    },
    Part {
        variable: "IMPASTO_FIREFOX",
        programs: &["firefox-esr", "firefox"],
        package: "firefox-esr",
    },
];

/// Debian package of Mesa's Vulkan drivers, on which Firefox's WebGPU runs without a GPU.
const VULKAN_PACKAGE: &str = "mesa-vulkan-drivers";
const VULKAN_DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
/// Environment variables that point the Vulkan loader to drivers elsewhere.
const VULKAN_VARIABLES: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// Installs the missing programs and returns the paths of all.
///
/// # Errors
/// When a program cannot be installed.
pub fn ensure(steps: &mut Steps) -> Outcome<Programs> {
    bring(missing_packages, install, steps)?;
    let geckodriver = Tool::Geckodriver.ensure(steps)?;
    tools::tidy_up()?;
    let found = PARTS.iter().filter_map(|part| Some((part.variable, find(part.programs)?)));
    Ok(found.chain([("IMPASTO_GECKODRIVER", geckodriver.path)]).collect())
}

/// Installs a Vulkan driver if none is present. The engine's own tests need one, like Firefox.
///
/// # Errors
/// When none can be installed.
pub fn ensure_vulkan(steps: &mut Steps) -> Outcome {
    bring(|| missing_vulkan().into_iter().collect(), install, steps)
}

/// Installs the `missing` packages, and checks that none is missing afterwards.
fn bring(
    missing: impl Fn() -> Vec<&'static str>,
    install: impl FnOnce(&[&str]) -> Outcome,
    steps: &mut Steps,
) -> Outcome {
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    let about = format!("Install {}", packages.join(", "));
    steps.run(Step { name: "packages", about: &about, usual: Usual::Run(1) }, |_| {
        install(&packages)
    })?;
    match missing()[..] {
        [] => Ok(()),
        [first, ..] => {
            Err(Failure::new(format!("{first} was installed and does not answer"), BY_HAND))
        }
    }
}

fn missing_packages() -> Vec<&'static str> {
    let parts = PARTS.iter().filter(|part| find(part.programs).is_none()).map(|part| part.package);
    parts.chain(missing_vulkan()).collect()
}

fn missing_vulkan() -> Option<&'static str> {
    let has_entries = |folder: &&str| {
        Path::new(folder).read_dir().is_ok_and(|mut entries| entries.next().is_some())
    };
    let is_there = VULKAN_DRIVERS.iter().any(has_entries)
        || VULKAN_VARIABLES.iter().any(|name| env::var_os(name).is_some());
    (cfg!(target_os = "linux") && !is_there).then_some(VULKAN_PACKAGE)
}

/// Returns the first of `programs` on the `PATH` that runs. An incomplete installation does not.
fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let candidates = |program: &&str| {
        let name = format!("{program}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&path).map(|folder| folder.join(&name)).collect::<Vec<_>>()
    };
    programs.iter().flat_map(candidates).find(|candidate| candidate.is_file() && answers(candidate))
}

fn answers(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn install(packages: &[&str]) -> Outcome {
    if !packages::can_install() {
        return Err(Failure::new(format!("the tests need {}", packages.join(", ")), BY_HAND));
    }
    packages::install(packages, BY_HAND)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_first_program_on_the_path_is_found_and_an_unknown_one_is_not() {
        assert!(find(&["no-such-program", "cargo"]).is_some_and(|path| path.ends_with("cargo")));
        assert_eq!(find(&["no-such-program"]), None);
    }

    #[test]
    fn a_program_that_does_not_answer_is_as_good_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        let half = folder.path().join("half");
        std::fs::write(&half, b"\x7fELF").unwrap();
        assert!(!answers(&half));
        assert!(answers(&find(&["cargo"]).unwrap()));
    }

    #[test]
    fn what_is_missing_is_installed_and_must_answer_then() {
        let folder = tempfile::tempdir().unwrap();
        let mut steps = Steps::recorded_in(folder.path().join("steps.json"));
        bring(Vec::new, |_| panic!("nothing is missing"), &mut steps).unwrap();
        let installed = Cell::new(false);
        let missing = || if installed.get() { Vec::new() } else { vec!["a-browser"] };
        let install = |packages: &[&str]| {
            assert_eq!(packages, ["a-browser"]);
            installed.set(true);
            Ok(())
        };
        bring(missing, install, &mut steps).unwrap();
        assert!(installed.get());
        let vain = bring(|| vec!["a-browser"], |_| Ok(()), &mut steps).unwrap_err().to_string();
        assert!(
            vain.contains("a-browser was installed and does not answer")
                && vain.contains("what to do: install"),
            "{vain}"
        );
    }
}
