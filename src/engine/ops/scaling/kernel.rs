//! One unit per vector of channels.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty_as, extents, launch_1d};
use super::super::precision::{element, held};

/// Multiplies `[1, C, H, W]` by `[1, C, 1, 1]` or `[1, 1, H, W]`.
pub fn scale(map: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let map = channels_last(map);
    let factors = into_contiguous(factors);
    let [_, own, ..] = extents::<4>(&factors);
    let by_channel = own == extents::<4>(&map)[3];
    let product = empty_as(&map, extents::<4>(&map), map.dtype);
    let length = map.meta.num_elements() / VECTOR;
    let client = map.client.clone();
    let kept = element(&map);
    let (count, units) = launch_1d(&map, length);
    // SAFETY: units beyond the map do nothing, and there is a factor for each channel or each
    // position.
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
            kept,
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
