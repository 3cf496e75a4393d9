//! Paths of the checkout, the build folders and the per-user cache.

use std::env;
use std::path::{Path, PathBuf};

use harness::failure::{Failure, Outcome};

/// Returns the checkout that this xtask was built from.
///
/// # Panics
/// Never: the manifest's folder has a parent.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies inside the checkout")
}

/// Returns the folder of the built site.
pub fn dist() -> PathBuf {
    checkout().join("dist")
}

/// Returns cargo's target folder.
pub fn target() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty());
    checkout().join(named.unwrap_or_else(|| "target".into()))
}

/// Returns the folder of the committed weights.
pub fn weights() -> PathBuf {
    checkout().join("weights")
}

/// Returns the folder that clones of one user share: `impasto` in `XDG_CACHE_HOME`, by default in
/// `~/.cache`.
///
/// # Errors
/// When the environment names no home.
pub fn cache() -> Outcome<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME")
        .or_else(|| named("HOME").or_else(|| named("USERPROFILE")).map(|home| home.join(".cache")))
        .map(|folder| folder.join("impasto"))
        .ok_or_else(|| {
            Failure::new(
                "there is no place for a cache",
                "set XDG_CACHE_HOME to a folder that you can write to",
            )
        })
}

/// Returns the folder of the pinned tools, one subfolder `<name>-<version>` for each:
/// `IMPASTO_TOOLS`, by default in [`cache`].
///
/// # Errors
/// When the environment sets neither.
pub fn tools() -> Outcome<PathBuf> {
    match env::var_os("IMPASTO_TOOLS").filter(|value| !value.is_empty()) {
        Some(folder) => Ok(folder.into()),
        None => Ok(cache()?.join("tools")),
    }
}
