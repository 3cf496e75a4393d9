//! `cargo xtask gallery`: what each option does to a picture, as contact sheets in `docs/gallery`, painted by the command line from
//! the sample pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::overlay;
use image::{Rgb, RgbImage};

use crate::checks::ALL_FEATURES;
use crate::failure::{Context, Outcome};
use crate::{places, process};

/// Between two cells, px.
const GUTTER_PX: u32 = 6;
/// Of JPEG: at this a sheet shows no blocks.
const QUALITY: u8 = 84;
/// The photo and the painting of every sheet that names no others.
const PHOTO: &str = "photo-cat.jpg";
const PAINTING: &str = "painting-orchard.jpg";
const WRITE_ADVICE: &str = "see that docs/gallery can be written to";

/// One row of pictures that differ in one thing.
struct Sheet {
    /// File name without its ending.
    name: &'static str,
    /// What it shows, as a sentence.
    about: &'static str,
    cells: &'static [Cell],
}

/// What stands below a picture, and the words of the command line that paint it.
type Cell = (&'static str, &'static [&'static str]);

const STYLIZE: &str = "stylize";
const RECONSTRUCT: &str = "reconstruct";

const SHEETS: [Sheet; 8] = [
    Sheet {
        name: "presets",
        about: "The presets.",
        cells: &[
            ("Balanced", &[STYLIZE]),
            ("Closer to the photo", &[STYLIZE, "--preset=closer_to_the_photo"]),
            ("Bolder strokes", &[STYLIZE, "--preset=bolder_strokes"]),
            ("Colours of the photo", &[STYLIZE, "--preset=colours_of_the_photo"]),
            ("Paper, 2015", &[STYLIZE, "--preset=paper"]),
        ],
    },
    Sheet {
        name: "balance",
        about: "From content to style: the content weight.",
        cells: &[
            ("1600", &[STYLIZE, "--content-weight=1600"]),
            ("500", &[STYLIZE, "--content-weight=500"]),
            ("160", &[STYLIZE]),
            ("50", &[STYLIZE, "--content-weight=50"]),
            ("16", &[STYLIZE, "--content-weight=16"]),
        ],
    },
    Sheet {
        name: "colours",
        about: "Whose colours the result has.",
        cells: &[
            ("the painting's", &[STYLIZE]),
            ("the photo's", &[STYLIZE, "--palette=photo"]),
            ("the photo's, in linear light", &[STYLIZE, "--palette=photo", "--linear-light"]),
            ("matched", &[STYLIZE, "--palette=matched"]),
            ("matched, in linear light", &[STYLIZE, "--palette=matched", "--linear-light"]),
        ],
    },
    Sheet {
        name: "strokes",
        about: "Stroke size: the scale of the painting.",
        cells: &[
            ("×0.5", &[STYLIZE, "--style-scale=0.5"]),
            ("×0.7", &[STYLIZE, "--style-scale=0.7"]),
            ("×1", &[STYLIZE]),
            ("×1.5", &[STYLIZE, "--style-scale=1.5"]),
            ("×2", &[STYLIZE, "--style-scale=2"]),
        ],
    },
    Sheet {
        name: "grain",
        about: "Fine to coarse: which style layers count most.",
        cells: &[
            ("-1", &[STYLIZE, "--grain=-1"]),
            ("-0.5", &[STYLIZE, "--grain=-0.5"]),
            ("0", &[STYLIZE]),
            ("0.5", &[STYLIZE, "--grain=0.5"]),
            ("1", &[STYLIZE, "--grain=1"]),
        ],
    },
    Sheet {
        name: "start",
        about: "What the optimisation begins with, and at how many sizes it paints.",
        cells: &[
            ("the photo", &[STYLIZE]),
            ("the photo, in 2 sizes", &[STYLIZE, "--pyramid=2"]),
            ("photo and noise", &[STYLIZE, "--start=photo=0.7,noise=0.3"]),
            ("noise", &[STYLIZE, "--start=noise"]),
            ("the painting", &[STYLIZE, "--start=painting"]),
        ],
    },
    Sheet {
        name: "content",
        about: "What a layer knows of the photo: its content alone, out of noise.",
        cells: &[
            ("conv1_1", &[RECONSTRUCT, "--content=conv1_1"]),
            ("conv2_1", &[RECONSTRUCT, "--content=conv2_1"]),
            ("conv3_1", &[RECONSTRUCT, "--content=conv3_1"]),
            ("conv4_1", &[RECONSTRUCT, "--content=conv4_1"]),
            ("conv5_1", &[RECONSTRUCT, "--content=conv5_1"]),
        ],
    },
    Sheet {
        name: "style",
        about: "What layers know of the painting: their style alone, out of noise.",
        cells: &[
            ("conv1_1", &[RECONSTRUCT, "--style=conv1_1"]),
            ("to conv2_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1"]),
            ("to conv3_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1,conv3_1"]),
            ("to conv4_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1,conv3_1,conv4_1"]),
            ("to conv5_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1,conv3_1,conv4_1,conv5_1"]),
        ],
    },
];

/// How the sheets are painted.
#[derive(Clone, Copy, Debug)]
pub struct Effort<'a> {
    /// Longer side of a picture, px.
    pub size: u32,
    /// Steps for each.
    pub steps: u32,
    /// `gpu` or `cpu`.
    pub device: &'a str,
}

/// Paints all sheets and writes their index.
///
/// # Errors
/// When the command line cannot be built or fails, or a file cannot be written.
pub fn run(effort: Effort) -> Outcome {
    let folder = places::checkout().join("docs/gallery");
    fs::create_dir_all(&folder).or_fail(|| format!("cannot make {}", folder.display()), WRITE_ADVICE)?;
    process::headline("Building the command line");
    let build = ["build", "--release", "--locked", "--features", ALL_FEATURES, "--bin", "impasto"];
    process::run(process::cargo().args(build), "mend what is said above")?;
    for sheet in &SHEETS {
        process::headline(sheet.about);
        let pictures = sheet.cells.iter().map(|cell| paint(cell, effort)).collect::<Outcome<Vec<_>>>()?;
        save(&folder.join(format!("{}.jpg", sheet.name)), &side_by_side(&pictures))?;
    }
    let path = folder.join("README.md");
    fs::write(&path, index(effort)).or_fail(|| format!("cannot write {}", path.display()), WRITE_ADVICE)
}

fn paint((_, words): &Cell, effort: Effort) -> Outcome<RgbImage> {
    let samples = places::checkout().join("www/samples");
    let scratch = places::target().join("gallery.png");
    let mut impasto = Command::new(places::target().join("release/impasto"));
    impasto.arg(words[0]).args(subjects(words).into_iter().map(|name| samples.join(name))).args(&words[1..]);
    impasto.arg("--output").arg(&scratch).args(["--size", &effort.size.to_string(), "--steps", &effort.steps.to_string()]);
    impasto.args(["--device", effort.device]);
    process::run(&mut impasto, "mend what is said above")?;
    let picture = image::open(&scratch).or_fail(|| format!("cannot read {}", scratch.display()), "this is a mistake in xtask")?;
    Ok(picture.into_rgb8())
}

/// The sample pictures that a cell is painted from.
fn subjects(words: &[&str]) -> Vec<&'static str> {
    match words {
        [STYLIZE, ..] => vec![PHOTO, PAINTING],
        [_, of] if of.starts_with("--style") => vec![PAINTING],
        _ => vec![PHOTO],
    }
}

/// Pictures in a row on white, centred on each other.
fn side_by_side(pictures: &[RgbImage]) -> RgbImage {
    let width = pictures.iter().map(|picture| picture.width() + GUTTER_PX).sum::<u32>() + GUTTER_PX;
    let height = pictures.iter().map(RgbImage::height).max().unwrap_or(0);
    let mut sheet = RgbImage::from_pixel(width, height + 2 * GUTTER_PX, Rgb([u8::MAX; 3]));
    let mut left = GUTTER_PX;
    for picture in pictures {
        let top = GUTTER_PX + (height - picture.height()) / 2;
        overlay(&mut sheet, picture, left.into(), top.into());
        left += picture.width() + GUTTER_PX;
    }
    sheet
}

fn save(path: &PathBuf, sheet: &RgbImage) -> Outcome {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY).encode_image(sheet).expect("memory takes every byte");
    fs::write(path, &file).or_fail(|| format!("cannot write {}", path.display()), WRITE_ADVICE)?;
    println!("{} · {} KB", Path::new(path).display(), file.len() / 1000);
    Ok(())
}

/// The page that shows all sheets, each picture named by its place.
fn index(effort: Effort) -> String {
    let Effort { size, steps, .. } = effort;
    let mut text = format!(
        "# Gallery\n\nWhat each option does, painted from the sample pictures at {size} px in {steps} steps by `cargo xtask gallery`. \
         All other options are the default recipe's.\n"
    );
    for Sheet { name, about, cells } in &SHEETS {
        let captions: Vec<&str> = cells.iter().map(|(caption, _)| *caption).collect();
        let described = captions.join(" · ");
        text += &format!("\n## {about}\n\n![{described}]({name}.jpg)\n\nFrom the left: {described}.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side_without_touching() {
        let picture = |width, height, value| RgbImage::from_pixel(width, height, Rgb([value; 3]));
        let sheet = side_by_side(&[picture(10, 20, 1), picture(30, 10, 2)]);
        assert_eq!(sheet.dimensions(), (10 + 30 + 3 * GUTTER_PX, 20 + 2 * GUTTER_PX));
        let at = |x, y| sheet.get_pixel(x, y).0[0];
        assert_eq!((at(GUTTER_PX, GUTTER_PX), at(GUTTER_PX + 10, 15), at(2 * GUTTER_PX + 10, GUTTER_PX + 5)), (1, u8::MAX, 2));
    }

    #[test]
    fn the_index_names_every_sheet_and_every_picture() {
        let index = index(Effort { size: 160, steps: 60, device: "cpu" });
        for sheet in &SHEETS {
            assert!(index.contains(&format!("({}.jpg)", sheet.name)));
            assert!(sheet.cells.iter().all(|(caption, _)| index.contains(caption)));
        }
        assert_eq!(subjects(&[RECONSTRUCT, "--style=conv1_1"]), [PAINTING]);
        assert_eq!(subjects(&[RECONSTRUCT, "--content=conv1_1"]), [PHOTO]);
        assert_eq!(subjects(&[STYLIZE]), [PHOTO, PAINTING]);
    }
}
