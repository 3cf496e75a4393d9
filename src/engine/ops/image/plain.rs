//! Plain Burn twins.

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, InterpolateMode, InterpolateOptions, PadMode};

use super::super::sum;
use super::{CELL, Preprocess};

/// Computes the twin of [`super::preprocess`].
pub fn preprocess(x: Tensor<4>, Preprocess { scale, mean, border }: Preprocess) -> Tensor<4> {
    let mean = Tensor::<1>::from_data(mean, &x.device().without_autodiff()).reshape([1, 3, 1, 1]);
    let x = x.mul_scalar(scale) - mean;
    if border == 0 { x } else { x.pad((border, border, border, border), PadMode::Edge) }
}

/// Computes the twin of [`super::total_variation`].
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    let [_, _, height, width] = x.dims();
    let neighbours = |dim: usize, length: usize| {
        let ahead = x.clone().narrow(dim, 1, length - 1);
        let behind = x.clone().narrow(dim, 0, length - 1);
        sum((ahead - behind).square())
    };
    (neighbours(2, height) + neighbours(3, width)).mul_scalar(scale)
}

/// Computes the twin of [`super::outlines`].
pub fn outlines(x: Tensor<4>, photo: Tensor<4>, scale: f32) -> Tensor<1> {
    let cells = avg_pool2d(x - photo, AvgPoolOptions::new([CELL, CELL]));
    let [_, _, rows, columns] = cells.dims();
    if rows < 3 || columns < 3 {
        return sum(cells).mul_scalar(0.0);
    }
    let at = |row: usize, column: usize| {
        cells.clone().narrow(2, row, rows - 2).narrow(3, column, columns - 2)
    };
    let laplacian = at(1, 1).mul_scalar(4.0) - at(0, 1) - at(2, 1) - at(1, 0) - at(1, 2);
    sum(laplacian.square()).mul_scalar(scale)
}

/// Computes the twin of [`super::crop`].
pub fn crop(image: Tensor<4>, at: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    let channels = image.dims()[1];
    let [rows, columns] = [0, 1].map(|side| at[side]..at[side] + size[side]);
    image.slice([0..1, 0..channels, rows, columns])
}

/// Computes the twin of [`super::add_at`].
pub fn add_at(image: Tensor<4>, part: Tensor<4>, at: [usize; 2]) -> Tensor<4> {
    let [_, channels, height, width] = part.dims();
    let region = [0..1, 0..channels, at[0]..at[0] + height, at[1]..at[1] + width];
    let sum = image.clone().slice(region.clone()) + part;
    image.slice_assign(region, sum)
}

/// Computes the twin of [`super::halve`], halving once.
pub fn halve(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(x, AvgPoolOptions::new([2, 2]))
}

/// Computes the twin of [`super::resize`].
pub fn resize(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size(size);
    interpolate(x, options)
}
