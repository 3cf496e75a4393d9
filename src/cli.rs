//! The native command line: the same engine, without a browser.

mod arguments;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use burn::tensor::Device;
use clap::Parser;
use image::RgbaImage;
use indicatif::{ProgressBar, ProgressStyle};
use pollster::block_on;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};
use thiserror::Error;

use self::arguments::{Cli, DeviceArg, DeviceArgs, Evaluate, Grid, Reconstruct, Stylize, Task};
use crate::codec::{self, DecodeError};
use crate::engine::device::{self, DeviceError};
use crate::engine::evaluate::{Array, evaluate};
use crate::engine::weights::{Manifest, Weights, WeightsError};
use crate::engine::{ImageTensor, Pictures, StyleTransfer, TransferError, Vgg19};
use crate::layer::Layer;
use crate::pixels::{ImageSize, Pixels, TooSmall};
use crate::recipe::{self, Emphasis, LayerWeights, MAX_STYLES, Reading, Recipe, RecipeError, Start};

/// The pack that the manifest names, so that the program needs no file beside it.
const PACK: &[u8] = include_bytes!("../weights/vgg19-62b11d1e.safetensors");
/// Steps between two read-backs of the losses: the progress bar moves, and the device's queue stays short.
const STEPS_PER_REPORT: u32 = 5;
/// Between two cells of a grid's sheet, px.
const GUTTER_PX: u32 = 4;

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
    /// A recipe's file makes no sense.
    #[error("{0}: the {1}")]
    RecipeFile(PathBuf, #[source] RecipeError),
    /// A flag makes no sense.
    #[error("the {0}")]
    Recipe(#[from] RecipeError),
    /// More weights than style pictures can be blended.
    #[error("--style-weights has {0} numbers; {MAX_STYLES} style pictures can be blended")]
    TooManyWeights(usize),
    /// A blend of other pictures than there are.
    #[error("--style-weights has {weights} numbers for {pictures} style pictures")]
    Weights {
        /// Numbers.
        weights: usize,
        /// Style pictures.
        pictures: usize,
    },
    /// No device.
    #[error("no device could be opened ({0}); try --device cpu")]
    Device(#[from] DeviceError),
    /// The built-in network is damaged.
    #[error("the built-in weights are damaged: {0}")]
    Network(#[from] WeightsError),
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
        Task::Reconstruct(args) => reconstruct(&args),
        Task::Grid(args) => grid(&args),
        Task::Recipe(args) => {
            println!("{}", args.recipe()?.to_json());
            Ok(())
        }
        Task::Evaluate(args) => write_evaluation(&args),
    }
}

/// A network on its device, ready for runs.
struct Studio {
    vgg: Rc<Vgg19>,
    device: Device,
}

impl Studio {
    fn open(args: &DeviceArgs) -> Result<Self, CliError> {
        let device = match args.device {
            DeviceArg::Gpu => block_on(device::open_gpu(|_| ()))?.device,
            DeviceArg::Cpu => device::open_cpu()?.device,
        };
        let vgg = Rc::new(Vgg19::new(Weights::load(PACK, &Manifest::built_in())?, &device));
        Ok(Self { vgg, device })
    }

    /// Paints to the end, behind a progress bar that `name` stands before.
    fn paint(&self, pictures: &Pictures, recipe: &Recipe, name: &str) -> Result<Pixels, CliError> {
        let mut transfer = StyleTransfer::new(Rc::clone(&self.vgg), pictures, recipe, &self.device)?;
        let template = "{prefix}{bar:32} step {pos} of {len}, {eta} left, {msg}";
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        let bar = ProgressBar::new(u64::from(recipe.steps)).with_style(style).with_prefix(name.to_owned());
        while !transfer.finished() {
            block_on(transfer.step())?;
            if transfer.steps_done().is_multiple_of(STEPS_PER_REPORT) || transfer.finished() {
                let losses = block_on(transfer.losses())?;
                bar.set_position(u64::from(transfer.steps_done()));
                bar.set_message(format!("content {:.4e}, style {:.4e}", losses.content, losses.style));
            }
        }
        bar.finish();
        Ok(block_on(transfer.pixels())?)
    }
}

fn stylize(args: &Stylize) -> Result<(), CliError> {
    let recipe = args.recipe.recipe()?;
    if args.style.len() > MAX_STYLES {
        return Err(TransferError::TooManyStyles(args.style.len()).into());
    }
    if let Some(weights) = args.recipe.style_weights.as_ref().map(Vec::len).filter(|&weights| weights != args.style.len()) {
        return Err(CliError::Weights { weights, pictures: args.style.len() });
    }
    let photo = open_fitted(&args.content, recipe.size)?;
    let style_edge = recipe.style_edge(photo.size().long_edge());
    let paintings = args.style.iter().map(|path| open_fitted(path, style_edge)).collect::<Result<Vec<_>, _>>()?;
    let earlier = args.from.as_deref().map(|path| open_fitted(path, recipe.size)).transpose()?;
    let earlier = earlier.map(|earlier| codec::resize(&earlier, photo.size()));
    let pictures = Pictures { photo, paintings, earlier };
    let pastiche = Studio::open(&args.device)?.paint(&pictures, &recipe, "")?;
    write(&args.output, &codec::encode_png(&pastiche))
}

fn reconstruct(args: &Reconstruct) -> Result<(), CliError> {
    let style_layers = args.style.unwrap_or_default();
    let emphasis = Emphasis {
        content_weight: if args.content.is_some() { Emphasis::default().content_weight } else { 0.0 },
        content_layers: args.content.map_or_else(LayerWeights::default, |layer| LayerWeights::even(&[layer], 1.0)),
        style_layers,
        ..Emphasis::default()
    };
    let recipe = Recipe { size: args.size, steps: args.steps, seed: args.seed, emphasis, start: Start::NOISE, ..Recipe::default() };
    recipe.validate()?;
    let picture = open_fitted(&args.picture, recipe.size)?;
    let paintings = if args.style.is_some() { vec![picture.clone()] } else { Vec::new() };
    let pictures = Pictures { photo: picture, paintings, earlier: None };
    let pastiche = Studio::open(&args.device)?.paint(&pictures, &recipe, "")?;
    write(&args.output, &codec::encode_png(&pastiche))
}

fn grid(args: &Grid) -> Result<(), CliError> {
    let recipe = args.recipe.recipe()?;
    let photo = open_fitted(&args.content, recipe.size)?;
    let paintings = vec![open_fitted(&args.style, recipe.style_edge(photo.size().long_edge()))?];
    let studio = Studio::open(&args.device)?;
    let pictures = Pictures { photo, paintings, earlier: None };
    let mut sheet = Sheet::new(pictures.photo.size(), args.weights.len(), Layer::STYLE.len());
    for cell in recipe::grid(&recipe, &args.weights) {
        let name = format!("row {} column {} ", cell.row + 1, cell.column + 1);
        let pastiche = studio.paint(&pictures, &cell.recipe, &name)?;
        sheet.put(cell.column, cell.row, pastiche);
        write(&args.output, &codec::encode_png(&sheet.pixels()))?;
    }
    Ok(())
}

/// Pictures of one size side by side, on white.
struct Sheet {
    cell: ImageSize,
    image: RgbaImage,
}

impl Sheet {
    fn new(cell: ImageSize, columns: usize, rows: usize) -> Self {
        let side = |cell: u32, count: usize| u32::try_from(count).unwrap_or(1) * (cell + GUTTER_PX) + GUTTER_PX;
        let image = RgbaImage::from_pixel(side(cell.width, columns), side(cell.height, rows), image::Rgba([u8::MAX; 4]));
        Self { cell, image }
    }

    fn put(&mut self, column: usize, row: usize, picture: Pixels) {
        let ImageSize { width, height } = picture.size();
        let image = RgbaImage::from_raw(width, height, picture.into_rgba()).expect("Pixels holds 4·width·height bytes");
        let at = |cell: u32, index: usize| GUTTER_PX as i64 + index as i64 * (cell + GUTTER_PX) as i64;
        image::imageops::overlay(&mut self.image, &image, at(self.cell.width, column), at(self.cell.height, row));
    }

    fn pixels(&self) -> Pixels {
        let (width, height) = self.image.dimensions();
        Pixels::new(ImageSize::new(width, height), self.image.as_raw().clone()).expect("an RGBA image holds 4·width·height bytes")
    }
}

fn write_evaluation(args: &Evaluate) -> Result<(), CliError> {
    let [content, style, pastiche] = [&args.content, &args.style, &args.pastiche].map(|path| open_as_it_is(path));
    let (content, style, pastiche) = (content?, style?, pastiche?);
    if pastiche.size() != content.size() {
        return Err(CliError::Sizes { pastiche: pastiche.size(), content: content.size() });
    }
    let Studio { vgg, device } = Studio::open(&args.device)?;
    let [content, style, pastiche] = [&content, &style, &pastiche].map(|pixels| ImageTensor::from_pixels(pixels, &device));
    let arrays =
        block_on(evaluate(&vgg, &content, &style, &pastiche, Reading::plain(args.pooling))).map_err(TransferError::from)?;
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
