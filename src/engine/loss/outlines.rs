//! The outlines loss: how far the pastiche's edges depart from the photo's.

use burn::tensor::Tensor;

use crate::engine::ImageTensor;
use crate::engine::ops::image::outlines;

/// `Σ Δ(P(x − photo))²` over all three channels, times a weight, where `P` averages over cells of
/// 4×4 px and `Δ` is the Laplacian.
///
/// - **Units:** (0..1)².
/// - **Source:** Li, Xu, Nie, Liu 2017, *Laplacian-Steered Neural Style Transfer*, eqs. 4 and 5.
pub struct OutlinesLoss;

impl OutlinesLoss {
    /// Returns the loss of a pastiche against a photo of the same size, `[1]`.
    pub fn evaluate(pastiche: &ImageTensor, photo: &ImageTensor, weight: f32) -> Tensor<1> {
        outlines(pastiche.tensor().clone(), photo.tensor().clone(), weight)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::engine::ops::image::outline_elements;

    #[test]
    fn a_uniform_shift_has_no_outlines_loss_and_a_spot_has() {
        let device = Device::flex();
        let photo = ImageTensor::new(Tensor::full([1, 3, 12, 12], 0.5, &device));
        let at = |x: Tensor<4>| {
            OutlinesLoss::evaluate(&ImageTensor::new(x), &photo, 2.0).into_scalar::<f32>()
        };
        assert!(at(Tensor::full([1, 3, 12, 12], 0.7, &device)) < 1e-9);
        // One pixel of the single inner cell is brighter by 0.8, hence the cell's mean by 0.05:
        // `2 · 3 · (4 · 0.05)²`.
        let spot = Tensor::full([1, 3, 1, 1], 1.3, &device);
        let x =
            Tensor::full([1, 3, 12, 12], 0.5, &device).slice_assign([0..1, 0..3, 5..6, 6..7], spot);
        assert!((at(x) - 0.24).abs() < 1e-5);
        assert_eq!(
            (outline_elements(12, 12), outline_elements(33, 38), outline_elements(4, 9)),
            (3, 126, 1)
        );
    }
}
