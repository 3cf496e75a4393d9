//! Makes a GIF of a run's moments.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::error::RunError;
use super::outbox;
use super::pictures;
use crate::codec::{self, GifFilm};
use crate::fault::Role;
use crate::film;
use crate::pixels::Pixels;
use crate::protocol::{Event, FilmId};

/// Longer side of a GIF at most, px.
const EDGE: u32 = 480;

/// Makes a GIF of `files`, each of them a JPEG, and posts it; posts nothing if `is_off` returns
/// true in between. All images get the size of the last one.
///
/// # Errors
/// [`RunError`] if a file is no image.
pub async fn make(
    id: FilmId,
    files: &[JsValue],
    is_off: impl Fn() -> bool,
) -> Result<(), RunError> {
    let Some(last) = files.last() else { return Ok(()) };
    let size = read(last).await?.size().fit_to_edge(EDGE);
    let mut file = Vec::new();
    let mut film = GifFilm::new(&mut file);
    let of = u32::try_from(files.len()).unwrap_or(u32::MAX);
    for (done, shot) in (0..).zip(film::once_each(files.len())) {
        outbox::post(&Event::Filming { film: id, done, of });
        // Yields, so that commands get here.
        TimeoutFuture::new(0).await;
        if is_off() {
            return Ok(());
        }
        film.push(&codec::resize(&read(&files[shot.moment]).await?, size), shot.for_ms);
    }
    drop(film);
    outbox::post_with_bytes(&Event::Filmed(id), &file);
    Ok(())
}

async fn read(file: &JsValue) -> Result<Pixels, RunError> {
    let blob: &Blob = file
        .dyn_ref()
        .ok_or_else(|| RunError::Unreadable(Role::Earlier, "no file came".to_owned()))?;
    let bytes = pictures::read_file(blob, Role::Earlier).await?;
    codec::decode(&bytes).map_err(|error| RunError::Picture(Role::Earlier, error))
}
