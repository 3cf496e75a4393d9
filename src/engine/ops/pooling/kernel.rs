//! Pooling kernels: one unit per vector of output channels.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{
    VECTOR, channels_first, channels_last, empty, empty_as, extents, launch_1d,
};
use super::super::precision::element;
use super::PoolKind;

/// Pixels per window.
const PLACES: usize = 4;

/// Pools 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`, in the precision of `x`. Also
/// returns the routing mask for the backward pass, `[1, ⌊H/2⌋, ⌊W/2⌋, C/4]`: one u32 per vector of
/// channels, with 4 bits per channel, one for each pixel of the window.
pub fn pool(x: CubeTensor, kind: PoolKind) -> (CubeTensor, CubeTensor) {
    let x = channels_last(x);
    let [batch, height, width, channels] = extents(&x);
    let result = empty_as(&x, [batch, height / 2, width / 2, channels], x.dtype);
    let routes = empty_as(&x, [batch, height / 2, width / 2, channels / VECTOR], DType::U32);
    let x_element = element(&x);
    let (count, units) = launch_1d(&result, result.meta.num_elements() / VECTOR);
    // SAFETY: units past the end of the result do nothing, and every window is inside the map.
    unsafe {
        forward_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            units,
            VECTOR,
            x.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            routes.clone().into_tensor_arg(),
            kind,
            x_element,
        );
    }
    (channels_first(result), routes)
}

/// Returns the gradient with respect to the input, `[1, C, height, width]`, from that with respect
/// to the output, `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. A window's gradient goes to the inputs in `routes`: a
/// quarter to each (average), or all of it to the argmax (max).
pub fn pool_backward(
    gradient: CubeTensor,
    routes: CubeTensor,
    [height, width]: [usize; 2],
    kind: PoolKind,
) -> CubeTensor {
    let gradient = channels_last(gradient);
    let [batch, _, _, channels] = extents(&gradient);
    let result = empty(&gradient, [batch, height, width, channels]);
    let (count, units) = launch_1d(&result, result.meta.num_elements() / VECTOR);
    let share = match kind {
        PoolKind::Average => 0.25,
        PoolKind::Max => 1.0,
    };
    // SAFETY: units past the end of the result do nothing, and pixels outside of all windows read
    // the first one.
    unsafe {
        backward_kernel::launch_unchecked(
            &gradient.client.clone(),
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            routes.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            share,
        );
    }
    channels_first(result)
}

#[cube(launch_unchecked)]
fn forward_kernel<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    result: &mut Tensor<Vector<X, N>>,
    routes: &mut Tensor<u32>,
    #[comptime] kind: PoolKind,
    #[define(X)] _element: ElemType,
) {
    let channels = result.shape(3) / VECTOR;
    let width = result.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < result.shape(1) * width {
        let row_stride = x.shape(2) * channels;
        let first =
            pixel / width * 2 * row_stride + pixel % width * 2 * channels + ABSOLUTE_POS % channels;
        let mut window = Sequence::<Vector<f32, N>>::new();
        #[unroll]
        for place in 0..PLACES {
            window.push(Vector::cast_from(
                x[first + comptime!(place / 2) * row_stride + comptime!(place % 2) * channels],
            ));
        }
        if comptime!(kind == PoolKind::Average) {
            let sum = *window.index(0) + *window.index(1) + *window.index(2) + *window.index(3);
            result[ABSOLUTE_POS] = Vector::cast_from(sum * Vector::new(0.25f32));
            routes[ABSOLUTE_POS] = average_routes(&window);
        } else {
            let greatest = max(
                max(*window.index(0), *window.index(1)),
                max(*window.index(2), *window.index(3)),
            );
            result[ABSOLUTE_POS] = Vector::cast_from(greatest);
            routes[ABSOLUTE_POS] = max_routes(&window, greatest);
        }
    }
}

/// Returns the routing mask of average pooling: all inputs above 0.
#[cube]
fn average_routes<N: Size>(window: &Sequence<Vector<f32, N>>) -> u32 {
    let mut word = 0u32;
    #[unroll]
    for place in 0..PLACES {
        #[unroll]
        for component in 0..VECTOR {
            let bit = comptime!(1u32 << (component * PLACES + place));
            word |= select(window.index(place).extract(component) > 0.0f32, bit, 0u32);
        }
    }
    word
}

/// Returns the routing mask of max pooling: the first input equal to `greatest`, if above 0.
#[cube]
fn max_routes<N: Size>(window: &Sequence<Vector<f32, N>>, greatest: Vector<f32, N>) -> u32 {
    let mut word = 0u32;
    #[unroll]
    for component in 0..VECTOR {
        let value = greatest.extract(component);
        let mut route = comptime!(1u32 << (component * PLACES + PLACES - 1)).runtime();
        #[unroll]
        for earlier in 0..comptime!(PLACES - 1) {
            let place = comptime!(PLACES - 2 - earlier);
            let bit = comptime!(1u32 << (component * PLACES + place));
            route = select(window.index(place).extract(component) == value, bit, route);
        }
        word |= select(value > 0.0f32, route, 0u32);
    }
    word
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    routes: &Tensor<u32>,
    result: &mut Tensor<Vector<f32, N>>,
    share: f32,
) {
    let channels = result.shape(3) / VECTOR;
    let width = result.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < result.shape(1) * width {
        let row = pixel / width / 2;
        let column = pixel % width / 2;
        let inside = row < gradient.shape(1) && column < gradient.shape(2);
        let window = select(inside, row * gradient.shape(2) + column, 0usize.runtime()) * channels
            + ABSOLUTE_POS % channels;
        let own = u32::cast_from(pixel / width % 2 * 2 + pixel % width % 2);
        let word = select(inside, routes[window] >> own, 0u32);
        let whole = gradient[window] * Vector::new(share);
        let mut part = Vector::<f32, N>::new(0.0f32);
        #[unroll]
        for component in 0..VECTOR {
            let bit = comptime!(1u32 << (component * PLACES));
            part.insert(component, select(word & bit != 0u32, whole.extract(component), 0.0f32));
        }
        result[ABSOLUTE_POS] = part;
    }
}
