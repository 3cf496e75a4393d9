//! Tests of the passes and the decision against their twins on the CPU.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small counts"
)]

use burn::tensor::{Device, Tensor};

use super::super::tests::{distance, gpu, kernels_of, noise};
use super::glue::{
    commit, decide, differences, inner_products, inner_products_within, trial_point,
};
use super::scalars::{Evaluated, LbfgsScalars, length, scalar};

/// Relative L2 tolerance between two sums of up to some ten thousand f32 products, in different
/// orders.
const GATE: f64 = 1e-6;
const CHUNK: usize = 256;
/// Number of history rows: two for each of ten pairs.
const ROWS: usize = 20;
/// Shape of an image that fills its last chunk only in part: 1110 elements in five chunks.
const SIZE: [usize; 4] = [1, 3, 10, 37];

/// Returns noise as `rows` zero-padded vectors for an image of `size`.
fn vectors(size: [usize; 4], rows: usize, seed: u32, device: &Device) -> Tensor<3> {
    let elements: usize = size.iter().product();
    let chunks = elements.div_ceil(CHUNK);
    let padding = Tensor::zeros([rows, chunks * CHUNK - elements], device);
    Tensor::cat(vec![noise([rows, elements], seed, device), padding], 1)
        .reshape([rows, chunks, CHUNK])
        .swap_dims(0, 1)
}

/// Returns [`vectors`] contiguous in memory, as the passes write and expect them.
fn contiguous(size: [usize; 4], rows: usize, seed: u32, device: &Device) -> Tensor<3> {
    let vectors = vectors(size, rows, seed, device);
    let shape = vectors.dims();
    Tensor::<1>::from_data(vectors.into_data().try_into_vec::<f32>().unwrap().as_slice(), device)
        .reshape(shape)
}

/// Returns noise as scalars, with `numbers` in place of those at their indices.
fn scalars(numbers: &[(usize, f32)], device: &Device) -> Tensor<1> {
    let mut scalars =
        noise::<1>([length(ROWS)], 8, &Device::flex()).into_data().try_into_vec::<f32>().unwrap();
    numbers.iter().for_each(|&(at, number)| scalars[at] = number);
    Tensor::from_floats(scalars.as_slice(), device)
}

/// Returns the distance of `work` on the GPU from `work` on the CPU. The second argument of `work`
/// says whether to use our kernels.
fn distance_to_twin<const D: usize>(
    gpu: &Device,
    work: impl Fn(&Device, bool) -> Tensor<D>,
) -> f64 {
    distance(work(gpu, true), work(&Device::flex(), false))
}

#[test]
fn each_pass_matches_its_twin() {
    let gpu = gpu();
    let differences = distance_to_twin(&gpu, |device, ours| {
        let [direction, before] = [1, 2].map(|seed| contiguous(SIZE, 1, seed, device));
        let gradient = noise(SIZE, 3, device);
        if ours {
            return differences(
                direction,
                scalars(&[(scalar::STEP_SIZE, 0.37)], device),
                before,
                gradient,
            );
        }
        let gradient = vectors(SIZE, 1, 3, device);
        Tensor::cat(vec![direction * 0.37, gradient.clone() - before, gradient], 1)
    });
    let inner_products = distance_to_twin(&gpu, |device, ours| {
        let (new, memory) = (contiguous(SIZE, 3, 4, device), contiguous(SIZE, ROWS, 5, device));
        if ours {
            return inner_products(new, memory);
        }
        let all = Tensor::cat(vec![memory, new.clone()], 1);
        let inner_products = new.clone().matmul(all.swap_dims(1, 2)).sum_dim(0).flatten::<1>(0, 2);
        Tensor::cat(vec![inner_products, new.narrow(1, 2, 1).abs().sum()], 0)
    });
    let within = distance_to_twin(&gpu, |device, ours| {
        let memory = contiguous(SIZE, ROWS, 5, device);
        if ours {
            inner_products_within(memory)
        } else {
            memory.clone().matmul(memory.swap_dims(1, 2)).sum_dim(0).squeeze_dim(0)
        }
    });
    let [direction, trial, untried] =
        [(true, 1.0), (false, 1.0), (false, 0.0)].map(|(direction, tried)| {
            distance_to_twin(&gpu, |device, ours| {
                let own = [contiguous(SIZE, ROWS, 6, device), contiguous(SIZE, 1, 7, device)];
                let x = noise::<4>(SIZE, 9, device);
                let scalars =
                    scalars(&[(scalar::STEP_SIZE, 0.37), (scalar::HAS_TRIAL, tried)], device);
                let (along, image) = if ours {
                    trial_point(scalars, own, x)
                } else {
                    let coefficients =
                        scalars.narrow(0, scalar::COEFFICIENTS, ROWS + 1).reshape([1, ROWS + 1, 1]);
                    let along = (Tensor::cat(own.to_vec(), 1) * coefficients).sum_dim(1);
                    let step = (along.clone() * (0.37 * tried)).flatten::<1>(0, 2).narrow(
                        0,
                        0,
                        x.shape().num_elements(),
                    );
                    (along, x + step.reshape(SIZE))
                };
                if direction { along.flatten::<1>(0, 2) } else { image.flatten(0, 3) }
            })
        });
    let distances = [differences, inner_products, within, direction, trial, untried];
    assert!(distances.iter().all(|&distance| distance <= GATE), "{distances:?}");
}

#[test]
fn commit_updates_exactly_what_the_decision_says() {
    let gpu = gpu();
    for (taken, moved, slot) in
        [(1.0, 1.0, 9.0), (1.0, 1.0, 0.0), (1.0, 1.0, -1.0), (1.0, 0.0, -1.0), (0.0, 0.0, -1.0)]
    {
        let noise = |seed| noise::<4>(SIZE, seed, &gpu);
        let [new, memory, gradient] =
            [(3, 1), (ROWS, 2), (1, 3)].map(|(rows, seed)| contiguous(SIZE, rows, seed, &gpu));
        let decision = scalars(
            &[(scalar::REFRESHED, taken), (scalar::ACCEPTED, moved), (scalar::SLOT, slot)],
            &gpu,
        );
        let own = [(ROWS, 2), (1, 3)].map(|(rows, seed)| contiguous(SIZE, rows, seed, &gpu));
        let (x, [remembered, known]) = commit(decision, [noise(4), noise(5)], new.clone(), own);
        let expected = if slot < 0.0 {
            memory
        } else {
            let first = 2 * slot as usize;
            memory.slice_assign([0..5, first..first + 2, 0..CHUNK], new.clone().narrow(1, 0, 2))
        };
        let distances = [
            distance(x, noise(if moved == 1.0 { 5 } else { 4 })),
            distance(remembered, expected),
            distance(known, if taken == 1.0 { new.narrow(1, 2, 1) } else { gradient }),
        ];
        assert_eq!(distances, [0.0; 3], "taken {taken}, moved {moved}, slot {slot}");
    }
}

#[test]
fn commit_does_not_overwrite_shared_tensors() {
    let gpu = gpu();
    let [new, memory, gradient] =
        [(3, 1), (ROWS, 2), (1, 3)].map(|(rows, seed)| contiguous(SIZE, rows, seed, &gpu));
    let decision =
        scalars(&[(scalar::REFRESHED, 1.0), (scalar::ACCEPTED, 1.0), (scalar::SLOT, 3.0)], &gpu);
    let images = [4, 5].map(|seed| noise::<4>(SIZE, seed, &gpu));
    drop(commit(decision, images, new, [memory.clone(), gradient.clone()]));
    assert_eq!(distance(memory, contiguous(SIZE, ROWS, 2, &gpu)), 0.0);
    assert_eq!(distance(gradient, contiguous(SIZE, 1, 3, &gpu)), 0.0);
}

/// Minimises a quadratic of a few dimensions on the host by the twin's decisions, with rejected
/// trials, changes of objective and non-finite numbers in between. Calls `seen` with the inputs of
/// each decision.
fn descend(pairs: usize, mut seen: impl FnMut(&LbfgsScalars, &[f32], [f32; 3], Evaluated)) {
    const DIMENSIONS: usize = 24;
    type Vector = [f32; DIMENSIONS];
    let dot = |a: &Vector, b: &Vector| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let mut scalars = LbfgsScalars::new(pairs, 0.1);
    let mut rows = vec![[0.0; DIMENSIONS]; 2 * pairs];
    let [mut x, mut known, mut step] = [[0.0; DIMENSIONS]; 3];
    for round in 0..150_usize {
        let evaluated = match round {
            0 | 9 | 50 | 51 => Evaluated::Monitor,
            10 | 55 => Evaluated::TrialAfterChange,
            _ => Evaluated::Trial,
        };
        if evaluated == Evaluated::Monitor || !scalars.is(scalar::HAS_TRIAL) {
            step = [0.0; DIMENSIONS];
        }
        let at: Vector = std::array::from_fn(|i| x[i] + step[i]);
        let mut gradient: Vector = std::array::from_fn(|i| (1 + i * i / 4) as f32 * (at[i] - 0.5));
        let mut loss =
            0.5 * at.iter().zip(&gradient).map(|(x, slope)| (x - 0.5) * slope).sum::<f32>();
        match round {
            // Enough rejected trials to run out of backtracks twice: with history, and without.
            70..120 => loss += 1e9,
            20 => loss = f32::INFINITY,
            21 | 50 => gradient[7] = f32::NAN,
            55 => loss += 1e3,
            _ => {}
        }
        let new = [step, std::array::from_fn(|i| gradient[i] - known[i]), gradient];
        let all: Vec<Vector> = rows.iter().chain(&new).copied().collect();
        let inner_products = new.iter().flat_map(|new| all.iter().map(|row| dot(row, new)));
        let measures: Vec<f32> =
            inner_products.chain([gradient.iter().map(|value| value.abs()).sum()]).collect();
        let terms = [0.5 * loss, 0.25 * loss, 0.25 * loss];
        seen(&scalars, &measures, terms, evaluated);
        scalars = scalars.after(evaluated, terms, &measures);
        if scalars.is(scalar::ACCEPTED) {
            x = at;
        }
        if scalars.is(scalar::REFRESHED) {
            known = gradient;
        }
        if let Some(slot) = scalars.slot() {
            (rows[2 * slot], rows[2 * slot + 1]) = (new[0], new[1]);
        }
        let (coefficients, last) = scalars.coefficients().split_at(rows.len());
        let along = |i: usize| {
            last[0] * known[i]
                + rows.iter().zip(coefficients).map(|(row, factor)| factor * row[i]).sum::<f32>()
        };
        step = std::array::from_fn(|i| scalars.get(scalar::STEP_SIZE) * along(i));
    }
}

/// Asserts that the kernel decides like the twin, and returns the scalars after the decision.
fn assert_same_decision(
    before: &LbfgsScalars,
    measures: &[f32],
    terms: [f32; 3],
    evaluated: Evaluated,
    gpu: &Device,
) -> LbfgsScalars {
    let after = before.after(evaluated, terms, measures);
    let numbers = Tensor::from_floats(before.numbers(), gpu);
    let terms = terms.map(|term| Tensor::from_floats([term], gpu));
    let ours = decide(numbers, Tensor::from_floats(measures, gpu), terms, evaluated);
    let ours = ours.into_data().try_into_vec::<f32>().unwrap();
    let far = ours.iter().zip(after.numbers()).position(|(&ours, &twin)| !alike(ours, twin));
    assert_eq!(far, None, "{evaluated:?}: {ours:?} for {after:?} after {before:?}");
    after
}

#[test]
fn every_decision_on_the_gpu_is_that_of_the_twin() {
    let gpu = gpu();
    for pairs in [1, 3, 10, 20] {
        let [mut accepted, mut accepted_after_change, mut backtracks, mut shrinks, mut stuck] =
            [0; 5];
        descend(pairs, |before, measures, terms, evaluated| {
            let after = assert_same_decision(before, measures, terms, evaluated, &gpu);
            accepted += usize::from(after.is(scalar::ACCEPTED));
            accepted_after_change +=
                usize::from(after.is(scalar::ACCEPTED) && evaluated == Evaluated::TrialAfterChange);
            backtracks += usize::from(after.get(scalar::BACKTRACKS) > 0.0);
            shrinks += usize::from(after.get(scalar::FIRST_STEP) < before.get(scalar::FIRST_STEP));
            stuck += usize::from(!after.is(scalar::IS_FINITE));
        });
        let seen = [accepted, accepted_after_change, backtracks, shrinks, stuck];
        assert!(
            accepted > 20
                && accepted_after_change > 0
                && backtracks > 30
                && shrinks > 0
                && stuck == 1,
            "{seen:?}"
        );
    }
}

#[test]
fn decisions_agree_where_pairs_have_no_curvature_or_lead_uphill() {
    let gpu = gpu();
    let [mut passed_over, mut led_up] = [0; 2];
    descend(5, |before, measures, terms, evaluated| {
        let step = 2 * before.get(scalar::NEWEST) as usize;
        let change = step + 1;
        for flat in [true, false] {
            let mut numbers = before.numbers().to_vec();
            let product = |row, column| scalar::COEFFICIENTS + (1 + row) * 11 + column;
            if flat {
                (numbers[product(step, change)], numbers[product(change, step)]) = (0.0, 0.0);
            } else {
                // No vector has a negative squared norm.
                numbers[product(change, change)] = -1.0;
            }
            let tampered = LbfgsScalars::from_numbers(5, numbers).unwrap();
            let (plain, after) = (
                before.after(evaluated, terms, measures),
                assert_same_decision(&tampered, measures, terms, evaluated, &gpu),
            );
            let dropped = after.get(scalar::PAIRS) < plain.get(scalar::PAIRS);
            passed_over +=
                usize::from(flat && after.coefficients() != plain.coefficients() && !dropped);
            led_up += usize::from(!flat && dropped);
        }
    });
    assert!(passed_over > 10 && led_up > 3, "{passed_over}, {led_up}");
}

/// Returns whether two results of the recursion agree to within f32 rounding, or neither is finite.
fn alike(ours: f32, twin: f32) -> bool {
    let near = (ours - twin).abs() <= 1e-4 * twin.abs().max(1e-3);
    if twin.is_finite() { near } else { !ours.is_finite() }
}

#[test]
fn all_image_and_history_sizes_share_kernels() {
    let gpu = gpu();
    let launched = |size: [usize; 4], pairs: usize| {
        let own = [contiguous(size, 2 * pairs, 1, &gpu), contiguous(size, 1, 2, &gpu)];
        let (row, image) = (contiguous(size, 1, 2, &gpu), noise::<4>(size, 3, &gpu));
        let terms = [5, 6, 7].map(|seed| noise::<1>([1], seed, &gpu));
        let scalars = Tensor::from_floats(LbfgsScalars::new(pairs, 0.1).numbers(), &gpu);
        kernels_of(&gpu, || {
            let new = differences(row.clone(), scalars.clone(), row.clone(), image.clone());
            let measures = inner_products(new.clone(), own[0].clone());
            let scalars = decide(scalars, measures, terms, Evaluated::Trial);
            let (x, own) = commit(scalars.clone(), [image.clone(), image.clone()], new, own);
            drop(trial_point(scalars, own, x));
        })
    };
    let first = launched(SIZE, 10);
    assert_eq!(
        first.len(),
        7,
        "one for each pass, two for the products, and the poison of these tests"
    );
    assert!(first == launched([1, 3, 64, 64], 3));
}
