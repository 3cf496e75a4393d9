//! `cargo xtask samples`: paints the page's sample paintings, so that they are the project's own.
//!
//! Each consists of strokes from seeded randomness, with texture at every scale, which the style
//! layers need.

mod canvas;
mod colour;
mod cubist;
mod ember;
mod fauve;
mod hatching;
mod mist;
mod night;
mod orchard;
pub(crate) mod rng;
mod watercolour;
mod window;

use std::fs;
use std::path::Path;
use std::thread;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;

use crate::places;
use harness::failure::{Context, Failure, Outcome};

type Painting = (&'static str, fn() -> RgbImage);

const PAINTINGS: [Painting; 9] = [
    ("cubist", cubist::paint),
    ("ember", ember::paint),
    ("fauve", fauve::paint),
    ("hatching", hatching::paint),
    ("mist", mist::paint),
    ("night", night::paint),
    ("orchard", orchard::paint),
    ("watercolour", watercolour::paint),
    ("window", window::paint),
];

/// Largest size of a painting's file, bytes. It is fetched when the painting is chosen.
const BUDGET: usize = 160_000;

/// JPEG qualities, best first. The first one within [`BUDGET`] is used.
const QUALITIES: [u8; 6] = [90, 86, 82, 78, 74, 70];

/// Longer side of a thumbnail, px: twice its side on the page.
const THUMBNAIL_EDGE: u32 = 180;
/// JPEG quality of a thumbnail.
const THUMBNAIL_QUALITY: u8 = 70;

/// Paints all of them into `www/samples`, in parallel, in about a minute; then makes thumbnails of
/// all pictures there.
///
/// # Errors
/// When a file cannot be read or written, or exceeds the budget at every quality.
pub fn run() -> Outcome {
    let folder = places::checkout().join("www").join("samples");
    let folder = folder.as_path();
    thread::scope(|scope| {
        let painters: Vec<_> =
            PAINTINGS.map(|(name, paint)| scope.spawn(move || save(folder, name, &paint()))).into();
        painters.into_iter().try_for_each(|painter| {
            painter.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    thumbnails(folder)
}

/// Makes a thumbnail of each picture in `folder`, in its folder `thumbnails`.
fn thumbnails(folder: &Path) -> Outcome {
    let into = folder.join("thumbnails");
    let writable = "see that the folder can be written to";
    fs::create_dir_all(&into).or_fail(|| format!("cannot make {}", into.display()), writable)?;
    let entries = fs::read_dir(folder)
        .or_fail(|| format!("cannot list {}", folder.display()), "restore it from git")?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    for path in files.filter(|path| path.extension().is_some_and(|kind| kind == "jpg")) {
        let picture = image::open(&path)
            .or_fail(|| format!("cannot read {}", path.display()), "restore it from git")?;
        let small = picture.resize(THUMBNAIL_EDGE, THUMBNAIL_EDGE, FilterType::Lanczos3);
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, THUMBNAIL_QUALITY)
            .encode_image(&small.into_rgb8())
            .expect("memory takes every byte");
        let to = into.join(path.file_name().unwrap_or_default());
        fs::write(&to, file).or_fail(|| format!("cannot write {}", to.display()), writable)?;
    }
    Ok(())
}

fn save(folder: &Path, name: &str, painting: &RgbImage) -> Outcome {
    let path = folder.join(format!("painting-{name}.jpg"));
    let file = encode(painting).ok_or_else(|| {
        Failure::new(
            format!("{name} weighs more than {BUDGET} bytes at every quality"),
            "paint it with less fine grain",
        )
    })?;
    fs::write(&path, &file).or_fail(
        || format!("cannot write {}", path.display()),
        "see that the folder can be written to",
    )?;
    println!("{} · {} KB", path.display(), file.len() / 1000);
    Ok(())
}

fn encode(painting: &RgbImage) -> Option<Vec<u8>> {
    QUALITIES.iter().find_map(|&quality| {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality)
            .encode_image(painting)
            .expect("memory takes every byte");
        (file.len() <= BUDGET).then_some(file)
    })
}
