//! Measurements: the objective at one image, and the network's channel means over many.

use std::path::Path;

use pollster::block_on;

use super::arguments::{Evaluate, Means};
use super::files::{open_as_it_is, open_fitted, read, write};
use super::{CliError, Painter};
use crate::engine::Array;
use crate::engine::evaluate::evaluate;
use crate::engine::weights::ChannelMeans;
use crate::engine::{ImageTensor, TransferError};
use crate::recipe::FeatureOptions;

/// Longer sides, px, at which the channel means are measured: filters respond differently to near
/// and far.
const MEANS_EDGES: [u32; 3] = [256, 384, 576];

/// Runs `impasto means`.
///
/// # Errors
/// [`CliError`].
pub fn measure_means(args: &Means) -> Result<(), CliError> {
    let mut pictures = Vec::new();
    let painter = Painter::exact(&args.device, &ChannelMeans::built_in())?;
    for path in &args.pictures {
        for edge in MEANS_EDGES {
            pictures.push(ImageTensor::from_pixels(&open_fitted(path, edge)?, &painter.device));
        }
    }
    let means =
        block_on(ChannelMeans::measure(&painter.vgg, &pictures)).map_err(TransferError::from)?;
    write(&args.output, &means.to_bytes())
}

/// Runs `impasto evaluate`.
///
/// # Errors
/// [`CliError`].
pub fn write_evaluation(args: &Evaluate) -> Result<(), CliError> {
    let [content, style, pastiche] =
        [&args.content, &args.style, &args.pastiche].map(|path| open_as_it_is(path));
    let (content, style, pastiche) = (content?, style?, pastiche?);
    if pastiche.size() != content.size() {
        return Err(CliError::Sizes { pastiche: pastiche.size(), content: content.size() });
    }
    let means = args.means.as_deref().map_or_else(|| Ok(ChannelMeans::built_in()), read_means)?;
    let Painter { vgg, device, .. } = Painter::exact(&args.device, &means)?;
    let [content, style, pastiche] =
        [&content, &style, &pastiche].map(|pixels| ImageTensor::from_pixels(pixels, &device));
    let features = FeatureOptions { filters: args.network, ..FeatureOptions::plain(args.pooling) };
    let arrays = block_on(evaluate(&vgg, &content, &style, &pastiche, features))
        .map_err(TransferError::from)?;
    write(&args.output, &Array::to_safetensors(&arrays))
}

fn read_means(path: &Path) -> Result<ChannelMeans, CliError> {
    ChannelMeans::parse(&read(path)?).map_err(|error| CliError::Means(path.to_owned(), error))
}
