//! `cargo xtask gallery`: paints contact sheets in `docs/gallery` that show what each option does,
//! from the sample images and through the product's command line.

mod sheets;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::PathBuf;

use image::{GrayImage, Luma, RgbImage};

use self::sheets::{GRID, Pair, SHEETS, STYLIZE, Sheet};
use crate::contact_sheet::{below_each_other, save, side_by_side};
use crate::painter::{self, Effort};
use crate::{places, process};
use harness::failure::{Context, Failure, Outcome};

/// File name of the second style image.
const SECOND: &str = "painting-night.jpg";
/// Side of a mask, px. The product scales a mask to the photo.
const MASK_PX: u32 = 64;
const WRITE_ADVICE: &str = "see that docs/gallery can be written to";

/// Paints the named sheets, or all if `names` is empty, and writes the index.
///
/// # Errors
/// When a name is unknown, the command line cannot be built or fails, or a file cannot be written.
pub fn run(names: &[String], effort: &Effort) -> Outcome {
    let sheets = chosen(names)?;
    let folder = places::checkout().join("docs/gallery");
    fs::create_dir_all(&folder)
        .or_fail(|| format!("cannot make {}", folder.display()), WRITE_ADVICE)?;
    painter::build()?;
    for left in [true, false] {
        save_mask(left)?;
    }
    // Most sheets contain the image of the plain recipe.
    let mut known: BTreeMap<(Pair, &[&str], u32), RgbImage> = BTreeMap::new();
    let mut painted = |pair: Pair, words: &'static [&'static str], steps| match known
        .entry((pair, words, steps))
    {
        Entry::Occupied(known) => Ok(known.get().clone()),
        Entry::Vacant(place) => paint(pair, words, &Effort { steps, ..effort.clone() })
            .map(|picture| place.insert(picture).clone()),
    };
    for sheet in sheets {
        process::headline(sheet.about);
        let steps = sheet.times * effort.steps;
        let mut row = |pair: &Pair| {
            sheet
                .cells
                .iter()
                .map(|(_, words)| painted(*pair, words, steps))
                .collect::<Outcome<Vec<_>>>()
        };
        let rows = sheet
            .rows
            .iter()
            .map(|pair| Ok(side_by_side(&row(pair)?)))
            .collect::<Outcome<Vec<_>>>()?;
        save(&folder.join(format!("{}.jpg", sheet.name)), &below_each_other(&rows))?;
    }
    let path = folder.join("README.md");
    fs::write(&path, index(effort))
        .or_fail(|| format!("cannot write {}", path.display()), WRITE_ADVICE)
}

/// Returns the named sheets, or all if `names` is empty.
fn chosen(names: &[String]) -> Outcome<Vec<&'static Sheet>> {
    if names.is_empty() {
        return Ok(SHEETS.iter().collect());
    }
    let find = |name: &String| {
        let known = || SHEETS.iter().map(|sheet| sheet.name).collect::<Vec<_>>().join(", ");
        let sheet = SHEETS.iter().find(|sheet| sheet.name == name);
        sheet.ok_or_else(|| {
            Failure::new(format!("there is no sheet {name}"), format!("name one of {}", known()))
        })
    };
    names.iter().map(find).collect()
}

fn paint(pair: Pair, words: &[&str], effort: &Effort) -> Outcome<RgbImage> {
    let samples = places::checkout().join("www/samples");
    let subjects = subjects(pair, words).into_iter().map(|name| samples.join(name));
    let options = words[1..].iter().map(|word| with_paths(word));
    painter::paint(words[0], subjects, options, effort)
}

/// Returns the sample images that a cell is painted from.
fn subjects((photo, painting): Pair, words: &[&str]) -> Vec<&'static str> {
    match words {
        [STYLIZE | GRID, ..] => vec![photo, painting],
        [_, of] if of.starts_with("--style") => vec![painting],
        _ => vec![photo],
    }
}

/// Replaces the names in braces in a word of the command line by paths.
fn with_paths(word: &str) -> String {
    let path = |path: PathBuf| path.display().to_string();
    let second = path(places::checkout().join("www/samples").join(SECOND));
    word.replace("{night}", &second)
        .replace("{left}", &path(mask_path(true)))
        .replace("{right}", &path(mask_path(false)))
}

fn mask_path(left: bool) -> PathBuf {
    places::target().join(if left { "left.png" } else { "right.png" })
}

/// Writes a mask of the photo's left or right half, with a gradient over the middle quarter.
fn save_mask(left: bool) -> Outcome {
    let fade =
        |x: u32| (f64::from(x) / f64::from(MASK_PX - 1) - 0.5).mul_add(4.0, 0.5).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..255")]
    let level = |share: f64| (share * 255.0).round() as u8;
    let mask = GrayImage::from_fn(MASK_PX, MASK_PX, |x, _| {
        Luma([level(if left { 1.0 - fade(x) } else { fade(x) })])
    });
    let path = mask_path(left);
    mask.save(&path).or_fail(
        || format!("cannot write {}", path.display()),
        "see that the target folder can be written to",
    )
}

/// Returns the page that shows all sheets, with captions in the order of the images.
fn index(effort: &Effort) -> String {
    let Effort { size, steps, .. } = effort;
    let mut text = format!(
        "# Gallery\n\nWhat each option does, painted from the sample pictures at {size} px in {steps} steps by `cargo xtask gallery`. \
         All other options are the default recipe's.\n"
    );
    for Sheet { name, about, rows, cells, times } in &SHEETS {
        let captions: Vec<&str> = cells.iter().map(|(caption, _)| *caption).collect();
        let described = captions.join(" · ");
        let longer =
            if *times == 1 { String::new() } else { format!(" In {} steps.", times * steps) };
        let below = if rows.len() == 1 { "" } else { " Below, the same from other pictures." };
        text += &format!(
            "\n## {about}\n\n![{described}]({name}.jpg)\n\nFrom the left: \
             {described}.{longer}{below}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_every_sheet_and_every_picture() {
        let index = index(&Effort { size: 160, steps: 60, device: "cpu".into() });
        for sheet in &SHEETS {
            assert!(index.contains(&format!("({}.jpg)", sheet.name)));
            assert!(sheet.cells.iter().all(|(caption, _)| index.contains(caption)));
        }
        let subjects = |words: &[&str]| subjects(("photo", "painting"), words);
        assert_eq!(subjects(&[sheets::RECONSTRUCT, "--style=conv1_1"]), ["painting"]);
        assert_eq!(subjects(&[sheets::RECONSTRUCT, "--content=conv1_1"]), ["photo"]);
        assert_eq!(subjects(&[STYLIZE]), ["photo", "painting"]);
    }

    #[test]
    fn sheets_are_chosen_by_name_and_an_unknown_one_is_refused() {
        let names =
            |names: &[&str]| chosen(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(names(&[]).unwrap().len(), SHEETS.len());
        let two: Vec<_> =
            names(&["seed", "grain"]).unwrap().iter().map(|sheet| sheet.name).collect();
        assert_eq!(two, ["seed", "grain"]);
        assert!(names(&["seeds"]).unwrap_err().to_string().contains("seeds"));
    }

    #[test]
    fn names_in_braces_become_paths() {
        assert!(with_paths("{night}").ends_with(SECOND));
        assert_ne!(with_paths("--mask={left}"), with_paths("--mask={right}"));
        assert_eq!(with_paths("--sizes=doubling=2"), "--sizes=doubling=2");
        let words = SHEETS.iter().flat_map(|sheet| sheet.cells).flat_map(|(_, words)| words.iter());
        assert!(
            words.map(|word| with_paths(word)).all(|word| !word.contains('{')),
            "no name is unknown"
        );
    }
}
