//! Scaling kernel: one unit per vector of channels.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty_as, extents, launch_1d};
use super::super::precision::{element, held};

/// Multiplies `map`, `[1, C, H, W]`, by `factors`, `[1, C, 1, 1]` or `[1, 1, H, W]`.
pub fn scale(map: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let map = channels_last(map);
    let factors = into_contiguous(factors);
    let [_, factor_channels, ..] = extents::<4>(&factors);
    let by_channel = factor_channels == extents::<4>(&map)[3];
    let product = empty_as(&map, extents::<4>(&map), map.dtype);
    let length = map.meta.num_elements() / VECTOR;
    let client = map.client.clone();
    let map_element = element(&map);
    let (count, units) = launch_1d(&map, length);
    // SAFETY: units past the end of the map do nothing, and each channel or each position has a
    // factor.
    unsafe {
        scale_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            if by_channel { VECTOR } else { 1 },
            map.into_tensor_arg(),
            factors.into_tensor_arg(),
            product.clone().into_tensor_arg(),
            length,
            by_channel,
            map_element,
        );
    }
    channels_first(product)
}

#[cube(launch_unchecked)]
fn scale_kernel<X: Float, N: Size, K: Size>(
    map: &Tensor<Vector<X, N>>,
    factors: &Tensor<Vector<f32, K>>,
    product: &mut Tensor<Vector<X, N>>,
    length: usize,
    #[comptime] by_channel: bool,
    #[define(X)] _element: ElemType,
) {
    if ABSOLUTE_POS < length {
        let channels = map.shape(3) / VECTOR;
        let factor = if comptime!(by_channel) {
            Vector::<f32, N>::cast_from(factors[ABSOLUTE_POS % channels])
        } else {
            Vector::<f32, N>::broadcast(factors[ABSOLUTE_POS / channels].extract(0usize))
        };
        product[ABSOLUTE_POS] =
            Vector::cast_from(held::<X, N>(Vector::cast_from(map[ABSOLUTE_POS]) * factor));
    }
}
