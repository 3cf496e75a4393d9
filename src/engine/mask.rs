//! Soft masks over the photo for the regions of the paintings, at the scale of each layer.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::Tile;
use super::image_tensor::reduced;
use super::ops::image::halve;
use super::ops::{float, sum};
use crate::layer::Layer;
use crate::pixels::{ImageSize, Pixels, Reduction};

/// Lower bound of a region's share of the image, against division by zero for an empty region.
const LEAST_SHARE: f32 = 1e-6;

/// Share of each pixel that belongs to one painting.
///
/// - **Shape:** `[1, 1, H, W]`.
/// - **Units:** shares in 0..1; those of several masks add up to 1 at most.
#[derive(Clone, Debug)]
pub struct Mask(Tensor<4>);

impl Mask {
    /// Makes masks from greyscale images, as [`shares`] reads them.
    pub fn from_pixels(masks: &[Pixels], device: &Device) -> Vec<Self> {
        let mask = |(pixels, shares): (&Pixels, Vec<f32>)| {
            let ImageSize { width, height } = pixels.size();
            Self(Tensor::from_data(
                TensorData::new(shares, [1, 1, height as usize, width as usize]),
                device,
            ))
        };
        masks.iter().zip(shares(masks)).map(mask).collect()
    }

    /// Returns the mask downsampled by `reduction`.
    #[must_use]
    pub fn reduced(&self, reduction: Reduction) -> Self {
        Self(reduced(self.0.clone(), reduction))
    }

    /// Returns the mask at each layer, halved wherever the feature maps are. The shares of several
    /// masks add up at every position of every layer as they do at the pixels, so no position is
    /// left out at an edge between regions.
    pub fn guides(&self) -> BTreeMap<Layer, Guide> {
        let mut mask = self.0.clone();
        Layer::ALL
            .into_iter()
            .map(|layer| {
                let guide = Guide::new(mask.clone());
                if layer.precedes_pooling() {
                    mask = halve(mask.clone(), 1);
                }
                (layer, guide)
            })
            .collect()
    }
}

/// Mask at one layer, as Gram matrices need it.
#[derive(Clone, Debug)]
pub struct Guide {
    /// Square root of the mask, `[1, 1, h, w]`: a Gram matrix multiplies it by itself.
    pub root: Tensor<4>,
    /// Mean of the mask, `[1]`: the region's share of the image.
    pub share: Tensor<1>,
}

impl Guide {
    /// Crops the mask to the core of `tile`. The share stays that of the whole region.
    #[must_use]
    pub fn within(&self, tile: &Tile, layer: Layer) -> Self {
        Self { root: tile.core_of_whole(self.root.clone(), layer), share: self.share.clone() }
    }

    fn new(mask: Tensor<4>) -> Self {
        let positions = float(mask.shape().num_elements());
        Self {
            share: sum(mask.clone()).div_scalar(positions).clamp_min(LEAST_SHARE),
            root: mask.sqrt(),
        }
    }
}

/// Returns each pixel's share in each of several regions, from greyscale images of one size: white
/// inside a region, black outside. Regions that overlap share the pixel; where there is none, no
/// painting's style counts.
pub fn shares(masks: &[Pixels]) -> Vec<Vec<f32>> {
    let claims: Vec<Vec<f32>> = masks.iter().map(claims).collect();
    let claimed = |pixel: usize| claims.iter().map(|claims| claims[pixel]).sum::<f32>().max(1.0);
    let shared = |claims: &Vec<f32>| {
        claims.iter().enumerate().map(|(pixel, claim)| claim / claimed(pixel)).collect()
    };
    claims.iter().map(shared).collect()
}

/// Returns the grey values of an image in 0..1, times alpha.
fn claims(mask: &Pixels) -> Vec<f32> {
    let claim = |[red, green, blue, alpha]: [u8; 4]| {
        let grey = [red, green, blue].map(f32::from).iter().sum::<f32>() / (3.0 * 255.0);
        grey * f32::from(alpha) / 255.0
    };
    mask.rgba().as_chunks().0.iter().copied().map(claim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an image of 32×32 px: `left` in its left half, `right` in its right half.
    fn halves(left: u8, right: u8) -> Pixels {
        let pixel = |i: usize| if i % 32 < 16 { left } else { right };
        Pixels::new(
            ImageSize::new(32, 32),
            (0..1024).flat_map(|i| [pixel(i), pixel(i), pixel(i), 255]).collect(),
        )
        .unwrap()
    }

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.to_data().try_into_vec().unwrap()
    }

    #[test]
    fn overlapping_masks_share_pixels_and_unmasked_pixels_have_no_share() {
        let masks = Mask::from_pixels(&[halves(255, 0), halves(255, 0)], &Device::flex());
        for mask in masks {
            let values = values(mask.0);
            assert_eq!((values[0], values[31]), (0.5, 0.0));
        }
    }

    #[test]
    fn transparent_mask_pixels_count_as_zero() {
        let clear =
            Pixels::new(ImageSize::new(1, 2), vec![255, 255, 255, 0, 255, 255, 255, 255]).unwrap();
        assert_eq!(claims(&clear), [0.0, 1.0]);
    }

    #[test]
    fn complementary_masks_add_up_to_one_at_every_position_of_every_layer() {
        let masks = Mask::from_pixels(&[halves(200, 30), halves(55, 225)], &Device::flex());
        let [first, second] = [&masks[0], &masks[1]].map(Mask::guides);
        for layer in Layer::ALL {
            let sum = first[&layer].root.clone().square() + second[&layer].root.clone().square();
            assert_eq!(sum.dims()[3], 32 >> (layer.block() - 1));
            assert!(values(sum).iter().all(|sum| (sum - 1.0).abs() < 1e-5));
            let shares = first[&layer].share.clone() + second[&layer].share.clone();
            assert!((shares.into_scalar::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}
