//! Scalars of L-BFGS, and the decision after an evaluation.
//!
//! On a GPU the kernel in `decision.rs` decides, in the same layout and by the same bounds, so that
//! no step waits for a read-back. This is its twin.

/// Indices of the scalars.
pub mod scalar {
    /// First of the three weighted loss terms at the best image: content, style, total variation.
    pub const TERMS: usize = 0;
    /// Loss at the best image: the sum of the terms.
    pub const LOSS: usize = 3;
    /// L1 norm of the gradient at the best image.
    pub const GRADIENT_L1: usize = 4;
    /// Number of accepted trials.
    pub const ITERATIONS: usize = 5;
    /// Flag, 1 if loss and directional derivative at the best image are finite.
    pub const IS_FINITE: usize = 6;
    /// Flag, 1 if the last evaluation gave loss and gradient of the best image.
    pub const REFRESHED: usize = 7;
    /// Flag, 1 if the last evaluation accepted the line-search trial.
    pub const ACCEPTED: usize = 8;
    /// Slot of the history to store the new pair in; negative if it is not stored.
    pub const SLOT: usize = 9;
    /// Flag, 1 if a line-search trial is pending. Otherwise the next evaluation is at the best
    /// image.
    pub const HAS_TRIAL: usize = 10;
    /// Directional derivative of the loss at the best image, `g·d`.
    pub const DIRECTIONAL_DERIVATIVE: usize = 11;
    /// Step size of the trial along the direction.
    pub const STEP_SIZE: usize = 12;
    /// Number of backtracks in the current line search.
    pub const BACKTRACKS: usize = 13;
    /// Maximum L1 norm of the first trial of a line search without history.
    pub const FIRST_STEP: usize = 14;
    /// Initial value of [`FIRST_STEP`], restored once a trial is accepted or the objective changes.
    pub const USUAL_STEP: usize = 15;
    /// Slot of the newest pair. Older pairs precede it cyclically.
    pub const NEWEST: usize = 16;
    /// Number of pairs in the history.
    pub const PAIRS: usize = 17;
    /// First coefficient of the direction `d = Σ cᵢ·vᵢ` over the history rows and, last, the
    /// gradient. After the coefficients come the inner products of these vectors, row-major.
    pub const COEFFICIENTS: usize = 18;
}

/// Bounds that the decision applies.
pub mod bound {
    /// Constant `c₁` of the Armijo condition: the share of the decrease predicted by the
    /// directional derivative that a trial must achieve.
    pub const SUFFICIENT_DECREASE: f32 = 1e-4;
    /// Maximum number of backtracks in a line search, after which the history is dropped.
    pub const MAX_BACKTRACKS: f32 = 20.0;
    /// Factor by which the first step shrinks if a line search along steepest descent fails.
    pub const SHRINK: f32 = 0.1;
    /// Lower bound of the curvature `s·y`, which a pair must exceed to be used.
    pub const LEAST_CURVATURE: f32 = 1e-10;
    /// Maximum number of pairs in a history.
    pub const MOST_PAIRS: usize = 20;
}

/// Number of vectors measured per evaluation: the step `s`, the change of the gradient `y` and the
/// gradient `g`.
pub const MEASURED: usize = 3;

/// Point and objective of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// Line-search trial; the best image if no trial is pending.
    Trial,
    /// Best image, because the objective has changed. A pending trial is dropped.
    Monitor,
    /// Line-search trial, under a new objective: the loss of the best image is of the old one.
    TrialAfterChange,
}

/// Scalar state of L-BFGS (Nocedal 1980) with Armijo backtracking: everything but the vectors.
///
/// A trial that is not finite or violates the Armijo condition is rejected, and the step size is
/// halved. After [`bound::MAX_BACKTRACKS`] the history is dropped; if it is empty, the first step
/// shrinks instead. Therefore the loss never rises, and wrong curvature does not persist.
///
/// - **Source:** the two-loop recursion on inner products instead of vectors: Chen, Wang, Zhou
///   2014.
#[derive(Clone, Debug, PartialEq)]
pub struct LbfgsScalars {
    numbers: Vec<f32>,
    /// Number of history rows. Of the pair in slot `i`, row `2i` is `s`, and row `2i + 1` is `y`.
    rows: usize,
}

/// Search direction, as a linear combination of the history rows and the gradient.
struct Direction {
    /// Coefficients of the history rows and, last, the gradient.
    coefficients: Vec<f32>,
    /// Directional derivative `g·d`: negative for a descent direction.
    derivative: f32,
}

impl LbfgsScalars {
    /// Creates the state before the first evaluation, for a history of up to `pairs` pairs and
    /// first trials of at most `first_step` in L1 norm.
    ///
    /// # Panics
    /// If `pairs` is 0 or more than [`bound::MOST_PAIRS`].
    pub fn new(pairs: usize, first_step: f32) -> Self {
        assert!((1..=bound::MOST_PAIRS).contains(&pairs), "{pairs} pairs");
        let rows = 2 * pairs;
        let mut scalars = Self { numbers: vec![0.0; length(rows)], rows };
        scalars.set(scalar::IS_FINITE, 1.0);
        scalars.set(scalar::SLOT, -1.0);
        scalars.set(scalar::FIRST_STEP, first_step);
        scalars.set(scalar::USUAL_STEP, first_step);
        scalars
    }

    /// Restores the state from its numbers. Returns `None` if they do not fit a history of up to
    /// `pairs` pairs.
    pub fn from_numbers(pairs: usize, numbers: Vec<f32>) -> Option<Self> {
        let rows = 2 * pairs;
        let is_whole = (1..=bound::MOST_PAIRS).contains(&pairs) && numbers.len() == length(rows);
        let scalars = is_whole.then_some(Self { numbers, rows })?;
        (scalars.count(scalar::PAIRS) <= pairs && scalars.count(scalar::NEWEST) < pairs)
            .then_some(scalars)
    }

    /// Returns the state for another image size. It has the history and iterations of this one,
    /// with the `inner_products` of the resized history rows, `[R, R]` row-major; the history is
    /// dropped if no pair has curvature any more. Loss and gradient are unknown, so the next
    /// evaluation is at the best image.
    #[must_use]
    pub fn carried(&self, inner_products: &[f32], first_step: f32) -> Self {
        let mut carried = Self::new(self.rows / 2, first_step);
        for at in [scalar::ITERATIONS, scalar::NEWEST, scalar::PAIRS] {
            carried.set(at, self.get(at));
        }
        for (row, inner_products) in inner_products.chunks(self.rows).enumerate() {
            let first = carried.index(row, 0);
            carried.numbers[first..first + self.rows].copy_from_slice(inner_products);
        }
        if carried.slots().next().is_none() {
            carried.set(scalar::PAIRS, 0.0);
        }
        carried
    }

    /// Returns all numbers, in the layout of [`scalar`].
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// Returns the number at an index of [`scalar`].
    pub fn get(&self, at: usize) -> f32 {
        self.numbers[at]
    }

    /// Returns whether the flag at an index of [`scalar`] is set.
    pub fn is(&self, at: usize) -> bool {
        self.get(at) == 1.0
    }

    /// Returns the slot of the history to store the new pair in, or `None` if it is not stored.
    pub fn slot(&self) -> Option<usize> {
        (self.get(scalar::SLOT) >= 0.0).then(|| self.count(scalar::SLOT))
    }

    /// Returns the number of accepted trials.
    pub fn iterations(&self) -> u32 {
        u32::try_from(self.count(scalar::ITERATIONS)).unwrap_or(u32::MAX)
    }

    /// Returns the direction's coefficients: those of the history rows and, last, the gradient.
    pub fn coefficients(&self) -> &[f32] {
        &self.numbers[scalar::COEFFICIENTS..][..=self.rows]
    }

    /// Returns the state after an evaluation with these loss `terms`. `measures` are the inner
    /// products of `s`, `y` and `g` with the history rows and with each other, row-major, then
    /// `‖g‖₁`.
    #[must_use]
    pub fn after(&self, evaluated: Evaluated, terms: [f32; 3], measures: &[f32]) -> Self {
        let rows = self.rows;
        let measure = |new: usize, with: usize| measures[new * (rows + MEASURED) + with];
        let changed = evaluated == Evaluated::TrialAfterChange;
        let monitored = evaluated == Evaluated::Monitor || !self.is(scalar::HAS_TRIAL);
        let loss = terms.iter().sum::<f32>();
        let promised = bound::SUFFICIENT_DECREASE
            * (self.get(scalar::DIRECTIONAL_DERIVATIVE) * self.get(scalar::STEP_SIZE));
        // The difference of two close losses is exact in f32, whereas adding the small predicted
        // decrease to a loss would often change nothing.
        let decreases = loss - self.get(scalar::LOSS) <= promised;
        let accepted =
            !monitored && decreases && loss.is_finite() && measure(2, rows + 2).is_finite();
        let refreshed = monitored || accepted;
        let (curvature, change_squared) = (measure(0, rows + 1), measure(1, rows + 1));
        // Gradients of two different objectives yield no curvature, hence `!changed` below.
        let curves = curvature > bound::LEAST_CURVATURE
            && curvature.is_finite()
            && change_squared.is_finite();
        let remembered = accepted && !changed && curves;

        let mut next = self.clone();
        next.set(scalar::REFRESHED, flag(refreshed));
        next.set(scalar::ACCEPTED, flag(accepted));
        next.set(scalar::SLOT, -1.0);
        if remembered {
            next.assign_slot();
        }
        if refreshed {
            next.store(terms, loss, measures);
        }
        if accepted {
            next.set(scalar::ITERATIONS, self.get(scalar::ITERATIONS) + 1.0);
        }
        if accepted || evaluated != Evaluated::Trial {
            next.set(scalar::FIRST_STEP, self.get(scalar::USUAL_STEP));
        }
        let retreats = !refreshed && !changed;
        let exhausted = retreats && self.get(scalar::BACKTRACKS) >= bound::MAX_BACKTRACKS;
        if exhausted {
            next.drop_history();
        }
        next.start_line_search();
        if retreats && !exhausted {
            next.set(scalar::STEP_SIZE, 0.5 * self.get(scalar::STEP_SIZE));
            next.set(scalar::BACKTRACKS, self.get(scalar::BACKTRACKS) + 1.0);
        }
        if !refreshed && changed {
            next.set(scalar::HAS_TRIAL, 0.0);
        }
        next
    }

    /// Assigns a slot to the new pair: that of the oldest pair if the history is full.
    fn assign_slot(&mut self) {
        let pairs = self.rows / 2;
        let slot = if self.get(scalar::PAIRS) == 0.0 {
            0
        } else {
            (self.count(scalar::NEWEST) + 1) % pairs
        };
        self.set(scalar::SLOT, number(slot));
        self.set(scalar::NEWEST, number(slot));
        self.set(scalar::PAIRS, (self.get(scalar::PAIRS) + 1.0).min(number(pairs)));
    }

    /// Stores the loss, the gradient norm and the gradient's inner products; also those of the new
    /// pair, if it has a slot.
    fn store(&mut self, terms: [f32; 3], loss: f32, measures: &[f32]) {
        let rows = self.rows;
        self.numbers[scalar::TERMS..][..3].copy_from_slice(&terms);
        self.set(scalar::LOSS, loss);
        self.set(scalar::GRADIENT_L1, measures[MEASURED * (rows + MEASURED)]);
        let pair = self.slot().map(|slot| [(0, 2 * slot), (1, 2 * slot + 1)]);
        let replaced: Vec<(usize, usize)> = pair.into_iter().flatten().chain([(2, rows)]).collect();
        let measured = |row: usize| {
            replaced.iter().find(|&&(_, at)| at == row).map_or(row, |&(new, _)| rows + new)
        };
        for &(new, row) in &replaced {
            for with in 0..=rows {
                let product = measures[new * (rows + MEASURED) + measured(with)];
                for at in [self.index(row, with), self.index(with, row)] {
                    self.numbers[at] = product;
                }
            }
        }
    }

    /// Drops the history. If it is empty already, shrinks the first step.
    fn drop_history(&mut self) {
        if self.get(scalar::PAIRS) == 0.0 {
            self.set(scalar::FIRST_STEP, bound::SHRINK * self.get(scalar::FIRST_STEP));
        }
        self.set(scalar::PAIRS, 0.0);
    }

    /// Starts a line search: computes the direction at the best image and the first step size along
    /// it. Falls back on steepest descent if the direction from the history leads uphill.
    fn start_line_search(&mut self) {
        let mut direction = self.direction();
        if !(direction.derivative.is_finite() && direction.derivative <= 0.0) {
            self.set(scalar::PAIRS, 0.0);
            direction = self.direction();
        }
        let Direction { coefficients, derivative } = direction;
        // No trial could decrease a loss that is not finite. Instead, the best image is evaluated
        // again: its objective may have changed by then.
        let is_finite = self.get(scalar::LOSS).is_finite() && derivative.is_finite();
        let (first_step, gradient_l1) =
            (self.get(scalar::FIRST_STEP), self.get(scalar::GRADIENT_L1));
        let shortened = self.get(scalar::PAIRS) == 0.0 && first_step < gradient_l1;
        self.set(scalar::IS_FINITE, flag(is_finite));
        self.set(scalar::HAS_TRIAL, flag(is_finite));
        self.set(scalar::DIRECTIONAL_DERIVATIVE, derivative);
        self.set(scalar::STEP_SIZE, if shortened { first_step / gradient_l1 } else { 1.0 });
        self.set(scalar::BACKTRACKS, 0.0);
        self.numbers[scalar::COEFFICIENTS..][..coefficients.len()].copy_from_slice(&coefficients);
    }

    /// Returns `−H·g` by the two-loop recursion, where `H` approximates the inverse Hessian; `−g`
    /// if the history is empty.
    fn direction(&self) -> Direction {
        let gradient = self.rows;
        let pairs: Vec<(usize, usize)> =
            self.slots().map(|slot| (2 * slot, 2 * slot + 1)).collect();
        let mut coefficients = vec![0.0; gradient + 1];
        coefficients[gradient] = -1.0;
        // The direction's inner products with all rows, updated along with its coefficients.
        let mut along: Vec<f32> =
            (0..=gradient).map(|row| -self.inner_product(row, gradient)).collect();
        let add = |coefficients: &mut Vec<f32>, along: &mut Vec<f32>, row: usize, factor: f32| {
            coefficients[row] += factor;
            (0..=gradient)
                .for_each(|other| along[other] += factor * self.inner_product(other, row));
        };
        let mut shares = Vec::new();
        for &(step, change) in &pairs {
            let share = along[step] / self.inner_product(step, change);
            add(&mut coefficients, &mut along, change, -share);
            shares.push(share);
        }
        if let Some(&(step, change)) = pairs.first() {
            let scale = self.inner_product(step, change) / self.inner_product(change, change);
            coefficients.iter_mut().chain(&mut along).for_each(|number| *number *= scale);
        }
        for (&(step, change), share) in pairs.iter().zip(shares).rev() {
            let correction = share - along[change] / self.inner_product(step, change);
            add(&mut coefficients, &mut along, step, correction);
        }
        Direction { coefficients, derivative: along[gradient] }
    }

    /// Returns the slots of pairs with curvature, newest first. A pair may lose its curvature when
    /// it is resized.
    fn slots(&self) -> impl Iterator<Item = usize> {
        let (room, newest) = (self.rows / 2, self.count(scalar::NEWEST));
        let slots = (0..self.count(scalar::PAIRS)).map(move |age| (newest + room - age) % room);
        slots.filter(|slot| self.inner_product(2 * slot, 2 * slot + 1) > bound::LEAST_CURVATURE)
    }

    /// Returns the inner product of two rows: those of the history and, last, the gradient.
    fn inner_product(&self, row: usize, column: usize) -> f32 {
        self.numbers[self.index(row, column)]
    }

    /// Returns the index of the inner product of two rows.
    fn index(&self, row: usize, column: usize) -> usize {
        scalar::COEFFICIENTS + (1 + row) * (self.rows + 1) + column
    }

    fn set(&mut self, at: usize, number: f32) {
        self.numbers[at] = number;
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are small, and the cast saturates"
    )]
    fn count(&self, at: usize) -> usize {
        self.get(at) as usize
    }
}

/// Returns the number of scalars for a history of this many rows.
pub const fn length(rows: usize) -> usize {
    scalar::COEFFICIENTS + (rows + 2) * (rows + 1)
}

fn flag(is_so: bool) -> f32 {
    f32::from(u8::from(is_so))
}

#[expect(clippy::cast_precision_loss, reason = "slots and pairs are small numbers")]
fn number(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    type Vector = [f32; 3];

    fn dot(a: &Vector, b: &Vector) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    /// Returns the direction by the textbook two-loop recursion on vectors. `pairs` are oldest
    /// first.
    fn two_loops(pairs: &[(Vector, Vector)], gradient: &Vector) -> Vector {
        let mut q = gradient.map(|value| -value);
        let mut shares = Vec::new();
        for (s, y) in pairs.iter().rev() {
            let share = dot(s, &q) / dot(s, y);
            q = std::array::from_fn(|i| q[i] - share * y[i]);
            shares.push(share);
        }
        if let Some((s, y)) = pairs.last() {
            q = q.map(|value| value * dot(s, y) / dot(y, y));
        }
        for ((s, y), share) in pairs.iter().zip(shares.into_iter().rev()) {
            let correction = share - dot(y, &q) / dot(s, y);
            q = std::array::from_fn(|i| q[i] + correction * s[i]);
        }
        q
    }

    /// Optimiser on the host: scalars with the vectors that they describe.
    struct Mirror {
        scalars: LbfgsScalars,
        rows: Vec<Vector>,
        gradient: Vector,
    }

    impl Mirror {
        /// Creates an optimiser for up to `pairs` pairs and evaluates it once.
        fn new(pairs: usize) -> Self {
            let mut mirror = Self {
                scalars: LbfgsScalars::new(pairs, 0.1),
                rows: vec![[0.0; 3]; 2 * pairs],
                gradient: [0.0; 3],
            };
            mirror.observe(Evaluated::Monitor, 100.0, [[0.0; 3], [0.0; 3], [1.0, 1.0, 1.0]]);
            mirror
        }

        /// Decides on an evaluation with the vectors `new`, `s`, `y` and `g`, and updates the
        /// vectors.
        fn observe(&mut self, evaluated: Evaluated, loss: f32, new: [Vector; 3]) {
            let all: Vec<Vector> = self.rows.iter().chain(&new).copied().collect();
            let inner_products = new.iter().flat_map(|new| all.iter().map(|row| dot(row, new)));
            let gradient_l1 = new[2].iter().map(|value| value.abs()).sum();
            let measures: Vec<f32> = inner_products.chain([gradient_l1]).collect();
            self.scalars = self.scalars.after(evaluated, [loss, 0.0, 0.0], &measures);
            if let Some(slot) = self.scalars.slot() {
                (self.rows[2 * slot], self.rows[2 * slot + 1]) = (new[0], new[1]);
            }
            if self.scalars.is(scalar::REFRESHED) {
                self.gradient = new[2];
            }
        }

        /// Computes the direction from the coefficients.
        fn direction(&self) -> Vector {
            let (coefficients, last) = self.scalars.coefficients().split_at(self.rows.len());
            std::array::from_fn(|i| {
                let rows = self.rows.iter().zip(coefficients).map(|(row, factor)| factor * row[i]);
                last[0] * self.gradient[i] + rows.sum::<f32>()
            })
        }

        /// Asserts the direction, and the directional derivative along it.
        fn assert_direction(&self, expected: Vector) {
            let found = self.direction();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
            }
            assert!(
                (self.scalars.get(scalar::DIRECTIONAL_DERIVATIVE) - dot(&expected, &self.gradient))
                    .abs()
                    < 1e-4
            );
        }
    }

    const PAIRS: [(Vector, Vector); 4] = [
        ([1.0, 0.5, -0.2], [2.0, 1.5, 0.1]),
        ([-0.3, 0.8, 0.4], [-0.1, 1.9, 0.7]),
        ([0.2, -0.6, 1.1], [0.5, -0.4, 3.0]),
        ([0.9, 0.1, 0.3], [1.4, 0.2, 0.8]),
    ];

    /// Returns an optimiser for up to `pairs` pairs after `count` accepted trials, which gave the
    /// first `count` of [`PAIRS`], and its gradient.
    fn after_pairs(pairs: usize, count: usize) -> (Mirror, Vector) {
        let mut mirror = Mirror::new(pairs);
        let mut gradient = [0.0; 3];
        for (index, (s, y)) in PAIRS.into_iter().take(count).enumerate() {
            gradient = [0.7, -1.3, number(index + 1)];
            mirror.observe(Evaluated::Trial, 10.0 - number(index), [s, y, gradient]);
            assert!(mirror.scalars.is(scalar::ACCEPTED) && mirror.scalars.slot().is_some());
        }
        (mirror, gradient)
    }

    #[test]
    fn direction_matches_the_two_loop_recursion_also_after_old_pairs_were_replaced() {
        for count in 1..=PAIRS.len() {
            let (mirror, gradient) = after_pairs(2, count);
            mirror.assert_direction(two_loops(&PAIRS[count.saturating_sub(2)..count], &gradient));
            assert_eq!(mirror.scalars.iterations(), u32::try_from(count).unwrap());
        }
    }

    #[test]
    fn pairs_that_lost_their_curvature_are_skipped_and_their_slots_reused_in_turn() {
        let (mut mirror, _) = after_pairs(3, 3);
        let inner_products = |rows: &[Vector]| {
            rows.iter().flat_map(|a| rows.iter().map(|b| dot(a, b))).collect::<Vec<f32>>()
        };
        // Resizing leaves the second pair without curvature.
        mirror.rows[3] = [0.0; 3];
        mirror.scalars = mirror.scalars.carried(&inner_products(&mirror.rows), 0.1);
        let gradient = [0.3, 0.4, -0.6];
        mirror.observe(Evaluated::Monitor, 7.0, [[0.0; 3], [0.0; 3], gradient]);
        mirror.assert_direction(two_loops(&[PAIRS[0], PAIRS[2]], &gradient));
        let (s, y) = PAIRS[3];
        mirror.observe(Evaluated::Trial, 6.0, [s, y, gradient]);
        assert_eq!(mirror.scalars.slot(), Some(0), "the oldest's");
        mirror.assert_direction(two_loops(&[PAIRS[2], PAIRS[3]], &gradient));
        assert_eq!(mirror.scalars.iterations(), 4);
    }

    #[test]
    fn pairs_without_curvature_are_not_stored_and_no_pairs_mean_steepest_descent() {
        let mut mirror = Mirror::new(2);
        let gradient = [3.0, 0.0, 4.0];
        for (loss, change) in [
            (9.0, [-1.0, 0.0, 0.0]),
            (8.0, [0.0; 3]),
            (7.0, [f32::NAN; 3]),
            (6.0, [f32::INFINITY, 0.0, 0.0]),
        ] {
            mirror.observe(Evaluated::Trial, loss, [[1.0, 0.0, 0.0], change, gradient]);
            assert!(
                mirror.scalars.is(scalar::ACCEPTED) && mirror.scalars.slot().is_none(),
                "{change:?}"
            );
            mirror.assert_direction([-3.0, 0.0, -4.0]);
        }
        assert_eq!(
            mirror.scalars.get(scalar::STEP_SIZE),
            0.1 / 7.0,
            "the first step over the gradient's magnitudes"
        );
    }

    #[test]
    fn after_a_change_of_objective_no_pair_is_stored_and_a_rising_trial_is_dropped() {
        let (s, y) = PAIRS[0];
        let mut mirror = Mirror::new(2);
        mirror.observe(Evaluated::TrialAfterChange, 9.0, [s, y, [1.0; 3]]);
        assert!(mirror.scalars.is(scalar::ACCEPTED) && mirror.scalars.slot().is_none());
        mirror.observe(Evaluated::TrialAfterChange, 99.0, [s, y, [2.0; 3]]);
        assert_eq!(
            (
                [scalar::REFRESHED, scalar::HAS_TRIAL].map(|at| mirror.scalars.is(at)),
                mirror.gradient
            ),
            ([false; 2], [1.0; 3])
        );
        mirror.observe(Evaluated::Trial, 99.0, [s, y, [2.0; 3]]);
        assert!(mirror.scalars.is(scalar::REFRESHED), "it looks where it stands");
    }

    #[test]
    fn the_history_is_dropped_if_no_pair_has_curvature_at_another_size() {
        let carried = after_pairs(2, 2).0.scalars.carried(&[0.0; 16], 0.1);
        assert_eq!((carried.get(scalar::PAIRS), carried.iterations()), (0.0, 2));
    }

    #[test]
    fn a_history_that_leads_uphill_is_dropped() {
        let (mut mirror, _) = after_pairs(1, 1);
        // No vector has a negative squared norm, but rounding can make inner products just as
        // inconsistent.
        let row = mirror.scalars.slot().map(|slot| 2 * slot + 1).unwrap();
        mirror.scalars.set(mirror.scalars.index(row, row), -1e-3);
        mirror.observe(Evaluated::Monitor, 7.0, [[0.0; 3], [0.0; 3], [1.0, 2.0, 3.0]]);
        mirror.assert_direction([-1.0, -2.0, -3.0]);
        assert_eq!(
            (mirror.scalars.get(scalar::PAIRS), mirror.scalars.is(scalar::HAS_TRIAL)),
            (0.0, true)
        );
    }

    #[test]
    fn an_unchanged_loss_is_rejected_however_small_the_predicted_decrease() {
        let (mut mirror, gradient) = after_pairs(2, 2);
        (0..20).for_each(|_| mirror.observe(Evaluated::Trial, 1e9, [[0.1; 3], [0.1; 3], [5.0; 3]]));
        let loss = mirror.scalars.get(scalar::LOSS);
        mirror.observe(Evaluated::Trial, loss, [[0.0; 3], [0.0; 3], gradient]);
        assert!(!mirror.scalars.is(scalar::ACCEPTED));
    }

    #[test]
    fn failed_trials_halve_the_step_then_drop_the_history_then_shrink_the_first_step() {
        let (mut mirror, gradient) = after_pairs(2, 2);
        let direction = mirror.direction();
        let reject = |mirror: &mut Mirror| {
            mirror.observe(Evaluated::Trial, 1e9, [[0.1; 3], [0.1; 3], [5.0; 3]]);
        };
        let mut length = mirror.scalars.get(scalar::STEP_SIZE);
        for _ in 0..20 {
            reject(&mut mirror);
            length *= 0.5;
            assert_eq!(
                (mirror.scalars.get(scalar::STEP_SIZE), mirror.direction(), mirror.gradient),
                (length, direction, gradient)
            );
        }
        reject(&mut mirror);
        mirror.assert_direction(gradient.map(|value| -value));
        let first_step = |mirror: &Mirror| mirror.scalars.get(scalar::FIRST_STEP);
        assert_eq!((mirror.scalars.get(scalar::PAIRS), first_step(&mirror)), (0.0, 0.1));
        (0..21).for_each(|_| reject(&mut mirror));
        assert!((first_step(&mirror) - 0.01).abs() < 1e-9);
        mirror.observe(Evaluated::Trial, 1.0, [[0.1; 3], [0.1; 3], [5.0; 3]]);
        assert_eq!(first_step(&mirror), 0.1);
    }

    #[test]
    fn non_finite_numbers_at_the_best_image_stop_the_search_until_finite_ones() {
        for (loss, gradient) in [
            (f32::NAN, [1.0; 3]),
            (f32::INFINITY, [1.0; 3]),
            (9.0, [f32::NAN; 3]),
            (9.0, [1e30, 0.0, 0.0]),
        ] {
            let (mut mirror, _) = after_pairs(2, 1);
            mirror.observe(Evaluated::Monitor, loss, [[0.0; 3], [0.0; 3], gradient]);
            assert_eq!(
                [scalar::IS_FINITE, scalar::HAS_TRIAL].map(|at| mirror.scalars.is(at)),
                [false; 2],
                "{loss}, {gradient:?}"
            );
            mirror.observe(Evaluated::Trial, 9.0, [[0.0; 3], [0.0; 3], [1.0; 3]]);
            assert_eq!(
                [scalar::IS_FINITE, scalar::HAS_TRIAL].map(|at| mirror.scalars.is(at)),
                [true; 2]
            );
            mirror.observe(Evaluated::Trial, loss, [[0.1; 3], [0.1; 3], gradient]);
            assert!(
                !mirror.scalars.is(scalar::REFRESHED) && mirror.scalars.is(scalar::HAS_TRIAL),
                "a step to it is refused"
            );
        }
    }

    #[test]
    fn scalars_are_restored_from_their_own_numbers_and_from_no_others() {
        let scalars = after_pairs(2, 2).0.scalars;
        assert_eq!(
            LbfgsScalars::from_numbers(2, scalars.numbers().to_vec()),
            Some(scalars.clone())
        );
        assert_eq!(LbfgsScalars::from_numbers(3, scalars.numbers().to_vec()), None);
        assert_eq!(LbfgsScalars::from_numbers(0, Vec::new()), None);
        for (at, spoilt) in [(scalar::PAIRS, 3.0), (scalar::NEWEST, 2.0)] {
            let mut numbers = scalars.numbers().to_vec();
            numbers[at] = spoilt;
            assert_eq!(LbfgsScalars::from_numbers(2, numbers), None);
        }
    }
}
