//! Compressed copies of the site's files, which capable hosts (nginx's `gzip_static`, Caddy's
//! `precompressed`, our own server) send instead.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use harness::failure::{Context, Outcome};

/// Extensions of files that compress well. The weights are excluded: gzip saves only a tenth, and
/// an interrupted download can resume only if the bytes are sent uncompressed.
const ENDINGS: [&str; 5] = ["css", "html", "js", "svg", "wasm"];

/// Writes `<name>.gz` beside each file in `folder`, recursively, if compression makes it smaller.
///
/// # Errors
/// When a file cannot be read or written.
pub fn compress(folder: &Path) -> Outcome {
    let advice = "check the permissions of dist/";
    let failed = |path: &Path| format!("cannot compress {}", path.display());
    let entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .or_fail(|| failed(folder), advice)?;
    for path in entries.into_iter().map(|entry| entry.path()) {
        if path.is_dir() {
            compress(&path)?;
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
        {
            let bytes = fs::read(&path).or_fail(|| failed(&path), advice)?;
            let compressed = gzip(&bytes);
            if compressed.len() < bytes.len() {
                fs::write(path.with_added_extension("gz"), compressed)
                    .or_fail(|| failed(&path), advice)?;
            }
        }
    }
    Ok(())
}

/// Compresses `bytes` with gzip at its highest level.
///
/// # Panics
/// Never: writing to memory cannot fail.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes all that is written")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn files_that_gain_get_a_twin_that_unpacks_to_them() {
        let root = tempfile::tempdir().unwrap();
        let text = "the same again and again; ".repeat(99);
        fs::create_dir(root.path().join("deep")).unwrap();
        for name in ["app.js", "deep/app.wasm", "weights.safetensors"] {
            fs::write(root.path().join(name), &text).unwrap();
        }
        fs::write(root.path().join("tiny.css"), "a").unwrap();
        compress(root.path()).unwrap();
        for name in ["app.js.gz", "deep/app.wasm.gz"] {
            let mut unpacked = String::new();
            GzDecoder::new(fs::File::open(root.path().join(name)).unwrap())
                .read_to_string(&mut unpacked)
                .unwrap();
            assert_eq!(unpacked, text, "{name}");
        }
        assert!(
            !root.path().join("weights.safetensors.gz").exists()
                && !root.path().join("tiny.css.gz").exists()
        );
    }
}
