//! Images painted by the product's command line.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use image::RgbImage;

use crate::checks::ALL_FEATURES;
use crate::{places, process};
use harness::failure::{Context, Outcome};

/// Effort per picture.
#[derive(Args, Clone, Debug)]
pub struct Effort {
    /// Longer side of a picture, px
    #[arg(long, default_value_t = 256)]
    pub size: u32,
    /// Steps for each picture
    #[arg(long, default_value_t = 80)]
    pub steps: u32,
    /// Where to compute: gpu or cpu
    #[arg(long, default_value = "gpu")]
    pub device: String,
}

/// Builds the product's command line.
///
/// # Errors
/// When cargo fails.
pub fn build() -> Outcome {
    process::headline("Building the command line");
    let build =
        ["build", "--workspace", "--locked", "--features", ALL_FEATURES, "--bin", "impasto"];
    process::run(process::cargo().args(build), "mend what is said above")
}

/// Runs `command` of the command line on `subjects` and returns the image that it paints.
///
/// # Errors
/// When the command line fails.
pub fn paint(
    command: &str,
    subjects: impl IntoIterator<Item = PathBuf>,
    options: impl IntoIterator<Item = String>,
    effort: &Effort,
) -> Outcome<RgbImage> {
    let scratch = places::target().join("painted.png");
    let mut impasto = Command::new(places::target().join("debug/impasto"));
    impasto.arg(command).args(subjects).args(options).arg("--output").arg(&scratch);
    impasto.args([
        "--size",
        &effort.size.to_string(),
        "--steps",
        &effort.steps.to_string(),
        "--device",
        &effort.device,
    ]);
    process::run(&mut impasto, "mend what is said above")?;
    let picture = image::open(&scratch)
        .or_fail(|| format!("cannot read {}", scratch.display()), "this is a mistake in xtask")?;
    Ok(picture.into_rgb8())
}
