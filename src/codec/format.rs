//! Tells files apart by their first bytes; names are unreliable.

use image::ImageFormat;

use crate::fault::{ForeignFormat, PictureFormat};

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It can be decoded.
    Picture(PictureFormat),
    /// It is known, and cannot be decoded.
    Foreign(ForeignFormat),
    /// An unknown format.
    Unknown,
}

impl From<PictureFormat> for ImageFormat {
    fn from(format: PictureFormat) -> Self {
        match format {
            PictureFormat::Bmp => Self::Bmp,
            PictureFormat::Gif => Self::Gif,
            PictureFormat::Jpeg => Self::Jpeg,
            PictureFormat::Png => Self::Png,
            PictureFormat::Tiff => Self::Tiff,
            PictureFormat::WebP => Self::WebP,
        }
    }
}

impl Kind {
    /// Determines the kind by the first bytes of a file.
    pub fn of(bytes: &[u8]) -> Self {
        if let Some(raw) = camera_raw(bytes) {
            return Self::Foreign(raw);
        }
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Self::Picture(PictureFormat::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => {
                Self::Picture(PictureFormat::Png)
            }
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Picture(PictureFormat::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
                Self::Picture(PictureFormat::WebP)
            }
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => {
                Self::Picture(PictureFormat::Tiff)
            }
            [b'B', b'M', ..] => Self::Picture(PictureFormat::Bmp),
            _ => foreign(bytes).map_or(Self::Unknown, Self::Foreign),
        }
    }
}

fn foreign(bytes: &[u8]) -> Option<ForeignFormat> {
    match bytes {
        // ISO base media: the brand of the `ftyp` box tells still pictures from videos.
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => Some(match brand.get(..4)? {
            b"avif" | b"avis" => ForeignFormat::Avif,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
                ForeignFormat::Heic
            }
            b"crx " => ForeignFormat::CameraRaw,
            _ => ForeignFormat::Video,
        }),
        [0x1A, 0x45, 0xDF, 0xA3, ..]
        | [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', ..] => Some(ForeignFormat::Video),
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some(ForeignFormat::JpegXl),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(ForeignFormat::Pdf),
        [b'8', b'B', b'P', b'S', ..] => Some(ForeignFormat::Photoshop),
        _ => markup(bytes).or_else(|| image::guess_format(bytes).ok().map(|_| ForeignFormat::Rare)),
    }
}

/// SVG and HTML have no magic number: their first element, after declarations and comments, names
/// them.
fn markup(bytes: &[u8]) -> Option<ForeignFormat> {
    const LOOK_AT: usize = 1024;
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOK_AT)]).to_ascii_lowercase();
    let start = start.trim_start_matches('\u{FEFF}').trim_start();
    if !start.starts_with('<') {
        return None;
    }
    if start.contains("<svg") && !start.contains("<html") {
        return Some(ForeignFormat::Svg);
    }
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| start.contains(tag))
        .then_some(ForeignFormat::WebPage)
}

/// Raw files with a magic number of their own, and those that are TIFFs whose first picture is only
/// a thumbnail (DNG, NEF, ARW): read as a TIFF, these would give the thumbnail.
fn camera_raw(bytes: &[u8]) -> Option<ForeignFormat> {
    let own_magic = bytes.starts_with(b"FUJIFILMCCD-RAW")
        || bytes.starts_with(b"IIRO")
        || bytes.starts_with(b"IIRS")
        || bytes.starts_with(b"IIU\0")
        || (bytes.starts_with(b"II*\0") && bytes.get(8..10) == Some(b"CR"));
    (own_magic || first_tiff_picture_is_reduced(bytes) == Some(true))
        .then_some(ForeignFormat::CameraRaw)
}

/// Whether the first directory of a classic TIFF has bit 0 of `NewSubfileType` set: "a
/// reduced-resolution version of another image in this TIFF file" (TIFF 6.0, section 8). `None`
/// when there is no such directory or tag.
fn first_tiff_picture_is_reduced(bytes: &[u8]) -> Option<bool> {
    const NEW_SUBFILE_TYPE: u32 = 254;
    const ENTRY_BYTES: usize = 12;
    let little_endian = match bytes.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let number = |at: usize, length: usize| {
        let field = bytes.get(at..at.checked_add(length)?)?;
        let join = |number: u32, byte: &u8| (number << 8) | u32::from(*byte);
        Some(if little_endian {
            field.iter().rev().fold(0, join)
        } else {
            field.iter().fold(0, join)
        })
    };
    let directory = number(4, 4)? as usize;
    let entries = number(directory, 2)? as usize;
    let entry = (0..entries)
        .map(|index| directory + 2 + ENTRY_BYTES * index)
        .find(|&entry| number(entry, 2) == Some(NEW_SUBFILE_TYPE))?;
    Some(number(entry + 8, 4)? & 1 == 1)
}

/// Whether the file lacks the end that its format asks for, as far as this shows without decoding.
/// (The decoders of PNG, TIFF and BMP report it themselves.)
pub fn is_cut_short(format: PictureFormat, bytes: &[u8]) -> bool {
    const GIF_TRAILER: u8 = b';';
    const RIFF_HEADER_BYTES: usize = 8;
    match format {
        PictureFormat::Jpeg => !jpeg_reaches_its_end(bytes),
        PictureFormat::Gif => bytes.last() != Some(&GIF_TRAILER),
        PictureFormat::WebP => bytes.get(4..RIFF_HEADER_BYTES).is_none_or(|length| {
            let length =
                length.iter().rev().fold(0, |length, &byte| (length << 8) | usize::from(byte));
            bytes.len() - RIFF_HEADER_BYTES < length
        }),
        PictureFormat::Bmp | PictureFormat::Png | PictureFormat::Tiff => false,
    }
}

/// Whether a JPEG stream runs on to its end marker.
fn jpeg_reaches_its_end(bytes: &[u8]) -> bool {
    /// Markers (ITU T.81, table B.1) without a length: a stuffed zero, fill bytes, TEM, RST0 to
    /// RST7, SOI.
    fn stands_alone(marker: u8) -> bool {
        matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8 | 0xFF)
    }
    const END_OF_IMAGE: u8 = 0xD9;
    let mut at = 0;
    while let Some(pair) = bytes.get(at..at + 2) {
        at += match *pair {
            [0xFF, END_OF_IMAGE] => return true,
            // A fill byte may itself begin the next marker.
            [0xFF, 0xFF] => 1,
            [0xFF, marker] if !stands_alone(marker) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            [0xFF, _] => 2,
            _ => 1,
        };
    }
    false
}
