//! How rough the pastiche is.

use burn::tensor::Tensor;

use crate::engine::ImageTensor;
use crate::engine::ops::image::total_variation;

/// Sum of squared differences of horizontal and vertical neighbours, over all three colours, times
/// a weight.
///
/// - **Units:** (0..1)².
/// - **Source:** not in the paper; Mahendran, Vedaldi 2015, with exponent β = 2.
pub struct TotalVariationLoss;

impl TotalVariationLoss {
    /// The loss of a picture, `[1]`.
    pub fn evaluate(pastiche: &ImageTensor, weight: f32) -> Tensor<1> {
        total_variation(pastiche.tensor().clone(), weight)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn a_flat_picture_has_none_and_an_edge_counts_once_a_row() {
        let device = Device::flex();
        let flat = ImageTensor::new(Tensor::full([1, 3, 2, 2], 0.5, &device));
        assert_eq!(TotalVariationLoss::evaluate(&flat, 3.0).into_scalar::<f32>(), 0.0);
        // One colour has a vertical edge of height 0.5 over two rows: 2 · 0.25, times 3.
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
