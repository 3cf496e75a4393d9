//! wasm-opt on a built binary, with a cache: an unchanged binary reuses the last result. Trunk
//! could call wasm-opt, but would do so again for every change of a style sheet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::Program;
use crate::weights::sha256;
use crate::{places, process};
use harness::failure::{Context, Failure, Outcome};

/// WebAssembly features that rustc and wasm-bindgen emit; every browser with SIMD has them.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Replaces the binary by its optimised form. `level` is wasm-opt's: `-Oz` for size, `-O3` for
/// speed.
///
/// # Errors
/// When wasm-opt fails, or when every exported call would run the static constructors.
pub fn optimise(wasm_opt: &Program, wasm: &Path, name: &str, level: &str) -> Outcome {
    let input =
        fs::read(wasm).or_fail(|| format!("the build has no {name}"), "build the site again")?;
    refuse_repeated_constructors(&input, name)?;
    let cached =
        Cached::of(name, &format!("{} {level} {} {FEATURES:?}", sha256(&input), wasm_opt.version));
    if !cached.is_current() {
        eprintln!("    the {name}, {} MB", input.len() / 1_000_000);
        cached.make(|output| run(wasm_opt, wasm, level, output))?;
    }
    fs::copy(&cached.file, wasm)
        .map(drop)
        .or_fail(|| format!("cannot write {}", wasm.display()), "check the permissions of dist/")
}

/// Suffix of the wrapper that the linker puts around an export to run all static constructors on
/// every call.
const WRAPPER: &[u8] = b".command_export";

fn refuse_repeated_constructors(wasm: &[u8], name: &str) -> Outcome {
    if !wasm.windows(WRAPPER.len()).any(|bytes| bytes == WRAPPER) {
        return Ok(());
    }
    let headline = format!("each call into the {name} would run its static constructors again");
    Err(Failure::new(
        headline,
        "call __wasm_call_ctors once in its main, as src/bin/worker.rs does",
    ))
}

fn run(wasm_opt: &Program, wasm: &Path, level: &str, output: &Path) -> Outcome {
    let mut optimiser = Command::new(&wasm_opt.path);
    optimiser.arg(level).args(FEATURES).arg(wasm).arg("-o").arg(output);
    process::run(
        &mut optimiser,
        "xtask/src/optimise.rs must fit the compiler that rust-toolchain.toml names",
    )
}

/// A cached result and the key of its input.
struct Cached {
    file: PathBuf,
    key_file: PathBuf,
    key: String,
}

impl Cached {
    fn of(name: &str, key: &str) -> Self {
        let folder = places::target().join("wasm-opt");
        Self {
            file: folder.join(format!("{name}.wasm")),
            key_file: folder.join(format!("{name}.key")),
            key: key.to_owned(),
        }
    }

    fn is_current(&self) -> bool {
        self.file.exists() && fs::read_to_string(&self.key_file).is_ok_and(|key| key == self.key)
    }

    /// Makes the file, then writes the key, so that an interrupted run leaves no valid entry.
    fn make(&self, make: impl FnOnce(&Path) -> Outcome) -> Outcome {
        let failed = || format!("cannot write {}", self.file.display());
        let advice = "check the permissions of the build folder";
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).or_fail(failed, advice)?;
        }
        fs::write(&self.key_file, "").or_fail(failed, advice)?;
        make(&self.file)?;
        fs::write(&self.key_file, &self.key).or_fail(failed, advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_whose_every_call_runs_the_constructors_is_refused() {
        assert!(refuse_repeated_constructors(b"\0asm alloc.command_expor", "worker").is_ok());
        let refused =
            refuse_repeated_constructors(b"\0asm alloc.command_export free", "worker").unwrap_err();
        assert!(refused.to_string().contains("the worker"), "{refused}");
    }

    #[test]
    fn only_a_whole_result_of_the_same_input_is_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let cached = |key: &str| Cached {
            file: folder.path().join("w"),
            key_file: folder.path().join("k"),
            key: key.to_owned(),
        };
        let write = |output: &Path| fs::write(output, "wasm").or_fail(String::new, "");
        assert!(!cached("one").is_current());
        cached("one").make(write).unwrap();
        assert!(cached("one").is_current() && !cached("two").is_current());
        cached("one").make(|_| Err(Failure::new("", ""))).unwrap_err();
        assert!(!cached("one").is_current());
    }
}
