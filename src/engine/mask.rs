//! Where a painting's style belongs: a soft mask over the photo, and what the network's layers see
//! of it.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::Tile;
use super::image_tensor::reduced;
use super::ops::image::halve;
use super::ops::{float, sum};
use crate::layer::Layer;
use crate::pixels::{ImageSize, Pixels, Reduction};

/// Least share of a picture that a region is taken to have: an empty one would be divided by zero.
const LEAST_SHARE: f32 = 1e-6;

/// How much each pixel belongs to a painting.
///
/// - **Shape:** `[1, 1, H, W]`.
/// - **Units:** shares in 0..1; those of several masks add up to 1 at most.
#[derive(Clone, Debug)]
pub struct Mask(Tensor<4>);

impl Mask {
    /// From pictures as [`shares`] takes them.
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

    /// The mask made smaller by `reduction`.
    #[must_use]
    pub fn reduced(&self, reduction: Reduction) -> Self {
        Self(reduced(self.0.clone(), reduction))
    }

    /// What each layer sees of it: the mask brought to the size of the layer's maps as the maps
    /// themselves are. So every position of every layer belongs to the regions by shares that add
    /// up, and none is left out at an edge between two.
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

/// A mask at one layer, as Gram matrices need it.
#[derive(Clone, Debug)]
pub struct Guide {
    /// Root of the mask, `[1, 1, h, w]`: a Gram matrix multiplies it with itself.
    pub root: Tensor<4>,
    /// Mean of the mask, `[1]`: the region's share of the picture.
    pub share: Tensor<1>,
}

impl Guide {
    /// What lies in the core of `tile`; the share is the whole region's.
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

/// How much each pixel belongs to each of several regions, from grey pictures of one size, white
/// where a region is and black where not. Where they claim a pixel more than once they share it;
/// where none does, no painting's style counts.
pub fn shares(masks: &[Pixels]) -> Vec<Vec<f32>> {
    let claims: Vec<Vec<f32>> = masks.iter().map(claims).collect();
    let claimed = |pixel: usize| claims.iter().map(|claims| claims[pixel]).sum::<f32>().max(1.0);
    let shared = |claims: &Vec<f32>| {
        claims.iter().enumerate().map(|(pixel, claim)| claim / claimed(pixel)).collect()
    };
    claims.iter().map(shared).collect()
}

/// A grey picture's values in 0..1; what is transparent claims nothing.
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

    /// 32×32 px: `left` in the left half, `right` in the other.
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
    fn what_is_claimed_twice_is_shared_and_what_nobody_claims_is_nobodys() {
        let masks = Mask::from_pixels(&[halves(255, 0), halves(255, 0)], &Device::flex());
        for mask in masks {
            let values = values(mask.0);
            assert_eq!((values[0], values[31]), (0.5, 0.0));
        }
    }

    #[test]
    fn what_is_transparent_claims_nothing() {
        let clear =
            Pixels::new(ImageSize::new(1, 2), vec![255, 255, 255, 0, 255, 255, 255, 255]).unwrap();
        assert_eq!(claims(&clear), [0.0, 1.0]);
    }

    #[test]
    fn every_position_of_every_layer_belongs_to_the_regions_by_shares_that_add_up() {
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
