//! `cargo xtask build`: builds page and workers as a static folder, `dist/`.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::steps::{Step, Steps, Usual};
use crate::tools::{self, Program, Tool};
use crate::{compress, finish, optimise, places, process};
use harness::failure::{Context, Outcome};

/// Public URL of a site that works below any path of any host.
pub const RELATIVE: &str = "./";

/// Cargo's flag for the browser's target.
pub const WASM: &str = "--target=wasm32-unknown-unknown";

/// Files and folders of the checkout from which the site is built. The manifest represents the
/// weights.
const SOURCES: [&str; 9] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "rust-toolchain.toml",
    "src",
    "weights/manifest.json",
    "www",
    "xtask/src",
];

/// A wasm binary of the site. Must agree with www/index.html, which Trunk reads.
struct Binary {
    name: &'static str,
    what: &'static str,
    features: &'static str,
    profile: &'static str,
    /// Rough time to compile it with its dependencies on two cores, minutes.
    minutes: u32,
}

const APP: Binary =
    Binary { name: "app", what: "Compile the page", features: "ui", profile: "web", minutes: 2 };
/// Worker for the GPU. Its link-time optimisation keeps one core busy for minutes.
const WORKER: Binary = Binary {
    name: "worker",
    what: "Compile the worker for the GPU",
    features: "gpu",
    profile: "web",
    minutes: 5,
};
const WORKER_CPU: Binary = Binary {
    name: "worker-cpu",
    what: "Compile the worker for the processor",
    features: "cpu",
    profile: "release",
    minutes: 4,
};

/// Degree of optimisation of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// No optimisation, unless an optimised build exists already. For this machine's own browser.
    Quick,
    /// Optimisation by wasm-opt, if it is available. For visitors.
    Small,
}

/// File in dist that holds the digest of the sources it was built from. A build with the same
/// digest is up to date.
const STAMP: &str = ".sources";

/// Builds the site for `public_url`, and installs the missing tools.
///
/// # Errors
/// When a tool is unavailable or a step of the build fails.
pub fn build(public_url: &str, finish: Finish, steps: &mut Steps) -> Outcome {
    let _lock = lock()?;
    let dist = places::dist();
    let wasm_opt = if finish == Finish::Small { tools::wasm_opt(steps)? } else { None };
    let small = stamp(places::checkout(), public_url, true)?;
    let quick = stamp(places::checkout(), public_url, false)?;
    let built = fs::read_to_string(dist.join(STAMP)).unwrap_or_default();
    if built == small || (built == quick && wasm_opt.is_none()) {
        eprintln!("{} is up to date", dist.display());
        return Ok(());
    }
    make(public_url, wasm_opt.as_ref(), steps)?;
    let stamp = if wasm_opt.is_some() { small } else { quick };
    fs::write(dist.join(STAMP), stamp)
        .or_fail(|| "cannot write to dist/".to_owned(), "check the permissions of dist/")?;
    eprintln!("The site is in {}", dist.display());
    Ok(())
}

/// Rebuilds the site, optimised if `wasm_opt` is given. Removes the old stamp first, so that an
/// interrupted build never counts as complete.
fn make(public_url: &str, wasm_opt: Option<&Program>, steps: &mut Steps) -> Outcome {
    let dist = places::dist();
    tools::ensure_wasm_target(steps)?;
    let trunk = Tool::Trunk.ensure(steps)?;
    let wasm_bindgen = Tool::WasmBindgen.ensure(steps)?;
    tools::tidy_up()?;
    steps.run(APP.step(), |_| APP.compile(Cores::All))?;
    let worker = (WORKER.step(), || WORKER.compile(Cores::All));
    steps.run_both(worker, (WORKER_CPU.step(), || WORKER_CPU.compile(Cores::One)))?;
    if dist.join(STAMP).exists() {
        fs::remove_file(dist.join(STAMP))
            .or_fail(|| "cannot write to dist/".to_owned(), "check the permissions of dist/")?;
    }
    bundle(public_url, &trunk, &wasm_bindgen, steps)?;
    match wasm_opt {
        Some(wasm_opt) => optimise_all(&dist, wasm_opt, steps)?,
        None => finish::finish(&dist, |_, _| Ok(()))?,
    }
    let step = Step {
        name: "compress",
        about: "Compress what hosts can send compressed",
        usual: Usual::Untold,
    };
    steps.run(step, |_| compress::compress(&dist))
}

fn optimise_all(dist: &Path, wasm_opt: &Program, steps: &mut Steps) -> Outcome {
    let step = Step {
        name: "optimise",
        about: "Optimise page and workers with wasm-opt",
        usual: Usual::Build(1),
    };
    steps.run(step, |_| {
        finish::finish(dist, |wasm, name| {
            optimise::optimise(wasm_opt, wasm, name, wasm_opt_level(name))
        })
    })
}

/// Locks the build folder until the result is dropped: concurrent builds would mix their files.
fn lock() -> Outcome<File> {
    let target = places::target();
    let failed = || format!("cannot write to {}", target.display());
    let advice = "check its permissions";
    fs::create_dir_all(&target).or_fail(failed, advice)?;
    let file = File::create(target.join("site.lock")).or_fail(failed, advice)?;
    if file.try_lock().is_err() {
        eprintln!("Waiting for another build to end");
        file.lock().or_fail(failed, advice)?;
    }
    Ok(file)
}

impl Binary {
    fn step(&self) -> Step<'_> {
        Step { name: self.name, about: self.what, usual: Usual::Build(self.minutes) }
    }

    /// Compiles the binary ahead of Trunk, which would compile all at once into one progress
    /// display.
    fn compile(&self, cores: Cores) -> Outcome {
        let Self { name, features, profile, .. } = self;
        let mut cargo = process::cargo();
        cargo.args([
            "build",
            "--locked",
            WASM,
            "--profile",
            profile,
            "--bin",
            name,
            "--features",
            features,
        ]);
        // Concurrent compilations would overwrite each other's progress.
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
        if cores == Cores::One {
            cargo.args(["--jobs", "1"]);
        }
        process::run(&mut cargo, "mend what the compiler says above")
    }
}

/// Number of cores that a compilation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cores {
    All,
    /// One core, beside another step with a long link.
    One,
}

/// Returns wasm-opt's level: speed for the worker that computes on the CPU, size for the others.
fn wasm_opt_level(name: &str) -> &'static str {
    if name == "worker-cpu" { "-O3" } else { "-Oz" }
}

fn bundle(public_url: &str, trunk: &Program, wasm_bindgen: &Program, steps: &mut Steps) -> Outcome {
    let mut trunk = Command::new(&trunk.path);
    trunk.args(["build", "--public-url", public_url]).current_dir(places::checkout());
    trunk.stdout(io::stderr());
    // Trunk takes the first wasm-bindgen on the PATH. This Trunk rejects NO_COLOR=1, which is a
    // common setting.
    let folder = tools::folder_of_its_own(Tool::WasmBindgen, wasm_bindgen)?;
    trunk.env("PATH", tools::search_path([folder])?).env_remove("NO_COLOR");
    let step = Step { name: "bundle", about: "Bundle the site", usual: Usual::Untold };
    steps.run(step, |_| process::run(&mut trunk, "mend what Trunk says above"))
}

/// Returns a digest of the options and of the names and contents of all sources.
fn stamp(checkout: &Path, public_url: &str, optimised: bool) -> Outcome<String> {
    let mut digest = Sha256::new();
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    for part in [public_url, &flags, &optimised.to_string()] {
        digest.update(part);
        digest.update([0]);
    }
    for source in SOURCES {
        add(&mut digest, &checkout.join(source))?;
    }
    Ok(format!("{:x}", digest.finalize()))
}

fn add(digest: &mut Sha256, path: &Path) -> Outcome {
    let advice = "run this in a complete checkout";
    let failed = || format!("cannot read {}", path.display());
    if path.is_dir() {
        let entries = fs::read_dir(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .or_fail(failed, advice)?;
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        return paths.iter().try_for_each(|path| add(digest, path));
    }
    let bytes = fs::read(path).or_fail(failed, advice)?;
    digest.update(path.to_string_lossy().as_bytes());
    digest.update((bytes.len() as u64).to_le_bytes());
    digest.update(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_follows_every_source_and_the_address() {
        let checkout = tempfile::tempdir().unwrap();
        for source in SOURCES {
            let path = checkout.path().join(source);
            let path = if path.extension().is_some() { path } else { path.join("deep/file") };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, source).unwrap();
        }
        let now = |url| stamp(checkout.path(), url, true).unwrap();
        let first = now(RELATIVE);
        assert_eq!(now(RELATIVE), first);
        assert_ne!(now("/below/"), first);
        assert_ne!(stamp(checkout.path(), RELATIVE, false).unwrap(), first);
        fs::write(checkout.path().join("src/deep/file"), "crs").unwrap();
        let changed = now(RELATIVE);
        assert_ne!(changed, first);
        fs::rename(checkout.path().join("src/deep/file"), checkout.path().join("src/deep/other"))
            .unwrap();
        assert_ne!(now(RELATIVE), changed);
    }
}
