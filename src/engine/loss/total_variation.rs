//! The total variation of the pastiche.

use burn::tensor::Tensor;

use crate::engine::ImageTensor;
use crate::engine::ops::image::total_variation;

/// `Σ (x − x_right)² + (x − x_below)²` over all three channels, times a weight, with the neighbours
/// to the right of and below each pixel.
///
/// - **Units:** (0..1)².
/// - **Source:** not in the paper; Mahendran, Vedaldi 2015, with exponent β = 2.
pub struct TotalVariationLoss;

impl TotalVariationLoss {
    /// Returns the loss of an image, `[1]`.
    pub fn evaluate(pastiche: &ImageTensor, weight: f32) -> Tensor<1> {
        total_variation(pastiche.tensor().clone(), weight)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn a_flat_image_has_no_variation_and_an_edge_counts_once_per_row() {
        let device = Device::flex();
        let flat = ImageTensor::new(Tensor::full([1, 3, 2, 2], 0.5, &device));
        assert_eq!(TotalVariationLoss::evaluate(&flat, 3.0).into_scalar::<f32>(), 0.0);
        // One channel has a vertical edge of height 0.5 over two rows: 2 · 0.25, times 3.
        let edge = Tensor::<4>::from_data(
            [[[[0.0, 0.5], [0.0, 0.5]], [[1.0; 2]; 2], [[1.0; 2]; 2]]],
            &device,
        );
        assert_eq!(
            TotalVariationLoss::evaluate(&ImageTensor::new(edge), 3.0).into_scalar::<f32>(),
            1.5
        );
    }
}
