//! Repaints a photo in the manner of a painting: the engine from its front door.
//!
//! ```sh
//! cargo run --features engine --example stylize photo.jpg painting.jpg result.png
//! ```

use std::error::Error;
use std::rc::Rc;

use impasto::codec;
use impasto::engine::weights::{ChannelMeans, Weights};
use impasto::engine::{Pictures, StyleTransfer, Vgg19, device};
use impasto::recipe::Recipe;
use pollster::block_on;

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [photo, painting, result] = files.as_slice() else {
        return Err("usage: stylize PHOTO PAINTING RESULT.png".into());
    };
    let recipe = Recipe { size: 96, steps: 20, ..Recipe::default() };
    let photo = codec::decode_fitted(&std::fs::read(photo)?, recipe.size)?;
    let edge = recipe.style_edge(photo.size().long_edge());
    let painting = codec::decode_fitted(&std::fs::read(painting)?, edge)?;

    let open = device::open_cpu()?;
    let vgg = Vgg19::new(Weights::committed(), &ChannelMeans::built_in(), &open.device);
    let pictures = Pictures::new(photo, vec![painting]);
    let mut transfer =
        StyleTransfer::new(Rc::new(vgg), &pictures, &recipe, open.limits, &open.device)?;
    while !transfer.finished() {
        block_on(transfer.step())?;
    }
    std::fs::write(result, codec::encode_png(&block_on(transfer.pixels())?))?;
    Ok(())
}
