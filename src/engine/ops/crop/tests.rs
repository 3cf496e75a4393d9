//! Tests of the kernel against its twin on the CPU.

use std::ops::Range;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::super::tests::{distances, gpu, half_distances, kernels_of, noise};
use super::glue::{CropBackend, crop};

/// Shapes of maps, and rows and columns to crop: in the middle, at each edge, the whole map, and a
/// single position.
const CROPS: [([usize; 4], [Range<usize>; 2]); 5] = [
    ([1, 64, 33, 37], [5..20, 7..30]),
    ([1, 128, 9, 6], [0..9, 0..3]),
    ([1, 64, 17, 16], [11..17, 9..16]),
    ([1, 512, 3, 2], [0..3, 0..2]),
    ([1, 64, 8, 8], [7..8, 0..1]),
];

/// Computes the twin of [`crop`].
fn twin(map: Tensor<4>, [rows, columns]: [Range<usize>; 2]) -> Tensor<4> {
    let channels = map.dims()[1];
    map.slice([0..1, 0..channels, rows, columns])
}

#[test]
fn crops_equal_the_twin_in_value_and_gradient() {
    let device = gpu();
    for (shape, part) in CROPS {
        let [rows, columns] = part.clone();
        let size = [1, shape[1], rows.len(), columns.len()];
        let ours = |map| crop(map, rows.clone(), columns.clone());
        let distances = distances(ours, |map| twin(map, part.clone()), [&shape, &size], &device);
        assert_eq!(distances, [0.0; 2], "{part:?} of {shape:?}");
    }
}

#[test]
fn f16_crops_match_the_f32_twin() {
    let device = gpu();
    for (shape, part) in CROPS {
        let [rows, columns] = part.clone();
        let distances = half_distances(
            |map| crop(map, rows.clone(), columns.clone()),
            |map| twin(map, part.clone()),
            shape,
            &device,
        );
        assert!(
            distances.iter().all(|&distance| distance < 1e-7),
            "{part:?} of {shape:?}: {distances:?}"
        );
    }
}

#[test]
fn all_sizes_and_channels_share_the_kernels_of_both_passes() {
    let device = gpu();
    let launched =
        |([_, channels, height, width], [rows, columns]): ([_; 4], [Range<usize>; 2])| {
            let channels_last = |height, width| {
                noise([1, height, width, channels], 1, &device).permute([0, 3, 1, 2])
            };
            let map = channels_last(height, width).autodiff().require_grad();
            let gradient = channels_last(rows.len(), columns.len()).into_dispatch();
            let at = [rows.start, columns.start];
            kernels_of(&device, || {
                drop(crop(map, rows, columns));
                drop(<Dispatch as CropBackend>::crop_backward(gradient, at, [height, width]));
            })
        };
    let all = CROPS.map(launched);
    assert_eq!(all[0].len(), 2, "one for both, and the poison of these tests");
    assert!(all.iter().all(|kernels| *kernels == all[0]));
}
