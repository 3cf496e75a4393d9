//! Gram matrix by split-K.
//!
//! A 64×64 matrix sums over up to two million positions, yet a single pass would occupy only one
//! workgroup. The positions are therefore split into slices: each workgroup multiplies 64×64
//! channels of a slice, and a second pass adds the slices, which also keeps sums short. Tiles below
//! the diagonal are mirrored from those above.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_last, cube_of, empty, extents, launch_1d};
use super::super::precision::element;
use super::super::sums;

/// Target number of workgroups: a few per core of a large GPU.
const WORKGROUPS: usize = 256;
/// Minimum positions per slice. With fewer, storing the sums would cost as much as computing them.
const LEAST_POSITIONS: usize = 256;
/// Side of a workgroup's tile, in vectors of channels.
const TILE: usize = 16;
/// Positions staged in shared memory at once; 8 KiB for both factors.
const STEP: usize = 16;
/// Units along each side of a tile.
const LANES: usize = 8;
/// Vectors of channels per unit along each side of a tile.
const DEPTH: usize = TILE / LANES;

/// Returns the Gram matrix `F·Fᵀ / M`, `[C, C]`, of a map `[1, C, H, W]`.
pub fn gram(map: CubeTensor) -> CubeTensor {
    let map = channels_last(map);
    let [_, height, width, channels] = extents(&map);
    let products = products(map);
    let matrix = empty(&products, [channels, channels]);
    sums::sum_slices_into(products, matrix, reciprocal(height * width))
}

/// Returns `F·Fᵀ` per slice of positions, `[S, C, C]`, of a channels-last map `[1, H, W, C]`.
pub fn products(map: CubeTensor) -> CubeTensor {
    let [_, height, width, channels] = extents(&map);
    let tiles = channels / (TILE * VECTOR);
    let positions = height * width;
    let length = positions.div_ceil((WORKGROUPS / (tiles * tiles)).max(1)).max(LEAST_POSITIONS);
    let slices = positions.div_ceil(length);
    let products = empty(&map, [slices, channels, channels]);
    let map_element = element(&map);
    let [tiles, slices] =
        [tiles, slices].map(|count| u32::try_from(count).expect("a count of workgroups"));
    // SAFETY: the kernel reads only positions of the map, and the grid covers the products exactly.
    unsafe {
        product_kernel::launch_unchecked(
            &map.client.clone(),
            CubeCount::Static(tiles, tiles, slices),
            cube_of(LANES * LANES),
            VECTOR,
            map.into_tensor_arg(),
            products.clone().into_tensor_arg(),
            length,
            map_element,
        );
    }
    products
}

/// Returns `(G' + G'ᵀ) / M`, `[C, C]`, by which the backward pass multiplies the map. `G'` is the
/// first `C` rows of `gradient`.
pub fn symmetric(gradient: CubeTensor, map: &CubeTensor) -> CubeTensor {
    let gradient = into_contiguous(gradient);
    let [_, _, height, width] = extents(map);
    let [_, channels] = extents(&gradient);
    let sum = empty(&gradient, [channels, channels]);
    let client = gradient.client.clone();
    let (count, units) = launch_1d(&gradient, channels * channels);
    // SAFETY: units past the end of the matrix do nothing.
    unsafe {
        symmetric_kernel::launch_unchecked(
            &client,
            count,
            units,
            gradient.into_tensor_arg(),
            sum.clone().into_tensor_arg(),
            reciprocal(height * width),
        );
    }
    sum
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of positions; f32's relative error is far below that of the sums"
)]
pub fn reciprocal(positions: usize) -> f32 {
    1.0 / positions as f32
}

#[cube(launch_unchecked)]
fn product_kernel<M: Float, N: Size>(
    map: &Tensor<Vector<M, N>>,
    products: &mut Tensor<Vector<f32, N>>,
    length: usize,
    #[define(M)] _element: ElemType,
) {
    if CUBE_POS_Y <= CUBE_POS_X {
        let first = CUBE_POS_Z as usize * length;
        let end = min(first + length, map.shape(1) * map.shape(2));
        let mut left = Shared::<[Vector<f32, N>]>::new_slice(comptime!(STEP * TILE));
        let mut right = Shared::<[Vector<f32, N>]>::new_slice(comptime!(STEP * TILE));
        let mut sums = Array::<Vector<f32, N>>::new(comptime!(DEPTH * VECTOR * DEPTH));
        #[unroll]
        for index in 0..comptime!(DEPTH * VECTOR * DEPTH) {
            sums[index] = Vector::new(0.0f32);
        }
        for step in range_stepped(first, end, STEP) {
            load(map, &mut left, step, end, CUBE_POS_Y as usize * TILE);
            load(map, &mut right, step, end, CUBE_POS_X as usize * TILE);
            sync_cube();
            multiply(&left, &right, &mut sums);
            sync_cube();
        }
        store(&sums, products);
        if CUBE_POS_Y < CUBE_POS_X {
            mirror(&sums, products);
        }
    }
}

/// Loads `STEP` positions × `TILE` vectors of channels to shared memory; zeros from `end` on.
#[cube]
fn load<M: Float, N: Size>(
    map: &Tensor<Vector<M, N>>,
    factor: &mut Shared<[Vector<f32, N>]>,
    step: usize,
    end: usize,
    channel: usize,
) {
    let channels = map.shape(3) / VECTOR;
    #[unroll]
    for turn in 0..comptime!(STEP * TILE / (LANES * LANES)) {
        let index = UNIT_POS as usize + comptime!(turn * LANES * LANES);
        let position = step + index / TILE;
        let inside = position < end;
        let value = Vector::cast_from(
            map[select(inside, position, step) * channels + channel + index % TILE],
        );
        factor[index] = select(inside, value, Vector::new(0.0f32));
    }
}

/// Adds the outer products of the staged positions to this unit's `sums`.
#[cube]
fn multiply<N: Size>(
    left: &Shared<[Vector<f32, N>]>,
    right: &Shared<[Vector<f32, N>]>,
    sums: &mut Array<Vector<f32, N>>,
) {
    let lane = UNIT_POS as usize % LANES;
    let rows = UNIT_POS as usize / LANES * DEPTH;
    let mut columns = Array::<Vector<f32, N>>::new(DEPTH);
    for position in 0..STEP {
        #[unroll]
        for vector in 0..DEPTH {
            columns[vector] = right[position * TILE + lane + comptime!(vector * LANES)];
        }
        #[unroll]
        for vector in 0..DEPTH {
            let row = left[position * TILE + rows + vector];
            #[unroll]
            for component in 0..VECTOR {
                let value = Vector::broadcast(row.extract(component));
                #[unroll]
                for column in 0..DEPTH {
                    sums[comptime!((vector * VECTOR + component) * DEPTH + column)] +=
                        value * columns[column];
                }
            }
        }
    }
}

/// Stores this unit's `sums` to the matrix of the workgroup's slice.
#[cube]
fn store<N: Size>(sums: &Array<Vector<f32, N>>, products: &mut Tensor<Vector<f32, N>>) {
    let channels = products.shape(2) / VECTOR;
    let lane = UNIT_POS as usize % LANES;
    let matrix = CUBE_POS_Z as usize * products.shape(1);
    let first_row =
        matrix + (CUBE_POS_Y as usize * TILE + UNIT_POS as usize / LANES * DEPTH) * VECTOR;
    let first_column = CUBE_POS_X as usize * TILE + lane;
    #[unroll]
    for row in 0..comptime!(DEPTH * VECTOR) {
        #[unroll]
        for column in 0..DEPTH {
            products[(first_row + row) * channels + first_column + comptime!(column * LANES)] =
                sums[comptime!(row * DEPTH + column)];
        }
    }
}

/// Stores this unit's `sums` transposed, mirrored at the diagonal of the matrix.
#[cube]
fn mirror<N: Size>(sums: &Array<Vector<f32, N>>, products: &mut Tensor<Vector<f32, N>>) {
    let channels = products.shape(2) / VECTOR;
    let lane = UNIT_POS as usize % LANES;
    let matrix = CUBE_POS_Z as usize * products.shape(1);
    let first_row = matrix + (CUBE_POS_X as usize * TILE + lane) * VECTOR;
    let first_column = CUBE_POS_Y as usize * TILE + UNIT_POS as usize / LANES * DEPTH;
    #[unroll]
    for column in 0..DEPTH {
        #[unroll]
        for component in 0..VECTOR {
            let row = first_row + comptime!(column * LANES * VECTOR + component);
            #[unroll]
            for vector in 0..DEPTH {
                let mut value = Vector::<f32, N>::new(0.0f32);
                #[unroll]
                for part in 0..VECTOR {
                    value.insert(
                        part,
                        sums[comptime!((vector * VECTOR + part) * DEPTH + column)]
                            .extract(component),
                    );
                }
                products[row * channels + first_column + vector] = value;
            }
        }
    }
}

#[cube(launch_unchecked)]
fn symmetric_kernel(gradient: &Tensor<f32>, sum: &mut Tensor<f32>, scale: f32) {
    let channels = sum.shape(0);
    if ABSOLUTE_POS < channels * channels {
        let transposed = ABSOLUTE_POS % channels * channels + ABSOLUTE_POS / channels;
        sum[ABSOLUTE_POS] = (gradient[ABSOLUTE_POS] + gradient[transposed]) * scale;
    }
}
