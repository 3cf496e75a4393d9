//! Reads the reference files.

use std::path::{Path, PathBuf};

use impasto::pixels::ImageSize;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

/// A file of reference arrays.
pub struct Fixture {
    /// Name of the file, for messages.
    pub name: String,
    bytes: Vec<u8>,
}

impl Fixture {
    /// Opens the file at `path`.
    pub fn open(path: &Path) -> Self {
        let bytes =
            std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes }
    }

    /// Returns the values of `key` and their shape; `None` if the file lacks them.
    pub fn get(&self, key: &str) -> Option<(Vec<usize>, Vec<f64>)> {
        let file = SafeTensors::deserialize(&self.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let view = file.tensor(key).ok()?;
        let data = view.data();
        let values = match view.dtype() {
            Dtype::U8 => data.iter().map(|&byte| f64::from(byte)).collect(),
            Dtype::I32 => data
                .as_chunks()
                .0
                .iter()
                .map(|chunk| f64::from(i32::from_le_bytes(*chunk)))
                .collect(),
            Dtype::F32 => data
                .as_chunks()
                .0
                .iter()
                .map(|chunk| f64::from(f32::from_le_bytes(*chunk)))
                .collect(),
            Dtype::F64 => {
                data.as_chunks().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
            }
            other => panic!("{}: {key} is of type {other:?}", self.name),
        };
        Some((view.shape().to_vec(), values))
    }

    /// Returns the values of `key`, which must exist.
    pub fn values(&self, key: &str) -> Vec<f64> {
        self.get(key).unwrap_or_else(|| panic!("{} lacks {key}", self.name)).1
    }

    /// Returns an image of bytes `[H, W, 3]`, as RGB in 0..1.
    #[expect(clippy::cast_possible_truncation, reason = "small sides, and values in 0..1")]
    pub fn picture(&self, key: &str) -> (ImageSize, Vec<f32>) {
        let (shape, values) = self.get(key).unwrap_or_else(|| panic!("{} lacks {key}", self.name));
        let size = ImageSize::new(shape[1] as u32, shape[0] as u32);
        (size, values.iter().map(|&value| (value / 255.0) as f32).collect())
    }
}

/// Returns the project's own folder, and that of `IMPASTO_FIXTURES` if it is set.
pub fn folders() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::iter::once(own).chain(std::env::var_os("IMPASTO_FIXTURES").map(PathBuf::from)).collect()
}

/// Returns all `case_*.safetensors` of a folder, at least one.
pub fn cases(folder: &Path) -> Vec<Fixture> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let is_case = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("case_"))
    };
    let mut files: Vec<PathBuf> = paths.filter(is_case).collect();
    files.sort();
    assert!(!files.is_empty(), "no case in {}", folder.display());
    files.iter().map(|path| Fixture::open(path)).collect()
}
