//! Compiles a run's pipelines before it starts, by running a small one. A GPU pipeline is compiled
//! on first use, and none of ours depends on the image size.

use std::ops::RangeInclusive;
use std::rc::Rc;

use burn::tensor::Device;

use super::ops::readback::sync;
use super::{ImageTensor, Pictures, StyleTransfer, TransferError, Vgg19};
use crate::layer::Layer;
use crate::memory::{DeviceLimits, LEAST_TILE_EDGE_PX};
use crate::pixels::{ImageSize, Pixels};
use crate::recipe::pyramid::Level;
use crate::recipe::{
    FeatureOptions, LayerStatistics, LayerWeights, LossWeights, Recipe, Sizes, Statistic,
};

/// A small run like the next one, in parts, so that progress can be shown.
#[derive(Debug)]
pub struct WarmUp {
    vgg: Rc<Vgg19>,
    recipe: Recipe,
    paintings: usize,
    extent: Extent,
    device: Device,
    /// Parts done.
    done: u32,
    transfer: Option<StyleTransfer>,
}

impl WarmUp {
    /// Creates the warm-up of a run of `recipe` with this many `paintings` on a device of these
    /// `limits`.
    pub fn new(
        vgg: Rc<Vgg19>,
        recipe: &Recipe,
        paintings: usize,
        limits: DeviceLimits,
        device: &Device,
    ) -> Self {
        let (recipe, extent) = (small(recipe), Extent::of(recipe, limits));
        Self { vgg, recipe, paintings, extent, device: device.clone(), done: 0, transfer: None }
    }

    /// Whether this warm-up compiles all pipelines that a run of `other` needs with the strategy of
    /// `vgg`.
    pub fn serves(
        &self,
        vgg: &Vgg19,
        other: &Recipe,
        paintings: usize,
        limits: DeviceLimits,
    ) -> bool {
        let alike = (self.vgg.strategy(), &self.recipe, self.paintings)
            == (vgg.strategy(), &small(other), paintings);
        alike && self.extent >= Extent::of(other, limits)
    }

    /// Returns the number of parts for a run of `recipe` on a device of these `limits`: some
    /// layers, the targets, each step.
    pub fn parts(recipe: &Recipe, limits: DeviceLimits) -> u32 {
        Extent::of(recipe, limits).parts()
    }

    /// Parts done.
    pub fn parts_done(&self) -> u32 {
        self.done
    }

    /// Whether all parts are done.
    pub fn is_done(&self) -> bool {
        self.done == self.extent.parts()
    }

    /// Does the next part, and waits for the device.
    ///
    /// # Errors
    /// [`TransferError`].
    pub async fn advance(&mut self) -> Result<(), TransferError> {
        if let Some(&layer) = FIRST_LAYERS.get(self.done as usize) {
            let photo = ImageTensor::from_pixels(&picture(SIDE_PX, SIDE_PX), &self.device);
            let maps = self.vgg.encode(&photo, &[layer], self.recipe.features);
            sync(maps.get(layer).tensor().clone()).await?;
        } else if let Some(transfer) = &mut self.transfer {
            transfer.step().await?;
            wait_for_losses(transfer).await?;
        } else {
            let mut transfer = self.transfer(picture(self.width(), SIDE_PX))?;
            while transfer.targets_missing() > 0 {
                transfer.make_target();
            }
            transfer.pixels().await?;
            self.change_pictures().await?;
            self.transfer = Some(transfer);
        }
        self.done += 1;
        if self.is_done() {
            self.transfer = None;
        }
        Ok(())
    }

    /// Returns the small run of `photo`.
    fn transfer(&self, photo: Pixels) -> Result<StyleTransfer, TransferError> {
        let edge = photo.size().long_edge();
        let pictures = Pictures::new(photo.clone(), vec![photo; self.paintings]);
        let levels = (0..self.extent.sizes())
            .rev()
            .map(|halvings| Level { edge: edge >> halvings, steps: STEPS })
            .collect();
        let limits = match self.extent {
            Extent::Tiled => DeviceLimits::AMPLE.in_tiles_above(LEAST_TILE_EDGE_PX),
            Extent::Whole | Extent::Halved => DeviceLimits::AMPLE,
        };
        StyleTransfer::at_levels(
            Rc::clone(&self.vgg),
            &pictures,
            &self.recipe,
            levels,
            limits,
            &self.device,
        )
    }

    fn width(&self) -> u32 {
        if self.extent == Extent::Tiled { TILED_PX } else { SIDE_PX }
    }

    /// Runs element-wise operations for rows of other lengths: Burn compiles them per vectorisation
    /// width (4, 2, 1), which the row length determines.
    async fn change_pictures(&self) -> Result<(), TransferError> {
        for more in MORE_PX {
            let mut transfer = self.transfer(picture(self.width() + more, SIDE_PX + more))?;
            transfer.fence().wait().await?;
            transfer.pixels().await?;
            // To the larger size, if there is one.
            transfer.ascend().await?;
        }
        // As a painting may be resized.
        let painting = ImageTensor::from_pixels(&picture(SIDE_PX, SIDE_PX), &self.device);
        Ok(sync(painting.resize(ImageSize::new(SIDE_PX, SIDE_PX + 1)).into_tensor()).await?)
    }
}

/// How many sizes a run has, and whether it tiles. Each variant includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// One size, untiled.
    Whole,
    /// Two sizes; image and optimiser are resized from the first to the second.
    Halved,
    /// Two sizes, of which the larger is tiled.
    Tiled,
}

impl Extent {
    /// Returns the extent of a run of `recipe` on a device of these `limits`, if the images are as
    /// large as the recipe allows.
    fn of(recipe: &Recipe, limits: DeviceLimits) -> Self {
        if recipe.size.max(recipe.style_edge(recipe.size)) > limits.whole_edge {
            Self::Tiled
        } else if matches!(recipe.sizes, Sizes::Doubling(2..) | Sizes::Growing(_)) {
            Self::Halved
        } else {
            Self::Whole
        }
    }

    fn sizes(self) -> u32 {
        if self == Self::Whole { 1 } else { 2 }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a count of layers")]
    fn parts(self) -> u32 {
        FIRST_LAYERS.len() as u32 + 1 + self.sizes() * STEPS
    }
}

/// Returns an image that is not flat.
fn picture(width: u32, height: u32) -> Pixels {
    let rgba = (0..4 * width * height)
        .map(|index| if index % 4 == 3 { u8::MAX } else { (index * 37 % 251) as u8 });
    Pixels::new(ImageSize::new(width, height), rgba.collect()).expect("four bytes a pixel")
}

/// Layers encoded one after another: the deeper ones compile nothing more.
const FIRST_LAYERS: [Layer; 3] = [Layer::Conv1_1, Layer::Conv1_2, Layer::Conv2_1];
/// Style layers of the small run: two at least, so that they are summed.
const STYLE_LAYERS: [Layer; 3] = [Layer::Conv1_1, Layer::Conv2_1, Layer::Conv1_2];
/// Steps at each size of the small run: one evaluation of the start, one trial.
const STEPS: u32 = 2;
/// Sides of the small run's images, px: small enough for an emulated GPU, and more than one chunk
/// of L-BFGS.
const SIDE_PX: u32 = 40;
/// The long side of tiled images, px.
const TILED_PX: u32 = 216;
const _: () = assert!(
    TILED_PX > LEAST_TILE_EDGE_PX && SIDE_PX.is_multiple_of(8) && TILED_PX.is_multiple_of(8)
);
/// Offsets to multiples of 8, px, so that rows, also halved, take every vectorisation width.
const MORE_PX: RangeInclusive<u32> = 1..=5;

/// Returns `recipe` reduced to the parts that decide which pipelines are compiled. Its layers reach
/// down to the second block, whose pipelines deeper blocks share, and each statistic in use has
/// one. Every term has its default weight, above 0, so that its kernels are compiled.
fn small(recipe: &Recipe) -> Recipe {
    let mut named: Vec<Statistic> =
        Layer::ALL.map(|layer| recipe.features.statistics.of(layer)).into();
    named.sort_unstable();
    named.dedup();
    let statistic = |layer| {
        let place = STYLE_LAYERS.iter().position(|&other| other == layer).unwrap_or(0);
        named[place.min(named.len() - 1)]
    };
    let features = FeatureOptions { statistics: LayerStatistics::by(statistic), ..recipe.features };
    let loss_weights = LossWeights {
        content_layers: LayerWeights::even(&[Layer::Conv2_1], 1.0),
        style_layers: LayerWeights::even(&STYLE_LAYERS[..named.len().max(2)], 0.5),
        ..LossWeights::default()
    };
    Recipe {
        features,
        size: 128,
        steps: 2 * STEPS,
        seed: 0,
        style_scale: 1.0,
        sizes: Sizes::One,
        loss_weights,
        ..recipe.clone()
    }
}

/// Awaits the losses, and ignores them.
async fn wait_for_losses(transfer: &StyleTransfer) -> Result<(), TransferError> {
    match transfer.losses().await {
        Ok(_) | Err(TransferError::Diverged(..)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pollster::block_on;

    use super::*;
    use crate::engine::ops::convolution::{ConvKernel, Strategy};
    use crate::engine::ops::{gpu_for_tests, idle_gpu_for_tests, kernels_of_tests};
    use crate::engine::weights::{ChannelMeans, Weights};
    use crate::memory::Precision;
    use crate::recipe::{OptimizerKind, Pooling, Start};

    fn network(device: &Device) -> Rc<Vgg19> {
        Rc::new(Vgg19::new(Weights::committed(), &ChannelMeans::built_in(), device))
    }

    fn grey(width: u32, height: u32) -> Pixels {
        Pixels::new(
            ImageSize::new(width, height),
            [90, 140, 60, 255].repeat((width * height) as usize),
        )
        .unwrap()
    }

    /// Programs that a run of `recipe` needs at this size and that `compiled` lacks.
    fn new_programs(
        vgg: &Rc<Vgg19>,
        recipe: &Recipe,
        [width, height]: [u32; 2],
        limits: DeviceLimits,
        compiled: &BTreeSet<String>,
        gpu: &Device,
    ) -> Vec<String> {
        let edges = if recipe.sizes == Sizes::One { 0..1 } else { 0..3 };
        let edge = |index| width.max(height) * [4, 3, 2][index] / 4;
        let levels: Vec<Level> =
            edges.rev().map(|index| Level { edge: edge(index), steps: 2 }).collect();
        let recipe =
            Recipe { steps: levels.iter().map(|level| level.steps).sum(), ..recipe.clone() };
        let pictures = Pictures::new(grey(width, height), vec![grey(height, width)]);
        let launched = kernels_of_tests(gpu, || {
            let mut transfer =
                StyleTransfer::at_levels(Rc::clone(vgg), &pictures, &recipe, levels, limits, gpu)
                    .unwrap();
            while !transfer.finished() {
                block_on(transfer.step()).unwrap();
                block_on(wait_for_losses(&transfer)).unwrap();
                block_on(transfer.pixels()).unwrap();
            }
        });
        launched.difference(compiled).cloned().collect()
    }

    /// Returns the kernels that all of three attempts launch. Whether an operation of Burn's works
    /// in place, by another kernel, depends on how far the device's thread has come: an earlier
    /// launch in its queue still holds the operands.
    fn launched_each_time(launched: impl Fn() -> Vec<String>) -> BTreeSet<String> {
        let mut always: BTreeSet<String> = launched().into_iter().collect();
        for _ in 0..2 {
            if !always.is_empty() {
                let again = launched();
                always.retain(|kernel| again.contains(kernel));
            }
        }
        always
    }

    /// Warms up for `recipe`, then asserts that runs at `sizes` launch no new kernel, neither with
    /// all layers evaluated together nor with the first by itself.
    fn assert_compiles_nothing(
        vgg: Rc<Vgg19>,
        recipe: &Recipe,
        sizes: &[[u32; 2]],
        limits: DeviceLimits,
        device: &Device,
    ) {
        let mut warm_up = WarmUp::new(Rc::clone(&vgg), recipe, 1, limits, device);
        let compiled = kernels_of_tests(device, || {
            while !warm_up.is_done() {
                block_on(warm_up.advance()).unwrap();
            }
        });
        assert_eq!(warm_up.parts_done(), WarmUp::parts(recipe, limits));
        for (&size, together_edge) in sizes.iter().flat_map(|size| [(size, u32::MAX), (size, 0)]) {
            let limits = DeviceLimits { together_edge, ..limits };
            let launched = || new_programs(&vgg, recipe, size, limits, &compiled, device);
            let new = launched_each_time(launched);
            assert!(
                new.is_empty(),
                "not there at {size:?} px, {together_edge} px together, of {recipe:?}: {new:#?}"
            );
        }
    }

    fn with(mut vgg: Rc<Vgg19>, strategy: Strategy) -> Rc<Vgg19> {
        Rc::make_mut(&mut vgg).set_strategy(strategy);
        vgg
    }

    #[test]
    fn after_it_a_run_of_any_size_compiles_nothing() {
        let device = idle_gpu_for_tests();
        let vgg = network(&device);
        let plain = Recipe {
            features: FeatureOptions::before_version_3(),
            sizes: Sizes::One,
            ..Recipe::default()
        };
        let paper = Recipe {
            optimizer: OptimizerKind::Adam,
            features: FeatureOptions::plain(Pooling::Max),
            ..plain.clone()
        };
        let from_the_painting = Recipe { start: Start::PAINTING, ..plain.clone() };
        let mut mixed = Recipe { sizes: Sizes::One, ..Recipe::default() };
        mixed.features.statistics = LayerStatistics::by(|layer| match layer.block() {
            1..=3 => Statistic::Covariance,
            _ => Statistic::Gram,
        });
        let coarse =
            with(Rc::clone(&vgg), Strategy { division: ConvKernel::Direct, ..Strategy::default() });
        let halves =
            with(Rc::clone(&vgg), Strategy { precision: Precision::Half, ..Strategy::default() });
        let holds = |vgg, recipe: &Recipe, sizes: &[[u32; 2]]| {
            assert_compiles_nothing(vgg, recipe, sizes, DeviceLimits::AMPLE, &device);
        };
        // Adam's first zeros have a program for each kind of width.
        holds(Rc::clone(&vgg), &plain, &[[48, 56], [47, 55], [98, 97]]);
        holds(vgg, &mixed, &[[47, 55]]);
        holds(Rc::clone(&coarse), &plain, &[[47, 55]]);
        holds(coarse, &from_the_painting, &[[48, 56]]);
        holds(halves, &paper, &[[48, 56]]);
    }

    #[test]
    fn after_it_a_run_from_coarse_to_fine_compiles_nothing() {
        let device = idle_gpu_for_tests();
        let vgg = network(&device);
        let recipe = Recipe::default();
        let sizes = [[64, 80], [68, 52], [70, 54], [51, 61], [81, 69]];
        assert_compiles_nothing(Rc::clone(&vgg), &recipe, &sizes, DeviceLimits::AMPLE, &device);
        let few_pairs = DeviceLimits { pairs_bytes: 0, ..DeviceLimits::AMPLE };
        assert_compiles_nothing(vgg, &recipe, &[[64, 80], [51, 61]], few_pairs, &device);
    }

    #[test]
    fn after_it_a_run_in_tiles_compiles_nothing() {
        let device = idle_gpu_for_tests();
        let vgg = network(&device);
        let recipe = Recipe { size: 512, ..Recipe::default() };
        let limits = DeviceLimits::AMPLE.in_tiles_above(LEAST_TILE_EDGE_PX);
        assert_compiles_nothing(vgg, &recipe, &[[50, 224], [227, 33]], limits, &device);
    }

    #[test]
    fn a_warm_up_ends_on_a_device_that_computes() {
        let device = gpu_for_tests();
        for precision in Precision::ALL {
            let vgg = with(network(&device), Strategy { precision, ..Strategy::default() });
            let mut warm_up = WarmUp::new(vgg, &Recipe::default(), 1, DeviceLimits::AMPLE, &device);
            while !warm_up.is_done() {
                block_on(warm_up.advance()).unwrap();
            }
        }
    }

    #[test]
    fn what_decides_no_program_needs_no_other() {
        let device = Device::flex();
        let vgg = network(&device);
        let limits = DeviceLimits::AMPLE.in_tiles_above(1024);
        let warm_up = WarmUp::new(Rc::clone(&vgg), &Recipe::default(), 1, limits, &device);
        let other = Recipe { size: 1024, steps: 7, seed: 3, ..Recipe::default() };
        assert!(
            warm_up.serves(&vgg, &other, 1, limits) && !warm_up.serves(&vgg, &other, 2, limits)
        );
        assert!(!warm_up.serves(
            &vgg,
            &Recipe { optimizer: OptimizerKind::Adam, ..other.clone() },
            1,
            limits
        ));
        let one_size = Recipe { sizes: Sizes::One, ..other.clone() };
        assert!(warm_up.serves(&vgg, &one_size, 1, limits), "it does more");
        assert!(
            !WarmUp::new(Rc::clone(&vgg), &one_size, 1, limits, &device)
                .serves(&vgg, &other, 1, limits)
        );
        let in_tiles =
            [Recipe { size: 1025, ..other.clone() }, Recipe { style_scale: 2.0, ..other.clone() }];
        assert!(in_tiles.iter().all(|recipe| !warm_up.serves(&vgg, recipe, 1, limits)));
        let halves = with(vgg, Strategy { precision: Precision::Half, ..Strategy::default() });
        assert!(!warm_up.serves(&halves, &other, 1, limits));
    }
}
