//! Compiling a run's programs before it begins, by doing a small one: a GPU compiles a program when it is first asked for, and none of ours
//! depends on a picture's size.

use std::rc::Rc;

use burn::tensor::Device;

use super::numbers::settled;
use super::{ImageTensor, Pictures, StyleTransfer, TransferError, Vgg19};
use crate::layer::Layer;
use crate::memory::Capacity;
use crate::pixels::{ImageSize, Pixels};
use crate::recipe::{Emphasis, LayerWeights, Recipe};

/// A small run like the one to come, done part by part so that one can tell how far it is.
#[derive(Debug)]
pub struct WarmUp {
    vgg: Rc<Vgg19>,
    recipe: Recipe,
    paintings: usize,
    device: Device,
    /// Parts done.
    done: u32,
    transfer: Option<StyleTransfer>,
}

impl WarmUp {
    /// For a run of `recipe` with as many `paintings`.
    pub fn new(vgg: Rc<Vgg19>, recipe: &Recipe, paintings: usize, device: &Device) -> Self {
        Self { vgg, recipe: small(recipe), paintings, device: device.clone(), done: 0, transfer: None }
    }

    /// Whether a run of this recipe compiles the same programs as one of `other` with the strategy of `vgg`.
    pub fn serves(&self, vgg: &Vgg19, other: &Recipe, paintings: usize) -> bool {
        (self.vgg.strategy(), &self.recipe, self.paintings) == (vgg.strategy(), &small(other), paintings)
    }

    /// Parts in all: some layers first, then the targets, then each step.
    pub const PARTS: u32 = FIRST_LAYERS.len() as u32 + 1 + STEPS;

    /// Parts done.
    pub fn parts_done(&self) -> u32 {
        self.done
    }

    /// Does the next part and waits for the device.
    ///
    /// # Errors
    /// [`TransferError`].
    pub async fn advance(&mut self) -> Result<(), TransferError> {
        if let Some(&layer) = FIRST_LAYERS.get(self.done as usize) {
            let photo = ImageTensor::from_pixels(&photo(), &self.device);
            let maps = self.vgg.encode(&photo, &[layer], self.recipe.reading);
            settled(maps.get(layer).tensor().clone()).await?;
        } else if let Some(transfer) = &mut self.transfer {
            transfer.step().await?;
            transfer.losses().await?;
        } else {
            let pictures = Pictures::new(photo(), vec![photo(); self.paintings]);
            let mut transfer = StyleTransfer::new(Rc::clone(&self.vgg), &pictures, &self.recipe, Capacity::AMPLE, &self.device)?;
            while transfer.targets_missing() > 0 {
                transfer.make_target();
            }
            transfer.pixels().await?;
            self.add_pictures().await?;
            self.transfer = Some(transfer);
        }
        self.done += 1;
        if self.done == Self::PARTS {
            self.transfer = None;
        }
        Ok(())
    }

    /// For what is done to pictures element by element Burn has one program where a row can be read by fours, as the photo's here, another
    /// where by twos, and another yet.
    async fn add_pictures(&self) -> Result<(), TransferError> {
        for width in [SIDE_PX + 1, SIDE_PX + 2] {
            let picture = ImageTensor::from_pixels(&picture(width, SIDE_PX), &self.device).into_tensor();
            settled(picture.clone() + picture.mul_scalar(1.0)).await?;
        }
        Ok(())
    }
}

/// A picture that is not flat.
fn picture(width: u32, height: u32) -> Pixels {
    let rgba = (0..4 * width * height).map(|index| if index % 4 == 3 { u8::MAX } else { (index * 37 % 251) as u8 });
    Pixels::new(ImageSize::new(width, height), rgba.collect()).expect("four bytes a pixel")
}

fn photo() -> Pixels {
    picture(SIDE_PX, SIDE_PX)
}

/// Layers up to which the network is asked one after another: what the deeper ones need is compiled then.
const FIRST_LAYERS: [Layer; 3] = [Layer::Conv1_1, Layer::Conv1_2, Layer::Conv2_1];
/// The first step only looks, the second one is judged.
const STEPS: u32 = 2;
/// Of the small run's pictures: small enough for an emulated GPU, and with more elements than L-BFGS puts into one chunk.
const SIDE_PX: u32 = 40;

/// `recipe` without what decides no program, down to the second block: the deeper ones have the same. What carries a run to the next size of a
/// pyramid, and what cuts a large picture into tiles, is left out: few programs and small ones.
fn small(recipe: &Recipe) -> Recipe {
    let emphasis = Emphasis {
        content_layers: LayerWeights::even(&[Layer::Conv2_1], 1.0),
        style_layers: LayerWeights::even(&[Layer::Conv1_1, Layer::Conv2_1], 0.5),
        ..Emphasis::default()
    };
    Recipe { size: 128, steps: STEPS, seed: 0, style_scale: 1.0, pyramid: 1, emphasis, ..recipe.clone() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pollster::block_on;

    use super::*;
    use crate::engine::kernels::{Strategy, gpu_for_tests, kernels_of_tests};
    use crate::engine::weights::{ChannelMeans, Manifest, Weights};
    use crate::memory::Precision;
    use crate::recipe::{Border, OptimizerKind, Pooling};

    fn network(device: &Device) -> Rc<Vgg19> {
        let manifest = Manifest::built_in();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("weights").join(&manifest.file);
        let weights = Weights::load(&std::fs::read(path).unwrap(), &manifest).unwrap();
        Rc::new(Vgg19::new(weights, &ChannelMeans::built_in(), device))
    }

    fn grey(width: u32, height: u32) -> Pixels {
        Pixels::new(ImageSize::new(width, height), [90, 140, 60, 255].repeat((width * height) as usize)).unwrap()
    }

    /// Programs that a run of `recipe` needs at this size and that `compiled` lacks.
    fn new_programs(
        vgg: &Rc<Vgg19>,
        recipe: &Recipe,
        [width, height]: [u32; 2],
        together_edge: u32,
        compiled: &BTreeSet<String>,
        gpu: &Device,
    ) -> usize {
        let capacity = Capacity { together_edge, ..Capacity::AMPLE };
        let recipe = Recipe { steps: 2, ..recipe.clone() };
        let pictures = Pictures::new(grey(width, height), vec![grey(height, width)]);
        let launched = kernels_of_tests(|| {
            let mut transfer = StyleTransfer::new(Rc::clone(vgg), &pictures, &recipe, capacity, gpu).unwrap();
            while !transfer.finished() {
                block_on(transfer.step()).unwrap();
                block_on(transfer.losses()).unwrap();
                block_on(transfer.pixels()).unwrap();
            }
        });
        launched.difference(compiled).count()
    }

    #[test]
    fn after_it_a_run_of_any_size_compiles_nothing() {
        let device = gpu_for_tests();
        let vgg = network(&device);
        let mut paper = Recipe { optimizer: OptimizerKind::Adam, ..Recipe::default() };
        paper.reading.border = Border::Zero;
        paper.reading.pooling = Pooling::Max;
        // Adam's first zeros have a program for each kind of width.
        let any_width = [[48, 56], [47, 55]];
        let mut halves = Rc::clone(&vgg);
        Rc::make_mut(&mut halves).set_strategy(Strategy { precision: Precision::Half, ..Strategy::default() });
        for (vgg, recipe, sizes) in [(vgg, Recipe::default(), any_width.as_slice()), (halves, paper, &any_width[..1])] {
            let mut warm_up = WarmUp::new(Rc::clone(&vgg), &recipe, 1, &device);
            let compiled = kernels_of_tests(|| {
                while warm_up.parts_done() < WarmUp::PARTS {
                    block_on(warm_up.advance()).unwrap();
                }
            });
            for (&size, together_edge) in sizes.iter().flat_map(|size| [(size, u32::MAX), (size, 0)]) {
                let new = new_programs(&vgg, &recipe, size, together_edge, &compiled, &device);
                assert_eq!(new, 0, "programs that were not there, at {size:?} px, {together_edge} px together, of {recipe:?}");
            }
        }
    }

    #[test]
    fn what_decides_no_program_needs_no_other() {
        let device = Device::flex();
        let mut vgg = network(&device);
        let warm_up = WarmUp::new(Rc::clone(&vgg), &Recipe::default(), 1, &device);
        let other = Recipe { size: 512, steps: 7, seed: 3, ..Recipe::default() };
        assert!(warm_up.serves(&vgg, &other, 1) && !warm_up.serves(&vgg, &other, 2));
        assert!(!warm_up.serves(&vgg, &Recipe { optimizer: OptimizerKind::Adam, ..other.clone() }, 1));
        Rc::make_mut(&mut vgg).set_strategy(Strategy { precision: Precision::Half, ..Strategy::default() });
        assert!(!warm_up.serves(&vgg, &other, 1));
    }
}
