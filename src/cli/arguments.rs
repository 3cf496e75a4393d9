//! What can be said on the command line, and the recipe that it comes to.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::CliError;
use crate::layer::Layer;
use crate::memory::LEAST_TILE_EDGE_PX;
use crate::recipe::{
    Border, Filters, LayerStatistics, LayerWeights, LossUnits, LossWeights, OptimizerKind, Palette,
    Pooling, Preset, Recipe, Sizes, Start, Statistic, named,
};

/// Neural style transfer: repaints a photo in the style of a painting.
#[derive(Debug, Parser)]
#[command(name = "impasto", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Repaint CONTENT in the style of STYLE, or of several styles blended.
    Stylize(Stylize),
    /// Take up a run that `stylize --state` kept.
    Resume(Resume),
    /// Show what layers of the network know of a picture, by painting it from them alone out of
    /// noise.
    Reconstruct(Reconstruct),
    /// The paper's grid as one sheet: styles of more and more layers downwards, more and more
    /// content to the right.
    Grid(Grid),
    /// Print the recipe that the flags come to, as JSON.
    Recipe(RecipeArgs),
    /// Write features, Gram matrices, losses and gradients at a picture, for comparison with a
    /// reference.
    Evaluate(Evaluate),
    /// Measure what each filter answers on average, for the normalised network.
    Means(Means),
}

/// Arguments of `stylize`.
#[derive(Debug, Args)]
pub struct Stylize {
    /// The photo.
    pub content: PathBuf,
    /// The painting; several are blended.
    #[arg(required = true)]
    pub style: Vec<PathBuf>,
    /// Where to write the result, a PNG.
    #[arg(short, long, value_name = "OUT.png", value_parser = png)]
    pub output: PathBuf,
    /// Go on from this picture, an earlier result, instead of what --start says.
    #[arg(long, value_name = "RESULT.png")]
    pub from: Option<PathBuf>,
    /// Where a painting belongs: a grey picture laid over the photo, white where it does and black
    /// where not. Once for each painting; where all are black the photo stays.
    #[arg(long, value_name = "MASK")]
    pub mask: Vec<PathBuf>,
    /// Keep the run in this file now and then, for `impasto resume`.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct Resume {
    /// The file that `stylize --state` kept; it is kept further.
    pub state: PathBuf,
    /// Steps in all, instead of as many as were asked for at first.
    #[arg(long, value_name = "N")]
    pub steps: Option<u32>,
    /// Where to write the result, a PNG.
    #[arg(short, long, value_name = "OUT.png", value_parser = png)]
    pub output: PathBuf,
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// Arguments of `reconstruct`.
#[derive(Debug, Args)]
pub struct Reconstruct {
    /// The picture.
    pub picture: PathBuf,
    /// Paint its content at this layer.
    #[arg(
        long,
        value_name = "LAYER",
        value_parser = named::<Layer>,
        conflicts_with = "style",
        required_unless_present = "style"
    )]
    pub content: Option<Layer>,
    /// Paint its style at these layers.
    #[arg(long, value_name = "LAYERS", value_parser = layer_weights)]
    pub style: Option<LayerWeights>,
    /// Where to write the result, a PNG.
    #[arg(short, long, value_name = "OUT.png", value_parser = png)]
    pub output: PathBuf,
    /// For size, steps, seed, optimiser, smoothness, and how the network reads; the rest has no
    /// place in it.
    #[command(flatten)]
    recipe: RecipeArgs,
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// Arguments of `grid`.
#[derive(Debug, Args)]
pub struct Grid {
    /// The photo.
    pub content: PathBuf,
    /// The painting.
    pub style: PathBuf,
    /// Where to write the sheet, a PNG; it grows with each cell.
    #[arg(short, long, value_name = "OUT.png", value_parser = png)]
    pub output: PathBuf,
    /// Content weights of the columns.
    #[arg(
        long,
        value_name = "A,A,…",
        value_delimiter = ',',
        default_values_t = [16.0, 90.0, 500.0, 3000.0, 16_000.0]
    )]
    pub weights: Vec<f32>,
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// The photo.
    #[arg(long)]
    pub content: PathBuf,
    /// The painting.
    #[arg(long)]
    pub style: PathBuf,
    /// The picture to evaluate at; of the photo's size.
    #[arg(long)]
    pub pastiche: PathBuf,
    /// How feature maps are halved: avg or max.
    #[arg(long, value_parser = named::<Pooling>)]
    pub pooling: Pooling,
    /// Which network: `raw`, as published, or `normalised`.
    #[arg(long, value_name = "NAME", default_value = "raw", value_parser = named::<Filters>)]
    pub network: Filters,
    /// Channel means of the normalised network, instead of the built-in ones.
    #[arg(long, value_name = "FILE.safetensors")]
    pub means: Option<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Where to write the arrays.
    #[arg(short, long, value_name = "OUT.safetensors")]
    pub output: PathBuf,
}

/// Arguments of `means`.
#[derive(Debug, Args)]
pub struct Means {
    /// Pictures as varied as those that the network shall see.
    #[arg(required = true)]
    pub pictures: Vec<PathBuf>,
    /// Where to write the means.
    #[arg(short, long, value_name = "OUT.safetensors")]
    pub output: PathBuf,
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// Where to compute.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// Where to compute.
    #[arg(long, value_enum, default_value_t = DeviceArg::Gpu)]
    pub device: DeviceArg,
}

/// Where and how to compute a run.
#[derive(Debug, Args)]
pub struct ComputeArgs {
    #[command(flatten)]
    pub device: DeviceArgs,
    /// See pictures of more than PX×PX in tiles: the same result in less memory and more time. At
    /// least 208.
    #[arg(
        long,
        value_name = "PX",
        value_parser = clap::value_parser!(u32).range(i64::from(LEAST_TILE_EDGE_PX)..)
    )]
    pub tiles_above: Option<u32>,
    /// Keep feature maps in f16: less memory, for a result that differs a little more than that of
    /// another graphics card.
    #[arg(long)]
    pub half_precision: bool,
}

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceArg {
    /// Through the system's graphics API.
    Gpu,
    /// On the processor.
    Cpu,
}

/// The recipe: a preset or a file, and what the flags change of it.
#[derive(Debug, Args)]
pub struct RecipeArgs {
    /// Begin with this recipe, as `impasto recipe` prints it.
    #[arg(long, value_name = "FILE.json")]
    pub recipe: Option<PathBuf>,
    /// Begin with a preset: `balanced`, `closer_to_the_photo`, `bolder_strokes`,
    /// `colours_of_the_photo` or `paper`.
    #[arg(long, value_name = "NAME", value_parser = named::<Preset>, conflicts_with = "recipe")]
    preset: Option<Preset>,
    /// Longer side of the result at most, px; the photo is never enlarged. [default: 512]
    #[arg(long, value_name = "N")]
    size: Option<u32>,
    /// Steps of the optimiser. [default: 200]
    #[arg(long, value_name = "N")]
    steps: Option<u32>,
    /// Optimiser of the pixels: `lbfgs` or `adam`.
    #[arg(long, value_name = "NAME", value_parser = named::<OptimizerKind>)]
    optimizer: Option<OptimizerKind>,
    /// Weight of the content beside the style, per element of its feature map; 16 to 16000 differ
    /// usefully. [default: 500]
    #[arg(long, value_name = "A")]
    content_weight: Option<f32>,
    /// Weight of smoothness, per element of the picture. [default: 40]
    #[arg(long, value_name = "T")]
    tv_weight: Option<f32>,
    /// Weight of keeping the photo's outlines, per outline; 1 to 1000 differ usefully. [default: 8]
    #[arg(long, value_name = "O")]
    outlines: Option<f32>,
    /// Layers whose content counts, as in `conv4_2` or `conv3_1=0.5,conv4_2=1`.
    #[arg(long, value_name = "LAYERS", value_parser = layer_weights)]
    content_layers: Option<LayerWeights>,
    /// Layers whose style counts, written likewise; those without a number share 1.
    #[arg(long, value_name = "LAYERS", value_parser = layer_weights)]
    style_layers: Option<LayerWeights>,
    /// Which style layers count most: from -1, the finest, to 1, the coarsest.
    #[arg(long, value_name = "G", allow_negative_numbers = true)]
    grain: Option<f32>,
    /// Weights of the style pictures in the blend.
    #[arg(long, value_name = "W,W,…", value_delimiter = ',')]
    pub style_weights: Option<Vec<f32>>,
    /// Longer side of a style picture as a multiple of the photo's: larger means larger strokes.
    /// [default: 1]
    #[arg(long, value_name = "S")]
    style_scale: Option<f32>,
    /// Take a frame around a painting as part of it; `--keep-frame=false` takes it out of a recipe.
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    keep_frame: Option<bool>,
    /// Whose colours the result has: `painting`, `photo` or `matched`.
    #[arg(long, value_name = "NAME", value_parser = named::<Palette>)]
    palette: Option<Palette>,
    /// Tell brightness and colour apart in amounts of light; `--linear-light=false` takes it out of
    /// a recipe.
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    linear_light: Option<bool>,
    /// Start from `photo`, `recoloured` (the photo in the painting's colours), `noise` or
    /// `painting`, or shares of them as in `photo=0.8,noise=0.2`. [default: photo]
    #[arg(long, value_name = "PICTURE", value_parser = start)]
    start: Option<Start>,
    /// Sizes to paint at, coarse to fine: `one`, `doubling=N` or `growing=PX` from that longer side
    /// on.
    #[arg(long, value_name = "SIZES", value_parser = sizes)]
    sizes: Option<Sizes>,
    /// How feature maps are halved: `avg` or `max`.
    #[arg(long, value_name = "NAME", value_parser = named::<Pooling>)]
    pooling: Option<Pooling>,
    /// Padding at the picture's border: `replicate` or `zero`.
    #[arg(long, value_name = "NAME", value_parser = named::<Border>)]
    border: Option<Border>,
    /// Scaling of the network's filters: `raw`, as published, or `normalised`, as in the paper.
    #[arg(long, value_name = "NAME", value_parser = named::<Filters>)]
    network: Option<Filters>,
    /// Units in which layers' losses add up: `activation`, as in the paper, or `painting`, relative
    /// to the painting's outputs.
    #[arg(long, value_name = "NAME", value_parser = named::<LossUnits>)]
    units: Option<LossUnits>,
    /// Statistic of the style layers: `gram`, `covariance` or `wasserstein`, for all of
    /// them, or as in `conv1_1=wasserstein,conv5_1=covariance`.
    #[arg(long, value_name = "NAME", value_parser = statistics)]
    statistics: Option<LayerStatistics>,
    /// Seed of the noise and of the dither on the start picture. [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Reconstruct {
    /// What to paint after.
    ///
    /// # Errors
    /// As of [`RecipeArgs::recipe`].
    pub fn recipe(&self) -> Result<Recipe, CliError> {
        let own = self.recipe.recipe()?;
        let style_alone =
            || LossWeights::style_alone(self.style.unwrap_or_default(), own.features.units);
        let mut loss_weights = self.content.map_or_else(style_alone, LossWeights::content_alone);
        put(&mut loss_weights.tv_weight, self.recipe.tv_weight);
        let recipe = own.reconstructing(loss_weights);
        recipe.validate()?;
        Ok(recipe)
    }
}

impl RecipeArgs {
    /// The recipe that the flags come to.
    ///
    /// # Errors
    /// When the file cannot be read, or a value makes no sense.
    pub fn recipe(&self) -> Result<Recipe, CliError> {
        let mut recipe = match &self.recipe {
            Some(path) => read_recipe(path)?,
            None => self.preset.unwrap_or_default().applied_to(&Recipe::default()),
        };
        put(&mut recipe.size, self.size);
        put(&mut recipe.steps, self.steps);
        put(&mut recipe.optimizer, self.optimizer);
        put(&mut recipe.loss_weights.content_weight, self.content_weight);
        put(&mut recipe.loss_weights.tv_weight, self.tv_weight);
        put(&mut recipe.loss_weights.outlines, self.outlines);
        put(&mut recipe.loss_weights.content_layers, self.content_layers);
        put(&mut recipe.loss_weights.style_layers, self.style_layers);
        put(&mut recipe.loss_weights.grain, self.grain);
        if let Some(weights) = &self.style_weights {
            recipe.loss_weights.styles =
                LossWeights::blend(weights).ok_or(CliError::TooManyWeights(weights.len()))?;
        }
        put(&mut recipe.style_scale, self.style_scale);
        put(&mut recipe.keep_frame, self.keep_frame);
        put(&mut recipe.colours.palette, self.palette);
        put(&mut recipe.colours.linear_light, self.linear_light);
        put(&mut recipe.start, self.start);
        put(&mut recipe.sizes, self.sizes);
        put(&mut recipe.features.pooling, self.pooling);
        put(&mut recipe.features.border, self.border);
        put(&mut recipe.features.filters, self.network);
        put(&mut recipe.features.units, self.units);
        put(&mut recipe.features.statistics, self.statistics);
        put(&mut recipe.seed, self.seed);
        recipe.validate()?;
        Ok(recipe)
    }
}

/// One statistic for all layers, or layers each with its own.
fn statistics(text: &str) -> Result<LayerStatistics, String> {
    if !text.contains('=') {
        let all = named::<Statistic>(text)?;
        return Ok(LayerStatistics::by(|_| all));
    }
    let pairs = text.split(',').map(|pair| {
        let (layer, name) =
            pair.split_once('=').ok_or_else(|| format!("{pair} names no statistic"))?;
        Ok((named::<Layer>(layer)?, named::<Statistic>(name)?))
    });
    let chosen = pairs.collect::<Result<BTreeMap<_, _>, String>>()?;
    Ok(LayerStatistics::by(|layer| chosen.get(&layer).copied().unwrap_or_default()))
}

fn sizes(text: &str) -> Result<Sizes, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no whole number"));
    match text.split_once('=') {
        None if text == "one" => Ok(Sizes::One),
        Some(("doubling", count)) => Ok(Sizes::Doubling(number(count)?)),
        Some(("growing", first)) => Ok(Sizes::Growing(number(first)?)),
        _ => Err(format!("`{text}` is none of one, doubling=N and growing=PX")),
    }
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn read_recipe(path: &PathBuf) -> Result<Recipe, CliError> {
    let text = fs::read_to_string(path).map_err(|error| CliError::Read(path.clone(), error))?;
    Recipe::from_json(&text).map_err(|error| CliError::RecipeFile(path.clone(), error))
}

/// A path for a PNG, the one format in which results are written.
fn png(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_png = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    if is_png {
        Ok(path)
    } else {
        Err("results are written as PNG: let the name end in .png".to_owned())
    }
}

/// Comma-separated names, each with `=` and a number, or without either.
fn weighted_names(text: &str) -> Result<Vec<(&str, Option<f32>)>, String> {
    text.split(',')
        .map(|part| match part.split_once('=') {
            None => Ok((part.trim(), None)),
            Some((name, weight)) => {
                let weight =
                    weight.trim().parse().map_err(|_| format!("`{weight}` is no number"))?;
                Ok((name.trim(), Some(weight)))
            }
        })
        .collect()
}

fn layer_weights(text: &str) -> Result<LayerWeights, String> {
    let names = weighted_names(text)?;
    let unweighted = names.iter().filter(|(_, weight)| weight.is_none()).count();
    #[expect(clippy::cast_precision_loss, reason = "a few layers")]
    let share = 1.0 / unweighted.max(1) as f32;
    names.into_iter().try_fold(LayerWeights::default(), |weights, (name, weight)| {
        Ok(weights.with(named(name)?, weight.unwrap_or(share)))
    })
}

fn start(text: &str) -> Result<Start, String> {
    let mut start = Start::default();
    for (name, share) in weighted_names(text)? {
        let place = match name {
            "photo" => &mut start.photo,
            "recoloured" => &mut start.recoloured,
            "painting" => &mut start.painting,
            "noise" => &mut start.noise,
            other => {
                return Err(format!("`{other}` is none of photo, recoloured, painting and noise"));
            }
        };
        *place = share.unwrap_or(1.0);
    }
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::FeatureOptions;

    #[test]
    fn the_defaults_that_the_help_tells_are_the_recipes() {
        let cli = <Cli as clap::CommandFactory>::command();
        let arguments =
            cli.find_subcommand("recipe").expect("there is such a task").get_arguments();
        let told: Vec<String> = arguments
            .filter_map(|argument| {
                let help = argument.get_help()?.to_string();
                let (_, default) = help.split_once("[default: ")?;
                Some(format!("--{}={}", argument.get_long()?, default.trim_end_matches(']')))
            })
            .collect();
        assert!(told.len() >= 7, "{told:?}");
        for flag in &told {
            assert_eq!(recipe(&[flag]), recipe(&[]), "{flag}");
        }
    }

    fn recipe(flags: &[&str]) -> Recipe {
        let words = ["impasto", "recipe"].iter().chain(flags);
        match Cli::try_parse_from(words).unwrap().task {
            Task::Recipe(args) => args.recipe().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_flags_are_the_default_recipe_and_each_flag_changes_its_own() {
        assert_eq!(recipe(&[]), Recipe::default());
        let changed = recipe(&[
            "--size",
            "256",
            "--pooling",
            "avg",
            "--border",
            "zero",
            "--grain",
            "-0.5",
            "--style-weights",
            "3,1",
        ]);
        let features = FeatureOptions {
            pooling: Pooling::Average,
            border: Border::Zero,
            ..FeatureOptions::default()
        };
        assert_eq!((changed.size, changed.features), (256, features));
        assert_eq!(
            (changed.loss_weights.grain, changed.loss_weights.styles),
            (-0.5, [3.0, 1.0, 0.0, 0.0])
        );
        let sizes =
            ["one", "doubling=3", "growing=226"].map(|sizes| recipe(&["--sizes", sizes]).sizes);
        assert_eq!(sizes, [Sizes::One, Sizes::Doubling(3), Sizes::Growing(226)]);
        let mixed =
            recipe(&["--statistics", "conv1_1=wasserstein,conv2_1=covariance"]).features.statistics;
        let statistics =
            [Layer::Conv1_1, Layer::Conv2_1, Layer::Conv3_1].map(|layer| mixed.of(layer));
        assert_eq!(statistics, [Statistic::Wasserstein, Statistic::Covariance, Statistic::Gram]);
        assert_eq!(
            recipe(&["--start", "photo=0.8,noise=0.2"]).start,
            Start { photo: 0.8, noise: 0.2, ..Start::default() }
        );
    }

    #[test]
    fn a_flag_can_take_linear_light_out_of_a_recipe() {
        let mut given = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(
            &mut given,
            br#"{"colours": {"palette": "photo", "linear_light": true}}"#,
        )
        .unwrap();
        let file = format!("--recipe={}", given.path().display());
        let light =
            |flags: &[&str]| recipe(&[&[file.as_str()], flags].concat()).colours.linear_light;
        assert_eq!(
            [&[][..], &["--linear-light"], &["--linear-light=false"]].map(light),
            [true, true, false]
        );
        assert!(
            recipe(&["--linear-light"]).colours.linear_light && !recipe(&[]).colours.linear_light
        );
    }

    #[test]
    fn a_preset_is_where_flags_begin() {
        let paper = recipe(&["--preset", "paper", "--steps", "9"]);
        assert_eq!((paper.start, paper.steps), (Start::NOISE, 9));
    }

    #[test]
    fn a_reconstruction_begins_with_noise_and_takes_what_the_recipe_says_of_the_rest() {
        let recipe = |flags: &[&str]| {
            let words = ["impasto", "reconstruct", "a.jpg", "--style=conv1_1", "-o", "o.png"]
                .iter()
                .chain(flags);
            match Cli::try_parse_from(words).unwrap().task {
                Task::Reconstruct(args) => args.recipe().unwrap(),
                other => panic!("{other:?}"),
            }
        };
        let own = recipe(&["--size=96", "--optimizer=adam", "--pooling=max", "--style-scale=2"]);
        assert_eq!(
            (own.size, own.optimizer, own.features.pooling),
            (96, OptimizerKind::Adam, Pooling::Max)
        );
        assert_eq!(
            (own.start, own.style_scale, own.loss_weights.tv_weight),
            (Start::NOISE, 1.0, 0.0)
        );
        assert_eq!(recipe(&["--tv-weight=5"]).loss_weights.tv_weight, 5.0);
    }

    #[test]
    fn layers_without_a_number_share_one() {
        let weights = layer_weights("conv1_1, conv2_1,conv5_1=2").unwrap();
        assert_eq!((weights.of(Layer::Conv1_1), weights.of(Layer::Conv5_1)), (0.5, 2.0));
        assert!(layer_weights("conv9_1").unwrap_err().contains("conv9_1"));
        assert!(layer_weights("conv1_1=x").unwrap_err().contains("no number"));
    }

    #[test]
    fn a_result_that_is_no_png_is_refused() {
        let stylize =
            |output| Cli::try_parse_from(["impasto", "stylize", "a.jpg", "b.jpg", "-o", output]);
        assert!(stylize("OUT.PNG").is_ok());
        assert!(stylize("out.jpg").unwrap_err().to_string().contains(".png"));
    }

    #[test]
    fn names_that_are_none_are_refused_with_those_that_are() {
        assert!(named::<Palette>("sepia").unwrap_err().contains("matched"));
        assert!(start("water").unwrap_err().contains("painting"));
    }
}
