//! L-BFGS's decision after an evaluation, by one workgroup. Its twin is [`super::Ledger::after`], which tells what is decided and why.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents};
use super::scalars::{MEASURED, Occasion, bound, length, place};

/// Units of the workgroup: one at least for each row in memory and for the gradient.
const UNITS: usize = 64;
const _: () = assert!(2 * bound::MOST_PAIRS < UNITS);
/// Inner products of so many rows with each other.
const MOST_PRODUCTS: usize = (2 * bound::MOST_PAIRS + 1) * (2 * bound::MOST_PAIRS + 1);
/// The exponent's bits of an f32, all of which are set where it is no number or infinite. A shader's own comparisons may take it that such do not
/// occur.
const EXPONENT: u32 = 0x7f80_0000;

/// The ledger after an evaluation with these terms, `[1]` each, and `measures`, `[3·(R + 3) + 1]`.
pub fn decided(
    ledger: CubeTensor,
    measures: CubeTensor,
    terms: [CubeTensor; 3],
    occasion: Occasion,
) -> CubeTensor {
    let [measured] = extents(&measures);
    let rows = (measured - 1) / MEASURED - MEASURED;
    let after = empty(&ledger, [length(rows)]);
    let client = ledger.client.clone();
    let [content, style, total_variation] = terms.map(CubeTensor::into_tensor_arg);
    // SAFETY: the units write each number of the ledger once, and read numbers of the rows there are.
    unsafe {
        decided_kernel::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            ledger.into_tensor_arg(),
            measures.into_tensor_arg(),
            content,
            style,
            total_variation,
            after.clone().into_tensor_arg(),
            rows,
            u32::from(occasion == Occasion::Look),
            u32::from(occasion == Occasion::StepAfterChange),
        );
    }
    after
}

#[cube(launch_unchecked)]
fn decided_kernel(
    ledger: &Tensor<f32>,
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
    let promised = bound::SUFFICIENT_DECREASE * (ledger[place::SLOPE] * ledger[place::LENGTH]);
    let looked = looks == 1 || ledger[place::TRIED] == 0.0;
    let is_number = finite(loss) && finite(measures[2 * with + rows + 2]);
    let moved = !looked && is_number && loss - ledger[place::LOSS] <= promised;
    let taken = looked || moved;
    let curvature = measures[rows + 1];
    let tells = finite(curvature)
        && finite(measures[with + rows + 1])
        && curvature > bound::LEAST_CURVATURE;
    let remembered = moved && !stale && tells;

    // Which pairs there are.
    let had = usize::cast_from(ledger[place::PAIRS]);
    let last = usize::cast_from(ledger[place::NEWEST]);
    let slot = select(had == 0, 0usize.runtime(), (last + 1) % room);
    let newest = select(remembered, slot, last);
    let retreats = !taken && !stale;
    let exhausted = retreats && ledger[place::HALVINGS] >= bound::MAX_HALVINGS;
    let pairs = select(exhausted, 0usize.runtime(), select(remembered, min(had + 1, room), had));

    // All inner products, those of the new vectors among them.
    let mut products = Shared::<[f32]>::new_slice(MOST_PRODUCTS);
    let first = place::FACTORS + width;
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
        let product = select(new < MEASURED, measured, ledger[first + index]);
        products[index] = product;
        after[first + index] = product;
    }
    sync_cube();

    // The recursion: each unit knows the factor of its row, and the direction's inner product with it.
    let row = min(unit, rows);
    let mut factor = select(unit == rows, -1.0f32, 0.0f32);
    let mut along = -products[row * width + rows];
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
        let curvature = products[step * width + change];
        let tells = age < pairs && curvature > bound::LEAST_CURVATURE;
        let share = select(tells, alongs[step] / curvature, 0.0f32);
        scale = select(tells && !scaled, curvature / products[change * width + change], scale);
        scaled = scaled || tells;
        if unit == 0 {
            shares[age] = share;
        }
        factor -= select(unit == change, share, 0.0f32);
        along -= select(tells, share * products[row * width + change], 0.0f32);
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
        let curvature = products[step * width + change];
        let tells = age < pairs && curvature > bound::LEAST_CURVATURE;
        let correction = select(tells, shares[age] - alongs[change] / curvature, 0.0f32);
        factor += select(unit == step, correction, 0.0f32);
        along += select(tells, correction * products[row * width + step], 0.0f32);
    }
    sync_cube();
    alongs[unit] = along;
    sync_cube();

    // Steepest descent where the history leads nowhere.
    let falls = finite(alongs[rows]) && alongs[rows] <= 0.0;
    let pairs = select(falls, pairs, 0usize.runtime());
    let slope = select(falls, alongs[rows], -products[rows * width + rows]);
    let steepest = select(unit == rows, -1.0f32, 0.0f32);
    if unit <= rows {
        after[place::FACTORS + unit] = select(falls, factor, steepest);
    }

    if unit == 0 {
        let next_loss = select(taken, loss, ledger[place::LOSS]);
        after[place::TERMS] = select(taken, content[0], ledger[place::TERMS]);
        after[place::TERMS + 1] = select(taken, style[0], ledger[place::TERMS + 1]);
        after[place::TERMS + 2] = select(taken, total_variation[0], ledger[place::TERMS + 2]);
        after[place::LOSS] = next_loss;
        let steepness = select(taken, measures[MEASURED * with], ledger[place::STEEPNESS]);
        after[place::STEEPNESS] = steepness;
        after[place::ITERATIONS] = ledger[place::ITERATIONS] + flag(moved);
        after[place::TAKEN] = flag(taken);
        after[place::MOVED] = flag(moved);
        after[place::SLOT] = select(remembered, f32::cast_from(slot), -1.0f32);
        after[place::NEWEST] = f32::cast_from(newest);
        after[place::PAIRS] = f32::cast_from(pairs);

        let usual = ledger[place::USUAL_STEP];
        let shrunk =
            select(exhausted && had == 0, bound::SHRINK, 1.0f32) * ledger[place::FIRST_STEP];
        let first_step = select(moved || looks == 1 || stale, usual, shrunk);
        after[place::FIRST_STEP] = first_step;
        after[place::USUAL_STEP] = usual;

        let goes_on = finite(next_loss) && finite(slope);
        let halves = retreats && !exhausted;
        let shortened = pairs == 0 && first_step < steepness;
        let length = select(shortened, first_step / steepness, 1.0f32);
        after[place::GOES_ON] = flag(goes_on);
        after[place::TRIED] = flag(goes_on && (taken || retreats));
        after[place::SLOPE] = slope;
        after[place::LENGTH] = select(halves, 0.5 * ledger[place::LENGTH], length);
        after[place::HALVINGS] = select(halves, ledger[place::HALVINGS] + 1.0, 0.0f32);
    }
}

/// Which of the new vectors a row is: step, change of the gradient, or gradient; [`MEASURED`] for none.
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
