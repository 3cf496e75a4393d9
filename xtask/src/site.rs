//! `cargo xtask build`: page and worker as a static folder, `dist/`.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::failure::{Context, Outcome};
use crate::steps::{Step, Steps};
use crate::tools::{self, Program, Tool};
use crate::{compress, finish, optimise, places, process};

/// Below any path of any host.
pub const RELATIVE: &str = "./";

/// Of cargo, for what runs in the browser.
pub const WASM: &str = "--target=wasm32-unknown-unknown";

/// Everything the site is made of, files and folders of the checkout. The pack is represented by its manifest.
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

/// A wasm binary of the site. www/index.html says the same to Trunk.
struct Binary {
    name: &'static str,
    what: &'static str,
    features: &'static str,
    profile: &'static str,
    /// Rough time to compile it with its dependencies on two cores.
    minutes: u32,
}

const APP: Binary = Binary { name: "app", what: "Compile the page", features: "ui", profile: "release", minutes: 2 };
/// Its whole-program optimisation keeps one core busy for minutes.
const WORKER: Binary =
    Binary { name: "worker", what: "Compile the worker for the GPU", features: "gpu", profile: "web", minutes: 5 };
const WORKER_CPU: Binary =
    Binary { name: "worker-cpu", what: "Compile the worker for the processor", features: "cpu", profile: "release", minutes: 4 };

/// How much is done to make the site small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// As the compiler leaves it, or smaller where that is there already: for this machine's own use.
    Quick,
    /// Optimised by wasm-opt, where there is a C++ compiler to build that with: for visitors.
    Small,
}

/// File in dist that names the sources it was built from; a build that finds it as it would write it is done.
const STAMP: &str = ".sources";

/// Builds the site for `public_url`, bringing the tools that are missing.
///
/// # Errors
/// When a tool cannot be had or a step of the build fails.
pub fn build(public_url: &str, finish: Finish, steps: &mut Steps) -> Outcome {
    let _lock = lock()?;
    let dist = places::dist();
    let built = fs::read_to_string(dist.join(STAMP)).unwrap_or_default();
    let stamps = [true, false].map(|optimised| stamp(places::checkout(), public_url, optimised));
    let [small, quick] = stamps.into_iter().collect::<Outcome<Vec<_>>>()?.try_into().expect("two went in");
    let optimised = finish == Finish::Small && tools::can_optimise()?;
    if built == small || (built == quick && !optimised) {
        eprintln!("{} is up to date", dist.display());
        return Ok(());
    }
    tools::ensure_wasm_target()?;
    let [trunk, wasm_bindgen] = Tool::BUILD.map(|tool| tool.ensure(steps));
    let (trunk, wasm_bindgen) = (trunk?, wasm_bindgen?);
    let wasm_opt = if optimised { Some(Tool::WasmOpt.ensure(steps)?) } else { None };
    tools::tidy_up()?;
    steps.run(APP.step(), |_| APP.compile())?;
    steps.run_both((WORKER.step(), || WORKER.compile()), (WORKER_CPU.step(), || WORKER_CPU.compile()))?;
    bundle(public_url, &trunk, &wasm_bindgen, steps)?;
    match wasm_opt {
        Some(wasm_opt) => optimise_all(&dist, &wasm_opt, steps)?,
        None => finish::finish(&dist, |_, _| Ok(()))?,
    }
    if finish == Finish::Small && !optimised {
        eprintln!("There is no C++ compiler to build wasm-opt with: the site is larger and slower than it need be.");
    }
    let about = Step { name: "compress", about: "Compress what hosts can send compressed", minutes: None };
    steps.run(about, |_| compress::compress(&dist))?;
    let stamp = if optimised { small } else { quick };
    fs::write(dist.join(STAMP), stamp).or_fail(|| "cannot write to dist/".to_owned(), "check the permissions of dist/")?;
    eprintln!("The site is in {}", dist.display());
    Ok(())
}

fn optimise_all(dist: &Path, wasm_opt: &Program, steps: &mut Steps) -> Outcome {
    let step = Step { name: "optimise", about: "Optimise page and workers with wasm-opt", minutes: Some(3) };
    steps.run(step, |_| finish::finish(dist, |wasm, name| optimise::optimise(wasm_opt, wasm, name, wasm_opt_level(name))))
}

/// Held during a build: two at once in one build folder would mix their files.
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
        Step { name: self.name, about: self.what, minutes: Some(self.minutes) }
    }

    /// Trunk would do it as well, but all at once and into one progress display.
    fn compile(&self) -> Outcome {
        let Self { name, features, profile, .. } = self;
        let mut cargo = process::cargo();
        cargo.args(["build", "--locked", WASM, "--profile", profile, "--bin", name, "--features", features]);
        // Two at once would write over each other's progress.
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
        process::run(&mut cargo, "mend what the compiler says above")
    }
}

/// Speed where everything is computed, size where little is.
fn wasm_opt_level(name: &str) -> &'static str {
    if name == "worker-cpu" { "-O3" } else { "-Oz" }
}

fn bundle(public_url: &str, trunk: &Program, wasm_bindgen: &Program, steps: &mut Steps) -> Outcome {
    let folders = [trunk, wasm_bindgen].map(|tool| tool.path.parent().unwrap_or(Path::new("")).to_owned());
    let mut trunk = Command::new(&trunk.path);
    trunk.args(["build", "--public-url", public_url]).current_dir(places::checkout());
    trunk.stdout(io::stderr());
    // NO_COLOR=1, which many set, is no value that this Trunk understands
    trunk.env("PATH", tools::search_path(folders)?).env_remove("NO_COLOR");
    let step = Step { name: "bundle", about: "Bundle the site", minutes: Some(1) };
    steps.run(step, |_| process::run(&mut trunk, "mend what Trunk says above"))
}

/// A digest of the names and contents of all sources.
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
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).or_fail(failed, advice)?;
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
        fs::rename(checkout.path().join("src/deep/file"), checkout.path().join("src/deep/other")).unwrap();
        assert_ne!(now(RELATIVE), changed);
    }
}
