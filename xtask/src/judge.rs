//! `cargo xtask judge`: evaluates results on pairs `<pair>.photo.png` and `<pair>.painting.png` in
//! one folder.

mod measures;
mod pyramid;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, RgbImage, RgbaImage};
use impasto::frame;
use impasto::pixels::{ImageSize, Pixels};
use impasto::recipe::{Preset, named};

use self::measures::Measures;
use crate::contact_sheet::{below_each_other, save, side_by_side};
use crate::painter::{self, Effort};
use crate::process;
use crate::samples::rng::Rng;
use harness::failure::{Context, Failure, Outcome};

/// Tasks of `cargo xtask judge`.
#[derive(Debug, Subcommand)]
pub enum Judgement {
    /// Paint every pair by each preset, and go on where an earlier time left off: contact sheets,
    /// and a table of measures
    Presets {
        /// Folder of the pairs; what is painted goes to `presets` in it
        pairs: PathBuf,
        /// Presets to paint by, instead of all
        #[arg(long = "preset", value_name = "NAME", value_parser = named::<Preset>)]
        chosen: Vec<Preset>,
        /// Pairs to paint, instead of all
        #[arg(long = "pair", value_name = "NAME")]
        only: Vec<String>,
        /// How much to compute, and where
        #[command(flatten)]
        effort: Effort,
    },
    /// Measure results, whoever painted them
    Measure {
        /// Folder of the pairs
        pairs: PathBuf,
        /// Folders of results, each named `<pair>.png`
        #[arg(required = true)]
        results: Vec<PathBuf>,
    },
    /// Lay two folders of results beside each other, in shuffled order and on unknown sides
    Blind {
        /// Folder of the pairs
        pairs: PathBuf,
        /// Folder of results, each named `<pair>.png`
        one: PathBuf,
        /// Folder of results to compare with
        other: PathBuf,
        /// Folder to write sheets to, and `key.json`, which says what stands in the middle
        #[arg(long)]
        to: PathBuf,
        /// Another gives another order
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
}

/// Cells per row of a contact sheet.
const PAIRS_PER_ROW: usize = 4;
/// Smallest longer side of a result on a blind sheet, px, at which its grain is visible.
const SEEN_EDGE_PX: u32 = 600;
const WRITE_ADVICE: &str = "name a folder that you can write to";

/// Runs the chosen task.
///
/// # Errors
/// When an image is missing, the command line fails, or a file cannot be written.
pub fn run(judgement: &Judgement) -> Outcome {
    match judgement {
        Judgement::Presets { pairs, chosen, only, effort } => presets(pairs, chosen, only, effort),
        Judgement::Measure { pairs, results } => {
            let tables = results
                .iter()
                .map(|folder| Ok((name_of(folder), measured(&Pair::all(pairs)?, folder)?)));
            tables.collect::<Outcome<Vec<_>>>().map(|tables| print!("{}", table(&tables)))
        }
        Judgement::Blind { pairs, one, other, to, seed } => {
            blind(&Pair::all(pairs)?, [one, other], to, *seed)
        }
    }
}

/// A photo and a painting to combine.
#[derive(Debug)]
struct Pair {
    name: String,
    photo: PathBuf,
    painting: PathBuf,
}

impl Pair {
    /// Returns all pairs in `folder`, sorted by name.
    fn all(folder: &Path) -> Outcome<Vec<Self>> {
        const ADVICE: &str = "make the pairs by tests/pairs/make.py";
        let entries =
            fs::read_dir(folder).or_fail(|| format!("cannot read {}", folder.display()), ADVICE)?;
        let names = entries.flatten().filter_map(|entry| {
            Some(entry.file_name().to_str()?.strip_suffix(".photo.png")?.to_owned())
        });
        let pair = |name: String| {
            let at = |part| folder.join(format!("{name}.{part}.png"));
            Self { photo: at("photo"), painting: at("painting"), name }
        };
        let mut pairs: Vec<Self> = names.map(pair).collect();
        pairs.sort_by(|a, b| a.name.cmp(&b.name));
        if pairs.is_empty() {
            Err(Failure::new(format!("{} holds no pairs", folder.display()), ADVICE))
        } else {
            Ok(pairs)
        }
    }

    fn result_in(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.png", self.name))
    }

    /// Arranges photo above painting, together as high as the tallest result, and then the
    /// `results`.
    fn beside(&self, results: &[RgbImage]) -> Outcome<RgbImage> {
        let half = results.iter().map(RgbImage::height).max().unwrap_or(0) / 2;
        let shown = |path: &Path| Ok(fitted(&open(path)?, half));
        let given = below_each_other(&[shown(&self.photo)?, shown(&self.painting)?]);
        Ok(side_by_side(&[&[given], results].concat()))
    }
}

fn open(path: &Path) -> Outcome<RgbImage> {
    let picture = image::open(path).or_fail(
        || format!("cannot read {}", path.display()),
        "paint it, or name another folder",
    )?;
    Ok(picture.into_rgb8())
}

/// Removes the painting's frame, as the product does.
fn without_frame(painting: RgbImage) -> RgbImage {
    let whole = DynamicImage::from(painting).into_rgba8();
    let pixels = Pixels::new(ImageSize::new(whole.width(), whole.height()), whole.into_raw())
        .expect("four bytes a pixel");
    let painting = frame::left_out(&pixels).unwrap_or(pixels);
    let ImageSize { width, height } = painting.size();
    let rgba =
        RgbaImage::from_raw(width, height, painting.into_rgba()).expect("four bytes a pixel");
    DynamicImage::from(rgba).into_rgb8()
}

/// Resizes the image to a longer side of `edge` px.
fn fitted(picture: &RgbImage, edge: u32) -> RgbImage {
    let long = picture.width().max(picture.height());
    let side = |side: u32| ((side * edge + long / 2) / long).max(1);
    resize(picture, side(picture.width()), side(picture.height()), FilterType::Lanczos3)
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the chosen presets, or all if none was chosen.
fn or_all(chosen: &[Preset]) -> &[Preset] {
    if chosen.is_empty() { &Preset::ALL } else { chosen }
}

fn presets(folder: &Path, chosen: &[Preset], only: &[String], effort: &Effort) -> Outcome {
    painter::build()?;
    let mut pairs = Pair::all(folder)?;
    pairs.retain(|pair| only.is_empty() || only.contains(&pair.name));
    let mut tables = Vec::new();
    for preset in or_all(chosen) {
        process::headline(preset.title());
        let name = format!("{}_{}", preset.key(), effort.size);
        let painted = folder.join("presets").join(&name);
        fs::create_dir_all(&painted)
            .or_fail(|| format!("cannot make {}", painted.display()), WRITE_ADVICE)?;
        for pair in &pairs {
            paint(pair, *preset, &painted, effort)?;
        }
        save(
            &folder.join("presets").join(format!("{name}.jpg")),
            &contact_sheet(&pairs, &painted)?,
        )?;
        tables.push((name, measured(&pairs, &painted)?));
    }
    print!("{}", table(&tables));
    Ok(())
}

/// Paints the pair with the preset, unless an earlier run has.
fn paint(pair: &Pair, preset: Preset, folder: &Path, effort: &Effort) -> Outcome {
    let path = pair.result_in(folder);
    if path.exists() {
        eprintln!("kept: {}", path.display());
        return Ok(());
    }
    let subjects = [pair.photo.clone(), pair.painting.clone()];
    let picture =
        painter::paint("stylize", subjects, [format!("--preset={}", preset.key())], effort)?;
    picture.save(&path).or_fail(|| format!("cannot write {}", path.display()), WRITE_ADVICE)
}

fn contact_sheet(pairs: &[Pair], results: &Path) -> Outcome<RgbImage> {
    let cell = |pair: &Pair| pair.beside(&[open(&pair.result_in(results))?]);
    let cells = pairs.iter().map(cell).collect::<Outcome<Vec<_>>>()?;
    Ok(below_each_other(&cells.chunks(PAIRS_PER_ROW).map(side_by_side).collect::<Vec<_>>()))
}

/// Measures each pair that has a result in `folder`.
fn measured(pairs: &[Pair], folder: &Path) -> Outcome<BTreeMap<String, Measures>> {
    let there = pairs.iter().filter(|pair| pair.result_in(folder).exists());
    let measure = |pair: &Pair| {
        let result = open(&pair.result_in(folder))?;
        let painting =
            fitted(&without_frame(open(&pair.painting)?), result.width().max(result.height()));
        let photo =
            resize(&open(&pair.photo)?, result.width(), result.height(), FilterType::Lanczos3);
        Ok((pair.name.clone(), Measures::of(&photo, &painting, &result)))
    };
    let measures = there.map(measure).collect::<Outcome<BTreeMap<_, _>>>()?;
    if measures.is_empty() {
        return Err(Failure::new(
            format!("{} holds no result of any pair", folder.display()),
            "name results <pair>.png",
        ));
    }
    Ok(measures)
}

/// Formats measures as Markdown: a row for each image, and the mean of each folder.
fn table(folders: &[(String, BTreeMap<String, Measures>)]) -> String {
    let mut text = format!(
        "| results | pair | {} |\n|---|---|{}\n",
        Measures::NAMES.join(" | "),
        "---|".repeat(Measures::NAMES.len())
    );
    let mut row = |folder: &str, pair: &str, measures: &Measures| {
        let figures = measures.0.map(|value| format!("{value:.3}")).join(" | ");
        text += &format!("| {folder} | {pair} | {figures} |\n");
    };
    for (folder, pairs) in folders {
        pairs.iter().for_each(|(pair, measures)| row(folder, pair, measures));
    }
    for (folder, pairs) in folders {
        row(folder, &format!("mean of {}", pairs.len()), &Measures::mean(pairs.values()));
    }
    text
}

/// Writes sheets `01.png`, `02.png`, … of the pairs with a result in both folders: photo and
/// painting, then the two results in random order. `key.json` names, for each sheet, the pair and
/// the folder of the result in the middle.
fn blind(pairs: &[Pair], folders: [&PathBuf; 2], to: &Path, seed: u64) -> Outcome {
    fs::create_dir_all(to).or_fail(|| format!("cannot make {}", to.display()), WRITE_ADVICE)?;
    let mut chance = Rng::new(seed);
    let there =
        pairs.iter().filter(|pair| folders.iter().all(|folder| pair.result_in(folder).exists()));
    let mut order: Vec<(f32, &Pair)> = there.map(|pair| (chance.unit(), pair)).collect();
    order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut key = BTreeMap::new();
    for (number, (_, pair)) in (1..).zip(order) {
        let mut sides = folders;
        if chance.chance(0.5) {
            sides.reverse();
        }
        let seen =
            |folder: &&PathBuf| open(&pair.result_in(folder)).map(|picture| magnified(&picture));
        let results = sides.iter().map(seen).collect::<Outcome<Vec<_>>>()?;
        let path = to.join(format!("{number:02}.png"));
        pair.beside(&results)?
            .save(&path)
            .or_fail(|| format!("cannot write {}", path.display()), WRITE_ADVICE)?;
        key.insert(number, (pair.name.clone(), name_of(sides[0])));
    }
    let path = to.join("key.json");
    let text = serde_json::to_string_pretty(&key).expect("names are text");
    fs::write(&path, text).or_fail(|| format!("cannot write {}", path.display()), WRITE_ADVICE)
}

/// Enlarges the image by a whole factor, to at least [`SEEN_EDGE_PX`].
fn magnified(picture: &RgbImage) -> RgbImage {
    let edge = picture.width().max(picture.height());
    fitted(picture, edge * SEEN_EDGE_PX.div_ceil(edge))
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Creates pairs "a" to "d" and the results of two painters: `light` paints white, `dark`
    /// black.
    fn bench() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let plain = |value| RgbImage::from_pixel(48, 32, Rgb([value; 3]));
        for (painter, value) in [("light", u8::MAX), ("dark", 0)] {
            fs::create_dir(folder.path().join(painter)).unwrap();
            for name in ["a", "b", "c", "d"] {
                plain(value).save(folder.path().join(painter).join(format!("{name}.png"))).unwrap();
            }
        }
        for name in ["a", "b", "c", "d"] {
            plain(90).save(folder.path().join(format!("{name}.photo.png"))).unwrap();
            plain(160).save(folder.path().join(format!("{name}.painting.png"))).unwrap();
        }
        folder
    }

    #[test]
    fn the_key_tells_what_stands_in_the_middle_of_each_sheet() {
        let folder = bench();
        let at = |name: &str| folder.path().join(name);
        let (light, dark) = (at("light"), at("dark"));
        blind(&Pair::all(folder.path()).unwrap(), [&light, &dark], &at("blind"), 3).unwrap();
        let key = fs::read(at("blind/key.json")).unwrap();
        let key: BTreeMap<u32, (String, String)> = serde_json::from_slice(&key).unwrap();
        let mut pairs: Vec<&str> = key.values().map(|(pair, _)| pair.as_str()).collect();
        pairs.sort_unstable();
        assert_eq!(pairs, ["a", "b", "c", "d"]);
        let mut sides = Vec::new();
        for (number, (_, middle)) in &key {
            let sheet = open(&at(&format!("blind/{number:02}.png"))).unwrap();
            // A fifth of the width from the right is inside the last image.
            let last = sheet.get_pixel(sheet.width() * 4 / 5, sheet.height() / 2).0[0];
            assert_eq!(middle, if last == 0 { "light" } else { "dark" });
            sides.push(middle);
        }
        sides.dedup();
        assert!(sides.len() > 1, "both stand in the middle at times");
    }

    #[test]
    fn a_table_has_a_row_for_each_picture_and_one_for_the_mean() {
        let folder = bench();
        let pairs = Pair::all(folder.path()).unwrap();
        let text =
            table(&[("light".into(), measured(&pairs, &folder.path().join("light")).unwrap())]);
        assert_eq!(text.lines().count(), 2 + 4 + 1, "{text}");
        assert!(text.contains("| light | c |") && text.contains("| light | mean of 4 |"), "{text}");
        let none = measured(&pairs, &folder.path().join("nobody")).unwrap_err().to_string();
        assert!(none.contains("no result"), "{none}");
    }

    #[test]
    fn presets_are_chosen_by_name_and_an_unknown_one_is_refused() {
        #[derive(Debug, clap::Parser)]
        struct Line {
            #[command(subcommand)]
            judgement: Judgement,
        }
        let chosen = |words: &[&str]| {
            let line = <Line as clap::Parser>::try_parse_from(
                [&["judge", "presets", "pairs"], words].concat(),
            )?;
            let Judgement::Presets { chosen, .. } = line.judgement else {
                panic!("presets were asked for")
            };
            Ok::<_, clap::Error>(chosen)
        };
        assert_eq!(or_all(&chosen(&[]).unwrap()), Preset::ALL);
        assert_eq!(or_all(&chosen(&["--preset", "paper"]).unwrap()), [Preset::Paper]);
        assert!(chosen(&["--preset", "papers"]).unwrap_err().to_string().contains("papers"));
    }
}
