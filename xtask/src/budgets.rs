//! Size budgets for the files that a visitor downloads.

use std::fs;
use std::path::{Path, PathBuf};

use crate::compress::gzip;
use harness::failure::{Context, Failure, Outcome};

/// Size limit for files of the site that are needed together.
struct Budget {
    /// Name in the report.
    name: &'static str,
    /// Prefixes and suffixes of the file names, around the hash.
    files: &'static [(&'static str, &'static str)],
    /// Largest size in bytes after `gzip -9`, the form that a good host sends. 1 KB is 1000 bytes.
    most: u64,
}

const BUDGETS: [Budget; 3] = [
    Budget {
        name: "page",
        files: &[("app-", "_bg.wasm"), ("app-", ".js"), ("style-", ".css")],
        most: 450_000,
    },
    Budget { name: "worker", files: &[("worker-", "_bg.wasm")], most: 3_200_000 },
    Budget { name: "worker-cpu", files: &[("worker-cpu-", "_bg.wasm")], most: 1_900_000 },
];

/// Checks the files in `dist` against their budgets and prints a table.
///
/// # Errors
/// When a file is missing, ambiguous or too large.
pub fn check(dist: &Path) -> Outcome {
    let mut over = Vec::new();
    for budget in &BUDGETS {
        let (plain, size) = measure(dist, budget)?;
        println!(
            "{:<12}{:>8} KB of {:>5} KB gzip ({} KB plain)",
            budget.name,
            size / 1000,
            budget.most / 1000,
            plain / 1000
        );
        if size > budget.most {
            over.push(budget.name);
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("too heavy: {}", over.join(", ")),
        "find what the last change brought in (twiggy, cargo bloat)",
    ))
}

/// Returns the summed sizes of a budget's files, plain and after gzip.
fn measure(dist: &Path, budget: &Budget) -> Outcome<(u64, u64)> {
    let mut sizes = (0, 0);
    for (prefix, suffix) in budget.files {
        let bytes = fs::read(find(dist, prefix, suffix)?)
            .or_fail(|| format!("cannot read the {}", budget.name), "build the site again")?;
        sizes.0 += bytes.len() as u64;
        sizes.1 += gzip(&bytes).len() as u64;
    }
    Ok(sizes)
}

fn find(dist: &Path, prefix: &str, suffix: &str) -> Outcome<PathBuf> {
    let entries = fs::read_dir(dist)
        .or_fail(|| "the site is not built".to_owned(), "run `cargo xtask build`")?;
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
        hash.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let found: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(fits).collect();
    match <[_; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => {
            let headline =
                format!("the site has {} files {prefix}…{suffix} instead of one", found.len());
            Err(Failure::new(headline, "remove dist/ and run `cargo xtask build`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns incompressible bytes, from a multiplicative congruential generator.
    fn noise(length: usize) -> Vec<u8> {
        let next = |state: &mut u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            Some(state.to_be_bytes()[0])
        };
        std::iter::repeat_with(|| ()).scan(1, |state, ()| next(state)).take(length).collect()
    }

    fn site(app: &[u8]) -> tempfile::TempDir {
        let dist = tempfile::tempdir().unwrap();
        fs::write(dist.path().join("app-00_bg.wasm"), app).unwrap();
        fs::write(dist.path().join("app-00.js"), noise(50_000)).unwrap();
        fs::write(dist.path().join("style-00.css"), noise(50_000)).unwrap();
        fs::write(dist.path().join("worker-00_bg.wasm"), b"").unwrap();
        fs::write(dist.path().join("worker-cpu-00_bg.wasm"), b"").unwrap();
        dist
    }

    #[test]
    fn budgets_are_held_against_compressed_sizes() {
        check(site(&vec![0; 500_000]).path()).unwrap();
        check(site(&noise(349_000)).path()).unwrap();
        let error = check(site(&noise(351_000)).path()).unwrap_err();
        assert!(error.to_string().contains("too heavy: page"), "{error}");
    }

    #[test]
    fn missing_and_doubled_files_are_errors() {
        let dist = site(b"");
        fs::write(dist.path().join("app-01_bg.wasm"), b"").unwrap();
        assert!(check(dist.path()).unwrap_err().to_string().contains("2 files app-"));
        assert!(
            check(tempfile::tempdir().unwrap().path())
                .unwrap_err()
                .to_string()
                .contains("0 files app-")
        );
    }
}
