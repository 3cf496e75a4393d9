//! Image files to [`Pixels`] and back.
//!
//! ```
//! use impasto::codec;
//! use impasto::pixels::{ImageSize, Pixels};
//!
//! let red = Pixels::new(ImageSize::new(48, 32), [255, 0, 0, 255].repeat(48 * 32)).unwrap();
//! let png = codec::encode_png(&red);
//! assert_eq!(codec::decode(&png).unwrap(), red);
//! assert_eq!(codec::decode_fitted(&png, 36).unwrap().size(), ImageSize::new(36, 24));
//! assert!(codec::decode(b"Dear Sir,").is_err());
//! ```
//!
//! - EXIF orientation is applied; of an animation the first frame is taken; 16-bit samples are
//!   rounded to 8.
//! - Colour profiles are ignored: every picture is taken as sRGB. CMYK is converted as browsers
//!   convert it without its profile.
//! - A file that ends early is refused, though browsers show what there is of it: a run on a half
//!   grey photo is a run wasted.

mod film;
mod format;
mod resize;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, Cursor};

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, ExtendedColorType, GenericImageView, ImageDecoder, ImageEncoder, ImageError,
    ImageReader, Limits,
};
use thiserror::Error;

pub use film::GifFilm;
pub use resize::resize;

use crate::fault::{ForeignFormat, PictureFault, PictureFormat};
use crate::frame;
use crate::pixels::{ImageSize, Pixels, TooSmall};
use format::Kind;

/// Most pixels of a file: above the 108 MP of phone cameras, and at 8 bytes a pixel within the
/// memory of 32-bit WebAssembly.
pub const MAX_PIXELS: u64 = 120_000_000;

/// Most bytes that a decoder may allocate: [`MAX_PIXELS`] of 16-bit RGBA.
const MAX_DECODER_BYTES: u64 = 8 * MAX_PIXELS;

/// Why a file gives no image.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("empty file")]
    Empty,
    /// Neither a format that is read nor one that is known.
    #[error("no known format")]
    NotAPicture,
    /// A format that is known but not read.
    #[error("{0:?} is not read")]
    Foreign(ForeignFormat),
    /// The file ends before its image does.
    #[error("incomplete {format:?}")]
    Truncated {
        /// Its format.
        format: PictureFormat,
        /// The decoder's word, where it has one.
        source: Option<ImageError>,
    },
    /// The file contradicts its format.
    #[error("damaged {format:?}")]
    Damaged {
        /// Its format.
        format: PictureFormat,
        /// The decoder's word.
        source: ImageError,
    },
    /// A variety of the format that the decoder lacks.
    #[error("unsupported kind of {format:?}")]
    Variety {
        /// Its format.
        format: PictureFormat,
        /// The decoder's word.
        source: ImageError,
    },
    /// More than [`MAX_PIXELS`].
    #[error("{}×{} px, of {MAX_PIXELS} in all", .0.width, .0.height)]
    TooLarge(ImageSize),
    /// Too small for the network.
    #[error("too small")]
    TooSmall(#[from] TooSmall),
}

impl DecodeError {
    /// Returns the fault that a person is told.
    pub fn fault(&self) -> PictureFault {
        match *self {
            Self::Empty => PictureFault::Empty,
            Self::NotAPicture => PictureFault::NotAPicture,
            Self::Foreign(format) => PictureFault::Foreign(format),
            Self::Truncated { format, .. } => PictureFault::Truncated(format),
            Self::Damaged { format, .. } => PictureFault::Damaged(format),
            Self::Variety { format, .. } => PictureFault::Variety(format),
            Self::TooLarge(size) => PictureFault::TooLarge { size, most_pixels: MAX_PIXELS },
            Self::TooSmall(_) => PictureFault::TooSmall,
        }
    }

    /// Returns the technical causes, outermost first, in one line; empty if there are none.
    pub fn causes(&self) -> String {
        let mut causes = Vec::new();
        let mut cause = self.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        causes.join(": ")
    }
}

/// Decodes an image file at its own size.
///
/// # Errors
/// [`DecodeError`], but never [`DecodeError::TooSmall`].
pub fn decode(bytes: &[u8]) -> Result<Pixels, DecodeError> {
    let (mut image, orientation) = read(bytes)?;
    image.apply_orientation(orientation);
    Ok(into_pixels(image))
}

/// Decodes an image file at the size of [`ImageSize::fit_for_network`]; large photos are never held
/// as RGBA.
///
/// # Errors
/// [`DecodeError`].
pub fn decode_fitted(bytes: &[u8], edge: u32) -> Result<Pixels, DecodeError> {
    let (image, orientation) = read(bytes)?;
    fitted(image, orientation, edge)
}

fn fitted(
    mut image: DynamicImage,
    orientation: Orientation,
    edge: u32,
) -> Result<Pixels, DecodeError> {
    let given = size_of(&image);
    upright(given, orientation).fit_for_network(edge)?;
    let fitted = given.fit_to_edge(edge);
    if fitted != given {
        image = into_image(resize::resize_view(&image, fitted));
    }
    image.apply_orientation(orientation);
    Ok(into_pixels(image))
}

/// Decodes a painting at the size of [`ImageSize::fit_for_network`], without its frame unless that
/// is kept; also returns whether a frame was cropped.
///
/// # Errors
/// [`DecodeError`].
pub fn decode_painting(
    bytes: &[u8],
    edge: u32,
    keep_frame: bool,
) -> Result<(Pixels, bool), DecodeError> {
    let (image, orientation) = read(bytes)?;
    if !keep_frame && let Some(inside) = without_frame(&image, orientation) {
        let size = inside.size().fit_for_network(edge)?;
        return Ok((resize(&inside, size), true));
    }
    fitted(image, orientation, edge).map(|painting| (painting, false))
}

fn without_frame(image: &DynamicImage, orientation: Orientation) -> Option<Pixels> {
    let mut upright = DynamicImage::from(image.to_rgba8());
    upright.apply_orientation(orientation);
    frame::left_out(&into_pixels(upright))
}

/// Encodes the image as PNG; without alpha if it is opaque.
///
/// # Panics
/// When a side of the picture is 0.
pub fn encode_png(pixels: &Pixels) -> Vec<u8> {
    let ImageSize { width, height } = pixels.size();
    let mut file = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut file);
    let written = if pixels.alpha().is_some() {
        encoder.write_image(pixels.rgba(), width, height, ExtendedColorType::Rgba8)
    } else {
        encoder.write_image(&rgb(pixels), width, height, ExtendedColorType::Rgb8)
    };
    written.expect("a picture of at least one pixel has a PNG form, and memory takes every byte");
    file
}

/// Encodes the image as JPEG of `quality`, 1 to 100, without its alpha.
///
/// # Panics
/// When a side of the picture is 0.
pub fn encode_jpeg(pixels: &Pixels, quality: u8) -> Vec<u8> {
    let ImageSize { width, height } = pixels.size();
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .write_image(&rgb(pixels), width, height, ExtendedColorType::Rgb8)
        .expect("a picture of at least one pixel has a JPEG form, and memory takes every byte");
    file
}

/// Returns the RGB bytes of the pixels.
fn rgb(pixels: &Pixels) -> Vec<u8> {
    let colours = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2]];
    pixels.rgba().chunks_exact(4).flat_map(colours).collect()
}

/// Reads the stored image and its orientation.
fn read(bytes: &[u8]) -> Result<(DynamicImage, Orientation), DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let format = match Kind::of(bytes) {
        Kind::Picture(format) => format,
        Kind::Foreign(format) => return Err(DecodeError::Foreign(format)),
        Kind::Unknown => return Err(DecodeError::NotAPicture),
    };
    // These decoders invent what is missing and report success.
    if matches!(format, PictureFormat::Jpeg | PictureFormat::WebP)
        && format::is_cut_short(format, bytes)
    {
        return Err(DecodeError::Truncated { format, source: None });
    }
    let blame = |error| blame(format, bytes, error);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.into());
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(blame)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(DecodeError::TooLarge(ImageSize::new(width, height)));
    }
    // An image with unreadable EXIF is still an image; browsers show it as stored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(blame)?, orientation))
}

/// Maps a decoder's error to what the person can act on.
fn blame(format: PictureFormat, bytes: &[u8], error: ImageError) -> DecodeError {
    match error {
        ImageError::Unsupported(_) => DecodeError::Variety { format, source: error },
        _ if format::is_cut_short(format, bytes) || ends_early(&error) => {
            DecodeError::Truncated { format, source: Some(error) }
        }
        _ => DecodeError::Damaged { format, source: error },
    }
}

fn ends_early(error: &ImageError) -> bool {
    // `ImageError::IoError` gives the cause of its own `io::Error` as source, never that error
    // itself.
    if let ImageError::IoError(io) = error {
        return io.kind() == io::ErrorKind::UnexpectedEof;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

fn size_of(image: &DynamicImage) -> ImageSize {
    let (width, height) = image.dimensions();
    ImageSize::new(width, height)
}

/// Returns the size after applying the orientation.
fn upright(stored: ImageSize, orientation: Orientation) -> ImageSize {
    match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => stored,
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => ImageSize::new(stored.height, stored.width),
    }
}

fn into_pixels(image: DynamicImage) -> Pixels {
    let size = size_of(&image);
    Pixels::new(size, image.into_rgba8().into_raw())
        .expect("an RGBA image holds 4·width·height bytes")
}

fn into_image(pixels: Pixels) -> DynamicImage {
    let ImageSize { width, height } = pixels.size();
    image::RgbaImage::from_raw(width, height, pixels.into_rgba())
        .expect("Pixels holds 4·width·height bytes")
        .into()
}
