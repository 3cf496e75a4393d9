//! The native command line: the same engine, without a browser.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use pollster::block_on;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};
use thiserror::Error;

use crate::codec::{self, DecodeError};
use crate::engine::device::{self, DeviceError};
use crate::engine::evaluate::{Array, evaluate};
use crate::engine::weights::{Manifest, Weights, WeightsError};
use crate::engine::{ImageTensor, StyleTransfer, TransferError, Vgg19};
use crate::pixels::{ImageSize, Pixels, TooSmall};
use crate::recipe::{Border, Emphasis, OptimizerKind, Pooling, Reading, Recipe};

/// The pack that the manifest names, so that the program needs no file beside it.
const PACK: &[u8] = include_bytes!("../weights/vgg19-62b11d1e.safetensors");
/// Steps between two read-backs of the losses: the progress bar moves, and the device's queue stays short.
const STEPS_PER_REPORT: u32 = 5;

/// Neural style transfer: repaints a photo in the style of a painting.
#[derive(Debug, Parser)]
#[command(name = "impasto", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Repaint CONTENT in the style of STYLE.
    Stylize(Stylize),
    /// Write features, Gram matrices, losses and gradients at a picture, for comparison with a reference.
    Evaluate(Evaluate),
}

#[derive(Debug, Args)]
struct Stylize {
    /// The photo.
    content: PathBuf,
    /// The painting.
    style: PathBuf,
    /// Where to write the result, a PNG.
    #[arg(short, long, value_name = "OUT.png")]
    output: PathBuf,
    /// Longer side of the result at most, px; pictures are never enlarged.
    #[arg(long, value_name = "N", default_value_t = Recipe::default().size)]
    size: u32,
    /// Steps of the optimiser.
    #[arg(long, value_name = "N", default_value_t = Recipe::default().steps)]
    steps: u32,
    /// How the pixels are changed.
    #[arg(long, value_enum, default_value_t = OptimizerArg::Lbfgs)]
    optimizer: OptimizerArg,
    /// What the content weighs beside the style, for each element of its feature map; 16 to 1600 differ usefully.
    #[arg(long, value_name = "A", default_value_t = Emphasis::default().content_weight)]
    content_weight: f32,
    /// What smoothness weighs, for each element of the picture.
    #[arg(long, value_name = "T", default_value_t = Emphasis::default().tv_weight)]
    tv_weight: f32,
    /// How feature maps are halved.
    #[arg(long, value_enum, default_value_t = PoolingArg::Avg)]
    pooling: PoolingArg,
    /// What the network sees beyond the picture's border.
    #[arg(long, value_enum, default_value_t = BorderArg::Reflect)]
    border: BorderArg,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t = DeviceArg::Gpu)]
    device: DeviceArg,
    /// Seed of the dither on the start picture.
    #[arg(long, value_name = "N", default_value_t = Recipe::default().seed)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Evaluate {
    /// The photo.
    #[arg(long)]
    content: PathBuf,
    /// The painting.
    #[arg(long)]
    style: PathBuf,
    /// The picture to evaluate at; of the photo's size.
    #[arg(long)]
    pastiche: PathBuf,
    /// How feature maps are halved.
    #[arg(long, value_enum)]
    pooling: PoolingArg,
    /// Where to compute.
    #[arg(long, value_enum, default_value_t = DeviceArg::Gpu)]
    device: DeviceArg,
    /// Where to write the arrays.
    #[arg(short, long, value_name = "OUT.safetensors")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PoolingArg {
    Avg,
    Max,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DeviceArg {
    Gpu,
    Cpu,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OptimizerArg {
    Lbfgs,
    Adam,
}

impl From<OptimizerArg> for OptimizerKind {
    fn from(arg: OptimizerArg) -> Self {
        match arg {
            OptimizerArg::Lbfgs => Self::Lbfgs,
            OptimizerArg::Adam => Self::Adam,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BorderArg {
    Reflect,
    Zero,
}

impl From<BorderArg> for Border {
    fn from(arg: BorderArg) -> Self {
        match arg {
            BorderArg::Reflect => Self::Reflect,
            BorderArg::Zero => Self::Zero,
        }
    }
}

impl From<PoolingArg> for Pooling {
    fn from(arg: PoolingArg) -> Self {
        match arg {
            PoolingArg::Avg => Self::Average,
            PoolingArg::Max => Self::Max,
        }
    }
}

/// What the command line can fail with; printed once, by [`run`]'s caller.
#[derive(Debug, Error)]
pub enum CliError {
    /// A file could not be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// A file could not be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, #[source] io::Error),
    /// A file is no picture to work with.
    #[error("{0}: {1}. {advice}", advice = .1.advice())]
    Picture(PathBuf, #[source] DecodeError),
    /// A picture has a side that the network cannot see.
    #[error("{0}: {1}")]
    Small(PathBuf, #[source] TooSmall),
    /// Content and pastiche are not of one size.
    #[error("the pastiche is {}×{} px and the content {}×{} px; they must be of one size", .pastiche.width, .pastiche.height, .content.width, .content.height)]
    Sizes {
        /// Of the pastiche.
        pastiche: ImageSize,
        /// Of the content.
        content: ImageSize,
    },
    /// No device.
    #[error("no device could be opened ({0}); try --device cpu")]
    Device(#[from] DeviceError),
    /// The built-in weights are damaged.
    #[error("the built-in weights are damaged: {0}")]
    Weights(#[from] WeightsError),
    /// The run failed.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The arrays could not be put into a file.
    #[error("cannot make the safetensors file: {0}")]
    Arrays(#[from] SafeTensorError),
}

/// Does what the program's arguments ask.
///
/// # Errors
/// [`CliError`].
pub fn run() -> Result<(), CliError> {
    match Cli::parse().task {
        Task::Stylize(args) => stylize(&args),
        Task::Evaluate(args) => write_evaluation(&args),
    }
}

fn stylize(args: &Stylize) -> Result<(), CliError> {
    let recipe = Recipe {
        size: args.size,
        steps: args.steps,
        optimizer: args.optimizer.into(),
        emphasis: Emphasis { content_weight: args.content_weight, tv_weight: args.tv_weight },
        reading: Reading { pooling: args.pooling.into(), border: args.border.into() },
        seed: args.seed,
    };
    recipe.validate().map_err(TransferError::from)?;
    let content = open_fitted(&args.content, recipe.size)?;
    let style = open_fitted(&args.style, recipe.size)?;
    let device = open_device(args.device)?;
    let vgg = Rc::new(Vgg19::new(Weights::load(PACK, &Manifest::built_in())?, &device));
    let mut transfer = StyleTransfer::new(vgg, &content, &style, &recipe, &device)?;
    step_to_the_end(&mut transfer, recipe.steps)?;
    let pastiche = block_on(transfer.pixels())?;
    write(&args.output, &codec::encode_png(&pastiche))
}

fn step_to_the_end(transfer: &mut StyleTransfer, steps: u32) -> Result<(), CliError> {
    let style = ProgressStyle::with_template("{bar:32} step {pos} of {len}, {eta} left, {msg}").expect("the template is valid");
    let bar = ProgressBar::new(u64::from(steps)).with_style(style);
    while !transfer.finished() {
        block_on(transfer.step())?;
        if transfer.steps_done().is_multiple_of(STEPS_PER_REPORT) || transfer.finished() {
            let losses = block_on(transfer.losses())?;
            bar.set_position(u64::from(transfer.steps_done()));
            bar.set_message(format!("content {:.4e}, style {:.4e}", losses.content, losses.style));
        }
    }
    bar.finish();
    Ok(())
}

fn write_evaluation(args: &Evaluate) -> Result<(), CliError> {
    let [content, style, pastiche] = [&args.content, &args.style, &args.pastiche].map(|path| open_as_it_is(path));
    let (content, style, pastiche) = (content?, style?, pastiche?);
    if pastiche.size() != content.size() {
        return Err(CliError::Sizes { pastiche: pastiche.size(), content: content.size() });
    }
    let device = open_device(args.device)?;
    let vgg = Vgg19::new(Weights::load(PACK, &Manifest::built_in())?, &device);
    let [content, style, pastiche] = [&content, &style, &pastiche].map(|pixels| ImageTensor::from_pixels(pixels, &device));
    let arrays =
        block_on(evaluate(&vgg, &content, &style, &pastiche, Reading::plain(args.pooling.into()))).map_err(TransferError::from)?;
    write(&args.output, &to_safetensors(&arrays)?)
}

fn to_safetensors(arrays: &[Array]) -> Result<Vec<u8>, SafeTensorError> {
    let bytes = |array: &Array| array.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let stored: Vec<(&Array, Vec<u8>)> = arrays.iter().map(|array| (array, bytes(array))).collect();
    let views = stored
        .iter()
        .map(|(array, bytes)| Ok((&array.name, TensorView::new(Dtype::F32, array.shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    safetensors::serialize(views, None)
}

fn open_device(arg: DeviceArg) -> Result<burn::tensor::Device, CliError> {
    Ok(match arg {
        DeviceArg::Gpu => block_on(device::open_gpu(|_| ()))?.device,
        DeviceArg::Cpu => device::open_cpu()?.device,
    })
}

fn open_fitted(path: &Path, edge: u32) -> Result<Pixels, CliError> {
    codec::decode_fitted(&read(path)?, edge).map_err(|error| CliError::Picture(path.to_owned(), error))
}

fn open_as_it_is(path: &Path) -> Result<Pixels, CliError> {
    let pixels = codec::decode(&read(path)?).map_err(|error| CliError::Picture(path.to_owned(), error))?;
    let size = pixels.size();
    size.fit_for_network(size.long_edge()).map_err(|error| CliError::Small(path.to_owned(), error))?;
    Ok(pixels)
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|error| CliError::Read(path.to_owned(), error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|error| CliError::Write(path.to_owned(), error))
}
