//! How far the pastiche's outlines are from the photo's.

use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

use crate::engine::ImageTensor;
#[cfg(feature = "gpu")]
use crate::engine::kernels;
use crate::engine::numbers::sum;

/// Sides of a cell, px: finer differences are the painting's marks.
const CELL: usize = 4;

/// Sum of squared Laplacians of the difference to the photo, averaged over cells of 4×4 px, over all three colours, times a weight.
///
/// - **Units:** (0..1)².
/// - **Source:** Li, Xu, Nie, Liu 2017, *Laplacian-Steered Neural Style Transfer*, eqs. 4 and 5.
pub struct OutlinesLoss;

impl OutlinesLoss {
    /// The loss of a picture beside a photo of its size, `[1]`.
    pub fn evaluate(pastiche: &ImageTensor, photo: &ImageTensor, weight: f32) -> Tensor<1> {
        let (x, photo) = (pastiche.tensor().clone(), photo.tensor().clone());
        #[cfg(feature = "gpu")]
        if kernels::serve(&x.device()) {
            return kernels::outlines(x, photo, weight);
        }
        Self::of_difference(x - photo, weight)
    }

    /// The same of the two pictures' difference, `[1, 3, H, W]`, in plain Burn.
    pub fn of_difference(difference: Tensor<4>, weight: f32) -> Tensor<1> {
        let cells = avg_pool2d(difference, AvgPoolOptions::new([CELL, CELL]));
        let [_, _, rows, columns] = cells.dims();
        if rows < 3 || columns < 3 {
            return sum(cells).mul_scalar(0.0);
        }
        let at = |row: usize, column: usize| cells.clone().narrow(2, row, rows - 2).narrow(3, column, columns - 2);
        let laplacian = at(1, 1).mul_scalar(4.0) - at(0, 1) - at(2, 1) - at(1, 0) - at(1, 2);
        sum(laplacian.square()).mul_scalar(weight)
    }

    /// Laplacians that are summed up for a picture of these sides, px; 1 at least.
    pub fn elements(height: usize, width: usize) -> usize {
        let inside = |side: usize| (side / CELL).saturating_sub(2);
        (3 * inside(height) * inside(width)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn a_change_of_all_pixels_alike_keeps_outlines_and_a_spot_does_not() {
        let device = Device::flex();
        let photo = ImageTensor::new(Tensor::full([1, 3, 12, 12], 0.5, &device));
        let at = |x: Tensor<4>| OutlinesLoss::evaluate(&ImageTensor::new(x), &photo, 2.0).into_scalar::<f32>();
        assert!(at(Tensor::full([1, 3, 12, 12], 0.7, &device)) < 1e-9);
        // A pixel of the one cell inside is brighter by 0.8, its mean by 0.05: 2 · 3 · (4 · 0.05)².
        let spot = Tensor::full([1, 3, 1, 1], 1.3, &device);
        let x = Tensor::full([1, 3, 12, 12], 0.5, &device).slice_assign([0..1, 0..3, 5..6, 6..7], spot);
        assert!((at(x) - 0.24).abs() < 1e-5);
        assert_eq!((OutlinesLoss::elements(12, 12), OutlinesLoss::elements(33, 38), OutlinesLoss::elements(4, 9)), (3, 126, 1));
    }
}
