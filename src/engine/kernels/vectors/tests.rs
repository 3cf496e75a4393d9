//! The passes against their twins in Burn's own operations on the processor.

use burn::tensor::{Device, Tensor};

use super::super::tests::{distance, gpu, kernels_of, noise};
use super::{AdamStep, changes, combined, moments, moved, products, stepped};

/// Relative L2 distance allowed: sums of some ten thousand products in f32, in different orders.
const GATE: f64 = 1e-6;
const CHUNK: usize = 256;
const LENGTH: f32 = 0.37;
const DECAY: [f32; 2] = [0.8, 0.95];
const STEP: AdamStep = AdamStep { weight: [0.6, 0.3], epsilon: 1e-3, rate: 0.02 };
/// Of a picture that fills its last chunk in part: 1110 elements in five chunks.
const SIZE: [usize; 4] = [1, 3, 10, 37];
/// Of two of them.
const TWO: [usize; 4] = [2, 3, 10, 37];

/// `rows` vectors for a picture of `size`, with zeros behind it.
fn vectors(size: [usize; 4], rows: usize, seed: u32, device: &Device) -> Tensor<3> {
    let elements: usize = size.iter().product();
    let chunks = elements.div_ceil(CHUNK);
    let padding = Tensor::zeros([rows, chunks * CHUNK - elements], device);
    Tensor::cat(vec![noise([rows, elements], seed, device), padding], 1).reshape([rows, chunks, CHUNK]).swap_dims(0, 1)
}

/// On memory that lies as the passes leave it.
fn laid_out(size: [usize; 4], rows: usize, seed: u32, device: &Device) -> Tensor<3> {
    let vectors = vectors(size, rows, seed, device);
    let shape = vectors.dims();
    Tensor::<1>::from_data(vectors.into_data().try_into_vec::<f32>().unwrap().as_slice(), device).reshape(shape)
}

/// How far what `work` makes on the GPU is from what it makes on the processor.
fn between<const D: usize>(gpu: &Device, work: impl Fn(&Device, bool) -> Tensor<D>) -> f64 {
    distance(work(gpu, true), work(&Device::flex(), false))
}

#[test]
fn each_pass_agrees_with_its_twin() {
    let gpu = gpu();
    let changes = between(&gpu, |device, ours| {
        let [direction, before] = [1, 2].map(|seed| laid_out(SIZE, 1, seed, device));
        let gradient = noise(SIZE, 3, device);
        if ours {
            return changes(direction, LENGTH, before, gradient);
        }
        let gradient = vectors(SIZE, 1, 3, device);
        Tensor::cat(vec![direction * LENGTH, gradient.clone() - before, gradient], 1)
    });
    let products = between(&gpu, |device, ours| {
        let (new, memory) = (laid_out(SIZE, 3, 4, device), laid_out(SIZE, 20, 5, device));
        let loss = Tensor::<1>::from_floats([7.5], device);
        if ours {
            return products(new, memory, loss);
        }
        let all = Tensor::cat(vec![memory, new.clone()], 1);
        let products = new.clone().matmul(all.swap_dims(1, 2)).sum_dim(0).flatten::<1>(0, 2);
        Tensor::cat(vec![products, loss, new.narrow(1, 2, 1).abs().sum()], 0)
    });
    let combined = between(&gpu, |device, ours| {
        let (memory, gradient) = (laid_out(SIZE, 20, 6, device), laid_out(SIZE, 1, 7, device));
        let factors = noise::<1>([21], 8, device);
        if ours {
            return combined(memory, gradient, factors);
        }
        (Tensor::cat(vec![memory, gradient], 1) * factors.reshape([1, 21, 1])).sum_dim(1)
    });
    let moved = between(&gpu, |device, ours| {
        let (x, direction) = (noise(SIZE, 9, device), laid_out(SIZE, 1, 10, device));
        if ours {
            return moved(x, direction, LENGTH);
        }
        let elements = x.shape().num_elements();
        x + (direction * LENGTH).flatten::<1>(0, 2).narrow(0, 0, elements).reshape(SIZE)
    });
    let moments = between(&gpu, |device, ours| {
        let (before, gradient) = (noise::<4>(TWO, 11, device), noise::<4>(SIZE, 12, device));
        if ours {
            return moments(before, gradient, DECAY);
        }
        let [first, second] = [0, 1].map(|moment| before.clone().narrow(0, moment, 1) * DECAY[moment]);
        let first = first + gradient.clone() * (1.0 - DECAY[0]);
        Tensor::cat(vec![first, second + gradient.square() * (1.0 - DECAY[1])], 0)
    });
    let stepped = between(&gpu, |device, ours| {
        let (x, moments) = (noise::<4>(SIZE, 13, device), noise::<4>(TWO, 14, device).abs());
        if ours {
            return stepped(x, moments, STEP);
        }
        let [first, second] = [0, 1].map(|moment| moments.clone().narrow(0, moment, 1) / STEP.weight[moment]);
        x - first / (second.sqrt() + STEP.epsilon) * STEP.rate
    });
    let distances = [changes, products, combined, moved, moments, stepped];
    assert!(distances.iter().all(|&distance| distance <= GATE), "{distances:?}");
}

#[test]
fn a_row_of_several_is_read_where_it_lies() {
    let gpu = gpu();
    let [views, copies] = [false, true].map(|copied| {
        let several = laid_out(SIZE, 3, 1, &gpu);
        let row = several.clone().narrow(1, 2, 1);
        let row = if copied { row + 0.0 } else { row };
        let memory = laid_out(SIZE, 20, 2, &gpu);
        let new = changes(row.clone(), LENGTH, row.clone(), noise(SIZE, 3, &gpu));
        let sum = combined(memory, row, noise([21], 4, &gpu));
        Tensor::cat(vec![new, sum], 1)
    });
    assert_eq!(distance(views, copies), 0.0);
}

#[test]
fn one_program_each_serves_all_sizes() {
    let gpu = gpu();
    let launched = |size: [usize; 4]| {
        let (memory, row, picture) = (laid_out(size, 20, 1, &gpu), laid_out(size, 1, 2, &gpu), noise(size, 3, &gpu));
        let both = noise([2, 3, size[2], size[3]], 6, &gpu);
        let (factors, loss) = (noise::<1>([21], 4, &gpu), noise::<1>([1], 5, &gpu));
        kernels_of(|| {
            let new = changes(row.clone(), LENGTH, row.clone(), picture.clone());
            drop(products(new, memory.clone(), loss));
            drop(moved(picture.clone(), combined(memory, row, factors), LENGTH));
            drop(stepped(picture.clone(), moments(both, picture, DECAY), STEP));
        })
    };
    let first = launched(SIZE);
    assert_eq!(first.len(), 8, "one for each pass, two for the products, and the poison of these tests");
    assert!(first == launched([1, 3, 64, 64]));
}
