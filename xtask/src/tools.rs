//! The pinned tools: built once by cargo into a per-user folder that later clones reuse, never into the global cargo bin.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Context, Failure, Outcome};
use crate::{places, process};

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A program that cargo can build from crates.io.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Bundles page, worker and assets.
    Trunk,
    /// Makes the JavaScript side of a wasm binary.
    WasmBindgen,
    /// Makes wasm smaller and faster.
    WasmOpt,
    /// Drives Firefox in tests.
    Geckodriver,
}

impl Tool {
    /// What a build of the site cannot do without.
    pub const BUILD: [Self; 2] = [Self::Trunk, Self::WasmBindgen];

    /// Name of the program and of its folder.
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

    /// The pinned version; wasm-bindgen's must equal that of the library.
    fn version(self) -> Outcome<String> {
        Ok(match self {
            Self::Trunk => "0.21.14".to_owned(),
            Self::WasmBindgen => locked_version(&lock_file()?, "wasm-bindgen")?,
            Self::WasmOpt => "0.116.1".to_owned(),
            Self::Geckodriver => "0.37.1".to_owned(),
        })
    }

    /// Flags for `cargo install`. wasm-bindgen's own lock file names a crate version that registries may lack.
    const fn install_flags(self) -> &'static [&'static str] {
        match self {
            Self::Trunk => &["--locked", "--no-default-features", "--features", "rustls"],
            Self::WasmBindgen => &[],
            Self::WasmOpt | Self::Geckodriver => &["--locked"],
        }
    }

    /// Trunk and geckodriver wait for others most of the time: building them quickly matters more than their speed.
    const fn optimisation(self) -> &'static str {
        match self {
            Self::Trunk | Self::Geckodriver => "1",
            Self::WasmBindgen | Self::WasmOpt => "3",
        }
    }

    /// Rough time to build it on two cores.
    const fn minutes(self) -> u32 {
        match self {
            Self::Trunk | Self::WasmOpt => 6,
            Self::WasmBindgen => 3,
            Self::Geckodriver => 2,
        }
    }

    fn folder(self) -> Outcome<PathBuf> {
        Ok(places::tools()?.join(format!("{}-{}", self.program(), self.version()?)))
    }

    /// Where the program lies once it is installed.
    ///
    /// # Errors
    /// When there is no place for tools, or no version for this one.
    pub fn path(self) -> Outcome<PathBuf> {
        Ok(self.folder()?.join("bin").join(format!("{}{}", self.program(), env::consts::EXE_SUFFIX)))
    }

    fn install(self, scratch: &Path) -> Outcome {
        let version = self.version()?;
        process::headline(&format!("Building {} {version}, once for this user: about {} minutes", self.program(), self.minutes()));
        let mut cargo = process::cargo();
        cargo.args(["install", self.package(), "--version", &version]).args(self.install_flags());
        cargo.arg("--root").arg(self.folder()?).arg("--target-dir").arg(scratch);
        // trunk's own profile asks for whole-program optimisation, which doubles the time and gains nothing here
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.optimisation());
        cargo.env("PATH", search_path(&[self])?); // else cargo advises to add the folder there
        process::run(&mut cargo, "check that crates.io can be reached and that a C and C++ compiler is installed, then try again")
    }
}

/// Brings those of `tools` that are missing.
///
/// # Errors
/// When one cannot be built.
pub fn ensure(tools: &[Tool]) -> Outcome {
    let scratch = places::tools()?.join("build");
    let mut any = false;
    for &tool in tools {
        if !tool.path()?.exists() {
            tool.install(&scratch)?;
            any = true;
        }
    }
    if !any {
        return Ok(());
    }
    fs::remove_dir_all(&scratch).or_fail(|| format!("cannot tidy up {}", scratch.display()), "remove it by hand")
}

/// Whether wasm-opt is there or can be built: it alone needs a C++ compiler. Without it the site is larger, not otherwise other.
///
/// # Errors
/// When there is no place for tools.
pub fn can_optimise() -> Outcome<bool> {
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    let mut answers = || compiler.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    Ok(Tool::WasmOpt.path()?.exists() || answers())
}

/// The `PATH` on which `tools` come first.
///
/// # Errors
/// When there is no place for tools.
pub fn search_path(tools: &[Tool]) -> Outcome<std::ffi::OsString> {
    let folders = tools.iter().map(|tool| Ok(tool.folder()?.join("bin"))).collect::<Outcome<Vec<_>>>()?;
    let inherited = env::var_os("PATH").unwrap_or_default();
    let all = folders.into_iter().chain(env::split_paths(&inherited));
    env::join_paths(all).or_fail(|| "a tool's folder cannot be on the PATH".to_owned(), "set IMPASTO_TOOLS to a plainer path")
}

/// Brings the wasm target where rustc lacks it.
///
/// # Errors
/// When rustup cannot add it.
pub fn ensure_wasm_target() -> Outcome {
    let advice = "install rustup (https://rustup.rs) and run `rustup target add wasm32-unknown-unknown`";
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]).current_dir(places::checkout()).stderr(Stdio::inherit());
    let output = rustc.output().or_fail(|| "cannot run rustc".to_owned(), advice)?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    process::headline("Adding the wasm target to the Rust toolchain");
    process::run(Command::new("rustup").args(["target", "add", WASM_TARGET]).current_dir(places::checkout()), advice)
}

fn lock_file() -> Outcome<String> {
    let path = places::checkout().join("Cargo.lock");
    fs::read_to_string(&path).or_fail(|| format!("cannot read {}", path.display()), "restore it from the repository")
}

/// The version of `package` in the text of a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Outcome<String> {
    let name = format!("name = \"{package}\"");
    lock.split("[[package]]")
        .find(|entry| entry.lines().any(|line| line == name))
        .and_then(|entry| entry.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"')))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("Cargo.lock does not name {package}"), "restore it from the repository"))
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
        let path = search_path(&[Tool::Trunk]).unwrap();
        let first = env::split_paths(&path).next().unwrap();
        assert_eq!(Tool::Trunk.path().unwrap().parent(), Some(&*first));
    }
}
