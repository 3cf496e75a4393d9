//! Kernels of the outlines loss: first the difference of two images, averaged over cells; then its
//! Laplacian.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, launch_1d, summing_units};
use super::super::sums::total;
use super::CELL;

/// Returns the outlines loss `scale · Σ Δ(P(x − photo))²`, `[1]`, of two images `[1, 3, H, W]`.
pub fn outlines(x: CubeTensor, photo: CubeTensor, scale: f32) -> CubeTensor {
    let cells = cells(x, photo);
    let units = summing_units(cells.meta.num_elements());
    let sums = empty(&cells, [units]);
    let client = cells.client.clone();
    let (count, workgroup) = launch_1d(&cells, units);
    // SAFETY: each unit reads only within the cells and writes its own sum; the grid covers the
    // sums exactly.
    unsafe {
        sum_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            cells.into_tensor_arg(),
            sums.clone().into_tensor_arg(),
            units,
            scale,
        );
    }
    total(sums)
}

/// Returns the gradient with respect to `x`, `[1, 3, H, W]`, from `g`, `[1]`, that with respect to
/// the loss.
pub fn outlines_backward(
    g: CubeTensor,
    x: CubeTensor,
    photo: CubeTensor,
    scale: f32,
) -> CubeTensor {
    let result = empty(&x, x.meta.shape().dims::<4>());
    let cells = cells(x, photo);
    let client = cells.client.clone();
    let (count, workgroup) = launch_1d(&result, result.meta.num_elements());
    #[expect(clippy::cast_precision_loss, reason = "a few pixels")]
    let factor = 2.0 * scale / (CELL * CELL) as f32;
    // SAFETY: units past the end of the image do nothing, and others read only within the cells.
    unsafe {
        gradient_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            g.into_tensor_arg(),
            cells.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            factor,
        );
    }
    result
}

/// Returns the means of `x − photo` over cells, `[1, 3, ⌊H/4⌋, ⌊W/4⌋]`.
fn cells(x: CubeTensor, photo: CubeTensor) -> CubeTensor {
    let [x, photo] = [x, photo].map(into_contiguous);
    let [_, colours, height, width] = x.meta.shape().dims::<4>();
    let cells = empty(&x, [1, colours, height / CELL, width / CELL]);
    let client = x.client.clone();
    let (count, workgroup) = launch_1d(&cells, cells.meta.num_elements());
    // SAFETY: units past the end of the cells do nothing, and every cell is within the image.
    unsafe {
        cells_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            x.into_tensor_arg(),
            photo.into_tensor_arg(),
            cells.clone().into_tensor_arg(),
        );
    }
    cells
}

#[cube(launch_unchecked)]
fn cells_kernel(x: &Tensor<f32>, photo: &Tensor<f32>, cells: &mut Tensor<f32>) {
    let rows = cells.shape(2);
    let columns = cells.shape(3);
    if ABSOLUTE_POS < cells.shape(1) * rows * columns {
        let width = x.shape(3);
        let colour = ABSOLUTE_POS / (rows * columns);
        let first = colour * x.shape(2) * width
            + ABSOLUTE_POS / columns % rows * CELL * width
            + ABSOLUTE_POS % columns * CELL;
        let mut sum = 0.0f32;
        for row in 0..CELL {
            for column in 0..CELL {
                let pixel = first + row * width + column;
                sum += x[pixel] - photo[pixel];
            }
        }
        cells[ABSOLUTE_POS] = sum / f32::cast_from(CELL * CELL);
    }
}

#[cube(launch_unchecked)]
fn sum_kernel(cells: &Tensor<f32>, sums: &mut Tensor<f32>, units: usize, scale: f32) {
    let rows = cells.shape(2);
    let columns = cells.shape(3);
    let mut sum = 0.0f32;
    for index in range_stepped(ABSOLUTE_POS, cells.shape(1) * rows * columns, units) {
        let here = laplacian(cells, index, index / columns % rows, index % columns);
        sum += here * here;
    }
    sums[ABSOLUTE_POS] = sum * scale;
}

#[cube(launch_unchecked)]
fn gradient_kernel(g: &Tensor<f32>, cells: &Tensor<f32>, result: &mut Tensor<f32>, factor: f32) {
    let height = result.shape(2);
    let width = result.shape(3);
    if ABSOLUTE_POS < result.shape(1) * height * width {
        let rows = cells.shape(2);
        let columns = cells.shape(3);
        let row = ABSOLUTE_POS / width % height / CELL;
        let column = ABSOLUTE_POS % width / CELL;
        let mut gradient = 0.0f32;
        if row < rows && column < columns {
            let index = (ABSOLUTE_POS / (height * width) * rows + row) * columns + column;
            gradient = 4.0 * laplacian(cells, index, row, column);
            if row > 0 {
                gradient -= laplacian(cells, index - columns, row - 1, column);
            }
            if row + 1 < rows {
                gradient -= laplacian(cells, index + columns, row + 1, column);
            }
            if column > 0 {
                gradient -= laplacian(cells, index - 1, row, column - 1);
            }
            if column + 1 < columns {
                gradient -= laplacian(cells, index + 1, row, column + 1);
            }
        }
        result[ABSOLUTE_POS] = gradient * (g[0] * factor);
    }
}

/// Returns the Laplacian at a cell; 0 for cells at the edge.
#[cube]
fn laplacian(cells: &Tensor<f32>, index: usize, row: usize, column: usize) -> f32 {
    let rows = cells.shape(2);
    let columns = cells.shape(3);
    let mut value = 0.0f32;
    if row > 0 && row + 1 < rows && column > 0 && column + 1 < columns {
        value = 4.0 * cells[index]
            - cells[index - columns]
            - cells[index + columns]
            - cells[index - 1]
            - cells[index + 1];
    }
    value
}
