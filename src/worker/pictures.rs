//! Reads the page's image files.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::error::RunError;
use super::outbox;
use crate::codec;
use crate::engine::Pictures;
use crate::fault::{Fault, Role};
use crate::pixels::Pixels;
use crate::protocol::wire::StartFiles;
use crate::protocol::{Event, FileId};
use crate::recipe::Recipe;
use crate::web::message;

/// Tells the page whether a file is an image to work with. Only decoding all of it shows whether it
/// is complete.
pub async fn examine(file: FileId, attachment: Option<&JsValue>) {
    let blob: Option<&Blob> = attachment.and_then(JsCast::dyn_ref);
    let refusal = match blob {
        Some(blob) => read(blob, Role::Chosen, *Recipe::SIZE.end()).await.err(),
        None => Some(RunError::Unreadable(Role::Chosen, "no file came".to_owned())),
    };
    outbox::post(&Event::Examined { file, refusal: refusal.map(|error| error.fault()) });
}

/// Decodes the images of a run at their working sizes.
///
/// # Errors
/// [`RunError`] if a file is missing, unreadable or no image.
pub async fn read_all(attachments: Vec<JsValue>, recipe: &Recipe) -> Result<Pictures, RunError> {
    let missing = || RunError::Unreadable(Role::Content, "no file came".to_owned());
    let StartFiles { photo, earlier, paintings } =
        StartFiles::unpack(attachments).ok_or_else(missing)?;
    let photo = read(&photo, Role::Content, recipe.size).await?;
    let earlier = match earlier {
        Some(file) => {
            let picture = read(&file, Role::Earlier, recipe.size).await?;
            Some(codec::resize(&picture, photo.size()))
        }
        None => None,
    };
    let style_edge = recipe.style_edge(photo.size().long_edge());
    let mut read = Vec::new();
    for file in &paintings {
        let bytes = read_file(file, Role::Style).await?;
        let (painting, framed) = codec::decode_painting(&bytes, style_edge, recipe.keep_frame)
            .map_err(|error| RunError::Picture(Role::Style, error))?;
        if framed {
            outbox::post(&Event::Notice(Fault::FrameLeftOut));
        }
        read.push(painting);
    }
    Ok(Pictures { photo, paintings: read, masks: Vec::new(), earlier })
}

async fn read(file: &Blob, role: Role, edge: u32) -> Result<Pixels, RunError> {
    let bytes = read_file(file, role).await?;
    codec::decode_fitted(&bytes, edge).map_err(|error| RunError::Picture(role, error))
}

/// Returns a file's bytes.
///
/// # Errors
/// [`RunError::Unreadable`].
pub async fn read_file(file: &Blob, role: Role) -> Result<Vec<u8>, RunError> {
    let buffer = JsFuture::from(file.array_buffer())
        .await
        .map_err(|error| RunError::Unreadable(role, message(&error)))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
