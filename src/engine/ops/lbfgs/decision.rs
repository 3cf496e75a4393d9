//! L-BFGS's decision after an evaluation, by one workgroup. Its twin is
//! [`super::LbfgsScalars::after`], which tells what is decided and why.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents};
use super::scalars::{Evaluated, MEASURED, bound, length, scalar};

/// Units of the workgroup: one at least for each row in memory and for the gradient.
const UNITS: usize = 64;
const _: () = assert!(2 * bound::MOST_PAIRS < UNITS);
/// Inner products of so many rows with each other.
const MOST_PRODUCTS: usize = (2 * bound::MOST_PAIRS + 1) * (2 * bound::MOST_PAIRS + 1);
/// The exponent's bits of an f32, all of which are set where it is no number or infinite. A
/// shader's own comparisons may take it that such do not occur.
const EXPONENT: u32 = 0x7f80_0000;

/// The ledger after an evaluation with these terms, `[1]` each, and `measures`, `[3·(R + 3) + 1]`.
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
    // SAFETY: the units write each number of the ledger once, and read numbers of the rows there
    // are.
    unsafe {
        decide_kernel::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS as u32),
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
    looks: u32,
    stale: u32,
) {
    let unit = UNIT_POS as usize;
    let room = rows / 2;
    let with = rows + MEASURED;
    let width = rows + 1;
    let stale = stale == 1;

    // Whether the evaluation is taken over.
    let loss = content[0] + style[0] + total_variation[0];
    let promised = bound::SUFFICIENT_DECREASE
        * (scalars[scalar::DIRECTIONAL_DERIVATIVE] * scalars[scalar::STEP_SIZE]);
    let looked = looks == 1 || scalars[scalar::HAS_TRIAL] == 0.0;
    let is_number = finite(loss) && finite(measures[2 * with + rows + 2]);
    let moved = !looked && is_number && loss - scalars[scalar::LOSS] <= promised;
    let taken = looked || moved;
    let curvature = measures[rows + 1];
    let tells = finite(curvature)
        && finite(measures[with + rows + 1])
        && curvature > bound::LEAST_CURVATURE;
    let remembered = moved && !stale && tells;

    // Which pairs there are.
    let had = usize::cast_from(scalars[scalar::PAIRS]);
    let last = usize::cast_from(scalars[scalar::NEWEST]);
    let slot = select(had == 0, 0usize.runtime(), (last + 1) % room);
    let newest = select(remembered, slot, last);
    let retreats = !taken && !stale;
    let exhausted = retreats && scalars[scalar::BACKTRACKS] >= bound::MAX_BACKTRACKS;
    let pairs = select(exhausted, 0usize.runtime(), select(remembered, min(had + 1, room), had));

    // All inner products, those of the new vectors among them.
    let mut inner_products = Shared::<[f32]>::new_slice(MOST_PRODUCTS);
    let first = scalar::COEFFICIENTS + width;
    for index in range_stepped(unit, width * width, UNITS) {
        let row = index / width;
        let column = index % width;
        let new_row = as_new(row, rows, slot, remembered, taken);
        let new_column = as_new(column, rows, slot, remembered, taken);
        let is_new = new_row < MEASURED;
        let new = select(is_new, new_row, new_column);
        let other = select(is_new, column, row);
        let new_other = select(is_new, new_column, new_row);
        let other = select(new_other < MEASURED, rows + new_other, other);
        let measured = measures[select(new < MEASURED, new * with + other, 0usize.runtime())];
        let product = select(new < MEASURED, measured, scalars[first + index]);
        inner_products[index] = product;
        after[first + index] = product;
    }
    sync_cube();

    // The recursion: each unit knows the factor of its row, and the direction's inner product with
    // it.
    let row = min(unit, rows);
    let mut factor = select(unit == rows, -1.0f32, 0.0f32);
    let mut along = -inner_products[row * width + rows];
    let mut shares = Shared::<[f32]>::new_slice(bound::MOST_PAIRS);
    let mut alongs = Shared::<[f32]>::new_slice(UNITS);
    let mut scale = 1.0f32;
    let mut scaled = false;
    for age in 0..room {
        sync_cube();
        alongs[unit] = along;
        sync_cube();
        let step = 2 * ((newest + room - age) % room);
        let change = step + 1;
        let curvature = inner_products[step * width + change];
        let tells = age < pairs && curvature > bound::LEAST_CURVATURE;
        let share = select(tells, alongs[step] / curvature, 0.0f32);
        scale =
            select(tells && !scaled, curvature / inner_products[change * width + change], scale);
        scaled = scaled || tells;
        if unit == 0 {
            shares[age] = share;
        }
        factor -= select(unit == change, share, 0.0f32);
        along -= select(tells, share * inner_products[row * width + change], 0.0f32);
    }
    factor *= scale;
    along *= scale;
    for index in 0..room {
        sync_cube();
        alongs[unit] = along;
        sync_cube();
        let age = room - 1 - index;
        let step = 2 * ((newest + room - age) % room);
        let change = step + 1;
        let curvature = inner_products[step * width + change];
        let tells = age < pairs && curvature > bound::LEAST_CURVATURE;
        let correction = select(tells, shares[age] - alongs[change] / curvature, 0.0f32);
        factor += select(unit == step, correction, 0.0f32);
        along += select(tells, correction * inner_products[row * width + step], 0.0f32);
    }
    sync_cube();
    alongs[unit] = along;
    sync_cube();

    // Steepest descent where the history leads nowhere.
    let falls = finite(alongs[rows]) && alongs[rows] <= 0.0;
    let pairs = select(falls, pairs, 0usize.runtime());
    let slope = select(falls, alongs[rows], -inner_products[rows * width + rows]);
    let steepest = select(unit == rows, -1.0f32, 0.0f32);
    if unit <= rows {
        after[scalar::COEFFICIENTS + unit] = select(falls, factor, steepest);
    }

    if unit == 0 {
        let next_loss = select(taken, loss, scalars[scalar::LOSS]);
        after[scalar::TERMS] = select(taken, content[0], scalars[scalar::TERMS]);
        after[scalar::TERMS + 1] = select(taken, style[0], scalars[scalar::TERMS + 1]);
        after[scalar::TERMS + 2] = select(taken, total_variation[0], scalars[scalar::TERMS + 2]);
        after[scalar::LOSS] = next_loss;
        let steepness = select(taken, measures[MEASURED * with], scalars[scalar::GRADIENT_L1]);
        after[scalar::GRADIENT_L1] = steepness;
        after[scalar::ITERATIONS] = scalars[scalar::ITERATIONS] + flag(moved);
        after[scalar::REFRESHED] = flag(taken);
        after[scalar::ACCEPTED] = flag(moved);
        after[scalar::SLOT] = select(remembered, f32::cast_from(slot), -1.0f32);
        after[scalar::NEWEST] = f32::cast_from(newest);
        after[scalar::PAIRS] = f32::cast_from(pairs);

        let usual = scalars[scalar::USUAL_STEP];
        let shrunk =
            select(exhausted && had == 0, bound::SHRINK, 1.0f32) * scalars[scalar::FIRST_STEP];
        let first_step = select(moved || looks == 1 || stale, usual, shrunk);
        after[scalar::FIRST_STEP] = first_step;
        after[scalar::USUAL_STEP] = usual;

        let goes_on = finite(next_loss) && finite(slope);
        let halves = retreats && !exhausted;
        let shortened = pairs == 0 && first_step < steepness;
        let length = select(shortened, first_step / steepness, 1.0f32);
        after[scalar::IS_FINITE] = flag(goes_on);
        after[scalar::HAS_TRIAL] = flag(goes_on && (taken || retreats));
        after[scalar::DIRECTIONAL_DERIVATIVE] = slope;
        after[scalar::STEP_SIZE] = select(halves, 0.5 * scalars[scalar::STEP_SIZE], length);
        after[scalar::BACKTRACKS] = select(halves, scalars[scalar::BACKTRACKS] + 1.0, 0.0f32);
    }
}

/// Which of the new vectors a row is: step, change of the gradient, or gradient; [`MEASURED`] for
/// none.
#[cube]
fn as_new(row: usize, rows: usize, slot: usize, remembered: bool, taken: bool) -> usize {
    let none = MEASURED.runtime();
    let gradient = select(taken && row == rows, 2usize.runtime(), none);
    let change = select(remembered && row == 2 * slot + 1, 1usize.runtime(), gradient);
    select(remembered && row == 2 * slot, 0usize.runtime(), change)
}

#[cube]
fn finite(number: f32) -> bool {
    (u32::reinterpret(number) & EXPONENT) != EXPONENT
}

#[cube]
fn flag(is_so: bool) -> f32 {
    select(is_so, 1.0f32, 0.0f32)
}
