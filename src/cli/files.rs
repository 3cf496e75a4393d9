//! Reads and writes files; each error has the path.

use std::fs;
use std::path::Path;

use super::CliError;
use crate::codec;
use crate::pixels::Pixels;
use crate::recipe::Recipe;

/// Reads the image at `path`, its longer side at most `edge` px.
pub fn open_fitted(path: &Path, edge: u32) -> Result<Pixels, CliError> {
    codec::decode_fitted(&read(path)?, edge)
        .map_err(|error| CliError::Picture(path.to_owned(), error))
}

/// Reads the painting at `path`, its longer side at most `edge` px, without its frame unless
/// `recipe` keeps it. Says so if it crops one.
pub fn open_painting(path: &Path, edge: u32, recipe: &Recipe) -> Result<Pixels, CliError> {
    let (painting, framed) = codec::decode_painting(&read(path)?, edge, recipe.keep_frame)
        .map_err(|error| CliError::Picture(path.to_owned(), error))?;
    if framed {
        eprintln!("{} has a frame, which is left out; --keep-frame keeps it", path.display());
    }
    Ok(painting)
}

/// Reads the image at `path` at its own size.
pub fn open_as_it_is(path: &Path) -> Result<Pixels, CliError> {
    let pixels =
        codec::decode(&read(path)?).map_err(|error| CliError::Picture(path.to_owned(), error))?;
    let size = pixels.size();
    size.fit_for_network(size.long_edge())
        .map_err(|error| CliError::Small(path.to_owned(), error))?;
    Ok(pixels)
}

/// Reads the bytes at `path`.
pub fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|error| CliError::Read(path.to_owned(), error))
}

/// Writes `bytes` to `path`.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|error| CliError::Write(path.to_owned(), error))
}
