//! Tools of the build. A fitting version on the PATH is used. Otherwise cargo builds one into a
//! per-user folder that later clones reuse, never into the global cargo bin.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::{Step, Steps, Usual};
use crate::{places, process};
use harness::failure::{Context, Failure, Outcome};

const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// Oldest wasm-opt whose output is known to run, major version. Version 108 mixes up the tables of
/// a module that has two.
const OLDEST_WASM_OPT: u32 = 116;
/// Oldest geckodriver that drives the Firefox of the tests, minor version after 0.
const OLDEST_GECKODRIVER: u32 = 36;

/// A program that cargo can build from crates.io.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Bundler of page, worker and assets.
    Trunk,
    /// Generator of the JavaScript side of a wasm binary.
    WasmBindgen,
    /// Optimiser of wasm for size and speed.
    WasmOpt,
    /// Driver of Firefox in tests.
    Geckodriver,
}

/// An installed tool that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Path of the executable.
    pub path: PathBuf,
    /// Version that it reports.
    pub version: String,
}

impl Tool {
    /// Returns the name of the program and of its folder.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Trunk => "trunk",
            Self::WasmBindgen => "wasm-bindgen",
            Self::WasmOpt => "wasm-opt",
            Self::Geckodriver => "geckodriver",
        }
    }

    const fn package(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen-cli",
            other => other.program(),
        }
    }

    /// Returns the version to build if none fits.
    fn built_version(self) -> Outcome<String> {
        Ok(match self {
            Self::Trunk => "0.21.14".to_owned(),
            Self::WasmBindgen => locked_version(&lock_file()?, "wasm-bindgen")?,
            Self::WasmOpt => "0.116.1".to_owned(),
            Self::Geckodriver => "0.37.1".to_owned(),
        })
    }

    /// Returns whether `version` is acceptable. Trunk must be the version in Trunk.toml, and
    /// wasm-bindgen that of the library; the others may be newer.
    fn fits(self, version: &str) -> Outcome<bool> {
        let major = |text: &str| text.split('.').next().and_then(|part| part.parse::<u32>().ok());
        let minor = |text: &str| text.split('.').nth(1).and_then(|part| part.parse::<u32>().ok());
        Ok(match self {
            Self::Trunk | Self::WasmBindgen => version == self.built_version()?,
            Self::WasmOpt => major(version) >= Some(OLDEST_WASM_OPT),
            Self::Geckodriver => {
                (major(version), minor(version)) >= (Some(0), Some(OLDEST_GECKODRIVER))
            }
        })
    }

    /// Returns the flags for `cargo install`. wasm-bindgen is built without its lock file, which
    /// names a crate version that registries may lack. Default features are off where they add TLS,
    /// because no tool needs network access (Trunk, wasm-bindgen), or debug information (wasm-opt).
    const fn install_flags(self) -> &'static [&'static str] {
        match self {
            Self::Trunk | Self::WasmOpt => &["--locked", "--no-default-features"],
            Self::WasmBindgen => &["--no-default-features", "--bin", "wasm-bindgen"],
            Self::Geckodriver => &["--locked"],
        }
    }

    /// Returns the optimisation level. Trunk and geckodriver mostly wait for other programs, so
    /// their build time matters more than their speed.
    const fn optimisation(self) -> &'static str {
        match self {
            Self::Trunk | Self::Geckodriver => "0",
            Self::WasmBindgen | Self::WasmOpt => "1",
        }
    }

    /// Returns the rough build time on two cores.
    const fn usual(self) -> Usual {
        Usual::Build(match self {
            Self::Trunk => 2,
            Self::WasmOpt => 4,
            Self::WasmBindgen | Self::Geckodriver => 1,
        })
    }

    fn folder(self) -> Outcome<PathBuf> {
        Ok(places::tools()?.join(format!("{}-{}", self.program(), self.built_version()?)))
    }

    /// Returns the installed program, if it runs and its version fits. Prefers the one that xtask
    /// built to any on the `PATH`.
    ///
    /// # Errors
    /// When the folder for tools or the version to build is unknown.
    pub fn find(self) -> Outcome<Option<Program>> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        self.find_in([self.folder()?.join("bin")].into_iter().chain(env::split_paths(&inherited)))
    }

    /// Returns the first program in `folders` that runs and fits.
    fn find_in(self, folders: impl Iterator<Item = PathBuf>) -> Outcome<Option<Program>> {
        let name = format!("{}{}", self.program(), env::consts::EXE_SUFFIX);
        for path in folders.map(|folder| folder.join(&name)).filter(|path| path.is_file()) {
            if let Some(version) = version_of(&path)
                && self.fits(&version)?
            {
                return Ok(Some(Program { path, version }));
            }
        }
        Ok(None)
    }

    /// Returns the program, and builds it if none fits.
    ///
    /// # Errors
    /// When it cannot be built, or does not run afterwards.
    pub fn ensure(self, steps: &mut Steps) -> Outcome<Program> {
        if let Some(program) = self.find()? {
            return Ok(program);
        }
        let about =
            format!("Build {} {}, once for this user", self.program(), self.built_version()?);
        steps.run(Step { name: self.program(), about: &about, usual: self.usual() }, |_| {
            self.install()
        })?;
        self.find()?.ok_or_else(|| {
            let headline = format!("{} was built and does not answer", self.program());
            Failure::new(
                headline,
                format!("remove {} and try again", self.folder().unwrap_or_default().display()),
            )
        })
    }

    /// Installs the program with cargo, which resumes an interrupted build and puts only a complete
    /// program in place. `--force` replaces an installed one that does not run.
    fn install(self) -> Outcome {
        let mut cargo = process::cargo();
        cargo
            .args(["install", "--force", self.package(), "--version", &self.built_version()?])
            .args(self.install_flags());
        cargo.arg("--root").arg(self.folder()?).arg("--target-dir").arg(scratch()?);
        // Trunk's own profile enables link-time optimisation, which doubles the build time and
        // gains nothing here.
        cargo
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.optimisation());
        // Prevents cargo's advice to add the folder to the PATH.
        cargo.env("PATH", search_path([self.folder()?.join("bin")])?);
        process::run(
            &mut cargo,
            "check that crates.io can be reached and that a C and C++ compiler is installed, then \
             try again",
        )
    }
}

/// Returns the folder where the tools are built. They share it, so that common dependencies are
/// compiled once. [`tidy_up`] removes it.
fn scratch() -> Outcome<PathBuf> {
    Ok(places::tools()?.join("build"))
}

/// Removes the build files of the tools, unless another clone is building there: cargo locks the
/// folder of a profile.
///
/// # Errors
/// When it cannot be removed.
pub fn tidy_up() -> Outcome {
    let scratch = scratch()?;
    let is_idle = File::open(scratch.join("release/.cargo-lock"))
        .map_or(true, |lock| lock.try_lock().is_ok());
    if !scratch.exists() || !is_idle {
        return Ok(());
    }
    fs::remove_dir_all(&scratch)
        .or_fail(|| format!("cannot tidy up {}", scratch.display()), "remove it by hand")
}

/// Returns wasm-opt, and builds it if none fits; `None` without a C++ compiler to build it. Without
/// wasm-opt the site is larger and slower, but otherwise the same.
///
/// # Errors
/// When it cannot be built.
pub fn wasm_opt(steps: &mut Steps) -> Outcome<Option<Program>> {
    if Tool::WasmOpt.find()?.is_none() && !has_cpp_compiler() {
        eprintln!(
            "There is no C++ compiler to build wasm-opt with: the site is larger and slower than \
             it need be."
        );
        return Ok(None);
    }
    let program = Tool::WasmOpt.ensure(steps)?;
    tidy_up()?;
    Ok(Some(program))
}

fn has_cpp_compiler() -> bool {
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    compiler.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Creates a folder with `program` alone, for the front of the `PATH`.
///
/// # Errors
/// When it cannot be written.
pub fn folder_of_its_own(tool: Tool, program: &Program) -> Outcome<PathBuf> {
    let folder = places::target().join("path");
    let place = folder.join(format!("{}{}", tool.program(), env::consts::EXE_SUFFIX));
    let copied = fs::create_dir_all(&folder).and_then(|()| fs::copy(&program.path, &place));
    copied.or_fail(
        || format!("cannot write {}", place.display()),
        "check the permissions of the build folder",
    )?;
    Ok(folder)
}

/// Returns the version in the output of `--version`, `NAME [version] 1.2.3 …`; `None` if the
/// program does not run, for example because it is incomplete.
fn version_of(path: &Path) -> Option<String> {
    let output = Command::new(path).arg("--version").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let is_version = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    if output.status.success() {
        text.split_whitespace().find(is_version).map(str::to_owned)
    } else {
        None
    }
}

/// Returns the `PATH` with `folders` in front.
///
/// # Errors
/// When a folder's name cannot be part of a `PATH`.
pub fn search_path(folders: impl IntoIterator<Item = PathBuf>) -> Outcome<std::ffi::OsString> {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let all = folders.into_iter().chain(env::split_paths(&inherited));
    env::join_paths(all).or_fail(
        || "a tool's folder cannot be on the PATH".to_owned(),
        "set IMPASTO_TOOLS to a plainer path",
    )
}

/// Installs the wasm target if rustc lacks it.
///
/// # Errors
/// When rustup cannot add it.
pub fn ensure_wasm_target(steps: &mut Steps) -> Outcome {
    let advice =
        "install rustup (https://rustup.rs) and run `rustup target add wasm32-unknown-unknown`";
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .current_dir(places::checkout())
        .stderr(Stdio::inherit());
    let output = rustc.output().or_fail(|| "cannot run rustc".to_owned(), advice)?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    let step = Step {
        name: "wasm target",
        about: "Add the wasm target to the Rust toolchain",
        usual: Usual::Run(1),
    };
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM_TARGET]).current_dir(places::checkout());
    steps.run(step, |_| process::run(&mut rustup, advice))
}

fn lock_file() -> Outcome<String> {
    let path = places::checkout().join("Cargo.lock");
    fs::read_to_string(&path)
        .or_fail(|| format!("cannot read {}", path.display()), "restore it from the repository")
}

/// Returns the version of `package` in the text of a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Outcome<String> {
    let name = format!("name = \"{package}\"");
    lock.split("[[package]]")
        .find(|entry| entry.lines().any(|line| line == name))
        .and_then(|entry| {
            entry.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        })
        .map(str::to_owned)
        .ok_or_else(|| {
            Failure::new(
                format!("Cargo.lock does not name {package}"),
                "restore it from the repository",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.99"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = [
 "wasm-bindgen-macro",
]
"#;

    #[test]
    fn the_version_is_that_of_the_very_package() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").unwrap(), "0.2.130");
        assert!(locked_version(LOCK, "bindgen").is_err());
        assert!(locked_version(LOCK, "wasm-bindgen-macro").is_err());
    }

    #[test]
    fn tools_come_before_what_is_on_the_path() {
        let path = search_path([PathBuf::from("/of/tools")]).unwrap();
        assert_eq!(env::split_paths(&path).next().unwrap(), Path::new("/of/tools"));
    }

    #[test]
    fn a_version_fits_where_it_is_the_pinned_one_or_may_be_newer() {
        assert!(Tool::Trunk.fits("0.21.14").unwrap() && !Tool::Trunk.fits("0.22.1").unwrap());
        let library = Tool::WasmBindgen.built_version().unwrap();
        assert!(
            Tool::WasmBindgen.fits(&library).unwrap() && !Tool::WasmBindgen.fits("0.2.1").unwrap()
        );
        assert!(
            Tool::WasmOpt.fits("116").unwrap()
                && Tool::WasmOpt.fits("132").unwrap()
                && !Tool::WasmOpt.fits("108").unwrap()
        );
        assert!(
            Tool::Geckodriver.fits("1.0.0").unwrap() && !Tool::Geckodriver.fits("0.30.0").unwrap()
        );
        for tool in [Tool::Trunk, Tool::WasmBindgen, Tool::WasmOpt, Tool::Geckodriver] {
            assert!(!tool.fits("nonsense").unwrap(), "{tool:?}");
            // wasm-opt reports Binaryen's version, 116, which is the minor version of its crate.
            let built = tool.built_version().unwrap().replacen("0.116", "116", 1);
            assert!(tool.fits(&built).unwrap(), "{tool:?}: what is built must fit");
        }
    }

    /// Creates a program that prints `text` and exits with `status`.
    #[cfg(unix)]
    fn program(folder: &Path, name: &str, text: &str, status: u8) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{text}'\nexit {status}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[cfg(unix)]
    #[test]
    fn the_first_whole_program_of_a_version_that_fits_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let put = |folder: &str, text, status| {
            fs::create_dir(root.path().join(folder)).unwrap();
            program(&root.path().join(folder), "geckodriver", text, status)
        };
        put("old", "geckodriver 0.30.0", 0);
        put("broken", "geckodriver 0.37.1", 1);
        let fitting = put("fitting", "geckodriver 0.36.0", 0);
        put("later", "geckodriver 0.37.1", 0);
        let found = |folders: &[&str]| {
            Tool::Geckodriver
                .find_in(folders.iter().map(|folder| root.path().join(folder)))
                .unwrap()
        };
        let taken = found(&["none", "old", "broken", "fitting", "later"]).unwrap();
        assert_eq!((taken.path, taken.version.as_str()), (fitting, "0.36.0"));
        assert_eq!(found(&["old", "broken"]), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_version_is_told_by_a_whole_program_alone() {
        let folder = tempfile::tempdir().unwrap();
        let say = |text, status| version_of(&program(folder.path(), "tool", text, status));
        assert_eq!(say("trunk 0.21.14", 0).as_deref(), Some("0.21.14"));
        assert_eq!(say("wasm-opt version 116 (version_116)", 0).as_deref(), Some("116"));
        assert_eq!(say("geckodriver 0.37.1 ( 2026-01-01 12:00)", 0).as_deref(), Some("0.37.1"));
        assert_eq!(say("trunk 0.21.14", 1), None);
        assert_eq!(say("", 0), None);
        let half = folder.path().join("half");
        fs::write(&half, b"\x7fELF").unwrap();
        assert_eq!(version_of(&half), None);
    }
}
