//! `cargo xtask build`: page and worker as a static folder, `dist/`.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::failure::{Context, Outcome};
use crate::tools::{self, Tool};
use crate::{compress, finish, optimise, places, process};

/// Below any path of any host.
pub const RELATIVE: &str = "./";

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

const BINARIES: [Binary; 3] = [
    Binary { name: "app", what: "page", features: "ui", profile: "release", minutes: 2 },
    Binary { name: "worker", what: "worker for the GPU", features: "gpu", profile: "web", minutes: 8 },
    Binary { name: "worker-cpu", what: "worker for the processor", features: "cpu", profile: "release", minutes: 5 },
];

/// File in dist that names the sources it was built from; a build that finds it as it would write it is done.
const STAMP: &str = ".sources";

/// Builds the site for `public_url`, bringing the tools that are missing.
///
/// # Errors
/// When a tool cannot be had or a step of the build fails.
pub fn build(public_url: &str) -> Outcome {
    let _lock = lock()?;
    let dist = places::dist();
    let optimised = tools::can_optimise()?;
    let stamp = stamp(places::checkout(), public_url, optimised)?;
    if fs::read_to_string(dist.join(STAMP)).is_ok_and(|built| built == stamp) {
        eprintln!("{} is up to date", dist.display());
        return Ok(());
    }
    tools::ensure_wasm_target()?;
    tools::ensure(&Tool::BUILD)?;
    BINARIES.iter().try_for_each(compile)?;
    bundle(public_url)?;
    if optimised {
        tools::ensure(&[Tool::WasmOpt])?;
        finish::finish(&dist, |wasm, name| optimise::optimise(wasm, name, wasm_opt_level(name)))?;
    } else {
        eprintln!("There is no C++ compiler to build wasm-opt with: the site is larger and slower than it need be.");
        finish::finish(&dist, |_, _| Ok(()))?;
    }
    compress::compress(&dist)?;
    fs::write(dist.join(STAMP), stamp).or_fail(|| "cannot write to dist/".to_owned(), "check the permissions of dist/")?;
    eprintln!("The site is in {}", dist.display());
    Ok(())
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

/// Compiles one of the binaries. Trunk would do it as well, but all at once and into one progress display.
fn compile(binary: &Binary) -> Outcome {
    let Binary { name, what, features, profile, minutes, .. } = binary;
    process::headline(&format!("Compiling the {what} (about {minutes} minutes the first time)"));
    let mut cargo = process::cargo();
    cargo.args([
        "build",
        "--locked",
        "--target=wasm32-unknown-unknown",
        "--profile",
        profile,
        "--bin",
        name,
        "--features",
        features,
    ]);
    process::run(&mut cargo, "mend what the compiler says above")
}

/// Speed where everything is computed, size where little is.
fn wasm_opt_level(name: &str) -> &'static str {
    if name == "worker-cpu" { "-O3" } else { "-Oz" }
}

fn bundle(public_url: &str) -> Outcome {
    process::headline("Bundling");
    let mut trunk = Command::new(Tool::Trunk.path()?);
    trunk.args(["build", "--public-url", public_url]).current_dir(places::checkout());
    trunk.stdout(io::stderr());
    // NO_COLOR=1, which many set, is no value that this Trunk understands
    trunk.env("PATH", tools::search_path(&Tool::BUILD)?).env_remove("NO_COLOR");
    process::run(&mut trunk, "mend what Trunk says above")
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
