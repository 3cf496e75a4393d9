//! The native command line: the same engine, without a browser.

mod arguments;
mod files;
mod measure;
mod sheet;

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use burn::tensor::Device;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use pollster::block_on;
use thiserror::Error;

use self::arguments::{
    Cli, ComputeArgs, DeviceArg, DeviceArgs, Grid, Reconstruct, Resume, Stylize, Task,
};
use self::files::{open_fitted, open_painting, read, write};
use self::sheet::Sheet;
use crate::codec::{self, DecodeError};
use crate::engine::device::{self, DeviceError, OpenDevice};
use crate::engine::ops::convolution::Strategy;
use crate::engine::weights::{ChannelMeans, Weights, WeightsError};
use crate::engine::{Pictures, StyleTransfer, TransferError, Vgg19, tuning};
use crate::layer::Layer;
use crate::memory::{DeviceLimits, Precision};
use crate::pixels::{ImageSize, Pixels, TooSmall};
use crate::recipe::{self, MAX_STYLES, Recipe, RecipeError};
use crate::words::{self, UserError};

/// Steps between two read-backs of the losses: the progress bar moves, and the device's queue stays
/// short.
const STEPS_PER_REPORT: u32 = 5;
/// Steps between two saves of the state: the most that a killed run loses.
const STEPS_PER_STATE: u32 = 25;

/// Errors of the command line; [`run`]'s caller prints them, once.
#[derive(Debug, Error)]
pub enum CliError {
    /// A file could not be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// A file could not be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, #[source] io::Error),
    /// A file is no image to work with.
    #[error("{0}: {words}", words = told(.1))]
    Picture(PathBuf, #[source] DecodeError),
    /// An image is too small for the network.
    #[error("{0}: {1}")]
    Small(PathBuf, #[source] TooSmall),
    /// The device has no f16.
    #[error(
        "this device has no f16, which --half-precision, or the run that was kept, keeps feature \
         maps in"
    )]
    NoF16,
    /// Content and pastiche differ in size.
    #[error(
        "the pastiche is {}×{} px and the content {}×{} px; they must be of one size",
        .pastiche.width,
        .pastiche.height,
        .content.width,
        .content.height
    )]
    Sizes {
        /// Size of the pastiche.
        pastiche: ImageSize,
        /// Size of the content.
        content: ImageSize,
    },
    /// A recipe file is invalid.
    #[error("{0}: the {1}")]
    RecipeFile(PathBuf, #[source] RecipeError),
    /// A flag is invalid.
    #[error("the {0}")]
    Recipe(#[from] RecipeError),
    /// More weights than style images can be blended.
    #[error("--style-weights has {0} numbers; {MAX_STYLES} style pictures can be blended")]
    TooManyWeights(usize),
    /// Other numbers of weights and style images.
    #[error("--style-weights has {weights} numbers for {pictures} style pictures")]
    Weights {
        /// Number of weights.
        weights: usize,
        /// Number of style images.
        pictures: usize,
    },
    /// No device.
    #[error("no device could be opened ({0}); try --device cpu")]
    Device(#[from] DeviceError),
    /// A file of channel means is invalid.
    #[error("{0}: {1}")]
    Means(PathBuf, #[source] WeightsError),
    /// The run failed.
    #[error(transparent)]
    Transfer(#[from] TransferError),
}

/// Runs the task of the program's arguments.
///
/// # Errors
/// [`CliError`].
pub fn run() -> Result<(), CliError> {
    match Cli::parse().task {
        Task::Stylize(args) => stylize(&args),
        Task::Resume(args) => resume(&args),
        Task::Reconstruct(args) => reconstruct(&args),
        Task::Grid(args) => grid(&args),
        Task::Recipe(args) => {
            println!("{}", args.recipe()?.to_json());
            Ok(())
        }
        Task::Evaluate(args) => measure::write_evaluation(&args),
        Task::Means(args) => measure::measure_means(&args),
    }
}

/// A network on its device, ready for runs.
struct Painter {
    vgg: Rc<Vgg19>,
    device: Device,
    limits: DeviceLimits,
}

impl Painter {
    /// Opens a device for runs, with the strategy `kept` or else the fastest.
    fn open(args: &ComputeArgs, kept: Option<Strategy>) -> Result<Self, CliError> {
        let mut open = open_device(&args.device)?;
        if args.half_precision {
            open.limits.precision = Precision::Half;
        }
        if let Some(edge) = args.tiles_above {
            open.limits = open.limits.in_tiles_above(edge);
        }
        Self::on(open, args.device.device, &ChannelMeans::built_in(), kept)
    }

    /// Opens a device for measurements, all in f32.
    fn exact(args: &DeviceArgs, means: &ChannelMeans) -> Result<Self, CliError> {
        Self::on(open_device(args)?, args.device, means, None)
    }

    fn on(
        open: OpenDevice,
        kind: DeviceArg,
        means: &ChannelMeans,
        kept: Option<Strategy>,
    ) -> Result<Self, CliError> {
        let OpenDevice { device, limits, .. } = open;
        let mut vgg = Vgg19::new(Weights::committed(), means, &device);
        if kind == DeviceArg::Gpu {
            vgg.set_strategy(strategy(&device, limits, kept)?);
        }
        Ok(Self { vgg: Rc::new(vgg), device, limits })
    }

    /// Creates a run.
    fn begin(&self, pictures: &Pictures, recipe: &Recipe) -> Result<StyleTransfer, TransferError> {
        StyleTransfer::new(Rc::clone(&self.vgg), pictures, recipe, self.limits, &self.device)
    }

    /// Paints to the end, showing a progress bar with the prefix `name`.
    fn paint(&self, pictures: &Pictures, recipe: &Recipe, name: &str) -> Result<Pixels, CliError> {
        paint(&mut self.begin(pictures, recipe)?, name, None)
    }
}

fn open_device(args: &DeviceArgs) -> Result<OpenDevice, DeviceError> {
    match args.device {
        DeviceArg::Gpu => block_on(device::open_gpu(|_| ())),
        DeviceArg::Cpu => device::open_cpu(),
    }
}

/// Returns the strategy `kept`, in f16 where `limits` ask for it, or else the fastest one.
fn strategy(
    device: &Device,
    limits: DeviceLimits,
    kept: Option<Strategy>,
) -> Result<Strategy, CliError> {
    let precision = kept.map_or(limits.precision, |kept| kept.precision.max(limits.precision));
    if precision == Precision::Half && !limits.has_f16 {
        return Err(CliError::NoF16);
    }
    let search = || {
        let begun = Instant::now();
        block_on(tuning::fastest_kernel(device, || begun.elapsed().as_secs_f64() * 1e3, || ()))
            .map_err(TransferError::from)
    };
    let division = kept.map_or_else(search, |kept| Ok(kept.division))?;
    Ok(Strategy { division, precision })
}

/// Paints to the end, showing a progress bar with the prefix `name`, and saves the run to `state`
/// now and then.
fn paint(
    transfer: &mut StyleTransfer,
    name: &str,
    state: Option<&Path>,
) -> Result<Pixels, CliError> {
    let template = "{prefix}{bar:32} step {pos} of {len}, {eta} left, {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    let bar = ProgressBar::new(u64::from(transfer.recipe().steps))
        .with_style(style)
        .with_prefix(name.to_owned());
    while !transfer.finished() {
        block_on(transfer.step())?;
        let (step, finished) = (transfer.steps_done(), transfer.finished());
        if step.is_multiple_of(STEPS_PER_REPORT) || finished {
            let losses = block_on(transfer.losses())?;
            bar.set_position(u64::from(step));
            bar.set_message(format!("content {:.4e}, style {:.4e}", losses.content, losses.style));
        }
        if let Some(path) = state.filter(|_| step.is_multiple_of(STEPS_PER_STATE) || finished) {
            write(path, &block_on(transfer.save())?)?;
        }
    }
    bar.finish();
    Ok(block_on(transfer.pixels())?)
}

fn stylize(args: &Stylize) -> Result<(), CliError> {
    let recipe = args.recipe.recipe()?;
    if args.style.len() > MAX_STYLES {
        return Err(TransferError::TooManyStyles(args.style.len()).into());
    }
    if let Some(weights) = args
        .recipe
        .style_weights
        .as_ref()
        .map(Vec::len)
        .filter(|&weights| weights != args.style.len())
    {
        return Err(CliError::Weights { weights, pictures: args.style.len() });
    }
    let photo = open_fitted(&args.content, recipe.size)?;
    let style_edge = recipe.style_edge(photo.size().long_edge());
    let paintings = args
        .style
        .iter()
        .map(|path| open_painting(path, style_edge, &recipe))
        .collect::<Result<Vec<_>, _>>()?;
    let laid_over = |path: &PathBuf| {
        open_fitted(path, recipe.size).map(|picture| codec::resize(&picture, photo.size()))
    };
    let earlier = args.from.as_ref().map(laid_over).transpose()?;
    let masks = args.mask.iter().map(laid_over).collect::<Result<Vec<_>, _>>()?;
    let painter = Painter::open(&args.compute, None)?;
    let pictures = Pictures { photo, paintings, masks, earlier };
    let mut transfer = painter.begin(&pictures, &recipe)?;
    let pastiche = paint(&mut transfer, "", args.state.as_deref())?;
    write(&args.output, &codec::encode_png(&pastiche))
}

fn resume(args: &Resume) -> Result<(), CliError> {
    let bytes = read(&args.state)?;
    let kept = StyleTransfer::strategy_of(&bytes).map_err(TransferError::from)?;
    let painter = Painter::open(&args.compute, kept)?;
    let mut transfer =
        StyleTransfer::resume(Rc::clone(&painter.vgg), &bytes, painter.limits, &painter.device)?;
    if let Some(steps) = args.steps {
        transfer.set_steps(steps)?;
    }
    let pastiche = paint(&mut transfer, "", Some(&args.state))?;
    write(&args.output, &codec::encode_png(&pastiche))
}

fn reconstruct(args: &Reconstruct) -> Result<(), CliError> {
    let recipe = args.recipe()?;
    let (path, size) = (&args.picture, recipe.size);
    let picture = if args.style.is_some() {
        open_painting(path, size, &recipe)?
    } else {
        open_fitted(path, size)?
    };
    let paintings = if args.style.is_some() { vec![picture.clone()] } else { Vec::new() };
    let pictures = Pictures::new(picture, paintings);
    let pastiche = Painter::open(&args.compute, None)?.paint(&pictures, &recipe, "")?;
    write(&args.output, &codec::encode_png(&pastiche))
}

fn grid(args: &Grid) -> Result<(), CliError> {
    let recipe = args.recipe.recipe()?;
    let photo = open_fitted(&args.content, recipe.size)?;
    let paintings =
        vec![open_painting(&args.style, recipe.style_edge(photo.size().long_edge()), &recipe)?];
    let painter = Painter::open(&args.compute, None)?;
    let pictures = Pictures::new(photo, paintings);
    let mut sheet = Sheet::new(pictures.photo.size(), args.weights.len(), Layer::STYLE.len());
    for cell in recipe::grid(&recipe, &args.weights) {
        let name = format!("row {} column {} ", cell.row + 1, cell.column + 1);
        let pastiche = painter.paint(&pictures, &cell.recipe, &name)?;
        sheet.put(cell.column, cell.row, pastiche);
        write(&args.output, &codec::encode_png(&sheet.pixels()))?;
    }
    Ok(())
}

/// Returns the words for a file that is no image to work with.
fn told(error: &DecodeError) -> String {
    let UserError { headline, advice, .. } = words::faults::picture(error.fault());
    format!("{headline}. {advice}")
}
