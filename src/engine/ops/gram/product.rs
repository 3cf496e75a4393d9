//! Product of two square matrices.
//!
//! Burn's own `matmul` links a kernel per strategy, which would make up most of a worker's size.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{cube_of, empty, extents};

/// Side of a workgroup's tile, in elements.
const TILE: usize = 16;

/// Returns `left·right`, all `[N, N]`; `N` must be a multiple of 16.
pub fn product(left: CubeTensor, right: CubeTensor) -> CubeTensor {
    let [left, right] = [left, right].map(into_contiguous);
    let [rows, columns] = extents(&left);
    assert!(rows == columns && rows.is_multiple_of(TILE), "whole tiles");
    let product = empty(&left, [rows, columns]);
    let client = left.client.clone();
    let tiles = u32::try_from(rows / TILE).expect("a count of workgroups");
    // SAFETY: the grid covers the product exactly, and each unit reads only rows and columns of its
    // tile.
    unsafe {
        product_kernel::launch_unchecked(
            &client,
            CubeCount::Static(tiles, tiles, 1),
            cube_of(TILE * TILE),
            left.into_tensor_arg(),
            right.into_tensor_arg(),
            product.clone().into_tensor_arg(),
        );
    }
    product
}

#[cube(launch_unchecked)]
fn product_kernel(left: &Tensor<f32>, right: &Tensor<f32>, product: &mut Tensor<f32>) {
    let side = left.shape(0);
    let tile_column = UNIT_POS as usize % TILE;
    let tile_row = UNIT_POS as usize / TILE;
    let row = CUBE_POS_Y as usize * TILE + tile_row;
    let column = CUBE_POS_X as usize * TILE + tile_column;
    let mut rows = Shared::<[f32]>::new_slice(comptime!(TILE * TILE));
    let mut columns = Shared::<[f32]>::new_slice(comptime!(TILE * TILE));
    let mut sum = 0.0f32;
    for step in range_stepped(0, side, TILE) {
        rows[UNIT_POS as usize] = left[row * side + step + tile_column];
        columns[UNIT_POS as usize] = right[(step + tile_row) * side + column];
        sync_cube();
        #[unroll]
        for k in 0..TILE {
            sum += rows[tile_row * TILE + k] * columns[k * TILE + tile_column];
        }
        sync_cube();
    }
    product[row * side + column] = sum;
}
