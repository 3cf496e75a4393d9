//! L-BFGS's decision after an evaluation, by one workgroup. The twin,
//! [`super::LbfgsScalars::after`], states the rules and their reasons.
//!
//! All units compute the verdict alike; each unit holds one coefficient of the direction.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{cube_of, empty, extents};
use super::scalars::{Evaluated, MEASURED, bound, length, scalar};

/// Units of the workgroup: at least one for each history row and one for the gradient.
const UNITS: usize = 64;
const _: () = assert!(2 * bound::MOST_PAIRS < UNITS);
/// Most inner products: each pair of history rows and gradient.
const MOST_PRODUCTS: usize = (2 * bound::MOST_PAIRS + 1) * (2 * bound::MOST_PAIRS + 1);
/// f32 exponent mask: all ones means NaN or ∞. Tested by bits, because shader compilers may assume
/// finite math.
const EXPONENT: u32 = 0x7f80_0000;

/// Returns the scalars after an evaluation with these loss terms, `[1]` each, and `measures`,
/// `[3·(R + 3) + 1]`.
pub fn decide(
    scalars: CubeTensor,
    measures: CubeTensor,
    terms: [CubeTensor; 3],
    evaluated: Evaluated,
) -> CubeTensor {
    let [measured] = extents(&measures);
    let rows = (measured - 1) / MEASURED - MEASURED;
    let after = empty(&scalars, [length(rows)]);
    let client = scalars.client.clone();
    let [content, style, total_variation] = terms.map(CubeTensor::into_tensor_arg);
    // SAFETY: the units write each scalar once, and read scalars of existing rows alone.
    unsafe {
        decide_kernel::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            cube_of(UNITS),
            scalars.into_tensor_arg(),
            measures.into_tensor_arg(),
            content,
            style,
            total_variation,
            after.clone().into_tensor_arg(),
            rows,
            u32::from(evaluated == Evaluated::Monitor),
            u32::from(evaluated == Evaluated::TrialAfterChange),
        );
    }
    after
}

#[cube(launch_unchecked)]
fn decide_kernel(
    scalars: &Tensor<f32>,
    measures: &Tensor<f32>,
    content: &Tensor<f32>,
    style: &Tensor<f32>,
    total_variation: &Tensor<f32>,
    after: &mut Tensor<f32>,
    rows: usize,
    monitors: u32,
    changed: u32,
) {
    let unit = UNIT_POS as usize;
    let loss = content[0] + style[0] + total_variation[0];
    let verdict = verdict(scalars, measures, loss, rows, monitors == 1, changed == 1);
    let mut products = Shared::<[f32]>::new_slice(MOST_PRODUCTS);
    merge_products(scalars, measures, &mut products, after, rows, &verdict);
    let direction = direction(&products, rows, &verdict);
    if unit <= rows {
        after[scalar::COEFFICIENTS + unit] = direction.coefficient;
    }
    if unit == 0 {
        let refreshed = verdict.refreshed;
        let loss = select(refreshed, loss, scalars[scalar::LOSS]);
        after[scalar::TERMS] = select(refreshed, content[0], scalars[scalar::TERMS]);
        after[scalar::TERMS + 1] = select(refreshed, style[0], scalars[scalar::TERMS + 1]);
        after[scalar::TERMS + 2] =
            select(refreshed, total_variation[0], scalars[scalar::TERMS + 2]);
        after[scalar::LOSS] = loss;
        let measured = measures[MEASURED * (rows + MEASURED)];
        let gradient_l1 = select(refreshed, measured, scalars[scalar::GRADIENT_L1]);
        after[scalar::GRADIENT_L1] = gradient_l1;
        write_verdict(scalars, after, &verdict, direction.pairs);
        write_step(scalars, after, &verdict, &direction, loss, gradient_l1);
    }
}

/// What one evaluation decides about trial point and history.
#[derive(CubeType)]
struct Verdict {
    /// Whether loss and gradient of the evaluation replace those of the best image.
    refreshed: bool,
    /// Whether the line-search trial is accepted.
    accepted: bool,
    /// Whether its pair `(s, y)` goes into the history.
    remembered: bool,
    /// Whether the trial is rejected, and the line search backtracks.
    retreats: bool,
    /// Whether that was the last backtrack allowed, so that the history is dropped.
    exhausted: bool,
    /// Whether the history was empty before.
    was_empty: bool,
    /// Whether the step without history returns to its usual size.
    restores_step: bool,
    /// Slot that a new pair goes to.
    slot: usize,
    /// Slot of the newest pair.
    newest: usize,
    /// Pairs in the history.
    pairs: usize,
}

/// Applies Armijo's condition and the curvature condition.
#[cube]
fn verdict(
    scalars: &Tensor<f32>,
    measures: &Tensor<f32>,
    loss: f32,
    rows: usize,
    monitors: bool,
    changed: bool,
) -> Verdict {
    let with = rows + MEASURED;
    let promised = bound::SUFFICIENT_DECREASE
        * (scalars[scalar::DIRECTIONAL_DERIVATIVE] * scalars[scalar::STEP_SIZE]);
    let monitored = monitors || scalars[scalar::HAS_TRIAL] == 0.0;
    let is_number = finite(loss) && finite(measures[2 * with + rows + 2]);
    let accepted = !monitored && is_number && loss - scalars[scalar::LOSS] <= promised;
    let refreshed = monitored || accepted;
    let curvature = measures[rows + 1];
    let curves = finite(curvature)
        && finite(measures[with + rows + 1])
        && curvature > bound::LEAST_CURVATURE;
    let remembered = accepted && !changed && curves;

    let room = rows / 2;
    let had = usize::cast_from(scalars[scalar::PAIRS]);
    let last = usize::cast_from(scalars[scalar::NEWEST]);
    let slot = select(had == 0, 0usize.runtime(), (last + 1) % room);
    let retreats = !refreshed && !changed;
    let exhausted = retreats && scalars[scalar::BACKTRACKS] >= bound::MAX_BACKTRACKS;
    let pairs = select(exhausted, 0usize.runtime(), select(remembered, min(had + 1, room), had));
    Verdict {
        refreshed,
        accepted,
        remembered,
        retreats,
        exhausted,
        was_empty: had == 0,
        restores_step: accepted || monitors || changed,
        slot,
        newest: select(remembered, slot, last),
        pairs,
    }
}

/// Writes all inner products of history rows and gradient, `[R + 1, R + 1]`, to `products` and
/// `after`: those of new vectors from `measures`, the others from `scalars`.
#[cube]
fn merge_products(
    scalars: &Tensor<f32>,
    measures: &Tensor<f32>,
    products: &mut Shared<[f32]>,
    after: &mut Tensor<f32>,
    rows: usize,
    verdict: &Verdict,
) {
    let with = rows + MEASURED;
    let width = rows + 1;
    let first = scalar::COEFFICIENTS + width;
    for index in range_stepped(UNIT_POS as usize, width * width, UNITS) {
        let row = index / width;
        let column = index % width;
        let new_row = as_new(row, rows, verdict);
        let new_column = as_new(column, rows, verdict);
        let is_new = new_row < MEASURED;
        let new = select(is_new, new_row, new_column);
        let other = select(is_new, column, row);
        let new_other = select(is_new, new_column, new_row);
        let other = select(new_other < MEASURED, rows + new_other, other);
        let measured = measures[select(new < MEASURED, new * with + other, 0usize.runtime())];
        let product = select(new < MEASURED, measured, scalars[first + index]);
        products[index] = product;
        after[first + index] = product;
    }
    sync_cube();
}

/// Returns which of the measured vectors a row now holds: 0 for the step, 1 for the change of the
/// gradient, 2 for the gradient, [`MEASURED`] for none.
#[cube]
fn as_new(row: usize, rows: usize, verdict: &Verdict) -> usize {
    let none = MEASURED.runtime();
    let gradient = select(verdict.refreshed && row == rows, 2usize.runtime(), none);
    let is_change = verdict.remembered && row == 2 * verdict.slot + 1;
    let change = select(is_change, 1usize.runtime(), gradient);
    select(verdict.remembered && row == 2 * verdict.slot, 0usize.runtime(), change)
}

/// The search direction, as this unit sees it.
#[derive(CubeType)]
struct Direction {
    /// Coefficient of this unit's row.
    coefficient: f32,
    /// `g·d`.
    derivative: f32,
    /// Pairs that made it.
    pairs: usize,
}

/// Runs the two-loop recursion on inner products: each unit holds the coefficient of its row and
/// the direction's inner product with it. Falls back on steepest descent, without a history, where
/// the result is no descent.
#[cube]
fn direction(products: &Shared<[f32]>, rows: usize, verdict: &Verdict) -> Direction {
    let unit = UNIT_POS as usize;
    let room = rows / 2;
    let width = rows + 1;
    let row = min(unit, rows);
    let steepest = select(unit == rows, -1.0f32, 0.0f32);
    let mut coefficient = steepest;
    let mut along = -products[row * width + rows];
    let mut shares = Shared::<[f32]>::new_slice(bound::MOST_PAIRS);
    let mut alongs = Shared::<[f32]>::new_slice(UNITS);
    let mut scale = 1.0f32;
    let mut scaled = false;
    for age in 0..room {
        publish(&mut alongs, along);
        let step = row_of_age(age, room, verdict);
        let change = step + 1;
        let curvature = products[step * width + change];
        let curves = age < verdict.pairs && curvature > bound::LEAST_CURVATURE;
        let share = select(curves, alongs[step] / curvature, 0.0f32);
        scale = select(curves && !scaled, curvature / products[change * width + change], scale);
        scaled = scaled || curves;
        if unit == 0 {
            shares[age] = share;
        }
        coefficient -= select(unit == change, share, 0.0f32);
        along -= select(curves, share * products[row * width + change], 0.0f32);
    }
    coefficient *= scale;
    along *= scale;
    for index in 0..room {
        publish(&mut alongs, along);
        let age = room - 1 - index;
        let step = row_of_age(age, room, verdict);
        let change = step + 1;
        let curvature = products[step * width + change];
        let curves = age < verdict.pairs && curvature > bound::LEAST_CURVATURE;
        let correction = select(curves, shares[age] - alongs[change] / curvature, 0.0f32);
        coefficient += select(unit == step, correction, 0.0f32);
        along += select(curves, correction * products[row * width + step], 0.0f32);
    }
    publish(&mut alongs, along);
    let descends = finite(alongs[rows]) && alongs[rows] <= 0.0;
    Direction {
        coefficient: select(descends, coefficient, steepest),
        derivative: select(descends, alongs[rows], -products[rows * width + rows]),
        pairs: select(descends, verdict.pairs, 0usize.runtime()),
    }
}

/// Shows every unit's `value` to all others.
#[cube]
fn publish(values: &mut Shared<[f32]>, value: f32) {
    sync_cube();
    values[UNIT_POS as usize] = value;
    sync_cube();
}

/// Returns the row of the step `s` of the pair of this `age`, 0 for the newest.
#[cube]
fn row_of_age(age: usize, room: usize, verdict: &Verdict) -> usize {
    2 * ((verdict.newest + room - age) % room)
}

/// Writes what the evaluation decided about trial point and history.
#[cube]
fn write_verdict(scalars: &Tensor<f32>, after: &mut Tensor<f32>, verdict: &Verdict, pairs: usize) {
    after[scalar::ITERATIONS] = scalars[scalar::ITERATIONS] + flag(verdict.accepted);
    after[scalar::REFRESHED] = flag(verdict.refreshed);
    after[scalar::ACCEPTED] = flag(verdict.accepted);
    after[scalar::SLOT] = select(verdict.remembered, f32::cast_from(verdict.slot), -1.0f32);
    after[scalar::NEWEST] = f32::cast_from(verdict.newest);
    after[scalar::PAIRS] = f32::cast_from(pairs);
}

/// Writes the next line-search trial along `direction`.
#[cube]
fn write_step(
    scalars: &Tensor<f32>,
    after: &mut Tensor<f32>,
    verdict: &Verdict,
    direction: &Direction,
    loss: f32,
    gradient_l1: f32,
) {
    let usual = scalars[scalar::USUAL_STEP];
    let shrinks = verdict.exhausted && verdict.was_empty;
    let shrunk = select(shrinks, bound::SHRINK, 1.0f32) * scalars[scalar::FIRST_STEP];
    let first_step = select(verdict.restores_step, usual, shrunk);
    after[scalar::FIRST_STEP] = first_step;
    after[scalar::USUAL_STEP] = usual;

    let is_finite = finite(loss) && finite(direction.derivative);
    let backtracks = verdict.retreats && !verdict.exhausted;
    let shortened = direction.pairs == 0 && first_step < gradient_l1;
    let length = select(shortened, first_step / gradient_l1, 1.0f32);
    after[scalar::IS_FINITE] = flag(is_finite);
    after[scalar::HAS_TRIAL] = flag(is_finite && (verdict.refreshed || verdict.retreats));
    after[scalar::DIRECTIONAL_DERIVATIVE] = direction.derivative;
    after[scalar::STEP_SIZE] = select(backtracks, 0.5 * scalars[scalar::STEP_SIZE], length);
    after[scalar::BACKTRACKS] = select(backtracks, scalars[scalar::BACKTRACKS] + 1.0, 0.0f32);
}

#[cube]
fn finite(number: f32) -> bool {
    (u32::reinterpret(number) & EXPONENT) != EXPONENT
}

#[cube]
fn flag(is_so: bool) -> f32 {
    select(is_so, 1.0f32, 0.0f32)
}
